"""Returns, refunds, cancellations and order defects (METRICS.md A17), through the SQL itself."""

import pytest
from metrics_support import marketplace

DELIVERED = "2025-01-12 10:00"


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def lines(market, times=1, **values):
    return market.add("sales", times, **{"delivered_at": DELIVERED, "shipped_at": "2025-01-11 10:00", **values})


def on_record(market):
    """Somebody kept returns since December: what did not come back then is known not to have."""
    return market.add("returns", order_line_id="of old", opened_at="2024-12-20 10:00")


def built(market, *families, periods=("2025-01",)):
    return market.plan(*periods).build(*(f"metrics.{family}" for family in families or ("returns",)))


def share(market, metric, period="2025-01", **where):
    row = market.get(metric, period, **where)
    return row.numerator, row.denominator


def test_a17_the_return_rate_is_of_lines_and_has_wilsons_limits(market):
    """Ten lines arrived, two of them came back, one of these in two parcels: 2/10."""
    lines(market, 10)
    market.add("returns", order_line_id="L1").add("returns", order_line_id="L1").add("returns", order_line_id="L2")
    row = built(market).get("return_rate")
    assert (row.numerator, row.denominator, row.n, row.value) == (2, 10, 10, 0.2)
    assert (row.low, row.high) == (pytest.approx(0.0567, abs=5e-5), pytest.approx(0.5098, abs=5e-5))


@pytest.mark.parametrize(
    ("opened_at", "is_counted"),
    [
        pytest.param("2025-02-11 10:00:00", True, id="exactly-30-days-after-the-delivery"),
        pytest.param("2025-02-11 10:00:01", False, id="a-second-later"),
        pytest.param("2025-01-11 12:00:00", True, id="refused-before-the-delivery-was-noted"),
        pytest.param("2025-04-10 00:00:00", False, id="at-as_of-nobody-knows-of-it"),
    ],
)
def test_a17_a_return_is_opened_within_30_days_of_the_delivery(market, opened_at, is_counted):
    lines(on_record(market))
    market.add("returns", opened_at=opened_at)
    assert share(built(market), "return_rate") == (int(is_counted), 1)


def test_a17_the_first_return_of_a_line_decides(market):
    lines(market)
    market.add("returns", opened_at="2025-03-20 10:00").add("returns", opened_at="2025-01-20 10:00")
    assert share(built(market), "return_rate") == (1, 1)


@pytest.mark.parametrize(
    ("values", "counted", "pending"),
    [
        pytest.param({"delivered_at": "2025-03-11 00:00:00"}, 1, 0, id="0.4-exactly-30-days-old"),
        pytest.param({"delivered_at": "2025-03-11 00:00:01"}, 0, 1, id="0.4-younger-is-pending"),
        pytest.param({"delivered_at": None}, 0, 0, id="not-delivered"),
        pytest.param({"delivered_at": "2025-04-11 00:00:00"}, 0, 0, id="delivered-after-as_of"),
        pytest.param({"status": "cancelled"}, 0, 0, id="cancelled"),
        pytest.param({"status": "refunded"}, 1, 0, id="refunded-is-a-sale"),
        pytest.param({"ordered_at": "2025-01-01", "delivered_at": "2025-04-01"}, 0, 1, id="90-days-on-the-way"),
        pytest.param({"ordered_at": "2025-01-01", "delivered_at": "2025-04-01 00:00:01"}, 0, 0, id="longer-never"),
    ],
)
def test_a17_which_lines_can_have_come_back(market, values, counted, pending):
    lines(on_record(market), order_line_id="L1", **values)
    lines(market, order_line_id="L2")
    built(market)
    assert share(market, "return_rate") == (0, 1 + counted)
    assert market.get("returns_pending").value == pending


def test_0_4_a_fast_return_does_not_enter_early(market):
    """As with answers: only age admits a line, or the quick ones would bias the rate up."""
    lines(on_record(market)).add("sales", delivered_at="2025-03-20")
    market.add("returns", order_line_id="L2", opened_at="2025-03-21")
    assert share(built(market), "return_rate") == (0, 1)


