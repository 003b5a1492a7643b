"""A series' state as bytes and back: a run cut anywhere and taken up again decides the same."""

from __future__ import annotations

import marshal
from typing import Any

from bot.core.anomaly.series import Day, Hour, Incident, Job, Normal, Series, Shares, Today

VERSION = (7, marshal.version)
"""Raised with every change of the engine or its state; a state of another version must be built anew from the past."""


def dumped(series: Series) -> bytes:
    """Plain tuples, as Python writes its own constants: read ten times as fast as JSON, and to the last digit."""
    parts = series._asdict()
    for name in ("days", "hours", "shares", "jobs"):
        parts[name] = tuple(map(tuple, parts[name]))
    if series.today is not None:
        today, normal = series.today._asdict(), series.today.normal._asdict()
        normal["job"] = _plain(normal["job"])
        today["normal"] = tuple(normal.values())
        parts["today"] = tuple(today.values())
    parts["incident"] = _plain(series.incident)
    return marshal.dumps((VERSION, parts))


def loaded(state: bytes) -> Series | None:
    """The series of such bytes, or None for one of another version."""
    version, parts = marshal.loads(state)  # noqa: S302 - the bot wrote them itself, into its own database
    if version != VERSION:
        return None
    for name, kind in (("days", Day), ("hours", Hour), ("shares", Shares), ("jobs", Job)):
        parts[name] = tuple(map(kind._make, parts[name]))
    if parts["today"] is not None:
        today = Today._make(parts["today"])
        normal = Normal._make(today.normal)
        parts["today"] = today._replace(normal=normal._replace(job=_job(normal.job)))
    parts["incident"] = None if parts["incident"] is None else Incident._make(parts["incident"])
    return Series(**parts)


def _plain(part: Any) -> Any:
    return None if part is None else tuple(part)


def _job(parts: Any) -> Job | None:
    return None if parts is None else Job._make(parts)
