"""`chart`: a picture under a name, its numbers on standard output."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from tests.terminal.conftest import Command


def test_a_picture_is_written_whole_and_its_numbers_are_said(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "out" / "trend.png"
    path.parent.mkdir()
    done = command("chart", "trend", "--period", "7d", "-o", str(path))
    assert (done.code, done.sentences) == (0, [])
    with Image.open(path) as image:
        assert (image.format, image.width) == ("PNG", 1400)
    assert [file.name for file in path.parent.iterdir()] == ["trend.png"]
    assert "Example Org spent $" in done.out
    assert "By day" in done.out
    assert "█" not in done.out  # the chart is the file's
    first = path.read_bytes()
    command("chart", "trend", "--period", "7d", "-o", str(path))
    assert path.read_bytes() == first


@pytest.mark.parametrize("kind", ["models", "teams", "workspaces", "keys", "trend"])
def test_every_kind_is_drawn_for_one_team_as_for_all(command: Command, tmp_path: Path, kind: str) -> None:
    said = []
    for words in ((), ("--team", "Team Alpha")):
        done = command("chart", kind, *words, "-o", str(tmp_path / "c.png"), "--format", "json")
        assert done.code == 0, done.err
        said.append(json.loads(done.out))
        assert said[-1]["sha256"] == sha256((tmp_path / "c.png").read_bytes()).hexdigest()
    assert [one["title"] for one in said] == ["Example Org, this month", "Team Alpha, this month"]
    assert said[0]["kind"] == kind
    assert said[0]["alt"].startswith("Billed cost ")
    assert said[0]["tables"][0]["rows"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("chart", "gossip", "-o", "x.png"), 2, "gossip"),
        (("chart", "trend"), 2, "-o"),
        (("chart", "trend", "-o", "x.jpg"), 2, "-o FILE.png"),
        (("chart", "trend", "--period", "soonish", "-o", "x.png"), 2, "--period 2026-10"),
        (("chart", "trend", "--period", "7d by key", "-o", "x.png"), 2, "--period 2026-10"),
        (("chart", "trend", "--team", "alfa", "-o", "x.png"), 1, "Team Alpha"),
        (
            ("chart", "trend", "--period", "2026-09", "-o", "x.png"),
            1,
            "There is nothing to draw. Nothing has been read",
        ),
        (("chart", "budget", "-o", "x.png"), 1, "has no budget."),
        (("chart", "models", "-o", "no/such/folder/x.png"), 1, "x.png can't be written"),
    ],
)
def test_what_can_not_be_drawn_is_said_with_what_to_do_and_leaves_no_file(
    command: Command, tmp_path: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    before = set(tmp_path.iterdir())
    done = command(*words)
    assert (done.code, done.out) == (code, "")
    assert sentence in done.err
    assert set(tmp_path.iterdir()) == before
