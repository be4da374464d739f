"""What the Expertise scale knows on a Monday and what not yet (METRICS.md C; B23, B24), through the SQL itself."""

from datetime import date, timedelta

import polars as pl
import pytest
from expertise_support import ask, built, excellent, instant, joined, rate, standing, talk
from metrics_support import marketplace


@pytest.fixture
def market():
    with marketplace(as_of="2025-03-12", first_day="2024-01-01") as made:
        yield made


@pytest.mark.parametrize(
    ("monday", "first", "last"),
    [
        pytest.param("2025-03-03", "2024-09-03", "2025-02-23", id="C-OWN-literal"),
        pytest.param("2024-08-26", "2024-02-26", "2024-08-18", id="C-OWN-before-the-clip"),
        pytest.param("2026-08-31", "2026-02-28", "2026-08-23", id="B24-31-August-clips-to-28-February"),
        pytest.param("2025-03-31", "2024-09-30", "2025-03-23", id="B24-31-March-clips-to-30-September"),
    ],
)
def test_the_window_of_inquiries_and_votes(monday, first, last):
    """B23: [Monday - 6 months, Monday - 7 days), by whole days of the office."""
    with marketplace(as_of=f"{monday} 00:00", first_day="2024-01-01") as market:
        joined(market, "2024-01-05")
        inside = (f"{first} 00:00:00", f"{last} 23:00:00")
        outside = (instant(first) - timedelta(seconds=1), instant(last) + timedelta(days=1))
        for at in inside:
            ask(market, at=at, hours=0.5, speed_vote=5, quality_vote=3)
        for at in outside:
            ask(market, at=at, hours=0, speed_vote=1, quality_vote=1)
        row = standing(built(market, monday[:7]), monday)
    assert (row["inquiries"], row["answered"], row["answered_48h"]) == (2, 2, 2)
    assert (row["voted_messages"], row["speed_sum"], row["quality_sum"]) == (2, 10, 6)


def test_a_monday_begins_at_midnight_of_the_office():
    """The calculation instant is Monday 00:00 in the office's zone: 22:00 UTC on Sunday in Johannesburg."""
    with marketplace(as_of="2025-03-12", time_zone="Africa/Johannesburg") as market:
        joined(market, "2025-03-02 21:59:59").add("sellers", seller_id="S2", joined_at="2025-03-02 22:00")
        rate(market, 5, at="2025-03-02 21:59:59")
        rate(market, 1, at="2025-03-02 22:00:00")
        ask(market, at="2025-02-23 21:59:59", hours=24 * 7)
        ask(market, at="2025-02-23 21:59:59", hours=24 * 7 + 0.01)
        row = standing(built(market))
        assert market.rows("select count(*) from metrics.expertise where monday = '2025-03-03'") == [(1,)]
    assert (row["rating_sum"], row["ratings"]) == (5, 1)
    assert (row["inquiries"], row["answered"]) == (2, 1), "an answer of Monday is not known at its beginning"


@pytest.mark.parametrize(
    ("monday", "answered", "due"), [("2025-02-03", 0, 1), ("2025-02-17", 0, 1), ("2025-02-24", 1, 1)]
)
def test_an_answer_counts_from_the_monday_after_it(market, monday, answered, due):
    joined(market)
    ask(market, at="2025-01-20 12:00", hours=24 * 30)
    row = standing(built(market), monday)
    assert (row["answered"], row["due"], row["answered_48h"]) == (answered, due, 0)


@pytest.mark.parametrize("days", [pytest.param(182, id="in-the-week-before-it-left"), pytest.param(200, id="later")])
def test_an_inquiry_answered_after_it_left_the_window_counts_nowhere(market, days):
    """Asked on 10 January, it is in the window for the last time on 8 July."""
    joined(market, "2024-01-02")
    ask(market, at="2024-01-10 12:00", hours=24 * days)
    built(market)
    assert market.rows(
        "select max(monday), count(*), sum(answered), max(inquiries) from metrics.expertise where inquiries > 0"
    ) == [(date(2024, 7, 8), 25, 0, 1)]
    assert market.rows("select max(answered), min(answered), min(inquiries), min(exempt) from metrics.expertise") == [
        (0, 0, 0, 0)
    ]


