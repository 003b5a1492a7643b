"""Sample changes, as people would see them: more and less, nothing before, names that are not to be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Answer
from bot.answers.why.page import Explained, answer
from bot.core.change import Cause, Spent, causes, parts
from bot.core.entries import Basis
from bot.core.money import ZERO, Money, share_out
from bot.core.periods import days as days_of
from bot.core.question import Dimension
from bot.core.report import Figures, Report, Row, added
from bot.core.usage import CACHE_READ, OUTPUT, UNCACHED_INPUT

_OPUS, _HAIKU = ("claude-opus-5-5", "Claude Opus 5.5"), ("claude-haiku-4-5", "Claude Haiku 4.5")
_DIMES = {_OPUS[0]: (50, 5, 250), _HAIKU[0]: (10, 1, 50)}
"""Tenths of a dollar per million tokens: uncached input, cache reads, output."""
_Key = tuple[str, str]
_Sides = tuple[list[Spent], list[Spent]]


def _use(model: _Key, *millions: int) -> list[Spent]:
    """So many million tokens of uncached input, cache reads and output."""
    charges = zip((UNCACHED_INPUT, CACHE_READ, OUTPUT), _DIMES[model[0]], millions, strict=True)
    return [
        Spent((), model[0], "standard", "global", charge, Basis.REPORTED, count * 10**6, dimes * count * 10**9)
        for charge, dimes, count in charges
        if count
    ]


def _figures(spending: Iterable[Spent]) -> Figures:
    return added(
        [
            Figures(ZERO, ZERO, {}),
            *(Figures(Money(one.billed or 0), Money(one.billed or 0), {one.charge: one.quantity}) for one in spending),
        ]
    )


def _example(text: str, who: str, keys: Mapping[_Key, _Sides], *, known: bool = True) -> Answer:
    """The answer about these keys' use before and after, by key and by model."""
    base = examples.findings(text, Dimension.KEY, ()).report
    then, now = (
        [replace(one, caller=(id_,)) for (id_, _), sides in keys.items() for one in sides[at]] for at in (0, 1)
    )
    by_model = {
        model: ([one for one in then if one.model == model[0]], [one for one in now if one.model == model[0]])
        for model in (_OPUS, _HAIKU)
    }
    report = replace(
        base,
        total=_figures(now),
        previous=_figures(then) if known else Figures(None, None),
        rows=_example_rows(keys),
        causes=causes(parts(then, now)) if known else None,
    )
    models = _example_rows({model: sides for model, sides in by_model.items() if any(sides)})
    own: dict[str, Mapping[Cause, Money]] = {id_: causes(parts(*sides)) for (id_, _), sides in keys.items()}
    days = _example_days(report) if known else ()
    return answer(Explained(report, {Dimension.MODEL: models}, days, own if known else {}), who)


def _example_rows(sides: Mapping[_Key, _Sides]) -> tuple[Row, ...]:
    """What moved most first."""
    total = sum(one.billed or 0 for _, now in sides.values() for one in now)
    found = []
    for (id_, name), (then, now) in sides.items():
        billed = sum(one.billed or 0 for one in now)
        row = Row(id_, name, _figures(now), billed / total if total else None, _figures(then))
        found.append((abs(billed - sum(one.billed or 0 for one in then)), row))
    return tuple(row for _, row in sorted(found, key=lambda one: -one[0]))


def _example_days(report: Report) -> tuple[Row, ...]:
    """The total over the days, the last of them the largest."""
    names = days_of(report.period)
    sides = [
        share_out(figures.billed_cost.units if figures.billed_cost else 0, [*([2] * (len(names) - 1)), 3])
        for figures in (report.total, report.previous)
    ]
    return tuple(
        Row(str(day), f"{day:%a} {day.day} {day:%b}", Figures(Money(now), None), None, Figures(Money(then), None))
        for day, now, then in zip(names, *sides, strict=True)
    )


_CI, _WEB = ("apikey_01c", "ci-bot"), ("apikey_01a", "support-autotriage")
_GREW: Mapping[_Key, _Sides] = {
    _CI: (_use(_HAIKU, 40, 20, 6), _use(_HAIKU, 110, 60, 17)),
    _WEB: (_use(_OPUS, 30, 30, 4) + _use(_HAIKU, 20, 20, 3), _use(_OPUS, 28, 48, 5) + _use(_HAIKU, 12, 22, 2)),
}
_HOSTILE = (_OPUS[0], examples.HOSTILE)
EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "team": _example("why team alpha last week", "Team Alpha", _GREW),
        "less": _example("why team alpha last week", "Team Alpha", {key: (b, a) for key, (a, b) in _GREW.items()}),
        "the same": _example("why team alpha yesterday", "Team Alpha", {key: (a, a) for key, (a, _) in _GREW.items()}),
        "after nothing": _example("why last 7 days by key", examples.ORGANISATION, {_CI: ([], _use(_OPUS, 9, 1, 2))}),
        "nothing to compare": _example(
            "why team alpha october", "Team Alpha", {_CI: ([], _use(_OPUS, 9, 1, 2))}, known=False
        ),
        "hostile names": _example(
            f'why workspace "{examples.HOSTILE[:20]}" october vs september',
            examples.HOSTILE,
            {_HOSTILE: _GREW[_CI], ("apikey_02", examples.HOSTILE[::-1]): _GREW[_WEB]},
        ),
        "ten million and a millionth": _example(
            "why last month",
            examples.ORGANISATION,
            {
                _CI: (_use(_OPUS, 1, 0, 0), _use(_OPUS, 1_000_000, 1_000_000, 200_000)),
                _WEB: ([], [Spent((), _HAIKU[0], "standard", "global", OUTPUT, Basis.REPORTED, 1, 10_000)]),
            },
        ),
    }
)
