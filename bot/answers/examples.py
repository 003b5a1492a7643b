"""The sample figures that every subject's EXAMPLES are made from: one organisation on one morning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType

from bot.core.money import ZERO, Money
from bot.core.periods import Period
from bot.core.question import Dimension, parse
from bot.core.report import Figures, Findings, Report, Row, added
from bot.core.usage import CACHE_READ, OUTPUT, TOKEN_TYPES, UNCACHED_INPUT

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
THROUGH = datetime(2026, 11, 21, tzinfo=UTC)
ORGANISATION = "Example Org"
SHARED = (
    "By key, $41.20 of $784.10 is shared out by list cost: Anthropic reports cost per workspace and model, not per key."
)
UNPRICED = "1 model has no list price: claude-x"
UNBILLED = "Billed cost is not in yet for 20 Nov."
HOSTILE = ("<!channel> *b* _i_ ~s~ `c` | & > 🧑‍🚀 \u202eالتقارير\u202c =1+1 " + "very long " * 30)[:300]
"""What means something to Slack, to a terminal, to a spreadsheet or to the eye, and then goes on for too long."""


def _figures(billed: str | None, listed: str | None, tokens: int, shared: str = "0") -> Figures:
    quantities = dict.fromkeys(TOKEN_TYPES, 0)
    quantities |= {UNCACHED_INPUT: tokens // 4, CACHE_READ: tokens // 2, OUTPUT: tokens - tokens // 4 - tokens // 2}
    return Figures(_dollars(billed), _dollars(listed), quantities, Money.from_dollars(shared))


def _dollars(text: str | None) -> Money | None:
    return None if text is None else Money.from_dollars(text)


def _row(
    id_: str | None,
    name: str,
    billed: str | None,
    tokens: int,
    *,
    listed: str | None = "",
    before: str | None = None,
    shared: str = "0",
) -> Row:
    """A line in dollars; `listed` is the billed cost unless said otherwise, None for a model without a price."""
    previous = _figures(before, before, tokens // 2) if before else None
    return Row(id_, name, _figures(billed, billed if listed == "" else listed, tokens, shared), previous=previous)


def _ranged(row: Row, high: str) -> Row:
    """The line with another upper end of its list cost."""
    return replace(row, figures=replace(row.figures, list_cost_high=_dollars(high)))


MODELS = (
    _row("claude-opus-5-5", "Claude Opus 5.5", "472.4167", 302_000_000, before="202.75"),
    _row("claude-sonnet-5-5", "Claude Sonnet 5.5", "264.10", 238_000_000, listed="271.3333", before="265.20"),
    _row("claude-haiku-4-5", "Claude Haiku 4.5", "47.5833", 95_400_000, before="58.44"),
)
DISCOUNTED = (
    _row("claude-opus-5-5", "Claude Opus 5.5", "123.20", 62_000_000, listed="140.00", before="98.10"),
    _row("claude-sonnet-5-5", "Claude Sonnet 5.5", "44.00", 41_000_000, listed="50.00", before="51.70"),
)
NEW_MODELS = (
    *MODELS,
    _row("claude-x", "claude-x", "12.50", 4_100_000, listed=None, before="0"),
    _row(None, "Not reported by model", "14.95", 0, before="14.11"),
)
DEARER_MODELS = (
    _ranged(_row("claude-opus-5-5", "Claude Opus 5.5", "425.1750", 302_000_000, listed="472.4167"), "944.8334"),
    _row("claude-sonnet-5-5", "Claude Sonnet 5.5", "237.69", 238_000_000, listed="264.10"),
    _ranged(_row("claude-haiku-5-5", "Claude Haiku 5.5", "13.86", 95_400_000, listed="12.00"), "60.00"),
)
FAST = (
    "List cost of Claude Opus 5.5 is between $472.42 and $944.83: its price depends on fast mode, which this report "
    "does not say."
)
LONG_PROMPTS = (
    "List cost of Claude Haiku 5.5 is between $12.00 and $60.00: its price depends on the length of a prompt, which "
    "this report does not say."
)
UNBILLED_MODELS = (_row("claude-opus-5-5", "Claude Opus 5.5", None, 4_560_000, listed="9.12"),)
KEYS = (
    _row("apikey_01a", "support-autotriage", "623.35", 542_000_000),
    _row("apikey_01b", "support-assistant", "119.55", 81_000_000, shared="41.20"),
    _row(None, "Not reported by key", "41.20", 12_400_000),
)
RANKED_KEYS = (
    _row("apikey_01a", "support-autotriage", "623.35", 542_000_000, before="201.08"),
    _row("apikey_01c", "search-answers", "513.93", 423_000_000, before="619.19"),
    _row(None, "and 24 more", "2773.77", 3_050_000_000, before="3048.10"),
)
TEAMS = (
    _row("unallocated", "unallocated", "901.55", 958_000_000, before="950.10"),
    _row("alpha", "Team Alpha", "784.10", 635_400_000, before="526.39"),
    _row("beta", "Team Beta", "402.08", 396_000_000, before="401.00"),
    _row("gamma", "Team Gamma", "0", 0, before="12.30"),
)
DAY_TEAMS = (
    _row("alpha", "Team Alpha", "182.07", 164_000_000, before="22.96"),
    _row("beta", "Team Beta", "25.04", 36_500_000, before="29.95"),
    _row("unallocated", "unallocated", "6.99", 7_240_000, before="6.99"),
)
DAY_KEYS = (
    _row("apikey_01a", "support-autotriage", "201.30", 148_000_000),
    _row("apikey_01b", "support-assistant", "12.80", 10_200_000),
)
IDLE_TEAMS = (_row("alpha", "Team Alpha", "0", 0), _row("unallocated", "unallocated", "0", 0))
EXTREMES = (
    _row("apikey_01a", "everything", "10000000", 9_990_000_000_000, before="0.000001"),
    _row("apikey_01b", "hardly anything", "0.000001", 1, before="10000000"),
)
PEOPLE = tuple(
    replace(row, figures=replace(row.figures, requests=calls), previous=replace(row.previous, requests=calls // 2))
    for row, calls in (
        (_row(None, "No person named", "1215.67", 1_190_000_000, before="698.60"), 183_000),
        (_row("svac_01a", "pipelines-nightly", "143.51", 85_100_000, before="121.12"), 11_900),
        (_row("user_01a", "Ana Ribeiro", "45.92", 46_100_000, before="37.60"), 942),
        (_row(None, "3 people", "182.12", 218_800_000, before="146.71"), 4_363),
    )
    if row.previous
)
OWN = (replace(PEOPLE[2], id="claude-opus-5-5", name="Claude Opus 5.5"),)
HIDDEN = (
    "Rows that would be one person's are shown as one. Figures of single people are shown to admins, the owners of "
    "their team and to themselves (“user me”). An admin can change that with people_data in the configuration."
)
HOSTILE_KEYS = tuple(replace(row, name=HOSTILE) for row in EXTREMES)
COURSE = tuple(
    (date(2026, 11, day), _figures(billed, billed, 30_000_000))
    for day, billed in enumerate((*("29.10", "30.90") * 9, "30.00", "214.10"), 1)
)


def findings(
    text: str,
    by: Dimension,
    rows: Sequence[Row],
    *,
    notes: tuple[str, ...] = (),
    beside: Mapping[Dimension, tuple[Row, ...]] = MappingProxyType({}),
    trend: tuple[tuple[date, Figures], ...] = (),
    before: str | None = "0",
    period: Period | None = None,
    versus: Period | None = None,
    discount: float | None = None,
) -> Findings:
    """What the question finds: the rows, their total, and the sum of what they were before, else `before` dollars.

    Without rows that is nothing, and unknown where `before` is None.
    """
    question = parse(text, now=NOW, zone="UTC")
    period = (period or question.period).until(THROUGH)
    nothing = Figures(None, None) if before is None else Figures(ZERO, ZERO, {})
    was = [row.previous for row in rows if row.previous]
    total = added(row.figures for row in rows) if rows else nothing
    report = Report(
        question,
        question.name,
        by,
        period,
        total,
        versus or period.previous(),
        added(was) if was else nothing if before is None else _figures(before, before, 0),
        tuple(replace(row, share=_share(row, total)) for row in rows),
        THROUGH,
        notes,
        discount=discount,
    )
    beside = {one: tuple(replace(row, share=_share(row, total)) for row in parts) for one, parts in beside.items()}
    return Findings(report, beside, trend)


def _share(row: Row, total: Figures) -> float | None:
    if row.figures.billed_cost is None or not total.billed_cost:
        return None
    return row.figures.billed_cost.units / total.billed_cost.units if total.billed_cost.units else None
