"""What a check found, in a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

import structlog

from bot.core.errors import BotError

log = structlog.get_logger()


class Outcome(StrEnum):
    OK = "ok"
    WRONG = "wrong"
    UNUSED = "unused"
    """Not set up, and need not be; or not looked at because something before it is wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` is what was looked at, `said` what came of it and, where it is wrong, what to do."""

    check: str
    outcome: Outcome
    said: str


def ok(check: str, said: str) -> Finding:
    return Finding(check, Outcome.OK, said)


def wrong(check: str, said: str) -> Finding:
    return Finding(check, Outcome.WRONG, said)


def unused(check: str, said: str) -> Finding:
    return Finding(check, Outcome.UNUSED, said)


async def looked(check: str, look: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
    """What a check finds; one that breaks is a finding too, and leaves the others their turn."""
    try:
        return await look()
    except BotError as error:
        return [wrong(check, str(error))]
    except TimeoutError:
        return [wrong(check, "It did not answer in time. Check the network, then try again.")]
    except Exception as error:
        log.debug("A check broke.", action="check_broke", check=check, exc_info=True)
        return [wrong(check, f"It could not be checked ({type(error).__name__}). LOG_LEVEL=debug says more.")]
