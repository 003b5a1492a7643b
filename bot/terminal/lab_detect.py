"""`lab detect`: the anomaly engine on anybody's numbers, JSON lines in, JSON lines out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot.core.alerts import unusual
from bot.core.alerts.episode import Episode, Happened
from bot.core.alerts.rule import Metric, Target
from bot.core.anomaly import Finding, Kind, Limits, Observation, Series, sentence
from bot.core.money import Money
from bot.core.typed import shown
from bot.core.wording import dollars
from bot.terminal.output import say, show

_KEYS = ("t", "team", "bucket", "width_h", "usd")
_LARGEST = 1e9
_YEARS = range(1970, 2201)


class _Unreadable(Exception):
    """A line that is no observation; the message says why."""


@dataclass(slots=True)
class _Lab:
    """The series and the newest episode of each team, and how far time has come."""

    limits: Limits
    teams: dict[str, Series] = field(default_factory=dict)
    episodes: dict[str, Episode] = field(default_factory=dict)
    latest: datetime | None = None

    def take(self, line: str) -> tuple[str, tuple[Finding, ...]]:
        team, seen = _read(line)
        if seen is None:
            return team, ()
        if self.latest is not None and seen.at < self.latest:
            raise _Unreadable('its "t" lies before that of an earlier line; the lines must be in order of "t".')
        self.latest = seen.at
        fed = unusual.feed(self.teams.get(team, Series()), (seen,), self.limits)
        self.teams[team] = fed.series
        return team, tuple(self._told(team, fed, seen.at))

    def _told(self, team: str, fed: unusual.Fed, now: datetime) -> Iterator[Finding]:
        """What of it the live alerts would tell, by the steps that they take; what is no alarm as it is."""
        episode = self.episodes.get(team)
        if not fed.findings and (episode is None or not episode.open):
            return
        each: list[tuple[Finding, ...]] = [(one,) for one in fed.findings]
        for findings in each or [()]:
            part = unusual.Fed(fed.series, findings)
            steps = unusual.steps(part, Metric.COST, "lab", Target("team", team), episode, now, known=True)
            episode = steps[-1].episode if steps else episode
            told = [step for step in steps if step.event and step.event.what in (Happened.FIRED, Happened.WORSENED)]
            yield from (one for one in findings if told or one.kind is not Kind.EXCESS)
        if episode is not None:
            self.episodes[team] = episode


def run(lines: Iterable[str], *, min_impact: Decimal | None = None, notices: bool = False) -> int:
    """Say what would have been alerted, as the lines come; a bad one is reported and the rest goes on.

    Exit code 1 where no line could be read at all.
    """
    limits = Limits() if min_impact is None else replace(Limits(), min_impact=float(min_impact))
    lab, taken, refused = _Lab(limits), 0, 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            team, findings = lab.take(line)
        except _Unreadable as reason:
            say(f"line {number}: {reason}")
            refused += 1
            continue
        taken += 1
        for finding in findings:
            if notices or finding.kind is Kind.EXCESS:
                show(json.dumps(_said(team, finding, notices=notices), ensure_ascii=False))
    return 1 if refused and not taken else 0


def _said(team: str, finding: Finding, *, notices: bool) -> dict[str, Any]:
    said = {
        "t": _instant(finding.at),
        "team": team,
        "since": _instant(finding.since),
        "usd": round(finding.value, 6),
        "expected": round(finding.expected, 6),
        "window_h": finding.hours,
        "reason": sentence(finding, _dollars),
    }
    return {**said, "kind": finding.kind.value} if notices else said


def _dollars(value: float) -> str:
    return dollars(Money.from_dollars(f"{value:.2f}"))


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read(line: str) -> tuple[str, Observation | None]:
    """One line's team and observation; None where the value is not in yet."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        raise _Unreadable("it is no JSON. Write one object a line.") from None
    if not isinstance(told, dict):
        raise _Unreadable("it is no JSON object.")
    for key in _KEYS:
        if key not in told:
            raise _Unreadable(f'it has no "{key}".')
    team, width, value = told["team"], told["width_h"], told["usd"]
    if not isinstance(team, str):
        raise _Unreadable('"team" is not text.')
    if isinstance(width, bool) or width not in (1, 24):
        raise _Unreadable(f'"width_h" is {shown(json.dumps(width))}: a bucket is 1 or 24 hours wide.')
    at, start = _time(told, "t"), _time(told, "bucket")
    if start > at:
        raise _Unreadable('its "bucket" begins after "t": nobody could have seen it.')
    if value is None:
        return team, None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        raise _Unreadable(f'"usd" is {shown(json.dumps(value))}, not an amount in dollars.')
    try:
        return team, Observation(at=at, start=start, hours=int(width), value=float(value))
    except ValueError as reason:
        raise _Unreadable(f'its "bucket" does not fit: {reason}.') from None


def _time(told: dict[str, Any], key: str) -> datetime:
    """An ISO 8601 instant; one without a zone is in UTC."""
    text = told[key]
    if isinstance(text, str):
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            at = None
        if at is not None and at.year in _YEARS:
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    raise _Unreadable(f'"{key}" is {shown(json.dumps(text))}, not an instant such as 2026-11-22T09:00:00Z.')
