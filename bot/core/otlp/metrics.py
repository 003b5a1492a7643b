"""Claude Code's counters, brought to one form: how much more of what, whose, on which day.

Counters come as increments (delta, Claude Code's default) or as a total since the process began (cumulative). A total
is told apart by its series; how much of it is new only the store knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric, NumberDataPoint, ResourceMetrics

from bot.core.calls.fields import AHEAD, LONGEST_TEXT
from bot.core.calls.wire import Refusal
from bot.core.money import UNITS_PER_DOLLAR
from bot.core.otlp import attributes
from bot.core.otlp.attributes import Attributes, text

_PREFIX = "claude_code."
OLDEST = timedelta(days=35)
"""Older counts are nobody's news, and a clock that is wrong by more than that says nothing about a day."""
_LARGEST = 2**53
_MILLISECONDS = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Measure(StrEnum):
    """What is counted."""

    COST = "cost"
    """In 10⁻¹⁰ dollars, at list price: for people on a plan it is what they were not charged."""
    INPUT = "input"
    OUTPUT = "output"
    CACHE_READ = "cache_read"
    CACHE_WRITE = "cache_write"
    SESSIONS = "sessions"
    LINES_ADDED = "lines_added"
    LINES_REMOVED = "lines_removed"
    COMMITS = "commits"
    PULL_REQUESTS = "pull_requests"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ACTIVE_BY_PERSON = "active_by_person"
    """In milliseconds; so is the next."""
    ACTIVE_BY_PROGRAM = "active_by_program"


class Count(NamedTuple):
    """So much at an instant. With a `series` it is the total since `since`, else the increment up to `at`."""

    at: datetime
    person: str
    team: str
    model: str
    measure: Measure
    amount: int
    series: str = ""
    since: datetime | None = None


_PLAIN = {"commit.count": Measure.COMMITS, "pull_request.count": Measure.PULL_REQUESTS, "cost.usage": Measure.COST}
_BY_TYPE = {
    ("token.usage", "input"): Measure.INPUT,
    ("token.usage", "output"): Measure.OUTPUT,
    ("token.usage", "cacheRead"): Measure.CACHE_READ,
    ("token.usage", "cacheCreation"): Measure.CACHE_WRITE,
    ("lines_of_code.count", "added"): Measure.LINES_ADDED,
    ("lines_of_code.count", "removed"): Measure.LINES_REMOVED,
    ("code_edit_tool.decision", "accept"): Measure.ACCEPTED,
    ("code_edit_tool.decision", "reject"): Measure.REJECTED,
    ("active_time.total", "user"): Measure.ACTIVE_BY_PERSON,
    ("active_time.total", "cli"): Measure.ACTIVE_BY_PROGRAM,
}
_SCALE = {
    Measure.COST: UNITS_PER_DOLLAR,
    Measure.ACTIVE_BY_PERSON: _MILLISECONDS,
    Measure.ACTIVE_BY_PROGRAM: _MILLISECONDS,
}
_NO_SESSION = "agents_view"
"""A start type that begins no session of its own."""


def counts(resources: Iterable[ResourceMetrics], now: datetime) -> Iterator[Count | Refusal]:
    """A count, or why it is none, for each point that is about something kept; nothing for any other."""
    for resource in resources:
        around = resource.resource.attributes
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                if metric.name.startswith(_PREFIX):
                    yield from _metric(metric, around, now)


def _metric(metric: Metric, around: Iterable[KeyValue], now: datetime) -> Iterator[Count | Refusal]:
    kind = metric.WhichOneof("data")
    if kind != "sum":
        yield Refusal(f"{metric.name[:60]} is a {kind or 'metric without data'}, and Claude Code's are sums.")
        return
    temporality = metric.sum.aggregation_temporality
    for point in metric.sum.data_points:
        said = attributes.read(around, point.attributes)
        measure = _measure(metric.name.removeprefix(_PREFIX), said)
        if measure is None:
            continue
        match temporality:
            case AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA:
                yield _count(point, said, measure, "", now)
            case AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE:
                yield _count(point, said, measure, _series(metric.name, around, point), now)
            case _:
                yield Refusal(f"{metric.name[:60]} does not say whether it is delta or cumulative.")


def _measure(name: str, said: Attributes) -> Measure | None:
    """None for what is not kept."""
    if name == "session.count":
        return None if text(said, "start_type") == _NO_SESSION else Measure.SESSIONS
    by = "decision" if name == "code_edit_tool.decision" else "type"
    return _PLAIN.get(name) or _BY_TYPE.get((name, text(said, by)))


def _count(point: NumberDataPoint, said: Attributes, measure: Measure, series: str, now: datetime) -> Count | Refusal:
    at, since = _instant(point.time_unix_nano), _instant(point.start_time_unix_nano)
    if at is None or not now - OLDEST <= at <= now + AHEAD:
        return Refusal(f"{measure} has no time within the last {OLDEST.days} days.")
    amount = _amount(point, _SCALE.get(measure, 1))
    if amount is None:
        return Refusal(f"{measure} is no count: negative, not finite, or absurdly large.")
    person, team, model = attributes.person(said), attributes.team(said), text(said, "model").strip()
    if max(map(len, (person, team, model))) > LONGEST_TEXT:
        return Refusal(f"{measure} has a name longer than {LONGEST_TEXT} characters.")
    return Count(at, _clean(person), _clean(team), _clean(model), measure, amount, series, since if series else None)


def _instant(nanoseconds: int) -> datetime | None:
    """None for 0, which is how the protocol says nothing, and for what no calendar has."""
    try:
        return _EPOCH + timedelta(microseconds=nanoseconds // 1000) if nanoseconds else None
    except OverflowError:
        return None


def _amount(point: NumberDataPoint, scale: int) -> int | None:
    kind = point.WhichOneof("value")
    if kind is None:
        return None
    try:
        number = Decimal(repr(getattr(point, kind)))
    except InvalidOperation:
        return None
    if not number.is_finite() or not 0 <= number <= _LARGEST:
        return None
    scaled = round(number * scale)
    return scaled if scaled < 2**62 else None


def _series(name: str, around: Iterable[KeyValue], point: NumberDataPoint) -> str:
    """Which counter this is, of which process: two that share a session differ in when they began."""
    said = sorted(one.SerializeToString(deterministic=True) for one in (*around, *point.attributes))
    mark = blake2b(name.encode(), digest_size=16)
    for part in (str(point.start_time_unix_nano).encode(), *said):
        mark.update(len(part).to_bytes(4, "big") + part)
    return mark.hexdigest()


def _clean(name: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in name)
