"""Seller education and what it does for answering (METRICS.md A28, B6, B7), through the SQL and Python themselves."""

from datetime import datetime

import numpy as np
import pytest
from metrics_support import marketplace

from pipeline.figures.numbers import digits_beside, scale_of, show
from pipeline.settings import DEFAULT_CONFIG
from pipeline.statistics.proportions import difference_in_differences
from pipeline.targets import RAG, load_targets

QUARTER = "2025-Q1"


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def built(market, *periods, table="education"):
    return market.plan(*(periods or (QUARTER,))).build(f"metrics.{table}")


def flags(market, *columns, seller="S1", period=QUARTER):
    """What metrics.seller_training says of the seller; None when it is not active."""
    rows = market.rows(
        f"select {', '.join(columns)} from metrics.seller_training where seller_id = ? and period_id = ?",
        seller,
        period,
    )
    return rows[0] if rows else None


def shares(market, *metrics, period=QUARTER):
    return [(row.numerator, row.denominator) for row in (market.get(metric, period) for metric in metrics)]


@pytest.mark.parametrize(
    ("participants", "percent", "colour", "printed"),
    [
        pytest.param(333, 80.83, "green", "80.8", id="A28-OWN-333"),
        pytest.param(330, 80.097, "green", "80.1", id="A28-OWN-330"),
        pytest.param(329, 79.854, "amber", "79.9", id="A28-OWN-329-is-never-80"),
    ],
)
def test_a28_participation_of_412_active_sellers(market, participants, percent, colour, printed):
    sellers = [f"S{number:03}" for number in range(412)]
    market.add_rows("sales", [{"seller_id": seller} for seller in sellers])
    market.add_rows("training", [{"seller_id": seller} for seller in [*sellers[:participants], "S900"]])
    row = built(market).get("training_participation", QUARTER)
    assert (row.numerator, row.denominator, market.get("active_sellers", QUARTER).value) == (participants, 412, 412)
    assert round(100 * row.value, 2 if participants == 333 else 3) == percent
    assert (row.low, row.high, row.reason) == (None, None, None), "a census has no sampling error"
    (target,) = (t for t in load_targets(DEFAULT_CONFIG / "targets.csv") if t.metric == "training_participation")
    ((rag,),) = market.rows(
        f"select {RAG} from (select ?::bigint as numerator, ?::bigint as denominator, ?::double as value, true as "
        "is_ratio) as m, (select ?::decimal(18, 6) as value, ?::decimal(18, 6) as amber, 'up' as direction) as t",
        *row[1:3],
        row.value,
        target.value,
        target.amber,
    )
    scale = scale_of("share", "ZAR")
    assert (rag, show(row.value, scale, digits=digits_beside(row.value, 0.8, scale))) == (colour, printed)


@pytest.mark.parametrize(
    ("export", "values", "why"),
    [
        pytest.param("sales", {}, "has_order", id="an-order"),
        pytest.param("sales", {"status": "pending"}, None, id="not-a-pending-one"),
        pytest.param("sales", {"status": "cancelled"}, None, id="nor-a-cancelled-one"),
        pytest.param("sales", {"status": "cancelled", "cancelled_at": "2025-03-31 23:59"}, None, id="in-the-quarter"),
        pytest.param("sales", {"status": "cancelled", "cancelled_at": "2025-04-01"}, "has_order", id="B7-frozen"),
        pytest.param("sales", {"ordered_at": "2025-03-31 23:59"}, "has_order", id="on-the-last-day"),
        pytest.param("sales", {"ordered_at": "2025-04-01"}, None, id="the-day-after"),
        pytest.param(
            "messages",
            {"sender_id": "S1", "sender_role": "seller", "recipient_id": "B1"},
            "has_message",
            id="a-message",
        ),
        pytest.param("messages", {"recipient_id": "S1"}, None, id="not-one-received"),
        pytest.param(
            "messages",
            {"sender_id": "S1", "sender_role": "seller", "recipient_id": "B1", "is_automated": True},
            None,
            id="nor-a-template",
        ),
        pytest.param(
            "products", {"seller_id": "S1", "created_at": "2025-03-31 12:00"}, "has_new_product", id="a-product"
        ),
        pytest.param("products", {"seller_id": "S1", "created_at": "2024-12-31 12:00"}, None, id="not-an-old-one"),
        pytest.param("products", {"seller_id": "S1"}, None, id="nor-one-of-no-day"),
    ],
)
def test_a28_who_is_active(market, export, values, why):
    market.add("sellers", seller_id="S1")
    market.add(export, **values)
    built(market, table="seller_training")
    found = flags(market, "has_order", "has_message", "has_new_product")
    assert found == (
        None if why is None else tuple(name == why for name in ("has_order", "has_message", "has_new_product"))
    )


