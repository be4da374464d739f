"""The screen edition: the same report as one HTML file that reads well on a phone and on a desk.

What belongs here: what a screen needs and paper has not: fonts in the file, a way from section to section, tables that
scroll inside themselves, charts drawn again for a narrow screen. The words and numbers are those of the printed HTML,
from the same templates; how both look is `report_templates/screen.css` and `report.css`.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape
from pathlib import Path

from markupsafe import Markup

from pipeline import charts
from pipeline.charts.canvas import FONT_PX, HALF_MM, PX_PER_MM
from pipeline.charts.time_chart import LABEL_MM
from pipeline.figures.chart_shapes import ColumnGroups, PathChart, StackedColumns
from pipeline.figures.model import TimeChart
from pipeline.fonts import INTER, OTHERS, UNSEEN, cut_down, lacking, points_of

TEMPLATES = Path(__file__).resolve().parent.parent / "report_templates"
ASCII = "".join(map(chr, range(32, 127)))
#: What Inter is asked for on screen: figures of one width, kerning, accents.
FONT_FEATURES = ["kern", "mark", "mkmk", "ccmp", "tnum", "lnum"]

PHONE_CHART_MM = 28.0  # a chart that is as narrow as a phone may be higher than on paper
LABEL_PX, LABEL_GAP_PX = 8, 6  # a letter of the phone's time axis, and the least room between two labels
MOST_COLUMNS = 3  # tables with more may need to be scrolled on a phone

TEXT_PX = 14.0  # the least size of letters on a phone
PHONE_PX = 358.0  # a phone of 390 without its margins
MOST_PHONE_CHART_PX = 400.0  # a chart drawn wider is scrolled there

_SECTION = re.compile(r'<h2 id="([\w-]+)">(.*?)</h2>')
_HEADING_OR_TABLE = re.compile(r"<h[1-6][^>]*>(?P<heading>.*?)</h[1-6]>|<table\b.*?</table>", re.DOTALL)
_PAGE_REFERENCE = re.compile(r'(class="ref page-ref" href="#([\w-]+)"[^>]*>)[^<]*')
_WIDTH = re.compile(r'<svg [^>]*width="([\d.]+)"')
_SIZE = re.compile(r'width="([\d.]+)" height="[\d.]+" viewBox="0 0 [\d.]+ ([\d.]+)"')
_TAG = re.compile(r"<[^>]+>")


#: Charts whose axis on paper is the head of the table below them.
ChartOverTable = TimeChart | PathChart | StackedColumns | ColumnGroups


@dataclass(frozen=True)
class Screen:
    """What the templates print on a screen only. `sections` are anchors and names, already escaped."""

    sections: tuple[tuple[str, Markup], ...]
    font_faces: Markup
    stylesheet: Markup
    accent: str

    def chart(self, chart: charts.Chart) -> Markup:
        """The chart as on paper and, where its axis is a table, once more for a phone with an axis of its own."""
        drawn = charts.svg(chart, self.accent)
        if not isinstance(chart, ChartOverTable):
            return _figure(drawn, escape(chart.title))
        on_phone = _figure(_narrow(chart, self.accent) + _axis(chart), escape(chart.title))
        return Markup(f'<div class="on-desk">{drawn}</div><div class="on-phone screen-only">{on_phone}</div>')


def screen_html(printed: str, accent: str, render: Callable[[Screen], str]) -> str:
    """The screen edition of a report whose printed HTML is `printed`; `render` runs the same templates for a screen.

    The same printed HTML gives the same bytes.
    """
    sections = [("summary", Markup("Summary")), *((anchor, Markup(name)) for anchor, name in _SECTION.findall(printed))]
    names = dict(sections)
    html = render(Screen(tuple(sections), font_faces(printed), stylesheet(), accent))
    html = _PAGE_REFERENCE.sub(lambda match: f"{match[1]}{names.get(match[2], 'where it stands')}", html)
    html = re.sub(r'<svg ([^>]*class="(?:chart|mark)")', r'<svg role="img" \1', html)
    return _with_scrolling_tables(html)


def stylesheet() -> Markup:
    return Markup((TEMPLATES / "screen.css").read_text(encoding="utf-8"))


def font_faces(text: str) -> Markup:
    """CSS that holds the bundled fonts, cut down to the characters of `text`, and of Inter to ASCII besides.

    Characters that they lack are the reader's system's business: it has fonts for every script.
    """
    return _font_faces("".join(sorted({*text, *ASCII})))


@lru_cache(maxsize=8)
def _font_faces(letters: str) -> Markup:
    rules = [_font_face("Inter", weight, name, letters, FONT_FEATURES) for weight, name in INTER.items()]
    others = lacking(letters)
    for family, files in OTHERS.items() if others else ():
        own = "".join(letter for letter in others if ord(letter) in points_of(family))
        if own.strip(UNSEEN):
            rules += [_font_face(family, weight, name, own, ["*"]) for weight, name in files.items()]
            others = "".join(letter for letter in others if letter not in own or letter in UNSEEN)
    return Markup("".join(rules))


def _font_face(family: str, weight: int, name: str, letters: str, features: list[str]) -> str:
    data = base64.b64encode(cut_down(name, letters, features)).decode()
    return (
        f"@font-face {{ font-family: '{family}'; font-weight: {weight}; font-display: block; "
        f'src: url(data:font/woff2;base64,{data}) format("woff2"); }}\n'
    )


def _narrow(chart: ChartOverTable, accent: str) -> str:
    """The chart at half a page's width, and without the room for its lines' names where no line is named."""
    drawn = charts.svg(replace(chart, wide=False, height=max(chart.height, PHONE_CHART_MM)), accent)
    if not _is_bare(chart):
        return drawn
    left = LABEL_MM[False] * PX_PER_MM
    return _SIZE.sub(
        lambda size: (
            f'width="{float(size[1]) - left:.2f}" viewBox="{left:.2f} 0 {float(size[1]) - left:.2f} {size[2]}"'
        ),
        drawn,
        count=1,
    )


def _is_bare(chart: ChartOverTable) -> bool:
    """Nothing is named at the left of it."""
    return isinstance(chart, TimeChart) and not chart.guides


def _figure(drawn: str, title: str) -> Markup:
    """A chart that fits a phone, with letters that are large enough there; or one that is scrolled at full size."""
    width_px = float(_WIDTH.search(drawn)[1])  # type: ignore[index]
    if width_px > MOST_PHONE_CHART_PX:
        least = f"--least:{width_px * TEXT_PX / FONT_PX:.0f}px"
        attributes = f'class="figure large" style="{least}" role="region" tabindex="0" aria-label="{title}"'
    else:
        attributes = f'class="figure small" style="--letters:{TEXT_PX * width_px / PHONE_PX:.1f}px"'
    return Markup(f"<div {attributes}>{drawn}</div>")


def _with_scrolling_tables(html: str) -> str:
    """Every table in a box that scrolls sideways where it must; a wide one can be reached with the keyboard and is
    announced by the heading above it."""
    heading = ""

    def boxed(match: re.Match[str]) -> str:
        nonlocal heading
        if match["heading"] is not None:
            heading = _TAG.sub("", match["heading"])
            return match[0]
        is_wide = match[0].count('<th scope="col"') > MOST_COLUMNS
        reachable = f' role="region" tabindex="0" aria-label="{heading}"' if is_wide else ""
        return f'<div class="scroll"{reachable}>{match[0]}</div>'

    return _HEADING_OR_TABLE.sub(boxed, html)


def _axis(chart: ChartOverTable) -> str:
    """The names below a narrow chart's points: as many as fit, counted back from the last, with years where they begin.

    Readers of the page aloud get them from the table below.
    """
    points = len(chart.labels)
    under = list(chart.under)
    is_dense = all(under)
    if chart.corner.isdigit() and not under[0]:
        under[0] = chart.corner  # the year of the first month
    letters = max(map(len, (*chart.labels, *(under if is_dense else ()))))
    names_share = 0.0 if _is_bare(chart) else LABEL_MM[False] / HALF_MM
    step_px = PHONE_PX * (1 - names_share) / points
    step = math.ceil((LABEL_PX * letters + LABEL_GAP_PX) / step_px)
    cells = []
    for index, (label, below) in enumerate(zip(chart.labels, under, strict=True)):
        is_named = (points - 1 - index) % step == 0
        lines = (label if is_named else "", below if is_named or not is_dense else "")
        is_too_long = index == points - 1 and LABEL_PX * max(map(len, lines)) > 2 * step_px
        cells.append('<span class="ends">' if is_too_long else "<span>")
        cells.append("".join(f"<span>{escape(line)}</span>" for line in lines) + "</span>")
    return f'<div class="axis" aria-hidden="true" style="padding-left:{names_share:.2%}">{"".join(cells)}</div>'
