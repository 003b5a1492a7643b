"""Settings, `.env`, time zone data, the configuration file and the clock: what is on this machine."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from dotenv import dotenv_values

from bot.core.configuration.file import parse
from bot.core.errors import ConfigError
from bot.core.nearest import nearest
from bot.settings import Settings
from bot.setup.finding import Finding, ok, unused, wrong

SETTINGS, FILE, ZONES, CLOCK, CONFIGURATION = "Settings", ".env", "Time zones", "Clock", "Configuration file"
SKEW = timedelta(seconds=60)
"""Slack refuses nothing, but the bot refuses what Slack signed more than five minutes away."""
_PREFIXES = ("ANTHROPIC_ADMIN_API_KEY__",)


def settings(loaded: Settings) -> Finding:
    given = sorted(name.upper() for name in loaded.model_fields_set if name != "anthropic_admin_api_keys")
    return ok(
        SETTINGS, f"{len(given)} given ({', '.join(given)}), the others as they come" if given else "all as they come"
    )


def dotenv(path: Path) -> list[Finding]:
    """Who may read `.env`, and whether it holds names that nothing reads."""
    if not path.is_file():
        return [unused(FILE, "There is none: settings come from the environment.")]
    lines = []
    if path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        lines.append(wrong(FILE, "Others on this machine can read it, and it holds keys. Run chmod 600 .env."))
    known = {name.upper() for name in Settings.model_fields}
    for name in dotenv_values(path):
        plain = name.upper().removesuffix("_FILE")
        if plain in known or plain.startswith(_PREFIXES):
            continue
        close = nearest(plain, known, 1, cutoff=0.8)
        if close:
            lines.append(wrong(FILE, f"Nothing reads {name}. Did you mean {close[0]}?"))
    return lines or [ok(FILE, "only you can read it, and every name in it is known")]


def zones(zone: str) -> Finding:
    count = len(available_timezones())
    ZoneInfo(zone)
    return ok(ZONES, f"{count} known; TIMEZONE is {zone}")


def configuration(path: Path | None) -> Finding:
    if path is None:
        return unused(CONFIGURATION, "CONFIG_FILE is not set: what was applied last stays in force.")
    try:
        found = parse(path.read_text(encoding="utf-8"), name=path.name)
    except ConfigError as error:
        first, *others = str(error).splitlines()
        more = f" And {len(others)} more; `claude-usage config check {path}` lists them." if others else ""
        return wrong(CONFIGURATION, f"{first}{more}")
    except (OSError, UnicodeDecodeError):
        return wrong(CONFIGURATION, f"CONFIG_FILE names a file that can't be read: {path}. Check the path.")
    return ok(CONFIGURATION, f"{path.name} holds together: {len(found.teams)} teams, {len(found.digests)} digests")


def clock(said: Mapping[str, str], now: datetime) -> Finding:
    """This machine's clock beside the Date headers of the services, by their names."""
    for service, header in said.items():
        try:
            apart = abs(now - parsedate_to_datetime(header).astimezone(UTC))
        except ValueError:
            continue
        if apart > SKEW:
            return wrong(
                CLOCK,
                f"It is {int(apart.total_seconds())} seconds away from {service}'s. Switch time synchronisation on.",
            )
        return ok(CLOCK, f"agrees with {service}'s")
    return unused(CLOCK, "No service said what time it is.")
