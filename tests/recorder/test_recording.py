"""What is recorded of calls that the real SDK makes of a real HTTP server, and that their caller notices nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from bot.core.calls import wire
from bot.core.calls.call import Call
from bot.recorder import Recorder
from tests.outside import NOW
from tests.recorder.stand_ins import Claude, Intake, Reply, answered, error, message, served, stream

if TYPE_CHECKING:
    import anthropic

ASKED: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "SECRET PROMPT"}],
}
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "SECRET"}}


@pytest.fixture(scope="module", autouse=True)
def _sdk() -> None:
    """Loaded by the worker that runs these tests: it takes a second and a half, and every worker collects them."""
    global anthropic
    import anthropic


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Claude, Intake]]:
    with served(Claude()) as claude, served(Intake()) as intake:
        assert isinstance(claude, Claude)
        assert isinstance(intake, Intake)
        yield claude, intake


@pytest.fixture
def claude(servers: tuple[Claude, Intake]) -> Claude:
    servers[0].next.clear()
    return servers[0]


@pytest.fixture
def intake(servers: tuple[Claude, Intake]) -> Intake:
    servers[1].calls.clear()
    servers[1].asked.clear()
    return servers[1]


@pytest.fixture
def recorder(intake: Intake) -> Iterator[Recorder]:
    made = Recorder(intake.url, "cut_token", team="alpha", feature="default", spool=None)
    yield made
    made.close()


@pytest.fixture
def client(claude: Claude, recorder: Recorder) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(api_key="sk-ant-test", base_url=claude.url) as plain:
        yield recorder.wrap(plain)


def recorded(recorder: Recorder, intake: Intake) -> dict[str, Any]:
    """The one call, which the bot's own reader takes as it is and which holds nothing of what was said."""
    assert recorder.flush()
    call = intake.only
    assert "SECRET" not in json.dumps(call)
    assert recorder.stats()[2:] == (0, 0, 0)
    return call


def test_an_answer_is_recorded_with_all_its_figures_and_given_unchanged(
    client: anthropic.Anthropic, claude: Claude, recorder: Recorder, intake: Intake
) -> None:
    with anthropic.Anthropic(api_key="sk-ant-test", base_url=claude.url) as unwrapped:
        expected = unwrapped.messages.create(**ASKED)
    with recorder.context(user="ana@example.com", feature="ticket-summary"):
        answer = client.messages.create(**ASKED)
    assert type(client) is anthropic.Anthropic
    assert answer == expected
    assert type(answer) is type(expected)
    assert answer._request_id == "req_1"
    call = recorded(recorder, intake)
    duration = call.pop("duration_ms")
    assert 0 <= duration < 5000
    call.pop("timestamp")
    assert call == {
        "id": "req_1",
        "team": "alpha",
        "user": "ana@example.com",
        "feature": "ticket-summary",
        "model": "claude-sonnet-5-5",
        "event_type": "completion",
        "input_tokens": 1500,
        "output_tokens": 800,
        "cache_read_input_tokens": 30,
        "cache_creation_5m_input_tokens": 5,
        "cache_creation_1h_input_tokens": 7,
        "web_search_requests": 2,
        "service_tier": "priority",
        "inference_geo": "us",
        "success": True,
        "status": 200,
        "error_type": None,
        "ratelimit": {
            "requests_limit": 50,
            "requests_remaining": 41,
            "tokens_limit": 40000,
            "tokens_remaining": 22000,
        },
    }
    _, headers, _ = intake.asked[0]
    assert headers["authorization"] == "Bearer cut_token"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"input-tokens": (40_000, 22_000), "output-tokens": (8_000, 800)}, (8_000, 800)),
        ({"input-tokens": (40_000, 22_000), "output-tokens": (0, 0)}, (40_000, 22_000)),
        ({"tokens": (48_000, 30_000), "output-tokens": (8_000, 800)}, (48_000, 30_000)),
        ({"tokens": ("many", "some")}, None),
    ],
)
def test_the_limit_on_tokens_is_the_nearest_one_that_is_said(
    client: anthropic.Anthropic,
    claude: Claude,
    recorder: Recorder,
    intake: Intake,
    said: dict[str, tuple[Any, Any]],
    expected: tuple[int, int] | None,
) -> None:
    headers = {
        f"anthropic-ratelimit-{of}-{what}": str(many)
        for of, pair in said.items()
        for what, many in zip(("limit", "remaining"), pair, strict=True)
    }
    claude.next.append(replace(answered(), headers={**headers, "request-id": "req_1"}))
    client.messages.create(**ASKED)
    found = recorded(recorder, intake).get("ratelimit", {})
    assert (tuple(found.values()) or None) == expected


