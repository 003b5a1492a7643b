"""An answer for spreadsheets: CSV as RFC 4180 has it, exact figures, unknown as an empty cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.answers.answer import Amount, Answer, Table
from bot.core.books.spreadsheet import written
from bot.core.change import moved
from bot.core.report import Figures, Report, Row
from bot.core.usage import TOKEN_TYPES
from bot.render.plain import exact, rate

HEADER = (
    *("id", "name", "share", "billed_cost", "list_cost"),
    *TOKEN_TYPES,
    *("total_tokens", "web_search_requests", "cache_hit_rate", "requests"),
)
_Value = object


def text(answer: Answer) -> str:
    """The file that came with it, else the report's rows and total, else the first table, else the facts.

    Lines end in CR LF.
    """
    if answer.file:
        return answer.file.content.decode()
    if answer.report:
        return written(_report(answer.report))
    if answer.tables:
        return written(_table(answer.tables[0]))
    facts = ((fact.label, exact(fact.value), fact.note) for one in (answer, *answer.parts) for fact in one.facts)
    return written([("label", "value", "note"), *facts])


def _report(report: Report) -> Iterator[Iterable[_Value]]:
    """List cost that is not exact has its upper end in a column of its own, the last."""
    range_, why = report.total.list_cost_high is not None, report.causes is not None
    yield (*HEADER, *(("list_cost_high",) if range_ else ()), *(("previous_billed_cost", "change") if why else ()))
    for row in (*report.rows, Row(None, "total", report.total, previous=report.previous)):
        exact_figures = (*_figures(row.figures), *_high(row.figures, range_), *(_change(row) if why else ()))
        yield (row.id, row.name, rate(row.share), *exact_figures)


def _change(row: Row) -> tuple[_Value, ...]:
    before = row.previous.billed_cost if row.previous else None
    return before, moved(row.figures.billed_cost, before)


def _high(figures: Figures, range_: bool) -> tuple[_Value, ...]:
    return (figures.list_cost_high or figures.list_cost,) if range_ else ()


def _figures(figures: Figures) -> Iterator[_Value]:
    yield from (figures.billed_cost, figures.list_cost)
    yield from (figures.tokens or dict.fromkeys(TOKEN_TYPES)).values()
    yield from (figures.total_tokens, figures.web_search_requests, rate(figures.cache_hit_rate), figures.requests)


def _table(table: Table) -> Iterator[Iterable[_Value]]:
    yield [column.title for column in table.columns]
    for row in (*table.rows, *((table.total,) if table.total else ())):
        yield [cell.money if isinstance(cell, Amount) else exact(cell) for cell in row]
