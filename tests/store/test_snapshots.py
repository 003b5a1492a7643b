"""What Anthropic said, kept bucket by bucket: replaced exactly, or not at all."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.core.money import Money
from bot.core.usage import CostRecord, Source, UsageRecord
from bot.store.database import Database
from bot.store.readings import snapshots, syncs

ORG = "org_1"
FIRST = date(2026, 11, 18)
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
SINCE, UNTIL = date(2026, 11, 1), date(2026, 12, 1)


def start(number: int) -> datetime:
    return datetime(2026, 11, 18, tzinfo=UTC) + timedelta(days=number)


def used(number: int, output: int = 5) -> UsageRecord:
    return UsageRecord(start(number), None, "k1", "claude-sonnet-5-5", "standard", "global", 1, 2, 3, 4, output, 6)


def paid(number: int, cents: str = "96.12044") -> CostRecord:
    return CostRecord(
        start(number),
        None,
        "tokens",
        "output_tokens",
        "claude-sonnet-5-5",
        "standard",
        "global",
        "0-200k",
        "Claude Sonnet 5.5 Usage - Output Tokens",
        cents,
        Money.from_cents(cents),
    )


def keep(
    connection: Connection,
    source: Source,
    numbers: Sequence[int],
    records: Sequence[UsageRecord] | Sequence[CostRecord],
    at: datetime = NOW,
    organization: str = ORG,
) -> None:
    snapshots.replace(connection, organization, source, [start(number) for number in numbers], records, at)


def usage(database: Database, organization: str = ORG) -> dict[date, list[UsageRecord]]:
    return dict(database.read_now(snapshots.usage, organization, SINCE, UNTIL))


def costs(database: Database) -> dict[date, list[CostRecord]]:
    return dict(database.read_now(snapshots.costs, ORG, SINCE, UNTIL))


def test_records_come_back_as_they_were_said(database: Database) -> None:
    spare = used(0)._replace(workspace_id="w1", api_key_id=None, output=10**12)
    bare = paid(0, "0.10")._replace(
        token_type=None, model=None, service_tier=None, inference_geo=None, context_window=None
    )
    database.write_now(keep, Source.USAGE, [0, 1], [used(0), spare, used(1)])
    database.write_now(keep, Source.COST, [0], [paid(0), bare])
    assert usage(database) == {FIRST: [used(0), spare], FIRST + timedelta(days=1): [used(1)]}
    assert costs(database) == {FIRST: [paid(0), bare]}
    assert [record.amount_cents for record in costs(database)[FIRST]] == ["96.12044", "0.10"]


def test_exactly_the_buckets_that_were_read_are_replaced(database: Database) -> None:
    database.write_now(keep, Source.USAGE, [0, 1, 2], [used(0), used(1), used(2)])
    database.write_now(keep, Source.USAGE, [1], [used(1, 50)], at=NOW, organization="org_2")
    database.write_now(keep, Source.COST, [1], [paid(1)])
    later = NOW + timedelta(hours=1)
    database.write_now(keep, Source.USAGE, [1, 2], [used(1, 7)], at=later)
    assert usage(database) == {FIRST: [used(0)], FIRST + timedelta(days=1): [used(1, 7)]}
    assert usage(database, "org_2") == {FIRST + timedelta(days=1): [used(1, 50)]}
    assert costs(database) == {FIRST + timedelta(days=1): [paid(1)]}
    fetched = database.read_now(snapshots.fetched, ORG, Source.USAGE, SINCE, UNTIL)
    assert list(fetched.values()) == [NOW, later, later]  # the third day was read, and is empty


def test_reading_the_same_again_keeps_one_of_each(database: Database) -> None:
    for _ in range(3):
        database.write_now(keep, Source.USAGE, [0, 1], [used(0), used(0), used(1)])
    assert usage(database) == {FIRST: [used(0), used(0)], FIRST + timedelta(days=1): [used(1)]}


def test_a_crash_in_the_middle_leaves_what_was_there(database: Database) -> None:
    database.write_now(keep, Source.USAGE, [0, 1], [used(0), used(1)])
    before = usage(database), database.read_now(snapshots.fetched, ORG, Source.USAGE, SINCE, UNTIL)

    def crash(connection: Connection) -> None:
        keep(connection, Source.USAGE, [0, 1], [used(0, 99)], NOW + timedelta(hours=1))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        database.write_now(crash)
    too_large = used(1)._replace(output=2**64)
    with pytest.raises(Exception, match=r"too large|larger than any"):
        database.write_now(keep, Source.USAGE, [0, 1], [used(0, 99), too_large])
    assert (usage(database), database.read_now(snapshots.fetched, ORG, Source.USAGE, SINCE, UNTIL)) == before


def test_a_day_nobody_read_is_not_there(database: Database) -> None:
    database.write_now(keep, Source.USAGE, [0, 2], [])
    fetched = database.read_now(snapshots.fetched, ORG, Source.USAGE, SINCE, UNTIL)
    assert list(fetched) == [FIRST, FIRST + timedelta(days=2)]
    database.write_now(keep, Source.COST, [3, 0], [])
    held = database.read_now(snapshots.days_held, ORG)
    assert held == [FIRST, FIRST + timedelta(days=2), FIRST + timedelta(days=3)]


def test_data_goes_through_the_last_day_that_was_read_after_its_end(database: Database) -> None:
    database.write_now(keep, Source.USAGE, [0, 1, 2, 3], [], at=NOW)  # 18 to 21 November, the last one running
    database.write_now(syncs.attempted, ORG, Source.USAGE, NOW)
    (status,) = database.read_now(syncs.statuses)
    assert (status.first, status.through, status.held_until) == (start(0), start(3), start(4))
    assert (status.succeeded_at, status.error) == (NOW, None)


def test_a_day_read_before_its_end_counts_only_once_it_is_read_again(database: Database) -> None:
    database.write_now(keep, Source.USAGE, [2], [], at=start(3) - timedelta(microseconds=1))
    database.write_now(syncs.attempted, ORG, Source.USAGE, NOW)
    assert database.read_now(syncs.statuses)[0].through is None
    database.write_now(keep, Source.USAGE, [2], [], at=start(3))
    assert database.read_now(syncs.statuses)[0].through == start(3)


def test_a_failure_is_remembered_beside_the_last_success_and_a_success_forgets_it(database: Database) -> None:
    assert database.read_now(syncs.last_attempt) is None
    later = NOW + timedelta(hours=1)
    database.write_now(syncs.attempted, ORG, Source.COST, NOW)
    database.write_now(syncs.attempted, ORG, Source.COST, later, "Anthropic did not answer.")
    (status,) = database.read_now(syncs.statuses)
    assert (status.succeeded_at, status.error) == (NOW, "Anthropic did not answer.")
    assert database.read_now(syncs.last_attempt) == later
    database.write_now(syncs.attempted, ORG, Source.COST, later)
    assert database.read_now(syncs.statuses)[0].error is None


def test_what_a_first_sync_has_stored_so_far_counts_before_it_ends(database: Database) -> None:
    database.write_now(keep, Source.USAGE, [0, 1], [], at=NOW)
    (status,) = database.read_now(syncs.statuses)
    assert (status.organization_id, status.source) == (ORG, Source.USAGE)
    assert (status.through, status.held_until, status.succeeded_at, status.error) == (start(2), start(2), None, None)


def test_a_day_is_counted_only_where_every_row_says_how_many_calls_it_was(database: Database) -> None:
    counted, uncounted = used(0)._replace(requests=3), used(1)
    database.write_now(keep, Source.USAGE, [0, 1, 2], [counted, uncounted, used(1)._replace(requests=0)])
    database.write_now(keep, Source.COST, [0, 1, 2], [paid(0)])
    assert usage(database)[FIRST] == [counted]
    assert database.read_now(snapshots.uncounted, SINCE, UNTIL) == {FIRST + timedelta(days=1)}
    database.write_now(keep, Source.USAGE, [0], [used(0)], organization="org_2")
    assert FIRST in database.read_now(snapshots.uncounted, SINCE, UNTIL), "one organisation is enough"
    database.write_now(keep, Source.USAGE, [1], [counted._replace(start=start(1))])
    assert database.read_now(snapshots.uncounted, SINCE, UNTIL) == {FIRST}
