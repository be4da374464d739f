"""The Expertise scale: criteria, statuses and their shares (METRICS.md C; B22, B25, B26), through the SQL itself."""

from datetime import date, timedelta

import pytest
from expertise_support import ask, built, excellent, instant, joined, rate, standing
from metrics_support import marketplace, review


@pytest.fixture
def market():
    with marketplace(as_of="2025-03-12", first_day="2024-01-01") as made:
        yield made


def test_the_worked_seller(market):
    """C [OWN]: joined 2024-02-10, looked at on 2025-03-03: Captain, 90.24 %, without exemption 86.11 %."""
    joined(market)
    rate(market, 5, 5, 5, 5, 5, 4, 3, 3, 3, 1)
    for speed, quality in zip((5, 5, 5, 4, 4), (4, 4, 4, 4, 5), strict=True):
        ask(market, speed_vote=speed, quality_vote=quality)
    ask(market, 30)
    ask(market, 3, thanks=True)
    ask(market, 2, hours=60)
    ask(market, 2, hours=None)
    row = standing(built(market))
    assert (row["status"], row["level"], row["reason"]) == ("captain", 2, None)
    assert (row["months_completed"], row["rating_sum"], row["ratings"], row["positive_ratings"]) == (12, 39, 10, 6)
    levels = [row[f"{name}_level"] for name in ("seniority", "rating", "positives", "quality")]
    assert levels == [3, 2, 3, 2]
    assert (row["inquiries"], row["exempt"], row["due"], row["answered"], row["answered_48h"]) == (45, 3, 42, 40, 38)
    shares = [round(100 * row[name], 2) for name in ("response_share", "timely_share", "vote_share", "quality_share")]
    assert shares == [95.24, 90.48, 85.00, 90.24]
    assert round(100 * row["quality_share_no_exemption"], 2) == 86.11
    assert (row["speed_sum"], row["speed_votes"], row["quality_sum"], row["quality_votes"]) == (23, 5, 21, 5)
    assert row["vote_mean"] == 4.4
    assert row["binding"] == "average rating, after-sales quality"
    assert (round(row["gap_rating"], 2), round(row["gap_quality_points"], 2)) == (0.10, 4.76)
    assert (row["gap_months"], row["gap_positive_ratings"]) == (0, 0)


SENIORITY = {
    "three-months-to-the-day": ("2024-12-03 23:00", 3, 1),
    "a-day-short": ("2024-12-04 00:00", 2, 0),
    "six": ("2024-09-03 00:00", 6, 2),
    "a-day-short-of-six": ("2024-09-04 00:00", 5, 1),
    "twelve": ("2024-03-03 00:00", 12, 3),
    "a-day-short-of-twelve": ("2024-03-04 00:00", 11, 2),
}
RATINGS = {
    "no-rating": ((), None, 0, 0),
    "2.5-and-one-positive": ((1, 4), 2.5, 1, 1),
    "below-2.5-no-positive": ((2, 3, 2), 7 / 3, 0, 0),
    "3.5": ((3, 3, 3, 5), 3.5, 2, 1),
    "4.0-four-positives": ((4, 4, 4, 4), 4, 3, 2),
    "five-positives": ((5, 5, 5, 5, 4), 4.8, 3, 3),
    "3.8": ((5, 5, 5, 4, 3, 1, 4, 5, 3, 3), 3.8, 2, 3),
}
QUALITY = {(15, 20): 1, (14, 20): 0, (17, 20): 2, (16, 20): 1, (19, 20): 3, (18, 20): 2, (20, 20): 3, (5, 5): 3}


@pytest.fixture(scope="module")
def cases():
    """One seller for each case of each criterion, the other three criteria being those of a Superhero."""
    with marketplace(as_of="2025-03-03", first_day="2024-01-01") as market:
        for name, (join, *_) in SENIORITY.items():
            excellent(ask(joined(market, join, name), 5, seller=name), name)
        for name, (stars, *_) in RATINGS.items():
            rate(ask(joined(market, seller=name), 5, seller=name), *stars, at="2024-02-12 10:00", seller=name)
        for answered, asked in QUALITY:
            seller = f"{answered}/{asked}"
            excellent(ask(joined(market, seller=seller), answered, seller=seller), seller)
            ask(market, asked - answered, hours=None, seller=seller)
        yield built(market)


