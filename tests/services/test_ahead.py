"""Reading ahead changes how long it takes and nothing else."""

import asyncio
from contextlib import aclosing

import pytest

from bot.services.syncing.ahead import ahead

pytestmark = pytest.mark.asyncio
ENDLESS = 3600


class Readings:
    """What is being read now, and the most that was at once."""

    def __init__(self) -> None:
        self.under_way = self.most = 0
        self.begun: list[int] = []
        self.cancelled: list[int] = []

    async def read(self, number: int) -> int:
        self.begun.append(number)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(ENDLESS if number >= 100 else 0.001 * (5 - number % 5))  # later ones are read faster
        except asyncio.CancelledError:
            self.cancelled.append(number)
            raise
        finally:
            self.under_way -= 1
        if number == 13:
            raise ValueError("thirteen")
        return number * number


async def test_what_is_read_fastest_still_waits_for_its_turn() -> None:
    readings = Readings()
    found = [pair async for some in ahead(range(12), readings.read, at_once=4, together=1) for pair in some]
    assert found == [(number, number * number) for number in range(12)]
    assert readings.most == 4


async def test_one_at_a_time_reads_nothing_while_anything_is_stored() -> None:
    readings = Readings()
    async with aclosing(ahead(range(3), readings.read, at_once=1, together=4)) as reading:
        async for ((number, _),) in reading:
            await asyncio.sleep(0.01)
            assert readings.begun == list(range(number + 1))


async def test_what_was_read_meanwhile_comes_together_and_no_more_than_may() -> None:
    readings = Readings()
    found = []
    async with aclosing(ahead(range(7), readings.read, at_once=5, together=3)) as reading:
        async for some in reading:
            found.append([number for number, _ in some])
    assert found == [[0, 1, 2], [3, 4], [5, 6]]  # 0 takes the longest of the first five, 5 of what comes next


async def test_a_failure_comes_when_it_is_its_turn_and_stops_what_was_read_after_it() -> None:
    readings = Readings()
    found: list[int] = []

    async def read_all() -> None:
        async for some in ahead(range(10, 99), readings.read, at_once=3, together=3):
            found.extend(number for number, _ in some)
            await asyncio.sleep(0.02)

    with pytest.raises(ValueError, match="thirteen"):
        await read_all()
    assert found == [10, 11, 12]
    assert readings.under_way == 0
    assert max(readings.begun) < 20


async def test_who_stops_asking_leaves_nothing_behind() -> None:
    readings = Readings()
    async with aclosing(ahead([4, 100, 101], readings.read, at_once=3, together=3)) as reading:
        async for some in reading:
            assert [number for number, _ in some] == [4]
            break
    assert readings.under_way == 0
    assert readings.cancelled == [100, 101]
