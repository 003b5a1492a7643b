"""One request to Claude, from its sending to its last token, and the call it is reported as."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from math import inf
from typing import Any, Concatenate, ParamSpec, Protocol

from bot.recorder.labels import Labels
from bot.recorder.usage import Usage, part

_P = ParamSpec("_P")
_REQUEST_ID = b"request-id"
_RATES = {
    of: (f"anthropic-ratelimit-{of}-limit".encode(), f"anthropic-ratelimit-{of}-remaining".encode())
    for of in ("requests", "tokens", "input-tokens", "output-tokens")
}
_READ = frozenset({_REQUEST_ID, *(name for names in _RATES.values() for name in names)})
_TOOLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})


class Keeper(Protocol):
    """Who takes what was recorded; nothing here raises, and nothing waits."""

    def keep(self, call: Mapping[str, Any]) -> None: ...

    def lost(self, why: str) -> None:
        """A call of which nothing can be said."""


def _quiet(
    method: Callable[Concatenate[Attempt, _P], None],
) -> Callable[Concatenate[Attempt, _P], None]:
    """What goes wrong in here must not become an error of the program around it."""

    @wraps(method)
    def quietly(attempt: Attempt, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            method(attempt, *args, **kwargs)
        except Exception as error:
            attempt.give_up(f"an answer could not be read ({type(error).__name__})")

    return quietly


class Attempt:
    """What is known so far. It is reported once, whichever comes first: its end, its failure, or nobody listening.

    A request that the SDK sends again is another attempt: each is answered, limited and timed by itself.
    """

    __slots__ = (
        *("_asked", "_at", "_began", "_first", "_headers", "_keeper", "_labels", "_last", "_model"),
        *("_started", "_status", "_stopped", "_streaming", "_told", "_tools", "_usage", "_vision"),
    )

    def __init__(self, keeper: Keeper, labels: Labels, body: Mapping[str, Any], *, streaming: bool) -> None:
        self._keeper = keeper
        self._told = False
        self._labels = labels
        self._asked = str(body.get("model") or "")
        self._model = ""
        self._streaming = streaming
        self._vision, self._tools = _seen(body.get("messages"))
        self._usage = Usage()
        self._headers: Mapping[bytes, bytes] = {}
        self._status: int | None = None
        self._started = self._stopped = False
        self._first: float | None = None
        self._at = datetime.now(UTC)
        self._began = self._last = time.perf_counter()

    @_quiet
    def headers(self, status: int, headers: Any) -> None:
        """The answer has begun; `headers` are httpx's, or a mapping."""
        self._last = time.perf_counter()
        self._status = status
        self._headers = _said(headers)

    @_quiet
    def message(self, message: Any) -> None:
        """The whole answer, or in a stream its opening figures."""
        self._last = time.perf_counter()
        self._started = True
        self._model = part(message, "model") or self._model
        self._usage.take(part(message, "usage"))
        for block in part(message, "content") or ():
            self._tools |= part(block, "type") in _TOOLS

    @_quiet
    def event(self, event: Any) -> None:
        """One event of a stream."""
        self._last = time.perf_counter()
        match part(event, "type"):
            case "message_start":
                self.message(part(event, "message"))
            case "content_block_start":
                self._first = self._first or self._last
                self._tools |= part(part(event, "content_block"), "type") in _TOOLS
            case "message_delta":
                self._usage.take(part(event, "usage"))
            case "message_stop":
                self._stopped = True

    @_quiet
    def refused(self, status: int, body: Any) -> None:
        """An answer that says no."""
        self._last = time.perf_counter()
        self._status = status
        self._tell(str(part(part(body, "error"), "type") or f"http_{status}"))

    @_quiet
    def failed(self, error: BaseException) -> None:
        """No answer, or one that broke off: what it had used until then still counts."""
        self._last = time.perf_counter()
        status, name = getattr(error, "status_code", None), type(error).__name__
        response = getattr(error, "response", None)
        if response is not None and not self._headers:
            self._headers = _said(response.headers)
        if isinstance(status, int):
            self.refused(status, getattr(error, "body", None))
        elif not isinstance(error, Exception):
            self._tell("cancelled")
        else:
            self._tell("timeout" if "Timeout" in name else "connection_error")

    @_quiet
    def done(self) -> None:
        """Read to the end."""
        self._tell(None if self._stopped or not self._streaming else "incomplete_stream")

    @_quiet
    def left(self) -> None:
        """Nobody reads on. Who has had some of the answer has had what they wanted."""
        if self._started:
            self._tell(None)

    def give_up(self, why: str) -> None:
        if not self._told:
            self._told = True
            self._keeper.lost(why)

    def __del__(self) -> None:
        self.give_up("an answer was never read through the SDK")

    def _tell(self, error_type: str | None) -> None:
        if self._told:
            return
        call = {
            "id": self._headers.get(_REQUEST_ID, b"").decode("latin-1"),
            "timestamp": self._at.isoformat(),
            "team": self._labels.team,
            "user": self._labels.user,
            "feature": self._labels.feature,
            "model": self._model or self._asked,
            "event_type": self._kind(),
            **self._usage.fields(),
            "duration_ms": round((self._last - self._began) * 1000),
            "success": error_type is None,
            "status": self._status,
            "error_type": error_type,
        }
        if self._first is not None:
            call["first_token_ms"] = round((self._first - self._began) * 1000)
        if rates := _rates(self._headers):
            call["ratelimit"] = rates
        self._told = True
        self._keeper.keep(call)

    def _kind(self) -> str:
        if self._vision:
            return "vision"
        if self._tools:
            return "tool_use"
        return "streaming" if self._streaming else "completion"


