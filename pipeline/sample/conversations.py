"""What buyers and sellers write to each other: conversations unrolled turn by turn into messages.

What belongs here: messages as they happened. Every step works on all conversations that are still going at once; the
only loop is over turns. How a file has them: `message_views`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.sample import stories
from pipeline.sample.clock import (
    BULK_EXPORT,
    BUYER_HOURS,
    DAY,
    DAYS,
    END,
    HOUR,
    LOCAL_OFFSET,
    NEVER,
    START,
    Booleans,
    Floats,
    Integers,
    Seconds,
    after,
    by_daylight,
    message_rhythm,
    month_of,
    stream,
    time_of_day,
)
from pipeline.sample.market import CLIMBER, Products, Sellers, pick_products
from pipeline.sample.orders import Buyers, Lines
from pipeline.sample.wording import KIND, body_pool

QUESTIONS_A_DAY_AT_SCALE_1 = 204.0
_TURNS = 6
_BUYER, _SELLER, _STAFF, _SYSTEM = 0, 1, 2, 3
ROLES = ("buyer", "seller", "staff", "system")
_ROLE_OF_KIND = np.full(len(KIND), _BUYER, dtype=np.int8)
for _kind in ("reply", "first", "welcome", "autoreply"):
    _ROLE_OF_KIND[KIND[_kind]] = _SELLER
_ROLE_OF_KIND[KIND["staff"]], _ROLE_OF_KIND[KIND["reminder"]] = _STAFF, _SYSTEM


@dataclass(frozen=True)
class Conversations:
    """One value a conversation; `order` and `product` are -1 where it is about none."""

    buyer: npt.NDArray[np.int32]
    seller: npt.NDArray[np.int16]
    product: npt.NDArray[np.int16]
    order: npt.NDArray[np.int32]
    begins: Seconds
    opening: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.buyer)


@dataclass(frozen=True)
class Messages:
    """One value a message, in the order of `sent`. Votes are 0 where nobody voted; `body` is an index of the pool."""

    conversation: npt.NDArray[np.int32]
    sent: Seconds
    kind: npt.NDArray[np.int8]
    body: npt.NDArray[np.int32]
    speed_vote: npt.NDArray[np.int8]
    quality_vote: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.conversation)

    @property
    def role(self) -> npt.NDArray[np.int8]:
        """An index of ROLES."""
        return _ROLE_OF_KIND[self.kind]


@dataclass
class _Written:
    """What has been written so far, in pieces."""

    pieces: list[tuple[npt.NDArray[np.generic], ...]] = field(default_factory=list)

    def add(
        self, conversation: Integers, sent: Seconds, kind: Integers | int, speed: Integers, quality: Integers
    ) -> None:
        kinds = np.broadcast_to(np.asarray(kind, dtype=np.int8), sent.shape)
        self.pieces.append((conversation.astype(np.int32), sent, kinds, speed.astype(np.int8), quality.astype(np.int8)))

    def say(self, conversation: Integers, sent: Seconds, kind: Integers | int) -> None:
        none = np.zeros(len(sent), dtype=np.int8)
        self.add(conversation, sent, kind, none, none)


def make_conversations(
    seed: int, scale: float, lines: Lines, buyers: Buyers, sellers: Sellers, products: Products, trained_at: Seconds
) -> tuple[Conversations, Messages]:
    """All conversations, and their messages up to the bulk export."""
    random = stream(seed, "messages")
    conversations = _all_conversations(random, scale, lines, buyers, products)
    written = _Written()
    _write(random, written, conversations, sellers, trained_at)
    return conversations, _in_order(random, written, conversations, buyers)


def _all_conversations(
    random: np.random.Generator, scale: float, lines: Lines, buyers: Buyers, products: Products
) -> Conversations:
    parts = [
        _questions(random, scale, "presale", 1.0, buyers, products),
        _about_orders(random, lines, "order"),
        _about_orders(random, lines, "problem"),
        _about_orders(random, lines, "first"),
        _about_orders(random, lines, "reminder"),
        _questions(random, scale, "spam", 0.006, buyers, products),
    ]
    kinds = np.concatenate(
        [np.full(len(part[0]), KIND[name], dtype=np.int8) for part, name in zip(parts, _OPENINGS, strict=True)]
    )
    buyer, seller, product, order, begins = (np.concatenate(column) for column in zip(*parts, strict=True))
    by_time = np.argsort(begins, kind="stable")
    return Conversations(
        buyer[by_time].astype(np.int32),
        seller[by_time].astype(np.int16),
        product[by_time].astype(np.int16),
        order[by_time].astype(np.int32),
        begins[by_time],
        kinds[by_time],
    )


_OPENINGS = ("presale", "order", "problem", "first", "reminder", "spam")
_Openings = tuple[Integers, Integers, Integers, Integers, Seconds]


def _questions(
    random: np.random.Generator, scale: float, opening: str, share: float, buyers: Buyers, products: Products
) -> _Openings:
    """(buyer, seller, product, order, begins) of conversations about a product that nobody has bought yet."""
    lift = stories.inquiry_lift(DAYS) if opening == "presale" else 1.0
    a_day = random.poisson(QUESTIONS_A_DAY_AT_SCALE_1 * scale * share * message_rhythm() * lift)
    day = np.repeat(np.arange(DAYS, dtype=np.int64), a_day)
    begins = START + day * DAY + time_of_day(random, len(day), BUYER_HOURS)
    product = pick_products(random, products, month_of(begins))
    # The same people come back: low numbers write more often than high ones.
    buyer = (len(buyers.language) * random.random(len(day)) ** 1.5).astype(np.int64)
    return buyer, products.seller[product], product, np.full(len(day), -1), begins


def _about_orders(random: np.random.Generator, lines: Lines, opening: str) -> _Openings:
    """(buyer, seller, product, order, begins) of conversations that an order gives rise to."""
    if opening == "order":
        begins, chance = after(random, lines.ordered, 18.0, 1.0), np.full(len(lines), 0.26)
    elif opening == "problem":
        is_late = lines.delivered > lines.promised
        begins = np.where(is_late, after(random, lines.promised, 20.0, 0.7), after(random, lines.promised, 40.0, 0.8))
        chance = np.where(is_late, 0.38, 0.055) + 0.35 * (lines.returned < NEVER)
    elif opening == "first":
        begins, chance = after(random, lines.paid, 16.0, 0.6), np.full(len(lines), 0.16)
    else:
        night = (lines.delivered + LOCAL_OFFSET) // DAY * DAY - LOCAL_OFFSET + HOUR
        begins, chance = night + 4 * DAY, np.full(len(lines), 0.72)
    if opening in ("order", "problem"):
        chance = chance / (1 + stories.CAMPAIGN_LIFT) * np.where(begins >= stories.CAMPAIGN_BEGINS, 1.25, 1.0)
    if opening != "reminder":
        begins = by_daylight(random, begins)
    last = BULK_EXPORT if opening == "reminder" else END
    happens = (random.random(len(lines)) < chance) & (begins < last) & (begins >= START)
    return (
        lines.buyer[happens],
        lines.seller[happens],
        lines.product[happens],
        lines.order[happens],
        begins[happens],
    )


def _write(
    random: np.random.Generator, written: _Written, talks: Conversations, sellers: Sellers, trained_at: Seconds
) -> None:
    written.say(np.arange(len(talks)), talks.begins, talks.opening.astype(np.int64))
    asked = np.isin(talks.opening, [KIND["presale"], KIND["order"], KIND["problem"]])
    # One in three of those whom a seller wrote to first writes back; that is then a question like any other.
    told = np.flatnonzero(talks.opening == KIND["first"])
    told = told[random.random(len(told)) < 0.33]
    back = by_daylight(random, after(random, talks.begins[told], 3.0, 1.1))
    told, back = told[back < END], back[back < END]
    written.say(told, back, KIND["followup"])
    going: Integers = np.concatenate([np.flatnonzero(asked), told])
    now: Seconds = np.concatenate([talks.begins[asked], back])
    for _ in range(_TURNS):
        answered, replied = _answers(random, written, talks, going, now, sellers, trained_at)
        going, now = _goes_on(random, written, answered, replied)


def _answers(
    random: np.random.Generator,
    written: _Written,
    talks: Conversations,
    going: Integers,
    asked: Seconds,
    sellers: Sellers,
    trained_at: Seconds,
) -> tuple[Integers, Seconds]:
    """Write what follows a buyer's turn that began at `asked`; give the conversations answered, and when."""
    seller = talks.seller[going]
    adds = random.random(len(going)) < 0.11
    added = asked + random.integers(20, 300, len(going))
    written.say(going[adds & (added < END)], added[adds & (added < END)], KIND["followup"])
    automatic = (sellers.answering[seller] < -0.55) & (random.random(len(going)) < 0.35)
    prompt = asked[automatic] + random.integers(2, 15, int(automatic.sum()))
    written.say(going[automatic], prompt, KIND["autoreply"])

    log_odds, factor = stories.response_shift(seller, asked, trained_at)
    answers = random.random(len(going)) < 1 / (1 + np.exp(-(2.75 + log_odds + sellers.answering[seller])))
    hours = 6.0 * sellers.median_hours[seller] * factor
    reply = np.maximum(by_daylight(random, after(random, asked, hours, 1.15)), added + 30)
    reminded, late_reply = _nudges(random, written, going, asked, ~answers)
    reply = np.where(answers, reply, late_reply)
    done = (answers | reminded) & (reply < BULK_EXPORT)
    going, asked, reply, seller = going[done], asked[done], reply[done], seller[done]
    speed, quality = _votes(random, seller, (reply - asked) / HOUR, sellers)
    written.add(going, reply, KIND["reply"], speed, quality)
    more = (random.random(len(going)) < 0.1) & (reply + 240 < BULK_EXPORT)
    written.say(going[more], reply[more] + random.integers(20, 240, int(more.sum())), KIND["reply"])
    return going, reply