def test_the_bot_reads_what_the_recorder_writes(
    client: anthropic.Anthropic, recorder: Recorder, intake: Intake
) -> None:
    client.messages.create(**ASKED)
    said = recorded(recorder, intake)
    call = wire.read({**said, "timestamp": NOW.isoformat()}, NOW)
    assert isinstance(call, Call)
    assert (call.id, call.cache_write_1h, call.web_search, call.status, call.error_type) == ("req_1", 7, 2, 200, "")
    assert call.rate_limit is not None
    assert call.rate_limit.tokens_remaining == 22000


@pytest.mark.parametrize(
    ("messages", "content", "kind"),
    [
        ([{"role": "user", "content": [PICTURE]}], None, "vision"),
        (ASKED["messages"], [{"type": "tool_use", "id": "t", "name": "n", "input": {}}], "tool_use"),
        (
            [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "SECRET"}]}],
            None,
            "tool_use",
        ),
        (
            [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [PICTURE]}]}],
            None,
            "vision",
        ),
    ],
)
def test_the_kind_of_a_call_follows_from_what_is_in_it(
    client: anthropic.Anthropic,
    claude: Claude,
    recorder: Recorder,
    intake: Intake,
    messages: list[Any],
    content: list[dict[str, Any]] | None,
    kind: str,
) -> None:
    claude.next.append(answered(content))
    client.messages.create(**ASKED | {"messages": messages})
    assert recorded(recorder, intake)["event_type"] == kind


@pytest.mark.parametrize("way", ["create", "stream", "beta", "raw"])
def test_of_a_stream_the_last_figures_count(
    client: anthropic.Anthropic, recorder: Recorder, intake: Intake, way: str
) -> None:
    match way:
        case "create":
            events = list(client.messages.create(**ASKED, stream=True))
            assert [event.type for event in events][-1] == "message_stop"
            assert len(events) == 7
        case "stream":
            with client.messages.stream(**ASKED) as one:
                assert "".join(one.text_stream) == "SECRET ANSWER"
                assert one.get_final_message().usage.output_tokens == 800
        case "beta":
            with client.beta.messages.stream(**ASKED) as other:
                other.until_done()
        case "raw":
            raw = client.messages.with_raw_response.create(**ASKED, stream=True)
            assert len(list(raw.parse())) == 7
    call = recorded(recorder, intake)
    assert (call["output_tokens"], call["input_tokens"], call["cache_creation_1h_input_tokens"]) == (800, 1500, 7)
    assert (call["event_type"], call["id"], call["success"]) == ("streaming", "req_s", True)
    assert 0 <= call["first_token_ms"] <= call["duration_ms"]


def test_a_stream_that_nobody_reads_to_its_end_counts_as_far_as_it_came(
    client: anthropic.Anthropic, recorder: Recorder, intake: Intake
) -> None:
    with client.messages.stream(**ASKED) as one:
        for event in one:
            if event.type == "text":
                break
    del one, event
    call = recorded(recorder, intake)
    assert (call["success"], call["input_tokens"], call["output_tokens"]) == (True, 1500, 1)


def test_a_stream_that_breaks_raises_what_it_raises_and_counts_as_failed(
    client: anthropic.Anthropic, claude: Claude, recorder: Recorder, intake: Intake
) -> None:
    claude.next.append(stream(cut=True))
    with pytest.raises(httpx2.RemoteProtocolError):
        list(client.messages.create(**ASKED, stream=True))
    call = recorded(recorder, intake)
    assert (call["success"], call["error_type"], call["output_tokens"]) == (False, "connection_error", 400)


