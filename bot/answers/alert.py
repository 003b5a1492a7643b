"""The direct message of an alert: what happened, against which limit, what drove it, and where to look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.answers.answer import Action, Amount, Answer, Cell, Column, Fact, Percent, Table, Tokens, Tone
from bot.answers.pieces import day_label
from bot.core import wording
from bot.core.alert_rule import Metric, Rule, Window
from bot.core.money import Money
from bot.core.report import Row
from bot.core.words import quote

CONTRIBUTORS = 3


@dataclass(frozen=True, slots=True)
class Fired:
    """One rule that fires for one scope: `value` and the rule's limit in tokens or 10⁻¹⁰ dollars."""

    rule: Rule
    scope: str
    """A team's id, or "" for the whole organisation."""
    who: str
    window_start: datetime
    running: bool
    """The window is not over: the value may still grow."""
    value: int
    keys: Sequence[Row]
    data_through: datetime | None


def answer(fired: Fired) -> Answer:
    rule = fired.rule
    when = _when(rule.window, fired.window_start)
    so_far = " so far" if fired.running else ""
    verb = "spent" if rule.metric is Metric.COST else "used"
    limit = f"{_said(rule.metric, rule.limit)} a {rule.window.value}"
    return Answer(
        title=f"{fired.who} is over its limit of {limit}",
        headline=f"{fired.who} {verb} {_said(rule.metric, fired.value)} {when}{so_far}, "
        f"{_said(rule.metric, fired.value - rule.limit)} over the limit of {limit}.",
        facts=(
            Fact("Spent" if rule.metric is Metric.COST else "Used", _cell(rule.metric, fired.value), f"{when}{so_far}"),
            Fact("Limit", _cell(rule.metric, rule.limit), f"a {rule.window.value}"),
            Fact("Rule", rule.id, rule.severity.value),
        ),
        tables=(_contributors(fired.keys[:CONTRIBUTORS]),) if fired.keys else (),
        paragraphs=(f"To look closer: /claude-usage {_question(fired)}",),
        notes=(
            f"You are told once; it resolves when a whole {rule.window.value} stays within the limit.",
            *(("These are the figures so far; they can still grow.",) if fired.running else ()),
        ),
        actions=(
            Action("By key", _question(fired)),
            Action("By model", _question(fired).replace("by key", "by model")),
            Action("By day", f"{_about(fired)} last 14 days by day"),
        ),
        data_through=fired.data_through,
        tone=Tone.WARNING,
    )


def _contributors(rows: Sequence[Row]) -> Table:
    return Table(
        "Largest contributors",
        (Column("Key", numeric=False), Column("Billed"), Column("Share"), Column("Tokens")),
        tuple(
            (row.name, Amount(row.figures.billed_cost), Percent(row.share), Tokens(row.figures.total_tokens))
            for row in rows
        ),
    )


def _about(fired: Fired) -> str:
    return f"team {quote(fired.scope)}" if fired.scope else "summary"


def _question(fired: Fired) -> str:
    start = fired.window_start
    if fired.rule.window is Window.MONTH:
        return f"{_about(fired)} {start:%Y-%m} by key"
    return f"{_about(fired)} {start:%Y-%m-%d} by key"


def _when(window: Window, start: datetime) -> str:
    if window is Window.MONTH:
        return f"in {start:%B}"
    return f"on {start:%A}, {day_label(start.date())}"


def _said(metric: Metric, value: int) -> str:
    return wording.to_the_cent(Money(value)) if metric is Metric.COST else f"{wording.count(value)} tokens"


def _cell(metric: Metric, value: int) -> Cell:
    return Amount(Money(value)) if metric is Metric.COST else Tokens(value)
