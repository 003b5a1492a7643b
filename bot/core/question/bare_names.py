"""Names that stand without a word for what they are: `alpha last week`, `opus 5.5`, `alpha vs beta`."""

from collections.abc import Mapping

from bot.core.typed import Word
from bot.core.words import FILLERS, SUBJECTS, VERSUS, Subject

_LONGEST = 6
"""Words of a name; a longer one wants quotes."""
_COMPARE = Word(Subject.COMPARE)


def spelled_out(words: list[Word], at: int, called: Mapping[str, Subject]) -> list[Word] | None:
    """The sentence with what is missing around the name at `at`: the word for its kind, or `compare` before two names.

    `called`: what is called so, by names in lower case. None where nothing is.
    """
    kind = SUBJECTS.get(words[at].key)
    ahead = at + 1 if kind in called.values() else at  # `vs team beta`
    found = _name(words, ahead, called)
    if found is None:
        return None
    name, end = found
    named = [*words[:ahead], _word(name)]
    if _after_versus(words, at):
        return [_COMPARE, *named, *words[end:]]
    if kind is not None:
        return None
    if (beside := _name(words, _after_fillers(words, end), called)) and called[beside[0]] is called[name]:
        return [_COMPARE, *named, _word(beside[0]), *words[beside[1] :]]
    return [*words[:at], Word(called[name]), _word(name), *words[end:]]


def beyond(name: str, called: Mapping[str, Subject]) -> tuple[str, str] | None:
    """What is called so, and the first word after it that is no part of that: `alpha` and `folks` in `alpha folks`."""
    words = list(map(Word, name.split()))
    found = _name(words, 0, called)
    return (found[0], words[found[1]].text) if found and found[1] < len(words) else None


def repairs(called: Mapping[str, Subject]) -> dict[str, list[Word]]:
    """What a slip may have meant, by name: a team or a model; of keys there are too many to compare."""
    near = [name for name, kind in called.items() if kind in (Subject.TEAM, Subject.MODEL)]
    # The newest first: `opus` is closer to Opus 5.5 than to Opus 4.8.
    return {name: [Word(called[name]), _word(name)] for name in sorted(near, reverse=True)}


def _name(words: list[Word], at: int, called: Mapping[str, Subject]) -> tuple[str, int] | None:
    """The longest name that begins there, and where it ends; `alpha's` is alpha's."""
    for end in range(min(len(words), at + _LONGEST), at, -1):
        *first, last = words[at:end]
        for ending in dict.fromkeys((last.text.casefold(), last.key)):
            name = " ".join([*(word.text.casefold() for word in first), ending])
            if name in called:
                return name, end
    return None


def _word(name: str) -> Word:
    """One word goes without quotes, so that what follows can still be found to be a slip: `alpha lst week`."""
    return Word(name, quoted=" " in name)


def _after_fillers(words: list[Word], at: int) -> int:
    while at < len(words) and words[at].key in FILLERS:
        at += 1
    return at


def _after_versus(words: list[Word], at: int) -> bool:
    while at and words[at - 1].key in FILLERS:
        at -= 1
    return at > 0 and words[at - 1].key in VERSUS
