"""The royalties' tables of money: the pool and what became of it, rules, sellers, who has no share, corrections.

What belongs here: laying out what `royalty_books.py` read, to the cent. Which of them stand on the page, and what it
opens with, is `royalties_page.py`'s.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from pipeline.figures.customers import entity_name
from pipeline.figures.measures import value_cell
from pipeline.figures.model import MISSING_TEXT, Bar, Cell, Column, Row, Table
from pipeline.figures.numbers import Scale, capital, count, listed, money, name, number, plural, scale_of
from pipeline.figures.published import Published
from pipeline.figures.quarterly.royalty_books import (
    Account,
    Book,
    Rules,
    are_answers_measured,
    correction_due,
    corrections,
    without_share,
)
from pipeline.figures.sellers import INELIGIBLE
from pipeline.periods import parse

MOST_CORRECTIONS = 3
ANSWERED = "one half, and half of the share answered within 48 h"
#: How a line of the reconciliation is called, the book's field, and its published metric for a whole quarter or month.
LINES = (
    ("Paid out", "paid", "royalty_paid"),
    ("Held back, too small to pay", "held", ""),
    ("Held back before, paid now", "released", ""),
    ("Taken back by corrections", "taken", ""),
)


def _cents(source: Published) -> Scale:
    """Money to the cent, however large."""
    return scale_of("cents", source.run.currency)


def _metric_cell(source: Published, metric: str, book: Book, cents: int, *, is_strong: bool = False) -> Cell:
    """An amount of the books; where the period's published metric says the same, with the key that leads to it."""
    value = source.at(metric, book.period_id) if metric else None
    figure = value_cell(metric, value, _cents(source)).figure if value and value.value == cents else ""
    return Cell(money(cents), figure=figure, tone="strong" if is_strong else "")


def reconciliation_table(source: Published, found: tuple[Book, ...], total: Book, *, is_corrected: bool) -> Table:
    """Each paid period's pool and what became of it, and the quarter's sum, to the cent."""
    shown = (*found, total) if len(found) > 1 else (total,)
    rows = []
    for index, (label, field, metric) in enumerate(LINES):
        amounts = [int(getattr(book, field)) for book in shown]
        if any(amounts) or not index:
            cells = (_metric_cell(source, metric, book, cents) for book, cents in zip(shown, amounts, strict=True))
            rows.append(Row((Cell(label), *cells)))
    if any(book.difference for book in shown):
        rows.append(Row((Cell("▼ Not accounted for"), *(Cell(money(book.difference), tone="bad") for book in shown))))
    pools = (_metric_cell(source, "royalty_pool", book, book.pool, is_strong=True) for book in shown)
    rows.append(Row((Cell("Pool", definition="royalty_pool"), *pools), is_total=True))
    rows.append(Row((Cell("On accounts afterwards"), *(Cell(money(book.balance)) for book in shown)), True))
    rows.append(Row((Cell("Sellers paid"), *(Cell(count(book.sellers_paid)) for book in shown))))
    rows.append(Row((Cell("Sellers with a share"), *(Cell(count(book.sellers_with_share)) for book in shown))))
    columns = (
        Column(source.run.currency, "name", "37mm"),
        *(Column(_short(source, book.period_id), "number", decimals=2) for book in shown),
    )
    foot = "" if any(book.difference for book in shown) else "Every pool reconciles to the cent."
    if not is_corrected:
        foot = f"{foot} No earlier period was corrected, and no correction waits.".strip()
    if total.is_provisional:
        open_ones = listed(_short(source, book.period_id) for book in found if book.is_provisional)
        foot = f"{foot} Provisional: {open_ones} {'is' if len(found) == 1 else 'are'} not closed.".strip()
    return Table("The pool and what became of it", columns, tuple(rows), foot=foot)


def _short(source: Published, period_id: str) -> str:
    return parse(period_id, source.period.fiscal_year_start_month).short


def rules_table(source: Published, found: tuple[Rules, ...], total: Book) -> Table | None:
    """What the pool was shared out by; a rule that changed within the quarter shows both values."""
    if not found:
        return None

    def said(texts: list[str]) -> Cell:
        return Cell(", then ".join(dict.fromkeys(texts)))

    has_answers = are_answers_measured(source, source.period)
    rows = [
        ("Pool, % of net sales", Cell(_part_of_sales(total))),
        ("Fewest ratings in 12 months", said([count(rule.minimum_ratings) for rule in found])),
        ("Ratings added at the overall mean", said([count(rule.prior_ratings) for rule in found])),
        *(
            [("Answers added at the overall share", said([count(rule.prior_responses) for rule in found]))]
            if has_answers
            else []
        ),
        ("Largest part of a pool, %", said([_short_percent(rule.cap_share) for rule in found])),
        (f"Smallest payout, {source.run.currency}", said([money(rule.minimum_payout) for rule in found])),
    ]
    foot = (
        "A share goes by net sales × quality × engagement. Quality: the adjusted rating of 12 months, from 0 to 1. "
        f"Engagement: {ANSWERED if has_answers else 'the same for all, as no answers are measured'}."
    )
    columns = (Column("Rule", "name"), Column("Value", "word-right"))
    return Table("Rules in force", columns, tuple(Row((Cell(label), value)) for label, value in rows), foot=foot)


def _short_percent(share: Decimal) -> str:
    percents = share * 100
    return number(percents, 0 if percents == int(percents) else 1)


