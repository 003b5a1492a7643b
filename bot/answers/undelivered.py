"""To the admins: a place that messages can't reach, why, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Answer, Tone


def answer(place: str, what: str, error: str) -> Answer:
    """`place` as the configuration names it, `what` was refused last ("digest morning of 21 Nov"), and why."""
    return Answer(
        title=f"Messages do not reach {place}",
        headline=f"{what[:1].upper()}{what[1:]} could not be sent there. {error}",
        notes=(
            "It is not tried again; what falls due there later is. You are told this once, and again only after a "
            "message has arrived.",
        ),
        tone=Tone.WARNING,
    )


EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "archived channel": answer(
            "C0OLD0001", "digest morning of 21 Nov", "This channel is archived. Choose another one."
        ),
        "a person who left": answer(
            "ana@example.com",
            "digest mine of 16 Nov",
            "This person's Slack account is deactivated. Name another owner.",
        ),
        "several alerts": answer("ana@example.com", "2 alerts", "Slack does not let the bot write there."),
        "hostile names": answer(examples.HOSTILE, f"digest {examples.HOSTILE}", examples.HOSTILE),
    }
)
