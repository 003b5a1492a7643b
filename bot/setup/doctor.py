"""`doctor`: every setting, credential, scope, schema version and clock; one line each, with what to do."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bot import settings as settings_module
from bot import wiring
from bot.core.configuration import Configuration
from bot.core.errors import SettingsError
from bot.render.plain import uncoded
from bot.settings import Settings
from bot.setup import anthropic, environment, slack, store
from bot.setup.finding import Finding, Outcome, looked, unused, wrong
from bot.slack.checkup import Installed
from bot.slack.notifier import web_client
from bot.store.database import Database
from bot.terminal.output import dumped, show

_MARKS = {Outcome.OK: "✓", Outcome.WRONG: "✗", Outcome.UNUSED: "–"}


def run(args: Namespace) -> int:
    """Exit code 1 if anything is wrong; it never fails itself, with nothing configured either."""
    found = asyncio.run(examine(args.now or datetime.now(UTC)))
    amiss = sum(finding.outcome is Outcome.WRONG for finding in found)
    if args.format == "json":
        checks = [{"check": one.check, "outcome": one.outcome.value, "said": one.said} for one in found]
        show(dumped({"ok": not amiss, "checks": checks}))
        return 1 if amiss else 0
    for one in found:
        show(f"{_MARKS[one.outcome]} {one.check}: {uncoded(one.said)}")
    show(f"\n{amiss} of {len(found)} checks found something wrong." if amiss else "\nNothing is wrong.")
    return 1 if amiss else 0


async def examine(now: datetime) -> list[Finding]:
    """Everything that is found, in the order in which one would mend it."""
    file = environment.dotenv(Path(".env"))
    try:
        settings = settings_module.load()
    except SettingsError as error:
        lines = [wrong(environment.SETTINGS, line) for line in str(error).splitlines()]
        return [*lines, *file, unused("Everything else", "Looked at once the settings can be read.")]
    found = [environment.settings(settings), *file, environment.zones(settings.timezone)]
    found.append(environment.configuration(settings.config_file))
    stored, configuration = await _stored(settings)
    found += stored
    keys, (slack_lines, date), way_in = await asyncio.gather(
        _anthropic(settings, now), _slack(settings, configuration), looked(slack.WAY_IN, lambda: slack.way_in(settings))
    )
    found += [*keys, anthropic.ordinary(settings), *slack_lines[:2], *way_in, *slack_lines[2:]]
    said = {"Anthropic": await _date(settings.anthropic_base_url), "Slack": date}
    # This machine's own clock, whatever --now says: it is what signatures are held against.
    found.append(environment.clock(said, datetime.now(UTC)))
    return found


async def _stored(settings: Settings) -> tuple[list[Finding], Configuration | None]:
    configuration: Configuration | None = None

    async def look() -> list[Finding]:
        nonlocal configuration
        url = settings.database_url.get_secret_value()
        with closing(Database(url)) as database:
            missing = store.absent(url)
            if missing is not None:
                return store.not_made_yet(missing, auto_migrate=settings.auto_migrate)
            lines, configuration = await store.stored(database, settings)
            return [*lines, store.teams(configuration)]

    return await looked(store.CHECK, look), configuration


async def _anthropic(settings: Settings, now: datetime) -> list[Finding]:
    if not settings.admin_keys:
        return [
            wrong(
                anthropic.KEY,
                "ANTHROPIC_ADMIN_API_KEY is missing. Create an admin key in the Console: Settings → Admin keys.",
            )
        ]
    found = []
    for name, text in settings.admin_keys.items():
        client = wiring.anthropic_client(settings, name, text)
        found += await looked(anthropic.KEY, lambda client=client, name=name: anthropic.key(client, name, now))  # type: ignore[misc]
        await client.close()
    return found


async def _slack(settings: Settings, configuration: Configuration | None) -> tuple[list[Finding], str]:
    """What Slack says, and its clock."""
    installed: Installed | None = None

    async def look() -> list[Finding]:
        nonlocal installed
        lines, installed = await slack.token(settings)
        return lines

    lines = await looked(slack.TOKEN, look)
    if installed is None or configuration is None or settings.slack_bot_token is None:
        return lines, installed.date if installed else ""
    client = web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    lines += await looked(slack.CHANNELS, lambda: slack.channels(client, configuration))
    lines += await looked(slack.PEOPLE, lambda: slack.people(client, configuration))
    return lines, installed.date


async def _date(url: str) -> str:
    """The Date header of whatever answers there; "" where nothing does."""
    try:
        async with httpx.AsyncClient(timeout=5) as http:
            return str((await http.get(url)).headers.get("date", ""))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return ""
