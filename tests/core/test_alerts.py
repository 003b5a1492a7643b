"""What one look at the figures decides, and what that does to an episode: a row a case."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from bot.core.alerts import budgets, unusual
from bot.core.alerts.episode import Episode, Happened, Outcome, State, acknowledge, step
from bot.core.alerts.feedback import Given, Quiet, Silence, Until, Verdict, quiet, quiet_until
from bot.core.alerts.lag import silent_after
from bot.core.alerts.reason import Decision, Reason
from bot.core.alerts.rule import Kind, Metric, Observation, Rule, Severity, Target
from bot.core.alerts.threshold import decide, walk
from bot.core.alerts.window import Window
from bot.core.anomaly import Finding, Series
from bot.core.anomaly import Kind as Found
from bot.core.configuration import Configuration
from bot.core.directory import Team
from bot.core.money import Money
from bot.core.outlook.budget import Budget, Said, Scope, Span, Uplift
from bot.core.receivers import levels, line

DAY = timedelta(days=1)
START = datetime(2026, 11, 22, tzinfo=UTC)
NOW = START + timedelta(hours=9)
RULE = Rule("cap", Metric.TOTAL_TOKENS, Decimal(100), Window.DAY)
RATE = Rule("ok", Metric.SUCCESS_RATE, Decimal(0), Window("minute", 5), below=Decimal("0.95"))
ALPHA = Target("team", "alpha")
OPEN, OVER = False, True
QUIET, SAME, BEFORE = None, START, START - DAY

TABLE = [
    ("figures above the limit fire", 101, OPEN, QUIET, Reason.ABOVE_LIMIT),
    ("a window that is over fires late rather than never", 101, OVER, QUIET, Reason.ABOVE_LIMIT),
    ("the limit itself is within the limit", 100, OPEN, QUIET, Reason.WITHIN_LIMIT),
    ("figures within the limit say nothing", 0, OVER, QUIET, Reason.WITHIN_LIMIT),
    ("figures still above the limit keep the episode open", 101, OPEN, SAME, Reason.STILL_ABOVE),
    ("the same in the next window", 101, OPEN, BEFORE, Reason.STILL_ABOVE),
    ("nothing resolves while the next window is open", 100, OPEN, BEFORE, Reason.WINDOW_STILL_OPEN),
    ("a complete window within the limit resolves", 100, OVER, BEFORE, Reason.BACK_WITHIN_LIMIT),
    ("the window that fired can only have been restated", 100, OPEN, SAME, Reason.RESTATED),
    ("the same once it is over", 100, OVER, SAME, Reason.RESTATED),
    ("missing figures do not fire", None, OPEN, QUIET, Reason.NO_DATA),
    ("missing figures of a complete window do not fire either", None, OVER, QUIET, Reason.NO_DATA),
    ("missing figures do not resolve", None, OPEN, SAME, Reason.NO_DATA),
    ("missing figures of a complete window do not resolve either", None, OVER, BEFORE, Reason.NO_DATA),
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "complete", "firing", "reason"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_one_look_decides(value: int | None, complete: bool, firing: datetime | None, reason: Reason) -> None:
    observation = Observation(START, value, complete)
    assert decide(RULE, observation, firing=firing) == Decision(reason, observation, 100)


def test_a_rate_below_its_limit_is_judged_when_its_window_is_over() -> None:
    def said(value: int, complete: bool, firing: datetime | None = None) -> Reason:
        return decide(RATE, Observation(START, value, complete), firing=firing).reason

    assert said(900_000, OPEN) is Reason.WITHIN_LIMIT, "the first calls make any rate"
    assert said(900_000, OVER) is Reason.BELOW_LIMIT
    assert said(950_000, OVER) is Reason.WITHIN_LIMIT
    assert said(990_000, OVER, BEFORE) is Reason.BACK_WITHIN_LIMIT


def test_a_limit_in_dollars_is_compared_to_the_last_unit() -> None:
    rule = Rule("cap", Metric.COST, Decimal("200.00"), Window.DAY, severity=Severity.CRITICAL)
    assert rule.limit == 200 * 10**10
    assert not rule.breaks(rule.limit)
    assert rule.breaks(rule.limit + 1)


def walked(values: Sequence[int | None], episode: Episode | None = None) -> tuple[list[Happened], Episode | None]:
    """What a look at whole days in a row leaves, the first of them START."""
    seen = [Observation(START + n * DAY, value, complete=True) for n, value in enumerate(values)]
    steps = walk(RULE, ALPHA, episode, seen, NOW + len(values) * DAY)
    happened = [one.event.what for one in steps if one.event]
    return happened, steps[-1].episode if steps else episode


FIRED, RESOLVED, RESTATED = Happened.FIRED, Happened.RESOLVED, Happened.RESTATED
COURSES: list[tuple[str, Sequence[int | None], list[Happened]]] = [
    ("days over the limit in a row are one episode", [101, 300, 150], [FIRED]),
    ("it resolves and fires again", [101, 5, 101], [FIRED, RESOLVED, FIRED]),
    ("a gap in the data ends nothing", [101, None, 101, 5], [FIRED, RESOLVED]),
    ("nothing but gaps is no news", [None, None], []),
]


@pytest.mark.parametrize(("values", "happened"), [row[1:] for row in COURSES], ids=[row[0] for row in COURSES])
def test_a_course_of_days(values: Sequence[int | None], happened: list[Happened]) -> None:
    assert walked(values)[0] == happened


def test_looking_again_says_nothing_again() -> None:
    happened, episode = walked([101, 5])
    assert happened == [FIRED, RESOLVED]
    assert walked([101, 5], episode)[0] == []


def test_a_day_that_was_told_and_is_within_its_limit_by_now_is_corrected_once() -> None:
    _, episode = walked([101, 5])
    happened, corrected = walked([99, 5], episode)
    assert happened == [RESTATED]
    assert walked([99, 5], corrected)[0] == []
    assert walked([150, 5], corrected)[0] == [FIRED, RESOLVED], "corrected the other way, it is news once more"


def test_an_episode_of_several_days_is_not_taken_back_by_the_correction_of_one() -> None:
    _, episode = walked([101, 101])
    assert episode is not None
    assert walked([101, 99], episode)[0] == [RESOLVED]


def test_an_acknowledgement_is_the_first_ones_and_ends_with_what_is_worse() -> None:
    _, fired = walked([101])
    assert fired is not None
    taken = acknowledge(fired, "ana@example.com", NOW)
    assert taken.episode is not None
    assert (taken.reason, taken.episode.state()) == (Outcome.DONE, State.ACKNOWLEDGED)
    assert acknowledge(taken.episode, "ben@example.com", NOW).reason == Outcome.ALREADY
    worse = Decision(Reason.MUCH_WORSE, Observation(START, 900, complete=False), 100)
    again = step(taken.episode, worse, "cap", "alpha", Kind.ANOMALY, NOW)
    assert again.event is not None
    assert again.event.what is Happened.WORSENED
    assert again.episode is not None
    assert again.episode.state() is State.FIRING
    over = step(
        fired, Decision(Reason.RULE_GONE, Observation(START, None, complete=True)), "cap", "alpha", Kind.ANOMALY, NOW
    )
    assert over.episode is not None
    assert acknowledge(over.episode, "ana@example.com", NOW).reason == Outcome.OVER


MONTH = Span(date(2026, 11, 1), date(2026, 12, 1))
BEGUN = datetime(2026, 11, 1, tzinfo=UTC)
BUDGET = Budget("b", Scope("team", "alpha"), Money.from_dollars(100))


def dollars(amount: int) -> Money:
    return Money.from_dollars(amount)


def marked(spent: Sequence[int | None], budget: Budget = BUDGET) -> list[tuple[Happened, int | None]]:
    """What a budget's course of spending leaves, one look after the other."""
    episode, said, found = None, list[Said](), list[tuple[Happened, int | None]]()
    for one in spent:
        now = None if one is None else dollars(one)
        decided = budgets.marks(budget, MONTH, BEGUN, now, said, episode if episode and episode.open else None)
        taken = step(episode, decided, "budget:b", "alpha", Kind.BUDGET, NOW)
        episode = taken.episode or episode
        if taken.event:
            found.append((taken.event.what, taken.event.mark))
            if taken.event.mark and taken.event.what in (FIRED, Happened.WORSENED):
                said.append(Said(taken.event.mark, dollars(one or 0)))
    return found


