"""The shortcut and its dialog: asked in words, by a press and by a name that is found while one types."""

from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import StoreUnavailable
from bot.demo.slack_limits import problems
from bot.slack.dialog import SHORTCUT
from tests.outside import ANA, BEN, Outside, until
from tests.slack.test_home import buttons, letters, renamed

over_http = pytest.mark.parametrize("bot", ["http"], indirect=True)
"""For what lies behind the transport: once is enough."""


async def opened(outside: Outside, who: str = ANA) -> dict[str, Any]:
    assert (await outside.does(outside.slack.shortcut(who, SHORTCUT))).status == 200
    await until(lambda: outside.slack.dialog_of(who))
    return shown(outside, who)


def shown(outside: Outside, who: str = ANA) -> dict[str, Any]:
    view = outside.slack.dialog_of(who)
    assert view is not None
    assert problems(view["blocks"], "modal") == []
    return view


async def after(before: dict[str, Any], outside: Outside, who: str = ANA) -> dict[str, Any]:
    """What it shows next, past the note that an answer takes a while, as it does on a busy machine."""

    def answered() -> bool:
        now = shown(outside, who)
        return now != before and "Still adding up" not in letters(now["blocks"])

    await until(answered)
    return shown(outside, who)


async def sent(outside: Outside, words: str, who: str = ANA) -> dict[str, Any]:
    before = shown(outside, who)
    delivery = await outside.does(outside.slack.submit(who, {"words": words}))
    assert delivery.status == 200, delivery.body
    return await after(before, outside, who)


async def pressed(outside: Outside, label: str, who: str = ANA) -> dict[str, Any]:
    before = shown(outside, who)
    await outside.does(outside.slack.press_dialog(who, buttons(before)[label]))
    return await after(before, outside, who)


def field(view: dict[str, Any]) -> str:
    """What the field of a dialog holds."""
    return str(view["blocks"][0]["element"].get("initial_value", ""))


@pytest.mark.usefixtures("bot")
async def test_the_shortcut_opens_a_field_and_examples_about_ones_own_team(outside: Outside) -> None:
    dialog = await opened(outside, BEN)
    assert "team beta" not in buttons(dialog)  # in the configuration Ben is known by his e-mail address alone
    assert {"team alpha", "summary", "models last 30 days"} <= set(buttons(dialog))
    assert "What do you want to know?" in letters(dialog["blocks"])


@pytest.mark.usefixtures("bot")
async def test_words_sent_from_the_dialog_are_answered_in_it_to_nobody_else(outside: Outside) -> None:
    await opened(outside)
    answer = await sent(outside, "team alpha by model")
    assert "Team Alpha spent" in letters(answer["blocks"])
    assert field(answer) == "team alpha this month by model"
    assert {"Receipt", "CSV"} <= set(buttons(answer))
    assert "Share to channel" not in buttons(answer)
    assert not [block for block in answer["blocks"] if block["type"] in ("table", "data_visualization")]
    assert outside.posted() == []


@over_http
@pytest.mark.usefixtures("bot")
async def test_words_that_cannot_be_read_are_an_error_at_the_field(outside: Outside) -> None:
    await opened(outside)
    wrong = await sent(outside, "taem alpha")
    assert "Did you mean team alpha?" in wrong["errors"]["words"]
    assert "`" not in wrong["errors"]["words"]
    again = await sent(outside, "team alpha")
    assert "Team Alpha spent" in letters(again["blocks"])


@over_http
@pytest.mark.usefixtures("bot")
async def test_ten_thousand_letters_are_refused_at_the_field(outside: Outside) -> None:
    await opened(outside)
    wrong = await sent(outside, "x" * 10_000)
    assert "I read up to 2,000" in wrong["errors"]["words"]


@over_http
@pytest.mark.usefixtures("bot")
async def test_an_example_is_answered_at_a_press_and_leads_on(outside: Outside) -> None:
    await opened(outside)
    answer = await pressed(outside, "summary")
    assert "By team" in letters(answer["blocks"])
    receipt = await pressed(outside, "Receipt")
    assert "nothing is left over" in letters(receipt["blocks"])
    assert "spent" in letters((await pressed(outside, "The figures"))["blocks"])


@over_http
@pytest.mark.usefixtures("bot")
async def test_a_file_asked_for_in_the_dialog_comes_into_the_direct_messages(outside: Outside) -> None:
    await opened(outside)
    await sent(outside, "models yesterday")
    note = await pressed(outside, "CSV")
    assert "models-yesterday.csv is in our direct messages" in letters(note["blocks"])
    (message,) = [one for one in outside.posted() if one.files]
    assert message.channel == outside.slack.dm_of(ANA)


@pytest.mark.usefixtures("bot")
async def test_teams_and_models_are_found_while_one_types(outside: Outside) -> None:
    await opened(outside)
    some = await outside.does(outside.slack.suggest(ANA, "names", "alp"))
    assert [(one["text"]["text"], one["value"]) for one in some] == [("Team Alpha", "team alpha")]
    every = await outside.does(outside.slack.suggest(ANA, "names", ""))
    assert {"Team Gamma", "unallocated", "Claude Haiku 4.5"} <= {one["text"]["text"] for one in every}
    slip = await outside.does(outside.slack.suggest(ANA, "names", "tema alpah"))
    assert "Team Alpha" in [one["text"]["text"] for one in slip]


@over_http
@pytest.mark.usefixtures("bot")
async def test_a_name_that_was_found_is_answered_at_once(outside: Outside) -> None:
    await opened(outside)
    before = shown(outside)
    await outside.does(outside.slack.press_dialog(ANA, "names", "team gamma"))
    assert "Team Gamma" in letters((await after(before, outside))["blocks"])


@over_http
async def test_a_database_that_is_away_is_said_in_the_dialog_and_nothing_is_suggested(
    outside: Outside, bot: Path
) -> None:
    renamed(bot, "configuration", "away")
    await opened(outside)
    assert await outside.does(outside.slack.suggest(ANA, "names", "alp")) == []
    wrong = await sent(outside, "team alpha")
    assert wrong["errors"]["words"] == StoreUnavailable.aside


@over_http
@pytest.mark.usefixtures("bot")
async def test_a_press_whose_dialog_slack_will_not_open_is_answered_in_the_direct_messages(outside: Outside) -> None:
    await outside.does(outside.slack.open_home(ANA))
    await until(lambda: ANA in outside.slack.homes)
    outside.slack.fail_next("views.open", error="expired_trigger_id")
    await outside.does(outside.slack.press_home(ANA, buttons(outside.slack.homes[ANA])["Team Alpha"]))
    await until(outside.posted)
    (answer,) = outside.posted()
    assert answer.channel == outside.slack.dm_of(ANA)
    assert "Team Alpha spent" in answer.text
