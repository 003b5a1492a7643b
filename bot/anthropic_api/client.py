"""One HTTP client per organisation: authentication, pages, retries, politeness, and errors by name.

Answers of 429 and 5xx, lost connections and unreadable bodies are tried again with growing, jittered pauses; a server's
own word on how long (or whether) to wait comes first.
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Generic, TypeVar

import httpx
from msgspec import Struct
from pydantic import BaseModel, ValidationError

from bot.anthropic_api import metering
from bot.anthropic_api.again import WORTH_ANOTHER_TRY, Sleep, TryAgain, said_pause, tried, worth_another_try
from bot.anthropic_api.http import opened
from bot.anthropic_api.politeness import Politeness
from bot.core.errors import (
    AnthropicError,
    AnthropicRefused,
    AnthropicUnavailable,
    CredentialRefused,
    NotPermitted,
    PageMalformed,
)

Params = Sequence[tuple[str, str]]
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
Decode = Callable[[bytes, str], T]
"""What the body from a path says; ValueError where it is no JSON, PageMalformed where it is not what it should be."""

ANALYTICS = "/v1/organizations/analytics"
SPEND_LIMITS = "/v1/organizations/spend_limits"
_BETAS = {ANALYTICS: "analytics-usage-cost-2026-08-24", SPEND_LIMITS: "spend-limit-reads-2026-09-26"}
"""Path prefix → the beta header its answers need."""

ATTEMPTS = 5


class Page(Struct, gc=False):
    """What every page of a report says of the next one."""

    has_more: bool
    next_page: str | None = None


P = TypeVar("P", bound=Page)


class Reader(ABC):
    """Whoever can say what stands at a path: Anthropic itself, or the pages that were kept of it."""

    @abstractmethod
    async def read(self, path: str, params: Params, decode: Decode[T]) -> T:
        """What the body at `path` says."""

    async def get(self, path: str, params: Params = ()) -> dict[str, Any]:
        """The JSON object at `path`."""
        return await self.read(path, params, decoded)

    def pages(self, path: str, params: Params) -> AsyncIterator[dict[str, Any]]:
        """Every page of a report, to the end. A cursor that comes twice would go round for ever: PageMalformed."""
        return self._to_the_end(path, params, decoded, dict.get)

    def shaped(self, path: str, params: Params, decode: Decode[P]) -> AsyncIterator[P]:
        """The same in a shape of its own."""
        return self._to_the_end(path, params, decode, getattr)

    async def _to_the_end(
        self, path: str, params: Params, decode: Decode[T], field: Callable[[T, str], Any]
    ) -> AsyncIterator[T]:
        seen: set[str] = set()
        cursor: str | None = None
        while True:
            page = await self.read(path, [*params, ("page", cursor)] if cursor else params, decode)
            yield page
            cursor = _next_cursor(field(page, "has_more"), field(page, "next_page"), path, "next_page")
            if cursor is None:
                return
            _refuse_repeat(cursor, seen, path)

    async def listed(self, path: str, params: Params = ()) -> list[dict[str, Any]]:
        """Every object of a directory list (pages by `after_id`)."""
        found: list[dict[str, Any]] = []
        seen: set[str] = set()
        query = [*params, ("limit", "1000")]
        while True:
            page = await self.get(path, query)
            found.extend(objects(page, path))
            cursor = _next_cursor(page.get("has_more"), page.get("last_id"), path, "last_id")
            if cursor is None:
                return found
            _refuse_repeat(cursor, seen, path)
            query = [*params, ("limit", "1000"), ("after_id", cursor)]


@dataclass(frozen=True, slots=True)
class Body(Generic[T]):
    """An answer as it came, and what it says."""

    content: bytes
    said: T


class AnthropicClient(Reader):
    """Reads one organisation's API. `in_flight` bounds the requests under way at once; `sleep` is for tests.

    `setting` is where its key comes from: what a person has to change when Anthropic refuses it.
    """

    def __init__(
        self,
        *,
        api_key: str,
        setting: str = "ANTHROPIC_ADMIN_API_KEY",
        base_url: str = "https://api.anthropic.com",
        version: str = "0",
        in_flight: int = 4,
        timeout_seconds: float = 30.0,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.setting = setting
        self._http = opened(
            api_key, setting=setting, base_url=base_url, version=version, timeout_seconds=timeout_seconds
        )
        self.in_flight = in_flight
        self._politeness = Politeness(in_flight)
        self._deadline_seconds = 2 * timeout_seconds
        self._sleep = sleep

    async def close(self) -> None:
        await self._http.aclose()

    async def read(self, path: str, params: Params, decode: Decode[T]) -> T:
        """What the body at `path` says. Raises AnthropicError, or CredentialRefused for 401 and 403."""
        return (await self.fetch(path, params, decode)).said

    async def fetch(self, path: str, params: Params, decode: Decode[T], *, turn: int = 0) -> Body[T]:
        """The same with the body it was read from. Of the requests that wait for others, the lowest turn is next."""
        return await tried(partial(self._get_once, path, params, decode, turn), path, ATTEMPTS, self._sleep)

    async def _get_once(self, path: str, params: Params, decode: Decode[T], turn: int) -> Body[T]:
        try:
            async with self._politeness.request(turn), asyncio.timeout(self._deadline_seconds):
                with metering.request(path) as ending:
                    response = await self._http.get(path, params=list(params), headers=_beta(path))
                    ending.status = str(response.status_code)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise TryAgain(AnthropicUnavailable(f"Anthropic did not answer {path} in time.")) from error
        except httpx.RemoteProtocolError as error:
            raise TryAgain(PageMalformed(f"Anthropic's answer to {path} was cut off.")) from error
        except httpx.DecodingError as error:
            raise TryAgain(
                PageMalformed(f"Anthropic's answer to {path} can't be read: it is packed wrongly.")
            ) from error
        except httpx.TransportError as error:
            raise TryAgain(
                AnthropicUnavailable(f"Anthropic can't be reached at {self._http.base_url}. Check the network.")
            ) from error
        if response.status_code == 200:
            try:
                return Body(response.content, decode(response.content, path))
            except ValueError as error:
                raise TryAgain(PageMalformed(f"Anthropic's answer to {path} is not JSON.")) from error
        refusal = _refusal(response, path, self.setting)
        if worth_another_try(response):
            raise TryAgain(refusal, said_pause(response))
        raise refusal


def objects(page: dict[str, Any], path: str) -> list[dict[str, Any]]:
    """The page's `data`, which must be a list of objects."""
    data = page.get("data")
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise PageMalformed(f"Anthropic's answer to {path} has no list `data`.")
    return data


