"""The configuration file: what it becomes, and what people read when it does not hold."""

# ruff: noqa: E501 - a message is one line, and shown whole

from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.alerts.rule import EACH_TEAM, Kind, Metric, Rule, Severity
from bot.core.alerts.window import Window
from bot.core.configuration import Configuration, PeopleData
from bot.core.configuration.file import parse
from bot.core.directory import Match, Precision, Team
from bot.core.errors import ConfigError
from bot.core.money import Money
from bot.core.outlook.budget import Budget, Every, Scope, Span, Uplift
from bot.core.schedule import Cadence, Digest

# INTERFACE.md §4, as it stands.
EXAMPLE = """\
timezone: Europe/Berlin
admins: [cfo@example.com, U0ADMIN]         # may see people-level data and change anything
people_data: owners                        # who sees rows per person: admins | owners | everyone   (default owners)
teams:
  - id: alpha
    name: Team Alpha
    owners: [ana@example.com, U0123ABC]    # e-mail or Slack user id
    channel: C0ALPHA
    parent: null                           # another team's id: its spend rolls up
    matches:                               # any one of these
      - workspace: support-*               # name or id, with globs
      - api_key: apikey_01Alpha*           # name or id
      - user: "*@alpha.example.com"
      - workspace_tag: {team: alpha}
      - call_team: [alpha, Alpha]
  - id: beta
    matches: [{workspace: shared-platform, share: 0.4}]     # 40 % of what nobody claimed more precisely
budgets:
  - {id: alpha-month, team: alpha, amount: 500.00, period: month, notify_at: [50, 80, 100], forecast: true}
digests:
  - {id: morning, channel: C0GENERAL, cadence: daily, at: "09:00", timezone: Europe/Berlin, scope: all}
  - {id: alpha-week, channel: C0ALPHA, cadence: weekly, on: monday, at: "09:00", scope: {team: alpha}}
alerts:
  - {id: anomaly, metric: cost, kind: anomaly, scope: each_team, min_impact: 25.00, severity: warning}
  - {id: daily_token_budget_exceeded, metric: total_tokens, kind: threshold, above: 1000000, window: 24h, scope: each_team, severity: critical}
  - {id: single_request_unusually_expensive, metric: output_tokens, kind: threshold, above: 10000, per: call, severity: warning}
  - {id: api_latency_spike, metric: latency_p95_ms, kind: threshold, above: 5000, window: 5m, severity: info}
  - {id: day_cap, metric: cost, kind: threshold, above: 200.00, window: 1d, scope: {team: alpha}, notify: owners}
"""


def mistakes(text: str) -> list[str]:
    """What people read; nothing for a file that holds."""
    try:
        parse(text, name="teams.yml")
    except ConfigError as refused:
        return str(refused).split("\n")
    return []


def teams(*lines: str) -> str:
    return "teams:\n" + "".join(f"  - {line}\n" for line in lines)


def alert(fields: str) -> str:
    return f"alerts: [{{id: a, metric: cost, kind: threshold, {fields}}}]"


def digest(fields: str) -> str:
    return f"digests: [{{id: d, channel: C0ALPHA, {fields}}}]"


def test_the_interfaces_example_becomes_values() -> None:
    configuration = parse(EXAMPLE)

    assert configuration.timezone == "Europe/Berlin"
    assert configuration.admins == ("cfo@example.com", "U0ADMIN")
    assert configuration.people_data is PeopleData.OWNERS
    assert configuration.teams == (
        Team(
            id="alpha",
            name="Team Alpha",
            owners=("ana@example.com", "U0123ABC"),
            channel="C0ALPHA",
            parent=None,
            matches=(
                Match(Precision.WORKSPACE, "support-*"),
                Match(Precision.API_KEY, "apikey_01Alpha*"),
                Match(Precision.USER, "*@alpha.example.com"),
                Match(Precision.WORKSPACE_TAG, "alpha", tag="team"),
            ),
            call_teams=("alpha", "Alpha"),
        ),
        Team(id="beta", name="beta", matches=(Match(Precision.SHARE, "shared-platform", share=Decimal("0.4")),)),
    )
    assert configuration.digests == (
        Digest("morning", "C0GENERAL", Cadence.DAILY, time(9), "Europe/Berlin"),
        Digest("alpha-week", "C0ALPHA", Cadence.WEEKLY, time(9), "Europe/Berlin", team="alpha", weekday=0),
    )
    assert configuration.rules == (
        Rule("anomaly", Metric.COST, scope=EACH_TEAM, kind=Kind.ANOMALY, min_impact=Decimal("25.00")),
        Rule(
            "daily_token_budget_exceeded",
            Metric.TOTAL_TOKENS,
            Decimal(1000000),
            Window.DAY,
            EACH_TEAM,
            Severity.CRITICAL,
        ),
        Rule("single_request_unusually_expensive", Metric.OUTPUT_TOKENS, Decimal(10000), Window.HOUR, per_call=True),
        Rule("api_latency_spike", Metric.LATENCY_P95_MS, Decimal(5000), Window("minute", 5), severity=Severity.INFO),
        Rule("day_cap", Metric.COST, Decimal("200.00"), Window.DAY, "alpha", Severity.WARNING),
    )


