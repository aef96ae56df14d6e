"""The time that a sweep still takes, as its screen says it: right within a factor of two."""

from __future__ import annotations

import heapq

import numpy as np
import pytest

from nnexp.runner.time_left import AHEAD, Pace

PROGRESS = 1.0
"""Workers tell of a run when it begins, and then every second."""


def told(
    work: list[float], lanes: int, rate: float, beside: float, first: float, seed: int
) -> list[tuple[float, float, int]]:
    """What is said over a sweep: seconds that are said, seconds that it takes, runs that ended.

    Runs take `rate` · work, give or take a fifth, and then `beside`; the first of each worker
    `first` more than that.
    """
    rng = np.random.default_rng(seed)
    order = sorted(range(len(work)), key=lambda k: -work[k])
    free = [(0.0, lane) for lane in range(lanes)]
    events: list[tuple[float, int, float]] = []
    for number, run in enumerate(order):
        start, lane = heapq.heappop(free)
        training = rate * work[run] * rng.uniform(0.8, 1.2)
        ticks = np.arange(0.0, training, PROGRESS)
        events += [(start + t, run, t / training) for t in ticks]
        end = start + training + beside + (first if number < lanes else 0.0)
        events.append((end, run, -1.0))
        heapq.heappush(free, (end, lane))
    last = max(at for at, _, _ in events)
    pace, ended, said = Pace(dict(enumerate(work)), lanes), 0, []
    for at, run, part in sorted(events):
        if part < 0.0:
            pace.ended(run, at)
            ended += 1
        else:
            pace.reached(run, part, at)
        left = pace.left(at)
        if left is not None and last - at > 2.0:
            said.append((left, last - at, ended))
    return said


@pytest.mark.parametrize("lanes", [1, 2, 8])
@pytest.mark.parametrize(
    ("work", "rate", "beside", "first"),
    [
        ([1.0] * 24, 10.0, 0.5, 2.0),  # Long runs.
        ([1.0] * 24, 0.3, 1.0, 1.0),  # Shorter than what is done beside their training.
        ([1.0, 50.0] * 10, 0.2, 1.0, 1.0),  # 1,000 and 50,000 images.
    ],
)
def test_what_is_said_holds_within_a_factor_of_two(
    work: list[float], rate: float, beside: float, first: float, lanes: int
) -> None:
    said = told(work, lanes, rate, beside, first, seed=lanes)
    assert said
    within = [0.5 <= left / true <= 2.0 for left, true, _ in said]
    assert np.mean(within) > 0.95
    # Before any run has ended little is known, and little time is not promised.
    assert all(left > AHEAD for left, _, ended in said if not ended)


def test_time_goes_down_while_nothing_is_heard() -> None:
    pace = Pace({0: 1.0, 1: 1.0}, 1)
    pace.reached(0, 0.0, 0.0)
    assert pace.left(5.0) is None
    pace.ended(0, 10.0)
    pace.reached(1, 0.0, 10.0)
    assert pace.left(10.0) == pytest.approx(10.0)
    assert pace.left(14.0) == pytest.approx(6.0)
    assert pace.left(30.0) == pytest.approx(1.0)  # Late, but not over.
    pace.ended(1, 31.0)
    assert pace.left(31.0) == 0.0


def test_a_run_that_goes_on_counts_with_what_is_missing() -> None:
    pace = Pace({0: 100.0, 1: 100.0}, 1)
    pace.reached(0, 0.5, 0.0)
    pace.reached(0, 1.0, 50.0)
    pace.ended(0, 52.0)
    # A whole one takes 100 seconds, and beside them half of the 2 that the first one took.
    assert pace.left(52.0) == pytest.approx(101.0)


def test_the_longest_runs_are_handed_out_first() -> None:
    pace = Pace({0: 2.0, 1: 10.0, 2: 10.0, 3: 20.0}, lanes=2)
    pace.reached(0, 0.0, 0.0)
    pace.reached(0, 0.5, 1.0)
    pace.ended(0, 2.0)
    assert pace.left(2.0) == 20.0  # One worker has the long run, the other the two short ones.
