"""A series from outside is read or refused by its line, and becomes a team by its scale and its incidents alone."""

from datetime import UTC, date, datetime, timedelta
from math import sin
from pathlib import Path
from statistics import fmean

import pytest

from tests.alert_quality.public import DAY, HOUR, Unfit, measured, teams

BEGIN = datetime(2011, 1, 1, 5, tzinfo=UTC)


def write(folder: Path, name: str, *lines: str) -> None:
    (folder / f"{name}.csv").write_text("\n".join(("time,amount", *lines)) + "\n")


def write_hours(folder: Path, count: int) -> None:
    hours = [(BEGIN + n * HOUR, 100 + 40 * sin(n / 24 * 6.28) + n % 7) for n in range(count)]
    write(folder, "rides", *(f"{at:%Y-%m-%dT%H:00},{amount:.0f}" for at, amount in hours))


def test_hours_and_days_are_read_by_their_file_names(tmp_path: Path) -> None:
    write(tmp_path, "shop", "2013-01-02,770", "2013-01-03,0", "2013-01-04,12.5")
    write(tmp_path, "rides", "2011-01-01T05:00,16", "2011-01-01T06:00,40")
    rides, shop = measured(tmp_path)
    assert (rides.name, rides.start, rides.every, rides.amounts) == ("rides", BEGIN, HOUR, (16, 40))
    assert (shop.name, shop.start.date(), shop.every, shop.amounts) == ("shop", date(2013, 1, 2), DAY, (770, 0, 12.5))


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (
            ["2011-01-01,1", "2011-01-02,2", "2011-01-04,3"],
            "line 4: 2011-01-04 00:00 does not follow 2011-01-02 00:00.",
        ),
        (
            ["2011-01-01,1", "2011-01-02,2", "2011-01-02,3"],
            "line 4: 2011-01-02 00:00 does not follow 2011-01-02 00:00.",
        ),
        (["2011-01-01,1", "2011-01-02,-2"], "line 3: the amount is negative or no number."),
        (["2011-01-01,1", "2011-01-02,nan"], "line 3: the amount is negative or no number."),
        (["2011-01-01,1", "2011-01-02"], "has a line that is not a time and a number."),
        (["2011-01-01,1", "tomorrow,2"], "has a line that is not a time and a number."),
        (["2011-01-01,1", "2011-01-08,2"], "is neither by the hour nor by the day."),
        (["2011-01-01,1"], "is neither by the hour nor by the day."),
    ],
)
def test_what_is_no_series_is_refused_and_says_where(lines: list[str], reason: str, tmp_path: Path) -> None:
    write(tmp_path, "odd", *lines)
    with pytest.raises(Unfit) as refused:
        measured(tmp_path)
    assert str(refused.value).removeprefix("odd.csv").lstrip(" ,") == reason


def test_a_folder_without_series_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unfit, match=r"holds no \.csv file"):
        measured(tmp_path)


def test_hours_become_half_years_from_midnight_in_dollars_and_nothing_but_incidents_comes_on_top(
    tmp_path: Path,
) -> None:
    write_hours(tmp_path, 19 + 24 * 240)  # the evening before the first midnight, half a year, and sixty days
    (series,) = measured(tmp_path)
    found = teams([series], 3, times=6)
    assert {(team.start, len(team.hours) // 24) for team in found} == {
        (datetime(2011, 1, 2, tzinfo=UTC), 180),
        (datetime(2011, 1, 2, tzinfo=UTC) + timedelta(days=180), 60),
    }
    assert sum(len(team.incidents) for team in found) > 5
    for team in found:
        first = (team.start - series.start) // HOUR
        normal = list(team.hours)
        for incident in team.incidents:
            for place, more in enumerate(incident.excess, incident.begin):
                normal[place] -= more
            # What a step costs after its first week is no longer counted as its own.
            for place in range(incident.begin + len(incident.excess), incident.quiet_until):
                normal[min(place, len(normal) - 1)] = 0.0
        amounts = series.amounts[first : first + len(normal)]
        scales = {round(spent / amount, 9) for spent, amount in zip(normal, amounts, strict=True) if spent > 1e-6}
        assert len(scales) == 1
        assert 19.99 <= 24 * fmean(amounts) * scales.pop() <= 3000.01


def test_the_same_seed_makes_the_same_teams_of_a_series_and_another_seed_others(tmp_path: Path) -> None:
    write_hours(tmp_path, 24 * 200)
    series = measured(tmp_path)
    assert teams(series, 3) == teams(series, 3)
    assert teams(series, 3) != teams(series, 4)


def test_hours_in_which_nothing_happened_are_no_team_and_those_with_little_are_one(tmp_path: Path) -> None:
    hours = [f"{BEGIN + n * HOUR:%Y-%m-%dT%H:00},{int(n == 24 * 200)}" for n in range(24 * 360)]
    write(tmp_path, "rare", *hours)
    assert {team.start.date() for team in teams(measured(tmp_path), 3)} == {date(2011, 7, 1)}


def test_days_are_no_teams_since_their_hours_are_not_known(tmp_path: Path) -> None:
    write(tmp_path, "shop", *(f"{BEGIN + n * DAY:%Y-%m-%d},{n}" for n in range(200)))
    assert teams(measured(tmp_path), 3) == []
