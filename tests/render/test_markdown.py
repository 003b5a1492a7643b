"""Markdown: the whole answer on a page, and nothing in a name that the page would take for its own."""

import re

import pytest

from bot.answers.calls import EXAMPLES
from bot.render import markdown
from tests import golden
from tests.render.examples import EXAMPLES as ANSWERS


@pytest.mark.parametrize("name", ["calls", "an older log", "hostile names"])
def test_the_report_on_live_calls_reads_as_it_did(name: str) -> None:
    golden.check(f"render/markdown/{name.replace(' ', '-')}.md", f"{markdown.text(EXAMPLES[name])}\n")


@pytest.mark.parametrize("name", ANSWERS)
def test_a_table_keeps_its_columns_and_no_name_becomes_markup(name: str) -> None:
    page = markdown.text(ANSWERS[name])
    rows: list[int] = []
    for line in page.splitlines():
        if not line.startswith("|"):
            rows = []
            continue
        rows.append(len(re.findall(r"(?<!\\)\|", line)))
        assert rows[0] == rows[-1]
    assert not re.search(r"(?<!\\)[<\[]", re.sub(r"`[^`]*`", "", page))
