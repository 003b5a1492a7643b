"""Who pays: whatever an organisation looks like, nothing is lost, nothing is invented, and order does not matter."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.allocation import allocate
from bot.core.directory import UNALLOCATED, Directory, Match, Owner, Owners, Ownership, Precision, Team, Workspace
from bot.core.entries import Basis, Entry
from bot.core.money import Money
from bot.core.usage import (
    CONSOLE,
    DEFAULT_WORKSPACE,
    NOT_BY_KEY,
    PRIORITY_TIER,
    REPORTED_TOKEN_TYPES,
    REQUESTS,
    TOKEN_TYPES,
    WEB_SEARCH,
    CostRecord,
    UsageRecord,
)

DAY = date(2026, 11, 18)
START = datetime(2026, 11, 18, tzinfo=UTC)
SONNET, HAIKU, DATED_HAIKU, UNKNOWN = (
    "claude-sonnet-5-5",
    "claude-haiku-4-5",
    "claude-haiku-4-5-20251001",
    "claude-nobody-knows",
)
SPACES = (None, "w1", "w2")
KEYS = (None, "k1", "k2", "k3")
TIERS = ("standard", "batch", PRIORITY_TIER, "flex")
GEOS = ("global", "us", "not_available")
REPORTED = {word: reported for reported, word in REPORTED_TOKEN_TYPES.items()}


def used(space: str | None = "w1", key: str | None = "k1", model: str = SONNET, **values: object) -> UsageRecord:
    """One line of the usage report; quantities that are not named are zero."""
    plain = UsageRecord(START, space, key, model, "standard", "global", 0, 0, 0, 0, 0, 0)
    return plain._replace(**values)  # type: ignore[arg-type]


def paid(
    cents: str,
    charge: str = "output",
    space: str | None = "w1",
    model: str | None = SONNET,
    tier: str | None = "standard",
    geo: str | None = "global",
) -> CostRecord:
    """One line of the cost report."""
    is_token = charge in REPORTED
    return CostRecord(
        start=START,
        workspace_id=space,
        cost_type="tokens" if is_token else charge,
        token_type=REPORTED.get(charge),
        model=model,
        service_tier=tier,
        inference_geo=geo,
        context_window=None,
        description="",
        amount_cents=cents,
        amount=Money.from_cents(cents),
    )


def searched(cents: str, space: str | None = "w1") -> CostRecord:
    return paid(cents, WEB_SEARCH, space, model=None, tier=None, geo=None)


def team(id_: str, *matches: Match) -> Team:
    return Team(id_, id_, matches=matches)


def owned_by(*teams: Team) -> Owners:
    spaces = {id_: Workspace(id_, id_) for id_ in (DEFAULT_WORKSPACE, "w1", "w2")}
    return Ownership(Directory("org", "Org", spaces), teams).owners


def by_key(pattern: str) -> Match:
    return Match(Precision.API_KEY, pattern)


def by_space(pattern: str, share: str = "1") -> Match:
    whole = share == "1"
    return Match(Precision.WORKSPACE if whole else Precision.SHARE, pattern, share=Decimal(share))


NOBODY = owned_by()


def whole(usage: Sequence[UsageRecord], costs: Sequence[CostRecord] | None, owners: Owners = NOBODY) -> list[Entry]:
    """The entries of a day that was read after it was over."""
    return allocate(DAY, usage, costs, owners, complete=True)


def billed(entries: Sequence[Entry]) -> int:
    return sum(entry.billed_cost or 0 for entry in entries)


def by_team(entries: Sequence[Entry]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for entry in entries:
        sums[entry.attribution.team_id] += entry.billed_cost or 0
    return dict(sums)


def of_key(entries: Sequence[Entry], key: str) -> list[Entry]:
    return [entry for entry in entries if entry.attribution.api_key_id == key]


counts = st.integers(0, 10**9)
usages = st.lists(
    st.builds(
        UsageRecord,
        start=st.just(START),
        workspace_id=st.sampled_from(SPACES),
        api_key_id=st.sampled_from(KEYS),
        model=st.sampled_from((SONNET, HAIKU, DATED_HAIKU, UNKNOWN)),
        service_tier=st.sampled_from(TIERS),
        inference_geo=st.sampled_from(GEOS),
        uncached_input=counts,
        cache_write_5m=counts,
        cache_write_1h=counts,
        cache_read=counts,
        output=counts,
        web_search=st.integers(0, 1000),
        actor_id=st.none(),
        product=st.none(),
        requests=st.none(),
    ),
    max_size=8,
)
amounts = st.decimals(min_value=0, max_value=10**7, places=8).map(lambda cents: f"{cents:f}")
token_costs = st.builds(
    paid,
    amounts,
    st.sampled_from(TOKEN_TYPES),
    st.sampled_from(SPACES),
    st.sampled_from((SONNET, HAIKU, DATED_HAIKU, UNKNOWN)),
    st.sampled_from((*TIERS, None)),
    st.sampled_from((*GEOS, None)),
)
other_costs = st.builds(
    paid,
    amounts,
    st.sampled_from((WEB_SEARCH, "code_execution", "session_usage", "moon_mining")),
    st.sampled_from(SPACES),
    st.none(),
    st.none(),
    st.none(),
)
bills = st.lists(token_costs | other_costs, max_size=10)
shares = st.sampled_from(("0.1", "0.333333333", "0.4", "0.0000001"))
teams = st.tuples(
    st.sampled_from(((), (by_key("k1"),), (by_space("w1"),), (by_key("k[12]"), by_space("default")))),
    st.lists(st.builds(by_space, st.sampled_from(("w1", "w2", "*")), shares), max_size=2).map(tuple),
    st.lists(st.builds(by_space, st.sampled_from(("w2", "*")), shares), max_size=1).map(tuple),
).map(lambda found: owned_by(team("a", *found[0]), team("b", *found[1]), team("c", *found[2])))


@given(usages, bills, teams, st.booleans())
@settings(max_examples=150, deadline=None)
def test_the_teams_and_what_nobody_claims_are_the_organisation_to_the_last_unit(
    usage: list[UsageRecord], costs: list[CostRecord], owners: Owners, complete: bool
) -> None:
    entries = allocate(DAY, usage, costs, owners, complete=complete)
    assert billed(entries) == sum(cost.amount.units for cost in costs)

    one_owner = allocate(DAY, usage, costs, NOBODY, complete=complete)
    for charge in {entry.charge for entry in one_owner}:
        for field in ("quantity", "list_cost", "billed_cost"):
            found = [sum(getattr(e, field) or 0 for e in some if e.charge == charge) for some in (entries, one_owner)]
            assert found[0] == found[1], (charge, field)
    for charge in (*TOKEN_TYPES, WEB_SEARCH):
        reported = sum(getattr(record, charge) for record in usage)
        assert sum(entry.quantity for entry in entries if entry.charge == charge) == reported
    assert all(entry.quantity >= 0 and (entry.billed_cost or 0) >= 0 for entry in entries)


@given(usages, bills, teams, st.randoms(use_true_random=False))
@settings(max_examples=75, deadline=None)
def test_the_order_of_records_changes_nothing(
    usage: list[UsageRecord], costs: list[CostRecord], owners: Owners, random: "object"
) -> None:
    before = whole(usage, costs, owners)
    random.shuffle(usage)  # type: ignore[attr-defined]
    random.shuffle(costs)  # type: ignore[attr-defined]
    assert whole(usage, costs, owners) == before


@given(usages, bills, teams)
@settings(max_examples=75, deadline=None)
def test_entries_are_unique_and_say_truly_how_they_are_known(
    usage: list[UsageRecord], costs: list[CostRecord], owners: Owners
) -> None:
    entries = whole(usage, costs, owners)
    assert len({(entry.attribution, entry.charge, entry.basis) for entry in entries}) == len(entries)
    for entry in entries:
        assert (entry.basis is Basis.UNKNOWN) <= (entry.billed_cost is None)
        committed = entry.attribution.service_tier == PRIORITY_TIER and entry.charge in TOKEN_TYPES
        if committed and entry.attribution.api_key_id != NOT_BY_KEY:
            assert (entry.basis, entry.billed_cost) == (Basis.NOT_BILLED, None)
        if entry.basis is Basis.REPORTED:
            assert entry.billed_cost is not None


@given(usages, bills)
@settings(max_examples=75, deadline=None)
def test_within_a_workspace_nothing_is_taken_from_another(usage: list[UsageRecord], costs: list[CostRecord]) -> None:
    found: dict[str, int] = defaultdict(int)
    said: dict[str, int] = defaultdict(int)
    for entry in whole(usage, costs):
        found[entry.attribution.workspace_id] += entry.billed_cost or 0
    for cost in costs:
        said[cost.workspace_id or DEFAULT_WORKSPACE] += cost.amount.units
    assert {space: sum_ for space, sum_ in found.items() if sum_} == {space: s for space, s in said.items() if s}


def test_one_amount_is_split_between_keys_by_list_cost_and_the_odd_unit_goes_to_the_first() -> None:
    usage = [used(key="k1", output=1000), used(key="k2", output=2000)]
    entries = whole(usage, [paid("0.00000100")])  # 100 units
    assert [entry.billed_cost for entry in entries] == [33, 67]
    assert [entry.billed_cost for entry in whole([*usage, used(key="k3", output=3000)], [paid("0.00000101")])] == [
        17,
        34,
        50,
    ]


def test_an_amount_goes_to_its_own_tier_and_geo_before_any_other() -> None:
    usage = [
        used(key="k1", output=1000, service_tier="batch"),
        used(key="k2", output=9000),
        used(key="k3", output=9000, inference_geo="us"),
    ]
    entries = whole(usage, [paid("5", tier="batch"), paid("7", geo="us")])
    assert {entry.attribution.api_key_id: entry.billed_cost for entry in entries} == {
        "k1": Money.from_cents("5").units,
        "k2": 0,
        "k3": Money.from_cents("7").units,
    }


def test_an_amount_of_a_tier_nobody_used_goes_to_the_same_model_and_token_type() -> None:
    (entry,) = whole([used(output=1000)], [paid("5", tier="batch", geo=None)])
    assert (entry.attribution.api_key_id, entry.billed_cost) == ("k1", Money.from_cents("5").units)


def test_a_dated_model_and_its_short_name_are_one_model() -> None:
    (entry,) = whole([used(model=DATED_HAIKU, output=10)], [paid("5", model=HAIKU)])
    assert (entry.attribution.model, entry.billed_cost) == (DATED_HAIKU, Money.from_cents("5").units)


def test_searches_are_shared_by_their_number_whatever_the_model() -> None:
    entries = whole([used(key="k1", web_search=1), used(key="k2", model=UNKNOWN, web_search=3)], [searched("4")])
    assert {entry.attribution.api_key_id: entry.billed_cost for entry in entries} == {
        "k1": Money.from_cents("1").units,
        "k2": Money.from_cents("3").units,
    }


def test_an_amount_nothing_caused_stays_in_its_workspace_without_a_key() -> None:
    entries = whole([used(output=5)], [paid("15", "code_execution", "w2", model=None, tier=None, geo=None)])
    (orphan,) = of_key(entries, NOT_BY_KEY)
    assert (orphan.attribution.workspace_id, orphan.charge, orphan.quantity) == ("w2", "code_execution", 0)
    assert (orphan.billed_cost, orphan.list_cost, orphan.basis) == (
        Money.from_cents("15").units,
        None,
        Basis.REPORTED,
    )


def test_the_priority_tier_takes_no_share_and_keeps_its_tokens() -> None:
    entries = whole([used(key="k1", output=10**9, service_tier=PRIORITY_TIER), used(key="k2", output=10)], [paid("8")])
    (priority,), (standard,) = of_key(entries, "k1"), of_key(entries, "k2")
    assert (priority.quantity, priority.billed_cost, priority.basis) == (10**9, None, Basis.NOT_BILLED)
    assert (standard.billed_cost, standard.basis) == (Money.from_cents("8").units, Basis.REPORTED)


def test_searches_of_the_priority_tier_are_billed_like_any_other() -> None:
    usage = [used(key="k1", web_search=1, service_tier=PRIORITY_TIER), used(key="k2", web_search=3)]
    entries = whole(usage, [searched("4")])
    assert {entry.attribution.api_key_id: (entry.billed_cost, entry.basis) for entry in entries} == {
        "k1": (Money.from_cents("1").units, Basis.BY_KEY),
        "k2": (Money.from_cents("3").units, Basis.BY_KEY),
    }


def test_an_amount_only_the_priority_tier_could_have_caused_stays_in_the_workspace() -> None:
    entries = whole([used(key="k1", output=10, service_tier=PRIORITY_TIER)], [paid("8")])
    assert [entry.billed_cost for entry in of_key(entries, "k1")] == [None]
    assert [entry.billed_cost for entry in of_key(entries, NOT_BY_KEY)] == [Money.from_cents("8").units]


def test_a_model_without_a_price_keeps_its_tokens_and_has_no_list_cost() -> None:
    entries = whole(
        [used(key="k1", model=UNKNOWN, output=300), used(key="k2", model=UNKNOWN, output=100)],
        [paid("8", model=UNKNOWN)],
    )
    assert [(entry.quantity, entry.list_cost) for entry in entries] == [(300, None), (100, None)]
    assert [entry.billed_cost for entry in entries] == [Money.from_cents("6").units, Money.from_cents("2").units]


def test_a_tier_without_a_price_has_no_list_cost_either() -> None:
    (entry,) = whole([used(output=300, service_tier="flex")], [paid("8", tier="flex")])
    assert (entry.list_cost, entry.billed_cost) == (None, Money.from_cents("8").units)


def test_the_list_cost_is_the_public_price_whatever_was_billed() -> None:
    (entry,) = whole([used(output=1_000_000)], [paid("900")])  # a tenth off ten dollars
    assert (entry.list_cost, entry.billed_cost) == (
        Money.from_dollars("10").units,
        Money.from_cents("900").units,
    )


def test_what_no_cost_report_covers_is_unknown_and_not_zero() -> None:
    for costs, complete in ((None, False), ([], False), ([], True), ([paid("8", space="w2")], False)):
        (entry,) = of_key(allocate(DAY, [used(output=5)], costs, NOBODY, complete=complete), "k1")
        assert (entry.billed_cost, entry.basis, entry.quantity) == (None, Basis.UNKNOWN, 5)


def test_a_line_that_a_complete_report_does_not_mention_was_not_billed() -> None:
    (entry,) = of_key(whole([used(output=5)], [paid("8", space="w2")]), "k1")
    assert (entry.billed_cost, entry.basis) == (0, Basis.REPORTED)


def test_a_day_without_use_or_cost_has_no_entries() -> None:
    assert whole([], []) == whole([used()], None) == []


def test_null_in_the_reports_is_the_default_workspace_and_the_console() -> None:
    (entry,) = whole([used(None, None, output=5)], [paid("8", space=None)])
    assert (entry.attribution.workspace_id, entry.attribution.api_key_id) == (DEFAULT_WORKSPACE, CONSOLE)
    assert entry.billed_cost == Money.from_cents("8").units


def test_what_one_key_caused_alone_is_reported() -> None:
    (entry,) = whole([used(output=5)], [paid("8")], owned_by(team("a", by_key("k1"))))
    assert (entry.attribution.team_id, entry.basis) == ("a", Basis.REPORTED)


def test_what_keys_of_one_team_share_is_exact_for_the_team() -> None:
    entries = whole(
        [used(key="k1", output=5), used(key="k2", output=5)], [paid("8")], owned_by(team("a", by_space("w1")))
    )
    assert {entry.basis for entry in entries} == {Basis.BY_KEY}
    assert by_team(entries) == {"a": Money.from_cents("8").units}


def test_what_keys_of_two_teams_share_is_shared_out_between_the_teams() -> None:
    owners = owned_by(team("a", by_key("k1")), team("b", by_key("k2")))
    entries = whole([used(key="k1", output=5), used(key="k2", output=15)], [paid("8")], owners)
    assert {entry.basis for entry in entries} == {Basis.BY_TEAM}
    assert by_team(entries) == {"a": Money.from_cents("2").units, "b": Money.from_cents("6").units}


def test_a_share_splits_tokens_and_costs_and_the_rest_is_unallocated() -> None:
    owners = owned_by(team("a", by_space("w1", "0.4")), team("b", by_space("w*", "0.25")))
    entries = whole([used(output=101)], [paid("8")], owners)
    assert {entry.basis for entry in entries} == {Basis.BY_TEAM}
    assert by_team(entries) == {
        "a": Money.from_cents("3.2").units,
        "b": Money.from_cents("2").units,
        UNALLOCATED: Money.from_cents("2.8").units,
    }
    assert {entry.attribution.team_id: entry.quantity for entry in entries} == {"a": 41, "b": 25, UNALLOCATED: 35}


def test_an_owner_may_be_asked_for_each_place_and_answers_with_parts_of_one() -> None:
    halves = (Owner("a", Decimal("0.5")), Owner("b", Decimal("0.5")))
    entries = whole([used(output=3)], [paid("0.00000003")], lambda _space, _key, _actor: halves)
    assert [(entry.quantity, entry.billed_cost) for entry in entries] == [(2, 2), (1, 1)]


def test_requests_stand_beside_the_charges_and_cost_nothing_whatever_is_known_of_the_cost() -> None:
    usage = [
        used(output=10, requests=3, actor_id="user_1"),
        used(output=10, requests=4, service_tier=PRIORITY_TIER),
        used(output=10, requests=None, api_key_id="k2"),
    ]
    for costs, complete in ((None, False), ([paid("12.5")], False), ([paid("12.5")], True)):
        whole = allocate(DAY, usage, costs, NOBODY, complete=complete)
        counts = [entry for entry in whole if entry.charge == REQUESTS]
        assert {(one.attribution.actor_id, one.quantity) for one in counts} == {("user_1", 3), ("", 4)}
        assert {(one.list_cost, one.billed_cost, one.basis) for one in counts} == {(0, None, Basis.NOT_BILLED)}
        uncounted = [record._replace(requests=None) for record in usage]
        assert [one for one in whole if one.charge != REQUESTS] == allocate(
            DAY, uncounted, costs, NOBODY, complete=complete
        )


def test_requests_of_a_shared_workspace_are_shared_to_the_last_one() -> None:
    def shared(_space: str, _key: str, _actor: str) -> tuple[Owner, ...]:
        return Owner("a", Decimal("0.4")), Owner(UNALLOCATED, Decimal("0.6"))

    found = allocate(DAY, [used(output=10, requests=7)], None, shared, complete=False)
    assert sorted(one.quantity for one in found if one.charge == REQUESTS) == [3, 4]
