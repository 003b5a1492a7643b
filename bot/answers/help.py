"""`help`: what can be asked, with examples from the reader's own organisation."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Action, Answer, Column, Table
from bot.core.question import Dimension, Subject, written

_LINES = {
    Subject.SUMMARY: ("the whole organisation", "summary last week"),
    Subject.TEAM: ("one team: models, keys", "team {team} by key"),
    Subject.TEAMS: ("all teams, and unallocated", "teams last month"),
    Subject.MODEL: ("one model: teams, keys", "model {model}"),
    Subject.MODELS: ("all models, with list price", "models last 30 days"),
    Subject.WORKSPACE: ("one workspace: keys, models", "workspace {workspace}"),
    Subject.WORKSPACES: ("all workspaces", "workspaces yesterday"),
    Subject.KEY: ("one key: models", "key {key} by day"),
    Subject.KEYS: ("all keys", "keys this week top 10"),
    Subject.USER: ("one person you may see, or yourself", "user me"),
    Subject.USERS: ("everybody you may see", "users last month"),
    Subject.CODE: ("Claude Code: sessions, lines, edits", "code last week"),
    Subject.LIMITS: ("rate limits, and spend limits", "limits"),
    Subject.CALLS: ("live calls: success, latency, errors", "calls today"),
    Subject.FEATURE: ("one feature's live calls", "feature search"),
    Subject.FEATURES: ("live calls by feature", "features last week"),
    Subject.ENDPOINT: ("one endpoint's live calls", "endpoint messages"),
    Subject.ENDPOINTS: ("live calls by endpoint", "endpoints last week"),
    Subject.WHY: ("why spend changed, and by whom", "why team {team} last week"),
    Subject.PLAN: ("API cost against plans, tiers", "plan team {team}"),
    Subject.BUDGET: ("spent, left, pace, month-end", "budget {team}"),
    Subject.FORECAST: ("the month's end, with its range", "forecast {team}"),
    Subject.ADVICE: ("what would cost less, in dollars", "advice {team}"),
    Subject.CHART: ("a picture: trend, models, budget…", "chart trend"),
    Subject.TREND: ("day by day, against before", "trend {team} last 30 days"),
    Subject.COMPARE: ("two or three side by side", "compare {team} unallocated"),
    Subject.EXPORT: ("a CSV file, in a direct message", "export cost last month"),
    Subject.ALERTS: ("what fires, and what lately resolved", "alerts {team}"),
    Subject.SUBSCRIBE: ("a digest or an alert rule, by form", "subscribe {team}"),
    Subject.SETTINGS: ("what is in force, and by whom", "settings"),
    Subject.STATUS: ("how far the data goes", "status"),
    Subject.HELP: ("this page, or one subject", "help team"),
}
_KNOWN = {"team": "alpha", "model": "claude-sonnet-5-5", "workspace": "support-prod", "key": "ci"}
_LONGEST_NAME = 24
"""A longer one would be cut in a terminal, and a cut example can't be pasted."""


def answer(subject: Subject | None, names: Mapping[str, str]) -> Answer:
    """Help on everything or on one subject; `names` holds a real team, model, workspace and key to show."""
    fitting = {kind: name for kind, name in names.items() if len(name) <= _LONGEST_NAME}
    words = {kind: written(Subject(kind), name) for kind, name in {**_KNOWN, **fitting}.items()}
    lines = {one: (what, example.format(**words)) for one, (what, example) in _LINES.items()}
    offered = [lines[subject][1]] if subject else [f"team {words['team']}", "summary", "models"]
    columns = tuple(Column(title, numeric=False) for title in ("Subject", "Answers", "For example"))
    return Answer(
        title=f"Help: {subject.value}" if subject else "Help",
        headline=f"Type a question after /claude-usage, for example: {offered[0]}",
        tables=(
            Table("Subjects", columns, tuple((one.value, *lines[one]) for one in ((subject,) if subject else lines))),
        ),
        paragraphs=(
            "A question is `SUBJECT [NAME] [PERIOD] [by DIMENSION] [top N] [vs PERIOD] [share]`. "
            "Put a name with spaces in quotes.",
            "A period is `today`, `yesterday`, `7d`, `last 30 days`, `this week`, `last week`, `mtd`, `last month`, "
            "`qtd`, `ytd`, `october`, `2026-10`, `2026-Q3`, `2026-10-01..2026-10-15` or `since 2026-11-01`. "
            "Without one you get this month so far.",
            f"A dimension is {', '.join(f'`{one}`' for one in Dimension)}.",
            "Only you see an answer, unless you add `share` or press Share to channel.",
            "Something wrong or missing? Look at `status`, then ask whoever runs this bot.",
        ),
        actions=tuple(Action(example, example) for example in offered),
        question=" ".join(filter(None, ("help", subject))),
    )


EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "all": answer(None, {"team": "Team Alpha", "model": "Claude Haiku 4.5"}),
        "teams": answer(Subject.TEAMS, {}),
        "hostile names": answer(None, dict.fromkeys(_KNOWN, examples.HOSTILE)),
        "short hostile names": answer(None, dict.fromkeys(_KNOWN, "<!here> `c` | 🧑‍🚀 \u202eא")),
    }
)
