"""The next quarter: proposed targets with their evidence, what follows from missed ones, what a person must sign.

What belongs here: the choice and order of what the page shows, and its sentences. The actions are the first page's
decisions, with dates. Every date is one that a rule gives (a target counts for periods that begin on its first day or
later, and a quarter is judged when it is over) and lies after the day of the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.figures.decisions import owner_of
from pipeline.figures.measures import last_year_id
from pipeline.figures.model import BigNumber, Cell, Column, Row, Sentence, Table
from pipeline.figures.numbers import count, goal, listed, plural, show
from pipeline.figures.published import Published
from pipeline.figures.quarterly.decisions import told_metrics, what_to_decide
from pipeline.figures.quarterly.objectives import Objective, objectives
from pipeline.figures.quarterly.proposal_tables import (
    Proposal,
    first_targets_table,
    in_force_table,
    proposals,
    scale_of_proposal,
    why_none,
)
from pipeline.figures.wording import in_sentence, spoken, subject
from pipeline.settings import Office


@dataclass(frozen=True)
class OutlookPage:
    message: Sentence
    number: BigNumber | None
    in_force: Table | None
    legend: str
    first_targets: Table | None
    left_out: str
    actions: Table | None
    signing: tuple[str, ...]
    not_measured: str


def outlook_page(source: Published, office: Office) -> OutlookPage | None:
    """The page; None when there is neither a target nor a proposal."""
    found, judged = proposals(source), objectives(source, last_year_id(source))
    if not found and not judged:
        return None
    made = [proposal for proposal in found if proposal.committed is not None]
    measured = [proposal for proposal in found if proposal.reason != "not_measured"]
    in_force, first = in_force_table(source, measured), first_targets_table(source, found)
    has_rings = any(proposal.policy_target is not None for proposal in made)
    return OutlookPage(
        message=_message(source, judged, made, found),
        number=_number(source, measured, made),
        in_force=in_force,
        legend=_legend(has_rings) if made else "",
        first_targets=first,
        left_out=why_none(found),
        actions=_actions(source, office, judged, measured),
        signing=_signing(source, office, made),
        not_measured=_unmeasured(source, found),
    )


def _message(source: Published, judged: list[Objective], made: list[Proposal], found: list[Proposal]) -> Sentence:
    """How the quarter's targets ended, and what can be proposed for the next one."""
    label, following = source.period.label, source.period.next.label
    again = [proposal for proposal in made if proposal.policy_target is not None]
    met = {objective.metric for objective in judged if objective.is_met}
    if not made:
        tail = f"nothing can be proposed for {following} yet"
    elif not again:
        tail = f"for {following} a first one could be set for {plural(len(made), 'measure')}"
    elif raised := [proposal for proposal in again if _is_beyond(proposal) and proposal.metric in met]:
        number = f"{count(len(raised))} of those met" if len(met) < len(judged) else count(len(raised))
        tail = f"{number} could be raised for {following} by the smallest change that would show"
    else:
        tail = f"for {following} a new value is proposed for {plural(len(again), 'target')} in force"
    if judged:
        missed = sum(1 for objective in judged if not objective.is_met)
        text = f"{count(missed)} of {plural(len(judged), 'target')} {'is' if missed == 1 else 'are'} not met in {label}"
        if not missed:
            text = (
                f"{f'All {count(len(judged))} targets are' if len(judged) > 1 else 'The one target is'} met in {label}"
            )
        return Sentence(f"{text}; {tail}.", "targets missed and proposed")
    has_targets = any(proposal.policy_target is not None for proposal in found)
    text = f"No target in force has a value in {label}" if has_targets else f"No target is in force in {label}"
    return Sentence(f"{text}; {tail}.", "no target judged")


def _is_beyond(proposal: Proposal) -> bool:
    """Whether the proposal asks for more than the target in force."""
    if proposal.committed is None or proposal.policy_target is None:
        return False
    if proposal.better == "up":
        return proposal.committed > proposal.policy_target
    return proposal.committed < proposal.policy_target


