"""What questions share in memory is what the database says: whatever another process changes, the next answer shows.

Two processes are two `Database` objects here, because what is remembered belongs to one of them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, event

from bot.answers.answer import Answer
from bot.core.access import Asker
from bot.core.calls import batch, wire
from bot.core.calls.call import Call
from bot.core.calls.client import IMPORTED
from bot.core.directory import ApiKey, Directory, Workspace
from bot.core.errors import BotError
from bot.core.usage import LEDGER_SOURCES, Source, UsageRecord
from bot.core.utc import dates, midnight
from bot.services import configuration
from bot.services.asking import ask
from bot.services.books.close import close
from bot.services.syncing.rebuild import rebuild
from bot.store import calls, directory, memory
from bot.store.calls import Sent
from bot.store.database import Database
from bot.store.readings import snapshots, syncs
from tests import databases
from tests.databases import Preparation
from tests.services.books import MODEL, ORGANIZATION, TEAMS, Books

NOW = datetime(2026, 11, 6, 12, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)
OWNER = Asker.called("ana@example.com")
CONFIGURED = """
timezone: Europe/Berlin
teams:
  - {id: alpha, name: Team Alpha, matches: [{workspace: alpha}]}
  - {id: beta, name: Team Beta, matches: [{workspace: beta}]}
"""
HERE = Directory(
    ORGANIZATION,
    "Example Org",
    {team: Workspace(team, team) for team in TEAMS},
    {"key_alpha": ApiKey("key_alpha", "Alpha's key", "alpha")},
)
RENAMED = replace(HERE, workspaces={**HERE.workspaces, "alpha": Workspace("alpha", "support")})
CHANGES: dict[str, tuple[str, Callable[[Books], object]]] = {
    "a bill is restated": ("team alpha", lambda books: books.bill(date(2026, 11, 3), alpha="99.00", beta="1.00")),
    "a day that ran is read when it is over": ("team alpha", lambda books: _read_again(books, TODAY)),
    "a key gets its name": ("team alpha", lambda books: books.database.write_now(directory.replace, HERE)),
    "a workspace is renamed": ("workspaces", lambda books: books.database.write_now(directory.replace, RENAMED)),
    "a team is renamed": ("team alpha", lambda books: _applied(books, "Team Alpha", "The As")),
    "people count their days in Lisbon": (
        "team beta by day",
        lambda books: _applied(books, "Berlin", "Lisbon"),
    ),
    "a day is known by the hour": (
        "team beta by day",
        lambda books: books.by_hour(date(2026, 10, 31), alpha={3: 600, 22: 400}, beta={3: 600, 23: 400}),
    ),
    "a month is closed": ("summary october", lambda books: books.database.write_now(close, date(2026, 10, 1), NOW)),
    "what was closed is restated": ("team alpha october", lambda books: _restated(books, date(2026, 10, 9))),
    "a person is named for the first time": (
        "users",
        lambda books: books.database.write_now(_used_by_ana, TODAY),
    ),
    "a program tells of its first call": ("team beta", lambda books: _called(books, "beta")),
    "a source is tried that was never read": (
        "summary",
        lambda books: books.database.write_now(syncs.attempted, "org_other", Source.COST, NOW),
    ),
}
"""What may change, and a question whose answer then is another."""


def _read_again(books: Books, day: date) -> None:
    for source in LEDGER_SOURCES:
        books.database.write_now(snapshots.replace, ORGANIZATION, source, [midnight(day)], [], NOW + DAY)


def _applied(books: Books, before: str, after: str) -> None:
    books.database.write_now(configuration.apply, CONFIGURED.replace(before, after), "teams.yml", NOW)


def _restated(books: Books, day: date) -> None:
    books.database.write_now(close, day.replace(day=1), NOW)
    books.bill(day, read_at=NOW, alpha="0.50", beta="1.00")


def _used_by_ana(connection: Connection, day: date) -> None:
    used = UsageRecord(midnight(day), "alpha", "key_alpha", MODEL, "standard", "global", 0, 0, 0, 0, 700, 0)
    used = used._replace(actor_id="user_ana", requests=3)
    snapshots.replace(connection, ORGANIZATION, Source.USAGE, [midnight(day)], [used], NOW + DAY)
    rebuild(connection, ORGANIZATION, [day])


def _called(books: Books, team: str) -> None:
    call = wire.read({"timestamp": NOW.isoformat(), "model": MODEL, "output_tokens": 1000, "team": team}, NOW)
    assert isinstance(call, Call)
    books.database.write_now(calls.post, [Sent(batch.of([call]), IMPORTED)], NOW, {})


def five_weeks(database: Database) -> None:
    """Five weeks of two teams."""
    books = Books(database)
    books.configure(CONFIGURED)
    books.spend_daily(dates(date(2026, 10, 1), TODAY), alpha="7.50", beta="1.00")
    books.spend(TODAY, read_at=NOW, alpha="2.50", beta="0.50")


@pytest.fixture
def url(prepared_url: Callable[[Preparation], str]) -> str:
    return prepared_url(five_weeks)


@pytest.fixture
def books(url: str) -> Iterator[Books]:
    """The books in the hands of the process that writes."""
    with databases.opened(url) as database:
        yield Books(database)


@pytest.fixture
def asking(url: str) -> Iterator[Database]:
    """The process that answers."""
    with databases.opened(url) as database:
        yield database


def answered(database: Database, text: str) -> Answer | str:
    """The answer now, or why there is none, in a transaction of its own."""
    try:
        return database.read_now(ask._answered, text, NOW, "UTC", OWNER, shared=False, said=NOW)
    except BotError as error:
        return str(error)


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_another_process_changes_the_next_answer_shows(what: str, books: Books, asking: Database) -> None:
    question, change = CHANGES[what]
    before = answered(asking, question)
    assert before == answered(asking, question)
    change(books)
    at_once = answered(asking, question)
    assert at_once != before, "nobody would see a difference"
    anew = Database(asking.engine.url.render_as_string(hide_password=False))
    assert at_once == answered(anew, question)
    anew.close()


def test_a_question_that_comes_again_reads_only_what_may_change_unseen(
    books: Books,
    asking: Database,
) -> None:
    answered(asking, "team alpha")
    read: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        read.extend(re.findall(r"FROM (\w+)", statement))

    event.listen(asking.engine, "before_cursor_execute", note)
    answered(asking, "team alpha")
    event.remove(asking.engine, "before_cursor_execute", note)
    assert read == ["version", "episode"]


def test_what_is_remembered_is_of_the_newest_version_alone_and_bounded(
    books: Books, asking: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept() -> memory._Memory:
        return memory._memories[asking.engine]

    answered(asking, "team alpha")
    assert len(kept()._known) > 10
    books.bill(TODAY, read_at=NOW, alpha="7.51", beta="1.00")
    asking.read_now(memory.remembered, "one", lambda: 1)
    assert set(kept()._known) == {"one"}
    monkeypatch.setattr(memory, "MOST_ROWS", 10)
    answered(asking, "team alpha by day")
    assert 0 < kept()._rows <= 10
    assert "one" not in kept()._known
