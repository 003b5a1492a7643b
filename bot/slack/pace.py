"""How fast messages may go: one a second in a channel, in turn, and none at all while Slack says to wait."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.core.errors import SlackUnavailable
from bot.slack.metering import POSTING

SECONDS_BETWEEN_POSTS = 1.0
"""Slack takes about one message a second in a channel."""
LONGEST_WAIT_SECONDS = 90.0
"""A message whose turn comes later goes back: its claim must not grow old in the hands of somebody who waits."""
_MOST_CHANNELS = 1000


class Pace:
    """First come, first served in each channel; channels do not wait for each other, but all of them for Slack."""

    def __init__(self, seconds_between_posts: float = SECONDS_BETWEEN_POSTS) -> None:
        self._pause = seconds_between_posts
        self._queues: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._free_at: dict[str, float] = {}
        self._held_until = 0.0

    @asynccontextmanager
    async def turn(self, channel: str) -> AsyncIterator[None]:
        with POSTING.track_inprogress():
            async with self._queues[channel]:
                loop = asyncio.get_running_loop()
                await asyncio.sleep(max(0.0, self._free_at.get(channel, 0.0) - loop.time()))
                yield
                self._free_at[channel] = loop.time() + self._pause
        if len(self._free_at) > _MOST_CHANNELS:
            self._forget(loop.time())

    def hold(self, seconds: float) -> None:
        """Slack said to wait: its limit may be the whole workspace's, so nobody may go before."""
        self._held_until = max(self._held_until, asyncio.get_running_loop().time() + seconds)

    async def held(self) -> None:
        """Wait until Slack takes messages again; raises SlackUnavailable where that is too long."""
        loop = asyncio.get_running_loop()
        while (left := self._held_until - loop.time()) > 0:
            if left > LONGEST_WAIT_SECONDS:
                raise SlackUnavailable(f"Slack takes no messages for another {left:.0f} seconds.")
            await asyncio.sleep(left)

    def _forget(self, now: float) -> None:
        for channel in [one for one, free_at in self._free_at.items() if free_at < now]:
            del self._free_at[channel]
            if not self._queues[channel].locked():
                del self._queues[channel]
