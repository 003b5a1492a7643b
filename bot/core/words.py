"""The words of a question: the ones we know, how a sentence splits into them, how they are written back."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType


class Subject(StrEnum):
    """What is asked about; the value is the word for it."""

    SUMMARY = "summary"
    TEAM = "team"
    TEAMS = "teams"
    MODEL = "model"
    MODELS = "models"
    WORKSPACE = "workspace"
    WORKSPACES = "workspaces"
    KEY = "key"
    KEYS = "keys"
    USER = "user"
    USERS = "users"
    FEATURE = "feature"
    FEATURES = "features"
    ENDPOINT = "endpoint"
    ENDPOINTS = "endpoints"
    CALLS = "calls"
    WHY = "why"
    PLAN = "plan"
    CODE = "code"
    LIMITS = "limits"
    ALERTS = "alerts"
    BUDGET = "budget"
    FORECAST = "forecast"
    ADVICE = "advice"
    CHART = "chart"
    TREND = "trend"
    COMPARE = "compare"
    EXPORT = "export"
    SUBSCRIBE = "subscribe"
    SETTINGS = "settings"
    STATUS = "status"
    HELP = "help"


class Dimension(StrEnum):
    """What the rows are; the value is the word for it."""

    TEAM = "team"
    MODEL = "model"
    WORKSPACE = "workspace"
    KEY = "key"
    USER = "user"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    HOUR = "hour"
    TIER = "tier"
    TOKEN_TYPE = "token-type"  # noqa: S105 - a word, not a secret
    GEO = "geo"
    PRODUCT = "product"
    FEATURE = "feature"
    ENDPOINT = "endpoint"


CHRONOLOGICAL = (Dimension.DAY, Dimension.WEEK, Dimension.MONTH)
TIMES = (*CHRONOLOGICAL, Dimension.HOUR)
"""Rows that stand in the order of time."""
TOLD = frozenset({Dimension.FEATURE, Dimension.ENDPOINT})
"""What only programs tell of their own calls; Anthropic's reports know nothing of it."""


class Picture(StrEnum):
    """What `chart` draws; the value is the word for it."""

    TREND = "trend"
    MODELS = "models"
    TEAMS = "teams"
    WORKSPACES = "workspaces"
    KEYS = "keys"
    BUDGET = "budget"
    FORECAST = "forecast"
    CALLS = "calls"
    ENDPOINTS = "endpoints"
    ENDPOINT_TOKENS = "endpoint-tokens"
    LATENCY = "latency"


class Sheet(StrEnum):
    """What `export` writes; the value is the word for it."""

    USAGE = "usage"
    COST = "cost"
    FOCUS = "focus"
    CALLS = "calls"


LEDGER_SHEETS = (Sheet.USAGE, Sheet.COST, Sheet.FOCUS)
"""The files that are made of the ledger, and fixed with a month."""


class Wanted(StrEnum):
    """What `subscribe` makes; the value is the word for it."""

    DIGEST = "digest"
    ALERT = "alert"
    BUDGET = "budget"
    SILENCE = "silence"


# One of them has a name; all of them are ranked.
MANY: Mapping[Subject, Subject] = MappingProxyType(
    {
        Subject.TEAM: Subject.TEAMS,
        Subject.MODEL: Subject.MODELS,
        Subject.WORKSPACE: Subject.WORKSPACES,
        Subject.KEY: Subject.KEYS,
        Subject.USER: Subject.USERS,
        Subject.FEATURE: Subject.FEATURES,
        Subject.ENDPOINT: Subject.ENDPOINTS,
    }
)
ONE: Mapping[Subject, Subject] = MappingProxyType({many: one for one, many in MANY.items()})
NAMEABLE = frozenset({Subject.CODE})
"""Asked about everybody or, with a name, about one; the word is the same."""
OF_CALLS = frozenset({Subject.CALLS, Subject.FEATURE, Subject.FEATURES, Subject.ENDPOINT, Subject.ENDPOINTS})
"""Answered from what programs report of their own calls."""
OUTLOOKS = frozenset({Subject.BUDGET, Subject.FORECAST})
ASKED_OF = OUTLOOKS | {
    *(Subject.WHY, Subject.PLAN, Subject.CHART, Subject.TREND, Subject.COMPARE, Subject.EXPORT),
    *(Subject.ADVICE, Subject.ALERTS, Subject.SUBSCRIBE, Subject.CALLS),
}
"""Asked of another subject, or of everything: `why team alpha`."""

