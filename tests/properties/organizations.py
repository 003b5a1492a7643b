"""Organisations, teams and readings that nobody thought of, small enough to be read many times over."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import Phase, settings
from hypothesis import strategies as st

from bot.demo.organization import Organization
from bot.demo.simulation import cast
from bot.demo.simulation.traffic import Stream, _Profile

NOW = datetime(2026, 11, 4, 9, 20, tzinfo=UTC)
TODAY = NOW.date()
TOMORROW = TODAY + timedelta(days=1)
DAYS = 6
"""Parts of two months, a weekend, and days that are read again each time as well as days that are not."""
LOOKBACK = 2
FIRST = TODAY - timedelta(days=DAYS)
SPACES = (cast.DEFAULT, "support-prod", "support-eval", "data-pipelines", "docs-site", "mobile-beta", "sandbox")
KEYS = (None, "alpha-one", "alpha-two", "beta-one", "gamma-*odd*")
PEOPLE = (None, "ana", "ben", "hana")
FUZZ = int(os.environ.get("FUZZ", "0"))
"""How many new examples of each rule to look for; 0: the same few each time, and a red one shown as it is, at once."""
few = (
    settings(max_examples=FUZZ, deadline=None)
    if FUZZ
    else settings(max_examples=5, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
)
some = few if FUZZ else settings(few, max_examples=20)
"""For a rule that reads an organisation but once."""
counts = st.integers(0, 40_000)
hours = st.sets(st.integers(0, 23), min_size=1, max_size=2).map(
    lambda chosen: _Profile(tuple(int(hour in chosen) for hour in range(24)), 0.5)
)
"""When in a day somebody calls: few hours, because the stand-in sums hour by hour."""


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    key = draw(st.sampled_from(KEYS))
    person = draw(st.sampled_from(PEOPLE)) if key else None
    line = draw(st.sampled_from(("opus", "sonnet", "haiku", "new haiku", "old sonnet")))
    tier = draw(st.sampled_from(("standard", "standard", "batch", "priority")))
    return Stream(
        draw(st.sampled_from(SPACES)),
        key,
        line,
        draw(st.tuples(counts, counts, counts, counts, counts)),
        draw(st.integers(1, 40)),
        draw(hours),
        tier=tier,
        geo=draw(st.sampled_from(("global", "us"))),
        speed=draw(st.sampled_from(("standard", "fast"))) if line == "opus" and tier == "standard" else "standard",
        searches=draw(st.sampled_from((0.0, 0.7))),
        product=draw(st.sampled_from(("messages_api", "claude_code"))),
        person=person,
        keyless=bool(key) and not person and draw(st.booleans()),
        long_prompts=line == "new haiku" and draw(st.booleans()),
    )


@st.composite
def organizations(draw: st.DrawFn, name: str = "Example Org") -> Organization:
    """One to six streams; code execution, which no usage explains, is everybody's.

    Discounts have one digit: with more, the rows of two reports round apart by a unit of money.
    """
    whole = Organization.simulate(days=DAYS, until=NOW, name=name)
    chosen = draw(st.lists(streams(), min_size=1, max_size=6))
    homes = {stream.key: stream.workspace for stream in chosen if stream.key}
    return replace(
        whole,
        streams=tuple(chosen),
        api_keys=tuple(cast.api_keys(whole.ids, whole.since, homes)),
        seed=draw(st.integers(0, 9)),
        discount=draw(st.sampled_from((Decimal(0), Decimal("0.1"), Decimal("0.4"), Decimal(1)))),
    )


@dataclass(frozen=True, slots=True)
class Tree:
    """A configuration file, and each team's parent."""

    text: str
    parents: dict[str, str | None]


@st.composite
def trees(draw: st.DrawFn, *, by_workspace_only: bool = False) -> Tree:
    """Teams over and beside each other. Each kind of match is one team's, or claims would tie and be refused."""
    teams = [f"team-{number}" for number in range(draw(st.integers(1, 5)))]
    parents = {team: draw(st.sampled_from((None, *teams[:at]))) for at, team in enumerate(teams)}
    kinds = [
        *("workspace: support-*", "workspace: data-pipelines", "workspace: default", "workspace_tag: {team: delta}"),
        *("workspace: '*', share: 0.4", "workspace: sandbox, share: 0.3333333", "workspace: '*', share: 0.1"),
    ]
    if not by_workspace_only:
        kinds += ["api_key: alpha-*", "api_key: 'gamma-[*]odd*'", "user: ana@example.com", "user: '*@example.com'"]
    claims: dict[str, list[str]] = {team: [] for team in teams}
    for kind in draw(st.lists(st.sampled_from(kinds), unique=True)):
        if kind.startswith("user") and any("user:" in one for found in claims.values() for one in found):
            continue
        turn = f", {draw(st.sampled_from(('from', 'until')))}: {draw(_days())}" if draw(st.booleans()) else ""
        claims[draw(st.sampled_from(teams))].append(f"{{{kind}{turn}}}")
    lines = [
        f"  - {{id: {team}, name: {team}, parent: {parents[team] or 'null'}, matches: [{', '.join(claims[team])}]}}"
        for team in teams
    ]
    return Tree("\n".join(["people_data: everyone", "teams:", *lines, ""]), parents)


def _days() -> st.SearchStrategy[date]:
    return st.dates(FIRST, TODAY)


def cuts() -> st.SearchStrategy[list[date]]:
    """Days at which the history is cut into pieces that are read one by one."""
    return st.lists(_days(), max_size=3, unique=True).map(sorted)
