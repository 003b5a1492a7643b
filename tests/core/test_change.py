"""Why cost moved: parts by cause and by who, exact to the unit, whoever goes first."""

from datetime import date
from itertools import permutations
from math import factorial, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.change import Cause, Part, Spent, causes, counterparts, drivers, moved, parts
from bot.core.entries import Basis
from bot.core.money import Money
from bot.core.usage import CACHE_READ, OUTPUT, TOKEN_TYPES, UNCACHED_INPUT, WEB_SEARCH

CHEAP, DEAR = "claude-haiku-4-5", "claude-opus-5-5"
PRICES = {CHEAP: 2, DEAR: 10}
BY_TYPE = {UNCACHED_INPUT: 10, CACHE_READ: 1, OUTPUT: 50}


def spent(
    model: str = CHEAP,
    charge: str = UNCACHED_INPUT,
    quantity: int = 1000,
    billed: int | None = None,
    tier: str = "standard",
    basis: Basis = Basis.REPORTED,
    caller: str = "ci",
) -> Spent:
    """Tokens at the price of their model and type, unless said otherwise."""
    known = (
        quantity * PRICES[model] * BY_TYPE.get(charge, 0) if billed is None and basis is not Basis.UNKNOWN else billed
    )
    return Spent((caller,), model, tier, "global", charge, basis, quantity, known)


def units(before: list[Spent], after: list[Spent]) -> dict[Cause, int]:
    """The causes that brought anything."""
    return {cause: amount.units for cause, amount in causes(parts(before, after)).items() if amount.units}


def total(spending: list[Spent]) -> int:
    return sum(one.billed or 0 for one in spending)


SPENDING = st.lists(
    st.builds(
        Spent,
        caller=st.sampled_from([("ci",), ("web",)]),
        model=st.sampled_from(["a", "b", "c"]),
        service_tier=st.sampled_from(["standard", "batch"]),
        inference_geo=st.sampled_from(["global", "us"]),
        charge=st.sampled_from([*TOKEN_TYPES, WEB_SEARCH]),
        basis=st.sampled_from([Basis.REPORTED, Basis.BY_KEY, Basis.ADJUSTMENT]),
        quantity=st.integers(0, 10**12),
        billed=st.integers(-(10**6), 10**15),
    )
    | st.builds(
        Spent,
        caller=st.sampled_from([("ci",), ("web",)]),
        model=st.sampled_from(["a", "b", "c"]),
        service_tier=st.just("standard"),
        inference_geo=st.just("global"),
        charge=st.sampled_from(TOKEN_TYPES),
        basis=st.just(Basis.UNKNOWN),
        quantity=st.integers(1, 10**12),
        billed=st.none(),
    ),
    max_size=14,
)


@given(SPENDING, SPENDING)
def test_the_causes_add_up_to_the_change_to_the_last_unit(before: list[Spent], after: list[Spent]) -> None:
    found = causes(parts(before, after))
    assert list(found) == list(Cause)
    assert sum(amount.units for amount in found.values()) == total(after) - total(before)


@given(SPENDING, SPENDING)
def test_two_periods_swapped_turn_every_sign(before: list[Spent], after: list[Spent]) -> None:
    there, back = causes(parts(before, after)), causes(parts(after, before))
    assert {cause: -amount.units for cause, amount in back.items()} == {
        cause: amount.units for cause, amount in there.items()
    }


@given(SPENDING, st.randoms(use_true_random=False))
def test_nothing_is_to_blame_where_nothing_changed_but_the_order_of_rows(spending: list[Spent], order: object) -> None:
    shuffled = list(spending)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert units(spending, shuffled) == {}


@given(SPENDING, st.integers(2, 9))
def test_more_of_everything_is_volume_alone(spending: list[Spent], times: int) -> None:
    tokens = [one for one in spending if one.charge != WEB_SEARCH and one.basis is not Basis.ADJUSTMENT]
    tokens = [one for one in tokens if one.quantity]
    more = [
        Spent(
            *(one.caller, one.model, one.service_tier, one.inference_geo, one.charge, one.basis),
            one.quantity * times,
            None if one.billed is None else one.billed * times,
        )
        for one in tokens
    ]
    change = total(tokens) * (times - 1)
    assert units(tokens, more) == ({Cause.VOLUME: change} if change else {})


