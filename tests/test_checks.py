"""The identities of `sql/checks`: each holds on an honest marketplace, and blocks the table when it does not."""

import pytest
from metrics_support import conversation, marketplace

from pipeline.models import audit_table, load_checks


@pytest.fixture(scope="module")
def market():
    with marketplace() as made:
        made.add("sellers", 2).add("products", 2)
        made.add("sales", 12).add("sales", 3, buyer_id="B1").add("sales", 2, seller_id="S2", product_id="P2")
        made.add("reviews", rating=1).add("reviews", rating=4, seller_id="S2").add("reviews", 2)
        conversation(made, ("buyer", 0, {"order_id": "O1"}), ("seller", 5, {"order_id": "O1"}))
        yield made.plan("2025-01", "2025-Q1").build(
            *(check.of for check in load_checks() if check.of.startswith("metrics."))
        )


@pytest.mark.parametrize("table", ["sales", "ratings", "messages", "message_orders", "cohorts", "expertise_shares"])
def test_identities_hold(market, table):
    audits = audit_table(market.con, f"metrics.{table}")
    assert audits and all(audit.passed for audit in audits)


@pytest.mark.parametrize(
    ("check", "harm"),
    [
        ("sales_add_up", "update {} set numerator = numerator + 1 where metric = 'gmv' and scope = 'product'"),
        ("sales_add_up", "update {} set numerator = numerator - 1 where metric = 'net_sales' and scope = 'all'"),
        ("stars_add_up", "update {} set numerator = numerator + 1 where metric = 'review_stars_1'"),
        ("stars_add_up", "update {} set denominator = denominator - 1 where metric = 'rating_mean' and scope = 'all'"),
        ("messages_add_up", "update {} set numerator = 0 where metric = 'message_count' and entity_id = 'buyer'"),
        ("cohorts_add_up", "update {} set cohort_buyers = cohort_buyers + 1"),
        ("cohorts_add_up", "update {} set buyers = buyers - 1 where months_since = 0"),
        ("levels_add_up", "update {} set numerator = numerator + 1 where entity_id = 'none'"),
        ("levels_add_up", "update {} set numerator = numerator + 1 where scope = 'all'"),
        ("reach_times_intensity", "update {} set numerator = numerator + 1 where metric = 'message_reach'"),
        ("reach_times_intensity", "update {} set numerator = 99 where metric = 'message_intensity'"),
        ("reach_times_intensity", "update {} set denominator = 99 where metric = 'messages_per_order'"),
    ],
)
def test_an_identity_that_does_not_hold_is_found(market, check, harm):
    of = next(found.of for found in load_checks() if found.name == check)
    market.con.execute("begin transaction")
    try:
        market.con.execute(harm.format(of))
        assert not next(audit for audit in audit_table(market.con, of) if audit.check == check).passed
    finally:
        market.con.execute("rollback")
