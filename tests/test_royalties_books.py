"""What holds for royalties whatever happens (METRICS.md A24): books that balance, a ledger that only grows, checks that
bite."""

from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from metrics_support import marketplace
from royalty_support import APRIL, FEBRUARY, JANUARY, LEDGER, MARCH, RULES, an_office, three_months

from pipeline.analyses.royalty_books import Books, account, adjustments, close, restated
from pipeline.analyses.royalty_rules import Pool, RoyaltyRules
from pipeline.analyses.royalty_weights import Market, Seller, divide
from pipeline.settings import PROJECT

#: A busy machine is no defect.
unhurried = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture
def office():
    with an_office() as made:
        yield made


#: What a seller's month may come to: net sales, stars, ratings, answers, answers due.
some_figures = st.tuples(
    st.integers(-2000, 5000), st.integers(0, 8), st.integers(0, 4), st.integers(0, 5), st.integers(0, 5)
).map(lambda f: (f[0], f[1] + f[1] * f[2], f[1], f[3], f[3] + f[4]))
changes = st.dictionaries(
    st.tuples(st.sampled_from([JANUARY, FEBRUARY, MARCH, APRIL]), st.sampled_from("BCD")), some_figures, max_size=6
)
RUNS = ("2025-02-01", "2025-02-03", "2025-03-01", "2025-04-02", "2025-05-01", "2025-05-20")


@settings(unhurried, max_examples=8)
@given(st.lists(changes, min_size=len(RUNS), max_size=len(RUNS)), st.sampled_from([0, 30, 80]))
def test_a24_nightly_runs_and_one_at_the_end_come_to_the_same(late, minimum):
    """Postings are only ever added; what a period would be now does not depend on when it was closed; what was posted
    for a period and what is due add up to it; an account is the sum of its postings. A takes part throughout."""
    rules = RULES.model_copy(update={"minimum_payout_cents": minimum})
    with an_office() as nightly, an_office() as once:
        for month in (JANUARY, FEBRUARY, MARCH, APRIL):
            nightly.set(month, "A", 1500)
        for as_of, changed in zip(RUNS, late, strict=True):
            before = nightly.ledger()
            for (month, who), numbers in changed.items():
                nightly.set(month, who, *numbers)
            nightly.run(as_of, rules)
            after = nightly.ledger()
            assert all(after[name][: len(before[name])] == before[name] for name in LEDGER)
        once.figures = dict(nightly.figures)
        once.run(RUNS[-1], rules)
        now = (
            "select period_id, seller_id, restated_allocation_cents as cents from metrics.royalties "
            "where cents <> 0 order by all"
        )
        assert nightly.con.execute(now).fetchall() == once.con.execute(now).fetchall()
        assert once.con.execute("select 1 from ledger.royalty_postings where kind = 'adjustment'").fetchall() == []
        for office in (nightly, once):
            differing = """
                select r.period_id, r.seller_id from metrics.royalties as r
                left join (
                    select period_id, seller_id, sum(cents) as cents from ledger.royalty_postings
                    where kind <> 'payout' group by all
                ) as p using (period_id, seller_id)
                where coalesce(p.cents, 0) + r.adjustment_due_cents <> r.restated_allocation_cents
            """
            assert office.con.execute(differing).fetchall() == []
            numbers = [row[0] for row in office.ledger()["royalty_postings"]]
            assert numbers == list(range(1, len(numbers) + 1))


people = st.dictionaries(st.sampled_from("ABCDE"), st.integers(0, 10**9), min_size=1)


