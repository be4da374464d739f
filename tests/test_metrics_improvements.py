"""Improvements that customers asked for, and their growth (METRICS.md A29, B8), through the SQL itself."""

import pytest
from intake_support import DEFAULTS, Desk, csv_text
from metrics_support import marketplace

QUARTER, BEFORE = "2025-Q1", "2024-Q4"
SHIPPED, SHIPPED_BEFORE = "2025-02-10 12:00", "2024-11-10 12:00"


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def shipped(market, times=1, **values):
    rows = [{"shipped_at": SHIPPED, "review_ids": "R1", **values}] * times
    return market.add_rows("improvements", rows)


def built(market, *periods):
    return market.plan(*(periods or (QUARTER,))).build("metrics.improvements")


@pytest.mark.parametrize(
    ("now", "before", "growth", "low", "high"),
    [
        pytest.param(115, 100, 0.15, 0.880, 1.502, id="A29-OWN-target-hit-evidence-uncertain"),
        pytest.param(1150, 1000, 0.15, 1.057, 1.252, id="A29-OWN-ten-times-as-many"),
        pytest.param(6, 8, -0.25, 0.274, 2.067, id="fewer"),
    ],
)
def test_a29_growth_and_its_limits(market, now, before, growth, low, high):
    shipped(market, before, shipped_at=SHIPPED_BEFORE)
    if now:
        shipped(market, now)
    row = built(market, BEFORE, QUARTER).get("improvement_growth", QUARTER)
    assert (row.numerator, row.denominator, row.n) == (now - before, before, now)
    assert row.value == pytest.approx(growth)
    assert (round(1 + row.low, 3), round(1 + row.high, 3)) == (low, high)
    assert [market.get("improvements", period).value for period in (BEFORE, QUARTER)] == [before, now]


@pytest.mark.parametrize(
    ("values", "counted", "unlinked"),
    [
        pytest.param({}, 1, 0, id="shipped-and-linked"),
        pytest.param({"source": "seller"}, 0, 0, id="the-sellers-own-idea"),
        pytest.param({"source": "platform", "review_ids": None}, 0, 0, id="the-platforms-own"),
        pytest.param({"status": "started"}, 0, 0, id="not-shipped"),
        pytest.param({"review_ids": None}, 0, 1, id="names-no-review"),
        pytest.param({"review_ids": " ; "}, 0, 1, id="names-blanks"),
        pytest.param({"shipped_at": None}, 0, 0, id="on-a-day-that-nobody-noted"),
        pytest.param({"shipped_at": "2025-03-31 23:59"}, 1, 0, id="on-the-last-day"),
        pytest.param({"shipped_at": "2025-04-01 00:00"}, 0, 0, id="in-the-next-quarter"),
    ],
)
def test_a29_what_counts(market, values, counted, unlinked):
    shipped(market, **values)
    shipped(market, source="seller", review_ids=None)
    built(market)
    assert (market.get("improvements", QUARTER).value, market.get("improvements_unlinked", QUARTER).value) == (
        counted,
        unlinked,
    )


@pytest.mark.parametrize("review_ids", ["R1;R2", "R1, R2", "R1|R2", "R1 R2", ";R1\nR2;"])
def test_a29_several_reviews_are_one_improvement(market, review_ids):
    shipped(market, review_ids=review_ids)
    assert built(market).get("improvements", QUARTER).value == 1
    assert market.rows("select evidence_ids from core.improvements") == [(["R1", "R2"],)]


@pytest.mark.parametrize(
    ("written_at", "review_ids", "unverified"),
    [
        pytest.param("2025-02-10 11:59", "X;R1", 0, id="one-of-them-is-ours"),
        pytest.param("2025-02-10 11:59", "M000001", 0, id="a-message"),
        pytest.param("2025-02-10 11:59", "X", 1, id="none-is"),
        pytest.param("2025-02-10 12:00", "R1;M000001", 1, id="written-when-it-had-shipped"),
    ],
)
def test_a29_reviews_that_we_do_not_have_are_counted_apart(market, written_at, review_ids, unverified):
    """They still count: it may be our files that lack them."""
    market.add("reviews", created_at=written_at).add("messages", sent_at=written_at)
    shipped(market, review_ids=review_ids)
    built(market)
    assert (market.get("improvements", QUARTER).value, market.get("improvements_unverified", QUARTER).value) == (
        1,
        unverified,
    )