@pytest.mark.parametrize("case", SENIORITY)
def test_seniority_is_calendar_months_completed(cases, case):
    """B25."""
    _, months, level = SENIORITY[case]
    row = standing(cases, seller=case)
    assert (row["months_completed"], row["seniority_level"], row["level"]) == (months, level, level)
    assert row["gap_months"] == (None if level == 3 else (3, 6, 12)[level] - months)
    assert row["binding"] == (None if level == 3 else "seniority")


@pytest.mark.parametrize("case", RATINGS)
def test_ratings_of_all_history(cases, case):
    """B22; positive is 4 stars or more. Ratings of a year before count like any other."""
    stars, average, rating_level, positives_level = RATINGS[case]
    row = standing(cases, seller=case)
    assert row["average_rating"] == average
    assert (row["rating_level"], row["positives_level"]) == (rating_level, positives_level)
    level = min(rating_level, positives_level)
    assert row["level"] == level
    named = [
        name for name, one in (("average rating", rating_level), ("positive ratings", positives_level)) if one == level
    ]
    assert row["binding"] == (", ".join(named) if level < 3 else None)
    if level < 3:
        positives = sum(star >= 4 for star in stars)
        assert row["gap_positive_ratings"] == max((1, 3, 5)[level] - positives, 0)
        assert row["gap_rating"] == (pytest.approx(max((2.5, 3.5, 4)[level] - average, 0)) if stars else None)


@pytest.mark.parametrize("case", QUALITY)
def test_quality_thresholds_are_met_exactly(cases, case):
    """75, 85 and 95 % count when just reached: compared as whole numbers, no rounding between."""
    level = QUALITY[case]
    row = standing(cases, seller=f"{case[0]}/{case[1]}")
    assert (row["quality_level"], row["level"]) == (level, level)
    assert row["quality_numerator"] * case[1] == row["quality_denominator"] * case[0]
    assert row["binding"] == (None if level == 3 else "after-sales quality")


def test_a_removed_review_and_one_of_another_seller_do_not_count(market):
    joined(market)
    review(market, seller_id="S1", rating=4, status="removed").add("reviews", seller_id="S2", rating=1)
    assert standing(built(rate(market, 5)))["ratings"] == 1


def test_votes_are_averaged_by_message_and_then_pooled(market):
    """B26: a missing vote is no nought, a message with one vote weighs as much as one with two."""
    joined(market)
    for votes in ({"speed_vote": 5}, {"quality_vote": 5}, {"speed_vote": 1, "quality_vote": 2}):
        ask(market, **votes)
    ask(market, 2, speed_vote=4, quality_vote=4)
    row = standing(built(market))
    assert (row["voted_messages"], row["vote_mean"]) == (5, pytest.approx((5 + 5 + 1.5 + 4 + 4) / 5))
    assert (row["speed_votes"], row["speed_sum"], row["quality_votes"], row["quality_sum"]) == (4, 14, 4, 15)
    assert row["vote_share"] == pytest.approx((3.9 - 1) / 4)
    assert row["quality_share"] == pytest.approx((1 + 1 + 0.725) / 3)


def test_fewer_than_five_voted_messages_do_not_enter_the_quality(market):
    joined(market)
    ask(market, 4, speed_vote=1, quality_vote=1)
    row = standing(built(ask(market)))
    assert (row["voted_messages"], row["vote_mean"], row["vote_share"], row["quality_share"]) == (4, 1, None, 1)


def test_only_votes_on_sellers_own_messages_count(market):
    joined(market)
    ask(market, 5, speed_vote=5)
    ask(market, is_automated=True, speed_vote=1)
    ask(market, is_spam=True, speed_vote=1)
    market.add("messages", speed_vote=1, sent_at="2025-01-15 12:00")
    row = standing(built(market))
    assert (row["voted_messages"], row["speed_sum"]) == (5, 25)


def test_votes_alone_make_a_quality(market):
    """A seller who wrote first and was voted on has no inquiry: the part without data is left out."""
    joined(market)
    sender = {"sender_id": "S1", "sender_role": "seller", "recipient_id": "B1", "sent_at": "2025-01-15 12:00"}
    market.add("messages", 5, speed_vote=4, quality_vote=5, **sender)
    row = standing(built(excellent(market)))
    assert (row["due"], row["response_share"], row["quality_share"], row["level"]) == (0, None, 0.875, 2)
    assert row["quality_share_no_exemption"] == 0.875


