"""What would have been: the counterfactual sentences of a statement (METRICS.md A24).

What belongs here: which changes are worth a sentence to this seller, and its wording. They say what the same pool
would have given with the other sellers' figures as they were; they promise nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.analyses.royalty_why import Change, from_published
from pipeline.figures.numbers import count, money, plural
from pipeline.statements.part import NOT_KNOWN
from pipeline.statements.reading import Facts, Row
from pipeline.statements.royalty import Account, account_of
from pipeline.statements.what_if import WhatIf

MORE_RATINGS = 10
CAVEAT = "All else as it was: same pool, same figures of the other sellers, to the nearest cent. Not a promise."


def pools_of(facts: Facts) -> dict[str, WhatIf]:
    """Each paid period's pool, ready for what-ifs; one where nobody was known at closing is left out."""
    pools = {}
    for period_id in facts.paid:
        rows = facts.of_period(period_id)
        if any(row["reason"] != NOT_KNOWN for row in rows):
            pools[period_id] = WhatIf(*from_published(rows))
    return pools


def what_if(facts: Facts, pools: Mapping[str, WhatIf], rows: Sequence[Row]) -> tuple[str, ...]:
    """At most two sentences and their caveat; none where neither answers nor ratings would change anything."""
    open_to_change = [row for row in rows if row["period_id"] in pools and row["reason"] in (None, "too_few_ratings")]
    # A suspended seller with too few ratings gets nothing from more of them.
    open_to_change = [row for row in open_to_change if row["is_in_good_standing"]]
    if not open_to_change:
        return ()
    sentences = []
    unanswered = sum(row["mature"] - row["answered"] for row in open_to_change)
    short = max(max(0, row["minimum_ratings"] - row["rating_count"]) for row in open_to_change)
    more = short or MORE_RATINGS
    if unanswered and not short:
        due = sum(row["mature"] for row in open_to_change)
        asked = (
            f"all {plural(due, 'review or inquiry', 'reviews and inquiries')}" if due > 1 else "the one that was due"
        )
        sentences.append(
            f"With {asked} answered within 48 h ({count(due - unanswered)} were), "
            + _outcome(facts, pools, rows, Change(answers_all=True))
        )
    ratings = f"{count(more)} more {'rating' if more == 1 else 'ratings'} of 5 stars"
    sentences.append(
        f"With {ratings} in the 12 months, " + _outcome(facts, pools, rows, Change(five_star_ratings=more))
    )
    return (*sentences, CAVEAT)


def _outcome(facts: Facts, pools: Mapping[str, WhatIf], rows: Sequence[Row], change: Change) -> str:
    """`your part would have been ZAR 160.10 instead of ZAR 147.08, and the payout ZAR 233.31.`"""
    parts = [
        pools[row["period_id"]].cents(row["seller_id"], change)
        if row["period_id"] in pools and row["reason"] != NOT_KNOWN
        else row["allocation_cents"]
        for row in rows
    ]
    before = account_of(rows)
    after = _replayed(rows, parts)
    if after.allocation == before.allocation:
        return f"your part would have been the same, {money(before.allocation, facts.currency)}."
    text = f"your part would have been {money(after.allocation, facts.currency)} instead of "
    text += money(before.allocation, facts.currency)
    if after.payout != before.payout:
        return f"{text}, and the payout {money(after.payout, facts.currency)}."
    return f"{text}, not yet paid but held." if after.closing > 0 else f"{text}."


def _replayed(rows: Sequence[Row], parts: Sequence[int]) -> Account:
    """The account with other parts of the pool: a balance of the smallest payout or more is paid, as when closing."""
    opening = balance = rows[0]["opening_held_cents"] + rows[0]["opening_overpaid_cents"]
    paid = 0
    for row, part in zip(rows, parts, strict=True):
        balance += part + row["adjustment_cents"]
        if balance > 0 and balance >= (row["minimum_payout_cents"] or 0):
            paid += balance
            balance = 0
    return Account(opening, sum(parts), sum(row["adjustment_cents"] for row in rows), paid, balance)
