"""Ours, and the detectors people use instead, each at a setting that does well on such teams."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from statistics import fmean, pstdev

from bot.core.anomaly import Kind, Limits, Observation, Series, observe
from tests.alert_quality.late import arriving
from tests.alert_quality.team import Detector, Team

_HOUR = timedelta(hours=1)


def ours(team: Team) -> list[float]:
    """The engine itself, hour by hour."""
    hours = range(team.begins, len(team.hours))
    return _told(
        team,
        (
            Observation(team.start + (hour + 1) * _HOUR, team.start + hour * _HOUR, 1, team.hours[hour])
            for hour in hours
        ),
    )


def ours_late(team: Team) -> list[float]:
    """The engine on the same hours as they really arrive."""
    return _told(team, arriving(team))


def _told(team: Team, observations: Iterable[Observation]) -> list[float]:
    series, told = Series(), []
    for seen in observations:
        step = observe(series, seen, Limits())
        series = step.series
        told += [(found.at - team.start) / _HOUR for found in step.findings if found.kind is Kind.EXCESS]
    return told


def _each_morning(fires: Callable[[list[float], float], bool], *, late: int = 1) -> Detector:
    """A rule over whole days, looked at `late` hours after each ends: it gets the days before, and the day."""

    def detect(team: Team) -> list[float]:
        days, first = team.days, team.begins // 24
        return [
            24.0 * (day + 1) + late
            for day in range(max(team.judged_from // 24, first + 1), len(days))
            if fires(days[first:day], days[day])
        ]

    return detect


def _yesterday(past: list[float], today: float) -> bool:
    return today > 1.5 * past[-1] and today - past[-1] >= 20


def _aws_like(past: list[float], today: float) -> bool:
    if len(past) < 10:
        return False
    alike = past[-7::-7][:4]
    expected = fmean(alike if len(alike) >= 2 else past[-10:])
    return today - expected >= 100 and today > 3 * expected


def _sigma(past: list[float], today: float) -> bool:
    month = past[-30:]
    return len(month) >= 5 and today > fmean(month) + 4 * pstdev(month) and today - fmean(month) >= 10


def _ewma(past: list[float], today: float) -> bool:
    if len(past) < 7:
        return False
    mean, variance = past[0], (0.3 * past[0]) ** 2
    for value in past[1:]:
        off = value - mean
        mean, variance = mean + 0.1 * off, 0.9 * (variance + 0.1 * off**2)
    return today > mean + 4 * variance**0.5 and today - mean >= 10


DETECTORS: dict[str, Detector] = {
    "+50 % on yesterday and $20": _each_morning(_yesterday),
    "AWS-like ($100 and 200 %, a day late)": _each_morning(_aws_like, late=25),
    "EWMA": _each_morning(_ewma),
    "4-sigma over 30 days": _each_morning(_sigma),
    "claude-usage": ours,
    "claude-usage, late and restated data": ours_late,
}
