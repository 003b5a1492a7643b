"""What people did with Claude Code: sums, acceptance, cost by head, and whose it is."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.coders import Coders
from bot.core.coding import (
    Actor,
    ActorKind,
    CodeRecord,
    Work,
    by_actor_and_day,
    cost_per_developer,
    developers,
    total,
)
from bot.core.directory import UNALLOCATED, ApiKey, Directory, Match, Member, Precision, Team, Workspace
from bot.core.errors import MoneyError
from bot.core.money import Money

DAY = date(2026, 11, 18)
ANA, BEN = Actor(ActorKind.PERSON, "ana@example.com"), Actor(ActorKind.PERSON, "ben@example.com")
CI = Actor(ActorKind.KEY, "ci")
RECORDS = st.lists(
    st.builds(
        CodeRecord,
        st.sampled_from([DAY, date(2026, 11, 19)]),
        st.sampled_from([ANA, BEN, CI]),
        st.sampled_from(["api", "subscription"]),
        st.builds(Work, *[st.integers(0, 10**6)] * 8, st.integers(0, 10**12).map(Money)),
    ),
    max_size=12,
)


def done(actor: Actor, dollars: str = "0", day: date = DAY, sessions: int = 1) -> CodeRecord:
    return CodeRecord(day, actor, "api", Work(sessions=sessions, estimated=Money.from_dollars(dollars)))


@given(RECORDS)
def test_adding_up_by_actor_and_day_loses_nothing_and_leaves_one_record_for_each(records: list[CodeRecord]) -> None:
    summed = by_actor_and_day(records)
    assert total(summed) == total(records)
    places = [(record.day, record.actor, record.customer) for record in summed]
    assert places == sorted(set(places))
    assert by_actor_and_day(reversed(records)) == summed == by_actor_and_day(summed)


def test_acceptance_is_a_part_of_the_edits_decided_on_and_unknown_without_any() -> None:
    assert Work(accepted=38, rejected=5).acceptance == pytest.approx(0.8837, abs=1e-4)
    assert Work(rejected=5).acceptance == 0
    assert Work(sessions=22).acceptance is None


def test_cost_by_head_is_of_people_and_not_of_programs() -> None:
    records = [done(ANA, "10"), done(ANA, "2", date(2026, 11, 19)), done(BEN, "1"), done(CI, "1000")]
    assert developers(records) == 2
    assert cost_per_developer(records) == Money.from_dollars("6.5")
    assert cost_per_developer([done(CI, "1000")]) is None


@pytest.mark.parametrize(
    ("amount", "dollars"),
    [
        (584, "5.8400"),
        (0, "0.0000"),
        (Decimal("0.1"), "0.0010"),
        (Decimal("1E-5"), "0.0000001"),
        (Decimal("5E-9"), "0.0000"),
    ],
)
def test_a_json_number_of_cents_is_read_exactly(amount: int | Decimal, dollars: str) -> None:
    assert str(Money.from_number_of_cents(amount)) == dollars


@pytest.mark.parametrize("amount", [10**12, Decimal("1E+999999"), Decimal("NaN"), Decimal("Infinity"), 10**11])
def test_a_number_that_is_no_amount_is_refused(amount: int | Decimal) -> None:
    with pytest.raises(MoneyError):
        Money.from_number_of_cents(amount)


def coders(*teams: Team) -> Coders:
    return Coders(
        Directory(
            "org_1",
            "Example Org",
            {"wrkspc_c": Workspace("wrkspc_c", "Claude Code"), "wrkspc_s": Workspace("wrkspc_s", "search-prod")},
            {
                key: ApiKey(key, name, "wrkspc_s")
                for key, name in (("apikey_1", "ci"), ("apikey_2", "twin"), ("apikey_3", "twin"))
            },
            {"user_a": Member("user_a", "Ana@Example.com", "Ana Ribeiro", "developer")},
        ),
        teams,
    )


def team(id_: str, *matches: Match) -> Team:
    return Team(id_, id_, matches=matches)


def test_a_person_counts_for_the_team_that_claims_them_before_the_one_of_the_workspace() -> None:
    mine = team("alpha", Match(Precision.USER, "*@example.com"))
    everybody = team("engineering", Match(Precision.WORKSPACE, "claude code"))
    assert coders(mine, everybody).team(done(ANA)) == "alpha"
    assert coders(everybody).team(done(ANA)) == "engineering"
    assert coders().team(done(ANA)) == UNALLOCATED
    assert coders(team("search", Match(Precision.WORKSPACE, "search-*"))).team(done(ANA)) == UNALLOCATED


def test_somebody_who_left_still_counts_for_the_team_that_claims_the_address() -> None:
    found = coders(team("alpha", Match(Precision.USER, "ben@*")))
    assert (found.person(BEN), found.team(done(BEN))) == ("ben@example.com", "alpha")
    assert (found.person(ANA), found.names(ANA)) == ("user_a", ("Ana Ribeiro",))


def test_a_program_counts_for_the_owner_of_its_key_unless_several_keys_have_its_name() -> None:
    owned = coders(
        team("alpha", Match(Precision.API_KEY, "apikey_[12]")), team("beta", Match(Precision.API_KEY, "apikey_3"))
    )
    assert owned.team(done(CI)) == "alpha"
    assert owned.team(done(Actor(ActorKind.KEY, "twin"))) == UNALLOCATED
    assert owned.team(done(Actor(ActorKind.KEY, "unheard-of"))) == UNALLOCATED
    assert owned.person(CI) is None


def test_a_reorganisation_moves_people_from_its_day_on() -> None:
    before, after = Match(Precision.USER, "ana@*", until=DAY), Match(Precision.USER, "ana@*", since=DAY)
    found = coders(team("alpha", before), team("beta", after))
    assert [found.team(done(ANA, day=day)) for day in (date(2026, 11, 17), DAY)] == ["alpha", "beta"]


def test_a_shared_workspace_is_nobodys_own() -> None:
    halves = [team(one, Match(Precision.SHARE, "Claude Code", share=Decimal("0.5"))) for one in ("alpha", "beta")]
    assert coders(*halves).team(done(ANA)) == UNALLOCATED
