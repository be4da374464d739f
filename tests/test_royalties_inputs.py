"""What royalties are reckoned from, through the SQL (METRICS.md A24, 0.4): sales, ratings, answers that were due."""

from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from metrics_support import conversation, marketplace, review


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def sold(market, seller, cents, month="2025-01"):
    market.add("sales", seller_id=seller, amount_cents=cents, ordered_at=f"{month}-10 10:00")


def rated(market, seller, *ratings, answered=0, month="2025-01"):
    """So many reviews with these stars; the first `answered` of them answered after an hour."""
    for number, rating in enumerate(ratings):
        created = datetime.fromisoformat(f"{month}-12 10:00")
        response = created + timedelta(hours=1) if number < answered else None
        market.add("reviews", seller_id=seller, rating=rating, created_at=created, response_at=response)


def test_a24_through_the_sql_to_the_cent(market):
    """Sales, ratings, answers to reviews and to inquiries of January, and an oracle in fractions."""
    sold(market, "S1", 500_000)
    sold(market, "S2", 300_000)
    sold(market, "S3", 200_000)
    rated(market, "S1", 5, 5, 4, 5, 5, 4, answered=5)
    rated(market, "S2", 3, 4, 4, 2, 5, answered=1)
    rated(market, "S3", 5, 5, 5, 5, answered=4)
    for number, hours in enumerate((48, 48.01)):
        asked = datetime(2025, 1, 20, 10)
        about = {"conversation_id": f"I{number}"}
        market.add("messages", sent_at=asked, recipient_id="S2", **about)
        answer = {"sender_id": "S2", "sender_role": "seller", "recipient_id": "B1"}
        market.add("messages", sent_at=asked + timedelta(hours=hours), **answer, **about)
    market.plan("2025-01").build("metrics.royalties")
    ratings, rating_count, answered, mature = 28 + 18 + 20, 15, 5 + 1 + 4 + 1, 15 + 2
    weights = {}
    for who, net, total, n, mine, due in (("S1", 500_000, 28, 6, 5, 6), ("S2", 300_000, 18, 5, 2, 7)):
        b = (20 * Fraction(ratings, rating_count) + total) / (20 + n)
        rho = (10 * Fraction(answered, mature) + mine) / (10 + due)
        weights[who] = net * (b - 1) / 4 * (1 + rho) / 2
    rows = {
        who: rest
        for who, *rest in market.rows(
            "select seller_id, weight_fraction, reason, answered, mature, allocation_cents from metrics.royalties"
        )
    }
    assert Fraction(rows["S1"][0]) == weights["S1"]
    assert Fraction(rows["S2"][0]) == weights["S2"]
    assert rows["S3"] == ["0/1", "too_few_ratings", 4, 4, 0]
    assert rows["S2"][2:4] == [2, 7]
    assert (rows["S1"][4], rows["S2"][4]) == (10_000, 10_000), "2 % of 1,000,000; a quarter of it at most, so half each"


def inputs(market, *periods):
    market.plan(*periods or ("2025-01",)).build("metrics.royalty_inputs")
    return {
        (period, who): rest
        for period, who, *rest in market.rows(
            "select period_id, seller_id, net_sales_cents, rating_sum, rating_count, answered, mature, "
            "market_rating_sum, market_rating_count, market_answered, market_mature from metrics.royalty_inputs"
        )
    }


def test_an_answer_is_due_when_48_hours_have_passed():
    """0.4: as_of is 2 February 12:00. What was asked on 31 January at 12:00 is mature; a second later it is not."""
    with marketplace(as_of="2025-02-02 12:00") as market:
        noon = datetime(2025, 1, 31, 12)
        for number, at in enumerate((noon, noon + timedelta(seconds=1))):
            review(market, 1, created_at=at)
            conversation(market, ("buyer", 0), ("seller", 1), start=at, conversation_id=f"C{number}")
        assert inputs(market)["2025-01", "S1"][3:] == [2, 2, 10, 2, 2, 2]


def test_an_answer_in_48_hours_counts_and_one_a_second_later_does_not(market):
    for hours in (48, 48 + 1 / 3600):
        review(market, hours)
        conversation(market, ("buyer", 0), ("seller", hours), conversation_id=f"C{hours}")
    assert inputs(market)["2025-01", "S1"][3:5] == [2, 4]


def test_a_message_that_needs_no_answer_is_not_due(market):
    market.add("sellers", seller_id="S1")
    conversation(market, ("buyer", 0))
    conversation(market, ("buyer", 0, {"needs_response": False}), conversation_id="C2")
    assert inputs(market)["2025-01", "S1"][3:5] == [0, 1]


def test_where_no_export_tells_of_answers_to_reviews_none_are_due(market):
    market.add("reviews", 3)
    assert inputs(market)["2025-01", "S1"][3:] == [0, 0, 15, 3, 0, 0]


def test_ratings_count_for_twelve_months_and_sales_for_one(market):
    sold(market, "S1", 1000)
    rated(market, "S1", 5, 5, 5, 5, 5, month="2024-02")
    sold(market, "S2", 1000)
    rated(market, "S2", 5, 5, 5, 5, 5, month="2024-01")
    sold(market, "S3", 1000, month="2024-12")
    rated(market, "S3", 5, 5, 5, 5, 5)
    rated(market, "S3", 1, month="2025-02")
    found = inputs(market, "2025-01", "2025-Q1")
    assert {key: row[:3] for key, row in found.items()} == {
        ("2025-01", "S1"): [1000, 25, 5],
        ("2025-01", "S2"): [1000, 0, 0],
        ("2025-01", "S3"): [0, 25, 5],
        ("2025-Q1", "S1"): [1000, 0, 0],
        ("2025-Q1", "S2"): [1000, 0, 0],
        ("2025-Q1", "S3"): [0, 26, 6],
    }
    assert found["2025-01", "S1"][5:7] == [50, 10]
    market.plan("2025-01").build("metrics.royalties")
    reasons = dict(market.rows("select seller_id, reason from metrics.royalties"))
    assert reasons == {"S1": None, "S2": "too_few_ratings", "S3": "no_net_sales"}


@pytest.mark.parametrize(("status", "reason"), [("suspended", "not_in_good_standing"), ("active", None), (None, None)])
def test_a_suspended_account_takes_no_part(market, status, reason):
    market.add("sellers", seller_id="S1", status=status)
    sold(market, "S1", 1000)
    rated(market, "S1", 5, 5, 5, 5, 5)
    market.plan("2025-01").build("metrics.royalties")
    pool = 0 if reason else 20
    assert market.rows("select reason, is_in_good_standing, allocation_cents, pool_cents from metrics.royalties") == [
        (reason, reason is None, pool, pool)
    ]
