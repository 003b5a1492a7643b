"""The ledger: a day is replaced whole, every way of adding it up agrees, and unknown is not zero."""

import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from itertools import product

import pytest
from sqlalchemy import Connection, func, select

from bot.core.entries import Attribution, Basis, Entry
from bot.core.money import Money
from bot.core.question import Dimension
from bot.core.report import Figures
from bot.core.usage import REQUESTS
from bot.store import ledger, memory
from bot.store.database import Database
from bot.store.ledger import Selection
from bot.store.ledger.levels import COLUMN
from bot.store.ledger.posting import Ledger
from bot.store.tables import LedgerEntry, LedgerTotal, table

DAY = date(2026, 11, 18)
NEXT = DAY + timedelta(days=1)
SONNET, NEW = "claude-sonnet-5-5", "claude-nobody-knows"
LEDGER_DIMENSIONS = [one for one in COLUMN if one is not Dimension.HOUR]


def entry(
    team: str = "alpha",
    *,
    space: str = "w1",
    key: str = "k1",
    model: str = SONNET,
    tier: str = "standard",
    geo: str = "global",
    charge: str = "output",
    quantity: int = 10,
    listed: int | None = 100,
    billed: int | None = 90,
    basis: Basis = Basis.REPORTED,
) -> Entry:
    return Entry(Attribution(team, space, key, model, tier, geo), charge, quantity, listed, billed, basis)


MIXED = [
    entry(),
    entry(charge="cache_read", quantity=7, listed=1, billed=1, basis=Basis.BY_KEY),
    entry("beta", key="k2", billed=33, basis=Basis.BY_TEAM),
    entry("beta", space="w2", key="", model="", charge="code_execution", quantity=0, listed=None, billed=500),
    entry("unallocated", key="k3", model=NEW, listed=None, billed=12),
    entry("unallocated", key="k3", tier="priority", geo="us", listed=70, billed=None, basis=Basis.NOT_BILLED),
]


def put(connection: Connection, entries: Sequence[Entry], day: date = DAY, organization: str = "org_1") -> None:
    with Ledger(connection, organization) as ledger:
        ledger.replace_day(day, entries)


def figures(
    database: Database,
    since: date = DAY,
    until: date = NEXT,
    *,
    by: Dimension | None = None,
    selection: Selection = ledger.EVERYTHING,
) -> Mapping[str, Figures]:
    return database.read_now(ledger.figures, since, until, by=by, selection=selection)


def rows(database: Database) -> tuple[int, int]:
    def counted(connection: Connection) -> tuple[int, int]:
        found = [
            connection.execute(select(func.count()).select_from(table(one))).scalar_one()
            for one in (LedgerEntry, LedgerTotal)
        ]
        return int(found[0]), int(found[1])

    return database.read_now(counted)


def test_a_day_is_replaced_whole_and_its_sums_with_it(database: Database) -> None:
    for _ in range(2):
        database.write_now(put, MIXED)
    assert rows(database) == (6, 6)
    database.write_now(put, MIXED[:1])
    assert rows(database) == (1, 1)
    assert figures(database)[""] == Figures(Money(90), Money(100), {"output": 10})
    database.write_now(put, [])
    assert rows(database) == (0, 0)
    assert figures(database) == {}


def test_another_day_and_another_organisation_stay_as_they_are(database: Database) -> None:
    database.write_now(put, MIXED, DAY)
    database.write_now(put, MIXED, NEXT)
    database.write_now(put, MIXED, DAY, "org_2")
    database.write_now(put, [], DAY)
    assert list(figures(database, DAY, NEXT + timedelta(days=1), by=Dimension.DAY)) == ["2026-11-18", "2026-11-19"]
    assert figures(database, by=Dimension.TEAM)["alpha"].billed_cost == Money(91)


def test_a_period_is_half_open(database: Database) -> None:
    database.write_now(put, MIXED, DAY)
    assert figures(database, DAY, DAY) == {}
    assert figures(database, DAY - timedelta(days=9), DAY) == {}
    assert figures(database, NEXT, NEXT + timedelta(days=9)) == {}


@pytest.mark.parametrize("by", LEDGER_DIMENSIONS)
def test_every_way_of_cutting_adds_up_to_the_whole(database: Database, by: Dimension) -> None:
    database.write_now(put, MIXED)
    database.write_now(put, MIXED, NEXT)
    until = NEXT + timedelta(days=1)
    whole, parts = figures(database, until=until)[""], figures(database, until=until, by=by)
    assert sum((part.billed_cost or Money(0) for part in parts.values()), Money(0)) == whole.billed_cost
    assert sum((part.list_cost or Money(0) for part in parts.values()), Money(0)) == whole.list_cost
    assert sum(part.total_tokens or 0 for part in parts.values()) == whole.total_tokens


