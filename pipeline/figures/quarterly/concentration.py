"""How unevenly the quarter's pool is shared: the Lorenz curve, Gini's coefficient, the largest parts.

What belongs here: the arithmetic on whole cents and its chart and table. Only sellers with a share count: who is not
eligible is told beside it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from pipeline.figures.chart_shapes import LorenzChart
from pipeline.figures.model import Cell, Column, Row, Table
from pipeline.figures.numbers import THIN, count, number
from pipeline.figures.published import Published

MOST_POINTS = 100  # of the drawn curve; a finer one looks the same
FEWEST_SELLERS = 10
#: What the table tells of the largest shares: in words, and as a part of all sellers.
LARGEST = (("tenth", 10), ("quarter", 4), ("half", 2))


def gini(shares: Sequence[int]) -> Fraction:
    """0 when all get the same, close to 1 when one gets all; exact on whole cents."""
    ordered, total = sorted(shares), sum(shares)
    weighted = sum(rank * cents for rank, cents in enumerate(ordered, start=1))
    return Fraction(2 * weighted, len(ordered) * total) - Fraction(len(ordered) + 1, len(ordered))


def part_of_largest(shares: Sequence[int], sellers: int) -> Fraction:
    """The part of the whole that the largest `sellers` shares make up."""
    return Fraction(sum(sorted(shares, reverse=True)[:sellers]), sum(shares))


def tenth(shares: Sequence[int], part: int = 10) -> int:
    """How many sellers are a tenth of them (or another `part`): rounded up, so never none."""
    return -(-len(shares) // part)


def percent(share: Fraction, digits: int = 1) -> str:
    return number(Decimal(share.numerator) * 100 / share.denominator, digits)


def concentration_chart(source: Published, now: Sequence[int], before: Sequence[int]) -> LorenzChart | None:
    """The curve of this quarter's shares with its figures beside those of the quarter before; None with fewer than ten
    shares."""
    if len(now) < FEWEST_SELLERS:
        return None
    table = _table(source, now, before if len(before) >= FEWEST_SELLERS else ())
    coefficient, largest = gini(now), part_of_largest(now, tenth(now))
    text = f"The largest tenth ({count(tenth(now))}): {percent(largest)}{THIN}%"
    return LorenzChart(
        title="Part of the pool, %, by part of the sellers, smallest first",
        alt=(
            f"Lorenz curve of {count(len(now))} shares, Gini coefficient {number(_decimal(coefficient), 2)}; the "
            f"largest tenth of the sellers has {percent(largest)} % of the pool. The table below holds the figures."
        ),
        points=_points(now),
        marked=(round(1 - tenth(now) / len(now), 6), round(float(1 - largest), 6)),
        marked_label=text,
        equal_label="equal shares",
        table=table,
    )


def _points(shares: Sequence[int]) -> tuple[tuple[float, float], ...]:
    """The curve from (0, 0) to (1, 1), thinned to what can be seen."""
    sums = [0, *itertools.accumulate(sorted(shares))]
    places = sorted({round(step * len(shares) / MOST_POINTS) for step in range(MOST_POINTS + 1)})
    return tuple((round(place / len(shares), 6), round(sums[place] / sums[-1], 6)) for place in places)


def _table(source: Published, now: Sequence[int], before: Sequence[int]) -> Table:
    several = [shares for shares in (now, before) if shares]
    rows = [_row("seller", 1, several)]
    rows += [_row(word, tenth(now, part), several, part) for word, part in LARGEST]
    coefficients = [Cell(number(_decimal(gini(shares)), 3)) for shares in several]
    rows.append(Row((Cell("Gini coefficient"), Cell(""), *coefficients), opens_group=True))
    heads = (source.period.short, source.period.previous.short)
    columns = (
        Column("Largest", "name"),
        Column("Sellers", "number", "13mm"),
        *(Column(f"{head} %", "number", "16mm", 1) for head, _ in zip(heads, several, strict=False)),
    )
    return Table("", columns, tuple(rows))


def _row(word: str, sellers: int, several: Sequence[Sequence[int]], part: int = 0) -> Row:
    """The part of the largest, of each quarter's own number of sellers."""
    texts = [percent(part_of_largest(shares, tenth(shares, part) if part else 1)) for shares in several]
    return Row((Cell(f"Largest {word}"), Cell(count(sellers)), *(Cell(text) for text in texts)))


def _decimal(exact: Fraction) -> Decimal:
    return Decimal(exact.numerator) / exact.denominator