@unhurried
@given(st.lists(st.tuples(people, people), min_size=1, max_size=5), st.integers(0, 10**9), st.integers(0, 10**6))
def test_a24_the_books_balance(months, pool, minimum):
    """Each month closes with some sales and is restated with others: adjustments of a period add up to 0, nobody is
    paid a negative sum or too small a one, and all that was allocated is paid or on an account."""
    rules = RoyaltyRules(pool=Pool(kind="fixed", amount_cents=pool), minimum_payout_cents=minimum)

    def shared(sales, released=pool):
        sellers = [Seller(who, cents, 40, 10) for who, cents in sales.items()]
        return divide(sellers, Market(40, 10), released, rules)

    books, now, made = Books(), {}, []
    for number, (sales, later) in enumerate(months):
        name = f"{number}"
        corrections = adjustments(books, name, now)
        shares = shared(sales)
        parts = {who: part.cents for who, part in shares.parts.items()}
        made += close(books, name, corrections, parts, minimum)
        now[name] = restated(shared(later, shares.pool_cents), books.allocated.get(name, {}))
    sums = {}
    for posting in made:
        assert posting.cents != 0
        assert posting.kind != "payout" or -posting.cents >= max(minimum, 1)
        key = (posting.closing_id, posting.period_id, posting.kind)
        sums[key] = sums.get(key, 0) + posting.cents
    assert all(cents == 0 for (_, _, kind), cents in sums.items() if kind == "adjustment")
    released = sum(cents for (_, _, kind), cents in sums.items() if kind == "allocation")
    paid = -sum(cents for (_, _, kind), cents in sums.items() if kind == "payout")
    assert released == paid + sum(books.balances.values())


@unhurried
@given(*[st.integers(-100, 100)] * 3, st.integers(0, 100))
def test_an_account_runs_on(opening, allocation, adjustment, payout):
    made = account(opening, allocation, adjustment, payout)
    assert made.opening_held_cents + made.opening_overpaid_cents == opening
    assert made.closing_held_cents + made.closing_overpaid_cents == opening + allocation + adjustment - payout
    assert opening + made.carried_cents == made.closing_held_cents + made.closing_overpaid_cents
    assert made.closing_overpaid_cents <= 0 <= made.closing_held_cents


# --- the checks, and the tables around -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("harm", "check"),
    [
        ("update metrics.royalties set allocation_cents = allocation_cents + 1 where seller_id = 'A'", "royalty_sums"),
        ("update metrics.royalties set restated_allocation_cents = 0 where seller_id = 'A'", "royalty_sums"),
        ("update metrics.royalties set carried_cents = carried_cents + 1 where seller_id = 'A'", "royalty_sums"),
        ("update metrics.royalties set adjustment_cents = 1 where seller_id = 'A'", "royalty_sums"),
        ("update metrics.royalties set adjusted_later_cents = 1 where seller_id = 'A'", "royalty_sums"),
        ("update metrics.royalties set pool_cents = 101 where seller_id = 'A'", "royalty_sums"),
        ("update metrics.royalties set currency = 'EUR' where seller_id = 'A'", "royalty_sums"),
        ("update metrics.royalties set closing_held_cents = 1 where seller_id = 'B'", "royalty_accounts"),
        ("update metrics.royalties set opening_overpaid_cents = -1 where period_id = '2025-02'", "royalty_accounts"),
        ("update metrics.royalties set carried_cents = carried_cents + 1", "royalty_accounts"),
        ("update metrics.royalties set minimum_payout_cents = 1000", "royalty_accounts"),
        (
            "update metrics.royalties set closing_held_cents = closing_held_cents + 5, closing_overpaid_cents = -5",
            "royalty_accounts",
        ),
        (
            "update metrics.royalties set opening_held_cents = opening_held_cents + 5, "
            "closing_held_cents = closing_held_cents + 5",
            "royalty_accounts",
        ),
        ("update ledger.royalty_postings set cents = cents + 1 where kind = 'payout'", "royalty_ledger_agrees"),
        ("update ledger.royalty_postings set cents = cents + 1 where kind = 'allocation'", "royalty_ledger_agrees"),
        ("update ledger.royalty_postings set period_id = '2024-12' where kind = 'payout'", "royalty_ledger_agrees"),
        ("delete from ledger.royalty_postings where closing_id = '2025-02'", "royalty_ledger_agrees"),
        ("delete from metrics.royalties where seller_id = 'B'", "royalty_ledger_agrees"),
        ("update metrics.royalties set adjusted_later_cents = 9 where seller_id = 'A'", "royalty_ledger_agrees"),
        ("update ledger.royalty_postings set kind = 'adjustment' where seller_id = 'B'", "royalty_adjustments_cancel"),
    ],
)
def test_each_check_finds_what_it_is_for(office, harm, check):
    three_months(office).run("2025-02-01").set(JANUARY, "A", 2000).run("2025-04-01")
    assert office.failed_checks() == []
    office.con.execute(harm)
    assert check in office.failed_checks()


