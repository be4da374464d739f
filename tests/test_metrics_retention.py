"""Customers kept, their cohorts, and customers lost (METRICS.md A9, A10, A22), through the SQL itself."""

from datetime import date

import pytest
from cdnow_support import AS_OF, FIRST_DAY, add_cdnow
from customers_support import bought
from metrics_support import marketplace


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


@pytest.mark.parametrize(
    ("at_start", "at_end", "new", "share"),
    [
        pytest.param(100, 110, 30, 0.80, id="PUB-Emarsys"),
        pytest.param(3000, 4000, 3000, 1 / 3, id="PUB-LoyaltyLion"),
        pytest.param(100, 105, 20, 0.85, id="PUB-Kozminski"),
        pytest.param(100, 110, 15, 0.95, id="PUB-faqprime-with-the-brackets-that-it-forgot"),
    ],
)
def test_a9_classic_retention(market, at_start, at_end, new, share):
    """(E - N) / S: S bought in December, E in January, N of these not in December."""
    market.add("sales", at_start, buyer_id=lambda i: f"B{i}", ordered_at="2024-12-10 12:00")
    market.add("sales", at_end - new, buyer_id=lambda i: f"B{i - at_start}", ordered_at="2025-01-10 12:00")
    market.add("sales", new, buyer_id=lambda i: f"N{i}", ordered_at="2025-01-11 12:00")
    market.plan("2025-01").build("metrics.retention", "metrics.sales")
    row = market.get("customer_retention_rate")
    assert (row.numerator, row.denominator, row.n) == (at_end - new, at_start, at_start)
    assert row.value == pytest.approx(share)
    assert row.low < row.value < row.high
    assert market.get("active_buyers").value == at_end


def test_a9_the_won_back_are_not_kept(market):
    """Of six buyers of January: one kept, two won back (one of them with two orders), three new; one of December is
    lost."""
    bought(market, "kept", "2024-12-01", "2025-01-01", "2025-01-20")
    bought(market, "back in February", "2024-11-30", "2025-02-01")
    bought(market, "lost", "2024-12-31").add("sales", buyer_id="lost", ordered_at="2025-02-01 00:00")
    bought(market, "back 1", "2024-11-30", "2025-01-31")
    bought(market, "back 2", "2024-06-30", "2025-01-02", "2025-01-03")
    for number in range(3):
        bought(market, f"new {number}", "2025-01-05", "2025-01-06")
    market.plan("2025-01").build("metrics.retention", "metrics.sales")
    row = market.get("customer_retention_rate")
    assert (row.numerator, row.denominator) == (1, 2)
    assert market.get("won_back_buyers").value == 2
    assert market.get("active_buyers").value == 1 + 2 + market.get("new_buyers").value


def test_a9_a_quarter_is_held_against_the_quarter_before(market):
    """Twice in the quarter before is one customer; months within the quarter do not matter."""
    bought(market, "B1", "2024-10-01", "2024-12-31", "2025-02-20")
    bought(market, "B2", "2024-11-11", "2025-04-01")
    market.plan("2025-Q1", "2025-02").build("metrics.retention")
    assert market.get("customer_retention_rate", "2025-Q1")[1:3] == (1, 2)
    assert market.get("customer_retention_rate", "2025-02").reason == "no_data"


def test_a9_retention_waits_for_the_periods_end(market):
    """as_of is the 10th of April: April's buyers may still come, March's cannot."""
    bought(market, "B1", "2025-02-10", "2025-03-10", "2025-04-05")
    market.plan("2025-03", "2025-04").build("metrics.retention")
    assert market.get("customer_retention_rate", "2025-03").value == 1
    row = market.get("customer_retention_rate", "2025-04")
    assert (row.value, row.numerator, row.denominator, row.n, row.reason) == (None, None, None, 1, "immature")
    assert market.get("won_back_buyers", "2025-04").value == 0


