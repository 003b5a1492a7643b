"""Anthropic's Admin API over a simulated organisation: directory lists, the usage report and the cost report.

Stricter than the original in one point: a parameter it does not know is refused, so that a misspelt filter shows.
"""

import base64
import itertools
import json
import secrets
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from operator import add
from typing import Any, Final, NamedTuple, TypeAlias

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.demo.organization import ApiKey, CostRow, Organization, UsageRow, User, Workspace

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FAST_MODE: Final = "fast-mode-2026-02-01"
_EMPTY_RANGE: Final = "Invalid date range: ending date must be after starting date"

_BY_ID: Final = ("limit", "after_id", "before_id")
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
_ERROR_TYPES: Final[Mapping[int, str]] = {401: "authentication_error", 404: "not_found_error"}


class _Width(NamedTuple):
    """A bucket width with its default and largest number of buckets a page."""

    span: timedelta
    default: int
    most: int


_WIDTHS: Final[Mapping[str, _Width]] = {"1d": _Width(_DAY, 7, 31), "1h": _Width(_HOUR, 24, 168)}

_Dimensions: TypeAlias = tuple[str | None, ...]
_Counts: TypeAlias = tuple[int, ...]


class _Refused(Exception):
    """The request is wrong; `message` is Anthropic's sentence about it."""

    def __init__(self, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.headers = headers


def create_app(organization: Organization, *, clock: Callable[[], datetime], admin_key: str) -> Starlette:
    """The API of `organization` as of `clock()` (aware); only complete hours before it are visible."""
    reports = _Reports(organization, clock)

    async def me(request: Request) -> Response:
        _known(request, ())
        return JSONResponse({"id": organization.id, "type": "organization", "name": organization.name})

    async def workspaces(request: Request) -> Response:
        _known(request, (*_BY_ID, "include_archived", "include_default", "ids[]"))
        archived, default = _flag(request, "include_archived"), _flag(request, "include_default")
        ids = request.query_params.getlist("ids[]")
        return _listed(
            request,
            [
                _workspace(item)
                for item in organization.workspaces
                if (archived or not item.archived_at)
                and (default or not item.is_default)
                and (not ids or item.id in ids)
            ],
        )

    async def api_keys(request: Request) -> Response:
        _known(request, (*_BY_ID, "status", "workspace_id", "created_by_user_id"))
        wanted = request.query_params
        return _listed(
            request,
            [
                _api_key(item)
                for item in organization.api_keys
                if wanted.get("status", item.status) == item.status
                and wanted.get("workspace_id", item.workspace_id) == item.workspace_id
                and wanted.get("created_by_user_id", item.created_by) == item.created_by
            ],
        )

    async def users(request: Request) -> Response:
        _known(request, (*_BY_ID, "email", "roles[]"))
        email, roles = request.query_params.get("email"), request.query_params.getlist("roles[]")
        return _listed(
            request,
            [
                _user(item)
                for item in organization.users
                if (email is None or email.lower() == item.email) and (not roles or item.role in roles)
            ],
        )

    async def usage_report(request: Request) -> Response:
        return reports.usage(request)

    async def cost_report(request: Request) -> Response:
        return reports.cost(request)

    root = "/v1/organizations"
    return Starlette(
        routes=[
            Route(f"{root}/me", me),
            Route(f"{root}/workspaces", workspaces),
            Route(f"{root}/api_keys", api_keys),
            Route(f"{root}/users", users),
            Route(f"{root}/usage_report/messages", usage_report),
            Route(f"{root}/cost_report", cost_report),
        ],
        middleware=[Middleware(_Gate, admin_key=admin_key, organization_id=organization.id)],
        exception_handlers={HTTPException: _http_error, _Refused: _refusal},
    )


class _Gate:
    """Checks the key and the version, and gives every answer its request id."""

    def __init__(self, app: ASGIApp, admin_key: str, organization_id: str) -> None:
        self._app = app
        self._admin_key = admin_key.encode()
        self._organization_id = organization_id
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = f"req_{next(self._numbers):024d}"
        scope.setdefault("state", {})["request_id"] = request_id

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["request-id"] = request_id
                headers["anthropic-organization-id"] = self._organization_id
            await send(message)

        headers = Headers(scope=scope)
        answer = self._app
        if not secrets.compare_digest(headers.get("x-api-key", "").encode(), self._admin_key):
            answer = _error(401, "invalid x-api-key", request_id)
        elif "anthropic-version" not in headers:
            answer = _error(400, "anthropic-version: header is required", request_id)
        await answer(scope, receive, named)


class _Reports:
    """The two reports; finished days are summed once and kept."""

    def __init__(self, organization: Organization, clock: Callable[[], datetime]) -> None:
        self._organization = organization
        self._clock = clock
        self._used: dict[datetime, dict[_Dimensions, _Counts]] = {}
        self._billed: dict[datetime, tuple[CostRow, ...]] = {}

    def usage(self, request: Request) -> Response:
        """The messages usage report."""
        _known(request, (*_BY_BUCKET, *_FILTERS))
        given = request.query_params
        width = _WIDTHS.get(given.get("bucket_width", "1d"))
        if width is None:
            raise _Refused("bucket_width: this organization answers 1d and 1h only")
        groups = _groups(request, _DIMENSIONS)
        if len(given.getlist("group_by[]")) > 5:
            raise _Refused("Cannot specify more than 5 group_by[] dimensions.")
        if ("speed" in groups or "speeds[]" in given) and _FAST_MODE not in _betas(request):
            raise _Refused(f"speed: requires the anthropic-beta header {_FAST_MODE}")
        wanted = {dimension: _chosen(request, name) for name, dimension in _FILTERS.items() if name in given}
        starting_at, ending_at = _range(request)
        if ending_at and ending_at <= starting_at:
            raise _Refused(_EMPTY_RANGE)

        def results(start: datetime, end: datetime) -> list[dict[str, Any]]:
            sums: dict[_Dimensions, _Counts] = {}
            for values, counts in self._used_between(start, end).items():
                row = dict(zip(_DIMENSIONS, values, strict=True))
                if all(row[dimension] in allowed for dimension, allowed in wanted.items()):
                    group = tuple(row[name] if name in groups else None for name in _SHOWN)
                    sums[group] = tuple(map(add, sums[group], counts)) if group in sums else counts
            return [_usage_result(group, counts) for group, counts in sums.items()]

        return self._page(request, width, _floor(starting_at, width.span), ending_at, results)

    def cost(self, request: Request) -> Response:
        """The cost report: whole UTC days that lie inside the range."""
        _known(request, _BY_BUCKET)
        if request.query_params.get("bucket_width", "1d") != "1d":
            raise _Refused("bucket_width: Input should be '1d'")
        groups = _groups(request, ("workspace_id", "description"))
        names = (
            *(_DESCRIPTION if "description" in groups else ()),
            *(["workspace_id"] if "workspace_id" in groups else ()),
        )
        starting_at, ending_at = _range(request)
        first = _ceiling(starting_at, _DAY)
        if ending_at and _floor(ending_at, _DAY) <= first:
            raise _Refused(_EMPTY_RANGE, {"x-should-retry": "false"})

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
        running = _ceiling(self._now(), width.span)
        last = min(ending_at, running) if ending_at else running
        size = _limit(request, width.default, width.most)
        start = _resume(request, first)
        data: list[dict[str, Any]] = []
        while len(data) < size and start + width.span <= last:
            end = start + width.span
            data.append({"starting_at": _written(start), "ending_at": _written(end), "results": results(start, end)})
            start = end
        has_more = start + width.span <= last
        next_page = _cursor(request, start) if has_more else None
        return JSONResponse({"data": data, "has_more": has_more, "next_page": next_page})

    def _used_between(self, start: datetime, end: datetime) -> dict[_Dimensions, _Counts]:
        seen = self._seen(end)
        if seen < end or end - start != _DAY:
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
        return min(end, _floor(self._now(), _HOUR))

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


def _workspace(item: Workspace) -> dict[str, Any]:
    return {
        "id": item.id,
        "type": "workspace",
        "name": item.name,
        "created_at": _written(item.created_at),
        "archived_at": _written(item.archived_at) if item.archived_at else None,
        "display_color": "#6C5BB9",
        "data_residency": {
            "workspace_geo": "us",
            "allowed_inference_geos": "unrestricted",
            "default_inference_geo": "global",
        },
        "tags": dict(item.tags),
        "compartment_id": item.id.replace("wrkspc_", "cmpt_"),
        "external_key_id": None,
        "user_profile_id": None,
    }


def _api_key(item: ApiKey) -> dict[str, Any]:
    return {
        "id": item.id,
        "type": "api_key",
        "name": item.name,
        "status": item.status,
        "partial_key_hint": item.partial_key_hint,
        "created_at": _written(item.created_at),
        "expires_at": None,
        "created_by": {"id": item.created_by, "type": "user"},
        "principal": None,
        "scope": {"type": "workspace", "workspace_id": item.workspace_id},
    }


def _user(item: User) -> dict[str, Any]:
    return {
        "id": item.id,
        "type": "user",
        "email": item.email,
        "name": item.name,
        "role": item.role,
        "added_at": _written(item.added_at),
    }


def _listed(request: Request, items: Sequence[dict[str, Any]]) -> Response:
    """One page of a directory list, moved through by `after_id` or `before_id`."""
    given = request.query_params
    size = _limit(request, 20, 1000)
    ids = [item["id"] for item in items]
    after, before = given.get("after_id"), given.get("before_id")
    if after and before:
        raise _Refused("after_id and before_id cannot be used together")
    if (pivot := after or before) and pivot not in ids:
        raise _Refused(f"{'after_id' if after else 'before_id'}: no such object in this list")
    if before:
        rest = items[: ids.index(before)]
        page = rest[-size:]
    else:
        rest = items[ids.index(after) + 1 :] if after else items
        page = rest[:size]
    return JSONResponse(
        {
            "data": page,
            "has_more": len(rest) > len(page),
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
        }
    )


def _known(request: Request, names: Iterable[str]) -> None:
    if unknown := set(request.query_params).difference(names):
        raise _Refused(f"{min(unknown)}: Extra inputs are not permitted")


def _flag(request: Request, name: str) -> bool:
    text = request.query_params.get(name, "false")
    if text not in ("true", "false"):
        raise _Refused(f"{name}: Input should be a valid boolean")
    return text == "true"


def _limit(request: Request, default: int, most: int) -> int:
    text = request.query_params.get("limit", str(default))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise _Refused(f"limit: Input should be between 1 and {most}")
    return int(text)


def _groups(request: Request, allowed: Collection[str]) -> frozenset[str]:
    groups = frozenset(request.query_params.getlist("group_by[]"))
    if unknown := groups.difference(allowed):
        raise _Refused(f"group_by[]: {min(unknown)} is not one of {', '.join(allowed)}")
    return groups


def _chosen(request: Request, name: str) -> frozenset[str]:
    chosen = frozenset(request.query_params.getlist(name))
    if name in _VALUES and (unknown := chosen.difference(_VALUES[name])):
        raise _Refused(f"{name}: {min(unknown)} is not one of {', '.join(_VALUES[name])}")
    return chosen


def _betas(request: Request) -> set[str]:
    return {beta.strip() for line in request.headers.getlist("anthropic-beta") for beta in line.split(",")}


def _range(request: Request) -> tuple[datetime, datetime | None]:
    if "starting_at" not in request.query_params:
        raise _Refused("starting_at: Field required")
    ending_at = _moment(request, "ending_at") if "ending_at" in request.query_params else None
    return _moment(request, "starting_at"), ending_at


def _moment(request: Request, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(request.query_params[name])
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _Refused(f"{name}: Input should be an RFC 3339 timestamp")
    return moment.astimezone(UTC)


def _cursor(request: Request, start: datetime) -> str:
    position = json.dumps([start.isoformat(), _fingerprint(request)])
    return "page_" + base64.urlsafe_b64encode(position.encode()).decode()


def _resume(request: Request, first: datetime) -> datetime:
    """Where this page begins; a cursor of another query is refused."""
    page = request.query_params.get("page")
    if page is None:
        return first
    try:
        start, fingerprint = json.loads(base64.urlsafe_b64decode(page.removeprefix("page_")))
    except (ValueError, TypeError):
        raise _Refused("page: Invalid page token") from None
    if fingerprint != _fingerprint(request):
        raise _Refused("page: the page token belongs to a different query")
    return datetime.fromisoformat(start)


def _fingerprint(request: Request) -> str:
    query = sorted(pair for pair in request.query_params.multi_items() if pair[0] != "page")
    return blake2b(json.dumps([request.url.path, query]).encode(), digest_size=8).hexdigest()


def _floor(moment: datetime, span: timedelta) -> datetime:
    return moment - (moment - _EPOCH) % span


def _ceiling(moment: datetime, span: timedelta) -> datetime:
    return moment + (_EPOCH - moment) % span


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _error(status: int, message: str, request_id: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    error = {"type": _ERROR_TYPES.get(status, "invalid_request_error"), "message": message}
    return JSONResponse({"type": "error", "error": error, "request_id": request_id}, status, headers)


async def _refusal(request: Request, refused: Exception) -> Response:
    assert isinstance(refused, _Refused)
    return _error(400, refused.message, request.state.request_id, refused.headers)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, error.detail, request.state.request_id, error.headers)