def test_the_small_sums_say_what_the_entries_say(database: Database) -> None:
    database.write_now(put, MIXED)
    everywhere = Selection(workspaces=frozenset({"w1", "w2"}))  # makes the same question read the entries
    for by in (None, Dimension.TEAM, Dimension.MODEL, Dimension.TOKEN_TYPE, Dimension.DAY):
        assert figures(database, by=by) == figures(database, by=by, selection=everywhere)


def test_months_read_as_one_say_what_their_days_say(database: Database) -> None:
    """Days are drawn thin, so that much stands only on days that are taken away from a month again."""
    dice, start, stop = random.Random(11), date(2026, 8, 20), date(2026, 12, 1)
    days = [start + timedelta(days=n) for n in range((stop - start).days)]

    def write(connection: Connection) -> None:
        for organization in ("org_1", "org_2"):
            with Ledger(connection, organization) as held:
                for day in days:
                    held.replace_day(day, [one for one in MIXED if dice.random() < 0.15])

    database.write_now(write)
    places = (Selection(), Selection(teams=frozenset({"beta"})), Selection(keys=frozenset({"k3"})))
    periods = [(start, stop), *(sorted(dice.sample(days, 2)) for _ in range(12))]

    def compare(connection: Connection) -> None:
        for by, selection in product((None, Dimension.TEAM, Dimension.KEY), places):
            read = partial(ledger.sums, connection, selection=selection, by=(by,) if by else ())
            daily = {day: read(day, day + timedelta(days=1)).rows for day in days}
            for since, until in periods:
                at_once = read(since, until)
                rows = [row for day in days if since <= day < until for row in daily[day]]
                one_by_one = ledger.Sums(at_once.by, selection, rows)
                assert at_once.figures(by) == one_by_one.figures(by), (since, until, by, selection)

    database.read_now(compare)


def test_what_is_remembered_is_forgotten_when_the_ledger_changes(database: Database) -> None:
    read = 0

    def asked(connection: Connection) -> int:
        def summed() -> ledger.Sums:
            nonlocal read
            read += 1
            return ledger.sums(connection, DAY, NEXT)

        return memory.remembered(connection, "the day", summed).figures()[""].total_tokens or 0

    def undone(connection: Connection) -> None:
        put(connection, [])
        raise ZeroDivisionError

    database.write_now(put, [entry(quantity=3)])
    assert [database.read_now(asked) for _ in range(3)] == [3, 3, 3]
    assert read == 1
    database.write_now(put, [entry(quantity=4)], DAY, "org_2")
    assert database.read_now(asked) == 7
    with suppress(ZeroDivisionError):
        database.write_now(undone)
    assert database.read_now(asked) == 7
    assert read == 2
    assert database.write_now(asked) == 7
    assert read == 3, "a transaction that writes may see what nobody else will"


def test_a_selection_takes_only_its_part(database: Database) -> None:
    database.write_now(put, MIXED)

    def billed(selection: Selection) -> Money | None:
        return figures(database, selection=selection)[""].billed_cost

    assert billed(Selection(teams=frozenset({"alpha", "beta"}))) == Money(624)
    assert billed(Selection(models=frozenset({SONNET}))) == Money(124)
    assert billed(Selection(workspaces=frozenset({"w2"}))) == Money(500)
    assert billed(Selection(keys=frozenset({"k1"}))) == Money(91)
    assert figures(database, selection=Selection(teams=frozenset())) == {}


def test_a_cost_that_is_not_known_yet_is_unknown_and_not_zero(database: Database) -> None:
    database.write_now(put, [entry(billed=None, basis=Basis.UNKNOWN)])
    assert figures(database)[""] == Figures(None, Money(100), {"output": 10})


def test_tokens_paid_by_commitment_do_not_make_an_unknown_cost_a_zero(database: Database) -> None:
    unknown = entry(billed=None, basis=Basis.UNKNOWN)
    priority = entry(tier="priority", billed=None, basis=Basis.NOT_BILLED)
    database.write_now(put, [unknown, priority])
    assert figures(database)[""].billed_cost is None
    assert figures(database, by=Dimension.TEAM)["alpha"].billed_cost is None


