"""`code` and `limits` as people get them: whose figures, for whom, and what is not known."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.answers.answer import Amount, Answer, Percent, Tokens, Tone
from bot.core.access import NOBODY, OPERATOR, Asker
from bot.core.calls import batch
from bot.core.calls.call import Call
from bot.core.calls.call import RateLimit as Told
from bot.core.calls.client import Client
from bot.core.coding import Actor, ActorKind, CodeRecord, Work
from bot.core.directory import ApiKey, Directory, Member, Workspace
from bot.core.errors import BotError, NotFound, Withheld, WordsError
from bot.core.limits import ORGANISATION, Limits, RateLimit, SpendLimit
from bot.core.money import Money
from bot.core.otlp.metrics import Count, Measure
from bot.core.usage import Source
from bot.render.json import document
from bot.services.asking.ask import Ask
from bot.services.calls.intake import Intake
from bot.services.figures.recognition import Recognition
from bot.store import directory
from bot.store.calls import code_counts
from bot.store.database import Database
from bot.store.readings import coding, limits, syncs
from tests import databases
from tests.services.books import ORGANIZATION, Books

NOW = datetime(2026, 11, 22, 9, 20, tzinfo=UTC)
TODAY = NOW.date()
PEOPLE = ("ana", "ben", "chiara", "dmitri")
TEAMS = """
admins: [cfo@example.com]
teams:
  - {id: alpha, name: Team Alpha, owners: [ana@example.com], matches: [{user: "ana@*"}, {user: "ben@*"}]}
  - {id: beta, name: Team Beta, owners: [olga@example.com], matches: [{user: "chiara@*"}]}
  - {id: gamma, matches: [{workspace: Claude Code}, {api_key: ci-*}]}
"""
ANA, OLGA, BEN = (Asker.called(f"{name}@example.com") for name in ("ana", "olga", "ben"))
CFO = Asker.called("CFO@example.com")


def person(name: str) -> Actor:
    return Actor(ActorKind.PERSON, f"{name}@example.com")


CI = Actor(ActorKind.KEY, "ci-review")


def worked(database: Database) -> None:
    """Four people and a program that work from 1 to 21 November, and a little on the 22nd, all of them known."""
    books = Books(database)
    members = {f"user_{name}": Member(f"user_{name}", f"{name}@example.com", name.title(), "user") for name in PEOPLE}
    spaces = {"wrkspc_c": Workspace("wrkspc_c", "Claude Code"), "alpha": Workspace("alpha", "alpha")}
    keys = {"apikey_1": ApiKey("apikey_1", "ci-review", "wrkspc_c")}
    database.write_now(directory.replace, Directory(ORGANIZATION, "Example Org", spaces, keys, members))
    books.configure(TEAMS)
    for number in range(1, 23):
        work(database, date(2026, 11, number), ana="1.50", ben="1.50", chiara="1.50", dmitri="1.50")


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    with databases.opened(databases.sqlite(tmp_path / "books.db", worked)) as database:
        yield Books(database)


def work(database: Database, day: date, *, read_at: datetime = NOW, program: str = "4", **dollars: str) -> None:
    """Each of these people's day, at so many dollars: two sessions, ten lines, three edits of which one is refused."""
    records = [
        CodeRecord(day, person(name), "api", Work(2, 10, 4, 1, 1, 2, 1, 100, Money.from_dollars(amount)))
        for name, amount in dollars.items()
    ]
    records.append(CodeRecord(day, CI, "api", Work(sessions=7, estimated=Money.from_dollars(program))))
    database.write_now(coding.replace_day, ORGANIZATION, day, records, read_at)


async def told(books: Books, question: str, asker: Asker = OPERATOR, *, now: datetime = NOW) -> Answer:
    return await Ask(books.database, "UTC").answer(question, now, asker)


def rows(answer: Answer) -> dict[str, tuple[object, ...]]:
    (table,) = answer.tables
    return {str(row[0]): row[1:] for row in table.rows}


def fact(answer: Answer, label: str) -> object:
    return next(fact.value for fact in answer.facts if fact.label == label)


