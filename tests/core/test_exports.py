"""Sheets of usage, cost and FOCUS: they add up to the ledger, and every FOCUS row holds by its own arithmetic."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, localcontext

from hypothesis import given, settings

from bot.core.allocation import allocate
from bot.core.books import focus
from bot.core.books.exports import COST_COLUMNS, USAGE_COLUMNS, Called, charges, cost_rows, usage_rows
from bot.core.books.spreadsheet import Number, written
from bot.core.directory import Directory, Owners
from bot.core.entries import Attribution, Basis, Entry, Posted
from bot.core.money import Money
from bot.core.usage import TOKEN_TYPES, CostRecord, UsageRecord
from tests.core.test_allocation import NOBODY, bills, by_space, owned_by, paid, team, teams, usages, used

DAY = date(2026, 11, 18)
ORG = "org_1"
CALLED = Called({ORG: Directory(ORG, "Example Org")}, {"a": "Team A"})

MANDATORY = {  # FOCUS 1.2; 1.4 has the last two in the place of ProviderName and PublisherName
    *("BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodStart"),
    *("BillingPeriodEnd", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargePeriodStart"),
    *("ChargePeriodEnd", "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity"),
    *("PricingUnit", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName"),
    *("ServiceProviderName", "HostProviderName"),
}
ENUMS: dict[str, set[object]] = {
    "ChargeCategory": {"Usage", "Purchase", "Tax", "Credit", "Adjustment"},
    "ChargeClass": {None, "Correction"},
    "ChargeFrequency": {"One-Time", "Recurring", "Usage-Based"},
    "PricingCategory": {"Standard", "Dynamic", "Committed", "Other"},
    "ServiceCategory": {"AI and Machine Learning"},
    "ServiceSubcategory": {"Generative AI"},
    "BillingCurrency": {"USD"},
}


def posted(entries: Sequence[Entry], adjusts: date | None = None, day: date = DAY) -> list[Posted]:
    return [Posted(ORG, day, entry, adjusts) for entry in entries]


def focus_rows(found: list[Posted]) -> list[dict[str, object]]:
    rows = (focus.row(one, CALLED) for one in charges(found) if focus.left_out(one) is None)
    return [dict(zip(focus.COLUMNS, row, strict=True)) for row in rows]


def dollars(value: object) -> Decimal:
    return Decimal(str(value)) if value is not None else Decimal(0)


def checked(row: dict[str, object]) -> None:
    """What the Foundation's validator does not see: values, periods, and products to the last digit."""
    for column, allowed in ENUMS.items():
        assert row[column] in allowed
    assert all(row[column] is not None for column in MANDATORY - {"ChargeClass"})
    with localcontext() as exact:
        exact.prec = 80
        assert dollars(row["ListUnitPrice"]) * dollars(row["PricingQuantity"]) == dollars(row["ListCost"])
    assert dollars(row["ListUnitPrice"]) >= 0
    assert row["BilledCost"] == row["EffectiveCost"] == row["ContractedCost"]
    assert str(row["ChargePeriodStart"]) < str(row["ChargePeriodEnd"])
    if row["ChargeClass"] is None:
        assert str(row["BillingPeriodStart"]) <= str(row["ChargePeriodStart"])
        assert str(row["ChargePeriodEnd"]) <= str(row["BillingPeriodEnd"])
    else:
        assert str(row["ChargePeriodEnd"]) <= str(row["BillingPeriodStart"])


def one(quantity: int, listed: int | None, billed: int | None, **values: str) -> Entry:
    of = Attribution("a", "w1", "k1", "claude-sonnet-5-5", "standard", "global")
    charge, basis = values.pop("charge", "output"), Basis(values.pop("basis", "reported"))
    return Entry(of._replace(**values), charge, quantity, listed, billed, basis)


@given(usages, bills, teams)
@settings(max_examples=150, deadline=None)
def test_every_sheet_adds_up_to_the_ledger_to_the_last_digit(
    usage: list[UsageRecord], costs: list[CostRecord], owners: Owners
) -> None:
    entries = allocate(DAY, usage, costs, owners, complete=True)
    billed = Money(sum(entry.billed_cost or 0 for entry in entries)).dollars
    found = charges(posted(entries))

    cost = [dict(zip(COST_COLUMNS, row, strict=True)) for row in cost_rows(found, CALLED)]
    assert sum(dollars(row["billed_cost"]) for row in cost) == billed
    assert sum(dollars(row["list_cost"]) for row in cost) == Money(sum(e.list_cost or 0 for e in entries)).dollars

    used = [dict(zip(USAGE_COLUMNS, row, strict=True)) for row in usage_rows(found, CALLED)]
    for charge in TOKEN_TYPES:
        assert sum(int(str(row[charge])) for row in used) == sum(getattr(record, charge) for record in usage)

    rows = focus_rows(posted(entries))
    for row in rows:
        checked(row)
    known = [entry for entry in entries if entry.billed_cost is not None]
    assert (
        sum(dollars(row["BilledCost"]) for row in rows)
        == billed
        == sum((Money(entry.billed_cost or 0).dollars for entry in known), Decimal(0))
    )


@given(usages, bills, teams)
@settings(max_examples=50, deadline=None)
def test_rows_are_unique_and_in_one_order_whatever_order_they_came_in(
    usage: list[UsageRecord], costs: list[CostRecord], owners: Owners
) -> None:
    entries = posted(allocate(DAY, usage, costs, owners, complete=True))
    places = [charge.place for charge in charges(entries)]
    assert places == [charge.place for charge in charges(entries[::-1])]
    assert len(set(places)) == len(places)


