"""`help`: names of the reader's own organisation, so that the examples can be pasted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial

from sqlalchemy import Connection

from bot.core.directory import UNALLOCATED
from bot.core.money import ZERO
from bot.core.question import Dimension
from bot.core.report import Figures
from bot.core.usage import CONSOLE, NOT_BY_KEY
from bot.services.figures.names import Names
from bot.store import ledger, memory


def examples(connection: Connection, names: Names, today: date) -> dict[str, str]:
    """A real name of each kind, the one that costs most lately, so that the examples can be pasted."""
    examples = {}
    team = next((team for team in names.team_ids() if team != UNALLOCATED), None)
    if team:
        examples["team"] = team
    since, until = today - timedelta(days=30), today + timedelta(days=1)
    selection = names.selection()

    def read(dimension: Dimension) -> Mapping[str, Figures]:
        return ledger.figures(connection, since, until, selection=selection, by=dimension)

    for kind, dimension in (("model", Dimension.MODEL), ("workspace", Dimension.WORKSPACE), ("key", Dimension.KEY)):
        lately = memory.remembered(connection, ("lately", since, selection, dimension), partial(read, dimension))
        named = {
            id_: figures.billed_cost or ZERO
            for id_, figures in lately.items()
            if id_.rpartition("/")[2] not in (NOT_BY_KEY, CONSOLE)
        }
        if named:
            examples[kind] = names.of(dimension, max(named, key=named.__getitem__))
    return examples
