"""The bookkeeping of royalties: what is posted when a period closes, and what a seller's account then stands at.

What belongs here: pure arithmetic on postings, in whole cents. What a seller's part of a pool is comes from
`pipeline.analyses.royalty_weights`; where postings are kept is `pipeline.analyses.royalty_ledger`.

A posting is made once and never touched again. Its cents are the seller's: an allocation adds to the account, an
adjustment adds or takes what late rows changed in an earlier period's allocation, a payout takes. Postings are made
only when a period closes, so that an account moves once a period however often the pipeline runs in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from pipeline.analyses.royalty_weights import Shares

Kind = Literal["adjustment", "allocation", "payout"]


class Posting(NamedTuple):
    """Cents that a seller's account moved by when `closing_id` closed, on account of `period_id`."""

    closing_id: str
    period_id: str
    seller_id: str
    kind: Kind
    cents: int


@dataclass
class Books:
    """The sums of all postings so far: each seller's balance (below 0: overpaid), and what each seller was allocated
    of each closed period, adjustments included."""

    balances: dict[str, int] = field(default_factory=dict)
    allocated: dict[str, dict[str, int]] = field(default_factory=dict)

    def enter(self, postings: Iterable[Posting]) -> None:
        """Add postings to the sums."""
        for posting in postings:
            self.balances[posting.seller_id] = self.balances.get(posting.seller_id, 0) + posting.cents
            if posting.kind != "payout":
                of_period = self.allocated.setdefault(posting.period_id, {})
                of_period[posting.seller_id] = of_period.get(posting.seller_id, 0) + posting.cents


def restated(shares: Shares, allocated: Mapping[str, int]) -> dict[str, int]:
    """What a closed period's allocation would be with what is known now; it adds up to the same pool.

    When by now nobody takes part, what was allocated stands: the pool has been released and stays with those who had
    it.
    """
    if shares.pool_cents == 0:
        return dict(allocated)
    return {who: part.cents for who, part in shares.parts.items()}


def adjustments(books: Books, closing_id: str, now: Mapping[str, Mapping[str, int]]) -> list[Posting]:
    """The differences between what closed periods would be now (by period and seller) and what was posted for them.

    Those of one period sum to 0, since both add up to its pool.
    """
    found = []
    for period_id, parts in now.items():
        posted = books.allocated.get(period_id, {})
        for who in sorted(parts.keys() | posted.keys()):
            if delta := parts.get(who, 0) - posted.get(who, 0):
                found.append(Posting(closing_id, period_id, who, "adjustment", delta))
    return found


def close(
    books: Books,
    period_id: str,
    corrections: list[Posting],
    allocation: Mapping[str, int],
    minimum_payout_cents: int,
) -> list[Posting]:
    """Close a period: correct the earlier ones, allocate its pool, pay what is due.

    Whoever's account then stands at the smallest payout or more is paid all of it; a smaller or negative balance waits
    for the next closing. Enters the postings into the books and returns them.
    """
    made = corrections + [
        Posting(period_id, period_id, who, "allocation", cents) for who, cents in allocation.items() if cents
    ]
    books.enter(made)
    payouts = [
        Posting(period_id, period_id, who, "payout", -balance)
        for who, balance in sorted(books.balances.items())
        if balance > 0 and balance >= minimum_payout_cents
    ]
    books.enter(payouts)
    return made + payouts


class Account(NamedTuple):
    """How a seller's account moved in one closing; the names are columns of `metrics.royalties`.

    Held (>= 0) waits to be paid, overpaid (<= 0) to be earned back.
    opening held + opening overpaid + carried = closing held + closing overpaid, with
    carried = allocation + adjustment - payout.
    """

    adjustment_cents: int
    opening_held_cents: int
    opening_overpaid_cents: int
    payout_cents: int
    carried_cents: int
    closing_held_cents: int
    closing_overpaid_cents: int


def account(opening_cents: int, allocation_cents: int, adjustment_cents: int, payout_cents: int) -> Account:
    """A seller's account from the balance before the closing and what was posted in it."""
    carried = allocation_cents + adjustment_cents - payout_cents
    closing = opening_cents + carried
    return Account(
        adjustment_cents,
        max(0, opening_cents),
        min(0, opening_cents),
        payout_cents,
        carried,
        max(0, closing),
        min(0, closing),
    )
