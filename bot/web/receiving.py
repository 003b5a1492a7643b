"""What every route that takes calls does first: who sends this, has it room, and what is in the body."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from bot.core.calls.client import Client
from bot.core.errors import BodyTooLarge, BodyUnreadable, IntakeError, IntakeFull, StoreError, TokenRefused
from bot.services.calls.intake import Intake

MOST_BYTES = 8 * 2**20
"""Of a body, packed and unpacked: a thousand calls take half of one MiB."""
RETRY_AFTER_SECONDS = 1
_MOST_PASSED_OVER = 64 * 2**20
_PASSED_OVER_SECONDS = 10
_GZIP = 16 + zlib.MAX_WBITS
_MOST_MEMBERS = 100
"""Each is cut off what is left, so that a body of nothing but empty ones would take a minute."""
_STATUS: dict[type[Exception], int] = {
    TokenRefused: 401,
    BodyTooLarge: 413,
    IntakeFull: 429,
    StoreError: 503,
    IntakeError: 400,
}

Taker = Callable[[Request, bytes, Client], Awaitable[Response]]
"""What a route does with a body, unpacked, and with the one who sent it."""


def receiving(intake: Intake, take: Taker) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that answers every known failure with its status and a sentence."""

    async def endpoint(request: Request) -> Response:
        try:
            # First whose it is: nobody without a token makes us read a body.
            client = await intake.client(request.headers.get("authorization", ""))
            with intake.turn(client):
                return await take(request, await _body(request), client)
        except tuple(_STATUS) as error:
            status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
            await pass_over(request)
            later = {"retry-after": str(RETRY_AFTER_SECONDS)} if status in (429, 503) else {}
            return JSONResponse({"error": str(error)}, status, later)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it

    return endpoint


async def pass_over(request: Request) -> None:
    """Read on what nobody wants, for a while: who is still sending when the connection is closed never sees why."""
    left = _MOST_PASSED_OVER
    with suppress(TimeoutError, ClientDisconnect, RuntimeError):  # the last: it was read to its end
        async with asyncio.timeout(_PASSED_OVER_SECONDS):
            async for part in request.stream():
                left -= len(part)
                if left < 0:
                    return


async def _body(request: Request) -> bytes:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("gzip", "identity", ""):
        raise BodyUnreadable("Send the body as it is, or with Content-Encoding: gzip.")
    packed = await whole(request, MOST_BYTES)
    return _unpacked(packed) if encoding == "gzip" else packed


async def whole(request: Request, most: int) -> bytes:
    """A body as it was sent; raises BodyTooLarge as soon as it is known to be."""
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said[:20]) > most:
        raise _too_large(most)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
    return b"".join(parts)


def _unpacked(packed: bytes) -> bytes:
    """Never more than may be sent unpacked, however small it is packed."""
    parts: list[bytes] = []
    size = members = 0
    while packed:
        members += 1
        if members > _MOST_MEMBERS:
            raise BodyUnreadable(f"The gzip body is in more than {_MOST_MEMBERS} pieces. Pack it as one.")
        member = zlib.decompressobj(_GZIP)
        try:
            part = member.decompress(packed, MOST_BYTES + 1 - size)
        except zlib.error:
            raise BodyUnreadable("The body says it is gzip, and is not.") from None
        size += len(part)
        if size > MOST_BYTES:
            raise _too_large(MOST_BYTES)
        if not member.eof:
            raise BodyUnreadable("The gzip body ends too early.")
        parts.append(part)
        packed = member.unused_data
    return b"".join(parts)


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body is larger than {most >> 20} MiB. Send less at a time.")
