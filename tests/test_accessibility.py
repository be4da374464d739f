"""Reports that a reader of screens reads: tags, order, names, languages, sizes and contrasts of the printed files.

Two checkers are asked, and the structure tree is walked besides, since neither knows what these reports ought to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from functools import cache
from itertools import pairwise
from pathlib import Path

import outloud
import pdfua
import pikepdf
import pymupdf
import pytest
from royalty_support import MARCH
from statement_support import OFFICE, publish

from pipeline import charts, periods
from pipeline.brand import LEAST_CONTRAST
from pipeline.charts import canvas, panels_chart
from pipeline.render import TEMPLATES, accent_rules
from pipeline.statements.figures import statements_of
from pipeline.statements.printing import Printer, typst_inputs
from pipeline.statements.reading import read_facts

SMALLEST_PT = 7.5
LEAST_GRAPHIC_CONTRAST = 3.0
STYLESHEET = TEMPLATES / "report.css"

#: Checks of `outloud` that are not held against these files, each with its reason.
NOT_HELD = {
    # It takes a table with more header cells than data cells for a broken one; a table of one row has to be so, and so
    # has a list of names with one number each.
    "TBL-010",
    # WeasyPrint paints as CSS orders it, all blocks before all inline boxes of columns that stand in columns; what is
    # read aloud follows the tags, and their order is held below.
    "ORD-001",
    # A triangle of cohorts is half empty, and a young marketplace's more than half.
    "TBL-012",
    # It wants more letters than digits; what a chart of six weeks says is six numbers. That there are words is held.
    "FIG-012",
}
#: Rules of `pdfua` 0.1.3 that stop at a destination given as an array, whose headings are walked here instead.
CANNOT_RUN = {"UA-14-001"}


@pytest.fixture(scope="module")
def statement(tmp_path_factory) -> Path:
    """A seller's statement with a payout, a scorecard and a standing."""
    facts = read_facts(publish(tmp_path_factory.mktemp("published")), periods.parse(MARCH))
    made = statements_of(facts, OFFICE, is_draft=True)("TOP")
    path = tmp_path_factory.mktemp("statement") / "top.pdf"
    path.write_bytes(Printer().pdf(typst_inputs(made)))
    return path


# --- what a checker says -------------------------------------------------------------------------------------------


def test_pdfua_finds_nothing_in_a_report(printed_report):
    _pdfua_finds_nothing(printed_report.pdf)


def test_pdfua_finds_nothing_in_a_statement(statement):
    _pdfua_finds_nothing(statement)


def _pdfua_finds_nothing(pdf: Path) -> None:
    report = pdfua.validate(str(pdf))
    assert [(finding.rule_id, finding.message) for finding in report.findings] == []
    assert {outcome.rule_id for outcome in report.outcomes if outcome.skipped_reason} <= CANNOT_RUN
    assert len(report.outcomes) >= 12


def test_outloud_finds_nothing_in_a_report(printed_report):
    _outloud_finds_nothing(printed_report.pdf, {"TAG-002"})  # a long running head; what is outside the tree, see below


def test_outloud_finds_nothing_in_a_statement(statement):
    _outloud_finds_nothing(statement)


def _outloud_finds_nothing(pdf: Path, but: Set[str] = frozenset()) -> None:
    result = outloud.check(str(pdf), skip=NOT_HELD | but)
    assert result.error is None
    assert [run.rule for run in result.runs if run.status == "crashed"] == []
    found = [
        (finding.rule, finding.page, finding.message, finding.evidence)
        for finding in result.findings
        if finding.severity != "info"
    ]
    assert found == []


# --- what the tree says ----------------------------------------------------------------------------------------------


@pytest.fixture
def tree(printed_report) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(printed_report.pdf) as pdf:
        yield pdf


def kids(element: pikepdf.Dictionary) -> list[pikepdf.Dictionary]:
    """The elements below an element, without references to content."""
    below = element.get("/K", [])
    items = list(below) if isinstance(below, pikepdf.Array) else [below]
    return [item for item in items if isinstance(item, pikepdf.Dictionary) and "/S" in item]


def walk(element: pikepdf.Dictionary) -> Iterator[pikepdf.Dictionary]:
    for kid in kids(element):
        yield kid
        yield from walk(kid)


def kind_of(element: pikepdf.Dictionary) -> str:
    return str(element.S).lstrip("/")


def test_a_report_says_its_language_title_and_standard(tree, printed_report):
    edition = printed_report.figures.edition
    assert str(tree.Root.Lang) == "en"
    assert str(tree.docinfo["/Title"]) == f"{edition.title}, {edition.period_label}"
    assert tree.Root.ViewerPreferences.DisplayDocTitle
    assert tree.Root.MarkInfo.Marked
    with tree.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"] == str(tree.docinfo["/Title"])
    assert {str(page.Tabs) for page in tree.pages} == {"/S"}


def test_headings_go_down_a_level_at_a_time_below_one_title(tree):
    levels = [int(kind_of(tag)[1]) for tag in walk(tree.Root.StructTreeRoot) if re.fullmatch("H[1-6]", kind_of(tag))]
    assert levels[0] == 1 and levels.count(1) == 1
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []


def test_figures_have_an_alternative_and_their_own_place(tree):
    figures = [tag for tag in walk(tree.Root.StructTreeRoot) if kind_of(tag) == "Figure"]
    assert figures
    for figure in figures:
        assert len(re.findall("[A-Za-z]{2,}", str(figure.get("/Alt", "")))) >= 2, figure
        left, bottom, right, top = map(float, figure.A.BBox)
        assert 0 <= left < right <= 596 and 0 <= bottom < top <= 842, "in points from the page's lower left corner"


def test_tables_are_rows_of_cells_whose_headers_say_what_they_head(tree):
    tables = [tag for tag in walk(tree.Root.StructTreeRoot) if kind_of(tag) == "Table"]
    assert len(tables) > 5
    for table in tables:
        parts = [part for part in kids(table) if kind_of(part) != "Caption"]
        rows = [row for part in parts for row in (kids(part) if kind_of(part) != "TR" else [part])]
        assert {kind_of(part) for part in parts} <= {"THead", "TBody", "TFoot"}
        assert {kind_of(row) for row in rows} == {"TR"}
        cells = [kids(row) for row in rows]
        assert {kind_of(cell) for row in cells for cell in row} == {"TH", "TD"}
        widths = {sum(int(cell.A.get("/ColSpan", 1)) for cell in row) for row in cells}
        assert len(widths) == 1, "every row fills the table's columns"
        heads = [cell for row in cells for cell in row if kind_of(cell) == "TH"]
        assert {str(cell.A.get("/Scope")) for cell in heads} == {"/Column", "/Row"}
        named = {bytes(cell.ID) for cell in heads}
        for cell in (cell for row in cells for cell in row if kind_of(cell) == "TD"):
            leading = [bytes(head) for head in cell.A.Headers]
            assert len(leading) == 2 and set(leading) <= named, "a column's head and a row's"


def test_lists_hold_items_and_nothing_else(tree):
    lists = [tag for tag in walk(tree.Root.StructTreeRoot) if kind_of(tag) == "L"]
    assert lists
    for found in lists:
        assert {kind_of(item) for item in kids(found)} == {"LI"}
        for item in kids(found):
            parts = [kind_of(part) for part in kids(item)]
            assert parts in (["LBody"], ["Lbl", "LBody"])


def test_a_link_is_one_tag_one_annotation_and_says_where_it_leads(tree):
    names = tree.Root.Names.Dests.Names
    there = {str(names[place]) for place in range(0, len(names), 2)}
    annotations = [link for page in tree.pages for link in page.get("/Annots", []) if link.Subtype == "/Link"]
    assert annotations
    owned = 0
    for tag in walk(tree.Root.StructTreeRoot):
        references = [kid for kid in _content(tag) if kid.get("/Type") == "/OBJR"]
        assert not references or kind_of(tag) == "Link"
        if kind_of(tag) == "Link":
            assert len(references) == 1 and not any(kind_of(below) == "Link" for below in walk(tag))
            owned += 1
    assert owned == len(annotations)
    for link in annotations:
        assert str(link.Dest) in there, "it leads to a place in the report"
        assert str(link.Contents).strip() and str(link.Contents) not in there, "in words, not by an anchor's name"


def _content(tag: pikepdf.Dictionary) -> list[pikepdf.Dictionary]:
    below = tag.get("/K", [])
    items = list(below) if isinstance(below, pikepdf.Array) else [below]
    return [item for item in items if isinstance(item, pikepdf.Dictionary)]


def test_each_page_is_read_from_its_heading_and_message_to_its_tables(tree):
    pages = [tag for tag in walk(tree.Root.StructTreeRoot) if kind_of(tag) == "Art"]
    opened = [page for page in pages if any(kind_of(tag) in ("H1", "H2") for tag in walk(page))]  # else it runs on
    assert len(opened) >= 2
    for page in opened:
        order = [kind_of(tag) for tag in walk(page)]
        first = {kind: order.index(kind) for kind in ("P", "Table", "Figure") if kind in order}
        heading = next(place for place, kind in enumerate(order) if re.fullmatch("H[12]", kind))
        assert heading < first.get("Table", heading + 1) and first["P"] < first.get("Table", len(order))
        assert first["P"] < first.get("Figure", len(order))


def test_only_running_heads_and_the_watermark_are_outside_the_tree(printed_report, tree):
    for number, page in enumerate(tree.pages):
        stray = _words_outside_tags(page)
        heads = [block for block in printed_report.pages[number].get_text("blocks") if block[3] < 57]
        assert all(where == "Artifact" for where, _ in stray), "no text without a mark"
        assert len({line for _, line in stray}) <= (2 if number else 1) and bool(heads), f"page {number + 1}"


