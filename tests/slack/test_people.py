"""Who is who in Slack: asked for once, and nobody waits for Slack to say it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.demo.slack_server import COMMAND, Message
from bot.slack.notifier import web_client
from bot.slack.people import SlackPeople
from tests.faults import hang, mutate, status
from tests.outside import ALPHA, ANA, BEN, BOT_TOKEN, Outside, until

over_http = pytest.mark.parametrize("bot", ["http"], indirect=True)
WEEK = "last 7 days"


@pytest.fixture
def people(outside: Outside) -> SlackPeople:
    return SlackPeople(web_client(BOT_TOKEN, f"{outside.slack_url}/api/"), outside.clock)


def lookups(outside: Outside) -> int:
    return sum(call.method.startswith("users.") for call in outside.slack.calls)


async def asked(outside: Outside, text: str, who: str) -> Message:
    before = len(outside.posted())
    await outside.does(outside.slack.command(who, ALPHA, COMMAND, text))
    await until(lambda: len(outside.posted()) > before)
    return outside.posted()[-1]


async def test_a_user_id_leads_to_the_email_and_back_in_any_case(people: SlackPeople) -> None:
    both = {ANA, "ana@example.com"}
    for name in (ANA, ANA.lower(), "ana@example.com", "Ana@Example.com"):
        assert await people.names(name) == both, name
    assert await people.names("U0NOBODY") == frozenset()
    assert await people.names("nobody@example.com") == frozenset()


async def test_slack_is_asked_once_an_hour(outside: Outside, people: SlackPeople) -> None:
    for _ in range(3):
        await people.names(ANA)
    assert lookups(outside) == 1
    outside.clock.pass_(timedelta(minutes=61))
    await people.names(ANA)
    assert lookups(outside) == 2


async def test_a_failure_is_forgotten_after_a_minute(outside: Outside, people: SlackPeople) -> None:
    outside.slack.fail_next("users.info", error="internal_error", status=500)
    assert await people.names(ANA) == frozenset()
    assert await people.names(ANA) == frozenset()
    outside.clock.pass_(timedelta(seconds=61))
    assert await people.names(ANA) == {ANA, "ana@example.com"}


async def test_nobody_waits_long_for_a_slack_that_hangs(
    outside: Outside, people: SlackPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.people.DEADLINE_SECONDS", 0.1)
    outside.slack_faults.next("users.info", hang(1))
    assert await people.names(ANA) == frozenset()


SHAPES: tuple[dict[str, Any], ...] = (
    {},
    {"user": None},
    {"user": []},
    {"user": ANA},
    {"user": {}},
    {"user": {"id": ANA, "profile": "none"}},
    {"user": {"id": ANA, "tz": ["UTC"]}},
    {"user": {"id": ANA, "team_id": ["T0"]}},
    {"user": {"id": ANA, "enterprise_user": "E0"}},
)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
async def test_an_answer_of_another_shape_leaves_somebody_unknown(
    outside: Outside, people: SlackPeople, shape: dict[str, Any]
) -> None:
    outside.slack_faults.next("users.info", mutate(lambda _: {"ok": True} | shape))
    assert (await people.names(ANA), await people.zone(ANA)) == (frozenset(), None)
    outside.clock.pass_(timedelta(seconds=61))
    assert await people.names(ANA) == {ANA, "ana@example.com"}


async def test_who_answers_in_slacks_place_without_a_word_is_named_by_its_status(
    outside: Outside, people: SlackPeople, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    bodies: tuple[object, ...] = ({}, {"ok": False, "error": None}, [])
    for body in bodies:
        outside.slack_faults.next("users.info", status(503, body=body))
        outside.clock.pass_(timedelta(seconds=61))
        await people.names(ANA)
    assert [line["error"] for line in logged()] == ["HTTP 503"] * 3


@over_http
@pytest.mark.usefixtures("bot")
async def test_everybody_sees_their_own_and_an_admin_everybody(outside: Outside) -> None:
    ana = await asked(outside, f"users {WEEK}", ANA)
    assert "3 people" in str(ana.blocks)
    assert "Ana Ribeiro" in str(ana.blocks)
    assert "Gus Lindqvist" not in str(ana.blocks)
    assert ana.ephemeral_to == ANA
    ben = await asked(outside, f"users {WEEK}", BEN)  # an admin, named by e-mail
    assert "Gus Lindqvist" in str(ben.blocks)
    assert lookups(outside) == 2


@over_http
@pytest.mark.usefixtures("bot")
async def test_a_refusal_says_who_may_see_it_and_how_to_change_that(outside: Outside) -> None:
    answer = await asked(outside, f"user gus {WEEK}", ANA)
    assert answer.ephemeral_to == ANA
    for words in ("admins", "the owners of their team", "An admin can change that"):
        assert words in answer.text
    assert "$" not in answer.text


@over_http
@pytest.mark.usefixtures("bot")
async def test_what_an_admin_sees_the_channel_does_not(outside: Outside) -> None:
    own = await asked(outside, f"users {WEEK}", BEN)
    await outside.does(outside.slack.press(BEN, own.ts, "share"))
    await until(lambda: len(outside.posted()) == 2)
    sorry = outside.posted()[-1]
    assert (sorry.ephemeral_to, "A channel is shown" in sorry.text) == (BEN, True)
    typed = await asked(outside, f"users {WEEK} share", BEN)
    assert (typed.ephemeral_to, "A channel is shown" in typed.text) == (BEN, True)


@over_http
@pytest.mark.usefixtures("bot")
async def test_a_button_answers_for_whoever_presses_it(outside: Outside) -> None:
    shared = await asked(outside, f"keys {WEEK} share", BEN)
    assert shared.ephemeral_to is None
    assert "claude_code_key_" not in str(shared.blocks)
    await outside.does(outside.slack.press(BEN, shared.ts, "receipt"))
    await outside.does(outside.slack.press(ANA, shared.ts, "receipt"))
    await until(lambda: len(outside.posted()) == 3)
    receipts = {message.ephemeral_to: str(message.blocks) for message in outside.posted()[1:]}
    assert "Rows of the ledger" in receipts[BEN]
    assert "Rows of the ledger" not in receipts[ANA]
    assert "some are of people whose figures you may not see" in receipts[ANA]
