"""`plan`: what the API costs against what subscription plans and usage tiers would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Action, Amount, Answer, Cell, Column, Fact, Table, Tokens
from bot.core import wording
from bot.core.money import Money
from bot.core.periods import Period, days
from bot.core.plan_table import CHECKED, ENTERPRISE_SEAT, SEATS, TIERS, TYPICAL
from bot.core.plans import (
    DAYS_IN_A_MONTH,
    FEWEST_PEOPLE,
    Between,
    Spending,
    dearest_below,
    offers,
    spending,
    tier_for,
    tier_of,
    told_by_claude_code,
)
from bot.core.question import Question, Subject, parse
from bot.core.report import Figures

_CHECKED = f"Plans and tiers are Anthropic's published ones, as of {CHECKED:%B %Y}, paid by the month, before tax."
_TOLD = (
    "What Claude Code itself reports is at API prices. It is added to nothing here: people on a plan were not charged "
    "it, and what was done with an API key is in the API cost already."
)
_ONLY_TOLD = "This is what Claude Code itself reports, at API prices; nothing of it is on the API's bill."


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one thing spends, with what is known of the limits around it."""

    question: Question
    who: str
    period: Period
    """The whole days that the spending is of."""
    spending: Spending
    data_through: datetime | None
    cap: Money | None = None
    """What Anthropic lets the organisation spend in a month, where it can be read."""
    notes: tuple[str, ...] = ()
    told: Money | None = None
    """What Claude Code itself reports, for a month at this pace."""
    only_told: bool = False
    """The spending is that alone: the reports know nothing of this person."""


def answer(found: Comparison) -> Answer:
    """One person is compared with a seat; teams and the organisation with as many as their people would need."""
    question, person = found.question, found.question.about is Subject.USER
    total, movable = found.spending.total, found.spending.movable
    used = total is not None and total.high.units > 0
    tables = [_seats(found.spending, person=person)] if movable.high.units else []
    if total and used and question.about is None:
        tables.append(_tiers(total))
    return Answer(
        title=f"Plans for {found.who}, {found.period.label}",
        headline=_headline(found, person=person),
        facts=tuple(_facts(found, person=person)),
        tables=tuple(tables),
        notes=(*_notes(found), *_assumptions(found.spending)) if used else tuple(_notes(found)),
        actions=_actions(question),
        data_through=found.data_through,
        question=question.text,
        share=question.share,
    )


def _notes(found: Comparison) -> Iterator[str]:
    yield from found.notes
    if found.only_told:
        yield _ONLY_TOLD
    elif found.told:
        yield _TOLD


def _headline(found: Comparison, *, person: bool) -> str:
    total, movable = found.spending.total, found.spending.movable
    if total is None:
        return f"Nothing has been read about {found.who} in this time. To see how far the data goes, ask for status."
    if not total.high.units:
        return f"{found.who} used nothing in this time, so there is nothing to compare with a plan."
    cost = f"{found.who} uses Claude for {_said(total)} a month at API prices"
    if not movable.high.units:
        return f"{cost}, all of it by programs, which no subscription covers."
    if person:
        seat = dearest_below(movable.low)
        if seat is None:
            near = movable.high >= SEATS[0].price
            return f"{cost}, {'about what the cheapest plan costs' if near else 'less than any plan'}."
        return f"{cost}, more than {seat.plan} does for {wording.dollars(seat.price)}; whether a plan holds it is open."
    if movable == total:
        return f"{cost}, all of it by people, who could have a plan instead."
    return f"{cost}; {_said(movable)} of it is by people, who could have a plan instead."


def _facts(found: Comparison, *, person: bool) -> Iterator[Fact]:
    total, movable = found.spending.total, found.spending.movable
    if found.told and not found.only_told:
        yield Fact("Claude Code itself reports", Amount(found.told), "a month at API prices, beside the API cost")
    if total is None:
        return
    yield Fact("API cost a month", Amount(total.low), _up_to(total))
    yield Fact("By people", Amount(movable.low), _up_to(movable))
    people = found.spending.people
    if people and not person:
        yield Fact("People named", Tokens(len(people)))
    if found.question.about is None:
        yield _tier(total, found.cap)


def _tier(total: Between, cap: Money | None) -> Fact:
    if cap is not None:
        used = wording.percent(total.high.units / cap.units if cap.units else None)
        return Fact("Usage tier", tier_of(cap), f"cap {wording.dollars(cap)} a month; this pace is {used} of it")
    low, high = tier_for(total.low).name, tier_for(total.high).name
    return Fact("Usage tier", low if low == high else f"{low} or {high}", "the lowest whose cap is enough")


def _seats(found: Spending, *, person: bool) -> Table:
    columns = [Column("Plan", numeric=False), Column("A seat"), Column("Capacity")]
    if person:
        columns.append(Column("Against the API"))
        rows: list[tuple[Cell, ...]] = [
            (one.seat.plan, Amount(one.seat.price), one.seat.capacity, _against(found.movable, one.seat.price))
            for one in offers(found)
        ]
        return Table("Plans", tuple(columns), tuple(rows))
    columns += [Column("Seats from"), Column("to")]
    several = len(found.people) >= FEWEST_PEOPLE
    if found.people:
        columns.append(Column(f"{len(found.people)} seats" if len(found.people) > 1 else "1 seat"))
    if several:
        columns.append(Column("People above"))
    rows = [
        (
            *(one.seat.plan, Amount(one.seat.price), one.seat.capacity, Tokens(one.fewest), Tokens(one.most)),
            *((Amount(one.for_all),) if found.people else ()),
            *((Tokens(one.above),) if several else ()),
        )
        for one in offers(found)
    ]
    return Table("Plans, with the seats that use by people would pay for", tuple(columns), tuple(rows))


