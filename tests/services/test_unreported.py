"""Hours that Anthropic has not reported yet are filled from live calls, marked, and replaced; where both speak, status
says how far they agree."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.answers.answer import Amount, Answer, Fact
from bot.core.access import OPERATOR
from bot.core.calls import batch, wire
from bot.core.calls.call import Call, Origin
from bot.core.calls.client import IMPORTED
from bot.core.money import Money
from bot.render import terminal
from bot.services.alerts.alerts import Alerts
from bot.services.asking.ask import Ask
from bot.services.asking.receipts import Receipts
from bot.services.calls.watching import observe
from bot.store import calls as store
from bot.store.calls import Sent
from bot.store.database import Database
from bot.store.readings import syncs
from tests import databases
from tests.services.books import ORGANIZATION, Books

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 9, 20, tzinfo=UTC)
TEAMS = "teams: [{id: alpha, name: Alpha, matches: [{workspace: alpha}]}, {id: beta, name: Beta}]\n"
DAY = timedelta(days=1)
DOLLARS = 10**10


def this_morning(database: Database) -> None:
    """Read at half past six, and called since."""
    books = Books(database)
    books.configure(TEAMS)
    for back in (2, 1):
        books.spend(TODAY - back * DAY, alpha="10.00", beta="1.00")
    books.spend(TODAY, read_at=NOW.replace(hour=6, minute=30), alpha="2.00")
    for source in ("usage", "cost"):
        database.write_now(syncs.attempted, ORGANIZATION, source, NOW)  # type: ignore[arg-type]


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    with databases.opened(databases.sqlite(tmp_path / "books.db", this_morning)) as database:
        yield Books(database)


def called(books: Books, hour: int, *, origin: Origin = Origin.RECORDER, day: date = TODAY, **said: Any) -> None:
    """A call of a million output tokens, $10 at list price."""
    at = datetime(day.year, day.month, day.day, hour, 5, tzinfo=UTC).isoformat()
    one = {"timestamp": at, "model": "claude-sonnet-5-5", "output_tokens": 1_000_000, "team": "alpha"} | said
    call = wire.read(one, NOW, origin=origin)
    assert isinstance(call, Call)
    books.database.write_now(store.post, [Sent(batch.of([call]), IMPORTED)], NOW, {})


def ask(books: Books, text: str) -> Answer:
    return asyncio.run(Ask(books.database, "UTC").answer(text, NOW, OPERATOR))


def newer(answer: Answer) -> Fact | None:
    return next((fact for fact in answer.facts if fact.label == "With live calls"), None)


def test_only_hours_that_are_not_reported_are_filled_and_the_total_stays_what_it_is(books: Books) -> None:
    before = ask(books, "team alpha today")
    assert newer(before) is None
    called(books, 5)
    assert newer(ask(books, "team alpha today")) is None
    called(books, 8)
    called(books, 9, origin=Origin.OTLP)
    called(books, 9, team="beta")
    found = ask(books, "team alpha today")
    assert found.report is not None
    assert before.report is not None
    assert found.report.total == before.report.total
    listed = found.report.total.list_cost
    assert listed is not None
    fact = newer(found)
    assert fact is not None
    assert fact.value == Amount(listed + Money.from_dollars("10"))
    assert fact.note == (
        "estimate at list price: $10.00 of it from 1 call since 06:00 UTC, which Anthropic has not reported yet"
    )
    whole = newer(ask(books, "summary"))
    assert whole is not None
    assert "$20.00 of it from 2 calls" in whole.note
    assert newer(ask(books, "summary last week")) is None
    receipt = asyncio.run(Receipts(books.database, "UTC").answer("team alpha today", NOW, OPERATOR))
    assert newer(receipt) == fact
    made = asyncio.run(Receipts(books.database, "UTC").make("team alpha today", NOW, OPERATOR))
    assert made.document["figures"]["list_cost"] == str(listed)
    assert made.document["estimate"] == {
        **{"since": "2026-11-22T06:00:00Z", "until": "2026-11-22T10:00:00Z"},
        **{"calls": 1, "list_cost": "10.0000"},
    }


def test_the_report_replaces_the_estimate(books: Books) -> None:
    called(books, 8)
    assert newer(ask(books, "team alpha today")) is not None
    books.spend(TODAY, read_at=NOW, alpha="12.00")
    assert newer(ask(books, "team alpha today")) is None


RULES = """alerts:
  - {id: hour, metric: cost, kind: threshold, above: 15.00, window: 1h, scope: {team: alpha}}
  - {id: day, metric: cost, kind: threshold, above: 25.00, window: 1d, scope: {team: alpha}}
  - {id: calls, metric: requests, kind: threshold, above: 2, window: 24h, scope: {team: alpha}}
"""


def test_rules_add_the_calls_of_hours_that_are_not_reported_until_the_day_is_in(books: Books) -> None:
    books.configure(TEAMS + RULES)
    alerts = Alerts(books.database, None, "UTC", calls=observe)

    def firing(at: datetime) -> dict[str, int | None]:
        return {one.episode.rule_id: one.episode.value for one in asyncio.run(alerts.evaluate(at)) if one.episode.open}

    called(books, 8)
    called(books, 8, origin=Origin.OTLP, output_tokens=2_000_000)
    assert firing(NOW) == {}, "$2 and $10 in a day, of which one hour has $10"
    called(books, 8, id="req_2")
    called(books, 9)
    assert firing(NOW) == {"hour": DOLLARS * 20, "day": DOLLARS * 32, "calls": 3}
    (hour,) = [one for one in asyncio.run(alerts.evaluate(NOW)) if one.episode.rule_id == "hour"]
    said = terminal.text(asyncio.run(alerts.preview(hour, NOW)))
    assert "Alpha spent $20.00 on 22 November from 08:00 to 09:00" in " ".join(said.split())
    assert "An estimate: it holds 2 calls that Anthropic has not reported yet, at list price." in " ".join(said.split())
    assert "/claude-usage team alpha 2026-11-22" in said
    books.spend(TODAY, read_at=NOW + DAY, alpha="12.00")
    for source in ("usage", "cost"):
        books.database.write_now(syncs.attempted, ORGANIZATION, source, NOW + DAY)  # type: ignore[arg-type]
    assert firing(NOW + DAY) == {}


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        (1950, ""),
        (2150, ""),
        (1000, "50 % of the traffic is not recorded."),
        (9000, "more was called than this organisation's reports know, so some of it is another account's."),
    ],
)
def test_status_says_where_calls_and_reports_of_a_closed_day_disagree(books: Books, tokens: int, says: str) -> None:
    called(books, 12, day=TODAY - DAY, output_tokens=tokens)
    notes = [note for note in ask(books, "status").notes if note.startswith("On 21 Nov")]
    assert len(notes) == bool(says)
    assert all(note.endswith(says) for note in notes)
