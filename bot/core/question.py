"""The sentence after `/claude-usage` as a question: about what, when, by what, against what."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from bot.core.errors import WordsError
from bot.core.nearest import nearest
from bot.core.periods import MONTHS, Period, month_to_date, parse_period
from bot.core.words import (
    BY,
    DIMENSIONS,
    FILLERS,
    MANY,
    ONE,
    PREVIOUS,
    SPENDING,
    SUBJECTS,
    VERSUS,
    Dimension,
    Subject,
    Word,
    quote,
    shown,
    split,
)

__all__ = ["MOST_ROWS", "Dimension", "Question", "Subject", "parse", "written"]

MOST_ROWS = 500
_MOST_CHARACTERS = 2000
_MOST_WORDS = 60
_LONGEST_NAME = 200
_MOST_PERIOD_WORDS = 5  # october 2025 to october 2026
_NEAR = 0.7
_SLIP = 0.8  # one letter: closer than `fast` is to `last`
_FIXES = 3
_ANY_TIME = datetime(2026, 7, 1, tzinfo=UTC)
"""Which words are a period does not depend on when they are said."""
_TOP = re.compile(r"top-?([0-9]{1,9})?")
_NUMBER = re.compile(r"-?[0-9]{1,9}")
_BESIDE = frozenset({"this", "last", "past", "current"})
_PERIOD_WORDS = (
    *("today", "yesterday", "week", "month", "quarter", "year", "days", "last"),
    *(f"{beside} {unit}" for beside in ("this", "last") for unit in ("week", "month", "quarter", "year")),
    *MONTHS,
)


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants to know; the name is as typed, not looked up."""

    subject: Subject
    name: str | None
    period: Period
    by: Dimension | None
    """None: the subject's own default."""
    top: int | None
    versus: Period | None
    """None: the period before."""
    share: bool
    text: str
    """The words that ask it again."""


def parse(text: str, *, now: datetime, zone: str) -> Question:
    """The question a sentence asks; raises WordsError, with the nearest sentence that would have worked."""
    if len(text) > _MOST_CHARACTERS:
        raise WordsError(f"That is {len(text):,} characters long. I read up to {_MOST_CHARACTERS:,}.")
    words = split(text)
    if len(words) > _MOST_WORDS:
        raise WordsError(f"That is {len(words):,} words long. I read up to {_MOST_WORDS}.")
    try:
        question = _Reading(words, now, zone).question()
    except _UnknownWord as unknown:
        fixed = _fixed(words, unknown, now, zone, _FIXES)
        meant = f" Did you mean `{_sentence(fixed)}`? For example:" if fixed else " Try"
        word = shown(words[unknown.at].text)
        raise WordsError(f"I don't know the word “{word}”.{meant} `/claude-usage {unknown.example}`.") from None
    _refuse_a_slip(words, question, now, zone)
    return question


def written(subject: Subject, name: str) -> str:
    """The name as one would type it after the subject: bare where it reads as the same name, in quotes elsewhere."""
    if subject is Subject.HELP:
        return name
    try:
        bare = " " not in name and _Reading(split(f"{subject} {name}"), _ANY_TIME, "UTC").name() == name
    except (WordsError, _UnknownWord):
        bare = False
    return name if bare else quote(name)


_T = TypeVar("_T")


class _UnknownWord(Exception):
    """The word at `at` is none of `known`."""

    def __init__(self, at: int, known: tuple[str, ...], example: str) -> None:
        super().__init__(at, known, example)
        self.at, self.known, self.example = at, known, example


