"""Entries put into the text of a configuration file, where its author would have written them; the rest stays as it is.

Entries go in as flow mappings (`- {id: morning, channel: C0GENERAL}`), which may stand in block and in flow style.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

Value = str | bool | Sequence["Value"] | Mapping[str, "Value"]
"""What an entry holds. Numbers are text too: the reader takes them in quotes, and they stay exact."""
TEAMS = "teams"

_WORD = re.compile(r"[A-Za-z][\w.-]*", re.ASCII)
_NUMBER = re.compile(r"\d+(\.\d+)?", re.ASCII)
_NO_WORD = frozenset({"true", "false", "null"})
_AMOUNTS = frozenset({"amount", "above", "min_impact", "share", "notify_at"})
"""Keys whose numbers read better without quotes; an id of digits alone must keep them."""
_COMMENT = re.compile(r"#[^\n]*")


@dataclass(frozen=True, slots=True)
class Addition:
    """An entry of a section; for `teams` an item of the list under `key` of the team called `id`."""

    section: str
    id: str
    entry: Value
    key: str = ""


@dataclass(frozen=True, slots=True)
class Spliced:
    """The whole text, and for each addition its first line there; None where its team is not in the file."""

    text: str
    lines: tuple[int | None, ...]


_Pieces = list[tuple[str, int | None]]
"""Text to put in, each piece with the number of the addition it is."""


@dataclass(frozen=True, slots=True)
class _Edit:
    """Pieces put in at `at`, in the place of what stands up to `until`."""

    at: int
    until: int
    pieces: _Pieces


_Items = Sequence[tuple[int, str]]
"""Written entries with the numbers of their additions."""


def spliced(text: str, additions: Sequence[Addition], *, spread: bool = False) -> Spliced:
    """The text with the additions; `spread`: each key of an entry on a line of its own, in the order of the entry.

    The text must be one that the reader takes.
    """
    root = YAML(typ="safe", pure=True).compose(text)
    edits: list[_Edit] = []
    places: dict[tuple[str, str], dict[str, list[tuple[int, str]]]] = {}
    for number, one in enumerate(additions):
        place, key = ((TEAMS, one.id), one.key) if one.section == TEAMS else (("", ""), one.section)
        places.setdefault(place, {}).setdefault(key, []).append((number, written(one.entry, spread=spread)))
    for (section, team_id), lists in sorted(places.items(), reverse=True):  # the innermost first: both may end together
        mapping = _team(root, team_id) if section else root
        if isinstance(mapping, MappingNode):
            edits += _into(text, mapping, lists)
        elif not section:
            edits.append(_at_the_end(text, lists))
    return _applied(text, edits, len(additions))


def written(value: Value, *, key: str = "", spread: bool = False) -> str:
    """A value in YAML's flow style, on one line unless `spread`."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            plain = _NUMBER if key in _AMOUNTS else _WORD
            bare = plain.fullmatch(value) and value.lower() not in _NO_WORD
            return value if bare else json.dumps(value, ensure_ascii=False)
        case Mapping():
            pairs = (f"{written(name)}: {written(one, key=name)}" for name, one in value.items())
            return "{" + (",\n" + " " * 8 if spread else ", ").join(pairs) + "}"
        case _:
            return "[" + ", ".join(written(one, key=key) for one in value) + "]"


def held(text: str) -> dict[str, frozenset[str]]:
    """The ids that a file's sections hold, and under "owners" those of the teams whose owners it names."""
    root = YAML(typ="safe", pure=True).compose(text)
    found: dict[str, set[str]] = defaultdict(set)
    for name, section in root.value if isinstance(root, MappingNode) else ():
        for entry in section.value if isinstance(section, SequenceNode) else ():
            id_ = _value(entry, "id") if isinstance(entry, MappingNode) else None
            if id_ is not None:
                found[name.value].add(id_.value)
                owners = _value(entry, "owners")
                if name.value == TEAMS and isinstance(owners, SequenceNode) and owners.value:
                    found["owners"].add(id_.value)
    return defaultdict(frozenset, {name: frozenset(ids) for name, ids in found.items()})


