"""`make crash ARGS="--rounds 300 --seed 7"`: kill workers in the middle of their work, and count what came of it.

Exit 1 if anything was lost or doubled; where the bot may not look what it said, the second message must say so.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

import psycopg

from bot.store import schema
from bot.store.database import Database
from tests.crash import apart
from tests.crash.alerts import Alerting
from tests.crash.arena import Bout, fight
from tests.crash.digests import Digesting
from tests.crash.migrations import Migrating
from tests.crash.syncs import Syncing
from tests.databases import postgresql

Enter = Callable[[str], str]
"""Start a server that ends with the bout; its address."""
PARTS = {"digests": 1, "digests-unread": 5, "alerts": 2, "alerts-unread": 5, "syncs": 2, "migrations": 2}
"""What workers are killed at, and which part of the rounds it gets; `unread`: the bot may not read channels."""


class Databases:
    """New databases on one PostgreSQL server."""

    def __init__(self, server: str, seed: int) -> None:
        self._server = server
        self._names = (f"crash_{seed}_{number}" for number in itertools.count())
        self._template = ""

    def empty(self) -> str:
        return self._made("template1")[1]

    def migrated(self) -> str:
        if not self._template:
            self._template, url = self._made("template1")
            database = Database(url)
            schema.migrate(database)
            database.close()
        return self._made(self._template)[1]

    def _made(self, template: str) -> tuple[str, str]:
        name = next(self._names)
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name, self._server.replace("/postgres?", f"/{name}?")


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make crash")
    parser.add_argument("--rounds", type=int, default=100, help="of the digests; the others get a part of it")
    parser.add_argument("--only", choices=PARTS, action="append", help="only these, and all rounds of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", help="the URL of a PostgreSQL server; without it one is started")
    given = parser.parse_args(words)
    rounds = dict.fromkeys(given.only or (), given.rounds)
    rounds = rounds or {name: -(-given.rounds // part) for name, part in PARTS.items()}
    with ExitStack() as stack:
        databases = Databases(given.database or stack.enter_context(postgresql()).get_uri(), given.seed)
        return max([_bout(name, many, databases, given.seed) for name, many in rounds.items()])


def _bout(name: str, rounds: int, databases: Databases, seed: int) -> int:
    """1 if something came of it that may not."""
    chance = random.Random(f"{seed} {name}")
    with ExitStack() as stack:
        bout = _laid_out(name, databases, chance, lambda module: stack.enter_context(apart.running(module)))
        stack.callback(bout.close)
        for number in range(rounds):
            fight(bout, number, chance)
            if sys.stderr.isatty() or number % 20 == 19:
                print(f"{number + 1} of {rounds} rounds", *bout.count.lines(), sep="; ", file=sys.stderr, flush=True)
    count = bout.count
    print(f"{name}:", *count.lines(), sep="\n  ", flush=True)
    wrong = count.lost + count.strange + count.broken + count.unmarked
    return 1 if wrong or (count.doubled and not name.endswith("unread")) else 0


def _laid_out(name: str, databases: Databases, chance: random.Random, enter: Enter) -> Bout:
    slack = partial(enter, "tests.crash.slack")
    history = not name.endswith("unread")
    match name.removesuffix("-unread"):
        case "digests":
            return Digesting(databases.migrated(), slack(), chance, history=history)
        case "alerts":
            urls = databases.migrated(), databases.migrated()
            return Alerting(urls, (slack(), slack()), chance, history=history)
        case "syncs":
            return Syncing(databases.migrated, enter("tests.crash.anthropic"))
        case _:
            return Migrating(databases.empty)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
