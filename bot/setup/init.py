"""`init`: from nothing to the first answer. Asks for what is missing, tries each answer at once, writes what it found.

It writes `.env` and a configuration file, and neither ever over something else without being told to.
"""

from __future__ import annotations

import asyncio
import getpass
import sys
from argparse import Namespace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot import settings as settings_module
from bot import wiring
from bot.answers.answer import Answer
from bot.core.access import OPERATOR
from bot.core.configuration.proposal import Proposed, propose, text
from bot.core.errors import SettingsError
from bot.render import json
from bot.setup import answers as wanted
from bot.setup import env_file
from bot.setup.answers import Answers, Wanted
from bot.store import directory as directories
from bot.terminal import config, sync
from bot.terminal.files import sink
from bot.terminal.output import dumped, rendered, say, show

ENV = Path(".env")
FIRST_QUESTION = "teams 7d"


def run(args: Namespace) -> int:
    """Exit code 3 where something is missing and nobody can be asked, or a credential is refused."""
    asking = not args.yes and sys.stdin.isatty() and args.format == "text"
    return asyncio.run(_run(args, Answers(_prompt if asking else None, wanted.flags(args))))


async def _run(args: Namespace, answers: Answers) -> int:
    await _ask(args, answers)
    written = _write(answers, replace=args.yes)
    settings = settings_module.load()  # from now on what a later `run` will read
    async with wiring.parts(settings, args.now) as parts:
        now = parts.clock()
        await sync.run(_days(args, now), parts.sync, now, organizations=len(parts.clients))
        path = Path(args.config)
        teams = propose(await parts.database.read(directories.read_all))
        fresh = _proposed(path, teams)
        await config.apply_file(path, parts.database, now)
        answer = await parts.ask.answer(FIRST_QUESTION, now, OPERATOR)
    if args.format == "json":
        show(dumped(_document(written, path, teams if fresh else (), answers, answer)))
        return 0
    _conclude(path, teams, answer, fresh=fresh, slack=settings.slack_bot_token is not None)
    return 0


async def _ask(args: Namespace, answers: Answers) -> None:
    """Every answer, tried. Where nobody can be asked, all that is missing is named at once."""
    keys = [wanted.ADMIN_KEY] if not answers.settings().anthropic_admin_api_keys else []
    slack = [] if args.no_slack else [wanted.BOT_TOKEN]
    way_in = answers.has(wanted.APP_TOKEN) or answers.has(wanted.SIGNING_SECRET)
    if answers.prompt is None:
        missing = [one for one in (*keys, *slack) if not answers.has(one)]
        lines = [f"{one.setting} ({one.flag} FILE): {one.how}." for one in missing]
        if slack and not way_in:
            lines.append(
                f"{wanted.APP_TOKEN.setting} ({wanted.APP_TOKEN.flag} FILE), or for HTTP "
                f"{wanted.SIGNING_SECRET.setting} ({wanted.SIGNING_SECRET.flag} FILE)."
            )
        if lines:
            without = "" if args.no_slack else "\nWithout Slack for now: --no-slack."
            raise SettingsError("These are missing, and there is nobody to ask:\n" + "\n".join(lines) + without)
    for one in keys:
        if not await answers.get(one):
            raise SettingsError("Without an admin key there is nothing to report. Run `claude-usage init` again.")
    for one in slack:
        if await answers.get(one):
            await _way_in(answers)
        else:
            say("No Slack for now: `claude-usage ask` answers here. Run `claude-usage init` again for Slack.")
    await answers.get(wanted.DATABASE)
    await answers.get(wanted.ZONE)


async def _way_in(answers: Answers) -> None:
    both: tuple[Wanted, ...] = (wanted.APP_TOKEN, wanted.SIGNING_SECRET)
    for one in sorted(both, key=lambda one: not answers.has(one)):
        if await answers.get(one):
            return
    raise SettingsError("Slack needs a way in: an app token (Socket Mode) or a signing secret (HTTP).")


def _write(answers: Answers, *, replace: bool) -> list[str]:
    """Put what was given into `.env`; the names that changed there."""
    there = env_file.read(ENV)
    new = {name: value for name, value in answers.given.items() if there.get(name) != value}
    others = [name for name in new if name in there]
    if others and not replace:
        question = f"{ENV} has another {' and '.join(others)}. Replace it? [y/N]"
        if answers.prompt is None or answers.prompt(question, False).strip().lower() not in ("y", "yes"):
            raise SettingsError(
                f"{ENV} has another {' and '.join(others)}; it was left as it is. Say --yes to replace."
            )
    if new:
        env_file.write(ENV, new)
    return sorted(new)


def _proposed(path: Path, teams: tuple[Proposed, ...]) -> bool:
    """Whether the proposal was written; a file that is there already is somebody's work."""
    if path.exists():
        return False
    with sink(str(path)) as write:
        write(text(teams).encode())
    return True


def _days(args: Namespace, now: datetime) -> Namespace:
    return Namespace(since=(now - timedelta(days=args.days)).date(), until=None, source=None)


def _conclude(path: Path, teams: tuple[Proposed, ...], answer: Answer, *, fresh: bool, slack: bool) -> None:
    if fresh:
        show(f"\n{path} has {len(teams)} proposed teams ({', '.join(team.id for team in teams) or 'none'}).")
        show(f"Name their owners there, then run: claude-usage config apply {path}")
    else:
        show(f"\n{path} was there already: it is in force as it is.")
    show("")
    show(rendered(answer, "text"))
    show("\nNext: claude-usage doctor" + (", then claude-usage run" if slack else ""))


def _document(
    written: list[str], path: Path, teams: tuple[Proposed, ...], answers: Answers, answer: Answer
) -> dict[str, Any]:
    return {
        "env": {"file": str(ENV), "changed": written},
        "checked": answers.found,
        "configuration": {"file": str(path), "proposed": [team.id for team in teams]},
        "answer": json.document(answer),
    }


def _prompt(question: str, secret: bool) -> str:
    try:
        return getpass.getpass(f"{question}: ") if secret else input(f"{question}: ")
    except EOFError:
        return ""
