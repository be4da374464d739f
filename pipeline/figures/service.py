"""Page 3: what customers got. Answers within the promised time, waiting, delivery, and what they say of it.

What belongs here: the choice and order of the page's figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.figures.customers import entity_name
from pipeline.figures.measures import detail_table, interval_mark, mark_legend
from pipeline.figures.model import Cell, Column, CurveChart, Row, Table, TimeChart
from pipeline.figures.numbers import change, count, scale_of, show
from pipeline.figures.pages import ServicePage
from pipeline.figures.published import Published
from pipeline.figures.trends import month_columns, month_line
from pipeline.figures.voice import themes_table
from pipeline.figures.waiting import answer_curves, delivery_curves
from pipeline.figures.wording import big_number, not_measured, page_message

LEADS = ("review_response_48h", "inquiry_response_48h", "on_time_delivery_rate")
MEASURES = (
    "review_response_48h",
    "negative_review_response_48h",
    "review_response_24h",
    "review_response_hours_median",
    "review_response_hours_p90",
    "inquiry_response_48h",
    "inquiry_response_24h",
    "inquiry_response_rate",
    "inquiry_response_rate_no_exemption",
    "inquiry_response_hours_median",
    "inquiry_response_hours_p90",
    "on_time_delivery_rate",
    "delivery_days_median",
)
CHARTED = {"review_response_48h", "inquiry_response_48h", "on_time_delivery_rate", "delivery_days_median"}
#: The waiting times and the shares within 24 hours stand in the table below the curve of answers.
DETAILS = tuple(m for m in MEASURES if m not in CHARTED and "hours" not in m and not m.endswith("_24h"))
FEWEST_CATEGORIES = 4
LATE_CATEGORIES = 8
#: Themes of either side: beside the charts of answers, and where there are none.
THEMES_BESIDE_ANSWERS, THEMES_ALONE = 3, 5
#: The charts' height in mm where themes stand below three of them.
LOW_MM = 10.0


def service_page(published: Published) -> ServicePage | None:
    """The page, or None when neither answers nor deliveries have a value."""
    lead = next((m for m in LEADS if (found := published.at(m)) and found.value is not None), None)
    if lead is None:
        return None
    answers = _answers(published)
    message, told = page_message(published, MEASURES, lead)
    page = ServicePage(
        message=message,
        number=big_number(published, told),
        reviews=share_chart(
            published, "review_response_48h", "Reviews answered within 48 hours, % of those at least that old"
        ),
        inquiries=share_chart(
            published, "inquiry_response_48h", "Inquiries answered within 48 hours, % of those at least that old"
        ),
        measures=detail_table(published, DETAILS, "Further measures", has_moves=False),
        curve=answers or delivery_curves(published),
        delivery=share_chart(
            published,
            "on_time_delivery_rate",
            "Orders delivered by the promised day, % of orders promised in the month",
            {"delivery_days_median": "Median"},
        ),
        late=None if answers else _late(published),
        themes=themes_table(published, THEMES_BESIDE_ANSWERS if answers else THEMES_ALONE),
        not_measured=not_measured(published, MEASURES),
    )
    return _fitted(page)


def _answers(published: Published) -> CurveChart | None:
    """The curves of answers; their foot says why they need not agree with the charts of months above them."""
    found = answer_curves(published)
    if found is None:
        return None
    foot = f"{found.table.foot.removesuffix('.')}, so a share may differ a little from the one above."
    return replace(found, table=replace(found.table, foot=foot))


def _fitted(page: ServicePage) -> ServicePage:
    """The page with its charts low enough for the themes to stand on it too."""
    if not (page.themes and page.reviews and page.inquiries and page.delivery):
        return page
    charts = (page.reviews, page.inquiries, page.delivery)
    reviews, inquiries, delivery = (replace(chart, height=min(chart.height, LOW_MM)) for chart in charts)
    return replace(page, reviews=reviews, inquiries=inquiries, delivery=delivery)


def share_chart(
    published: Published, metric: str, title: str, extra: Mapping[str, str] | None = None
) -> TimeChart | None:
    """Columns against the outlined target where there is a target, else a line within its process limits."""
    now = published.at(metric)
    if now is not None and now.target is not None:
        return month_columns(published, metric, title, extra)
    return month_line(published, metric, title, extra)


def _late(published: Published) -> Table | None:
    """The categories with the lowest share on time; printed where there are no answers to report."""
    values = published.entities("on_time_delivery_rate", "category")
    known = {key: value for key, value in values.items() if value.value is not None}
    before = published.entities("on_time_delivery_rate", "category", published.period.previous.id)
    if len(known) < FEWEST_CATEGORIES:
        return None
    ranked = sorted(known, key=lambda key: (known[key].high or 1.0, key))[:LATE_CATEGORIES]
    scale = scale_of("share", "")
    rows = tuple(
        Row(
            (
                Cell(entity_name(published, "category", key)),
                Cell(show(known[key].value, scale), tone="strong"),
                Cell(count(known[key].denominator or 0)),
                Cell(change(known[key].value, before[key].value if key in before else None, scale)),
                Cell("", mark=interval_mark(known[key], before.get(key), 0.0, 1.0, scale)),
            )
        )
        for key in ranked
    )
    columns = (
        Column("Category", "name"),
        Column("%", "number", "11mm", 1),
        Column("n", "number", "10mm"),
        Column(f"Δ {published.period.previous.label[:3]} pp", "number", "14mm", 1),
        Column("0 to 100 %", "mark", "18mm"),
    )
    has_rings = any(key in before and before[key].value is not None for key in ranked)
    marks = mark_legend(published) if has_rings else "Dot: the share with its 95 % interval."
    foot = f"Of {count(len(known))} categories, by the interval's upper end. {marks}"
    return Table("Lowest shares delivered on time", columns, rows, foot=foot)
