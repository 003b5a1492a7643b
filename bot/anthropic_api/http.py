"""The HTTP client every one of Anthropic's addresses is read with."""

from __future__ import annotations

import ssl
from functools import cache

import httpx

from bot.core.errors import SettingsError


def opened(api_key: str, *, setting: str, base_url: str, version: str, timeout_seconds: float) -> httpx.AsyncClient:
    """A client that says who asks. Raises SettingsError, which names `setting` and not the key."""
    if not (api_key and api_key.isascii() and api_key.isprintable()):
        # No header can hold it, and the error that says so would quote it.
        raise SettingsError(f"{setting} is empty or not plain text. Copy it whole, without line breaks.")
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=timeout_seconds,
        headers={
            "x-api-key": api_key,
            "anthropic-version": "2023-06-01",
            "user-agent": f"claude-usage-bot/{version} (self-hosted)",
        },
        verify=_trust(),
    )


@cache
def _trust() -> ssl.SSLContext:
    """Made once: reading the certificates takes longer than a page of a report."""
    return httpx.create_ssl_context()
