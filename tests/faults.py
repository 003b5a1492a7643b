"""A server that goes wrong on request: wraps an ASGI application and breaks the answers a test asks it to."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Fault: TypeAlias = Callable[[ASGIApp, Scope, Receive, Send], Awaitable[None]]
Headers: TypeAlias = list[tuple[bytes, bytes]]

_SECRET = {"x-api-key", "authorization"}


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that came in; the headers are without credentials."""

    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]


@dataclass(slots=True)
class _Rule:
    path_part: str
    fault: Fault
    left: int | None


@dataclass(slots=True)
class Faults:
    """Wraps `app`; while no fault is due it only keeps count. One rule answers one request, oldest rule first."""

    app: ASGIApp
    seen: list[Seen] = field(default_factory=list)
    _rules: list[_Rule] = field(default_factory=list)

    def next(self, path_part: str, fault: Fault, *, times: int | None = 1) -> None:
        """Break the next `times` requests whose path contains `path_part`; None breaks them until `heal`."""
        self._rules.append(_Rule(path_part, fault, times))

    def heal(self) -> None:
        """Forget every fault that is still due."""
        self._rules.clear()

    def count(self, path_part: str = "") -> int:
        """How many requests came in for paths that contain `path_part`."""
        return sum(path_part in seen.path for seen in self.seen)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode(): value.decode() for name, value in scope["headers"] if name.decode() not in _SECRET}
        self.seen.append(Seen(scope["path"], tuple(_query(scope)), headers))
        fault = self._due(scope["path"])
        if fault is None:
            await self.app(scope, receive, send)
        else:
            await fault(self.app, scope, receive, send)

    def _due(self, path: str) -> Fault | None:
        for rule in self._rules:
            if rule.path_part in path and rule.left != 0:
                if rule.left is not None:
                    rule.left -= 1
                return rule.fault
        return None


def status(code: int, *, headers: Mapping[str, str] | None = None, body: object = None) -> Fault:
    """Answer `code` with exactly these headers; `body` is JSON, by default Anthropic's error body."""
    error = {"type": "error", "error": {"type": "api_error", "message": "broken by the test"}, "request_id": "req_test"}
    content = json.dumps(error if body is None else body).encode()

    async def fault(_app: ASGIApp, _scope: Scope, _receive: Receive, send: Send) -> None:
        sent = {"content-type": "application/json", **(headers or {})}
        await _send(send, code, [(name.lower().encode(), value.encode()) for name, value in sent.items()], content)

    return fault


def html(text: str = "<html><body>Sign in to the network</body></html>") -> Fault:
    """Answer 200 with a web page, as a captive portal or a wrong proxy does."""

    async def fault(_app: ASGIApp, _scope: Scope, _receive: Receive, send: Send) -> None:
        await _send(send, 200, [(b"content-type", b"text/html; charset=utf-8")], text.encode())

    return fault


def cut_in_half() -> Fault:
    """Announce the whole body, send half of it and close the connection."""

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        code, headers, body = await _answer(app, scope, receive)
        await send({"type": "http.response.start", "status": code, "headers": headers})
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})

    return fault


def cut_json() -> Fault:
    """Send half the body as if it were all of it: a sound HTTP answer that is not JSON."""

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        code, headers, body = await _answer(app, scope, receive)
        await _send(send, code, headers, body[: len(body) // 2])

    return fault


def hang(seconds: float) -> Fault:
    """Stay silent for so long, then answer as usual to whoever still waits."""

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_gone(receive))
        await asyncio.wait({gone}, timeout=seconds)
        if not gone.done():
            gone.cancel()
            await app(scope, receive, send)

    return fault


def mutate(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Fault:
    """Pass the JSON body through `change`: drop a field, add an enum value, repeat a bucket."""

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        code, headers, body = await _answer(app, scope, receive)
        await _send(send, code, headers, json.dumps(change(json.loads(body))).encode())

    return fault


def repeat_cursor(cursor: str = "page_again") -> Fault:
    """Answer the first page for ever, each time with more to come at the same cursor."""
    endless = mutate(lambda body: {**body, "has_more": True, "next_page": cursor})

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        first = urlencode([pair for pair in _query(scope) if pair[0] != "page"])
        await endless(app, {**scope, "query_string": first.encode()}, receive, send)

    return fault


async def _answer(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[int, Headers, bytes]:
    code, headers, parts = 0, [], []

    async def keep(message: Message) -> None:
        nonlocal code, headers
        if message["type"] == "http.response.start":
            code, headers = message["status"], list(message["headers"])
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, keep)
    return code, headers, b"".join(parts)


async def _send(send: Send, code: int, headers: Headers, body: bytes) -> None:
    measured = [pair for pair in headers if pair[0] != b"content-length"]
    measured.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": code, "headers": measured})
    await send({"type": "http.response.body", "body": body})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _query(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
