"""Pages 1 and 2 of the quarterly: the sample's stories are told unprompted, and each rule says what it tested."""

from pathlib import Path

import pytest
from quarterly_support import changed

from pipeline.figures.decisions import without_one_seller
from pipeline.figures.measures import last_year_id
from pipeline.figures.noise import move_of
from pipeline.figures.numbers import change_with_unit
from pipeline.figures.published import open_published
from pipeline.figures.quarterly.objectives import lost_sentence, objectives, verdict_sentence
from pipeline.figures.quarterly.scorecard_page import scorecard_page
from pipeline.figures.quarterly.summary_page import summary_page
from pipeline.figures.wording import scale_for
from pipeline.periods import parse
from pipeline.settings import DataFolder, Office

OFFICE = Office()


def page_of(folder: DataFolder, period: str = "2026-Q1"):
    with open_published(folder.published, parse(period)) as source:
        return summary_page(source, OFFICE)


def test_the_headline_counts_the_targets_as_they_are_published(sample_office: DataFolder) -> None:
    with open_published(sample_office.published, parse("2026-Q1")) as source:
        counted = source.rows(
            """select count(*) filter (where rag = 'green'), count(*) from metrics
            where period_id = '2026-Q1' and scope = 'all' and target is not null and value is not null"""
        )[0]
        page = summary_page(source, OFFICE)
    met, judged = counted
    assert page.headline.text.startswith(f"{met} of {judged} targets {'is' if met == 1 else 'are'} met in Q1 2026")


def test_every_objective_stands_on_the_scorecard_with_its_key(sample_office: DataFolder) -> None:
    with open_published(sample_office.published, parse("2026-Q1")) as source:
        page = scorecard_page(source, OFFICE)
        found = objectives(source, last_year_id(source))
    assert page is not None and len(page.targets.rows) == len(found) == 6
    for row, objective in zip(page.targets.rows, found, strict=True):
        assert row.cells[1].figure == f"{objective.metric}/2026-Q1/all/all/value"
        assert row.cells[2].figure == f"{objective.metric}/2026-Q1/all/all/target"


RED = "update metrics set rag = 'red' where period_id = '{period}' and scope = 'all' and metric = '{metric}'"
GREEN = "update metrics set rag = 'green' where period_id = '{period}' and scope = 'all' and metric = '{metric}'"


def test_what_is_newly_met_and_what_no_longer(sample_office: DataFolder, tmp_path: Path) -> None:
    metrics = [
        GREEN.format(period="2026-Q1", metric="message_count"),
        RED.format(period="2025-Q4", metric="message_count"),
        RED.format(period="2026-Q1", metric="resource_satisfaction"),
        GREEN.format(period="2025-Q4", metric="resource_satisfaction"),
    ]
    with changed(sample_office, tmp_path, *metrics) as source:
        found = objectives(source, last_year_id(source))
        verdict, lost = verdict_sentence(source, found), lost_sentence(source, found)
        page = summary_page(source, OFFICE)
    assert "Newly met: " in verdict and "messages" in verdict.partition("Newly met: ")[2]
    assert lost.startswith("No longer met: ") and "sellers satisfied with the training resources" in lost
    assert page.changes[0].text == lost


def test_a_seller_is_named_only_where_its_cases_make_the_difference(sample_office: DataFolder, tmp_path: Path) -> None:
    """90 of 100 in all and 12 of 20 at one seller leave 78 of 80, which is above 95 %."""
    where = "period_id = '2026-Q1' and metric = 'review_response_48h'"
    statements = (
        f"delete from metrics where {where} and scope = 'seller'",
        f"update metrics set value = 0.9, numerator = 90, denominator = 100, n = 100, target = 0.95, rag = 'amber'"
        f" where {where} and scope = 'all'",
        "insert into metrics (period_id, period_type, scope, entity_id, metric, value, numerator, denominator, n)"
        " values"
        " ('2026-Q1', 'quarter', 'seller', 'S0002', 'review_response_48h', 0.6, 12, 20, 20),"
        " ('2026-Q1', 'quarter', 'seller', 'S0003', 'review_response_48h', 0.9, 27, 30, 30)",
    )
    with changed(sample_office, tmp_path, *statements) as source:
        found = {objective.metric: objective for objective in objectives(source, last_year_id(source))}
        without = without_one_seller(source, "review_response_48h", found["review_response_48h"].value)
        told = [sentence.text for sentence in summary_page(source, OFFICE).decisions]
    assert without is not None and (without.seller_id, without.numerator, without.denominator) == ("S0002", 78, 80)
    [sentence] = [text for text in told if text.startswith("Reviews answered within 48 h")]
    assert "5 more of 100 in time would have met it." in sentence and "late in 8 of 20, it would be 97.5" in sentence


