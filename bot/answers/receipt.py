"""A receipt as people read it: what the figure rests on, the largest rows, the pages, and how to do the sum again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Action, Amount, Answer, Column, Fact, Table, Tone
from bot.answers.pieces import day_label
from bot.core import wording
from bot.core.books.receipt import Asked, Chosen, Configured, Line, PageRead, Reading, Receipt, Share, SharePart
from bot.core.books.receipt_json import directory_hash
from bot.core.books.rows import prices, sums, total
from bot.core.directory import ApiKey, Directory, Workspace
from bot.core.entries import Attribution, Basis
from bot.core.money import ZERO, Money
from bot.core.prices import display_name
from bot.core.sharing import Rule
from bot.core.typed import quote
from bot.core.usage import CACHE_READ, OUTPUT, Source

MOST_LINES = 12
MOST_SHARES = 6
MOST_PAGES = 10
HASH_LETTERS = 12
_MINUTE = "%Y-%m-%d %H:%M"
_LINES = (
    Column("Day", numeric=False),
    Column("For", numeric=False),
    Column("Billed"),
    Column("List"),
    Column("Billed is"),
)
_BASIS = {
    Basis.REPORTED: "reported",
    Basis.BY_KEY: "shared by key",
    Basis.BY_TEAM: "shared by team",
    Basis.NOT_BILLED: "not billed",
    Basis.UNKNOWN: wording.UNKNOWN,
    Basis.ADJUSTMENT: "adjustment",
}
_SHARES = (
    Column("Day", numeric=False),
    Column("For", numeric=False),
    Column("Amount"),
    Column("Split by", numeric=False),
    Column("Parts"),
)
_PRICES = (Column("Model", numeric=False), Column("Days", numeric=False), Column("Input"), Column("Output"))
_PAGES = (
    Column("Report", numeric=False),
    Column("Days", numeric=False),
    Column("First came", numeric=False),
    Column("SHA-256"),
)


def answer(receipt: Receipt, receipt_id: str, *, rows: bool = True) -> Answer:
    """`receipt_id` is the receipt's own, made once by whoever has it; without `rows` for who may not see all people."""
    unkept = sorted({day for reading in receipt.readings if not reading.pages for day in reading.days})
    detail = (_lines(receipt), _shares(receipt)) if rows else ()
    notes = [f"The pages of {len(unkept)} days were not kept, so they can't be checked."] if unkept else []
    notes += [] if rows else ["The rows are not shown: some are of people whose figures you may not see."]
    return Answer(
        title=f"Receipt {receipt_id}",
        headline=_headline(receipt),
        facts=_facts(receipt),
        tables=tuple(table for table in (*detail, _prices(receipt), _pages(receipt)) if table.rows),
        paragraphs=(
            f"To do the sum again from the pages kept: `claude-usage verify {receipt_id}`. "
            "Every row, split and request in full: `claude-usage ask` with `--receipt --format json`.",
        ),
        notes=tuple(notes),
        actions=(Action("The figures", receipt.asked.text),),
        tone=Tone.WARNING if receipt.residual.units else Tone.PLAIN,
    )


def _headline(receipt: Receipt) -> str:
    rows, pages = len(receipt.lines), len(receipt.pages)
    left = "nothing is left over" if not receipt.residual.units else f"{wording.dollars(receipt.residual)} is left over"
    return (
        f"{wording.to_the_cent(receipt.figures.billed_cost)} for “{receipt.asked.text}” is the sum of "
        f"{wording.exactly(rows, 'row')} of the ledger, from {wording.exactly(pages, 'page')}; {left}."
    )


