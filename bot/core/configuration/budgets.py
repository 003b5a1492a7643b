"""One entry of `budgets` in the configuration file."""

from __future__ import annotations

from datetime import date, timedelta

from bot.core.configuration import words
from bot.core.configuration.entry import Entry
from bot.core.configuration.yaml import Fields, Mistakes, Scalar, described, seen
from bot.core.errors import MoneyError
from bot.core.money import Money
from bot.core.outlook.budget import Budget, Every, Scope, Span, Uplift
from bot.core.periods import MONTHS

_MARKS = (50, 80, 100)
_EVERYTHING = "all"


def read_budget(budget_id: str, entry: Entry, mistakes: Mistakes) -> Budget | None:
    """The budget an entry describes; None where it is missing what it can't do without."""
    scope = _scope(entry, mistakes)
    amount = _money(entry)
    every = Every(entry.word("period", words.BUDGET_PERIODS) or Every.MONTH)
    fiscal = _month(entry, "fiscal_start")
    if fiscal and every not in (Every.QUARTER, Every.YEAR):
        entry.wrong("fiscal_start", f"is only for quarters and years, and this one is per {every}. Remove it.")
    dates = _dates(entry, every)
    marks = words.percentages(entry, "notify_at") if "notify_at" in entry else _MARKS
    forecast = bool(entry.flag("forecast"))
    uplifts = _uplifts(entry, mistakes)
    if amount is None or scope is None:
        return None
    return Budget(
        id=budget_id,
        scope=scope,
        amount=amount,
        every=every,
        marks=tuple(sorted(set(marks))),
        forecast=forecast,
        uplifts=uplifts,
        fiscal_start=fiscal or 1,
        dates=dates,
    )


def _scope(entry: Entry, mistakes: Mistakes) -> Scope | None:
    """`team: alpha` is short for `scope: {team: alpha}`."""
    if "scope" not in entry:
        entry.require("team")
        team = entry.text("team")
        return Scope("team", team) if team else None
    if "team" in entry:
        entry.wrong("scope", 'stands beside "team". Keep one of them.')
    node = entry.node("scope")
    if isinstance(node, Scalar) and node.text == _EVERYTHING:
        return Scope()
    if not isinstance(node, Fields) or len(node.fields) != 1:
        is_ = seen(node) if node else "nothing"
        entry.wrong("scope", f"cannot be {is_}. Write all, or one of {{team: alpha}}, {{model: claude-opus-5-5}}, ….")
        return None
    inner = Entry(node, f'"scope" of {entry.what}', words.BUDGET_SCOPES, mistakes)
    kind = node.fields[0][0].text
    name = words.pattern(inner, kind) if kind in words.BUDGET_SCOPES else None
    return Scope(kind, name) if name else None


def _month(entry: Entry, key: str) -> int | None:
    """A month by its name or its number."""
    number = next((month for month in range(1, 13) if entry.says(key, str(month))), None)
    if number is not None:
        return number
    name = entry.word(key, MONTHS)
    return MONTHS.index(name) + 1 if name else None


def _dates(entry: Entry, every: Every) -> Span | None:
    """`until` is the first day that no longer counts, as in a team's matches."""
    if every is not Every.DATES:
        for key in ("from", "until"):
            if key in entry:
                entry.wrong(key, "is only for a budget with period: dates. Remove it.")
        return None
    entry.require("from", "until")
    start, end = words.day(entry, "from"), words.day(entry, "until")
    if start is None or end is None:
        return None
    if end <= start:
        entry.wrong("until", f"is not after {start}. It is the first day that no longer counts.")
        return None
    return Span(start, end)


def _uplifts(entry: Entry, mistakes: Mistakes) -> tuple[Uplift, ...]:
    node = entry.node("uplift")
    if node is None:
        return ()
    if not isinstance(node, Fields):
        entry.wrong("uplift", f"is {described(node)}. Write {{amount: 200.00, until: 2027-01-01}}.")
        return ()
    inner = Entry(node, f'"uplift" of {entry.what}', ("amount", "from", "until"), mistakes)
    inner.require("amount", "until")
    amount, since, until = _money(inner), words.day(inner, "from"), words.day(inner, "until")
    if since and until and until <= since:
        inner.wrong("until", f"is not after {since}. It is the first day that no longer counts.")
    if amount is None or until is None:
        return ()
    return (Uplift(amount, until - timedelta(days=1), since or date.min),)


def _money(entry: Entry) -> Money | None:
    amount = words.money(entry, "amount")
    try:
        return None if amount is None else Money.from_dollars(amount)
    except MoneyError:  # too large, which is noted by now
        return None
