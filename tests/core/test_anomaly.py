"""The anomaly engine, as a reader meets it: what is alerted, when, how often, in which words, and what never is."""

import marshal
import math
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.anomaly import Finding, Kind, Limits, Observation, Series, observe, sentence
from bot.core.anomaly.keeping import dumped, loaded
from bot.core.anomaly.normal import position

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
LIMITS = Limits(min_impact=25)

Excess = dict[int, float]


def office(days: int, *, level: float = 100.0, more: Excess | None = None, seed: int = 1) -> list[float]:
    """Hours of a team of people: busy from 8 to 18, quiet at weekends; `more` is added hour by hour."""
    dice = random.Random(seed)
    hours = []
    for day in range(days):
        busy = level * (0.2 if day % 7 >= 5 else 1.0) * math.exp(dice.gauss(0, 0.15))
        for hour in range(24):
            part = 0.09 if 8 <= hour < 18 else 0.1 / 14
            hours.append(busy * part * math.exp(dice.gauss(0, 0.2)))
    return [value + (more or {}).get(place, 0.0) for place, value in enumerate(hours)]


def hourly(values: Iterable[float | None]) -> Iterator[Observation]:
    """Each hour seen as it ends; None is an hour nobody reported."""
    for place, value in enumerate(values):
        if value is not None:
            yield Observation(START + (place + 1) * HOUR, START + place * HOUR, 1, value)


def daily(values: Iterable[float]) -> Iterator[Observation]:
    for place, value in enumerate(values):
        start = START + 24 * place * HOUR
        yield Observation(start + 25 * HOUR, start, 24, value)


def run(
    seen: Iterable[Observation], series: Series | None = None, limits: Limits = LIMITS
) -> tuple[Series, list[Finding]]:
    series, said = series or Series(), list[Finding]()
    for one in seen:
        step = observe(series, one, limits)
        series = step.series
        said += step.findings
    return series, said


def excesses(seen: Iterable[Observation], limits: Limits = LIMITS) -> list[Finding]:
    return [finding for finding in run(seen, limits=limits)[1] if finding.kind is Kind.EXCESS]


def kinds(seen: Iterable[Observation]) -> list[Kind]:
    return [finding.kind for finding in run(seen)[1]]


def dollars(value: float) -> str:
    return f"${value:.0f}"


def block(day: int, hour: int, length: int, worth: float) -> Excess:
    return {24 * day + hour + n: worth for n in range(length)}


# --- hours


def test_a_quiet_quarter_alerts_nobody() -> None:
    assert excesses(hourly(office(90))) == []


def test_a_runaway_loop_is_told_within_the_hour_and_once() -> None:
    night = 24 * 50 + 2
    told = excesses(hourly(office(60, more=block(50, 2, 6, 40.0))))
    assert [(alert.at - START) / HOUR for alert in told] == [night + 1]
    assert told[0].value > 40 > told[0].expected + 35


def test_the_sentence_says_how_much_in_which_time_and_what_was_expected() -> None:
    told = excesses(hourly(office(60, more=block(50, 2, 6, 40.0))))[0]
    assert sentence(told, dollars) == "$41 in the last hour where about $1 was expected"


def test_what_a_loop_adds_to_the_evening_is_told_before_the_night_is_half_over() -> None:
    """Three dollars an hour: a third of what a busy hour costs, and four times a quiet one."""
    told = excesses(hourly(office(60, more=block(50, 16, 12, 3.0))), Limits(min_impact=10))
    assert [(alert.at - START) / HOUR - (24 * 50 + 16) for alert in told] == [4]


def test_what_costs_less_than_the_least_impact_is_not_told() -> None:
    values = office(60, level=2.0, more=block(50, 2, 6, 3.0))
    assert excesses(hourly(values)) == []
    assert excesses(hourly(values), Limits(min_impact=5)) != []


def test_a_loop_that_gets_much_worse_is_told_again_but_not_the_same_day() -> None:
    more = block(50, 2, 24, 12.0) | block(51, 2, 40, 40.0)
    told = excesses(hourly(office(60, more=more)))
    assert len(told) == 2
    assert told[1].at - told[0].at >= 24 * HOUR


def test_spend_on_a_weekend_is_held_against_weekends() -> None:
    saturday = 24 * 54
    told = excesses(hourly(office(60, more=block(54, 0, 48, 4.0))))
    assert told
    assert 0 < (told[0].at - START) / HOUR - saturday <= 24


# --- days


def test_a_step_is_told_within_days_and_becomes_the_new_normal_said_once() -> None:
    values = office(75)
    raised = [value * (1.9 if place >= 24 * 50 else 1.0) for place, value in enumerate(values)]
    told = [finding for finding in run(hourly(raised))[1] if finding.kind is not Kind.NEW_SPENDER]
    assert [finding.kind for finding in told] == [Kind.EXCESS, Kind.NEW_NORMAL]
    assert (told[0].at - START) / HOUR - 24 * 50 <= 24 * 4
    assert told[1].value / told[1].expected == pytest.approx(1.9, rel=0.25)
    assert "new normal" in sentence(told[1], dollars)


