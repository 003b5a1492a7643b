"""Live calls from a log to an answer: whose they are, what people may see, and rules that look at them."""

import asyncio
import gzip
import json
import random
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from bot.answers.answer import Answer
from bot.core.access import NOBODY, OPERATOR, Asker
from bot.core.alerts.rule import Metric, Rule, Target
from bot.core.alerts.window import Window
from bot.core.calls import batch, log, sums, wire
from bot.core.calls.call import COUNTED, Call
from bot.core.calls.client import Client
from bot.core.calls.log import Log
from bot.core.errors import NotFound, Withheld, WordsError
from bot.core.hours import Stretch
from bot.core.money import Money
from bot.render import json as programs
from bot.services import configuration
from bot.services.asking.ask import Ask
from bot.services.calls import forgetting, importing, reading, watching
from bot.services.calls.forgetting import forget
from bot.services.calls.importing import Imported
from bot.services.calls.watching import Watch, observe
from bot.store import calls as store
from bot.store.calls import Sent, names, series
from bot.store.database import Database
from tests import databases

PER_PIECE = 100
NOW = datetime(2026, 11, 22, 9, 20, tzinfo=UTC)
TEAMS = """
admins: [cfo@example.com]
teams:
  - {id: group, name: The Group}
  - {id: alpha, name: Team Alpha, parent: group, owners: [ana@example.com], matches: [{call_team: [support]}]}
  - {id: beta, name: Team Beta, matches: [{user: "*@beta.example.com"}, {api_key: beta-*, from: 2026-11-20}]}
alerts:
  - {id: slow, metric: latency_p95_ms, kind: threshold, above: 5000, window: 5m, scope: {team: alpha}}
"""
LOG = """\
{"timestamp": "2023-11-18T09:00:00Z", "user_id": "u1", "team": "Alpha", "model": "claude-2.1", "prompt_tokens": 500, "completion_tokens": 150, "cost_per_token_prompt": 0.000011, "cost_per_token_completion": 0.000033}
{"timestamp": "2023-11-18T10:00:00Z", "user_id": "u2", "team": "Alpha", "model": "claude-2.1", "prompt_tokens": 600, "completion_tokens": 200, "cost_per_token_prompt": 0.000011, "cost_per_token_completion": 0.000033}
{"timestamp": "2023-11-18T11:00:00Z", "user_id": "u3", "team": "Beta", "model": "claude-instant-1.2", "prompt_tokens": 1200, "completion_tokens": 800, "cost_per_token_prompt": 0.0000024, "cost_per_token_completion": 0.0000072}
{"timestamp": "2023-11-18T12:00:00Z", "user_id": "u4", "team": "Gamma", "model": "claude-2.1", "prompt_tokens": 3000, "completion_tokens": 2500, "cost_per_token_prompt": 0.000011, "cost_per_token_completion": 0.000033}
"""  # noqa: E501 - a log as it lies in its file


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    database = Database(migrated_url)
    yield database
    database.close()


@pytest.fixture
def teams(database: Database) -> Database:
    database.write_now(configuration.apply, TEAMS, "teams.yml", NOW)
    return database


def stored(database: Database, *said: dict[str, Any], bound: str = "") -> None:
    """Calls of this morning, each a minute after the other."""
    made = []
    for n, one in enumerate(said):
        at = (NOW - timedelta(hours=2) + timedelta(minutes=n)).isoformat()
        call = wire.read({"timestamp": at, "model": "claude-sonnet-5-5", "input_tokens": 1000} | one, NOW)
        assert isinstance(call, Call), call
        made.append(call)
    database.write_now(store.post, [Sent(batch.of(made), Client("test", bound or None))], NOW, {})


def imported(database: Database, path: Path, text: str | bytes, kind: Log = Log.AUTO) -> Imported:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return asyncio.run(importing.read(path, kind, database, lambda: NOW))


def ask(database: Database, text: str, asker: Asker = OPERATOR, *, shared: bool = False) -> Answer:
    return asyncio.run(Ask(database, "UTC").answer(text, NOW, asker, shared=shared))


