"""Test and staff accounts: the list, its mistakes, and what is left of a marketplace without their rows."""

from datetime import date

import duckdb
import pytest
from metrics_support import Marketplace, conversation, marketplace

from pipeline.errors import BadConfiguration
from pipeline.exclusions import ExcludedAccount, load_excluded_accounts, write_excluded_accounts
from pipeline.intake.pseudonyms import load_key, pseudonym, pseudonym_sql, set_key
from pipeline.models import all_models
from pipeline.planning import make_plan, plan_done
from pipeline.settings import DEFAULT_CONFIG, DataFolder, Office
from pipeline.warehouse import prepare_schemas

HEADER = "account_id,kind,reason\n"


def listed(tmp_path, body: str) -> tuple[ExcludedAccount, ...]:
    path = tmp_path / "excluded_accounts.csv"
    path.write_text(HEADER + body, encoding="utf-8")
    return load_excluded_accounts(path)


def exclude(market: Marketplace, account_id: str, kind: str, reason: str = "staff") -> Marketplace:
    """An account that stands in the list, by the name that the rows of these tests give it."""
    market.con.execute(
        "insert into ref.excluded_accounts values (?, ?, ?, ?)", [account_id, kind, reason, f"hash of {account_id}"]
    )
    return market


def test_the_list_names_accounts_with_their_kind_and_reason(tmp_path):
    assert listed(tmp_path, 'B-1,buyer,staff\nS-1,seller,"test account, kept"\n') == (
        ExcludedAccount("B-1", "buyer", "staff"),
        ExcludedAccount("S-1", "seller", "test account, kept"),
    )


def test_the_default_list_and_no_list_exclude_nobody(tmp_path):
    assert load_excluded_accounts(DEFAULT_CONFIG / "excluded_accounts.csv") == ()
    assert load_excluded_accounts(tmp_path / "excluded_accounts.csv") == ()


def test_one_id_may_be_a_buyer_and_a_seller(tmp_path):
    assert len(listed(tmp_path, "X,buyer,staff\nX,seller,staff\n")) == 2


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("B-1,customer,staff\n", "line 2: kind 'customer' is not one of buyer, seller"),
        (",buyer,staff\n", "line 2: account_id ''"),
        # As the exports write it, and they write no space around an id.
        ("B-1 ,buyer,staff\n", "line 2: account_id 'B-1 '"),
        ("B-1,buyer,\n", "line 2: reason ''"),
        ("B-1,buyer," + "x" * 61 + "\n", "line 2: reason 'xxx"),
        ("B-1,buyer,staff\nB-1,buyer,test\n", "line 3: account_id 'B-1' is listed twice as a buyer"),
        ("B-1,buyer\n", "line 2: a line has 3 values"),
        ("B-1,buyer,staff, and more\n", "line 2: a line has 3 values"),
    ],
)
def test_a_mistake_is_told_with_file_line_column_value_and_rule(tmp_path, body, complaint):
    with pytest.raises(BadConfiguration) as told:
        listed(tmp_path, body)
    assert str(told.value).startswith(f"excluded_accounts.csv, {complaint}")


def test_another_header_is_refused(tmp_path):
    path = tmp_path / "excluded_accounts.csv"
    path.write_text("account,kind,reason\nB-1,buyer,staff\n")
    with pytest.raises(BadConfiguration, match="line 1: the header must read account_id,kind,reason"):
        load_excluded_accounts(path)


def test_a_buyer_is_written_under_the_pseudonym_that_intake_gives_and_a_seller_under_the_id(tmp_path):
    accounts = (ExcludedAccount("Bü-1", "buyer", "staff"), ExcludedAccount("S-1", "seller", "test"))
    with duckdb.connect() as con:
        prepare_schemas(con)
        write_excluded_accounts(con, accounts, tmp_path)
        key = load_key(tmp_path)
        set_key(con, key)
        row = con.execute(f"select {pseudonym_sql('?')}", ["Bü-1"]).fetchone()
        written = con.execute("select account_id, kind, reason, pseudonym from ref.excluded_accounts").fetchall()
        everything = str(con.execute("from ref.excluded_accounts").fetchall())
    assert row is not None
    assert written == [(row[0], "buyer", "staff", row[0]), ("S-1", "seller", "test", pseudonym(key, "S-1"))]
    assert "Bü-1" not in everything, "a buyer's own id stays out of the warehouse"


