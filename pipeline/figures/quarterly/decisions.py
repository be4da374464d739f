"""The sentences of the quarterly's first page: what changed, what someone must decide, what could go wrong.

What belongs here: the rules that find them, in the order in which they are printed. Every rule rests on a test: a
target missed, a step beyond noise, a month outside its limits, a count above zero. A sentence gives the arithmetic
that a decision needs, and no cause.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.figures.customers import entity_name
from pipeline.figures.decisions import FEWEST_REVIEWS, owner_of, seller_sentence, target_action, unanswered_phrase
from pipeline.figures.measures import last_year_id
from pipeline.figures.model import Sentence
from pipeline.figures.noise import Move, month_limits, move_of, moves_beyond_noise
from pipeline.figures.numbers import (
    change_with_unit,
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
from pipeline.figures.quarterly.objectives import Objective
from pipeline.figures.steps import steps_beyond_noise, steps_of_shares
from pipeline.figures.summary import kpi_metrics
from pipeline.figures.wording import in_sentence, move_sentence, period_name, scale_for, spoken
from pipeline.settings import Office

KEPT = "customer_retention_rate"
MOST_NAMES = 3
SUPERHERO = "superhero"
#: Shares that are the same stars as the mean rating's.
SAME_STARS = ("csat_proxy", "rating_positive_share")


def told_metrics(source: Published) -> dict[str, str]:
    """The metrics that sentences tell of, each with its area: the key figures, and the share of customers kept."""
    areas = {metric: area for area, several in kpi_metrics(source).items() for metric in several}
    return {**areas, KEPT: "customers"} if source.is_measured(KEPT) else areas


def what_changed(source: Published, metrics: list[str], lead: str) -> list[Sentence]:
    """Moves beyond noise, categories that stepped, a seller's step, new Superheroes, months outside their limits.

    `metrics` are the page's own; `lead` is told in the headline already.
    """
    found = [Sentence(text, "categories moved") for text in _categories(source)]
    steps = steps_of_shares(source, "review_response_48h", "seller", FEWEST_REVIEWS)
    if steps:
        found.append(Sentence(seller_sentence(source, *steps[0]), "seller's share stepped"))
    moves = [move for move in moves_beyond_noise(source, metrics) if move.metric.metric != lead]
    told = sorted(_told_once(moves), key=lambda move: move.is_good is not False)[:2]  # what got worse comes first
    found = [Sentence(move_sentence(source, move, with_test=False), "moved beyond noise") for move in told] + found
    climbed = _new_superheroes(source)
    if climbed:
        found.append(Sentence(climbed, "reached the highest status"))
    others = [metric for metric in metrics if metric not in {move.metric.metric for move in told}]
    found += [Sentence(text, "month outside its limits") for text in _odd_months(source, others)]
    return found


def sales_sentence(source: Published) -> str:
    """What was sold, beside the quarter before and the year before; '' where it is not known. A total has no test."""
    now, before = source.at("net_sales"), source.at("net_sales", source.period.previous.id)
    year_before = source.at("net_sales", last_year_id(source))
    if now is None or now.value is None or before is None or before.value is None:
        return ""
    scale = scale_for(source, "net_sales")
    text = f"Net sales came to {with_unit(now.value, scale)}, {change_with_unit(now.value, before.value, scale)} on "
    text += period_name(source, before.period_id)
    if year_before is not None and year_before.value is not None:
        text += f" and {change_with_unit(now.value, year_before.value, scale)} on "
        text += period_name(source, year_before.period_id)
    return f"{text}."


def _told_once(moves: list[Move]) -> list[Move]:
    """Without shares that are the same stars as the mean rating's."""
    has_rating = any(move.metric.metric == "rating_mean" for move in moves)
    return [m for m in moves if not (has_rating and m.metric.metric in SAME_STARS)]


def _categories(source: Published) -> list[str]:
    """Categories whose mean rating stepped beyond noise from the quarter before, the furthest first."""
    steps = steps_beyond_noise(
        source.entities("rating_mean", "category"),
        source.entities("rating_mean", "category", source.period.previous.id),
    )
    apart = [(entity, *pair) for entity, pair in steps.items()]
    apart.sort(key=lambda pair: (-abs((pair[1].value or 0.0) - (pair[2].value or 0.0)), pair[0]))
    sentences = []
    for is_rise, word in ((False, "lower"), (True, "higher")):
        several = [pair for pair in apart if ((pair[1].value or 0.0) > (pair[2].value or 0.0)) == is_rise]
        if several:
            sentences.append(_categories_sentence(source, several, word))
    return sentences


