"""What one look at the figures decides, and why."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from bot.core.alert_rule import Decision, Metric, Observation, Reason, Rule, Severity, State, Window, decide

START = datetime(2026, 11, 22, tzinfo=UTC)
RULE = Rule("cap", Metric.TOTAL_TOKENS, Decimal(100), Window.DAY)
OPEN, OVER = False, True
QUIET, FIRING = False, True

TABLE = [
    ("figures above the limit fire", 101, OPEN, QUIET, State.FIRING, Reason.ABOVE_LIMIT),
    ("a window that is over fires late rather than never", 101, OVER, QUIET, State.FIRING, Reason.ABOVE_LIMIT),
    ("the limit itself is within the limit", 100, OPEN, QUIET, None, Reason.WITHIN_LIMIT),
    ("figures within the limit say nothing", 0, OVER, QUIET, None, Reason.WITHIN_LIMIT),
    ("figures still above the limit keep the episode open", 101, OPEN, FIRING, State.FIRING, Reason.STILL_ABOVE),
    ("the same after the window is over", 101, OVER, FIRING, State.FIRING, Reason.STILL_ABOVE),
    ("nothing resolves while the window is open", 100, OPEN, FIRING, State.FIRING, Reason.WINDOW_STILL_OPEN),
    ("a complete window within the limit resolves", 100, OVER, FIRING, State.RESOLVED, Reason.BACK_WITHIN_LIMIT),
    ("missing figures do not fire", None, OPEN, QUIET, None, Reason.NO_DATA),
    ("missing figures of a complete window do not fire either", None, OVER, QUIET, None, Reason.NO_DATA),
    ("missing figures do not resolve", None, OPEN, FIRING, State.UNKNOWN, Reason.NO_DATA),
    ("missing figures of a complete window do not resolve either", None, OVER, FIRING, State.UNKNOWN, Reason.NO_DATA),
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "complete", "firing", "state", "reason"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_one_look_decides(value: int | None, complete: bool, firing: bool, state: State | None, reason: Reason) -> None:
    observation = Observation(START, value, complete)
    assert decide(RULE, observation, firing=firing) == Decision(state, reason, observation)


def test_a_limit_in_dollars_is_compared_to_the_last_unit() -> None:
    rule = Rule("cap", Metric.COST, Decimal("200.00"), Window.DAY, severity=Severity.CRITICAL)
    assert rule.limit == 200 * 10**10
    assert decide(rule, Observation(START, rule.limit, OPEN), firing=False).state is None
    assert decide(rule, Observation(START, rule.limit + 1, OPEN), firing=False).state is State.FIRING


def test_a_limit_in_tokens_is_a_number_of_tokens() -> None:
    assert Rule("cap", Metric.TOTAL_TOKENS, Decimal("1000000"), Window.DAY).limit == 1_000_000


@pytest.mark.parametrize(
    ("window", "at", "start", "end"),
    [
        (Window.DAY, "2026-11-22T23:59:59.999999", "2026-11-22", "2026-11-23"),
        (Window.DAY, "2026-12-31T00:00:00", "2026-12-31", "2027-01-01"),
        (Window.MONTH, "2026-11-22T12:00:00", "2026-11-01", "2026-12-01"),
        (Window.MONTH, "2026-12-31T23:59:59", "2026-12-01", "2027-01-01"),
        (Window.MONTH, "2028-02-29T00:00:00", "2028-02-01", "2028-03-01"),
        (Window.MONTH, "2026-01-01T00:00:00", "2026-01-01", "2026-02-01"),
    ],
)
def test_a_window_is_a_day_or_month(window: Window, at: str, start: str, end: str) -> None:
    begun = window.containing(datetime.fromisoformat(at).replace(tzinfo=UTC), "UTC")
    assert begun == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert window.after(begun, "UTC") == datetime.fromisoformat(end).replace(tzinfo=UTC)


def test_a_window_is_a_local_day_also_where_clocks_change() -> None:
    begun = Window.DAY.containing(datetime(2026, 10, 25, 12, tzinfo=UTC), "Europe/Berlin")
    assert begun == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert Window.DAY.after(begun, "Europe/Berlin") - begun == timedelta(hours=25)
    assert Window.MONTH.containing(begun, "Europe/Berlin") == datetime(2026, 9, 30, 22, tzinfo=UTC)


def test_a_moment_of_another_zone_lies_in_the_utc_day() -> None:
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    assert Window.DAY.containing(datetime(2026, 11, 22, 3, 0, tzinfo=kathmandu), "UTC") == START - timedelta(days=1)