def test_an_empty_list_asks_for_no_key(tmp_path):
    with duckdb.connect() as con:
        prepare_schemas(con)
        write_excluded_accounts(con, (), tmp_path)
    assert not list(tmp_path.iterdir())


def everybody(market: Marketplace, buyer: str, seller: str) -> Marketplace:
    """One row of each export for a buyer and a seller of their own."""
    market.add("sales", buyer_id=buyer, seller_id=seller, order_line_id=f"L-{buyer}", product_id=f"P-{seller}")
    market.add("returns", order_line_id=f"L-{buyer}")
    market.add("reviews", buyer_id=buyer, seller_id=seller, product_id=f"P-{seller}")
    market.add("messages", sender_id=buyer, recipient_id=seller)
    market.add("messages", sender_role="seller", sender_id=seller, recipient_id=buyer)
    market.add("messages", sender_role="system", sender_id="system", recipient_id=buyer)
    market.add("messages", sender_role="staff", sender_id="staff", recipient_id=f"hash of {seller}")
    market.add("surveys", respondent_id=buyer).add("surveys", respondent_id=seller, role="seller")
    market.add("carts", buyer_or_session=buyer).add("subscriptions", buyer_id=buyer)
    market.add("training", seller_id=seller).add("improvements", seller_id=seller)
    return market.add("sellers", seller_id=seller).add("products", product_id=f"P-{seller}", seller_id=seller)


CORE = {
    "carts": "buyer_or_session", "improvements": "seller_id", "messages": "sender_role", "order_lines": "order_line_id",
    "products": "product_id", "returns": "order_line_id", "review_subjects": "scope, entity_id", "reviews": "buyer_id",
    "sellers": "seller_id", "subscriptions": "buyer_id", "survey_answers": "respondent_id", "training": "seller_id",
}  # fmt: skip


def test_every_core_table_that_reads_raw_rows_is_looked_at_here():
    """A metric that reads a raw text joins it to core rows; tests/test_metrics_invariants.py looks at all of them."""
    readers = {m.name for m in all_models() if m.schema == "core" and any(t.startswith("raw.") for t in m.reads)}
    assert readers == CORE.keys()


@pytest.mark.parametrize(
    ("account_id", "kind", "left_out"),
    [
        ("B9", "buyer", {
            "carts": 1, "messages": 3, "order_lines": 1, "products": 0, "returns": 1, "review_subjects": 4,
            "reviews": 1, "subscriptions": 1, "survey_answers": 1,
        }),
        ("S9", "seller", {
            "improvements": 1, "messages": 3, "order_lines": 1, "products": 1, "returns": 1, "review_subjects": 4,
            "reviews": 1, "sellers": 1, "survey_answers": 1, "training": 1,
        }),
    ],
)  # fmt: skip
def test_the_core_tables_leave_every_row_of_a_listed_account_out(account_id, kind, left_out):
    tables = [f"core.{name}" for name in CORE]

    def rows(market: Marketplace) -> dict[str, list[tuple[object, ...]]]:
        market.plan("2025-01").build(*tables)
        return {name: sorted(market.rows(f"select {keys} from core.{name}")) for name, keys in CORE.items()}

    with marketplace() as market:
        everybody(everybody(market, "B1", "S1"), "B9", "S9")
        before = rows(market)
        after = rows(exclude(market, account_id, kind))
    gone = {name: len(before[name]) - len(after[name]) for name in CORE}
    assert {name: count for name, count in gone.items() if count} == {n: c for n, c in left_out.items() if c}
    assert account_id not in str(after)