@pytest.mark.parametrize(("first_day", "reason"), [("2024-12-01", None), ("2024-12-02", "no_data")])
def test_a9_a_previous_period_that_we_have_in_part_is_no_base(first_day, reason):
    with marketplace(first_day=first_day) as market:
        bought(market, "B1", "2024-12-10", "2025-01-10")
        market.plan("2025-01").build("metrics.retention")
        assert market.get("customer_retention_rate").reason == reason


@pytest.fixture(scope="module")
def cdnow():
    with marketplace(as_of=AS_OF, first_day=FIRST_DAY) as made:
        yield add_cdnow(made).plan("1997-04", "1998-Q2").build("metrics.cohorts", "metrics.retention", "metrics.sales")


def triangle(market, column, cohort="2025-01-01"):
    rows = market.rows(
        f"select {column} from metrics.cohorts where cohort_month = ? order by months_since", date.fromisoformat(cohort)
    )
    return [value for (value,) in rows]


def test_a10_the_cdnow_triangle(cdnow):
    """A10 [PUB-DATA]: January 1997, months 0 to 6."""
    assert triangle(cdnow, "buyers", "1997-01-01")[:7] == [781, 124, 95, 70, 65, 77, 65]
    assert triangle(cdnow, "cohort_buyers", "1997-01-01") == [781] * 18
    assert triangle(cdnow, "share", "1997-01-01")[:2] == [1, 124 / 781]
    assert triangle(cdnow, "reason", "1997-01-01") == [None] * 18


def test_a10_cohorts_hold_every_customer_once(cdnow):
    """CDNOW's customers all came in the first three months: 2,357 of them."""
    sizes = cdnow.rows("select cohort_month, cohort_buyers from metrics.cohorts where months_since = 0 order by all")
    assert [month.month for month, _ in sizes] == [1, 2, 3]
    assert sum(buyers for _, buyers in sizes) == 2357
    active = cdnow.rows(
        "select sum(buyers) from metrics.cohorts where cohort_month + to_months(months_since) = '1997-04-01'"
    )
    assert active == [(cdnow.get("active_buyers", "1997-04").value,)]


def test_a9_cdnow_keeps_few(cdnow):
    """Whoever bought in a quarter is one of the cohorts'; kept and won back are all of them, since nobody is new."""
    kept, back = (cdnow.get(metric, "1998-Q2") for metric in ("customer_retention_rate", "won_back_buyers"))
    assert kept.numerator + back.numerator == cdnow.get("active_buyers", "1998-Q2").value


def test_a10_the_interval_is_wilsons(cdnow):
    ((low, high),) = cdnow.rows(
        "select low, high from metrics.cohorts where cohort_month = '1997-01-01' and months_since = 1"
    )
    p, n, z = 124 / 781, 781, 1.959963984540054
    centre, half = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    assert (low, high) == pytest.approx(((centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)))
    assert triangle(cdnow, "low", "1997-01-01")[0] is None, "month 0 is everybody by definition"


def cohort(market, size=10, day="2025-01-10"):
    for number in range(size):
        bought(market, f"B{number}", day)
    return market


@pytest.mark.parametrize(
    ("as_of", "buyers", "reasons"),
    [
        pytest.param("2025-04-10 00:00", [10, 1, 0, None], [None, None, None, "immature"], id="within-a-month"),
        pytest.param("2025-04-01 00:00", [10, 1, 0], [None] * 3, id="at-a-months-end"),
        pytest.param("2025-03-31 23:59", [10, 1, None], [None, None, "immature"], id="a-minute-before"),
        pytest.param("2025-01-31 23:59", [None], ["immature"], id="the-first-month-itself"),
    ],
)
def test_a10_a_month_that_has_not_ended_is_blank_and_not_0(as_of, buyers, reasons):
    with marketplace(as_of=as_of) as market:
        bought(cohort(market), "B3", "2025-02-01", "2025-02-28", "2025-04-02")
        market.plan("2025-01").build("metrics.cohorts")
        assert triangle(market, "buyers") == buyers
        assert triangle(market, "share") == [None if count is None else count / 10 for count in buyers]
        assert triangle(market, "reason") == reasons
        assert triangle(market, "cohort_buyers") == [10] * len(buyers)


