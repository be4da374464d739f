"""What readers may open: small cases are hidden, and so is what gives them away; a wrong whole is not published."""

from datetime import timedelta
from io import StringIO

import duckdb
import polars as pl
import pytest
from metrics_support import AS_OF, conversation, marketplace, review
from rich.console import Console

from pipeline.models import AuditFailed, all_models
from pipeline.publishing import publish
from pipeline.settings import DataFolder, Office
from pipeline.status import status_of


@pytest.fixture
def folder(tmp_path):
    made = DataFolder(tmp_path)
    made.prepare()
    return made


def publish_all(market, folder):
    market.plan("2025-01").build(*(model.table for model in all_models()))
    return publish(market.con, folder, all_models())


def shown_sellers(folder):
    figures = pl.read_parquet(folder.published / "metrics.parquet").filter(
        (pl.col("metric") == "review_response_48h") & (pl.col("scope") == "seller")
    )
    return {row["entity_id"]: row["reason"] or row["denominator"] for row in figures.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        pytest.param({"S1": 10, "S2": 30}, set(), id="nothing-small"),
        pytest.param({"S1": 9, "S2": 12, "S3": 30}, {"S1", "S2"}, id="one-small-takes-the-next-with-it"),
        pytest.param({"S1": 9, "S2": 12, "S3": 12}, {"S1", "S2"}, id="ties-by-name"),
        pytest.param({"S1": 6, "S2": 7, "S3": 30}, {"S1", "S2"}, id="two-small-hide-each-other"),
        pytest.param({"S1": 2, "S2": 3, "S3": 11, "S4": 30}, {"S1", "S2", "S3"}, id="two-tiny-do-not"),
        pytest.param({"S1": 4}, {"S1"}, id="alone"),
    ],
)
def test_a_hidden_seller_cannot_be_had_by_subtraction(folder, sizes, hidden):
    """METRICS.md 0.7: primary below ten cases, secondary so that the whole less the shown tells nothing."""
    with marketplace() as market:
        for seller, size in sizes.items():
            review(market, 1, times=size, seller_id=seller)
        publish_all(market, folder)
    shown = shown_sellers(folder)
    assert {seller for seller, what in shown.items() if what == "suppressed"} == hidden
    assert all(shown[seller] == size for seller, size in sizes.items() if seller not in hidden)


def test_a_hidden_products_average_cannot_be_had_by_subtraction(folder):
    """Two ratings of one product: the whole less the other product would be their mean."""
    with marketplace() as market:
        for product, ratings in (("P1", 2), ("P2", 20), ("P3", 30)):
            market.add("reviews", ratings, product_id=product)
        publish_all(market, folder)
    products = pl.read_parquet(folder.published / "metrics.parquet").filter(
        (pl.col("metric") == "rating_mean") & (pl.col("scope") == "product")
    )
    assert dict(products.select("entity_id", "reason").iter_rows()) == {
        "P1": "suppressed",
        "P2": "suppressed",
        "P3": None,
    }


def test_a_share_of_money_counts_its_cases_and_not_its_cents(folder):
    with marketplace() as market:
        market.add("sales", 12, seller_id="S1").add("sales", 2, seller_id="S2").add("sales", 20, seller_id="S3")
        market.add("returns", order_line_id="L13")
        publish_all(market, folder)
    shares = pl.read_parquet(folder.published / "metrics.parquet").filter(
        (pl.col("metric") == "refund_value_share") & (pl.col("scope") == "seller")
    )
    assert dict(shares.select("entity_id", "reason").iter_rows()) == {
        "S1": "suppressed",
        "S2": "suppressed",
        "S3": None,
    }


def hidden_of(folder, metric: str) -> set[str]:
    figures = pl.read_parquet(folder.published / "metrics.parquet").filter(
        (pl.col("metric") == metric) & (pl.col("scope") == "seller") & (pl.col("period_id") == "2025-01")
    )
    for row in figures.filter(pl.col("reason") == "suppressed").iter_rows(named=True):
        assert [row[name] for name in ("value", "numerator", "low", "high")] == [None] * 4
    return set(figures.filter(pl.col("reason") == "suppressed")["entity_id"])


