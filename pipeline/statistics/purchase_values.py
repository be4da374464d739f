"""What customers will spend: the Gamma–Gamma model, and lifetime values from it and the BG/NBD model.

What belongs here: the value of a purchase, a customer's value to come, and the certainty of its mean. How often they
buy is `pipeline.statistics.purchases`.

Source: Fader & Hardie (2013), The Gamma–Gamma model of monetary value, note 025; Fader, Hardie & Lee (2005), RFM and
CLV, Journal of Marketing Research 42(4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, stats
from scipy.special import digamma, gammaln

from pipeline.statistics.likelihood import Fit, Objective, maximise
from pipeline.statistics.purchases import (
    Histories,
    PurchaseModel,
    alive_probability,
    discounted_if_still_there,
    discounted_purchases,
)

Floats = NDArray[np.float64]

#: Draws of the bootstrap: points of a scrambled Sobol sequence, which fill the space more evenly than random ones.
_DRAWS = 256
_SEED = 17
#: Ages at which the bootstrap reckons exactly; between them a polynomial is right to more than six digits.
_NODES = 12


@dataclass(frozen=True)
class ValueModel:
    """Gamma–Gamma: a purchase's value varies around the customer's own mean, by p; the means vary, by q and v. v is in
    the money's unit."""

    p: float
    q: float
    v: float

    @classmethod
    def fitted(cls, fit: Fit) -> ValueModel:
        """The model of a fit."""
        p, q, v = fit.parameters.tolist()
        return cls(p, q, v)


@dataclass(frozen=True)
class Horizon:
    """How far a lifetime value looks, and what a month's wait takes from it."""

    months: int
    monthly_discount: float


def fit_values(frequency: ArrayLike, mean_value: ArrayLike, customers: ArrayLike | None = None) -> Fit:
    """The likeliest p, q, v from customers with x >= 1 repeat purchases of mean value m > 0, any unit of money.

    Raises ValueError for other customers.
    """
    x, m, shared = _arrays(frequency, mean_value, customers)
    if np.any((x < 1) | (m <= 0)):
        raise ValueError("the value model is fitted to customers with repeat purchases of a positive value")
    return maximise(value_objective(x, m, shared), np.log([2.0, 3.0, float((shared * m).sum() / shared.sum())]))


def value_objective(frequency: ArrayLike, mean_value: ArrayLike, customers: ArrayLike | None = None) -> Objective:
    """Minus the log-likelihood of p, q, v, and its gradient, at their logarithms. Note 025, eq. 1a."""
    x, m, shared = _arrays(frequency, mean_value, customers)
    levels, places = np.unique(x, return_inverse=True)
    weights = np.bincount(places, shared)
    total, log_total = x * m, np.log(x * m)
    constant = (shared * (np.log(x) - log_total)).sum()

    def objective(logs: Floats) -> tuple[float, Floats]:
        p, q, v = np.exp(logs)
        log_sum = np.log(total + v)
        by_level = gammaln(p * levels + q) - gammaln(p * levels) - gammaln(q) + q * np.log(v)
        value = (weights * by_level).sum() + (shared * (p * x * log_total - (p * x + q) * log_sum)).sum() + constant
        rise = digamma(p * levels + q)
        gradient = (
            (weights * levels * (rise - digamma(p * levels))).sum() + (shared * x * (log_total - log_sum)).sum(),
            (weights * (rise - digamma(q) + np.log(v))).sum() - (shared * log_sum).sum(),
            weights.sum() * q / v - (shared * (p * x + q) / (total + v)).sum(),
        )
        return -float(value), -np.exp(logs) * gradient

    return objective


def value_frequency_correlation(
    frequency: ArrayLike, mean_value: ArrayLike, customers: ArrayLike | None = None
) -> float | None:
    """Pearson's correlation of x and m, which the models take to be 0. None where all customers are alike in one."""
    x, m, weights = _arrays(frequency, mean_value, customers)
    dx, dm = x - (weights * x).sum() / weights.sum(), m - (weights * m).sum() / weights.sum()
    spread = (weights * dx**2).sum() * (weights * dm**2).sum()
    return float((weights * dx * dm).sum() / np.sqrt(spread)) if spread > 0 else None


