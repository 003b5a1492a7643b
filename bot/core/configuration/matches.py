"""What a team claims: the `matches` of its entry in the configuration file."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bot.core.configuration import words
from bot.core.configuration.checks import CALL_TEAM, Claim
from bot.core.configuration.entry import Entry
from bot.core.configuration.yaml import Fields, Items, Mistakes, Node, described, shown
from bot.core.directory import Match, Precision


def read_matches(
    team: Entry, team_id: str, mistakes: Mistakes, claims: list[Claim]
) -> tuple[tuple[Match, ...], tuple[str, ...]]:
    """A team's matches and the names its live calls go by; each is added to `claims` with its line."""
    matches: list[Match] = []
    call_teams: list[str] = []
    for number, node in enumerate(team.items("matches"), 1):
        entry = _entry(node, f"match {number} of {team.what}", mistakes)
        if entry is None:
            continue
        if CALL_TEAM in entry:
            for name in _call_teams(entry):
                call_teams.append(name)
                claims.append(Claim(entry.line, team_id, CALL_TEAM, name))
        elif match := _match(entry, mistakes):
            match = _dated(entry, match)
            matches.append(match)
            claims.append(
                Claim(entry.line, team_id, _kind(match), match.pattern, match.share, match.since, match.until)
            )
    return tuple(matches), tuple(dict.fromkeys(call_teams))


def _entry(node: Node, what: str, mistakes: Mistakes) -> Entry | None:
    """One match, if it is of exactly one kind."""
    if not isinstance(node, Fields):
        mistakes.add(node.line, f"{what} is {described(node)}. Write it like workspace: support-*.")
        return None
    entry = Entry(node, what, (*words.MATCH_KINDS, "share", "from", "until"), mistakes)
    kinds = [kind for kind in words.MATCH_KINDS if kind in entry]
    if not kinds:
        mistakes.add(node.line, f"{what} looks for nothing. Give it one of {', '.join(words.MATCH_KINDS)}.")
        return None
    if len(kinds) > 1:
        mistakes.add(node.line, f"{what} has {' and '.join(kinds)}. Write one match for each.")
        return None
    if "share" in entry and "workspace" not in entry:
        entry.wrong("share", "is only for workspaces. Remove it, or match a workspace.")
    return entry


def _match(entry: Entry, mistakes: Mistakes) -> Match | None:
    if "workspace_tag" in entry:
        return _tag_match(entry, mistakes)
    kind = next(kind for kind in words.MATCH_KINDS if kind in entry)
    share = words.share(entry, "share")
    pattern = words.pattern(entry, kind)
    if pattern is None:
        return None
    if kind == "workspace" and "share" in entry:
        return Match(Precision.SHARE, pattern, share=share or Decimal(1))
    return Match(Precision[kind.upper()], pattern)


def _dated(entry: Entry, match: Match) -> Match:
    """The match with the days from and until which it counts."""
    since, until = words.day(entry, "from"), words.day(entry, "until")
    if since and until and until <= since:
        entry.wrong("until", f"is {until}, not after from. It is the first day that no longer counts.")
    return replace(match, since=since, until=until)


def _tag_match(entry: Entry, mistakes: Mistakes) -> Match | None:
    node = entry.node("workspace_tag")
    if not isinstance(node, Fields) or len(node.fields) != 1:
        entry.wrong("workspace_tag", "must be one key and its value. Write it like {team: alpha}.")
        return None
    tag = node.fields[0][0].text
    inner = Entry(node, f'"workspace_tag" of {entry.what}', (tag,), mistakes)
    inner.require(tag)
    pattern = words.pattern(inner, tag)
    return Match(Precision.WORKSPACE_TAG, pattern, tag=tag) if pattern else None


def _call_teams(entry: Entry) -> tuple[str, ...]:
    if not isinstance(entry.node(CALL_TEAM), Items):
        name = words.pattern(entry, CALL_TEAM)
        return (name,) if name else ()
    names = tuple(item.text for item in entry.texts(CALL_TEAM))
    if "" in names:
        entry.wrong(CALL_TEAM, "has an empty name in it. Remove it.")
    return names


def _kind(match: Match) -> str:
    """Matches of one kind are equally precise; those on different tags are of different kinds."""
    kind = match.precision.name.lower()
    return f"{kind} {shown(match.tag)}" if match.tag else kind
