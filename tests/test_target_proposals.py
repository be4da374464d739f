"""Proposed targets: their evidence, their file, and the way of a signed row into force (METRICS.md A30, B1, B17,
B28)."""

import csv
import hashlib
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from metrics_support import marketplace
from office_support import scmr17

from pipeline.analyses.target_proposals import MODEL, Edition, Record, edition_rows
from pipeline.errors import CannotWrite, DeliveryMissing, UserError
from pipeline.models import all_models, build
from pipeline.periods import containing, parse
from pipeline.proposing import EVIDENCE, SIGNATURES, propose_targets
from pipeline.publishing import publish
from pipeline.settings import DEFAULT_CONFIG, DataFolder, load_office
from pipeline.statistics.baselines import Figure
from pipeline.targets import COLUMNS, Target, in_force, load_targets

RATES = (0.81, 0.835, 0.82, 0.84, 0.805, 0.825, 0.83, 0.815, 0.82, 0.845, 0.83, 0.825)


def edition(period_id: str, is_complete: bool = True) -> Edition:
    period = parse(period_id)
    return Edition(period.id, period.type, period.start, period.end, is_complete)


MONTHS = [edition(f"2025-{month:02d}") for month in range(1, 13)]
QUARTERS = [edition(f"2025-Q{quarter}") for quarter in range(1, 5)]


def target(metric: str, value: str, period_type: str = "all", amber: str = "", direction: str = "up", **more) -> Target:
    factor = Decimal("0.90") if direction == "up" else Decimal("1.10")
    line = Decimal(amber) if amber else Decimal(value) * factor
    values = {"version": 1, "effective_from": date(2024, 1, 1), "owner": "", "source": "", **more}
    return Target(metric, period_type, Decimal(value), line, direction, **values)


def record(figures: dict, *targets: Target, months=MONTHS) -> Record:
    return Record(months, QUARTERS, figures, targets, 1)


def by_month(metric: str, values, of: int | None = None) -> dict:
    """The metric's figures from January on: shares of `of` cases, or counts."""
    return {
        (metric, month.period_id): Figure(value, round(value * of), of) if of else Figure(float(value), value)
        for month, value in zip(MONTHS, values, strict=False)
        if value is not None
    }


def row_of(known: Record, metric: str, period_id: str = "2025-Q4") -> dict:
    (row,) = [row for row in edition_rows(edition(period_id), known) if row["metric"] == metric]
    return row


def test_a30_the_row_of_a_share():
    """The worked year by months of 200: limits [0.78026, 0.86974]; 0.95 is out of its reach, 0.80 is not."""
    figures = by_month("review_response_48h", RATES, of=200)
    row = row_of(record(figures, target("review_response_48h", "0.95", amber="0.90")), "review_response_48h")
    assert (row["for_period"], row["is_final"], row["period_type"], row["basis"]) == (
        "2026-Q1",
        True,
        "all",
        "pooled_cases",
    )
    assert (row["first_month"], row["last_month"], row["months"]) == ("2025-10", "2025-12", 12)
    assert (row["numerator"], row["denominator"], row["baseline"]) == (500, 600, 500 / 600)
    assert (round(row["limit_mean"], 5), round(row["limit_low"], 5), round(row["limit_high"], 5)) == (
        0.825,
        0.78026,
        0.86974,
    )
    assert (row["policy_target"], row["policy_version"], row["assurance"]) == (0.95, 1, "consistently_fail")
    assert row["detectable_change"] == pytest.approx(2.801585 * (500 / 600 * 100 / 600 * 2 / 600) ** 0.5, rel=1e-6)
    assert (row["floor"], row["committed"]) == (0.90, 0.90), "83.3 % + 6.0 pp is below the floor"
    assert (row["stretch"], row["months_at_proposal"], row["share_at_proposal"]) == (0.95, 0, 0)
    assert row["best_improvement"] == pytest.approx((0.845 + 0.83 + 0.825 - 0.83 - 0.815 - 0.82) / 3)


def test_verdicts_of_a_target_that_the_process_may_and_will_meet():
    figures = by_month("review_response_48h", RATES, of=200)
    for value, verdict in (("0.80", "hit_and_miss"), ("0.75", "consistently_pass")):
        assert (
            row_of(record(figures, target("review_response_48h", value)), "review_response_48h")["assurance"] == verdict
        )


