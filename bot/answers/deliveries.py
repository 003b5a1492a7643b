"""`deliveries`: what was sent, when and where, and what was not, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Answer, Column, Table, Tone
from bot.core import wording

MOST_REASONS = 10
_COLUMNS = (
    Column("Message", numeric=False),
    Column("State", numeric=False),
    Column("When, UTC", numeric=False),
    Column("Where", numeric=False),
)
_NEVER = "–"


@dataclass(frozen=True, slots=True)
class Line:
    """One message: what it is about, how it stands, and why where it did not go out."""

    what: str
    state: str
    at: datetime
    where: str | None
    why: str = ""
    lost: bool = False
    """It did not go out, or has not yet although it was tried."""


def answer(lines: Sequence[Line], *, failed: bool, older: bool = False) -> Answer:
    """`failed`: only what did not go out was asked for; `older`: there are more than these."""
    lost = [line for line in lines if line.lost]
    rows = tuple(
        (line.what, line.state, line.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M"), line.where or _NEVER)
        for line in lines
    )
    reasons = tuple(f"{line.what}: {line.why}" for line in lost[:MOST_REASONS])
    hidden = len(lost) - len(reasons)
    return Answer(
        title="Deliveries",
        headline=_headline(len(lines), len(lost), failed=failed),
        tables=(Table("The newest first", _COLUMNS, rows),) if rows else (),
        paragraphs=reasons,
        notes=(
            *((f"{hidden} more did not go out; with --format json each has its reason.",) if hidden else ()),
            *(("Older ones are left out; --format json has the newest 1,000.",) if older else ()),
        ),
        tone=Tone.WARNING if lost else Tone.PLAIN,
    )


def _headline(total: int, lost: int, *, failed: bool) -> str:
    if not total:
        return "Every message went out." if failed else "No message was sent or is owed yet."
    if not lost:
        return "All of these messages went out, or are not due yet."
    return f"{wording.exactly(lost, 'message')} did not go out, or not yet."


_AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
_SENT = Line("digest morning of 22 Nov", "sent", _AT, "C0GENERAL")
_LOST = Line("digest old of 22 Nov", "given up", _AT, None, "This channel is archived. Choose another one.", lost=True)
_AGAIN = Line("alert day_cap, to ana@example.com", "tries again", _AT, None, "Slack did not answer.", lost=True)
EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "well": answer((_SENT,), failed=False),
        "lost": answer((_AGAIN, _SENT, _LOST), failed=False),
        "many lost": answer((_LOST,) * 14, failed=True, older=True),
        "none failed": answer((), failed=True),
        "none yet": answer((), failed=False),
        "hostile names": answer(
            (Line(examples.HOSTILE, "given up", _AT, None, examples.HOSTILE, lost=True),), failed=True
        ),
    }
)