@given(SPENDING, SPENDING)
def test_a_factor_that_did_not_move_gets_nothing(before: list[Spent], after: list[Spent]) -> None:
    def plain(spending: list[Spent]) -> list[Spent]:
        """One model, one tier, one token type, all of it billed: only volume and price are left to move."""
        return [
            Spent((), "a", "standard", "global", OUTPUT, Basis.REPORTED, one.quantity, one.billed)
            for one in spending
            if one.quantity and one.billed is not None
        ]

    assert units(plain(before), plain(after)).keys() <= {Cause.VOLUME, Cause.PRICE}


def test_a_dearer_model_for_the_same_tokens_is_the_model_mix_alone() -> None:
    before = [spent(CHEAP, quantity=900), spent(DEAR, quantity=100)]
    after = [spent(CHEAP, quantity=100), spent(DEAR, quantity=900)]
    assert units(before, after) == {Cause.MODEL_MIX: 800 * 8 * 10}


def test_a_price_that_rose_is_the_price_alone() -> None:
    assert units([spent(billed=1000)], [spent(billed=1300)]) == {Cause.PRICE: 300}


def test_input_that_is_read_from_the_cache_is_the_cache_alone() -> None:
    before = [spent(charge=UNCACHED_INPUT, quantity=900), spent(charge=CACHE_READ, quantity=100)]
    after = [spent(charge=UNCACHED_INPUT, quantity=100), spent(charge=CACHE_READ, quantity=900)]
    assert units(before, after) == {Cause.CACHE: -800 * 9 * 2}


def test_longer_answers_to_less_input_are_neither_cache_nor_volume() -> None:
    before = [spent(quantity=900), spent(charge=OUTPUT, quantity=100)]
    after = [spent(quantity=800), spent(charge=OUTPUT, quantity=200)]
    assert units(before, after) == {Cause.OUTPUT_SHARE: 100 * 40 * 2}


def test_work_moved_into_batches_is_the_tier_alone() -> None:
    half = spent(quantity=500, billed=500 * 10, tier="batch")
    assert units([spent()], [spent(quantity=500), half]) == {Cause.TIER: -500 * 10}


def test_tokens_that_are_not_billed_yet_are_no_fall_in_use() -> None:
    before = [spent()]
    after = [spent(quantity=600), spent(quantity=400, basis=Basis.UNKNOWN)]
    assert units(before, after) == {Cause.NOT_IN_YET: -400 * 20}


def test_tokens_paid_by_commitment_move_nothing() -> None:
    priority = spent(quantity=10**9, billed=0, tier="priority", basis=Basis.NOT_BILLED)
    assert units([spent()], [spent(), priority]) == {}


def test_what_is_no_tokens_stands_by_itself() -> None:
    searches = spent(charge=WEB_SEARCH, quantity=12, billed=12 * 10**8)
    code = Spent((), "", "", "", "code_execution", Basis.REPORTED, 0, 5 * 10**8)
    without_tokens = spent(quantity=0, billed=7)
    correction = spent(quantity=3, billed=-4, basis=Basis.ADJUSTMENT)
    assert units([searches], [code, without_tokens, correction]) == {
        Cause.OTHER: 5 * 10**8 + 7 - 12 * 10**8,
        Cause.ADJUSTMENT: -4,
    }


def test_a_first_use_is_volume_and_a_new_model_is_mix() -> None:
    assert units([], [spent(CHEAP), spent(DEAR)]) == {Cause.VOLUME: 1000 * 12 * 10}
    assert units([spent(CHEAP)], [spent(CHEAP, quantity=500), spent(DEAR, quantity=500)]) == {
        Cause.MODEL_MIX: 500 * 8 * 10
    }


def test_half_a_unit_each_falls_to_the_same_cause_whichever_way_round() -> None:
    """Twice the tokens at twice the price: one and a half units each."""
    before, after = [spent(quantity=1, billed=1)], [spent(quantity=2, billed=4)]
    assert units(before, after) == {Cause.VOLUME: 2, Cause.PRICE: 1}
    assert units(after, before) == {Cause.VOLUME: -2, Cause.PRICE: -1}


