"""`.env`: changed so that no other line of it is lost, and written so that nobody else can read it."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values

from bot.core.errors import ConfigError

_HEAD = "# Written by `claude-usage init`. Every setting stands in .env.example. Keep this file to yourself.\n"
_BARE = re.compile(r"[\w:/@.+~%=?&,-]+", re.ASCII)


def read(path: Path) -> dict[str, str]:
    """What the file says; nothing where it is not there."""
    if not path.exists():
        return {}
    return {name: value for name, value in dotenv_values(path, interpolate=False).items() if value}


def changed(text: str, values: Mapping[str, str]) -> str:
    """The file's text with these values in it, each in its own old line if it has one."""
    kept = dotenv_values(stream=StringIO(text))
    for name, value in values.items():
        line = f"{name}={value if _BARE.fullmatch(value) else _quoted(value)}"
        old = re.compile(rf"^(?:export )?{name}=.*$", re.MULTILINE)
        text = old.sub(lambda _: line, text) if old.search(text) else f"{text.rstrip()}\n{line}\n".lstrip("\n")  # noqa: B023
    if dotenv_values(stream=StringIO(text)) != kept | dict(values):
        raise ConfigError(
            f"{', '.join(values)}: a value can't be written into .env so that it is read as it is. "
            "Set it in the environment, or as NAME_FILE."
        )
    return text


def write(path: Path, values: Mapping[str, str]) -> None:
    """Put these values into the file: whole or not at all, readable by its owner alone."""
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else _HEAD
        whole = changed(text, values)
        handle, part = tempfile.mkstemp(prefix=".env.", dir=path.absolute().parent)  # mkstemp gives 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(whole)
            Path(part).replace(path)
        finally:
            Path(part).unlink(missing_ok=True)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can't be written: {error}.") from error


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
