"""Orders that arrive when promised, and how long they take (METRICS.md A15), through the SQL itself."""

from datetime import datetime, timedelta

import pytest
from metrics_support import marketplace


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def delivery(market, **values):
    values = {"ordered_at": "2025-01-03 09:00", "promised_at": "2025-01-20 00:00", "delivered_at": None, **values}
    return market.add("sales", **values)


def test_a15_on_time(market):
    """A15 [OWN]: 10 promised: 7 on time, 1 late, 1 undelivered past its promise, 1 cancelled by the buyer: 7/9."""
    delivery(market, delivered_at="2025-01-19 10:00", times=6)
    delivery(market, delivered_at="2025-01-20 00:00")
    delivery(market, delivered_at="2025-01-20 00:01")
    delivery(market, status="shipped")
    delivery(market, status="cancelled", cancelled_by="buyer")
    market.plan("2025-01").build("metrics.deliveries")
    row = market.get("on_time_delivery_rate")
    assert (row.numerator, row.denominator, round(row.value, 3)) == (7, 9, 0.778)
    assert (round(row.low, 3), round(row.high, 3)) == (0.453, 0.937)


@pytest.mark.parametrize(
    ("values", "counted"),
    [
        pytest.param({"status": "cancelled", "cancelled_by": "seller"}, (0, 1), id="the-seller-cancelled"),
        pytest.param({"status": "cancelled", "cancelled_by": "platform"}, (0, 1), id="the-platform-cancelled"),
        pytest.param({"status": "cancelled"}, None, id="nobody-says-who-cancelled"),
        pytest.param({"status": "pending"}, None, id="pending"),
        pytest.param(
            {"status": "cancelled", "cancelled_by": "buyer", "cancelled_at": "2025-04-10 00:00"},
            (0, 1),
            id="the-buyer-cancelled-after-as_of",
        ),
    ],
)
def test_a15_who_owes_a_delivery(market, values, counted):
    delivery(market, **values)
    market.plan("2025-01").build("metrics.deliveries")
    row = market.get("on_time_delivery_rate")
    assert (row.numerator, row.denominator) == (counted or (None, None))


def test_a15_by_the_day_of_the_promise_and_only_when_due(market):
    """Ordered in January, promised for April: due on the 9th of April at as_of, not yet on the 11th."""
    for promised_at in ("2025-04-09 00:00", "2025-04-11 00:00"):
        market.add("sales", ordered_at="2025-01-03 09:00", promised_at=promised_at, delivered_at="2025-01-09 09:00")
    market.add("sales", ordered_at="2025-01-03 09:00")
    market.plan("2025-01", "2025-04").build("metrics.deliveries")
    assert market.get("on_time_delivery_rate", "2025-04")[1:3] == (1, 1), "the early one is not counted yet either"
    assert market.get("on_time_delivery_rate").reason == "no_data"
    assert (market.get("orders_without_promise").value, market.get("orders_without_promise").n) == (1, 3)


def test_a15_an_order_is_on_time_when_its_last_part_is(market):
    """One seller was late: the order is late, the other seller's part is not."""
    delivery(market, order_id="O1", seller_id="S1", delivered_at="2025-01-10 10:00")
    delivery(market, order_id="O1", seller_id="S2", category="Toys", delivered_at="2025-01-25 10:00")
    market.plan("2025-01").build("metrics.deliveries")
    assert market.get("on_time_delivery_rate").value == 0
    assert market.get("on_time_delivery_rate", scope="seller", entity_id="S1").value == 1
    assert market.get("on_time_delivery_rate", scope="category", entity_id="Toys").value == 0


@pytest.mark.parametrize(("delivered_at", "on_time"), [("2025-01-25 00:00", 1), ("2025-01-25 00:01", 0)])
def test_a15_an_orders_promise_is_the_latest_of_its_lines(market, delivered_at, on_time):
    delivery(market, order_id="O1", promised_at="2025-01-20 00:00", delivered_at="2025-01-10 10:00")
    delivery(market, order_id="O1", promised_at="2025-01-25 00:00", delivered_at=delivered_at)
    market.plan("2025-01").build("metrics.deliveries")
    assert market.get("on_time_delivery_rate")[1:3] == (on_time, 1)


