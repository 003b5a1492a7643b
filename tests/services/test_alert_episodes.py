"""What an alert goes through with people in it: who is told next, who may act, what keeps it quiet, when it is over."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from bot.answers.answer import Answer
from bot.core.access import OPERATOR, Asker
from bot.core.alerts.episode import State
from bot.core.alerts.feedback import Feedback, Until, Verdict
from bot.core.directory import ApiKey, Directory, Workspace
from bot.core.errors import Withheld
from bot.core.usage import Source
from bot.render import terminal
from bot.services.alerts.alerts import Alerts
from bot.services.asking.ask import Ask
from bot.services.deliver import Deliverer
from bot.slack.notifier import SlackNotifier, web_client
from bot.slack.people import SlackPeople
from bot.store import directory
from bot.store.database import Database
from bot.store.readings import lags
from tests import databases
from tests.outside import ALPHA, ANA, BEN, BOT_TOKEN, QUIET, Outside
from tests.properties.test_alerts import Slack
from tests.services.books import ORGANIZATION, Books

DAY = date(2026, 11, 18)
MORNING = datetime(2026, 11, 19, 7, tzinfo=UTC)
ONE_DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
TEAMS = """\
admins: [ben@example.com]
teams:
  - {id: group, name: The Group, owners: [U0QUIET]}
  - {id: alpha, name: Team Alpha, owners: [ana@example.com], channel: C0ALPHA, matches: [{workspace: alpha}]}
  - {id: beta, name: Team Beta, owners: [ana@example.com], matches: [{workspace: beta}]}
