"""Live calls: reading what programs send, their list cost, and sums that can be added."""

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.calls import batch, sketch, sums, wire
from bot.core.calls.call import Call, RateLimit
from bot.core.calls.wire import Refusal
from bot.core.money import Money

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT = "2026-11-18T09:30:00Z"
LEAST = {"timestamp": AT, "model": "claude-sonnet-5-5", "input_tokens": 1500, "output_tokens": 800}


def read(**said: Any) -> Call:
    call = wire.read(LEAST | said, NOW)
    assert isinstance(call, Call), call
    return call


def refused(said: object) -> str:
    refusal = wire.read(said, NOW)
    assert isinstance(refusal, Refusal), refusal
    return refusal.reason


def test_every_field_of_the_interface_is_read_and_nothing_else_is() -> None:
    call = read(
        id="req_011C",
        timestamp="2026-11-18T10:30:00+01:00",
        team="alpha",
        user="ana@example.com",
        feature="ticket-summary",
        endpoint="messages",
        event_type="tool_use",
        cache_read_input_tokens=3,
        cache_creation_5m_input_tokens=4,
        cache_creation_1h_input_tokens=5,
        web_search_requests=1,
        duration_ms=1250,
        success=False,
        status=529,
        error_type="overloaded_error",
        service_tier="batch",
        ratelimit={"requests_limit": 50, "requests_remaining": 41, "tokens_limit": 40000, "tokens_remaining": 22000},
        metadata={"prompt": "a secret"},
        prompt="a secret",
    )
    assert call == Call(
        id="req_011C",
        at=datetime(2026, 11, 18, 9, 30, tzinfo=UTC),
        model="claude-sonnet-5-5",
        uncached_input=1500,
        cache_write_5m=4,
        cache_write_1h=5,
        cache_read=3,
        output=800,
        web_search=1,
        team="alpha",
        user="ana@example.com",
        feature="ticket-summary",
        event_type="tool_use",
        service_tier="batch",
        duration_ms=1250,
        status=529,
        error_type="overloaded_error",
        rate_limit=RateLimit(50, 41, 40000, 22000),
    )
    assert "secret" not in repr(call)


def test_a_key_that_is_sent_by_mistake_is_not_kept() -> None:
    assert read(api_key="sk-ant-api03-abc").api_key == ""
    assert read(api_key="apikey_01Alpha").api_key == "apikey_01Alpha"


def test_anthropics_usage_object_is_understood() -> None:
    usage = {
        "input_tokens": 10,
        "output_tokens": 20,
        "cache_read_input_tokens": 30,
        "cache_creation_input_tokens": 90,
        "cache_creation": {"ephemeral_5m_input_tokens": 40, "ephemeral_1h_input_tokens": 50},
        "server_tool_use": {"web_search_requests": 2},
        "service_tier": "priority",
        "inference_geo": "us",
        "speed": "fast",
    }
    call = wire.read({"timestamp": AT, "model": "claude-opus-5-5", "usage": usage}, NOW)
    assert isinstance(call, Call)
    assert call[3:9] == (10, 40, 50, 30, 20, 0)
    assert (call.web_search, call.service_tier, call.inference_geo, call.speed) == (2, "priority", "us", "fast")
    without_parts = wire.read({"timestamp": AT, "model": "m", "usage": usage | {"cache_creation": None}}, NOW)
    assert isinstance(without_parts, Call)
    assert (without_parts.cache_write_5m, without_parts.cache_write_1h) == (90, 0)


def test_an_older_log_is_read_with_its_own_prices() -> None:
    log = [
        ("Alpha", 500, 150, "claude-2.1", 0.000011, 0.000033),
        ("Alpha", 600, 200, "claude-2.1", 0.000011, 0.000033),
        ("Beta", 1200, 800, "claude-instant-1.2", "0.0000024", "0.0000072"),
        ("Gamma", 3000, 2500, "claude-2.1", 0.000011, 0.000033),
    ]
    cost: dict[str, Money] = {}
    for n, (team, prompt, completion, model, dear_prompt, dear_completion) in enumerate(log):
        said = {
            "timestamp": f"2023-12-01T10:00:0{n}Z",
            "user_id": f"u{n}",
            "team": team,
            "model": model,
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "cost_per_token_prompt": dear_prompt,
            "cost_per_token_completion": dear_completion,
        }
        call = wire.read(said, NOW)
        assert isinstance(call, Call)
        assert call.own_cost is not None
        assert call.user == f"u{n}"
        cost[team] = cost.get(team, Money(0)) + call.own_cost
    assert {team: str(amount) for team, amount in cost.items()} == {
        "Alpha": "0.02365",
        "Beta": "0.00864",
        "Gamma": "0.1155",
    }


