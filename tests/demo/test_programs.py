"""What the demo's programs do; that the bot takes it all, the page's test sees."""

from datetime import UTC, datetime, timedelta

from bot.demo.programs import PROGRAMS

NOW = datetime(2026, 11, 22, 9, 20, tzinfo=UTC)


def test_a_program_makes_the_same_calls_every_time_within_the_time_it_is_given() -> None:
    since = NOW - timedelta(hours=2)
    for program in PROGRAMS:
        calls = list(program.calls(since, NOW))
        assert calls == list(program.calls(since, NOW))
        assert len(calls) == 2 * program.hourly
        assert all(since <= call["timestamp"] < NOW for call in calls)
