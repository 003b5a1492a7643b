"""`alerts`: what every rule says as of an instant, and what would be sent, or is."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from typing import Any

from bot.core.alert_rule import Metric, State
from bot.core.money import Money
from bot.services.alerts import Alerts, Verdict
from bot.terminal.output import dumped, rendered, say, show


async def run(args: Namespace, alerts: Alerts, now: datetime) -> int:
    at = args.at or now
    if args.post:
        sent = await alerts.run(at)
        say(f"{sent} message{'' if sent == 1 else 's'} sent.")
    verdicts = await alerts.evaluate(at)
    if args.format == "json":
        show(dumped({"at": _instant(at), "episodes": [_episode(verdict) for verdict in verdicts]}))
        return 0
    if not verdicts:
        show(f"Nothing fires as of {_instant(at)}.")
    for verdict in verdicts:
        told = "was sent to" if verdict.sent else "would go to"
        receivers = ", ".join(verdict.receivers) or "nobody: the team has no owners and there are no admins"
        show(f"{verdict.rule.id}, {verdict.scope}: {verdict.state.value} ({verdict.reason.value}); {told} {receivers}")
        if verdict.state is State.FIRING and verdict.value is not None:
            show("")
            show(rendered(await alerts.preview(verdict, at), "text"))
    return 0


def _episode(verdict: Verdict) -> dict[str, Any]:
    rule = verdict.rule
    return {
        "rule": rule.id,
        "scope": verdict.scope,
        "state": verdict.state.value,
        "reason": verdict.reason.value,
        "since": _instant(verdict.since),
        "value": _figure(rule.metric, verdict.value),
        "limit": _figure(rule.metric, rule.limit),
        "severity": rule.severity.value,
        "receivers": list(verdict.receivers),
        "sent": verdict.sent,
    }


def _figure(metric: Metric, value: int | None) -> str | int | None:
    """Dollars as an exact decimal string, tokens as a number."""
    return str(Money(value)) if metric is Metric.COST and value is not None else value


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
