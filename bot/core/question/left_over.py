"""What no clause of a question took: the names in it, or a mistake."""

from collections.abc import Mapping, Sequence

from bot.core.errors import UnreadWords, WordsError
from bot.core.nearest import nearest
from bot.core.question.reading import PERIOD_WORDS, SLIP, WHY_EXAMPLE, Reading, UnknownWord
from bot.core.typed import shown
from bot.core.words import CHANGING, FILLERS, MANY, ME, NAMEABLE, ONE, SUBJECTS, VERSUS, Subject

_LONGEST = 200


def name(reading: Reading) -> str | None:
    """The subject `help` is about, or the one run of words left over, without the fillers around it."""
    names = [run for run in (_without_fillers(reading, run) for run in _runs(reading)) if run]
    asked_of = reading.chart or reading.asked_of not in (None, Subject.WHY)
    named = reading.subject in (*MANY, *ONE, *NAMEABLE) or asked_of
    if names and not (named and names[0][0] > reading.subject_at):
        known = (*SUBJECTS, *PERIOD_WORDS, "top", "share")
        example = WHY_EXAMPLE if reading.asked_of is Subject.WHY else "team alpha"
        raise UnknownWord(reading.mistake(names[0][0]), known, example)
    written = [" ".join(reading.words[at].text for at in run) for run in names]
    if len(written) > 1:
        first, second = map(shown, written[:2])
        raise UnreadWords(f"I take one name, not “{first}” and “{second}”. Put a name with spaces in quotes.")
    _refuse_long(written)
    if reading.helped:
        return reading.helped.value
    return written[0] if written else None


def names(reading: Reading) -> tuple[str, ...]:
    """Every word left over as a name of its own, for `compare`; each once, as it was first typed."""
    between = FILLERS | VERSUS
    told = [
        word.text
        for at in reading.loose
        if (word := reading.words[at]).key not in between or (word.key == ME and at > reading.subject_at)
    ]
    _refuse_long(told)
    once: dict[str, str] = {}
    for name in told:
        once.setdefault(name.casefold(), name)
    return tuple(once.values())


def refuse_near(reading: Reading, known: Mapping[str, object], example: str) -> None:
    """Raises UnknownWord where the first word left over is a slip of a known one: `chart mdels` names no team."""
    at = reading.loose[0]
    if not reading.words[at].quoted and nearest(reading.words[at].text, known, 1, cutoff=SLIP):
        raise UnknownWord(at, tuple(known), example)


def _runs(reading: Reading) -> list[list[int]]:
    """Left-over words side by side; a quoted one stands alone."""
    runs: list[list[int]] = []
    for at in reading.loose:
        if runs and runs[-1][-1] == at - 1 and not reading.words[at - 1].quoted and not reading.words[at].quoted:
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs


def _without_fillers(reading: Reading, run: list[int]) -> list[int]:
    fillers = FILLERS | CHANGING if reading.asked_of is Subject.WHY else FILLERS
    telling = [at for at in run if at == reading.me_at or reading.words[at].key not in fillers]
    return [at for at in run if telling[0] <= at <= telling[-1]] if telling else []


def _refuse_long(names: Sequence[str]) -> None:
    for name in names:
        if len(name) > _LONGEST:
            raise WordsError(f"A name has at most {_LONGEST} characters, not {len(name):,}.")