@pytest.mark.parametrize(
    ("account_id", "kind"), [("B9", "seller"), ("S9", "buyer")], ids=["buyer-by-its-own-id", "seller-by-its-hash"]
)
def test_the_kind_decides_whom_the_list_means(tmp_path, account_id, kind):
    """In the warehouse a buyer is a pseudonym and a seller an id: a seller's id never takes a buyer of the same one."""
    accounts = (ExcludedAccount(account_id, kind, "staff"),)
    with marketplace() as market:
        write_excluded_accounts(market.con, accounts, tmp_path)
        hashed = pseudonym(load_key(tmp_path), account_id)
        buyer, seller = (hashed, "S1") if kind == "seller" else ("B1", account_id)
        market.add("sales", buyer_id=buyer, seller_id=seller).add("reviews", buyer_id=buyer, seller_id=seller)
        market.plan("2025-01").build("core.order_lines", "core.reviews", "metrics.exclusions")
        assert market.rows("select count(*) from core.order_lines") == [(1,)]
        assert market.rows("select count(*) from core.reviews") == [(1,)]
        assert market.rows("from metrics.exclusions") == []


def test_what_is_left_out_is_counted_by_export_kind_and_reason():
    with marketplace() as market:
        everybody(everybody(market, "B1", "S1"), "B9", "S9")
        exclude(exclude(market, "B9", "buyer", "staff"), "S1", "seller", "test shop")
        # Of the staff at the test shop: one row, and the seller's.
        market.add("reviews", buyer_id="B9", seller_id="S1")
        # After as_of: not seen yet.
        market.add("reviews", buyer_id="B9", created_at="2025-04-10 00:00")
        found = market.plan("2025-01").build("metrics.exclusions").rows("from metrics.exclusions")
    buyers = {"carts": 1, "messages": 3, "returns": 1, "reviews": 1, "sales": 1, "subscriptions": 1, "surveys": 1}
    sellers = {
        "improvements": 1, "messages": 3, "products": 1, "returns": 1, "reviews": 2, "sales": 1, "sellers": 1,
        "surveys": 1, "training": 1,
    }  # fmt: skip
    assert sorted(found) == sorted(
        [(export, "buyer", "staff", rows) for export, rows in buyers.items()]
        + [(export, "seller", "test shop", rows) for export, rows in sellers.items()]
    )


def test_rows_without_a_seller_or_a_conversation_are_kept_beside_a_list():
    """`in` a list with a null on the left is null, and must not count as listed."""
    with marketplace() as market:
        exclude(exclude(market, "B9", "buyer"), "S9", "seller")
        market.add("reviews", seller_id=None).add("products", product_id="P7", seller_id=None)
        market.plan("2025-01").build("core.reviews", "core.products")
        assert market.rows("select count(*) from core.reviews") == [(1,)]
        assert market.rows("select product_id from core.products order by 1") == [("P1",), ("P7",)]


def test_an_order_of_two_sellers_keeps_the_other_ones_line():
    with marketplace() as market:
        exclude(market, "S9", "seller")
        market.add("sales", order_id="O1", buyer_id="B1", seller_id="S9", amount_cents=700)
        market.add("sales", order_id="O1", buyer_id="B1", seller_id="S1", amount_cents=300)
        market.plan("2025-01").build("metrics.sales")
        assert (market.get("gmv").numerator, market.get("orders").numerator) == (300, 1)


def test_a_review_of_two_sellers_counts_for_the_other_one():
    with marketplace() as market:
        exclude(market, "S1", "seller")
        market.add("reviews", review_id="R1", buyer_id="B1", seller_id="S1", rating=2)
        market.add("reviews", review_id="R1", buyer_id="B1", seller_id="S2", rating=2)
        market.plan("2025-01").build("metrics.ratings")
        assert market.get("review_count").numerator == 1
        assert market.rows("select seller_id from core.reviews") == [("S2",)]


