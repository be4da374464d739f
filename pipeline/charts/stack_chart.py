"""Bars of ordered classes that add up to 100 %."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.charts.canvas import BAD, HAIRLINE, INK, PX_PER_MM, SECONDARY, Frame, layer, tint
from pipeline.figures.model import StackChart
from pipeline.figures.numbers import number

if TYPE_CHECKING:
    import altair as alt

STACK_MM, STACK_LABEL_MM = 64.0, 20.0  # the distribution of stars and its names; its table is as wide


def draw(chart: StackChart, accent: str) -> tuple[list[alt.Chart], Frame]:
    left = STACK_LABEL_MM * PX_PER_MM
    pitch, bar = 22.0, 15.0
    rows = len(chart.names)
    frame = Frame(STACK_MM * PX_PER_MM - left, pitch * rows, x=(0.0, 1.0), y=(float(rows), 0.0), left=left, top=18)
    fills = (BAD, tint(BAD, 0.4), HAIRLINE, tint(accent, 0.4), accent)
    inks = ("#ffffff", INK, INK, INK, "#ffffff")
    thick, gap = bar / pitch, frame.across(8)
    layers, names = [], []
    labels: dict[str, list[dict[str, Any]]] = {"#ffffff": [], INK: []}
    for index, (name, shares) in enumerate(zip(chart.names, chart.shares, strict=True)):
        start = 0.0
        names.append({"x": 0.0, "y": index + thick / 2, "label": name})
        for fill, ink, share in zip(fills, inks, shares, strict=True):
            block = {"x": start, "x2": start + share, "y": float(index), "y2": index + thick}
            layers.append(layer(frame, [block], "rect", fill=fill))
            if share >= 0.06:
                labels[ink].append({"x": start + share / 2, "y": index + thick / 2, "label": number(100 * share)})
            start += share
    layers += [layer(frame, found, "text", color=ink) for ink, found in labels.items() if found]
    layers.append(layer(frame, names, "text", color=INK, align="right", dx=-6))
    keys: list[dict[str, Any]] = [
        {"x": index / len(fills), "y": 0.0, "label": label} for index, label in enumerate(chart.classes)
    ]
    for key, fill in zip(keys, fills, strict=True):
        swatch = {**key, "x2": key["x"] + gap, "y": -14 / pitch, "y2": -6 / pitch}
        layers.append(layer(frame, [swatch], "rect", fill=fill))
    layers.append(layer(frame, keys, "text", color=SECONDARY, align="left", dx=12, dy=-10))
    return layers, frame
