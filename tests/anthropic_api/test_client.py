"""The HTTP client against a real server that goes wrong: it waits as told, gives up by name, and keeps its key."""

import asyncio
import json
import logging
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from bot.anthropic_api.client import ATTEMPTS
from bot.anthropic_api.directory import API_KEYS, ORGANIZATION, read_organization
from bot.anthropic_api.usage_report import PATH as USAGE
from bot.core.errors import (
    AnthropicRefused,
    AnthropicUnavailable,
    BotError,
    CredentialRefused,
    PageMalformed,
    SettingsError,
)
from tests.anthropic_api.api import KEY, Api
from tests.faults import Fault, cut_in_half, cut_json, hang, html, mutate, repeat_cursor, status

pytestmark = pytest.mark.asyncio(loop_scope="module")

ME = "organizations/me"


async def test_every_request_says_who_asks_and_which_version_it_speaks(api: Api) -> None:
    await api.client().get(ORGANIZATION)
    headers = api.faults.seen[0].headers
    assert headers["user-agent"] == "claude-usage-bot/1.2.3 (self-hosted)"
    assert headers["anthropic-version"] == "2023-06-01"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "86400"}, 300.0),
        ({"retry-after": "soon"}, 60.0),
        ({"anthropic-ratelimit-requests-reset": "tomorrow"}, 60.0),
        ({"anthropic-ratelimit-requests-reset": "2026-01-01T00:00:00Z"}, 0.0),
        ({}, 60.0),
    ],
)
async def test_a_limit_is_waited_out_for_as_long_as_the_server_says(
    api: Api, headers: dict[str, str], seconds: float
) -> None:
    api.faults.next(ME, status(429, headers=headers))
    assert (await read_organization(api.client())).organization_name == "Example Org"
    assert api.pauses == [seconds]


async def test_the_recorded_limit_is_waited_out_and_in_the_end_said_in_anthropics_own_words(api: Api) -> None:
    recorded = json.loads((Path(__file__).parent / "recorded" / "rate_limited.json").read_text(encoding="utf-8"))
    api.faults.next(ME, status(429, body=recorded), times=ATTEMPTS)
    with pytest.raises(AnthropicUnavailable, match=r"with 429: Too many requests to the usage report endpoint\.$"):
        await read_organization(api.client())
    assert api.pauses == [60.0] * (ATTEMPTS - 1)


async def test_a_limit_that_only_names_its_end_is_waited_out_until_then(api: Api) -> None:
    reset = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
    api.faults.next(ME, status(429, headers={"anthropic-ratelimit-requests-reset": reset}))
    await read_organization(api.client())
    assert 25 < api.pauses[0] <= 30


@pytest.mark.parametrize("code", [500, 502, 503, 504, 529])
async def test_a_server_in_trouble_is_asked_again_after_growing_pauses(api: Api, code: int) -> None:
    api.faults.next(ME, status(code), times=ATTEMPTS - 1)
    await read_organization(api.client())
    assert api.faults.count(ME) == ATTEMPTS
    for pause, middle in zip(api.pauses, [0.5, 1.0, 2.0, 4.0], strict=True):
        assert 0.75 * middle <= pause <= 1.25 * middle


async def test_clients_that_failed_together_do_not_come_back_together(api: Api) -> None:
    for _ in range(8):
        api.faults.next(ME, status(500))
        await read_organization(api.client())
    assert len(set(api.pauses)) > 1


async def test_a_server_that_stays_in_trouble_is_given_up_with_its_own_words(api: Api) -> None:
    api.faults.next(ME, status(529), times=None)
    with pytest.raises(AnthropicUnavailable, match="529: broken by the test"):
        await read_organization(api.client())
    assert (api.faults.count(ME), len(api.pauses)) == (ATTEMPTS, ATTEMPTS - 1)


async def test_a_server_that_says_not_to_retry_is_not_asked_again(api: Api) -> None:
    api.faults.next(ME, status(500, headers={"x-should-retry": "false"}), times=None)
    with pytest.raises(AnthropicUnavailable):
        await read_organization(api.client())
    assert (api.faults.count(ME), api.pauses) == (1, [])


@pytest.mark.parametrize(
    ("code", "error"),
    [(400, AnthropicRefused), (401, CredentialRefused), (403, CredentialRefused), (404, AnthropicRefused)],
)
async def test_a_refusal_is_final(api: Api, code: int, error: type[BotError]) -> None:
    api.faults.next(ME, status(code, headers={"retry-after": "1", "x-should-retry": "true"}), times=None)
    with pytest.raises(error, match=f"{code}"):
        await read_organization(api.client())
    assert (api.faults.count(ME), api.pauses) == (1, [])


async def test_a_wrong_key_is_told_what_to_set(api: Api) -> None:
    with pytest.raises(CredentialRefused, match=r"401: invalid x-api-key.*set ANTHROPIC_ADMIN_API_KEY") as caught:
        await read_organization(api.client(key="sk-ant-admin01-wrong"))
    assert caught.value.exit_code == 3
    api.faults.next(ME, status(403))
    with pytest.raises(CredentialRefused, match=r"may not read .*me \(403.*admin key of this organisation"):
        await read_organization(api.client())


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (cut_in_half(), "was cut off"),
        (cut_json(), "is not JSON"),
        (html(), "is not JSON"),
        (status(200, body=[]), "is not a JSON object"),
        (status(200, headers={"content-encoding": "gzip"}, body={}), "can't be read"),
    ],
)
async def test_a_body_nobody_can_read_is_refused_by_name(api: Api, fault: Fault, sentence: str) -> None:
    api.faults.next(ME, fault, times=None)
    with pytest.raises(PageMalformed, match=f"{ORGANIZATION} {sentence}"):
        await read_organization(api.client())


