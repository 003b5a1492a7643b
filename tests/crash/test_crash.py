"""One round of `make crash`, so that the harness itself does not rot."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_whoever_dies_when_everything_arrives_once(postgresql: str) -> None:
    words = ["-m", "tests.crash", "--rounds", "1", "--without", "0", "--seed", "3", "--database", postgresql]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "doubled 0 (without saying so 0), lost 0, strange 0" in done.stdout
