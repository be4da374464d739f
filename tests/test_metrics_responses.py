"""Answers to reviews, and what both kinds of answer share: maturity and pending (METRICS.md A11), by the SQL itself."""

from datetime import datetime, timedelta

import pytest
from metrics_support import AS_OF, conversation, marketplace, review

REVIEW_RATES = (
    "review_response_48h",
    "review_response_24h",
    "negative_review_response_48h",
    "review_response_48h_with_text",
)


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


@pytest.mark.parametrize(
    ("seconds", "answered"),
    [
        pytest.param(48 * 3600, 1, id="A13-boundary-48:00:00"),
        pytest.param(48 * 3600 + 1, 0, id="A13-boundary-48:00:01"),
        pytest.param(0, 1, id="at-once"),
        pytest.param(-1, 0, id="T51-answer-before-its-review"),
    ],
)
def test_a11_within_48_hours(market, seconds, answered):
    """An answer dated before its review is no answer in time, and the review stays in the population."""
    review(market, seconds / 3600)
    market.plan("2025-01", "2025-W02").build("metrics.review_responses")
    for period in ("2025-01", "2025-W02"):
        row = market.get("review_response_48h", period)
        assert (row.numerator, row.denominator) == (answered, 1)


@pytest.mark.parametrize(("seconds", "answered"), [(24 * 3600, 1), (24 * 3600 + 1, 0)])
def test_within_24_hours_of_reviews_and_inquiries(market, seconds, answered):
    review(market, seconds / 3600)
    conversation(market, ("buyer", 0), ("seller", seconds / 3600))
    market.plan("2025-01").build("metrics.review_responses", "metrics.inquiry_responses")
    assert market.get("review_response_24h")[1:3] == (answered, 1)
    assert market.get("inquiry_response_24h")[1:3] == (answered, 1)


@pytest.mark.parametrize(("seconds", "mature"), [(24 * 3600, 1), (24 * 3600 - 1, 0)])
def test_24_hours_after_is_mature_for_24_hours(market, seconds, mature):
    created_at = AS_OF - timedelta(seconds=seconds)
    review(market, created_at=created_at)
    conversation(market, ("buyer", 0), start=created_at)
    market.plan("2025-04").build("metrics.review_responses", "metrics.inquiry_responses")
    for metric in ("review_response_24h", "inquiry_response_24h"):
        assert market.get(metric, "2025-04").denominator == mature
        assert market.get(metric, "2025-04").reason == (None if mature else "immature")


def test_a11_maturity_filters_on_age_alone(market):
    """A young review that has its answer already waits like the others: else fast answers would enter early."""
    for age, hours in ((48, 2), (47.99, 2), (47, None), (49, None)):
        review(market, hours, created_at=AS_OF - timedelta(hours=age))
    market.plan("2025-04").build("metrics.review_responses")
    row = market.get("review_response_48h", "2025-04")
    assert (row.numerator, row.denominator) == (1, 2)
    assert market.get("review_response_pending", "2025-04").value == 2
    assert market.get("review_response_24h", "2025-04").denominator == 4


def test_a11_all_pending_is_immature_and_not_nought(market):
    """METRICS.md 0.6."""
    review(market, created_at=AS_OF - timedelta(hours=10)).plan("2025-04").build("metrics.review_responses")
    for metric in ("review_response_48h", "review_response_24h"):
        row = market.get(metric, "2025-04")
        assert (row.value, row.reason) == (None, "immature")
    assert market.get("negative_review_response_48h", "2025-04").reason == "no_data"


def test_a11_who_counts_and_whose_answer(market):
    """Published ones only; an answer of the staff or of a template is not the seller's and is counted apart."""
    review(market, 1, times=2)
    review(market, 1, response_author_role="seller")
    review(market, 1, response_author_role="staff")
    review(market, 1, response_author_role="system")
    review(market, 1, status="removed")
    market.arrive("reviews", "response_author_role")
    market.plan("2025-01").build("metrics.review_responses")
    row = market.get("review_response_48h")
    assert (row.numerator, row.denominator) == (3, 5)
    assert market.get("review_response_by_staff").value == 2


def test_a11_an_answer_after_as_of_is_not_known(market):
    review(market, 48, created_at=AS_OF - timedelta(hours=48)).plan("2025-04").build("metrics.review_responses")
    assert market.get("review_response_48h", "2025-04").numerator == 0


def test_a11_negative_reviews_and_reviews_with_text(market):
    for rating, hours, text in ((1, 1, "bad"), (2, 60, None), (3, 1, None), (5, None, "good")):
        review(market, hours, rating=rating, text=text)
    market.plan("2025-01").build("metrics.review_responses")
    assert market.get("negative_review_response_48h")[1:3] == (1, 2)
    assert market.get("review_response_48h_with_text")[1:3] == (1, 2)


