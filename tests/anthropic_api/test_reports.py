"""The two reports: recorded bodies become the right records, and what is missing or malformed is refused by name."""

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.anthropic_api.cost_report import PATH as COST
from bot.anthropic_api.cost_report import read_cost, read_totals
from bot.anthropic_api.usage_report import PATH as USAGE
from bot.anthropic_api.usage_report import read_usage
from bot.core.errors import PageMalformed
from bot.core.money import Money
from bot.core.usage import CostRecord, UsageRecord
from tests.anthropic_api.api import Api, Json, copied, one_bucket, raw, replay
from tests.faults import mutate

pytestmark = pytest.mark.asyncio(loop_scope="module")

RECORDED = Path(__file__).parent / "recorded"
DAY = date(2026, 11, 18)
START = datetime(2026, 11, 18, tzinfo=UTC)
PAYMENTS = "wrkspc_01PaymentsExample0000001"
NEXT = DAY + timedelta(days=1)


def recorded(name: str) -> Json:
    body: Json = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return body


def result(name: str) -> Json:
    """The first recorded result."""
    found: Json = recorded(name)["data"][0]["results"][0]
    return found


def without(name: str) -> Callable[[Json], None]:
    def change(found: Json) -> None:
        del found[name]

    return change


def having(name: str, value: object) -> Callable[[Json], None]:
    def change(found: Json) -> None:
        found[name] = value

    return change


def nested(outer: str, name: str, value: object) -> Callable[[Json], None]:
    def change(found: Json) -> None:
        found[outer] = {**found[outer], name: value}

    return change


async def test_the_recorded_usage_report_becomes_its_records(api: Api) -> None:
    api.faults.app = replay([recorded("usage_report"), {"data": []}])
    chunk = await read_usage(api.client(), DAY, date(2026, 11, 20))
    assert chunk.starts == (START, START + timedelta(days=1))  # the second day was read, and empty
    assert chunk.records == (
        UsageRecord(
            START,
            PAYMENTS,
            None,
            "claude-sonnet-5-5",
            "standard",
            "not_available",
            1843210,
            220400,
            0,
            9612044,
            402118,
            37,
        ),
        UsageRecord(START, None, None, "claude-haiku-5-5", "batch", "not_available", 5210000, 0, 0, 0, 910400, 0),
    )


async def test_the_recorded_cost_report_becomes_its_records_to_the_last_digit(api: Api) -> None:
    api.faults.app = raw((RECORDED / "cost_report.json").read_text(encoding="utf-8"))
    chunk = await read_cost(api.client(), DAY, NEXT)
    assert chunk.starts == (START,)
    assert len(chunk.records) == 8
    assert sum(Decimal(record.amount_cents) for record in chunk.records) == Decimal("1022.79044")
    assert sum((record.amount for record in chunk.records), Money(0)) == Money.from_cents("1022.79044")
    assert chunk.records[2] == CostRecord(
        START,
        PAYMENTS,
        "tokens",
        "cache_read_input_tokens",
        "claude-sonnet-5-5",
        "standard",
        "global",
        "0-200k",
        "Claude Sonnet 5.5 Usage - Input Tokens, Cache Hit",
        "96.12044",
        Money(9_612_044_000),
    )
    assert [(record.charge, record.workspace_id, record.model) for record in chunk.records] == [
        ("uncached_input", PAYMENTS, "claude-sonnet-5-5"),
        ("cache_write_5m", PAYMENTS, "claude-sonnet-5-5"),
        ("cache_read", PAYMENTS, "claude-sonnet-5-5"),
        ("output", PAYMENTS, "claude-sonnet-5-5"),
        ("web_search", PAYMENTS, None),
        ("uncached_input", None, "claude-haiku-5-5"),
        ("output", None, "claude-haiku-5-5"),
        ("code_execution", None, None),
    ]


