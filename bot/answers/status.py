"""`status`: how far the data goes, how the last sync went, and what does not add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Amount, Answer, Cell, Column, Fact, Table, Tokens, Tone
from bot.answers.pieces import day_label
from bot.core import wording
from bot.core.money import Money

_MINUTE = "%Y-%m-%d %H:%M"
_COLUMNS = (
    Column("Organisation", numeric=False),
    Column("Source", numeric=False),
    Column("Data from"),
    Column("Data through"),
    Column("Last success"),
    Column("State", numeric=False),
)
_RESTATED = (
    Column("Day", numeric=False),
    Column("Source", numeric=False),
    Column("Was"),
    Column("Changed by"),
    Column("Noticed"),
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
    refused: str = ""
    """What of it the key may not read, as Anthropic says; empty where it may."""
    in_part: bool = False
    """The rest of it may be read."""
    dated: bool = True
    """It is about days; limits are not."""

    @property
    def state(self) -> str:
        if self.error:
            return "failing"
        if self.refused:
            return "in part" if self.in_part else "not allowed"
        return "ok" if self.through or (self.succeeded_at and not self.dated) else "waiting"


@dataclass(frozen=True, slots=True)
class RestatedLine:
    """A day that Anthropic reported differently later: tokens, or money for the cost source."""

    day: date
    source: str
    before: Cell
    change: str
    noticed_at: datetime


@dataclass(frozen=True, slots=True)
class Status:
    version: str
    sources: Sequence[SourceLine]
    teams: int
    unclear: Sequence[str]
    """Claims that two teams make equally, one sentence each."""
    restated: Sequence[RestatedLine] = ()
    """The newest first."""
    reconciliation: str = ""
    """How the last reconciliation went, in a sentence; empty before the first."""
    adds_up: bool = True
    lost: Sequence[str] = ()
    """Messages of the last week that did not go out, one sentence each, the newest first."""
    unrecorded: str = ""
    """How live calls and reports of the last whole day disagree, in a sentence; empty where they do not."""
    called_at: datetime | None = None
    """When the newest live call was made; None before the first."""
    together: int = 0
    """Live calls of the last week that are kept together, because programs name too many things."""


def answer(status: Status) -> Answer:
    failing = [line for line in status.sources if line.error]
    expected = [line for line in status.sources if line.dated and (line.in_part or not line.refused)]
    through = [line.through for line in expected if line.through]
    data_through = min(through) if through and len(through) == len(expected) else None
    rows = tuple(
        (
            line.organization,
            line.source,
            _shown(line.first, "%Y-%m-%d", wording.UNKNOWN),
            _shown(line.through, _MINUTE, wording.UNKNOWN),
            _shown(line.succeeded_at, _MINUTE, "never"),
            line.state,
        )
        for line in status.sources
    )
    return Answer(
        title="Status",
        headline=_headline(status, len(failing), data_through),
        facts=(
            Fact("Version", status.version),
            Fact("Teams", str(status.teams)),
            *((Fact("Newest live call", wording.instant(status.called_at)),) if status.called_at else ()),
            *((Fact("Reconciliation", status.reconciliation),) if status.reconciliation else ()),
        ),
        tables=_tables(rows, status.restated),
        paragraphs=(
            *(f"{line.organization}, {line.source}: {line.error}" for line in failing),
            *(f"Not sent: {sentence}" for sentence in status.lost),
        ),
        notes=(
            *map(_not_allowed, (line for line in status.sources if line.refused)),
            *status.unclear,
            *filter(None, (status.unrecorded, _together(status.together))),
        ),
        data_through=data_through,
        tone=Tone.WARNING if failing or not status.sources or not status.adds_up or status.lost else Tone.PLAIN,
        question="status",
    )


def _tables(sources: tuple[tuple[Cell, ...], ...], restated: Sequence[RestatedLine]) -> tuple[Table, ...]:
    tables = [Table("Sources, all times UTC", _COLUMNS, sources)] if sources else []
    if restated:
        rows = tuple(
            (day_label(line.day), line.source, line.before, line.change, _shown(line.noticed_at, _MINUTE, ""))
            for line in restated
        )
        tables.append(Table("Restated lately", _RESTATED, rows))
    return tuple(tables)


def _together(calls: int) -> str:
    if not calls:
        return ""
    return (
        f"{calls:,} live calls of the last 7 days are kept as “everything else”: programs name too many combinations "
        "of team, user, feature and the like to tell them apart. Look for one that invents a name for each call."
    )


def _headline(status: Status, failing: int, data_through: datetime | None) -> str:
    sources = len(status.sources)
    if not sources:
        return "Nothing has been read from Anthropic yet. Whoever runs this bot starts that with claude-usage sync."
    if failing:
        whose = "Its" if failing == 1 else "Their"
        return f"The last sync failed for {failing} of {sources} sources. {whose} figures go as far as the table says."
    if data_through is None:
        return "The first sync is not finished: some sources are not in yet."
    return f"All sources are in through {wording.instant(data_through)}."


def _not_allowed(line: SourceLine) -> str:
    return f"{line.organization}, {line.source}: {line.refused} This is asked again once a day."


def _shown(at: datetime | None, form: str, otherwise: str) -> str:
    return at.astimezone(UTC).strftime(form) if at else otherwise


def _line(source: str, through: int | None, error: str | None = None, organization: str = "Example Org") -> SourceLine:
    """A source whose data goes from 24 August through a day of November."""
    ends = datetime(2026, 11, through, tzinfo=UTC) if through else None
    begins = datetime(2026, 8, 24, tzinfo=UTC) if through else None
    return SourceLine(organization, source, begins, ends, ends, error)


_NO_CODE = "The admin key may not read /v1/organizations/usage_report/claude_code (403: not for this organization)."
_NOT_ALLOWED = (
    _line("cost", 21),
    replace(_line("claude_code", None), refused=_NO_CODE),
    replace(_line("limits", 21), first=None, through=None, refused=_NO_CODE, in_part=True, dated=False),
    _line("usage", 21),
)
_NOTICED = datetime(2026, 11, 21, 10, tzinfo=UTC)
_RESTATEMENTS = (
    RestatedLine(date(2026, 11, 19), "cost", Amount(Money.from_dollars("226.12")), "+$1.38", _NOTICED),
    RestatedLine(date(2026, 11, 19), "usage", Tokens(212_000_000), "+400k", _NOTICED),
)
_NOT_RECONCILED = "Nothing explains a difference on 2 of 7 days: 19 Nov, 20 Nov."
_LOST = "digest old of 21 Nov: This channel is archived. Choose another one."
_AGAIN = "alert day_cap: Slack did not answer. It is tried again."
_ERROR = "Anthropic's answer to /v1/organizations/cost_report has no list `data`."
EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "well": answer(Status("1.0.0", (_line("cost", 21), _line("usage", 21)), 4, ())),
        "restated": answer(Status("1.0.0", (_line("cost", 21), _line("usage", 21)), 4, (), _RESTATEMENTS)),
        "failing": answer(Status("1.0.0", (_line("cost", 19, _ERROR), _line("usage", 21)), 4, ())),
        "not allowed": answer(Status("1.0.0", _NOT_ALLOWED, 4, ())),
        "not reconciled": answer(
            Status("1.0.0", (_line("cost", 21), _line("usage", 21)), 4, (), (), _NOT_RECONCILED, adds_up=False)
        ),
        "messages lost": answer(Status("1.0.0", (_line("cost", 21), _line("usage", 21)), 4, (), lost=(_LOST, _AGAIN))),
        "names without end": answer(
            Status("1.0.0", (_line("cost", 21), _line("usage", 21)), 4, (), called_at=_NOTICED, together=48_210)
        ),
        "first sync": answer(Status("1.0.0", (_line("cost", None), _line("usage", 21)), 0, ())),
        "nothing read": answer(Status("1.0.0", (), 0, ())),
        "hostile names": answer(
            Status("1.0.0", (_line("cost", 21, examples.HOSTILE, examples.HOSTILE),), 1, (examples.HOSTILE,))
        ),
    }
)