def test_a_row_has_the_mandatory_columns_of_every_version_and_all_columns_once() -> None:
    assert set(focus.COLUMNS) >= MANDATORY
    assert len(set(focus.COLUMNS)) == len(focus.COLUMNS)
    assert set(focus_rows(posted([one(1000, 10**8, 10**8)]))[0]) == set(focus.COLUMNS)


def test_tokens_are_priced_per_million() -> None:
    (row,) = focus_rows(posted([one(1_500_000, 225 * 10**9, 191_25 * 10**7)]))
    assert (str(row["ConsumedQuantity"]), row["ConsumedUnit"]) == ("1500000.0", "Tokens")
    assert (str(row["PricingQuantity"]), row["PricingUnit"], str(row["ListUnitPrice"])) == (
        "1.5",
        "1000000 Tokens",
        "15.0",
    )
    assert (str(row["ListCost"]), str(row["BilledCost"])) == ("22.5000", "19.1250")
    assert (row["SkuMeter"], row["x_TokenType"], row["x_TeamName"]) == ("Output Tokens", "Output", "Team A")


def test_one_token_has_all_its_digits_and_no_exponent() -> None:
    (row,) = focus_rows(posted([one(1, 500, 500, charge="cache_read")]))
    assert (str(row["PricingQuantity"]), str(row["ListUnitPrice"]), str(row["ListCost"])) == (
        "0.000001",
        "0.05",
        "0.00000005",
    )


def test_tokens_that_teams_share_keep_their_price() -> None:
    owners = owned_by(team("a", by_space("w1", "0.4")), team("b", by_space("w1", "0.333333333")))
    rows = focus_rows(posted(allocate(DAY, [used(output=101)], [paid("0.15")], owners, complete=True)))
    assert [(row["PricingUnit"], str(row["ListUnitPrice"])) for row in rows] == [("1000000 Tokens", "10.0")] * 3


def test_tokens_without_one_price_are_priced_as_one_charge() -> None:
    (row,) = focus_rows(posted([one(3, 10**9, 10**9)]))
    assert (str(row["PricingQuantity"]), row["PricingUnit"], str(row["ListUnitPrice"])) == ("1.0", "Charges", "0.1")
    assert (str(row["ConsumedQuantity"]), row["ConsumedUnit"]) == ("3.0", "Tokens")
    checked(row)


def test_what_has_no_list_price_says_so_and_is_listed_as_billed() -> None:
    (row,) = focus_rows(posted([one(0, None, 7 * 10**9, charge="code_execution", model="", api_key_id="")]))
    assert (str(row["ListCost"]), row["x_ListCostBasis"]) == ("0.7000", "as billed: no list price")
    assert (row["ResourceId"], row["ResourceName"], row["ResourceType"]) == (None, None, None)
    checked(row)


def test_an_unknown_billed_cost_and_the_priority_tier_have_no_row_instead_of_a_zero() -> None:
    unknown = one(5, 5, None, basis="unknown")
    priority = one(5, 5, None, basis="not_billed", service_tier="priority")
    assert focus_rows(posted([unknown, priority])) == []
    found = charges(posted([unknown, priority]))
    assert {focus.left_out(charge) for charge in found} == {focus.LeftOut.NOT_IN_YET, focus.LeftOut.PRIORITY}
    assert [row[COST_COLUMNS.index("billed_cost")] for row in cost_rows(found, CALLED)] == [None, None]


def test_an_adjustment_is_a_correction_of_the_closed_day_in_the_month_in_which_it_came() -> None:
    (row,) = focus_rows(
        posted([one(-10, -(10**5), -(10**5), basis="adjustment")], date(2026, 10, 5), date(2026, 11, 3))
    )
    assert (row["ChargeClass"], row["ChargePeriodStart"]) == ("Correction", "2026-10-05T00:00:00Z")
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")
    assert str(row["BilledCost"]) == "-0.00001"
    checked(row)


def test_adjustments_that_come_to_nothing_have_no_row() -> None:
    there_and_back = [one(5, 50, 50, basis="adjustment"), one(-5, -50, -50, basis="adjustment", actor_id="user_1")]
    assert charges(posted(there_and_back, date(2026, 10, 5))) == []


def test_a_formula_in_wide_letters_or_behind_what_nobody_sees_is_no_formula() -> None:
    names = ["＝1", "＋1", "－1", "＠x", "\x00=1", "\x1b@x", "\u202e-1", "\ufeff+1", "\t1"]
    assert written([[name] for name in names]) == "".join(f"'{name}\r\n" for name in names)
    assert written([["a=1", "1-2"]]) == "a=1,1-2\r\n"


def test_a_name_that_is_a_formula_is_no_formula_and_a_negative_figure_keeps_its_sign() -> None:
    assert written([("=cmd()", "-1+1", Money(-15 * 10**8), Number("-0.5"), "ä, b")]) == (
        "'=cmd(),'-1+1,-0.1500,-0.5,\"ä, b\"\r\n"
    )


def test_counts_of_calls_are_in_no_export() -> None:
    costs = [paid("12.5")]
    counted = posted(allocate(DAY, [used(output=10, requests=3)], costs, NOBODY, complete=True))
    uncounted = posted(allocate(DAY, [used(output=10)], costs, NOBODY, complete=True))
    assert len(counted) == len(uncounted) + 1
    assert charges(counted) == charges(uncounted)
