"""`alerts`: what fires, what somebody has in hand, what is silenced, and what lately resolved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from types import MappingProxyType

from bot.answers import examples
from bot.answers.alert import words
from bot.answers.answer import Action, Answer, Cell, Column, Table, Tone
from bot.answers.pieces import day_label
from bot.core import wording
from bot.core.alerts.episode import State
from bot.core.alerts.rule import Severity
from bot.core.question import Question, parse

DAYS = 7
"""How long what resolved is shown."""
MOST = 50
_BUTTONS = 6
_TITLES = {
    State.FIRING: "Firing",
    State.UNKNOWN: "Firing, and the newest data is not in",
    State.ACKNOWLEDGED: "Acknowledged",
    State.SILENCED: "Silenced",
    State.RESOLVED: f"Resolved in the last {DAYS} days",
}
_COUNTED = {
    State.FIRING: "firing",
    State.ACKNOWLEDGED: "acknowledged",
    State.SILENCED: "silenced",
    State.RESOLVED: "lately resolved",
}


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One episode in a list."""

    name: str
    """Of its rule or budget."""
    who: str
    state: State
    since: date
    reached: str
    limit: str
    """What it is held against, in words; empty where there is none."""
    severity: Severity = Severity.WARNING
    by: str = ""
    """Who acknowledged or silenced it."""
    at: datetime | None = None
    """When somebody acknowledged it, when its silence ends, or when it resolved."""
    question: str = ""
    """What asks for its figures: "team alpha 2026-11-20"."""

    @property
    def open(self) -> bool:
        return self.state is not State.RESOLVED


@dataclass(frozen=True, slots=True)
class Alerted:
    """`who` is the team that was asked about, or the organisation."""

    question: Question
    who: str
    lines: tuple[AlertLine, ...]
    zone: str
    withheld: int = 0
    """Alerts of which the asker may not see the figures."""
    data_through: datetime | None = None


def answer(alerted: Alerted) -> Answer:
    lines = alerted.lines
    firing = [one for one in lines if one.state in (State.FIRING, State.UNKNOWN)]
    return Answer(
        title=f"Alerts: {alerted.who}",
        headline=_headline(alerted.who, lines),
        tables=tuple(_tables(lines, alerted.zone)),
        notes=tuple(_notes(alerted)),
        actions=(
            *reasons(firing)[:_BUTTONS],
            Action("Settings", "settings"),
        ),
        data_through=alerted.data_through,
        tone=Tone.WARNING if firing else Tone.PLAIN,
        question=alerted.question.text,
        share=alerted.question.share,
    )


def reasons(lines: Sequence[AlertLine]) -> list[Action]:
    """Buttons that ask why; of several alerts about the same the first's, because they would read the same."""
    first: dict[str, str] = {}
    for one in lines:
        if one.question:
            first.setdefault(one.who, one.question)
    return [Action(f"Why? {who}", f"why {question}") for who, question in first.items()]


def beside(answer: Answer, lines: Sequence[AlertLine], zone: str) -> Answer:
    """The figures of a team with its open alerts below them."""
    shown = [one for one in lines if one.open]
    if not shown:
        return answer
    table = _table(wording.exactly(len(shown), "open alert"), shown, zone)
    return replace(answer, tables=(*answer.tables, table), actions=(*answer.actions, Action("Alerts", "alerts")))


def _headline(who: str, lines: Sequence[AlertLine]) -> str:
    counts: dict[State, int] = {}
    for one in lines:
        state = State.FIRING if one.state is State.UNKNOWN else one.state
        counts[state] = counts.get(state, 0) + 1
    if not any(one.open for one in lines):
        lately = counts.get(State.RESOLVED)
        return f"Nothing fires for {who}." + (f" {lately} lately resolved." if lately else "")
    parts = [f"{counts[state]} {word}" for state, word in _COUNTED.items() if state in counts]
    return f"{who}: {wording.listed(parts)}."


def _tables(lines: Sequence[AlertLine], zone: str) -> Iterator[Table]:
    for state, title in _TITLES.items():
        of_state = [one for one in lines if one.state is state]
        if of_state:
            yield _table(title, of_state, zone)


def _table(title: str, lines: Sequence[AlertLine], zone: str) -> Table:
    done = any(one.at for one in lines)
    titles = ("Alert", "Of", "Since", "Reached", "Limit", *(("Who and when",) if done else ()))
    columns = tuple(Column(one, numeric=False) for one in titles)
    return Table(title, columns, tuple(_row(one, zone, done=done) for one in lines[:MOST]))


def _row(line: AlertLine, zone: str, *, done: bool) -> tuple[Cell, ...]:
    name = f"{line.name} (critical)" if line.severity is Severity.CRITICAL else line.name
    row = (name, line.who, day_label(line.since), line.reached, line.limit or "–")
    return (*row, _done(line, zone)) if done else row


def _done(line: AlertLine, zone: str) -> str:
    if line.at is None:
        return "–"
    at = words.moment(line.at, zone)
    return {State.SILENCED: f"{line.by}, until {at}", State.RESOLVED: at}.get(line.state, f"{line.by}, {at}")


def _notes(alerted: Alerted) -> Iterator[str]:
    if alerted.withheld:
        one = alerted.withheld == 1
        yield f"{alerted.withheld} {'alert about a single person is' if one else 'alerts about people are'} not shown."
    hidden = max((sum(one.state is state for one in alerted.lines) - MOST for state in _TITLES), default=0)
    if hidden > 0:
        yield f"Of each kind the newest {MOST} are shown."


_LINES = (
    AlertLine(
        *("day_cap", "Team Alpha", State.FIRING, date(2026, 11, 20), "$214.10", "$200.00 a day", Severity.CRITICAL),
        question="team alpha 2026-11-20",
    ),
    AlertLine("anomaly", "ci-deploy", State.UNKNOWN, date(2026, 11, 20), "$61.00", "$12.40 is usual"),
    AlertLine(
        *("beta-month", "Team Beta", State.ACKNOWLEDGED, date(2026, 11, 1), "$812.00", "$800.00, its 80 % mark"),
        by="ben@example.com",
        at=datetime(2026, 11, 19, 7, 12, tzinfo=UTC),
    ),
    AlertLine(
        *("anomaly", "Team Gamma", State.SILENCED, date(2026, 11, 18), "$44.00", "$9.00 is usual"),
        by="cfo@example.com",
        at=datetime(2026, 11, 23, 8, tzinfo=UTC),
    ),
    AlertLine(
        *("anomaly", "Team Alpha", State.RESOLVED, date(2026, 11, 14), "$88.00", "$30.00 is usual"),
        at=datetime(2026, 11, 16, 2, tzinfo=UTC),
    ),
)


def _example(text: str, who: str, lines: Sequence[AlertLine], withheld: int = 0) -> Answer:
    question = parse(text, now=examples.NOW, zone="UTC")
    return answer(Alerted(question, who, tuple(lines), "Europe/Berlin", withheld, examples.THROUGH))


EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "of everything": _example("alerts", examples.ORGANISATION, _LINES, withheld=1),
        "a team without any": _example("alerts team beta", "Team Beta", _LINES[4:]),
        "hostile names": _example(
            "alerts", examples.HOSTILE, [replace(_LINES[0], who=examples.HOSTILE, name=examples.HOSTILE)]
        ),
    }
)