SUBJECTS: Mapping[str, Subject] = MappingProxyType(
    {
        **{subject.value: subject for subject in Subject},
        **dict.fromkeys(("all", "everything", "org", "organisation", "organization", "overview"), Subject.SUMMARY),
        "ws": Subject.WORKSPACE,
        **dict.fromkeys(("member", "person", "developer"), Subject.USER),
        **dict.fromkeys(("members", "people", "developers", "spenders", "who"), Subject.USERS),
        **dict.fromkeys(("call", "live calls", "latency"), Subject.CALLS),
        **dict.fromkeys(("explain", "what changed", "what happened"), Subject.WHY),
        "budgets": Subject.BUDGET,
        **dict.fromkeys(("forecasts", "projection", "outlook"), Subject.FORECAST),
        **dict.fromkeys(("charts", "graph", "picture", "plot"), Subject.CHART),
        **dict.fromkeys(("advise", "recommendations", "savings", "tips"), Subject.ADVICE),
        "trends": Subject.TREND,
        "alert": Subject.ALERTS,
        **dict.fromkeys(("subscription to", "subscribe to"), Subject.SUBSCRIBE),
        **dict.fromkeys(("setting", "configuration", "preferences"), Subject.SETTINGS),
        "comparison": Subject.COMPARE,
        "exports": Subject.EXPORT,
        **dict.fromkeys(("plans", "subscription", "subscriptions"), Subject.PLAN),
        **dict.fromkeys(("api key", "apikey", "api-key"), Subject.KEY),
        **dict.fromkeys(("api keys", "apikeys", "api-keys"), Subject.KEYS),
        **dict.fromkeys(("claude code", "claude-code", "claudecode", "coding"), Subject.CODE),
        **dict.fromkeys(("limit", "rate limits", "spend limits", "rate-limits", "spend-limits"), Subject.LIMITS),
    }
)
DIMENSIONS: Mapping[str, Dimension] = MappingProxyType(
    {
        **{dimension.value: dimension for dimension in Dimension},
        **{f"{dimension}s": dimension for dimension in Dimension},
        **{word: Dimension(ONE.get(s, s)) for word, s in SUBJECTS.items() if s in MANY or s in ONE},
        **dict.fromkeys(("token", "tokens", "token type", "token types"), Dimension.TOKEN_TYPE),
        **dict.fromkeys(("geography", "region", "regions"), Dimension.GEO),
    }
)
PICTURES: Mapping[str, Picture] = MappingProxyType(
    {
        **{picture.value: picture for picture in Picture},
        **dict.fromkeys(("course", "trends"), Picture.TREND),
        **dict.fromkeys(("budgets", "burndown", "burn-down", "burn down"), Picture.BUDGET),
        **dict.fromkeys(("fan", "forecasts", "outlook", "projection"), Picture.FORECAST),
        **dict.fromkeys(("api keys", "apikeys", "api-keys"), Picture.KEYS),
        "live calls": Picture.CALLS,
        **dict.fromkeys(("tokens per endpoint", "endpoint tokens"), Picture.ENDPOINT_TOKENS),
        **dict.fromkeys(("latencies", "request-times", "request times"), Picture.LATENCY),
    }
)
SHEETS: Mapping[str, Sheet] = MappingProxyType(
    {
        **{sheet.value: sheet for sheet in Sheet},
        **dict.fromkeys(("costs", "spend", "spending"), Sheet.COST),
        "tokens": Sheet.USAGE,
        "live calls": Sheet.CALLS,
    }
)
WANTED: Mapping[str, Wanted] = MappingProxyType(
    {
        **{one.value: one for one in Wanted},
        **{f"{one}s": one for one in Wanted},
        **dict.fromkeys(("rule", "rules", "alert rule", "alert rules"), Wanted.ALERT),
    }
)
BY = frozenset({"by", "per"})
EACH: Mapping[str, Dimension] = MappingProxyType(
    {"hourly": Dimension.HOUR, "daily": Dimension.DAY, "weekly": Dimension.WEEK, "monthly": Dimension.MONTH}
)
"""What says `by` in a word of its own."""
VERSUS = frozenset({"vs", "vs.", "versus", "against", "compared"})
PREVIOUS = frozenset({"previous", "prior"})
ME = "me"
"""A name for whoever asks; elsewhere it is a filler: `show me team alpha`."""
SPENDING = frozenset({"cost", "costs", "spend", "spending", "spent", "usage"})
FILLERS = SPENDING | {
    *("/claude-usage", "a", "an", "and", "are", "at", "been", "between", "biggest", "can", "could", "did", "do"),
    *("does", "doing", "during", "expensive", "far", "for", "from", "get", "give", "had", "has", "have", "highest"),
    *("how", "i", "in", "is", "largest", "me", "most", "much", "my", "of", "on", "our", "over", "please", "pls"),
    *("plz", "show", "so", "tell", "the", "to", "us", "use", "used", "was", "we", "were", "what", "with", "you"),
}
CHANGING = frozenset(
    {
        *("change", "changed", "cheaper", "dearer", "decrease", "drop", "dropped", "expensive", "fall", "fell", "go"),
        *("going", "high", "higher", "increase", "increased", "jump", "jumped", "less", "low", "lower", "more", "rise"),
        *("rose", "so", "than", "there", "up", "down", "went"),
    }
)
"""What people say around a name when they ask why: `why did alpha go up so much`."""