def rows(answer: Answer, at: int = 0) -> dict[str, list[Any]]:
    return {row[0]: row[1:] for row in programs.document(answer)["tables"][at]["rows"]}


def test_the_cost_of_an_older_log_follows_from_its_own_prices(database: Database, tmp_path: Path) -> None:
    assert imported(database, tmp_path / "log", LOG).stored == 4
    found = rows(ask(database, "calls by team 2023-11-18"))
    assert {team: figures[-1] for team, figures in found.items()} == {
        "Alpha": "0.02365",
        "Beta": "0.00864",
        "Gamma": "0.1155",
    }
    assert found["Alpha"][:3] == [2, 1450, 725]
    assert {*rows(ask(database, "teams 2023-11-18"))} == {"Alpha", "Beta", "Gamma"}, "nothing else is known of them"
    assert ask(database, "team alpha 2023-11-18").headline.startswith("Alpha: 2 calls")
    assert programs.document(ask(database, "status"))["facts"][2]["value"] == "2023-11-18 12:00 UTC"
    written = programs.document(ask(database, "calls by team 2023-11-18"))
    assert [(row["id"], row["own_cost"]) for row in written["rows"]] == [
        *(("Gamma", "0.1155"), ("Alpha", "0.02365"), ("Beta", "0.00864"))
    ], "what costs most comes first"
    assert {*rows(ask(database, "calls team alpha 2023-11-18 by model"))} == {"claude-2.1"}
    assert {*rows(ask(database, "users 2023-11-18"))} == {"u1", "u2", "u3", "u4"}


@pytest.mark.parametrize(
    "write",
    [
        lambda lines: "\n".join(map(json.dumps, lines)),
        lambda lines: json.dumps(lines, indent=1, ensure_ascii=False),
        lambda lines: (
            "timestamp,model,input_tokens,feature\n"
            + "".join(
                f'{one["timestamp"]},{one["model"]},{one["input_tokens"]},"{one["feature"]}"\r\n' for one in lines
            )
        ),
        lambda lines: gzip.compress("\n".join(map(json.dumps, lines)).encode()),
    ],
)
def test_a_log_of_any_kind_goes_in_once_with_its_bad_lines_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[list[dict[str, Any]]], str | bytes]
) -> None:
    monkeypatch.setattr(log, "PER_PIECE", PER_PIECE)
    database = Database(databases.sqlite(tmp_path / "test.db"))
    same = {"timestamp": "2026-11-01T00:00:00Z", "model": "m", "input_tokens": 1, "feature": "zwei\nZeilen ü"}
    lines: list[dict[str, Any]] = [
        {**same, "timestamp": f"2026-11-02T00:{n // 60 % 60:02}:{n % 60:02}.{n // 3600}Z"} for n in range(PER_PIECE)
    ]
    lines += [same, same, {**same, "input_tokens": -1}, {**same, "timestamp": "2026-11-01T00:00:00"}, same]
    first = imported(database, tmp_path / "log", write(lines))
    assert (first.stored, first.refused) == (PER_PIECE + 3, 2)
    assert [reason.split(":")[0] for _, reason in first.named] == [
        "input_tokens is -1",
        "timestamp is 2026-11-01T00",
    ]
    again = imported(database, tmp_path / "log", write(lines))
    assert (again.stored, again.passed_over, again.duplicates) == (0, PER_PIECE + 3, 0)
    assert again.named == first.named
    longer = imported(database, tmp_path / "log", write([*lines, {**same, "input_tokens": 2}]))
    assert (longer.stored, longer.passed_over, longer.duplicates) == (1, PER_PIECE, 3)
    database.close()