class _Reading:
    """One pass over the words, clause by clause; what no clause takes is the name, or a mistake."""

    def __init__(self, words: list[Word], now: datetime, zone: str) -> None:
        self.words, self.now, self.zone = words, now, zone
        self.at = 0
        self.subject: Subject | None = None
        self.subject_at = 0
        self.helped: Subject | None = None
        self.period: Period | None = None
        self.by: Dimension | None = None
        self.top: int | None = None
        self.compared = False
        self.versus: Period | None = None
        self.share = False
        self.loose: list[int] = []
        clauses = (self._by, self._top, self._versus, self._period, self._share, self._subject)
        while self.at < len(words):
            if not any(clause() for clause in clauses):
                self.loose.append(self.at)
                self.at += 1

    def question(self) -> Question:
        """What was read, with its defaults and the words that ask it again."""
        name = self.name()
        subject = self.subject or Subject.SUMMARY
        subject = ONE.get(subject, subject) if name else MANY.get(subject, subject)
        usual = month_to_date(now=self.now, zone=self.zone)
        period = self.period or usual
        timeless = subject in (Subject.HELP, Subject.STATUS) and period == usual
        parts = [
            subject.value,
            written(subject, name) if name else "",
            "" if timeless else period.words,
            f"by {self.by}" if self.by else "",
            f"top {self.top}" if self.top else "",
            f"vs {self.versus.words}" if self.versus else "",
            "share" if self.share else "",
        ]
        text = " ".join(part for part in parts if part)
        return Question(subject, name, period, self.by, self.top, self.versus, self.share, text)

    def name(self) -> str | None:
        """The subject `help` is about, or the one run of words left over, without the fillers around it."""
        names = [run for run in map(self._without_fillers, self._runs()) if run]
        named = self.subject in MANY or self.subject in ONE
        if names and not (named and names[0][0] > self.subject_at):
            raise _UnknownWord(self._mistake(names[0][0]), (*SUBJECTS, *_PERIOD_WORDS, "top", "share"), "team alpha")
        written = [" ".join(self.words[at].text for at in run) for run in names]
        if len(written) > 1:
            first, second = map(shown, written[:2])
            raise WordsError(f"I take one name, not “{first}” and “{second}”. Put a name with spaces in quotes.")
        if written and len(written[0]) > _LONGEST_NAME:
            raise WordsError(f"A name has at most {_LONGEST_NAME} characters, not {len(written[0]):,}.")
        if self.helped:
            return self.helped.value
        return written[0] if written else None

    def _runs(self) -> list[list[int]]:
        """Left-over words side by side; a quoted one stands alone."""
        runs: list[list[int]] = []
        for at in self.loose:
            if runs and runs[-1][-1] == at - 1 and not self.words[at - 1].quoted and not self.words[at].quoted:
                runs[-1].append(at)
            else:
                runs.append([at])
        return runs

    def _without_fillers(self, run: list[int]) -> list[int]:
        telling = [at for at in run if self.words[at].key not in FILLERS]
        return [at for at in run if telling[0] <= at <= telling[-1]] if telling else []

    def _mistake(self, at: int) -> int:
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
        subject = self._longest(SUBJECTS)
        if subject is None:
            return False
        if self.subject is Subject.HELP and subject is not Subject.HELP:
            self.helped = self.helped or subject
        elif self.subject in (None, Subject.SUMMARY):  # `all teams`, `summary of team alpha`
            self.subject, self.subject_at = subject, at
        elif subject is not Subject.SUMMARY and MANY.get(subject, subject) != MANY.get(self.subject, self.subject):
            raise WordsError(
                f"I answer about one thing at a time, not `{self.subject}` and `{subject}`. "
                "Try `/claude-usage team alpha by model`; if the word is part of a name, put the name in quotes."
            )
        return True

    def _by(self) -> bool:
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
            raise _UnknownWord(self.at, tuple(DIMENSIONS), "teams by model")
        if self.by not in (None, dimension):
            raise WordsError(f"I cut one way at a time: `by {self.by}` or `by {dimension}`.")
        self.by = dimension
        return True

    def _top(self) -> bool:
        found = _TOP.fullmatch(self._key())
        if found is None:
            return False
        self.at += 1
        number = found[1]
        if number is None and _NUMBER.fullmatch(self._key()):
            number = self._key()
            self.at += 1
        if number is None or not 1 <= int(number) <= MOST_ROWS:
            raise WordsError(f"`top` takes a number from 1 to {MOST_ROWS}. Try `/claude-usage models top 5`.")
        if self.top not in (None, int(number)):
            raise WordsError(f"I take one `top`, not {self.top} and {int(number)}.")
        self.top = int(number)
        return True

    def _versus(self) -> bool:
        if self._key() not in VERSUS:
            return False
        self.at += 1
        while self._key() in FILLERS:
            self.at += 1
        if self.at == len(self.words):
            raise WordsError("Against what? Try `/claude-usage team alpha this month vs last month`.")
        if self.compared:
            raise WordsError("I compare with one period at a time.")
        self.compared = True
        if self._key() in PREVIOUS:
            self.at += 2 if self._key(1) == "period" else 1
            return True
        self.versus = self._next_period()
        if self.versus is None:
            raise _UnknownWord(
                self._mistake(self.at), (*_PERIOD_WORDS, *PREVIOUS), "team alpha this month vs last month"
            )
        return True

    def _period(self) -> bool:
        period = self._next_period()
        if period is None:
            if self._key() == "since":
                raise WordsError("Since when? Try `/claude-usage team alpha since 2026-11-01`.")
            return False
        if self.period not in (None, period):
            raise WordsError("I take one period; a second one comes after `vs`: `this month vs last month`.")
        self.period = period
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


def _fixed(words: list[Word], unknown: _UnknownWord, now: datetime, zone: str, fixes: int) -> list[Word] | None:
    """The sentence with its unknown words replaced by the nearest that make it one we can read."""
    for candidate in nearest(words[unknown.at].text, unknown.known, cutoff=_NEAR):
        fixed = [*words[: unknown.at], *split(candidate), *words[unknown.at + 1 :]]
        try:
            _Reading(fixed, now, zone).question()
        except _UnknownWord as another:
            further = _fixed(fixed, another, now, zone, fixes - 1) if fixes > 1 else None
            if further:
                return further
        except WordsError:
            continue
        else:
            return fixed
    return None


def _refuse_a_slip(words: list[Word], question: Question, now: datetime, zone: str) -> None:
    """`team alpha lst week` reads as a name of three words; where one letter makes it a period, ask."""
    if not question.name:
        return
    typed = [at for at, word in enumerate(words) if not word.quoted and word.text in question.name.split()]
    named = any(SUBJECTS.get(word.key) is question.subject for word in words)
    for at in typed[1:] if named else typed:  # after `team` the first word is a name, however near to `yesterday`
        # `month` itself is no slip of a letter, but half of `this month`.
        cutoff = _NEAR if words[at].key in _PERIOD_WORDS else _SLIP
        for candidate in nearest(words[at].text, _PERIOD_WORDS, cutoff=cutoff):
            fixed = [*words[:at], *split(candidate), *words[at + 1 :]]
            try:
                other = _Reading(fixed, now, zone).question()
            except (WordsError, _UnknownWord):
                continue
            if len((other.name or "").split()) < len(question.name.split()):
                raise WordsError(
                    f"Did you mean `{_sentence(fixed)}`? "
                    f'If the name is “{shown(question.name)}”, put it in quotes: `{question.subject} "…"`.'
                )


def _sentence(words: list[Word]) -> str:
    return " ".join(shown(str(word)) for word in words)
