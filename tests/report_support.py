"""A small published database made up for the tests of figures and rendering, with every table that a report reads.

The numbers are invented but hang together: shares have numerators and denominators, intervals are theirs, the royalty
pool adds up. Tests vary it through `Made`: exports that never came, other values, other names.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipeline.catalogue import load_catalogue
from pipeline.contracts import EXPORTS
from pipeline.figures import report_figures
from pipeline.figures.pages import MonthlyFigures
from pipeline.periods import Period, between, parse
from pipeline.settings import Office
from pipeline.statistics.intervals import wilson

FIRST, LAST = date(2024, 10, 1), date(2026, 4, 1)
REPORT_MONTH = "2026-03"
AS_OF = datetime(2026, 4, 2, 4, 0)
OFFICE = Office()

#: metric: what it needs, a usual month, the noise of a month (in the metric's unit), cases a month
METRICS: dict[str, tuple[str, float, float, int]] = {
    "rating_mean": ("reviews", 4.31, 0.012, 4200),
    "rating_bayes": ("reviews", 4.30, 0.012, 4200),
    "rating_positive_share": ("reviews", 0.842, 0.004, 4200),
    "review_count": ("reviews", 4200, 90, 4200),
    "csat_proxy": ("reviews", 0.842, 0.004, 4200),
    "reviews_per_100_orders": ("reviews sales", 44.1, 0.5, 9500),
    "nps": ("surveys", 34.0, 1.2, 1150),
    "csat": ("surveys", 0.815, 0.006, 1800),
    "repeat_customer_share": ("sales", 0.312, 0.004, 7600),
    "review_response_48h": ("reviews.response_at", 0.908, 0.006, 4000),
    "negative_review_response_48h": ("reviews.response_at", 0.884, 0.012, 420),
    "review_response_24h": ("reviews.response_at", 0.771, 0.008, 4000),
    "review_response_hours_median": ("reviews.response_at", 11.2, 0.4, 4000),
    "review_response_hours_p90": ("reviews.response_at", 44.5, 1.5, 4000),
    "review_response_pending": ("reviews.response_at", 212, 10, 212),
    "inquiry_response_48h": ("messages", 0.931, 0.004, 9000),
    "inquiry_response_24h": ("messages", 0.842, 0.004, 9000),
    "inquiry_response_rate": ("messages", 0.957, 0.003, 9000),
    "inquiry_response_rate_no_exemption": ("messages", 0.912, 0.003, 9400),
    "inquiry_response_hours_median": ("messages", 6.1, 0.3, 9000),
    "inquiry_response_hours_p90": ("messages", 33.0, 1.0, 9000),
    "inquiry_pending": ("messages", 310, 12, 310),
    "inquiry_exempt": ("messages", 402, 20, 402),
    "unanswered_inquiries": ("messages", 388, 15, 388),
    "on_time_delivery_rate": ("sales.promised_at", 0.924, 0.005, 9100),
    "delivery_days_median": ("sales.delivered_at", 4.2, 0.1, 9100),
    "message_count": ("messages", 33500, 800, 33500),
    "message_automated_count": ("messages", 5100, 150, 5100),
    "active_messagers": ("messages", 7150, 120, 7150),
    "seller_initiated_share": ("messages", 0.182, 0.004, 11000),
    "messages_per_order": ("messages sales", 3.52, 0.05, 9500),
    "gmv": ("sales", 482_000_000, 9_000_000, 9500),
    "net_sales": ("sales", 463_000_000, 9_000_000, 9500),
    "orders": ("sales", 9500, 150, 9500),
    "average_order_value": ("sales", 48_700, 500, 9500),
    "active_buyers": ("sales", 7600, 110, 7600),
    "new_buyers": ("sales", 2900, 80, 2900),
}
STARS = (0.052, 0.034, 0.072, 0.224, 0.618)
TARGETS = {"review_response_48h": 0.95, "negative_review_response_48h": 0.90}
QUARTER_TARGET = 100_000.0
#: quarter: forecasts whose 80 % limits held in the quarters up to it, and how many were made
COVERAGE = {
    "2024-Q4": (None, None), "2025-Q1": (8, 19), "2025-Q2": (10, 33), "2025-Q3": (19, 46), "2025-Q4": (24, 59),
    "2026-Q1": (27, 73),
}  # fmt: skip
CATEGORIES = ("Home", "Garden", "Toys", "Books", "Sports", "Kitchen", "Electronics", "Pets", "Office", "Music", "Baby")
#: The planted stories of the report's month.
STORIES = {"rating_mean": 4.17, "rating_positive_share": 0.799, "csat_proxy": 0.799, "message_count": 38_900.0}
FALLING = {"Electronics": 3.62, "Toys": 4.02}


@dataclass
class Made:
    """What a test varies. `without`: exports that never came (`messages`) or columns (`reviews.response_at`)."""

    without: tuple[str, ...] = ()
    values: dict[str, float] = field(default_factory=lambda: dict(STORIES))
    category_values: dict[str, float] = field(default_factory=lambda: dict(FALLING))
    names: dict[str, str] = field(default_factory=dict)
    sellers: int = 118
    seed: int = 17


def make_published(folder: Path, made: Made | None = None) -> Path:
    """Write `folder/scmr17.duckdb` and give `folder`."""
    made = made or Made()
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(folder / "scmr17.duckdb")) as con:
        con.execute(_TABLES)
        _fill(con, made)
    return folder


_TABLES = """
create table metrics (period_id varchar, period_type varchar, period_start date, period_end date, scope varchar,
    entity_id varchar, metric varchar, value double, numerator bigint, denominator bigint, n bigint, low double,
    high double, reason varchar, target double, rag varchar, evidence varchar, as_of timestamp);
