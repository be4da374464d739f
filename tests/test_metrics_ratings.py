"""Stars, their adjusted mean, and review volume (METRICS.md A5 to A7), through the SQL itself."""

from statistics import fmean, variance

import pytest
from metrics_support import marketplace
from scipy import stats


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def test_a5_mean_of_published_stars(market):
    """A5: published only; edited ones are in raw in their latest version; unverified ones count."""
    for rating, more in (
        (5, {}),
        (4, {"verified": False}),
        (2, {}),
        (1, {"status": "removed"}),
        (1, {"status": "rejected"}),
        (1, {"status": "pending"}),
    ):
        market.add("reviews", rating=rating, **more)
    market.plan("2025-01", "2025-Q1", "2025-W02").build("metrics.ratings")
    for period in ("2025-01", "2025-Q1", "2025-W02"):
        row = market.get("rating_mean", period)
        assert (row.numerator, row.denominator, row.value) == (11, 3, 11 / 3)
    expected = stats.t.interval(0.95, 2, fmean((5, 4, 2)), (variance((5, 4, 2)) / 3) ** 0.5)
    assert (market.get("rating_mean").low, market.get("rating_mean").high) == pytest.approx(expected)
    assert market.get("review_count").value == 6, "A7: reviews of every status"
    assert [market.get(f"review_stars_{k}").value for k in (1, 2, 3, 4, 5)] == [0, 1, 0, 1, 1]
    assert market.get("negative_review_count").value == 1


@pytest.mark.parametrize(
    ("rating", "scale_max", "stars"),
    [(1, 10, 1), (10, 10, 5), (3, 10, 2), (8, 10, 4), (2, 3, 3), (2, 2, 5), (100, 100, 5), (3, 9, 2), (4, 9, 3)],
)
def test_other_scales_come_to_whole_stars_half_up(market, rating, scale_max, stars):
    """4 of 9 is 2.5 stars on 1 to 5, and so 3; 3 of 9 is 2 exactly."""
    market.add("reviews", rating=rating, scale_max=scale_max).plan("2025-01").build("metrics.ratings")
    assert market.get("rating_mean").value == stars


def test_one_rating_for_each_buyer_and_order_line(market):
    """A5. The first counts, so that a later one does not change what an old month says."""
    market.add("reviews", buyer_id="B1", order_line_id="L1", rating=5, created_at="2025-01-10 10:00")
    market.add("reviews", buyer_id="B1", order_line_id="L1", rating=1, created_at="2025-01-20 10:00")
    market.add("reviews", buyer_id="B2", order_line_id="L1", rating=3)
    market.add("reviews", 2, buyer_id="B1", rating=4)
    market.plan("2025-01").build("metrics.ratings")
    assert (market.get("rating_mean").value, market.get("rating_mean").n) == (4, 4), "those without a line all count"
    assert market.get("review_count").value == 5


def test_a_review_of_several_sellers_counts_once_for_each_and_once_in_all(market):
    for seller, product in (("S1", "P1"), ("S2", "P2"), ("S2", "P2")):
        market.con.execute("delete from raw.reviews where review_id = 'RX' and seller_id = ?", [seller])
        market.add("reviews", review_id="RX", seller_id=seller, product_id=product, rating=2)
    market.add("reviews", seller_id=None, product_id=None, rating=4)
    market.add("products", product_id="P1", category="Toys").add("products", product_id="P2", category="Toys")
    market.plan("2025-01").build("metrics.ratings")
    assert (market.get("rating_mean").n, market.get("rating_mean").value) == (2, 3)
    for scope, entity in (("seller", "S1"), ("seller", "S2"), ("product", "P1"), ("category", "Toys")):
        row = market.get("rating_mean", scope=scope, entity_id=entity)
        assert (row.n, row.value) == (1, 2)
    entities = market.rows("select distinct scope, entity_id from metrics.ratings where scope <> 'all' order by all")
    assert entities == [("category", "Toys"), ("product", "P1"), ("product", "P2"), ("seller", "S1"), ("seller", "S2")]