@pytest.mark.parametrize(
    ("opened_at", "first_known"),
    [
        pytest.param("2025-01-31 23:59", "2025-01", id="the-last-day-of-january"),
        pytest.param("2025-02-01 00:00", "2025-02", id="the-first-of-february"),
        pytest.param("2025-04-10 00:00", None, id="at-as_of-nobody-knows-of-it"),
    ],
)
def test_0_6_before_the_first_return_on_record_there_is_no_rate(market, opened_at, first_known):
    """0 % would say that nothing came back when nobody may have kept the returns."""
    for month in ("2025-01", "2025-02"):
        lines(market, 20, ordered_at=f"{month}-03 10:00", delivered_at=f"{month}-05 10:00")
    market.add("returns", order_line_id="L39", opened_at=opened_at, at_fault="seller", refund_cents=0)
    built(market, "returns", "order_defects", periods=["2025-01", "2025-02"])
    months = [month for month in ("2025-01", "2025-02") if first_known is None or month < first_known]
    for metric in ("return_rate", "return_flow_rate", "refund_rate", "refund_value_share", "order_seller_fault_rate"):
        for month in ("2025-01", "2025-02"):
            row = market.get(metric, month)
            seller = market.get(metric, month, scope="seller", entity_id="S1")
            if month in months:
                assert (row.value, row.numerator, row.denominator, row.reason) == (None, None, None, "no_data"), metric
                assert (seller.value, seller.reason) == (None, "no_data"), metric
            else:
                assert row.reason is None and row.denominator, metric
    assert market.get("returns_pending").value == 0, "how many lines are young is known"


@pytest.mark.parametrize(("ordered_at", "is_known"), [("2025-01-31 23:00", True), ("2025-02-01 00:00", False)])
def test_0_6_what_the_platform_calls_refunded_is_on_record_without_a_return(market, ordered_at, is_known):
    lines(market, 3)
    market.add("sales", ordered_at=ordered_at, status="refunded")
    market.arrive("returns")
    built(market)
    assert (market.get("refund_rate").reason, market.get("refund_value_share").reason) == (
        (None, None) if is_known else ("no_data", "no_data")
    )
    assert market.get("return_rate").reason == "no_data"


def test_0_6_returns_whose_fault_nobody_said_tell_of_no_sellers_fault(market):
    lines(market).add("returns", at_fault=None).arrive("returns", "at_fault")
    market.arrive("sales")
    built(market, "returns", "order_defects")
    assert market.get("return_rate").reason is None
    assert market.get("order_seller_fault_rate").reason == "no_data"


def test_0_4_when_all_is_pending_there_is_no_rate(market):
    lines(market, ordered_at="2025-03-20 10:00", delivered_at="2025-03-22 10:00")
    market.add("returns", opened_at="2025-03-23 10:00")
    built(market, periods=["2025-03"])
    assert (market.get("return_rate", "2025-03").value, market.get("return_rate", "2025-03").reason) == (
        None,
        "immature",
    )
    assert market.get("refund_rate", "2025-03").value == 1


def test_a17_cohort_and_flow_differ_when_sales_grow(market):
    """January sells 10 lines, 1 comes back; February 40, and 4 of January's come back: cohort 5/10, flow 1/10, 4/40."""
    lines(market, 10)
    lines(market, 40, ordered_at="2025-02-10 12:00", delivered_at="2025-02-12 12:00")
    for number, day in ((1, "2025-01-20"), (2, "2025-02-01"), (3, "2025-02-02"), (4, "2025-02-02"), (5, "2025-02-03")):
        market.add("returns", order_line_id=f"L{number}", opened_at=day)
    market.add("returns", order_line_id="L1", opened_at="2025-01-21")
    market.add("returns", order_line_id="L99", opened_at="2025-01-21")
    built(market, periods=["2025-01", "2025-02", "2025-Q1"])
    assert [share(market, "return_rate", period) for period in ("2025-01", "2025-02")] == [(5, 10), (0, 40)]
    flow = [share(market, "return_flow_rate", period) for period in ("2025-01", "2025-02", "2025-Q1")]
    assert flow == [(1, 10), (4, 40), (5, 50)]


def test_the_flow_may_exceed_the_lines_sold(market):
    """It is no share: its limits are those of a count over a known number."""
    lines(market, 3)
    lines(market, ordered_at="2025-02-10 12:00")
    for number in (1, 2, 3):
        market.add("returns", order_line_id=f"L{number}", opened_at="2025-02-05")
    row = built(market, periods=["2025-02"]).get("return_flow_rate", "2025-02")
    assert (row.value, row.numerator, row.denominator) == (3, 3, 1)
    assert (row.low, row.high) == (pytest.approx(0.6187, abs=5e-5), pytest.approx(8.7673, abs=5e-5))


def test_a17_refunds_by_lines_and_by_value_fit_net_sales(market):
    """Two refunds on one line are one refunded line; value is 1 - net sales / gross merchandise value."""
    lines(market, 4, amount_cents=1000)
    market.add("returns", refund_cents=300).add("returns", refund_cents=200)
    market.add("returns", order_line_id="L2", refund_cents=0)
    market.add("returns", order_line_id="L3", refund_cents=100, refunded_at="2025-04-10 00:00")
    built(market, "returns", "sales")
    assert share(market, "refund_rate") == (1, 4)
    assert share(market, "refund_value_share") == (500, 4000)
    assert market.get("refund_value_share").value == 1 - market.get("net_sales").value / market.get("gmv").value
    assert market.get("refund_value_share").low is None


