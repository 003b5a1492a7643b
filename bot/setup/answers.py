"""What `init` has to know, where each answer comes from, and how it is tried at once against the real service."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from bot import settings as settings_module
from bot import wiring
from bot.core.errors import BotError, SettingsError
from bot.settings import Settings
from bot.setup import anthropic
from bot.slack import checkup
from bot.slack.notifier import web_client
from bot.store import schema
from bot.store.database import Database
from bot.terminal.output import show

Prompt = Callable[[str, bool], str]
"""Ask a person, and whether it is a secret; "" for nothing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One answer: its setting, the flag that gives it, what to say where it is missing, and how it is tried.

    `try_` returns what was found in a few words, and raises BotError where the answer is no good.
    """

    setting: str
    flag: str
    how: str
    try_: Callable[[Settings], Awaitable[str]]
    secret: bool = True
    default: str = ""
    """What stands where nobody says otherwise; "" where there is no such thing."""


@dataclass(slots=True)
class Answers:
    """Asks for what is missing and tries it; `prompt` None: there is nobody to ask."""

    prompt: Prompt | None
    given: dict[str, str]
    """By setting: what the flags said, then what was asked."""
    found: dict[str, str] = field(default_factory=dict)
    """What each try came to."""

    def settings(self) -> Settings:
        """Raises SettingsError for a value that is no such setting."""
        return settings_module.load(**{name.lower(): _typed(name, value) for name, value in self.given.items()})

    def has(self, wanted: Wanted) -> bool:
        """Whether a flag, the environment or `.env` says it."""
        return wanted.setting.lower() in self.settings().model_fields_set

    async def get(self, wanted: Wanted) -> bool:
        """Have this answer and know that it is good; False where a person left it out."""
        while True:
            try:
                if not self.has(wanted) and self.prompt:
                    otherwise = f" [{wanted.default}]" if wanted.default else ""
                    answer = self.prompt(f"{wanted.setting}: {wanted.how}{otherwise}", wanted.secret).strip()
                    if answer:
                        self.given[wanted.setting] = answer
                if not self.has(wanted) and not wanted.default:
                    return False
                self.found[wanted.setting] = await wanted.try_(self.settings())
            except BotError as error:
                if self.prompt is None or error.exit_code != SettingsError.exit_code:
                    raise  # a service that is away is no wrong answer
                show(f"✗ {wanted.setting}: {error}")
                answer = self.prompt("Another one (empty: stop)", wanted.secret).strip()
                if not answer:
                    raise
                self.given[wanted.setting] = answer
                continue
            show(f"✓ {wanted.setting}: {self.found[wanted.setting]}")
            return True


def flags(args: Namespace) -> dict[str, str]:
    """What the flags gave, by setting."""
    found: dict[str, str] = {}
    files: Mapping[str, str | None] = {
        "ANTHROPIC_ADMIN_API_KEY": args.admin_key_file,
        "SLACK_BOT_TOKEN": args.slack_bot_token_file,
        "SLACK_APP_TOKEN": args.slack_app_token_file,
        "SLACK_SIGNING_SECRET": args.slack_signing_secret_file,
        "DATABASE_URL": args.database_url_file,
    }
    for setting, file in files.items():
        if file:
            found[setting] = _contents(Path(file))
    if args.timezone:
        found["TIMEZONE"] = args.timezone
    return found


async def _admin_key(settings: Settings) -> str:
    assert settings.anthropic_admin_api_key is not None
    client = wiring.anthropic_client(settings, "", settings.anthropic_admin_api_key.get_secret_value())
    try:
        return (await anthropic.organization(client)).organization_name
    finally:
        await client.close()


async def _bot_token(settings: Settings) -> str:
    assert settings.slack_bot_token is not None
    found = await checkup.installed(web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url))
    if found.missing:
        raise SettingsError(
            f"The token lacks the scopes {', '.join(found.missing)}. Apply manifest.yml to the app, reinstall it, and "
            "set SLACK_BOT_TOKEN to its new token."
        )
    return f"{found.user} in {found.workspace}"


async def _app_token(settings: Settings) -> str:
    assert settings.slack_app_token is not None
    await checkup.opens(settings.slack_app_token.get_secret_value(), settings.slack_api_url)
    return "Socket Mode"


async def _signing_secret(_settings: Settings) -> str:
    return "signed HTTP"  # only a request of Slack's could try it


async def _database(settings: Settings) -> str:
    database = Database(settings.database_url.get_secret_value())
    try:
        schema.migrate(database)
    except BotError as error:
        raise SettingsError(str(error)) from error
    finally:
        database.close()
    return f"{database.dialect}, ready"


async def _zone(settings: Settings) -> str:
    return settings.timezone


ADMIN_KEY = Wanted(
    "ANTHROPIC_ADMIN_API_KEY",
    "--admin-key-file",
    "an Admin key (sk-ant-admin…); Console: Settings → Admin keys",
    _admin_key,
)
BOT_TOKEN = Wanted(
    "SLACK_BOT_TOKEN",
    "--slack-bot-token-file",
    "xoxb-…; create the app from manifest.yml, install it, OAuth & Permissions",
    _bot_token,
)
APP_TOKEN = Wanted(
    "SLACK_APP_TOKEN",
    "--slack-app-token-file",
    "xapp-… with connections:write; Basic Information → App-Level Tokens",
    _app_token,
)
SIGNING_SECRET = Wanted(
    "SLACK_SIGNING_SECRET",
    "--slack-signing-secret-file",
    "only without an app token; Basic Information → Signing Secret",
    _signing_secret,
)
DATABASE = Wanted(
    "DATABASE_URL",
    "--database-url-file",
    "where the figures are kept; postgresql://USER:PASSWORD@HOST/NAME for several machines",
    _database,
    default="sqlite:///claude-usage.db",
)
ZONE = Wanted("TIMEZONE", "--timezone", "where people count their days", _zone, secret=False, default="UTC")


def _typed(name: str, value: str) -> str | SecretStr:
    return value if name == "TIMEZONE" else SecretStr(value)


def _contents(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} can't be read. Check the path.") from error
    if not text:
        raise SettingsError(f"{path} is empty.")
    return text
