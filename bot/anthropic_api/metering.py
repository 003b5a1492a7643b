"""What is counted on the way to Anthropic: requests, their seconds, how they ended, how often one was tried again."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "claude_usage_anthropic_requests",
    "Requests to Anthropic, by endpoint and HTTP status (or timeout, unreachable, cancelled).",
    ["endpoint", "status"],
)
SECONDS = Histogram(
    "claude_usage_anthropic_request_seconds",
    "Seconds from the request to the whole answer.",
    ["endpoint"],
    buckets=(0.05, 0.2, 0.5, 1, 2, 5, 10, 30, 60),
)
RETRIES = Counter("claude_usage_anthropic_retries", "Requests that were tried again, by endpoint.", ["endpoint"])
IN_FLIGHT = Gauge("claude_usage_anthropic_in_flight", "Requests to Anthropic under way.")

_WORD = re.compile(r"v1|(?!(wrkspc|apikey|user|svac)_)[a-z_]+")


@dataclass(slots=True)
class Ending:
    """How a request ended; whoever has the answer writes its status down."""

    status: str = "unreachable"


def endpoint(path: str) -> str:
    """The path with its ids taken out: they have no end, and some are one team's."""
    return "/".join(part if not part or _WORD.fullmatch(part) else "{id}" for part in path.split("/"))


@contextmanager
def request(path: str) -> Iterator[Ending]:
    """Count one request, whatever becomes of it."""
    began, ending, place = time.perf_counter(), Ending(), endpoint(path)
    try:
        with IN_FLIGHT.track_inprogress():
            yield ending
    except (TimeoutError, httpx.TimeoutException):
        ending.status = "timeout"
        raise
    except httpx.HTTPError:
        raise
    except BaseException:
        ending.status = "cancelled"
        raise
    finally:
        REQUESTS.labels(place, ending.status).inc()
        SECONDS.labels(place).observe(time.perf_counter() - began)
