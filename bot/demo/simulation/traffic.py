"""What every key uses in any hour."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from bot.demo.simulation.cast import CODE, DEFAULT, INACTIVE, Ids
from bot.demo.simulation.chance import digest, noise
from bot.demo.simulation.hours import HOUR, midnight
from bot.demo.simulation.usage import UsageRow

_ALWAYS: Final = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class _Profile:
    """How a day's calls spread over the 24 UTC hours, and what is left of them on Saturday and Sunday."""

    weights: tuple[int, ...]
    weekend: float

    def share(self, hour: datetime) -> float:
        """The part of a weekday's calls that falls in this hour."""
        share = self.weights[hour.hour] / sum(self.weights)
        return share * self.weekend if hour.weekday() >= 5 else share


_OFFICE: Final = _Profile((0, 0, 0, 0, 0, 0, 1, 3, 6, 8, 8, 7, 6, 7, 8, 8, 7, 5, 3, 2, 1, 0, 0, 0), 0.12)
_CUSTOMERS: Final = _Profile((2, 2, 1, 1, 1, 2, 3, 5, 7, 8, 8, 8, 8, 8, 8, 8, 8, 7, 6, 5, 4, 4, 3, 2), 0.55)
_NIGHT: Final = _Profile((5, 6, 6, 5, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3), 0.7)
_STEADY: Final = _Profile((1,) * 24, 1.0)

# One call's tokens, in the order of TOKEN_TYPES.
_CHAT: Final = (900, 400, 0, 6000, 450)
_TRIAGE: Final = (1200, 300, 0, 3500, 120)
_EXTRACT: Final = (6000, 0, 0, 0, 1200)
_RANK: Final = (1500, 0, 0, 2500, 60)
_REVIEW: Final = (3000, 0, 800, 4000, 600)
_AGENT: Final = (600, 2500, 1500, 45000, 700)
_LOOP: Final = (800, 0, 0, 9000, 250)
_WHOLE_MANUAL: Final = (130_000, 0, 0, 0, 900)
_DIGEST: Final = (300, 400, 0, 9000, 250)
_DIGEST_ANEW: Final = (300, 8500, 0, 900, 250)
_FOR_AN_HOUR: Final = (500, 0, 6000, 0, 400)
_LABEL: Final = (1800, 300, 0, 3000, 40)

# A team takes up a new model some weeks after its launch; no line uses a model on days its price is in doubt.
_LINES: Final[Mapping[str, tuple[tuple[date, str], ...]]] = {
    "opus": ((date(2026, 9, 28), "claude-opus-5-5"), (date.min, "claude-opus-4-8")),
    "sonnet": ((date(2026, 10, 12), "claude-sonnet-5-5"), (date.min, "claude-sonnet-4-6")),
    "haiku": ((date.min, "claude-haiku-4-5-20251001"),),
    "new haiku": ((date(2026, 10, 12), "claude-haiku-5-5"), (date.min, "claude-haiku-4-5-20251001")),
    "old opus": ((date.min, "claude-opus-4-8"),),
    "old sonnet": ((date.min, "claude-sonnet-4-6"),),
    "retiring sonnet": ((date.min, "claude-sonnet-4-5-20250929"),),
}


