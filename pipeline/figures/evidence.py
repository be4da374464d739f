"""The last page: what the figures rest on. Files, rejected rows, pending and suppressed cases, what is not measured,
definitions.

What belongs here: counting what stands behind, or is kept out of, the other pages. What a quarterly says of its method
is `method.py`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pipeline.figures.method import effect_of, method_of
from pipeline.figures.model import Cell, Column, Row, Sentence, Table
from pipeline.figures.numbers import THIN, count, instant, name, number, plural, safe
from pipeline.figures.pages import Definition, EvidencePage
from pipeline.figures.published import Published
from pipeline.figures.wording import source_name, subject
from pipeline.settings import Office

MOST_FILES, MOST_FILES_BESIDE_METHOD = 5, 3
_FILES = "Input files, newest first"
MOST_REJECTS, MOST_REJECTS_BESIDE_METHOD = 4, 2
NAMED_IN_FULL = 3  # measures of one absent export that a quarterly names
MOST_EXCLUSIONS = 3

#: Metrics that count what another metric leaves out, and how a line about them reads.
SET_ASIDE = (
    ("review_response_pending", "Reviews younger than 48 hours, pending"),
    ("inquiry_pending", "Inquiries younger than 48 hours, with thank-yous"),
    ("inquiry_exempt", "Thank-you messages exempt from an answer"),
    ("review_response_by_staff", "Reviews answered by staff, not by the seller"),
    ("message_automated_count", "Automated messages, not counted"),
    ("orders_without_promise", "Orders without a promised day"),
)


def evidence_page(
    published: Published, office: Office, printed: Mapping[str, str], explained: Collection[str] = ()
) -> EvidencePage:
    """The page.

    `printed` gives, for each metric id that the report prints, the anchor of the page that prints it first. The
    definitions of those in `explained` are printed, the others stand in the index only.
    """
    is_quarterly = published.period.type == "quarter"
    order = sorted(printed) if is_quarterly else sorted(printed, key=lambda metric: subject(published, metric))
    return EvidencePage(
        message=Sentence(f"{rows_sentence(published)}", "rows reconcile"),
        files=_files(published, office, MOST_FILES_BESIDE_METHOD if is_quarterly else MOST_FILES),
        rejects=_rejects(published, with_effect=is_quarterly),
        counts=_set_aside(published),
        not_measured=_not_measured(published, NAMED_IN_FULL if is_quarterly else None),
        definitions=tuple(_definition(published, metric, printed, metric in explained) for metric in order),
        method=method_of(published, printed) if is_quarterly else None,
    )


def _definition(published: Published, metric: str, printed: Mapping[str, str], is_explained: bool) -> Definition:
    is_quarterly = published.period.type == "quarter"
    entry = published.metric(metric)
    source = safe(entry.source.partition(";")[0].removeprefix("METRICS.md "), 40)
    return Definition(
        metric=metric,
        title=subject(published, metric),
        text=safe(entry.definition, 300) if is_explained else "",
        source=source.partition(",")[0] if is_quarterly else source,
        page=printed[metric],
        sql_hash=entry.sql_sha256[:8],
    )


def _row_counts(published: Published) -> tuple[int, int, int, int, int]:
    """Files loaded, rows in, accepted, superseded, rejected."""
    rows = published.rows(
        """select count(*), coalesce(sum(rows_in), 0), coalesce(sum(accepted), 0), coalesce(sum(superseded), 0),
            coalesce(sum(rejected), 0) from files where status = 'loaded'"""
    )
    files, rows_in, accepted, superseded, rejected = (int(figure) for figure in rows[0])
    return files, rows_in, accepted, superseded, rejected


def rows_sentence(published: Published) -> str:
    """Rows in = accepted + superseded + rejected, over every loaded file."""
    files, rows_in, accepted, superseded, rejected = _row_counts(published)
    gap = rows_in - accepted - superseded - rejected
    share = f" ({_percent(rejected, rows_in)})" if rejected else ""
    text = (
        f"{plural(rows_in, 'row')} came in {plural(files, 'file')}: {count(accepted)} accepted, "
        f"{count(superseded)} superseded, {count(rejected)} rejected{share}"
    )
    return f"{text}; every row is accounted for." if gap == 0 else f"{text}; {plural(gap, 'row')} not accounted for."


def _percent(part: int, whole: int) -> str:
    """A part in %, that never rounds to nothing."""
    percent = 100 * part / whole
    return f"under {number(0.01, 2)}{THIN}%" if percent < 0.01 else f"{number(percent, 2)}{THIN}%"


def data_quality_line(published: Published) -> str:
    """Page 1's line: rows, refused files, anomalies."""
    refused = int(published.rows("select count(*) from files where status <> 'loaded'")[0][0])
    anomalies = int(published.rows("select coalesce(sum(rows), 0) from anomalies")[0][0])
    parts = [rows_sentence(published)]
    if refused:
        parts.append(f"{plural(refused, 'file')} refused whole.")
    if anomalies:
        parts.append(f"{plural(anomalies, 'row')} accepted with an anomaly.")
    return " ".join(parts)


