"""Whatever is spent, missing, restated, acknowledged, silenced, restarted or looked at twice at once: nobody is told
twice, nothing is missing, nothing resolves that did not fire, and nothing fires on figures that are not there."""

import asyncio
import os
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, closing
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Connection, text

from bot.answers.answer import Answer
from bot.core.access import OPERATOR
from bot.core.alerts.episode import Episode, Event, Happened
from bot.core.alerts.feedback import Until
from bot.core.alerts.reason import Reason
from bot.core.alerts.rule import Kind
from bot.core.errors import SlackUnavailable
from bot.services.alerts.alerts import Alerts
from bot.services.deliver import Deliverer, Posted
from bot.store.alerts import episodes
from bot.store.database import Database
from bot.store.messages import deliveries, told
from tests import databases
from tests.databases import Fresh
from tests.services.books import Books

CONFIGURATION = """\
admins: [ben@example.com]
teams:
  - {id: alpha, owners: [ana@example.com], matches: [{workspace: alpha}]}
  - {id: beta, owners: [ana@example.com], matches: [{workspace: beta}]}
alerts: [{id: cap, metric: cost, kind: threshold, above: 100.00, window: 1d}]
budgets: [{id: month, team: alpha, amount: 400.00, notify_at: [50, 80, 100], forecast: true}]
"""
LIMIT, TEAMS = 100, ("alpha", "beta")
REPLICAS = 3
KNOCKING = st.sets(st.integers(0, REPLICAS - 1), min_size=1)
"""Who looks at once, each over connections and threads of its own."""
ONE_DAY, FIRST = timedelta(days=1), date(2026, 11, 2)
DOLLAR = 10**10
EXAMPLES = int(os.environ.get("FUZZ", "0")) or 4


