"""Why a look decided what it decided, and what that means for an episode; shown in logs, tests and `alerts`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.core.alerts.rule import Observation


class Change(StrEnum):
    """What a decision does to the episode of its rule and scope."""

    NONE = "none"
    FIRES = "fires"
    GOES_ON = "goes on"
    WORSENS = "worsens"
    RESOLVES = "resolves"


class Reason(StrEnum):
    """Why; the value is the word in JSON and in logs."""

    ABOVE_LIMIT = "above_limit"
    BELOW_LIMIT = "below_limit"
    STILL_ABOVE = "still_above_limit"
    STILL_BELOW = "still_below_limit"
    WITHIN_LIMIT = "within_limit"
    BACK_WITHIN_LIMIT = "back_within_limit"
    NO_DATA = "no_data"
    WINDOW_STILL_OPEN = "window_still_open"
    RESTATED = "restated_within_limit"

    CROSSED_MARK = "crossed_a_mark"
    BELOW_MARKS = "below_every_mark"
    SAID_BEFORE = "said_before"
    HEADING_OVER = "heading_over"
    HEADING_WITHIN = "heading_within"
    BACK_WITHIN = "heading_back_within"
    OVER_ALREADY = "over_already"
    NO_FORECAST = "no_forecast"
    PERIOD_OVER = "period_over"

    UNUSUAL = "unusual"
    STILL_UNUSUAL = "still_unusual"
    MUCH_WORSE = "much_worse"
    USUAL = "as_usual"
    BACK_TO_USUAL = "back_to_usual"
    NEW_NORMAL = "new_normal"
    NEW_SPENDER = "new_spender"
    DROPPED = "dropped"
    DRIFTED = "drifted"
    EXPLAINED_WITHIN = "explained_by_a_narrower_scope"

    FIRST_CALL = "first_call"
    RUNS_AWAY = "steady_at_an_unusual_hour"
    STILL_RUNNING = "still_steady"
    NOT_STEADY = "not_steady"
    TOO_FEW_DAYS = "too_few_days_to_compare"
    CALMED_DOWN = "calmed_down"

    SILENT = "source_silent"
    STILL_SILENT = "source_still_silent"
    REPORTING = "source_reports_again"
    RULE_GONE = "rule_or_scope_gone"

    @property
    def change(self) -> Change:
        return _CHANGES.get(self, Change.NONE)


_CHANGES = {
    **dict.fromkeys(
        (
            *(Reason.ABOVE_LIMIT, Reason.BELOW_LIMIT, Reason.HEADING_OVER, Reason.UNUSUAL, Reason.SILENT),
            *(Reason.NEW_SPENDER, Reason.DROPPED, Reason.DRIFTED, Reason.FIRST_CALL, Reason.RUNS_AWAY),
        ),
        Change.FIRES,
    ),
    **dict.fromkeys((Reason.CROSSED_MARK, Reason.MUCH_WORSE), Change.WORSENS),
    **dict.fromkeys(
        (
            *(Reason.STILL_ABOVE, Reason.STILL_BELOW, Reason.WINDOW_STILL_OPEN, Reason.STILL_UNUSUAL),
            *(Reason.SAID_BEFORE, Reason.OVER_ALREADY, Reason.STILL_SILENT, Reason.STILL_RUNNING),
        ),
        Change.GOES_ON,
    ),
    **dict.fromkeys(
        (
            *(Reason.BACK_WITHIN_LIMIT, Reason.RESTATED, Reason.BACK_WITHIN, Reason.PERIOD_OVER),
            *(Reason.BELOW_MARKS, Reason.BACK_TO_USUAL, Reason.NEW_NORMAL, Reason.REPORTING, Reason.RULE_GONE),
            Reason.CALMED_DOWN,
        ),
        Change.RESOLVES,
    ),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What one look decided, why, and on what; `limit` is what it was held against and `mark` which of a budget's."""

    reason: Reason
    observation: Observation
    limit: int = 0
    mark: int | None = None
