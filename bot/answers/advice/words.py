"""How each kind of evidence is said: what to do, the figures, and what its amount takes for granted."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.answers.pieces import day_label
from bot.core import wording
from bot.core.advice import Evidence, Fast, InTheUS, Leak, Newer, Nightly, Retiring, Short, Uncached, Unread
from bot.core.money import Money
from bot.core.prices import display_name


@dataclass(frozen=True, slots=True)
class Words:
    """`title` is three or four words; the others are sentences, or nothing."""

    title: str
    figures: str
    do: str
    assumed: str = ""


def said(evidence: Evidence, zone: str) -> Words:
    """The words for one piece; hours are hours of `zone`."""
    match evidence:
        case Leak():
            return _leak(evidence, zone)
        case Unread():
            return Words(
                "Shorten the cache",
                f"{wording.count(evidence.written_1h)} tokens were written to the cache for an hour, at twice the "
                f"price of input, and {wording.count(evidence.read)} were read again.",
                "Write them for 5 minutes, or don't cache them.",
                "The range goes from 5 minutes instead of an hour to no cache at all.",
            )
        case Uncached():
            each = f", {wording.count(evidence.each)} a call" if evidence.each else ""
            return Words(
                "Cache the prompt",
                f"{wording.count(evidence.tokens)} tokens went in{each}, much the same on each day, and none of them "
                "through the cache.",
                "Mark the part of the prompt that stays the same with `cache_control`.",
                "The range goes from a quarter to three quarters of a prompt repeating, with 1 call in 10 writing it.",
            )
        case Fast():
            return Words(
                "Leave fast mode",
                f"{wording.percent(evidence.above)} of its bill is there for speed alone, by the list cost that "
                "Anthropic itself states.",
                "Call it without `speed: fast` where nobody waits.",
            )
        case InTheUS():
            return Words(
                "Leave US-only inference",
                f"Inference in the US alone costs a tenth more: it was billed {_dollars(evidence.billed)}.",
                "Set `inference_geo` to `global`, if no contract asks for the US.",
            )
        case Nightly():
            return Words(
                "Send it as a batch",
                f"{wording.percent(evidence.share)} of its cost falls between 21:00 and 07:00 ({zone}), alike on "
                f"{evidence.nights} nights, at the standard price.",
                "Use Message Batches, which cost half and take up to a day.",
                "The range goes from all cache hits lost in a batch to all of them kept.",
            )
        case Retiring():
            instead = display_name(evidence.instead)
            return Words(
                f"Move to {instead}",
                f"Anthropic switches it off on {day_label(evidence.on)} ({evidence.source}); it was last used on "
                f"{day_label(evidence.last)}.",
                f"Change the model to `{evidence.instead}` before that day.",
                _TOKENS,
            )
        case Newer():
            return Words(
                f"Move to {display_name(evidence.instead)}",
                "The newest of its family costs less.",
                f"Try `{evidence.instead}`, then change the model.",
                _TOKENS,
            )
        case Short():
            calls = (
                f"{wording.count(evidence.each)} tokens come out of a call"
                if evidence.each is not None
                else f"What comes out is {wording.percent(evidence.share)} of the uncached input"
            )
            return Words(
                f"Try {display_name(evidence.instead)}",
                f"{calls}: short answers from a large model.",
                f"Give some of the calls to `{evidence.instead}` and compare.",
                "The range goes from a quarter of the calls to all of them; only a trial can tell how many may move.",
            )
        case _:
            raise TypeError(f"nothing to say about {type(evidence).__name__}")


_TOKENS = "The range allows for up to 30 % more tokens from the newer tokenizer, and for long prompts."


def _leak(leak: Leak, zone: str) -> Words:
    local = leak.began.astimezone(ZoneInfo(zone))
    began = f"{day_label(local)} {local:%H:%M} ({zone})" if leak.by_hour else day_label(leak.began)
    low, high = wording.dollars(leak.cost.low), wording.dollars(leak.cost.high)
    return Words(
        "Mend the cache",
        f"Since {began}, {wording.percent(leak.written_since)} of its input is written to the cache and "
        f"{wording.percent(leak.read_since)} read from it; before, that was {wording.percent(leak.written_before)} and "
        f"{wording.percent(leak.read_before)}. So far this has cost {low if low == high else f'{low} to {high}'}.",
        "Look for what changed then at the beginning of the prompt, or in the pauses between calls.",
        "The range goes from a bad day before, taken as usual, to the usual day.",
    )


def _dollars(units: int) -> str:
    return wording.dollars(Money(units))
