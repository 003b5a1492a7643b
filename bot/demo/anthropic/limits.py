"""What the organisation may use: rate limits by group of models, and spend limits."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.demo.anthropic import query
from bot.demo.anthropic.instants import written
from bot.demo.anthropic.refusals import Refused
from bot.demo.organization import Organization

_SPEND_BETA: Final = "spend-limit-reads-2026-09-26"
_GROUP_TYPES: Final = ("model_group", "batch", "token_count", "files", "skills", "web_search")
# The tier called Scale: requests, input and output tokens per minute.
_PER_MODEL: Final = (
    ("requests_per_minute", 10_000),
    ("input_tokens_per_minute_cache_aware", 10_000_000),
    ("output_tokens_per_minute", 2_000_000),
)
_FAST: Final = (("fast_itpmca", 1_000_000), ("fast_otpm", 200_000))
_MODEL_GROUPS: Final = (
    ("opus-5-5", "Claude Opus 5.5", ("claude-opus-5-5",), (*_PER_MODEL, *_FAST)),
    ("opus-4", "Claude Opus 4.x", ("claude-opus-4-8", "claude-opus-4-7", "claude-opus-4-6"), _PER_MODEL),
    ("sonnet-5-5", "Claude Sonnet 5.5", ("claude-sonnet-5-5",), _PER_MODEL),
    ("sonnet-4", "Claude Sonnet 4.x", ("claude-sonnet-4-6", "claude-sonnet-4-5-20250929"), _PER_MODEL),
    ("haiku-5-5", "Claude Haiku 5.5", ("claude-haiku-5-5",), _PER_MODEL),
    ("haiku-4-5", "Claude Haiku 4.5", ("claude-haiku-4-5-20251001",), _PER_MODEL),
)
_OTHER_GROUPS: Final = (
    ("batch", "Message Batches", (("requests_per_minute", 10_000), ("enqueued_batch_requests", 500_000))),
    ("token_count", "Token counting", (("requests_per_minute", 10_000),)),
    ("web_search", "Web search", (("tool_uses_per_second", 30),)),
)
# What a workspace was given instead, of the organisation's.
_OVERRIDES: Final = (("sandbox", "sonnet-5-5", "requests_per_minute", 500),)

_SCOPES: Final = ("organization", "workspace", "usage_tier")
# Cents a month; None is no limit.
_SPEND: Final[tuple[tuple[str, str | None, int | None], ...]] = (
    ("organization", None, 1_200_000),
    ("usage_tier", None, 20_000_000),
    ("workspace", "sandbox", 20_000),
    ("workspace", "Claude Code", 300_000),
    ("workspace", "docs-site", None),
)


class Limits:
    """Both lists, as an administrator has set them."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization

    def rate(self, request: Request) -> Response:
        """The rate limits: all of them, of one type of group, or of the group that holds one model."""
        query.known(request, ("group_type", "model", "limit", "page"))
        given = request.query_params
        entries = [
            self._rate_limit("model_group", group, title, models, limits)
            for group, title, models, limits in _MODEL_GROUPS
        ]
        entries += [self._rate_limit(group, group, title, None, limits) for group, title, limits in _OTHER_GROUPS]
        if "group_type" in given:
            group_type = query.one(request, "group_type", _GROUP_TYPES, "")
            entries = [entry for entry in entries if entry["group"]["type"] == group_type]
        if model := given.get("model"):
            entries = [entry for entry in entries if model in (entry["models"] or ())]
            if not entries:
                raise HTTPException(404, f"model: no rate limit group contains {model}")
        return _page(request, entries)

    def workspace_rate(self, request: Request) -> Response:
        """The rate limits that one workspace does not inherit."""
        query.known(request, ("limit", "page"))
        names = {item.id: item.name for item in self._organization.workspaces}
        if request.path_params["id"] not in names:
            raise HTTPException(404, "Not Found")
        entries = []
        for workspace, group, limiter, value in _OVERRIDES:
            if workspace == names[request.path_params["id"]]:
                (whole,) = (one for one in _MODEL_GROUPS if one[0] == group)
                entry = self._rate_limit("model_group", group, whole[1], whole[2], [(limiter, value)])
                entry["limits"][0] |= {"org_limit": dict(whole[3])[limiter], "source": "workspace"}
                entries.append(entry | {"id": self._organization.ids("rl", f"{workspace}/{group}")})
        return _page(request, entries)

    def spend(self, request: Request) -> Response:
        """The spend limits."""
        query.beta(request, _SPEND_BETA)
        query.known(request, ("scope_type[]", "workspace_id", "limit", "page"))
        types = request.query_params.getlist("scope_type[]")
        if unfit := set(types).difference(_SCOPES):
            raise Refused(f"scope_type[]: {min(unfit)} does not fit this type of organization")
        workspace = request.query_params.get("workspace_id")
        entries = [self._spend_limit(*limit) for limit in _SPEND]
        return _page(
            request,
            [
                entry
                for entry in entries
                if (not types or entry["scope"]["type"] in types)
                and (workspace is None or entry["scope"].get("workspace_id") == workspace)
            ],
        )

    def _rate_limit(
        self, kind: str, group: str, title: str, models: Sequence[str] | None, limits: Sequence[tuple[str, int]]
    ) -> dict[str, Any]:
        ids = self._organization.ids
        return {
            "id": ids("rl", group),
            "type": "rate_limit",
            "group": {"id": ids("rlg", group), "type": kind, "display_name": title},
            "models": models and [*models],
            "limits": [{"type": limiter, "value": value} for limiter, value in limits],
        }

    def _spend_limit(self, kind: str, workspace: str | None, amount: int | None) -> dict[str, Any]:
        ids, at = self._organization.ids, written(self._organization.since)
        scope = {"type": kind, "workspace_id": ids("wrkspc", workspace)} if workspace else {"type": kind}
        return {
            "id": ids("spl", f"{kind}/{workspace}"),
            "amount": None if amount is None else str(amount),
            "currency": "USD",
            "period": "monthly",
            "is_enabled": amount is not None,
            "scope": scope,
            "created_at": at,
            "updated_at": at,
        }


def _page(request: Request, entries: Sequence[dict[str, Any]]) -> Response:
    size = query.limit(request, 20, 1000)
    (place,) = query.resume(request, "0")
    first = int(place)
    has_more = first + size < len(entries)
    return JSONResponse(
        {
            "data": entries[first : first + size],
            "has_more": has_more,
            "next_page": query.cursor(request, str(first + size)) if has_more else None,
        }
    )
