"""The quarter's objectives: every metric with a target, how it stands, and what the shortfall amounts to.

What belongs here: the choice and order of the objectives and the plain arithmetic on one of them. Tables and sentences
are made by the pages that print them.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.figures.numbers import listed
from pipeline.figures.published import Published, Value
from pipeline.figures.wording import in_sentence, spoken


@dataclass(frozen=True)
class Objective:
    """A metric with a target in this quarter. `owner` is the area that answers for it, `assurance` what the limits of
    its months say of the target."""

    metric: str
    value: Value
    before: Value | None
    last_year: Value | None
    owner: str
    assurance: str

    @property
    def is_met(self) -> bool:
        return self.value.rag == "green"


def objectives(source: Published, last_year: str) -> list[Objective]:
    """Every objective of the quarter that has a value, in the order in which the office lists its targets."""
    if not source.has("targets"):
        return []
    listed_targets = source.rows(
        """select metric, arg_max(owner, version) from targets where period_type in ('quarter', 'all')
        group by metric order by min(rowid)"""
    )
    assurances = _assurances(source)
    found = []
    for metric, owner in listed_targets:
        value = source.at(metric)
        if value is None or value.value is None or value.target is None:
            continue
        before = source.at(metric, source.period.previous.id)
        assurance = assurances.get(metric, "")
        found.append(Objective(metric, value, before, source.at(metric, last_year), owner or "", assurance))
    return found


def _assurances(source: Published) -> dict[str, str]:
    """Of the targets in force, what the limits of the months up to this quarter's end say."""
    if not source.has("target_proposals"):
        return {}
    rows = source.rows(
        "select metric, assurance from target_proposals where period_id = $period and policy_target is not null",
        period=source.period.id,
    )
    return dict(rows)


def verdict_sentence(source: Published, found: list[Objective]) -> str:
    """`4 of 6 targets are met in Q1 2026, 2 are near; 2 were met in Q4 2025. Newly met: messages.`"""
    met = [objective for objective in found if objective.is_met]
    text = f"{len(met)} of {len(found)} targets {'is' if len(met) == 1 else 'are'} met in {source.period.label}"
    text += "".join(
        f", {several} {'is' if several == 1 else 'are'} {word}"
        for word, rag in (("near", "amber"), ("missed", "red"))
        if (several := sum(1 for objective in found if objective.value.rag == rag))
    )
    earlier = [objective for objective in found if objective.before and objective.before.rag]
    if earlier:
        then = sum(1 for objective in earlier if objective.before and objective.before.rag == "green")
        text += f"; {then} {'was' if then == 1 else 'were'} met in {source.period.previous.label}"
    text += "."
    newly = [o for o in met if o.before and o.before.rag in ("red", "amber")]
    if newly:
        text += f" Newly met: {_names(source, newly)}."
    return text


def lost_sentence(source: Published, found: list[Objective]) -> str:
    """`No longer met: sellers satisfied with the training resources.`; '' when no target was lost."""
    lost = [o for o in found if not o.is_met and o.before and o.before.rag == "green"]
    return f"No longer met: {_names(source, lost)}." if lost else ""


def _names(source: Published, several: list[Objective]) -> str:
    return listed(in_sentence(spoken(source, objective.metric)) for objective in several)
