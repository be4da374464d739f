"""Sellers on the Expertise scale, Monday by Monday: how many hold each status, and from which to which they went.

What belongs here: reading `expertise` into the quarter's Mondays. Counted as in the metric expertise_share: sellers
whose status is known and that are not closed. What keeps sellers from the next status is `expertise_blockers.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.figures.chart_shapes import StackedColumns
from pipeline.figures.customers import entity_name
from pipeline.figures.expertise import STATUSES, last_monday
from pipeline.figures.model import Cell, Column, DataRow, Row, Table
from pipeline.figures.numbers import MISSING, count, plural
from pipeline.figures.published import Published

LEVELS = tuple(name for _, name in reversed(STATUSES))  # None, Conqueror, Captain, Superhero
MOST_CHANGES = 5

#: Sellers that count: `sellers.status` has no dates, so one closed since is left out of earlier Mondays too.
KNOWN = """
select e.* from expertise as e inner join sellers as s using (seller_id)
where e.level is not null and s.status is distinct from 'closed'
"""


@dataclass(frozen=True)
class Monday:
    """How many hold each level, 0 to 3, and how many rose to it or fell from another since the week before."""

    day: date
    holders: tuple[int, ...]
    ups: int
    downs: int

    @property
    def sellers(self) -> int:
        return sum(self.holders)


def mondays(source: Published) -> list[Monday]:
    """The last Monday before the quarter, and the quarter's own up to the one that it is counted on."""
    if not source.has("expertise"):
        return []
    first = last_monday(source.period.start, source.run.as_of_day)
    rows = source.rows(
        f"""select monday, count(*) filter (where level = 0), count(*) filter (where level = 1),
        count(*) filter (where level = 2), count(*) filter (where level = 3),
        count(*) filter (where is_change and level > previous_level),
        count(*) filter (where is_change and level < previous_level)
        from ({KNOWN}) where monday between $first and $last group by monday order by monday""",
        first=first,
        last=last_monday(source.period.end, source.run.as_of_day),
    )
    return [Monday(row[0], tuple(row[1:5]), row[5], row[6]) for row in rows]


def weeks_chart(weeks: list[Monday]) -> StackedColumns | None:
    """A column a Monday; None where no status is known."""
    if not weeks:
        return None
    texts = {name: tuple(count(week.holders[level]) for week in weeks) for level, name in enumerate(LEVELS)}
    last = weeks[-1]
    said = ", ".join(f"{plural(last.holders[level], name)}" for level, name in enumerate(LEVELS) if level)
    changes = weeks[1:]
    return StackedColumns(
        title="Sellers by Expertise status, each Monday",
        alt=f"On {last.day}: {said}, {count(last.holders[0])} without a status. The table below holds every Monday.",
        corner="Monday",
        labels=tuple(f"{week.day:%m-%d}" for week in weeks),
        under=("",) * len(weeks),
        classes=LEVELS,
        values=tuple(tuple(week.holders[level] for week in weeks) for level in range(len(LEVELS))),
        rows=(
            *(DataRow(name, texts[name]) for name in reversed(LEVELS)),
            DataRow("Sellers", tuple(count(week.sellers) for week in weeks), "strong"),
            DataRow("▲ rose", (MISSING, *(count(week.ups) for week in changes))),
            DataRow("▼ fell", (MISSING, *(count(week.downs) for week in changes))),
        ),
        height=17.0,
    )


