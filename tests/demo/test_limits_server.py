"""Rate limits, spend limits and single objects of the directory."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.demo.organization import Organization
from tests.demo.api import NOW, Api, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

RATE = "/v1/organizations/rate_limits"
SPEND = "/v1/organizations/spend_limits"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[Api]:
    async with serving(Organization.simulate(until=NOW, days=3)) as api:
        yield api


@pytest.fixture
def api(running: Api) -> Api:
    running.http.headers["anthropic-beta"] = "spend-limit-reads-2026-09-26"
    return running


async def test_every_model_in_use_has_rate_limits(api: Api) -> None:
    entries = await api.buckets(RATE, limit=2)
    covered = {model for entry in entries for model in entry["models"] or ()}
    assert {row.model for row in api.organization.usage(api.organization.since, NOW)} <= covered
    assert entries == await api.buckets(RATE)
    assert entries[0].keys() == {"id", "type", "group", "models", "limits"}


async def test_one_model_gives_the_one_group_that_holds_it(api: Api) -> None:
    (entry,) = (await api.get(RATE, model="claude-opus-5-5"))["data"]
    limits = {limit["type"]: limit["value"] for limit in entry["limits"]}
    assert limits["requests_per_minute"] == 10_000
    reply = await api.http.get(RATE, params={"model": "claude-unheard-of"})
    assert (reply.status_code, reply.json()["error"]["type"]) == (404, "not_found_error")
    (batch,) = (await api.get(RATE, group_type="batch"))["data"]
    assert batch["models"] is None
    assert "group_type" in await api.refused(RATE, group_type="fax")


async def test_spend_limits_are_whole_cents_in_text_and_null_where_there_is_none(api: Api) -> None:
    entries = (await api.get(SPEND))["data"]
    assert [entry["amount"] for entry in entries] == ["1200000", "20000000", "20000", "300000", None]
    assert {entry["is_enabled"] for entry in entries if entry["amount"] is None} == {False}
    assert entries[0]["scope"] == {"type": "organization"}
    (sandbox,) = (item.id for item in api.organization.workspaces if item.name == "sandbox")
    (own,) = (await api.get(SPEND, workspace_id=sandbox))["data"]
    assert own["scope"] == {"type": "workspace", "workspace_id": sandbox}
    (tier,) = (await api.get(SPEND, scope_type=["usage_tier"]))["data"]
    assert (tier["amount"], tier["period"], tier["currency"]) == ("20000000", "monthly", "USD")


async def test_spend_limits_need_their_beta_and_a_scope_that_fits(api: Api) -> None:
    assert "does not fit" in await api.refused(SPEND, scope_type=["seat_tier"])
    del api.http.headers["anthropic-beta"]
    assert "spend-limit-reads-2026-09-26" in await api.refused(SPEND)


@pytest.mark.parametrize("kind", ["workspaces", "api_keys", "users"])
async def test_an_object_of_the_directory_is_found_by_its_id(api: Api, kind: str) -> None:
    path = f"/v1/organizations/{kind}"
    everything = {"include_archived": "true", "include_default": "true"} if kind == "workspaces" else {}
    for item in (await api.get(path, **everything))["data"]:
        assert await api.get(f"{path}/{item['id']}") == item
    lost = await api.http.get(f"{path}/user_unknown")
    assert (lost.status_code, lost.json()["error"]["type"]) == (404, "not_found_error")


async def test_a_workspace_lists_only_the_rate_limits_it_does_not_inherit(api: Api) -> None:
    ids = {item.name: item.id for item in api.organization.workspaces}
    (own,) = (await api.get(f"/v1/organizations/workspaces/{ids['sandbox']}/rate_limits"))["data"]
    assert own["models"] == ["claude-sonnet-5-5"]
    assert own["limits"] == [
        {"type": "requests_per_minute", "value": 500, "org_limit": 10_000, "source": "workspace"},
    ]
    assert (await api.get(f"/v1/organizations/workspaces/{ids['support-prod']}/rate_limits"))["data"] == []
    lost = await api.http.get("/v1/organizations/workspaces/wrkspc_unknown/rate_limits")
    assert (lost.status_code, lost.json()["error"]["type"]) == (404, "not_found_error")
