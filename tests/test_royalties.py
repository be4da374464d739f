"""The royalty pool (METRICS.md A24): the weights, the balances, and the tables around them, to the cent."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics_support import marketplace

from pipeline.analyses.royalties import (
    Market,
    Pool,
    RoyaltyRules,
    Seller,
    allocate,
    build_royalties,
    factors,
    load_rules,
)
from pipeline.errors import BadConfiguration
from pipeline.settings import DEFAULT_CONFIG

POOL = Pool(kind="fixed", amount_cents=1_000_000)
RULES = RoyaltyRules(pool=POOL)
#: A24 [OWN]: C = 4.2, r0 = 0.8.
MARKET = Market(rating_sum=42, rating_count=10, answered=8, mature=10)
#: seller, net cents, sum and number of ratings, answered, mature; B, q, e, weight and payout as METRICS.md prints them;
#: the reason.
TABLE_OF_A24 = [
    ("S1", 500_000, 470, 100, 95, 100, "4.616667", ".9041667", ".9681818", "437698.8636", 586_718, None),
    ("S2", 300_000, 60, 15, 6, 10, "4.114286", ".7785714", ".85", "198535.7143", 266_129, None),
    ("S3", 200_000, 20, 4, 5, 5, "4.333333", ".8333333", ".9333333", "0", 0, "too_few_ratings"),
    ("S4", -1_500, 50, 12, 3, 3, "4.1875", ".796875", ".9230769", "0", 0, "no_net_sales"),
    ("S5", 100_000, 75, 25, 14, 20, "3.533333", ".6333333", ".8666667", "54888.8889", 73_577, None),
    ("S6", 100_000, 75, 25, 14, 20, "3.533333", ".6333333", ".8666667", "54888.8889", 73_576, None),
]


def rounded(value, like):
    places = max(0, -Decimal(like).as_tuple().exponent)
    return round(Decimal(str(value)), places)


@pytest.mark.parametrize("row", TABLE_OF_A24, ids=[f"A24-OWN-{row[0]}" for row in TABLE_OF_A24])
def test_a24_the_table_to_the_cent(row):
    who = row[0]
    bayes, quality, engagement, weight, payout, reason = row[6:]
    made = {r["seller_id"]: r for r in allocate([Seller(*r[:6]) for r in TABLE_OF_A24], MARKET, 1_000_000, RULES)}
    mine = made[who]
    assert (mine["payout_cents"], mine["reason"]) == (payout, reason)
    for column, printed in (
        ("bayes_mean", bayes),
        ("quality", quality),
        ("engagement", engagement),
        ("weight", weight),
    ):
        assert rounded(mine[column], printed) == Decimal(printed), column
    assert mine["closing_debit_cents"] == (-1_500 if who == "S4" else 0)
    assert sum(r["payout_cents"] for r in made.values()) == 1_000_000


sellers = st.lists(
    st.builds(
        Seller,
        seller_id=st.text("abcdef", min_size=1, max_size=4),
        net_sales_cents=st.integers(-10_000, 10**9),
        rating_sum=st.integers(0, 0),
        rating_count=st.integers(0, 60),
        answered=st.integers(0, 0),
        mature=st.integers(0, 40),
        is_in_good_standing=st.booleans(),
        opening_held_cents=st.integers(0, 5_000),
        opening_debit_cents=st.integers(-5_000, 0),
    ).flatmap(
        lambda s: st.builds(
            lambda total, answered: Seller(**{**vars(s), "rating_sum": s.rating_count + total, "answered": answered}),
            st.integers(0, 4 * s.rating_count),
            st.integers(0, s.mature),
        )
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda s: s.seller_id,
)
pools = st.integers(0, 10**10)
caps = st.sampled_from([Decimal("0.05"), Decimal("0.25"), Decimal(1)])


@given(sellers, pools, caps, st.integers(0, 20_000))
def test_a24_nothing_is_lost_and_nothing_made(people, pool, cap, minimum):
    """Sum of allocations = pool; paid + carried = pool; balances roll on; nobody's payout is negative; capped."""
    rules = RoyaltyRules(pool=POOL, cap_share=cap, minimum_payout_cents=minimum)
    rows = allocate(people, MARKET, pool, rules)
    eligible = [row for row in rows if Fraction(row["weight_fraction"]) > 0]
    released = pool if eligible else 0
    assert sum(row["allocation_cents"] for row in rows) == released
    assert sum(row["payout_cents"] + row["carried_cents"] for row in rows) == released
    limit = max(int(Fraction(cap) * pool), -(-pool // max(1, len(eligible))))
    for row in rows:
        assert row["opening_held_cents"] + row["carried_cents"] == row["closing_held_cents"] >= 0
        assert row["payout_cents"] == 0 or row["payout_cents"] >= minimum
        assert 0 <= row["allocation_cents"] <= limit
        assert (row["reason"] is None) or row["allocation_cents"] == 0
        assert abs(Decimal(row["quota_cents"]) - row["allocation_cents"]) <= 1
    assert sorted(row["rank"] for row in rows) == list(range(1, len(rows) + 1))


@given(sellers, pools, caps, st.randoms())
def test_a24_the_order_of_the_rows_does_not_matter(people, pool, cap, chance):
    rules = RoyaltyRules(pool=POOL, cap_share=cap)
    shuffled = list(people)
    chance.shuffle(shuffled)
    assert allocate(people, MARKET, pool, rules) == allocate(shuffled, MARKET, pool, rules)


@given(st.integers(5, 200), st.data())
def test_a24_a_better_rating_or_answer_never_lowers_the_weight(ratings, data):
    total = data.draw(st.integers(ratings, 5 * ratings - 1))
    mature = data.draw(st.integers(1, 50))
    answered = data.draw(st.integers(0, mature - 1))
    worse = factors(Seller("S", 1000, total, ratings, answered, mature), MARKET, RULES).weight
    assert factors(Seller("S", 1000, total + 1, ratings, answered, mature), MARKET, RULES).weight > worse
    assert factors(Seller("S", 1000, total, ratings, answered + 1, mature), MARKET, RULES).weight > worse


def test_engagement_can_at_most_halve_a_weight():
    """A24: e = 1/2 + 1/2 rho."""
    nobody = Market(42, 10, 0, 10)
    assert factors(Seller("S", 1000, 25, 5, 0, 10**6), nobody, RULES).engagement == Fraction(1, 2)


def test_without_any_answer_due_engagement_is_whole_for_all():
    made = factors(Seller("S", 1000, 25, 5, 0, 0), Market(42, 10, 0, 0), RULES)
    assert (made.response_share, made.engagement) == (None, 1)


# --- the rules -------------------------------------------------------------------------------------------------------


def test_the_default_rules_are_valid():
    rules = load_rules(DEFAULT_CONFIG)
    assert rules.pool.kind == "share_of_net_sales"
    assert rules.pool.cents(1_000_050) == 20_001
    assert rules.pool.cents(-5) == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("pool = 3", "pool"),
        ('[pool]\nkind = "lottery"', "pool.kind"),
        ('[pool]\nkind = "fixed"\namount_cents = -1', "pool.amount_cents"),
        ('pays = "week"\n[pool]\nkind = "fixed"', "pays"),
        ('minimum_ratings = 0\n[pool]\nkind = "fixed"', "minimum_ratings"),
        ('bonus = 1\n[pool]\nkind = "fixed"', "bonus"),
        ("pays = ", "not TOML"),
    ],
)
def test_bad_rules_are_named(tmp_path, text, complaint):
    (tmp_path / "royalty.toml").write_text(text)
    with pytest.raises(BadConfiguration, match=complaint):
        load_rules(tmp_path)


