"""What the bot sends, read and checked as Slack does."""

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from bot.demo.slack.values import Json, Refused
from bot.demo.slack_limits import Surface, problems

TEXT_CUT = 40_000


async def read(request: Request) -> Json:
    """Arguments wherever the SDK puts them: the query, a form, or JSON."""
    arguments: Json = dict(request.query_params)
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        sent = json.loads(body or b"{}")
        return arguments | (sent if isinstance(sent, dict) else {})
    return arguments | dict(parse_qsl(body.decode(), keep_blank_values=True))


def content(arguments: Json, *, status: int = 200, cut: bool = False) -> tuple[str, tuple[Json, ...]]:
    """Text and blocks of a message, checked as Slack checks them; blocks may come as a JSON string."""
    text = str(arguments.get("text") or "")
    blocks = decoded(arguments.get("blocks"), "blocks") or []
    if not text and not blocks:
        raise Refused("no_text", status=status)
    if len(text) > TEXT_CUT and not cut:
        raise Refused("msg_too_long", status=status)
    check_blocks(blocks, "message", "invalid_blocks", status)
    return text[:TEXT_CUT], tuple(blocks)


def check_blocks(blocks: list[Json], surface: Surface, error: str, status: int = 200) -> None:
    """Refuse blocks that Slack would refuse, with its `response_metadata.messages`."""
    found = problems(blocks, surface)
    if found:
        messages = [f"[ERROR] {problem}" for problem in found]
        raise Refused(error, status=status, details={"errors": found, "response_metadata": {"messages": messages}})


def decoded(value: Any, name: str) -> Any:
    """A structured argument, which form-encoded calls carry as a JSON string."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value else None
    except ValueError as error:
        raise Refused(f"invalid_{name}" if name == "blocks" else "invalid_arguments") from error


def flag(value: object) -> bool:
    """A boolean argument, which the SDK may send as `1`, `true` or a real one."""
    return value in (True, "1", "true", "True")
