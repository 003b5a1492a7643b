"""A question with everything that it may be answered from: the store, the names in force, and who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection

from bot.answers.pieces import Plan
from bot.core.access import NOBODY, Access, Asker
from bot.core.question import Question, Subject
from bot.core.report import Findings
from bot.services.figures.findings import gather
from bot.services.figures.list_range import ranged
from bot.services.figures.names import Found, Names
from bot.services.figures.sight import Sight
from bot.services.figures.view import Coverage, View


@dataclass(frozen=True)
class Inquiry:
    """A question as of `now`; what is not needed is not read. `zone` is where people count their days unless the
    configuration says another."""

    connection: Connection
    question: Question
    now: datetime
    zone: str
    asker: Asker = NOBODY
    shared: bool = False
    """Others read the answer."""

    @cached_property
    def names(self) -> Names:
        return Names.read(self.connection)

    @property
    def here(self) -> str:
        """The zone people count their days in."""
        return self.names.zone(self.zone)

    @cached_property
    def coverage(self) -> Coverage:
        return Coverage.read(self.connection, self.now)

    @cached_property
    def sight(self) -> Sight:
        filed = self.question.subject is Subject.EXPORT  # the file goes to the asker alone, whoever reads about it
        shared = self.shared or (self.question.share and not filed)
        return Sight.of(self.connection, self.names, self.asker, shared=shared)

    @property
    def access(self) -> Access:
        return self.sight.access

    @cached_property
    def found(self) -> Found:
        """What the question names. Raises NotFound, and Withheld where its figure is not for the asker."""
        found = self.sight.find(self.question, self.names)
        self.sight.allow(found, self.coverage.cut(self.question.period), self.coverage)
        return found

    @cached_property
    def view(self) -> View:
        return self.view_of(self.found)

    def view_of(self, found: Found) -> View:
        return View(self.connection, found.selection, self.coverage)

    def findings(self, question: Question, plan: Plan, found: Found | None = None) -> Findings:
        """The figures of what was asked about, or of another thing, as far as the asker may see them."""
        found = found or self.found
        view = self.view_of(found)
        findings = ranged(view, gather(view, question, found, self.names, plan, self.zone))
        return self.sight.shown(findings, found, self.coverage)
