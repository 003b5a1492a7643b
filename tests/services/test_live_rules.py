"""Rules about what calls, and when: a first call is said once, and a loop at night is found while it runs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.access import OPERATOR
from bot.core.calls import batch
from bot.core.calls.call import Call, Origin
from bot.core.calls.client import IMPORTED, Client
from bot.render import terminal
from bot.services import configuration
from bot.services.alerts.alerts import Alerts
from bot.services.calls.watching import observe
from bot.services.deliver import Deliverer
from bot.slack.notifier import SlackNotifier, web_client
from bot.slack.people import SlackPeople
from bot.store import calls as store
from bot.store.calls import Sent
from bot.store.database import Database
from tests import databases
from tests.outside import ANA, BOT_TOKEN, Outside

NIGHT = datetime(2026, 11, 20, 2, 20, 30, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TEAMS = """
admins: [cfo@example.com]
teams:
  - {id: alpha, name: Team Alpha, owners: [ana@example.com]}
alerts:
  - {id: models, kind: new, scope: each_model}
  - {id: features, kind: new, scope: each_feature}
  - {id: loops, kind: runaway, scope: each_team, severity: critical}
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(databases.sqlite(tmp_path / "calls.db"))
    database.write_now(configuration.apply, TEAMS, "teams.yml", NIGHT)
    yield database
    database.close()


@pytest.fixture
def alerts(database: Database, outside: Outside) -> Alerts:
    client = web_client(BOT_TOKEN, f"{outside.slack_url}/api/")
    deliverer = Deliverer(database, SlackNotifier(client, seconds_between_posts=0))
    return Alerts(database, deliverer, "UTC", SlackPeople(client, outside.clock), observe)


def called(database: Database, at: datetime, every: timedelta, count: int, **said: str) -> None:
    """So many calls of Team Alpha up to `at`."""
    who = IMPORTED if said.get("origin") == Origin.IMPORT else Client("test")
    made = [
        Call(f"{one.isoformat()}{said}", one, **{"model": "claude-sonnet-5-5", "team": "alpha", **said})  # type: ignore[arg-type]
        for one in (at - n * every for n in range(count))
    ]
    database.write_now(store.post, [Sent(batch.of(made), who)], NIGHT, {})


def told(outside: Outside) -> list[str]:
    return [message.text for message in outside.posted(outside.slack.dms.get(ANA, ANA))]


async def test_a_first_call_is_said_once_to_the_owners_whose_feature_it_is(
    outside: Outside, database: Database, alerts: Alerts
) -> None:
    called(database, NIGHT - 9 * DAY, MINUTE, 3, feature="search")
    assert await alerts.run(NIGHT - 9 * DAY) == 0, "in the first week everything is new"
    called(database, NIGHT - MINUTE, MINUTE, 2, feature="ticket-summary")
    called(database, NIGHT - MINUTE, MINUTE, 2, feature="of a log", origin=Origin.IMPORT)
    assert await alerts.run(NIGHT) == 1
    assert await alerts.run(NIGHT + MINUTE) == 0
    (text,) = told(outside)
    assert "The feature ticket-summary made its first call on 20 Nov, 02:18: 2 requests by now." in text
    assert await alerts.run(NIGHT + 2 * DAY) == 0
    replayed = await alerts.replay("features", NIGHT - 10 * DAY, NIGHT + DAY)
    assert [one.who for one in replayed.sent] == ["ticket-summary"]


async def test_what_an_hour_came_to_is_said_of_that_hour_though_the_next_is_beyond_the_limit_too(
    outside: Outside, database: Database, alerts: Alerts
) -> None:
    rule = "  - {id: hour, metric: requests, kind: threshold, above: 5, window: 1h, scope: {team: alpha}}\n"
    database.write_now(configuration.apply, TEAMS + rule, "teams.yml", NIGHT)
    called(database, NIGHT - 40 * MINUTE, MINUTE, 7)
    called(database, NIGHT, MINUTE, 9)
    assert await alerts.run(NIGHT) == 1
    (text,) = told(outside)
    assert "Team Alpha used 7 requests on 20 November from 01:00 to 02:00" in text
    assert "An estimate: it holds 7 calls that Anthropic has not reported yet." in text


async def test_a_loop_at_night_is_told_while_it_runs_and_again_when_it_has_ended(
    outside: Outside, database: Database, alerts: Alerts
) -> None:
    for day in range(28, 0, -1):
        called(database, NIGHT - day * DAY, MINUTE, 2)
        called(database, NIGHT - day * DAY + timedelta(hours=8), timedelta(seconds=2), 600)
    called(database, NIGHT - MINUTE, timedelta(seconds=6), 160)
    assert await alerts.run(NIGHT) == 1
    assert await alerts.run(NIGHT + timedelta(seconds=2)) == 0
    (text,) = told(outside)
    assert "Team Alpha has called minute after minute since 20 Nov, 02:05, 584 requests an hour" in text
    assert "2 requests are the most that is usual at this hour" in text
    said = " ".join(terminal.text(await alerts.explain(1, OPERATOR, NIGHT)).split())
    assert "more than 240 requests an hour, steadily and at an unusual hour" in said
    assert await alerts.run(NIGHT + 20 * MINUTE) == 1
    assert "Team Alpha has calmed down after 20 minutes: 0 requests an hour now." in told(outside)[-1]
    replayed = await alerts.replay("loops", NIGHT - 2 * DAY, NIGHT + timedelta(hours=2))
    assert [one.event.what for one in replayed.sent] == ["fired", "resolved"]


@pytest.mark.parametrize(
    ("every", "count", "days", "hour"),
    [
        (timedelta(seconds=6), 160, 3, 2),  # nobody knows what is usual
        (timedelta(milliseconds=200), 600, 28, 2),  # one batch of two minutes
        (timedelta(seconds=30), 40, 28, 2),  # few
        (timedelta(seconds=6), 160, 28, 10),  # its usual hour
    ],
)
async def test_what_is_no_loop_is_told_to_nobody(
    outside: Outside, database: Database, alerts: Alerts, every: timedelta, count: int, days: int, hour: int
) -> None:
    at = NIGHT.replace(hour=hour)
    for day in range(days, 0, -1):
        called(database, at - day * DAY, MINUTE, 2)
        called(database, at.replace(hour=10) - day * DAY, timedelta(seconds=2), 600)
    called(database, at - MINUTE, every, count)
    assert await alerts.run(at) == 0
