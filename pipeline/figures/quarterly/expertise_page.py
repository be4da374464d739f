"""The Expertise scale: distribution, moves, what blocks sellers; other marketplaces' thresholds.

What belongs here: the choice and order of what the page shows, and its first sentence.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.figures.chart_shapes import StackedColumns
from pipeline.figures.model import BigNumber, Sentence, Table
from pipeline.figures.noise import move_of
from pipeline.figures.numbers import count, scale_of, show, with_unit
from pipeline.figures.published import Published
from pipeline.figures.quarterly.expertise_blockers import (
    Blocker,
    blockers,
    blockers_table,
    furthest_table,
)
from pipeline.figures.quarterly.expertise_weeks import changes_table, mondays, transition_table, weeks_chart
from pipeline.figures.quarterly.programmes import programme_tables, programmes_note
from pipeline.figures.wording import big_number, not_measured, period_name
from pipeline.settings import Office

METRICS = ("expertise_share", "expertise_insufficient_share")
SHARE = scale_of("share", "")


@dataclass(frozen=True)
class ExpertisePage:
    message: Sentence
    number: BigNumber | None
    weeks: StackedColumns | None
    transitions: Table | None
    blockers: Table | None
    changes: Table | None
    furthest: Table | None
    programmes: tuple[Table, ...]
    programmes_note: str
    not_measured: str


def expertise_page(source: Published, office: Office) -> ExpertisePage | None:
    """The page; None where no seller's status is known."""
    weeks = mondays(source)
    now = source.at("expertise_share")
    if not weeks or now is None or now.value is None:
        return None
    last = weeks[-1]
    found, below = blockers(source, last.day), sum(last.holders[:3])
    return ExpertisePage(
        message=_message(source, found, below),
        number=big_number(source, "expertise_share"),
        weeks=weeks_chart(weeks),
        transitions=transition_table(source, weeks),
        blockers=blockers_table(found, below),
        changes=changes_table(source, weeks),
        furthest=furthest_table(source, last.day),
        programmes=programme_tables(source),
        programmes_note=programmes_note(source),
        not_measured=not_measured(source, METRICS),
    )


def _message(source: Published, found: list[Blocker], below: int) -> Sentence:
    """How many hold a status, whether that moved beyond noise, and what most of the others lack."""
    now, before = source.at("expertise_share"), source.at("expertise_share", source.period.previous.id)
    assert now is not None
    text = f"{with_unit(now.value, SHARE)} of sellers hold an Expertise status"
    if before is not None and before.value is not None:
        move = move_of(source, "expertise_share")
        text += f" ({period_name(source, before.period_id)}: {show(before.value, SHARE)})"
        if move is not None:
            text += f", {'beyond' if move.is_beyond_noise else 'within'} noise"
    if found:
        first = found[0]
        text += f"; {count(first.sellers)} of {count(below)} below the top lack {first.criterion}"
    return Sentence(f"{text}.", "holders of a status, and the most frequent binding criterion")
