"""The printed page: one A4 page, tagged, with the words of the statement, whatever a seller calls itself."""

import hashlib
import io
import subprocess
import sys

import pikepdf
import pypdf
import pytest
from royalty_support import MARCH
from statement_support import FIGURES, OFFICE, publish

from pipeline import periods
from pipeline.settings import PROJECT
from pipeline.statements.figures import statements_of
from pipeline.statements.printing import Printer, inputs_of, typst_inputs
from pipeline.statements.reading import read_facts

HOSTILE = '#panic("x") *b* _i_ $x^2$ \\ @ref <l> [c] // c'
NAMES = {
    "TOP": "The Very Long Trading Company of the Western Cape and Its Neighbouring Regions (Pty) Limited and Sons",
    "PLAIN": HOSTILE,
    "SMALL": "שלום עולם",
    "DEBIT": "漢字商店 مرحبا",
    "LATE": "W" * 120,
    "FEW": "🎉🎉 \u202egnol\u202c \x00\n\nname",
}


@pytest.fixture(scope="module")
def printer():
    return Printer()


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return publish(tmp_path_factory.mktemp("published"), names=NAMES, extra=["x" * 255, "\ud7ff<&>"])


@pytest.fixture(scope="module")
def make(published):
    return statements_of(read_facts(published, periods.parse(MARCH)), OFFICE, is_draft=False)


def printed(printer, statement):
    return printer.pdf(typst_inputs(statement))


def words(pdf):
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(text.replace("\u200b", "").split())


@pytest.mark.parametrize("period_id", [MARCH, "2025-Q1"])
def test_every_statement_is_one_page(printer, published, period_id):
    office = OFFICE.model_copy(update={"name": "The Office of an Online Marketplace with a Very Long Name " * 3})
    facts = read_facts(published, periods.parse(period_id))
    make = statements_of(facts, office, is_draft=True)
    for seller in facts.sellers:
        reader = pypdf.PdfReader(io.BytesIO(printed(printer, make(seller))))
        assert len(reader.pages) == 1, seller
        assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]


@pytest.mark.parametrize("seller", FIGURES)
def test_the_page_says_what_the_statement_says(printer, make, seller):
    statement = make(seller)
    said = words(printed(printer, statement))
    parts = (*statement.reckoning.part, *statement.reckoning.account)
    expected = [statement.amount, statement.message, statement.digest, statement.standing.sentence, *statement.what_if]
    expected += [number for line in parts for number in line.numbers] + [line.label for line in parts]
    expected += [score.value for score in statement.scorecard.scores] + list(statement.footer)
    for text in expected:
        assert " ".join(text.split()) in said


def test_a_hostile_name_is_printed_as_it_is(printer, make):
    assert HOSTILE.replace(" ", "") in words(printed(printer, make("PLAIN"))).replace(" ", "")


def test_what_the_fonts_lack_becomes_a_box_and_stays_in_the_title(printer, make):
    pdf = printed(printer, make("DEBIT"))
    assert "□□□□" in words(pdf) or "漢字商店" in words(pdf)
    assert "漢字商店" in pypdf.PdfReader(io.BytesIO(pdf)).metadata.title


def test_it_is_accessible(printer, make):
    with pikepdf.open(io.BytesIO(printed(printer, make("TOP")))) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "en"
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        assert str(pdf.docinfo.Author) == OFFICE.name
        metadata = pdf.Root.Metadata.read_bytes().decode()
        assert "pdfuaid" in metadata and "pdfaid" in metadata
        kinds = list(structure(pdf.Root.StructTreeRoot.K))
    headings = [kind for kind in kinds if kind in ("H1", "H2", "H3")]
    assert headings[0] == "H1" and headings.count("H1") == 1 and "H3" not in headings
    assert kinds.count("Table") == 3
    assert kinds.count("TH") == 4 + 7 + 4


def structure(node):
    if isinstance(node, pikepdf.Array):
        for child in node:
            yield from structure(child)
    elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
        yield str(node.S)[1:]
        if "/K" in node:
            yield from structure(node.K)


def test_only_a_draft_is_marked(printer, make, published):
    draft = statements_of(read_facts(published, periods.parse(MARCH)), OFFICE, is_draft=True)("TOP")
    assert "DRAFT" in words(printed(printer, draft)) and "draft, not issued" in words(printed(printer, draft))
    assert "draft" not in words(printed(printer, make("TOP"))).casefold()


def test_another_process_prints_the_same_bytes(printer, make, published):
    """The other one prints another statement first: what the compiler keeps must not show."""
    code = f"""
import hashlib, sys
from pathlib import Path
from pipeline import periods
from pipeline.settings import Office
from pipeline.statements.figures import statements_of
from pipeline.statements.printing import Printer, typst_inputs
from pipeline.statements.reading import read_facts
make = statements_of(read_facts(Path({str(published)!r}), periods.parse({MARCH!r})), Office(), is_draft=False)
printer = Printer()
printer.pdf(typst_inputs(make("SMALL")))
print(hashlib.sha256(printer.pdf(typst_inputs(make("TOP")))).hexdigest())
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == hashlib.sha256(printed(printer, make("TOP"))).hexdigest()


def test_the_hash_of_the_inputs_tells_statements_apart(make):
    assert inputs_of(typst_inputs(make("TOP"))) == inputs_of(typst_inputs(make("TOP")))
    assert inputs_of(typst_inputs(make("TOP"))) != inputs_of(typst_inputs(make("SMALL")))
