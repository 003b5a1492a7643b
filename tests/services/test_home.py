"""What stands on a Home: whose teams, as far as the reader may see them, and what is left out and said so."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.answers.answer import Answer
from bot.core.access import Asker
from bot.core.alerts.episode import Episode
from bot.core.alerts.rule import Kind
from bot.core.utc import dates
from bot.render import terminal
from bot.services.asking.home import MOST_TEAMS, Homes
from bot.services.asking.typeahead import Typeahead
from bot.services.figures.recognition import Recognition
from bot.services.presses import REPEATED, Presses
from bot.store.alerts import episodes
from bot.store.database import Database
from tests import databases
from tests.services.books import Books
from tests.services.test_people import filled

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
FIRST = date(2026, 9, 1)
CONFIGURATION = """\
admins: [cfo@example.com]
teams:
  - {id: alpha, name: Team Alpha, owners: [ana@example.com], channel: C0ALPHA, matches: [{workspace: alpha}]}
  - {id: beta, name: Team Beta, owners: [U0BEN], matches: [{workspace: beta}]}
  - {id: gamma, name: Team Gamma, parent: beta, matches: [{workspace: gamma}]}
budgets:
  - {id: alpha-month, team: alpha, amount: 900.00}
  - {id: beta-quarter, team: beta, amount: 9000.00, period: quarter}
digests:
  - {id: all-day, channel: C0GENERAL, cadence: daily, at: "09:00", scope: all}
  - {id: alpha-week, channel: C0OTHER, cadence: weekly, on: friday, at: "08:30", scope: {team: alpha}}
  - {id: gamma-month, channel: C0GAMMA, cadence: monthly, at: "07:00", scope: {team: gamma}}
alerts:
  - {id: day_cap, metric: cost, kind: threshold, above: 50.00, window: 1d, scope: each_team}
