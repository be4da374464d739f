"""How often customers will buy again: the BG/NBD model, over arrays, in a unit of time that is said.

What belongs here: units, histories, the model's likelihood and its expectations. What the purchases are worth is
`pipeline.statistics.purchase_values`; histories are counted out of the warehouse by
`pipeline.analyses.purchase_histories`; whether a fit may be used is said by `sql/metrics/clv_checks.sql`.

Source: Fader, Hardie & Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2), 275–284.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, gammaln, hyp2f1

from pipeline.statistics.likelihood import Fit, Objective, maximise

Floats = NDArray[np.float64]


class TimeUnit(Enum):
    """A unit of time; its value is its length in days."""

    DAY = 1.0
    WEEK = 7.0
    MONTH = 365.25 / 12


@dataclass(frozen=True)
class Span:
    """A length of time with its unit, so that no week is ever taken for a day."""

    amount: float
    unit: TimeUnit

    def count(self, unit: TimeUnit) -> float:
        """How many of the other unit it lasts: 1 month is 4.348 weeks."""
        return self.amount * self.unit.value / unit.value


@dataclass(frozen=True)
class Histories:
    """What customers did. Equal histories may be given once, with the number of customers who share them.

    frequency (x): later days with a purchase; recency (t_x): from the first purchase to the last; age (T): from the
    first purchase to the end of what was seen. Times are in `unit`.
    """

    frequency: Floats
    recency: Floats
    age: Floats
    customers: Floats
    unit: TimeUnit

    @classmethod
    def of(
        cls,
        frequency: ArrayLike,
        recency: ArrayLike,
        age: ArrayLike,
        unit: TimeUnit,
        customers: ArrayLike | None = None,
    ) -> Histories:
        """Arrays of any number type; one customer each unless told. Raises ValueError for a history that cannot be."""
        x, t_x, until = (np.asarray(values, dtype=np.float64) for values in (frequency, recency, age))
        if np.any((x < 0) | (t_x < 0) | (t_x > until) | ((x == 0) & (t_x > 0))):
            raise ValueError("a history needs x >= 0 and 0 <= t_x <= T, and t_x = 0 where x = 0")
        shared = np.ones_like(x) if customers is None else np.asarray(customers, dtype=np.float64)
        return cls(x, t_x, until, shared, unit)

    def counted_in(self, unit: TimeUnit) -> Histories:
        """The same histories in another unit."""
        scale = Span(1, self.unit).count(unit)
        return Histories(self.frequency, self.recency * scale, self.age * scale, self.customers, unit)


@dataclass(frozen=True)
class PurchaseModel:
    """BG/NBD: each customer buys at a rate drawn from gamma(r, alpha), per `unit`, and after any purchase leaves for
    good with a probability drawn from beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float
    unit: TimeUnit

    @classmethod
    def fitted(cls, fit: Fit, unit: TimeUnit) -> PurchaseModel:
        """The model of a fit to histories in that unit."""
        r, alpha, a, b = fit.parameters.tolist()
        return cls(r, alpha, a, b, unit)


def fit_purchases(histories: Histories) -> Fit:
    """The likeliest r, alpha, a, b; alpha is in the histories' unit."""
    typical_age = float((histories.customers * histories.age).sum() / histories.customers.sum())
    return maximise(purchase_objective(histories), np.log([0.5, max(typical_age, 1e-6) / 4, 1.0, 2.0]))


