"""The hours that Anthropic has not reported yet, filled from live calls: an estimate beside the figures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.answers.answer import Amount, Answer, Fact
from bot.core import wording
from bot.core.money import ZERO, Money

LABEL = "With live calls"


@dataclass(frozen=True, slots=True)
class Unreported:
    """Live calls of the hours that the reports do not reach."""

    since: datetime
    until: datetime
    calls: int
    listed: Money | None
    """List cost of those calls; None where none of them has a price."""


def beside(answer: Answer, found: Unreported) -> Answer:
    """The answer with one more figure: what is reported at list price, and the newer calls at list price."""
    reported = answer.report.total.list_cost if answer.report else None
    if found.listed is None:
        return answer
    calls = wording.counted(found.calls, "call")
    note = (
        f"estimate at list price: {wording.to_the_cent(found.listed)} of it from {calls} since "
        f"{found.since:%H:%M} UTC, which Anthropic has not reported yet"
    )
    fact = Fact(LABEL, Amount((reported or ZERO) + found.listed), note)
    at = next((at for at, one in enumerate(answer.facts) if one.label == "List cost"), len(answer.facts) - 1) + 1
    return replace(answer, facts=(*answer.facts[:at], fact, *answer.facts[at:]))
