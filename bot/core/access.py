"""Who may see what of single people.

The totals of teams, keys, models and so on are everybody's. A figure that is one person's is shown to that person, to
admins, to the owners of the team it belongs to (`people_data: owners`), or to all (`everyone`); a message to a channel
may be read by all, so it holds none unless `people_data` is everyone.

Nor may a forbidden figure follow by subtraction. So every figure is looked at without what the asker may see: what
remains must be nothing, or two or more people's, or not only people's (keys, service accounts, use that names nobody).
A figure of which one forbidden person alone remains is *closed*: its row is added to others until their sum is open,
and a total that is closed is refused. Of two permitted answers about the same thing and the same period (its total,
its rows cut one way, the asker's own figures) no difference is then one forbidden person's. It is no more than that:
whoever compares different periods or different cuts may still learn what a day or a model added, without a name on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from bot.core.configuration import Configuration, PeopleData
from bot.core.directory import Directory, family

FEWEST = 2
"""How many forbidden people a figure must hold together where it holds nothing else."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: by every name they are known by (Slack user id, e-mail address), in lower case."""

    names: frozenset[str] = frozenset()
    operator: bool = False
    """Whoever runs the bot, and so holds its database."""

    @classmethod
    def called(cls, *names: str) -> Asker:
        return cls(frozenset(name.casefold() for name in names if name))

    def also(self, *names: Iterable[str]) -> Asker:
        """The same asker with these names as well."""
        return replace(self, names=self.names.union(self.called(*chain(*names)).names))

    def is_one_of(self, people: Iterable[str]) -> bool:
        return any(person.casefold() in self.names for person in people)


NOBODY = Asker()
"""Sees what everybody may see."""
OPERATOR = Asker(operator=True)


@dataclass(frozen=True, slots=True)
class Access:
    """What of single people may be shown to one asker, or to a channel."""

    people_data: PeopleData
    everything: bool = False
    shared: bool = False
    """To a channel."""
    teams: frozenset[str] = frozenset()
    """The teams within which every person may be seen."""
    me: frozenset[str] = frozenset()
    """The asker's own ids."""

    def sees(self, actor_id: str, team_id: str) -> bool:
        """Whether a person's figure within a team may be shown."""
        return self.everything or actor_id in self.me or team_id in self.teams

    @property
    def refusal(self) -> str:
        """One sentence on who may see single people's figures, and one on how to change that."""
        if self.shared:
            return (
                "A channel is shown figures of single people only where people_data is everyone. "
                "Ask without sharing, or have an admin change people_data in the configuration."
            )
        owners = ", the owners of their team" if self.people_data is PeopleData.OWNERS else ""
        return (
            f"Figures of single people are shown to admins{owners} and to themselves (“user me”). "
            "An admin can change that with people_data in the configuration."
        )


def access(
    configuration: Configuration, asker: Asker, organizations: Iterable[Directory], *, shared: bool = False
) -> Access:
    """What the asker may see; `shared`: what a channel may, whoever asks for it."""
    rule = configuration.people_data
    admin = asker.operator or asker.is_one_of(configuration.admins)
    if rule is PeopleData.EVERYONE or (admin and not shared):
        return Access(rule, everything=True, me=_own(asker, organizations))
    if shared:
        return Access(rule, shared=True)
    within = {id_ for team in configuration.owned(asker.names) for id_ in family(team, configuration.teams)}
    return Access(
        rule, teams=frozenset(within) if rule is PeopleData.OWNERS else frozenset(), me=_own(asker, organizations)
    )


def _own(asker: Asker, organizations: Iterable[Directory]) -> frozenset[str]:
    return frozenset(id_ for directory in organizations for id_ in directory.members_called(asker.names))


@dataclass(frozen=True, slots=True)
class Group:
    """What of a figure remains without what the asker may see."""

    hidden: frozenset[str] = frozenset()
    """The people of it whom the asker may not see."""
    others: bool = False
    """Something in it is no person's."""

    @property
    def is_open(self) -> bool:
        return not self.hidden or self.others or len(self.hidden) >= FEWEST

    def __or__(self, other: Group) -> Group:
        return Group(self.hidden | other.hidden, self.others or other.others)


Groups = Sequence[Group]
"""Behind one row: a group for each period that the answer shows it in."""


def together(rows: Mapping[str, Groups]) -> frozenset[str]:
    """Which of the rows, given smallest first, must be shown as one so that each row that is shown is open.

    Empty where all are open; all of them where fewer would not do.
    """
    closed = {id_: groups for id_, groups in rows.items() if not _open(groups)}
    if not closed:
        return frozenset()
    chosen = list(closed)
    for id_ in (None, *(id_ for id_ in rows if id_ not in closed)):
        if id_ is not None:
            if not any(group.hidden or group.others for group in rows[id_]):
                continue  # what the asker sees anyway hides nobody
            chosen.append(id_)
        if len(chosen) > 1 and _open(_joined([rows[one] for one in chosen])):
            return frozenset(chosen)
    return frozenset(rows)


def _open(groups: Groups) -> bool:
    return all(group.is_open for group in groups)


def _joined(rows: Sequence[Groups]) -> Groups:
    joined = list(rows[0])
    for row in rows[1:]:
        joined = [one | other for one, other in zip(joined, row, strict=True)]
    return joined
