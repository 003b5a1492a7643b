"""`export` and `close`: files on standard output or under a name, their hashes and what they leave out beside them."""

import csv
import hashlib
import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.terminal.conftest import Command


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("kind", ["usage", "cost", "focus"])
def test_an_export_is_csv_on_standard_output_and_its_hash_on_the_other(command: Command, kind: str) -> None:
    done = command("export", kind)
    assert done.code == 0
    assert len(list(csv.DictReader(done.out.splitlines()))) > 100
    assert f"sha256 {sha256(done.out.encode())}" in done.sentences
    assert command("export", kind).out == done.out


def test_an_export_adds_up_to_the_answer_of_the_same_words(command: Command) -> None:
    for words in (("--period", "7d"), ("--period", "7d", "--team", "Team Alpha")):
        question = "summary 7d" if len(words) == 2 else "team alpha 7d"
        total = json.loads(command("ask", question, "--format", "json").out)["total"]
        rows = list(csv.DictReader(command("export", "cost", *words).out.splitlines()))
        assert sum(Decimal(row["billed_cost"] or 0) for row in rows) == Decimal(total["billed_cost"])
        assert sum(Decimal(row["list_cost"] or 0) for row in rows) == Decimal(total["list_cost"])


def test_a_file_is_written_whole_under_its_name_and_said_about_as_json(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "out" / "focus.csv"
    path.parent.mkdir()
    done = command("export", "focus", "--period", "7d", "-o", str(path), "--format", "json")
    said = json.loads(done.out)
    assert (said["kind"], said["since"], said["until"], said["closed_at"]) == (
        "focus",
        "2026-11-16",
        "2026-11-23",
        None,
    )
    assert said["sha256"] == sha256(path.read_bytes())
    assert path.read_bytes().decode() == command("export", "focus", "--period", "7d").out
    assert [file.name for file in path.parent.iterdir()] == ["focus.csv"]
    assert any("priority tier" in note for note in said["notes"])


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("export", "gossip"), 2, "gossip"),
        (("export", "cost", "--period", "soonish"), 2, "--period 2026-10"),
        (("export", "cost", "--period", "2027-01"), 2, "has not begun"),
        (("export", "cost", "--team", "alfa"), 1, "Team Alpha"),
        (("export", "cost", "--format", "json"), 2, "-o"),
        (("export", "cost", "-o", "no/such/folder/x.csv"), 1, "x.csv can't be written"),
        (("close", "october"), 2, "2026-10"),
        (("close", "2026-13"), 2, "2026-10"),
        (("close", "2026-11"), 1, "November 2026 is not over"),
        (("close", "2026-10"), 1, "is missing for 1–31 Oct"),
    ],
)
def test_what_can_not_be_exported_or_closed_is_said_with_what_to_do(
    command: Command, words: tuple[str, ...], code: int, sentence: str
) -> None:
    done = command(*words)
    assert (done.code, done.out) == (code, "")
    assert sentence in done.err


def test_a_month_is_closed_once_and_its_files_are_known_by_their_hashes(command: Command, tmp_path: Path) -> None:
    assert command("sync", "--since", "2026-10-01", "--until", "2026-11-01").code == 0
    done = command("close", "2026-10")
    assert done.code == 0
    hashes = {name: found for found, name in (line.split() for line in done.out.splitlines())}
    assert set(hashes) == {"cost-2026-10.csv", "focus-2026-10.csv", "usage-2026-10.csv"}

    again = command("close", "2026-10", "--now", "2026-11-23T09:00:00Z")
    assert (again.code, again.out) == (0, done.out)
    assert "was closed: 2026-11-22 09:00 UTC" in again.err
    said = json.loads(command("close", "2026-10", "--format", "json").out)
    assert said == {"month": "2026-10", "closed_at": "2026-11-22T09:00:00Z", "files": hashes, "closed_before": True}

    export = command("export", "cost", "--period", "october")
    assert sha256(export.out.encode()) == hashes["cost-2026-10.csv"]
    assert "October 2026 was closed on 22 Nov." in export.sentences
    path = tmp_path / "cost.csv"
    said = json.loads(command("export", "cost", "--period", "2026-10", "-o", str(path), "--format", "json").out)
    assert (said["sha256"], said["closed_at"]) == (hashes["cost-2026-10.csv"], "2026-11-22T09:00:00Z")
    assert sha256(path.read_bytes()) == said["sha256"]