def test_a6_positive_share_has_the_wilson_interval(market):
    """A6 [PUB] 'How to sort by average rating': 209 up, 50 down; A3: the same share is the CSAT proxy."""
    market.add("reviews", 209, rating=4).add("reviews", 50, rating=3).plan("2025-01").build("metrics.ratings")
    row = market.get("rating_positive_share")
    assert (row.numerator, row.denominator, round(row.low, 4)) == (209, 259, 0.7545)
    assert market.get("csat_proxy")[:6] == row[:6]


@pytest.mark.parametrize(
    ("stars", "bound"),
    [
        pytest.param((0, 0, 0, 0, 2), 2.700, id="A6-OWN-two-fives"),
        pytest.param((5, 3, 10, 40, 142), 4.413, id="A6-OWN-two-hundred"),
        pytest.param((1, 0, 0, 0, 0), 1.740, id="one-of-one-star"),
    ],
)
def test_a6_lower_bound_of_star_ratings(market, stars, bound):
    """A6 [OWN], Miller. The third by hand: q = (2, 1, 1, 1, 1) / 6, mean 16 / 6, mean square 56 / 6, N + 6 = 7."""
    for rating, times in enumerate(stars, start=1):
        if times:
            market.add("reviews", times, rating=rating)
    market.add("reviews", product_id="P2", status="rejected")
    market.plan("2025-01").build("metrics.ratings")
    assert market.rows("from metrics.ratings where metric = 'rating_lower_bound' and entity_id = 'P2'") == []
    for scope, entity in (("all", "all"), ("product", "P1")):
        row = market.get("rating_lower_bound", scope=scope, entity_id=entity)
        assert (round(row.value, 3), row.n) == (bound, sum(stars))


def bayes_from_sql(market, entity="S1", period="2025-01"):
    return market.get("rating_bayes", period, "seller", entity)


def test_a6_bayes_holds_the_mean_towards_the_marketplaces(market):
    """A6 [POLICY] with the estimate of m worked by hand: two sellers, 4 × (5, 5, 4, 4) against 4 × (1, 1, 2, 2).

    Within each: sum of squares 4 × 4 × 0.25 = 4, so the variance within is 8 / 30. Between: means 4.5 and 1.5, mean
    square 16 × (1.5² + 1.5²) = 72; m = within / between is far below 5 and is held there.
    """
    for seller, ratings in (("S1", (5, 5, 4, 4)), ("S2", (1, 1, 2, 2))):
        for rating in ratings:
            market.add("reviews", 4, seller_id=seller, rating=rating)
    market.plan("2025-01").build("metrics.ratings")
    row = bayes_from_sql(market)
    assert row.value == pytest.approx((5 * 3 + 72) / (5 + 16))
    half = 1.959963984540054 * ((8 / 30) / (5 + 16)) ** 0.5
    assert (row.low, row.high) == pytest.approx((row.value - half, row.value + half))


def test_a6_m_between_its_bounds_is_the_method_of_moments(market):
    """Unbalanced groups against the one-way analysis of variance written out in Python."""
    groups = {"S1": (5, 4, 4, 3, 5, 2), "S2": (3, 2, 3, 2), "S3": (4, 4, 1, 5, 3), "S4": (5, 5, 4, 1, 5, 5, 4)}
    for seller, ratings in groups.items():
        for rating in ratings:
            market.add("reviews", seller_id=seller, rating=rating)
    market.plan("2025-01").build("metrics.ratings")
    everything = [rating for ratings in groups.values() for rating in ratings]
    n, k, grand = len(everything), len(groups), fmean(everything)
    within = sum((x - fmean(g)) ** 2 for g in groups.values() for x in g) / (n - k)
    between_square = sum(len(g) * (fmean(g) - grand) ** 2 for g in groups.values()) / (k - 1)
    size = (n - sum(len(g) ** 2 for g in groups.values()) / n) / (k - 1)
    m = within / ((between_square - within) / size)
    assert 5 < m < 50, "the case is meant to lie between the bounds"
    assert bayes_from_sql(market).value == pytest.approx((m * grand + sum(groups["S1"])) / (m + 6))