"""
CAP = "alerts: [{id: cap, metric: cost, kind: threshold, above: 200.00, window: 1d, scope: {team: alpha}MORE}]\n"


def cap(more: str = "") -> str:
    return TEAMS + CAP.replace("MORE", f", {more}" if more else "")


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    database = Database(databases.sqlite(tmp_path / "books.db"))
    yield Books(database)
    database.close()


@pytest.fixture
def alerts(books: Books, outside: Outside) -> Alerts:
    client = web_client(BOT_TOKEN, f"{outside.slack_url}/api/")
    deliverer = Deliverer(books.database, SlackNotifier(client, seconds_between_posts=0))
    return Alerts(books.database, deliverer, "UTC", SlackPeople(client, outside.clock))


def told(outside: Outside, person: str) -> list[str]:
    return [message.text for message in outside.posted(outside.slack.dms.get(person, person))]


def read(answer: Answer) -> str:
    return " ".join(terminal.text(answer).split())


async def test_what_is_critical_goes_on_to_the_admins_when_nobody_acknowledges_it(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(cap("severity: critical, escalate_after: 30m"))
    books.spend(DAY, alpha="300.00")
    assert await alerts.run(MORNING) == 1
    assert await alerts.run(MORNING + 29 * MINUTE) == 0
    assert await alerts.run(MORNING + 31 * MINUTE) == 1
    assert len(told(outside, BEN)) == 1
    assert "It fired on 19 Nov, 07:00, and nobody had acknowledged it by 19 Nov, 07:31" in told(outside, BEN)[0]
    assert await alerts.run(MORNING + 5 * ONE_DAY) <= 2, "there is nobody left to tell; only a silent source is"
    assert len([text for text in told(outside, ANA) if "over its limit" in text]) == 1


async def test_an_acknowledgement_stops_that_and_stands_in_the_message(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(cap("severity: critical"))
    books.spend(DAY, alpha="300.00")
    await alerts.run(MORNING)
    with pytest.raises(Withheld, match="owners of the team"):
        await alerts.acknowledge(1, Asker.called(QUIET), MORNING)
    said = read(await alerts.acknowledge(1, Asker.called(ANA), MORNING + MINUTE))
    assert "ana@example.com acknowledged it on 19 Nov, 07:01." in said
    again = read(await alerts.acknowledge(1, Asker.called(BEN), MORNING + 2 * MINUTE))
    assert again.count("acknowledged it") == 1
    assert await alerts.run(MORNING + 90 * MINUTE) == 0
    (verdict,) = await alerts.evaluate(MORNING + 90 * MINUTE)
    assert verdict.state == "acknowledged"


async def test_a_message_tells_the_amount_of_the_day_it_names_also_where_the_next_day_is_over_the_limit_too(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(cap())
    books.spend(DAY, alpha="300.00")
    books.spend(DAY + ONE_DAY, alpha="250.00")
    assert await alerts.run(MORNING) == 1, "one look at two days: the one that runs, and the one before"
    of_the_day = "Team Alpha spent $300.00 on Wednesday 18 November, $100.00 over its limit"
    assert of_the_day in told(outside, ANA)[-1]
    await alerts.run(MORNING + ONE_DAY)
    said = read(await alerts.acknowledge(1, Asker.called(ANA), MORNING + ONE_DAY))
    assert of_the_day in said
    assert "/claude-usage team alpha 2026-11-18" in said


async def test_a_silence_holds_back_what_is_told_until_it_ends(outside: Outside, books: Books, alerts: Alerts) -> None:
    books.configure(cap())
    books.spend(DAY, alpha="300.00")
    await alerts.run(MORNING)
    said = read(await alerts.silence(1, Until.DAY, Asker.called(ANA), MORNING))
    assert "silenced it on 19 Nov, 07:00, until 20 Nov, 07:00" in said
    await alerts.silence(1, Until.DAY, Asker.called(ANA), MORNING)
    books.spend(DAY + ONE_DAY, alpha="1.00")
    assert await alerts.run(MORNING + ONE_DAY - MINUTE) == 0
    assert books.episodes() == [("cap", "alpha", True)]
    assert await alerts.run(MORNING + ONE_DAY + MINUTE) == 1
    assert "back to normal" in told(outside, ANA)[-1]


async def test_a_silence_that_somebody_ends_holds_nothing_back_any_more(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(cap())
    books.spend(DAY, alpha="300.00")
    await alerts.run(MORNING)
    for _ in range(2):
        await alerts.silence(1, Until.MONDAY, Asker.called(ANA), MORNING)
        said = read(await alerts.end_silence(1, Asker.called(ANA), MORNING + MINUTE))
    assert said.count("ended the silence on 19 Nov, 07:01") == 2
    await alerts.silence(1, Until.MONDAY, Asker.called(ANA), MORNING + MINUTE)
    books.spend(DAY + ONE_DAY, alpha="1.00")
    assert await alerts.run(MORNING + ONE_DAY) == 0, "it could be silenced again"
    with pytest.raises(Withheld):
        await alerts.end_silence(1, Asker.called(QUIET), MORNING + ONE_DAY)
    for late in (False, True):
        said = read(await alerts.end_silence(1, Asker.called(ANA), MORNING + ONE_DAY))
        assert ("had ended before you pressed" in said) is late
    assert await alerts.run(MORNING + ONE_DAY + MINUTE) == 1
    assert "back to normal" in told(outside, ANA)[-1]


async def test_what_is_called_expected_is_not_told_again_for_its_scope_alone(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(cap().replace("{team: alpha}", "each_team"))
    books.spend(DAY, alpha="300.00", beta="1.00")
    await alerts.run(MORNING)
    await alerts.feedback(1, Feedback(Verdict.EXPECTED), Asker.called(ANA), MORNING)
    books.spend(DAY + ONE_DAY, alpha="1.00", beta="1.00")
    assert await alerts.run(MORNING + ONE_DAY) == 1, "it is back to normal"
    books.spend(DAY + 2 * ONE_DAY, alpha="310.00", beta="310.00")
    assert await alerts.run(MORNING + 2 * ONE_DAY) == 1
    assert "Team Beta" in told(outside, ANA)[-1]
    assert "somebody called this" in read(await alerts.explain(2, Asker.called(ANA), MORNING + 2 * ONE_DAY))


async def test_where_nobody_can_be_reached_the_next_ones_are_told_and_why(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(cap().replace("owners: [ana@example.com], channel", "owners: [U0QUIET], channel"))
    books.spend(DAY, alpha="300.00")
    assert await alerts.run(MORNING) == 1
    message, notice = told(outside, BEN)
    assert "over its limit" in message
    assert "U0QUIET should have been told" in message
    assert "Messages do not reach U0QUIET" in notice
    assert await alerts.run(MORNING + MINUTE) == 0
    assert len(told(outside, BEN)) == 2


async def test_a_warning_waits_for_the_receivers_morning_and_what_is_critical_does_not(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    night = datetime(2026, 11, 18, 23, tzinfo=UTC)  # midnight where Ana is
    quiet = 'quiet_hours: {from: "22:00", until: "07:00"}'
    books.configure(f"{quiet}\n{cap()}")
    books.spend(DAY, alpha="300.00", read_at=night)
    assert await alerts.run(night) == 0
    assert await alerts.run(night + timedelta(hours=6, minutes=59)) == 0
    assert await alerts.run(night + timedelta(hours=7)) == 1
    books.configure(f"{quiet}\n{cap('severity: critical')}".replace("id: cap", "id: cap2"), night)
    assert await alerts.run(night) == 1


async def test_a_channel_is_told_where_the_rule_says_so(outside: Outside, books: Books, alerts: Alerts) -> None:
    books.configure(cap("notify: channel"))
    books.spend(DAY, alpha="300.00")
    assert await alerts.run(MORNING) == 1
    assert len(outside.posted(ALPHA)) == 1


async def test_a_restatement_that_undoes_an_alert_is_said_once(outside: Outside, books: Books, alerts: Alerts) -> None:
    books.configure(cap())
    books.spend(DAY, alpha="300.00")
    await alerts.run(MORNING)
    books.spend(DAY, alpha="120.00", read_at=MORNING + timedelta(hours=2))
    assert await alerts.run(MORNING + timedelta(hours=2)) == 1
    assert "$300.00 to $120.00" in told(outside, ANA)[-1]
    assert await alerts.run(MORNING + timedelta(hours=3)) == 0
    assert books.episodes() == [("cap", "alpha", True)]


async def test_a_message_keeps_the_figures_it_was_sent_with_and_shows_what_was_done_since(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(TEAMS + "budgets: [{id: b, team: alpha, amount: 100.00, notify_at: [50]}]\n")
    books.spend(date(2026, 11, 1), alpha="60.00")
    assert await alerts.run(datetime(2026, 11, 2, 8, tzinfo=UTC)) == 1
    books.spend(date(2026, 11, 2), alpha="0.00")
    books.spend(date(2026, 11, 3), alpha="20.00")
    later = datetime(2026, 11, 4, 8, tzinfo=UTC)
    shown = read(await alerts.acknowledge(1, OPERATOR, later))
    assert "Whoever runs the bot acknowledged it on 4 Nov, 08:00." in shown
    assert "$40.00 is left for 28 more days" in shown
    assert "$80.00" not in shown, "the parts of a figure are those of its own days"


async def test_an_alert_of_a_team_that_is_gone_is_not_listed_nor_taken_for_one_about_people(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(cap())
    books.spend(DAY, alpha="300.00")
    await alerts.run(MORNING)
    books.configure(TEAMS.replace("id: alpha", "id: omega"))
    assert await alerts.run(MORNING + MINUTE) == 0
    listed = read(await Ask(books.database, "UTC").answer("alerts", MORNING + MINUTE, OPERATOR))
    assert "Nothing fires for Example Org" in listed
    assert "not shown" not in listed


async def test_marks_of_a_budget_are_told_once_and_its_end_is_no_news(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(TEAMS + "budgets: [{id: b, team: alpha, amount: 100.00, notify_at: [50, 80, 100]}]\n")
    sent = []
    for days, dollars in enumerate(["40.00", "20.00", "30.00", "5.00", "15.00"]):
        books.spend(date(2026, 11, 1) + days * ONE_DAY, alpha=dollars)
        sent.append(await alerts.run(datetime(2026, 11, 2, 8, tzinfo=UTC) + days * ONE_DAY))
    assert sent == [0, 1, 1, 0, 1]
    assert "110 % of its budget" in told(outside, ANA)[-1]
    assert "100 % mark: $100.00" in told(outside, ANA)[-1]
    assert "Its 80 % mark was told on 4 Nov, 08:00." in told(outside, ANA)[-1]
    for day in range(6, 31):
        books.spend(date(2026, 11, day), alpha="1.00")
    assert await alerts.run(datetime(2026, 12, 1, 8, tzinfo=UTC)) == 0
    assert books.episodes()[-1] == ("budget:b", "alpha", True)


async def test_the_owners_of_a_key_or_workspace_are_told_of_its_budget_whatever_the_file_calls_it(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    named = Directory(
        ORGANIZATION,
        "Example Org",
        {"wrkspc_01": Workspace("wrkspc_01", "alpha"), "beta": Workspace("beta", "beta")},
        {"key_beta": ApiKey("key_beta", "ci-bot", "beta")},
    )
    books.database.write_now(directory.replace, named)
    books.configure(
        TEAMS
        + "budgets:\n"
        + "  - {id: space, scope: {workspace: alpha}, amount: 10.00, notify_at: [100]}\n"
        + "  - {id: key, scope: {key: ci-bot}, amount: 10.00, notify_at: [100]}\n"
    )
    books.spend(DAY, wrkspc_01="20.00", beta="20.00")
    assert await alerts.run(MORNING) == 1
    (both,) = told(outside, ANA)
    assert "alpha has spent" in both
    assert "ci-bot has spent" in both


async def test_two_keys_of_one_name_are_held_against_its_limit_together(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    keys = {f"key_{team}": ApiKey(f"key_{team}", "ci", team) for team in ("alpha", "beta")}
    spaces = {team: Workspace(team, team) for team in ("alpha", "beta")}
    books.database.write_now(directory.replace, Directory(ORGANIZATION, "Example Org", spaces, keys))
    books.configure(cap().replace("{team: alpha}", "{key: ci}"))
    books.spend(DAY, alpha="120.00", beta="120.00")
    assert await alerts.run(MORNING) == 1
    assert "ci spent $240.00" in told(outside, ANA)[-1]


async def test_a_mark_that_is_crossed_by_the_last_figures_says_that_the_period_is_over(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(TEAMS + "budgets: [{id: b, team: alpha, amount: 30.00, notify_at: [100]}]\n")
    books.spend(date(2026, 10, 5), alpha="2.00")
    for day in range(1, 30):
        books.spend(date(2026, 11, day), alpha="1.00")
    assert await alerts.run(datetime(2026, 11, 30, 8, tzinfo=UTC)) == 0
    books.spend(date(2026, 11, 30), alpha="4.00")
    assert await alerts.run(datetime(2026, 12, 1, 8, tzinfo=UTC)) == 1
    assert "$33.00 of $30.00: $3.00 too much, and its period ended on Monday 30 November." in told(outside, ANA)[-1]
    assert "October 2026 $" in told(outside, ANA)[-1], "a month is held against the month before"


async def test_a_team_that_spent_nothing_at_all_is_below_its_limit_too(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(cap().replace("above: 200.00", "below: 5.00"))
    books.spend(DAY, beta="20.00")
    assert await alerts.run(MORNING) == 1
    assert "Team Alpha spent only $0.00" in told(outside, ANA)[-1]


async def test_an_anomaly_is_one_message_of_the_narrowest_scope(outside: Outside, books: Books, alerts: Alerts) -> None:
    books.configure(
        TEAMS
        + "alerts:\n"
        + "".join(
            f"  - {{id: odd-{scope}, metric: cost, kind: anomaly, scope: {scope}}}\n"
            for scope in ("all", "each_team", "each_key")
        )
    )
    for days in range(30, 0, -1):
        books.spend(DAY - days * ONE_DAY, alpha=f"{9 + days % 3}.00", beta=f"{20 + days % 4}.00")
    assert await alerts.run(MORNING - ONE_DAY) == 0, "nothing is unusual yet"
    books.spend(DAY, alpha="250.00", beta="21.00")
    assert await alerts.run(MORNING) == 2
    (ana,), (ben,) = told(outside, ANA), told(outside, BEN)
    assert "Unusual spend: key" in ana
    assert "Unusual spend: key" in ben, "the admins hear of the whole, and of its cause instead"
    client = web_client(BOT_TOKEN, f"{outside.slack_url}/api/")
    other = Alerts(books.database, Deliverer(books.database, SlackNotifier(client, seconds_between_posts=0)), "UTC")
    assert await other.run(MORNING + MINUTE) == 0, "a new process reads the past again, and knows what was told"
    for days in (1, 2):
        books.spend(DAY + days * ONE_DAY, alpha="9.00", beta="20.00")
        await other.run(MORNING + days * ONE_DAY)
    assert "as usual again" in told(outside, ANA)[-1]
    assert (len(told(outside, ANA)), len(told(outside, BEN))) == (2, 2)


async def test_the_series_of_a_rule_that_is_gone_are_held_no_more(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.spend_daily([DAY - days * ONE_DAY for days in range(30, 0, -1)], alpha="41.00")
    for scope in ("all", "each_team"):
        books.configure(TEAMS + f"alerts:\n  - {{id: odd-{scope}, metric: cost, kind: anomaly, scope: {scope}}}\n")
        await alerts.run(MORNING)
        assert list(alerts._unusual._known) == [f"odd-{scope}"]


async def test_somebody_new_is_said_once_of_the_narrowest_scope_and_alarms_nobody(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    scopes = ("all", "each_team", "each_key", "each_model")
    rules = [f"  - {{id: odd-{scope}, metric: cost, kind: anomaly, scope: {scope}}}\n" for scope in scopes]
    books.configure(TEAMS + "alerts:\n" + "".join(rules))
    books.spend_daily([DAY - days * ONE_DAY for days in range(100, 0, -1)], alpha="41.00")
    assert await alerts.run(MORNING - ONE_DAY) == 0, "nothing is unusual yet"
    books.spend(DAY, alpha="41.00", beta="60.00", tokens=2400)
    books.spend(DAY + ONE_DAY, alpha="12.00", beta="17.50", tokens=700, read_at=MORNING)
    for day, hours in ((DAY, 24), (DAY + ONE_DAY, 7)):
        books.by_hour(day, **{team: dict.fromkeys(range(hours), 100) for team in ("alpha", "beta")})
    await alerts.run(MORNING)
    (ana,), (ben,) = told(outside, ANA), told(outside, BEN)
    assert ana.startswith("key_beta has begun to spend")
    assert ben.startswith("key_beta has begun to spend"), "what the whole and the model hide is the newcomer"


async def test_a_source_that_is_silent_is_the_admins_business_once(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(cap())
    books.spend(DAY, alpha="1.00")
    assert await alerts.run(MORNING) == 0
    assert await alerts.run(MORNING + 2 * ONE_DAY) == 1, "the usage and the cost report in one message"
    assert all(f"No news from the {source} report" in told(outside, BEN)[-1] for source in ("usage", "cost"))
    assert await alerts.run(MORNING + 3 * ONE_DAY) == 0
    listed = read(await Ask(books.database, "UTC").answer("alerts", MORNING + 3 * ONE_DAY, OPERATOR))
    assert "the cost report of Example Org" in listed
    books.spend(DAY + ONE_DAY, alpha="1.00")
    books.spend(DAY + 2 * ONE_DAY, alpha="1.00")
    assert await alerts.run(MORNING + 2 * ONE_DAY + timedelta(hours=1)) == 1
    assert told(outside, BEN)[-1].count("back to normal") == 2
    assert "The cost report of Example Org is back to normal" in told(outside, BEN)[-1]
    assert "Silent: 2 days 8 hours" in told(outside, BEN)[-1]
    assert told(outside, ANA) == []


async def test_a_list_says_that_what_fires_has_no_newer_data_in_the_word_of_the_looks(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(cap())
    books.spend(DAY, alpha="300.00")
    assert await alerts.run(MORNING) == 1
    ask = Ask(books.database, "UTC")
    assert "Firing, and the newest" not in read(await ask.answer("alerts", MORNING, OPERATOR))
    assert "Firing, and the newest data is not in" in read(await ask.answer("alerts", MORNING + ONE_DAY, OPERATOR))
    assert [one.state for one in await alerts.evaluate(MORNING + ONE_DAY)] == [State.UNKNOWN]


async def test_how_late_a_source_may_be_is_learnt_from_how_late_it_was(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(cap())
    for days in range(9, 0, -1):
        books.spend(DAY - days * ONE_DAY, alpha="1.00")
    books.spend(DAY, alpha="1.00", read_at=MORNING - timedelta(hours=6))
    books.spend(DAY, alpha="2.00", read_at=MORNING)  # read again: it was whole before
    seen = books.database.read_now(lags.lags, ORGANIZATION, Source.COST, MORNING - 30 * ONE_DAY)
    assert seen == [timedelta(hours=6)] * 8 + [timedelta(hours=1)], "the first day was over when all began"
    over = MORNING.replace(hour=0)
    assert await alerts.run(over + timedelta(hours=36)) == 0
    assert await alerts.run(over + timedelta(hours=36, minutes=61)) == 1
    assert "37 hours ago, which is more than the 36 that are usual at most" in told(outside, BEN)[0]


async def test_a_trial_decides_as_the_live_alerts_did(outside: Outside, books: Books, alerts: Alerts) -> None:
    books.configure(cap().replace("{team: alpha}", "each_team"))
    for days, dollars in enumerate(["1.00", "300.00", "400.00", "1.00", "201.00"]):
        books.spend(DAY + days * ONE_DAY, alpha=dollars, beta="1.00")
        await alerts.run(MORNING + days * ONE_DAY)
    replayed = await alerts.replay("cap", MORNING - ONE_DAY, MORNING + 4 * ONE_DAY)
    tried = [(sent.event.what, sent.episode.scope, sent.event.value) for sent in replayed.sent]
    assert [(what, value // 10**10) for what, _, value in tried if value] == [
        ("fired", 300),
        ("resolved", 1),
        ("fired", 201),
    ]
    assert len(told(outside, ANA)) == len(tried)
    assert replayed.days == 5


async def test_a_trial_ends_with_the_day_that_runs_as_the_live_alerts_see_it(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(cap())
    noon = datetime(2026, 11, 19, 12, tzinfo=UTC)
    for days in (2, 1):
        books.spend(DAY - days * ONE_DAY, alpha="1.00")
    books.spend(DAY, alpha="1.00")
    books.spend(DAY + ONE_DAY, alpha="300.00", read_at=noon)
    assert await alerts.run(noon) == 1
    replayed = await alerts.replay("cap", noon - 3 * ONE_DAY, noon)
    assert [sent.event.value // 10**10 for sent in replayed.sent if sent.event.value] == [300]
    assert (replayed.days, replayed.sense) == (3, ())


async def test_a_knock_after_which_nothing_has_changed_does_not_read_the_ledger(books: Books, alerts: Alerts) -> None:
    """It is knocked every minute, and Anthropic's figures come by the hour."""
    read: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        read.extend(word for word in statement.replace(",", " ").split() if word.startswith("ledger_"))

    books.configure(cap("}, {id: odd, metric: cost, kind: anomaly, scope: each_team"))
    books.spend(DAY, alpha="100.00")
    event.listen(books.database.engine, "before_cursor_execute", note)
    seen = []
    for minutes in (0, 1, 2, 15):
        read.clear()
        await alerts.run(MORNING + minutes * MINUTE)
        seen.append(bool({"ledger_total", "ledger_entry", "ledger_month_total"} & set(read)))
    assert seen == [True, False, False, True], "in the new quarter of an hour a day may have ended somewhere"
    books.spend(DAY, alpha="300.00")
    assert await alerts.run(MORNING + 16 * MINUTE) == 1


