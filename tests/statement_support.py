"""A small published database for the tests of statements: royalties as the ledger closes them, and a scorecard by hand.

What belongs here: one marketplace with a seller for every case that a statement must word. The royalties are really
closed, so that every account runs on and every pool adds up; the rest is invented. And how to read what is printed.
"""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
from royalty_support import FEBRUARY, JANUARY, MARCH, an_office

from pipeline import periods
from pipeline.analyses.royalty_rules import Pool, RoyaltyRules
from pipeline.catalogue import load_catalogue
from pipeline.figures.numbers import THIN
from pipeline.settings import Office
from pipeline.statements.reading import read_facts

RULES = RoyaltyRules(
    pool=Pool(kind="fixed", amount_cents=1_000_000), minimum_payout_cents=10_000, cap_share=Decimal("0.4")
)
OFFICE = Office()
AS_OF = datetime(2025, 4, 2, 4, 0)
MONDAY = date(2025, 3, 31)

#: Of each seller and month the net sales, the sum and number of ratings, the answered and due; what it stands for.
FIGURES = {
    "TOP": dict.fromkeys((JANUARY, FEBRUARY, MARCH), (900000, 470, 100, 95, 100)),  # capped
    "PLAIN": dict.fromkeys((JANUARY, FEBRUARY, MARCH), (300000, 84, 20, 6, 10)),  # paid in full
    "SMALL": dict.fromkeys((FEBRUARY, MARCH), (2000, 40, 10, 5, 5)),  # held
    "DEBIT": {FEBRUARY: (-50_000, 40, 10, 5, 5), MARCH: (40_000, 40, 10, 5, 5)},  # refunds above sales
    "LATE": {JANUARY: (300_000, 40, 10, 5, 5), MARCH: (100, 40, 10, 5, 5)},  # refunded after closing, see below
    "FEW": {MARCH: (100_000, 14, 3, 5, 5)},  # too few ratings
    "BARRED": {MARCH: (100_000, 40, 10, 5, 5)},  # suspended
    "QUIET": {MARCH: (200_000, 40, 10, 0, 0)},  # nothing to answer, nothing on the scorecard
}
NAMES = {"TOP": "Highveld Electronics Hub", "PLAIN": "Soweto Goods", "SMALL": "Karoo Corner"}

#: metric, entity: value, numerator, denominator, n, low, high, reason
_VALUES = {
    ("rating_mean", "all"): (4.07, 4070, 1000, 1000, 4.0, 4.14, None),
    ("rating_mean", "TOP"): (4.7, 47, 10, 10, 3.9, 5.5, None),
    ("rating_mean", "PLAIN"): (None, None, None, 2, None, None, "suppressed"),
    ("review_response_48h", "all"): (0.91, 910, 1000, 1000, 0.89, 0.93, None),
    ("review_response_48h", "TOP"): (0.9496, 2374, 2500, 2500, 0.94, 0.958, None),
    ("review_response_48h", "PLAIN"): (0.96, 96, 100, 100, 0.956, 0.99, None),
    ("inquiry_response_48h", "all"): (None, None, None, 0, None, None, "not_measured"),
    ("on_time_delivery_rate", "all"): (0.89, 890, 1000, 1000, 0.87, 0.91, None),
    ("on_time_delivery_rate", "TOP"): (0.9, 9, 10, 10, 0.6, 0.98, None),
    ("return_rate", "all"): (None, None, None, 0, None, None, "immature"),
    ("return_rate", "TOP"): (None, None, None, 0, None, None, "immature"),
}
_TARGETS = {"review_response_48h": 0.95}