def test_days_alone_are_enough_to_find_a_step_and_a_ramp() -> None:
    hours = office(75)
    days = [sum(hours[24 * n : 24 * n + 24]) for n in range(75)]
    step = [value * (2.2 if day >= 45 else 1.0) for day, value in enumerate(days)]
    ramp = [value * 1.12 ** max(0, day - 45) for day, value in enumerate(days)]
    assert excesses(daily(days)) == []
    assert [alert.hours % 24 for alert in excesses(daily(step))] == [0]
    assert excesses(daily(ramp)) != []


def first_told(level: float, step: float, begin: int, busy: float, seed: int) -> float:
    """Days until a lasting step is told, of a team with every eleventh day `busy` times as dear; inf: not in eight."""
    dice = random.Random(seed)
    days = [
        level * (busy if day % 11 == 5 else 1.0) * (step if day >= begin else 1.0) * math.exp(dice.gauss(0, 0.15))
        for day in range(begin + 9)
    ]
    told = [(alert.at - START).days - begin for alert in excesses(daily(days))]
    return min([days for days in told if days > 0], default=math.inf)


@pytest.mark.parametrize("seed", range(8))
def test_a_week_that_is_dearer_on_all_its_days_is_told_though_single_days_have_been_dearer(seed: int) -> None:
    assert first_told(400, 1.5, 75, 2.2, seed) <= 5


def test_a_lasting_step_is_told_in_a_teams_sixth_week_already() -> None:
    assert all(first_told(400, 1.6, 34, 1.0, seed) <= 6 for seed in range(8))


def test_where_more_dollars_are_at_stake_less_proof_is_asked() -> None:
    small, large = ([first_told(level, 1.5, 50, 1.0, seed) for seed in range(8)] for level in (100, 10_000))
    assert all(much <= little for much, little in zip(large, small, strict=True))
    assert sum(much < little for much, little in zip(large, small, strict=True)) >= 4


def test_a_job_at_the_months_end_is_told_the_first_time_and_expected_the_next() -> None:
    ends = [day for day in range(150) if (START + 24 * (day + 1) * HOUR).day == 1]
    more = {place: worth for day in ends[1:] for place, worth in block(day, 3, 4, 50.0).items()}
    told = excesses(hourly(office(150, more=more)))
    assert [(alert.at - START).days for alert in told] == [ends[1]]


def test_a_job_that_comes_many_times_as_large_is_told_again() -> None:
    ends = [day for day in range(120) if (START + 24 * (day + 1) * HOUR).day == 1]
    more = block(ends[1], 3, 4, 50.0) | block(ends[2], 3, 4, 50.0) | block(ends[3], 3, 4, 300.0)
    told = excesses(hourly(office(120, more=more)))
    assert [(alert.at - START).days for alert in told] == [ends[1], ends[3]]


def test_what_stays_away_the_month_after_leaves_a_team_watched_as_closely_as_before() -> None:
    """An incident may have been a job's first time; days on which nothing came of it are working days as ever."""
    told = excesses(hourly(office(90, more=block(36, 0, 72, 8.0) | block(78, 2, 6, 40.0))))
    assert (told[-1].at - START) / HOUR == 24 * 78 + 3


def test_what_went_on_for_a_week_is_no_job_of_those_days() -> None:
    series, _ = run(hourly(office(60, more=block(40, 0, 24 * 7, 8.0))))
    assert 1 <= len(series.jobs) <= 3


@pytest.mark.parametrize(
    ("day", "place"), [("2026-01-01", 1), ("2026-01-15", 15), ("2026-01-31", -1), ("2026-02-27", -2)]
)
def test_a_day_has_its_place_from_the_nearer_end_of_its_month(day: str, place: int) -> None:
    assert position((datetime.fromisoformat(day) - datetime(1970, 1, 1)).days) == place  # noqa: DTZ001


def test_a_team_that_spends_on_few_days_must_beat_its_record() -> None:
    dice = random.Random(4)
    days = [0.0 if dice.random() < 0.5 else 20 * math.exp(dice.gauss(0, 0.8)) for _ in range(80)]
    record = max(days[:70])
    hours = [day / 3 if 10 <= hour < 13 else 0.0 for day in days for hour in range(24)]
    assert excesses(hourly(hours)) == []
    hours[24 * 70 + 10] = 4 * record
    assert [alert.hours for alert in excesses(hourly(hours))] == [6]


# --- a new series


