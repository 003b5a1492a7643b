"""The usage and cost analytics: flat rows by any dimension, the largest first."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.demo.anthropic import query
from bot.demo.anthropic.actors import Actors
from bot.demo.anthropic.analytics_query import BETA, COST_ONLY, COST_ORDERS, DIMENSIONS, USAGE_ORDERS, Asked, asked
from bot.demo.anthropic.books import Books
from bot.demo.anthropic.counts import written_cents, written_counts
from bot.demo.anthropic.instants import ceiling, written
from bot.demo.organization import Counts, Use
from bot.demo.simulation.bill import Charge, cents, charges
from bot.demo.simulation.usage import plus

_KEPT_QUERIES: Final = 8
_OUTPUT, _REQUESTS, _TOKENS = 4, 6, 5

_Values: TypeAlias = tuple[str | None, ...]
Sum = TypeVar("Sum")


class _Row(NamedTuple, Generic[Sum]):
    """What one group used or cost between two moments."""

    start: datetime
    end: datetime
    group: _Values
    sum: Sum


class _Cost:
    """What a group cost, by cost type and token type where they are asked for."""

    __slots__ = ("requests", "units")

    def __init__(self) -> None:
        self.units: dict[_Values, int] = defaultdict(int)
        self.requests = 0


class Analytics:
    """Both endpoints; the rows of the last few queries are kept for their further pages."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._actors = Actors(books.organization)
        self._used = lru_cache(_KEPT_QUERIES)(self._usage_rows)
        self._billed = lru_cache(_KEPT_QUERIES)(self._cost_rows)

    def usage(self, request: Request) -> Response:
        """Tokens and requests."""
        query.beta(request, BETA)
        wish = asked(request, self._books.clock(), orders=USAGE_ORDERS)

        def shown(row: _Row[Counts]) -> list[dict[str, Any]]:
            counts = row.sum
            usage = {
                **written_counts(counts),
                "total_tokens": sum(counts[:_TOKENS]),
                "requests": counts[_REQUESTS],
            }
            return [{**self._written(row, wish, DIMENSIONS), "usage": usage}]

        return self._page(request, self._books.now(), lambda seen: self._used(wish, seen), shown)

    def cost(self, request: Request) -> Response:
        """Billed and list amounts in cents."""
        query.beta(request, BETA)
        wish = asked(request, self._books.clock(), orders=COST_ORDERS, splits=COST_ONLY)
        organization = self._books.organization

        def shown(row: _Row[_Cost]) -> Iterator[dict[str, Any]]:
            place = self._written(row, wish, (*DIMENSIONS, *COST_ONLY))
            for part, units in row.sum.units.items():
                cost = {
                    "amount": written_cents(cents(units, organization.discount)),
                    "list_amount": written_cents(cents(units)),
                    "currency": "USD",
                    "requests": None if wish.split else row.sum.requests,
                }
                group = {**place["group"], **dict(zip(wish.split, part, strict=True))}
                yield {**place, "group": group, "cost": cost}

        billed_at = organization.billed_at(self._books.now())
        return self._page(request, billed_at, lambda seen: self._billed(wish, seen), shown)

    def _page(
        self,
        request: Request,
        refreshed: datetime,
        rows: Callable[[datetime], Sequence[_Row[Sum]]],
        shown: Callable[[_Row[Sum]], Iterator[dict[str, Any]] | list[dict[str, Any]]],
    ) -> Response:
        """One page of `limit` rows; later pages show the same moment as the first."""
        size = query.limit(request, 20, 1000)
        seen, place = query.resume(request, refreshed.isoformat(), "0")
        found, first = rows(datetime.fromisoformat(seen)), int(place)
        has_more = first + size < len(found)
        return JSONResponse(
            {
                "data": [line for row in found[first : first + size] for line in shown(row)],
                "has_more": has_more,
                "next_page": query.cursor(request, seen, str(first + size)) if has_more else None,
                "data_refreshed_at": written(datetime.fromisoformat(seen)),
            }
        )

    def _usage_rows(self, wish: Asked, seen: datetime) -> list[_Row[Counts]]:
        group_of = self._grouping(wish)
        rows: list[_Row[Counts]] = []
        for start, end in _buckets(wish, seen):
            sums: dict[_Values, Counts] = {}
            for use, counts in self._books.over(start, end, seen):
                # Code execution has no tokens: it shows in the cost alone.
                if use.model and (group := group_of(use)) is not None:
                    sums[group] = plus(sums[group], counts) if group in sums else counts
            rows += [_Row(start, end, group, counts) for group, counts in sums.items()]
        measure: Callable[[Counts], int] = {
            "total_tokens": lambda counts: sum(counts[:_TOKENS]),
            "output_tokens": lambda counts: counts[_OUTPUT],
            "uncached_input_tokens": lambda counts: counts[0],
            "requests": lambda counts: counts[_REQUESTS],
            "time": lambda _: 0,
        }[wish.order_by]
        return _ordered(rows, wish, measure)

    def _cost_rows(self, wish: Asked, seen: datetime) -> list[_Row[_Cost]]:
        group_of = self._grouping(wish)
        part_of = _splitting(wish)
        rows: list[_Row[_Cost]] = []
        for start, end in _buckets(wish, seen):
            sums: dict[_Values, _Cost] = defaultdict(_Cost)
            for use, counts in self._books.over(start, end, seen):
                billed = False
                for charge in charges(use, counts):
                    if (group := group_of(charge.use)) is not None:
                        sums[group].units[part_of(charge)] += charge.units
                        billed = billed or charge.use is use
                if billed and (group := group_of(use)) is not None:
                    sums[group].requests += counts[_REQUESTS]
            rows += [_Row(start, end, group, cost) for group, cost in sums.items()]
        return _ordered(rows, wish, lambda cost: sum(cost.units.values()) if wish.order_by != "time" else 0)

    def _grouping(self, wish: Asked) -> Callable[[Use], _Values | None]:
        """Which group a use falls into, None where a filter leaves it out."""

        @lru_cache(4096)
        def group_of(use: Use) -> _Values | None:
            values = self._values(use)
            if all(values[name] in wanted for name, wanted in wish.wanted):
                return tuple(values[name] for name in wish.groups)
            return None

        return group_of

    def _values(self, use: Use) -> dict[str, str | None]:
        """The use by every dimension; what this organisation has none of is null."""
        actor, actor_type = self._actors.of(use)
        organization = self._books.organization
        return {
            **dict.fromkeys(DIMENSIONS),
            "actor": actor,
            "actor_type": actor_type,
            "api_key_id": use.api_key_id,
            "context_window": use.context_window,
            "inference_geo": use.inference_geo,
            "model": use.model,
            "organization_id": organization.id,
            "product": use.product,
            "service_tier": use.service_tier,
            "speed": use.speed,
            "workspace_id": use.workspace_id or self._actors.default_workspace,
        }

    def _written(self, row: _Row[Sum], wish: Asked, dimensions: Sequence[str]) -> dict[str, Any]:
        group: dict[str, Any] = {**dict.fromkeys(dimensions), **dict(zip(wish.groups, row.group, strict=True))}
        if group["actor"]:
            group["actor"] = self._actors.written(group["actor"])
        return {"starting_at": written(row.start), "ending_at": written(row.end), "group": group}


def _buckets(wish: Asked, seen: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The buckets of the query that have begun by `seen`."""
    if wish.width is None:
        yield wish.start, wish.end
        return
    start, last = wish.start, min(wish.end, ceiling(seen, wish.width))
    while start < last:
        yield start, start + wish.width
        start += wish.width


def _splitting(wish: Asked) -> Callable[[Charge], _Values]:
    """The part of its group's cost that a charge is."""
    match wish.split:
        case ():
            return lambda _: ()
        case ("cost_type",):
            return lambda charge: (charge.cost_type,)
        case ("token_type",):
            return lambda charge: (charge.token_type,)
    return lambda charge: (charge.cost_type, charge.token_type)


def _ordered(rows: list[_Row[Sum]], wish: Asked, measure: Callable[[Sum], int]) -> list[_Row[Sum]]:
    """By the measure, then by time and group, so that no two rows may change places between two pages."""
    sign = -1 if wish.descending else 1
    by_time = wish.order_by == "time"

    def place(row: _Row[Sum]) -> tuple[float, float, list[str]]:
        moment = row.start.timestamp()
        return (
            sign * (moment if by_time else measure(row.sum)),
            moment,
            [value or "" for value in row.group],
        )

    return sorted(rows, key=place)
