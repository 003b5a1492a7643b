"""Bad days of too much at once: questions, and calls that programs send."""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from bot import wiring
from bot.core.calls.client import fingerprint
from bot.demo.slack_server import COMMAND
from bot.services.calls.intake import MOST_UNDER_WAY
from bot.slack import reply
from bot.store.calls import tokens
from tests.bad_days.table import LINES, proves
from tests.outside import ALPHA, ANA, NOW, Outside, bot, synced, until

pytestmark = pytest.mark.proof

QUESTIONS, FLOOD = "too many questions at once", "programs send calls too fast"
MANY, MOST = 60, 40
TOKEN = "cub_too_fast"


@proves(QUESTIONS)
async def test_questions_are_answered_later_and_each_hears_that_it_takes_a_while_or_to_ask_again(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People are told after two seconds, here at once; and fewer may wait than ask."""
    url = await synced(outside, tmp_path)
    monkeypatch.setattr(reply, "MOST_UNDER_WAY", MOST)
    monkeypatch.setattr(reply.Replies.__init__, "__kwdefaults__", {"patience": 0.0})
    outside.slack_faults.next("/response/", slowly, times=None)
    async with bot(outside, url) as address:
        asking = [outside.does(outside.slack.command(ANA, ALPHA, COMMAND, "teams")) for _ in range(MANY)]
        await until(lambda: said(outside, "Still adding up"))
        page = await LINES[QUESTIONS].holds(address)
        assert {one.status for one in await asyncio.gather(*asking)} == {200}
        assert page["claude_usage_slack_answers_under_way"][0].value > 0
        await until(lambda: len(said(outside, "Data through")) + len(said(outside, "Too many questions")) == MANY, 60)
        assert len(said(outside, "Data through")) >= MOST


async def slowly(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(0.3)
    await app(scope, receive, send)


def said(outside: Outside, words: str) -> list[str]:
    """What stands in the channel with these words."""
    every = [f"{one.text} {one.blocks}" for one in outside.posted(ALPHA)]
    return [one for one in every if words in one]


@proves(FLOOD)
async def test_a_program_that_is_too_fast_is_told_when_to_come_back_and_then_gets_everything_in(
    outside: Outside, tmp_path: Path
) -> None:
    url = await synced(outside, tmp_path)
    async with wiring.parts(outside.settings(url), NOW) as parts:
        await parts.database.write(tokens.create, "fast", fingerprint(TOKEN), None, NOW)
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with bot(outside, url) as address, httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as http:

        async def send(number: int) -> httpx.Response:
            at = (NOW - timedelta(minutes=number)).isoformat()
            said = [
                {"id": f"{number}-{n}", "timestamp": at, "model": "claude-sonnet-5-5", "input_tokens": 9}
                for n in range(100)
            ]
            return await http.post("/v1/calls", json=said, headers=headers)

        answers = await asyncio.gather(*map(send, range(MOST_UNDER_WAY * 4)))
        told = [one.headers["retry-after"] for one in answers if one.status_code == 429]
        assert told
        assert all(int(seconds) >= 1 for seconds in told)
        await LINES[FLOOD].holds(address)
        taken = sum(one.json()["accepted"] for one in answers if one.status_code == 202)
        for number in [number for number, one in enumerate(answers) if one.status_code == 429]:
            taken += (await send(number)).json()["accepted"]
        assert taken == MOST_UNDER_WAY * 4 * 100
