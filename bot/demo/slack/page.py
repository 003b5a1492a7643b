"""The page in the browser: what one person sees, and what they type and press."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Protocol

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.demo.slack.shapes import message_json
from bot.demo.slack.values import BOT_NAME, BOT_USER_ID, COMMAND, SLACKBOT, TEAM_NAME, Delivery, Json, SlackUser
from bot.demo.slack.workspace import Workspace

SUGGESTIONS = (COMMAND, f"{COMMAND} team alpha", f"{COMMAND} models last 30 days", f"{COMMAND} help")
SHORTCUT = "claude_usage"
"""The one in manifest.yml: a Slack workspace knows an app's shortcuts from there."""
_FOLDER = Path(__file__).parents[1] / "page"


class Acts(Protocol):
    """What a person can do that the bot hears of; each raises LookupError for what is not there."""

    async def command(self, user_id: str, channel_id: str, command: str, text: str = "") -> Delivery: ...

    async def press(
        self,
        user_id: str,
        message_ts: str,
        action_id: str,
        value: str | None = None,
        channel_id: str | None = None,
        block_id: str | None = None,
    ) -> Delivery: ...

    async def press_home(self, user_id: str, action_id: str, value: str | None = None) -> Delivery: ...

    async def press_dialog(
        self, user_id: str, action_id: str, value: str | None = None, typed: Mapping[str, str] | None = None
    ) -> Delivery: ...

    async def open_home(self, user_id: str) -> Delivery: ...

    async def shortcut(self, user_id: str, callback_id: str) -> Delivery: ...

    async def submit(self, user_id: str, typed: Mapping[str, str]) -> Delivery: ...

    async def suggest(self, user_id: str, action_id: str, typed: str, *, home: bool = False) -> list[Json]: ...

    async def write(self, user_id: str, channel_id: str, text: str, thread: str | None = None) -> Delivery | None: ...

    def close_dialog(self, user_id: str) -> None: ...

    incident: Callable[[], Awaitable[None]] | None

    async def happen(self) -> None: ...


def routes(workspace: Workspace, acts: Acts) -> list[BaseRoute]:
    """The page itself, its state, its stream of changes, and what it sends."""

    async def page(_request: Request) -> Response:
        return FileResponse(_FOLDER / "index.html", headers={"cache-control": "no-store"})

    async def state(request: Request) -> Response:
        workspace.served_at(str(request.base_url))
        user_id = request.query_params.get("user")
        me = _person(workspace, user_id) if user_id else _people(workspace)[0]
        return JSONResponse(_state(workspace, me) | {"story": acts.incident is not None})

    async def stream(_request: Request) -> Response:
        ticks = _ticks(workspace)
        return StreamingResponse(ticks, media_type="text/event-stream", headers={"cache-control": "no-store"})

    async def command(asked: Json) -> Response:
        user, channel, text = _person(workspace, asked["user"]).id, asked["channel"], str(asked["text"]).strip()
        if channel not in workspace.channels and channel != workspace.dm_of(user):
            raise LookupError(f"{user} sees no channel {channel}.")
        name, _, rest = text.partition(" ")
        if not text.startswith("/"):
            heard = await acts.write(user, channel, text)
            return _delivered(heard) if heard else JSONResponse({"ok": True})
        if name != COMMAND:
            workspace.post(channel, SLACKBOT, f"{name} is not a valid command.", ephemeral_to=user)
        else:
            return _delivered(await acts.command(user, channel, name, rest.strip()))
        return JSONResponse({"ok": True})

    async def press(asked: Json) -> Response:
        user, ts, action, value = (
            _person(workspace, asked["user"]).id,
            asked.get("ts"),
            asked["action_id"],
            asked.get("value"),
        )
        if ts is None and asked.get("dialog"):
            return _delivered(await acts.press_dialog(user, action, value, asked.get("typed")))
        if ts is None:
            return _delivered(await acts.press_home(user, action, value))
        return _delivered(await acts.press(user, ts, action, value, asked["channel"], asked.get("block_id")))

    async def home(asked: Json) -> Response:
        return _delivered(await acts.open_home(_person(workspace, asked["user"]).id))

    async def shortcut(asked: Json) -> Response:
        return _delivered(await acts.shortcut(_person(workspace, asked["user"]).id, SHORTCUT))

    async def submit(asked: Json) -> Response:
        return _delivered(await acts.submit(_person(workspace, asked["user"]).id, asked["typed"]))

    async def close(asked: Json) -> Response:
        acts.close_dialog(_person(workspace, asked["user"]).id)
        return JSONResponse({"ok": True})

    async def happen(_asked: Json) -> Response:
        await acts.happen()
        return JSONResponse({"ok": True})

    async def suggest(asked: Json) -> Response:
        user, home = _person(workspace, asked["user"]).id, not asked.get("dialog")
        return JSONResponse(
            {"ok": True, "options": await acts.suggest(user, asked["action_id"], asked["typed"], home=home)}
        )

    return [
        Route("/", page),
        Mount("/page", StaticFiles(directory=_FOLDER)),
        Route("/api-page/state", _found(state)),
        Route("/api-page/stream", stream),
        *(
            Route(f"/api-page/{name}", _found(_asked_by_page(act)), methods=["POST"])
            for name, act in {
                "command": command,
                "press": press,
                "home": home,
                "shortcut": shortcut,
                "submit": submit,
                "close": close,
                "suggest": suggest,
                "happen": happen,
            }.items()
        ),
    ]


