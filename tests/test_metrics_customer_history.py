"""Lifetime value to date (METRICS.md A23 i and ii), through the SQL itself."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from cdnow_support import AS_OF, FIRST_DAY, add_cdnow, cdnow_days, cdnow_rows
from metrics_support import marketplace


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


@pytest.fixture(scope="module")
def whole_cdnow():
    """To the end of June 1998."""
    with marketplace(AS_OF, first_day=FIRST_DAY) as made:
        add_cdnow(made).plan("1998-Q2", "1998-06", "1998-W20", "1997-Q4", "1997-Q3").build("metrics.customer_history")
        yield made


@pytest.mark.parametrize("period", ["1998-Q2", "1998-06"])
def test_a23_cdnow_to_date(whole_cdnow, period):
    """103.5604 on average, 43.06 in the middle, 244,091.94 in all; the top 236 customers 124,015.85, 50.81 %."""
    mean = whole_cdnow.get("clv_historic_mean", period)
    assert (mean.numerator, mean.denominator, mean.n) == (24_409_194, 2357, 2357)
    assert round(mean.value / 100, 4) == 103.5604
    assert whole_cdnow.get("clv_historic_median", period).value == 4306
    top = whole_cdnow.get("clv_top_decile_share", period)
    assert (top.numerator, top.denominator, round(top.value, 4)) == (12_401_585, 24_409_194, 0.5081)


def test_cdnow_from_its_rows():
    """A9 [PUB-DATA]: 6,919 rows of 2,357 customers are 6,696 customer-days and 244,091.94, up to 1998-06-30."""
    quarters = ("1997-Q1", "1997-Q2", "1997-Q3", "1997-Q4", "1998-Q1", "1998-Q2")
    with marketplace(AS_OF, first_day=FIRST_DAY) as market:
        rows = [
            {"buyer_id": who, "order_id": f"{who} {day}", "ordered_at": f"{day[:4]}-{day[4:6]}-{day[6:]} 12:00",
             "amount_cents": round(float(dollars) * 100)}
            for _, who, day, _, dollars in cdnow_rows()
        ]  # fmt: skip
        market.add_rows("sales", rows).plan(*quarters).build("metrics.sales")
        totals = {
            metric: sum(market.get(metric, quarter).value for quarter in quarters)
            for metric in ("units", "orders", "new_buyers", "gmv")
        }
        days = market.rows("select min(day), max(day) from core.orders")
    assert totals == {"units": 6919, "orders": 6696, "new_buyers": 2357, "gmv": 24_409_194}
    assert days == [(date(1997, 1, 1), date(1998, 6, 30))]


def test_cdnow_to_date_in_another_way(whole_cdnow):
    """Polars, at two ends: only what was bought by then counts, and only those who had bought."""
    for period, end in (("1998-Q2", date(1998, 7, 1)), ("1997-Q4", date(1998, 1, 1)), ("1997-Q3", date(1997, 10, 1))):
        spent = cdnow_days().filter(pl.col("day") < end).group_by("buyer_id").agg(pl.col("amount_cents").sum())
        cents = spent["amount_cents"].sort()
        assert whole_cdnow.get("clv_historic_mean", period).value == pytest.approx(cents.mean())
        assert whole_cdnow.get("clv_historic_median", period).value == cents.median()
        assert whole_cdnow.get("clv_historic_p90", period).value == cents[int(np.ceil(0.9 * len(cents))) - 1]
        row = whole_cdnow.get("clv_historic_mean", period)
        half = 1.9610 * cents.std() / len(cents) ** 0.5
        assert (row.low, row.high) == pytest.approx((row.value - half, row.value + half), rel=1e-4)


def test_cdnow_in_an_ordinary_year(whole_cdnow):
    """The 12 months to the quarter's end, of those who bought in them; immature while there are fewer months."""
    year = cdnow_days().filter(pl.col("day") >= date(1997, 7, 1))
    row = whole_cdnow.get("clv_simple_12m", "1998-Q2")
    assert (row.numerator, row.denominator) == (year["amount_cents"].sum(), year["buyer_id"].n_unique())
    assert whole_cdnow.get("clv_simple_12m", "1997-Q3").reason == "immature"
    row = whole_cdnow.get("clv_simple_12m", "1997-Q4")
    assert (row.reason, row.denominator) == (None, 2357), "the first day's twelfth month ends with the year"
    spent = cdnow_days().filter(pl.col("day") < date(1998, 1, 1)).group_by("buyer_id").agg(pl.col("amount_cents").sum())
    half = 1.9610 * spent["amount_cents"].std() / 2357**0.5
    assert (row.low, row.high) == pytest.approx((row.value - half, row.value + half), rel=1e-4)


