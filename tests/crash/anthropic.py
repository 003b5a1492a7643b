"""Anthropic as the bots of the crash test know it: one small organisation, at one instant."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from bot.demo.anthropic_server import create_app
from bot.demo.organization import Organization
from tests.crash import apart

NOW = datetime(2026, 11, 22, 9, 20, tzinfo=UTC)
DAYS, HOURLY_DAYS = 8, 1
KEY = "sk-ant-admin01-for-the-crash-test"

if __name__ == "__main__":
    organization = Organization.simulate(days=DAYS, until=NOW)
    asyncio.run(apart.here(create_app(organization, clock=lambda: NOW, admin_key=KEY)))
