"""One mapping of the configuration file: its fields, each taken as what it must be or reported with its line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from bot.core.configuration.yaml import Fields, Items, Kind, Mistakes, Node, Scalar, described, seen, shown
from bot.core.nearest import nearest

_PLAIN_DECIMAL = re.compile(r"\d{1,15}(\.\d{1,10})?", re.ASCII)


class Entry:
    """One mapping of the file, such as a team: each field is taken as what it must be, or is a mistake and None.

    `what` is how messages call it: `team "alpha"`. A field without a value is one that is not there.
    """

    def __init__(self, node: Fields, what: str, keys: Sequence[str], mistakes: Mistakes) -> None:
        self.line = node.line
        self.what = what
        self._mistakes = mistakes
        self._fields: dict[str, Node] = {}
        first: dict[str, int] = {}
        for key, value in node.fields:
            if key.text in first:
                self.mistake(
                    key.line, f"{shown(key.text)} is in {what} twice, first on line {first[key.text]}. Keep one."
                )
                continue
            first[key.text] = key.line
            if key.text not in keys:
                hint = suggestion(key.text, keys, "It takes")
                self.mistake(key.line, f"unknown key {shown(key.text)} in {what}. {hint}")
            elif not (isinstance(value, Scalar) and value.kind is Kind.NOTHING):
                self._fields[key.text] = value

    def mistake(self, line: int, sentences: str) -> None:
        self._mistakes.add(line, sentences)

    def wrong(self, key: str, sentences: str) -> None:
        """A mistake in the value of `key`."""
        self.mistake(self.line_of(key), f'"{key}" of {self.what} {sentences}')

    def line_of(self, key: str) -> int:
        return self._fields[key].line if key in self._fields else self.line

    def __contains__(self, key: str) -> bool:
        return key in self._fields

    def require(self, *keys: str) -> None:
        for key in keys:
            if key not in self:
                self.mistake(self.line, f'{self.what} has no "{key}". Add it.')

    def node(self, key: str) -> Node | None:
        return self._fields.get(key)

    def text(self, key: str) -> str | None:
        node = self.node(key)
        return None if node is None else text_of(node, f'"{key}" of {self.what}', self._mistakes)

    def word(self, key: str, words: Sequence[str]) -> str | None:
        """A text that must be one of `words`."""
        text = self.text(key)
        if text is None or text in words:
            return text
        self.wrong(key, f"cannot be {shown(text)}. {suggestion(text, words, 'It is one of')}")
        return None

    def says(self, key: str, word: str) -> bool:
        """Whether the value is this very word; anything else is left for whoever reads it."""
        node = self.node(key)
        return isinstance(node, Scalar) and node.text == word

    def decimal(self, key: str, *, example: str) -> Decimal | None:
        """An exact number above 0, as the file spells it."""
        node = self.node(key)
        if node is None:
            return None
        if isinstance(node, Scalar) and _PLAIN_DECIMAL.fullmatch(node.text) and Decimal(node.text) > 0:
            return Decimal(node.text)
        self.wrong(key, f"must be a plain number above 0, not {seen(node)}. Write it like {example}.")
        return None

    def flag(self, key: str) -> bool | None:
        node = self.node(key)
        if node is None:
            return None
        if isinstance(node, Scalar) and node.kind is Kind.FLAG:
            return node.text.lower() == "true"
        self.wrong(key, f"must be true or false, not {described(node)}. Write true or false without quotes.")
        return None

    def items(self, key: str) -> tuple[Node, ...]:
        node = self.node(key)
        if node is None or isinstance(node, Items):
            return node.items if node else ()
        self.wrong(key, f'must be a list, not {described(node)}. Write [a, b], or one "- " line for each.')
        return ()

    def texts(self, key: str) -> tuple[Scalar, ...]:
        """A list of texts, each with its line."""
        name = f'an item of "{key}" of {self.what}'
        return tuple(
            item
            for item in self.items(key)
            if text_of(item, name, self._mistakes) is not None and isinstance(item, Scalar)
        )


def text_of(node: Node, name: str, mistakes: Mistakes) -> str | None:
    if isinstance(node, Scalar) and node.kind is Kind.TEXT:
        return node.text
    advice = (
        f"Put it in quotes: {shown(node.text)}." if isinstance(node, Scalar) else "Write one word or a quoted text."
    )
    mistakes.add(node.line, f"{name} must be text, not {described(node)}. {advice}")
    return None


def suggestion(word: str, known: Sequence[str], title: str) -> str:
    """The second sentence of a mistake about an unknown word: the closest one, or all of them."""
    closest = nearest(word, known, 1)
    if closest:
        return f'Did you mean "{closest[0]}"?'
    return f"{title}: {', '.join(known)}." if known else f"{title}: none."
