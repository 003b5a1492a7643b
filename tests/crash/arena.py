"""Rounds of workers that die: each round is a piece of work that ends when all of it is done."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from tests.crash.worker import STATEMENT, Death, Work, start

ROUND_SECONDS = 60


@dataclass(slots=True)
class Count:
    """What a bout came to. Things are messages, rows of the ledger, or tables."""

    things: str = "messages"
    rounds: int = 0
    workers: int = 0
    ended: int = 0
    """Workers that did all there was to do, in the round that runs."""
    killed: Counter[str] = field(default_factory=Counter)
    expected: int = 0
    gathered: int = 0
    """Alerts that went out with others in one message."""
    found: int = 0
    doubled: int = 0
    unmarked: int = 0
    """Doubled ones that do not say so."""
    lost: int = 0
    strange: int = 0
    """Things that nobody expected, and rows that did not end."""
    broken: int = 0
    """Workers that died of something else than us."""
    seconds: float = 0.0

    def hold(self, found: Counter[tuple[object, ...]], wanted: Counter[tuple[object, ...]]) -> None:
        """Add what a round came to, where its things are rows: each counts as often as it is there."""
        more = found - wanted
        again = sum(many for row, many in more.items() if row in wanted)
        self.expected += wanted.total()
        self.found += (found & wanted).total()
        self.lost += (wanted - found).total()
        self.doubled += again
        self.unmarked += again
        self.strange += more.total() - again

    def lines(self) -> Iterator[str]:
        steps = ", ".join(f"{step}: {times}" for step, times in sorted(self.killed.items()))
        yield f"rounds {self.rounds}, workers {self.workers}, killed {self.killed.total()} ({steps})"
        if self.gathered:
            yield f"alerts that came with others in one message {self.gathered}"
        yield (
            f"{self.things} expected {self.expected}, found {self.found}, doubled {self.doubled} "
            f"(without saying so {self.unmarked}), lost {self.lost}, strange {self.strange}, "
            f"workers broken {self.broken}; {self.seconds:.0f} s"
        )


class Bout(Protocol):
    """One kind of work, and how it is held against what should have come of it."""

    steps: tuple[str, ...]
    statements: int
    """About how many statements of SQL a worker's work takes: a death `at a statement` comes at one of them."""
    times: int
    """About how often it comes to each other step."""
    most: int
    """Workers at a time."""
    count: Count

    def begin(self, number: int, /) -> Work:
        """Lay out a round; what each of its workers does."""
        ...

    def is_over(self) -> bool:
        """Whether all is done."""
        ...

    def reckon(self) -> None:
        """Put what all rounds so far came to into the count."""
        ...

    def close(self) -> None: ...


def fight(bout: Bout, number: int, chance: random.Random) -> None:
    """One round, by two workers or more, of which most die; the dead are replaced."""
    began, work = time.monotonic(), bout.begin(number)
    living: dict[int, str] = {}
    bout.count.ended = 0

    def fork() -> None:
        step = chance.choice(bout.steps) if chance.random() < 0.8 else ""
        nth = chance.randint(1, bout.statements if step == STATEMENT else bout.times)
        living[start(work, Death(step, nth))] = step
        bout.count.workers += 1

    try:
        for _ in range(chance.randint(2, bout.most)):
            fork()
        while not bout.is_over() and time.monotonic() < began + ROUND_SECONDS:
            _bury(bout.count, living)
            if chance.random() < 0.005 and living:
                pid = chance.choice(list(living))
                living[pid] = "from outside"
                os.kill(pid, signal.SIGKILL)
            while len(living) < 2:
                fork()
            time.sleep(0.02)
        _bury(bout.count, living)
    finally:
        for pid in living:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    bout.count.rounds += 1
    bout.count.seconds += time.monotonic() - began
    bout.reckon()


def undisturbed(work: Work) -> None:
    """Do some work to its end, in a process of its own as well: what the others are held against."""
    _, status = os.waitpid(start(work, Death()), 0)
    if status:
        raise RuntimeError("The undisturbed run broke.")


def _bury(count: Count, living: dict[int, str]) -> None:
    for pid in list(living):
        found, status = os.waitpid(pid, os.WNOHANG)
        if not found:
            continue
        died_at = living.pop(pid)
        if os.WIFSIGNALED(status):
            count.killed[died_at or "from outside"] += 1
        elif status:
            count.broken += 1
        else:
            count.ended += 1
