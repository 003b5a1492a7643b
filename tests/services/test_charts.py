"""What a chart draws, from a real ledger: its columns add up, its budget runs down, and it shows nobody too much."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from bot.answers.answer import Amount, Answer, Chart, ChartKind, Stroke
from bot.core.access import NOBODY, OPERATOR, Asker
from bot.core.errors import Withheld
from bot.services.asking.ask import Ask
from bot.store.database import Database
from tests import databases
from tests.services.books import Books
from tests.services.test_people import ANA, EMI, filled
from tests.services.test_people import NOW as PEOPLE_NOW

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
FIRST = date(2026, 8, 15)
CONFIGURATION = """\
teams:
  - {id: alpha, name: Team Alpha, matches: [{workspace: alpha}]}
  - {id: beta, name: Team Beta, matches: [{workspace: beta}]}
budgets:
  - {id: alpha-month, team: alpha, amount: 1500.00, forecast: true}
  - {id: beta-month, team: beta, amount: 20.00}
"""


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    """Alpha spends $60 on working days and $30 at weekends, Beta $5 and Gamma, which no team claims, $1; 18 November
    was not billed."""
    database = Database(databases.sqlite(tmp_path_factory.mktemp("charts") / "books.db"))
    books = Books(database)
    books.configure(CONFIGURATION)
    for n in range((NOW.date() - FIRST).days):
        day = FIRST + timedelta(days=n)
        books.use(day, alpha=1000, beta=1000, gamma=1000)
        if day != date(2026, 11, 18):
            books.bill(day, alpha="60.00" if day.weekday() < 5 else "30.00", beta="5.00", gamma="1.00")
    yield books
    database.close()


async def asked(books: Books, text: str, zone: str = "UTC", asker: Asker = OPERATOR) -> Answer:
    return await Ask(books.database, zone).answer(text, NOW, asker)


async def chart_of(books: Books, text: str, zone: str = "UTC") -> Chart:
    answer = await asked(books, text, zone)
    (chart,) = answer.charts
    assert answer.tables
    assert answer.data_through
    return chart


def values(chart: Chart, name: str) -> list[Decimal | None]:
    (series,) = [series for series in chart.series if series.name == name]
    return list(series.values)


async def test_a_trend_has_a_column_for_each_day_and_a_part_for_each_team(books: Books) -> None:
    chart = await chart_of(books, "chart trend 2026-11-02..2026-11-08")
    assert chart.kind is ChartKind.STACK
    assert chart.labels == ("2 Nov", "3 Nov", "4 Nov", "5 Nov", "6 Nov", "7 Nov", "8 Nov")
    assert [(series.name, series.note) for series in chart.series] == [
        ("Team Alpha", "$360.00"),
        ("Team Beta", "$35.00"),
        ("unallocated", "$7.00"),
    ]
    assert values(chart, "Team Alpha") == [60, 60, 60, 60, 60, 30, 30]
    assert chart.finding == "Example Org, 2–8 Nov 2026: $402.00, the most on 6 Nov with $66.00."


async def test_the_table_beside_a_trend_adds_up_to_the_answer_in_words(books: Books) -> None:
    answer = await asked(books, "chart trend team alpha last month by workspace")
    (table,) = answer.tables
    assert table.total
    whole = table.total[-1]
    report = (await asked(books, "team alpha last month")).report
    assert report
    assert whole == Amount(report.total.billed_cost)
    assert len(table.rows) == 31


async def test_a_day_that_is_not_billed_yet_is_a_gap_and_not_a_zero(books: Books) -> None:
    answer = await asked(books, "chart trend 2026-11-16..2026-11-20")
    (chart,) = answer.charts
    assert values(chart, "Team Beta") == [5, 5, None, 5, 5]
    assert answer.tables[0].rows[2][-1] == Amount(None)
    assert any("not in yet for 18 Nov" in note for note in answer.notes)


@pytest.mark.parametrize(
    ("words", "first", "last", "count"),
    [
        ("2026-08-15..2026-11-14", "15 Aug", "14 Nov", 92),
        ("2026-08-15..2026-11-15", "10 Aug", "9 Nov", 14),
        ("2026-08-15..2026-11-15 by month", "Aug 2026", "Nov 2026", 4),
        ("since 2024-01-01", "Jan 2024", "Nov 2026", 35),
    ],
)
async def test_a_long_period_is_drawn_by_the_week_or_the_month(
    books: Books, words: str, first: str, last: str, count: int
) -> None:
    chart = await chart_of(books, f"chart trend {words}")
    assert (chart.labels[0], chart.labels[-1], len(chart.labels)) == (first, last, count)


async def test_columns_of_local_days_add_up_too(books: Books) -> None:
    answer = await asked(books, "chart trend team alpha last week", "America/New_York")
    total = answer.tables[0].total
    assert total
    report = (await Ask(books.database, "America/New_York").answer("team alpha last week", NOW, OPERATOR)).report
    assert report
    assert total[-1] == Amount(report.total.billed_cost)


async def test_shares_are_the_rows_of_the_answer_the_largest_first(books: Books) -> None:
    chart = await chart_of(books, "chart teams last month")
    assert chart.kind is ChartKind.PIE
    assert chart.labels == ("Team Alpha", "Team Beta", "unallocated")
    assert values(chart, "Billed cost") == [1590, 155, 31]
    assert chart.finding == "Example Org: $1,776 last month. Team Alpha has the most, 90 %."


async def test_a_budget_runs_down_from_its_amount_and_goes_on_as_expected(books: Books) -> None:
    answer = await asked(books, "chart budget alpha 2026-10")
    (chart,) = answer.charts
    left = values(chart, "Left")
    assert left[:4] == [1500, 1440, 1380, 1350]
    assert (len(chart.labels), chart.labels[0], chart.labels[-1]) == (32, "start", "31 Oct")
    assert left[-1] == -90
    assert [series.name for series in chart.series] == ["Left", "Even pace"]  # the month is over
    assert values(chart, "Even pace")[-1] == 0
    assert answer.tables[0].rows[-1][0] == "31 Oct"


async def test_what_is_left_is_not_known_after_a_day_that_is_not_in(books: Books) -> None:
    chart = await chart_of(books, "chart budget alpha")
    left = values(chart, "Left")
    assert left[17] == 1500 - 12 * 60 - 5 * 30
    assert left[18:] == [None] * 13


async def test_several_budgets_are_compared_by_what_is_used_of_each(books: Books) -> None:
    chart = await chart_of(books, "chart budget 2026-10")
    assert (chart.unit, chart.labels) == ("%", ("Team Alpha", "Team Beta"))
    assert values(chart, "Used") == [Decimal("106"), Decimal("775")]


async def test_a_forecast_is_a_fan_that_begins_where_spending_is(books: Books) -> None:
    answer = await asked(books, "chart forecast beta")
    (chart,) = answer.charts
    assert chart.band
    low, high = chart.band.low, chart.band.high
    widths = [most - least for least, most in zip(low, high, strict=True) if least is not None and most is not None]
    assert widths == sorted(widths)
    assert widths[0] == 0 < widths[-1]
    expected = values(chart, "Expected")
    assert low[-1] is not None
    assert high[-1] is not None
    assert expected[-1] is not None
    assert low[-1] <= expected[-1] <= high[-1]
    (budget,) = [series for series in chart.series if series.stroke is Stroke.GUIDE]
    assert set(budget.values) == {Decimal(20)}
    assert answer.tables[0].rows[-1][0] == "30 Nov, expected"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("chart trend today", "Nothing has been read about Example Org so far today."),
        ("chart forecast last month", "which is over."),
        ("chart budget team beta 2026-08-01..2026-08-31", "Team Beta has spent $85.00 of $20.00 in August 2026"),
    ],
)
async def test_where_there_is_nothing_to_draw_the_words_say_why(books: Books, text: str, words: str) -> None:
    answer = await asked(books, text)
    assert answer.charts == ()
    assert words in answer.headline


async def test_a_chart_names_nobody_whom_the_asker_may_not_see(database: Database) -> None:
    ask = Ask(filled(database), "UTC")

    async def shown(text: str, asker: Asker) -> set[str]:
        answer = await ask.answer(f"{text} {date(2026, 11, 19)}..{date(2026, 11, 20)}", PEOPLE_NOW, asker)
        return {series.name for chart in answer.charts for series in chart.series}

    assert await shown("chart trend by user", EMI) == {"nightly-import", "Chiara", "everything else"}
    assert await shown("chart trend team trio by user", EMI) == {"Chiara", "Ben", "Ana"}
    assert "The Pair" not in await shown("chart trend", ANA)
    with pytest.raises(Withheld):
        await shown("chart trend team trio by user", NOBODY)
    with pytest.raises(Withheld):
        await shown("chart trend team pair", ANA)