class Slack:
    """Remembers what it was told; away for as many posts as it is told to be."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.away = 0

    # ruff: noqa: ARG002 - what a notifier is told and this one need not know

    async def direct(self, receiver: str) -> str:
        return f"D-{receiver}"

    async def post(
        self,
        channel: str,
        answer: Answer,
        *,
        mark: tuple[str, datetime] | None = None,
        thread: str | None = None,
        leaving: Callable[[], Awaitable[None]] | None = None,
    ) -> Posted:
        if self.away:
            self.away -= 1
            raise SlackUnavailable
        if leaving:
            await leaving()
        self.keys.append(mark[0] if mark else "")
        return Posted(channel, str(len(self.keys)))

    async def find(self, channel: str, key: str, owed_at: datetime, thread: str | None = None) -> Posted | None:
        return None


class AlertMachine(RuleBasedStateMachine):
    """Days pass with or without figures; `held` is what the books have of each day, in dollars by team."""

    def __init__(self, fresh: Fresh) -> None:
        super().__init__()
        self.opened = ExitStack()
        url = self.opened.enter_context(fresh(three_weeks))
        self.databases = [self.opened.enter_context(databases.opened(url)) for _ in range(REPLICAS)]
        self.loop = self.opened.enter_context(closing(asyncio.new_event_loop()))
        self.books = Books(self.databases[0])
        self.slack = Slack()
        self.silenced = False
        self.held: dict[date, dict[str, int]] = {}
        self.now = datetime.combine(FIRST, time(7), UTC)
        self.restart()

    def teardown(self) -> None:
        with self.opened:
            self.slack.away = 0
            for _ in range(3):
                self.now += timedelta(hours=13)
                self.looked({0})
            self.everything_was_told()

    @rule()
    def restart(self) -> None:
        """New processes on the same database."""
        self.replicas = [Alerts(database, Deliverer(database, self.slack), "UTC") for database in self.databases]

    @rule(alpha=st.integers(0, 180), beta=st.integers(0, 180), gap=st.integers(0, 4), knocking=KNOCKING)
    def a_day_passes(self, alpha: int, beta: int, gap: int, knocking: set[int]) -> None:
        """One in five is not read."""
        day = self.now.date()
        self.now += ONE_DAY
        if gap:
            self.read(day, {"alpha": alpha, "beta": beta})
        self.looked(knocking)

    @precondition(lambda self: self.held)
    @rule(back=st.integers(0, 2), alpha=st.integers(0, 180), knocking=KNOCKING)
    def a_day_is_restated(self, back: int, alpha: int, knocking: set[int]) -> None:
        day = sorted(self.held)[-1 - min(back, len(self.held) - 1)]
        self.now += timedelta(minutes=10)
        self.read(day, {**self.held[day], "alpha": alpha})
        self.looked(knocking)

    @rule(knocking=KNOCKING)
    def a_minute_passes(self, knocking: set[int]) -> None:
        """Each comes twice: a knock that lasts, and the next."""
        self.now += timedelta(minutes=1)
        self.at_once(*(self.replicas[one].run(self.now) for one in knocking for _ in range(2)))

    @rule(posts=st.integers(1, 3))
    def slack_is_away(self, posts: int) -> None:
        self.slack.away = posts

    @precondition(lambda self: self.all())
    @rule(
        back=st.integers(0, 2),
        until=st.sampled_from([Until.HOUR, Until.DAY]),
        acknowledges=st.booleans(),
        knocking=KNOCKING,
    )
    def somebody_acts(self, back: int, until: Until, acknowledges: bool, knocking: set[int]) -> None:
        """They press on every replica, while some look."""
        known = self.all()
        episode = known[-1 - min(back, len(known) - 1)].id
        self.silenced |= not acknowledges
        self.at_once(
            *(
                one.acknowledge(episode, OPERATOR, self.now)
                if acknowledges
                else one.silence(episode, until, OPERATOR, self.now)
                for one in self.replicas
            ),
            *(self.replicas[one].run(self.now) for one in knocking),
        )

    @invariant()
    def no_message_goes_out_twice(self) -> None:
        assert max(Counter(self.slack.keys).values(), default=1) == 1

    @invariant()
    def an_episode_begins_with_firing_and_ends_once(self) -> None:
        for episode in self.all():
            happened = [one.what for one in self.events(episode) if one.what.tells or one.what is Happened.ENDED]
            assert happened[0] is Happened.FIRED
            ends = [one for one in happened if one in (Happened.RESOLVED, Happened.ENDED)]
            assert len(ends) <= 1
            assert happened.count(Happened.FIRED) == 1
            assert happened.count(Happened.RESTATED) <= 1
            assert bool(ends or Happened.RESTATED in happened) is (not episode.open)

    @invariant()
    def a_press_acts_once_and_no_look_undoes_it(self) -> None:
        for episode in self.all():
            happened = self.events(episode)
            pressed = Counter((one.what, one.at) for one in happened if one.by)
            assert max(pressed.values(), default=1) == 1
            worsened = max((one.id for one in happened if one.what is Happened.WORSENED), default=0)
            taken = [one.at for one in happened if one.what is Happened.ACKNOWLEDGED and one.id > worsened]
            assert taken == ([episode.acknowledged_at] if episode.acknowledged_at else [])

    @invariant()
    def marks_are_told_once_unless_they_were_taken_back(self) -> None:
        told_, back = Counter[int](), 0
        for episode in self.all():
            for event in self.events(episode) if episode.rule_id == "budget:month" else ():
                if event.what in (Happened.FIRED, Happened.WORSENED) and event.mark:
                    told_[event.mark] += 1
                back += event.what is Happened.RESTATED
        assert all(count == 1 for count in told_.values()), "a mark that was restated away is not told again"
        assert list(told_) == sorted(told_)

    @invariant()
    def a_forecast_warns_of_what_is_not_over_yet(self) -> None:
        """Once at a time in a period, above its budget, and it is taken back within it."""
        open_ = Counter[tuple[str, datetime]]()
        for episode in self.all():
            if episode.kind is not Kind.FORECAST:
                continue
            assert self.held, "it warned before there was a figure of the period"
            open_[episode.scope, episode.since] += episode.open
            for event in self.events(episode):
                if event.what is Happened.FIRED:
                    assert (event.value or 0) > (event.limit or 0) == 400 * DOLLAR
                if event.what is Happened.RESOLVED:
                    assert event.value is not None
                    assert event.value <= 400 * DOLLAR
        assert max(open_.values(), default=0) <= 1

    def read(self, day: date, amounts: dict[str, int]) -> None:
        self.held[day] = amounts
        self.books.spend(day, read_at=self.now, alpha=f"{amounts['alpha']}.00", beta=f"{amounts['beta']}.00")

    def looked(self, knocking: set[int]) -> None:
        """A look, and what it must have left: every day beyond its limit is in an episode, and nothing else is."""
        before = {episode.id for episode in self.all()}
        open_before = {episode.id for episode in self.all() if episode.open}
        self.at_once(*(self.replicas[one].run(self.now) for one in knocking))
        yesterday = self.now.date() - ONE_DAY
        for team in TEAMS:
            mine = [one for one in self.all() if (one.rule_id, one.scope) == ("cap", team)]
            amount = self.held.get(yesterday, {}).get(team)
            covered = [one for one in mine if one.since.date() <= yesterday <= one.last_window.date()]
            true = [one for one in covered if one.resolved_because != Reason.RESTATED]
            if amount is not None and amount > LIMIT:
                assert true, f"{team} spent ${amount} on {yesterday} and nobody was to be told"
            for one in mine:
                if one.id not in before:
                    first = self.events(one)[0]
                    assert self.held[one.since.date()][team] * DOLLAR == first.value, "it fired on what is not there"
                    assert first.value > LIMIT * DOLLAR
                if not one.open and (one.id in open_before or one.id not in before):
                    last = self.events(one)[-1]
                    assert last.value is not None, "it resolved on what is not there"
                    assert last.value <= LIMIT * DOLLAR
                    assert last.value in {amounts[team] * DOLLAR for amounts in self.held.values()}
        spent = sum(amounts["alpha"] for amounts in self.held.values())
        for one in self.all():
            if one.rule_id == "budget:month" and one.open:
                assert 100 * spent >= 400 * (one.mark or 0), "the mark that stands was restated away"

    def at_once(self, *things: Awaitable[object]) -> None:
        async def done() -> None:
            await asyncio.gather(*things)

        self.loop.run_until_complete(done())

    def all(self) -> list[Episode]:
        return self.books.database.read_now(every)

    def events(self, episode: Episode) -> list[Event]:
        return self.books.database.read_now(episodes.events, episode.id)

    def everything_was_told(self) -> None:
        """Each thing that tells went to its receiver, or the books say why not."""
        for episode in self.all():
            states = self.books.database.read_now(told.states, f"alert/{episode.id}/")
            went = defaultdict(list)
            for key, state in states.items():
                went[int(key.split("/")[2])].append(state)
            why_not = self.books.database.read_now(episodes.settled_as, episode.id)
            self.whoever_was_told_hears_of_the_correction(episode, states)
            for event in self.events(episode):
                if event.what.tells:
                    assert event.id in why_not or went[event.id], f"{event} is told to nobody and nothing says why"
                    if event.what is Happened.FIRED and not self.silenced:
                        restated = episode.resolved_because == Reason.RESTATED  # before it went out, perhaps
                        sent = any(
                            deliveries.State.SENT in some for some in went.values()
                        )  # perhaps with what is worse
                        assert sent or restated, f"{event} was told to nobody"
                    assert set(went[event.id]) <= {deliveries.State.SENT, deliveries.State.SKIPPED}

    def whoever_was_told_hears_of_the_correction(self, episode: Episode, states: dict[str, deliveries.State]) -> None:
        told_of: dict[int, set[str]] = defaultdict(set)
        for key, state in states.items():
            if state is deliveries.State.SENT:
                told_of[int(key.split("/")[2])].add(key.split("/", 3)[3])
        for event in self.events(episode):
            if event.what is Happened.RESTATED:
                before = set().union(*(who for id_, who in told_of.items() if id_ < event.id))
                assert told_of[event.id] == before, "who was told of what is not so was not told that"


def three_weeks(database: Database) -> None:
    """They are enough for a forecast, and too little for any mark of October."""
    books = Books(database)
    books.configure(CONFIGURATION)
    books.spend_daily([FIRST - back * ONE_DAY for back in range(22, 1, -1)], alpha="5.00", beta="5.00")


def every(connection: Connection) -> list[Episode]:
    """Every episode of the rule and the budget, the oldest first."""
    rows = connection.execute(text("SELECT id FROM episode WHERE kind <> 'source' ORDER BY id"))
    return [one for (id_,) in rows if (one := episodes.read(connection, id_)) is not None]


def test_whatever_happens_each_is_told_once(fresh: Fresh) -> None:
    # A race that is tried again ends otherwise: to look for its shortest form would take minutes and find nothing.
    once = (Phase.explicit, Phase.reuse, Phase.generate)
    often = settings(max_examples=EXAMPLES, stateful_step_count=12, deadline=None, phases=once)
    run_state_machine_as_test(lambda: AlertMachine(fresh), settings=often)  # type: ignore[arg-type]  # any factory will do
