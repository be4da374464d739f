"""Page 2: what customers said. Ratings, their distribution, surveys, repeat buyers, best and worst of the range.

What belongs here: the choice and order of the page's figures. How they are printed is shared (`measures.py`,
`trends.py`, `wording.py`).
"""

from __future__ import annotations

import math
from dataclasses import replace

from pipeline.figures.measures import detail_table, interval_mark, last_year_id, value_cell
from pipeline.figures.model import Cell, Column, Row, Sentence, StackChart, Table
from pipeline.figures.noise import Shift, move_of, shifts
from pipeline.figures.numbers import (
    MAX_NAME,
    capital,
    change,
    count,
    digits_beside,
    name,
    number,
    plural,
    scale_of,
    show,
)
from pipeline.figures.pages import CustomersPage
from pipeline.figures.published import Published, Value
from pipeline.figures.trends import month_line
from pipeline.figures.wording import big_number, move_sentence, not_measured, page_message, period_name
from pipeline.periods import parse

MESSAGE_METRICS = ("rating_mean", "nps", "csat", "repeat_customer_share", "csat_proxy")
MEASURES = ("nps", "nps_1_10", "csat", "rating_positive_share", "repeat_customer_share", "reviews_per_100_orders")
STARS = tuple(f"review_stars_{stars}" for stars in range(1, 6))
ROWS_EACH_END = 5
#: A longer id is a key that nobody knows by heart: its first characters tell it from others.
LONGEST_ID, SHORT_ID = 12, 8
FEWEST_ENTITIES = 4
#: An entity with fewer ratings in the month is not ranked.
FEWEST_RATINGS = {"category": 10, "product": 5}
_SEVERAL = {"category": "categories", "product": "products"}
LONGEST_MESSAGE = 165  # letters: what two lines of the page's title hold


def customers_page(published: Published) -> CustomersPage | None:
    """The page, or None when there is neither a review nor a survey nor a buyer to report."""
    lead = next((metric for metric in MESSAGE_METRICS if _has_value(published, metric)), None)
    if lead is None:
        return None
    message, told = _message(published, lead)
    return CustomersPage(
        message=message,
        number=big_number(published, told),
        rating=month_line(published, "rating_mean", "Average rating by month, stars", {"review_count": "Reviews"}),
        stars=stars_chart(published),
        measures=detail_table(published, _measures(published), "Satisfaction and loyalty"),
        categories=ranked_table(published, "category", "Categories by adjusted rating"),
        products=ranked_table(published, "product", "Products by adjusted rating"),
        not_measured=not_measured(published, MEASURES),
    )


def _measures(published: Published) -> list[str]:
    """Without surveys the positive ratings go by the name of what they stand in for."""
    if published.is_measured("csat"):
        return list(MEASURES)
    return ["csat_proxy" if metric == "rating_positive_share" else metric for metric in MEASURES]


def _message(published: Published, lead: str) -> tuple[Sentence, str]:
    """The rating's move and the category furthest outside its usual on that side; else the page's largest move."""
    move = move_of(published, "rating_mean")
    if not (move and move.is_beyond_noise):
        said, told = page_message(published, MESSAGE_METRICS, lead)
        fallen = [shift for shift in category_shifts(published) if not shift.is_rise]
        if not fallen or told != "rating_mean":
            return said, told
        return Sentence(_with_category(published, said.text, fallen), "category below its usual"), told
    text = move_sentence(published, move, with_target=False)
    along = [shift for shift in category_shifts(published) if shift.is_rise == move.is_rise]
    if along:
        text = _with_category(published, text, along)
    return Sentence(text, "rating moved beyond noise"), "rating_mean"


def _with_category(published: Published, text: str, found: list[Shift]) -> str:
    """`…; Toys, at 3.55, is furthest below its usual 3.97 to 4.59.`: of the categories outside their usual on one side
    the one furthest outside. Its range is left out where the sentence would not fit."""
    shift = max(found, key=_beyond_usual)
    scale, usual = scale_of("stars", ""), shift.limits.within("stars")
    assert shift.now.value is not None
    digits = digits_beside(shift.now.value, usual.high if shift.is_rise else usual.low, scale)
    place = f"{'furthest ' if len(found) > 1 else ''}{'above' if shift.is_rise else 'below'} its usual"
    said = (
        f"{text.removesuffix('.')}; {entity_name(published, 'category', shift.entity_id)}, at "
        f"{show(shift.now.value, scale, digits=digits)}, is {place}"
    )
    whole = f"{said} {show(usual.low, scale)} to {show(usual.high, scale)}."
    return whole if len(whole) <= LONGEST_MESSAGE else f"{said}."