def publish(folder: Path, *, figures=None, names=None, rules=RULES, as_of="2025-04-02", extra=()) -> Path:
    """Close January to March, as the nightly run does, and write `folder/scmr17.duckdb`; gives `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with an_office() as office:
        office.suspended = {"BARRED"}
        for seller, months in (figures or FIGURES).items():
            for month, row in months.items():
                office.set(month, seller, *row)
        for seller in extra:
            office.set(MARCH, seller, 50_000, 40, 10, 5, 5)
        if as_of >= "2025-03-01":
            office.run("2025-02-01", rules)
        if figures is None:
            # Most of LATE's sales of January are taken back when January has been paid.
            office.set(JANUARY, "LATE", 60_000, 40, 10, 5, 5)
        office.run(as_of, rules)
        _write(office.con, folder / "scmr17.duckdb", {**NAMES, **(names or {})})
    return folder


def _write(con, path, names):
    con.execute(f"attach '{path}' as published")
    con.execute("create table published.royalties as from metrics.royalties")
    con.execute(
        """
        create table published.royalty_adjustments as
        select p.closing_id, p.period_id, p.seller_id, r.currency, r.allocation_cents, p.cents as adjustment_cents,
            p.as_of as posted_as_of
        from ledger.royalty_postings as p join metrics.royalties as r using (period_id, seller_id)
        where p.kind = 'adjustment'
        """
    )
    con.execute(
        "create table published.run as select as_of, as_of_day, time_zone, currency, 1 as fiscal_year_start_month, "
        "date '2025-01-01' as first_day, repeat('e01a', 16) as fingerprint from plan.run"
    )
    con.execute("create table published.sellers (seller_id varchar, name varchar)")
    everybody = [
        row[0] for row in con.execute("select distinct seller_id from metrics.royalties order by 1").fetchall()
    ]
    sellers = pl.DataFrame({"seller_id": everybody, "name": [names.get(who) for who in everybody]})
    con.register("sellers", sellers.to_arrow())
    con.execute("insert into published.sellers from sellers union all select 'IDLE', 'Idle Hands'")
    catalogue = [(m.metric, m.title, m.unit, m.better) for m in load_catalogue()]
    con.execute("create table published.catalogue (metric varchar, title varchar, unit varchar, better varchar)")
    con.executemany("insert into published.catalogue values (?, ?, ?, ?)", catalogue)
    con.execute(
        "create table published.metrics (metric varchar, scope varchar, period_id varchar, entity_id varchar, "
        "value double, numerator bigint, denominator bigint, n bigint, low double, high double, reason varchar, "
        "target double, rag varchar, evidence varchar)"
    )
    rows = [
        (
            metric,
            "all" if who == "all" else "seller",
            MARCH,
            who,
            *value,
            _TARGETS.get(metric) if who == "all" else None,
        )
        for (metric, who), value in _VALUES.items()
    ]
    con.executemany(
        "insert into published.metrics values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null, null)",
        rows,
    )
    _write_standings(con)
    con.execute("detach published")


def _write_standings(con):
    """TOP is Captain and lacks a hair of a star; PLAIN has too few conversations; SMALL is at the top."""
    con.execute(
        "create table published.expertise (seller_id varchar, monday date, level integer, status varchar, "
        "previous_level integer, previous_status varchar, is_change boolean, reason varchar, months_completed bigint, "
        "seniority_level integer, ratings bigint, average_rating double, rating_level integer, "
        "positive_ratings bigint, positives_level integer, due bigint, answered bigint, answered_48h bigint, "
        "voted_messages bigint, vote_share double, quality_share double, quality_level integer, "
        "binding varchar, gap_months bigint, gap_rating double, gap_positive_ratings bigint, "
        "gap_quality_points double)"
    )
    no_quality, rating = "insufficient_conversations", ("average rating", 0)
    con.executemany(
        f"insert into published.expertise values ({', '.join('?' * 27)})",
        [
            ("TOP", date(2025, 3, 3), 2, "captain", 1, "conqueror", True, None, *_criteria(3.99), *rating, 0.01, 0, 0),
            ("TOP", MONDAY, 2, "captain", 2, "captain", False, None, *_criteria(3.998), *rating, 0.002, 0, 0),
            ("PLAIN", MONDAY, 0, "none", 0, "none", False, no_quality, 2, 0, 20, 4.2, 3, 15, 3, 0, 0, 0, 0, None, None,
             None, "seniority, after-sales quality", 1, 0, 0, None),
            ("SMALL", MONDAY, 3, "superhero", 3, "superhero", False, None, *_criteria(4.5), *[None] * 5),
        ],
    )  # fmt: skip


def _criteria(average):
    return 14, 3, 100, average, 2, 80, 3, 40, 39, 38, 10, 0.955, 0.96, 3


def facts_of(published, period_id=MARCH, seller=""):
    return read_facts(published, periods.parse(period_id), seller)


def plain(text):
    """The text with ordinary spaces."""
    return text.replace("\u00a0", " ").replace(THIN, " ")


def cents(text):
    """A printed amount."""
    return int(Decimal(plain(text).replace(" ", "").replace("−", "-")) * 100)


def lines(statement):
    """The lines of the reckoning by their labels."""
    return {line.label: line for line in (*statement.reckoning.part, *statement.reckoning.account)}
