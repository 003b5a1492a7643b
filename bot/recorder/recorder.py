"""The one thing a program uses: it wraps a client, says whose calls they are, and takes calls made by other means."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from bot.recorder import methods, middleware
from bot.recorder.courier import folder
from bot.recorder.labels import Labels, said, saying
from bot.recorder.sender import Sender
from bot.recorder.spool import Spool
from bot.recorder.tally import Stats
from bot.recorder.usage import Usage

_Client = TypeVar("_Client")
_ROUTE = "/v1/calls"
_DEFAULT = "default"


class Recorder:
    """Records calls and sends them to the bot at `url` in the background: never the prompt, never the answer.

    Nothing here makes a call wait or fail. What the intake can't take at the moment waits in `spool`, a folder (None:
    in memory); above `spool_bytes` the oldest goes, and is counted.
    """

    def __init__(
        self,
        url: str,
        token: str,
        team: str | None = None,
        user: str | None = None,
        feature: str | None = None,
        *,
        spool: str | Path | None = _DEFAULT,
        spool_bytes: int = 64_000_000,
        most_queued: int = 10_000,
        timeout: timedelta = timedelta(seconds=5),
    ) -> None:
        address = url.rstrip("/").removesuffix(_ROUTE) + _ROUTE
        self._labels = Labels(team, user, feature)
        place = folder(address, token, Path(tempfile.gettempdir())) if spool == _DEFAULT else spool
        kept = Spool(None if place is None else Path(place), spool_bytes)
        self._sender = Sender(address, token, kept, most_queued=most_queued, seconds=timeout.total_seconds())

    def wrap(self, client: _Client) -> _Client:
        """The client to use from now on, of the same class: its answers and errors are what they were.

        It shares everything with the one that was given. SDKs older than their middleware are recorded on `client`
        itself.
        """
        awaited = any(one.__name__.startswith("Async") for one in type(client).__mro__)
        with_middleware = getattr(client, "with_middleware", None)
        if with_middleware is not None:
            made = middleware.awaited if awaited else middleware.plain
            wrapped: _Client = with_middleware(made(self._sender, self._whose))
            return wrapped
        if not methods.patch(client, self._sender, self._whose, awaited=awaited):
            raise TypeError(f"{type(client).__name__} makes no calls of Claude: it has no messages.create.")
        return client

    def context(
        self, *, team: str | None = None, user: str | None = None, feature: str | None = None
    ) -> AbstractContextManager[None]:
        """Whose the calls within are; what is not said stays as it is around it. Threads and tasks keep apart."""
        return saying(Labels(team, user, feature))

    def record(
        self,
        *,
        model: str,
        usage: Any = None,
        timestamp: datetime | None = None,
        team: str | None = None,
        user: str | None = None,
        feature: str | None = None,
        **fields: Any,
    ) -> None:
        """One call made without the SDK. `usage`: Anthropic's own object; `fields`: the others of `POST /v1/calls`."""
        counts: Mapping[str, Any] = {}
        if usage is not None:
            used = Usage()
            used.take(usage)
            counts = used.fields()
        labels = self._whose().under(Labels(team, user, feature))
        at = timestamp or datetime.now(UTC)
        self._sender.keep({"timestamp": at.isoformat(), **labels._asdict(), "model": model, **counts, **fields})

    def stats(self) -> Stats:
        """How many calls were recorded, sent, rejected and lost, and how many wait."""
        return self._sender.stats()

    def flush(self, seconds: float = 5.0) -> bool:
        """Wait for what is recorded to be sent; False where that took longer. Only where a program must be sure."""
        return self._sender.flush(seconds)

    def close(self, seconds: float = 2.0) -> None:
        """Send or write down what is left; at the end of a program this happens by itself."""
        self._sender.close(seconds)

    def _whose(self) -> Labels:
        return self._labels.under(said())
