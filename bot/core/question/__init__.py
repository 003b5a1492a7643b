"""The sentence after `/claude-usage` as a question: about what, when, by what, against what."""

from bot.core.question.meaning import Question, head, instead, written
from bot.core.question.reading import MOST_ROWS
from bot.core.question.sentence import parse, recalled
from bot.core.words import Dimension, Picture, Sheet, Subject, Wanted

__all__ = [
    "MOST_ROWS",
    "Dimension",
    "Picture",
    "Question",
    "Sheet",
    "Subject",
    "Wanted",
    "head",
    "instead",
    "parse",
    "recalled",
    "written",
]