@pytest.mark.parametrize("month", ["april", "4", '"4"'])
def test_a_fiscal_year_begins_with_a_month_by_its_name_or_its_number(month: str) -> None:
    (read,) = parse(f"budgets: [{{id: b, scope: all, amount: 5, period: year, fiscal_start: {month}}}]").budgets
    assert read.fiscal_start == 4


def test_budgets_are_read_with_their_scope_period_and_what_is_granted_on_top() -> None:
    text = """\
teams: [{id: alpha}]
budgets:
  - {id: a, team: alpha, amount: 500.00, forecast: true, uplift: {amount: 200.00, from: 2026-11-01, until: 2027-01-01}}
  - {id: b, scope: all, amount: 9000, period: year, fiscal_start: april, notify_at: [100, 80, 80]}
  - {id: c, scope: {model: claude-opus-5-5}, amount: 20.5, period: dates, from: 2026-11-01, until: 2026-11-15}
"""
    dollars = Money.from_dollars
    granted = Uplift(dollars(200), until=date(2026, 12, 31), since=date(2026, 11, 1))
    fortnight = Span(date(2026, 11, 1), date(2026, 11, 15))
    assert parse(text).budgets == (
        Budget("a", Scope("team", "alpha"), dollars(500), forecast=True, uplifts=(granted,)),
        Budget("b", Scope(), dollars(9000), Every.YEAR, (80, 100), fiscal_start=4),
        Budget("c", Scope("model", "claude-opus-5-5"), dollars("20.5"), Every.DATES, dates=fortnight),
    )


def test_a_rule_says_who_hears_of_it_and_how_long_a_critical_one_waits() -> None:
    (rule,) = parse(alert("above: 1, window: 1d, notify: [owners, admins, C0ALPHA], escalate_after: 2h")).rules
    assert (rule.notify, rule.escalate_after) == (("owners", "admins", "C0ALPHA"), timedelta(hours=2))


@pytest.mark.parametrize(
    ("scope", "target"),
    [
        ("each_key", "each_key"),
        ("{team: alpha}", "alpha"),
        ("{key: ci-bot}", "key/ci-bot"),
        ("{model: claude-opus-5-5}", "model/claude-opus-5-5"),
    ],
)
def test_a_rule_is_for_all_for_each_or_for_one(scope: str, target: str) -> None:
    (rule,) = parse("teams: [{id: alpha}]\n" + alert(f"above: 1, window: 1d, scope: {scope}")).rules
    assert rule.scope == target


def test_a_rate_may_fall_below_its_limit() -> None:
    (rule,) = parse("alerts: [{id: a, metric: success_rate, kind: threshold, below: 0.95, window: 15m}]").rules
    assert (rule.limit, rule.breaks(949_999), rule.breaks(950_000)) == (950_000, True, False)


def test_there_are_quiet_hours_where_they_are_asked_for() -> None:
    assert parse("").quiet_hours is None
    assert parse('quiet_hours: {from: "20:00", until: "08:30"}').quiet_hours == (time(20), time(8, 30))
    assert parse("quiet_hours: none").quiet_hours is None


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "teams:\n", "teams: []\ndigests: ~\n"])
def test_an_empty_file_is_an_empty_configuration(text: str) -> None:
    assert parse(text) == Configuration()


def test_amounts_are_read_to_the_last_digit_and_never_through_a_float() -> None:
    (rule,) = parse(alert("above: 12345678.1234567891, window: month")).rules
    assert str(rule.above) == "12345678.1234567891"


@pytest.mark.parametrize(
    ("written", "window"),
    [
        *[("1d", Window.DAY), ("24h", Window.DAY), ("day", Window.DAY), ("month", Window.MONTH), ("1mo", Window.MONTH)],
        *[("5m", Window("minute", 5)), ("60m", Window.HOUR), ("6h", Window("hour", 6)), ("30d", Window("day", 30))],
        *[("1w", Window("week")), ("2w", Window("day", 14)), ("quarter", Window("quarter"))],
    ],
)
def test_a_days_and_a_months_window_have_several_spellings(written: str, window: Window) -> None:
    (rule,) = parse(alert(f"above: 1, window: {written}")).rules
    assert rule.window == window


