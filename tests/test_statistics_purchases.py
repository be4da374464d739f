"""BG/NBD and Gamma–Gamma against the published numbers of METRICS.md A23, and against formulas of another kind."""

from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from pipeline.statistics.likelihood import Fit, maximise
from pipeline.statistics.purchase_values import (
    Horizon,
    ValueModel,
    expected_value,
    fit_values,
    lifetime_values,
    mean_lifetime_value_interval,
    value_frequency_correlation,
    value_objective,
)
from pipeline.statistics.purchases import (
    Histories,
    PurchaseModel,
    Span,
    TimeUnit,
    alive_probability,
    discounted_purchases,
    expected_purchases,
    fit_purchases,
    purchase_objective,
    purchases_of_new_customers,
)

WEEK = TimeUnit.WEEK
#: The published parameters, as printed: three decimals.
PRINTED = PurchaseModel(0.243, 4.414, 0.793, 2.426, WEEK)
#: What A23 recomputed its lifetime values with: its own fit of the purchases, and the printed values' parameters.
RECOMPUTED = PurchaseModel(0.242593, 4.413531, 0.792886, 2.425754, WEEK)
PRINTED_VALUES = ValueModel(6.25, 3.74, 15.44)
CUSTOMERS_1_2_3_6 = [0, 1, 2, 5]
YEAR = Horizon(12, 0.01)


def slope(at):
    """Falls for ever; at the edge, 12 away from the start, by 0.3 a step, and is curved as much."""
    return 0.3 * np.exp(12 - (at - [0.3, 0.2]))


def one(x, t_x, age, unit=WEEK):
    return Histories.of([x], [t_x], [age], unit)


@pytest.fixture(scope="module")
def cdnow():
    """2,357 customers: ID, x, t_x, T in weeks after 39 weeks, zbar in dollars (0 without a repeat purchase)."""
    name = "lifetimes/datasets/cdnow_customers_summary_with_transactions.csv"
    return pl.read_csv(Path(str(distribution("lifetimes").locate_file(name))))


@pytest.fixture(scope="module")
def histories(cdnow):
    return Histories.of(cdnow["x"], cdnow["t_x"], cdnow["T"], WEEK)


@pytest.fixture(scope="module")
def purchase_fit(histories):
    return fit_purchases(histories)


@pytest.fixture(scope="module")
def purchases(purchase_fit):
    return PurchaseModel.fitted(purchase_fit, WEEK)


@pytest.fixture(scope="module")
def repeat_buyers(cdnow):
    return cdnow.filter(pl.col("x") > 0)


@pytest.fixture(scope="module")
def value_fit(repeat_buyers):
    return fit_values(repeat_buyers["x"], repeat_buyers["zbar"])


@pytest.fixture(scope="module")
def values(value_fit):
    return ValueModel.fitted(value_fit)


def test_a23_the_first_customers(cdnow):
    """The file is the one that A23 speaks of."""
    first = {row[0]: row[1:4] for row in cdnow.head(9).rows()}
    assert (first[1], first[2], first[6]) == ((2, 30.43, 38.86), (1, 1.71, 38.86), (7, 29.43, 38.86))
    assert first[3] == first[4] == first[5] == (0, 0.0, 38.86)
    assert (first[7], first[9], cdnow.height) == ((1, 5.0, 38.86), (2, 35.71, 38.86), 2357)


def test_a23_purchase_parameters(purchase_fit):
    assert purchase_fit.is_converged
    assert purchase_fit.parameters == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=0.001)
    assert purchase_fit.parameters == pytest.approx([0.242593, 4.413531, 0.792886, 2.425754], abs=1e-5)
    assert purchase_fit.log_likelihood == pytest.approx(-9582.4256, abs=1e-4)


def test_a23_standard_errors_of_the_purchase_parameters(purchase_fit):
    """Published by lifetimes; ± 2 % was asked."""
    assert purchase_fit.standard_errors == pytest.approx([0.012557, 0.378221, 0.185719, 0.705345], rel=1e-4)


def test_a23_purchases_of_a_new_customer(purchases):
    spans = [Span(weeks, WEEK) for weeks in (1 / 7, 1, 3, 31.8571, 32, 78)]
    fitted = purchases_of_new_customers(purchases, spans)
    assert fitted == pytest.approx([0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576], abs=0.001)
    assert fitted == pytest.approx([0.00782, 0.05318, 0.15063, 1.04049, 1.04374, 1.85797], abs=1e-5)
    printed = purchases_of_new_customers(PRINTED, spans)
    assert printed == pytest.approx([0.00783, 0.05327, 0.15087, 1.04200, 1.04524, 1.86052], abs=1e-5)


