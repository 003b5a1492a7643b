"""List prices against Anthropic's own price list, line by line."""

from datetime import date
from decimal import Decimal

import pytest

from bot.core.money import Money
from bot.core.prices import (
    Dearer,
    Extra,
    ListPrice,
    dearest,
    display_name,
    extras,
    list_cost,
    list_price,
    quotes,
    without_date,
)
from bot.core.usage import CACHE_READ, CACHE_WRITE_1H, CACHE_WRITE_5M, OUTPUT, TOKEN_TYPES, UNCACHED_INPUT, WEB_SEARCH

TODAY = date(2026, 11, 20)

# In, write 5m, write 1h, cache read, out: dollars per million tokens.
CURRENT = {
    "claude-fable-5-2": "8 10 16 0.20 40",
    "claude-mythos-5-2": "8 10 16 0.20 40",
    "claude-fable-5-1": "10 12.50 20 0.25 50",
    "claude-mythos-5-1": "10 12.50 20 0.25 50",
    "claude-fable-5": "10 12.50 20 1.00 50",
    "claude-mythos-5": "10 12.50 20 1.00 50",
    "claude-opus-5-5": "4 5 8 0.20 20",
    "claude-opus-5": "5 6.25 10 0.50 25",
    "claude-opus-4-8": "5 6.25 10 0.50 25",
    "claude-opus-4-7": "5 6.25 10 0.50 25",
    "claude-opus-4-6": "5 6.25 10 0.50 25",
    "claude-opus-4-5": "5 6.25 10 0.50 25",
    "claude-opus-4-5-20251101": "5 6.25 10 0.50 25",
    "claude-sonnet-5-5": "2 2.50 4 0.10 10",
    "claude-sonnet-5": "2 2.50 4 0.20 10",
    "claude-sonnet-4-6": "3 3.75 6 0.30 15",
    "claude-sonnet-4-5": "3 3.75 6 0.30 15",
    "claude-sonnet-4-5-20250929": "3 3.75 6 0.30 15",
    "claude-haiku-5-5": "0.10 0.125 0.20 0.01 0.50",
    "claude-haiku-4-5": "1 1.25 2 0.10 5",
    "claude-haiku-4-5-20251001": "1 1.25 2 0.10 5",
}
RETIRED = {
    "claude-opus-4-1-20250805": "15 18.75 30 1.50 75",
    "claude-opus-4-20250514": "15 18.75 30 1.50 75",
    "claude-sonnet-4-20250514": "3 3.75 6 0.30 15",
    "claude-3-7-sonnet-20250219": "3 3.75 6 0.30 15",
    "claude-3-5-haiku-20241022": "0.80 1 1.60 0.08 4",
    "claude-3-haiku-20240307": "0.25 0.30 0.50 0.03 1.25",
    "claude-3-opus-20240229": "15 18.75 30 1.50 75",
}


def price(figures: str) -> ListPrice:
    return ListPrice(*map(Decimal, figures.split()))


def cents(
    quantity: int,
    charge: str,
    *,
    model: str = "claude-sonnet-5-5",
    day: date = date(2026, 11, 18),
    tier: str = "standard",
    geo: str = "global",
) -> Decimal | None:
    cost = list_cost(quantity, charge, model=model, day=day, service_tier=tier, inference_geo=geo)
    return None if cost is None else cost.dollars * 100


@pytest.mark.parametrize(("model", "figures"), CURRENT.items())
def test_a_current_models_price_is_the_references(model: str, figures: str) -> None:
    assert list_price(model, TODAY) == price(figures)


@pytest.mark.parametrize(("model", "figures"), RETIRED.items())
def test_a_retired_models_price_is_kept_for_old_data(model: str, figures: str) -> None:
    assert list_price(model, date(2025, 12, 1)) == price(figures)
    assert list_price(model, TODAY) == price(figures)


def test_sonnet_5_5s_cache_read_was_halved_on_7_october_2026() -> None:
    before, after = (list_price("claude-sonnet-5-5", date(2026, 10, day)) for day in (6, 7))
    assert before == price("2 2.50 4 0.20 10")
    assert after == price("2 2.50 4 0.10 10")


def test_long_prompts_of_haiku_5_5_cost_five_times_as_much() -> None:
    assert extras("claude-haiku-5-5", TODAY) == {
        Dearer.LONG_PROMPT: Extra(price("0.50 0.625 1.00 0.05 2.50"), above=100_000)
    }


# Fast in and out; the cache multipliers stay what they are for the model.
FAST = {
    "claude-fable-5-2": "16 20 32 0.40 80",
    "claude-mythos-5-2": "16 20 32 0.40 80",
    "claude-opus-5-5": "8 10 16 0.40 40",
    "claude-opus-5": "10 12.50 20 1.00 50",
    "claude-opus-4-8": "10 12.50 20 1.00 50",
}


@pytest.mark.parametrize("model", CURRENT)
def test_fast_mode_has_the_references_price_and_only_where_there_is_one(model: str) -> None:
    fast = extras(model, TODAY).get(Dearer.FAST_MODE)
    assert fast == (Extra(price(FAST[model])) if model in FAST else None)


def test_fast_mode_of_opus_4_8_ends_on_30_november_2026() -> None:
    assert [len(extras("claude-opus-4-8", date(2026, month, day))) for month, day in ((11, 30), (12, 1))] == [1, 0]