def test_a_digest_without_a_zone_takes_the_files_and_then_utc() -> None:
    (here,) = parse("timezone: Asia/Kathmandu\n" + digest("cadence: weekly, on: sunday")).digests
    assert (here.zone, here.weekday, here.at) == ("Asia/Kathmandu", 6, time(9))
    (anywhere,) = parse(digest("cadence: monthly, at: 17:05")).digests
    assert (anywhere.zone, anywhere.at) == (None, time(17, 5))


def test_a_digest_goes_to_a_channel_to_a_person_or_to_each_teams_channel() -> None:
    text = """\
teams: [{id: alpha, channel: C0ALPHA}, {id: beta}, {id: gamma, channel: C0GAMMA}]
digests:
  - {id: mine, to: ana@example.com, cadence: weekly}
  - {id: board, to: U0CFO, cadence: quarterly, scope: all}
  - {id: week, cadence: weekly, on: friday, scope: each_team}
  - {id: day, channel: C0ALL, cadence: daily, scope: each_team, skip: [weekends, 2026-12-25]}
"""
    found = {one.id: one for one in parse(text).digests}
    assert list(found) == ["mine", "board", "week.alpha", "week.gamma", "day.alpha", "day.beta", "day.gamma"]
    assert (found["mine"].to, found["mine"].own, found["mine"].channel) == ("ana@example.com", True, None)
    assert (found["board"].cadence, found["board"].own, found["board"].place) == (Cadence.QUARTERLY, False, "U0CFO")
    assert (found["week.gamma"].channel, found["week.gamma"].team, found["week.gamma"].weekday) == (
        "C0GAMMA",
        "gamma",
        4,
    )
    assert (found["day.beta"].channel, found["day.beta"].team) == ("C0ALL", "beta")
    assert [day.day for n in range(22, 29) if (day := date(2026, 12, n)) in found["day.beta"].skip] == [25, 26, 27]


@pytest.mark.parametrize("name", ["<!channel>", '&<>"', "*bold*", "Équipe 2 🚀", "👩‍👩‍👧"])
def test_a_strange_but_readable_name_is_a_name(name: str) -> None:
    quoted = "'" + name.replace("'", "''") + "'"
    assert parse(teams(f"{{id: alpha, name: {quoted}}}")).teams[0].name == name


def test_digests_and_alerts_may_be_about_what_nobody_claims() -> None:
    configuration = parse(digest("cadence: daily, scope: {team: unallocated}"))
    assert configuration.digests[0].team == "unallocated"


TAG = '"workspace_tag" of match 1 of team "a"'
OWNER = "is neither an e-mail address nor a Slack user id. Write ana@example.com or U0123ABC."
ID = 'is not an id. Use a-z, 0-9, "-" and "_", at most 63 of them, a letter or digit first.'
CHANNEL = "not a Slack channel id. Copy the id that begins with C or G from the foot of the channel's details in Slack."
NUMBER = "must be a plain number above 0"

