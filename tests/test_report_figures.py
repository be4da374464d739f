"""What the monthly report says: its sentences, its choice of rows, what it says when something is missing."""

import json
import re

import duckdb
import pytest
from report_support import OFFICE, REPORT_MONTH, STORIES, Made, make_published, royalty_rows

from pipeline.errors import DeliveryMissing, UserError
from pipeline.figures import figures_json, monthly_figures


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return monthly_figures(make_published(tmp_path_factory.mktemp("full")), OFFICE, REPORT_MONTH)


@pytest.fixture(scope="module")
def reviews_and_sales(tmp_path_factory):
    """A marketplace such as Olist: no messages, no surveys, no answers of sellers."""
    made = Made(without=("messages", "surveys", "reviews.response_at"))
    return monthly_figures(make_published(tmp_path_factory.mktemp("few"), made), OFFICE, REPORT_MONTH)


def test_the_headline_is_the_largest_move_beyond_noise(full):
    assert re.fullmatch(
        r"Average rating fell to 4\.17 stars in March 2026 from 4\.\d\d in February, below the usual 4\.\d\d to "
        r"4\.\d\d\.",
        full.summary.headline.text,
    )
    assert full.summary.number.text == "4.17"


def test_the_second_move_and_the_categories_come_next(full):
    first, second, third = (sentence.text for sentence in full.summary.changes)
    assert first.startswith("Messages rose to 38\u202f900 from ")
    assert second.startswith("Two categories are rated below their usual: Electronics at 3.62 (usual ")
    assert "Toys at 4.02" in second
    assert third.startswith("Q1 2026 closed at ")
    assert full.summary.changes_note == ""


def test_actions_follow_from_missed_targets_first_and_have_owners(full):
    texts = [sentence.text for sentence in full.summary.actions]
    assert texts[0].startswith("Reviews answered within 48 h: decide how to get from 9")
    assert "to the target of 95\u202f%" in texts[0]
    assert all(sentence.owner for sentence in full.summary.actions)
    assert {sentence.owner for sentence in full.summary.actions} == {OFFICE.owners.service, OFFICE.owners.customers}


def test_no_sentence_claims_a_cause(full):
    said = figures_json(full)
    assert not re.search(r"\b(because|due to|caused|driven by|thanks to|led to)\b", said)


def test_a_quiet_month_is_said_to_be_quiet(tmp_path):
    quiet = monthly_figures(make_published(tmp_path, Made(values={}, category_values={})), OFFICE, REPORT_MONTH)
    assert quiet.summary.headline.text == ("No figure moved beyond noise in March 2026; 0 of 2 targets are met.")
    assert quiet.summary.changes_note == "Nothing else passed a test this month."


def test_a_young_marketplace_judges_no_moves(tmp_path):
    first = monthly_figures(make_published(tmp_path), OFFICE, "2024-10")
    assert first.summary.headline.text.startswith("Reviews answered within 48 h stood at ")
    assert "fewer than eight months" in first.summary.changes_note
    assert {row.cells[6].text for row in first.summary.kpis.rows} == {"–"}


def test_twelve_rows_with_their_comparisons(full):
    rows = {row.cells[0].text: [cell.text for cell in row.cells] for row in full.summary.kpis.rows}
    assert len(rows) == 12
    assert rows["Average rating"][1] == "4.17"
    assert rows["Average rating"][6:9] == ["▼ worse", "–", ""]
    assert rows["Reviews answered within 48 h"][4] == "95.0"
    assert rows["Reviews answered within 48 h"][7] in ("● near", "▼ missed")
    assert all(row.cells[9].mark is not None for row in full.summary.kpis.rows)


def test_messages_are_judged_by_their_quarter(full):
    # The target is a quarter's: the month's own row must not look as if there were none.
    row = next(row for row in full.summary.kpis.rows if row.cells[0].text == "Messages")
    assert (row.cells[4].note, row.cells[7].text, row.cells[7].note) == ("a", "▲ met", "a")
    assert full.summary.kpis.notes[0].startswith("The target is 100\u202f000 a quarter: Q1 2026 closed at ")


def test_a_quarter_that_runs_is_judged_by_the_straight_path(tmp_path):
    february = monthly_figures(make_published(tmp_path), OFFICE, "2026-02")
    row = next(row for row in february.summary.kpis.rows if row.cells[0].text == "Messages")
    assert row.cells[7].text in ("▲ on path", "● near", "▼ behind")
    path = february.messages.path
    assert path.values[2] is None and path.outlines == pytest.approx((31 / 90 * 1e5, 59 / 90 * 1e5, 1e5))


def test_rows_that_are_not_measured_give_their_place_to_others(reviews_and_sales):
    rows = [row.cells[0].text for row in reviews_and_sales.summary.kpis.rows]
    assert "Net Promoter Score" not in rows
    assert "CSAT proxy (reviews)" in rows
    assert "New buyers" in rows
    heads = [column.head for column in reviews_and_sales.summary.kpis.columns]
    assert "Target" not in heads, "no row has a target: the column would be empty"


