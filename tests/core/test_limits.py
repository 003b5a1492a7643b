"""How much of a spend limit is used, and from when on somebody should know."""

import pytest

from bot.core.limits import SpendLimit, part_used, warns
from bot.core.money import Money


def limit(dollars: str | None) -> SpendLimit:
    return SpendLimit("spl_1", "workspace", "w", None if dollars is None else Money.from_dollars(dollars), "monthly")


@pytest.mark.parametrize(
    ("amount", "used", "warned"),
    [
        ("200", "159.9999999999", False),
        ("200", "160", True),
        ("200", "400", True),
        ("200", "0", False),
        ("0", "0", False),
        ("0", "0.0000000001", True),
        (None, "1000000", False),
        ("200", None, False),
    ],
)
def test_a_warning_begins_at_four_fifths_to_the_last_digit(amount: str | None, used: str | None, warned: bool) -> None:
    assert warns(limit(amount), None if used is None else Money.from_dollars(used)) is warned


def test_without_a_limit_or_without_knowing_there_is_no_part() -> None:
    assert part_used(limit(None), Money(1)) is None
    assert part_used(limit("1"), None) is None
    assert part_used(limit("4"), Money.from_dollars("1")) == 0.25