def purchase_objective(histories: Histories) -> Objective:
    """Minus the log-likelihood of r, alpha, a, b, and its gradient, at their logarithms. Equation 6 of the paper."""
    h = histories
    x, again = h.frequency, h.frequency > 0
    levels, places = np.unique(x, return_inverse=True)
    weights = np.bincount(places, h.customers)

    def objective(logs: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = np.exp(logs)
        log_age, log_recency = np.log(alpha + h.age), np.log(alpha + h.recency)
        chances = np.where(again, b + x - 1, 1.0)
        stays = -(r + x) * log_age
        leaves = np.where(again, np.log(a) - np.log(chances) - (r + x) * log_recency, -np.inf)
        either = np.logaddexp(stays, leaves)
        left = np.exp(leaves - either) * h.customers
        stayed = h.customers - left
        by_level = gammaln(r + levels) - gammaln(r) + r * np.log(alpha)
        by_level += gammaln(a + b) + gammaln(b + levels) - gammaln(b) - gammaln(a + b + levels)
        value = (weights * by_level).sum() + (h.customers * either).sum()
        shared = digamma(a + b) - digamma(a + b + levels)
        by_r = digamma(r + levels) - digamma(r) + np.log(alpha)
        gradient = (
            (weights * by_r).sum() - (stayed * log_age + left * log_recency).sum(),
            weights.sum() * r / alpha - ((r + x) * (stayed / (alpha + h.age) + left / (alpha + h.recency))).sum(),
            (weights * shared).sum() + left.sum() / a,
            (weights * (shared + digamma(b + levels) - digamma(b))).sum() - (left / chances).sum(),
        )
        return -float(value), -np.exp(logs) * gradient

    return objective


def purchases_of_new_customers(model: PurchaseModel, spans: list[Span]) -> Floats:
    """E[X(t)]: purchases expected of a customer in the time t after the first one. Equation 9 of the paper."""
    times = np.array([span.count(model.unit) for span in spans])
    return _if_still_there(model, np.zeros_like(times), np.zeros_like(times), times)


def expected_purchases(model: PurchaseModel, histories: Histories, span: Span) -> Floats:
    """E[Y(t) | x, t_x, T]: purchases expected of each customer in the time t to come. Equation 10 of the paper."""
    h = histories.counted_in(model.unit)
    return alive_probability(model, h) * _if_still_there(model, h.frequency, h.age, np.array(span.count(model.unit)))


def alive_probability(model: PurchaseModel, histories: Histories) -> Floats:
    """The chance that each customer has not left for good. It is 1 for those who bought on one day only: in this model
    one leaves after a repeat purchase. Fader, Hardie & Lee (2008), Computing P(alive) using the BG/NBD model."""
    h = histories.counted_in(model.unit)
    odds = np.where(h.frequency > 0, np.log(model.a) - np.log(np.maximum(model.b + h.frequency - 1, model.b)), -np.inf)
    odds = odds + (model.r + h.frequency) * (np.log(model.alpha + h.age) - np.log(model.alpha + h.recency))
    return np.asarray(1 / (1 + np.exp(odds)))


def discounted_if_still_there(
    model: PurchaseModel, frequency: Floats, age: Floats, months: int, monthly_discount: float
) -> Floats:
    """Purchases expected in the months to come of customers who have not left, each month's at its value of today: the
    k-th one's divided by (1 + discount)^k. `age` is in the model's unit."""
    month = Span(1, TimeUnit.MONTH).count(model.unit)
    total, before = np.zeros_like(age), np.zeros_like(age)
    for k in range(1, months + 1):
        until = _if_still_there(model, frequency, age, np.array(k * month))
        total += (until - before) / (1 + monthly_discount) ** k
        before = until
    return total


def discounted_purchases(model: PurchaseModel, histories: Histories, months: int, monthly_discount: float) -> Floats:
    """Purchases expected of each customer in the months to come, each month's at its value of today."""
    h = histories.counted_in(model.unit)
    future = discounted_if_still_there(model, h.frequency, h.age, months, monthly_discount)
    return np.asarray(alive_probability(model, h) * future)


def _if_still_there(model: PurchaseModel, frequency: Floats, age: Floats, time: Floats) -> Floats:
    """The paper's fraction before the chance of being alive. Its hypergeometric function is taken as it stands or by
    Euler's transformation, whichever stays finite as the time grows."""
    # At a = 1 the fraction is 0 / 0; so near to it the limit is the same to ten digits.
    a = model.a if abs(model.a - 1) > 1e-6 else 1 + 1e-6
    b, bought = model.b, model.r + frequency
    c = a + b + frequency - 1
    z = time / (model.alpha + age + time)
    is_plain = a - 1 > bought
    first = np.where(is_plain, bought, c - bought)
    second = np.where(is_plain, b + frequency, a - 1)
    power = np.where(is_plain, bought, a - 1)
    return np.asarray(c / (a - 1) * (1 - (1 - z) ** power * hyp2f1(first, second, c, z)))
