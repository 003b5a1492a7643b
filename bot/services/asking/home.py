"""App Home: gathers one person's teams, budgets, alerts and digests, and what is in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.answers import home as home_answer
from bot.answers.answer import Answer
from bot.answers.home import Home, InForce, TeamMonth
from bot.core.access import Asker
from bot.core.directory import family
from bot.core.errors import Withheld
from bot.core.money import ZERO
from bot.core.periods import Period
from bot.core.question import Dimension, Question, Subject
from bot.core.said_periods import month_to_date
from bot.core.schedule import Digest
from bot.services.asking import outlook
from bot.services.asking.alerting import open_ones
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.names import Names
from bot.services.figures.recognition import Recognition
from bot.services.figures.view import Coverage, View
from bot.store import preferences
from bot.store.database import Database

MOST_TEAMS = 12
MOST_ALERTS = 10
MOST_DIGESTS = 10


class Homes:
    """`zone` is where people count their days unless the configuration says another."""

    def __init__(self, database: Database, zone: str, recognition: Recognition) -> None:
        self._database = database
        self._zone = zone
        self._recognition = recognition

    async def answer(self, now: datetime, asker: Asker) -> Answer:
        """What this person's Home shows as of `now`."""
        known = await self._recognition.by_every_name(asker)
        return await self._database.read(_answered, now, self._zone, known)


def _answered(connection: Connection, now: datetime, zone: str, asker: Asker) -> Answer:
    names, coverage = Names.read(connection), Coverage.read(connection, now)
    month = coverage.cut(month_to_date(now=now, zone=names.zone(zone)))
    asked = Inquiry(connection, _question(Subject.SUMMARY, None, month), now, zone, asker)
    owned = names.configuration.owned(asker.names)
    ids = owned or _largest(asked)
    configured = bool(names.configuration.teams)
    shown = ids[:MOST_TEAMS] if configured else []
    within = frozenset().union(*(family(id_, names.configuration.teams) for id_ in ids))
    return home_answer.answer(
        Home(
            owner=bool(owned),
            teams=tuple(_team(asked, id_) for id_ in shown),
            hidden=len(ids) - len(shown) if configured else 0,
            before=month.previous().label,
            alerts=open_ones(asked, within, whole=True)[:MOST_ALERTS],
            digests=tuple(_digests(names, within, asker))[:MOST_DIGESTS],
            in_force=_in_force(connection, names, asked.here),
            data_through=coverage.data_through,
        )
    )


def _largest(asked: Inquiry) -> list[str]:
    """Every team, the one that costs most first."""
    whole = View(asked.connection, asked.names.selection(), asked.coverage)
    spent = whole.by(Dimension.TEAM, asked.question.period)
    costs = {id_: figures.billed_cost or ZERO for id_, figures in spent.items()}
    return sorted(asked.names.team_ids(), key=lambda id_: costs.get(id_, ZERO), reverse=True)


def _question(subject: Subject, name: str | None, period: Period) -> Question:
    return Question(subject, name, period, None, None, None, share=False, text="")


def _team(asked: Inquiry, team: str) -> TeamMonth:
    names, coverage, sight = asked.names, asked.coverage, asked.sight
    month = asked.question.period
    found, before = names.find(asked.connection, _question(Subject.TEAM, team, month)), month.previous()
    view = asked.view_of(found)
    try:
        sight.allow(found, month, coverage)
        sight.allow(found, before, coverage)
    except Withheld:
        return TeamMonth(team, found.name, None, None, withheld=True)
    budgets = outlook.standings(names, found, view, month.zone, sight)
    return TeamMonth(team, found.name, view.total(month).billed_cost, view.total(before).billed_cost, budgets)


def _digests(names: Names, teams: frozenset[str], asker: Asker) -> Sequence[tuple[Digest, str]]:
    """Those to the asker, about one of these teams or sent to its channel, then those about everything."""
    channels = {team.channel for team in names.configuration.teams if team.id in teams and team.channel}
    digests = names.configuration.digests
    to_me = [one for one in digests if one.to and asker.is_one_of((one.to,))]
    public = [one for one in digests if one.channel]
    mine = to_me + [one for one in public if one.team in teams or one.channel in channels]
    whole = [one for one in public if one.team is None and one not in mine]
    return [(one, _about(names, one)) for one in (*mine, *whole)]


def _about(names: Names, digest: Digest) -> str:
    if digest.own:
        return "your own use"
    return names.of(Dimension.TEAM, digest.team) if digest.team else names.organization


def _in_force(connection: Connection, names: Names, zone: str) -> InForce:
    applied = preferences.newest_file(connection)
    configuration = names.configuration
    return InForce(
        zone,
        configuration.admins,
        configuration.people_data,
        applied.name if applied else "",
        applied.applied_at if applied else None,
    )
