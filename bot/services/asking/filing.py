"""An export for whoever asks in words: the bytes that `claude-usage export` writes, if they may see its rows."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

from bot.answers import export as export_answer
from bot.answers.answer import Answer, File
from bot.answers.export import Filed
from bot.core.errors import WordsError
from bot.core.periods import Period, Unit, local_date, midnight
from bot.core.question import Dimension, Question, Sheet, Subject
from bot.services.books import export
from bot.services.calls import exporting
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.names import Found

MOST_BYTES = 20_000_000
"""It is held in memory on its way to Slack; the command line writes files of any size."""
_ROWS = (Dimension.TEAM, Dimension.WORKSPACE, Dimension.KEY, Dimension.MODEL)


def answer(asked: Inquiry) -> Answer:
    """The file, over the UTC days of the same dates: the ledger's own.

    Raises Withheld where rows of it would be a single person's, WordsError where it would be too large.
    """
    question, found, coverage = asked.question, asked.found, asked.coverage
    kind, period = question.sheet or Sheet.COST, _in_utc(question.period)
    if kind is not Sheet.CALLS:
        asked.sight.allow_rows(found, coverage.cut(period), coverage, _ROWS)
    content = bytearray()

    def keep(piece: bytes) -> None:
        content.extend(piece)
        if len(content) > MOST_BYTES:
            raise WordsError(
                f"This file would be larger than {MOST_BYTES // 10**6} MB. Ask for a shorter period, or for one team."
            )

    if kind is Sheet.CALLS:
        _refuse_other_than_teams(question)
        exported = exporting.write(asked.connection, period, found.selection.teams, asked.names, asked.access, keep)
    else:
        exported = export.write(asked.connection, kind, period, found.selection, asked.names, coverage, keep)
    last = max(exported.since, exported.until - timedelta(days=1))
    file = File(_file_name(kind, found, period, exported.since, last), bytes(content))
    filed = Filed(
        question,
        found.name,
        file,
        exported.since,
        last,
        exported.sha256,
        exported.closed_at,
        exported.notes,
        coverage.data_through,
    )
    return export_answer.answer(filed)


def _refuse_other_than_teams(question: Question) -> None:
    if question.name and question.thing is not Subject.TEAM:
        raise WordsError("Live calls are exported for a team or for all. Try `/claude-usage export calls team alpha`.")


def _in_utc(period: Period) -> Period:
    """The period of the same dates that UTC days have."""
    start, end = (midnight(local_date(at, period.zone), "UTC") for at in (period.start, period.end))
    return replace(period, start=start, end=end, zone="UTC")


def _file_name(kind: Sheet, found: Found, period: Period, first: date, last: date) -> str:
    """`cost-2026-10.csv`, `usage-alpha-2026-11-01..2026-11-21.csv`."""
    whole = period.unit is Unit.MONTH and not period.running
    of = [re.sub(r"[^\w.]+", "-", found.id).strip("-.")] if found.id else []
    return f"{'-'.join([kind, *of, f'{first:%Y-%m}' if whole else f'{first}..{last}'])}.csv"
