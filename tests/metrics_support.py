"""A tiny marketplace in memory, for tests of what the SQL files say.

What belongs here: putting rows into `raw`, planning periods and building the tables that a test asks for, all through
the project's own models and catalogue. Columns that a test is not about are filled in here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

import duckdb
import polars as pl

from pipeline import periods, planning
from pipeline.catalogue import load_catalogue
from pipeline.models import all_models, build
from pipeline.policies import load_policies, write_policies
from pipeline.settings import DEFAULT_CONFIG
from pipeline.warehouse import prepare_schemas

#: The instant that the tests look from (UTC), and one well inside the month that they look at.
AS_OF = datetime(2025, 4, 10)
ASKED = datetime(2025, 1, 10, 12)

#: What a row has when the test does not say. A callable gets the row's running number.
DEFAULTS: dict[str, dict[str, Any]] = {
    "reviews": {
        "review_id": lambda i: f"R{i}",
        "product_id": "P1",
        "seller_id": "S1",
        "buyer_id": lambda i: f"B{i}",
        "rating": 5,
        "scale_max": 5,
        "created_at": "2025-01-10 12:00",
        "status": "published",
    },
    "messages": {
        "message_id": lambda i: f"M{i:06d}",
        "conversation_id": lambda i: f"C{i}",
        "sender_id": "B1",
        "sender_role": "buyer",
        "recipient_id": "S1",
        "sent_at": "2025-01-10 12:00",
    },
    "sales": {
        "order_id": lambda i: f"O{i}",
        "order_line_id": lambda i: f"L{i}",
        "product_id": "P1",
        "category": "Home",
        "seller_id": "S1",
        "buyer_id": lambda i: f"B{i}",
        "qty": 1,
        "amount_cents": 1000,
        "currency": "ZAR",
        "ordered_at": "2025-01-10 12:00",
        "status": "completed",
    },
    "returns": {
        "return_id": lambda i: f"T{i}",
        "order_line_id": "L1",
        "qty": 1,
        "refund_cents": 1000,
        "opened_at": "2025-01-12 12:00",
    },
    "surveys": {
        "response_id": lambda i: f"V{i}",
        "respondent_id": lambda i: f"B{i}",
        "role": "buyer",
        "instrument": "nps",
        "score": 9,
        "scale_min": 0,
        "scale_max": 10,
        "answered_at": "2025-01-10 12:00",
    },
    "carts": {
        "cart_id": lambda i: f"K{i}",
        "buyer_or_session": lambda i: f"B{i}",
        "created_at": "2025-01-10 12:00",
        "last_activity_at": "2025-01-10 12:30",
        "value_cents": 1000,
    },
    "training": {"seller_id": "S1", "course_id": "review-responses", "event": "attended", "at": "2025-01-10 12:00"},
    "improvements": {
        "initiative_id": lambda i: f"I{i}",
        "seller_id": "S1",
        "source": "customer_feedback",
        "status": "shipped",
        "shipped_at": "2025-01-10 12:00",
    },
    "subscriptions": {"buyer_id": lambda i: f"B{i}", "event": "opt_out", "at": "2025-01-10 12:00"},
    "sellers": {"seller_id": lambda i: f"S{i}", "joined_at": "2024-01-01 00:00", "status": "active"},
    "products": {"product_id": lambda i: f"P{i}", "status": "live", "category": "Home"},
}


class Row(NamedTuple):
    """One row of a long table."""

    value: float | None
    numerator: int | None
    denominator: int | None
    n: int | None
    low: float | None
    high: float | None
    reason: str | None


class Marketplace:
    """A warehouse in memory. `as_of` and every time given as text is UTC; the office's zone is UTC unless told."""

    def __init__(self, con: duckdb.DuckDBPyConnection, as_of: str, time_zone: str, first_day: str):
        self.con = con
        self.as_of = datetime.fromisoformat(as_of)
        self.time_zone = time_zone
        self.first_day = date.fromisoformat(first_day)
        self._numbers = {export: count(1) for export in DEFAULTS}
        prepare_schemas(con)
        con.execute(planning._TABLES)
        write_policies(con, load_policies(DEFAULT_CONFIG))

    def add(self, export: str, times: int = 1, **values: Any) -> Marketplace:
        """Insert `times` rows that share the given values. A callable value gets the row's number among its
        export's."""
        return self.add_rows(export, [values] * times)

    def add_rows(self, export: str, given: list[dict[str, Any]]) -> Marketplace:
        """Insert these rows, in this order."""
        rows = []
        for values in given:
            number = next(self._numbers[export])
            filled = {**DEFAULTS[export], **values}
            rows.append({name: value(number) if callable(value) else value for name, value in filled.items()})
        self.con.register("new_rows", pl.DataFrame(rows, infer_schema_length=None).to_arrow())
        self.con.execute(f"insert into raw.{export} by name select * from new_rows")
        self.con.unregister("new_rows")
        self.arrive(export, *sorted({column for row in rows for column in row}))
        return self

    def arrive(self, export: str, *columns: str) -> None:
        """Note in the ledger that a file of the export with these columns came, so that its metrics are measured."""
        self.con.execute(
            "insert into ledger.files (export, status, rows_in, columns) values (?, 'loaded', 1, ?)", [export, columns]
        )

    def plan(self, *period_ids: str, full: bool = True) -> Marketplace:
        """Plan these periods: `2025-01`, `2025-Q1`, `2025-W02`."""
        local = self.con.execute(
            "select cast(timezone(?, timezone('UTC', ?::timestamp)) as date)", [self.time_zone, self.as_of]
        ).fetchone()
        assert local is not None
        as_of_day = local[0]
        self.con.execute("delete from plan.run")
        self.con.execute(
            "insert into plan.run values (?, ?, ?, 'ZAR', 1, ?, ?, '', '')",
            [self.as_of, as_of_day, self.time_zone, self.first_day, full],
        )
        self.con.execute("delete from plan.periods; delete from plan.period_days; delete from plan.all_periods")
        for period_id in period_ids:
            p = periods.parse(period_id)
            self.con.execute(
                "insert into plan.periods values (?, ?, ?, ?, ?, ?, ?, ?)",
                [p.id, p.type, p.start, p.end, p.previous.id, p.previous.start, p.days, p.end <= as_of_day],
            )
        self.con.execute("insert into plan.all_periods from plan.periods")
        self.con.execute(
            "insert into plan.period_days select period_id, "
            "unnest(generate_series(period_start, period_end - 1, interval 1 day))::date from plan.periods"
        )
        return self

    def build(self, *tables: str) -> Marketplace:
        """Build these tables (`metrics.sales`) and everything that they read, as a run does."""
        models = {model.table: model for model in all_models()}
        needed: set[str] = set()
        waiting = list(tables)
        while waiting:
            table = waiting.pop()
            if table in models and table not in needed:
                needed.add(table)
                waiting.extend(models[table].reads)
        for model in all_models():
            if model.table in needed:
                build(self.con, model, DEFAULT_CONFIG)
        return self

    def get(self, metric: str, period_id: str = "2025-01", scope: str = "all", entity_id: str = "all") -> Row:
        """The stored row of a metric, in the family that the catalogue gives it to. Fails when there is none."""
        family = next(m.family for m in load_catalogue() if m.metric == metric)
        row = self.con.execute(
            f"select value, numerator, denominator, n, low, high, reason from metrics.{family} "
            "where metric = ? and period_id = ? and scope = ? and entity_id = ?",
            [metric, period_id, scope, entity_id],
        ).fetchone()
        assert row is not None, f"no row of {metric} for {period_id}, {scope} {entity_id}"
        return Row(*row)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.con.execute(sql, list(values)).fetchall()