def test_a23_expectations_of_a_customer():
    """The paper prints 1.226; P(alive) was recomputed at the printed parameters."""
    customer = one(2, 30.43, 38.86)
    assert expected_purchases(PRINTED, customer, Span(39, WEEK))[0] == pytest.approx(1.226028, abs=1e-6)
    assert alive_probability(PRINTED, customer)[0] == pytest.approx(0.726579, abs=1e-6)


def test_who_came_once_is_alive():
    assert alive_probability(PRINTED, one(0, 0, 500))[0] == 1


def test_a23_value_parameters(value_fit):
    assert value_fit.is_converged
    assert value_fit.parameters == pytest.approx([6.25, 3.74, 15.44], abs=0.01)
    assert value_fit.parameters == pytest.approx([6.248803, 3.744588, 15.447746], abs=1e-5)
    assert value_fit.log_likelihood == pytest.approx(-4055.9232, abs=1e-4)


def test_a23_expected_values(cdnow, values, repeat_buyers):
    """Mean E(M) 35.25296 of all customers (published), beside the mean observed m 35.07855 of repeat buyers."""
    assert repeat_buyers["zbar"].mean() == pytest.approx(35.07855, abs=5e-6)
    assert expected_value(values, cdnow["x"], cdnow["zbar"]).mean() == pytest.approx(35.25296, abs=5e-6)


def test_a23_correlation_of_frequency_and_value(repeat_buyers):
    found = value_frequency_correlation(repeat_buyers["x"], repeat_buyers["zbar"])
    assert found == pytest.approx(0.113884, abs=1e-6)
    pairs = repeat_buyers.group_by("x", "zbar").len()
    assert value_frequency_correlation(pairs["x"], pairs["zbar"], pairs["len"]) == pytest.approx(found)
    assert value_frequency_correlation([1, 1], [3.0, 4.0]) is None


def test_a23_lifetime_values_in_weeks(cdnow, histories):
    """36.308, 4.642, 8.361, 283.715 at 4.348 weeks a month."""
    found = lifetime_values(RECOMPUTED, PRINTED_VALUES, histories, cdnow["zbar"], YEAR)
    assert found[CUSTOMERS_1_2_3_6] == pytest.approx([36.308, 4.642, 8.361, 283.715], abs=6e-4)


def test_a23_lifetime_values_at_our_own_fit(cdnow, histories, purchases, values):
    """A23 took the values' parameters as printed, to two decimals; at the summit the values are these."""
    found = lifetime_values(purchases, values, histories, cdnow["zbar"], YEAR)
    assert found[CUSTOMERS_1_2_3_6] == pytest.approx([36.3005, 4.6404, 8.3495, 283.6877], abs=6e-5)


def by_months_of(weeks, model, values, histories, money):
    """A year's value, reckoned month by month from the undiscounted expectations, with months of so many weeks."""
    steps = [expected_purchases(model, histories, Span(weeks * k, WEEK)) for k in range(13)]
    orders = sum((steps[k] - steps[k - 1]) / 1.01**k for k in range(1, 13))
    return (orders * expected_value(values, histories.frequency, money))[CUSTOMERS_1_2_3_6]


@pytest.mark.parametrize(
    ("weeks", "expected"),
    [
        pytest.param(30, [140.125, 18.949, 38.233, 1003.964], id="the-trap"),
        pytest.param(4.345, [36.286, 4.639, 8.355, 283.551], id="4.345"),
        pytest.param(365.25 / 12 / 7, [36.308, 4.642, 8.361, 283.715], id="4.348"),
    ],
)
def test_a23_the_trap_of_30_weeks_a_month(cdnow, histories, weeks, expected):
    """lifetimes' Quickstart takes weeks for days. That number, too, comes out, when one insists on 30 weeks."""
    found = by_months_of(weeks, RECOMPUTED, PRINTED_VALUES, histories, cdnow["zbar"])
    assert found == pytest.approx(expected, abs=6e-4)


def test_a23_the_printed_trap_at_our_own_fit(cdnow, histories, purchases, values):
    """140.096, 18.943, 38.181, 1003.868 as lifetimes prints them."""
    found = by_months_of(30, purchases, values, histories, cdnow["zbar"])
    assert found == pytest.approx([140.096, 18.943, 38.181, 1003.868], rel=4e-5)


