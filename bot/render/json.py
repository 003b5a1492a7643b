"""An answer for programs: exact figures, unknown as null."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from bot.answers.answer import Answer, Live, Table
from bot.core.calls.sums import Sums
from bot.core.change import moved
from bot.core.money import Money
from bot.core.question import Subject
from bot.core.report import Figures, Report, Row
from bot.core.usage import TOKEN_TYPES
from bot.render.plain import exact, rate, uncoded

CURRENCY = "USD"


def document(answer: Answer) -> dict[str, Any]:
    """The report where the answer has one, else its words, facts and tables."""
    if answer.live:
        return _live(answer.live, answer)
    return _report(answer.report) if answer.report else _words(answer)


def dump(document: dict[str, Any]) -> str:
    """The document as indented JSON; half a surrogate pair in a name stays an escape, as UTF-8 has no bytes for it."""
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _report(report: Report) -> dict[str, Any]:
    period = report.covered or report.period
    return {
        "query": {
            "subject": report.question.subject,
            "name": report.name,
            "by": report.by,
            "period": {"start": instant(period.start), "end": instant(period.end), "timezone": period.zone},
        },
        "currency": CURRENCY,
        "total": _figures(report.total),
        "previous": _figures(report.previous),
        **(_change(report) if report.question.subject is Subject.WHY else {}),
        "rows": [_row(row, report) for row in report.rows],
        "discount": rate(report.discount),
        "data_through": instant(report.data_through) if report.data_through else None,
        "notes": list(report.notes),
    }


def _change(report: Report) -> dict[str, Any]:
    """By how much billed cost moved, and what each cause brought to it; unknown where one side of it is."""
    if report.causes is None:
        return {"change": None, "effects": None}
    effects = [{"name": cause.value, "billed_cost": str(amount)} for cause, amount in report.causes.items()]
    return {"change": str(moved(report.total.billed_cost, report.previous.billed_cost)), "effects": effects}


def _row(row: Row, report: Report) -> dict[str, Any]:
    """One line; of a `why`, also by how much it moved."""
    driver: dict[str, Any] = {}
    if report.question.subject is Subject.WHY:
        known = report.causes is not None and row.previous
        driver["change"] = str(moved(row.figures.billed_cost, known.billed_cost)) if known else None
    return {"id": row.id, "name": row.name, "share": rate(row.share), **_figures(row.figures), **driver}


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "billed_cost": money(figures.billed_cost),
        "list_cost": money(figures.list_cost),
        **({"list_cost_high": str(figures.list_cost_high)} if figures.list_cost_high is not None else {}),
        "web_search_requests": figures.web_search_requests,
        "requests": figures.requests,
        "tokens": {**(figures.tokens or dict.fromkeys(TOKEN_TYPES)), "total": figures.total_tokens},
        "cache_hit_rate": rate(figures.cache_hit_rate),
    }


def _live(live: Live, answer: Answer) -> dict[str, Any]:
    """As a report, of which what only Anthropic knows is unknown; with how the calls went, and all that is said
    of them."""
    period = live.question.period
    return {
        "query": {
            "subject": live.question.subject,
            "name": live.question.name,
            "by": live.by,
            "period": {"start": instant(period.start), "end": instant(period.end), "timezone": period.zone},
        },
        "currency": CURRENCY,
        "total": _calls(live.total),
        "previous": None,
        "rows": [
            {"id": row.id, "name": row.name, "share": _share(row.sums, live.total), **_calls(row.sums)}
            for row in live.rows
        ],
        "facts": _facts(answer),
        "tables": [_table(table) for table in answer.tables],
        "paragraphs": [uncoded(paragraph) for paragraph in answer.paragraphs],
        "data_through": instant(answer.data_through) if answer.data_through else None,
        "notes": list(answer.notes),
    }


def _share(part: Sums, whole: Sums) -> float | None:
    """Of list cost."""
    return rate(part.list_cost / whole.list_cost) if whole.list_cost else None


def _calls(sums: Sums) -> dict[str, Any]:
    """What is not split by token type stands in the total of the tokens alone."""
    tokens = {token_type: getattr(sums, token_type) for token_type in TOKEN_TYPES}
    latency = {name: sums.latency_ms(part) for name, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}
    return {
        "billed_cost": None,
        "list_cost": money(sums.listed),
        "own_cost": money(sums.owned),
        "web_search_requests": sums.web_search,
        "requests": sums.calls,
        "tokens": {**tokens, "total": sums.tokens},
        "cache_hit_rate": rate(sums.cache_hit_rate),
        "success_rate": rate(sums.success_rate),
        "latency_ms": {"mean": sums.mean_ms, **latency, "max": sums.longest_ms if sums.timed else None},
        "errors": dict(sorted(sums.errors.items())),
    }


def _words(answer: Answer) -> dict[str, Any]:
    return {
        "title": answer.title,
        "headline": answer.headline,
        "facts": _facts(answer),
        "tables": [_table(table) for table in answer.tables],
        **({"items": [item.words for item in answer.items]} if answer.items else {}),
        **({"parts": [_words(part) for part in answer.parts]} if answer.parts else {}),
        "paragraphs": [uncoded(paragraph) for paragraph in answer.paragraphs],
        "notes": list(answer.notes),
        "data_through": instant(answer.data_through) if answer.data_through else None,
    }


def _facts(answer: Answer) -> list[dict[str, Any]]:
    return [{"label": fact.label, "value": exact(fact.value), "note": fact.note} for fact in answer.facts]


def _table(table: Table) -> dict[str, Any]:
    return {
        "title": table.title,
        "columns": [column.title for column in table.columns],
        "rows": [[exact(cell) for cell in row] for row in table.rows],
        "total": [exact(cell) for cell in table.total] if table.total else None,
    }


def money(amount: Money | None) -> str | None:
    """Exact dollars; None where it is not known."""
    return None if amount is None else str(amount)


def instant(at: datetime) -> str:
    """2026-11-21T00:00:00Z"""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
