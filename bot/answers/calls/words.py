"""How live calls are put into words: durations, paces and what could cost less."""

from __future__ import annotations

from datetime import timedelta

from bot.core import wording
from bot.core.calls.pace import DAY, HOUR, LEAST_CALLS, LEAST_SPAN, MONTH, Pace
from bot.core.calls.savings import Saving, Tip
from bot.core.plans import tier_for
from bot.core.prices import display_name
from bot.core.typed import shown

UNNAMED = "No name given"
"""Calls of which the program does not say the feature or the user."""
_LENGTHS = (("an hour", HOUR), ("a day", DAY), ("a month", MONTH))
"""What a pace is projected to; a month is one of 30 days."""


def duration(milliseconds: int | None) -> str:
    """85 ms · 1.25 s · 12.3 s · 4.1 min; a dash where nobody said."""
    if milliseconds is None:
        return "–"
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    seconds = milliseconds / 1000
    if seconds < 100:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min"


def span(length: timedelta) -> str:
    """How long it is from the first call to the last."""
    minutes = length / timedelta(minutes=1)
    if minutes < 120:
        return f"{minutes:.0f} minutes"
    return f"{minutes / 60:.0f} hours" if minutes < 2880 else f"{minutes / 1440:.0f} days"


def rate(number: float) -> str:
    """0.042 · 4.2 · 420 · 4.20k"""
    if number >= 1000:
        return wording.count(round(number))
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def projection(pace: Pace | None) -> str:
    """What the pace makes in an hour, a day and a month, as far as the span carries it."""
    if pace is None:
        minutes = LEAST_SPAN // timedelta(minutes=1)
        return (
            f"These calls say nothing about an hour, a day or a month: that takes {LEAST_CALLS} calls over at least "
            f"{minutes} minutes."
        )
    long = {MONTH: " of 30 days"}
    parts = [
        f"{wording.count(pace.calls_in(length))} calls{_cost(pace, length)} {word}{long.get(length, '')}"
        for word, length in _LENGTHS
        if pace.carries(length)
    ]
    missing = " or ".join(word for word, length in _LENGTHS if not pace.carries(length))
    short = f" {span(pace.span).capitalize()} of calls say nothing about {missing}." if missing else ""
    return f"At this pace: {wording.listed(parts)}.{short}"


def tier(pace: Pace | None) -> str:
    """Which usage tier a month at this pace needs; "" where nobody can say."""
    cost = pace.cost_in(MONTH) if pace and pace.carries(MONTH) else None
    if pace is None or cost is None:
        return ""
    needed = tier_for(cost)
    cap = f", which allows {wording.dollars(needed.cap)} a month" if needed.cap else ""
    return (
        f"A month at this pace is {_least(pace)}{wording.dollars(cost)} at list price: usage tier {needed.name}{cap}. "
        "`plan` compares it with subscriptions."
    )


def tip(one: Tip) -> str:
    """A saving with its dollars and its evidence."""
    what = f"“{shown(one.feature)}”" if one.feature else "Calls without a feature"
    model, saved, calls = display_name(one.model), wording.dollars(one.saved), wording.counted(one.calls, "call")
    match one.saving:
        case Saving.FAILED:
            return f"{what}: {calls} of {model} failed and used tokens for {saved} all the same."
        case Saving.CACHE:
            return (
                f"{what}: {calls} of {model} send long prompts and hardly read the cache. Each tenth of them that is "
                f"read from it saves {saved}."
            )
        case Saving.SMALLER:
            return (
                f"{what}: {calls} of {model} have short answers. The same tokens on {display_name(one.instead)} cost "
                f"{saved} less; try whether the answers are as good."
            )
        case Saving.BATCH:
            return f"{what}: what of its {calls} of {model} can wait a day costs half as a batch, up to {saved} less."


def _cost(pace: Pace, length: timedelta) -> str:
    cost = pace.cost_in(length)
    return "" if cost is None else f" for {_least(pace)}{wording.dollars(cost)}"


def _least(pace: Pace) -> str:
    """Calls without a price cost something, too."""
    return "at least " if pace.unlisted else ""
