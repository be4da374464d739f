"""The money on a statement: the account from the part of the pool to the payout, and the sentence that opens the page.

What belongs here: which published numbers make up a payout, in which order, and their wording. Nothing is reckoned
anew but sums; what does not add up to the cent is refused. How the part came about is worded in `part.py`, what would
have been in `why.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.figures.numbers import count, listed, money, number, plural
from pipeline.periods import parse
from pipeline.statements.model import Condition, Kind, Line, Payout, Reckoning, Status
from pipeline.statements.part import NOT_KNOWN, cap_words, part_by_period, part_explained
from pipeline.statements.reading import Facts, Row

CORRECTIONS_NAMED = 3


class DoesNotAddUp(Exception):
    """The published rows of a seller do not sum to the payout: nothing may be printed."""


@dataclass(frozen=True)
class Account:
    """A seller's account over the paid periods of the statement, in cents."""

    opening: int
    allocation: int
    adjustment: int
    payout: int
    closing: int

    @property
    def status(self) -> Status:
        if self.payout:
            return "paid"
        return "held" if self.closing > 0 else "overpaid" if self.closing < 0 else "nothing"


def account_of(rows: Sequence[Row]) -> Account:
    """The account from the first paid period's opening to the last one's closing. Raises DoesNotAddUp."""
    running = opening = rows[0]["opening_held_cents"] + rows[0]["opening_overpaid_cents"]
    for row in rows:
        if running != row["opening_held_cents"] + row["opening_overpaid_cents"]:
            raise DoesNotAddUp(f"{row['period_id']} does not open with what was carried into it")
        running += row["allocation_cents"] + row["adjustment_cents"] - row["payout_cents"]
        if running != row["closing_held_cents"] + row["closing_overpaid_cents"]:
            raise DoesNotAddUp(f"the account of {row['period_id']} does not add up")
    return Account(
        opening,
        allocation=sum(row["allocation_cents"] for row in rows),
        adjustment=sum(row["adjustment_cents"] for row in rows),
        payout=sum(row["payout_cents"] for row in rows),
        closing=running,
    )


def payout_of(account: Account, currency: str) -> Payout:
    return Payout(account.payout, currency, account.status)


def reckoning(facts: Facts, rows: Sequence[Row], account: Account) -> Reckoning:
    """Line by line from net sales to what is carried on: one paid period with its formulas, or several side by side."""
    if len(facts.paid) == 1:
        part = part_explained(facts, rows[0])
        columns: tuple[str, ...] = ("Factor", facts.currency)
    else:
        part = part_by_period(facts, rows)
        columns = (*facts.paid, facts.period.id)
    return Reckoning(columns, part, _account_lines(facts, rows, account), _notes(facts, rows))


def _account_lines(facts: Facts, rows: Sequence[Row], account: Account) -> tuple[Line, ...]:
    """Part + brought forward + corrections = balance = payout + carried on; all of it, also where it is 0."""
    opening = ("opening_held_cents", "opening_overpaid_cents")
    closing = ("closing_held_cents", "closing_overpaid_cents")
    by_period = {row["period_id"]: row for row in rows}

    def line(label: str, cents: int, columns: Sequence[str], how: str = "", kind: Kind = "") -> Line:
        if len(facts.paid) == 1:
            return Line(label, ("", money(cents)), how, kind)
        numbers = [
            money(sum(by_period[paid][column] for column in columns)) if paid in by_period else ""
            for paid in facts.paid
        ]
        return Line(label, (*numbers, money(cents)), kind=kind)

    lowest = money(rows[-1]["minimum_payout_cents"] or 0, facts.currency)
    paid_how = "The whole balance" if account.payout else f"Balances are paid from {lowest} on"
    carried = _balance_word(account.closing, "for the next closing")
    return (
        line("+ Brought forward", account.opening, opening, _balance_word(account.opening, "from earlier")),
        line("+ Corrections of earlier periods", account.adjustment, ("adjustment_cents",), _corrections(facts, rows)),
        line("= Balance", account.payout + account.closing, ("payout_cents", *closing), kind="sum"),
        line("Payout", account.payout, ("payout_cents",), paid_how, kind="total"),
        line("Carried on", account.closing, closing, carried),
    )


def _balance_word(cents: int, when: str) -> str:
    return f"Held {when}" if cents > 0 else "Overpaid, set against later royalties" if cents < 0 else ""


def _corrections(facts: Facts, rows: Sequence[Row]) -> str:
    """Which earlier periods late rows have changed, the latest named."""
    found = facts.corrections.get(rows[0]["seller_id"], [])
    named = [f"{period_id} {number(Decimal(cents) / 100, 2, signed=True)}" for period_id, cents in found]
    if len(named) > CORRECTIONS_NAMED:
        rest = sum(cents for _, cents in found[:-CORRECTIONS_NAMED])
        more = plural(len(named) - CORRECTIONS_NAMED, "period")
        return f"{', '.join(named[-CORRECTIONS_NAMED:])}; {more} before {number(Decimal(rest) / 100, 2, signed=True)}"
    return ", ".join(named)


