"""The quarterly's outlook: proposals as they are published, actions with owners, dates that a rule gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from quarterly_support import QUARTER, changed, texts

from pipeline.figures.numbers import scale_of, show
from pipeline.figures.published import open_published
from pipeline.figures.quarterly.outlook_page import OutlookPage, outlook_page
from pipeline.figures.quarterly.proposal_tables import proposals, why_none
from pipeline.figures.quarterly.summary_page import summary_page
from pipeline.periods import parse
from pipeline.settings import DataFolder, Office

OFFICE = Office()
FAMILIES = ("metrics", "targets")


@pytest.fixture(scope="module")
def page(sample_office: DataFolder) -> OutlookPage:
    with open_published(sample_office.published, parse(QUARTER)) as source:
        found = outlook_page(source, OFFICE)
    assert found is not None
    return found


def test_proposals_are_the_published_ones(sample_office: DataFolder, page: OutlookPage) -> None:
    assert page.in_force is not None and page.first_targets is not None and page.number is not None
    with open_published(sample_office.published, parse(QUARTER)) as source:
        rows = source.rows(
            "select metric, baseline, committed, policy_target from target_proposals "
            f"where period_id = '{QUARTER}' and committed is not null"
        )
    assert page.number.text == str(sum(row[3] is not None for row in rows))
    published = {metric: rest for metric, *rest in rows}
    for table, today in ((page.in_force, True), (page.first_targets, False)):
        for row in table.rows:
            metric = row.cells[0].definition
            if metric in published and row.cells[0].unit == "%":
                baseline, committed, policy = published[metric]
                scale = scale_of("share", "")
                assert texts(row)[1] == show(baseline, scale)
                assert show(committed, scale) in texts(row) and (policy is not None) == today
    in_file = len(rows) - sum(row[3] is not None for row in rows) - len(page.first_targets.rows)
    assert page.first_targets.foot.startswith(f"{in_file} more")


def test_a_target_without_a_proposal_says_why(page: OutlookPage) -> None:
    assert page.in_force is not None
    row = next(row for row in page.in_force.rows if row.cells[0].definition == "training_participation")
    noted = next(cell for cell in row.cells if cell.note)
    assert "not computed by the month" in page.in_force.notes["abcdef".index(noted.note)]


def test_actions_have_owners_and_only_days_that_a_rule_gives(sample_office: DataFolder, tmp_path: Path) -> None:
    statements = (
        "update metrics set value = 0.9, rag = 'amber', target = 0.95 where metric = 'review_response_48h' "
        f"and scope = 'all' and period_id = '{QUARTER}'",
        f"update target_proposals set assurance = 'consistently_fail', limit_low = 0.8, limit_high = 0.94 "
        f"where metric = 'review_response_48h' and period_id = '{QUARTER}'",
    )
    with changed(sample_office, tmp_path, *statements) as source:
        page = outlook_page(source, OFFICE)
    assert page is not None and page.actions is not None
    rows = [texts(row) for row in page.actions.rows]
    [missed] = [row for row in rows if row[0].startswith("Reviews answered within 48 h: decide")]
    assert "to the target of 95\u202f%" in missed[0] and missed[1:] == ["Service", "judged 2026-06-30"]
    assert not [row for row in rows if "change the process" in row[0]], "one row for one target"
    assert {row[2] for row in rows} == {"", "judged 2026-06-30"}, "the report's own day is no date to come"


def test_a_target_that_is_met_and_out_of_its_months_reach_is_told(sample_office: DataFolder, tmp_path: Path) -> None:
    statements = (
        "update metrics set rag = 'green' "
        f"where metric = 'message_count' and scope = 'all' and period_id = '{QUARTER}'",
        f"update target_proposals set assurance = 'consistently_fail', limit_low = 80000, limit_high = 94000 "
        f"where metric = 'message_count' and period_id = '{QUARTER}'",
    )
    with changed(sample_office, tmp_path, *statements) as source:
        page = outlook_page(source, OFFICE)
    assert page is not None and page.actions is not None
    [reach] = [texts(row) for row in page.actions.rows if "change the process or the target of" in row.cells[0].text]
    assert "80\u202f000 to 94\u202f000" in reach[0] and reach[2] == ""


@pytest.mark.parametrize(
    ("rag", "committed", "text"),
    [
        ("green", 0.96, "The one target is met in Q1 2026; 1 could be raised for Q2 2026 by the smallest"
         " change that would show."),
        ("red", 0.93, "1 of 1 target is not met in Q1 2026; for Q2 2026 a new value is proposed for 1 target"
         " in force."),
        ("red", None, "1 of 1 target is not met in Q1 2026; nothing can be proposed for Q2 2026 yet."),
    ],
)  # fmt: skip
def test_the_message(sample_office: DataFolder, tmp_path: Path, rag: str, committed: float | None, text: str) -> None:
    value = "null" if committed is None else committed
    statements = (
        "delete from target_proposals where metric <> 'review_response_48h'",
        f"update target_proposals set committed = {value}, policy_target = 0.95",
        "update metrics set rag = null, target = null where metric <> 'review_response_48h'",
        f"update metrics set rag = '{rag}', target = 0.95, value = 0.9 where metric = 'review_response_48h'",
    )
    with changed(sample_office, tmp_path, *statements) as source:
        page = outlook_page(source, OFFICE)
    assert page is not None and page.message.text == text


def test_actions_are_the_first_pages_decisions(sample_office: DataFolder, page: OutlookPage) -> None:
    with open_published(sample_office.published, parse(QUARTER)) as source:
        decisions = summary_page(source, OFFICE).decisions
    assert page.actions is not None and decisions
    shown = [texts(row)[:2] for row in page.actions.rows]
    assert shown[: len(decisions)] == [[decision.text, decision.owner] for decision in decisions]


@pytest.mark.parametrize(("months", "note"), [(0, "Never reached"), (6, ""), (7, "Reached in most months already")])
def test_what_was_never_or_mostly_reached_is_said(
    sample_office: DataFolder, tmp_path: Path, months: int, note: str
) -> None:
    statements = (
        "delete from target_proposals where metric <> 'csat'",
        f"update target_proposals set months_at_proposal = {months}, months = 12",
    )
    with changed(sample_office, tmp_path, *statements) as source:
        page = outlook_page(source, OFFICE)
    assert page is not None and page.first_targets is not None
    assert texts(page.first_targets.rows[0])[-1] == f"{months} of 12"
    assert [text.startswith(note) for text in page.first_targets.notes] == ([True] if note else [])


def test_without_targets_the_proposals_are_first_ones(sample_office: DataFolder, tmp_path: Path) -> None:
    statements = (
        "delete from targets",
        "update target_proposals set policy_target = null",
        "update metrics set rag = null, target = null",
    )
    with changed(sample_office, tmp_path, *statements) as source:
        page = outlook_page(source, OFFICE)
    assert page is not None and page.in_force is None and page.first_targets is not None
    assert page.message.text.startswith("No target is in force in Q1 2026; for Q2 2026 a first one could be set for ")
    assert page.number is None and len(page.first_targets.rows) == 14


def test_young_data_say_why_nothing_is_proposed(sample_office: DataFolder, tmp_path: Path) -> None:
    statement = "update target_proposals set committed = null, baseline = null, reason = 'too_short'"
    with changed(sample_office, tmp_path, statement) as source:
        page, found = outlook_page(source, OFFICE), proposals(source)
    assert page is not None and page.number is None and page.first_targets is None and page.signing == ()
    assert why_none(found) == f"No proposal for {len(found)} measures: {len(found)} fewer than three months on record."
    assert "nothing can be proposed" in page.message.text


def test_no_targets_and_no_proposals_make_no_page(sample_office: DataFolder, tmp_path: Path) -> None:
    with changed(sample_office, tmp_path, "drop table target_proposals", "delete from targets") as source:
        assert outlook_page(source, OFFICE) is None


def test_what_to_sign_names_who_asks_for_it_and_the_first_day(page: OutlookPage) -> None:
    assert page.signing[0].startswith(f"{OFFICE.owners.data} has the file of proposals for Q2 2026")
    assert "begin on 2026-04-01 or later" in page.signing[-1]


def test_unmeasured_targets_are_named(bare_office: DataFolder) -> None:
    with open_published(bare_office.published, parse(QUARTER)) as source:
        page = outlook_page(source, OFFICE)
    assert page is not None and "messages" in page.not_measured and page.number is not None


def test_a_share_that_depends_on_the_periods_length_says_which(bare_office: DataFolder) -> None:
    with open_published(bare_office.published, parse(QUARTER)) as source:
        page = outlook_page(source, OFFICE)
    assert page is not None and page.first_targets is not None
    names = {row.cells[0].definition: row.cells[0].text for row in page.first_targets.rows}
    assert names["repeat_customer_share"].endswith(" a month"), "its baseline pools months; a quarter's is another"
    assert not names["rating_mean"].endswith((" a month", " a quarter"))
