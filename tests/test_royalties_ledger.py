"""The royalties' ledger (METRICS.md A24): accounts that run on, closings that stand, runs that only look."""

from datetime import datetime

import pytest
from royalty_support import APRIL, FEBRUARY, JANUARY, MARCH, RULES, an_office, three_months

from pipeline.analyses.royalties import build_royalties
from pipeline.analyses.royalty_rules import Pool, RoyaltyRules
from pipeline.errors import BadConfiguration
from pipeline.warehouse import transaction


@pytest.fixture
def office():
    with an_office() as made:
        yield made


ACCOUNT = "allocation_cents, adjustment_cents, payout_cents, carried_cents, closing_held_cents, closing_overpaid_cents"


def test_a24_a_late_refund_is_settled_with_the_next_period(office):
    """January is 50 to each, paid. Half of A's sales are refunded in February: A should have had 33 of it, B 67. In
    February A sells nothing: the 17 too much stay on A's account, and come off March's 50."""
    office.set(JANUARY, "A", 1000).set(JANUARY, "B", 1000).run("2025-02-01")
    assert office.get(ACCOUNT, JANUARY) == {"A": [50, 0, 50, 0, 0, 0], "B": [50, 0, 50, 0, 0, 0]}
    office.set(JANUARY, "A", 500).set(FEBRUARY, "B", 1000).run("2025-02-15")
    due = "restated_allocation_cents, adjustment_due_cents, adjusted_later_cents, payout_cents, net_sales_cents"
    assert office.get(due, JANUARY) == {"A": [33, -17, 0, 50, 1000], "B": [67, 17, 0, 50, 1000]}
    office.run("2025-03-01")
    assert office.get(due, JANUARY) == {"A": [33, 0, -17, 50, 1000], "B": [67, 0, 17, 50, 1000]}
    assert office.get(ACCOUNT, FEBRUARY) == {"A": [0, -17, 0, -17, 0, -17], "B": [100, 17, 117, 0, 0, 0]}
    office.set(MARCH, "A", 1000).set(MARCH, "B", 1000).run("2025-04-01")
    assert office.get(ACCOUNT, MARCH) == {"A": [50, 0, 0, 50, 33, 0], "B": [50, 0, 50, 0, 0, 0]}
    assert office.get("opening_overpaid_cents, opening_held_cents", MARCH, "A") == [-17, 0]
    assert office.postings() == [
        (JANUARY, JANUARY, "A", "allocation", 50),
        (JANUARY, JANUARY, "B", "allocation", 50),
        (JANUARY, JANUARY, "A", "payout", -50),
        (JANUARY, JANUARY, "B", "payout", -50),
        (FEBRUARY, JANUARY, "A", "adjustment", -17),
        (FEBRUARY, JANUARY, "B", "adjustment", 17),
        (FEBRUARY, FEBRUARY, "B", "allocation", 100),
        (FEBRUARY, FEBRUARY, "B", "payout", -117),
        (MARCH, MARCH, "A", "allocation", 50),
        (MARCH, MARCH, "B", "allocation", 50),
        (MARCH, MARCH, "B", "payout", -50),
    ]


def test_a24_balances_run_from_month_to_month(office):
    """Both get 50 of January's 100 and wait, as 60 is the least; in February B alone takes part and is paid 50 + 100;
    A's -400 becomes a debit, so that March weighs 600 against 1000; A's 50 of January are paid with March's 37
    (37.5 and 62.5: the cent goes to the larger quota)."""
    rules = RULES.model_copy(update={"minimum_payout_cents": 60})
    for month in (JANUARY, FEBRUARY, MARCH):
        office.set(month, "A", -400 if month == FEBRUARY else 1000).set(month, "B", 1000)
    office.run("2025-04-10", rules)
    columns = f"base_cents, {ACCOUNT}, opening_debit_cents, closing_debit_cents"
    assert office.get(columns, JANUARY, "A") == [1000, 50, 0, 0, 50, 50, 0, 0, 0]
    assert office.get(columns, FEBRUARY, "A") == [0, 0, 0, 0, 0, 50, 0, 0, -400]
    assert office.get(columns, FEBRUARY, "B") == [1000, 100, 0, 150, -50, 0, 0, 0, 0]
    assert office.get(columns, MARCH, "A") == [600, 37, 0, 87, -50, 0, 0, -400, 0]
    assert office.get(columns, MARCH, "B") == [1000, 63, 0, 63, 0, 0, 0, 0, 0]


