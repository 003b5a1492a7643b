"""A program, the recorder and the bot together: a call that was made is a call that is answered about."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.core.calls.client import fingerprint
from bot.recorder import Recorder
from bot.services.asking.ask import Ask
from bot.store.calls import tokens
from bot.store.database import Database
from tests import databases
from tests import outside as world
from tests.outside import NOW, Outside
from tests.recorder.stand_ins import Claude, served
from tests.recorder.test_recording import ASKED


async def test_a_recorded_call_is_in_the_answers_and_a_revoked_token_loses_nothing(
    outside: Outside, tmp_path: Path
) -> None:
    import anthropic  # not at the top: every worker collects this file, and loading the SDK takes long

    url = databases.sqlite(tmp_path / "bot.db")
    database = Database(url)
    database.write_now(tokens.create, "app", fingerprint("cub_app"), None, NOW)
    with served(Claude()) as claude:
        async with world.bot(outside, url) as address:
            recorder = Recorder(address, "cub_app", feature="summaries", spool=tmp_path / "spool")
            client = recorder.wrap(anthropic.AsyncAnthropic(api_key="sk-ant-test", base_url=claude.url))
            await client.messages.create(**ASKED)
            # The bot of this test lives on another day than the recorder.
            recorder.record(model="claude-sonnet-5-5", input_tokens=5, output_tokens=5, timestamp=NOW)
            assert await asyncio.to_thread(recorder.flush)
            assert sum(recorder.stats()[1:3]) == 2, "each was stored, or refused for its time"
            assert recorder.stats().sent >= 1
            database.write_now(tokens.revoke, "app", NOW)
            recorder.record(model="claude-sonnet-5-5", input_tokens=5, output_tokens=5, timestamp=NOW)
            assert await asyncio.to_thread(recorder.flush)
            assert (recorder.stats().dropped, recorder.stats().waiting) == (0, 1)
            await asyncio.to_thread(recorder.close)
            await client.close()
        answer = await Ask(database, "UTC").answer("features today", NOW)
        assert "summaries" in str(answer.tables)
    database.close()