@pytest.mark.parametrize(
    ("joined_at", "quarters", "months"),
    [
        pytest.param("2025-03-18 23:59", 1, 1, id="14-days-before-the-end"),
        pytest.param("2025-03-19 00:00", 0, 0, id="13-days"),
        pytest.param("2025-02-16 00:00", 1, 1, id="too-late-for-its-month-only"),
        pytest.param(None, 1, 1, id="nobody-says-when"),
    ],
)
def test_a28_a_seller_must_have_joined_14_days_before_the_end(market, joined_at, quarters, months):
    if joined_at:
        market.add("sellers", seller_id="S1", joined_at=joined_at)
    market.add("sales", ordered_at="2025-02-20").add("sales", ordered_at="2025-03-20")
    built(market, "2025-02", "2025-03", QUARTER, "2025-W12", table="seller_training")
    said = {period: flags(market, "has_order", period=period) is not None for period in (QUARTER, "2025-03")}
    assert said == {QUARTER: bool(quarters), "2025-03": bool(months)}
    assert (flags(market, "has_order", period="2025-02") is not None) == (joined_at is None)
    assert flags(market, "has_order", period="2025-W12") is None, "weeks are not asked about"


def test_the_quarter_ends_with_the_offices_midnight():
    """Johannesburg is two hours ahead: an order cancelled at 22:00 UTC on 31 March was cancelled in April."""
    with marketplace(time_zone="Africa/Johannesburg") as market:
        market.add("sales", seller_id="S1", status="cancelled", cancelled_at="2025-03-31 22:00")
        market.add("sales", seller_id="S2", status="cancelled", cancelled_at="2025-03-31 21:59")
        market.add("products", seller_id="S3", created_at="2025-03-31 22:00")
        market.add("sales", seller_id="S4").add("sellers", seller_id="S4", joined_at="2025-03-18 22:00")
        market.add("sales", seller_id="S5").add("sellers", seller_id="S5", joined_at="2025-03-18 21:59")
        market.plan(QUARTER).build("metrics.seller_training")
        assert market.rows("select seller_id from metrics.seller_training order by all") == [("S1",), ("S5",)]


def test_the_fourteen_days_are_the_offices_to_settle(market):
    market.add("sales").add("sellers", seller_id="S1", joined_at="2025-03-30")
    market.con.execute("update ref.policies set value = 2 where policy = 'active_seller_joined_days'")
    assert built(market).get("active_sellers", QUARTER).value == 1


@pytest.mark.parametrize(
    ("event", "course_id", "expected"),
    [
        pytest.param("registered", "review-responses", (False, False, False, 0), id="B6-registered-only"),
        pytest.param("attended", "pricing", (True, False, False, 1), id="a-live-session"),
        pytest.param("started", "pricing", (True, False, False, 0), id="a-course"),
        pytest.param("started", "Review-responses", (True, True, False, 0), id="a-course-on-reviews"),
        pytest.param("completed", "pricing", (False, False, False, 0), id="completed-another"),
        pytest.param("completed", "review-responses", (False, True, True, 0), id="completed-one-on-reviews"),
        pytest.param("visited", "review-responses", (False, False, False, 1), id="a-visit-to-the-hub"),
    ],
)
def test_a28_what_an_event_makes_of_a_seller(market, event, course_id, expected):
    market.add("sales").add("training", event=event, course_id=course_id)
    columns = ("is_participant", "is_review_course_starter", "is_review_course_completer", "sessions")
    assert flags(built(market, table="seller_training"), *columns) == expected