def _beyond_usual(shift: Shift) -> float:
    """How many stars lie between a category and the nearer end of its usual range."""
    value = shift.now.value or 0.0
    return value - shift.limits.high if shift.is_rise else shift.limits.low - value


def category_shifts(published: Published) -> list[Shift]:
    """Categories whose mean rating stands outside its usual range, the furthest first."""
    return shifts(published, "rating_mean", "category", FEWEST_RATINGS["category"])


def _has_value(published: Published, metric: str) -> bool:
    found = published.at(metric)
    return found is not None and found.value is not None


def stars_chart(published: Published) -> StackChart | None:
    """The share of each number of stars, in this period, the one before, and a year ago."""
    periods = [published.period.id, published.period.previous.id, last_year_id(published)]
    names, shares, rows = [], [], []
    for period_id in periods:
        counts = [_count(published, metric, period_id) for metric in STARS]
        total = sum(counts)
        if not total:
            continue
        label = _short_label(period_id)
        names.append(label)
        shares.append(tuple(round(stars / total, 6) for stars in counts))
        percents = (Cell(number(100 * stars / total, 1)) for stars in counts)
        rows.append(Row((Cell(label), *percents, Cell(count(total)))))
    if not names or names[0] != _short_label(published.period.id):
        return None
    columns = (
        Column("%", "name", "16mm"),
        *(Column(f"{stars} ★", "number", decimals=1) for stars in range(1, 6)),
        Column("n", "number"),
    )
    worst, best = number(100 * shares[0][0], 1), number(100 * shares[0][4], 1)
    return StackChart(
        title="Distribution of stars",
        alt=f"{names[0]}: {best} % five stars, {worst} % one star. The table below holds every share.",
        classes=("1", "2", "3", "4", "5 ★"),
        names=tuple(names),
        shares=tuple(shares),
        table=Table("", columns, tuple(rows), foot=_stars_foot(published)),
    )


def _short_label(period_id: str) -> str:
    """`Mar 2026`, `Q1 2026`."""
    period = parse(period_id)
    return f"{period.start:%b %Y}" if period.type == "month" else period.label


def _stars_foot(published: Published) -> str:
    """Why fewer ratings count than reviews were written; '' when all count."""
    written, rated = published.at("review_count"), published.at("rating_mean")
    if not (written and rated and written.n and rated.n and written.n > rated.n):
        return ""
    return f"n: published ratings, one for each buyer and order line, of {plural(written.n, 'review')} written."


def _count(published: Published, metric: str, period_id: str) -> int:
    found = published.at(metric, period_id)
    return int(found.value) if found and found.value is not None else 0


