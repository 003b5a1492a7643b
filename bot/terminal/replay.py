"""`replay`: what a rule or budget would have sent, day by day, had it been on."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime
from typing import Any

from bot.answers import replay as replay_answer
from bot.answers.replay import Line, Tried
from bot.core.alerts.rule import Rule
from bot.render.json import instant
from bot.services.alerts.alerts import Alerts
from bot.services.alerts.explaining import held_against
from bot.services.alerts.replay import Replayed, Sent
from bot.terminal.alerts import figure
from bot.terminal.output import dumped, rendered, show
from bot.terminal.period import period


async def run(args: Namespace, alerts: Alerts, now: datetime) -> int:
    when = period(args.period, now)
    replayed = await alerts.replay(args.rule, when.start, min(now, when.end))
    if args.format == "json":
        show(dumped(_document(replayed)))
    else:
        show(rendered(replay_answer.answer(_tried(replayed)), "text"))
    return 0


def _tried(replayed: Replayed) -> Tried:
    one = replayed.held_against
    words = held_against(one, None) if isinstance(one, Rule) else held_against(None, one)
    lines = [Line(sent.event, sent.who, sent.receivers) for sent in replayed.sent]
    return Tried(replayed.rule_id, words, replayed.days, lines, replayed.sense, replayed.metric, replayed.zone)


def _document(replayed: Replayed) -> dict[str, Any]:
    return {
        "rule": replayed.rule_id,
        "since": instant(replayed.since),
        "until": instant(replayed.until),
        "days": replayed.days,
        "sent": [_message(replayed, sent) for sent in replayed.sent],
        "notes": list(replayed.sense),
    }


def _message(replayed: Replayed, sent: Sent) -> dict[str, Any]:
    event, metric = sent.event, replayed.metric
    return {
        "at": instant(event.at),
        "what": event.what.value,
        "scope": sent.episode.scope,
        "since": instant(sent.episode.since),
        "value": None if event.value is None else figure(metric, event.value),
        "limit": None if event.limit is None else figure(metric, event.limit),
        "mark": event.mark,
        "reason": event.reason,
        "receivers": list(sent.receivers),
    }