def ungrouped(amount: str) -> Json:
    """The one row of a day that nobody grouped: every other field null."""
    return {**dict.fromkeys(result("cost_report")), "amount": amount, "currency": "USD"}


async def test_anthropics_own_sum_of_a_day_is_its_one_ungrouped_row_and_nothing_where_there_is_none(api: Api) -> None:
    api.faults.app = replay([one_bucket(ungrouped("1022.79044")), one_bucket(start="2026-11-19T00:00:00Z")])
    chunk = await read_totals(api.client(), DAY, date(2026, 11, 20))
    assert [(total.start, total.amount_cents, total.amount) for total in chunk.records] == [
        (START, "1022.79044", Money.from_cents("1022.79044")),
        (START + timedelta(days=1), "0", Money(0)),
    ]
    assert "group_by[]" not in dict(api.faults.seen[-1].query)


async def test_an_ungrouped_day_of_several_rows_is_refused_because_it_was_grouped(api: Api) -> None:
    api.faults.app = replay([one_bucket(ungrouped("1"), ungrouped("2"))])
    with pytest.raises(PageMalformed, match=f"{COST}: asked for ungrouped, a day has several rows"):
        await read_totals(api.client(), DAY, NEXT)


async def test_the_own_sums_of_the_simulated_organisation_are_the_sums_of_its_rows(api: Api) -> None:
    sums: dict[datetime, int] = defaultdict(int)
    for record in (await read_cost(api.client(), SINCE, UNTIL)).records:
        sums[record.start] += record.amount.units
    totals = (await read_totals(api.client(), SINCE, UNTIL)).records
    assert {total.start: total.amount.units for total in totals if total.amount.units} == sums


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("output_tokens", without("output_tokens")),
        ("output_tokens", having("output_tokens", "12")),
        ("output_tokens", having("output_tokens", -1)),
        ("output_tokens", having("output_tokens", 12.0)),
        ("output_tokens", having("output_tokens", True)),
        ("output_tokens", having("output_tokens", None)),
        ("output_tokens", having("output_tokens", 10**15)),
        ("model", having("model", None)),
        ("workspace_id", without("workspace_id")),
        ("cache_creation", without("cache_creation")),
        ("cache_creation.ephemeral_1h_input_tokens", nested("cache_creation", "ephemeral_1h_input_tokens", -5)),
        ("server_tool_use.web_search_requests", nested("server_tool_use", "web_search_requests", "3")),
        ("server_tool_use.web_search_requests", nested("server_tool_use", "web_search_requests", 10**12)),
    ],
)
async def test_a_usage_field_that_is_missing_or_malformed_is_refused_by_name(
    api: Api, place: str, change: Callable[[Json], None]
) -> None:
    spoilt = result("usage_report")
    change(spoilt)
    api.faults.app = replay([one_bucket(result("usage_report"), spoilt)])
    with pytest.raises(PageMalformed, match=rf"{USAGE} is malformed at data\.0\.results\.1\.{place}: "):
        await read_usage(api.client(), DAY, NEXT)


