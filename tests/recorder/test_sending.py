"""Nothing is lost while the intake is away, what is lost is counted, and no call ever waits for any of it."""

from __future__ import annotations

import gzip
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.recorder import Recorder
from tests.outside import wait_until
from tests.recorder.stand_ins import Intake, Reply, served

TOKEN = "cut_secret-token"


@pytest.fixture
def intake() -> Iterator[Intake]:
    with served(Intake()) as one:
        assert isinstance(one, Intake)
        yield one


Make = Callable[..., Recorder]


@pytest.fixture
def recorder() -> Iterator[Make]:
    """Makes recorders that are closed with the test, before the intake is."""
    with ExitStack() as stack:

        def make(url: str, spool: Path | None, **more: Any) -> Recorder:
            one = Recorder(url, TOKEN, spool=spool, **more)
            stack.callback(one.close, 0.5)
            return one

        yield make


def records(one: Recorder, first: int, calls: int) -> None:
    for number in range(first, first + calls):
        one.record(model="claude-sonnet-5-5", input_tokens=number, output_tokens=1, id=f"c{number}")


def refuses(status: int, **more: Any) -> Reply:
    return Reply(json.dumps({"error": "no"}).encode(), status, **more)


def test_nothing_is_lost_and_nothing_comes_twice_when_the_intake_restarts(recorder: Make, tmp_path: Path) -> None:
    intake = Intake()
    with served(intake):
        one = recorder(intake.url, tmp_path / "spool")
        records(one, 0, 100)
        assert one.flush()
    records(one, 100, 1200)
    assert one.flush()
    assert one.stats().waiting == 1200
    with served(intake, port=intake.port):
        records(one, 1300, 10)
        wait_until(lambda: one.stats().waiting == 0)
    assert sorted(intake.calls) == sorted(f"c{number}" for number in range(1310))
    assert one.stats() == (1310, 1310, 0, 0, 0)
    assert list((tmp_path / "spool").iterdir()) == []


def test_no_call_is_nowhere_at_any_time(recorder: Make, intake: Intake) -> None:
    one = recorder(intake.url, None)
    records(one, 0, 700)
    while one.stats().sent < 700:
        recorded, *others = one.stats()
        assert sum(others) >= recorded
    assert one.flush()
    assert one.stats() == (700, 700, 0, 0, 0)


def test_what_a_program_leaves_behind_is_sent_by_the_next(recorder: Make, tmp_path: Path, intake: Intake) -> None:
    spool = tmp_path / "spool"
    script = (
        "from bot.recorder import Recorder\n"
        f"one = Recorder('http://127.0.0.1:9', '{TOKEN}', spool={str(spool)!r})\n"
        "for number in range(700): one.record(model='m', input_tokens=1, output_tokens=1, id=f'c{number}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True
    )
    assert done.stderr.count("\n") == 1, "one warning"
    assert "wait to be sent" in done.stderr
    assert TOKEN not in done.stderr
    one = recorder(intake.url, spool)
    records(one, 700, 1)
    wait_until(lambda: len(intake.calls) == 701)


def test_what_does_not_fit_is_dropped_oldest_first_counted_and_said_once(
    recorder: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = recorder("http://127.0.0.1:9", tmp_path / "spool", spool_bytes=9_000)
    for start in range(0, 2000, 500):
        records(one, start, 500)
        assert one.flush()
    one.close()
    recorded, sent, rejected, dropped, waiting = one.stats()
    assert (recorded, sent, rejected) == (2000, 0, 0)
    assert 500 <= dropped < 2000
    assert dropped + waiting == 2000
    assert [record.getMessage().count("no room") for record in caplog.records if "no room" in record.message] == [1]


def test_a_queue_that_is_full_drops_and_counts(recorder: Make, intake: Intake) -> None:
    intake.next.append(refuses(503))
    one = recorder(intake.url, None, most_queued=50)
    records(one, 0, 200)
    recorded, dropped = one.stats().recorded, one.stats().dropped
    assert recorded + dropped == 200
    assert dropped >= 100


def test_the_end_of_a_program_takes_two_seconds_at_most(tmp_path: Path) -> None:
    """The intake takes the connection and never answers; of two programs one has no folder to write to."""
    script = (
        "import socket, sys; from bot.recorder import Recorder\n"
        "deaf = socket.create_server(('127.0.0.1', 0))\n"
        "url = f'http://127.0.0.1:{deaf.getsockname()[1]}'\n"
        "one = Recorder(url, 't', spool=sys.argv[1] or None)\n"
        "one.record(model='m', input_tokens=1, output_tokens=1)\n"
    )
    before = time.monotonic()
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", script, spool], stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        )
        for spool in (str(tmp_path / "spool"), "")
    ]
    said = [program.communicate(timeout=30)[1] for program in programs]
    assert time.monotonic() - before < 8, "two seconds, and what it takes to start"
    assert len(list((tmp_path / "spool").iterdir())) == 1
    assert ["the program ended while the intake was away" in one for one in said] == [False, True]


