"""Rate limits and spend limits as they come, and the workspaces that have their own."""

from copy import deepcopy
from typing import Any

import pytest

from bot.anthropic_api.client import SPEND_LIMITS
from bot.anthropic_api.limits import read_rate_limits, read_spend_limits, read_workspace_rate_limits
from bot.core.errors import AnthropicRefused, PageMalformed
from bot.core.limits import ORGANISATION, RateLimit, SpendLimit
from bot.core.money import Money
from bot.core.usage import DEFAULT_WORKSPACE
from tests.anthropic_api.api import Api, replay

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]
WHOLE: Json = {
    "id": "spl_1",
    "amount": "1200050",
    "currency": "USD",
    "period": "monthly",
    "is_enabled": True,
    "scope": {"type": "organization"},
}


def spend(**changes: object) -> Json:
    return {"data": [{**deepcopy(WHOLE), **changes}]}


async def test_every_limiter_of_every_group_is_read(api: Api) -> None:
    limits = await read_rate_limits(api.client())
    opus = {limit.limiter: limit.value for limit in limits if limit.models == ("claude-opus-5-5",)}
    assert opus == {
        "requests_per_minute": 10_000,
        "input_tokens_per_minute_cache_aware": 10_000_000,
        "output_tokens_per_minute": 2_000_000,
        "fast_itpmca": 1_000_000,
        "fast_otpm": 200_000,
    }
    assert {limit.workspace_id for limit in limits} == {ORGANISATION}
    assert {limit.group_type for limit in limits} == {"model_group", "batch", "token_count", "web_search"}


async def test_only_what_a_workspace_does_not_inherit_is_read_of_it(api: Api) -> None:
    spaces = {space["name"]: space["id"] for space in await api.client().listed("/v1/organizations/workspaces")}
    (own,) = await read_workspace_rate_limits(api.client(), [spaces["support-prod"], spaces["sandbox"]])
    assert (own.workspace_id, own.group, own.limiter, own.value) == (
        spaces["sandbox"],
        "Claude Sonnet 5.5",
        "requests_per_minute",
        500,
    )
    with pytest.raises(AnthropicRefused, match="404"):
        await read_workspace_rate_limits(api.client(), ["wrkspc_gone", spaces["sandbox"]])


async def test_an_older_answer_names_no_group_and_what_limits_nothing_is_left_out(api: Api) -> None:
    limits = [{"type": "requests_per_minute", "value": 50}, {"type": "tokens_per_day", "value": None}]
    models = ["claude-opus-4-8", "claude-opus-4-7"]
    api.faults.app = replay(
        [{"data": [{"id": "rl_1", "group_type": "model_group", "models": models, "limits": limits}]}]
    )
    assert await read_rate_limits(api.client()) == [
        RateLimit(
            ORGANISATION,
            "claude-opus-4-8",
            "model_group",
            "claude-opus-4-8, claude-opus-4-7",
            tuple(models),
            "requests_per_minute",
            50,
        )
    ]


async def test_spend_limits_are_cents_in_text_and_a_disabled_one_is_no_limit(api: Api) -> None:
    api.faults.app = replay([spend(), spend(id="spl_2", is_enabled=False), spend(id="spl_3", amount=None)])
    limits = await read_spend_limits(api.client(), None)
    assert [(limit.id, limit.amount) for limit in limits] == [
        ("spl_1", Money.from_dollars("12000.50")),
        ("spl_2", None),
        ("spl_3", None),
    ]
    assert api.faults.seen[0].headers["anthropic-beta"] == "spend-limit-reads-2026-09-26"


async def test_the_default_workspace_is_called_as_the_ledger_calls_it(api: Api) -> None:
    scopes = [{"type": "workspace", "workspace_id": id_} for id_ in ("wrkspc_d", "wrkspc_2")]
    api.faults.app = replay([spend(id=scope["workspace_id"], scope=scope) for scope in scopes])
    limits = await read_spend_limits(api.client(), "wrkspc_d")
    assert [limit.scope_id for limit in limits] == [DEFAULT_WORKSPACE, "wrkspc_2"]
    assert await read_spend_limits(api.client(), None) == [
        SpendLimit(id_, "workspace", id_, Money.from_dollars("12000.50"), "monthly") for id_ in ("wrkspc_d", "wrkspc_2")
    ]


async def test_the_simulated_organisation_has_some(api: Api) -> None:
    limits = await read_spend_limits(api.client(), None)
    assert {limit.scope for limit in limits} == {"organization", "usage_tier", "workspace"}
    assert [seen.path for seen in api.faults.seen] == [SPEND_LIMITS]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"currency": "EUR"}, "a limit is in 'EUR'; this bot only knows USD"),
        ({"amount": "1e3"}, "'1e3' is not a plain decimal amount"),
        ({"amount": 1200}, "malformed at data.0.amount"),
        ({"scope": None}, "malformed at data.0.scope"),
    ],
)
async def test_a_limit_that_cannot_be_right_is_refused_by_name(api: Api, changes: Json, sentence: str) -> None:
    api.faults.app = replay([spend(**changes)])
    with pytest.raises(PageMalformed) as refused:
        await read_spend_limits(api.client(), None)
    assert sentence in str(refused.value)
