"""Messages as their Parquet files have them: row groups with exactly the contract's columns, made one at a time.

What belongs here: ids, flags and texts of messages, and the few rows that nobody should believe.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pyarrow as pa

from pipeline.sample.clock import DAY, Integers
from pipeline.sample.conversations import ROLES, Conversations, Messages
from pipeline.sample.views import ident, product_ident, seller_ident
from pipeline.sample.wording import KIND, body_pool

_ROW_GROUP = 262_144
#: Votes come within this time of the message; an export that is younger has none of them.
_VOTES_AFTER = 3 * DAY

SCHEMA = pa.schema(
    [
        *((name, pa.large_string()) for name in ("message_id", "conversation_id", "sender_id", "sender_role")),
        ("recipient_id", pa.large_string()),
        ("sent_at", pa.timestamp("us", tz="UTC")),
        *((name, pa.large_string()) for name in ("order_id", "product_id")),
        ("body", pa.dictionary(pa.int32(), pa.string())),
        *((name, pa.bool_()) for name in ("is_automated", "is_spam", "needs_response")),
        *((name, pa.int32()) for name in ("speed_vote", "quality_vote")),
    ]
)


def message_groups(
    talks: Conversations, messages: Messages, rows: Integers, known: int, broken: bool = False
) -> Iterator[pa.Table]:
    """The messages at those positions, as known then; with `broken`, a last group of odd rows."""
    for first in range(0, len(rows), _ROW_GROUP):
        yield _group(talks, messages, rows[first : first + _ROW_GROUP], known)
    if broken and len(rows) > len(_ODDITIES):
        yield _odd_group(_group(talks, messages, rows[-len(_ODDITIES) :], known))


def _group(talks: Conversations, messages: Messages, rows: Integers, known: int) -> pa.Table:
    talk, kind, sent = messages.conversation[rows], messages.kind[rows], messages.sent[rows]
    voted = sent < known - _VOTES_AFTER
    frame = pl.DataFrame(
        {
            "number": rows, "talk": talk, "sent": sent, "kind": kind, "role": messages.role[rows],
            "buyer": talks.buyer[talk], "seller": talks.seller[talk],
            "order": talks.order[talk], "product": talks.product[talk],
            "speed": np.where(voted, messages.speed_vote[rows], 0),
            "quality": np.where(voted, messages.quality_vote[rows], 0),
        }
    )  # fmt: skip
    kinds = pl.col("kind")
    buyer, seller = ident("B", pl.col("buyer")), seller_ident("seller")
    by_role = pl.col("role").replace_strict(dict(enumerate(ROLES)), return_dtype=pl.String)
    table = frame.select(
        message_id=ident("M", pl.col("number"), 8),
        conversation_id=ident("C", pl.col("talk"), 8),
        sender_id=pl.when(by_role == "buyer")
        .then(buyer)
        .when(by_role == "seller")
        .then(seller)
        .when(by_role == "staff")
        .then(pl.lit("STAFF-1"))
        .otherwise(pl.lit("SYSTEM")),
        sender_role=by_role,
        recipient_id=pl.when(by_role == "buyer").then(seller).otherwise(buyer),
        sent_at=pl.from_epoch("sent", time_unit="s").cast(pl.Datetime("us", "UTC")),
        order_id=ident("O", pl.col("order")),
        product_id=product_ident("product"),
        body=pl.lit(None, dtype=pl.String),
        is_automated=kinds.is_in([KIND["reminder"], KIND["autoreply"]]),
        is_spam=kinds == KIND["spam"],
        # The seller marks one thank-you in twenty-nine as needing no answer; nobody else ever says.
        needs_response=pl.when((kinds == KIND["thanks"]) & (pl.col("number") % 29 == 0)).then(pl.lit(False)),
        speed_vote=pl.when(pl.col("speed") > 0).then(pl.col("speed").cast(pl.Int32)),
        quality_vote=pl.when(pl.col("quality") > 0).then(pl.col("quality").cast(pl.Int32)),
    ).to_arrow(compat_level=pl.CompatLevel.oldest())
    texts = pa.array(body_pool().texts, type=pa.string())
    body = pa.DictionaryArray.from_arrays(pa.array(messages.body[rows], type=pa.int32()), texts)
    return table.set_column(SCHEMA.get_field_index("body"), "body", body).cast(SCHEMA)


#: Three rows that must be rejected, and three notes that sellers sent to themselves: odd, but taken in and counted.
_ODDITIES: tuple[dict[str, object], ...] = (
    {"message_id": "M90000001", "sender_role": "bot"},
    {"message_id": ""},
    {"message_id": "M90000003", "speed_vote": 9},
    {"message_id": "M90000004", "sender_id": "S0011", "sender_role": "seller", "recipient_id": "S0011"},
    {"message_id": "M90000005", "sender_id": "S0042", "sender_role": "seller", "recipient_id": "S0042"},
    {"message_id": "M90000006", "sender_id": "S0042", "sender_role": "seller", "recipient_id": "S0042"},
)
REJECTED_MESSAGES = 3


def _odd_group(like: pa.Table) -> pa.Table:
    rows = [{**row, **odd} for row, odd in zip(like.to_pylist(), _ODDITIES, strict=True)]
    return pa.Table.from_pylist(rows, schema=SCHEMA)