def test_an_intake_that_refuses_some_rows_is_believed(
    recorder: Make, intake: Intake, caplog: pytest.LogCaptureFixture
) -> None:
    said = {"accepted": 2, "duplicates": 0, "rejected": [{"index": 1, "reason": "The call has no timestamp."}]}
    intake.next.append(Reply(json.dumps(said).encode(), 202))
    one = recorder(intake.url, None)
    records(one, 0, 3)
    assert one.flush()
    assert one.stats() == (3, 2, 1, 0, 0)
    assert "no timestamp" in caplog.text


def test_what_is_too_large_is_cut_in_halves(recorder: Make, intake: Intake) -> None:
    intake.next += [refuses(413), refuses(413)]
    one = recorder(intake.url, None)
    records(one, 0, 8)
    assert one.flush()
    assert len(intake.calls) == 8
    assert one.stats().sent == 8


@pytest.mark.parametrize(("status", "lost"), [(400, 3), (422, 3), (401, 0), (404, 0), (429, 0), (503, 0), (302, 0)])
def test_only_what_can_never_be_taken_is_given_up(
    recorder: Make, intake: Intake, status: int, lost: int, caplog: pytest.LogCaptureFixture
) -> None:
    intake.next.append(refuses(status))
    one = recorder(intake.url, None)
    records(one, 0, 3)
    assert one.flush()
    assert one.stats() == (3, 0, 0, lost, 3 - lost)
    assert TOKEN not in caplog.text
    if not lost:
        wait_until(lambda: len(intake.calls) == 3)


def test_a_limit_is_waited_for(recorder: Make, intake: Intake) -> None:
    intake.next.append(refuses(429, headers={"retry-after": "1"}))
    one = recorder(intake.url, None)
    records(one, 0, 1)
    assert one.flush()
    before = time.monotonic()
    wait_until(lambda: intake.calls)
    assert time.monotonic() - before > 0.8


def test_a_folder_that_is_somebody_elses_is_not_used(recorder: Make, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "spool").symlink_to(tmp_path / "theirs")
    one = recorder("http://127.0.0.1:9", tmp_path / "spool")
    records(one, 0, 1)
    assert one.flush()
    assert list((tmp_path / "theirs").iterdir()) == []
    assert one.stats().waiting == 1


def test_a_child_sends_its_own_calls_and_not_its_parents(recorder: Make, intake: Intake) -> None:
    one = recorder(intake.url, None)
    records(one, 0, 1)
    child = os.fork()
    if child == 0:  # pragma: no cover
        try:
            records(one, 1, 1)
            os._exit(0 if one.flush() else 1)
        finally:
            os._exit(2)
    try:
        wait_until(lambda: os.waitpid(child, os.WNOHANG)[0])
    except AssertionError:
        os.kill(child, signal.SIGKILL)
        raise
    assert one.flush()
    assert sorted(json.loads(line)["id"] for _, _, body in intake.asked for line in _lines(body)) == ["c0", "c1"]


def test_its_own_requests_stay_out_of_the_programs_log(
    recorder: Make, intake: Intake, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="httpx")  # another test may have calmed it, as the bot does
    one = recorder(intake.url, None)
    records(one, 0, 1)
    assert one.flush()
    intake.next.append(Reply(b""))
    httpx.get(intake.url)
    assert [record.getMessage().split()[2] for record in caplog.records if record.name == "httpx"] == ["GET"]


def test_it_needs_httpx_alone() -> None:
    script = (
        "import sys; import httpx; known = set(sys.modules)\n"
        "import bot.recorder\n"
        "new = {name for name in set(sys.modules) - known if not name.startswith('bot')}\n"
        "print(sorted(name for name in new if name.split('.')[0] not in sys.stdlib_module_names))\n"
        "print(sorted(n for n in sys.modules if n.startswith('bot') and not n.startswith('bot.recorder')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True
    )
    assert done.stdout.splitlines() == ["[]", "['bot']"]


def _lines(body: bytes) -> list[bytes]:
    return gzip.decompress(body).splitlines()