def test_a_new_team_that_grows_from_day_to_day_is_introduced_and_not_alarmed() -> None:
    grown = [value * min(1.0, 0.05 * 1.25 ** (place // 24)) for place, value in enumerate(office(40))]
    assert kinds(hourly([0.0] * 24 * 7 + grown)) == [Kind.NEW_SPENDER]


def test_a_loop_in_a_new_teams_second_week_is_told() -> None:
    assert len(excesses(hourly(office(14, more=block(10, 1, 8, 60.0))))) == 1


# --- what is missing


def test_hours_nobody_reported_are_unknown_and_not_zero() -> None:
    values: list[float | None] = [*office(60)]
    for place in [*range(24 * 50 + 6, 24 * 52 + 6), *range(24 * 55 + 9, 24 * 55 + 14)]:
        values[place] = None
    assert kinds(hourly(values)) == [Kind.NEW_SPENDER]


def test_days_that_are_really_zero_are_a_drop_said_once() -> None:
    values = [0.0 if 24 * 50 <= place < 24 * 55 else value for place, value in enumerate(office(60))]
    told = [finding for finding in run(hourly(values))[1] if finding.kind is not Kind.NEW_SPENDER]
    assert [finding.kind for finding in told] == [Kind.DROP]
    assert sentence(told[0], dollars).startswith("only $0 in the last 2 days where about $")


def test_a_slow_drift_is_said_once_though_no_week_of_it_was_an_alarm() -> None:
    grown = [value * 1.012 ** max(0, place // 24 - 40) for place, value in enumerate(office(120))]
    assert kinds(hourly(grown)) == [Kind.NEW_SPENDER, Kind.DRIFT]


def test_a_restatement_moves_the_baseline_and_tells_nobody() -> None:
    values = office(60)
    seen = list(hourly(values))
    restated = [
        Observation(START + (24 * 41 + 30) * HOUR, START + place * HOUR, 1, values[place] * 1.4)
        for place in range(24 * 40, 24 * 41)
    ]
    cut = 24 * 41 + 30
    series, told = run([*seen[:cut], *restated, *seen[cut:]])
    assert [finding.kind for finding in told] == [Kind.NEW_SPENDER]
    day = next(day for day in series.days if day.number == (START - datetime(1970, 1, 1, tzinfo=UTC)).days + 40)
    assert day.value == pytest.approx(sum(values[24 * 40 : 24 * 41]) * 1.4)


def test_an_hour_said_twice_changes_nothing() -> None:
    seen = list(hourly(office(40, more=block(35, 3, 5, 30.0))))
    assert run(one for each in seen for one in (each, each)) == run(seen)


def test_after_a_season_of_silence_a_series_begins_anew() -> None:
    later = [
        Observation(one.at + 3360 * HOUR, one.start + 3360 * HOUR, 1, one.value * 50) for one in hourly(office(10))
    ]
    assert excesses([*hourly(office(40)), *later]) == []


# --- what is refused


@pytest.mark.parametrize(
    ("start", "hours", "value", "reason"),
    [
        (START, 6, 1.0, "1 or 24 hours"),
        (START + HOUR / 2, 1, 1.0, "full hour"),
        (START + HOUR, 24, 1.0, "midnight"),
        (START.replace(tzinfo=None), 1, 1.0, "time zone"),
        (START, 1, math.nan, "finite"),
        (START, 1, math.inf, "finite"),
    ],
)
def test_a_bucket_that_is_none_is_refused_with_the_reason(
    start: datetime, hours: int, value: float, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        Observation(START + 48 * HOUR, start, hours, value)


# --- what always holds

spends = st.lists(st.floats(0, 1e6) | st.sampled_from([0.0, 10.0, 10.0, 10.0]), min_size=24 * 8, max_size=24 * 12)


@settings(max_examples=15, deadline=None)
@given(spends, st.integers(0, 24 * 7))
def test_no_alert_changes_when_the_future_is_cut_off_or_the_state_is_kept_and_read_again(
    values: list[float], cut: int
) -> None:
    seen = list(hourly(values))
    _, whole = run(seen)
    series, before = run(seen[:cut])
    assert [finding for finding in whole if finding.at <= START + cut * HOUR] == before
    again = loaded(dumped(series))
    assert again == series
    assert before + run(seen[cut:], again)[1] == whole


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.0, 1e-9, 1.0, 30.0, 500.0, 1e6, -40.0]), min_size=60, max_size=150))
def test_any_course_of_days_can_be_judged(values: list[float]) -> None:
    for finding in run(daily(values))[1]:
        assert math.isfinite(finding.value)
        assert math.isfinite(finding.expected)
        assert finding.kind is not Kind.EXCESS or finding.value - finding.expected >= LIMITS.min_impact
        assert sentence(finding, dollars)


def test_a_state_of_another_version_is_not_taken_for_one() -> None:
    version, parts = marshal.loads(dumped(Series()))
    assert loaded(marshal.dumps((version, parts))) == Series()
    assert loaded(marshal.dumps(((0, 0), parts))) is None
