"""The table of customers, their RFM scores and their health over time (METRICS.md A27, A23 i), on CDNOW and by hand."""

from collections import Counter
from datetime import date

import pytest
from cdnow_support import AS_OF, FIRST_DAY, add_cdnow, cdnow_days
from customers_support import bought, customer
from metrics_support import marketplace


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


@pytest.fixture(scope="module")
def cdnow():
    with marketplace(as_of=AS_OF, first_day=FIRST_DAY) as made:
        add_cdnow(made).plan("1997-06", "1998-06", "1998-Q2")
        yield made.build("metrics.customers", "metrics.health", "metrics.health_validation")


def test_a27_cdnow_frequency_is_safe_for_ties(cdnow):
    """A27 [PUB-DATA]: nobody has a 2, since 1,218 of 2,357 bought once; NTILE would have scored these 1, 2 and 3."""
    scores = cdnow.rows("select frequency_score, order_days, count(*) from metrics.customers group by all")
    by_score = Counter()
    for score, _, count in scores:
        by_score[score] += count
    assert by_score == {1: 1218, 3: 403, 4: 358, 5: 378}
    assert {days: score for score, days, _ in scores if days < 6} == {1: 1, 2: 3, 3: 4, 4: 4, 5: 5}


def test_a27_scores_of_all_three_against_an_independent_count(cdnow):
    """1 + floor(5 x share strictly below), customer by customer, from the file itself."""
    days, spend, last = Counter(), Counter(), {}
    for buyer, day, cents in cdnow_days().iter_rows():
        days[buyer] += 1
        spend[buyer] += cents
        last[buyer] = max(day, last.get(buyer, day))

    def scored(values):
        ordered = sorted(values.values())
        first = {}
        for position, value in enumerate(ordered):
            first.setdefault(value, position)
        return {buyer: 1 + 5 * first[value] // len(ordered) for buyer, value in values.items()}

    recency, frequency, monetary = scored(last), scored(days), scored(spend)
    rows = cdnow.rows(
        "select buyer_id, recency_score, frequency_score, monetary_score, net_spend_cents, last_day, days_since_last "
        "from metrics.customers"
    )
    assert rows == [
        (b, recency[b], frequency[b], monetary[b], spend[b], last[b], (date(1998, 7, 1) - last[b]).days)
        for b in sorted(days)
    ]


def test_a23_historic_value(cdnow):
    """A23 i [PUB-DATA]: mean 103.5604, median 43.06, total 244,091.94; the top 236 hold 124,015.85."""
    values = [cents for (cents,) in cdnow.rows("select net_spend_cents from metrics.customers order by all desc")]
    assert (sum(values), len(values), values[len(values) // 2]) == (24409194, 2357, 4306)
    assert round(sum(values) / len(values) / 100, 4) == 103.5604
    assert sum(values[:236]) == 12401585


def test_a27_without_opinions_and_service_the_rest_takes_their_weight(cdnow):
    """R 25, F 20, M 15 of 60; the family adds up the same scores."""
    rows = cdnow.rows(
        "select recency_score, frequency_score, monetary_score, health, coverage_share from metrics.customers"
    )
    expected = [25 * (25 * (r - 1) + 20 * (f - 1) + 15 * (m - 1)) / 60 for r, f, m, *_ in rows]
    assert [row[3] for row in rows] == pytest.approx(expected, abs=1e-6)
    assert {row[4] for row in rows} == {0.6}
    for period in ("1998-06", "1998-Q2"):
        mean = cdnow.get("health_mean", period)
        assert (mean.value, mean.n) == (pytest.approx(sum(expected) / 2357), 2357)
        healthy, at_risk = (cdnow.get(f"health_{band}_share", period) for band in ("healthy", "at_risk"))
        assert healthy[1:3] == (sum(score >= 70 - 1e-9 for score in expected), 2357)
        assert at_risk[1:3] == (sum(score < 40 - 1e-9 for score in expected), 2357)
        assert cdnow.get("health_scored_share", period).value == 1
        assert cdnow.get("health_opinion_share", period).value == 0


def test_a27_cdnow_validates_the_weights(cdnow):
    """The last quarter of the file: who was healthy at its start bought more often than who was to be watched, and so
    on."""
    rows = cdnow.rows("select band, customers, bought, share, low, high, is_ordered from metrics.health_validation")
    assert sum(row[1] for row in rows) == 2357
    assert (
        sum(row[2] for row in rows)
        == cdnow.rows("select count(distinct buyer_id) from raw.sales where ordered_at >= '1998-04-01'")[0][0]
    )
    share = {row[0]: row[3] for row in rows}
    assert share["healthy"] > share["watch"] > share["at_risk"] > 0
    assert all(row[4] < row[3] == row[2] / row[1] < row[5] and row[6] for row in rows)


def test_a27_an_old_period_is_as_it_was_then(cdnow):
    """The end of June 1997 from the warehouse of 1998 is what a warehouse of that day says."""
    with marketplace(as_of="1997-07-01 00:00", first_day=FIRST_DAY) as then:
        add_cdnow(then).plan("1997-06").build("metrics.health")
        for metric in ("health_mean", "health_healthy_share", "health_at_risk_share", "health_scored_share"):
            assert then.get(metric, "1997-06") == cdnow.get(metric, "1997-06")
    assert cdnow.get("health_mean", "1997-06") != cdnow.get("health_mean", "1998-06")


def test_a27_equal_customers_score_alike(market):
    """Three of five bought on the same, last day: two are strictly below, 1 + floor(5 x 2/5) = 3 for all three."""
    for buyer, day in (("a", 1), ("b", 2), ("c", 9), ("d", 9), ("e", 9)):
        bought(market, buyer, f"2025-03-0{day}")
    market.plan("2025-03").build("metrics.customers")
    assert market.rows("select recency_score from metrics.customers order by buyer_id") == [
        (1,),
        (2,),
        (3,),
        (3,),
        (3,),
    ]
    assert market.rows("select distinct frequency_score, monetary_score from metrics.customers") == [(1, 1)]


def test_a27_who_is_a_customer_at_a_periods_end(market):
    """B2 first orders in February; B3's order was cancelled. An unfinished month shows the state at as_of."""
    bought(market, "B1", "2025-01-31").add("sales", buyer_id="B2", ordered_at="2025-02-01 00:00")
    bought(market, "B3", "2025-01-05", status="cancelled")
    bought(market, "B4", "2025-04-09")
    market.plan("2024-12", "2025-01", "2025-02", "2025-Q1", "2025-04").build("metrics.health")
    n = {p: market.get("health_mean", p).n for p in ("2024-12", "2025-01", "2025-02", "2025-Q1", "2025-04")}
    assert n == {"2024-12": None, "2025-01": 1, "2025-02": 2, "2025-Q1": 2, "2025-04": 3}
    assert market.get("health_mean", "2024-12").reason == "no_data"


def test_customers_are_as_of_the_last_known_day():
    """as_of at noon: the morning's order is known. A customer's first and last day, days and orders, and money."""
    with marketplace(as_of="2025-04-10 12:00") as market:
        bought(market, "B1", "2025-01-05", "2025-03-01", amount_cents=300)
        market.add("sales", buyer_id="B1", ordered_at="2025-04-10 08:00", amount_cents=50)
        for seller in ("S1", "S2"):
            market.add(
                "sales", order_id="two sellers", seller_id=seller, buyer_id="B1", ordered_at="2025-04-10 09:00",
                amount_cents=25,
            )  # fmt: skip
        market.plan("2025-01", "2025-04").build("metrics.customers")
        columns = ("first_day", "last_day", "days_since_last", "order_days", "orders", "net_spend_cents")
        assert customer(market, "B1", *columns) == (date(2025, 1, 5), date(2025, 4, 10), 1, 3, 4, 700)


def test_a17_a_customer_refunded_in_full_has_spent_nothing_and_not_less(market):
    """EDD #7947: the refund was taken off and its order was not counted; WooCommerce #21822: value before refunds."""
    bought(market, "B1", "2025-01-05", order_line_id="L1", amount_cents=1000)
    bought(market, "B2", "2025-01-05", order_line_id="L2", amount_cents=1000)
    market.add("returns", order_line_id="L1", refund_cents=1000).add("returns", order_line_id="L2", refund_cents=400)
    market.plan("2025-01").build("metrics.customers")
    assert customer(market, "B1", "net_spend_cents", "orders") == (0, 1)
    assert customer(market, "B2", "net_spend_cents", "orders") == (600, 1)


def test_a27_a_days_scores_do_not_depend_on_what_else_is_planned():
    """The same day from a full plan and from one quarter alone, row for row."""
    found = []
    for periods in (("1997-05", "1997-06", "1997-Q3", "1998-06"), ("1997-Q3",)):
        with marketplace(as_of=AS_OF, first_day=FIRST_DAY) as market:
            add_cdnow(market).plan(*periods).build("core.customer_scores")
            found.append(market.rows("from core.customer_scores where day = '1997-07-01' order by buyer_id"))
    assert found[0] == found[1] != []