"""


class Slack:
    """Knows one person by both names."""

    async def names(self, name: str) -> frozenset[str]:
        return self.known(name)

    def known(self, name: str) -> frozenset[str]:
        return frozenset({"U0ANA", "ana@example.com"}) if name in ("u0ana", "ana@example.com") else frozenset()


def spent(database: Database) -> None:
    """Alpha spends $60 a day, Beta $5, Gamma $2."""
    books = Books(database)
    books.configure(CONFIGURATION)
    books.spend_daily(dates(FIRST, NOW.date()), alpha="60.00", beta="5.00", gamma="2.00")


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    with databases.opened(databases.sqlite(tmp_path / "books.db", spent)) as database:
        yield Books(database)


async def home(books: Books, *names: str) -> Answer:
    return await Homes(books.database, "UTC", Recognition(Slack())).answer(NOW, Asker.called(*names))


def row(answer: Answer, table: str, name: str) -> str:
    """A line of a table as it is read."""
    shown = terminal.text(answer).split(f"\n{table}\n")[1].split("\n\n")[0]
    (line,) = [line for line in shown.splitlines() if line.startswith(name)]
    return " ".join(line.split())


async def test_an_owner_known_by_e_mail_alone_is_found_by_their_slack_id(books: Books) -> None:
    answer = await home(books, "U0ANA")
    assert answer.headline == "1 team is yours. The budget is over or heading over. No alert is open."
    assert row(answer, "Your teams", "Team Alpha") == "Team Alpha $1,200.00 0 %"
    assert row(answer, "Budgets, November 2026", "Team Alpha").startswith(
        "Team Alpha ██████████ 133 % $1,200.00 $900.00"
    )


async def test_what_the_teams_below_spend_is_part_of_ones_own(books: Books) -> None:
    answer = await home(books, "U0BEN")
    assert row(answer, "Your teams", "Team Beta") == "Team Beta $140.00 0 %"
    assert "Team Gamma" not in [one[0] for one in answer.tables[0].rows]
    digests = next(table for table in answer.tables if table.title == "Your digests")
    assert [one[:3] for one in digests.rows] == [
        ("gamma-month", "on the 1st of the month at 07:00 UTC", "C0GAMMA"),
        ("all-day", "every day at 09:00 UTC", "C0GENERAL"),
    ]


async def test_who_owns_nothing_sees_all_teams_the_dearest_first(books: Books) -> None:
    answer = await home(books, "U0EVE")
    assert answer.headline.startswith("You own no team, so these are the organisation's.")
    assert [one[0] for one in answer.tables[0].rows] == ["Team Alpha", "Team Beta", "Team Gamma", "unallocated"]


async def test_alerts_of_ones_teams_and_of_everything_are_open_until_they_resolve(books: Books) -> None:
    def fire(connection: Connection) -> None:
        begun, newest = datetime(2026, 11, 18, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
        for scope, over in (("alpha", None), ("gamma", None), ("alpha", newest), ("nobody", None)):
            one = Episode("day_cap", scope, Kind.THRESHOLD, begun, newest, newest, 600_000_000_000, 1, resolved_at=over)
            episodes.store(connection, one)

    books.database.write_now(fire)
    ana, ben = await home(books, "U0ANA"), await home(books, "U0BEN")
    assert ana.headline.endswith("1 alert is open.")
    assert row(ana, "Open alerts", "Team Alpha") == "Team Alpha since 18 Nov $60.00 limit $50.00 a day day_cap"
    assert row(ben, "Open alerts", "Team Gamma").startswith("Team Gamma since 18 Nov")
    assert ("Why? Team Alpha", "why team alpha 2026-11-18..2026-11-20") in [
        (one.label, one.question) for one in ana.actions
    ]


async def test_what_is_one_persons_is_not_shown_to_others_nor_are_its_budgets_and_alerts(database: Database) -> None:
    filled(database)  # of The Pair, Ana is one and Ben the other

    def watch(connection: Connection) -> None:
        more = "budgets:\n  - {id: pair, team: pair, amount: 1.00}\n"
        rule = "alerts:\n  - {id: cap, metric: cost, kind: threshold, above: 1.00, window: month, scope: each_team}\n"
        connection.execute(text("UPDATE configuration SET body = body || :more"), {"more": more + rule})
        begun = datetime(2026, 11, 1, tzinfo=UTC)
        episodes.store(connection, Episode("cap", "pair", Kind.THRESHOLD, begun, begun, begun, 30_000_000_000, 1))

    database.write_now(watch)
    homes = Homes(database, "UTC", Recognition())
    now = datetime(2026, 11, 22, 9, tzinfo=UTC)
    ana, cara = (
        await homes.answer(now, Asker.called("ana@example.com")),
        await homes.answer(now, Asker.called("cara@example.com")),
    )
    assert row(ana, "Teams", "The Pair") == "The Pair not shown to you –"
    assert "$3.00" not in terminal.text(ana)
    assert ana.headline.endswith("No alert is open.")
    assert "team pair" not in [action.question for action in ana.actions]
    assert row(cara, "Your teams", "The Pair").startswith("The Pair $3.00")
    assert row(cara, "Open alerts", "The Pair") == "The Pair since 1 Nov $3.00 limit $1.00 a month cap"
    assert "300 %" in row(cara, "Budgets, November 2026", "The Pair")


async def test_a_long_list_of_teams_is_cut_and_says_so(books: Books) -> None:
    teams = "".join(f"  - {{id: t{n}, name: T{n}, owners: [U0ANA]}}\n" for n in range(MOST_TEAMS + 3))
    books.configure(f"teams:\n{teams}", NOW)
    answer = await home(books, "U0ANA")
    assert len(answer.tables[0].rows) == MOST_TEAMS
    assert answer.notes == ("And 3 more teams: press All teams.",)


async def test_before_anything_is_configured_it_says_who_can_change_that(tmp_path: Path) -> None:
    database = Database(databases.sqlite(tmp_path / "empty.db"))
    answer = await home(Books(database), "U0ANA")
    assert answer.headline == "There are no teams yet: nothing is configured."
    assert "claude-usage config apply" in answer.paragraphs[0]
    assert [table.title for table in answer.tables] == ["Settings"]
    database.close()


async def test_names_are_found_from_their_beginning_then_from_within_then_from_nearby(books: Books) -> None:
    typeahead = Typeahead(books.database)

    async def found(typed: str) -> list[str]:
        return [one.name for some in (await typeahead.suggest(typed)).values() for one in some]

    assert await found("  BETA ") == ["Team Beta"]
    assert await found("amma") == ["Team Gamma"]
    assert await found("sonet") == ["Claude Sonnet 5.5"]
    assert await found("qqqqqq") == []
    assert (await typeahead.examples(Asker.called("U0BEN")))[0] == "team beta"


async def test_events_are_remembered_for_a_day_and_then_forgotten(books: Books) -> None:
    presses, at = Presses(books.database), int(NOW.timestamp())

    async def done() -> bool:
        return True

    assert await presses.told("Ev1", at, "U0ANA", NOW, done)
    assert not await presses.told("Ev1", at, "U0ANA", NOW + REPEATED, done)
    later = NOW + REPEATED + timedelta(seconds=1)
    assert await presses.told("Ev2", int(later.timestamp()), "U0ANA", later, done)
    assert list(books.deliveries()) == [f"event/{int(later.timestamp())}/Ev2"]
    year_ago = int((NOW - timedelta(days=365)).timestamp())  # a clock that was set does not make it come twice
    assert await presses.told("Ev3", year_ago, "U0ANA", later, done)
    assert not await presses.told("Ev3", year_ago, "U0ANA", later, done)
