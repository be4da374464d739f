"""Proposed targets for the office: the whole table, the file that waits for a signature, and the way of a signed row
into force (METRICS.md A30, B1, B17)."""

import csv
import hashlib
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest
from metrics_support import marketplace
from office_support import scmr17

from pipeline.analyses.target_proposals import MODEL
from pipeline.errors import CannotWrite, DeliveryMissing, UserError
from pipeline.models import all_models, build
from pipeline.periods import containing
from pipeline.proposing import EVIDENCE, SIGNATURES, propose_targets
from pipeline.publishing import publish
from pipeline.settings import DEFAULT_CONFIG, DataFolder, load_office
from pipeline.targets import COLUMNS, load_targets

ROWS = """
insert into raw.reviews by name
select
    'R' || i as review_id, 'P1' as product_id, 'S' || i % 2 as seller_id, 'B' || i as buyer_id, 1 + i % 5 as rating,
    5 as scale_max, timestamp '2024-09-15 10:00' + to_hours(i * 5) as created_at, 'published' as status,
    created_at + to_hours(case when i % 6 = 0 then 60 else 5 end) as response_at
from range(2000) as t(i)
"""


@pytest.fixture(scope="module")
def warehouse():
    """Reviews of September 2024 to November 2025 seen on the 3rd of October 2025, five in six answered in time."""
    with marketplace(as_of="2025-10-03", first_day="2024-09-15") as market:
        market.con.execute(ROWS)
        market.arrive("reviews", "review_id", "rating", "response_at", "created_at")
        months = [containing(date(2024, 9 + m, 1) if m < 4 else date(2025, m - 3, 1), "month").id for m in range(14)]
        quarters = ["2024-Q3", "2024-Q4", "2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"]
        market.plan(*months, *quarters).build(*(model.table for model in all_models()))
        yield market


@pytest.fixture(scope="module")
def published(warehouse, tmp_path_factory) -> Path:
    folder = DataFolder(tmp_path_factory.mktemp("office"))
    folder.prepare()
    publish(warehouse.con, folder, all_models())
    return folder.root


@pytest.fixture
def office(published, tmp_path) -> DataFolder:
    """The same, published, in a folder of the test's own."""
    return DataFolder(Path(shutil.copytree(published, tmp_path, dirs_exist_ok=True)))


def propose(folder: DataFolder, quarter: str = "2025-Q4", output: Path | None = None):
    return propose_targets(folder, load_office(folder), quarter, output)


def lines(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["metric"]: row for row in csv.DictReader(file)}


def test_the_table_has_every_month_and_quarter_of_the_plan(warehouse):
    """September 2024 began before the first day, so October is the first month on record."""
    found = warehouse.rows(
        "select period_id, months, for_period from metrics.target_proposals where metric = 'review_response_48h' "
        "and period_id in ('2024-09', '2024-10', '2025-09', '2025-10', '2025-Q3', '2025-Q4') order by period_id"
    )
    assert found == [
        ("2024-09", 0, "2024-Q4"),
        ("2024-10", 1, "2025-Q1"),
        ("2025-09", 12, "2025-Q4"),
        ("2025-10", 12, "2026-Q1"),
        ("2025-Q3", 12, "2025-Q4"),
        ("2025-Q4", 12, "2026-Q1"),
    ]
    sums = warehouse.rows(
        "select sum(numerator), sum(denominator) from metrics.review_responses where scope = 'all' "
        "and metric = 'review_response_48h' and period_id in ('2025-07', '2025-08', '2025-09')"
    )
    assert warehouse.rows(
        "select numerator, denominator from metrics.target_proposals "
        "where metric = 'review_response_48h' and period_id = '2025-Q3'"
    ) == [(int(sums[0][0]), int(sums[0][1]))]
    assert MODEL.reads >= {"metrics.review_responses", "metrics.messages", "plan.run"}


def test_planning_one_edition_gives_what_planning_all_gives(warehouse):
    before = warehouse.rows("select * from metrics.target_proposals where period_id = '2025-09' order by metric")
    rows = warehouse.con.execute("select * from plan.periods").fetchall()
    warehouse.con.execute("delete from plan.periods where period_id <> '2025-09'; update plan.run set is_full = false")
    build(warehouse.con, MODEL, DEFAULT_CONFIG)
    after = warehouse.rows("select * from metrics.target_proposals where period_id = '2025-09' order by metric")
    warehouse.con.executemany(
        "insert into plan.periods values (?, ?, ?, ?, ?, ?, ?, ?)", [r for r in rows if r[0] != "2025-09"]
    )
    assert after == before


