"""The sentence after `/claude-usage` as a question: about what, when, by what, against what."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from bot.core.bare_names import beyond, repairs, spelled_out
from bot.core.errors import UnreadWords, WordsError
from bot.core.nearest import nearest
from bot.core.periods import Period, days
from bot.core.reading import MOST_ROWS, PERIOD_WORDS, SLIP, WHY_EXAMPLE, Reading, UnknownWord
from bot.core.said_periods import month_to_date, parse_period
from bot.core.words import (
    CHRONOLOGICAL,
    DIMENSIONS,
    MANY,
    OF_CALLS,
    ONE,
    OUTLOOKS,
    PICTURES,
    SUBJECTS,
    TOLD,
    Dimension,
    Picture,
    Sheet,
    Subject,
    Wanted,
    Word,
    quote,
    shown,
    split,
)

__all__ = [
    "MOST_ROWS",
    "Dimension",
    "Picture",
    "Question",
    "Sheet",
    "Subject",
    "Wanted",
    "parse",
    "recalled",
    "written",
]

MOST_COMPARED = 3
_MOST_CHARACTERS = 2000
_MOST_WORDS = 60
_NEAR = 0.7
_FIXES = 3
_USUAL_PERIOD = "this month"
_MONTH_OF_PLANS = "last 30 days"
_TIMELESS = frozenset(
    {Subject.HELP, Subject.LIMITS, Subject.STATUS, Subject.ALERTS, Subject.SUBSCRIBE, Subject.SETTINGS}
)
_NOTHING: Mapping[str, Subject] = MappingProxyType({})
_ANY_TIME = datetime(2026, 7, 1, tzinfo=UTC)
"""Which words are a period does not depend on when they are said."""


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
    about: Subject | None = None
    """For `why`: what moved, a subject with a name or the summary. For what else is asked of a thing: its kind."""
    picture: Picture | None = None
    """For `chart`: which."""
    names: tuple[str, ...] = ()
    """For `compare`: what stands side by side; `about` is None where no word says what kind they are."""
    sheet: Sheet | None = None
    """For `export`: which file."""
    wanted: Wanted | None = None
    """For `subscribe`: what is made."""

    @property
    def thing(self) -> Subject:
        """What kind of thing the name is of."""
        return self.about or self.subject


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
        question = _meant(Reading(words, now, zone))
    except UnknownWord as unknown:
        if spelled := spelled_out(words, unknown.at, called):
            understood = _read(_sentence(spelled), now, zone, _NOTHING)
            _refuse_beyond(understood[1], called)
            return understood
        fixed = _fixed(words, unknown, now, zone, _FIXES, repairs(words, unknown.at, called))
        meant = f" Did you mean `{_shown(fixed)}`? For example:" if fixed else " Try"
        word = shown(words[unknown.at].text)
        raise UnreadWords(f"I don't know the word “{word}”.{meant} `/claude-usage {unknown.example}`.") from None
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
    meant = then.period.until(said)
    words: list[str] = []
    for at, word in enumerate(reading.words):
        words += [_dated(meant)] if at == reading.period_at.start else []
        inside = at in reading.period_at or (reading.versus_at is not None and at in reading.versus_at)
        words += [] if inside else [str(word)]
    compared = then.versus.until(said) if then.versus else meant.previous()
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


def written(subject: Subject, name: str) -> str:
    """The name as one would type it after the subject: bare where it reads as the same name, in quotes elsewhere."""
    if subject is Subject.HELP:
        return name
    try:
        told = " " not in name and not name[:1].isdigit()  # `5 october` is a day
        bare = told and Reading(split(f"{subject} {name}"), _ANY_TIME, "UTC").name() == name
    except (WordsError, UnknownWord):
        bare = False
    return name if bare else quote(name)


def _meant(reading: Reading) -> Question:
    """What the clauses say together, with defaults and the words that ask it again."""
    subject = reading.subject or Subject.SUMMARY
    period = reading.period or month_to_date(now=reading.now, zone=reading.zone)
    _refuse_reports_of_calls(reading, subject)
    if reading.asked_of is Subject.COMPARE:
        return _compared(reading, subject, period)
    name = reading.name()
    subject = ONE.get(subject, subject) if name else MANY.get(subject, subject)
    if reading.chart:
        return _chart(reading, subject, name, period)
    match reading.asked_of:
        case Subject.WHY:
            return _why(reading, subject, name, period)
        case Subject.PLAN:
            return _plan(reading, subject, name)
        case Subject.ADVICE:
            return _advice(reading, subject, name)
        case Subject.CALLS:
            return _calls(reading, subject, name, period)
        case Subject.TREND:
            return _trend(reading, subject, name, period)
        case Subject.ALERTS | Subject.SUBSCRIBE as asked:
            about = _team(subject, name, asked)
            now = month_to_date(now=reading.now, zone=reading.zone)
            return _worded(replace(_plain(_asked(reading, asked, name, now, about)), wanted=reading.wanted))
        case Subject.EXPORT:
            about = _kind(subject, name, "`export` takes one name. Try `/claude-usage export cost team alpha`.")
            return _worded(_plain(_asked(reading, Subject.EXPORT, name, period, about)))
        case Subject.BUDGET | Subject.FORECAST as outlook:
            subject = Subject.SUMMARY if subject is Subject.TEAMS else subject
            about = _kind(subject, name, f"`{outlook}` takes one name. Try `/claude-usage {outlook} alpha`.")
            return _worded(_plain(_asked(reading, outlook, name, period, about)))
    return _worded(_asked(reading, subject, name, period))


def _calls(reading: Reading, about: Subject, name: str | None, period: Period) -> Question:
    """Live calls of a team (which needs no word before its name), of another thing, or all; `calls teams` cuts them."""
    example = "`calls` takes one name. Try `/claude-usage calls alpha`."
    kind = _kind(ONE.get(about, about) if name else Subject.SUMMARY, name, example)
    by = reading.by or (None if name else DIMENSIONS.get(about))
    return _worded(replace(_asked(reading, Subject.CALLS, name, period, kind), by=by, versus=None))


def _refuse_reports_of_calls(reading: Reading, subject: Subject) -> None:
    """What goes by Anthropic's reports can't be asked of what only programs tell."""
    asked = Subject.CHART if reading.chart else reading.asked_of
    told = subject in OF_CALLS and not (reading.picture or reading.sheet or PICTURES.get(subject))
    if asked not in (None, Subject.CALLS, Subject.HELP) and (told or reading.by in TOLD):
        what = subject if told else reading.by
        raise WordsError(
            f"`{asked}` goes by Anthropic's reports, and those know no {what}. Try `/claude-usage features last week`."
        )


def _asked(
    reading: Reading, subject: Subject, name: str | None, period: Period, about: Subject | None = None
) -> Question:
    """The question as its clauses have it, without its words."""
    sheet = (reading.sheet or Sheet.COST) if subject is Subject.EXPORT else None
    return Question(
        subject, name, period, reading.by, reading.top, reading.versus, reading.share, "", about, sheet=sheet
    )


def _plain(question: Question) -> Question:
    """Without what this subject has no use for: it is cut, ranked and compared in its own way."""
    return replace(question, by=None, top=None, versus=None)


def _worded(question: Question) -> Question:
    """The question with the words that ask it again: the one place where they are put together."""
    kind = question.about if question.about and (question.name or question.names) else None
    named = [question.name] if question.name else question.names
    timeless = question.subject in _TIMELESS and question.period.words == _USUAL_PERIOD
    parts = (
        question.subject,
        question.picture,
        question.sheet,
        question.wanted,
        kind,
        *(written(question.thing, name) for name in named),
        "" if timeless else question.period.words,
        f"by {question.by}" if question.by else "",
        f"top {question.top}" if question.top else "",
        f"vs {question.versus.words}" if question.versus else "",
        "share" if question.share else "",
    )
    return replace(question, text=" ".join(part for part in parts if part))


def _kind(about: Subject, name: str | None, refusal: str) -> Subject | None:
    """What the name is of: a team's where no word says. Raises WordsError for what has no name of its own."""
    if about is Subject.SUMMARY and name:
        about = Subject.TEAM
    if about is not Subject.SUMMARY and about not in ONE.values():
        raise WordsError(refusal)
    return about if name else None


