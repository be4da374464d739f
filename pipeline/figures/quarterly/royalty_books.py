"""What the published royalties hold of one quarter: its paid periods, its sellers, its rules, to the cent.

What belongs here: reading them and adding them up, whether months or the quarter itself are paid. The pool is allocated
by `pipeline.analyses.royalties`; tables and sentences are `royalties_page.py`'s and `concentration.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pipeline.figures.published import Published
from pipeline.periods import Period

#: The paid periods of a quarter: the months that it holds, or itself.
_PAID = "from royalties where period_start >= $start and period_end <= $end"


@dataclass(frozen=True)
class Book:
    """What became of one paid period's pool, in cents. `held` was too small to pay and stays on the sellers' accounts,
    `released` was held before and is paid now, `taken` went off accounts by corrections without a payout; the last two
    are negative, and pool = paid + held + released + taken. `balance` is what the accounts hold afterwards."""

    period_id: str
    net_sales: int
    pool: int
    paid: int
    held: int
    released: int
    taken: int
    balance: int
    sellers_paid: int
    sellers_with_share: int
    sellers: int
    is_provisional: bool

    @property
    def difference(self) -> int:
        return self.pool - self.paid - self.held - self.released - self.taken


@dataclass(frozen=True)
class Account:
    """A seller's quarter, in cents. Quality, engagement and the adjusted rating are those of the last paid period in
    which it had them."""

    seller_id: str
    net_sales: int
    allocation: int
    payout: int
    mean: Decimal | None
    quality: Decimal | None
    engagement: Decimal | None


@dataclass(frozen=True)
class Rules:
    """What a paid period was shared out by."""

    minimum_ratings: int
    prior_ratings: int
    prior_responses: int
    minimum_payout: int
    cap_share: Decimal


def books(source: Published, quarter: Period) -> tuple[Book, ...]:
    """The paid periods of a quarter, in their order; () when none is on record."""
    if not source.has("royalties"):
        return ()
    rows = source.rows(
        f"""select period_id, sum(net_sales_cents)::bigint, min(pool_cents), sum(payout_cents)::bigint,
            coalesce(sum(carried_cents) filter (carried_cents > 0), 0)::bigint,
            coalesce(sum(carried_cents) filter (carried_cents < 0 and payout_cents <> 0), 0)::bigint,
            coalesce(sum(carried_cents) filter (carried_cents < 0 and payout_cents = 0), 0)::bigint,
            sum(closing_held_cents - closing_overpaid_cents)::bigint,
            count(*) filter (payout_cents > 0), count(*) filter (allocation_cents > 0), count(*),
            bool_or(closed_as_of is null)
        {_PAID} group by period_id order by min(period_start), period_id""",
        start=quarter.start,
        end=quarter.end,
    )
    return tuple(Book(*row) for row in rows)


def together(found: tuple[Book, ...], period_id: str, sellers: tuple[int, int, int]) -> Book:
    """The quarter's own line. `sellers` are those paid, with a share, and on record: one who is paid in two months is
    one."""

    def added(field: str) -> int:
        return sum(int(getattr(book, field)) for book in found)

    return Book(
        period_id=period_id,
        net_sales=added("net_sales"),
        pool=added("pool"),
        paid=added("paid"),
        held=added("held"),
        released=added("released"),
        taken=added("taken"),
        balance=found[-1].balance,
        sellers_paid=sellers[0],
        sellers_with_share=sellers[1],
        sellers=sellers[2],
        is_provisional=any(book.is_provisional for book in found),
    )


def accounts(source: Published, quarter: Period) -> list[Account]:
    """Every seller of the quarter's books, the largest share first."""
    rows = source.rows(
        f"""select seller_id, sum(net_sales_cents)::bigint, sum(allocation_cents)::bigint, sum(payout_cents)::bigint,
            arg_max(bayes_mean, period_start), arg_max(quality, period_start), arg_max(engagement, period_start)
        {_PAID} group by seller_id order by sum(allocation_cents) desc, sum(payout_cents) desc, seller_id""",
        start=quarter.start,
        end=quarter.end,
    )
    return [Account(*row) for row in rows]


def rules(source: Published, quarter: Period) -> tuple[Rules, ...]:
    """The rules of the quarter's paid periods, in their order, each set once: they may change between two periods."""
    rows = source.rows(
        f"""select min(minimum_ratings), min(prior_ratings), min(prior_responses), min(minimum_payout_cents),
            min(cap_share) {_PAID} and reason is distinct from 'not_known_at_closing'
        group by period_id order by min(period_start)""",
        start=quarter.start,
        end=quarter.end,
    )
    return tuple(dict.fromkeys(Rules(*row) for row in rows))


def are_answers_measured(source: Published, quarter: Period) -> bool:
    """Whether any seller's engagement rests on answers; else it is the same for all."""
    return bool(source.rows(f"select count(response_share) > 0 {_PAID}", start=quarter.start, end=quarter.end)[0][0])


def without_share(source: Published, quarter: Period) -> list[tuple[str, str, int]]:
    """Reason, paid period and number of the sellers without a share in it."""
    return source.rows(
        f"select reason, period_id, count(*) {_PAID} and reason is not null group by all order by all",
        start=quarter.start,
        end=quarter.end,
    )


def corrections(source: Published, quarter: Period) -> list[tuple[str, int, int]]:
    """The earlier periods corrected when those of this quarter closed: period, sellers, cents moved between them."""
    if not source.has("royalty_adjustments"):
        return []
    return source.rows(
        f"""select period_id, count(distinct seller_id), sum(greatest(adjustment_cents, 0))::bigint
        from royalty_adjustments where closing_id in (select period_id {_PAID})
        group by period_id order by period_id""",
        start=quarter.start,
        end=quarter.end,
    )


def correction_due(source: Published, quarter: Period) -> tuple[int, int]:
    """What late rows have changed in the quarter's closed periods since: sellers, and cents that will move between them
    when the next period closes."""
    rows = source.rows(
        f"""select count(distinct seller_id) filter (adjustment_due_cents <> 0),
            coalesce(sum(greatest(adjustment_due_cents, 0)), 0)::bigint {_PAID} and closed_as_of is not null""",
        start=quarter.start,
        end=quarter.end,
    )
    return int(rows[0][0]), int(rows[0][1])