@dataclass(frozen=True, slots=True)
class Stream:
    """What one caller does with one line of models: calls on a weekday, and the shape of a call.

    The caller is the API key of that name, minted for `person` where one is named, or a service account with no key.
    """

    workspace: str
    caller: str | None
    line: str
    per_call: tuple[int, int, int, int, int]
    calls: int
    profile: _Profile
    tier: str = "standard"
    geo: str = "global"
    speed: str = "standard"
    searches: float = 0.0
    lives: tuple[datetime, datetime] = _ALWAYS
    product: str = "messages_api"
    person: str | None = None
    keyless: bool = False
    long_prompts: bool = False

    @property
    def key(self) -> str | None:
        """The name of the API key it calls with."""
        return None if self.keyless else self.caller

    def row(self, ids: Ids, seed: int, hour: datetime, growth: float) -> UsageRow | None:
        """This hour's usage, or None when nobody called."""
        share = self.profile.share(hour)
        if not share or not self.lives[0] <= hour < self.lives[1]:
            return None
        label = f"{seed}:{self.workspace}/{self.caller}/{self.line}/{self.tier}"
        (of_day,) = noise(f"{label}:{hour:%Y-%m-%d}", 1, spread=0.1)
        of_hour, *of_kind = noise(f"{label}:{hour:%Y-%m-%dT%H}", 7, spread=0.2)
        calls = round(self.calls * share * growth * of_day * of_hour)
        if not calls:
            return None
        kinds = (*self.per_call, self.searches)
        counts = [round(calls * each * factor) for each, factor in zip(kinds, of_kind, strict=True)]
        model = next(name for since, name in _LINES[self.line] if since <= hour.date())
        return UsageRow(
            None if self.workspace == DEFAULT else ids("wrkspc", self.workspace),
            self.key and ids("apikey", self.key),
            self.person and ids("user", self.person),
            ids("svac", self.caller) if self.keyless and self.caller else None,
            model,
            self.tier,
            "0-200k",
            "not_available" if "-4-5" in model else self.geo,
            self.speed,
            "message_batches_api" if self.tier == "batch" else self.product,
            self.long_prompts,
            calls,
            *counts,
        )


def streams(
    until: datetime, *, haiku_bands: bool = False, fast_mode: bool = False, waste: bool = False
) -> tuple[Stream, ...]:
    """Everything this organisation runs, with the runaway loop in the newest night that is over by `until`.

    `haiku_bands` adds prompts on both sides of Haiku 5.5's price step, `fast_mode` calls at the doubled price, `waste`
    what could cost less.
    """
    bands = (
        Stream("docs-site", "docs-index", "new haiku", _EXTRACT, 3000, _NIGHT),
        Stream("docs-site", "docs-index", "new haiku", _WHOLE_MANUAL, 60, _NIGHT, long_prompts=True),
    )
    fast = (_code("ben", "opus", 40, speed="fast"),)
    more = (*(bands if haiku_bands else ()), *(fast if fast_mode else ()), *(_wasteful(until) if waste else ()))
    return (*_usual(until), *more)


def _wasteful(until: datetime) -> tuple[Stream, ...]:
    """What advice is for: a cache that leaks since an afternoon, nightly work that is no batch, short answers from a
    large model, cache writes that nobody reads, a model about to retire, a key that nobody uses."""
    leaking = midnight(until) - timedelta(days=9) + 14 * HOUR
    before, since, unused = (_ALWAYS[0], leaking), (leaking, _ALWAYS[1]), (_ALWAYS[0], until - timedelta(days=40))
    return (
        Stream("search-prod", "search-digest", "sonnet", _DIGEST, 500, _CUSTOMERS, lives=before),
        Stream("search-prod", "search-digest", "sonnet", _DIGEST_ANEW, 500, _CUSTOMERS, lives=since),
        Stream("data-pipelines", "pipelines-reports", "sonnet", _EXTRACT, 500, _NIGHT),
        Stream("support-eval", "support-labels", "opus", _LABEL, 500, _OFFICE),
        Stream("docs-site", "docs-index", "sonnet", _FOR_AN_HOUR, 250, _CUSTOMERS),
        Stream("legal-review", "contract-summaries", "retiring sonnet", _CHAT, 60, _OFFICE),
        Stream("support-eval", "support-pilot", "sonnet", _CHAT, 40, _OFFICE, lives=unused),
    )


def _code(person: str, line: str, calls: int, speed: str = "standard") -> Stream:
    """Claude Code of one person, signed in with the key that was minted for them."""
    key = f"claude_code_key_{person}"
    return Stream(CODE, key, line, _AGENT, calls, _OFFICE, speed=speed, product="claude_code", person=person)


