"""What is counted at the database's door: transactions, their seconds, what failed, who waits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy.exc import SQLAlchemyError

from bot.core.errors import StoreError

TRANSACTIONS = Counter(
    "claude_usage_sql_transactions", "SQL transactions, by kind (read, write) and outcome.", ["kind", "outcome"]
)
SECONDS = Histogram(
    "claude_usage_sql_transaction_seconds",
    "Seconds from asking for a connection to the transaction's end.",
    ["kind"],
    buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60),
)
WAITING = Gauge("claude_usage_sql_waiting", "Pieces of work that wait for a database thread.")

FOLDED = Counter(
    "claude_usage_call_series_folded",
    "Names of calls that came when there were too many to tell apart, by the transactions that met them.",
)


@contextmanager
def transaction(kind: str) -> Iterator[None]:
    """Count one. What the work itself refuses (an unknown team) is no failure of the database."""
    began, outcome = time.perf_counter(), "ok"
    try:
        yield
    except (SQLAlchemyError, StoreError):
        outcome = "failed"
        raise
    finally:
        TRANSACTIONS.labels(kind, outcome).inc()
        SECONDS.labels(kind).observe(time.perf_counter() - began)
