"""Sentences made from figures by rules. No adjective without a test behind it, no cause, only what happened.

What belongs here: the wording of a move, of a verdict, of what is missing. Which sentences a page opens with is the
page's choice; the tests they rest on are in `noise.py` and, against targets, in the published table.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.figures.model import BigNumber, Sentence, Tone
from pipeline.figures.noise import Move, limits_of, move_of, moves_beyond_noise
from pipeline.figures.numbers import (
    MISSING,
    Scale,
    capital,
    change_with_unit,
    count,
    digits_beside,
    goal,
    listed,
    scale_of,
    show,
    with_unit,
)
from pipeline.figures.published import Published, Value
from pipeline.periods import parse

#: Why a value is missing, as a footnote says it.
REASONS = {
    "no_data": "no cases in this period",
    "immature": "the time allowed has not run out for any case",
    "suppressed": "too few cases to show",
    "not_measured": "its export has not come",
    "not_reached": "fewer were answered than that share",
    "too_short": "too few periods before it",
    "no_base": "none in the period before",
    "too_few_sellers": "fewer than ten sellers to compare",
    "no_review_course": "no course on answering reviews is known",
    "model_not_valid": "the model failed a check",
    "too_few_repeat_buyers": "too few buyers came back for a model",
}

#: How a metric is called as the subject of a sentence, where its title is a table's.
SPOKEN = {
    "training_participation": "Training participation",
    "customer_retention_rate": "The share of customers kept",
    "on_time_delivery_rate": "On-time delivery",
    "delivery_days_median": "Median time from order to delivery",
    "review_response_hours_median": "Median time to answer a review",
    "inquiry_response_hours_median": "Median time to answer an inquiry",
    "review_response_hours_p90": "90th percentile of the time to answer a review",
    "inquiry_response_hours_p90": "90th percentile of the time to answer an inquiry",
}

NAMED_IN_FULL = 3  # measures of one absent export that a page names; the evidence page names them all

#: What an export is called in a sentence.
EXPORT_NAMES = {"subscriptions": "opt-outs", "training": "training records", "improvements": "improvement records"}

#: The columns behind a metric, when the export came without them.
COLUMN_NAMES = {
    "reviews.response_at": "sellers' answers to reviews",
    "reviews.response_author_role": "authors of the answers to reviews",
    "reviews.text": "texts of reviews",
    "reviews.order_line_id|reviews.order_id": "orders of reviews",
    "messages.order_id": "orders of messages",
    "sales.promised_at": "promised delivery dates",
    "sales.delivered_at": "delivery dates",
    "sales.cancelled_by": "word of who cancelled",
    "reviews.product_id": "products of reviews",
    "messages.speed_vote": "votes on speed",
    "messages.quality_vote": "votes on quality",
    "returns.at_fault": "word of who was at fault for a return",
    "carts.order_id": "orders of carts",
    "improvements.review_ids": "reviews behind improvements",
}


def period_name(published: Published, period_id: str) -> str:
    """`February`, or `February 2025` when that is another year than the report's; `Q4 2025`, `week 9 of 2026`."""
    period = parse(period_id, published.period.fiscal_year_start_month)
    if period.type != "month" or period.start.year != published.period.start.year:
        return period.label
    return f"{period.start:%B}"


def verdict(value: Value) -> tuple[str, Tone]:
    """The word with its symbol for a value against its target, and its tone; a dash without a target."""
    if value.rag == "green":
        return "▲ met", "good"
    if value.rag == "amber":
        return "● near", "watch"
    if value.rag == "red":
        return "▼ missed", "bad"
    return MISSING, "muted"


def evidence(value: Value) -> str:
    """`certain` when the whole interval stands on one side of the target, else `uncertain`; '' without a target."""
    return value.evidence.partition("-")[2] if value.evidence else ""


def scale_for(published: Published, metric: str) -> Scale:
    """One scale for a metric on every page: by the largest value of the months that the report shows."""
    series = published.series(metric)
    largest = max((abs(value.value) for value in series if value and value.value is not None), default=0.0)
    return scale_of(published.metric(metric).unit, published.run.currency, largest)


def subject(published: Published, metric: str) -> str:
    return capital(published.metric(metric).title)


def spoken(published: Published, metric: str) -> str:
    """The metric as the subject of a sentence: `On-time delivery fell to …`."""
    return SPOKEN.get(metric) or subject(published, metric)


def in_sentence(title: str) -> str:
    """A title as it reads inside a sentence: `average rating`, but `Net Promoter Score` and `CSAT proxy`."""
    words = title.split()
    is_name = (len(words[0]) > 1 and words[0][1].isupper()) or (len(words) > 1 and words[1][0].isupper())
    return title if is_name else title[:1].lower() + title[1:]


def move_sentence(published: Published, move: Move, *, with_target: bool = True, with_test: bool = True) -> str:
    """`Rating average fell to 3.73 stars from 4.01 in February, below the usual 3.93 to 4.25; …`."""
    scale = scale_for(published, move.metric.metric)
    usual = move.limits and move.limits.within(move.metric.unit)
    assert move.now.value is not None and move.before.value is not None
    edge = move.before.value if usual is None else usual.high if move.is_rise else usual.low
    text = (
        f"{spoken(published, move.metric.metric)} {'rose' if move.is_rise else 'fell'} to "
        f"{with_unit(move.now.value, scale, digits=digits_beside(move.now.value, edge, scale))} "
        f"from {show(move.before.value, scale)} in {period_name(published, move.before.period_id)}"
    )
    if with_test and usual is None:
        text += ", beyond noise"
    elif with_test and usual and usual.low <= move.now.value <= usual.high:
        text += ", beyond the usual step"
    elif with_test and usual:
        side = "above" if move.is_rise else "below"
        text += f", {side} the usual {show(usual.low, scale)} to {show(usual.high, scale)}"
    return f"{text}{target_clause(move.now, scale)}." if with_target else f"{text}."


