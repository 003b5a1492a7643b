"""A series' state as bytes and back: a run cut anywhere and taken up again decides the same."""

from __future__ import annotations

import marshal
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any

from bot.core.anomaly.series import Day, Hour, Incident, Job, Normal, Series, Shares, Today

VERSION = (2, marshal.version)
"""Raised with every change of the engine or its state; a state of another version must be built anew from the past."""
_PLAIN = ("hour_scores", "day_scores", "settled", "introduced", "dropped", "drift_told")
_plain = attrgetter(*_PLAIN)


def dumped(series: Series) -> bytes:
    """Plain tuples, as Python writes its own constants: read ten times as fast as JSON, and to the last digit."""
    today = series.today
    parts = (
        tuple(map(tuple, series.days)),
        tuple(map(tuple, series.hours)),
        None if today is None else _values(today),
        tuple(map(_values, series.shares)),
        tuple(map(_values, series.jobs)),
        None if series.incident is None else _values(series.incident),
        _plain(series),
    )
    return marshal.dumps((VERSION, parts))


def loaded(state: bytes) -> Series | None:
    """The series of such bytes, or None for one of another version."""
    version, parts = marshal.loads(state)  # noqa: S302 - the bot wrote them itself, into its own database
    if version != VERSION:
        return None
    days, hours, today, shares, jobs, incident, plain = parts
    return Series(
        days=tuple(map(Day._make, days)),
        hours=tuple(map(Hour._make, hours)),
        today=None if today is None else _today(*today),
        shares=(Shares(*shares[0]), Shares(*shares[1])),
        jobs=tuple(Job(*job) for job in jobs),
        incident=None if incident is None else Incident(*incident),
        **dict(zip(_PLAIN, plain, strict=True)),
    )


def _today(number: int, normal: tuple[Any, ...], *rest: Any) -> Today:
    known = dict(zip(_names(Normal), normal, strict=True))
    known["job"] = None if known["job"] is None else Job(*known["job"])
    return Today(number, Normal(**known), *rest)


def _values(one: Any) -> tuple[Any, ...]:
    """The fields of one part in their order, of those within it too."""
    values = (getattr(one, name) for name in _names(one.__class__))
    return tuple(_values(value) if isinstance(value, Normal | Job) else value for value in values)


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