def test_a_count_does_not_give_a_hidden_share_of_the_same_cases_away(folder):
    """n less the unanswered are the answered: what hides the one hides the other, the next seller included."""
    with marketplace() as market:
        number = 0
        for seller, cases in {"S1": 9, "S2": 10, "S3": 30}.items():
            for case in range(cases):
                number += 1
                turns = [("buyer", 0)] if case % 3 == 0 else [("buyer", 0), ("seller", 1)]
                accounts = {"buyer": {"recipient_id": seller}, "seller": {"sender_id": seller}}
                conversation(market, *((*t, accounts[t[0]]) for t in turns), conversation_id=f"C{number}")
            market.add("reviews", cases, seller_id=seller, rating=1)
        publish_all(market, folder)
    for metric, share in (
        ("unanswered_inquiries", "inquiry_response_rate"),
        ("negative_review_count", "sentiment_net"),
    ):
        assert hidden_of(folder, share) == {"S1", "S2"}
        assert hidden_of(folder, metric) == {"S1", "S2"}
    figures = pl.read_parquet(folder.published / "metrics.parquet").filter(pl.col("period_id") == "2025-01")
    whole = figures.filter((pl.col("metric") == "unanswered_inquiries") & (pl.col("scope") == "all"))
    assert whole["value"].to_list() == [3 + 4 + 10], "the whole is shown"


def test_rows_of_excluded_accounts_are_published_and_shown_by_status(folder):
    with marketplace() as market:
        market.con.execute("insert into ref.excluded_accounts values ('S9', 'seller', 'test shop', '-')")
        market.add("sales", 2, seller_id="S9").add("reviews", seller_id="S9").add("sales")
        publish_all(market, folder)
    with duckdb.connect(str(folder.published / "scmr17.duckdb"), read_only=True) as con:
        assert con.sql("from exclusions order by export").fetchall() == [
            ("reviews", "seller", "test shop", 1),
            ("sales", "seller", "test shop", 2),
        ]
    printed = StringIO()
    Console(width=200, file=printed).print(status_of(folder, Office()))
    line = "excluded accounts (test shop): 3 rows accepted and left out of every figure: reviews 1, sales 2"
    assert line in printed.getvalue()


@pytest.mark.parametrize("cases", [1, 9])
def test_the_whole_count_of_few_cases_is_shown(folder, cases):
    """Of the marketplace it is no one's secret, and somebody has to answer them."""
    with marketplace() as market:
        for case in range(cases):
            conversation(market, ("buyer", 0), conversation_id=f"C{case}")
        publish_all(market, folder)
    figures = pl.read_parquet(folder.published / "metrics.parquet").filter(
        (pl.col("metric") == "unanswered_inquiries") & (pl.col("period_id") == "2025-01")
    )
    assert dict(figures.select("scope", "value").iter_rows()) == {"all": cases, "seller": None}


def test_a_seller_whose_inquiries_are_all_pending_hides_nobody_elses_count(folder):
    """None of no cases is nothing to hide, and no part that another must go with."""
    with marketplace() as market:
        for case in range(12):
            conversation(market, ("buyer", 0), conversation_id=f"C{case}")
        conversation(
            market, ("buyer", 0, {"recipient_id": "S2"}), start=AS_OF - timedelta(hours=47), conversation_id="C99"
        )
        market.plan("2025-01", "2025-Q2").build(*(model.table for model in all_models()))
        publish(market.con, folder, all_models())
    assert hidden_of(folder, "unanswered_inquiries") == set()
    figures = pl.read_parquet(folder.published / "metrics.parquet").filter(
        (pl.col("metric") == "unanswered_inquiries") & (pl.col("entity_id") == "S2")
    )
    assert figures.select("value", "n", "reason").rows() == [(0, 0, None)]


