"""Who goes first where more requests want to begin than may."""

import asyncio

import pytest

from bot.anthropic_api.politeness import Politeness

pytestmark = pytest.mark.asyncio


class Requests:
    """What has begun, in order; each lasts until it is let go."""

    def __init__(self, in_flight: int) -> None:
        self._politeness = Politeness(in_flight)
        self.begun: list[int] = []
        self._ends: dict[int, asyncio.Event] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def ask(self, *turns: int) -> None:
        for turn in turns:
            self._ends[turn] = asyncio.Event()
            self._tasks[turn] = asyncio.create_task(self._one(turn))
        await _settled()

    async def end(self, turn: int) -> None:
        self._ends[turn].set()
        await _settled()

    def cancel(self, turn: int) -> None:
        self._tasks[turn].cancel()

    async def _one(self, turn: int) -> None:
        async with self._politeness.request(turn):
            self.begun.append(turn)
            await self._ends[turn].wait()


async def _settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_lowest_turn_begins_next_whoever_came_first() -> None:
    requests = Requests(2)
    await requests.ask(7, 8, 9, 3, 5)
    assert requests.begun == [7, 8]
    await requests.end(8)
    await requests.ask(1)
    await requests.end(7)
    await requests.end(3)
    assert requests.begun == [7, 8, 3, 1, 5]


async def test_who_gives_up_waiting_is_passed_over() -> None:
    requests = Requests(1)
    await requests.ask(0, 1, 2)
    requests.cancel(1)
    await requests.end(0)
    assert requests.begun == [0, 2]


async def test_who_gives_up_when_called_lets_the_next_begin() -> None:
    requests = Requests(1)
    await requests.ask(0, 1, 2)
    requests._ends[0].set()
    await asyncio.sleep(0)  # 0 has ended and called 1, which has not run yet
    requests.cancel(1)
    await _settled()
    assert requests.begun == [0, 2]
    await requests.end(2)
    await requests.ask(4)
    assert requests.begun == [0, 2, 4]
