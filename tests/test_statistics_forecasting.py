"""The forecast of a total, and the proposal of a target, over plain numbers (METRICS.md A30, A31)."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.statistics.baselines import Figure, baseline_of
from pipeline.statistics.forecasting import Forecast, forecast_total, is_autocorrelated, weekday_profile
from pipeline.statistics.process_limits import assurance, process_limits
from pipeline.statistics.targets import best_improvement, detectable_mean, detectable_share, propose

WEEK = (1400, 1300, 1300, 1200, 1200, 800, 600)
COUNTS = [
    1360, 1160, 1230, 750, 620, 1410, 1270, 1340, 1180, 1190, 850, 540, 1400, 1320, 1270, 1230, 1190, 840, 560, 1410,
    1280, 1300, 1225, 1175, 815, 585, 1435, 1265, 1305, 1195, 1260, 760, 630, 1350, 1320, 1310, 1170, 1240, 780, 590,
    1450, 1240, 1300, 1220, 1170,
]  # fmt: skip
MONTHLY = [81, 83.5, 82, 84, 80.5, 82.5, 83, 81.5, 82, 84.5, 83, 82.5]


def profile_of_days(first: date, days: int) -> np.ndarray:
    profile = weekday_profile([WEEK] * 8, np.ones((8, 7)))
    return np.array([profile[(first + timedelta(days=place)).weekday()] for place in range(days)])


def worked() -> Forecast:
    days = profile_of_days(date(2025, 1, 1), 90)
    return forecast_total(COUNTS, days[:45], days[45:])


def test_a31_own_the_worked_quarter():
    """Every number that A31 prints: the naive run rate says on track, the forecast says even odds."""
    made = worked()
    assert (made.observed, made.days, made.method) == (50_490, 45, "t")
    assert round(made.observed / 45 * 90) == 100_980
    assert round(made.forecast, 1) == 100_080.2
    assert round(made.dispersion, 4) == 1.0837
    assert round(made.sd, 2) == 326.37
    assert tuple(round(limit, 1) for limit in made.interval(0.80)) == (99_655.5, 100_504.8)
    assert tuple(round(limit, 1) for limit in made.interval(0.95)) == (99_422.4, 100_737.9)
    assert round(made.probability(100_000), 3) == 0.596
    assert round((100_000 - made.observed) / 45, 1) == 1_100.2


def test_a_steady_week_is_carried_on_without_overdispersion():
    """Counts that are the profile itself: the forecast is the profile, and the spread that of a Poisson count."""
    days = profile_of_days(date(2025, 1, 6), 28)
    made = forecast_total(100 * days[:14], days[:14], days[14:])
    assert made.forecast == pytest.approx(2800)
    assert made.dispersion == 1
    assert made.sd == pytest.approx(np.sqrt(1400 * 2))


def test_a_target_that_is_counted_already_is_certain():
    """Whatever Student's t with one degree of freedom says of the days to come."""
    made = forecast_total([1, 2], [1, 1], [1] * 5)
    assert made.probability(3) == 1
    assert made.probability(4) < 0.95


def test_what_is_counted_is_the_floor_of_the_interval():
    """Two days of three messages: half of Student's t with one degree of freedom lies below nought."""
    made = forecast_total([1, 2], [1, 1], [1] * 5)
    assert made.interval(0.95)[0] == 3


@pytest.mark.parametrize(("counts", "profile"), [([5], [1]), ([0, 0], [1, 1]), ([1, 1], [0, 0])])
def test_nothing_to_go_by_is_refused(counts, profile):
    with pytest.raises(ValueError, match="at least two days"):
        forecast_total(counts, profile, [1])


def test_a_weekday_that_was_always_closed_has_no_spread():
    """Its day counts, but what came on it has no expectation to be held against."""
    made = forecast_total([10, 10, 1], [1.5, 1.5, 0], [1.5, 0])
    assert made.forecast == pytest.approx(21 + 7 * 1.5)
    assert made.dispersion == 1


def test_special_days_do_not_bend_the_profile():
    """Eight Mondays, one of them a campaign day of twice the messages: the Monday level is what it was."""
    counts, multipliers = np.tile(WEEK, (8, 1)), np.ones((8, 7))
    counts[3, 0] *= 2
    multipliers[3, 0] = 2
    assert weekday_profile(counts, multipliers) == pytest.approx(weekday_profile([WEEK] * 8, np.ones((8, 7))))


def test_no_profile_without_messages():
    assert weekday_profile(np.zeros((8, 7)), np.ones((8, 7))) is None


SLOW_WEEKS = np.repeat([1.0, -1.0, 1.0, -1.0, 1.0, -1.0], 7)


