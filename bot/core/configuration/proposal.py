"""A first configuration, proposed from the names that an organisation has already: its workspaces, keys and e-mails."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.core import wording
from bot.core.configuration.words import RESERVED_TEAMS
from bot.core.directory import ApiKey, Directory, Match, Precision, Workspace
from bot.core.usage import DEFAULT_WORKSPACE

TEAM_TAGS = ("team", "squad", "department", "cost_center", "cost-center", "owner_team")
"""Keys of workspace tags that say whose a workspace is, the best first."""
LEAST_KEYS = 2
"""A name that only one key of the default workspace begins with is no team's."""
LEAST_MEMBERS = 2
_PERSONAL = re.compile(r"claude_code_key_", re.IGNORECASE)
"""Claude Code makes a key for each person; whose it is, the reports say."""
_SEPARATOR = re.compile(r"[-_/. ]")
_PLAIN = re.compile(r"[\w@.&+:/ -]+")
"""Names that stand for themselves in a match; others are named by their id."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A team as it is proposed: its claims, and from what names they come."""

    id: str
    matches: tuple[Match, ...]
    because: str


def propose(organizations: Iterable[Directory]) -> tuple[Proposed, ...]:
    """Teams in the order of their ids. No two of them claim the same thing, so they can be applied as they are."""
    organizations = tuple(organizations)
    spaces = [
        space
        for directory in organizations
        for space in directory.workspaces.values()
        if not space.archived and space.id != DEFAULT_WORKSPACE and space.name.strip()
    ]
    keys = [
        key
        for directory in organizations
        for key in directory.api_keys.values()
        if key.status == "active" and key.workspace_id == DEFAULT_WORKSPACE and not _PERSONAL.match(key.name)
    ]
    claims: defaultdict[str, list[Match]] = defaultdict(list)
    because: defaultdict[str, list[str]] = defaultdict(list)

    tag = next((tag for tag in TEAM_TAGS if any(_tagged(space, tag) for space in spaces)), "")
    for value in sorted({space.tags[tag].lower() for space in spaces if _tagged(space, tag)}):
        claims[_stem(value)].append(Match(Precision.WORKSPACE_TAG, value, tag=tag))
        because[_stem(value)].append(f"workspaces with the tag {tag}")
    bare = [space for space in spaces if not _tagged(space, tag)]
    for stem, some in _by_stem(bare).items():
        claims[stem] += _named(Precision.WORKSPACE, stem, some)
        because[stem].append(f"{wording.exactly(len(some), 'workspace')}")
    for stem, called in _by_stem(keys).items():
        if stem in claims or len(called) >= LEAST_KEYS:
            claims[stem] += _named(Precision.API_KEY, stem, called)
            because[stem].append(f"{wording.exactly(len(called), 'key')} of the default workspace")
    for domain in _domains(organizations):
        claims[domain.partition(".")[0]].append(Match(Precision.USER, f"*@{domain}"))
        because[domain.partition(".")[0]].append(f"e-mail addresses at {domain}")
    return _teams(claims, because)


def text(teams: Sequence[Proposed]) -> str:
    """The configuration file, with what a person has to add as comments."""
    lines = [
        "# A first configuration, proposed from the names of your workspaces, keys and e-mail addresses.",
        "# Rename teams, name their owners (they get alerts), then: claude-usage config apply FILE",
        "# What no team claims stays visible as `unallocated`. docs/how-to.md shows digests, budgets and alerts.",
        "admins: []                               # e-mail addresses or Slack user ids: may see everything",
    ]
    lines.append("teams:" if teams else "teams: []")
    for team in teams:
        lines += [
            f"  - id: {json.dumps(team.id)}  # {team.because}",
            "    owners: []",
            "    matches:",
            *(f"      - {_written(match)}" for match in team.matches),
        ]
    return "\n".join(lines) + "\n"


def _teams(claims: Mapping[str, Sequence[Match]], because: Mapping[str, Sequence[str]]) -> tuple[Proposed, ...]:
    ids: set[str] = set(RESERVED_TEAMS)
    found = []
    for stem in sorted(claims):
        plain = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:40] or "team"
        candidates = (plain, *(f"{plain}-{number}" for number in range(2, len(claims) + len(ids) + 2)))
        id_ = next(name for name in candidates if name not in ids)
        ids.add(id_)
        found.append(Proposed(id_, tuple(dict.fromkeys(claims[stem])), ", ".join(because[stem])))
    return tuple(found)


def _tagged(space: Workspace, tag: str) -> bool:
    return bool(_PLAIN.fullmatch(space.tags.get(tag, "").strip()))


def _stem(name: str) -> str:
    """The first word of a name, by which people tell whose a thing is: support-prod, Support Eval → support."""
    folded = name.strip().lower()
    first = _SEPARATOR.split(folded)[0]
    return first if len(first) > 1 else folded


def _by_stem(things: Iterable[Workspace | ApiKey]) -> dict[str, list[Workspace | ApiKey]]:
    found: defaultdict[str, list[Workspace | ApiKey]] = defaultdict(list)
    for thing in things:
        found[_stem(thing.name)].append(thing)
    return found


def _named(precision: Precision, stem: str, things: Sequence[Workspace | ApiKey]) -> list[Match]:
    """One glob where all names begin alike, so that the next one of them is the team's too; else each by its name.

    A key's glob would reach into other workspaces, so keys are always named one by one.
    """
    begins = {thing.name.strip().lower()[: len(stem) + 1] for thing in things}
    if precision is Precision.WORKSPACE and len(things) > 1 and len(begins) == 1 and _PLAIN.fullmatch(stem):
        return [Match(precision, f"{begins.pop()}*")]
    return [Match(precision, thing.name if _PLAIN.fullmatch(thing.name) else thing.id) for thing in things]


def _domains(organizations: Iterable[Directory]) -> list[str]:
    """The e-mail domains beside the usual one that at least two people have."""
    emails = {
        member.email.lower()
        for directory in organizations
        for member in directory.members.values()
        if not member.removed and member.email.count("@") == 1
    }
    counted = Counter(email.partition("@")[2] for email in emails)
    usual = max(counted, key=lambda domain: (counted[domain], domain), default="")
    return sorted(
        domain
        for domain, count in counted.items()
        if domain != usual and count >= LEAST_MEMBERS and re.fullmatch(r"[a-z0-9][a-z0-9.-]+", domain)
    )


def _written(match: Match) -> str:
    pattern = json.dumps(match.pattern, ensure_ascii=False)
    if match.precision is Precision.WORKSPACE_TAG:
        return f"workspace_tag: {{{match.tag}: {pattern}}}"
    return f"{match.precision.name.lower()}: {pattern}"
