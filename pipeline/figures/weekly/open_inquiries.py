"""The inquiries that nobody has answered: by the week they were asked in and their age, and whose they are.

What belongs here: the part of the sheet that reminds. Ages are those at the run's end, which is the week's end for the
newest week only, and the part says so. Every case is in the follow-up lists (`pipeline.follow_up_lists`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pipeline.figures.customers import entity_name
from pipeline.figures.measures import value_cell
from pipeline.figures.model import MISSING_TEXT, BigNumber, Cell, Column, Row, Sentence, Table
from pipeline.figures.numbers import THIN, capital, count, instant, listed, name, number, plural, scale_of
from pipeline.figures.published import Published, Value
from pipeline.periods import Period, parse
from pipeline.settings import Office

AGES = {
    "unanswered_24_to_48_hours": "24_to_48_hours",
    "unanswered_2_to_7_days": "2_to_7_days",
    "unanswered_over_7_days": "over_7_days",
}
DUE = "unanswered_inquiries"
METRICS = (DUE,)
WEEKS = 6
NAMED, LONGEST_NAMED = 3, 30  # sellers that page 1 names, and the letters of each
MOST_SELLERS = 8
COUNT = scale_of("count", "")


@dataclass(frozen=True)
class WaitingPart:
    message: Sentence
    ages: Table
    sellers: Table | None
    number: BigNumber | None = None


def week_name(week: Period) -> str:
    """`week 13`, where the year is told elsewhere."""
    return week.label.partition(" of ")[0]


def waiting_part(source: Published, office: Office) -> WaitingPart | None:
    """None where inquiries are not measured, or none of the week is old enough to be due."""
    now = source.at(DUE)
    if now is None or now.value is None:
        return None
    return WaitingPart(_message(source), _ages(source, office), _sellers(source))


def _message(source: Published) -> Sentence:
    now = source.at(DUE)
    assert now is not None and now.value is not None
    week = week_name(source.period)
    if not now.n:
        return Sentence(f"No inquiry of {week} has waited for 48 hours yet.", "no inquiry due")
    if not now.value:
        return Sentence(f"No inquiry of {week} is unanswered after 48 hours.", "no inquiry unanswered")
    text = f"{capital(plural(int(now.value), 'inquiry', 'inquiries'))} of {week} are unanswered after 48 hours"
    if now.value == 1:
        text = text.replace(" are ", " is ")
    text += f", {number(100 * now.value / now.n, 1)}{THIN}% of the {count(now.n)} that were due"
    old = source.at("unanswered_over_7_days")
    if old is not None and old.value:
        text += f"; {'all' if old.value == now.value else count(old.value)} of them for more than 7 days"
    return Sentence(f"{text}.", "inquiries unanswered")


def _open(source: Published) -> list[tuple[Any, ...]]:
    """The week's open inquiries by seller: how many for a day or more, and for two; hours of the longest wait; how many
    older ones the seller has. The most first."""
    if not source.has("open_inquiries"):
        return []
    return source.rows(
        """select seller_id, count(*) filter (where day >= $start) as n,
        count(*) filter (where day >= $start and age <> '24_to_48_hours'),
        max(hours_waiting) filter (where day >= $start) as longest, count(*) filter (where day < $start)
        from open_inquiries where day < $end and seller_id is not null
        group by seller_id having n > 0 order by n desc, longest desc, seller_id""",
        start=source.period.start,
        end=source.period.end,
    )


def remind_sentence(source: Published) -> str:
    """`Remind A (103), B (6) and C (5), and 74 more sellers (121), of inquiries of week 13 that nobody has …`"""
    rows = _open(source)
    if not rows:
        return ""
    named = listed(
        f"{name(entity_name(source, 'seller', row[0]), LONGEST_NAMED)} ({count(row[1])})" for row in rows[:NAMED]
    )
    rest = len(rows) - NAMED
    text = f"Remind {named}"
    if rest > 0:
        text += f", and {plural(rest, 'more seller')} ({count(sum(row[1] for row in rows[NAMED:]))}),"
    return f"{text} of inquiries of {week_name(source.period)} that nobody has answered for a day or more."


def _ages(source: Published, office: Office) -> Table:
    """A row for each of the last weeks, one for all before them, and their total."""
    weeks = source.periods[-WEEKS:]
    rows = [_week_row(source, week) for week in weeks]
    older = _all_by_age(source, weeks[0])
    if older is not None:
        before, total = older
        if sum(before):
            rows.append(Row((Cell("Before"), *(Cell(count(n)) for n in before), Cell(count(sum(before[1:]))), *_BLANK)))
        cells = (*(Cell(count(n)) for n in total), Cell(count(sum(total[1:]))))
        rows.append(Row((Cell("All open"), *cells, *_BLANK), is_total=True))
    columns = (
        Column("Asked in", "name"),
        Column("24–48 h", "number", "11mm"),
        Column("2–7 d", "number", "10mm"),
        Column("Over 7 d", "number", "12.5mm"),
        Column("Over 48 h", "number", "13.5mm"),
        Column("Of due", "number", "12mm"),
        Column("%", "number", "9mm", 1),
    )
    foot = (
        f"Ages as of {instant(source.run.as_of, office.zone)}; without exempt ones. Later weeks have had less time "
        "to be answered, so weeks are not compared."
    )
    return Table("Unanswered inquiries by age", columns, tuple(rows), foot=foot)


_BLANK = (Cell(""), Cell(""))


def _week_row(source: Published, week: str) -> Row:
    due = source.at(DUE, week)
    share = number(100 * due.value / due.n, 1) if due and due.value is not None and due.n else MISSING_TEXT
    is_own = week == source.period.id
    cells = (
        Cell(parse(week).short),
        *(_age_cell(metric, source.at(metric, week), is_own=is_own) for metric in (*AGES, DUE)),
        Cell(count(due.n), figure=due.key(DUE, column="n")) if due and due.n is not None else Cell(MISSING_TEXT),
        Cell(share),
    )
    return Row(cells)


def _age_cell(metric: str, value: Value | None, *, is_own: bool) -> Cell:
    """The report's own week stands out, and leads to the definitions."""
    cell = value_cell(metric, value, COUNT)
    return replace(cell, tone="strong", definition=metric) if is_own else cell