def test_no_float_in_the_tables(office):
    """FAULTS.md T44."""
    three_months(office).run("2025-04-01")
    tables = office.con.execute(
        "select table_name, data_type from information_schema.columns where table_name like 'royalt%'"
    ).fetchall()
    assert {name for name, _ in tables} == {*LEDGER, "royalties", "royalty_inputs"}
    assert not {kind for _, kind in tables} & {"DOUBLE", "FLOAT"}


def late_refund(market):
    """Six sellers with a sale of 1000 and five good ratings in each month. January is closed, then half of A's is
    refunded."""
    for month in (JANUARY, FEBRUARY):
        for who in "ABCDEF":
            market.add("sales", seller_id=who, ordered_at=f"{month}-10 10:00", order_line_id=f"{who}-{month}")
            market.add("reviews", 5, seller_id=who, created_at=f"{month}-12 10:00")
    market.as_of = datetime(2025, 2, 1)
    market.plan(JANUARY).build("metrics.royalty_totals")
    market.add("returns", order_line_id=f"A-{JANUARY}", refund_cents=500, opened_at="2025-02-10 10:00")
    market.as_of = datetime(2025, 3, 1)
    market.plan(JANUARY, FEBRUARY, "2025-Q1", full=False).build("metrics.royalty_totals", "metrics.royalty_adjustments")


def test_a24_through_the_sql_a_late_refund_moves_between_sellers():
    """2 % of 6000 is 120: 20 each. With A's 500 refunded January is 10.9 to A and 21.8 to each other: 11, four times 22
    and 21, settled with February. All is below the smallest payout of 100 rand, and carried."""
    with marketplace() as market:
        late_refund(market)
        corrections = market.rows(
            "select closing_id, period_id, seller_id, currency, allocation_cents, adjustment_cents, posted_as_of "
            "from metrics.royalty_adjustments order by seller_id"
        )
        at = datetime(2025, 3, 1)
        assert corrections == [
            (FEBRUARY, JANUARY, who, "ZAR", 20, cents, at)
            for who, cents in zip("ABCDEF", (-9, 2, 2, 2, 2, 1), strict=True)
        ]
        for period, scope, who, expected in (
            (JANUARY, "all", "all", [120, 0, 0, 120]),
            (FEBRUARY, "seller", "A", [20, -9, 0, 11]),
            (FEBRUARY, "seller", "B", [20, 2, 0, 22]),
            ("2025-Q1", "seller", "A", [40, -9, 0, 31]),
            ("2025-Q1", "all", "all", [240, 0, 0, 240]),
        ):
            names = ("royalty_pool", "royalty_adjusted", "royalty_paid", "royalty_carried")
            assert [market.get(name, period, scope, who).value for name in names] == expected, (period, who)
        assert market.get("royalty_pool", "2025-Q1").n == 6
        market.as_of = datetime(2025, 2, 15)
        market.plan(JANUARY).build("metrics.royalty_adjustments")
        assert market.rows("select * from metrics.royalty_adjustments") == [], "as the ledger stood then"


def test_a_month_that_is_not_over_has_no_royalties():
    with marketplace() as market:
        market.add("sales", ordered_at="2025-04-02 10:00").add("reviews", 5, created_at="2025-04-02 10:00")
        market.plan(APRIL).build("metrics.royalty_totals")
        assert market.get("royalty_pool", APRIL).reason == "no_data"


def test_only_the_ledgers_own_module_writes_to_it_and_only_by_adding():
    """A24: a posting is never updated or deleted."""
    for path in (PROJECT / "pipeline").rglob("*.py"):
        text = path.read_text(encoding="utf-8").lower()
        for word in ("update", "delete from", "drop table", "insert into", "create or replace table"):
            for table in LEDGER:
                if f"{word} ledger.{table}" in text:
                    assert (path.name, word) == ("royalty_ledger.py", "insert into")
