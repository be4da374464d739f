"""Whether series rise or fall: Mann–Kendall tests and Sen's slopes of many series at once.

What belongs here: the tests over a matrix with one series in each row, whose columns are equally spaced times, oldest
first, and NaN where a time has no value. Which series are tested, and what the result is called, is
`pipeline.analyses.rating_trends`. SciPy has Kendall's tau and Sen's slope of one series without gaps, and none of the
variants for seasons and autocorrelation.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from pipeline.statistics.intervals import Floats, Z

#: The exact distribution is used up to so many values without ties (Gilbert 1987, table A18).
EXACT_UP_TO = 10
#: Autocorrelations of longer lags rest on too few pairs of a series as short as ours.
LAGS = 3
#: Pairs of values that are held in memory at once.
_PAIRS_AT_ONCE = 4_000_000

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Trends:
    """One entry for each series. Of a series with fewer than two comparable values all but n are NaN or empty.

    n: values. s: pairs that rise less pairs that fall. variance: of s, when there is no trend. z: standard normal then.
    p: two-sided. slope: Sen's, in the unit of the values for one step of time; low, high: its 95 % limits. method:
    `exact`, `normal`, `hamed_rao` or `seasonal`.
    """

    n: Indices
    s: Floats
    variance: Floats
    z: Floats
    p: Floats
    slope: Floats
    low: Floats
    high: Floats
    method: NDArray[np.str_]


def trends(values: ArrayLike, season: int = 12) -> Trends:
    """The test that suits each series: seasonal, corrected for autocorrelation, exact, or normal.

    Seasonal where two whole seasons are spanned and the ranks about Sen's line resemble those of a season before, by an
    autocorrelation that noise passes once in twenty. Otherwise Hamed & Rao's correction where the first lags are
    autocorrelated, but only to a larger variance: in short series the correction to a smaller one calls 7 to 8 % of
    pure noise a trend at 5 %, and may turn negative.
    """
    matrix = _matrix(values)
    found = mann_kendall(matrix)
    ranks = _detrended_ranks(matrix, found.slope)
    factors = _variance_factors(ranks, LAGS)
    is_corrected, is_seasonal = factors > 1, _is_seasonal(ranks, season)
    _replace(found, is_corrected, _test(matrix[is_corrected], 1, factors[is_corrected]))
    _replace(found, is_seasonal, mann_kendall(matrix[is_seasonal], season))
    return found


def mann_kendall(values: ArrayLike, season: int = 1) -> Trends:
    """The test of Mann (1945) and Kendall (1975) with Sen's slope (1968); with `season` steps of time to a season, that
    of Hirsch, Slack & Smith (1982), which compares only values of the same season.

    Var(S) = [n(n - 1)(2n + 5) - sum over ties t(t - 1)(2t + 5)] / 18 and Z = (S - sgn S) / sqrt(Var). The slope is the
    median of the pairs' slopes and its limits are the ranked slopes nearest to (pairs ± 1.96 sqrt(Var)) / 2, as in
    `scipy.stats.theilslopes`. p is exact for at most ten values without ties and seasons, else normal.
    """
    matrix = _matrix(values)
    return _test(matrix, season, np.ones(len(matrix)))


def hamed_rao(values: ArrayLike, lags: int | None = None) -> Trends:
    """Mann–Kendall with the variance of Hamed & Rao (1998), Journal of Hydrology 204, for autocorrelated series: times
    1 + 2 / (n(n - 1)(n - 2)) sum over lags k of (n - k)(n - k - 1)(n - k - 2) r_k, where r_k, the autocorrelation of
    the ranks about Sen's line, counts only beyond ±1.96 / sqrt(n). `lags`: how many; all when not given.

    Where that makes the variance nought or negative the correction cannot be made: z, p and the limits are NaN.
    """
    matrix = _matrix(values)
    ranks = _detrended_ranks(matrix, mann_kendall(matrix).slope)
    return _test(matrix, 1, _variance_factors(ranks, lags or matrix.shape[1] - 1))


def exact_p(s: ArrayLike, n: ArrayLike) -> Floats:
    """Two-sided P(|S'| >= |S|) of n values without ties and without a trend, every order being equally likely.

    NaN for more than ten values. Mann (1945), Econometrica 13: S = pairs - 2 x inversions, and the orders of n values
    by inversions are the coefficients of the product of (1 + x + ... + x^(k - 1)) over k = 1 ... n.
    """
    table = np.full((EXACT_UP_TO + 1, EXACT_UP_TO * (EXACT_UP_TO - 1) // 2 + 1), np.nan)
    orders = np.ones(1)
    for size in range(1, EXACT_UP_TO + 1):
        orders = np.convolve(orders, np.ones(size))
        sums = np.abs(orders.size - 1 - 2 * np.arange(orders.size))
        table[size, : orders.size] = [orders[sums >= s].sum() / orders.sum() for s in range(orders.size)]
    sizes = np.asarray(n, dtype=np.int64)
    positions = np.minimum(np.abs(_floats(s)), table.shape[1] - 1).astype(np.int64)
    return np.where(sizes <= EXACT_UP_TO, table[np.minimum(sizes, EXACT_UP_TO), positions], np.nan)


def adjusted_for_many(p: ArrayLike) -> Floats:
    """Benjamini & Hochberg's (1995) adjusted p of tests made together; NaN, a test not made, stays NaN and counts for
    none."""
    given = _floats(p)
    made = ~np.isnan(given)
    adjusted = np.full(given.shape, np.nan)
    if made.any():
        adjusted[made] = stats.false_discovery_control(given[made], method="bh")
    return adjusted


def _test(matrix: Floats, season: int, factors: Floats) -> Trends:
    """Mann–Kendall with each series' variance multiplied by its factor, some rows at a time."""
    earlier, later = _pairs(matrix.shape[1], season)
    rows = max(1, _PAIRS_AT_ONCE // max(1, earlier.size))
    starts = range(0, max(1, len(matrix)), rows)
    parts = [_test_rows(matrix[i : i + rows], earlier, later, season, factors[i : i + rows]) for i in starts]
    return Trends(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Trends)))


