"""The demo and its page in the system's Chromium, for the tests and the pictures of it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
MISSING = "There is no Chromium here. Install it (Debian: apt-get install chromium), or name one in CHROMIUM."
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def installed() -> str | None:
    """The system's own browser: Playwright's would be downloaded."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def demo(*options: str, folder: Path) -> Iterator[str]:
    """`claude-usage demo` on a free port until the block ends; yields the address of its page."""
    command = [sys.executable, "-m", "bot", "demo", "--port", "0", *options]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = ""
            for line in process.stderr:
                said += line
                if found := re.search(r"runs at (http\S+)", line):
                    yield found[1]
                    break
            else:
                raise RuntimeError(f"The demo did not start: {said}")
        finally:
            process.terminate()


@contextmanager
def browser(executable: str) -> Iterator[Browser]:
    """A headless browser until the block ends."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable)
        try:
            yield started
        finally:
            started.close()
