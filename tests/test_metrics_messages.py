"""Messages: what counts, per order, who writes, growth and peaks (METRICS.md A19 to A21), through the SQL itself."""

from datetime import datetime, timedelta

import pytest
from metrics_support import marketplace
from scipy import stats

from pipeline.statistics import intervals


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def write(market, role="buyer", times=1, **values):
    sender, recipient = ("B1", "S1") if role == "buyer" else ("S1", "B1")
    return market.add(
        "messages", times, **{"sender_role": role, "sender_id": sender, "recipient_id": recipient, **values}
    )


@pytest.mark.parametrize(
    ("values", "counted", "automated"),
    [
        pytest.param({}, 1, 0, id="a-buyers"),
        pytest.param({"role": "seller"}, 1, 0, id="a-sellers"),
        pytest.param({"role": "staff"}, 0, 0, id="the-staffs"),
        pytest.param({"role": "system"}, 0, 1, id="the-systems"),
        pytest.param({"role": "seller", "is_automated": True}, 0, 1, id="a-reminder"),
        pytest.param({"is_automated": False, "is_spam": False}, 1, 0, id="flags-that-say-no"),
        pytest.param({"is_spam": True}, 0, 0, id="spam"),
        pytest.param({"recipient_id": "B1"}, 0, 0, id="to-oneself"),
    ],
)
def test_a19_what_counts(market, values, counted, automated):
    write(market, **values).plan("2025-01", "2025-W02", "2025-Q1").build("metrics.messages")
    for period in ("2025-01", "2025-W02", "2025-Q1"):
        assert market.get("message_count", period).value == counted
        assert market.get("message_automated_count", period).value == automated


@pytest.mark.parametrize(
    ("second", "counted"),
    [
        pytest.param({"after": 60}, 1, id="60-seconds"),
        pytest.param({"after": 61}, 2, id="61-seconds"),
        pytest.param({"after": 5, "body_digest": 8}, 2, id="another-body"),
        pytest.param({"after": 5, "conversation_id": "C2"}, 2, id="another-conversation"),
        pytest.param({"after": 5, "sender_id": "B2"}, 2, id="another-sender"),
    ],
)
def test_a19_exact_duplicates(market, second, counted):
    """A19: same sender, conversation and body within 60 seconds."""
    first = {"sent_at": datetime(2025, 1, 10, 12), "body_digest": 7, "conversation_id": "C1"}
    after = second.pop("after")
    write(market, **first)
    write(market, **{**first, "sent_at": first["sent_at"] + timedelta(seconds=after), **second})
    market.plan("2025-01").build("metrics.messages")
    assert market.get("message_count").value == counted


def test_a19_messages_without_a_body_are_not_alike(market):
    write(market, times=3, conversation_id="C1").plan("2025-01").build("metrics.messages")
    assert market.get("message_count").value == 3


def test_a19_by_role_with_the_exact_poisson_interval(market):
    write(market, times=7)
    write(market, "seller", times=3)
    market.plan("2025-01").build("metrics.messages")
    row = market.get("message_count")
    assert (row.value, round(row.low, 4), round(row.high, 4)) == (10, 4.7954, 18.3904)
    assert market.get("message_count", scope="role", entity_id="buyer").value == 7
    assert market.get("message_count", scope="role", entity_id="seller").value == 3


def test_periods_are_local_days_half_open(market):
    """0.1: 2025-01-31 22:00 UTC is already February in Johannesburg."""
    with marketplace(time_zone="Africa/Johannesburg") as there:
        for sent_at in ("2025-01-31 21:59:59", "2025-01-31 22:00:00"):
            write(there, sent_at=sent_at)
        there.plan("2025-01", "2025-02").build("metrics.messages")
        assert [there.get("message_count", period).value for period in ("2025-01", "2025-02")] == [1, 1]