MISTAKES = [
    # YAML itself
    ("teams:\n  - id: a\n  b: c\n", "3: not YAML: expected <block end>, but found '?'. Check the indentation, quotes and brackets."),
    ("a: b: c\n", "1: not YAML: mapping values are not allowed here. Check the indentation, quotes and brackets."),
    ("teams:\n- id: \x07\n", "2: not YAML: a character that no text file holds. Delete it."),
    ("- a\n", "1: the file is a list. Begin it with a key, such as teams:."),
    ("hello\n", "1: the file is text. Begin it with a key, such as teams:."),
    ("timezone: UTC\n---\ntimezone: UTC\n", '2: a second document begins here. Keep one, without "---" in between.'),
    ("timezone: !!python/name:os.system UTC\n", '1: the tag "tag:yaml.org,2002:python/name:os.system" is not allowed. Write the plain value.'),
    ("admins: &a [U0ADMIN]\nteams: *a\n", '2: the alias "*a" is not allowed. Write the values out.'),
    ("teams: " + "[" * 40 + "]" * 40, "1: nested too deeply. Nothing here has that many levels."),
    ("? [a]\n: b\n", "1: a key cannot be a list. Write a word before the colon."),
    ("#" * 1_000_001, "1: the file is larger than 1 MB. Leave out what is not configuration."),
    # keys
    ("team: []\n", '1: unknown key "team" in the file. Did you mean "teams"?'),
    ("xyz: 1\n", '1: unknown key "xyz" in the file. It takes: timezone, admins, people_data, quiet_hours, teams, budgets, digests, alerts.'),
    (teams("id: alpha\n    chanel: C0ALPHA"), '3: unknown key "chanel" in team "alpha". Did you mean "channel"?'),
    (teams("id: a\n    name: b\n    id: c"), '4: "id" is in team "a" twice, first on line 2. Keep one.'),
    (teams("{name: Alpha}"), '2: team number 1 has no "id". Add it.'),
    (teams("{id: }"), '2: team number 1 has no "id". Add it.'),
    (digest("at: '09:00'"), '1: digest "d" has no "cadence". Add it.'),
    ("budgets: [{id: b, amount: 5}]", '1: budget "b" has no "team". Add it.'),
    # types
    ("teams: alpha\n", '1: "teams" of the file must be a list, not text. Write [a, b], or one "- " line for each.'),
    (teams("alpha"), "2: team number 1 is text. Begin it with id: and a name."),
    (teams("{id: 2026}"), '2: "id" of team "2026" must be text, not a number. Put it in quotes: "2026".'),
    (teams("{id: a, name: [b]}"), '2: "name" of team "a" must be text, not a list. Write one word or a quoted text.'),
    (teams("{id: a, owners: [true]}"), '2: an item of "owners" of team "a" must be text, not true or false. Put it in quotes: "true".'),
    # ids and names
    (teams("{id: Alpha}"), f'2: "id" of team "Alpha" {ID}'),
    (teams("{id: " + "a" * 64 + "}"), f'2: "id" of team "{"a" * 59}…" {ID}'),
    (teams("{id: unallocated}"), '2: "id" of team "unallocated" is a word of this bot\'s own. Choose another id.'),
    (teams("{id: all}"), '2: "id" of team "all" is a word of this bot\'s own. Choose another id.'),
    (teams("{id: a}", "{id: a}"), '3: "id" of team "a" is taken since line 2. Rename or remove one of them.'),
    (teams("{id: a, name: ' '}"), '2: "name" of team "a" is empty. Write a name or leave the key out.'),
    (teams("{id: a, name: " + "x" * 81 + "}"), '2: "name" of team "a" has 81 characters. Use at most 80.'),
    (teams(r'{id: a, name: "x\ny"}'), '2: "name" of team "a" has a control character in it. Delete it or type the name again.'),
    (teams(r'{id: a, name: "x\u202ey"}'), '2: "name" of team "a" has a control character in it. Delete it or type the name again.'),
    # people and channels
    (teams("{id: a, owners: [ana]}"), f'2: "ana" in "owners" of team "a" {OWNER}'),
    ("admins:\n  - cfo@example.com\n  - '@cfo'\n", f'3: "@cfo" in "admins" of the file {OWNER}'),
    (teams("{id: a, channel: '#alpha'}"), f'2: "channel" of team "a" is "#alpha", {CHANNEL}'),
    ("people_data: owner\n", '1: "people_data" of the file cannot be "owner". Did you mean "owners"?'),
    # matches
    (teams("{id: a, matches: [support]}"), '2: match 1 of team "a" is text. Write it like workspace: support-*.'),
    (teams("{id: a, matches: [{share: 0.5}]}"), '2: match 1 of team "a" looks for nothing. Give it one of workspace, api_key, user, workspace_tag, call_team.'),
    (teams("{id: a, matches: [{workspace: x, user: y}]}"), '2: match 1 of team "a" has workspace and user. Write one match for each.'),
    (teams("{id: a, matches: [{workspce: x}]}"), '2: unknown key "workspce" in match 1 of team "a". Did you mean "workspace"?'),
    (teams("{id: a, matches: [{api_key: x, share: 0.5}]}"), '2: "share" of match 1 of team "a" is only for workspaces. Remove it, or match a workspace.'),
    (teams("{id: a, matches: [{workspace: x, share: 40%}]}"), f'2: "share" of match 1 of team "a" {NUMBER}, not "40%". Write it like 0.4.'),
    (teams("{id: a, matches: [{workspace: x, share: 0}]}"), f'2: "share" of match 1 of team "a" {NUMBER}, not "0". Write it like 0.4.'),
    (teams("{id: a, matches: [{workspace: x, share: 1.5}]}"), '2: "share" of match 1 of team "a" is 1.5, more than the whole. Write 0.4 for 40 %.'),
    (teams("{id: a, matches: [{workspace: ''}]}"), '2: "workspace" of match 1 of team "a" is empty. Write a name, an id or a pattern such as support-*.'),
    (teams("{id: a, matches: [{workspace_tag: alpha}]}"), '2: "workspace_tag" of match 1 of team "a" must be one key and its value. Write it like {team: alpha}.'),
    (teams("{id: a, matches: [{workspace_tag: {team: }}]}"), f'2: {TAG} has no "team". Add it.'),
    (teams("{id: a, matches: [{call_team: [a, '']}]}"), '2: "call_team" of match 1 of team "a" has an empty name in it. Remove it.'),
    # times
    ("timezone: Europe/Belin\n", '1: "timezone" of the file is "Europe/Belin", which is no time zone. Did you mean "Europe/Berlin"?'),
    ("timezone: ../etc/passwd\n", '1: "timezone" of the file is "../etc/passwd", which is no time zone. Write one like Europe/Berlin.'),
    (digest("cadence: daily, at: '9:60'"), '1: "at" of digest "d" is "9:60", not a time of day. Write it from "00:00" to "23:59".'),
    (digest("cadence: daily, at: 24:00"), '1: "at" of digest "d" is "24:00", not a time of day. Write it from "00:00" to "23:59".'),
    (digest("cadence: wekly, on: monday"), '1: "cadence" of digest "d" cannot be "wekly". Did you mean "weekly"?'),
    (digest("cadence: dayly"), '1: "cadence" of digest "d" cannot be "dayly". Did you mean "daily"?'),
    (digest("cadence: weekly, on: munday"), '1: "on" of digest "d" cannot be "munday". Did you mean "monday"?'),
    ("digests: [{id: d, cadence: daily}]", '1: digest "d" has no "channel". Add it, or to: with a person.'),
    (digest("cadence: daily, to: U0ANA"), '1: "to" of digest "d" stands beside "channel". Keep one, and make a second digest for the other.'),
    (digest("cadence: daily, to: ana"), '1: "to" of digest "d" is "ana", not a person. Write an e-mail address or a Slack user id such as U0123ABC.'),
    (digest("cadence: daily, scope: own"), '1: "scope" of digest "d" is own, which only a person has. Say who with to: ana@example.com.'),
    ("teams: [{id: alpha}]\ndigests: [{id: d, cadence: daily, scope: each_team}]", '2: "scope" of digest "d" is each_team, and no team has a channel. Give teams one, or the digest its own.'),
    (digest("cadence: daily, skip: [holidays]"), '1: "holidays" in "skip" of digest "d" is no day to skip. Write weekends, a weekday or a date such as 2026-12-25.'),
    (digest("cadence: daily, skip: [weekends, monday, tuesday, wednesday, thursday, friday]"), '1: "skip" of digest "d" leaves no day of the week. Take one away, or remove the digest.'),
    (digest("cadence: daily, on: monday"), '1: "on" of digest "d" is only for weekly digests, and this one is daily. Remove it.'),
    # amounts
    ("budgets: [{id: b, team: unallocated, amount: 5e2}]", f'1: "amount" of budget "b" {NUMBER}, not "5e2". Write it like 500.00.'),
    ("budgets: [{id: b, team: unallocated, amount: -5}]", f'1: "amount" of budget "b" {NUMBER}, not "-5". Write it like 500.00.'),
    ("budgets: [{id: b, team: unallocated, amount: 0.00}]", f'1: "amount" of budget "b" {NUMBER}, not "0.00". Write it like 500.00.'),
    ("budgets: [{id: b, team: unallocated, amount: 999999999999}]", '1: "amount" of budget "b" is more than this bot can hold ($922 million). Write less.'),
    ("budgets: [{id: b, team: unallocated, amount: [5]}]", f'1: "amount" of budget "b" {NUMBER}, not a list. Write it like 500.00.'),
    ("budgets: [{id: b, team: unallocated, amount: 5, notify_at: [50, 0]}]", '1: "0" in "notify_at" of budget "b" is not a percentage. Write whole numbers from 1 to 200.'),
    ("budgets: [{id: b, team: unallocated, amount: 5, notify_at: [201]}]", '1: "201" in "notify_at" of budget "b" is not a percentage. Write whole numbers from 1 to 200.'),
    ("budgets: [{id: b, team: unallocated, scope: all, amount: 5}]", '1: "scope" of budget "b" stands beside "team". Keep one of them.'),
    ("budgets: [{id: b, scope: some, amount: 5}]", '1: "scope" of budget "b" cannot be "some". Write all, or one of {team: alpha}, {model: claude-opus-5-5}, ….'),
    ("budgets: [{id: b, scope: {team: zz}, amount: 5}]", '1: "scope" of budget "b" names team "zz", which is not there. The teams are: unallocated.'),
    ("budgets: [{id: b, scope: {modle: x}, amount: 5}]", '1: unknown key "modle" in "scope" of budget "b". Did you mean "model"?'),
    ("budgets: [{id: b, scope: all, amount: 5, fiscal_start: april}]", '1: "fiscal_start" of budget "b" is only for quarters and years, and this one is per month. Remove it.'),
    ("budgets: [{id: b, scope: all, amount: 5, from: 2026-11-01}]", '1: "from" of budget "b" is only for a budget with period: dates. Remove it.'),
    ("budgets: [{id: b, scope: all, amount: 5, period: dates, from: 2026-11-01}]", '1: budget "b" has no "until". Add it.'),
    ("budgets: [{id: b, scope: all, amount: 5, period: dates, from: 2026-11-01, until: 2026-11-01}]", '1: "until" of budget "b" is not after 2026-11-01. It is the first day that no longer counts.'),
    ("budgets: [{id: b, scope: all, amount: 5, uplift: 5}]", '1: "uplift" of budget "b" is a number. Write {amount: 200.00, until: 2027-01-01}.'),
    ("budgets: [{id: b, scope: all, amount: 5, uplift: {amount: 5}}]", '1: "uplift" of budget "b" has no "until". Add it.'),
    ("budgets: [{id: b, scope: all, amount: 5, uplift: {amount: 999999999999, until: 2026-12-01}}]", '1: "amount" of "uplift" of budget "b" is more than this bot can hold ($922 million). Write less.'),
    ("budgets: [{id: b, team: unallocated, amount: 5, period: mnth}]", '1: "period" of budget "b" cannot be "mnth". Did you mean "month"?'),
    ("budgets: [{id: b, team: unallocated, amount: 5, forecast: 'yes'}]", '1: "forecast" of budget "b" must be true or false, not text. Write true or false without quotes.'),
    # alerts
    ("alerts: [{id: a, metric: costs, kind: threshold, above: 1, window: 1d}]", '1: "metric" of alert "a" cannot be "costs". Did you mean "cost"?'),
    ("alerts: [{id: a, metric: cost, kind: anomoly, min_impact: 25.00}]", '1: "kind" of alert "a" cannot be "anomoly". Did you mean "anomaly"?'),
    ("alerts: [{id: a, kind: runawy, scope: each_team}]", '1: "kind" of alert "a" cannot be "runawy". Did you mean "runaway"?'),
    ("alerts: [{id: a, metric: cost, kind: treshold, above: 1, window: 1d}]", '1: "kind" of alert "a" cannot be "treshold". Did you mean "threshold"?'),
    (alert("above: 1, window: 1d, severity: urgent"), '1: "severity" of alert "a" cannot be "urgent". It is one of: info, warning, critical.'),
    (alert("above: 1, window: daily"), '1: "window" of alert "a" is "daily", which is no length of time. Write 5m, 24h, 1d or month.'),
    (alert("above: 1, window: 1d, per: call"), '1: alert "a" needs one of "window" and "per". Write window: 1d.'),
    (alert("above: 1"), '1: alert "a" needs one of "window" and "per". Write window: 1d.'),
    (alert("window: 1d"), '1: alert "a" has no "above". Add it.'),
    (alert("above: 1, window: 1d, min_impact: 5"), '1: "min_impact" of alert "a" is not for rules of kind threshold. Remove it.'),
    ("alerts: [{id: a, metric: cost, kind: anomaly, above: 5}]", '1: "above" of alert "a" is not for rules of kind anomaly. Remove it.'),
    (alert("above: 1, below: 2, window: 1d"), '1: "below" of alert "a" stands beside "above". Keep one of them, and make another rule of the other.'),
    (alert("above: 1, window: 5000d"), '1: "window" of alert "a" is "5000d", which is no length of time. Write 5m, 24h, 1d or month.'),
    (alert("above: 1, window: 1d, escalate_after: soon"), '1: "escalate_after" of alert "a" is "soon", which is no length of time. Write 30m, 2h or 1d.'),
    (alert("above: 1, window: 1d, scope: {key: a, model: b}"), '1: "scope" of alert "a" names several things. Keep one, and make a rule for each.'),
    ("alerts: [{id: a, metric: latency_p95_ms, kind: threshold, above: 1, per: call}]", '1: "per" of alert "a" is not for latency_p95_ms: a single call has none. Write window: 5m instead.'),
    ("alerts: [{id: a, kind: threshold, above: 1, window: 1d}]", '1: alert "a" has no "metric". Add it.'),
    ("alerts: [{id: a, kind: new, metric: cost, scope: each_key}]", '1: "metric" of alert "a" is not for rules of kind new. Remove it.'),
    ("alerts: [{id: a, kind: new}]", '1: alert "a" needs a "scope": each_key, each_model, each_feature.'),
    ("alerts: [{id: a, kind: new, scope: all}]", '1: "scope" of alert "a" is not for rules of kind new. Write each_key, each_model, each_feature.'),
    ("alerts: [{id: a, kind: new, scope: each_team}]", '1: "scope" of alert "a" cannot be each_team in a rule of this kind. Write each_key, each_model, each_feature.'),
    ("alerts: [{id: a, kind: runaway, scope: each_key}]", '1: "scope" of alert "a" cannot be each_key in a rule of this kind. Write each_team, each_feature.'),
    ("alerts: [{id: a, kind: runaway, scope: {model: m}}]", '1: "scope" of alert "a" is not for rules of kind runaway. Write each_team, each_feature or {team: alpha}.'),
    (alert("above: 1, window: 1d, scope: each_feature"), '1: "scope" of alert "a" cannot be each_feature in a rule of this kind. Write each_team, each_key, each_model, each_workspace.'),
    ("alerts: [{id: a, metric: requests, kind: anomaly}]", '1: "metric" of alert "a" cannot be requests in a rule of kind anomaly. It is cost or total_tokens.'),
    ("alerts: [{id: a, metric: error_rate, kind: threshold, above: 5, window: 1d}]", '1: "above" of alert "a" is 5, more than the whole. Write 0.4 for 40 %.'),
    ("quiet_hours: night", '1: "quiet_hours" of the file cannot be "night". Write {from: "22:00", until: "07:00"} or none.'),
    (alert("above: 1, window: 1d, notify: owner"), '1: "owner" in "notify" of alert "a" is nobody to tell. Did you mean "owners"?'),
    (alert("above: 1, window: 1d, scope: alpha"), '1: "scope" of alert "a" cannot be "alpha". Write all, each_team or {team: alpha}.'),
    (alert("above: 1, window: 1d, scope: {tem: alpha}"), '1: "scope" of alert "a" has no "team". Add it.'),
    # between entries
    (teams("{id: alpha}") + digest("cadence: daily, scope: {team: alfa}"), '3: "team" of "scope" of digest "d" names team "alfa", which is not there. Did you mean "alpha"?'),
    (teams("{id: alpha}") + alert("above: 1, window: 1d, scope: {team: alpa}"), '3: "team" of "scope" of alert "a" names team "alpa", which is not there. Did you mean "alpha"?'),
    (teams("{id: alpha}") + "budgets: [{id: b, team: zz, amount: 5}]", '3: "team" of budget "b" names team "zz", which is not there. The teams are: alpha, unallocated.'),
    (teams("{id: alpha, parent: bta}", "{id: beta}"), '2: "parent" of team "alpha" names team "bta", which is not there. Did you mean "beta"?'),
    (teams("{id: a, parent: a}"), "2: parents go round in a circle: a → a. Take one of these parents away."),
    (teams("{id: a, parent: b}", "{id: b, parent: c}", "{id: c, parent: b}"), "3: parents go round in a circle: b → c → b. Take one of these parents away."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "mistake"), MISTAKES, ids=[mistake for _, mistake in MISTAKES])
