"""Categories' ratings: little lines on one scale above the table of the same values, and what stepped beyond chance.

What belongs here: which categories are shown, their tests, and the sentence about months in a row. The marketplace's
own rating is the page's matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.figures.chart_shapes import Panel, PanelsChart
from pipeline.figures.customers import category_name
from pipeline.figures.measures import value_cell
from pipeline.figures.model import Cell, Column, Row, Table, Tone
from pipeline.figures.numbers import MISSING, THIN, count, number, plural, scale_of, show
from pipeline.figures.published import Published, Value
from pipeline.figures.quarterly.entity_moves import step_cell
from pipeline.figures.quarterly.quarter_columns import measured_from
from pipeline.figures.steps import steps_beyond_noise
from pipeline.periods import parse

FEWEST_CATEGORIES = 2
MOST_QUARTERS, QUARTERS_BESIDE_VERDICTS = 6, 5
FEWEST_QUARTERS = 2
LONGEST_IN_TABLE = 24  # in one line beside all its quarters
LONGEST_NAME = 18  # above a panel, beside its last value
TICK = 0.5
LARGEST_CHANCE = 0.05
STARS = scale_of("stars", "")
DIRECTIONS = ("improving", "declining")
VERDICTS: dict[str, tuple[str, Tone]] = {
    "improving": ("▲ improving", "good"),
    "declining": ("▼ declining", "bad"),
    "stable": ("none", "muted"),
    "too_short": ("too short", "muted"),
    "insufficient": ("too few months", "muted"),
}


@dataclass(frozen=True)
class Trend:
    """A row of the published trend tests: Sen's slope in stars a month, with its limits."""

    slope: float | None
    low: float | None
    high: float | None
    verdict: str


NO_TREND = Trend(None, None, None, "insufficient")


def category_steps(source: Published) -> dict[str, tuple[Value, Value]]:
    """Categories whose average stepped beyond chance since the quarter before, the largest step first."""
    now = source.entities("rating_mean", "category")
    before = source.entities("rating_mean", "category", source.period.previous.id)
    found = steps_beyond_noise(now, before)
    return dict(sorted(found.items(), key=lambda item: (-abs(_step(*item[1])), item[0])))


def _step(now: Value, before: Value | None) -> float:
    return (now.value or 0.0) - (before.value or 0.0) if before and before.value is not None else 0.0


def category_panels(source: Published, most: int) -> PanelsChart | None:
    """The panels of at most `most` categories and their table; None with fewer than two categories or quarters."""
    trends = _trends(source)
    has_verdicts = any(trend.verdict in DIRECTIONS for trend in trends.values())
    quarters = source.periods[-(QUARTERS_BESIDE_VERDICTS if has_verdicts else MOST_QUARTERS) :]
    quarters = quarters[measured_from([source.at("rating_mean", period_id) for period_id in quarters]) :]
    by_quarter = [source.entities("rating_mean", "category", period_id) for period_id in quarters]
    rated = [key for key, value in by_quarter[-1].items() if value.value is not None]
    if len(rated) < FEWEST_CATEGORIES or len(quarters) < FEWEST_QUARTERS:
        return None
    steps = category_steps(source)
    chosen = _chosen(rated, by_quarter[-1], steps, trends)[:most]
    shown = sorted(chosen, key=lambda key: (_step(by_quarter[-1][key], by_quarter[-2].get(key)), key))
    series = {key: [values.get(key) for values in by_quarter] for key in shown}
    whole = [source.at("rating_mean", period_id) for period_id in quarters]
    values = [value.value for line in (*series.values(), whole) for value in line if value and value.value is not None]
    low, high = math.floor(min(values) / TICK) * TICK, math.ceil(max(values) / TICK) * TICK
    low = low if high > low else low - TICK
    labels = tuple(parse(period_id).label for period_id in quarters)
    return PanelsChart(
        title="Average rating by category and quarter, stars",
        alt=f"Small lines of {plural(len(shown), 'category', 'categories')} on one scale from {number(low, 1)} to "
        f"{number(high, 1)} stars, {labels[0]} to {labels[-1]}. The table below holds every value.",
        panels=tuple(_panel(key, series[key], steps) for key in shown),
        labels=labels,
        reference=tuple(value.value if value else None for value in whole),
        low=low,
        high=high,
        ticks=tuple(low + TICK * index for index in range(round((high - low) / TICK) + 1)),
        columns=math.ceil(len(shown) / 2) if len(shown) > 3 else len(shown),
        table=_table(source, quarters, series, steps, trends),
    )


def _chosen(
    rated: Sequence[str],
    now: Mapping[str, Value],
    steps: Mapping[str, tuple[Value, Value]],
    trends: Mapping[str, Trend],
) -> list[str]:
    """Those that stepped, the furthest first, then those with a trend, then those with the most ratings."""
    place = {key: index for index, key in enumerate(steps)}
    trending = {key for key in rated if trends.get(key, NO_TREND).verdict in DIRECTIONS}
    return sorted(rated, key=lambda key: (place.get(key, len(place)), key not in trending, -(now[key].n or 0), key))