def test_a_log_with_a_bad_line_counts_once_however_late_it_is_imported_again(
    database: Database, tmp_path: Path
) -> None:
    line = '{"timestamp": "2026-11-20T10:00:00Z", "model": "claude-sonnet-5-5", "input_tokens": 5, "feature": "x"}\n'
    first = imported(database, tmp_path / "log", f"{line}{{}}\n")
    asyncio.run(forget(database, NOW + timedelta(days=40)))
    again = imported(database, tmp_path / "log", f"{line}{{}}\n")
    assert (first.stored, again.stored, again.passed_over) == (1, 0, 1)
    assert again.named == first.named == [(2, "The call has no timestamp.")]
    assert ask(database, "feature x 20 nov").headline.count("1 call")


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_spreadsheets_own_csv_is_read(database: Database, tmp_path: Path, between: str) -> None:
    header = between.join(("\ufeffTimestamp", "Model", "Input Tokens", "Feature"))
    line = between.join(("2026-11-20T10:00:00Z", "claude-sonnet-5-5", "5", f'"one{between}two"'))
    assert imported(database, tmp_path / "log", f"{header}\r\n{line}\r\n").stored == 1
    assert ask(database, f'feature "one{between}two" 20 nov').headline.count("1 call")


@pytest.mark.parametrize("blocks", [10**6, 2, 0])
def test_a_long_log_is_read_by_another_process_and_here_from_where_that_one_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocks: int
) -> None:
    other = tmp_path / "other"
    other.write_text(f'#!/bin/sh\n"{sys.executable}" "$@" | dd bs=64k count={blocks} 2>/dev/null\n')
    other.chmod(0o700)
    monkeypatch.setattr(reading, "LONG_BYTES", 0)
    monkeypatch.setattr(sys, "executable", str(other))
    database = Database(databases.sqlite(tmp_path / "test.db"))
    line = '{{"timestamp": "2026-11-01T00:00:00Z", "model": "m", "input_tokens": {}}}\n'
    text = "".join(map(line.format, range(log.PER_PIECE - 1)))
    found = imported(database, tmp_path / "log", f"\n{text}{{}}\n{text}")
    assert (found.stored, found.duplicates) == (log.PER_PIECE - 1,) * 2
    assert found.named == [(log.PER_PIECE + 1, "The call has no timestamp.")]
    again = imported(database, tmp_path / "log", f"\n{text}{{}}\n{text}")
    assert (again.stored, again.passed_over) == (0, 2 * (log.PER_PIECE - 1))
    database.close()


@pytest.mark.parametrize(
    ("text", "number", "reason"),
    [
        ('{"a": 1}\n{"cut', 2, "The line is not JSON."),
        (
            '[{"timestamp": "2026-11-01T00:00:00Z", "model": "m", "input_tokens": 1}, {"x": nonsense}]',
            2,
            "nothing after it",
        ),
        ('[{"timestamp": "2026-11-01T00:00:00Z", "model": "m", "input_tokens": 1}', 2, "The list does not end"),
        (
            "timestamp,model,input_tokens\n2026-11-01T00:00:00Z,m,1,too many\n",
            2,
            "The line has 4 fields, the header 3.",
        ),
    ],
)
def test_what_is_broken_in_a_file_is_named(
    database: Database, tmp_path: Path, text: str, number: int, reason: str
) -> None:
    named = imported(database, tmp_path / "log", text).named[-1]
    assert named[0] == number
    assert reason in named[1]


def test_a_call_is_its_tokens_teams_before_what_it_says_and_that_before_its_key_and_user(teams: Database) -> None:
    stored(teams, {"team": "beta"}, bound="alpha")
    stored(teams, {"team": "Support"}, {"team": "TEAM BETA"}, {"team": "nobody's"}, {"user": "x@beta.example.com"})
    stored(teams, {"api_key": "beta-ci"}, {"team": "alpha", "user": "x@beta.example.com"}, {"feature": "nothing said"})
    found = {team: figures[0] for team, figures in rows(ask(teams, "calls by team")).items()}
    assert found == {"Team Alpha": 3, "Team Beta": 3, "nobody's": 1, "unallocated": 1}
    assert ask(teams, "team group by feature").headline.startswith("The Group: 3 calls")