@pytest.mark.parametrize(
    ("ratings_by_seller", "m"),
    [
        pytest.param({"S1": (5, 1, 5, 1), "S2": (1, 5, 1, 5)}, 50, id="sellers-do-not-differ"),
        pytest.param({"S1": (5, 5, 4)}, 20, id="one-seller-only"),
        pytest.param({"S1": (5,), "S2": (1,)}, 20, id="no-variance-within"),
    ],
)
def test_a6_m_at_its_edges(market, ratings_by_seller, m):
    for seller, ratings in ratings_by_seller.items():
        for rating in ratings:
            market.add("reviews", seller_id=seller, rating=rating)
    market.plan("2025-01").build("metrics.ratings")
    everything = [rating for ratings in ratings_by_seller.values() for rating in ratings]
    own = ratings_by_seller["S1"]
    assert bayes_from_sql(market).value == pytest.approx((m * fmean(everything) + sum(own)) / (m + len(own)))


def test_a6_the_prior_is_of_the_twelve_months_before_the_periods_end(market):
    """A rating of 2024-01 is outside the 12 months to the end of 2025-01; one of 2024-02 is inside; 2025-02 is
    later."""
    for created_at, rating in (
        ("2024-01-31 23:00", 1),
        ("2024-02-01 00:00", 3),
        ("2025-01-10 10:00", 5),
        ("2025-02-01 00:00", 1),
    ):
        market.add("reviews", created_at=created_at, rating=rating)
    market.plan("2025-01").build("metrics.ratings")
    assert bayes_from_sql(market).value == pytest.approx((20 * 4 + 5) / 21)
    market.plan("2025-Q1").build("metrics.ratings")
    assert bayes_from_sql(market, period="2025-Q1").value == pytest.approx((20 * 3 + 6) / 22), "a quarter: 5 and 1"


@pytest.mark.parametrize(
    ("prior_ratings", "prior_mean", "stars", "n", "adjusted"),
    [
        pytest.param(7, 3.5, 5, 1, 3.6875, id="A6-PUB-Trustpilot-one-five"),
        pytest.param(7, 3.5, 100, 20, 4.6111, id="A6-PUB-Trustpilot-twenty-fives"),
    ],
)
def test_a6_the_adjusted_mean_with_a_published_prior(market, prior_ratings, prior_mean, stars, n, adjusted):
    """The macro that ratings.sql uses, given Trustpilot's prior of 7 reviews of 3.5 stars."""
    ((value,),) = market.rows("select stats.bayes_mean(?, ?, ?, ?)", prior_ratings, prior_mean, stars, n)
    assert round(value, 4) == adjusted


@pytest.mark.parametrize(
    ("stars", "n", "mean"),
    [
        pytest.param(10, 2, 3.571, id="A6-OWN-two-fives"),
        pytest.param(911, 200, 4.517, id="A6-OWN-two-hundred"),
    ],
)
def test_a6_the_mean_with_one_rating_of_each_star(market, stars, n, mean):
    """A6 [OWN], Miller: the mean that his bound lies below is that with a prior of five ratings of 3 stars."""
    ((value,),) = market.rows("select stats.bayes_mean(5, 3, ?, ?)", stars, n)
    assert round(value, 3) == mean


def test_a7_review_count_has_the_exact_poisson_interval(market):
    market.add("reviews", 10).plan("2025-01").build("metrics.ratings")
    row = market.get("review_count")
    assert (row.value, round(row.low, 4), round(row.high, 4)) == (10, 4.7954, 18.3904)