def _team(root: Node | None, team_id: str) -> MappingNode | None:
    teams = _value(root, TEAMS) if isinstance(root, MappingNode) else None
    for team in teams.value if isinstance(teams, SequenceNode) else ():
        id_ = _value(team, "id") if isinstance(team, MappingNode) else None
        if id_ is not None and id_.value == team_id:
            assert isinstance(team, MappingNode)
            return team
    return None


def _value(mapping: MappingNode, key: str) -> Node | None:
    return next((value for name, value in mapping.value if name.value == key), None)


def _into(text: str, mapping: MappingNode, lists: Mapping[str, _Items]) -> Iterator[_Edit]:
    """Items for the lists under some keys of a mapping; a list that is not there is made."""
    missing = {}
    for key, items in lists.items():
        held = _value(mapping, key)
        if isinstance(held, SequenceNode):
            yield _into_list(text, held, items)
        elif held is None:
            missing[key] = items
        else:  # nothing stands under it, or the reader would refuse it
            name = next(name for name, _ in mapping.value if name.value == key)
            colon = text.index(":", name.end_mark.index) + 1
            end = held.end_mark.index if held.value else colon  # of an empty one the parser takes what comes next
            yield _Edit(colon, end, [(" [", None), *_flow(items), ("]", None)])
    if not missing:
        return
    if mapping.flow_style:
        end = mapping.end_mark.index - 1
        pieces: _Pieces = [("" if _needs_no_comma(text, mapping, end) else ",", None)]
        for key, items in missing.items():
            pieces += [(f" {key}: [", None), *_flow(items), ("],", None)]
        yield _Edit(end, end, pieces)
        return
    end = _line_end(text, _end(mapping))
    column = mapping.start_mark.column
    yield _Edit(end, end, [piece for key, items in missing.items() for piece in _block(key, items, column)])


def _into_list(text: str, held: SequenceNode, items: _Items) -> _Edit:
    if held.flow_style:
        end = held.end_mark.index - 1
        comma = "" if _needs_no_comma(text, held, end) else ","
        return _Edit(end, end, [(comma, None), *_flow(items)])
    end = _line_end(text, _end(held))
    return _Edit(end, end, [(f"\n{' ' * held.start_mark.column}- {one}", number) for number, one in items])


def _at_the_end(text: str, lists: Mapping[str, _Items]) -> _Edit:
    """Of a file that holds nothing yet but comments."""
    pieces = [piece for key, items in lists.items() for piece in _block(key, items, 0)]
    return _Edit(len(text.rstrip("\n")), len(text), [*pieces, ("\n", None)])


def _flow(items: _Items) -> _Pieces:
    """Each on a line of its own, so that a mistake's line says whose it is."""
    return [(f"{',' if n else ''}\n{' ' * 8}{one}", number) for n, (number, one) in enumerate(items)]


def _block(key: str, items: _Items, column: int) -> _Pieces:
    pad = " " * column
    return [(f"\n{pad}{key}:", None), *((f"\n{pad}  - {one}", number) for number, one in items)]


def _needs_no_comma(text: str, node: MappingNode | SequenceNode, end: int) -> bool:
    """Of a flow collection: it is empty, or ends with a comma already."""
    if not node.value:
        return True
    return "," in _COMMENT.sub("", text[_end(_last(node)) : end])


def _end(node: Node) -> int:
    """Where the text of a node ends; the parser takes a block to reach up to whatever comes next."""
    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        return _end(_last(node))
    return int(node.end_mark.index)


def _last(node: MappingNode | SequenceNode) -> Node:
    last = node.value[-1]
    return last[1] if isinstance(last, tuple) else last  # type: ignore[no-any-return]


def _line_end(text: str, at: int) -> int:
    """The end of the line, behind a comment on it; a block scalar ends at the beginning of the next one."""
    if at and text[at - 1] == "\n":
        return at - 1
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _applied(text: str, edits: Sequence[_Edit], count: int) -> Spliced:
    pieces: list[str] = []
    lines: list[int | None] = [None] * count
    done, line = 0, 1
    for edit in sorted(edits, key=lambda one: one.at):
        lead: _Pieces = [(text[done : edit.at], None)]
        for piece, number in [*lead, *edit.pieces]:
            if number is not None:
                lines[number] = line + piece.lstrip(",").startswith("\n")
            pieces.append(piece)
            line += piece.count("\n")
        done = edit.until
    return Spliced("".join([*pieces, text[done:]]), tuple(lines))
