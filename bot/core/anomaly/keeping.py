"""A series' state as a JSON document and back: a run cut anywhere and taken up again decides the same."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from bot.core.anomaly.finding import Limits
from bot.core.anomaly.normal import normal
from bot.core.anomaly.series import Day, Hour, Incident, Job, Series, Shares, Today

VERSION = 1
"""Raised with every change of the engine or its state; a state of another version must be built anew from the past."""


def dumped(series: Series) -> dict[str, Any]:
    """A document for `json.dumps`; what is normal today is left out, because the days tell it."""
    document = asdict(series if series.today is None else replace(series, today=None))
    if series.today is not None:
        today = series.today
        document["today"] = {key: getattr(today, key) for key in ("number", "hours", "whole", "peaks", "fired")}
    return {"version": VERSION, **document}


def loaded(document: dict[str, Any], limits: Limits) -> Series | None:
    """The series of such a document, or None for one of another version."""
    if document.get("version") != VERSION:
        return None
    incident, today = document["incident"], document["today"]
    series = Series(
        days=tuple(Day(**{**day, "hours": tuple(day["hours"])}) for day in document["days"]),
        hours=tuple(Hour(**hour) for hour in document["hours"]),
        shares=(_shares(document["shares"][0]), _shares(document["shares"][1])),
        hour_scores=tuple(map(tuple, document["hour_scores"])),
        day_scores=tuple(map(tuple, document["day_scores"])),
        jobs=tuple(Job(job["position"], tuple(job["parts"])) for job in document["jobs"]),
        incident=incident and Incident(**incident),
        settled=document["settled"],
        introduced=document["introduced"],
        dropped=document["dropped"],
        drift_told=document["drift_told"],
    )
    if today is None:
        return series
    running = Today(
        number=today["number"],
        normal=normal(series, today["number"], limits),
        hours=tuple(today["hours"]),
        whole=today["whole"],
        peaks=tuple(today["peaks"]),
        fired=today["fired"],
    )
    return replace(series, today=running)


def _shares(document: dict[str, Any]) -> Shares:
    return Shares(document["days"], tuple(document["parts"]))
