"""An adapter is SELECTs and a few lines of settings: a made-up platform is taken in without a line of Python for it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from intake_support import EXPORTED_AT, Desk

from pipeline.errors import BadConfiguration, UserError
from pipeline.intake import IntakeResult, take_in_platform
from pipeline.intake.adapters import office_settings, read_adapter

TOML = """
title = "Bazaar"
reject_limit = 0.5

[office]
time_zone = "Europe/Paris"

[tables.orders]
pattern = "orders*"
key = ["number"]
columns = ["number", "customer", "ordered", "state"]

[tables.lines]
pattern = "lines*"
export = "sales"
key = ["number", "position"]
columns = ["number", "position", "article", "shop", "price"]

[tables.stars]
pattern = "stars*"
export = "reviews"
key = ["id"]
columns = ["id", "number", "stars", "at"]

[tables.names]
pattern = "names*"
key = ["article"]
is_optional = true
columns = ["article", "name"]

[unused]
"invoices*" = "nobody asks for them"
"""
SALES = """
-- Order lines.
select
    l.number as order_id,
    l.number || '-' || l.position as order_line_id,
    l.article as product_id,
    coalesce(n.name, 'uncategorised') as category,
    l.shop as seller_id,
    o.customer as buyer_id,
    1 as qty,
    l.price as amount_cents,
    'ZAR' as currency,
    try_cast(o.ordered as timestamp) as ordered_at,
    o.state as status,
    l._file_id,
    l._line
from bazaar.lines as l
inner join bazaar.orders as o on l.number = o.number
left join bazaar.names as n on l.article = n.article
"""
REVIEWS = """
select
    s.id as review_id, l.article as product_id, l.shop as seller_id, o.customer as buyer_id, s.stars as rating,
    5 as scale_max, s.at as created_at, 'published' as status, s._file_id, s._line
from bazaar.stars as s
inner join bazaar.orders as o on s.number = o.number
left join bazaar.lines as l on s.number = l.number
"""
FILES = {
    "orders.csv": "number,customer,ordered,state\n1,ann,2025-01-10 12:00:00,paid\n2,bob,2025-01-12 12:00:00,paid\n",
    "lines.csv": "number,position,article,shop,price\n1,a,A1,S1,1000\n1,b,A2,S2,500\n2,a,A1,S1,900\n",
    "stars.csv": "id,number,stars,at\nr1,1,5,2025-02-01\nr2,2,4,2025-02-02\n",
}


class Bazaar:
    """A desk, an adapter and a folder of the platform's files."""

    def __init__(self, root: Path) -> None:
        self.desk = Desk(root / "office")
        self.adapters = root / "adapters"
        self.files = root / "files"
        self.files.mkdir()
        (self.adapters / "bazaar").mkdir(parents=True)
        self.write("adapter.toml", TOML)
        self.write("sales.sql", SALES)
        self.write("reviews.sql", REVIEWS)

    def write(self, name: str, text: str) -> None:
        (self.adapters / "bazaar" / name).write_text(text)

    def deliver(self, files: dict[str, str], at: datetime = EXPORTED_AT) -> IntakeResult:
        """Put these files into an emptied folder and take it in."""
        for path in self.files.iterdir():
            path.unlink()
        for name, text in files.items():
            (self.files / name).write_text(text)
            seconds = at.replace(tzinfo=UTC).timestamp()
            os.utime(self.files / name, (seconds, seconds))
        desk = self.desk
        return take_in_platform(
            desk.con, desk.folder, desk.office, "bazaar", self.files, progress=desk.said.append, adapters=self.adapters
        )

    def ledger(self) -> dict[str, tuple]:
        """File -> (export, rows in, accepted, superseded, rejected) of what is loaded."""
        rows = self.desk.query(
            "select name, export, rows_in, accepted, superseded, rejected from ledger.files where status = 'loaded'"
        )
        return {name: tuple(rest) for name, *rest in rows}


@pytest.fixture
def bazaar(tmp_path) -> Bazaar:
    return Bazaar(tmp_path)


