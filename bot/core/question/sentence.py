"""A sentence as a question, now or as it was meant when it was said; what nearly makes another one is asked about."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.core.errors import UnreadWords, WordsError
from bot.core.nearest import nearest
from bot.core.periods import Period, days
from bot.core.question.bare_names import beyond, repairs, spelled_out
from bot.core.question.meaning import Question, meant, written
from bot.core.question.reading import PERIOD_WORDS, SLIP, Reading, UnknownWord
from bot.core.typed import Word, shown, split
from bot.core.words import BY, SUBJECTS, Subject

_MOST_CHARACTERS = 2000
_MOST_WORDS = 60
_NEAR = 0.7
_FIXES = 3
_NOTHING: Mapping[str, Subject] = MappingProxyType({})


def parse(text: str, *, now: datetime, zone: str, called: Mapping[str, Subject] = _NOTHING) -> Question:
    """The question a sentence asks; raises WordsError, with the nearest sentence that would have worked.

    `called`: what is called so, by names in lower case; they are understood without the word for what they are.
    """
    return _read(text, now, zone, called)[1]


def _read(text: str, now: datetime, zone: str, called: Mapping[str, Subject]) -> tuple[list[Word], Question]:
    """The words, each name with what it is a name of, and what they ask."""
    if len(text) > _MOST_CHARACTERS:
        raise WordsError(f"That is {len(text):,} characters long. I read up to {_MOST_CHARACTERS:,}.")
    words = split(text)
    if len(words) > _MOST_WORDS:
        raise WordsError(f"That is {len(words):,} words long. I read up to {_MOST_WORDS}.")
    try:
        question = meant(Reading(words, now, zone))
    except UnknownWord as unknown:
        if unknown.at and words[unknown.at - 1].key in BY:
            called = _NOTHING  # no name says what rows are to be
        if spelled := spelled_out(words, unknown.at, called):
            understood = _read(_sentence(spelled), now, zone, _NOTHING)
            _refuse_beyond(understood[1], called)
            return understood
        fixed = _fixed(words, unknown, now, zone, _FIXES, repairs(called))
        guess = f" Did you mean `{_shown(fixed)}`? For example:" if fixed else " Try"
        word = shown(words[unknown.at].text)
        raise UnreadWords(f"I don't know the word “{word}”.{guess} `/claude-usage {unknown.example}`.") from None
    _refuse_a_slip(words, question, now, zone)
    return words, question


def recalled(
    text: str, *, said: datetime, now: datetime, zone: str, called: Mapping[str, Subject] = _NOTHING
) -> Question:
    """The question that these words asked when they were said; raises WordsError.

    Where "last week" is another week by now, the question has the dates of then, and what they were compared with.
    """
    spelled, question = _read(text, now, zone, called)
    if said == now or _spans(then := parse(_sentence(spelled), now=said, zone=zone)) == _spans(question):
        return question
    reading = Reading(spelled, said, zone)
    if reading.period_at is None:
        return question
    period = then.period.until(said)
    words: list[str] = []
    for at, word in enumerate(reading.words):
        words += [_dated(period)] if at == reading.period_at.start else []
        inside = at in reading.period_at or (reading.versus_at is not None and at in reading.versus_at)
        words += [] if inside else [str(word)]
    compared = then.versus.until(said) if then.versus else period.previous()
    return parse(" ".join([*words, "vs", _dated(compared)]), now=now, zone=zone)


def _spans(question: Question) -> list[tuple[datetime, datetime] | None]:
    return [(one.start, one.end) if one else None for one in (question.period, question.versus)]


def _dated(period: Period) -> str:
    """A period by its dates, whenever it is read; a whole month by its number."""
    whole = days(period) or days(replace(period, end=period.start + timedelta(days=1)))
    first, last = whole[0], whole[-1]
    if first.day == (last + timedelta(days=1)).day == 1 and (first.year, first.month) == (last.year, last.month):
        return f"{first:%Y-%m}"
    return str(first) if first == last else f"{first}..{last}"


def _fixed(
    words: list[Word], unknown: UnknownWord, now: datetime, zone: str, fixes: int, named: Mapping[str, list[Word]]
) -> list[Word] | None:
    """The sentence with its unknown words replaced by the nearest that make it one we can read."""
    for candidate in nearest(words[unknown.at].text, (*unknown.known, *named), cutoff=_NEAR):
        repair = split(candidate) if candidate in unknown.known else named[candidate]
        fixed = [*words[: unknown.at], *repair, *words[unknown.at + 1 :]]
        try:
            meant(Reading(fixed, now, zone))
        except UnknownWord as another:
            further = _fixed(fixed, another, now, zone, fixes - 1, named) if fixes > 1 else None
            if further:
                return further
        except WordsError:
            continue
        else:
            return fixed
    return None


def _refuse_beyond(question: Question, called: Mapping[str, Subject]) -> None:
    """`alpha folks` begins with a name, and goes on with what we don't know."""
    if question.name and question.name.casefold() not in called and (found := beyond(question.name, called)):
        known, word = found
        example = f"{question.thing} {written(question.thing, known)}"
        raise UnreadWords(f"I don't know the word “{shown(word)}”. Try `/claude-usage {example}`.")


def _refuse_a_slip(words: list[Word], question: Question, now: datetime, zone: str) -> None:
    """`team alpha lst week` reads as a name of three words; where one letter makes it a period, ask."""
    name = question.name or " ".join(question.names)
    if not name:
        return
    typed = [at for at, word in enumerate(words) if not word.quoted and word.text in name.split()]
    named = any(SUBJECTS.get(word.key) is question.thing for word in words)
    for at in typed[1:] if named else typed:  # after `team` the first word is a name, however near to `yesterday`
        # `month` itself is no slip of a letter, but half of `this month`.
        cutoff = _NEAR if words[at].key in PERIOD_WORDS else SLIP
        for candidate in nearest(words[at].text, PERIOD_WORDS, cutoff=cutoff):
            fixed = [*words[:at], *split(candidate), *words[at + 1 :]]
            try:
                other = meant(Reading(fixed, now, zone))
            except (WordsError, UnknownWord):
                continue
            if len((other.name or " ".join(other.names)).split()) < len(name.split()):
                raise WordsError(
                    f"Did you mean `{_shown(fixed)}`? "
                    f'If the name is “{shown(name)}”, put it in quotes: `{question.thing} "…"`.'
                )


def _sentence(words: list[Word]) -> str:
    return " ".join(map(str, words))


def _shown(words: list[Word]) -> str:
    return " ".join(shown(str(word)) for word in words)
