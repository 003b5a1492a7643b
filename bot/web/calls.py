"""`POST /v1/calls`: one call, a list of them, or one in each line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.core.calls.batch import Batch
from bot.core.calls.client import Client
from bot.core.calls.line import Reader, Record
from bot.core.errors import BodyTooLarge, BodyUnreadable
from bot.services.calls.intake import Intake
from bot.web.receiving import receiving

MOST_CALLS = 1000
_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")


def calls(intake: Intake, clock: Callable[[], datetime]) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint. Bodies are read in a thread of their own: a thousand calls take long enough to keep Slack waiting,
    which is answered by the same loop."""
    reading = ThreadPoolExecutor(1, thread_name_prefix="calls")

    async def take(request: Request, body: bytes, client: Client) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        loop = asyncio.get_running_loop()
        said = await loop.run_in_executor(reading, _read, body, kind in _LINES, clock())
        taken = await intake.take(said, client)
        rejected = [{"index": index, "reason": reason} for index, reason in taken.rejected.items()]
        return JSONResponse(
            {"accepted": taken.accepted, "duplicates": taken.duplicates, "rejected": rejected}, status_code=202
        )

    return receiving(intake, take)


def _read(body: bytes, lines: bool, now: datetime) -> Batch:
    """Raises BodyUnreadable for what is neither JSON nor lines of it, BodyTooLarge for too many calls."""
    reader = Reader(now)
    if lines:
        return _bounded(_lines(body), reader)
    if (written := reader.several(body)) is not None:
        return _bounded(written, reader)
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        # Several lines of JSON are no JSON; they come under the wrong name often enough.
        if body.lstrip()[:1] == b"{" and b"\n" in body.strip():
            return _bounded(_lines(body), reader)
        raise BodyUnreadable("The body is not JSON. Send one call, a list of calls, or a call in each line.") from None
    if not isinstance(said, dict | list):
        raise BodyUnreadable("Send one call as a JSON object, or a list of them.")
    return _bounded(said if isinstance(said, list) else [said], reader)


def _lines(body: bytes) -> list[bytes]:
    """Each line for itself: one that is cut off, even within a letter, takes none of the others with it."""
    return [line for line in body.split(b"\n") if line.strip()]


def _bounded(records: Sequence[Record], reader: Reader) -> Batch:
    if len(records) > MOST_CALLS:
        raise BodyTooLarge(f"These are {len(records):,} calls; send at most {MOST_CALLS:,} at a time.")
    return reader.read(records)
