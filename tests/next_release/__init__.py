"""A release to come: every table gets a column more, and there is a table more. What it may do, this one must bear."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.config import Config

from bot.store import schema

FOLDERS = (Path(schema.__file__).parent / "migrations/versions", Path(__file__).parent / "versions")


@contextmanager
def installed() -> Iterator[None]:
    """Be that release as far as the schema goes."""
    before = schema._config

    def config() -> Config:
        found = before()
        found.set_main_option("path_separator", "newline")
        found.set_main_option("version_locations", "\n".join(map(str, FOLDERS)))
        return found

    schema._config = config
    try:
        yield
    finally:
        schema._config = before
