"""Reading with a tape running, and reading again from the tape: the same readers, the same checks, no network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from bot.anthropic_api.client import AnthropicClient, Params, Reader, decoded
from bot.core.books.page import RawPage
from bot.core.errors import PageMalformed


class Recording(Reader):
    """Asks `client`, and has every page of the answers `kept`, in order."""

    def __init__(self, client: AnthropicClient) -> None:
        self._client = client
        self.kept: list[RawPage] = []

    async def get(self, path: str, params: Params = ()) -> dict[str, Any]:
        body = await self._client.fetch(path, params)
        self.kept.append(RawPage(request(path, params), body.content))
        return body.document


class Replay(Reader):
    """Answers from pages that were kept. Raises PageMalformed for a request that none of them answers."""

    def __init__(self, pages: Iterable[RawPage]) -> None:
        self._bodies = {page.request: page.body for page in pages}

    async def get(self, path: str, params: Params = ()) -> dict[str, Any]:
        wanted = request(path, params)
        try:
            return decoded(self._bodies[wanted], path)
        except KeyError:
            raise PageMalformed(f"No page was kept that answers {wanted}.") from None
        except ValueError:
            raise PageMalformed(f"The page kept for {wanted} is not JSON.") from None


def request(path: str, params: Params) -> str:
    """Path and query as one line."""
    return f"{path}?{urlencode(list(params))}" if params else path
