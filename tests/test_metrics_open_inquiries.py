"""Inquiries that nobody has answered, by age, and the sample of exempt ones (METRICS.md A12, A21)."""

from datetime import timedelta

import pytest
from metrics_support import AS_OF, conversation, marketplace

from pipeline.models import all_models, build
from pipeline.settings import DEFAULT_CONFIG

THANKS = {"body_words": 2, "says_thanks": True}


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def asked(market, hours_ago, *turns, **more):
    """A conversation that a buyer began so many hours before the tests' as_of."""
    turns = turns or (("buyer", 0),)
    return conversation(market, *turns, start=AS_OF - timedelta(hours=hours_ago), **more)


def ages(market):
    return dict(market.rows("select conversation_id, age from metrics.open_inquiries order by asked_at"))


@pytest.mark.parametrize(
    ("hours", "age"),
    [
        pytest.param(23.99, None, id="younger-than-a-day-is-not-listed"),
        pytest.param(24, "24_to_48_hours", id="exactly-a-day"),
        pytest.param(47.99, "24_to_48_hours", id="not-due-yet"),
        pytest.param(48, "2_to_7_days", id="due-at-48-hours-as-in-the-rate"),
        pytest.param(168, "2_to_7_days", id="exactly-a-week"),
        pytest.param(168.01, "over_7_days", id="more-than-a-week"),
    ],
)
def test_a21_age_buckets(market, hours, age):
    asked(market, hours)
    market.plan("2025-04").build("metrics.open_inquiries", "metrics.unanswered_ages")
    assert ages(market) == ({"C1": age} if age else {})
    for name in ("24_to_48_hours", "2_to_7_days", "over_7_days"):
        row = market.get(f"unanswered_{name}", "2025-04")
        assert (row.value, row.n) == ((1, 1) if name == age else (0, 0)), name


def test_only_what_is_open_and_not_exempt_is_listed(market):
    """An answer takes an inquiry off the list, an automatic one does not; a thank-you note was never on it."""
    asked(market, 100, ("buyer", 0), ("seller", 1), conversation_id="answered")
    asked(market, 100, ("buyer", 0), ("seller", 1, {"is_automated": True}), conversation_id="robot")
    asked(market, 100, ("buyer", 0), ("seller", 1), ("buyer", 2, THANKS), conversation_id="thanks")
    asked(market, 100, ("buyer", 0), ("seller", 1), ("buyer", 2), conversation_id="again")
    market.plan("2025-04").build("metrics.open_inquiries", "metrics.unanswered_ages")
    assert list(ages(market)) == ["robot", "again"]
    row = market.get("unanswered_2_to_7_days", "2025-04")
    assert (row.value, row.n) == (2, 5), "n: inquiries of that age, the thank-you note left out"


def test_what_a_row_says(market):
    """Whom to remind, of what, since when; the messages of the buyer's last turn only, without spam, and without the
    seller's of the same second."""
    about = {"order_id": "O7", "product_id": "P7"}
    asked(market, 60, ("buyer", 0), ("seller", 2), ("buyer", 2, about), ("buyer", 5), ("buyer", 6, {"is_spam": True}))
    market.plan("2025-04").build("metrics.open_inquiries")
    (row,) = market.rows(
        "select inquiry_id, seller_id, buyer_id, order_id, product_id, messages, hours_waiting, "
        "is_first_of_conversation, asked_at, last_message_at from metrics.open_inquiries"
    )
    began = AS_OF - timedelta(hours=58)
    assert row == ("M000003", "S1", "B1", "O7", "P7", 2, 58.0, False, began, began + timedelta(hours=3))