def test_a_log_that_knows_only_a_sum_of_tokens_is_counted_and_not_priced() -> None:
    said = {"timestamp": AT, "endpoint": "/v1/complete", "tokens_used": "740", "request_time": 1.25, "status": "error"}
    call = wire.read(said, NOW)
    assert isinstance(call, Call)
    assert (call.untyped, call.prompt, call.output, call.duration_ms) == (740, 0, 0, 1250)
    assert (call.error_type, call.model) == ("unknown", "unknown")
    assert batch.of([call]).figure("list_cost") == [None]


@pytest.mark.parametrize(
    ("said", "because"),
    [
        ([], "A call is a JSON object."),
        ({"timestamp": AT, "model": "m"}, "The call has no token counts: send input_tokens and output_tokens."),
        ({"timestamp": AT, "input_tokens": 1}, "The call has no model."),
        ({"model": "m", "input_tokens": 1}, "The call has no timestamp."),
        (LEAST | {"input_tokens": float("nan")}, "input_tokens is nan: that is no count of anything."),
        (LEAST | {"input_tokens": float("inf")}, "input_tokens is inf: that is no count of anything."),
        (LEAST | {"output_tokens": -5}, "output_tokens is -5: a count can't be negative."),
        (LEAST | {"output_tokens": 10**18}, f"output_tokens is {10**18}: more than one call can have (10,000,000)."),
        (LEAST | {"output_tokens": 1.5}, "output_tokens is 1.5: a count is a whole number."),
        (LEAST | {"output_tokens": True}, "output_tokens is True: that is no number."),
        (LEAST | {"output_tokens": "many"}, "output_tokens is many: that is no number."),
        (LEAST | {"output_tokens": {}}, "output_tokens is no number: that is no number."),
        (LEAST | {"timestamp": "1970-01-01T00:00:00Z"}, "nobody called Claude before 2023"),
        (LEAST | {"timestamp": 0}, "nobody called Claude before 2023"),
        (LEAST | {"timestamp": "2027-11-18T09:30:00Z"}, "that is in the future. Check the clock of that machine."),
        (LEAST | {"timestamp": "2026-11-18T09:30:00"}, "without a time zone: write Z or +01:00 after it."),
        (LEAST | {"timestamp": "yesterday"}, "timestamp is yesterday: write it as 2026-11-18T09:30:00Z."),
        (LEAST | {"timestamp": "0001-01-01T00:00:00+14:00"}, "write it as"),
        (LEAST | {"duration_ms": -1}, "duration_ms is -1: a call takes between 0 and 7 days."),
        (LEAST | {"request_time": 1e9}, "request_time is 1000000000.0: a call takes between 0 and 7 days."),
        (LEAST | {"feature": "x" * 201}, "feature is longer than 200 characters."),
        (LEAST | {"feature": ["x"]}, "feature is no text."),
        (LEAST | {"status": 900}, "status is 900: more than one call can have (599)."),
        (LEAST | {"cost_per_token_prompt": 11, "cost_per_token_completion": 33}, "dollars for one token are between"),
        (LEAST | {"cost_per_token_prompt": 0.1}, "cost_per_token_completion is missing"),
        (LEAST | {"cost_per_token_prompt": {}}, "are numbers of dollars"),
    ],
)
def test_what_cannot_be_true_is_refused_by_name(said: object, because: str) -> None:
    assert because in refused(said)


def test_a_clock_that_is_a_little_ahead_is_no_lie_and_a_zone_may_be_known() -> None:
    assert read(timestamp=(NOW + timedelta(minutes=9)).isoformat()).at == NOW + timedelta(minutes=9)
    assert read(timestamp=int(NOW.timestamp())).at == read(timestamp=int(NOW.timestamp() * 1000)).at == NOW
    local = wire.read(LEAST | {"timestamp": "2026-11-18T09:30:00"}, NOW, zone=ZoneInfo("Europe/Berlin"))
    assert isinstance(local, Call)
    assert local.at == datetime(2026, 11, 18, 8, 30, tzinfo=UTC)


_TOLD = {
    **{"input_tokens": 1, "output_tokens": 1, "cache_read_input_tokens": 1, "cache_creation_5m_input_tokens": 1},
    **{"cache_creation_1h_input_tokens": 1, "web_search_requests": 1, "duration_ms": 1, "first_token_ms": 1},
    **{"status": 201, "team": "b", "user": "b", "feature": "b", "endpoint": "b", "error_type": "b"},
}


def test_a_call_without_an_id_is_known_by_what_it_says() -> None:
    one, again, given = batch.of([read(), read(metadata={"n": 1}), read(request_id="req_1")]).ids
    assert one == again
    assert given == "req_1"
    twice = batch.gathered([read()] * 3, range(3))
    twice.identify(apart=True)
    assert twice.ids[0] == one
    assert len(set(twice.ids)) == 3


