"""Ratings and reviews: averages, stars, volume, trends by category and product.

What belongs here: the choice and order of what the page shows, and the sentence that it opens with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.figures.chart_shapes import PanelsChart
from pipeline.figures.customers import category_name, stars_chart
from pipeline.figures.measures import detail_table
from pipeline.figures.model import BigNumber, Sentence, StackChart, Table, TimeChart
from pipeline.figures.noise import move_of
from pipeline.figures.numbers import scale_of, show, with_unit
from pipeline.figures.published import Published, Value
from pipeline.figures.quarterly.category_ratings import category_panels, category_steps, months_in_a_row
from pipeline.figures.quarterly.rating_trends import no_trend_sentence, trend_table
from pipeline.figures.trends import month_line
from pipeline.figures.wording import big_number, not_measured, state_sentence
from pipeline.settings import Office

MEASURES = (
    "rating_bayes",
    "rating_mean_12m",
    "rating_positive_share",
    "review_count",
    "reviews_per_100_orders",
    "reviewed_product_share",
)
STARS = scale_of("stars", "")
FEW_TRENDS = 3
MOST_CATEGORIES = 8
LINE_MM = 12.5  # the line is one of many on this page


@dataclass(frozen=True)
class RatingsPage:
    message: Sentence
    number: BigNumber | None
    run: str
    rating: TimeChart | None
    stars: StackChart | None
    measures: Table | None
    categories: PanelsChart | None
    trends: Table | None
    no_trend: str
    not_measured: str


def ratings_page(source: Published, office: Office) -> RatingsPage | None:
    """The page; None when the quarter has no rating."""
    average = source.at("rating_mean")
    if average is None or average.value is None:
        return None
    trends = trend_table(source)
    more = {"review_count": "Reviews", "reviews_per_100_orders": "Per 100 orders"}
    rating_line = month_line(source, "rating_mean", "Average rating by month, stars", more)
    return RatingsPage(
        message=_message(source),
        number=big_number(source, "rating_mean"),
        run=months_in_a_row(source),
        rating=rating_line and replace(rating_line, height=LINE_MM),
        stars=stars_chart(source),
        measures=_with_room(detail_table(source, _measures(source, trends), "Ratings and reviews")),
        categories=category_panels(source, _most_categories(trends, len(category_steps(source)))),
        trends=trends,
        no_trend="" if trends else no_trend_sentence(source),
        not_measured=not_measured(source, MEASURES),
    )


def _measures(source: Published, trends: Table | None) -> list[str]:
    """Without surveys the good ratings go by the name of what they stand in for. The last gives its room to trends."""
    proxy = {} if source.is_measured("csat") else {"rating_positive_share": "csat_proxy"}
    return [proxy.get(metric, metric) for metric in (MEASURES[:-1] if trends else MEASURES)]


def _most_categories(trends: Table | None, stepped: int) -> int:
    """As many categories as leave room for the trends on one page, in full rows of panels; with few trends all that
    stepped, for the sentences count them."""
    if trends is None or (len(trends.rows) <= FEW_TRENDS and stepped > 6):
        return MOST_CATEGORIES
    return 6 if len(trends.rows) <= FEW_TRENDS else 4


def _with_room(table: Table | None) -> Table | None:
    """Intervals of five-figure counts need more room than those of shares; and which orders are counted."""
    if table is None:
        return None
    is_by_order = any(row.cells[0].definition == "reviews_per_100_orders" for row in table.rows)
    return replace(
        table,
        columns=tuple(
            replace(column, width="26mm") if "interval" in column.head else column for column in table.columns
        ),
        foot="Per 100 orders: of those at least 30 days old." if is_by_order else "",
    )


def _message(source: Published) -> Sentence:
    """The average's step, if it is beyond noise, and the category that stepped furthest the same way; else the
    category that stepped furthest; else where the average stands."""
    move = move_of(source, "rating_mean")
    steps = category_steps(source)
    if move and move.is_beyond_noise:
        verb = "rose" if move.is_rise else "fell"
        text = f"Average rating {verb} to {with_unit(move.now.value, STARS)} from {show(move.before.value, STARS)}, "
        text += "beyond noise"
        along = {key: pair for key, pair in steps.items() if _is_rise(pair) == move.is_rise}
        if along:
            key, (now, before) = next(iter(along.items()))
            text += (
                f"; {category_name(key)} {verb} furthest, to {show(now.value, STARS)} from {show(before.value, STARS)}"
            )
        return Sentence(f"{text}.", "rating moved beyond noise")
    text = state_sentence(source, "rating_mean", with_target=False)
    if steps:
        key, (now, before) = next(iter(steps.items()))
        verb = "rose" if _is_rise((now, before)) else "fell"
        text = (
            f"{text[:-1]}; {category_name(key)} {verb} beyond noise, to {show(now.value, STARS)} from "
            f"{show(before.value, STARS)}."
        )
        return Sentence(text, "category moved beyond chance")
    return Sentence(text, "no move beyond noise")


def _is_rise(pair: tuple[Value, Value]) -> bool:
    return (pair[0].value or 0.0) > (pair[1].value or 0.0)
