"""The health score: its parts, their weights and its bands (METRICS.md A27), through the SQL itself."""

from datetime import datetime

import pytest
from customers_support import bought, customer, weigh
from metrics_support import conversation, marketplace


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


@pytest.mark.parametrize(
    ("weights", "scores", "score"),
    [
        pytest.param([30, 25, 20, 15, 10], [100, 50, 100, 0, 50], 67.5, id="A27-PUB-Lyniro"),
        pytest.param(
            [25, 20, 15, 25, 15], [100, 0, 0, None, None], 100 * 25 / 60, id="the-unknown-take-their-weight-out"
        ),
        pytest.param([25, 20, 15, 25, 15], [None] * 5, None, id="nothing-known"),
    ],
)
def test_a27_the_weighing(market, weights, scores, score):
    found = market.rows("select stats.weighted_score(?::double[], ?::double[])", weights, scores)
    assert found == [(pytest.approx(score) if score is not None else None,)]


def test_a27_coverage_is_the_known_share_of_the_weight(market):
    found = market.rows("select stats.weight_known([25, 20, 15, 25, 15]::double[], [1, 0, 1, null, 5]::double[])")
    assert found == [(0.75,)]


@pytest.mark.parametrize(
    ("weights", "health"),
    [
        pytest.param({"recency": 40}, 50, id="recency-3"),
        pytest.param({"frequency": 40}, 25, id="frequency-2"),
        pytest.param({"monetary": 40}, 75, id="monetary-4"),
        pytest.param({"satisfaction": 40}, 100, id="five-stars"),
        pytest.param({"service": 40}, 50, id="one-return"),
        pytest.param({"recency": 30, "satisfaction": 10}, 62.5, id="by-weight"),
    ],
)
def test_a27_each_weight_weighs_its_own_part(market, weights, health):
    """B1 among five: third by recency, second by order days, fourth by spend; content, and sent something back."""
    for buyer, last, days, cents in (("a", 9, 5, 9), ("b", 8, 4, 7), ("c", 2, 3, 2), ("d", 1, 1, 1), ("B1", 5, 2, 8)):
        bought(market, buyer, *(f"2025-02-{last + 10 - back:02}" for back in range(days)), amount_cents=0)
        bought(market, buyer, f"2025-02-{last + 10:02}", amount_cents=cents * 100 - (buyer == "B1"))
    market.add("sales", order_line_id="back", buyer_id="B1", ordered_at="2025-02-15 13:00", amount_cents=0)
    market.add("returns", order_line_id="back", opened_at="2025-03-01 12:00", refund_cents=0).arrive("messages")
    market.add("reviews", buyer_id="B1")
    weigh(market, **weights).plan("2025-03").build("metrics.customers")
    assert customer(market, "B1", "health") == health


def test_a27_pub_lyniro_is_to_be_watched(market):
    """A27 [PUB formula]: 100, 50, 100, 0 and 50 with weights 30, 25, 20, 15 and 10 are 67.5, monitor.

    B1 among five: latest, in the middle by order days, first by spend; one star, and one return."""
    for buyer, last, days, cents in (("a", 4, 5, 1), ("b", 3, 4, 2), ("c", 2, 2, 3), ("d", 1, 1, 4), ("B1", 5, 3, 9)):
        bought(market, buyer, *(f"2025-02-{last + 10 - back:02}" for back in range(1, days)), amount_cents=0)
        bought(market, buyer, f"2025-02-{last + 10:02}", amount_cents=cents * 100, order_line_id=f"last of {buyer}")
    market.add("returns", order_line_id="last of B1", opened_at="2025-03-01 12:00", refund_cents=0).arrive("messages")
    market.add("reviews", buyer_id="B1", rating=1)
    weigh(market, recency=30, frequency=25, monetary=20, satisfaction=15, service=10)
    market.plan("2025-03").build("metrics.customers")
    parts = customer(market, "B1", "recency_score", "frequency_score", "monetary_score", "satisfaction", "service")
    assert parts == (5, 3, 5, 0, 50)
    assert customer(market, "B1", "health", "band") == (67.5, "watch")