def floors_clause(published: Published, metrics: Sequence[str]) -> str:
    """` (reviews answered within 48 h 90 %, messages 90 000)`: down to where a value short of its target is near it,
    for those of the metrics where that is not the target itself."""
    floors = dict(
        published.rows(
            """select metric, arg_max(amber, (effective_from, version))::double from targets
            where effective_from <= $start group by metric having arg_max(amber <> value, (effective_from, version))""",
            start=published.period.start,
        )
    )
    said = [
        f"{in_sentence(subject(published, metric))} {goal(floors[metric], scale_for(published, metric))}"
        for metric in metrics
        if metric in floors
    ]
    return f" ({', '.join(said)})" if said else ""


def target_clause(value: Value, scale: Scale) -> str:
    """`; the target of 95 % is met`, or nothing where there is no target to meet."""
    if value.target is None or value.value is None:
        return ""
    target = f"the target of {goal(value.target, scale)}"
    if value.rag == "amber":
        return f", short of {target}"
    return f"; {target} is {'met' if value.rag == 'green' else 'missed'}"


def state_sentence(published: Published, metric: str, *, with_target: bool = True) -> str:
    """Where a metric stands when it did not move beyond noise."""
    value = published.at(metric)
    if value is None or value.value is None:
        reason = REASONS.get((value.reason if value else "no_data") or "no_data", "not known")
        return f"{spoken(published, metric)} has no value for {published.period.label}: {reason}."
    limits, before = limits_of(published, metric), published.before(metric)
    scale = scale_for(published, metric)
    digits = scale.digits if value.target is None else digits_beside(value.value, value.target, scale)
    text = f"{spoken(published, metric)} stood at {with_unit(value.value, scale, digits=digits)}"
    if before and before.value is not None:
        text += f" after {show(before.value, scale)} in {period_name(published, before.period_id)}"
    if limits:
        usual = limits.within(published.metric(metric).unit)
        side = "below" if value.value < limits.low else "above" if value.value > limits.high else "within"
        text += f", {side} the usual {show(usual.low, scale)} to {show(usual.high, scale)}"
    elif (move := move_of(published, metric)) and not move.is_beyond_noise:
        text += ", within noise"
    return f"{text}{target_clause(value, scale)}." if with_target else f"{text}."


def page_message(published: Published, metrics: Sequence[str], lead: str) -> tuple[Sentence, str]:
    """The sentence a page opens with, and the metric it speaks of: the largest move beyond noise, or else where the
    page's leading metric stands."""
    moves = moves_beyond_noise(published, metrics)
    if moves:
        return Sentence(move_sentence(published, moves[0]), "largest move beyond noise"), moves[0].metric.metric
    return Sentence(state_sentence(published, lead), "no move beyond noise"), lead


def big_number(published: Published, metric: str) -> BigNumber | None:
    """The page's large figure; the line under it gives target, change, interval and cases."""
    value, before = published.at(metric), published.before(metric)
    if value is None or value.value is None:
        return None
    scale = scale_for(published, metric)
    digits = scale.digits if value.target is None else digits_beside(value.value, value.target, scale)
    parts = [subject(published, metric)]
    if value.target is not None:
        parts.append(f"target {goal(value.target, scale)} {verdict(value)[0]}")
    if before and before.value is not None:
        parts.append(
            f"{change_with_unit(value.value, before.value, scale)} on {period_name(published, before.period_id)}"
        )
    if value.low is not None and value.high is not None and published.metric(metric).unit != "count":
        parts.append(
            f"95 % interval {show(value.low, scale, digits=digits)} to {show(value.high, scale, digits=digits)}"
        )
    if value.n and published.metric(metric).unit != "count":
        parts.append(f"n {count(value.n)}")
    text, key = show(value.value, scale, digits=digits), value.key(metric)
    return BigNumber(text, scale.unit, " · ".join(parts), verdict(value)[1], key)


def not_measured(published: Published, metrics: Sequence[str]) -> str:
    """One sentence for the metrics of a page whose export, or whose column, has not come; '' when all are measured."""
    missing: dict[str, list[str]] = {}
    for metric in metrics:
        found = published.at(metric)
        if found is not None and found.reason == "not_measured":
            entry = published.metric(metric)
            missing.setdefault(source_name(published, entry.needs), []).append(in_sentence(entry.title))
    clauses = [f"{_shortened(titles)} (no {source})" for source, titles in missing.items()]
    return f"Not measured: {'; '.join(clauses)}." if clauses else ""


def _shortened(titles: list[str]) -> str:
    if len(titles) <= NAMED_IN_FULL:
        return listed(titles)
    return f"{', '.join(titles[: NAMED_IN_FULL - 1])} and {count(len(titles) - NAMED_IN_FULL + 1)} more measures"


def source_name(published: Published, needs: str) -> str:
    """What a metric waits for, in words: `surveys`, `sellers' answers to reviews`; not what some loaded file had.

    Where all of it came, but nothing yet that tells of this period (opt-outs are recorded from a day on), it is what
    the metric is made of first.
    """
    came = {
        need
        for export, columns in published.rows(
            "select export, columns from files where status = 'loaded' and rows_in > 0"
        )
        for need in (export, *(f"{export}.{column}" for column in columns))
    }
    names = []
    for need in [need for need in needs.split() if came.isdisjoint(need.split("|"))] or needs.split()[:1]:
        export = need.partition(".")[0]
        names.append(COLUMN_NAMES.get(need if export in came else export, EXPORT_NAMES.get(export, export)))
    return " or ".join(dict.fromkeys(names)) or "export"