def test_a_mistake_is_named_with_its_line_and_what_to_do(text: str, mistake: str) -> None:
    assert f"teams.yml:{mistake}" in mistakes(text)


def test_every_mistake_of_a_file_is_told_at_once_in_its_order() -> None:
    found = mistakes(
        """\
timezone: Mars/Olympus
teams:
  - id: alpha
    chanel: C0ALPHA
  - id: alpha
digests:
  - {id: d, channel: general, cadence: daily, at: "9:60"}
"""
    )
    assert [line.split(":")[1] for line in found] == ["1", "4", "5", "7", "7"]


@pytest.mark.parametrize(
    ("one", "other", "tie"),
    [
        ("{workspace: support}", "{workspace: SUPPORT}", 'workspace "SUPPORT" of team "b" claims the same as "support"'),
        ("{workspace: support-*}", "{workspace: support-eu}", 'workspace "support-eu" of team "b" claims the same as "support-*"'),
        ("{api_key: ci-eu}", "{api_key: 'CI-*'}", 'api_key "CI-*" of team "b" claims the same as "ci-eu"'),
        ("{workspace_tag: {team: x}}", "{workspace_tag: {team: x}}", 'workspace_tag "team" "x" of team "b" claims the same as "x"'),
        ("{user: '*@x.com'}", "{user: ana@x.com}", 'user "ana@x.com" of team "b" claims the same as "*@x.com"'),
        ("{call_team: [x, y]}", "{call_team: Y}", 'call_team "Y" of team "b" claims the same as "y"'),
    ],
)  # fmt: skip
def test_two_teams_that_claim_the_same_are_both_named(one: str, other: str, tie: str) -> None:
    (found,) = mistakes(teams(f"{{id: a, matches: [{one}]}}", f"{{id: b, matches: [{other}]}}"))
    share = ", or give each a share" if one.startswith("{workspace:") else ""
    assert found == f'teams.yml:3: {tie} of team "a" on line 2, with equal precision. Narrow one of them{share}.'


