"""The usage report and the cost report."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.demo.anthropic import query
from bot.demo.anthropic.books import Books
from bot.demo.anthropic.counts import written_cents, written_counts
from bot.demo.anthropic.instants import DAY, HOUR, ceiling, floor, written
from bot.demo.anthropic.refusals import Refused
from bot.demo.organization import Counts
from bot.demo.simulation.bill import bill
from bot.demo.simulation.usage import plus

_FAST_MODE: Final = "fast-mode-2026-02-01"
_EMPTY_RANGE: Final = "Invalid date range: ending date must be after starting date"


_BY_BUCKET: Final = ("starting_at", "ending_at", "bucket_width", "limit", "page", "group_by[]")
_DIMENSIONS: Final = (
    "account_id",
    "api_key_id",
    "service_account_id",
    "workspace_id",
    "model",
    "service_tier",
    "context_window",
    "inference_geo",
    "speed",
)
_FILTERS: Final[Mapping[str, str]] = {
    "account_ids[]": "account_id",
    "api_key_ids[]": "api_key_id",
    "service_account_ids[]": "service_account_id",
    "workspace_ids[]": "workspace_id",
    "models[]": "model",
    "context_window[]": "context_window",
    "inference_geos[]": "inference_geo",
    "service_tiers[]": "service_tier",
    "speeds[]": "speed",
}
_VALUES: Final[Mapping[str, Collection[str]]] = {
    "context_window[]": ("0-200k", "200k-1M"),
    "inference_geos[]": ("global", "us", "not_available"),
    "service_tiers[]": ("standard", "batch", "priority", "priority_on_demand", "flex", "flex_discount"),
    "speeds[]": ("standard", "fast"),
}
_DESCRIPTION: Final = (
    "cost_type",
    "description",
    "model",
    "token_type",
    "service_tier",
    "context_window",
    "inference_geo",
)


class _Width(NamedTuple):
    """A bucket width with its default and largest number of buckets a page."""

    span: timedelta
    default: int
    most: int


_WIDTHS: Final[Mapping[str, _Width]] = {"1d": _Width(DAY, 7, 31), "1h": _Width(HOUR, 24, 168)}

_Group: TypeAlias = tuple[str | None, ...]


class Reports:
    """The two reports of whole buckets, oldest first."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def usage(self, request: Request) -> Response:
        """The messages usage report."""
        query.known(request, (*_BY_BUCKET, *_FILTERS))
        given = request.query_params
        width = _WIDTHS.get(given.get("bucket_width", "1d"))
        if width is None:
            raise Refused("bucket_width: this organization answers 1d and 1h only")
        groups = query.groups(request, _DIMENSIONS)
        if len(given.getlist("group_by[]")) > 5:
            raise Refused("Cannot specify more than 5 group_by[] dimensions.")
        if ("speed" in groups or "speeds[]" in given) and _FAST_MODE not in query.betas(request):
            raise Refused(f"speed: requires the anthropic-beta header {_FAST_MODE}")
        wanted = {
            dimension: query.chosen(request, name, _VALUES.get(name))
            for name, dimension in _FILTERS.items()
            if name in given
        }
        starting_at, ending_at = query.bounds(request)
        if ending_at and ending_at <= starting_at:
            raise Refused(_EMPTY_RANGE)
        now = self._books.now()

        def results(start: datetime, end: datetime) -> list[dict[str, Any]]:
            sums: dict[_Group, Counts] = {}
            for use, counts in self._books.used(start, end, now).items():
                if use.model and all(getattr(use, dimension) in allowed for dimension, allowed in wanted.items()):
                    group = tuple(getattr(use, name) if name in groups else None for name in _DIMENSIONS)
                    sums[group] = plus(sums[group], counts) if group in sums else counts
            return [_usage_result(group, counts) for group, counts in sums.items()]

        return self._page(request, width, floor(starting_at, width.span), ending_at, results)

    def cost(self, request: Request) -> Response:
        """The cost report: whole UTC days that lie inside the range."""
        query.known(request, _BY_BUCKET)
        if request.query_params.get("bucket_width", "1d") != "1d":
            raise Refused("bucket_width: Input should be '1d'")
        groups = query.groups(request, ("workspace_id", "description"))
        names = (
            *(_DESCRIPTION if "description" in groups else ()),
            *(["workspace_id"] if "workspace_id" in groups else ()),
        )
        starting_at, ending_at = query.bounds(request)
        first = ceiling(starting_at, DAY)
        if ending_at and floor(ending_at, DAY) <= first:
            raise Refused(_EMPTY_RANGE, {"x-should-retry": "false"})
        organization = self._books.organization
        billed_at = organization.billed_at(self._books.now())

        def results(start: datetime, end: datetime) -> list[dict[str, Any]]:
            sums: dict[_Group, Decimal] = defaultdict(Decimal)
            for row in bill(self._books.used(start, end, billed_at), organization.discount):
                sums[tuple(getattr(row, name) for name in names)] += row.cents
            return [_cost_result(dict(zip(names, group, strict=True)), cents) for group, cents in sums.items()]

        return self._page(request, _WIDTHS["1d"], first, ending_at, results)

    def _page(
        self,
        request: Request,
        width: _Width,
        first: datetime,
        ending_at: datetime | None,
        results: Callable[[datetime, datetime], list[dict[str, Any]]],
    ) -> Response:
        """One page of buckets, oldest first and empty ones included, ending by `ending_at` and begun by now."""
        running = ceiling(self._books.clock(), width.span)
        last = min(ending_at, running) if ending_at else running
        size = query.limit(request, width.default, width.most)
        (begin,) = query.resume(request, first.isoformat())
        start = datetime.fromisoformat(begin)
        data: list[dict[str, Any]] = []
        while len(data) < size and start + width.span <= last:
            end = start + width.span
            data.append({"starting_at": written(start), "ending_at": written(end), "results": results(start, end)})
            start = end
        has_more = start + width.span <= last
        next_page = query.cursor(request, start.isoformat()) if has_more else None
        return JSONResponse({"data": data, "has_more": has_more, "next_page": next_page})


def _usage_result(group: _Group, counts: Counts) -> dict[str, Any]:
    # Speed can be grouped by, yet the documented row has no field for it.
    return {**written_counts(counts), **dict(zip(_DIMENSIONS[:-1], group[:-1], strict=True))}


def _cost_result(group: Mapping[str, str | None], cents: Decimal) -> dict[str, Any]:
    blank = dict.fromkeys((*_DESCRIPTION, "workspace_id"))
    return {"amount": written_cents(cents), "currency": "USD", **blank, **group}