@pytest.mark.parametrize(("asked", "reason"), [(4, "insufficient_conversations"), (5, None)])
def test_four_conversations_tell_no_quality(market, asked, reason):
    joined(market)
    row = standing(built(excellent(ask(market, asked))))
    assert (row["reason"], row["quality_share"] is None, row["level"]) == (reason, asked == 4, 0 if reason else 3)
    assert row["binding"] == ("after-sales quality" if reason else None)
    assert (row["inquiries"], row["quality_share_no_exemption"] is None) == (asked, asked == 4)


def test_the_smallest_number_counts_inquiries_that_are_not_exempt(market):
    """Three answered and three thank-you notes: six inquiries, three of them due."""
    joined(market)
    row = standing(built(ask(market, 3, thanks=True)))
    assert (row["quality_share"], row["quality_share_no_exemption"]) == (None, 0.5)


def quiet_seller(market, *later):
    """Captain in spring 2024 by ten conversations of which nine were answered; then none, and these ratings."""
    joined(market, "2023-01-10")
    rate(market, 4, 4, 4, 4, 4, at="2024-01-20 12:00")
    ask(market, 9, at="2024-02-01 12:00")
    ask(market, hours=None, at="2024-02-01 12:00")
    return standing(built(rate(market, *later, at="2024-10-01 12:00")))


@pytest.mark.parametrize(
    ("later", "level", "binding"),
    [
        pytest.param((), 2, "after-sales quality", id="kept-though-the-rest-would-do-for-more"),
        pytest.param((1, 1, 1, 1, 1), 1, "average rating", id="lost-by-another-criterion"),
        pytest.param((1,) * 20, 0, "average rating", id="lost-altogether"),
    ],
)
def test_without_conversations_the_last_status_earned_is_the_cap(market, later, level, binding):
    """C, no-conversation sellers: the other criteria decide, capped at the last status earned with all four."""
    row = quiet_seller(market, *later)
    assert (row["level"], row["reason"], row["last_earned_level"]) == (level, "insufficient_conversations", 2)
    assert (row["binding"], row["gap_quality_points"]) == (binding, None)
    assert market.rows("select count(*) from metrics.expertise where reason is null and level <> 2") == [(0,)]


def test_a_status_lost_without_conversations_can_be_regained_but_not_surpassed(market):
    quiet_seller(market, 1, 1, 1, 1, 1)
    rate(market, *[5] * 50, at="2025-01-05 12:00")
    row = standing(built(market))
    assert (row["average_rating"] > 4, row["level"], row["last_earned_level"]) == (True, 2, 2)


def test_the_cap_is_the_last_status_earned_and_not_the_best(market):
    """Superhero in spring, Conqueror in autumn, no conversations since."""
    excellent(joined(market, "2023-01-10"))
    ask(market, 10, at="2024-02-01 12:00")
    ask(market, 8, at="2024-08-20 12:00")
    ask(market, 2, hours=None, at="2024-08-20 12:00")
    rate(market, 5, 5, 5, 5, 5, at="2024-01-20 12:00")
    row = standing(built(market))
    assert (row["reason"], row["level_without_quality"], row["level"]) == ("insufficient_conversations", 3, 1)


@pytest.mark.parametrize(
    ("policy", "value", "share"),
    [
        pytest.param("expertise_response_weight", 3, (3 * 0.8 + 0.6 + 0.75) / 5, id="response"),
        pytest.param("expertise_timeliness_weight", 0, (0.8 + 0.75) / 2, id="timeliness"),
        pytest.param("expertise_votes_weight", 4, (0.8 + 0.6 + 4 * 0.75) / 6, id="votes"),
        pytest.param("expertise_smallest_number", 6, (0.8 + 0.6) / 2, id="smallest"),
    ],
)
def test_the_weights_are_the_offices(market, policy, value, share):
    joined(market)
    ask(market, 5, speed_vote=4, quality_vote=4)
    ask(market, hours=None)
    ask(market, hours=None)
    ask(market, hours=49)
    ask(market, hours=49)
    ask(market)
    market.con.execute("update ref.policies set value = ? where policy = ?", [value, policy])
    assert standing(built(market))["quality_share"] == pytest.approx(share)


