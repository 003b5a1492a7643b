"""Check, apply and export what people configure; a change of teams rebuilds the ledger it touches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection

from bot.core.configuration import Configuration
from bot.core.configuration.file import parse
from bot.core.configuration.merged import SLACK, Merged, What, merged
from bot.core.directory import Directory, Ownership, Precision
from bot.core.errors import ConfigError
from bot.core.usage import CONSOLE
from bot.store import directory as directories
from bot.store import memory, preferences
from bot.store.upsert import lock


@lru_cache(maxsize=8)
def _parsed(body: str, name: str) -> Configuration:
    return parse(body, name=name)


def in_force(connection: Connection) -> Configuration:
    """The configuration that holds now, of the file and of Slack together; an empty one before the first."""

    def newest() -> Configuration:
        applied = preferences.newest(connection)
        return _parsed(applied.body, applied.name) if applied else Configuration()

    return memory.remembered(connection, "configuration", newest)


def zone_in_force(connection: Connection, otherwise: str) -> str:
    """The time zone in which people count days: the configuration's, else the setting's."""
    return in_force(connection).timezone or otherwise


def check(connection: Connection | None, text: str, name: str) -> Configuration:
    """Read a configuration file; ConfigError lists every mistake with its line and what to do.

    With a database, two teams that claim the same workspace, key or person of the real organisation are a mistake too.
    """
    configuration = parse(text, name=name)
    unclear = ties(directories.read_all(connection), configuration) if connection is not None else []
    if unclear:
        raise ConfigError("\n".join(f"{name}: {tie}" for tie in unclear))
    return configuration


@dataclass(frozen=True, slots=True)
class Change:
    """What `apply` did, one sentence a line; empty when the file was in force already."""

    lines: tuple[str, ...]
    ownership: bool
    """Who owns what changed, so the ledger has to be rebuilt."""
    rules: tuple[str, ...] = ()
    """The alert rules that are new or say something else."""


def apply(connection: Connection, text: str, name: str, now: datetime) -> Change:
    """Put a file in force, with what was configured in Slack beside it; the second time changes nothing."""
    lock(connection, "configuration")
    check(connection, text, name)
    applied = preferences.newest_file(connection)
    if applied is not None and applied.body == text:
        return Change((), ownership=False)
    before = in_force(connection)
    whole = beside(connection, text, name)
    preferences.apply(connection, name, whole.text, now, file=text)
    after = whole.configuration
    lines = [
        *_differences(before, after),
        *(f"{what} {id_} of Slack: {why}" for (what, id_), why in whole.aside.items()),
    ]
    rules = tuple(rule.id for rule in after.rules if rule not in before.rules)
    return Change(tuple(lines), ownership=before.teams != after.teams, rules=rules)


def beside(connection: Connection, text: str | None = None, name: str = SLACK) -> Merged:
    """The file that was applied last, or this one, with as much of Slack's as holds beside it."""
    if text is None:
        applied = preferences.newest_file(connection)
        text, name = (applied.body, applied.name) if applied else ("", name)
    kept = preferences.kept(connection)
    whole = merged(text, name, kept)
    claims = [one for one in kept if one.what is What.CLAIM and one.key not in whole.aside]
    organizations = directories.read_all(connection) if claims else []
    if not ties(organizations, whole.configuration):
        return whole
    # What the organisation's names show only now: the file's claim came first, and of two in Slack the older one.
    without = [one for one in kept if one not in claims]
    aside = dict(whole.aside)
    for claim in sorted(claims, key=lambda one: one.at):
        found = ties(organizations, merged(text, name, [*without, claim]).configuration)
        if found:
            aside[claim.key] = found[0]
        else:
            without.append(claim)
    return replace(merged(text, name, without), aside=aside)


def export(connection: Connection) -> str | None:
    """The text that is in force: the file as it was applied, and in it what was configured in Slack."""
    applied = preferences.newest(connection)
    return applied.body if applied else None


def ties(organizations: Iterable[Directory], configuration: Configuration) -> list[str]:
    """What two teams claim with equal precision in the real organisation, one sentence each."""
    found = set()
    for directory in organizations:
        ownership = Ownership(directory, configuration.teams)
        places = [(key.workspace_id, key.id, f'key "{key.name}"') for key in directory.api_keys.values()]
        places += [(space.id, CONSOLE, f'workspace "{space.name}"') for space in directory.workspaces.values()]
        claimed = [(what, ownership.ties(workspace_id, key_id)) for workspace_id, key_id, what in places]
        people = _people(ownership)
        for actor in (*directory.members, *directory.service_accounts):
            claimed.append((f'user "{directory.actor_names(actor)[-1]}"', people.ties("", CONSOLE, actor)))
        for what, teams in claimed:
            if teams:
                names = " and ".join(f'"{team}"' for team in teams)
                found.add(f"{what} is claimed by {names} with equal precision. Let one of them name it more exactly.")
    return sorted(found)


def _people(ownership: Ownership) -> Ownership:
    """The same with the claims of people and service accounts alone: those hold wherever they call from."""
    users = [
        replace(team, matches=tuple(match for match in team.matches if match.precision is Precision.USER))
        for team in ownership.teams
    ]
    return replace(ownership, teams=users)


def _differences(before: Configuration, after: Configuration) -> list[str]:
    lines = []
    kinds = (
        ("team", {team.id: team for team in before.teams}, {team.id: team for team in after.teams}),
        ("budget", {budget.id: budget for budget in before.budgets}, {budget.id: budget for budget in after.budgets}),
        ("digest", {digest.id: digest for digest in before.digests}, {digest.id: digest for digest in after.digests}),
        ("alert", {rule.id: rule for rule in before.rules}, {rule.id: rule for rule in after.rules}),
    )
    for kind, old, new in kinds:
        lines += [f"{kind} {id_}: added" for id_ in new if id_ not in old]
        lines += [f"{kind} {id_}: changed" for id_ in new if id_ in old and old[id_] != new[id_]]
        lines += [f"{kind} {id_}: removed" for id_ in old if id_ not in new]
    for field in ("timezone", "admins", "people_data", "quiet_hours"):
        if getattr(before, field) != getattr(after, field):
            lines.append(f"{field}: changed")
    return lines
