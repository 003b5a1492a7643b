"""Who used which model when, on both databases: sums by series, days, hours, and the last day of each key."""

from datetime import date, timedelta

from sqlalchemy import Connection

from bot.core.entries import Attribution, Basis, Entry
from bot.core.usage import REQUESTS
from bot.store.database import Database
from bot.store.ledger import EVERYTHING, Selection, uses
from bot.store.ledger.posting import Ledger

DAY = date(2026, 11, 18)
NEXT, STOP = DAY + timedelta(days=1), DAY + timedelta(days=2)


def entry(key: str, charge: str, quantity: int, listed: int | None, billed: int | None, basis: Basis) -> Entry:
    team = "beta" if key == "k2" else "alpha"
    return Entry(
        Attribution(team, "w1", key, "claude-opus-5-5", "standard", "global"), charge, quantity, listed, billed, basis
    )


READ = entry("k1", "cache_read", 7, 1, 1, Basis.REPORTED)
OUTPUT = entry("k1", "output", 10, 100, 90, Basis.BY_KEY)
CALLS = entry("k1", REQUESTS, 3, None, None, Basis.NOT_BILLED)
SEARCH = entry("k1", "web_search", 2, 5, 5, Basis.REPORTED)
COMMITTED = entry("k1", "uncached_input", 50, 9, None, Basis.NOT_BILLED)
UNPRICED = entry("k2", "output", 4, None, 8, Basis.REPORTED)


def written(connection: Connection) -> None:
    with Ledger(connection, "org_1") as held:
        held.replace_day(DAY, [READ, OUTPUT, CALLS, SEARCH, COMMITTED, UNPRICED])
        held.replace_day(NEXT, [OUTPUT], [(9, OUTPUT._replace(quantity=4)), (22, OUTPUT._replace(quantity=6))])


def test_tokens_that_are_paid_for_and_calls_are_summed_by_series(database: Database) -> None:
    database.write_now(written)
    keys = {one.id: one.api_key_id for one in database.read_now(uses.series, EVERYTHING)}
    found = {
        (keys[row.series_id], row.charge): (
            *(int(row.quantity), int(row.listed or 0), int(row.billed or 0)),
            *(row.unlisted, row.active, row.last),
        )
        for row in database.read_now(uses.sums, DAY, STOP, EVERYTHING)
    }
    assert found == {
        ("k1", "cache_read"): (7, 1, 1, 0, 1, DAY),
        ("k1", "output"): (20, 200, 180, 0, 2, NEXT),
        ("k1", REQUESTS): (3, 0, 0, 1, 1, DAY),
        ("k2", "output"): (4, 0, 8, 1, 1, DAY),
    }
    of_beta = database.read_now(uses.sums, DAY, STOP, Selection(teams=frozenset({"beta"})))
    assert [keys[row.series_id] for row in of_beta] == ["k2"]


def test_some_series_are_read_by_day_and_by_hour(database: Database) -> None:
    database.write_now(written)
    (mine,) = (one.id for one in database.read_now(uses.series, EVERYTHING) if one.api_key_id == "k1")

    def read(connection: Connection) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
        by_day = [(row.day, row.charge, int(row.quantity)) for row in uses.days(connection, DAY, STOP, [mine])]
        by_hour = [(row.day, row.hour, int(row.output)) for row in uses.hours(connection, DAY, STOP, [mine])]
        return sorted(by_day), sorted(by_hour)

    assert database.read_now(read) == (
        [(DAY, "cache_read", 7), (DAY, "output", 10), (DAY, REQUESTS, 3), (NEXT, "output", 10)],
        [(NEXT, 9, 4), (NEXT, 22, 6)],
    )


def test_each_key_has_a_last_day_of_use(database: Database) -> None:
    database.write_now(written)
    assert database.read_now(uses.last_used, EVERYTHING) == {"k1": NEXT, "k2": DAY}
