"""What was found, as one sentence."""

from __future__ import annotations

from collections.abc import Callable

from bot.core.anomaly.finding import Finding, Kind


def sentence(finding: Finding, said: Callable[[float], str]) -> str:
    """One sentence; `said` writes a value in the series' unit, such as "$412" or "1.2M tokens"."""
    value, expected, over = said(finding.value), said(finding.expected), _span(finding.hours)
    match finding.kind:
        case Kind.EXCESS:
            return f"{value} in the last {over} where about {expected} was expected"
        case Kind.DROP:
            return f"only {value} in the last {over} where about {expected} was expected"
        case Kind.DRIFT:
            return f"about {value} a day, where {over} ago it was about {expected}"
        case Kind.NEW_NORMAL:
            return f"about {value} a day for {over}, where it was about {expected}: taken as the new normal"
        case Kind.NEW_SPENDER:
            return f"first spend: {value} in its first {over}"


def _span(hours: int) -> str:
    if hours == 1:
        return "hour"
    return f"{hours} hours" if hours <= 24 else f"{hours // 24} days"