def _number(source: Published, measured: list[Proposal], made: list[Proposal]) -> BigNumber | None:
    """The targets in force with a proposal; None where there are only first targets."""
    again = [proposal for proposal in made if proposal.policy_target is not None]
    if not again:
        return None
    in_force = sum(1 for proposal in measured if proposal.policy_target is not None)
    never = sum(1 for proposal in again if proposal.months_at_proposal == 0)
    parts = [f"of {plural(in_force, 'target')} in force"]
    if never:
        parts.append(f"{count(never)} of them at a level that no month has reached so far")
    if len(made) > len(again):
        parts.append(f"{plural(len(made) - len(again), 'measure')} without a target could have a first one")
    parts.append(
        "nothing counts until a person signs it" if made[0].is_final else f"a draft until {source.period.label} is over"
    )
    return BigNumber(count(len(again)), f"with a proposal for {source.period.next.label}", " · ".join(parts))


def _legend(has_rings: bool) -> str:
    ring = "; ring: target in force" if has_rings else ""
    return (
        "A proposal is the mean of the last three months and the least change that the next quarter would show with a "
        "chance of 80 % (of shares, in points): what could be noticed, not what can be reached. Of a quarter's count "
        "the mean is the sum. Its interval counts how months differ, so both may depart from the quarter's own on "
        f"other pages. Dot and line: mean and interval; upright line: proposal{ring}; each row on a scale of its own. "
        "Reached: months of the last twelve at the proposal or better."
    )


def _actions(source: Published, office: Office, judged: list[Objective], found: list[Proposal]) -> Table | None:
    """The first page's decisions, and targets out of reach: who answers for each, and the day that a rule gives."""
    following = source.period.next
    days = {
        "target missed": _day(source, "judged", following.end - timedelta(days=1)),
        "targets proposed": _day(source, "by", following.start),
    }
    areas = told_metrics(source)
    rows = [
        _action(decision.text, decision.owner, days.get(decision.rule, ""))
        for decision in what_to_decide(source, office, judged, areas)
    ]
    owners = {objective.metric: objective.owner for objective in judged}
    missed = {objective.metric for objective in judged if not objective.is_met}
    for proposal in found:
        if proposal.assurance == "consistently_fail" and proposal.metric not in missed:
            rows.append(_action(_out_of_reach(source, proposal), _owner(office, owners, proposal.metric), ""))
    has_days = any(row.cells[2].text for row in rows)
    columns = (Column("Action", "name"), Column("Owner", "name", "43mm"), Column("Date", "word", "28mm"))
    shown = rows if has_days else [Row(row.cells[:2]) for row in rows]
    return Table("What follows", columns if has_days else columns[:2], tuple(shown)) if rows else None


def _day(source: Published, word: str, day: date) -> str:
    """`judged 2026-06-30`; nothing for a day that the report's own does not lie before."""
    return f"{word} {day:%Y-%m-%d}" if day > source.run.as_of_day else ""


def _action(text: str, owner: str, day: str) -> Row:
    return Row((Cell(text), Cell(owner), Cell(day)))


def _owner(office: Office, owners: dict[str, str], metric: str) -> str:
    area = owners.get(metric, "")
    return owner_of(office, area) if area else ""


def _out_of_reach(source: Published, proposal: Proposal) -> str:
    scale = scale_of_proposal(source, proposal)
    usual = f"{show(proposal.limit_low, scale)} to {show(proposal.limit_high, scale)}"
    return (
        f"{spoken(source, proposal.metric)}: change the process or the target of "
        f"{goal(proposal.policy_target, scale)}; its months keep to {usual}."
    )


def _signing(source: Published, office: Office, made: Sequence[Proposal]) -> tuple[str, ...]:
    """What a person does to put a proposal in force, step by step."""
    if not made:
        return ()
    following = source.period.next
    return (
        f"{office.owners.data} has the file of proposals for {following.label} written: a row for each, its evidence, "
        "room for a name.",
        "A person who agrees with a row signs it with a name and adds it to the office's targets.",
        f"From the next run on it counts for periods that begin on {following.start:%Y-%m-%d} or later.",
    )


def _unmeasured(source: Published, found: Sequence[Proposal]) -> str:
    """The targets in force whose export has not come."""
    missing = [
        in_sentence(subject(source, proposal.metric))
        for proposal in found
        if proposal.policy_target is not None and proposal.reason == "not_measured"
    ]
    return f"Targets in force that are not measured: {listed(missing)}." if missing else ""
