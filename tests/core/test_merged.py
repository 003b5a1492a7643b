"""What Slack configured beside the file: put into its text wherever it fits, and never against what it says."""

from datetime import UTC, datetime

import pytest

from bot.core.configuration.file import parse
from bot.core.configuration.merged import Preference, What, merged, mistakes
from bot.core.configuration.splice import Addition, Value, spliced, written

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SHAPES = {
    "nothing": "",
    "a comment": "# ours\n",
    "keys without values": "digests:\nbudgets: ~\nteams:\n  - {id: alpha} # note\n",
    "block": (
        'teams:\n  - id: alpha\n    name: "A, b"  # x\n    matches:\n      - workspace: support-*   # c\n\n'
        '  # hi\n  - id: beta\ndigests:\n  - {id: morning, channel: C0GENERAL, cadence: daily, at: "09:00"}\n# end\n'
    ),
    "flow": "teams: [{id: alpha, matches: [{workspace: a},]}, {id: beta}]\ndigests: []\n",
    "not indented, no last line break": (
        "teams:\n- id: alpha\n- id: beta\ndigests:\n- id: x\n  channel: C0X\n  cadence: daily"
    ),
    "JSON": '{"teams": [{"id": "alpha"}], "admins": ["a@example.com"]}',
    "a name over several lines": "teams:\n  - id: alpha\n    name: >-\n      Team\n      Alpha\n",
    "a comma in a comment": "teams: [{id: alpha, # a, b\n  name: x}]\n",
}
DIGEST: dict[str, Value] = {"channel": "C0AAAA", "cadence": "weekly", "on": "monday", "at": "09:00", "scope": "all"}
BUDGET: dict[str, Value] = {"scope": "all", "amount": "500.00", "notify_at": ["50", "80"], "forecast": True}
ADDITIONS = (
    Addition("digests", "w", {"id": "w", **DIGEST}),
    Addition("budgets", "b", {"id": "b", **BUDGET}),
    Addition("budgets", "b2", {"id": "b2", **BUDGET}),
    Addition("teams", "alpha", "ana@example.com", "owners"),
    Addition("teams", "alpha", {"api_key": "apikey_1"}, "matches"),
    Addition("teams", "alpha", {"workspace": 'w: "x" #y'}, "matches"),
)