def test_a28_completion_engagement_and_sessions(market):
    """Five active: A completes a review course, B starts one, C completes another, D visits twice, E does nothing."""
    for seller in "ABCDE":
        market.add("sales", seller_id=seller)
    market.add("training", seller_id="A", event="started").add("training", seller_id="A", event="completed")
    market.add("training", seller_id="B", event="attended")
    market.add("training", seller_id="C", event="completed", course_id="pricing")
    market.add("training", seller_id="D", event="visited").add(
        "training", seller_id="D", event="visited", at="2025-02-01"
    )
    market.add("training", seller_id="E", at="2024-12-31").add("training", seller_id="E", at="2025-04-11")
    market.add("training", seller_id="Z", event="completed")
    built(market, QUARTER, "2025-01")
    assert shares(market, "training_participation", "training_completion") == [(2, 5), (1, 5)]
    assert shares(market, "training_completion_of_starters") == [(1, 2)]
    assert shares(market, "education_engagement", "education_sessions_per_seller") == [(2, 5), (3, 5)]
    assert shares(market, "education_engagement", "education_sessions_per_seller", period="2025-01") == [(2, 5), (2, 5)]


def test_0_6_before_the_first_record_nobody_knows(market):
    """Kept since February: January has no engagement rather than none; completion waits for a course on reviews."""
    market.add("sales").add("sales", ordered_at="2025-02-20")
    market.add("training", event="visited", course_id="pricing", at="2025-02-01")
    built(market, "2025-01", "2025-02", QUARTER)
    assert market.get("education_engagement", "2025-01").reason == "no_data"
    assert market.get("education_engagement", "2025-01").numerator is None
    assert market.get("education_engagement", "2025-02").value == 1
    assert market.get("training_participation", QUARTER).value == 0
    assert market.get("training_completion", QUARTER).reason == "no_review_course"
    assert market.get("education_survey_answering", QUARTER).reason == "not_measured"


def test_training_after_as_of_has_not_taken_place(market):
    market.add("sales", ordered_at="2025-04-05").add("training", event="visited", at="2025-04-09 23:59")
    market.add("training", at="2025-04-10 00:00")
    built(market, "2025-Q2")
    assert shares(market, "training_participation", "education_engagement", period="2025-Q2") == [(0, 1), (1, 1)]


def survey(market, score, **values):
    row = {"role": "seller", "instrument": "education", "scale_min": 1, "scale_max": 5, **values}
    return market.add("surveys", score=score, **row)


def test_a28_resource_satisfaction_is_the_top_two_boxes_of_sellers(market):
    """28 of 31 sellers: 90.32 %, Wilson [75.1, 96.65] by hand; a buyer's answer and another survey's are not asked."""
    for number in range(31):
        survey(market, 5 if number < 20 else 4 if number < 28 else 3, respondent_id=f"S{number}")
    survey(market, 1, role="buyer").add("surveys", role="seller", score=0, respondent_id="S99")
    row = built(market).get("resource_satisfaction", QUARTER)
    assert (row.numerator, row.denominator, row.n) == (28, 31, 31)
    assert (round(row.low, 4), round(row.high, 4)) == (0.7510, 0.9665)


