"""The royalty pool, shared out to the cent, and kept in a ledger that is only ever added to (METRICS.md A24, B19).

What belongs here: which periods close in a run, and the published table. The weights are `royalty_weights`, the
bookkeeping `royalty_books`, the ledger's tables `royalty_ledger`, the rules `royalty_rules`; what a weight is reckoned
from is counted in `sql/metrics/royalty_inputs.sql`.

A period closes in the first run that sees it whole. Its pool, its rules, who was in good standing and every seller's
statement then stand for good. What late rows change in it is reckoned in every run (`restated_allocation_cents`), and
posted as an adjustment when the next period closes. A run that looks from before the last closing, or further than the
deliveries reach, posts nothing: it shows what it would close as provisional (`closed_as_of` is null).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipeline.analyses.royalty_books import Posting, account, adjustments, close, restated
from pipeline.analyses.royalty_ledger import Closing, Entry, Ledger, append, make_tables, read_ledger, show_provisional
from pipeline.analyses.royalty_rules import RoyaltyRules, load_rules
from pipeline.analyses.royalty_weights import Market, Seller, closing_debits, divide, explain, with_debits
from pipeline.errors import BadConfiguration
from pipeline.model import Model
from pipeline.progress import progress

_RUN = """
select
    r.as_of, r.as_of_day, r.currency, r.fingerprint,
    (
        select cast(timezone(r.time_zone, timezone('UTC', max(f.last_event_at))) as date) + 1
        from ledger.files as f where f.status = 'loaded'
    ) as reach
from plan.run as r
"""

#: The complete periods that begin when the last closed one has ended, or later: those of the kind that is paid, and
#: when months were paid into a quarter that is now to be paid whole, the months that are left of it.
_TO_CLOSE = """
select distinct i.period_id, i.period_start, i.period_end
from metrics.royalty_inputs as i
left join plan.all_periods as q
    on q.period_type = 'quarter' and q.period_start <= i.period_start and i.period_end <= q.period_end
where i.period_end <= $as_of_day and i.period_start >= $first
    and (i.period_type = $pays or ($pays = 'quarter' and q.period_start < $first))
order by i.period_start
"""

#: The ledger as the run sees it and what it would close, with what the closed periods would be now beside what was
#: posted. Whoever came into a closed period by late rows alone has a line without factors: there were none then.
_PUBLISHED = """
create or replace table metrics.royalties as
with closings as (
    select * from ledger.royalty_closings where as_of <= (select as_of from plan.run)
),
statements as (
    select * from ledger.royalty_statements where period_id in (select period_id from closings)
    union all by name
    select * from provisional_statements
),
adjusted as (
    select period_id, seller_id, cast(sum(cents) as bigint) as cents
    from ledger.royalty_postings
    where kind = 'adjustment' and as_of <= (select as_of from plan.run)
    group by period_id, seller_id
),
newcomers as (
    select period_id, seller_id from royalty_now where cents <> 0
    union
    select period_id, seller_id from adjusted where cents <> 0
    except
    select period_id, seller_id from statements
),
lines as (
    select * from statements
    union all by name
    select
        c.period_id, c.period_start, c.period_end, n.seller_id, c.currency, 'not_known_at_closing' as reason,
        c.pool_cents, 0 as net_sales_cents, 0 as opening_debit_cents, 0 as base_cents, 0 as weight,
        '0/1' as weight_fraction, 0 as share, 0 as quota_cents, false as is_capped, 0 as rounding_cents,
        0 as allocation_cents, 0 as adjustment_cents, 0 as opening_held_cents, 0 as opening_overpaid_cents,
        0 as payout_cents, 0 as carried_cents, 0 as closing_held_cents, 0 as closing_overpaid_cents,
        0 as closing_debit_cents
    from newcomers as n
    join closings as c using (period_id)
)
select
    l.*,
    c.as_of as closed_as_of,
    coalesce(a.cents, 0) as adjusted_later_cents,
    coalesce(r.cents, 0) - l.allocation_cents - coalesce(a.cents, 0) as adjustment_due_cents,
    coalesce(r.cents, 0) as restated_allocation_cents
from lines as l
left join closings as c using (period_id)
left join adjusted as a using (period_id, seller_id)
left join royalty_now as r using (period_id, seller_id)
order by l.period_start, l.seller_id
"""


@dataclass(frozen=True)
class Run:
    """What a run looks from. `reach`: the local day up to which deliveries tell of anything, if they do."""

    as_of: datetime
    as_of_day: date
    currency: str
    fingerprint: str
    reach: date | None


def build(con: duckdb.DuckDBPyConnection, config: Path) -> None:
    """`build_royalties` with the rules of the configuration folder. Raises BadConfiguration."""
    build_royalties(con, load_rules(config))


def build_royalties(con: duckdb.DuckDBPyConnection, rules: RoyaltyRules) -> None:
    """Close what can be closed, and write `metrics.royalties` anew, inside the caller's transaction.

    Every closed period is reckoned again from the first one on, since a debit runs from each into the next. Raises
    BadConfiguration when the office's currency is not that of the ledger.
    """
    make_tables(con)
    row = con.execute(_RUN).fetchone()
    assert row is not None
    run = Run(*row)
    ledger = read_ledger(con, run.as_of)
    _refuse_another_currency(ledger, run)
    now: dict[str, dict[str, int]] = {}
    debits: dict[str, int] = {}
    for closing in ledger.closings:
        market, sellers = _inputs(con, closing.period_id, closing.not_in_good_standing)
        shares = divide(with_debits(sellers, debits), market, closing.pool_cents, closing.rules)
        debits = closing_debits(shares.sellers)
        now[closing.period_id] = restated(shares, ledger.books.allocated.get(closing.period_id, {}))
    entries = _close(con, run, ledger, rules, now, debits)
    posted = [entry for entry in entries if _is_for_good(run, ledger, entry.closing)]
    provisional = entries[len(posted) :]
    append(con, posted)
    show_provisional(con, provisional)
    _publish(con, now)
    _say(posted, provisional)


def _refuse_another_currency(ledger: Ledger, run: Run) -> None:
    for closing in ledger.closings:
        if closing.currency != run.currency:
            raise BadConfiguration(
                f"office.toml: currency = {run.currency!r}: the royalties of {closing.period_id} were closed in "
                f"{closing.currency}, and balances cannot be carried from one currency into another"
            )


def _inputs(
    con: duckdb.DuckDBPyConnection, period_id: str, not_in_good_standing: frozenset[str]
) -> tuple[Market, list[Seller]]:
    """The sellers of a period without their debits, and the marketplace's figures."""
    rows = con.execute(
        """
        select seller_id, net_sales_cents, rating_sum, rating_count, answered, mature,
            market_rating_sum, market_rating_count, market_answered, market_mature
        from metrics.royalty_inputs where period_id = ?
        """,
        [period_id],
    ).fetchall()
    sellers = [
        Seller(who, net, stars, ratings, answered, mature, who not in not_in_good_standing)
        for who, net, stars, ratings, answered, mature, *_ in rows
    ]
    return Market(*rows[0][6:]) if rows else Market(), sellers


