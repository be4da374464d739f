"""What a family says depends on files and as_of alone: not on which periods are planned together, on threads or on
order."""

import pytest
from metrics_support import marketplace

from pipeline.models import all_models

PLANNED = [model for model in all_models() if model.is_planned]
PERIODS = ("2024-11", "2024-12", "2024-Q4", "2025-01", "2025-W02", "2025-Q1")


ROWS = """
insert into raw.sales by name
select
    'O' || i // 2 as order_id, 'L' || i as order_line_id, 'P' || dice(i, 1) % 25 as product_id,
    'K' || dice(i, 1) % 25 % 4 as category, 'S' || dice(i, 1) % 25 % 7 as seller_id,
    'B' || dice(i // 2, 2) % 300 as buyer_id, 1 + dice(i, 3) % 3 as qty, 100 + dice(i, 4) % 90000 as amount_cents,
    'ZAR' as currency, timestamp '2024-10-01' + to_minutes(i // 2 * 200) as ordered_at,
    ['pending', 'cancelled', 'completed', 'completed', 'delivered', 'refunded'][1 + dice(i, 5) % 6] as status,
    ordered_at + to_hours(100) as promised_at,
    case when dice(i, 6) % 5 > 0 then ordered_at + to_hours(20 + dice(i, 7) % 120) end as delivered_at,
    case when dice(i, 8) % 2 = 0 then 'seller' end as cancelled_by
from range(2600) as t(i) order by {order};

insert into raw.returns by name
select
    'T' || i as return_id, 'L' || i * 9 as order_line_id, 1 as qty, 50 as refund_cents,
    timestamp '2024-10-20' + to_hours(i * 11) as opened_at
from range(280) as t(i) order by {order};

insert into raw.reviews by name
select
    'R' || i as review_id, 'P' || dice(i, 11) % 25 as product_id, 'S' || dice(i, 11) % 25 % 7 as seller_id,
    'B' || i as buyer_id, 1 + dice(i, 12) % 5 as rating, 5 as scale_max,
    timestamp '2024-10-03' + to_minutes(i * 170) as created_at,
    case when dice(i, 13) % 9 = 0 then 'removed' else 'published' end as status, 'L' || i as order_line_id,
    case when dice(i, 14) % 4 > 0 then created_at + to_minutes(dice(i, 15) % 5000) end as response_at,
    case when dice(i, 16) % 2 = 0
        then ['broken', 'late', 'fine', 'good', 'great'][rating] || ' ' || ['lamp', 'box'][1 + dice(i, 17) % 2]
    end as text,
    'seller' as response_author_role
from range(1500) as t(i) order by {order};

insert into raw.messages by name
select
    'M' || i as message_id, case when dice(i // 4, 21) % 3 > 0 then 'C' || i // 4 end as conversation_id,
    ['buyer', 'buyer', 'buyer', 'seller', 'staff'][1 + dice(i, 22) % 5] as sender_role,
    case sender_role when 'buyer' then buyer when 'seller' then seller else 'X' end as sender_id,
    case sender_role when 'buyer' then seller else buyer end as recipient_id,
    timestamp '2024-10-01' + to_minutes(i // 4 * 250 + i % 4 * (dice(i // 4, 25) % 3000)) as sent_at,
    case when dice(i // 4, 26) % 2 = 0 then 'O' || i // 4 end as order_id, dice(i, 27) % 50 as body_digest,
    dice(i, 28) % 20 as body_words, dice(i, 29) % 4 = 0 as has_question, dice(i, 30) % 2 = 0 as says_thanks,
    dice(i, 31) % 20 = 0 as is_automated
from (select i, 'B' || dice(i // 4, 23) % 40 as buyer, 'S' || dice(i // 4, 24) % 7 as seller from range(4000) as t(i))
order by {order};

insert into raw.surveys by name
select
    'V' || i as response_id, 'B' || dice(i, 41) % 200 as respondent_id, 'buyer' as role,
    ['nps', 'csat'][1 + i % 2] as instrument, 1 + dice(i, 42) % 5 as score, i % 2 as scale_min,
    case when i % 2 = 1 then 5 else 10 end as scale_max, 'support' as touchpoint, 'O' || i as order_id,
    timestamp '2024-10-01' + to_hours(i * 6) as answered_at
from range(700) as t(i) order by {order};

insert into raw.surveys by name
select
    'E' || i as response_id, 'B' || dice(i, 45) % 200 as respondent_id, 'buyer' as role, 'ces' as instrument,
    1 + dice(i, 46) % 7 as score, 1 as scale_min, 7 as scale_max, 'returns' as touchpoint,
    timestamp '2024-10-01' + to_hours(i * 9) as answered_at
from range(300) as t(i) order by {order};

insert into raw.carts by name
select
    'K' || i as cart_id, 'B' || dice(i, 51) % 300 as buyer_or_session,
    timestamp '2024-10-01' + to_minutes(i * 200) as created_at,
    created_at + to_minutes(dice(i, 52) % 300) as last_activity_at, dice(i, 53) % 9000 as value_cents,
    case when dice(i, 54) % 3 = 0 then 'O' || i + dice(i, 55) % 12 end as order_id
from range(1000) as t(i) order by {order};

insert into raw.subscriptions by name
select
    'B' || dice(i, 61) % 300 as buyer_id, case when dice(i, 62) % 3 = 0 then 'opt_in' else 'opt_out' end as event,
    timestamp '2024-10-02' + to_hours(i * 7) as at
from range(400) as t(i) order by {order};

insert into raw.sellers by name
select 'S' || i as seller_id, timestamp '2023-06-01' + to_days(cast(i * 40 as integer)) as joined_at, 'active' as status
from range(7) as t(i) order by {order};

insert into raw.training by name
select
    'S' || dice(i, 71) % 7 as seller_id, 'review-answers-' || dice(i, 72) % 3 as course_id,
    ['registered', 'attended', 'started', 'completed', 'visited'][1 + dice(i, 73) % 5] as event,
    timestamp '2024-10-02' + to_hours(i * 40) as at
from range(60) as t(i) order by {order};

insert into raw.improvements by name
select
    'I' || i as initiative_id, 'S' || dice(i, 81) % 7 as seller_id, 'customer_feedback' as source, 'shipped' as status,
    timestamp '2024-10-02' + to_hours(i * 50) as shipped_at, 'R' || dice(i, 82) % 1600 as review_ids
from range(50) as t(i) order by {order};
"""


