"""`limits`: how much may be used a minute and spent a month, and how much of the month's is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Action, Amount, Answer, Cell, Column, Fact, Percent, Table, Tokens, Tone
from bot.core import wording
from bot.core.limits import ORGANISATION, RateLimit, SpendLimit, part_used, warns
from bot.core.money import Money

_REQUESTS = ("requests_per_minute",)
_INPUT = ("input_tokens_per_minute_cache_aware", "input_tokens_per_minute")
_OUTPUT = ("output_tokens_per_minute",)
_WORDS = {
    "fast_itpmca": "fast input tokens a minute",
    "fast_otpm": "fast output tokens a minute",
    "tokens_per_day": "tokens a day",
    "enqueued_batch_requests": "batch requests waiting",
    "tool_uses_per_second": "uses a second",
}
_MOST_NAMED = 3
_NONE = "–"


@dataclass(frozen=True, slots=True)
class Spend:
    """A spend limit by its name, and how much of it is used this month; None where the ledger can't say."""

    organization: str
    name: str
    limit: SpendLimit
    used: Money | None


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate limit with the name of its workspace; empty for the organisation's own."""

    organization: str
    workspace: str
    limit: RateLimit


@dataclass(frozen=True, slots=True)
class Held:
    """Everything that is known; `refused` are sentences on what the keys may not read."""

    spends: Sequence[Spend]
    rates: Sequence[Rate]
    refused: Sequence[str] = ()
    notes: Sequence[str] = ()
    read_at: datetime | None = None
    """When it was last read; None before the first time."""
    share: bool = False


def answer(held: Held) -> Answer:
    near = sorted((one for one in held.spends if warns(one.limit, one.used)), key=_fullest)
    tables = [*_spend_tables(held.spends), *_rate_tables(held.rates)]
    return Answer(
        title="Limits",
        headline=_headline(held, near),
        facts=(Fact("Last read", wording.instant(held.read_at)),) if tables else (),
        tables=tuple(tables),
        paragraphs=(
            ("At a spend limit Anthropic refuses every request until it is raised, or until the next month (UTC).",)
            if near
            else ()
        ),
        notes=tuple(_notes(held)),
        actions=(Action("By workspace", "workspaces this month"), Action("Status", "status")),
        tone=Tone.WARNING if near else Tone.PLAIN,
        question="limits share" if held.share else "limits",
        share=held.share,
    )


def _headline(held: Held, near: Sequence[Spend]) -> str:
    if near:
        named = [f"{one.name} {_percent(one)}" for one in near[:_MOST_NAMED]]
        if len(near) > _MOST_NAMED:
            named.append(wording.and_more(len(near) - _MOST_NAMED))
        count = "A spend limit is" if len(near) == 1 else f"{len(near)} spend limits are"
        return f"{count} 80 % used or more this month: {', '.join(named)}."
    known = sorted((one for one in held.spends if _part(one) is not None), key=_fullest)
    if known:
        return f"No spend limit is 80 % used this month; the fullest stands at {_percent(known[0])}: {known[0].name}."
    if held.spends:
        return "There are spend limits, but what was spent this month is not in yet."
    if held.rates:
        return "There are rate limits, and no spend limit that this bot can see."
    if held.refused:
        return "Anthropic does not let this key read any limits."
    if held.read_at:
        return "Anthropic reports no limits."
    return "No limits have been read yet. Whoever runs this bot starts that with claude-usage sync."


def _spend_tables(spends: Sequence[Spend]) -> Iterator[Table]:
    if not spends:
        return
    several = len({one.organization for one in spends}) > 1
    who = (Column("Organisation", numeric=False),) if several else ()
    columns = (*who, Column("For", numeric=False), Column("Limit"), Column("Used"), Column("Part"))
    rows = tuple(
        (*((one.organization,) if several else ()), one.name, Amount(one.limit.amount), *_used(one))
        for one in sorted(spends, key=_fullest)
    )
    yield Table("Spend limits a month", columns, rows)


def _used(one: Spend) -> tuple[Cell, Cell]:
    return (_NONE, _NONE) if one.used is None else (Amount(one.used), Percent(_part(one)))


def _rate_tables(rates: Sequence[Rate]) -> Iterator[Table]:
    several = len({one.organization for one in rates}) > 1
    group = (*((Column("Organisation", numeric=False),) if several else ()), Column("Group", numeric=False))
    limit = Column("Limit", numeric=False)
    whole: dict[tuple[str, str], list[Rate]] = {}
    for one in rates:
        if one.limit.workspace_id == ORGANISATION:
            whole.setdefault((one.organization, one.limit.group_id), []).append(one)
    minutes = [(some[0], _by_minute(some)) for some in whole.values()]
    usual = [(one, cells) for one, (cells, _) in minutes if set(cells) != {_NONE}]
    rows: tuple[tuple[Cell, ...], ...]
    if usual:
        rows = tuple((*_place(one, several), *cells) for one, cells in usual)
        columns = (*group, Column("Requests"), Column("Input tokens"), Column("Output tokens"))
        yield Table("Rate limits a minute", columns, rows)
    others = [one for _, (_, rest) in minutes for one in rest]
    if others:
        rows = tuple((*_place(one, several), _said(one.limit.limiter), Tokens(one.limit.value)) for one in others)
        yield Table("Other limits", (*group, limit, Column("At most")), rows)
    apart = [one for one in rates if one.limit.workspace_id != ORGANISATION]
    if apart:
        rows = tuple(
            (
                one.workspace,
                *_place(one, several),
                _said(one.limit.limiter),
                Tokens(one.limit.value),
                _inherited(whole.get((one.organization, one.limit.group_id), ()), one.limit.limiter),
            )
            for one in apart
        )
        columns = (Column("Workspace", numeric=False), *group, limit, Column("At most"), Column("Organisation's"))
        yield Table("Workspaces with rate limits of their own", columns, rows)