create table catalogue (metric varchar, family varchar, title varchar, unit varchar, better varchar, periods varchar,
    scopes varchar, interval varchar, needs varchar, definition varchar, source varchar, sql_sha256 varchar);
create table policies (policy varchar, value double, meaning varchar);
create table targets (
    metric varchar, period_type varchar, value decimal(18, 6), amber decimal(18, 6), version integer,
    effective_from date
);
create table run (as_of timestamp, as_of_day date, time_zone varchar, currency varchar,
    fiscal_year_start_month integer, first_day date);
create table periods (period_id varchar, period_type varchar, period_start date, period_end date, is_complete boolean);
create table sellers (seller_id varchar, name varchar);
create table products (product_id varchar, name varchar, category varchar);
create table files (file_id integer, sha256 varchar, export varchar, platform varchar, name varchar,
    exported_at timestamp, status varchar, refusal varchar,
    rows_in bigint, accepted bigint, superseded bigint, rejected bigint, columns varchar[]);
create table exclusions (export varchar, kind varchar, reason varchar, rows bigint);
create table rejects (export varchar, file_name varchar, column_name varchar,
    rule varchar, reason varchar, rows bigint);
create table anomalies (export varchar, file_name varchar, rule varchar, reason varchar, rows bigint);
create table royalties (period_id varchar, seller_id varchar, rank integer, reason varchar, base_cents bigint,
    bayes_mean decimal(18, 12), rating_count bigint, quality decimal(18, 12), response_share decimal(18, 12),
    engagement decimal(18, 12), share decimal(18, 15), pool_cents bigint, allocation_cents bigint, payout_cents bigint,
    carried_cents bigint, closed_as_of timestamp);
create table message_peaks (period_id varchar, weekday integer, hour integer, messages bigint, per_slot double,
    rank integer);
create table themes (period_id varchar, contrast varchar, side varchar, rank integer, term varchar, also varchar,
    reviews bigint, side_reviews bigint, other_reviews bigint, other_side_reviews bigint, zeta double,
    quote_1 varchar, quote_2 varchar, quote_3 varchar);
create table message_forecasts (period_id varchar, seen_from varchar, cut_day date, days_left integer,
    forecast double, low_80 double, high_80 double, target double, probability double, reason varchar);
create table expertise (seller_id varchar, monday date, level integer, status varchar, previous_level integer,
    previous_status varchar, is_change boolean, reason varchar);
