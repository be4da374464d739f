"""Cart abandonment (METRICS.md A22), through the SQL itself."""

import pytest
from metrics_support import marketplace


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def cart(market, ordered_at=None, times=1, status="completed", **values):
    """Carts that were last used at 12:30 on the 10th of January, and their orders, if any."""
    for _ in range(times):
        order_id = f"O{len(market.rows('from raw.carts'))}" if ordered_at else None
        if ordered_at:
            market.add("sales", order_id=order_id, ordered_at=ordered_at, status=status)
        market.add("carts", order_id=order_id, **values)
    return market


def built(market, *periods):
    market.arrive("carts", "order_id")
    market.arrive("sales")
    return market.plan(*(periods or ("2025-01",))).build("metrics.carts")


@pytest.mark.parametrize(
    ("carts", "orders", "abandoned", "percent"),
    [
        pytest.param(2500 + 650, 650, 2500, 79.4, id="PUB-goodcontent"),
        pytest.param(10000, 3000, 7000, 70.0, id="PUB-10000-carts-3000-orders"),
    ],
)
def test_a22_published_rates(market, carts, orders, abandoned, percent):
    market.add("carts", orders, order_id=lambda i: f"O{i}").add("carts", carts - orders, order_id=None)
    market.add("sales", orders, ordered_at="2025-01-10 12:40")
    row = built(market).get("cart_abandonment_rate")
    assert (row.numerator, row.denominator, row.n) == (abandoned, carts, carts)
    assert round(100 * row.value, 1) == percent
    assert row.low < row.value < row.high


@pytest.mark.parametrize(
    ("ordered_at", "status", "converted"),
    [
        pytest.param("2025-01-10 12:31", "completed", 1, id="at-once"),
        pytest.param("2025-01-11 12:30", "completed", 1, id="after-24-hours"),
        pytest.param("2025-01-11 12:30:01", "completed", 0, id="after-more-than-24-hours"),
        pytest.param("2025-01-10 12:31", "cancelled", 1, id="placed-and-later-cancelled"),
        pytest.param("2025-01-10 12:31", "pending", 1, id="placed-and-not-yet-paid"),
        pytest.param(None, None, 0, id="no-order"),
    ],
)
def test_a22_a_cart_is_converted_when_its_order_comes_in_time(market, ordered_at, status, converted):
    row = built(cart(market, ordered_at, status=status)).get("cart_abandonment_rate")
    assert (row.numerator, row.denominator) == (1 - converted, 1)


def test_a22_the_time_runs_from_the_last_use_not_from_the_creation(market):
    cart(market, "2025-01-31 12:00", last_activity_at="2025-01-30 18:00")
    assert built(market).get("cart_abandonment_rate").value == 0


def test_a22_the_policy_says_how_long(market):
    market.con.execute("update ref.policies set value = 1 where policy = 'cart_converted_within_hours'")
    cart(market, "2025-01-10 13:30").add("carts", last_activity_at="2025-04-09 23:30")
    cart(market, "2025-01-10 13:31")
    built(market)
    assert market.get("cart_abandonment_rate")[1:3] == (1, 2)
    assert market.get("carts_pending").value == 1


def test_a22_an_order_that_the_sales_do_not_have_is_not_placed(market):
    market.add("carts", order_id="unknown")
    assert built(market).get("cart_abandonment_rate").value == 1


def test_a22_an_order_of_several_lines_is_one_order(market):
    cart(market, "2025-01-10 12:40").add("sales", order_id="O0", ordered_at="2025-01-15 10:00")
    assert built(market).get("cart_abandonment_rate")[1:3] == (0, 1)


def test_a22_young_carts_are_pending_converted_or_not(market):
    """as_of is the 10th of April, 00:00: the 24 hours of a cart last used on the 9th at 00:00 are over, just."""
    for used in ("2025-04-09 00:00", "2025-04-09 00:01"):
        market.add("carts", created_at="2025-04-08 12:00", last_activity_at=used)
    cart(market, "2025-04-09 20:00", created_at="2025-04-09 19:00", last_activity_at="2025-04-09 19:30")
    built(market, "2025-04", "2025-W15")
    for period in ("2025-04", "2025-W15"):
        assert market.get("cart_abandonment_rate", period)[1:3] == (1, 1)
        assert market.get("carts_pending", period)[1:4] == (2, None, 2)


