"""The correlation of ratings with later sales (METRICS.md A25), through the SQL and the analysis."""

import pytest
from metrics_support import marketplace
from scipy import stats

from pipeline.catalogue import load_catalogue


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


#: Twelve products: their ratings of 2024-Q4 (all alike for a product), and what they sold in 2025-Q1.
STARS = [5, 5, 5, 4, 4, 4, 3, 3, 2, 2, 1, 5]
UNITS = [30, 22, 25, 26, 14, 18, 15, 7, 9, 3, 4, 1]


def sell_and_rate(market, stars, units, rated_at="2024-11-15 12:00", ratings=5, category=None):
    for product, (rating, sold) in enumerate(zip(stars, units, strict=True)):
        market.add("reviews", ratings, rating=rating, product_id=f"P{product:02d}", created_at=rated_at)
        if sold:
            market.add("sales", product_id=f"P{product:02d}", qty=sold, ordered_at="2025-02-10 12:00")
        if category:
            market.add("products", product_id=f"P{product:02d}", category=category(product))
    return market


def inputs(market, period="2025-Q1"):
    rows = market.con.execute(
        "select product_id, ratings, bayes_mean, bayes_mean_before, units, units_before "
        "from metrics.rating_sales_inputs where period_id = ? order by product_id",
        [period],
    ).fetchall()
    return {row[0]: row[1:] for row in rows}


def comparison(market, name="level", scope="all", entity="all", period="2025-Q1"):
    return market.con.execute(
        "select products, rho, method, is_indicative, reason from metrics.rating_sales "
        "where period_id = ? and scope = ? and entity_id = ? and comparison = ?",
        [period, scope, entity, name],
    ).fetchone()


def test_a25_ratings_against_units_a_quarter_later(market):
    sell_and_rate(market, STARS, UNITS).plan("2025-Q1").build("metrics.rating_sales_correlation")
    expected = stats.spearmanr(STARS, UNITS).statistic
    row = market.get("rating_sales_correlation", "2025-Q1")
    assert (row.value, row.n, row.reason) == (pytest.approx(expected), 12, None)
    assert row.low < row.value < row.high
    assert comparison(market) == (12, pytest.approx(expected), "bootstrap", True, None)
    assert market.get("rating_sales_change_correlation", "2025-Q1").reason == "too_few_products"


def test_a25_is_indicative_below_25_products_only(market):
    sell_and_rate(market, STARS * 2 + [1], UNITS * 2 + [30]).plan("2025-Q1").build("metrics.rating_sales")
    assert comparison(market)[0] == 25
    assert comparison(market)[2:] == ("bonett_wright", False, None)


@pytest.mark.parametrize(("products", "reason"), [(9, "too_few_products"), (10, None)])
def test_a25_needs_ten_products(market, products, reason):
    sell_and_rate(market, STARS[:products], UNITS[:products]).plan("2025-Q1").build("metrics.rating_sales")
    assert comparison(market)[4] == reason


def test_a25_products_that_sell_alike_tell_nothing(market):
    sell_and_rate(market, STARS, [3] * 12).plan("2025-Q1").build("metrics.rating_sales_correlation")
    assert comparison(market) == (12, None, None, None, "no_spread")
    assert market.get("rating_sales_correlation", "2025-Q1").reason == "no_spread"


def test_a25_the_rating_is_the_adjusted_one_of_the_quarter_before(market):
    """The very value that rating_bayes has there, of either of the two quarters before."""
    sell_and_rate(market, STARS, UNITS, ratings=7)
    for product, rating in ((0, 2), (1, 4)):
        market.add("reviews", 6, rating=rating, product_id=f"P{product:02d}", created_at="2024-07-01 00:00")
    market.add("reviews", 4, rating=1, product_id="P02", created_at="2024-09-30 23:00")
    market.add("reviews", 9, rating=1, product_id="P00", created_at="2025-01-01 00:00")
    market.plan("2025-Q1", "2024-Q4", "2024-Q3").build("metrics.rating_sales_inputs", "metrics.ratings")
    found = inputs(market)
    for product in ("P00", "P01"):
        assert found[product][0] == 7
        assert found[product][1] == market.get("rating_bayes", "2024-Q4", "product", product).value
        assert found[product][2] == market.get("rating_bayes", "2024-Q3", "product", product).value
    assert found["P02"][2] is None, "four ratings are too few to compare with"
    assert [row[2] for row in found.values()].count(None) == 10


def test_a25_products_with_five_ratings(market):
    market.add("reviews", 5, product_id="P1", created_at="2024-10-01 00:00")
    market.add("reviews", 4, product_id="P2", created_at="2024-12-31 23:59")
    market.add("reviews", 9, product_id="P2", created_at="2025-01-01 00:00")
    market.plan("2025-Q1").build("metrics.rating_sales_inputs")
    assert set(inputs(market)) == {"P1"}


