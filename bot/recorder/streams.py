"""Listening to a stream that somebody else reads: the same events, the same exceptions, in the same order."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from bot.recorder.attempt import Attempt

Hear = Callable[[Any], None]
_INNER = "_iterator"
"""Where the SDK's streams keep what they iterate over, in every version of it."""


def listen(stream: Any, attempt: Attempt) -> bool:
    """Whether `stream` is one that can be listened to."""
    if not _replace(stream, lambda inner: _Events(inner, attempt), lambda inner: _AsyncEvents(inner, attempt)):
        return False
    after(stream, "close", lambda _: attempt.left())
    return True


def listen_to_results(results: Any, hear: Hear) -> bool:
    """The same for the results of a batch."""
    return _replace(results, lambda inner: _Results(inner, hear), lambda inner: _AsyncResults(inner, hear))


def after(of: Any, name: str, hear: Hear) -> None:
    """Hear what the method `name` of this very object gives back, each time somebody calls it.

    The object is referred to weakly: a circle would leave it to the collector to let go of its connection.
    """
    method, weak = getattr(type(of), name), weakref.ref(of)

    def call(*args: Any, **kwargs: Any) -> Any:
        given = method(weak(), *args, **kwargs)
        hear(given)
        return given

    async def awaited(*args: Any, **kwargs: Any) -> Any:
        given = await method(weak(), *args, **kwargs)
        hear(given)
        return given

    setattr(of, name, awaited if inspect.iscoroutinefunction(method) else call)


def _replace(stream: Any, plain: Callable[[Any], Any], awaited: Callable[[Any], Any]) -> bool:
    inner = getattr(stream, _INNER, None)
    if hasattr(inner, "__anext__"):
        setattr(stream, _INNER, awaited(inner))
    elif hasattr(inner, "__next__"):
        setattr(stream, _INNER, plain(inner))
    else:
        return False
    return True


class _Heard:
    """It refers to what the stream iterates over and not to the stream: a circle would keep a dropped one open."""

    def __init__(self, inner: Any, attempt: Attempt) -> None:
        self._inner = inner
        self._attempt = attempt

    def __del__(self) -> None:
        self._attempt.left()


class _Events(_Heard):
    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            event = next(self._inner)
        except StopIteration:
            self._attempt.done()
            raise
        except BaseException as error:
            self._attempt.failed(error)
            raise
        self._attempt.event(event)
        return event


class _AsyncEvents(_Heard):
    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        try:
            event = await self._inner.__anext__()
        except StopAsyncIteration:
            self._attempt.done()
            raise
        except BaseException as error:
            self._attempt.failed(error)
            raise
        self._attempt.event(event)
        return event


class _Results:
    def __init__(self, inner: Any, hear: Hear) -> None:
        self._inner = inner
        self._hear = hear

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        result = next(self._inner)
        self._hear(result)
        return result


class _AsyncResults(_Results):
    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        result = await self._inner.__anext__()
        self._hear(result)
        return result