def test_a17_refunds_of_lines_that_are_no_sales_do_not_count(market):
    lines(market).add("sales", status="cancelled", cancelled_at="2025-01-11").add("returns", order_line_id="L2")
    assert share(built(market), "refund_rate") == (0, 1)


@pytest.mark.parametrize(
    ("values", "cancelled", "ordered"),
    [
        pytest.param({}, 0, 1, id="delivered"),
        pytest.param({"status": "pending", "shipped_at": None, "delivered_at": None}, 0, 0, id="pending-is-no-order"),
        pytest.param({"status": "cancelled", "shipped_at": None, "delivered_at": None}, 1, 1, id="never-shipped"),
        pytest.param({"status": "cancelled", "cancelled_at": "2025-01-11 09:59"}, 1, 1, id="before-shipping"),
        pytest.param({"status": "cancelled", "cancelled_at": "2025-01-11 10:00"}, 0, 1, id="as-it-was-shipped"),
        pytest.param({"status": "cancelled"}, 0, 1, id="shipped-and-cancelled-some-time"),
        pytest.param({"status": "cancelled", "shipped_at": None}, 0, 1, id="delivered-so-it-was-shipped"),
        pytest.param(
            {"status": "cancelled", "cancelled_at": "2025-04-11", "shipped_at": None, "delivered_at": None},
            0,
            1,
            id="cancelled-after-as_of",
        ),
        pytest.param(
            {"status": "cancelled", "shipped_at": "2025-04-12", "delivered_at": None},
            1,
            1,
            id="shipped-after-as_of",
        ),
    ],
)
def test_a17_cancelled_before_shipping(market, values, cancelled, ordered):
    lines(market, cancelled_by="seller", **values)
    lines(market, status="cancelled", shipped_at=None, delivered_at=None, cancelled_by="buyer")
    built(market, "cancellations")
    assert share(market, "cancellation_rate") == (cancelled + 1, ordered + 1)
    assert share(market, "cancellation_rate_by_seller") == (cancelled, ordered + 1)


def test_a17_rates_of_sellers_and_categories_add_up_to_the_whole(market):
    lines(market, 4, seller_id="S1", category="Toys")
    lines(market, 6, seller_id="S2", category="Home")
    lines(market, 2, seller_id="S2", category="Home", status="cancelled", shipped_at=None, delivered_at=None)
    market.add("returns", order_line_id="L1", at_fault="seller").add("returns", order_line_id="L5", at_fault="buyer")
    market.add("reviews", order_line_id="L2", rating=1)
    built(market, "returns", "cancellations", "order_defects")
    for metric, expected in {
        "return_rate": {"S1": (1, 4), "S2": (1, 6), "Toys": (1, 4), "Home": (1, 6)},
        "refund_rate": {"S1": (1, 4), "S2": (1, 6), "Toys": (1, 4), "Home": (1, 6)},
        "return_flow_rate": {"S1": (1, 4), "S2": (1, 6), "Toys": (1, 4), "Home": (1, 6)},
        "cancellation_rate": {"S1": (0, 4), "S2": (2, 8), "Toys": (0, 4), "Home": (2, 8)},
        "order_defect_rate": {"S1": (2, 4), "S2": (0, 6)},
    }.items():
        for entity_id, wanted in expected.items():
            scope = "seller" if entity_id.startswith("S") else "category"
            assert share(market, metric, scope=scope, entity_id=entity_id) == wanted, (metric, entity_id)


def test_a17_own_an_order_can_only_have_one_defect(market):
    """A17 [OWN]: 1,000 orders, 4 negative, 3 claims and 2 chargebacks, two orders with two defects: 7/1000, not 9."""
    lines(market, 1000)
    for number in (1, 2, 3, 4):
        market.add("reviews", order_line_id=f"L{number}", rating=1 + number % 2)
    for number in (3, 4, 5, 6, 7):
        market.add("returns", order_line_id=f"L{number}", at_fault="seller")
    built(market, "order_defects")
    row = market.get("order_defect_rate")
    assert (row.numerator, row.denominator, row.value) == (7, 1000, 0.0070)
    assert (market.get("order_negative_review_rate").numerator, market.get("order_seller_fault_rate").numerator) == (
        4,
        5,
    )


