"""Sample calls for the EXAMPLES: a support team's on one morning, with everything that can go wrong."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from bot.answers import examples
from bot.answers.answer import Answer, LiveRow
from bot.answers.calls.found import Calls
from bot.answers.calls.page import answer
from bot.answers.calls.pictures import picture
from bot.core.calls.call import Call
from bot.core.calls.savings import Used, tips
from bot.core.calls.sums import Sums, of
from bot.core.money import Money
from bot.core.question import Dimension, Picture, parse
from bot.core.typed import quote

_START = datetime(2026, 11, 20, 6, tzinfo=UTC)


def _calls(count: int, minutes: int, seed: int, **same: Any) -> list[Call]:
    """Calls evenly over a stretch, whose sizes and durations follow from the seed alone."""
    dice = random.Random(seed)  # noqa: S311 - sample figures
    made = []
    for n in range(count):
        fields: dict[str, Any] = {
            "model": "claude-opus-5-5",
            "uncached_input": dice.randrange(2_500, 9_000),
            "output": dice.randrange(20, 140),
            "feature": "ticket-summary",
            "team": "alpha",
            "user": "ana@example.com",
            "duration_ms": round(dice.lognormvariate(7, 0.8)),
        }
        made.append(Call(f"req_{seed}_{n}", _START + n * timedelta(minutes=minutes) / count, **fields | same))
    return made


_SUMMARIES = _calls(400, 1500, 1)
_SEARCHES = _calls(
    150, 1400, 2, endpoint="messages/stream", event_type="streaming", feature="search", first_token_ms=410
)
_FAILED = _calls(30, 600, 3, feature="search", status=529, error_type="overloaded_error", uncached_input=0, output=0)
_OLD = [
    Call(
        f"old_{n}", _START + n * timedelta(minutes=1), "unknown", untyped=740, endpoint="/v1/complete", duration_ms=1250
    )
    for n in range(40)
]
_OWN = _calls(3, 2, 5, model="claude-2.1", own_cost=Money.from_dollars("0.01155"), duration_ms=None, feature="")
_NIGHT = _calls(40, 15, 6, event_type="batch", service_tier="batch", model="claude-haiku-4-5")


def _lines(calls: Sequence[Call], field: str) -> list[LiveRow]:
    names = sorted({getattr(call, field) for call in calls})
    lines = [
        LiveRow(name or "No name given", of(call for call in calls if getattr(call, field) == name)) for name in names
    ]
    return sorted(lines, key=lambda line: -line.sums.calls)


def _days(calls: Sequence[Call]) -> list[tuple[date, Sums]]:
    days = sorted({call.at.date() for call in calls})
    return [(day, of(call for call in calls if call.at.date() == day)) for day in days]


def _found(text: str, calls: Sequence[Call], by: Dimension, field: str, who: str = examples.ORGANISATION) -> Calls:
    question = parse(text, now=examples.NOW, zone="UTC")
    kinds = sorted({(call.feature, call.model, call.service_tier, call.inference_geo) for call in calls})
    used = [
        Used(*kind, of(one for one in calls if (one.feature, one.model, one.service_tier, one.inference_geo) == kind))
        for kind in kinds
    ]
    return Calls(
        question,
        who,
        of(calls),
        by,
        _lines(calls, field),
        _lines(calls, "endpoint"),
        _lines(calls, "event_type"),
        _lines(calls, "feature"),
        _days(calls),
        tips(used, _START.date()),
        newest=max((call.at for call in calls), default=None),
    )


_ALL = [*_SUMMARIES, *_SEARCHES, *_FAILED, *_NIGHT]
_HOSTILE = _calls(25, 30, 7, endpoint=examples.HOSTILE, feature=examples.HOSTILE, error_type=examples.HOSTILE)
EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "calls": answer(_found("calls", _ALL, Dimension.ENDPOINT, "endpoint")),
        "features": answer(_found("features last week", _ALL, Dimension.FEATURE, "feature")),
        "one feature": answer(
            _found("feature search last 7 days", [*_SEARCHES, *_FAILED], Dimension.ENDPOINT, "endpoint", "search")
        ),
        "an older log": answer(_found("endpoints", _OLD, Dimension.ENDPOINT, "endpoint")),
        "own prices": answer(_found("calls by team", _OWN, Dimension.TEAM, "team")),
        "nothing reported": answer(_found("calls yesterday", (), Dimension.ENDPOINT, "endpoint")),
        "a picture": picture(_found("chart latency", _ALL, Dimension.ENDPOINT, "endpoint"), Picture.LATENCY),
        "a picture of days": picture(_found("chart calls", _ALL, Dimension.ENDPOINT, "endpoint"), Picture.CALLS),
        "hostile names": answer(
            _found(
                f"feature {quote(examples.HOSTILE[:190])}",
                _HOSTILE,
                Dimension.ENDPOINT,
                "endpoint",
                examples.HOSTILE,
            )
        ),
    }
)
