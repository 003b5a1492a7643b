"""What a caller asks of the usage and cost analytics; whatever the documents do not allow is refused."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.requests import Request

from bot.demo.anthropic import query
from bot.demo.anthropic.instants import DAY, HOUR, floor
from bot.demo.anthropic.refusals import Refused

BETA: Final = "analytics-usage-cost-2026-08-24"
DIMENSIONS: Final = (
    "actor",
    "actor_type",
    "agent_id",
    "api_key_id",
    "claude_tag_category",
    "claude_tag_user_id",
    "context_window",
    "deployment_id",
    "environment_id",
    "inference_geo",
    "model",
    "organization_id",
    "product",
    "rbac_group_id",
    "service_tier",
    "session_id",
    "slack_channel_id",
    "speed",
    "user_profile_id",
    "workspace_id",
)
COST_ONLY: Final = ("cost_type", "token_type")
USAGE_ORDERS: Final = ("total_tokens", "output_tokens", "uncached_input_tokens", "requests", "time")
COST_ORDERS: Final = ("amount", "list_amount", "time")

_FIRST: Final = datetime(2026, 1, 1, tzinfo=UTC)
_LONGEST: Final = timedelta(days=31)
_WIDTHS: Final[Mapping[str, timedelta]] = {"1d": DAY, "1h": HOUR}
_PARAMETERS: Final = (
    "starting_at",
    "ending_at",
    "time_bucket_width",
    "group_by[]",
    "order_by",
    "order",
    "limit",
    "exclude_deleted_users",
    "page",
)
# Only what an organisation of this kind can be asked for: no agents, no Slack, no groups of people.
_FILTERS: Final[Mapping[str, str]] = {
    "actor_ids[]": "actor",
    "actor_types[]": "actor_type",
    "api_key_ids[]": "api_key_id",
    "context_windows[]": "context_window",
    "inference_geos[]": "inference_geo",
    "models[]": "model",
    "organization_ids[]": "organization_id",
    "products[]": "product",
    "service_tiers[]": "service_tier",
    "speeds[]": "speed",
    "workspace_ids[]": "workspace_id",
}
_VALUES: Final[Mapping[str, Collection[str]]] = {
    "actor_types[]": ("user_actor", "service_account_actor", "federated_actor", "api_actor"),
    "context_windows[]": ("0-200k", "200k-1M"),
    "inference_geos[]": ("global", "us", "not_available"),
    "products[]": (
        "chat",
        "chat_cowork_unified",
        "claude_code",
        "claude_console",
        "claude_design",
        "claude_in_chrome",
        "claude_tag",
        "cowork",
        "managed_agents_api",
        "message_batches_api",
        "messages_api",
        "office_agent",
    ),
    "service_tiers[]": ("standard", "batch", "priority", "priority_on_demand", "flex", "flex_discount"),
    "speeds[]": ("standard", "fast"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One query without its paging. `width` None is one total; `split` is what fans a cost row out."""

    start: datetime
    end: datetime
    width: timedelta | None
    groups: tuple[str, ...]
    split: tuple[str, ...]
    wanted: tuple[tuple[str, frozenset[str | None]], ...]
    order_by: str
    descending: bool


def asked(request: Request, now: datetime, *, orders: tuple[str, ...], splits: tuple[str, ...] = ()) -> Asked:
    """The query as of `now`; `orders` begins with the default one."""
    query.known(request, (*_PARAMETERS, *_FILTERS))
    given = request.query_params
    width = None
    if "time_bucket_width" in given:
        width = _WIDTHS[query.one(request, "time_bucket_width", tuple(_WIDTHS), "1d")]
    start, end = _span(request, width, now)
    names = query.groups(request, (*DIMENSIONS, *splits))
    groups = tuple(name for name in DIMENSIONS if name in names)
    if len(groups) > 5:
        raise Refused("Cannot specify more than 5 group_by[] dimensions.")
    if query.flag(request, "exclude_deleted_users") and "actor" not in names:
        raise Refused("exclude_deleted_users: requires group_by[]=actor")
    return Asked(
        start,
        end,
        width,
        groups,
        tuple(name for name in splits if name in names),
        tuple((dimension, _wanted(request, name)) for name, dimension in _FILTERS.items() if name in given),
        query.one(request, "order_by", orders, orders[0]),
        query.one(request, "order", ("desc", "asc"), "desc") == "desc",
    )


def _span(request: Request, width: timedelta | None, now: datetime) -> tuple[datetime, datetime]:
    starting_at, ending_at = query.bounds(request)
    if starting_at < max(_FIRST, now - timedelta(days=365)):
        raise Refused("starting_at: must lie within the last 365 days and not before 2026-01-01T00:00:00Z")
    if ending_at is None and width:
        raise Refused("ending_at: Field required when time_bucket_width is set")
    end = ending_at or min(now, starting_at + _LONGEST)
    if end <= starting_at:
        raise Refused("ending_at: must be after starting_at")
    if end - starting_at > _LONGEST:
        raise Refused("ending_at: the range cannot be longer than 31 days")
    return floor(starting_at, width or HOUR), end if width else floor(end, HOUR)


def _wanted(request: Request, name: str) -> frozenset[str | None]:
    """The values of a filter; an empty API key is use without one."""
    values = query.chosen(request, name, _VALUES.get(name))
    return frozenset(value or None for value in values) if name == "api_key_ids[]" else frozenset(values)
