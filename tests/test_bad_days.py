"""Bad days: what a person sees, what recovers by itself, and what healthz and readyz say meanwhile."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy import Connection, text

from bot import wiring
from bot.core.errors import SlackUnavailable, StoreUnavailable
from bot.demo.slack_server import COMMAND, Message
from bot.slack.notifier import SlackNotifier, web_client
from bot.terminal import config
from tests.faults import cut_json, html, status
from tests.outside import ANA, BOT_TOKEN, GENERAL, NOW, Outside, bot, synced, until, written

ONE_DAY = timedelta(days=1)


async def asked(outside: Outside, words: str) -> str:
    """What Ana reads after a command."""
    before = len(outside.posted())
    await outside.does(outside.slack.command(ANA, GENERAL, COMMAND, words))
    await until(lambda: len(outside.posted()) > before)
    return _words(outside.posted()[-1])


def _words(message: Message) -> str:
    return f"{message.text} {message.blocks}"


async def health(address: str) -> tuple[int, int, str]:
    """The codes of healthz and readyz, and what the first says."""
    async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
        healthy, ready = await http.get("/healthz"), await http.get("/readyz")
    return healthy.status_code, ready.status_code, str(healthy.json()["status"])


async def test_while_anthropic_is_down_people_read_what_is_held_and_how_old_it_is(
    outside: Outside, tmp_path: Path
) -> None:
    url = await synced(outside, tmp_path)
    outside.anthropic.next("/v1/", status(529), times=None)
    async with wiring.parts(outside.settings(url), NOW) as parts:
        failed = await parts.sync.run(NOW + timedelta(hours=2))
    assert failed.failures
    async with bot(outside, url) as address:
        assert "Team Alpha" in await asked(outside, "team alpha")
        assert "last sync failed" in await asked(outside, "status")
        assert await health(address) == (200, 200, "ok")
        outside.anthropic.heal()


@pytest.mark.parametrize("fault", [status(503), html(), cut_json()], ids=["down", "another", "cut"])
async def test_while_slacks_api_is_down_or_lies_commands_are_answered_and_digests_wait(
    outside: Outside, tmp_path: Path, fault: Callable[..., object]
) -> None:
    url = await synced(outside, tmp_path)
    async with bot(outside, url) as address, wiring.parts(outside.settings(url), NOW) as parts:
        await parts.digests.run(NOW)
        outside.slack_faults.next("/api/", fault, times=None)  # type: ignore[arg-type]
        assert "Team Alpha" in await asked(outside, "team alpha")
        assert await health(address) == (200, 200, "ok")
        assert await parts.digests.run(NOW + ONE_DAY) == 0
        outside.slack_faults.heal()
        assert await parts.digests.run(NOW + ONE_DAY + timedelta(minutes=2)) == 1
    digests = [one for one in outside.headlines(GENERAL) if not one.ephemeral_to]
    assert len({str(one.metadata) for one in digests}) == 1


async def test_a_database_that_is_read_only_answers_and_one_that_is_away_says_so_until_it_is_back(
    outside: Outside, tmp_path: Path, postgresql: str, postgresql_url: str
) -> None:
    url = postgresql_url
    name = url.split("/")[3].split("?")[0]

    def alter(what: str) -> None:
        with psycopg.connect(postgresql, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} {what}")
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            connection.execute(query, (name,))

    async with bot(outside, url) as address, wiring.parts(outside.settings(url), NOW) as parts:
        await config.apply_file(written(tmp_path), parts.database, NOW)
        alter("SET default_transaction_read_only = on")
        assert "alpha" in (await asked(outside, "team alpha")).casefold()
        with pytest.raises(StoreUnavailable, match="can't be written to"):
            await parts.digests.run(NOW)
        assert (await health(address))[:2] == (200, 200)
        alter("RESET default_transaction_read_only")
        alter("WITH ALLOW_CONNECTIONS false")
        assert "database" in (await asked(outside, "team alpha")).casefold()
        healthy, ready, why = await health(address)
        assert (healthy, ready) == (503, 503)
        assert "database" in why.casefold()
        threading.Timer(0.3, alter, ("WITH ALLOW_CONNECTIONS true",)).start()
        for _ in range(100):
            if (await health(address))[0] == 200:
                break
        assert await health(address) == (200, 200, "ok")
        assert "alpha" in (await asked(outside, "team alpha")).casefold()


async def test_a_name_that_nobody_resolves_is_worth_another_try() -> None:
    notifier = SlackNotifier(web_client(BOT_TOKEN, "http://no-such-host.invalid/api/"))
    with pytest.raises(SlackUnavailable, match="can't be reached"):
        await notifier.direct("ana@example.com")


async def test_a_clock_that_jumps_forth_and_back_sends_no_digest_twice(outside: Outside, tmp_path: Path) -> None:
    url = await synced(outside, tmp_path)
    async with wiring.parts(outside.settings(url), NOW) as parts:
        for days in (0, 1, -3, 1, 40, 1, 2, 40, 41):
            await parts.digests.run(NOW + days * ONE_DAY)
        marks = [str(one.metadata) for one in outside.headlines(GENERAL)]
        keys = await parts.database.read(_sent)
    assert len(set(marks)) == len(marks) == len(keys) == 4, "of the days 1, 2, 40 and 41"


def _sent(connection: Connection) -> list[str]:
    query = "SELECT key FROM delivery WHERE state = 'sent' AND key LIKE 'digest/%' AND key NOT LIKE '%/details'"
    return list(connection.execute(text(query)).scalars())
