"""The direct message of an alert: what happened, against which limit, what drove it, and where to look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Action, Amount, Answer, Cell, Column, Fact, Percent, Table, Tokens, Tone
from bot.core import wording
from bot.core.alert_rule import WHOLE_ORGANISATION, Metric, Rule, Severity, Window
from bot.core.money import Money
from bot.core.question import Dimension, Subject, written
from bot.core.report import Row

CONTRIBUTORS = 3


_END = {
    Window.DAY: "It resolves after a whole day within the limit.",
    Window.MONTH: "It resolves when the month is over.",
}


@dataclass(frozen=True, slots=True)
class Fired:
    """One rule that fires for one scope: `value` and the rule's limit in tokens or 10⁻¹⁰ dollars."""

    rule: Rule
    scope: str
    """A team's id, or "" for the whole organisation."""
    who: str
    first: date
    """The window's first day."""
    running: bool
    """The window is not over: the value may still grow."""
    value: int
    keys: Sequence[Row]
    data_through: datetime | None


def answer(fired: Fired) -> Answer:
    rule = fired.rule
    when = _when(rule.window, fired.first, fired.running)
    verb = "spent" if rule.metric is Metric.COST else "used"
    limit = limit_of(rule)
    return Answer(
        title=f"{fired.who} is over its limit of {limit}",
        headline=f"{fired.who} {verb} {reached(rule, fired.value)} {when}, "
        f"{_said(rule.metric, fired.value - rule.limit)} over its limit of {limit}.",
        facts=(
            Fact(verb.capitalize(), _cell(rule.metric, fired.value), when),
            Fact("Limit", _cell(rule.metric, rule.limit), f"a {rule.window.value}"),
            Fact("Rule", rule.id, rule.severity.value),
        ),
        tables=(_contributors(fired.keys[:CONTRIBUTORS]),) if fired.keys else (),
        paragraphs=(f"To look closer: `/claude-usage {_question(fired)}`",),
        notes=(
            *((f"The {rule.window.value} is not over: these figures can still grow.",) if fired.running else ()),
            f"You are told once. {_END[rule.window]}",
        ),
        actions=(
            Action("Why?", f"why {_question(fired)}"),
            Action("By key", f"{_question(fired)} by key"),
            Action("By model", f"{_question(fired)} by model"),
            Action("By day", f"{_about(fired)} last 14 days by day"),
        ),
        data_through=fired.data_through,
        tone=Tone.WARNING,
    )


def limit_of(rule: Rule) -> str:
    """The limit in words: "$200.00 a day", "1.00B tokens a month"."""
    return f"{_said(rule.metric, rule.limit)} a {rule.window.value}"


def reached(rule: Rule, value: int) -> str:
    """A value of the rule's metric: "$214.10", "1.99B tokens"."""
    return _said(rule.metric, value)


def _contributors(rows: Sequence[Row]) -> Table:
    return Table(
        "Largest keys",
        (Column("Key", numeric=False), Column("Billed"), Column("Share"), Column("Tokens")),
        tuple(
            (row.name, Amount(row.figures.billed_cost), Percent(row.share), Tokens(row.figures.total_tokens))
            for row in rows
        ),
    )


def _about(fired: Fired) -> str:
    return f"team {written(Subject.TEAM, fired.scope)}" if fired.scope else "summary"


def _question(fired: Fired) -> str:
    when = f"{fired.first:%Y-%m}" if fired.rule.window is Window.MONTH else str(fired.first)
    return f"{_about(fired)} {when}"


def _when(window: Window, first: date, running: bool) -> str:
    so_far = "so far " if running else ""
    return f"{so_far}in {first:%B %Y}" if window is Window.MONTH else f"{so_far}on {first:%A} {first.day} {first:%B}"


def _said(metric: Metric, value: int) -> str:
    return wording.to_the_cent(Money(value)) if metric is Metric.COST else f"{wording.count(value)} tokens"


def _cell(metric: Metric, value: int) -> Cell:
    return Amount(Money(value)) if metric is Metric.COST else Tokens(value)


def _fired(rule: Rule, scope: str, who: str, value: int, keys: Sequence[Row], *, running: bool = True) -> Fired:
    """A rule that fires for the day or month before `examples.NOW`, or for the running one."""
    start = rule.window.containing(examples.NOW if running else examples.THROUGH - timedelta(seconds=1), "UTC")
    return Fired(rule, scope, who, start.date(), running, value, keys, examples.THROUGH)


_DAY_CAP = Rule("day_cap", Metric.COST, Decimal(200), Window.DAY, "alpha", Severity.CRITICAL)
_TOKENS = Rule("tokens", Metric.TOTAL_TOKENS, Decimal(1_000_000_000), Window.MONTH, WHOLE_ORGANISATION)
_KEYS = examples.findings("team alpha", Dimension.KEY, examples.DAY_KEYS).report.rows
_HOSTILE_KEYS = examples.findings("keys", Dimension.KEY, examples.HOSTILE_KEYS).report.rows
EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "team over its day": answer(_fired(_DAY_CAP, "alpha", "Team Alpha", 2_141_000_000_000, _KEYS, running=False)),
        "organisation over its month": answer(_fired(_TOKENS, "", examples.ORGANISATION, 1_989_400_000, _KEYS)),
        "without keys": answer(_fired(_DAY_CAP, "alpha", "Team Alpha", 2_000_000_000_001, ())),
        "hostile names": answer(_fired(_DAY_CAP, "alpha", examples.HOSTILE, 10**17, _HOSTILE_KEYS)),
    }
)
