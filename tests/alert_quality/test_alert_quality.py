"""The protocol counts as it says, and the engine keeps to the marks with room to spare for so few teams."""

import pytest

from tests.alert_quality.detectors import DETECTORS, ours
from tests.alert_quality.score import judge, score
from tests.alert_quality.team import DAYS, Incident, Team
from tests.alert_quality.teams import fleet

pytestmark = pytest.mark.proof


def team(*incidents: Incident) -> Team:
    return Team("a", "office", 0, [1.0] * 24 * DAYS, list(incidents))


LOOP = Incident("loop", 1000, 1010, 1250, (10.0,) * 10)


def test_an_incident_counts_once_with_its_first_alert_and_what_came_after_it() -> None:
    (found,), false, _ = judge(team(LOOP), [1004.0, 1008.0, 1031.0])
    assert (found.hours, found.dollars, found.after, found.days, false) == (4.0, 100.0, 60.0, 2, 0)


def test_an_alert_is_false_outside_an_incident_once_a_day_and_not_in_its_aftermath() -> None:
    (missed,), false, months = judge(team(LOOP), [100.0, 800.0, 801.0, 1100.0, 1300.0])
    assert (missed.hours, false) == (None, 2)
    assert months == pytest.approx((DAYS - 28 - (1250 + 26 - 1000) / 24) / 30)


def test_the_figures_follow_from_what_was_found_and_what_was_false() -> None:
    told = score([judge(team(LOOP), [1004.0]), judge(team(LOOP), [800.0])])
    assert (told.recall, told.precision, told.f1, told.dollars, told.dollars_after) == (0.5, 0.5, 0.5, 0.5, 0.3)


def test_the_same_seed_makes_the_same_teams_and_another_seed_others() -> None:
    assert fleet(3, 4) == fleet(3, 4)
    assert fleet(3, 4) != fleet(4, 4)


def test_the_engine_beats_every_common_detector_even_on_late_data() -> None:
    """A dozen teams tell a broken engine from a whole one; `make alert-quality` tells a good one from a better one."""
    teams = fleet(7, 12)
    told = {name: score(judge(one, detect(one)) for one in teams) for name, detect in DETECTORS.items()}
    best, late = told.pop("claude-usage"), told.pop("claude-usage, late and restated data")
    assert best.f1 > 0.1 + max(other.f1 for other in told.values())
    assert best.dollars >= 0.85
    assert best.alerts_each <= 1.5
    assert late.false_a_month <= best.false_a_month + 0.1


def test_a_detector_is_told_nothing_of_the_future() -> None:
    one = fleet(7, 1)[0]
    half = Team(one.name, one.kind, one.begins, one.hours[: 24 * 100], one.incidents)
    assert [alert for alert in ours(one) if alert <= 24 * 100] == ours(half)
