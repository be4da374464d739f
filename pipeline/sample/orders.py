"""Buyers, what they order, how it is delivered, what comes back. The truth, as it happened; not yet what exports know.

What belongs here: buyers' purchases and the life of an order line. What is written about it: `reviews` and
`conversations`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.sample import stories
from pipeline.sample.clock import (
    DAY,
    DAYS,
    END,
    HOUR,
    LOCAL_OFFSET,
    NEVER,
    START,
    Booleans,
    Integers,
    Seconds,
    after,
    by_daylight,
    month_of,
    order_rhythm,
    stream,
    time_of_day,
)
from pipeline.sample.market import Products, Sellers, pick_products

BUYERS_AT_SCALE_1 = 40_500
#: Purchases of buyers before they fall away: BG/NBD (Fader, Hardie and Lee 2005), per week.
RATE_SHAPE, RATE_SCALE = 0.35, 7.0
DROP_A, DROP_B = 1.2, 1.6
#: Buyers arrive from so long before the sample, so that its first months know returning ones too.
EARLIER_DAYS = 400

LANGUAGES = ("en", "af", "zu", "fr", "pt", "de", "es")
_LANGUAGE_SHARE = (0.52, 0.17, 0.13, 0.07, 0.06, 0.03, 0.02)

RETURN_REASONS = ("damaged on arrival", "does not fit", "not as described", "defective", "changed my mind", "late")
FAULTS = ("seller", "buyer", "carrier", "platform")
_FAULT_OF_REASON = np.array([2, 1, 0, 0, 1, 2])


@dataclass(frozen=True)
class Buyers:
    """`language` (an index of LANGUAGES) of every buyer, those who only ask and never buy included."""

    language: Integers
    purchasing: int


@dataclass(frozen=True)
class Lines:
    """Order lines, one value a line in every array, in the order of `ordered`. An event that never happens is NEVER."""

    order: Integers
    line_of_order: Integers
    buyer: Integers
    product: Integers
    seller: Integers
    category: Integers
    quantity: Integers
    amount_cents: Integers
    discount_cents: Integers
    shipping_cents: Integers
    ordered: Seconds
    paid: Seconds
    shipped: Seconds
    promised: Seconds
    delivered: Seconds
    cancelled: Seconds
    cancelled_by: Integers
    returned: Seconds
    returned_quantity: Integers
    return_reason: Integers
    return_fault: Integers
    refunded: Seconds
    refund_cents: Integers

    def __len__(self) -> int:
        return len(self.order)


def make_orders(seed: int, scale: float, sellers: Sellers, products: Products) -> tuple[Buyers, Lines]:
    """The buyers of that scale and all their order lines."""
    random = stream(seed, "orders")
    purchasing = max(200, round(BUYERS_AT_SCALE_1 * scale))
    buyer, ordered = _purchases(random, purchasing)
    everybody = purchasing + purchasing // 2
    language = random.choice(len(LANGUAGES), everybody, p=_LANGUAGE_SHARE)
    return Buyers(language, purchasing), _lines(random, buyer, ordered, sellers, products)


def _purchases(random: np.random.Generator, buyers: int) -> tuple[Integers, Seconds]:
    """(buyer, instant) of every purchase, in time order.

    Purchases fall evenly in a time that runs faster on busy days; `order_rhythm` turns it into the calendar's.
    """
    rate = random.gamma(RATE_SHAPE, 1 / RATE_SCALE, buyers) / 7
    drop = random.beta(DROP_A, DROP_B, buyers)
    now = -EARLIER_DAYS + random.random(buyers) * (EARLIER_DAYS + DAYS)
    alive = np.arange(buyers)
    who, when = [], []
    while alive.size:
        who.append(alive)
        when.append(now[alive])
        now[alive] += random.exponential(1.0, alive.size) / rate[alive]
        alive = alive[(random.random(alive.size) >= drop[alive]) & (now[alive] < DAYS)]
    buyer, busy_time = np.concatenate(who), np.concatenate(when)
    seen = busy_time >= 0
    buyer, busy_time = buyer[seen], busy_time[seen]
    day = np.interp(busy_time, np.concatenate([[0.0], np.cumsum(order_rhythm())]), np.arange(DAYS + 1.0))
    day = np.minimum(day.astype(np.int64), DAYS - 1)
    instant = START + day * DAY + time_of_day(random, len(day))
    by_time = np.lexsort((buyer, instant))
    return buyer[by_time], instant[by_time]


def _lines(
    random: np.random.Generator, buyer: Integers, ordered: Seconds, sellers: Sellers, products: Products
) -> Lines:
    size = random.choice(np.array([1, 2, 3, 4]), len(ordered), p=[0.76, 0.17, 0.05, 0.02])
    order = np.repeat(np.arange(len(ordered)), size)
    line_of_order = np.arange(len(order)) - np.repeat(np.cumsum(size) - size, size)
    buyer, ordered = buyer[order], ordered[order]
    product = pick_products(random, products, month_of(ordered))
    seller, category = products.seller[product], products.category[product]
    quantity = random.choice(np.array([1, 2, 3, 5]), len(order), p=[0.86, 0.1, 0.03, 0.01])
    full = products.price_cents[product] * quantity
    sale = random.random(len(order)) < np.where(_is_peak(ordered), 0.5, 0.14)
    discount = np.where(sale, full * random.choice(np.array([10, 15, 20]), len(order)) // 100, 0)
    amount = full - discount
    shipping = np.where((line_of_order == 0) & (amount < 45_000), 6_500, 0)
    paid, shipped, promised, delivered, cancelled, cancelled_by = _delivery(random, order, ordered, seller, sellers)
    returned, back, reason, fault, refunded, refund = _returns(
        random, seller, category, quantity, amount, promised, delivered
    )
    return Lines(
        order, line_of_order, buyer, product, seller, category, quantity, amount, discount, shipping,
        ordered, paid, shipped, promised, delivered, cancelled, cancelled_by,
        returned, back, reason, fault, refunded, refund,
    )  # fmt: skip


def _is_peak(instants: Seconds) -> Booleans:
    """The last ten days of both Novembers."""
    month = month_of(instants)
    return np.isin(month, (1, 13)) & (((instants + LOCAL_OFFSET) // DAY - (START + LOCAL_OFFSET) // DAY) % 365 >= 50)


def _delivery(
    random: np.random.Generator, order: Integers, ordered: Seconds, seller: Integers, sellers: Sellers
) -> tuple[Seconds, Seconds, Seconds, Seconds, Seconds, Integers]:
    """(paid, shipped, promised, delivered, cancelled, cancelled by) of each line; an order is paid at once."""
    count = len(ordered)
    paid = after(random, ordered, 0.05, 1.6)
    paid = paid[np.searchsorted(order, order)]  # what the order's first line says
    shipped = by_daylight(random, after(random, paid, 22.0, 0.55))
    # Promised for the end of a working day, four to eight days ahead.
    local_day = (ordered + LOCAL_OFFSET) // DAY
    promised = (local_day + random.integers(4, 9, count)) * DAY + 18 * HOUR - LOCAL_OFFSET
    log_odds = -2.55 + sellers.lateness[seller] + stories.late_share(promised)
    is_late = random.random(count) < 1 / (1 + np.exp(-log_odds))
    in_time = shipped + ((promised - shipped) * random.beta(4.0, 2.2, count)).astype(np.int64)
    in_time = np.minimum(np.maximum(in_time, shipped + 5 * HOUR), promised)
    too_late = after(random, np.maximum(promised, shipped), 40.0, 0.8)
    delivered = np.where(is_late, by_daylight(random, too_late), in_time)
    lost = random.random(count) < 0.004
    cancel = random.random(count) < 0.031
    cancelled_by = random.choice(3, count, p=[0.58, 0.32, 0.10])
    cancelled = np.where(cancel, ordered + ((shipped - ordered) * random.random(count) * 0.95).astype(np.int64), NEVER)
    shipped = np.where(cancel, NEVER, shipped)
    delivered = np.where(cancel | lost, NEVER, delivered)
    return paid, shipped, promised, delivered, cancelled, cancelled_by


def _returns(
    random: np.random.Generator,
    seller: Integers,
    category: Integers,
    quantity: Integers,
    amount: Integers,
    promised: Seconds,
    delivered: Seconds,
) -> tuple[Seconds, Integers, Integers, Integers, Seconds, Integers]:
    """(returned, quantity, reason, fault, refunded, refund in cents) of each line."""
    count = len(delivered)
    arrived = delivered < NEVER
    worse = -stories.rating_shift(seller, category, delivered)
    chance = 0.047 + 0.035 * np.clip(worse, 0, 2) + 0.04 * (delivered > promised)
    returns = arrived & (random.random(count) < chance)
    opened = by_daylight(random, after(random, np.where(arrived, delivered, START), 110.0, 0.8))
    opened = np.minimum(opened, delivered + 29 * DAY)
    reason = random.choice(len(RETURN_REASONS), count, p=[0.16, 0.24, 0.2, 0.17, 0.18, 0.05])
    reason = np.where(stories.is_breakage(random, category, delivered), 0, reason)
    back = np.where(random.random(count) < 0.85, quantity, 1)
    granted = random.random(count) < 0.93
    refunded = by_daylight(random, after(random, opened, 96.0, 0.7))
    returned = np.where(returns & (opened < END), opened, NEVER)
    refund = np.where(granted, amount * back // quantity, 0)
    return returned, back, reason, _FAULT_OF_REASON[reason], np.where(returns & granted, refunded, NEVER), refund
