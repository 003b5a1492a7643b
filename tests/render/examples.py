"""Answers for every renderer: one of each kind a reader meets, and some that are meant to break them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

from bot.answers.answer import (
    Action,
    Amount,
    Answer,
    Chart,
    ChartKind,
    Column,
    Fact,
    Percent,
    Series,
    Table,
    Tokens,
    Tone,
)
from bot.core.money import Money
from bot.core.periods import Period, Unit
from bot.core.question import Dimension, Question, Subject
from bot.core.report import Figures, Report, Row
from bot.core.usage import CACHE_READ, OUTPUT, UNCACHED_INPUT, WEB_SEARCH

NOVEMBER = Period(
    datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC), "UTC", "this month", Unit.MONTH, True
)
OCTOBER = Period(
    datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 22, tzinfo=UTC), "UTC", "1–21 Oct", Unit.MONTH, False
)
THROUGH = datetime(2026, 11, 21, tzinfo=UTC)
FIGURES = (Column("Billed cost"), Column("Tokens"), Column("Share"))
HOSTILE = (
    "<!channel> <@U0123> <http://evil.example|click>",
    "*bold* _slanted_ ~struck~ `code` | > quoted & more",
    '=HYPERLINK("http://evil.example")',
    "🧑‍🚀 التقارير \u202eevil\u202c :fire: 日本語チーム",
    "two\nlines\tand\x1b[31m red\x00 \ud800",
    "long " * 60,
    "",
)


def figures(cents: str | None, *, uncached: int = 0, read: int = 0, output: int = 0, searches: int = 0) -> Figures:
    """Figures whose list cost is a tenth above the billed one, or unpriced."""
    billed = None if cents is None else Money.from_cents(cents)
    listed = None if billed is None else Money(billed.units * 11 // 10)
    quantities = {UNCACHED_INPUT: uncached, CACHE_READ: read, OUTPUT: output, WEB_SEARCH: searches}
    return Figures(billed, listed, {charge: amount for charge, amount in quantities.items() if amount} or None)


SONNET = figures("78410.123456", uncached=1_520_000, read=2_600_000, output=440_000)
HAIKU = figures("0.000125", uncached=1_000, output=15)
NEWEST = figures(None, uncached=999_950, searches=12)
TOTAL = figures("78410.123581", uncached=2_520_950, read=2_600_000, output=440_015, searches=12)

REPORT = Report(
    question=Question(Subject.TEAM, "Team Alpha", NOVEMBER, Dimension.MODEL, None, None, False, "team alpha by model"),
    name="alpha",
    by=Dimension.MODEL,
    period=NOVEMBER,
    total=TOTAL,
    previous_period=OCTOBER,
    previous=figures("70000", uncached=2_000_000, output=400_000),
    rows=(
        Row("claude-sonnet-5-5", "Claude Sonnet 5.5", SONNET, 0.99999841),
        Row("claude-haiku-5", "Claude Haiku 5", HAIKU, 0.0000000016),
        Row("claude-x", "claude-x", NEWEST),
    ),
    data_through=THROUGH,
    notes=("1 model has no list price: claude-x",),
)

TEAM = Answer(
    title="Team Alpha · this month",
    headline="Team Alpha spent $784.10 so far this month, 12 % more than on 1–21 Oct.",
    facts=(
        Fact("Billed cost", Amount(TOTAL.billed_cost), "12 % more than 1–21 Oct"),
        Fact("List cost", Amount(TOTAL.list_cost)),
        Fact("Tokens", Tokens(TOTAL.total_tokens), "of which 440k output"),
        Fact("Cache hit rate", Percent(TOTAL.cache_hit_rate)),
        Fact("Budget left", Amount(Money.from_dollars("-284.1012")), "the month's $500.00 were used up on 14 Nov"),
        Fact("Month-end forecast", Amount(None), "needs three more days of figures than there are so far this month"),
    ),
    tables=(
        Table(
            "By model",
            (Column("Model", numeric=False), *FIGURES),
            tuple(
                (row.name, Amount(row.figures.billed_cost), Tokens(row.figures.total_tokens), Percent(row.share))
                for row in REPORT.rows
            ),
            ("Total", Amount(TOTAL.billed_cost), Tokens(TOTAL.total_tokens), Percent(1.0)),
        ),
    ),
    notes=REPORT.notes,
    actions=(Action("By day", "trend team alpha"), Action("Why more?", "why team alpha")),
    data_through=THROUGH,
    report=REPORT,
    question="team alpha by model",
)

TREND = Answer(
    title="Trend · last 5 days",
    headline="Spending doubled on Thursday and stayed there.",
    charts=(
        Chart(
            ChartKind.LINE,
            "Billed cost by day",
            "Thursday's $24.50 is twice Wednesday's $12.25.",
            ("Mon", "Tue", "Wed", "Thu", "Fri"),
            (
                Series("Team Alpha", tuple(map(Decimal, ("10", "11.5", "12.25", "24.5", "24.125")))),
                Series("unallocated", tuple(map(Decimal, ("0", "0.004", "1", "-2", "3")))),
            ),
        ),
        Chart(
            ChartKind.PIE,
            "Tokens by model",
            "Claude Sonnet 5.5 takes nearly everything.",
            ("Claude Sonnet 5.5", "Claude Haiku 5"),
            (Series("Tokens", (Decimal(4_560_000), Decimal(1_015))),),
            unit="tokens",
        ),
        Chart(ChartKind.BAR, "Third", "Slack draws only two.", ("a", "b"), (Series("s", (Decimal(1), Decimal(3))),)),
    ),
    data_through=THROUGH,
    question="trend 5d",
)

WARNING = Answer(
    title="Budget alpha-month is used up",
    headline="Team Alpha has spent $784.10 of $500.00 this month.",
    facts=(Fact("Since", "14 Nov 2026"),),
    notes=("Shared out by list cost below the workspace.",),
    tone=Tone.WARNING,
    data_through=THROUGH,
)

HELP = Answer(
    title="How to ask",
    headline="Type a subject, a name and a period, in any order that reads well.",
    paragraphs=(
        "/claude-usage team alpha last week\n/claude-usage models by team top 5",
        "Periods: today, yesterday, 7d, last week, mtd, 2026-10, 2026-10-01..2026-10-15, since 2026-11-01, october.",
    ),
    tables=(
        Table("Subjects", (Column("Word", False), Column("Answers", False)), (("team", "one team"), ("teams", "all"))),
        Table("Nobody", (Column("Name", False), *FIGURES), ()),
    ),
)

SORRY = Answer(title="I can't find that", headline="There is no team “alfa”.", tone=Tone.SORRY)
NOTHING = Answer(title="", headline="")


def ranked(count: int) -> Answer:
    """A table of so many teams, and of a second table as long."""
    rows = tuple((f"Team {n}", Amount(Money(n * 10**10)), Tokens(n * 1000), Percent(n / 1000)) for n in range(count))
    total = ("Total", Amount(Money(10**17)), Tokens(10**9), Percent(1.0))
    columns = (Column("Team", numeric=False), *FIGURES)
    return Answer(
        title="Teams",
        headline=f"{count} teams.",
        tables=(Table("All teams", columns, rows, total), Table("Again", columns, rows)),
        data_through=THROUGH,
        question="teams",
    )


def hostile(name: str) -> Answer:
    """The same name everywhere a name can stand."""
    row = (name, Amount(None), Tokens(None), Percent(None))
    rich = (name, Amount(Money.from_dollars("10000000")), Tokens(10**12), Percent(1.0))
    poor = (name, Amount(Money.from_dollars("0.000001")), Tokens(0), Percent(1e-9))
    columns = (Column("Team", numeric=False), Column("Billed"), Column("Tokens"), Column("Share"))
    values = (Decimal(1), Decimal(2))
    report = Report(
        question=REPORT.question,
        name=name,
        by=Dimension.KEY,
        period=NOVEMBER,
        total=figures(None),
        previous_period=OCTOBER,
        previous=figures(None),
        rows=(Row(name, name, figures("-310")), Row(None, name, figures(None))),
        data_through=None,
        notes=(name,),
    )
    return Answer(
        title=name,
        headline=name,
        facts=(Fact(name, name, name), Fact(name, Amount(None), name)),
        charts=(Chart(ChartKind.BAR, name, name, (name, name), (Series(name, values), Series(name, values)), name),),
        tables=(Table(name, columns, (row, rich, poor), rich), Table(name, columns, (row, rich, poor))),
        paragraphs=(name, name),
        notes=(name,),
        actions=(Action(name, name or "teams"),),
        tone=Tone.WARNING,
        report=report,
        question="teams",
    )


EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {"team": TEAM, "trend": TREND, "warning": WARNING, "help": HELP, "sorry": SORRY, "hostile": hostile(HOSTILE[1])}
)