def test_a_platform_is_taken_in_by_its_adapter_alone(bazaar):
    result = bazaar.deliver({**FILES, "invoices.csv": "x\n", "else.csv": "x\n"})
    assert {o.name: o.message for o in result.skipped} == {
        "else.csv": "not a file that the Bazaar adapter knows",
        "invoices.csv": "not used: nobody asks for them",
    }
    assert bazaar.ledger() == {
        "orders.csv": ("bazaar.orders", 2, 2, 0, 0),
        "lines.csv": ("sales", 3, 3, 0, 0),
        "stars.csv": ("reviews", 2, 2, 0, 0),
    }
    desk = bazaar.desk
    assert desk.query("select order_line_id, amount_cents, ordered_at, _line from raw.sales order by 1") == [
        ("1-a", 1000, datetime(2025, 1, 10, 10), 2),
        ("1-b", 500, datetime(2025, 1, 10, 10), 3),
        ("2-a", 900, datetime(2025, 1, 12, 10), 4),
    ]
    # One review of an order with two sellers stands once for each, and counts as one record.
    assert desk.query("select review_id, seller_id from raw.reviews order by all") == [
        ("r1", "S1"),
        ("r1", "S2"),
        ("r2", "S1"),
    ]
    assert desk.query("select columns from ledger.files where export = 'reviews'") == [
        (["review_id", "product_id", "seller_id", "buyer_id", "rating", "scale_max", "created_at", "status"],)
    ]
    assert desk.query("select count(*) from raw.sales where buyer_id in ('ann', 'bob')") == [(0,)]


def test_the_platforms_own_texts_do_not_stay(bazaar):
    bazaar.deliver(FILES)
    assert bazaar.desk.query("select database_name from duckdb_databases() where database_name = 'bazaar'") == []
    left = bazaar.desk.query("select table_name from duckdb_tables() where database_name = 'temp'")
    assert left == []


def test_the_same_files_again_are_skipped(bazaar):
    bazaar.deliver(FILES)
    before = bazaar.desk.state(), bazaar.ledger()
    assert {o.status for o in bazaar.deliver(FILES).files} == {"skipped"}
    assert (bazaar.desk.state(), bazaar.ledger()) == before


def test_a_changed_reference_file_rebuilds_what_reads_it(bazaar):
    """Order 2 is cancelled in a newer export of the orders: its line changes though no line was delivered."""
    bazaar.deliver(FILES)
    newer = "number,customer,ordered,state\n2,bob,2025-01-12 12:00:00,cancelled\n"
    result = bazaar.deliver({"orders 2.csv": newer}, EXPORTED_AT + timedelta(hours=1))
    assert [o.status for o in result.files] == ["loaded"]
    assert bazaar.ledger()["orders.csv"] == ("bazaar.orders", 2, 1, 1, 0)
    assert bazaar.ledger()["orders 2.csv"] == ("bazaar.orders", 1, 1, 0, 0)
    desk = bazaar.desk
    assert desk.query("select status from raw.sales order by order_line_id") == [("paid",), ("paid",), ("cancelled",)]
    changed = desk.query("select first_day::varchar from ledger.files where name = 'orders 2.csv'")
    assert changed == [("2025-01-12",)]


def test_an_optional_file_may_come_later(bazaar):
    bazaar.deliver(FILES)
    bazaar.deliver({"names.csv": "article,name\nA1,Lamps\n"}, EXPORTED_AT + timedelta(hours=1))
    assert bazaar.desk.query("select category from raw.sales order by order_line_id") == [
        ("Lamps",),
        ("uncategorised",),
        ("Lamps",),
    ]