def test_every_month_has_the_verdict_as_of_then():
    """Seven months are too short for limits; afterwards each edition looks back on twelve at most."""
    known = record(by_month("review_response_48h", RATES, of=200), target("review_response_48h", "0.95"))
    found = [row_of(known, "review_response_48h", month.period_id) for month in MONTHS]
    assert [row["assurance"] for row in found] == ["too_short"] * 7 + ["consistently_fail"] * 5
    assert [row["reason"] for row in found[:3] if "reason" in row] == ["too_short"] * 2
    assert [row["months"] for row in found] == list(range(1, 13))
    assert [row["for_period"] for row in found[::3]] == ["2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1"]
    assert not any(row["is_final"] for row in found)
    assert found[2]["committed"] > found[2]["baseline"] == pytest.approx((0.81 + 0.835 + 0.82) / 3)


def test_only_twelve_months_count():
    months = [edition("2024-12"), *MONTHS]
    figures = by_month("review_response_48h", RATES, of=200) | {
        ("review_response_48h", "2024-12"): Figure(0.1, 20, 200)
    }
    row = row_of(record(figures, months=months), "review_response_48h")
    assert (row["months"], round(row["limit_mean"], 6)) == (12, 0.825)


def test_a_quarter_that_runs_gives_a_draft():
    known = record(by_month("review_response_48h", RATES[:11], of=200), months=MONTHS[:11])
    (row,) = [
        row
        for row in edition_rows(edition("2025-Q4", is_complete=False), known)
        if row["metric"] == "review_response_48h"
    ]
    assert (row["is_final"], row["last_month"]) == (False, "2025-11")


def test_less_is_better():
    """A count of unanswered inquiries: by the month, from its month-to-month variation, downwards."""
    row = row_of(record(by_month("unanswered_inquiries", [100, 104] * 6)), "unanswered_inquiries")
    assert (row["basis"], row["period_type"], row["better"]) == ("mean_of_months", "month", "down")
    assert row["baseline"] == pytest.approx(308 / 3)
    assert row["detectable_change"] == pytest.approx(2.801585 * 4 / 1.128 * (2 / 3) ** 0.5, rel=1e-6)
    assert row["committed"] == pytest.approx(row["baseline"] - row["detectable_change"])
    assert (row["months_at_proposal"], row["stretch"], row["assurance"]) == (0, None, "no_target")


def test_a_month_at_the_proposal_is_on_the_good_side_of_it():
    row = row_of(record(by_month("unanswered_inquiries", [80, 104] + [100, 104] * 5)), "unanswered_inquiries")
    assert 80 < row["committed"] < 100
    assert (row["months_at_proposal"], row["share_at_proposal"]) == (1, 1 / 12)


def test_more_noise_than_there_is_to_lose_proposes_nothing():
    row = row_of(record(by_month("unanswered_inquiries", [10, 200] * 6)), "unanswered_inquiries")
    assert (row["reason"], row.get("committed")) == ("too_noisy", None)


def messages(values, quarter_total: int) -> dict:
    return by_month("message_count", values) | {
        ("message_count", "2025-Q4"): Figure(float(quarter_total), quarter_total)
    }


def test_a_quarters_sum_is_held_against_three_months():
    """30,000 and 31,000 by turns: a quarter's 100,000 lies above three times the upper limit, 90,000 within."""
    values = [30_000, 31_000] * 6
    for value, verdict in (("100000", "consistently_fail"), ("90000", "hit_and_miss")):
        row = row_of(record(messages(values, 92_000), target("message_count", value, "quarter")), "message_count")
        assert row["assurance"] == verdict
    assert (row["basis"], row["period_type"], row["baseline"], row["numerator"]) == (
        "sum_of_months",
        "quarter",
        92_000,
        92_000,
    )
    assert row["limit_high"] == pytest.approx(3 * (30_500 + 2.66 * 1000))
    assert row["detectable_change"] == pytest.approx(3 * 2.801585 * 1000 / 1.128 * (2 / 3) ** 0.5, rel=1e-6)
    assert row["floor"] is None, "90 % of the target is nobody's word"
    assert row["best_improvement"] == pytest.approx(1000), "31, 30, 31 after 30, 31, 30"


