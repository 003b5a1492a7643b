"""`calls`, `features`, `endpoints`: live calls of what the question names, cut as it asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from bot.answers import calls as calls_answer
from bot.answers.answer import Answer
from bot.answers.calls import Calls, leading
from bot.core.calls.savings import Used, tips
from bot.core.calls.sums import added
from bot.core.errors import Withheld, WordsError
from bot.core.hours import on_the_hour
from bot.core.question import Dimension, Picture, Question, Subject
from bot.core.words import MANY, OF_CALLS, ONE, TIMES
from bot.services.figures.findings import few_enough
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.live_calls import LiveCalls, Seen, cut, group

PICTURES = frozenset({Picture.CALLS, Picture.ENDPOINTS, Picture.ENDPOINT_TOKENS, Picture.LATENCY})
"""The charts of live calls."""
_CUTS = (
    *(Dimension.ENDPOINT, Dimension.FEATURE, Dimension.TEAM, Dimension.MODEL, Dimension.USER, Dimension.KEY),
    *(Dimension.TIER, Dimension.GEO, *TIMES),
)
_HOUR = timedelta(hours=1)


def is_about(question: Question) -> bool:
    """Whether live calls are what this is asked of."""
    told = question.by in (Dimension.FEATURE, Dimension.ENDPOINT)
    plain = MANY.get(question.subject, question.subject) in (*ONE, Subject.SUMMARY)
    return question.subject in OF_CALLS or question.picture in PICTURES or (told and plain)


def answer(asked: Inquiry) -> Answer:
    """Raises Withheld for what the asker may not see, NotFound for a name nobody has, WordsError for another cut."""
    question, names, access, now = asked.question, asked.names, asked.access, asked.now
    if question.by not in (None, *_CUTS):
        raise WordsError(
            "Live calls are cut by endpoint, feature, team, model, user, key, hour, day, week or month. "
            "Try `calls by feature`."
        )
    if question.thing in (Subject.WORKSPACE, Subject.WORKSPACES):
        raise WordsError("Programs do not say from which workspace they call. Try `/claude-usage calls by key`.")
    reading = LiveCalls(asked.connection, names, access, asked.asker)
    since, until = question.period.start, min(question.period.end, on_the_hour(now) + _HOUR)
    seen = reading.seen(since, max(since, until))
    who = names.organization
    if question.name:
        seen, who = reading.find(question, seen)
    if not group(seen).is_open:
        raise Withheld(f"The calls of {who} in this time are a single person's. {access.refusal}")
    by = question.by or _default(question)
    few_enough(by, replace(question.period, start=since, end=max(since, until)))
    rows, as_one = reading.rows(seen, by, since, until)
    notes = [f"Rows that would be one person's are shown as one. {access.refusal}"] if as_one else []
    total = added(one.held.sums for one in seen)
    found = Calls(
        question,
        who,
        total,
        by,
        leading(rows, question.top),
        reading.rows(seen, Dimension.ENDPOINT, since, until)[0],
        cut(seen, lambda one: one.held.series.event_type, str)[0],
        reading.rows(seen, Dimension.FEATURE, since, until)[0],
        reading.days(seen, since, until, question.period.zone),
        tips(_used(seen), (until - _HOUR).date()),
        notes,
        total.last_at,
    )
    if question.picture:
        return calls_answer.picture(found, question.picture)
    return calls_answer.answer(found)


def _default(question: Question) -> Dimension:
    match question.thing:
        case Subject.TEAMS | Subject.MODELS | Subject.USERS | Subject.KEYS | Subject.FEATURES | Subject.ENDPOINTS:
            return Dimension(ONE[question.thing].value)
        case Subject.ENDPOINT:
            return Dimension.FEATURE
        case _:
            return Dimension.ENDPOINT


def _used(seen: Iterable[Seen]) -> list[Used]:
    """By feature, model, tier and geo; without what is a single person's whom the asker may not see."""
    groups: dict[tuple[str, str, str, str], list[Seen]] = defaultdict(list)
    for one in seen:
        series = one.held.series
        groups[series.feature, series.model, series.service_tier, series.inference_geo].append(one)
    return [Used(*key, added(one.held.sums for one in some)) for key, some in groups.items() if group(some).is_open]
