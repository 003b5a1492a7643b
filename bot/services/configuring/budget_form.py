"""The form for a budget, with what would have held in the past beside the amount."""

from __future__ import annotations

from collections.abc import Iterator

from bot.answers.form import Field, Kind, Option, Press, Values, several, text
from bot.core import wording
from bot.core.configuration.merged import Entry
from bot.core.configuration.splice import Value
from bot.core.errors import BotError
from bot.core.money import ZERO
from bot.core.outlook.budget import SUGGESTION_PERIODS, Budget, Every, Scope, suggestion
from bot.core.periods import local_date
from bot.core.question import Question, Subject
from bot.core.said_periods import month_to_date
from bot.services.configuring.ground import ALL, Ground, chosen, scope_entry, scope_field, scope_of, slug
from bot.services.figures.outlook import history
from bot.services.figures.sight import Sight
from bot.services.figures.view import Coverage, View

TITLE = "Budget"
FIELDS = {"team": "scope", "notify_at": "marks"}
PRESSES = (Press("Suggest an amount", "suggest"),)
_PERIODS = {Every.DAY: "Day", Every.WEEK: "Week", Every.MONTH: "Month", Every.QUARTER: "Quarter", Every.YEAR: "Year"}
_MARKS = ("50", "80", "100")


def fields(ground: Ground, entry: Entry | None, team: str | None) -> tuple[Field, ...]:
    team = team or ground.team
    held = entry or {"scope": {"team": team} if team else ALL, "forecast": True}
    marks = held.get("notify_at", _MARKS)
    return (
        scope_field(ground, scope_of(held.get("scope"), held.get("team")), "budget", "For what"),
        Field("amount", "Amount in dollars", value=str(held.get("amount", "")), hint="Such as 500 or 1250.50"),
        Field(
            "period",
            "For each",
            Kind.CHOICE,
            str(held.get("period", Every.MONTH)),
            tuple(Option(every, label) for every, label in _PERIODS.items()),
        ),
        Field(
            "marks",
            "Tell the owners at, in per cent",
            value=", ".join(one for one in marks if isinstance(one, str)) if not isinstance(marks, bool) else "",
            hint="Each once a period, and only the highest one that is crossed",
        ),
        Field(
            "forecast",
            "Forecast",
            Kind.TICKS,
            ("true",) if held.get("forecast") else (),
            (Option("true", "Tell them before, when it is heading over the amount"),),
            optional=True,
        ),
    )


def entry(_ground: Ground, values: Values, before: Entry | None) -> Entry:
    scope = scope_entry(values)
    amount = chosen(values, "amount", "Write an amount.").replace(",", "").removeprefix("$").strip()
    marks = [one.strip().removesuffix("%").strip() for one in text(values, "marks").split(",") if one.strip()]
    found: dict[str, Value] = {
        "scope": scope,
        "amount": amount,
        "period": text(values, "period") or Every.MONTH.value,
        "notify_at": marks,
        "forecast": bool(several(values, "forecast")),
    }
    kept = {key: value for key, value in (before or {}).items() if key in ("uplift", "fiscal_start")}
    return kept | found


def name(entry: Entry) -> str:
    return slug(scope_of(entry.get("scope")).removeprefix("team/"), str(entry["period"]))


def suggested(ground: Ground, values: Values) -> Iterator[str]:
    """What the last periods came to, and the amount that would have held; why not, where that can't be said."""
    kind, slash, id_ = text(values, "scope").partition("/")
    every = Every(text(values, "period") or Every.MONTH)
    period = month_to_date(now=ground.now, zone=ground.zone)
    subject = Subject(kind) if slash else Subject.SUMMARY
    question = Question(subject, id_ or None, period, None, None, None, share=False, text="")
    coverage = Coverage.read(ground.connection, ground.now)
    sight = Sight.of(ground.connection, ground.names, ground.asker, shared=False)
    try:
        found = sight.find(question, ground.names)
        sight.allow(found, coverage.cut(period), coverage)
    except BotError as error:
        yield str(error)
        return
    known = history(View(ground.connection, found.selection, coverage), ground.zone)
    budget = Budget("", Scope(), ZERO, every)
    span = budget.span(local_date(ground.now, ground.zone))
    assert span is not None
    costs = [cost for one in budget.before(span, SUGGESTION_PERIODS) if (cost := known.cost(one)) is not None]
    if not costs:
        yield f"No whole {every} of {found.name} is known yet, so there is nothing to go by."
        return
    listed = wording.listed([wording.to_the_cent(cost) for cost in costs])
    yield f"The last {every}s of {found.name}, the newest first: {listed}."
    amount = suggestion(costs)
    if amount:
        yield f"{wording.to_the_cent(amount)} would have held in most of them, with a tenth to spare."
