"""The Claude Code report against the traffic it is made from."""

from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import pytest_asyncio

from bot.demo.organization import Organization
from tests.demo.api import ANALYSED_COST, ANALYSED_USAGE, ANALYTICS_BETA, NOW, Api, Json, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = "/v1/organizations/usage_report/claude_code"
DAY = {"starting_at": "2026-11-18T00:00:00Z", "ending_at": "2026-11-19T00:00:00Z"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[Api]:
    async with serving(Organization.simulate(until=NOW, days=10)) as api:
        yield api


@pytest.fixture
def api(running: Api) -> Api:
    running.wall.now = NOW
    running.http.headers["anthropic-beta"] = ANALYTICS_BETA
    return running


def name(record: Json) -> str:
    actor = record["actor"]
    return str(actor["email_address"] if actor["type"] == "user_actor" else actor["api_key_name"])


async def test_the_tokens_of_each_person_are_those_of_their_key(api: Api) -> None:
    reported: dict[str, int] = defaultdict(int)
    for record in await api.buckets(CODE, starting_at="2026-11-18"):
        reported[name(record)] += sum(sum(part["tokens"].values()) for part in record["model_breakdown"])
    keys = {key.id: key.name for key in api.organization.api_keys}
    used = await api.buckets(ANALYSED_USAGE, **DAY, group_by=["actor"], products=["claude_code"])
    assert reported == {
        actor.get("email_address") or keys[actor["api_key_id"]]: row["usage"]["total_tokens"]
        for row in used
        for actor in [row["group"]["actor"]]
    }
    assert reported.keys() >= {"ana@example.com", "gus@example.com", "hackweek"}


async def test_the_estimate_is_a_number_of_cents_close_to_the_bill(api: Api) -> None:
    records = await api.buckets(CODE, starting_at="2026-11-18")
    amounts = [part["estimated_cost"]["amount"] for record in records for part in record["model_breakdown"]]
    assert all(isinstance(amount, int) for amount in amounts)
    (billed,) = await api.buckets(ANALYSED_COST, **DAY, products=["claude_code"])
    assert abs(sum(amounts) - Decimal(billed["cost"]["list_amount"])) <= len(amounts)


async def test_a_record_has_every_documented_field(api: Api) -> None:
    records = await api.buckets(CODE, starting_at="2026-11-18")
    ben = [record for record in records if name(record) == "ben@example.com"]
    assert ben[0].keys() == {
        "date",
        "actor",
        "organization_id",
        "customer_type",
        "subscription_type",
        "terminal_type",
        "is_remote",
        "core_metrics",
        "tool_actions",
        "model_breakdown",
    }
    assert (ben[0]["date"], ben[0]["customer_type"], ben[0]["subscription_type"]) == (DAY["starting_at"], "api", None)
    assert ben[0]["organization_id"] == api.organization.id
    assert ben[0]["core_metrics"]["lines_of_code"]["added"] > 0
    assert ben[0]["tool_actions"]["edit_tool"]["accepted"] > ben[0]["tool_actions"]["edit_tool"]["rejected"]
    (program,) = (record for record in records if record["actor"]["type"] == "api_actor")
    assert (program["is_remote"], program["tool_actions"]) == (True, {})


async def test_a_person_at_two_terminals_has_two_records(api: Api) -> None:
    records = await api.buckets(CODE, starting_at="2026-11-18")
    people = [name(record) for record in records if record["actor"]["type"] == "user_actor"]
    assert len(people) > len(set(people))
    assert len({(name(record), record["terminal_type"]) for record in records}) == len(records)


async def test_an_hour_shows_once_it_is_over_for_an_hour(api: Api) -> None:
    async def tokens(clock: datetime) -> int:
        api.wall.now = clock
        records = await api.buckets(CODE, starting_at="2026-11-20")
        return sum(sum(part["tokens"].values()) for record in records for part in record["model_breakdown"])

    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    morning = api.organization.usage(noon - timedelta(hours=12), noon - timedelta(hours=1))
    assert await tokens(noon) == sum(sum(row.tokens) for row in morning if row.product == "claude_code")
    assert await tokens(noon) < await tokens(noon + timedelta(minutes=60))
    assert await tokens(noon) == await tokens(noon + timedelta(minutes=59))
    assert await tokens(noon + timedelta(days=-1)) == 0


async def test_pages_of_two_are_the_same_records(api: Api) -> None:
    assert await api.buckets(CODE, starting_at="2026-11-18", limit=2) == await api.buckets(
        CODE, starting_at="2026-11-18"
    )


@pytest.mark.parametrize("starting_at", ["2026-11-18T00:00:00Z", "20261118", "2026-11-31", ""])
async def test_anything_but_a_day_is_refused(api: Api, starting_at: str) -> None:
    assert "YYYY-MM-DD" in await api.refused(CODE, starting_at=starting_at)
