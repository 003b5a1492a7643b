"""The page about live calls: how many, how well, how fast, by what; what they cost by the list, and could cost less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.answers.answer import Action, Amount, Answer, Cell, Column, Fact, Live, LiveRow, Percent, Table, Tokens
from bot.answers.calls.found import Calls, leading
from bot.answers.calls.pictures import charts
from bot.answers.calls.words import duration, projection, rate, span, tier, tip
from bot.answers.pieces import SIDE_ROWS, during, title_of
from bot.core import wording
from bot.core.calls.pace import Pace, pace
from bot.core.calls.sums import Sums
from bot.core.question import Dimension, Subject, written
from bot.core.words import TIMES

LIVE = (
    "These are the calls that programs reported themselves, at list price where there is one. They are no part of "
    "billed cost, which is what Anthropic reports hours later."
)
_COUNTED = (Column("Calls"), Column("Tokens"), Column("A call"), Column("Success"), Column("List cost"))
_TIMED = (Column("Mean"), Column("p50"), Column("p95"), Column("p99"), Column("Longest"))
_MANY = (Subject.FEATURES, Subject.ENDPOINTS)


def answer(found: Calls) -> Answer:
    question, total = found.question, found.total
    if not total.calls:
        return _nothing(found)
    found_pace = pace(total)
    told = (projection(found_pace), tier(found_pace), *map(tip, found.tips))
    return Answer(
        title=f"Live calls of {found.who}, {question.period.label}",
        headline=_headline(found),
        facts=tuple(_facts(total, found_pace)),
        charts=() if found.by in TIMES else charts(found),
        tables=tuple(_tables(found)),
        paragraphs=tuple(paragraph for paragraph in told if paragraph),
        notes=(*found.notes, LIVE),
        actions=_actions(found),
        data_through=found.newest,
        live=Live(question, found.by, total, tuple(found.lines)),
        question=question.text,
        share=question.share,
    )


def _nothing(found: Calls) -> Answer:
    return Answer(
        title=f"Live calls of {found.who}, {found.question.period.label}",
        headline=f"No program reported a call of {found.who} {during(found.question.period)}.",
        paragraphs=(
            "Programs report their calls through the recorder, `POST /v1/calls` or OpenTelemetry; logs are read with "
            "`claude-usage import FILE`.",
        ),
        notes=tuple(found.notes),
        live=Live(found.question, found.by, found.total, ()),
        question=found.question.text,
        share=found.question.share,
    )


def _headline(found: Calls) -> str:
    total = found.total
    said = f"{found.who}: {wording.counted(total.calls, 'call')} {during(found.question.period)}"
    said += f", {wording.percent(total.success_rate)} with success"
    if total.timed:
        said += (
            f"; half took {duration(total.latency_ms(0.5))} or less, 95 % {duration(total.latency_ms(0.95))} or less"
        )
    return f"{said}."


def _facts(total: Sums, found: Pace | None) -> Iterator[Fact]:
    over = span(total.span) if total.span else ""
    yield Fact("Calls", Tokens(total.calls), f"{rate(found.calls_a_minute)} a minute over {over}" if found else "")
    yield Fact("Success rate", Percent(total.success_rate), f"{wording.count(total.failed)} failed")
    if total.timed:
        mean, longest = duration(total.mean_ms), duration(total.longest_ms)
        parts = ", ".join(f"{name} {duration(total.latency_ms(part))}" for name, part in (("p95", 0.95), ("p99", 0.99)))
        yield Fact("Median duration", duration(total.latency_ms(0.5)), f"{parts}, mean {mean}, longest {longest}")
    if total.first_tokens:
        p95 = duration(total.first_token_ms(0.95))
        yield Fact("Time to first token", duration(total.first_token_ms(0.5)), f"median; p95 {p95}")
    second = f", {rate(found.tokens_a_second)} a second" if found else ""
    yield Fact("Tokens", Tokens(total.tokens), f"{wording.count(total.tokens // total.calls)} a call{second}")
    if total.cache_read:
        yield Fact("Cache hit rate", Percent(total.cache_hit_rate))
    unlisted = f"; {wording.counted(total.unlisted, 'call')} without a list price" if total.unlisted else ""
    listed: Cell = Amount(total.listed) if total.listed else "unpriced"
    yield Fact("List cost", listed, f"of live calls, not billed{unlisted}")
    if total.owned:
        yield Fact("By their own prices", Amount(total.owned), f"as {wording.counted(total.own_priced, 'call')} said")


def _tables(found: Calls) -> Iterator[Table]:
    yield _counts(title_of(found.by), found.by.value.capitalize(), found.lines, own=bool(found.total.own_priced))
    timed = [line for line in found.lines if line.sums.timed]
    if timed:
        rows: tuple[tuple[Cell, ...], ...] = tuple((line.name, *_times(line.sums)) for line in timed)
        name = Column(found.by.value.capitalize(), numeric=False)
        yield Table("How long they took", (name, *_TIMED), rows)
    for title, lines, by in (
        ("By endpoint", found.endpoints, Dimension.ENDPOINT),
        ("By event type", found.events, None),
        ("By feature", found.features, Dimension.FEATURE),
    ):
        if by is not found.by and (len(lines) > 1 or by is None) and lines:
            yield _counts(title, title.removeprefix("By ").capitalize(), leading(lines, SIDE_ROWS), own=False)
    if found.total.errors:
        ranked = sorted(found.total.errors.items(), key=lambda error: (-error[1], error[0]))
        if rest := ranked[SIDE_ROWS:]:
            ranked[SIDE_ROWS:] = [(wording.and_more(len(rest)), sum(many for _, many in rest))]
        rows = tuple((error, Tokens(many), Percent(many / found.total.calls)) for error, many in ranked)
        yield Table("Errors", (Column("Type", numeric=False), Column("Calls"), Column("Of all calls")), rows)


def _counts(title: str, name: str, lines: Sequence[LiveRow], *, own: bool) -> Table:
    columns = (Column(name, numeric=False), *_COUNTED, *((Column("Own price"),) if own else ()))
    rows = tuple(_row(line, own=own) for line in lines)
    return Table(title, columns, rows, last_of=lines[-1].of if lines else 1)


def _row(line: LiveRow, *, own: bool) -> tuple[Cell, ...]:
    sums = line.sums
    listed: Cell = Amount(sums.listed) if sums.listed else "unpriced"
    cells: tuple[Cell, ...] = (
        line.name,
        Tokens(sums.calls),
        Tokens(sums.tokens),
        Tokens(sums.tokens // max(1, sums.calls)),
        Percent(sums.success_rate),
        listed,
    )
    return (*cells, Amount(sums.owned) if sums.owned else "–") if own else cells


def _times(sums: Sums) -> tuple[str, ...]:
    quantiles = (duration(sums.latency_ms(part)) for part in (0.5, 0.95, 0.99))
    return duration(sums.mean_ms), *quantiles, duration(sums.longest_ms)


def _actions(found: Calls) -> tuple[Action, ...]:
    """The other cuts of the same calls."""
    question = found.question
    about = question.thing
    asked = f"calls {about} {written(about, question.name)}" if question.name else "calls"
    period = question.period.words
    cuts = (Dimension.FEATURE, Dimension.TEAM, Dimension.MODEL, Dimension.DAY)
    offered = [Action(title_of(by), f"{asked} {period} by {by}") for by in cuts if by is not found.by][:3]
    if question.subject in _MANY or question.name:
        offered.append(Action("All live calls", f"calls {period}"))
    return tuple(offered)
