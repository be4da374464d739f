"""The cohort triangle: of those who first bought in a month, the share that bought again in each month since.

What belongs here: the months that were over by the quarter's end, as one shaded table. The shares themselves are
`sql/metrics/cohorts.sql`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.figures.measures import Footnotes
from pipeline.figures.model import MISSING_TEXT, Cell, Column, Row, Table
from pipeline.figures.numbers import count, number, plural, spelled
from pipeline.figures.published import Published
from pipeline.figures.steps import INDICATIVE_BELOW

MOST_COHORTS = 18
FEWEST_MONTHS, MOST_MONTHS = 12, 17
SUPPRESSED_TEXT = "s"
#: Below this highest share one decimal would print most cells alike.
FINE_BELOW = 0.03


@dataclass(frozen=True)
class Month:
    """A cohort's month; `buyers` is None for a `reason`."""

    buyers: int | None
    share: float | None
    reason: str | None


@dataclass(frozen=True)
class Cohort:
    """Those who first bought in a month, and their months since that were over by the quarter's end, by number."""

    month: date
    size: int
    months: dict[int, Month]


def cohort_triangle(source: Published) -> Table | None:
    """The last cohorts as one table with one scale of shades; None when no month after a first one is over."""
    cohorts = _cohorts(source)
    shares = [month.share for cohort in cohorts for month in cohort.months.values() if month.share is not None]
    if not shares:
        return None
    shown = cohorts[-MOST_COHORTS:]
    shown_shares = [m.share for cohort in shown for since, m in cohort.months.items()
                    if m.share is not None and since <= MOST_MONTHS]  # fmt: skip
    highest = max(shown_shares)
    digits = 2 if highest < FINE_BELOW else 1
    last = max(since for cohort in shown for since in cohort.months)
    width = min(MOST_MONTHS, max(FEWEST_MONTHS, last))
    notes = Footnotes()
    rows = [_row(cohort, width, highest, digits, notes) for cohort in shown]
    rows.append(_pooled(shown, width, digits))
    columns = (
        Column("Month", "name", "15mm"),
        Column("Buyers", "number", "12mm"),
        *(Column(str(since), "number", "", digits) for since in range(1, width + 1)),
    )
    foot = _foot(source, cohorts, len(shown), last, highest, digits)
    return Table(
        "Buyers who came back, % of those who first bought in the month, by calendar months since",
        columns,
        tuple(rows),
        foot=foot,
        notes=tuple(notes.texts),
    )


def _cohorts(source: Published) -> list[Cohort]:
    """The cohorts of months before the quarter's end, the oldest first."""
    if not source.has("cohorts"):
        return []
    rows = source.rows(
        """select cohort_month, months_since, cohort_buyers, buyers, share, reason from cohorts
        where cohort_month < $end
        and (months_since = 0
            or cohort_month + to_months(months_since + 1) <= $end and reason is distinct from 'immature')
        order by cohort_month, months_since""",
        end=source.period.end,
    )
    found: dict[date, Cohort] = {}
    for month, since, size, buyers, share, reason in rows:
        cohort = found.setdefault(month, Cohort(month, size, {}))
        if since:
            cohort.months[since] = Month(buyers, share, reason)
    return list(found.values())


def _row(cohort: Cohort, width: int, highest: float, digits: int, notes: Footnotes) -> Row:
    few = ""
    if cohort.size < INDICATIVE_BELOW and any(month.share is not None for month in cohort.months.values()):
        few = notes.letter(f"Fewer than {INDICATIVE_BELOW} buyers: indicative only.")
    cells = []
    for since in range(1, width + 1):
        month = cohort.months.get(since)
        if month is None:
            cells.append(Cell(""))
        elif month.share is None:
            cells.append(Cell(SUPPRESSED_TEXT if month.reason == "suppressed" else MISSING_TEXT, tone="muted"))
        else:
            shade = month.share / highest if highest else 0.0
            cells.append(Cell(number(100 * month.share, digits), shade=round(shade, 4)))
    return Row((Cell(f"{cohort.month:%Y-%m}"), Cell(count(cohort.size), note=few), *cells))


def _pooled(shown: Sequence[Cohort], width: int, digits: int) -> Row:
    """Ratios of sums over the cohorts shown that have reached the month and are not suppressed."""
    cells = []
    for since in range(1, width + 1):
        reached = [
            (month.buyers, cohort.size)
            for cohort in shown
            if (month := cohort.months.get(since)) is not None and month.buyers is not None
        ]
        whole = sum(size for _, size in reached)
        cells.append(Cell(number(100 * sum(buyers for buyers, _ in reached) / whole, digits) if whole else ""))
    total = count(sum(cohort.size for cohort in shown))
    return Row((Cell("All shown"), Cell(total), *cells), is_total=True)


def _foot(source: Published, cohorts: list[Cohort], shown: int, last: int, highest: float, digits: int) -> str:
    left_out = cohorts[:-shown]
    parts = [
        f"Bought in that very month, not that month or later; a month not over by {source.period.end} is empty.",
        f"One scale of shades, from 0 to {number(100 * highest, digits)} %.",
    ]
    if left_out:
        buyers = count(sum(cohort.size for cohort in left_out))
        parts.append(f"{spelled(len(left_out), 'earlier month', 'earlier months')} with {buyers} buyers not shown.")
    if last > MOST_MONTHS:
        parts.append(f"{plural(last - MOST_MONTHS, 'later month')} of the oldest not shown.")
    if any(month.reason == "suppressed" for cohort in cohorts[-shown:] for month in cohort.months.values()):
        parts.append(f"{SUPPRESSED_TEXT}: first bought by fewer than ten, not shown.")
    return " ".join(parts)