@pytest.mark.parametrize(
    ("sellers", "limits"),
    [
        # (28 + 2) / (31 + 4) = 6/7; its error sqrt(6/7 · 1/7 · 9 / (35 · 39)) = 0.02841.
        pytest.param(40, (0.8015, 0.9128), id="a-sample-of-forty"),
        pytest.param(31, (None, None), id="everybody-answered"),
    ],
)
def test_a28_satisfaction_is_a_sample_of_the_active_sellers(market, sellers, limits):
    market.add("sellers", sellers).add_rows("sales", [{"seller_id": f"S{number}"} for number in range(sellers)])
    for number in range(31):
        survey(market, 5 if number < 28 else 3, respondent_id=f"S{number}")
    row = built(market).get("resource_satisfaction", QUARTER)
    assert market.get("active_sellers", QUARTER).value == sellers
    assert tuple(limit and round(limit, 4) for limit in (row.low, row.high)) == limits


def test_a28_the_latest_answer_of_a_seller_in_the_quarter_counts(market):
    survey(market, 1, respondent_id="S1", answered_at="2025-01-05")
    survey(market, 5, respondent_id="S1", answered_at="2025-03-05")
    survey(market, 2, respondent_id="S1", answered_at="2025-04-02")
    survey(market, 9, respondent_id="S2", scale_max=10).add("sales", seller_id="S1").add("sales", seller_id="S3")
    survey(market, 1, respondent_id="S3", role="buyer").add("surveys", role="seller", respondent_id="S3")
    built(market, QUARTER, "2025-Q2")
    assert shares(market, "resource_satisfaction", "education_survey_answering") == [(2, 2), (1, 2)]
    assert market.get("resource_satisfaction", "2025-Q2").value == 0


def reviews(market, seller, before, after, **values):
    """(answered in time, in all) in the last quarter of 2024 and the first of 2025."""
    for (answered, mature), day in ((before, datetime(2024, 11, 5)), (after, datetime(2025, 2, 5))):
        rows = [{"response_at": day.replace(day=6) if number < answered else None} for number in range(mature)]
        market.add_rows("reviews", [{"seller_id": seller, "created_at": day, **values, **row} for row in rows])


def groups(market, participants, others):
    for number in range(participants + others):
        seller = f"S{number:02}"
        market.add("sales", seller_id=seller)
        if number < participants:
            market.add("training", seller_id=seller)
        after = (min(5, 2 + number % 5), 5) if number < participants else (number % 3, 4)
        reviews(market, seller, (number % 4, 4), after)


def test_a28_uplift_is_a_difference_in_differences(market):
    """Ten participants and twelve others; the formula on the same counts, in plain Python."""
    groups(market, 10, 12)
    row = built(market, table="response_uplift").get("response_uplift", QUARTER)
    numbers = np.arange(22)
    after = np.where(numbers < 10, np.minimum(5, 2 + numbers % 5), numbers % 3)
    mature = np.where(numbers < 10, 5, 4)
    expected = difference_in_differences(numbers % 4, np.full(22, 4), after, mature, numbers < 10)
    by_hand = (after[:10].sum() / 50 - 13 / 40) - (after[10:].sum() / 48 - 18 / 48)
    assert row.value == pytest.approx(by_hand)
    assert row[:1] + row[4:6] == tuple(map(float, (expected.value, expected.low, expected.high)))
    assert (row.n, row.numerator, row.denominator) == (22, None, None)
    named = [
        f"review_response_48h_{group}{suffix}" for group in ("participants", "others") for suffix in ("", "_before")
    ]
    assert shares(market, *named) == [(after[:10].sum(), 50), (13, 40), (after[10:].sum(), 48), (18, 48)]


@pytest.mark.parametrize(("participants", "others"), [(9, 12), (12, 9), (0, 20)])
def test_a28_too_few_sellers_tell_nothing(market, participants, others):
    groups(market, participants, others)
    market.add("training", seller_id="S99")
    row = built(market, table="response_uplift").get("response_uplift", QUARTER)
    assert (row.value, row.low, row.reason) == (None, None, "too_few_sellers")
    assert market.get("review_response_48h_others", QUARTER).value is not None