def _against(cost: Between, price: Money) -> str:
    if price < cost.low:
        return f"up to {wording.to_the_cent(cost.high - price)} less"
    if price <= cost.high:
        return "about the same"
    return f"{wording.to_the_cent(price - cost.high)} more"


def _tiers(total: Between) -> Table:
    columns = (Column("Usage tier", numeric=False), Column("Cap a month"), Column("This pace"))
    rows = tuple(
        (
            tier.name,
            Amount(tier.cap) if tier.cap else "by contract",
            wording.percent(total.high.units / tier.cap.units) if tier.cap else "–",
        )
        for tier in TIERS
    )
    return Table("API usage tiers", columns, rows)


def _assumptions(found: Spending) -> Iterator[str]:
    """What the ranges rest on."""
    counted = "1 day" if found.days == 1 else f"{found.days} days"
    yield f"A month is 30 days at the pace of the {counted} looked at."
    if found.total and not found.total.exact:
        yield "API cost goes from what is paid now to what the same tokens cost at list price."
    if found.unnamed:
        yield (
            "Some reports name no product. Of that use the workspace Claude Code surely is people's; how much of the "
            "rest is, nobody can tell from here."
        )
    yield "Only use by people in Claude Code and Claude's apps can move to a plan; calls by programs stay on the API."
    yield (
        "What a seat holds is published only as a multiple of Pro, in windows that no report shows: past it, usage is "
        "billed at API prices. A plan's price is a bound on what it can save, not a promise."
    )
    if not found.people and found.movable.high.units:
        low, high = (f"${end.dollars:.0f}" for end in TYPICAL)
        yield f"A developer in Claude Code typically uses {low} to {high} a month at API prices, Anthropic says."
    yield (
        f"Enterprise costs ${ENTERPRISE_SEAT.dollars:.0f} a seat and all tokens at API prices: it adds to this cost "
        "and replaces none of it. Team has 2 to 150 seats, billed yearly for $20 and $100."
    )
    yield _CHECKED


def _actions(question: Question) -> tuple[Action, ...]:
    period = question.period.words
    offered = [Action("Models", f"models {period}")]
    if question.name and question.about:
        offered = [
            Action("What it spent", f"{question.named} {period}"),
            Action("Whole organisation", f"plan {period}"),
        ]
    return tuple(offered)


def _said(cost: Between) -> str:
    low, high = wording.dollars(cost.low), wording.dollars(cost.high)
    return low if low == high else f"{low} to {high}"


def _up_to(cost: Between) -> str:
    return "" if cost.exact else f"up to {wording.to_the_cent(cost.high)}"


def _example(
    text: str,
    who: str,
    *,
    products: Mapping[str, tuple[str, str]],
    certain: tuple[str, str] | None = None,
    people: tuple[str, ...] = (),
    cap: str | None = None,
    told: str | None = None,
) -> Answer:
    question = parse(text, now=examples.NOW, zone="UTC")
    period = question.period.until(examples.THROUGH)

    def used(billed: str, listed: str) -> Figures:
        return Figures(Money.from_dollars(billed), Money.from_dollars(listed), {})

    found = spending(
        {product: used(*costs) for product, costs in products.items()},
        used(*certain) if certain else None,
        [used(cost, cost) for cost in people],
        max(1, len(days(period))),
    )
    limit, month = (Money.from_dollars(amount) if amount else None for amount in (cap, told))
    only = month is not None and not products
    if month is not None and only:
        found = told_by_claude_code(month, DAYS_IN_A_MONTH)
    return answer(Comparison(question, who, period, found, examples.THROUGH, limit, told=month, only_told=only))


EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "organisation": _example(
            "plan",
            examples.ORGANISATION,
            products={
                "claude_code": ("1871.20", "1998.40"),
                "messages_api": ("2204.18", "2360.02"),
                "": ("12.40", "12.40"),
            },
            people=("310.20", "122.90", "88.14", "640.00", "14.02", "696.00"),
            cap="200000",
        ),
        "classic reports": _example(
            "plan team alpha",
            "Team Alpha",
            products={"": ("784.10", "810.00")},
            certain=("120.50", "120.50"),
        ),
        "programs only": _example(
            "plan 2026-10", examples.ORGANISATION, products={"messages_api": ("420.00", "420.00")}
        ),
        "one person": _example(
            "plan user ana@example.com", "Ana Silva", products={"claude_code": ("310.20", "330.00")}, people=("310.20",)
        ),
        "a light user": _example("plan user ben@example.com", "Ben Ito", products={"claude_code": ("11.20", "11.20")}),
        "on a plan already": _example("plan user mira@example.com", "Mira Ek", products={}, told="168.40"),
        "with what Claude Code itself reports": _example(
            "plan", examples.ORGANISATION, products={"messages_api": ("420.00", "420.00")}, told="911.05"
        ),
        "no use": _example("plan team gamma", "Team Gamma", products={"": ("0", "0")}),
        "nothing read": _example("plan", examples.ORGANISATION, products={}),
        "hostile names": _example(
            "plan user x", examples.HOSTILE, products={"chat": ("10000000", "10000000")}, people=("10000000",)
        ),
    }
)