@pytest.mark.parametrize(
    ("residuals", "moves_together"),
    [
        pytest.param(SLOW_WEEKS, True, id="whole weeks up and down"),
        pytest.param(np.tile([1.0, -1.0], 21), False, id="a day up, a day down: a total is more certain for it"),
        pytest.param(SLOW_WEEKS[:27], False, id="under four weeks"),
        pytest.param(np.repeat([1.0, -1.0], 14), True, id="four weeks"),
        pytest.param(np.ones(42), False, id="no spread at all"),
    ],
)
def test_only_days_that_move_together_make_a_total_less_certain(residuals, moves_together):
    assert is_autocorrelated(residuals) is moves_together


def wavy(days: int) -> np.ndarray:
    """Some 1,000 a day, whole weeks 20 % up and 20 % down."""
    return 1000 * (1 + 0.2 * np.where(np.arange(days) // 7 % 2, -1, 1)) + np.arange(days) % 5


def test_weeks_that_move_together_are_drawn_as_weeks():
    """The spread of six weeks to come is that of weeks. A block of seven days may begin anywhere in a wave, so that it
    is not quite the square root of seven times that of single days."""
    made = forecast_total(wavy(42), np.ones(42), np.ones(42), (1, 2))
    assert made.method == "bootstrap"
    single_days = np.sqrt(made.dispersion * made.observed * (1 + 1))
    assert 1.5 < made.sd / single_days < 1.7
    low, high = made.interval(0.95)
    assert low < made.interval(0.80)[0] < made.forecast < made.interval(0.80)[1] < high
    assert made.sd == pytest.approx((high - low) / 3.92, rel=0.15)
    assert made.probability(made.forecast) == pytest.approx(0.5, abs=0.1)
    assert made.probability(made.forecast + made.sd) == pytest.approx(0.16, abs=0.04)
    assert made.probability(made.forecast + 10 * made.sd) == 0


def test_the_same_seed_gives_the_same_numbers():
    makes = [forecast_total(wavy(42), np.ones(42), np.ones(20), seed) for seed in ((1, 2), (1, 2), (3, 4))]
    assert makes[0].interval(0.95) == makes[1].interval(0.95) != makes[2].interval(0.95)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 500), min_size=2, max_size=60), st.integers(1, 60))
def test_limits_hold_the_forecast_and_nest(counts, left):
    if sum(counts) == 0:
        return
    made = forecast_total(counts, np.ones(len(counts)), np.ones(left))
    (low_95, high_95), (low_80, high_80) = made.interval(0.95), made.interval(0.80)
    assert sum(counts) <= low_95 <= low_80 <= made.forecast <= high_80 <= high_95
    assert 0 <= made.probability(made.forecast + 1) <= made.probability(made.forecast) <= 1


def test_a30_own_baseline_detectable_change_and_proposal():
    """328 of 400: Wilson [0.7794, 0.8545], change 0.0761, committed 0.8961, stretch the policy's 0.95."""
    figures = [Figure(0.82, 164, 200), Figure(0.82, 82, 100), Figure(0.82, 82, 100)]
    made = baseline_of(figures, "wilson", None)
    assert (made.numerator, made.denominator, made.value) == (328, 400, 0.82)
    assert (round(made.low, 4), round(made.high, 4), round(made.change, 4)) == (0.7794, 0.8545, 0.0761)
    limits = process_limits([value / 100 for value in MONTHLY])
    for known in (None, limits):
        proposal = propose(made.value, made.change, "up", "share", policy=0.95, limits=known)
        assert (round(proposal.committed, 4), proposal.stretch) == (0.8961, 0.95)


def test_a30_own_limits_and_verdicts():
    limits = process_limits(MONTHLY)
    assert (limits.mean, round(limits.usual_change, 6)) == (82.5, 1.681818)
    assert (round(limits.low, 3), round(limits.high, 3)) == (78.026, 86.974)
    assert assurance(limits, 95, "up") == "fail"
    assert assurance(limits, 80, "up") == "hit_and_miss"


def test_more_cases_show_smaller_changes():
    assert detectable_share(0.82, 1600, 1600) == pytest.approx(detectable_share(0.82, 400, 400) / 2)
    assert detectable_share(0.82, 400, 10**12) == pytest.approx(detectable_share(0.82, 400, 400) / np.sqrt(2))


def test_a_mean_is_judged_by_its_months():
    """sd of a month = 1.681818 / 1.128; three months against three: 2.8016 sd sqrt(2/3)."""
    limits = process_limits(MONTHLY)
    assert detectable_mean(limits) == pytest.approx(2.801585 * 1.681818 / 1.128 * np.sqrt(2 / 3), rel=1e-6)


@pytest.mark.parametrize(
    ("values", "better", "step"),
    [
        pytest.param([1, 2, 3, 4, 5, 6], "up", 3.0, id="two threes"),
        pytest.param([1, 2, 3, 4, 5, 6], "down", 0.0, id="only ever worse"),
        pytest.param([6, 5, 4, 3, 2, 1], "down", 3.0, id="less is better"),
        pytest.param([1, 2, 3, 4, 5], "up", None, id="five months are too few"),
        pytest.param([1, None, 3, 4, 5, 6], "up", None, id="no step over a gap"),
        pytest.param([9, 1, 1, 1, 1, 1, 10], "up", 3.0, id="the best of several"),
    ],
)
def test_the_best_improvement_so_far(values, better, step):
    assert best_improvement(values, better) == (None if step is None else pytest.approx(step))


