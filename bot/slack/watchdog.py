"""A socket that says it is connected and brings nothing: what is wrong with it, in words."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from slack_sdk.socket_mode.aiohttp import SocketModeClient

LOOK_SECONDS = 15.0
DEAF_SECONDS = 90.0
"""Slack answers a ping every ten seconds; the SDK itself gives up after forty."""
AWAY_SECONDS = 120.0
"""The SDK connects anew by itself; after this long it hangs."""
SILENT_SECONDS = 1800.0
"""Without any word from Slack a new connection costs nothing, and an old one may be forgotten on the other side."""


@dataclass(slots=True)
class Watch:
    """What was seen of one connection; times are of the monotonic clock."""

    since: float = field(default_factory=time.monotonic)
    connected_at: float | None = None
    heard_at: float | None = None
    ponged: tuple[float, float] | None = None
    """The newest answer to a ping, as the SDK notes it, and when it was seen first."""

    def heard(self) -> None:
        """Slack said something."""
        self.heard_at = time.monotonic()

    async def wrong(self, client: SocketModeClient) -> str:
        """Why this connection must be replaced; "" while it need not."""
        now = time.monotonic()
        if await client.is_connected():
            self.connected_at = now
        elif now - (self.connected_at or self.since) > AWAY_SECONDS:
            return f"Slack was not connected for {AWAY_SECONDS:.0f} seconds."
        else:
            return ""
        tasks = (client.message_receiver, client.current_session_monitor, client.message_processor)
        if any(task is not None and task.done() for task in tasks):
            return "A part of the connection has died."
        pong = client.last_ping_pong_time or 0.0
        if self.ponged is None or self.ponged[0] != pong:
            self.ponged = (pong, now)
        if now - self.ponged[1] > DEAF_SECONDS:
            return f"Slack answered no ping for {DEAF_SECONDS:.0f} seconds."
        if now - (self.heard_at or self.since) > SILENT_SECONDS:
            return f"Slack said nothing for {SILENT_SECONDS:.0f} seconds."
        return ""