def test_a29_per_100_active_sellers(market):
    """B8: growth in sellers taken out. 3 improvements, 4 active sellers of 5: 75 per 100, exact Poisson limits of 3."""
    market.add_rows("sales", [{"seller_id": f"S{number}"} for number in range(4)])
    market.add("sales", seller_id="S9", status="pending")
    shipped(market, 3)
    row = built(market).get("improvements_per_100_sellers", QUARTER)
    assert (row.value, row.numerator, row.denominator) == (75.0, 3, 4)
    assert (round(row.low, 2), round(row.high, 2)) == (15.47, 219.18)


def test_0_6_no_rate_without_active_sellers(market):
    shipped(market).arrive("sales")
    assert built(market).get("improvements_per_100_sellers", QUARTER).reason == "no_data"


@pytest.mark.parametrize(
    ("first_day", "as_of", "before", "reason"),
    [
        pytest.param("2024-10-01", "2025-04-01 00:00", True, None, id="two-whole-quarters"),
        pytest.param("2024-10-02", "2025-04-01 00:00", True, "no_data", id="the-base-lacks-a-day"),
        pytest.param("2024-10-01", "2025-03-31 23:59", True, "immature", id="the-quarter-lacks-a-minute"),
        pytest.param("2024-10-01", "2025-04-01 00:00", False, "no_base", id="B8-none-before"),
    ],
)
def test_b8_growth_needs_a_base_that_is_not_zero(first_day, as_of, before, reason):
    with marketplace(as_of=as_of, first_day=first_day) as market:
        shipped(market).add("reviews")
        shipped(market, shipped_at=SHIPPED_BEFORE, source="customer_feedback" if before else "seller")
        row = built(market).get("improvement_growth", QUARTER)
    assert (row.reason, row.value is None) == (reason, reason is not None)


def test_0_6_before_the_first_one_shipped_nobody_knows(market):
    """An idea of the seller's own shows that records were kept: from its quarter on, none is a nought."""
    shipped(market, source="seller", shipped_at="2025-01-02")
    built(market, "2024-Q3", BEFORE, QUARTER, "2025-Q2")
    said = {period: market.get("improvements", period) for period in ("2024-Q3", BEFORE, QUARTER, "2025-Q2")}
    assert [row.reason for row in said.values()] == ["no_data", "no_data", None, None]
    assert (said[QUARTER].value, said["2025-Q2"].value) == (0, 0)


def test_what_ships_after_as_of_has_not_shipped(market):
    shipped(market, shipped_at="2025-04-09")
    shipped(market, shipped_at="2025-04-10 00:00")
    assert built(market, "2025-Q2").get("improvements", "2025-Q2").value == 1


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Desk:
    return Desk(tmp_path_factory.mktemp("office"))


@pytest.mark.parametrize(
    ("export", "values"),
    [
        ("training", {"seller_id": "S1", "course_id": "C1", "event": "started", "at": "2024-02-03 10:00:00"}),
        (
            "improvements",
            {
                "initiative_id": "I1",
                "seller_id": "S1",
                "source": "customer_feedback",
                "status": "shipped",
                "shipped_at": "2024-02-03 10:00:00",
                "review_ids": "R1",
            },
        ),
        (
            "surveys",
            {
                "respondent_id": "S1",
                "role": "seller",
                "instrument": "education",
                "score": "4",
                "scale_min": "1",
                "scale_max": "5",
                "answered_at": "2024-02-03 10:00:00",
            },
        ),
        ("reviews", {"order_line_id": "L7"}),
        ("reviews", {"order_id": "O7"}),
        (
            "returns",
            {"return_id": "T1", "order_line_id": "L7", "qty": "1", "refund_cents": "5", "opened_at": "2025-01-01"},
        ),
    ],
)
def test_late_rows_plan_the_old_periods_that_they_change(desk, export, values):
    """The planned periods follow from `first_day`: the row's own day, or that of the order that it speaks of."""
    desk.clear()
    order = {"order_id": "O7", "order_line_id": "L7", "ordered_at": "2024-02-03 10:00:00"}
    desk.load_rows("sales", order, name="sales.csv")
    desk.load(export, csv_text([{**DEFAULTS.get(export, {}), **values}]), name="late.csv")
    assert desk.query("select first_day::varchar from ledger.files where name = 'late.csv'") == [("2024-02-03",)]
