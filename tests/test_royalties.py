"""The royalty pool (METRICS.md A24): the rules, and the weights to the cent, exact all the way."""

import ast
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pipeline.analyses.royalties
import pipeline.statistics.apportionment
from pipeline.analyses.royalty_rules import Pool, RoyaltyRules, load_rules
from pipeline.analyses.royalty_weights import Market, Seller, closing_debits, divide, explain, factors, with_debits
from pipeline.errors import BadConfiguration
from pipeline.settings import DEFAULT_CONFIG

#: A busy machine is no defect.
unhurried = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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


def allocate(sellers, market, pool, rules):
    return list(explain(divide(sellers, market, pool, rules), market, rules).values())


def rounded(value, like):
    places = max(0, -Decimal(like).as_tuple().exponent)
    return round(value, places)


@pytest.mark.parametrize("row", TABLE_OF_A24, ids=[f"A24-OWN-{row[0]}" for row in TABLE_OF_A24])
def test_a24_the_table_to_the_cent(row):
    bayes, quality, engagement, weight, payout, reason = row[6:]
    made = {r["seller_id"]: r for r in allocate([Seller(*r[:6]) for r in TABLE_OF_A24], MARKET, 1_000_000, RULES)}
    mine = made[row[0]]
    assert (mine["allocation_cents"], mine["reason"]) == (payout, reason)
    for column, printed in (
        ("bayes_mean", bayes),
        ("quality", quality),
        ("engagement", engagement),
        ("weight", weight),
    ):
        assert rounded(mine[column], printed) == Decimal(printed), column
    assert made["S1"]["bayes_mean"] == Decimal("4.616666666667"), "4 37/60, stored rounded half up"
    assert mine["closing_debit_cents"] == (-1_500 if row[0] == "S4" else 0)
    assert [made[who]["rank"] for who in ("S1", "S2", "S5", "S6", "S3", "S4")] == [1, 2, 3, 4, 5, 6]
    assert rounded(made["S1"]["share"], ".000001") == Decimal("0.586718"), "437698.8636 of 746012.3555"
    assert sum(r["allocation_cents"] for r in made.values()) == 1_000_000
    assert sum(r["quota_cents"] for r in made.values()).quantize(Decimal(".0001")) == 1_000_000


#: One seller's figures that can be: 1 to 5 stars a rating, no more answers than were due.
figures = st.tuples(st.integers(-10_000, 10**9), st.integers(0, 60), st.integers(0, 40)).flatmap(
    lambda f: st.tuples(st.just(f[0]), st.integers(f[1], 5 * f[1]), st.just(f[1]), st.integers(0, f[2]), st.just(f[2]))
)
sellers = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=4),
    st.tuples(figures, st.booleans(), st.integers(-5_000, 0)),
    min_size=1,
    max_size=12,
).map(lambda found: [Seller(who, *numbers, standing, debit) for who, (numbers, standing, debit) in found.items()])
pools = st.integers(0, 10**10)
caps = st.sampled_from([Decimal("0.05"), Decimal("0.25"), Decimal(1)])


def market_of(people):
    """A marketplace of these sellers alone, and one rating and one answer more."""
    return Market(
        4 + sum(s.rating_sum for s in people),
        1 + sum(s.rating_count for s in people),
        1 + sum(s.answered for s in people),
        1 + sum(s.mature for s in people),
    )


