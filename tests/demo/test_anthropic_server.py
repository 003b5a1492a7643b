import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest
import pytest_asyncio

from bot.demo.organization import Organization
from tests.demo.api import COST, HEADERS, KEY, NOW, USAGE, Api, Json, cents_of, serving, tokens_of
from tests.faults import cut_in_half, cut_json, hang, html, mutate, repeat_cursor, status

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIVE = ["model", "service_tier", "context_window", "inference_geo", "workspace_id"]

# Copied from the price list by hand, in dollars: input, write 5m, write 1h, read, output.
DOLLARS_PER_MILLION = {
    "claude-opus-5-5": ("4", "5", "8", "0.20", "20"),
    "claude-sonnet-5-5": ("2", "2.50", "4", "0.10", "10"),
    "claude-haiku-4-5-20251001": ("1", "1.25", "2", "0.10", "5"),
    "claude-sonnet-4-6": ("3", "3.75", "6", "0.30", "15"),
    "claude-opus-4-8": ("5", "6.25", "10", "0.50", "25"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[Api]:
    """One server for the whole module, since starting and stopping one takes longer than a test."""
    async with serving(Organization.simulate(until=NOW)) as api:
        yield api


@pytest.fixture
def api(running: Api) -> Api:
    """The server with its clock at NOW, nothing broken and nothing seen."""
    running.wall.now = NOW
    running.faults.heal()
    running.faults.seen.clear()
    running.http.headers.pop("anthropic-beta", None)
    return running


async def test_paging_to_the_end_gives_the_same_buckets_as_one_big_page(api: Api) -> None:
    query = {"starting_at": "2026-11-01T00:00:00Z", "group_by": ["workspace_id", "model"]}
    for path, groups in ((USAGE, ["workspace_id", "model"]), (COST, ["workspace_id", "description"])):
        query["group_by"] = groups
        small = await api.buckets(path, **query, limit=4)
        big = await api.get(path, **query, limit=31)
        assert big["data"] == small
        assert len(small) == 22


async def test_a_page_holds_seven_days_or_twenty_four_hours_unless_asked(api: Api) -> None:
    days = await api.get(USAGE, starting_at="2026-10-01T00:00:00Z")
    hours = await api.get(USAGE, starting_at="2026-10-01T00:00:00Z", bucket_width="1h")
    assert [len(days["data"]), len(hours["data"])] == [7, 24]
    assert days["has_more"] is True
    assert "between 1 and 31" in await api.refused(USAGE, starting_at="2026-10-01T00:00:00Z", limit=32)
    assert "between 1 and 168" in await api.refused(
        USAGE, starting_at="2026-10-01T00:00:00Z", bucket_width="1h", limit=169
    )


async def test_the_hours_of_a_day_add_up_to_the_day(api: Api) -> None:
    period = {"starting_at": "2026-11-18T00:00:00Z", "ending_at": "2026-11-19T00:00:00Z"}
    (day,) = await api.buckets(USAGE, **period)
    hours = await api.buckets(USAGE, **period, bucket_width="1h", limit=10)
    assert [hour["starting_at"] for hour in hours] == [f"2026-11-18T{hour:02d}:00:00Z" for hour in range(24)]
    assert sum(tokens_of(row)[4] for hour in hours for row in hour["results"]) == tokens_of(day["results"][0])[4]


async def test_grouped_rows_add_up_to_the_ungrouped_row(api: Api) -> None:
    period = {"starting_at": "2026-11-10T00:00:00Z", "ending_at": "2026-11-20T00:00:00Z"}
    plain = await api.buckets(COST, **period)
    for groups in (["workspace_id"], ["description"], ["workspace_id", "description"]):
        grouped = await api.buckets(COST, **period, group_by=groups)
        assert [cents_of(bucket) for bucket in grouped] == [cents_of(bucket) for bucket in plain]
    used = await api.buckets(USAGE, **period)
    split = await api.buckets(USAGE, **period, group_by=FIVE)
    for whole, parts in zip(used, split, strict=True):
        sums = [sum(kind) for kind in zip(*(tokens_of(row) for row in parts["results"]), strict=True)]
        assert sums == tokens_of(whole["results"][0])


async def test_tokens_times_the_price_list_is_the_token_cost_to_the_last_digit(api: Api) -> None:
    period = {"starting_at": "2026-09-01T00:00:00Z", "ending_at": "2026-11-23T00:00:00Z", "limit": 31}
    used = await api.buckets(USAGE, **period, group_by=FIVE)
    billed = await api.buckets(COST, **period, group_by=["workspace_id", "description"])
    assert len(used) == 83
    for tokens, money in zip(used, billed, strict=True):
        listed = sum((_list_cents(row) for row in tokens["results"]), Decimal(0))
        cost = sum((Decimal(row["amount"]) for row in money["results"] if row["cost_type"] == "tokens"), Decimal(0))
        assert listed == cost, tokens["starting_at"]
        searches = sum(row["server_tool_use"]["web_search_requests"] for row in tokens["results"])
        assert Decimal(searches) == sum(
            Decimal(row["amount"]) for row in money["results"] if row["cost_type"] == "web_search"
        )


async def test_amounts_are_plain_decimal_strings_of_cents(api: Api) -> None:
    buckets = await api.buckets(COST, starting_at="2026-11-01T00:00:00Z", group_by=["workspace_id", "description"])
    amounts = [row["amount"] for bucket in buckets for row in bucket["results"]]
    assert all(re.fullmatch(r"\d+(\.\d*[1-9])?", amount) for amount in amounts)
    assert any("." in amount for amount in amounts)


async def test_a_cost_row_carries_what_its_description_says(api: Api) -> None:
    (bucket,) = await api.buckets(
        COST, starting_at="2026-11-18T00:00:00Z", ending_at="2026-11-19T00:00:00Z", group_by=["description"]
    )
    rows = {row["description"]: row for row in bucket["results"] if row["service_tier"] != "batch"}
    assert rows["Claude Opus 5.5 Usage - Input Tokens, Cache Hit"] | {"amount": ""} == {
        "amount": "",
        "currency": "USD",
        "cost_type": "tokens",
        "description": "Claude Opus 5.5 Usage - Input Tokens, Cache Hit",
        "model": "claude-opus-5-5",
        "token_type": "cache_read_input_tokens",
        "service_tier": "standard",
        "context_window": "0-200k",
        "inference_geo": "global",
        "workspace_id": None,
    }
    assert rows["Web Search Usage"]["token_type"] is None
    assert "priority" not in {row["service_tier"] for row in bucket["results"]}


async def test_an_ungrouped_cost_row_has_an_amount_and_nothing_else(api: Api) -> None:
    (bucket,) = await api.buckets(COST, starting_at="2026-11-18T00:00:00Z", ending_at="2026-11-19T00:00:00Z")
    (row,) = bucket["results"]
    assert {name for name, value in row.items() if value is not None} == {"amount", "currency"}


async def test_a_dimension_that_was_not_grouped_by_is_null_and_so_is_the_default_workspace(api: Api) -> None:
    period = {"starting_at": "2026-11-18T00:00:00Z", "ending_at": "2026-11-19T00:00:00Z"}
    (plain,) = await api.buckets(USAGE, **period)
    assert plain["results"][0].keys() == {
        "uncached_input_tokens",
        "cache_creation",
        "cache_read_input_tokens",
        "output_tokens",
        "server_tool_use",
        "account_id",
        "api_key_id",
        "service_account_id",
        "workspace_id",
        "model",
        "service_tier",
        "context_window",
        "inference_geo",
    }
    (grouped,) = await api.buckets(USAGE, **period, group_by=["workspace_id", "api_key_id"])
    default = [row for row in grouped["results"] if row["workspace_id"] is None]
    assert len(default) == 3
    assert [row["api_key_id"] for row in default].count(None) == 1
    assert {row["model"] for row in grouped["results"]} == {None}


async def test_a_filter_keeps_only_the_rows_it_names(api: Api) -> None:
    period = {"starting_at": "2026-11-18T00:00:00Z", "ending_at": "2026-11-19T00:00:00Z"}
    (grouped,) = await api.buckets(USAGE, **period, group_by=["service_tier", "model"])
    (batch,) = await api.buckets(USAGE, **period, group_by=["service_tier", "model"], service_tiers=["batch"])
    assert batch["results"] == [row for row in grouped["results"] if row["service_tier"] == "batch"]
    (nobody,) = await api.buckets(USAGE, **period, context_window=["200k-1M"])
    assert nobody["results"] == []


async def test_six_groupings_are_refused_with_anthropics_sentence(api: Api) -> None:
    await api.get(USAGE, starting_at="2026-11-18T00:00:00Z", group_by=FIVE)
    message = await api.refused(USAGE, starting_at="2026-11-18T00:00:00Z", group_by=[*FIVE, "api_key_id"])
    assert message == "Cannot specify more than 5 group_by[] dimensions."


async def test_grouping_by_speed_needs_the_beta_header(api: Api) -> None:
    query = {"starting_at": "2026-11-18T00:00:00Z", "group_by": ["speed"]}
    assert "fast-mode-2026-02-01" in await api.refused(USAGE, **query)
    api.http.headers["anthropic-beta"] = "other-beta, fast-mode-2026-02-01"
    (first, *_) = (await api.get(USAGE, **query))["data"]
    assert "speed" not in first["results"][0]


async def test_a_page_token_is_refused_for_any_other_query(api: Api) -> None:
    first = await api.get(USAGE, starting_at="2026-10-01T00:00:00Z", limit=2)
    page = first["next_page"]
    assert "different query" in await api.refused(USAGE, starting_at="2026-10-01T00:00:00Z", limit=3, page=page)
    assert "different query" in await api.refused(COST, starting_at="2026-10-01T00:00:00Z", limit=2, page=page)
    assert "Invalid page token" in await api.refused(USAGE, starting_at="2026-10-01T00:00:00Z", page="page_nonsense")


async def test_nothing_of_the_future_shows_and_the_running_day_grows_with_the_clock(api: Api) -> None:
    query = {"starting_at": "2026-11-21T00:00:00Z"}
    days = await api.buckets(COST, **query)
    assert [day["ending_at"] for day in days] == ["2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"]
    assert await api.buckets(COST, **query, ending_at="2026-12-24T00:00:00Z") == days
    hours = await api.buckets(USAGE, starting_at="2026-11-22T08:00:00Z", bucket_width="1h")
    assert [bool(hour["results"]) for hour in hours] == [True, False]
    used = await api.buckets(USAGE, **query)
    api.wall.now = datetime(2026, 11, 23, 0, tzinfo=UTC)
    billed_later, used_later = await api.buckets(COST, **query), await api.buckets(USAGE, **query)
    assert (len(billed_later), len(used_later)) == (2, 2)
    assert (billed_later[0], used_later[0]) == (days[0], used[0])
    assert cents_of(billed_later[1]) > cents_of(days[1])
    assert used_later[1]["results"][0]["output_tokens"] > used[1]["results"][0]["output_tokens"]
    api.wall.now = NOW
    assert await api.buckets(COST, **query) == days
    assert await api.buckets(USAGE, **query) == used


async def test_a_day_that_ends_after_the_range_is_left_out(api: Api) -> None:
    days = await api.buckets(USAGE, starting_at="2026-11-20T17:45:00Z", ending_at="2026-11-22T09:00:00Z")
    assert [day["starting_at"] for day in days] == ["2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"]


async def test_days_before_the_organization_existed_are_there_and_empty(api: Api) -> None:
    days = await api.buckets(USAGE, starting_at="2026-08-22T00:00:00Z", ending_at="2026-08-26T00:00:00Z")
    assert [bool(day["results"]) for day in days] == [False, False, True, True]


@pytest.mark.parametrize(
    ("starting_at", "ending_at"),
    [
        ("2026-11-18T00:00:00Z", "2026-11-18T23:59:59Z"),
        ("2026-11-21T09:20:00Z", "2026-11-22T09:20:00Z"),
        ("2026-11-18T00:00:00Z", "2026-11-18T00:00:00Z"),
    ],
)
async def test_a_cost_range_without_one_whole_day_is_refused_for_good(
    api: Api, starting_at: str, ending_at: str
) -> None:
    response = await api.http.get(COST, params={"starting_at": starting_at, "ending_at": ending_at})
    assert response.status_code == 400
    assert response.json()["error"]["message"] == "Invalid date range: ending date must be after starting date"
    assert response.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (USAGE, {}),
        (USAGE, {"starting_at": "2026-11-18"}),
        (USAGE, {"starting_at": "2026-11-18T00:00:00Z", "bucket_width": "1m"}),
        (USAGE, {"starting_at": "2026-11-18T00:00:00Z", "limit": "0"}),
        (USAGE, {"starting_at": "2026-11-18T00:00:00Z", "group_by[]": "team"}),
        (USAGE, {"starting_at": "2026-11-18T00:00:00Z", "context_windows[]": "0-200k"}),
        (USAGE, {"starting_at": "2026-11-18T00:00:00Z", "service_tiers[]": "cheap"}),
        (COST, {"starting_at": "2026-11-18T00:00:00Z", "bucket_width": "1h"}),
        (COST, {"starting_at": "2026-11-18T00:00:00Z", "group_by[]": "api_key_id"}),
        (COST, {"starting_at": "2026-11-18T00:00:00Z", "workspace_ids[]": "wrkspc_01"}),
        ("/v1/organizations/workspaces", {"include_archived": "yes"}),
        ("/v1/organizations/api_keys", {"after_id": "apikey_unknown"}),
    ],
)
async def test_a_query_the_documents_do_not_know_is_refused(api: Api, path: str, query: dict[str, str]) -> None:
    assert await api.refused(path, **query)


