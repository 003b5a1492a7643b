"""An answer for spreadsheets: CSV as RFC 4180 has it, exact figures, unknown as an empty cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.answers.answer import Amount, Answer, Table
from bot.core.report import Figures, Report
from bot.core.spreadsheet import written
from bot.core.usage import TOKEN_TYPES
from bot.render.plain import exact, rate

HEADER = (
    *("id", "name", "share", "billed_cost", "list_cost"),
    *TOKEN_TYPES,
    *("total_tokens", "web_search_requests", "cache_hit_rate"),
)
_Value = object


def text(answer: Answer) -> str:
    """The report's rows and total, else the first table, else the facts; lines end in CR LF."""
    if answer.report:
        return written(_report(answer.report))
    if answer.tables:
        return written(_table(answer.tables[0]))
    facts = ((fact.label, exact(fact.value), fact.note) for fact in answer.facts)
    return written([("label", "value", "note"), *facts])


def _report(report: Report) -> Iterator[Iterable[_Value]]:
    yield HEADER
    for row in report.rows:
        yield (row.id, row.name, rate(row.share), *_figures(row.figures))
    yield (None, "total", None, *_figures(report.total))


def _figures(figures: Figures) -> Iterator[_Value]:
    yield from (figures.billed_cost, figures.list_cost)
    yield from (figures.tokens or dict.fromkeys(TOKEN_TYPES)).values()
    yield from (figures.total_tokens, figures.web_search_requests, rate(figures.cache_hit_rate))


def _table(table: Table) -> Iterator[Iterable[_Value]]:
    yield [column.title for column in table.columns]
    for row in (*table.rows, *((table.total,) if table.total else ())):
        yield [cell.money if isinstance(cell, Amount) else exact(cell) for cell in row]
