"""Sales and repeat customers (METRICS.md A9, A17's traps, A18), through the SQL itself."""

import random
from collections import defaultdict
from datetime import datetime, timedelta

import pytest
from metrics_support import marketplace
from scipy import stats


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def test_a18_gross_net_orders_units_buyers(market):
    """Two sellers in one order: it is one order at all, and one for each seller; money and units are split."""
    market.add("sales", order_id="O1", order_line_id="L1", buyer_id="B1", qty=2, amount_cents=1000)
    market.add(
        "sales", order_id="O1", order_line_id="L2", buyer_id="B1", seller_id="S2", product_id="P2", category="Toys"
    )
    market.add(
        "sales", order_id="O2", order_line_id="L3", buyer_id="B1", amount_cents=500, ordered_at="2025-01-20 08:00"
    )
    market.add("returns", order_line_id="L1", refund_cents=300)
    market.plan("2025-01", "2025-W02", "2025-Q1").build("metrics.sales")
    whole = {m: market.get(m).value for m in ("gmv", "net_sales", "orders", "units", "active_buyers", "new_buyers")}
    assert whole == {"gmv": 2500, "net_sales": 2200, "orders": 2, "units": 4, "active_buyers": 1, "new_buyers": 1}
    assert market.get("average_order_value").value == 1100
    assert market.get("orders", scope="seller", entity_id="S2").value == 1
    assert market.get("net_sales", scope="seller", entity_id="S1").value == 1200
    assert market.get("gmv", scope="product", entity_id="P2").value == 1000
    assert market.get("gmv", scope="category", entity_id="Toys").value == 1000
    assert market.get("orders", "2025-W02").value == 1


def test_a18_refunds_are_booked_to_the_orders_period(market):
    """A refund of March lowers January, where its order is, and leaves March alone."""
    market.add("sales", order_line_id="L1", amount_cents=1000, ordered_at="2025-01-31 23:00")
    market.add("sales", order_line_id="L2", amount_cents=700, ordered_at="2025-03-05 10:00")
    market.add(
        "returns", order_line_id="L1", refund_cents=400, opened_at="2025-02-20 10:00", refunded_at="2025-03-02 10:00"
    )
    market.plan("2025-01", "2025-03").build("metrics.sales")
    assert market.get("net_sales").value == 600
    assert market.get("net_sales", "2025-03").value == 700


@pytest.mark.parametrize(
    ("returned", "status", "net"),
    [
        pytest.param([600, 400], "completed", 0, id="A17-fully-refunded-is-0"),
        pytest.param([300], "refunded", 700, id="a-return-says-how-much"),
        pytest.param([], "refunded", 0, id="called-refunded-without-a-return"),
    ],
)
def test_a17_refunds_neither_double_nor_go_below_zero(market, returned, status, net):
    """Two payments back on one line: their sum is taken once, whatever the joins (A17: net and gross trap)."""
    market.add("sales", order_line_id="L1", amount_cents=1000, status=status)
    for cents in returned:
        market.add("returns", order_line_id="L1", refund_cents=cents)
    market.plan("2025-01").build("metrics.sales")
    assert (market.get("net_sales").value, market.get("gmv").value) == (net, 1000)


@pytest.mark.parametrize("status", ["pending", "cancelled"])
def test_a18_pending_and_cancelled_lines_are_no_sales(market, status):
    market.add("sales", order_id="O1", status=status).add("sales", order_id="O1").add(
        "sales", order_id="O2", status=status
    )
    market.plan("2025-01").build("metrics.sales")
    assert (market.get("orders").value, market.get("gmv").value) == (1, 1000)


def test_what_happens_after_as_of_has_not_happened(market):
    """as_of is 2025-04-10 00:00: a cancellation and a refund of that instant, and an order."""
    market.add("sales", order_line_id="L1", status="cancelled", cancelled_at="2025-04-10 00:00")
    market.add("sales", order_line_id="L2", amount_cents=50)
    market.add("returns", order_line_id="L2", refund_cents=50, refunded_at="2025-04-10 00:00")
    market.add("sales", ordered_at="2025-04-10 00:00")
    market.plan("2025-01", "2025-04").build("metrics.sales")
    assert market.get("net_sales").value == 1050
    assert market.get("orders", "2025-04").reason == "no_data"


def test_all_lines_of_an_order_belong_to_the_day_on_which_it_was_opened(market):
    """A line that was added after midnight: one order, of January, whole."""
    market.add("sales", order_id="O1", ordered_at="2025-01-31 23:50").add(
        "sales", order_id="O1", ordered_at="2025-02-01 00:10"
    )
    market.plan("2025-01", "2025-02").build("metrics.sales")
    assert (market.get("orders").value, market.get("gmv").value) == (1, 2000)
    assert market.get("orders", "2025-02").reason == "no_data"


