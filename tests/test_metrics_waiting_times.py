"""How long people wait, with those who still do (METRICS.md A13), through the SQL itself."""

from datetime import timedelta
from math import exp, log

import pytest
from metrics_support import AS_OF, ASKED, conversation, marketplace, review

HOURS_OF_A13 = (1, 3, 5, 8, 20, 30, 47, 60)
THANKS = {"says_thanks": True}


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def a13_inquiries(market):
    """A13 [OWN]: answered after 1, 3, 5, 8, 20, 30, 47 and 60 hours; open since 10 and 50 hours."""
    for hours in HOURS_OF_A13:
        conversation(
            market, ("buyer", 0), ("seller", hours), start=AS_OF - timedelta(hours=100), conversation_id=f"A{hours}"
        )
    for hours in (10, 50):
        conversation(market, ("buyer", 0), start=AS_OF - timedelta(hours=hours), conversation_id=f"O{hours}")
    return market.plan("2025-04")


def a13_reviews(market):
    for hours in HOURS_OF_A13:
        review(market, hours, created_at=AS_OF - timedelta(hours=100))
    for hours in (10, 50):
        review(market, created_at=AS_OF - timedelta(hours=hours))
    return market.plan("2025-04")


@pytest.mark.parametrize(
    ("kind", "fixture", "family", "prefix"),
    [
        pytest.param("inquiry", a13_inquiries, "metrics.inquiry_responses", "inquiry", id="A13-inquiries"),
        pytest.param("review", a13_reviews, "metrics.review_responses", "review", id="A13-reviews"),
    ],
)
def test_a13_survival(market, kind, fixture, family, prefix):
    fixture(market).build(family, "metrics.waiting_times", "metrics.survival")
    rate = market.get(f"{prefix}_response_48h", "2025-04")
    assert (rate.numerator, rate.denominator) == (7, 9), "mature rate 77.8 %, not 7/8 of the answered nor 7/10 of all"
    assert (round(rate.low, 3), round(rate.high, 3)) == (0.453, 0.937)
    pending = "inquiry_pending" if kind == "inquiry" else "review_response_pending"
    assert market.get(pending, "2025-04").value == 1
    median = market.get(f"{prefix}_response_hours_median", "2025-04")
    assert (median.value, median.numerator, median.denominator, median.reason) == (20, 8, 10, None)
    assert market.get(f"{prefix}_response_hours_p90", "2025-04").value == 60
    assert market.rows(
        "select surviving, low, high, at_risk from metrics.survival where kind = ? and hours = 0", kind
    ) == [(1, 1, 1, 10)]
    ((surviving, at_risk, events),) = market.rows(
        "select surviving, at_risk, events from metrics.survival where kind = ? and hours = 48", kind
    )
    assert 1 - surviving == pytest.approx(0.76)
    assert (at_risk, events) == (2, 7)
    steps = market.rows(
        "select hours, events from metrics.survival where kind = ? and hours in (46, 47) order by 1", kind
    )
    assert steps == [(46, 6), (47, 7)], "an answer after exactly 47 hours is in by then"


def test_a13_p90_that_the_curve_never_reaches(market):
    """The last one was still waiting when we last looked: S ends at 0.5, so the median is known and the p90 is not."""
    review(market, 5).add("reviews", created_at=ASKED)
    market.plan("2025-01").build("metrics.waiting_times")
    assert market.get("review_response_hours_median").value == 5
    row = market.get("review_response_hours_p90")
    assert (row.value, row.reason, row.numerator, row.denominator) == (None, "not_reached", 1, 2)


@pytest.mark.parametrize("answers", range(1, 30))
def test_a13_the_median_is_found_where_the_products_round(market, answers):
    """Half of the reviews answered, the rest never: S is one half exactly at the last answer, whatever the products
    say."""
    for hour in range(1, answers + 1):
        review(market, hour)
    review(market, times=answers)
    market.plan("2025-01").build("metrics.waiting_times")
    assert market.get("review_response_hours_median").value == answers


