"""One process that works until it is killed: by itself at a named step, or from outside at any moment.

The steps exist here alone: the functions of the bot are wrapped after the fork, and the bot knows nothing of it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn

import structlog
from sqlalchemy import Engine, event

from bot.anthropic_api.client import AnthropicClient
from bot.core.errors import BotError
from bot.services import deliver
from bot.services.figures import outlook
from bot.slack.metering import MeteredClient
from bot.store.database import Database
from bot.store.messages import deliveries

ABANDONED_AFTER = timedelta(seconds=6)
RETRY = timedelta(seconds=0.3)
STATEMENT = "at a statement"
"""Any statement of SQL, so that a transaction is cut off anywhere in it."""

Work = Callable[[], Awaitable[object]]


def steps(*, writes: tuple[str, ...] = (), reads: tuple[str, ...] = (), calls: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The names of the steps: `in` a transaction before it is committed and `after` it, `before` a call leaves and
    `after` its answer came."""
    return (
        *(f"{when} {name}" for name in writes for when in ("in", "after")),
        *(f"after {name}" for name in reads),
        *(f"{when} {name}" for name in calls for when in ("before", "after")),
        STATEMENT,
    )


SENDING = steps(
    writes=("take", "asking", "_sent", "_not_sent"),
    calls=("chat.postMessage", "conversations.history", "conversations.replies", "conversations.open"),
)
"""The steps of everything that sends messages."""


@dataclass(slots=True)
class Death:
    """Comes the `nth` time that a step is reached; "" for never."""

    step: str = ""
    nth: int = 1

    def at(self, step: str) -> None:
        if step == self.step:
            self.nth -= 1
            if self.nth == 0:
                os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is for the workers: `begins` was at `epoch` (Unix seconds)."""

    begins: datetime
    epoch: float

    def __call__(self) -> datetime:
        return self.begins + timedelta(seconds=time.time() - self.epoch)


def start(work: Work, death: Death) -> int:
    """Fork a worker; its process id. What the parent has imported needs not be imported again."""
    pid = os.fork()
    if not pid:
        _work(work, death)
    return pid


async def again_and_again(look: Work) -> None:
    """Until it is killed. The database or Slack may be away for a moment: the next look finds it again."""
    while True:
        with suppress(BotError):
            await look()
        await asyncio.sleep(0.05)


def _work(work: Work, death: Death) -> NoReturn:
    code = 1
    try:
        _wrap(death)
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        asyncio.run(work())  # type: ignore[arg-type]
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _wrap(death: Death) -> None:
    deliveries.ABANDONED_AFTER = ABANDONED_AFTER
    outlook.HISTORY_DAYS = 35  # what messages say is not what is tried here
    deliver.FIRST_RETRY = deliver.LAST_RETRY = RETRY
    write_now, read, write = Database.write_now, Database.read, Database.write
    call, fetch = MeteredClient.api_call, AnthropicClient.fetch

    def writing(self: Database, function: Callable[..., Any], *given: Any, **named: Any) -> Any:
        def stepped(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            death.at(f"in {function.__name__}")
            return result

        return write_now(self, stepped, *given, **named)

    async def written(self: Database, function: Callable[..., Any], *given: Any, **named: Any) -> Any:
        result = await write(self, function, *given, **named)
        death.at(f"after {function.__name__}")
        return result

    async def reading(self: Database, function: Callable[..., Any], *given: Any, **named: Any) -> Any:
        result = await read(self, function, *given, **named)
        death.at(f"after {function.__name__}")
        return result

    async def calling(self: MeteredClient, api_method: str, **given: Any) -> Any:
        death.at(f"before {api_method}")
        response = await call(self, api_method, **given)
        death.at(f"after {api_method}")
        return response

    async def fetching(self: AnthropicClient, path: str, *given: Any, **turn: Any) -> Any:
        death.at("before a page")
        body = await fetch(self, path, *given, **turn)
        death.at("after a page")
        return body

    Database.write_now, Database.write = writing, written  # type: ignore[method-assign]
    Database.read, MeteredClient.api_call = reading, calling  # type: ignore[method-assign]
    AnthropicClient.fetch = fetching  # type: ignore[method-assign]
    event.listen(Engine, "before_cursor_execute", lambda *_: death.at(STATEMENT))
