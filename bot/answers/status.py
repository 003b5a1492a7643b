"""`status`: how far the data goes, how the last sync went, and what does not add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.answers.answer import Answer, Column, Fact, Table, Tone
from bot.core import wording


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
            wording.instant(line.through),
            wording.instant(line.succeeded_at) if line.succeeded_at else "never",
            "failing" if line.error else "ok",
        )
        for line in status.sources
    )
    columns = tuple(
        Column(title, numeric=False) for title in ("Organisation", "Source", "Data through", "Last success", "State")
    )
    return Answer(
        title="Status",
        headline=_headline(status, failing, data_through),
        facts=(Fact("Version", status.version), Fact("Teams", str(status.teams))),
        tables=(Table("Sources", columns, rows),) if rows else (),
        paragraphs=tuple(f"{line.organization}, {line.source}: {line.error}" for line in failing),
        notes=(*status.unclear, *status.deferred),
        data_through=data_through,
        tone=Tone.WARNING if failing or not status.sources else Tone.PLAIN,
        question="status",
    )


def _headline(status: Status, failing: Sequence[SourceLine], data_through: datetime | None) -> str:
    if not status.sources:
        return "Nothing has been read from Anthropic yet. The first sync starts with `claude-usage run` or `sync`."
    if failing:
        return (
            f"{len(failing)} of {len(status.sources)} sources failed at the last sync; figures go as far as said here."
        )
    return f"All sources are in, through {wording.instant(data_through)}."
