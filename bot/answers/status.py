"""`status`: how far the data goes, how the last sync went, and what does not add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Answer, Column, Fact, Table, Tone
from bot.core import wording

_MINUTE = "%Y-%m-%d %H:%M"
_COLUMNS = (
    Column("Organisation", numeric=False),
    Column("Source", numeric=False),
    Column("Data from"),
    Column("Data through"),
    Column("Last success"),
    Column("State", numeric=False),
)


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source of one organisation. `error` is the sentence of its last failed sync, None if that went well."""

    organization: str
    source: str
    first: datetime | None
    through: datetime | None
    succeeded_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Status:
    version: str
    sources: Sequence[SourceLine]
    teams: int
    unclear: Sequence[str]
    """Claims that two teams make equally, one sentence each."""
    deferred: Sequence[str]
    """What the configuration holds that this version does not act on."""


def answer(status: Status) -> Answer:
    failing = [line for line in status.sources if line.error]
    through = [line.through for line in status.sources if line.through]
    data_through = min(through) if through and len(through) == len(status.sources) else None
    rows = tuple(
        (
            line.organization,
            line.source,
            _shown(line.first, "%Y-%m-%d", wording.UNKNOWN),
            _shown(line.through, _MINUTE, wording.UNKNOWN),
            _shown(line.succeeded_at, _MINUTE, "never"),
            "failing" if line.error else "ok" if line.through else "waiting",
        )
        for line in status.sources
    )
    return Answer(
        title="Status",
        headline=_headline(status, len(failing), data_through),
        facts=(Fact("Version", status.version), Fact("Teams", str(status.teams))),
        tables=(Table("Sources, all times UTC", _COLUMNS, rows),) if rows else (),
        paragraphs=tuple(f"{line.organization}, {line.source}: {line.error}" for line in failing),
        notes=(*status.unclear, *status.deferred),
        data_through=data_through,
        tone=Tone.WARNING if failing or not status.sources else Tone.PLAIN,
        question="status",
    )


def _headline(status: Status, failing: int, data_through: datetime | None) -> str:
    sources = len(status.sources)
    if not sources:
        return "Nothing has been read from Anthropic yet. Whoever runs this bot starts that with claude-usage sync."
    if failing:
        return f"The last sync failed for {failing} of {sources} sources. Their figures go as far as the table says."
    if data_through is None:
        return "The first sync is not finished: some sources are not in yet."
    return f"All sources are in through {wording.instant(data_through)}."


def _shown(at: datetime | None, form: str, otherwise: str) -> str:
    return at.astimezone(UTC).strftime(form) if at else otherwise


def _line(source: str, through: int | None, error: str | None = None, organization: str = "Example Org") -> SourceLine:
    """A source whose data goes from 24 August through a day of November."""
    ends = datetime(2026, 11, through, tzinfo=UTC) if through else None
    begins = datetime(2026, 8, 24, tzinfo=UTC) if through else None
    return SourceLine(organization, source, begins, ends, ends, error)


_ERROR = "Anthropic's answer to /v1/organizations/cost_report has no list `data`."
EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "well": answer(Status("1.0.0", (_line("cost", 21), _line("usage", 21)), 4, (), ())),
        "failing": answer(Status("1.0.0", (_line("cost", 19, _ERROR), _line("usage", 21)), 4, (), ())),
        "first sync": answer(Status("1.0.0", (_line("cost", None), _line("usage", 21)), 0, (), ())),
        "nothing read": answer(Status("1.0.0", (), 0, (), ())),
        "hostile names": answer(
            Status("1.0.0", (_line("cost", 21, examples.HOSTILE, examples.HOSTILE),), 1, (examples.HOSTILE,), ())
        ),
    }
)
