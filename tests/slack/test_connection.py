"""The connection to Slack in Socket Mode: one that is wedged is replaced, and commands go on being answered."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import wiring
from bot.slack import watchdog
from bot.slack.connection import SocketMode
from tests.outside import ANA, APP_TOKEN, GENERAL, NOW, Outside, until


@pytest.fixture
async def socket(outside: Outside, tmp_path: Path) -> AsyncIterator[SocketMode]:
    """The bot's own connection, looked after ten times a second."""
    settings = outside.settings(f"sqlite:///{tmp_path / 'test.db'}", slack_app_token=SecretStr(APP_TOKEN))
    async with wiring.parts(settings, NOW) as parts:
        app = wiring.listening(parts).app
        socket = SocketMode(app, APP_TOKEN, f"{outside.slack_url}/api/", look=0.1)
        socket.open()
        await until(lambda: outside.slack.connections)
        yield socket
        await socket.close()


@dataclass
class Client:
    """As much of the SDK's client as the watch looks at."""

    connected: bool = True
    last_ping_pong_time: float | None = 1.0
    message_receiver: None = None
    current_session_monitor: None = None
    message_processor: None = None

    async def is_connected(self) -> bool:
        return self.connected


async def test_a_connection_whose_receiver_died_says_it_is_connected_and_is_replaced(
    outside: Outside, socket: SocketMode
) -> None:
    first = socket._handler
    assert first is not None
    await until(lambda: first.client.message_receiver is not None)
    assert first.client.message_receiver is not None
    first.client.message_receiver.cancel()
    await until(lambda: socket._handler is not first)
    await until(lambda: outside.slack.connections == 1 and first.client.closed)
    assert await socket.connected()
    await outside.does(outside.slack.command(ANA, GENERAL, "/claude-usage", "help"))
    await until(lambda: outside.posted())


async def test_a_connection_is_replaced_when_slack_is_deaf_silent_or_away_for_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("DEAF_SECONDS", "SILENT_SECONDS", "AWAY_SECONDS"):
        monkeypatch.setattr(watchdog, name, 100.0)
    client, watch = Client(), watchdog.Watch()
    assert await watch.wrong(client) == ""  # type: ignore[arg-type]
    for name, words in (("DEAF_SECONDS", "no ping"), ("SILENT_SECONDS", "said nothing"), ("AWAY_SECONDS", "connected")):
        monkeypatch.setattr(watchdog, name, 0.0)
        client.connected = name != "AWAY_SECONDS"
        await asyncio.sleep(0.001)
        assert words in await watch.wrong(client), name  # type: ignore[arg-type]
        monkeypatch.setattr(watchdog, name, 100.0)
        client.last_ping_pong_time = (client.last_ping_pong_time or 0) + 1
        watch.heard()
        client.connected = True
        assert await watch.wrong(client) == "", name  # type: ignore[arg-type]
