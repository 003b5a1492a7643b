"""`status`: how fresh the data is, how the last syncs went, and what people should know before they rely on it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

import bot
from bot.answers import reconcile as reconcile_answer
from bot.answers import status as status_answer
from bot.answers.answer import Amount, Tokens
from bot.core import wording
from bot.core.money import Money
from bot.core.usage import Source
from bot.services import outbox
from bot.services.books import reconcile
from bot.services.figures.names import Names
from bot.services.figures.unreported import disagreement
from bot.services.figures.view import Coverage
from bot.services.syncing import sources
from bot.store import calls
from bot.store.calls import series
from bot.store.readings import restatements

RESTATEMENTS_SHOWN = 5
LOST_SHOWN = 5
_WEEK = timedelta(days=7)


def status(connection: Connection, names: Names, now: datetime) -> status_answer.Status:
    called = {directory.organization_id: directory.organization_name for directory in names.organizations}
    reconciled = reconcile.recent(connection, now)
    return status_answer.Status(
        bot.__version__,
        sources.lines(connection, called),
        len(names.configuration.teams),
        names.ties,
        [_restated(one) for one in restatements.latest(connection, RESTATEMENTS_SHOWN)],
        reconcile_answer.verdict(reconciled) if reconciled else "",
        all(held.found.explained for held in reconciled),
        outbox.lost_lately(connection, now, LOST_SHOWN),
        disagreement(connection, names, Coverage.read(connection, now)),
        calls.newest(connection) if calls.any_held(connection) else None,
        series.calls_together(connection, now - _WEEK),
    )


def _restated(one: restatements.Restatement) -> status_answer.RestatedLine:
    """Cost is money, usage is tokens."""
    money, change = one.source is Source.COST, one.after - one.before
    before = Amount(Money(one.before)) if money else Tokens(one.before)
    size = wording.to_the_cent(Money(abs(change))) if money else wording.count(abs(change))
    sign = "+" if change > 0 else "−"
    return status_answer.RestatedLine(one.day, one.source.value, before, f"{sign}{size}", one.noticed_at)
