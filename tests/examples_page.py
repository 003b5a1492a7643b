"""What each subject answers, by example: a column of the README and docs/answers.md, from the code's own EXAMPLES."""

import re
from collections.abc import Iterator
from pathlib import Path

from bot.answers.answer import Answer
from bot.render import terminal
from tests.answers.test_examples import EXAMPLES

ROOT = Path(__file__).parents[1]
README, PAGE = ROOT / "README.md", ROOT / "docs/answers.md"
SHOWN = {
    "summary": "spend/organisation",
    "team": "spend/team",
    "model": "ranking/models",
    "workspace": "ranking/two-keys-and-the-rest",
    "user": "spend/oneself",
    "advice": "advice/team",
    "plan": "plan/organisation",
    "why": "why/team",
    "code": "code/developers",
    "calls": "calls/calls",
    "limits": "limits/near",
    "trend": "trend/team",
    "compare": "compare/teams",
    "export": "export/cost",
    "budget": "budget/team",
    "forecast": "forecast/team",
    "chart": "chart/models",
    "alerts": "alerts/of-everything",
    "subscribe": "settings/for-an-owner",
    "status": "status/well",
    "help": "help/teams",
}
"""Each line of the README's table of subjects, by the first subject it names, and the example it shows."""
_UNASKED = {"export": "export cost alpha"}
"""Where an example does not say what was asked."""
_HEAD = ("| subject | answers | for example |", "|---|---|---|")


def shown() -> Iterator[tuple[str, str, Answer]]:
    """Subject, question and answer of every example."""
    for subject, name in SHOWN.items():
        answer = EXAMPLES[name]
        yield subject, _UNASKED.get(subject) or answer.question.replace(" this month", ""), answer


def readme(text: str) -> str:
    """The README with the examples as they are now. Raises ValueError where a subject of its table has none."""
    before, _, rest = text.partition("\n| subject | answers |")
    rows, _, after = rest.partition("\n\n")
    examples = {subject: (question, answer.headline) for subject, question, answer in shown()}
    lines = list(_HEAD)
    for row in rows.splitlines()[2:]:
        cells = re.split(r"(?<!\\)\|", row)
        named = re.search(r"`([a-z]+)", cells[1])
        if named is None or named[1] not in examples:
            raise ValueError(f"tests/examples_page.py shows nothing for this line: {row[:60]}")
        question, headline = examples.pop(named[1])
        lines.append(f"|{cells[1]}|{cells[2]}| `{question}`: {headline} |")
    if examples:
        raise ValueError(f"The README has no line for {', '.join(examples)}.")
    return before + "\n" + "\n".join(lines) + "\n\n" + after


def page() -> str:
    """The whole of docs/answers.md."""
    parts = [
        "# Answers",
        "One example of each subject, as `claude-usage ask` prints it; Slack has the same with charts, tables and "
        "buttons. Written by `make docs` from the examples the code keeps; a test holds the two together.",
        "![The answer to why team alpha, in Slack](images/answer.png)",
    ]
    for subject, question, answer in shown():
        parts += [
            f"## {subject.capitalize()}",
            f"```\n/claude-usage {question}\n```",
            f"```\n{terminal.text(answer)}\n```",
        ]
    return "\n\n".join(parts) + "\n"


def write() -> None:
    README.write_text(readme(README.read_text(encoding="utf-8")), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
