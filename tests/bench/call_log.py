"""A log of a million calls: imported and asked for the cost of each team, beside a plain loop that only adds it up.

pandas and DuckDB are measured where they are installed, which may be elsewhere (RIVALS=/path/to/python); the project
does not need them.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.access import OPERATOR
from bot.core.calls.log import Log
from bot.interpreter import calm_collector
from bot.services.asking.ask import Ask
from bot.services.calls import importing
from bot.store import schema
from bot.store.database import Database

LINES = 1_000_000
RIVALS = os.environ.get("RIVALS", sys.executable)
_PRICES = {"claude-2.1": (0.000011, 0.000033), "claude-instant-1.2": (0.0000024, 0.0000072)}
_LOOP = """
import json, sys
cost = {}
with open(sys.argv[1]) as lines:
    for line in lines:
        one = json.loads(line)
        paid = one["prompt_tokens"] * one["cost_per_token_prompt"]
        paid += one["completion_tokens"] * one["cost_per_token_completion"]
        cost[one["team"]] = cost.get(one["team"], 0) + paid
print(cost)
"""
_PANDAS = """
import pandas, sys
log = pandas.read_json(sys.argv[1], lines=True)
log["cost"] = log.prompt_tokens * log.cost_per_token_prompt + log.completion_tokens * log.cost_per_token_completion
print(log.groupby("team").cost.sum())
"""
_STORING = (
    _PANDAS
    + """
import sqlite3
log["timestamp"] = log.timestamp.astype(str)
log.to_sql("call", sqlite3.connect(sys.argv[1] + ".pandas.db"), index=False)
"""
)
_THE_SAME = (
    _PANDAS
    + """
import sqlite3
log["timestamp"] = log.timestamp.astype(str)
log = log.drop_duplicates()
log["id"] = [f"{hash_:016x}" for hash_ in pandas.util.hash_pandas_object(log, index=False)]
log["hour"] = log.timestamp.str.slice(0, 13)
kinds = ["hour", "team", "user_id", "model"]
hours = log.groupby(kinds).agg({"id": "count", "prompt_tokens": "sum", "completion_tokens": "sum", "cost": "sum"})
database = sqlite3.connect(sys.argv[1] + ".same.db")
log.to_sql("call", database, index=False)
hours.to_sql("call_hour", database)
for column in ("id", "timestamp"):
    database.execute(f"CREATE INDEX call_{column} ON call ({column})")
database.commit()
"""
)
_DUCKDB = """
import duckdb, sys
print(duckdb.sql(f"SELECT team, sum(prompt_tokens * cost_per_token_prompt + completion_tokens * "
                 f"cost_per_token_completion) FROM read_json('{sys.argv[1]}') GROUP BY team"))
"""
_RIVALS = {
    "a plain loop over json.loads": (None, _LOOP),
    "pandas": ("pandas", _PANDAS),
    "pandas, which stores its rows in SQLite too": ("pandas", _STORING),
    "pandas, which also drops repeats, sums by the hour and finds rows by id and time": ("pandas", _THE_SAME),
    "DuckDB": ("duckdb", _DUCKDB),
}


async def measure(folder: Path) -> list[str]:
    log = folder / "calls.jsonl"
    _write(log)
    lines = [f"{LINES:,} lines, {log.stat().st_size >> 20} MiB"]
    for name, (module, script) in _RIVALS.items():
        if module and not _has(module):
            lines.append(f"{name}: not installed, not measured")
            continue
        busy = _worked()
        seconds = _timed(lambda script=script: _run(script, log))  # type: ignore[misc]
        lines.append(f"{name}: {seconds:.1f} s ({_worked() - busy:.1f} of work)")
    calm_collector()  # as the command does
    database = Database(f"sqlite:///{folder / 'calls.db'}")
    schema.migrate(database)
    began, busy, quarters = time.perf_counter(), _worked(), list[float]()
    result = await importing.read(log, Log.AUTO, database, _now, progress=lambda *_: quarters.append(_megabytes()))
    seconds = time.perf_counter() - began
    lines.append(
        f"import: {seconds:.1f} s ({_worked() - busy:.1f} of work, that of the process that reads included), "
        f"{result.stored / seconds:,.0f} lines a second; memory after each quarter "
        f"{', '.join(f'{quarters[len(quarters) * n // 4 - 1]:.0f}' for n in range(1, 5))} MB"
    )
    began = time.perf_counter()
    again = await importing.read(log, Log.AUTO, database, _now)
    lines.append(f"the same file again: {time.perf_counter() - began:.1f} s, {again.passed_over:,} calls passed over")
    for words in ("calls by team last month", "calls last month"):
        began = time.perf_counter()
        await Ask(database, "UTC").answer(words, _now(), OPERATOR)
        lines.append(f"`ask {words}`: {(time.perf_counter() - began) * 1000:.0f} ms")
    database.close()
    return lines


def _write(log: Path) -> None:
    dice, start = random.Random(3), _now().replace(day=1) - timedelta(days=28)
    with log.open("w", encoding="utf-8") as file:
        for n in range(LINES):
            model = dice.choice(list(_PRICES))
            prompt, completion = _PRICES[model]
            one = {
                "timestamp": (start + timedelta(days=25) * n / LINES).isoformat(),
                "user_id": f"u{dice.randrange(20)}",
                "team": dice.choice(("Alpha", "Beta", "Gamma")),
                "model": model,
                "prompt_tokens": dice.randrange(5000),
                "completion_tokens": dice.randrange(2000),
                "cost_per_token_prompt": prompt,
                "cost_per_token_completion": completion,
            }
            file.write(json.dumps(one) + "\n")


def _has(module: str) -> bool:
    return subprocess.run([RIVALS, "-c", f"import {module}"], check=False, capture_output=True).returncode == 0


def _run(script: str, log: Path) -> None:
    subprocess.run([RIVALS, "-c", script, str(log)], check=True, capture_output=True)


def _worked() -> float:
    """Seconds of processor time, of this process and of those that it has ended."""
    return sum(os.times()[:4])


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _now() -> datetime:
    return datetime.now(UTC)


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
