"""The addresses through which the bot answers a command or a press without a token."""

import json
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.demo.slack import arguments
from bot.demo.slack.faults import Faults
from bot.demo.slack.values import BOT_USER_ID, Call, Json, Refused
from bot.demo.slack.workspace import Workspace

RESPONSE_USES, RESPONSE_LIFE = 5, timedelta(minutes=30)


@dataclass(slots=True)
class _ResponseUrl:
    """What one response_url may still do, and to which message `replace_original` refers."""

    user: str
    channel: str
    created: datetime
    typed: str | None = None
    original: str | None = None
    uses: int = 0


class ResponseUrls:
    """Every response_url given out, each good for five answers within thirty minutes."""

    def __init__(self, workspace: Workspace, faults: Faults) -> None:
        self._workspace = workspace
        self._faults = faults
        self._given: dict[str, _ResponseUrl] = {}

    def new(self, user: str, channel: str, *, typed: str | None = None, original: str | None = None) -> str:
        """A new address; `typed` is the command it answers, `original` the ts of the message it belongs to."""
        key = uuid.uuid4().hex
        address = self._workspace.url(f"/response/{key}")
        self._given[key] = _ResponseUrl(user, channel, self._workspace.clock(), typed, original)
        return address

    def answer_at_once(self, address: str, body: str) -> None:
        """The body of an acknowledgement, JSON or plain text: it takes none of the five uses."""
        try:
            decoded = json.loads(body)
        except ValueError:
            decoded = None
        self._respond(self._given[_key(address)], decoded if isinstance(decoded, dict) else {"text": body})

    async def answer(self, request: Request) -> Response:
        """One use over HTTP, recorded: taken, refused, or the fault ordered for it."""
        body = await arguments.read(request)
        fault = self._faults.take("response_url")
        error: str | None = None
        status = 200
        try:
            if fault:
                fault.refuse()
            self._use(request.path_params["key"], body)
        except Refused as refused:
            error, status = refused.error, refused.status
        if fault and fault.after_accepting:
            error, status = "internal_error", fault.status
        self._workspace.calls.append(Call("response_url", body, status, error))
        return JSONResponse({"ok": True} if error is None else {"ok": False, "error": error}, status)

    def _use(self, key: str, body: Json) -> None:
        response = self._given.get(key)
        if response is None or self._workspace.clock() - response.created > RESPONSE_LIFE:
            raise Refused("expired_url", status=404)
        if response.uses >= RESPONSE_USES:
            raise Refused("used_url", status=404)
        response.uses += 1
        self._respond(response, body)

    def _respond(self, response: _ResponseUrl, body: Json) -> None:
        original = self._workspace.find(response.original) if response.original else None
        if body.get("delete_original"):
            if original:
                self._workspace.store(replace(original, deleted=True))
            return
        text, blocks = arguments.content(body, status=400)
        if body.get("replace_original") and original and not original.deleted:
            self._workspace.store(replace(original, text=text, blocks=blocks, edited=original.ephemeral_to is None))
            return
        in_channel = body.get("response_type") == "in_channel"
        if in_channel and response.typed:
            # Slack shows the typed command above the first public answer, and only there.
            self._workspace.say(response.user, response.channel, response.typed)
            response.typed = None
        thread, hidden = body.get("thread_ts"), None if in_channel else response.user
        made = self._workspace.post(
            response.channel, BOT_USER_ID, text, blocks=blocks, thread_ts=thread, ephemeral_to=hidden
        )
        if response.original is None:
            response.original = made.ts


def _key(address: str) -> str:
    return address.rpartition("/")[2]
