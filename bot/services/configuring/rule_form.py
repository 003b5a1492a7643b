"""The form for an alert rule; what it would have sent is shown before it is saved."""

from __future__ import annotations

from bot.answers.form import Field, Kind, Option, Press, Values, several, text
from bot.core import wording
from bot.core.alerts import runaway
from bot.core.alerts.rule import ADMINS, CHANNEL, EACH_OF_CALLS, OWNERS, Metric, Severity
from bot.core.alerts.rule import Kind as RuleKind
from bot.core.configuration.alerts import OF_CALLS
from bot.core.configuration.merged import Entry
from bot.core.configuration.splice import Value
from bot.core.errors import FormRefused
from bot.services.configuring.ground import EACH, WHOLE, Ground, chosen, scope_entry, scope_field, scope_of, slug

TITLE = "Alert rule"
FIELDS = {"team": "scope", "above": "limit", "below": "limit", "min_impact": "limit", "per": "window"}
PRESSES = (Press("Try it on the last 90 days", "replay"),)
_ABOVE, _BELOW = "above", "below"
_KINDS = {
    _ABOVE: "It goes above a limit",
    _BELOW: "It falls below a limit",
    RuleKind.ANOMALY.value: "It is unusual (cost or tokens)",
    RuleKind.NEW.value: "It calls for the first time (reported calls)",
    RuleKind.RUNAWAY.value: "It calls steadily at an unusual hour (reported calls)",
}
_METRICS = {
    Metric.COST: "Cost in dollars",
    Metric.TOTAL_TOKENS: "Tokens",
    Metric.OUTPUT_TOKENS: "Output tokens",
    Metric.UNCACHED_INPUT_TOKENS: "Input tokens without the cached ones",
    Metric.CACHE_READ_TOKENS: "Tokens read from the cache",
    Metric.CACHE_WRITE_TOKENS: "Tokens written to the cache",
    Metric.CACHE_HIT_RATE: "Cache hit rate, 0 to 1",
    Metric.REQUESTS: "Requests",
    Metric.WEB_SEARCH_REQUESTS: "Web searches",
    Metric.SUCCESS_RATE: "Success rate of calls, 0 to 1",
    Metric.ERROR_RATE: "Error rate of calls, 0 to 1",
    Metric.LATENCY_P50_MS: "Latency of calls, median in ms",
    Metric.LATENCY_P90_MS: "Latency of calls, 90 % in ms",
    Metric.LATENCY_P95_MS: "Latency of calls, 95 % in ms",
    Metric.LATENCY_P99_MS: "Latency of calls, 99 % in ms",
}
_CALL = "call"
_WINDOWS = {
    "1h": "An hour",
    "1d": "A day",
    "7d": "7 days",
    "month": "A month",
    "5m": "5 minutes (reported calls)",
    _CALL: "A single call (reported calls)",
}
_TOLD = {OWNERS: "The owners", ADMINS: "The admins", CHANNEL: "The team's channel"}
_KEPT = ("escalate_after",)


