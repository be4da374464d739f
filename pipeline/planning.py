"""What a run computes: the instant that it looks from, and the periods that the new rows and the clock touch.

What belongs here: `plan.*` and `ref.*`, which the SQL files read in place of parameters. What a period is, is in
`pipeline.periods`; building the tables is `pipeline.models`' work.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import duckdb

from pipeline.errors import DeliveryMissing, UserError
from pipeline.exclusions import load_excluded_accounts, write_excluded_accounts
from pipeline.periods import PERIOD_TYPES, Period, between
from pipeline.policies import load_policies, write_policies
from pipeline.settings import PROJECT, DataFolder, Office
from pipeline.special_days import load_special_days
from pipeline.targets import load_targets
from pipeline.warehouse import transaction

#: A period stays open this long after its end: the longest window that a metric waits for (a return is counted up to
#: 30 days after a delivery, which may itself come months after the order).
SETTLING_DAYS = 120

#: In place of the fingerprint of a run that looked back.
LOOKED_BACK = "looked back"

_TABLES = """
create or replace table plan.run (
    as_of timestamp, as_of_day date, time_zone varchar, currency varchar, fiscal_year_start_month integer,
    first_day date, is_full boolean, fingerprint varchar, why varchar
);
create or replace table plan.periods (
    period_id varchar, period_type varchar, period_start date, period_end date, previous_id varchar,
    previous_start date, days integer, is_complete boolean
);
create or replace table plan.all_periods as from plan.periods;
create or replace table plan.period_days (period_id varchar, day date);
create table if not exists plan.last (as_of timestamp, fingerprint varchar, file_id integer);
create or replace view ref.measured_since as
select need, min(file_id) as file_id
from (
    select export as need, file_id from ledger.files where status = 'loaded' and rows_in > 0
    union all
    select export || '.' || unnest(columns), file_id from ledger.files where status = 'loaded' and rows_in > 0
)
group by need;
create or replace view ref.measured as select need from ref.measured_since;
"""


@dataclass(frozen=True)
class Plan:
    """What this run looks from and computes. `periods` is empty when nothing that matters has changed."""

    as_of: datetime
    as_of_day: date
    is_full: bool
    periods: tuple[Period, ...]
    all_periods: tuple[Period, ...]
    fingerprint: str
    why: str


def make_plan(
    con: duckdb.DuckDBPyConnection,
    folder: DataFolder,
    office: Office,
    *,
    as_of: datetime | None = None,
    full: bool = False,
) -> Plan:
    """Decide the run's `as_of` (UTC) and periods, and write them to `plan.*` and `ref.*` in one transaction.

    Without `as_of` the run looks from the end of the last local day that the deliveries reach: a function of the ledger
    alone, so that the same files give the same numbers whatever the clock says.

    Raises DeliveryMissing when nothing has been taken in yet, BadConfiguration for a bad `policy.toml`,
    `targets.csv`, `calendar.csv` or `excluded_accounts.csv`.
    """
    policies = load_policies(folder.settled_config)
    # Read here so that a mistake in them is told before anything is built.
    load_targets(folder.settled_config / "targets.csv")
    load_special_days(folder.settled_config / "calendar.csv")
    excluded = load_excluded_accounts(folder.settled_config / "excluded_accounts.csv")
    with transaction(con):
        con.execute(_TABLES)
        write_policies(con, policies)
        write_excluded_accounts(con, excluded, folder.secrets)
        reach = _reach(con, office)
        first_day = _first_day(con)
        if reach is None or first_day is None:
            raise DeliveryMissing(
                f"no deliveries yet: put exports into {folder.inbox}/<export>/ and run again, "
                "or load a platform's files with `scmr17 load --platform NAME FOLDER`"
            )
        moment = as_of or reach
        clock = local(moment, office)
        as_of_day = clock.date()
        known = [
            period
            for period_type in PERIOD_TYPES
            for period in between(first_day, _day_after(clock), period_type, office.fiscal_year_start_month)
        ]
        plan = _choose(con, office, folder, moment, as_of_day, known, full)
        _write(con, office, plan, first_day)
    return plan


def parse_instant(text: str, office: Office) -> datetime:
    """A UTC instant without a zone from a local day, which means its beginning, or an ISO time; one without an offset
    is the office's local time. Raises UserError for any other text."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(
            f"--as-of {text!r} is not a day such as 2026-03-01 nor a time such as 2026-03-01T06:00"
        ) from None
    return moment.replace(tzinfo=moment.tzinfo or office.zone).astimezone(UTC).replace(tzinfo=None)