def test_each_mark_is_told_once_and_only_the_highest_that_is_crossed() -> None:
    assert marked([10, 49, 50, 60, 99, 100, 120]) == [
        (FIRED, 50),
        (Happened.WORSENED, 80),
        (Happened.WORSENED, 100),
    ]
    assert marked([130, 131]) == [(FIRED, 100)]
    assert marked([60, None, 61]) == [(FIRED, 50)]


def test_a_restatement_below_a_mark_is_said_once_and_the_mark_is_not_told_again() -> None:
    assert marked([81, 79, 78, 82, 83]) == [(FIRED, 80), (RESTATED, 80)]


def test_an_uplift_ends_the_episode_without_a_word() -> None:
    higher = Budget("b", Scope("team", "alpha"), dollars(100), uplifts=(Uplift(dollars(400), date(2026, 11, 30)),))
    episode = Episode(
        "budget:b", "alpha", Kind.BUDGET, BEGUN, BEGUN, NOW, dollars(81).units, dollars(80).units, mark=80
    )
    decided = budgets.marks(higher, MONTH, BEGUN, dollars(82), [Said(80, dollars(81))], episode)
    assert decided.reason is Reason.BELOW_MARKS
    taken = step(episode, decided, "budget:b", "alpha", Kind.BUDGET, NOW)
    assert taken.event is not None
    assert not taken.event.what.tells


