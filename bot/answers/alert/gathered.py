"""Several alerts in one message: how many there are and how many of them fire, then each with its own buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.answers.answer import Answer, Tone


def gathered(alerts: Sequence[Answer]) -> Answer:
    """One alert alone is itself. Of several the tables go: *Why?* and *Receipt* have them, and the message stays one
    look long."""
    if len(alerts) == 1:
        return alerts[0]
    known = [one.data_through for one in alerts if one.data_through is not None]
    return Answer(
        title=f"{len(alerts)} alerts",
        headline=_headline(len(alerts), sum(one.tone is Tone.WARNING for one in alerts)),
        parts=tuple(replace(one, tables=(), actions=one.actions[:2]) for one in alerts),
        paragraphs=("All alerts that are open: `/claude-usage alerts`",),
        data_through=min(known, default=None),
        tone=Tone.WARNING if any(one.tone is Tone.WARNING for one in alerts) else Tone.PLAIN,
    )


def _headline(all_: int, firing: int) -> str:
    if firing == all_:
        return f"{'Both' if all_ == 2 else 'All'} of them fire. Each has its own buttons below."
    if not firing:
        return "None of them fires. Each has its own buttons below."
    fire, rest = "fires" if firing == 1 else "fire", all_ - firing
    return f"{firing} of them {fire}, {rest} {'does' if rest == 1 else 'do'} not. Each has its own buttons below."
