"""What the monthly report says: its sentences, its choice of rows, what it says when something is missing."""

import json
import re
from datetime import date

import duckdb
import pytest
from report_support import (
    CATEGORIES,
    OFFICE,
    REPORT_MONTH,
    STORIES,
    Made,
    full_report,
    make_published,
    report_of_reviews_and_sales,
    royalty_rows,
)  # fmt: skip

from pipeline.catalogue import load_catalogue
from pipeline.errors import DeliveryMissing
from pipeline.figures import figures_json, report_figures
from pipeline.figures.customers import LONGEST_MESSAGE, gap_between_ends
from pipeline.figures.expertise import last_monday
from pipeline.figures.published import open_published
from pipeline.figures.wording import COLUMN_NAMES, source_name
from pipeline.periods import parse


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return full_report(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def reviews_and_sales(tmp_path_factory):
    return report_of_reviews_and_sales(tmp_path_factory.mktemp("few"))


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


def customers_of(folder, categories, **values):
    made = Made(values=values, category_values=categories)
    return report_figures(make_published(folder, made), OFFICE, parse(REPORT_MONTH)).customers


def test_the_category_furthest_below_its_usual_is_named_with_its_range(tmp_path, full):
    usual = r"4\.\d\d to 4\.\d\d\."
    several = full.customers.message.text
    assert re.search(f"; Electronics, at 3\\.62, is furthest below its usual {usual}$", several)
    one = customers_of(tmp_path / "one", {"Toys": 4.02}, rating_mean=4.31).message.text
    assert re.search(f"; Toys, at 4\\.02, is below its usual {usual}$", one)
    risen = customers_of(tmp_path / "risen", {"Toys": 4.7, "Home": 3.5, "Baby": 4.8}, rating_mean=4.5).message.text
    assert re.search(f"; Baby, at 4\\.80, is furthest above its usual {usual}$", risen)
    assert max(len(text) for text in (several, one, risen)) <= LONGEST_MESSAGE


def test_a_range_that_does_not_fit_in_two_lines_is_left_out(tmp_path):
    folder = make_published(tmp_path, Made(category_values={"Toys": 4.02}))
    long = "Toys for children of all ages, and the old"
    with duckdb.connect(str(folder / "scmr17.duckdb")) as con:
        con.execute(f"update metrics set entity_id = '{long}' where entity_id = 'Toys'")
    text = report_figures(folder, OFFICE, parse(REPORT_MONTH)).customers.message.text
    assert text.endswith(f"; {long}, at 4.02, is below its usual.") and len(text) <= LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("shown", "gap"),
    [("abyz", 2), ("ayz", 1), ("abxz", None), ("bcz", None), ("abc", None), ("wxyz", None), ("abcwxyz", None)],
)
def test_rows_lie_between_only_where_the_two_ends_are_shown(shown, gap):
    assert gap_between_ends(list("abcwxyz"), list(shown)) == gap


def test_rows_that_are_not_shown_are_between_only_where_the_two_ends_are_shown(tmp_path, full):
    assert full.customers.products.foot.endswith("; 30 products between, with 741 ratings, not shown.")
    assert [row.opens_group for row in full.customers.products.rows].index(True) == 5
    with_middle = {name: 3.0 + index / 10 for index, name in enumerate(CATEGORIES)}
    folder = make_published(tmp_path, Made(category_values={**with_middle, CATEGORIES[5]: 3.5}))
    with duckdb.connect(str(folder / "scmr17.duckdb")) as con:
        con.execute("insert into metrics select * replace (entity_id || ' again' as entity_id, value + 1.0 as value, "
                    "low + 1.0 as low, high + 1.0 as high) from metrics where scope = 'category' "
                    f"and period_id = '{REPORT_MONTH}'")  # fmt: skip
    categories = report_figures(folder, OFFICE, parse(REPORT_MONTH)).customers.categories
    assert len(categories.rows) == 11, "those below their usual, of 22"
    assert categories.foot.endswith("; 11 more categories, with 4\u202f180 ratings, not shown.")
    assert not any(row.opens_group for row in categories.rows)


def test_a_ring_is_explained_only_where_one_is_drawn(tmp_path, full):
    first = report_figures(make_published(tmp_path), OFFICE, parse("2024-10"))
    for figures, is_drawn in ((first, False), (full, True)):
        tables = (
            figures.customers.categories, figures.customers.products, figures.sellers.fastest, figures.sellers.slowest,
        )  # fmt: skip
        assert [("ring: " in table.foot) for table in tables] == [is_drawn] * 4


