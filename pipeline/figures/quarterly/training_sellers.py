"""Which sellers took part in training, month by month, how far they got, and who did not.

What belongs here: counts over `seller_training` and the list of those to invite. Shares and targets are
`education_page.py`'s.
"""

from __future__ import annotations

from pipeline.figures.customers import entity_name
from pipeline.figures.measures import interval_text, value_cell
from pipeline.figures.model import Cell, Column, DataRow, Row, Table, TimeChart
from pipeline.figures.numbers import MISSING, change, count, listed, number, plural, scale_of
from pipeline.figures.published import Published
from pipeline.figures.trends import month_axis
from pipeline.periods import parse

MOST_SELLERS = 6
FEWEST_REVIEWS = 10  # METRICS.md A11: a seller's share is ranked from ten due reviews on
SHARE = scale_of("share", "")
_COUNTS = """
select
    period_id, count(*), count(*) filter (where is_participant), count(*) filter (where is_review_course_starter),
    count(*) filter (where is_review_course_completer), cast(sum(sessions) as bigint),
    count(*) filter (where sessions > 0), count(*) filter (where has_answered_survey)
from seller_training where period_id in (select unnest($ids)) group by period_id
"""
_ABSENT = """
select t.seller_id from seller_training as t where t.period_id = $id and not t.is_participant order by t.seller_id
"""


def months_sentence(source: Published) -> str:
    """How many took part in each month of the quarter; '' where a month is not known."""
    months = source.last_months(3)
    counts = _counts(source, months)
    if any(month not in counts for month in months):
        return ""
    first, *rest = months
    said = [f"{count(counts[month][1])} in {parse(month).start:%B}" for month in rest]
    return (
        f"{plural(counts[first][1], 'seller')} took part in {parse(first).start:%B}, {listed(said)}, of those "
        "active in that month; the quarter counts all who were active in any."
    )


def months_chart(source: Published) -> TimeChart | None:
    """Sellers who took part in each month, and what they did; None where the quarter has none."""
    months = source.last_months(13)
    counts = _counts(source, months)
    values = tuple(counts[month][1] if month in counts else None for month in months)
    if not any(values[-3:]):
        return None
    corner, labels, under = month_axis(months)

    def row(label: str, column: int) -> DataRow:
        return DataRow(label, tuple(count(counts[month][column]) if month in counts else MISSING for month in months))

    texts = tuple(MISSING if value is None else count(value) for value in values)
    known = [value for value in values if value is not None]
    return TimeChart(
        title="Active sellers who took part in training, by month",
        alt=f"From {count(min(known))} to {count(max(known))} sellers a month, last {texts[-1]}. The table below holds "
        "every month.",
        style="columns",
        corner=corner,
        labels=labels,
        under=under,
        values=tuple(None if value is None else float(value) for value in values),
        rows=(
            DataRow("Took part", texts, "strong"),
            row("Began a review course", 2),
            row("Completed one", 3),
            row("Sessions", 4),
        ),
        low=0.0,
        high=max(known) * 1.04 or 1.0,
        last_label=texts[-1],
        height=13.0,
    )


def _counts(source: Published, ids: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    if not source.has("seller_training"):
        return {}
    return {row[0]: tuple(value or 0 for value in row[1:]) for row in source.rows(_COUNTS, ids=list(ids))}


def stages_table(source: Published) -> Table | None:
    """Of the quarter's active sellers, how many did each thing; None where training is not measured."""
    ids = (source.period.id, source.period.previous.id)
    counts = _counts(source, ids)
    if not source.is_measured("training_participation") or source.period.id not in counts:
        return None
    now, before = counts[source.period.id], counts.get(source.period.previous.id)
    stages = (
        ("Active sellers", 0, "active_sellers"),
        ("Used the offer", 5, "education_engagement"),
        ("Took part in training", 1, "training_participation"),
        ("Began review course", 2, "training_completion_of_starters"),
        ("Completed one", 3, "training_completion"),
        ("Answered the survey", 6, "education_survey_answering"),
    )
    rows = tuple(
        Row(
            (
                Cell(name, definition=metric),
                Cell(count(now[column]), tone="strong"),
                Cell(count(before[column]) if before else MISSING),
                Cell(number(100 * now[column] / now[0], 1)),
            )
        )
        for name, column, metric in stages
    )
    columns = (
        Column("Sellers", "name"),
        Column(source.period.short, "number", "10mm"),
        Column(source.period.previous.short, "number", "10mm"),
        Column("%", "number", "10mm", 1),
    )
    return Table("How far sellers got", columns, rows)


def absent_table(source: Published) -> Table | None:
    """Active sellers who did not take part and answer the smallest share of their reviews in time."""
    if not source.has("seller_training") or not source.is_measured("training_participation"):
        return None
    absent = [row[0] for row in source.rows(_ABSENT, id=source.period.id)]
    answers = source.entities("review_response_48h", "seller")
    before = source.entities("review_response_48h", "seller", source.period.previous.id)
    ranked = sorted(
        (seller for seller in absent if seller in answers and (answers[seller].n or 0) >= FEWEST_REVIEWS),
        key=lambda seller: (answers[seller].value if answers[seller].value is not None else 2.0, seller),
    )
    shown = [seller for seller in ranked if answers[seller].value is not None][:MOST_SELLERS]
    if not shown:
        return None
    rows = tuple(
        Row(
            (
                Cell(entity_name(source, "seller", seller)),
                value_cell("review_response_48h", answers[seller], SHARE, scope="seller"),
                Cell(interval_text(answers[seller], SHARE), tone="muted"),
                Cell(count(answers[seller].n or 0)),
                Cell(change(answers[seller].value, before[seller].value if seller in before else None, SHARE)),
            )
        )
        for seller in shown
    )
    columns = (
        Column("Seller", "name"),
        Column("48 h, %", "number", "13mm", 1),
        Column("95 % interval", "word-right", "22mm"),
        Column("Reviews", "number", "13mm"),
        Column(f"Δ {source.period.previous.short}, pp", "number", "15mm", 1),
    )
    others = len(absent) - len(shown)
    foot = f"{plural(len(absent), 'active seller')} did not take part; {count(others)} more not named"
    few = len(absent) - len(ranked)
    whose = "all" if few == others else f"{count(few)} of them"
    foot += f", {whose} with fewer than {count(FEWEST_REVIEWS)} reviews due." if few else "."
    return Table("Did not take part, lowest share of reviews answered within 48 h", columns, rows, foot=foot)