@pytest.mark.parametrize("is_turned", [False, True])
def test_corrections_of_driving_files_replace_by_key_in_any_order(bazaar, is_turned):
    fixed = {"lines 2.csv": "number,position,article,shop,price\n1,b,A2,S2,555\n"}
    steps = [(FILES, EXPORTED_AT), (fixed, EXPORTED_AT + timedelta(hours=1))]
    if is_turned:
        # The correction comes first, and waits for the orders that it belongs to.
        assert {o.status for o in bazaar.deliver(*steps[1]).files} == {"refused"}
        bazaar.deliver({**fixed, "orders.csv": FILES["orders.csv"]}, steps[1][1])
        steps = [({name: text for name, text in FILES.items() if name != "orders.csv"}, EXPORTED_AT)]
    for files, at in steps:
        bazaar.deliver(files, at)
    ledger = bazaar.ledger()
    assert (ledger["lines.csv"], ledger["lines 2.csv"]) == (("sales", 3, 2, 1, 0), ("sales", 1, 1, 0, 0))
    assert bazaar.desk.query("select order_line_id, amount_cents from raw.sales order by 1") == [
        ("1-a", 1000),
        ("1-b", 555),
        ("2-a", 900),
    ]


def test_driving_records_are_accounted_for_one_by_one(bazaar):
    """A bad value, a record of another width, a repeated one, one whose order nobody knows: each is in the ledger."""
    lines = FILES["lines.csv"] + "2,b,A1,S1,9.99\n2,c,A1\n2,a,A1,S1,900\n7,a,A1,S1,100\n2,d,A1,S1,1\n2,d,A1,S1,2\n"
    bazaar.deliver({**FILES, "lines.csv": lines})
    assert bazaar.ledger()["lines.csv"] == ("sales", 9, 3, 1, 5)
    assert bazaar.desk.query("select line, column_name, rule from ledger.rejects order by all") == [
        (5, "amount_cents", "format"),
        (6, None, "width"),
        (8, None, "no_row"),
        (9, "number", "conflict"),
        (10, "number", "conflict"),
    ]
    (raw,) = bazaar.desk.query("select raw from ledger.rejects where line = 5")[0]
    assert '"price":"9.99"' in raw


def test_too_many_rejects_refuse_the_delivery_and_leave_what_stood(bazaar):
    bazaar.deliver(FILES)
    before = bazaar.desk.state()
    bad = "id,number,stars,at\n" + "".join(f"x{i},1,9,2025-02-01\n" for i in range(50))
    result = bazaar.deliver({"stars 2.csv": bad}, EXPORTED_AT + timedelta(hours=1))
    assert [o.status for o in result.files] == ["refused"]
    assert "every one of its 50 rows" in result.files[0].message
    assert bazaar.desk.state() == before


def test_a_refused_reference_file_is_said_and_the_rest_goes_on(bazaar):
    bazaar.deliver(FILES)
    result = bazaar.deliver({"orders 2.csv": "number,customer\n1,ann\n"}, EXPORTED_AT + timedelta(hours=1))
    assert [o.status for o in result.files] == ["refused"]
    assert "missing: ordered, state" in result.files[0].message
    assert len(bazaar.ledger()) == 3


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("adapter.toml", TOML.replace("pattern", "patern"), "adapter.toml"),
        ("adapter.toml", "title = ", "not TOML"),
        ("returns.sql", "select 1", "needs one table with export"),
        ("sales.sql", SALES.replace("l.price", "l.cost"), "sales.sql"),
        ("sales.sql", SALES.replace("as qty", "as quantity"), "unknown: 'quantity'"),
        ("sales.sql", SALES.replace("    l._line\n", "    1 as qty2\n"), "missing: _line"),
    ],
)
def test_a_wrong_adapter_is_told_by_file_and_reason(bazaar, name, text, said):
    bazaar.write(name, text)
    with pytest.raises(BadConfiguration, match=said):
        bazaar.deliver(FILES)
    assert bazaar.ledger() == {}


def test_an_unknown_platform_or_folder_is_told(bazaar, tmp_path):
    with pytest.raises(UserError, match="no adapter for 'etsy'; these are: olist"):
        office_settings("etsy")
    desk = bazaar.desk
    with pytest.raises(UserError, match="no such folder"):
        take_in_platform(desk.con, desk.folder, desk.office, "olist", tmp_path / "nowhere", progress=desk.said.append)


def test_the_settings_of_a_platform_are_the_offices(bazaar):
    assert read_adapter("bazaar", bazaar.adapters).office == {"time_zone": "Europe/Paris"}
    assert office_settings("olist")["currency"] == "BRL"
