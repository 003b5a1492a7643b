"""Budgets and forecasts as people ask for them, from a real ledger that holds a quarter of a year."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.answers.answer import Answer, Tone
from bot.core.access import Asker
from bot.core.errors import NotFound
from bot.render import terminal
from bot.services.asking.ask import Ask
from bot.store.database import Database
from tests import databases
from tests.services.books import Books

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
FIRST = date(2026, 8, 15)
CONFIGURATION = """\
teams:
  - {id: alpha, name: Team Alpha, owners: [ana@example.com], matches: [{workspace: alpha}]}
  - {id: beta, name: Team Beta, matches: [{workspace: beta}]}
  - {id: gamma, name: Team Gamma, matches: [{workspace: gamma}]}
budgets:
  - {id: alpha-month, team: alpha, amount: 1500.00, notify_at: [50, 80, 100], forecast: true}
  - {id: beta-year, team: beta, amount: 2000.00, period: year}
  - {id: all-quarter, scope: all, amount: 9000.00, period: quarter}
  - {id: gone, scope: {model: claude-2}, amount: 5.00}
"""


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    """Alpha spends $60 on working days and $30 at weekends, Beta $5 a day since five days; only to be read."""
    database = Database(databases.sqlite(tmp_path_factory.mktemp("outlook") / "books.db"))
    books = Books(database)
    books.configure(CONFIGURATION)
    for n in range((NOW.date() - FIRST).days):
        day = FIRST + timedelta(days=n)
        alpha = "60.00" if day.weekday() < 5 else "30.00"
        if day < date(2026, 11, 16):
            books.spend(day, alpha=alpha)
        else:
            books.spend(day, alpha=alpha, beta="5.00")
    yield books
    database.close()


async def asked(books: Books, text: str, zone: str = "UTC", now: datetime = NOW) -> Answer:
    return await Ask(books.database, zone).answer(text, now, Asker(operator=True))


async def test_a_budget_says_what_is_spent_left_and_ahead_in_one_sentence(books: Books) -> None:
    answer = await asked(books, "budget alpha")
    # 15 working days and 5 of weekends: $1,050; 6 and 4 to come: $480.
    assert answer.headline.startswith(
        "Team Alpha has spent $1,050 of $1,500 in November 2026 (70 %); heading for $1,530 (between "
    )
    assert answer.headline.endswith(", runs out on 30 Nov.")
    assert answer.tone is Tone.WARNING
    told = terminal.text(answer)
    assert "Left          $450.00    10 of 30 days to go" in told
    assert "Pace          105 %" in told
    assert "A day lately  $51.43     $45.00 would last" in told


async def test_the_answer_about_a_team_ends_with_its_budget(books: Books) -> None:
    this_month = (await asked(books, "team alpha")).headline
    assert this_month.endswith("; heading for $1,530 of its $1,500 budget.")
    assert "budget" not in (await asked(books, "team alpha last week")).headline
    assert "budget" not in (await asked(books, "team gamma")).headline


async def test_a_forecast_comes_with_its_range_and_its_record(books: Books) -> None:
    answer = await asked(books, "forecast alpha")
    assert answer.headline.startswith("Team Alpha is heading for $1,530 (between $1,5")
    assert answer.headline.endswith(" in November 2026, after $1,050 so far.")
    (record,) = answer.tables
    assert [row[0] for row in record.rows] == ["October 2026", "September 2026"]  # August is not known whole
    assert answer.notes[0].startswith("Track record, 20 days into each of the last 2 periods: off by ")
    assert answer.notes[0].endswith(" on average, 2 of 2 within the range.")


async def test_all_budgets_stand_in_one_table_and_one_of_nothing_known_is_left_out(books: Books) -> None:
    answer = await asked(books, "budget")
    (table,) = answer.tables
    assert [row[:2] for row in table.rows] == [
        ("Team Alpha", "month"),
        ("Team Beta", "year"),
        ("Example Org", "quarter"),
    ]
    assert answer.headline == "3 budgets, 1 over or heading over: Team Alpha."


async def test_a_year_of_which_the_beginning_was_not_read_has_no_forecast(books: Books) -> None:
    answer = await asked(books, "budget beta")
    assert "heading" not in answer.headline
    assert "The period began before the first day that was read, so its total can't be known." in answer.notes


async def test_five_days_are_too_few_for_a_forecast_and_it_says_so(books: Books) -> None:
    answer = await asked(books, "forecast beta")
    assert answer.headline == (
        "Team Beta spent $25.00 so far in November 2026. There is no forecast: a forecast needs 7 days since the first "
        "spend."
    )


async def test_without_a_budget_an_amount_is_suggested_once_three_months_are_known(books: Books) -> None:
    answer = await asked(books, "budget gamma")
    assert answer.headline == "Team Gamma has no budget."
    assert answer.paragraphs[0].startswith("Add one under `budgets:`")


async def test_a_month_that_is_over_is_told_as_it_ended(books: Books) -> None:
    answer = await asked(books, "budget alpha october")
    # 22 working days and 9 of weekends.
    assert (
        answer.headline == "Team Alpha has spent $1,590 of $1,500 in October 2026 (106 %), $90.00 more than there is."
    )
    assert (await asked(books, "forecast alpha october")).headline == (
        "Team Alpha spent $1,590 in October 2026, which is over."
    )


async def test_a_day_that_is_running_counts_as_spent_and_not_as_a_day_of_history(books: Books) -> None:
    answer = await asked(books, "forecast alpha", now=datetime(2026, 11, 20, 9, tzinfo=UTC))
    assert answer.headline.endswith(", after $1,050 so far.")
    assert answer.facts[0].note == "19 of 30 days"


async def test_a_team_that_is_not_there_is_not_found(books: Books) -> None:
    with pytest.raises(NotFound, match="Team Alpha"):
        await asked(books, "forecast alhpa")


async def test_nothing_is_forecast_before_anything_was_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    database = Database(databases.sqlite(tmp_path_factory.mktemp("empty") / "books.db"))
    empty = Books(database)
    answer = await asked(empty, "forecast")
    assert answer.headline == "Nothing is known yet of what Example Org spent in November 2026."
    assert (await asked(empty, "budget")).headline.endswith("has no budget.")
    database.close()
