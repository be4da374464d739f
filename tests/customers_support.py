"""Customers with an order history, for tests of retention, scores and health.

What belongs here: the few steps that these tests share on a tiny marketplace. The marketplace itself is
`metrics_support`.
"""

from __future__ import annotations

from typing import Any

from metrics_support import Marketplace


def bought(market: Marketplace, buyer: str, *days: str, **values: Any) -> Marketplace:
    """An order at noon of each of these days."""
    for day in days:
        market.add("sales", buyer_id=buyer, ordered_at=f"{day} 12:00", **values)
    return market


def customer(market: Marketplace, buyer: str, *columns: str) -> Any:
    """What `metrics.customers` says of a buyer: the value of one column, or a tuple of several."""
    (row,) = market.rows(f"select {', '.join(columns)} from metrics.customers where buyer_id = ?", buyer)
    return row if len(columns) > 1 else row[0]


def weigh(market: Marketplace, **weights: float) -> Marketplace:
    """Let only these parts of the health score weigh."""
    for part in ("recency", "frequency", "monetary", "satisfaction", "service"):
        policy = f"health_weight_{part}"
        market.con.execute("update ref.policies set value = ? where policy = ?", [weights.get(part, 0), policy])
    return market
