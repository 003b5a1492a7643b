"""What recording adds to a call, beside the same client without it, and what is left when the intake restarts.

Both clients ask one local server that does next to nothing, by turns, so that whatever else the machine does falls on
both. The intake is a process of its own: in ours its work would be counted as the recorder's.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import anthropic
import httpx

from bot.recorder import Recorder
from tests.recorder.stand_ins import HEADERS, message

ROUNDS, CALLS = 7, 800
RESTART_CALLS = 20_000
_ASKED: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": [{"type": "text", "text": "a prompt of some length " * 40}]}] * 9,
}
_CLOCKS = {"time": time.perf_counter, "work (its thread's own time)": time.thread_time}
"""On a busy machine the first is mostly waiting for a core."""
_ANSWER = json.dumps(message()).encode()
_HEAD = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items()).encode()


async def measure(folder: Path) -> list[str]:
    async with _running() as url:
        added = await asyncio.to_thread(_added, url)
        lost = await asyncio.to_thread(_waiting, url, folder)
    return [*added, *lost]


def _added(url: str) -> list[str]:
    """In rounds, of which the median is told: at the 99th of a hundred a single round is mostly the machine's noise."""
    with anthropic.Anthropic(api_key="sk-ant-bench", base_url=url) as plain:
        recorder = Recorder(url, "bench", team="alpha", spool=None)
        wrapped = recorder.wrap(plain)
        rounds = [_round(plain.messages.create, wrapped.messages.create) for _ in range(ROUNDS + 1)][1:]
        within = {name: _within(plain, recorder, clock) for name, clock in _CLOCKS.items()}
        recorder.close(5)
        stats = recorder.stats()
    lines = [
        f"recorder: {name} of a call that is the recorder's: p50 {of[49]:.3f}, p95 {of[94]:.3f}, p99 {of[98]:.3f} ms"
        for name, of in within.items()
    ]
    for name, part in (("p50", 49), ("p95", 94), ("p99", 98)):
        without, recorded = (median(one[who][part] for one in rounds) for who in (0, 1))
        added = sorted(one[1][part] - one[0][part] for one in rounds)
        lines.append(
            f"recorder: {name} of a call {without:.3f} ms without, {recorded:.3f} ms with it; added in the median of "
            f"{ROUNDS} rounds: {added[ROUNDS // 2]:+.3f} ms ({added[0]:+.3f} to {added[-1]:+.3f})"
        )
    return [*lines, f"recorder: {stats.recorded:,} calls recorded, {stats.sent:,} stored, {stats.dropped} dropped"]


def _within(plain: anthropic.Anthropic, recorder: Recorder, clock: Callable[[], float]) -> list[float]:
    """Milliseconds between a look at the clock outside the recorder and one inside, which reads the answer as the SDK
    would; their percentiles."""
    took, inside = [], 0.0

    def outer(request: Any, call_next: Callable[[Any], Any]) -> Any:
        begun = clock()
        response = call_next(request)
        took.append((clock() - begun) * 1000 - inside)
        return response

    def inner(request: Any, call_next: Callable[[Any], Any]) -> Any:
        nonlocal inside
        begun = clock()
        response = call_next(request)
        response.parse()
        inside = (clock() - begun) * 1000
        return response

    client = recorder.wrap(plain.with_middleware(outer)).with_middleware(inner)
    for _ in range(ROUNDS * CALLS // 2):
        client.messages.create(**_ASKED)
    return quantiles(took, n=100)


def _round(plain: Callable[..., Any], wrapped: Callable[..., Any]) -> tuple[list[float], list[float]]:
    """The percentiles of both, in milliseconds."""
    without, recorded = [], []
    gc.collect()
    for _ in range(CALLS):
        without.append(_took(plain))
        recorded.append(_took(wrapped))
    return quantiles(without, n=100), quantiles(recorded, n=100)


def _waiting(url: str, folder: Path) -> list[str]:
    """Half of the calls come while the intake is away."""
    recorder = Recorder(url, "bench", spool=folder / "spool", most_queued=RESTART_CALLS)
    http = httpx.Client(base_url=url)
    before = http.get("/stored").json()["stored"]
    for number in range(RESTART_CALLS):
        if number == RESTART_CALLS // 4:
            recorder.flush(10)
            http.get("/away")
        if number == RESTART_CALLS // 2:
            recorder.flush(10)
        recorder.record(model="claude-sonnet-5-5", input_tokens=1, output_tokens=1)
    recorder.flush(10)
    waited = recorder.stats().waiting
    http.get("/back")
    end = time.monotonic() + 60
    while recorder.stats().waiting and time.monotonic() < end:
        recorder.record(model="claude-sonnet-5-5", input_tokens=1, output_tokens=1)
        time.sleep(0.5)
    recorder.close(5)
    stats = recorder.stats()
    stored = http.get("/stored").json()["stored"] - before
    return [
        f"recorder: the intake away: {stats.recorded:,} calls recorded, up to {waited:,} waited, {stored:,} stored, "
        f"{stats.dropped} dropped, {stats.recorded - stored} lost"
    ]


def _took(create: Callable[..., Any]) -> float:
    begun = time.perf_counter()
    create(**_ASKED)
    return (time.perf_counter() - begun) * 1000


class _Stand(asyncio.Protocol):
    """Claude and the intake on one port; the intake counts ids, and refuses while it is told to be away."""

    def __init__(self, shared: dict[str, Any]) -> None:
        self._shared = shared
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while b"\r\n\r\n" in self._unread:
            head, rest = self._unread.split(b"\r\n\r\n", 1)
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0
            )
            if len(rest) < length:
                return
            self._unread = rest[length:]
            self._answer(head.split(b" ", 2)[1].decode(), rest[:length])

    def _answer(self, path: str, body: bytes) -> None:
        shared, status, said = self._shared, b"200 OK", b"{}"
        match path:
            case "/v1/messages":
                said = _ANSWER
                shared["asked"] += 1
            case "/v1/calls" if shared["away"]:
                status = b"503 Service Unavailable"
            case "/v1/calls":
                lines = zlib.decompress(body, 31).splitlines()
                shared["ids"].update(json.loads(line)["id"] for line in lines)
                status = b"202 Accepted"
            case "/away" | "/back":
                shared["away"] = path == "/away"
            case "/stored":
                said = json.dumps({"stored": len(shared["ids"])}).encode()
        head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\nrequest-id: req_%d\r\n%scontent-length: %d\r\n\r\n"
        self._transport.write(head % (status, shared["asked"], _HEAD, len(said)) + said)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    shared: dict[str, Any] = {"ids": set(), "away": False, "asked": 0}
    server = await loop.create_server(partial(_Stand, shared), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


@asynccontextmanager
async def _running() -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.recorder"), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(_serve())