def _usual(until: datetime) -> tuple[Stream, ...]:
    today = midnight(until)
    night = midnight(until - 5 * HOUR)  # the newest that is over: a loop that has only begun is over no limit yet
    looping = (night - 2 * HOUR, night + 5 * HOUR)
    until_archived = (_ALWAYS[0], today - timedelta(days=30))
    until_inactive = (_ALWAYS[0], today - timedelta(days=45))
    return (
        Stream("support-prod", "support-assistant", "sonnet", _CHAT, 2500, _CUSTOMERS),
        Stream("support-prod", "support-autotriage", "opus", _TRIAGE, 1200, _CUSTOMERS),
        Stream("support-prod", "support-autotriage", "opus", _LOOP, 24 * 6500, _STEADY, lives=looping),
        Stream("support-prod", "support-summaries", "sonnet", _EXTRACT, 400, _NIGHT, tier="batch"),
        Stream("support-eval", "support-evals", "opus", _REVIEW, 250, _OFFICE),
        Stream("support-eval", "support-judge", "haiku", _TRIAGE, 800, _OFFICE),
        Stream("search-prod", "search-answers", "sonnet", _CHAT, 3000, _CUSTOMERS, searches=0.15),
        Stream("search-prod", "search-answers-us", "sonnet", _CHAT, 800, _CUSTOMERS, geo="us", searches=0.1),
        Stream("search-prod", "search-rerank", "haiku", _RANK, 5000, _CUSTOMERS),
        Stream("data-pipelines", "pipelines-nightly", "sonnet", _EXTRACT, 1800, _NIGHT, tier="batch", keyless=True),
        Stream("data-pipelines", "pipelines-enrich", "haiku", _EXTRACT, 2500, _NIGHT, tier="batch", keyless=True),
        Stream("data-pipelines", "pipelines-adhoc", "opus", _EXTRACT, 60, _OFFICE),
        Stream("data-pipelines", INACTIVE, "old sonnet", _EXTRACT, 120, _NIGHT, lives=until_inactive),
        Stream("mobile-beta", "mobile-assistant", "haiku", _CHAT, 600, _CUSTOMERS, lives=until_archived),
        Stream("docs-site", "docs-chat", "haiku", _CHAT, 800, _CUSTOMERS),
        Stream("docs-site", "docs-writer", "sonnet", _CHAT, 150, _OFFICE),
        Stream("legal-review", "contract-review", "opus", _REVIEW, 150, _OFFICE),
        Stream("shared-platform", "beta-ranker", "haiku", _RANK, 3000, _CUSTOMERS),
        Stream("shared-platform", "beta-ranker", "sonnet", _CHAT, 400, _CUSTOMERS),
        Stream("shared-platform", "gamma-etl", "sonnet", _EXTRACT, 500, _NIGHT, tier="batch"),
        Stream("shared-platform", "alpha-triage", "haiku", _TRIAGE, 1000, _CUSTOMERS),
        Stream("sandbox", "scratch", "old opus", _CHAT, 200, _OFFICE),
        Stream("sandbox", "hackweek", "old sonnet", _CHAT, 200, _OFFICE, product="claude_code"),
        _code("ana", "opus", 180),
        _code("ben", "opus", 320),
        _code("chiara", "opus", 250),
        _code("gus", "sonnet", 300),
        Stream(DEFAULT, "website-chat", "sonnet", _CHAT, 1200, _CUSTOMERS),
        Stream(DEFAULT, "website-chat", "sonnet", _CHAT, 300, _CUSTOMERS, tier="priority"),
        Stream(DEFAULT, "internal-wiki", "haiku", _CHAT, 500, _OFFICE),
        Stream(DEFAULT, None, "opus", _CHAT, 80, _OFFICE, product="claude_console"),
    )


def container_hours(seed: int, start: datetime) -> int:
    """Billable code-execution container-hours of one hour: past the month's free ones, in one workspace only."""
    if not _NIGHT.weights[start.hour]:
        return 0
    return digest(f"{seed}:containers:{start:%Y-%m-%dT%H}", 1)[0] % 5
