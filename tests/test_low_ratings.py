"""Low ratings to follow up, and praise that complains (METRICS.md A11, A26)."""

from datetime import timedelta

import numpy as np
import pytest
from metrics_support import AS_OF, ASKED, marketplace, review

from pipeline.analyses.praise_with_complaints import _longest


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def low(market, columns):
    market.plan("2025-01").build("metrics.low_ratings")
    return market.rows(f"select {columns} from metrics.low_ratings order by created_at, review_id")


def test_published_reviews_of_one_and_two_stars_are_listed(market):
    """Of scales other than five, the rescaled stars count: 4 of 10 is 2 stars."""
    for rating in (1, 2, 3, 5):
        market.add("reviews", rating=rating)
    market.add("reviews", rating=1, status="removed").add("reviews", rating=1, created_at=AS_OF)
    market.add("reviews", rating=4, scale_max=10).add("reviews", rating=6, scale_max=10)
    assert low(market, "review_id, stars") == [("R1", 1), ("R2", 2), ("R7", 2)]


@pytest.mark.parametrize(
    ("hours", "more", "said"),
    [
        pytest.param(30, {}, (True, 30.0, False), id="answered-by-the-seller"),
        pytest.param(None, {}, (False, 2148.0, False), id="waits-until-as_of"),
        pytest.param(-5, {}, (False, 2148.0, False), id="an-answer-before-the-review-is-none"),
        pytest.param(30, {"response_author_role": "staff"}, (False, 2148.0, True), id="staff-answered"),
    ],
)
def test_a11_whether_and_when_it_was_answered(market, hours, more, said):
    review(market, hours, rating=1, **more)
    assert low(market, "is_answered, hours_waiting, is_answered_by_staff") == [said]


def test_without_the_column_nothing_is_known_of_answers(market):
    market.add("reviews", rating=1)
    assert low(market, "is_answered, is_answered_by_staff, hours_waiting, is_due") == [(None, None, None, True)]


@pytest.mark.parametrize(("hours", "is_due"), [(47.9, False), (48, True)])
def test_due_are_those_whose_48_hours_have_run_out(market, hours, is_due):
    review(market, created_at=AS_OF - timedelta(hours=hours), rating=2)
    assert low(market, "is_due") == [(is_due,)]


def test_the_list_agrees_with_the_rate(market):
    """Those that are due are the denominator of the share of negative reviews answered in time."""
    review(market, 10, rating=1, times=3).add("reviews", 2, rating=2).add("reviews", 4)
    review(market, rating=1, created_at=ASKED + timedelta(days=60))
    market.plan("2025-01").build("metrics.low_ratings", "metrics.review_responses")
    listed = market.rows("select count(*) from metrics.low_ratings join plan.period_days using (day) where is_due")
    assert listed == [(market.get("negative_review_response_48h").denominator,)] == [(5,)]


def test_texts_are_whole_masked_and_on_one_line(market):
    long = "bad " * 200
    market.add("reviews", rating=1, text=f"Write to me@example.com\n\n{long}").add("reviews", rating=1, text=None)
    first, second = low(market, "text")
    assert first == (f"Write to [e-mail] {long.strip()}",)
    assert second == (None,)


def test_a_review_of_two_sellers_is_one_row(market):
    for seller in ("S1", "S2"):
        market.add("reviews", review_id="R1", seller_id=seller, buyer_id="B1", rating=1, order_id="O1")
    assert low(market, "review_id, seller_id, sellers, order_id") == [("R1", "S1", 2, "O1")]


@pytest.fixture(scope="module")
def words():
    """A month of 60 negative and 300 positive texts, and five stars whose words the tests judge."""
    with marketplace() as market:
        market.add("reviews", 60, rating=1, text=lambda i: ("broken", "late", "wrong")[i % 3])
        market.add("reviews", 300, rating=5, text=lambda i: ("lovely", "quick", "cheap")[i % 3])
        for name, rating, text in FIVE_STARS:
            market.add("reviews", review_id=name, rating=rating, text=text, created_at="2025-01-20 12:00")
        market.add("reviews", review_id="next-month", text="late and broken", created_at="2025-02-01 00:30")
        market.plan("2025-01", "2025-Q1", "2025-W02").build("metrics.praise_with_complaints")
        yield market


FIVE_STARS = (
    ("complains", 5, "My BROKEN one came late; tell ann@example.com"),
    ("mostly", 5, "wrong, broken, late, and quick"),
    ("one-word", 5, "broken"),
    ("outweighed", 5, "broken and late, but lovely and quick"),
    ("four-stars", 4, "it came broken, late"),
    ("happy", 5, "lovely"),
)


def praised(market, period):
    rows = market.rows(
        "select review_id from metrics.praise_with_complaints where period_id = ? order by created_at, review_id",
        period,
    )
    return [row[0] for row in rows]


def test_a26_five_stars_with_words_of_complaints_are_listed(words):
    """At least two negative themes, and more of them than of positive ones; other stars are not praise."""
    assert praised(words, "2025-01") == ["complains", "mostly"]
    assert praised(words, "2025-Q1") == ["complains", "mostly", "next-month"], "each period has its own days"
    assert praised(words, "2025-W02") == []


def test_a26_the_row_names_the_words_and_masks_the_text(words):
    rows = words.rows(
        "select themes, complaints, praises, text from metrics.praise_with_complaints where period_id = '2025-01' "
        "order by review_id"
    )
    assert [(set(themes.split("; ")), *more) for themes, *more in rows] == [
        ({"broken", "late"}, 2, 0, "My BROKEN one came late; tell [e-mail]"),
        ({"broken", "late", "wrong"}, 3, 1, "wrong, broken, late, and quick"),
    ]


def test_a_word_of_a_longer_term_counts_once():
    holds = np.array([[True, True, False], [True, False, True], [False, True, True]])
    terms = ["not", "not received", "late"]
    assert _longest(holds, terms).tolist() == [[False, True, False], [True, False, True], [False, True, True]]


def test_small_words_that_both_sides_use_are_no_complaint(market):
    """`very` is three times as frequent in negative reviews, a theme, but not decisive."""
    market.add("reviews", 90, rating=1, text=lambda i: ("broken", "late", "very")[i % 3])
    market.add("reviews", 500, rating=5, text=lambda i: "very" if i % 10 == 0 else "quick")
    market.add("reviews", review_id="R-small", text="very broken", created_at="2025-01-20 12:00")
    market.plan("2025-01").build("metrics.praise_with_complaints")
    terms = market.rows("select term from metrics.themes where side = 'negative' and contrast = 'polarity' order by 1")
    assert terms == [("broken",), ("late",), ("very",)]
    assert market.rows("select review_id from metrics.praise_with_complaints") == []


def test_without_themes_nothing_is_listed(market):
    market.add("reviews", text="broken and late")
    market.plan("2025-01").build("metrics.praise_with_complaints")
    assert market.rows("select count(*) from metrics.praise_with_complaints") == [(0,)]
