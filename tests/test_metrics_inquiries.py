"""Answers to inquiries: turns, conversations, the thank-you exemption, maturity (METRICS.md A12), by the SQL itself."""

from datetime import timedelta

import pytest
from metrics_support import AS_OF, conversation, marketplace

INQUIRY_RATES = (
    "inquiry_response_rate",
    "inquiry_response_rate_no_exemption",
    "inquiry_response_48h",
    "inquiry_response_24h",
    "inquiry_response_48h_thread",
)


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def test_a12_an_inquiry_is_a_turn_of_the_buyer(market):
    """Three turns, of which the second has two messages, and an answer to each of the first two."""
    conversation(
        market,
        ("buyer", 0),
        ("seller", 2),
        ("buyer", 10),
        ("buyer", 11),
        ("seller", 70),
        ("buyer", 80, {"has_question": True}),
    )
    market.plan("2025-01").build("metrics.inquiry_responses")
    assert market.get("inquiry_response_rate")[1:3] == (2, 3)
    assert market.get("inquiry_response_48h")[1:3] == (1, 3)
    assert market.get("inquiry_response_24h")[1:3] == (1, 3)
    assert market.get("inquiry_response_48h_thread")[1:3] == (1, 1)
    assert market.get("unanswered_inquiries").value == 1
    assert market.get("inquiry_response_rate", scope="seller", entity_id="S1")[1:3] == (2, 3)


def test_a12_by_thread_only_the_first_message_counts(market):
    """Answered late at first and in time later: the thread was not answered in time."""
    conversation(market, ("buyer", 0), ("seller", 50), ("buyer", 60), ("seller", 61))
    market.plan("2025-01").build("metrics.inquiry_responses")
    assert market.get("inquiry_response_48h_thread")[1:3] == (0, 1)
    assert market.get("inquiry_response_48h")[1:3] == (1, 2)


def test_t51_a_sellers_message_before_the_inquiry_is_no_answer(market):
    conversation(market, ("seller", 0), ("buyer", 1))
    market.plan("2025-01").build("metrics.inquiry_responses")
    assert market.get("inquiry_response_rate")[1:3] == (0, 1)


def test_t51_two_answers_count_once(market):
    conversation(market, ("buyer", 0), ("seller", 1), ("seller", 2))
    market.plan("2025-01").build("metrics.inquiry_responses")
    assert market.get("inquiry_response_rate")[1:3] == (1, 1)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"is_automated": True}, id="automatic"),
        pytest.param({"sender_role": "staff", "sender_id": "X1"}, id="staff"),
        pytest.param({"sender_role": "system", "sender_id": "X1"}, id="system"),
        pytest.param({"is_spam": True}, id="spam"),
    ],
)
def test_a12_only_a_person_who_sells_answers(market, values):
    """And what does not answer does not break the buyer's turn either."""
    conversation(market, ("buyer", 0), ("seller", 1, values), ("buyer", 2))
    market.plan("2025-01").build("metrics.inquiry_responses")
    assert market.get("inquiry_response_rate")[1:3] == (0, 1)


THANKS = {"says_thanks": True}


@pytest.mark.parametrize(
    ("last", "is_exempt"),
    [
        pytest.param(THANKS, True, id="thank-you-note"),
        pytest.param({"says_thanks": False}, False, id="no-thanks"),
        pytest.param({**THANKS, "has_question": True}, False, id="with-a-question"),
        pytest.param({**THANKS, "body_words": 12}, True, id="12-words"),
        pytest.param({**THANKS, "body_words": 13}, False, id="13-words"),
        pytest.param({**THANKS, "body_words": None}, False, id="the-body-was-not-exported"),
        pytest.param({"needs_response": False}, True, id="flagged"),
        pytest.param({**THANKS, "needs_response": True}, False, id="flagged-as-needing-one"),
    ],
)
def test_a12_the_thank_you_exemption(market, last, is_exempt):
    conversation(market, ("buyer", 0), ("seller", 1), ("buyer", 2, last))
    market.plan("2025-01").build("metrics.inquiry_responses")
    assert market.get("inquiry_exempt").value == int(is_exempt)
    assert market.get("inquiry_response_rate")[1:3] == (1, 2 - is_exempt)
    assert market.get("inquiry_response_rate_no_exemption")[1:3] == (1, 2)
    assert market.get("unanswered_inquiries").value == 1 - is_exempt


