"""The proposed configuration: whose names make a team, and that what is proposed can always be applied."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.configuration.file import parse
from bot.core.configuration.proposal import propose, text
from bot.core.directory import ApiKey, Directory, Member, Workspace
from bot.services.configuration import ties


def directory(
    spaces: list[Workspace] | None = None, keys: list[ApiKey] | None = None, emails: list[str] | None = None
) -> Directory:
    return Directory(
        "org",
        "Example Org",
        {space.id: space for space in spaces or ()},
        {key.id: key for key in keys or ()},
        {f"user_{n}": Member(f"user_{n}", email, email, "user") for n, email in enumerate(emails or ())},
    )


def proposed(found: Directory) -> dict[str, list[str]]:
    return {team.id: [str(match) for match in team.matches] for team in propose([found])}


def test_workspaces_that_begin_alike_are_one_team() -> None:
    names = ["support-prod", "support-eval", "search-prod", "Data Lake", "data-pipelines", "default-ish"]
    found = proposed(directory([Workspace(f"w{n}", name) for n, name in enumerate(names)]))
    assert found == {
        "data": ["workspace: Data Lake", "workspace: data-pipelines"],
        "default": ["workspace: default-ish"],
        "search": ["workspace: search-prod"],
        "support": ["workspace: support-*"],
    }


def test_a_tag_that_says_the_team_comes_first_and_what_is_gone_or_common_makes_none() -> None:
    spaces = [
        Workspace("w1", "misc", {"team": "Delta"}),
        Workspace("w2", "old", archived=True),
        Workspace("default", "Default"),
    ]
    assert proposed(directory(spaces)) == {"delta": ["workspace_tag: {team: delta}"]}


def test_keys_of_the_default_workspace_make_a_team_where_two_begin_alike() -> None:
    keys = [
        ApiKey("k1", "beta-ranker", "default"),
        ApiKey("k2", "beta-index", "default"),
        ApiKey("k3", "lonely", "default"),
        ApiKey("k4", "beta-old", "default", "archived"),
        ApiKey("k5", "claude_code_key_ana", "default"),
        ApiKey("k6", "claude_code_key_ben", "default"),
        ApiKey("k7", "search-late", "default"),
        ApiKey("k8", "support-x", "w1"),
    ]
    found = proposed(directory([Workspace("w1", "search-prod")], keys))
    assert found == {
        "beta": ["api_key: beta-ranker", "api_key: beta-index"],
        "search": ["workspace: search-prod", "api_key: search-late"],
    }


def test_people_of_another_domain_are_a_team() -> None:
    emails = [
        "a@example.com",
        "b@example.com",
        "c@example.com",
        "x@labs.example.net",
        "y@labs.example.net",
        "z@odd.org",
    ]
    assert proposed(directory(emails=emails)) == {"labs": ["user: *@labs.example.net"]}


def test_an_organisation_without_names_gets_a_file_that_holds_together() -> None:
    assert parse(text(propose([directory()]))).teams == ()


NAMES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["all", "unallocated", "each_team", "a-b", "A_b", "*", "a*", "R&D", "r-d", "x: y", '"', "é-1", "-"]
    ),
)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_things_are_called_the_proposal_can_be_applied(data: Any) -> None:
    spaces = [
        Workspace(f"wrkspc_{n}", name, {"team": tag} if tag is not None else {})
        for n, (name, tag) in enumerate(data.draw(st.lists(st.tuples(NAMES, st.none() | NAMES), max_size=6)))
    ]
    keys = [ApiKey(f"apikey_{n}", name, "default") for n, name in enumerate(data.draw(st.lists(NAMES, max_size=6)))]
    emails = data.draw(st.lists(st.emails(), max_size=5))
    found = directory(spaces, keys, emails)
    configuration = parse(text(propose([found])))
    assert ties([found], configuration) == []
