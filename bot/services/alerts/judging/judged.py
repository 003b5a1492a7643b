"""What one look made of one rule (or budget) and target."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.alerts.episode import Step
from bot.core.alerts.reason import Reason
from bot.core.alerts.rule import Target


@dataclass(frozen=True, slots=True)
class Judged:
    """The steps it took, oldest first."""

    rule_id: str
    target: Target
    steps: tuple[Step, ...]
    known: bool = True
    """What should be in by now is."""
    value: int | None = None
    """The newest that is known."""

    @property
    def reason(self) -> str:
        """Of the newest step that left something, else of the newest that had figures to go by."""
        events = [one.reason for one in self.steps if one.event is not None]
        known = [one.reason for one in self.steps if one.reason != Reason.NO_DATA]
        return (events or known or [Reason.NO_DATA])[-1]