def _found(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """404 for a person, channel, message or element that is not there."""

    async def looked_up(request: Request) -> Response:
        try:
            return await handler(request)
        except LookupError as gone:
            return _failed(str(gone), 404)

    return looked_up


def _asked_by_page(handler: Callable[[Json], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Only JSON is taken: another site's form could otherwise speak for the person who has the page open."""

    async def checked(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _failed("Send JSON.", 415)
        return await handler(await request.json())

    return checked


def _failed(error: str, status: int = 200) -> Response:
    return JSONResponse({"ok": False, "error": error}, status)


def _delivered(delivery: Delivery) -> Response:
    return JSONResponse({"ok": True}) if delivery.status == 200 else _failed(delivery.body or str(delivery.status))


def _people(workspace: Workspace) -> list[SlackUser]:
    """Who can log in."""
    return [user for user in workspace.users.values() if not user.bot and not user.deleted]


def _person(workspace: Workspace, user_id: str) -> SlackUser:
    for user in _people(workspace):
        if user.id == user_id:
            return user
    raise LookupError(f"Nobody here has the id {user_id}.")


async def _ticks(workspace: Workspace) -> AsyncIterator[str]:
    """A `changed` event whenever anything changes; a comment every 15 s shows that the line is alive."""
    with workspace.watching() as watcher:
        yield ": open\n\n"
        while True:
            try:
                await asyncio.wait_for(watcher.wait(), 15)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            watcher.clear()
            yield "event: changed\ndata: {}\n\n"


def _state(workspace: Workspace, me: SlackUser) -> Json:
    """Everything one person sees."""
    names = {user.id: user.name for user in workspace.users.values()} | {BOT_USER_ID: BOT_NAME, SLACKBOT: "Slackbot"}
    return {
        "workspace": TEAM_NAME,
        "me": me.id,
        "bot": BOT_USER_ID,
        "names": names,
        "users": [{"id": user.id, "name": user.name, "tz": user.tz} for user in _people(workspace)],
        "channels": [
            {"id": channel.id, "name": channel.name, "private": channel.private}
            for channel in workspace.channels.values()
            if not channel.archived
        ],
        "dm": workspace.dm_of(me.id),
        "home": workspace.homes.get(me.id),
        "dialog": workspace.dialog_of(me.id),
        "mention": f"@{BOT_NAME}",
        "now": workspace.clock().timestamp(),
        "command": COMMAND,
        "suggestions": SUGGESTIONS,
        "messages": [
            message_json(message) | {"channel": message.channel, "ephemeral": message.ephemeral_to is not None}
            for message in workspace.visible_to(me.id)
        ],
    }
