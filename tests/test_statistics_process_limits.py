"""Process limits and what they promise of a target (METRICS.md A30)."""

import pytest

from pipeline.statistics.process_limits import assurance, process_limits

A30 = [81, 83.5, 82, 84, 80.5, 82.5, 83, 81.5, 82, 84.5, 83, 82.5]


def test_limits_are_mean_and_mean_moving_range():
    """A30 [OWN]."""
    limits = process_limits(A30)
    assert limits is not None
    assert limits.mean == 82.5
    assert limits.usual_change == pytest.approx(1.681818, abs=1e-6)
    assert (limits.low, limits.high) == pytest.approx((78.026, 86.974), abs=5e-4)
    assert limits.change_limit == pytest.approx(3.268 * 1.681818, abs=1e-5)


@pytest.mark.parametrize(
    ("values", "has_limits"),
    [
        pytest.param(A30[:8], True, id="eight-are-enough"),
        pytest.param(A30[:7], False, id="seven-are-too-few"),
        pytest.param([1.0, None] * 8, False, id="eight-but-none-follows-another"),
        pytest.param([], False, id="nothing"),
    ],
)
def test_limits_need_eight_values(values, has_limits):
    assert (process_limits(values) is not None) == has_limits


def test_no_step_is_taken_across_a_gap():
    limits = process_limits([1, 2, 1, 2, None, 9, 8, 9, 8])
    assert limits is not None
    assert limits.usual_change == 1


@pytest.mark.parametrize(
    ("target", "better", "expected"),
    [
        pytest.param(95, "up", "fail", id="A30-OWN-95"),
        pytest.param(80, "up", "hit_and_miss", id="A30-OWN-80"),
        pytest.param(78, "up", "pass", id="below-the-lower-limit"),
        pytest.param(95, "down", "pass", id="lower-is-better-above"),
        pytest.param(78, "down", "fail", id="lower-is-better-below"),
    ],
)
def test_assurance(target, better, expected):
    limits = process_limits(A30)
    assert limits is not None
    assert assurance(limits, target, better) == expected


def test_a_target_on_a_limit_is_hit_and_miss():
    limits = process_limits(A30)
    assert limits is not None
    assert {assurance(limits, target, "up") for target in (limits.low, limits.high)} == {"hit_and_miss"}


def test_a_metric_without_a_better_side_has_no_assurance():
    limits = process_limits(A30)
    assert limits is not None
    with pytest.raises(ValueError, match="neither"):
        assurance(limits, 80, "")


def test_limits_for_printing_keep_to_the_unit():
    limits = process_limits([0.9, 1.0] * 5)
    assert limits is not None
    assert limits.high > 1
    assert (limits.within("share").high, limits.within("share").mean) == (1.0, limits.mean)
    assert limits.within("cents") == limits
