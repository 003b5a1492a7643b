"""One entry of `alerts` in the configuration file, and the hours in which nobody is woken."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import time, timedelta
from decimal import Decimal

from bot.core.alerts import runaway
from bot.core.alerts.rule import (
    EACH,
    EACH_OF_CALLS,
    EACH_TEAM,
    ESCALATE_AFTER,
    WHOLE_ORGANISATION,
    Kind,
    Metric,
    Rule,
    Severity,
    Target,
    Unit,
    unit_of,
)
from bot.core.alerts.window import Window
from bot.core.configuration import words
from bot.core.configuration.checks import Links, Reference
from bot.core.configuration.entry import Entry
from bot.core.configuration.yaml import Fields, Mistakes, Scalar, seen, shown

_UNUSUAL = (Metric.COST, Metric.TOTAL_TOKENS)
"""What the anomaly engine knows the course of."""
OF_CALLS: Mapping[str, tuple[str, ...]] = {
    Kind.NEW: ("each_key", "each_model", "each_feature"),
    Kind.RUNAWAY: (EACH_TEAM, "each_feature"),
}
"""Kinds that only live calls answer, and the scopes of many that they have."""
_ONE = ("team", "key", "model", "workspace")
_LENGTH = re.compile(r"([1-9]\d{0,3})(m|h|d)", re.ASCII)
_MINUTES = {"m": 1, "h": 60, "d": 1440}


def read_rule(rule_id: str, entry: Entry, links: Links, mistakes: Mistakes) -> Rule:
    """The rule an entry describes; what is wrong with it is noted, and stands as some default."""
    said = entry.word("kind", words.KINDS)
    kind = Kind(said or Kind.THRESHOLD)
    if kind in OF_CALLS:
        return _of_calls(rule_id, kind, entry, links, mistakes)
    metric = Metric(entry.word("metric", words.METRICS) or Metric.COST)
    if said or "kind" not in entry:  # of a kind that nobody knows, nothing is known to be missing or too much
        entry.require("metric")
        _fits(kind, metric, entry)
    scope = _scope(entry, links, mistakes, tuple(EACH))
    severity = Severity(entry.word("severity", tuple(Severity)) or Severity.WARNING)
    per_call = bool(entry.word("per", ("call",)))
    if per_call and unit_of(metric) not in (Unit.MONEY, Unit.COUNT):
        entry.wrong("per", f"is not for {metric}: a single call has none. Write window: 5m instead.")
    window = Window.HOUR if per_call else words.window(entry, "window") or Window.DAY
    return Rule(
        rule_id,
        metric,
        _limit(entry, "above", metric) or Decimal(0),
        window,
        scope,
        severity,
        kind,
        below=_limit(entry, "below", metric),
        per_call=per_call,
        min_impact=words.money(entry, "min_impact"),
        notify=words.receivers(entry, "notify"),
        escalate_after=_length(entry, "escalate_after") or ESCALATE_AFTER,
    )


def _of_calls(rule_id: str, kind: Kind, entry: Entry, links: Links, mistakes: Mistakes) -> Rule:
    """A rule about what calls, and when: it has no metric but the number of requests."""
    for key in ("metric", "below", "window", "per", "min_impact", *(("above",) if kind is Kind.NEW else ())):
        if key in entry:
            entry.wrong(key, f"is not for rules of kind {kind}. Remove it.")
    each = OF_CALLS[kind]
    scope = _scope(entry, links, mistakes, each)
    if scope not in each and (kind is Kind.NEW or Target.of(scope).kind != "team"):
        one = "" if kind is Kind.NEW else " or {team: alpha}"
        what = f"is not for rules of kind {kind}. Write {', '.join(each)}{one}."
        if "scope" in entry:
            entry.wrong("scope", what)
        else:
            entry.mistake(entry.line, f'{entry.what} needs a "scope": {", ".join(each)}.')
    return Rule(
        rule_id,
        Metric.REQUESTS,
        _limit(entry, "above", Metric.REQUESTS) or runaway.LEAST,
        Window.HOUR,
        scope,
        Severity(entry.word("severity", tuple(Severity)) or Severity.WARNING),
        kind,
        notify=words.receivers(entry, "notify"),
        escalate_after=_length(entry, "escalate_after") or ESCALATE_AFTER,
    )


def read_quiet_hours(file: Entry, mistakes: Mistakes) -> tuple[time, time] | None:
    """`{from: "22:00", until: "07:00"}` on each receiver's own clock; unless they are asked for, there are none."""
    node = file.node("quiet_hours")
    if node is None:
        return None
    if isinstance(node, Scalar) and node.text == "none":
        return None
    if not isinstance(node, Fields):
        file.wrong("quiet_hours", f'cannot be {seen(node)}. Write {{from: "22:00", until: "07:00"}} or none.')
        return None
    inner = Entry(node, '"quiet_hours" of the file', ("from", "until"), mistakes)
    inner.require("from", "until")
    since, until = words.clock(inner, "from"), words.clock(inner, "until")
    if since is not None and since == until:
        inner.wrong("until", "is when they begin. Write none where nobody is to be left in peace.")
    return (since, until) if since is not None and until is not None else None


