"""A day's look at the rules: episodes fire, grow worse and resolve, and people and a channel are told of it."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from bot.services.alerts.alerts import Alerts
from bot.services.deliver import Deliverer
from bot.slack.notifier import SlackNotifier, web_client
from bot.store.database import Database
from tests.crash.arena import Count, undisturbed
from tests.crash.messages import ENDED, FAULTS, Said, states
from tests.crash.slack import SHUT, TOKEN
from tests.crash.worker import SENDING, Clock, Work, again_and_again, steps
from tests.services.books import Books

FIRST_DAY = date(2026, 1, 2)
LEARNT_DAYS = 30
CONFIGURATION = f"""\
admins: [ana@example.com]
teams:
  - {{id: alpha, owners: [ben@example.com, cleo@example.com], channel: C0ALPHA, matches: [{{workspace: alpha}}]}}
  - {{id: beta, owners: [{SHUT}], matches: [{{workspace: beta}}]}}
budgets:
  - {{id: month, team: alpha, amount: 5000.00, notify_at: [25, 50, 75, 100]}}
alerts:
  - {{id: cap, metric: cost, kind: threshold, above: 200.00, window: 1d, scope: each_team}}
  - {{id: loud, metric: cost, kind: threshold, above: 100.00, window: 1d, scope: {{team: alpha}}, notify: channel}}
  - {{id: odd, metric: cost, kind: anomaly, scope: each_team}}
"""
_KINDS = ("alert/", "undelivered/")
Told = tuple[str, ...]


class Alerting:
    """Beside it the same days without any death, in another database and before another Slack."""

    steps = (*steps(writes=("_look", "_fall_through")), *SENDING)
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
                books.spend(FIRST_DAY - (back + 1) * timedelta(days=1), alpha=f"{9 + back % 3}.00", beta="20.00")
        self._wanted: Counter[Told] = Counter()

    def begin(self, number: int) -> Work:
        day = FIRST_DAY + number * timedelta(days=1)
        spent = self._chance.choices(["9.00", "11.00", "150.00", "700.00"], k=2)
        for books in self._books:
            books.spend(day - timedelta(days=1), alpha=spent[0], beta=spent[1])
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
        return Counter(_told(self._databases[0]).values()) == self._wanted

    def reckon(self) -> None:
        told = _told(self._databases[0])
        sent = {key for key, said in told.items() if said[-1] == "sent"}
        self._said.reckon(self.count, sent, states(self._databases[0], *_KINDS))
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


def _told(database: Database) -> dict[str, Told]:
    """What each message is about, whatever numbers its episode and event have: what happened, where, to whom; how it
    ended."""

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
        kind, *rest = key.split("/", 3)
        about = (*happened[rest[1]], rest[2]) if kind == "alert" else tuple(rest)
        found[key] = (*about, state if state in ENDED else "under way")
    return found
