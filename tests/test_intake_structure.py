"""The structure check: every record found, none invented, whatever the block borders cut through (T20, T22, T27)."""

import csv
import io
import json
import random
import time

import duckdb
import numpy as np
import pytest
from intake_support import SHARED, Desk, csv_text, row, unpacked

from pipeline.errors import DataRefused
from pipeline.intake import structure
from pipeline.intake.csv_files import Dialect, read_csv
from pipeline.intake.header import Expected
from pipeline.intake.structure import check_structure


def records_of(text: str, delimiter: str = ",") -> list[list[str]]:
    """The records by the standard library, the independent tokenizer; blank lines are none."""
    return [fields for fields in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if fields]


def check(text: str, **more) -> structure.Structure:
    return check_structure(np.frombuffer(text.encode(), dtype=np.uint8), name="f.csv", **more)


def read_generic(tmp_path, content: bytes, *, delimiter: str = ",") -> list[dict[str, str | None]]:
    """A CSV of any columns through the tokenizer and the reader, as intake would read it."""
    path = tmp_path / "generic.csv"
    path.write_bytes(content)
    names = tuple(records_of(content.decode("utf-8-sig"), delimiter)[0])
    with duckdb.connect() as con:
        stage = read_csv(con, path, "generic.csv", Dialect(delimiter=delimiter), Expected(names, names), tmp_path)
        assert not stage.bad
        rows = con.execute(f"from {stage.relation}").fetchall()
    assert len(rows) == stage.rows == stage.rows_in
    return [dict(zip(stage.columns, values, strict=True)) for values in rows]


EDGES = {
    "one record": "a,b\n1,2\n",
    "no final line end": "a,b\n1,2",
    "CRLF": "a,b\r\n1,2\r\n",
    "CR only": "a,b\r1,2\r3,4\r",
    "LF and CRLF mixed": "a,b\r\n1,2\n3,4\r\n",
    "blank lines, at the start too": "\n\na,b\n\n1,2\n\n\n3,4\n\n",
    "a line end inside quotes": 'a,b\n1,"x\ny"\n3,4\n',
    "CRLF inside quotes": 'a,b\r\n1,"x\r\ny"\r\n3,4\r\n',
    "a delimiter inside quotes": 'a,b\n"1,1","2,2"\n',
    "doubled quotes": 'a,b\n"say ""hi""",""""\n"""","""x"\n',
    "empty and quoted empty fields": 'a,b\n,""\n"",\n',
    "letters of several bytes": "a,b\nżółć,日本\n🙂,é\n",
    "a quote at the very end": 'a,b\n1,"2"',
}


@pytest.mark.parametrize("text", EDGES.values(), ids=EDGES.keys())
def test_t22_edges_read_as_the_standard_library_reads_them(text, tmp_path):
    header, *rows = records_of(text)
    expected = [dict(zip(header, [value or None for value in fields], strict=True)) for fields in rows]
    assert read_generic(tmp_path, text.encode()) == expected


@pytest.mark.parametrize("text", EDGES.values(), ids=EDGES.keys())
def test_a_border_may_fall_anywhere(text, monkeypatch):
    """Every edge again with blocks of one, two and three bytes: each byte is the last of some block."""
    whole = check(text)
    for size in (1, 2, 3):
        monkeypatch.setattr(structure, "BLOCK_BYTES", size)
        cut = check(text)
        for name in ("starts", "ends", "lines", "fields"):
            assert getattr(cut, name).tolist() == getattr(whole, name).tolist(), (size, name)
        assert (cut.is_plain, cut.has_quoted_line_ends) == (whole.is_plain, whole.has_quoted_line_ends)


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    assert read_generic(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n") == [{"a": "1", "b": "2"}]


def test_t22_csv_spectrum_equals_its_twins(tmp_path, tmp_path_factory):
    folder = unpacked("csv-spectrum", tmp_path_factory)
    files = sorted(folder.glob("csvs/*.csv"))
    assert len(files) == 11
    for path in files:
        twin = json.loads((folder / "json" / f"{path.stem}.json").read_text(encoding="utf-8"))
        # Intake knows no difference between an empty value and none.
        expected = [{name: value or None for name, value in record.items()} for record in twin]
        content = path.read_bytes()
        if path.stem.endswith("_crlf"):
            # Whoever packed these turned their CRLF into LF; the twins still say what they were.
            content = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        assert read_generic(tmp_path, content) == expected, path.name


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('a,b\n1,2\n3,"4\n5,6\n', 3, "never closed"),
        ('a,b\n1,2"2\n3,4"4\n', 2, "inside an unquoted value"),
        ('a,b\n"1"x,2\n', 2, "follows a closing quote"),
        ('a,b\n1, "2"\n', 2, "inside an unquoted value"),
        ('a,b\n"x\ny",1\n"1" ,2\n', 4, "follows a closing quote"),
        ('a,b\r1,2\r"3,4\r', 3, "never closed"),
    ],
    ids=["never closed", "in the middle", "text after", "space before", "after a long record", "CR only"],
)
def test_what_is_not_rfc_4180_is_refused_with_its_line(text, line, said):
    with pytest.raises(DataRefused, match=rf"f\.csv, line {line}: .*{said}"):
        check(text)


