"""What every chart is drawn on: the frame, its scales, marks on it, the theme's colours, and the way to SVG text.

What belongs here: what two kinds of chart share. Each kind is drawn in a module of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from pipeline.fonts import FAMILIES, FONTS

if TYPE_CHECKING:
    import altair as alt

PX_PER_MM = 96 / 25.4
WIDE_MM = 176.0
HALF_MM = 85.5

INK, SECONDARY, HAIRLINE = "#1b1f24", "#57606a", "#d0d7de"
LIMIT = "#8c959f"
BAD = "#cf222e"
FONT_PX = 10.0  # 7.5 pt
LABEL_GAP_PX = 11.0
HATCH_PX = 5


@dataclass(frozen=True)
class Frame:
    """The plot's size and the room around it in CSS pixels, and the data that its edges stand for."""

    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]
    left: float = 0.0
    right: float = 0.0
    top: float = 12.0
    bottom: float = 1.0

    def across(self, pixels: float) -> float:
        """A horizontal distance in the data's unit."""
        return pixels * (self.x[1] - self.x[0]) / self.width

    def up(self, pixels: float) -> float:
        """A vertical distance in the data's unit."""
        return pixels * (self.y[1] - self.y[0]) / self.height


def tint(colour: str, strength: float) -> str:
    """The colour mixed with white; `strength` 1 is the colour itself."""
    channels = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (channel - 255) * strength):02x}" for channel in channels)


def layered(layers: list[alt.Chart], frame: Frame) -> alt.LayerChart:
    """The layers on the frame, in the one theme."""
    import altair as alt

    return (
        alt.layer(*layers)
        .properties(
            width=round(frame.width, 2),
            height=round(frame.height, 2),
            autosize={"type": "none"},
            padding={"left": frame.left, "right": frame.right, "top": frame.top, "bottom": frame.bottom},
        )
        .configure(font="Inter", background="transparent", aria=False)
        .configure_view(stroke=None)
    )


def rendered(layers: list[alt.Chart], frame: Frame, text: str) -> str:
    import vl_convert

    _register_fonts()
    drawn = vl_convert.vegalite_to_svg(layered(layers, frame).to_dict(validate=False))
    # The families stand once, for all letters of the chart.
    body = drawn[drawn.index(">", drawn.index("<svg")) + 1 :].replace(' font-family="Inter"', "")
    width, height = frame.left + frame.width + frame.right, frame.top + frame.height + frame.bottom
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="{width:.2f}" height="{height:.2f}" '
        f'viewBox="0 0 {width:.2f} {height:.2f}" font-family="{FAMILIES}"><title>{escape(text)}</title>{body}'
    )


@cache
def _register_fonts() -> None:
    """Text is measured in the font that prints it, not in one of the machine's."""
    import vl_convert

    vl_convert.register_font_directory(str(FONTS))


def layer(frame: Frame, rows: Sequence[dict[str, Any]], mark: str, **style: Any) -> alt.Chart:
    """Marks at the rows' `x` and `y`, to `x2` and `y2` where they have them, on the frame's scales, without axes."""
    import altair as alt

    encoding: dict[str, Any] = {
        "x": alt.X("x:Q", scale=alt.Scale(domain=frame.x, nice=False, zero=False), axis=None),
        "y": alt.Y("y:Q", scale=alt.Scale(domain=frame.y, nice=False, zero=False), axis=None),
    }
    if rows and "x2" in rows[0]:
        encoding |= {"x2": "x2:Q", "y2": "y2:Q"}
    if rows and "order" in rows[0]:
        encoding["order"] = "order:Q"
    if mark == "text":
        encoding["text"] = "label:N"
        style = {"baseline": "middle", "fontSize": FONT_PX, **style}
    if mark == "point":
        style = {"opacity": 1, **style}
    chart = alt.Chart(alt.Data(values=list(rows)))
    return getattr(chart, f"mark_{mark}")(**style).encode(**encoding)


def hatch_lines(frame: Frame, left: float, right: float, high: float) -> list[dict[str, Any]]:
    """The slanting lines that fill a column from zero, for rules: what is expected, not seen."""
    wide, up = (right - left) / frame.across(1), high / frame.up(1)
    lines = []
    for offset in range(-int(up), int(wide), HATCH_PX):
        start, end = max(0.0, offset), min(wide, offset + up)  # pixels from the left edge, where the line is inside
        lines.append(
            {
                "x": left + frame.across(start),
                "x2": left + frame.across(end),
                "y": frame.up(start - offset),
                "y2": frame.up(end - offset),
            }
        )
    return lines
