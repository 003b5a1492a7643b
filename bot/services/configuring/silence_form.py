"""The form for a silence: nobody is told of a rule, or of what is about a team, for a while."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from bot.answers.form import Field, Kind, Option, Values, text
from bot.core import wording
from bot.core.alerts.feedback import Silence, Until
from bot.core.errors import FormRefused, NotFound, NotTheirs
from bot.core.periods import local_date, midnight
from bot.services.alerts.telling import unsilencing
from bot.services.configuring.ground import ALL, Ground, chosen, scope_field
from bot.services.configuring.overview import scope_said
from bot.store.alerts import silences

TITLE = "Silence"
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
            unsilencing.EVERY_RULE,
            (Option(unsilencing.EVERY_RULE, "Every rule"), *(Option(rule, rule) for rule in rules)),
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
        None if rule in ("", unsilencing.EVERY_RULE) else rule,
        None if scope == ALL else scope.removeprefix("team/"),
        _until(ground, values),
        ground.by,
    )


def running(ground: Ground, id_: str) -> Silence:
    """A silence that runs and that the asker may end. Raises NotFound and NotTheirs."""
    one = next((one for one in silences.running(ground.connection, ground.now) if str(one.id) == id_), None)
    if one is None:
        raise NotFound("This silence has ended already.")
    if not unsilencing.may_end(ground.connection, ground.configuration, ground.asker, one):
        raise NotTheirs("Only admins may end this silence, and the owners of what it is about.")
    return one


def said(ground: Ground, silence: Silence) -> str:
    """What it does, in two sentences."""
    about = "anything" if silence.scope is None else scope_said(ground, silence.scope)
    rule = f"Nobody is told what {silence.rule_id} says of" if silence.rule_id else "Nobody is told of alerts about"
    return f"{rule} {about} until {wording.instant(silence.until)}. What still holds then is told."


def _until(ground: Ground, values: Values) -> datetime:
    how_long = text(values, "until") or Until.DAY.value
    if how_long in tuple(Until):
        return Until(how_long).instant(ground.now, ground.zone)
    day = date.fromisoformat(chosen(values, "date", "Choose a date."))
    if not local_date(ground.now, ground.zone) < day <= local_date(ground.now, ground.zone) + _FURTHEST:
        raise FormRefused({"date": "Choose a day after today, within a year."})
    return midnight(day, ground.zone)
