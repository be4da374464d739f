"""Mann–Kendall, Sen, Hamed & Rao, the seasonal test and Benjamini & Hochberg against printed numbers and against SciPy
(METRICS.md A8)."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.statistics.trends import adjusted_for_many, exact_p, hamed_rao, mann_kendall, trends

#: A8 [OWN]: twelve months that zigzag upwards.
MONTHS = [4.21, 4.18, 4.25, 4.22, 4.30, 4.28, 4.33, 4.31, 4.36, 4.35, 4.41, 4.38]
NONE = np.nan
#: Monthly rainfall at Bogra, 1981 to 2010, one row a year (millimetres; Bangladesh Meteorological Department), as the
#: tests of pyMannKendall 1.4 have it (Hussain & Mahmud 2019, JOSS 4(39), 1556), whose numbers are asserted below.
RAINFALL = np.array(
    [
        [32, 20, 25, 189, 240, 193, 379, 278, 301, 0, 0, 82],
        [0, 4, NONE, NONE, 121, 234, 360, 262, 120, 30, 11, 1],
        [7, 3, 31, 31, 355, 102, 248, 274, 308, NONE, 5, 26],
        [11, 16, 6, 48, 388, 539, 431, 272, 404, 186, 0, 2],
        [0, 4, 1, 54, 272, 459, 235, 164, 365, 135, 2, NONE],
        [NONE, 4, 0, 128, 210, 163, 446, 225, 462, 467, 19, 13],
        [0, 3, 17, 132, 178, 338, 525, 623, 145, 31, 19, 3],
        [0, 29, 25, 87, 259, 756, 486, 180, 292, 43, 92, 1],
        [0, 16, 2, 0, 130, 253, 594, 111, 273, 30, 0, 4],
        [0, 27, 24, 41, 292, 378, 499, 265, 320, 227, 4, 0],
        [4, 14, 8, 48, 416, 240, 404, 207, 733, 105, 0, 112],
        [0, 14, 0, 30, 140, 202, 289, 159, 424, 106, 3, 0],
        [65, 3, 14, 58, 268, 466, 432, 266, 240, 95, 1, 0],
        [10, 26, 4, 114, 94, 289, 173, 208, 263, 156, 5, 0],
        [16, 16, 14, 0, 111, 475, 534, 432, 471, 117, 70, 1],
        [3, 28, 7, 401, 184, 283, 338, 171, 335, 176, 0, 0],
        [10, 11, 9, 140, 102, 208, 298, 245, 220, 29, 2, 27],
        [10, 13, 26, 84, 143, 367, 749, 563, 283, 353, 10, 0],
        [0, 0, 0, 9, 246, 265, 343, 429, 168, 133, 17, 0],
        [18, 35, 76, 158, 272, 250, 190, 289, 466, 84, 0, 0],
        [0, 0, 0, 22, 217, 299, 185, 115, 344, 203, 8, NONE],
        [NONE, 0, 5, 284, 123, 254, 476, 496, 326, 27, 20, 0],
        [4, 53, 72, 113, 214, 364, 219, 220, 156, 264, 0, 13],
        [0, 0, 45, 90, 137, 638, 529, 261, 206, 251, 0, 0],
        [5, 9, 58, 72, 138, 130, 471, 328, 356, 523, 0, 1],
        [0, 0, 12, 143, 193, 184, 192, 138, 174, 69, 1, 0],
        [0, 18, 25, 28, 92, 732, 320, 256, 302, 131, 15, 0],
        [27, 0, 22, 20, 213, 393, 474, 374, 109, 159, 0, 0],
        [0, 3, 3, 49, 205, 128, 194, 570, 169, 89, 0, 0],
        [0, 0, 0, 26, 185, 286, 92, 225, 244, 190, 3, 20],
    ]
).ravel()
#: pyMannKendall closes the gaps up; ours keep their place.
CLOSED = RAINFALL[~np.isnan(RAINFALL)]


def only(found):
    """The single series' entry, as plain numbers."""
    return {
        name: getattr(found, name)[0] for name in ("n", "s", "variance", "z", "p", "slope", "low", "high", "method")
    }


def test_wisconsin_example_with_a_tie():
    """A8 [PUB]: row sums -4, +2, -2, -1."""
    found = only(mann_kendall([100, 50, 85, 75, 50]))
    assert (found["s"], round(found["variance"], 3)) == (-5, 15.667)
    assert found["method"] == "normal"
    without_the_first = [mann_kendall([100, 50, 85, 75, 50][first:]).s[0] for first in range(4)]
    assert [one - rest for one, rest in itertools.pairwise([*without_the_first, 0])] == [-4, 2, -2, -1]