def _categories_sentence(source: Published, several: list[tuple[str, Value, Value]], word: str) -> str:
    scale = scale_of("stars", "")
    clauses = [
        f"{entity_name(source, 'category', entity)} at {with_unit(now.value, scale)} after {show(before.value, scale)}"
        for entity, now, before in several[:MOST_NAMES]
    ]
    if len(several) > MOST_NAMES:
        clauses.append(plural(len(several) - MOST_NAMES, "more category", "more categories"))
    verb = "is" if len(several) == 1 else "are"
    text = (
        f"{spelled(len(several), 'category', 'categories')} {verb} rated {word} than in {source.period.previous.label}"
    )
    return f"{text}: {listed(clauses)}."


def _odd_months(source: Published, metrics: list[str]) -> list[str]:
    """Months of the quarter outside the limits of the twelve before it, the furthest of each metric."""
    sentences = []
    for metric in metrics:
        limits = month_limits(source, metric)
        months = source.month_series(metric, 3)
        outside = [
            value
            for value in months
            if limits and value and value.value is not None and not limits.low <= value.value <= limits.high
        ]
        if not limits or not outside:
            continue
        furthest = max(outside, key=lambda value: abs((value.value or 0.0) - limits.mean))
        assert furthest.value is not None
        scale, usual = scale_for(source, metric), limits.within(source.metric(metric).unit)
        is_high = furthest.value > limits.high
        digits = digits_beside(furthest.value, usual.high if is_high else usual.low, scale)
        sentences.append(
            f"{period_name(source, furthest.period_id)} stood out: {in_sentence(spoken(source, metric))} at "
            f"{with_unit(furthest.value, scale, digits=digits)}, {'above' if is_high else 'below'} the usual "
            f"{show(usual.low, scale)} to {show(usual.high, scale)} of a month."
        )
    return sentences


def _new_superheroes(source: Published) -> str:
    """Who reached the highest status in the quarter for the first time, and holds it at its end."""
    if not source.has("expertise"):
        return ""
    rows = source.rows(
        """select seller_id, min(monday) filter (where status = $status) as reached
        from expertise where monday <= $end group by seller_id
        having reached > $start and arg_max(status, monday) = $status order by reached, seller_id""",
        status=SUPERHERO,
        start=source.period.start,
        end=source.period.end,
    )
    if not rows:
        return ""
    names = [entity_name(source, "seller", seller) for seller, _ in rows[:MOST_NAMES]]
    if len(rows) > MOST_NAMES:
        names.append(f"{count(len(rows) - MOST_NAMES)} more")
    sellers = spelled(len(rows), "seller", "sellers")
    return f"{sellers} became Superhero for the first time and still hold it: {listed(names)}."


def what_to_decide(
    source: Published, office: Office, found: list[Objective], areas: Mapping[str, str]
) -> list[Sentence]:
    """Missed targets with the arithmetic of their shortfall, what got worse, categories that fell, targets, reminders.

    `areas` gives the area of responsibility of each of the page's metrics.
    """
    sentences = []
    for objective in found:
        if not objective.is_met:
            text = target_action(source, objective.metric, objective.value)
            sentences.append(Sentence(text, "target missed", owner_of(office, objective.owner)))
    sentences += _worse(source, office, found, areas)
    lower = [text for text in _categories(source) if " lower than " in text]
    if lower:
        text = f"Agree with the sellers what to change where ratings fell: {lower[0].partition(': ')[2]}"
        sentences.append(Sentence(text, "categories moved", owner_of(office, "customers")))
    proposed = _proposals(source)
    if proposed:
        sentences.append(Sentence(proposed, "targets proposed", office.owners.data))
    unanswered = source.at("unanswered_inquiries")
    if unanswered and unanswered.value:
        text = f"Send reminders for {unanswered_phrase(source, int(unanswered.value))}."
        sentences.append(Sentence(text, "inquiries unanswered", owner_of(office, "messages")))
    return sentences


def _worse(source: Published, office: Office, found: list[Objective], areas: Mapping[str, str]) -> list[Sentence]:
    """What moved to the worse beyond noise and is no missed target, the page's first metrics first."""
    told = {objective.metric for objective in found if not objective.is_met}
    sentences = []
    for metric, area in areas.items():
        move = move_of(source, metric)
        if move and move.is_beyond_noise and move.is_good is False and metric not in told and metric not in SAME_STARS:
            step = f"{'rise' if move.is_rise else 'fall'} to {with_unit(move.now.value, scale_for(source, metric))}"
            text = f"{spoken(source, metric)}: find what stands behind the {step}."
            sentences.append(Sentence(text, "worse beyond noise", owner_of(office, area)))
    return sentences