def test_long_context_was_dearer_until_it_ended() -> None:
    (long,) = extras("claude-sonnet-4-5-20250929", date(2026, 4, 30)).values()
    assert long == Extra(price("6 7.50 12 0.60 22.50"), above=200_000)
    assert extras("claude-sonnet-4-5-20250929", date(2026, 5, 1)) == {}
    assert [len(extras("claude-opus-4-6", date(2026, 3, day))) for day in (12, 13)] == [1, 0]


@pytest.mark.parametrize(
    ("model", "times"),
    [("claude-haiku-5-5", 5), ("claude-opus-5-5", 2), ("claude-sonnet-5-5", 1), ("claude-haiku-4-5", 1), ("gpt-5", 1)],
)
def test_the_dearest_call_of_a_model_is_so_many_times_its_list_price(model: str, times: int) -> None:
    assert dearest(model, TODAY) == times


def test_a_month_in_which_a_price_changed_has_both() -> None:
    before, after = quotes("claude-sonnet-5-5", date(2026, 10, 1), date(2026, 10, 31))
    assert (before.first, before.last, before.price) == (
        date(2026, 10, 1),
        date(2026, 10, 6),
        price("2 2.50 4 0.20 10"),
    )
    assert (after.first, after.last, after.price) == (date(2026, 10, 7), date(2026, 10, 31), price("2 2.50 4 0.10 10"))
    (whole,) = quotes("claude-sonnet-5-5", date(2026, 11, 1), date(2026, 11, 30))
    assert whole.price == after.price
    (unpriced,) = quotes("gpt-5", TODAY, TODAY)
    assert (unpriced.price, unpriced.extras) == (None, {})


def test_tokens_are_priced_on_their_own_day() -> None:
    assert cents(1_000_000, CACHE_READ, day=date(2026, 10, 6)) == 20
    assert cents(1_000_000, CACHE_READ, day=date(2026, 10, 7)) == 10


@pytest.mark.parametrize(
    "model",
    ["", "claude", "claude-x", "claude-sonnet-9", "claude-opus-4-9", "claude-opus-5-6", "claude-haiku-6", "gpt-5"],
)
def test_a_model_nobody_knows_has_no_price_and_keeps_its_id(model: str) -> None:
    assert list_price(model, TODAY) is None
    assert cents(1000, OUTPUT, model=model) is None
    assert display_name(model) == model


@pytest.mark.parametrize(
    ("charge", "quantity", "expected"),
    [
        (UNCACHED_INPUT, 1843210, "368.642"),
        (CACHE_WRITE_5M, 220400, "55.1"),
        (CACHE_READ, 9612044, "96.12044"),
        (OUTPUT, 402118, "402.118"),
        (WEB_SEARCH, 37, "37"),
    ],
)
def test_the_references_cost_report_is_its_usage_report_times_these_prices(
    charge: str, quantity: int, expected: str
) -> None:
    assert cents(quantity, charge) == Decimal(expected)


def test_the_references_batch_rows_cost_half() -> None:
    assert cents(5210000, UNCACHED_INPUT, model="claude-haiku-5-5", tier="batch") == Decimal("26.05")
    assert cents(910400, OUTPUT, model="claude-haiku-5-5", tier="batch") == Decimal("22.76")


@pytest.mark.parametrize("charge", TOKEN_TYPES)
def test_batch_halves_and_us_inference_adds_a_tenth_to_every_token_type(charge: str) -> None:
    plain = cents(1_000_000, charge)
    assert plain is not None
    assert cents(1_000_000, charge, tier="batch") == plain / 2
    assert cents(1_000_000, charge, geo="us") == plain * Decimal("1.1")
    assert cents(1_000_000, charge, tier="batch", geo="us") == plain * Decimal("0.55")


def test_priority_tokens_are_valued_at_the_standard_price() -> None:
    assert cents(1_000_000, OUTPUT, tier="priority") == 1000


@pytest.mark.parametrize("tier", ["flex", "flex_discount", "priority_on_demand", "", "new-tier"])
def test_a_tier_without_a_public_price_is_unpriced_not_free(tier: str) -> None:
    assert cents(1_000_000, OUTPUT, tier=tier) is None


def test_web_searches_are_never_discounted_nor_dearer() -> None:
    assert cents(1000, WEB_SEARCH, tier="batch", geo="us", model="claude-x") == 1000


def test_a_charge_that_is_neither_tokens_nor_searches_has_no_list_cost() -> None:
    assert cents(1, "code_execution") is None


def test_one_token_of_the_cheapest_price_is_still_money() -> None:
    cost = list_cost(1, CACHE_READ, model="claude-haiku-5-5", day=TODAY, service_tier="batch", inference_geo="global")
    assert cost == Money(50)
    assert cents(1, CACHE_WRITE_1H, model="claude-haiku-5-5") == Decimal("0.00002")


def test_models_are_called_as_people_call_them() -> None:
    assert display_name("claude-sonnet-5-5") == "Claude Sonnet 5.5"
    assert display_name("claude-haiku-4-5-20251001") == "Claude Haiku 4.5"
    assert without_date("claude-3-haiku-20240307") == "claude-3-haiku"
    assert without_date("claude-sonnet-5-5") == "claude-sonnet-5-5"
