"""What a detector is worth to the people it wakes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from tests.alert_quality.team import Team

GRACE = 26
"""Hours after an incident in which a detector of whole days may still report it."""


@dataclass(frozen=True, slots=True)
class Score:
    f1: float
    precision: float
    recall: float
    false_a_month: float
    hours_to_alert: float
    in_a_day: float
    dollars: float
    dollars_after: float
    alerts_each: float


@dataclass(frozen=True, slots=True)
class Judged:
    """One incident: hours to its first alert (None: missed), its dollars, those after the alert, days with an alert."""

    hours: float | None
    dollars: float
    after: float
    days: int


def judge(team: Team, alerts: list[float]) -> tuple[list[Judged], int, float]:
    """The incidents of a team, its false alerts (distinct days), and the months in which one could be false."""
    last = len(team.hours) + GRACE
    counted = [alert for alert in sorted(alerts) if team.judged_from <= alert <= last]
    judged = []
    for incident in team.incidents:
        hits = [alert for alert in counted if incident.begin < alert <= incident.end + GRACE]
        hours = hits[0] - incident.begin if hits else None
        after = sum(incident.excess[int(hours) :]) if hours is not None else 0.0
        judged.append(Judged(hours, sum(incident.excess), after, len({int(hit // 24) for hit in hits})))
    quiet = [(incident.begin, incident.quiet_until + GRACE) for incident in team.incidents]
    quiet += [(24 * day - 1, 24 * (day + 1) + GRACE) for day in team.unjudged]
    false = {int(alert // 24) for alert in counted if not any(begin < alert <= end for begin, end in quiet)}
    open_hours = len(team.hours) - team.judged_from - sum(min(end, len(team.hours)) - begin for begin, end in quiet)
    return judged, len(false), max(0.0, open_hours / 24 / 30)


def score(results: Iterable[tuple[list[Judged], int, float]]) -> Score:
    incidents, false, months = [], 0, 0.0
    for judged, wrong, open_months in results:
        incidents += judged
        false += wrong
        months += open_months
    found = [one for one in incidents if one.hours is not None]
    recall = len(found) / len(incidents)
    precision = len(found) / max(1, len(found) + false)
    total = sum(one.dollars for one in incidents)
    return Score(
        f1=2 * precision * recall / (precision + recall) if found else 0.0,
        precision=precision,
        recall=recall,
        false_a_month=false / months,
        hours_to_alert=median(one.hours for one in found if one.hours is not None) if found else float("inf"),
        in_a_day=sum(one.hours is not None and one.hours <= 24 for one in incidents) / len(incidents),
        dollars=sum(one.dollars for one in found) / total,
        dollars_after=sum(one.after for one in incidents) / total,
        alerts_each=sum(one.days for one in found) / max(1, len(found)),
    )
