"""The forms: opened by a command or a press, filled in with names that are found, sent once, and what comes of it.

A dialog is opened before anything is looked up, because Slack lets it open for three seconds only.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.answers.unowned import CLAIM, TEAM
from bot.core.configuration.merged import What
from bot.core.errors import BotError, FormRefused, WordsError
from bot.core.question import Question, Subject, Wanted, parse
from bot.core.words import mentions
from bot.render import slack_forms as render
from bot.render.slack import DO
from bot.services.configuring.forms import By, Forms
from bot.services.digests.digests import Digests
from bot.slack.outlets import opened, said
from bot.slack.reply import BROKEN, PATIENCE_SECONDS, Replies, broken, excuse

log = structlog.get_logger()

_WHAT = {
    None: What.DIGEST,
    Wanted.DIGEST: What.DIGEST,
    Wanted.ALERT: What.RULE,
    Wanted.BUDGET: What.BUDGET,
    Wanted.SILENCE: What.SILENCE,
}
_FORMS = (Subject.SUBSCRIBE, Subject.SETTINGS)
_SENT = "A test is in our direct messages. Nothing was saved."
View = dict[str, Any]


class Dialogs:
    """What opens, fills and answers the forms; `listen` registers all but the command, which asks `asked` first."""

    def __init__(
        self,
        client: AsyncWebClient,
        forms: Forms,
        digests: Digests,
        clock: Callable[[], datetime],
        replies: Replies,
    ) -> None:
        self._client = client
        self._forms = forms
        self._digests = digests
        self._clock = clock
        self._replies = replies

    async def asked(self, words: str, body: Mapping[str, Any], user: str) -> bool:
        """Whether these words ask for a form, and it is open now; if not, they are answered in words."""
        question = self._question(words)
        if question is None:
            return False
        by = By(user, self._clock())

        async def form() -> View:
            if question.subject is Subject.SETTINGS:
                return render.settings(await self._forms.settings(by))
            return render.form(await self._forms.open(_WHAT[question.wanted], by, team=question.name or ""))

        return await self._shown(body, form)

    def _question(self, words: str) -> Question | None:
        if not mentions(words, _FORMS):
            return None
        try:
            question = parse(words, now=self._clock(), zone="UTC")
        except WordsError:
            return None
        return question if question.subject in _FORMS and not question.share else None

    def listen(self, app: AsyncApp) -> None:
        @app.action(re.compile(f"^{render.OPEN}"))
        async def on_open(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any]) -> None:
            await ack()
            what, _, about = str(action["value"]).partition("/")
            await self._opened(body, What(what), team=about)

        @app.action(re.compile(f"^({render.CLAIM}|{DO}:{CLAIM})$"))
        async def on_claim(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any]) -> None:
            await ack()
            thing = str(action["value"])
            if thing.startswith(f"{TEAM}/"):
                await self._opened(body, What.OWNERS, team=thing.removeprefix(f"{TEAM}/"))
            else:
                await self._opened(body, What.CLAIM, thing=thing)

        @app.action(render.CHANGE)
        async def on_change(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any]) -> None:
            await ack()
            act, what, id_ = str(action["selected_option"]["value"]).split("/", 2)
            await self._opened(body, What(what), id_=id_, removing=act == render.REMOVE)

        @app.action(re.compile(f"^{render.PRESS}:"))
        async def on_press(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any]) -> None:
            await ack()
            await self._pressed(str(action["action_id"]).removeprefix(f"{render.PRESS}:"), body)

        @app.options(re.compile(f"^{render.FIND}:"))
        async def on_typing(ack: AsyncAck, payload: dict[str, Any]) -> None:
            find = str(payload["action_id"]).removeprefix(f"{render.FIND}:")
            by = By(str(payload["user"]["id"]), self._clock())
            try:
                found = await self._forms.found(find, str(payload.get("value", "")), by)
            except BotError as error:
                log.warning("No names can be suggested.", action="typeahead_failed", error=str(error))
                found = []
            await ack(**render.options(found))

        @app.view(render.FORM)
        async def on_submit(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
            with self._replies.counted():
                await self._submitted(ack, view, By(str(body["user"]["id"]), self._clock()))

    async def _opened(
        self,
        body: Mapping[str, Any],
        what: What,
        *,
        id_: str = "",
        team: str = "",
        thing: str = "",
        removing: bool = False,
    ) -> None:
        by = By(str(body["user"]["id"]), self._clock())
        below = body.get("view") or {}
        state = {"under": str(below["id"])} if below.get("callback_id") == render.SETTINGS else {}

        async def form() -> View:
            if removing:
                return render.form(await self._forms.removing(what, by, id_), state)
            return render.form(await self._forms.open(what, by, id_=id_, team=team, thing=thing), state)

        await self._shown(body, form)

    async def _pressed(self, act: str, body: Mapping[str, Any]) -> None:
        """Look at what a form holds; a digest is drafted beside it, everything else is said in it."""
        view, by = body["view"], By(str(body["user"]["id"]), self._clock())
        state, values = _state(view), render.held(view["state"])
        if act == "preview":

            async def drafted() -> View:
                digest = await self._forms.drafted(state, values, by)
                return render.preview((await self._digests.draft(digest, by.now)).answer)

            await self._shown(body, drafted)
            return

        async def looked_at() -> View:
            if act != "test":
                return render.form(await self._forms.pressed(act, state, values, by))
            words = _SENT
            try:
                await self._digests.send_test(await self._forms.drafted(state, values, by), by.now, by.user)
            except BotError as error:
                words = excuse(error)
            return render.form(await self._forms.again(state, values, words, by))

        await self._put(str(view["id"]), await self._made(looked_at))

    async def _submitted(self, ack: AsyncAck, view: Mapping[str, Any], by: By) -> None:
        """What a form that was sent comes to; one that takes its time says so meanwhile."""
        state, values = _state(view), render.held(view["state"])
        known = [str(block["block_id"]) for block in view["blocks"] if block["type"] == "input"]
        saving = asyncio.ensure_future(self._forms.submitted(state, values, by))
        done, _ = await asyncio.wait({saving}, timeout=PATIENCE_SECONDS)
        if not done:
            await ack(response_action="update", view=render.waiting())

        async def saved() -> View:
            return render.form(await saving, _kept(state))

        if not done:
            await self._put(str(view["id"]), await self._made(saved))
        else:
            try:
                await ack(response_action="update", view=await saved())
            except FormRefused as refused:
                if not known:
                    await ack(response_action="update", view=render.sorry(str(refused)))
                else:
                    await ack(response_action="errors", errors=render.errors(refused.fields, known))
                return
            except BotError as error:
                await ack(response_action="update", view=render.sorry(excuse(error)))
                return
            except Exception:
                await ack(response_action="update", view=render.sorry(BROKEN, broken()))
                return
        await self._refresh(state, by)

    async def _refresh(self, state: Mapping[str, str], by: By) -> None:
        """The settings that lie under a form, as they are since."""
        if state.get("under"):

            async def settings() -> View:
                return render.settings(await self._forms.settings(by))

            await self._put(state["under"], await self._made(settings))

    async def _shown(self, body: Mapping[str, Any], make: Callable[[], Awaitable[View]]) -> bool:
        """Open a dialog, over the one that is open if there is one, then fill it; whether Slack opened it."""
        with self._replies.counted():
            view_id = await opened(self._client, body, render.waiting())
            if view_id is None:
                return False
            await self._put(view_id, await self._made(make))
            return True

    async def _made(self, make: Callable[[], Awaitable[View]]) -> View:
        try:
            return await make()
        except BotError as error:
            return render.sorry(excuse(error))
        except Exception:
            return render.sorry(BROKEN, broken())

    async def _put(self, view_id: str, view: View) -> None:
        await said(self._client, "views.update", {"view_id": view_id, "view": view})


def _state(view: Mapping[str, Any]) -> dict[str, str]:
    """What the form carried; whoever sends it could have changed it, and everything in it is looked up anew."""
    try:
        carried = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        carried = {}
    return {str(key): str(value) for key, value in carried.items()} if isinstance(carried, dict) else {}


def _kept(state: Mapping[str, str]) -> dict[str, str]:
    return {"under": state["under"]} if "under" in state else {}
