"""Will Anthropic have each admin key, and what may it read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from bot.anthropic_api import analytics
from bot.anthropic_api.claude_code import read_code
from bot.anthropic_api.client import AnthropicClient
from bot.anthropic_api.cost_report import read_cost
from bot.anthropic_api.directory import read_organization
from bot.anthropic_api.limits import read_rate_limits
from bot.anthropic_api.usage_report import read_usage
from bot.core.directory import Directory
from bot.core.errors import AnthropicRefused, BotError, CredentialRefused
from bot.core.wording import listed
from bot.settings import Settings
from bot.setup.finding import Finding, ok, unused, wrong

KEY = "Anthropic admin key"
DEADLINE_SECONDS = 15
_NEEDED = ("usage", "cost")


async def organization(client: AnthropicClient) -> Directory:
    """Whose key it is, asked once. Raises AnthropicError or CredentialRefused, TimeoutError after a bound."""
    return await asyncio.wait_for(read_organization(client), DEADLINE_SECONDS)


async def key(client: AnthropicClient, name: str, now: datetime) -> list[Finding]:
    """One organisation's key: whose it is, and which reports it may read."""
    check = f"{KEY} {name}".strip()
    found = await organization(client)
    day = (now - timedelta(days=1)).astimezone(UTC).date()
    asked: dict[str, Callable[[], Awaitable[object]]] = {
        "usage": lambda: read_usage(client, day, day + timedelta(days=1)),
        "cost": lambda: read_cost(client, day, day + timedelta(days=1)),
        "Claude Code": lambda: read_code(client, day),
        "limits": lambda: read_rate_limits(client),
    }
    reasons = await asyncio.wait_for(asyncio.gather(*map(_refused, asked.values())), DEADLINE_SECONDS)
    refused = {part: why for part, why in zip(asked, reasons, strict=True) if why}
    lines = [wrong(check, f"It may not read {part}: {refused[part]}") for part in _NEEDED if part in refused]
    if lines:
        return lines
    newer = await asyncio.wait_for(analytics.may_read(client, now), DEADLINE_SECONDS)
    reads = [part for part in asked if part not in refused] + (["the newer reports"] if newer else [])
    without = [part for part in asked if part in refused] + ([] if newer else ["the newer reports"])
    said = f"of {found.organization_name}; reads {listed(reads)}"
    return [ok(check, f"{said}; not {listed(without)}, which is no fault" if without else said)]


def ordinary(settings: Settings) -> Finding:
    """The key for questions in plain words; it is not tried, because every answer costs."""
    check = "Anthropic API key"
    if settings.anthropic_api_key is None:
        return unused(check, "Not set: questions in plain words are left to the grammar.")
    if settings.anthropic_api_key.get_secret_value().startswith("sk-ant-admin"):
        return wrong(check, "ANTHROPIC_API_KEY holds an admin key. Set an ordinary one (sk-ant-api…), or leave it out.")
    return ok(check, f"set; questions the grammar can't read go to {settings.anthropic_model}")


async def _refused(ask: Callable[[], Awaitable[object]]) -> str:
    """Why this may not be read; "" where it may. Raises where Anthropic is only away."""
    try:
        await ask()
    except (AnthropicRefused, CredentialRefused) as error:
        return str(error)
    except BotError:
        raise
    return ""
