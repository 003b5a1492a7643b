"""Forms in Slack: opened with what holds now, looked at while they are filled in, checked and saved when they are sent.

Nothing a form brings back is trusted: who sends it, what it names and what it holds is looked at anew each time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from bot.answers.form import Form, Option, Values
from bot.answers.settings import Settings
from bot.core.access import Asker
from bot.core.configuration.merged import What
from bot.core.errors import FormRefused
from bot.core.schedule import Digest
from bot.services.alerts.judging.looking import Calls
from bot.services.configuring import budget_form, opening, overview, sending, suggesting, trying
from bot.services.configuring.ground import Ground
from bot.services.configuring.sending import BACK
from bot.services.figures.names import Names
from bot.services.figures.recognition import Recognition
from bot.store.database import Database

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class By:
    """Who fills a form in: their Slack user id, and when."""

    user: str
    now: datetime


class Forms:
    """`zone` is where people count their days unless the configuration says another."""

    def __init__(self, database: Database, zone: str, recognition: Recognition, calls: Calls | None = None) -> None:
        self._database = database
        self._zone = zone
        self._recognition = recognition
        self._calls = calls

    async def settings(self, by: By) -> Settings:
        """What is in force, as far as this person sees it."""
        return await self._read(by, overview.read)

    async def open(self, what: What, by: By, *, id_: str = "", team: str = "", thing: str = "") -> Form:
        """The form for something new, about a team if one is named, or with `id_` for what Slack has under it.

        `thing` is what a claim is for: "api_key/apikey_01". Raises NotFound and NotTheirs.
        """
        return await self._read(by, partial(opening.opened, what=what, id_=id_, team=team, thing=thing))

    async def found(self, find: str, typed: str, by: By) -> list[tuple[str, list[Option]]]:
        """What a field offers for what was typed into it, by kind."""
        return await self._read(by, partial(suggesting.found, find=find, typed=typed))

    async def pressed(self, act: str, state: Mapping[str, str], values: Values, by: By) -> Form:
        """The same form with what was found out about what it holds; nothing is saved."""
        return await self._read(by, partial(_pressed, act=act, state=state, values=values))

    async def drafted(self, state: Mapping[str, str], values: Values, by: By) -> Digest:
        """The digest that a form describes, to be looked at. Raises FormRefused and NotTheirs as saving it would."""
        return await self._read(by, partial(trying.digest, state=state, values=values))

    async def submitted(self, state: Mapping[str, str], values: Values, by: By) -> Form:
        """What comes after a form was sent: a look at what it would do, or that it is done.

        Raises FormRefused with what is wrong by field, NotTheirs, and NotFound for what is gone.
        """
        send = partial(sending.submitted, state=state, values=values)
        if sending.only_looks(state):  # which may take its time, and nobody should wait to write meanwhile
            return await self._read(by, send)
        return await self._database.write(self._on_ground, await self._asker(by), by, send)

    async def removing(self, what: What, by: By, id_: str) -> Form:
        """The question whether to take something of Slack's out of force. Raises NotFound and NotTheirs."""
        return await self._read(by, partial(opening.removing, what=what, id_=id_))

    async def again(self, state: Mapping[str, str], values: Values, words: str, by: By) -> Form:
        """The same form with a sentence below what it holds."""
        form = await self._read(by, partial(opening.again, state=state, values=values))
        return replace(form, below=(words,))

    async def _asker(self, by: By) -> Asker:
        return await self._recognition.by_every_name(Asker.called(by.user))

    async def _read(self, by: By, look: Callable[[Ground], T]) -> T:
        asker = await self._asker(by)
        return await self._database.read(self._on_ground, asker, by, look)

    def _on_ground(self, connection: Connection, asker: Asker, by: By, act: Callable[[Ground], T]) -> T:
        names = Names.read(connection)
        return act(Ground(connection, names, names.zone(self._zone), asker, by.user, by.now, self._calls))


def _pressed(ground: Ground, act: str, state: Mapping[str, str], values: Values) -> Form:
    if act == BACK:
        held = json.loads(state["values"])
        state = {key: value for key, value in state.items() if key != "values"}
        return opening.again(ground, state, held)
    form = opening.again(ground, state, values)
    try:
        match act:
            case "suggest":
                below, warning = tuple(budget_form.suggested(ground, values)), ""
            case _:
                below, warning = trying.rule(ground, state, values)
    except FormRefused as refused:
        below, warning = tuple(refused.fields.values()), ""
    return replace(form, below=below, warning=warning)