def test_a_quality_whose_parts_all_weigh_nothing_is_none(market):
    excellent(joined(market))
    market.con.execute(
        "update ref.policies set value = 0 where policy in ('expertise_response_weight', 'expertise_timeliness_weight')"
    )
    row = standing(built(ask(market, 9)))
    assert (row["quality_share"], row["quality_level"], row["reason"]) == (None, None, "insufficient_conversations")


def test_a_seller_without_a_day_of_joining_is_not_rated(market):
    """B25: seniority is from joined_at; the first sale is no substitute, but shows that the seller is there."""
    ask(excellent(market), 5)
    joined(market, seller="S9").add("sellers", seller_id="S8", joined_at=None)
    market.add("sales", seller_id="S8", ordered_at="2024-06-05 10:00")
    row = standing(built(market))
    assert (row["reason"], row["level"], row["status"], row["seniority_level"]) == ("no_joined_at", None, None, None)
    assert (row["binding"], row["rating_level"], row["quality_level"]) == (None, 3, 3)
    assert market.get("expertise_share", "2025-03").denominator == 1
    first = market.rows("select seller_id, min(monday) from metrics.expertise where seller_id <> 'S9' group by all")
    assert sorted(first) == [("S1", date(2025, 1, 20)), ("S8", date(2024, 6, 10))]


def test_without_a_messages_file_nobody_has_a_status(market):
    joined(excellent(market))
    row = standing(built(market))
    assert (row["reason"], row["level"], row["level_without_quality"], row["rating_level"]) == (
        "not_measured",
        None,
        None,
        3,
    )
    assert market.get("expertise_share", "2025-03").reason == "not_measured"


def crowd(market):
    """Ten Superheroes, two Captains of whom one is suspended, one Conqueror, one without conversations, one closed."""
    for number in range(10):
        joined(market, seller=f"H{number}")
        ask(excellent(market, f"H{number}"), 5, seller=f"H{number}")
    joined(market, "2024-08-20", seller="C1").add("sellers", seller_id="C2", joined_at="2024-08-20", status="suspended")
    for seller in ("C1", "C2"):
        ask(excellent(market, seller), 5, seller=seller)
    joined(market, "2024-11-20", seller="Q1")
    ask(excellent(market, "Q1"), 5, seller="Q1")
    joined(market, seller="N1")
    joined(market, seller="Z1", status="closed")
    ask(excellent(market, "Z1"), 5, seller="Z1")
    joined(market, "2025-03-03 00:00", seller="L1")
    return market


def test_the_shares_of_each_status(market):
    built(crowd(market), "2025-02", "2025-W09", "2025-03")
    for period in ("2025-02", "2025-W09"):
        expected = {"none": 1, "conqueror": 1, "captain": 2, "superhero": 10}
        if period == "2025-02":  # its last Monday is 24 February
            assert market.get("expertise_share", period).denominator == 14
        found = {level: market.get("expertise_share", period, "level", level) for level in expected}
        assert {level: row.numerator for level, row in found.items()} == expected
        assert {row.denominator for row in found.values()} == {14}
        row = market.get("expertise_share", period)
        assert (row.numerator, row.denominator, row.value) == (13, 14, 13 / 14)
        assert (round(row.low, 4), round(row.high, 4)) == (0.6853, 0.9873)
        assert market.get("expertise_insufficient_share", period).numerator == 1


@pytest.mark.parametrize(
    ("period", "monday"),
    [
        pytest.param("2025-02", "2025-02-24", id="within-the-month"),
        pytest.param("2025-W08", "2025-02-24", id="a-week-ends-on-its-own-monday"),
        pytest.param("2025-03", "2025-03-10", id="running-month-as-of"),
        pytest.param("2025-Q1", "2025-03-10", id="running-quarter-as-of"),
    ],
)
def test_a_period_looks_from_its_last_monday(market, period, monday):
    """One seller joins each week: their number tells the Monday."""
    for week in range(12):
        joined(market, instant("2025-01-01") + timedelta(weeks=week), seller=f"W{week}")
    ask(rate(market, 5))
    built(market, period)
    weeks = (date.fromisoformat(monday) - date(2025, 1, 1)).days // 7 + 1
    assert market.get("expertise_share", period).denominator == weeks


def test_a_period_before_the_first_monday_has_no_data():
    with marketplace(as_of="2025-03-09", first_day="2025-03-04") as market:
        ask(rate(joined(market), 5, at="2025-03-05"), at="2025-03-05")
        built(market, "2025-03")
        assert market.get("expertise_share", "2025-03").reason == "no_data"