def test_a_refund_beyond_a_months_sales_weighs_on_the_next_also_when_it_comes_late(office):
    """January's -400, known only in March, is set against February's sales: 600 to 1000. January itself goes to B."""
    for month in (JANUARY, FEBRUARY):
        office.set(month, "A", 1000).set(month, "B", 1000)
    office.run("2025-03-01").set(JANUARY, "A", -400).set(MARCH, "A", 1000).set(MARCH, "B", 1000).run("2025-04-01")
    assert office.get("restated_allocation_cents", JANUARY) == {"A": [0], "B": [100]}
    assert office.get("restated_allocation_cents", FEBRUARY) == {"A": [37], "B": [63]}
    assert office.get(ACCOUNT, MARCH) == {"A": [50, -63, 0, -13, 0, -13], "B": [50, 63, 113, 0, 0, 0]}


def test_an_idle_seller_keeps_the_balance(office):
    """30 of 100 wait; nothing sold in February: the cents wait in a line of their own."""
    office.set(JANUARY, "A", 300).set(JANUARY, "B", 700).set(FEBRUARY, "B", 700).run("2025-03-01")
    assert office.get(ACCOUNT, FEBRUARY, "A") == [0, 0, 0, 0, 30, 0]
    assert office.get("reason", FEBRUARY, "A") == ["no_net_sales"]


def test_what_is_due_is_paid_from_the_smallest_payout_on(office):
    """40 of 100 are paid, 39 wait; without a smallest payout a cent is paid, and nothing is never posted."""
    office.set(JANUARY, "A", 400).set(JANUARY, "B", 600).set(FEBRUARY, "A", 390).set(FEBRUARY, "B", 610)
    office.run("2025-03-01")
    assert office.get("payout_cents", JANUARY) == {"A": [40], "B": [60]}
    assert office.get("payout_cents", FEBRUARY) == {"A": [0], "B": [61]}
    free = RULES.model_copy(update={"minimum_payout_cents": 0})
    office.set(MARCH, "A", 0).set(MARCH, "B", 1).run("2025-04-01", free)
    assert office.get("payout_cents, minimum_payout_cents", MARCH) == {"A": [39, 0], "B": [100, 0]}
    office.set(APRIL, "A", 1).run("2025-05-01", free)
    assert office.get("payout_cents", APRIL, "A") == [100]
    assert 0 not in [posting[4] for posting in office.postings()]


# --- what a closing freezes ------------------------------------------------------------------------------------------


def test_a_closed_period_keeps_its_pool_and_its_rules(office):
    """The rules change after January is closed; a late sale then restates it by the old ones."""
    office.set(JANUARY, "A", 400).set(JANUARY, "B", 600).run("2025-02-01")
    richer = RoyaltyRules(pool=Pool(kind="fixed", amount_cents=999), cap_share="0.5", minimum_ratings=1)
    office.set(JANUARY, "A", 600).set(JANUARY, "C", 300, 4, 1).set(FEBRUARY, "A", 100).set(FEBRUARY, "B", 100)
    office.run("2025-03-01", richer)
    assert office.get("restated_allocation_cents, pool_cents", JANUARY) == {"A": [50, 100], "B": [50, 100]}
    assert office.get("allocation_cents, adjustment_cents, pool_cents, cap_share", FEBRUARY, "A")[:3] == [500, 10, 999]
    closed = office.con.execute("select period_id, pool_cents, rules->>'minimum_ratings' from ledger.royalty_closings")
    assert closed.fetchall() == [(JANUARY, 100, "5"), (FEBRUARY, 999, "1")]


