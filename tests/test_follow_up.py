"""The follow-up files: what each list holds, in which order, and that the same tables give the same bytes."""

import csv
import os
import subprocess
import sys
from datetime import datetime

import duckdb
import fastexcel
import pytest
from metrics_support import marketplace
from published_support import FORMULA, publish_tiny

from pipeline.errors import CannotWrite, DeliveryMissing
from pipeline.follow_up import write_follow_up
from pipeline.follow_up_lists import LISTS
from pipeline.models import all_models
from pipeline.periods import parse
from pipeline.publishing import publish
from pipeline.settings import DataFolder, Office

OFFICE = Office(time_zone="Africa/Johannesburg")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return publish_tiny(tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="module")
def month(published, tmp_path_factory):
    return write_follow_up(published, OFFICE, parse("2025-01"), tmp_path_factory.mktemp("reports"))


def rows(files, name):
    path = next(path for path in files.lists if path.stem == name)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_list_is_a_file_and_a_sheet(month):
    names = [wanted.name for wanted in LISTS]
    assert [path.stem for path in month.lists] == names
    assert {path.parent.name for path in month.lists} == {"follow-up"}
    assert month.workbook.name == "saypro-scmr-17-follow-up-2025-01.xlsx"
    book = fastexcel.read_excel(month.workbook)
    assert book.sheet_names == ["About", *(wanted.sheet for wanted in LISTS)]
    for wanted, (path, count) in zip(LISTS, month.lists.items(), strict=True):
        sheet = book.load_sheet(wanted.sheet)
        assert sheet.height == count == len(rows(month, path.stem))
        assert sheet.to_polars().columns == [column.title for column in wanted.columns]


def test_unanswered_inquiries_oldest_first(month):
    listed = rows(month, "unanswered-inquiries")
    assert [(row["conversation_id"], row["age"], row["messages"]) for row in listed] == [
        ("'+C1", "over 7 days", "2"),
        ("C2", "over 7 days", "1"),
    ]
    first = listed[0]
    assert (first["asked_at"], first["hours_waiting"]) == ("2025-01-10 14:00", "2148.0"), "the office's clock"
    assert (first["seller"], first["product"]) == (f"'{FORMULA}", "'-2+3")


def test_low_ratings_without_an_answer_first(month):
    listed = rows(month, "low-ratings")
    assert [(row["stars"], row["answer"], row["text"]) for row in listed] == [
        ("1", "none", ""),
        ("1", "none", "Call [number]"),
        ("2", "none", "fine;'=1+1"),
        ("2", "none", ""),
        ("1", "answered", f"'{FORMULA}"),
    ]
    assert listed[-1]["answered_at"] == "2025-01-11 01:00"
    assert listed[-1]["hours_waiting"] == "10.0"


def test_sellers_to_remind_have_both(month):
    """The low rating without a seller is nobody's; the one that was answered is no wait."""
    (row,) = rows(month, "sellers-to-remind")
    assert (row["seller_id"], row["unanswered"], row["inquiries_over_7_days"], row["low_ratings"]) == (
        "S1",
        "5",
        "2",
        "3",
    )
    assert row["longest_hours"] == "2148.0"


def test_customers_at_risk_by_net_spend(month, published):
    listed = rows(month, "customers-at-risk")
    with duckdb.connect(str(published / "scmr17.duckdb"), read_only=True, config={"threads": 1}) as con:
        expected = con.execute(
            "select buyer_id, net_spend_cents from customers where band = 'at_risk' "
            "order by net_spend_cents desc, days_since_last, buyer_id"
        ).fetchall()
    assert [(row["buyer_id"], round(float(row["net_spend"]) * 100)) for row in listed] == expected
    assert expected, "the tiny marketplace has one"
    assert {row["currency"] for row in listed} == {"ZAR"}


def test_the_audit_sample_of_a_quarter_is_that_of_its_months(published, tmp_path):
    made = write_follow_up(published, OFFICE, parse("2025-Q1"), tmp_path)
    assert [(row["month"], row["conversation_id"], row["words"]) for row in rows(made, "exemption-audit")] == [
        ("2025-01", "C4", "2")
    ]


def test_a_week_has_the_lists_of_its_days(published, tmp_path):
    made = write_follow_up(published, OFFICE, parse("2025-W02"), tmp_path)
    assert {path.stem: count for path, count in made.lists.items()} == {
        "sellers-to-remind": 1,
        "unanswered-inquiries": 2,
        "low-ratings": 5,
    }


