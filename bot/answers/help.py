"""`help`: what can be asked, with examples from the reader's own organisation."""

from __future__ import annotations

from bot.answers.answer import Action, Answer, Column, Table
from bot.core.question import Subject
from bot.core.words import quote

_LINES = {
    Subject.SUMMARY: ("the whole organisation", "summary last week"),
    Subject.TEAM: ("one team, with its models and keys", "team {team} by key"),
    Subject.TEAMS: ("all teams ranked, and what no team claims", "teams last month"),
    Subject.MODEL: ("one model, by team", "model {model}"),
    Subject.MODELS: ("all models with price, cache hits and share", "models last 30 days"),
    Subject.WORKSPACE: ("one workspace, by key", "workspace {workspace}"),
    Subject.WORKSPACES: ("all workspaces ranked", "workspaces yesterday"),
    Subject.KEY: ("one key, by model", "key {key} by day"),
    Subject.KEYS: ("all keys ranked", "keys this week top 10"),
    Subject.STATUS: ("how far the data goes, and the last sync", "status"),
    Subject.HELP: ("this page, or one subject", "help team"),
}
_PERIODS = (
    "today, yesterday, 7d, last 30 days, this week, last week, mtd, last month, qtd, ytd, october, 2026-10, 2026-Q3, "
    "2026-10-01..2026-10-15, since 2026-11-01"
)
_DIMENSIONS = "team, model, workspace, key, day, week, month, tier, token-type, geo"


def answer(subject: Subject | None, names: dict[str, str]) -> Answer:
    """Help on everything or on one subject; `names` holds a real team, model, workspace and key to show."""
    known = {"team": "alpha", "model": "claude-sonnet-5-5", "workspace": "support-prod", "key": "ci"}
    words = {kind: quote(name) if " " in name else name for kind, name in {**known, **names}.items()}
    chosen = [subject] if subject else list(_LINES)
    rows = tuple((one.value, _LINES[one][0], _LINES[one][1].format(**words)) for one in chosen)
    examples = [_LINES[one][1].format(**words) for one in (subject,) if one] or [
        "summary",
        f"team {words['team']}",
        "models",
    ]
    return Answer(
        title=f"Help: {subject.value}" if subject else "Help",
        headline="Ask with `/claude-usage SUBJECT [NAME] [PERIOD] [by DIMENSION] [top N] [vs PERIOD] [share]`.",
        tables=(
            Table(
                "Subjects",
                (
                    Column("Subject", numeric=False),
                    Column("Answers", numeric=False),
                    Column("For example", numeric=False),
                ),
                rows,
            ),
        ),
        paragraphs=(
            f"Periods: {_PERIODS}. Without one: this month so far.",
            f"Dimensions: {_DIMENSIONS}.",
            "Only you see an answer; add `share`, or press Share to channel, to show it to everyone here.",
            "Something wrong or missing? Ask whoever runs this bot; `status` shows how it is doing.",
        ),
        actions=tuple(Action(example, example) for example in dict.fromkeys(examples)),
    )
