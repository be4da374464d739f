"""JSON lines, Parquet and workbooks: the rows that a CSV of the same content gives, or a refusal that harms nobody.

T23, T25, T26.
"""

import io
import json
import time
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from intake_support import Desk, csv_text, row, unpacked

from pipeline.intake.json_lines import OBJECT

ROWS = [
    row("reviews", review_id=f"R{i}", rating=str(1 + i % 5), verified="true" if i % 2 else "", text=f"grüße, {i}")
    for i in range(20)
]


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Desk:
    return Desk(tmp_path_factory.mktemp("office"))


@pytest.fixture
def desk(office) -> Desk:
    office.clear()
    return office


def content(desk: Desk) -> list[tuple]:
    return desk.query("select * exclude (_file_id, _line) from raw.reviews order by review_id")


@pytest.fixture(scope="module")
def as_csv(tmp_path_factory) -> list[tuple]:
    """The rows as a CSV gives them, in an office that has the same key."""
    desk = Desk(tmp_path_factory.mktemp("csv"))
    desk.load("reviews", csv_text(ROWS))
    return content(desk)


def same_but_for_the_buyer(found: list[tuple], expected: list[tuple]) -> bool:
    """Every office has a key of its own, so that pseudonyms differ."""
    return [one[:3] + one[4:] for one in found] == [one[:3] + one[4:] for one in expected]


def jsonl(rows: list[dict]) -> str:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows)


def parquet(columns: dict, **more) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **more)
    return out.getvalue()


def workbook(rows: list[list], sheet=lambda book, page: None) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        page = book.add_worksheet()
        for number, values in enumerate(rows):
            page.write_row(number, 0, values)
        sheet(book, page)
    return out.getvalue()


def typed_columns() -> dict:
    """The rows as a typed table has them: numbers as numbers, a nullable one as a float, instants as instants."""
    return {
        "review_id": [r["review_id"] for r in ROWS],
        "product_id": ["P1"] * 20,
        "seller_id": pa.array(["S1"] * 20).dictionary_encode(),
        "buyer_id": ["B1"] * 20,
        "rating": pa.array([float(r["rating"]) for r in ROWS], pa.float64()),
        "scale_max": pa.array([5] * 20, pa.int8()),
        "created_at": pa.array([datetime(2025, 1, 10, 12)] * 20, pa.timestamp("ns")),
        "status": ["published"] * 20,
        "verified": [True if r["verified"] else None for r in ROWS],
        "text": [r["text"] for r in ROWS],
    }


def cells() -> list[list]:
    columns = typed_columns()
    values = [column.to_pylist() if hasattr(column, "to_pylist") else column for column in columns.values()]
    return [list(columns), *(list(one) for one in zip(*values, strict=True))]


FORMATS = {
    "JSON lines": ("f.jsonl", lambda: jsonl(ROWS).encode()),
    "JSON lines with numbers, booleans and CRLF": (
        "f.ndjson",
        lambda: (
            jsonl(
                [
                    {**r, "rating": int(r["rating"]), "verified": True if r["verified"] else None, "scale_max": 5}
                    for r in ROWS
                ]
            )
            .replace("\n", "\r\n")
            .encode()
        ),
    ),
    "Parquet of texts": ("f.parquet", lambda: parquet({name: [r[name] for r in ROWS] for name in ROWS[0]})),
    "Parquet of types": ("f.parquet", lambda: parquet(typed_columns(), row_group_size=7)),
    "a workbook": ("f.xlsx", lambda: workbook(cells())),
}


@pytest.mark.parametrize(("name", "make"), FORMATS.values(), ids=FORMATS.keys())
def test_every_format_gives_the_rows_of_the_csv(desk, as_csv, name, make):
    outcome = desk.load("reviews", make(), name=name)
    assert (outcome.status, outcome.accepted) == ("loaded", 20), outcome.message
    assert same_but_for_the_buyer(content(desk), as_csv)
    first = 1 if name.endswith(("jsonl", "ndjson", "parquet")) else 2
    assert desk.query("select min(_line), max(_line) from raw.reviews") == [(first, first + 19)]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ('{"review_id": "x",}', "json"),
        ('{"review_id": NaN}', "json"),
        ('{"review_id": "x", "rating": Infinity}', "json"),
        ('["x"]', "json"),
        ('{"review_id": {"a": 1}}', "json"),
        ("{'review_id': 'x'}", "json"),
        ('{"review_id": "\\ud800"}', "json"),
        ('{"review_id": "x"} {"review_id": "y"}', "json"),
        ('{"review_id": "x"', "json"),
        ('{"review_id": "x", "review_id": "y"}', "doubled_key"),
        ("TOTAL", "json"),
    ],
)
def test_t23_a_line_that_is_no_flat_object_is_rejected_alone(desk, line, rule):
    lines = jsonl(ROWS).splitlines()
    outcome = desk.load("reviews", "\n".join([*lines[:5], line, *lines[5:]]), name="f.jsonl")
    assert (outcome.rows_in, outcome.accepted, outcome.rejected) == (21, 20, 1)
    assert desk.query("select line, rule, raw from ledger.rejects") == [(6, rule, line)]
    assert desk.query("select _line from raw.reviews where review_id = 'R5'") == [(7,)]


