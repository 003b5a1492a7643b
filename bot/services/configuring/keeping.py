"""One thing configured in Slack is made, changed or removed: allowed, checked, in force and written down at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core.access import Asker
from bot.core.authority import authority
from bot.core.configuration import Configuration
from bot.core.configuration.merged import SECTIONS, SLACK, Entry, Merged, Preference, What, merged, mistakes
from bot.core.configuration.splice import held
from bot.core.errors import FormRefused, NotTheirs
from bot.services.configuration import beside, ties
from bot.services.syncing.rebuild import rebuild_everything
from bot.store import directory as directories
from bot.store import preferences
from bot.store.upsert import lock

ID = "id"
"""The field that everything stands under which belongs to no other."""
_WHOSE = re.compile(r'^("\w+" of )+\w+ "[^"]*" ')
_GONE = "Somebody has removed this meanwhile. Open it again."
_CHANGED = "Somebody has changed this meanwhile. Open it again, so that nothing of theirs is lost."


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it came back: by whom, and from which form, which changes something once."""

    asker: Asker
    by: str
    """Their Slack user id."""
    form: str
    now: datetime


def keep(
    connection: Connection, what: What, id_: str, entry: Entry, sent: Sent, *, seen: datetime | None = None
) -> bool:
    """Put one thing in force; whether this form had not done so before.

    `seen`: when what is being changed was changed last; None makes something new. Raises NotTheirs, and FormRefused
    with what is wrong by the key of the entry it is wrong with.
    """
    lock(connection, "configuration")
    whole = beside(connection)
    before = _find(connection, what, id_)
    _allowed(whole.configuration, sent, what, id_, entry)
    if before:
        _allowed(whole.configuration, sent, what, id_, before.entry)
    change = preferences.Change(sent.now, sent.by, what, id_, before.entry if before else None, entry)
    if not preferences.changed(connection, change, sent.form):
        return False
    if (before.at if before else None) != seen:
        raise FormRefused({ID: _CHANGED if before else _GONE})
    one = Preference(what, id_, entry, sent.now, sent.by)
    _check(connection, whole, one, is_new=before is None)
    preferences.keep(connection, one)
    _in_force(connection, whole.configuration, sent.now)
    return True


def drop(connection: Connection, what: What, id_: str, sent: Sent) -> bool:
    """Take one thing out of force; whether it was there and this form had not done so before. Raises NotTheirs."""
    lock(connection, "configuration")
    before = _find(connection, what, id_)
    if before is None:
        return False
    configuration = beside(connection).configuration
    _allowed(configuration, sent, what, id_, before.entry)
    change = preferences.Change(sent.now, sent.by, what, id_, before.entry, None)
    if not preferences.changed(connection, change, sent.form):
        return False
    preferences.drop(connection, what, id_)
    _in_force(connection, configuration, sent.now)
    return True


def check(connection: Connection, what: What, id_: str, entry: Entry, sent: Sent) -> None:
    """Raise what `keep` would for something new or changed; nothing is written."""
    whole = beside(connection)
    _allowed(whole.configuration, sent, what, id_, entry)
    before = _find(connection, what, id_)
    _check(connection, whole, Preference(what, id_, entry, sent.now, sent.by), is_new=before is None)


def trial(connection: Connection, what: What, id_: str, entry: Entry, now: datetime) -> Configuration:
    """What would be in force with this one thing more, for looking at what it would do."""
    applied = preferences.newest_file(connection)
    others = [one for one in preferences.kept(connection) if one.key != (what, id_)]
    text, name = (applied.body, applied.name) if applied else ("", SLACK)
    return merged(text, name, [*others, Preference(what, id_, entry, now, "")]).configuration


def free_id(connection: Connection, what: What, wish: str) -> str:
    """An id that neither the file nor Slack has taken: the wish, or the wish with a number."""
    applied = preferences.newest_file(connection)
    taken = {one.id for one in preferences.kept(connection) if one.what is what}
    if what in SECTIONS and applied:
        taken |= held(applied.body)[SECTIONS[what]]
    return next(id_ for n in range(1, len(taken) + 2) if (id_ := wish if n == 1 else f"{wish}-{n}") not in taken)


def _find(connection: Connection, what: What, id_: str) -> Preference | None:
    return next((one for one in preferences.kept(connection) if one.key == (what, id_)), None)


def _allowed(configuration: Configuration, sent: Sent, what: What, id_: str, entry: Entry) -> None:
    found = authority(configuration, sent.asker, what, id_, entry)
    if not found:
        raise NotTheirs(found.value)


def _check(connection: Connection, whole: Merged, one: Preference, *, is_new: bool) -> None:
    """Whether it holds together with everything else, in the configuration and in the real organisation."""
    base = whole
    if not is_new:
        applied = preferences.newest_file(connection)
        others = [other for other in preferences.kept(connection) if other.key != one.key]
        base = merged(applied.body if applied else "", applied.name if applied else SLACK, others)
    wrong = mistakes(base, SLACK, one)
    if wrong:
        raise FormRefused({key: _plainly(sentences) for key, sentences in wrong.items()})
    after = trial(connection, one.what, one.id, one.entry, one.at)
    if one.what is What.OWNERS and (team := after.team(one.id)) and team.owners != tuple(one.entry["owners"]):  # type: ignore[arg-type]
        raise FormRefused({"owners": "The configuration file names the owners of this team, and those count."})
    if one.what is What.CLAIM:
        organizations = directories.read_all(connection)
        tied = set(ties(organizations, after)) - set(ties(organizations, base.configuration))
        if tied:
            raise FormRefused({"team": min(tied)})


def _plainly(sentences: str) -> str:
    """A mistake of the file's reader, as it reads under the field itself."""
    said = _WHOSE.sub("", sentences)
    return said[:1].upper() + said[1:]


def _in_force(connection: Connection, before: Configuration, now: datetime) -> None:
    """Put the file and Slack's together anew, and make the ledger anew where something changed hands."""
    applied = preferences.newest_file(connection)
    whole = beside(connection)
    preferences.apply(connection, applied.name if applied else SLACK, whole.text, now)
    if _matches(before) != _matches(whole.configuration):
        rebuild_everything(connection)


def _matches(configuration: Configuration) -> list[object]:
    return [(team.id, team.parent, team.matches) for team in configuration.teams]
