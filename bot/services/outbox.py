"""What was sent and what was not, with the keys of the delivery table put into words."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from urllib.parse import unquote

from sqlalchemy import Connection

from bot.answers.deliveries import Line
from bot.answers.pieces import day_label
from bot.store.alerts import episodes
from bot.store.messages import deliveries, together
from bot.store.messages.deliveries import Entry, State

LATELY = timedelta(days=7)
_STATES = {
    State.SENDING: "sending",
    State.WAITING: "due",
    State.SENT: "sent",
    State.SKIPPED: "not needed",
    State.FAILED: "given up",
}


def line(connection: Connection, entry: Entry) -> Line:
    """The delivery as a person reads it, its receiver included."""
    tried = entry.state is State.WAITING and entry.error is not None
    state = "tries again" if tried else _STATES[entry.state]
    lost = tried or entry.state is State.FAILED
    where = entry.channel or place(entry)
    return Line(said(connection, entry.key), state, entry.at, where, entry.error or "", lost)


def place(entry: Entry) -> str | None:
    """The channel or person it is for, as configured; None where it waits in a line that only has a number."""
    return entry.place if entry.place and "/" not in entry.place else None


def lost_lately(connection: Connection, now: datetime, most: int) -> list[str]:
    """What did not go out in the last week and why, one sentence each, for everybody: without its receiver."""
    entries = deliveries.newest(connection, most, unsent=True, since=now - LATELY)
    return [
        f"{said(connection, entry.key, receiver=False)}: {entry.error or ''}"
        f"{'' if entry.state is State.FAILED else ' It is tried again.'}"
        for entry in entries
    ]


def said(connection: Connection, key: str, *, receiver: bool = True) -> str:
    """A delivery's key in words; one of a kind that is not known here stays as it is."""
    kind, *rest = key.split("/")
    to = f", to {rest[-1]}" if receiver and len(rest) > 1 else ""
    match kind, rest:
        case "digest", [name, day]:
            return f"digest {name} of {_day(day)}"
        case "digest", [name, day, _]:
            return f"details of digest {name} of {_day(day)}"
        case "alert", ["together", *_]:
            return f"{len(together.carried(connection, key))} alerts{to}"
        case "alert", [episode, *_] if episode.isdigit():
            found = episodes.read(connection, int(episode))
            return f"alert {found.rule_id.replace(':', ' ') if found else episode}{to}"
        case "undelivered", [place, _]:
            return f"notice that messages do not reach {unquote(place) if receiver else 'a place'}{to}"
        case "unowned", [day, _]:
            return f"list of what nobody owns on {_day(day)}{to}"
        case "reconcile", [day, _]:
            return f"differences of {_day(day)}{to}"
        case "share", [channel, *_]:
            return f"answer shared in {channel}"
        case "csv", [user, *_]:
            return f"CSV file{f' for {user}' if receiver else ''}"
    return key if receiver else kind


def _day(text: str) -> str:
    try:
        return day_label(date.fromisoformat(text))
    except ValueError:
        return text