@pytest.mark.parametrize(
    ("scale_max", "score", "health", "band"),
    [
        pytest.param(10, 8, 700 / 9, "healthy", id="8-of-10"),
        pytest.param(10, 7, 600 / 9, "watch", id="7-of-10"),
        pytest.param(7, 3, 200 / 6, "at_risk", id="3-of-7"),
        pytest.param(5, 3, 50, "watch", id="3-of-5"),
        pytest.param(5, 1, 0, "at_risk", id="1-of-5"),
    ],
)
def test_a27_satisfaction_runs_from_0_to_100_on_every_scale(market, scale_max, score, health, band):
    bought(market, "B1", "2025-03-01").add(
        "surveys", respondent_id="B1", instrument="csat", scale_min=1, scale_max=scale_max, score=score
    )
    weigh(market, satisfaction=1).plan("2025-03").build("metrics.customers")
    found = customer(market, "B1", "satisfaction", "health", "band")
    assert found == (pytest.approx(health), pytest.approx(health, abs=1e-6), band)


def test_a27_bands_begin_at_their_policies(market):
    """Healthy from 75 on, 75 included; at risk below 50, 50 not; nobody without a rating is scored, when only that
    weighs."""
    market.con.execute("update ref.policies set value = 75 where policy = 'health_healthy_from'")
    market.con.execute("update ref.policies set value = 50 where policy = 'health_at_risk_below'")
    for stars in (1, 2, 3, 4, 5, None):
        bought(market, f"B{stars}", "2025-03-01")
        if stars:
            market.add("reviews", buyer_id=f"B{stars}", rating=stars)
    weigh(market, satisfaction=25).plan("2025-03").build("metrics.customers", "metrics.health")
    bands = market.rows("select buyer_id, band, health from metrics.customers order by buyer_id")
    assert bands == [
        ("B1", "at_risk", 0), ("B2", "at_risk", 25), ("B3", "watch", 50), ("B4", "healthy", 75), ("B5", "healthy", 100),
        ("BNone", "not_scored", None),
    ]  # fmt: skip
    counted = {m: market.get(f"health_{m}_share", "2025-03")[1:4] for m in ("healthy", "at_risk", "scored", "opinion")}
    assert counted == {"healthy": (2, 5, 5), "at_risk": (2, 5, 5), "scored": (5, 6, 6), "opinion": (5, 6, 6)}
    mean = market.get("health_mean", "2025-03")
    assert (mean.value, mean.n) == (50, 5)
    assert mean.high - mean.value == pytest.approx(2.7764451 * (1562.5 / 5) ** 0.5)


@pytest.mark.parametrize(("least", "band"), [(0.6, "at_risk"), (0.61, "not_scored")])
def test_a27_at_least_so_much_of_the_weight_must_be_known(market, least, band):
    """Recency, frequency and spend are 60 % of the weight, just enough."""
    market.con.execute("update ref.policies set value = ? where policy = 'health_least_weight_share'", [least])
    bought(market, "B1", "2025-03-01").plan("2025-03").build("metrics.customers")
    assert customer(market, "B1", "band", "coverage_share") == (band, 0.6)


@pytest.mark.parametrize(
    ("opinions", "satisfaction"),
    [
        pytest.param([("reviews", "2025-01-05", 1), ("surveys", "2025-01-06", 5)], 100, id="the-survey-is-later"),
        pytest.param([("reviews", "2025-01-06", 1), ("surveys", "2025-01-05", 5)], 0, id="the-review-is-later"),
        pytest.param([("reviews", "2025-01-05", 1), ("surveys", "2025-01-05", 5)], 100, id="the-later-of-one-day"),
        pytest.param(
            [("surveys", "2025-01-05", 5), ("reviews", "2025-01-05", 1, {"created_at": "2025-01-05 12:00"})],
            0,
            id="whatever-its-id",
        ),
        pytest.param([("reviews", "2025-01-31", 2), ("reviews", "2025-02-01", 5)], 25, id="after-the-periods-end"),
        pytest.param([("reviews", "2025-02-01", 5)], None, id="none-yet"),
        pytest.param([("reviews", "2025-01-05", 5, {"status": "removed"})], None, id="a-removed-review"),
        pytest.param(
            [("surveys", "2025-01-05", 5, {"instrument": "nps", "scale_max": 10})], None, id="another-question"
        ),
        pytest.param([("surveys", "2025-01-05", 5, {"role": "seller"})], None, id="a-seller"),
        pytest.param([("reviews", "2025-01-05", 5, {"buyer_id": "B2"})], None, id="somebody-else"),
    ],
)
def test_a27_satisfaction_is_the_latest_own_word(market, opinions, satisfaction):
    bought(market, "B1", "2024-12-01")
    for export, day, score, *more in opinions:
        values = (
            {"buyer_id": "B1", "rating": score, "created_at": f"{day} 10:00"}
            if export == "reviews"
            else {
                "respondent_id": "B1", "instrument": "csat", "scale_min": 1, "scale_max": 5, "score": score,
                "answered_at": f"{day} 11:00",
            }
        )  # fmt: skip
        market.add(export, **{**values, **(more[0] if more else {})})
    weigh(market, satisfaction=1).plan("2025-01").build("core.customer_scores")
    found = market.rows("select satisfaction from core.customer_scores where day = '2025-02-01' and buyer_id = 'B1'")
    assert found == [(satisfaction,)]


