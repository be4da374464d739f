"""The printed numbers against the published ones: every number with a key, read back from the page that it stands on.

A key is `metric/period/scope/entity/column`. A printed number is true when the published one, in the unit that is
printed with it, rounds to it half up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import pymupdf
import pytest

from pipeline.catalogue import load_catalogue
from pipeline.figures.edition import cells_in
from pipeline.figures.model import BigNumber, Cell, DataRow, Sentence, Table
from pipeline.figures.numbers import capital
from pipeline.figures.wording import SPOKEN
from pipeline.periods import parse

UNITS = {entry.metric: entry.unit for entry in load_catalogue()}
COUNTED = ("n", "numerator", "denominator")
NUMBER = re.compile(r"[+−]?\d[\d\u202f]*(\.\d+)?")
MONEY = re.compile(r"\b[A-Z]{3}(?:[ \u202f\u00a0]([kM]))?\b")
CENTS = {None: Decimal(100), "k": Decimal(100_000), "M": Decimal(100_000_000)}

#: Tables of numbers that are no published metric's values: the royalty ledger, the input files, tests and rankings,
#: cohorts, themes, forecasts, proposals. Everything else has a key to every number that is not a difference.
WITHOUT_KEYS = {
    "customers.stars.table", "education.absent", "education.compared", "education.stages", "evidence.counts",
    "evidence.files", "evidence.method.pending", "evidence.rejects", "evidence.restatements", "expertise.blockers",
    "expertise.furthest", "expertise.moves", "expertise.programmes", "expertise.statuses", "expertise.transitions",
    "messages.roles", "messaging.backtest", "messaging.bridge", "messaging.counted", "operations.categories",
    "operations.curve.table", "outlook.first_targets", "outlook.in_force", "ratings.categories.table",
    "ratings.stars.table", "ratings.trends", "retention.cohorts", "royalties.concentration.table",
    "royalties.ineligible", "royalties.reconciliation", "royalties.rules", "royalties.sellers", "scorecard.agreements",
    "sellers.ineligible", "sellers.reconciliation", "sellers.royalties", "sellers.statuses", "service.curve.table",
    "service.themes", "value.checks", "value.health", "value.map", "voice.categories", "voice.themes.table",
    "waiting.ages", "waiting.sellers",
}  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """A printed number: its text, its key, the page's anchor, and the words beside it that may name its unit."""

    text: str
    figure: str
    page: str
    beside: tuple[str, ...]


@pytest.fixture
def claims(printed_report) -> list[Claim]:
    figures = printed_report.figures
    pages = ((field.name, getattr(figures, field.name)) for field in fields(figures) if field.name != "edition")
    return [claim for name, page in pages if page for claim in _claims(page, name, ())]


def _claims(part: Any, page: str, beside: tuple[str, ...]) -> Iterator[Claim]:
    if isinstance(part, BigNumber):
        if part.figure:
            yield Claim(part.text, part.figure, page, (part.unit,))
    elif isinstance(part, DataRow):
        for text, figure in zip(part.texts, part.figures, strict=False):
            if figure:
                yield Claim(text, figure, page, (part.label, *beside))
    elif isinstance(part, Table):
        for row in part.rows:
            first, corner = row.cells[0], part.columns[0].head
            for cell, column in zip(row.cells, part.columns, strict=True):
                if cell.figure:
                    words = (cell.unit, column.head, first.unit, first.text, corner, part.title, part.foot, *beside)
                    yield Claim(cell.text, cell.figure, page, words)
    elif isinstance(part, tuple):
        for item in part:
            yield from _claims(item, page, beside)
    elif is_dataclass(part):
        for field in fields(part):
            yield from _claims(getattr(part, field.name), page, (*beside, getattr(part, "title", "")))


def test_every_number_with_a_key_is_the_published_one(claims, printed_report):
    published = _published(printed_report, {claim.figure for claim in claims})
    assert len(claims) > 40
    assert [claim for claim in claims if claim.figure not in published] == []
    untrue = []
    for claim in claims:
        value = published[claim.figure]
        if value is None or not NUMBER.fullmatch(claim.text):
            untrue.append((claim, value))
            continue
        if not _rounds_to(value, _divisor(claim), claim.text):
            untrue.append((claim, value))
    assert untrue == []