@pytest.mark.parametrize("spread", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_entries_go_into_a_file_of_any_shape_and_leave_the_rest_as_it_was(shape: str, spread: bool) -> None:
    text = SHAPES[shape]
    whole = spliced(text, ADDITIONS, spread=spread)
    before, after = parse(text), parse(whole.text)
    assert [one.id for one in after.digests] == [*(one.id for one in before.digests), "w"]
    assert [one.id for one in after.budgets] == ["b", "b2"]
    alpha, was = after.team("alpha"), before.team("alpha")
    if was is not None:
        assert alpha is not None
        assert alpha.name == was.name
        assert [str(match) for match in alpha.matches] == [
            *map(str, was.matches),
            "api_key: apikey_1",
            'workspace: w: "x" #y',
        ]
        assert alpha.owners == ("ana@example.com",)
    letters = iter(whole.text)
    assert all(letter in letters for letter in text.replace("~", "").rstrip("\n"))
    lines = whole.text.split("\n")
    for one, line in zip(ADDITIONS, whole.lines, strict=True):
        if one.section != "teams" or was is not None:
            assert line is not None
            assert written(one.entry).partition(":")[0] in lines[line - 1]


@pytest.mark.parametrize(
    "text", ["true", "007", "09:00", "a: b", "#x", "-", "", "ünïcode", 'q"uo\\te', "null", "two\nlines"]
)
def test_a_text_is_read_back_as_the_text_it_was(text: str) -> None:
    entry: Value = {"id": "x", "scope": "all", "amount": "1.50", "period": "month"}
    whole = spliced("teams:\n  - {id: alpha}\n", [Addition("teams", "alpha", {"workspace": f"w{text}"}, "matches")])
    (match,) = parse(whole.text).teams[0].matches
    assert match.pattern == f"w{text}"
    assert parse(spliced("", [Addition("budgets", "x", entry)]).text).budgets[0].amount.units == 15_000_000_000


FILE = """\
teams:
  - {id: alpha, owners: [ana@example.com], matches: [{workspace: a}]}
  - {id: beta}
digests:
  - {id: each, channel: C0X, cadence: daily, scope: each_team}
alerts:
  - {id: cap, metric: cost, kind: threshold, above: 200.00, window: 1d, scope: {team: alpha}}
"""
RULE: dict[str, Value] = {"metric": "cost", "kind": "threshold", "above": "1", "window": "1d", "scope": "all"}


@pytest.mark.parametrize(
    ("what", "id_", "entry", "why"),
    [
        (What.DIGEST, "week", DIGEST, ""),
        (What.DIGEST, "each", DIGEST, "The configuration file has a digest of this id"),
        (What.RULE, "cap", RULE, "The configuration file has an alert rule of this id"),
        (What.RULE, "cap2", RULE, ""),
        (What.BUDGET, "b", {**BUDGET, "scope": {"team": "gone"}}, 'names team "gone", which is not there'),
        (What.OWNERS, "alpha", {"owners": ["U0BEN"]}, "The configuration file names the owners"),
        (What.OWNERS, "beta", {"owners": ["U0BEN", "U0EVE"]}, ""),
        (What.OWNERS, "gone", {"owners": ["U0BEN"]}, "Its team is not in the configuration file"),
        (What.CLAIM, "workspace/a", {"team": "alpha", "workspace": "a"}, "The configuration file says so itself"),
        (What.CLAIM, "workspace/a", {"team": "beta", "workspace": "a"}, "claims the same as"),
        (What.CLAIM, "api_key/k", {"team": "beta", "api_key": "k"}, ""),
        (What.CLAIM, "api_key/k", {"team": "gone", "api_key": "k"}, "Its team is not in the configuration file"),
    ],
)
def test_the_file_comes_first_and_what_slack_has_against_it_steps_back(
    what: What, id_: str, entry: dict[str, Value], why: str
) -> None:
    kept = [
        Preference(What.BUDGET, "good", BUDGET, NOW, "U0ANA"),
        Preference(what, id_, entry, NOW, "U0ANA"),
    ]
    whole = merged(FILE, "teams.yml", kept)
    assert [one.id for one in whole.configuration.budgets] == [
        "good",
        *(["b"] if what is What.BUDGET and not why else []),
    ]
    assert parse(whole.text) == whole.configuration
    alone = parse(FILE)
    if why:
        assert why in whole.aside[what, id_]
        assert whole.configuration.teams == alone.teams
        assert whole.configuration.rules == alone.rules
    else:
        assert whole.aside == {}
        assert whole.configuration != parse(spliced(FILE, [Addition("budgets", "good", {"id": "good", **BUDGET})]).text)


@pytest.mark.parametrize(
    ("change", "key", "words"),
    [
        ({}, None, ""),
        ({"at": "25:00"}, "at", "not a time of day"),
        ({"channel": "general"}, "channel", "not a Slack channel id"),
        ({"timezone": "Mars"}, "timezone", "no time zone"),
        ({"cadence": "daily"}, "on", "only for weekly digests"),
        ({"scope": {"team": "gone"}}, "scope", "which is not there"),
    ],
)
def test_a_mistake_is_known_by_the_field_it_stands_in(change: dict[str, Value], key: str | None, words: str) -> None:
    base = merged(FILE, "teams.yml", [])
    found = mistakes(base, "Slack", Preference(What.DIGEST, "new", DIGEST | change, NOW, "U0ANA"))
    assert list(found) == ([key] if key else [])
    assert words in found.get(key or "", "")