@given(st.lists(st.sampled_from([*_TOLD]), min_size=1, unique=True), st.integers(0, 3))
def test_calls_that_say_anything_else_have_other_ids(names: list[str], many: int) -> None:
    """Of figures, a nought and nothing said are two things where a call may say nothing."""
    calls = [
        read(),
        *(read(**{name: _TOLD[name] if many else 0 for name in names[: n + 1]}) for n in range(len(names))),
    ]
    ids = dict(zip(batch.of(calls).ids, calls, strict=True))
    assert len(ids) == len(set(calls))


def test_names_are_without_what_no_database_can_hold() -> None:
    call = read(feature="a\x00b\ud800", team=" alpha ", user=7)
    assert (call.feature, call.team, call.user) == ("a b", "alpha", "7")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)
_NAMES = (
    *("id", "timestamp", "team", "user", "model", "usage", "input_tokens", "prompt_tokens", "tokens_used", "status"),
    *("duration_ms", "request_time", "success", "ratelimit", "cache_creation", "cost_per_token_prompt", "api_key"),
)


@given(st.dictionaries(st.sampled_from(_NAMES), _JSON))
def test_whatever_is_sent_is_a_call_or_a_sentence(said: dict[str, Any]) -> None:
    for sent in (said, LEAST | said):
        found = wire.read(sent, NOW)
        if isinstance(found, Refusal):
            found.reason.encode()
            assert len(found.reason) < 200
        else:
            assert min(found.prompt, found.output, found.untyped) >= 0
            (known,) = batch.of([found]).ids
            json.dumps(known).encode()
            assert 0 < len(known) <= 200


@pytest.mark.parametrize(
    ("call", "cost"),
    [
        (read(), "0.0110"),
        (read(service_tier="batch"), "0.0055"),
        (read(model="claude-haiku-5-5", input_tokens=100_000, output_tokens=0), None),
        (read(model="nobody-knows-it"), None),
        (read(service_tier="flex"), None),
        (read(web_search_requests=3, input_tokens=0, output_tokens=0), "0.0300"),
    ],
)
def test_a_single_call_has_an_exact_list_cost(call: Call, cost: str | None) -> None:
    found, longer = batch.of([call, call._replace(uncached_input=100_001)]).figure("list_cost")
    if call.model == "claude-haiku-5-5":
        assert longer > 4 * found  # the whole call is dearer above the band
    else:
        assert (None if found is None else str(Money(found))) == cost


def test_percentiles_are_one_percent_off_at_most_however_the_parts_are_merged() -> None:
    rng = random.Random(6)
    durations = [int(rng.lognormvariate(7, 1.2)) for _ in range(5000)]
    calls = [read(duration_ms=ms, success=ms % 10 != 0, error_type="overloaded_error") for ms in durations]
    whole, parts = sums.of(calls), sums.Sums()
    for n in range(7):
        part = sums.of(calls[n::7])
        part.durations = sketch.decode(sketch.encode(part.durations))
        parts.merge(part)
    assert parts == whole
    exact = quantiles(durations, n=100)
    for percent in (50, 95, 99):
        found = whole.latency_ms(percent / 100)
        assert found == pytest.approx(exact[percent - 1], rel=0.0201)
    assert whole.longest_ms == whole.latency_ms(1) == max(durations)
    assert whole.errors == {"overloaded_error": sum(ms % 10 == 0 for ms in durations)}
    assert whole.mean_ms == round(sum(durations) / len(durations))
    assert len(sketch.encode(whole.durations)) < 1200


a_sketch = st.dictionaries(st.integers(0, sketch.bucket(wire.LONGEST_MS)), st.integers(1, 2**40))


@given(a_sketch, a_sketch)
def test_a_sketch_survives_its_own_writing_and_two_are_added_by_being_put_together(
    one: dict[int, int], other: dict[int, int]
) -> None:
    assert sketch.decode(sketch.encode(one)) == one
    both = Counter(one) + Counter(other)
    assert sketch.decode(sketch.encode(one) + sketch.encode(other)) == both
    assert sketch.decode(sketch.joined([sketch.encode(one), sketch.encode(other)])) == both


def test_the_longest_call_has_a_bucket_that_can_be_written() -> None:
    assert sketch.decode(sketch.single(wire.LONGEST_MS)) == {sketch.bucket(wire.LONGEST_MS): 1}


@given(st.integers(1, 7 * 86_400_000))
def test_no_duration_is_more_than_one_percent_from_its_bucket(milliseconds: int) -> None:
    found = sketch.quantile({sketch.bucket(milliseconds): 1}, 0.5)
    assert found is not None
    assert abs(found - milliseconds) <= milliseconds * 0.0101 + 0.5