async def test_developers_are_listed_dearest_first_with_what_they_did(books: Books) -> None:
    work(books.database, date(2026, 11, 20), ana="1.50", ben="2.75", chiara="1.50", dmitri="1.50")
    answer = await told(books, "code")
    found = rows(answer)
    assert list(found) == [
        "ci-review",
        "ben@example.com",
        *(f"{one}@example.com" for one in ("ana", "chiara", "dmitri")),
    ]
    assert found["ben@example.com"] == (
        *map(Tokens, (44, 220, 88, 22, 22)),
        Percent(2 / 3),
        Amount(Money.from_dollars("34.25")),
    )
    assert answer.headline == (
        "4 developers used Claude Code so far this month: 330 sessions, 880 lines added, 88 pull requests, "
        "at an estimated $221.25."
    )
    assert fact(answer, "Developers") == Tokens(4)
    assert fact(answer, "Cost per developer") == Amount(Money.from_dollars("33.3125"))
    assert any("not billing" in note for note in answer.notes)
    assert any("subscription are often missing" in note for note in answer.notes)


async def test_the_rows_add_up_to_the_total_however_they_are_cut(books: Books) -> None:
    for question in ("code", "code by team", "code by day", "code top 2", "code by day top 3"):
        for asker in (OPERATOR, NOBODY, ANA):
            answer = await told(books, question, asker)
            estimated = [
                row[next(at for at, c in enumerate(answer.tables[0].columns) if c.title == "Est. cost")]
                for row in answer.tables[0].rows
            ]
            units = sum(cell.money.units for cell in estimated if isinstance(cell, Amount) and cell.money)
            assert Amount(Money(units)) == fact(answer, "Estimated cost"), (question, asker)


async def test_a_program_asks_for_json_and_gets_exact_figures(books: Books) -> None:
    found = document(await told(books, "code by team 2026-11-18"))
    (table,) = found["tables"]
    assert table["columns"][0] == "Team"
    assert [row[0] for row in table["rows"]] == ["gamma", "Team Alpha", "Team Beta"]
    assert table["rows"][1][1:] == [2, 4, 20, 8, 2, 2, 0.666667, "3.0000", "1.5000"]
    assert table["rows"][0][-2:] == ["5.5000", "1.5000"]  # dmitri, whom nobody claims by name, and the program


@pytest.mark.parametrize(
    ("asker", "seen"),
    [
        (CFO, {"ci-review", "ana@example.com", "ben@example.com", "chiara@example.com", "dmitri@example.com"}),
        (ANA, {"ci-review", "ana@example.com", "ben@example.com", "2 people"}),
        (OLGA, {"ci-review", "chiara@example.com", "3 people"}),
        (BEN, {"ci-review", "ben@example.com", "3 people"}),
    ],
)
async def test_rows_per_person_are_for_admins_owners_and_the_person(books: Books, asker: Asker, seen: set[str]) -> None:
    assert set(rows(await told(books, "code", asker))) == seen


async def test_who_may_see_nobody_gets_teams_and_none_of_them_is_one_person(books: Books) -> None:
    answer = await told(books, "code", NOBODY)
    assert list(rows(answer)) == ["Team Alpha", "2 together"]  # Beta is chiara alone, and gamma has dmitri alone
    assert any("people_data" in note for note in answer.notes)
    with pytest.raises(Withheld):
        await told(books, "code by user", NOBODY)


async def test_everyone_sees_people_where_people_data_says_so_and_a_channel_only_then(books: Books) -> None:
    with pytest.raises(Withheld, match="A channel"):
        await told(books, "code by user share", CFO)
    books.configure(f"people_data: everyone\n{TEAMS}", NOW)
    assert len(rows(await told(books, "code share", NOBODY))) == 5


async def test_a_total_that_is_one_persons_is_withheld(books: Books) -> None:
    work(books.database, TODAY, ana="1")
    with pytest.raises(Withheld, match="a single person's"):
        await told(books, "code today", OLGA)
    assert "ana@example.com" in rows(await told(books, "code today", ANA))