def test_a15_a_delivery_of_as_of_itself_has_not_happened(market):
    """as_of and the promise are both 2025-04-10 00:00: due, and not delivered as far as we know."""
    delivery(market, promised_at="2025-04-10 00:00", delivered_at="2025-04-10 00:00")
    market.plan("2025-04").build("metrics.deliveries")
    assert market.get("on_time_delivery_rate", "2025-04")[1:3] == (0, 1)


def test_a15_median_days_count_the_undelivered(market):
    """Delivered after 2, 4 and 30 days, and one never: the curve is at 3/4, 1/2, 1/4: median 4 days, not 4's
    neighbour."""
    for delivered_at in ("2025-01-12 12:00", "2025-01-14 12:00", "2025-02-09 12:00", None):
        market.add("sales", ordered_at="2025-01-10 12:00", delivered_at=delivered_at)
    market.plan("2025-01").build("metrics.waiting_times")
    row = market.get("delivery_days_median")
    assert (row.value, row.numerator, row.denominator) == (4, 3, 4)


def test_a15_median_days_of_a_seller_are_those_of_its_part(market):
    for seller, days in (("S1", 2), ("S2", 9)):
        market.add(
            "sales", order_id="O1", seller_id=seller, delivered_at=datetime(2025, 1, 10, 12) + timedelta(days=days)
        )
    market.plan("2025-01").build("metrics.waiting_times")
    assert market.get("delivery_days_median").value == 9
    assert market.get("delivery_days_median", scope="seller", entity_id="S1").value == 2


def test_a15_an_order_is_due_on_the_day_of_its_last_promise(market):
    """Promised in parts for January and February: February's. For the 5th and 12th of April: not due on the 10th."""
    for order_id, days in (("O1", ("2025-01-20", "2025-02-03")), ("O2", ("2025-04-05", "2025-04-12"))):
        for day in days:
            delivery(market, order_id=order_id, promised_at=f"{day} 00:00")
    market.plan("2025-01", "2025-02", "2025-04").build("metrics.deliveries")
    assert market.get("on_time_delivery_rate").reason == "no_data"
    assert market.get("on_time_delivery_rate", "2025-02")[1:3] == (0, 1)
    row = market.get("on_time_delivery_rate", "2025-04")
    assert (row.denominator, row.reason) == (0, "immature")


def test_a15_promises_are_of_the_offices_day():
    """2025-01-31 22:00 UTC is already February in Johannesburg."""
    with marketplace(time_zone="Africa/Johannesburg") as there:
        for promised_at in ("2025-01-31 21:59:59", "2025-01-31 22:00:00"):
            delivery(there, promised_at=promised_at)
        there.plan("2025-01", "2025-02").build("metrics.deliveries")
        assert [there.get("on_time_delivery_rate", p).denominator for p in ("2025-01", "2025-02")] == [1, 1]


def test_a15_a_part_that_never_came_keeps_the_order_waiting(market):
    """The first line came after two days, the second never: neither delivered nor on time."""
    delivery(market, order_id="O1", delivered_at="2025-01-05 09:00")
    delivery(market, order_id="O1")
    market.plan("2025-01").build("metrics.waiting_times", "metrics.deliveries")
    assert market.get("delivery_days_median")[:3] == (None, 0, 1)
    assert market.get("on_time_delivery_rate")[1:3] == (0, 1)


def test_a15_an_order_that_the_seller_cancelled_in_part_is_late_and_no_wait(market):
    """Nobody waits for what was cancelled, and so the order's days to delivery are not told."""
    delivery(market, order_id="O1", delivered_at="2025-01-05 09:00")
    delivery(market, order_id="O1", seller_id="S2", status="cancelled", cancelled_by="seller")
    market.plan("2025-01").build("metrics.waiting_times", "metrics.deliveries")
    assert market.get("on_time_delivery_rate")[1:3] == (0, 1)
    assert market.get("delivery_days_median").reason == "no_data"
    assert market.get("delivery_days_median", scope="seller", entity_id="S1").value == 2


def test_a15_the_days_run_from_the_orders_first_line(market):
    for ordered_at in ("2025-01-10 12:00", "2025-01-11 12:00"):
        market.add("sales", order_id="O1", ordered_at=ordered_at, delivered_at="2025-01-14 12:00")
    market.plan("2025-01").build("metrics.waiting_times")
    assert market.get("delivery_days_median").value == 4
