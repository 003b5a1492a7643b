"""`claude-usage demo --once`: the whole bot with no account anywhere, as a reader of the README runs it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_demo_shows_an_answer_a_digest_and_an_alert_and_ends(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "SLACK_BOT_TOKEN": "xoxb-a-real-one"}
    done = subprocess.run(
        [sys.executable, "-m", "bot", "demo", "--once", "--days", "40", "--now", "2026-11-22T09:20:00Z"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    sections = done.stdout.split("── ")[1:]
    assert [section.partition(" ─")[0] for section in sections] == [
        "Ana asks /claude-usage team alpha in #team-alpha",
        "The morning digest in #general",
        "The alert in Ana's direct messages",
    ]
    answer, digest, alert = sections
    assert "Team Alpha" in answer
    assert "$" in answer
    assert "Daily digest" in digest
    assert "limit" in alert
    assert list(tmp_path.iterdir()) == []