def test_a28_the_same_active_sellers_before_and_after(market):
    """S97 has no review before, S98 none after that is mature, S99 is not active: none of them is compared."""
    groups(market, 10, 10)
    market.add("sales", seller_id="S97").add("sales", seller_id="S98")
    market.add("reviews", seller_id="S97", created_at="2025-02-05", response_at="2025-02-06")
    market.add("reviews", seller_id="S98", created_at="2024-11-05", response_at="2024-11-06")
    reviews(market, "S99", (4, 4), (4, 4))
    reviews(market, "S96", (4, 4), (4, 4), status="removed")
    assert built(market, table="response_uplift").get("response_uplift", QUARTER).n == 20


def test_a28_uplift_waits_for_48_hours_and_looks_at_both_quarters_only(market):
    """A product that is called like the seller is none: its reviews are not counted twice."""
    market.add("sales").add("sales", ordered_at="2025-04-05").add("training").add("training", at="2025-04-05")
    before, first, young = ("2024-12-01", "2025-02-01"), ("2025-04-01", "2025-04-07"), ("2025-04-08 00:00:01",)
    for created_at in before + first + young:
        market.add("reviews", created_at=created_at, response_at=created_at, product_id="S1")
    built(market, QUARTER, "2025-Q2", table="response_uplift")
    names = ("review_response_48h_participants", "review_response_48h_participants_before")
    assert shares(market, *names) == [(1, 1), (1, 1)]
    assert shares(market, *names, period="2025-Q2") == [(2, 2), (1, 1)]


def test_without_training_records_nothing_is_measured_but_who_is_active(market):
    market.add("sales").add("reviews", response_at="2025-01-11")
    market.plan(QUARTER).build("metrics.education", "metrics.response_uplift")
    assert market.get("active_sellers", QUARTER).value == 1
    for metric in ("training_participation", "training_completion", "education_engagement", "response_uplift"):
        assert market.get(metric, QUARTER).reason == "not_measured"


FAMILIES = ("seller_training", "education", "response_uplift", "improvements")


def quarters(seed, *plans):
    """Every row of the families after these plans, one after the other; the exports come in an order of their own."""
    random = np.random.default_rng(seed)
    rows = {"sales": [], "training": [], "reviews": [], "improvements": []}
    for number in range(120):
        seller, day = f"S{number % 24:02}", datetime(2024, 10 + number % 3, 1 + number % 28)
        rows["sales"].append({"order_line_id": f"L{number}", "seller_id": seller, "ordered_at": day})
        for created_at in (day, datetime(2025, 1 + number % 3, 3)):
            answered_at = created_at.replace(hour=5) if number % 7 else None
            name = f"R{number}-{created_at.year}"
            rows["reviews"].append(
                {"review_id": name, "seller_id": seller, "created_at": created_at, "response_at": answered_at}
            )
        rows["sales"].append({"order_line_id": f"M{number}", "seller_id": seller, "ordered_at": datetime(2025, 2, 3)})
        rows["improvements"].append({"initiative_id": f"I{number}", "shipped_at": day, "review_ids": f"R{number}-2024"})
    for number in range(12):
        rows["training"].append({"seller_id": f"S{number:02}", "at": datetime(2025, 1 + number % 3, 5)})
        rows["training"].append({"seller_id": f"S{number + 9:02}", "at": datetime(2024, 10 + number % 3, 5)})
    with marketplace(first_day="2024-10-01") as market:
        for export, given in rows.items():
            market.add_rows(export, [given[position] for position in random.permutation(len(given))])
        for full, planned in enumerate(plans):
            market.plan(*planned, full=not full).build(*(f"metrics.{family}" for family in FAMILIES))
        return {family: sorted(market.rows(f"select * from metrics.{family}"), key=repr) for family in FAMILIES}


def test_incremental_is_full_and_the_order_of_rows_means_nothing():
    whole = quarters(1, ["2024-Q4", "2024-12", QUARTER])
    assert any(row[3] == "response_uplift" and row[4] is not None for row in whole["response_uplift"])
    assert quarters(2, [QUARTER], ["2024-12"], ["2024-Q4"]) == whole
    assert quarters(3, ["2024-Q4", "2024-12", QUARTER], [QUARTER]) == whole
