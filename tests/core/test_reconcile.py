"""Why usage × list price is not the bill: the lines always add up, and what nobody can explain is named."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.allocation import allocate
from bot.core.books.reconcile import reconcile
from bot.core.books.reconciliation import Cause, Fault, Reconciliation, Stage
from bot.core.directory import UNALLOCATED, Owner
from bot.core.entries import Attribution, Basis, Entry
from bot.core.money import ZERO, Money
from bot.core.prices import list_cost
from bot.core.usage import (
    CACHE_READ,
    CACHE_WRITE_1H,
    CACHE_WRITE_5M,
    DEFAULT_WORKSPACE,
    OUTPUT,
    PRIORITY_TIER,
    REPORTED_TOKEN_TYPES,
    TOKEN_TYPES,
    UNCACHED_INPUT,
    WEB_SEARCH,
    CostRecord,
    UsageRecord,
)

DAY = date(2026, 11, 18)
START = datetime(2026, 11, 18, tzinfo=UTC)
SONNET, OPUS, HAIKU, UNKNOWN = "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5", "claude-nobody-knows"
"""One price; fast mode for twice of it; long prompts for five times of it; no price."""
MILLION = 10**6
OPEN = (Stage.UNREAD, Stage.RUNNING)


def line(
    charge: str = OUTPUT,
    billed: Decimal | str | None = "1",
    *,
    model: str = SONNET,
    space: str = "w1",
    tier: str = "standard",
    quantity: int = MILLION,
    basis: Basis = Basis.REPORTED,
    key: str = "k1",
) -> Entry:
    """A million tokens; `billed` in parts of their list cost, or in dollars where they have none."""
    attribution = Attribution(UNALLOCATED, space, key, model, tier, "global")
    listed = list_cost(quantity, charge, model=model, day=DAY, service_tier=tier, inference_geo="global")
    whole = Decimal(listed.units if listed and quantity else 10**10)
    units = None if billed is None else int(whole * Decimal(billed))
    return Entry(attribution, charge, quantity, listed.units if listed and quantity else None, units, basis)


def calls(billed: str = "1", **more: str) -> list[Entry]:
    """Every token type of one model, all billed at the same part of list."""
    return [line(charge, billed, **more) for charge in TOKEN_TYPES]  # type: ignore[arg-type]


def ledger(entries: Sequence[Entry]) -> Money:
    return Money(sum(entry.billed_cost or 0 for entry in entries))


def found(entries: Sequence[Entry], reported: Money | None = None, **more: object) -> Reconciliation:
    """The day, with Anthropic's own sum the ledger's unless given."""
    return reconcile(DAY, entries, ledger(entries) if reported is None else reported, **more)  # type: ignore[arg-type]


# --- the lines always add up

amounts = st.none() | st.integers(-(10**12), 10**14)
entries_of_any_kind = st.lists(
    st.builds(
        Entry,
        st.builds(
            Attribution,
            st.just(UNALLOCATED),
            st.sampled_from((DEFAULT_WORKSPACE, "w1")),
            st.sampled_from(("k1", "k2")),
            st.sampled_from((SONNET, OPUS, HAIKU, "claude-haiku-4-5-20251001", UNKNOWN, "")),
            st.sampled_from(("standard", "batch", PRIORITY_TIER, "flex", "")),
            st.sampled_from(("global", "us", "not_available", "")),
        ),
        st.sampled_from((*TOKEN_TYPES, WEB_SEARCH, "code_execution", "thinking_tokens")),
        st.integers(0, 10**9),
        amounts,
        amounts,
        st.sampled_from(Basis),
    ),
    max_size=25,
)


@given(
    entries_of_any_kind,
    st.none() | st.integers(0, 10**14).map(Money),
    st.sampled_from(Stage),
    st.booleans(),
    st.integers(-(10**10), 10**10).map(Money),
)
def test_list_cost_and_the_causes_are_the_ledger_whatever_it_holds(
    entries: list[Entry], reported: Money | None, stage: Stage, restated: bool, adjusted: Money
) -> None:
    result = reconcile(DAY, entries, reported, stage=stage, restated=restated, adjusted=adjusted)
    assert result.ledger == ledger(entries)
    assert result.list_cost == Money(sum(entry.list_cost or 0 for entry in entries))
    assert sum(result.causes.values(), result.list_cost) == result.ledger
    assert ZERO not in result.causes.values()
    assert result.explained is not bool(result.faults)
    if Cause.UNEXPLAINED in result.causes or result.apart is Cause.UNEXPLAINED:
        assert not result.explained
    assert (result.difference is None) is (reported is None)
    if stage in OPEN:
        assert result.explained
    assert reconcile(DAY, entries[::-1], reported, stage=stage, restated=restated, adjusted=adjusted) == result


records = st.lists(
    st.builds(
        lambda space, key, model, tier, geo, counts: UsageRecord(START, space, key, model, tier, geo, *counts),
        st.sampled_from((None, "w1")),
        st.sampled_from((None, "k1", "k2")),
        st.sampled_from((SONNET, OPUS, HAIKU, UNKNOWN)),
        st.sampled_from(("standard", "batch", PRIORITY_TIER, "flex")),
        st.sampled_from(("global", "us")),
        st.tuples(*[st.integers(0, 10**7)] * 6),
    ),
    max_size=12,
)


@given(records, st.integers(0, 100), st.integers(1, 3))
def test_an_organisation_billed_at_one_discount_is_always_explained(
    usage: list[UsageRecord], discount: int, teams: int
) -> None:
    """Through the real allocation, teams with shares included: no discount, tier, geo or price gap is a false alarm."""
    owners = tuple(Owner(f"t{n}", Decimal(1) / teams) for n in range(teams))
    part = 1 - Decimal(discount) / 100
    costs = [cost for use in usage if use.service_tier != PRIORITY_TIER for cost in billed(use, part)]
    result = found(allocate(DAY, usage, costs, lambda *_: owners, complete=True))
    assert result.faults == ()
    assert sum(result.causes.values(), result.list_cost) == result.ledger


def billed(use: UsageRecord, part: Decimal) -> list[CostRecord]:
    """What the usage costs at `part` of its list price, or of a dollar a million where it has none."""
    costs = []
    for reported, charge in REPORTED_TOKEN_TYPES.items():
        listed = list_cost(
            getattr(use, charge),
            charge,
            model=use.model,
            day=DAY,
            service_tier=use.service_tier,
            inference_geo=use.inference_geo,
        )
        cents = f"{(Decimal(listed.units if listed else getattr(use, charge) * 10**4) * part / 10**8):.8f}"
        dimensions = ("tokens", reported, use.model, use.service_tier, use.inference_geo, "0-200k", "")
        costs.append(CostRecord(START, use.workspace_id, *dimensions, cents, Money.from_cents(cents)))
    return [cost for cost in costs if cost.amount.units]


# --- every cause by its name


@pytest.mark.parametrize(
    ("entries", "cause"),
    [
        (calls("0.85"), Cause.DISCOUNT),
        ([line(OUTPUT, None, tier=PRIORITY_TIER, basis=Basis.NOT_BILLED)], Cause.PRIORITY),
        ([line(OUTPUT, "0")], Cause.NOT_BILLED),
        ([line(OUTPUT, None, basis=Basis.UNKNOWN)], Cause.NOT_IN_YET),
        ([line("code_execution", "0.15", model="", quantity=0, key="")], Cause.NOT_TOKENS),
        ([line(OUTPUT, "3", model=UNKNOWN)], Cause.NO_LIST_PRICE),
        ([line(OUTPUT, "3", tier="flex")], Cause.NO_LIST_PRICE),
        (calls("1.5", model=OPUS), Cause.ABOVE_LIST),
        (calls("4.2", model=HAIKU), Cause.ABOVE_LIST),
        ([line()._replace(billed_cost=10**11 + 3)], Cause.ROUNDING),
    ],
)
def test_each_difference_has_its_name(entries: list[Entry], cause: Cause) -> None:
    result = found(entries)
    assert list(result.causes) == [cause]
    assert result.explained


def test_a_day_at_list_price_has_no_line_at_all() -> None:
    result = found(calls())
    assert (result.causes, result.apart, result.faults) == ({}, None, ())
    assert result.difference == ZERO


def test_what_the_cost_report_does_not_tell_apart_moves_between_tiers_and_is_no_difference() -> None:
    standard, batch = line(OUTPUT, "1.5"), line(OUTPUT, "0", tier="batch")
    assert found([standard, batch]).causes == {}
    flexed = [line(OUTPUT, "2"), line(OUTPUT, "0", tier="flex")]
    assert list(found(flexed).causes) == [Cause.NO_LIST_PRICE]


# --- faults: caught and named


@pytest.mark.parametrize("discount", ["1", "0.85", "0.625", "0.5"])
@pytest.mark.parametrize("model", [SONNET, OPUS])
def test_one_hour_writes_priced_as_five_minute_ones_are_named_whatever_the_discount(model: str, discount: str) -> None:
    """Also at 0.625, where the mistake and the discount cancel out to nothing."""
    entries = calls(discount, model=model)
    (at,) = (n for n, entry in enumerate(entries) if entry.charge == CACHE_WRITE_1H)
    entries[at] = entries[at]._replace(list_cost=(entries[at].list_cost or 0) * 5 // 8)
    result = found(entries)
    assert result.faults == (Fault.ONE_HOUR_AS_FIVE_MINUTES,)
    assert not result.explained


def test_cents_taken_for_dollars_on_both_sides_are_named_even_where_bands_and_discounts_blur_the_price() -> None:
    for model in (SONNET, OPUS, HAIKU):
        assert found(calls("85", model=model)).faults == (Fault.CENTS_AS_DOLLARS,)
    anthropics_list = [entry._replace(list_cost=entry.billed_cost) for entry in calls("100")]
    assert found(anthropics_list).faults == (Fault.CENTS_AS_DOLLARS,), "its list price is in the wrong unit, too"


def test_cents_taken_for_dollars_on_one_side_are_named() -> None:
    entries = [line(UNCACHED_INPUT, "100"), line("code_execution", "15", model="", quantity=0)]
    assert found(entries, Money(ledger(entries).units // 100)).faults == (Fault.CENTS_AS_DOLLARS,)


def test_a_lost_row_is_named_and_the_difference_is_its_amount() -> None:
    entries = calls()
    lost = entries.pop()
    result = found(entries, ledger([*entries, lost]))
    assert (result.faults, result.apart) == ((Fault.ROWS_LOST,), Cause.UNEXPLAINED)
    assert result.difference == Money(lost.billed_cost or 0)


def test_a_lost_null_workspace_is_named() -> None:
    whole = [*calls(), *calls(space=DEFAULT_WORKSPACE)]
    left = [*calls(), *calls("0", space=DEFAULT_WORKSPACE)]
    assert found(left, ledger(whole)).faults == (Fault.DEFAULT_WORKSPACE_LOST,)
    assert found(calls(), ledger(whole)).faults == (Fault.ROWS_LOST,)


@pytest.mark.parametrize("model", [SONNET, OPUS])
def test_a_doubled_row_is_named(model: str) -> None:
    entries = calls(model=model)
    doubled = [*entries[:-1], entries[-1]._replace(billed_cost=2 * (entries[-1].billed_cost or 0))]
    assert Fault.ROWS_DOUBLED in found(doubled, ledger(entries)).faults
    assert found(doubled).faults == (Fault.ABOVE_LIST,), "one token type alone: neither a band nor fast mode"


def test_billed_tokens_that_nobody_used_are_named() -> None:
    assert found([line(OUTPUT, "3", quantity=0)]).faults == (Fault.USAGE_LOST,)
    assert found([line(WEB_SEARCH, "3", model="", quantity=0)]).faults == (Fault.USAGE_LOST,)


def test_more_than_the_dearest_band_is_not_explained() -> None:
    assert found(calls("5.1", model=HAIKU)).faults == (Fault.ABOVE_LIST,)
    assert found(calls("1.01")).faults == (Fault.ABOVE_LIST,)
    assert found([line(WEB_SEARCH, "2", model=HAIKU)]).faults == (Fault.ABOVE_LIST,)


def test_bands_under_a_discount_are_still_bands() -> None:
    blurred = [line(charge, part, model=HAIKU) for charge, part in zip(TOKEN_TYPES, "12345", strict=True)]
    discounted = [entry._replace(billed_cost=(entry.billed_cost or 0) * 3 // 10) for entry in blurred]
    result = found([*discounted, *calls("0.3")])
    assert result.faults == ()
    assert set(result.causes) == {Cause.DISCOUNT, Cause.ABOVE_LIST}


# --- what is not an error


def test_a_day_restated_between_the_two_readings_is_restated_since() -> None:
    result = found(calls(), Money(1), restated=True)
    assert (result.apart, result.explained) == (Cause.RESTATED, True)


def test_what_a_closed_month_booked_elsewhere_is_restated_since() -> None:
    entries = calls()
    later = ledger(entries) + Money(700_000_000)
    assert found(entries, later, adjusted=Money(700_000_000)).apart is Cause.RESTATED
    assert found(entries, later, adjusted=Money(600_000_000)).faults == (Fault.ROWS_LOST,)


def test_rounding_of_each_row_is_rounding_and_a_cent_is_not() -> None:
    entries = calls()
    assert found(entries, ledger(entries) + Money(2 * 10**4)).apart is Cause.ROUNDING
    assert found(entries, ledger(entries) + Money(10**8)).apart is Cause.UNEXPLAINED


@pytest.mark.parametrize("stage", OPEN)
def test_a_day_that_is_not_over_or_not_read_is_not_in_yet(stage: Stage) -> None:
    result = found([line(OUTPUT, "1.7"), line(CACHE_READ, "0")], Money(5), stage=stage)
    assert (list(result.causes), result.apart, result.faults) == ([Cause.NOT_IN_YET], Cause.NOT_IN_YET, ())


def test_a_young_day_may_be_restated_in_one_report_first_but_not_by_any_amount() -> None:
    young = found(calls("1.05"), stage=Stage.SETTLING)
    assert (list(young.causes), young.faults) == ([Cause.NOT_IN_YET], ())
    assert found(calls("1.05")).faults == (Fault.ABOVE_LIST,)
    assert found(calls("1.6"), stage=Stage.SETTLING).faults == (Fault.ABOVE_LIST,)
    assert found(calls(), Money(5), stage=Stage.SETTLING).faults == (Fault.ROWS_DOUBLED,)
    uneven = [line(OUTPUT, "0.9"), line(CACHE_WRITE_5M, "1")]
    assert list(found(uneven, stage=Stage.SETTLING).causes) == [Cause.NOT_IN_YET]
    assert list(found(uneven).causes) == [Cause.DISCOUNT]


def test_without_anthropics_own_sum_there_is_no_difference_to_it() -> None:
    result = reconcile(DAY, calls(), None)
    assert (result.reported, result.difference, result.apart, result.explained) == (None, None, None, True)