def test_a10_months_are_the_offices():
    """22:30 UTC on the 31st of January is February in Johannesburg."""
    with marketplace(time_zone="Africa/Johannesburg") as market:
        market.add("sales", 10, ordered_at="2025-01-31 22:30").plan("2025-01").build("metrics.cohorts")
        assert market.rows("select distinct cohort_month from metrics.cohorts") == [(date(2025, 2, 1),)]


def test_a10_not_unbounded(market):
    """Who comes back in the second month has not come back in the first."""
    bought(cohort(market), "B1", "2025-03-10").plan("2025-01").build("metrics.cohorts")
    assert triangle(market, "buyers") == [10, 0, 1, None]


def test_a10_a_cohort_of_nine_is_suppressed(market):
    cohort(market, 9).plan("2025-01").build("metrics.cohorts")
    assert triangle(market, "reason") == ["suppressed"] * 3 + ["immature"]
    assert triangle(market, "buyers") == triangle(market, "share") == triangle(market, "low") == [None] * 4


def test_a10_a_cancelled_order_makes_no_cohort(market):
    market.add("sales", 10, status="cancelled").plan("2025-01").build("metrics.cohorts")
    assert market.rows("select count(*) from metrics.cohorts") == [(0,)]


def opted(market, buyer, *events):
    for event, day in events:
        market.add("subscriptions", buyer_id=buyer, event=f"opt_{event}", at=f"{day} 12:00")
    return market


@pytest.mark.parametrize(
    ("events", "lost", "customers"),
    [
        pytest.param([("out", "2025-01-20")], 1, 2, id="opted-out"),
        pytest.param([("in", "2024-06-01"), ("out", "2025-01-31")], 1, 2, id="was-in-on-the-last-day"),
        pytest.param([("out", "2025-02-01")], 0, 2, id="after-the-end"),
        pytest.param([("out", "2024-12-31")], 0, 1, id="gone-before-the-start-is-no-customer"),
        pytest.param([("out", "2025-01-01")], 1, 2, id="on-the-first-day"),
        pytest.param([("out", "2024-12-01"), ("in", "2024-12-30")], 0, 2, id="back-before-the-start"),
        pytest.param([("out", "2025-01-10"), ("in", "2025-01-31")], 0, 2, id="back-before-the-end"),
        pytest.param([("out", "2025-01-10"), ("in", "2025-02-01")], 1, 2, id="back-after-the-end"),
        pytest.param([("out", "2025-01-10"), ("out", "2025-01-11")], 1, 2, id="twice-is-once"),
        pytest.param([("out", "2024-12-01"), ("in", "2025-01-05"), ("out", "2025-01-07")], 0, 1, id="in-and-out-again"),
        pytest.param([("out", "2024-12-01"), ("in", "2025-01-05")], 0, 1, id="won-back-within-the-period"),
    ],
)
def test_a22_customers_who_opted_out(market, events, lost, customers):
    """Another customer stays. Somebody who never ordered, and one who first ordered in the period, are no customers at
    its start."""
    bought(market, "B1", "2024-11-11", "2025-01-15")
    bought(market, "B2", "2023-11-11")
    bought(market, "B3", "2025-01-01")
    opted(market, "nobody", ("in", "2024-01-01"), ("out", "2025-01-10"))
    opted(market, "B3", ("out", "2025-01-10"))
    opted(market, "B1", *events)
    market.plan("2025-01").build("metrics.churn")
    assert market.get("churn_rate")[1:4] == (lost, customers, customers)


def test_a22_of_two_events_at_one_instant_the_opt_out_stands(market):
    bought(market, "B1", "2024-11-11")
    opted(market, "B1", ("out", "2025-01-10"), ("in", "2025-01-10"))
    market.plan("2025-01").build("metrics.churn")
    assert market.get("churn_rate").value == 1


