"""App Home over real HTTP: a person's own teams, once for each event, refreshed, and honest when something is wrong."""

import asyncio
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.core.errors import StoreUnavailable
from bot.demo.slack_limits import problems
from tests.outside import ANA, BEN, GENERAL, Outside, until

over_http = pytest.mark.parametrize("bot", ["http"], indirect=True)
"""For what lies behind the transport: once is enough."""


def letters(value: object) -> str:
    """Every text of a view, as it is read."""
    if isinstance(value, dict):
        own = value.get("text")
        return "\n".join([own] if isinstance(own, str) else []) + "".join(letters(part) for part in value.values())
    return "\n".join(letters(part) for part in value) if isinstance(value, list) else ""


def buttons(view: dict[str, Any]) -> dict[str, str]:
    """What stands on each button → its action id."""
    elements = [element for block in view["blocks"] if block["type"] == "actions" for element in block["elements"]]
    return {element["text"]["text"]: element["action_id"] for element in elements if "text" in element}


async def opened(outside: Outside, who: str = ANA) -> dict[str, Any]:
    stands = (outside.slack.homes.get(who) or {}).get("hash")
    assert (await outside.does(outside.slack.open_home(who))).status == 200
    await until(lambda: (outside.slack.homes.get(who) or {}).get("hash") != stands)
    return outside.slack.homes[who]


def renamed(database: Path, table: str, name: str) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(f"ALTER TABLE {table} RENAME TO {name}")
    connection.close()


def published(outside: Outside) -> list[str | None]:
    return [call.error for call in outside.slack.calls if call.method == "views.publish"]


@pytest.mark.usefixtures("bot")
async def test_home_shows_an_owner_their_own_teams_and_what_is_in_force(outside: Outside) -> None:
    home = await opened(outside)
    shown = letters(home["blocks"])
    assert problems(home["blocks"], "home") == []
    assert "1 team is yours." in shown
    assert "Team Alpha" in shown
    assert "Team Beta" not in shown
    assert "teams.yml" in shown
    assert "ben@example.com" in shown
    assert f"<#{GENERAL}>" in shown
    assert not [block for block in home["blocks"] if block["type"] in ("data_visualization", "container", "markdown")]


@over_http
@pytest.mark.usefixtures("bot")
async def test_each_person_has_a_home_of_their_own(outside: Outside) -> None:
    await opened(outside, ANA)
    shown = letters((await opened(outside, BEN))["blocks"])
    assert "Team Beta" in shown
    assert "Team Alpha" not in shown
    assert "Team Alpha" in letters(outside.slack.homes[ANA]["blocks"])


@over_http
async def test_who_owns_no_team_sees_the_largest_of_all(outside: Outside, bot: Path) -> None:
    with sqlite3.connect(bot) as connection:
        connection.execute("UPDATE configuration SET body = replace(body, 'ana@example.com', 'gone@example.com')")
    connection.close()
    shown = letters((await opened(outside, ANA))["blocks"])
    assert "You own no team" in shown
    assert all(name in shown for name in ("Team Alpha", "Team Beta", "Team Gamma", "Team Delta", "unallocated"))


@over_http
async def test_budgets_and_open_alerts_of_ones_teams_stand_on_home(outside: Outside, bot: Path) -> None:
    budget = "budgets:\n  - {id: month, team: alpha, amount: 10.00}\n"
    with sqlite3.connect(bot) as connection:
        connection.execute("UPDATE configuration SET body = body || ?", (budget,))
        connection.execute(
            "INSERT INTO episode (kind, resolved_because, acknowledged_by, rule_id, scope, since, last_window, "
            "fired_at, value, limit_value) VALUES ('threshold', '', '', 'day_cap', 'alpha', '2026-11-21', "
            "'2026-11-21', '2026-11-21', 123400000000, 10000000000)"
        )
    connection.close()
    home = await opened(outside)
    shown = letters(home["blocks"])
    assert "Team Alpha  ██████████" in shown.replace("*", "")
    assert "Budgets, November 2026" in shown
    assert "1 alert is open." in shown
    assert "since 21 Nov · $12.34 · limit $1.00 a day · day_cap" in shown
    assert "Why? Team Alpha" in buttons(home)
    assert "alert is open" not in letters((await opened(outside, BEN))["blocks"]).replace("No alert is open", "")


