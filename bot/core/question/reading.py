"""One pass over the words of a question, clause by clause; what they mean together is for `meaning` to say."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from bot.core.errors import WordsError
from bot.core.periods import MONTHS, Period
from bot.core.said_periods import parse_period
from bot.core.typed import Word
from bot.core.words import (
    ASKED_OF,
    BY,
    DIMENSIONS,
    EACH,
    FILLERS,
    MANY,
    ME,
    ONE,
    OUTLOOKS,
    PICTURES,
    PREVIOUS,
    SHEETS,
    SPENDING,
    SUBJECTS,
    VERSUS,
    WANTED,
    Dimension,
    Picture,
    Sheet,
    Subject,
    Wanted,
)

MOST_ROWS, USUAL_ROWS = 500, 10
WHY_EXAMPLE = "why team alpha last week"
PERIOD_WORDS = (
    *("today", "yesterday", "week", "month", "quarter", "year", "days", "last"),
    *(f"{beside} {unit}" for beside in ("this", "last") for unit in ("week", "month", "quarter", "year")),
    *MONTHS,
)
SLIP = 0.8  # one letter: closer than `fast` is to `last`
_MOST_PERIOD_WORDS = 7  # 28 december 2025 to 3 january 2026
_TOP = re.compile(r"top-?([0-9]{1,9})?")
_NUMBER = re.compile(r"-?[0-9]{1,9}")
_BESIDE = frozenset({"this", "last", "past", "current", "previous", "prior"})
_T = TypeVar("_T")


class UnknownWord(Exception):
    """The word at `at` is none of `known`."""

    def __init__(self, at: int, known: tuple[str, ...], example: str) -> None:
        super().__init__(at, known, example)
        self.at, self.known, self.example = at, known, example


class Reading:
    """What each clause says; what no clause takes is `loose`. Raises WordsError and UnknownWord."""

    def __init__(self, words: list[Word], now: datetime, zone: str) -> None:
        self.words, self.now, self.zone = words, now, zone
        self.at = 0
        asked = {SUBJECTS.get(word.key) for word in words}
        self.comparing, self.exporting = Subject.COMPARE in asked, Subject.EXPORT in asked
        self.drawing, self.subscribing = Subject.CHART in asked, Subject.SUBSCRIBE in asked
        self.subject: Subject | None = None
        self.subject_at = 0
        self.helped: Subject | None = None
        self.asked_of: Subject | None = None
        """What is asked of the subject, such as why it moved."""
        self.chart = False
        self.picture: Picture | None = None
        self.sheet: Sheet | None = None
        self.wanted: Wanted | None = None
        self.me_at: int | None = None
        self.period: Period | None = None
        self.by: Dimension | None = None
        self.top: int | None = None
        self.period_at: range | None = None
        self.versus_at: range | None = None
        self.compared = False
        self.versus: Period | None = None
        self.share = False
        self.loose: list[int] = []
        clauses = (self._by, self._top, self._versus, self._period, self._share, self._subject)
        while self.at < len(words):
            if not any(clause() for clause in clauses):
                self.loose.append(self.at)
                self.at += 1

    def mistake(self, at: int) -> int:
        """The word to correct: `wek` in `last wek`."""
        return at + 1 if self.words[at].key in _BESIDE and at + 1 < len(self.words) else at

    def _key(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.words[at].key if at < len(self.words) else ""

    def _longest(self, known: Mapping[str, _T]) -> _T | None:
        """What the next two words mean together, or the next one alone; moves past them."""
        for phrase, count in ((f"{self._key()} {self._key(1)}", 2), (self._key(), 1)):
            if phrase in known:
                self.at += count
                return known[phrase]
        return None

    def _subject(self) -> bool:
        at = self.at
        if self.drawing and self.picture is None:
            self.picture = self._longest(PICTURES)
            if self.picture:
                return True
        if self.exporting and self.sheet is None:
            self.sheet = self._longest(SHEETS)
            if self.sheet:
                return True
        if self.subscribing and self.wanted is None:
            self.wanted = self._longest(WANTED)
            if self.wanted:
                return True
        subject = self._longest(SUBJECTS)
        if subject is None:
            return False
        if subject is Subject.CODE and (self.subject in MANY or self.subject in ONE):
            self.at = at  # every organisation has a workspace called Claude Code
            return False
        if self.subject is Subject.HELP and subject is not Subject.HELP:
            self.helped = self.helped or subject
        elif subject in ASKED_OF:
            self._ask_of(subject, at)
        elif self.subject in (None, Subject.SUMMARY):  # `all teams`, `summary of team alpha`
            self.subject, self.subject_at = subject, at
            if subject in (Subject.USER, Subject.CODE):
                self._myself()
        elif subject is not Subject.SUMMARY and MANY.get(subject, subject) != MANY.get(self.subject, self.subject):
            if self.comparing:
                raise WordsError(
                    f"I put things of one kind side by side, not `{self.subject}` and `{subject}`. "
                    "Try `/claude-usage compare teams alpha beta`."
                )
            raise WordsError(
                f"I answer about one thing at a time, not `{self.subject}` and `{subject}`. "
                "Try `/claude-usage team alpha by model`; if the word is part of a name, put the name in quotes."
            )
        return True

    def _ask_of(self, subject: Subject, at: int) -> None:
        """What is asked of the thing named after it; a chart goes with what it draws: `forecast chart`."""
        if subject is Subject.CHART:
            self.chart = True
        elif self.asked_of in (None, subject) or {self.asked_of, subject} <= OUTLOOKS:
            self.asked_of = subject
        else:
            raise WordsError(f"I answer one question at a time, not `{self.asked_of}` and `{subject}`.")
        if subject is not Subject.WHY:
            self.subject_at = self.subject_at if self.subject else at
        if subject is Subject.PLAN or subject in OUTLOOKS:
            self._myself()

    def _myself(self) -> None:
        """`me` as a name."""
        if self._key() == ME:
            self.me_at = self.at
            self.loose.append(self.at)
            self.at += 1

    def _by(self) -> bool:
        if self._key() in EACH:
            self._cut_by(EACH[self._key()])
            self.at += 1
            return True
        if self._key() not in BY:
            return False
        self.at += 1
        if self._key() in SPENDING:  # `by cost` is how rows are ranked anyway
            self.at += 1
            return True
        if self.at == len(self.words):
            raise WordsError("By what? Try `/claude-usage teams by model`.")
        dimension = self._longest(DIMENSIONS)
        if dimension is None:
            raise UnknownWord(self.at, tuple(DIMENSIONS), "teams by model")
        self._cut_by(dimension)
        return True

    def _cut_by(self, dimension: Dimension) -> None:
        if self.by not in (None, dimension):
            raise WordsError(f"I cut one way at a time: `by {self.by}` or `by {dimension}`.")
        self.by = dimension

    def _top(self) -> bool:
        found = _TOP.fullmatch(self._key())
        if found is None:
            return False
        self.at += 1
        number = found[1]
        if number is None and _NUMBER.fullmatch(self._key()):
            number = self._key()
            self.at += 1
        number = number or str(USUAL_ROWS)  # `top models`
        if not 1 <= int(number) <= MOST_ROWS:
            raise WordsError(f"`top` takes a number from 1 to {MOST_ROWS}. Try `/claude-usage models top 5`.")
        if self.top not in (None, int(number)):
            raise WordsError(f"I take one `top`, not {self.top} and {int(number)}.")
        self.top = int(number)
        return True

    def _versus(self) -> bool:
        if self._key() not in VERSUS or (self.comparing and self._joins_names()):
            return False
        begin = self.at
        self.at += 1
        while self._key() in FILLERS:
            self.at += 1
        if self.at == len(self.words):
            raise WordsError("Against what? Try `/claude-usage team alpha this month vs last month`.")
        if self.compared:
            raise WordsError("I compare with one period at a time.")
        self.compared = True
        self.versus = self._next_period()
        if self.versus is None and self._key() in PREVIOUS:
            self.at += 2 if self._key(1) == "period" else 1
            self.versus_at = range(begin, self.at)
            return True
        self.versus_at = range(begin, self.at)
        if self.versus is None:
            raise UnknownWord(self.mistake(self.at), (*PERIOD_WORDS, *PREVIOUS), "team alpha this month vs last month")
        return True

    def _joins_names(self) -> bool:
        """`compare alpha vs beta`: what follows is no period."""
        begin, self.at = self.at, self.at + 1
        try:
            while self._key() in FILLERS:
                self.at += 1
            return self._key() not in PREVIOUS and self._next_period() is None
        finally:
            self.at = begin

    def _period(self) -> bool:
        begin = self.at
        period = self._next_period()
        if period is None:
            if self._key() == "since":
                raise WordsError("Since when? Try `/claude-usage team alpha since 2026-11-01`.")
            return False
        if self.period not in (None, period):
            raise WordsError("I take one period; a second one comes after `vs`: `this month vs last month`.")
        self.period, self.period_at = period, range(begin, self.at)
        return True

    def _next_period(self) -> Period | None:
        """The period that most of the next words name; moves past it."""
        for count in range(_MOST_PERIOD_WORDS, 0, -1):
            keys = [word.key for word in self.words[self.at : self.at + count]]
            if len(keys) < count or not all(keys):
                continue
            period = parse_period(" ".join(keys), now=self.now, zone=self.zone)
            if period is not None:
                self.at += count
                return period
        return None

    def _share(self) -> bool:
        if self._key() != "share":
            return False
        self.share = True
        self.at += 1
        return True
