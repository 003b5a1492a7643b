"""The usage report and the cost report."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import add
from typing import Any, Final, NamedTuple, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.demo.anthropic import query
from bot.demo.anthropic.instants import DAY, HOUR, ceiling, floor, written
from bot.demo.anthropic.refusals import Refused
from bot.demo.organization import CostRow, Organization, UsageRow

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
# Speed can be grouped by, yet the documented row has no field for it.
_SHOWN: Final = _DIMENSIONS[:-1]
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

_Dimensions: TypeAlias = tuple[str | None, ...]
_Counts: TypeAlias = tuple[int, ...]


class Reports:
    """The two reports; finished days are summed once and kept."""

    def __init__(self, organization: Organization, clock: Callable[[], datetime]) -> None:
        self._organization = organization
        self._clock = clock
        self._used: dict[datetime, dict[_Dimensions, _Counts]] = {}
        self._billed: dict[datetime, tuple[CostRow, ...]] = {}

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

        def results(start: datetime, end: datetime) -> list[dict[str, Any]]:
            sums: dict[_Dimensions, _Counts] = {}
            for values, counts in self._used_between(start, end).items():
                row = dict(zip(_DIMENSIONS, values, strict=True))
                if all(row[dimension] in allowed for dimension, allowed in wanted.items()):
                    group = tuple(row[name] if name in groups else None for name in _SHOWN)
                    sums[group] = tuple(map(add, sums[group], counts)) if group in sums else counts
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

        def results(start: datetime, end: datetime) -> list[dict[str, Any]]:
            sums: dict[_Dimensions, Decimal] = defaultdict(Decimal)
            for row in self._billed_between(start, end):
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
        running = ceiling(self._now(), width.span)
        last = min(ending_at, running) if ending_at else running
        size = query.limit(request, width.default, width.most)
        start = query.resume(request, first)
        data: list[dict[str, Any]] = []
        while len(data) < size and start + width.span <= last:
            end = start + width.span
            data.append({"starting_at": written(start), "ending_at": written(end), "results": results(start, end)})
            start = end
        has_more = start + width.span <= last
        next_page = query.cursor(request, start) if has_more else None
        return JSONResponse({"data": data, "has_more": has_more, "next_page": next_page})

    def _used_between(self, start: datetime, end: datetime) -> dict[_Dimensions, _Counts]:
        seen = self._seen(end)
        if seen < end or end - start != DAY:
            return _summed(self._organization.usage(start, seen))
        if start not in self._used:
            self._used[start] = _summed(self._organization.usage(start, end))
        return self._used[start]

    def _billed_between(self, start: datetime, end: datetime) -> tuple[CostRow, ...]:
        seen = self._seen(end)
        if seen < end:
            return self._organization.costs(start, seen)
        if start not in self._billed:
            self._billed[start] = self._organization.costs(start, end)
        return self._billed[start]

    def _seen(self, end: datetime) -> datetime:
        """As far towards `end` as the complete hours go."""
        return min(end, floor(self._now(), HOUR))

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)


def _summed(rows: Iterable[UsageRow]) -> dict[_Dimensions, _Counts]:
    sums: dict[_Dimensions, _Counts] = {}
    for row in rows:
        group = (*(getattr(row, name, None) for name in _SHOWN), "standard")
        counts = (*row.tokens, row.web_search_requests)
        sums[group] = tuple(map(add, sums[group], counts)) if group in sums else counts
    return sums


def _usage_result(group: _Dimensions, counts: _Counts) -> dict[str, Any]:
    uncached, write_5m, write_1h, read, output, searches = counts
    return {
        "uncached_input_tokens": uncached,
        "cache_creation": {"ephemeral_5m_input_tokens": write_5m, "ephemeral_1h_input_tokens": write_1h},
        "cache_read_input_tokens": read,
        "output_tokens": output,
        "server_tool_use": {"web_search_requests": searches},
        **dict(zip(_SHOWN, group, strict=True)),
    }


def _cost_result(group: Mapping[str, str | None], cents: Decimal) -> dict[str, Any]:
    blank = dict.fromkeys((*_DESCRIPTION, "workspace_id"))
    return {"amount": f"{cents.normalize():f}", "currency": "USD", **blank, **group}
