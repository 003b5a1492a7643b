"""The tables of rate limits: what Anthropic allows a minute, and how programs met it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.answers.answer import Cell, Column, Percent, Table, Tokens
from bot.answers.pieces import day_label
from bot.core.headroom import WHOLE, HeadRoom, Reach, Why
from bot.core.limits import ORGANISATION, RateLimit

_REQUESTS = ("requests_per_minute",)
_INPUT = ("input_tokens_per_minute_cache_aware", "input_tokens_per_minute")
_OUTPUT = ("output_tokens_per_minute",)
_WORDS = {
    "fast_itpmca": "fast input tokens a minute",
    "fast_otpm": "fast output tokens a minute",
    "tokens_per_day": "tokens a day",
    "enqueued_batch_requests": "batch requests waiting",
    "tool_uses_per_second": "uses a second",
}
MOST_ROWS = 20
"""Of limits as programs met them."""
_NONE = "–"


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate limit with the name of its workspace; empty for the organisation's own."""

    organization: str
    workspace: str
    limit: RateLimit


@dataclass(frozen=True, slots=True)
class Live:
    """What programs were told about a rate limit, by the team's name; `lately` is the fullest of the last two days."""

    team: str
    room: HeadRoom
    lately: int
    reach: Reach


def live_tables(live: Sequence[Live]) -> Iterator[Table]:
    if not live:
        return
    columns = (
        *(Column("Team", numeric=False), Column("Model", numeric=False), Column("A minute", numeric=False)),
        *(Column("Limit"), Column("Left last"), Column("Fullest"), Column("Reached", numeric=False)),
    )
    rows = tuple(
        (
            *(one.team, one.room.model, one.room.kind.value, Tokens(one.room.limit), Tokens(one.room.left)),
            *(Percent(one.lately / WHOLE), _reached(one.reach)),
        )
        for one in sorted(live, key=least_room)[:MOST_ROWS]
    )
    yield Table("Rate limits as programs meet them", columns, rows)


def _reached(reach: Reach) -> str:
    match reach.why:
        case Why.REACHED:
            return "already"
        case Why.RISING if reach.day:
            return f"about {day_label(reach.day)}"
        case Why.TOO_FEW_DAYS:
            return "too soon"
        case _:
            return "not in sight"


def least_room(one: Live) -> tuple[int, str, str, str]:
    """The fullest first."""
    return -one.lately, one.team, one.room.model, one.room.kind


def rate_tables(rates: Sequence[Rate]) -> Iterator[Table]:
    several = len({one.organization for one in rates}) > 1
    group = (*((Column("Organisation", numeric=False),) if several else ()), Column("Group", numeric=False))
    limit = Column("Limit", numeric=False)
    whole: dict[tuple[str, str], list[Rate]] = {}
    for one in rates:
        if one.limit.workspace_id == ORGANISATION:
            whole.setdefault((one.organization, one.limit.group_id), []).append(one)
    minutes = [(some[0], _by_minute(some)) for some in whole.values()]
    usual = [(one, cells) for one, (cells, _) in minutes if set(cells) != {_NONE}]
    rows: tuple[tuple[Cell, ...], ...]
    if usual:
        rows = tuple((*_place(one, several), *cells) for one, cells in usual)
        columns = (*group, Column("Requests"), Column("Input tokens"), Column("Output tokens"))
        yield Table("Rate limits a minute", columns, rows)
    others = [one for _, (_, rest) in minutes for one in rest]
    if others:
        rows = tuple((*_place(one, several), _said(one.limit.limiter), Tokens(one.limit.value)) for one in others)
        yield Table("Other limits", (*group, limit, Column("At most")), rows)
    apart = [one for one in rates if one.limit.workspace_id != ORGANISATION]
    if apart:
        rows = tuple(
            (
                one.workspace,
                *_place(one, several),
                _said(one.limit.limiter),
                Tokens(one.limit.value),
                _inherited(whole.get((one.organization, one.limit.group_id), ()), one.limit.limiter),
            )
            for one in apart
        )
        columns = (Column("Workspace", numeric=False), *group, limit, Column("At most"), Column("Overall"))
        yield Table("Workspaces with rate limits of their own", columns, rows)


def _place(one: Rate, several: bool) -> tuple[str, ...]:
    return (one.organization, one.limit.group) if several else (one.limit.group,)


def _by_minute(rates: Sequence[Rate]) -> tuple[tuple[Cell, ...], list[Rate]]:
    """Requests, input and output tokens of one group, a dash where it has no such limit; and the limits left over."""
    held = {one.limit.limiter: one for one in rates}
    cells: list[Cell] = []
    for names in (_REQUESTS, _INPUT, _OUTPUT):
        name = next((name for name in names if name in held), None)
        cells.append(Tokens(held.pop(name).limit.value) if name else _NONE)
    return tuple(cells), list(held.values())


def _inherited(rates: Sequence[Rate], limiter: str) -> Cell:
    value = next((one.limit.value for one in rates if one.limit.limiter == limiter), None)
    return _NONE if value is None else Tokens(value)


def _said(limiter: str) -> str:
    return _WORDS.get(limiter, limiter.replace("_per_", " a ").replace("_", " "))
