"""Reports printed once a session for the tests that read them back: their PDF, their figures, what they were made of.

What belongs here: printing, and reading words and numbers off a page. What a page must be like is the tests' business.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pymupdf
from filelock import FileLock

from pipeline.figures import report_figures
from pipeline.pdf import render_pdf
from pipeline.periods import parse
from pipeline.render import render_html
from pipeline.settings import DataFolder, load_office

if TYPE_CHECKING:
    from pipeline.figures import ReportFigures


@dataclass(frozen=True)
class Printed:
    """One printed report."""

    pdf: Path
    published: Path
    figures: ReportFigures

    @cached_property
    def pages(self) -> list[pymupdf.Page]:
        return list(pymupdf.open(self.pdf))


def printed(folder: DataFolder, period_id: str) -> Printed:
    """The report of that period, printed into the office's `printed/` by the worker that comes first."""
    out = folder.root / "printed"
    pdf, kept = out / f"{period_id}.pdf", out / f"{period_id}.pickle"
    out.mkdir(exist_ok=True)
    with FileLock(out / f"{period_id}.lock"):
        if not kept.exists():
            figures = report_figures(folder.published, load_office(folder), parse(period_id))
            render_pdf(render_html(figures), pdf)
            kept.write_bytes(pickle.dumps(figures))
    return Printed(pdf, folder.published, pickle.loads(kept.read_bytes()))
