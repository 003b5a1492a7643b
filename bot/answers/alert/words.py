"""How the figures of alerts are said: values and limits in the unit of their metric, windows, and what happened."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.answers.answer import Amount, Cell, Percent, Tokens
from bot.core import wording
from bot.core.alerts.episode import Event, Happened
from bot.core.alerts.rule import MILLION, Metric, Rule, Unit, unit_of
from bot.core.alerts.window import Window
from bot.core.money import Money
from bot.core.periods import local_date

_NAMES = {
    Metric.COST: "spend",
    Metric.TOTAL_TOKENS: "tokens",
    Metric.LATENCY_P50_MS: "median latency",
    Metric.LATENCY_P90_MS: "90th percentile latency",
    Metric.LATENCY_P95_MS: "95th percentile latency",
    Metric.LATENCY_P99_MS: "99th percentile latency",
}
_DID = {
    Happened.ACKNOWLEDGED: "acknowledged it",
    Happened.SILENCE_ENDED: "ended the silence",
    Happened.EXPECTED: "called it expected",
    Happened.NOT_USEFUL: "called it not useful",
}


def name(metric: Metric) -> str:
    """What is measured, in a sentence: "output tokens", "error rate"."""
    return _NAMES.get(metric) or metric.value.replace("_", " ")


def said(metric: Metric, value: int | None) -> str:
    """$214.10 · 1.99B tokens · 4.2 % · 5,210 ms."""
    if value is None:
        return wording.UNKNOWN
    match unit_of(metric):
        case Unit.MONEY:
            return wording.to_the_cent(Money(value))
        case Unit.RATE:
            return wording.percent(value / MILLION)
        case Unit.MILLISECONDS:
            return f"{value:,} ms"
    counted = name(metric) if metric in (Metric.REQUESTS, Metric.WEB_SEARCH_REQUESTS) else "tokens"
    return f"{wording.count(value)} {counted}"


def cell(metric: Metric, value: int | None) -> Cell:
    match unit_of(metric):
        case Unit.MONEY:
            return Amount(None if value is None else Money(value))
        case Unit.COUNT:
            return Tokens(value)
        case Unit.RATE:
            return Percent(None if value is None else value / MILLION)
    return said(metric, value)


def limit_of(rule: Rule) -> str:
    """The limit in words: "$200.00 a day", "10.0k tokens a call", "5,000 ms in 5 minutes"."""
    limit = said(rule.metric, rule.limit)
    if rule.per_call:
        return f"{limit} a call"
    if rule.metric.counts and rule.window.count == 1:
        return f"{limit} {'an' if str(rule.window) == 'hour' else 'a'} {rule.window}"
    return f"{limit} in {'a ' if rule.window.count == 1 else ''}{rule.window}"


def when(window: Window, start: datetime, zone: str, *, running: bool) -> str:
    """The window in a sentence: "so far on Friday 20 November", "in November 2026"."""
    so_far, first = "so far " if running else "", local_date(start, zone)
    if window == Window.MONTH:
        return f"{so_far}in {first:%B %Y}"
    if window == Window.DAY:
        return f"{so_far}on {spoken_day(first)}"
    label = window.period(start, zone).label
    if window.unit in ("minute", "hour"):
        return f"{so_far}on {label.replace(', ', ' from ').replace('–', ' to ')}"
    return f"{so_far}from {label.replace(' – ', ' to ').replace('–', ' to ')}"


def spoken_day(day: date) -> str:
    """Friday 20 November."""
    return f"{day:%A} {day.day} {day:%B}"


def moment(at: datetime, zone: str) -> str:
    """20 Nov, 14:05, on the clocks of `zone`."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b}, {local:%H:%M}"


def lasting(length: timedelta) -> str:
    """40 minutes · 3 hours · 2 days 4 hours."""
    minutes = max(1, round(length.total_seconds() / 60))
    days, hours = divmod(round(minutes / 60), 24)
    if minutes < 60:
        return wording.exactly(minutes, "minute")
    if days == 0:
        return wording.exactly(hours, "hour")
    return wording.exactly(days, "day") + (f" {wording.exactly(hours, 'hour')}" if hours and days < 7 else "")


def happened(event: Event, zone: str) -> str:
    """Who did what and when, as a sentence; "" for what an alert does by itself."""
    at = moment(event.at, zone)
    if event.what is Happened.ESCALATED:
        return f"Nobody acknowledged it, so the next ones were told on {at}."
    if event.what is Happened.WORSENED:
        return f"Its {event.mark} % mark was told on {at}." if event.mark else f"It got worse on {at}."
    until = moment(event.until, zone) if event.until else ""
    if event.what is Happened.SILENCED:
        return f"{event.by} silenced it on {at}, until {until}."
    if event.what is Happened.PLANNED:
        return f"{event.by} said on {at} that it is planned until {until}."
    did = _DID.get(event.what)
    return f"{event.by} {did} on {at}." if did else ""
