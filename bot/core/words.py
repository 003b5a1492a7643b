"""The words of a question: those we know, and what each of them means."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from bot.core.typed import split


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


def mentions(text: str, subjects: Collection[Subject]) -> bool:
    """Whether any word could begin what one of these subjects is called: most sentences need not be read for more."""
    first = _first_words(frozenset(subjects))
    return any(word.key in first for word in split(text))


@cache
def _first_words(subjects: frozenset[Subject]) -> frozenset[str]:
    return frozenset(phrase.partition(" ")[0] for phrase, subject in SUBJECTS.items() if subject in subjects)