def test_a20_per_order_reach_and_intensity(market):
    """A20 [OWN]: 1,200 messages, 400 orders, 900 linked to 150 orders: 3.00; 37.5 %; 6.0; product 2.25 = 900 / 400."""
    market.add("sales", 400, order_id=lambda i: f"O{i}")
    market.add("messages", 900, order_id=lambda i: f"O{i % 150 + 1}")
    market.add("messages", 300)
    market.arrive("messages", "order_id")
    market.plan("2025-01").build("metrics.message_orders")
    per_order, reach, intensity = (
        market.get(metric) for metric in ("messages_per_order", "message_reach", "message_intensity")
    )
    assert (per_order.value, reach.value, intensity.value) == (3.00, 0.375, 6.0)
    assert reach.value * intensity.value == 2.25 == 900 / 400
    low, high = intervals.poisson(1200, 400)
    assert (per_order.low, per_order.high) == pytest.approx((float(low), float(high)))
    assert (intensity.low, intensity.high) == (6, 6), "150 orders with six messages each do not vary"


def test_a20_the_identity_holds_when_orders_and_messages_lie_in_different_periods(market):
    """A message of February about an order of January is linked in neither: reach stays at most 1."""
    market.add("sales", order_id="O1", ordered_at="2025-01-30 10:00").add("sales", ordered_at="2025-02-05 10:00")
    write(market, order_id="O1", sent_at="2025-01-31 10:00")
    write(market, order_id="O1", sent_at="2025-02-01 10:00")
    market.plan("2025-01", "2025-02", "2025-Q1").build("metrics.message_orders")
    for period, linked, orders in (("2025-01", 1, 1), ("2025-02", 0, 1), ("2025-Q1", 2, 2)):
        reach, intensity = market.get("message_reach", period), market.get("message_intensity", period)
        assert reach.numerator * (intensity.value or 0) == linked
        assert reach.denominator == orders
    assert market.get("message_intensity", "2025-02").reason == "no_data"


def test_a20_orders_that_nobody_writes_about(market):
    """Both exports came: no message about two orders is a nought that was counted."""
    market.add("sales", 2)
    write(market, sent_at="2025-02-10 10:00", order_id="O9")
    market.plan("2025-01").build("metrics.message_orders")
    assert market.get("messages_per_order")[:3] == (0, 0, 2)
    assert market.get("message_reach").value == 0


def test_a_message_of_as_of_itself_is_not_there_yet(market):
    write(market, sent_at="2025-04-09 23:59:59")
    write(market, sent_at="2025-04-10 00:00")
    market.plan("2025-04").build("metrics.messages")
    assert market.get("message_count", "2025-04").value == 1


def test_a21_active_people_by_role_and_in_all(market):
    """A person in both roles counts once in each and once in the total."""
    write(market, sender_id="X1", times=2)
    write(market, sender_id="X2")
    write(market, "seller", sender_id="X1")
    write(market, "staff", sender_id="X3")
    write(market, sender_id="X4", is_spam=True)
    market.plan("2025-01").build("metrics.messages")
    assert market.get("active_messagers").value == 2
    assert market.get("active_messagers", scope="role", entity_id="buyer").value == 2
    assert market.get("active_messagers", scope="role", entity_id="seller").value == 1


def test_a21_who_begins_is_the_first_counted_message(market):
    """An automatic greeting begins nothing; a conversation belongs to the period in which it began."""
    noon = datetime(2025, 1, 31, 12)
    for hours, role, values in (
        (0, "seller", {"is_automated": True}),
        (1, "buyer", {}),
        (20, "seller", {}),
    ):
        write(market, role, conversation_id="C1", sent_at=noon + timedelta(hours=hours), **values)
    write(market, "seller", conversation_id="C2", sent_at=noon)
    write(market, "seller", conversation_id="C3", sent_at=noon + timedelta(days=2))
    market.plan("2025-01", "2025-02").build("metrics.messages")
    assert market.get("seller_initiated_share")[1:3] == (1, 2)
    assert market.get("seller_initiated_share", "2025-02")[1:3] == (1, 1)


def spread(market, month, messages):
    """That many messages, all on the month's first day."""
    market.con.execute(
        "insert into raw.messages (message_id, conversation_id, sender_id, sender_role, recipient_id, sent_at) "
        "select ? || i, 'C', 'B1', 'buyer', 'S1', ?::timestamp from range(?) as t(i)",
        [month, f"{month}-01 10:00", messages],
    )
    market.arrive("messages")