@pytest.mark.parametrize(("n", "critical"), [(4, 6), (5, 8), (6, 11), (7, 13), (8, 16), (9, 18), (10, 21)])
def test_equis_critical_values(n, critical):
    """A8 [PUB]: the least |S| with at most 5 % on its side."""
    assert exact_p(critical, n) / 2 <= 0.05 < exact_p(critical - 2, n) / 2


def test_epa_style_example_is_exact():
    """A8 [OWN]."""
    found = only(mann_kendall([5, 6, 11, 8, 10]))
    assert (found["s"], round(found["variance"], 3), found["slope"]) == (6, 16.667, 1.125)
    assert (round(found["p"], 4), round(found["p"] / 2, 4), found["method"]) == (0.2333, 0.1167, "exact")


def test_twelve_months():
    """A8 [OWN]. The months alternate, and the correction for that must not make the trend more certain."""
    for found in (only(mann_kendall(MONTHS)), only(trends(MONTHS))):
        assert (found["s"], round(found["variance"], 3), round(found["z"], 4)) == (54, 212.667, 3.6343)
        assert (round(found["p"], 6), round(found["slope"], 4), found["method"]) == (0.000279, 0.0200, "normal")


@given(st.lists(st.integers(0, 4), min_size=2, max_size=14))
def test_s_slope_and_limits_are_scipys(values):
    """SciPy's theilslopes takes one series without gaps; the convention of its limits is ours."""
    found, scipys = only(mann_kendall(values)), stats.theilslopes(values)
    assert (found["slope"], found["low"], found["high"]) == pytest.approx(
        (scipys.slope, scipys.low_slope, scipys.high_slope)
    )
    pairs = itertools.combinations(values, 2)
    assert found["s"] == sum((later > earlier) - (later < earlier) for earlier, later in pairs)


@pytest.mark.parametrize("n", range(2, 11))
def test_exact_p_is_scipys(n):
    values = np.random.default_rng(n).permutation(n)
    expected = stats.kendalltau(np.arange(n), values, method="exact").pvalue
    assert mann_kendall(values).p[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "method"),
    [
        pytest.param(range(10), "exact", id="ten-values"),
        pytest.param(range(11), "normal", id="eleven-values"),
        pytest.param([0, 1, 2, 3, 4, 5, 6, 7, 8, 8], "normal", id="ten-with-a-tie"),
    ],
)
def test_exact_only_up_to_ten_values_without_ties(values, method):
    found = only(mann_kendall(list(values)))
    assert found["method"] == method
    if method == "normal":
        assert found["p"] == pytest.approx(2 * stats.norm.sf(abs(found["z"])))


def test_hamed_and_rao_of_rainfall():
    """[PUB] pyMannKendall's tests: -1959, 257403.38678, z -3.859273515, p 0.000113724599; with three lags 14226812.425,
    z -0.51910938992, p 0.6036844607; without correction 4889800.3333, z -0.88545628426, slope -0.0064516129."""
    plain, every_lag, three = (only(f) for f in (mann_kendall(CLOSED), hamed_rao(CLOSED), hamed_rao(CLOSED, 3)))
    assert (plain["s"], plain["variance"]) == pytest.approx((-1959, 4889800.333333333))
    assert (plain["z"], plain["slope"]) == pytest.approx((-0.8854562842589916, -0.0064516129032258064))
    assert every_lag["variance"] == pytest.approx(257403.38678462413)
    assert (every_lag["z"], every_lag["p"]) == pytest.approx((-3.859273515045842, 0.00011372459883540742))
    assert three["variance"] == pytest.approx(14226812.425138814)
    assert (three["z"], three["p"]) == pytest.approx((-0.5191093899188985, 0.603684460662274))
    assert three["method"] == "hamed_rao"


def test_seasonal_test_of_rainfall():
    """[PUB] pyMannKendall's tests: S -399, Var 34702.333, z -2.1365041145, p 0.032638346, -0.1667 a year."""
    found = only(mann_kendall(RAINFALL, season=12))
    assert (found["s"], found["variance"]) == pytest.approx((-399, 34702.333333333336))
    assert (found["z"], found["p"]) == pytest.approx((-2.136504114534638, 0.03263834596177739))
    assert found["method"] == "seasonal"
    years = RAINFALL.reshape(30, 12)
    whole = years[~np.isnan(years).any(axis=1)]
    assert 12 * mann_kendall(whole.ravel(), season=12).slope[0] == pytest.approx(-1 / 6), "over the years without gaps"


