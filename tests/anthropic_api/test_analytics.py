"""The newer reports: flat rows, real ids, actors and products."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.anthropic_api.analytics import COST, USAGE, Analytics, may_read, reaches
from bot.core.errors import CredentialRefused, PageMalformed
from bot.core.money import Money
from bot.core.usage import PRIORITY_TIER
from tests.anthropic_api.api import NOW, Api, Json, replay
from tests.faults import mutate, status

with_the_server = pytest.mark.asyncio(loop_scope="module")

RECORDED: Json = json.loads((Path(__file__).parent / "recorded" / "analytics_cost.json").read_text(encoding="utf-8"))
DAY, NEXT = date(2026, 11, 18), date(2026, 11, 19)
DEFAULT = "wrkspc_01ClaudeCodeExample00001"


def usage_row(model: str | None = "claude-opus-5-5", *, tokens: int = 100, **group: object) -> Json:
    row: Json = deepcopy(RECORDED["data"][0])
    del row["cost"]
    row["group"] |= {"model": model, **group}
    row["usage"] = {
        "uncached_input_tokens": tokens,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 0,
        "server_tool_use": {"web_search_requests": 0},
        "total_tokens": tokens,
        "requests": 1,
    }
    return row


def page(*rows: Json) -> Json:
    return {**RECORDED, "data": list(rows)}


@with_the_server
async def test_the_recorded_answer_becomes_its_record(api: Api) -> None:
    api.faults.app = replay([RECORDED])
    chunk = await Analytics(None).read_cost(api.client(), DAY, NEXT)
    (record,) = chunk.records
    assert (record.amount, record.list_cents) == (Money.from_cents("559.031"), "621.146")
    assert (record.actor_id, record.api_key_id, record.workspace_id) == (
        "user_01MiraExample00000000001",
        None,
        "wrkspc_01ClaudeCodeExample00001",
    )
    assert record.attributed
    assert chunk.known_until == datetime(2026, 11, 19, 2, 10, tzinfo=UTC)


@with_the_server
async def test_the_default_workspace_is_called_as_the_classic_reports_call_it(api: Api) -> None:
    api.faults.app = replay([RECORDED])
    chunk = await Analytics(DEFAULT).read_cost(api.client(), DAY, NEXT)
    assert chunk.records[0].workspace_id is None


@with_the_server
async def test_anthropics_own_sum_of_a_day_is_asked_for_ungrouped_and_as_fresh_as_its_answer(api: Api) -> None:
    api.faults.app = replay([RECORDED])
    chunk = await Analytics(None).read_totals(api.client(), DAY, date(2026, 11, 20))
    assert [total.amount_cents for total in chunk.records] == ["559.031", "0"]
    assert chunk.known_until == datetime(2026, 11, 19, 2, 10, tzinfo=UTC)
    assert "group_by[]" not in dict(api.faults.seen[-1].query)


@with_the_server
@pytest.mark.parametrize(
    ("refreshed", "held"),
    [
        ("2026-11-20T00:00:01Z", [18, 19, 20]),
        ("2026-11-20T00:00:00Z", [18, 19]),
        ("2026-11-19T02:10:00Z", [18, 19]),
        (None, [18, 19, 20]),
    ],
)
async def test_days_without_rows_were_idle_and_are_held_unless_the_report_ends_before_them(
    api: Api, refreshed: str | None, held: list[int]
) -> None:
    api.faults.app = replay([page() | {"data_refreshed_at": refreshed}])
    until = date(2026, 11, 21)
    usage = await Analytics(None).read_usage(api.client(), DAY, until)
    assert ([start.day for start in usage.starts], usage.records) == (held, ())
    cost = await Analytics(None).read_cost(api.client(), DAY, until)
    assert ([start.day for start in cost.starts], cost.records) == (held, ())
    totals = await Analytics(None).read_totals(api.client(), DAY, until)
    assert [total.start.day for total in totals.records] == held


@with_the_server
async def test_rows_of_a_day_that_the_report_has_not_come_to_the_end_of_are_held(api: Api) -> None:
    early = usage_row() | {"starting_at": "2026-11-20T00:00:00Z", "ending_at": "2026-11-21T00:00:00Z"}
    api.faults.app = replay([page(early)])
    chunk = await Analytics(None).read_usage(api.client(), DAY, date(2026, 11, 22))
    assert [start.day for start in chunk.starts] == [18, 19, 20]


@with_the_server
@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        ({"type": "service_account_actor", "service_account_id": "svac_1"}, "svac_1"),
        ({"type": "api_actor", "api_key_id": "apikey_1"}, None),
        ({"type": "federated_actor", "provider": {"type": "aws"}, "subject": None}, None),
        ({"type": "an_actor_of_next_year"}, None),
        (None, None),
    ],
)
async def test_only_people_and_service_accounts_are_actors(api: Api, actor: Json | None, expected: str | None) -> None:
    api.faults.app = replay([page(usage_row(actor=actor))])
    chunk = await Analytics(None).read_usage(api.client(), DAY, NEXT)
    assert {record.actor_id for record in chunk.records} == {expected}


@with_the_server
async def test_a_row_without_a_model_is_kept(api: Api) -> None:
    api.faults.app = replay([page(usage_row(None, tokens=0))])
    chunk = await Analytics(None).read_usage(api.client(), DAY, NEXT)
    assert {record.model for record in chunk.records} == {""}


@with_the_server
async def test_the_priority_tier_stands_apart_and_is_counted_once(api: Api) -> None:
    client = api.client()
    chunk = await Analytics(None).read_usage(client, date(2026, 11, 9), date(2026, 11, 20))
    tiers: dict[str, int] = {}
    for record in chunk.records:
        tiers[record.service_tier] = tiers.get(record.service_tier, 0) + record.output
    assert tiers[PRIORITY_TIER] > 0
    sent = [dict(seen.query) for seen in api.faults.seen if seen.path == USAGE]
    everything = sum(tiers.values())
    api.faults.seen.clear()
    whole = await client.get(
        USAGE, [("starting_at", "2026-11-09T00:00:00Z"), ("ending_at", "2026-11-20T00:00:00Z"), ("limit", "1000")]
    )
    assert everything == sum(row["usage"]["output_tokens"] for row in whole["data"])
    assert {query.get("service_tiers[]") for query in sent} == {None, PRIORITY_TIER}


@with_the_server
async def test_identities_without_an_id_are_taken_together_before_the_priority_tier_is_taken_out(api: Api) -> None:
    federated = [{"type": "federated_actor", "provider": {"type": "aws"}, "subject": name} for name in "ab"]
    rows = [usage_row(actor=actor, tokens=tokens) for actor, tokens in zip(federated, (100, 1000), strict=True)]
    api.faults.app = replay([page(*rows)])  # the same for all tiers as for the priority tier
    chunk = await Analytics(None).read_usage(api.client(), DAY, NEXT)
    assert {record.service_tier for record in chunk.records} == {PRIORITY_TIER}
    assert sum(record.uncached_input for record in chunk.records) == 1100


@with_the_server
async def test_a_key_refused_altogether_says_nothing_about_the_newer_reports(api: Api) -> None:
    api.faults.next("/analytics/", status(401))
    with pytest.raises(CredentialRefused):
        await may_read(api.client(), NOW)


@with_the_server
async def test_the_beta_header_goes_with_the_newer_reports_only(api: Api) -> None:
    client = api.client()
    await client.get("/v1/organizations/me")
    await Analytics(None).read_cost(client, DAY, NEXT)
    betas = {seen.path: seen.headers.get("anthropic-beta") for seen in api.faults.seen}
    assert betas == {"/v1/organizations/me": None, COST: "analytics-usage-cost-2026-08-24"}


@with_the_server
async def test_identities_without_an_id_are_told_apart_by_what_is_said_of_them(api: Api) -> None:
    one, other = ({"type": "federated_actor", "subject": name} for name in "ab")
    api.faults.app = replay([page(usage_row(actor=one), usage_row(actor=other))])
    chunk = await Analytics(None).read_usage(api.client(), DAY, NEXT)
    assert sum(record.uncached_input for record in chunk.records) == 200
    api.faults.app = replay([page(usage_row(actor=one)), page(usage_row(actor=one))])
    with pytest.raises(PageMalformed, match="comes twice; a page was doubled"):
        await Analytics(None).read_usage(api.client(), DAY, NEXT)


def _twice(body: Json) -> Json:
    return {**body, "data": [*body["data"], body["data"][0]]}


def _changed(change: Callable[[Json], None]) -> Callable[[Json], Json]:
    def fault(body: Json) -> Json:
        broken = deepcopy(body)
        change(broken["data"][0])
        return broken

    return fault


@with_the_server
@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (_twice, "comes twice; a page was doubled"),
        (_changed(lambda row: row["cost"].update(currency="EUR")), "an amount is in 'EUR'"),
        (_changed(lambda row: row["cost"].update(amount="1e3")), "'1e3' is not a plain decimal amount"),
        (_changed(lambda row: row["cost"].update(amount="-1")), "the amount '-1' is negative"),
        (_changed(lambda row: row["cost"].update(list_amount="-1")), "the list amount '-1' is negative"),
        (_changed(lambda row: row["cost"].update(amount=12.5)), "malformed at data.0.cost.amount"),
        (_changed(lambda row: row["cost"].pop("list_amount")), "malformed at data.0.cost.list_amount"),
        (_changed(lambda row: row.update(starting_at="2026-11-02T00:00:00Z")), "which was not asked for"),
        (_changed(lambda row: row.update(starting_at="2026-11-18T00:00:00")), "malformed at data.0.starting_at"),
        (_changed(lambda row: row["group"].pop("actor")), "malformed at data.0.group.actor: Field required"),
        (
            _changed(lambda row: row["group"].update(actor={"type": 5})),
            "malformed at data.0.group.actor.type: Expected `str`, got `int`",
        ),
        (_changed(lambda row: row["group"].update(actor="Mira")), "malformed at data.0.group.actor: Expected `object`"),
    ],
)
async def test_a_page_that_cannot_be_right_is_refused_by_name(
    api: Api, fault: Callable[[Json], Json], sentence: str
) -> None:
    api.faults.next(COST, mutate(fault), times=None)
    with pytest.raises(PageMalformed) as refused:
        await Analytics(None).read_cost(api.client(), DAY, NEXT)
    assert sentence in str(refused.value)


@with_the_server
@pytest.mark.parametrize("code", [400, 403, 404])
async def test_an_organisation_that_has_no_newer_reports_says_so_to_one_question(api: Api, code: int) -> None:
    api.faults.next("/analytics/", status(code))
    assert not await may_read(api.client(), NOW)
    assert len(api.faults.seen) == 1
    assert await may_read(api.client(), NOW)


def test_the_newer_reports_reach_back_a_year_and_not_before_2026() -> None:
    assert reaches(date(2026, 1, 1), NOW)
    assert not reaches(date(2025, 12, 31), NOW)
    assert not reaches(date(2026, 1, 1), datetime(2027, 3, 1, tzinfo=UTC))


@with_the_server
async def test_requests_are_taken_as_said_and_unknown_where_they_are_not(api: Api) -> None:
    silent = usage_row("claude-haiku-4-5")
    silent["usage"]["requests"] = None
    older = usage_row("claude-opus-4-8")
    del older["usage"]["requests"]
    api.faults.app = replay([page(usage_row(), silent, older)])
    chunk = await Analytics(None).read_usage(api.client(), DAY, NEXT)
    assert {record.model: record.requests for record in chunk.records} == {
        "claude-opus-5-5": 1,
        "claude-haiku-4-5": None,
        "claude-opus-4-8": None,
    }


@with_the_server
async def test_requests_of_the_priority_tier_stand_apart_too(api: Api) -> None:
    client = api.client()
    chunk = await Analytics(None).read_usage(client, date(2026, 11, 9), date(2026, 11, 20))
    counts = [record.requests or 0 for record in chunk.records]
    whole = await client.get(
        USAGE, [("starting_at", "2026-11-09T00:00:00Z"), ("ending_at", "2026-11-20T00:00:00Z"), ("limit", "1000")]
    )
    assert sum(counts) == sum(row["usage"]["requests"] for row in whole["data"])
    assert min(counts) >= 0
    assert any(record.requests for record in chunk.records if record.service_tier == PRIORITY_TIER)
