"""A day's digests, to channels and people: headlines, details in their threads, and one channel that refuses them."""

from __future__ import annotations

import random
import time
from datetime import UTC, date, datetime, timedelta

from bot.services.deliver import Deliverer
from bot.services.digests.digests import Digests
from bot.slack.notifier import SlackNotifier, web_client
from bot.store import preferences
from bot.store.database import Database
from tests.crash.arena import Count
from tests.crash.messages import ENDED, FAULTS, Said, states
from tests.crash.slack import ARCHIVED, CHANNELS, PEOPLE, TOKEN
from tests.crash.worker import SENDING, Clock, Work, again_and_again, steps
from tests.services.books import Books

FIRST_DAY = date(2026, 1, 2)
REFUSED = "refused"
_PLACES = {
    **{f"all{number}": f"channel: {channel}" for number, channel in enumerate(CHANNELS)},
    **{f"to-{name}": f"to: {name}@example.com, scope: all" for name in PEOPLE},
    REFUSED: f"channel: {ARCHIVED}",
}
_TEAMS = """\
admins: [ana@example.com]
teams:
  - {id: alpha, matches: [{workspace: alpha}]}
  - {id: beta, matches: [{workspace: beta}]}
digests:
"""
CONFIGURATION = _TEAMS + "".join(f"  - {{id: {id_}, {place}, cadence: daily}}\n" for id_, place in _PLACES.items())


class Digesting:
    """`history`: the bot may read the channels."""

    steps = (*steps(writes=("_owe_due",), reads=("build",)), *SENDING)
    statements, times, most = 300, 4, 8

    def __init__(self, database_url: str, slack_url: str, chance: random.Random, *, history: bool) -> None:
        self.count = Count()
        self._url, self._slack_url, self._chance = database_url, slack_url, chance
        self._database = Database(database_url)
        self._books = Books(self._database)
        self._books.configure(CONFIGURATION)
        self._said = Said(slack_url)
        self._said.grant(history=history)
        self._day = FIRST_DAY
        for id_ in _PLACES:  # as a worker before the first occurrence would have
            long_ago = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC)
            self._database.write_now(preferences.first_time, f"digest/{id_}", long_ago)
        self._expected: set[str] = set()

    def begin(self, number: int) -> Work:
        self._day = day = FIRST_DAY + number * timedelta(days=1)
        self._books.spend(day - timedelta(days=1), alpha=f"{self._chance.randint(1, 99)}.00", beta="5.00")
        if self._chance.random() < 0.3:
            self._said.order(self._chance.choice(FAULTS))
        self._database.engine.dispose()  # a child must not speak on its parent's connections
        now = Clock(datetime(day.year, day.month, day.day, 9, tzinfo=UTC), time.time())

        async def work() -> None:
            database = Database(self._url)
            client = web_client(TOKEN, f"{self._slack_url}/api/")
            digests = Digests(database, Deliverer(database, SlackNotifier(client, seconds_between_posts=0)), "UTC")

            async def look() -> None:
                await digests.run(now())

            await again_and_again(look)

        headlines = {f"digest/{id_}/{day}" for id_ in _PLACES if id_ != REFUSED}
        self._expected |= headlines | {f"{key}/details" for key in headlines}
        return work

    def is_over(self) -> bool:
        held = states(self._database, "digest/", "undelivered/")
        refused = f"digest/{REFUSED}/{self._day}"
        return held.keys() >= {*self._expected, refused} and all(state in ENDED for state in held.values())

    def reckon(self) -> None:
        held = states(self._database, "digest/", "undelivered/")
        told = {key for key in held if key.startswith("undelivered/")}
        self._said.reckon(self.count, self._expected | told, held)
        self.count.lost += not told

    def close(self) -> None:
        self._database.close()
        self._said.close()
