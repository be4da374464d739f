"""Monday's moves on the Expertise scale: who rose, who fell, and what each lacks for the next status.

What belongs here: the Monday after the week, which tells of it, held against the Monday before. Statuses are counted as
in the quarterly (`pipeline.figures.quarterly.expertise_weeks`).
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.figures.customers import entity_name
from pipeline.figures.model import MISSING_TEXT, BigNumber, Cell, Column, Row, Sentence, Table
from pipeline.figures.numbers import THIN, capital, count, number, plural
from pipeline.figures.published import Published
from pipeline.figures.quarterly.expertise_blockers import SHORT
from pipeline.figures.quarterly.expertise_weeks import KNOWN, LEVELS, Monday, mondays

METRICS = ("expertise_share",)
MOST_MOVES = 10


@dataclass(frozen=True)
class StatusPart:
    message: Sentence
    moves: Table | None
    statuses: Table
    number: BigNumber | None = None


def status_part(source: Published) -> StatusPart | None:
    """None where the Monday after the week has not come, or no seller's status is known on it."""
    weeks = _mondays(source)
    if not weeks:
        return None
    now = weeks[-1]
    holders = sum(now.holders[1:])
    text = (
        f"{moves_sentence(source).rstrip('.')}; {count(holders)} of {plural(now.sellers, 'seller')} hold a status "
        f"({number(100 * holders / now.sellers, 1)}{THIN}%)."
    )
    return StatusPart(Sentence(text, "moves on the Expertise scale"), _moves(source, now), _statuses(source, weeks))


def _mondays(source: Published) -> list[Monday]:
    """The Monday that the week began with, where statuses are known on it, and the one after the week; none where that
    is not known."""
    found = mondays(source)
    return found if found and found[-1].day == source.period.end else []


def moves_sentence(source: Published) -> str:
    """`On Monday 2026-03-30 6 sellers rose and 4 fell on the Expertise scale.`; '' where statuses are not known."""
    weeks = _mondays(source)
    if not weeks:
        return ""
    ups, downs = weeks[-1].ups, weeks[-1].downs
    if not ups and not downs:
        return f"On Monday {weeks[-1].day}, no seller moved on the Expertise scale."
    rose, fell = plural(ups, "seller") if ups else "no seller", count(downs) if downs else "none"
    return f"On Monday {weeks[-1].day}, {rose} rose on the Expertise scale and {fell} fell."


def _moves(source: Published, monday: Monday) -> Table | None:
    """Those that changed status, the furthest, then the highest, then the most rated first."""
    rows = source.rows(
        f"""select seller_id, previous_level, level, average_rating, binding from ({KNOWN})
        where monday = $monday and is_change and previous_level is not null
        order by abs(level - previous_level) desc, greatest(level, previous_level) desc, level desc, ratings desc,
            seller_id""",
        monday=monday.day,
    )
    if not rows:
        return None
    lines = tuple(
        Row(
            (
                Cell(entity_name(source, "seller", seller)),
                Cell(LEVELS[before]),
                Cell(f"{'▲' if now > before else '▼'} {LEVELS[now]}", tone="good" if now > before else "bad"),
                Cell(MISSING_TEXT if rating is None else number(rating, 2)),
                Cell(_lacking(binding), tone="muted"),
            )
        )
        for seller, before, now, rating, binding in rows[:MOST_MOVES]
    )
    columns = (
        Column("Seller", "name"),
        Column("From", "word", "18mm"),
        Column("To", "word", "21mm"),
        Column("Rating", "number", "11mm", 2),
        Column("Lacks for the next", "name", "36mm"),
    )
    rest = len(rows) - len(lines)
    foot = f"{plural(rest, 'more seller')} not named; total {count(len(rows))}." if rest else ""
    return Table("Who changed status", columns, lines, foot=foot)


def _statuses(source: Published, weeks: list[Monday]) -> Table:
    """How many hold each status, and a week before."""
    *before, now = weeks
    rows = [
        _status_row(Cell(LEVELS[level]), [week.holders[level] for week in before], now.holders[level])
        for level in (3, 2, 1)
    ]
    holders = [week.sellers - week.holders[0] for week in weeks]
    rows.append(
        _status_row(Cell("Any status", definition="expertise_share"), holders[:-1], holders[-1], opens_group=True)
    )
    rows.append(_status_row(Cell(LEVELS[0]), [week.holders[0] for week in before], now.holders[0]))
    rows.append(_status_row(Cell("Sellers"), [week.sellers for week in before], now.sellers, is_total=True))
    columns = (
        Column("Status", "name"),
        *(Column(f"{week.day:%m-%d}", "number", "10mm") for week in weeks),
        *((Column("Δ", "number", "7mm"),) if before else ()),
    )
    return Table("Sellers by status", columns, tuple(rows))


def _status_row(name: Cell, before: list[int], now: int, *, opens_group: bool = False, is_total: bool = False) -> Row:
    steps = [Cell(number(now - was, signed=True)) for was in before]
    cells = (name, *(Cell(count(was)) for was in before), Cell(count(now), tone="strong"), *steps)
    return Row(cells, opens_group=opens_group, is_total=is_total)


def _lacking(binding: str | None) -> str:
    if not binding:
        return MISSING_TEXT
    return capital(", ".join(SHORT.get(criterion, criterion) for criterion in binding.split(", ")))