@pytest.mark.parametrize("name", ["ben@example.com", "Ben", "user_ben", "BEN@EXAMPLE.COM"])
async def test_one_person_is_shown_day_by_day(books: Books, name: str) -> None:
    answer = await told(books, f"code {name} 2026-11-18..2026-11-19", ANA)
    assert answer.title == "Claude Code: ben@example.com, 18–19 Nov 2026"
    assert list(rows(answer)) == ["Wed 18 Nov", "Thu 19 Nov"]
    assert fact(answer, "Estimated cost") == Amount(Money.from_dollars("3"))
    assert answer.facts[0].note == "the 2 days before: $3.00"
    assert "Developers" not in [one.label for one in answer.facts]


class Slack:
    """Knows one person by both names."""

    async def names(self, name: str) -> frozenset[str]:
        return self.known(name)

    def known(self, name: str) -> frozenset[str]:
        both = frozenset({"U0ANA", "ana@example.com"})
        return both if name.upper() in {one.upper() for one in both} else frozenset()


async def test_an_owner_who_asks_in_slack_is_known_even_where_no_other_report_names_people(books: Books) -> None:
    ask = Ask(books.database, "UTC", Recognition(Slack()))
    assert "ben@example.com" in rows(await ask.answer("code", NOW, Asker.called("U0ANA")))
    assert "ben@example.com" not in rows(await ask.answer("code", NOW, Asker.called("U0BEN")))


async def test_me_is_whoever_asks(books: Books) -> None:
    assert (await told(books, "code me", BEN)).title.startswith("Claude Code: ben@example.com")
    with pytest.raises(NotFound, match="your e-mail address"):
        await told(books, "code me", OLGA)


@pytest.mark.parametrize(
    ("question", "asker", "error", "sentence"),
    [
        ("code chiara@example.com", ANA, Withheld, "shown to admins, the owners of their team"),
        ("code chiara@example.com yesterday", NOBODY, Withheld, "people_data"),
        ("code chira@example.com", OPERATOR, NotFound, "The closest are: chiara@example.com"),
        ("code nobody@example.com", NOBODY, NotFound, "The closest is: ci-review."),
        ("code by model", OPERATOR, WordsError, "by user, team and day"),
    ],
)
async def test_what_cannot_be_told_is_a_sentence(
    books: Books, question: str, asker: Asker, error: type[BotError], sentence: str
) -> None:
    with pytest.raises(error) as refused:
        await told(books, question, asker)
    assert sentence in str(refused.value)


async def test_a_program_is_everybodys(books: Books) -> None:
    assert fact(await told(books, "code ci-review yesterday", NOBODY), "Sessions") == Tokens(7)


async def test_days_that_were_not_read_are_not_nothing(books: Books) -> None:
    later = NOW + timedelta(days=3)
    today = await told(books, "code today", now=later)
    assert today.headline.startswith("Nothing has been read about Claude Code")
    assert today.tables == ()
    running = await told(books, "code 2026-11-20..2026-11-24", now=later)
    assert any(note == "Not in yet for 2 of 5 days." for note in running.notes)
    assert any(note == "22 Nov is not complete yet." for note in running.notes)
    # One day of October is no October to compare with.
    work(books.database, date(2026, 10, 20), ana="900", ben="900")
    assert all(one.note.endswith("not in yet") for one in (await told(books, "code")).facts if ":" in one.note)


async def test_a_period_in_which_nobody_worked_says_so(books: Books) -> None:
    books.database.write_now(coding.replace_day, ORGANIZATION, date(2026, 10, 31), [], NOW)
    answer = await told(books, "code 2026-10-31")
    assert answer.headline == "Nobody used Claude Code on 31 Oct 2026."
    assert fact(answer, "Estimated cost") == Amount(Money(0))


async def test_local_days_are_utc_days_here_and_the_answer_says_so(books: Books) -> None:
    books.configure(f"timezone: America/Los_Angeles\n{TEAMS}", NOW)
    answer = await told(books, "code 2026-11-18 by day")
    assert list(rows(answer)) == ["Wed 18 Nov"]
    assert any("UTC days, not days of America/Los_Angeles" in note for note in answer.notes)


