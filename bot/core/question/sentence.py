"""A sentence as a question, now or as it was meant when it was said; what nearly makes another one is asked about."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.errors import UnreadWords, WordsError
from bot.core.nearest import nearest
from bot.core.periods import Period, days
from bot.core.question.meaning import Question, meant
from bot.core.question.reading import PERIOD_WORDS, SLIP, Reading, UnknownWord
from bot.core.words import SUBJECTS, Word, shown, split

_MOST_CHARACTERS = 2000
_MOST_WORDS = 60
_NEAR = 0.7
_FIXES = 3


def parse(text: str, *, now: datetime, zone: str) -> Question:
    """The question a sentence asks; raises WordsError, with the nearest sentence that would have worked."""
    if len(text) > _MOST_CHARACTERS:
        raise WordsError(f"That is {len(text):,} characters long. I read up to {_MOST_CHARACTERS:,}.")
    words = split(text)
    if len(words) > _MOST_WORDS:
        raise WordsError(f"That is {len(words):,} words long. I read up to {_MOST_WORDS}.")
    try:
        question = meant(Reading(words, now, zone))
    except UnknownWord as unknown:
        fixed = _fixed(words, unknown, now, zone, _FIXES)
        guess = f" Did you mean `{_sentence(fixed)}`? For example:" if fixed else " Try"
        word = shown(words[unknown.at].text)
        raise UnreadWords(f"I don't know the word “{word}”.{guess} `/claude-usage {unknown.example}`.") from None
    _refuse_a_slip(words, question, now, zone)
    return question


def recalled(text: str, *, said: datetime, now: datetime, zone: str) -> Question:
    """The question that these words asked when they were said; raises WordsError.

    Where "last week" is another week by now, the question has the dates of then, and what they were compared with.
    """
    question = parse(text, now=now, zone=zone)
    if said == now or _spans(then := parse(text, now=said, zone=zone)) == _spans(question):
        return question
    reading = Reading(split(text), said, zone)
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


def _fixed(words: list[Word], unknown: UnknownWord, now: datetime, zone: str, fixes: int) -> list[Word] | None:
    """The sentence with its unknown words replaced by the nearest that make it one we can read."""
    for candidate in nearest(words[unknown.at].text, unknown.known, cutoff=_NEAR):
        fixed = [*words[: unknown.at], *split(candidate), *words[unknown.at + 1 :]]
        try:
            meant(Reading(fixed, now, zone))
        except UnknownWord as another:
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
                    f"Did you mean `{_sentence(fixed)}`? "
                    f'If the name is “{shown(name)}”, put it in quotes: `{question.thing} "…"`.'
                )


def _sentence(words: list[Word]) -> str:
    return " ".join(shown(str(word)) for word in words)