def service(market, period="2025-01", day="2025-02-01"):
    market.arrive("messages")
    market.arrive("returns")
    market.plan(period).build("core.customer_scores")
    ((found,),) = market.rows("select service from core.customer_scores where day = ? and buyer_id = 'B1'", day)
    return found


@pytest.mark.parametrize(
    ("asked", "answered_after", "expected"),
    [
        pytest.param(datetime(2025, 1, 20), None, 50, id="open"),
        pytest.param(datetime(2025, 1, 20), 24, 100, id="answered"),
        pytest.param(datetime(2025, 1, 20), 72, 100, id="answered-late-but-before-the-end"),
        pytest.param(datetime(2025, 1, 20), 24 * 12 - 0.1, 100, id="answered-just-before-the-end"),
        pytest.param(datetime(2025, 1, 20), 24 * 12, 50, id="answered-at-the-end"),
        pytest.param(datetime(2025, 1, 30), None, 50, id="48-hours-old"),
        pytest.param(datetime(2025, 1, 30, 0, 1), None, 100, id="not-yet-48-hours-old"),
        pytest.param(datetime(2024, 10, 1), None, 50, id="open-for-months"),
    ],
)
def test_a27_an_inquiry_counts_while_it_is_open(market, asked, answered_after, expected):
    bought(market, "B1", "2024-09-01")
    turns = [("buyer", 0, {"has_question": True})] + ([("seller", answered_after)] if answered_after else [])
    conversation(market, *turns, start=asked)
    assert service(market) == expected


@pytest.mark.parametrize(("asked", "expected"), [(datetime(2025, 4, 8, 12), 50), (datetime(2025, 4, 8, 12, 1), 100)])
def test_a27_an_inquiry_of_today_is_as_old_as_as_of_says(asked, expected):
    """as_of is noon of the last known day: 48 hours are counted to noon, not to midnight."""
    with marketplace(as_of="2025-04-10 12:00") as market:
        bought(market, "B1", "2024-09-01")
        conversation(market, ("buyer", 0, {"has_question": True}), start=asked)
        assert service(market, "2025-04", "2025-04-11") == expected


def test_a27_a_thank_you_note_is_no_open_inquiry(market):
    bought(market, "B1", "2024-09-01")
    conversation(market, ("buyer", 0), ("seller", 1), ("buyer", 2, {"says_thanks": True}))
    assert service(market) == 100


@pytest.mark.parametrize(
    ("opened_at", "expected"),
    [
        pytest.param("2025-01-31 23:59", 50, id="the-last-day"),
        pytest.param("2025-02-01 00:00", 100, id="after-the-end"),
        pytest.param("2024-11-03 00:00", 50, id="90-days-before-the-end"),
        pytest.param("2024-11-02 23:59", 100, id="91-days-before-the-end"),
    ],
)
def test_a27_a_return_counts_for_90_days(market, opened_at, expected):
    bought(market, "B1", "2024-09-01", order_line_id="L1")
    market.add("returns", order_line_id="L1", opened_at=opened_at)
    assert service(market) == expected


def test_a27_who_never_complained_is_served_well(market):
    """Nothing open and nothing sent back is a full service part, not a missing one."""
    bought(market, "B1", "2024-09-01")
    assert service(market) == 100
    market.build("metrics.customers")
    assert customer(market, "B1", "health", "coverage_share") == (pytest.approx(100 * 15 / 75), 0.75)


def test_a27_service_does_not_fall_below_0(market):
    bought(market, "B1", "2024-09-01", order_line_id="L1")
    market.add("returns", 3, order_line_id="L1")
    assert service(market) == 0


@pytest.mark.parametrize("missing", ["messages", "returns"])
def test_a27_service_is_unknown_without_both_exports(market, missing):
    """Nobody may be called well served because a file did not come."""
    bought(market, "B1", "2025-03-01").arrive("messages" if missing == "returns" else "returns")
    market.plan("2025-03").build("metrics.customers")
    assert customer(market, "B1", "service", "coverage_share") == (None, 0.6)