THANKS = {"says_thanks": True, "has_question": False, "body_words": 4}


LATER = {
    "silence": ([], [1, 1]),
    "then-a-question": ([("buyer", "2025-02-12", {"has_question": True})], [1, 0]),
    "then-the-seller-answered-after-all": ([("seller", "2025-02-12", {})], [1, 0]),
    "known-on-the-monday-after": ([("buyer", "2025-02-10", {"has_question": True})], [1, 0]),
    "known-on-that-monday": ([("buyer", "2025-02-09", {"has_question": True})], [0, 0]),
    "automatic": ([("buyer", "2025-02-09", {"is_automated": True, "has_question": True})], [1, 1]),
    "then-too-many-words": ([("buyer", "2025-02-12", {"body_words": 9})], [1, 0]),
    "then-flagged": ([("buyer", "2025-02-12", {"needs_response": True})], [1, 0]),
    "then-flagged-as-needing-none": ([("buyer", "2025-02-12", {"needs_response": False, "body_words": 99})], [1, 1]),
}


@pytest.fixture(scope="module")
def thankful():
    """One seller a case: asked and answered on 20 January, thanked on the 21st, and then what the case says."""
    with marketplace(as_of="2025-03-03") as market:
        for seller, (later, _) in LATER.items():
            joined(market, seller=seller)
            before = [("buyer", "2025-01-20", {}), ("seller", "2025-01-20 13:00", {}), ("buyer", "2025-01-21", THANKS)]
            for role, at, more in (*before, *later):
                words = {"body_words": 4, **more}
                talk(market, (role, 0, words), seller=seller, start=at, conversation=seller)
        yield built(market)


@pytest.mark.parametrize("case", LATER)
def test_an_exemption_is_as_was_known_on_the_monday(thankful, case):
    """On 10 February the note stood alone, on the 17th perhaps no longer; within its last week nothing counts."""
    mondays = [standing(thankful, day, case) for day in ("2025-02-10", "2025-02-17")]
    assert [row["exempt"] for row in mondays] == LATER[case][1]
    assert [row["inquiries"] for row in mondays] == [2, 2]
    assert standing(thankful, "2025-01-27", case)["exempt"] == 0


def test_an_exemption_leaves_the_window_with_its_inquiry(market):
    joined(market, "2024-01-02")
    ask(market, at="2024-03-13 12:00", thanks=True)
    built(market)
    last = market.rows("select max(monday), max(exempt) from metrics.expertise where exempt > 0")
    assert last == [(date(2024, 9, 9), 1)]
    assert standing(market, "2024-09-16")["exempt"] == 0


def test_changes_are_told_against_the_monday_before(market):
    joined(market, "2024-12-10 10:00")
    built(excellent(ask(market, 5)))
    told = market.rows(
        "select monday, status, previous_status, is_change from metrics.expertise where monday >= '2025-03-03' "
        "or previous_status is null order by monday"
    )
    assert told == [
        (date(2024, 12, 16), "none", None, False),
        (date(2025, 3, 3), "none", "none", False),
        (date(2025, 3, 10), "conqueror", "none", True),
    ]


def test_every_monday_from_the_first_day_to_as_of_has_a_row(market):
    built(joined(market, "2020-01-01"))
    mondays = [day for (day,) in market.rows("select monday from metrics.expertise order by 1")]
    assert (mondays[0], mondays[-1], len(mondays)) == (date(2024, 1, 8), date(2025, 3, 10), 62)