def test_an_error_within_a_stream_keeps_its_type(
    client: anthropic.Anthropic, claude: Claude, recorder: Recorder, intake: Intake
) -> None:
    claude.next.append(stream(fails=True))
    with pytest.raises(anthropic.APIStatusError):
        list(client.messages.create(**ASKED, stream=True))
    assert recorded(recorder, intake)["error_type"] == "overloaded_error"


def test_each_attempt_is_a_call_of_its_own(
    client: anthropic.Anthropic, claude: Claude, recorder: Recorder, intake: Intake
) -> None:
    claude.next += [error(429, "rate_limit_error", "req_a"), error(529, "overloaded_error", "req_b")]
    assert client.messages.create(**ASKED).usage.output_tokens == 800
    assert recorder.flush()
    assert [(one["id"], one["status"], one["error_type"], one["model"]) for one in intake.calls.values()] == [
        ("req_a", 429, "rate_limit_error", "claude-sonnet-5-5"),
        ("req_b", 529, "overloaded_error", "claude-sonnet-5-5"),
        ("req_1", 200, None, "claude-sonnet-5-5"),
    ]


def test_an_error_passes_unchanged(
    client: anthropic.Anthropic, claude: Claude, recorder: Recorder, intake: Intake
) -> None:
    claude.next.append(error(400, "invalid_request_error"))
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(**ASKED)
    assert caught.value.body == {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "no"},
        "request_id": "req_e",
    }
    call = recorded(recorder, intake)
    assert (call["status"], call["error_type"], call["input_tokens"]) == (400, "invalid_request_error", 0)


def test_an_answer_that_never_comes_is_a_failed_call(recorder: Recorder, intake: Intake) -> None:
    plain = anthropic.Anthropic(api_key="sk-ant-test", base_url="http://127.0.0.1:9", max_retries=0)
    with pytest.raises(anthropic.APIConnectionError):
        recorder.wrap(plain).messages.create(**ASKED)
    call = recorded(recorder, intake)
    assert (call["success"], call["status"], call["error_type"]) == (False, None, "connection_error")
    assert len(call["id"]) == 32


def test_a_copy_of_a_wrapped_client_records_too(
    client: anthropic.Anthropic, recorder: Recorder, intake: Intake
) -> None:
    client.with_options(max_retries=0, timeout=5).messages.create(**ASKED)
    assert recorded(recorder, intake)["id"] == "req_1"


def test_an_answer_read_by_the_caller_is_recorded_when_it_is_read(
    client: anthropic.Anthropic, recorder: Recorder, intake: Intake
) -> None:
    with client.messages.with_streaming_response.create(**ASKED) as response:
        assert recorder.stats().recorded == 0
        assert response.parse().usage.output_tokens == 800
    assert recorded(recorder, intake)["output_tokens"] == 800


def test_what_is_read_past_the_sdk_is_counted_as_lost(client: anthropic.Anthropic, recorder: Recorder) -> None:
    with client.messages.with_streaming_response.create(**ASKED) as response:
        list(response.iter_bytes())
    del response
    assert recorder.stats().dropped == 1


def test_what_is_no_call_is_not_recorded(client: anthropic.Anthropic, claude: Claude, recorder: Recorder) -> None:
    claude.next.append(Reply(b'{"input_tokens": 12}'))
    assert client.messages.count_tokens(model=ASKED["model"], messages=ASKED["messages"]).input_tokens == 12
    assert recorder.stats() == (0, 0, 0, 0, 0)


