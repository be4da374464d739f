"""Where sellers stand on the Expertise scale: how many hold each status, and who changed it in the month.

What belongs here: the two tables of page 5. The statuses are the work of `sql/metrics/expertise.sql`, the counts that
of `sql/metrics/expertise_shares.sql`.
"""

from __future__ import annotations

from datetime import date, timedelta

from pipeline.figures.customers import entity_name
from pipeline.figures.model import Cell, Column, Row, Table, Tone
from pipeline.figures.numbers import MISSING, count, plural
from pipeline.figures.published import Published

#: The status as the published tables name it, and as the report does.
STATUSES = (("superhero", "Superhero"), ("captain", "Captain"), ("conqueror", "Conqueror"), ("none", "None"))
_NAMES = dict(STATUSES)
MOST_MOVES = 4

#: Of each seller that changed status: where it stood before its first change of the month, and after its last. A Monday
#: tells of the week before it, so a month's are those after its first day, up to the first day of the next.
_MOVES = """
with moves as (
    select
        seller_id,
        arg_min(previous_level, monday) as before_level,
        arg_min(previous_status, monday) as before_status,
        arg_max(level, monday) as after_level,
        arg_max(status, monday) as after_status,
        max(monday) as monday
    from expertise
    where is_change and level is not null and previous_level is not null and monday > $start and monday <= $end
    group by seller_id
)

select
    seller_id, before_status, after_status, monday, after_level > before_level, after_level < before_level,
    count(*) filter (where after_level > before_level) over (),
    count(*) filter (where after_level < before_level) over (),
    count(*) over ()
from moves
order by abs(after_level - before_level) desc, greatest(after_level, before_level) desc, monday desc, seller_id
limit $most
"""


def status_table(published: Published) -> Table | None:
    """Sellers by status on the month's last Monday and on the previous month's; None where no status is known."""
    rows = []
    for period in (published.period, published.period.previous):
        shares = published.entities("expertise_share", "level", period.id)
        counts = [shares[key].numerator if key in shares else None for key, _ in STATUSES]
        if all(sellers is None for sellers in counts):
            if period is published.period:
                return None
            continue
        total = sum(sellers or 0 for sellers in counts)
        tone: Tone = "strong" if period is published.period else ""
        cells = (Cell(MISSING if sellers is None else count(sellers), tone=tone) for sellers in counts)
        rows.append(
            Row((Cell(f"{last_monday(period.end, published.run.as_of_day):%Y-%m-%d}"), *cells, Cell(count(total))))
        )
    columns = (
        Column("On Monday", "name"),
        *(Column(label, "number", "15mm" if len(label) > 7 else "12mm") for _, label in STATUSES),
        Column("Sellers", "number", "12mm"),
    )
    return Table("Sellers by Expertise status", columns, tuple(rows))


def last_monday(end: date, as_of_day: date) -> date:
    """The Monday that a period is counted on: the last one by its end, or by the last day there is."""
    day = min(end, as_of_day)
    return day - timedelta(days=day.weekday())


def moves_table(published: Published) -> Table | None:
    """Who changed status in the month, the furthest first and then by the higher status; None when nobody did."""
    if not published.has("expertise"):
        return None
    found = published.rows(_MOVES, start=published.period.start, end=published.period.end, most=MOST_MOVES)
    if not found:
        return None
    rows = tuple(
        Row(
            (
                Cell(entity_name(published, "seller", seller)),
                Cell(_NAMES[before]),
                _reached(_NAMES[after], is_up=is_up, is_down=is_down),
                Cell(f"{monday:%m-%d}"),
            )
        )
        for seller, before, after, monday, is_up, is_down, *_ in found
    )
    ups, downs, total = found[0][-3:]
    columns = (
        Column("Seller", "name"),
        Column("From", "word", "19mm"),
        Column("To", "word", "22mm"),
        Column("Monday", "number", "13mm"),
    )
    return Table("Changes of status in the month", columns, rows, foot=_foot(ups, downs, total, len(rows)))


def _reached(status: str, *, is_up: bool, is_down: bool) -> Cell:
    if is_up:
        return Cell(f"▲ {status}", tone="good")
    return Cell(f"▼ {status}", tone="bad") if is_down else Cell(f"● {status}", tone="muted")


def _foot(ups: int, downs: int, total: int, shown: int) -> str:
    foot = f"{plural(total, 'seller')}: {count(ups)} up, {count(downs)} down"
    back = total - ups - downs
    foot += f", {count(back)} changed and came back" if back else ""
    return f"{foot}; {count(total - shown)} more not named." if total > shown else f"{foot}."