# --- through the tables ----------------------------------------------------------------------------------------------


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def sold(market, seller, cents, month="2025-01"):
    market.add("sales", seller_id=seller, amount_cents=cents, ordered_at=f"{month}-10 10:00")


def rated(market, seller, *ratings, answered=0, month="2025-01"):
    """So many reviews with these stars; the first `answered` of them answered after an hour."""
    for number, rating in enumerate(ratings):
        created = datetime.fromisoformat(f"{month}-12 10:00")
        response = created + timedelta(hours=1) if number < answered else None
        market.add("reviews", seller_id=seller, rating=rating, created_at=created, response_at=response)


def test_a24_through_the_sql_to_the_cent(market):
    """Sales, ratings, answers to reviews and to inquiries of January, and an oracle in fractions."""
    sold(market, "S1", 500_000)
    sold(market, "S2", 300_000)
    sold(market, "S3", 200_000)
    rated(market, "S1", 5, 5, 4, 5, 5, 4, answered=5)
    rated(market, "S2", 3, 4, 4, 2, 5, answered=1)
    rated(market, "S3", 5, 5, 5, 5, answered=4)
    for number, hours in enumerate((48, 48.01)):
        asked = datetime(2025, 1, 20, 10)
        about = {"conversation_id": f"I{number}"}
        market.add("messages", sent_at=asked, recipient_id="S2", **about)
        answer = {"sender_id": "S2", "sender_role": "seller", "recipient_id": "B1"}
        market.add("messages", sent_at=asked + timedelta(hours=hours), **answer, **about)
    market.plan("2025-01").build("metrics.royalty_inputs")
    build_royalties(market.con, RULES)
    ratings, rating_count, answered, mature = 28 + 18 + 20, 15, 5 + 1 + 4 + 1, 15 + 2
    weights = {}
    for who, net, total, n, mine, due in (("S1", 500_000, 28, 6, 5, 6), ("S2", 300_000, 18, 5, 2, 7)):
        b = (20 * Fraction(ratings, rating_count) + total) / (20 + n)
        rho = (10 * Fraction(answered, mature) + mine) / (10 + due)
        weights[who] = net * (b - 1) / 4 * (1 + rho) / 2
    rows = {
        who: rest
        for who, *rest in market.rows(
            "select seller_id, allocation_cents, weight_fraction, reason, answered, mature from metrics.royalties"
        )
    }
    quota = 1_000_000 * weights["S1"] / sum(weights.values())
    assert abs(rows["S1"][0] - quota) <= 1
    assert rows["S1"][0] + rows["S2"][0] == 1_000_000
    assert Fraction(rows["S1"][1]) == weights["S1"]
    assert Fraction(rows["S2"][1]) == weights["S2"]
    assert rows["S3"] == [0, "0/1", "too_few_ratings", 4, 4]
    assert rows["S2"][3:] == [2, 7]


