"""Rating trends and their verdicts (METRICS.md A8), through the SQL and the analysis."""

from dataclasses import dataclass

import pytest
from metrics_support import DEFAULT_CONFIG, marketplace
from scipy import stats

from pipeline.analyses import rating_trends
from pipeline.policies import Policies, load_policies
from pipeline.statistics.trends import mann_kendall

#: A8 [OWN]: monthly means, from 2024-04 to 2025-03.
MEANS = [4.21, 4.18, 4.25, 4.22, 4.30, 4.28, 4.33, 4.31, 4.36, 4.35, 4.41, 4.38]


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def month(back, end=(2025, 3)):
    """The name of the month so many before the last."""
    number = 12 * end[0] + end[1] - 1 - back
    return f"{number // 12}-{number % 12 + 1:02d}"


def rate(market, means, ratings=100, **more):
    """Ratings of 4 and 5 stars with these monthly means, the last in 2025-03; None is a month without any."""
    for back, mean in enumerate(reversed(means)):
        if mean is None:
            continue
        high = round((mean - 4) * ratings)
        for rating, times in ((5, high), (4, ratings - high)):
            if times:
                market.add("reviews", times, rating=rating, created_at=f"{month(back)}-15 12:00", **more)


@dataclass
class Trend:
    months: int
    s: int
    p_value: float
    p_adjusted: float
    slope: float
    method: str
    verdict: str


def trend(market, period="2025-03", scope="all", entity="all"):
    row = market.con.execute(
        "select months, s, p_value, p_adjusted, slope, method, verdict from metrics.rating_trends "
        "where period_id = ? and scope = ? and entity_id = ?",
        [period, scope, entity],
    ).fetchone()
    return Trend(*row) if row else None


def test_a8_twelve_months_rise(market):
    """A8 [OWN], in every scope that the reviews have."""
    rate(market, MEANS)
    market.add("products", product_id="P1", category="Toys")
    market.plan("2025-03", "2025-Q1").build("metrics.rating_trend")
    expected = mann_kendall(MEANS)
    for scope, entity in (("all", "all"), ("seller", "S1"), ("product", "P1"), ("category", "Toys")):
        found, row = trend(market, "2025-03", scope, entity), market.get("rating_trend", "2025-03", scope, entity)
        assert found is not None
        assert (found.months, found.s, round(found.p_value, 6), found.method) == (12, 54, 0.000279, "normal")
        assert (found.p_adjusted, found.verdict) == (found.p_value, "improving")
        assert (row.n, round(row.value, 4), row.reason) == (12, 0.0200, None)
        assert (row.low, row.high) == pytest.approx((expected.low[0], expected.high[0]))
        assert market.get("rating_trend", "2025-Q1", scope, entity) == row, "a quarter's is that of its last month"


