"""A round of each part of `make crash`, so that the harness itself does not rot."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.proof

ROOT = Path(__file__).parents[2]
PARTS = ("digests", "alerts", "syncs", "migrations")


def test_whoever_dies_when_everything_is_there_once(postgresql: str) -> None:
    parts = [word for part in PARTS for word in ("--only", part)]
    words = ["-m", "tests.crash", *parts, "--rounds", "1", "--seed", "3", "--database", postgresql]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("doubled 0 (without saying so 0), lost 0, strange 0, workers broken 0") == len(PARTS)
