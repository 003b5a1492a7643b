"""What an alert rule would have sent in the last ninety days, as its form says it before it is saved."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from bot.answers.alert import words
from bot.core import wording
from bot.core.alerts.episode import Happened
from bot.core.configuration import Configuration
from bot.services.alerts.replay import DAYS, Replayed, Sent, replay
from bot.services.configuring.ground import Ground

_SHOWN = 5
_DID = {
    Happened.WORSENED: "got worse",
    Happened.RESOLVED: "over",
    Happened.RESTATED: "corrected",
    Happened.ESCALATED: "passed on",
}


@dataclass(frozen=True, slots=True)
class Tried:
    """`warning` where the rule would never say anything, or say it all the time."""

    sentences: tuple[str, ...]
    warning: str = ""


def tried(ground: Ground, configuration: Configuration, rule_id: str) -> Tried:
    """The same decisions as the live ones, over the figures that are known now."""
    since = ground.now - timedelta(days=DAYS)
    found = replay(ground.connection, configuration, rule_id, since, ground.now, ground.zone, ground.calls)
    return Tried((counted(found), *_newest(found)), " ".join(found.sense))


def counted(found: Replayed) -> str:
    """How often it would have fired, and about what."""
    if not found.sent:
        return f"Over the last {found.days} days it would have sent nothing."
    fired = [one for one in found.sent if one.event.what is Happened.FIRED]
    of = Counter(one.who for one in fired).most_common(_SHOWN)
    who = wording.listed([f"{name} {count}" for name, count in of])
    times = "once" if len(fired) == 1 else f"{len(fired)} times"
    messages = wording.exactly(len(found.sent), "message")
    several = len({one.who for one in fired})
    more = " and others" if several > _SHOWN else ""
    whom = f" ({who}{more})" if several > 1 else ""
    return f"Over the last {found.days} days it would have fired {times}{whom} and sent {messages}."


def _newest(found: Replayed) -> tuple[str, ...]:
    newest = [_line(found, one) for one in found.sent[: -_SHOWN - 1 : -1]]
    return ("The newest of them:\n" + "\n".join(newest),) if newest else ()


def _line(found: Replayed, one: Sent) -> str:
    did = _DID.get(one.event.what, "")
    value = words.said(found.metric, one.event.value)
    return f"• {words.moment(one.event.at, found.zone)}: {one.who} {value}{f', {did}' if did else ''}"
