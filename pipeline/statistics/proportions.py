"""Intervals of proportions that are compared with each other.

What belongs here: closed formulas over NumPy arrays of counts, each with its source. A single proportion's Wilson
interval is `pipeline.statistics.intervals`, that of a population of known size a macro of `sql/macros.sql`; whose
reviews are compared is `pipeline.analyses.response_uplift`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from pipeline.statistics.intervals import LEVEL, Z

Floats = NDArray[np.float64]


class Estimate(NamedTuple):
    """A share or a difference of shares (-1 to 1, of differences -2 to 2), its standard error and its 95 % limits."""

    value: Floats
    standard_error: Floats
    low: Floats
    high: Floats


def contrast(successes: ArrayLike, trials: ArrayLike, weights: ArrayLike) -> Estimate:
    """A weighted sum of independent proportions; they lie along the last axis, as many as there are weights.

    Each gets 2 / m successes and as many failures more, m being the number of weights that are not 0, so that shares of
    0 and 1 have an error as well. The value is the adjusted one. NaN where one of the proportions has no trials.
    Price & Bonett (2004), Computational Statistics & Data Analysis 45, pp. 449-456; statpsych's `ci.lc.prop.bs`.
    """
    k, n, w = _floats(successes), _floats(trials), _floats(weights)
    more = 2 / np.count_nonzero(w)
    shares = np.where(n > 0, (k + more) / (n + 2 * more), np.nan)
    value = np.asarray((w * shares).sum(axis=-1))
    error = np.sqrt((w**2 * shares * (1 - shares) / (n + 2 * more)).sum(axis=-1))
    return Estimate(value, error, value - Z * error, value + Z * error)


def difference_in_differences(
    before_successes: ArrayLike,
    before_trials: ArrayLike,
    after_successes: ArrayLike,
    after_trials: ArrayLike,
    is_treated: ArrayLike,
) -> Estimate:
    """How much more the pooled share of the treated changed than that of the others; one array element a unit (seller).

    The value is not adjusted: the four shares are ratios of sums. A unit's cases resemble each other and are followed
    from before to after, so the error is that of the two ratios' change between units, by linearisation (Woodruff 1971,
    JASA 66; Bertrand, Duflo & Mullainathan 2004, QJE 119, on why not to count cases as independent), but never less
    than `contrast` has for independent cases, for units that all do alike show no variance. Student's limits with
    Welch-Satterthwaite degrees of freedom (Satterthwaite 1946, Biometrics Bulletin 2).

    NaN throughout when a group has no cases before or after; no error and no limits when one has fewer than two units.
    """
    counts = np.stack(
        [_floats(values) for values in (before_successes, before_trials, after_successes, after_trials)], axis=-1
    )
    treated = np.asarray(is_treated, dtype=bool)
    value, variance, freedom = _change(counts[treated])
    other_value, other_variance, other_freedom = _change(counts[~treated])
    sums = np.stack([counts[treated].sum(axis=0), counts[~treated].sum(axis=0)])
    independent = contrast(sums[:, (0, 2)].ravel(), sums[:, (1, 3)].ravel(), (-1, 1, 1, -1)).standard_error
    total = variance + other_variance
    with np.errstate(divide="ignore", invalid="ignore"):
        degrees = total**2 / (variance**2 / freedom + other_variance**2 / other_freedom)
    error = np.maximum(np.sqrt(total), independent)
    half = error * stats.t.ppf((1 + LEVEL) / 2, np.where(total > 0, degrees, np.inf))
    gap = np.asarray(value - other_value)
    return Estimate(gap, error, gap - half, gap + half)


def _change(counts: Floats) -> Floats:
    """(change of the pooled share, its variance between units, degrees of freedom) of one group; columns: successes and
    trials before, successes and trials after."""
    units = len(counts)
    successes, trials, later_successes, later_trials = counts.T
    if not (trials.sum() and later_trials.sum()):
        return np.full(3, np.nan)
    before, after = successes.sum() / trials.sum(), later_successes.sum() / later_trials.sum()
    parts = (later_successes - after * later_trials) / later_trials.sum()
    parts = parts - (successes - before * trials) / trials.sum()
    variance = units / (units - 1) * (parts**2).sum() if units > 1 else np.nan
    return np.array([after - before, variance, units - 1])


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)