def test_the_pool_of_a_closed_period_does_not_shrink_with_its_sales(office):
    rules = RoyaltyRules(pool=Pool(kind="share_of_net_sales", net_sales_share="0.1"))
    office.set(JANUARY, "A", 400).set(JANUARY, "B", 600).run("2025-02-01", rules)
    office.set(JANUARY, "A", 100).run("2025-02-02", rules)
    assert office.get("pool_cents, restated_allocation_cents", JANUARY) == {"A": [100, 14], "B": [100, 86]}


def test_a_later_suspension_takes_nothing_back_and_a_later_pardon_gives_nothing(office):
    office.suspended = {"B"}
    for who in "ABC":
        office.set(JANUARY, who, 1000)
    office.run("2025-02-01")
    assert office.get("allocation_cents, reason", JANUARY) == {
        "A": [50, None],
        "B": [0, "not_in_good_standing"],
        "C": [50, None],
    }
    office.suspended = {"A"}
    office.set(FEBRUARY, "A", 1000).set(FEBRUARY, "B", 1000).run("2025-03-01")
    assert office.get("restated_allocation_cents", JANUARY) == {"A": [50], "B": [0], "C": [50]}
    assert office.get("allocation_cents", FEBRUARY) == {"A": [0], "B": [100]}


def test_when_nobody_takes_part_any_more_what_was_allocated_stands(office):
    """All sales of January turn out refunded: the pool was released, and there is nobody to give it to instead."""
    office.set(JANUARY, "A", 1000).run("2025-02-01").set(JANUARY, "A", 0).run("2025-02-02")
    assert office.get("restated_allocation_cents, adjustment_due_cents", JANUARY) == {"A": [100, 0]}


def test_a_pool_that_nobody_could_take_is_not_released(office):
    office.set(JANUARY, "A", 0).run("2025-02-01").set(JANUARY, "A", 5).run("2025-02-02")
    assert office.get("pool_cents, allocation_cents, restated_allocation_cents", JANUARY) == {"A": [0, 0, 0]}


def test_who_comes_into_a_closed_period_by_late_rows_has_a_line_in_it(office):
    office.set(JANUARY, "A", 1000).run("2025-02-01").set(JANUARY, "B", 1000).set(FEBRUARY, "A", 1).run("2025-03-01")
    line = "allocation_cents, restated_allocation_cents, adjusted_later_cents, reason, rank, bayes_mean, pool_cents"
    assert office.get(line, JANUARY, "B") == [0, 50, 50, "not_known_at_closing", None, None, 100]
    assert office.get(ACCOUNT, FEBRUARY, "B") == [0, 50, 50, 0, 0, 0]
    del office.figures[JANUARY, "B"]
    office.run("2025-03-02")
    assert office.get(line, JANUARY, "B")[:3] == [0, 0, 50], "the line stays while the ledger has a posting"


def test_months_that_were_paid_are_not_paid_again_with_their_quarter(office):
    """From March on the office pays quarters: March, left over of the first, is paid as a month."""
    for period in (JANUARY, FEBRUARY, MARCH, "2025-Q1", APRIL, "2025-05", "2025-06", "2025-Q2"):
        office.set(period, "A", 1000)
    quarterly = RULES.model_copy(update={"pays": "quarter"})
    office.run("2025-03-01").run("2025-04-02", quarterly).run("2025-07-01", quarterly)
    closed = office.con.execute("select period_id from ledger.royalty_closings").fetchall()
    assert [row[0] for row in closed] == [JANUARY, FEBRUARY, MARCH, "2025-Q2"]