def test_no_sentence_claims_a_cause(full):
    said = figures_json(full)
    assert not re.search(r"\b(because|due to|caused|driven by|thanks to|led to)\b", said)


def test_a_quiet_month_is_said_to_be_quiet(tmp_path):
    quiet = report_figures(make_published(tmp_path, Made(values={}, category_values={})), OFFICE, parse(REPORT_MONTH))
    assert quiet.summary.headline.text == ("No figure moved beyond noise in March 2026; 0 of 2 targets are met.")
    assert quiet.summary.changes_note == "Nothing else passed a test this month."


def test_a_young_marketplace_judges_no_moves(tmp_path):
    first = report_figures(make_published(tmp_path), OFFICE, parse("2024-10"))
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
    assert (row.cells[4].note, row.cells[7].text, row.cells[7].note) == ("b", "▲ met", "b")
    assert full.summary.kpis.notes[1].startswith("The target is 100\u202f000 a quarter: Q1 2026 closed at ")


def test_a_quarter_that_runs_is_judged_by_the_even_path(tmp_path):
    february = report_figures(make_published(tmp_path), OFFICE, parse("2026-02"))
    row = next(row for row in february.summary.kpis.rows if row.cells[0].text == "Messages")
    assert row.cells[7].text in ("▲ on path", "● near", "▼ below")
    note = february.summary.kpis.notes["abc".index(row.cells[7].note)]
    assert "the even path to 100\u202f000. The verdict is against the path to date: on path (at it or above)" in note
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


@pytest.mark.parametrize(
    ("needs", "name"),
    [
        # Sellers came, though no measured figure asks for them alone.
        ("messages reviews sellers", "messages"),
        ("messages sales.order_id surveys", "messages or surveys"),
        ("reviews.response_at", "sellers' answers to reviews"),
        ("messages.speed_vote", "messages"),
        # Either column would do, and one came.
        ("reviews.order_line_id|reviews.order_id surveys", "surveys"),
        ("subscriptions sales", "opt-outs"),
        # All came, but tells of later periods only.
        ("sellers sales", "sellers"),
    ],
)
def test_what_a_metric_waits_for_is_what_no_loaded_file_had(tmp_path, needs, name):
    made = Made(without=("messages", "surveys", "reviews.response_at", "reviews.order_id"))
    folder = make_published(tmp_path, made)
    with duckdb.connect(str(folder / "scmr17.duckdb")) as con:
        con.execute("insert into files (export, status, rows_in, columns) values ('messages', 'refused', 9, ['body'])")
        con.execute("insert into files (export, status, rows_in, columns) values ('surveys', 'loaded', 0, ['score'])")
    with open_published(folder, parse(REPORT_MONTH)) as published:
        assert source_name(published, needs) == name


def test_rows_of_excluded_accounts_are_counted_by_reason(tmp_path, full):
    folder = make_published(tmp_path)
    with duckdb.connect(str(folder / "scmr17.duckdb")) as con:
        con.execute(
            "insert into exclusions values ('sales', 'seller', 'test shop', 40), ('reviews', 'buyer', 'staff', 1200), "
            "('sales', 'buyer', 'staff', 34), ('sales', 'buyer', 'load test', 30), ('carts', 'buyer', 'crawler', 2), "
            "('carts', 'buyer', 'demo', 1)"
        )
    counts = report_figures(folder, OFFICE, parse(REPORT_MONTH)).evidence.counts
    text = "Accepted rows of excluded accounts, all periods: "
    assert [(row.cells[0].text, row.cells[1].text) for row in counts.rows[-4:]] == [
        (f"{text}staff", "1\u202f234"),
        (f"{text}test shop", "40"),
        (f"{text}load test", "30"),
        (f"{text}2 more reasons", "3"),
    ]
    assert not [row for row in full.evidence.counts.rows if "excluded" in row.cells[0].text]


def test_sellers_whose_unanswered_inquiries_are_hidden_are_in_the_rest(tmp_path, full):
    assert full.messages.unanswered.foot.startswith("25 more sellers, summing to ")
    folder = make_published(tmp_path)
    with duckdb.connect(str(folder / "scmr17.duckdb")) as con:
        con.execute(
            "update metrics set value = null, numerator = null, reason = 'suppressed' where entity_id = 's000' "
            "and metric = 'unanswered_inquiries'"
        )
    foot = report_figures(folder, OFFICE, parse(REPORT_MONTH)).messages.unanswered.foot
    assert foot.startswith("24 more sellers and sellers with too few inquiries to show, summing to ")


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
    summary = report_figures(folder, OFFICE, parse(REPORT_MONTH)).summary
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
    assert rest.cells[0].text == "99 more sellers"  # beside the Expertise tables there is room for eight
    assert full.sellers.royalties.foot.startswith(
        f"99 more sellers, summing to {rest.cells[7].text}; total reconciles."
    )


