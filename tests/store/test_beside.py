"""What stands beside the ledger: Claude Code's days, limits and refusals, replaced exactly."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.core.coding import Actor, ActorKind, CodeRecord, Work
from bot.core.entries import Attribution, Basis, Entry
from bot.core.limits import ORGANISATION, Limits, RateLimit, SpendLimit
from bot.core.money import Money
from bot.core.usage import Source
from bot.store.database import Database
from bot.store.ledger.posting import Ledger
from bot.store.readings import coding, limits, refusals, snapshots
from bot.store.readings.refusals import Refusal

DAY = date(2026, 11, 18)
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
ANA = Actor(ActorKind.PERSON, "ana@example.com")
CI = Actor(ActorKind.KEY, "ci")
LARGE = Work(10**12, 2, 3, 4, 5, 6, 7, 10**15, Money(2**62))
SINCE, UNTIL = date(2026, 11, 1), date(2026, 12, 1)


def record(actor: Actor = ANA, day: date = DAY, work: Work = LARGE, customer: str = "api") -> CodeRecord:
    return CodeRecord(day, actor, customer, work)


def held(database: Database, actor: Actor | None = None) -> list[tuple[str, CodeRecord]]:
    found = database.read_now(coding.read, SINCE, UNTIL, actor)
    return [(one.organization_id, one.record) for one in found]


def test_a_day_is_kept_as_it_was_read_and_a_second_reading_takes_its_place(database: Database) -> None:
    first = [record(), record(CI, work=Work(sessions=3)), record(customer="subscription")]
    for _ in range(2):
        database.write_now(coding.replace_day, "org_1", DAY, first, NOW)
    assert sorted(held(database), key=repr) == sorted((("org_1", one) for one in first), key=repr)
    assert held(database, CI) == [("org_1", first[1])]
    database.write_now(coding.replace_day, "org_1", DAY, [record(CI)], NOW + timedelta(hours=1))
    assert held(database) == [("org_1", record(CI))]


def test_other_days_and_organisations_stay_as_they_are(database: Database) -> None:
    next_day = record(day=DAY + timedelta(days=1))
    database.write_now(coding.replace_day, "org_1", DAY, [record()], NOW)
    database.write_now(coding.replace_day, "org_1", next_day.day, [next_day], NOW)
    database.write_now(coding.replace_day, "org_2", DAY, [record(CI)], NOW)
    database.write_now(coding.replace_day, "org_1", DAY, [], NOW)
    assert held(database) == [("org_2", record(CI)), ("org_1", next_day)]
    assert database.read_now(coding.actors) == [ANA, CI]
    assert database.read_now(coding.any_person)


def test_a_day_nobody_worked_on_is_held_all_the_same(database: Database) -> None:
    database.write_now(coding.replace_day, "org_1", DAY, [], NOW)
    assert database.read_now(snapshots.fetched, "org_1", Source.CODE, SINCE, UNTIL) == {DAY: NOW}
    assert not database.read_now(coding.any_person)
    assert database.read_now(snapshots.days_held, "org_1") == []  # the ledger knows nothing of it


def test_a_record_of_another_day_is_not_taken(database: Database) -> None:
    with pytest.raises(ValueError, match="another day"):
        database.write_now(coding.replace_day, "org_1", DAY, [record(day=SINCE)], NOW)
    assert held(database) == []


RATE = RateLimit(ORGANISATION, "rlg_1", "model_group", "Opus", ("claude-opus-5-5",), "requests_per_minute", 10**15)
SPEND = SpendLimit("spl_1", "workspace", "wrkspc_1", Money.from_dollars("3000.01"), "monthly")
ENDLESS = SpendLimit("spl_2", "organization", None, None, "monthly")


def test_limits_take_the_place_of_those_before_them_all_at_once(database: Database) -> None:
    database.write_now(limits.replace, "org_1", Limits([RATE], [SPEND, ENDLESS]))
    database.write_now(limits.replace, "org_2", Limits([RATE]))
    assert database.read_now(limits.read, "org_1") == Limits([RATE], [ENDLESS, SPEND])
    database.write_now(limits.replace, "org_1", Limits([], [ENDLESS]))
    assert database.read_now(limits.read, "org_1") == Limits([], [ENDLESS])
    assert database.read_now(limits.read, "org_2") == Limits([RATE], [])


def test_a_limit_that_comes_twice_is_one(database: Database) -> None:
    database.write_now(limits.replace, "org_1", Limits([RATE, RATE], [SPEND, SPEND]))
    assert database.read_now(limits.read, "org_1") == Limits([RATE], [SPEND])


def test_what_was_billed_is_summed_by_workspace_without_corrections_to_other_months(database: Database) -> None:
    def entry(workspace: str, units: int | None, basis: Basis = Basis.REPORTED) -> Entry:
        place = Attribution("alpha", workspace, "k", "claude-opus-5-5", "standard", "global")
        return Entry(place, "output", 1, None, units, basis)

    entries = [entry("w1", 2**61), entry("w1", 5, Basis.BY_KEY), entry("w2", 7), entry("w2", None, Basis.UNKNOWN)]
    entries.append(entry("w1", 100, Basis.ADJUSTMENT))

    def post(connection: Connection, organization: str) -> None:
        with Ledger(connection, organization) as ledger:
            ledger.replace_day(DAY, entries)

    for organization in ("org_1", "org_2"):
        database.write_now(post, organization)
    assert database.read_now(limits.billed, "org_1", SINCE, UNTIL) == {"w1": Money(2**61 + 5), "w2": Money(7)}
    assert database.read_now(limits.billed, "org_1", SINCE, DAY) == {}


def test_a_refusal_is_remembered_with_its_newest_sentence_until_it_is_forgotten(database: Database) -> None:
    for at, sentence in ((NOW, "No."), (NOW + timedelta(days=1), "Still no.")):
        database.write_now(refusals.remember, "org_1", Source.LIMITS, "Spend limits", at, sentence)
    database.write_now(refusals.remember, "org_1", Source.CODE, "Claude Code", NOW, "No.")
    assert database.read_now(refusals.read) == [
        Refusal("org_1", Source.CODE, "Claude Code", NOW, "No."),
        Refusal("org_1", Source.LIMITS, "Spend limits", NOW + timedelta(days=1), "Still no."),
    ]
    database.write_now(refusals.forget, "org_1", Source.LIMITS, "Spend limits")
    assert [one.source for one in database.read_now(refusals.read)] == [Source.CODE]
