"""What keeps sellers from the next status of the Expertise scale, and who is nearest to it or furthest.

What belongs here: the binding criteria and their gaps on the quarter's last Monday. Statuses and moves are
`expertise_weeks.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipeline.figures.customers import entity_name
from pipeline.figures.model import Cell, Column, Row, Table
from pipeline.figures.numbers import MISSING, capital, count, listed, number, plural, rounded
from pipeline.figures.published import Published
from pipeline.figures.quarterly.expertise_weeks import KNOWN

#: Criterion: the column of its gap, the gap's unit, its decimals.
GAPS = {
    "after-sales quality": ("gap_quality_points", "points", 1),
    "average rating": ("gap_rating", "stars", 2),
    "seniority": ("gap_months", "months", 0),
    "positive ratings": ("gap_positive_ratings", "ratings", 0),
}
#: Criteria as a narrow column names them.
SHORT = {
    "after-sales quality": "quality",
    "average rating": "rating",
    "seniority": "seniority",
    "positive ratings": "positives",
}
MOST_SELLERS = 5


@dataclass(frozen=True)
class Blocker:
    """How many sellers lack a criterion, by the level they hold, how many lack it alone, and the median gap."""

    criterion: str
    by_level: tuple[int, int, int]
    alone: int
    median_gap: float | None

    @property
    def sellers(self) -> int:
        return sum(self.by_level)


def blockers(source: Published, monday: date) -> list[Blocker]:
    """The most frequent first; none where nobody lacks anything that is known."""
    found = []
    for criterion, (gap, _, _) in GAPS.items():
        row = source.rows(
            f"""select count(*) filter (where level = 0), count(*) filter (where level = 1),
            count(*) filter (where level = 2), count(*) filter (where binding = $criterion),
            median({gap}) filter (where {gap} > 0)
            from ({KNOWN}) where monday = $monday and level < 3
            and list_contains(string_split(binding, ', '), $criterion)""",
            criterion=criterion,
            monday=monday,
        )[0]
        if sum(row[:3]):
            found.append(Blocker(criterion, (row[0], row[1], row[2]), row[3], row[4]))
    return sorted(found, key=lambda blocker: (-blocker.sellers, blocker.criterion))


def blockers_table(found: list[Blocker], below: int) -> Table | None:
    """`below` are the sellers without the highest status."""
    if not found:
        return None
    columns = (
        Column("Not met", "name"),
        Column("Sellers", "number", "10.5mm"),
        *(Column(head, "number", "8mm") for head in ("Conq.", "Capt.", "Sup.")),
        Column("Only it", "number", "10mm"),
        Column("Gap", "word-right", "14.5mm"),
    )
    foot = (
        f"Of {plural(below, 'seller')}; one may lack several. Conqueror, Captain, Superhero: the status they lack it "
        "for; only it: nothing else is missing; gap: the median."
    )
    return Table("Barriers to the next status", columns, tuple(map(_blocker_row, found)), foot=foot)


def _blocker_row(blocker: Blocker) -> Row:
    _, unit, digits = GAPS[blocker.criterion]
    gap = MISSING
    if blocker.median_gap is not None:
        named = unit.removesuffix("s") if rounded(blocker.median_gap, digits) == 1 else unit
        gap = f"{number(blocker.median_gap, digits)} {named}"
    return Row(
        (
            Cell(capital(blocker.criterion)),
            Cell(count(blocker.sellers), tone="strong"),
            *(Cell(count(sellers) if sellers else MISSING) for sellers in blocker.by_level),
            Cell(count(blocker.alone)),
            Cell(gap),
        )
    )


def furthest_table(source: Published, monday: date) -> Table | None:
    """Sellers without a status, the longest joined first, and what they lack."""
    rows = source.rows(
        f"""select seller_id, binding, months_completed, count(*) over () from ({KNOWN})
        where monday = $monday and level = 0
        order by months_completed desc, quality_share nulls first, seller_id limit {MOST_SELLERS}""",
        monday=monday,
    )
    if not rows:
        return None
    lines = tuple(
        Row((Cell(entity_name(source, "seller", seller)), Cell(_lacking(binding)), Cell(count(months))))
        for seller, binding, months, _ in rows
    )
    rest = rows[0][3] - len(rows)
    columns = (
        Column("Longest here", "name"),
        Column("Lacks", "word", "25mm"),
        Column("Months", "number", "10mm"),
    )
    foot = f"{plural(rest, 'more seller')} without a status; total {count(rows[0][3])}." if rest else ""
    return Table("Without a status", columns, lines, foot=foot)


def _lacking(binding: str | None) -> str:
    """Up to two criteria by name, more by their number: the column holds no more."""
    criteria = binding.split(", ") if binding else []
    if len(criteria) > 2:
        return f"{count(len(criteria))} of {count(len(GAPS))} criteria"
    return capital(listed(SHORT[criterion] for criterion in criteria)) or MISSING