def test_a12_thanks_at_the_very_beginning_are_not_exempt(market):
    """The structural rule needs an earlier answer of the seller."""
    conversation(market, ("buyer", 0, THANKS)).plan("2025-01").build("metrics.inquiry_responses")
    assert market.get("inquiry_response_rate")[1:3] == (0, 1)


def test_a12_an_answered_thank_you_is_an_answered_inquiry(market):
    conversation(market, ("buyer", 0), ("seller", 1), ("buyer", 2, THANKS), ("seller", 60))
    market.plan("2025-01").build("metrics.inquiry_responses")
    assert market.get("inquiry_exempt").value == 0
    assert market.get("inquiry_response_rate")[1:3] == (2, 2)
    assert market.get("inquiry_response_48h")[1:3] == (1, 2)


def test_a12_the_whole_turn_must_be_a_thank_you_note(market):
    """`thanks` and then, a minute later, a question: the turn asks for something."""
    conversation(market, ("buyer", 0), ("seller", 1), ("buyer", 2, THANKS), ("buyer", 2.02, {"has_question": True}))
    market.plan("2025-01").build("metrics.inquiry_responses")
    assert market.get("inquiry_exempt").value == 0


def test_c_worked_seller(market):
    """METRICS.md C [OWN]: 45 mature inquiries, 3 exempt, 40 answered, 38 within 48 h."""
    for number in range(38):
        conversation(market, ("buyer", 0), ("seller", 5), conversation_id=f"C{number}")
    for number in (38, 39):
        conversation(market, ("buyer", 0), ("seller", 50), conversation_id=f"C{number}")
    for number in (40, 41):
        conversation(market, ("buyer", 0), conversation_id=f"C{number}")
    for number in (0, 1, 2):
        conversation(market, ("buyer", 9, THANKS), conversation_id=f"C{number}")
    market.plan("2025-01").build("metrics.inquiry_responses")
    percent = {
        metric: round(100 * market.get(metric).value, 2)
        for metric in ("inquiry_response_rate", "inquiry_response_48h", "inquiry_response_rate_no_exemption")
    }
    assert percent == {
        "inquiry_response_rate": 95.24,
        "inquiry_response_48h": 90.48,
        "inquiry_response_rate_no_exemption": 88.89,
    }


@pytest.mark.parametrize(
    ("gap_days", "inquiries"),
    [pytest.param(14, 1, id="14-days-are-one-conversation"), pytest.param(14.001, 2, id="more-are-two")],
)
def test_a12_without_conversation_ids_pairs_and_gaps_make_conversations(market, gap_days, inquiries):
    """A late question of the same buyer continues the turn, or opens a second conversation."""
    conversation(market, ("buyer", 0), ("buyer", 24 * gap_days), conversation_id=None)
    conversation(market, ("seller", 24 * gap_days + 1), conversation_id=None)
    market.plan("2025-01").build("metrics.inquiry_responses", "metrics.messages")
    assert market.get("inquiry_response_rate").denominator == inquiries
    assert market.get("inquiry_response_rate").numerator == 1
    assert market.get("seller_initiated_share").denominator == inquiries


def test_a12_without_conversation_ids_other_orders_are_other_conversations(market):
    conversation(market, ("buyer", 0, {"order_id": "O1"}), ("seller", 1, {"order_id": "O2"}), conversation_id=None)
    market.plan("2025-01").build("metrics.inquiry_responses")
    assert market.get("inquiry_response_rate")[1:3] == (0, 1)


