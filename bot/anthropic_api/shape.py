"""A report's page in the shape it should have, in one step from its bytes: they come by the thousand."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, ValidationError
from msgspec.json import Decoder

from bot.core.errors import PageMalformed

T = TypeVar("T")

# More than anybody uses in a day, and few enough that the list cost still fits 64 bits.
Count = Annotated[int, Meta(ge=0, le=10**12)]
Searches = Annotated[int, Meta(ge=0, le=10**10)]
Instant = Annotated[datetime, Meta(tz=True)]

_MISSING = re.compile(r"Object missing required field `(?P<field>.*)`")


class Shape(Generic[T]):
    """Decodes a body that should be a `kind`; fields that it does not know are passed over.

    Raises ValueError for what is no JSON, and PageMalformed with the first place that is missing or malformed.
    """

    def __init__(self, kind: type[T]) -> None:
        self._decode = Decoder(kind).decode

    def __call__(self, content: bytes, path: str, inside: str = "") -> T:
        """`inside`: where in the body from `path` this content stands, if it is a part of it."""
        try:
            return self._decode(content)
        except ValidationError as error:
            raise PageMalformed(_sentence(str(error), path, inside)) from None


def _sentence(error: str, path: str, inside: str) -> str:
    """Its place is written as for the answers that are not read here: data.0.amount."""
    why, _, place = error.partition(" - at `$")
    place = inside + re.sub(r"[\[.]", ".", place.rstrip("`").replace("]", ""))
    if missing := _MISSING.fullmatch(why):
        place, why = f"{place}.{missing['field']}", "Field required"
    if not place:
        return f"Anthropic's answer to {path} is not a JSON object."
    return f"Anthropic's answer to {path} is malformed at {place.lstrip('.')}: {why}."