@pytest.mark.parametrize("fault", [cut_in_half(), cut_json(), html()])
async def test_a_body_broken_on_the_way_is_asked_for_again(api: Api, fault: Fault) -> None:
    api.faults.next(ME, fault)
    assert (await read_organization(api.client())).organization_name == "Example Org"


async def test_a_body_nested_without_end_is_refused(api: Api) -> None:
    api.faults.next(ME, html("[" * 100_000), times=None)
    with pytest.raises(PageMalformed, match="nested without end"):
        await read_organization(api.client())


async def test_silence_is_given_up_on_after_the_timeout(api: Api) -> None:
    api.faults.next(ME, hang(5), times=None)
    with pytest.raises(AnthropicUnavailable, match=r"did not answer /v1/organizations/me in time"):
        await asyncio.wait_for(read_organization(api.client(timeout_seconds=0.05)), 3)


async def test_an_answer_that_trickles_for_ever_is_given_up_on_too(api: Api) -> None:
    async def trickle(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(20):  # every byte comes in time, the last one does not
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.sleep(0.02)

    api.faults.app = trickle
    with pytest.raises(AnthropicUnavailable, match="in time"):
        await asyncio.wait_for(read_organization(api.client(timeout_seconds=0.05)), 3)


async def test_a_port_where_nobody_listens_is_named(api: Api) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(AnthropicUnavailable, match=f"can't be reached at {url}"):
            await read_organization(api.client(url=url))
    assert len(api.pauses) == ATTEMPTS - 1


async def test_no_more_requests_are_under_way_than_allowed(api: Api) -> None:
    under_way, most = 0, 0

    async def answer(_request: Request) -> Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return JSONResponse({"id": "org", "name": "Org"})

    api.faults.app = Starlette(routes=[Route("/{path:path}", answer)])
    client = api.client(in_flight=3)
    await asyncio.gather(*(read_organization(client) for _ in range(12)))
    assert most == 3


async def test_a_report_that_repeats_its_cursor_is_not_followed_for_ever(api: Api) -> None:
    api.faults.next("usage_report", repeat_cursor(), times=None)
    with pytest.raises(PageMalformed, match="repeats its cursor"):
        _ = [page async for page in api.client().pages(USAGE, [("starting_at", "2026-11-20T00:00:00Z")])]
    assert api.faults.count("usage_report") == 2


async def test_a_list_that_repeats_its_cursor_is_not_followed_for_ever(api: Api) -> None:
    endless = mutate(lambda body: {**body, "has_more": True, "last_id": body["data"][0]["id"]})
    api.faults.next("api_keys", endless, times=1)
    api.faults.next(
        "api_keys", mutate(lambda body: {**body, "has_more": True, "last_id": "again"} if body.get("data") else body)
    )
    api.faults.next("api_keys", status(200, body={"data": [], "has_more": True, "last_id": "again"}), times=None)
    with pytest.raises(PageMalformed, match="repeats its cursor"):
        await api.client().listed(API_KEYS)
    assert api.faults.count("api_keys") == 3


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"data": []}, "does not say whether it `has_more`"),
        ({"data": [], "has_more": "no"}, "does not say whether it `has_more`"),
        ({"data": [], "has_more": True, "last_id": None}, "has more pages but no `last_id`"),
        ({"has_more": False}, "has no list `data`"),
        ({"data": ["key"], "has_more": False}, "has no list `data`"),
    ],
)
async def test_a_list_without_what_paging_needs_is_refused_by_name(
    api: Api, body: dict[str, object], sentence: str
) -> None:
    api.faults.next("api_keys", status(200, body=body))
    with pytest.raises(PageMalformed, match=sentence):
        await api.client().listed(API_KEYS)


async def test_the_admin_key_is_in_no_error_log_or_repr(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = {"type": "error", "error": {"type": "authentication_error", "message": f"key {KEY} is not known"}}
    faults = [*(status(code, body=echo) for code in (400, 401, 403, 404, 429, 500)), html(KEY), cut_json(), hang(5)]
    said = []
    with capture_logs() as logs:
        for fault in faults:
            api.faults.heal()
            api.faults.next(ME, fault, times=None)
            client = api.client(timeout_seconds=0.05)
            with pytest.raises(BotError) as caught:
                await read_organization(client)
            said += [repr(client), str(client)]
            error: BaseException | None = caught.value
            while error is not None:
                said += [str(error), repr(error)]
                error = error.__cause__
    assert len(said) > 2 * len(faults)
    assert KEY not in " ".join(said)
    assert KEY not in str(logs)
    assert KEY not in caplog.text


@pytest.mark.parametrize("key", ["sk-ant-admin01-copied…", "sk-ant-admin01-two\nlines", ""])
async def test_a_key_that_cannot_be_one_is_refused_before_it_is_sent(api: Api, key: str) -> None:
    with pytest.raises(SettingsError, match="ANTHROPIC_ADMIN_API_KEY") as caught:
        api.client(key=key)
    assert "sk-ant-admin01-" not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
