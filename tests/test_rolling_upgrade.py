"""A rolling upgrade: while a replica of the next release has migrated already, those of this one go on."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from bot import wiring
from bot.core.errors import SchemaMismatch
from bot.demo.slack_server import COMMAND
from bot.setup import store
from bot.store import schema
from bot.store.database import Database
from bot.terminal import config
from tests import next_release
from tests.outside import ALPHA, ANA, GENERAL, NOW, Outside, bot, until, written

pytestmark = pytest.mark.proof

LATER = NOW + timedelta(days=1, hours=2)


def upgraded(url: str) -> None:
    with next_release.installed():
        database = Database(url)
        assert schema.migrate(database) == "0002"
        database.close()


async def test_the_version_before_reads_and_writes_on_the_next_schema(
    outside: Outside, tmp_path: Path, migrated_url: str
) -> None:
    async with bot(outside, migrated_url) as address, wiring.parts(outside.settings(migrated_url), NOW) as parts:
        await config.apply_file(written(tmp_path), parts.database, NOW)
        assert not (await parts.sync.run(NOW)).failures
        await parts.digests.run(NOW)
        upgraded(migrated_url)
        outside.clock.pass_(LATER - NOW)
        assert not (await parts.sync.run(LATER)).failures
        assert await parts.alerts.run(LATER) > 0
        assert await parts.digests.run(LATER) == 1
        await outside.does(outside.slack.command(ANA, ALPHA, COMMAND, "team alpha"))
        await until(lambda: any("Team Alpha" in one.text for one in outside.posted(ALPHA)))
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            codes = [(await http.get(f"/{path}")).status_code for path in ("healthz", "readyz")]
        lines, _ = await store.stored(parts.database, parts.settings)
    assert codes == [200, 200]
    assert [line.said for line in lines if line.check == store.SCHEMA] == [
        "0002, newer than this version, which works on it until it is replaced"
    ]
    assert len(outside.headlines(GENERAL)) > 0


async def test_a_replica_of_the_version_before_starts_on_it_and_one_of_two_before_does_not(
    outside: Outside, migrated_url: str
) -> None:
    upgraded(migrated_url)
    async with wiring.parts(outside.settings(migrated_url), NOW) as parts:
        assert await parts.database.read(schema.check) == "0002"
        await parts.database.write(lambda connection: connection.exec_driver_sql("DELETE FROM served_schema"))
    with pytest.raises(SchemaMismatch, match="no longer serves"):
        async with wiring.parts(outside.settings(migrated_url), NOW):
            pass
