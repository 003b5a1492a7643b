"""The smallest checks: strings, text objects, arrays. Each yields what is wrong, with a JSON pointer to the place."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

Json = dict[str, Any]
Check = Callable[[Json, str], Iterator[str]]
MARKUP = ("plain_text", "mrkdwn")
PLAIN = ("plain_text",)


def problem(what: str, at: str) -> str:
    return f"{what} [json-pointer:{at}]"


def listed(value: object) -> list[Any]:
    """The value if it is an array, else nothing: that it is none is said elsewhere."""
    return value if isinstance(value, list) else []


def count(items: object, at: str, most: int, least: int = 1) -> Iterator[str]:
    if not isinstance(items, list):
        yield problem("must be an array", at)
    elif len(items) > most:
        yield problem(f"no more than {most} items allowed", at)
    elif len(items) < least:
        yield problem(f"no fewer than {least} items allowed", at)


def string(value: object, at: str, most: int) -> Iterator[str]:
    if not isinstance(value, str):
        yield problem("must provide a string", at)
    elif not value:
        yield problem("must be more than 0 characters", at)
    elif len(value) > most:
        yield problem(f"must be less than {most + 1} characters", at)


def optional(holder: Json, key: str, at: str, most: int) -> Iterator[str]:
    if holder.get(key) is not None:
        yield from string(holder[key], f"{at}/{key}", most)


def text(value: object, at: str, most: int, kinds: Collection[str] = MARKUP) -> Iterator[str]:
    """A text object: `{"type": "plain_text"|"mrkdwn", "text": …}`."""
    if not isinstance(value, dict):
        yield problem("must be a text object", at)
        return
    if value.get("type") not in kinds:
        yield problem(f"unsupported type: {value.get('type')}, expected {' or '.join(kinds)}", f"{at}/type")
    yield from string(value.get("text"), f"{at}/text", most)
    if value.get("type") == "mrkdwn" and "emoji" in value:
        yield problem("emoji is only allowed in plain_text", f"{at}/emoji")


def optional_text(holder: Json, key: str, at: str, most: int, kinds: Collection[str] = MARKUP) -> Iterator[str]:
    if holder.get(key) is not None:
        yield from text(holder[key], f"{at}/{key}", most, kinds)


def one_of(value: object, at: str, allowed: Collection[str]) -> Iterator[str]:
    if value not in allowed:
        yield problem(f"must be one of {', '.join(sorted(allowed))}", at)


def unique(names: Sequence[object], at: str, what: str) -> Iterator[str]:
    for name in {str(name) for name in names if names.count(name) > 1}:
        yield problem(f"{what} {name!r} is used more than once", at)


def is_number(value: object) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and value == value and abs(value) != float("inf")
    )
