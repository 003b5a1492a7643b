"""Where the reports end and live calls go on; and, for a day that both know, how far they agree."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from bot.answers.calls.unreported import Unreported
from bot.core import wording
from bot.core.access import NOBODY
from bot.core.calls.call import Origin
from bot.core.calls.owners import CallOwners, Said
from bot.core.calls.sums import Sums, added
from bot.core.directory import family
from bot.core.hours import Stretch, on_the_hour
from bot.core.money import Money
from bot.core.question import Subject
from bot.core.usage import Source
from bot.core.utc import midnight
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.live_calls import LiveCalls, Seen, group
from bot.services.figures.names import Names
from bot.services.figures.view import Coverage
from bot.store import calls, ledger
from bot.store.readings import snapshots

DISAGREES = 0.1
"""The part of a closed day's tokens by which calls and reports may differ before somebody should know."""
FILLED = (Subject.SUMMARY, Subject.TEAM, Subject.MODEL)
"""What is asked about when the newest hours are filled from calls."""
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
NOT_BILLED = (Origin.OTLP, Origin.IMPORT)
"""A subscription's use is no part of the bill, and a log that is imported may be of any account."""


def unreported(asked: Inquiry) -> Unreported | None:
    """The live calls of a running period that are newer than what was read; None where that is nothing."""
    connection, question, coverage = asked.connection, asked.question, asked.coverage
    if not question.period.running or question.subject not in FILLED or not calls.any_held(connection):
        return None
    since = max(on_the_hour(question.period.start), reported_until(connection, coverage))
    until = min(on_the_hour(coverage.now) + _HOUR, question.period.end)
    if since >= until:
        return None
    seen = LiveCalls(connection, asked.names, asked.access, NOBODY).seen(since, until)
    mine = [one for one in seen if one.held.series.origin not in NOT_BILLED and _is_of(one, asked)]
    total = added(one.held.sums for one in mine)
    if not total.calls or not group(mine).is_open:
        return None
    return Unreported(since, until, total.calls, total.listed)


def held(
    connection: Connection,
    names: Names,
    stretch: Stretch,
    teams: Collection[str] | None,
    models: Collection[str] | None,
) -> tuple[int, Money | None]:
    """How many calls of these teams and models (None: of all) the hours of such an estimate hold by now, and their list
    cost."""
    owners, some = CallOwners(names.configuration.teams, names.organizations), Sums()
    for one in calls.by_series(connection, stretch.start, stretch.end):
        series, day = one.series, stretch.start.date()
        team = owners.team(Said(series.bound_team, series.team, series.api_key, series.caller), day)
        wanted = (teams is None or team in teams) and (models is None or series.model in models)
        if wanted and series.origin not in NOT_BILLED:
            some.merge(one.sums)
    return some.calls, some.listed


def reported_until(connection: Connection, coverage: Coverage) -> datetime:
    """The hour up to which the usage of every organisation was read: that of the reading, while a day still runs."""
    today = coverage.now.astimezone(UTC).date()
    ends = []
    for organization_id in coverage.organizations:
        read = snapshots.fetched(connection, organization_id, Source.USAGE, today - _DAY, today + _DAY)
        newest = max(read, default=None)
        ends.append(
            midnight(today - _DAY) if newest is None else min(midnight(newest + _DAY), on_the_hour(read[newest]))
        )
    return min(ends, default=midnight(today))


def disagreement(connection: Connection, names: Names, coverage: Coverage) -> str:
    """What to say where yesterday's calls and reports differ by more than they should; "" where they do not."""
    through = coverage.data_through
    if through is None or not calls.any_held(connection):
        return ""
    day = through.date() - _DAY
    told = [
        held.sums.tokens
        for held in calls.by_series(connection, midnight(day), midnight(day + _DAY))
        if held.series.origin not in NOT_BILLED
    ]
    if not told:
        return ""
    reported = ledger.figures(connection, day, day + _DAY, selection=names.selection()).get("")
    return _differs(day, sum(told), (reported.total_tokens if reported else 0) or 0)


def _differs(day: date, told: int, reported: int) -> str:
    when = f"On {day.day} {day:%b} programs told of {wording.count(told)} tokens and Anthropic reports "
    when += wording.count(reported)
    if told > reported * (1 + DISAGREES):
        return f"{when}: more was called than this organisation's reports know, so some of it is another account's."
    if told < reported * (1 - DISAGREES):
        part = wording.percent(1 - told / reported)
        return f"{when}: {part} of the traffic is not recorded."
    return ""


def _is_of(one: Seen, asked: Inquiry) -> bool:
    match asked.question.subject:
        case Subject.TEAM:
            return one.team_id in family(asked.found.id or "", asked.names.configuration.teams)
        case Subject.MODEL:
            return one.held.series.model in (asked.found.selection.models or ())
        case _:
            return True