async def test_a_wrong_key_a_missing_version_and_an_unknown_path_get_the_documented_error(api: Api) -> None:
    path = "/v1/organizations/me"
    async with httpx.AsyncClient(base_url=api.http.base_url, trust_env=False) as stranger:
        wrong = await stranger.get(path, headers={**HEADERS, "x-api-key": "sk-ant-wrong"})
        versionless = await stranger.get(path, headers={"x-api-key": KEY})
        lost = await stranger.get("/v1/organizations/team_reports", headers=HEADERS)
    answers = [
        (reply.status_code, reply.json()["type"], reply.json()["error"]["type"]) for reply in (wrong, versionless)
    ]
    assert answers == [(401, "error", "authentication_error"), (400, "error", "invalid_request_error")]
    assert (lost.status_code, lost.json()["error"]["type"]) == (404, "not_found_error")
    assert all(reply.json()["request_id"] == reply.headers["request-id"] for reply in (wrong, versionless, lost))
    assert (await api.http.get(path)).headers["request-id"].startswith("req_")
    assert KEY not in wrong.text + versionless.text + lost.text


async def test_the_directory_lists_archived_and_default_workspaces_only_when_asked(api: Api) -> None:
    path = "/v1/organizations/workspaces"

    async def names(**query: str) -> set[str]:
        return {item["name"] for item in (await api.get(path, **query))["data"]}

    assert await api.get("/v1/organizations/me") == {
        "id": api.organization.id,
        "type": "organization",
        "name": "Example Org",
    }
    listed = await names()
    assert await names(include_archived="true") - listed == {"mobile-beta"}
    assert await names(include_default="true") - listed == {"Default"}


