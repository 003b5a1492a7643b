"""The command line in this process: its words in, its exit code and both its outputs out."""

import shutil
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from bot.__main__ import main
from tests import outside as world
from tests.outside import NOW, Outside


@dataclass(frozen=True, slots=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def sentences(self) -> list[str]:
        """What a person reads on standard error: everything but the log."""
        return [line for line in self.err.splitlines() if not line.startswith("{")]


Command = Callable[..., Done]


@pytest.fixture
def database(held: Path, tmp_path: Path) -> Path:
    """A synced database that the test may change."""
    return Path(shutil.copy(held, tmp_path / "test.db"))


@pytest.fixture
def command(outside: Outside, database: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run `claude-usage WORDS…`, at NOW where the words name no other moment."""
    for name, value in outside.environment(f"sqlite:///{database}").items():
        monkeypatch.setenv(name, value)
    return _run


@pytest.fixture
def bare() -> Command:
    """The same where nothing is set up yet: no settings, no database, no file."""
    return _run


def _run(*words: str) -> Done:
    out, err = StringIO(), StringIO()
    at = () if "--now" in words or not words or words[0].startswith("-") else ("--now", NOW.isoformat())
    with world.own_logging(), redirect_stdout(out), redirect_stderr(err):
        try:
            code = main([*words, *at])
        except SystemExit as stop:
            code = int(stop.code or 0)
    assert "Traceback" not in err.getvalue(), err.getvalue()
    return Done(code, out.getvalue(), err.getvalue())