def _proposals(source: Published) -> str:
    """How many of the targets in force have a new one proposed for the next quarter, and how many measures a first."""
    if not source.has("target_proposals"):
        return ""
    rows = source.rows(
        """select count(*) filter (where policy_target is not null), count(*) filter (where policy_target is null)
        from target_proposals where period_id = $period and committed is not null""",
        period=source.period.id,
    )
    again, first = (int(proposed) for proposed in rows[0])
    label = source.period.next.label
    if again:
        return f"Confirm or change {plural(again, 'target')} for {label}: a new value is proposed with its evidence."
    return f"Choose what to aim at in {label}: {plural(first, 'first target')} could be set." if first else ""


def what_could_go_wrong(source: Published, found: list[Objective], metrics: list[str]) -> list[Sentence]:
    """Targets that the months' limits say are never met, ratings that fall, what worsened beyond noise."""
    sentences = []
    never = [objective for objective in found if objective.assurance == "consistently_fail"]
    if never:
        names = listed(in_sentence(spoken(source, objective.metric)) for objective in never)
        text = f"The process limits of past months do not reach the target for {names}."
        sentences.append(Sentence(text, "assurance"))
    short = _short_at_the_end(source, found)
    if short:
        sentences.append(Sentence(short, "last month short of its targets"))
    closing = _closing_month(source, [metric for metric in metrics if metric not in SAME_STARS])
    if closing:
        sentences.append(Sentence(closing, "last month outside its limits"))
    falling = _falling(source)
    if falling:
        sentences.append(Sentence(falling, "declining trend"))
    worse = [move for move in moves_beyond_noise(source, metrics) if move.is_good is False]
    if worse:
        names = listed(in_sentence(move.metric.title) for move in worse[:MOST_NAMES])
        sentences.append(Sentence(f"Worse than in {source.period.previous.label}, beyond noise: {names}.", "worse"))
    return sentences


def _short_at_the_end(source: Published, found: list[Objective]) -> str:
    """Which targets the quarter's last month did not meet, of those that hold for months too."""
    clauses = []
    for objective in found:
        value = source.at(objective.metric, source.month.id)
        if value and value.value is not None and value.target is not None and value.rag in ("red", "amber"):
            scale = scale_for(source, objective.metric)
            digits = digits_beside(value.value, value.target, scale)
            clauses.append(
                f"{in_sentence(spoken(source, objective.metric))} at "
                f"{with_unit(value.value, scale, digits=digits)} (target {goal(value.target, scale)})"
            )
    month = period_name(source, source.month.id)
    return f"{month} ended short of target: {listed(clauses[:MOST_NAMES])}." if clauses else ""


def _closing_month(source: Published, metrics: list[str]) -> str:
    """Where the quarter's last month lies outside its limits on the worse side."""
    clauses = []
    for metric in metrics:
        value, limits = source.at(metric, source.month.id), month_limits(source, metric)
        better = source.metric(metric).better
        if value is None or value.value is None or limits is None or better not in ("up", "down"):
            continue
        if value.value < limits.low if better == "up" else value.value > limits.high:
            scale, usual = scale_for(source, metric), limits.within(source.metric(metric).unit)
            clauses.append(
                f"{in_sentence(spoken(source, metric))} at {with_unit(value.value, scale)} "
                f"(usual {show(usual.low, scale)} to {show(usual.high, scale)})"
            )
    month = period_name(source, source.month.id)
    return f"{month} ended worse than usual: {listed(clauses[:2])}." if clauses else ""


def _falling(source: Published) -> str:
    """Categories, products and sellers whose ratings decline by the trend test, false discoveries held to 5 %."""
    if not source.has("rating_trends"):
        return ""
    rows = source.rows(
        """select scope, count(*) filter (where verdict = 'declining'), count(*) from rating_trends
        where period_id = $period and scope in ('category', 'product', 'seller')
        and verdict in ('declining', 'stable', 'improving') group by scope order by scope""",
        period=source.period.id,
    )
    words = {
        "category": ("category", "categories"),
        "product": ("product", "products"),
        "seller": ("seller", "sellers"),
    }
    clauses = [f"{plural(down, *words[scope])} of {count(tested)}" for scope, down, tested in rows if down]
    return f"Ratings show a falling trend for {listed(clauses)} tested." if clauses else ""
