"""An office's royalties by hand: the inputs of the ledger without the exports behind them.

What belongs here: filling the tables that the royalties are reckoned from, and reading what came of it.
"""

from contextlib import contextmanager
from datetime import datetime

import duckdb
import polars as pl

from pipeline import periods, planning
from pipeline.analyses.royalties import build_royalties
from pipeline.analyses.royalty_ledger import make_tables
from pipeline.analyses.royalty_rules import Pool, RoyaltyRules
from pipeline.models import load_checks
from pipeline.warehouse import prepare_schemas, transaction

JANUARY, FEBRUARY, MARCH, APRIL = "2025-01", "2025-02", "2025-03", "2025-04"
#: A hundred cents a month, and what is below 40 waits. Nobody's account is touched by ratings: all are alike.
RULES = RoyaltyRules(pool=Pool(kind="fixed", amount_cents=100), minimum_payout_cents=40)
LEDGER = ("royalty_closings", "royalty_postings", "royalty_statements")


class Office:
    """The royalties' inputs by hand: each seller's net sales, ratings and answers by period."""

    def __init__(self, con):
        self.con = con
        self.figures = {}
        self.suspended = set()
        self.currency = "ZAR"
        prepare_schemas(con)
        make_tables(con)
        con.execute(planning._TABLES)
        con.execute("create table core.sellers (seller_id varchar, status varchar)")
        con.execute(
            """
            create table metrics.royalty_inputs (
                period_id varchar, period_type varchar, period_start date, period_end date, seller_id varchar,
                net_sales_cents bigint, rating_sum bigint, rating_count bigint, answered bigint, mature bigint,
                market_rating_sum bigint, market_rating_count bigint, market_answered bigint, market_mature bigint
            )
            """
        )

    def set(self, period_id, seller_id, net_sales, rating_sum=40, rating_count=10, answered=5, mature=10):
        self.figures[period_id, seller_id] = (net_sales, rating_sum, rating_count, answered, mature)
        return self

    def run(self, as_of, rules=RULES):
        """Build `metrics.royalties` as a run does that looks from that instant; every check must pass."""
        self.plan(datetime.fromisoformat(as_of))
        with transaction(self.con):
            build_royalties(self.con, rules)
            assert self.failed_checks() == []
        return self

    def failed_checks(self):
        checks = [check for check in load_checks() if check.of == "metrics.royalties"]
        assert len(checks) == 4
        return [check.name for check in checks if self.con.execute(f"from ({check.sql}) limit 1").fetchone()]

    def plan(self, as_of):
        self.con.execute(
            "delete from plan.run; delete from plan.all_periods; delete from core.sellers; "
            "delete from metrics.royalty_inputs"
        )
        self.con.execute(
            "insert into plan.run values (?, ?, 'UTC', ?, 1, '2025-01-01', true, 'made here', '')",
            [as_of, as_of.date(), self.currency],
        )
        for quarter in ("2025-Q1", "2025-Q2"):
            p = periods.parse(quarter)
            self.con.execute(
                "insert into plan.all_periods values (?, ?, ?, ?, '', ?, 1, false)",
                [p.id, p.type, p.start, p.end, p.start],
            )
        everybody = sorted({seller for _, seller in self.figures})
        status = ["suspended" if who in self.suspended else "active" for who in everybody]
        self._fill("core.sellers", [everybody, status])
        rows = []
        for (period_id, who), numbers in self.figures.items():
            p = periods.parse(period_id)
            of_period = [row for (period, _), row in self.figures.items() if period == period_id]
            market = [sum(row[i] for row in of_period) for i in range(1, 5)]
            rows.append((period_id, p.type, p.start, p.end, who, *numbers, *market))
        self._fill("metrics.royalty_inputs", list(zip(*rows, strict=True)))

    def _fill(self, table, columns):
        rows = pl.DataFrame({str(number): values for number, values in enumerate(columns)})
        self.con.register("rows_of_test", rows.to_arrow())
        self.con.execute(f"insert into {table} from rows_of_test")
        self.con.unregister("rows_of_test")

    def get(self, columns, period_id, seller_id=None):
        found = self.con.execute(
            f"select seller_id, {columns} from metrics.royalties where period_id = ? order by seller_id", [period_id]
        ).fetchall()
        rows = {who: row for who, *row in found}
        return rows if seller_id is None else rows[seller_id]

    def table(self):
        return self.con.execute("select * from metrics.royalties").fetchall()

    def ledger(self):
        """Every row of every ledger table, as it lies there."""
        return {name: self.con.execute(f"select * from ledger.{name}").fetchall() for name in LEDGER}

    def postings(self):
        return self.con.execute(
            "select closing_id, period_id, seller_id, kind, cents from ledger.royalty_postings order by posting_id"
        ).fetchall()


@contextmanager
def an_office():
    with duckdb.connect(config={"python_enable_replacements": False}) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set threads = 1")
        yield Office(con)


def three_months(office):
    for month in (JANUARY, FEBRUARY, MARCH):
        office.set(month, "A", 1000).set(month, "B", 3000)
    return office
