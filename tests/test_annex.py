"""The annex: every seller, product and metric of a period, as published, and totals that reconcile."""

import duckdb
import fastexcel
import pytest
from published_support import FORMULA, publish_tiny

from pipeline.annex import write_annex
from pipeline.catalogue import load_catalogue
from pipeline.errors import DeliveryMissing
from pipeline.periods import parse
from pipeline.settings import Office

PERIOD = "2025-01"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return publish_tiny(tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="module")
def book(published, tmp_path_factory):
    path = write_annex(published, Office(), parse(PERIOD), tmp_path_factory.mktemp("reports"))
    assert (path.parent.name, path.name) == (PERIOD, "saypro-scmr-17-annex-2025-01.xlsx")
    return path


def sheet(path, name):
    return fastexcel.read_excel(path).load_sheet(name, dtypes="string").to_polars()


def by_first(path, name):
    frame = sheet(path, name)
    return {row[frame.columns[0]]: row for row in frame.to_dicts()}


def query(published, sql, *values):
    with duckdb.connect(str(published / "scmr17.duckdb"), read_only=True, config={"threads": 1}) as con:
        return con.execute(sql, list(values)).fetchall()


def test_sheets(book):
    names = ["About", "Metrics", "Sellers", "Products", "Totals", "Definitions"]
    assert fastexcel.read_excel(book).sheet_names == names


def test_every_seller_is_there_even_without_a_case(book, published):
    sellers = by_first(book, "Sellers")
    ids = [row[0] for row in query(published, "select seller_id from sellers order by 1")]
    assert list(sellers) == [*ids, "All sellers, published"]
    assert (sellers["S1"]["Name"], sellers["S2"]["Name"]) == (FORMULA, "Ünïcode 商店")
    assert sellers["S3"]["Net sales"] is None, "nothing sold is not 0"


def test_a_seller_has_its_published_values(book):
    """Thirty units in fifteen orders, one refunded in part; ten cases or more are shown, fewer are not."""
    one, two = (by_first(book, "Sellers")[seller] for seller in ("S1", "S2"))
    assert (one["Net sales"], one["Gross merchandise value"], one["Orders"]) == ("289.86", "299.85", "15")
    assert (one["Reviews"], one["Unanswered inquiries"]) == ("16", "suppressed"), "two of three inquiries"
    assert (two["Average rating"], two["Ratings"]) == ("suppressed", "2")
    assert one["Reviews due"] == "16"
    assert one["Reviews answered within 48 h"] == "suppressed", "or two sellers' total would give the other's away"


def test_every_product_is_there_with_its_sales(book, published):
    products = by_first(book, "Products")
    ids = [row[0] for row in query(published, "select product_id from products order by 1")]
    assert sorted(products) == sorted([*ids, "All products, published"])
    one = products["P1"]
    assert (one["Name"], one["Seller id"], one["Units"], one["of which returned so far"]) == ("-2+3", "S1", "30", "1")
    assert products["P2"]["Average rating"] == "suppressed"
    assert products["P1"]["Trend of the rating"] == "too short"


@pytest.mark.parametrize(
    ("name", "metric", "title", "divisor"),
    [
        ("Sellers", "net_sales", "Net sales", 100),
        ("Sellers", "orders", "Orders", 1),
        ("Sellers", "rating_mean", "Average rating", 1),
        ("Sellers", "review_response_48h", "Reviews answered within 48 h", 1),
        ("Products", "units", "Units", 1),
        ("Products", "gmv", "Gross merchandise value", 100),
    ],
)
def test_the_last_line_is_what_is_published_of_all(book, published, name, metric, title, divisor):
    sql = "select value from metrics where period_id = ? and scope = 'all' and metric = ?"
    ((whole,),) = query(published, sql, PERIOD, metric)
    last = sheet(book, name).to_dicts()[-1]
    assert float(last[title]) == pytest.approx(whole / divisor)


def test_totals_reconcile_or_say_why_not(book):
    totals = {(row["Sheet"], row["Figure"]): row for row in sheet(book, "Totals").to_dicts()}
    sales = totals["Sellers", "Net sales"]
    assert (sales["The lines add up to"], sales["Published total"], sales["Difference"]) == ("369.82", "369.82", "0")
    assert sales["Unit"] == "ZAR"
    reviews = totals["Sellers", "Reviews"]
    assert (reviews["The lines add up to"], reviews["Published total"], reviews["Difference"]) == ("18", "19", "-1")
    assert reviews["Note"] == "cases without a seller are in the total alone, cases of several sellers with each"
    assert totals["Products", "Units"]["Difference"] == "0"
    assert "not explained" not in {row["Note"] for row in totals.values()}


def test_every_metric_is_there_in_its_unit(book, published):
    rows = sheet(book, "Metrics").to_dicts()
    sql = "select metric from metrics where period_id = ? and scope not in ('seller', 'product') order by 1"
    assert sorted(row["Metric"] for row in rows) == [name for (name,) in query(published, sql, PERIOD)]
    of_all = {row["Metric"]: row for row in rows if row["Scope"] == "all"}
    sales = of_all["net_sales"]
    assert (sales["Value"], sales["Unit"], sales["Numerator, money in cents"]) == ("369.82", "ZAR", "36982")
    assert (of_all["nps"]["Value"], of_all["nps"]["Missing because"]) == ("not measured", "not_measured")
    answered = of_all["review_response_48h"]
    assert (answered["Target"], answered["Verdict"], answered["Evidence"]) == ("0.95", "red", "missed-certain")


def test_every_definition_is_there_with_the_text_that_computed_it(book, published):
    listed = sheet(book, "Definitions")["Metric"].to_list()
    assert listed == [metric.metric for metric in load_catalogue()]
    hashes = query(published, "select metric, sql_sha256 from catalogue order by rowid")
    assert sheet(book, "Definitions").select("Metric", "SHA-256 of its text").rows() == hashes


def test_columns_with_nothing_to_say_are_named(published, tmp_path):
    """A week has no royalties, returns or trends: their columns go, and the first sheet says so."""
    path = write_annex(published, Office(), parse("2025-W02"), tmp_path)
    assert "Royalty paid" not in sheet(path, "Sellers").columns
    about = fastexcel.read_excel(path).load_sheet("About", header_row=None).to_polars().rows()
    assert "Royalty paid" in dict(about)["Not in Sellers"]
    assert "Trend of the rating" in dict(about)["Not in Products"]


def test_the_same_tables_give_the_same_bytes(published, book, tmp_path):
    assert write_annex(published, Office(), parse(PERIOD), tmp_path).read_bytes() == book.read_bytes()


def test_a_period_without_data_is_refused(published, tmp_path):
    with pytest.raises(DeliveryMissing, match="2019-05"):
        write_annex(published, Office(), parse("2019-05"), tmp_path)
