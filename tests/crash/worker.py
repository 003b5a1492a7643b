"""One process that sends what is owed until it is killed: by itself at a named step, or from outside at any moment.

The steps exist here alone: the functions of the bot are wrapped after the fork, and the bot knows nothing of it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn

import structlog

from bot.core.errors import BotError
from bot.services import deliver
from bot.services.deliver import Deliverer
from bot.services.digests.digests import Digests
from bot.services.figures import outlook
from bot.slack.metering import MeteredClient
from bot.slack.notifier import SlackNotifier, web_client
from bot.store import deliveries
from bot.store.database import Database
from tests.crash.slack import TOKEN

ABANDONED_AFTER = timedelta(seconds=6)
RETRY = timedelta(seconds=0.3)
_WRITES = ("_owe_due", "take", "asking", "_sent", "_not_sent")
_CALLS = ("chat.postMessage", "conversations.history", "conversations.replies", "conversations.open")
STEPS = (
    *(f"{when} {name}" for name in _WRITES for when in ("in", "after")),
    "after build",
    *(f"{when} {name}" for name in _CALLS for when in ("before", "after")),
)
"""`in` a transaction before it is committed; `before` a call leaves, and `after` its answer came."""


@dataclass(slots=True)
class Death:
    """Comes the `nth` time that a step is reached; "" for never."""

    step: str
    nth: int = 1

    def at(self, step: str) -> None:
        if step == self.step:
            self.nth -= 1
            if self.nth == 0:
                os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Task:
    """Where to work, and what time it is there: `begins` was at `epoch` (Unix seconds)."""

    database_url: str
    slack_url: str
    begins: datetime
    epoch: float

    def now(self) -> datetime:
        return self.begins + timedelta(seconds=time.time() - self.epoch)


def start(task: Task, death: Death) -> int:
    """Fork a worker; its process id. What the parent has imported needs not be imported again."""
    pid = os.fork()
    if not pid:
        _work(task, death)
    return pid


def _work(task: Task, death: Death) -> NoReturn:
    try:
        _wrap(death)
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        asyncio.run(_endless(task))
    finally:
        os._exit(1)


async def _endless(task: Task) -> None:
    database = Database(task.database_url)
    deliverer = Deliverer(database, SlackNotifier(web_client(TOKEN, f"{task.slack_url}/api/"), seconds_between_posts=0))
    digests = Digests(database, deliverer, "UTC")
    while True:
        with suppress(BotError):  # the database or Slack is away for a moment: the next look finds it again
            await digests.run(task.now())
        await asyncio.sleep(0.05)


def _wrap(death: Death) -> None:
    deliveries.ABANDONED_AFTER = ABANDONED_AFTER
    outlook.HISTORY_DAYS = 35  # what digests say is not what is tried here
    deliver.FIRST_RETRY = deliver.LAST_RETRY = RETRY
    write_now, read, write, call = Database.write_now, Database.read, Database.write, MeteredClient.api_call

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

    Database.write_now, Database.write = writing, written  # type: ignore[method-assign]
    Database.read, MeteredClient.api_call = reading, calling  # type: ignore[method-assign]
