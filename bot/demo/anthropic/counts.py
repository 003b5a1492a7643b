"""Counts and money as the reports write them."""

from decimal import Decimal
from typing import Any

from bot.demo.organization import Counts


def written_counts(counts: Counts) -> dict[str, Any]:
    """The fields that the usage report and the analytics share."""
    uncached, write_5m, write_1h, read, output, searches, _ = counts
    return {
        "uncached_input_tokens": uncached,
        "cache_creation": {"ephemeral_5m_input_tokens": write_5m, "ephemeral_1h_input_tokens": write_1h},
        "cache_read_input_tokens": read,
        "output_tokens": output,
        "server_tool_use": {"web_search_requests": searches},
    }


def written_cents(cents: Decimal) -> str:
    """A plain decimal without trailing zeros."""
    return f"{cents.normalize():f}"
