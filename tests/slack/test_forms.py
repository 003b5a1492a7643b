"""Forms in Slack: opened by a command or a press, filled in, refused under the right field, saved once."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import wiring
from bot.demo.slack_limits import problems
from bot.demo.slack_server import COMMAND
from tests.outside import ALPHA, ANA, BEN, GENERAL, NOW, Outside, until
from tests.slack.test_home import letters

over_http = pytest.mark.parametrize("bot", ["http"], indirect=True)
"""For what lies behind the transport: once is enough."""
EVE = "U0QUIET"
DIGEST = {"scope": "team/alpha", "where": "channel", "channel": ALPHA, "cadence": "weekly", "weekday": "friday"}


def dialog(outside: Outside, who: str = ANA) -> dict[str, Any]:
    """What lies on top, as Slack would take it."""
    view = outside.slack.dialog_of(who)
    assert view is not None
    assert problems(view["blocks"], "modal") == []
    for key, most in (("title", 24), ("submit", 24), ("close", 24)):
        assert len(view.get(key, {}).get("text", "")) <= most
    assert len(view.get("private_metadata", "")) <= 3000
    return view


async def came(outside: Outside, title: str, who: str = ANA) -> dict[str, Any]:
    await until(lambda: (outside.slack.dialog_of(who) or {}).get("title", {}).get("text") == title)
    return dialog(outside, who)


async def asked(outside: Outside, text: str, title: str, who: str = ANA) -> dict[str, Any]:
    assert (await outside.does(outside.slack.command(who, ALPHA, COMMAND, text))).status == 200
    return await came(outside, title, who)


async def submitted(outside: Outside, typed: dict[str, str], title: str, who: str = ANA) -> dict[str, Any]:
    delivery = await outside.does(outside.slack.submit(who, typed))
    assert delivery.status == 200, delivery.body
    return await came(outside, title, who)


def elements(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The fields of a dialog by their block."""
    return {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}


def rows(database: Path, query: str) -> list[Any]:
    with sqlite3.connect(database) as connection:
        found = connection.execute(query).fetchall()
    connection.close()
    return found


async def test_a_digest_is_set_up_by_form_and_mistakes_stand_under_their_fields(outside: Outside, bot: Path) -> None:
    form = await asked(outside, "subscribe team alpha", "New digest")
    assert elements(form)["scope"]["initial_option"]["text"]["text"] == "Team Alpha"
    assert elements(form)["timezone"]["initial_option"]["value"] == "UTC"
    offered = await outside.does(outside.slack.suggest(ANA, "form:find:digest", ""))
    assert {one["value"] for one in offered} == {"own", "team/alpha"}
    zones = await outside.does(outside.slack.suggest(ANA, "form:find:zone", "kath"))
    assert zones[0]["value"] == "Asia/Kathmandu"

    await outside.does(outside.slack.submit(ANA, DIGEST | {"channel": ""}))
    assert dialog(outside)["errors"] == {"channel": "Choose a channel, or have it sent to you."}
    assert rows(bot, "SELECT * FROM preference") == []
    done = await submitted(outside, DIGEST | {"timezone": "Asia/Kathmandu", "at": "07:15"}, "Saved")
    assert "Every Friday at 07:15 Asia/Kathmandu to C0ALPHA, about Team Alpha." in letters(done["blocks"])
    ((kind, id_, by),) = rows(bot, "SELECT kind, id, changed_by FROM preference")
    assert (kind, id_, by) == ("digest", "alpha-weekly", ANA)
    assert rows(bot, "SELECT by, name, before FROM change") == [(ANA, "alpha-weekly", None)]


@over_http
async def test_a_preview_and_a_test_are_seen_by_whoever_asks_and_save_nothing(outside: Outside, bot: Path) -> None:
    await asked(outside, "subscribe team alpha", "New digest")
    await outside.does(outside.slack.press_dialog(ANA, "form:press:preview", typed=DIGEST))
    shown = await came(outside, "Preview")
    assert "Weekly digest: Team Alpha" in letters(shown["blocks"])
    outside.slack.close_dialog(ANA)
    assert dialog(outside)["title"]["text"] == "New digest"
    await outside.does(outside.slack.press_dialog(ANA, "form:press:test", typed=DIGEST))
    await until(lambda: "A test is in our direct messages" in letters(dialog(outside)["blocks"]))
    assert "Weekly digest: Team Alpha" in outside.posted(outside.slack.dm_of(ANA))[0].text
    assert elements(dialog(outside))["weekday"]["initial_option"]["value"] == "friday"
    for table in ("preference", "change", "delivery"):
        assert rows(bot, f"SELECT * FROM {table} WHERE 1") == []


