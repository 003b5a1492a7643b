"""`run` as a real process, and its log as it comes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.outside import NOW, wait_until

ROOT = Path(__file__).parents[1]


class Run:
    """`python -m bot run`, its log as it comes."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._log = folder / "stderr.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run", "--now", NOW.isoformat()],
                cwd=folder,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **environment},
                stdout=subprocess.PIPE,
                stderr=log,
            )

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.said.splitlines()]

    def started(self) -> str:
        """Wait until it serves; the address it serves at."""
        wait_until(lambda: '"started"' in self.said or self.process.poll() is not None, 15)
        assert self.process.poll() is None, self.said
        port = next(line["port"] for line in self.lines() if line.get("action") == "started")
        return f"http://127.0.0.1:{port}"

    def ends(self, seconds: float = 20) -> int:
        return self.process.wait(seconds)


Start = Callable[..., Run]
