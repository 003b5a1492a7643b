"""The places an answer can go to: a response_url, a conversation, the dialog. Each keeps Slack's rules of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.render import slack as render
from bot.render import slack_views
from bot.slack import metering

log = structlog.get_logger()

Message = dict[str, Any]
REFUSED_LAYOUT = "invalid_blocks"
_LAYOUT = ("invalid_blocks", "invalid_arguments")
"""Messages are refused with the one, views with the other."""
_SPENT = ("expired_url", "used_url")
_BESIDE = "Still adding up… The answer comes below this."
_PLAIN: Message = {"unfurl_links": False, "unfurl_media": False}


class Outlet(Protocol):
    """Where one answer goes. Failures are returned, never raised: nobody is there to catch them."""

    dialog: bool
    """It takes `answered` views instead of messages."""
    user: str
    """Whose answer it is."""

    async def note(self) -> None:
        """Say that it takes a moment; what follows takes the note's place where Slack lets it."""
        ...

    async def put(self, message: Message, *, shared: bool = False) -> str:
        """What Slack has against the message, "" if nothing; REFUSED_LAYOUT where a plainer one may be taken."""
        ...

    async def sorry(self, words: str, reference: str | None = None) -> None:
        """An apology, to whoever asked alone."""
        ...


class Response:
    """A response_url: five uses in thirty minutes. When it is spent the Web API says the rest, to the same person.

    It is used on the client's own connections: Bolt would make one for each answer.

    `own`: the message that was pressed is seen by nobody else, and what follows takes its place. `command`: there is no
    message yet, so that the note is the first and the answer replaces it.
    """

    dialog = False

    def __init__(
        self,
        url: str,
        client: AsyncWebClient,
        *,
        user: str,
        channel: str,
        thread: str | None = None,
        own: bool = False,
        command: bool = False,
    ) -> None:
        self._url = AsyncWebhookClient(url, session=client.session)
        self._client = client
        self.user, self._channel, self._thread = user, channel, thread
        self._own, self._command = own, command
        self._noted = False
        self._spent = not url

    @classmethod
    def beside(cls, body: Message, client: AsyncWebClient, *, own: bool = False) -> Response:
        """Where a press is answered: by the message that was pressed, in the thread that it stands in."""
        place = body.get("container", {})
        return cls(
            str(body.get("response_url", "")),
            client,
            user=str(body["user"]["id"]),
            channel=str(place.get("channel_id", "")),
            thread=place.get("thread_ts"),
            own=own,
        )

    async def note(self) -> None:
        """Beside a message that others read the note can't be taken away again, so it says what comes."""
        replaceable = self._own or self._command
        message = slack_views.note() if replaceable else render.sorry(_BESIDE)
        self._noted = not await self._send(message, replace=self._own) and replaceable

    async def put(self, message: Message, *, shared: bool = False) -> str:
        if not shared:
            return await self._send(message, replace=self._own or self._noted)
        refused = await self._send(message, replace=False, shared=True)
        if not refused and self._noted:
            await self._deleted()
        return refused

    async def sorry(self, words: str, reference: str | None = None) -> None:
        """Beside what stands there; only in the place of a note."""
        await self._send(render.sorry(words, reference), replace=self._noted)

    async def _send(self, message: Message, *, replace: bool, shared: bool = False) -> str:
        if not self._spent:
            kind = "in_channel" if shared else "ephemeral"
            options = {"response_type": kind, "replace_original": replace, "thread_ts": self._thread}
            refused = await self._use(message | options | _PLAIN)
            if not refused or REFUSED_LAYOUT in refused:
                return refused and REFUSED_LAYOUT
            self._spent = any(code in refused for code in _SPENT)
            if shared and not self._spent:
                return refused  # it may have come, and who shared it may press again
        return await self._otherwise(message, shared=shared)

    async def _otherwise(self, message: Message, *, shared: bool) -> str:
        """Through the Web API, which the bot may only use where it is a member; else in its direct messages."""
        here = {"channel": self._channel, "thread_ts": self._thread, **message, **_PLAIN}
        if shared:
            return await said(self._client, "chat.postMessage", here)
        refused = await said(self._client, "chat.postEphemeral", here | {"user": self.user})
        if refused in ("", REFUSED_LAYOUT):
            return refused
        return await said(self._client, "chat.postMessage", {**message, **_PLAIN, "channel": self.user})

    async def _deleted(self) -> None:
        await self._use({"delete_original": True})

    async def _use(self, options: Message) -> str:
        try:
            with metering.responding() as ending:
                response = await self._url.send_dict(options)
                ending.code = "ok" if response.status_code == 200 else metering.code_in(response.body)
        except Exception as error:
            # No traceback: the address in it lets anyone answer in the bot's name.
            log.warning("Slack can't be answered.", action="response_failed", error=type(error).__name__)
            return type(error).__name__
        if response.status_code == 200:
            return ""
        log.warning(
            "Slack refused an answer.", action="response_refused", status=response.status_code, body=response.body
        )
        return str(response.body) or str(response.status_code)


