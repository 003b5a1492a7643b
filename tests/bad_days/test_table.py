"""Every line of the table is proved, here or where the thing itself is tested."""

import ast

import pytest

import tests.bad_days.test_around_it
import tests.bad_days.test_database
import tests.bad_days.test_machine  # noqa: F401  (they say what they prove when they are read)
from tests.bad_days.table import LINES, PROVED, ROOT

pytestmark = pytest.mark.proof

ELSEWHERE = {
    "a day does not add up": (
        "services/test_reconcile.py",
        "test_the_admins_are_told_once_what_is_wrong_and_what_to_do",
    ),
    "a channel is archived, the bot not in it, a person gone": (
        "services/test_digests.py",
        "test_a_place_that_can_not_be_reached_is_told_to_the_admins_once_and_again_after_it_could",
    ),
    "Slack took a message and its answer was lost": (
        "services/test_digests.py",
        "test_a_message_whose_answer_was_lost_is_looked_for_where_the_bot_may_look",
    ),
    "a socket that says connected and brings nothing": (
        "slack/test_connection.py",
        "test_a_connection_is_replaced_when_slack_is_deaf_silent_or_away_for_too_long",
    ),
    "schema older than the program": (
        "store/test_schema.py",
        "test_a_database_that_was_never_migrated_is_told_how",
    ),
    "schema newer than the program, by one release (a rolling upgrade)": (
        "test_rolling_upgrade.py",
        "test_the_version_before_reads_and_writes_on_the_next_schema",
    ),
    "schema newer by two releases or more": (
        "test_rolling_upgrade.py",
        "test_a_replica_of_the_version_before_starts_on_it_and_one_of_two_before_does_not",
    ),
    "a replica killed": ("crash/test_crash.py", "test_whoever_dies_when_everything_is_there_once"),
    "a replica's clock more than 60 s from PostgreSQL's": (
        "test_timekeeping.py",
        "test_a_replica_whose_clock_is_wrong_says_so_and_does_nothing_until_it_is_right",
    ),
    "clock wrong by more than five minutes, on SQLite too": (
        "terminal/test_doctor.py",
        "test_a_clock_that_is_off_is_told",
    ),
    "a week of downtime": (
        "services/test_digests.py",
        "test_after_a_week_away_only_the_newest_missed_occurrence_is_posted",
    ),
    "too many questions at once": (
        "slack/test_app.py",
        "test_an_answer_may_take_longer_than_slack_waits_for_the_acknowledgement",
    ),
    "programs send calls too fast": (
        "web/test_calls.py",
        "test_a_flood_from_one_client_is_asked_to_wait_and_starves_nobody",
    ),
}


def test_every_line_is_proved() -> None:
    assert sorted(LINES.keys() - PROVED - ELSEWHERE.keys()) == []
    assert sorted(ELSEWHERE.keys() - LINES.keys()) == []


def test_what_is_proved_elsewhere_is() -> None:
    missing = []
    for file, name in ELSEWHERE.values():
        tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
        there = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        missing += [name] * (name not in there)
    assert missing == []
