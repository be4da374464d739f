"""The quarterly's last page: policies, how the briefs were read, what cases could still change, hashes."""

from __future__ import annotations

from pathlib import Path

import pytest
from quarterly_support import QUARTER, changed, texts

from pipeline.analyses import MODELS
from pipeline.catalogue import load_catalogue
from pipeline.figures.evidence import evidence_page
from pipeline.figures.method import effect_of, resolutions
from pipeline.figures.pages import EvidencePage
from pipeline.figures.published import open_published
from pipeline.models import load_models
from pipeline.periods import parse
from pipeline.settings import DataFolder, Office

PRINTED = {"rating_mean": "summary", "message_count": "summary", "royalty_pool": "royalties"}


@pytest.fixture(scope="module")
def page(sample_office: DataFolder) -> EvidencePage:
    with open_published(sample_office.published, parse(QUARTER)) as source:
        return evidence_page(source, Office(), PRINTED)


def test_every_printed_metric_has_the_hash_of_the_text_that_computes_it(page: EvidencePage) -> None:
    texts_by_family = {model.name: model.sha256 for model in load_models(MODELS)}
    families = {metric.metric: metric.family for metric in load_catalogue()}
    assert {entry.metric for entry in page.definitions} == set(PRINTED)
    for entry in page.definitions:
        assert entry.sql_hash == texts_by_family[families[entry.metric]][:8] and entry.page == PRINTED[entry.metric]


def test_resolutions_bear_on_known_metrics_and_only_on_printed_ones(page: EvidencePage) -> None:
    known = {metric.metric for metric in load_catalogue()}
    for resolution in resolutions():
        assert set(resolution.metrics) <= known and resolution.briefs and resolution.text
        assert "\n" not in resolution.text
    assert page.method is not None
    shown = {resolution.id for resolution in page.method.resolutions}
    assert {"B9", "B18"} <= shown and "B12" not in shown


def test_changed_policies_are_named_with_what_is_usual(sample_office: DataFolder, tmp_path: Path) -> None:
    statement = "update policies set value = 25 where policy = 'clv_monthly_discount_share'"
    with changed(sample_office, tmp_path, statement) as source:
        method = evidence_page(source, Office(), PRINTED).method
        count = source.rows("select count(*) from policies")[0][0]
    assert method is not None
    assert method.policies == (f"{count} policies in force; changed: clv_monthly_discount_share is 25 (usual 0.01).")


def test_what_pending_cases_can_still_change(sample_office: DataFolder, tmp_path: Path) -> None:
    statements = (
        "delete from response_bounds where scope = 'all'",
        "insert into response_bounds (period_id, scope, entity_id, metric, pending, worst_share, best_share) "
        f"values ('{QUARTER}', 'all', 'all', 'review_response_48h', 12, 0.9, 0.95), "
        f"('{QUARTER}', 'all', 'all', 'inquiry_response_48h', 0, 0.9, 0.9)",
    )
    with changed(sample_office, tmp_path, *statements) as source:
        method = evidence_page(source, Office(), PRINTED).method
    assert method is not None and method.pending is not None
    [row] = method.pending.rows
    assert texts(row)[2:] == ["12", "90.0", "95.0"] and row.cells[1].figure.startswith("review_response_48h/2026-Q1/")


def test_an_effect_is_never_rounded_down(sample_office: DataFolder, tmp_path: Path) -> None:
    statement = f"update metrics set denominator = 3000 where metric = 'csat' and period_id = '{QUARTER}'"
    with changed(sample_office, tmp_path, statement) as source:
        assert effect_of(source, "surveys", 1) == "Customer satisfaction: at most 0.04\u202fpp"
        assert effect_of(source, "olist.messages", 5) == ""


def test_a_monthly_has_no_method_and_its_definitions_whole(sample_office: DataFolder) -> None:
    with open_published(sample_office.published, parse("2026-03")) as source:
        page = evidence_page(source, Office(), PRINTED, ["rating_mean"])
    assert page.method is None and page.counts is not None and page.counts.title == "Set aside in this month"
    assert [entry.metric for entry in page.definitions if entry.text] == ["rating_mean"]


def test_an_older_edition_without_hashes_still_prints(sample_office: DataFolder, tmp_path: Path) -> None:
    statements = ("alter table catalogue drop column sql_sha256", "alter table run drop column fingerprint")
    with changed(sample_office, tmp_path, *statements) as source:
        page = evidence_page(source, Office(), PRINTED)
    assert {entry.sql_hash for entry in page.definitions} == {""} and page.method and page.method.fingerprint == ""


def test_absent_exports_are_named_with_few_of_their_measures(bare_office: DataFolder) -> None:
    with open_published(bare_office.published, parse(QUARTER)) as source:
        page = evidence_page(source, Office(), PRINTED)
    line = next(line for line in page.not_measured if line.startswith("No messages"))
    assert line.count(";") == 3 and line.endswith(" more.")
