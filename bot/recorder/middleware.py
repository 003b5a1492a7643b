"""Recording through the SDK's own middleware, which sees every attempt with its headers.

Whatever the recorder can't do, the call goes on as if it were not there.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from bot.recorder.attempt import Attempt, Keeper, result
from bot.recorder.labels import Labels
from bot.recorder.streams import after, listen, listen_to_results

Whose = Callable[[], Labels]
_MESSAGES = "/v1/messages"
_RESULTS = "/results"
_UNREADABLE = "a request could not be read"


def plain(keeper: Keeper, whose: Whose) -> Callable[..., Any]:
    """For `anthropic.Anthropic`."""

    def record(request: Any, call_next: Callable[[Any], Any]) -> Any:
        attempt = _attempt(keeper, whose, request)
        if attempt is None:
            response = call_next(request)
            _hear_results(keeper, whose, request, response)
            return response
        try:
            response = call_next(request)
        except BaseException as error:
            attempt.failed(error)
            raise
        try:
            answer = response.http_response
            attempt.headers(answer.status_code, answer.headers)
            if not answer.is_success:
                answer.read()
                attempt.refused(answer.status_code, _body(answer))
            elif request.stream:
                listen(response.parse(), attempt)
            elif answer.is_closed:
                attempt.message(_parsed(response))
                attempt.done()
            else:
                after(response, "read", partial(_read, attempt))
        except Exception as error:
            attempt.give_up(f"an answer could not be read ({type(error).__name__})")
        return response

    return record


def awaited(keeper: Keeper, whose: Whose) -> Callable[..., Awaitable[Any]]:
    """For `anthropic.AsyncAnthropic`: the same, with the waiting spelt out."""

    async def record(request: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        attempt = _attempt(keeper, whose, request)
        if attempt is None:
            response = await call_next(request)
            await _hear_awaited_results(keeper, whose, request, response)
            return response
        try:
            response = await call_next(request)
        except BaseException as error:
            attempt.failed(error)
            raise
        try:
            answer = response.http_response
            attempt.headers(answer.status_code, answer.headers)
            if not answer.is_success:
                await answer.aread()
                attempt.refused(answer.status_code, _body(answer))
            elif request.stream:
                listen(await response.parse(), attempt)
            elif answer.is_closed:
                attempt.message(await _awaited_parsed(response))
                attempt.done()
            else:
                after(response, "read", partial(_read, attempt))
        except Exception as error:
            attempt.give_up(f"an answer could not be read ({type(error).__name__})")
        return response

    return record


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


def _hear_results(keeper: Keeper, whose: Whose, request: Any, response: Any) -> None:
    try:
        if _is_results(request, response):
            listen_to_results(response.parse(), partial(result, keeper, whose()))
    except Exception:
        keeper.lost(_UNREADABLE)


async def _hear_awaited_results(keeper: Keeper, whose: Whose, request: Any, response: Any) -> None:
    try:
        if _is_results(request, response):
            listen_to_results(await response.parse(), partial(result, keeper, whose()))
    except Exception:
        keeper.lost(_UNREADABLE)


def _parsed(response: Any) -> Any:
    """What the caller gets, parsed once for both; where that fails, which the caller will see, what came."""
    try:
        return response.parse()
    except Exception:
        return response.http_response.json()


async def _awaited_parsed(response: Any) -> Any:
    try:
        return await response.parse()
    except Exception:
        return response.http_response.json()


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
