"""How periods and totals are put into sentences."""

from datetime import UTC, date, datetime

import pytest

from bot.answers import examples
from bot.answers.answer import Amount
from bot.answers.pieces import aside, breakdown, course, during
from bot.core.money import Money
from bot.core.question import Dimension
from bot.core.report import Figures, Row, leading
from bot.core.said_periods import parse_period


@pytest.mark.parametrize(
    ("words", "said", "before"),
    [
        ("this month", "so far this month", "from 1 to 20 Oct"),
        ("today", "so far today", "on 20 Nov"),
        ("yesterday", "yesterday", "on 19 Nov"),
        ("last week", "last week", "from 2 to 8 Nov"),
        ("last 7 days", "in the last 7 days", "in the 6 days before"),
        ("2026-11-18", "on 18 Nov 2026", "on 17 Nov"),
        ("2026-09-28..2026-10-03", "from 28 Sep to 3 Oct 2026", "in the 6 days before"),
        ("2026-11-18..2026-11-18", "on 18 Nov 2026", "on the day before"),
        ("since 2026-11-01", "since 1 Nov 2026", "in the 20 days before"),
        ("october", "in October 2026", "in September 2026"),
        ("2026-q3", "in Q3 2026", "in Q2 2026"),
        ("2025", "in 2025", "in 2024"),
        ("2026", "so far in 2026", "from 1 Jan to 20 Nov 2025"),
    ],
)
def test_a_period_reads_as_part_of_a_sentence(words: str, said: str, before: str) -> None:
    period = parse_period(words, now=examples.NOW, zone="UTC")
    assert period is not None
    # Yesterday's data is whole and today's has not begun, but for a question about today itself.
    held = period.until(examples.THROUGH if words != "today" else datetime(2026, 11, 22, tzinfo=UTC))
    assert (during(held), during(held.previous())) == (said, before)


def test_a_breakdown_that_is_cut_still_adds_up() -> None:
    table = breakdown("By model", Dimension.MODEL, examples.MODELS, most=1)
    assert [row[0] for row in table.rows] == ["Claude Opus 5.5", "and 2 more"]
    assert [len(row) for row in table.rows] == [len(table.columns)] * 2


def test_the_breakdown_beside_is_narrow() -> None:
    assert [column.title for column in aside(Dimension.KEY, examples.KEYS).columns] == [
        *("Key", "Billed", "Share", "Tokens")
    ]


def test_a_day_that_is_not_billed_yet_is_left_out_of_the_picture() -> None:
    [chart] = course((*examples.COURSE, (date(2026, 11, 21), Figures(None, None))))
    assert chart.labels[-1] == "20 Nov"
    assert chart.title == "Billed cost per day, 20 days"


def test_days_beyond_what_slack_draws_are_said_to_be_left_out() -> None:
    more = (date(2026, 10, 31), Figures(Money.from_dollars("1"), None))
    [chart] = course((more, *examples.COURSE))
    assert chart.title == "Billed cost per day, last 20 of 21 days"
    assert len(chart.labels) == 20


def test_a_few_millionths_are_drawn_as_what_they_are() -> None:
    tiny = Figures(Money.from_dollars("0.000002"), None)
    [chart] = course(((date(2026, 11, 1), tiny), (date(2026, 11, 2), tiny)))
    assert [str(value) for value in chart.series[0].values] == ["0.0000020000"] * 2


def test_what_is_cut_twice_says_how_many_rows_are_missing_in_all() -> None:
    """`keys top 40` of 500, of which an answer has room for 15: 485 are missing, not 26."""
    rows = [Row(f"k{n}", f"Key {n}", Figures(Money(1), None), 0.002) for n in range(500)]
    table = breakdown("Keys", Dimension.KEY, leading(rows, 40), most=15)
    assert [table.rows[-1][0], table.last_of] == ["and 485 more", 485]
    assert table.rows[-1][1] == Amount(Money(485))
    assert breakdown("Keys", Dimension.KEY, leading(rows, 40)).last_of == 460
    assert breakdown("Keys", Dimension.KEY, ()).last_of == 1