def _close(
    con: duckdb.DuckDBPyConnection,
    run: Run,
    ledger: Ledger,
    rules: RoyaltyRules,
    now: dict[str, dict[str, int]],
    debits: dict[str, int],
) -> list[Entry]:
    """Close the periods that can be, in their order; `now` gets their allocations."""
    suspended = frozenset(
        row[0]
        for row in con.execute(
            "select seller_id from core.sellers where coalesce(status, 'active') <> 'active'"
        ).fetchall()
    )
    first = ledger.closings[-1].period_end if ledger.closings else date.min
    periods = con.execute(_TO_CLOSE, {"as_of_day": run.as_of_day, "first": first, "pays": rules.pays}).fetchall()
    entries = []
    for period_id, period_start, period_end in periods:
        market, sellers = _inputs(con, period_id, suspended)
        pool = rules.pool.cents(sum(seller.net_sales_cents for seller in sellers))
        opening = {who: cents for who, cents in ledger.books.balances.items() if cents}
        corrections = adjustments(ledger.books, period_id, now)
        waiting = opening.keys() | {posting.seller_id for posting in corrections}
        people = with_debits(sellers, debits)
        idle = waiting - {seller.seller_id for seller in people}
        shares = divide([*people, *map(Seller, idle)], market, pool, rules)
        debits = closing_debits(shares.sellers)
        now[period_id] = {who: part.cents for who, part in shares.parts.items()}
        postings = close(ledger.books, period_id, corrections, now[period_id], rules.minimum_payout_cents)
        made = (period_id, period_start, period_end, run.as_of, run.currency, shares.pool_cents)
        closing = Closing(*made, market, rules, suspended, run.fingerprint)
        statements = _statements(closing, explain(shares, market, rules), opening, postings)
        entries.append(Entry(closing, postings, statements))
    return entries


def _statements(
    closing: Closing, explained: dict[str, dict[str, Any]], opening: Mapping[str, int], postings: Iterable[Posting]
) -> list[dict[str, Any]]:
    """A statement for each seller: the factors of the part, and how the account moved."""
    corrected: Counter[str] = Counter()
    paid: Counter[str] = Counter()
    for posting in postings:
        if posting.kind == "adjustment":
            corrected[posting.seller_id] += posting.cents
        elif posting.kind == "payout":
            paid[posting.seller_id] -= posting.cents
    common = {
        "period_id": closing.period_id,
        "period_start": closing.period_start,
        "period_end": closing.period_end,
        "currency": closing.currency,
    }
    return [
        common | row | account(opening.get(who, 0), row["allocation_cents"], corrected[who], paid[who])._asdict()
        for who, row in explained.items()
    ]


def _is_for_good(run: Run, ledger: Ledger, closing: Closing) -> bool:
    """Whether the closing is posted. Once posted it stands, so a run that only looks, back or ahead, posts none."""
    looks_back = ledger.last_as_of is not None and run.as_of < ledger.last_as_of
    looks_ahead = run.reach is not None and run.reach < closing.period_end
    return not looks_back and not looks_ahead


def _publish(con: duckdb.DuckDBPyConnection, now: Mapping[str, Mapping[str, int]]) -> None:
    rows = [(period_id, who, cents) for period_id, parts in now.items() for who, cents in parts.items()]
    schema = {"period_id": pl.String, "seller_id": pl.String, "cents": pl.Int64}
    con.register("royalty_now", pl.DataFrame(rows, schema=schema, orient="row").to_arrow())
    con.execute(_PUBLISHED)
    con.unregister("royalty_now")


def _say(posted: list[Entry], provisional: list[Entry]) -> None:
    if posted:
        progress(f"closed the royalties of {', '.join(entry.closing.period_id for entry in posted)}")
    if provisional:
        periods = ", ".join(entry.closing.period_id for entry in provisional)
        progress(
            f"the royalties of {periods} are provisional and nothing is posted: this run looks from before the last "
            "closing, or further than the deliveries reach"
        )


MODEL = Model(
    schema="metrics",
    name="royalties",
    description="Each seller's part of the royalty pool, to the cent, with every factor that it is made of, how the "
    "account moved, and what late rows have changed since.",
    grain=("period_id", "seller_id"),
    reads=frozenset({"metrics.royalty_inputs", "core.sellers"}),
    text="\n".join(path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("royalt*.py"))),
    build=build,
)
