"""Reading with a tape running, and reading again from the tape: the same readers, the same checks, no network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar
from urllib.parse import urlencode

from bot.anthropic_api.client import AnthropicClient, Decode, Params, Reader
from bot.core.books.page import RawPage
from bot.core.errors import PageMalformed

T = TypeVar("T")


class Recording(Reader):
    """Asks `client` when it is this `turn`, and has every page of the answers `kept`, in order."""

    def __init__(self, client: AnthropicClient, turn: int = 0) -> None:
        self._client = client
        self._turn = turn
        self.kept: list[RawPage] = []

    async def read(self, path: str, params: Params, decode: Decode[T]) -> T:
        body = await self._client.fetch(path, params, decode, turn=self._turn)
        self.kept.append(RawPage(request(path, params), body.content))
        return body.said


class Replay(Reader):
    """Answers from pages that were kept. Raises PageMalformed for a request that none of them answers."""

    def __init__(self, pages: Iterable[RawPage]) -> None:
        self._bodies = {page.request: page.body for page in pages}

    async def read(self, path: str, params: Params, decode: Decode[T]) -> T:
        wanted = request(path, params)
        try:
            return decode(self._bodies[wanted], path)
        except KeyError:
            raise PageMalformed(f"No page was kept that answers {wanted}.") from None
        except ValueError:
            raise PageMalformed(f"The page kept for {wanted} is not JSON.") from None


def request(path: str, params: Params) -> str:
    """Path and query as one line."""
    return f"{path}?{urlencode(list(params))}" if params else path
