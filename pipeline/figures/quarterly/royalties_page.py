"""The royalty pool to the cent: rules, payouts, reconciliation, how unevenly it falls; ratings and sales.

What belongs here: the choice and order of what the page shows, and its sentence. Reading the quarter's books is
`royalty_books.py`'s, tables of money `royalty_tables.py`'s, the curve `concentration.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.figures.chart_shapes import LorenzChart
from pipeline.figures.model import BigNumber, Sentence, Table
from pipeline.figures.numbers import THIN, count, money, plural
from pipeline.figures.published import Published
from pipeline.figures.quarterly.concentration import concentration_chart, part_of_largest, percent, tenth
from pipeline.figures.quarterly.rating_sales_table import rating_sales_table
from pipeline.figures.quarterly.royalty_books import Book, accounts, books, rules, together
from pipeline.figures.quarterly.royalty_tables import (
    corrections_table,
    ineligible_table,
    reconciliation_table,
    rules_table,
    sellers_table,
)
from pipeline.figures.wording import not_measured, state_sentence
from pipeline.settings import Office

TOP_SELLERS, FEWEST_SHOWN = 12, 5
ROWS_BESIDE_CURVE = 4  # of the tables beside it; each more costs a seller's row
CORRECTION_LINES = 4  # a title, a head and a foot
FEWEST_FOR_TENTH = 20  # shares from which on the largest tenth is worth a clause
METRICS = ("royalty_pool", "rating_sales_correlation")


@dataclass(frozen=True)
class RoyaltiesPage:
    message: Sentence
    number: BigNumber | None
    reconciliation: Table | None
    rules: Table | None
    sellers: Table | None
    concentration: LorenzChart | None
    ineligible: Table | None
    corrections: Table | None
    correlation: Table | None
    not_measured: str


def royalties_page(source: Published, office: Office) -> RoyaltiesPage | None:
    """The page; None when nothing of it is measured."""
    found, correlation = books(source, source.period), rating_sales_table(source)
    if not found and correlation is None:
        return None
    if not found:
        return RoyaltiesPage(
            message=Sentence(state_sentence(source, "rating_sales_correlation"), "no royalties"),
            number=None,
            reconciliation=None,
            rules=None,
            sellers=None,
            concentration=None,
            ineligible=None,
            corrections=None,
            correlation=correlation,
            not_measured=not_measured(source, METRICS),
        )
    sellers = accounts(source, source.period)
    shares = [account.allocation for account in sellers if account.allocation > 0]
    paid = sum(1 for account in sellers if account.payout > 0)
    total = together(found, source.period.id, (paid, len(shares), len(sellers)))
    before = [account.allocation for account in accounts(source, source.period.previous) if account.allocation > 0]
    ineligible, corrected = ineligible_table(source, found), corrections_table(source)
    return RoyaltiesPage(
        message=_message(source, total, shares, before),
        number=_number(source, total) if shares else None,
        reconciliation=reconciliation_table(source, found, total, is_corrected=corrected is not None),
        rules=rules_table(source, rules(source, source.period), total),
        sellers=sellers_table(source, sellers, _rows_left(ineligible, corrected)) if shares else None,
        concentration=concentration_chart(source, shares, before),
        ineligible=ineligible,
        corrections=corrected,
        correlation=correlation,
        not_measured=not_measured(source, METRICS),
    )


def _rows_left(ineligible: Table | None, corrected: Table | None) -> int:
    """How many sellers the page has room for."""
    beside = (len(ineligible.rows) if ineligible else 0) + (len(corrected.rows) + CORRECTION_LINES if corrected else 0)
    return max(FEWEST_SHOWN, TOP_SELLERS - max(0, beside - ROWS_BESIDE_CURVE))


def _message(source: Published, total: Book, shares: list[int], before: list[int]) -> Sentence:
    label = source.period.label
    if not shares:
        return Sentence(f"No royalties for {label}: none of {plural(total.sellers, 'seller')} has a share.", "no share")
    text = (
        f"{count(total.sellers_paid)} of {plural(total.sellers, 'seller')} {'is' if total.sellers_paid == 1 else 'are'}"
        f" paid {money(total.paid, source.run.currency)} for {label}"
    )
    if len(shares) >= FEWEST_FOR_TENTH:
        text += f"; the largest tenth of shares is {percent(part_of_largest(shares, tenth(shares)))}{THIN}% of the pool"
        if len(before) >= FEWEST_FOR_TENTH:
            earlier = percent(part_of_largest(before, tenth(before)))
            text += f", after {earlier}{THIN}% in {source.period.previous.label}"
    return Sentence(f"{text}.", "royalties")


def _number(source: Published, total: Book) -> BigNumber:
    currency = source.run.currency
    parts = [f"Royalties paid · pool {money(total.pool, currency)}"]
    earlier = books(source, source.period.previous)
    if earlier:
        before = sum(book.paid for book in earlier)
        parts.append(f"{source.period.previous.label} paid {money(before, currency)}")
    parts.append(f"on sellers' accounts afterwards {money(total.balance, currency)}")
    return BigNumber(money(total.paid), currency, " · ".join(parts))
