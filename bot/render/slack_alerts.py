"""What can be pressed under the message of an alert."""

from __future__ import annotations

from bot.answers.answer import Control
from bot.core.alerts.feedback import Until, Verdict

ACKNOWLEDGE, SILENCE, EXPLAIN = "acknowledge", "silence", "explain"
EXPECTED, PLANNED, NOT_USEFUL = Verdict.EXPECTED.value, Verdict.PLANNED.value, Verdict.NOT_USEFUL.value


def controls(episode: int, *, acknowledged: bool) -> tuple[Control, ...]:
    """Each carries which episode it is about."""
    id_ = str(episode)
    return (
        *(() if acknowledged else (Control("Acknowledge", ACKNOWLEDGE, id_, primary=True),)),
        Control("Silence", SILENCE, options=tuple((f"{id_}/{until}", f"Silence {until}") for until in Until)),
        Control("Expected", EXPECTED, id_),
        Control("Planned until…", f"{PLANNED}:{id_}", date=True),
        Control("Not useful", NOT_USEFUL, id_),
        Control("Explain", EXPLAIN, id_),
    )
