"""Logs for people on a terminal and for programs elsewhere, without a secret in them."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from bot.settings import Settings

_SECRETS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|sk-ant-(?!(admin|api)(?![\w-]))[\w-]+|cub_[\w-]+|(?<=://)[^/\s@]+(?=@)"
    r"|(?<=[?&]ticket=)[\w-]+"
    r"|https?://[^\s\"'\\<>]*/(commands|actions|response)/[^\s\"'\\<>]+"
)
"""Tokens and keys, the user and password in a database address, Socket Mode tickets, and response URLs, which let
anyone answer for us; not how a key begins, which a sentence may say. No match runs past a quote or backslash, so that a
line of JSON stays JSON."""


def configure(settings: Settings) -> None:
    """Structured logs on standard error, our own and the libraries'."""
    as_json = settings.log_format == "json" or (settings.log_format is None and not sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, _of_a_library, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer, _redacted],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for chatty in ("httpx", "httpcore", "alembic", "slack_sdk", "asyncio", "uvicorn"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
    # APScheduler warns that a knock is still at work when the next is due, as it should be: a metric says how long.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    # matplotlib warns that it keeps its fonts in a temporary folder where the home can't be written, as it should.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    # Bolt's warnings are advice to whoever writes listeners, such as that SLACK_BOT_TOKEN is set as well.
    logging.getLogger("slack_bolt").setLevel(logging.ERROR)


def _of_a_library(_logger: object, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Its lines name no action; who searches for ours by theirs need not stumble over them."""
    return {"action": "library", **line}


def _redacted(_logger: object, _name: str, line: str | MutableMapping[str, Any]) -> str:
    return _SECRETS.sub("[secret]", str(line))
