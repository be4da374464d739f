"""Figures to HTML, by templates that compute nothing.

What belongs here: the Jinja environment and what templates ask of it. What a report says is `pipeline.figures`' work,
charts are `pipeline.charts`', the look is `report_templates/`; the PDF is printed by `pipeline.pdf`, a report's files
are written by `pipeline.reporting`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup

from pipeline import charts
from pipeline.figures.numbers import notation, printed_in
from pipeline.screen import Screen

if TYPE_CHECKING:
    from pipeline.figures import ReportFigures

TEMPLATES = Path(__file__).resolve().parent.parent / "report_templates"

#: A report is called after how often it comes, and so is its template.
REPORT_NAMES = {"month": "monthly", "quarter": "quarterly", "week": "weekly"}

SHADES = 9
DARKEST_SHADE = 0.45  # of the accent: ink is read even on black this light

PAGE_LETTERS = 130  # about what a line across the page holds at the size of definitions

#: A number and its unit, a quarter and its year: no line ends between them.
_TOGETHER = re.compile(r"(?<=\d) (?=h\b)|(?<=Q[1-4]) (?=\d{4}\b)")
_TEXT = re.compile(r">[^<]+<")

FIGURE_SPACE, PUNCTUATION_SPACE = "\u2007", "\u2008"


def render_html(figures: ReportFigures, screen: Screen | None = None, logo: str = "") -> str:
    """The report as one HTML text without references to anything outside it: for paper, or for a screen.

    `logo` is a data URL of the office's, where it has one.
    """
    accent = figures.edition.accent
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["aligned"] = aligned
    environment.filters["in_columns"] = in_columns
    environment.filters["whole_end"] = whole_end
    environment.filters["svg"] = screen.chart if screen else lambda chart: Markup(charts.svg(chart, accent))
    parts = {name: getattr(figures, name) for name in figures.__dataclass_fields__}
    stylesheet = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    with printed_in(figures.edition.locale):
        html = environment.get_template(f"{REPORT_NAMES[figures.edition.period_type]}.html").render(
            **parts,
            accent=accent,
            logo=logo,
            screen=screen,
            stylesheet=Markup(stylesheet),
            accent_rules=Markup(accent_rules(accent)),
        )
    head, body, rest = html.partition("<body")
    return head + body + _TEXT.sub(lambda text: _TOGETHER.sub("\u00a0", text[0]), rest)


def aligned(text: str, decimals: int) -> str:
    """The number padded on the right with blanks as wide as the decimals it lacks, so that a column's points align."""
    if not decimals or not text[-1:].isdigit():
        return text
    point = notation().decimal
    printed = len(text.rpartition(point)[2]) if point in text else 0
    missing = max(0, decimals - printed)
    return text + PUNCTUATION_SPACE * (missing > 0 and not printed) + FIGURE_SPACE * missing


def whole_end(text: str) -> str:
    """The sentence with its last two words held together, so that none stands alone in the last line."""
    start, space, last = text.rpartition(" ")
    return f"{start}\u00a0{last}" if space else text


def in_columns(entries: Sequence[Markup], columns: int) -> list[list[Markup]]:
    """Terms with their definitions in their order, in that many columns of about the same height."""
    heights = [_lines(entry, PAGE_LETTERS // columns) for entry in entries]
    parts: list[list[Markup]] = [[] for _ in range(columns)]
    above = 0.0
    for entry, height in zip(entries, heights, strict=True):
        parts[int((above + height / 2) * columns / sum(heights))].append(entry)
        above += height
    return [part for part in parts if part]


def _lines(entry: Markup, letters: int) -> int:
    """How many lines of so many letters the term and its definition take."""
    return sum(math.ceil(len(Markup(part).striptags()) / letters) for part in entry.split("</dt>"))


def accent_rules(accent: str) -> str:
    """The office's colour as CSS, and the steps of the heat table, light enough for ink to be read on them."""
    steps = (
        f".shade-{step} {{ background: {charts.tint(accent, DARKEST_SHADE * step / SHADES)}; }}"
        for step in range(1, SHADES + 1)
    )
    return f":root {{ --accent: {accent}; }}\n" + "\n".join(steps) + "\n"