def _words_outside_tags(page: pikepdf.Page) -> list[tuple[str, int]]:
    """What text stands outside the tree: the mark that it stands in, and which of the page's marks that is."""
    found, marks, opened = [], [], 0
    for operands, operator in pikepdf.parse_content_stream(page, "BMC BDC EMC Tj TJ ' \""):
        if str(operator) in ("BMC", "BDC"):
            opened += 1
            properties = operands[1] if len(operands) > 1 else {}
            marks.append(("" if "/MCID" in properties else str(operands[0]).lstrip("/"), opened))
        elif str(operator) == "EMC":
            marks.pop()
        elif not marks:
            found.append(("", 0))
        elif all(mark for mark, _ in marks):
            found.append(marks[-1])
    return found


def test_bookmarks_follow_the_pages(printed_report):
    with pymupdf.open(printed_report.pdf) as pdf:
        entries = pdf.get_toc()
    assert entries[0][:2] == [1, "Summary"]
    assert [page for _, _, page in entries] == sorted(page for _, _, page in entries)
    assert all(title.strip() for _, title, _ in entries)
    opened = {page for level, _, page in entries if level == 1}
    runs_on = set(range(1, len(printed_report.pages) + 1)) - opened
    assert runs_on <= {len(printed_report.pages)}, "each page opens a subject; the evidence may run on to the last"


def test_fonts_are_embedded_and_no_text_is_small(printed_report):
    _fonts_and_sizes(printed_report.pdf)


def test_a_statements_fonts_are_embedded_and_no_text_is_small(statement):
    _fonts_and_sizes(statement)


def _fonts_and_sizes(path: Path) -> None:
    with pymupdf.open(path) as pdf:
        for page in pdf:
            for font in page.get_fonts():
                assert font[1] != "n/a" and "+" in font[3], f"{font[3]} is not embedded"
            spans = [
                span
                for block in page.get_text("dict")["blocks"]
                for line in block.get("lines", ())
                for span in line["spans"]
                if span["text"].strip()
            ]
            small = [(span["text"], span["size"]) for span in spans if span["size"] < SMALLEST_PT - 0.01]
            assert small == [], f"page {page.number + 1}"


def test_a_statement_is_tagged(statement):
    with pikepdf.open(statement) as pdf:
        assert str(pdf.Root.Lang).startswith("en") and pdf.Root.MarkInfo.Marked
        assert pdf.Root.ViewerPreferences.DisplayDocTitle and str(pdf.docinfo["/Title"]).strip()
        tags = list(walk(pdf.Root.StructTreeRoot))
        levels = [int(kind_of(tag)[1]) for tag in tags if re.fullmatch("H[1-6]", kind_of(tag))]
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        tables = [tag for tag in tags if kind_of(tag) == "Table"]
        assert tables
        for table in tables:
            assert any(kind_of(cell) == "TH" for cell in walk(table)), "every table has header cells"


# --- colours ---------------------------------------------------------------------------------------------------------

#: The palest accents that an office may choose, of several hues, and the darkest.
ACCENTS = ("#767676", "#c2410c", "#0f7b6c", "#7a7a00", "#d6006e", "#000000", "#1f4e79")
TEXT_PAIRS = {
    "ink": (canvas.INK, "#ffffff"),
    "secondary": (canvas.SECONDARY, "#ffffff"),
    "bad": (canvas.BAD, "#ffffff"),
    "good": (panels_chart.GOOD, "#ffffff"),
    "ink on a class": (canvas.INK, charts.tint(canvas.BAD, 0.4)),
    "ink on the middle class": (canvas.INK, canvas.HAIRLINE),
    "white on bad": ("#ffffff", canvas.BAD),
}


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@cache
def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("pair", TEXT_PAIRS)
def test_letters_in_charts_stand_out(pair):
    assert contrast(*TEXT_PAIRS[pair]) >= LEAST_CONTRAST


def test_letters_of_the_stylesheet_stand_out():
    colours = set(re.findall(r"[;{ ]color: (#[0-9a-f]{6})", STYLESHEET.read_text(encoding="utf-8")))
    assert len(colours) >= 4
    assert {colour for colour in colours if contrast(colour, "#ffffff") < LEAST_CONTRAST} == set()


@pytest.mark.parametrize("accent", ACCENTS)
def test_letters_stand_out_on_every_shade_of_every_accent(accent):
    shades = re.findall(r"background: (#[0-9a-f]{6})", accent_rules(accent))
    assert len(shades) == 9
    assert [shade for shade in shades if contrast(canvas.INK, shade) < LEAST_CONTRAST] == []
    assert contrast(canvas.INK, charts.tint(accent, 0.4)) >= LEAST_CONTRAST, "ink on a lighter class of a stack"
    assert contrast("#ffffff", accent) >= LEAST_CONTRAST


@pytest.mark.parametrize("colour", [canvas.INK, canvas.SECONDARY, canvas.LIMIT, canvas.BAD, panels_chart.GOOD])
def test_lines_that_say_something_stand_out(colour):
    """Gridlines and the period before, which are hairline grey, say nothing that is not printed in digits beside."""
    assert contrast(colour, "#ffffff") >= LEAST_GRAPHIC_CONTRAST