def finding(kind: Found, hours_ago: int, hours: int = 4, value: float = 400.0) -> Finding:
    at = NOW - timedelta(hours=hours_ago)
    return Finding(kind, at, at - timedelta(hours=hours), hours, value, 90.0)


def test_what_was_found_becomes_an_episode_once_however_often_the_past_is_read() -> None:
    fed = unusual.Fed(Series(), (finding(Found.EXCESS, 1),))
    (first,) = unusual.steps(fed, Metric.COST, "a", ALPHA, None, NOW, known=True)
    assert first.episode is not None
    assert (first.reason, first.episode.value, first.episode.expected) == (Reason.UNUSUAL, 400 * 10**10, 90 * 10**10)
    again = unusual.steps(fed, Metric.COST, "a", ALPHA, first.episode, NOW, known=False)
    assert [(one.reason, one.event) for one in again] == [(Reason.NO_DATA, None)]
    (over,) = unusual.steps(fed, Metric.COST, "a", ALPHA, first.episode, NOW, known=True)
    assert over.reason == Reason.BACK_TO_USUAL
    more = unusual.Fed(Series(), (*fed.findings, finding(Found.EXCESS, 0, 24, 900.0)))
    (worse,) = unusual.steps(more, Metric.COST, "a", ALPHA, first.episode, NOW, known=True)
    assert worse.reason == Reason.MUCH_WORSE


def test_what_is_old_when_it_is_found_is_told_to_nobody() -> None:
    fed = unusual.Fed(Series(), (finding(Found.EXCESS, 30), finding(Found.DROP, 30)))
    assert unusual.steps(fed, Metric.COST, "a", ALPHA, None, NOW, known=True) == []
    assert unusual.notices(fed, Metric.COST, "a", ALPHA, None, NOW) == []


def test_a_new_spender_is_said_once_and_is_over_at_once() -> None:
    fed = unusual.Fed(Series(), (finding(Found.NEW_SPENDER, 1),))
    (said,) = unusual.notices(fed, Metric.COST, "a", ALPHA, None, NOW)
    assert said.episode is not None
    assert not said.episode.open
    assert unusual.notices(fed, Metric.COST, "a", ALPHA, said.episode, NOW) == []