def _team(about: Subject, name: str | None, asked: Subject) -> Subject | None:
    """For what is asked of a team or of all of them: which needs no word before its name."""
    if about not in (Subject.SUMMARY, Subject.TEAM, Subject.TEAMS):
        raise WordsError(f"`{asked}` takes a team. Try `/claude-usage {asked} team alpha`.")
    return Subject.TEAM if name else None


def _why(reading: Reading, about: Subject, name: str | None, period: Period) -> Question:
    """The question why something moved; `why teams` is why the whole moved, team by team."""
    by = reading.by or (None if name else DIMENSIONS.get(about))
    if not name and by:
        about = Subject.SUMMARY
    if about is not Subject.SUMMARY and about not in ONE.values():
        raise WordsError(
            f"`{Subject.WHY}` explains what a thing cost, not `{about}`. Try `/claude-usage {WHY_EXAMPLE}`."
        )
    return _worded(replace(_asked(reading, Subject.WHY, name, period, about), by=by))


def _plan(reading: Reading, about: Subject, name: str | None) -> Question:
    """Plans for a team, a person (who needs no word before the name) or everybody; a month makes most sense."""
    if name and about is Subject.SUMMARY:
        about = Subject.USER
    if MANY.get(about, about) not in (Subject.SUMMARY, Subject.TEAMS, Subject.USERS):
        raise WordsError(f"Plans are for people and teams, not for `{about}`. Try `/claude-usage plan team alpha`.")
    period = reading.period or parse_period(_MONTH_OF_PLANS, now=reading.now, zone=reading.zone)
    assert period is not None
    return _worded(_asked(reading, Subject.PLAN, name, period, about if name else None))