def fields(ground: Ground, entry: Entry | None, team: str | None) -> tuple[Field, ...]:
    team = team or (None if ground.admin else ground.team)
    held = entry or {"scope": {"team": team} if team else EACH, "metric": "cost", "kind": "threshold", "window": "1d"}
    kind = str(held["kind"])
    if kind not in _KINDS:
        kind = _BELOW if _BELOW in held else _ABOVE
    told = held.get("notify", (OWNERS,))
    names = (
        [told]
        if isinstance(told, str)
        else [one for one in told if isinstance(one, str)]
        if not isinstance(told, bool)
        else []
    )
    window = _CALL if "per" in held else str(held.get("window", "1d"))
    windows = _WINDOWS if window in _WINDOWS else {**_WINDOWS, window: window}
    limit = next((str(held[key]) for key in (_ABOVE, _BELOW, "min_impact") if key in held), "")
    return (
        scope_field(ground, scope_of(held.get("scope")), "rule"),
        Field(
            "metric",
            "What is watched",
            Kind.CHOICE,
            str(held.get("metric", Metric.REQUESTS)),
            _options(_METRICS),
            hint="First and steady calls are watched for themselves",
        ),
        Field("kind", "Tell somebody when", Kind.CHOICE, kind, _options(_KINDS)),
        Field(
            "limit",
            "Limit",
            value=limit,
            optional=True,
            hint="For what is unusual: how many dollars it must be about, at least (may be empty). "
            f"For steady calls: how many an hour ({runaway.LEAST} if empty). For first calls: none",
        ),
        Field("window", "Over", Kind.CHOICE, window, _options(windows), hint="Counts for a limit alone"),
        Field(
            "severity",
            "How bad it is",
            Kind.CHOICE,
            str(held.get("severity", Severity.WARNING)),
            tuple(Option(one, one.capitalize()) for one in Severity),
            hint="Critical ones are told in quiet hours too, and passed on when nobody answers",
        ),
        Field("told", "Who is told", Kind.TICKS, tuple(one for one in names if one in _TOLD), _options(_TOLD)),
        Field(
            "people",
            "And these people",
            Kind.PEOPLE,
            tuple(one for one in names if one[:1] in "UW" and one not in _TOLD),
            optional=True,
        ),
        Field(
            "channel",
            "And this channel",
            Kind.CHANNEL,
            next((one for one in names if one[:1] in "CG"), ""),
            optional=True,
        ),
    )


def entry(_ground: Ground, values: Values, before: Entry | None) -> Entry:
    kind, limit = text(values, "kind"), text(values, "limit").replace(",", "").removeprefix("$").strip()
    found: dict[str, Value] = {"metric": text(values, "metric"), "scope": scope_entry(values)}
    _fits(kind, text(values, "scope"), limit)
    if kind in OF_CALLS:
        found = {"kind": kind, "scope": found["scope"]} | ({_ABOVE: limit} if limit else {})
    elif kind == RuleKind.ANOMALY:
        found |= {"kind": kind} | ({"min_impact": limit} if limit else {})
    else:
        found |= {"kind": RuleKind.THRESHOLD.value, kind: limit or chosen(values, "limit", "Write a limit.")}
        window = text(values, "window")
        found |= {"per": _CALL} if window == _CALL else {"window": window}
    told = [*several(values, "told"), *several(values, "people"), *several(values, "channel")]
    found |= {"severity": text(values, "severity") or Severity.WARNING.value, "notify": told or [OWNERS]}
    return found | {key: value for key, value in (before or {}).items() if key in _KEPT}


def name(entry: Entry) -> str:
    scope, kind = scope_of(entry.get("scope")).removeprefix("team/"), entry["kind"]
    words = (scope, entry.get("metric", kind), entry.get("window", entry.get("per", kind)))
    return slug(*dict.fromkeys(map(str, words)))


def _fits(kind: str, scope: str, limit: str) -> None:
    """What only some kinds are about, in the words of the form. Raises FormRefused."""
    each = OF_CALLS.get(kind)
    if each is None and scope in EACH_OF_CALLS:
        raise FormRefused({"scope": "Only first and steady calls are told by feature. Choose something else."})
    if each is not None and scope not in each and not (kind == RuleKind.RUNAWAY and scope.startswith("team/")):
        choice = [f"“{WHOLE[one]}”" for one in each] + (["a team"] if kind == RuleKind.RUNAWAY else [])
        raise FormRefused({"scope": f"For this, choose one of: {wording.listed(choice)}."})
    if kind == RuleKind.NEW and limit:
        raise FormRefused({"limit": "A first call has no limit. Leave this empty."})


def _options(labels: dict[str, str] | dict[Metric, str]) -> tuple[Option, ...]:
    return tuple(Option(str(value), label) for value, label in labels.items())
