"""Charts that Slack does not draw itself: drawn here, uploaded, and shown inside the message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.answers.answer import Answer, Chart
from bot.render import png, slack_views, slack_words
from bot.render import slack as render
from bot.render.plain import cut
from bot.render.slack_blocks import ALT_TEXT
from bot.render.slack_figures import Pictures as Uploaded
from bot.render.slack_figures import undrawn
from bot.slack.metering import said_by

log = structlog.get_logger()

DEADLINE_SECONDS = 10
"""Somebody waits for the answer, and gets bars of letters without this."""
SECONDS_TO_LOOK = 1.0
"""Slack refuses a message with a file that it has not looked at yet."""


class Pictures:
    """Draws one at a time, beside the event loop: a picture is half a second's work, and others wait for their acks."""

    def __init__(self, client: AsyncWebClient, *, seconds_to_look: float = SECONDS_TO_LOOK) -> None:
        self._client = client
        self._pause = seconds_to_look
        self._pencil = asyncio.Lock()

    async def messages(self, answer: Answer) -> AsyncIterator[dict[str, Any]]:
        """The answer as a message, then as others, each for when Slack refused the layout of the one before.

        With native charts and tables and pictures of what is not native; the same again, where a picture may have been
        too new; with pictures alone; in letters; without blocks. At most five, since a response_url takes no more.
        """
        pictures = await self.of(undrawn(answer.charts, native=True))
        yield render.message(answer, pictures)
        if pictures:
            await asyncio.sleep(self._pause)
            yield render.message(answer, pictures)
        native = [chart for chart in answer.charts if chart not in pictures]
        pictures = {**pictures, **await self.of(native)}
        if pictures:
            await asyncio.sleep(self._pause)
            yield render.plain(answer, pictures)
        yield render.plain(answer)
        yield slack_words.message(answer)

    async def views(self, answer: Answer) -> AsyncIterator[dict[str, Any]]:
        """The same for a dialog, which takes neither native charts nor native tables."""
        pictures = await self.of(answer.charts)
        if pictures:
            await asyncio.sleep(self._pause)
            yield slack_views.answered(answer, pictures)
        yield slack_views.answered(answer)

    async def of(self, charts: Sequence[Chart]) -> Uploaded:
        """The ids under which Slack holds the pictures; without those that could not be drawn or brought there."""
        found: dict[Chart, str] = {}
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                for chart in charts:
                    found[chart] = await self._uploaded(chart)
        except SlackApiError as error:
            log.warning("Slack refused a picture.", action="picture_refused", error=said_by(error))
        except (TimeoutError, aiohttp.ClientError) as error:
            log.warning("A picture did not get to Slack.", action="picture_failed", error=type(error).__name__)
        except Exception:
            log.exception("A picture broke.", action="picture_broke")
        return found

    async def _uploaded(self, chart: Chart) -> str:
        """Into no channel: it can be seen where a message shows it, and nowhere else."""
        async with self._pencil:
            content = await asyncio.to_thread(png.picture, chart)
        words = cut(chart.finding or chart.title, ALT_TEXT)
        answer = await self._client.files_upload_v2(filename="chart.png", title="Chart", content=content, alt_txt=words)
        return str(answer["files"][0]["id"])