def test_lines_are_the_files_own_where_records_span_several():
    found = check('a,b\n1,"x\ny\nz"\n\n3,4\n')
    assert found.lines.tolist() == [1, 2, 6]


@pytest.mark.parametrize("seed", range(40))
def test_t20_random_files_have_the_records_that_the_standard_library_finds(seed, monkeypatch):
    """Random texts written by the csv module, cut at odd places: the same records and the same widths."""
    dice = random.Random(seed)
    pieces = ["", "x", '"', "a,b", "\n", "\r\n", "\r", "ü", ";", "long " * 20]
    rows = [["".join(dice.choices(pieces, k=dice.randint(1, 3))) for _ in range(dice.randint(2, 4))] for _ in range(60)]
    out = io.StringIO()
    csv.writer(out, lineterminator=dice.choice(["\n", "\r\n"])).writerows(rows)
    monkeypatch.setattr(structure, "BLOCK_BYTES", dice.choice([7, 64, 1 << 19]))
    found = check(out.getvalue())
    assert found.fields.tolist() == [len(fields) for fields in records_of(out.getvalue())]


def test_t20_the_reviews_of_olist_are_counted_alike():
    import gzip

    path = SHARED / "data" / "olist" / "olist_order_reviews_dataset.csv.gz"
    if not path.exists():
        pytest.skip(f"{path} is not here: Olist's data are no part of the repository")
    text = gzip.decompress(path.read_bytes()).decode()
    assert check(text).fields.tolist() == [len(fields) for fields in records_of(text)]


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(tmp_path / "office")


def test_a_record_of_another_width_is_rejected_alone_and_nothing_shifts(desk):
    """A surplus empty field is what DuckDB's own reader takes with every value shifted by one (FAULTS 0.1)."""
    good = [row("sales", order_line_id=f"L{i}") for i in range(3)]
    lines = csv_text(good).splitlines()
    lines.insert(2, lines[1].replace("L0", "L9") + ",")
    lines.insert(4, "TOTAL,3000")
    outcome = desk.load("sales", "\n".join(lines))
    assert (outcome.rows_in, outcome.accepted, outcome.rejected) == (5, 3, 2)
    assert desk.query("select order_line_id, amount_cents, _line from raw.sales order by _line") == [
        ("L0", 1000, 2),
        ("L1", 1000, 4),
        ("L2", 1000, 6),
    ]
    assert desk.query("select line, rule, reason, raw from ledger.rejects order by line") == [
        (3, "width", "12 fields where the header has 11", lines[2]),
        (5, "width", "2 fields where the header has 11", "TOTAL,3000"),
    ]


def test_lines_hold_where_the_reader_has_two_threads(desk):
    """A row's line is told by its place in the file, also where several threads read it."""
    text = csv_text(row("sales", order_line_id=f"L{i}", product_id="P" * 150) for i in range(200_000))
    assert len(text) > 40_000_000
    assert desk.load("sales", text).accepted == 200_000
    assert desk.query("select count(*) from raw.sales where order_line_id <> 'L' || (_line - 2)") == [(0,)]


def test_t27_giants_are_rejected_by_length_and_cost_little(desk):
    started = time.monotonic()
    rows = [
        row("reviews", review_id="R1", text="x" * 1_000_000),
        row("reviews", review_id="R2", text="y" * 3_000_000),
        row("reviews", review_id="R3", text="z" * 100_000),
    ]
    outcome = desk.load("reviews", csv_text(rows))
    assert (outcome.accepted, outcome.rejected) == (1, 2)
    assert [(line, rule) for line, _, _, rule in desk.reasons()] == [(2, "length"), (3, "length")]
    assert max(len(raw) for (raw,) in desk.query("select raw from ledger.rejects")) < 11_000
    wide = ",".join(f"c{i}" for i in range(100_000))
    outcome = desk.load("reviews", f"{wide}\n{wide}\n", name="wide.csv")
    assert outcome.status == "refused"
    assert len(outcome.message) < 1500
    text = csv_text([row("reviews", review_id="R4")]) + "\n" * 10_000_000
    assert desk.load("reviews", text, name="empty lines.csv").accepted == 1
    assert time.monotonic() - started < 60
