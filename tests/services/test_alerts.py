"""Alerts against a real ledger and a real Slack client: each owner is told once, whatever happens in between."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.alerts.episode import State
from bot.core.alerts.reason import Reason
from bot.services import undelivered
from bot.services.alerts.alerts import Alerts, Verdict
from bot.services.deliver import Deliverer
from bot.slack.notifier import SlackNotifier, web_client
from bot.slack.people import SlackPeople
from bot.store.database import Database
from bot.store.messages import deliveries
from bot.store.messages.deliveries import ABANDONED_AFTER
from tests import databases
from tests.faults import hang
from tests.outside import ANA, BEN, BOT_TOKEN, QUIET, Outside, until
from tests.services.books import Books

DAY = date(2026, 11, 18)
MORNING = datetime(2026, 11, 19, 7, tzinfo=UTC)
"""The day after `DAY`, when it has been read whole."""
ONE_DAY = timedelta(days=1)
LIMIT = """\
admins: [ben@example.com]
teams:
  - {id: alpha, name: Team Alpha, owners: [ana@example.com], matches: [{workspace: alpha}]}
  - {id: beta, name: Team Beta, owners: [U0BEN, U0ANA], matches: [{workspace: beta}]}
  - {id: gamma, name: Team Gamma, matches: [{workspace: gamma}]}
alerts:
  - {id: cap, metric: cost, kind: threshold, above: 200.00, window: WINDOW, scope: SCOPE}
