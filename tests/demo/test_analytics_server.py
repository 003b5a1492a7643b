"""The usage and cost analytics: the same traffic and the same bill as the classic reports, told by more dimensions."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from bot.demo.organization import Organization
from tests.demo.api import (
    ANALYSED_COST,
    ANALYSED_USAGE,
    ANALYTICS_BETA,
    COST,
    NOW,
    USAGE,
    Api,
    Json,
    serving,
    tokens_of,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

DISCOUNT = Decimal("0.125")
MONTH = {"starting_at": "2026-10-23T00:00:00Z", "ending_at": "2026-11-23T00:00:00Z"}
DAY = {"starting_at": "2026-11-18T00:00:00Z", "ending_at": "2026-11-19T00:00:00Z"}
TOTALS = [ANALYSED_USAGE, ANALYSED_COST]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[Api]:
    """Everything at once: a discount, late data, fast calls and long prompts."""
    organization = Organization.simulate(
        until=NOW, days=45, discount=DISCOUNT, late=True, fast_mode=True, haiku_bands=True
    )
    async with serving(organization) as api:
        yield api


@pytest.fixture
def api(running: Api) -> Api:
    """The server with its clock at NOW and a client that asks for the beta."""
    running.wall.now = NOW
    running.faults.heal()
    running.http.headers["anthropic-beta"] = ANALYTICS_BETA
    return running


def summed(rows: Iterable[tuple[Any, Decimal]]) -> dict[Any, Decimal]:
    sums: dict[Any, Decimal] = defaultdict(Decimal)
    for group, amount in rows:
        sums[group] += amount
    return dict(sums)


def named(api: Api, name: str) -> str:
    """The id of a workspace or a key."""
    ids = {item.name: item.id for item in api.organization.api_keys}
    ids |= {item.name: item.id for item in api.organization.workspaces}
    return ids[name]


CLOCKS = [NOW, NOW + timedelta(hours=1), NOW + timedelta(hours=13), NOW + timedelta(days=2), NOW + timedelta(days=9)]


@pytest.mark.parametrize("clock", CLOCKS)
async def test_the_bill_is_the_classic_one_to_the_last_digit_at_every_clock(api: Api, clock: datetime) -> None:
    api.wall.now = clock
    classic = summed(
        ((bucket["starting_at"], row["workspace_id"], row["model"], row["token_type"]), Decimal(row["amount"]))
        for bucket in await api.buckets(COST, **MONTH, limit=31, group_by=["workspace_id", "description"])
        for row in bucket["results"]
    )
    default = named(api, "Default")
    groups = ["workspace_id", "model", "cost_type", "token_type"]
    newer = await api.buckets(ANALYSED_COST, **MONTH, time_bucket_width="1d", group_by=groups, limit=500)
    assert classic == summed(
        (
            (
                row["starting_at"],
                None if row["group"]["workspace_id"] == default else row["group"]["workspace_id"],
                row["group"]["model"],
                row["group"]["token_type"],
            ),
            Decimal(row["cost"]["amount"]),
        )
        for row in newer
    )
    assert all(Decimal(row["cost"]["list_amount"]) * (1 - DISCOUNT) == Decimal(row["cost"]["amount"]) for row in newer)
    (total,) = await api.buckets(ANALYSED_COST, **MONTH)
    assert Decimal(total["cost"]["amount"]) == sum(classic.values())


@pytest.mark.parametrize("clock", CLOCKS)
async def test_the_tokens_are_the_classic_ones_hour_by_hour_at_every_clock(api: Api, clock: datetime) -> None:
    api.wall.now = clock
    span = {"starting_at": "2026-11-20T00:00:00Z", "ending_at": "2026-11-23T00:00:00Z"}
    groups = ["api_key_id", "model", "service_tier", "account_id", "service_account_id"]
    classic = {
        (bucket["starting_at"], *(row[name] for name in groups)): tokens_of(row)
        for bucket in await api.buckets(USAGE, **span, bucket_width="1h", limit=168, group_by=groups)
        for row in bucket["results"]
    }
    rows = await api.buckets(
        ANALYSED_USAGE,
        **span,
        time_bucket_width="1h",
        group_by=["api_key_id", "model", "service_tier", "actor"],
        limit=1000,
    )
    newer = {}
    for row in rows:
        group, actor = row["group"], row["group"]["actor"] or {}
        ids = (actor.get("user_id"), actor.get("service_account_id"))
        place = (row["starting_at"], group["api_key_id"], group["model"], group["service_tier"], *ids)
        newer[place] = tokens_of(row["usage"])
        assert row["usage"]["total_tokens"] == sum(newer[place])
    assert newer == classic
    assert classic


async def test_every_hour_of_the_month_and_every_day_of_it_add_up_to_the_month(api: Api) -> None:
    for path, figure in ((ANALYSED_USAGE, "usage"), (ANALYSED_COST, "cost")):
        (whole,) = await api.buckets(path, **MONTH)
        for width in ("1d", "1h"):
            parts = await api.buckets(path, **MONTH, time_bucket_width=width, limit=1000)
            for name in ("requests", "total_tokens" if figure == "usage" else "amount"):
                assert sum(Decimal(row[figure][name]) for row in parts) == Decimal(whole[figure][name])


async def test_a_person_comes_before_a_service_account_and_that_before_the_key(api: Api) -> None:
    groups = ["actor", "actor_type", "product", "api_key_id"]
    rows = [row["group"] for row in await api.buckets(ANALYSED_USAGE, **DAY, group_by=groups, limit=100)]
    by_type = defaultdict(list)
    for group in rows:
        by_type[group["actor_type"]].append(group)
    assert by_type.keys() == {"user_actor", "service_account_actor", "api_actor", None}
    ben = next(group for group in by_type["user_actor"] if group["actor"]["email_address"] == "ben@example.com")
    assert ben["actor"].keys() == {"type", "user_id", "email_address", "name", "deleted"}
    assert (ben["product"], ben["api_key_id"]) == ("claude_code", named(api, "claude_code_key_ben"))
    assert {group["actor"]["service_account_id"][:5] for group in by_type["service_account_actor"]} == {"svac_"}
    assert {group["api_key_id"] for group in by_type["service_account_actor"]} == {None}
    for group in by_type["api_actor"]:
        assert group["actor"] == {"type": "api_actor", "api_key_id": group["api_key_id"]}
    assert {group["product"] for group in by_type[None]} == {"claude_console"}
    products = {group["product"] for group in rows}
    assert products == {"messages_api", "message_batches_api", "claude_code", "claude_console"}
    (execution,) = (
        row
        for row in await api.buckets(ANALYSED_COST, **DAY, group_by=["product", "actor", "model"], limit=100)
        if row["group"]["product"] is None
    )
    assert (execution["group"]["actor"], execution["group"]["model"]) == (None, None)
    assert execution["cost"]["requests"] > 0


async def test_the_default_workspace_has_its_real_id_and_what_was_not_asked_is_null(api: Api) -> None:
    rows = await api.buckets(ANALYSED_COST, **DAY, group_by=["workspace_id"], limit=100)
    ids = {row["group"]["workspace_id"] for row in rows}
    assert named(api, "Default") in ids
    assert ids <= {item.id for item in api.organization.workspaces}
    assert all({name for name, value in row["group"].items() if value} == {"workspace_id"} for row in rows)
    assert len(rows[0]["group"]) == 22
    (used,) = (await api.get(ANALYSED_USAGE, **DAY))["data"]
    assert len(used["group"]) == 20
    assert not any(used["group"].values())
    assert used["usage"].keys() == {
        "uncached_input_tokens",
        "cache_read_input_tokens",
        "cache_creation",
        "output_tokens",
        "server_tool_use",
        "total_tokens",
        "requests",
    }


async def test_a_cost_that_is_split_knows_no_requests(api: Api) -> None:
    (whole,) = await api.buckets(ANALYSED_COST, **DAY)
    assert whole["cost"]["requests"] > 1000
    parts = await api.buckets(ANALYSED_COST, **DAY, group_by=["cost_type"])
    assert {row["group"]["cost_type"] for row in parts} == {"tokens", "web_search", "code_execution"}
    assert {row["cost"]["requests"] for row in parts} == {None}
    assert sum(Decimal(row["cost"]["amount"]) for row in parts) == Decimal(whole["cost"]["amount"])


async def test_the_priority_tier_is_used_but_not_billed(api: Api) -> None:
    tiers = [
        {row["group"]["service_tier"] for row in await api.buckets(path, **DAY, group_by=["service_tier", "model"])}
        for path in TOTALS
    ]
    assert tiers == [{"standard", "batch", "priority"}, {"standard", "batch", None}]


async def test_fast_calls_cost_double_and_a_long_prompt_costs_haiku_five_times(api: Api) -> None:
    async def output_cents(**query: Any) -> Decimal:
        """List price of a million output tokens, from what was used and what was billed for it."""
        (used,) = await api.buckets(ANALYSED_USAGE, **DAY, **query)
        billed = await api.buckets(ANALYSED_COST, **DAY, **query, group_by=["token_type"])
        (cost,) = (row["cost"] for row in billed if row["group"]["token_type"] == "output_tokens")
        return Decimal(cost["list_amount"]) * 1_000_000 / Decimal(used["usage"]["output_tokens"])

    ben = [named(api, "claude_code_key_ben")]
    assert await output_cents(api_key_ids=ben, speeds=["standard"]) == 2000
    assert await output_cents(api_key_ids=ben, speeds=["fast"]) == 4000
    assert 50 < await output_cents(api_key_ids=[named(api, "docs-index")]) < 250


async def test_a_filter_keeps_only_what_it_names_and_an_empty_key_is_use_without_one(api: Api) -> None:
    everything = await api.buckets(ANALYSED_USAGE, **DAY, group_by=["api_key_id", "actor_type"], limit=100)
    keyless = await api.buckets(
        ANALYSED_USAGE, **DAY, group_by=["api_key_id", "actor_type"], api_key_ids=["", named(api, "website-chat")]
    )
    wanted = (None, named(api, "website-chat"))
    assert keyless == [row for row in everything if row["group"]["api_key_id"] in wanted]
    assert {row["group"]["actor_type"] for row in keyless} == {None, "service_account_actor", "api_actor"}
    people = await api.buckets(ANALYSED_USAGE, **DAY, group_by=["actor_type"], actor_types=["user_actor"])
    assert [row["group"]["actor_type"] for row in people] == ["user_actor"]
    (ana,) = (user.id for user in api.organization.users if user.email == "ana@example.com")
    (own,) = await api.buckets(ANALYSED_COST, **DAY, group_by=["actor"], actor_ids=[ana])
    assert own["group"]["actor"]["name"] == "Ana Ribeiro"


async def test_rows_come_largest_first_unless_asked_otherwise_and_idle_buckets_are_missing(api: Api) -> None:
    office = {"time_bucket_width": "1h", "workspace_ids": [named(api, "legal-review")], "limit": 1000}
    rows = await api.buckets(ANALYSED_COST, **DAY, **office)
    amounts = [Decimal(row["cost"]["amount"]) for row in rows]
    assert amounts == sorted(amounts, reverse=True)
    assert 0 < len(rows) < 24
    by_time = await api.buckets(ANALYSED_COST, **DAY, **office, order_by="time", order="asc")
    assert by_time == sorted(rows, key=lambda row: str(row["starting_at"]))
    used = await api.buckets(ANALYSED_USAGE, **DAY, group_by=["model"], order_by="requests", order="asc")
    requests = [row["usage"]["requests"] for row in used]
    assert requests == sorted(requests)


async def test_a_page_holds_twenty_rows_and_what_a_row_fans_out_to_is_not_counted(api: Api) -> None:
    query: Json = {**MONTH, "time_bucket_width": "1d", "group_by": ["workspace_id"]}
    assert len((await api.get(ANALYSED_COST, **query))["data"]) == 20
    split = {**query, "group_by": ["workspace_id", "token_type"], "limit": 3}
    page = (await api.get(ANALYSED_COST, **split))["data"]
    assert len({(row["starting_at"], row["group"]["workspace_id"]) for row in page}) == 3
    assert len(page) > 3
    assert await api.buckets(ANALYSED_COST, **{**split, "limit": 40}) == await api.buckets(
        ANALYSED_COST, **{**split, "limit": 1000}
    )


async def test_later_pages_show_the_moment_of_the_first_one(api: Api) -> None:
    query: Json = {**MONTH, "group_by": ["workspace_id", "model"], "limit": 5}
    at_once = await api.buckets(ANALYSED_USAGE, **query)
    first = await api.get(ANALYSED_USAGE, **query)
    api.wall.now = NOW + timedelta(hours=5)
    second = await api.get(ANALYSED_USAGE, **query, page=first["next_page"])
    assert first["data"] + second["data"] == at_once[:10]
    assert second["data_refreshed_at"] == first["data_refreshed_at"] == "2026-11-22T09:00:00Z"
    assert "different query" in await api.refused(ANALYSED_COST, **query, page=first["next_page"])
    assert "different query" in await api.refused(ANALYSED_USAGE, **{**query, "limit": 6}, page=first["next_page"])


async def test_the_cost_is_refreshed_some_hours_after_the_usage(api: Api) -> None:
    refreshed = [(await api.get(path, **DAY))["data_refreshed_at"] for path in TOTALS]
    assert refreshed == ["2026-11-22T09:00:00Z", "2026-11-22T05:00:00Z"]
    morning = {"starting_at": "2026-11-22T05:00:00Z", "ending_at": "2026-11-22T09:00:00Z"}
    assert len((await api.get(ANALYSED_USAGE, **morning))["data"]) == 1
    assert (await api.get(ANALYSED_COST, **morning))["data"] == []


async def test_one_total_has_its_ends_rounded_down_to_the_hour_and_ends_now_by_itself(api: Api) -> None:
    (row,) = (await api.get(ANALYSED_USAGE, starting_at="2026-11-21T10:45:00+01:00"))["data"]
    assert (row["starting_at"], row["ending_at"]) == ("2026-11-21T09:00:00Z", "2026-11-22T09:00:00Z")
    (month,) = (await api.get(ANALYSED_USAGE, starting_at="2026-10-15T00:00:00Z"))["data"]
    assert month["ending_at"] == "2026-11-15T00:00:00Z"


@pytest.mark.parametrize(
    "query",
    [
        {"starting_at": None},
        {"starting_at": "2026-11-18T00:00:00"},
        {"starting_at": "2025-12-31T00:00:00Z", "ending_at": "2026-01-02T00:00:00Z"},
        {"ending_at": None, "time_bucket_width": "1d"},
        {"ending_at": "2026-11-18T00:00:00Z"},
        {"ending_at": "2026-12-19T01:00:00Z"},
        {"time_bucket_width": "1m"},
        {"limit": "1001"},
        {"order_by": "list_price"},
        {"order": "up"},
        {"group_by": ["team"]},
        {"group_by": ["actor", "model", "product", "speed", "service_tier", "workspace_id"]},
        {"products": ["telex"]},
        {"context_window": ["0-200k"]},
        {"exclude_deleted_users": "true"},
        {"page": "page_nonsense"},
    ],
)
async def test_a_query_the_documents_do_not_allow_is_refused(api: Api, query: Json) -> None:
    asked = {name: value for name, value in {**DAY, **query}.items() if value is not None}
    for path in TOTALS:
        assert await api.refused(path, **asked)


async def test_cost_type_and_token_type_are_free_but_only_of_cost(api: Api) -> None:
    five = ["actor", "model", "product", "speed", "service_tier"]
    assert await api.get(ANALYSED_COST, **DAY, group_by=[*five, "cost_type", "token_type"])
    assert "token_type" in await api.refused(ANALYSED_USAGE, **DAY, group_by=["token_type"])
    assert "amount" in await api.refused(ANALYSED_COST, **DAY, order_by="total_tokens")


async def test_data_older_than_a_year_is_refused(api: Api) -> None:
    api.wall.now = datetime(2027, 3, 1, tzinfo=UTC)
    assert "365 days" in await api.refused(
        ANALYSED_USAGE, starting_at="2026-02-27T00:00:00Z", ending_at="2026-03-02T00:00:00Z"
    )
    assert (await api.get(ANALYSED_USAGE, starting_at="2026-03-01T00:00:00Z"))["data"] == []


async def test_the_beta_has_to_be_asked_for(api: Api) -> None:
    api.http.headers["anthropic-beta"] = "fast-mode-2026-02-01"
    assert ANALYTICS_BETA in await api.refused(ANALYSED_USAGE, **DAY)
    api.http.headers["anthropic-beta"] = f"fast-mode-2026-02-01, {ANALYTICS_BETA}"
    assert await api.get(ANALYSED_USAGE, **DAY)


@pytest.mark.parametrize(("status", "kind"), [(403, "permission_error"), (404, "not_found_error")])
async def test_an_organization_without_analytics_still_has_the_classic_reports(status: int, kind: str) -> None:
    async with serving(Organization.simulate(until=NOW, days=3), analytics=False, without_analytics=status) as closed:
        for path in TOTALS:
            reply = await closed.http.get(path, params=DAY)
            assert (reply.status_code, reply.json()["error"]["type"]) == (status, kind)
        assert await closed.get(COST, **DAY)


async def test_the_next_page_of_a_month_by_the_hour_simulates_nothing_again(api: Api) -> None:
    query: Json = {
        **MONTH,
        "time_bucket_width": "1h",
        "group_by": ["workspace_id", "api_key_id", "model", "actor", "service_tier"],
        "limit": 1000,
    }
    first = await api.get(ANALYSED_COST, **query)
    summed_before = api.simulated
    assert len((await api.get(ANALYSED_COST, **query, page=first["next_page"]))["data"]) == 1000
    assert api.simulated == summed_before > 0