def _rounds_to(value: float, divisor: Decimal, text: str) -> bool:
    """Whether the value, in the printed unit, is the printed number to its last digit, half up."""
    shown = Decimal(text.replace("\u202f", "").replace("−", "-"))
    exact = Decimal(repr(value)) / divisor
    return exact.quantize(Decimal(1).scaleb(int(shown.as_tuple().exponent)), ROUND_HALF_UP) == shown


def _published(report: Any, keys: set[str]) -> dict[str, float | None]:
    """The numbers of those keys in the file that the evidence pack holds."""
    wanted = sorted({key.split("/")[0] for key in keys})
    with duckdb.connect() as con:
        rows = con.execute(
            "select metric, period_id, scope, entity_id, value, n, numerator, denominator, target"
            " from read_parquet($file) where metric in (select unnest($wanted::varchar[]))",
            {"file": str(report.published / "metrics.parquet"), "wanted": wanted},
        ).fetchall()
    columns = ("value", *COUNTED, "target")
    return {
        "/".join((*row[:4], column)): number
        for row in rows
        for column, number in zip(columns, row[4:], strict=True)
        if "/".join((*row[:4], column)) in keys
    }


def _divisor(claim: Claim) -> Decimal:
    """What one of the printed unit is worth in the published unit, by the words beside the number."""
    metric, *_, column = claim.figure.split("/")
    unit = "count" if column in COUNTED else UNITS[metric]
    if unit == "share":
        assert any(re.search("%|pp", words) for words in claim.beside), f"no unit beside {claim}"
        return Decimal("0.01")
    if unit == "cents":
        named = next(found for words in claim.beside if (found := MONEY.search(words)))
        return CENTS[named.group(1)]
    return Decimal(1)


def test_it_stands_on_its_page(claims, printed_report):
    words = _words_by_anchor(printed_report)
    missing = [claim for claim in claims if _squeezed(claim.text) not in words[claim.page]]
    assert missing == []


def test_rows_of_cells_are_printed_in_a_row(printed_report):
    """The numbers of a row stand beside each other in the row's order: none is in another column's or row's place."""
    words = _words_by_anchor(printed_report)
    rows = 0
    for page, table in _tables(printed_report):
        for row in table.rows:
            if any(cell.figure for cell in row.cells):
                said = "".join(cell.text + cell.note + cell.unit for cell in row.cells[1:] if cell.mark is None)
                assert _squeezed(said) in words[page], (table.title, said)
                rows += 1
    assert rows > 10


def _words_by_anchor(report: Any) -> dict[str, str]:
    """The words of each part of the report, without blanks: from the page of its anchor to the next part's."""
    with pymupdf.open(report.pdf) as pdf:
        places = {name: place["page"] for name, place in pdf.resolve_names().items() if not name.startswith("def-")}
        texts = [_squeezed(page.get_text()) for page in pdf]
    starts = sorted(set(places.values()))
    words = {}
    for name, start in places.items():
        end = next((page for page in starts if page > start), len(texts))
        words[name] = "".join(texts[start:end])
    return {"summary": "".join(texts[: starts[0] or starts[1]]), **words}


def _squeezed(words: str) -> str:
    return re.sub(r"\s", "", words)


def _tables(report: Any) -> Iterator[tuple[str, Table]]:
    for field in fields(report.figures):
        if field.name != "edition":
            for _, table in _named_tables(getattr(report.figures, field.name), field.name):
                yield field.name, table


def _named_tables(part: Any, path: str) -> Iterator[tuple[str, Table]]:
    if isinstance(part, Table):
        yield path, part
    elif isinstance(part, tuple):
        for item in part:
            yield from _named_tables(item, path)
    elif is_dataclass(part):
        for field in fields(part):
            yield from _named_tables(getattr(part, field.name), f"{path}.{field.name}")


def test_a_table_of_published_numbers_has_a_key_to_each(printed_report):
    """A number without a key is a difference, or stands in a table whose numbers are not a metric's."""
    bare = {}
    for field in fields(printed_report.figures):
        for path, table in _named_tables(getattr(printed_report.figures, field.name), field.name):
            for row in table.rows:
                for cell, column in zip(row.cells, table.columns, strict=True):
                    is_number = NUMBER.fullmatch(cell.text) and column.kind == "number"
                    if is_number and not cell.figure and not column.head.startswith("Δ") and path not in WITHOUT_KEYS:
                        bare.setdefault((path, column.head), (row.cells[0].text, cell.text))
    assert bare == {}