def _facts(receipt: Receipt) -> tuple[Fact, ...]:
    figures, asked, configuration = receipt.figures, receipt.asked, receipt.configuration
    names = f"names {receipt.directory_sha256[:HASH_LETTERS]}"
    return (
        Fact("Billed cost, exact", _exact(figures.billed_cost), f"list cost {_exact(figures.list_cost)}"),
        Fact("Period", _span(asked.start.date(), _last(asked)), f"days of {asked.timezone}"),
        Fact("Reported", _exact(receipt.reported), "by Anthropic for these days, everybody's"),
        Fact("Outside the figure", _exact(receipt.elsewhere)),
        Fact("Residual", _exact(receipt.residual), "reported − this figure − outside it"),
        Fact("Shared out", _exact(figures.shared_out), "of the figure, below what Anthropic reports"),
        Fact(
            "Configuration",
            f"number {configuration.id}" if configuration else "none",
            f"text {configuration.sha256[:HASH_LETTERS]}, {names}" if configuration else names,
        ),
    )


def _last(asked: Asked) -> date:
    """The last day of the period."""
    return max(asked.start, asked.end - timedelta.resolution).date()


def _exact(amount: Money | None) -> str:
    return wording.UNKNOWN if amount is None else f"${amount}"


def _lines(receipt: Receipt) -> Table:
    """The largest rows, and one line for the rest, so that what is shown adds up."""
    ranked = sorted(receipt.lines, key=lambda line: (-_size(line), line.key))
    shown, hidden = ranked[:MOST_LINES], ranked[MOST_LINES:]
    rows = [
        (
            day_label(line.day),
            _what(receipt, line.organization_id, line.attribution, line.charge),
            Amount(line.billed_cost),
            Amount(line.list_cost),
            _BASIS[line.basis],
        )
        for line in shown
    ]
    if hidden:
        listed = Money(sum(line.list_cost.units for line in hidden if line.list_cost is not None))
        rows.append(("", wording.and_more(len(hidden)), Amount(total(hidden)), Amount(listed), ""))
    return Table("Rows of the ledger, the largest first", _LINES, tuple(rows), last_of=len(hidden) or 1)


def _size(line: Line) -> int:
    return abs(line.billed_cost.units) if line.billed_cost is not None else 0


def _shares(receipt: Receipt) -> Table:
    ranked = sorted(receipt.shares, key=lambda share: -abs(share.amount.units))
    rows = [
        (
            day_label(share.day),
            _what(receipt, share.organization_id, share.parts[0].attribution._replace(api_key_id=""), share.charge),
            Amount(share.amount),
            share.rule.value,
            str(len(share.parts)),
        )
        for share in ranked[:MOST_SHARES]
    ]
    hidden = ranked[MOST_SHARES:]
    if hidden:
        rows.append(("", wording.and_more(len(hidden)), Amount(Money(sum(one.amount.units for one in hidden))), "", ""))
    return Table("Amounts that were split, with their largest first", _SHARES, tuple(rows), last_of=len(hidden) or 1)


def _what(receipt: Receipt, organization_id: str, attribution: Attribution, charge: str) -> str:
    """Whose and what a row is: its key where it has one, else its workspace; its model; its charge."""
    directory = next((one for one in receipt.directories if one.organization_id == organization_id), None)
    key, workspace = attribution.api_key_id, attribution.workspace_id
    if key:
        place = directory.key_name(key) if directory else key
    else:
        place = directory.workspace_name(workspace) if directory else workspace
    model = display_name(attribution.model).removeprefix("Claude ") if attribution.model else ""
    return ", ".join(part for part in (place, model, charge.replace("_", " ")) if part)


def _prices(receipt: Receipt) -> Table:
    rows = tuple(
        (
            display_name(used.model),
            _span(used.since, used.until - timedelta(days=1)),
            f"${used.price.uncached_input}" if used.price else "unpriced",
            f"${used.price.output}" if used.price else "unpriced",
        )
        for used in receipt.prices
    )
    return Table("List prices, dollars per million tokens", _PRICES, rows)


def _pages(receipt: Receipt) -> Table:
    rows = [_page(reading, page) for reading, page in receipt.pages[:MOST_PAGES]]
    hidden = len(receipt.pages) - len(rows)
    if hidden:
        rows.append((wording.and_more(hidden), "", "", ""))
    return Table("Pages it came from, all times UTC", _PAGES, tuple(rows), last_of=hidden or 1)