def _nudges(
    random: np.random.Generator, written: _Written, going: Integers, asked: Seconds, ignored: Booleans
) -> tuple[Booleans, Seconds]:
    """Buyers without an answer ask again; some are answered then, and sometimes the marketplace steps in."""
    nudge = by_daylight(random, after(random, asked, 44.0, 0.5))
    nudges = ignored & (random.random(len(going)) < 0.3) & (nudge < END)
    written.say(going[nudges], nudge[nudges], KIND["nudge"])
    step_in = nudges & (random.random(len(going)) < 0.12) & (nudge + DAY < END)
    written.say(going[step_in], nudge[step_in] + 5 * HOUR, KIND["staff"])
    reminded = nudges & (random.random(len(going)) < 0.35)
    return reminded, by_daylight(random, after(random, nudge, 9.0, 0.8))


def _votes(
    random: np.random.Generator, seller: npt.NDArray[np.int16], hours: Floats, sellers: Sellers
) -> tuple[Integers, Integers]:
    """(speed, quality) votes of 1–5 on one answer in eleven, 0 on the others."""
    votes = random.random(len(seller)) < 0.09
    felt_speed = 5.15 - 0.5 * np.log2(1 + hours / 3) + 0.6 * random.standard_normal(len(seller))
    kindness = 4.3 + 0.9 * sellers.quality[seller] + 0.22 * sellers.answering[seller] + 0.6 * (seller == CLIMBER)
    felt_quality = kindness + 0.65 * random.standard_normal(len(seller))
    speed = np.clip(np.round(felt_speed), 1, 5).astype(np.int64)
    return np.where(votes, speed, 0), np.where(votes, np.clip(np.round(felt_quality), 1, 5).astype(np.int64), 0)