def transition_table(source: Published, weeks: list[Monday]) -> Table | None:
    """From which status on the first Monday to which on the last; None with fewer than two Mondays."""
    if len(weeks) < 2:
        return None
    first, last = weeks[0].day, weeks[-1].day
    found = source.rows(
        f"""select a.level, b.level, count(*) from ({KNOWN}) as b
        left join (select * from ({KNOWN}) where monday = $first) as a using (seller_id)
        where b.monday = $last group by all""",
        first=first,
        last=last,
    )
    counts = {(before, now): sellers for before, now, sellers in found}
    highest = max(counts.values())
    starts = [level for level in (3, 2, 1, 0, None) if any(before == level for before, _ in counts)]
    rows = []
    for before in starts:
        line = [counts.get((before, now), 0) for now in (3, 2, 1, 0)]
        cells = tuple(_count_cell(sellers, 3 - at, before, highest) for at, sellers in enumerate(line))
        name = "New" if before is None else LEVELS[before]
        rows.append(Row((Cell(name), *cells, Cell(count(sum(line))))))
    totals = [sum(counts.get((before, now), 0) for before in starts) for now in (3, 2, 1, 0)]
    rows.append(
        Row((Cell("Total"), *(Cell(count(total)) for total in totals), Cell(count(sum(totals)))), is_total=True)
    )
    columns = (
        Column("From, to", "name"),
        *(Column(LEVELS[level], "number", "16mm" if level in (1, 3) else "12.5mm") for level in (3, 2, 1, 0)),
        Column("Total", "number", "11mm"),
    )
    rose, fell = _moved(counts)
    gone = weeks[0].sellers - sum(sellers for (before, _), sellers in counts.items() if before is not None)
    foot = f"{plural(rose, 'seller')} higher, {count(fell)} lower, {count(_stayed(counts))} the same"
    foot += f"; {plural(gone, 'seller')} of {first} no longer there." if gone else "."
    return Table(f"Status on {first}, and on {last}", columns, tuple(rows), foot=foot)


def _count_cell(sellers: int, now: int, before: int | None, highest: int) -> Cell:
    if not sellers:
        return Cell(MISSING, tone="muted")
    tone = "muted" if before is None else "strong" if now == before else "good" if now > before else "bad"
    symbol = {"good": "▲ ", "bad": "▼ "}.get(tone, "")
    return Cell(f"{symbol}{count(sellers)}", tone=tone, shade=round(0.6 * sellers / highest, 3))  # type: ignore[arg-type]


def _moved(counts: dict[tuple[int | None, int], int]) -> tuple[int, int]:
    rose = sum(sellers for (before, now), sellers in counts.items() if before is not None and now > before)
    fell = sum(sellers for (before, now), sellers in counts.items() if before is not None and now < before)
    return rose, fell


def _stayed(counts: dict[tuple[int | None, int], int]) -> int:
    return sum(sellers for (before, now), sellers in counts.items() if before == now)


def changes_table(source: Published, weeks: list[Monday]) -> Table | None:
    """Whose status on the last Monday is not that of the first: the furthest, the highest, the most rated first."""
    if len(weeks) < 2:
        return None
    rows = source.rows(
        f"""select b.seller_id, y.level, a.level, b.level, max(c.monday)
        from ({KNOWN}) as b inner join ({KNOWN}) as a using (seller_id)
        left join (select * from ({KNOWN}) where monday = $year_ago) as y using (seller_id)
        left join expertise as c
            on b.seller_id = c.seller_id and c.is_change and c.monday > $first and c.monday <= $last
        where a.monday = $first and b.monday = $last and a.level <> b.level
        group by b.seller_id, y.level, a.level, b.level, b.ratings
        order by abs(b.level - a.level) desc, greatest(a.level, b.level) desc, b.level desc, b.ratings desc,
            b.seller_id""",
        first=weeks[0].day,
        last=weeks[-1].day,
        year_ago=weeks[-1].day - timedelta(weeks=52),
    )
    if not rows:
        return None
    shown = rows[:MOST_CHANGES]
    has_year = any(year_ago is not None for _, year_ago, *_ in rows)
    columns = (
        Column("Seller", "name"),
        *((Column("A year ago", "word", "18mm"),) if has_year else ()),
        Column(f"{weeks[0].day:%m-%d}", "word", "18mm"),
        Column(f"{weeks[-1].day:%m-%d}", "word", "21mm"),
        Column("Since", "word-right", "10mm"),
    )
    lines = tuple(
        Row(
            (
                Cell(entity_name(source, "seller", seller)),
                *((Cell("not there" if year_ago is None else LEVELS[year_ago], tone="muted"),) if has_year else ()),
                Cell(LEVELS[before]),
                Cell(f"{'▲' if now > before else '▼'} {LEVELS[now]}", tone="good" if now > before else "bad"),
                Cell("" if since is None else f"{since:%m-%d}"),
            )
        )
        for seller, year_ago, before, now, since in shown
    )
    rest = len(rows) - len(shown)
    foot = f"{plural(rest, 'more seller')} not named; total {count(len(rows))}." if rest else ""
    return Table("Who changed status, the furthest and highest first", columns, lines, foot=foot)
