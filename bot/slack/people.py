"""By what names somebody goes in Slack, and what their clock shows: asked for once an hour at most."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import available_timezones

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.metering import said_by

log = structlog.get_logger()

DEADLINE_SECONDS = 2
"""Somebody waits for the answer, and gets one without this too."""
KEPT = timedelta(hours=1)
FAILURE_KEPT = timedelta(minutes=1)
MOST = 10_000
_UNKNOWN = ("user_not_found", "user_not_visible", "users_not_found")


class _Person(NamedTuple):
    """What Slack says of one; nothing where it does not say."""

    names: frozenset[str] = frozenset()
    zone: str | None = None
    belongs: bool | None = None
    """To the workspace that the bot is installed in; None where Slack leaves it open."""
    unknown: bool = False
    """To Slack, as far as it tells us: as whoever shares nothing with our workspace."""


class SlackPeople:
    """Remembers what Slack says of people; while Slack is away, nobody is known by more than the name they came by."""

    def __init__(self, client: AsyncWebClient, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock
        self._known: OrderedDict[str, tuple[datetime, _Person]] = OrderedDict()
        self._workspace: frozenset[str] = frozenset()
        self._bot: str | None = None
        self._asked_at: datetime | None = None

    async def names(self, name: str) -> frozenset[str]:
        """The user id and e-mail address of whoever has this one of the two; empty where Slack does not say."""
        return (await self._person(name)).names

    def known(self, name: str) -> frozenset[str] | None:
        """The same as far as it is remembered; None where Slack would have to be asked."""
        found = self._remembered(name)
        return None if found is None else found.names

    async def zone(self, name: str) -> str | None:
        """The time zone of whoever has this user id or e-mail address; None where Slack does not say."""
        return (await self._person(name)).zone

    async def belongs(self, name: str, *, sure: bool) -> bool:
        """Whether somebody is of our workspace, or of its organisation; `sure`: only where Slack says so, and not where
        it says nothing to the contrary."""
        found = await self._person(name.casefold()) if name else _Person()
        return found.belongs or (found.belongs is None and not found.unknown and not sure)

    async def elsewhere(self, name: str) -> bool:
        """Whether Slack says that somebody is of another workspace."""
        return bool(name) and (await self._person(name.casefold())).belongs is False

    async def workspace(self) -> frozenset[str]:
        """The ids of the workspace that the bot is installed in, and of its organisation; empty while Slack does not
        say. It is the token's own, so it is asked for until it is known."""
        now = self._clock()
        if not self._workspace and (self._asked_at is None or now - self._asked_at > FAILURE_KEPT):
            self._asked_at = now
            try:
                said = await asyncio.wait_for(self._client.auth_test(), DEADLINE_SECONDS)
            except (SlackApiError, TimeoutError, aiohttp.ClientError) as error:
                log.warning(
                    "Slack could not be asked where we are.", action="lookup_failed", error=type(error).__name__
                )
            else:
                ids = (said.get("team_id"), said.get("enterprise_id"))
                self._workspace = frozenset(one for one in ids if isinstance(one, str) and one)
                self._bot = said.get("user_id")
        return self._workspace

    async def _ours(self, user: Any) -> bool | None:
        """Whether somebody is of where we are: by the ids of our token, or else by those that our own bot user has."""
        found = _belongs(user, await self.workspace())
        if found is False and not user.get("is_stranger") and self._bot:
            bot, self._bot = self._bot, None
            with suppress(SlackApiError):
                self._workspace |= _workspaces((await self._client.users_info(user=bot)).get("user"))
            found = _belongs(user, self._workspace)
        return found

    async def _person(self, name: str) -> _Person:
        remembered = self._remembered(name)
        if remembered is not None:
            return remembered
        try:
            found = await asyncio.wait_for(self._asked(name), DEADLINE_SECONDS)
            kept = KEPT
        except SlackApiError as error:
            log.info("Slack does not know them.", action="lookup_failed", error=said_by(error))
            found, kept = _Person(unknown=said_by(error) in _UNKNOWN), FAILURE_KEPT
        except (TimeoutError, aiohttp.ClientError) as error:
            log.warning("Slack could not be asked who they are.", action="lookup_failed", error=type(error).__name__)
            found, kept = _Person(), FAILURE_KEPT
        except (AttributeError, LookupError, TypeError, ValueError):
            log.warning("Slack's answer says nothing of who they are.", action="lookup_failed", error="unreadable")
            found, kept = _Person(), FAILURE_KEPT
        self._known[name] = (self._clock() + kept, found)
        self._known.move_to_end(name)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return found

    def _remembered(self, name: str) -> _Person | None:
        until, found = self._known.get(name, (None, _Person()))
        return found if until is not None and self._clock() < until else None

    async def _asked(self, name: str) -> _Person:
        if "@" in name:
            answer = await self._client.users_lookupByEmail(email=name)
        else:
            answer = await self._client.users_info(user=name.upper())
        user = answer["user"]
        belongs = await self._ours(user)
        if belongs is False:  # whoever runs another workspace gives its people what addresses they like
            return _Person(belongs=False)
        names = frozenset(filter(None, (str(user["id"]), (user.get("profile") or {}).get("email"))))
        zone = user.get("tz")
        return _Person(names, zone if zone in available_timezones() else None, belongs)


def _belongs(user: Any, workspace: frozenset[str]) -> bool | None:
    if user.get("is_stranger"):
        return False
    theirs = _workspaces(user)
    return bool(theirs & workspace) if theirs and workspace else None


def _workspaces(user: Any) -> frozenset[str]:
    """What Slack says that a user is of: workspaces, and the organisation they are in."""
    if not isinstance(user, dict):
        return frozenset()
    said = user.get("enterprise_user") or {}
    return frozenset(filter(None, (user.get("team_id"), said.get("enterprise_id"), *(said.get("teams") or ()))))