@pytest.mark.usefixtures("bot")
async def test_an_event_that_comes_twice_is_handled_once(outside: Outside) -> None:
    event = {"type": "app_home_opened", "user": ANA, "channel": outside.slack.dm_of(ANA), "tab": "home"}
    for retry in (0, 1, 2):
        assert (await outside.does(outside.slack.event(event, event_id="Ev0TWICE", retry=retry))).status == 200
    await until(lambda: ANA in outside.slack.homes)
    await asyncio.sleep(0.3)
    assert published(outside) == [None]


@over_http
@pytest.mark.usefixtures("bot")
async def test_an_event_of_before_takes_nothing_newer_away(outside: Outside) -> None:
    first = await opened(outside)
    newer = await opened(outside)
    late = {"type": "app_home_opened", "user": ANA, "channel": outside.slack.dm_of(ANA), "tab": "home", "view": first}
    await outside.does(outside.slack.event(late))
    await until(lambda: len(published(outside)) == 3)
    assert published(outside)[-1] == "hash_conflict"
    assert outside.slack.homes[ANA] == newer


@over_http
@pytest.mark.usefixtures("bot")
async def test_looking_at_the_messages_tab_publishes_nothing(outside: Outside) -> None:
    event = {"type": "app_home_opened", "user": ANA, "channel": outside.slack.dm_of(ANA), "tab": "messages"}
    await outside.does(outside.slack.event(event))
    await opened(outside, BEN)
    assert ANA not in outside.slack.homes


@over_http
async def test_what_is_wrong_is_said_on_home_and_refresh_tries_again(outside: Outside, bot: Path) -> None:
    renamed(bot, "configuration", "away")
    sorry = await opened(outside)
    assert str(StoreUnavailable.aside) in letters(sorry["blocks"])
    renamed(bot, "away", "configuration")
    assert (await outside.does(outside.slack.press_home(ANA, buttons(sorry)["Refresh"]))).status == 200
    await until(lambda: "Team Alpha" in letters(outside.slack.homes[ANA]["blocks"]))


@over_http
async def test_what_breaks_on_home_has_a_reference(outside: Outside, bot: Path) -> None:
    with sqlite3.connect(bot) as connection:
        connection.execute("ALTER TABLE episode RENAME COLUMN scope TO place")
    connection.close()
    assert re.search(r"Something broke\.\s*Reference [0-9a-f]{8}", letters((await opened(outside))["blocks"]))


@over_http
@pytest.mark.usefixtures("bot")
async def test_a_home_that_takes_long_says_so_until_it_is_there(outside: Outside) -> None:
    async def silent(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(2.5)  # longer than the bot waits to be told who somebody is
        await app(scope, receive, send)

    outside.slack_faults.next("users.info", silent)
    waiting = await opened(outside, BEN)
    assert "Still adding up…" in letters(waiting["blocks"])
    await until(lambda: "Settings" in letters(outside.slack.homes[BEN]["blocks"]))
    assert published(outside) == [None, None]
    assert "You own no team" in letters(outside.slack.homes[BEN]["blocks"])


@over_http
@pytest.mark.usefixtures("bot")
async def test_a_workspace_that_takes_no_table_on_home_gets_lines(outside: Outside) -> None:
    outside.slack.fail_next("views.publish", error="invalid_arguments")
    home = await opened(outside)
    assert published(outside) == ["invalid_arguments", None]
    assert "table" not in [block["type"] for block in home["blocks"]]
    assert "Team Alpha" in letters(home["blocks"])


@pytest.mark.usefixtures("bot")
async def test_a_team_on_home_is_answered_in_a_dialog(outside: Outside) -> None:
    home = await opened(outside)
    assert (await outside.does(outside.slack.press_home(ANA, buttons(home)["Team Alpha"]))).status == 200
    await until(lambda: "Team Alpha spent" in letters((outside.slack.dialog_of(ANA) or {}).get("blocks")))
    dialog = outside.slack.dialog_of(ANA)
    assert dialog is not None
    assert problems(dialog["blocks"], "modal") == []
    assert outside.posted() == []
    assert outside.slack.dialog_of(BEN) is None