def test_what_is_not_measured_is_said_and_not_framed(reviews_and_sales):
    figures = reviews_and_sales
    assert figures.messages is None
    assert figures.service.reviews is None and figures.service.inquiries is None
    assert figures.service.delivery is not None
    assert figures.sellers.fastest is None
    assert "Net Promoter Score and customer satisfaction (no surveys)" in figures.summary.not_measured
    assert "no sellers' answers to reviews" in figures.summary.not_measured
    assert any(line.startswith("No messages: ") for line in figures.evidence.not_measured)


def test_the_headline_is_told_once_when_stars_stand_for_satisfaction(reviews_and_sales):
    # The CSAT proxy is the same stars: it must neither lead nor be a second story.
    assert reviews_and_sales.summary.headline.text.startswith("Average rating fell")
    assert not any("CSAT" in sentence.text for sentence in reviews_and_sales.summary.changes)


def test_a_missing_value_has_a_footnote_with_its_reason(tmp_path):
    folder = make_published(tmp_path)
    with duckdb.connect(str(folder / "scmr17.duckdb")) as con:
        con.execute(
            "update metrics set value = null, low = null, high = null, reason = 'suppressed' "
            f"where metric = 'nps' and period_id = '{REPORT_MONTH}'"
        )
    summary = monthly_figures(folder, OFFICE, REPORT_MONTH).summary
    nps = next(row for row in summary.kpis.rows if row.cells[0].text == "Net Promoter Score")
    assert (nps.cells[1].text, nps.cells[1].note) == ("–", "a")
    assert summary.kpis.notes[0] == "–: too few cases to show."


def test_royalties_reconcile_to_the_cent(full):
    cells = {row.cells[0].text: row.cells[1].text for row in full.sellers.reconciliation.rows}
    cents = {label: int(re.sub(r"\D", "", text)) * (-1 if "−" in text else 1) for label, text in cells.items()}
    assert cents.pop("Pool of 2026-03") == 125_000_000 == sum(cents.values())
    assert full.sellers.reconciliation.foot == "The pool reconciles to the cent."
    total, rest = full.sellers.royalties.rows[-1], full.sellers.royalties.rows[-2]
    assert total.cells[7].text == "1\u202f250\u202f000.00"
    assert rest.cells[0].text == "97 more sellers"
    assert full.sellers.royalties.foot.startswith(
        f"97 more sellers, summing to {rest.cells[7].text}; total reconciles."
    )


def test_a_pool_that_does_not_add_up_says_so(tmp_path):
    folder = make_published(tmp_path)
    with duckdb.connect(str(folder / "scmr17.duckdb")) as con:
        con.execute("update royalties set payout_cents = payout_cents - 1 where rank = 1")
    sellers = monthly_figures(folder, OFFICE, REPORT_MONTH).sellers
    assert "▼ Not accounted for" in [row.cells[0].text for row in sellers.reconciliation.rows]
    assert sellers.reconciliation.foot == ""


def test_the_made_royalties_are_a_fair_test():
    assert sum(row[12] for row in royalty_rows(Made())) == 125_000_000


def test_lost_rows_are_named(tmp_path):
    folder = make_published(tmp_path)
    with duckdb.connect(str(folder / "scmr17.duckdb")) as con:
        con.execute("update files set rows_in = rows_in + 2 where file_id = 0")
    figures = monthly_figures(folder, OFFICE, REPORT_MONTH)
    assert "2 rows not accounted for" in figures.summary.data_quality


def test_the_hash_is_of_the_figures_and_of_nothing_else(tmp_path):
    one = monthly_figures(make_published(tmp_path / "one"), OFFICE, REPORT_MONTH)
    same = monthly_figures(make_published(tmp_path / "same"), OFFICE, REPORT_MONTH)
    other = monthly_figures(
        make_published(tmp_path / "other", Made(values={**STORIES, "nps": 30.0})), OFFICE, REPORT_MONTH
    )
    assert one == same
    assert one.edition.report_hash != other.edition.report_hash
    assert json.loads(figures_json(one))["edition"]["title"] == "SayPro Monthly March SCMR-17"


def test_an_empty_month_names_the_months_that_have_data(tmp_path):
    folder = make_published(tmp_path)
    with duckdb.connect(str(folder / "scmr17.duckdb")) as con:
        con.execute("delete from metrics where period_id = '2025-02'")
    with pytest.raises(
        DeliveryMissing, match="2025-02: this month has no data; data exist for 2024-10 to 2025-01, 2025-03"
    ):
        monthly_figures(folder, OFFICE, "2025-02")


def test_nothing_published_says_what_to_do(tmp_path):
    with pytest.raises(DeliveryMissing, match="scmr17 run"):
        monthly_figures(tmp_path, OFFICE, REPORT_MONTH)


@pytest.mark.parametrize("period_id", ["2026-Q1", "2026-W09", "March"])
def test_only_a_month_has_a_monthly_report(tmp_path, period_id):
    with pytest.raises(UserError):
        monthly_figures(make_published(tmp_path), OFFICE, period_id)
