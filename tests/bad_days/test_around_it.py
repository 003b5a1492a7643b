"""Bad days of what the bot talks to: Anthropic, Slack, the names of both."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from bot import wiring
from bot.core.errors import SlackUnavailable
from bot.slack import connection, standing, watchdog
from bot.slack.notifier import SlackNotifier, web_client
from tests.bad_days.table import LINES, proves
from tests.faults import Fault, cut_json, html, mutate, status
from tests.outside import BOT_TOKEN, GENERAL, NOW, Outside, asked, bot, synced, until

pytestmark = pytest.mark.proof

ONE_DAY = timedelta(days=1)
DOWN = "Anthropic down, slow or limiting"
NONSENSE = "Anthropic answers nonsense"
REFUSED = "the admin key is refused"
ANOTHER = "an admin key is of another organisation than before, or one of several is gone"
TOKEN_REFUSED = "the bot token is refused: revoked, or the app uninstalled"
SLACK_DOWN = "Slack's Web API down, slow or lying"
NO_WORD = "a socket that says connected and brings nothing"
NO_NAME = "a name that nobody resolves (DNS gone)"


@proves(DOWN)
@proves(NONSENSE)
@proves(REFUSED)
@pytest.mark.parametrize(
    ("what", "fault", "why"),
    [(DOWN, status(529), "529"), (NONSENSE, html(), "JSON"), (REFUSED, status(401), "ANTHROPIC_ADMIN_API_KEY")],
    ids=["down", "nonsense", "refused"],
)
async def test_while_anthropic_is_no_help_people_read_what_is_held_and_how_old_it_is(
    outside: Outside, tmp_path: Path, what: str, fault: Fault, why: str
) -> None:
    url = await synced(outside, tmp_path)
    async with bot(outside, url) as address, wiring.parts(outside.settings(url), NOW) as parts:
        before = await asked(outside, "team alpha")
        outside.anthropic.next("/v1/", fault, times=None)
        with capture_logs() as log:
            failed = await parts.sync.run(NOW + timedelta(hours=2))
        assert why in str(failed.failures[0])
        assert await asked(outside, "team alpha") == before
        said = await asked(outside, "status")
        assert "last sync failed" in said
        assert why in said
        await LINES[what].holds(address, log)
        outside.anthropic.heal()
        assert not (await parts.sync.run(NOW + timedelta(hours=3))).failures
        assert "last sync failed" not in await asked(outside, "status")


@proves(ANOTHER)
async def test_a_key_of_another_organisation_leaves_what_is_held_of_the_one_before_and_status_says_so(
    outside: Outside, tmp_path: Path
) -> None:
    url = await synced(outside, tmp_path)
    other = mutate(lambda body: {**body, "id": "5f0e7c1a-0000-4000-8000-000000000000", "name": "Other Org"})
    async with bot(outside, url) as address, wiring.parts(outside.settings(url), NOW) as parts:
        outside.anthropic.next("/v1/organizations/me", other, times=None)
        with capture_logs() as log:
            assert not (await parts.sync.run(NOW + timedelta(hours=2))).failures
        assert "No admin key is of this organisation any more" in await asked(outside, "status")
        await LINES[ANOTHER].holds(address, log)


@proves(TOKEN_REFUSED)
async def test_with_a_refused_bot_token_messages_wait_nobody_is_sent_here_and_all_goes_out_with_a_good_one(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOOK_SECONDS", "AGAIN_SECONDS"):
        monkeypatch.setattr(standing, name, 0)
    url = await synced(outside, tmp_path)
    async with bot(outside, url) as address, wiring.parts(outside.settings(url), NOW) as parts:
        await parts.digests.run(NOW)
        outside.slack_faults.next("/api/", status(200, body={"ok": False, "error": "token_revoked"}), times=None)
        with capture_logs() as log:
            assert await parts.digests.run(NOW + ONE_DAY) == 0
            async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
                await http.get("/readyz")
            await LINES[TOKEN_REFUSED].holds(address)
        assert LINES[TOKEN_REFUSED].actions <= {line.get("action") for line in log}
        outside.slack_faults.heal()
        assert await parts.digests.run(NOW + ONE_DAY + timedelta(minutes=2)) == 1


@proves(SLACK_DOWN)
@pytest.mark.parametrize("fault", [status(503), html(), cut_json()], ids=["down", "another", "cut"])
async def test_while_slacks_api_is_down_or_lies_commands_are_answered_and_digests_wait(
    outside: Outside, tmp_path: Path, fault: Callable[..., object]
) -> None:
    url = await synced(outside, tmp_path)
    async with bot(outside, url) as address, wiring.parts(outside.settings(url), NOW) as parts:
        await parts.digests.run(NOW)
        outside.slack_faults.next("/api/", fault, times=None)  # type: ignore[arg-type]
        assert "Team Alpha" in await asked(outside, "team alpha")
        with capture_logs() as log:
            assert await parts.digests.run(NOW + ONE_DAY) == 0
        await LINES[SLACK_DOWN].holds(address, log)
        outside.slack_faults.heal()
        assert await parts.digests.run(NOW + ONE_DAY + timedelta(minutes=2)) == 1
        assert "Team Alpha" in await asked(outside, "team alpha")
    digests = [one for one in outside.headlines(GENERAL) if not one.ephemeral_to]
    assert len({str(one.metadata) for one in digests}) == 1


@proves(NO_NAME)
async def test_a_name_that_nobody_resolves_is_worth_another_try(outside: Outside, tmp_path: Path) -> None:
    url = await synced(outside, tmp_path)
    lost = outside.settings(
        url, anthropic_base_url="http://no-such-host.invalid", slack_api_url="http://no-such-host.invalid/api/"
    )
    async with bot(outside, url) as address, wiring.parts(outside.settings(url), NOW) as sound:
        await sound.digests.run(NOW)
        async with wiring.parts(lost, NOW) as parts:
            with capture_logs() as log:
                parts.clients[0]._sleep = _at_once
                assert (await parts.sync.run(NOW + ONE_DAY)).failures
                assert await parts.digests.run(NOW + ONE_DAY) == 0
        await LINES[NO_NAME].holds(address, log)
        assert "Team Alpha" in await asked(outside, "team alpha")
        assert await sound.digests.run(NOW + ONE_DAY + timedelta(minutes=2)) == 1
    with pytest.raises(SlackUnavailable, match="can't be reached"):
        await SlackNotifier(web_client(BOT_TOKEN, "http://no-such-host.invalid/api/")).direct("ana@example.com")


async def _at_once(_seconds: float) -> None:
    return None


@proves(SLACK_DOWN)
@proves(NO_WORD)
async def test_a_socket_that_brings_nothing_is_replaced_and_until_then_nobody_is_sent_here(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch looks every 15 s and waits for 90 and more; here both are cut short."""
    url = await synced(outside, tmp_path)
    monkeypatch.setattr(connection.SocketMode.__init__, "__kwdefaults__", {"look": 0.1})
    async with bot(outside, url, socket_mode=True) as address:
        assert "Team Alpha" in await asked(outside, "team alpha")
        with capture_logs() as log:
            monkeypatch.setattr(watchdog, "DEAF_SECONDS", -1.0)
            outside.slack_faults.next("apps.connections.open", status(503), times=None)
            await until(lambda: any(line["action"] == "socket_replaced" for line in log))
            monkeypatch.setattr(watchdog, "DEAF_SECONDS", 90.0)
            await until(lambda: not outside.slack.connections)
        for what in (NO_WORD, SLACK_DOWN):
            page = await LINES[what].holds(address, log if what == NO_WORD else None, without_a_socket=True)
            assert [one.value for one in page["claude_usage_slack_connected"]] == [0]
        outside.slack_faults.heal()
        await until(lambda: outside.slack.connections, 30)
        assert "Team Alpha" in await asked(outside, "team alpha")
