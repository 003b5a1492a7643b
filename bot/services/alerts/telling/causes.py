"""One cause, one message: the narrowest scope that explains what is unusual in wider ones is what is told."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from bot.core.alerts.episode import Episode
from bot.core.alerts.reason import Reason
from bot.core.alerts.rule import Kind, Target
from bot.core.alerts.unusual import NOTICE
from bot.core.configuration import Configuration
from bot.core.directory import family
from bot.core.question import Dimension
from bot.services.alerts.telling.about import teams_of
from bot.store import directory, ledger
from bot.store.alerts import episodes
from bot.store.ledger import Selection

EXPLAINS = 0.7
"""Of what is unusual in a wider scope: from here on, the narrower one is what it is."""
_WIDTH = {"key": 0, "workspace": 1, "team": 2, "model": 3, None: 4}
_DAY = timedelta(days=1)


def explanation(connection: Connection, configuration: Configuration, episode: Episode) -> Episode | None:
    """The episode that tells the same as this one: of a narrower scope, or of the same one by an earlier rule."""
    found = [one for one in _beside(connection, episode) if _explains(connection, configuration, one, episode)]
    return min(found, key=lambda one: (width(one), one.id), default=None)


def explained(connection: Connection, configuration: Configuration, episode: Episode) -> list[Episode]:
    """The episodes that tell the same as this one, of wider scopes."""
    return [one for one in _beside(connection, episode) if _explains(connection, configuration, episode, one)]


def width(episode: Episode) -> int:
    """How wide its scope is: of two that tell the same, the narrower one is told."""
    return _WIDTH.get(Target.of(episode.scope).kind, 9)


def _beside(connection: Connection, episode: Episode) -> list[Episode]:
    """The other anomalies of the same hours."""
    if episode.kind is not Kind.ANOMALY:
        return []
    return [
        other
        for other in episodes.newest_of_all(connection)
        if other.kind is Kind.ANOMALY and other.id != episode.id and _together(other, episode)
    ]


def _together(one: Episode, other: Episode) -> bool:
    """Whether they are about the same hours, give or take one."""
    hour = timedelta(hours=1)
    lasts = one.open or (one.resolved_at is not None and one.resolved_at > other.fired_at - _DAY)
    return lasts and one.since - hour < other.last_window and other.since - hour < one.last_window


def _explains(connection: Connection, configuration: Configuration, narrow: Episode, wide: Episode) -> bool:
    if not _alike(narrow, wide):
        return False
    inside, outside = Target.of(narrow.scope), Target.of(wide.scope)
    if inside == outside:
        return narrow.id < wide.id  # two rules, or two metrics, saw the same
    if width(narrow) > width(wide):
        return False
    if _part(narrow) < EXPLAINS * _part(wide):
        return False
    return _within(connection, configuration, inside, outside, narrow)


def _alike(narrow: Episode, wide: Episode) -> bool:
    """Whether the one may be what the other is: what is said once is only explained by the same, and an alarm also by
    somebody who has begun to spend."""
    if wide.rule_id.startswith(NOTICE):
        return narrow.rule_id.startswith(NOTICE) and narrow.resolved_because == wide.resolved_because
    return not narrow.rule_id.startswith(NOTICE) or narrow.resolved_because == Reason.NEW_SPENDER


def _part(episode: Episode) -> int:
    """How much is unusual."""
    return abs(episode.value - (episode.expected or 0))


def _within(
    connection: Connection, configuration: Configuration, inside: Target, outside: Target, narrow: Episode
) -> bool:
    """Whether what the one spends is (mostly) spent by the other too."""
    if outside.kind is None:
        return True
    if outside.kind == "team":
        if inside.kind == "team":
            return inside.id in family(outside.id, configuration.teams)
        if inside.kind in ("key", "workspace"):
            return outside.id in teams_of(connection, configuration, inside)
    if outside.kind == "workspace" and inside.kind == "key":
        keys = [one.api_keys.get(inside.id) for one in directory.read_all(connection)]
        return any(key is not None and key.workspace_id == outside.id for key in keys)
    if outside.kind == "model":
        return _mostly(connection, inside, outside, narrow)
    return False


def _mostly(connection: Connection, inside: Target, outside: Target, narrow: Episode) -> bool:
    """Whether a model is most of what somebody used in those days."""
    chosen = {
        "key": Selection(keys=frozenset({inside.id})),
        "workspace": Selection(workspaces=frozenset({inside.id})),
        "team": Selection(teams=frozenset({inside.id})),
    }.get(inside.kind or "")
    if chosen is None:
        return False
    sums = ledger.figures(
        connection, narrow.since.date(), narrow.last_window.date() + _DAY, selection=chosen, by=Dimension.MODEL
    )
    tokens = {model: figures.total_tokens or 0 for model, figures in sums.items()}
    return tokens.get(outside.id, 0) >= EXPLAINS * max(1, sum(tokens.values()))
