"""The next quarter: proposed targets with their evidence, what follows from missed ones, what a person must sign.

What belongs here: the choice and order of what the page shows, its sentences and its actions. Every date is one that a
rule gives: a target counts for periods that begin on its first day or later, and a quarter is judged when it is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pipeline.figures.decisions import owner_of
from pipeline.figures.measures import last_year_id
from pipeline.figures.model import BigNumber, Cell, Column, Row, Sentence, Table
from pipeline.figures.numbers import count, digits_beside, goal, listed, plural, show, with_unit
from pipeline.figures.published import Published
from pipeline.figures.quarterly.objectives import Objective, objectives
from pipeline.figures.quarterly.proposal_tables import (
    Proposal,
    first_targets_table,
    in_force_table,
    proposals,
    scale_of_proposal,
    why_none,
)
from pipeline.figures.wording import in_sentence, scale_for, spoken, subject
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
        number=_number(source, made),
        in_force=in_force,
        legend=_legend(has_rings) if made else "",
        first_targets=first,
        left_out=why_none(found),
        actions=_actions(source, office, judged, measured, made),
        signing=_signing(source, made),
        not_measured=_unmeasured(source, found),
    )


def _message(source: Published, judged: list[Objective], made: list[Proposal], found: list[Proposal]) -> Sentence:
    """How the quarter's targets ended, and what can be proposed for the next one."""
    label, following = source.period.label, source.period.next.label
    again = [proposal for proposal in made if proposal.policy_target is not None]
    if not made:
        tail = f"nothing can be proposed for {following} yet"
    elif not again:
        tail = f"for {following} the figures support {plural(len(made), 'first target')}"
    else:
        tail = f"for {following} the figures support {plural(len(made), 'proposal')}"
        tail += f", {count(len(again))} for targets in force"
        if all(_is_beyond(proposal) for proposal in again):
            tail += f", {'each' if len(again) > 1 else 'which is'} beyond today's value"
    if judged:
        missed = sum(1 for objective in judged if not objective.is_met)
        text = f"{count(missed)} of {plural(len(judged), 'target')} {'is' if missed == 1 else 'are'} missed in {label}"
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


def _number(source: Published, made: list[Proposal]) -> BigNumber | None:
    if not made:
        return None
    again = sum(1 for proposal in made if proposal.policy_target is not None)
    parts = [
        f"{count(again)} for targets in force, {count(len(made) - again)} first targets" if again else "first targets",
        "from the last three months" if made[0].is_final else f"a draft until {source.period.label} is over",
        "none is in force until a person signs it",
    ]
    return BigNumber(count(len(made)), f"proposals for {source.period.next.label}", " · ".join(parts))


def _legend(has_rings: bool) -> str:
    ring = "; ring: target in force" if has_rings else ""
    return (
        f"Dot: baseline of three months with its 95 % interval; line: proposal{ring}; each row on a scale of its own. "
        "Shows from: the smallest change that the next quarter would show with a chance of 80 %, of shares in points; "
        "a proposal is the baseline and that change. There: months of the last twelve at the proposal or better."
    )


def _actions(
    source: Published, office: Office, judged: list[Objective], found: list[Proposal], made: list[Proposal]
) -> Table | None:
    """What follows from the quarter's targets, who answers for it, and the day that a rule gives."""
    following = source.period.next
    last_day = f"{following.end - timedelta(days=1):%Y-%m-%d}"
    rows = [
        _action(_missed(source, objective), owner_of(office, objective.owner), f"judged {last_day}")
        for objective in judged
        if not objective.is_met
    ]
    owners = {objective.metric: objective.owner for objective in judged}
    for proposal in found:
        if proposal.assurance == "consistently_fail":
            rows.append(_action(_out_of_reach(source, proposal), _owner(office, owners, proposal.metric), ""))
    by_hand = [proposal for proposal in found if proposal.policy_target is not None and proposal.committed is None]
    first_day = f"by {following.start:%Y-%m-%d}"
    if by_hand:
        several = dict.fromkeys(_owner(office, owners, proposal.metric) for proposal in by_hand)
        text = f"Confirm or change {plural(len(by_hand), 'target')} for which nothing is proposed."
        rows.append(_action(text, listed(owner for owner in several if owner), first_day))
    if made:
        text = f"Sign, change or refuse {plural(len(made), 'proposal')}."
        rows.append(_action(text, office.owners.data, first_day))
    columns = (Column("Action", "name"), Column("Owner", "name", "40mm"), Column("Date", "word", "28mm"))
    return Table("What follows", columns, tuple(rows)) if rows else None


def _action(text: str, owner: str, day: str) -> Row:
    return Row((Cell(text), Cell(owner), Cell(day)))


def _owner(office: Office, owners: dict[str, str], metric: str) -> str:
    area = owners.get(metric, "")
    return owner_of(office, area) if area else ""


def _missed(source: Published, objective: Objective) -> str:
    value, metric = objective.value, objective.metric
    assert value.value is not None and value.target is not None
    scale = scale_for(source, metric)
    digits = digits_beside(value.value, value.target, scale)
    standing = with_unit(value.value, scale, digits=digits)
    return f"{spoken(source, metric)}: from {standing} to the target of {goal(value.target, scale)}."


def _out_of_reach(source: Published, proposal: Proposal) -> str:
    scale = scale_of_proposal(source, proposal)
    usual = f"{show(proposal.limit_low, scale)} to {show(proposal.limit_high, scale)}"
    return (
        f"{spoken(source, proposal.metric)}: change the process or the target of "
        f"{goal(proposal.policy_target, scale)}; its months keep to {usual}."
    )


def _signing(source: Published, made: Sequence[Proposal]) -> tuple[str, ...]:
    """What a person does to put a proposal in force, step by step."""
    if not made:
        return ()
    following = source.period.next
    return (
        f"scmr17 targets propose {following.id} writes the file: a row a proposal, its evidence, room for a name.",
        "Who agrees copies the row, from metric to source, into config/targets.csv and puts a name to it.",
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
