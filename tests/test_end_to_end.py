"""The whole way, from exports to a PDF, as its users go it: the command, the jobs, the published files."""

import hashlib
import io
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
from office_support import nightly, scmr17
from rich.console import Console

from pipeline.catalogue import load_catalogue
from pipeline.errors import DataRefused
from pipeline.explaining import explanation
from pipeline.publishing import COLUMNS
from pipeline.settings import PROJECT, DataFolder, load_office


def digests(folder: Path, pattern: str) -> dict[str, str]:
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob(pattern)}


@pytest.fixture(scope="module")
def office(sample_office, tmp_path_factory) -> Path:
    """The sample office after its first run, to be written into."""
    return shutil.copytree(sample_office.root, tmp_path_factory.mktemp("end") / "office")


def test_the_first_run_publishes_every_metric_of_the_catalogue_with_a_value_or_a_reason(office):
    metrics = pl.read_parquet(office / "published" / "metrics.parquet")
    assert tuple(metrics.columns) == COLUMNS
    with duckdb.connect(str(office / "published" / "scmr17.duckdb"), read_only=True) as con:
        catalogue = {row[0]: row[1].split() for row in con.sql("select metric, periods from catalogue").fetchall()}
        periods = con.sql("select period_id, period_type from periods").fetchall()
    at_all = set(metrics.filter(pl.col("scope") == "all").select("metric", "period_id").iter_rows())
    wanted = {(metric, p) for metric, types in catalogue.items() for p, t in periods if t in types}
    assert wanted <= at_all
    assert metrics.filter(pl.col("value").is_null() & pl.col("reason").is_null()).is_empty()
    assert metrics.filter(pl.col("value").is_not_null() & pl.col("reason").is_not_null()).is_empty()


def test_an_interval_contains_its_value(office):
    metrics = pl.read_parquet(office / "published" / "metrics.parquet").drop_nulls(["value", "low", "high"])
    outside = metrics.filter((pl.col("low") > pl.col("value") + 1e-9) | (pl.col("high") < pl.col("value") - 1e-9))
    assert outside.is_empty(), outside.head()


def test_what_is_small_is_not_shown(office):
    metrics = pl.read_parquet(office / "published" / "metrics.parquet")
    shares = metrics.filter(pl.col("metric") == "review_response_48h", pl.col("value").is_not_null())
    assert shares["denominator"].min() >= 10
    hidden = metrics.filter(pl.col("reason") == "suppressed")
    assert len(hidden)
    assert (
        hidden.select(pl.col("value", "numerator", "denominator", "low", "high").is_not_null().any()).sum_horizontal()[
            0
        ]
        == 0
    )


def test_t20_every_row_of_every_file_is_accounted_for(office):
    with duckdb.connect(str(office / "warehouse.duckdb"), read_only=True) as con:
        lost = con.sql(
            "from ledger.files where status = 'loaded' and rows_in <> accepted + superseded + rejected"
        ).fetchall()
        exports = con.sql("select distinct export from ledger.files where status = 'loaded'").fetchall()
        for (export,) in exports:
            standing = con.sql(f"select count(*) from raw.{export}").fetchone()
            told = con.sql(f"select sum(accepted) from ledger.files where export = '{export}'").fetchone()
            assert standing == told, export
    assert lost == []
    assert len(exports) == 11


def test_the_second_run_loads_nothing_changes_nothing_and_prints_the_same_bytes(office):
    before = digests(office, "*.parquet") | digests(office, "*.pdf")
    assert len(before) >= 2
    done = scmr17("run", data=office)
    assert "nothing new was delivered" in done.stdout
    assert digests(office, "*.parquet") | digests(office, "*.pdf") == before


def test_an_issued_report_and_its_statements_are_kept(office, tmp_path):
    data = tmp_path / "office"
    shutil.copytree(office, data)
    assert "issued edition 1 of 2026-03" in scmr17("issue", "2026-03", data=data).stderr
    edition = data / "reports" / "2026-03" / "edition-1"
    assert len(list(edition.glob("statements/*.pdf"))) > 200
    assert {path.suffix for path in edition.iterdir() if path.is_file()} == {".pdf", ".html", ".json", ".zip"}


def test_full_and_incremental_agree_row_for_row(office, tmp_path):
    """Late deliveries change some periods; computing only those gives what computing all gives.

    A return reaches back to an order of a year ago, an answer to as old a question.
    """
    data = tmp_path / "office"
    shutil.copytree(office, data)
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as con:
        line = con.sql("select arg_min(order_line_id, ordered_at) from raw.sales where status = 'delivered'").fetchone()
        question = con.sql(
            """
            select conversation_id, recipient_id from raw.messages
            where sender_role = 'buyer' and conversation_id in (
                select conversation_id from raw.messages group by all having count(*) = 1
            )
            order by sent_at limit 1
            """
        ).fetchone()
    assert line
    assert question
    (data / "inbox" / "returns" / "late.csv").write_text(
        f"return_id,order_line_id,qty,refund_cents,opened_at\nR-late,{line[0]},1,100,2026-03-20\n"
    )
    (data / "inbox" / "messages" / "late.csv").write_text(
        "message_id,conversation_id,sender_id,sender_role,recipient_id,sent_at,body\n"
        f"M-late,{question[0]},{question[1]},seller,a-buyer,2026-03-20 09:00,Sorry for the wait\n"
    )
    late = data / "inbox" / "reviews" / "late.csv"
    late.write_text(
        "review_id,product_id,seller_id,buyer_id,rating,scale_max,created_at,status\n"
        "late-1,nobody-made-it,nobody-sells-it,late-buyer,1,5,2025-12-05 10:00:00,published\n"
    )
    nightly(data)
    metrics = data / "published" / "metrics.parquet"
    incremental = pl.read_parquet(metrics)
    nightly(data, full=True)
    assert pl.read_parquet(metrics).equals(incremental)
    first = pl.read_parquet(office / "published" / "metrics.parquet")
    count = (pl.col("metric") == "review_count") & (pl.col("scope") == "all") & (pl.col("period_id") == "2025-12")
    assert incremental.filter(count)["value"][0] == first.filter(count)["value"][0] + 1


