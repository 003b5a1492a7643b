"""People of another Slack workspace: in a channel that is shared with them, or where the app is installed as well."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.demo.slack_server import COMMAND, SlackUser
from bot.slack.notifier import web_client
from bot.slack.people import SlackPeople
from tests import faults
from tests import outside as world
from tests.outside import ALPHA, ANA, BEN, BOT_TOKEN, GENERAL, Outside, until

EVE = SlackUser("U0EVE", "Eve", "ben@example.com", team="T0ANOTHER")
"""Her workspace gives her the address of our admin."""
SORRY = "I only answer people of the Slack workspace that I belong to."


@pytest.fixture(autouse=True)
def eve(outside: Outside) -> None:
    outside.slack.users[EVE.id] = EVE


async def asked(outside: Outside, who: str, words: str = "team alpha") -> str:
    before = len(outside.posted())
    await outside.does(outside.slack.command(who, ALPHA, COMMAND, words))
    await until(lambda: len(outside.slack.messages) > before and len(outside.posted()) > before)
    return outside.posted()[-1].text


@pytest.mark.usefixtures("bot")
async def test_their_commands_are_refused_in_a_sentence_and_ours_answered(outside: Outside) -> None:
    assert "Team Alpha spent" in await asked(outside, ANA)
    assert await asked(outside, EVE.id) == SORRY


@pytest.mark.usefixtures("bot")
async def test_their_presses_are_refused_and_do_nothing(outside: Outside) -> None:
    await asked(outside, ANA, "team alpha share")
    shared = outside.posted()[-1]
    for action in ("ask:0", "receipt", "share", "csv"):
        before = len(outside.posted())
        await outside.does(outside.slack.press(EVE.id, shared.ts, action))
        await until(lambda before=before: len(outside.posted()) > before)  # type: ignore[misc]
        assert (outside.posted()[-1].text, outside.posted()[-1].ephemeral_to) == (SORRY, EVE.id)
    assert len(outside.posted()) == 5


@pytest.mark.usefixtures("bot")
async def test_their_mentions_homes_and_shortcuts_come_to_nothing(outside: Outside) -> None:
    await outside.does(outside.slack.write(EVE.id, GENERAL, "@claude-usage team alpha"))
    await outside.does(outside.slack.shortcut(EVE.id, "claude_usage"))
    await outside.does(outside.slack.write(ANA, GENERAL, "@claude-usage team alpha"))
    await until(outside.posted)
    (answer,) = outside.posted()
    assert "Team Alpha spent" in answer.text
    assert outside.slack.dialog_of(EVE.id) is None
    await outside.does(outside.slack.open_home(EVE.id))
    await until(lambda: EVE.id in outside.slack.homes)
    assert SORRY in str(outside.slack.homes[EVE.id])
    assert "Team Alpha" not in str(outside.slack.homes[EVE.id])


@pytest.mark.usefixtures("bot")
async def test_ours_are_answered_from_another_workspace_of_our_organisation(outside: Outside) -> None:
    """Slack names another team, and says of the person that they are ours."""
    mention = {"type": "app_mention", "user": ANA, "text": "<@U0CLAUDEUSE> team alpha", "channel": GENERAL}
    await outside.does(outside.slack.event(mention | {"ts": "1795337999.000100", "user_team": "T0SISTER"}))
    await until(outside.posted)
    assert "Team Alpha spent" in outside.posted()[-1].text


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"team_id": None}, {}),
        ({"team_id": "T0OTHER"}, {"team_id": None, "is_stranger": False}),
        ({"team_id": "T0OTHER"}, {"team_id": "T0THIRD", "is_stranger": False}),
        ({"team_id": "T0OTHER"}, None),
        ({"team_id": "E0ORG", "enterprise_id": "E0ORG"}, {"enterprise_user": {"enterprise_id": "E0ORG"}}),
    ],
    ids=["no-team", "no-word", "one-for-everybody", "no-user", "whole-organisation"],
)
async def test_nobody_is_turned_away_by_ids_alone_that_differ_for_everybody(
    outside: Outside, database: Path, ours: dict[str, Any], theirs: dict[str, Any] | None
) -> None:
    """`theirs` is what Slack says of any user, our own bot user among them."""
    outside.slack_faults.next("auth.test", faults.mutate(lambda said: said | ours), times=None)
    said = outside.slack_faults
    if theirs is None:
        said.next("users.info", faults.status(200, body={"ok": True}), times=None)
    elif theirs:
        user = {"id": BEN, "name": "ben", "profile": {"email": "ben@example.com"}} | theirs
        said.next("users.info", faults.status(200, body={"ok": True, "user": user}), times=None)
    async with world.bot(outside, f"sqlite:///{database}"):
        assert "Team Alpha spent" in await asked(outside, BEN, "team alpha share")
        await outside.does(outside.slack.press(BEN, outside.posted()[-1].ts, "receipt"))
        await until(lambda: len(outside.posted()) == 2)
        assert outside.posted()[-1].text != SORRY
    people = SlackPeople(web_client(BOT_TOKEN, f"{outside.slack_url}/api/"), outside.clock)
    if theirs is not None:
        assert await people.names(BEN) == {BEN, "ben@example.com"}


async def test_who_is_of_another_workspace_is_told_by_its_id_alone(outside: Outside) -> None:
    """Slack calls nobody a stranger with whom a channel is shared."""
    outside.slack_faults.next(
        "users.info", faults.mutate(lambda said: said | {"user": said["user"] | {"is_stranger": False}}), times=None
    )
    people = SlackPeople(web_client(BOT_TOKEN, f"{outside.slack_url}/api/"), outside.clock)
    assert await people.names(EVE.id) == frozenset()
    assert await people.elsewhere(EVE.id)
    assert not await people.elsewhere(BEN)
    assert not await people.elsewhere("U0NOBODY")


async def test_the_address_that_another_workspace_gave_is_nobodys_name(outside: Outside) -> None:
    people = SlackPeople(web_client(BOT_TOKEN, f"{outside.slack_url}/api/"), outside.clock)
    assert await people.names(EVE.id) == frozenset()
    assert await people.names(BEN) == {BEN, "ben@example.com"}
    assert not await people.belongs(EVE.id, sure=False)
    assert await people.belongs(BEN, sure=True)
    assert not await people.belongs("U0NOBODY", sure=False)


async def test_while_slack_is_away_only_the_payload_tells_strangers(outside: Outside) -> None:
    people = SlackPeople(web_client(BOT_TOKEN, f"{outside.slack_url}/api/"), outside.clock)
    outside.slack.fail_next("auth.test", error="internal_error", status=500)
    assert await people.workspace() == frozenset()
    assert await people.belongs(BEN, sure=False)
    assert not await people.belongs(BEN, sure=True)
    outside.clock.pass_(timedelta(minutes=61))
    assert await people.workspace() == {"T0EXAMPLE"}
    assert await people.belongs(BEN, sure=True)