def test_json_keys_are_columns_and_numbers_are_not_rounded(desk):
    assert "unknown: 'e_mail'" in desk.load("reviews", jsonl([{**ROWS[0], "e_mail": "x"}]), name="f.jsonl").message
    assert "missing: product_id" in desk.load("reviews", '{"review_id": "x"}\n', name="g.jsonl").message
    rows = [ROWS[0], {**ROWS[1], "rating": 4.6}, {k: v for k, v in ROWS[2].items() if k != "rating"}]
    desk.load("reviews", jsonl(rows), name="h.jsonl")
    assert desk.reasons() == [(2, "rating", "4.6", "format"), (3, "rating", None, "required")]


@pytest.fixture(scope="module")
def json_suite(tmp_path_factory):
    return unpacked("jsontestsuite", tmp_path_factory)


def test_t23_json_that_a_parser_must_refuse_is_never_loaded(desk, json_suite):
    """JSONTestSuite: none of the 188 puts a row into the warehouse, as a line among good ones or as a file."""
    must_refuse = sorted(json_suite.rglob("n_*.json"))
    assert len(must_refuse) == 188
    good, lines = jsonl(ROWS[:3]).encode(), []
    for path in must_refuse:
        broken = path.read_bytes()
        try:
            broken.decode()
        except UnicodeDecodeError:
            assert desk.load("reviews", good + broken, name=f"{path.stem}.jsonl").status == "refused", path.name
            continue
        lines += [line for line in broken.replace(b"\r", b" ").split(b"\n") if line]
    desk.declare("reviews", reject_limit=1.0)
    outcome = desk.load("reviews", good + b"\n".join(lines), name="all.jsonl")
    assert (outcome.status, outcome.accepted, outcome.rejected) == ("loaded", 3, len(lines))


def test_t23_json_that_a_parser_must_take_is_an_object_of_ours(json_suite):
    """The 95 say it in lists of one; as an object's value each scalar is taken, and each text as it is meant."""
    taken = 0
    with duckdb.connect() as con:
        for path in sorted(json_suite.rglob("y_*.json")):
            text = path.read_text(encoding="utf-8").strip()
            value = json.loads(text)
            if (
                not (isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list | dict))
                or "\n" in text
            ):
                continue
            line = f'{{"a": {text[1:-1]}}}'
            sql = "select regexp_full_match($1, $2) and json_valid($1), json_extract_string($1, '/a')"
            is_object, found = con.execute(sql, [line, OBJECT]).fetchone()
            assert is_object, path.name
            if isinstance(value[0], str):
                assert found == value[0], path.name
            taken += 1
    assert taken > 50


def test_floats_that_are_no_whole_numbers_and_odd_types_are_told(desk):
    columns = typed_columns()
    columns["rating"] = pa.array([4.6, 3.0, float("nan")] + [5.0] * 17)
    desk.load("reviews", parquet(columns), name="f.parquet")
    assert desk.reasons() == [(1, "rating", "4.6", "format"), (3, "rating", "nan", "format")]
    nested = typed_columns() | {"text": [["a"]] * 20}
    assert "holds lists" in desk.load("reviews", parquet(nested), name="g.parquet").message
    decimals = typed_columns() | {"rating": [Decimal("4")] * 20, "created_at": [date(2025, 1, 10)] * 20}
    assert desk.load("reviews", parquet(decimals), name="h.parquet").accepted == 20
    zoned = typed_columns() | {"created_at": pa.array([datetime(2025, 1, 10, 12, tzinfo=UTC)] * 20)}
    desk.clear()
    assert desk.load("reviews", parquet(zoned), name="i.parquet").accepted == 20
    assert desk.query("select distinct created_at from raw.reviews") == [(datetime(2025, 1, 10, 12),)]


