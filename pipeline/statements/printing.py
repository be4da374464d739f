"""Prints statements: Typst, with the bundled fonts and nothing else.

What belongs here: one compiler for many statements, the PDF's standards, and what the fonts cannot show. What a
statement says is `figures.py`'s work, how it looks `report_templates/statement.typ`'s, and who prints which
`bulk.py`'s.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import typst

from pipeline.errors import DependencyMissing
from pipeline.fonts import FONTS, printable
from pipeline.settings import PROJECT
from pipeline.statements.model import Statement, as_json

TEMPLATES = PROJECT / "report_templates"
TEMPLATE = TEMPLATES / "statement.typ"
FONT_SUFFIXES = (".otf", ".ttf")
#: Tagged for readers of screens, and to be opened alike in many years.
STANDARDS: list[typst.PDFStandard] = ["ua-1", "a-2a"]


class Printer:
    """A compiler that keeps the fonts and the parsed template from one statement to the next."""

    def __init__(self, logo: str = "") -> None:
        """`logo`: the office's as SVG text, '' for none."""
        if not TEMPLATE.exists() or not _font_files():
            raise DependencyMissing(f"{TEMPLATES}: the statement's template or fonts are missing; install again")
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
        self._logo = logo
        self._compiler = typst.Compiler(str(TEMPLATE), root=str(TEMPLATES), font_paths=fonts)

    def pdf(self, inputs: dict[str, str]) -> bytes:
        """The statement that `typst_inputs` made, as PDF. Raises typst.TypstError."""
        told = {**inputs, "logo": self._logo}
        made = self._compiler.compile(format="pdf", sys_inputs=told, pdf_standards=STANDARDS, timestamp=0)
        assert isinstance(made, bytes)
        return made


def typst_inputs(statement: Statement) -> dict[str, str]:
    """What the template reads: the statement, with an empty box for every character that no bundled font has.

    Typst refuses to write an accessible PDF with a character that it cannot show; a name must not stop a statement. The
    document's title is not shown and keeps them.
    """
    return {"data": printable(as_json(statement)), "title": statement.title}


def inputs_of(inputs: dict[str, str], logo: str = "") -> str:
    """The SHA-256 of all that a printed statement depends on: what it says, the template, the fonts, the engine."""
    return hashlib.sha256("\0".join((_environment(), inputs["data"], inputs["title"], logo)).encode()).hexdigest()


@cache
def _environment() -> str:
    digest = hashlib.sha256(version("typst").encode())
    for path in (TEMPLATE, *_font_files()):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _font_files() -> list[Path]:
    return sorted(path for path in FONTS.iterdir() if path.suffix in FONT_SUFFIXES)
