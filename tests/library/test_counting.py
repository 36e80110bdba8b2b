"""Figures of libraries, when many ask for them and they take long to count."""

import asyncio

import pytest

from appliance.library.counting import MANY, SHARE, Ahead, Behind, Counted, Counting
from appliance.library.numbers import Numbers


class Ledger:
    """One that takes `seconds` to count so many files that wait; `now`: by its clock, on which counting takes one."""

    def __init__(self, waiting: int, seconds: float = 0.0) -> None:
        self.waiting, self.seconds, self.asked, self.now = waiting, seconds, 0, 0.0

    async def count(self, library: int) -> Counted:
        self.asked += 1
        await asyncio.sleep(self.seconds)
        self.now += 1
        ahead = Ahead(waiting=self.waiting, under_way=0, failed=0, bytes=0, estimated_bytes=0, cpu_seconds=0)
        behind = Behind(**dict.fromkeys(Behind.__struct_fields__, 0))
        return Counted(ahead, behind)


async def test_few_files_are_counted_whenever_somebody_asks() -> None:
    ledger = Ledger(MANY - 1)
    counting = Counting(ledger.count, lambda: ledger.now)
    for _ in range(3):
        await counting.of(1)
    assert ledger.asked == 3


async def test_many_are_counted_for_a_small_part_of_the_time() -> None:
    ledger = Ledger(MANY)
    counting = Counting(ledger.count, lambda: ledger.now)
    for _ in range(3):
        assert (await counting.of(1)).ahead.waiting == MANY
    assert ledger.asked == 1
    ledger.now += SHARE - 1
    await counting.of(1)
    assert ledger.asked == 1
    await counting.of(2)
    assert ledger.asked == 2
    await counting.of(1)
    assert ledger.asked == 3


async def test_who_loses_patience_finds_them_counted_the_next_time() -> None:
    ledger = Ledger(MANY, 0.2)
    counting = Counting(ledger.count, lambda: ledger.now)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await counting.of(1)
    both = await asyncio.gather(counting.of(1), counting.of(1))
    assert [one.ahead.waiting for one in both] == [MANY] * 2
    assert ledger.asked == 1


def test_a_million_numbers_take_a_bit_each() -> None:
    numbers = Numbers()
    for number in range(0, 1_000_000, 3):
        numbers.add(number)
    assert [number for number in range(10) if number in numbers] == [0, 3, 6, 9]
    assert 999_999 in numbers
    assert 999_998 not in numbers
    assert 5_000_000 not in numbers
    assert len(numbers._bits) < 130_000
