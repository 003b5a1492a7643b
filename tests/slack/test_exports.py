"""`export` in Slack: the file goes into the direct messages of whoever asked, and a sentence says so in the channel."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from bot.demo.slack_server import COMMAND, Message
from bot.services.asking import filing
from tests.outside import ALPHA, ANA, BEN, Outside, until

pytestmark = [pytest.mark.usefixtures("bot"), pytest.mark.parametrize("bot", ["http"], indirect=True)]


async def asked(outside: Outside, text: str, who: str = ANA) -> Message:
    """What is said of `/claude-usage TEXT` where it was asked."""
    await outside.does(outside.slack.command(who, ALPHA, COMMAND, text))
    await until(lambda: any(not one.files for one in outside.posted()))
    return next(one for one in reversed(outside.posted()) if not one.files)


async def sheet(outside: Outside) -> tuple[Message, list[dict[str, str]]]:
    """The one file that was sent, as its reader opens it."""
    (message,) = [one for one in outside.posted() if one.files]
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(message.files[0]["url_private"])).content.decode()
    return message, list(csv.DictReader(io.StringIO(text)))


async def test_the_file_comes_into_the_direct_messages_and_the_channel_is_told(outside: Outside) -> None:
    said = await asked(outside, "export cost for team alpha yesterday")
    assert said.ephemeral_to == ANA
    assert "The file cost-alpha-2026-11-21..2026-11-21.csv is in our direct messages." in said.text
    message, rows = await sheet(outside)
    assert (message.channel, message.files[0]["name"]) == (
        outside.slack.dm_of(ANA),
        "cost-alpha-2026-11-21..2026-11-21.csv",
    )
    assert {row["team_id"] for row in rows} == {"alpha"}
    assert sum(Decimal(row["billed_cost"]) for row in rows) > 0
    assert not {"actor_id", "user", "person"} & rows[0].keys()


async def test_what_is_shared_is_the_sentence_and_never_the_file(outside: Outside) -> None:
    said = await asked(outside, "export usage yesterday share", BEN)
    assert (said.ephemeral_to, said.channel) == (None, ALPHA)
    message, _ = await sheet(outside)
    assert message.channel == outside.slack.dm_of(BEN)


async def test_a_file_from_a_button_comes_the_same_way(outside: Outside) -> None:
    first = await asked(outside, "export cost team alpha yesterday")
    labels = {
        one["text"]["text"]: one["action_id"]
        for block in first.blocks
        if block["type"] == "actions"
        for one in block["elements"]
    }
    await outside.does(outside.slack.press(ANA, first.ts, labels["Export focus"]))
    await until(lambda: len([one for one in outside.posted() if one.files]) == 2)
    names = [one.files[0]["name"] for one in outside.posted() if one.files]
    assert names[-1] == "focus-alpha-2026-11-21..2026-11-21.csv"


async def test_a_file_that_would_be_too_large_is_a_sentence(
    outside: Outside, monkeypatch: pytest.MonkeyPatch, bot: Path
) -> None:
    monkeypatch.setattr(filing, "MOST_BYTES", 1000)
    said = await asked(outside, "export cost yesterday", BEN)
    assert "Ask for a shorter period, or for one team." in said.text
    assert not [one for one in outside.posted() if one.files]


async def test_direct_messages_that_slack_refuses_are_a_sentence(outside: Outside) -> None:
    outside.slack.fail_next("files.completeUploadExternal", error="missing_scope")
    assert "Reinstall the app from manifest.yml" in (await asked(outside, "export cost yesterday", BEN)).text