def test_a13_the_medians_limits_are_those_of_the_log_log_curve(market):
    """Against Kaplan–Meier, Greenwood and the log-log limits written out in Python, as R's survfit has them."""
    times = [2, 3, 3, 5, 8, 8, 8, 13, 21, 34, 40, 55]
    waiting_days = [0.3, 1.1]
    for hours in times:
        review(market, hours, created_at=AS_OF - timedelta(days=5))
    for days in waiting_days:
        review(market, created_at=AS_OF - timedelta(days=days))
    market.plan("2025-04").build("metrics.waiting_times", "metrics.survival")
    every = sorted([(t, True) for t in times] + [(24 * d, False) for d in waiting_days])
    surviving, greenwood, low, high = 1.0, 0.0, [], []
    for t in sorted(set(times)):
        at_risk, events = sum(x >= t for x, _ in every), sum(x == t and e for x, e in every)
        surviving *= 1 - events / at_risk
        if surviving <= 0:
            break
        greenwood += events / (at_risk * (at_risk - events))
        spread = 1.959963984540054 * greenwood**0.5 / abs(log(surviving))
        low.append((t, surviving ** exp(spread)))
        high.append((t, surviving ** exp(-spread)))
    row = market.get("review_response_hours_median", "2025-04")
    assert row.low == next(t for t, limit in low if limit <= 0.5)
    assert row.high == next(t for t, limit in high if limit <= 0.5)
    stored = market.rows(
        "select hours, low, high from metrics.survival where kind = 'review' and hours in (8, 21) order by 1"
    )
    for (hours, stored_low, stored_high), (t, expected_low), (_, expected_high) in zip(
        stored, [x for x in low if x[0] in (8, 21)], [x for x in high if x[0] in (8, 21)], strict=True
    ):
        assert (hours, stored_low, stored_high) == (t, pytest.approx(expected_low), pytest.approx(expected_high))


def test_t51_an_answer_before_its_review_tells_no_waiting_time(market):
    review(market, -1)
    review(market, 4)
    market.plan("2025-01").build("metrics.waiting_times")
    assert market.get("review_response_hours_median")[:3] == (4, 1, 1)


def test_an_answer_of_the_staff_leaves_the_review_waiting(market):
    """Also one that is dated before the review: only the seller's own answers tell anything."""
    review(market, 1, response_author_role="staff")
    review(market, -1, response_author_role="staff")
    review(market, 4, response_author_role="seller")
    market.plan("2025-01").build("metrics.waiting_times")
    assert market.get("review_response_hours_median")[1:3] == (1, 3)


def test_a13_of_equal_times_the_answer_comes_first(market):
    """One answered after 5 hours, one open since 5 hours: both were at risk when the answer came."""
    review(market, 5, created_at=AS_OF - timedelta(days=1))
    review(market, created_at=AS_OF - timedelta(hours=5))
    market.plan("2025-04").build("metrics.waiting_times", "metrics.survival")
    assert market.get("review_response_hours_median", "2025-04").value == 5
    assert market.get("review_response_hours_p90", "2025-04").reason == "not_reached", "one in two still waits"
    assert market.rows("select surviving from metrics.survival where hours = 5")[0][0] == pytest.approx(0.5)


def test_a13_exempt_inquiries_wait_for_nothing(market):
    conversation(market, ("buyer", 0), ("seller", 3), ("buyer", 5, THANKS))
    market.plan("2025-01").build("metrics.waiting_times")
    assert market.get("inquiry_response_hours_median")[:3] == (3, 1, 1)


def test_a13_nobody_is_followed_for_more_than_thirty_days(market):
    """An answer after 31 days is beyond what is followed, so that an old month's curve stands still."""
    review(market, 31 * 24)
    market.plan("2025-01").build("metrics.waiting_times")
    row = market.get("review_response_hours_median")
    assert (row.value, row.reason, row.numerator) == (None, "not_reached", 0)