def limit(scope: str, dollars: str, scope_id: str | None = None, period: str = "monthly") -> SpendLimit:
    return SpendLimit(f"spl_{scope}_{scope_id}", scope, scope_id, Money.from_dollars(dollars), period)


def limited(books: Books, *spends: SpendLimit, rates: tuple[RateLimit, ...] = ()) -> None:
    books.database.write_now(limits.replace, ORGANIZATION, Limits(rates, spends))
    books.database.write_now(syncs.attempted, ORGANIZATION, Source.LIMITS, NOW)


async def test_a_limit_that_is_eighty_percent_used_is_a_warning(books: Books) -> None:
    books.spend(date(2026, 10, 31), alpha="900")
    books.spend(date(2026, 11, 3), alpha="120")
    books.spend(date(2026, 11, 21), alpha="40", beta="7")
    limited(books, limit("organization", "5000"), limit("workspace", "200", "alpha"))
    answer = await told(books, "limits")
    assert answer.tone is Tone.WARNING
    assert answer.headline == "A spend limit is 80 % used or more this month: Workspace alpha 80 %."
    assert rows(answer) == {
        "Workspace alpha": (Amount(Money.from_dollars("200")), Amount(Money.from_dollars("160")), Percent(0.8)),
        "Whole organisation": (Amount(Money.from_dollars("5000")), Amount(Money.from_dollars("167")), Percent(0.0334)),
    }
    limited(books, limit("workspace", "200.01", "alpha"))
    answer = await told(books, "limits")
    assert (answer.tone, answer.paragraphs) == (Tone.PLAIN, ())


async def test_what_the_ledger_cannot_tell_apart_has_no_part_and_people_are_only_counted(books: Books) -> None:
    books.spend(date(2026, 11, 21), alpha="40")
    limited(
        books,
        limit("rbac_group", "10", "g1"),
        limit("organization", "10", period="weekly"),
        limit("user", "5", "user_ana"),
    )
    answer = await told(books, "limits")
    assert {name: row[1:] for name, row in rows(answer).items()} == {
        "Rbac group g1": ("–", "–"),
        "Whole organisation (weekly)": ("–", "–"),
    }
    assert "1 person has a spend limit of their own." in answer.notes
    assert "user_ana" not in str(answer)


async def test_a_month_of_which_no_bill_was_read_is_not_in_yet(books: Books) -> None:
    limited(books, limit("organization", "100"))
    answer = await told(books, "limits")
    assert answer.headline == "There are spend limits, but what was spent this month is not in yet."
    books.spend(date(2026, 11, 21), alpha="40")
    assert "What 21 of the 22 days of this month cost is not in yet." in (await told(books, "limits")).notes


async def test_a_workspace_with_its_own_rate_limit_stands_beside_the_organisations(books: Books) -> None:
    whole = RateLimit(ORGANISATION, "rlg_1", "model_group", "Opus", ("claude-opus-5-5",), "requests_per_minute", 10_000)
    own = RateLimit("alpha", "rlg_1", "model_group", "Opus", ("claude-opus-5-5",), "requests_per_minute", 500)
    limited(books, rates=(whole, own))
    first, second = (await told(books, "limits")).tables
    assert first.rows == (("Opus", Tokens(10_000), "–", "–"),)
    assert second.rows == (("alpha", "Opus", "requests a minute", Tokens(500), Tokens(10_000)),)


async def test_before_the_first_sync_there_is_nothing_and_it_says_how_to_start(database: Database) -> None:
    books = Books(database)
    assert "claude-usage sync" in (await told(books, "limits")).headline
    assert (await told(books, "code")).headline.startswith("Nothing has been read")


def counts(database: Database, day: date, person: str, **amounts: int) -> None:
    """What Claude Code itself reports of somebody's day."""
    at = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
    told = [Count(at, person, "", "claude-sonnet-5-5", Measure(name), amount) for name, amount in amounts.items()]
    database.write_now(code_counts.add, told, "", f"{day}/{person}", NOW)