def test_what_has_no_price_is_not_projected_as_if_it_cost_nothing(database: Database) -> None:
    one = {"input_tokens": 1_000_000}
    stored(database, *[one] * 10, *[{**one, "model": "nobody's"}] * 10, one)
    paragraphs = programs.document(ask(database, "calls"))["paragraphs"]
    assert paragraphs[0].startswith("At this pace: 63 calls for at least $66.00 an hour")


def test_what_is_not_shown_is_added_up_in_a_row_of_its_own(database: Database) -> None:
    stored(database, *[{"feature": f"f{n}", "error_type": f"e{n}", "duration_ms": n} for n in range(11)])
    tables = {one["title"]: one["rows"] for one in programs.document(ask(database, "calls by key"))["tables"]}
    for title in ("By feature", "Errors"):
        assert [tables[title][-1][:2], len(tables[title])] == [["and 3 more", 3], 9]
    assert len(rows(ask(database, "features"), 1)) == 11


def test_features_endpoints_and_names(teams: Database) -> None:
    stored(
        teams,
        {"feature": "search", "endpoint": "messages", "duration_ms": 100},
        {
            "feature": "search",
            "endpoint": "messages",
            "duration_ms": 300,
            "status": 529,
            "error_type": "overloaded_error",
        },
        {"feature": "summary", "endpoint": "batches", "event_type": "batch"},
    )
    assert {name: figures[0] for name, figures in rows(ask(teams, "features")).items()} == {"search": 2, "summary": 1}
    one = ask(teams, "feature search")
    assert rows(one)["messages"][3] == 0.5
    assert {table.title: len(table.rows) for table in one.tables}["Errors"] == 1
    assert [*rows(ask(teams, "calls by day"))] == ["Sun 22 Nov"]
    assert "The closest are: search" in str(raised(teams, "feature serch", NotFound))
    raised(teams, "workspaces by feature", WordsError)
    raised(teams, "why by feature", WordsError)
    assert ask(teams, "calls yesterday").headline.startswith("No program reported a call")


def raised(database: Database, text: str, kind: type[Exception], asker: Asker = OPERATOR) -> Exception:
    with pytest.raises(kind) as found:
        ask(database, text, asker)
    return found.value


def test_a_single_persons_calls_are_theirs_their_owners_and_the_admins(teams: Database) -> None:
    stored(teams, {"team": "alpha", "user": "x@example.com", "feature": "secret"})
    stranger, own, owner = Asker.called("y@example.com"), Asker.called("X@example.com"), Asker.called("ana@example.com")
    for asker in (stranger, NOBODY):
        raised(teams, "calls", Withheld, asker)
        raised(teams, "calls user x@example.com", Withheld, asker)
    for asker in (own, owner, Asker.called("cfo@example.com")):
        assert rows(ask(teams, "calls by user", asker)).keys() == {"x@example.com"}
    with pytest.raises(Withheld):
        ask(teams, "calls", owner, shared=True)
    stored(teams, {"team": "alpha", "user": "z@example.com", "feature": "other"}, {"team": "alpha", "feature": "cron"})
    assert [*rows(ask(teams, "features", stranger))] == ["cron", "2 together"]
    assert "x@example.com" in export(teams, OPERATOR)
    assert "x@example.com" not in export(teams, stranger)


def export(database: Database, asker: Asker) -> str:
    file = ask(database, "export calls", asker).file
    assert file is not None
    return file.content.decode()


