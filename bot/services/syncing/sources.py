"""How far each source of each organisation goes, and what of it the key may not read: the lines of `status`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection

from bot.answers.status import SourceLine
from bot.core.usage import Source
from bot.services.syncing.beside import PARTS
from bot.store.readings import refusals, syncs


def lines(connection: Connection, called: Mapping[str, str]) -> list[SourceLine]:
    """One line per organisation and source that was tried, read or refused; `called` are the organisations' names."""
    found = {
        (line.organization_id, line.source): SourceLine(
            called.get(line.organization_id, line.organization_id),
            line.source.value,
            line.first,
            line.through,
            line.succeeded_at,
            line.error,
            dated=line.source is not Source.LIMITS,
        )
        for line in syncs.statuses(connection)
    }
    refused = defaultdict(list)
    for one in refusals.read(connection):
        refused[one.organization_id, one.source].append(one)
    for (organization_id, source), some in refused.items():
        bare = SourceLine(called.get(organization_id, organization_id), source.value, None, None, None, None)
        line = found.get((organization_id, source), bare)
        whole = len(some) == len(PARTS[source])
        found[organization_id, source] = replace(
            line,
            error=None if whole else line.error,
            refused=" ".join(dict.fromkeys(_ended(one.sentence) for one in some)),
            in_part=not whole,
            dated=source is not Source.LIMITS,
        )
    return [found[place] for place in sorted(found)]


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(".") else f"{sentence}."