def test_a21_growth_and_growth_per_day(market):
    """A21 [OWN]: January 31,000 and February 28,000: raw -9.68 %, per day 0.0 %."""
    spread(market, "2025-01", 31_000)
    spread(market, "2025-02", 28_000)
    market.plan("2025-02").build("metrics.message_growth")
    raw, daily = market.get("message_growth", "2025-02"), market.get("message_growth_per_day", "2025-02")
    assert round(100 * raw.value, 2) == -9.68
    assert daily.value == 0
    low, high = (float(limit) for limit in intervals.poisson_ratio(28_000, 31_000))
    assert (raw.low, raw.high) == pytest.approx((low - 1, high - 1))
    assert (daily.low, daily.high) == pytest.approx((low * 31 / 28 - 1, high * 31 / 28 - 1))


@pytest.mark.parametrize(
    ("first_day", "before", "reason"),
    [
        pytest.param("2024-06-01", 0, "no_data", id="A21-base-0"),
        pytest.param("2025-01-02", 5, "no_data", id="the-month-before-is-not-whole"),
        pytest.param("2025-01-01", 5, None, id="both-whole"),
    ],
)
def test_a21_growth_needs_a_whole_base(first_day, before, reason):
    with marketplace(first_day=first_day) as market:
        spread(market, "2025-01", before)
        spread(market, "2025-02", 5)
        market.plan("2025-02").build("metrics.message_growth")
        assert market.get("message_growth", "2025-02").reason == reason


def test_a21_growth_of_a_month_that_is_not_over(market):
    """as_of is 2025-04-10: April has no growth yet."""
    spread(market, "2025-03", 9)
    spread(market, "2025-04", 9)
    market.plan("2025-04").build("metrics.message_growth")
    assert market.get("message_growth", "2025-04").reason == "no_data"


def test_a21_peaks_are_averages_of_local_hours_with_small_cells_suppressed():
    """30 messages on Wednesdays 10:00 UTC, which is 12:00 in Johannesburg, over January's five Wednesdays; 9 on a
    Sunday."""
    with marketplace(time_zone="Africa/Johannesburg") as market:
        write(market, times=30, sent_at="2025-01-08 10:30")
        write(market, times=9, sent_at="2025-01-12 10:30")
        market.plan("2025-01").build("metrics.message_peaks")
        cells = {
            (day, hour): rest
            for day, hour, *rest in market.rows(
                "select weekday, hour, messages, slots, per_slot, rank, reason, low, high from metrics.message_peaks"
            )
        }
        assert len(cells) == 7 * 24
        messages, slots, per_slot, rank, reason, low, high = cells[3, 12]
        assert (messages, slots, per_slot, rank, reason) == (30, 5, 6, 1, None)
        exact_low, exact_high = (float(limit) for limit in intervals.poisson(30, 5))
        assert (low, high) == pytest.approx((exact_low, exact_high), rel=2e-3)
        assert cells[7, 12] == [9, 4, None, None, "suppressed", None, None]
        assert cells[1, 0][:5] == [0, 4, 0, 2, None]


def test_a21_peaks_count_only_hours_that_have_begun(market):
    """as_of is Thursday 2025-04-10 00:00: of April, two Wednesdays and one Thursday have been."""
    write(market, sent_at="2025-04-02 10:30").plan("2025-04").build("metrics.message_peaks")
    slots = dict(market.rows("select weekday, slots from metrics.message_peaks where hour = 0"))
    assert (slots[3], slots[4]) == (2, 1)


def test_a21_peaks_begin_with_our_first_day():
    """The exports begin on Wednesday 2025-01-08, which counts: four Wednesdays from there on, three Tuesdays."""
    with marketplace(first_day="2025-01-08") as market:
        write(market).plan("2025-01").build("metrics.message_peaks")
        slots = dict(market.rows("select weekday, slots from metrics.message_peaks where hour = 0"))
        assert (slots[3], slots[2]) == (4, 3)


@pytest.mark.parametrize("messages", [10, 11, 30, 100, 5_000])
def test_byars_limits_are_near_the_exact_ones(market, messages):
    ((low, high),) = market.rows("select stats.poisson_low(?), stats.poisson_high(?)", messages, messages)
    exact_low, exact_high = (float(limit) for limit in intervals.poisson(messages))
    assert (low, high) == pytest.approx((exact_low, exact_high), rel=2e-3)


