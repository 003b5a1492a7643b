"""What waits for an answer, and what does not, written once.

Recording is a generator: it yields what is to be called, and is sent what came of it, or has that thrown into it. Who
drives it either calls or also waits, and that is all in which the two kinds of client differ.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

Steps = Generator[Callable[[], Any], Any, Any]
"""Yields calls, is sent what they give, returns what the program gets."""


def plain(steps: Steps) -> Any:
    """Take the steps, each at once."""
    try:
        call = next(steps)
        while True:
            try:
                given = call()
            except BaseException as error:
                call = steps.throw(error)
            else:
                call = steps.send(given)
    except StopIteration as end:
        return end.value


async def awaited(steps: Steps) -> Any:
    """Take the steps, and wait for each."""
    try:
        call = next(steps)
        while True:
            try:
                given = await call()
            except BaseException as error:
                call = steps.throw(error)
            else:
                call = steps.send(given)
    except StopIteration as end:
        return end.value
