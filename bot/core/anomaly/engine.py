"""One step: an observation into the state of its series, and what there is to say."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from bot.core.anomaly import incident as incidents
from bot.core.anomaly.closing import day_value, learned, restated
from bot.core.anomaly.finding import Finding, Kind, Limits, Observation, instant
from bot.core.anomaly.normal import normal
from bot.core.anomaly.notices import new_normal, notices
from bot.core.anomaly.series import DAYS_KEPT, HOUR_WINDOWS, Hour, Series, Today
from bot.core.anomaly.tiers import Window, day_excess, day_windows, hour_excess, hour_windows, weighed
from bot.core.anomaly.yardstick import DAY_FACTOR, limit


class Step(NamedTuple):
    """The series after an observation, and what it gave to say: mostly nothing."""

    series: Series
    findings: tuple[Finding, ...] = ()


def observe(series: Series, seen: Observation, limits: Limits) -> Step:
    """Take in one bucket: the next one, a late one or one restated.

    Days the observations leave out are unknown. Nothing is known of a series before it first spends: zeros until then
    say when the feed began, not how the series lives.
    """
    day, hour = divmod(seen.hour, 24)
    if series.today is None and not series.days and seen.value <= 0:
        return Step(series)
    findings: tuple[Finding, ...] = ()
    if series.today is not None and day > series.today.number:
        series, findings = _until(series, day, seen.at, limits)
    today = series.today
    if today is None:
        today = Today(day, normal(series, day, limits))
    if day < today.number:
        return Step(_corrected(series, today, seen, limits))
    if seen.hours == 24:
        today = today._replace(whole=seen.value)
        return _judged_day(series._replace(today=today), today, seen.at, limits, findings)
    hours = _hours(series.hours, weighed(seen.hour, seen.value, today.normal))
    windows = list(hour_windows(hours, today.normal))
    peaks = tuple(max(peak, window.score or 0.0) for peak, window in zip(today.peaks, windows, strict=True))
    known = (*today.hours[:hour], seen.value, *today.hours[hour + 1 :])
    today = today._replace(hours=known, peaks=peaks)
    series = series._replace(today=today, hours=hours)
    if found := hour_excess(windows, series, today, limits):
        series, more = _excess(series, found, seen.at, hours[-1].number + 1)
        findings += more
    if hour == 23:
        return _judged_day(series, series.today or today, seen.at, limits, findings)
    return Step(series, findings)


def _judged_day(series: Series, today: Today, at: datetime, limits: Limits, findings: tuple[Finding, ...]) -> Step:
    """The windows of days that end with the running day."""
    value = day_value(today, series.shares)
    windows = list(day_windows(series, today.number, value, today.normal))
    if found := day_excess(windows, series, today, limits):
        series, more = _excess(series, found, at, 24 * (today.number + 1))
        findings += more
    return Step(series, findings)


def _excess(series: Series, window: Window, at: datetime, end: int) -> tuple[Series, tuple[Finding, ...]]:
    """A window that fires goes on an incident or begins one; `end` is the hour it ends with."""
    if series.today and not series.today.fired:
        series = series._replace(today=series.today._replace(fired=True))
    if not incidents.worth_telling(series.incident, window, end):
        return series, ()
    since = instant(end - window.hours)
    finding = Finding(Kind.EXCESS, at, since, window.hours, window.value, window.expected)
    return incidents.told(series, window, end), (finding,)


def _until(series: Series, day: int, at: datetime, limits: Limits) -> tuple[Series, tuple[Finding, ...]]:
    """The series as this day begins: the running day closed, days nobody reported unknown."""
    findings: tuple[Finding, ...] = ()
    if series.today is not None and day - series.today.number > DAYS_KEPT:
        return Series(introduced=series.introduced), ()  # after a season of silence nothing that was normal is left
    while series.today is not None and series.today.number < day:
        following = series.today.number + 1
        series, more = _closed(series, series.today, at, limits)
        findings += more
        series = series._replace(today=Today(following, normal(series, following, limits)))
    return series, findings


def _closed(series: Series, today: Today, at: datetime, limits: Limits) -> tuple[Series, tuple[Finding, ...]]:
    """The running day made one of the closed ones, and its incident ended, gone on or settled."""
    windows = list(day_windows(series, today.number, day_value(today, series.shares), today.normal))
    series, said = notices(series, today, windows, at, limits)
    incident, scores = series.incident, series.day_scores[0]
    series = learned(series, today, windows)
    if incident is None:
        return series, said
    on = incidents.goes_on(incident, windows[0], limit(scores, DAY_FACTOR), fired=today.fired)
    series, settled = incidents.after_day(series, goes_on=on)
    if settled:
        said += (new_normal(series.days[-incident.days - 1 :], today, at),)
        series = series._replace(drift_told=today.number)
    return series, said


def _corrected(series: Series, today: Today, seen: Observation, limits: Limits) -> Series:
    """A late or restated bucket of a closed day: what is normal today follows it, what was told stays told."""
    day, hour = divmod(seen.hour, 24)
    series = restated(series, day, hour if seen.hours == 1 else None, seen.value)
    hours = tuple(
        old._replace(value=seen.value) if old.number == seen.hour and seen.hours == 1 else old for old in series.hours
    )
    return series._replace(hours=hours, today=today._replace(normal=normal(series, today.number, limits)))


def _hours(hours: tuple[Hour, ...], seen: Hour) -> tuple[Hour, ...]:
    """The last 24 hours with this one among them, in order."""
    if not hours or seen.number > hours[-1].number:
        first = seen.number - HOUR_WINDOWS[-1]
        start = 0
        while start < len(hours) and hours[start].number <= first:
            start += 1
        return (*hours[start:], seen)
    others = [hour for hour in hours if hour.number != seen.number]
    return tuple(sorted((*others, seen), key=lambda hour: hour.number))[-HOUR_WINDOWS[-1] :]