def test_a7_reviews_per_100_orders(market):
    """By the order's day; reviews of its first 30 days only; orders younger than 30 days wait; a cancelled one is
    none."""
    for number in (1, 2, 3, 4):
        market.add("sales", order_id=f"O{number}", order_line_id=f"L{number}", ordered_at="2025-01-20 10:00")
    market.add("sales", order_id="O5", order_line_id="L5", status="cancelled", ordered_at="2025-01-20 10:00")
    market.add("sales", order_id="O6", order_line_id="L6", category="Toys", ordered_at="2025-03-20 10:00")
    for line, created_at in (
        ("L1", "2025-02-19 10:00"),
        ("L2", "2025-02-19 10:01"),
        ("L5", "2025-01-22 10:00"),
        ("L6", "2025-03-22 10:00"),
    ):
        market.add("reviews", order_line_id=line, created_at=created_at)
    market.plan("2025-01", "2025-03").build("metrics.review_rate")
    row = market.get("reviews_per_100_orders")
    assert (row.value, row.numerator, row.denominator) == (25, 1, 4)
    assert (round(row.low, 3), round(row.high, 3)) == (0.633, 139.291), "exact Poisson of 1, per 4 orders, times 100"
    assert market.get("reviews_per_100_orders", scope="category", entity_id="Home").value == 25
    assert market.get("reviews_per_100_orders", "2025-03").reason == "immature"


def test_a7_a_review_may_name_its_order_instead_of_a_line(market):
    """Without a product it has no category, and still counts in all."""
    market.add("sales", order_id="O1").add("reviews", order_id="O1", product_id=None)
    market.plan("2025-01").build("metrics.review_rate")
    assert market.get("reviews_per_100_orders")[:2] == (100, 1)
    assert market.get("reviews_per_100_orders", scope="category", entity_id="Home")[:2] == (0, 0)


def test_a_review_of_as_of_itself_is_not_there_yet(market):
    market.add("reviews", created_at="2025-04-09 23:59:59").add("reviews", created_at="2025-04-10 00:00")
    market.plan("2025-04").build("metrics.ratings")
    assert market.get("review_count", "2025-04").value == 1


def test_sellers_and_products_that_no_register_names(market):
    """They are called by their ids; a product belongs to the seller and category of its first sale."""
    market.add("sellers", seller_id="S1", name="Ann").add("reviews", seller_id="S3", product_id="P3")
    for ordered_at, category in (("2025-01-09 10:00", "Toys"), ("2025-01-10 10:00", "Home")):
        market.add("sales", seller_id="S2", product_id="P2", category=category, ordered_at=ordered_at)
    market.plan("2025-01").build("core.sellers", "core.products")
    assert market.rows("select seller_id, name, is_listed from core.sellers order by 1") == [
        ("S1", "Ann", True),
        ("S2", "S2", False),
        ("S3", "S3", False),
    ]
    assert market.rows("select product_id, name, category, seller_id from core.products order by 1") == [
        ("P2", "P2", "Toys", "S2"),
        ("P3", "P3", "uncategorised", None),
    ]


def test_a5_stars_are_counted_of_published_reviews_only(market):
    for stars in (1, 2, 3, 4, 5):
        market.add("reviews", rating=stars).add("reviews", 2, rating=stars, status="removed")
    market.plan("2025-01").build("metrics.ratings")
    assert [market.get(f"review_stars_{stars}").value for stars in (1, 2, 3, 4, 5)] == [1] * 5


def test_a_review_that_was_not_published_is_not_the_first_of_its_buyer(market):
    """Rejected at first, and then published: the second is the rating."""
    for rating, status, created_at in ((1, "rejected", "2025-01-10 10:00"), (4, "published", "2025-01-20 10:00")):
        market.add("reviews", buyer_id="B1", order_line_id="L1", rating=rating, status=status, created_at=created_at)
    market.plan("2025-01").build("metrics.ratings")
    assert (market.get("rating_mean").value, market.get("rating_mean").n) == (4, 1)


def test_reviews_belong_to_the_offices_day():
    """2025-01-31 22:00 UTC is already February in Johannesburg."""
    with marketplace(time_zone="Africa/Johannesburg") as there:
        for created_at in ("2025-01-31 21:59:59", "2025-01-31 22:00:00"):
            there.add("reviews", created_at=created_at)
        there.plan("2025-01", "2025-02").build("metrics.ratings")
        assert [there.get("review_count", period).value for period in ("2025-01", "2025-02")] == [1, 1]


