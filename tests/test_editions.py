"""Editions: a report is a draft until it is issued, an issued one is never written over, and what changes is told."""

import hashlib
import io
import json
import shutil
import zipfile

import duckdb
import polars as pl
import pytest
from report_support import OFFICE, REPORT_MONTH, make_published

from pipeline.editions import issued_editions, keep_statements, latest_by_period
from pipeline.errors import DataRefused, UserError
from pipeline.evidence_pack import read_pack
from pipeline.figures import report_figures
from pipeline.periods import parse
from pipeline.render import render_html
from pipeline.reporting import issued_edition, write_report
from pipeline.whole_files import write_whole

MARCH, FEBRUARY = parse(REPORT_MONTH), parse("2026-02")


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """Published figures, and reports in which February is issued."""
    folder = tmp_path_factory.mktemp("office")
    published = make_published(folder / "published")
    write_report(published, OFFICE, FEBRUARY, folder / "reports", issue=True)
    return folder


@pytest.fixture
def later(office, tmp_path):
    """The same office, to be changed: new figures of February, and whatever else a test does."""
    shutil.copytree(office, tmp_path / "later")
    return tmp_path / "later"


def change(folder, *statements):
    with duckdb.connect(str(folder / "published" / "scmr17.duckdb")) as con:
        for statement in statements:
            con.execute(statement)


def figures(folder, period=MARCH, **options):
    reports = folder / "reports"
    return report_figures(folder / "published", OFFICE, period, issued_editions(reports), **options)


def test_a_report_is_a_draft_until_it_is_issued(office):
    assert issued_edition(OFFICE, FEBRUARY, office / "reports").number == 1
    assert issued_edition(OFFICE, MARCH, office / "reports") is None
    march, february = figures(office).edition, figures(office, FEBRUARY).edition
    assert (march.number, march.is_issued) == (1, False)
    assert (february.number, february.is_issued) == (1, True)


def test_the_state_of_an_edition_does_not_change_its_hash(office):
    draft, issue = figures(office), figures(office, issue=True)
    assert draft.edition.report_hash == issue.edition.report_hash and issue.edition.is_issued


def test_printing_an_issued_edition_again_gives_the_same_bytes(office, tmp_path):
    shutil.copytree(office, tmp_path / "again")
    made = write_report(tmp_path / "again" / "published", OFFICE, FEBRUARY, tmp_path / "again" / "reports")
    kept = office / "reports" / "2026-02" / "edition-1" / made.pdf.name
    assert made.pdf.read_bytes() == kept.read_bytes()


def test_nothing_is_issued_twice(later):
    with pytest.raises(UserError, match="edition 1 is issued already, and no figure has changed"):
        write_report(later / "published", OFFICE, FEBRUARY, later / "reports", issue=True)


def test_a_period_that_is_not_over_stays_a_draft(later):
    change(later, "update run set as_of_day = '2026-03-20'")
    with pytest.raises(UserError, match="2026-03 is not over"):
        write_report(later / "published", OFFICE, MARCH, later / "reports", issue=True)


def test_a_changed_period_is_a_draft_of_the_next_edition_and_the_first_one_stands(later):
    before = hashlib.sha256(next((later / "reports" / "2026-02" / "edition-1").glob("*.pdf")).read_bytes()).digest()
    change(later, "update metrics set value = 30.0 where metric = 'nps' and period_id = '2026-02' and scope = 'all'")
    draft = figures(later, FEBRUARY).edition
    assert (draft.number, draft.is_issued) == (2, False)
    write_report(later / "published", OFFICE, FEBRUARY, later / "reports", issue=True)
    assert [edition.number for edition in issued_editions(later / "reports")] == [1, 2]
    after = hashlib.sha256(next((later / "reports" / "2026-02" / "edition-1").glob("*.pdf")).read_bytes()).digest()
    assert before == after


def restated(folder):
    table = figures(folder).evidence.restatements
    return [] if table is None else [tuple(cell.text for cell in row.cells) for row in table.rows]


def test_nothing_is_restated_while_nothing_changes_in_print(later):
    change(later, "update metrics set value = value + 1e-9 where metric = 'nps' and period_id = '2026-02'")
    assert restated(later) == []