BUSTLE = """
insert into raw.messages by name
select
    'M' || i as message_id, 'C' || i // 4 as conversation_id,
    ['buyer', 'buyer', 'buyer', 'seller', 'seller', 'staff'][1 + dice(i, 1) % 6] as sender_role,
    case sender_role when 'buyer' then 'B1' when 'seller' then seller else 'X' end as sender_id,
    case sender_role when 'buyer' then seller else 'B1' end as recipient_id,
    timestamp '2024-02-01' + to_minutes(i // 4 * 250 + i % 4 * (dice(i // 4, 3) % 16000)) as sent_at,
    dice(i, 4) % 16 as body_words, dice(i, 5) % 4 = 0 as has_question, dice(i, 6) % 2 = 0 as says_thanks,
    case dice(i, 7) % 9 when 0 then false when 1 then true end as needs_response,
    case when sender_role = 'seller' and dice(i, 8) % 3 = 0 then 1 + dice(i, 9) % 5 end as speed_vote,
    case when sender_role = 'seller' and dice(i, 8) % 4 = 0 then 1 + dice(i, 10) % 5 end as quality_vote
from (select i, 'S' || dice(i // 4, 2) % 3 as seller from range(9000) as t(i)) order by {order};
insert into raw.reviews by name
select
    'R' || i as review_id, 'P1' as product_id, 'S' || dice(i, 11) % 3 as seller_id, 'B' || i as buyer_id,
    1 + dice(i, 12) % 5 as rating, 5 as scale_max, timestamp '2024-02-03' + to_hours(i * 9) as created_at,
    'published' as status
from range(1200) as t(i) order by {order};
"""


def bustling(as_of, order="i"):
    """Three sellers' rows of random messages and ratings, as a run at `as_of` sees them."""
    with marketplace(as_of=as_of, time_zone="Africa/Johannesburg", first_day="2024-02-01") as market:
        market.con.execute("create temp macro dice(i, k) as cast(hash(i, k) % 1000003 as bigint)")
        market.con.execute(BUSTLE.format(order=order))
        market.arrive("messages")
        market.arrive("reviews")
        for number in range(3):
            joined(market, f"2024-0{1 + 3 * number}-15", seller=f"S{number}")
        built(market, "2024-12")
        rows = market.con.sql("select * from metrics.expertise order by seller_id, monday").pl()
        window = market.rows(
            "select seller_id, count(*), count(*) filter (where is_exempt), count(answered_at), "
            "count(*) filter (where answered_at - asked_at <= interval 48 hour) from core.inquiries "
            "where day >= date '2024-12-02' - interval 6 month and day < date '2024-12-02' - 7 group by all order by 1"
        )
        return rows, window


@pytest.fixture(scope="module")
def known_later():
    return bustling("2025-03-12")[0]


@pytest.mark.parametrize(
    ("as_of", "last"), [("2024-12-01 22:00", date(2024, 12, 2)), ("2024-09-18 10:00", date(2024, 9, 16))]
)
def test_a_monday_says_the_same_whenever_it_is_looked_at(known_later, as_of, last):
    """Nothing after a Monday is seen on it: a run that ends there gives the same rows as one months later."""
    then = bustling(as_of)[0]
    assert then["monday"].max() == last
    assert then.equals(known_later.filter(pl.col("monday") <= last))


def test_a_mondays_counts_are_those_of_the_inquiries_as_they_stood(known_later):
    """The same counts by another road: the inquiries of a warehouse that knows nothing later, in their window."""
    window = bustling("2024-12-01 22:00")[1]
    counts = ("seller_id", "inquiries", "exempt", "answered", "answered_48h")
    assert known_later.filter(pl.col("monday") == date(2024, 12, 2)).select(counts).rows() == window
    assert all(exempt > 5 and answered - timely > 5 for _, _, exempt, answered, timely in window)


def test_the_order_of_the_rows_does_not_matter(known_later):
    assert bustling("2025-03-12", "hash(i)")[0].equals(known_later)