def _panel(key: str, line: Sequence[Value | None], steps: Mapping[str, tuple[Value, Value]]) -> Panel:
    last, sign, tone = line[-1], "", ""
    if key in steps:
        sign, tone = ("▲ ", "good") if _step(*steps[key]) > 0 else ("▼ ", "bad")
    return Panel(
        name=category_name(key, LONGEST_NAME),
        values=tuple(value.value if value else None for value in line),
        lows=tuple(value.low if value else None for value in line),
        highs=tuple(value.high if value else None for value in line),
        last_label=f"{sign}{show(last.value if last else None, STARS)}",
        tone="good" if tone == "good" else "bad" if tone == "bad" else "",
    )


def _trends(source: Published) -> dict[str, Trend]:
    rows = source.rows(
        "select entity_id, slope, low, high, verdict from rating_trends "
        "where period_id = $period and scope = 'category'",
        period=source.period.id,
    )
    return {row[0]: Trend(*row[1:]) for row in rows}


def _table(
    source: Published,
    quarters: Sequence[str],
    series: Mapping[str, Sequence[Value | None]],
    steps: Mapping[str, tuple[Value, Value]],
    trends: Mapping[str, Trend],
) -> Table:
    """The panels' values, the step's test and the trend's; verdicts only where some category has a trend."""
    adjusted = source.entities("rating_bayes", "category")
    has_verdicts = any(trends[key].verdict in DIRECTIONS for key in series if key in trends)
    columns = (
        Column("Category", "name"),
        *(Column(f"{period_id[5:]} {period_id[2:4]}", "number", "9mm", 2) for period_id in quarters),
        Column("Adj.", "number", "9mm", 2),
        Column("n", "number", "9.5mm"),
        Column("Move", "word", "17mm"),
        Column("Trend", "number", "12mm", 3),
        Column("95 % interval", "word-right", "25.5mm"),
        *((Column("Verdict", "word", "17mm"),) if has_verdicts else ()),
    )
    rows = []
    for key, line in series.items():
        now = line[-1]
        assert now is not None
        trend = trends.get(key, NO_TREND)
        words, tone = VERDICTS[trend.verdict]
        cells = (
            Cell(category_name(key, LONGEST_IN_TABLE)),
            *(value_cell("rating_mean", value, STARS, scope="category") for value in line[:-1]),
            replace(value_cell("rating_mean", now, STARS, scope="category"), tone="strong"),
            value_cell("rating_bayes", adjusted.get(key), STARS, scope="category"),
            Cell(count(now.n or 0), figure=now.key("rating_mean", "category", "n")),
            step_cell(steps.get(key), now, line[-2]),
            Cell(MISSING if trend.slope is None else number(trend.slope, 3, signed=True)),
            Cell(interval_words(trend.low, trend.high), tone="muted"),
            Cell(words, tone=tone),
        )
        rows.append(Row(cells[: len(columns)]))
    return Table("", columns, tuple(rows), foot=_foot(source, series, has_verdicts=has_verdicts))


def interval_words(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return f"{number(low, 3, signed=True)} to {number(high, 3, signed=True)}"


def _foot(source: Published, series: Mapping[str, Sequence[Value | None]], *, has_verdicts: bool) -> str:
    """How to read it, and what is left out, so that the numbers of ratings add up."""
    now = source.entities("rating_mean", "category")
    foot = (
        f"Upright lines: 95{THIN}% intervals; grey: all categories. Adj.: Bayesian mean. Move: the step from "
        f"{source.period.previous.short}, tested with a correction for many. Trend: stars a month."
    )
    if has_verdicts:
        foot += " Verdict: whether the trend is beyond chance, tested likewise."
    left_out = [key for key in now if key not in series]
    if left_out:
        shown = sum(line[-1].n or 0 for line in series.values() if line[-1])
        rest = sum(now[key].n or 0 for key in left_out)
        foot += (
            f" {plural(len(left_out), 'category', 'categories')} more, with {plural(rest, 'rating')}; "
            f"{count(shown + rest)} in all."
        )
    return foot


def months_in_a_row(source: Published) -> str:
    """The category whose monthly average fell, or rose, so many months in a row that chance gives one of all
    categories such a run less than once in twenty; '' when there is none.

    Of independent months, k steps in one direction have a chance of 2 in (k + 1)!.
    """
    series = source.entity_series("rating_mean", "category")
    runs = {key: _run([value.value if value else None for value in line]) for key, line in series.items()}
    telling = {
        key: steps for key, steps in runs.items() if 2 * len(series) / math.factorial(abs(steps) + 1) < LARGEST_CHANCE
    }
    if not telling:
        return ""
    key = max(telling, key=lambda key: (abs(telling[key]), key))
    steps = telling[key]
    first, last = series[key][-1 - abs(steps)], series[key][-1]
    assert first is not None and last is not None
    return (
        f"{category_name(key)} has {'risen' if steps > 0 else 'fallen'} {abs(steps)} months in a row, from "
        f"{show(first.value, STARS)} in {first.period_id} to {show(last.value, STARS)} in {last.period_id}."
    )


def _run(values: Sequence[float | None]) -> int:
    """The steps in one direction that the series ends with, negative when it falls."""
    steps, direction = 0, 0
    for later, earlier in zip(reversed(values), list(reversed(values))[1:], strict=False):
        if later is None or earlier is None or later == earlier:
            break
        sign = 1 if later > earlier else -1
        if direction and sign != direction:
            break
        direction, steps = sign, steps + 1
    return direction * steps
