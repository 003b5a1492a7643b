"""Silences, and what people said of alerts."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from bot.core.alerts.feedback import Given, Silence, Verdict
from bot.store.tables import FeedbackRow, SilenceRow, table

_silence = table(SilenceRow)
_feedback = table(FeedbackRow)

GivenOf = dict[tuple[str, str], list[Given]]
"""Feedback by rule and scope, in the order it was given."""


def add(connection: Connection, silence: Silence, now: datetime) -> None:
    row = {"rule_id": silence.rule_id, "scope": silence.scope, "until": silence.until, "by": silence.by, "at": now}
    connection.execute(insert(_silence).values(**row))


def running(connection: Connection, now: datetime) -> list[Silence]:
    """Those that cover anything now, the one that ends last first."""
    query = select(_silence).where(_silence.c.until > now).order_by(_silence.c.until.desc())
    return [Silence(row.rule_id, row.scope, row.until, row.by, row.id) for row in connection.execute(query)]


def end(connection: Connection, silence: Silence, now: datetime) -> bool:
    """Let it cover nothing from now on; whether it still ran."""
    mine = (_silence.c.id == silence.id, _silence.c.until > now)
    return connection.execute(update(_silence).where(*mine).values(until=now)).rowcount == 1


def give(connection: Connection, rule_id: str, scope: str, given: Given, by: str) -> None:
    """Write down what somebody said of an alert."""
    row = {
        "rule_id": rule_id,
        "scope": scope,
        "verdict": given.verdict,
        "value": given.value,
        "base": given.base,
        "until": given.until,
        "by": by,
        "at": given.at,
    }
    connection.execute(insert(_feedback).values(**row))


def given(connection: Connection) -> GivenOf:
    """All that was said."""
    found: GivenOf = defaultdict(list)
    for row in connection.execute(select(_feedback).order_by(_feedback.c.id)):
        one = Given(Verdict(row.verdict), row.at, row.value, row.base, row.until)
        found[row.rule_id, row.scope].append(one)
    return found
