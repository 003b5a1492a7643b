"""Slack in a process of its own, where it is in life: it sends commands and takes the time to their acks and answers.

`python -m tests.bench.asking` prints its address. Each line on its standard input is an order as `Order` has it, in
JSON, and each is answered by a line: the seconds to the acks, and to the answers.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from bot.demo.main import ANA, APP_TOKEN, BOT_TOKEN, CHANNELS, SIGNING_SECRET, USERS
from bot.demo.serving import serve
from bot.demo.slack_server import COMMAND, SlackStandIn

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOTE = "Still adding up"
"""What comes first where an answer takes long."""


@dataclass(frozen=True, slots=True)
class Order:
    """Commands, one after the other or, with a `rate`, so many a second whether or not the ones before are answered."""

    bot_url: str
    texts: Sequence[str]
    rate: float = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds from each command to its ack, and to its answer; fewer answers than acks where some never came."""

    acks: list[float]
    answers: list[float]


@dataclass(frozen=True, slots=True)
class Asking:
    """The other process, from the bench's side."""

    url: str
    _process: asyncio.subprocess.Process

    async def ask(self, bot_url: str, texts: Sequence[str], rate: float = 0) -> Taken:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asdict(Order(bot_url, texts, rate))).encode() + b"\n")
        return Taken(**json.loads(await self._process.stdout.readline()))


@asynccontextmanager
async def slack() -> AsyncIterator[Asking]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.asking",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    assert process.stdin
    assert process.stdout
    try:
        yield Asking((await process.stdout.readline()).decode().strip(), process)
    finally:
        process.stdin.close()
        await process.wait()


async def _one_by_one(slack: SlackStandIn, texts: Sequence[str]) -> Taken:
    taken = Taken([], [])
    for text in texts:
        before, started = len(slack.messages), time.perf_counter()
        with slack.watching() as changed:
            await slack.command(ANA, "C0ALPHA", COMMAND, text)
            taken.acks.append(time.perf_counter() - started)
            while len(slack.messages) == before or NOTE in slack.messages[-1].text:
                await asyncio.wait_for(changed.wait(), 30)
                changed.clear()
        taken.answers.append(time.perf_counter() - started)
        if "Data through" not in slack.messages[-1].text:
            raise RuntimeError(f"{text!r} was not answered")
    return taken


async def _at_rate(slack: SlackStandIn, texts: Sequence[str], rate: float) -> Taken:
    acks: list[float] = []
    sent: list[float] = []
    came: list[float] = []
    before = len(slack.messages)

    async def command(text: str) -> None:
        started = time.perf_counter()
        sent.append(started)
        await slack.command(ANA, "C0ALPHA", COMMAND, text)
        acks.append(time.perf_counter() - started)

    async def watch() -> None:
        """A note that an answer takes a while is no answer: that says how far its data goes."""
        waiting: list[int] = []
        seen = before
        while len(came) < len(texts):
            await asyncio.sleep(0.005)
            waiting += range(seen, len(slack.messages))
            seen, now = len(slack.messages), time.perf_counter()
            unanswered = [at for at in waiting if "Data through" not in slack.messages[at].text]
            came.extend([now] * (len(waiting) - len(unanswered)))
            waiting = unanswered

    watching = asyncio.create_task(watch())
    async with asyncio.TaskGroup() as commands:
        start = time.perf_counter()
        for n, text in enumerate(texts):
            await asyncio.sleep(start + n / rate - time.perf_counter())
            commands.create_task(command(text))
    with suppress(TimeoutError):
        await asyncio.wait_for(watching, 60)
    # Answers come in the order of their questions, but for neighbours: good enough for percentiles.
    return Taken(acks, [at - asked for at, asked in zip(came, sent, strict=False)])


async def _serve() -> None:
    slack = SlackStandIn(
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        signing_secret=SIGNING_SECRET,
        users=USERS,
        channels=CHANNELS,
        clock=lambda: NOW,
    )
    async with serve(slack.app) as url:
        slack.base_url = url
        print(url, flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            order = Order(**json.loads(line))
            slack.bot_url = order.bot_url
            taken = await (_at_rate(slack, order.texts, order.rate) if order.rate else _one_by_one(slack, order.texts))
            print(json.dumps(asdict(taken)), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve())