def expected_value(model: ValueModel, frequency: ArrayLike, mean_value: ArrayLike) -> Floats:
    """E(M | x, m): what a purchase of each customer is worth on average; the mean of all, p v / (q - 1), where x = 0.

    Note 025, eq. 5. Infinite for all whose p x + q <= 1.
    """
    x, m, _ = _arrays(frequency, mean_value, None)
    below = model.p * x + model.q - 1
    known = model.p * (model.v + np.where(x > 0, x * m, 0.0))
    return np.where(below > 0, known / np.where(below > 0, below, 1.0), np.inf)


def lifetime_values(
    purchases: PurchaseModel, values: ValueModel, histories: Histories, mean_value: ArrayLike, horizon: Horizon
) -> Floats:
    """Each customer's value to come, discounted by the month, in the money's unit."""
    orders = discounted_purchases(purchases, histories, horizon.months, horizon.monthly_discount)
    return np.asarray(orders * expected_value(values, histories.frequency, mean_value))


def mean_lifetime_value_interval(
    purchases: Fit, values: Fit, histories: Histories, mean_value: ArrayLike, horizon: Horizon
) -> tuple[float, float]:
    """95 % interval of the mean lifetime value of these customers, whose histories are in the unit of the fit.

    Parametric bootstrap: the 4 + 3 parameters are drawn from the normal distribution that their logarithms have in
    large samples, the two models apart, and the mean is reckoned for each draw. It holds the uncertainty of the
    parameters, not that of the models. The limits are infinite where draws with q <= 1 have no mean.
    """
    h = histories
    money = np.asarray(mean_value, dtype=np.float64)
    levels, level_places = np.unique(h.frequency, return_inverse=True)
    ages, age_places = np.unique(h.age, return_inverse=True)
    nodes, weights = _interpolation(ages, float(purchases.parameters[1]))
    grid = np.repeat(levels, len(nodes)), np.tile(nodes, len(levels))
    means = []
    for r, alpha, a, b, p, q, v in _draws(purchases, values):
        model = PurchaseModel(r, alpha, a, b, h.unit)
        future = discounted_if_still_there(model, *grid, horizon.months, horizon.monthly_discount)
        orders = (future.reshape(len(levels), -1) @ weights)[level_places, age_places] * alive_probability(model, h)
        worth = expected_value(ValueModel(p, q, v), h.frequency, money)
        means.append(float((h.customers * orders * worth).sum() / h.customers.sum()))
    low, high = np.quantile(means, [0.025, 0.975], method="inverted_cdf")
    return float(low), float(high)


def _arrays(frequency: ArrayLike, mean_value: ArrayLike, customers: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    x, m = np.asarray(frequency, dtype=np.float64), np.asarray(mean_value, dtype=np.float64)
    return x, m, np.ones_like(x) if customers is None else np.asarray(customers, dtype=np.float64)


def _draws(purchases: Fit, values: Fit) -> Floats:
    """Parameters of both models, one draw a row."""
    normal = stats.qmc.MultivariateNormalQMC(
        np.log(np.concatenate([purchases.parameters, values.parameters])),
        linalg.block_diag(purchases.covariance, values.covariance),
        rng=np.random.default_rng(_SEED),
    )
    return np.exp(normal.random(_DRAWS))


def _interpolation(ages: Floats, alpha: float) -> tuple[Floats, Floats]:
    """Ages to reckon at, and the weights that carry values there over to `ages`: a Chebyshev polynomial in
    log(alpha + age), in which the expectations are nearly straight."""
    scaled = np.log(alpha + ages)
    low, high = np.log(alpha), max(scaled.max(), np.log(alpha) + 1e-9)
    points = chebyshev.chebpts1(_NODES)
    nodes = np.exp(low + (points + 1) / 2 * (high - low)) - alpha
    at_nodes = chebyshev.chebvander(points, _NODES - 1)
    at_ages = chebyshev.chebvander(2 * (scaled - low) / (high - low) - 1, _NODES - 1)
    return nodes, np.asarray(np.linalg.solve(at_nodes.T, at_ages.T), dtype=np.float64)
