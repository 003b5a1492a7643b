"""One replica syncs at a time: two would ask Anthropic everything twice, and store it once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import structlog

from bot.core.errors import BotError
from bot.services.syncing.holder import gone
from bot.store import turns
from bot.store.database import Database

log = structlog.get_logger()

SYNC = "sync"
SAID_AGAIN_SECONDS = 20


@asynccontextmanager
async def turn(database: Database, holder: str, clock: Callable[[], datetime]) -> AsyncIterator[bool]:
    """Whether it is this replica's turn to sync; if so, nobody else's for as long as the block lasts.

    A replica that is killed keeps the others waiting for `turns.ABANDONED_AFTER`, except those that can tell it is
    gone. One that can't reach the database for so long loses its turn; then two sync for a while, which costs requests
    and changes no row.
    """
    if not await database.write(turns.take, SYNC, holder, clock(), gone):
        yield False
        return
    saying = asyncio.create_task(_say_again(database, holder, clock))
    try:
        yield True
    finally:
        saying.cancel()
        await asyncio.gather(saying, return_exceptions=True)
        await database.write(turns.leave, SYNC, holder)


async def _say_again(database: Database, holder: str, clock: Callable[[], datetime]) -> None:
    while True:
        await asyncio.sleep(SAID_AGAIN_SECONDS)
        try:
            await database.write(turns.hold, SYNC, holder, clock())
        except BotError as error:
            log.warning("The turn to sync could not be held.", action="turn_not_held", error=str(error))