def _advice(reading: Reading, about: Subject, name: str | None) -> Question:
    """Advice for a team (which needs no word before its name), for another thing, or for everybody; on a month."""
    about = Subject.SUMMARY if about is Subject.TEAMS else about
    kind = _kind(about, name, "`advice` takes one name. Try `/claude-usage advice alpha`.")
    period = reading.period or parse_period(_MONTH_OF_PLANS, now=reading.now, zone=reading.zone)
    assert period is not None
    return _worded(_plain(_asked(reading, Subject.ADVICE, name, period, kind)))


def _trend(reading: Reading, about: Subject, name: str | None, period: Period) -> Question:
    """The course of a team (which needs no word before its name), of another thing, or of everything."""
    about = Subject.SUMMARY if about is Subject.TEAMS else about
    kind = _kind(about, name, "`trend` takes one name. Try `/claude-usage trend team alpha last 30 days`.")
    if reading.by not in (None, Dimension.HOUR, *CHRONOLOGICAL):
        raise WordsError(
            f"A trend goes by hour, day, week or month. Try `/claude-usage chart {Picture.TREND} by {reading.by}`."
        )
    return _worded(replace(_asked(reading, Subject.TREND, name, period, kind), top=None))


def _compared(reading: Reading, about: Subject, period: Period) -> Question:
    """Two or three things side by side; with one of them, and a second period, simply that."""
    names, kind = reading.names(), None if about is Subject.SUMMARY else ONE.get(about, about)
    if kind is not None and kind not in MANY:
        raise WordsError(f"I can't put `{kind}` side by side. Try `/claude-usage compare teams alpha beta`.")
    if len(names) < 2 and reading.compared:
        name = names[0] if names else None
        subject = (kind or Subject.TEAM) if name else MANY[kind] if kind else Subject.SUMMARY
        return _worded(_asked(reading, subject, name, period))
    if not 2 <= len(names) <= MOST_COMPARED:
        count = f"{len(names)} names" if len(names) > 1 else "1 name" if names else "none"
        raise WordsError(
            f"I put two or three side by side, and read {count}. Put a name with spaces in quotes: "
            '`/claude-usage compare alpha "Data Platform"`.'
        )
    if reading.by not in (None, *CHRONOLOGICAL):
        several = MANY[kind] if kind else Subject.TEAMS
        raise WordsError(f"Each stands in a column of its own. Try `/claude-usage {several} by {reading.by}`.")
    return _worded(replace(_asked(reading, Subject.COMPARE, None, period, kind), names=names, top=None))


def _chart(reading: Reading, about: Subject, name: str | None, period: Period) -> Question:
    """A picture of a team (which needs no word before its name), of another thing, or of everything.

    Without a word for the picture, what is asked about without a name is one: `chart by model`, `models chart`.
    """
    example = f"Try `/claude-usage chart {Picture.TREND} last 30 days`."
    if reading.asked_of not in (None, Subject.TREND, *OUTLOOKS):
        raise WordsError(f"There is no chart of that. {example}")
    if reading.by is Dimension.HOUR:
        raise WordsError("A chart has days, weeks or months. Try `/claude-usage trend yesterday by hour`.")
    picture = reading.picture or PICTURES.get(reading.asked_of or "")
    if picture is None and not name:
        picture = PICTURES.get(f"{reading.by}s" if reading.by else MANY.get(about, about))
    if picture is None and name and about is Subject.SUMMARY:
        reading.refuse_near(PICTURES, f"chart {Picture.MODELS}")
    if about.value in PICTURES and not name:
        about = Subject.SUMMARY
    kind = _kind(about, name, f"`{about}` has no chart. {example}")
    picture = picture or Picture.TREND
    by = reading.by if picture is Picture.TREND else None
    return _worded(replace(_asked(reading, Subject.CHART, name, period, kind), picture=picture, by=by, versus=None))


def _fixed(
    words: list[Word], unknown: UnknownWord, now: datetime, zone: str, fixes: int, named: Mapping[str, list[Word]]
) -> list[Word] | None:
    """The sentence with its unknown words replaced by the nearest that make it one we can read."""
    for candidate in nearest(words[unknown.at].text, (*unknown.known, *named), cutoff=_NEAR):
        meant = split(candidate) if candidate in unknown.known else named[candidate]
        fixed = [*words[: unknown.at], *meant, *words[unknown.at + 1 :]]
        try:
            _meant(Reading(fixed, now, zone))
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
                other = _meant(Reading(fixed, now, zone))
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