def _notes(facts: Facts, rows: Sequence[Row]) -> tuple[str, ...]:
    """What the reader must know beside the lines: provisional, corrected since, refunds carried on."""
    notes = []
    if any(row["closed_as_of"] is None and row["reason"] != NOT_KNOWN for row in rows):
        notes.append("Provisional: the period is not closed, and nothing is posted.")
    if facts.as_of_day < facts.period.end or len(facts.paid) < _paid_periods_in(facts):
        notes.append(f"So far: {listed(facts.paid)} of {facts.period.id}.")
    later = sum(row["adjusted_later_cents"] for row in rows)
    due = sum(row["adjustment_due_cents"] for row in rows)
    if later:
        notes.append(
            f"Since corrected by {number(Decimal(later) / 100, 2, signed=True)} {facts.currency} in later closings."
        )
    if due:
        notes.append(
            f"Late rows change your part by {number(Decimal(due) / 100, 2, signed=True)} {facts.currency}; that is "
            "settled when the next period closes."
        )
    if debit := rows[-1]["closing_debit_cents"]:
        notes.append(f"Refunds of {money(-debit, facts.currency)} above your sales are set against the next net sales.")
    return tuple(notes)


def _paid_periods_in(facts: Facts) -> int:
    return 3 if facts.period.type == "quarter" and "-Q" not in next(iter(facts.paid)) else 1


def conditions(facts: Facts, row: Row) -> tuple[Condition, ...]:
    """The three conditions of taking part in the last paid period, when one was not met."""
    if not row["reason"]:
        return ()
    if row["reason"] == NOT_KNOWN:
        return (Condition("Known when the period was closed", "no", "its rows came later"),)
    ratings, least = row["rating_count"], row["minimum_ratings"]
    net = row["net_sales_cents"] + row["opening_debit_cents"]
    good = row["is_in_good_standing"]
    short = max(0, least - ratings)
    return (
        Condition("Net sales above zero, earlier refunds set off", money(net, facts.currency), _more_sales(facts, net)),
        Condition(
            f"{plural(least, 'rating')} or more in the 12 months to {facts.period.end:%Y-%m-%d}",
            count(ratings),
            f"{plural(short, 'rating')} more" if short else "",
        ),
        Condition("Account in good standing", "yes" if good else "no", "" if good else "an active account"),
    )


def _more_sales(facts: Facts, net_cents: int) -> str:
    return "" if net_cents > 0 else f"more than {money(-net_cents, facts.currency)} of sales" if net_cents else "a sale"


def message(facts: Facts, rows: Sequence[Row], account: Account) -> str:
    """The sentence under the amount: what it is made of, or why there is none."""
    currency, last = facts.currency, rows[-1]
    balance = _balance_clause(facts, account, last)
    if not account.allocation:
        return f"{_no_part(facts, rows)}{balance}"
    text = f"Your part of the pool of {money(sum(row['pool_cents'] for row in rows), currency)} is "
    text += money(account.allocation, currency)
    if len(facts.paid) == 1:
        takers = plural(facts.paid[last["period_id"]].takers, "seller")
        text += f", rank {count(last['rank'])} of {takers} taking part"
        text += f", {cap_words(last)}" if last["is_capped"] else ""
    return f"{text}{balance}"


def _no_part(facts: Facts, rows: Sequence[Row]) -> str:
    row = rows[-1]
    label = parse(row["period_id"], facts.period.fiscal_year_start_month).label
    reasons = {
        "too_few_ratings": f"{plural(row['rating_count'], 'rating')} in the last twelve months, and "
        f"{row['minimum_ratings']} are needed",
        "no_net_sales": "no net sales in the period",
        "not_in_good_standing": "the account was not in good standing",
        NOT_KNOWN: "none of your rows were known when the period was closed",
        None: "the pool was empty, or your weight is too small for a cent of it",
    }
    if len(facts.paid) == 1:
        return f"You have no part in the pool of {label}: {reasons[row['reason']]}"
    return f"You have no part in the pools of {facts.period.label}; in {label}: {reasons[row['reason']]}"


def _balance_clause(facts: Facts, account: Account, last: Row) -> str:
    """`, and it is paid in full.` and its likes: where part, balance and corrections went."""
    others = []
    if account.opening > 0:
        others.append(f"{money(account.opening, facts.currency)} held from earlier")
    if account.adjustment > 0:
        others.append(f"{money(account.adjustment, facts.currency)} of corrections")
    less = []
    if account.opening < 0:
        less.append(f"{money(-account.opening, facts.currency)} overpaid earlier")
    if account.adjustment < 0:
        less.append(f"{money(-account.adjustment, facts.currency)} of corrections")
    with_others = (f" with {listed(others)}" if others else "") + (f" less {listed(less)}" if less else "")
    if account.closing < 0:
        return f"; {money(-account.closing, facts.currency)} stays overpaid and is set against later royalties."
    if account.payout and not account.closing:
        if not account.allocation:
            return f"; paid is the balance:{with_others}."
        return f"; it is paid{with_others}." if with_others else "; it is paid in full."
    if account.closing > 0:
        lowest = money(last["minimum_payout_cents"] or 0, facts.currency)
        held = money(account.closing, facts.currency)
        return f"; {held} is held until the balance reaches {lowest}."
    return "."