def validated(model: type[M], body: object, path: str) -> M:
    """`body` as the model; PageMalformed names the first place that is missing or malformed."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise PageMalformed(f"Anthropic's answer to {path} is malformed at {place}: {first['msg']}.") from None


def _beta(path: str) -> dict[str, str]:
    return next(({"anthropic-beta": beta} for prefix, beta in _BETAS.items() if path.startswith(prefix)), {})


def decoded(content: bytes, path: str) -> dict[str, Any]:
    """A body as a JSON object; ValueError where it is no JSON at all."""
    # No floats: a number where an amount's text belongs is refused, not rounded first.
    try:
        body = json.loads(content, parse_float=Decimal)
    except RecursionError:
        raise PageMalformed(f"Anthropic's answer to {path} is nested without end.") from None
    if not isinstance(body, dict):
        raise PageMalformed(f"Anthropic's answer to {path} is not a JSON object.")
    return body


def _refusal(response: httpx.Response, path: str, setting: str) -> AnthropicError | CredentialRefused:
    status, said = response.status_code, reason(response)
    if status == 401:
        ordinary = response.request.headers["x-api-key"].startswith("sk-ant-api")
        why = f": {setting} holds an ordinary API key (sk-ant-api…), which reads no reports" if ordinary else ""
        return CredentialRefused(
            f"Anthropic refused the admin key (401: {said}){why}. Create one under Settings → Admin keys in the "
            f"Console and set {setting} (it begins with sk-ant-admin)."
        )
    if _code(response) == "organization_type_not_supported":
        return AnthropicRefused(
            f"Anthropic does not give {path} to this type of organisation ({status}: {said}). Set {setting} to an "
            "admin key of a Console organisation."
        )
    if status == 403:
        return NotPermitted(
            f"The admin key may not read {path} (403: {said}). Set {setting} to an admin key of this organisation."
        )
    if status in WORTH_ANOTHER_TRY:
        return AnthropicUnavailable(f"Anthropic answered {path} with {status}: {said}")
    return AnthropicRefused(f"Anthropic refused {path} with {status}: {said}")


def reason(response: httpx.Response) -> str:
    """Anthropic's own words for why it refuses, without the key."""
    try:
        message = response.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return "no reason given"
    # Whoever stands between may quote the request's headers.
    return str(message).replace(response.request.headers["x-api-key"], "…")[:300]


def _code(response: httpx.Response) -> str | None:
    """What kind of refusal it is, where the answer says more than its status."""
    try:
        return str(response.json()["error"]["details"]["error_code"])
    except (ValueError, KeyError, TypeError):
        return None


def _next_cursor(more: object, cursor: object, path: str, field: str) -> str | None:
    if not isinstance(more, bool):
        raise PageMalformed(f"Anthropic's answer to {path} does not say whether it `has_more`.")
    if not more:
        return None
    if not isinstance(cursor, str) or not cursor:
        raise PageMalformed(f"Anthropic's answer to {path} has more pages but no `{field}`.")
    return cursor


def _refuse_repeat(cursor: str, seen: set[str], path: str) -> None:
    if cursor in seen:
        raise PageMalformed(f"Anthropic's answer to {path} repeats its cursor; reading on would never end.")
    seen.add(cursor)
