"""The web server: who may post to it, and what it says of itself."""

import asyncio
import hashlib
import hmac
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import psycopg
import pytest

from tests import databases
from tests import outside as world
from tests.outside import SIGNING_SECRET, Outside, moved, until

BODY = urlencode({"command": "/claude-usage", "text": "help", "team_id": "T0", "user_id": "U0ANA"}).encode()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    databases.sqlite(tmp_path / "test.db")
    return tmp_path / "test.db"


@pytest.fixture
async def bot(outside: Outside, file: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with world.bot(outside, f"sqlite:///{file}") as url, httpx.AsyncClient(base_url=url, trust_env=False) as http:
        yield http


def signed(body: bytes = BODY, *, secret: str = SIGNING_SECRET, ago: float = 0) -> dict[str, str]:
    timestamp = str(int(time.time() - ago))
    digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": f"v0={digest}",
    }


async def test_what_slack_signed_is_taken(bot: httpx.AsyncClient) -> None:
    for ago in (0, 290, -290):
        assert (await bot.post("/slack/events", content=BODY, headers=signed(ago=ago))).status_code == 200


@pytest.mark.parametrize(
    "timestamp",
    ["", "soon", "1763802000.5", "-1", "+1", "1e9", "٣", "½", "1" * 5000, "0x10", "１７６３８０２０００", "\xff"],
)
async def test_a_timestamp_that_is_none_is_refused_as_unsigned(bot: httpx.AsyncClient, timestamp: str) -> None:
    headers = {name.encode(): value.encode() for name, value in signed().items()}
    headers[b"x-slack-request-timestamp"] = timestamp.encode("latin-1" if timestamp == "\xff" else "utf-8")
    assert (await bot.post("/slack/events", content=BODY, headers=headers)).status_code == 401


@pytest.mark.parametrize("ago", [360, -360, 86_400, 10**9])
async def test_a_request_from_another_time_is_refused(bot: httpx.AsyncClient, ago: float) -> None:
    assert (await bot.post("/slack/events", content=BODY, headers=signed(ago=ago))).status_code == 401


@pytest.mark.parametrize("left_out", ["x-slack-request-timestamp", "x-slack-signature"])
async def test_a_request_without_one_of_the_two_headers_is_refused(bot: httpx.AsyncClient, left_out: str) -> None:
    headers = signed()
    del headers[left_out]
    assert (await bot.post("/slack/events", content=BODY, headers=headers)).status_code == 401


@pytest.mark.parametrize("signature", ["", "v0=", "v0=é", "v1=0", "v0=" + "0" * 64, "v0=" + "0" * 5000])
async def test_a_signature_that_is_wrong_or_none_is_refused(bot: httpx.AsyncClient, signature: str) -> None:
    headers = {name.encode(): value.encode() for name, value in signed().items()}
    headers[b"x-slack-signature"] = signature.encode()
    assert (await bot.post("/slack/events", content=BODY, headers=headers)).status_code == 401


async def test_another_secret_or_a_changed_body_is_refused(outside: Outside, bot: httpx.AsyncClient) -> None:
    assert (await bot.post("/slack/events", content=BODY, headers=signed(secret="another"))).status_code == 401
    assert (await bot.post("/slack/events", content=BODY + b"&x=1", headers=signed())).status_code == 401
    assert (await bot.post("/slack/events", content=b"", headers=signed())).status_code == 401
    assert outside.posted() == []


async def test_a_body_that_is_no_text_is_refused(bot: httpx.AsyncClient) -> None:
    assert (await bot.post("/slack/events", content=b"\xff\xfe", headers=signed(b"\xff\xfe"))).status_code == 401


@pytest.mark.parametrize(
    "body", [b"null", b"{", b"[]", b'"x"', b'{"team": 5}', b"payload=1", b"payload={", b"[" * 100_000]
)
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
async def test_a_body_that_slack_would_not_send_is_refused_without_a_line_in_the_log(
    bot: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, body: bytes, kind: str
) -> None:
    for headers in (signed(secret="another"), signed(body)):
        answer = await bot.post("/slack/events", content=body, headers=headers | {"content-type": kind})
        assert answer.status_code in (401, 404)
    assert [record for record in caplog.records if record.exc_info] == []


