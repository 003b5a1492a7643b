"""What a closed day would be by now, against what it was closed with.

Only what Anthropic reports makes an adjustment. Who owned what stays as it was at the close: a difference goes to the
teams that paid for this key on that day, so that a reorganisation moves no closed money.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.core.entries import Attribution, Basis, Entry
from bot.core.money import share_out
from bot.core.usage import NO_ACTOR, REQUESTS

_Line = tuple[Attribution, str]
"""An attribution without its team, and a charge."""


@dataclass(slots=True)
class _Sums:
    quantity: int = 0
    listed: int | None = 0
    billed: int = 0

    def add(self, entry: Entry) -> None:
        self.quantity += entry.quantity
        self.listed = None if self.listed is None or entry.list_cost is None else self.listed + entry.list_cost
        self.billed += entry.billed_cost or 0


def adjustments(closed: Iterable[Entry], booked: Iterable[Entry], now: Iterable[Entry]) -> list[Entry]:
    """What is still to be booked so that `closed` + everything booked comes to `now`; nothing if it does already.

    `booked` are the adjustments to this day so far, whenever they were made. A line whose tokens and billed cost are
    the same is left alone: a corrected list price restates nothing.
    """
    closed, booked, now = _charged(closed), _charged(booked), _charged(now)
    was, done, would = _by_line(closed), _by_line(booked), _by_line(now)
    paid, adjusted, today = _payers(closed), _payers(booked), _payers(now)
    found: list[Entry] = []
    for line in sorted(was.keys() | done.keys() | would.keys(), key=repr):
        held, said = _total(was.get(line, {})), _total(would.get(line, {}))
        so_far = _total(done.get(line, {}))
        quantity, billed = said.quantity - held.quantity, said.billed - held.billed
        if (quantity, billed) == (so_far.quantity, so_far.billed):
            continue
        listed = None if said.listed is None or held.listed is None else said.listed - held.listed
        key = _key(line)
        # What was closed before a source named people and products is the same key's, whoever is named by now.
        unnamed = key._replace(actor_id=NO_ACTOR, product="")
        payers = paid.get(key) or paid.get(unnamed) or adjusted.get(key) or today[key]
        wanted = _split(quantity, listed, billed, payers)
        found += _missing(line, wanted, done.get(line, {}))
    return found


def _charged(entries: Iterable[Entry]) -> list[Entry]:
    """Without counts of calls: they are no charge that could be adjusted."""
    return [entry for entry in entries if entry.charge != REQUESTS]


def plus(one: Entry, other: Entry) -> Entry:
    """Two adjustments of the same line as one."""
    listed = None if one.list_cost is None or other.list_cost is None else one.list_cost + other.list_cost
    billed = (one.billed_cost or 0) + (other.billed_cost or 0)
    return Entry(one.attribution, one.charge, one.quantity + other.quantity, listed, billed, Basis.ADJUSTMENT)


def summed(entries: Iterable[Entry]) -> list[Entry]:
    """Adjustments to different days that were booked on one: the ledger of that day holds their sum."""
    sums: dict[_Line, Entry] = {}
    for entry in entries:
        key = entry.attribution, entry.charge
        sums[key] = plus(sums[key], entry) if key in sums else entry
    return list(sums.values())


def _missing(line: _Line, wanted: Mapping[str, _Sums], done: Mapping[str, _Sums]) -> Iterable[Entry]:
    for team in sorted(wanted.keys() | done.keys()):
        want, have = wanted.get(team, _Sums()), done.get(team, _Sums())
        quantity, billed = want.quantity - have.quantity, want.billed - have.billed
        listed = None if want.listed is None or have.listed is None else want.listed - have.listed
        if quantity or billed:
            yield Entry(line[0]._replace(team_id=team), line[1], quantity, listed, billed, Basis.ADJUSTMENT)


def _split(quantity: int, listed: int | None, billed: int, payers: Mapping[str, int]) -> dict[str, _Sums]:
    teams, weights = list(payers), list(payers.values())
    quantities = share_out(quantity, weights)
    by_tokens = [abs(part) for part in quantities] if any(quantities) else weights
    lists = share_out(listed, by_tokens) if listed is not None else [None] * len(teams)
    parts = zip(teams, quantities, lists, share_out(billed, weights), strict=True)
    return {team: _Sums(tokens, list_part, paid) for team, tokens, list_part, paid in parts}


def _by_line(entries: Iterable[Entry]) -> dict[_Line, dict[str, _Sums]]:
    """Sums by line and team."""
    lines: dict[_Line, dict[str, _Sums]] = defaultdict(lambda: defaultdict(_Sums))
    for entry in entries:
        line = entry.attribution._replace(team_id=""), entry.charge
        lines[line][entry.attribution.team_id].add(entry)
    return lines


def _payers(entries: Iterable[Entry]) -> dict[Attribution, dict[str, int]]:
    """Who paid for a workspace, key, person and product, and how much against each other, in a stable order."""
    weights: dict[Attribution, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for entry in sorted(entries, key=lambda entry: entry.attribution.team_id):
        size = abs(entry.billed_cost or entry.list_cost or entry.quantity)
        weights[_key((entry.attribution, ""))][entry.attribution.team_id] += size
    return weights


def _key(line: _Line) -> Attribution:
    return line[0]._replace(team_id="", model="", service_tier="", inference_geo="")


def _total(teams: Mapping[str, _Sums]) -> _Sums:
    total = _Sums()
    for part in teams.values():
        total.quantity += part.quantity
        total.listed = None if total.listed is None or part.listed is None else total.listed + part.listed
        total.billed += part.billed
    return total
