"""A receipt as JSON and back; its id and the hashes in it are of that JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.core.books.receipt import Receipt
from bot.core.directory import Directory
from bot.core.errors import ReceiptUnreadable

ID_LETTERS = 12


def document(receipt: Receipt) -> dict[str, Any]:
    """The receipt as JSON values, without its id."""
    found: dict[str, Any] = _adapter().dump_python(receipt, mode="json")
    return found


def read(found: Mapping[str, Any]) -> Receipt:
    """A receipt from its JSON values; ReceiptUnreadable names the first place that is none."""
    try:
        return _adapter().validate_python({name: value for name, value in found.items() if name != "id"}, strict=False)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ReceiptUnreadable(f"This is no receipt of this bot: {place}: {first['msg']}.") from None


def id_of(found: Mapping[str, Any]) -> str:
    """The id that this content has: the first letters of the hash of its canonical JSON."""
    return _hash({name: value for name, value in found.items() if name != "id"})[:ID_LETTERS]


def directory_hash(directories: Sequence[Directory]) -> str:
    return _hash(_directories().dump_python(tuple(directories), mode="json"))


def text_hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _hash(found: object) -> str:
    return sha256(json.dumps(found, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Receipt]:
    return TypeAdapter(Receipt)


@lru_cache(maxsize=1)
def _directories() -> TypeAdapter[tuple[Directory, ...]]:
    return TypeAdapter(tuple[Directory, ...])