@pytest.mark.parametrize(
    ("sentence", "change"),
    [
        (r"malformed at data\.0\.results\.0\.amount: Field required", without("amount")),
        (r"malformed at data\.0\.results\.0\.amount: Expected `str`, got `int`", having("amount", 5)),
        (r"malformed at data\.0\.results\.0\.amount: Expected `str`, got `float`", having("amount", 123.45)),
        (r"malformed at data\.0\.results\.0\.amount: Expected `str`, got `null`", having("amount", None)),
        (r"malformed at data\.0\.results\.0\.currency: Field required", without("currency")),
        (r"2026-11-18: '1e3' is not a plain decimal amount", having("amount", "1e3")),
        (r"2026-11-18: '' is not a plain decimal amount", having("amount", "")),
        (r"2026-11-18: 'NaN' is not a plain decimal amount", having("amount", "NaN")),
        (r"2026-11-18: '1,000.00' is not a plain decimal amount", having("amount", "1,000.00")),
        (r"2026-11-18: the amount '-1' is negative", having("amount", "-1")),
        (r"2026-11-18: '999999999999' is larger than any amount", having("amount", "999999999999")),
        (r"2026-11-18: an amount is in 'EUR'; this bot only knows USD", having("currency", "EUR")),
    ],
)
async def test_a_cost_field_that_is_missing_or_malformed_is_refused_by_name(
    api: Api, sentence: str, change: Callable[[Json], None]
) -> None:
    spoilt = result("cost_report")
    change(spoilt)
    api.faults.app = replay([one_bucket(spoilt)])
    with pytest.raises(PageMalformed, match=rf"{COST}.*{sentence}"):
        await read_cost(api.client(), DAY, NEXT)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("[]", "is not a JSON object"),
        ('{"has_more": false}', "malformed at data: Field required"),
        ('{"data": []}', "malformed at has_more: Field required"),
        ('{"data": [], "has_more": "no"}', "malformed at has_more: Expected `bool`, got `str`"),
        ('{"data": [], "has_more": true}', "has more pages but no `next_page`"),
        ('{"data": [{}], "has_more": false}', r"malformed at data\.0\.starting_at: Field required"),
        ('{"data": [5], "has_more": false}', r"malformed at data\.0: Expected `object`, got `int`"),
    ],
)
async def test_a_page_that_is_none_is_refused_by_name(api: Api, body: str, sentence: str) -> None:
    api.faults.app = raw(body)
    with pytest.raises(PageMalformed, match=f"{COST}.*{sentence}"):
        await read_cost(api.client(), DAY, NEXT)


async def test_new_fields_and_new_values_are_taken_as_they_come(api: Api) -> None:
    used = {**result("usage_report"), "service_tier": "flex", "speed": "fast", "inference_geo": "moon"}
    api.faults.app = replay([{**one_bucket({**used, "new": {"deep": [1.5]}}), "summary": 0.5}])
    (usage,) = (await read_usage(api.client(), DAY, NEXT)).records
    assert (usage.service_tier, usage.inference_geo) == ("flex", "moon")

    paid = [
        {**result("cost_report"), "cost_type": "moon_mining", "token_type": None, "discount": {"kind": "volume"}},
        {**result("cost_report"), "token_type": "thinking_tokens", "service_tier": "flex"},
        {**result("cost_report"), "cost_type": None, "token_type": None, "description": None},
    ]
    api.faults.app = replay([one_bucket(*paid)])
    mined, thought, bare = (await read_cost(api.client(), DAY, NEXT)).records
    assert (mined.charge, thought.charge, bare.charge) == ("moon_mining", "thinking_tokens", "unspecified")
    assert thought.service_tier == "flex"


async def test_a_day_in_another_time_zone_is_its_utc_day(api: Api) -> None:
    page = one_bucket(result("usage_report"), start="2026-11-18T01:00:00+01:00", end="2026-11-19T01:00:00+01:00")
    api.faults.app = replay([page])
    chunk = await read_usage(api.client(), DAY, NEXT)
    assert chunk.starts == (START,)
    assert chunk.records[0].start == START


@pytest.mark.parametrize("start", ["2026-11-18T00:00:00", "yesterday", None])
async def test_a_day_without_a_clear_start_is_refused_by_name(api: Api, start: str) -> None:
    api.faults.app = replay([one_bucket(result("usage_report"), start=start)])
    with pytest.raises(PageMalformed, match=r"malformed at data\.0\.starting_at"):
        await read_usage(api.client(), DAY, NEXT)


async def test_a_bucket_that_is_no_day_is_refused(api: Api) -> None:
    api.faults.app = replay([one_bucket(result("usage_report"), start="2026-11-18T05:00:00Z")])
    with pytest.raises(PageMalformed, match=r"does not start at midnight UTC: 2026-11-18T05:00:00\+00:00"):
        await read_usage(api.client(), DAY, NEXT)


