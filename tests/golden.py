"""Golden files: what a reader gets, kept under tests/golden/ and compared letter by letter."""

import difflib
import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def check(name: str, text: str) -> None:
    """Fail with a diff unless tests/golden/<name> is exactly `text`; with GOLDEN=write it is made so instead."""
    path = FOLDER / name
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return
    if not path.exists():
        raise AssertionError(f"There is no tests/golden/{name}: run the test with GOLDEN=write and read what it wrote.")
    kept = path.read_bytes().decode()
    if kept != text:
        diff = difflib.unified_diff(kept.splitlines(), text.splitlines(), f"tests/golden/{name}", "now", lineterm="")
        raise AssertionError("\n".join(["GOLDEN=write accepts this:", *diff]) + "\n")
