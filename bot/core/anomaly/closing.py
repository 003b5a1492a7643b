"""The end of a day: what it teaches about normal."""

from __future__ import annotations

from bot.core.anomaly.normal import position
from bot.core.anomaly.series import DAY_WINDOWS, DAYS_KEPT, Day, Job, Normal, Series, Shares, Today, weekend
from bot.core.anomaly.tiers import Window
from bot.core.anomaly.yardstick import DAY_FACTOR, HOUR_FACTOR, day_prior, remembered

KNOWN = 0.75
"""A day is known when the hours at hand usually carry three quarters of it."""
SHARE_MEMORY = 0.07
"""Weight of the newest day in the average of how days lie on their hours: about two weeks are remembered."""
LEARNS_HOURS, LEARNS_DAYS = 5, 10
"""Days before scores are remembered, by tier: the first are measured against a level that is still a guess."""
JOB = 0.4
"""Of a typical day: an excess that large on a flagged day is looked for at the same place of the next month."""
JOB_DAYS = 3
"""Of an incident: what goes on for longer is not what a job does, so that its later days are not looked for again."""
CAP = 1.5
"""Times the record: a flagged day may raise the record of busiest days so far and no further."""


def day_value(today: Today, shares: tuple[Shares, Shares]) -> float | None:
    """The day's value, completed where some hours are missing; None when too many are."""
    return today.whole if today.whole is not None else completed(today.hours, shares[weekend(today.number)])


def completed(hours: tuple[float | None, ...], shares: Shares) -> float | None:
    known = sum([hour for hour in hours if hour is not None])
    if None not in hours:
        return known
    part = sum(part for hour, part in zip(hours, shares.parts, strict=True) if hour is not None)
    return known / part if part >= KNOWN else None


def learned(series: Series, today: Today, windows: list[Window]) -> Series:
    """The series with its running day made one of the closed days, and what the day says about normal remembered.

    `windows` are the windows of days that end with it. A flagged day teaches neither hours nor weekdays; the first day
    of an incident enters the yardsticks at their limit, so that a series that often goes far is judged more mildly.
    """
    value, normal, flagged = day_value(today, series.shares), today.normal, bool(series.incident)
    if value is not None:
        series = series._replace(jobs=_jobs(series, today, value))
        if not flagged and not normal.job:
            series = series._replace(shares=_shares(series.shares, today, value))
        if series.incident is None or series.incident.days == 0:
            series = _scored(series, today, windows)
    day = Day(
        number=today.number,
        value=None,
        level=normal.level,
        smoothing=normal.smoothing,
        job=_came(normal, value),
        flagged=flagged,
        cap=CAP * normal.record if flagged else None,
        hours=today.hours if today.whole is None else (),
    )
    return with_day(series, Day.of(value, day))._replace(today=None)


def with_day(series: Series, day: Day) -> Series:
    """One more closed day; older ones lose their hours, the oldest are forgotten."""
    days = (*series.days, day)[-DAYS_KEPT:]
    if len(days) > DAY_WINDOWS[-1]:
        place = len(days) - 1 - DAY_WINDOWS[-1]
        days = (*days[:place], days[place]._replace(hours=()), *days[place + 1 :])
    return series._replace(days=days)


def restated(series: Series, day: int, hour: int | None, value: float) -> Series:
    """The series with a bucket of a closed day corrected (`hour` None: all of it). Too old a bucket changes nothing."""
    place = day - series.days[-1].number + len(series.days) - 1 if series.days else -1
    if place < 0:
        return series
    past = series.days[place]
    if hour is None:
        corrected = Day.of(value, past._replace(hours=()))
    elif past.hours:
        hours = (*past.hours[:hour], value, *past.hours[hour + 1 :])
        corrected = Day.of(completed(hours, series.shares[weekend(day)]), past._replace(hours=hours))
    else:
        return series
    return series._replace(days=(*series.days[:place], corrected, *series.days[place + 1 :]))


def _jobs(series: Series, today: Today, value: float) -> tuple[Job, ...]:
    """What came on top of normal is expected at the same place of the next month, until it stays away once."""
    normal, place, incident = today.normal, position(today.number), series.incident
    lasts = incident is not None and incident.days >= JOB_DAYS
    if lasts or not (incident or normal.job):
        return series.jobs
    usual = normal.hours if not normal.job else tuple(map(float.__sub__, normal.hours, normal.job.parts))
    if today.whole is None:
        known = zip(today.hours, usual, strict=True)
        parts = tuple(0.0 if hour is None else max(0.0, hour - expected) for hour, expected in known)
    else:
        parts = (max(0.0, value - sum(usual)) / 24,) * 24
    others = tuple(job for job in series.jobs if job.position != place)
    came = value - sum(usual) > JOB * normal.typical
    return (*others, Job(place, parts)) if came else others


def _came(normal: Normal, value: float | None) -> float:
    """What came of the job that was expected: taken off where it stayed away, a working day would look idle."""
    if normal.job is None:
        return 0.0
    expected = normal.job.total
    return expected if value is None else min(expected, max(0.0, value - (sum(normal.hours) - expected)))


def _shares(shares: tuple[Shares, Shares], today: Today, value: float) -> tuple[Shares, Shares]:
    if today.whole is not None or value <= 0 or None in today.hours:
        return shares
    end = weekend(today.number)
    old = shares[end] if shares[end].days else shares[not end]
    days = shares[end].days
    weight = max(SHARE_MEMORY, 1 / (days + 2))
    weighed = zip(old.parts, today.hours, strict=True)
    parts = tuple([(1 - weight) * part + weight * max(0.0, hour or 0.0) / value for part, hour in weighed])
    return (shares[0], Shares(days + 1, parts)) if end else (Shares(days + 1, parts), shares[1])


def _scored(series: Series, today: Today, windows: list[Window]) -> Series:
    """The day's scores in the yardsticks, at most at today's limits."""
    age, hour_scores, day_scores = len(series.days), series.hour_scores, series.day_scores
    if age >= LEARNS_HOURS and today.whole is None:
        hour_scores = tuple(
            remembered(scores, peak, HOUR_FACTOR) for scores, peak in zip(hour_scores, today.peaks, strict=True)
        )
    if age >= LEARNS_DAYS:
        day_scores = tuple(
            scores if far is None else remembered(scores, far, DAY_FACTOR, day_prior(hours // 24))
            for scores, (hours, _, _, far) in zip(day_scores, windows, strict=True)
        )
    return series._replace(hour_scores=hour_scores, day_scores=day_scores)