@unhurried
@given(sellers, pools, caps)
def test_a24_nothing_is_lost_and_nothing_made(people, pool, cap):
    """Sum of allocations = pool, in whole cents; nobody above the cap; who takes no part gets 0 and a reason."""
    rows = allocate(people, market_of(people), pool, RoyaltyRules(pool=POOL, cap_share=cap))
    eligible = [row for row in rows if Fraction(row["weight_fraction"]) > 0]
    released = pool if eligible else 0
    assert sum(row["allocation_cents"] for row in rows) == released
    assert {row["pool_cents"] for row in rows} == {released}
    limit = max(int(Fraction(cap) * pool), -(-pool // max(1, len(eligible))))
    for row in rows:
        assert 0 <= row["allocation_cents"] <= limit
        assert (row["reason"] is None) or row["allocation_cents"] == 0
        assert abs(row["quota_cents"] - row["allocation_cents"]) <= 1
    assert sorted(row["rank"] for row in rows) == list(range(1, len(rows) + 1))


@unhurried
@given(sellers, pools, caps, st.randoms())
def test_a24_the_order_of_the_rows_does_not_matter(people, pool, cap, chance):
    rules = RoyaltyRules(pool=POOL, cap_share=cap)
    shuffled = list(people)
    chance.shuffle(shuffled)
    assert allocate(people, MARKET, pool, rules) == allocate(shuffled, MARKET, pool, rules)


@unhurried
@given(sellers, pools, caps, st.integers(2, 1000))
def test_a24_scaling_all_sales_leaves_the_parts(people, pool, cap, factor):
    rules = RoyaltyRules(pool=POOL, cap_share=cap)
    more = [
        Seller(
            **vars(s)
            | {"net_sales_cents": s.net_sales_cents * factor, "opening_debit_cents": s.opening_debit_cents * factor}
        )
        for s in people
    ]
    cents = {who: part.cents for who, part in divide(people, MARKET, pool, rules).parts.items()}
    assert {who: part.cents for who, part in divide(more, MARKET, pool, rules).parts.items()} == cents


@unhurried
@given(sellers, pools, caps, st.data())
def test_a24_a_better_own_rating_or_answer_costs_a_cent_at_most(people, pool, cap, data):
    """Also though it lifts the marketplace's mean, and so everybody else a little."""
    rules = RoyaltyRules(pool=POOL, cap_share=cap)
    mine = data.draw(st.sampled_from(people))
    up = data.draw(st.integers(0, 5 * mine.rating_count - mine.rating_sum))
    answers = data.draw(st.integers(0, mine.mature - mine.answered))
    better = Seller(**vars(mine) | {"rating_sum": mine.rating_sum + up, "answered": mine.answered + answers})
    others = [s for s in people if s is not mine]
    before = divide(people, market_of(people), pool, rules).parts[mine.seller_id].cents
    after = divide([*others, better], market_of([*others, better]), pool, rules).parts[mine.seller_id].cents
    assert after >= before - 1


@unhurried
@given(sellers, pools, caps, st.data())
def test_a24_identical_sellers_differ_by_a_cent_at_most(people, pool, cap, data):
    mine = data.draw(st.sampled_from(people))
    twin = Seller(**vars(mine) | {"seller_id": "twin"})
    parts = divide([*people, twin], MARKET, pool, RoyaltyRules(pool=POOL, cap_share=cap)).parts
    assert abs(parts["twin"].cents - parts[mine.seller_id].cents) <= 1


@unhurried
@given(sellers, pools)
def test_a24_who_may_not_take_part_gets_nothing(people, pool):
    for who, factor in divide(people, MARKET, pool, RULES).factors.items():
        s = next(s for s in people if s.seller_id == who)
        may = s.net_sales_cents + s.opening_debit_cents > 0 and s.rating_count >= 5 and s.is_in_good_standing
        assert (factor.reason is None) == may
        assert may or factor.weight == 0


@unhurried
@given(sellers)
def test_debits_run_on(people):
    """What refunds took beyond the sales is set against the next period's, also of one who then sells nothing."""
    debits = closing_debits(people)
    following = {s.seller_id: s for s in with_debits([Seller("a", 100)], debits)}
    assert set(following) == {"a", *debits}
    for s in people:
        assert debits.get(s.seller_id, 0) == min(0, s.net_sales_cents + s.opening_debit_cents)
        if s.seller_id in debits:
            assert following[s.seller_id].opening_debit_cents == debits[s.seller_id]
    assert following["a"].base_cents == max(0, 100 + debits.get("a", 0))


def test_engagement_can_at_most_halve_a_weight():
    """A24: e = 1/2 + 1/2 rho."""
    nobody = Market(42, 10, 0, 10)
    made = factors(Seller("S", 1000, 25, 5, 0, 10**6), nobody, RULES)
    assert made.engagement == Fraction(1, 2)
    assert made.weight == 1000 * made.quality / 2


def test_without_any_answer_due_engagement_is_whole_for_all():
    made = factors(Seller("S", 1000, 25, 5, 0, 0), Market(42, 10, 0, 0), RULES)
    assert (made.response_share, made.engagement) == (None, 1)
    assert made.weight == 1000 * made.quality


MODULES = sorted(Path(pipeline.analyses.royalties.__file__).parent.glob("royalt*.py"))


@pytest.mark.parametrize("path", [*MODULES, Path(pipeline.statistics.apportionment.__file__)], ids=lambda p: p.stem)
def test_no_float_touches_money(path):
    """A24, FAULTS.md T44: no float literal, no float(), no division that could give one, in any module on the way."""
    assert len(MODULES) == 6
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), node.lineno
        assert not (isinstance(node, ast.Name) and node.id == "float"), node.lineno
        assert not (isinstance(node, ast.Attribute) and node.attr.startswith("Float")), node.lineno
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            assert ast.unparse(node.right) == "'royalty.toml'", node.lineno


@unhurried
@given(sellers, pools, caps)
def test_the_types_on_the_way_are_whole_or_exact(people, pool, cap):
    made = divide(people, market_of(people), pool, RoyaltyRules(pool=POOL, cap_share=cap))
    for part in made.parts.values():
        assert [type(value) for value in part] == [int, int, int, int, bool]
    for factor in made.factors.values():
        assert {type(value) for value in factor} <= {Fraction, int, str, type(None)}
    for row in explain(made, MARKET, RULES).values():
        assert {type(value) for value in row.values()} <= {int, bool, str, Decimal, type(None)}


# --- the rules -------------------------------------------------------------------------------------------------------


def test_the_default_rules_are_valid():
    rules = load_rules(DEFAULT_CONFIG)
    assert rules.pool.kind == "share_of_net_sales"
    assert rules.pool.cents(1_000_050) == 20_001
    assert rules.pool.cents(-5) == 0


def test_rules_come_back_from_the_ledger_as_they_were():
    rules = load_rules(DEFAULT_CONFIG)
    assert RoyaltyRules.model_validate_json(rules.model_dump_json()) == rules
    assert type(RoyaltyRules.model_validate_json(rules.model_dump_json()).cap_share) is Decimal


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
