"""What must hold between the entries of a configuration: teams that exist, circles, ties and shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase

from bot.core.configuration.entry import suggestion
from bot.core.configuration.yaml import Mistakes, shown
from bot.core.directory import UNALLOCATED

SHARE = "share"
CALL_TEAM = "call_team"
_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Claim:
    """A line on which a team claims something. Claims of one `kind` are equally precise; a tag's kind has its key."""

    line: int
    team_id: str
    kind: str
    pattern: str
    share: Decimal = Decimal(1)
    since: date | None = None
    until: date | None = None

    def counts_on(self, day: date) -> bool:
        return (self.since or date.min) <= day < (self.until or date.max)

    def meets(self, other: Claim) -> bool:
        """There is a day on which both count: the later of their first days, if there is one."""
        day = max(self.since or date.min, other.since or date.min)
        return self.counts_on(day) and other.counts_on(day)

    @property
    def folded(self) -> str:
        return self.pattern.lower()

    @property
    def globbing(self) -> bool:
        return self.kind != CALL_TEAM and not _GLOB.isdisjoint(self.pattern)

    def covers(self, other: Claim) -> bool:
        """Whatever `other` claims, this claims too."""
        return self.folded == other.folded or (self.globbing and fnmatchcase(other.folded, self.folded))


@dataclass(frozen=True, slots=True)
class Reference:
    """A line on which something names a team. `what` is how messages call it: `"team" of budget "x"`."""

    line: int
    what: str
    team_id: str


@dataclass(slots=True)
class Links:
    """Everything in one file that points from one entry to another, gathered while it is read."""

    team_lines: dict[str, int] = field(default_factory=dict)
    parents: dict[str, Reference] = field(default_factory=dict)
    references: list[Reference] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)


def check(links: Links, mistakes: Mistakes) -> None:
    """Add a mistake for each link that does not hold."""
    teams = tuple(links.team_lines)
    for reference in links.parents.values():
        _exists(reference, teams, mistakes)
    for reference in links.references:
        _exists(reference, (*teams, UNALLOCATED), mistakes)
    _circles(links.parents, mistakes)
    _ties(links.claims, mistakes)
    _shares([claim for claim in links.claims if claim.kind == SHARE], mistakes)


def _exists(reference: Reference, teams: Sequence[str], mistakes: Mistakes) -> None:
    if reference.team_id not in teams:
        hint = suggestion(reference.team_id, teams, "The teams are")
        mistakes.add(
            reference.line, f"{reference.what} names team {shown(reference.team_id)}, which is not there. {hint}"
        )


def _circles(parents: Mapping[str, Reference], mistakes: Mistakes) -> None:
    seen: set[str] = set()
    for start in parents:
        path: list[str] = []
        team = start
        while team in parents and team not in seen:
            seen.add(team)
            path.append(team)
            team = parents[team].team_id
        if team in path:
            circle = path[path.index(team) :]
            names = " → ".join([*circle, team])
            mistakes.add(parents[team].line, f"parents go round in a circle: {names}. Take one of these parents away.")


def _ties(claims: Sequence[Claim], mistakes: Mistakes) -> None:
    """Two teams that claim the same thing with equal precision; shares are meant to be claimed by many."""
    by_kind: dict[str, list[Claim]] = {}
    for claim in claims:
        if claim.kind != SHARE:
            by_kind.setdefault(claim.kind, []).append(claim)
    for kind, alike in by_kind.items():
        # Only a pattern with a glob can cover a different one, so names are compared by lookup: no n² over plain names.
        named: dict[str, list[Claim]] = {}
        for claim in alike:
            same = named.setdefault(claim.folded, [])
            rival = next((one for one in same if one.team_id != claim.team_id and one.meets(claim)), None)
            if rival:
                _tie(kind, rival, claim, mistakes)
            same.append(claim)
        for wide in (claim for claim in alike if claim.globbing):
            for narrow in alike:
                rivals = wide.folded != narrow.folded and wide.team_id != narrow.team_id
                if rivals and wide.covers(narrow) and wide.meets(narrow):
                    _tie(kind, wide, narrow, mistakes)


def _tie(kind: str, one: Claim, other: Claim, mistakes: Mistakes) -> None:
    shared = ", or give each a share" if kind == "workspace" else ""
    one, other = sorted((one, other), key=lambda claim: claim.line)
    mistakes.add(
        other.line,
        f"{kind} {shown(other.pattern)} of team {shown(other.team_id)} claims the same as {shown(one.pattern)} of team "
        f"{shown(one.team_id)} on line {one.line}, with equal precision. Narrow one of them{shared}.",
    )


def _shares(claims: Sequence[Claim], mistakes: Mistakes) -> None:
    """No workspace may be shared out by more than the whole of it."""
    for narrow in {claim.folded: claim for claim in claims}.values():
        covering = [claim for claim in claims if claim.covers(narrow)]
        days = {claim.since or date.min for claim in covering}
        of_it = max(
            ([claim for claim in covering if claim.counts_on(day)] for day in sorted(days)),
            key=lambda counting: sum(claim.share for claim in counting),
        )
        total = sum((claim.share for claim in of_it), Decimal(0))
        if total > 1:
            teams = ", ".join(shown(team) for team in dict.fromkeys(claim.team_id for claim in of_it))
            mistakes.add(
                narrow.line,
                f"the shares of workspace {shown(narrow.pattern)} add up to {total} over the teams {teams}. "
                "Lower them until they add up to 1 or less.",
            )