async def test_settings_show_what_is_in_force_and_change_what_slack_has(outside: Outside, bot: Path) -> None:
    await asked(outside, "subscribe budget team alpha", "New budget", BEN)
    budget = {"scope": "team/alpha", "amount": "500", "period": "month", "marks": "80,100", "forecast": "true"}
    await submitted(outside, budget, "Saved", BEN)
    outside.slack.close_dialog(BEN)
    settings = await asked(outside, "settings", "Settings", BEN)
    await until(lambda: "morning" in letters(dialog(outside, BEN)["blocks"]))
    settings = dialog(outside, BEN)
    words = letters(settings["blocks"])
    assert "in the configuration file" in words
    assert f"by <@{BEN}>" in words
    assert f"to <#{GENERAL}>, about" in words
    assert "Admins: ben@example.com." in words
    (menu,) = [
        block["accessory"] for block in settings["blocks"] if block.get("accessory", {}).get("type") == "overflow"
    ]
    change, remove = [option["value"] for option in menu["options"]]
    await outside.does(outside.slack.press_dialog(BEN, "form:change", change))
    form = await came(outside, "Budget", BEN)
    assert elements(form)["amount"]["initial_value"] == "500"
    await submitted(outside, {"amount": "650.50"}, "Saved", BEN)
    outside.slack.close_dialog(BEN)
    await until(lambda: "$650.50 a month" in letters(dialog(outside, BEN)["blocks"]))
    await outside.does(outside.slack.press_dialog(BEN, "form:change", remove))
    await came(outside, "Remove it?", BEN)
    await submitted(outside, {}, "Removed", BEN)
    assert rows(bot, "SELECT * FROM preference") == []
    assert [row[0] is None for row in rows(bot, "SELECT after FROM change ORDER BY id")] == [False, False, True]


@over_http
async def test_who_owns_nothing_may_have_a_digest_of_their_own_use_and_no_more(outside: Outside, bot: Path) -> None:
    await asked(outside, "subscribe alerts", "Settings", EVE)
    await until(lambda: "Only admins and owners of a team" in letters(dialog(outside, EVE)["blocks"]))
    outside.slack.close_dialog(EVE)
    form = await asked(outside, "subscribe", "New digest", EVE)
    assert elements(form)["scope"]["initial_option"]["value"] == "own"
    await outside.does(outside.slack.submit(EVE, DIGEST))
    await came(outside, "Settings", EVE)
    assert "Only admins and the owners of its team may change this" in letters(dialog(outside, EVE)["blocks"])
    assert rows(bot, "SELECT * FROM preference") == []


@over_http
async def test_what_nobody_owns_is_given_to_a_team_at_a_press(outside: Outside, bot: Path) -> None:
    with sqlite3.connect(bot) as connection:
        connection.execute("INSERT INTO workspace VALUES ('org_1', 'wrkspc_new', 'sandbox', '{}', 0)")
        connection.execute("UPDATE workspace SET organization_id = (SELECT id FROM organization)")
    connection.close()
    await asked(outside, "settings", "Settings", BEN)
    await until(lambda: "sandbox" in letters(dialog(outside, BEN)["blocks"]))
    await outside.does(outside.slack.press_dialog(BEN, "form:claim", "workspace/wrkspc_new"))
    await came(outside, "Give it to a team", BEN)
    await submitted(outside, {"team": "team/gamma"}, "Claimed", BEN)
    outside.slack.close_dialog(BEN)
    await until(lambda: "workspace sandbox belongs to Team Gamma" in letters(dialog(outside, BEN)["blocks"]))


@over_http
@pytest.mark.usefixtures("bot")
async def test_where_no_dialog_opens_the_words_are_answered_in_words(outside: Outside) -> None:
    outside.slack.fail_next("views.open", error="expired_trigger_id")
    await outside.does(outside.slack.command(ANA, ALPHA, COMMAND, "subscribe"))
    await until(outside.posted)
    (answer,) = outside.posted()
    assert "Digests and alerts" in answer.text
    assert "every day at 08:00" in answer.text


@over_http
async def test_each_monday_the_admins_get_the_list_of_what_nobody_owns_and_claim_from_it(
    outside: Outside, bot: Path
) -> None:
    monday = datetime(2026, 11, 23, 9, tzinfo=UTC)
    async with wiring.parts(outside.settings(f"sqlite:///{bot}"), NOW) as parts:
        assert await parts.weekly.run(NOW) == 0  # what was due before the first look is not caught up
        assert await parts.weekly.run(monday) == 1
        assert await parts.weekly.run(monday + timedelta(hours=3)) == 0
    (told,) = outside.posted()
    assert told.channel == outside.slack.dm_of(BEN)
    assert "2 teams without owners" in told.text
    assert problems(list(told.blocks)) == []
    lines = [block for block in told.blocks if "accessory" in block]
    assert {line["accessory"]["text"]["text"] for line in lines} == {"Name owners", "Claim"}
    await outside.does(outside.slack.press(BEN, told.ts, "do:claim", "team/gamma"))
    form = await came(outside, "Owners of a team", BEN)
    assert elements(form)["team"]["initial_option"]["value"] == "team/gamma"
    await submitted(outside, {"owners": ANA}, "Saved", BEN)
    assert rows(bot, "SELECT id, entry FROM preference") == [("gamma", '{"owners": ["U0ANA"]}')]


@over_http
@pytest.mark.usefixtures("logged", "bot")
@pytest.mark.parametrize("carried", ["null", "[1]", "{", "{}", '{"what": "nothing"}'])
async def test_a_form_that_carries_something_else_saves_nothing_and_says_so(outside: Outside, carried: str) -> None:
    await asked(outside, "subscribe team alpha", "New digest")
    outside.slack.dialog_of(ANA)["private_metadata"] = carried  # type: ignore[index]
    await submitted(outside, DIGEST, "Settings")
    assert "Something broke" in str(dialog(outside))
