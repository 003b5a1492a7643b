"""One request to the intake, and what its answer means for the calls in it."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any, NamedTuple

import httpx

_NEVER = frozenset({400, 415, 422})
"""What is refused for what it says, so that saying it again is pointless."""
_TOKEN = frozenset({401, 403})


class Outcome(Enum):
    TAKEN = auto()
    AWAY = auto()
    """Not now: it is down, restarting, limiting, or was told another token."""
    TOO_LARGE = auto()
    REFUSED = auto()


class Reply(NamedTuple):
    outcome: Outcome
    reason: str = ""
    rejected: int = 0
    retry_after: float = 0.0
    """Seconds."""


def post(http: httpx.Client, url: str, body: bytes) -> Reply:
    """`body` is gzipped NDJSON. Only a 202 means that it is stored."""
    try:
        answer = http.post(url, content=body)
    except Exception as error:  # whatever it is, the calls are still here
        return Reply(Outcome.AWAY, f"can't be reached ({type(error).__name__})")
    match answer.status_code:
        case 202:
            return _taken(answer)
        case 413:
            return Reply(Outcome.TOO_LARGE, "413")
        case code if code in _NEVER:
            return Reply(Outcome.REFUSED, f"{code} {_said(answer)}".rstrip())
        case code if code in _TOKEN:
            return Reply(Outcome.AWAY, f"refuses the token ({code})", retry_after=_seconds(answer))
        case code:
            return Reply(Outcome.AWAY, f"answers {code}", retry_after=_seconds(answer))


def _taken(answer: httpx.Response) -> Reply:
    rejected = _json(answer).get("rejected")
    if not isinstance(rejected, list) or not rejected:
        return Reply(Outcome.TAKEN)
    first = rejected[0].get("reason") if isinstance(rejected[0], dict) else ""
    return Reply(Outcome.TAKEN, f"The first: {first}", len(rejected))


def _said(answer: httpx.Response) -> str:
    return str(_json(answer).get("error") or "")[:200]


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _seconds(answer: httpx.Response) -> float:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdecimal() and len(text) < 6 else 0.0
