"""What a response rate can still become while cases are pending (METRICS.md 0.4, A13)."""

from datetime import timedelta

import pytest
from metrics_support import AS_OF, conversation, marketplace, review

OPEN = ((10, None), (50, None))
ANSWERED = (1, 3, 5, 8, 20, 30, 47, 60)


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def bounds(market, metric, scope="all"):
    market.plan("2025-04").build("metrics.response_bounds")
    return market.rows(
        "select entity_id, answered, mature, pending, pending_answered, worst_share, best_share "
        "from metrics.response_bounds where metric = ? and scope = ? order by entity_id",
        metric,
        scope,
    )


def test_a13_worst_and_best_of_the_worked_example(market):
    """A13 [OWN]: seven of nine mature ones in time, one pending: from 70 % to 80 %."""
    for hours in ANSWERED:
        review(market, hours, created_at=AS_OF - timedelta(hours=100))
    for age, hours in OPEN:
        review(market, hours, created_at=AS_OF - timedelta(hours=age))
    assert bounds(market, "review_response_48h") == [("all", 7, 9, 1, 0, 0.7, 0.8)]
    assert bounds(market, "review_response_48h", "seller") == []
    assert bounds(market, "review_response_24h") == [("all", 5, 9, 1, 0, 0.5, 0.6)]


def test_a13_the_same_for_inquiries(market):
    for number, hours in enumerate(ANSWERED):
        start = AS_OF - timedelta(hours=100)
        conversation(market, ("buyer", 0), ("seller", hours), start=start, conversation_id=f"A{number}")
    for age, _ in OPEN:
        conversation(market, ("buyer", 0), start=AS_OF - timedelta(hours=age), conversation_id=f"B{age}")
    assert bounds(market, "inquiry_response_48h") == [("all", 7, 9, 1, 0, 0.7, 0.8)]
    assert bounds(market, "inquiry_response_48h", "seller") == []
    assert bounds(market, "inquiry_response_rate") == [("all", 8, 9, 1, 0, 0.8, 0.9)]


def test_a_seller_has_bounds_where_the_share_is_shown(market):
    """METRICS.md 0.7: not below ten judged cases, which the bounds would give away."""
    for hours in (*ANSWERED, 2):
        review(market, hours, created_at=AS_OF - timedelta(hours=100))
    for age, hours in OPEN:
        review(market, hours, created_at=AS_OF - timedelta(hours=age))
    assert bounds(market, "review_response_48h", "seller") == [("S1", 8, 10, 1, 0, 8 / 11, 9 / 11)]


def test_a_pending_case_that_has_its_answer_is_certain(market):
    """Young and already answered: it can only become a hit."""
    review(market, 2, created_at=AS_OF - timedelta(hours=10))
    review(market, created_at=AS_OF - timedelta(hours=47.99))
    assert bounds(market, "review_response_48h") == [("all", 0, 0, 2, 1, 0.5, 1)]


def test_nothing_pending_no_row(market):
    """Exactly 48 hours old is judged; hidden reviews and exempt inquiries are never pending."""
    review(market, created_at=AS_OF - timedelta(hours=48))
    review(market, created_at=AS_OF - timedelta(hours=1), status="rejected")
    conversation(market, ("buyer", 0, {"needs_response": False}), start=AS_OF - timedelta(hours=1))
    assert bounds(market, "review_response_48h") == bounds(market, "inquiry_response_48h") == []


def test_negative_reviews_have_their_own(market):
    review(market, created_at=AS_OF - timedelta(hours=1), rating=2)
    review(market, created_at=AS_OF - timedelta(hours=1), rating=3)
    assert bounds(market, "negative_review_response_48h") == [("all", 0, 0, 1, 0, 0, 1)]


def test_products_have_none(market):
    """No product has a response rate, so none has its bounds."""
    review(market, created_at=AS_OF - timedelta(hours=1))
    assert bounds(market, "review_response_48h", "product") == []
