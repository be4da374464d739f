"""What earlier editions said that is no longer so: old, new, and what came between.

What belongs here: the table of restated figures. Where editions lie, and what their packs hold, is `pipeline.editions`'
and `pipeline.evidence_pack`'s business.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pipeline.editions import Issued
from pipeline.evidence_pack import Pack
from pipeline.figures.measures import value_cell
from pipeline.figures.model import Cell, Column, Row, Table
from pipeline.figures.numbers import change_with_unit, listed, plural, show
from pipeline.figures.published import Published, Value
from pipeline.figures.wording import scale_for, subject

MOST_ROWS = 8


@dataclass(frozen=True)
class Restated:
    """A figure of an issued edition that would be printed otherwise now; `now` is None where it has no value any
    more."""

    edition: Issued
    metric: str
    was: float
    now: Value | None
    why: str


def restated(source: Published, issued: Sequence[Issued]) -> list[Restated]:
    """Every figure of the issued editions that has changed in print, oldest period first. Scope: the marketplace."""
    found = []
    loaded = _loaded(source)
    for edition in issued:
        for (metric, period_id), was in sorted(edition.pack.values.items()):
            if period_id != edition.period_id or metric not in source.catalogue:
                continue
            now, scale = source.at(metric, period_id), scale_for(source, metric)
            if show(now.value if now else None, scale) != show(was, scale):
                found.append(Restated(edition, metric, was, now, _why(source, edition.pack, metric, loaded)))
    return found


def restatement_table(
    source: Published, found: Sequence[Restated], printed: Collection[str], most: int = MOST_ROWS
) -> Table | None:
    """The restated figures, those that the report prints first; None when there are none."""
    if not found:
        return None
    ordered = sorted(found, key=lambda one: (one.metric not in printed, one.edition.period_id, one.metric))
    rows = tuple(_row(source, one) for one in ordered[:most])
    columns = (
        Column("Edition", "word", "24mm"),
        Column("Figure", "name"),
        Column("Was", "number", "16mm", 2),
        Column("Is", "number", "16mm", 2),
        Column("Δ", "word-right", "18mm"),
        Column("What came between", "word", "58mm"),
    )
    rest = len(ordered) - len(rows)
    foot = (
        f"{plural(rest, 'more figure')} of issued editions changed in print; the evidence pack holds both."
        if rest
        else ""
    )
    return Table("Restated since issued", columns, rows, foot=foot)


def _row(source: Published, one: Restated) -> Row:
    scale = scale_for(source, one.metric)
    return Row(
        (
            Cell(f"{one.edition.period_id} no. {one.edition.number}"),
            Cell(subject(source, one.metric), scale.unit),
            Cell(show(one.was, scale)),
            value_cell(one.metric, one.now, scale),
            Cell(change_with_unit(one.now.value if one.now else None, one.was, scale)),
            Cell(one.why, tone="muted"),
        )
    )


def _loaded(source: Published) -> dict[str, tuple[str, int]]:
    """The loaded files: export and superseded rows, by SHA-256."""
    rows = source.rows("select sha256, export, coalesce(superseded, 0) from files where status = 'loaded'")
    return {sha256: (export.rpartition(".")[2], int(superseded)) for sha256, export, superseded in rows}


def _why(source: Published, pack: Pack, metric: str, loaded: dict[str, tuple[str, int]]) -> str:
    """Another definition, or the exports that brought late or corrected rows since; else what was settled anew."""
    then = pack.manifest["metrics"].get(metric, {}).get("sql_sha256")
    if then != source.metric(metric).sql_sha256:
        return "changed definition"
    known = {file["sha256"] for file in pack.manifest["files"]}
    needs = {need.partition(".")[0] for need in source.metric(metric).needs.replace("|", " ").split()}
    came = [
        (export, superseded) for sha, (export, superseded) in loaded.items() if sha not in known and export in needs
    ]
    if not came:
        return "rows of other exports, or settings"
    kind = "corrected rows" if any(superseded for _, superseded in came) else "late rows"
    return f"{kind} in {listed(sorted({export for export, _ in came}))}"
