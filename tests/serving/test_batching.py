import asyncio
import time

import numpy as np
import pytest

from fmtools.serving.batching import Batcher, Plan
from fmtools.serving.pieces import Piece
from fmtools.serving.problems import Problem


def piece(length: int, number: int = 0) -> Piece:
    return Piece({"input_ids": np.full(length, number, np.int64)})


class Slow:
    """Computes the sum of each piece in `seconds` a group, and remembers the groups."""

    def __init__(self, seconds: float = 0.02) -> None:
        self.seconds, self.groups = seconds, []

    def __call__(self, pieces):
        self.groups.append([one.length for one in pieces])
        time.sleep(self.seconds)
        return [{"sum": one.arrays["input_ids"].sum()} for one in pieces]


def soon(seconds: float = 5.0) -> float:
    return time.monotonic() + seconds


def test_those_who_wait_are_computed_together_when_they_are_alike():
    compute = Slow()

    async def main():
        batcher = Batcher(compute, 1, 100, Plan([(16, 4), (512, 2)]))
        lengths = [10, 10, 11, 200, 12, 9, 10, 210, 205]
        answers = await asyncio.gather(*(batcher.submit([piece(n, i)], soon()) for i, n in enumerate(lengths)))
        return [int(answer[0]["sum"]) for answer in answers], lengths

    sums, lengths = asyncio.run(main())
    assert sums == [i * n for i, n in enumerate(lengths)]  # each got its own answer
    assert compute.groups[0] == [10]  # nobody waited: alone, at once
    assert compute.groups[1:] == [[10, 11, 12, 9], [200, 210], [10], [205]]


def test_a_full_queue_refuses_and_a_late_answer_is_given_up():
    async def main():
        batcher = Batcher(Slow(0.2), 1, 3, Plan())
        tasks = [asyncio.create_task(batcher.submit([piece(4)], soon(0.3))) for _ in range(4)]
        await asyncio.sleep(0.05)
        began = time.monotonic()
        with pytest.raises(Problem) as refused:
            await batcher.submit([piece(4)], soon())
        assert time.monotonic() - began < 0.05
        found = await asyncio.gather(*tasks, return_exceptions=True)
        later = await batcher.submit([piece(4, 2)], soon())  # those who gave up leave no trace
        return refused.value, found, later, batcher.waiting

    refusal, found, later, waiting = asyncio.run(main())
    assert refusal.status == 429
    assert refusal.retry >= 1
    assert [getattr(one, "status", 200) for one in found] == [200, 504, 504, 504]
    assert later[0]["sum"] == 8
    assert waiting == 0


def test_a_failed_group_fails_its_requests_and_no_other():
    def compute(pieces):
        if any(one.length == 3 for one in pieces):
            raise ValueError("no")
        return [{"sum": np.int64(one.length)} for one in pieces]

    async def main():
        batcher = Batcher(compute, 1, 10, Plan())
        asked = [batcher.submit([piece(n) for n in group], soon()) for group in ([2, 3, 3], [4], [5, 6])]
        return await asyncio.gather(*asked, return_exceptions=True)

    failed, one, two = asyncio.run(main())
    assert isinstance(failed, ValueError)
    assert [int(answer["sum"]) for answer in (*one, *two)] == [4, 5, 6]