def test_rules_see_windows_and_single_calls(teams: Database) -> None:
    stored(
        teams,
        *[{"team": "support", "duration_ms": 9000, "output_tokens": 50 * n} for n in range(5)],
        {"team": "beta", "duration_ms": 10, "success": False},
    )
    alpha, beta, whole = Target("team", "alpha"), Target("team", "beta"), Target()

    def seen(metric: Metric, window: Window, *, per_call: bool = False) -> list[int | None]:
        rule = Rule("r", metric, window=window, per_call=per_call)
        start = window.containing(NOW - timedelta(hours=2), "UTC")
        stretch = Stretch(start, window.after(start, "UTC"))
        found = teams.read_now(observe, rule, [alpha, beta, whole], stretch, NOW)
        assert {one.complete for one in found.values()} == {window != Window.DAY}
        return [found[target].value for target in (alpha, beta, whole)]

    five = Window("minute", 10)
    latencies = seen(Metric.LATENCY_P95_MS, five)
    assert latencies[0] == pytest.approx(9000, rel=0.01)
    assert latencies[1] == pytest.approx(10, rel=0.06)
    assert seen(Metric.OUTPUT_TOKENS, five) == [500, 0, 500]
    assert seen(Metric.OUTPUT_TOKENS, Window.DAY, per_call=True) == [200, 0, 200]
    assert seen(Metric.ERROR_RATE, Window.HOUR) == [0, None, 166_667]
    assert seen(Metric.COST, five)[0] == 5 * 2000 * 10_000 + 500 * 10 * 10_000


async def test_new_calls_are_looked_at_within_seconds_and_only_news_wakes_anybody(
    teams: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "SETTLE_SECONDS", 0.05)
    told: list[datetime] = []

    class Told:
        async def run(self, now: datetime) -> int:
            told.append(now)
            return 1

    now = NOW - timedelta(hours=2) + timedelta(minutes=4)
    watch = Watch(teams, Told(), lambda: now, "UTC")
    stored(teams, *[{"team": "beta", "duration_ms": 9000}] * 3)
    watch.wake()
    await watch.settled()
    assert told == []
    stored(teams, *[{"team": "alpha", "duration_ms": 9000}] * 3)
    watch.wake()
    watch.wake()
    await watch.settled()
    assert told == [now]


def test_names_without_end_are_kept_together_and_nothing_of_them_is_lost(
    teams: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series, "MOST_SERIES", 5)
    monkeypatch.setattr(series, "_MOST_TOGETHER", 2)
    stored(teams, *[{"team": "alpha", "feature": f"real-{n}"} for n in range(3)])
    stored(teams, *[{"team": "alpha", "feature": f"invented-{n}", "user": f"u{n}"} for n in range(20)])
    stored(teams, *[{"team": f"made-up-{n}", "feature": f"again-{n}", "success": False} for n in range(20)])
    stored(teams, {"team": "alpha", "feature": "real-0", "output_tokens": 7})
    found = rows(ask(teams, "features"))
    assert {name: figures[0] for name, figures in found.items()} == {
        **{"real-0": 2, "real-1": 1, "real-2": 1, "invented-0": 1, "invented-1": 1},
        series.REST: 38,
    }
    assert teams.read_now(lambda connection: len(names.series(connection))) <= 5 + 2 + 2
    assert rows(ask(teams, "calls by team"))["Team Alpha"][0] == 24
    assert "38 live calls of the last 7 days are kept as “everything else”" in " ".join(ask(teams, "status").notes)