@pytest.mark.parametrize(
    ("export", "values", "defects"),
    [
        pytest.param("reviews", {"rating": 2}, 1, id="two-stars"),
        pytest.param("reviews", {"rating": 3}, 0, id="three-stars"),
        pytest.param("reviews", {"rating": 1, "status": "removed"}, 0, id="removed"),
        pytest.param("reviews", {"rating": 1, "order_line_id": None, "order_id": "O1"}, 1, id="names-the-order-only"),
        pytest.param("reviews", {"rating": 1, "order_line_id": None}, 0, id="names-neither"),
        pytest.param("reviews", {"rating": 1, "created_at": "2025-03-11 12:00:00"}, 1, id="exactly-60-days-after"),
        pytest.param("reviews", {"rating": 1, "created_at": "2025-03-11 12:00:01"}, 0, id="later"),
        pytest.param("returns", {"at_fault": "seller", "opened_at": "2025-03-11 12:00:00"}, 1, id="return-at-60-days"),
        pytest.param("returns", {"at_fault": "seller", "opened_at": "2025-03-11 12:00:01"}, 0, id="return-later"),
        pytest.param("returns", {"at_fault": "carrier"}, 0, id="the-carriers-fault"),
        pytest.param("returns", {"at_fault": None}, 0, id="nobody-said-whose-fault"),
    ],
)
def test_a17_what_is_a_defect(market, export, values, defects):
    lines(market, order_id="O1").add(export, **{"order_line_id": "L1", **values})
    market.arrive("returns", "at_fault")
    market.arrive("reviews", "order_line_id")
    assert share(built(market, "order_defects"), "order_defect_rate") == (defects, 1)


@pytest.mark.parametrize(
    ("ordered_at", "orders", "reason", "pending"),
    [
        pytest.param("2025-02-09 00:00:00", 1, None, 0, id="exactly-60-days-old"),
        pytest.param("2025-02-09 00:00:01", 0, "immature", 1, id="younger"),
    ],
)
def test_0_4_orders_must_be_60_days_old(market, ordered_at, orders, reason, pending):
    lines(market, ordered_at=ordered_at).add("reviews", order_line_id="L1", rating=1, created_at="2025-02-20")
    market.arrive("returns", "at_fault")
    row = built(market, "order_defects", periods=["2025-02"]).get("order_defect_rate", "2025-02")
    assert row.numerator == orders, "a fast complaint does not enter early"
    assert (row.denominator, row.reason) == (orders, reason)
    assert market.get("order_defects_pending", "2025-02").value == pending


def test_a17_a_defect_is_that_sellers_whose_part_of_the_order_it_is(market):
    lines(market, order_id="O1", seller_id="S1").add("sales", order_id="O1", seller_id="S2")
    market.add("returns", order_line_id="L1", at_fault="seller")
    market.add("reviews", order_line_id="L2", seller_id="S2", rating=1)
    market.add("reviews", order_id="O1", seller_id="S3", rating=1)
    built(market, "order_defects")
    assert share(market, "order_defect_rate") == (1, 1)
    assert share(market, "order_seller_fault_rate", scope="seller", entity_id="S1") == (1, 1)
    assert share(market, "order_negative_review_rate", scope="seller", entity_id="S1") == (0, 1)
    assert share(market, "order_defect_rate", scope="seller", entity_id="S2") == (1, 1)


def test_a17_without_returns_there_is_no_defect_rate_but_its_other_part(market):
    lines(market).add("reviews", order_line_id="L1", rating=1)
    built(market, "returns", "order_defects")
    assert market.get("order_defect_rate").reason == "not_measured"
    assert market.get("return_rate").reason == "not_measured"
    assert share(market, "order_negative_review_rate") == (1, 1)


def test_returns_know_their_line_and_when_the_money_went_back(market):
    """The refund's local day, the day of opening where none is given, none while it is to be paid; none after as_of."""
    lines(market, order_id="O1", buyer_id="B7")
    market.add("returns", refunded_at="2025-01-20 23:30").add("returns", opened_at="2025-01-13 10:00")
    market.add("returns", refunded_at="2025-04-10 00:00").add("returns", order_line_id="L9", at_fault="seller")
    market.add("returns", opened_at="2025-04-10 00:00")
    market.plan("2025-01").build("core.returns")
    assert market.rows(
        "select return_id, buyer_id, order_id, day::varchar, refunded_day::varchar from core.returns order by return_id"
    ) == [
        ("T1", "B7", "O1", "2025-01-12", "2025-01-20"),
        ("T2", "B7", "O1", "2025-01-13", "2025-01-13"),
        ("T3", "B7", "O1", "2025-01-12", None),
        ("T4", None, None, "2025-01-12", "2025-01-12"),
    ]