def test_the_whole_of_few_cases_is_hidden_too(folder):
    with marketplace() as market:
        review(market, 1, times=9)
        publish_all(market, folder)
    figures = pl.read_parquet(folder.published / "metrics.parquet").filter(pl.col("scope") == "all")
    row = figures.row(by_predicate=pl.col("metric") == "review_response_48h", named=True)
    assert (row["value"], row["numerator"], row["denominator"], row["low"], row["reason"]) == (
        *[None] * 4,
        "suppressed",
    )
    assert row["n"] == 9


@pytest.mark.parametrize(("ratings", "reason"), [(2, "suppressed"), (3, None)])
def test_a_products_average_is_shown_from_three_ratings(folder, ratings, reason):
    """METRICS.md 0.7."""
    with marketplace() as market:
        market.add("reviews", ratings, rating=4)
        publish_all(market, folder)
    figures = pl.read_parquet(folder.published / "metrics.parquet").filter(pl.col("scope") == "product")
    row = figures.row(by_predicate=(pl.col("metric") == "rating_mean") & (pl.col("period_id") == "2025-01"), named=True)
    assert (row["reason"], row["value"], row["n"]) == (reason, None if reason else 4, ratings)


@pytest.mark.parametrize(
    ("check", "harm"),
    [
        ("rows_accounted_for", "insert into ledger.files (export, status, rows_in, accepted, superseded, rejected) "
         "values ('sales', 'loaded', 3, 1, 0, 1)"),
        ("every_metric_answers", "delete from metrics.sales where metric = 'orders' and scope = 'all'"),
        ("values_in_range", "update metrics.ratings set value = 5.01 where metric = 'rating_mean'"),
        ("values_in_range", "update metrics.sales set value = -1 where metric = 'orders'"),
        ("values_in_range", "update metrics.surveys set value = 'nan' where metric = 'nps'"),
    ],
)  # fmt: skip
def test_a_figure_that_cannot_be_blocks_publishing_and_the_old_files_stand(folder, check, harm):
    with marketplace() as market:
        market.add("sales", 12).add("reviews", 12).add("surveys", 12)
        publish_all(market, folder)
        before = (folder.published / "metrics.parquet").read_bytes()
        market.con.execute(harm)
        with pytest.raises(AuditFailed, match=check):
            publish(market.con, folder, all_models())
    assert (folder.published / "metrics.parquet").read_bytes() == before
    assert not list(folder.published.glob(".build-*"))


def test_a_share_that_may_pass_one_blocks_nothing(folder):
    """More is paid back than the line cost, its postage too; and in a quiet month more comes back than is sold."""
    with marketplace() as market:
        market.add("sales", 10, order_line_id=lambda number: f"L{number}").add("sales", 10, ordered_at="2024-12-05")
        for number in range(1, 21):
            market.add("returns", order_line_id=f"L{number}", refund_cents=1100)
        publish_all(market, folder)
    shown = pl.read_parquet(folder.published / "metrics.parquet").filter(
        pl.col("metric").is_in(["refund_value_share", "return_flow_rate"]), pl.col("period_id") == "2025-01"
    )
    assert set(shown.select("scope", "value").rows()) == {
        (scope, value) for scope in ("all", "seller", "category") for value in (1.1, 2.0)
    }


def test_every_table_of_its_own_is_published(folder):
    with marketplace() as market:
        market.add("sales", 12).add("reviews", 12)
        publish_all(market, folder)
    own = {model.name for model in all_models() if model.schema == "metrics" and not model.is_long}
    with duckdb.connect(str(folder.published / "scmr17.duckdb"), read_only=True) as con:
        tables = {name for (name,) in con.execute("select table_name from information_schema.tables").fetchall()}
        assert own | {"metrics", "catalogue", "policies", "run"} <= tables
        assert con.execute("select value from policies where policy = 'cart_converted_within_hours'").fetchone() == (
            24,
        )