async def test_a_new_process_takes_the_series_up_where_the_last_one_kept_them(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    """And reads the past once more where that is not what it was."""
    books.configure(TEAMS + "alerts: [{id: odd, metric: cost, kind: anomaly, scope: each_team, min_impact: 25.00}]\n")
    for days in range(60, 0, -1):
        books.spend(DAY - days * ONE_DAY, alpha=f"{10 + days % 3}.00")
    await alerts.run(MORNING - ONE_DAY)
    read: list[tuple[object, ...]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: tuple[object, ...], *_: object) -> None:
        if "ledger_total" in statement and "SELECT" in statement:
            read.append(parameters)

    event.listen(books.database.engine, "before_cursor_execute", note)

    async def first_day_read(at: datetime) -> str:
        read.clear()
        await Alerts(books.database, Deliverer(books.database, Slack()), "UTC").run(at)
        return min((str(one) for some in read for one in some if str(one).startswith("2026-")), default="none")

    kept_from, anew_from = str(DAY - 4 * ONE_DAY), str(DAY - 100 * ONE_DAY)
    assert await first_day_read(MORNING - ONE_DAY + timedelta(hours=1)) >= kept_from
    books.spend(DAY - 30 * ONE_DAY, alpha="14.00", read_at=MORNING - timedelta(hours=3))
    assert await first_day_read(MORNING - timedelta(hours=2)) == anew_from, "an old day was restated"
    assert await first_day_read(MORNING - timedelta(hours=1)) >= kept_from
    restated = DAY - 3 * ONE_DAY
    books.spend(restated, alpha="13.00", read_at=MORNING - timedelta(minutes=50))
    assert await first_day_read(MORNING - timedelta(minutes=40)) == str(restated), "no day before it is another one"
    books.configure(TEAMS + "alerts: [{id: odd, metric: cost, kind: anomaly, scope: each_team, min_impact: 35.00}]\n")
    assert await first_day_read(MORNING) == anew_from, "the rule is another one"
    books.spend(DAY, alpha="400.00", read_at=MORNING)
    await first_day_read(MORNING + timedelta(hours=1))
    assert [(rule, scope) for rule, scope, _ in books.episodes() if ":" not in rule] == [("odd", "alpha")]