def test_without_a_difference_nobody_is_named(sample_office: DataFolder, tmp_path: Path) -> None:
    where = "period_id = '2026-Q1' and metric = 'review_response_48h'"
    statements = (
        f"delete from metrics where {where} and scope = 'seller'",
        f"update metrics set value = 0.5, numerator = 50, denominator = 100, n = 100, target = 0.95, rag = 'red'"
        f" where {where} and scope = 'all'",
    )
    with changed(sample_office, tmp_path, *statements) as source:
        told = [sentence.text for sentence in summary_page(source, OFFICE).decisions]
    [sentence] = [text for text in told if text.startswith("Reviews answered within 48 h")]
    assert "Without" not in sentence and "45 more of 100" in sentence


@pytest.mark.parametrize("period", ["2024-Q4", "2025-Q2", "2026-Q1"])
def test_every_decision_has_an_owner(sample_office: DataFolder, period: str) -> None:
    assert all(sentence.owner for sentence in page_of(sample_office, period).decisions)


def test_an_office_with_reviews_and_sales_only_has_a_first_page(bare_office: DataFolder) -> None:
    page = page_of(bare_office)
    assert page.headline.text and page.kpis.rows and "no surveys" in page.not_measured
    with open_published(bare_office.published, parse("2026-Q1")) as source:
        scorecard = scorecard_page(source, OFFICE)
    measured = {row.cells[0].text for row in scorecard.targets.rows} if scorecard else set()
    assert "Messages" not in measured


def test_a_month_outside_its_limits_is_told(sample_office: DataFolder, tmp_path: Path) -> None:
    statement = (
        "update metrics set value = 0.2, low = 0.1, high = 0.3 where metric = 'on_time_delivery_rate'"
        " and period_id = '2026-02' and scope = 'all'"
    )
    with changed(sample_office, tmp_path, statement) as source:
        from pipeline.figures.quarterly.decisions import what_changed

        told = [sentence.text for sentence in what_changed(source, ["on_time_delivery_rate"], "")]
    assert any(
        text.startswith("February stood out: on-time delivery at 20.0\u202f%, below the usual ") for text in told
    )


STEP = """update metrics set value = {now}, numerator = null, n = 1000, low = {now} - 0.01, high = {now} + 0.01
    where metric = '{metric}' and scope = 'all' and period_id = '2026-Q1';
    update metrics set value = {before}, numerator = null, n = 1000, low = {before} - 0.01, high = {before} + 0.01
    where metric = '{metric}' and scope = 'all' and period_id = '2025-Q4'"""


def test_what_got_worse_is_told_first_and_so_is_the_share_of_customers_kept(
    sample_office: DataFolder, tmp_path: Path
) -> None:
    steps = (
        STEP.format(metric="csat", before=0.70, now=0.90),
        STEP.format(metric="on_time_delivery_rate", before=0.95, now=0.80),
        STEP.format(metric="customer_retention_rate", before=0.40, now=0.20),
    )
    with changed(sample_office, tmp_path, *steps) as source:
        page = summary_page(source, OFFICE)
    told = [sentence.text for sentence in page.changes if sentence.rule == "moved beyond noise"]
    assert [text.partition(" fell")[0] for text in told] == ["On-time delivery", "The share of customers kept"]


def test_sales_stand_beside_those_of_the_quarter_and_the_year_before(sample_office: DataFolder) -> None:
    with open_published(sample_office.published, parse("2026-Q1")) as source:
        page = summary_page(source, OFFICE)
        now, before, year = (source.at("net_sales", period) for period in ("2026-Q1", "2025-Q4", "2025-Q1"))
        scale = scale_for(source, "net_sales")
    said = page.changes[-1].text
    assert said.startswith("Net sales came to ZAR\u00a0")
    assert f", {change_with_unit(now.value, before.value, scale)} on Q4 2025 and " in said
    assert said.endswith(f"{change_with_unit(now.value, year.value, scale)} on Q1 2025.")


def test_only_what_was_tested_is_counted_as_such(bare_office: DataFolder) -> None:
    with open_published(bare_office.published, parse("2026-Q1")) as source:
        page = summary_page(source, OFFICE)
        moves = [move_of(source, row.cells[0].definition) for row in page.kpis.rows]
    tested = [move for move in moves if move]
    beyond = [move for move in tested if move.is_beyond_noise]
    assert len(tested) < len(page.kpis.rows) == 12
    assert page.kpis.title == f"Key figures, {len(beyond)} of {len(tested)} tested moved beyond noise"