LONGEST = {"review": 30, "inquiry": 30, "delivery": 60}


@pytest.mark.parametrize("kind", LONGEST)
@pytest.mark.parametrize(("seconds", "is_over"), [(0, True), (1, False)])
def test_a13_the_last_second_of_the_days_that_are_followed(market, kind, seconds, is_over):
    end = timedelta(days=LONGEST[kind], seconds=seconds)
    hours = end / timedelta(hours=1)
    if kind == "review":
        review(market, hours)
    elif kind == "inquiry":
        conversation(market, ("buyer", 0), ("seller", hours))
    else:
        market.add("sales", ordered_at=ASKED, delivered_at=ASKED + end)
    market.plan("2025-01").build("metrics.waiting_times")
    row = market.get("delivery_days_median" if kind == "delivery" else f"{kind}_response_hours_median")
    assert (row.numerator, row.denominator) == (int(is_over), 1)
    assert row.value == (LONGEST[kind] * (1 if kind == "delivery" else 24) if is_over else None)


def test_a13_the_limits_of_the_p90(market):
    """Sixty answers, an hour apart: S is 1 - t / 60 and reaches 0.1 after 54 hours; the limits by Greenwood's sum."""
    for hours in range(1, 61):
        review(market, hours)
        conversation(market, ("buyer", 0), ("seller", hours), conversation_id=f"C{hours}")
    market.plan("2025-01").build("metrics.waiting_times")
    low, high, greenwood = {}, {}, 0.0
    for t in range(1, 60):
        surviving = 1 - t / 60
        greenwood += 1 / ((61 - t) * (60 - t))
        spread = exp(1.959963984540054 * greenwood**0.5 / abs(log(surviving)))
        low[t], high[t] = surviving**spread, surviving ** (1 / spread)
    limits = [next(t for t, limit in side.items() if limit <= 0.1) for side in (low, high)]
    for kind in ("review", "inquiry"):
        row = market.get(f"{kind}_response_hours_p90")
        assert (row.value, [row.low, row.high]) == (54, limits)


def test_a13_weeks_are_too_short_for_a_curve(market):
    review(market, 5).plan("2025-01", "2025-W02").build("metrics.survival")
    assert market.rows("select distinct period_id from metrics.survival") == [("2025-01",)]


def test_a13_the_hours_of_the_curves(market):
    """Every hour to the 96th, every day to the 60th; where the last one is answered nobody is left."""
    review(market, 5).add("sales", ordered_at=ASKED, delivered_at=ASKED + timedelta(days=2))
    market.plan("2025-01").build("metrics.survival")
    curves = {
        kind: dict(market.rows("select hours, surviving from metrics.survival where kind = ? order by 1", kind))
        for kind in ("review", "delivery")
    }
    assert curves["review"] == {hour: int(hour < 5) for hour in range(97)}
    assert curves["delivery"] == {24 * day: int(day < 2) for day in range(61)}


def test_a13_reviews_that_are_not_published_wait_for_nothing(market):
    review(market, 5).add("reviews", created_at=ASKED, status="removed")
    market.plan("2025-01").build("metrics.waiting_times")
    assert market.get("review_response_hours_median")[1:3] == (1, 1)


def test_a13_reviews_whose_answers_are_not_exported_are_not_waits(market):
    market.add("reviews").plan("2025-01").build("metrics.waiting_times", "metrics.survival")
    assert market.rows("from metrics.survival") == []


def test_a13_the_inquiries_of_a_seller(market):
    conversation(market, ("buyer", 0), ("seller", 3))
    market.plan("2025-01").build("metrics.waiting_times")
    assert market.get("inquiry_response_hours_median", scope="seller", entity_id="S1")[:3] == (3, 1, 1)