def test_the_file_has_the_columns_of_targets_and_waits_for_a_signature(office):
    made = propose(office)
    assert made.path == office.reports / "2025-Q4" / "target-proposals-2025-Q4.csv"
    assert made.is_new
    with made.path.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    assert header == [*COLUMNS, *EVIDENCE, *SIGNATURES]
    row = lines(made.path)["review_response_48h"]
    assert (row["period_type"], row["direction"], row["version"], row["effective_from"]) == (
        "all",
        "up",
        "2",
        "2025-10-01",
    )
    assert (row["owner"], row["amber"], row["status"], row["edition"]) == ("service", "0.9000", "proposed", "2025-Q3")
    assert (row["signed_by"], row["signed_on"]) == ("", "")
    assert row["evidence"].startswith("83.")
    assert row["source"] == "proposed for 2025-Q4 from 2025-07 to 2025-09 (METRICS.md A30)"
    assert lines(made.path)["rating_mean"]["value"].count(".") == 1
    assert "not_measured" not in made.path.read_text(encoding="utf-8")


def test_a_signed_row_comes_into_force(office, warehouse):
    """Copied with its owner into targets.csv: it loads unchanged, and the next publishing holds the figures against
    it from its day on."""
    row = lines(propose(office).path)["review_response_48h"]
    path = office.config / "targets.csv"
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow([row[column] for column in COLUMNS[:-2]] + ["A. Owner", row["source"]])
    signed = load_targets(path)[-1]
    assert (signed.metric, signed.version, signed.owner, str(signed.value)) == (
        "review_response_48h",
        2,
        "A. Owner",
        row["value"],
    )
    publish(warehouse.con, office, all_models())
    found = warehouse.rows(
        "select period_id, target from plan.published where metric = 'review_response_48h' and scope = 'all' "
        "and period_id in ('2025-09', '2025-10') order by period_id"
    )
    assert found == [("2025-09", 0.95), ("2025-10", float(row["value"]))]


def test_doing_it_twice_changes_nothing(office):
    first = propose(office)
    content = first.path.read_bytes()
    again = propose(office)
    assert (again.is_new, again.path.read_bytes()) == (False, content)


def test_a_file_that_nobody_touched_is_written_anew(office):
    made = propose(office)
    made.path.write_bytes(b"of yesterday\n")
    checksum = made.path.with_name(made.path.name + ".sha256")
    with pytest.raises(CannotWrite):
        propose(office)
    checksum.write_text(hashlib.sha256(b"of yesterday\n").hexdigest() + "  x\n")
    assert propose(office).is_new


def test_what_a_person_wrote_is_not_overwritten(office):
    path = propose(office).path
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + "A. Owner,2025-10-01\n", encoding="utf-8")
    signed = path.read_bytes()
    with pytest.raises(CannotWrite, match=r"has been changed since .* move or delete it; .* --output"):
        propose(office)
    assert path.read_bytes() == signed
    elsewhere = path.with_name("again.csv")
    assert propose(office, output=elsewhere).path == elsewhere
    path.unlink()
    assert propose(office).is_new


def test_a_file_without_a_checksum_is_a_persons(office):
    path = propose(office).path
    path.with_name(path.name + ".sha256").unlink()
    path.write_text("mine\n", encoding="utf-8")
    with pytest.raises(CannotWrite):
        propose(office)


@pytest.mark.parametrize(
    ("quarter", "error", "message"),
    [
        ("2025-10", UserError, "'2025-10' is a month; targets are proposed for a quarter such as 2026-Q2"),
        ("2025-Q5", UserError, "'2025-Q5' is not a period"),
        ("2027-Q1", DeliveryMissing, "nothing is proposed for 2027-Q1: there are proposals for 2024-Q4 to 2026-Q1"),
    ],
)
def test_a_wrong_quarter_is_named(office, quarter, error, message):
    with pytest.raises(error, match=message):
        propose(office, quarter)


def test_an_office_that_has_not_run_is_told_so(tmp_path):
    folder = DataFolder(tmp_path)
    folder.prepare()
    with pytest.raises(DeliveryMissing, match=r"nothing is published in .* yet; `scmr17 run` does"):
        propose(folder)


def test_an_office_published_by_an_older_version_is_told_so(office):
    with duckdb.connect(str(office.published / "scmr17.duckdb")) as con:
        con.execute("drop table target_proposals")
    with pytest.raises(DeliveryMissing, match="was published without proposals"):
        propose(office)


def test_a_place_that_cannot_be_written_is_named(office, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match="file"):
        propose(office, output=tmp_path / "file" / "x.csv")


def test_no_folder_is_made_for_a_named_file(office, tmp_path):
    """A slip in the path would hide the file somewhere new."""
    with pytest.raises(CannotWrite, match=r"typo is no folder; make it first"):
        propose(office, output=tmp_path / "typo" / "x.csv")
    assert not (tmp_path / "typo").exists()


def test_the_command_prints_a_table_and_where_the_file_is(office):
    done = scmr17("targets", "propose", "2025-Q4", data=office.root)
    assert "Proposed for Q4 2025" in done.stdout
    assert "Reviews answered within 48 h" in done.stdout
    path = Path(done.stdout.splitlines()[-1])
    assert path.name == "target-proposals-2025-Q4.csv"
    assert path.exists()


def test_a_quarter_that_is_not_over_is_shown_as_a_draft(office):
    done = scmr17("targets", "propose", "2026-Q1", data=office.root)
    assert "Proposed for Q1 2026, a draft until Q4 2025 is over" in done.stdout
