"""The sentences of page 1 below its headline: what else changed, and what someone must decide.

What belongs here: the rules that find them, in the order in which they are printed. Every rule rests on a test: a
target missed, a move beyond noise, a count above zero. The wording of a move is `wording.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from pipeline.figures.customers import category_shifts, entity_name
from pipeline.figures.messages import path_clause, quarter_to_date
from pipeline.figures.model import Sentence
from pipeline.figures.noise import Move, Shift, move_of
from pipeline.figures.numbers import (
    capital,
    count,
    digits_beside,
    goal,
    listed,
    plural,
    scale_of,
    show,
    spelled,
    with_unit,
)
from pipeline.figures.published import Published, Value
from pipeline.figures.steps import steps_of_shares
from pipeline.figures.wording import move_sentence, period_name, scale_for, spoken, state_sentence
from pipeline.settings import Office

MOST_CATEGORIES = 3
FEWEST_REVIEWS = 10
#: How many cases a seller must have before its part in a shortfall is spoken of.
FEWEST_CASES = 10
LARGE_PART = 0.25  # of all unanswered inquiries: from here on the seller is named


def owner_of(office: Office, area: str) -> str:
    return str(getattr(office.owners, area, "") or capital(area))


def what_changed(published: Published, moves: list[Move], others: list[str]) -> list[Sentence]:
    """Figures beyond noise other than the headline's, categories and sellers out of their usual, the quarter's
    messages.

    `others` are the metrics of the page other than the headline's.
    """
    found = [Sentence(move_sentence(published, move, with_target=False), "moved beyond noise") for move in moves]
    shifted = category_shifts(published)
    for side, is_rise in (("below", False), ("above", True)):
        several = [shift for shift in shifted if shift.is_rise == is_rise]
        if several:
            found.append(Sentence(_categories_sentence(published, several, side), "categories outside their usual"))
    steps = steps_of_shares(published, "review_response_48h", "seller", FEWEST_REVIEWS)
    if steps:
        found.append(Sentence(seller_sentence(published, *steps[0]), "seller's share stepped"))
    told = {move.metric.metric for move in moves}
    for metric in others:
        move = move_of(published, metric)
        if move and move.is_outside and metric not in told and not move.is_beyond_noise:
            found.append(Sentence(state_sentence(published, metric, with_target=False), "outside its usual"))
    quarter = quarter_to_date(published)
    if quarter:
        found.append(Sentence(f"{capital(path_clause(quarter))}.", "messages against the path"))
    return found


def what_to_decide(published: Published, office: Office, moves: list[Move], areas: dict[str, str]) -> list[Sentence]:
    """Missed targets, figures worse beyond noise, categories that fell, unanswered inquiries, messages behind the path.

    `moves` are those beyond noise, the headline's included; `areas` gives each metric's area of responsibility.
    """
    found: list[Sentence] = []
    for metric, area in areas.items():
        value = published.at(metric)
        if value and value.value is not None and value.rag in ("red", "amber"):
            found.append(Sentence(target_action(published, metric, value), "target missed", owner_of(office, area)))
    for move in moves:
        if move.is_good is False and move.now.rag not in ("red", "amber"):
            scale = scale_for(published, move.metric.metric)
            step = f"{'rise' if move.is_rise else 'fall'} to {with_unit(move.now.value, scale)}"
            text = f"{spoken(published, move.metric.metric)}: find what stands behind the {step}."
            found.append(Sentence(text, "worse beyond noise", owner_of(office, areas[move.metric.metric])))
    fallen = [shift for shift in category_shifts(published) if not shift.is_rise]
    if fallen:
        found.append(
            Sentence(_review(published, fallen), "categories below their usual", owner_of(office, "customers"))
        )
    unanswered = published.at("unanswered_inquiries")
    if unanswered and unanswered.value:
        text = f"Send reminders for {unanswered_phrase(published, int(unanswered.value))}."
        found.append(Sentence(text, "inquiries unanswered", owner_of(office, "messages")))
    quarter = quarter_to_date(published)
    if quarter and quarter.target and quarter.total < quarter.path(quarter.months[-1]):
        text = f"Decide what brings messages to their target: {path_clause(quarter)}."
        found.append(Sentence(text, "messages behind the path", owner_of(office, "messages")))
    return found


def _category_name(published: Published, shift: Shift) -> str:
    return entity_name(published, "category", shift.entity_id)


def _categories_sentence(published: Published, found: list[Shift], side: str) -> str:
    """`Two categories are rated below their usual: Toys at 3.62 stars (usual 4.05 to 4.41), …`"""
    scale = scale_of("stars", published.run.currency)
    clauses = []
    for shift in found[:MOST_CATEGORIES]:
        usual = shift.limits.within("stars")
        clauses.append(
            f"{_category_name(published, shift)} at {show(shift.now.value, scale)} "
            f"(usual {show(usual.low, scale)} to {show(usual.high, scale)})"
        )
    rest = len(found) - len(clauses)
    if rest:
        clauses.append(f"{count(rest)} more")
    verb = "is" if len(found) == 1 else "are"
    whose = "its" if len(found) == 1 else "their"
    return f"{spelled(len(found), 'category', 'categories')} {verb} rated {side} {whose} usual: {', '.join(clauses)}."


def _review(published: Published, fallen: list[Shift]) -> str:
    """What to do about categories below their usual."""
    names = listed(_category_name(published, shift) for shift in fallen[:MOST_CATEGORIES])
    if len(fallen) > 1:
        several = spelled(len(fallen), "category", "categories").lower()
        return f"Review {names} with their sellers: {several} rated below their usual."
    scale, usual = scale_of("stars", ""), fallen[0].limits.within("stars")
    return (
        f"Review {names} with its sellers: rated {with_unit(fallen[0].now.value, scale)}, below its usual "
        f"{show(usual.low, scale)} to {show(usual.high, scale)}."
    )


def seller_sentence(published: Published, seller_id: str, now: Value, before: Value) -> str:
    scale = scale_of("share", "")
    return (
        f"{entity_name(published, 'seller', seller_id)} answered {with_unit(now.value, scale)} of "
        f"{plural(now.denominator or 0, 'review')} within 48 h, after {with_unit(before.value, scale)} of "
        f"{count(before.denominator or 0)} in {period_name(published, before.period_id)}."
    )


def unanswered_phrase(published: Published, total: int) -> str:
    """`878 inquiries unanswered after 48 hours, 357 of them at one seller, …`."""
    text = f"{plural(total, 'inquiry', 'inquiries')} unanswered after 48 hours"
    by_seller = published.entities("unanswered_inquiries", "seller")
    most = max(by_seller, key=lambda key: (by_seller[key].value or 0, key), default=None)
    if most is None or (by_seller[most].value or 0) < LARGE_PART * total:
        return text
    return f"{text}, {count(by_seller[most].value or 0)} of them at {entity_name(published, 'seller', most)}"


def target_action(published: Published, metric: str, value: Value) -> str:
    """What a missed target wants, by how many cases it was missed, and whether one seller's make the difference."""
    assert value.value is not None and value.target is not None
    scale = scale_for(published, metric)
    digits = digits_beside(value.value, value.target, scale)
    text = (
        f"{spoken(published, metric)}: decide how to get from "
        f"{with_unit(value.value, scale, digits=digits)} to the target of {goal(value.target, scale)}"
    )
    missing = short_of(value)
    if missing:
        in_time = " in time" if metric.endswith("_48h") else ""
        text += f"; {count(missing)} more of {count(value.denominator or 0)}{in_time} would have met it"
    without = without_one_seller(published, metric, value)
    if without is None or without.share < value.target:
        return f"{text}."
    late = without.own_denominator - without.own_numerator
    return (
        f"{text}. Without {entity_name(published, 'seller', without.seller_id)}, late in {count(late)} of "
        f"{count(without.own_denominator)}, it would be {with_unit(without.share, scale)}: begin there."
    )


@dataclass(frozen=True)
class Without:
    """A share as it would be without one seller's cases: arithmetic, not a forecast."""

    seller_id: str
    numerator: int
    denominator: int
    own_numerator: int
    own_denominator: int

    @property
    def share(self) -> float:
        return self.numerator / self.denominator


def without_one_seller(published: Published, metric: str, total: Value) -> Without | None:
    """The seller without whose cases a share would be highest; None where the share has no sellers."""
    if total.numerator is None or not total.denominator or published.metric(metric).unit != "share":
        return None
    found = [
        Without(
            seller, total.numerator - own.numerator, total.denominator - own.denominator, own.numerator, own.denominator
        )
        for seller, own in published.entities(metric, "seller").items()
        if own.value is not None and own.numerator is not None and own.denominator is not None
        if FEWEST_CASES <= own.denominator < total.denominator
    ]
    return max(found, key=lambda without: (without.share, without.seller_id), default=None)


def short_of(value: Value) -> int:
    """How many cases more would have met a share's target; 0 when it is no share."""
    if value.numerator is None or value.denominator is None:
        return 0
    wanted = Decimal(repr(value.target)) * value.denominator
    return max(0, int((wanted - value.numerator).to_integral_value(ROUND_CEILING)))
