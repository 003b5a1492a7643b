"""The two ways to reach the bot: signed HTTP requests and Socket Mode."""

import asyncio
import hashlib
import hmac
import json
import ssl
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import urlencode

import httpx
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.demo.slack.access import Access
from bot.demo.slack.values import APP_ID, EnvelopeKind, Json

DISCONNECT_GRACE = timedelta(seconds=2)


async def post(
    url: str, secret: str, kind: EnvelopeKind, payload: Json, retry: int, patience: float
) -> tuple[int, str]:
    """Status and body of the bot's answer; `patience` in seconds, raises httpx.HTTPError."""
    body = {
        "slash_commands": lambda: urlencode(payload),
        "interactive": lambda: urlencode({"payload": json.dumps(payload)}),
        "events_api": lambda: json.dumps(payload),
    }[kind]()
    content_type = "application/json" if kind == "events_api" else "application/x-www-form-urlencoded"
    retried = {"x-slack-retry-num": str(retry), "x-slack-retry-reason": "http_timeout"} if retry else {}
    headers = {"content-type": content_type, "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
    async with httpx.AsyncClient(timeout=patience, trust_env=False, verify=_tls()) as client:
        answer = await client.post(url, content=body, headers=headers | retried | _signed(body, secret))
    return answer.status_code, answer.text


@cache
def _tls() -> ssl.SSLContext:
    """Made once: reading the certificates takes longer than a whole delivery."""
    return ssl.create_default_context()


def _signed(body: str, secret: str) -> dict[str, str]:
    # Real time, not the clock's: the bot's signature check compares it with its own wall clock.
    timestamp = str(int(datetime.now(UTC).timestamp()))
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256)
    return {"x-slack-request-timestamp": timestamp, "x-slack-signature": f"v0={digest.hexdigest()}"}


@dataclass(slots=True, eq=False)
class _Link:
    """One open Socket Mode connection and the envelopes it has not acknowledged yet."""

    websocket: WebSocket
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: dict[str, asyncio.Future[Json]] = field(default_factory=dict)


class SocketMode:
    """The open Socket Mode connections; each envelope goes to exactly one of them."""

    def __init__(self, access: Access, changed: Callable[[], None]) -> None:
        self._access = access
        self._changed = changed
        self._links: deque[_Link] = deque()

    def __len__(self) -> int:
        return len(self._links)

    async def send(self, kind: EnvelopeKind, payload: Json, retry: int) -> tuple[int, str]:
        """Status and body of the acknowledgement; raises ConnectionError when no connection takes the envelope."""
        if not self._links:
            raise ConnectionError("no Socket Mode connection is open")
        self._links.rotate()  # Slack promises one connection, any one: taking turns keeps the bot from relying on it.
        link = self._links[0]
        envelope_id = str(uuid.uuid4())
        envelope: Json = {
            "envelope_id": envelope_id,
            "payload": payload,
            "type": kind,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": "timeout" if retry else ""}
        link.waiting[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            try:
                await link.websocket.send_json(envelope)
            except (WebSocketDisconnect, RuntimeError) as error:
                raise ConnectionError("the connection closed before the envelope was sent") from error
            acknowledged = await link.waiting[envelope_id]
        finally:
            link.waiting.pop(envelope_id, None)
        return 200, json.dumps(acknowledged["payload"]) if "payload" in acknowledged else ""

    async def hold(self, websocket: WebSocket) -> None:
        """Keep one Socket Mode connection: hello, then acknowledgements until it closes."""
        if not self._access.use_ticket(websocket.path_params["ticket"]):
            await websocket.close(code=4401)
            return
        await websocket.accept()
        link = _Link(websocket)
        self._links.append(link)
        self._changed()
        info = {"host": "stand-in", "build_number": 1, "approximate_connection_time": 18060}
        hello = {"type": "hello", "num_connections": len(self._links), "connection_info": {"app_id": APP_ID}}
        try:
            await websocket.send_json(hello | {"debug_info": info})
            async for text in websocket.iter_text():
                frame = json.loads(text)
                waiting = link.waiting.get(frame.get("envelope_id", ""))
                if waiting and not waiting.done():
                    waiting.set_result(frame)
        except WebSocketDisconnect:
            pass
        finally:
            if link in self._links:
                self._links.remove(link)
            link.closed.set()
            for waiting in link.waiting.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionError("the connection closed before the acknowledgement"))

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Slack asks every Socket Mode connection to come back, as it regularly does, then closes what stayed."""
        leaving, self._links = self._links, deque()
        for link in leaving:
            await link.websocket.send_json({"type": "disconnect", "reason": reason})
        for link in leaving:
            # Closing at once would make the SDK reconnect twice: for the request, and for the closed connection.
            try:
                await asyncio.wait_for(link.closed.wait(), DISCONNECT_GRACE.total_seconds())
            except TimeoutError:
                await link.websocket.close()
