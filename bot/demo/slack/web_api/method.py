"""What every method of the Web API is."""

from collections.abc import Callable
from typing import TypeAlias

from bot.demo.slack.values import Json

Method: TypeAlias = Callable[[Json], Json]
"""Takes the arguments, returns the answer without `ok`, raises Refused."""


def paged(key: str, items: list[Json], arguments: Json) -> Json:
    """One page of a list; the cursor is the next position."""
    start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
    end = start + limit
    cursor = str(end) if end < len(items) else ""
    return {key: items[start:end], "response_metadata": {"next_cursor": cursor}}