def test_each_cause_gets_its_mean_over_every_order_in_which_they_could_have_moved() -> None:
    """Held against the definition, order by order: volume ×3, the model's part ×2, its price ×5."""
    other = spent(CHEAP, quantity=600, billed=0)
    before = [other, spent(DEAR, quantity=300, billed=300 * 4)]
    after = [spent(CHEAP, quantity=900, billed=0), spent(DEAR, quantity=1800, billed=1800 * 20)]
    factors = {Cause.VOLUME: (900, 2700), Cause.MODEL_MIX: (1 / 3, 2 / 3), Cause.PRICE: (4, 20)}
    expected = dict.fromkeys(factors, 0.0)
    for order in permutations(factors):
        at = {cause: old for cause, (old, _) in factors.items()}
        for cause in order:
            was = prod(at.values())
            at[cause] = factors[cause][1]
            expected[cause] += (prod(at.values()) - was) / factorial(len(factors))
    found = units(before, after)
    assert found == {cause: pytest.approx(part, abs=1) for cause, part in expected.items()}
    assert sum(found.values()) == 1800 * 20 - 300 * 4


def test_one_key_that_uses_its_cheap_model_more_is_no_change_of_models() -> None:
    """Taken together, the mix moved to the cheap model; but nobody changed models."""
    before = [spent(CHEAP, caller="ci"), spent(DEAR, caller="web")]
    after = [spent(CHEAP, quantity=3000, caller="ci"), spent(DEAR, caller="web")]
    assert parts(before, after) == [Part(("ci",), CHEAP, Cause.VOLUME, 2000 * 20)]


@given(SPENDING, SPENDING)
def test_the_causes_of_all_are_the_sum_of_those_of_each(before: list[Spent], after: list[Spent]) -> None:
    alone = [
        part
        for caller in (("ci",), ("web",))
        for part in parts(
            [one for one in before if one.caller == caller], [one for one in after if one.caller == caller]
        )
    ]
    assert alone == parts(before, after)


def test_days_are_compared_first_with_first_and_one_too_many_with_nothing() -> None:
    january, february = ([date(2026, month, day) for day in range(1, last + 1)] for month, last in ((1, 31), (2, 28)))
    paired = counterparts(january, february)
    assert (paired[january[0]], paired[january[27]]) == (february[0], february[27])
    assert (paired[january[28]], paired[january[30]]) == (january[28], january[30])


@given(SPENDING, SPENDING)
def test_each_part_is_less_than_a_unit_from_its_exact_share(before: list[Spent], after: list[Spent]) -> None:
    """A thousand times the money is a thousand times each part, but for a unit a cell of rounding."""

    def dearer(spending: list[Spent]) -> list[Spent]:
        return [
            Spent(
                *(one.caller, one.model, one.service_tier, one.inference_geo, one.charge, one.basis, one.quantity),
                None if one.billed is None else one.billed * 1000,
            )
            for one in spending
        ]

    small, large = causes(parts(before, after)), causes(parts(dearer(before), dearer(after)))
    cells = len(before) + len(after)
    assert all(abs(large[cause].units - 1000 * small[cause].units) <= 1001 * cells for cause in Cause)


AMOUNTS = st.dictionaries(
    st.sampled_from(["ci", "web", "search", "2026-11-01"]),
    st.one_of(st.none(), st.integers(-(10**15), 10**15).map(Money)),
)


@given(AMOUNTS, AMOUNTS)
def test_drivers_add_up_to_the_change_come_largest_first_and_turn_with_the_periods(
    before: dict[str, Money | None], after: dict[str, Money | None]
) -> None:
    found = drivers(before, after)
    known = [sum(one.units for one in side.values() if one) for side in (before, after)]
    assert sum(change.units for change in found.values()) == known[1] - known[0]
    sizes = [abs(change.units) for change in found.values()]
    assert sizes == sorted(sizes, reverse=True)
    assert {id_: -change.units for id_, change in drivers(after, before).items()} == {
        id_: change.units for id_, change in found.items()
    }


def test_what_is_not_known_counts_as_nothing_in_a_change() -> None:
    assert moved(None, Money(5)) == Money(-5)
    assert moved(Money(5), None) == Money(5)