WEEKS = timedelta(days=7)
SAID = [
    ("nothing was said", [], 500, None),
    ("what was called expected is", [Given(Verdict.EXPECTED, NOW, 400, 100)], 450, Quiet.EXPECTED),
    ("far beyond it is news", [Given(Verdict.EXPECTED, NOW, 400, 100)], 500, None),
    ("an expectation ends", [Given(Verdict.EXPECTED, NOW - 9 * WEEKS, 400, 100)], 400, None),
    ("what is planned is not told until then", [Given(Verdict.PLANNED, NOW, 1, 0, NOW + DAY)], 9000, Quiet.PLANNED),
    ("then it is", [Given(Verdict.PLANNED, NOW - DAY, 1, 0, NOW)], 9000, None),
    ("not useful raises the bar by half", [Given(Verdict.NOT_USEFUL, NOW, 300, 100)], 400, Quiet.NOT_USEFUL),
    ("and no more", [Given(Verdict.NOT_USEFUL, NOW, 300, 100)], 401, None),
    ("said twice, by all of it", [Given(Verdict.NOT_USEFUL, NOW, 300, 100)] * 2, 500, Quiet.NOT_USEFUL),
]  # fmt: skip


@pytest.mark.parametrize(("given", "value", "why"), [row[1:] for row in SAID], ids=[str(row[0]) for row in SAID])
def test_feedback_changes_what_is_told(given: list[Given], value: int, why: Quiet | None) -> None:
    assert quiet(given, value, 100, NOW) == why


def test_a_silence_covers_its_rule_and_scope_until_it_ends() -> None:
    silence = Silence("cap", "alpha", NOW + DAY)
    assert silence.covers("cap", "alpha", NOW)
    assert not silence.covers("cap", "beta", NOW)
    assert not silence.covers("cap", "alpha", NOW + DAY)
    assert Silence(None, None, NOW + DAY).covers("anything", "beta", NOW)


def test_a_silence_until_monday_ends_on_the_pressers_own_monday_morning() -> None:
    sunday_evening = datetime(2026, 11, 22, 20, tzinfo=UTC)
    assert Until.MONDAY.instant(sunday_evening, "UTC") == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert Until.MONDAY.instant(sunday_evening, "Asia/Tokyo") == datetime(2026, 11, 29, 23, tzinfo=UTC)
    assert Until.HOUR.instant(sunday_evening, "UTC") - sunday_evening == timedelta(hours=1)


@pytest.mark.parametrize(
    ("now", "zone", "until"),
    [
        ("2026-11-22T21:59", "UTC", None),
        ("2026-11-22T22:00", "UTC", "2026-11-23T07:00"),
        ("2026-11-23T06:59", "UTC", "2026-11-23T07:00"),
        ("2026-11-23T07:00", "UTC", None),
        ("2026-11-22T16:30", "Asia/Kathmandu", "2026-11-23T01:15"),
        ("2026-10-24T21:00", "Europe/Berlin", "2026-10-25T06:00"),
        ("2026-03-28T22:00", "Europe/Berlin", "2026-03-29T05:00"),
    ],
)
def test_quiet_hours_are_the_receivers_night(now: str, zone: str, until: str | None) -> None:
    found = quiet_until(datetime.fromisoformat(now).replace(tzinfo=UTC), zone, 22 * 60, 7 * 60)
    assert found == (datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None)


CONFIGURATION = Configuration(
    admins=("cfo@example.com",),
    teams=(
        Team("group", "Group", owners=("head@example.com",)),
        Team("alpha", "Alpha", owners=("ana@example.com", "U0BO"), channel="C0ALPHA", parent="group"),
        Team("beta", "Beta", parent="group"),
    ),
)