def test_a25_net_units(market):
    """Sold in the quarter and not sent back; nothing sold is 0 units, not a missing product."""
    for product in ("P1", "P2"):
        market.add("reviews", 5, product_id=product, created_at="2024-11-01 12:00")
    lines = [
        ("2025-01-01 00:00", 10, "completed"),
        ("2025-03-31 23:00", 5, "completed"),
        ("2025-04-01 00:00", 100, "completed"),
        ("2024-12-31 23:00", 7, "completed"),
        ("2024-09-30 23:00", 1000, "completed"),
        ("2025-02-01 12:00", 50, "cancelled"),
        ("2025-02-01 12:00", 50, "pending"),
        ("2025-02-01 12:00", 50, "refunded"),
        ("2025-02-01 12:00", 3, "refunded"),
    ]
    for line, (ordered_at, qty, status) in enumerate(lines):
        market.add("sales", order_line_id=f"L{line}", product_id="P1", ordered_at=ordered_at, qty=qty, status=status)
    market.add("returns", order_line_id="L0", qty=1).add("returns", order_line_id="L0", qty=3)
    market.add("returns", order_line_id="L1", qty=9).add("returns", order_line_id="L8", qty=1)
    market.plan("2025-Q1", "2024-Q4").build("metrics.rating_sales_inputs")
    assert inputs(market)["P1"][3:] == (6 + 0 + 2, 7)
    assert inputs(market)["P2"][3:] == (0, 0)


def test_a25_change_of_ratings_against_growth(market):
    """Ratings of 2024-Q3 to 2024-Q4 against units of 2024-Q4 to 2025-Q1; one sold nothing before and has no growth."""
    before = [3, 5, 2, 4, 4, 5, 1, 3, 5, 1, 2, 4]
    sold_before = [10, 20, 10, 30, 10, 20, 30, 10, 20, 5, 10, 0]
    sell_and_rate(market, STARS, UNITS)
    for product, (rating, sold) in enumerate(zip(before, sold_before, strict=True)):
        market.add("reviews", 5, rating=rating, product_id=f"P{product:02d}", created_at="2024-08-15 12:00")
        if sold:
            market.add("sales", product_id=f"P{product:02d}", qty=sold, ordered_at="2024-11-10 12:00")
    market.plan("2025-Q1").build("metrics.rating_sales_correlation")
    found = inputs(market)
    kept = [row for row in found.values() if row[4]]
    expected = stats.spearmanr([round(row[1] - row[2], 9) for row in kept], [row[3] / row[4] for row in kept]).statistic
    row = market.get("rating_sales_change_correlation", "2025-Q1")
    assert (row.n, row.value) == (11, pytest.approx(expected))


def test_a25_simpsons_reversal(market):
    """Within either category the better rated sells less; the category that rates better sells more."""
    stars, units = [5, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2], [21, 22, 23, 24, 25, 26, 1, 2, 3, 4, 5, 6]
    sell_and_rate(market, stars, units, category=lambda product: "Toys" if product < 6 else "Books")
    market.plan("2025-Q1").build("metrics.rating_sales_correlation")
    assert market.get("rating_sales_correlation", "2025-Q1").value > 0.5
    within = market.get("rating_sales_correlation_within_categories", "2025-Q1")
    assert (within.n, within.value) == (12, pytest.approx(stats.spearmanr(stars[:6], units[:6]).statistic))
    assert within.value < -0.5
    assert comparison(market, scope="category", entity="Toys") == (6, None, None, None, "too_few_products")


def test_a25_one_category_by_itself(market):
    sell_and_rate(market, STARS, UNITS, category=lambda product: "Books" if product in (2, 11) else "Toys")
    market.plan("2025-Q1").build("metrics.rating_sales_correlation")
    toys = [product for product in range(12) if product not in (2, 11)]
    expected = stats.spearmanr([STARS[p] for p in toys], [UNITS[p] for p in toys]).statistic
    row = market.get("rating_sales_correlation", "2025-Q1", "category", "Toys")
    assert (row.n, row.value) == (10, pytest.approx(expected))


def test_a25_categories_of_one_product_do_not_count_within(market):
    """Two of Toys, ten alone: twelve products, of which two say anything."""
    sell_and_rate(market, STARS, UNITS, category=lambda product: "Toys" if product in (0, 10) else f"C{product}")
    market.plan("2025-Q1").build("metrics.rating_sales")
    assert comparison(market, "within_categories") == (2, None, None, None, "too_few_products")


def test_a25_a_quarter_without_one_before_has_no_data(market):
    sell_and_rate(market, STARS, UNITS, rated_at="2025-02-10 12:00")
    market.plan("2025-Q1").build("metrics.rating_sales_correlation")
    assert market.get("rating_sales_correlation", "2025-Q1").reason == "no_data"


def test_b20_no_definition_claims_a_cause():
    """B20: every one says that it is an association."""
    definitions = [m.definition for m in load_catalogue() if m.family == "rating_sales_correlation"]
    assert len(definitions) == 3
    assert all("association" in definition.lower() for definition in definitions)
