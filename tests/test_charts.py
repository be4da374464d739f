"""Charts: each shape is what Vega-Lite knows, and the words of a time chart stand clear of its lines and each other."""

import dataclasses
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from printed_support import printed

from pipeline import charts
from pipeline.charts.canvas import PX_PER_MM, layered
from pipeline.figures.chart_shapes import DivergingChart
from pipeline.figures.model import Guide, Table, TimeChart

ACCENT = "#1f4e79"
HEIGHT_PX = 20 * PX_PER_MM
#: From the middle of a line of letters to the place where Vega puts its text.
BASELINE_PX = 3.0


def drawn_in(found: object) -> Iterator[charts.Chart]:
    """Every chart in a report's figures, in the order of its pages."""
    if isinstance(found, charts.Chart):
        yield found
    elif dataclasses.is_dataclass(found):
        for field in dataclasses.fields(found):
            yield from drawn_in(getattr(found, field.name))
    elif isinstance(found, tuple | list):
        for part in found:
            yield from drawn_in(part)


@pytest.fixture(scope="module")
def shapes(sample_office) -> dict[type, charts.Chart]:
    """One chart of each shape, as the sample's reports print it; its themes are too thin for the one of words."""
    reports = [printed(sample_office, period) for period in ("2026-Q1", "2026-03")]
    words = DivergingChart("t", "a", ("low", "high"), (("late", 2.5, "2.5"),), (), Table("t", (), ()))
    return {type(chart): chart for report in reports for chart in drawn_in(report.figures)} | {type(words): words}


@pytest.mark.parametrize("shape", charts._DRAW, ids=lambda shape: shape.__name__)
def test_every_shape_is_printed_and_is_what_vega_lite_knows(shape, shapes):
    """Reports are drawn without these checks, for their time."""
    assert layered(*charts._DRAW[shape](shapes[shape], ACCENT)).to_dict(validate=True)["layer"]


def time_chart(values: tuple[float, ...], guides: tuple[Guide, ...] = ()) -> TimeChart:
    labels = tuple(f"M{index}" for index in range(len(values)))
    return TimeChart("t", "a", "line", "", labels, labels, values, (), 0.0, 10.0, guides, last_label="last", wide=False)


def heights(svg: str, *words: str) -> list[float]:
    """How far below the plot's top the middle of each of those texts is, in pixels."""
    found = {}
    for y, word in re.findall(r'<text [^>]*transform="translate\([-\d.]+,([-\d.]+)\)"[^>]*>([^<]*)<', svg):
        found[word] = float(y) - BASELINE_PX
    return [found[word] for word in words]


def below(value: float) -> float:
    return HEIGHT_PX * (1 - value / 10)


@pytest.mark.parametrize(
    ("values", "guides", "side"),
    [
        ((2.0, 5.0), (), -1),  # the line comes from below: above it
        ((8.0, 5.0), (), 1),
        ((2.0, 5.0), (6.1,), -1),  # a guide just above: farther up
        ((2.0, 5.0), (6.0, 7.0), 1),  # and two: below
        ((8.0, 5.0), (3.8, 2.8), -1),
    ],
)
def test_the_last_value_stands_clear_of_lines(values, guides, side):
    svg = charts.svg(time_chart(values, tuple(Guide(value, f"g{value}", "limit") for value in guides)), ACCENT)
    [middle] = heights(svg, "last")
    assert (middle - below(5.0)) * side >= 8
    assert all(abs(middle - below(value)) >= 5.9 for value in guides)


@given(st.lists(st.floats(0, 10).map(lambda value: round(value, 1)), min_size=2, max_size=4, unique=True))
@settings(max_examples=15, deadline=None)
def test_the_words_of_lines_are_apart_and_in_the_lines_order(values):
    guides = tuple(Guide(value, f"g{value}", "limit") for value in values)
    ranked = sorted(values, reverse=True)
    found = heights(charts.svg(time_chart((4.0, 5.0), guides), ACCENT), *(f"g{value}" for value in ranked))
    assert all(lower - upper >= 10.9 for upper, lower in pairwise(found))


def test_words_of_lines_that_lie_apart_are_level_with_them():
    guides = (Guide(9.0, "high", "limit"), Guide(1.0, "low", "limit"))
    assert heights(charts.svg(time_chart((4.0, 5.0), guides), ACCENT), "high", "low") == pytest.approx(
        [below(9.0), below(1.0)], abs=0.5
    )