@pytest.mark.parametrize(
    ("values", "committed", "stretch"),
    [
        pytest.param({"policy": None}, 0.85, None, id="no policy, nothing to stretch to"),
        pytest.param({"policy": 0.899}, 0.85, 0.899, id="one more such change reaches it"),
        pytest.param({"policy": 0.95}, 0.85, 0.90, id="out of reach: half way"),
        pytest.param({"policy": 0.95, "improvement": 0.10}, 0.85, 0.95, id="it has improved by as much before"),
        pytest.param({"policy": 0.95, "limits": [0.7, 0.9] * 4}, 0.85, 0.95, id="within its limits already"),
        pytest.param({"policy": 0.82}, 0.85, 0.85, id="a policy that is committed to is no stretch"),
        pytest.param({"policy": 0.95, "floor": 0.90}, 0.90, 0.95, id="never below the floor"),
        pytest.param({"policy": 0.95, "floor": 0.70}, 0.85, 0.90, id="a floor below binds nothing"),
    ],
)
def test_committed_and_stretch(values, committed, stretch):
    limits = process_limits(values.pop("limits", []))
    made = propose(0.80, 0.05, "up", "share", limits=limits, **values)
    assert made.committed == pytest.approx(committed)
    assert made.stretch == (None if stretch is None else pytest.approx(stretch))


@pytest.mark.parametrize(
    ("values", "committed", "stretch"),
    [
        pytest.param({"policy": 0.08}, 0.15, 0.115, id="half way down"),
        pytest.param({"policy": 0.101}, 0.15, 0.101, id="in reach"),
        pytest.param({"policy": 0.08, "limits": [0.3, 0.1] * 4}, 0.15, 0.08, id="within its limits"),
        pytest.param({"policy": 0.08, "floor": 0.12}, 0.12, 0.08, id="never worse than the ceiling"),
    ],
)
def test_less_is_better_is_the_mirror(values, committed, stretch):
    limits = process_limits(values.pop("limits", []))
    made = propose(0.20, 0.05, "down", "share", limits=limits, **values)
    assert (made.committed, made.stretch) == (pytest.approx(committed), pytest.approx(stretch))


def test_nothing_is_proposed_beyond_what_the_unit_can_be():
    assert propose(0.98, 0.05, "up", "share").committed == 1
    assert propose(0.02, 0.05, "down", "share").committed == 0
    assert propose(4.95, 0.1, "up", "stars").committed == 5


def test_a_direction_that_is_none_is_refused():
    with pytest.raises(ValueError, match="'more'"):
        propose(0.8, 0.1, "more", "share")


LIMITS = process_limits([100.0, 120.0] * 4)


@pytest.mark.parametrize(
    ("figures", "interval", "options", "basis", "value", "half", "cases"),
    [
        # sigma = 20 / 1.128; half = 1.96 sigma / sqrt 3
        pytest.param(
            [Figure(2.0, 20, 10), Figure(4.0, 40, 10), Figure(5.0, 100, 20)], "mean_t", {}, "pooled_ratio", 4.0,
            20.0636, (160, 40), id="weighted by cases",
        ),
        pytest.param(
            [Figure(100.0, 100), Figure(110.0, 110), Figure(120.0, 120)], "poisson", {"is_counted": True},
            "mean_of_months", 110.0, 20.0636, (330, None), id="a count by the month",
        ),
        pytest.param(
            [Figure(100.0, 100), Figure(110.0, 110), Figure(120.0, 120)], "poisson",
            {"is_counted": True, "months_added": 3}, "sum_of_months", 330.0, 60.1907, (330, None), id="by the quarter",
        ),
        pytest.param(
            [Figure(5.0, 1, 9), Figure(6.0, 2, 9), Figure(7.0, 3, 9)], "own", {}, "mean_of_months", 6.0, 20.0636,
            (None, None), id="medians do not pool",
        ),
        pytest.param(
            [Figure(0.5, 5, 10), Figure(0.5), Figure(0.5, 5, 10)], "wilson", {}, "mean_of_months", 0.5, 20.0636,
            (None, None), id="a share without its counts",
        ),
    ],
)  # fmt: skip
def test_the_baseline_by_kind_of_metric(figures, interval, options, basis, value, half, cases):
    made = baseline_of(figures, interval, LIMITS, **options)
    assert made.basis == basis
    assert made.value == pytest.approx(value)
    assert (made.high - made.value, made.value - made.low) == pytest.approx((half, half), abs=1e-3)
    assert (made.numerator, made.denominator) == cases
    assert made.change == pytest.approx(options.get("months_added", 1) * detectable_mean(LIMITS))


def test_only_a_share_has_a_baseline_without_limits():
    assert baseline_of([Figure(5.0)] * 3, "own", None) is None