def test_a_span_is_counted_by_its_unit():
    assert Span(12, TimeUnit.MONTH).count(WEEK) == pytest.approx(52.1786, abs=1e-4)
    assert Span(1, TimeUnit.MONTH).count(TimeUnit.DAY) == 30.4375
    assert Span(13, WEEK).count(TimeUnit.DAY) == 91


def test_days_and_weeks_say_the_same(cdnow, histories, purchase_fit, purchases):
    """The unit is the data's own: what is fitted to days foretells the same, also of histories given in weeks."""
    in_days = fit_purchases(histories.counted_in(TimeUnit.DAY))
    assert in_days.parameters == pytest.approx(purchase_fit.parameters * [1, 7, 1, 1], rel=1e-4)
    model = PurchaseModel(purchases.r, purchases.alpha * 7, purchases.a, purchases.b, TimeUnit.DAY)
    for ask in (
        lambda m: expected_purchases(m, histories, Span(3, TimeUnit.MONTH)),
        lambda m: discounted_purchases(m, histories, 12, 0.01),
        lambda m: alive_probability(m, histories),
        lambda m: purchases_of_new_customers(m, [Span(39, WEEK)]),
    ):
        assert ask(model) == pytest.approx(ask(purchases), rel=1e-9)


def test_equal_customers_may_be_given_together(cdnow, histories, purchase_fit, repeat_buyers, value_fit):
    together = cdnow.group_by("x", "t_x", "T", maintain_order=True).len()
    found = fit_purchases(Histories.of(together["x"], together["t_x"], together["T"], WEEK, together["len"]))
    assert found.parameters == pytest.approx(purchase_fit.parameters, rel=1e-4)
    assert found.log_likelihood == pytest.approx(purchase_fit.log_likelihood, rel=1e-9)
    pairs = repeat_buyers.group_by("x", "zbar", maintain_order=True).len()
    found = fit_values(pairs["x"], pairs["zbar"], pairs["len"])
    assert found.parameters == pytest.approx(value_fit.parameters, rel=1e-3)
    assert found.log_likelihood == pytest.approx(value_fit.log_likelihood, rel=1e-9)


def expected_by_integral(model, x, age, time):
    """E of (1 - exp(-rate p t)) / p over the rates and chances of leaving of who is still there: no series in it."""

    def at(p):
        stays = ((model.alpha + age) / (model.alpha + age + p * time)) ** (model.r + x)
        return (1 - stays) / p * stats.beta.pdf(p, model.a, model.b + x)

    return integrate.quad(at, 0, 0.05, limit=400)[0] + integrate.quad(at, 0.05, 1, limit=400)[0]


@pytest.mark.parametrize(
    ("r", "alpha", "a", "b"),
    [
        pytest.param(0.243, 4.414, 0.793, 2.426, id="CDNOW"),
        pytest.param(0.243, 4.414, 1.0, 2.426, id="a-is-1"),
        pytest.param(0.3, 2.0, 1.2, 0.4, id="b-below-1"),
        pytest.param(0.3, 0.1, 0.3, 0.5, id="a-and-b-below-1"),
        pytest.param(0.3, 7.0, 40.0, 260.0, id="large-a-and-b"),
        pytest.param(2.5, 30.0, 4.0, 9.0, id="plain-and-transformed"),
        pytest.param(0.3, 0.01, 140.0, 900.0, id="long-after-a-short-memory"),
    ],
)
def test_expected_purchases_are_the_integral(r, alpha, a, b):
    """Each side of the transformation, with the chance of being alive taken out."""
    model = PurchaseModel(r, alpha, a, b, WEEK)
    for x, t_x, age, time in ((0, 0.0, 0.0, 52.0), (0, 0.0, 30.0, 13.0), (3, 20.0, 40.0, 52.0), (60, 70.0, 78.0, 52.0)):
        customer = one(x, t_x, age)
        still_there = expected_purchases(model, customer, Span(time, WEEK)) / alive_probability(model, customer)
        assert still_there[0] == pytest.approx(expected_by_integral(model, x, age, time), rel=2e-5), (x, age)


def test_alive_probability_by_bayes():
    """One repeat purchase: gone right after it, or silent since; their chances, integrated over who he may be."""
    model, t_x, age = PurchaseModel(0.8, 5.0, 1.5, 3.0, WEEK), 4.0, 30.0
    rate = stats.gamma(model.r, scale=1 / model.alpha)

    def chance(until):
        return integrate.quad(lambda y: rate.pdf(y) * y * np.exp(-y * until), 0, np.inf)[0]

    leaves = model.a / (model.a + model.b)
    silent, gone = (1 - leaves) * chance(age), leaves * chance(t_x)
    assert alive_probability(model, one(1, t_x, age))[0] == pytest.approx(silent / (silent + gone), rel=1e-7)