def test_a_change_of_an_issued_figure_is_told_with_old_and_new(later):
    old = figures(later, FEBRUARY).evidence
    assert old.restatements is None
    with duckdb.connect(str(later / "published" / "scmr17.duckdb")) as con:
        was = con.execute("select value from metrics where metric = 'nps' and period_id = '2026-02'").fetchone()[0]
    change(later, f"update metrics set value = {was + 2.0} where metric = 'nps' and period_id = '2026-02'")
    ((edition, title, before, now, delta, _),) = restated(later)
    assert (edition, title) == ("2026-02 no. 1", "Net Promoter Score")
    assert (before, now, delta) == (f"+{was:.1f}", f"+{was + 2:.1f}", "+2.0")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("update catalogue set sql_sha256 = 'another' where metric = 'nps'", "changed definition"),
        (
            "insert into files by name (select * replace ('ff' as sha256, 0 as superseded) from files"
            " where export = 'surveys')",
            "late rows in surveys",
        ),
        (
            "insert into files by name (select * replace ('ff' as sha256, 3 as superseded) from files"
            " where export = 'surveys')",
            "corrected rows in surveys",
        ),
        (
            "insert into files by name (select * replace ('ff' as sha256) from files where export = 'messages')",
            "rows of other exports, or settings",
        ),
    ],
)
def test_what_came_between_is_told(later, statement, said):
    change(later, "update metrics set value = 30.0 where metric = 'nps' and period_id = '2026-02'", statement)
    assert restated(later)[0][-1] == said


def test_a_figure_that_has_no_value_any_more_is_restated_to_a_dash(later):
    change(later, "update metrics set value = null where metric = 'nps' and period_id = '2026-02'")
    assert restated(later)[0][3] == "–"


def test_only_editions_up_to_the_reports_own_period_count(office):
    editions = issued_editions(office / "reports")
    assert latest_by_period(editions, MARCH) == editions
    assert latest_by_period(editions, parse("2026-01")) == []
    assert latest_by_period(editions, parse("2026-Q1")) == []


def test_a_broken_record_or_pack_is_told_by_its_place(later):
    kept = later / "reports" / "2026-02" / "edition-1"
    next(kept.glob("*.zip")).write_bytes(b"not a zip")
    with pytest.raises(DataRefused, match="edition-1: the evidence pack"):
        figures(later)
    (kept / "edition.json").write_text("{}")
    with pytest.raises(DataRefused, match=r"edition\.json: not the record of an edition"):
        figures(later)


def test_the_pack_proves_the_report(office):
    """Its parts have the hashes that it names, and the report hash can be worked out from figures.json."""
    path = next((office / "reports" / "2026-02").glob("*evidence.zip"))
    with zipfile.ZipFile(path) as pack:
        manifest = json.loads(pack.read("manifest.json"))
        for name, sha256 in manifest["pack"].items():
            assert hashlib.sha256(pack.read(name)).hexdigest() == sha256, name
        said = json.loads(pack.read("figures.json"))
        rows = pl.read_parquet(io.BytesIO(pack.read("metrics.parquet")))
        assert "formulas/sql/metrics/surveys.sql" in pack.namelist()
    printed = said["edition"].pop("report_hash")
    said["edition"] |= {"report_hash": "", "number": 0, "is_issued": False}
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, indent=1)
    assert hashlib.sha256(text.encode()).hexdigest() == printed
    assert set(rows["period_id"]) >= {"2026-02", "2025-02"} and "2026-03" not in set(rows["period_id"])
    assert {file["sha256"] for file in manifest["files"]} and manifest["metrics"]["nps"]["needs"] == "surveys"
    assert read_pack(path).values[("nps", "2026-02")] == pytest.approx(
        rows.filter((pl.col("metric") == "nps") & (pl.col("period_id") == "2026-02"))["value"][0]
    )


def test_the_last_page_says_what_was_restated_or_that_nothing_was(later):
    quiet = render_html(figures(later))
    assert "No figure of an edition issued before has changed in print." in quiet and "Restated since" not in quiet
    change(later, "update metrics set value = 4.01 where metric = 'rating_mean' and period_id = '2026-02'")
    changed = render_html(figures(later))
    assert "Restated since issued" in changed and "No figure of an edition" not in changed


def test_a_report_that_was_not_kept_is_no_edition(later):
    """As after a crash between printing and keeping: it is a draft until it is issued again."""
    shutil.rmtree(later / "reports" / "2026-02" / "edition-1")
    assert issued_edition(OFFICE, FEBRUARY, later / "reports") is None
    made = write_report(later / "published", OFFICE, FEBRUARY, later / "reports", issue=True)
    assert made.edition.number == 1


def test_statements_are_kept_with_their_edition_as_they_were_first(later, tmp_path):
    edition = issued_edition(OFFICE, FEBRUARY, later / "reports")
    statement, index = tmp_path / "one.pdf", tmp_path / "index.csv"
    statement.write_text("first")
    index.write_text("one.pdf")
    keep_statements([statement, index], edition)
    write_whole(statement, b"second")
    keep_statements([statement, index], edition)
    assert {path.name: path.read_text() for path in (edition.folder / "statements").iterdir()} == {
        "one.pdf": "first",
        "index.csv": "one.pdf",
    }
