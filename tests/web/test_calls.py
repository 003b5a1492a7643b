"""`POST /v1/calls`: who may send, what is stored, what is refused and why; and never an answer of 500 or more."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select
from starlette.applications import Starlette
from starlette.routing import Route

from bot.core.calls.client import fingerprint
from bot.services.calls.forgetting import forget
from bot.services.calls.intake import MOST_UNDER_WAY, Intake
from bot.store.calls import tokens
from bot.store.database import Database
from bot.store.tables import CallHour, CallRow, CallSeries, table
from bot.web.calls import calls
from tests import databases
from tests import outside as world
from tests.outside import NOW, Outside

_call, _hour, _series = table(CallRow), table(CallHour), table(CallSeries)
TOKEN = "cub_for-tests"
MINE = {"authorization": f"Bearer {TOKEN}"}


def call(n: int = 1, **said: Any) -> dict[str, Any]:
    at = f"2026-11-22T08:{n % 60:02}:00Z"
    figures = {"input_tokens": 100, "output_tokens": 10, "duration_ms": 100 * n}
    return {"id": f"req_{n}", "timestamp": at, "model": "claude-sonnet-5-5", **figures, **said}


@pytest.fixture
async def bot(outside: Outside, migrated_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The running bot on either database, with one token in force and one revoked."""
    database = Database(migrated_url)
    database.write_now(tokens.create, "app", fingerprint(TOKEN), None, NOW)
    database.write_now(tokens.create, "bound", fingerprint("cub_bound"), "alpha", NOW)
    database.write_now(tokens.create, "gone", fingerprint("cub_gone"), None, NOW)
    database.write_now(tokens.revoke, "gone", NOW)
    async with world.bot(outside, migrated_url) as url, httpx.AsyncClient(base_url=url, trust_env=False) as http:
        http.database = database  # type: ignore[attr-defined]
        yield http
    database.close()


def held(bot: httpx.AsyncClient) -> tuple[int, int, int]:
    """Single calls, and calls and tokens by the sums of hours."""

    def read(connection: Connection) -> tuple[int, int, int]:
        rows = connection.execute(select(func.count()).select_from(_call)).scalar_one()
        sums = connection.execute(select(func.sum(_hour.c.calls), func.sum(_hour.c.uncached_input))).one()
        return rows, int(sums[0] or 0), int(sums[1] or 0)

    return bot.database.read_now(read)  # type: ignore[attr-defined,no-any-return]