def _test_rows(matrix: Floats, earlier: Indices, later: Indices, season: int, factors: Floats) -> Trends:
    differences = matrix[:, later] - matrix[:, earlier]
    slopes = np.sort(differences / (later - earlier), axis=1)
    n, pairs = (~np.isnan(matrix)).sum(axis=1), (~np.isnan(slopes)).sum(axis=1)
    s = np.where(pairs > 0, np.nansum(np.sign(differences), axis=1), np.nan)
    variance, has_ties = _variance(matrix, differences == 0, earlier, later, season)
    variance = np.where(pairs > 0, variance * factors, np.nan)
    is_corrected = factors != 1
    is_exact = (n <= EXACT_UP_TO) & ~has_ties & ~is_corrected & (season == 1) & (pairs > 0)
    z = _z(s, variance)
    low, high = _slope_limits(slopes, pairs, variance)
    return Trends(
        n=n,
        s=s,
        variance=variance,
        z=z,
        p=np.where(is_exact, exact_p(np.where(is_exact, s, 0), n), 2 * stats.norm.sf(np.abs(z))),
        slope=_medians(slopes, pairs),
        low=low,
        high=high,
        method=np.select(
            [pairs == 0, is_exact, is_corrected], ["", "exact", "hamed_rao"], "seasonal" if season > 1 else "normal"
        ),
    )


def _pairs(columns: int, season: int) -> tuple[Indices, Indices]:
    """The columns of every two times of the same season, the earlier and the later."""
    earlier, later = np.triu_indices(columns, 1)
    same = (later - earlier) % season == 0
    return earlier[same], later[same]


