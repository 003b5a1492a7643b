"""The documents: what they name exists, what they tell people to type can be typed, and the reference is the code's."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bot.core.question import parse
from bot.terminal import words
from tests import examples_page, reference, screenshots
from tests.outside import NOW

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
PLACEHOLDERS = {
    "FILE": "teams.yml",
    "FILE.png": "picture.png",
    "MONTH": "2026-10",
    "DATE": "2026-11-01",
    "INSTANT": "2026-11-22T09:00:00Z",
    "NAME": "morning",
    "OLD": "old",
    "PERIOD": "7d",
    "TEAM": "alpha",
    "RECEIPT": "0" * 64,
    "ID": "0" * 64,
    "RULE": "day_cap",
    "TEXT": "team alpha",
    "KIND": "trend",
}
"""What a reader puts in the place of a word in capitals."""
_BARE = ("alerts", "deliveries", "doctor", "init", "migrate", "reconcile", "run", "sync")
"""Commands that need no further word."""
_SYNOPSIS = re.compile(r"[\[\]|…]|\\\|")


def pages() -> Iterator[tuple[str, str]]:
    """Every page by its path from the root."""
    for page in PAGES:
        yield str(page.relative_to(ROOT)), page.read_text(encoding="utf-8")


def typed(name: str) -> list[str]:
    """What the pages tell people to type that begins with this word, each once."""
    found: dict[str, None] = {}
    for _, text in pages():
        for block in re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            lines = (line.removeprefix("$ ") for line in block.splitlines())
            found |= dict.fromkeys(line for line in lines if line.startswith(f"{name} "))
        prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        found |= dict.fromkeys(re.findall(rf"`({re.escape(name)} [^`\n]+)`", prose))
    return [line.partition(" #")[0].strip() for line in found]


def commands() -> list[list[str]]:
    """The words of each command in the documents, placeholders filled in."""
    found = []
    for line in typed("claude-usage"):
        named = line in ("claude-usage config apply", "claude-usage config check") or len(line.split()) == 2
        if not _SYNOPSIS.search(line) and not (named and line.split()[1] not in _BARE):
            later = line.replace("--until DATE", "--until 2026-11-02")  # the first day that is not read
            found.append([PLACEHOLDERS.get(word, word) for word in shlex.split(later)[1:]])
    return found


def test_the_reference_says_what_the_code_does() -> None:
    assert reference.REFERENCE.read_text(encoding="utf-8") == reference.text(), "run `make docs`"


def test_the_examples_are_the_answers_of_the_code() -> None:
    readme = examples_page.README.read_text(encoding="utf-8")
    assert readme == examples_page.readme(readme), "run `make docs`"
    assert examples_page.PAGE.read_text(encoding="utf-8") == examples_page.page(), "run `make docs`"


def test_every_picture_is_shown_and_small() -> None:
    pictures = sorted((ROOT / "docs/images").iterdir())
    assert [one.name for one in pictures if one.stat().st_size > screenshots.MOST_BYTES] == []
    shown = "".join(text for _, text in pages())
    assert [one.name for one in pictures if f"images/{one.name})" not in shown] == []


def test_every_route_is_documented() -> None:
    assert sorted(reference.served() - reference.ROUTES.keys()) == []


def test_every_command_that_people_are_told_to_type_can_be_typed(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(commands()) > 25
    wrong = []
    for command in commands():
        try:
            words.parser().parse_args(command)
        except SystemExit:
            wrong.append((command, capsys.readouterr().err.splitlines()[-1:]))
    assert wrong == []


def test_every_syntax_that_is_shown_is_of_a_command_that_there_is() -> None:
    named = {line.split()[1] for line in typed("claude-usage")}
    assert sorted(named - reference.commands().keys()) == []
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in reference.commands() if f"`claude-usage {name}" not in readme] == []


def test_every_question_that_is_shown_can_be_asked() -> None:
    asked = [line for line in typed("/claude-usage") if not _SYNOPSIS.search(line) and not re.search(r"[A-Z]{4}", line)]
    assert len(asked) > 3
    for line in asked:
        parse(line.removeprefix("/claude-usage "), now=NOW, zone="UTC")


def test_every_link_leads_somewhere() -> None:
    dead = []
    for path, text in pages():
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"https?://", target):
                continue
            file, _, anchor = target.partition("#")
            there = (ROOT / path).parent / file if file else ROOT / path
            if not there.exists() or (anchor and anchor not in anchors(there)):
                dead.append(f"{path}: {target}")
    assert dead == []


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_yaml_that_is_shown_is_yaml() -> None:
    shown = [
        block for _, text in pages() for block in re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    ]
    assert len(shown) > 3
    for block in shown:
        assert isinstance(YAML(typ="safe").load(block), dict), block


def test_every_metric_target_and_file_that_is_named_exists() -> None:
    metrics = {metric.name for metric, _ in reference.families()}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    missing = []
    for path, text in pages():
        named = re.findall(r"claude_usage_[a-z_]+", text)
        missing += [f"{path}: {name}" for name in named if re.sub(r"_(total|bucket)$", "", name) not in metrics]
        missing += [f"{path}: make {name}" for name in re.findall(r"`make ([a-z-]+)", text) if name not in targets]
        files = re.findall(r"`((?:bot|tests|docs)/[\w./-]+)`", text)
        missing += [f"{path}: {file}" for file in files if "SUBJECT" not in file and not (ROOT / file).exists()]
    assert missing == []
