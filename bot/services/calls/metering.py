"""What is counted of calls that programs send, by whichever road: taken in, known, turned away, still waiting."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

CALLS = Counter(
    "claude_usage_calls",
    "Calls of Claude that programs reported, by outcome (accepted, duplicate, rejected).",
    ["outcome"],
)
WAITING = Gauge("claude_usage_calls_waiting", "Requests whose calls are being stored, those that wait included.")
SHED = Counter("claude_usage_calls_shed", "Requests that were asked to come back, because their client had too many.")


def taken(*, accepted: int, duplicates: int, rejected: int) -> None:
    for outcome, count in (("accepted", accepted), ("duplicate", duplicates), ("rejected", rejected)):
        CALLS.labels(outcome).inc(count)