def spend(market, *cents, **values):
    for amount in cents:
        market.add("sales", amount_cents=amount, **values)
    return market.plan("2025-01", "2025-Q1", "2025-02").build("metrics.customer_history")


@pytest.mark.parametrize(
    ("cents", "median", "p90", "top"),
    [
        pytest.param([300], 300, 300, 300, id="one"),
        pytest.param([100, 400], 250, 400, 400, id="two-have-their-mean-in-the-middle"),
        pytest.param([100, 200, 200, 900], 200, 900, 900, id="equal-ones"),
        pytest.param([*range(10, 101, 10)], 55, 90, 100, id="ten: nine of them do not exceed 90"),
        pytest.param([*range(10, 111, 10)], 60, 100, 210, id="eleven: the tenth of them is two"),
        pytest.param([5] * 12 + [7] * 3, 5, 7, 14, id="two of three equal ones"),
        pytest.param([5] * 19 + [7], 5, 5, 12, id="one and one of nineteen equal ones"),
    ],
)
def test_history_by_hand(market, cents, median, p90, top):
    spend(market, *cents)
    assert market.get("clv_historic_mean").value == sum(cents) / len(cents)
    assert market.get("clv_historic_median").value == median
    assert market.get("clv_historic_p90").value == p90
    share = market.get("clv_top_decile_share")
    assert (share.numerator, share.denominator) == (top, sum(cents))


def test_history_adds_up_over_the_periods_and_is_net(market):
    """A buyer's orders of all time, less refunds; one who comes later is no customer yet."""
    market.add("sales", buyer_id="B1", amount_cents=1000, ordered_at="2024-03-05 10:00")
    market.add("sales", buyer_id="B1", amount_cents=500, order_line_id="LX")
    market.add("returns", order_line_id="LX", refund_cents=200)
    market.add("sales", buyer_id="B1", amount_cents=9000, status="cancelled")
    spend(market, 700, buyer_id="B2", ordered_at="2025-02-01 00:00")
    january, february = market.get("clv_historic_mean"), market.get("clv_historic_mean", "2025-02")
    assert (january.numerator, january.denominator) == (1300, 1)
    assert (february.numerator, february.denominator) == (2000, 2)


def test_history_of_nothing_but_gifts_has_no_share(market):
    spend(market, 0, 0)
    assert market.get("clv_top_decile_share").reason == "no_data"
    assert market.get("clv_historic_mean").value == 0


def test_history_that_refunds_ate_up_has_no_share(market):
    """Paid back more than was paid: the upper tenth of a loss says nothing."""
    market.add("sales", order_line_id="LX").add("returns", order_line_id="LX", refund_cents=4000)
    spend(market, 500)
    assert market.get("clv_historic_mean").value == -1250
    assert market.get("clv_top_decile_share").reason == "no_data"


def test_history_before_the_first_order_is_no_data(market):
    spend(market, 500, ordered_at="2025-02-01 00:00")
    for metric in ("clv_historic_mean", "clv_historic_median", "clv_historic_p90", "clv_top_decile_share"):
        assert market.get(metric).reason == "no_data"
        assert market.get(metric, "2025-02").reason is None


def test_the_ordinary_year_begins_on_its_first_day_and_asks_for_the_whole_of_it():
    """A quarter that runs, or that began before twelve months of exports were there, is immature."""
    for first_day, day, cents in (("2024-04-01", "2024-04-01", 1700), ("2024-04-01", "2024-03-31", 700)):
        with marketplace(first_day=first_day) as market:
            market.add("sales", buyer_id="B1", amount_cents=700, ordered_at="2025-03-31 21:00")
            market.add("sales", buyer_id="B1", amount_cents=1000, ordered_at=f"{day} 10:00")
            market.plan("2025-Q1", "2025-Q2").build("metrics.customer_history")
            row = market.get("clv_simple_12m", "2025-Q1")
            assert (row.numerator, row.denominator) == (cents, 1)
            assert market.get("clv_simple_12m", "2025-Q2").reason == "immature"
    with marketplace(first_day="2024-04-02") as market:
        spend(market, 700)
        row = market.get("clv_simple_12m", "2025-Q1")
        assert (row.value, row.numerator, row.reason) == (None, None, "immature")
