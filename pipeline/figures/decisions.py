"""The sentences of page 1 below its headline: what else changed, and what someone must decide.

What belongs here: the rules that find them, in the order in which they are printed. Every rule rests on a test: a target
missed, a move beyond noise, intervals apart, a count above zero. The wording of a move is `wording.py`'s.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from pipeline.figures.customers import category_moves, entity_name
from pipeline.figures.messages import path_clause, quarter_to_date
from pipeline.figures.model import Sentence
from pipeline.figures.noise import Move
from pipeline.figures.numbers import capital, count, digits_beside, goal, listed, plural, scale_of, show, with_unit
from pipeline.figures.published import Published, Value
from pipeline.figures.wording import in_sentence, move_sentence, scale_for
from pipeline.settings import Office

MOST_CATEGORIES = 3


def owner_of(office: Office, area: str) -> str:
    return str(getattr(office.owners, area, "") or capital(area))


def what_changed(published: Published, moves: list[Move]) -> list[Sentence]:
    """Figures beyond noise other than the headline's, categories whose rating moved, the quarter's messages."""
    found = [Sentence(move_sentence(published, move, with_target=False), "moved beyond noise") for move in moves]
    moved = category_moves(published)
    for verb, is_rise in (("fell", False), ("rose", True)):
        several = [row for row in moved if _is_rise(row) == is_rise]
        if several:
            found.append(Sentence(_categories_sentence(published, several, verb), "categories moved, intervals apart"))
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
            found.append(Sentence(_target_action(published, metric, value), "target missed", owner_of(office, area)))
    for move in moves:
        if move.is_good is False and move.now.rag not in ("red", "amber"):
            step = "rise" if move.is_rise else "fall"
            text = f"Find what stands behind the {step} in {in_sentence(move.metric.title)}."
            found.append(Sentence(text, "worse beyond noise", owner_of(office, areas[move.metric.metric])))
    fallen = [row for row in category_moves(published) if not _is_rise(row)]
    if fallen:
        names = listed(_category_name(published, row[0]) for row in fallen[:MOST_CATEGORIES])
        text = f"Review {names} with the sellers of the category; its rating fell beyond its interval."
        if len(fallen) > 1:
            text = f"Review {names} with their sellers; {count(len(fallen))} categories' ratings fell beyond their intervals."
        found.append(Sentence(text, "categories fell, intervals apart", owner_of(office, "customers")))
    unanswered = published.at("unanswered_inquiries")
    if unanswered and unanswered.value:
        text = f"Send reminders for {plural(int(unanswered.value), 'inquiry', 'inquiries')} unanswered after 48 hours."
        found.append(Sentence(text, "inquiries unanswered", owner_of(office, "messages")))
    quarter = quarter_to_date(published)
    if quarter and quarter.target and quarter.total < quarter.path(quarter.months[-1]):
        text = f"Decide what brings messages to their target: {path_clause(quarter)}."
        found.append(Sentence(text, "messages behind the path", owner_of(office, "messages")))
    return found


def _is_rise(row: tuple[str, Value, Value]) -> bool:
    return (row[1].value or 0.0) > (row[2].value or 0.0)


def _category_name(published: Published, key: str) -> str:
    return entity_name(published, "category", key)


def _categories_sentence(published: Published, rows: list[tuple[str, Value, Value]], verb: str) -> str:
    """`Ratings fell in 2 categories: Electronics to 3.62 stars from 4.27, Toys to 4.02 from 4.31.`"""
    scale = scale_of("stars", published.run.currency)
    clauses = [
        f"{_category_name(published, key)} to {show(now.value, scale)} from {show(before.value, scale)}"
        for key, now, before in rows[:MOST_CATEGORIES]
    ]
    rest = len(rows) - len(clauses)
    if rest:
        clauses.append(f"{count(rest)} more")
    return f"Ratings {verb} in {plural(len(rows), 'category', 'categories')}: {', '.join(clauses)}."


def _target_action(published: Published, metric: str, value: Value) -> str:
    assert value.value is not None and value.target is not None
    scale = scale_for(published, metric, [value])
    digits = digits_beside(value.value, value.target, scale)
    text = (
        f"Decide how to bring {in_sentence(published.metric(metric).title)} from "
        f"{with_unit(value.value, scale, digits=digits)} to the target of {goal(value.target, scale)}"
    )
    missing = _short_of(value)
    if missing:
        text += f": {count(missing)} more of {count(value.denominator or 0)} in time would have met it"
    return f"{text}."


def _short_of(value: Value) -> int:
    """How many cases more would have met a share's target; 0 when it is no share."""
    if value.numerator is None or value.denominator is None:
        return 0
    wanted = Decimal(repr(value.target)) * value.denominator
    return max(0, int((wanted - value.numerator).to_integral_value(ROUND_CEILING)))
