"""What is configured in Slack: once, by those who may, beside the file and never against it, and written down."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.answers.form import Form
from bot.core.access import Asker
from bot.core.calls import batch
from bot.core.calls.call import Call
from bot.core.calls.client import Client
from bot.core.configuration.file import parse
from bot.core.configuration.merged import What
from bot.core.errors import FormRefused, NotFound, NotTheirs
from bot.core.money import Money
from bot.core.utc import dates
from bot.services import configuration
from bot.services.calls.watching import observe
from bot.services.configuring import keeping
from bot.services.configuring.forms import By, Forms
from bot.services.figures.recognition import Recognition
from bot.services.figures.view import Coverage, View
from bot.store import calls, preferences
from bot.store.alerts import silences
from bot.store.database import Database
from bot.store.ledger import Selection
from tests import databases
from tests.services.books import Books

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
FILE = """\
# kept as it is
admins: [U0CFO]
timezone: Europe/Berlin
teams:
  - {id: alpha, name: Team Alpha, owners: [U0ANA], channel: C0ALPHA, matches: [{workspace: alpha}]}
  - {id: beta, name: Team Beta, matches: [{workspace: beta}]}
digests:
  - {id: morning, channel: C0GENERAL, cadence: daily, at: "09:00"}
"""
DIGEST: dict[str, str | tuple[str, ...]] = {
    "scope": "team/alpha",
    "where": "channel",
    "channel": "C0ALPHA",
    "cadence": "weekly",
    "weekday": "friday",
    "at": "08:30",
    "timezone": "Europe/Berlin",
    "skip": (),
}
BUDGET: dict[str, str | tuple[str, ...]] = {
    **{"scope": "team/alpha", "amount": "$1,250.50", "period": "month", "marks": "80 %, 100", "forecast": ("true",)}
}


def three_weeks(database: Database) -> None:
    """Gamma's workspace is nobody's."""
    books = Books(database)
    books.configure(FILE)
    books.spend_daily(dates(date(2026, 11, 1), date(2026, 11, 21)), alpha="60.00", gamma="2.00")


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    with databases.opened(databases.sqlite(tmp_path / "books.db", three_weeks)) as database:
        yield Books(database)


def forms(books: Books) -> Forms:
    return Forms(books.database, "UTC", Recognition())


async def sent(books: Books, what: What, who: str, values: Mapping[str, str | tuple[str, ...]], **of: str) -> Form:
    """Open a form and send it."""
    form = await forms(books).open(what, By(who, NOW), **of)
    return await forms(books).submitted(form.state, values, By(who, NOW))


def log(books: Books) -> list[tuple[str, What, str, str]]:
    return [
        (one.by, one.what, one.id, "removed" if one.after is None else "changed" if one.before else "added")
        for one in books.database.read_now(preferences.changes, 9)
    ]


async def test_a_digest_made_in_slack_is_in_force_beside_the_files_own_and_in_the_exported_file(books: Books) -> None:
    done = await sent(books, What.DIGEST, "U0ANA", DIGEST)
    assert done.said[0] == "Every Friday at 08:30 Europe/Berlin to C0ALPHA, about Team Alpha."
    found = books.database.read_now(configuration.in_force)
    assert found is not None
    assert [one.id for one in found.digests] == ["morning", "alpha-weekly"]
    exported = books.database.read_now(configuration.export)
    assert exported is not None
    assert exported.startswith(FILE.rstrip())
    assert parse(exported) == found
    assert log(books) == [("U0ANA", What.DIGEST, "alpha-weekly", "added")]
    # Whoever puts the exported file in force has it all in the file from then on, and not twice.
    books.configure(exported, NOW)
    assert books.database.read_now(configuration.in_force) == found
    assert "the configuration file has a digest" in str(books.database.read_now(configuration.beside).aside).lower()


async def test_a_form_sent_twice_changes_nothing_twice(books: Books) -> None:
    form = await forms(books).open(What.DIGEST, By("U0ANA", NOW))
    for title in ("Saved", "Saved already"):
        done = await forms(books).submitted(form.state, DIGEST, By("U0ANA", NOW))
        assert done.title == title
    assert len(log(books)) == 1
    assert len(books.database.read_now(preferences.kept)) == 1


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"at": "8:99"}, "at", "not a time of day"),
        ({"channel": ""}, "channel", "Choose a channel"),
        ({"timezone": "Mars"}, "timezone", "no time zone"),
        ({"scope": ""}, "scope", "Choose what it is about"),
        ({"scope": "team/nobody"}, "scope", "which is not there"),
        ({"scope": "own"}, "where", "goes to you alone"),
    ],
)
async def test_what_is_wrong_is_said_under_its_field_and_nothing_is_saved(
    books: Books, change: dict[str, str], field: str, words: str
) -> None:
    with pytest.raises(FormRefused) as refused:
        await sent(books, What.DIGEST, "U0CFO", DIGEST | change)
    assert list(refused.value.fields) == [field]
    assert words in refused.value.fields[field]
    assert '"' not in refused.value.fields[field].split()[0]
    assert (log(books), books.database.read_now(preferences.kept)) == ([], [])


async def test_only_those_who_may_change_a_thing_whatever_their_form_says(books: Books) -> None:
    form = await forms(books).open(What.DIGEST, By("U0ANA", NOW))
    for who, values in (("U0EVE", DIGEST), ("U0ANA", DIGEST | {"scope": "all"})):
        with pytest.raises(NotTheirs):
            await forms(books).submitted(form.state, values, By(who, NOW))
    for what in (What.BUDGET, What.RULE, What.SILENCE, What.OWNERS):
        with pytest.raises(NotTheirs):
            await forms(books).open(what, By("U0EVE", NOW))
    own = DIGEST | {"scope": "own", "where": "me"}
    assert (await sent(books, What.DIGEST, "U0EVE", own)).title == "Saved"
    (one,) = books.database.read_now(preferences.kept)
    assert (one.entry["to"], one.entry["scope"]) == ("U0EVE", "own")
    with pytest.raises(NotTheirs):  # not even an admin changes what somebody else reads of themselves
        await forms(books).open(What.DIGEST, By("U0CFO", NOW), id_=one.id)


async def test_a_budget_is_changed_and_removed_and_the_log_has_both_ends(books: Books) -> None:
    await sent(books, What.BUDGET, "U0ANA", BUDGET)
    await sent(books, What.BUDGET, "U0CFO", BUDGET | {"amount": "99"}, id_="alpha-month")
    found = books.database.read_now(configuration.in_force)
    assert found is not None
    (budget,) = found.budgets
    assert (budget.amount, budget.marks, budget.forecast) == (Money.from_dollars(99), (80, 100), True)
    form = await forms(books).removing(What.BUDGET, By("U0ANA", NOW), "alpha-month")
    await forms(books).submitted(form.state, {}, By("U0ANA", NOW))
    assert [one[3] for one in log(books)] == ["removed", "changed", "added"]
    newest = books.database.read_now(preferences.changes, 2)
    assert [one.before and one.before["amount"] for one in newest] == ["99", "1250.50"]
    assert books.database.read_now(configuration.export) == FILE


async def test_what_somebody_else_changed_meanwhile_is_not_lost(books: Books) -> None:
    await sent(books, What.BUDGET, "U0ANA", BUDGET)
    first = await forms(books).open(What.BUDGET, By("U0ANA", NOW), id_="alpha-month")
    later = By("U0CFO", NOW + timedelta(minutes=1))
    second = await forms(books).open(What.BUDGET, later, id_="alpha-month")
    await forms(books).submitted(second.state, BUDGET | {"amount": "7"}, later)
    with pytest.raises(FormRefused, match="Somebody has changed this meanwhile"):
        await forms(books).submitted(first.state, BUDGET, By("U0ANA", NOW + timedelta(minutes=2)))
    assert books.database.read_now(preferences.kept)[0].entry["amount"] == "7"


async def test_the_amount_that_would_have_held_is_suggested_from_history(books: Books) -> None:
    form = await forms(books).open(What.BUDGET, By("U0ANA", NOW))
    looked = await forms(books).pressed("suggest", form.state, BUDGET | {"period": "day"}, By("U0ANA", NOW))
    assert looked.below[0].startswith("The last days of Team Alpha, the newest first: $60.00, $60.00")
    assert looked.below[1] == "$66.00 would have held in most of them, with a tenth to spare."
    assert {one.key: one.value for one in looked.fields}["amount"] == "$1,250.50"
    assert books.database.read_now(preferences.kept) == []


async def test_what_nobody_owns_is_listed_and_given_to_a_team_with_its_past(books: Books) -> None:
    shown = await forms(books).settings(By("U0CFO", NOW))
    assert [(one.kind, one.id, one.spent) for one in shown.unowned] == [
        ("workspace", "gamma", Money.from_dollars(40)),
        ("team", "beta", Money.from_dollars(0)),
    ]
    assert (await forms(books).settings(By("U0ANA", NOW))).unowned == ()
    form = await forms(books).open(What.CLAIM, By("U0CFO", NOW), thing="workspace/gamma")
    done = await forms(books).submitted(form.state, {"team": "team/beta"}, By("U0CFO", NOW))
    assert done.said[0].startswith("It belongs to Team Beta now")
    assert spent(books, "beta") == Money.from_dollars(40)
    with pytest.raises(NotFound, match="Team Beta has it"):
        await forms(books).submitted(form.state, {"team": "team/alpha"}, By("U0CFO", NOW))
    await sent(books, What.OWNERS, "U0CFO", {"team": "team/beta", "owners": ("U0BEN",)})
    assert (await forms(books).settings(By("U0CFO", NOW))).unowned == ()
    # The file claims it for another team: the file was there first, and the settings say so.
    books.configure(FILE.replace("{workspace: alpha}", "{workspace: alpha}, {workspace: gam*}"), NOW)
    assert (spent(books, "beta"), spent(books, "alpha")) == (Money.from_dollars(0), Money.from_dollars(1240))
    lines = [one for one in (await forms(books).settings(By("U0CFO", NOW))).lines if one.aside]
    assert [(one.what, one.id) for one in lines] == [(What.CLAIM, "workspace/gamma")]


async def test_what_the_file_says_of_owners_is_not_changed_in_slack(books: Books) -> None:
    with pytest.raises(FormRefused, match="The configuration file names the owners of this team"):
        await sent(books, What.OWNERS, "U0ANA", {"team": "team/alpha", "owners": ("U0EVE",)})


async def test_an_owner_silences_what_is_their_teams_for_as_long_as_they_say(books: Books) -> None:
    values: dict[str, str | tuple[str, ...]] = {"scope": "team/alpha", "rule": "every rule", "until": "until a date"}
    with pytest.raises(FormRefused, match="after today"):
        await sent(books, What.SILENCE, "U0ANA", values | {"date": "2026-11-21"})
    with pytest.raises(NotTheirs):
        await sent(books, What.SILENCE, "U0ANA", values | {"scope": "all", "date": "2026-11-30"})
    await sent(books, What.SILENCE, "U0ANA", values | {"date": "2026-11-30"})
    (one,) = books.database.read_now(silences.running, NOW)
    assert (one.scope, one.rule_id, one.until) == ("alpha", None, datetime(2026, 11, 29, 23, tzinfo=UTC))
    assert log(books)[0][:2] == ("U0ANA", What.SILENCE)


async def test_a_silence_is_ended_by_those_who_may_and_written_down(books: Books) -> None:
    whole = {"scope": "all", "rule": "every rule", "until": "1 day"}
    await sent(books, What.SILENCE, "U0CFO", whole)
    await sent(books, What.SILENCE, "U0CFO", whole | {"scope": "team/alpha"})
    lines = [one for one in (await forms(books).settings(By("U0ANA", NOW))).lines if one.what is What.SILENCE]
    assert [(one.key, one.changeable) for one in lines] == [("1", False), ("2", True)]
    with pytest.raises(NotTheirs, match="Only admins may end this silence"):
        await forms(books).removing(What.SILENCE, By("U0ANA", NOW), "1")
    form = await forms(books).removing(What.SILENCE, By("U0ANA", NOW), "2")
    assert "alerts about Team Alpha until 2026-11-22 09:00 UTC" in form.said[0]
    with pytest.raises(NotTheirs):  # whoever sends it could have changed it
        await forms(books).submitted({**form.state, "id": "1"}, {}, By("U0ANA", NOW))
    assert (await forms(books).submitted(form.state, {}, By("U0ANA", NOW))).title == "Ended"
    with pytest.raises(NotFound, match="ended already"):
        await forms(books).submitted(form.state, {}, By("U0ANA", NOW))
    assert [one.id for one in books.database.read_now(silences.running, NOW)] == [1]
    assert log(books)[0] == ("U0ANA", What.SILENCE, "every rule", "removed")


async def test_a_rule_is_looked_at_before_it_is_saved(books: Books) -> None:
    values: dict[str, str | tuple[str, ...]] = {
        **{"scope": "team/alpha", "metric": "cost", "kind": "above", "limit": "50", "window": "1d"},
        **{"severity": "critical", "told": ("owners",), "people": (), "channel": ""},
    }
    form = await forms(books).open(What.RULE, By("U0ANA", NOW))
    with pytest.raises(FormRefused) as refused:
        await forms(books).submitted(form.state, values | {"limit": "lots"}, By("U0ANA", NOW))
    assert list(refused.value.fields) == ["limit"]
    looked = await forms(books).submitted(form.state, values, By("U0ANA", NOW))
    assert looked.said == ("Spend above $50.00 a day of Team Alpha, critical, told to owners.",)
    assert looked.below[0].startswith("Over the last 90 days it would have fired once and sent")
    tried = await forms(books).pressed("replay", form.state, values | {"limit": "5000"}, By("U0ANA", NOW))
    assert tried.below == ("Over the last 90 days it would have sent nothing.",)
    assert "never" in tried.warning
    assert books.database.read_now(preferences.kept) == []
    back = await forms(books).pressed("back", looked.state, {}, By("U0ANA", NOW))
    assert {one.key: one.value for one in back.fields}["limit"] == "50"
    await forms(books).submitted(looked.state, {}, By("U0ANA", NOW))
    found = books.database.read_now(configuration.in_force)
    assert found is not None
    assert [(one.id, one.above) for one in found.rules] == [("alpha-cost-1d", Decimal(50))]


FIRST: dict[str, str | tuple[str, ...]] = {
    **{"scope": "each_feature", "metric": "cost", "kind": "new", "limit": "", "window": "1d"},
    **{"severity": "info", "told": ("admins",), "people": (), "channel": ""},
}
STEADY = FIRST | {"kind": "runaway", "limit": "100"}


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        (
            FIRST | {"scope": "each_team"},
            "scope",
            "For this, choose one of: “Each key by itself”, “Each model by itself”",
        ),
        (FIRST | {"limit": "5"}, "limit", "A first call has no limit. Leave this empty."),
        (STEADY | {"scope": "each_key"}, "scope", "“Each team by itself”, “Each feature by itself” and a team."),
        (STEADY | {"limit": "lots"}, "limit", ""),
        (FIRST | {"kind": "above", "limit": "5"}, "scope", "Only first and steady calls are told by feature."),
    ],
)
async def test_what_a_rule_about_reported_calls_can_not_be_is_said_under_its_field(
    books: Books, values: dict[str, str | tuple[str, ...]], field: str, sentence: str
) -> None:
    with pytest.raises(FormRefused) as refused:
        await sent(books, What.RULE, "U0CFO", values)
    assert list(refused.value.fields) == [field]
    assert sentence in refused.value.fields[field]


async def test_rules_about_reported_calls_are_made_in_slack_too_and_tried_out_first(books: Books) -> None:
    night = NOW.replace(hour=2)
    made = [Call(f"req_{n}", NOW - timedelta(days=n), "claude-sonnet-5-5", 1, feature="search") for n in range(40)]
    made += [
        Call(f"req_n{n}", night + timedelta(seconds=5 * n), "claude-sonnet-5-5", 1, feature="loop") for n in range(300)
    ]
    books.database.write_now(calls.post, [calls.Sent(batch.of(made), Client("app"))], NOW, {})
    asked = Forms(books.database, "UTC", Recognition(), observe)
    offered = await asked.found("rule", "feature", By("U0CFO", NOW))
    assert ("each_feature", "Each feature by itself") in {(one.value, one.label) for _, some in offered for one in some}
    for values, said in (
        (FIRST, "The first call of each feature, info, told to admins."),
        (
            STEADY,
            "More than 100 requests an hour, steadily and at an unusual hour, of each feature, info, told to admins.",
        ),
    ):
        form = await asked.open(What.RULE, By("U0CFO", NOW))
        looked = await asked.submitted(form.state, values, By("U0CFO", NOW))
        assert looked.said == (said,)
        assert "it would have fired once" in looked.below[0]
        assert "loop" in looked.below[1]
        back = await asked.pressed("back", looked.state, {}, By("U0CFO", NOW))
        assert {one.key: one.value for one in back.fields}["kind"] == values["kind"]
        await asked.submitted(looked.state, {}, By("U0CFO", NOW))
    found = books.database.read_now(configuration.in_force)
    assert found is not None
    assert [(one.id, one.scope) for one in found.rules] == [
        ("each-feature-new", "each_feature"),
        ("each-feature-runaway", "each_feature"),
    ]
    again = await asked.open(What.RULE, By("U0CFO", NOW), id_="each-feature-runaway")
    held = {one.key: one.value for one in again.fields}
    assert (held["scope"], held["kind"], held["limit"]) == ("each_feature", "runaway", "100")


def spent(books: Books, team: str) -> Money | None:
    def read(connection: object) -> Money | None:
        from bot.core.said_periods import month_to_date

        coverage = Coverage.read(connection, NOW)  # type: ignore[arg-type]
        view = View(connection, Selection(teams=frozenset({team})), coverage)  # type: ignore[arg-type]
        return view.total(coverage.cut(month_to_date(now=NOW, zone="UTC"))).billed_cost or Money(0)

    return books.database.read_now(read)


def test_what_is_kept_is_written_down_once_in_both_databases(any_database: Database) -> None:
    entry = {"scope": "all", "amount": "5", "period": "month"}
    eve = Asker.called("U0CFO")
    any_database.write_now(configuration.apply, FILE, "teams.yml", NOW)
    for expected in (True, False):
        sent = keeping.Sent(eve, "U0CFO", "form-1", NOW)
        assert any_database.write_now(keeping.keep, What.BUDGET, "all-month", entry, sent) is expected
    found = any_database.read_now(configuration.in_force)
    assert found is not None
    assert [one.id for one in found.budgets] == ["all-month"]
    gone = keeping.Sent(eve, "U0CFO", "form-2", NOW)
    assert [any_database.write_now(keeping.drop, What.BUDGET, "all-month", gone) for _ in range(2)] == [True, False]
    assert any_database.read_now(configuration.export) == FILE
    assert len(any_database.read_now(preferences.changes, 9)) == 2