def _goes_on(
    random: np.random.Generator, written: _Written, answered: Integers, replied: Seconds
) -> tuple[Integers, Seconds]:
    """After an answer buyers say thanks, ask on, or leave it; give the conversations that go on, and when."""
    mood = random.random(len(answered))
    now = by_daylight(random, after(random, replied, 2.2, 1.2))
    in_time = now < END
    thanks = (mood < 0.24) & in_time
    written.say(answered[thanks], now[thanks], KIND["thanks"])
    welcomes = thanks & (random.random(len(answered)) < 0.2) & (now + 3 * HOUR < END)
    written.say(answered[welcomes], now[welcomes] + random.integers(60, 3 * HOUR, int(welcomes.sum())), KIND["welcome"])
    asks = (mood >= 0.24) & (mood < 0.62) & in_time
    kind = np.where(random.random(len(answered)) < 0.06, KIND["thanks_problem"], KIND["followup"])
    written.say(answered[asks], now[asks], kind[asks])
    return answered[asks], now[asks]


def _in_order(random: np.random.Generator, written: _Written, talks: Conversations, buyers: Buyers) -> Messages:
    conversation, sent, kind, speed, quality = (np.concatenate(column) for column in zip(*written.pieces, strict=True))
    written.pieces.clear()
    body = body_pool().draw(random, buyers.language[talks.buyer[conversation]], kind.astype(np.int64)).astype(np.int32)
    # An impatient finger sends one message in 280 twice.
    twice = np.flatnonzero((random.random(len(sent)) < 1 / 280) & (_ROLE_OF_KIND[kind] <= _SELLER))
    again = sent[twice] + random.integers(1, 45, len(twice))
    twice, again = twice[again < BULK_EXPORT], again[again < BULK_EXPORT]
    sent = np.concatenate([sent, again])
    rows = np.concatenate([np.arange(len(body)), twice])
    none = np.zeros(len(twice), dtype=np.int8)
    speed, quality = np.concatenate([speed, none]), np.concatenate([quality, none])
    by_time = np.lexsort((rows, sent))
    rows = rows[by_time]
    return Messages(conversation[rows], sent[by_time], kind[rows], body[rows], speed[by_time], quality[by_time])
