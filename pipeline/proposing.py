"""The file that a person signs: the next quarter's proposed targets, with the evidence (`scmr17 targets propose`).

What belongs here: laying out the published `target_proposals` as a CSV in the columns of `targets.csv`, and as a table
on a terminal. The proposals are `pipeline.analyses.target_proposals`'; nothing here touches `config/targets.csv`: who
agrees copies a row there, its evidence left off, and puts a name to it.
"""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline import periods
from pipeline.errors import CannotWrite, DeliveryMissing, UserError
from pipeline.figures.numbers import in_scale, number, rounded, scale_of, with_unit
from pipeline.periods import Period
from pipeline.publishing import open_published
from pipeline.settings import DataFolder, Office
from pipeline.targets import ASSURANCE, COLUMNS

STATUS = "proposed"
SIGNATURES = ("signed_by", "signed_on")
#: Beside the columns of targets.csv, from left to right.
EVIDENCE = (
    "status", "title", "unit", "edition", "is_final", "stretch", "policy_target", "assurance", "floor", "baseline",
    "low", "high", "numerator", "denominator", "first_month", "last_month", "basis", "limit_low", "limit_high",
    "months", "detectable_change", "best_improvement", "months_at_proposal", "evidence",
)  # fmt: skip
#: Decimals of a proposed target in targets.csv; those of another unit have two.
DECIMALS = {"share": 4, "points": 1, "count": 0, "cents": 0, "per 100 orders": 1, "0–100": 1}

Row = dict[str, Any]


@dataclass(frozen=True)
class Proposed:
    """What was asked for: the file, whether it had to be written, and what a terminal shows of it."""

    path: Path
    is_new: bool
    shown: RenderableType


def propose_targets(folder: DataFolder, office: Office, quarter_id: str, output: Path | None = None) -> Proposed:
    """Write the proposals for a quarter, from the edition of the quarter before it; the same figures, the same bytes.

    Raises UserError when it is no quarter, DeliveryMissing when nothing is published for it, and CannotWrite when the
    file cannot be written or a person has changed it.
    """
    quarter = periods.parse(quarter_id, office.fiscal_year_start_month)
    if quarter.type != "quarter":
        raise UserError(f"{quarter_id!r} is a {quarter.type}; targets are proposed for a quarter such as 2026-Q2")
    with open_published(folder) as con:
        rows = _rows(con, folder, quarter)
        signed = con.execute("select metric, period_type, version, owner from published.targets").fetchall()
    made = [row for row in rows if row["committed"] is not None]
    path = output or folder.reports / quarter.id / f"target-proposals-{quarter.id}.csv"
    if output is not None and not output.parent.is_dir():
        raise CannotWrite(f"{output}: {output.parent} is no folder; make it first, or name a file in one that is there")
    lines = [_line(row, quarter, office, signed) for row in made]
    is_new = _write(path, _as_csv(lines))
    left_out = [row for row in rows if row["committed"] is None]
    return Proposed(path, is_new, Group(_table(made, quarter, office), *_footer(made, left_out)))


def _rows(con: duckdb.DuckDBPyConnection, folder: DataFolder, quarter: Period) -> list[Row]:
    there = con.execute(
        "select 1 from duckdb_tables() where database_name = 'published' and table_name = 'target_proposals'"
    ).fetchone()
    if not there:
        raise DeliveryMissing(f"{folder.published} was published without proposals; `scmr17 run` publishes them")
    found = con.execute(
        "select c.title, c.unit, t.* from published.target_proposals as t join published.catalogue as c using (metric) "
        "where t.period_id = ? order by t.policy_target is null, c.rowid",
        [quarter.previous.id],
    )
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    if not rows:
        known = con.execute(
            "select min(for_period), max(for_period) from published.target_proposals where period_id like '%-Q%'"
        ).fetchone()
        have = f"there are proposals for {known[0]} to {known[1]}" if known and known[0] else "no quarter is on record"
        raise DeliveryMissing(f"nothing is proposed for {quarter.id}: {have}")
    return rows


def _line(row: Row, quarter: Period, office: Office, signed: list[tuple[str, str, int, str]]) -> Row:
    """One line of the file: a target as `targets.csv` has it, the next version of what is `signed`, and why."""
    digits = DECIMALS.get(row["unit"], 2)
    versions = [version for *target, version, _ in signed if target == [row["metric"], row["period_type"]]]
    owners = [owner for metric, *_, owner in signed if metric == row["metric"]]
    target = {
        "metric": row["metric"],
        "period_type": row["period_type"],
        "value": rounded(row["committed"], digits),
        "amber": "" if row["floor"] is None else rounded(row["floor"], digits),
        "direction": row["better"],
        "version": max(versions, default=0) + 1,
        "effective_from": quarter.start,
        "owner": owners[-1] if owners else "",
        "source": f"proposed for {quarter.id} from {row['first_month']} to {row['last_month']} (METRICS.md A30)",
    }
    numbers = {name: _plain(row[name]) for name in EVIDENCE if name in row}
    reasons = {"status": STATUS, "edition": row["period_id"], "evidence": evidence(row, office)}
    return {**numbers, **target, **reasons}


