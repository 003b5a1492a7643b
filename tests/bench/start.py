"""What starting costs: imports, the time to /readyz, and the memory of a bot with nothing to do."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

from tests.bench import whole

IDLE_SECONDS = 5


async def measure(folder: Path) -> list[str]:
    async with whole.running(folder) as bot:
        await asyncio.sleep(IDLE_SECONDS)
        memory = _resident_megabytes(bot.pid)
    return [
        f"import of every command: {_import_milliseconds():.0f} ms",
        f"`claude-usage run` → /readyz 200 on an empty database: {bot.ready:.2f} s (mark: 2)",
        f"resident memory of the idle bot after its first sync: {memory:.0f} MB (mark: 150)",
    ]


def _resident_megabytes(pid: int) -> float:
    kilobytes = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(kilobytes[1]) / 1024 if kilobytes else float("nan")


def _import_milliseconds() -> float:
    command = [sys.executable, "-X", "importtime", "-c", "import bot.commands"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return int(said.strip().splitlines()[-1].split("|")[1]) / 1000
