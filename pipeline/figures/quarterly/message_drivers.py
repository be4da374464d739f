"""What a quarter's messages are made of: what counts, and the change from the quarter before in parts that sum to it.

What belongs here: the decompositions and their tables. METRICS.md A20: messages that name an order are orders × reach ×
messages each; the change of that product is shared out by logarithmic means (Ang 2004, LMDI-I), which leaves no rest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.figures.measures import change_cell, value_cell
from pipeline.figures.model import MISSING_TEXT, Cell, Column, Row, Step, Table
from pipeline.figures.numbers import THIN, count, number, scale_of
from pipeline.figures.published import Published, Value
from pipeline.figures.wording import period_name

AUTOMATIC, NOT_COUNTED = "message_automated_count", "Automatic, not counted"
LEFT_OUT = "Not counted either: spam, exact duplicates, staff, messages to oneself."
USE = {
    "messages_per_order": "Messages per order",
    "active_messagers": "People who wrote",
    "seller_initiated_share": "Begun by sellers",
}
COUNT = scale_of("count", "")
AGES = {
    "unanswered_24_to_48_hours": "24 to 48 h, not due",
    "unanswered_2_to_7_days": "2 to 7 days",
    "unanswered_over_7_days": "More than 7 days",
}


@dataclass(frozen=True)
class Part:
    """A part of the change: its cells of the quarter before and of this one, and the messages that it adds."""

    name: str
    before: Cell
    now: Cell
    added: int
    definition: str = ""


def shares_of_change(before: Sequence[int], now: Sequence[int]) -> tuple[int, ...]:
    """Whole messages by which each factor changed a product, summing exactly to its change.

    `before` and `now` are (a, b, c, …) of which the product is the last and each earlier one the running product:
    orders, orders with a message, messages. A factor is each of them over the one before it.
    """
    weight = _log_mean(now[-1], before[-1])
    ratios = [later / earlier for earlier, later in zip(before, now, strict=True)]
    logs = [math.log(ratio) for ratio in ratios]
    exact = [weight * (log - previous) for log, previous in zip(logs, [0.0, *logs[:-1]], strict=True)]
    return _whole(exact, now[-1] - before[-1])


def _log_mean(one: int, other: int) -> float:
    return float(one) if one == other else (one - other) / math.log(one / other)


def _whole(exact: Sequence[float], total: int) -> tuple[int, ...]:
    """Rounded so that the parts sum to the total: the largest remainders go up, the first of equal ones first."""
    floors = [math.floor(part) for part in exact]
    order = sorted(range(len(exact)), key=lambda at: (floors[at] - exact[at], at))
    for at in order[: total - sum(floors)]:
        floors[at] += 1
    return tuple(floors)


def bridge_table(source: Published) -> Table | None:
    """From the quarter before to this one, by orders and by who wrote; None where one of the two has no count."""
    now, before = source.at("message_count"), source.at("message_count", source.period.previous.id)
    if now is None or before is None or now.numerator is None or not before.numerator:
        return None
    groups = [group for group in (_by_orders(source, now, before), _by_author(source)) if group]
    total = now.numerator - before.numerator
    if not groups or any(sum(part.added for part in group) != total for group in groups):
        return None
    low, high = _extent(groups, total)
    rows: list[Row] = []
    for group in groups:
        at = 0
        for index, part in enumerate(group):
            rows.append(_part_row(part, at, low, high, opens_group=index == 0 and bool(rows)))
            at += part.added
    whole = Part(
        "All messages", value_cell("message_count", before, COUNT), value_cell("message_count", now, COUNT), total
    )
    rows.append(_part_row(whole, 0, low, high, is_total=True))
    rows += _not_counted(source)
    previous = period_name(source, before.period_id)
    columns = (
        Column("Part", "name"),
        Column(source.period.previous.short, "number", "15mm", 2),
        Column(source.period.short, "number", "15mm", 2),
        Column("Added", "number", "13mm"),
        Column(f"On {previous}", "mark", "21mm"),
    )
    foot = f"Each group sums to the change of all messages. {LEFT_OUT}"
    depth = source.at("message_intensity")
    if len(groups[0]) == 4 and depth is not None and depth.numerator is not None:
        unnamed = number(100 * (now.numerator - depth.numerator) / now.numerator, 1) if now.numerator else MISSING_TEXT
        foot = (
            f"{unnamed}{THIN}% of messages name no such order; the others are orders × share × messages to each, that "
            f"product's change shared out by logarithmic means. {foot}"
        )
    return Table(f"What {source.period.label} added to {previous}", columns, tuple(rows), foot=foot)


def _not_counted(source: Published) -> list[Row]:
    now, before = (source.at(AUTOMATIC, at) for at in (source.period.id, source.period.previous.id))
    if now is None or now.value is None:
        return []
    added = MISSING_TEXT
    if before is not None and before.value is not None:
        added = number(now.value - before.value, signed=True)
    cells = (value_cell(AUTOMATIC, before, COUNT), value_cell(AUTOMATIC, now, COUNT), Cell(added, tone="muted"))
    return [Row((Cell(NOT_COUNTED, definition=AUTOMATIC), *cells, Cell("")))]


def _by_orders(source: Published, now: Value, before: Value) -> list[Part]:
    """Orders, reach, intensity and what names no order; nothing where orders of messages are not known."""
    ids = (source.period.previous.id, source.period.id)
    reach, depth = ([source.at(metric, at) for at in ids] for metric in ("message_reach", "message_intensity"))
    chains = [_chain(one, other) for one, other in zip(reach, depth, strict=True)]
    if chains[0] is None or chains[1] is None or now.numerator is None or before.numerator is None:
        return []
    orders, with_message, each = shares_of_change(chains[0], chains[1])
    loose = (before.numerator - chains[0][-1], now.numerator - chains[1][-1])
    share, per_order = scale_of("share", ""), scale_of("per order", "")
    return [
        Part("Completed orders", Cell(count(chains[0][0])), Cell(count(chains[1][0])), orders, "orders"),
        Part(
            "With a message, %",
            value_cell("message_reach", reach[0], share),
            value_cell("message_reach", reach[1], share),
            with_message,
            "message_reach",
        ),
        Part(
            "Messages to each order",
            value_cell("message_intensity", depth[0], per_order),
            value_cell("message_intensity", depth[1], per_order),
            each,
            "message_intensity",
        ),
        Part("Naming no such order", Cell(count(loose[0])), Cell(count(loose[1])), loose[1] - loose[0]),
    ]


def _chain(reach: Value | None, depth: Value | None) -> tuple[int, int, int] | None:
    """Orders, orders with a message, messages that name one; None where the identity of A20 cannot be drawn up."""
    if reach is None or depth is None or not (reach.denominator and reach.numerator and depth.numerator):
        return None
    if reach.numerator != depth.denominator:
        return None
    return reach.denominator, reach.numerator, depth.numerator


def _by_author(source: Published) -> list[Part]:
    now = source.entities("message_count", "role")
    before = source.entities("message_count", "role", source.period.previous.id)
    return [
        Part(
            f"Written by {role}s",
            value_cell("message_count", before[role], COUNT, scope="role"),
            value_cell("message_count", now[role], COUNT, scope="role"),
            (now[role].numerator or 0) - (before[role].numerator or 0),
        )
        for role in ("buyer", "seller")
        if role in now and role in before
    ]


def _extent(groups: Sequence[Sequence[Part]], total: int) -> tuple[int, int]:
    """The lowest and the highest point of the waterfalls, nought among them."""
    points = [0, total]
    for group in groups:
        at = 0
        for part in group:
            at += part.added
            points.append(at)
    return min(points), max(points)


def _part_row(part: Part, start: int, low: int, high: int, *, opens_group: bool = False, is_total: bool = False) -> Row:
    width = (high - low) or 1
    places = [round((point - low) / width, 4) for point in (start, start + part.added, 0)]
    said = number(part.added, signed=True)
    mark = Step(places[0], places[1], places[2], f"{part.name}: {said}", is_total=is_total)
    tone = "strong" if is_total else "good" if part.added > 0 else "bad" if part.added < 0 else "muted"
    name = Cell(part.name, definition=part.definition)
    return Row(
        (name, part.before, part.now, Cell(said, tone=tone), Cell("", mark=mark)),  # type: ignore[arg-type]
        opens_group=opens_group,
        is_total=is_total,
    )


def counted_table(source: Published) -> Table | None:
    """Who counts and what does not."""
    total = source.at("message_count")
    if total is None or not total.value:
        return None
    roles = source.entities("message_count", "role")
    rows = [
        Row(
            (
                Cell(f"{role.capitalize()}s to {other}s"),
                value_cell("message_count", roles[role], COUNT, scope="role"),
                Cell(number(100 * (roles[role].value or 0) / total.value, 1)),
            )
        )
        for role, other in (("buyer", "seller"), ("seller", "buyer"))
        if role in roles
    ]
    cells = (Cell("Counted", definition="message_count"), value_cell("message_count", total, COUNT), Cell("100.0"))
    rows.append(Row(cells, is_total=True))
    automatic = source.at(AUTOMATIC)
    if automatic is not None and automatic.value is not None:
        name = Cell(NOT_COUNTED, definition=AUTOMATIC)
        rows.append(Row((name, value_cell(AUTOMATIC, automatic, COUNT), Cell(""))))
    columns = (
        Column("Messages", "name"),
        Column(source.period.short, "number", "15mm"),
        Column("%", "number", "11mm", 1),
    )
    return Table("What counts", columns, tuple(rows), foot=LEFT_OUT)


def use_table(source: Published) -> Table | None:
    """How much is written for each order, by how many, and who begins; None where nothing of it is known."""
    rows = []
    for metric, name in USE.items():
        now, before = source.at(metric), source.at(metric, source.period.previous.id)
        if now is None or now.value is None:
            continue
        scale = scale_of(source.metric(metric).unit, "")
        cells = (replace(value_cell(metric, now, scale), tone="strong"), change_cell(now, before, scale))
        rows.append(Row((Cell(name, scale.unit, definition=metric), *cells)))
    columns = (
        Column("Use", "name"),
        Column(source.period.short, "number", "15mm", 2),
        Column(f"Δ {source.period.previous.short}", "number", "15mm", 1, has_units=True),
    )
    return Table("How messages are used", columns, tuple(rows)) if rows else None


def ages_table(source: Published) -> Table | None:
    """The quarter's inquiries that nobody has answered, by how long they have waited; None where none is known."""
    found = [(metric, value) for metric in AGES if (value := source.at(metric)) and value.value is not None]
    rows = [_age_row(source, metric, AGES[metric], value) for metric, value in found]
    total = source.at("unanswered_inquiries")
    if total is not None and total.value is not None:
        rows.append(_age_row(source, "unanswered_inquiries", "Due, in all", total, is_total=bool(rows)))
    if not rows:
        return None
    columns = (
        Column("Waiting for", "name"),
        Column("Open", "number", "11mm"),
        Column("Asked", "number", "12mm"),
    )
    foot = (
        f"As of {source.run.as_of_day}; without exempt ones. Earlier quarters had longer to be answered, so none is "
        "compared."
    )
    return Table("Unanswered inquiries by age", columns, tuple(rows), foot=foot)


def _age_row(source: Published, metric: str, name: str, value: Value, *, is_total: bool = False) -> Row:
    cells = (
        Cell(name, definition=metric),
        value_cell(metric, value, COUNT),
        Cell(count(value.n), figure=value.key(metric, column="n")) if value.n is not None else Cell(MISSING_TEXT),
    )
    return Row(cells, is_total=is_total)
