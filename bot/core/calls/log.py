"""Call logs as they lie in files: JSON lines, one JSON array, or CSV; read a piece at a time, so memory stays flat."""

from __future__ import annotations

import csv
import json
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from hashlib import sha256
from itertools import chain, islice
from typing import Any, NamedTuple

from bot.core.calls.line import MOST_BYTES
from bot.core.calls.wire import Refusal

PER_PIECE = 20_000
"""Records stored, or passed over, together."""
_DELIMITERS = ",;\t"
"""What spreadsheets put between fields, by the country they are set to."""
_SPACE_OR_COMMA = " \t\r\n,"


class Log(StrEnum):
    """What a file is, as `import --format` takes it."""

    AUTO = "auto"
    JSONL = "jsonl"
    JSON = "json"
    CSV = "csv"


class Piece(NamedTuple):
    """Some records of a log as they are written there; `first` is the number of the first, counted from 1."""

    first: int
    records: list[Any]
    """Bytes of a line of JSON; else what was read already: a mapping, or the Refusal of what could not be."""
    sha256: str
    """Of what is written there."""
    size: int
    """In bytes, to see how far it is."""


class Cut(NamedTuple):
    """A piece of a file before anybody reads what its records say."""

    sha256: str
    records: int
    position: int
    """Of its end, in bytes of the file."""


def kind_of(beginning: bytes) -> Log:
    """What a file is by its first letter, in whatever encoding: JSON taken for a CSV's header would be lost unsaid."""
    first = beginning.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1]
    return {b"{": Log.JSONL, b"[": Log.JSON, b"": Log.JSONL}.get(first, Log.CSV)


def pieces(lines: Iterable[bytes], kind: Log) -> Iterator[Piece]:
    """The log in pieces, cut at the same places each time it is read. A line's number is the file's own.

    `lines` of a JSON array may be any blocks, since it may be one line.
    """
    match kind:
        case Log.JSONL:
            return _json_lines(lines)
        case Log.JSON:
            return _json_array(lines)
        case _:
            return _csv(lines)


def _json_lines(lines: Iterable[bytes]) -> Iterator[Piece]:
    first, source = 1, iter(lines)
    held = list(islice(source, PER_PIECE))
    while held:
        following = next(source, None)
        while following == held[-1]:
            held.append(following)
            following = next(source, None)
        yield _piece(first, held, held)
        first += len(held)
        held = [] if following is None else [following, *islice(source, PER_PIECE - 1)]


def _full(held: Sequence[object], record: object) -> bool:
    """Whether a piece ends before this record. Equal ones stay together, because they are told apart by counting."""
    return len(held) >= PER_PIECE and record != held[-1]


def _piece(first: int, written: list[bytes], records: list[Any]) -> Piece:
    whole = b"".join(written)
    return Piece(first, records, sha256(whole).hexdigest(), len(whole))


def _csv(lines: Iterable[bytes]) -> Iterator[Piece]:
    """The header counts as line 1, and into every piece's hash: without it the fields have no names."""
    written: list[bytes] = []

    def text() -> Iterator[str]:
        for line in lines:
            written.append(line)
            yield line.decode("utf-8", "replace").replace("\0", "")

    said = text()
    header = next(said, "")
    rows = csv.reader(chain([header], said), delimiter=max(_DELIMITERS, key=header.count))
    try:
        names = [name.removeprefix("\ufeff").strip().lower().replace(" ", "_") for name in next(rows, [])]
    except csv.Error as error:
        yield _piece(1, written, [_no_csv(error)])
        return
    head = b"".join(written)
    written.clear()
    first, held = 2, list[Any]()
    while True:
        number = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            break
        except csv.Error as error:
            record: object = _no_csv(error)
        else:
            record = dict(zip(names, row, strict=False))
            if row and len(row) != len(names):
                record = Refusal(f"The line has {len(row)} fields, the header {len(names)}.")
        if _full(held, record):
            # The lines just read are this record's: they belong to the next piece.
            mine = written[number - rows.line_num - 1 :]
            yield _piece(first, [head, *written[: -len(mine)]], held)
            first, held, written[:] = number, [], mine
        held.append(record)
        held.extend(_SKIPPED for _ in range(rows.line_num - number))
    if held:
        yield _piece(first, [head, *written], held)


def _no_csv(error: csv.Error) -> Refusal:
    """Python's own words on a carriage return speak of how it opens files."""
    why = "a line ends in a bare carriage return" if "new-line" in str(error) else str(error)
    return Refusal(f"The line is not CSV: {why}.")


_SKIPPED: dict[str, str] = {}
"""Stands for a line that belongs to the record before it, and for an empty one."""


def _json_array(blocks: Iterable[bytes]) -> Iterator[Piece]:
    """Records are numbered; where one can't be read, nobody knows where the next begins, so it is the last."""
    decoder, source = json.JSONDecoder(), _text(blocks)
    buffer = next(source, "").removeprefix("\ufeff").lstrip()
    at = 1
    first, held, written = 1, list[Any](), list[str]()
    while True:
        at = _ahead(buffer, at)
        if at == len(buffer):
            buffer, at = next(source, ""), 0
            if buffer:
                continue
            held.append(Refusal("The list does not end: the file is cut off."))
            break
        if buffer[at] == "]":
            break
        try:
            record, end = decoder.raw_decode(buffer, at)
        except (ValueError, RecursionError):
            more = next(source, "") if len(buffer) - at < MOST_BYTES else ""
            if more:
                buffer, at = buffer[at:] + more, 0
                continue
            held.append(Refusal("The record is not JSON, so nothing after it can be read."))
            break
        if _full(held, record):
            yield _piece(first, [text.encode("utf-8", "replace") for text in written], held)
            first, held, written = first + len(held), [], []
        held.append(record)
        written.append(buffer[at:end])
        at = end
    if held:
        yield _piece(first, [text.encode("utf-8", "replace") for text in written], held)


def _ahead(buffer: str, at: int) -> int:
    """Where the next record begins."""
    while at < len(buffer) and buffer[at] in _SPACE_OR_COMMA:
        at += 1
    return at


def _text(blocks: Iterable[bytes]) -> Iterator[str]:
    """A letter may lie across two blocks."""
    decoder = getincrementaldecoder("utf-8")("replace")
    return (decoder.decode(block) for block in blocks)
