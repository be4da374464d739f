"""The total that a period will reach, forecast from its first days and the rhythm of the week.

What belongs here: the formulas of METRICS.md A31 over plain arrays of daily counts: profile, forecast, its spread, and
the probability of a target. Which days were seen, and from when, is `pipeline.analyses.message_forecasts`' work.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from pipeline.statistics.intervals import Floats

PROFILE_WEEKS = 8
#: A week must have been seen whole, so that every weekday speaks.
FEWEST_DAYS = 7
#: Residuals are tested for autocorrelation, and drawn in blocks of a week, from four weeks on.
FEWEST_DAYS_FOR_BLOCKS = 28
AUTOCORRELATION_LEVEL = 0.05
SIMULATIONS = 10_000
WEEK = 7

Method = Literal["t", "bootstrap"]


@dataclass(frozen=True)
class Forecast:
    """The total to come, in the unit of the counts. `dispersion` is the variance of a day over its mean, at least 1.

    `errors` are simulated differences between total and forecast, sorted; without them the errors follow Student's t
    with `days` - 1 degrees of freedom, times `sd`.
    """

    observed: int
    days: int
    forecast: float
    sd: float
    dispersion: float
    errors: NDArray[np.float64] | None = None

    @property
    def method(self) -> Method:
        return "t" if self.errors is None else "bootstrap"

    def interval(self, level: float) -> tuple[float, float]:
        """The prediction interval of that level (0.80, 0.95). What has been counted already is its floor."""
        tail = (1 - level) / 2
        if self.errors is None:
            half = float(stats.t.ppf(1 - tail, self.days - 1)) * self.sd
            low, high = -half, half
        else:
            low, high = (float(limit) for limit in np.quantile(self.errors, [tail, 1 - tail]))
        return max(self.forecast + min(low, 0), float(self.observed)), self.forecast + max(high, 0)

    def probability(self, target: float) -> float:
        """The probability that the total reaches the target, 0 to 1."""
        if self.observed >= target:
            return 1.0
        gap = target - self.forecast
        if self.sd == 0:
            return float(gap <= 0)
        if self.errors is None:
            return float(stats.t.sf(gap / self.sd, self.days - 1))
        return float(np.count_nonzero(self.errors >= gap) / self.errors.size)


def weekday_profile(counts: ArrayLike, multipliers: ArrayLike) -> Floats | None:
    """What each weekday, Monday first, has of an average day (mean 1), from whole weeks, one row each.

    `multipliers` say how much busier than usual each of those days was bound to be: a weekday's level is its sum of
    counts over its sum of multipliers. None when nothing was counted. METRICS.md A31.
    """
    levels = np.asarray(counts, dtype=np.float64).sum(axis=0) / np.asarray(multipliers, dtype=np.float64).sum(axis=0)
    mean = levels.mean()
    return levels / mean if mean > 0 else None


def forecast_total(counts: ArrayLike, seen: ArrayLike, to_come: ArrayLike, seed: tuple[int, ...] = (0,)) -> Forecast:
    """Forecast the sum of a period from the counts of its first days.

    `seen` and `to_come` are the profiles of the days counted and of those left, 1 for an average day. With O counted on
    days of profile P: level = O / P, forecast = O + level × P(to come), dispersion = sum((y - mu)^2 / mu) / (n - 1) but
    at least 1, sd = sqrt(dispersion × level × P(to come) × (1 + P(to come) / P)). METRICS.md A31.

    Adding up daily intervals would ignore that a slow day follows a slow day; so when the residuals are autocorrelated
    whole weeks of them are drawn instead. Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed.,
    13.5. Raises ValueError with fewer than two days or when nothing was counted.
    """
    y, pi, future = (np.asarray(values, dtype=np.float64) for values in (counts, seen, to_come))
    observed, exposure, left = y.sum(), pi.sum(), future.sum()
    if y.size < 2 or observed <= 0 or exposure <= 0:
        raise ValueError("a forecast needs at least two days and something counted on them")
    level = observed / exposure
    # A weekday that never had anything has no spread to learn from.
    busy = pi > 0
    mean = level * pi[busy]
    residuals = (y[busy] - mean) / np.sqrt(mean)
    dispersion = max(1.0, float((residuals**2).sum() / (y.size - 1)))
    errors = None
    if future.size and is_autocorrelated(residuals):
        errors = _simulated_errors(residuals, level * pi, level * future, np.random.default_rng(seed))
        sd = float(errors.std(ddof=1))
    else:
        sd = math.sqrt(dispersion * level * left * (1 + left / exposure))
    return Forecast(int(observed), y.size, float(observed + level * left), sd, dispersion, errors)


def is_autocorrelated(residuals: ArrayLike) -> bool:
    """Whether a week of residuals, in order of time, adds up to more spread than seven independent ones would.

    Variance ratio of seven days, 1 + 2 sum((1 - k/7) rho_k), one-sided at 5 %: only days that move together make a
    total less certain. Lo & MacKinlay (1988), Review of Financial Studies 1(1). False with fewer than four weeks.
    """
    r = np.asarray(residuals, dtype=np.float64)
    n = r.size
    if n < FEWEST_DAYS_FOR_BLOCKS:
        return False
    centred = r - r.mean()
    total = (centred**2).sum()
    if total == 0:
        return False
    excess = 2 * sum((1 - lag / WEEK) * (centred[lag:] * centred[:-lag]).sum() / total for lag in range(1, WEEK))
    standard_error = math.sqrt(2 * (2 * WEEK - 1) * (WEEK - 1) / (3 * WEEK * n))
    return bool(stats.norm.sf(excess / standard_error) < AUTOCORRELATION_LEVEL)


def _simulated_errors(
    residuals: Floats, past_means: Floats, future_means: Floats, random: np.random.Generator
) -> NDArray[np.float64]:
    """Sorted differences between simulated totals and their forecasts.

    Days to come and days seen are both drawn anew, in blocks of seven consecutive residuals (centred, and widened by
    n / (n - 1)), so that the level's own uncertainty is part of the difference.
    """
    n = residuals.size
    drawn_from = (residuals - residuals.mean()) * math.sqrt(n / (n - 1))
    blocks = np.lib.stride_tricks.sliding_window_view(drawn_from, WEEK)
    future = _block_sums(blocks, future_means, random)
    past = _block_sums(blocks, past_means, random)
    return np.sort(future - past / past_means.sum() * future_means.sum())


def _block_sums(blocks: Floats, means: Floats, random: np.random.Generator) -> Floats:
    """Simulated sums of (count - mean) over days of these means: each week's sum for each block first, then draws."""
    weeks = -(-means.size // WEEK)
    scale = np.zeros(weeks * WEEK)
    scale[: means.size] = np.sqrt(means)
    sums = np.zeros(SIMULATIONS)
    for week in scale.reshape(weeks, WEEK):
        sums += (blocks * week).sum(axis=1)[random.integers(0, len(blocks), SIMULATIONS)]
    return sums
