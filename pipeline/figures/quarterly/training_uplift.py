"""Whether sellers who took part in training changed more than the others: the comparison and its record.

What belongs here: the table of the two groups and the interval of the difference, quarter by quarter. The estimate is
the work of `pipeline.analyses.response_uplift`; sellers choose to take part, so nothing here speaks of a cause.
"""

from __future__ import annotations

from pipeline.figures.customers import entity_name
from pipeline.figures.measures import interval_text, value_cell
from pipeline.figures.model import MISSING_TEXT, Cell, Column, Interval, Row, Table
from pipeline.figures.numbers import THIN, change, count, number, plural, scale_of, show, with_unit
from pipeline.figures.published import Published, Value
from pipeline.figures.wording import period_name

METRIC = "response_uplift"
GROUPS = {"Took part in training": "participants", "Other active sellers": "others"}
SHARE = scale_of("share", "")
MOST_QUARTERS = 6
#: A seller with more than this part of the others' reviews is told of, and the others without it.
LARGE_PART = 0.2
_OTHERS = "select seller_id from seller_training where period_id = $id and not is_participant order by seller_id"


def compared_table(source: Published) -> Table | None:
    """Both groups before and now, and the difference of their changes; None where nobody could be compared."""
    uplift = source.at(METRIC)
    if uplift is None or uplift.value is None:
        return None
    rows = []
    for name, group in GROUPS.items():
        metric = f"review_response_48h_{group}"
        now, before = source.at(metric), source.at(f"{metric}_before")
        step = change(now.value if now else None, before.value if before else None, SHARE)
        rows.append(
            Row(
                (
                    Cell(name, definition=metric),
                    value_cell(f"{metric}_before", before, SHARE),
                    value_cell(metric, now, SHARE),
                    Cell(interval_text(now, SHARE) if now else "", tone="muted"),
                    Cell(count(now.n)) if now and now.n is not None else Cell(MISSING_TEXT),
                    Cell(step),
                )
            )
        )
    said = number(100 * uplift.value, 1, signed=True)
    rows.append(
        Row(
            (
                Cell("Difference of changes", "pp", definition=METRIC),
                Cell(""),
                Cell(""),
                Cell(interval_text(uplift, SHARE), tone="muted"),
                Cell(""),
                Cell(said, tone="strong", figure=uplift.key(METRIC)),
            ),
            is_total=True,
        )
    )
    previous = source.period.previous.short
    columns = (
        Column("Answered within 48 h, %", "name"),
        Column(previous, "number", "10mm", 1),
        Column(source.period.short, "number", "10mm", 1),
        Column("95 % interval", "word-right", "22mm"),
        Column("Reviews", "number", "13mm"),
        Column("Δ pp", "number", "11mm", 1),
    )
    foot = (
        f"Compared: the same {plural(int(uplift.n or 0), 'seller')}, with reviews due in both quarters. They chose "
        "whether to take part: no proof of a cause."
    )
    return Table("Sellers who took part against those who did not", columns, tuple(rows), foot=foot)


def record_table(source: Published) -> Table | None:
    """The difference with its interval in each of the last quarters, on one axis with nought on it."""
    found = [source.at(METRIC, at) for at in source.periods[-MOST_QUARTERS:]]
    bounds = [
        (value, value.low, value.high) for value in found if value and value.low is not None and value.high is not None
    ]
    if not bounds:
        return None
    low = min(0.0, *(low for _, low, _ in bounds))
    high = max(0.0, *(high for _, _, high in bounds))
    rows = tuple(_record_row(source, value, low, (high - low) or 1.0) for value, _, _ in bounds)
    columns = (
        Column("Quarter", "word", "15mm"),
        Column("pp", "number", "10mm", 1),
        Column("95 % interval", "word-right"),
        Column("", "mark", "17mm"),
    )
    foot = "Dot: difference with its interval; line: zero."
    return Table("That difference by quarter", columns, rows, foot=foot)


def _record_row(source: Published, value: Value, low: float, width: float) -> Row:
    assert value.value is not None and value.low is not None and value.high is not None

    def place(point: float) -> float:
        return round((point - low) / width, 4)

    said = number(100 * value.value, 1, signed=True)
    alt = f"{said} pp, 95 % interval {show(value.low, SHARE)} to {show(value.high, SHARE)}"
    mark = Interval(place(value.low), place(value.value), place(value.high), alt, target=place(0.0))
    return Row(
        (
            Cell(period_name(source, value.period_id)),
            Cell(said, tone="strong", figure=value.key(METRIC)),
            Cell(interval_text(value, SHARE), tone="muted"),
            Cell("", mark=mark),
        )
    )


def uplift_sentence(source: Published) -> str:
    """How the one group changed against the other, and whether that is beyond noise; '' where nobody was compared."""
    value = source.at(METRIC)
    if value is None or value.value is None or value.low is None or value.high is None:
        return ""
    steps = [_step_words(source, group) for group in GROUPS.values()]
    if not all(steps):
        return ""
    side = "holds zero: within noise" if value.low <= 0 <= value.high else "leaves out zero: beyond noise"
    return (
        f"The share of reviews answered within 48 hours {steps[0]} with sellers who took part in training and "
        f"{steps[1]} with the others: {number(100 * value.value, 1, signed=True)} pp apart; the 95{THIN}% interval, "
        f"{interval_text(value, SHARE)}, {side}.{_without_largest(source)}"
    )


def _step_words(source: Published, group: str) -> str:
    """`rose by 1.3 pp`; '' where one of the two shares is not known."""
    metric = f"review_response_48h_{group}"
    now, before = source.at(metric), source.at(f"{metric}_before")
    if now is None or before is None or now.value is None or before.value is None:
        return ""
    return f"{'rose' if now.value >= before.value else 'fell'} by {number(100 * abs(now.value - before.value), 1)} pp"


def _without_largest(source: Published) -> str:
    """Where the others stand without the one seller that has a large part of their reviews; '' where none has."""
    now, before = source.at("review_response_48h_others"), source.at("review_response_48h_others_before")
    if now is None or before is None or None in (now.numerator, now.denominator, before.numerator, before.denominator):
        return ""
    others = [row[0] for row in source.rows(_OTHERS, id=source.period.id)]
    later = source.entities("review_response_48h", "seller")
    earlier = source.entities("review_response_48h", "seller", source.period.previous.id)
    due = {
        seller: later[seller].denominator or 0
        for seller in others
        if seller in later and seller in earlier and earlier[seller].denominator
    }
    largest = max(due, key=lambda seller: (due[seller], seller), default=None)
    if largest is None or due[largest] <= LARGE_PART * (now.denominator or 0) or due[largest] == now.denominator:
        return ""
    shares = [_share_without(whole, part) for whole, part in ((now, later[largest]), (before, earlier[largest]))]
    if None in shares:
        return ""
    return (
        f" Without {entity_name(source, 'seller', largest)} ({count(due[largest])} of {count(now.denominator or 0)} "
        f"reviews) the others stand at {with_unit(shares[0], SHARE)}, after {show(shares[1], SHARE)} in "
        f"{period_name(source, source.period.previous.id)}."
    )


def _share_without(whole: Value, part: Value) -> float | None:
    reviews = (whole.denominator or 0) - (part.denominator or 0)
    return ((whole.numerator or 0) - (part.numerator or 0)) / reviews if reviews > 0 else None
