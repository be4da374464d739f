"""Puts one seller's statement together from the period's facts.

What belongs here: the head and the foot of the page, the order of its parts, and the digest that seals it. The parts
are `part.py`'s, `royalty.py`'s, `why.py`'s and `scorecard.py`'s; the queries `reading.py`'s, the page's look the
template's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace

from pipeline.figures.graphemes import clusters
from pipeline.figures.numbers import instant, money, name, printed_in, safe
from pipeline.settings import Office
from pipeline.statements.model import Statement, as_json
from pipeline.statements.naming import file_stems
from pipeline.statements.reading import Facts
from pipeline.statements.royalty import account_of, conditions, message, payout_of, reckoning
from pipeline.statements.scorecard import scorecard, standing
from pipeline.statements.why import pools_of, what_if

LONGEST_NAME, LONGEST_ID = 90, 60
LONGEST_WORD = 24
DIGEST_SHOWN = 16
ZERO_WIDTH_SPACE = "\u200b"


def statements_of(facts: Facts, office: Office, *, is_draft: bool) -> Callable[[str], Statement]:
    """A function from a seller's id to the statement. What all sellers share is made once, here.

    It raises DoesNotAddUp when a seller's published rows do not.
    """
    pools = pools_of(facts)
    stems = file_stems(facts.royalties)

    @printed_in(office.locale)
    def statement(seller_id: str) -> Statement:
        rows = facts.royalties[seller_id]
        account = account_of(rows)
        made = Statement(
            seller_id=seller_id,
            file_stem=stems[seller_id],
            payout=payout_of(account, facts.currency),
            title=f"{safe(office.brand, 40)} royalty statement {facts.period.id}: {_called(facts, seller_id)}",
            office=safe(office.name, 80),
            running=f"{safe(office.brand, 40)} {safe(office.code, 20)}",
            accent=office.accent,
            as_of_iso=f"{facts.as_of:%Y-%m-%d}",
            is_draft=is_draft,
            seller=breakable(_called(facts, seller_id)),
            seller_line=breakable(_id_line(facts, seller_id)),
            period_label=facts.period.label,
            amount=money(account.payout),
            currency=facts.currency,
            message=message(facts, rows, account),
            reckoning=reckoning(facts, rows, account),
            conditions=conditions(facts, rows[-1]),
            what_if=what_if(facts, pools, rows),
            scorecard=scorecard(facts, seller_id),
            standing=standing(facts, seller_id),
            footer=_footer(facts, office),
        )
        return replace(made, digest=hashlib.sha256(as_json(made).encode()).hexdigest()[:DIGEST_SHOWN])

    return statement


def breakable(text: str) -> str:
    """The text with places to break inside words that are longer than a line has room for."""
    return re.sub(rf"\S{{{LONGEST_WORD + 1},}}", _broken, text)


def _broken(word: re.Match[str]) -> str:
    seen = list(clusters(word[0]))
    return ZERO_WIDTH_SPACE.join("".join(seen[at : at + LONGEST_WORD]) for at in range(0, len(seen), LONGEST_WORD))


def _called(facts: Facts, seller_id: str) -> str:
    return name(facts.names.get(seller_id) or seller_id, LONGEST_NAME)


def _id_line(facts: Facts, seller_id: str) -> str:
    """The id under the name; nothing where it stands above already."""
    shown = safe(seller_id, LONGEST_ID)
    return "" if shown == _called(facts, seller_id) else f"Seller {shown}"


def _footer(facts: Facts, office: Office) -> tuple[str, ...]:
    last, paid = list(facts.paid.items())[-1]
    closing = f"closed {instant(paid.closed_as_of, office.zone)}" if paid.closed_as_of else "not closed yet"
    return (
        f"Edition {facts.as_of_day:%Y-%m-%d} · as of {instant(facts.as_of, office.zone)} {office.time_zone} · "
        f"{last} {closing} · figures {facts.fingerprint[:DIGEST_SHOWN]}",
        f"You do not agree with a figure? Write to {safe(office.owners.royalties, 60)}, {safe(office.name, 80)}, "
        "with your seller id, the period and the number of this statement.",
    )
