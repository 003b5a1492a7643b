"""Bad days of messages: nobody to take them, nobody who says they arrived, nobody here to send them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import wiring
from bot.core.usage import Source
from bot.services.deliver import SENT_AGAIN
from bot.services.syncing import spans
from bot.terminal import config
from tests.bad_days.table import LINES, proves
from tests.faults import mutate
from tests.outside import BEN, GENERAL, NOW, Outside, asked, bot, synced, written

pytestmark = pytest.mark.proof

ONE_DAY = timedelta(days=1)
LATER = timedelta(minutes=10)
NOT_ADDED_UP = "a day does not add up"
NO_PLACE = "a channel is archived, the bot not in it, a person gone"
ANSWER_LOST = "Slack took a message and its answer was lost"
A_WEEK = "a week of downtime"


def to_ben(outside: Outside) -> list[str]:
    """What the admin was told."""
    return [f"{one.text} {one.blocks}" for one in outside.posted(outside.slack.dms.get(BEN, ""))]


@proves(NOT_ADDED_UP)
async def test_a_day_that_does_not_add_up_is_told_to_the_admins_once_and_read_again(
    outside: Outside, tmp_path: Path
) -> None:
    def without_the_first(body: dict[str, Any]) -> dict[str, Any]:
        for bucket in body["data"]:
            if bucket["results"] and bucket["results"][0]["cost_type"]:
                bucket["results"] = bucket["results"][1:]
        return body

    url = f"sqlite:///{tmp_path / 'test.db'}"
    outside.anthropic.next("cost_report", mutate(without_the_first), times=None)
    settings = outside.settings(url, anthropic_reports="classic")
    async with bot(outside, url) as address, wiring.parts(settings, NOW) as parts:
        await config.apply_file(written(tmp_path), parts.database, NOW)
        with capture_logs() as log:
            await parts.sync.run(NOW)
        assert [await parts.reconcile.run(NOW + minute * timedelta(minutes=1)) for minute in range(2)]
        (told,) = to_ben(outside)
        assert "do not add up" in told
        await LINES[NOT_ADDED_UP].holds(address, log)
        outside.anthropic.heal()
        await parts.sync.run(NOW + LATER, since=(NOW - timedelta(days=9)).date())
        assert "days add up" in await asked(outside, "status")


@proves(NO_PLACE)
async def test_a_message_that_nobody_can_take_is_given_up_and_the_admins_know(outside: Outside, tmp_path: Path) -> None:
    url = await synced(outside, tmp_path)
    async with bot(outside, url) as address, wiring.parts(outside.settings(url), NOW) as parts:
        await parts.digests.run(NOW)
        outside.slack.channels[GENERAL] = replace(outside.slack.channels[GENERAL], archived=True)
        with capture_logs() as log:
            for days in (1, 2):
                await parts.digests.run(NOW + days * ONE_DAY)
        (told,) = to_ben(outside)
        assert GENERAL in told
        assert "archived" in told
        await LINES[NO_PLACE].holds(address, log)
        outside.slack.channels[GENERAL] = replace(outside.slack.channels[GENERAL], archived=False)
        assert await parts.digests.run(NOW + 3 * ONE_DAY) == 1


@proves(ANSWER_LOST)
@pytest.mark.parametrize(("may_look", "said_again"), [(True, [False]), (False, [False, True])])
async def test_a_message_whose_answer_was_lost_is_found_or_says_that_it_comes_again(
    outside: Outside, tmp_path: Path, may_look: bool, said_again: list[bool]
) -> None:
    url = await synced(outside, tmp_path)
    outside.slack.channels_history = may_look
    async with bot(outside, url) as address, wiring.parts(outside.settings(url), NOW) as parts:
        await parts.digests.run(NOW)
        outside.clock.pass_(ONE_DAY)
        outside.slack.fail_next("chat.postMessage", status=500, after_accepting=True)
        with capture_logs() as log:
            await parts.digests.run(NOW + ONE_DAY)
        await LINES[ANSWER_LOST].holds(address, log)
        await parts.digests.run(NOW + ONE_DAY + LATER)
    assert [SENT_AGAIN in str(one.blocks) for one in outside.headlines(GENERAL)] == said_again


@proves(A_WEEK)
async def test_after_a_week_away_the_newest_digest_comes_and_the_days_are_read_newest_first(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await synced(outside, tmp_path)
    async with wiring.parts(outside.settings(url), NOW) as parts:
        await parts.digests.run(NOW)
    monkeypatch.setattr(spans, "ROWS_A_CHUNK", 1)
    back = NOW + 7 * ONE_DAY
    outside.clock.now = back
    async with wiring.parts(outside.settings(url), back) as parts:
        read = (await parts.sync.run(back)).finished
        assert await parts.digests.run(back) == 1
    days = [done.span.since for done in read if done.source is Source.USAGE]
    assert days == [(back - n * ONE_DAY).date() for n in range(8)]
    (headline,) = outside.headlines(GENERAL)
    assert f"{back - ONE_DAY:%-d}" in headline.text
