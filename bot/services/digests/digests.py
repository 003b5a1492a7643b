"""Digests: which occurrence is due, and that it is posted once, with its details in the thread."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.core.access import NOBODY, Asker
from bot.core.errors import BotError, NotFound, SettingsError
from bot.core.nearest import closest, nearest
from bot.core.schedule import Digest, Occurrence, newest_due, occurrence_on
from bot.services.configuration import in_force
from bot.services.deliver import Deliverer, Message
from bot.services.digests.building import Built, build
from bot.services.figures.recognition import Recognition
from bot.store import preferences
from bot.store.database import Database
from bot.store.messages import deliveries
from bot.store.messages.deliveries import Owed

KIND = "digest/"
_DETAILS = "/details"
_MOST_KEPT = 32
_A_YEAR = timedelta(days=400)


class Digests:
    def __init__(
        self,
        database: Database,
        deliverer: Deliverer | None,
        zone: str,
        recognition: Recognition | None = None,
    ) -> None:
        self._database = database
        self._deliverer = deliverer
        self._zone = zone
        self._recognition = recognition or Recognition()
        self._resting = False
        self._for_threads: dict[str, Built] = {}
        """What was posted just now: its details follow at once, and need not be gathered again."""

    async def run(self, now: datetime) -> int:
        """Post every digest that is due, each once over all replicas, and tell the admins where none can arrive.

        Returns how many went out.
        """
        deliverer = self._slack()
        owed = await self._database.write(_owe_due, now, self._zone)
        posted = await deliverer.send_all(owed, self._message, now, stopping=lambda: self._resting)
        await deliverer.tell_admins(now)
        return posted

    def rest(self) -> None:
        """The process stops: post what is under way, and leave the rest to others."""
        self._resting = True

    async def post(self, name: str, at: datetime, now: datetime) -> bool:
        """Post one digest's newest occurrence as of `at`, unless it was posted already: then False.

        Raises BotError with the reason why it could not be posted.
        """
        deliverer = self._slack()
        occurrence = await self._database.read(newest_occurrence, name, at, self._zone)
        await self._database.write(_owe_once_more, occurrence, now)
        posted = await deliverer.send(occurrence.key, self._message, now)
        delivery = await self._database.read(deliveries.find, occurrence.key)
        if delivery and delivery.state in (deliveries.State.WAITING, deliveries.State.FAILED) and delivery.error:
            raise type(deliverer.failure or BotError())(delivery.error)
        return posted

    async def preview(self, name: str, at: datetime) -> Built:
        """The digest as of `at`; nothing is posted or remembered."""
        occurrence = await self._database.read(newest_occurrence, name, at, self._zone)
        return await self._built(occurrence)

    async def draft(self, digest: Digest, at: datetime) -> Built:
        """What a digest that nobody has saved yet would have said last, as of `at`; nothing is remembered.

        Raises NotFound, Withheld and the like, as saying it would.
        """
        return await self._built(_newest(digest.in_zone(self._zone), at))

    async def send_test(self, digest: Digest, at: datetime, receiver: str) -> None:
        """Show a draft to one person directly, as the digest's own readers would get it; nothing is remembered.

        Whoever asks must be the digest's own person, or may see what it says: that is the caller's to check.
        """
        deliverer = self._slack()
        built = await self.draft(digest, at)
        posted = await deliverer.tell(receiver, built.answer)
        if built.details:
            await deliverer.tell(receiver, built.details, thread=posted.ts)

    def _slack(self) -> Deliverer:
        """Asked for before anything is owed: what is owed here, another process would send later."""
        if self._deliverer is None:
            raise SettingsError("There is no Slack to post to: set SLACK_BOT_TOKEN.")
        return self._deliverer

    async def _built(self, occurrence: Occurrence) -> Built:
        to = occurrence.digest.to
        asker = await self._recognition.by_every_name(Asker.called(to)) if to else NOBODY
        return await self._database.read(build, occurrence, self._zone, asker)

    async def _message(self, key: str) -> Message:
        occurrence, thread = await self._database.read(_owed, key, self._zone)
        digest = occurrence.digest
        if not key.endswith(_DETAILS):
            built = await self._built(occurrence)
            if len(self._for_threads) >= _MOST_KEPT:
                self._for_threads.clear()
            self._for_threads[occurrence.key] = built
            then = (f"{key}{_DETAILS}",) if built.details else ()
            return Message(built.answer, channel=digest.channel, receiver=digest.to, then=then)
        posted = self._for_threads.pop(occurrence.key, None) or await self._built(occurrence)
        if posted.details is None:
            raise NotFound("There is nothing to say in the thread any more.")
        return Message(posted.details, channel=digest.channel, receiver=digest.to, thread=thread)


def newest_occurrence(connection: Connection, name: str, at: datetime, zone: str) -> Occurrence:
    """The occurrence of the digest that was due last, as of `at`."""
    return _newest(_find(connection, name, zone), at)


def _newest(digest: Digest, at: datetime) -> Occurrence:
    occurrence = newest_due(digest, since=at - _A_YEAR, now=at)
    if occurrence is None:
        raise NotFound(f"The digest {digest.id} has had no occurrence in the year before {at:%Y-%m-%d}.")
    return occurrence


def _owe_due(connection: Connection, now: datetime, zone: str) -> list[Owed]:
    """Note the newest due occurrence of every digest, then everything digests still owe.

    An older occurrence that could not be posted until now is dropped: after a downtime one message, not a pile.
    """
    digests = _digests(connection, zone)
    newest: dict[str, str] = {}
    for digest in digests.values():
        since = preferences.first_time(connection, f"{KIND}{digest.id}", now)
        occurrence = newest_due(digest, since=since, now=now)
        if occurrence:
            deliveries.owe(connection, occurrence.key, now, digest.place)
            newest[digest.id] = occurrence.key
    owed = []
    for one in deliveries.line(connection, now, KIND):
        name = one.key.split("/")[1]
        if name not in digests:
            deliveries.skipped(connection, one.key, now, "The digest is no longer configured.")
        elif one.key < newest.get(name, ""):
            deliveries.skipped(connection, one.key, now, "A newer occurrence took its place.")
        else:
            owed.append(one)
    return owed


def _owe_once_more(connection: Connection, occurrence: Occurrence, now: datetime) -> None:
    deliveries.owe(connection, occurrence.key, now, occurrence.digest.place)
    deliveries.try_again(connection, occurrence.key, now)


def _owed(connection: Connection, key: str, zone: str) -> tuple[Occurrence, str | None]:
    """The occurrence that a key is about, and for its details the message they belong under."""
    _, name, day, *_ = key.split("/")
    occurrence = occurrence_on(_find(connection, name, zone), date.fromisoformat(day))
    if occurrence is None:
        raise NotFound(f"The digest {name} no longer has an occurrence on {day}.")
    headline = deliveries.find(connection, occurrence.key)
    return occurrence, headline.ts if headline else None


def _digests(connection: Connection, zone: str) -> dict[str, Digest]:
    """Every digest in force, by id; `zone` is for those that name none."""
    return {digest.id: digest.in_zone(zone) for digest in in_force(connection).digests}


def _find(connection: Connection, name: str, zone: str) -> Digest:
    digests = _digests(connection, zone)
    if name in digests:
        return digests[name]
    if not digests:
        raise NotFound("No digest is configured. Add one under `digests:` and run `claude-usage config apply`.")
    raise NotFound(f"There is no digest “{name}”. {closest(nearest(name, digests, cutoff=0.0))}")