@pytest.mark.parametrize(
    ("means", "verdict"),
    [
        pytest.param([4.9 - m / 50 for m in range(12)], "declining", id="falls"),
        pytest.param([4.0 + m / 100 for m in range(12)], "improving", id="a-hundredth-of-a-star-is-enough"),
        pytest.param([4.0 + m // 2 / 100 for m in range(12)], "stable", id="sure-but-not-steep"),
        pytest.param([4.2, 4.1, 4.0, 4.3, 4.4, 4.7, 4.6, 4.5], "stable", id="steep-but-p-is-0.061"),
        pytest.param([4.0, 4.9, 4.2, 4.8] * 3, "stable", id="steep-here-and-there-but-not-sure"),
    ],
)
def test_a8_the_verdict_asks_for_certainty_and_steepness(market, means, verdict):
    rate(market, means)
    market.plan("2025-03").build("metrics.rating_trends")
    assert trend(market).verdict == verdict


@pytest.mark.parametrize(
    ("means", "months", "verdict"),
    [
        pytest.param([4.2] * 7, 7, "too_short", id="seven-months"),
        pytest.param([4.2] * 8, 8, "stable", id="eight-months"),
        pytest.param([4.2] * 4 + [None] + [4.2] * 3, 7, "insufficient", id="eight-months-with-a-gap"),
        pytest.param([4.2] * 4 + [None] + [4.2] * 2, 6, "too_short", id="seven-months-with-a-gap"),
    ],
)
def test_a8_eight_months_are_needed(market, means, months, verdict):
    rate(market, means)
    market.plan("2025-03").build("metrics.rating_trend")
    found, row = trend(market), market.get("rating_trend", "2025-03")
    assert (found.months, found.verdict) == (months, verdict)
    assert (row.value, row.reason) == ((None, verdict) if verdict != "stable" else (0, None))


@pytest.mark.parametrize(("ratings", "months"), [(2, 8), (3, 9)])
def test_a_month_with_fewer_than_three_ratings_is_a_gap(market, ratings, months):
    rate(market, [*MEANS[:8], None])
    rate(market, [4.0], ratings=ratings)
    market.plan("2025-03").build("metrics.rating_trends")
    assert trend(market).months == months


def test_a_gap_keeps_its_place(market):
    """Ten hundredths in a month, over the gap too."""
    rate(market, [4.0, 4.1, 4.2, 4.3, None, 4.5, 4.6, 4.7, 4.8])
    market.plan("2025-03").build("metrics.rating_trends")
    assert trend(market).slope == pytest.approx(0.1)


def test_at_most_24_months_count(market):
    rate(market, [4.9, *MEANS, *MEANS], ratings=20)
    market.plan("2025-03", "2025-02").build("metrics.rating_trends")
    assert trend(market).months == 24
    assert trend(market, "2025-02").months == 24, "the window moves with the period"


def test_how_many_months_count_is_a_policy(market, tmp_path):
    assert load_policies(DEFAULT_CONFIG).rating_trend_months == Policies().rating_trend_months == 24
    (tmp_path / "policy.toml").write_text("rating_trend_months = 9\n")
    rate(market, MEANS)
    market.plan("2025-03").build("metrics.rating_trends")
    found = rating_trends.compute(market.con, tmp_path).filter(scope="all")
    assert found["months"].to_list() == [9]
    assert found["s"].to_list() == [mann_kendall(MEANS[-9:]).s[0]]


def test_a_month_that_is_not_over_is_left_out(market):
    """The tests look from 2025-04-10: April and its quarter say what March says; a later rating changes nothing."""
    rate(market, MEANS)
    market.add("reviews", 50, rating=1, created_at="2025-04-05 12:00")
    market.plan("2025-03", "2025-04", "2025-Q2").build("metrics.rating_trends")
    assert trend(market) == trend(market, "2025-04") == trend(market, "2025-Q2")


def test_an_earlier_period_knows_nothing_of_later_months(market):
    rate(market, MEANS)
    market.plan("2025-01").build("metrics.rating_trends")
    assert trend(market, "2025-01").s == mann_kendall(MEANS[:10]).s[0]


def test_a8_many_products_are_tested_together(market):
    """Benjamini and Hochberg within the scope: 2.5 % is enough for one of two, not for one of six."""
    rising = [4.0, 4.3, 4.1, 4.2, 4.4, 4.5, 4.6, 4.4]
    for product in range(6):
        rate(market, rising if product == 0 else [4.5, 4.4] * 4, product_id=f"P{product}", seller_id=None, ratings=10)
    market.add("products", product_id="P0", category="Toys")
    market.plan("2025-03").build("metrics.rating_trends")
    products = [trend(market, scope="product", entity=f"P{product}") for product in range(6)]
    adjusted = stats.false_discovery_control([product.p_value for product in products])
    assert [product.p_adjusted for product in products] == pytest.approx(adjusted)
    assert products[0].p_value < 0.05 < products[0].p_adjusted
    assert products[0].verdict == "stable"
    alone = trend(market, scope="category", entity="Toys")
    assert alone.p_adjusted == pytest.approx(2 * alone.p_value), "each scope by itself; the others are uncategorised"
    assert (alone.p_value, alone.verdict) == (products[0].p_value, "improving")


def test_no_ratings_no_trend(market):
    market.add("reviews", rating=None).plan("2025-03").build("metrics.rating_trend")
    assert market.get("rating_trend", "2025-03").reason == "no_data"
