"""Pages as they lie on paper: how many, how full, nothing cut, nothing over something else.

What a page says is held elsewhere; here are only boxes: words and drawings, and where they end.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pymupdf
import pytest

#: The sizes of headlines and messages, and what two lines of one are apart at most.
MESSAGE_PT, LEADING_PT = (11.0, 21.0), 30.0
MOST_PAGES = {"month": 6, "quarter": 14, "week": 2}
WIDTH_PT, HEIGHT_PT = 595.3, 841.9
#: The stylesheet's margins in points: the outer and the inner one change sides from page to page.
TOP_PT, BOTTOM_PT, OUTER_PT, INNER_PT = 56.7, 39.7, 51.0, 45.4
SLACK_PT = 1.0
MOST_OVERLAP = 0.3
WATERMARK_PT = 100
BLANKS = " \u00a0\u2007\u2008"


@pytest.fixture
def pages(printed_report) -> Iterator[list[pymupdf.Page]]:
    with pymupdf.open(printed_report.pdf) as pdf:
        yield list(pdf)


def spans(page: pymupdf.Page) -> Iterator[dict]:
    """The page's texts in its own order, without the watermark and the running head."""
    for block in page.get_text("dict")["blocks"]:
        for line in block.get("lines", ()):
            for span in line["spans"]:
                if span["text"].strip() and span["size"] < WATERMARK_PT and span["bbox"][3] > TOP_PT:
                    yield span


def test_no_report_has_more_pages_than_it_may(pages, printed_report):
    assert len(pages) <= MOST_PAGES[printed_report.figures.edition.period_type]


def test_a_third_of_every_page_is_used(pages):
    lowest = {page.number + 1: max(span["bbox"][3] for span in spans(page)) for page in pages}
    assert {number: low for number, low in lowest.items() if low < HEIGHT_PT / 3} == {}


def test_nothing_runs_over_the_edge(pages):
    for page in pages:
        left, right = (INNER_PT, OUTER_PT) if page.number % 2 else (OUTER_PT, INNER_PT)
        edges = pymupdf.Rect(left, 0, WIDTH_PT - right, HEIGHT_PT - BOTTOM_PT)
        edges += (-SLACK_PT, 0, SLACK_PT, SLACK_PT)
        cut = [(word, box) for word, box in words(page) if not _is_inside(box, edges)]
        assert cut == [], f"page {page.number + 1}"
        drawn = [tuple(drawing["rect"]) for drawing in page.get_drawings()]
        beyond = [box for box in drawn if not _is_inside(box, edges) and box[2] - box[0] < WIDTH_PT - SLACK_PT]
        assert beyond == [], f"page {page.number + 1}"


def _is_inside(box: tuple[float, ...], edges: pymupdf.Rect) -> bool:
    left, _, right, bottom = box
    return left >= edges.x0 and right <= edges.x1 and bottom <= edges.y1


def test_no_heading_stands_alone_at_a_pages_end(pages, printed_report):
    """Bookmarks lead to the headings: below each there is text or a drawing on its page, before its column ends."""
    with pymupdf.open(printed_report.pdf) as pdf:
        entries = pdf.get_toc(simple=False)
    for _, title, number, place in entries:
        if title == "Summary":
            continue
        page = pages[number - 1]
        at = place["to"]
        below = [span for span in spans(page) if span["bbox"][1] > at.y + 11 and span["bbox"][2] > at.x - SLACK_PT]
        assert below, f"page {number}: nothing under {title!r}"


def test_no_words_lie_on_others(pages):
    """Columns that run into each other, labels over labels. A chart's label may lie on its own white outline, which is
    the same word again."""
    for page in pages:
        found = sorted(words(page), key=lambda word: word[1].y0)
        over = [
            (one[0], other[0])
            for place, one in enumerate(found)
            for other in itertools.takewhile(lambda word, low=one[1].y1: word[1].y0 < low, found[place + 1 :])
            if _overlap(one[1], other[1]) > MOST_OVERLAP and not _is_outline(one, other)
        ]
        assert over == [], f"page {page.number + 1}"


def words(page: pymupdf.Page) -> Iterator[tuple[str, pymupdf.Rect]]:
    """Words and the boxes of their letters, without the room that a font keeps above and below them. The blanks that
    pad a number to its column's decimals part words; the thin one between thousands does not."""
    for block in page.get_text("rawdict")["blocks"]:
        for line in block.get("lines", ()):
            for span in line["spans"]:
                if span["size"] > WATERMARK_PT or span["bbox"][3] < TOP_PT:
                    continue
                for is_blank, letters in itertools.groupby(span["chars"], key=lambda char: char["c"] in BLANKS):
                    if not is_blank:
                        kept = list(letters)
                        left, right = kept[0]["bbox"][0], kept[-1]["bbox"][2]
                        base = kept[0]["origin"][1]
                        box = pymupdf.Rect(left, base - 0.72 * span["size"], right, base)
                        yield "".join(char["c"] for char in kept), box


def _overlap(one: pymupdf.Rect, other: pymupdf.Rect) -> float:
    """The shared part of the smaller box."""
    shared = pymupdf.Rect(one) & other
    smaller = min(one.get_area(), other.get_area())
    return shared.get_area() / smaller if smaller and not shared.is_empty else 0.0


def _is_outline(one: tuple[str, pymupdf.Rect], other: tuple[str, pymupdf.Rect]) -> bool:
    return one[0] == other[0] and all(abs(a - b) < SLACK_PT for a, b in zip(one[1], other[1], strict=True))


def test_no_message_has_more_than_two_lines(pages):
    too_long = {}
    for page in pages:
        lines: list[float] = []
        for span in spans(page):
            if MESSAGE_PT[0] <= span["size"] <= MESSAGE_PT[1] and "Semi" in span["font"]:
                lines += [span["bbox"][3]] * (span["bbox"][3] not in lines)
        near = [below - above < LEADING_PT for above, below in itertools.pairwise(sorted(lines))]
        if any(map(all, itertools.pairwise(near))):
            too_long[page.number + 1] = len(lines)
    assert too_long == {}
