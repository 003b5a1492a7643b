"""The form for a silence: nobody is told of a rule, or of what is about a team, for a while."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from bot.answers.form import Field, Kind, Option, Values, text
from bot.core.alerts.feedback import Silence, Until
from bot.core.errors import FormRefused
from bot.core.periods import local_date, midnight
from bot.services.configuring.ground import ALL, Ground, chosen, scope_field

TITLE = "Silence"
_EVERY_RULE = "every rule"
_DATE = "until a date"
_FURTHEST = timedelta(days=366)
_MOST_RULES = 99


def fields(ground: Ground, team: str | None) -> tuple[Field, ...]:
    team = team or (None if ground.admin else ground.team)
    rules = [rule.id for rule in ground.configuration.rules][:_MOST_RULES]
    return (
        scope_field(ground, f"team/{team}" if team else ALL, "silence"),
        Field(
            "rule",
            "Of which rule",
            Kind.CHOICE,
            _EVERY_RULE,
            (Option(_EVERY_RULE, "Every rule"), *(Option(rule, rule) for rule in rules)),
        ),
        Field(
            "until",
            "How long",
            Kind.CHOICE,
            Until.DAY.value,
            (*(Option(one, one.capitalize()) for one in Until), Option(_DATE, "Until a date")),
        ),
        Field("date", "The first day on which alerts are told again", Kind.DATE, optional=True),
    )


def silence(ground: Ground, values: Values) -> Silence:
    """Raises FormRefused for an end that is none."""
    scope, rule = chosen(values, "scope", "Choose what it is about."), text(values, "rule")
    return Silence(
        None if rule in ("", _EVERY_RULE) else rule,
        None if scope == ALL else scope.removeprefix("team/"),
        _until(ground, values),
        ground.by,
    )


def _until(ground: Ground, values: Values) -> datetime:
    how_long = text(values, "until") or Until.DAY.value
    if how_long in tuple(Until):
        return Until(how_long).instant(ground.now, ground.zone)
    day = date.fromisoformat(chosen(values, "date", "Choose a date."))
    if not local_date(ground.now, ground.zone) < day <= local_date(ground.now, ground.zone) + _FURTHEST:
        raise FormRefused({"date": "Choose a day after today, within a year."})
    return midnight(day, ground.zone)
