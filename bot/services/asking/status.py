"""`status`: how fresh the data is, how the last syncs went, and what people should know before they rely on it."""

from __future__ import annotations

from datetime import timedelta

import bot
from bot.answers import reconcile as reconcile_answer
from bot.answers import status as status_answer
from bot.answers.answer import Amount, Answer, Tokens
from bot.core import wording
from bot.core.money import Money
from bot.core.usage import Source
from bot.services import outbox
from bot.services.books import reconcile
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.unreported import disagreement
from bot.services.syncing import sources
from bot.store import calls
from bot.store.calls import series
from bot.store.readings import restatements

RESTATEMENTS_SHOWN = 5
LOST_SHOWN = 5
_WEEK = timedelta(days=7)


def answer(asked: Inquiry) -> Answer:
    connection, names, now = asked.connection, asked.names, asked.now
    called = {directory.organization_id: directory.organization_name for directory in names.organizations}
    reconciled = reconcile.recent(connection, now)
    status = status_answer.Status(
        bot.__version__,
        sources.lines(connection, called),
        len(names.configuration.teams),
        names.ties,
        [_restated(one) for one in restatements.latest(connection, RESTATEMENTS_SHOWN)],
        reconcile_answer.verdict(reconciled) if reconciled else "",
        all(held.found.explained for held in reconciled),
        outbox.lost_lately(connection, now, LOST_SHOWN),
        disagreement(connection, names, asked.coverage),
        calls.newest(connection) if calls.any_held(connection) else None,
        series.calls_together(connection, now - _WEEK),
    )
    return status_answer.answer(status)


def _restated(one: restatements.Restatement) -> status_answer.RestatedLine:
    """Cost is money, usage is tokens."""
    money, change = one.source is Source.COST, one.after - one.before
    before = Amount(Money(one.before)) if money else Tokens(one.before)
    size = wording.to_the_cent(Money(abs(change))) if money else wording.count(abs(change))
    sign = "+" if change > 0 else "−"
    return status_answer.RestatedLine(one.day, one.source.value, before, f"{sign}{size}", one.noticed_at)