async def test_a_day_that_was_not_asked_for_is_refused(api: Api) -> None:
    page = one_bucket(result("usage_report"), start="2026-11-19T00:00:00Z", end="2026-11-20T00:00:00Z")
    api.faults.app = replay([page])
    with pytest.raises(PageMalformed, match="the day 2026-11-19 was not asked for"):
        await read_usage(api.client(), DAY, NEXT)


async def pages(api: Api, path: str, since: date, until: date) -> list[Json]:
    """What the simulated organisation says, a page of 31 days at a time."""
    query = [
        ("starting_at", f"{since}T00:00:00Z"),
        ("ending_at", f"{until}T00:00:00Z"),
        ("bucket_width", "1d"),
        ("limit", "31"),
    ]
    groups = (
        ["workspace_id", "description"] if path == COST else ["workspace_id", "api_key_id", "model", "service_tier"]
    )
    return [page async for page in api.client().pages(path, [*query, *(("group_by[]", one) for one in groups)])]


SINCE, UNTIL = date(2026, 9, 6), date(2026, 11, 23)


@pytest.mark.parametrize(("path", "read"), [(USAGE, read_usage), (COST, read_cost)])
async def test_a_report_is_read_to_its_last_page(api: Api, path: str, read: Any) -> None:
    chunk = await read(api.client(), SINCE, UNTIL)
    assert api.faults.count(path) == 3
    assert [start.date() for start in chunk.starts] == [SINCE + timedelta(days=n) for n in range((UNTIL - SINCE).days)]
    halves = [await read(api.client(), *span) for span in ((SINCE, DAY), (DAY, UNTIL))]
    assert chunk.records == halves[0].records + halves[1].records
    assert {record.start.date() for record in chunk.records} == {start.date() for start in chunk.starts}


@pytest.mark.parametrize(("path", "read"), [(USAGE, read_usage), (COST, read_cost)])
@pytest.mark.parametrize(
    ("kept", "sentence"),
    [
        ((0, 2), r"the day 2026-11-07 follows a gap; a page was lost or doubled"),
        ((0, 0, 1, 2), r"the day 2026-09-06 comes twice or out of order; a page was lost or doubled"),
        ((0, 1, 1, 2), r"the day 2026-10-07 comes twice or out of order; a page was lost or doubled"),
        ((1, 0, 2), r"the day 2026-09-06 comes twice or out of order"),
    ],
)
async def test_a_page_that_was_dropped_or_doubled_is_refused_by_its_day(
    api: Api, path: str, read: Any, kept: tuple[int, ...], sentence: str
) -> None:
    whole = await pages(api, path, SINCE, UNTIL)
    assert len(whole) == 3
    api.faults.app = replay([copied(whole[at]) for at in kept])
    with pytest.raises(PageMalformed, match=f"{path}: {sentence}"):
        await read(api.client(), SINCE, UNTIL)


async def test_a_page_whose_last_days_are_gone_is_refused(api: Api) -> None:
    api.faults.next("cost_report", mutate(lambda body: {**body, "data": body["data"][:-3]}))
    with pytest.raises(PageMalformed, match="follows a gap"):
        await read_cost(api.client(), SINCE, UNTIL)


async def test_days_missing_before_the_first_are_simply_not_held(api: Api) -> None:
    api.faults.next("cost_report", mutate(lambda body: {**body, "data": body["data"][5:]}))
    chunk = await read_cost(api.client(), SINCE, UNTIL)
    assert chunk.starts[0].date() == SINCE + timedelta(days=5)
    assert min(record.start for record in chunk.records) == chunk.starts[0]


async def test_the_running_day_comes_with_its_complete_hours_only(api: Api) -> None:
    chunk = await read_usage(api.client(), date(2026, 11, 21), date(2026, 11, 23))
    tokens = {start: sum(r.output for r in chunk.records if r.start == start) for start in chunk.starts}
    yesterday, today = tokens.values()
    assert 0 < today < yesterday
