"""What the clauses of a question mean together, with what is meant where a word is missing."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.core.errors import WordsError
from bot.core.periods import USUAL, Period
from bot.core.question import left_over
from bot.core.question.reading import WHY_EXAMPLE, Reading, UnknownWord
from bot.core.said_periods import month_to_date, parse_period
from bot.core.typed import quote, split
from bot.core.words import (
    CHRONOLOGICAL,
    DIMENSIONS,
    MANY,
    OF_CALLS,
    ONE,
    OUTLOOKS,
    PICTURES,
    TOLD,
    Dimension,
    Picture,
    Sheet,
    Subject,
    Wanted,
)

MOST_COMPARED = 3
_A_WHOLE_MONTH = "last 30 days"
_TIMELESS = frozenset(
    {Subject.HELP, Subject.LIMITS, Subject.STATUS, Subject.ALERTS, Subject.SUBSCRIBE, Subject.SETTINGS}
)
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

    @property
    def named(self) -> str:
        """What it is about, as one asks for it: "team alpha"; "" where it has no name."""
        return f"{self.thing} {written(self.thing, self.name)}" if self.name else ""


def meant(reading: Reading) -> Question:
    """What the clauses say together, with defaults and the words that ask it again."""
    subject = reading.subject or Subject.SUMMARY
    period = reading.period or month_to_date(now=reading.now, zone=reading.zone)
    _refuse_reports_of_calls(reading, subject)
    if reading.asked_of is Subject.COMPARE:
        return _compared(reading, subject, period)
    name = left_over.name(reading)
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
        what = subject if told or reading.by is None else Subject(reading.by)
        many = MANY.get(what, what if what in ONE else Subject.FEATURES)
        raise WordsError(
            f"`{asked}` goes by Anthropic's reports, and those know no {what}. Try `/claude-usage {many} last week`."
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
    timeless = question.subject in _TIMELESS and question.period.words == USUAL
    parts = (
        head(question),
        "" if timeless else question.period.words,
        f"by {question.by}" if question.by else "",
        f"top {question.top}" if question.top else "",
        f"vs {question.versus.words}" if question.versus else "",
        "share" if question.share else "",
    )
    return replace(question, text=" ".join(part for part in parts if part))


def head(question: Question) -> str:
    """What is asked and of what, without when: "trend team alpha"."""
    kind = question.about if question.about and (question.name or question.names) else None
    named = [question.name] if question.name else question.names
    parts = (question.subject, question.picture, question.sheet, question.wanted, kind)
    return " ".join([*filter(None, parts), *(written(question.thing, name) for name in named)])


def instead(question: Question, kind: Subject, name: str) -> Question:
    """The same question of a thing of this kind; raises WordsError where it can't be asked of one."""
    if question.subject in (Subject.ALERTS, Subject.SUBSCRIBE):
        _team(kind, name, question.subject)
    if question.subject is Subject.PLAN:
        _refuse_plans(kind)
    asked = replace(question, about=kind) if question.about else replace(question, subject=kind)
    return _worded(replace(asked, name=name))


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
    _refuse_plans(about)
    return _worded(_asked(reading, Subject.PLAN, name, _month(reading), about if name else None))


def _refuse_plans(about: Subject) -> None:
    """Raises WordsError for what no plan is for."""
    if MANY.get(about, about) not in (Subject.SUMMARY, Subject.TEAMS, Subject.USERS):
        raise WordsError(f"Plans are for people and teams, not for `{about}`. Try `/claude-usage plan team alpha`.")


def _advice(reading: Reading, about: Subject, name: str | None) -> Question:
    """Advice for a team (which needs no word before its name), for another thing, or for everybody; on a month."""
    about = Subject.SUMMARY if about is Subject.TEAMS else about
    kind = _kind(about, name, "`advice` takes one name. Try `/claude-usage advice alpha`.")
    return _worded(_plain(_asked(reading, Subject.ADVICE, name, _month(reading), kind)))


def _month(reading: Reading) -> Period:
    """The days that were asked about; else a month's worth, since the running one may have just begun."""
    period = reading.period or parse_period(_A_WHOLE_MONTH, now=reading.now, zone=reading.zone)
    assert period is not None
    return period


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
    names, kind = left_over.names(reading), None if about is Subject.SUMMARY else ONE.get(about, about)
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
        cut = "" if DIMENSIONS.get(several) is reading.by else f" by {reading.by}"
        raise WordsError(f"Each stands in a column of its own. Try `/claude-usage {several}{cut}`.")
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
        left_over.refuse_near(reading, PICTURES, f"chart {Picture.MODELS}")
    if about.value in PICTURES and not name:
        about = Subject.SUMMARY
    kind = _kind(about, name, f"`{about}` has no chart. {example}")
    picture = picture or Picture.TREND
    by = reading.by if picture is Picture.TREND else None
    return _worded(replace(_asked(reading, Subject.CHART, name, period, kind), picture=picture, by=by, versus=None))


def written(subject: Subject, name: str) -> str:
    """The name as one would type it after the subject: bare where it reads as the same name, in quotes elsewhere."""
    if subject is Subject.HELP:
        return name
    try:
        told = " " not in name and not name[:1].isdigit()  # `5 october` is a day
        bare = told and left_over.name(Reading(split(f"{subject} {name}"), _ANY_TIME, "UTC")) == name
    except (WordsError, UnknownWord):
        bare = False
    return name if bare else quote(name)
