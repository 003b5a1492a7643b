"""`make docs`: docs/reference.md from the code itself: commands, settings, routes, metrics; and the examples.

What people read about each stands where it is decided: the argument parser, .env.example, the metrics' own words.
"""

import argparse
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from prometheus_client import REGISTRY
from prometheus_client.metrics_core import Metric

from bot.services.vitals import Vitals
from bot.store.database import Database
from bot.terminal import words
from bot.web import app as web_app
from bot.web import metrics
from tests import examples_page
from tests.outside import NOW

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs/reference.md"
ROUTES = {
    "GET /healthz": "200 while the process can work; 503 with the reason (database, schema)",
    "GET /readyz": "200 once the schema is current and Slack is connected and takes the bot token; 503 with the "
    "reason, also from SIGTERM on",
    "GET /metrics": "Prometheus; below",
    "POST /slack/events": "commands, actions, views, options, events; only in HTTP mode; 401 without a good signature",
    "POST /v1/calls": "one call or a list of up to 1,000 (JSON or NDJSON, gzip allowed), `Authorization: Bearer TOKEN`",
    "POST /v1/metrics": "OTLP metrics over HTTP, protobuf or JSON; same token",
    "POST /v1/logs": "OTLP logs likewise",
}
"""Every route the web server has; `served` holds this against it."""


def text() -> str:
    """The whole page."""
    parts = [
        "# Reference",
        "Written by `make docs` from the code; a test holds the two together. The words after `/claude-usage` "
        "are in the [README](../README.md#commands), the configuration file under [money](money.md) and "
        "[alerts](alerts.md).",
        "## Commands",
        "Every command takes `--now INSTANT`. `run` goes on from there, and replicas on one database need the same: "
        "those more than five minutes apart take each other's messages for abandoned, and may send them twice. Exit "
        "codes: 0 done, 1 failed, 2 the words were wrong, 3 a setting or credential is missing or refused.",
        *_commands(),
        "## Settings",
        "From the environment or `.env`. Any `…_KEY`, `…_TOKEN` or `…_SECRET`, and `DATABASE_URL`, as `…_FILE` too.",
        _table(("setting", "default", "meaning"), _settings()),
        "## HTTP",
        _table(("route", ""), ((f"`{route}`", what) for route, what in ROUTES.items() if route in served())),
        "## Metrics",
        "Counters and histograms are this process's own; gauges of data, messages, restatements and "
        f"differences are read from the database, at most every {metrics.FRESH_SECONDS} seconds.",
        _table(("metric", "kind", "labels", "meaning"), _metrics()),
    ]
    return "\n\n".join(parts) + "\n"


def served() -> set[str]:
    """The routes there are, as `GET /path`."""

    async def nothing() -> str:
        return ""

    async def page() -> bytes:
        return b""

    given = {"healthy": nothing, "ready": nothing, "metrics": page}
    wanted = web_app.build.__code__.co_varnames[: web_app.build.__code__.co_kwonlyargcount + 1]
    built = web_app.build(object(), **{name: given.get(name, object()) for name in wanted if name != "app"})  # type: ignore[arg-type]
    return {
        f"{method} {getattr(route, 'path', '')}"
        for route in built.routes
        for method in getattr(route, "methods", ())
        if method != "HEAD"
    }


def _commands() -> Iterator[str]:
    for name, command in commands().items():
        yield f"### `claude-usage {name}`"
        yield (command.description or "").rstrip(".") + "."
        rows = [
            (f"`{_called(action)}`", action.help or "")
            for action in command._actions
            if action.dest not in ("help", "now")
        ]
        if rows:
            yield _table(("option", ""), rows)


def commands() -> dict[str, argparse.ArgumentParser]:
    """Each command's own parser, by its name."""
    (choices,) = (action for action in words.parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(choices.choices)


def _called(action: argparse.Action) -> str:
    name = ", ".join(action.option_strings)
    if action.nargs == 0:
        return name
    value = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if action.choices and not action.metavar:
        value = " or ".join(map(str, action.choices))
    return f"{name} {value}".strip()


def _settings() -> Iterator[tuple[str, str, str]]:
    """From .env.example: the comment lines above a name are its meaning."""
    said: list[str] = []
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        setting = re.fullmatch(r"(?:# )?([A-Z][A-Z_]*)=(.*)", line)
        if setting:
            yield f"`{setting[1]}`", f"`{setting[2]}`" if setting[2] else "–", " ".join(said)
            said = []
        elif line.startswith("# "):
            said.append(line.removeprefix("# "))
        else:
            said = []


def _metrics() -> Iterator[tuple[str, str, str, str]]:
    for metric, labels in sorted(families(), key=lambda one: one[0].name):
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        yield f"`{name}`", metric.type, ", ".join(labels), metric.documentation


def families() -> list[tuple[Metric, tuple[str, ...]]]:
    """Every metric of ours with its labels, whether anything was counted yet or not."""
    counted = [
        (metric, tuple(getattr(collector, "_labelnames", ())))
        for collector in set(REGISTRY._collector_to_names)
        for metric in collector.collect()
        if metric.name.startswith("claude_usage_")
    ]
    database = Database("sqlite://")
    read = [
        *metrics._process(database),
        *metrics._standing(Vitals((), {}, None, {}, 0), timedelta(), NOW),
        metrics._one("database_up", "1 while the database answers.", 1),
        metrics._one("slack_connected", "1 while Socket Mode is connected.", 1),
    ]
    database.close()
    return [*counted, *((metric, tuple(getattr(metric, "_labelnames", ()))) for metric in read)]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    REFERENCE.write_text(text(), encoding="utf-8")
    examples_page.write()
