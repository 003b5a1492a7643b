"""Digests: which occurrence is due, what it says as of its own moment, and that it is posted once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.answers import digest as digest_answer
from bot.answers import spend
from bot.answers.answer import Answer
from bot.answers.pieces import Plan
from bot.core.errors import BotError, NotFound, SettingsError
from bot.core.nearest import nearest
from bot.core.periods import Period, Unit, days_later, local_date, midnight, month_to_date
from bot.core.question import Dimension, Question, Subject
from bot.core.schedule import Digest, Occurrence, newest_due, occurrence_on
from bot.services.configuration import in_force
from bot.services.deliver import Deliverer, Message
from bot.services.figures.findings import gather
from bot.services.figures.list_range import ranged
from bot.services.figures.names import Names
from bot.services.figures.view import Coverage
from bot.store import deliveries, preferences
from bot.store.database import Database

COURSE_DAYS = 14
"""How far back the picture of a digest goes."""


@dataclass(frozen=True, slots=True)
class Built:
    """A digest as it will be read, and which occurrence it is."""

    occurrence: Occurrence
    answer: Answer


class Digests:
    def __init__(self, database: Database, deliverer: Deliverer | None, zone: str) -> None:
        self._database = database
        self._deliverer = deliverer
        self._zone = zone

    async def run(self, now: datetime) -> int:
        """Post every digest that is due, each once over all replicas; returns how many went out."""
        deliverer = self._slack()
        keys = await self._database.write(_owe_due, now, self._zone)
        return sum([await deliverer.send(key, self._message, now) for key in keys])

    async def post(self, name: str, at: datetime, now: datetime) -> bool:
        """Post one digest's newest occurrence as of `at`, unless it was posted already: then False.

        Raises BotError with the reason why it could not be posted.
        """
        deliverer = self._slack()
        occurrence = await self._database.read(newest_occurrence, name, at, self._zone)
        await self._database.write(_owe_once_more, occurrence.key, now)
        posted = await deliverer.send(occurrence.key, self._message, now)
        delivery = await self._database.read(deliveries.find, occurrence.key)
        if delivery and delivery.state in (deliveries.State.WAITING, deliveries.State.FAILED):
            raise BotError(delivery.error)
        return posted

    async def preview(self, name: str, at: datetime) -> Built:
        """The digest as of `at`; nothing is posted or remembered."""
        return await self._database.read(self._built, name, at)

    def _built(self, connection: Connection, name: str, at: datetime) -> Built:
        occurrence = newest_occurrence(connection, name, at, self._zone)
        return Built(occurrence, build(connection, occurrence, self._zone))

    def _slack(self) -> Deliverer:
        """Asked for before anything is owed: what is owed here, another process would send later."""
        if self._deliverer is None:
            raise SettingsError("There is no Slack to post to: set SLACK_BOT_TOKEN.")
        return self._deliverer

    async def _message(self, key: str) -> Message:
        return await self._database.read(_message_for, key, self._zone)


def newest_occurrence(connection: Connection, name: str, at: datetime, zone: str) -> Occurrence:
    """The occurrence of the digest that was due last, as of `at`."""
    digest = _find(connection, name, zone)
    occurrence = newest_due(digest, since=at - timedelta(days=62), now=at)
    if occurrence is None:
        raise NotFound(f"The digest {name} has had no occurrence in the two months before {at:%Y-%m-%d}.")
    return occurrence


def build(connection: Connection, occurrence: Occurrence, zone: str) -> Answer:
    """The digest's text for the instant it is about, whenever it is sent."""
    names = Names.read(connection)
    coverage = Coverage.read(connection, occurrence.due)
    period = occurrence.period(occurrence.digest.zone or zone)
    team = occurrence.digest.team
    subject = Subject.TEAM if team else Subject.SUMMARY
    question = Question(subject, team, period, None, None, _beside(period), share=False, text="")
    found = names.find(connection, question)
    plan = Plan(spend.PLANS[subject].by if team else Dimension.TEAM, trend=True)
    findings = gather(connection, question, found, names, plan, coverage, zone)
    findings = ranged(connection, findings, found.selection, coverage)
    fortnight = midnight(local_date(period.end, period.zone) - timedelta(days=COURSE_DAYS), period.zone)
    course = replace(period, start=min(period.start, fortnight))
    days = gather(connection, replace(question, period=course), found, names, plan, coverage, zone).trend
    so_far = month_to_date(now=period.end - timedelta(seconds=1), zone=period.zone).until(period.end)
    month = gather(connection, replace(question, period=so_far, versus=None), found, names, plan, coverage, zone)
    return digest_answer.answer(replace(findings, trend=days), month.report, found.name, occurrence)


def _beside(period: Period) -> Period | None:
    """A day is compared with the same weekday a week before: a Monday against a Sunday would always be news."""
    if period.unit is not Unit.DAY:
        return None
    before = days_later(period, -7)
    day = local_date(before.start, before.zone)
    return replace(before, label=f"{day:%A} {day.day} {day:%B}")


def _owe_due(connection: Connection, now: datetime, zone: str) -> list[str]:
    """Note the newest due occurrence of every digest, then everything digests still owe.

    An older occurrence that could not be posted until now is dropped: after a downtime one message, not a pile.
    """
    newest: dict[str, str] = {}
    for digest in _digests(connection, zone).values():
        since = preferences.first_time(connection, f"digest/{digest.id}", now)
        occurrence = newest_due(digest, since=since, now=now)
        if occurrence:
            deliveries.owe(connection, occurrence.key, now)
            newest[digest.id] = occurrence.key
    owed = [key for key in deliveries.due(connection, now) if key.startswith("digest/")]
    for key in owed:
        if key < newest.get(key.split("/")[1], ""):
            deliveries.skipped(connection, key, now, "A newer occurrence took its place.")
    return [key for key in owed if key >= newest.get(key.split("/")[1], "")]


def _owe_once_more(connection: Connection, key: str, now: datetime) -> None:
    deliveries.owe(connection, key, now)
    deliveries.try_again(connection, key, now)


def _message_for(connection: Connection, key: str, zone: str) -> Message:
    _, name, day = key.split("/")
    digest = _find(connection, name, zone)
    occurrence = occurrence_on(digest, date.fromisoformat(day))
    if occurrence is None:
        raise NotFound(f"The digest {name} no longer has an occurrence on {day}.")
    return Message(build(connection, occurrence, zone), channel=digest.channel)


def _digests(connection: Connection, zone: str) -> dict[str, Digest]:
    """Every digest in force, by id; `zone` is for those that name none."""
    configuration = in_force(connection)
    return {digest.id: digest.in_zone(zone) for digest in configuration.digests} if configuration else {}


def _find(connection: Connection, name: str, zone: str) -> Digest:
    digests = _digests(connection, zone)
    if name in digests:
        return digests[name]
    if not digests:
        raise NotFound("No digest is configured. Add one under `digests:` and run `claude-usage config apply`.")
    raise NotFound(f"There is no digest “{name}”. The closest are: {', '.join(nearest(name, digests, cutoff=0.0))}.")
