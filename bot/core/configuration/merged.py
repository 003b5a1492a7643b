"""The configuration file and what was configured in Slack beside it, as one text that is in force.

The file comes first: what it says is never changed from Slack, and an id that both have is the file's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.configuration import Configuration
from bot.core.configuration.file import parse
from bot.core.configuration.splice import TEAMS, Addition, Value, held, spliced
from bot.core.errors import ConfigError

SLACK = "Slack"
"""What a configuration is called that no file began."""


class What(StrEnum):
    """What can be configured in Slack."""

    DIGEST = "digest"
    BUDGET = "budget"
    RULE = "alert"
    OWNERS = "owners"
    """Of a team; its entry is `{owners: […]}`, its id the team's."""
    CLAIM = "claim"
    """That something belongs to a team: `{team: …, api_key: …}`."""
    SILENCE = "silence"
    """Only ever in the log: it ends by itself and stands in no file."""


SECTIONS = {What.DIGEST: "digests", What.BUDGET: "budgets", What.RULE: "alerts"}
_ONE = {What.DIGEST: "a digest", What.BUDGET: "a budget", What.RULE: "an alert rule"}
Entry = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Preference:
    """One thing configured in Slack, by whom and when; `by` is a Slack user id."""

    what: What
    id: str
    entry: Entry
    at: datetime
    by: str

    @property
    def key(self) -> tuple[What, str]:
        return self.what, self.id


@dataclass(frozen=True, slots=True)
class Merged:
    """What is in force, and what of Slack's is not: the sentences say why."""

    text: str
    configuration: Configuration
    aside: Mapping[tuple[What, str], str]


def merged(text: str, name: str, preferences: Sequence[Preference]) -> Merged:
    """The file with as much of Slack's as holds together with it. Raises ConfigError where the file itself does not."""
    alone = parse(text, name=name)
    aside = dict(_the_files_own(text, alone, preferences))
    while True:
        counting = [one for one in preferences if one.key not in aside]
        whole, lines = _put_in(text, counting)
        aside |= {key: _NO_TEAM for key, line in lines.items() if line is None}
        try:
            return Merged(whole, parse(whole, name=name) if counting else alone, aside)
        except ConfigError as error:
            at = {line: key for key, line in lines.items() if line is not None}
            wrong = {at[line]: sentences for line, sentences in error.mistakes if line in at}
            if not wrong:  # nobody knows what it is, so all of it steps back for the file
                wrong = {one.key: str(error) for one in counting}
            aside |= wrong


def mistakes(base: Merged, name: str, one: Preference) -> dict[str, str]:
    """What would be wrong with one more thing, by the key of its entry; empty where it holds together with the rest."""
    additions = tuple(_additions(one))
    whole = spliced(base.text, additions, spread=True)
    first = whole.lines[0]
    if first is None:
        return {"team": _NO_TEAM}
    entry = additions[0].entry
    keys = tuple(entry) if isinstance(entry, Mapping) else (additions[0].key,) * len(additions)
    try:
        parse(whole.text, name=name)
    except ConfigError as error:
        found: dict[str, str] = {}
        for line, sentences in error.mistakes:
            found.setdefault(keys[line - first] if 0 <= line - first < len(keys) else keys[0], sentences)
        return found
    return {}


_NO_TEAM = "Its team is not in the configuration file any more."


def _put_in(text: str, preferences: Sequence[Preference]) -> tuple[str, dict[tuple[What, str], int | None]]:
    numbered = [(one.key, addition) for one in preferences for addition in _additions(one)]
    whole = spliced(text, [addition for _, addition in numbered])
    return whole.text, {key: line for (key, _), line in zip(numbered, whole.lines, strict=True)}


def _additions(one: Preference) -> Iterator[Addition]:
    owners = one.entry.get("owners")
    if one.what is not What.OWNERS or isinstance(owners, str | bool | Mapping | None):
        yield _addition(one)
        return
    for owner in owners:
        yield Addition(TEAMS, one.id, owner, "owners")


def _addition(one: Preference) -> Addition:
    match one.what:
        case What.CLAIM:
            match_ = {key: value for key, value in one.entry.items() if key != "team"}
            return Addition(TEAMS, str(one.entry["team"]), match_, "matches")
        case What.OWNERS:
            return Addition(TEAMS, one.id, one.entry.get("owners", ()), "owners")
        case _:
            return Addition(SECTIONS[one.what], one.id, {"id": one.id, **one.entry})


def _the_files_own(
    text: str, alone: Configuration, preferences: Sequence[Preference]
) -> Iterator[tuple[tuple[What, str], str]]:
    """What the file says itself."""
    file = held(text)
    for one in preferences:
        if one.what in SECTIONS and one.id in file[SECTIONS[one.what]]:
            yield one.key, f"The configuration file has {_ONE[one.what]} of this id, and that one counts."
        elif one.what is What.OWNERS and one.id in file["owners"]:
            yield one.key, "The configuration file names the owners of this team, and those count."
        elif one.what is What.CLAIM:
            team = alone.team(str(one.entry["team"]))
            said = [str(match) for match in team.matches] if team else []
            if any(f"{key}: {value}" in said for key, value in one.entry.items()):
                yield one.key, "The configuration file says so itself."
