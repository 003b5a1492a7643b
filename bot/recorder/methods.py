"""Recording for an SDK without middleware, or for anything else that has `messages.create`.

All that such a client makes of `/v1/messages` goes through the `_post` of its resource; what is not Anthropic's own SDK
has `create` alone. Here an answer comes without its headers, unless it is a stream or asked for raw, and what the SDK
tries again by itself is one call.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from bot.recorder import steps
from bot.recorder.attempt import Attempt, Keeper
from bot.recorder.labels import Labels
from bot.recorder.steps import Steps
from bot.recorder.streams import listen

_MESSAGES = "/v1/messages"


def patch(client: Any, keeper: Keeper, whose: Callable[[], Labels], *, awaited: bool) -> int:
    """Replace what makes the calls, on this very object; says how many places that were."""
    places = 0
    for resource in _resources(client):
        name = "_post" if hasattr(resource, "_post") else "create"
        if hasattr(resource, name):
            original = getattr(resource, name)
            several = awaited or inspect.iscoroutinefunction(original)
            record = _awaited(original, keeper, whose) if several else _plain(original, keeper, whose)
            setattr(resource, name, record)
            places += 1
    for name in ("copy", "with_options"):
        if places and hasattr(client, name):
            setattr(client, name, _copying(getattr(client, name), keeper, whose, awaited=awaited))
    return places


def _copying(
    original: Callable[..., Any], keeper: Keeper, whose: Callable[[], Labels], *, awaited: bool
) -> Callable[..., Any]:
    """A copy has resources of its own, which would not be recorded."""

    def copy(*args: Any, **kwargs: Any) -> Any:
        made = original(*args, **kwargs)
        patch(made, keeper, whose, awaited=awaited)
        return made

    return copy


def _resources(client: Any) -> Iterator[Any]:
    for holder in (client, getattr(client, "beta", None)):
        messages = getattr(holder, "messages", None)
        if messages is not None:
            yield messages


def _plain(original: Callable[..., Any], keeper: Keeper, whose: Callable[[], Labels]) -> Callable[..., Any]:
    def record(*args: Any, **kwargs: Any) -> Any:
        return steps.plain(_recorded(original, keeper, whose, args, kwargs))

    return record


def _awaited(original: Callable[..., Any], keeper: Keeper, whose: Callable[[], Labels]) -> Callable[..., Any]:
    async def record(*args: Any, **kwargs: Any) -> Any:
        return await steps.awaited(_recorded(original, keeper, whose, args, kwargs))

    return record


def _recorded(
    original: Callable[..., Any],
    keeper: Keeper,
    whose: Callable[[], Labels],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Steps:
    attempt, call = _attempt(keeper, whose, args, kwargs), partial(original, *args, **kwargs)
    if attempt is None:
        return (yield call)
    try:
        answer = yield call
    except BaseException as error:
        attempt.failed(error)
        raise
    return _answered(attempt, answer)


def _attempt(
    keeper: Keeper, whose: Callable[[], Labels], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Attempt | None:
    try:
        path = args[0] if args else _MESSAGES
        if not isinstance(path, str) or path.partition("?")[0] != _MESSAGES:
            return None
        body = kwargs.get("body", kwargs)
        return Attempt(keeper, whose(), body, streaming=bool(kwargs.get("stream") is True))
    except Exception:
        keeper.lost("a request could not be read")
        return None


def _answered(attempt: Attempt, answer: Any) -> Any:
    """The very answer, whatever it is."""
    try:
        response = getattr(answer, "response", None)
        if response is not None:
            attempt.headers(response.status_code, response.headers)
            listen(answer, attempt)
        elif hasattr(answer, "http_response") and not inspect.iscoroutinefunction(answer.parse):
            attempt.headers(answer.http_response.status_code, answer.http_response.headers)
            parsed = answer.parse()
            if not listen(parsed, attempt):
                attempt.message(parsed)
                attempt.done()
        elif hasattr(answer, "usage"):
            request_id = getattr(answer, "_request_id", None)
            attempt.headers(200, {"request-id": request_id} if request_id else {})
            attempt.message(answer)
            attempt.done()
    except Exception as error:
        attempt.give_up(f"an answer could not be read ({type(error).__name__})")
    return answer
