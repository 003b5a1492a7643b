"""Anthropic as far as a sync asks it, on a loopback port of its own process: rendered rows, and 100 ms a page.

It does next to nothing per request, so that what is measured is the client's work and not the server's.
`python -m tests.bench.stand_in SECONDS ROWS` prints its address, then serves until its standard input is closed.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.bench import year

ORGANIZATION = "b0000000-0000-4000-8000-000000000000"
ROWS_A_PAGE = 1000
"""The most that Anthropic gives of the newer reports; a busy server may always give fewer than it was asked for."""
_ONE_DAY = timedelta(days=1)
_REFRESHED = "2030-01-01T00:00:00Z"
"""The reports never lag here."""


class Reports:
    """The body of every page that may be asked for."""

    def __init__(self, rows_a_page: int) -> None:
        self._rows_a_page = rows_a_page
        self._day = year.day()
        self._directory = year.directory()
        self.served = 0

    def body(self, target: str) -> bytes | None:
        """None for what is not here."""
        split = urlsplit(target)
        asked = parse_qsl(split.query)
        one = dict(asked)
        match split.path.removeprefix("/v1/organizations/"):
            case "stand_in":
                return json.dumps({"served": self.served}).encode()
            case "me":
                return json.dumps({"id": ORGANIZATION, "name": "Bench"}).encode()
            case "workspaces":
                default = [self._directory["default"]] if "include_default" in one else []
                return _listed(self._directory["workspaces"] + default)
            case "api_keys" | "users" as name:
                return _listed(self._directory[name])
            case "usage_report/messages" if one["bucket_width"] == "1d":
                return _buckets(self._day.usage, one)
            case "cost_report":
                return _buckets(self._day.cost if "group_by[]" in one else self._day.total, one)
            case "analytics/usage":
                return self._rows([] if "service_tiers[]" in one else self._day.analytics_usage, one)
            case "analytics/cost":
                return self._rows(self._day.analytics_cost if "group_by[]" in one else self._day.analytics_total, one)
        return None

    def _rows(self, rows: list[bytes], asked: dict[str, str]) -> bytes:
        since, until = date.fromisoformat(asked["starting_at"][:10]), date.fromisoformat(asked["ending_at"][:10])
        first, size = int(asked.get("page", "0")), min(self._rows_a_page, int(asked["limit"]))
        parts = []
        for number, day in enumerate(_days(since, until)):
            begin = max(0, first - number * len(rows))
            end = min(len(rows), first + size - number * len(rows))
            if begin < end:
                dated = b",".join(rows[begin:end]).replace(year.DAY, _text(day))
                parts.append(dated.replace(year.NEXT_DAY, _text(day + _ONE_DAY)))
        more = first + size < len(rows) * (until - since).days
        return _page(b",".join(parts), str(first + size) if more else None)


def _listed(items: list[dict[str, Any]]) -> bytes:
    return json.dumps({"data": items, "has_more": False, "last_id": None}).encode()


def _buckets(rows: list[bytes], asked: dict[str, str]) -> bytes:
    results = b",".join(rows)
    begin, until = _asked(asked)
    last = min(until, begin + _ONE_DAY * int(asked["limit"]))
    buckets = [
        b'{"starting_at":"%sT00:00:00Z","ending_at":"%sT00:00:00Z","results":[%s]}'
        % (_text(day), _text(day + _ONE_DAY), results)
        for day in _days(begin, last)
    ]
    return _page(b",".join(buckets), last.isoformat() if last < until else None)


def _page(data: bytes, cursor: str | None) -> bytes:
    said = {"has_more": cursor is not None, "next_page": cursor, "data_refreshed_at": _REFRESHED}
    return b'{"data":[%s],%s' % (data, json.dumps(said).encode()[1:])


def _asked(asked: dict[str, str]) -> tuple[date, date]:
    """A cursor is the day to go on with."""
    return date.fromisoformat(asked.get("page", asked["starting_at"])[:10]), date.fromisoformat(asked["ending_at"][:10])


def _days(since: date, until: date) -> list[date]:
    return [since + _ONE_DAY * n for n in range((until - since).days)]


def _text(day: date) -> bytes:
    return day.isoformat().encode()


class _Connection(asyncio.Protocol):
    """One kept-alive connection: a GET without a body is answered `seconds` later."""

    def __init__(self, reports: Reports, seconds: float) -> None:
        self._reports = reports
        self._seconds = seconds
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while b"\r\n\r\n" in self._unread:
            head, self._unread = self._unread.split(b"\r\n\r\n", 1)
            target = head.split(b" ", 2)[1].decode()
            asyncio.get_running_loop().call_later(self._seconds, self._answer, target)

    def _answer(self, target: str) -> None:
        body = self._reports.body(target)
        status = b"200 OK" if body is not None else b"404 Not Found"
        said = body if body is not None else b'{"error":{"message":"not here"}}'
        self._reports.served += 1
        head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(said))
        self._transport.writelines([head, said])


async def _serve(seconds: float, rows_a_page: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(_Connection, Reports(rows_a_page), seconds), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


@asynccontextmanager
async def running(seconds: float, rows_a_page: int = ROWS_A_PAGE) -> AsyncIterator[str]:
    """The stand-in in a process of its own; yields its base URL."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.stand_in",
        str(seconds),
        str(rows_a_page),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


async def served(url: str) -> int:
    """How many answers it has given so far."""
    async with httpx.AsyncClient(base_url=url) as http:
        pages: int = (await http.get("/v1/organizations/stand_in")).json()["served"]
        return pages


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]), int(sys.argv[2])))