def result(keeper: Keeper, labels: Labels, line: Any) -> None:
    """One line of a batch's results. What failed in a batch names no model and costs nothing: it is left out."""
    try:
        message = part(part(line, "result"), "message")
        if message is None:
            return
        usage = Usage()
        usage.take(part(message, "usage"))
        keeper.keep(
            {
                "id": part(message, "id"),
                "timestamp": datetime.now(UTC).isoformat(),
                **labels._asdict(),
                "model": part(message, "model"),
                "event_type": "batch",
                **usage.fields(),
                "service_tier": "batch",
                "success": True,
                "status": 200,
            }
        )
    except Exception as error:
        keeper.lost(f"a batch's result could not be read ({type(error).__name__})")


def _seen(messages: Any) -> tuple[bool, bool]:
    """Whether there is a picture in what is asked, and the result of a tool."""
    vision = tools = False
    for message in messages if isinstance(messages, list) else ():
        content = part(message, "content")
        if isinstance(content, list):
            for block in content:
                kind = part(block, "type")
                if kind == "image":
                    vision = True
                elif kind == "tool_result":
                    tools = True
                    inner = part(block, "content")
                    vision |= isinstance(inner, list) and any(part(one, "type") == "image" for one in inner)
    return vision, tools


def _said(headers: Any) -> Mapping[bytes, bytes]:
    """The few headers that count, by their names in lower case. httpx looks for one name among all of them at a time,
    which for five costs more than everything else that is done here."""
    raw = getattr(headers, "raw", None)
    if raw is None:
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {name.lower(): value for name, value in raw if name.lower() in _READ}


def _rates(headers: Mapping[bytes, bytes]) -> dict[str, int]:
    """What may be asked a minute and what is left; `tokens` is the limit that is nearest, whether Anthropic says which
    one that is or only those for input and output."""
    tokens = _rate(headers, "tokens") or min(
        (_rate(headers, "input-tokens"), _rate(headers, "output-tokens")), key=_left
    )
    return {
        f"{of}_{what}": many
        for of, pair in (("requests", _rate(headers, "requests")), ("tokens", tokens))
        for what, many in zip(("limit", "remaining"), pair, strict=False)
    }


def _rate(headers: Mapping[bytes, bytes], of: str) -> tuple[int, ...]:
    """The limit and what is left of it; empty where the headers do not say both."""
    said = [headers.get(name, b"") for name in _RATES[of]]
    return tuple(map(int, said)) if all(map(bytes.isdigit, said)) else ()


def _left(pair: tuple[int, ...]) -> float:
    return pair[1] / pair[0] if pair and pair[0] else inf