def _plain(value: Any) -> Any:
    """A float with the digits that matter, six decimals; anything else as it is."""
    return f"{rounded(value, 6).normalize():f}" if isinstance(value, float) else value


def evidence(row: Row, office: Office) -> str:
    """Why this number, in one sentence that a meeting can check."""
    scale = scale_of(row["unit"], office.currency, row["baseline"])

    def say(name: str) -> str:
        return with_unit(row[name], scale)

    cases = ""
    if row["basis"] == "pooled_cases":
        cases = f", {number(row['numerator'])} of {number(row['denominator'])}"
    parts = [
        f"{say('baseline')} in {row['first_month']} to {row['last_month']} ({say('low')} to {say('high')}{cases})",
        f"a change of {_size(row, office)} would show in the next quarter",
        f"at the proposal or better: {row['months_at_proposal']} of the last {row['months']} months",
    ]
    if row["limit_low"] is not None:
        parts.insert(1, f"the last {row['months']} months kept to {say('limit_low')} to {say('limit_high')}")
    return "; ".join(parts)


def _size(row: Row, office: Office) -> str:
    """The detectable change without a sign, in points of a percentage where the metric is one."""
    scale = scale_of(row["unit"], office.currency, row["baseline"])
    text = number(in_scale(row["detectable_change"], scale), scale.digits)
    return f"{text} pp" if scale.unit == "%" else f"{text} {scale.unit}".strip()


def _as_csv(lines: list[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, (*COLUMNS, *EVIDENCE, *SIGNATURES), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _write(path: Path, text: str) -> bool:
    """Write the file, and beside it the checksum by which the next run knows that nobody has changed it.

    False when it stood there already. Raises CannotWrite.
    """
    checksum = path.with_name(path.name + ".sha256")
    new = text.encode()
    try:
        old = path.read_bytes() if path.exists() else None
        if old is not None and old != new and not _is_ours(old, checksum):
            raise CannotWrite(
                f"{path} has been changed since it was written, and stays as it is. To have the proposals written "
                "anew, move or delete it; to have both, name another file with --output"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        if old != new:
            temporary = path.with_name(path.name + ".part")
            temporary.write_bytes(new)
            temporary.replace(path)
        checksum.write_text(f"{hashlib.sha256(new).hexdigest()}  {path.name}\n", encoding="utf-8")
    except OSError as error:
        raise CannotWrite(f"{error.filename or path}: {error.strerror}") from None
    return old != new


def _is_ours(content: bytes, checksum: Path) -> bool:
    return checksum.exists() and checksum.read_text(encoding="utf-8")[:64] == hashlib.sha256(content).hexdigest()


def _table(rows: list[Row], quarter: Period, office: Office) -> RenderableType:
    draft = "" if all(row["is_final"] for row in rows) else f", a draft until {quarter.previous.label} is over"
    table = Table(title=f"Proposed for {quarter.label}{draft}", box=SIMPLE_HEAD, title_justify="left")
    table.add_column("metric", overflow="fold")
    for heading in ("now", "committed", "stretch", "target today", "months there"):
        table.add_column(heading, justify="right")
    table.add_column("target today is")
    for row in rows:
        scale = scale_of(row["unit"], office.currency, row["baseline"])
        figures = [with_unit(row[name], scale) for name in ("baseline", "committed", "stretch", "policy_target")]
        span = {"month": " a month", "quarter": " a quarter", "all": ""}[row["period_type"]]
        there = f"{row['months_at_proposal']} of {row['months']}"
        table.add_row(row["title"] + span, *figures, there, ASSURANCE[row["assurance"]])
    return table


def _footer(made: list[Row], left_out: list[Row]) -> list[Text]:
    lines = [Text(f"{len(made)} proposals; none is in force until a signed row stands in config/targets.csv")]
    for row in left_out:
        if row["policy_target"] is not None:
            verdict = ASSURANCE[row["assurance"]]
            lines.append(Text(f"no proposal for {row['title']} ({row['reason']}); its target today: {verdict}"))
    others = sum(row["policy_target"] is None for row in left_out)
    if others:
        lines.append(Text(f"{others} more metrics have none: see `reason` in target_proposals"))
    return lines
