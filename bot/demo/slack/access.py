"""What opens doors: tokens for calls, tickets for sockets, triggers for dialogs."""

import hmac
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.demo.slack.values import Refused

TRIGGER_LIFE = timedelta(seconds=3)


class Access:
    """The tokens of the one installed app, and everything given out to be used once."""

    def __init__(self, *, bot_token: str, app_token: str, clock: Callable[[], datetime]) -> None:
        self._bot_token = bot_token
        self._app_token = app_token
        self._clock = clock
        self._tickets: set[str] = set()
        self._triggers: dict[str, tuple[str, datetime]] = {}

    def authorize(self, token: str | None, method: str) -> None:
        """Refuse a call without the right token; `apps.connections.open` takes the app-level one."""
        if not token:
            raise Refused("not_authed")
        right = self._app_token if method == "apps.connections.open" else self._bot_token
        if not hmac.compare_digest(token.encode(), right.encode()):
            known = token in (self._app_token, self._bot_token)
            raise Refused("not_allowed_token_type" if known else "invalid_auth")

    def issue_ticket(self) -> str:
        """A single-use path for one Socket Mode connection."""
        ticket = uuid.uuid4().hex
        self._tickets.add(ticket)
        return ticket

    def use_ticket(self, ticket: str) -> bool:
        """Whether the ticket was good; it is not any more."""
        known = ticket in self._tickets
        self._tickets.discard(ticket)
        return known

    def new_trigger(self, user_id: str) -> str:
        """A trigger_id, good for one dialog of this person's within three seconds."""
        trigger = uuid.uuid4().hex
        self._triggers[trigger] = user_id, self._clock()
        return trigger

    def use_trigger(self, trigger_id: object) -> str:
        """Whose trigger it was; refuses one that was never given, was used already, or is older than three seconds."""
        user_id, issued = self._triggers.pop(str(trigger_id), ("", None))
        if issued is None:
            raise Refused("invalid_trigger_id")
        if self._clock() - issued > TRIGGER_LIFE:
            raise Refused("expired_trigger_id")
        return user_id
