"""How far two things rank alike: Spearman's rho, within strata where there are some, with an interval.

What belongs here: the coefficient, Bonett & Wright's interval and the bootstrap that takes its place. What is
correlated with what, and what may be said of it, is `pipeline.analyses.rating_sales`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from pipeline.statistics.intervals import LEVEL, Floats, Z

#: METRICS.md A25: from so few pairs, or so close to 1, the closed interval is not to be trusted.
FEW_PAIRS = 25
CLOSE_TO_ONE = 0.9
RESAMPLES = 4000
SEED = 17
_NUMBERS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Correlation:
    """rho from n pairs, its standard error and 95 % limits, and how these were had: `bonett_wright` or `bootstrap`."""

    n: int
    rho: float
    standard_error: float
    low: float
    high: float
    method: str


def spearman(x: ArrayLike, y: ArrayLike, strata: ArrayLike | None = None) -> Correlation | None:
    """Rank correlation of pairs. With strata, pairs are ranked within their own stratum only, so that what lies between
    the strata cannot make or reverse it: ranks / (size + 1), which run from 0 to 1 in each, pooled.

    Strata of one pair say nothing and are left out. The interval is Bonett & Wright's; with fewer than 25 pairs, or
    beyond ±0.9, it is the percentiles of resampled pairs (within strata, the same every time). None where one of the
    two does not vary.
    """
    pairs = np.column_stack([np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)])
    _, names = np.unique(np.zeros(len(pairs)) if strata is None else np.asarray(strata), return_inverse=True)
    kept = np.bincount(names, minlength=1)[names] > 1
    pairs, names = pairs[kept], names[kept]
    # In one order whatever the caller's, or the resamples would differ.
    order = np.lexsort((pairs[:, 1], pairs[:, 0], names))
    pairs, sizes = pairs[order], [int(size) for size in np.bincount(names) if size]
    rho = float(_pooled(pairs[:, 0], pairs[:, 1], sizes)) if sizes else math.nan
    if math.isnan(rho):
        return None
    if len(pairs) < FEW_PAIRS or abs(rho) > CLOSE_TO_ONE:
        resampled = _resampled(pairs, sizes)
        low, high = np.nanquantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return Correlation(len(pairs), rho, float(np.nanstd(resampled, ddof=1)), float(low), float(high), "bootstrap")
    return Correlation(len(pairs), rho, *bonett_wright(rho, len(pairs), len(sizes)), "bonett_wright")


def bonett_wright(rho: float, n: int, strata: int = 1) -> tuple[float, float, float]:
    """Standard error of Spearman's rho and its 95 % limits, tanh(atanh rho ± 1.96 sqrt((1 + rho² / 2) / (n - 3))); each
    stratum beyond the first costs one pair more. NaN with too few pairs for that, and limits of rho itself at ±1.

    Bonett & Wright (2000), Psychometrika 65; the R package statpsych has the same numbers (ci.spear).
    """
    spare = n - 2 - strata
    if spare <= 0:
        return math.nan, math.nan, math.nan
    error = math.sqrt((1 + rho**2 / 2) / spare)
    if abs(rho) >= 1:
        return 0.0, rho, rho
    middle = math.atanh(rho)
    return (1 - rho**2) * error, math.tanh(middle - Z * error), math.tanh(middle + Z * error)


def _pooled(x: Floats, y: Floats, sizes: Sequence[int]) -> Floats:
    """rho along the last axis, whose strata of these sizes lie one after another; NaN where one does not vary."""
    x_ranks, y_ranks = _ranks(x, sizes), _ranks(y, sizes)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.sqrt((x_ranks**2).sum(axis=-1) * (y_ranks**2).sum(axis=-1))
        return np.clip((x_ranks * y_ranks).sum(axis=-1) / scale, -1, 1)


def _ranks(values: Floats, sizes: Sequence[int]) -> Floats:
    """Mean ranks within the strata, -1/2 to 1/2 in each, with mean 0."""
    parts = np.split(values, np.cumsum(sizes)[:-1], axis=-1)
    return np.concatenate([stats.rankdata(part, axis=-1) / (part.shape[-1] + 1) - 0.5 for part in parts], axis=-1)


def _resampled(pairs: Floats, sizes: Sequence[int]) -> Floats:
    """rho of pairs drawn with replacement from each stratum."""
    random = np.random.default_rng(SEED)
    starts = np.repeat(np.cumsum([0, *sizes[:-1]]), sizes)
    widths = np.repeat(sizes, sizes)
    lot = max(1, _NUMBERS_AT_ONCE // len(pairs))
    found = []
    for first in range(0, RESAMPLES, lot):
        drawn = starts + random.integers(0, widths, size=(min(lot, RESAMPLES - first), len(pairs)))
        found.append(_pooled(pairs[drawn, 0], pairs[drawn, 1], sizes))
    return np.concatenate(found)
