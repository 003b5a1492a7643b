"""YAML as people wrote it: a tree of texts with line numbers.

Only the parser's events are used, so no tag makes an object, no number becomes a float and `on:` stays a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from bot.core.errors import ConfigError

LARGEST_FILE = 1_000_000
_DEEPEST = 12  # the deepest thing the format knows is at 5; a file of a million "[" must not become a million frames
_NUMBER = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|0[ox][0-9a-fA-F]+|[-+]?\.inf|\.nan", re.ASCII | re.I)
_CREDENTIAL = re.compile(r"sk-ant-|xox[a-z]-|xapp-", re.I)
_LONGEST_SHOWN = 60


class Kind(StrEnum):
    """What a scalar is, as a message calls it."""

    TEXT = "text"
    NUMBER = "a number"
    FLAG = "true or false"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value exactly as the file spells it."""

    line: int
    text: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    line: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping, repeated keys included."""

    line: int
    fields: tuple[tuple[Scalar, Node], ...]


Node = Scalar | Items | Fields


class Mistakes:
    """What is wrong with one file, gathered so that people hear of everything at once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: list[tuple[int, str]] = []

    def add(self, line: int, sentences: str) -> None:
        self._found.append((line, sentences))

    def refuse(self) -> None:
        """Raise ConfigError with a line for each mistake, in the file's order; nothing happens when there is none."""
        if self._found:
            found = sorted(dict.fromkeys(self._found), key=lambda mistake: mistake[0])
            error = ConfigError("\n".join(f"{self._name}:{line}: {sentences}" for line, sentences in found))
            error.mistakes = tuple(found)
            raise error


def shown(text: str) -> str:
    """A text of the file inside a one-line message: in quotes, cut, and never a credential."""
    if _CREDENTIAL.search(text):
        return "(a credential)"
    cut = text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
    return '"' + "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in cut) + '"'


def is_credential(text: str) -> bool:
    """Somebody pasted a secret where its name belongs."""
    return _CREDENTIAL.search(text) is not None


def described(node: Node) -> str:
    match node:
        case Scalar():
            return node.kind.value
        case Items():
            return "a list"
        case Fields():
            return "a mapping"


def seen(node: Node) -> str:
    """What stands there, inside a message: a text itself, else what kind of thing it is."""
    return shown(node.text) if isinstance(node, Scalar) else described(node)


def read(text: str, mistakes: Mistakes) -> Node | None:
    """The file's tree; None for an empty one. Raises ConfigError for what is not YAML or more than plain YAML."""
    if len(text.encode(errors="replace")) > LARGEST_FILE:
        mistakes.add(1, "the file is larger than 1 MB. Leave out what is not configuration.")
        mistakes.refuse()
    node = None
    try:
        events = YAML(typ="safe", pure=True).parse(text)
        for event in events:
            if not isinstance(event, DocumentStartEvent):
                continue
            if node is not None:
                mistakes.add(_line(event), 'a second document begins here. Keep one, without "---" in between.')
                break
            node = _node(next(events), events, mistakes, depth=0)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join((error.problem or "it cannot be read").split())
        mistakes.add(mark.line + 1 if mark else 1, f"not YAML: {problem}. Check the indentation, quotes and brackets.")
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        mistakes.add(line, "not YAML: a character that no text file holds. Delete it.")
    except YAMLError:
        mistakes.add(1, "not YAML. Check the indentation, quotes and brackets.")
    mistakes.refuse()
    return None if isinstance(node, Scalar) and node.kind is Kind.NOTHING else node


def _node(event: Any, events: Iterator[Any], mistakes: Mistakes, *, depth: int) -> Node:
    line = _line(event)
    if depth > _DEEPEST:
        mistakes.add(line, "nested too deeply. Nothing here has that many levels.")
        mistakes.refuse()
    if isinstance(event, AliasEvent):
        mistakes.add(line, f"the alias {shown(f'*{event.anchor}')} is not allowed. Write the values out.")
    elif getattr(event, "tag", None):
        mistakes.add(line, f"the tag {shown(str(event.tag))} is not allowed. Write the plain value.")
    match event:
        case ScalarEvent():
            return Scalar(line, event.value, _kind(event.value) if event.implicit[0] else Kind.TEXT)
        case SequenceStartEvent():
            items = []
            while not isinstance(event := next(events), SequenceEndEvent):
                items.append(_node(event, events, mistakes, depth=depth + 1))
            return Items(line, tuple(items))
        case MappingStartEvent():
            fields = []
            while not isinstance(event := next(events), MappingEndEvent):
                key = _node(event, events, mistakes, depth=depth + 1)
                value = _node(next(events), events, mistakes, depth=depth + 1)
                if isinstance(key, Scalar):
                    fields.append((key, value))
                else:
                    mistakes.add(key.line, f"a key cannot be {described(key)}. Write a word before the colon.")
            return Fields(line, tuple(fields))
    return Scalar(line, "", Kind.NOTHING)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _kind(plain: str) -> Kind:
    if plain in ("", "~", "null", "Null", "NULL"):
        return Kind.NOTHING
    if plain.lower() in ("true", "false"):
        return Kind.FLAG
    return Kind.NUMBER if _NUMBER.fullmatch(plain) else Kind.TEXT
