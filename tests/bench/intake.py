"""Calls in batches over HTTP, stored on SQLite and PostgreSQL: beside a bare prepared insert and a bare COPY of the
same rows into the same table, which know no duplicates, no sums and no sketches."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import sqlite3
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import httpx
import psycopg
from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.core.calls.client import fingerprint
from bot.demo.serving import serve
from bot.interpreter import calm_collector
from bot.services.calls.intake import Intake
from bot.store import schema
from bot.store.calls import tokens
from bot.store.database import Database
from bot.store.tables import CallRow, table
from bot.web.calls import calls
from tests.databases import postgresql

TOKEN = "cub_bench"
CALLS, A_BATCH, AT_ONCE = 100_000, 1_000, 6
TEAMS, FEATURES, USERS = 5, 8, 10
MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-4-5")
_call = table(CallRow)
_NAMES = ", ".join(column.name for column in _call.columns)


async def measure(folder: Path) -> list[str]:
    now = datetime.now(UTC)
    bodies = list(_bodies(now))
    lines = [f"{CALLS:,} calls in batches of {A_BATCH:,}, {sum(map(len, bodies)) / CALLS:.0f} bytes each, two cores"]
    sqlite = f"sqlite:///{folder / 'calls.db'}"
    with postgresql() as server:
        for kind, url in (("SQLite", sqlite), ("PostgreSQL", server.get_uri())):
            _prepare(url)
            seconds, again, work, mine = await _sent(url, bodies)
            rival, bare = ("prepared insert", _inserted) if kind == "SQLite" else ("COPY", _copied)
            alone = bare(url)
            lines.append(
                f"{kind}: {CALLS / seconds:,.0f} calls/s over HTTP ({work / CALLS * 1e6:.0f} µs of work each, "
                f"and {mine / CALLS * 1e6:.0f} of who sends them), "
                f"{CALLS / again:,.0f} when all are repeats; "
                f"a bare {rival} of the rows {CALLS / alone:,.0f}/s"
            )
    return lines


def _bodies(now: datetime) -> Iterator[bytes]:
    dice = random.Random(6)
    for batch in range(CALLS // A_BATCH):
        yield json.dumps([_said(dice, now, batch * A_BATCH + n) for n in range(A_BATCH)]).encode()


def _said(dice: random.Random, now: datetime, n: int) -> dict[str, Any]:
    at = now - timedelta(hours=2) + timedelta(hours=2) * n / CALLS
    return {
        "id": f"req_011C{dice.getrandbits(80):020x}",
        "timestamp": at.isoformat(),
        "team": f"team-{dice.randrange(TEAMS)}",
        "user": f"user-{dice.randrange(USERS)}@example.com",
        "feature": f"feature-{dice.randrange(FEATURES)}",
        "model": dice.choice(MODELS),
        "endpoint": "messages",
        "event_type": "completion",
        "input_tokens": dice.randrange(10_000),
        "output_tokens": dice.randrange(2_000),
        "cache_read_input_tokens": dice.randrange(50_000),
        "cache_creation_5m_input_tokens": 0,
        "cache_creation_1h_input_tokens": 0,
        "web_search_requests": 0,
        "duration_ms": int(dice.lognormvariate(7, 1)),
        "success": True,
        "status": 200,
        "error_type": None,
        "service_tier": "standard",
        "ratelimit": {"requests_limit": 50, "requests_remaining": 41, "tokens_limit": 40000, "tokens_remaining": 22000},
        "metadata": {},
    }


def _prepare(url: str) -> None:
    database = Database(url)
    schema.migrate(database)
    database.write_now(tokens.create, "bench", fingerprint(TOKEN), None, datetime.now(UTC))
    database.close()


async def _sent(url: str, bodies: Sequence[bytes]) -> tuple[float, float, float, float]:
    """Seconds to store them, and to be told that all are there; and the work of the first in seconds of a processor, of
    the server, which is a process of its own, and of this one."""
    context = multiprocessing.get_context("spawn")
    stop, ours = context.Event(), context.Queue()
    server = context.Process(target=_serve, args=(url, ours, stop))
    server.start()
    try:
        address = await asyncio.to_thread(ours.get, timeout=60)
        headers = {"authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60, trust_env=False) as http:
            before, mine = float((await http.get("/work")).text), time.process_time()
            stored = await _posted(http, bodies, "accepted")
            mine, work = time.process_time() - mine, float((await http.get("/work")).text) - before
            return stored, await _posted(http, bodies, "duplicates"), work, mine
    finally:
        stop.set()
        server.join()


async def _posted(http: httpx.AsyncClient, bodies: Sequence[bytes], expected: str) -> float:
    room, counted = asyncio.Semaphore(AT_ONCE), 0

    async def post(body: bytes) -> None:
        nonlocal counted
        async with room:
            said = (await http.post("/v1/calls", content=body)).raise_for_status().json()
        counted += said[expected]

    began = time.perf_counter()
    await asyncio.gather(*map(post, bodies))
    seconds = time.perf_counter() - began
    if counted != CALLS:
        raise RuntimeError(f"{counted:,} of {CALLS:,} {expected}")
    return seconds


def _serve(url: str, ours: multiprocessing.Queue[str], stop: Event) -> None:
    asyncio.run(_serving(url, ours, stop))


async def _serving(url: str, ours: multiprocessing.Queue[str], stop: Event) -> None:
    calm_collector()
    database = Database(url)
    intake = Intake(database, _now, retain=timedelta(days=35))
    routes = [Route("/v1/calls", calls(intake, _now), methods=["POST"]), Route("/work", _work)]
    app = Starlette(routes=routes)
    async with serve(app) as address:
        ours.put(address)
        await asyncio.to_thread(stop.wait)
    database.close()


async def _work(_request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(time.process_time()))


def _now() -> datetime:
    return datetime.now(UTC)


def _rows(url: str) -> list[tuple[Any, ...]]:
    """What was stored, under ids of their own."""
    database = Database(url)

    def read(connection: Connection) -> list[tuple[Any, ...]]:
        rows = connection.exec_driver_sql(f"SELECT {_NAMES} FROM call")
        return [(f"x{row[0]}", *row[1:]) for row in rows]

    rows = database.read_now(read)
    database.close()
    return rows


def _inserted(url: str) -> float:
    rows = _rows(url)
    statement = f"INSERT INTO call ({_NAMES}) VALUES ({', '.join('?' * len(_call.columns))})"
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        began = time.perf_counter()
        for at in range(0, CALLS, A_BATCH):
            connection.executemany(statement, rows[at : at + A_BATCH])
            connection.commit()
        seconds = time.perf_counter() - began
    connection.close()
    return seconds


def _copied(url: str) -> float:
    rows = _rows(url)
    with psycopg.connect(url) as connection:
        began = time.perf_counter()
        for at in range(0, CALLS, A_BATCH):
            with connection.cursor() as cursor, cursor.copy(f"COPY call ({_NAMES}) FROM STDIN") as copy:
                for row in rows[at : at + A_BATCH]:
                    copy.write_row(row)
            connection.commit()
        return time.perf_counter() - began
