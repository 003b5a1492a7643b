"""One example of each kind of alert."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from bot.answers import examples
from bot.answers.alert.gathered import gathered
from bot.answers.alert.notice import Drivers, Notice
from bot.answers.alert.page import answer
from bot.answers.answer import Answer
from bot.core.alerts.episode import Episode, Event, Happened
from bot.core.alerts.reason import Reason
from bot.core.alerts.rule import WHOLE_ORGANISATION, Kind, Metric, Rule, Severity
from bot.core.alerts.window import Window
from bot.core.question import Dimension

_DAY_CAP = Rule("day_cap", Metric.COST, Decimal(200), Window.DAY, "alpha", Severity.CRITICAL)
_TOKENS = Rule("tokens", Metric.TOTAL_TOKENS, Decimal(1_000_000_000), Window.MONTH, WHOLE_ORGANISATION)
_UNUSUAL = Rule("anomaly", Metric.COST, kind=Kind.ANOMALY, min_impact=Decimal(25))
_LATENCY = Rule("api_latency_spike", Metric.LATENCY_P95_MS, Decimal(5000), Window("minute", 5), severity=Severity.INFO)
_NEW = Rule("newcomers", Metric.REQUESTS, scope="each_feature", kind=Kind.NEW)
_RUNAWAY = Rule("loops", Metric.REQUESTS, Decimal(240), Window.HOUR, kind=Kind.RUNAWAY)
_CALL = Rule("dear_call", Metric.OUTPUT_TOKENS, Decimal(10_000), Window.HOUR, per_call=True)
_DOLLAR = 10**10
_KEYS = Drivers("key", examples.findings("team alpha", Dimension.KEY, examples.DAY_KEYS).report.rows)
_HOSTILE_KEYS = Drivers("key", examples.findings("keys", Dimension.KEY, examples.HOSTILE_KEYS).report.rows)
_NOW = examples.NOW


def _notice(
    rule: Rule | None,
    scope: str,
    who: str,
    value: int,
    *,
    back: timedelta = timedelta(hours=33),
    kind: Kind = Kind.THRESHOLD,
    limit: int | None = None,
    mark: int | None = None,
    name: str = "",
    reason: str = Reason.ABOVE_LIMIT,
    lasts: timedelta = timedelta(),
    running: bool = False,
    drivers: tuple[Drivers, ...] = (),
) -> Notice:
    """An episode whose first window began `back` ago, as it fires."""
    since = rule.window.containing(_NOW - back, "UTC") if rule and kind is Kind.THRESHOLD else _NOW - back
    held = limit if limit is not None else rule.limit if rule else 0
    expected = held if kind is Kind.ANOMALY else None
    id_ = name or (rule.id if rule else "")
    episode = Episode(id_, scope, kind, since, since + lasts, _NOW, value, held, expected, mark, id=7)
    event = Event(Happened.FIRED, _NOW, value, held, mark, reason=reason, id=1)
    severity = rule.severity if rule else Severity.WARNING
    notice = Notice(episode, event, rule, severity, who, "UTC", _NOW, running, drivers)
    return replace(notice, data_through=examples.THROUGH)


def _then(notice: Notice, what: Happened, *, value: int, reason: str = "") -> Notice:
    """What happened to it two days later."""
    at = _NOW + timedelta(days=2, hours=4)
    episode = replace(notice.episode, resolved_at=at, resolved_because=reason)
    event = Event(what, at, value, notice.event.limit, notice.event.mark, reason=reason, id=2)
    return replace(notice, episode=episode, event=event, now=at)


SAMPLE = _notice(_DAY_CAP, "alpha", "Team Alpha", 214 * _DOLLAR + _DOLLAR // 10, drivers=(_KEYS,))
_LOOP = _notice(
    _UNUSUAL,
    "key/apikey_01a",
    "support-autotriage",
    412 * _DOLLAR,
    kind=Kind.ANOMALY,
    limit=90 * _DOLLAR,
    back=timedelta(hours=4),
    lasts=timedelta(hours=4),
    reason=Reason.UNUSUAL,
    drivers=(_KEYS,),
)
_FIRST = _notice(
    _NEW,
    "feature/ticket-summary",
    "ticket-summary",
    12,
    kind=Kind.NEW,
    limit=0,
    name="notice:newcomers",
    back=timedelta(minutes=3),
    reason=Reason.FIRST_CALL,
)
_NIGHT = _notice(
    _RUNAWAY,
    "alpha",
    "Team Alpha",
    2400,
    kind=Kind.RUNAWAY,
    back=timedelta(minutes=15),
    lasts=timedelta(minutes=15),
    reason=Reason.RUNS_AWAY,
)
_NIGHT = replace(_NIGHT, episode=replace(_NIGHT.episode, expected=12))
_MONTH = datetime(2026, 11, 1, tzinfo=UTC)
_BUDGET = replace(
    _notice(
        None,
        "alpha",
        "Team Alpha",
        402 * _DOLLAR,
        kind=Kind.BUDGET,
        limit=400 * _DOLLAR,
        mark=80,
        name="budget:alpha-month",
        back=_NOW - _MONTH,
        reason=Reason.CROSSED_MARK,
        drivers=(_KEYS,),
    ),
    ends=date(2026, 11, 30),
)
_HEADING = replace(
    _notice(
        None,
        "alpha",
        "Team Alpha",
        1760 * _DOLLAR,
        kind=Kind.FORECAST,
        limit=1500 * _DOLLAR,
        name="forecast:alpha-month",
        back=_NOW - _MONTH,
        reason=Reason.HEADING_OVER,
    ),
    ends=date(2026, 11, 30),
    runs_out=date(2026, 11, 26),
)
_DONE = (
    Event(Happened.ACKNOWLEDGED, _NOW + timedelta(minutes=12), by="ana@example.com"),
    Event(
        Happened.SILENCED,
        _NOW + timedelta(minutes=13),
        by="ana@example.com",
        until=datetime(2026, 11, 23, 8, tzinfo=UTC),
    ),
)
EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "team over its day": answer(SAMPLE),
        "organisation over its month": answer(
            _notice(_TOKENS, WHOLE_ORGANISATION, examples.ORGANISATION, 1_989_400_000, running=True, drivers=(_KEYS,))
        ),
        "somebody acts": answer(
            replace(SAMPLE, history=_DONE, silenced=True, episode=replace(SAMPLE.episode, acknowledged_at=_DONE[0].at))
        ),
        "back within its limit": answer(
            _then(SAMPLE, Happened.RESOLVED, value=12 * _DOLLAR, reason=Reason.BACK_WITHIN_LIMIT)
        ),
        "restated": answer(_then(SAMPLE, Happened.RESTATED, value=190 * _DOLLAR, reason=Reason.RESTATED)),
        "a key runs away": answer(_LOOP),
        "back to usual": answer(
            replace(
                _then(_LOOP, Happened.RESOLVED, value=412 * _DOLLAR, reason=Reason.BACK_TO_USUAL), total=938 * _DOLLAR
            )
        ),
        "a mark of a budget": answer(_BUDGET),
        "more than a budget": answer(replace(_BUDGET, event=replace(_BUDGET.event, value=513 * _DOLLAR, mark=100))),
        "a mark that the last figures cross": answer(replace(_BUDGET, ends=date(2026, 11, 20))),
        "heading over": answer(_HEADING),
        "heading within again": answer(
            _then(_HEADING, Happened.RESOLVED, value=1380 * _DOLLAR, reason=Reason.BACK_WITHIN)
        ),
        "slow calls": answer(_notice(_LATENCY, WHOLE_ORGANISATION, examples.ORGANISATION, 7310, back=timedelta())),
        "one dear call": answer(_notice(_CALL, "alpha", "Team Alpha", 48_200, back=timedelta())),
        "a new feature": answer(replace(_FIRST, episode=replace(_FIRST.episode, resolved_at=_NOW))),
        "a loop at night": answer(_NIGHT),
        "the loop has ended": answer(
            _then(_NIGHT, Happened.RESOLVED, value=20, reason=Reason.CALMED_DOWN),
        ),
        "a source is silent": answer(
            _notice(
                None,
                "source/org_1/cost",
                "the cost report of Example Org",
                44,
                kind=Kind.SOURCE,
                limit=40,
                name="source",
                back=timedelta(hours=44),
                reason=Reason.SILENT,
            )
        ),
        "the one before can't be reached": answer(replace(SAMPLE, unreachable=("ana@example.com",))),
        "several at once": gathered([answer(SAMPLE), answer(_LOOP), answer(_BUDGET)]),
        "several of which some are over": gathered(
            [
                answer(replace(SAMPLE, history=_DONE)),
                answer(_then(_HEADING, Happened.RESOLVED, value=1380 * _DOLLAR, reason=Reason.BACK_WITHIN)),
            ]
        ),
        "more than a message holds": gathered(
            [answer(_notice(_DAY_CAP, "alpha", f"Team {n}", 214 * _DOLLAR)) for n in range(1, 24)]
        ),
        "hostile names at once": gathered([answer(_notice(_DAY_CAP, "alpha", examples.HOSTILE, 10**17))] * 2),
        "hostile names": answer(
            _notice(_DAY_CAP, "alpha", examples.HOSTILE, 10**17, back=timedelta(), drivers=(_HOSTILE_KEYS,))
        ),
    }
)
