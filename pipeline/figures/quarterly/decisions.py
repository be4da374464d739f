"""The sentences of the quarterly's first page: what changed, what someone must decide, what could go wrong.

What belongs here: the rules that find them, in the order in which they are printed. Every rule rests on a test: a
target missed, intervals apart, a month outside its limits, a count above zero. A sentence gives the arithmetic that a
decision needs, and no cause.
"""

from __future__ import annotations

from pipeline.figures.customers import entity_name
from pipeline.figures.decisions import FEWEST_REVIEWS, owner_of, seller_sentence, target_action, unanswered_phrase
from pipeline.figures.model import Sentence
from pipeline.figures.noise import Move, are_apart, month_limits, moves_beyond_noise, steps_of_shares
from pipeline.figures.numbers import count, digits_beside, listed, plural, scale_of, show, spelled, with_unit
from pipeline.figures.published import Published, Value
from pipeline.figures.quarterly.objectives import Objective, without_one_seller
from pipeline.figures.wording import in_sentence, move_sentence, period_name, scale_for, spoken
from pipeline.settings import Office

MOST_NAMES = 3
FEWEST_RATINGS = 30
SUPERHERO = "superhero"


def what_changed(source: Published, metrics: list[str], lead: str) -> list[Sentence]:
    """Moves beyond noise, categories apart from before, a seller's step, new Superheroes, months outside their limits.

    `metrics` are the page's own; `lead` is told in the headline already.
    """
    found = [Sentence(text, "categories apart") for text in _categories(source)]
    steps = steps_of_shares(source, "review_response_48h", "seller", FEWEST_REVIEWS)
    if steps:
        found.append(Sentence(seller_sentence(source, *steps[0]), "seller's share stepped"))
    moves = [move for move in moves_beyond_noise(source, metrics) if move.metric.metric != lead]
    told = _told_once(moves)[:2]
    found = [Sentence(move_sentence(source, move, with_test=False), "intervals apart") for move in told] + found
    climbed = _new_superheroes(source)
    if climbed:
        found.append(Sentence(climbed, "reached the highest status"))
    others = [metric for metric in metrics if metric not in {move.metric.metric for move in told}]
    found += [Sentence(text, "month outside its limits") for text in _odd_months(source, others)]
    return found


def _told_once(moves: list[Move]) -> list[Move]:
    """Without shares that are the same stars as the mean rating's."""
    has_rating = any(move.metric.metric == "rating_mean" for move in moves)
    return [m for m in moves if not (has_rating and m.metric.metric in ("csat_proxy", "rating_positive_share"))]


def _categories(source: Published) -> list[str]:
    """Categories whose mean rating's interval lies apart from the quarter's before, the furthest first."""
    now = source.entities("rating_mean", "category")
    before = source.entities("rating_mean", "category", source.period.previous.id)
    apart = [
        (entity, value, before[entity])
        for entity, value in now.items()
        if entity in before and min(value.n or 0, before[entity].n or 0) >= FEWEST_RATINGS
        if value.value is not None and before[entity].value is not None and are_apart(value, before[entity])
    ]
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
        f"{entity_name(source, 'category', entity)} at {show(now.value, scale)} after {show(before.value, scale)}"
        for entity, now, before in several[:MOST_NAMES]
    ]
    if len(several) > MOST_NAMES:
        clauses.append(f"{count(len(several) - MOST_NAMES)} more")
    verb = "is" if len(several) == 1 else "are"
    text = (
        f"{spelled(len(several), 'category', 'categories')} {verb} rated {word} than in {source.period.previous.label}"
    )
    return f"{text}: {listed(clauses)} stars."


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
            f"{spoken(source, metric)} was {with_unit(furthest.value, scale, digits=digits)} in "
            f"{period_name(source, furthest.period_id)}, {'above' if is_high else 'below'} the usual "
            f"{show(usual.low, scale)} to {show(usual.high, scale)} of a month."
        )
    return sentences


def _new_superheroes(source: Published) -> str:
    """Who reached the highest status in the quarter, for the first time."""
    if not source.has("expertise"):
        return ""
    rows = source.rows(
        """select seller_id, min(monday) as reached from expertise where status = $status
        group by seller_id having min(monday) > $start and min(monday) <= $end order by reached, seller_id""",
        status=SUPERHERO,
        start=source.period.start,
        end=source.period.end,
    )
    if not rows:
        return ""
    names = [entity_name(source, "seller", seller) for seller, _ in rows[:MOST_NAMES]]
    if len(rows) > MOST_NAMES:
        names.append(f"{count(len(rows) - MOST_NAMES)} more")
    return f"{spelled(len(rows), 'seller', 'sellers')} became Superhero for the first time: {listed(names)}."


def what_to_decide(source: Published, office: Office, found: list[Objective]) -> list[Sentence]:
    """Missed targets with the arithmetic of their shortfall, categories that fell, targets proposed, reminders."""
    sentences = []
    for objective in found:
        if not objective.is_met:
            text = _shortfall(source, objective)
            sentences.append(Sentence(text, "target missed", owner_of(office, objective.owner)))
    lower = [text for text in _categories(source) if " lower than " in text]
    if lower:
        names = lower[0].partition(": ")[2].partition(" stars")[0]
        text = f"Agree with the sellers what to change where ratings fell: {names}."
        sentences.append(Sentence(text, "categories apart", owner_of(office, "customers")))
    proposed = _proposals(source)
    if proposed:
        sentences.append(Sentence(proposed, "targets proposed", office.owners.data))
    unanswered = source.at("unanswered_inquiries")
    if unanswered and unanswered.value:
        text = f"Send reminders for {unanswered_phrase(source, int(unanswered.value))}."
        sentences.append(Sentence(text, "inquiries unanswered", owner_of(office, "messages")))
    return sentences


def _shortfall(source: Published, objective: Objective) -> str:
    """What a missed target wants, and whether one seller's cases make the difference."""
    text = target_action(source, objective.metric, objective.value)
    without, target = without_one_seller(source, objective), objective.value.target
    if without is None or target is None or without.share < target:
        return text
    late = without.own_denominator - without.own_numerator
    scale = scale_for(source, objective.metric)
    return (
        f"{text} Without {entity_name(source, 'seller', without.seller_id)}, late in {count(late)} of "
        f"{count(without.own_denominator)}, it would be {with_unit(without.share, scale)}: begin there."
    )


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
    falling = _falling(source)
    if falling:
        sentences.append(Sentence(falling, "declining trend"))
    worse = [move for move in moves_beyond_noise(source, metrics) if move.is_good is False]
    if worse:
        names = listed(in_sentence(move.metric.title) for move in worse[:MOST_NAMES])
        sentences.append(Sentence(f"Worse than in {source.period.previous.label}, beyond noise: {names}.", "worse"))
    return sentences


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
    return f"Ratings decline month after month for {listed(clauses)} tested." if clauses else ""