def test_a_pool_that_does_not_add_up_says_so(tmp_path):
    folder = make_published(tmp_path)
    with duckdb.connect(str(folder / "scmr17.duckdb")) as con:
        con.execute("update royalties set payout_cents = payout_cents - 1 where rank = 1")
    sellers = report_figures(folder, OFFICE, parse(REPORT_MONTH)).sellers
    assert "▼ Not accounted for" in [row.cells[0].text for row in sellers.reconciliation.rows]
    assert sellers.reconciliation.foot == ""


def test_what_is_paid_is_paid_at_the_closing_of_the_period(full):
    # With it goes what was held before: it may be more than the period's own pool.
    assert (
        " paid ZAR\u00a0" in full.sellers.message.text and " at the closing of March 2026" in full.sellers.message.text
    )


def test_the_made_royalties_are_a_fair_test():
    assert sum(row[12] for row in royalty_rows(Made())) == 125_000_000


def test_lost_rows_are_named(tmp_path):
    folder = make_published(tmp_path)
    with duckdb.connect(str(folder / "scmr17.duckdb")) as con:
        con.execute("update files set rows_in = rows_in + 2 where file_id = 0")
    figures = report_figures(folder, OFFICE, parse(REPORT_MONTH))
    assert "2 rows not accounted for" in figures.summary.data_quality


def test_the_hash_is_of_the_figures_and_of_nothing_else(tmp_path):
    one = report_figures(make_published(tmp_path / "one"), OFFICE, parse(REPORT_MONTH))
    same = report_figures(make_published(tmp_path / "same"), OFFICE, parse(REPORT_MONTH))
    other = report_figures(
        make_published(tmp_path / "other", Made(values={**STORIES, "nps": 30.0})), OFFICE, parse(REPORT_MONTH)
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
        report_figures(folder, OFFICE, parse("2025-02"))


def test_nothing_published_says_what_to_do(tmp_path):
    with pytest.raises(DeliveryMissing, match="scmr17 run"):
        report_figures(tmp_path, OFFICE, parse(REPORT_MONTH))


def test_sellers_by_status_on_the_last_mondays(full):
    statuses = full.sellers.statuses
    assert [column.head for column in statuses.columns] == [
        "On Monday", "Superhero", "Captain", "Conqueror", "None", "Sellers",
    ]  # fmt: skip
    assert [cell.text for cell in statuses.rows[0].cells] == ["2026-03-30", "7", "71", "27", "13", "118"]
    assert statuses.rows[1].cells[0].text == "2026-02-23"


@pytest.mark.parametrize(
    ("end", "as_of_day", "monday"),
    [
        (date(2026, 4, 1), date(2026, 5, 1), date(2026, 3, 30)),
        (date(2026, 6, 1), date(2026, 7, 1), date(2026, 6, 1)),  # at 00:00 of the first, when May ends
        (date(2026, 4, 1), date(2026, 3, 20), date(2026, 3, 16)),  # the deliveries reach no further
    ],
)
def test_the_last_monday(end, as_of_day, monday):
    assert last_monday(end, as_of_day) == monday


def test_who_changed_status_in_the_month_the_furthest_first(full):
    # The fall by two first; then the latest of those that rose to captain; April's and February's changes are not here.
    moves = full.sellers.moves
    assert [[cell.text for cell in row.cells] for row in moves.rows] == [
        ["Seller 005 Trading", "Captain", "▼ None", "03-09"],
        ["Seller 002 Trading", "Conqueror", "▲ Captain", "03-23"],
        ["Seller 001 Trading", "Conqueror", "▲ Captain", "03-16"],
        ["Seller 004 Trading", "Conqueror", "▲ Captain", "03-16"],
    ]
    assert moves.foot == "7 sellers: 5 up, 1 down, 1 changed and came back; 3 more not named."


def test_without_messages_no_forecast_and_no_status_is_framed(reviews_and_sales):
    assert reviews_and_sales.sellers.statuses is None and reviews_and_sales.sellers.moves is None
    assert len(reviews_and_sales.sellers.royalties.rows) == 12, "ten sellers, the rest and the total"


def test_every_column_that_a_metric_needs_has_a_name():
    """Else a page would say that the whole export has not come."""
    needs = {need for metric in load_catalogue() for need in metric.needs if "." in need}
    assert needs <= set(COLUMN_NAMES)