def test_a22_opting_out_is_known_from_the_first_event_on_and_at_the_periods_end(market):
    """Before the file begins nobody can be said to have stayed; a period that has not ended may still lose some."""
    bought(market, "B1", "2024-01-05")
    opted(market, "B2", ("in", "2025-02-03"))
    market.plan("2025-01", "2025-02", "2025-04", "2025-Q1").build("metrics.churn")
    reasons = {
        period: market.get("churn_rate", period).reason for period in ("2025-01", "2025-02", "2025-04", "2025-Q1")
    }
    assert reasons == {"2025-01": "not_measured", "2025-02": None, "2025-04": "immature", "2025-Q1": None}
    assert market.get("churn_rate", "2025-02")[:3] == (0, 0, 1)


def test_a22_an_event_of_as_of_itself_has_not_happened():
    with marketplace(as_of="2025-02-01 00:00", time_zone="Etc/GMT+5") as market:
        bought(market, "B1", "2024-01-05")
        opted(market, "B2", ("in", "2024-02-03"))
        market.add("subscriptions", buyer_id="B1", at="2025-02-01 00:00")
        market.plan("2024-12").build("metrics.churn")
        assert market.rows("select count(*) from core.subscriptions") == [(1,)]


def test_a22_without_a_subscriptions_file_only_lapsing_is_measured(market):
    """METRICS.md A3's rule for proxies: one series never changes its meaning with the files."""
    bought(market, "B1", "2024-01-05", "2024-12-01").plan("2025-01").build("metrics.churn")
    assert market.get("churn_rate").reason == "not_measured"
    assert market.get("lapsed_customer_share").value == 0


@pytest.mark.parametrize(
    ("days", "lost", "customers"),
    [
        pytest.param(["2024-08-04"], 1, 2, id="180-days-before-the-last-day"),
        pytest.param(["2024-08-05"], 0, 2, id="180-days-before-the-end"),
        pytest.param(["2024-07-05"], 1, 2, id="180-days-before-the-start"),
        pytest.param(["2024-07-04"], 0, 1, id="lapsed-before-the-start"),
        pytest.param(["2024-08-01", "2025-01-31"], 0, 2, id="came-back-on-the-last-day"),
        pytest.param(["2024-08-01", "2025-02-01"], 1, 2, id="came-back-too-late"),
        pytest.param(["2024-01-01", "2025-01-10"], 0, 1, id="lapsed-and-came-back"),
        pytest.param(["2024-01-01", "2024-12-31"], 0, 2, id="bought-on-the-eve"),
        pytest.param(["2024-10-01", "2025-01-01"], 0, 2, id="bought-again-on-the-first-day"),
        pytest.param(["2025-01-01"], 0, 1, id="new-in-the-period"),
    ],
)
def test_a22_customers_who_lapsed(market, days, lost, customers):
    """Active on 1 January: last order from 5 July on. Lapsed on 1 February: last order before 5 August."""
    bought(market, "old", "2024-01-01", "2024-12-24")
    bought(market, "B1", *days).plan("2025-01").build("metrics.churn")
    assert market.get("lapsed_customer_share")[1:4] == (lost, customers, customers)


@pytest.mark.parametrize(("first", "reason"), [("2024-07-05", None), ("2024-07-06", "immature")])
def test_a22_lapsing_needs_orders_from_long_enough_ago(market, first, reason):
    """Nobody can have lapsed whose orders our files are too young to hold: unknown, not 0."""
    bought(market, "B1", first).plan("2025-01", "2025-04").build("metrics.churn")
    assert market.get("lapsed_customer_share").reason == reason
    assert market.get("lapsed_customer_share", "2025-04").reason == "immature"


def test_a22_the_policy_says_who_has_lapsed(market):
    market.con.execute("update ref.policies set value = 100 where policy = 'customers_lapse_after_days'")
    bought(market, "B1", "2024-09-01", "2024-10-01").plan("2025-01").build("metrics.churn")
    assert market.get("lapsed_customer_share").value == 1
