"""The names, people, places and messages of a Slack workspace."""

from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
EnvelopeKind = Literal["slash_commands", "interactive", "events_api"]
TEAM_ID, TEAM_DOMAIN, TEAM_NAME = "T0EXAMPLE", "example-org", "Example Org"
APP_ID, BOT_ID, BOT_USER_ID, BOT_NAME = "A0CLAUDEUSE", "B0CLAUDEUSE", "U0CLAUDEUSE", "claude-usage"
SLACKBOT = "USLACKBOT"
COMMAND = "/claude-usage"


@dataclass(frozen=True, slots=True)
class SlackUser:
    """A person (or another app's bot) of the Slack workspace, or of another `team` that shares its channels;
    `dms_blocked` refuses direct messages."""

    id: str
    name: str
    email: str
    tz: str = "UTC"
    deleted: bool = False
    bot: bool = False
    dms_blocked: bool = False
    team: str = TEAM_ID


@dataclass(frozen=True, slots=True)
class SlackChannel:
    """A channel; every person is in it, the bot only if `bot_is_member`."""

    id: str
    name: str
    archived: bool = False
    bot_is_member: bool = True
    private: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One stored message as it is now; `user` is the bot's own id for what the bot said."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: tuple[Json, ...] = ()
    thread_ts: str | None = None
    ephemeral_to: str | None = None
    deleted: bool = False
    edited: bool = False
    files: tuple[Json, ...] = ()
    metadata: Json | None = None
    """What apps may read of it, and people don't see."""

    @property
    def from_bot(self) -> bool:
        """Whether the bot wrote it."""
        return self.user == BOT_USER_ID


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Web API (or a use of a response_url, as method `response_url`), tokens left out."""

    method: str
    arguments: Json
    status: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the bot answered: HTTP status (0 if nothing came in time), body, seconds taken, the response_url given."""

    status: int
    body: str
    seconds: float
    response_url: str | None


@dataclass(slots=True)
class Upload:
    """A file: first only its name, its bytes come later."""

    name: str
    content: bytes = b""


class Refused(Exception):
    """Slack says no: `{"ok": false, "error": …}`, with details and an HTTP status."""

    def __init__(self, error: str, *, status: int = 200, details: Json | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.status = status
        self.details = details or {}