def local(moment: datetime, office: Office) -> datetime:
    """The office's wall clock, without a zone, at a UTC instant without a zone."""
    return moment.replace(tzinfo=UTC).astimezone(office.zone).replace(tzinfo=None)


def is_unchanged(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the plan that stands asks for nothing: no new rows, no new day, no new definition."""
    return con.execute("select 1 from plan.periods limit 1").fetchone() is None


def plan_done(con: duckdb.DuckDBPyConnection) -> None:
    """Remember that everything the plan asked for is built and published; the next plan starts from here.

    After a run that looked back the tables hold what was known then, so the next one starts from nothing.
    """
    with transaction(con):
        looked_back = con.execute("select 1 from plan.last as l, plan.run as r where l.as_of > r.as_of").fetchone()
        con.execute("delete from plan.last")
        con.execute(
            "insert into plan.last select as_of, coalesce($mark, fingerprint), "
            "(select coalesce(max(file_id), 0) from ledger.files) from plan.run",
            {"mark": LOOKED_BACK if looked_back else None},
        )


def fingerprint(folder: DataFolder) -> str:
    """SHA-256 over all that turns rows into figures: the SQL, the statistics, rules, targets, office, DuckDB."""
    digest = hashlib.sha256(duckdb.__version__.encode())
    paths: list[Path] = [
        *sorted((PROJECT / "sql").glob("*/*.sql")),
        PROJECT / "sql" / "macros.sql",
        PROJECT / "sql" / "metrics" / "catalogue.csv",
        PROJECT / "pipeline" / "catalogue.py",
        PROJECT / "pipeline" / "exclusions.py",
        PROJECT / "pipeline" / "masking.py",
        PROJECT / "pipeline" / "policies.py",
        PROJECT / "pipeline" / "special_days.py",
        PROJECT / "pipeline" / "targets.py",
        PROJECT / "pipeline" / "publishing.py",
        *sorted((PROJECT / "pipeline" / "analyses").glob("*.py")),
        *sorted((PROJECT / "pipeline" / "statistics").glob("*.py")),
        folder.settled_config / "policy.toml",
        folder.settled_config / "royalty.toml",
        folder.settled_config / "targets.csv",
        *folder.settled_config.glob("calendar.csv"),
        *folder.settled_config.glob("excluded_accounts.csv"),
        folder.settled_config / "office.toml",
    ]
    for path in paths:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _choose(
    con: duckdb.DuckDBPyConnection,
    office: Office,
    folder: DataFolder,
    moment: datetime,
    as_of_day: date,
    known: list[Period],
    full: bool,
) -> Plan:
    current = fingerprint(folder)
    last = con.execute("select as_of, fingerprint, file_id from plan.last").fetchone()
    everything = Plan(moment, as_of_day, True, tuple(known), tuple(known), current, "")
    if full:
        return _because(everything, "a full run was asked for")
    if last is None:
        return _because(everything, "the first run")
    last_as_of, last_fingerprint, last_file = last
    # What had not been measured is, in every period; else an old one would say so for ever, and a full run would not.
    new_need = con.execute("select min(need) from ref.measured_since where file_id > ?", [last_file]).fetchall()[0][0]
    if last_fingerprint == LOOKED_BACK:
        return _because(everything, "the last run looked back")
    if last_fingerprint != current:
        return _because(everything, "a definition or a rule changed")
    if new_need is not None:
        return _because(everything, f"{new_need} came for the first time")
    if moment < last_as_of:
        return _because(everything, "the run looks from an earlier instant than the last one")
    row = con.execute(
        "select min(first_day) from ledger.files where file_id > ? and status = 'loaded'", [last_file]
    ).fetchone()
    changed: date | None = row[0] if row else None
    if changed is None and moment == last_as_of:
        return Plan(moment, as_of_day, False, (), tuple(known), current, "nothing changed")
    last_day = local(last_as_of, office).date()
    cutoff = min(filter(None, (changed, last_day - timedelta(days=SETTLING_DAYS))))
    planned = tuple(period for period in known if period.end > cutoff)
    why = f"rows from {changed} on changed" if changed else f"time passed since {last_day}"
    return Plan(moment, as_of_day, False, planned, tuple(known), current, why)


def _because(plan: Plan, why: str) -> Plan:
    return Plan(plan.as_of, plan.as_of_day, plan.is_full, plan.periods, plan.all_periods, plan.fingerprint, why)


def _write(con: duckdb.DuckDBPyConnection, office: Office, plan: Plan, first_day: date) -> None:
    con.execute(
        "insert into plan.run values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            plan.as_of,
            plan.as_of_day,
            office.time_zone,
            office.currency,
            office.fiscal_year_start_month,
            first_day,
            plan.is_full,
            plan.fingerprint,
            plan.why,
        ],
    )
    for table, periods in (("plan.periods", plan.periods), ("plan.all_periods", plan.all_periods)):
        for period in periods:
            previous = period.previous
            con.execute(
                f"insert into {table} values (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    period.id,
                    period.type,
                    period.start,
                    period.end,
                    previous.id,
                    previous.start,
                    period.days,
                    period.end <= plan.as_of_day,
                ],
            )
    con.execute(
        "insert into plan.period_days select period_id, "
        "unnest(generate_series(period_start, period_end - 1, interval 1 day))::date from plan.periods"
    )


def _reach(con: duckdb.DuckDBPyConnection, office: Office) -> datetime | None:
    """The end of the last local day that the deliveries reach, as UTC; its start when that day was not over yet."""
    row = con.execute(
        "select max(last_event_at), max(exported_at) from ledger.files "
        "where status = 'loaded' and last_event_at is not null"
    ).fetchone()
    if row is None or row[0] is None:
        return None
    last_event, exported = row
    day = local(last_event, office).date()
    end = _midnight(day + timedelta(days=1), office)
    return end if end <= exported else _midnight(day, office)


def _midnight(day: date, office: Office) -> datetime:
    """The UTC instant, without a zone, at which a local day begins."""
    return datetime.combine(day, time(), office.zone).astimezone(UTC).replace(tzinfo=None)


def _day_after(clock: datetime) -> date:
    """The first local day that holds nothing before that time."""
    return clock.date() if clock.time() == time() else clock.date() + timedelta(days=1)


def _first_day(con: duckdb.DuckDBPyConnection) -> date | None:
    """The local day that the figures begin on; what staff tried out before the doors opened does not count."""
    row = con.execute(
        """
        select cast(timezone(getvariable('office_time_zone'), timezone('UTC', min(moment))) as date)
        from (
            select min(ordered_at) as moment from raw.sales
            where not ref.is_excluded(buyer_id) and not ref.is_excluded(seller_id)
            union all select min(created_at) from raw.reviews
            where not ref.is_excluded(buyer_id) and not ref.is_excluded(seller_id)
            union all select min(sent_at) from raw.messages
            where not ref.is_excluded(sender_id) and not ref.is_excluded(recipient_id)
            union all select min(answered_at) from raw.surveys
            where not ref.is_excluded(respondent_id)
        )
        """
    ).fetchone()
    return row[0] if row else None