def test_a12_young_inquiries_are_pending_whatever_became_of_them(market):
    """Of four inquiries one is old; the young ones are a thank-you note, an answered and an open one."""
    conversation(market, ("buyer", 0), ("seller", 1), ("buyer", 90, THANKS), start=AS_OF - timedelta(hours=100))
    conversation(market, ("buyer", 0), ("seller", 1), start=AS_OF - timedelta(hours=10), conversation_id="C2")
    conversation(market, ("buyer", 0), start=AS_OF - timedelta(hours=5), conversation_id="C3")
    market.plan("2025-04").build("metrics.inquiry_responses")
    for metric in INQUIRY_RATES:
        assert market.get(metric, "2025-04")[1:3] == (1, 1), metric
    counts = {metric: market.get(metric, "2025-04") for metric in ("unanswered_inquiries", "inquiry_exempt")}
    assert [(row.value, row.n) for row in counts.values()] == [(0, 1), (0, 1)]
    assert (market.get("inquiry_pending", "2025-04").value, market.get("inquiry_pending", "2025-04").n) == (3, 4)


def test_a12_an_exempt_inquiry_is_due_nowhere(market):
    """Flagged as needing no answer, it is neither unanswered nor waited for: there is nothing to measure."""
    conversation(market, ("buyer", 0, {"needs_response": False}))
    market.plan("2025-01").build("metrics.inquiry_responses")
    for metric in set(INQUIRY_RATES) - {"inquiry_response_rate_no_exemption"}:
        assert market.get(metric).reason == "no_data", metric
    assert (market.get("unanswered_inquiries").value, market.get("unanswered_inquiries").n) == (0, 0)
    assert (market.get("inquiry_exempt").value, market.get("inquiry_exempt").n) == (1, 1)


def test_a12_an_inquiry_of_ten_hours_is_immature_in_every_rate(market):
    conversation(market, ("buyer", 0), start=AS_OF - timedelta(hours=10))
    market.plan("2025-04").build("metrics.inquiry_responses")
    assert [market.get(metric, "2025-04").reason for metric in INQUIRY_RATES] == ["immature"] * 5


def test_a12_after_24_hours_the_rate_of_24_hours_waits_for_nothing(market):
    """Exempt and 30 hours old: pending for 48 hours, over for 24."""
    conversation(market, ("buyer", 0, {"needs_response": False}), start=AS_OF - timedelta(hours=30))
    market.plan("2025-04").build("metrics.inquiry_responses")
    assert market.get("inquiry_response_24h", "2025-04").reason == "no_data"
    assert market.get("inquiry_response_48h", "2025-04").reason == "immature"


@pytest.mark.parametrize(
    ("turns", "is_exempt"),
    [
        pytest.param([{**THANKS, "body_words": 6}, {"body_words": 7}], False, id="13-words-in-two-messages"),
        pytest.param([{"body_words": 1}, THANKS], True, id="one-of-them-says-thanks"),
        pytest.param([{"needs_response": False}, {"needs_response": True}], False, id="one-of-them-is-flagged"),
        pytest.param([THANKS, {"is_spam": True, "has_question": True}], True, id="spam-is-not-in-the-turn"),
    ],
)
def test_a12_the_turn_is_judged_as_a_whole(market, turns, is_exempt):
    conversation(market, ("buyer", 0), ("seller", 1), *(("buyer", 2 + i, turn) for i, turn in enumerate(turns)))
    market.plan("2025-01").build("metrics.inquiry_responses")
    assert market.get("inquiry_exempt").value == int(is_exempt)


def test_a12_of_one_instant_the_message_id_says_what_came_first(market):
    """A question and its answer of one second, then thanks in the second of a long reply: two answered, one exempt."""
    conversation(
        market, ("buyer", 0), ("seller", 0), ("buyer", 2), ("seller", 4, {"body_words": 40}), ("buyer", 4, THANKS)
    )
    market.plan("2025-01").build("metrics.inquiry_responses")
    assert market.get("inquiry_response_rate")[1:3] == (2, 2)
    assert market.get("inquiry_exempt").value == 1


def test_a12_without_conversation_ids_other_products_are_other_conversations(market):
    conversation(market, ("buyer", 0, {"product_id": "P1"}), ("seller", 1, {"product_id": "P2"}), conversation_id=None)
    market.plan("2025-01").build("metrics.inquiry_responses")
    assert market.get("inquiry_response_rate")[1:3] == (0, 1)