@contextmanager
def marketplace(
    as_of: str = AS_OF.isoformat(), time_zone: str = "UTC", first_day: str = "2024-01-01"
) -> Iterator[Marketplace]:
    """A fresh, empty one. Its first day lies well before the tests' periods, so that none is a partial one."""
    with duckdb.connect(config={"python_enable_replacements": False, "threads": 1}) as con:
        con.execute("set TimeZone = 'UTC'")
        yield Marketplace(con, as_of, time_zone, first_day)


def review(
    market: Marketplace, hours: float | None = None, created_at: datetime = ASKED, times: int = 1, **values: Any
) -> Marketplace:
    """A published review that was answered after so many hours, or not."""
    answered = None if hours is None else created_at + timedelta(hours=hours)
    return market.add("reviews", times, created_at=created_at, response_at=answered, **values)


def conversation(
    market: Marketplace, *turns: tuple[Any, ...], start: datetime = ASKED, conversation_id: str | None = "C1"
) -> Marketplace:
    """Messages of one conversation, each of six words without thanks or question: (role, hours after the start, and a
    dictionary of more columns if need be)."""
    for role, hours, *more in turns:
        sender, recipient = ("B1", "S1") if role == "buyer" else ("S1", "B1")
        row = {"conversation_id": conversation_id, "sender_id": sender, "sender_role": role, "recipient_id": recipient}
        row |= {"sent_at": start + timedelta(hours=hours), "body_words": 6, "has_question": False, "says_thanks": False}
        market.add("messages", **{**row, **(more[0] if more else {})})
    return market