def ranked_table(published: Published, scope: str, title: str) -> Table | None:
    """The best and worst entities by Bayesian mean, the raw mean and its cases beside; None with fewer than four."""
    bayes = {key: value for key, value in published.entities("rating_bayes", scope).items() if value.value is not None}
    means = published.entities("rating_mean", scope)
    before = published.entities("rating_mean", scope, published.period.previous.id)
    ranked = sorted(
        (key for key in bayes if _cases(means.get(key)) >= FEWEST_RATINGS[scope]),
        key=lambda key: (-(bayes[key].value or 0.0), key),
    )
    if len(ranked) < FEWEST_ENTITIES:
        return None
    each = min(ROWS_EACH_END, len(ranked) // 2)
    is_cut = len(ranked) > 2 * each + 1
    shown = _with_told(published, scope, ranked, each) if is_cut else ranked
    gap = gap_between_ends(ranked, shown)
    low, high = _axis([bayes[key] for key in shown] + [means[key] for key in shown])
    rows = tuple(
        _ranked_row(
            published, scope, key, bayes[key], means[key], before.get(key), (low, high), opens_group=index == gap
        )
        for index, key in enumerate(shown)
    )
    before_name = period_name(published, published.period.previous.id)
    columns = (
        Column(scope.capitalize(), "name"),
        Column("Adj.", "number", "8.5mm", 2),
        Column("Mean", "number", "9mm", 2),
        Column("n", "number", "8.5mm"),
        Column(f"Δ {before_name[:3]}", "number", "10.5mm", 2),
        Column(f"{number(low, 1)} to {number(high, 1)}", "mark", "18mm"),
    )
    has_rings = any(_cases(before.get(key)) for key in shown)
    foot = f"Adj.: Bayesian mean. Dot: mean with its 95 % interval{f'; ring: {before_name}' if has_rings else ''}."
    foot += f" Ranked with at least {FEWEST_RATINGS[scope]} ratings"
    left_out = [key for key in ranked if key not in shown]
    if left_out:
        cases = plural(sum(_cases(means[key]) for key in left_out), "rating")
        foot += f"; {_not_shown(scope, len(left_out), is_between=gap is not None)}, with {cases}, not shown"
    return Table(title, columns, rows, foot=f"{foot}.")


def gap_between_ends(ranked: list[str], shown: list[str]) -> int | None:
    """How many rows of the upper end are shown where the `shown` are the two ends of the order; None where they are
    not, or where nothing is left out."""
    places = [index for index, key in enumerate(ranked) if key not in shown]
    if not places or places[0] == 0 or places[-1] == len(ranked) - 1 or places[-1] - places[0] >= len(places):
        return None
    return places[0]


def _not_shown(scope: str, left_out: int, *, is_between: bool) -> str:
    """`33 categories between`, or `33 more categories` where the rows shown are not the two ends."""
    if is_between:
        return f"{plural(left_out, scope, _SEVERAL[scope])} between"
    return plural(left_out, f"more {scope}", f"more {_SEVERAL[scope]}")


def _with_told(published: Published, scope: str, ranked: list[str], each: int) -> list[str]:
    """The best and the worst; in the place of the least of them the categories that a sentence counts or names."""
    told = [shift.entity_id for shift in category_shifts(published)] if scope == "category" else []
    ends = [key for pair in zip(ranked[:each], reversed(ranked[-each:]), strict=True) for key in pair]
    chosen = [key for key in dict.fromkeys([*told, *ends]) if key in ranked][: max(2 * each, len(told))]
    return [key for key in ranked if key in chosen]


def _ranked_row(
    published: Published,
    scope: str,
    key: str,
    adjusted: Value,
    mean: Value,
    before: Value | None,
    axis: tuple[float, float],
    *,
    opens_group: bool,
) -> Row:
    scale = scale_of("stars", published.run.currency)
    step = change(mean.value, before.value if before else None, scale)
    return Row(
        (
            Cell(entity_name(published, scope, key)),
            replace(value_cell("rating_bayes", adjusted, scale, scope=scope), tone="strong"),
            value_cell("rating_mean", mean, scale, scope=scope),
            Cell(count(_cases(mean)), figure=mean.key("rating_mean", scope, "n")),
            Cell(step),
            Cell("", mark=interval_mark(mean, before, axis[0], axis[1], scale)),
        ),
        opens_group=opens_group,
    )


def entity_name(published: Published, scope: str, key: str) -> str:
    """What an entity is called; where its name is only its id, the beginning of a long one:
    `Seller 4869f7a5`, `Perfumery 2028bf1b`."""
    if scope == "category":
        return category_name(key)
    column = "category" if scope == "product" else "null"
    rows = published.rows(f"select name, {column} from {scope}s where {scope}_id = $key", key=key)
    called, category = rows[0] if rows else (None, None)
    if called and called != key:
        return name(called)
    kind = category_name(category) if category else capital(scope)
    return f"{kind} {name(key[:SHORT_ID])}" if len(key) > LONGEST_ID else f"{kind} {name(key)}"


def category_name(key: str, limit: int = MAX_NAME) -> str:
    """`Bed bath table` for `bed_bath_table`; capitals that the office's own list has stay as they are."""
    words = key.replace("_", " ")
    return name(capital(words) if words == words.lower() else words, limit)


def _cases(value: Value | None) -> int:
    return int(value.n or 0) if value and value.value is not None else 0


def _axis(values: list[Value]) -> tuple[float, float]:
    """Half-star bounds around every interval shown."""
    low = min(v.low if v.low is not None else v.value or 1.0 for v in values)
    high = max(v.high if v.high is not None else v.value or 5.0 for v in values)
    return max(1.0, math.floor(low * 2) / 2), min(5.0, math.ceil(high * 2) / 2)