def test_t25_damaged_parquet_is_refused(desk):
    good = parquet(typed_columns(), write_page_checksum=True)
    outcomes = [desk.load("reviews", good[: len(good) // 2], name="short.parquet")]
    place = good.index(b"gr\xc3\xbc\xc3\x9fe")
    outcomes.append(desk.load("reviews", good[:place] + b"\xff" + good[place + 1 :], name="flipped.parquet"))
    assert [o.status for o in outcomes] == ["refused", "refused"], outcomes
    assert desk.query("select count(*) from raw.reviews") == [(0,)]


def test_t25_parquet_files_that_crashed_others_get_a_verdict(desk, tmp_path_factory):
    for path in sorted(unpacked("parquet-bad", tmp_path_factory).rglob("*.parquet")):
        desk.deliver("reviews", path.name, path.read_bytes())
    assert [outcome.status for outcome in desk.take_in().files] == ["refused"] * 8


def repacked(book: bytes, change) -> bytes:
    """A workbook with parts added or replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        parts = {name: old.read(name) for name in old.namelist()}
        for name, data in change(parts).items():
            new.writestr(name, data)
    return out.getvalue()


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (ord("a") + i, b"&%c;" % (ord("a") + i - 1) * 10) for i in range(1, 10))
    + b"]><sst><si><t>&j;</t></si></sst>"
)
HOSTILE = {
    "a formula": (lambda: workbook(cells(), lambda book, page: page.write_formula("K2", "=1+1")), "formulas"),
    "macros": (lambda: repacked(workbook(cells()), lambda p: p | {"xl/vbaProject.bin": b"x"}), "macros"),
    "a link elsewhere": (
        lambda: repacked(workbook(cells()), lambda p: p | {"xl/externalLinks/externalLink1.xml": b"<x/>"}),
        "links to other workbooks",
    ),
    "a bomb": (lambda: repacked(workbook(cells()), lambda p: p | {"xl/media/a.png": b"\0" * 20_000_000}), "unpacks to"),
    "3,000 parts": (
        lambda: repacked(workbook(cells()), lambda p: p | {f"xl/media/{i}": b"" for i in range(3000)}),
        "parts inside",
    ),
    "a cell at the far corner": (
        lambda: workbook([["a"]], lambda book, page: page.write(1_048_575, 16_383, "z")),
        "cannot be read|memory|columns",
    ),
    "a billion laughs": (lambda: repacked(workbook(cells()), lambda p: p | {"xl/sharedStrings.xml": LAUGHS}), ""),
    "cut short": (lambda: workbook(cells())[:2000], "damaged"),
    "a zip of something else": (lambda: repacked(workbook(cells()), lambda p: {"a.txt": b"x"}), "not an .xlsx"),
    "an empty sheet": (lambda: workbook([]), "empty"),
}


@pytest.mark.parametrize(("make", "said"), HOSTILE.values(), ids=HOSTILE.keys())
def test_t26_a_hostile_workbook_is_refused_and_we_live(desk, make, said):
    import re

    started = time.monotonic()
    outcome = desk.load("reviews", make(), name="f.xlsx")
    assert outcome.status == "refused"
    assert re.search(said, outcome.message), outcome.message
    assert time.monotonic() - started < 60


def test_lines_of_a_workbook_are_its_row_numbers(desk):
    rows = cells()
    rows[5][4] = 4.6
    rows.insert(3, [None] * 10)
    outcome = desk.load("reviews", workbook([[None] * 10, *rows]), name="f.xlsx")
    assert (outcome.rows_in, outcome.accepted) == (20, 19)
    assert desk.reasons() == [(8, "rating", "4.6", "format")]
    (raw,) = desk.query("select raw from ledger.rejects")[0]
    assert json.loads(raw)["review_id"] == "R4"


@pytest.mark.parametrize("share", [40])
def test_t26_workbooks_that_crashed_others_get_a_verdict(desk, tmp_path_factory, share):
    """Every fortieth of Apache POI's odd, fuzzed and hostile workbooks as a delivery; none is a review export."""
    books = sorted(path for path in unpacked("poi-workbooks", tmp_path_factory).rglob("*") if path.suffix == ".xlsx")
    assert len(books) > share
    for path in books[::share] + [path for path in books if "clusterfuzz" in path.name][:3]:
        desk.deliver("reviews", path.name, path.read_bytes())
    assert {outcome.status for outcome in desk.take_in().files} == {"refused"}
