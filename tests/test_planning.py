"""What a run computes: the instant it looks from, and the periods that new rows and time touch."""

import shutil
from datetime import date, datetime

import duckdb
import pytest

from pipeline.errors import BadConfiguration, DeliveryMissing, UserError
from pipeline.planning import fingerprint, is_unchanged, make_plan, parse_instant, plan_done
from pipeline.settings import PROJECT, DataFolder, Office
from pipeline.warehouse import prepare_schemas

OFFICE = Office()


@pytest.fixture
def folder(tmp_path) -> DataFolder:
    made = DataFolder(tmp_path)
    made.prepare()
    return made


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set variable office_time_zone = 'Africa/Johannesburg'")
        prepare_schemas(connection)
        connection.execute("insert into raw.sales (ordered_at) values ('2025-10-01 08:00')")
        yield connection


def deliver(con, *, last_event: str, exported: str, first_day: str | None = None) -> None:
    con.execute(
        "insert into ledger.files (file_id, export, status, rows_in, last_event_at, exported_at, first_day, columns) "
        "select 1 + count(*), 'sales', 'loaded', 1, ?, ?, ?, ['order_id'] from ledger.files",
        [last_event, exported, first_day],
    )


def ids(plan, period_type: str) -> list[str]:
    return [period.id for period in plan.periods if period.type == period_type]


@pytest.mark.parametrize(
    ("last_event", "exported", "as_of"),
    [
        # The day's last order came at 23:58 local time and the export was written after midnight: the day is whole.
        ("2026-03-31 21:58", "2026-04-01 00:30", "2026-03-31 22:00"),
        # The export was written at 14:00 local time: that day is not over, so the run looks from its beginning.
        ("2026-03-31 11:00", "2026-03-31 12:00", "2026-03-30 22:00"),
        # An old marketplace, exported years later: it reaches no further than its last event's day.
        ("2018-10-17 20:30", "2026-11-01 00:00", "2018-10-17 22:00"),
    ],
)
def test_the_run_looks_from_the_end_of_the_last_whole_day(con, folder, last_event, exported, as_of):
    deliver(con, last_event=last_event, exported=exported)
    assert make_plan(con, folder, OFFICE).as_of == datetime.fromisoformat(as_of)


def test_nothing_delivered_is_said_with_what_to_do(con, folder):
    with pytest.raises(DeliveryMissing, match="put exports into"):
        make_plan(con, folder, OFFICE)


def first_run(con, folder) -> None:
    deliver(con, last_event="2026-03-31 21:00", exported="2026-04-01 00:00", first_day="2025-10-01")
    plan = make_plan(con, folder, OFFICE)
    assert plan.is_full
    plan_done(con)


def test_the_first_run_computes_everything_that_began(con, folder):
    deliver(con, last_event="2026-03-31 21:00", exported="2026-04-01 00:00", first_day="2025-10-01")
    plan = make_plan(con, folder, OFFICE)
    assert ids(plan, "month") == ["2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03"]
    assert ids(plan, "quarter") == ["2025-Q4", "2026-Q1"]
    assert con.sql("select is_complete from plan.periods where period_id = '2026-03'").fetchone() == (True,)
    assert con.sql("select count(*) from plan.period_days where period_id = '2025-11'").fetchone() == (30,)


def test_nothing_new_plans_nothing(con, folder):
    first_run(con, folder)
    assert make_plan(con, folder, OFFICE).periods == ()
    assert is_unchanged(con)


def test_a_run_that_was_killed_before_it_published_is_planned_again(con, folder):
    deliver(con, last_event="2026-03-31 21:00", exported="2026-04-01 00:00", first_day="2025-10-01")
    make_plan(con, folder, OFFICE)
    assert make_plan(con, folder, OFFICE).is_full


def test_a_late_row_plans_its_own_period_and_all_that_look_back_on_it(con, folder):
    first_run(con, folder)
    deliver(con, last_event="2026-03-31 21:00", exported="2026-04-01 01:00", first_day="2025-11-20")
    assert ids(make_plan(con, folder, OFFICE), "month") == ["2025-11", "2025-12", "2026-01", "2026-02", "2026-03"]


def test_another_day_plans_the_periods_that_still_settle(con, folder):
    first_run(con, folder)
    deliver(con, last_event="2026-04-01 21:00", exported="2026-04-02 01:00", first_day="2026-04-01")
    assert ids(make_plan(con, folder, OFFICE), "month") == ["2025-12", "2026-01", "2026-02", "2026-03", "2026-04"]


