"""One alert per incident: it begins, it may get much worse, it ends, or it becomes the new normal."""

from __future__ import annotations

from bot.core.anomaly.series import Incident, Series
from bot.core.anomaly.tiers import YOUNG_DAYS, Window

AGAIN = 2.8
"""Times the pace that was told: a ramp doubles every week and would be told twice over."""
AGAIN_AFTER = 24
"""Hours between two alerts of one incident, at least; and the second needs a window as long."""
GOES_ON = 0.35
"""An incident goes on while a day's own score is at least a third of what was told."""
NEW_NORMAL_DAYS = 10
"""Days after which what goes on is the new normal; a young series grows and settles within three."""
NEW_NORMAL_YOUNG = 3


def worth_telling(incident: Incident | None, window: Window, hour: int) -> bool:
    if incident is None:
        return True
    much_worse = window.hours >= AGAIN_AFTER and window.pace > AGAIN * incident.pace
    return much_worse and hour - incident.told >= AGAIN_AFTER


def told(series: Series, window: Window, hour: int) -> Series:
    """The series with its incident begun, or told again; the closed days of a first window were not clean after all."""
    days = series.days
    if series.incident is None and window.hours > 24:
        behind = window.hours // 24 - 1
        days = days[:-behind] + tuple(day._replace(flagged=True) for day in days[-behind:])
    begun = series.incident.days if series.incident else 0
    incident = Incident(hour, window.pace, window.score if window.score is not None else 0.0, begun)
    return series._replace(days=days, incident=incident)


def goes_on(incident: Incident, day: Window, day_limit: float, *, fired: bool) -> bool:
    """Whether the day that ends still belonged to the incident; an unknown day doesn't end one."""
    return fired or day.score is None or day.score >= GOES_ON * min(incident.score, day_limit)


def after_day(series: Series, *, goes_on: bool) -> tuple[Series, bool]:
    """The series after one more day of its incident, and whether what goes on has now become its new normal.

    Its days are clean again and tell the level alone, but say nothing of weekdays: their own level was the old one.
    """
    incident = series.incident
    if incident is None or not goes_on:
        return series._replace(incident=None), False
    days = incident.days + 1
    if days < (NEW_NORMAL_DAYS if len(series.days) > YOUNG_DAYS else NEW_NORMAL_YOUNG):
        return series._replace(incident=incident._replace(days=days)), False
    adopted = tuple(day._replace(flagged=False, level=None) for day in series.days[-days:])
    return series._replace(incident=None, days=series.days[:-days] + adopted, settled=adopted[0].number), True
