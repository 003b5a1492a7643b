"""A call as a line of JSON: the quick way and the patient one read the same."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.calls import wire, written
from bot.core.calls.batch import Batch
from bot.core.calls.call import Origin
from bot.core.calls.line import MOST_BYTES, Reader
from bot.core.calls.written import MANY

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WHOLE = {
    **{"id": "req_011C", "timestamp": "2026-11-18T09:30:00Z", "team": "alpha", "user": "ana@example.com"},
    **{"feature": "ticket-summary", "model": "claude-sonnet-5-5", "endpoint": "messages", "event_type": "tool_use"},
    **{"input_tokens": 1500, "output_tokens": 800, "cache_read_input_tokens": 3, "cache_creation_5m_input_tokens": 4},
    **{"cache_creation_1h_input_tokens": 5, "web_search_requests": 1, "duration_ms": 1250, "first_token_ms": 90},
    **{
        "success": True,
        "status": 200,
        "error_type": None,
        "service_tier": "standard",
        "metadata": {"prompt": "secret"},
    },
    "ratelimit": {"requests_limit": 50, "requests_remaining": 41, "tokens_limit": 40000, "tokens_remaining": 22000},
}
OLDER = {
    **{"timestamp": "2023-11-18T10:00:00.123456+01:00", "user_id": "u1", "team": "Alpha", "model": "claude-2.1"},
    **{"prompt_tokens": 500, "completion_tokens": 151},
    **{"cost_per_token_prompt": 0.000011, "cost_per_token_completion": 0.000033},
}
_ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(
            None,
            True,
            False,
            0,
            1,
            -1,
            7.0,
            7.5,
            10_000_000,
            10_000_001,
            2**63,
            2**70,
            1e400,
            -0.0,
            1e-30,
            "",
            " ",
            "7",
        ),
        *(" alpha ", "a\x00b", "\ud800", "x" * 201, " " * 300, "sk-ant-x", "failed", "529", "success", "true", [], {}),
        *("2026-11-18T09:30:00", "2026-11-18", "20261118T093000Z", "1763458200", "2026-11-18T09:30:00.1234567+14:00"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2022-12-31T23:59:59Z", "2026-11-22T12:10:01Z"),
        *(
            {"requests_limit": 5},
            {"requests_limit": -1},
            {"input_tokens": 5, "output_tokens": "6"},
            "2026-W47-3T09:30Z",
        ),
    ]
)
_FIELDS = (*WHOLE, *OLDER, "request_id", "usage", "request_time", "tokens_used", "total_tokens", "cache_creation")


def both(*lines: bytes, zone: ZoneInfo | None = None) -> tuple[Batch, Batch]:
    """By columns and one by one; which kinds there are, and in what order, is no difference."""
    reader = Reader(NOW, origin=Origin.IMPORT, zone=zone, apart=True)
    found = reader.read(lines), reader.read([json.loads(one) for one in lines])
    for one in found:
        one.kinds, one.names = [*range(len(one))], [one.names[kind] for kind in one.kinds]
    return found


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.builds(
            lambda base, odd: json.dumps(base | odd).encode(),
            st.sampled_from([WHOLE, OLDER, {**OLDER, "id": " x"}]),
            st.dictionaries(st.sampled_from(_FIELDS), _ODD, max_size=3),
        ),
        max_size=4,
    ),
    st.booleans(),
    st.sampled_from([1, MANY]),
)
def test_both_ways_read_the_same(lines: list[bytes], zoned: bool, many: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(written, "MANY", many)
        quick, patient = both(*lines, zone=ZoneInfo("Europe/Berlin") if zoned else None)
    assert quick == patient
    assert len(quick) + len(quick.refused) == len(lines)


@pytest.mark.parametrize("said", [WHOLE, OLDER])
@pytest.mark.parametrize("odd", [{"duration_ms": 7}, {"error_type": "timeout"}, {"total_tokens": 7}, {"usage": {}}, []])
def test_what_one_line_alone_of_many_says_is_read_too(said: dict[str, Any], odd: Any) -> None:
    lines = [json.dumps(said | {"input_tokens": n}).encode() for n in range(2 * MANY)]
    lines[MANY + 7] = json.dumps(said | odd if odd else odd).encode()
    quick, patient = both(*lines)
    assert quick == patient


@pytest.mark.parametrize("said", [WHOLE, OLDER])
def test_what_is_written_as_it_should_be_needs_no_patience(
    said: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [json.dumps(said).encode(), json.dumps(said | {"output_tokens": 7}).encode()]
    expected, _ = both(*lines)
    assert len(expected) == 2
    monkeypatch.setattr(wire, "read", None)
    found = Reader(NOW, origin=Origin.IMPORT).read(lines)
    assert (found.ids[0], found.figures) == (expected.ids[0], expected.figures)


def test_calls_that_say_the_same_are_as_many_and_the_same_file_gives_them_the_same_ids() -> None:
    lines = [json.dumps(OLDER).encode()] * 3
    ids = [Reader(NOW, apart=True).read(lines).ids for _ in range(2)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 3
    assert len(set(Reader(NOW).read(lines).ids)) == 1


def test_a_line_that_is_no_call_leaves_the_others_in_their_order() -> None:
    lines = [{**WHOLE, "id": f"req_{n}"} | ({"output_tokens": "7"} if n % 3 else {}) for n in range(6)]
    found = Reader(NOW).read([*(json.dumps(one).encode() for one in lines[:4]), b"{", *lines[4:]])
    assert found.ids == [f"req_{n}" for n in range(6)]
    assert found.positions == [0, 1, 2, 3, 5, 6]
    assert found.refused == {4: "The line is not JSON."}


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (b'{"timestamp": "2026-11', "The line is not JSON."),
        ('{"feature": "ü'.encode()[:-1], "The line is not JSON."),
        (b"[" * 100_000, "The line is not JSON."),
        (b'"' + b"x" * MOST_BYTES + b'"', "The line is longer than 1 MiB."),
        (b"[]", "A call is a JSON object."),
        (b"{}", "The call has no timestamp."),
    ],
)
def test_a_line_that_is_no_call_is_told_why(written: bytes, reason: str) -> None:
    assert Reader(NOW).read([written]).refused == {0: reason}


def test_one_part_in_a_list_that_is_wrong_leaves_the_others() -> None:
    reader = Reader(NOW)
    parts = reader.several(b'[{"a": 1}, 7, "x", []]')
    assert parts is not None
    assert [bytes(part) for part in parts] == [b'{"a": 1}', b"7", b'"x"', b"[]"]
    assert reader.several(b'{"a": 1}') is None
    assert reader.several(b'[{"a": 1}') is None