def test_from_the_first_quarters_are_paid_as_quarters(office):
    for period in (JANUARY, FEBRUARY, MARCH, "2025-Q1"):
        office.set(period, "A", 1000)
    office.run("2025-04-02", RULES.model_copy(update={"pays": "quarter"}))
    assert [row[0] for row in office.table()] == ["2025-Q1"]


def test_another_currency_is_refused(office):
    office.set(JANUARY, "A", 1000).run("2025-02-01")
    assert office.get("currency", JANUARY, "A") == ["ZAR"]
    office.currency = "EUR"
    with pytest.raises(BadConfiguration, match=r"EUR.*2025-01.*ZAR"):
        office.run("2025-03-01")


# --- runs that only look ---------------------------------------------------------------------------------------------


def test_a_run_that_looks_back_posts_nothing_and_shows_what_stood_then(office, capsys):
    """January was closed by then and not yet adjusted; February was over but not closed: it is shown as provisional."""
    three_months(office).run("2025-02-01").set(JANUARY, "A", 2000).run("2025-04-01").run("2025-04-02")
    before, ledger = office.table(), office.ledger()
    capsys.readouterr()
    office.set(JANUARY, "A", 3000).run("2025-03-05")
    assert "2025-02 are provisional and nothing is posted" in capsys.readouterr().err
    assert office.ledger() == ledger
    stands = "allocation_cents, restated_allocation_cents, adjusted_later_cents, adjustment_due_cents, closed_as_of"
    assert office.get(stands, JANUARY, "A") == [25, 50, 0, 25, datetime(2025, 2, 1)]
    assert office.get(stands, FEBRUARY, "A") == [25, 25, 0, 0, None]
    assert office.get("adjustment_cents", FEBRUARY, "A") == [25], "as it would be settled"
    assert office.get(stands, MARCH) == {}
    office.set(JANUARY, "A", 2000).run("2025-04-02")
    assert office.table() == before


def test_what_would_close_is_a_function_of_the_instant_alone(office):
    """Looking from before the first closing shows every period as the first run then would have closed it."""
    three_months(office).run("2025-03-01")
    first = [row[:-4] for row in office.table()]
    with an_office() as other:
        three_months(other).run("2025-04-01").run("2025-03-01")
        assert [row[:-4] for row in other.table()] == first


def test_a_run_that_looks_further_than_the_deliveries_reach_closes_only_what_they_cover(office, capsys):
    """The last event is on 28 February: that month is whole, March is not to be closed for good, whatever the clock."""
    office.con.execute(
        "insert into ledger.files (export, status, last_event_at) values ('sales', 'loaded', '2025-02-28 09:00')"
    )
    three_months(office).run("2025-04-01")
    assert office.get("closed_as_of", FEBRUARY, "A") == [datetime(2025, 4, 1)]
    assert office.get("closed_as_of, allocation_cents", MARCH, "A") == [None, 25]
    assert {row[0] for row in office.postings()} == {JANUARY, FEBRUARY}
    said = capsys.readouterr().err
    assert "closed the royalties of 2025-01, 2025-02" in said
    assert "2025-03 are provisional" in said
    office.con.execute("update ledger.files set last_event_at = '2025-03-31 00:00'")
    office.run("2025-04-01")
    assert {row[0] for row in office.postings()} == {JANUARY, FEBRUARY, MARCH}


def test_a_month_that_is_not_over_is_not_closed(office):
    three_months(office).run("2025-03-31")
    assert {row[0] for row in office.table()} == {JANUARY, FEBRUARY}


def test_a_run_that_fails_leaves_the_ledger_as_it_was(office):
    three_months(office).run("2025-02-01")
    before, table = office.ledger(), office.table()
    office.plan(datetime(2025, 4, 1))
    with pytest.raises(RuntimeError), transaction(office.con):
        build_royalties(office.con, RULES)
        raise RuntimeError("the run is killed")
    assert (office.ledger(), office.table()) == (before, table)
    office.run("2025-04-01")
    assert len(office.ledger()["royalty_closings"]) == 3