"""


def limit(scope: str = "each_team", window: str = "1d") -> str:
    return LIMIT.replace("SCOPE", scope).replace("WINDOW", window)


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    database = Database(databases.sqlite(tmp_path / "books.db"))
    yield Books(database)
    database.close()


Replica = Callable[[Database], Alerts]


@pytest.fixture
def replica(outside: Outside) -> Replica:
    """Alerts as one process has them, on its own database connection."""

    def build(database: Database) -> Alerts:
        client = web_client(BOT_TOKEN, f"{outside.slack_url}/api/")
        deliverer = Deliverer(database, SlackNotifier(client, seconds_between_posts=0))
        return Alerts(database, deliverer, "UTC", SlackPeople(client, outside.clock))

    return build


@pytest.fixture
def alerts(books: Books, replica: Replica) -> Alerts:
    return replica(books.database)


def told(outside: Outside, person: str) -> list[str]:
    return [message.text for message in outside.posted(outside.slack.dms.get(person, "nobody"))]


async def the_one(alerts: Alerts, at: datetime) -> Verdict:
    (verdict,) = await alerts.evaluate(at)
    return verdict


async def test_the_owner_is_told_once_what_how_much_and_against_which_limit(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(limit())
    books.spend(DAY, alpha="231.50", beta="12.00")
    assert await alerts.run(MORNING) == 1
    (message,) = told(outside, ANA)
    assert all(said in message for said in ("Team Alpha", "231.50", "$200", "18 Nov"))
    assert await alerts.run(MORNING + timedelta(minutes=1)) == 0
    assert len(outside.posted()) == 1
    assert books.episodes() == [("cap", "alpha", False)]


async def test_a_day_exactly_at_its_limit_is_within_it(outside: Outside, books: Books, alerts: Alerts) -> None:
    books.configure(limit())
    books.spend(DAY, alpha="200.00")
    assert await alerts.run(MORNING) == 0
    books.spend(DAY, alpha="200.0000000001")
    assert await alerts.run(MORNING) == 1


async def test_an_episode_that_goes_on_the_next_day_is_one_message(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(limit())
    for days in range(3):
        books.spend(DAY + days * ONE_DAY, alpha="300.00")
        await alerts.run(MORNING + days * ONE_DAY)
    assert len(told(outside, ANA)) == 1
    assert books.episodes() == [("cap", "alpha", False)]


async def test_an_episode_resolves_when_a_whole_day_was_within_the_limit_and_the_next_one_is_told_again(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(limit())
    books.spend(DAY, alpha="300.00")
    await alerts.run(MORNING)
    books.spend(DAY + ONE_DAY, alpha="5.00", read_at=MORNING)
    await alerts.run(MORNING + timedelta(hours=1))
    assert books.episodes() == [("cap", "alpha", False)], "the day is not over: it may still break its limit"
    books.spend(DAY + ONE_DAY, alpha="20.00")
    books.spend(DAY + 2 * ONE_DAY, alpha="1.00", read_at=MORNING + ONE_DAY)
    await alerts.run(MORNING + ONE_DAY)
    assert books.episodes() == [("cap", "alpha", True)]
    assert "back to normal" in told(outside, ANA)[1]
    assert "within its limit of $200.00 a day again after 1 day" in told(outside, ANA)[1]
    books.spend(DAY + 2 * ONE_DAY, alpha="400.00")
    assert await alerts.run(MORNING + 2 * ONE_DAY) == 1
    assert books.episodes() == [("cap", "alpha", True), ("cap", "alpha", False)]


async def test_a_limit_a_day_is_for_the_local_day(outside: Outside, books: Books, alerts: Alerts) -> None:
    """150 dollars in the last hour of one UTC day and 150 in the first of the next are one evening in Los Angeles."""
    books.configure(limit().replace("admins:", "timezone: America/Los_Angeles\nadmins:"))
    for days, hour in ((-1, 23), (0, 0)):
        books.spend(DAY + days * ONE_DAY, alpha="150.00")
        books.by_hour(DAY + days * ONE_DAY, alpha={hour: 1000})
    assert await alerts.run(MORNING) == 1
    (message,) = told(outside, ANA)
    assert "300.00" in message
    assert "17 November" in message


async def test_days_nobody_looked_at_do_not_keep_an_episode_open(books: Books, alerts: Alerts) -> None:
    books.configure(limit())
    books.spend(DAY, alpha="300.00")
    await alerts.run(MORNING)
    for days in range(1, 6):
        books.spend(DAY + days * ONE_DAY, alpha="1.00")
    await alerts.run(MORNING + 5 * ONE_DAY)
    assert books.episodes() == [("cap", "alpha", True)]


async def test_a_day_that_is_not_in_yet_neither_fires_nor_resolves(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(limit())
    books.use(DAY, alpha=10_000_000_000)
    assert await alerts.run(MORNING) == 0
    books.spend(DAY, alpha="300.00")
    assert await alerts.run(MORNING) == 1
    books.use(DAY + ONE_DAY, alpha=5)
    await alerts.run(MORNING + ONE_DAY)
    assert books.episodes() == [("cap", "alpha", False)]
    verdict = await the_one(alerts, MORNING + ONE_DAY)
    assert (verdict.state, verdict.reason) == (State.UNKNOWN, Reason.STILL_ABOVE)


async def test_yesterdays_last_figures_can_still_fire_today(outside: Outside, books: Books, alerts: Alerts) -> None:
    books.configure(limit())
    books.spend(DAY, alpha="150.00", read_at=datetime(2026, 11, 18, 20, tzinfo=UTC))
    assert await alerts.run(datetime(2026, 11, 18, 20, tzinfo=UTC)) == 0
    books.spend(DAY, alpha="250.00")
    books.spend(DAY + ONE_DAY, alpha="1.00", read_at=MORNING)
    assert await alerts.run(MORNING) == 1
    assert "250.00" in told(outside, ANA)[0]


async def test_a_month_is_one_window_and_one_message(outside: Outside, books: Books, alerts: Alerts) -> None:
    books.configure(limit("{team: alpha}", "month"))
    for days in range(5):
        books.spend(date(2026, 11, 1) + days * ONE_DAY, alpha="60.00")
        await alerts.run(datetime(2026, 11, 2, 7, tzinfo=UTC) + days * ONE_DAY)
    (message,) = told(outside, ANA)
    assert "240.00" in message
    assert "November" in message


async def test_each_team_is_held_against_the_limit_and_each_owner_told_of_their_own(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(limit())
    books.spend(DAY, alpha="201.00", beta="202.00", gamma="3.00")
    assert await alerts.run(MORNING) == 3
    assert ["202" in text for text in told(outside, BEN)] == [True]
    assert sorted("Team Beta" in text for text in told(outside, ANA)) == [False, True]


async def test_the_whole_organisation_has_a_limit_too_and_no_owner_so_admins_are_told(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(limit("all"))
    books.spend(DAY, alpha="70.00", beta="70.00", gamma="70.00")
    assert await alerts.run(MORNING) == 1
    assert "210.00" in told(outside, BEN)[0]
    assert "Example Org" in told(outside, BEN)[0]


async def test_a_team_without_owners_is_the_admins_business(outside: Outside, books: Books, alerts: Alerts) -> None:
    books.configure(limit())
    books.spend(DAY, gamma="300.00")
    assert await alerts.run(MORNING) == 1
    assert "Team Gamma" in told(outside, BEN)[0]


async def test_one_person_under_two_names_is_told_once(outside: Outside, books: Books, alerts: Alerts) -> None:
    books.configure(limit().replace("[ana@example.com]", "[ana@example.com, U0ANA, ANA@EXAMPLE.COM]"))
    books.spend(DAY, alpha="300.00")
    assert await alerts.run(MORNING) == 1
    assert await alerts.run(MORNING + timedelta(hours=2)) == 0
    assert len(told(outside, ANA)) == 1
    assert sorted(books.deliveries().values()) == ["sent", "skipped"]


@pytest.mark.parametrize(
    ("owner", "sentence"),
    [
        ("nobody@example.com", "e-mail"),
        ("U0NOBODY", "does not know this user"),
        (QUIET, "does not let the bot write"),
    ],
)
async def test_an_owner_who_cannot_be_told_is_written_down_with_a_reason_and_the_others_are_told(
    outside: Outside, books: Books, alerts: Alerts, owner: str, sentence: str
) -> None:
    books.configure(limit().replace("[ana@example.com]", f"[{owner}, ana@example.com]"))
    books.spend(DAY, alpha="300.00")
    assert await alerts.run(MORNING) == 1
    assert len(told(outside, ANA)) == 1
    assert [sentence in error for error in books.errors().values()] == [True]
    assert await alerts.run(MORNING + ONE_DAY) == 0, "asking again would not make them known"
    assert sorted(books.deliveries().values()) == ["failed", "sent", "sent"]
    (key,) = [key for key in books.deliveries() if key.startswith("undelivered/")]
    notice, admin = books.database.read_now(undelivered.notice, key)
    assert notice.headline.startswith("Alert cap could not be sent there. ")
    assert admin == "ben@example.com"
    assert len(told(outside, BEN)) == 1, "and that at once, and once"


async def test_two_replicas_at_once_tell_each_owner_once(outside: Outside, migrated_url: str, replica: Replica) -> None:
    with databases.opened(migrated_url) as one, databases.opened(migrated_url) as other:
        books = Books(one)
        books.configure(limit())
        books.spend(DAY, alpha="300.00", beta="300.00", gamma="300.00")
        first, second = replica(one), replica(other)
        sent = await asyncio.gather(*(each.run(MORNING) for each in (first, second, first, second)))
        assert sum(sent) == 4
        assert len(outside.posted()) == 4
        assert sorted(scope for _, scope, _ in books.episodes()) == ["alpha", "beta", "gamma"]


async def test_a_process_that_dies_before_slack_has_the_message_leaves_it_to_another(
    outside: Outside, migrated_url: str, replica: Replica
) -> None:
    with databases.opened(migrated_url) as one, databases.opened(migrated_url) as other:
        books = Books(one)
        books.configure(limit("{team: alpha}"))
        books.spend(DAY, alpha="300.00")
        outside.slack_faults.next("/api/conversations.open", hang(30))
        dying = asyncio.create_task(replica(one).run(MORNING))
        await until(lambda: outside.slack_faults.count("conversations.open"))
        dying.cancel()
        await asyncio.wait({dying})
        assert list(books.deliveries().values()) == ["sending"]
        assert await replica(other).run(MORNING + ABANDONED_AFTER - timedelta(seconds=1)) == 0
        later = MORNING + ABANDONED_AFTER + timedelta(seconds=1)
        survivors = (replica(one), replica(other))
        assert sum(await asyncio.gather(*(survivor.run(later) for survivor in survivors))) == 1
        assert len(told(outside, ANA)) == 1


async def test_what_slack_could_not_take_is_told_later_with_the_figures_of_its_own_moment(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(limit("{team: alpha}"))
    books.spend(DAY, alpha="300.00")
    outside.slack.fail_next("chat.postMessage", status=503)
    assert await alerts.run(MORNING) == 0
    assert list(books.deliveries().values()) == ["waiting"]
    assert await alerts.run(MORNING + timedelta(seconds=59)) == 0
    assert await alerts.run(MORNING + timedelta(minutes=2)) == 1
    assert "300.00" in told(outside, ANA)[0]


async def test_looking_without_sending_remembers_nothing(outside: Outside, books: Books, alerts: Alerts) -> None:
    books.configure(limit())
    books.spend(DAY, alpha="300.00")
    verdict = await the_one(alerts, MORNING)
    assert (verdict.state, verdict.episode.scope, verdict.receivers) == (State.FIRING, "alpha", ("ana@example.com",))
    assert not verdict.sent
    assert books.episodes() == []
    assert books.deliveries() == {}
    await alerts.run(MORNING)
    assert (await the_one(alerts, MORNING)).sent


async def test_a_rule_that_is_gone_before_its_message_went_out_is_not_sent(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(limit("{team: alpha}"))
    books.spend(DAY, alpha="300.00")
    outside.slack.fail_next("chat.postMessage", status=503)
    await alerts.run(MORNING)
    books.configure(limit("{team: alpha}").replace("id: cap", "id: other").replace("200.00", "999.00"))
    assert await alerts.run(MORNING + timedelta(hours=1)) == 0
    assert list(books.deliveries().values()) == ["skipped"]
    (entry,) = books.database.read_now(deliveries.newest, 9)
    assert entry.at == MORNING + timedelta(hours=1), "it was given up then, and not when the alert fired"
    assert outside.posted() == []
