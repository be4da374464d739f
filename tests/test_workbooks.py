"""Spreadsheet files: texts stay texts, numbers numbers and dates dates, and the same rows give the same bytes."""

import zipfile
from datetime import date, datetime
from pathlib import Path

import fastexcel
import polars as pl
import pytest

from pipeline import workbooks
from pipeline.errors import CannotWrite
from pipeline.settings import Office
from pipeline.workbooks import Column, Line, Table, inert, write_csv, write_workbook

AS_OF = datetime(2025, 4, 10)
COLUMNS = (
    Column("name", "Name"),
    Column("on", "On", "day"),
    Column("at", "At", "instant"),
    Column("count", "Count", "whole"),
    Column("paid", "Paid", "cents", reason="why"),
)
ROWS = pl.DataFrame(
    {
        "name": ["=1+1", "Ünï 商店", None],
        "on": [date(2025, 1, 2), None, date(2025, 3, 4)],
        "at": [datetime(2025, 1, 2, 3, 4), None, None],
        "count": [-3, 1_000_000, None],
        "paid": [-1999, None, 5],
        "why": [None, "not_measured", None],
    }
)


def written(folder: Path, rows=ROWS, columns=COLUMNS, **more) -> Path:
    path = folder / "book.xlsx"
    write_workbook(path, Office(), "A title", AS_OF, [Line("Word", "Meaning")], [Table("Rows", columns, rows, **more)])
    return path


def cells(path: Path, sheet: str = "Rows") -> list[tuple]:
    return fastexcel.read_excel(path).load_sheet(sheet, header_row=None, dtypes="string").to_polars().rows()


def xml(path: Path, part: str) -> str:
    with zipfile.ZipFile(path) as book:
        return book.read(part).decode()


def test_a_sheet_has_its_heads_and_rows(tmp_path):
    assert cells(written(tmp_path)) == [
        ("Name", "On", "At", "Count", "Paid"),
        ("=1+1", "2025-01-02 00:00:00", "2025-01-02 03:04:00", "-3", "-19.99"),
        ("Ünï 商店", None, None, "1000000", "not measured"),
        (None, "2025-03-04 00:00:00", None, None, "0.05"),
    ]


def test_kinds_are_real(tmp_path):
    """A day is a date for the spreadsheet, a number a number: neither is a text that looks like one."""
    frame = fastexcel.read_excel(written(tmp_path)).load_sheet("Rows").to_polars()
    assert frame.schema["On"].is_temporal()
    assert frame.schema["At"].is_temporal()
    assert frame.schema["Count"].is_numeric()


def test_no_cell_is_a_formula_or_a_link(tmp_path):
    rows = ROWS.with_columns(name=pl.Series(["=1+1", "http://x.example", "{=SUM(A1)}"]))
    sheet = xml(written(tmp_path, rows), "xl/worksheets/sheet2.xml")
    assert "<f>" not in sheet and "hyperlink" not in sheet
    assert sheet.count('t="inlineStr"') == 5 + 3 + 1


def test_a_text_that_would_be_calculated_stays_one_when_edited(tmp_path):
    assert 'quotePrefix="1"' in xml(written(tmp_path), "xl/styles.xml")
    sheet = xml(written(tmp_path), "xl/worksheets/sheet2.xml")
    marked, plain = (sheet.split(f'r="A{row}" s="')[1].partition('"')[0] for row in (2, 3))
    assert marked != plain


def test_heads_are_frozen_filtered_and_repeated_on_paper(tmp_path):
    path = written(tmp_path)
    sheet = xml(path, "xl/worksheets/sheet2.xml")
    assert 'state="frozen"' in sheet and '<autoFilter ref="A1:E4"' in sheet
    assert 'fitToHeight="0"' in sheet and 'orientation="landscape"' in sheet and 'paperSize="9"' in sheet
    assert "Print_Titles" in xml(path, "xl/workbook.xml")


def test_a_total_is_a_last_row_that_the_filter_leaves_alone(tmp_path):
    path = written(tmp_path, total={"name": "All", "paid": 12345, "count": None})
    assert cells(path)[-1] == ("All", None, None, None, "123.45")
    assert '<autoFilter ref="A1:E4"' in xml(path, "xl/worksheets/sheet2.xml")


def test_the_same_rows_give_the_same_bytes(tmp_path):
    first, second = written(tmp_path / "a"), written(tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    assert "2025-04-10T00:00:00Z" in xml(first, "docProps/core.xml")


def test_rows_that_a_sheet_cannot_hold_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(workbooks, "MOST_ROWS", 4)
    path = written(tmp_path, whole_list="the whole list is rows.csv", total={"name": "All"})
    assert [row[0] for row in cells(path)] == [
        "Name",
        "=1+1",
        "Ünï 商店",
        "3 rows in all, of which a sheet holds 2; the whole list is rows.csv",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("a" * 40_000, "a" * 32_766 + "…", id="longer-than-a-cell"),
        pytest.param("a\x00b\x1b\ufffec\ud800", "abc", id="what-no-xml-holds"),
        pytest.param("a\u202eb", "ab", id="marks-that-turn-the-order-around"),
        pytest.param("👍🏽 שלום", "👍🏽 שלום", id="any-script-stays"),
    ],
)
def test_texts_fit_a_cell(text, said):
    assert workbooks.plain(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("=1+1", "'=1+1"),
        ("+27 82", "'+27 82"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        pytest.param("\t=1", "'\t'=1", id="tab-first-and-as-a-separator"),
        ("\r=1", "'\r=1"),
        ("\nx", "'\nx"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("\ufeff=1", "'\ufeff=1"),
        pytest.param("a;=1", "a;'=1", id="where-cells-part-at-semicolons"),
        pytest.param('a;""=1', 'a;""\'=1', id="behind-quotes"),
        ("fine = good", "fine = good"),
        ("a-b; c", "a-b; c"),
        ("'=1", "'=1"),
        ("a\x00b", "ab"),
        (None, None),
    ],
)
def test_csv_texts_are_inert(text, said):
    assert pl.DataFrame({"t": [text]}, schema={"t": pl.String}).select(inert(pl.col("t"))).item() == said


def test_csv_is_utf_8_with_its_mark_and_numbers_are_left_alone(tmp_path):
    path = tmp_path / "rows.csv"
    write_csv(path, Table("Rows", COLUMNS[:4], ROWS))
    assert path.read_bytes().decode() == (
        "\ufeffname,on,at,count\n'=1+1,2025-01-02,2025-01-02 03:04,-3\nÜnï 商店,,,1000000\n,2025-03-04,,\n"
    )


@pytest.mark.parametrize("name", ["book.xlsx", "rows.csv"])
def test_a_file_that_cannot_be_written_says_so_and_leaves_nothing(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(CannotWrite, match=name):
        written(tmp_path) if name == "book.xlsx" else write_csv(tmp_path / name, Table("Rows", COLUMNS[:4], ROWS))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_files_are_called_after_the_office_and_the_period():
    assert Office().file_stem("annex", "2026-03") == "saypro-scmr-17-annex-2026-03"
    assert Office(brand="A/B").file_stem("annex", "2026-03") == "a-b-scmr-17-annex-2026-03"
