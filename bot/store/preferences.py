"""What people configured, in the file and in Slack, with its history, and the instants the bot must remember."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from bot.core.configuration.merged import Entry, Preference, What
from bot.store.memory import renew
from bot.store.tables import ChangeRow, ConfigurationRow, Milestone, PreferenceRow, table
from bot.store.upsert import insert_new, upsert

_configuration = table(ConfigurationRow)
_preference = table(PreferenceRow)
_change = table(ChangeRow)
_milestone = table(Milestone)


@dataclass(frozen=True, slots=True)
class Applied:
    """A configuration as it was put in force: `body` is the file's text with what was configured in Slack."""

    id: int
    applied_at: datetime
    name: str
    body: str


def newest(connection: Connection) -> Applied | None:
    """The configuration in force; None before the first."""
    row = connection.execute(select(_configuration).order_by(_configuration.c.id.desc()).limit(1)).first()
    return Applied(row.id, row.applied_at, row.name, row.body) if row is not None else None


def applied(connection: Connection, id_: int) -> Applied | None:
    """A configuration of the history by its number."""
    row = connection.execute(select(_configuration).where(_configuration.c.id == id_)).first()
    return Applied(row.id, row.applied_at, row.name, row.body) if row is not None else None


def newest_file(connection: Connection) -> Applied | None:
    """The file that was applied last, as it was written; None before the first."""
    query = select(_configuration).where(_configuration.c.file.is_not(None))
    row = connection.execute(query.order_by(_configuration.c.id.desc()).limit(1)).first()
    return Applied(row.id, row.applied_at, row.name, row.file) if row is not None else None


def apply(connection: Connection, name: str, body: str, now: datetime, *, file: str | None = None) -> None:
    """Put a text in force; `file` is the file it was made of, if one was applied."""
    connection.execute(insert(_configuration).values(applied_at=now, name=name, body=body, file=file))
    renew(connection, "configuration")


def kept(connection: Connection) -> list[Preference]:
    """Everything configured in Slack, in force or not."""
    query = select(_preference).order_by(_preference.c.kind, _preference.c.id)
    return [
        Preference(What(row.kind), row.id, json.loads(row.entry), row.changed_at, row.changed_by)
        for row in connection.execute(query)
    ]


def keep(connection: Connection, one: Preference) -> None:
    row = {"kind": one.what, "id": one.id, "entry": _json(one.entry), "changed_at": one.at, "changed_by": one.by}
    upsert(connection, _preference, [row])


def drop(connection: Connection, what: What, id_: str) -> None:
    connection.execute(delete(_preference).where(_preference.c.kind == what, _preference.c.id == id_))


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the log: who changed what in Slack, and how it was before and is since; None: not there."""

    at: datetime
    by: str
    what: What
    id: str
    before: Entry | None
    after: Entry | None


def changed(connection: Connection, change: Change, form: str) -> bool:
    """Write a change down, with the form it came from; whether that form had not changed anything before."""
    row = {"at": change.at, "by": change.by, "kind": change.what, "name": change.id, "form": form}
    row |= {"before": change.before and _json(change.before), "after": change.after and _json(change.after)}
    return bool(insert_new(connection, _change, [row]))


def changes(connection: Connection, most: int) -> list[Change]:
    """The newest changes, the newest first."""
    rows = connection.execute(select(_change).order_by(_change.c.id.desc()).limit(most))
    return [
        Change(
            *(row.at, row.by, What(row.kind), row.name),
            row.before and json.loads(row.before),
            row.after and json.loads(row.after),
        )
        for row in rows
    ]


def _json(entry: Entry) -> str:
    return json.dumps(entry, ensure_ascii=False)


def first_time(connection: Connection, name: str, now: datetime) -> datetime:
    """When something first happened: now, unless it is remembered from before."""
    insert_new(connection, _milestone, [{"name": name, "at": now}])
    at: datetime = connection.execute(select(_milestone.c.at).where(_milestone.c.name == name)).scalar_one()
    return at
