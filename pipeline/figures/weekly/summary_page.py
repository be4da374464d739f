"""Page 1 of the weekly sheet: where the quarter's messages stand after the week, what changed, whom to remind.

What belongs here: the headline, and the rules that find the sentences. The quarter's path is `quarter_so_far.py`'s, the
table of weeks `week_table.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.figures.chart_shapes import PathChart
from pipeline.figures.decisions import owner_of, target_action
from pipeline.figures.evidence import data_quality_line
from pipeline.figures.forecast import forecast_sentences
from pipeline.figures.model import BigNumber, Sentence, Table, TimeChart
from pipeline.figures.noise import Move, limits_of, move_of, moves_beyond_noise
from pipeline.figures.numbers import (
    THIN,
    change_with_unit,
    count,
    digits_beside,
    number,
    plural,
    scale_of,
    show,
    with_unit,
)
from pipeline.figures.published import Published
from pipeline.figures.quarterly.message_weeks import weeks_chart
from pipeline.figures.weekly.open_inquiries import METRICS as WAITING
from pipeline.figures.weekly.open_inquiries import remind_sentence, week_name
from pipeline.figures.weekly.quarter_so_far import (
    QuarterSoFar,
    closed_sentence,
    pace_sentence,
    path_clause,
    path_so_far,
    quarter_number,
    quarter_so_far,
)
from pipeline.figures.weekly.status_moves import METRICS as STATUSES
from pipeline.figures.weekly.status_moves import moves_sentence
from pipeline.figures.weekly.week_table import METRICS, chosen, legend, week_table
from pipeline.figures.wording import (
    big_number,
    in_sentence,
    move_sentence,
    not_measured,
    page_message,
    scale_for,
    spoken,
    state_sentence,
)
from pipeline.settings import Office

SENTENCES = 3
MOST_OUTSIDE = 3  # figures outside their usual range, without a move beyond noise, that page 1 names
#: Whose weeks are drawn where there is no path to a target to draw: the first that is measured.
COUNTS = {"message_count": "Messages", "orders": "Orders"}
#: What the headline speaks of where there is no path: the largest move among these, or else where the first stands.
LEADS = ("rating_mean", "orders")


@dataclass(frozen=True)
class SheetPage:
    headline: Sentence
    number: BigNumber | None
    changes: tuple[Sentence, ...]
    changes_note: str
    actions: tuple[Sentence, ...]
    actions_note: str
    path: PathChart | None
    forecast: str
    weeks: TimeChart | None
    table: Table | None
    legend: str
    not_measured: str
    data_quality: str


def sheet_page(source: Published, office: Office) -> SheetPage:
    so_far = quarter_so_far(source)
    areas = chosen(source)
    moves = moves_beyond_noise(source, list(areas)) if source.is_complete else []
    headline, number_shown, told = _headline(source, so_far, list(areas))
    changes = _changes(source, moves, told)
    actions = _actions(source, office, so_far, areas)
    drawn = next((metric for metric in COUNTS if metric in areas and so_far is None), "")
    path = path_so_far(source, so_far) if so_far else None
    return SheetPage(
        headline=headline,
        number=number_shown,
        changes=tuple(changes[:SENTENCES]),
        changes_note=_changes_note(source, moves, list(areas), told),
        actions=tuple(actions[:SENTENCES]),
        actions_note="" if actions else "No reminder and no decision follows from the figures.",
        path=path,
        forecast=(
            forecast_sentences(source, so_far.quarter, so_far.total, is_over=not so_far.days_left) if so_far else ""
        ),
        weeks=weeks_chart(source, drawn, COUNTS[drawn]) if drawn else None,
        table=week_table(source),
        legend=legend(source) if source.is_complete and not _is_too_young(source, list(areas)) else "",
        not_measured=not_measured(source, (*METRICS, *WAITING, *STATUSES)),
        data_quality=data_quality_line(source),
    )


def _headline(
    source: Published, so_far: QuarterSoFar | None, metrics: list[str]
) -> tuple[Sentence, BigNumber | None, str]:
    """The headline, the big number, and the metric whose move they tell."""
    if so_far is None:
        leads = [metric for metric in LEADS if metric in metrics]
        sentence, told = page_message(source, leads if source.is_complete else (), (leads or metrics or METRICS)[0])
        return sentence, big_number(source, told), told
    move = move_of(source, "message_count") if source.is_complete else None
    text, rule, told = path_clause(so_far, _week(source)), "messages against the path", ""
    if move and move.is_beyond_noise:
        text += f"; {_step_clause(source, move)}"
        rule, told = "messages against the path, and a step beyond the usual", "message_count"
    return Sentence(f"{text}.", rule), quarter_number(so_far, _week_clause(source)), told


def _step_clause(source: Published, move: Move) -> str:
    """`week 6 rose by 25.0 % to 8 403, beyond the usual step`, or `…, above the usual 5 950 to 7 400`."""
    assert move.limits is not None and move.now.value is not None and move.before.value
    by = f"{number(100 * abs(move.now.value / move.before.value - 1), 1)}{THIN}%"
    usual = move.limits.within("count")
    said = "beyond the usual step"
    if move.is_outside:
        said = f"{'above' if move.is_rise else 'below'} the usual {count(usual.low)} to {count(usual.high)}"
    return f"{_week(source)} {'rose' if move.is_rise else 'fell'} by {by} to {count(move.now.value)}, {said}"


def _week(source: Published) -> str:
    """`week 13`, and of a week that is not over `3 days of week 14`."""
    name = week_name(source.period)
    if source.is_complete:
        return name
    return f"{plural((source.run.as_of_day - source.period.start).days, 'day')} of {name}"


def _week_clause(source: Published) -> str:
    """`week 13: 8 516, −1.3 % on week 12`."""
    now, before = source.at("message_count"), source.before("message_count")
    text = f"{_week(source)}: {count(now.value if now and now.value else 0)}"
    if source.is_complete and now and before and before.value:
        step = change_with_unit(now.value, before.value, scale_of("count", ""))
        text += f", {step} on {week_name(source.period.previous)}"
    return text


def _changes(source: Published, moves: list[Move], told: str) -> list[Sentence]:
    """The quarter that closed within the week, moves beyond noise that the headline does not tell, the week's messages
    where they are none of them, and who moved on the Expertise scale."""
    found = []
    closed = closed_sentence(source)
    if closed:
        found.append(Sentence(closed, "a quarter closed"))
    moved = [move for move in moves if move.metric.metric != told]
    found += [Sentence(move_sentence(source, move, with_target=False), "moved beyond noise") for move in moved]
    now = source.at("message_count")
    is_told = told == "message_count" or any(move.metric.metric == "message_count" for move in moved)
    if source.is_complete and now and now.value is not None and not is_told:
        found.insert(1 if closed else 0, Sentence(state_sentence(source, "message_count"), "the week's messages"))
    status = moves_sentence(source)
    if status:
        found = [*found[: SENTENCES - 1], Sentence(status, "moves on the Expertise scale")]
    return found


def _changes_note(source: Published, moves: list[Move], metrics: list[str], told: str) -> str:
    name = source.period.label
    if not source.is_complete:
        return f"{name.capitalize()} is not over: its steps are not tested yet."
    if _is_too_young(source, metrics):
        return f"With fewer than eight whole weeks before {name}, no step can be told from noise."
    if moves:
        return ""
    outside = [move for metric in metrics if (move := move_of(source, metric)) and move.is_outside]
    if not outside:
        return "No figure of the week moved beyond noise."
    # Where the headline's figure and the week's messages stand, their own sentences have told.
    clauses = [_outside_clause(source, move) for move in outside if move.metric.metric not in (told, "message_count")]
    if len(clauses) > MOST_OUTSIDE:
        more = len(clauses) - MOST_OUTSIDE
        clauses[MOST_OUTSIDE:] = [f"{count(more)} more stood outside {'its' if more == 1 else 'their'} usual"]
    return f"{'; '.join(['No figure moved for better or worse', *clauses])}."


def _outside_clause(source: Published, move: Move) -> str:
    """`people who wrote, at 2 523, stood above the usual 2 310 to 2 487`: outside its limits, not beyond noise."""
    assert move.limits is not None and move.now.value is not None
    metric = move.metric.metric
    scale, usual = scale_for(source, metric), move.limits.within(move.metric.unit)
    is_above = move.now.value > move.limits.high
    digits = digits_beside(move.now.value, usual.high if is_above else usual.low, scale)
    return (
        f"{in_sentence(spoken(source, metric))}, at {with_unit(move.now.value, scale, digits=digits)}, stood "
        f"{'above' if is_above else 'below'} the usual {show(usual.low, scale)} to {show(usual.high, scale)}"
    )


def _is_too_young(source: Published, metrics: list[str]) -> bool:
    return all(limits_of(source, metric) is None for metric in metrics)


def _actions(source: Published, office: Office, so_far: QuarterSoFar | None, areas: dict[str, str]) -> list[Sentence]:
    """Whom to remind, targets that the week missed, and what the quarter's target still asks for."""
    found = []
    remind = remind_sentence(source)
    if remind:
        found.append(Sentence(remind, "inquiries unanswered", owner_of(office, "sellers")))
    for metric, area in areas.items():
        value = source.at(metric)
        if value and value.value is not None and value.rag in ("red", "amber"):
            found.append(Sentence(target_action(source, metric, value), "target missed", owner_of(office, area)))
    pace = pace_sentence(so_far) if so_far else ""
    if pace:
        found.append(Sentence(pace, "messages behind the path", owner_of(office, "messages")))
    return found
