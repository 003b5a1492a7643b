"""To the admins: a place that messages can't reach, why, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Answer, Fact, Tone


def answer(place: str, key: str, error: str) -> Answer:
    """`place` as the configuration names it, `key` of the message that was refused, `error` as Slack's word for it."""
    kind, _, rest = key.partition("/")
    name, _, when = rest.partition("/")
    return Answer(
        title=f"Messages do not reach {place}",
        headline=f"A {kind} could not be sent there. {error}",
        facts=(Fact("Message", f"{kind} {name}", when), Fact("Place", place)),
        notes=(
            "It is not tried again; what falls due there later is. You are told this once, and again only after a "
            "message has arrived.",
        ),
        tone=Tone.WARNING,
    )


EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "archived channel": answer(
            "C0OLD0001", "digest/morning/2026-11-21", "This channel is archived. Choose another one."
        ),
        "a person who left": answer(
            "ana@example.com",
            "digest/mine/2026-11-16",
            "This person's Slack account is deactivated. Name another owner.",
        ),
        "hostile names": answer(examples.HOSTILE, f"digest/{examples.HOSTILE}/x", examples.HOSTILE),
    }
)
