"""`make bench`: prints every measurement."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.bench import answers, start


def main() -> None:
    for measured in (answers.measure, start.measure):
        with tempfile.TemporaryDirectory(prefix="claude-usage-bench-") as folder:
            for line in asyncio.run(measured(Path(folder))):
                print(line, flush=True)


if __name__ == "__main__":
    main()
