"""Names of teams and models while somebody types a question into a form."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from bot.core.access import Asker
from bot.core.question import Dimension, Subject, written
from bot.core.typeahead import Suggestion, fitting
from bot.services.configuration import in_force
from bot.services.figures.names import Names
from bot.store import ledger
from bot.store.database import Database


class Typeahead:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def suggest(self, typed: str) -> dict[Subject, tuple[Suggestion, ...]]:
        """Teams and models that begin with what is typed, then those that hold it, else the nearest ones."""
        return await self._database.read(_suggested, typed)

    async def examples(self, asker: Asker) -> tuple[str, ...]:
        """Questions to begin with, about a team of the asker's own if they have one."""
        return await self._database.read(_examples, asker)


def _examples(connection: Connection, asker: Asker) -> tuple[str, ...]:
    teams = in_force(connection).teams
    own = (team for team in teams if asker.is_one_of(team.owners))
    team = next(own, next(iter(teams), None))
    name = written(Subject.TEAM, team.id) if team else ""
    about = (f"team {name}", f"why team {name} last week") if team else ()
    return (*about, "summary", "teams last month", "models last 30 days")


def _suggested(connection: Connection, typed: str) -> dict[Subject, tuple[Suggestion, ...]]:
    names = Names.read(connection)
    teams = _called(Subject.TEAM, names.team_ids(), names, Dimension.TEAM)
    models = _called(Subject.MODEL, ledger.names(connection, Dimension.MODEL), names, Dimension.MODEL)
    return {Subject.TEAM: fitting(teams, typed), Subject.MODEL: fitting(models, typed)}


def _called(subject: Subject, ids: Iterable[str], names: Names, dimension: Dimension) -> list[Suggestion]:
    return [Suggestion(names.of(dimension, id_), f"{subject} {written(subject, id_)}") for id_ in ids]
