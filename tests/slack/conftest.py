"""One outside world and one synced database for each module; the bot in both of Slack's transports."""

import io
import json
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pytest

from bot import logs
from tests import outside as world
from tests.outside import Outside


@pytest.fixture
def database(held: Path, tmp_path: Path) -> Path:
    """A synced database that the test may break."""
    return Path(shutil.copy(held, tmp_path / "copy.db"))


@pytest.fixture(params=["http", "socket"])
async def bot(request: pytest.FixtureRequest, outside: Outside, database: Path) -> AsyncIterator[Path]:
    """The running bot over signed HTTP and over Socket Mode; its database."""
    async with world.bot(outside, f"sqlite:///{database}", socket_mode=request.param == "socket"):
        yield database


@pytest.fixture
def logged(outside: Outside) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The log so far as `run` writes it to a pipe, each line read as the JSON it must be."""
    with world.own_logging(), redirect_stderr(io.StringIO()) as pipe:
        logs.configure(outside.settings("sqlite://", log_format="json"))
        yield lambda: [json.loads(line) for line in pipe.getvalue().splitlines()]
