"""What the environment says, checked once, at the door."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from bot.core.errors import SettingsError
from bot.core.nearest import nearest

_ADMIN_KEY = "anthropic_admin_api_key"
_SECRETS = ("_key", "_token", "_secret", "database_url")
"""A database's address holds a password."""
_DURATION = re.compile(r"(\d{1,4})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    said = _DURATION.fullmatch(str(value).strip().lower())
    if not said or not int(said[1]):
        raise ValueError("write a duration such as 30m, 1h or 1d")
    return timedelta(**{_UNITS[said[2]]: int(said[1])})


def _zone(value: object) -> object:
    if value not in available_timezones():
        close = nearest(str(value), available_timezones(), 1)
        raise ValueError(f"no IANA time zone{f'. Did you mean {close[0]}?' if close else ''}")
    return value


def _lower(value: object) -> object:
    """Levels are written INFO as often as info."""
    return value.strip().lower() if isinstance(value, str) else value


def _address(value: str) -> str:
    if not re.match(r"https?://[^/\s]", value):
        raise ValueError("write an address such as https://api.example.com")
    return value


def _credential(value: SecretStr) -> SecretStr:
    """No header can hold anything else, and the error that says so would quote it."""
    text = value.get_secret_value().strip()
    if not (text.isascii() and text.isprintable()):
        raise ValueError("is not plain text. Copy it whole, without line breaks")
    return SecretStr(text)


Address = Annotated[str, AfterValidator(_address)]
Credential = Annotated[SecretStr, AfterValidator(_credential)]


class Settings(BaseSettings):
    """Every setting. A secret may also be given as NAME_FILE, the path of a file that holds it."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    anthropic_admin_api_key: Credential | None = None
    anthropic_admin_api_keys: Mapping[str, Credential] = Field(default_factory=dict, exclude=True)
    """One key per organisation, by the NAME of ANTHROPIC_ADMIN_API_KEY__NAME."""
    anthropic_reports: Literal["auto", "analytics", "classic"] = "auto"
    """Which reports to read; auto asks once whether the key may use the newer ones."""
    anthropic_in_flight: Annotated[int, Field(ge=1, le=32)] = 10
    """Requests under way at once, per organisation."""
    anthropic_base_url: Address = "https://api.anthropic.com"
    anthropic_api_key: Credential | None = None
    """An ordinary key; with it Claude reads the questions that the grammar can't."""
    anthropic_model: str = "claude-haiku-5-5"
    slack_bot_token: Credential | None = None
    slack_app_token: Credential | None = None
    slack_signing_secret: Credential | None = None
    slack_api_url: Address = "https://slack.com/api/"
    database_url: SecretStr = SecretStr("sqlite:///claude-usage.db")
    config_file: Path | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 3000
    sync_every: Annotated[timedelta, BeforeValidator(_duration)] = timedelta(hours=1)
    sync_lookback_days: Annotated[int, Field(ge=1, le=31)] = 3
    backfill_days: Annotated[int, Field(ge=1, le=3650)] = 90
    hourly_days: Annotated[int, Field(ge=0, le=365)] = 35
    """How far back usage is read by the hour as well; 0: not at all."""
    timezone: Annotated[str, BeforeValidator(_zone)] = "UTC"
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = "info"
    log_format: Annotated[Literal["console", "json"] | None, BeforeValidator(_lower)] = None
    """None: console on a terminal, else json."""
    auto_migrate: bool = True
    retain_calls_days: Annotated[int, Field(ge=1)] = 35
    retain_pages_days: Annotated[int, Field(ge=1)] = 400
    otel_exporter_otlp_endpoint: str = ""
    """Where traces go; "": nowhere."""

    @property
    def admin_keys(self) -> dict[str, str]:
        """Every admin key by its organisation's NAME; the plain one is called ""."""
        keys = {name: key.get_secret_value() for name, key in sorted(self.anthropic_admin_api_keys.items())}
        if self.anthropic_admin_api_key:
            keys = {"": self.anthropic_admin_api_key.get_secret_value(), **keys}
        return keys

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (the base class names it)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, dotenv_settings, _Given(settings_cls, env_settings, dotenv_settings)


class _Given(EnvSettingsSource):
    """What takes more than a name: NAME_FILE for every secret, and one admin key per organisation."""

    def __init__(self, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        self._said: dict[str, str] = {}
        for source in reversed(sources):
            if isinstance(source, EnvSettingsSource):
                self._said |= {name.lower(): value for name, value in source.env_vars.items() if value}

    def __call__(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        keys: dict[str, str] = {}
        for name, value in self._said.items():
            base = name.removesuffix("_file")
            secret = base.endswith(_SECRETS) or base.startswith(f"{_ADMIN_KEY}__")
            given = _contents(name, value) if base != name and secret else value
            if base.startswith(f"{_ADMIN_KEY}__"):
                keys[base.removeprefix(f"{_ADMIN_KEY}__")] = given
            elif base != name and secret and base in self.settings_cls.model_fields:
                values[base] = given
        return {**values, "anthropic_admin_api_keys": keys}


def load(**given: Any) -> Settings:
    """The settings of this process; SettingsError names each that is wrong, and never its value."""
    try:
        return Settings(**given)
    except UnicodeDecodeError:
        raise SettingsError("The file .env is not UTF-8 text. Write it anew.") from None
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, one['loc'])).upper()}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors(include_url=False, include_input=False)
        ]
        raise SettingsError("\n".join(line if line.endswith("?") else f"{line}." for line in lines)) from None


def without_environment() -> Settings:
    """The defaults, for commands that begin before there is anything to read; errors are all they log."""
    return Settings.model_construct(log_level="error")


def _contents(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name.upper()} names a file that can't be read: {path}. Check the path.") from error
