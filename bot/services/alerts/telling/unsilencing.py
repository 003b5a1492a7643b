"""A silence that somebody ends before its time: by those who may, written down in the log of changes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bot.core.access import Asker
from bot.core.alerts.feedback import Silence
from bot.core.alerts.rule import Target
from bot.core.authority import is_admin
from bot.core.configuration import Configuration
from bot.core.configuration.merged import What
from bot.core.receivers import may_act
from bot.services.alerts.telling.about import teams_of
from bot.store import preferences
from bot.store.alerts import silences

EVERY_RULE = "every rule"


def may_end(connection: Connection, configuration: Configuration, asker: Asker, silence: Silence) -> bool:
    """Admins any; whoever may act on its rule and scope, one that covers nothing else."""
    if silence.scope is None:
        return is_admin(configuration, asker)
    notify = next((rule.notify for rule in configuration.rules if rule.id == silence.rule_id), ())
    return may_act(configuration, asker, notify, teams_of(connection, configuration, Target.of(silence.scope)))


def end(connection: Connection, silence: Silence, by: str, now: datetime) -> bool:
    """Whether it still ran. What still fires is told by the next look."""
    if not silences.end(connection, silence, now):
        return False
    entry = {"scope": silence.scope or "all", "until": silence.until.isoformat()}
    change = preferences.Change(now, by, What.SILENCE, silence.rule_id or EVERY_RULE, entry, None)
    return preferences.changed(connection, change, f"silence/{silence.id}")
