"""A real marketplace, whole: its counts, its means, its rejects and its report. Skipped where its export is not."""

import duckdb
import polars as pl
import pytest
from office_support import nightly, scmr17

from pipeline.periods import parse
from pipeline.reporting import write_report
from pipeline.settings import PROJECT, DataFolder, load_office

OLIST = PROJECT.parent / "shared" / "data" / "olist"


@pytest.mark.skipif(not OLIST.is_dir(), reason="the Olist export is not beside this project")
def test_olist_gives_the_published_months(tmp_path):
    data = tmp_path / "olist"
    scmr17("load", "--platform", "olist", str(OLIST), data=data)
    nightly(data, as_of="2018-05-01")  # what came later is loaded too; to compute it would only take time
    metrics = pl.read_parquet(data / "published" / "metrics.parquet").filter(pl.col("scope") == "all")
    figures = {(m, p): v for m, p, v in metrics.select("metric", "period_id", "value").iter_rows()}
    wanted = {
        "2017-01": (239, 4.3389),
        "2017-02": (1413, 4.2810),
        "2017-03": (2480, 4.0343),
        "2017-06": (3440, 4.1276),
        "2017-11": (4784, 4.1158),
        "2017-12": (7979, 3.9322),
    }
    for month, (count, mean) in wanted.items():
        assert figures["review_count", month] == count
        assert round(figures["rating_mean", month], 4) == mean
    reasons = dict(metrics.filter(pl.col("period_id") == "2018-03").select("metric", "reason").iter_rows())
    assert reasons["review_response_48h"] == reasons["message_count"] == reasons["nps"] == "not_measured"
    quarter = metrics.filter(pl.col("period_id") == "2018-Q1").select("metric", "reason")
    # Orders and reviews alone: what they allow has a value, and nothing else is missing but what never came.
    assert set(quarter["reason"]) == {None, "not_measured"}
    assert quarter["reason"].null_count() == 62
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as con:
        reviews = "from ledger.files select rows_in, accepted, superseded, rejected where export = 'reviews'"
        assert con.sql(reviews).fetchall() == [(99_224, 99_207, 0, 17)]
    folder = DataFolder(data)
    report = write_report(folder.published, load_office(folder), parse("2018-03"), folder.reports)
    assert "3.73" in report.html.read_text(encoding="utf-8")
