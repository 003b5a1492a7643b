"""The form for a digest: to a channel or to oneself, how often, when, and about what."""

from __future__ import annotations

from bot.answers.form import Field, Kind, Option, Press, Values, several, text
from bot.core.configuration.merged import Entry
from bot.core.configuration.splice import Value
from bot.core.configuration.words import CADENCES, OWN, WEEKENDS
from bot.core.errors import FormRefused
from bot.core.periods import WEEKDAYS
from bot.services.configuring.ground import ALL, Ground, chosen, scope_entry, scope_field, scope_of, slug

TITLE = "Digest"
FIELDS = {"to": "where", "on": "weekday", "team": "scope"}
"""Keys of the entry whose field is called otherwise."""
_CHANNEL, _ME = "channel", "me"
_EVERY = {
    "daily": "Every day",
    "weekly": "Every week",
    "monthly": "On the 1st of the month",
    "quarterly": "On the 1st of the quarter",
}
PRESSES = (Press("Preview", "preview"), Press("Send me a test", "test"))


def fields(ground: Ground, entry: Entry | None, team: str | None) -> tuple[Field, ...]:
    """The fields with what an entry holds; without one, with what suits the asker."""
    held = entry or _usual(ground, team)
    to = held.get("to")
    return (
        scope_field(ground, scope_of(held.get("scope")), "digest"),
        Field(
            "where",
            "To",
            Kind.CHOICE,
            _ME if to else _CHANNEL,
            (Option(_CHANNEL, "A channel"), Option(_ME, "Me, in a direct message")),
        ),
        Field(
            "channel",
            "Channel",
            Kind.CHANNEL,
            str(held.get("channel", "")),
            optional=True,
            hint="A private one must have the bot in it.",
        ),
        Field(
            "cadence",
            "How often",
            Kind.CHOICE,
            str(held["cadence"]),
            tuple(Option(one, _EVERY[one]) for one in CADENCES),
        ),
        Field(
            "weekday",
            "Day",
            Kind.CHOICE,
            str(held.get("on", WEEKDAYS[0])),
            tuple(Option(day, day.capitalize()) for day in WEEKDAYS),
            hint="Counts for weekly digests only.",
        ),
        Field("at", "At", Kind.TIME, str(held.get("at", "09:00"))),
        Field(
            "timezone",
            "Time zone",
            Kind.FIND,
            zone := str(held.get("timezone", ground.zone)),
            find="zone",
            shown=zone,
        ),
        Field(
            "skip",
            "Leave out",
            Kind.TICKS,
            tuple(_listed(held.get("skip", ()))),
            (Option(WEEKENDS, "Saturdays and Sundays"),),
            optional=True,
        ),
    )


def entry(ground: Ground, values: Values, before: Entry | None) -> Entry:
    """The entry that a sent form describes. Raises FormRefused for what the reader could not name a field for."""
    where, cadence = text(values, "where"), chosen(values, "cadence", "Choose how often.")
    found: dict[str, Value] = {}
    if where == _ME:
        found["to"] = ground.by
    else:
        found["channel"] = chosen(values, "channel", "Choose a channel, or have it sent to you.")
    scope = scope_entry(values)
    if scope == OWN and where != _ME:
        raise FormRefused({"where": "What is about your own use goes to you alone."})
    found |= {"cadence": cadence, "at": chosen(values, "at", "Choose a time."), "scope": scope}
    if cadence == "weekly":
        found["on"] = text(values, "weekday") or WEEKDAYS[0]
    found["timezone"] = chosen(values, "timezone", "Choose a time zone.")
    # Dates are kept that only the file's syntax can write.
    skip = [*several(values, "skip"), *(day for day in _listed((before or {}).get("skip", ())) if day != WEEKENDS)]
    return found | ({"skip": skip} if skip else {})


def name(entry: Entry) -> str:
    """What a new one is called."""
    return slug(scope_of(entry.get("scope")).removeprefix("team/"), str(entry.get("to", "")), str(entry["cadence"]))


def _usual(ground: Ground, team: str | None) -> Entry:
    team = team or ground.team
    found = ground.configuration.team(team) if team else None
    if found is None and not ground.admin:
        return {"to": ground.by, "scope": OWN, "cadence": "weekly"}
    place = {"channel": found.channel} if found and found.channel else {}
    return {**place, "scope": {"team": found.id} if found else ALL, "cadence": "weekly"}


def _listed(value: Value) -> list[str]:
    return (
        [value]
        if isinstance(value, str)
        else [one for one in value if isinstance(one, str)]
        if value is not True and value is not False
        else []
    )