def test_a22_only_young_carts_are_immature_and_not_0(market):
    market.add("carts", created_at="2025-04-09 19:00", last_activity_at="2025-04-09 19:30")
    built(market, "2025-04")
    for metric in ("cart_abandonment_rate", "cart_abandonment_value_share", "cart_abandonment_visitor_share"):
        row = market.get(metric, "2025-04")
        assert (row.value, row.low, row.high, row.reason) == (None, None, None, "immature")


def test_a22_a_cart_after_as_of_is_not_known(market):
    market.add("carts", created_at="2025-04-10 00:00", last_activity_at="2025-04-10 00:00")
    assert built(market, "2025-04").get("carts_pending", "2025-04").reason == "no_data"


def test_a22_an_empty_cart_is_no_cart(market):
    """A22: at least one item; a cart without value holds none."""
    market.add("carts", value_cents=0).add("carts")
    assert built(market).get("cart_abandonment_rate").denominator == 1


def test_a22_carts_of_the_day_of_creation():
    """Created at 22:30 UTC on the 31st, which is the 1st in Johannesburg."""
    with marketplace(time_zone="Africa/Johannesburg") as market:
        market.add("carts", created_at="2025-01-31 22:30", last_activity_at="2025-01-31 22:30")
        built(market, "2025-01", "2025-02")
        assert market.get("cart_abandonment_rate").reason == "no_data"
        assert market.get("cart_abandonment_rate", "2025-02").denominator == 1


def test_a22_by_value(market):
    """30.00 ordered, 50.00 and 20.00 left standing: 7/10 of the value, 2/3 of the carts."""
    cart(market, "2025-01-10 12:40", value_cents=3000)
    cart(market, value_cents=5000)
    cart(market, value_cents=2000)
    built(market)
    row = market.get("cart_abandonment_value_share")
    assert (row.numerator, row.denominator, row.n, row.value) == (7000, 10000, 3, 0.7)
    assert market.get("cart_abandonment_rate")[1:3] == (2, 3)
    assert market.get("carts_pending").value == 0
    n, z = 10000**2 / (3000**2 + 5000**2 + 2000**2), 1.959963984540054
    centre, half = 0.7 + z * z / (2 * n), z * (0.21 / n + z * z / (4 * n * n)) ** 0.5
    assert (row.low, row.high) == pytest.approx(((centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)))


@pytest.mark.parametrize(("ordered_at", "value"), [(None, 1), ("2025-01-10 12:40", 0)])
def test_a22_all_or_nothing_has_a_limit_at_the_end_and_one_inside(market, ordered_at, value):
    cart(market, ordered_at, 10)
    row = built(market).get("cart_abandonment_value_share")
    share = market.get("cart_abandonment_rate")
    assert (row.value, row.low, row.high) == pytest.approx((value, share.low, share.high))
    assert value in (row.low, row.high)


def test_a22_visitors_who_abandoned_every_cart(market):
    """B1 left two carts and ordered with a third; B2 left one; B3's only cart is of another month."""
    cart(market, None, 2, buyer_or_session="B1")
    cart(market, "2025-01-10 12:40", buyer_or_session="B1")
    cart(market, buyer_or_session="B2")
    cart(market, buyer_or_session="B3", created_at="2025-02-10 12:00")
    built(market)
    assert market.get("cart_abandonment_rate")[1:3] == (3, 4)
    assert market.get("cart_abandonment_visitor_share")[1:4] == (1, 2, 2)


@pytest.mark.parametrize("missing", ["sales", "carts.order_id"])
def test_a22_without_orders_it_is_not_measured(market, missing):
    market.add("carts")
    market.arrive("carts", *([] if missing == "carts.order_id" else ["order_id"]))
    if missing != "sales":
        market.add("sales")
    market.plan("2025-01").build("metrics.carts")
    assert market.get("cart_abandonment_rate").reason == "not_measured"
