"""The ledger's charges as rows of FOCUS, the FinOps Foundation's format for billing data, versions 1.2 to 1.4.

1.2 asks for ProviderName and PublisherName, 1.4 for ServiceProviderName and HostProviderName, 1.3 for all four: all
four are written. One row per token type, each its own SKU, priced per million, as the drafts for AI billing have it.
An adjustment is a correction: its charge period is the closed day, its billing period the month in which it came.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from bot.core.books.exports import Called, Charge, Place, Row
from bot.core.books.spreadsheet import Number
from bot.core.entries import Basis
from bot.core.money import UNITS_PER_DOLLAR, Money
from bot.core.prices import display_name
from bot.core.usage import (
    CACHE_READ,
    CACHE_WRITE_1H,
    CACHE_WRITE_5M,
    OUTPUT,
    PRIORITY_TIER,
    TOKEN_TYPES,
    UNCACHED_INPUT,
    WEB_SEARCH,
)
from bot.core.utc import month_after, stamp

PROVIDER = "Anthropic"
SERVICE = "Claude API"
MOST_PLACES = 12
"""Digits after the point that a unit price may have; a longer quotient is no price that anybody publishes."""

COLUMNS = (
    *("BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType", "BillingCurrency"),
    *("BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription"),
    *("ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart", "CommitmentDiscountStatus", "ConsumedQuantity"),
    *("ConsumedUnit", "ContractedCost", "EffectiveCost", "HostProviderName", "InvoiceId", "InvoiceIssuerName"),
    *("ListCost", "ListUnitPrice", "PricingCategory", "PricingCurrency", "PricingCurrencyContractedUnitPrice"),
    *("PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice", "PricingQuantity", "PricingUnit"),
    *("ProviderName", "PublisherName", "ResourceId", "ResourceName", "ResourceType", "ServiceCategory"),
    *("ServiceName", "ServiceProviderName", "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails"),
    *("SkuPriceId", "SubAccountId", "SubAccountName", "SubAccountType", "x_BilledCostBasis", "x_InferenceGeo"),
    *("x_ListCostBasis", "x_Model", "x_ServiceTier", "x_TeamId", "x_TeamName", "x_TokenType"),
)
"""Every row has all of them: a validator takes an optional column that is absent for a fault, an empty one not."""

_TOKENS = {
    UNCACHED_INPUT: ("Input Tokens", "Input"),
    CACHE_WRITE_5M: ("Cache Write Input Tokens, 5 Minutes", "CacheWrite5m"),
    CACHE_WRITE_1H: ("Cache Write Input Tokens, 1 Hour", "CacheWrite1h"),
    CACHE_READ: ("Cache Read Input Tokens", "CacheRead"),
    OUTPUT: ("Output Tokens", "Output"),
}
"""Charge → SkuMeter and x_TokenType."""


class LeftOut(StrEnum):
    """Why a charge has no row: a billed cost is never made up."""

    NOT_IN_YET = "not in yet"
    PRIORITY = "priority tier"


def left_out(charge: Charge) -> LeftOut | None:
    """The reason not to write this charge; None where it can be written."""
    committed = charge.place.service_tier == PRIORITY_TIER and charge.place.charge in TOKEN_TYPES
    if committed and (charge.billed_cost is None or charge.place.basis == Basis.ADJUSTMENT):
        return LeftOut.PRIORITY
    return LeftOut.NOT_IN_YET if charge.billed_cost is None else None


def row(charge: Charge, called: Called) -> Row:
    """One row, in the order of COLUMNS; only for a charge that nothing leaves out."""
    cells = _cells(charge, called)
    return tuple(cells[column] for column in COLUMNS)


def _cells(charge: Charge, called: Called) -> dict[str, object]:
    place, billed = charge.place, Money(charge.billed_cost or 0)
    directory = called.organization(place.organization_id)
    listed = billed if charge.list_cost is None else Money(charge.list_cost)
    correction = place.basis == Basis.ADJUSTMENT
    effective = date.fromisoformat(place.adjusts) if place.adjusts else place.day
    first = place.day.replace(day=1)
    meter, token_type = _TOKENS.get(place.charge, (place.charge.replace("_", " ").title(), None))
    sku = f"{place.model or SERVICE}/{place.charge}"
    return {
        "BilledCost": billed,
        "BillingAccountId": place.organization_id,
        "BillingAccountName": directory.organization_name,
        "BillingAccountType": "Organization",
        "BillingCurrency": "USD",
        "BillingPeriodStart": stamp(first),
        "BillingPeriodEnd": stamp(month_after(first)),
        "ChargeCategory": "Usage",
        "ChargeClass": "Correction" if correction else None,
        "ChargeDescription": _described(place, meter),
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodStart": stamp(effective),
        "ChargePeriodEnd": stamp(effective + timedelta(days=1)),
        "CommitmentDiscountStatus": None,
        "ContractedCost": billed,
        "EffectiveCost": billed,
        "HostProviderName": PROVIDER,
        "InvoiceId": None,
        "InvoiceIssuerName": PROVIDER,
        "ListCost": listed,
        "PricingCategory": "Standard",
        "PricingCurrency": "USD",
        "PricingCurrencyContractedUnitPrice": None,
        "PricingCurrencyEffectiveCost": billed,
        "ProviderName": PROVIDER,
        "PublisherName": PROVIDER,
        "ResourceId": place.api_key_id or None,
        "ResourceName": directory.key_name(place.api_key_id) if place.api_key_id else None,
        "ResourceType": "API Key" if place.api_key_id else None,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": SERVICE,
        "ServiceProviderName": PROVIDER,
        "ServiceSubcategory": "Generative AI",
        "SkuId": sku,
        "SkuMeter": meter,
        "SkuPriceDetails": _details(place, token_type),
        "SkuPriceId": f"{sku}/{place.service_tier or 'standard'}/{place.inference_geo or 'global'}",
        "SubAccountId": place.workspace_id,
        "SubAccountName": directory.workspace_name(place.workspace_id),
        "SubAccountType": "Workspace",
        "x_BilledCostBasis": place.basis,
        "x_InferenceGeo": place.inference_geo or None,
        "x_ListCostBasis": "as billed: no list price" if charge.list_cost is None else "list price",
        "x_Model": place.model or None,
        "x_ServiceTier": place.service_tier or None,
        "x_TeamId": place.team_id,
        "x_TeamName": called.team(place.team_id),
        "x_TokenType": token_type,
        **_priced(charge, listed),
    }


def _priced(charge: Charge, listed: Money) -> dict[str, object]:
    """Quantities and the unit price, so that price × quantity is the list cost to the last digit.

    Where no price does that (nothing was counted, or bands of different price were added up), the row is priced as
    one charge; its consumed tokens stand beside it.
    """
    quantity = charge.quantity
    unit, block = ("Searches", 3) if charge.place.charge == WEB_SEARCH else ("Tokens", 6)
    consumed = (quantity, unit) if quantity else (1, "Charges")
    price = _quotient(listed, quantity, block)
    if price is not None:
        charged = (Decimal(quantity).scaleb(-block), f"{10**block} {unit}", price)
    else:
        charged = (Decimal(-1 if listed.units < 0 else 1), "Charges", abs(listed.dollars))
    return {
        "ConsumedQuantity": Number(consumed[0]),
        "ConsumedUnit": consumed[1],
        "ListUnitPrice": Number(charged[2]),
        "PricingCurrencyListUnitPrice": Number(charged[2]),
        "PricingQuantity": Number(charged[0]),
        "PricingUnit": charged[1],
    }


def _quotient(listed: Money, quantity: int, block: int) -> Decimal | None:
    """Dollars per 10^block, exactly; None where that is no decimal of a sensible length, or below zero."""
    if not quantity:
        return None
    price = Fraction(listed.units * 10**block, quantity * UNITS_PER_DOLLAR)
    scaled = price * 10**MOST_PLACES
    return Decimal(scaled.numerator).scaleb(-MOST_PLACES) if price >= 0 and scaled.denominator == 1 else None


def _described(place: Place, meter: str) -> str:
    what = f"{display_name(place.model)}: {meter}" if place.model else meter
    terms = ", ".join(filter(None, (place.service_tier, place.inference_geo)))
    adjusted = f"; adjustment to {place.adjusts}" if place.adjusts else ""
    return f"{what}{f' ({terms})' if terms else ''}{adjusted}"


def _details(place: Place, token_type: str | None) -> str:
    known = {
        "x_Model": place.model,
        "x_TokenType": token_type,
        "x_ServiceTier": place.service_tier,
        "x_InferenceGeo": place.inference_geo,
    }
    return json.dumps({name: value for name, value in known.items() if value})