def test_results_of_a_batch_are_calls(
    client: anthropic.Anthropic, claude: Claude, recorder: Recorder, intake: Intake
) -> None:
    results = [
        {"custom_id": "SECRET", "result": {"type": "succeeded", "message": message(service_tier="batch")}},
        {"custom_id": "b", "result": {"type": "errored", "error": {"type": "error", "error": {"type": "api_error"}}}},
    ]
    batch = {
        **dict.fromkeys(["archived_at", "cancel_initiated_at", "ended_at"]),
        **{"id": "msgbatch_1", "type": "message_batch", "processing_status": "ended"},
        **{"created_at": "2026-11-22T09:00:00Z", "expires_at": "2026-11-23T09:00:00Z"},
        "request_counts": {"canceled": 0, "errored": 1, "expired": 0, "processing": 0, "succeeded": 1},
        "results_url": f"{claude.url}/v1/messages/batches/msgbatch_1/results",
    }
    claude.next += [
        Reply(json.dumps(batch).encode()),
        Reply("".join(f"{json.dumps(one)}\n" for one in results).encode(), 200, "application/x-jsonl"),
    ]
    read = list(client.messages.batches.results("msgbatch_1"))
    assert [one.result.type for one in read] == ["succeeded", "errored"]
    call = recorded(recorder, intake)
    assert (call["id"], call["event_type"], call["service_tier"]) == ("msg_1", "batch", "batch")


async def test_an_async_client_is_recorded_the_same_way(claude: Claude, recorder: Recorder, intake: Intake) -> None:
    claude.next += [error(529, "overloaded_error", "req_b"), answered()]

    async with anthropic.AsyncAnthropic(api_key="sk-ant-test", base_url=claude.url) as plain:
        client = recorder.wrap(plain)
        assert type(client) is anthropic.AsyncAnthropic

        async def asks(user: str) -> None:
            with recorder.context(user=user):
                await asyncio.sleep(0)
                await client.messages.create(**ASKED)

        await asks("ana")
        claude.next += [answered(request_id="req_2"), answered(request_id="req_3")]
        await asyncio.gather(asks("ben"), asks("cem"))
        async with client.messages.stream(**ASKED) as one:
            assert (await one.get_final_message()).usage.output_tokens == 800
        claude.next.append(stream(cut=True, request_id="req_c"))
        broken = await client.messages.create(**ASKED, stream=True)
        with pytest.raises(httpx2.RemoteProtocolError):
            [event async for event in broken]
    assert recorder.flush()
    assert [(one["status"], one["success"]) for one in intake.calls.values()] == [
        *((529, False), (200, True), (200, True), (200, True), (200, True), (200, False))
    ]
    assert sorted(one["user"] for one in intake.calls.values() if one["user"]) == ["ana", "ana", "ben", "cem"]
    assert intake.calls["req_s"]["output_tokens"] == 800
    assert intake.calls["req_c"]["error_type"] == "connection_error"


def test_a_client_without_middleware_is_recorded_by_what_it_returns(recorder: Recorder, intake: Intake) -> None:
    class Messages:
        def create(self, **_: Any) -> Any:
            return anthropic.types.Message.model_validate(message())

    class Client:
        messages = Messages()

    client = recorder.wrap(Client())
    assert client.messages.create(**ASKED).usage.output_tokens == 800
    call = recorded(recorder, intake)
    assert (call["model"], call["output_tokens"], call["status"]) == ("claude-sonnet-5-5", 800, 200)
    with pytest.raises(TypeError, match="makes no calls of Claude"):
        recorder.wrap(object())


def test_a_call_by_other_means_is_recorded_by_hand(recorder: Recorder, intake: Intake) -> None:
    with recorder.context(team="beta"):
        recorder.record(model="claude-haiku-5-5", usage=message()["usage"], duration_ms=12, feature="by hand")
    call = recorded(recorder, intake)
    assert (call["team"], call["feature"], call["cache_read_input_tokens"], call["duration_ms"]) == (
        *("beta", "by hand"),
        *(30, 12),
    )


def test_a_fault_of_the_recorder_never_reaches_the_call(
    client: anthropic.Anthropic, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.recorder.usage.Usage.take", lambda *_: 1 / 0)
    assert client.messages.create(**ASKED).usage.output_tokens == 800
    assert len(list(client.messages.create(**ASKED, stream=True))) == 7
    assert recorder.stats().dropped == 2