WHO: dict[str, Any] = {"user": {"id": "U0ANA"}, "team": {"id": "T0"}}
PRESSED: dict[str, Any] = {
    "type": "block_actions",
    "actions": [{"type": "button", "action_id": "ask:0", "value": "help"}],
    **WHO,
}
SENT: dict[str, Any] = {
    "type": "view_submission",
    "view": {"id": "V0", "callback_id": "form", "state": {"values": {}}},
    **WHO,
}
TYPED: dict[str, Any] = {"type": "block_suggestion", "action_id": "names", "value": "al", **WHO}
MENTIONED: dict[str, Any] = {
    "type": "app_mention",
    "user": "U0ANA",
    "channel": "C0",
    "ts": "1763802000.000100",
    "text": "help",
}


def each(payload: dict[str, Any], name: str, *values: object) -> list[dict[str, Any]]:
    """The payload with each of these in one place."""
    return [payload | {name: value} for value in values]


MISSHAPEN = [
    *each(PRESSED, "actions", None, 5, [], [None], [[]], [{}], [{"action_id": 5}]),
    *each(PRESSED, "user", None, 5, [], {}, {"id": 5}, {"id": ["U0ANA"]}),
    *each(PRESSED, "container", 5, [], {"message_ts": "soon"}, {"message_ts": 5}),
    *each(PRESSED, "team", "T0"),
    *each(PRESSED, "type", ["block_actions"]),
    *each(SENT, "view", None, [], {}, {"id": "V0", "callback_id": 5, "state": {"values": {}}}),
    *each(TYPED, "action_id", None, 5, ["names"]),
    *each({"type": "event_callback"}, "event", None, 5, [], {}, {"type": []}),
    *each({"type": "event_callback"}, "event", *each(MENTIONED, "ts", None, "now"), *each(MENTIONED, "channel", 5)),
    *each({"type": "event_callback"}, "event", *each(MENTIONED, "user", ["U0ANA"])),
]


@pytest.mark.parametrize("payload", MISSHAPEN, ids=str)
async def test_a_payload_of_a_shape_that_slack_does_not_send_is_refused_though_it_is_signed(
    bot: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, payload: dict[str, Any]
) -> None:
    event = "event" in payload
    body = (json.dumps(payload) if event else urlencode({"payload": json.dumps(payload)})).encode()
    headers = signed(body) | ({"content-type": "application/json"} if event else {})
    assert (await bot.post("/slack/events", content=body, headers=headers)).status_code in (400, 401)
    assert [record for record in caplog.records if record.exc_info] == []