@pytest.mark.parametrize(
    ("team", "notify", "told"),
    [
        ("alpha", ["owners"], [["ana@example.com", "U0BO"], ["head@example.com"], ["cfo@example.com"]]),
        ("beta", ["owners"], [["head@example.com"], ["cfo@example.com"]]),
        ("alpha", ["channel"], [["C0ALPHA"], ["ana@example.com", "U0BO"], ["head@example.com"], ["cfo@example.com"]]),
        ("beta", ["channel"], [["head@example.com"], ["cfo@example.com"]]),
        ("alpha", ["admins"], [["cfo@example.com"], ["ana@example.com", "U0BO"], ["head@example.com"]]),
        ("", ["owners"], [["cfo@example.com"]]),
        ("", ["ANA@example.com", "ana@example.com"], [["ANA@example.com"], ["cfo@example.com"]]),
    ],
)
def test_who_is_told_first_and_who_after_them(team: str, notify: list[str], told: list[list[str]]) -> None:
    teams = line(CONFIGURATION, team)
    assert levels(CONFIGURATION, notify, teams) == tuple(map(tuple, told))


@pytest.mark.parametrize(
    ("window", "at", "start", "end"),
    [
        (Window.DAY, "2026-11-22T23:59:59.999999", "2026-11-22T00:00", "2026-11-23T00:00"),
        (Window.DAY, "2026-12-31T00:00:00", "2026-12-31T00:00", "2027-01-01T00:00"),
        (Window.MONTH, "2026-12-31T23:59:59", "2026-12-01T00:00", "2027-01-01T00:00"),
        (Window.MONTH, "2028-02-29T00:00:00", "2028-02-01T00:00", "2028-03-01T00:00"),
        (Window("week"), "2026-11-22T12:00", "2026-11-16T00:00", "2026-11-23T00:00"),
        (Window("quarter"), "2026-11-22T12:00", "2026-10-01T00:00", "2027-01-01T00:00"),
        (Window("minute", 5), "2026-11-22T12:07:30", "2026-11-22T12:05", "2026-11-22T12:10"),
        (Window("hour", 6), "2026-11-22T13:00", "2026-11-22T12:00", "2026-11-22T18:00"),
    ],
)
def test_a_window_follows_the_one_before(window: Window, at: str, start: str, end: str) -> None:
    begun = window.containing(datetime.fromisoformat(at).replace(tzinfo=UTC), "UTC")
    assert begun == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert window.after(begun, "UTC") == datetime.fromisoformat(end).replace(tzinfo=UTC)
    assert window.containing(begun - timedelta.resolution, "UTC") < begun


def test_a_window_is_a_local_day_also_where_clocks_change() -> None:
    begun = Window.DAY.containing(datetime(2026, 10, 25, 12, tzinfo=UTC), "Europe/Berlin")
    assert begun == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert Window.DAY.after(begun, "Europe/Berlin") - begun == timedelta(hours=25)
    assert Window.MONTH.containing(begun, "Europe/Berlin") == datetime(2026, 9, 30, 22, tzinfo=UTC)
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    assert Window.DAY.containing(datetime(2026, 11, 22, 3, 0, tzinfo=kathmandu), "UTC") == START - DAY


@pytest.mark.parametrize("scope", ["all", "alpha", "key/apikey_01", "workspace/org_1/default"])
def test_a_target_is_its_text(scope: str) -> None:
    assert str(Target.of(scope)) == scope


@pytest.mark.parametrize(
    ("hours", "after"),
    [
        ([], 40),
        ([1] * 6, 40),  # a week says something
        ([1] * 7, 32),
        ([6] * 28, 36),
        ([5.5] * 28, 35),
        ([10] * 28, 44),
        ([6] * 26 + [30, 54], 36),  # an outage of two days
        ([30] * 28, 72),
    ],
)
def test_a_source_is_silent_when_it_is_much_later_than_it_usually_is(hours: list[float], after: int) -> None:
    assert silent_after([timedelta(hours=one) for one in hours]) == timedelta(hours=after)
