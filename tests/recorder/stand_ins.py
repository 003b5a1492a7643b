"""The Messages API and the bot's intake as they look from a program: real sockets, scripted answers."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HEADERS = {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "41",
    "anthropic-ratelimit-tokens-limit": "40000",
    "anthropic-ratelimit-tokens-remaining": "22000",
}
USAGE = {
    "input_tokens": 1500,
    "output_tokens": 800,
    "cache_read_input_tokens": 30,
    "cache_creation_input_tokens": 12,
    "cache_creation": {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 7},
    "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0},
    "service_tier": "priority",
    "inference_geo": "us",
}


@dataclass(frozen=True)
class Reply:
    """`cut`: after the body the connection is closed where more was promised."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


class Scripted:
    """Answers what it is told to, in order, then always `usual`; remembers what it was asked."""

    def __init__(self, usual: Callable[[str, bytes], Reply]) -> None:
        self.usual = usual
        self.next: deque[Reply] = deque()
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.url = ""
        self.port = 0

    def reply(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        self.asked.append((path, headers, body))
        return self.next.popleft() if self.next else self.usual(path, body)


@contextmanager
def served(scripted: Scripted, port: int = 0) -> Iterator[Scripted]:
    connections: list[socket.socket] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = scripted.reply(self.path, headers, body)
            self.send_response(reply.status)
            self.send_header("content-type", reply.content_type)
            self.send_header("content-length", str(len(reply.body) + (100 if reply.cut else 0)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)
            if reply.cut:
                self.close_connection = True

        do_GET = do_POST  # noqa: N815  (http.server names it)

        def log_message(self, *_: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        allow_reuse_address = True
        disable_nagle_algorithm = True

        def handle_error(self, *_: Any) -> None:
            """A client that hangs up is part of the play."""

        def process_request(self, request: Any, client_address: Any) -> None:
            connections.append(request)
            super().process_request(request, client_address)

    server = Server(("127.0.0.1", port), Handler)
    scripted.port = server.server_address[1]
    scripted.url = f"http://127.0.0.1:{scripted.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield scripted
    finally:
        server.shutdown()
        server.server_close()
        for connection in connections:  # else whoever is connected would be answered for ever
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        thread.join()


def message(content: list[dict[str, Any]] | None = None, **usage: Any) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": content or [{"type": "text", "text": "SECRET ANSWER"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {**USAGE, **usage},
    }


def answered(content: list[dict[str, Any]] | None = None, request_id: str = "req_1") -> Reply:
    return Reply(json.dumps(message(content)).encode(), headers={**HEADERS, "request-id": request_id})


def error(status: int, kind: str, request_id: str = "req_e") -> Reply:
    body = {"type": "error", "error": {"type": kind, "message": "no"}, "request_id": request_id}
    return Reply(
        json.dumps(body).encode(), status, headers={**HEADERS, "request-id": request_id, "retry-after-ms": "1"}
    )


def stream(*, cut: bool = False, fails: bool = False, request_id: str = "req_s") -> Reply:
    """Opening figures, then cumulative ones twice: the last count."""
    start = message([], output_tokens=1)
    start["content"] = []
    start["stop_reason"] = None
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "SECRET ANSWER"}},
        {"type": "message_delta", "delta": {"stop_reason": None}, "usage": {"output_tokens": 400}},
    ]
    if fails:
        events.append({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    elif not cut:
        events += [
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 800}},
            {"type": "message_stop"},
        ]
    body = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    return Reply(body.encode(), 200, "text/event-stream", {**HEADERS, "request-id": request_id}, cut=cut)


class Claude(Scripted):
    def __init__(self) -> None:
        super().__init__(lambda _path, body: stream() if b'"stream":true' in body else answered())


class Intake(Scripted):
    """`POST /v1/calls`: what it stored is in `calls`, by id, as the bot does it."""

    def __init__(self) -> None:
        super().__init__(self._store)
        self.calls: dict[str, dict[str, Any]] = {}

    def _store(self, path: str, body: bytes) -> Reply:
        assert path == "/v1/calls", path
        lines = [json.loads(line) for line in gzip.decompress(body).splitlines()]
        fresh = {line["id"]: line for line in lines if line["id"] not in self.calls}
        self.calls |= fresh
        said = {"accepted": len(fresh), "duplicates": len(lines) - len(fresh), "rejected": []}
        return Reply(json.dumps(said).encode(), 202)

    @property
    def only(self) -> dict[str, Any]:
        (call,) = self.calls.values()
        return call
