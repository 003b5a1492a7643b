"""Anomalies in alerts: buckets into the engine, and what it finds into decisions about episodes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.alerts.episode import Episode, Step, notice, step
from bot.core.alerts.reason import Decision, Reason
from bot.core.alerts.rule import Kind as EpisodeKind
from bot.core.alerts.rule import Metric, Observation, Target
from bot.core.anomaly import Finding, Kind, Limits, Series, observe
from bot.core.anomaly import Observation as Bucket
from bot.core.money import UNITS_PER_DOLLAR

NEWS_FOR, STILL_NEWS_FOR = timedelta(days=1), timedelta(days=4)
"""What was found in older figures, as when a rule is new, is told to nobody; what goes on is news for longer."""
NOTICE = "notice:"
"""What the rule's id begins with in an episode that is said once and is no alarm."""
_SAID = {Kind.NEW_SPENDER: Reason.NEW_SPENDER, Kind.DROP: Reason.DROPPED, Kind.DRIFT: Reason.DRIFTED}


@dataclass(frozen=True, slots=True)
class Fed:
    """A series after some buckets, and what they gave to say."""

    series: Series
    findings: tuple[Finding, ...]


def feed(series: Series, buckets: Iterable[Bucket], limits: Limits) -> Fed:
    """The buckets, in order, into the engine."""
    findings: list[Finding] = []
    for bucket in buckets:
        after = observe(series, bucket, limits)
        series = after.series
        findings += after.findings
    return Fed(series, tuple(findings))


def steps(
    fed: Fed, metric: Metric, rule_id: str, target: Target, episode: Episode | None, now: datetime, *, known: bool
) -> list[Step]:
    """Every step that what was found makes; `known`: the newest figures are in, so that nothing
    found means something."""
    found: list[Step] = []
    scope, kind = str(target), EpisodeKind.ANOMALY
    told = episode.last_window if episode is not None else None
    news = [one for one in fed.findings if _news(one, fed.series, now) and (told is None or _end(one) > told)]
    for finding in news:
        open_ = episode is not None and episode.open
        reason = Reason.NEW_NORMAL
        if finding.kind is Kind.EXCESS:
            reason = Reason.MUCH_WORSE if open_ else Reason.UNUSUAL
        found.append(step(episode, decision(finding, metric, reason), rule_id, scope, kind, now))
        episode = found[-1].episode
    if episode is not None and episode.open and not news:
        seen = Observation(episode.last_window, episode.value, complete=known, expected=episode.expected)
        reason = Reason.NO_DATA if not known else Reason.STILL_UNUSUAL if fed.series.incident else Reason.BACK_TO_USUAL
        found.append(step(episode, Decision(reason, seen, episode.limit), rule_id, scope, kind, now))
    return found


def notices(
    fed: Fed, metric: Metric, rule_id: str, target: Target, episode: Episode | None, now: datetime
) -> list[Step]:
    """What was found that is said once; `episode` is the newest of such."""
    told = episode.last_window if episode is not None else None
    said = [one for one in fed.findings if one.kind in _SAID and one.at > now - NEWS_FOR]
    return [
        notice(decision(one, metric, _SAID[one.kind]), f"{NOTICE}{rule_id}", str(target), EpisodeKind.ANOMALY, now)
        for one in said
        if told is None or _end(one) > told
    ]


def _news(finding: Finding, series: Series, now: datetime) -> bool:
    if finding.kind not in (Kind.EXCESS, Kind.NEW_NORMAL):
        return False
    goes_on = finding.kind is Kind.EXCESS and series.incident is not None
    return finding.at > now - (STILL_NEWS_FOR if goes_on else NEWS_FOR)


def _end(finding: Finding) -> datetime:
    return finding.since + timedelta(hours=finding.hours)


def decision(finding: Finding, metric: Metric, reason: Reason) -> Decision:
    """A finding as what was decided: in the unit of the metric, the limit being what was expected."""
    value, expected = units(finding.value, metric), units(finding.expected, metric)
    seen = Observation(finding.since, value, complete=False, expected=expected, window_end=_end(finding))
    return Decision(reason, seen, expected)


def units(value: float, metric: Metric) -> int:
    return round(value * UNITS_PER_DOLLAR) if metric is Metric.COST else round(value)
