"""The targets proposed for the next quarter, as tables: what each rests on, and why others have none.

What belongs here: reading the published `target_proposals` of the report's quarter and laying them out. The proposals
are `pipeline.analyses.target_proposals`', the file to sign `pipeline.proposing`'s; the page's sentences are
`outlook_page.py`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields

from pipeline.figures.measures import Footnotes
from pipeline.figures.model import MISSING_TEXT, Cell, Column, Interval, Row, Table
from pipeline.figures.numbers import Scale, count, digits_beside, in_scale, listed, number, scale_of, show
from pipeline.figures.published import Published
from pipeline.figures.wording import subject
from pipeline.targets import ASSURANCE

#: Why nothing is proposed, as the end of a sentence about several metrics.
REASONS = {
    "no_months": "not computed by the month",
    "not_a_level": "itself a change",
    "too_short": "fewer than three months on record",
    "too_few": "fewer than 30 cases",
    "too_noisy": "with a noise above the value",
    "not_additive": "the months do not add up to the quarter",
    "not_measured": "not measured",
    "no_data": "no cases",
    "immature": "cases still open",
    "suppressed": "too few cases to show",
}
SPANS = {"month": " a month", "quarter": " a quarter"}
#: Shares that differ between a month and a quarter by their definition.
BY_THEIR_LENGTH = ("customer_retention_rate", "repeat_customer_share", "lapsed_customer_share", "churn_rate")
#: The first targets that the page shows, in this order: what the briefs ask a target for without giving one.
WANTED = (
    "csat", "nps", "rating_mean", "inquiry_response_48h", "on_time_delivery_rate", "repeat_customer_share",
    "return_rate", "order_defect_rate", "cancellation_rate", "cart_abandonment_rate", "rating_positive_share",
    "order_negative_review_rate", "reviews_per_100_orders", "customer_retention_rate", "active_buyers", "net_sales",
    "average_order_value", "active_sellers",
)  # fmt: skip
MOST_FIRST_TARGETS, MOST_WITHOUT_OTHERS = 5, 14  # the latter where no target is in force


@dataclass(frozen=True)
class Proposal:
    """A row of `target_proposals`: the target in force, if there is one, and what is proposed, if anything is."""

    metric: str
    better: str
    period_type: str
    basis: str | None
    baseline: float | None
    low: float | None
    high: float | None
    limit_low: float | None
    limit_high: float | None
    policy_target: float | None
    assurance: str
    detectable_change: float | None
    committed: float | None
    stretch: float | None
    months_at_proposal: int | None
    months: int
    is_final: bool
    reason: str | None


def proposals(source: Published) -> list[Proposal]:
    """The quarter's rows, targets in force first, then in the catalogue's order; [] where none is published."""
    if not source.has("target_proposals"):
        return []
    columns = ", ".join(f"t.{field.name}" for field in fields(Proposal))
    rows = source.rows(
        f"""select {columns} from target_proposals as t join catalogue as c using (metric)
        where t.period_id = $period order by t.policy_target is null, c.rowid""",
        period=source.period.id,
    )
    return [Proposal(*row) for row in rows]


def in_force_table(source: Published, found: Sequence[Proposal]) -> Table | None:
    """Every target in force with its proposal, or the reason why it has none; None without any target."""
    targets = [proposal for proposal in found if proposal.policy_target is not None]
    if not targets:
        return None
    notes = Footnotes()
    rows = tuple(Row(_in_force_cells(source, proposal, notes)) for proposal in targets)
    columns = (
        *_columns(),
        Column("In force", "number", "15mm", 1),
        Column("Proposed", "number", "16.5mm", 1),
        Column("Reached", "word-right", "15mm"),
        Column("Met by month", "word", "24mm"),
    )
    foot = (
        "Met by month: what the limits of the last twelve months say of the target in force; never met: the process or "
        "the target has to change."
    )
    return Table(
        f"Targets in force, and what is proposed for {source.period.next.short}",
        columns,
        rows,
        foot,
        tuple(notes.texts),
    )


def first_targets_table(source: Published, found: Sequence[Proposal]) -> Table | None:
    """Proposals for metrics without a target; None when there are none."""
    made = {
        proposal.metric: proposal
        for proposal in found
        if proposal.policy_target is None and proposal.committed is not None
    }
    if not made:
        return None
    in_force = any(proposal.policy_target is not None and proposal.reason != "not_measured" for proposal in found)
    order = [*(metric for metric in WANTED if metric in made), *(metric for metric in made if metric not in WANTED)]
    most = MOST_FIRST_TARGETS if in_force else MOST_WITHOUT_OTHERS
    if "rating_positive_share" in made and "csat_proxy" in made:
        order.remove("csat_proxy")  # the same stars
    shown = [made[metric] for metric in order[:most]]
    notes = Footnotes()
    rows = tuple(Row(_first_cells(source, proposal, notes)) for proposal in shown)
    columns = (
        *_columns(),
        Column("Proposed", "number", "18mm", 2),
        Column("Least change", "number", "20mm", 2),
        Column("Reached", "word-right", "18mm"),
    )
    left = len(made) - len(shown)
    foot = (
        f"{count(left)} more measures have such a proposal, with its evidence, in the file of proposals."
        if left
        else ""
    )
    return Table("First targets, for measures that have none", columns, rows, foot, tuple(notes.texts))


def why_none(found: Sequence[Proposal]) -> str:
    """`No proposal for 23 measures: 20 not computed by the month, 3 a change already.`"""
    reasons = Counter(
        REASONS.get(proposal.reason or "", "no value") for proposal in found if proposal.committed is None
    )
    if not reasons:
        return ""
    said = [
        f"{count(cases)} {reason}" for reason, cases in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    ]
    total = sum(reasons.values())
    return f"No proposal for {count(total)} {'measure' if total == 1 else 'measures'}: {listed(said)}."


def scale_of_proposal(source: Published, proposal: Proposal) -> Scale:
    largest = max(abs(proposal.baseline or 0.0), abs(proposal.policy_target or 0.0))
    return scale_of(source.metric(proposal.metric).unit, source.run.currency, largest)


def _columns() -> tuple[Column, ...]:
    return (
        Column("Measure", "name"),
        Column("3-month mean", "number", "19mm", 1),
        Column("Its 95 % interval", "word-right", "25.5mm"),
        Column("", "mark", "17.5mm"),
    )


def _title(source: Published, proposal: Proposal) -> Cell:
    scale = scale_of_proposal(source, proposal)
    span = SPANS.get(proposal.period_type, "") if scale.is_relative else ""
    if proposal.metric in BY_THEIR_LENGTH:
        span = SPANS.get(proposal.period_type, SPANS["month"])  # of months pooled, where it holds for all periods
    return Cell(subject(source, proposal.metric) + span, scale.unit, definition=proposal.metric)


def _baseline_cells(source: Published, proposal: Proposal) -> tuple[Cell, ...]:
    scale = scale_of_proposal(source, proposal)
    if proposal.baseline is None:
        return _title(source, proposal), Cell(MISSING_TEXT), Cell(""), Cell("")
    has_interval = proposal.low is not None and proposal.high is not None
    span = f"{show(proposal.low, scale)} to {show(proposal.high, scale)}" if has_interval else ""
    return (
        _title(source, proposal),
        Cell(show(proposal.baseline, scale), tone="strong"),
        Cell(span, tone="muted"),
        Cell("", mark=_mark(proposal, scale)),
    )


def _in_force_cells(source: Published, proposal: Proposal, notes: Footnotes) -> tuple[Cell, ...]:
    scale = scale_of_proposal(source, proposal)
    assert proposal.policy_target is not None
    digits = scale.digits
    if proposal.committed is not None:
        digits = digits_beside(proposal.committed, proposal.policy_target, scale)
        further = ""
        if proposal.stretch != proposal.committed:
            text = f"To stretch to: {show(proposal.stretch, scale, digits=digits)}."
            further = notes.letter(text)
        committed = Cell(show(proposal.committed, scale, digits=digits), note=further, tone="strong")
    else:
        reason = REASONS.get(proposal.reason or "", "no value")
        committed = Cell(MISSING_TEXT, note=notes.letter(f"{MISSING_TEXT}: {reason}; a person sets it."))
    return (
        *_baseline_cells(source, proposal),
        Cell(show(proposal.policy_target, scale)),
        committed,
        _reached(proposal, notes),
        Cell(ASSURANCE.get(proposal.assurance, MISSING_TEXT), tone="muted"),
    )


def _first_cells(source: Published, proposal: Proposal, notes: Footnotes) -> tuple[Cell, ...]:
    scale = scale_of_proposal(source, proposal)
    return (
        *_baseline_cells(source, proposal),
        Cell(show(proposal.committed, scale), tone="strong"),
        _change(proposal, scale),
        _reached(proposal, notes),
    )


def _change(proposal: Proposal, scale: Scale) -> Cell:
    if proposal.detectable_change is None:
        return Cell(MISSING_TEXT)
    return Cell(number(in_scale(proposal.detectable_change, scale), scale.digits))


def _reached(proposal: Proposal, notes: Footnotes) -> Cell:
    """In how many months the proposal was reached; none, and more than half, are said in words."""
    if proposal.months_at_proposal is None or proposal.committed is None:
        return Cell("")
    note = ""
    if not proposal.months_at_proposal:
        note = notes.letter("Never reached so far: nothing shows that it can be.")
    elif 2 * proposal.months_at_proposal > proposal.months:
        note = notes.letter("Reached in most months already: less than what is usual.")
    return Cell(f"{count(proposal.months_at_proposal)} of {count(proposal.months)}", note=note)


def _mark(proposal: Proposal, scale: Scale) -> Interval | None:
    """The baseline with its interval, the proposal as a line and the target in force as a ring, on an axis of their
    own."""
    baseline, low, high = proposal.baseline, proposal.low, proposal.high
    if baseline is None or low is None or high is None or proposal.committed is None:
        return None
    known = [low, high, proposal.committed]
    if proposal.policy_target is not None:
        known.append(proposal.policy_target)
    start, width = min(known), max(known) - min(known)
    if width <= 0:
        return None

    def place(value: float) -> float:
        return round((value - start) / width, 4)

    alt = (
        f"baseline {show(baseline, scale)}, interval {show(low, scale)} to {show(high, scale)}, "
        f"proposed {show(proposal.committed, scale)}"
    )
    policy = proposal.policy_target
    if policy is not None:
        alt += f", in force {show(policy, scale)}"
    before = None if policy is None else place(policy)
    return Interval(place(low), place(baseline), place(high), alt, before, place(proposal.committed))