def test_a_reorganisation_is_two_dated_matches_of_two_teams() -> None:
    old, new = "{workspace: support-*, until: 2026-07-01}", "{workspace: support-*, from: 2026-07-01}"
    found = parse(teams(f"{{id: a, matches: [{old}]}}", f"{{id: b, matches: [{new}]}}"))
    assert [(match.since, match.until) for team in found.teams for match in team.matches] == [
        (None, date(2026, 7, 1)),
        (date(2026, 7, 1), None),
    ]


def test_dated_matches_that_overlap_are_a_tie_and_impossible_dates_are_named() -> None:
    one, other = "{workspace: support-*, until: 2026-07-02}", "{workspace: support-*, from: 2026-07-01}"
    (tie,) = mistakes(teams(f"{{id: a, matches: [{one}]}}", f"{{id: b, matches: [{other}]}}"))
    assert "claims the same as" in tie
    (never,) = mistakes(teams("{id: a, matches: [{workspace: x, from: 2026-07-02, until: 2026-07-02}]}"))
    assert "not after from" in never
    (no_date,) = mistakes(teams("{id: a, matches: [{workspace: x, from: July}]}"))
    assert "Write one like 2026-11-01" in no_date


def test_shares_may_follow_each_other_in_time() -> None:
    old, new = "{workspace: x, share: 0.8, until: 2026-07-01}", "{workspace: x, share: 0.8, from: 2026-07-01}"
    assert mistakes(teams(f"{{id: a, matches: [{old}]}}", f"{{id: b, matches: [{new}]}}")) == []
    (both,) = mistakes(teams(f"{{id: a, matches: [{old}]}}", "{id: b, matches: [{workspace: x, share: 0.8}]}"))
    assert "add up to 1.6" in both


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{workspace: support-*}", "{workspace: sales-*}"),
        ("{workspace: support}", "{api_key: support}"),
        ("{workspace: support}", "{workspace: support, share: 0.5}"),
        ("{workspace_tag: {team: x}}", "{workspace_tag: {cost: x}}"),
        ("{workspace: x, share: 0.5}", "{workspace: x, share: 0.5}"),
        ("{call_team: '*'}", "{call_team: x}"),
    ],
)
def test_claims_of_different_precision_or_different_things_are_no_tie(one: str, other: str) -> None:
    assert len(parse(teams(f"{{id: a, matches: [{one}]}}", f"{{id: b, matches: [{other}]}}")).teams) == 2


