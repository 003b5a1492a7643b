"""Which known words are closest to the one that was typed."""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

_LONGEST = 60  # comparing is quadratic: a pasted page must not cost a second
_BEGINNING = 0.75  # "quart" for "quarter", "alph" for "Team Alpha": close, but never closer than a slip of one letter


def nearest(word: str, candidates: Iterable[str], n: int = 3, *, cutoff: float = 0.6) -> list[str]:
    """Up to `n` candidates, closest first, whatever their case; equally close ones keep their order.

    `cutoff` runs from 0 (the closest `n`, however far) to 1 (the same word).
    """
    scored = [(_closeness(word, candidate), candidate) for candidate in dict.fromkeys(candidates)]
    near = [pair for pair in scored if pair[0] >= cutoff]
    near.sort(key=lambda pair: -pair[0])
    return [candidate for _, candidate in near[:n]]


def closest(names: Sequence[str]) -> str:
    """The sentence that offers them, at least one, each fit to be shown."""
    return f"The closest {'is' if len(names) == 1 else 'are'}: {', '.join(names)}."


def _closeness(word: str, candidate: str) -> float:
    a, b = word.casefold()[:_LONGEST], candidate.casefold()[:_LONGEST]
    ratio = SequenceMatcher(None, a, b, autojunk=False).ratio()
    begins = len(a) >= 3 and any(part.startswith(a) for part in b.split())
    return max(ratio, _BEGINNING) if begins else ratio