async def test_a_directory_list_can_be_walked_forwards_and_backwards(api: Api) -> None:
    path = "/v1/organizations/api_keys"
    everything = (await api.get(path, limit=1000))["data"]
    walked: list[Json] = []
    body = await api.get(path, limit=4)
    while True:
        walked += body["data"]
        if not body["has_more"]:
            break
        body = await api.get(path, limit=4, after_id=body["last_id"])
    assert walked == everything
    before = await api.get(path, limit=3, before_id=everything[5]["id"])
    assert (before["data"], before["has_more"]) == (everything[2:5], True)


async def test_a_key_names_its_workspace_in_the_scope_even_in_the_default_one(api: Api) -> None:
    (default,) = (item.id for item in api.organization.workspaces if item.is_default)
    keys = (await api.get("/v1/organizations/api_keys", workspace_id=default))["data"]
    assert {key["name"] for key in keys} == {"website-chat", "internal-wiki"}
    assert {key["scope"]["workspace_id"] for key in keys} == {default}
    inactive = (await api.get("/v1/organizations/api_keys", status="inactive"))["data"]
    assert [key["name"] for key in inactive] == ["pipelines-legacy"]


async def test_a_person_is_found_by_e_mail(api: Api) -> None:
    (person,) = (await api.get("/v1/organizations/users", email="ana@example.com"))["data"]
    assert (person["name"], person["role"]) == ("Ana Ribeiro", "admin")
    assert (await api.get("/v1/organizations/users", email="nobody@example.com"))["data"] == []


