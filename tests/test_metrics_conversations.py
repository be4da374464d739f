"""Support's figures (METRICS.md A16): turns, conversations opened again, votes. Through the SQL itself."""

import pytest
from expertise_support import ask, talk
from metrics_support import marketplace


@pytest.fixture
def market():
    with marketplace(as_of="2025-03-12", first_day="2024-01-01") as made:
        yield made


def support(market, *periods):
    return market.plan(*periods or ("2025-01",)).build("metrics.support")


def back_and_forth(turns, apart=1):
    return [(role, (2 * i + (role == "seller")) * apart) for i in range(turns) for role in ("buyer", "seller")]


MANY_TURNS = {
    "three-buyer-turns": (back_and_forth(3), 0),
    "four": (back_and_forth(4), 1),
    "five-messages-in-a-row-are-one-turn": ([("buyer", hour) for hour in range(5)], 0),
    "the-fourth-within-14-days": ([*back_and_forth(3), ("buyer", 14 * 24 - 0.1)], 1),
    "the-fourth-after-14-days": ([*back_and_forth(3), ("buyer", 14 * 24)], 0),
    "begun-by-the-seller": ([("seller", -1), *back_and_forth(4)], 1),
}
ASKED = [("buyer", 0), ("seller", 1)]
REOPENED = {
    "never": (ASKED, (0, 1)),
    "within-24-hours-it-was-not-closed": ([*ASKED, ("buyer", 25)], None),
    "after-24-hours": ([*ASKED, ("buyer", 25.1)], (1, 1)),
    "seven-days": ([*ASKED, ("buyer", 1 + 168)], (1, 1)),
    "later": ([*ASKED, ("buyer", 1 + 168.1)], (0, 1)),
    "a-thank-you-note": ([*ASKED, ("buyer", 40, {"says_thanks": True})], (0, 1)),
    "counted-once": ([*ASKED, ("buyer", 60), ("seller", 61), ("buyer", 120)], (1, 1)),
    "the-last-answer-closes": ([*ASKED, ("buyer", 5), ("seller", 6), ("buyer", 6 + 168)], (1, 1)),
    "never-answered": ([("buyer", 0)], None),
}


@pytest.fixture(scope="module")
def talks():
    """One seller and conversation a case."""
    with marketplace(as_of="2025-03-12") as market:
        for seller, (turns, _) in (MANY_TURNS | REOPENED).items():
            talk(market, *turns, seller=seller, conversation=seller)
        yield support(market)


@pytest.mark.parametrize("case", MANY_TURNS)
def test_conversations_of_many_turns(talks, case):
    """A16: share of conversations with more than three buyer turns."""
    row = talks.get("conversation_many_turns_share", scope="seller", entity_id=case)
    assert (row.numerator, row.denominator) == (MANY_TURNS[case][1], 1)


@pytest.mark.parametrize("case", REOPENED)
def test_conversations_opened_again(talks, case):
    """A16: share re-opened within 7 days, of those that the seller's answer had closed."""
    found = talks.rows(
        "select numerator, denominator from metrics.support where entity_id = ? and metric like '%reopened%'", case
    )
    assert found == ([REOPENED[case][1]] if REOPENED[case][1] else [])


def test_support_of_the_marketplace_is_the_sum_of_its_conversations(talks):
    row = talks.get("conversation_many_turns_share")
    assert (row.numerator, row.denominator) == (3, len(MANY_TURNS) + len(REOPENED))


@pytest.mark.parametrize(("start", "judged"), [("2025-02-26 00:00", 1), ("2025-02-26 00:01", 0)])
def test_a_conversation_is_judged_when_its_days_have_passed(market, start, judged):
    """0.4: at as_of 12 March 00:00, fourteen days."""
    row = support(talk(market, ("buyer", 0), start=start), "2025-02").get("conversation_many_turns_share", "2025-02")
    assert (row.denominator, row.reason) == ((1, None) if judged else (0, "immature"))


def test_a_closed_conversation_belongs_to_its_answers_day_and_waits_seven_days(market):
    talk(market, ("buyer", 0), ("seller", 4), start="2025-01-31 22:00", conversation="C1")
    talk(market, ("buyer", 0), ("seller", 1), start="2025-03-04 23:00", conversation="C2")
    talk(market, ("buyer", 0), ("seller", 1), start="2025-03-04 23:01", conversation="C3")
    support(market, "2025-01", "2025-02", "2025-03")
    assert market.get("conversation_reopened_share", "2025-01").reason == "no_data"
    assert market.get("conversation_reopened_share", "2025-02").denominator == 1
    assert market.get("conversation_reopened_share", "2025-03").denominator == 1


def test_the_mean_votes_and_their_intervals(market):
    """Votes 5, 4, 4, 3 on speed: mean 4, standard deviation 0.8165, t with 3 degrees 3.1824."""
    for speed in (5, 4, 4, 3):
        ask(market, speed_vote=speed, quality_vote=None)
    ask(market, quality_vote=2, seller="S2")
    ask(market, speed_vote=1, is_automated=True)
    support(market)
    row = market.get("message_speed_vote")
    assert (row.value, row.numerator, row.n) == (4, 16, 4)
    assert (round(row.low, 4), round(row.high, 4)) == (2.7008, 5.2992)
    assert market.get("message_quality_vote").value == 2
    assert market.get("message_quality_vote", scope="seller", entity_id="S2").n == 1
    assert market.rows("select count(*) from metrics.support where entity_id = 'S1' and metric like '%quality%'") == [
        (0,)
    ]


@pytest.mark.parametrize(("policy", "value"), [("support_conversation_days", 1), ("support_closed_after_hours", 30)])
def test_support_follows_the_offices_policies(market, policy, value):
    market.con.execute("update ref.policies set value = ? where policy = ?", [value, policy])
    talk(market, *back_and_forth(3), ("buyer", 26), ("seller", 27), conversation="C1")
    talk(market, ("buyer", 0), ("seller", 1), ("buyer", 27), conversation="C2")
    support(market)
    if policy == "support_conversation_days":
        assert market.get("conversation_many_turns_share").numerator == 0
    else:
        assert market.get("conversation_reopened_share").denominator == 1
