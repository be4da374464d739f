"""The list of editions: what lies in the reports folder, newest first, and nothing else."""

import json
import re

import pytest

from pipeline.editions_index import write_index
from pipeline.errors import CannotWrite
from pipeline.settings import Office

OFFICE = Office(brand="SayPro", accent="#7a1f4e")


def lay(reports, period_id, *suffixes, report="monthly", **changed):
    """One report's figures as a report leaves them, and files of these suffixes beside them."""
    folder = reports / period_id
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"saypro-scmr-17-{report}-{period_id}"
    edition = {
        "title": f"SayPro {report} {period_id}", "period_id": period_id, "period_label": f"Label {period_id}",
        "as_of": "2026-04-01 00:00 UTC", "is_complete": True, "report_hash": "0123456789abcdef" * 4,
        "number": 1, "is_issued": True,
    }  # fmt: skip
    figures = {"edition": edition | changed, "summary": {"headline": {"text": f"Said of {period_id}."}}}
    (folder / f"{stem}.figures.json").write_text(json.dumps(figures), encoding="utf-8")
    for suffix in suffixes:
        (folder / f"{stem}.{suffix}").write_bytes(b"x" * 1500)
    return folder


def page_of(reports) -> str:
    return write_index(reports, OFFICE).read_text(encoding="utf-8")


def test_quarters_months_and_weeks_each_newest_first(tmp_path):
    for period_id, report in (
        ("2025-12", "monthly"), ("2026-02", "monthly"), ("2026-01", "monthly"), ("2025-Q4", "quarterly"),
        ("2026-Q1", "quarterly"), ("2026-W09", "weekly"), ("2026-W10", "weekly"),
    ):  # fmt: skip
        lay(tmp_path, period_id, report=report)
    html = page_of(tmp_path)
    assert re.findall(r"Label ([\w-]+)", html) == [
        "2026-Q1", "2025-Q4", "2026-02", "2026-01", "2025-12", "2026-W10", "2026-W09",
    ]  # fmt: skip
    assert re.findall(r'<h2 id="\w+">(\w+)</h2>', html) == ["Quarters", "Months", "Weeks"]


def test_what_an_edition_says_and_what_lies_beside_it(tmp_path):
    folder = lay(tmp_path, "2026-03", "pdf", "html", is_complete=False, is_issued=False)
    (folder / "saypro-scmr-17-monthly-2026-03-evidence.zip").write_bytes(b"x")
    for name in ("annex-2026-03.xlsx", "follow-up-2026-03.xlsx", "annex-2026-02.xlsx", "annex-2026-03.xlsx.sha256"):
        (folder / f"saypro-scmr-17-{name}").write_bytes(b"x" * 2_340_000)
    (folder / "statements").mkdir()
    (folder / "statements" / "index.csv").write_text("seller\n")
    html = page_of(tmp_path)
    stem = "2026-03/saypro-scmr-17"
    assert re.findall(r'<a href="([^#"]+)"', html) == [
        f"{stem}-monthly-2026-03.html",
        f"{stem}-monthly-2026-03.html",
        f"{stem}-monthly-2026-03.pdf",
        f"{stem}-monthly-2026-03-evidence.zip",
        f"{stem}-annex-2026-03.xlsx",
        f"{stem}-follow-up-2026-03.xlsx",
        "2026-03/statements/index.csv",
    ]
    assert re.findall(r'>([^<]+)</a> <span class="size">([^<]+)<', html) == [
        ("PDF", "2 kB"), ("Evidence pack, ZIP", "1 kB"), ("Annex, XLSX", "2.3 MB"), ("Follow-up lists, XLSX", "2.3 MB"),
        ("Sellers&#39; statements, list as CSV", "1 kB"),
    ]  # fmt: skip
    assert (
        "Said of 2026-03." in html
        and "as of 2026-04-01 00:00 UTC · draft of edition 1 · month not complete · report hash" in html
    )
    assert "--accent: #7a1f4e" in html and "SayPro SCMR-17 reports" in html


def test_a_draft_says_so_beside_the_edition_that_was_issued(tmp_path):
    folder = lay(tmp_path, "2026-03", number=2, is_issued=False)
    (folder / "edition-1").mkdir()
    (folder / "edition-1" / "saypro-scmr-17-monthly-2026-03.pdf").write_bytes(b"x")
    (folder / "edition-1" / "saypro-scmr-17-monthly-2026-03.figures.json").write_text("{}")
    html = page_of(tmp_path)
    assert html.count("Said of") == 1 and "00:00 UTC · draft of edition 2 · report hash" in html
    assert 'href="2026-03/edition-1/saypro-scmr-17-monthly-2026-03.pdf"' in html and "Edition 1 as issued, PDF" in html


def test_without_files_nothing_is_linked(tmp_path):
    lay(tmp_path, "2026-03")
    html = page_of(tmp_path)
    assert "SayPro monthly 2026-03" in html and "<main" in html
    assert re.findall(r'<a href="([^#"]+)"', html) == []


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"edition": {"period_id": "2026-13"}}', '{"edition": {"period_id": 3}}', '{"edition": "x"}'],
)
def test_what_cannot_be_read_is_named_and_the_rest_is_listed(tmp_path, content):
    lay(tmp_path, "2026-02")
    broken = lay(tmp_path, "2026-03") / "saypro-scmr-17-monthly-2026-03.figures.json"
    broken.write_text(content, encoding="utf-8")
    html = page_of(tmp_path)
    assert "2026-03/saypro-scmr-17-monthly-2026-03.figures.json</bdi> could not be read" in html
    assert "Said of 2026-02." in html and "Said of 2026-03." not in html


def test_texts_and_names_are_escaped(tmp_path):
    lay(tmp_path, "2026-03", title='<script>alert("1")</script>', period_label='" onload="x')
    (tmp_path / "2026-03" / 'a"><img src=x>-2026-03.csv').write_text("x")
    html = page_of(tmp_path)
    assert "<script" not in html and "<img" not in html and '" onload="' not in html
    assert "&lt;script&gt;" in html and "2026-03/a%22%3E%3Cimg%20src%3Dx%3E-2026-03.csv" in html


def test_an_empty_folder_and_the_same_bytes(tmp_path):
    assert "No report has been printed yet." in page_of(tmp_path)
    lay(tmp_path, "2026-03", "pdf")
    first = (write_index(tmp_path, OFFICE)).read_bytes()
    assert write_index(tmp_path, OFFICE).read_bytes() == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-03", "index.html"]


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CannotWrite, match="must be writable"):
        write_index(tmp_path / "nowhere", OFFICE)