def _variance(
    matrix: Floats, is_tied: NDArray[np.bool_], earlier: Indices, later: Indices, season: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Var(S), summed over the seasons, and whether the series has ties. A value tied with t - 1 others bears 1/t of its
    tie's t(t - 1)(2t + 5)."""
    columns = np.arange(matrix.shape[1])
    is_end = (columns == earlier[:, None]) | (columns == later[:, None])
    others = (is_tied.astype(np.float32) @ is_end.astype(np.float32)).astype(np.float64)
    ties = np.sum(others * (2 * others + 7), axis=1)
    whole = np.zeros(len(matrix))
    for first in range(min(season, matrix.shape[1])):
        size = (~np.isnan(matrix[:, first::season])).sum(axis=1)
        whole += size * (size - 1) * (2 * size + 5)
    return (whole - ties) / 18, ties > 0


def _z(s: Floats, variance: Floats) -> Floats:
    """(S - sgn S) / sqrt(Var); 0 where S is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(variance > 0, (s - np.sign(s)) / np.sqrt(variance), np.nan)
    return np.where(s == 0, 0.0, z)


def _medians(slopes: Floats, pairs: Indices) -> Floats:
    """Of sorted rows whose first `pairs` entries are numbers."""
    if not slopes.shape[1]:
        return np.full(len(slopes), np.nan)
    rows = np.arange(len(slopes))
    return (slopes[rows, np.maximum(pairs - 1, 0) // 2] + slopes[rows, pairs // 2]) / 2


def _slope_limits(slopes: Floats, pairs: Indices, variance: Floats) -> tuple[Floats, Floats]:
    known = (pairs > 0) & (variance >= 0)
    if not slopes.shape[1]:
        return np.full(len(slopes), np.nan), np.full(len(slopes), np.nan)
    rows, last = np.arange(len(slopes)), np.maximum(pairs - 1, 0)
    half = Z * np.sqrt(np.where(known, variance, 0.0))
    low = np.clip(np.round((pairs - half) / 2).astype(np.int64) - 1, 0, last)
    high = np.clip(np.round((pairs + half) / 2).astype(np.int64), 0, last)
    return np.where(known, slopes[rows, low], np.nan), np.where(known, slopes[rows, high], np.nan)


def _detrended_ranks(matrix: Floats, slope: Floats) -> Floats:
    """Ranks of what is left when Sen's line is taken off; equal to nine decimals is equal."""
    missing = np.isnan(matrix)
    left = np.round(matrix - np.nan_to_num(slope)[:, None] * np.arange(matrix.shape[1]), 9)
    return np.where(missing, np.nan, stats.rankdata(np.where(missing, np.inf, left), axis=1))


def _autocorrelations(ranks: Floats, lags: int) -> Floats:
    """r_1 ... r_lags of each row. A missing value is taken for the mean: it adds nothing above and nothing below."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.nansum(ranks, axis=1) / (~np.isnan(ranks)).sum(axis=1)
        centred = np.nan_to_num(ranks - mean[:, None])
        total = np.sum(centred**2, axis=1)
        lagged = [np.sum(centred[:, :-lag] * centred[:, lag:], axis=1) / total for lag in range(1, lags + 1)]
    return np.nan_to_num(np.stack(lagged, axis=1)) if lagged else np.zeros((len(ranks), 0))


def _is_seasonal(ranks: Floats, season: int) -> NDArray[np.bool_]:
    """Whether r_season passes 1.645 sqrt(pairs) / n, one-sided, where two whole seasons are spanned."""
    if ranks.shape[1] < 2 * season:
        return np.zeros(len(ranks), dtype=np.bool_)
    known = ~np.isnan(ranks)
    pairs = (known[:, :-season] & known[:, season:]).sum(axis=1)
    error = np.sqrt(pairs) / np.maximum(known.sum(axis=1), 1)
    return (pairs > 0) & (_autocorrelations(ranks, season)[:, -1] > float(stats.norm.ppf(0.95)) * error)


def _variance_factors(ranks: Floats, lags: int) -> Floats:
    lag = np.arange(1, min(lags, ranks.shape[1] - 1) + 1)
    found = _autocorrelations(ranks, lag.size)
    n = (~np.isnan(ranks)).sum(axis=1)[:, None]
    weights = np.maximum(n - lag, 0) * np.maximum(n - lag - 1, 0) * np.maximum(n - lag - 2, 0)
    counted = np.where(np.abs(found) > Z / np.sqrt(np.maximum(n, 1)), found, 0.0)
    return 1 + 2 * np.sum(weights * counted, axis=1) / np.maximum(n * (n - 1) * (n - 2), 1)[:, 0]


def _replace(found: Trends, rows: NDArray[np.bool_], by: Trends) -> None:
    for field in fields(Trends):
        getattr(found, field.name)[rows] = getattr(by, field.name)


def _matrix(values: ArrayLike) -> Floats:
    return np.atleast_2d(_floats(values))


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)