def test_numbers_are_numbers_and_texts_are_inert_in_the_workbook(month):
    sheet = fastexcel.read_excel(month.workbook).load_sheet("Low ratings").to_polars()
    assert sheet.schema["Stars"].is_numeric() and sheet.schema["Written at"].is_temporal()
    assert sheet["Text, personal data masked"].to_list()[-1] == FORMULA


def test_the_first_sheet_says_what_it_is(month):
    about = fastexcel.read_excel(month.workbook).load_sheet("About", header_row=None).to_polars().rows()
    said = {name: text for name, text in about if name}
    assert said["Period"] == "January 2025: 2025-01-01 to 2025-01-31"
    assert said["Seen from"].startswith("2025-04-10 02:00, Africa/Johannesburg")
    assert (
        said["Unanswered inquiries"]
        == "2 rows. 2 of them are older than 48 hours. 0 more were asked before the period."
    )
    assert said["Low ratings"] == "5 rows. 4 are known to have no answer of their seller; 2 have no text."
    assert said["Sellers to remind"] == "1 row. They have 2 inquiries and 3 reviews to answer."
    assert any(text and text.endswith(f"Owner: {OFFICE.owners.service}.") for _, text in about)


def test_a_running_period_is_called_so(published, tmp_path):
    made = write_follow_up(published, OFFICE, parse("2025-04"), tmp_path)
    about = fastexcel.read_excel(made.workbook).load_sheet("About", header_row=None).to_polars().rows()
    assert "April 2025: 2025-04-01 to 2025-04-30; not over yet, the figures will change" in [text for _, text in about]
    assert [row["age"] for row in rows(made, "unanswered-inquiries")] == ["24 to 48 hours"]
    assert "0 of them are older than 48 hours. 2 more were asked before" in str(about)


def test_the_same_tables_give_the_same_bytes(published, month, tmp_path):
    """In another process, time zone and umask, too."""
    code = (
        "import os, sys; os.umask(0o077); from pathlib import Path; from pipeline.follow_up import write_follow_up; "
        "from pipeline.periods import parse; from pipeline.settings import Office; "
        "office = Office(time_zone='Africa/Johannesburg'); "
        "write_follow_up(Path(sys.argv[1]), office, parse('2025-01'), Path(sys.argv[2]))"
    )
    environment = {**os.environ, "TZ": "Pacific/Auckland"}
    subprocess.run([sys.executable, "-c", code, str(published), str(tmp_path)], check=True, env=environment)
    again = tmp_path / "2025-01"
    assert (again / month.workbook.name).read_bytes() == month.workbook.read_bytes()
    for path in month.lists:
        assert (again / "follow-up" / path.name).read_bytes() == path.read_bytes()


def test_what_never_came_is_not_measured(tmp_path):
    """Sales alone: no list of reviews or messages says 0 as if it knew."""
    folder = DataFolder(tmp_path / "office")
    folder.prepare()
    with marketplace() as market:
        market.add("sales").plan("2025-01").build(*(model.table for model in all_models()))
        publish(market.con, folder, all_models())
    made = write_follow_up(folder.published, OFFICE, parse("2025-01"), tmp_path)
    about = fastexcel.read_excel(made.workbook).load_sheet("About", header_row=None).to_polars().rows()
    said = {name: text for name, text in about if name}
    assert said["Unanswered inquiries"] == "Not measured: no file of messages has come."
    assert said["Low ratings"] == "Not measured: no file of reviews has come."
    assert said["Customers at risk"].endswith(" 1 of 1 customers have a score.")
    assert rows(made, "low-ratings") == []


def test_a_period_without_data_is_refused(published, tmp_path):
    with pytest.raises(DeliveryMissing, match="2019-05"):
        write_follow_up(published, OFFICE, parse("2019-05"), tmp_path)


def test_a_folder_that_cannot_be_written(published, tmp_path):
    (tmp_path / "2025-01").write_text("a file is in the way")
    with pytest.raises(CannotWrite):
        write_follow_up(published, OFFICE, parse("2025-01"), tmp_path)


def test_times_are_of_the_office(published, tmp_path):
    made = write_follow_up(published, Office(time_zone="America/New_York"), parse("2025-01"), tmp_path)
    asked = datetime.fromisoformat(rows(made, "unanswered-inquiries")[0]["asked_at"])
    assert asked == datetime(2025, 1, 10, 7)
