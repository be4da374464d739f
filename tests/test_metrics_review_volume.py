"""What became of reviews, products with one, ratings over longer windows, and products' sales (METRICS.md A5, A7)."""

import pytest
from metrics_support import marketplace


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def test_a7_reviews_by_status_add_up(market):
    """Bazaarvoice: total = approved + rejected + pending; removed ones are the fourth part here."""
    for status, times in (("published", 5), ("pending", 3), ("rejected", 2), ("removed", 1)):
        market.add("reviews", times, status=status)
    market.add("reviews", created_at="2025-02-01 00:00", status="pending")
    market.plan("2025-01").build("metrics.review_volume", "metrics.ratings")
    counts = [market.get(f"reviews_{name}").value for name in ("published", "pending", "rejected", "removed")]
    assert counts == [5, 3, 2, 1]
    assert sum(counts) == market.get("review_count").value == market.get("reviews_published").n


@pytest.mark.parametrize(
    ("review", "reviewed"),
    [
        pytest.param({"created_at": "2024-03-01 12:00"}, 1, id="written-long-before"),
        pytest.param({"created_at": "2025-01-31 23:59"}, 1, id="on-the-last-day"),
        pytest.param({"created_at": "2025-02-01 00:00"}, 0, id="after-the-period"),
        pytest.param({"status": "pending"}, 0, id="not-published"),
        pytest.param({"product_id": "P9"}, 0, id="of-a-product-that-was-not-sold"),
        pytest.param({"product_id": None}, 0, id="of-no-product"),
    ],
)
def test_a7_share_of_products_sold_with_a_review(market, review, reviewed):
    """One product bears the id of the seller that is reviewed: it is not the seller."""
    market.add("sales", 2, product_id="P1").add("sales", product_id="P2").add("sales", product_id="S1")
    market.add("sales", product_id="P4", status="cancelled")
    market.add("sales", product_id="P5", ordered_at="2025-02-03 10:00")
    market.add("reviews", **review)
    market.plan("2025-01").build("metrics.review_volume", "metrics.sales")
    row = market.get("reviewed_product_share")
    assert (row.numerator, row.denominator, row.n) == (reviewed, 3, 3)
    assert row.denominator == market.get("active_products").value


def test_a_later_review_does_not_take_the_first_away(market):
    market.add("sales").add("reviews").add("reviews", created_at="2025-02-05 12:00")
    market.plan("2025-01").build("metrics.review_volume")
    assert market.get("reviewed_product_share").value == 1


def test_a5_windows_of_twelve_months_and_of_all_time(market):
    """Half open: the first day of the month after is out, the last of thirteen months ago too."""
    for day, rating in (("2023-06-10", 1), ("2024-01-31", 1), ("2024-02-01", 2), ("2025-01-31", 4), ("2025-02-01", 5)):
        market.add("reviews", rating=rating, created_at=f"{day} 12:00")
    market.plan("2025-01", "2025-W05").build("metrics.rating_windows")
    year, ever = market.get("rating_mean_12m"), market.get("rating_mean_all_time")
    assert (year.numerator, year.denominator, year.value) == (6, 2, 3)
    assert (ever.numerator, ever.denominator, ever.value) == (8, 4, 2)
    assert year.low == pytest.approx(3 - 12.7062), "t with one degree of freedom, variance 2, n 2"
    assert market.rows("select count(*) from metrics.rating_windows where period_id like '%W%'") == [(0,)]


def test_a5_windows_by_seller_product_and_category(market):
    """Who had no rating in the twelve months has no row; all time has none for products."""
    market.add("sellers", 2).add("products", 2, category="Home")
    market.add("reviews", rating=2, seller_id="S1", product_id="P1")
    market.add("reviews", rating=5, seller_id="S2", product_id="P2", created_at="2023-01-05 10:00")
    market.plan("2025-01").build("metrics.rating_windows")
    assert market.rows("select metric, scope, entity_id, value from metrics.rating_windows order by all") == [
        ("rating_mean_12m", "all", "all", 2.0),
        ("rating_mean_12m", "category", "Home", 2.0),
        ("rating_mean_12m", "product", "P1", 2.0),
        ("rating_mean_12m", "seller", "S1", 2.0),
        ("rating_mean_all_time", "all", "all", 3.5),
        ("rating_mean_all_time", "category", "Home", 3.5),
        ("rating_mean_all_time", "seller", "S1", 2.0),
    ]


def test_a_year_of_a_quarter_ends_with_the_quarter(market):
    market.add("reviews", rating=1, created_at="2024-03-31 12:00").add(
        "reviews", rating=5, created_at="2024-04-01 12:00"
    )
    market.plan("2025-Q1").build("metrics.rating_windows")
    assert market.get("rating_mean_12m", "2025-Q1").value == 5


def test_what_each_product_sold(market):
    """Sales only, by the order's day, net of refunds; a line that came back in two parcels came back once."""
    market.add("sales", order_id="O1", order_line_id="L1", qty=2, amount_cents=3000)
    market.add("sales", order_id="O1", order_line_id="L2", qty=1, amount_cents=500)
    market.add("sales", order_id="O2", order_line_id="L3", qty=1, amount_cents=700)
    market.add("sales", product_id="P2", status="cancelled").add("sales", ordered_at="2025-02-01 00:00")
    market.add("returns", 2, order_line_id="L1", refund_cents=400, refunded_at="2025-02-01 10:00")
    market.plan("2025-01").build("metrics.product_sales")
    columns = "product_id, orders, lines, units, gmv_cents, net_sales_cents, returned_lines"
    assert market.rows(f"select {columns} from metrics.product_sales") == [("P1", 2, 3, 4, 4200, 3400, 1)]


def test_products_add_up_to_the_marketplace(market):
    market.add("sales", 3, product_id="P1", qty=2).add("sales", product_id="P2", amount_cents=1)
    market.plan("2025-01", "2025-Q1").build("metrics.product_sales", "metrics.sales")
    for period in ("2025-01", "2025-Q1"):
        (row,) = market.rows(
            "select sum(units), sum(net_sales_cents), sum(gmv_cents), count(*) from metrics.product_sales "
            "where period_id = ?",
            period,
        )
        metrics = ("units", "net_sales", "gmv", "active_products")
        assert row == tuple(market.get(metric, period).value for metric in metrics)


def test_without_returns_nobody_knows_what_came_back(market):
    market.add("sales").plan("2025-01").build("metrics.product_sales")
    assert market.rows("select returned_lines from metrics.product_sales") == [(None,)]