def test_what_is_known_is_neither_hidden_nor_flattered_by_what_is_not(database: Database) -> None:
    database.write_now(put, [entry(), entry(key="k2", listed=None, billed=None, basis=Basis.UNKNOWN)])
    assert figures(database)[""] == Figures(Money(90), Money(100), {"output": 20})
    by_key = figures(database, by=Dimension.KEY)
    assert (by_key["k2"].billed_cost, by_key["k2"].list_cost) == (None, None)


def test_a_model_without_a_price_is_named_and_has_no_list_cost(database: Database) -> None:
    database.write_now(put, MIXED)
    assert figures(database, by=Dimension.MODEL)[NEW] == Figures(Money(12), None, {"output": 10})
    found = database.read_now(ledger.unpriced_models, DAY, NEXT, selection=ledger.EVERYTHING)
    assert found == [NEW]
    alpha = Selection(teams=frozenset({"alpha"}))
    assert database.read_now(ledger.unpriced_models, DAY, NEXT, selection=alpha) == []


@pytest.mark.parametrize(
    ("by", "selection", "units"),
    [
        (None, ledger.EVERYTHING, 0),
        (Dimension.MODEL, ledger.EVERYTHING, 0),
        (Dimension.TEAM, ledger.EVERYTHING, 33),
        (Dimension.KEY, ledger.EVERYTHING, 34),
        (None, Selection(teams=frozenset({"beta"})), 33),
        (None, Selection(keys=frozenset({"k1"})), 1),
    ],
)
def test_what_is_shared_out_depends_on_how_deep_one_looks(
    database: Database, by: Dimension | None, selection: Selection, units: int
) -> None:
    database.write_now(put, MIXED)
    parts = figures(database, by=by, selection=selection).values()
    assert sum(part.shared_out.units for part in parts) == units


def test_the_tokens_of_one_basis_are_counted_without_searches(database: Database) -> None:
    searches = entry(tier="priority", charge="web_search", quantity=3, basis=Basis.NOT_BILLED, billed=None)
    database.write_now(put, [*MIXED, searches])
    found = database.read_now(ledger.sums, DAY, NEXT).tokens(Basis.NOT_BILLED)
    assert found == 10


def test_sums_are_exact_far_beyond_what_a_float_holds(database: Database) -> None:
    large = 2**60 + 1
    database.write_now(put, [entry(key=f"k{n}", quantity=large, listed=large, billed=large) for n in range(7)])
    assert figures(database)[""] == Figures(Money(7 * large), Money(7 * large), {"output": 7 * large})
    assert figures(database, by=Dimension.WORKSPACE)["w1"].billed_cost == Money(7 * large)


def test_every_name_the_ledger_has_seen_is_known_even_when_its_days_are_gone(database: Database) -> None:
    database.write_now(put, MIXED)
    database.write_now(put, [])
    assert database.read_now(ledger.names, Dimension.TEAM) == ["alpha", "beta", "unallocated"]
    assert database.read_now(ledger.names, Dimension.MODEL) == [NEW, SONNET]


def test_requests_are_counted_beside_the_charges_and_are_none_of_them(database: Database) -> None:
    counts = [
        entry(charge=REQUESTS, quantity=3, listed=0, billed=None, basis=Basis.NOT_BILLED),
        entry("beta", key="k2", charge=REQUESTS, quantity=4, listed=0, billed=None, basis=Basis.NOT_BILLED),
    ]
    for by in (None, *LEDGER_DIMENSIONS):
        database.write_now(put, MIXED)
        without = figures(database, by=by)
        database.write_now(put, [*MIXED, *counts])
        found = figures(database, by=by)
        assert {name: replace(part, requests=None) for name, part in found.items()} == without, by
        if by is not Dimension.TOKEN_TYPE:
            assert sum(part.requests or 0 for part in found.values()) == 7, by
    assert figures(database, by=Dimension.TEAM)["unallocated"].requests is None
    assert database.read_now(ledger.unpriced_models, DAY, NEXT, selection=ledger.EVERYTHING) == [NEW]
    assert database.read_now(ledger.sums, DAY, NEXT).tokens(Basis.NOT_BILLED) == 10


def test_calls_of_a_cost_that_is_not_in_yet_do_not_make_it_a_zero(database: Database) -> None:
    unknown = entry(billed=None, basis=Basis.UNKNOWN)
    count = entry(charge=REQUESTS, quantity=3, listed=0, billed=None, basis=Basis.NOT_BILLED)
    database.write_now(put, [unknown, count])
    assert figures(database)[""] == Figures(None, Money(100), {"output": 10}, requests=3)