def test_what_was_never_delivered_before_plans_everything(con, folder):
    """Old periods said `not_measured`, and a full run would no longer say so."""
    first_run(con, folder)
    deliver(con, last_event="2026-03-31 21:00", exported="2026-04-01 01:00", first_day="2026-03-20")
    con.execute("update ledger.files set columns = ['order_id', 'promised_at'] where file_id = 2")
    plan = make_plan(con, folder, OFFICE)
    assert (plan.is_full, plan.why) == (True, "sales.promised_at came for the first time")
    plan_done(con)
    deliver(con, last_event="2026-03-31 21:00", exported="2026-04-01 02:00", first_day="2026-03-20")
    assert not make_plan(con, folder, OFFICE).is_full, "from then on it is nothing new"


def test_a_default_that_changed_plans_everything(con, folder, monkeypatch, tmp_path):
    first_run(con, folder)
    before = fingerprint(folder)
    shutil.copytree(PROJECT / "sql", tmp_path / "project" / "sql")
    shutil.copytree(PROJECT / "pipeline", tmp_path / "project" / "pipeline")
    monkeypatch.setattr("pipeline.planning.PROJECT", tmp_path / "project")
    assert fingerprint(folder) == before
    for name in ("policies.py", "special_days.py"):
        with (tmp_path / "project" / "pipeline" / name).open("a") as code:
            code.write("# another default\n")
        assert fingerprint(folder) != before
        before = fingerprint(folder)


def test_a_changed_rule_plans_everything(con, folder):
    first_run(con, folder)
    rules = folder.config / "royalty.toml"
    rules.write_text(rules.read_text() + "\n# the pool was agreed again\n")
    assert make_plan(con, folder, OFFICE).is_full


def test_looking_back_plans_everything_that_had_begun_by_then(con, folder):
    first_run(con, folder)
    plan = make_plan(con, folder, OFFICE, as_of=parse_instant("2026-01-15", OFFICE))
    assert plan.is_full
    assert ids(plan, "month")[-1] == "2026-01"


@pytest.mark.parametrize(
    ("file", "line", "complaint"),
    [
        ("targets.csv", "nsp,month,50,,up,1,2024-01-01,me,none", r"targets\.csv, line 8: metric 'nsp'"),
        ("calendar.csv", "2025-02-30,1.8,Fair", r"calendar\.csv, line 2: day '2025-02-30'"),
        ("policy.toml", "cart_hours = 2", r"policy\.toml: cart_hours"),
    ],
)
def test_a_mistake_in_the_configuration_is_told_before_anything_is_built(con, folder, file, line, complaint):
    deliver(con, last_event="2026-03-31 21:00", exported="2026-04-01 00:00")
    path = folder.config / file
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(BadConfiguration, match=complaint):
        make_plan(con, folder, OFFICE)


def test_after_looking_back_everything_is_planned_once(con, folder):
    """What was known then stands in the tables, in periods too that have settled long since."""
    first_run(con, folder)
    make_plan(con, folder, OFFICE, as_of=parse_instant("2026-01-15", OFFICE))
    plan_done(con)
    again = make_plan(con, folder, OFFICE)
    assert (again.is_full, again.why) == (True, "the last run looked back")
    plan_done(con)
    assert make_plan(con, folder, OFFICE).periods == ()


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-01", "2026-02-28 22:00"),
        ("2026-03-01T06:00", "2026-03-01 04:00"),
        ("2026-03-01T06:00+00:00", "2026-03-01 06:00"),
    ],
)
def test_an_instant_without_an_offset_is_the_offices(text, utc):
    assert parse_instant(text, OFFICE) == datetime.fromisoformat(utc)


def test_what_is_no_instant_is_said_so():
    with pytest.raises(UserError, match="2026-03-01"):
        parse_instant("yesterday", OFFICE)


def test_measured_columns_are_those_that_some_file_had(con, folder):
    deliver(con, last_event="2026-03-31 21:00", exported="2026-04-01 00:00")
    make_plan(con, folder, OFFICE)
    assert set(con.sql("from ref.measured").fetchall()) == {("sales",), ("sales.order_id",)}


def test_the_first_day_is_a_local_day(con, folder):
    con.execute("insert into raw.reviews (created_at) values ('2025-09-29 22:30')")  # 00:30 on the 30th in Johannesburg
    deliver(con, last_event="2026-03-31 21:00", exported="2026-04-01 00:00")
    make_plan(con, folder, OFFICE)
    assert con.sql("select first_day from plan.run").fetchone() == (date(2025, 9, 30),)
