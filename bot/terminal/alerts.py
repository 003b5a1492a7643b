"""`alerts`: what every rule says as of an instant, and what would be sent, or is."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.core import wording
from bot.core.access import OPERATOR
from bot.core.alerts.episode import State
from bot.core.alerts.rule import MILLION, Metric, Unit, unit_of
from bot.core.money import Money
from bot.render.json import instant
from bot.services.alerts.alerts import Alerts, Verdict
from bot.terminal.output import dumped, rendered, say, show


async def run(args: Namespace, alerts: Alerts, now: datetime) -> int:
    at = args.at or now
    if args.explain:
        explained = (
            alerts.explain(int(args.explain), OPERATOR, at)
            if args.explain.isdigit()
            else alerts.why_not(args.explain, at)
        )
        show(rendered(await explained, args.format))
        return 0
    if args.post:
        sent = await alerts.run(at)
        say(f"{wording.exactly(sent, 'message')} sent.")
    verdicts = await alerts.evaluate(at)
    if args.format == "json":
        show(dumped({"at": instant(at), "episodes": [_episode(verdict) for verdict in verdicts]}))
    else:
        await _shown(verdicts, alerts, at)
    if alerts.failure:
        say("Not every message could be sent; for which, and whether it is tried again, see claude-usage deliveries.")
        raise alerts.failure
    return 0


async def _shown(verdicts: Sequence[Verdict], alerts: Alerts, at: datetime) -> None:
    if not verdicts:
        show(f"Nothing fires as of {instant(at)}.")
    for verdict in verdicts:
        told = "was sent to" if verdict.sent else "would go to"
        receivers = ", ".join(verdict.receivers) or "nobody: the team has no owners and there are no admins"
        episode = verdict.episode
        name = f"{episode.id}: {episode.rule_id}" if episode.id else episode.rule_id
        show(f"{name}, {episode.scope}: {verdict.state.value} ({verdict.reason}); {told} {receivers}")
        if verdict.state is State.FIRING:
            show("")
            show(rendered(await alerts.preview(verdict, at), "text"))


def _episode(verdict: Verdict) -> dict[str, Any]:
    episode, metric = verdict.episode, verdict.metric
    return {
        "rule": episode.rule_id,
        "scope": episode.scope,
        "state": verdict.state.value,
        "reason": verdict.reason,
        "since": instant(episode.since),
        "value": figure(metric, episode.value),
        "limit": figure(metric, episode.limit),
        "severity": verdict.severity.value,
        "receivers": list(verdict.receivers),
        "sent": verdict.sent,
    }


def figure(metric: Metric | None, value: int) -> str | float | int:
    """Dollars as an exact decimal string, rates as a part of 1, all else as a number."""
    if metric is None:
        return value
    if metric is Metric.COST:
        return str(Money(value))
    return value / MILLION if unit_of(metric) is Unit.RATE else value
