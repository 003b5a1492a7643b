"""Limits of every kind, as people get to see them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Answer
from bot.answers.limits.page import Held, Spend, answer
from bot.answers.limits.rates import Live, Rate
from bot.core.headroom import HeadRoom, Kind, Reach, Why
from bot.core.limits import RateLimit, SpendLimit
from bot.core.money import Money


def _spend(name: str, scope: str, dollars: str, used: str | None, organization: str = examples.ORGANISATION) -> Spend:
    limit = SpendLimit(f"spl_{name}", scope, None, Money.from_dollars(dollars), "monthly")
    return Spend(organization, name, limit, None if used is None else Money.from_dollars(used))


def _rate(
    group: str, *limits: tuple[str, int], workspace: str = "", organization: str = examples.ORGANISATION
) -> list[Rate]:
    return [
        Rate(organization, workspace, RateLimit(workspace, group, "model_group", group, (), limiter, value))
        for limiter, value in limits
    ]


def _live(team: str, model: str, kind: Kind, limit: int, left: int, lately: int, reach: Reach) -> Live:
    return Live(team, HeadRoom(model, kind, limit, left, {}), lately, reach)


_READ = datetime(2026, 11, 21, 8, 15, tzinfo=UTC)
_WHOLE = _spend("Whole organisation", "organization", "12000", "3842.11")
_TIER = _spend("Anthropic's cap for the usage tier", "usage_tier", "200000", "3842.11")
_OPUS = _rate(
    "Claude Opus 5.5",
    ("requests_per_minute", 10_000),
    ("input_tokens_per_minute_cache_aware", 10_000_000),
    ("output_tokens_per_minute", 2_000_000),
    ("fast_otpm", 200_000),
)
_BATCH = _rate("Message Batches", ("requests_per_minute", 10_000), ("enqueued_batch_requests", 500_000))
_OWN = _rate("Claude Opus 5.5", ("requests_per_minute", 500), workspace="sandbox")
_NO_SPEND = "Spend limits: Anthropic refused /v1/organizations/spend_limits with 404: Not Found"
EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "well": answer(Held((_WHOLE, _TIER), (*_OPUS, *_BATCH, *_OWN), read_at=_READ)),
        "near": answer(
            Held((_WHOLE, _spend("Workspace sandbox", "workspace", "200", "171.3333")), _BATCH, read_at=_READ)
        ),
        "several near": answer(
            Held([_spend(f"Workspace {n}", "workspace", "100", f"{79 + n}") for n in range(1, 6)], (), read_at=_READ)
        ),
        "not billed yet": answer(
            Held((_spend("Whole organisation", "organization", "12000", None),), (), read_at=_READ)
        ),
        "no spend limits": answer(Held((), _OPUS, (_NO_SPEND,), read_at=_READ)),
        "not permitted": answer(Held((), (), (_NO_SPEND,))),
        "nothing read": answer(Held((), ())),
        "as programs meet them": answer(
            Held(
                (_WHOLE,),
                _OPUS,
                read_at=_READ,
                live=(
                    _live(
                        *("Team Alpha", "claude-opus-5-5", Kind.TOKENS, 2_000_000, 212_000, 894_000),
                        Reach(date(2026, 12, 3), Why.RISING),
                    ),
                    _live(
                        *("Team Alpha", "claude-opus-5-5", Kind.REQUESTS, 1_000, 988, 24_000),
                        Reach(None, Why.NOT_RISING),
                    ),
                    _live(
                        *("Team Beta", "claude-haiku-5-5", Kind.REQUESTS, 1_000, 0, 1_000_000),
                        Reach(date(2026, 11, 21), Why.REACHED),
                    ),
                ),
            )
        ),
        "by programs alone": answer(
            Held(
                (),
                (),
                live=(
                    _live(
                        *("unallocated", "claude-haiku-5-5", Kind.REQUESTS, 50, 41, 180_000),
                        Reach(None, Why.TOO_FEW_DAYS),
                    ),
                ),
            )
        ),
        "hostile names": answer(
            Held(
                (_spend(examples.HOSTILE, "workspace", "10000000", "9999999.99", examples.HOSTILE), _WHOLE),
                (*_rate(examples.HOSTILE, ("tokens_per_day", 10**15), organization=examples.HOSTILE), *_OPUS),
                (examples.HOSTILE,),
                read_at=_READ,
            )
        ),
    }
)
