"""`export KIND`: the ledger as a CSV file, and what it holds in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Action, Answer, Fact, File, Tokens
from bot.answers.pieces import day_label
from bot.core.question import Question, Sheet, Subject, parse

_HOLDS = {
    Sheet.USAGE: "tokens by day, workspace, key, model, tier and region",
    Sheet.COST: "billed and list cost by day, team, workspace, key, model and charge",
    Sheet.FOCUS: "charges as FOCUS has them, by day",
    Sheet.CALLS: "live calls as programs reported them, one in a line",
}


@dataclass(frozen=True, slots=True)
class Filed:
    """A file with what is known of it; its days are UTC days, the last included."""

    question: Question
    who: str
    file: File
    since: date
    last: date
    sha256: str
    closed_at: datetime | None
    notes: tuple[str, ...]
    data_through: datetime | None


def answer(filed: Filed) -> Answer:
    """What the file holds; the file goes to whoever asked, wherever the words are said."""
    question = filed.question
    closed = f"as it was closed on {day_label(filed.closed_at)}" if filed.closed_at else ""
    return Answer(
        title=f"Export of {filed.who}, {question.period.label}",
        headline=f"The file {filed.file.name} has {_HOLDS[question.sheet or Sheet.COST]}.",
        facts=(
            Fact("UTC days", f"{day_label(filed.since)} to {day_label(filed.last)} {filed.last.year}", closed),
            Fact("Bytes", Tokens(len(filed.file.content))),
            Fact("SHA-256", filed.sha256),
        ),
        notes=filed.notes,
        actions=_actions(question),
        data_through=filed.data_through,
        share=question.share,
        file=filed.file,
    )


def _actions(question: Question) -> tuple[Action, ...]:
    """The other files of the same, and its figures here."""
    about = question.named
    period = question.period.words
    told = not question.name or question.thing is Subject.TEAM
    others = [sheet for sheet in Sheet if sheet is not question.sheet and (told or sheet is not Sheet.CALLS)]
    return (
        *(
            Action(f"Export {sheet}", " ".join(filter(None, (Subject.EXPORT, sheet, about, period))))
            for sheet in others
        ),
        Action("The figures", f"{about or Subject.SUMMARY} {period}"),
    )


def _example(
    text: str, who: str, name: str, *, notes: tuple[str, ...] = (), closed_at: datetime | None = None
) -> Answer:
    question = parse(text, now=examples.NOW, zone="UTC")
    file = File(name, b"day,organization_id\r\n2026-10-01,org_example\r\n")
    period = question.period.until(examples.THROUGH)
    days = period.start.date(), (period.end - timedelta(days=1)).date()
    return answer(
        Filed(question, who, file, days[0], days[1], "c0ffee" * 10 + "c0de", closed_at, notes, examples.THROUGH)
    )


EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "cost": _example(
            "export cost team alpha",
            "Team Alpha",
            "cost-alpha-2026-11-01..2026-11-20.csv",
            notes=("The billed cost of 4.56M tokens is not in yet. Their billed cost is an empty cell.",),
        ),
        "closed month": _example(
            "export focus last month",
            examples.ORGANISATION,
            "focus-2026-10.csv",
            closed_at=datetime(2026, 11, 3, 9, tzinfo=UTC),
        ),
        "hostile names": _example("export usage key hardly last week", examples.HOSTILE, "usage-hardly.csv"),
    }
)
