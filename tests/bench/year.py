"""A large organisation's year as Anthropic would report it: every day alike, so that a day is rendered once."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from bot.core.prices import list_cost
from bot.demo.anthropic.analytics_query import COST_ONLY, DIMENSIONS

WORKSPACES, KEYS, MODELS_A_KEY = 50, 400, 3
MODELS = (
    "claude-opus-5-5",
    "claude-opus-5",
    "claude-haiku-4-5-20251001",
    "claude-opus-4-8",
    "claude-opus-4-7",
    "claude-sonnet-4-6",
    "claude-opus-4-6",
    "claude-sonnet-4-5-20250929",
)
DAY, NEXT_DAY = b"@DAY@", b"@NEXT@"
"""Where the dates go in a rendered row."""
_PRICED_ON = date(2026, 6, 1)
_GROUPS = sorted((*DIMENSIONS, *COST_ONLY))
_CHARGES = {
    "uncached_input": "uncached_input_tokens",
    "cache_write_5m": "cache_creation.ephemeral_5m_input_tokens",
    "cache_read": "cache_read_input_tokens",
    "output": "output_tokens",
}


class _Use(NamedTuple):
    """What one key used of one model on one day."""

    key: int
    model: str
    tokens: dict[str, int]

    @property
    def workspace(self) -> int:
        return self.key % WORKSPACES


def workspace_id(number: int) -> str:
    """Number 0 is the default workspace's real id."""
    return f"wrkspc_01Bench{number:016d}"


def key_id(number: int) -> str:
    return f"apikey_01Bench{number:016d}"


def _uses() -> Iterator[_Use]:
    """Each key uses three of the eight models; half of those uses read and write the cache."""
    for key in range(KEYS):
        for step in (0, 1, 3)[:MODELS_A_KEY]:
            model = (key + step) % len(MODELS)
            tokens = {"uncached_input": 10_007 * (key + 1), "output": 1_009 * (key + model + 1)}
            if (key + step) % 2:
                tokens |= {"cache_write_5m": 211 * (key + 3), "cache_read": 100_003 * (key + 1)}
            yield _Use(key, MODELS[model], tokens)


class Day(NamedTuple):
    """The rows of one day, one report each."""

    usage: list[bytes]
    cost: list[bytes]
    total: list[bytes]
    analytics_usage: list[bytes]
    analytics_cost: list[bytes]
    analytics_total: list[bytes]


def day() -> Day:
    """Billed is nine tenths of list, per key and charge, in both kinds of report."""
    uses = list(_uses())
    by_workspace: dict[tuple[int, str, str], int] = defaultdict(int)
    for use in uses:
        for charge, tokens in use.tokens.items():
            by_workspace[use.workspace, use.model, charge] += _billed(_listed(use.model, charge, tokens))
    total = sum(by_workspace.values())
    blank = dict.fromkeys(("cost_type", "token_type", "description", "model", "service_tier"))
    nothing = {**blank, "context_window": None, "inference_geo": None, "workspace_id": None}
    return Day(
        usage=[_row(_usage(use)) for use in uses],
        cost=[_row(_cost(*place, units)) for place, units in sorted(by_workspace.items())],
        total=[_row({"amount": _cents(total), "currency": "USD", **nothing})],
        analytics_usage=[_row(_dated({**_group(use)}, usage=_tokens(use))) for use in uses],
        analytics_cost=[
            _row(_dated(_group(use, charge), cost=_amounts(_listed(use.model, charge, tokens))))
            for use in uses
            for charge, tokens in use.tokens.items()
        ],
        analytics_total=[
            _row(_dated({}, cost={"amount": _cents(total), "list_amount": _cents(total), "currency": "USD"}))
        ],
    )


def directory() -> dict[str, Any]:
    """The answers of the directory endpoints by path; `default` is the workspace that comes only when asked for."""
    named = [_workspace(number) for number in range(1, WORKSPACES)]
    keys = [
        {
            "id": key_id(number),
            "name": f"key-{number}",
            "status": "active",
            "partial_key_hint": "sk-ant-…",
            "workspace_id": workspace_id(number % WORKSPACES) if number % WORKSPACES else None,
        }
        for number in range(KEYS)
    ]
    users = [
        {"id": f"user_01Bench{n:018d}", "email": f"dev{n}@example.com", "name": f"Dev {n}", "role": "developer"}
        for n in range(KEYS)
    ]
    return {"workspaces": named, "default": _workspace(0), "api_keys": keys, "users": users}


def _workspace(number: int) -> dict[str, Any]:
    return {"id": workspace_id(number), "name": f"team-{number}", "archived_at": None, "tags": {}}


def _listed(model: str, charge: str, tokens: int) -> int:
    cost = list_cost(
        tokens, charge, model=model, day=_PRICED_ON, service_tier="standard", inference_geo="not_available"
    )
    if cost is None:
        raise RuntimeError(f"{model} has no list price")
    return cost.units


def _billed(units: int) -> int:
    return units * 9 // 10


def _cents(units: int) -> str:
    return f"{units // 10**8}.{units % 10**8:08d}"


def _amounts(units: int) -> dict[str, Any]:
    return {"amount": _cents(_billed(units)), "list_amount": _cents(units), "currency": "USD", "requests": None}


def _tokens(use: _Use) -> dict[str, Any]:
    said = use.tokens
    return {
        "uncached_input_tokens": said["uncached_input"],
        "cache_creation": {
            "ephemeral_5m_input_tokens": said.get("cache_write_5m", 0),
            "ephemeral_1h_input_tokens": 0,
        },
        "cache_read_input_tokens": said.get("cache_read", 0),
        "output_tokens": said["output"],
        "server_tool_use": {"web_search_requests": 0},
    }


def _usage(use: _Use) -> dict[str, Any]:
    return {
        **_tokens(use),
        "account_id": None,
        "api_key_id": key_id(use.key),
        "service_account_id": None,
        "workspace_id": workspace_id(use.workspace) if use.workspace else None,
        "model": use.model,
        "service_tier": "standard",
        "context_window": None,
        "inference_geo": "global",
    }


def _cost(workspace: int, model: str, charge: str, units: int) -> dict[str, Any]:
    return {
        "amount": _cents(units),
        "currency": "USD",
        "cost_type": "tokens",
        "token_type": _CHARGES[charge],
        "description": f"{model} Usage - {charge}",
        "model": model,
        "service_tier": "standard",
        "context_window": "0-200k",
        "inference_geo": "global",
        "workspace_id": workspace_id(workspace) if workspace else None,
    }


def _group(use: _Use, charge: str | None = None) -> dict[str, Any]:
    user = {"user_id": f"user_01Bench{use.key:018d}", "email_address": f"dev{use.key}@example.com"}
    return {
        "actor": {"type": "user_actor", **user, "name": f"Dev {use.key}", "deleted": False},
        "api_key_id": key_id(use.key),
        "workspace_id": workspace_id(use.workspace),
        "product": "messages_api",
        "model": use.model,
        "cost_type": "tokens" if charge else None,
        "token_type": _CHARGES[charge] if charge else None,
    }


def _dated(group: dict[str, Any], **said: dict[str, Any]) -> dict[str, Any]:
    dates = {"starting_at": f"{DAY.decode()}T00:00:00Z", "ending_at": f"{NEXT_DAY.decode()}T00:00:00Z"}
    return {**dates, "group": {**dict.fromkeys(_GROUPS), **group}, **said}


def _row(said: dict[str, Any]) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode()