def test_0_4_only_young_reviews_with_text_leave_those_with_text_immature(market):
    """A young review without a word is no pending one of those with words: there were none."""
    young = AS_OF - timedelta(hours=47)
    review(market, None, created_at=young, text=None).plan("2025-04").build("metrics.review_responses")
    assert market.get("review_response_48h", "2025-04").reason == "immature"
    assert market.get("review_response_48h_with_text", "2025-04").reason == "no_data"
    review(market, None, created_at=young, text="good").plan("2025-04").build("metrics.review_responses")
    assert market.get("review_response_48h_with_text", "2025-04").reason == "immature"


def test_a11_sellers_on_target_among_those_with_ten(market):
    for seller, in_time in (("S1", 19), ("S2", 18), ("S3", 9), ("S4", 10)):
        review(market, 1, times=in_time, seller_id=seller)
    review(market, 100, seller_id="S1")
    review(market, 100, times=2, seller_id="S2")
    market.plan("2025-01").build("metrics.review_responses")
    assert market.get("review_response_sellers_on_target")[1:3] == (2, 3)


def test_0_5_a_rate_is_of_all_reviews_and_not_the_mean_of_the_sellers(market):
    """One of one and one of nine: 2/10, where the mean of the two rates would be 56 %."""
    review(market, 1, seller_id="S1")
    review(market, 1, seller_id="S2")
    review(market, times=8, seller_id="S2")
    market.plan("2025-01").build("metrics.review_responses")
    assert market.get("review_response_48h")[:3] == (0.2, 2, 10)


def test_a11_each_seller_answers_for_itself(market):
    """A review of two sellers: only the one who answered has answered; in all it has an answer."""
    review(market, 1, review_id="RX", seller_id="S1")
    review(market, review_id="RX", seller_id="S2")
    market.plan("2025-01").build("metrics.review_responses")
    assert market.get("review_response_48h")[1:3] == (1, 1)
    assert market.get("review_response_48h", scope="seller", entity_id="S1").value == 1
    assert market.get("review_response_48h", scope="seller", entity_id="S2").value == 0


def test_a11_the_first_answer_of_several_sellers_answers_the_review(market):
    review(market, 60, review_id="RX", seller_id="S1")
    review(market, 1, review_id="RX", seller_id="S2")
    market.plan("2025-01").build("metrics.review_responses")
    assert market.get("review_response_48h")[1:3] == (1, 1)
    assert market.get("review_response_48h", scope="seller", entity_id="S1").value == 0


def test_hours_are_elapsed_hours_whatever_the_clocks_do():
    """METRICS.md 0.1: 48 hours over the night when New York's clocks go forward are 48 hours."""
    with marketplace(time_zone="America/New_York") as market:
        before = datetime(2025, 3, 9, 1)
        review(market, 48, created_at=before)
        review(market, 48.001, created_at=before)
        market.plan("2025-03").build("metrics.review_responses")
        assert market.get("review_response_48h", "2025-03")[1:3] == (1, 2)


def test_a11_what_is_young_or_not_published_is_in_no_rate(market):
    """Five negative reviews with text, answered after an hour: only the one that is old and published is judged."""
    old, young = AS_OF - timedelta(days=5), AS_OF - timedelta(hours=10)
    for created_at, more in (
        (old, {}),
        (old, {"status": "removed"}),
        (old, {"status": "removed", "response_author_role": "staff"}),
        (young, {}),
        (young, {"status": "removed"}),
    ):
        review(market, 1, created_at=created_at, rating=1, text="bad", **more)
    market.plan("2025-04").build("metrics.review_responses")
    for metric in REVIEW_RATES:
        assert market.get(metric, "2025-04")[1:3] == (1, 1), metric
    assert market.get("review_response_pending", "2025-04").value == 1
    assert market.get("review_response_by_staff", "2025-04").value == 0


@pytest.mark.parametrize(("status", "reason"), [("published", "immature"), ("removed", "no_data")])
def test_a11_only_a_published_review_is_waited_for(market, status, reason):
    review(market, created_at=AS_OF - timedelta(hours=10), rating=1, text="bad", status=status)
    market.plan("2025-04").build("metrics.review_responses")
    assert [market.get(metric, "2025-04").reason for metric in REVIEW_RATES] == [reason] * 4


def test_a11_an_answer_of_the_staff_at_as_of_is_not_known(market):
    review(market, 48, created_at=AS_OF - timedelta(hours=48), response_author_role="staff")
    market.plan("2025-04").build("metrics.review_responses")
    assert market.get("review_response_by_staff", "2025-04").value == 0