def test_the_likelihood_is_the_chance_of_the_history():
    """Two customers silent to T, and one who buys at t_x and not again: what Bayes says of them, integrated."""
    r, alpha, a, b = 0.8, 5.0, 1.5, 3.0
    histories = Histories.of([0, 1], [0, 4.0], [30.0, 30.0], WEEK, [2, 1])
    rate = stats.gamma(r, scale=1 / alpha)
    silent = integrate.quad(lambda y: rate.pdf(y) * np.exp(-y * 30), 0, np.inf)[0]
    once = integrate.quad(lambda y: rate.pdf(y) * y * (b * np.exp(-y * 30) + a * np.exp(-y * 4)) / (a + b), 0, np.inf)[
        0
    ]
    found = -purchase_objective(histories)(np.log([r, alpha, a, b]))[0]
    assert found == pytest.approx(2 * np.log(silent) + np.log(once), rel=1e-7)


def test_a23_log_likelihood_at_the_printed_parameters(histories):
    found = -purchase_objective(histories)(np.log([0.243, 4.414, 0.793, 2.426]))[0]
    assert found == pytest.approx(-9582.4268, abs=1e-4)


def test_the_gradients_are_those_of_the_likelihoods(histories, repeat_buyers):
    """Away from the summit, where a wrong slope would not show as zero."""
    purchases = purchase_objective(histories), np.log([0.4, 9.0, 1.7, 0.8])
    money = value_objective(repeat_buyers["x"], repeat_buyers["zbar"]), np.log([3.0, 2.0, 30.0])
    for objective, at in (purchases, money):
        numeric = optimize.approx_fprime(at, lambda logs, f=objective: f(logs)[0], 1e-6)
        assert objective(at)[1] == pytest.approx(numeric, rel=1e-4)


def test_no_discount_leaves_the_expectation(purchases):
    customer = one(2, 30.43, 38.86)
    year = expected_purchases(purchases, customer, Span(12, TimeUnit.MONTH))
    assert discounted_purchases(purchases, customer, 12, 0.0) == pytest.approx(year)
    first = expected_purchases(purchases, customer, Span(1, TimeUnit.MONTH))
    assert discounted_purchases(purchases, customer, 1, 0.25) == pytest.approx(first / 1.25)


def test_value_of_whom_nothing_is_known_is_the_mean_of_all():
    """x = 0: p v / (q - 1), whatever stands in m; below q = 1 there is no mean."""
    assert expected_value(ValueModel(6, 4, 15), [0, 0], [0.0, 99.0]) == pytest.approx([30, 30])
    assert expected_value(ValueModel(6, 4, 15), [3], [20.0]) == pytest.approx([(15 + 60) * 6 / (18 + 3)])
    assert expected_value(ValueModel(6, 1, 15), [0, 1], [0.0, 20.0]) == pytest.approx([np.inf, (15 + 20) * 6 / 6])


def test_parameters_come_back_from_simulated_customers():
    """100,000 customers drawn from known parameters: each estimate within four standard errors."""
    random = np.random.default_rng(5)
    size, age = 100_000, random.uniform(10, 80, 100_000)
    x, t_x = np.zeros(size), np.zeros(size)
    rate, leaving = random.gamma(0.5, 1 / 6.0, size), random.beta(0.9, 2.5, size)
    now, there = np.zeros(size), np.ones(size, bool)
    while there.any():
        now = now + random.exponential(1 / np.maximum(rate, 1e-9))
        there &= now <= age
        x, t_x = x + there, np.where(there, now, t_x)
        there &= random.random(size) >= leaving
    fit = fit_purchases(Histories.of(x, t_x, age, WEEK))
    assert fit.is_converged
    assert np.all(np.abs(fit.parameters - [0.5, 6.0, 0.9, 2.5]) < 4 * fit.standard_errors)
    mean = 30.0 * 6.0 / random.gamma(4.0, 1.0, size)
    buyers = x > 0
    spent = random.gamma(6.0 * x[buyers], mean[buyers] / 6.0) / x[buyers]
    found = fit_values(x[buyers], spent)
    assert np.all(np.abs(found.parameters - [6.0, 4.0, 30.0]) < 4 * found.standard_errors)


def test_customers_who_never_leave_are_no_fit():
    """Steady buyers say nothing of leaving: a and b run to a limit, and the fit says that it is none."""
    random = np.random.default_rng(3)
    rates = random.gamma(1.0, 0.2, 2000)
    bought = random.poisson(rates * 50)
    fit = fit_purchases(Histories.of(bought, np.where(bought > 0, 49.5, 0), np.full(2000, 50.0), WEEK))
    assert not fit.is_converged
    assert np.isnan(fit.covariance).all()