def _fits(kind: Kind, metric: Metric, entry: Entry) -> None:
    """A threshold needs its limit and what that is for; an anomaly has neither."""
    foreign = ("min_impact",) if kind is Kind.THRESHOLD else ("above", "below", "window", "per")
    for key in foreign:
        if key in entry:
            entry.wrong(key, f"is not for rules of kind {kind}. Remove it.")
    if kind is Kind.THRESHOLD:
        if "below" not in entry:
            entry.require("above")
        elif "above" in entry:
            entry.wrong("below", 'stands beside "above". Keep one of them, and make another rule of the other.')
        if ("window" in entry) == ("per" in entry):
            entry.mistake(entry.line, f'{entry.what} needs one of "window" and "per". Write window: 1d.')
    elif metric not in _UNUSUAL:
        entry.wrong("metric", f"cannot be {metric} in a rule of kind anomaly. It is cost or total_tokens.")


def _limit(entry: Entry, key: str, metric: Metric) -> Decimal | None:
    match unit_of(metric):
        case Unit.MONEY:
            return words.money(entry, key)
        case Unit.RATE:
            return words.share(entry, key)
    return entry.decimal(key, example="1000000")


def _length(entry: Entry, key: str) -> timedelta | None:
    text = entry.text(key)
    if text is None:
        return None
    found = _LENGTH.fullmatch(text)
    if found is None:
        entry.wrong(key, f"is {shown(text)}, which is no length of time. Write 30m, 2h or 1d.")
        return None
    return timedelta(minutes=int(found[1]) * _MINUTES[found[2]])


def _scope(entry: Entry, links: Links, mistakes: Mistakes, each: Collection[str]) -> str:
    """ "all", one of `each`, or one thing as a Target's text."""
    node = entry.node("scope")
    if node is None:
        return EACH_TEAM
    if isinstance(node, Scalar) and (node.text == WHOLE_ORGANISATION or node.text in each):
        return node.text
    if isinstance(node, Scalar) and node.text in EACH | EACH_OF_CALLS:
        entry.wrong("scope", f"cannot be {node.text} in a rule of this kind. Write {', '.join(each)}.")
        return next(iter(each))
    if not isinstance(node, Fields):
        entry.wrong("scope", f"cannot be {seen(node)}. Write all, each_team or {{team: alpha}}.")
        return EACH_TEAM
    inner = Entry(node, f'"scope" of {entry.what}', _ONE, mistakes)
    kind = next((key.text for key, _ in node.fields if key.text in _ONE), None)
    if kind is None:
        inner.require("team")
        return EACH_TEAM
    if len(node.fields) > 1:
        entry.wrong("scope", "names several things. Keep one, and make a rule for each.")
    name = inner.text("team") if kind == "team" else words.pattern(inner, kind)
    if not name:
        return EACH_TEAM
    if kind == "team":
        links.references.append(Reference(inner.line_of("team"), f'"team" of {inner.what}', name))
    return str(Target(kind, name))
