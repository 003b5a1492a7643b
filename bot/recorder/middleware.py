"""Recording through the SDK's own middleware, which sees every attempt with its headers.

Whatever the recorder can't do, the call goes on as if it were not there.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from bot.recorder import steps
from bot.recorder.attempt import Attempt, Keeper, result
from bot.recorder.labels import Labels
from bot.recorder.steps import Steps
from bot.recorder.streams import after, listen, listen_to_results

Whose = Callable[[], Labels]
_MESSAGES = "/v1/messages"
_RESULTS = "/results"
_UNREADABLE = "a request could not be read"


def plain(keeper: Keeper, whose: Whose) -> Callable[..., Any]:
    """For `anthropic.Anthropic`."""

    def record(request: Any, call_next: Callable[[Any], Any]) -> Any:
        return steps.plain(_recorded(keeper, whose, request, call_next))

    return record


def awaited(keeper: Keeper, whose: Whose) -> Callable[..., Awaitable[Any]]:
    """For `anthropic.AsyncAnthropic`."""

    async def record(request: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        return await steps.awaited(_recorded(keeper, whose, request, call_next))

    return record


def _recorded(keeper: Keeper, whose: Whose, request: Any, call_next: Callable[[Any], Any]) -> Steps:
    """One request, as the program would have made it."""
    attempt = _attempt(keeper, whose, request)
    if attempt is None:
        response = yield partial(call_next, request)
        try:
            if _is_results(request, response):
                listen_to_results((yield response.parse), partial(result, keeper, whose()))
        except Exception:
            keeper.lost(_UNREADABLE)
        return response
    try:
        response = yield partial(call_next, request)
    except BaseException as error:
        attempt.failed(error)
        raise
    try:
        answer = response.http_response
        attempt.headers(answer.status_code, answer.headers)
        if not answer.is_success:
            yield answer.aread if inspect.iscoroutinefunction(response.parse) else answer.read
            attempt.refused(answer.status_code, _body(answer))
        elif request.stream:
            listen((yield response.parse), attempt)
        elif answer.is_closed:
            try:
                message = yield response.parse  # what the caller gets, parsed once for both
            except Exception:
                message = answer.json()  # which the caller will see fail, too
            attempt.message(message)
            attempt.done()
        else:
            after(response, "read", partial(_read, attempt))
    except Exception as error:
        attempt.give_up(f"an answer could not be read ({type(error).__name__})")
    return response


def _attempt(keeper: Keeper, whose: Whose, request: Any) -> Attempt | None:
    """None for what is no call: counting tokens, listing models, making a batch."""
    try:
        if request.method.lower() != "post" or request.url.partition("?")[0] != _MESSAGES:
            return None
        return Attempt(keeper, whose(), request.json or {}, streaming=request.stream)
    except Exception:
        keeper.lost(_UNREADABLE)
        return None


def _is_results(request: Any, response: Any) -> bool:
    """Whether somebody reads the results of a batch."""
    path = str(request.url).partition("?")[0]
    return _MESSAGES in path and path.endswith(_RESULTS) and bool(response.http_response.is_success)


def _read(attempt: Attempt, body: bytes) -> None:
    """An answer that the caller reads when they like (`with_streaming_response`)."""
    try:
        attempt.message(json.loads(body))
        attempt.done()
    except ValueError:
        attempt.give_up("an answer was no JSON")


def _body(answer: Any) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
