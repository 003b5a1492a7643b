"""Bad days among replicas: schemas and clocks that do not fit, a replica that dies."""

import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, inspect, text
from structlog.testing import capture_logs

from bot import wiring
from bot.core.calls.client import fingerprint
from bot.demo.slack_server import COMMAND
from bot.store.calls import tokens
from bot.store.database import Database
from bot.terminal import config
from tests.bad_days.table import LINES, proves
from tests.faults import hang
from tests.outside import ANA, GENERAL, NOW, Outside, asked, bot, synced, until, written
from tests.running import Start
from tests.test_rolling_upgrade import upgraded
from tests.test_timekeeping import turn

pytestmark = pytest.mark.proof

OLDER, NEWER = "schema older than the program", "schema newer than the program, by one release (a rolling upgrade)"
MUCH_NEWER = "schema newer by two releases or more"
CLOCKS_APART = "a replica's clock more than 60 s from PostgreSQL's"
CLOCK_WRONG = "clock wrong by more than five minutes, on SQLite too"
KILLED = "a replica killed"


def changed(url: str, *statements: str) -> None:
    def change(connection: Connection) -> None:
        for statement in statements:
            connection.execute(text(statement))

    database = Database(url)
    database.write_now(change)
    database.close()


LEFT_BEHIND = ("UPDATE alembic_version SET version_num = '9999'", "UPDATE served_schema SET revision = '9999'")


@proves(OLDER)
@proves(MUCH_NEWER)
@pytest.mark.parametrize(
    ("what", "statements", "said"),
    [(OLDER, ("DELETE FROM alembic_version",), "claude-usage migrate"), (MUCH_NEWER, LEFT_BEHIND, "newer version")],
    ids=["older", "much newer"],
)
async def test_a_schema_that_does_not_fit_is_said_at_the_start_and_nothing_is_written_by_who_runs_already(
    outside: Outside, start: Start, tmp_path: Path, migrated_url: str, what: str, statements: tuple[str, ...], said: str
) -> None:
    async with bot(outside, migrated_url) as address, wiring.parts(outside.settings(migrated_url), NOW) as parts:
        await config.apply_file(written(tmp_path), parts.database, NOW)
        await parts.database.write(tokens.create, "gateway", fingerprint("cub_gateway"), None, NOW)
        changed(migrated_url, *statements)
        before = parts.database.read_now(everything)
        with capture_logs() as log:
            await wiring.listening(parts).scheduler.knock()
        await LINES[what].holds(address, log)
        assert all(said in line["error"] for line in log)
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            headers = {"authorization": "Bearer cub_gateway"}
            call = {"id": "req_1", "timestamp": NOW.isoformat(), "model": "claude-sonnet-5-5", "output_tokens": 10}
            answer = await http.post("/v1/calls", json=call, headers=headers)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert said in answer.json()["error"]
        assert "Status" in await asked(outside, "status"), "who runs already answers until it is stopped"
        assert parts.database.read_now(everything) == before
        assert outside.anthropic.count() == 0
    run = start(migrated_url, AUTO_MIGRATE="false")
    assert run.ends() == 3
    assert said in run.said


def everything(connection: Connection) -> dict[str, list[str]]:
    """Every row of every table."""
    names = inspect(connection).get_table_names()
    return {name: sorted(map(str, connection.exec_driver_sql(f'SELECT * FROM "{name}"'))) for name in names}


@proves(NEWER)
async def test_a_schema_of_the_next_release_is_noted_at_a_start_and_worked_on(outside: Outside, tmp_path: Path) -> None:
    url = await synced(outside, tmp_path)
    async with bot(outside, url) as before:
        upgraded(url)
        await LINES[NEWER].holds(before)
        assert "Team Alpha" in await asked(outside, "team alpha")
    with capture_logs() as log:
        async with bot(outside, url) as address:
            await LINES[NEWER].holds(address, log)
            assert "Team Alpha" in await asked(outside, "team alpha")


@proves(CLOCKS_APART)
async def test_a_replica_whose_clock_is_apart_answers_by_it_and_begins_nothing(
    outside: Outside, postgresql_url: str
) -> None:
    async with bot(outside, postgresql_url) as address, wiring.parts(outside.settings(postgresql_url), NOW) as parts:
        turn(postgresql_url, "-10 minutes")
        with capture_logs() as log:
            await wiring.listening(parts).scheduler.knock()
        assert outside.anthropic.count() == 0
        page = await LINES[CLOCKS_APART].holds(address, log)
        assert 599 < page["claude_usage_clock_ahead_seconds"][0].value < 610
        assert "Status" in await asked(outside, "status")


@proves(CLOCK_WRONG)
async def test_slacks_requests_from_another_time_are_refused(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await synced(outside, tmp_path)
    async with bot(outside, url) as address:
        monkeypatch.setattr("slack_sdk.signature.Clock.now", lambda _self: time.time() + 400)
        delivery = await outside.does(outside.slack.command(ANA, GENERAL, COMMAND, "team alpha"))
        monkeypatch.undo()
        assert delivery.status == 401
        page = await LINES[CLOCK_WRONG].holds(address)
        refused = {"route": "/slack/events", "status": "401"}
        assert [one for one in page["claude_usage_web_requests_total"] if refused.items() <= one.labels.items()]


@proves(KILLED)
async def test_what_a_killed_replica_was_sending_is_taken_up_by_another(
    outside: Outside, start: Start, tmp_path: Path
) -> None:
    """`make crash` kills them by the hundred; here one, as an operator would see it."""
    url = await synced(outside, tmp_path)
    assert LINES[KILLED].codes is None
    outside.slack_faults.next("chat.postMessage", hang(30))
    run = start(url)
    await until(lambda: outside.slack_faults.count("chat.postMessage"), 30)
    run.process.kill()
    run.ends()
    for minutes, sent in ((4, 0), (6, 1)):
        async with wiring.parts(outside.settings(url), NOW) as other:
            assert await other.alerts.run(NOW + timedelta(minutes=minutes)) == sent