@pytest.mark.parametrize(("created_at", "reviews"), [("2025-04-09 23:59:59", 1), ("2025-04-10 00:00", 0)])
def test_a7_an_order_of_exactly_thirty_days_is_judged_by_what_is_known(market, created_at, reviews):
    market.add("sales", order_line_id="L1", ordered_at="2025-03-11 00:00")
    market.add("reviews", order_line_id="L1", created_at=created_at)
    market.plan("2025-03").build("metrics.review_rate")
    assert market.get("reviews_per_100_orders", "2025-03")[1:3] == (reviews, 1)


def test_a7_reviews_of_young_orders_wait_with_them(market):
    market.add("sales", order_line_id="L1", ordered_at="2025-03-05 10:00")
    market.add("sales", order_line_id="L2", ordered_at="2025-03-20 10:00")
    market.add("reviews", order_line_id="L2", created_at="2025-03-21 10:00")
    market.plan("2025-03").build("metrics.review_rate")
    assert market.get("reviews_per_100_orders", "2025-03")[1:3] == (0, 1)


def test_a7_the_line_says_which_order_and_category_a_review_is_of(market):
    """Sold as Toys, now registered as Home: the order's category stays. One that names only the order goes by its
    product."""
    market.add("products", product_id="P1", category="Home")
    market.add("sales", order_id="O1", order_line_id="L1", product_id="P1", category="Toys")
    market.add("sales", order_id="O2", product_id="P2", category="Games", ordered_at="2025-02-10 10:00")
    market.add("reviews", order_line_id="L1", order_id="O2", product_id="P1")
    market.add("reviews", order_id="O2", product_id="P2", created_at="2025-02-11 10:00")
    market.plan("2025-01", "2025-02").build("metrics.review_rate")
    columns = "period_id, entity_id, numerator, denominator"
    rows = market.rows(f"select {columns} from metrics.review_rate where denominator > 0 order by all")
    assert rows == [
        ("2025-01", "Toys", 1, 1), ("2025-01", "all", 1, 1), ("2025-02", "Games", 1, 1), ("2025-02", "all", 1, 1)
    ]  # fmt: skip


def test_a7_a_review_of_several_products_goes_by_its_first_sellers(market):
    """Named by its order only; the row of no seller comes last."""
    market.add("sales", order_id="O1", category="Home").add("sales", order_id="O1", category="Toys", product_id="P2")
    for seller, product in (("S2", "P2"), (None, "P2"), ("S1", "P1")):
        market.add("reviews", review_id="RX", order_id="O1", seller_id=seller, product_id=product)
    market.plan("2025-01").build("metrics.review_rate")
    for scope, entity_id, reviews in (("all", "all", 1), ("category", "Home", 1), ("category", "Toys", 0)):
        assert market.get("reviews_per_100_orders", scope=scope, entity_id=entity_id)[1:3] == (reviews, 1)


def test_the_registers_word_goes_before_the_sales(market):
    """P1 is registered; P2 belongs to the seller of its first sale; a review of nothing and nobody adds neither."""
    market.add("products", product_id="P1", name="Lamp", category="Light", seller_id="S9")
    for line, product, seller, ordered_at in (
        ("L1", "P1", "S1", "2025-01-10 10:00"),
        ("L2", "P2", "S3", "2025-01-10 10:00"),
        ("L3", "P2", "S2", "2025-01-11 10:00"),
    ):
        market.add("sales", order_line_id=line, product_id=product, seller_id=seller, ordered_at=ordered_at)
    market.add("reviews", product_id=None, seller_id=None)
    market.plan("2025-01").build("core.sellers", "core.products")
    assert market.rows("select product_id, name, category, seller_id from core.products order by 1") == [
        ("P1", "Lamp", "Light", "S9"),
        ("P2", "P2", "Home", "S3"),
    ]
    assert market.rows("select seller_id from core.sellers order by 1") == [("S1",), ("S2",), ("S3",)]
