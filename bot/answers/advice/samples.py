"""Advice as people may get it: the examples of this subject."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from types import MappingProxyType

from bot.answers import examples
from bot.answers.advice.page import Advised, Given, answer
from bot.answers.answer import Answer
from bot.core.advice import (
    Course,
    Evidence,
    Fast,
    Finding,
    InTheUS,
    Leak,
    Newer,
    Nightly,
    Piece,
    Retiring,
    Short,
    Uncached,
    Unread,
    Use,
    Window,
)
from bot.core.money import Money
from bot.core.plans import Between
from bot.core.question import parse

_UNTIL = examples.THROUGH.date()
_SINCE = _UNTIL - timedelta(days=29)
_READ = frozenset(_SINCE + timedelta(days=n) for n in range(29))


def _given(
    evidence: Evidence,
    model: str,
    month: tuple[str, str],
    callers: tuple[str, ...] = ("search-digest",),
    teams: tuple[str, ...] = ("Team Beta",),
) -> Given:
    use = Use("wrkspc_01", "apikey_01", "", model, "standard", "global", "messages_api")
    low, high = map(Money.from_dollars, month)
    course = Course(use, frozenset(), {}, high.units, high.units, 29, _UNTIL - timedelta(days=1))
    return Given(
        Piece((Finding(course, evidence, Between(low, high), Fraction(1)),), Between(low, high)), callers, teams
    )


def _dollars(low: str, high: str) -> Between:
    return Between(Money.from_dollars(low), Money.from_dollars(high))


def _example(
    text: str,
    who: str,
    *given: Given,
    unused: tuple[tuple[str, date], ...] = (),
    floor: str = "19.40",
    known: int = 29,
    notes: tuple[str, ...] = (),
) -> Answer:
    question = parse(text, now=examples.NOW, zone="Europe/Berlin")
    read = frozenset(sorted(_READ)[:known])
    window = Window(_SINCE, _UNTIL, "Europe/Berlin", read)
    return answer(Advised(question, who, window, Money.from_dollars(floor), given, unused, examples.THROUGH, notes))


_LEAK = _given(
    Leak(datetime(2026, 11, 13, 13, tzinfo=UTC), True, 0.04, 0.88, 0.93, 0.09, _dollars("74.20", "81.90")),
    "claude-sonnet-5-5",
    ("294.08", "324.60"),
)
_NIGHT = _given(Nightly(0.982, 28), "claude-sonnet-5-5", ("193.11", "193.11"), ("pipelines-reports",), ("Team Gamma",))
_SHORT = _given(Short("claude-sonnet-5-5", 121, 0.08), "claude-opus-5-5", ("36.20", "144.80"), ("support-autotriage",))
_NEWER = _given(
    Newer("claude-haiku-5-5"),
    "claude-haiku-4-5-20251001",
    ("118.02", "301.55"),
    ("search-rerank", "docs-chat", "beta-ranker", "internal-wiki"),
    ("Team Beta", "Team Delta", "unallocated"),
)
_RETIRING = _given(
    Retiring("claude-sonnet-5-5", date(2026, 11, 30), "Anthropic's list of model deprecations", date(2026, 11, 20)),
    "claude-sonnet-4-5-20250929",
    ("0", "0"),
    ("contract-summaries",),
    ("unallocated",),
)
EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "organisation": _example(
            "advice",
            examples.ORGANISATION,
            *(_LEAK, _NIGHT, _NEWER, _SHORT, _RETIRING),
            unused=(("support-pilot", date(2026, 9, 30)), ("mobile-old", date(2026, 10, 4))),
        ),
        "team": _example("advice beta", "Team Beta", _LEAK, floor="10"),
        "leak by day": _example(
            "advice beta",
            "Team Beta",
            _given(
                Leak(datetime(2026, 11, 13, tzinfo=UTC), False, 0.04, 0.88, 0.93, 0.09, _dollars("81.90", "81.90")),
                "claude-sonnet-5-5",
                ("307.13", "307.13"),
            ),
        ),
        "caching": _example(
            "advice docs",
            "Docs",
            _given(Unread(36_400_000, 0), "claude-sonnet-5-5", ("56.46", "75.28"), ("docs-index",)),
            _given(Uncached(1_840_000_000, 6_120), "claude-opus-5-5", ("1380", "4140"), ("answers",)),
            _given(Uncached(1_840_000_000, None), "claude-opus-5-5", ("1380", "4140"), ("answers",)),
        ),
        "dearer": _example(
            "advice engineering",
            "Engineering",
            _given(Fast(0.5), "claude-opus-5-5", ("310.20", "310.20"), ("No API key in Claude Code",)),
            _given(InTheUS(2_090_000_000_000), "claude-sonnet-5-5", ("19.66", "19.66"), ("search-answers-us",)),
            _given(Short("claude-haiku-5-5", None, 0.04), "claude-sonnet-5-5", ("40", "188"), ("beta-ranker",)),
            _given(Nightly(1.0, 28), "claude-opus-5-5", ("12", "80"), ("pipelines-adhoc",)),
        ),
        "only a retirement": _example("advice epsilon", "Epsilon", _RETIRING),
        "only idle keys": _example(
            "advice epsilon",
            "Epsilon",
            unused=tuple((f"old-{number}", date(2026, 9, number)) for number in range(1, 12)),
        ),
        "nothing to say": _example("advice gamma", "Team Gamma", floor="10"),
        "too few days": _example("advice yesterday", examples.ORGANISATION, known=1),
        "hidden people": _example(
            "advice engineering",
            "Engineering",
            notes=("Use that is a single person's is left out. " + examples.HIDDEN.partition(". ")[2],),
        ),
        "hostile names": _example(
            "advice team x",
            examples.HOSTILE,
            _given(
                Newer("claude-opus-5-5"),
                examples.HOSTILE,
                ("0.01", "10000000"),
                (examples.HOSTILE, "`a`", "b", "c"),
                (examples.HOSTILE,),
            ),
            unused=((examples.HOSTILE, date(2026, 9, 30)),),
        ),
    }
)
