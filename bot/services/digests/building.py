"""What a digest says: gathered from the ledger for the instant it is about, whenever it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import Connection

from bot.answers import digest as digest_answer
from bot.answers.answer import Answer
from bot.answers.digest import Digested, OpenAlert
from bot.answers.forecast import Outlook
from bot.answers.pieces import Plan
from bot.answers.why import Explained
from bot.core.access import NOBODY, Asker
from bot.core.alerts.rule import WHOLE_ORGANISATION
from bot.core.directory import family
from bot.core.errors import NotFound, Withheld
from bot.core.outlook.budget import Standing
from bot.core.periods import Period, Unit, days, local_date, midnight, span
from bot.core.question import Dimension, Question, Subject
from bot.core.report import Figures, Report
from bot.core.said_periods import month_to_date
from bot.core.schedule import Occurrence
from bot.core.words import ME
from bot.services.asking import change, outlook
from bot.services.figures.findings import gather
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.names import Found
from bot.store.alerts import episodes

COURSE_DAYS = 14
COURSE_WEEKS = 13
COURSE_MONTHS = 12
"""How far back the picture of a digest goes; Slack draws up to 20 bars itself."""
_LONG = (Unit.MONTH, Unit.QUARTER)
_PLANS = {
    Subject.SUMMARY: Plan(Dimension.TEAM, (Dimension.MODEL, Dimension.KEY)),
    Subject.TEAM: Plan(Dimension.KEY, (Dimension.MODEL,)),
    Subject.USER: Plan(Dimension.MODEL, (Dimension.KEY,)),
}


@dataclass(frozen=True, slots=True)
class Built:
    """A digest as it will be read, and which occurrence it is; `details` stand in its thread."""

    occurrence: Occurrence
    answer: Answer
    details: Answer | None


def build(connection: Connection, occurrence: Occurrence, zone: str, asker: Asker = NOBODY) -> Built:
    """The digest as its channel may see it, or as `asker` may, who gets it.

    Raises Withheld where its figures would be one person's, NotFound where that person is nobody in the organisation.
    """
    digested = _Building(connection, occurrence, zone, asker).digested()
    return Built(occurrence, digest_answer.answer(digested), digest_answer.details(digested))


class _Building:
    """Everything that the parts of one digest have in common."""

    def __init__(self, connection: Connection, occurrence: Occurrence, zone: str, asker: Asker) -> None:
        self.connection, self.occurrence, self.digest = connection, occurrence, occurrence.digest
        self.zone = zone
        self.here = self.digest.zone or zone
        self.period = occurrence.period(self.here)
        question, shared = self._question(self._subject), self.digest.channel is not None
        self.asked = Inquiry(connection, question, occurrence.due, zone, asker, shared)
        self.names = self.asked.names
        self.found = self._found()

    def digested(self) -> Digested:
        plan = _PLANS[self._subject]
        findings = self.asked.findings(self.asked.question, plan)
        course, step = self._course()
        return Digested(
            self.occurrence,
            self.found.name,
            findings,
            self._explained(plan, findings.report),
            course,
            step,
            self._so_far(),
            self._budgets(),
            self._outlook(),
            tuple(self._alerts()),
        )

    @property
    def _subject(self) -> Subject:
        return Subject.USER if self.digest.own else Subject.TEAM if self.digest.team else Subject.SUMMARY

    def _question(self, subject: Subject, period: Period | None = None, about: Subject | None = None) -> Question:
        name = ME if self.digest.own else self.digest.team
        period, versus = period or self.period, _beside(self.period) if period is None else None
        return Question(subject, name, period, None, None, versus, share=False, text="", about=about)

    def _found(self) -> Found:
        try:
            return self.asked.found
        except NotFound:
            if self.digest.own:
                raise NotFound(
                    f"Nobody in Anthropic's organisation has the e-mail address of {self.digest.to}, so there are no "
                    "figures of their own. Name another person, or a team with scope."
                ) from None
            raise

    def _explained(self, plan: Plan, report: Report) -> Explained | None:
        """Why it is more or less than before; nothing to read where either is not known, or nothing moved."""
        if report.total.billed_cost is None or report.previous.billed_cost is None:
            return None
        return change.explain(self.asked, Plan(plan.by))

    def _course(self) -> tuple[Sequence[tuple[date, Figures]], Dimension]:
        end = local_date(self.period.end, self.here)
        step, start = Dimension.DAY, end - timedelta(days=COURSE_DAYS)
        if self.period.unit is Unit.MONTH:
            monday = end - timedelta(days=end.weekday())
            step, start = Dimension.WEEK, monday - timedelta(days=7 * COURSE_WEEKS)
            end = monday
        elif self.period.unit is Unit.QUARTER:
            step, start = Dimension.MONTH, end.replace(year=end.year - COURSE_MONTHS // 12)
        course = replace(self.period, start=midnight(start, self.here), end=midnight(end, self.here))
        if not self._is_open(course):
            return (), step
        found = self.asked.view.by(step, course)
        return [(date.fromisoformat(day), figures) for day, figures in sorted(found.items())], step

    def _so_far(self) -> Report | None:
        if self.period.unit in _LONG:
            return None
        so_far = month_to_date(now=self.period.end - timedelta(seconds=1), zone=self.here).until(self.period.end)
        if not self._is_open(so_far):
            return None
        question = self._question(self._subject, so_far)
        by = Plan(_PLANS[self._subject].by)
        return gather(self.asked.view, question, self.found, self.names, by, self.zone).report

    def _budgets(self) -> tuple[tuple[str, Standing], ...]:
        """Those of what it is about, at the end of its period."""
        question = self._question(Subject.BUDGET, self.period, self._subject)
        return outlook.budgeted(replace(self.asked, question=question)).lines

    def _outlook(self) -> Outlook | None:
        """The month in which it is read."""
        month = month_to_date(now=self.occurrence.due, zone=self.here)
        if not self._is_open(month):
            return None
        return outlook.ahead(self._question(Subject.FORECAST, month, self._subject), self.found, self.asked.view)

    def _is_open(self, period: Period) -> bool:
        """Whether more than its own period may be shown: on a day nobody may be hidden, in its month one person."""
        coverage = self.asked.coverage
        try:
            self.asked.sight.allow(self.found, coverage.cut(period), coverage)
        except Withheld:
            return False
        return True

    def _alerts(self) -> Iterator[OpenAlert]:
        """What was open when the digest was due, of what it is about."""
        if self.digest.own:
            return
        due, teams = self.occurrence.due, self.names.configuration.teams
        mine = family(self.digest.team, teams) if self.digest.team else None
        for episode in (*episodes.firing(self.connection), *episodes.lately_resolved(self.connection, due)):
            if episode.fired_at > due or (mine is not None and episode.scope not in mine):
                continue
            team = self.names.configuration.team(episode.scope)
            who = self.names.organization if episode.scope == WHOLE_ORGANISATION else team.name if team else None
            if who:
                taken = episode.acknowledged_at is not None and episode.acknowledged_at <= due
                yield OpenAlert(episode.rule_id, who, local_date(episode.since, self.here), taken)


def _beside(period: Period) -> Period | None:
    """Days are compared with the same weekdays before them: a Monday against a Sunday would always be news."""
    if period.unit not in (Unit.DAY, Unit.RANGE):
        return None
    count = len(days(period))
    back = timedelta(days=7 * -(-count // 7))
    first = local_date(period.start, period.zone) - back
    last = local_date(period.end - timedelta.resolution, period.zone) - back
    label = f"{first:%A} {first.day} {first:%B}" if period.unit is Unit.DAY else span(first, last)
    stop = last + timedelta(days=1)
    return replace(period, start=midnight(first, period.zone), end=midnight(stop, period.zone), label=label)