async def test_the_same_page_of_31_days_by_five_dimensions_simulates_nothing_again(api: Api) -> None:
    query = {"starting_at": "2026-10-20T00:00:00Z", "group_by": FIVE, "limit": 31}
    page, summed = await api.get(USAGE, **query), api.simulated
    assert await api.get(USAGE, **query) == page
    assert api.simulated == summed > 0


async def test_a_fault_breaks_as_many_requests_as_asked_and_no_more(api: Api) -> None:
    api.faults.next("cost_report", status(429, headers={"retry-after": "7"}), times=2)
    api.faults.next("cost_report", status(500))
    replies = [await api.http.get(COST, params={"starting_at": "2026-11-20T00:00:00Z"}) for _ in range(4)]
    assert [reply.status_code for reply in replies] == [429, 429, 500, 200]
    assert replies[0].headers["retry-after"] == "7"
    assert (await api.http.get("/v1/organizations/me")).status_code == 200
    assert (api.faults.count("cost_report"), api.faults.count()) == (4, 5)
    assert api.faults.seen[0].query == (("starting_at", "2026-11-20T00:00:00Z"),)
    assert KEY not in repr(api.faults.seen)


async def test_a_cut_answer_breaks_on_the_wire_or_in_the_json(api: Api) -> None:
    api.faults.next("/me", cut_in_half())
    api.faults.next("/me", cut_json())
    api.faults.next("/me", html())
    with pytest.raises(httpx.RemoteProtocolError):
        await api.http.get("/v1/organizations/me")
    cut = await api.http.get("/v1/organizations/me")
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        cut.json()
    page = await api.http.get("/v1/organizations/me")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def test_a_hanging_answer_runs_into_the_clients_time_limit(api: Api) -> None:
    api.faults.next("/me", hang(30))
    api.faults.next("/me", hang(0.01))
    with pytest.raises(httpx.ReadTimeout):
        await api.http.get("/v1/organizations/me", timeout=0.05)
    assert (await api.http.get("/v1/organizations/me")).status_code == 200


async def test_a_body_can_be_changed_and_a_cursor_can_repeat_for_ever(api: Api) -> None:
    api.faults.next("/me", mutate(lambda body: {name: body[name] for name in body if name != "name"}))
    assert "name" not in await api.get("/v1/organizations/me")
    api.faults.next("cost_report", repeat_cursor(), times=None)
    query = {"starting_at": "2026-11-20T00:00:00Z"}
    first = await api.get(COST, **query)
    second = await api.get(COST, **query, page=first["next_page"])
    assert first == second
    assert first["has_more"] is True
    api.faults.heal()
    assert (await api.get(COST, **query))["has_more"] is False


def _list_cents(row: Json) -> Decimal:
    if row["service_tier"] == "priority":
        return Decimal(0)
    prices = map(Decimal, DOLLARS_PER_MILLION[row["model"]])
    per_million = sum((count * price for count, price in zip(tokens_of(row), prices, strict=True)), Decimal(0))
    geo = Decimal("1.1") if row["inference_geo"] == "us" else Decimal(1)
    batch = Decimal("0.5") if row["service_tier"] == "batch" else Decimal(1)
    return per_million * geo * batch / 10_000