def test_ratings_count_for_twelve_months_and_sales_for_one(market):
    sold(market, "S1", 1000)
    rated(market, "S1", 5, 5, 5, 5, 5, month="2024-02")
    sold(market, "S2", 1000)
    rated(market, "S2", 5, 5, 5, 5, 5, month="2024-01")
    sold(market, "S3", 1000, month="2024-12")
    rated(market, "S3", 5, 5, 5, 5, 5)
    market.plan("2025-01").build("metrics.royalty_inputs")
    build_royalties(market.con, RULES)
    reasons = dict(market.rows("select seller_id, reason from metrics.royalties"))
    assert reasons == {"S1": None, "S2": "too_few_ratings", "S3": "no_net_sales"}


def test_a_suspended_account_takes_no_part(market):
    market.add("sellers", seller_id="S1", status="suspended")
    sold(market, "S1", 1000)
    rated(market, "S1", 5, 5, 5, 5, 5)
    market.plan("2025-01").build("metrics.royalty_inputs")
    build_royalties(market.con, RULES)
    assert market.rows("select reason, allocation_cents, pool_cents from metrics.royalties") == [
        ("not_in_good_standing", 0, 0)
    ]


def three_months(market):
    """S2's January is 50 cents of 100, below the smallest payout; S1 is refunded more than it sells in February."""
    for month in ("2025-01", "2025-02", "2025-03"):
        for seller in ("S1", "S2"):
            sold(market, seller, 1000, month)
            rated(market, seller, 5, 5, 5, 5, 5, month=month)
    line = market.rows(
        "select order_line_id from raw.sales where seller_id = 'S1' and ordered_at >= '2025-02-01' limit 1"
    )
    market.add("returns", order_line_id=line[0][0], refund_cents=1400)


