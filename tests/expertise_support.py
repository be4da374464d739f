"""What the tests of sellers' standing put into a marketplace: sellers, ratings, conversations.

What belongs here: short ways to say what the Expertise scale and support's figures look at, and to read a seller's row.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from metrics_support import Marketplace

MONDAY = date(2025, 3, 3)
_TALKS = count(1)


def instant(day: object) -> datetime:
    return day if isinstance(day, datetime) else datetime.fromisoformat(str(day))


def ask(
    market: Marketplace,
    times: int = 1,
    hours: float | None = 1.0,
    at: object = "2025-01-15 12:00",
    thanks: bool = False,
    seller: str = "S1",
    **answer: Any,
) -> Marketplace:
    """So many conversations of one question; answered after so many hours, or never; then perhaps a thank-you note."""
    talks = [f"T{next(_TALKS)}" for _ in range(times)]

    def write(role: str, sent_at: datetime, **values: Any) -> None:
        numbers = iter(talks)
        people = ("B1", seller) if role == "buyer" else (seller, "B1")
        row = {"sender_role": role, "sender_id": people[0], "recipient_id": people[1], "sent_at": sent_at}
        row |= {"body_words": 6, "has_question": False, "says_thanks": False}
        market.add("messages", times, **{**row, "conversation_id": lambda _: next(numbers), **values})

    asked = instant(at)
    if times:
        write("buyer", asked)
    if times and hours is not None:
        write("seller", asked + timedelta(hours=hours), **answer)
        if thanks:
            write("buyer", asked + timedelta(hours=hours + 1), says_thanks=True)
    return market


def talk(
    market: Marketplace,
    *turns: tuple[Any, ...],
    seller: str = "S1",
    start: object = "2025-01-10 12:00",
    conversation: str = "C1",
) -> Marketplace:
    """(role, hours after the start): messages of six words that say nothing else, or more columns if given."""
    for role, hours, *more in turns:
        people = ("B1", seller) if role == "buyer" else (seller, "B1")
        row = {"sender_id": people[0], "recipient_id": people[1], "sender_role": role, "body_words": 6}
        row |= {"has_question": False, "says_thanks": False, "conversation_id": conversation}
        sent_at = instant(start) + timedelta(hours=hours)
        market.add("messages", **{**row, "sent_at": sent_at, **(more[0] if more else {})})
    return market


def rate(market: Marketplace, *stars: int, at: object = "2025-01-15 12:00", seller: str = "S1") -> Marketplace:
    given = iter(stars)
    if stars:
        market.add("reviews", len(stars), rating=lambda _: next(given), created_at=instant(at), seller_id=seller)
    return market


def joined(market: Marketplace, at: object = "2024-02-10 09:00", seller: str = "S1", **values: Any) -> Marketplace:
    return market.add("sellers", seller_id=seller, joined_at=instant(at), **values)


def excellent(market: Marketplace, seller: str = "S1") -> Marketplace:
    """Ratings that no status lacks."""
    return rate(market, 5, 5, 5, 5, 5, seller=seller)


def built(market: Marketplace, *periods: str) -> Marketplace:
    return market.plan(*periods or ("2025-03",)).build("metrics.expertise_shares")


def standing(market: Marketplace, monday: object = MONDAY, seller: str = "S1") -> dict[str, Any]:
    """The one row of the seller and Monday."""
    found = market.con.execute("select * from metrics.expertise where monday = ? and seller_id = ?", [monday, seller])
    names = [column[0] for column in found.description]
    rows = found.fetchall()
    assert len(rows) == 1, f"{len(rows)} rows of {seller} on {monday}"
    return dict(zip(names, rows[0], strict=True))
