"""A day's look at the rules: episodes fire, grow worse and resolve, and people and a channel are told of it, of what is
due to one of them at once in one message."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from bot.services.alerts.alerts import Alerts
from bot.services.alerts.telling.owing import TOGETHER
from bot.services.deliver import Deliverer
from bot.slack.notifier import SlackNotifier, web_client
from bot.store.database import Database
from tests.crash.arena import Count, undisturbed
from tests.crash.messages import ENDED, FAULTS, Said, carriers, states
from tests.crash.slack import SHUT, TOKEN
from tests.crash.worker import SENDING, Clock, Work, again_and_again, steps
from tests.services.books import Books

FIRST_DAY = date(2026, 1, 2)
LEARNT_DAYS = 30
CONFIGURATION = f"""\
admins: [ana@example.com]
teams:
  - {{id: alpha, owners: [ben@example.com, U0BEN, cleo@example.com], channel: C0ALPHA, matches: [{{workspace: alpha}}]}}
  - {{id: beta, owners: [{SHUT}], matches: [{{workspace: beta}}]}}
  - {{id: gamma, owners: [cleo@example.com, ben@example.com], matches: [{{workspace: gamma}}]}}
budgets:
  - {{id: month, team: alpha, amount: 5000.00, notify_at: [25, 50, 75, 100]}}
alerts:
  - {{id: cap, metric: cost, kind: threshold, above: 200.00, window: 1d, scope: each_team}}
  - {{id: loud, metric: cost, kind: threshold, above: 100.00, window: 1d, scope: {{team: alpha}}, notify: channel}}
  - {{id: odd, metric: cost, kind: anomaly, scope: each_team}}
"""
_KINDS = ("alert/", "undelivered/")
_PERSON = {"U0BEN": "ben@example.com"}
"""Who has two names; under which of them somebody is told depends on who sends first."""
Told = tuple[str, ...]


class Alerting:
    """Beside it the same days without any death, in another database and before another Slack."""

    steps = (*steps(writes=("_look", "due", "_fall_through", "told_already")), *SENDING)
    statements, times, most = 300, 4, 8

    def __init__(self, urls: tuple[str, str], slack_urls: tuple[str, str], chance: random.Random, *, history: bool):
        self.count = Count()
        self._urls, self._slack_urls, self._chance = urls, slack_urls, chance
        self._databases = [Database(url) for url in urls]
        self._books = [Books(database) for database in self._databases]
        self._said = Said(slack_urls[0])
        self._said.grant(history=history)
        for books in self._books:
            books.configure(CONFIGURATION)
            for back in range(LEARNT_DAYS, 0, -1):
                day = FIRST_DAY - (back + 1) * timedelta(days=1)
                books.spend(day, alpha=f"{9 + back % 3}.00", beta="20.00", gamma=f"{10 + back % 2}.00")
        self._wanted: Counter[Told] = Counter()

    def begin(self, number: int) -> Work:
        day = FIRST_DAY + number * timedelta(days=1)
        alpha, beta, gamma = self._chance.choices(["9.00", "11.00", "150.00", "700.00"], k=3)
        for books in self._books:
            books.spend(day - timedelta(days=1), alpha=alpha, beta=beta, gamma=gamma)
        if self._chance.random() < 0.3:
            self._said.order(self._chance.choice(FAULTS))
        for database in self._databases:
            database.engine.dispose()  # a child must not speak on its parent's connections
        now = Clock(datetime(day.year, day.month, day.day, 9, tzinfo=UTC), time.time())

        async def once() -> None:
            look = _look(self._urls[1], self._slack_urls[1], lambda: now.begins)
            while await look():
                pass

        async def work() -> None:
            await again_and_again(_look(self._urls[0], self._slack_urls[0], now))

        undisturbed(once)
        self._wanted = Counter(_told(self._databases[1]).values())
        return work

    def is_over(self) -> bool:
        """A day with nothing to tell has been looked at, too: after four without a look, series are made anew from a
        hundred days, and what is usual is no longer what it is to who looked every day."""
        mine, other = self._databases
        return _read_up_to(mine) == _read_up_to(other) and Counter(_told(mine).values()) == self._wanted

    def reckon(self) -> None:
        told, carried_by = _told(self._databases[0]), carriers(self._databases[0])
        tells: dict[str, Counter[str]] = defaultdict(Counter)
        for key in [key for key, said in told.items() if said[-1] == "sent"]:
            tells[carried_by.get(key, key)].update([key.split("/")[1]] if key.startswith("alert/") else ())
        self._said.reckon(self.count, tells, states(self._databases[0], *_KINDS), tells)
        self.count.gathered = sum(some.total() for some in tells.values() if some.total() > 1)
        mine = Counter(told.values())
        missing, more = self._wanted - mine, mine - self._wanted
        self.count.expected += missing.total()
        self.count.lost += missing.total()
        self.count.strange += more.total()

    def close(self) -> None:
        for database in self._databases:
            database.close()
        self._said.close()


def _look(database_url: str, slack_url: str, now: Callable[[], datetime]) -> Callable[[], Awaitable[int]]:
    """One look at the rules, and at whom messages could not reach; how many went out."""
    database = Database(database_url)
    deliverer = Deliverer(database, SlackNotifier(web_client(TOKEN, f"{slack_url}/api/"), seconds_between_posts=0))
    alerts = Alerts(database, deliverer, "UTC")

    async def look() -> int:
        return await alerts.run(now()) + await deliverer.tell_admins(now())

    return look


def _read_up_to(database: Database) -> object:
    """The newest reading of the reports that a finished look knew."""
    query = "SELECT max(read_at) FROM anomaly_series"
    return database.read_now(lambda connection: connection.exec_driver_sql(query).scalar())


def _told(database: Database) -> dict[str, Told]:
    """What each message is about, whatever numbers its episode and event have and whatever went out with it: what
    happened, where, to whom; how it ended."""

    def events(connection: Connection) -> dict[str, Told]:
        query = (
            "SELECT episode_event.id, rule_id, scope, since, what, episode_event.mark"
            " FROM episode_event JOIN episode ON episode.id = episode_event.episode_id"
        )
        return {str(id_): tuple(map(str, rest)) for id_, *rest in connection.exec_driver_sql(query)}

    messages = states(database, *_KINDS)
    happened = database.read_now(events)  # after them: what they are about is there by then
    found = {}
    for key, state in messages.items():
        if key.startswith(TOGETHER):
            continue
        kind, *rest = key.split("/", 3)
        about = (*happened[rest[1]], _PERSON.get(rest[2], rest[2])) if kind == "alert" else tuple(rest)
        found[key] = (*about, state if state in ENDED else "under way")
    return found
