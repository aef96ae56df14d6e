"""What a report draws of a search, on searches of which everything is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nnexp.report.search import search_answer, search_sections, search_table
from nnexp.report.search_maps import heat_map, parallel
from nnexp.report.search_plots import limits, over_time, responses, shown, slice_of
from nnexp.study.gaussian_process import fit
from nnexp.study.metric import Metric
from nnexp.study.search_space import Choice, Interval, Space
from nnexp.study.searched import RecordedSearch, Trial, _idle, named_apart

ETA, RATE = Interval("train.eta", 0.01, 1.0, log=True), Interval("dropout.hidden", 0.0, 0.6)
COST = Choice("cost", ("crossentropy", "quadratic"))
SPACES: tuple[Space, ...] = (ETA, RATE, COST)


def accuracy(share: float, rate: float, cost: str) -> float:
    """Best at η = 0.1 (share 0.5), without dropout, with cross-entropy."""
    return 0.9 - 0.2 * (share - 0.5) ** 2 - 0.02 * rate - 0.01 * (cost == "quadratic")


@pytest.fixture(scope="module")
def search() -> RecordedSearch:
    rng = np.random.default_rng(0)
    trials = []
    for number in range(1, 25):
        u, v, cost = rng.random(), rng.random(), str(rng.choice(COST.values))
        point = {ETA.key: ETA.at(u), RATE.key: RATE.at(v), COST.key: cost}
        trials.append(Trial(number, point, accuracy(u, float(RATE.at(v)), cost)))
    trials[3].value, trials[5].pruned = None, 7
    best = max((t for t in trials if t.whole), key=lambda t: t.value or 0.0)
    best.raced = {1: (best.value or 0.0) + 0.001, 2: (best.value or 0.0) - 0.001}
    fresh = {"validation/accuracy": [0.890, 0.892], "test/accuracy": [0.88, 0.89]}
    metric = Metric("validation/accuracy")
    return RecordedSearch(
        "search: three", metric, SPACES, {}, 0, tuple(trials), best.number, 26, fresh, 0
    )


def test_the_curve_of_a_key_is_that_of_the_objective(search: RecordedSearch) -> None:
    x, mean, band = slice_of(search, ETA)
    assert 0.06 < x[int(np.argmax(mean))] < 0.17
    point = search.centre.point
    # The worst half of the values is drawn in, so that the curve is about the better ones.
    near = [k for k, eta in enumerate(x) if abs(ETA.share(eta) - 0.5) < 0.25]
    truth = [
        100.0 * accuracy(ETA.share(x[k]), float(point[RATE.key]), point[COST.key]) for k in near
    ]
    assert np.all(np.abs(mean[near] - truth) <= 2.0 * band[near])
    _, costs, _ = slice_of(search, COST)
    assert costs[0] > costs[1]


def test_searches_of_one_name_are_told_apart_by_what_was_fixed_in_each(
    search: RecordedSearch,
) -> None:
    def fixed(**keys: str) -> RecordedSearch:
        return replace(search, fixed={key.replace("_", "."): v for key, v in keys.items()})

    one = fixed(reg_name="l1", size="1k", data_n__train="1000", tracking_name="a")
    other = fixed(reg_name="l2", size="1k", data_n__train="1000", tracking_name="b")
    third = replace(search, name="search: another", fixed={"reg.name": "l1"})
    named = named_apart([one, third, other])
    assert [s.name for s in named] == [
        "search: three, reg.name=l1",
        "search: another",
        "search: three, reg.name=l2",
    ]
    assert [section.title for section in search_sections(named)] == [
        "Search: three, reg.name=l1",
        "Search: another",
        "Search: three, reg.name=l2",
    ]
    assert named_apart([search, search]) == [search, search]


def test_figures_tell_what_they_show(search: RecordedSearch) -> None:
    assert "22 trained to the end, 1 given up, 1 failed" in over_time(search).text
    assert "cost: best at crossentropy" in responses(search).text
    drawn = heat_map(search)
    assert drawn is not None
    assert "by train.eta and dropout.hidden: best near train.eta 0." in drawn.text
    beside = parallel(search)
    assert beside is not None
    assert "A line for each of 22 whole trials" in beside.text
    (section,) = search_sections([search])
    assert (section.title, len(section.figures)) == ("Search: three", 4)


def test_words_and_table_tell_the_choice(search: RecordedSearch) -> None:
    answer = search_answer(search)
    assert "by 26 looks; over 2 fresh seeds 89.10" in answer
    seen = 100.0 * (search.centre.value or 0.0)
    assert f"in the search {seen:.2f}: optimism {seen - 89.1:+.2f} points" in answer
    assert "; test/accuracy of the same runs 88.50 (" in answer
    table = search_table(search)
    assert table.rows[0][0] == str(search.best)
    states = [row[-1] for row in table.rows]
    assert states[0] == "chosen"
    assert states[-2:] == ["given up after 7 epochs", "failed"] or states[-2:] == [
        "failed",
        "given up after 7 epochs",
    ]


def test_a_value_without_effect_is_not_called_chosen() -> None:
    space, choice = Interval("reg.lmbda", 0.01, 3.0, log=True), Choice("reg", ("none", "l2"))
    points = ({"reg.lmbda": "0.2288", "reg": "none"}, {"reg.lmbda": "0.1", "reg": "l2"})
    idle = [_idle(points[0], {"reg.lmbda": "0.0"}), _idle(points[1], {"reg.lmbda": "0.1"})]
    assert idle == [{"reg.lmbda"}, set()]
    trials = tuple(Trial(k + 1, points[k], 0.6 - 0.1 * k, idle=idle[k]) for k in (0, 1))
    metric = Metric("validation/accuracy")
    search = RecordedSearch("search: λ", metric, (space, choice), {}, 0, trials, 1, 2, {}, 0)
    assert search_answer(search).startswith("Chosen: reg none, on validation/accuracy")
    assert [row[1:3] for row in search_table(search).rows] == [("-", "none"), ("0.1", "l2")]


def test_what_the_race_came_to_is_inside_the_picture(search: RecordedSearch) -> None:
    raced = {1: 0.5, 2: 0.52}
    worse = tuple(replace(t, raced=raced) if t is search.centre else t for t in search.trials)
    low, _ = limits(replace(search, trials=worse))
    assert low < 51.0


def test_a_search_that_has_not_ended_says_so(search: RecordedSearch) -> None:
    answer = search_answer(replace(search, best=None, fresh={}))
    assert answer.startswith("Search: three has not ended; the best trial until now is train.eta")


def test_few_trials_of_one_key_are_drawn_without_a_curve() -> None:
    trials = tuple(Trial(k, {COST.key: c}, 0.5 + k) for k, c in enumerate(COST.values, 1))
    metric = Metric("validation/cost")
    search = RecordedSearch("search: cost", metric, (COST,), {}, 0, trials, None, 2, {}, 1)
    assert search.surface is None
    assert "cost: crossentropy is best" in responses(search).text
    assert (heat_map(search), parallel(search)) == (None, None)
    (section,) = search_sections([search])
    assert section.lead.startswith("1 run was recorded by other sweeps")


def test_values_that_are_far_off_do_not_squeeze_the_others(search: RecordedSearch) -> None:
    far = replace(search, trials=(*search.trials, Trial(25, search.centre.point, 0.1)))
    low, high = limits(far)
    assert low > 60.0
    assert high > 90.0 * 0.99
    assert shown(far, far.whole)[-1] == low


def test_a_surface_is_surest_where_values_are() -> None:
    at = np.linspace(0.0, 0.5, 12)[:, None]
    surface = fit(at, np.zeros(12, np.int64), np.sin(6.0 * at[:, 0]))
    assert surface is not None
    near, far = surface.sd(np.array([[0.25], [1.0]]))
    assert near < 0.1 < far
    assert surface.mean(np.array([[0.25]]))[0] == pytest.approx(np.sin(1.5), abs=0.05)