def bustle(market, order="i"):
    """Some thousand random rows of all exports over months, some after as_of, inserted in the given order."""
    market.con.execute("create temp macro dice(i, k) as cast(hash(i, k) % 1000003 as bigint)")
    market.con.execute(ROWS.format(order=order))
    for export in (
        "sales",
        "returns",
        "reviews",
        "messages",
        "surveys",
        "carts",
        "subscriptions",
        "sellers",
        "training",
        "improvements",
    ):
        columns = [name for name, *_ in market.rows(f"describe raw.{export}")]
        market.arrive(export, *columns)


def tables(market):
    """Every planned table as a set of rows, floats to the last bit."""
    return {model.name: sorted(market.rows(f"select * from {model.table}"), key=repr) for model in PLANNED}


def built(market, *plans, full=True):
    for planned in plans:
        market.plan(*planned, full=full).build(*(model.table for model in PLANNED))
    return tables(market)


@pytest.fixture(scope="module")
def whole():
    with marketplace(as_of="2025-01-21 06:30", time_zone="Africa/Johannesburg", first_day="2024-10-01") as market:
        bustle(market)
        yield built(market, PERIODS)


def differences(one, other):
    return {name: (len(one[name]), len(other[name])) for name in one if one[name] != other[name]}


def test_there_is_something_to_compare(whole):
    # A fitted model of purchases is checked against its last 13 weeks; these few months are too short for one.
    assert [name for name, rows in whole.items() if not rows] == ["praise_with_complaints", "clv_calibration"]
    values = [row[4] for row in whole["ratings"]]
    assert sum(value is not None for value in values) > 300


@pytest.mark.parametrize(
    "plans",
    [
        pytest.param([(period,) for period in PERIODS], id="one-by-one"),
        pytest.param([PERIODS, ("2025-01", "2025-W02", "2025-Q1")], id="all-and-then-the-open-ones-again"),
        pytest.param([PERIODS[::-1]], id="in-another-order"),
    ],
)
def test_some_periods_or_all_give_the_same_rows(whole, plans):
    with marketplace(as_of="2025-01-21 06:30", time_zone="Africa/Johannesburg", first_day="2024-10-01") as market:
        bustle(market)
        assert differences(whole, built(market, *plans, full=False)) == {}


@pytest.mark.parametrize(("threads", "order"), [(1, "i"), (4, "hash(i)"), (2, "-i")])
def test_threads_and_the_order_of_the_rows_do_not_matter(whole, threads, order):
    with marketplace(as_of="2025-01-21 06:30", time_zone="Africa/Johannesburg", first_day="2024-10-01") as market:
        market.con.execute(f"set threads = {threads}")
        bustle(market, order)
        assert differences(whole, built(market, PERIODS)) == {}


def test_what_comes_after_as_of_changes_nothing(whole):
    """Cutting the exports at as_of by hand is what the core tables do."""
    with marketplace(as_of="2025-01-21 06:30", time_zone="Africa/Johannesburg", first_day="2024-10-01") as market:
        bustle(market)
        for export, at in (
            ("sales", "ordered_at"),
            ("returns", "opened_at"),
            ("reviews", "created_at"),
            ("messages", "sent_at"),
            ("surveys", "answered_at"),
            ("carts", "created_at"),
            ("subscriptions", '"at"'),
            ("training", '"at"'),
            ("improvements", "shipped_at"),
        ):
            market.con.execute(f"delete from raw.{export} where {at} >= timestamp '2025-01-21 06:30'")
        for export, at in (("reviews", "response_at"), ("sales", "delivered_at")):
            market.con.execute(f"update raw.{export} set {at} = null where {at} >= timestamp '2025-01-21 06:30'")
        assert differences(whole, built(market, PERIODS)) == {}