def test_a19_duplicates_are_sought_within_a_conversation_only(market):
    """The same line to two people within a minute, and again later: four messages. Also where the export names no
    conversation."""
    for named in (True, False):
        for seconds, recipient in ((0, "S1"), (50, "S2"), (100, "S1"), (150, "S2")):
            sent_at = datetime(2025, 1 if named else 2, 10, 12) + timedelta(seconds=seconds)
            conversation_id = f"C{recipient}" if named else None
            write(market, recipient_id=recipient, sent_at=sent_at, body_digest=7, conversation_id=conversation_id)
    market.plan("2025-01", "2025-02").build("metrics.messages")
    assert [market.get("message_count", period).value for period in ("2025-01", "2025-02")] == [4, 4]


def test_a20_automatic_messages_are_about_no_order(market):
    """One and three messages about two orders: intensity 2, with Student's interval; reminders count nowhere."""
    market.add("sales", order_id="O1").add("sales", order_id="O2").add("sales", order_id="O3")
    for order_id, times in (("O1", 1), ("O2", 3)):
        write(market, times=times, order_id=order_id)
    write(market, "seller", times=5, order_id="O3", is_automated=True)
    market.plan("2025-01").build("metrics.message_orders")
    assert market.get("messages_per_order")[1:3] == (4, 3)
    assert market.get("message_reach")[1:3] == (2, 3)
    row = market.get("message_intensity")
    assert (row.numerator, row.denominator) == (4, 2)
    assert (row.low, row.high) == pytest.approx(stats.t.interval(0.95, 1, 2, 1))


def test_a21_growth_is_of_counted_messages_from_the_first_day_to_the_last(market):
    """February against January: 3 against 2; neither spam nor the 1st of March nor the 31st of December counts."""
    for day in ("2025-01-01", "2025-01-31", "2025-02-01", "2025-02-02", "2025-02-28"):
        write(market, sent_at=f"{day} 10:00")
        write(market, sent_at=f"{day} 11:00", is_spam=True)
    for day in ("2024-12-31", "2025-03-01"):
        write(market, sent_at=f"{day} 10:00")
    market.plan("2025-02").build("metrics.message_growth")
    row = market.get("message_growth", "2025-02")
    assert (row.numerator, row.denominator, row.n, row.value) == (1, 2, 3, 0.5)


def test_a21_one_message_is_a_base(market):
    write(market, sent_at="2025-01-10 10:00").plan("2025-02").build("metrics.message_growth")
    assert market.get("message_growth", "2025-02").value == -1


def test_a21_peaks_are_ranked_by_their_average_with_ties_and_without_the_suppressed(market):
    """January 2025 has five Wednesdays, Thursdays and Fridays and four of the others: 20 / 5 = 16 / 4 are both first,
    15 / 5 = 12 / 4 both third, and ten messages are enough to be shown."""
    for day, times in ((8, 20), (6, 16), (10, 15), (7, 12), (12, 10), (11, 9)):
        write(market, times=times, sent_at=f"2025-01-{day:02d} 10:30")
    write(market, times=30, sent_at="2025-01-09 10:30", is_spam=True)
    market.plan("2025-01").build("metrics.message_peaks")
    ranks = dict(market.rows("select weekday, rank from metrics.message_peaks where hour = 10"))
    assert ranks == {3: 1, 1: 1, 5: 3, 2: 3, 7: 5, 6: None, 4: 6}


def test_a21_peaks_of_an_office_without_messages_are_not_noughts(market):
    market.add("sales").plan("2025-01").build("metrics.message_peaks")
    assert market.rows("from metrics.message_peaks") == []


def test_a21_peaks_know_the_offices_hour_of_as_of():
    """as_of is Thursday 2025-04-10 02:00 in Johannesburg: hour 1 has begun there on two Thursdays, hour 2 on one."""
    with marketplace(time_zone="Africa/Johannesburg") as market:
        write(market, sent_at="2025-04-02 10:30").plan("2025-04").build("metrics.message_peaks")
        slots = dict(market.rows("select hour, slots from metrics.message_peaks where weekday = 4"))
        assert (slots[1], slots[2]) == (2, 1)


def test_a21_of_one_instant_the_message_id_says_who_began(market):
    for message_id, role in (("M1", "seller"), ("M2", "buyer")):
        write(market, role, message_id=message_id, conversation_id="C1")
    market.plan("2025-01").build("metrics.messages")
    assert market.get("seller_initiated_share")[1:3] == (1, 1)