def test_seasonal_test_is_the_sum_of_its_seasons():
    """Ties and gaps included, against the plain test of each season."""
    values = np.round(np.random.default_rng(5).normal(size=60))
    values[[3, 17, 40]] = np.nan
    found, seasons = mann_kendall(values, season=12), mann_kendall(values.reshape(5, 12).T)
    assert (found.s[0], found.variance[0]) == (seasons.s.sum(), pytest.approx(seasons.variance.sum()))


def test_limits_grow_with_the_corrected_variance():
    """About Sen's line the series swings slowly: neighbours resemble each other."""
    values = np.arange(30) / 20 + np.sin(np.arange(30) / 3.5)
    plain, chosen = only(mann_kendall(values)), only(trends(values))
    assert chosen["method"] == "hamed_rao"
    assert chosen["variance"] == pytest.approx(only(hamed_rao(values, 3))["variance"])
    assert chosen["variance"] > plain["variance"]
    assert chosen["p"] > plain["p"]
    assert chosen["low"] < plain["low"] <= plain["high"] < chosen["high"]


def test_where_the_correction_takes_the_variance_away_there_is_no_answer():
    """Alternating months have a strong negative first autocorrelation."""
    found = only(hamed_rao(MONTHS, 1))
    assert found["variance"] < 0
    assert np.isnan([found["z"], found["p"], found["low"], found["high"]]).all()


def test_a_season_is_recognised_and_hides_no_trend():
    """Two years that swing alike, the second 0.12 higher: seen against the same month of the year before only."""
    months = np.arange(24)
    swing = np.sin(months * np.pi / 6) + months / 100
    assert only(mann_kendall(swing))["p"] > 0.05
    found = only(trends(swing))
    assert (found["method"], found["s"], found["variance"], found["p"] < 0.01) == ("seasonal", 12, 12, True)
    assert found["slope"] == pytest.approx(0.01)
    assert only(trends(swing[:23]))["method"] != "seasonal", "two whole seasons are needed"


def test_a_gap_keeps_its_place():
    """Over four steps of time, not three."""
    found = only(mann_kendall([1, 2, NONE, 4, 5]))
    assert (found["n"], found["s"], found["slope"]) == (4, 6, 1)


def test_noise_is_called_a_trend_once_in_twenty():
    """The choice between the tests is made by looking at the series, and must not cost what each test promises."""
    noise = np.random.default_rng(17).normal(size=(4000, 24))
    noise[:, 5:8] = np.where(np.random.default_rng(18).random((4000, 3)) < 0.5, NONE, noise[:, 5:8])
    assert (trends(noise).p < 0.05).mean() == pytest.approx(0.05, abs=0.01)
    assert (hamed_rao(noise[:, 8:]).p < 0.05).mean() > 0.07, "why the variance is never corrected downwards"


def test_many_series_are_tested_as_one_alone():
    """Among enough series to be taken in several lots."""
    several = np.random.default_rng(3).integers(0, 40, size=(16_000, 24)) / 8
    together = trends(several)
    for row in (0, 14_491, 14_492, 15_999):
        alone = trends(several[row])
        for name in ("n", "s", "variance", "z", "p", "slope", "low", "high"):
            assert getattr(together, name)[row] == pytest.approx(getattr(alone, name)[0])


@pytest.mark.parametrize("values", [[NONE, NONE, NONE], [NONE, 4.0, NONE], [4.0]])
def test_fewer_than_two_values_have_no_trend(values):
    found = only(trends(values))
    assert found["n"] == np.sum(~np.isnan(values))
    assert np.isnan([found[name] for name in ("s", "variance", "z", "p", "slope", "low", "high")]).all()
    assert found["method"] == ""


def test_values_that_are_all_the_same_have_no_trend_for_certain():
    found = only(trends([5.0] * 12))
    assert [found[name] for name in ("s", "variance", "z", "p", "slope", "low", "high")] == [0, 0, 0, 1, 0, 0, 0]


def test_no_series_at_all():
    assert trends(np.empty((0, 24))).p.size == 0


def test_adjusted_for_many():
    """Benjamini & Hochberg (1995), section 3.2, the fifteen p of their example: four pass at 5 %, and the fourth's
    adjusted p is 0.0095 x 15 / 4. A test that was not made counts for none."""
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1,
    ]
    adjusted = adjusted_for_many([NONE, *p])
    assert np.isnan(adjusted[0])
    assert (adjusted[1:] < 0.05).sum() == 4
    assert adjusted[4] == pytest.approx(0.0095 * 15 / 4)
    assert adjusted_for_many([NONE, NONE]).size == 2
