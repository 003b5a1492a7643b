"""`token create|list|revoke NAME`: who may send calls."""

from __future__ import annotations

import re
import secrets
from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.core import wording
from bot.core.calls.client import PREFIX, fingerprint
from bot.core.errors import NotFound, WordsError
from bot.core.nearest import nearest
from bot.render.json import instant
from bot.services import configuration
from bot.store.calls import tokens
from bot.store.database import Database
from bot.terminal.output import dumped, say, show

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.IGNORECASE)


async def run(args: Namespace, database: Database, now: datetime) -> int:
    if args.action == "list":
        return _list(args, await database.read(tokens.read))
    if not args.name:
        raise WordsError(f"Name the token: claude-usage token {args.action} NAME.")
    if args.action == "revoke":
        await database.write(_revoke, args.name, now)
        if args.format == "json":
            show(dumped({"name": args.name, "revoked": True}))
        else:
            show(f"The token {args.name} is revoked; from now on it is refused.")
        return 0
    token = f"{PREFIX}{secrets.token_urlsafe(32)}"
    await database.write(_create, args.name, token, args.team, now)
    if args.format == "json":
        show(dumped({"name": args.name, "team": args.team, "token": token}))
        return 0
    show(token)
    say("This is the only time the token is shown. Send it as: Authorization: Bearer …")
    return 0


def _list(args: Namespace, held: Sequence[tokens.Token]) -> int:
    if args.format == "json":
        show(
            dumped(
                {
                    "tokens": [
                        {
                            "name": one.name,
                            "team": one.team,
                            "created_at": instant(one.created_at),
                            "last_used_at": instant(one.last_used_at) if one.last_used_at else None,
                            "revoked_at": instant(one.revoked_at) if one.revoked_at else None,
                        }
                        for one in held
                    ]
                }
            )
        )
        return 0
    for one in held:
        team = f", team {one.team}" if one.team else ""
        used = f"last used {wording.instant(one.last_used_at)}" if one.last_used_at else "never used"
        ended = f", revoked {wording.instant(one.revoked_at)}" if one.revoked_at else ""
        show(f"{one.name}{team}: made {wording.instant(one.created_at)}, {used}{ended}")
    if not held:
        show("There are no tokens yet. `claude-usage token create NAME` makes one.")
    return 0


def _create(connection: Connection, name: str, token: str, team: str | None, now: datetime) -> None:
    if not _NAME.fullmatch(name):
        raise WordsError("A token's name is letters, digits, dots, dashes and underscores, 64 at most.")
    teams = [one.id for one in configuration.in_force(connection).teams]
    if team is not None and team not in teams:
        close = nearest(team, teams)
        raise NotFound(f"There is no team {team}.{f' Did you mean {wording.listed(close)}?' if close else ''}")
    if not tokens.create(connection, name, fingerprint(token), team, now):
        raise WordsError(f"The name {name} is taken, also where it is revoked: calls bear it. Choose another.")


def _revoke(connection: Connection, name: str, now: datetime) -> None:
    if not tokens.revoke(connection, name, now):
        close = nearest(name, [one.name for one in tokens.read(connection) if one.revoked_at is None])
        hint = f" Did you mean {wording.listed(close)}?" if close else " `claude-usage token list` shows them."
        raise NotFound(f"No token {name} is in force.{hint}")
