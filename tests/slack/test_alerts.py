"""The buttons of an alert: each acts once, for those who may, and every copy of the message says who did what."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bot import wiring
from bot.demo.slack_limits import problems
from bot.demo.slack_server import COMMAND, Message
from bot.terminal import config
from tests.outside import ALPHA, ANA, BEN, NOW, TEAMS, Outside, until, written

over_http = pytest.mark.parametrize("bot", ["http"], indirect=True)
"""For what lies behind the transport: once is enough."""
EVE = "U0QUIET"
CAP = "{id: day_cap, metric: cost, kind: threshold, above: 1.00, window: 1d, scope: {team: alpha}, severity: critical"


async def told(outside: Outside, database: Path, notify: str = "[owners, C0ALPHA]") -> list[Message]:
    """The messages of one alert about Team Alpha, to Ana and to its channel."""
    async with wiring.parts(outside.settings(f"sqlite:///{database}"), NOW) as parts:
        text = TEAMS.replace(CAP, f"{CAP}, notify: {notify}")
        assert text != TEAMS
        await config.apply_file(written(database.parent, text), parts.database, NOW)
        await parts.alerts.run(NOW)
    return sorted((one for one in outside.posted() if "Team Alpha" in one.text), key=lambda one: one.channel == ALPHA)


def controls(message: Message) -> dict[str, dict[str, Any]]:
    """What can be pressed, by action id."""
    assert problems(list(message.blocks)) == []
    return {
        element["action_id"]: element
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    }


def now(outside: Outside, message: Message) -> Message:
    found = outside.slack.find(message.ts)
    assert found is not None
    return found


async def press(outside: Outside, who: str, message: Message, action: str, value: str | None = None) -> None:
    given = controls(message)[action].get("value") if value is None else value
    delivery = await outside.does(outside.slack.press(who, message.ts, action, given))
    assert (delivery.status, delivery.body) == (200, "")


def events(database: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(database) as connection:
        found = connection.execute('SELECT what, "by" FROM episode_event ORDER BY id').fetchall()
    connection.close()
    return [(what, by) for what, by in found]


async def test_an_alert_is_acknowledged_once_and_every_copy_says_by_whom(outside: Outside, bot: Path) -> None:
    mine, channels = await told(outside, bot)
    await asyncio.gather(  # at once, by two who saw it in two places
        press(outside, ANA, mine, "do:acknowledge"), press(outside, BEN, channels, "do:acknowledge")
    )
    await until(lambda: all("do:acknowledge" not in controls(now(outside, copy)) for copy in (mine, channels)))
    [_, (what, first)] = events(bot)
    assert (what, first in ("ana@example.com", "ben@example.com")) == ("acknowledged", True)
    for copy in (mine, channels):
        assert f"{first} acknowledged it on 22 Nov, 09:00" in now(outside, copy).text
        assert problems(list(now(outside, copy).blocks)) == []


async def test_who_may_not_gets_a_sentence_and_nothing_happens(outside: Outside, bot: Path) -> None:
    _, channels = await told(outside, bot)
    before = len(outside.posted())
    for action, value in (("do:acknowledge", None), ("do:not_useful", None)):
        await press(outside, EVE, channels, action, value)
    await until(lambda: len(outside.posted()) == before + 2)
    sorry = outside.posted()[-1]
    assert (sorry.ephemeral_to, sorry.channel) == (EVE, channels.channel)
    assert "Only the owners of the team" in sorry.text
    assert not now(outside, channels).edited
    assert events(bot) == [("fired", "")]


@over_http
@pytest.mark.parametrize(
    ("action", "value", "sentence"),
    [
        ("do:acknowledge", "abc", "not in the books"),
        ("do:acknowledge", "1" * 40, "not in the books"),
        ("do:explain", "x", "not in the books"),
        ("do:silence", "1/a year", "Choose for how long."),
    ],
)
async def test_a_button_that_comes_back_with_nonsense_gets_a_sentence(
    outside: Outside, bot: Path, action: str, value: str, sentence: str
) -> None:
    mine, _ = await told(outside, bot)
    button = controls(mine)[action]
    button.get("options", [button])[0]["value"] = value
    await press(outside, ANA, mine, action, value)
    await until(lambda: sentence in outside.posted()[-1].text)
    assert events(bot) == [("fired", "")]


@over_http
@pytest.mark.parametrize("lost", ["Slack", "the store"])
async def test_whoever_presses_hears_that_it_holds_where_the_message_can_not_be_changed(
    outside: Outside, bot: Path, lost: str
) -> None:
    mine, _ = await told(outside, bot)
    if lost == "Slack":
        outside.slack.fail_next("chat.update", error="message_not_found")
    else:
        with sqlite3.connect(bot) as connection:
            connection.execute("ALTER TABLE delivery RENAME TO away")
        connection.close()
    before = len(outside.posted())
    await press(outside, ANA, mine, "do:acknowledge")
    await until(lambda: len(outside.posted()) > before)
    answer = outside.posted()[-1]
    assert (answer.ephemeral_to, answer.channel) == (ANA, mine.channel)
    assert "That is noted and holds" in answer.text
    assert [what for what, _ in events(bot)] == ["fired", "acknowledged"]


@over_http
@pytest.mark.parametrize(
    ("action", "value", "words"),
    [
        ("do:silence", "1 day", "silenced it on 22 Nov, 09:00, until 23 Nov, 09:00"),
        ("do:silence", "until Monday", "until 23 Nov, 07:00"),  # Ana's Monday begins in Berlin
        ("do:expected", None, "called it expected"),
        ("do:not_useful", None, "called it not useful"),
        ("do:planned:", "2026-11-30", "that it is planned until 1 Dec, 00:00"),
    ],
)
async def test_what_people_say_of_it_stands_in_the_message(
    outside: Outside, bot: Path, action: str, value: str | None, words: str
) -> None:
    (mine,) = await told(outside, bot, "owners")
    named = next(one for one in controls(mine) if one.startswith(action))
    if "options" in controls(mine)[named]:
        value = next(one["value"] for one in controls(mine)[named]["options"] if one["value"].endswith(f"/{value}"))
    for _ in range(2):
        await press(outside, ANA, now(outside, mine), named, value)
    await until(lambda: words in now(outside, mine).text)
    assert len(events(bot)) == 2


@over_http
async def test_a_day_that_is_over_is_no_plan_and_an_explanation_goes_to_whoever_asks(
    outside: Outside, bot: Path
) -> None:
    (mine,) = await told(outside, bot, "owners")
    named = next(one for one in controls(mine) if one.startswith("do:planned:"))
    for day in ("2026-11-20", "9999-12-31", "soon"):
        before = len(outside.posted())
        await press(outside, ANA, mine, named, day)
        await until(lambda before=before: len(outside.posted()) > before)  # type: ignore[misc]
        assert "a day that is not over" in outside.posted()[-1].text
    await press(outside, ANA, mine, "do:explain")
    await until(lambda: "fired on 22 Nov" in outside.posted()[-1].text)
    assert (outside.posted()[-1].ephemeral_to, now(outside, mine).edited) == (ANA, False)
    await press(outside, ANA, mine, "receipt")
    await until(lambda: "nothing is left over" in outside.posted()[-1].text)


@over_http
async def test_open_alerts_are_listed_for_a_team_and_beside_its_figures(outside: Outside, bot: Path) -> None:
    (mine,) = await told(outside, bot, "owners")
    await press(outside, ANA, mine, "do:acknowledge")
    await until(lambda: now(outside, mine).edited)
    for text, words in (
        ("alerts alpha", "Team Alpha: 1 acknowledged."),
        ("team alpha", "1 open alert"),
        ("alerts beta", "Nothing fires for Team Beta."),
    ):
        await outside.does(outside.slack.command(EVE, ALPHA, COMMAND, text))
        await until(lambda: [one for one in outside.posted() if words in one.text])  # noqa: B023 - waited for at once


@over_http
async def test_a_silence_is_ended_by_the_button_of_the_message_that_shows_it(outside: Outside, bot: Path) -> None:
    (mine,) = await told(outside, bot, "owners")
    assert "do:end_silence" not in controls(mine)
    value = next(one["value"] for one in controls(mine)["do:silence"]["options"] if one["value"].endswith("/1 day"))
    await press(outside, ANA, mine, "do:silence", value)
    await until(lambda: "do:end_silence" in controls(now(outside, mine)))
    await press(outside, ANA, now(outside, mine), "do:end_silence")
    await until(lambda: "ended the silence on 22 Nov, 09:00" in now(outside, mine).text)
    assert "do:end_silence" not in controls(now(outside, mine))
    assert [what for what, _ in events(bot)] == ["fired", "silenced", "silence_ended"]


@over_http
async def test_in_a_message_of_several_alerts_each_button_acts_on_its_own(outside: Outside, bot: Path) -> None:
    """And every copy shows what was done with each of them."""
    async with wiring.parts(outside.settings(f"sqlite:///{bot}"), NOW) as parts:
        second = f"{CAP.replace('day_cap', 'half').replace('1.00', '0.50')}, notify: [owners, C0ALPHA]}}\n  - {CAP}"
        text = TEAMS.replace(CAP, f"{second}, notify: [owners, C0ALPHA]")
        await config.apply_file(written(bot.parent, text), parts.database, NOW)
        await parts.alerts.run(NOW)
    mine, channels = sorted(
        (one for one in outside.posted() if "2 alerts" in one.text), key=lambda one: one.channel == ALPHA
    )
    assert problems(list(mine.blocks)) == []
    values = [
        element["value"]
        for block in mine.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == "do:acknowledge"
    ]
    assert len(set(values)) == 2
    await press(outside, ANA, mine, "do:acknowledge", values[1])
    await until(lambda: now(outside, channels).edited)
    for copy in (mine, channels):
        assert now(outside, copy).text.startswith("⚠️ 2 alerts")
        assert now(outside, copy).text.count("ana@example.com acknowledged it on 22 Nov, 09:00") == 1
        assert problems(list(now(outside, copy).blocks)) == []
    await press(outside, BEN, now(outside, channels), "do:not_useful", values[0])
    await until(lambda: "called it not useful" in now(outside, mine).text)
    assert "acknowledged it" in now(outside, mine).text