def test_average_order_value_has_students_interval(market):
    for cents in (1000, 3000, 2000, 6000):
        market.add("sales", amount_cents=cents)
    market.plan("2025-01").build("metrics.sales")
    row = market.get("average_order_value")
    expected = stats.t.interval(0.95, 3, 3000, stats.sem([1000, 3000, 2000, 6000]))
    assert (row.low, row.high) == pytest.approx(expected)


def test_new_buyers_are_new_once(market):
    for ordered_at in ("2025-01-02 10:00", "2025-01-03 10:00", "2025-02-03 10:00"):
        market.add("sales", buyer_id="B1", ordered_at=ordered_at)
    market.plan("2025-01", "2025-02", "2025-Q1").build("metrics.sales")
    assert [market.get("new_buyers", p).value for p in ("2025-01", "2025-02", "2025-Q1")] == [1, 0, 1]


def test_a18_refunds_by_the_day_of_payment(market):
    """The cash view: opened in January, paid in February: February's. Without a day of payment, the day of opening."""
    market.add("sales", order_line_id="L1", amount_cents=1000)
    opened = "2025-01-30 10:00"
    market.add("returns", order_line_id="L1", refund_cents=400, opened_at=opened, refunded_at="2025-02-02 10:00")
    market.add("returns", order_line_id="L1", refund_cents=70, opened_at=opened)
    market.plan("2025-01", "2025-02", "2025-Q1", "2025-W05").build("metrics.sales")
    paid = {period: market.get("refunds_cash", period)[1:4] for period in ("2025-01", "2025-02", "2025-Q1", "2025-W05")}
    assert paid == {
        "2025-01": (70, None, 1), "2025-02": (400, None, 1), "2025-Q1": (470, None, 2), "2025-W05": (470, None, 2)
    }  # fmt: skip
    assert market.get("net_sales").value == 530, "net sales book both to the order's month"


def test_a18_a_refund_of_a_line_that_we_do_not_have_was_paid_all_the_same(market):
    market.add("returns", order_line_id="unknown", refund_cents=250)
    market.plan("2025-01").build("metrics.sales")
    assert market.get("refunds_cash").value == 250


@pytest.mark.parametrize(
    ("opened_at", "refunded_at"),
    [
        pytest.param("2025-04-09 10:00", "2025-04-10 00:00", id="paid-at-as_of-itself"),
        pytest.param("2025-04-10 00:00", None, id="opened-at-as_of-itself"),
    ],
)
def test_a18_a_refund_after_as_of_is_not_paid(market, opened_at, refunded_at):
    market.add("sales").add("returns", opened_at=opened_at, refunded_at=refunded_at)
    market.plan("2025-04").build("metrics.sales")
    assert market.get("refunds_cash", "2025-04").reason == "no_data"


def test_a17_one_refund_of_an_order_with_several_lines_is_taken_once(market):
    """dbt_shopify #176: joined to both payments of 10.00, the refund of 3.00 became 6.00."""
    market.add("sales", order_id="O1", order_line_id="L1", amount_cents=1000)
    market.add("sales", order_id="O1", order_line_id="L2", amount_cents=1000)
    market.add("returns", order_line_id="L1", refund_cents=300)
    market.plan("2025-01").build("metrics.sales")
    whole = {m: market.get(m).value for m in ("gmv", "net_sales", "orders", "refunds_cash")}
    assert whole == {"gmv": 2000, "net_sales": 1700, "orders": 1, "refunds_cash": 300}


def test_a18_active_products_are_distinct(market):
    for product, status in (("P1", "paid"), ("P1", "completed"), ("P2", "shipped"), ("P3", "cancelled")):
        market.add("sales", product_id=product, status=status)
    market.add("sales", product_id="P4", ordered_at="2025-02-01 00:00")
    market.plan("2025-01").build("metrics.sales")
    assert market.get("active_products").value == 2


def test_a18_units_per_order(market):
    """Orders of 3 and 1 units, the first of them in two lines."""
    market.add("sales", order_id="O1", qty=2).add("sales", order_id="O1", qty=1).add("sales", order_id="O2", qty=1)
    market.plan("2025-01").build("metrics.sales")
    row = market.get("units_per_order")
    assert (row.numerator, row.denominator, row.value) == (4, 2, 2)
    assert (row.low, row.high) == pytest.approx(stats.t.interval(0.95, 1, 2, 1))


@pytest.mark.parametrize(
    ("times", "is_repeat"),
    [
        pytest.param(["2025-01-10 10:00"], False, id="one-order"),
        pytest.param(["2025-01-10 10:00", "2025-01-10 18:00"], False, id="two-on-one-day"),
        pytest.param(["2025-01-10 10:00", "2025-01-11 10:00"], True, id="two-days-of-the-period"),
        pytest.param(["2024-03-01 10:00", "2025-01-10 10:00"], True, id="one-long-before"),
        pytest.param(["2025-01-10 10:00", "2025-02-01 10:00"], False, id="the-second-after-the-period"),
    ],
)
def test_a9_who_is_a_repeat_customer(market, times, is_repeat):
    """A9: at least two completed orders, on different days, up to the period's end."""
    for ordered_at in times:
        market.add("sales", buyer_id="B1", ordered_at=ordered_at)
    market.plan("2025-01").build("metrics.retention")
    row = market.get("repeat_customer_share")
    assert (row.numerator, row.denominator) == (int(is_repeat), 1)


