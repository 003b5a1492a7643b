"""Alerts: hold the ledger against the rules, open and resolve episodes, and tell whom it concerns once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from bot.answers.answer import Answer
from bot.core.access import Asker
from bot.core.alerts.episode import Episode, State
from bot.core.alerts.feedback import Feedback, Until, quiet_until
from bot.core.alerts.rule import Kind, Metric, Severity
from bot.core.errors import BotError, SettingsError
from bot.core.receivers import is_channel
from bot.services.alerts import explaining
from bot.services.alerts.judging.judged import Judged
from bot.services.alerts.judging.looking import Calls, Lookout
from bot.services.alerts.judging.memory import Memory
from bot.services.alerts.judging.rules import look
from bot.services.alerts.judging.silent import silent
from bot.services.alerts.judging.unusual import Unusual
from bot.services.alerts.replay import Replayed, replay
from bot.services.alerts.telling import copies, gathering, messages, owing, pressing
from bot.services.alerts.telling.about import about
from bot.services.alerts.telling.copies import Copy
from bot.services.configuration import in_force, zone_in_force
from bot.services.deliver import Deliverer, Message
from bot.services.figures.names import Names
from bot.services.figures.recognition import Lookup, Recognition
from bot.services.figures.view import Coverage
from bot.store.alerts import episodes, silences
from bot.store.database import Database
from bot.store.messages import deliveries, told
from bot.store.upsert import lock


class People(Lookup, Protocol):
    """Whoever also knows what people's clocks show."""

    async def zone(self, name: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of one scope at an instant, why, and who is told."""

    episode: Episode
    """As it is, or would be; of what only would fire, its id is 0."""
    state: State
    reason: str
    severity: Severity
    receivers: tuple[str, ...]
    sent: bool
    metric: Metric | None
    """What its values are of; None where they count hours."""


class Alerts:
    """Evaluates rules and tells people. `zone` is theirs, unless the configuration or Slack says another."""

    def __init__(
        self,
        database: Database,
        deliverer: Deliverer | None,
        zone: str,
        people: People | None = None,
        calls: Calls | None = None,
    ) -> None:
        self._database = database
        self._deliverer = deliverer
        self._zone = zone
        self._people = people
        self._recognition = Recognition(people)
        self._calls = calls
        self._unusual = Unusual()
        self._grounds: object = None

    async def run(self, now: datetime) -> int:
        """Look at every rule, then send what is owed, and tell the admins whom it could not reach; returns how many
        alerts went out."""
        if self._deliverer is None:
            raise SettingsError("There is no Slack to send alerts to: set SLACK_BOT_TOKEN.")
        looked = self._unusual.copy()
        grounds = await self._database.read(self._feed, looked, now)  # the past takes long, and others want to write
        await self._database.write(self._look, looked, now, live=grounds == self._grounds)
        # Only now: what a transaction that failed had found must be found again.
        self._unusual, self._grounds = looked, grounds
        await self._leave_in_peace(now)
        sent = await self._deliverer.send_all(await self._owed(now), self._message, now)
        if await self._database.write(self._fall_through, now):
            sent += await self._deliverer.send_all(await self._owed(now), self._message, now)
        await self._deliverer.tell_admins(now)
        return sent

    @property
    def failure(self) -> BotError | None:
        """Why the newest message that did not go out did not."""
        return self._deliverer.failure if self._deliverer else None

    async def evaluate(self, at: datetime) -> list[Verdict]:
        """Every rule as of `at`, without remembering or sending anything."""
        return await self._database.read(self._verdicts, at)

    async def preview(self, verdict: Verdict, at: datetime) -> Answer:
        """The message a firing verdict would send."""
        return await self._database.read(messages.preview, verdict.episode, at, self._zone)

    async def acknowledge(self, episode_id: int, asker: Asker, now: datetime) -> Answer:
        """Somebody has it in hand; the message, with who and when. Raises Withheld, NotFound."""
        who = await self._recognition.by_every_name(asker)
        return await self._database.write(pressing.acknowledge, episode_id, who, now, self._zone)

    async def silence(self, episode_id: int, until: Until, asker: Asker, now: datetime) -> Answer:
        """Nobody is told of its rule and scope for a while, on the presser's own clock. Raises Withheld, NotFound."""
        who = await self._recognition.by_every_name(asker)
        zone = await self._zone_of(asker)
        return await self._database.write(pressing.silence, episode_id, until, who, now, zone, self._zone)

    async def end_silence(self, episode_id: int, asker: Asker, now: datetime) -> Answer:
        """What still fires is told again, by the next look. Raises Withheld, NotFound."""
        who = await self._recognition.by_every_name(asker)
        return await self._database.write(pressing.end_silence, episode_id, who, now, self._zone)

    async def feedback(self, episode_id: int, feedback: Feedback, asker: Asker, now: datetime) -> Answer:
        """What somebody says of it changes what is sent next for its rule and scope. Raises Withheld, NotFound."""
        who = await self._recognition.by_every_name(asker)
        return await self._database.write(pressing.feedback, episode_id, feedback, who, now, self._zone)

    async def message_at(self, channel: str, ts: str, episode_id: int, pressed: Answer, now: datetime) -> Answer:
        """What the message in this place of Slack says since somebody pressed a button of one of its episodes."""
        return await self._database.read(copies.message_at, channel, ts, episode_id, pressed, now, self._zone)

    async def message(self, episode_id: int, now: datetime) -> Answer:
        """An episode as its newest message has it now. Raises NotFound."""
        return await self._database.read(messages.current, episode_id, now, self._zone)

    async def explain(self, episode_id: int, asker: Asker, now: datetime) -> Answer:
        """Which rule, which values, what was decided, for whom, and when it was told. Raises NotFound, Withheld."""
        who = await self._recognition.by_every_name(asker)
        return await self._database.read(explaining.explain, episode_id, who, now, self._zone)

    async def why_not(self, team: str, now: datetime) -> Answer:
        """What every rule and budget that watches a team sees of it. Raises NotFound."""
        return await self._database.read(self._why_not, team, now)

    async def replay(self, rule_id: str, since: datetime, now: datetime) -> Replayed:
        """What a rule or budget would have sent since then. Raises NotFound."""
        return await self._database.read(self._replayed, rule_id, since, now)

    async def copies(self, episode_id: int, now: datetime) -> list[Copy]:
        """The messages of its newest event that lie before people, as they should be by now."""
        return await self._database.read(copies.copies, episode_id, now, self._zone)

    async def zone(self) -> str:
        """Where people count their days."""
        return await self._database.read(zone_in_force, self._zone)

    def _feed(self, connection: Connection, unusual: Unusual, now: datetime) -> object:
        """Read what is new of every series; returns what a look that follows rests on, at least."""
        lookout = self._lookout(connection, now)
        rules = [rule for rule in lookout.configuration.rules if rule.kind is Kind.ANOMALY]
        unusual.only(rule.id for rule in rules)
        for rule in rules:
            unusual.feed(rule, lookout)
        return lookout.grounds()

    def _look(self, connection: Connection, unusual: Unusual, now: datetime, *, live: bool) -> None:
        """Open, extend and resolve episodes, and owe what happened, in one transaction.

        `live`: nothing has changed since the last look but what programs report of their calls.
        """
        lock(connection, "alerts")
        lookout, memory = self._lookout(connection, now), Memory.read(connection)
        for judged in _judged(lookout, memory, unusual, live=live):
            memory.take(judged.steps, connection)
        if not live:
            unusual.keep(connection)
        owing.withdraw(connection, memory.events, now)
        owing.owe(connection, lookout.configuration, now)
        owing.chase(connection, lookout.configuration, now)
        owing.owe(connection, lookout.configuration, now)

    def _fall_through(self, connection: Connection, now: datetime) -> bool:
        """Owe the next ones what could reach nobody just now; whether there is any such."""
        lock(connection, "alerts")
        configuration = in_force(connection)
        before = len(deliveries.line(connection, now, owing.KIND))
        owing.chase(connection, configuration, now)
        owing.unreachable(connection, now)
        return len(deliveries.line(connection, now, owing.KIND)) > before

    def _lookout(self, connection: Connection, now: datetime) -> Lookout:
        names = Names.read(connection)
        zone = names.zone(self._zone)
        return Lookout(connection, names, Coverage.read(connection, now), zone, self._calls)

    def _verdicts(self, connection: Connection, at: datetime) -> list[Verdict]:
        lookout, memory = self._lookout(connection, at), Memory.read(connection)
        running = silences.running(connection, at)
        found = []
        for judged in _judged(lookout, memory, self._unusual.copy()):
            newest = judged.steps[-1].episode if judged.steps else None
            if newest is None or (not newest.open and newest.resolved_at != at):
                continue
            silenced = any(one.covers(newest.rule_id, newest.scope, at) for one in running)
            it = about(connection, lookout.configuration, newest)
            sent = newest.id and deliveries.State.SENT in told.states(connection, owing.prefix(newest)).values()
            state = newest.state(silenced=silenced, known=judged.known)
            receivers = it.levels[0] if it.levels else ()
            metric = None if newest.kind is Kind.SOURCE else it.rule.metric if it.rule else Metric.COST
            found.append(Verdict(newest, state, judged.reason, it.severity, receivers, bool(sent), metric))
        return found

    def _replayed(self, connection: Connection, rule_id: str, since: datetime, now: datetime) -> Replayed:
        configuration = in_force(connection)
        return replay(connection, configuration, rule_id, since, now, self._zone, self._calls)

    def _why_not(self, connection: Connection, team: str, now: datetime) -> Answer:
        lookout, memory = self._lookout(connection, now), Memory.read(connection)
        return explaining.why_not(lookout, _judged(lookout, memory, self._unusual.copy()), team)

    async def _leave_in_peace(self, now: datetime) -> None:
        """What is not critical and would reach somebody in the night waits until their morning."""
        configuration = await self._database.read(in_force)
        if configuration.quiet_hours is None:
            return
        begins, ends = (at.hour * 60 + at.minute for at in configuration.quiet_hours)
        for key, receiver in await self._database.read(_patient, now):
            zone = await self._zone_of(Asker.called(receiver))
            until = quiet_until(now, zone, begins, ends)
            if until is not None:
                await self._database.write(told.put_off, key, until)

    async def _owed(self, now: datetime) -> list[deliveries.Owed]:
        return await self._database.write(gathering.due, now)

    async def _message(self, key: str) -> Message | None:
        return await self._database.read(messages.owed, key, self._zone)

    async def _zone_of(self, asker: Asker) -> str:
        """What somebody's clock shows, as far as Slack says."""
        if self._people is not None:
            for name in sorted(asker.names):
                if zone := await self._people.zone(name):
                    return zone
        return await self.zone()


def _judged(lookout: Lookout, memory: Memory, unusual: Unusual, *, live: bool = False) -> Iterator[Judged]:
    yield from look(lookout, memory, unusual, live=live)
    yield from silent(lookout, memory)


def _patient(connection: Connection, now: datetime) -> list[tuple[str, str]]:
    """The messages to people that are due and can wait until morning, with their receivers."""
    configuration = in_force(connection)
    found = []
    for owed in deliveries.line(connection, now, owing.KIND):
        receiver = owing.receiver_of(owed.key)
        told_of = [episodes.read(connection, id_) for id_ in owing.episodes_of(connection, owed.key)]
        known = [episode for episode in told_of if episode is not None]
        if is_channel(receiver) or not known:
            continue
        if all(
            about(connection, configuration, episode).severity is not Severity.CRITICAL or not episode.open
            for episode in known
        ):
            found.append((owed.key, receiver))
    return found
