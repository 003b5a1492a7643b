"""Is Slack ready for the bot: tokens, scopes, the way in, the channels of digests, the people who are told things."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from slack_sdk.web.async_client import AsyncWebClient

from bot.core import wording
from bot.core.configuration import Configuration
from bot.core.errors import BotError, CredentialRefused, SlackUnavailable
from bot.settings import Settings
from bot.setup.finding import Finding, ok, unused, wrong
from bot.slack import checkup
from bot.slack.checkup import Installed
from bot.slack.notifier import web_client

TOKEN, SCOPES, WAY_IN = "Slack bot token", "Slack scopes", "Slack's way in"
CHANNELS, PEOPLE = "Channels", "Owners and admins"
AT_ONCE = 4
MOST = 100
"""People and channels that are looked up; Slack answers about fifty such questions a minute."""


async def token(settings: Settings) -> tuple[list[Finding], Installed | None]:
    """The bot token and what it may do."""
    if settings.slack_bot_token is None:
        said = "SLACK_BOT_TOKEN is missing. Create the app from manifest.yml, install it, and copy its xoxb- token."
        return [wrong(TOKEN, said)], None
    text = settings.slack_bot_token.get_secret_value()
    try:
        found = await checkup.installed(web_client(text, settings.slack_api_url))
    except BotError as error:
        kind = "" if text.startswith("xoxb-") else " A bot token begins with xoxb-."
        return [wrong(TOKEN, f"{error}{kind}")], None
    lines = [ok(TOKEN, f"{found.user} in {found.workspace}")]
    if found.missing is None:
        lines.append(unused(SCOPES, "Slack did not say which scopes the token has."))
    elif found.missing:
        lines.append(
            wrong(
                SCOPES,
                f"The token lacks {', '.join(found.missing)}. Apply manifest.yml to the app again and reinstall it.",
            )
        )
    else:
        lines.append(ok(SCOPES, f"all {len(checkup.SCOPES)} that manifest.yml asks for"))
    return lines, found


async def way_in(settings: Settings) -> list[Finding]:
    """Socket Mode or signed HTTP."""
    if settings.slack_app_token:
        text = settings.slack_app_token.get_secret_value()
        if not text.startswith("xapp-"):
            return [wrong(WAY_IN, "SLACK_APP_TOKEN does not begin with xapp-. Copy the app-level token.")]
        await checkup.opens(text, settings.slack_api_url)
        return [ok(WAY_IN, "Socket Mode; Slack takes the app token")]
    if settings.slack_signing_secret:
        return [
            ok(
                WAY_IN,
                f"signed HTTP at {settings.host}:{settings.port}/slack/events; only Slack can tell if it gets there",
            )
        ]
    said = "Set SLACK_APP_TOKEN (Socket Mode, no public address) or SLACK_SIGNING_SECRET (HTTP)."
    return [wrong(WAY_IN, said)]


async def channels(client: AsyncWebClient, configuration: Configuration) -> list[Finding]:
    """Where digests and alerts go."""
    wanted = {team.channel: f"team {team.id}" for team in configuration.teams if team.channel}
    wanted |= {digest.channel: f"digest {digest.id}" for digest in configuration.digests if digest.channel}
    if not wanted:
        return [unused(CHANNELS, "No digest or team has one.")]
    refused = await _refused(lambda one: checkup.sees(client, one), list(wanted))
    lines = [wrong(CHANNELS, f"{channel} ({wanted[channel]}): {why}") for channel, why in refused]
    return lines or [ok(CHANNELS, f"the bot sees {wording.exactly(len(wanted), 'channel')} of digests and teams")]


async def people(client: AsyncWebClient, configuration: Configuration) -> list[Finding]:
    """Who is told things."""
    wanted = dict.fromkeys(configuration.admins, "admin")
    for team in configuration.teams:
        wanted |= {owner: f"owner of {team.id}" for owner in team.owners if owner not in wanted}
    wanted |= {digest.to: f"digest {digest.id}" for digest in configuration.digests if digest.to}
    if not wanted:
        return [unused(PEOPLE, "Nobody is named under admins: or owners:, so nobody is told of alerts.")]
    refused = await _refused(lambda one: checkup.knows(client, one), list(wanted)[:MOST])
    lines = [wrong(PEOPLE, f"{person} ({wanted[person]}): {why}") for person, why in refused]
    return lines or [
        ok(PEOPLE, f"Slack knows {'all' if len(wanted) <= MOST else f'the first {MOST} of'} {len(wanted)}")
    ]


async def _refused(ask: Callable[[str], Awaitable[None]], wanted: Sequence[str]) -> list[tuple[str, str]]:
    """Which of these Slack refuses, and why; an error that is not about one of them ends the check."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> tuple[str, str]:
        async with turn:
            try:
                await ask(name)
            except (SlackUnavailable, CredentialRefused):
                raise
            except BotError as error:
                return name, str(error)
        return name, ""

    return [(name, why) for name, why in await asyncio.gather(*map(one, wanted)) if why]
