"""What an episode is about, as the configuration has it now: its rule, whom it belongs to, who is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.core.alerts.budgets import BUDGET, FORECAST
from bot.core.alerts.episode import Episode
from bot.core.alerts.rule import ADMINS, OWNERS, Kind, Rule, Severity, Target
from bot.core.alerts.unusual import NOTICE
from bot.core.calls.owners import CallOwners, Said
from bot.core.configuration import Configuration
from bot.core.receivers import levels, line
from bot.store import directory
from bot.store.calls import names
from bot.store.ledger import owners


@dataclass(frozen=True, slots=True)
class About:
    """What an episode is about, as the configuration has it now."""

    rule: Rule | None
    severity: Severity
    notify: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    teams: tuple[str, ...]
    """Whom its scope belongs to, the nearest first."""


def about(connection: Connection, configuration: Configuration, episode: Episode) -> About:
    """The rule, receivers and teams of an episode."""
    rule = rule_of(configuration, episode)
    severity = rule.severity if rule else Severity.WARNING
    if episode.rule_id.startswith(NOTICE):
        severity = Severity.INFO
    notify = rule.notify if rule else (ADMINS,) if episode.kind is Kind.SOURCE else (OWNERS,)
    teams = teams_of(connection, configuration, Target.of(episode.scope))
    return About(rule, severity, notify, levels(configuration, notify, teams), teams)


def rule_of(configuration: Configuration, episode: Episode) -> Rule | None:
    """The rule behind an episode; None for a budget's, a source's, and one whose rule is gone."""
    wanted = episode.rule_id.removeprefix(NOTICE)
    return next((rule for rule in configuration.rules if rule.id == wanted), None)


def gone(configuration: Configuration, episode: Episode) -> bool:
    """Whether what an episode is about is not configured any more."""
    if episode.kind is Kind.SOURCE:
        return False
    if episode.kind in (Kind.BUDGET, Kind.FORECAST):
        id_ = episode.rule_id.removeprefix(BUDGET).removeprefix(FORECAST)
        return all(budget.id != id_ for budget in configuration.budgets)
    team = Target.of(episode.scope).team
    return rule_of(configuration, episode) is None or (team is not None and configuration.team(team) is None)


def teams_of(connection: Connection, configuration: Configuration, target: Target) -> tuple[str, ...]:
    """The team that a target belongs to, and those above it; nobody's for the whole organisation and for models.

    A key that Anthropic has not reported yet, and a feature, are whose calls most of their series are.
    """
    if target.team is not None:
        return line(configuration, target.team)
    if target.kind in ("key", "workspace"):
        team = owners.largest(connection, target.kind, [target.id]) or owners.largest(
            connection, target.kind, _called(connection, target)
        )
        if team:
            return line(configuration, team)
    if target.kind in ("key", "feature"):
        team = _calls_most(connection, configuration, target)
        return line(configuration, team) if team else ()
    return ()


def _called(connection: Connection, target: Target) -> list[str]:
    """The ids of what the file calls by its name."""
    name, known = target.id.casefold(), directory.read_all(connection)
    if target.kind == "key":
        return [key.id for one in known for key in one.api_keys.values() if key.name.casefold() == name]
    return [space.id for one in known for space in one.workspaces.values() if space.name.casefold() == name]


def _calls_most(connection: Connection, configuration: Configuration, target: Target) -> str | None:
    called = CallOwners(configuration.teams, directory.read_all(connection))
    teams = Counter(
        called.team(Said(series.bound_team, series.team, series.api_key, series.caller), since.date())
        for series, since in names.series(connection).values()
        if names.name(series, target.kind or "") == target.id
    )
    return next((team for team, _ in teams.most_common() if configuration.team(team) is not None), None)
