"""A delivery has one owner at a time, is taken up where its owner died, and is over once it is sent."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from bot.store.database import Database
from bot.store.messages import deliveries
from bot.store.messages.deliveries import ABANDONED_AFTER, Delivery, State

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
KEY = "digest/morning/2026-11-22"
SECOND = timedelta(seconds=1)


@pytest.fixture
def claim(database: Database) -> Callable[[datetime], bool]:
    """Try to claim the one delivery that is owed since NOW."""
    database.write_now(deliveries.owe, KEY, NOW)
    return lambda now: database.write_now(deliveries.claim, KEY, now)


def found(database: Database) -> Delivery:
    delivery = database.read_now(deliveries.find, KEY)
    assert delivery is not None
    return delivery


def test_of_many_that_claim_at_once_exactly_one_owns_it(migrated_url: str) -> None:
    replicas = [Database(migrated_url) for _ in range(2)]
    workers = 8

    def race(key: str, now: datetime) -> int:
        barrier = threading.Barrier(workers)

        def one(number: int) -> bool:
            barrier.wait(10)
            return replicas[number % 2].write_now(deliveries.claim, key, now)

        with ThreadPoolExecutor(workers) as threads:
            return sum(threads.map(one, range(workers)))

    for n in range(5):
        replicas[0].write_now(deliveries.owe, f"key {n}", NOW)
    assert [race(f"key {n}", NOW) for n in range(5)] == [1] * 5
    later = NOW + ABANDONED_AFTER + SECOND  # all of them find it abandoned
    assert [race(f"key {n}", later) for n in range(5)] == [1] * 5
    for replica in replicas:
        replica.close()


def test_a_delivery_under_way_is_left_alone_until_its_owner_must_be_dead(
    database: Database, claim: Callable[[datetime], bool]
) -> None:
    assert claim(NOW)
    assert not claim(NOW)
    assert not claim(NOW + ABANDONED_AFTER)
    assert claim(NOW + ABANDONED_AFTER + SECOND)
    assert not claim(NOW + ABANDONED_AFTER + SECOND)
    assert (found(database).state, found(database).attempts) == (State.SENDING, 2)


def test_what_was_sent_is_never_sent_again(database: Database, claim: Callable[[datetime], bool]) -> None:
    claim(NOW)
    database.write_now(deliveries.sent, KEY, NOW, "C0GENERAL", "1763802000.000100")
    assert not claim(NOW + timedelta(days=365))
    assert found(database) == Delivery(KEY, State.SENT, 1, "C0GENERAL", "1763802000.000100", None)


def test_what_may_pass_waits_until_it_is_due_and_then_goes_out(
    database: Database, claim: Callable[[datetime], bool]
) -> None:
    claim(NOW)
    due = NOW + timedelta(minutes=30)  # longer than a dead owner is waited for
    database.write_now(deliveries.failed, KEY, NOW, "Slack is not answering.", due)
    assert not claim(due - SECOND)
    assert claim(due)
    assert not claim(due)
    database.write_now(deliveries.sent, KEY, due, "C0GENERAL", "1.2")
    assert found(database) == Delivery(KEY, State.SENT, 2, "C0GENERAL", "1.2", None)


def test_what_can_never_go_out_is_not_tried_again(database: Database, claim: Callable[[datetime], bool]) -> None:
    claim(NOW)
    database.write_now(deliveries.failed, KEY, NOW, "There is no channel C0GONE.", None)
    assert not claim(NOW + timedelta(days=365))
    assert (found(database).state, found(database).error) == (State.FAILED, "There is no channel C0GONE.")


def test_what_is_not_needed_after_all_does_not_go_out(database: Database, claim: Callable[[datetime], bool]) -> None:
    claim(NOW)
    database.write_now(deliveries.skipped, KEY, NOW, "Not while somebody else sends it.")
    assert found(database).state is State.SENDING
    database.write_now(deliveries.skipped, KEY, NOW, "It resolved.", attempt=1)
    assert not claim(NOW + timedelta(days=365))
    assert found(database) == Delivery(KEY, State.SKIPPED, 1, None, None, "It resolved.")


def test_a_delivery_nobody_owes_is_not_there_and_cannot_be_claimed(database: Database) -> None:
    assert database.read_now(deliveries.find, KEY) is None
    assert not database.write_now(deliveries.claim, KEY, NOW)


def test_owing_a_delivery_again_changes_nothing(database: Database, claim: Callable[[datetime], bool]) -> None:
    claim(NOW)
    database.write_now(deliveries.sent, KEY, NOW, "C0GENERAL", "1.2")
    database.write_now(deliveries.owe, KEY, NOW + SECOND)
    assert found(database).state is State.SENT
    assert not claim(NOW + timedelta(days=1))


def test_what_is_due_is_listed_the_longest_owed_first(database: Database) -> None:
    for name, at in (("late", NOW + SECOND), ("early", NOW), ("never", NOW), ("tomorrow", NOW + timedelta(days=1))):
        database.write_now(deliveries.owe, name, at)
    database.write_now(deliveries.sent, "never", NOW, "C0GENERAL", "1.2")
    assert database.read_now(deliveries.due, NOW + SECOND) == ["early", "late"]


def test_where_a_kind_of_message_went_is_known_by_its_first_letters(database: Database) -> None:
    for key in ("alert/50%_a/1", "alert/50x_a/2"):
        database.write_now(deliveries.owe, key, NOW)
    database.write_now(deliveries.sent, "alert/50x_a/2", NOW, "C0GENERAL", "1.2")
    assert database.read_now(deliveries.went_to, "alert/50x", "C0GENERAL")
    assert not database.read_now(deliveries.went_to, "alert/50x", "C0OTHER")
    assert not database.read_now(deliveries.went_to, "alert/50%_", "C0GENERAL")


def test_what_is_owed_to_one_place_goes_out_in_its_order_and_waits_for_nothing_elsewhere(database: Database) -> None:
    for n, place in enumerate(("C0GENERAL", "C0ALPHA", "C0GENERAL", "")):
        database.write_now(deliveries.owe, f"digest/{n}", NOW + n * SECOND, place)
    later = NOW + 10 * SECOND
    assert database.read_now(deliveries.due, later) == ["digest/0", "digest/1", "digest/3"]
    assert [one.key for one in database.read_now(deliveries.line, later, "digest/")] == [
        f"digest/{n}" for n in range(4)
    ]
    first = database.write_now(deliveries.take, "digest/0", later)
    assert first is not None
    assert not database.write_now(deliveries.claim, "digest/2", later), "the one before it is on its way"
    database.write_now(deliveries.failed, "digest/0", later, "Slack is away.", later + SECOND, claim=first)
    assert not database.write_now(deliveries.claim, "digest/2", later), "the one before it is still to come"
    again = database.write_now(deliveries.take, "digest/0", later + SECOND)
    assert again is not None
    database.write_now(deliveries.failed, "digest/0", later, "It broke.", later + SECOND, claim=again, in_line=False)
    assert database.write_now(deliveries.claim, "digest/2", later), "what broke by itself holds nobody up"


def test_whoever_was_thought_dead_finds_that_the_message_is_no_longer_theirs(database: Database) -> None:
    database.write_now(deliveries.owe, KEY, NOW)
    suspended = database.write_now(deliveries.take, KEY, NOW)
    assert suspended is not None
    assert database.write_now(deliveries.asking, suspended, NOW)
    later = NOW + ABANDONED_AFTER + SECOND
    other = database.write_now(deliveries.take, KEY, later)
    assert other is not None
    assert (other.attempt, other.asked_at) == (2, NOW), "Slack may have it since then"
    assert not database.write_now(deliveries.asking, suspended, later)
    assert not database.write_now(deliveries.sent, KEY, later, "C0GENERAL", "1.1", attempt=suspended.attempt)
    assert not database.write_now(deliveries.failed, KEY, later, "Late.", None, claim=suspended)
    assert database.write_now(deliveries.sent, KEY, later, "C0GENERAL", "1.2", attempt=other.attempt)
    assert found(database).ts == "1.2"


def test_a_claim_made_by_a_clock_that_was_far_ahead_is_taken_up_by_the_right_time(database: Database) -> None:
    database.write_now(deliveries.owe, KEY, NOW)
    assert database.write_now(deliveries.claim, KEY, NOW + timedelta(days=365))
    assert database.write_now(deliveries.claim, KEY, NOW + SECOND)