def test_large_numbers_that_are_a_metrics_have_its_key(printed_report):
    """A page's large number is a metric's value, but for sums of the royalty ledger, of messages so far, or of
    proposals."""
    own = {"messages", "messaging", "outlook", "royalties", "sellers"}
    for field in fields(printed_report.figures):
        number = getattr(getattr(printed_report.figures, field.name), "number", None)
        if isinstance(number, BigNumber) and field.name not in own and number.unit != "messages":
            assert number.figure, field.name


#: `Average rating fell to 3.73 stars from 4.01 in February`, `Net sales stood at ZAR 2.98 M after 2.05 in February`.
_DIGITS = r"[+−]?\d[\d\u202f]*(?:\.\d+)?"
SAID = re.compile(
    rf"(?P<title>.+?) (?:rose to|fell to|stood at) (?P<money>[A-Z]{{3}}\u00a0)?(?P<now>{_DIGITS})"
    rf"(?P<unit>[\u202f ](?!from |after )[^ ,;.]+)?(?:[^,;.]*? (?:from|after) (?P<before>{_DIGITS}) in )?"
)


def test_sentences_about_a_metric_say_its_published_value(printed_report):
    """A sentence that begins with a metric's name says its value, and that of the period before."""
    edition, entries = printed_report.figures.edition, load_catalogue()
    metrics = {SPOKEN.get(entry.metric) or capital(entry.title): entry.metric for entry in entries}
    period = parse(edition.period_id)
    said = []
    for sentence in _sentences(printed_report.figures):
        found = SAID.match(sentence.text)
        if found and (metric := metrics.get(found["title"])):
            said += [(sentence.text, metric, at, found) for at in ("now", "before") if found[at]]
    at = {"now": period.id, "before": period.previous.id}
    keys = {(metric, when): f"{metric}/{at[when]}/all/all/value" for _, metric, when, _ in said}
    published = _published(printed_report, set(keys.values()))
    assert said, "a report has at least one such sentence"
    for text, metric, when, found in said:
        value = published[keys[metric, when]]
        assert value is not None, text
        scale = _scale_said(UNITS[metric], found)
        assert _rounds_to(value, scale, found[when]), (text, value)


def _scale_said(unit: str, found: re.Match[str]) -> Decimal:
    said = (found["unit"] or "").strip("\u202f ")
    if unit == "share":
        assert said == "%", found[0]
        return Decimal("0.01")
    return CENTS[said or None] if found["money"] else Decimal(1)


def _sentences(part: Any) -> Iterator[Sentence]:
    if isinstance(part, Sentence):
        yield part
    elif isinstance(part, tuple):
        for item in part:
            yield from _sentences(item)
    elif is_dataclass(part):
        for field in fields(part):
            yield from _sentences(getattr(part, field.name))


def test_definitions_are_there_and_say_what_computes_them(claims, printed_report):
    """Every metric named in a table leads to its entry, which has the first digits of its formula's hash."""
    figures = printed_report.figures
    with pymupdf.open(printed_report.pdf) as pdf:
        anchors = pdf.resolve_names()
    entries = {entry.metric: entry for entry in figures.evidence.definitions}
    named = {cell.definition for cell in _cells(figures) if cell.definition}
    keyed = {claim.figure.partition("/")[0] for claim in claims if claim.page != "evidence"}
    assert named and keyed and named | keyed <= set(entries)
    assert {f"def-{metric}" for metric in entries} <= set(anchors)
    assert all(entry.page in anchors or entry.page == "summary" for entry in entries.values())
    with duckdb.connect(str(printed_report.published / "scmr17.duckdb"), read_only=True) as con:
        hashes = dict(con.execute("select metric, sql_sha256 from catalogue").fetchall())
    for metric, entry in entries.items():
        assert entry.sql_hash == hashes[metric][:8], metric


def _cells(figures: Any) -> Iterator[Cell]:
    for field in fields(figures):
        yield from cells_in(getattr(figures, field.name))