async def test_what_claude_code_itself_reports_stands_beside_and_is_added_to_nothing(books: Books) -> None:
    before = await told(books, "code")
    counts(books.database, TODAY, "ana@example.com", cost=2 * 10**10, sessions=3, input=50, output=20)
    counts(books.database, TODAY, "eve@example.com", cost=10**10, sessions=1)
    counts(books.database, TODAY, "", cost=5 * 10**9)
    after = await told(books, "code")
    assert after.facts == before.facts
    assert after.tables[0] == before.tables[0]
    beside = {str(row[0]): (row[1], row[-1]) for row in after.tables[1].rows}
    assert beside == {
        "ana@example.com": (Tokens(3), Amount(Money.from_dollars(2))),
        "eve@example.com": (Tokens(1), Amount(Money.from_dollars(1))),
        "no name given": (Tokens(0), Amount(Money.from_dollars("0.50"))),
    }
    assert "part of none" in after.notes[-1]
    alone = await told(books, "code eve@example.com")
    assert alone.headline.startswith("eve@example.com")


async def test_of_what_claude_code_itself_reports_nobody_sees_more_than_of_the_report(books: Books) -> None:
    counts(books.database, TODAY, "chiara@example.com", cost=2 * 10**10)
    counts(books.database, TODAY, "ana@example.com", cost=10**10)
    seen = await told(books, "code", ANA)
    assert [table.title for table in seen.tables].count("As Claude Code itself reports") == 0, "one hidden person's"
    counts(books.database, TODAY, "dmitri@example.com", cost=10**10)
    seen = await told(books, "code", ANA)
    assert [str(row[0]) for row in seen.tables[1].rows] == ["ana@example.com", "2 people"]
    with pytest.raises(Withheld):
        await told(books, "code chiara@example.com", ANA)


async def test_rate_limits_are_told_as_programs_meet_them_by_team_and_model(books: Books) -> None:
    intake = Intake(books.database, lambda: NOW, retain=timedelta(days=35))
    calls = [
        Call(
            f"req_{team}{ago}{left}",
            NOW - timedelta(days=ago, minutes=left),
            "claude-sonnet-5-5",
            team=team,
            rate_limit=Told(100, left, None, None),
        )
        for ago in range(10)
        for team, left in (("alpha", 10 + 3 * ago), ("alpha", 95), ("Team Alpha", 50), ("", 99), ("alpha", 96))
    ]
    await intake.take(batch.of(calls[:25]), Client("app"))
    await intake.take(batch.of(calls[25:]), Client("app"))
    answer = await told(books, "limits")
    live = next(table for table in answer.tables if table.title == "Rate limits as programs meet them")
    assert [tuple(row) for row in live.rows] == [
        ("Team Alpha", "claude-sonnet-5-5", "requests", Tokens(100), Tokens(10), Percent(0.9), "about 26 Nov"),
        ("unallocated", "claude-sonnet-5-5", "requests", Tokens(100), Tokens(99), Percent(0.01), "not in sight"),
    ]
    assert answer.tone is Tone.WARNING
    assert "80 % full or more since yesterday: Team Alpha's requests of claude-sonnet-5-5 90 %" in answer.headline


async def test_a_plan_is_held_against_what_claude_code_itself_reports_of_who_is_on_no_bill(books: Books) -> None:
    for number in range(1, 22):
        counts(books.database, date(2026, 11, number), "ana@example.com", cost=4 * 10**10)
    answer = await told(books, "plan user ana@example.com 2026-11-01..2026-11-20")
    assert fact(answer, "API cost a month") == Amount(Money.from_dollars(120))
    assert "more than Max does" in answer.headline
    assert any("nothing of it is on the API's bill" in note for note in answer.notes)
    whole = await told(books, "plan 2026-11-01..2026-11-20")
    assert fact(whole, "Claude Code itself reports") == Amount(Money.from_dollars(120))
    hidden = await told(books, "plan 2026-11-01..2026-11-20", OLGA)
    assert "Claude Code itself reports" not in [one.label for one in hidden.facts]
