"""`limits`: how much may be used a minute and spent a month, and how much of the month's is gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.answers.answer import Action, Amount, Answer, Cell, Column, Fact, Percent, Table, Tone
from bot.answers.limits.rates import MOST_ROWS, Live, Rate, least_room, live_tables, rate_tables
from bot.core import wording
from bot.core.headroom import FEWEST_DAYS, LOOKED_AT, WARN_FROM, WHOLE
from bot.core.limits import SpendLimit, part_used, warns
from bot.core.money import Money

_MOST_NAMED = 3
_AT_A_SPEND_LIMIT = (
    "At a spend limit Anthropic refuses every request until it is raised, or until the next month (UTC)."
)
_AT_A_RATE_LIMIT = "At a rate limit Anthropic answers 429 until it is refilled, within a minute."


@dataclass(frozen=True, slots=True)
class Spend:
    """A spend limit by its name, and how much of it is used this month; None where the ledger can't say."""

    organization: str
    name: str
    limit: SpendLimit
    used: Money | None


@dataclass(frozen=True, slots=True)
class Held:
    """Everything that is known; `refused` are sentences on what the keys may not read."""

    spends: Sequence[Spend]
    rates: Sequence[Rate]
    refused: Sequence[str] = ()
    notes: Sequence[str] = ()
    read_at: datetime | None = None
    """When it was last read; None before the first time."""
    share: bool = False
    live: Sequence[Live] = ()


def answer(held: Held) -> Answer:
    near = sorted((one for one in held.spends if warns(one.limit, one.used)), key=_fullest)
    full = sorted((one for one in held.live if one.lately >= WARN_FROM), key=least_room)
    tables = [*_spend_tables(held.spends), *live_tables(held.live), *rate_tables(held.rates)]
    return Answer(
        title="Limits",
        headline=" ".join((*_full(full), _headline(held, near, told=bool(full)))).rstrip(),
        facts=(Fact("Last read", wording.instant(held.read_at)),) if held.spends or held.rates else (),
        tables=tuple(tables),
        paragraphs=(*((_AT_A_SPEND_LIMIT,) if near else ()), *((_AT_A_RATE_LIMIT,) if full else ())),
        notes=tuple(_notes(held)),
        actions=(Action("By workspace", "workspaces this month"), Action("Status", "status")),
        tone=Tone.WARNING if near or full else Tone.PLAIN,
        question="limits share" if held.share else "limits",
        share=held.share,
    )


def _full(full: Sequence[Live]) -> Iterator[str]:
    if not full:
        return
    named = [f"{one.team}'s {one.room.kind} of {one.room.model} {_part_of(one.lately)}" for one in full[:_MOST_NAMED]]
    if len(full) > _MOST_NAMED:
        named.append(wording.and_more(len(full) - _MOST_NAMED))
    count = "A rate limit was" if len(full) == 1 else f"{len(full)} rate limits were"
    yield f"{count} 80 % full or more since yesterday: {', '.join(named)}."


def _headline(held: Held, near: Sequence[Spend], *, told: bool) -> str:
    """`told`: something was said already, so that nothing more need be where there is nothing to say."""
    if near:
        named = [f"{one.name} {_percent(one)}" for one in near[:_MOST_NAMED]]
        if len(near) > _MOST_NAMED:
            named.append(wording.and_more(len(near) - _MOST_NAMED))
        count = "A spend limit is" if len(near) == 1 else f"{len(near)} spend limits are"
        return f"{count} 80 % used or more this month: {', '.join(named)}."
    known = sorted((one for one in held.spends if _part(one) is not None), key=_fullest)
    if known:
        return f"No spend limit is 80 % used this month; the fullest stands at {_percent(known[0])}: {known[0].name}."
    if held.spends:
        return "There are spend limits, but what was spent this month is not in yet."
    if told:
        return ""
    if held.live:
        fullest = min(held.live, key=least_room)
        stood = _part_of(fullest.lately)
        return f"No rate limit that programs tell of was 80 % full since yesterday; the fullest stood at {stood}."
    if held.rates:
        return "There are rate limits, and no spend limit that this bot can see."
    if held.refused:
        return "Anthropic does not let this key read any limits."
    if held.read_at:
        return "Anthropic reports no limits."
    return "No limits have been read yet. Whoever runs this bot starts that with claude-usage sync."


def _spend_tables(spends: Sequence[Spend]) -> Iterator[Table]:
    if not spends:
        return
    several = len({one.organization for one in spends}) > 1
    who = (Column("Organisation", numeric=False),) if several else ()
    columns = (*who, Column("For", numeric=False), Column("Limit"), Column("Used"), Column("Part"))
    rows = tuple(
        (*((one.organization,) if several else ()), one.name, Amount(one.limit.amount), *_used(one))
        for one in sorted(spends, key=_fullest)
    )
    yield Table("Spend limits a month", columns, rows)


def _used(one: Spend) -> tuple[Cell, Cell]:
    return ("–", "–") if one.used is None else (Amount(one.used), Percent(_part(one)))


def _part_of(millionths: int) -> str:
    return wording.percent(millionths / WHOLE)


def _notes(held: Held) -> Iterator[str]:
    if held.spends:
        yield (
            "Used is what Anthropic has billed this month (UTC) as far as its cost report goes, which is hours behind "
            "what it counts itself."
        )
    yield from held.notes
    if held.live:
        yield (
            "What is left of a rate limit is what the answers to programs' calls said; it is refilled all the time. "
            "Fullest is since yesterday (UTC). When it is reached follows from the fullest of each of the last "
            f"{LOOKED_AT} days, of which it takes {FEWEST_DAYS}."
        )
        if len(held.live) > MOST_ROWS:
            yield f"Without {len(held.live) - MOST_ROWS} rate limits that are less full."
    elif held.rates:
        yield (
            "How much of a rate limit is in use at a given moment is in none of Anthropic's reports; "
            "programs that record their calls tell it."
        )
    yield from held.refused


def _part(one: Spend) -> float | None:
    part = part_used(one.limit, one.used)
    return None if part is None else float(part)


def _percent(one: Spend) -> str:
    return wording.percent(_part(one))


def _fullest(one: Spend) -> tuple[float, str]:
    part = _part(one)
    return (1.0 if part is None else -part, one.name)