create table survival (period_id varchar, kind varchar, hours integer, surviving double);
"""


def _fill(con: duckdb.DuckDBPyConnection, made: Made) -> None:
    months = list(between(FIRST, LAST, "month"))
    quarters, weeks = list(between(FIRST, LAST, "quarter")), list(between(date(2025, 12, 29), LAST, "week"))
    _insert(
        con,
        "periods",
        ((p.id, p.type, p.start, p.end, p.end <= AS_OF.date()) for p in (*months, *quarters, *weeks)),
    )
    _insert(con, "run", [(AS_OF, AS_OF.date(), "Africa/Johannesburg", "ZAR", 1, FIRST)])
    _insert(con, "catalogue", _catalogue_rows())
    rows: list[tuple[Any, ...]] = []
    for period in months:
        rows += _month_rows(period, made)
    for period in quarters:
        total = sum(row[7] or 0 for row in rows if row[6] == "message_count" and row[4] == "all" and _in(row, period))
        if not _is_missing("messages", made):
            rows.append(
                _row(period, "all", "all", "message_count", total, target=QUARTER_TARGET, low=total, high=total)
            )
            held, made_before = COVERAGE[period.id]
            share = None if held is None else held / made_before
            high = None if held is None else float(wilson(held, made_before)[1])
            rows.append(_row(period, "all", "all", "message_forecast_coverage_80", share, held, made_before, high=high))
    chance = random.Random(made.seed)
    for period in weeks:
        if not _is_missing("messages", made) and period.end <= LAST:
            value = round(7600 * chance.uniform(0.95, 1.2))
            rows.append(_row(period, "all", "all", "message_count", value, low=value, high=value))
    _insert(con, "metrics", rows)
    _others(con, made)


def _catalogue_rows() -> Iterator[tuple[Any, ...]]:
    for entry in load_catalogue():
        lists = (" ".join(entry.periods), " ".join(entry.scopes))
        yield (
            entry.metric, entry.family, entry.title, entry.unit, entry.better, *lists, entry.interval,
            " ".join(entry.needs), entry.definition, entry.source, f"{len(entry.family):064x}",
        )  # fmt: skip


def _in(row: tuple[Any, ...], quarter: Period) -> bool:
    return row[1] == "month" and quarter.start <= row[2] < quarter.end


def _is_missing(needs: str, made: Made) -> bool:
    return any(need in made.without or need.partition(".")[0] in made.without for need in needs.split())


def _month_rows(period: Period, made: Made) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(f"{made.seed} {period.id}")
    units = {entry.metric: entry.unit for entry in load_catalogue()}
    for metric, (needs, usual, noise, cases) in METRICS.items():
        unit = units[metric]
        value = usual + noise * chance.uniform(-1, 1)
        if period.id == REPORT_MONTH:
            value = made.values.get(metric, value)
        if _is_missing(needs, made):
            yield _row(period, "all", "all", metric, None, reason="not_measured")
        else:
            yield _measured(period, "all", "all", metric, unit, value, cases)
    if _is_missing("reviews", made):
        return
    for stars, share in enumerate(STARS, start=1):
        count = round(share * 4200 * chance.uniform(0.95, 1.05))
        yield _row(period, "all", "all", f"review_stars_{stars}", count, n=count)
    if not _is_missing("messages", made):
        for role, share in (("buyer", 0.54), ("seller", 0.46)):
            yield _measured(period, "role", role, "message_count", "count", 33_500 * share, 33_500)
            yield _measured(period, "role", role, "active_messagers", "count", 7_150 * share, 7_150)
        for status, share in (("none", 0.11), ("conqueror", 0.23), ("captain", 0.60), ("superhero", 0.06)):
            yield _measured(period, "level", status, "expertise_share", "share", share, made.sellers)
    for index, category in enumerate(CATEGORIES):
        mean = 4.25 + 0.03 * (index % 5) + chance.uniform(-0.02, 0.02)
        if period.id == REPORT_MONTH:
            mean = made.category_values.get(category, mean)
        for metric in ("rating_mean", "rating_bayes"):
            yield _measured(period, "category", category, metric, "stars", mean, 380)
    for index in range(40):
        mean = 3.4 + 1.5 * index / 40 + chance.uniform(-0.1, 0.1)
        for metric in ("rating_mean", "rating_bayes"):
            yield _measured(period, "product", f"p{index:03d}", metric, "stars", mean, 12 + 3 * (index % 9))
    for index in range(made.sellers):
        share = min(1.0, 0.55 + 0.45 * ((index * 37) % 100) / 100)
        if not _is_missing("reviews.response_at", made):
            yield _measured(period, "seller", f"s{index:03d}", "review_response_48h", "share", share, 8 + index % 60)
        if not _is_missing("messages", made) and index % 4 == 0:
            yield _measured(period, "seller", f"s{index:03d}", "unanswered_inquiries", "count", 1 + index % 17, 1)


def _measured(
    period: Period, scope: str, entity: str, metric: str, unit: str, value: float, cases: int
) -> tuple[Any, ...]:
    """A value with an interval that fits its unit and number of cases."""
    numerator: int | None = None
    denominator: int | None = None
    if unit == "share":
        numerator, denominator = round(value * cases), cases
        value = numerator / cases
        width = 1.96 * math.sqrt(max(value * (1 - value), 0.0002) / cases)
    elif unit == "stars":
        width = 1.96 * 1.1 / math.sqrt(cases)
    elif unit == "points":
        width = 196 * 0.75 / math.sqrt(cases)
    elif unit == "count":
        value = round(value)
        numerator, width = int(value), 1.96 * math.sqrt(value)
    elif unit == "cents":
        value = round(value)
        return _row(period, scope, entity, metric, value, n=cases)
    else:
        width = 0.02 * value
    target = TARGETS.get(metric) if scope == "all" else None
    return _row(
        period, scope, entity, metric, value, numerator, denominator, cases, value - width, value + width, target=target
    )  # fmt: skip


def _row(
    period: Period,
    scope: str,
    entity: str,
    metric: str,
    value: float | None,
    numerator: int | None = None,
    denominator: int | None = None,
    n: int | None = None,
    low: float | None = None,
    high: float | None = None,
    reason: str | None = None,
    target: float | None = None,
) -> tuple[Any, ...]:
    rag = evidence = None
    if target is not None and value is not None and low is not None and high is not None:
        rag = "green" if value >= target else "amber" if value >= 0.9 * target else "red"
        certain = low >= target if value >= target else high < target
        evidence = f"{'met' if value >= target else 'missed'}-{'certain' if certain else 'uncertain'}"
    return (
        period.id, period.type, period.start, period.end, scope, entity, metric, value, numerator, denominator, n,
        low, high, reason, target, rag, evidence, AS_OF,
    )  # fmt: skip


def _others(con: duckdb.DuckDBPyConnection, made: Made) -> None:
    names = made.names
    _insert(
        con, "sellers", ((f"s{i:03d}", names.get(f"s{i:03d}", f"Seller {i:03d} Trading")) for i in range(made.sellers))
    )
    _insert(
        con,
        "products",
        ((f"p{i:03d}", names.get(f"p{i:03d}", f"Product {i:03d}"), CATEGORIES[i % 11]) for i in range(40)),
    )
    exports = [e for e in ("reviews", "messages", "sales", "surveys", "sellers", "products") if e not in made.without]
    for number, export in enumerate(exports):
        rejected, superseded = 3 * number, 11 * number
        at = AS_OF - timedelta(days=number)
        rows = 20_000 + 7 * number
        accepted = rows - rejected - superseded
        sha = f"{number:02x}" * 32
        _insert(
            con,
            "files",
            [
                (
                    number,
                    sha,
                    export,
                    "",
                    f"{export}-2026-03.csv",
                    at,
                    "loaded",
                    None,
                    rows,
                    accepted,
                    superseded,
                    rejected,
                    _columns(export, made),
                )
            ],
        )
        if rejected:
            _insert(con, "rejects", [(export, f"{export}-2026-03.csv", "rating", "range", "1 to 5", rejected)])
    _insert(con, "anomalies", [("reviews", "reviews-2026-03.csv", "early", "answered before it was written", 4)])
    if "sales" not in made.without:
        _insert(con, "royalties", royalty_rows(made))
    if "reviews" not in made.without:
        _insert(con, "themes", theme_rows(made))
    if "messages" not in made.without:
        _insert(con, "message_forecasts", FORECASTS)
    _insert(con, "expertise", expertise_rows(made))
    if "messages" not in made.without:
        _insert(con, "message_peaks", (_peak(weekday, hour) for weekday in range(1, 8) for hour in range(24)))
    for kind, needs, rate in (("review", "reviews.response_at", 0.05), ("inquiry", "messages", 0.075)):
        if not _is_missing(needs, made):
            _insert(con, "survival", ((REPORT_MONTH, kind, h, 0.07 + 0.93 * math.exp(-rate * h)) for h in range(97)))


def _columns(export: str, made: Made) -> list[str]:
    """Every column that the export may have, but those that a test does without."""
    return [c.name for c in EXPORTS[export].columns if f"{export}.{c.name}" not in made.without]


def theme_rows(made: Made) -> Iterator[tuple[Any, ...]]:
    """Six themes of either side, and a change over time that the report does not print."""
    quotes = ("It broke after one week. " * 9, "It broke after one week.", None)
    for rank in range(1, 7):
        for side, of, of_others in (("negative", 140, 739), ("positive", 739, 140)):
            term = made.names.get(f"{side} {rank}", f"{side} word{rank}")
            given = made.names.get(f"{side} quote {rank}")
            yield (REPORT_MONTH, "polarity", side, rank, term, f"other{rank}; more {term}; third{rank}",
                   40 - rank, of, 7, of_others, 9.0, *((given,) * 3 if given else quotes))  # fmt: skip
    yield (REPORT_MONTH, "change", "positive", 1, "unprinted", None, 9, 140, 0, 739, 9.0, *quotes)


#: The last quarter of 2025 as seen from its second month, and the first of 2026 from each of its months.
FORECASTS = (
    ("2025-Q4", "2025-11", date(2025, 11, 30), 31, 97_220.4, 95_087.0, 99_343.0, 1e5, 0.0499, None),
    ("2025-Q4", "2025-W46", date(2025, 11, 16), 45, 92_943.0, 90_836.0, 94_977.0, 1e5, 0.0, None),
    ("2026-Q1", "2026-01", date(2026, 1, 31), 59, None, None, None, 1e5, None, "too_short"),
    ("2026-Q1", "2026-02", date(2026, 2, 28), 31, 97_350.6, 94_444.0, 100_329.0, 1e5, 0.004, None),
    ("2026-Q1", "2026-W10", date(2026, 3, 8), 23, 99_000.0, 98_000.0, 99_900.0, 1e5, 0.2, None),
    ("2026-Q1", "2026-03", date(2026, 3, 31), 0, 1.1e5, 1.1e5, 1.1e5, 1e5, 1.0, None),
)
STATUSES = ("none", "conqueror", "captain", "superhero")


def expertise_rows(made: Made) -> Iterator[tuple[Any, ...]]:
    """The Mondays around the report's month. In it the first five sellers rise by one, the sixth falls by two, the
    seventh rises and falls back; the eighth had risen in February. All rise in April."""
    if "messages" in made.without:
        for index in range(made.sellers):
            yield (f"s{index:03d}", date(2026, 3, 30), None, None, None, None, None, "not_measured")
        return
    steps = {f"s{index:03d}": [(date(2026, 3, 9 + 7 * (index % 3)), 1, 2)] for index in range(5)}
    steps["s005"] = [(date(2026, 3, 9), 2, 0)]
    steps["s006"] = [(date(2026, 3, 9), 0, 1), (date(2026, 3, 23), 1, 0)]
    steps["s007"] = [(date(2026, 2, 23), 2, 3)]
    for seller, changes in steps.items():
        for monday, before, after in changes:
            yield (seller, monday, after, STATUSES[after], before, STATUSES[before], True, None)
        yield (seller, date(2026, 4, 6), 3, "superhero", 0, "none", True, None)
    yield ("s008", date(2026, 3, 16), 2, "captain", 2, "captain", False, None)


def _peak(weekday: int, hour: int) -> tuple[Any, ...]:
    """An hour of the week: busiest on Mondays at 14, quiet at night, and then too few to show."""
    messages = round((260 if weekday < 6 else 150) * math.exp(-(((hour - 14) / 5.5) ** 2)))
    rank = 1 if (weekday, hour) == (1, 14) else 2
    if messages < 10:
        return (REPORT_MONTH, weekday, hour, messages, None, None)
    return (REPORT_MONTH, weekday, hour, messages, messages / 4.4, rank)


def royalty_rows(made: Made, pool: int = 1_250_000_00) -> list[tuple[Any, ...]]:
    """A pool shared out by weights, to the cent; the last tenth of the sellers has too few ratings."""
    eligible = made.sellers - made.sellers // 10
    weights = [1000.0 / (i + 3) for i in range(eligible)]
    cents = [int(pool * w / sum(weights)) for w in weights]
    cents[0] += pool - sum(cents)
    rows: list[tuple[Any, ...]] = []
    for i in range(made.sellers):
        allocation = cents[i] if i < eligible else 0
        carried = allocation if 0 < allocation < 300_000 else 0
        factors = (Decimal("4.412345678901"), 40 + i % 90, Decimal("0.853086419725"), Decimal("0.9"), Decimal("0.95"))
        share = Decimal(allocation) / pool
        reason = None if i < eligible else "too_few_ratings"
        rows.append(
            (REPORT_MONTH, f"s{i:03d}", i + 1, reason, 20_000_000 // (i + 1), *factors, round(share, 15), pool,
             allocation, allocation - carried, carried, AS_OF)
        )  # fmt: skip
    return rows


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    listed = list(rows)
    if listed:
        frame = pl.DataFrame(listed, orient="row", infer_schema_length=None)
        con.register("made_rows", frame)
        con.execute(f"insert into {table} from made_rows")
        con.unregister("made_rows")


#: Themes of words of their own, where a report is to print several of a side.
THEMES = {f"{side} {rank}": f"{side}{rank}" for side in ("negative", "positive") for rank in range(1, 7)}


def full_report(folder: Path) -> MonthlyFigures:
    return report_figures(make_published(folder, Made(names=THEMES)), OFFICE, parse(REPORT_MONTH))


def report_of_reviews_and_sales(folder: Path) -> MonthlyFigures:
    """Of a marketplace such as Olist: no messages, no surveys, no answers of sellers."""
    made = Made(without=("messages", "surveys", "reviews.response_at"), names=THEMES)
    return report_figures(make_published(folder, made), OFFICE, parse(REPORT_MONTH))