def test_the_list_agrees_with_the_metric(market):
    """Two days and more: as many as unanswered_inquiries counts, in each period and for each seller."""
    for number, hours in enumerate((30, 48, 60, 150, 168, 170, 400, 900, 2000)):
        asked(market, hours, conversation_id=f"open{number}")
        asked(market, hours, ("buyer", 0), ("seller", 3), conversation_id=f"done{number}")
        asked(market, hours, ("buyer", 0), ("seller", 3), ("buyer", 4, THANKS), conversation_id=f"thanks{number}")
    periods = ("2025-01", "2025-02", "2025-03", "2025-04", "2025-Q1", "2025-W14")
    market.plan(*periods).build("metrics.open_inquiries", "metrics.unanswered_ages", "metrics.inquiry_responses")
    for period in periods:
        whole = market.get("unanswered_inquiries", period)
        older = [market.get(f"unanswered_{name}", period) for name in ("2_to_7_days", "over_7_days")]
        assert sum(row.value or 0 for row in older) == (whole.value or 0), period
        assert sum(row.n or 0 for row in older) == (whole.n or 0), period
        listed = market.rows(
            "select count(*) from metrics.open_inquiries join plan.period_days using (day) "
            "where period_id = ? and age <> '24_to_48_hours'",
            period,
        )
        assert listed == [(whole.value or 0,)]
    assert market.get("unanswered_inquiries", "2025-Q1").value == 3


def test_without_messages_nothing_is_counted(market):
    market.add("sales").plan("2025-01").build("metrics.unanswered_ages")
    assert market.get("unanswered_over_7_days").reason == "not_measured"


def exempt(market, times, month=1, **more):
    for number in range(times):
        conversation(
            market,
            ("buyer", 0),
            ("seller", 1),
            ("buyer", 2, {**THANKS, **more}),
            start=AS_OF.replace(month=month, day=5) + timedelta(minutes=number),
            conversation_id=f"{month}-{number}",
        )
    return market


AUDIT = "select period_id, position, conversation_id, exempt from metrics.exemption_audit order by all"


def test_a12_twenty_exempt_inquiries_a_month_are_drawn(market):
    """All where there are fewer; the number of all beside them; months only."""
    exempt(market, 23).plan("2025-01", "2025-02", "2025-Q1")
    exempt(market, 3, month=2).build("metrics.exemption_audit")
    rows = market.rows(AUDIT)
    assert [(row[0], row[1], row[3]) for row in rows] == [
        *(("2025-01", position, 23) for position in range(1, 21)),
        *(("2025-02", position, 3) for position in range(1, 4)),
    ]
    assert len({row[2] for row in rows}) == 23, "nobody twice"


def test_the_sample_depends_on_ids_and_month_alone(market):
    """The same whatever the order of the rows, and not simply the first of the month."""
    exempt(market, 30).plan("2025-01").build("metrics.exemption_audit")
    rows = market.rows(AUDIT)
    market.con.execute("create or replace table core.inquiries as from core.inquiries order by inquiry_id desc")
    build(market.con, next(m for m in all_models() if m.name == "exemption_audit"), DEFAULT_CONFIG)
    assert market.rows(AUDIT) == rows
    assert [row[2] for row in rows] != sorted((row[2] for row in rows), key=lambda name: int(name[2:]))
    expected = market.rows(
        "select inquiry_id from core.inquiries where is_exempt order by md5('2025-01|' || inquiry_id) limit 20"
    )
    assert market.rows("select inquiry_id from metrics.exemption_audit order by position") == expected


@pytest.mark.parametrize(
    ("last", "by"),
    [
        pytest.param({}, "thank_you", id="by-the-rule"),
        pytest.param({"needs_response": False, "says_thanks": False, "body_words": 40}, "flagged", id="by-the-flag"),
    ],
)
def test_an_auditor_sees_why_it_is_exempt(market, last, by):
    exempt(market, 1, **last).plan("2025-01").build("metrics.exemption_audit")
    (row,) = market.rows("select exempt_by, messages, body_words, has_question from metrics.exemption_audit")
    assert row == (by, 1, last.get("body_words", 2), False)