async def sent(bot: httpx.AsyncClient, body: Any, **headers: str) -> tuple[int, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await bot.post("/v1/calls", content=content, headers=MINE | headers)
    return answer.status_code, answer.json()


def accepted(n: int = 0, duplicates: int = 0) -> tuple[int, Any]:
    return 202, {"accepted": n, "duplicates": duplicates, "rejected": []}


async def test_one_call_a_list_and_lines_are_stored_once_whatever_is_sent_again(bot: httpx.AsyncClient) -> None:
    assert await sent(bot, call(1)) == accepted(1)
    assert await sent(bot, [call(n) for n in range(1, 4)]) == accepted(2, duplicates=1)
    lines = b"\n".join(json.dumps(call(n)).encode() for n in range(1, 6))
    kind = {"content-type": "application/x-ndjson"}
    assert await sent(bot, gzip.compress(lines), **kind, **{"content-encoding": "gzip"}) == accepted(2, duplicates=3)
    assert await sent(bot, lines) == accepted(0, duplicates=5)
    assert await sent(bot, [call(9), call(9)]) == accepted(1, duplicates=1)
    assert await sent(bot, []) == accepted()
    assert held(bot) == (6, 6, 600)


async def test_a_taken_id_and_a_bad_row_are_named_and_the_others_go_in(bot: httpx.AsyncClient) -> None:
    await sent(bot, call(1))
    # A second witness of the same call may have measured another time.
    assert await sent(bot, call(1, duration_ms=120, feature="x")) == accepted(0, duplicates=1)
    status, said = await sent(bot, [call(2), call(1, output_tokens=11), call(3, input_tokens=-1), "no", call(4)])
    assert (status, said["accepted"], said["duplicates"]) == (202, 2, 0)
    assert [(one["index"], one["reason"]) for one in said["rejected"]] == [
        (1, "Its id belongs to another call, with another model or other token counts."),
        (2, "input_tokens is -1: a count can't be negative."),
        (3, "A call is a JSON object."),
    ]
    old = await sent(bot, call(5, timestamp="2026-10-01T00:00:00Z"))
    assert "more than 35 days ago" in old[1]["rejected"][0]["reason"]
    assert held(bot) == (3, 3, 300)


async def test_two_programs_may_count_their_calls_alike_but_anthropics_ids_are_everybodys(
    bot: httpx.AsyncClient,
) -> None:
    await sent(bot, [call(1, id="1"), call(2)])
    other = await bot.post("/v1/calls", json=[call(1, id="1"), call(2)], headers={"authorization": "Bearer cub_bound"})
    assert other.json() == {"accepted": 1, "duplicates": 1, "rejected": []}
    teams = bot.database.read_now(  # type: ignore[attr-defined]
        lambda connection: sorted(connection.execute(select(_series.c.bound_team)).scalars())
    )
    assert teams == ["", "alpha"]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer cub_gone", "Bearer x", "Basic eDp5", "Bearer \xff"])
async def test_nobody_sends_without_a_token_in_force(bot: httpx.AsyncClient, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header.encode("latin-1")}
    answer = await bot.post("/v1/calls", json=call(), headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 401
    assert answer.json()["error"].endswith(".")
    assert held(bot) == (0, 0, 0)


async def test_a_body_that_is_too_large_or_no_calls_is_said_in_a_sentence(bot: httpx.AsyncClient) -> None:
    packed = {"content-encoding": "gzip"}
    cut = "é".encode()[:1]
    for body, headers, status in (
        (b"x" * (10 * 2**20), {}, 413),
        (gzip.compress(b"[" + b" " * (20 * 2**20) + b"]", 1), packed, 413),
        ([call(n) for n in range(1001)], {}, 413),
        (b"not gzip", packed, 400),
        (gzip.compress(json.dumps(call()).encode())[:-9], packed, 400),
        (b"{", {}, 400),
        (b"[" * 100_000, {}, 400),
        (b"\xff\xfe", {}, 400),
        (b'"x"', {}, 400),
        (b"1" * 5000, {}, 400),
        (b"", {}, 400),
        (json.dumps(call()).encode(), {"content-encoding": "br"}, 400),
    ):
        code, said = await sent(bot, body, **headers)
        assert (code, said["error"][-1]) == (status, "."), (body[:20], said)
    assert held(bot) == (0, 0, 0)
    status, said = await sent(bot, gzip.compress(b"[") + gzip.compress(b"") * 100, **packed)
    assert (status, "more than 100 pieces" in said["error"]) == (400, True)
    lines = json.dumps(call(1)).encode() + b'\n{"feature": "caf' + cut
    assert await sent(bot, lines) == (
        202,
        {"accepted": 1, "duplicates": 0, "rejected": [{"index": 1, "reason": "The line is not JSON."}]},
    )


@pytest.mark.parametrize(("token", "status"), [(TOKEN, 413), ("cub_gone", 401)])
async def test_who_sends_more_than_is_read_and_then_hangs_up_still_hears_why(
    bot: httpx.AsyncClient, token: str, status: int
) -> None:
    """As Python's own `urllib` does, which closes each connection."""

    def send() -> int:
        request = Request(f"{bot.base_url}/v1/calls", b"x" * (10 * 2**20), {"authorization": f"Bearer {token}"})
        try:
            return int(urlopen(request, timeout=20).status)
        except HTTPError as error:
            return error.code

    assert await asyncio.to_thread(send) == status


async def test_a_flood_from_one_client_is_asked_to_wait_and_starves_nobody(bot: httpx.AsyncClient) -> None:
    flood = [asyncio.create_task(sent(bot, [call(n * 50 + m) for m in range(50)])) for n in range(MOST_UNDER_WAY * 3)]
    other = {"authorization": "Bearer cub_bound"}
    answers = [await bot.post("/v1/calls", json=call(10_000 + n), headers=other) for n in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    outcomes = [await one for one in flood]
    assert {status for status, _ in outcomes} == {202, 429}
    stored = sum(said["accepted"] for status, said in outcomes if status == 202)
    assert held(bot)[:2] == (stored + 3, stored + 3)
    refused = await asyncio.gather(*(bot.post("/v1/calls", json=[], headers=MINE) for _ in range(60)))
    assert {one.headers.get("retry-after") for one in refused if one.status_code == 429} <= {"1"}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = databases.sqlite(tmp_path_factory.mktemp("alone") / "calls.db")
    with databases.opened(url) as database:
        database.write_now(tokens.create, "app", fingerprint(TOKEN), None, NOW)
    return url


async def test_a_call_that_was_let_go_is_no_new_one_when_calls_are_kept_for_longer(alone: str) -> None:
    database, later = Database(alone), NOW + timedelta(days=8)
    sent = [call(id="1", timestamp=(NOW - timedelta(days=1)).isoformat())]

    async def post(now: datetime, days: int) -> httpx.Response:
        intake = Intake(database, lambda: now, retain=timedelta(days=days))
        app = Starlette(routes=[Route("/v1/calls", calls(intake, lambda: now), methods=["POST"])])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://bot") as http:
            return await http.post("/v1/calls", json=sent, headers=MINE)

    assert (await post(NOW, 7)).json()["accepted"] == 1
    await forget(database, later - timedelta(days=7))
    answer = (await post(later, 35)).json()
    sent[0]["timestamp"] = later.isoformat()
    new = (await post(later, 35)).json()
    database.close()
    assert (answer["accepted"], new["accepted"]) == (0, 1), "its sum holds it already"
    (refusal,) = answer["rejected"]
    assert refusal["reason"] == "timestamp is before 2026-11-23 09:00 UTC: single calls of then were let go."


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(call())), inner, max_size=4),
)
_BODIES = st.binary(max_size=40) | st.builds(lambda said: json.dumps(said).encode(), st.lists(_JSON, max_size=3))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_BODIES, kind=st.sampled_from(["application/json", "application/x-ndjson", ""]), packed=st.booleans())
def test_whatever_is_sent_is_never_our_fault(alone: str, body: bytes, kind: str, packed: bool) -> None:
    async def post() -> int:
        database = Database(alone)
        intake = Intake(database, lambda: NOW, retain=timedelta(days=35))
        app = Starlette(routes=[Route("/v1/calls", calls(intake, lambda: NOW), methods=["POST"])])
        transport = httpx.ASGITransport(app=app)
        headers = MINE | {"content-type": kind} | ({"content-encoding": "gzip"} if packed else {})
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://bot") as http:
                return (await http.post("/v1/calls", content=body, headers=headers)).status_code
        finally:
            database.close()

    assert asyncio.run(post()) in (202, 400)
