"""`reconcile`: what Anthropic reports, what the ledger holds, usage × list price, and every difference explained."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime
from typing import Any

from bot.answers import reconcile as reconcile_answer
from bot.answers.reconcile import Held
from bot.core.periods import Period
from bot.render.json import instant, money
from bot.services.books.reconcile import Reconcile
from bot.terminal.output import dumped, rendered, show
from bot.terminal.period import period


async def run(args: Namespace, reconcile: Reconcile, now: datetime) -> int:
    """Exit code 1 when a difference of any day is not explained."""
    when = period(args.period, now)
    days = await reconcile.days(when, now)
    explained = all(held.found.explained for held in days)
    if args.format == "json":
        show(dumped(_document(when, days, explained=explained)))
    else:
        show(rendered(reconcile_answer.answer(days, when.label), "text"))
    return 0 if explained else 1


def _document(period: Period, days: list[Held], *, explained: bool) -> dict[str, Any]:
    return {
        "period": {"start": instant(period.start), "end": instant(period.end), "timezone": period.zone},
        "currency": "USD",
        "explained": explained,
        "days": [_day(held) for held in days],
    }


def _day(held: Held) -> dict[str, Any]:
    found = held.found
    return {
        "day": found.day.isoformat(),
        "organization": held.organization,
        "stage": found.stage.value,
        "reported": money(found.reported),
        "ledger": money(found.ledger),
        "list_cost": money(found.list_cost),
        "causes": {cause.name.lower(): money(amount) for cause, amount in found.causes.items()},
        "difference": money(found.difference),
        "difference_cause": found.apart.name.lower() if found.apart else None,
        "explained": found.explained,
        "faults": [fault.value for fault in found.faults],
    }