async def test_a_body_without_end_is_refused_before_it_is_held(bot: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(60):
            sent += 2**20
            yield b"x" * 2**20

    answer = await bot.post("/slack/events", content=endless(), headers=signed())
    assert answer.status_code == 413
    assert "4 MiB" in answer.json()["error"]


async def test_a_request_that_does_not_come_to_its_end_is_not_waited_for(
    bot: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.patience.REQUEST_SECONDS", 0.2)
    host, port = bot.base_url.host, bot.base_url.port
    post = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nX-Slack-Request-Timestamp: 1\r\n\r\nhalf"
    whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    for begun in (b"", b"GET /healthz HT", post, whole + b"GET /hea"):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(begun)
        async with asyncio.timeout(3):
            said = await reader.read()
        assert said.startswith(b"HTTP/1.1 200") if begun.startswith(whole) else said == b""
        writer.close()


async def test_a_connection_is_kept_for_the_next_request_and_for_an_answer_that_takes_its_time(
    bot: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.patience.REQUEST_SECONDS", 0.2)
    for _ in range(3):
        assert (await bot.get("/healthz")).status_code == 200
        await asyncio.sleep(0.15)


async def test_a_path_that_is_none_leads_nowhere(bot: httpx.AsyncClient) -> None:
    answer = await bot.get("/metrics/", headers={"host": "evil.example.com"})
    assert answer.status_code == 404
    assert "server" not in answer.headers


async def test_nothing_but_a_post_is_taken(bot: httpx.AsyncClient) -> None:
    assert (await bot.get("/slack/events")).status_code == 405
    assert (await bot.get("/")).status_code == 404


async def test_in_socket_mode_nobody_may_post(outside: Outside, file: Path) -> None:
    async with (
        world.bot(outside, f"sqlite:///{file}", socket_mode=True) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
    ):
        assert (await http.post("/slack/events", content=BODY, headers=signed())).status_code == 404
        assert (await http.get("/readyz")).status_code == 200


async def test_all_is_well(bot: httpx.AsyncClient) -> None:
    for route in ("/healthz", "/readyz"):
        answer = await bot.get(route)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_a_database_that_is_gone_is_said_with_503(bot: httpx.AsyncClient, file: Path) -> None:
    moved(file, ".away")
    for route in ("/healthz", "/readyz"):
        answer = await bot.get(route)
        assert answer.status_code == 503
        assert answer.json()["status"].startswith("The database")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("UPDATE alembic_version SET version_num = '9999'; DELETE FROM served_schema", "newer version"),
        ("DELETE FROM alembic_version", "migrate"),
        ("DROP TABLE alembic_version", "migrate"),
    ],
)
async def test_a_schema_that_is_not_ours_is_said_with_503(
    bot: httpx.AsyncClient, file: Path, change: str, sentence: str
) -> None:
    with sqlite3.connect(file) as connection:
        connection.executescript(change)
    connection.close()
    for route in ("/healthz", "/readyz"):
        answer = await bot.get(route)
        assert answer.status_code == 503
        assert sentence in answer.json()["status"]


async def test_a_postgresql_that_went_away_is_said_with_503_and_no_password(
    outside: Outside, postgresql: str, postgresql_url: str
) -> None:
    name = postgresql_url.partition("?")[0].rpartition("/")[2]
    async with (
        world.bot(outside, postgresql_url) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
    ):
        assert (await http.get("/healthz")).status_code == 200
        with psycopg.connect(postgresql, autocommit=True) as admin:
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            answer = await http.get("/healthz")
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert answer.status_code == 503
        assert answer.json()["status"].endswith(".")
        assert (await http.get("/healthz")).status_code == 200


async def test_not_ready_once_slack_refuses_the_bot_token_twice_and_ready_again_when_it_takes_it(
    outside: Outside, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOOK_SECONDS", "AGAIN_SECONDS"):
        monkeypatch.setattr(f"bot.slack.standing.{name}", 0)
    async with (
        world.bot(outside, f"sqlite:///{file}") as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
    ):

        async def ready() -> tuple[int, str]:
            answer = await http.get("/readyz")
            return answer.status_code, answer.json()["status"]

        assert await ready() == (200, "ok")
        outside.slack.fail_next("auth.test", error="token_revoked")
        assert await ready() == (200, "ok"), "one refusal"
        assert await ready() == (200, "ok"), "none"
        outside.slack.fail_next("auth.test", error="token_revoked", times=3)
        assert [(await ready())[0] for _ in range(2)] == [200, 503]
        why = "Slack refused the bot token (token_revoked). Reinstall the app and set SLACK_BOT_TOKEN."
        assert await ready() == (503, why)
        outside.slack.fail_next("auth.test", error="internal_error", status=500)
        assert await ready() == (503, why), "a Slack that is away says nothing of the token"
        assert (await http.get("/healthz")).status_code == 200
        assert await ready() == (200, "ok")


async def test_not_ready_while_slack_is_not_connected_and_ready_again_when_it_is(outside: Outside, file: Path) -> None:
    async with (
        world.bot(outside, f"sqlite:///{file}", socket_mode=True) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
    ):
        assert (await http.get("/readyz")).status_code == 200
        await outside.does(outside.slack.disconnect())
        await until(lambda: outside.slack.connections)
        assert (await http.get("/healthz")).status_code == 200
