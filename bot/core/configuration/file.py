"""The configuration file: YAML text to values, or every mistake with its line and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import time

from bot.core.alerts.rule import EACH_TEAM, WHOLE_ORGANISATION, Rule
from bot.core.configuration import Configuration, PeopleData, words
from bot.core.configuration.alerts import read_quiet_hours, read_rule
from bot.core.configuration.budgets import read_budget
from bot.core.configuration.checks import Links, Reference, check
from bot.core.configuration.entry import Entry
from bot.core.configuration.matches import read_matches
from bot.core.configuration.yaml import Fields, Mistakes, Node, Scalar, described, read, seen, shown
from bot.core.directory import Team
from bot.core.outlook.budget import Budget
from bot.core.periods import WEEKDAYS
from bot.core.schedule import Cadence, Digest

_NINE = time(9)


def parse(text: str, *, name: str = "configuration") -> Configuration:
    """The configuration a file holds; an empty file is an empty one.

    Raises ConfigError with every mistake, one line each: `<name>:<line>: what is wrong. What to do.`
    """
    mistakes = Mistakes(name)
    tree = read(text, mistakes)
    if tree is None:
        return Configuration()
    reading = _Reading(mistakes)
    configuration = reading.configuration(tree)
    check(reading.links, mistakes)
    mistakes.refuse()
    return configuration


class _Reading:
    """One pass over a tree, which gathers mistakes and links.

    A field that is wrong is noted and stands as some default from there on: `parse` refuses the file before anyone
    sees it, and the pass goes on to find the other mistakes.
    """

    def __init__(self, mistakes: Mistakes) -> None:
        self.links = Links()
        self._mistakes = mistakes
        self._zone: str | None = None

    def configuration(self, tree: Node) -> Configuration:
        if not isinstance(tree, Fields):
            self._mistakes.add(tree.line, f"the file is {described(tree)}. Begin it with a key, such as teams:.")
            return Configuration()
        file = Entry(tree, "the file", words.FILE_KEYS, self._mistakes)
        zone = words.zone(file, "timezone")
        self._zone = zone or self._zone
        teams = [self._team(key, entry) for key, entry in self._entries(file, "teams", "team")]
        budgets = [self._budget(key, entry) for key, entry in self._entries(file, "budgets", "budget")]
        digests = [
            one for key, entry in self._entries(file, "digests", "digest") for one in self._digests(key, entry, teams)
        ]
        rules = [self._rule(key, entry) for key, entry in self._entries(file, "alerts", "alert")]
        return Configuration(
            timezone=zone,
            admins=words.people(file, "admins"),
            people_data=PeopleData(file.word("people_data", tuple(PeopleData)) or PeopleData.OWNERS),
            teams=tuple(teams),
            digests=tuple(digests),
            rules=tuple(rules),
            budgets=tuple(budget for budget in budgets if budget),
            quiet_hours=read_quiet_hours(file, self._mistakes),
        )

    def _entries(self, file: Entry, section: str, word: str) -> Iterator[tuple[str, Entry]]:
        """The mappings of one section, each with its id ("" where that is missing)."""
        teams = section == "teams"
        lines = self.links.team_lines if teams else {}
        for number, node in enumerate(file.items(section), 1):
            if not isinstance(node, Fields):
                self._mistakes.add(
                    node.line, f"{word} number {number} is {described(node)}. Begin it with id: and a name."
                )
                continue
            entry = Entry(node, _called(word, number, node), words.ENTRY_KEYS[section], self._mistakes)
            entry.require(*words.REQUIRED_KEYS[section])
            identity = words.identity(entry, reserved=words.RESERVED_TEAMS if teams else ())
            if identity in lines:
                entry.wrong("id", f"is taken since line {lines[identity]}. Rename or remove one of them.")
            elif identity:
                lines[identity] = entry.line_of("id")
            yield identity, entry

    def _team(self, team_id: str, entry: Entry) -> Team:
        parent = entry.text("parent")
        if parent is not None and team_id:
            self.links.parents[team_id] = Reference(entry.line_of("parent"), f'"parent" of {entry.what}', parent)
        matches, call_teams = read_matches(entry, team_id, self._mistakes, self.links.claims)
        return Team(
            id=team_id,
            name=words.name(entry, "name") or team_id,
            owners=words.people(entry, "owners"),
            channel=words.channel(entry, "channel"),
            parent=parent,
            matches=matches,
            call_teams=call_teams,
        )

    def _budget(self, budget_id: str, entry: Entry) -> Budget | None:
        budget = read_budget(budget_id, entry, self._mistakes)
        if "team" in entry:
            self._team_named(entry)
        elif budget and budget.scope.kind == "team":
            what = f'"scope" of {entry.what}'
            self.links.references.append(Reference(entry.line_of("scope"), what, budget.scope.name))
        return budget

    def _digests(self, digest_id: str, entry: Entry, teams: Sequence[Team]) -> Iterator[Digest]:
        """One digest, or with `each_team` one for each."""
        channel, to = words.channel(entry, "channel"), words.person(entry, "to")
        own = entry.says("scope", words.OWN) or (to is not None and "scope" not in entry)
        scope = WHOLE_ORGANISATION if own else self._scope(entry, WHOLE_ORGANISATION)
        said = entry.word("cadence", words.CADENCES)
        cadence = Cadence(said or Cadence.DAILY)
        weekday = entry.word("on", WEEKDAYS) or WEEKDAYS[0]
        if "on" in entry and said and cadence is not Cadence.WEEKLY:
            entry.wrong("on", f"is only for weekly digests, and this one is {cadence}. Remove it.")
        if channel and to:
            entry.wrong("to", 'stands beside "channel". Keep one, and make a second digest for the other.')
        elif own and not to:
            entry.wrong("scope", "is own, which only a person has. Say who with to: ana@example.com.")
        elif not (channel or to or scope == EACH_TEAM):
            entry.mistake(entry.line, f'{entry.what} has no "channel". Add it, or to: with a person.')
        digest = Digest(
            digest_id,
            channel,
            cadence,
            words.clock(entry, "at") or _NINE,
            words.zone(entry, "timezone") or self._zone,
            None if scope == WHOLE_ORGANISATION else scope,
            WEEKDAYS.index(weekday),
            to,
            own,
            words.skip(entry, "skip"),
        )
        if scope != EACH_TEAM:
            yield digest
            return
        reached = [(team, digest.place or team.channel) for team in teams if digest.place or team.channel]
        if teams and not reached:
            entry.wrong("scope", "is each_team, and no team has a channel. Give teams one, or the digest its own.")
        for team, place in reached:
            own_channel = None if to else place
            yield replace(digest, id=f"{digest_id}.{team.id}", channel=own_channel, team=team.id)

    def _rule(self, rule_id: str, entry: Entry) -> Rule:
        return read_rule(rule_id, entry, self.links, self._mistakes)

    def _scope(self, entry: Entry, default: str) -> str:
        """ "all", "each_team" or a team's id."""
        node = entry.node("scope")
        if isinstance(node, Fields):
            inner = Entry(node, f'"scope" of {entry.what}', ("team",), self._mistakes)
            inner.require("team")
            return self._team_named(inner) or default
        if isinstance(node, Scalar) and node.text in (WHOLE_ORGANISATION, EACH_TEAM):
            return node.text
        if node is not None:
            entry.wrong("scope", f"cannot be {seen(node)}. Write all, each_team or {{team: alpha}}.")
        return default

    def _team_named(self, entry: Entry) -> str | None:
        """The team an entry is about, which has to exist."""
        team = entry.text("team")
        if team is not None:
            self.links.references.append(Reference(entry.line_of("team"), f'"team" of {entry.what}', team))
        return team


def _called(word: str, number: int, node: Fields) -> str:
    """How messages call an entry: by its id, or by its place in the list."""
    for key, value in node.fields:
        if key.text == "id" and isinstance(value, Scalar) and value.text:
            return f"{word} {shown(value.text)}"
    return f"{word} number {number}"
