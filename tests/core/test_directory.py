"""Whose a key's use is: the most precise claim wins, shares split the rest, and nothing is lost."""

from datetime import date
from decimal import Decimal

import pytest

from bot.core.directory import (
    UNALLOCATED,
    ApiKey,
    Directory,
    Match,
    Member,
    Owner,
    Ownership,
    Precision,
    Team,
    Workspace,
    family,
)
from bot.core.usage import CONSOLE, DEFAULT_WORKSPACE, NOT_BY_KEY

DIRECTORY = Directory(
    "org_1",
    "Example",
    workspaces={
        "wrkspc_1": Workspace("wrkspc_1", "Support-Prod", tags={"team": "alpha", "env": "prod"}),
        "wrkspc_2": Workspace("wrkspc_2", "shared-platform"),
    },
    api_keys={"apikey_1": ApiKey("apikey_1", "CI Runner", "wrkspc_1")},
)
BY_KEY = Match(Precision.API_KEY, "ci*")
BY_TAG = Match(Precision.WORKSPACE_TAG, "alpha", tag="team")
BY_WORKSPACE = Match(Precision.WORKSPACE, "support-*")
BY_SHARE = Match(Precision.SHARE, "support-*", share=Decimal("0.4"))


def ownership(**matches: Match | tuple[Match, ...]) -> Ownership:
    return Ownership(
        DIRECTORY,
        [Team(team, team, matches=found if isinstance(found, tuple) else (found,)) for team, found in matches.items()],
    )


def owners(of: Ownership, workspace: str = "wrkspc_1", key: str = "apikey_1") -> dict[str, Decimal]:
    return {owner.team_id: owner.share for owner in of.owners(workspace, key)}


def test_the_most_precise_claim_wins_key_then_tag_then_workspace_then_share() -> None:
    claims = {"key": BY_KEY, "tag": BY_TAG, "workspace": BY_WORKSPACE, "share": BY_SHARE}
    for winner in list(claims):
        found = owners(ownership(**claims))
        assert next(iter(found)) == winner
        del claims[winner]
    assert owners(ownership()) == {UNALLOCATED: Decimal(1)}


@pytest.mark.parametrize("pattern", ["support-prod", "SUPPORT-*", "*prod", "support-pro?", "wrkspc_1", "wrkspc_[12]"])
def test_a_workspace_is_claimed_by_name_or_id_with_globs_in_any_case(pattern: str) -> None:
    assert owners(ownership(a=Match(Precision.WORKSPACE, pattern))) == {"a": Decimal(1)}


@pytest.mark.parametrize("pattern", ["CI Runner", "ci r*", "apikey_1", "APIKEY_*"])
def test_a_key_is_claimed_by_name_or_id_with_globs_in_any_case(pattern: str) -> None:
    assert owners(ownership(a=Match(Precision.API_KEY, pattern))) == {"a": Decimal(1)}


@pytest.mark.parametrize("pattern", ["support", "prod*", "wrkspc_"])
def test_part_of_a_name_claims_nothing(pattern: str) -> None:
    assert owners(ownership(a=Match(Precision.WORKSPACE, pattern))) == {UNALLOCATED: Decimal(1)}


@pytest.mark.parametrize("key", [CONSOLE, NOT_BY_KEY])
def test_use_without_a_key_is_never_claimed_by_key(key: str) -> None:
    assert owners(ownership(a=Match(Precision.API_KEY, "*"), b=BY_WORKSPACE), key=key) == {"b": Decimal(1)}


@pytest.mark.parametrize(
    ("tag", "pattern", "claimed"),
    [
        ("team", "alpha", True),
        ("team", "AL*", True),
        ("team", "beta", False),
        ("env", "alpha", False),
        ("cost-center", "*", False),  # any value of a tag, but the workspace does not have the tag
    ],
)
def test_a_workspace_tag_is_claimed_by_key_and_value(tag: str, pattern: str, claimed: bool) -> None:
    expected = "a" if claimed else UNALLOCATED
    assert owners(ownership(a=Match(Precision.WORKSPACE_TAG, pattern, tag=tag))) == {expected: Decimal(1)}


def test_a_workspace_the_directory_does_not_know_is_claimed_by_its_id() -> None:
    assert owners(ownership(a=Match(Precision.WORKSPACE, "wrkspc_9*")), "wrkspc_9x") == {"a": Decimal(1)}
    assert owners(ownership(a=Match(Precision.WORKSPACE, "default")), DEFAULT_WORKSPACE) == {"a": Decimal(1)}


def test_a_tie_belongs_to_nobody_and_names_both_teams() -> None:
    tied = ownership(b=BY_WORKSPACE, a=Match(Precision.WORKSPACE, "*-prod"))
    assert owners(tied) == {UNALLOCATED: Decimal(1)}
    assert tied.ties("wrkspc_1", "apikey_1") == ("a", "b")


def test_a_tie_below_a_more_precise_claim_is_none() -> None:
    settled = ownership(b=BY_WORKSPACE, a=Match(Precision.WORKSPACE, "*-prod"), c=BY_KEY)
    assert owners(settled) == {"c": Decimal(1)}
    assert settled.ties("wrkspc_1", "apikey_1") == ()
    assert settled.ties("wrkspc_1", CONSOLE) == ("a", "b")


def test_a_team_does_not_tie_with_itself_and_shares_do_not_tie() -> None:
    assert ownership(a=(BY_WORKSPACE, Match(Precision.WORKSPACE, "*"))).ties("wrkspc_1", "") == ()
    assert ownership(a=BY_SHARE, b=BY_SHARE).ties("wrkspc_1", "") == ()
    assert ownership().ties("wrkspc_1", "") == ()


