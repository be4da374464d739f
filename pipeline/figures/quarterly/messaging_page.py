"""Messages against their target, the forecast held against what came, where they come from.

What belongs here: the choice and order of what the page shows, and its first sentence.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.figures.chart_shapes import PathChart
from pipeline.figures.forecast import forecast_sentences
from pipeline.figures.messages import METRICS, peak_grid
from pipeline.figures.model import BigNumber, HeatGrid, Sentence, Table, TimeChart
from pipeline.figures.numbers import count, plural
from pipeline.figures.published import Published
from pipeline.figures.quarterly.message_backtest import backtest_table, record_sentence
from pipeline.figures.quarterly.message_drivers import ages_table, bridge_table, counted_table, use_table
from pipeline.figures.quarterly.message_paths import path_chart, path_days
from pipeline.figures.quarterly.message_weeks import (
    WeekStep,
    run_sentence,
    step_clause,
    week_step,
    weeks_chart,
    weeks_note,
)
from pipeline.figures.wording import big_number, not_measured
from pipeline.settings import Office


@dataclass(frozen=True)
class MessagingPage:
    """`record` says what came after the message's step, and how far the forecasts can be trusted; `counted` stands in
    for the bridge of a quarter with none before it."""

    message: Sentence
    number: BigNumber | None
    record: str
    path: PathChart | None
    backtest: Table | None
    weeks: TimeChart | None
    weeks_note: str
    bridge: Table | None
    counted: Table | None
    use: Table | None
    peaks: HeatGrid | None
    unanswered: Table | None
    not_measured: str


def messaging_page(source: Published, office: Office) -> MessagingPage | None:
    """The page; None when nothing of it is measured."""
    now = source.at("message_count")
    if now is None or now.value is None:
        return None
    step = week_step(source)
    bridge = bridge_table(source) if source.is_complete else None
    return MessagingPage(
        message=_message(source, now.value, step),
        number=big_number(source, "message_count"),
        record=_record(source, now.value, step),
        path=path_chart(source),
        backtest=backtest_table(source),
        weeks=weeks_chart(source),
        weeks_note=weeks_note(source, now.value) if source.is_complete else "",
        bridge=bridge,
        counted=None if bridge else counted_table(source),
        use=use_table(source),
        peaks=peak_grid(source),
        unanswered=ages_table(source),
        not_measured=not_measured(source, METRICS),
    )


def _message(source: Published, total: float, step: WeekStep | None) -> Sentence:
    """Where the count stands against its target or, while the quarter runs, against the even path; and the step."""
    verb = "closed with" if source.is_complete else "stands at"
    text = f"{source.period.label} {verb} {plural(int(total), 'message')}"
    target = source.target_of("message_count", source.period.id)
    path = target if source.is_complete else _even_path(source)
    if target is None:
        text += "; no target is set"
    elif path is not None:
        goal = "target" if source.is_complete else f"the even path to {count(target)}"
        gap = total - path
        text += f", {count(abs(gap))} {'above' if gap > 0 else 'below'} {goal}" if gap else f", exactly on {goal}"
    if step is None:
        return Sentence(f"{text}.", "messages against the target")
    return Sentence(f"{text}; {step_clause(step)}.", "messages against the target, and a step beyond the usual")


def _even_path(source: Published) -> float | None:
    """What the even path asks for by the last day that was counted."""
    seen = [day.even for day in path_days(source) if day.cumulative is not None]
    return seen[-1] if seen else None


def _record(source: Published, total: float, step: WeekStep | None) -> str:
    said = [run_sentence(step) if step else ""]
    said.append(record_sentence(source) if source.is_complete else "")
    if not source.is_complete:
        said.append(forecast_sentences(source, source.period, total, is_over=False))
    return " ".join(text for text in said if text)
