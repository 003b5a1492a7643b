"""Where a command writes a file: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.core.errors import ConfigError
from bot.services.books.export import Sink
from bot.terminal.output import write


@contextmanager
def sink(output: str | None) -> Iterator[Sink]:
    """Standard output, or a file that appears under its name when it is whole."""
    if output is None:
        yield write
        return
    path = Path(output)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}.") from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file.write
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
