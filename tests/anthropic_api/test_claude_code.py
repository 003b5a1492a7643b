"""The Claude Code report: one day a request, money exact from a JSON number, one record for each actor."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.anthropic_api.claude_code import PATH, read_code
from bot.core.coding import Actor, ActorKind, Work, total
from bot.core.errors import CredentialRefused, NotPermitted, PageMalformed
from bot.core.money import Money
from tests.anthropic_api.api import Api, raw, replay
from tests.faults import status

with_the_server = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]
DAY = date(2026, 11, 18)
MIRA = Actor(ActorKind.PERSON, "mira@example.com")


RECORDED: Json = json.loads((Path(__file__).parent / "recorded" / "claude_code.json").read_text(encoding="utf-8"))


def changed(change: Callable[[Json], object]) -> Json:
    """The sample with its first record changed."""
    body = deepcopy(RECORDED)
    change(body["data"][0])
    return body


@with_the_server
async def test_the_recorded_day_is_read_whole(api: Api) -> None:
    api.faults.app = replay([RECORDED])
    chunk = await read_code(api.client(), DAY)
    assert [start.date() for start in chunk.starts] == [DAY]
    program, mira = chunk.records
    assert (mira.actor, mira.customer, mira.day) == (MIRA, "api", DAY)
    assert mira.work == Work(6, 812, 304, 4, 1, 38, 5, 8_638_440, Money.from_dollars("6.21"))
    assert mira.work.acceptance == 38 / 43
    assert (program.actor, program.work) == (Actor(ActorKind.KEY, "ci-review-bot"), Work(sessions=22))
    assert program.work.acceptance is None
    assert dict(api.faults.seen[0].query) == {"starting_at": "2026-11-18", "limit": "1000"}


@with_the_server
@pytest.mark.parametrize(
    ("written", "dollars"),
    [
        ("584", "5.8400"),
        ("0.1", "0.0010"),
        ("1e-05", "0.0000001"),
        ("2.5E+2", "2.5000"),
        ("0.30000000000000004", "0.0030"),
        ("12345678901.12345678", "123456789.0112345678"),
    ],
)
async def test_a_number_of_cents_becomes_money_without_a_float_in_between(api: Api, written: str, dollars: str) -> None:
    record = '{"date":"2026-11-18T00:00:00Z","actor":{"type":"api_actor","api_key_name":"ci"},"customer_type":"api",'
    record += '"core_metrics":{"num_sessions":1,"lines_of_code":{"added":0,"removed":0},"commits_by_claude_code":0,'
    record += '"pull_requests_by_claude_code":0},"model_breakdown":[{"model":"m","tokens":{"input":1,"output":1,'
    record += f'"cache_read":1,"cache_creation":1}},"estimated_cost":{{"amount":{written},"currency":"USD"}}}}]}}'
    # Ten times a tenth of a cent is a cent; ten times the float nearest to it is not.
    api.faults.app = raw(f'{{"data":[{",".join([record] * 10)}],"has_more":false}}')
    chunk = await read_code(api.client(), DAY)
    assert total(chunk.records).estimated == Money(10 * Money.from_dollars(dollars).units)


@with_the_server
async def test_one_person_at_several_terminals_and_spellings_is_one_record(api: Api) -> None:
    again = changed(
        lambda one: one.update(terminal_type="tmux", actor={"type": "user_actor", "email_address": "Mira@Example.com "})
    )
    api.faults.app = replay([RECORDED, again])
    chunk = await read_code(api.client(), DAY)
    assert [record.actor for record in chunk.records] == [Actor(ActorKind.KEY, "ci-review-bot"), MIRA]
    assert chunk.records[1].work.sessions == 12


@with_the_server
async def test_use_on_a_subscription_stands_apart_from_use_that_is_paid(api: Api) -> None:
    other = changed(lambda one: one.update(customer_type="subscription", subscription_type="team"))
    api.faults.app = replay([RECORDED, other])
    records = (await read_code(api.client(), DAY)).records
    assert [(one.customer, one.work.sessions) for one in records if one.actor == MIRA] == [
        ("api", 6),
        ("subscription", 6),
    ]


@with_the_server
async def test_what_may_be_missing_is_nothing_and_an_actor_of_next_year_is_kept(api: Api) -> None:
    def bare(one: Json) -> None:
        del one["tool_actions"], one["model_breakdown"], one["subscription_type"]
        one["actor"] = {"type": "robot_actor", "robot_id": "r2"}

    api.faults.app = replay([changed(bare)])
    one = (await read_code(api.client(), DAY)).records[1]
    assert (one.actor, one.work) == (Actor(ActorKind.OTHER, "robot_actor"), Work(6, 812, 304, 4, 1))


@with_the_server
@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (
            lambda one: one["model_breakdown"][0]["estimated_cost"].update(currency="EUR"),
            "an amount is in 'EUR'; this bot only knows USD",
        ),
        (lambda one: one["model_breakdown"][0]["estimated_cost"].update(amount=-1), "the amount -1 is negative"),
        (
            lambda one: one["model_breakdown"][0]["estimated_cost"].update(amount="584"),
            "malformed at data.0.model_breakdown.0.estimated_cost.amount",
        ),
        (
            lambda one: one["model_breakdown"][0]["estimated_cost"].update(amount=True),
            "malformed at data.0.model_breakdown.0.estimated_cost.amount",
        ),
        (
            lambda one: one["model_breakdown"][0]["estimated_cost"].update(amount=10**13),
            "no amount of cents this bot can hold",
        ),
        (lambda one: one.update(date="2026-11-17T00:00:00Z"), "which was not asked for"),
        (lambda one: one.update(actor={"type": "user_actor"}), "a user_actor has no name"),
        (lambda one: one["core_metrics"].update(num_sessions=-1), "malformed at data.0.core_metrics.num_sessions"),
        (lambda one: one.pop("core_metrics"), "malformed at data.0.core_metrics"),
    ],
)
async def test_a_record_that_cannot_be_right_is_refused_by_name(
    api: Api, fault: Callable[[Json], object], sentence: str
) -> None:
    api.faults.app = replay([changed(fault)])
    with pytest.raises(PageMalformed) as refused:
        await read_code(api.client(), DAY)
    assert sentence in str(refused.value)


@with_the_server
async def test_a_page_that_comes_twice_is_refused(api: Api) -> None:
    api.faults.app = replay([RECORDED, RECORDED])
    with pytest.raises(PageMalformed, match="2026-11-18: a page came twice"):
        await read_code(api.client(), DAY)


@with_the_server
async def test_the_simulated_day_comes_to_what_its_pages_hold(api: Api) -> None:
    chunk = await read_code(api.client(), DAY)
    body = await api.client().get(PATH, [("starting_at", "2026-11-18"), ("limit", "1000")])
    cents = sum(one["estimated_cost"]["amount"] for record in body["data"] for one in record["model_breakdown"])
    whole = total(chunk.records)
    assert whole.estimated == Money.from_cents(str(cents))
    assert whole.sessions == sum(record["core_metrics"]["num_sessions"] for record in body["data"]) > 0
    assert len({(one.actor, one.customer) for one in chunk.records}) == len(chunk.records) < len(body["data"])


@with_the_server
async def test_a_key_that_may_not_read_it_is_told_from_a_key_that_is_no_good(api: Api) -> None:
    api.faults.next(PATH, status(403))
    with pytest.raises(NotPermitted, match="may not read"):
        await read_code(api.client(), DAY)
    api.faults.next(PATH, status(401))
    with pytest.raises(CredentialRefused, match="refused the admin key") as refused:
        await read_code(api.client(), DAY)
    assert not isinstance(refused.value, NotPermitted)