_DOUBLE = '"“”„‟«»'
_SINGLE = "'‘’‚‛"
_PUNCTUATION = ",;?!"
_PASTED = dict.fromkeys(map(ord, "\u034f\u200b\u2060\ufeff"))
"""Joiners and spaces of no width, which come along when a name is copied from a message and are no part of any."""
_OWNS = re.compile(r"['’]s$")
_ECHO = 40


@dataclass(frozen=True, slots=True)
class Word:
    """One word as typed, without its quotes; a quoted one is never a keyword and may hold spaces."""

    text: str
    quoted: bool = False

    @property
    def key(self) -> str:
        """What a keyword is compared with, `week` for `week's`: empty for a quoted word."""
        return "" if self.quoted else _OWNS.sub("", self.text.casefold())

    def __str__(self) -> str:
        return quote(self.text) if self.quoted else self.text


def split(text: str) -> list[Word]:
    """The words of a sentence; quotes of any shape hold one together, and one left open is ignored."""
    text = text.translate(_PASTED)
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
    words: list[Word] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        close = _closing(text, at)
        if close is not None:
            word, at = Word(" ".join(text[at + 1 : close].split()), quoted=True), close + 1
        else:
            end = next((i for i in range(at, len(text)) if text[i].isspace()), len(text))
            # A single quote stays: `Developers' Guild` is a name.
            word, at = Word(text[at:end].strip(_DOUBLE).rstrip(_PUNCTUATION + _DOUBLE)), end
        if word.text:
            words.append(word)
    return words


def mentions(text: str, subjects: Collection[Subject]) -> bool:
    """Whether any word could begin what one of these subjects is called: most sentences need not be read for more."""
    first = _first_words(frozenset(subjects))
    return any(word.key in first for word in split(text))


@cache
def _first_words(subjects: frozenset[Subject]) -> frozenset[str]:
    return frozenset(phrase.partition(" ")[0] for phrase, subject in SUBJECTS.items() if subject in subjects)


def quote(text: str) -> str:
    """The text in quotes that `split` reads back as one word."""
    marked = f'"{text}"'
    return marked if _closing(marked, 0) == len(marked) - 1 else f"'{text}'"


def shown(text: str) -> str:
    """Typed text made fit for a sentence: one line, no backticks or invisible characters, at most 40 characters."""
    visible = "".join("'" if c == "`" else " " if unicodedata.category(c).startswith("C") else c for c in text)
    line = " ".join(visible.split())
    return line if len(line) <= _ECHO else line[: _ECHO - 1] + "…"


def _closing(text: str, at: int) -> int | None:
    """Where the quote that opens at `at` closes: before a space or the end, so that `'Ana's team'` is one name."""
    marks = _DOUBLE if text[at] in _DOUBLE else _SINGLE
    if text[at] not in marks:
        return None
    for i in range(at + 1, len(text)):
        if text[i] in marks and (text[i + 1 :].lstrip(_PUNCTUATION) + " ")[0].isspace():
            return i
    return None