def test_looking_back_sees_only_what_had_happened(office, tmp_path):
    data = tmp_path / "office"
    shutil.copytree(office, data)
    nightly(data, as_of="2025-11-01")
    metrics = pl.read_parquet(data / "published" / "metrics.parquet")
    assert metrics["period_start"].max().isoformat() <= "2025-11-01"
    now = pl.read_parquet(office / "published" / "metrics.parquet")
    settled = (pl.col("metric").is_in(["message_count", "gmv", "orders"])) & (pl.col("period_id") == "2025-06")
    columns = ["metric", "scope", "entity_id", "value", "numerator"]
    assert metrics.filter(settled).select(columns).equals(now.filter(settled).select(columns))


def test_explain_leads_from_the_figure_to_the_files(office):
    text = scmr17("explain", "review_response_48h", "2026-02", data=office).stdout
    for wanted in ("numerator", "denominator", "join plan.period", "raw.reviews", "sha256", "Rejected rows"):
        assert wanted in text


def test_explain_says_what_is_pending(office):
    """The newest month's end is less than 48 hours before as_of (METRICS.md 0.4)."""
    text = scmr17("explain", "review_response_48h", "2026-03", data=office).stdout
    assert "too young to be judged: when they are, between 0." in text


def test_explain_covers_every_metric(office):
    """Each in its newest period: what it is, its value or the reason for none, what made it, and the files."""
    folder = DataFolder(office)
    newest = dict(
        pl.read_parquet(folder.published / "metrics.parquet")
        .filter(pl.col("scope") == "all")
        .group_by("metric")
        .agg(pl.col("period_id").sort_by("period_start").last())
        .iter_rows()
    )
    for metric in load_catalogue():
        console = Console(file=io.StringIO(), width=200)
        console.print(explanation(folder, load_office(folder), metric.metric, newest[metric.metric]))
        text = " ".join(console.file.getvalue().split())
        for wanted in (metric.title, metric.source, f"metrics.{metric.family} · sha256", "Files"):
            assert wanted in text, f"{metric.metric}: {wanted}"
        assert f"value ({metric.unit})" in text or "reason " in text, metric.metric


def test_the_catalogue_is_listed_with_its_targets(office):
    text = scmr17("metrics", data=office).stdout
    assert all(f"\n{metric.metric}\n" in f"\n{text}" for metric in load_catalogue())
    cut = [metric.metric for metric in load_catalogue() if metric.definition not in text]
    assert not cut, "a definition longer than the page is wide is whole"
    assert "target: at least 0.95 for every period from 2024-01-01 (brief 001 §2.1" in " ".join(text.split())
    assert f"of {len(load_catalogue())} metrics" in scmr17("metrics", "royalties", data=office).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("metrics", "nosuchword"), 64, "no metric speaks of 'nosuchword'"),
        (("report", "2026-13"), 64, "is not a period"),
        (("report", "1999-01"), 66, "1999-01"),
        (("explain", "nsp", "2026-02"), 64, "perhaps nps"),
        (("explain", "nonsense", "2026-03"), 64, "perhaps net_sales, orders, rating_positive_share; `scmr17 metrics`"),
        (("explain", "nps", "2026-W09"), 66, "not by week"),
        (("explain", "review_count", "2026-02", "--seller", "nobody"), 66, "nobody"),
        (("run", "--as-of", "yesterday"), 64, "--as-of 'yesterday'"),
        (("load", "--platform", "olist"), 64, "need both"),
        (("load", "--platform", "nosuch", "."), 64, "nosuch"),
    ],
)
def test_a_persons_mistake_gets_a_sentence_and_an_exit_code(office, arguments, code, complaint):
    done = scmr17(*arguments, data=office, expect=code)
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_office_is_told_what_to_do(tmp_path):
    done = scmr17("run", data=tmp_path / "new", expect=66)
    assert "put exports into" in done.stderr
    assert "nothing has been taken in yet" in scmr17("status", data=tmp_path / "new").stdout


def test_a_refused_file_is_said_the_others_are_taken_in_and_nothing_is_published_without_it(office, tmp_path):
    data = tmp_path / "office"
    shutil.copytree(office, data)
    before = digests(data / "published", "*")
    broken = data / "inbox" / "reviews" / "broken.csv"
    broken.write_text('review_id,stars\n1,"5\n')
    for _ in range(2):  # it is refused again until somebody mends it, not skipped as seen
        with pytest.raises(DataRefused, match=r"reviews/broken\.csv") as refusal:
            nightly(data)
        assert refusal.value.exit_code == 65
        assert digests(data / "published", "*") == before
    broken.unlink()
    nightly(data)


def test_a_killed_run_leaves_what_was_published(office, tmp_path):
    """T02: the process dies in the middle of a full run; readers see the last figures, and the next run finishes."""
    data = tmp_path / "office"
    shutil.copytree(office, data)
    before = digests(data / "published", "*")
    command = [sys.executable, "-m", "pipeline.cli", "run", "--full", "--data", str(data)]
    with subprocess.Popen(
        command, cwd=PROJECT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("planned"):
                process.kill()
                break
    assert digests(data / "published", "*") == before
    nightly(data)
    assert pl.read_parquet(data / "published" / "metrics.parquet").equals(
        pl.read_parquet(office / "published" / "metrics.parquet")
    )