def _page(reading: Reading, page: PageRead) -> tuple[str, ...]:
    path = page.request.partition("?")[0].removeprefix("/v1/organizations/")
    days = _span(reading.since, reading.until - timedelta(days=1))
    return path, days, page.fetched_at.astimezone(UTC).strftime(_MINUTE), page.sha256[:HASH_LETTERS]


def _span(first: date, last: date) -> str:
    return day_label(first) if first >= last else f"{day_label(first)} – {day_label(last)}"


def _example(
    question: str = "team alpha this month", key_name: str = "support-autotriage", *, kept: bool = True, lost: str = "0"
) -> Receipt:
    """Two days of two keys of one workspace; `lost` dollars are in no row."""
    days = (date(2026, 11, 19), date(2026, 11, 20))
    directory = Directory(
        "org_1",
        examples.ORGANISATION,
        {"wrkspc_1": Workspace("wrkspc_1", "support-prod")},
        {"apikey_01a": ApiKey("apikey_01a", key_name, "wrkspc_1"), "apikey_01b": ApiKey("apikey_01b", "b", "wrkspc_1")},
    )

    def place(key: str, team: str = "alpha") -> Attribution:
        return Attribution(team, "wrkspc_1", key, "claude-opus-5-5", "standard", "global")

    def line(day: date, key: str, charge: str, dollars: str, basis: Basis) -> Line:
        cost = Money.from_dollars(dollars)
        return Line("org_1", day, place(key), charge, basis, 1_000_000, cost, cost)

    lines = (
        line(days[0], "apikey_01a", OUTPUT, "301.25", Basis.BY_KEY),
        line(days[0], "apikey_01b", OUTPUT, "41.20", Basis.BY_KEY),
        line(days[1], "apikey_01a", CACHE_READ, "0.0000000125", Basis.REPORTED),
    )
    parts = tuple(
        SharePart(place(one.attribution.api_key_id, ""), one.billed_cost.units, one.billed_cost)
        for one in lines[:2]
        if one.billed_cost is not None
    )
    page = PageRead(
        "/v1/organizations/cost_report?starting_at=2026-11-01T00%3A00%3A00Z&ending_at=2026-11-21T00%3A00%3A00Z",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        examples.NOW,
    )
    chosen = Chosen(teams=("alpha",))
    outside = Money.from_dollars("901.55")
    return Receipt(
        Asked(question, "alpha", datetime(2026, 11, 1, tzinfo=UTC), examples.THROUGH, "UTC"),
        chosen,
        sums(lines, chosen, usage_read=True, cost_read=True),
        total(lines) + outside + Money.from_dollars(lost),
        outside,
        Money.from_dollars(lost),
        lines,
        (Share("org_1", days[0], OUTPUT, total(lines[:2]), Rule.LIST_COST, parts),),
        prices(lines),
        (Reading("org_1", Source.COST, date(2026, 11, 1), date(2026, 11, 21), (page,) if kept else (), days, days),),
        (),
        Configured(3, "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"),
        (directory,),
        directory_hash((directory,)),
    )


def _empty() -> Receipt:
    return replace(
        _example("summary today"),
        figures=sums((), Chosen(), usage_read=False, cost_read=False),
        chosen=Chosen(),
        lines=(),
        shares=(),
        prices=(),
        readings=(),
        reported=ZERO,
        elsewhere=ZERO,
        configuration=None,
    )


def _long() -> Receipt:
    one = _example()
    rows = tuple(replace(one.lines[0], quantity=number) for number in range(1, 41))
    return replace(one, lines=rows, shares=one.shares * 9)


_ID = "1a2b3c4d5e6f"
EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "team": answer(_example(), _ID),
        "many rows": answer(_long(), _ID),
        "nothing read": answer(_empty(), _ID),
        "pages not kept": answer(_example(kept=False), _ID),
        "something left over": answer(_example(lost="0.01"), _ID),
        "hostile names": answer(_example(f"team {quote(examples.HOSTILE[:120])}", examples.HOSTILE), _ID),
    }
)