def carried(market, *plans):
    rules = RoyaltyRules(pool=Pool(kind="fixed", amount_cents=100), minimum_payout_cents=60)
    for planned in plans:
        market.plan(*planned, full=False).build("metrics.royalty_inputs")
        build_royalties(market.con, rules)
    return market.rows(
        "select period_id, seller_id, base_cents, allocation_cents, payout_cents, carried_cents, closing_held_cents, "
        "closing_debit_cents from metrics.royalties order by all"
    )


MONTHS = ("2025-01", "2025-02", "2025-03")


def test_a24_balances_run_from_month_to_month(market):
    """Both get 50 of January's 100 and wait; in February S2 alone takes part and is paid 50 + 100; S1's -400 becomes a
    debit, so that March weighs 600 against 1000; S1's 50 of January are paid with March's 37 (37.5 and 62.5:
    the cent goes to the larger quota)."""
    three_months(market)
    assert carried(market, MONTHS) == [
        ("2025-01", "S1", 1000, 50, 0, 50, 50, 0),
        ("2025-01", "S2", 1000, 50, 0, 50, 50, 0),
        ("2025-02", "S1", 0, 0, 0, 0, 50, -400),
        ("2025-02", "S2", 1000, 100, 150, -50, 0, 0),
        ("2025-03", "S1", 600, 37, 87, -50, 0, 0),
        ("2025-03", "S2", 1000, 63, 63, 0, 0, 0),
    ]


@pytest.mark.parametrize(
    "plans", [[MONTHS[:1], MONTHS[1:]], [MONTHS, MONTHS[1:2]], [MONTHS[:2], MONTHS[2:], MONTHS[:1]]]
)
def test_a24_planning_some_months_is_planning_all(market, plans):
    """Also when an early month is reckoned anew: the later ones follow from it."""
    three_months(market)
    piecewise = carried(market, *plans)
    market.con.execute("drop table metrics.royalties")
    assert piecewise == carried(market, MONTHS)


def test_an_idle_seller_keeps_the_balance(market):
    """Held back in January, nothing sold in February: the cents wait in a row of their own."""
    for seller in ("S1", "S2"):
        sold(market, seller, 1000)
        rated(market, seller, 5, 5, 5, 5, 5)
    sold(market, "S2", 1000, "2025-02")
    rows = carried(market, ("2025-01", "2025-02"))
    assert [row[6] for row in rows if row[1] == "S1"] == [50, 50]


def test_a_month_that_is_not_over_is_not_paid(market):
    """as_of is 2025-04-10."""
    sold(market, "S1", 1000, "2025-04")
    rated(market, "S1", 5, 5, 5, 5, 5, month="2025-04")
    market.plan("2025-04").build("metrics.royalty_totals")
    assert market.get("royalty_pool", "2025-04").reason == "no_data"


def test_a24_the_totals_add_up_and_a_quarter_is_its_months(market):
    three_months(market)
    market.plan("2025-01", "2025-02", "2025-03", "2025-Q1").build("metrics.royalty_totals")
    for period in ("2025-01", "2025-Q1"):
        pool, paid, held = (market.get(f"royalty_{part}", period).value for part in ("pool", "paid", "carried"))
        assert pool == paid + held
        by_seller = market.rows(
            "select sum(numerator) from metrics.royalty_totals where scope = 'seller' and metric = 'royalty_pool' "
            "and period_id = ?",
            period,
        )
        assert by_seller == [(pool,)]
    months = [market.get("royalty_pool", month).value for month in MONTHS]
    assert months == [40, 12, 40], "2 % of net sales: 2000, 600 and 2000"
    assert market.get("royalty_pool", "2025-Q1").value == sum(months)


def test_no_float_in_the_table(market):
    """FAULTS.md T44."""
    three_months(market)
    market.plan("2025-01").build("metrics.royalties")
    for table in ("royalties", "royalty_inputs"):
        kinds = {kind for _, kind, *_ in market.rows(f"describe metrics.{table}")}
        assert not kinds & {"DOUBLE", "FLOAT"}