def test_a_cart_that_became_an_order_with_an_excluded_seller_was_not_abandoned():
    with marketplace() as market:
        exclude(market, "S9", "seller")
        market.add("sales", order_id="O1", seller_id="S9", ordered_at="2025-01-10 12:40").add("carts", order_id="O1")
        market.plan("2025-01").build("core.carts")
        assert market.rows("select is_converted from core.carts") == [(True,)]


def test_messages_of_a_listed_seller_make_no_inquiry():
    with marketplace() as market:
        conversation(exclude(market, "S1", "seller"), ("buyer", 0), ("seller", 1))
        market.plan("2025-01").build("core.inquiries")
        assert market.rows("from core.inquiries") == []


def test_a_listed_sellers_new_product_makes_nobody_active():
    with marketplace() as market:
        exclude(market, "S9", "seller")
        market.add("products", seller_id="S9", created_at="2025-01-05")
        market.add("products", seller_id="S1", created_at="2025-01-05")
        market.plan("2025-Q1").build("metrics.seller_training")
        assert market.rows("select seller_id from metrics.seller_training") == [("S1",)]


class TestPlanning:
    """A changed list is a changed definition: every period is planned again."""

    @pytest.fixture
    def folder(self, tmp_path) -> DataFolder:
        made = DataFolder(tmp_path)
        made.prepare()
        return made

    @pytest.fixture
    def con(self):
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'; set variable office_time_zone = 'Africa/Johannesburg'")
            prepare_schemas(connection)
            connection.execute(
                "insert into ledger.files (file_id, export, status, rows_in, last_event_at, exported_at, columns) "
                "values (1, 'sales', 'loaded', 1, '2026-03-31 21:00', '2026-04-01', ['order_id'])"
            )
            yield connection

    def sell(self, con, buyer_id: str, ordered_at: str, seller_id: str = "S1") -> None:
        con.execute(
            "insert into raw.sales (buyer_id, seller_id, ordered_at) values (?, ?, ?)",
            [buyer_id, seller_id, ordered_at],
        )

    def test_a_changed_list_plans_everything_again(self, con, folder):
        self.sell(con, "B1", "2025-10-01")
        make_plan(con, folder, Office())
        plan_done(con)
        assert make_plan(con, folder, Office()).periods == ()
        (folder.config / "excluded_accounts.csv").write_text(HEADER + "S9,seller,staff\n")
        plan = make_plan(con, folder, Office())
        assert (plan.is_full, plan.why) == (True, "a definition or a rule changed")
        assert con.execute("select account_id from ref.excluded_accounts").fetchall() == [("S9",)]
        (folder.config / "excluded_accounts.csv").write_text(HEADER)
        make_plan(con, folder, Office())
        assert con.execute("from ref.excluded_accounts").fetchall() == []

    def test_what_staff_tried_before_the_doors_opened_begins_no_period(self, con, folder):
        key = load_key(folder.secrets)
        self.sell(con, pseudonym(key, "B-staff"), "2025-05-01")
        self.sell(con, "B1", "2025-06-01", seller_id="S-test")
        self.sell(con, "B1", "2025-10-01")
        (folder.config / "excluded_accounts.csv").write_text(HEADER + "B-staff,buyer,staff\nS-test,seller,test\n")
        make_plan(con, folder, Office())
        assert con.execute("select first_day from plan.run").fetchone() == (date(2025, 10, 1),)

    def test_a_mistake_in_the_list_is_told_before_anything_is_built(self, con, folder):
        self.sell(con, "B1", "2025-10-01")
        (folder.config / "excluded_accounts.csv").write_text(HEADER + "B1,staff,staff\n")
        with pytest.raises(BadConfiguration, match=r"excluded_accounts\.csv, line 2: kind 'staff'"):
            make_plan(con, folder, Office())