def test_shares_split_what_nobody_claimed_more_precisely_and_the_rest_is_unallocated() -> None:
    shared = ownership(
        b=Match(Precision.SHARE, "shared-platform", share=Decimal("0.25")),
        a=Match(Precision.SHARE, "shared-*", share=Decimal("0.4")),
    )
    assert shared.owners("wrkspc_2", "") == (
        Owner("a", Decimal("0.4")),
        Owner("b", Decimal("0.25")),
        Owner(UNALLOCATED, Decimal("0.35")),
    )


def test_shares_of_the_whole_leave_nothing_unallocated() -> None:
    shared = ownership(
        a=Match(Precision.SHARE, "shared-*", share=Decimal("0.4")),
        b=Match(Precision.SHARE, "shared-*", share=Decimal("0.6")),
    )
    assert owners(shared, "wrkspc_2") == {"a": Decimal("0.4"), "b": Decimal("0.6")}


def test_a_family_is_a_team_and_everything_below_it() -> None:
    teams = [
        Team("engineering", "Engineering"),
        Team("web", "Web", parent="engineering"),
        Team("checkout", "Checkout", parent="web"),
        Team("sales", "Sales"),
    ]
    assert family("engineering", teams) == {"engineering", "web", "checkout"}
    assert family("checkout", teams) == {"checkout"}
    assert family(UNALLOCATED, teams) == {UNALLOCATED}


def test_an_id_that_the_directory_does_not_know_is_shown_as_itself() -> None:
    assert DIRECTORY.workspace_name("wrkspc_1") == "Support-Prod"
    assert DIRECTORY.workspace_name("wrkspc_9") == "wrkspc_9"
    assert DIRECTORY.workspace_name(DEFAULT_WORKSPACE) == "Default"
    assert DIRECTORY.key_name("apikey_1") == "CI Runner"
    assert DIRECTORY.key_name("apikey_9") == "apikey_9"
    assert DIRECTORY.key_name(CONSOLE) == "No API key"


@pytest.mark.parametrize(
    ("match", "text"),
    [
        (BY_KEY, "api_key: ci*"),
        (Match(Precision.USER, "*@x.com"), "user: *@x.com"),
        (BY_TAG, "workspace_tag: {team: alpha}"),
        (BY_WORKSPACE, "workspace: support-*"),
        (BY_SHARE, "workspace: support-*, share: 0.4"),
    ],
)
def test_a_match_reads_as_the_file_writes_it(match: Match, text: str) -> None:
    assert str(match) == text


PEOPLE = Directory(
    "org",
    "Org",
    {"wrkspc_1": Workspace("wrkspc_1", "support-prod")},
    {"apikey_1": ApiKey("apikey_1", "prod", "wrkspc_1")},
    {"user_1": Member("user_1", "Ana@Alpha.example.com", "Ana", "developer")},
)


def of_person(*matches: tuple[str, Match], actor: str = "user_1", key: str = "console") -> str:
    teams = [Team(team, team, matches=(match,)) for team, match in matches]
    (owner,) = Ownership(PEOPLE, teams).owners("wrkspc_1", key, actor)
    return owner.team_id


def test_a_person_is_claimed_by_e_mail_name_or_id_and_before_the_workspace() -> None:
    by_workspace = ("space", Match(Precision.WORKSPACE, "support-*"))
    for pattern in ("*@alpha.example.com", "ana", "user_1"):
        assert of_person(by_workspace, ("people", Match(Precision.USER, pattern))) == "people"
    assert of_person(by_workspace, ("people", Match(Precision.USER, "*@beta.example.com"))) == "space"
    assert of_person(by_workspace, ("people", Match(Precision.USER, "*")), actor="") == "space"


def test_a_key_is_more_precise_than_the_person_who_used_it() -> None:
    by_key, by_person = Match(Precision.API_KEY, "prod"), Match(Precision.USER, "user_1")
    assert of_person(("people", by_person), ("keys", by_key), key="apikey_1") == "keys"


def test_a_service_account_is_claimed_by_its_id() -> None:
    assert of_person(("robots", Match(Precision.USER, "svac_*")), actor="svac_9") == "robots"


def test_a_match_counts_from_its_first_day_until_the_day_it_ends() -> None:
    moved = date(2026, 7, 1)
    before, after = Match(Precision.WORKSPACE, "support-*", until=moved), Match(Precision.WORKSPACE, "*", since=moved)
    ownership = Ownership(PEOPLE, [Team("old", "Old", matches=(before,)), Team("new", "New", matches=(after,))])
    on = ownership.by_day()
    assert [on(day)("wrkspc_1", "apikey_1", "")[0].team_id for day in (date(2026, 6, 30), moved)] == ["old", "new"]
    assert ownership.ties("wrkspc_1", "apikey_1") == ()


def test_two_dated_matches_that_overlap_are_a_tie_on_the_days_they_share() -> None:
    one = Match(Precision.WORKSPACE, "support-*", until=date(2026, 7, 2))
    two = Match(Precision.WORKSPACE, "support-*", since=date(2026, 7, 1))
    ownership = Ownership(PEOPLE, [Team("a", "A", matches=(one,)), Team("b", "B", matches=(two,))])
    assert ownership.ties("wrkspc_1", "apikey_1") == ("a", "b")
    assert ownership.by_day()(date(2026, 7, 1))("wrkspc_1", "apikey_1", "")[0].team_id == UNALLOCATED