def test_a_month_is_held_against_its_third_of_a_quarter():
    row = row_of(
        record(messages([40_000, *[30_000, 30_400] * 5, 30_000], 90_400), target("message_count", "100000", "quarter")),
        "message_count",
    )
    assert 3 * 30_400 < row["committed"] < 3 * 40_000
    assert row["months_at_proposal"] == 1


def test_months_that_do_not_add_up_to_their_quarter_are_not_held_against_its_target():
    """Distinct people: 92,000 in three months, 40,000 in the quarter."""
    row = row_of(
        record(messages([30_000, 31_000] * 6, 40_000), target("message_count", "50000", "quarter")), "message_count"
    )
    assert (row["reason"], row["assurance"], row["policy_target"]) == ("not_additive", "not_comparable", 50_000)


def test_a_target_by_the_month_stays_one():
    row = row_of(
        record(messages([30_000, 31_000] * 6, 92_000), target("message_count", "29000", "month")), "message_count"
    )
    assert (row["period_type"], row["basis"], row["baseline"]) == ("month", "mean_of_months", pytest.approx(92_000 / 3))


@pytest.mark.parametrize(
    ("metric", "figures", "reason"),
    [
        ("training_participation", {}, "no_months"),
        ("message_growth", by_month("message_growth", RATES), "not_a_level"),
        ("nps", {("nps", "2025-12"): Figure(None, reason="not_measured")}, "not_measured"),
        ("nps", {}, "too_short"),
        ("csat", by_month("csat", RATES[:2], of=100), "too_short"),
        ("csat", by_month("csat", (0.8,) * 3, of=10), None),
        ("csat", by_month("csat", (0.8, 0.8, 8 / 9), of=9), "too_short"),
        ("rating_mean", {("rating_mean", f"2025-{m:02d}"): Figure(4.1, 41, 10) for m in range(6, 13)}, "too_short"),
        ("rating_mean", {("rating_mean", f"2025-{m:02d}"): Figure(4.1, 41, 10) for m in range(5, 13)}, None),
    ],
    ids=[
        "quarters-only",
        "a-change",
        "no-file",
        "nothing",
        "two-months",
        "thirty",
        "months-too-small",
        "seven",
        "eight",
    ],
)
def test_what_no_proposal_rests_on_is_said(metric, figures, reason):
    row = row_of(record(figures), metric)
    assert (row.get("reason"), "committed" in row) == (reason, reason is None)


def test_too_few_cases():
    figures = by_month("csat", (0.8, 0.8, 0.8), of=10) | {("csat", "2025-03"): Figure(0.8, 8, 10)}
    assert row_of(record(figures), "csat").get("reason") is None
    figures[("nps", "2025-01")] = figures[("nps", "2025-02")] = figures[("nps", "2025-03")] = Figure(10.0, 1, 10)
    assert row_of(record(figures), "nps")["reason"] == "too_short", "30 answers, but too few months for their variation"
    figures[("nps", "2025-03")] = Figure(10.0, None, None)
    assert row_of(record(figures), "nps")["reason"] == "too_few"


def test_the_newest_months_with_a_value_count():
    """Returns take a month or two to mature: the last months have no value yet."""
    row = row_of(record(by_month("return_rate", (0.05,) * 10, of=400)), "return_rate")
    assert (row["first_month"], row["last_month"], row["months"]) == ("2025-08", "2025-10", 10)


def test_the_newest_target_in_force_counts():
    old, new = target("csat", "0.80"), target("csat", "0.85", version=2)
    later = target("csat", "0.90", effective_from=date(2025, 11, 1), version=3)
    known = record(by_month("csat", RATES, of=200), old, new, later)
    assert row_of(known, "csat", "2025-10")["policy_target"] == 0.85
    assert row_of(known, "csat", "2025-11")["policy_target"] == 0.90
    assert in_force(known.targets, "csat", ("quarter",), date(2025, 12, 1)) is None


def test_metrics_that_are_neither_better_nor_worse_have_no_row():
    rows = edition_rows(edition("2025-Q4"), record({}))
    assert len(rows) == len({row["metric"] for row in rows})
    assert "seller_initiated_share" not in {row["metric"] for row in rows}


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