def _part_of_sales(total: Book) -> str:
    if total.net_sales <= 0:
        return MISSING_TEXT
    return number(Decimal(total.pool) * 100 / total.net_sales, 2)


def sellers_table(source: Published, sellers: list[Account], most: int) -> Table:
    """The largest shares with the factors they come from, what the others sum to, and the whole."""
    receiving = [account for account in sellers if account.allocation > 0]
    top, rest = receiving[:most], receiving[most:]
    others = [account for account in sellers if account.allocation <= 0 and account.payout]
    pool = sum(account.allocation for account in receiving)
    rows = [_seller_row(source, account, pool, top[0].allocation) for account in top]
    if rest:
        rows.append(_sum_row(plural(len(rest), "more seller"), rest, pool, opens_group=True))
    if others:
        rows.append(_sum_row(f"{plural(len(others), 'seller')} paid what was held before", others, pool))
    rows.append(
        _sum_row(f"All {plural(len(receiving) + len(others), 'seller')}", receiving + others, pool, is_total=True)
    )
    currency = source.run.currency
    columns = (
        Column("Seller", "name", "43mm"),
        Column(f"Net sales {currency}", "number", "20mm"),
        Column("Adj. rating", "number", "16mm", 2),
        Column("Quality", "number", "12.5mm", 3),
        Column("Engagement", "number", "18.5mm", 3),
        Column("Share %", "number", "13mm", 2),
        Column(f"Royalty {currency}", "number", "19.5mm", 2),
        Column(f"Paid {currency}", "number", "19mm", 2),
        Column("", "mark"),
    )
    foot = "Rating, quality and engagement are those of the last paid period."
    if rest:
        sum_of_rest = money(sum(account.allocation for account in rest), currency)
        foot = f"{plural(len(rest), 'more seller')}, summing to {sum_of_rest}; total reconciles. {foot}"
    return Table("Royalties by seller", columns, tuple(rows), foot=foot)


def _seller_row(source: Published, account: Account, pool: int, largest: int) -> Row:
    part = number(Decimal(account.allocation) * 100 / pool, 2)
    return Row(
        (
            Cell(entity_name(source, "seller", account.seller_id)),
            Cell(number(Decimal(account.net_sales) / 100)),
            Cell(_decimal(account.mean, 2)),
            Cell(_decimal(account.quality, 3)),
            Cell(_decimal(account.engagement, 3)),
            Cell(part),
            Cell(money(account.allocation), tone="strong"),
            Cell(money(account.payout)),
            Cell("", mark=Bar(round(account.allocation / largest, 6), f"{part} % of the pool")),
        )
    )


def _sum_row(
    label: str, several: list[Account], pool: int, *, is_total: bool = False, opens_group: bool = False
) -> Row:
    allocated = sum(account.allocation for account in several)
    blank = Cell("")
    return Row(
        (
            Cell(label),
            Cell(number(Decimal(sum(account.net_sales for account in several)) / 100)),
            blank,
            blank,
            blank,
            Cell(number(Decimal(allocated) * 100 / pool, 2)),
            Cell(money(allocated), tone="strong" if is_total else ""),
            Cell(money(sum(account.payout for account in several))),
            blank,
        ),
        opens_group=opens_group,
        is_total=is_total,
    )


def _decimal(value: Decimal | None, digits: int) -> str:
    return MISSING_TEXT if value is None else number(value, digits)


def ineligible_table(source: Published, found: tuple[Book, ...]) -> Table | None:
    """The sellers of each paid period who have no share in it, by the reason."""
    counts = {(reason, period_id): sellers for reason, period_id, sellers in without_share(source, source.period)}
    if not counts:
        return None
    totals: Counter[str] = Counter()
    for (reason, _), sellers in counts.items():
        totals[reason] += sellers
    periods = [book.period_id for book in found]
    rows = tuple(
        Row(
            (
                Cell(capital(INELIGIBLE.get(reason, name(reason.replace("_", " "))))),
                *(Cell(count(counts.get((reason, period_id), 0))) for period_id in periods),
            )
        )
        for reason, _ in sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    )
    columns = (
        Column("Reason", "name"),
        *(Column(_short(source, period_id), "number", "9mm") for period_id in periods),
    )
    return Table("Sellers without a share", columns, rows)


def corrections_table(source: Published) -> Table | None:
    """What late rows changed: earlier periods corrected at this quarter's closings, and what its own still wait for;
    None when they changed nothing."""
    posted = corrections(source, source.period)
    rows = [
        Row((Cell(f"{period_id}, corrected"), Cell(count(sellers)), Cell(money(moved))))
        for period_id, sellers, moved in posted[-MOST_CORRECTIONS:]
    ]
    older = posted[:-MOST_CORRECTIONS]
    if older:
        cells = (Cell(plural(len(older), "older period")), Cell(""), Cell(money(sum(row[2] for row in older))))
        rows.insert(0, Row(cells))
    sellers, due = correction_due(source, source.period)
    if due:
        rows.append(Row((Cell(f"{source.period.id}, due next"), Cell(count(sellers)), Cell(money(due)))))
    columns = (
        Column("Period", "name"),
        Column("Sellers", "number", "14mm"),
        Column(f"Moved, {source.run.currency}", "number", "22mm", 2),
    )
    foot = "Late rows move money between sellers at the next closing; the changes of a period add up to 0."
    return Table("Corrections", columns, tuple(rows), foot=foot) if rows else None