def _place(one: Rate, several: bool) -> tuple[str, ...]:
    return (one.organization, one.limit.group) if several else (one.limit.group,)


def _by_minute(rates: Sequence[Rate]) -> tuple[tuple[Cell, ...], list[Rate]]:
    """Requests, input and output tokens of one group, a dash where it has no such limit; and the limits left over."""
    held = {one.limit.limiter: one for one in rates}
    cells: list[Cell] = []
    for names in (_REQUESTS, _INPUT, _OUTPUT):
        name = next((name for name in names if name in held), None)
        cells.append(Tokens(held.pop(name).limit.value) if name else _NONE)
    return tuple(cells), list(held.values())


def _inherited(rates: Sequence[Rate], limiter: str) -> Cell:
    value = next((one.limit.value for one in rates if one.limit.limiter == limiter), None)
    return _NONE if value is None else Tokens(value)


def _said(limiter: str) -> str:
    return _WORDS.get(limiter, limiter.replace("_per_", " a ").replace("_", " "))


def _notes(held: Held) -> Iterator[str]:
    if held.spends:
        yield (
            "Used is what Anthropic has billed this month (UTC) as far as its cost report goes, which is hours behind "
            "what it counts itself."
        )
    yield from held.notes
    if held.rates:
        yield "How much of a rate limit is in use at a given moment is in none of Anthropic's reports."
    yield from held.refused


def _part(one: Spend) -> float | None:
    part = part_used(one.limit, one.used)
    return None if part is None else float(part)


def _percent(one: Spend) -> str:
    return wording.percent(_part(one))


def _fullest(one: Spend) -> tuple[float, str]:
    part = _part(one)
    return (1.0 if part is None else -part, one.name)


def _spend(name: str, scope: str, dollars: str, used: str | None, organization: str = examples.ORGANISATION) -> Spend:
    limit = SpendLimit(f"spl_{name}", scope, None, Money.from_dollars(dollars), "monthly")
    return Spend(organization, name, limit, None if used is None else Money.from_dollars(used))


def _rate(
    group: str, *limits: tuple[str, int], workspace: str = "", organization: str = examples.ORGANISATION
) -> list[Rate]:
    return [
        Rate(organization, workspace, RateLimit(workspace, group, "model_group", group, (), limiter, value))
        for limiter, value in limits
    ]


_READ = datetime(2026, 11, 21, 8, 15, tzinfo=UTC)
_WHOLE = _spend("Whole organisation", "organization", "12000", "3842.11")
_TIER = _spend("Anthropic's cap for the usage tier", "usage_tier", "200000", "3842.11")
_OPUS = _rate(
    "Claude Opus 5.5",
    ("requests_per_minute", 10_000),
    ("input_tokens_per_minute_cache_aware", 10_000_000),
    ("output_tokens_per_minute", 2_000_000),
    ("fast_otpm", 200_000),
)
_BATCH = _rate("Message Batches", ("requests_per_minute", 10_000), ("enqueued_batch_requests", 500_000))
_OWN = _rate("Claude Opus 5.5", ("requests_per_minute", 500), workspace="sandbox")
_NO_SPEND = "Spend limits: Anthropic refused /v1/organizations/spend_limits with 404: Not Found"
EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "well": answer(Held((_WHOLE, _TIER), (*_OPUS, *_BATCH, *_OWN), read_at=_READ)),
        "near": answer(
            Held((_WHOLE, _spend("Workspace sandbox", "workspace", "200", "171.3333")), _BATCH, read_at=_READ)
        ),
        "several near": answer(
            Held([_spend(f"Workspace {n}", "workspace", "100", f"{79 + n}") for n in range(1, 6)], (), read_at=_READ)
        ),
        "not billed yet": answer(
            Held((_spend("Whole organisation", "organization", "12000", None),), (), read_at=_READ)
        ),
        "no spend limits": answer(Held((), _OPUS, (_NO_SPEND,), read_at=_READ)),
        "not permitted": answer(Held((), (), (_NO_SPEND,))),
        "nothing read": answer(Held((), ())),
        "hostile names": answer(
            Held(
                (_spend(examples.HOSTILE, "workspace", "10000000", "9999999.99", examples.HOSTILE), _WHOLE),
                (*_rate(examples.HOSTILE, ("tokens_per_day", 10**15), organization=examples.HOSTILE), *_OPUS),
                (examples.HOSTILE,),
                read_at=_READ,
            )
        ),
    }
)
