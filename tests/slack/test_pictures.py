"""Charts in Slack: its own where it draws them, a picture where it does not, letters where all else fails."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image

from bot.answers.answer import Answer
from bot.answers.chart import EXAMPLES
from bot.demo.slack_server import Message
from bot.slack.notifier import SlackNotifier, web_client
from bot.slack.pictures import Pictures
from tests.outside import ANA, BEN, BOT_TOKEN, GENERAL, Outside, until, without_secrets
from tests.slack.test_app import asked, kinds, pressed

over_http = pytest.mark.parametrize("bot", ["http"], indirect=True)
UPLOAD = ["files.getUploadURLExternal", "files.completeUploadExternal"]
Logged = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack's stand-in looks at a file at once."""
    monkeypatch.setattr(Pictures.__init__, "__kwdefaults__", {"seconds_to_look": 0.0})


def methods(outside: Outside) -> list[str]:
    return [call.method for call in outside.slack.calls]


def images(message: Message) -> list[dict[str, Any]]:
    return [block for block in message.blocks if block["type"] == "image"]


async def shown(outside: Outside, block: dict[str, Any]) -> Image.Image:
    """What a person sees in the place of an image block."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{outside.slack_url}/files/{block['slack_file']['id']}")
    assert answer.headers["content-type"] == "image/png"
    return Image.open(BytesIO(answer.content))


@pytest.mark.usefixtures("bot")
async def test_a_chart_of_more_than_twenty_points_is_a_picture_inside_the_answer(outside: Outside) -> None:
    answer = await asked(outside, "chart trend last 30 days")
    (block,) = images(answer)
    assert "data_visualization" not in kinds(answer)
    assert (await shown(outside, block)).width == 1400
    assert block["alt_text"].startswith("Billed cost per day, by team. ")
    assert "$" in block["alt_text"]
    assert answer.ephemeral_to == ANA
    assert {"table", "actions"} <= set(kinds(answer))
    assert "By day:" in answer.text
    # The file is in no channel: whoever does not see the message does not see it either.
    assert [one for one in outside.posted() if one.files] == []
    assert [method for method in methods(outside) if method in UPLOAD] == UPLOAD


@over_http
@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("text", ["chart models", "chart trend last 7 days", "team alpha"])
async def test_a_chart_that_slack_draws_is_not_uploaded(outside: Outside, text: str) -> None:
    answer = await asked(outside, text)
    assert "data_visualization" in kinds(answer)
    assert not images(answer)
    assert not set(UPLOAD) & set(methods(outside))


@over_http
@pytest.mark.usefixtures("bot")
async def test_a_workspace_that_refuses_native_charts_gets_pictures(outside: Outside) -> None:
    outside.slack.fail_next("response_url", error="invalid_blocks", status=400)
    answer = await asked(outside, "chart models")
    assert "data_visualization" not in kinds(answer)
    (block,) = images(answer)
    assert (await shown(outside, block)).format == "PNG"


@over_http
@pytest.mark.usefixtures("bot")
async def test_a_picture_that_slack_has_not_looked_at_yet_is_sent_again(outside: Outside) -> None:
    outside.slack.fail_next("response_url", error="invalid_blocks", status=400)
    answer = await asked(outside, "chart trend last 30 days")
    assert images(answer)
    assert "table" in kinds(answer)
    assert methods(outside).count("files.completeUploadExternal") == 1


@over_http
@pytest.mark.usefixtures("bot")
async def test_where_slack_refuses_everything_letters_are_left_and_one_use_of_the_address(outside: Outside) -> None:
    outside.slack.fail_next("response_url", error="invalid_blocks", status=400, times=3)
    answer = await asked(outside, "chart trend last 30 days")
    assert "█" in str(answer.blocks)
    assert not images(answer)
    assert methods(outside).count("response_url") == 4


@over_http
@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("method", UPLOAD)
async def test_a_picture_that_can_not_be_uploaded_costs_nobody_the_answer(
    outside: Outside, logged: Logged, method: str
) -> None:
    outside.slack.fail_next(method, error="missing_scope")
    answer = await asked(outside, "chart trend last 30 days")
    assert "█" in str(answer.blocks)
    assert "table" in kinds(answer)
    (line,) = [line for line in logged() if line.get("action") == "picture_refused"]
    assert line["error"] == "missing_scope"
    assert without_secrets(str(logged())) == {}


@over_http
@pytest.mark.usefixtures("bot")
async def test_a_shared_chart_shows_its_picture_to_the_channel(outside: Outside) -> None:
    answer = await asked(outside, "chart trend last 30 days")
    await pressed(outside, answer, "share")

    def shared() -> list[Message]:
        return [one for one in outside.slack.visible_to(BEN) if one.from_bot]

    await until(shared)
    assert [len(images(one)) for one in shared()] == [1]


async def test_a_message_nobody_asked_for_has_its_pictures_too(outside: Outside) -> None:
    notifier = SlackNotifier(web_client(BOT_TOKEN, f"{outside.slack_url}/api/"), seconds_between_posts=0)
    forty: Answer = EXAMPLES["trend of forty teams"]
    await notifier.post(GENERAL, forty)
    outside.slack.fail_next("chat.postMessage", error="invalid_blocks")
    await notifier.post(GENERAL, EXAMPLES["models"])
    assert [len(images(one)) for one in outside.posted(GENERAL)] == [1, 1]