class Conversation:
    """A message in a direct message, or in the thread under a mention, where all can read it (`public`)."""

    dialog = False

    def __init__(
        self, client: AsyncWebClient, *, channel: str, user: str, thread: str | None = None, public: bool = False
    ) -> None:
        self._client = client
        self._channel, self.user, self._thread, self._public = channel, user, thread, public
        self._note: str | None = None

    async def note(self) -> None:
        self._note = await self._posted(slack_views.note())

    async def put(self, message: Message, *, shared: bool = False) -> str:  # noqa: ARG002
        message = render.unshared(message)
        if self._note is None:
            return await said(self._client, "chat.postMessage", self._here(message))
        where = {"channel": self._channel, "ts": self._note}
        return await said(self._client, "chat.update", message | where)

    async def sorry(self, words: str, reference: str | None = None) -> None:
        """In a channel nobody else need read it, so the note goes away."""
        message = render.sorry(words, reference)
        if not self._public:
            await self.put(message)
            return
        if self._note is not None:
            await said(self._client, "chat.delete", {"channel": self._channel, "ts": self._note})
        await said(self._client, "chat.postEphemeral", self._here(message) | {"user": self.user})

    async def _posted(self, message: Message) -> str | None:
        try:
            return str((await self._client.chat_postMessage(**self._here(message)))["ts"])
        except (SlackApiError, aiohttp.ClientError, TimeoutError):
            return None  # the answer itself will say in the log what is wrong

    def _here(self, message: Message) -> Message:
        return {**message, **_PLAIN, "channel": self._channel, "thread_ts": self._thread}


class Dialog:
    """The dialog that is open under this id; `asked` is what its field holds."""

    dialog = True

    def __init__(self, client: AsyncWebClient, view_id: str, asked: str, user: str) -> None:
        self._client = client
        self._view_id = view_id
        self.asked, self.user = asked, user

    async def note(self) -> None:
        await self._shown(slack_views.waiting())

    async def put(self, message: Message, *, shared: bool = False) -> str:  # noqa: ARG002
        return await self._shown(message)

    async def sorry(self, words: str, reference: str | None = None) -> None:
        await self._shown(slack_views.sorry(self.asked, words, reference))

    async def _shown(self, view: Message) -> str:
        return await said(self._client, "views.update", {"view_id": self._view_id, "view": view})


def is_open(body: Mapping[str, Any]) -> bool:
    """Whether what was pressed stands in a dialog."""
    return (body.get("view") or {}).get("type") == "modal"


async def opened(client: AsyncWebClient, body: Mapping[str, Any], view: Message) -> str | None:
    """The id of a dialog that was opened, over the one that is open if there is one; None where Slack would not, as
    after three seconds."""
    method = "views.push" if is_open(body) else "views.open"
    try:
        answer = await client.api_call(method, json={"trigger_id": str(body.get("trigger_id", "")), "view": view})
    except SlackApiError as error:
        log.warning("Slack opened no dialog.", action="dialog_refused", error=metering.said_by(error))
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("Slack opened no dialog.", action="dialog_failed", error=type(error).__name__)
    else:
        made: Any = answer["view"]
        return str(made["id"])
    return None


async def said(client: AsyncWebClient, method: str, arguments: Message) -> str:
    """Call a method of the Web API; what Slack has against it, "" if nothing."""
    given = {name: value for name, value in arguments.items() if value is not None}
    try:
        await client.api_call(method, json=given)
    except SlackApiError as error:
        code = metering.said_by(error)
        log.warning("Slack refused an answer.", action="answer_refused", method=method, error=code)
        return REFUSED_LAYOUT if code in _LAYOUT else code
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("Slack can't be answered.", action="answer_failed_to_arrive", error=type(error).__name__)
        return type(error).__name__
    return ""