def _files(published: Published, office: Office, most: int) -> Table | None:
    rows = published.rows(
        """select export, platform, name, sha256, rows_in, accepted, superseded, rejected, exported_at, status, refusal
        from files order by exported_at desc, sha256 desc"""
    )
    if not rows:
        return None
    shown = []
    for (
        export,
        platform,
        file_name,
        sha256,
        rows_in,
        accepted,
        superseded,
        rejected,
        exported_at,
        status,
        refusal,
    ) in rows[:most]:
        is_refused = status != "loaded"
        shown.append(
            Row(
                (
                    Cell(name(_export_name(platform, export), 24)),
                    Cell(name(file_name, 60)),
                    Cell(str(sha256)[:8], tone="muted"),
                    Cell(instant(exported_at, office.zone)[:10] if exported_at else ""),
                    Cell(count(rows_in or 0)),
                    Cell(count(accepted or 0)),
                    Cell(count(superseded or 0)),
                    Cell(count(rejected or 0)),
                    Cell(f"▼ refused: {safe(refusal, 60)}" if is_refused else "", tone="bad" if is_refused else ""),
                )
            )
        )
    columns = (
        Column("Export", "name", "24mm"),
        Column("File", "word", "56mm"),
        Column("SHA-256", "word", "17mm"),
        Column("Exported", "word", "18mm"),
        Column("Rows", "number", "15mm"),
        Column("Accepted", "number", "15mm"),
        Column("Superseded", "number", "16mm"),
        Column("Rejected", "number", "15mm"),
        Column("", "word"),
    )
    rest = rows[most:]
    foot = ""
    if rest:
        totals = [sum(row[column] or 0 for row in rest) for column in (4, 5, 6, 7)]
        foot = (
            f"{plural(len(rest), 'older file')}, with {plural(totals[0], 'row')}: {count(totals[1])} accepted, "
            f"{count(totals[2])} superseded, {count(totals[3])} rejected; total reconciles."
        )
    if all(not row.cells[8].text for row in shown):
        return Table(_FILES, columns[:8], tuple(Row(row.cells[:8]) for row in shown), foot=foot)
    return Table(_FILES, columns, tuple(shown), foot=foot)


def _export_name(platform: str | None, export: str) -> str:
    """`reviews`, and `olist reviews` or `olist orders` for another platform's."""
    return f"{platform} {export.removeprefix(f'{platform}.')}" if platform else export


def _rejects(published: Published, *, with_effect: bool) -> Table | None:
    """`with_effect`: a column says how far an export's rejected rows could move its leading share."""
    rows = published.rows(
        """select export, column_name, rule, min(reason), sum(rows)::bigint as n
        from rejects group by export, column_name, rule order by n desc, export, column_name, rule"""
    )
    if not rows:
        return None
    most = MOST_REJECTS_BESIDE_METHOD if with_effect else MOST_REJECTS
    shown = tuple(
        Row(
            (
                Cell(name(export.rpartition(".")[2])),
                Cell(safe(_rule(column, rule, reason), 90)),
                Cell(count(rejected)),
                *((Cell(effect_of(published, export, rejected), tone="muted"),) if with_effect else ()),
            )
        )
        for export, column, rule, reason, rejected in rows[:most]
    )
    rest = rows[most:]
    several = f"{plural(len(rest), 'more reason')}, {plural(int(sum(row[4] for row in rest)), 'row')}. " if rest else ""
    foot = f"{several}A row that breaks several rules is counted under each."
    columns = (
        Column("Export", "name", "20mm"),
        Column("Rule broken", "name"),
        Column("Rows", "number", "13mm"),
        *((Column("Effect, had they been right", "name", "58mm"),) if with_effect else ()),
    )
    return Table("Rejected rows by reason", columns, shown, foot=foot)


def _rule(column: str | None, rule: str, reason: str | None) -> str:
    """`qty: 1 or more`, `message id is missing`."""
    text = reason or rule.replace("_", " ")
    if not column:
        return text
    called = column.replace("_", " ")
    return f"{called} is missing" if rule == "required" else f"{called}: {text}"


def _set_aside(published: Published) -> Table | None:
    """What is pending, exempt or too small to show in this period; without what there is none of."""
    rows = []
    for metric, label in SET_ASIDE:
        found = published.at(metric)
        if found is not None and found.value:
            rows.append(Row((Cell(label), Cell(count(found.value), figure=found.key(metric)))))
    suppressed = int(
        published.rows(
            "select count(*) from metrics where period_id = $period and reason = 'suppressed'",
            period=published.period.id,
        )[0][0]
    )
    rows.append(Row((Cell("Values of sellers or products, too few cases"), Cell(count(suppressed)))))
    rows.extend(_excluded(published))
    return Table(
        f"Set aside in this {published.period.type}",
        (Column("What", "name"), Column("Cases", "number", "16mm")),
        tuple(rows),
    )


def _excluded(published: Published) -> list[Row]:
    """Accepted rows of listed accounts by reason, in all periods: those with the most, and the others together."""
    if not published.has("exclusions"):
        return []
    reasons = published.rows(
        "select reason, sum(rows)::bigint as n from exclusions group by reason order by n desc, reason"
    )
    shown, rest = reasons[:MOST_EXCLUSIONS], reasons[MOST_EXCLUSIONS:]
    rows = [
        Row((Cell(f"Accepted rows of excluded accounts, all periods: {safe(reason, 40)}"), Cell(count(excluded))))
        for reason, excluded in shown
    ]
    if rest:
        text = f"Accepted rows of excluded accounts, all periods: {plural(len(rest), 'more reason')}"
        rows.append(Row((Cell(text), Cell(count(sum(excluded for _, excluded in rest))))))
    return rows


def _not_measured(published: Published, most: int | None) -> tuple[str, ...]:
    """A line for each absent export or column, with its measures: all, or the first `most`."""
    missing: dict[str, list[str]] = {}
    for metric in published.catalogue.values():
        found = published.at(metric.metric)
        if found is not None and found.reason == "not_measured":
            missing.setdefault(source_name(published, metric.needs), []).append(metric.title)
    lines = []
    for source, titles in sorted(missing.items()):
        more = f"; {count(len(titles[most:]))} more" if most is not None and titles[most:] else ""
        lines.append(f"No {source}: {'; '.join(titles[:most])}{more}.")
    return tuple(lines)
