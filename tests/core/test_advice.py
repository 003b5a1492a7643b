"""What would cost less: each idea finds what was planted, says nothing where nothing is, and counts no dollar twice."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.core.advice import (
    Course,
    Fast,
    InTheUS,
    Leak,
    Newer,
    Nightly,
    Piece,
    Retiring,
    Short,
    Uncached,
    Unread,
    Use,
    Window,
    idle,
    least,
    pieces,
)
from bot.core.advice.models import BELOW, NEWEST, RETIREMENTS, family
from bot.core.advice.use import added
from bot.core.money import Money
from bot.core.prices import list_cost, list_price
from bot.core.usage import (
    CACHE_READ,
    CACHE_WRITE_5M,
    OUTPUT,
    REQUESTS,
    TOKEN_TYPES,
    UNCACHED_INPUT,
)

UNTIL = date(2026, 11, 22)
SINCE = date(2026, 10, 24)
DAYS = 29
FIRST = SINCE - timedelta(days=28)
READ = frozenset(FIRST + timedelta(days=n) for n in range((UNTIL - FIRST).days))
IN_WINDOW = [SINCE + timedelta(days=n) for n in range(DAYS)]
WINDOW = Window(SINCE, UNTIL, "UTC", READ, frozenset(IN_WINDOW))
FLOOR = Money.from_dollars(10)
some = settings(max_examples=15, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
OFFICE = tuple(range(8, 18))
AROUND_THE_CLOCK = tuple(range(24))
Hourly = Callable[[datetime], Mapping[str, int]]


def hours(since: date = FIRST) -> list[datetime]:
    first = datetime.combine(since, time(), UTC)
    return [first + timedelta(hours=n) for n in range((UNTIL - since).days * 24)]


def course(
    hourly: Hourly,
    model: str = "claude-sonnet-5-5",
    *,
    tier: str = "standard",
    geo: str = "global",
    product: str = "messages_api",
    key: str = "apikey_1",
    since: date = SINCE,
    paid: Fraction = Fraction(1),
    dearer: int = 1,
) -> Course:
    """A use as the ledger would hold it; `paid`: what part of list is billed, `dearer`: times the list price."""
    by_hour = {at: dict(counts) for at in hours(since) if sum((counts := hourly(at)).values())}
    days: dict[date, dict[str, int]] = {}
    for at, counts in by_hour.items():
        days[at.date()] = added([days.get(at.date(), {}), counts])
    inside = [counts for day, counts in days.items() if day >= SINCE]
    whole = added(inside)
    listed = 0
    for charge in TOKEN_TYPES:
        cost = list_cost(whole.get(charge, 0), charge, model=model, day=UNTIL, service_tier=tier, inference_geo=geo)
        assert cost is not None
        listed += cost.units * dearer
    return Course(
        Use("wrkspc_1", key, "", model, tier, geo, product),
        frozenset({"alpha"}),
        whole,
        listed,
        int(listed * paid),
        len(inside),
        max(days),
        days,
        {at: counts for at, counts in by_hour.items() if at.date() >= SINCE},
    )


def calls(
    count: int,
    each: tuple[int, int, int, int, int],
    when: tuple[int, ...] = AROUND_THE_CLOCK,
    weekend: float = 1.0,
    *,
    counted: bool = True,
) -> Hourly:
    """So many calls in each of these hours of a day, fewer on Saturday and Sunday."""

    def hourly(at: datetime) -> Mapping[str, int]:
        many = (int(count * weekend) if at.weekday() >= 5 else count) if at.hour in when else 0
        counts = {charge: many * tokens for charge, tokens in zip(TOKEN_TYPES, each, strict=True)}
        return {**counts, REQUESTS: many} if counted else counts

    return hourly


def advice(*courses: Course, window: Window = WINDOW, floor: Money = FLOOR) -> tuple[Piece, ...]:
    return pieces(courses, window, floor)


def only(*courses: Course, window: Window = WINDOW) -> Piece:
    (piece,) = advice(*courses, window=window)
    return piece


CHAT = (900, 400, 0, 6000, 450)
CLEAN = course(calls(100, CHAT, OFFICE, 0.1))
DIGEST, ANEW = (300, 400, 0, 9000, 450), (300, 8500, 0, 900, 450)


def leaking(began: datetime, count: Callable[[datetime], int], before: int, since: int) -> Hourly:
    """Ten thousand cached tokens a call, of which so many are written before a leak began and since."""

    def hourly(at: datetime) -> Mapping[str, int]:
        many, fresh = count(at), since if at >= began else before
        return {
            UNCACHED_INPUT: 300 * many,
            CACHE_WRITE_5M: fresh * many,
            CACHE_READ: (10_000 - fresh) * many,
            OUTPUT: 450 * many,
        }

    return hourly


@some
@given(
    day=st.integers(2, 25),
    hour=st.integers(0, 23),
    before=st.integers(0, 1500),
    lost=st.integers(2500, 8000),
    growth=st.floats(0, 0.1),
    weekend=st.sampled_from([1.0, 0.5, 0.15]),
    noise=st.lists(st.floats(0.8, 1.2), min_size=50, max_size=50),
)
def test_a_planted_leak_is_found_with_the_day_and_hour_it_began(
    day: int, hour: int, before: int, lost: int, growth: float, weekend: float, noise: list[float]
) -> None:
    began = datetime.combine(UNTIL - timedelta(days=day), time(hour), UTC)

    def count(at: datetime) -> int:
        many = 60 * (1 + growth * (at.date() - FIRST).days) * noise[at.timetuple().tm_yday * 24 % 50 - at.hour]
        return round(many * (weekend if at.weekday() >= 5 else 1))

    found = only(course(leaking(began, count, before, before + lost), since=FIRST))
    assert isinstance(found.evidence, Leak)
    assert (found.evidence.began, found.evidence.by_hour) == (began, True)
    since = [at for at in hours() if at >= began]
    lost_tokens = sum(count(at) * lost for at in since)
    price = list_price("claude-sonnet-5-5", UNTIL)
    assert price is not None
    cost = float(lost_tokens * (price.cache_write_5m - price.cache_read)) / 10**6
    assert float(found.evidence.cost.high.dollars) == pytest.approx(cost, rel=0.01)
    assert float(found.month.high.dollars) == pytest.approx(cost * 30 * 24 / len(since), rel=0.01)
    assert found.month.low <= found.month.high


@some
@given(
    share=st.integers(0, 9000),
    factor=st.floats(0.2, 6),
    day=st.integers(2, 25),
    weekend=st.sampled_from([1.0, 0.3]),
)
def test_more_use_of_the_same_kind_is_no_leak(share: int, factor: float, day: int, weekend: float) -> None:
    began = UNTIL - timedelta(days=day)

    def count(at: datetime) -> int:
        return round(60 * (factor if at.date() >= began else 1) * (weekend if at.weekday() >= 5 else 1))

    never = datetime.combine(UNTIL, time(), UTC)
    assert advice(course(leaking(never, count, share, share), since=FIRST)) == ()


def test_weekends_with_fewer_hits_are_no_leak() -> None:
    def hourly(at: datetime) -> Mapping[str, int]:
        each = ANEW if at.weekday() >= 5 else DIGEST
        return {charge: 10 * tokens for charge, tokens in zip(TOKEN_TYPES, each, strict=True)}

    # the last two days are a Sunday and the Saturday before it
    sunday = replace(WINDOW, until=UNTIL)
    assert UNTIL.weekday() == 6
    assert advice(course(hourly, since=FIRST), window=sunday) == ()
    monday = UNTIL - timedelta(days=6)
    assert advice(course(hourly, since=FIRST), window=replace(WINDOW, until=monday)) == ()


def test_a_leak_that_was_mended_is_past() -> None:
    first, last = date(2026, 11, 5), date(2026, 11, 12)

    def hourly(at: datetime) -> Mapping[str, int]:
        each = ANEW if first <= at.date() < last else DIGEST
        return {charge: 10 * tokens for charge, tokens in zip(TOKEN_TYPES, each, strict=True)}

    assert advice(course(hourly, since=FIRST)) == ()


def test_without_hours_a_leak_has_a_day() -> None:
    began = datetime(2026, 11, 13, tzinfo=UTC)
    daily = replace(WINDOW, hourly=frozenset())
    found = only(course(leaking(began, lambda _: 10, 400, 8000), since=FIRST), window=daily)
    assert isinstance(found.evidence, Leak)
    assert (found.evidence.began, found.evidence.by_hour) == (began, False)
    assert (round(found.evidence.written_before, 2), round(found.evidence.written_since, 2)) == (0.04, 0.78)
    assert (round(found.evidence.read_before, 2), round(found.evidence.read_since, 2)) == (0.93, 0.19)


def test_nothing_is_said_of_what_is_well() -> None:
    batched = course(calls(100, (6000, 0, 0, 0, 1200), (0, 1, 2)), "claude-sonnet-5-5", tier="batch", key="b")
    agent = course(calls(20, (600, 2500, 1500, 45000, 700), OFFICE), "claude-opus-5-5", product="claude_code", key="c")
    assert advice(CLEAN, batched, agent) == ()


def test_nightly_work_at_the_standard_price_could_be_half() -> None:
    nightly = course(calls(100, (6000, 0, 0, 0, 1200), (22, 23, 0, 1, 2), 0.7), paid=Fraction(9, 10))
    found = only(nightly)
    assert isinstance(found.evidence, Nightly)
    assert found.month.exact
    assert found.month.low.units == pytest.approx(nightly.billed * 30 / DAYS / 2, abs=1)


def test_cache_hits_that_a_batch_may_lose_make_it_a_range() -> None:
    found = only(course(calls(100, (2000, 0, 0, 6000, 1200), (22, 23, 0, 1, 2))))
    assert isinstance(found.evidence, Nightly)
    # a call costs 4 + 0.6 + 12 thousandths; half of it in a batch, and (4 + 12 + 12) / 2 where nothing is read
    assert found.month.high.units == pytest.approx(100 * 5 * 8.3 * 10**7 * 30, rel=1e-6)
    assert found.month.low.units == pytest.approx(100 * 5 * 2.6 * 10**7 * 30, rel=1e-6)


@pytest.mark.parametrize(
    ("when", "weekend"),
    [
        (AROUND_THE_CLOCK, 1.0),
        (OFFICE, 0.1),
        (tuple((hour - 9) % 24 for hour in OFFICE), 0.1),  # an office nine hours further east
        (tuple((hour + 9) % 24 for hour in OFFICE), 0.1),  # and one further west
        ((22, 23, 0, 1, 2), 0.1),  # people who work at night still have weekends
    ],
)
def test_what_people_wait_for_is_no_batch(when: tuple[int, ...], weekend: float) -> None:
    assert advice(course(calls(100, (6000, 0, 0, 0, 1200), when, weekend))) == ()


def test_nightly_work_without_hours_is_not_known_to_be_nightly() -> None:
    nightly = course(calls(100, (6000, 0, 0, 0, 1200), (22, 23, 0, 1, 2)))
    assert advice(replace(nightly, hours={}), window=replace(WINDOW, hourly=frozenset())) == ()


def test_the_night_is_the_readers_own() -> None:
    nightly = course(calls(100, (6000, 0, 0, 0, 1200), (15, 16, 17)))
    assert advice(nightly) == ()
    assert isinstance(only(nightly, window=replace(WINDOW, zone="Asia/Tokyo")).evidence, Nightly)


def test_writes_for_an_hour_that_nobody_reads_cost_too_much() -> None:
    found = only(course(calls(20, (500, 0, 6000, 0, 700))))
    assert isinstance(found.evidence, Unread)
    written = 20 * 24 * 6000
    assert found.month.low.units == written * (40_000 - 25_000) * 30
    assert found.month.high.units == written * (40_000 - 20_000) * 30
    assert advice(course(calls(20, (500, 0, 6000, 6000, 700)))) == ()


def test_large_prompts_of_one_size_without_a_cache_could_have_one() -> None:
    found = only(course(calls(50, (8000, 0, 0, 0, 500), OFFICE)))
    assert found.evidence == Uncached(8000 * 50 * 10 * DAYS, 8000)
    a_quarter = 8000 * 50 * 10 * 30 // 4
    plain, cached = 20_000, (25_000 + 9 * 1_000) // 10
    assert found.month.low.units == pytest.approx(a_quarter * (plain - cached), rel=1e-6)
    assert found.month.high.units == pytest.approx(3 * a_quarter * (plain - cached), rel=1e-6)


def test_prompts_that_are_small_or_rare_or_of_all_sizes_need_no_cache() -> None:
    def all_sizes(at: datetime) -> Mapping[str, int]:
        return {UNCACHED_INPUT: 50 * (4000 + 3000 * (at.day % 5)), OUTPUT: 50 * 400, REQUESTS: 50}

    assert advice(course(calls(50, (1500, 0, 0, 0, 150), OFFICE), "claude-haiku-5-5")) == ()
    assert advice(course(calls(4, (20_000, 0, 0, 0, 1000), (9, 15)))) == ()
    assert advice(course(all_sizes)) == ()


def test_where_requests_are_not_counted_large_is_beside_the_output() -> None:
    found = only(course(calls(100, (8000, 0, 0, 0, 700), OFFICE, counted=False)))
    assert isinstance(found.evidence, Uncached)
    assert found.evidence.each is None


def test_us_only_inference_costs_an_eleventh_of_its_bill() -> None:
    here = course(calls(100, CHAT, OFFICE), geo="us")
    found = only(here)
    assert isinstance(found.evidence, InTheUS)
    assert found.month.exact
    assert found.month.low.units == pytest.approx(here.billed * 30 / DAYS / 11, rel=1e-6)


def test_fast_mode_shows_in_the_list_cost_that_anthropic_states() -> None:
    found = only(course(calls(50, (600, 2500, 1500, 45000, 700), OFFICE), "claude-opus-5-5", dearer=2))
    assert isinstance(found.evidence, Fast)
    assert found.evidence.above == pytest.approx(0.5)
    assert advice(course(calls(50, CHAT, OFFICE), "claude-sonnet-5-5", dearer=2)) == ()


def test_short_answers_of_a_large_model_are_an_estimate_between_some_and_all_calls() -> None:
    short = course(calls(100, (1200, 300, 0, 3500, 120), OFFICE), "claude-opus-5-5")
    found = only(short)
    assert found.evidence == Short("claude-sonnet-5-5", 120, 0.1)
    assert found.month.high.units == pytest.approx(short.billed * 30 / DAYS / 2, rel=0.02)  # half the price
    assert found.month.low.units == pytest.approx(found.month.high.units / 4, rel=1e-6)


def test_long_answers_and_coding_agents_keep_their_model() -> None:
    assert advice(course(calls(100, (1200, 300, 0, 3500, 400), OFFICE), "claude-opus-5-5")) == ()
    code = calls(100, (1200, 300, 0, 3500, 60), OFFICE)
    assert advice(course(code, "claude-opus-5-5", product="claude_code")) == ()


def test_the_newest_of_a_family_is_advised_where_it_costs_less_whatever_the_tokenizer_adds() -> None:
    old = course(calls(100, CHAT, OFFICE), "claude-sonnet-4-6")
    found = only(old)
    assert isinstance(found.evidence, Newer)
    assert found.evidence.instead == "claude-sonnet-5-5"
    each = 900 * 2 + 400 * 2.5 + 6000 * 0.1 + 450 * 10
    new = each * 10**4 * 100 * 10 * 30
    month = old.billed * 30 / DAYS
    assert found.month.high.units == pytest.approx(month - new, rel=1e-6)
    assert found.month.low.units == pytest.approx(month - 1.3 * new, rel=1e-6)


def test_a_price_that_depends_on_the_prompt_is_taken_at_its_worst_unless_prompts_are_known_to_be_short() -> None:
    known = course(calls(400, CHAT, OFFICE), "claude-haiku-4-5-20251001")
    unknown = course(calls(400, CHAT, OFFICE, counted=False), "claude-haiku-4-5-20251001")
    assert only(known).month.high == only(unknown).month.high
    assert only(known).month.low.units > 2 * only(unknown).month.low.units


def test_a_retiring_model_is_told_however_little_it_costs_and_to_its_users_alone() -> None:
    old = course(calls(1, CHAT, (9,)), "claude-sonnet-4-5-20250929")
    found = only(old)
    assert isinstance(found.evidence, Retiring)
    assert (found.evidence.on, found.evidence.instead) == (date(2026, 11, 30), "claude-sonnet-5-5")
    assert found.evidence.last == UNTIL - timedelta(days=1)
    assert advice(replace(old, last=UNTIL - timedelta(days=20))) == ()


def test_users_of_one_retiring_model_are_told_together() -> None:
    two = [course(calls(1, CHAT, (9,)), "claude-sonnet-4-5-20250929", key=key) for key in ("a", "b")]
    assert {one.course.use.api_key_id for one in only(*two).findings} == {"a", "b"}


def test_every_advised_model_has_a_price_and_every_retiring_one_a_successor() -> None:
    assert all(list_price(model, UNTIL) for model in NEWEST.values())
    assert all(below in NEWEST and above in NEWEST for above, below in BELOW.items())
    assert all(family(model) in NEWEST for model in RETIREMENTS)


def test_keys_are_idle_after_thirty_days_the_longest_first() -> None:
    used = {"new": UNTIL, "old": date(2026, 9, 1), "edge": UNTIL - timedelta(days=30), "older": date(2026, 8, 1)}
    assert idle(used, UNTIL) == (("older", date(2026, 8, 1)), ("old", date(2026, 9, 1)))


def test_what_is_left_after_one_piece_is_all_that_the_next_one_counts() -> None:
    both = course(calls(100, (6000, 0, 0, 0, 1200), (22, 23, 0, 1, 2)), geo="us")
    first, second = advice(both)
    assert isinstance(first.evidence, Nightly)
    assert isinstance(second.evidence, InTheUS)
    eleventh = both.billed * 30 / DAYS / 11
    assert second.month.low.units == pytest.approx(eleventh, rel=1e-6)
    assert first.month.low.units == pytest.approx(5 * eleventh, rel=1e-6)  # half of what ten elevenths are


tokens = st.integers(0, 9000)


@some
@given(
    st.lists(
        st.tuples(
            st.tuples(tokens, tokens, tokens, tokens, st.integers(1, 2000)),
            st.sampled_from(["claude-opus-5-5", "claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5-20251001"]),
            st.sampled_from(["standard", "batch"]),
            st.sampled_from(["us", "global"]),
            st.sampled_from([OFFICE, (22, 23, 0, 1), AROUND_THE_CLOCK]),
            st.booleans(),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_all_advice_together_never_saves_more_than_is_spent(
    uses: list[tuple[tuple[int, int, int, int, int], str, str, str, tuple[int, ...], bool]],
) -> None:
    courses = [
        course(calls(30, each, when, counted=counted), model, tier=tier, geo=geo, key=str(at))
        for at, (each, model, tier, geo, when, counted) in enumerate(uses)
    ]
    found = advice(*courses, floor=Money(1))
    assert sum(one.month.high.units for one in found) <= sum(one.billed for one in courses) * 30 / DAYS + len(found)
    assert all(0 <= one.month.low.units <= one.month.high.units for one in found)


def test_little_is_not_said() -> None:
    nightly = course(calls(100, (6000, 0, 0, 0, 1200), (22, 23, 0, 1, 2)))
    found = only(nightly)
    assert advice(nightly, floor=found.month.low) == (found,)
    assert advice(nightly, floor=found.month.low + Money(1)) == ()


def test_what_is_worth_saying_grows_with_what_is_spent() -> None:
    assert least([10**10], WINDOW) == Money.from_dollars(10)
    assert least([29 * 100_000 * 10**10], WINDOW) == Money.from_dollars(15_000)


def test_five_pieces_are_enough_and_the_surest_come_first() -> None:
    many = [course(calls(100 + n, (6000, 0, 0, 0, 1200), (22, 23, 0, 1)), key=f"k{n}") for n in range(8)]
    found = advice(*many)
    assert [one.findings[0].course.use.api_key_id for one in found] == ["k7", "k6", "k5", "k4", "k3"]


def test_thirteen_days_are_too_few() -> None:
    nightly = course(calls(100, (6000, 0, 0, 0, 1200), (22, 23, 0, 1, 2)))
    few = frozenset(sorted(READ)[-13:])
    assert advice(nightly, window=replace(WINDOW, read=few)) == ()


def test_what_has_no_public_price_is_not_advised_on() -> None:
    assert advice(replace(course(calls(100, (6000, 0, 0, 0, 1200), (22, 23, 0, 1, 2))), listed=0)) == ()