def test_forgotten_calls_leave_their_sums(teams: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(teams, {"feature": "search"}, {"feature": "search"})
    assert asyncio.run(forget(teams, NOW)) == 0
    assert teams.read_now(store.any_stored, NOW + timedelta(days=1))
    monkeypatch.setattr(forgetting, "A_PIECE", 1)
    assert asyncio.run(forget(teams, NOW + timedelta(days=1))) == 2
    assert not teams.read_now(store.any_stored, NOW + timedelta(days=1))
    assert rows(ask(teams, "features"))["search"][0] == 2


def test_a_knock_forgets_no_more_than_it_may_and_the_next_goes_on(
    teams: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "A_PIECE", 1)
    monkeypatch.setattr(forgetting, "PIECES", 2)
    stored(teams, *[{"feature": "search", "output_tokens": n} for n in range(5)])
    shorter, now = forgetting.Forgetting(teams, timedelta(days=7)), NOW + timedelta(days=8)
    left = []
    for _ in range(4):
        asyncio.run(shorter.run(now))
        left.append(teams.read_now(lambda connection: connection.execute(text("SELECT count(*) FROM call")).scalar()))
    assert left == [3, 1, 0, 0]
    assert rows(ask(teams, "features"))["search"][0] == 5


def test_a_name_was_first_called_when_its_oldest_call_was_made_however_late_that_comes(database: Database) -> None:
    made = [Call(f"req_{n}", NOW - timedelta(hours=n), "claude-sonnet-5-5", 1, feature="search") for n in (2, 5, 3)]
    known: series.KnownSeries = {}
    for call, oldest in zip(made, (2, 5, 5), strict=True):
        database.write_now(store.post, [Sent(batch.of([call]), Client("test"))], NOW, known)
        first = database.read_now(names.first_calls, "feature", NOW)
        assert first == {"search": NOW - timedelta(hours=oldest)}
    assert [one.since for one in database.read_now(names.series).values()] == [NOW - timedelta(hours=5)]


@pytest.mark.parametrize("a_time", [1, 3, 100])
def test_an_hour_comes_to_the_same_in_however_many_pieces_its_calls_come(database: Database, a_time: int) -> None:
    dice = random.Random(a_time)
    made = [
        Call(
            f"req_{n}",
            NOW - timedelta(minutes=n * 7 % 150),
            "claude-sonnet-5-5",
            **{name: dice.randrange(9) for name in COUNTED},  # type: ignore[arg-type]
            feature=f"f{n % 3}",
            duration_ms=dice.choice([None, 0, dice.randrange(90_000)]),
            first_token_ms=dice.choice([None, dice.randrange(900)]),
            own_cost=dice.choice([None, Money(dice.randrange(10**9))]),
            error_type=dice.choice(["", "overloaded_error"]),
        )
        for n in range(40)
    ]
    known: series.KnownSeries = {}
    for at in range(0, len(made), a_time):
        some = [Sent(batch.of([one]), Client("test")) for one in made[at : at + a_time]]
        database.write_now(store.post, [*some, *some[:1]], NOW, known)
    held = database.read_now(store.by_series, NOW - timedelta(hours=4), NOW + timedelta(hours=1))
    expected = {(one.feature, one.error_type): list[Call]() for one in made}
    for one in made:
        expected[one.feature, one.error_type].append(one)
    assert {(one.series.feature, one.series.error_type): one.sums for one in held} == {
        names: sums.of(some) for names, some in expected.items()
    }


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_days_and_weeks_say_how_long_their_calls_took(database: Database, zone: str) -> None:
    database.write_now(configuration.apply, f"timezone: {zone}\n{TEAMS}", "teams.yml", NOW)
    noon = datetime(2026, 11, 20, 12, tzinfo=ZoneInfo(zone))
    # On the local day before midnight, which is the next day in UTC, and two days of one week.
    at = (noon - timedelta(days=7), noon, noon + timedelta(hours=11, minutes=30), noon + timedelta(days=1))
    stored(database, *[{"timestamp": one.isoformat(), "duration_ms": 1000 * 2**n} for n, one in enumerate(at)])

    def took(words: str) -> dict[str, tuple[int, str]]:
        """The median, as exact as sketches are, and the longest."""
        table = rows(ask(database, words), 1)
        return {name: (round(float(p50.removesuffix(" s"))), last) for name, (_, p50, *_, last) in table.items()}

    assert took("calls november by day") == {
        "Fri 13 Nov": (1, "1.00 s"),
        "Fri 20 Nov": (2, "4.00 s"),
        "Sat 21 Nov": (8, "8.00 s"),
    }
    assert [*took("calls 20 nov by hour").items()] == [
        (f"Fri 20 Nov {hour}", (seconds, f"{seconds}.00 s")) for hour, seconds in (("12:00", 2), ("23:00", 4))
    ]
    raised(database, "calls november by hour", WordsError)
    assert [*took("calls november by week").values()] == [(1, "1.00 s"), (4, "8.00 s")]
