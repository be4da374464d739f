"""95 % intervals for the values of the catalogue, vectorized over arrays of counts.

What belongs here: closed formulas and quantiles over NumPy arrays, each with its source. Which metric has which
interval is said in `sql/metrics/catalogue.csv` and applied by `pipeline.catalogue`. Kaplan–Meier and its limits are
SQL (`sql/metrics/waiting_times.sql`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
Interval = tuple[Floats, Floats]

LEVEL = 0.95
Z = float(stats.norm.ppf(0.5 + LEVEL / 2))


def wilson(successes: ArrayLike, trials: ArrayLike) -> Interval:
    """Score interval of a proportion, shares in [0, 1]; NaN where there are no trials.

    Wilson (1927), JASA 22; Brown, Cai & DasGupta (2001), Statistical Science 16(2), eq. 4. No continuity correction.
    """
    k, n = _floats(successes), _floats(trials)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = k / n
        centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
        half = Z / (1 + Z**2 / n) * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    # With no or only successes the limit on that side is 0 or 1 exactly; the subtraction leaves a rounding error.
    return np.where((k == 0) & (n > 0), 0.0, centre - half), np.where((k == n) & (n > 0), 1.0, centre + half)


def poisson(events: ArrayLike, exposure: ArrayLike = 1.0) -> Interval:
    """Exact interval of a rate of events per unit of exposure (of the expected count when exposure is 1).

    Garwood (1936), Biometrika 28: chi-square quantiles with 2k and 2k + 2 degrees of freedom.
    """
    k = _floats(events)
    counts, positions = np.unique(k, return_inverse=True)
    low = np.where(counts == 0, 0.0, stats.chi2.ppf((1 - LEVEL) / 2, 2 * np.maximum(counts, 1)) / 2)
    high = stats.chi2.ppf((1 + LEVEL) / 2, 2 * counts + 2) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return low[positions] / _floats(exposure), np.asarray(high)[positions] / _floats(exposure)


def poisson_ratio(events: ArrayLike, base_events: ArrayLike) -> Interval:
    """Interval of the ratio of two Poisson counts of equal exposure; scale it by the exposures when they differ.

    Given their sum, the first count is binomial: the adjusted Wald limits p of its share (two successes and two
    failures added) turned into p / (1 - p). Price & Bonett (2000), Computational Statistics & Data Analysis 34; the R
    package statpsych has the same numbers (ci.ratio.poisson2). NaN where the base is 0.
    """
    k, base = _floats(events), _floats(base_events)
    total = k + base + 4
    share = (k + 2) / total
    half = Z * np.sqrt(share * (1 - share) / total)
    low, high = np.maximum(share - half, 0), share + half
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(base > 0, low / (1 - low), np.nan), np.where((base > 0) & (high < 1), high / (1 - high), np.nan)


def mean_t(mean: ArrayLike, variance: ArrayLike, n: ArrayLike) -> Interval:
    """Student's interval of a mean, in its own unit, from the sample variance (n - 1 below) of n observations; NaN for
    n < 2.

    "Student" (1908), Biometrika 6.
    """
    m, v, size = _floats(mean), _floats(variance), _floats(n)
    sizes, positions = np.unique(size, return_inverse=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        quantiles = np.where(sizes > 1, stats.t.ppf((1 + LEVEL) / 2, sizes - 1), np.nan)
        half = quantiles[positions] * np.sqrt(v / size)
    return m - half, m + half


def nps(promoters: ArrayLike, passives: ArrayLike, detractors: ArrayLike) -> Interval:
    """Adjusted Wald interval of a Net Promoter Score, in points, clipped to [-100, 100].

    Three pseudo-answers are added (0.75, 1.5, 0.75) and the Wald interval taken: Rocks (2016), The American
    Statistician 70(4); the R package NPS has the same numbers. NaN where nobody answered.
    """
    p, q, d = _floats(promoters), _floats(passives), _floats(detractors)
    total = p + q + d + 3
    score = (p - d) / total
    spread = (p + d + 1.5) / total - score**2
    half = Z * np.sqrt(spread / total)
    empty = p + q + d == 0
    low, high = (np.clip(100 * limit, -100, 100) for limit in (score - half, score + half))
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def nps_standard_error(promoters: ArrayLike, passives: ArrayLike, detractors: ArrayLike) -> Floats:
    """Standard error of a Net Promoter Score in points: 100 sqrt((p + d - (p - d)^2) / n), NaN where nobody answered.

    The variance of scores +1, 0, -1 (whuber, Cross Validated 18603). Of a change between two periods it is
    `np.hypot` of both.
    """
    p, q, d = _floats(promoters), _floats(passives), _floats(detractors)
    n = p + q + d
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(100 * np.sqrt(((p + d) / n - ((p - d) / n) ** 2) / n))


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)