def test_a_team_may_say_the_same_thing_twice() -> None:
    assert len(parse(teams("{id: a, matches: [{workspace: x-*}, {workspace: x-1}]}")).teams[0].matches) == 2


def test_shares_above_the_whole_name_the_teams_even_across_a_glob() -> None:
    (found,) = mistakes(
        teams(
            "{id: a, matches: [{workspace: 'shared-*', share: 0.7}]}",
            "{id: b, matches: [{workspace: Shared-Platform, share: 0.31}]}",
        )
    )
    assert found == (
        'teams.yml:3: the shares of workspace "Shared-Platform" add up to 1.01 over the teams "a", "b". '
        "Lower them until they add up to 1 or less."
    )


def test_a_pasted_credential_is_refused_and_not_repeated() -> None:
    (found,) = mistakes(teams("{id: a, matches: [{api_key: sk-ant-api03-s3cr3t}]}"))
    assert "is a credential. Revoke it" in found
    (other,) = mistakes("admins: [xoxb-1234-s3cr3t]")
    assert "s3cr3t" not in found + other


def test_a_message_stays_on_one_line_whatever_the_file_holds() -> None:
    (found,) = mistakes(r'admins: ["a\nteams.yml:9: all is well"]')
    assert r"a\nteams.yml:9" in found


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab:-[]{},&*!%|>'\"#?\n\t 0é"), max_size=60) | st.text(max_size=30))
def test_any_text_is_a_configuration_or_named_mistakes(text: str) -> None:
    assert all(line.startswith("teams.yml:") for line in mistakes(text))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_broken_example_is_a_configuration_or_named_mistakes(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(EXAMPLE)))
    length = data.draw(st.integers(0, 40))
    insert = data.draw(st.text(alphabet="abC0[]{}:,- \n'\"*", max_size=4))
    broken = EXAMPLE[:at] + insert + EXAMPLE[at + length :]
    assert all(line.startswith("teams.yml:") for line in mistakes(broken))