def _all_by_age(source: Published, first_week: str) -> tuple[list[int], list[int]] | None:
    """Open inquiries by age: those asked before the first week shown, and all that were asked by the week's end."""
    if not source.has("open_inquiries"):
        return None
    found = source.rows(
        "select age, count(*) filter (where day < $first), count(*) from open_inquiries where day < $end group by age",
        first=parse(first_week).start,
        end=source.period.end,
    )
    by_age = {age: (before, total) for age, before, total in found}
    return (
        [by_age.get(age, (0, 0))[0] for age in AGES.values()],
        [by_age.get(age, (0, 0))[1] for age in AGES.values()],
    )


def _sellers(source: Published) -> Table | None:
    rows = _open(source)
    if not rows:
        return None
    shown, rest = rows[:MOST_SELLERS], rows[MOST_SELLERS:]
    lines = tuple(
        Row(
            (
                Cell(entity_name(source, "seller", seller)),
                Cell(count(total), tone="strong"),
                Cell(count(due)),
                Cell(number(hours / 24, 1)),
                Cell(count(older)),
            )
        )
        for seller, total, due, hours, older in shown
    )
    columns = (
        Column("Seller", "name"),
        Column("Open", "number", "9mm"),
        Column("Over 48 h", "number", "13.5mm"),
        Column("Days", "number", "9mm", 1),
        Column("Older", "number", "10.5mm"),
    )
    total = sum(row[1] for row in rows)
    foot = "Days: the longest wait; older: asked before the week. The follow-up lists of the week name every inquiry."
    if rest:
        others = f"{plural(len(rest), 'more seller')}, summing to {count(sum(row[1] for row in rest))}"
        foot = f"{others}; total {count(total)} reconciles. {foot}"
    week = week_name(source.period)
    return Table(f"Sellers to remind of inquiries of {week}", columns, lines, foot=foot)
