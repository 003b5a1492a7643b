"""`make bench`: prints every measurement; `make bench ARGS=backfill`: one of them."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.bench import anomaly, answers, backfill, call_log, digests, intake, knock, recorder, start, warning

MEASURED = {
    "answers": answers.measure,
    "start": start.measure,
    "backfill": backfill.measure,
    "anomaly": anomaly.measure,
    "knock": knock.measure,
    "digests": digests.measure,
    "recorder": recorder.measure,
    "intake": intake.measure,
    "call-log": call_log.measure,
    "warning": warning.measure,
}


def main(wanted: list[str]) -> None:
    for name in wanted or MEASURED:
        measured = MEASURED[name]
        with tempfile.TemporaryDirectory(prefix="claude-usage-bench-") as folder:
            for line in asyncio.run(measured(Path(folder))):
                print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