@pytest.mark.parametrize(
    ("objective", "why"),
    [
        (lambda at: (float(np.sum(at**2)), 2 * at), None),
        (lambda at: (float(np.exp(-at.sum())), np.full(2, -np.exp(-at.sum()))), "a ridge that rises for ever"),
        (lambda at: (float((at**2).sum()) / 50, at / 25), "so flat that a standard error is 5"),
        (lambda at: (float(slope(at).sum()), -slope(at)), "the edge of where one may look, on a slope"),
        (lambda at: (float(at[0] ** 2 - np.cos(at[1])), np.array([2 * at[0], np.sin(at[1])])), None),
    ],
)
def test_a_summit_is_told_from_what_is_none(objective, why):
    assert maximise(objective, np.array([0.3, 0.2])).is_converged == (why is None)


def test_a_value_fit_refuses_customers_without_repeat_value():
    with pytest.raises(ValueError, match="positive value"):
        fit_values([1, 2], [10.0, 0.0])
    with pytest.raises(ValueError, match="positive value"):
        fit_values([0, 2], [10.0, 10.0])


@pytest.mark.parametrize("row", [(0, 3.0, 9.0), (1, 9.5, 9.0), (-1, 0.0, 9.0), (1, -1.0, 9.0)])
def test_a_history_that_cannot_be_is_refused(row):
    with pytest.raises(ValueError, match="a history needs"):
        one(*row)


def test_an_interval_without_uncertainty_is_the_value(cdnow, histories, purchase_fit, purchases, value_fit, values):
    """What the bootstrap interpolates between ages is the mean of the exact values, to six digits."""
    certain = [
        Fit(fit.parameters, fit.covariance * 1e-18, fit.log_likelihood, True) for fit in (purchase_fit, value_fit)
    ]
    spread = histories.age * np.linspace(0.6, 1, len(histories.age)) + histories.recency * np.linspace(0.4, 0, 2357)
    various = Histories.of(histories.frequency, histories.recency, spread, WEEK, np.arange(2357) % 5 + 1)
    exact = np.average(lifetime_values(purchases, values, various, cdnow["zbar"], YEAR), weights=various.customers)
    assert mean_lifetime_value_interval(*certain, various, cdnow["zbar"], YEAR) == pytest.approx(
        (exact, exact), rel=1e-6
    )


def test_the_interval_agrees_with_the_delta_method(cdnow, histories, purchase_fit, value_fit):
    """First-order error propagation by numeric derivatives: another way to the same width."""
    fits = purchase_fit, value_fit
    logs = np.log(np.concatenate([fit.parameters for fit in fits]))

    def log_mean(at):
        r, alpha, a, b, p, q, v = np.exp(at)
        model, money = PurchaseModel(r, alpha, a, b, WEEK), ValueModel(p, q, v)
        return np.log(lifetime_values(model, money, histories, cdnow["zbar"], YEAR).mean())

    slope = optimize.approx_fprime(logs, log_mean, 1e-5)
    variance = slope[:4] @ fits[0].covariance @ slope[:4] + slope[4:] @ fits[1].covariance @ slope[4:]
    low, high = mean_lifetime_value_interval(*fits, histories, cdnow["zbar"], YEAR)
    assert np.log(high / low) / (2 * 1.96) == pytest.approx(np.sqrt(variance), rel=0.06)
    assert low < np.exp(log_mean(logs)) < high
    assert mean_lifetime_value_interval(*fits, histories, cdnow["zbar"], YEAR) == (low, high)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(
    parameters=st.tuples(*[st.floats(0.05, 20)] * 4),
    x=st.integers(0, 80),
    shares=st.tuples(st.floats(0.01, 1), st.floats(0, 150)),
)
def test_expectations_keep_to_what_can_be(parameters, x, shares):
    """A chance is one, more time brings more purchases, and none lets more be expected than with no leaving at all."""
    model, age = PurchaseModel(*parameters, WEEK), shares[1]
    customer = one(x, shares[0] * age if x else 0, age)
    assert 0 <= alive_probability(model, customer)[0] <= 1
    soon, late = (expected_purchases(model, customer, Span(weeks, WEEK))[0] for weeks in (4, 52))
    assert 0 <= soon <= late * (1 + 1e-9) + 1e-12
    assert late <= (model.r + x) / (model.alpha + age) * 52 * (1 + 1e-6) + 1e-12
