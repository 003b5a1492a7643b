"""What nobody owns: keys and workspaces that no team claims, teams without owners, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Action, Amount, Answer, Column, Control, Fact, Item, Table
from bot.core import wording
from bot.core.money import Money

KEY, WORKSPACE, TEAM = "api_key", "workspace", "team"
"""The first two are the words of a match."""
_CALLED = {KEY: "key", WORKSPACE: "workspace", TEAM: "team without owners"}
CLAIM = "claim"
"""What the button beside a thing does; its value is "api_key/apikey_01"."""
MOST = 20
"""Lines of a message; each has a button."""


@dataclass(frozen=True, slots=True)
class Unowned:
    """One thing that nobody owns, and what it cost in the last 30 days; None: not in yet."""

    kind: str
    id: str
    name: str
    spent: Money | None

    @property
    def called(self) -> str:
        return _CALLED[self.kind]


@dataclass(frozen=True, slots=True)
class Week:
    """The weekly list: `things` the dearest first, and what no team claims in all, beside everything."""

    things: tuple[Unowned, ...]
    unallocated: Money | None
    whole: Money | None


def answer(week: Week) -> Answer:
    return Answer(
        title="What nobody owns",
        headline=_headline(week),
        facts=(
            Fact("Unallocated", Amount(week.unallocated), f"of {wording.to_the_cent(week.whole)} in the last 30 days"),
        ),
        items=tuple(map(_item, week.things[:MOST])),
        paragraphs=(
            "Press Claim to give something to a team, or write it into the configuration file. "
            "What is given to a team counts as its own from the first day on.",
        )
        if week.things
        else (),
        notes=(f"And {len(week.things) - MOST:,} more: `settings` shows them.",) if len(week.things) > MOST else (),
        actions=(Action("Unallocated", "team unallocated last 30 days by key"), Action("Settings", "settings")),
    )


def _item(thing: Unowned) -> Item:
    words = f"{thing.name}: {thing.called}, {wording.to_the_cent(thing.spent)} in the last 30 days"
    label = "Name owners" if thing.kind == TEAM else "Claim"
    return Item(words, Control(label, CLAIM, f"{thing.kind}/{thing.id}"))


def table(things: Sequence[Unowned]) -> Table:
    return Table(
        "What nobody owns",
        (Column("Name", numeric=False), Column("Is a", numeric=False), Column("Last 30 days")),
        tuple((one.name, one.called, Amount(one.spent)) for one in things[:MOST]),
    )


def _headline(week: Week) -> str:
    if not week.things:
        return "Everything has a team, and every team has owners."
    counts = {kind: sum(one.kind == kind for one in week.things) for kind in _CALLED}
    parts = [f"{count} {_plural(kind, count)}" for kind, count in counts.items() if count]
    return f"Nobody owns {wording.listed(parts)}."


def _plural(kind: str, count: int) -> str:
    if count == 1:
        return _CALLED[kind]
    return {KEY: "keys", WORKSPACE: "workspaces", TEAM: "teams without owners"}[kind]


_THINGS = (
    Unowned(WORKSPACE, "wrkspc_01", "sandbox", Money.from_dollars("412.50")),
    Unowned(KEY, "apikey_01", "old-laptop", Money.from_dollars("18.20")),
    Unowned(KEY, "apikey_02", "ci", None),
    Unowned(TEAM, "gamma", "Team Gamma", Money.from_dollars("0")),
)
EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "four things": answer(Week(_THINGS, Money.from_dollars("430.70"), Money.from_dollars("9120.00"))),
        "nothing": answer(Week((), Money.from_dollars("0"), Money.from_dollars("9120.00"))),
        "hostile names": answer(
            Week((Unowned(KEY, "apikey_03", examples.HOSTILE, Money.from_dollars("1")),), None, None)
        ),
    }
)
