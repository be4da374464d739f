"""SQL files as models: the header, the lineage, the rebuild of planned periods, and audits that block."""

from pathlib import Path

import duckdb
import pytest

from pipeline.analyses import MODELS
from pipeline.model import Model, ModelError, load_model, tables_read
from pipeline.models import AuditFailed, all_models, build, load_checks, load_models
from pipeline.planning import _TABLES
from pipeline.warehouse import prepare_schemas

HEADER = "-- How many there are.\n-- Second line.\n--\n-- grain: {grain}\n-- a note\n"


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        prepare_schemas(connection)
        connection.execute(_TABLES)
        connection.execute("insert into plan.run (is_full) values (false)")
        yield connection


def model(tmp_path: Path, sql: str, grain: str = "period_id, name", schema: str = "metrics") -> Model:
    folder = tmp_path / schema
    folder.mkdir(exist_ok=True)
    path = folder / "numbers.sql"
    path.write_text(HEADER.format(grain=grain) + sql)
    return load_model(path)


def test_the_header_is_read(tmp_path):
    made = model(tmp_path, "select 1 as period_id, 2 as name from core.x join raw.y using (a)")
    assert made.table == "metrics.numbers"
    assert made.description == "How many there are. Second line."
    assert made.grain == ("period_id", "name")
    assert made.reads == {"core.x", "raw.y"}


@pytest.mark.parametrize(
    ("sql", "complaint"),
    [
        ("select 1; select 2", "2 statements"),
        ("select * from sellers", "sellers is neither a CTE"),
        ("delete from core.x", "SELECT"),
        ("select from where", "syntax error"),
    ],
)
def test_a_file_that_is_no_single_select_over_named_tables_is_refused(sql, complaint):
    with pytest.raises(ModelError, match=complaint):
        tables_read(sql, "x.sql")


def test_a_missing_grain_is_refused(tmp_path):
    path = tmp_path / "x.sql"
    path.write_text("-- Says nothing of its grain.\nselect 1")
    with pytest.raises(ModelError, match="grain"):
        load_model(path)


def test_a_cte_is_no_table_even_inside_a_subquery():
    sql = "select * from (with a as (select * from core.x) select * from a) where b in (select b from raw.y)"
    assert tables_read(sql, "x.sql") == {"core.x", "raw.y"}


def test_a_table_that_nobody_builds_is_refused(tmp_path):
    orphan = model(tmp_path, "select 1 as period_id, 2 as name from core.nobody")
    with pytest.raises(ModelError, match=r"core\.nobody, which nobody builds"):
        load_models((*MODELS, orphan))


def plan(con: duckdb.DuckDBPyConnection, *period_ids: str) -> None:
    con.execute("delete from plan.periods")
    for period_id in period_ids:
        con.execute("insert into plan.periods (period_id) values (?)", [period_id])


def test_only_planned_periods_are_rebuilt_and_an_emptied_one_keeps_no_stale_row(con, tmp_path):
    con.execute("create table raw.facts as select unnest(['a', 'b']) as period_id, 1 as name")
    made = model(tmp_path, "select f.period_id, f.name from raw.facts as f join plan.periods as p using (period_id)")
    plan(con, "a", "b")
    build(con, made, tmp_path)
    con.execute("delete from raw.facts")
    plan(con, "a")
    build(con, made, tmp_path)
    assert con.sql("from metrics.numbers").fetchall() == [("b", 1)]


def test_a_full_run_leaves_no_period_that_is_no_longer_known(con, tmp_path):
    made = model(tmp_path, "select p.period_id, 1 as name from plan.periods as p")
    plan(con, "a", "b")
    build(con, made, tmp_path)
    plan(con, "a")
    con.execute("update plan.run set is_full = true")
    build(con, made, tmp_path)
    assert con.sql("from metrics.numbers").fetchall() == [("a", 1)]


@pytest.mark.parametrize(
    "sql", ["select 'a' as period_id, 1 as name from range(2)", "select 'a' as period_id, null as name"]
)
def test_a_broken_grain_blocks_and_yesterdays_table_stands(con, tmp_path, sql):
    plan(con, "a")
    good = model(tmp_path, "select 'a' as period_id, 1 as name")
    build(con, good, tmp_path)
    with pytest.raises(AuditFailed, match=r"metrics\.numbers: check grain found 1 rows") as failure:
        build(con, model(tmp_path, sql), tmp_path)
    assert failure.value.audits[0].sample[0]["period_id"] == "a"
    assert con.sql("from metrics.numbers").fetchall() == [("a", 1)]


def test_every_file_of_the_project_loads_and_comes_after_what_it_reads():
    order = [made.table for made in all_models()]
    for made in all_models():
        for table in made.reads & set(order):
            assert order.index(table) < order.index(made.table)
        assert made.description.endswith("."), f"{made.table}: the header's first paragraph describes the table"


def test_every_check_audits_a_table_that_is_built():
    tables = {made.table for made in all_models()} | {"plan.published"}
    assert {check.of for check in load_checks()} <= tables