def test_a9_an_order_that_was_cancelled_does_not_bring_back(market):
    market.add("sales", buyer_id="B1", ordered_at="2025-01-02 10:00", status="cancelled")
    market.add("sales", buyer_id="B1", ordered_at="2025-01-20 10:00")
    market.plan("2025-01").build("metrics.retention")
    assert market.get("repeat_customer_share").value == 0


def test_a9_in_a_category_orders_anywhere_bring_back(market):
    market.add("sales", buyer_id="B1", category="Toys", ordered_at="2025-01-02 10:00")
    market.add("sales", buyer_id="B1", category="Home", ordered_at="2025-01-20 10:00")
    market.plan("2025-01").build("metrics.retention")
    assert market.get("repeat_customer_share", scope="category", entity_id="Toys").value == 1


def test_a9_against_an_oracle(market):
    """A plain reading of the definition in Python over random orders of 40 buyers (FAULTS.md T47)."""
    chance = random.Random(9)
    orders = [(f"B{chance.randrange(40)}", chance.randrange(120)) for _ in range(120)]
    for buyer, day in orders:
        market.add("sales", buyer_id=buyer, ordered_at=datetime(2024, 11, 2, 12) + timedelta(days=day))
    market.plan("2025-01", "2025-02").build("metrics.retention")
    for period_id, first, last in (("2025-01", 60, 91), ("2025-02", 91, 119)):
        days = defaultdict(set)
        for buyer, day in orders:
            if day < last:
                days[buyer].add(day)
        served = {buyer for buyer, day in orders if first <= day < last}
        row = market.get("repeat_customer_share", period_id)
        assert (row.numerator, row.denominator) == (sum(len(days[b]) > 1 for b in served), len(served))


def test_new_buyers_of_one_day_are_new_in_their_first_order_only(market):
    """O1 was begun first, by id in the same instant, and finished last."""
    for order, seller, ordered_at in (
        ("O2", "S2", "2025-01-10 10:00"),
        ("O1", "S1", "2025-01-10 10:00"),
        ("O1", "S1", "2025-01-10 10:30"),
    ):
        market.add("sales", buyer_id="B1", order_id=order, seller_id=seller, ordered_at=ordered_at)
    market.plan("2025-01").build("metrics.sales")
    found = market.rows("select entity_id, value from metrics.sales where metric = 'new_buyers' and scope <> 'product'")
    assert dict(found) == {"all": 1, "S1": 1, "S2": 0, "Home": 1}


def test_the_category_is_the_sales_then_the_registers(market):
    market.add("products", product_id="P1", category="Garden")
    for product, category, cents in (("P1", "Toys", 1), ("P1", None, 20), ("P9", None, 300)):
        market.add("sales", product_id=product, category=category, amount_cents=cents)
    market.plan("2025-01").build("metrics.sales")
    found = market.rows("select entity_id, value from metrics.sales where metric = 'gmv' and scope = 'category'")
    assert dict(found) == {"Toys": 1, "Garden": 20, "uncategorised": 300}


def test_of_a_line_nothing_after_as_of_is_known(market):
    """Cancelled, shipped and delivered at as_of itself."""
    at = "2025-04-10 00:00"
    market.add("sales", status="cancelled", cancelled_by="buyer", cancelled_at=at, shipped_at=at, delivered_at=at)
    market.plan("2025-01").build("core.order_lines")
    columns = "status, cancelled_by, cancelled_at, shipped_at, delivered_at"
    assert market.rows(f"select {columns} from core.order_lines") == [("paid", None, None, None, None)]


def test_sales_belong_to_the_offices_day():
    """2025-01-31 22:00 UTC is already February in Johannesburg."""
    with marketplace(time_zone="Africa/Johannesburg") as there:
        for ordered_at in ("2025-01-31 21:59:59", "2025-01-31 22:00:00"):
            there.add("sales", ordered_at=ordered_at)
        there.plan("2025-01", "2025-02").build("metrics.sales")
        assert [there.get("orders", period).value for period in ("2025-01", "2025-02")] == [1, 1]


def test_a18_buyers_are_not_counted_by_product(market):
    """Active products are told with the number of product and order pairs behind them."""
    market.add("sales", 3).plan("2025-01").build("metrics.sales")
    assert market.rows("from metrics.sales where scope = 'product' and metric = 'active_buyers'") == []
    assert (market.get("active_products").value, market.get("active_products").n) == (1, 3)
