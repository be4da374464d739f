"""Page 8 of the quarterly: late orders add up, months outside their range are told, open refunds not compared."""

from collections.abc import Iterator

import pytest
from quarterly_support import changed, texts

from pipeline.figures.numbers import count, number
from pipeline.figures.published import Published, open_published
from pipeline.figures.quarterly.late_orders import CATEGORIES, late_categories, late_waterfall
from pipeline.figures.quarterly.operations_page import OperationsPage, operations_page
from pipeline.periods import parse
from pipeline.settings import DataFolder, Office

METRIC = "on_time_delivery_rate"


@pytest.fixture
def published(sample_office: DataFolder) -> Iterator[Published]:
    with open_published(sample_office.published, parse("2025-Q4")) as source:
        yield source


@pytest.fixture(scope="module")
def page(sample_office: DataFolder) -> OperationsPage:
    with open_published(sample_office.published, parse("2025-Q4")) as source:
        found = operations_page(source, Office())
    assert found is not None
    return found


def month(period_id: str, on_time: float) -> str:
    """That share of four thousand orders on time, its interval a point wide on either side."""
    return f"""update metrics set value = {on_time}, numerator = {round(4000 * on_time)}, denominator = 4000, n = 4000,
        low = {on_time} - 0.01, high = {on_time} + 0.01
        where metric = '{METRIC}' and scope = 'all' and period_id = '{period_id}'"""


#: Twelve months between 89 and 90 %, and the quarter before at 89.5.
USUAL = [month(f"{2024 + at // 12}-{at % 12 + 1:02d}", 0.89 + 0.01 * (at % 2)) for at in range(9, 21)]
USUAL += [month("2025-Q3", 0.895), month("2024-Q4", 0.901)]


@pytest.mark.parametrize(
    ("november", "quarter", "said"),
    [
        (0.80, 0.86, "On-time delivery fell beyond noise to 86.0\u202f% from 89.5 in Q3 2025; November, at "
                     "80.0\u202f%, was below the usual 86.8 to 92.2."),
        (0.89, 0.86, "On-time delivery fell to 86.0\u202f% from 89.5 in Q3 2025, beyond noise; "
                     "a year before, 90.1\u202f%."),
        (0.80, 0.89, "On-time delivery stood at 89.0\u202f% after 89.5 in Q3 2025, within noise; November, at "
                     "80.0\u202f%, was below the usual 86.8 to 92.2."),
        (0.95, 0.92, "On-time delivery rose beyond noise to 92.0\u202f% from 89.5 in Q3 2025; November, at "
                     "95.0\u202f%, was above the usual 86.8 to 92.2."),
    ],
    ids=["fell with a month", "fell", "a month alone", "rose with a month"],
)  # fmt: skip
def test_a_month_outside_its_range_is_told(tmp_path, sample_office, november, quarter, said):
    made = [
        *USUAL,
        month("2025-10", 0.89),
        month("2025-11", november),
        month("2025-12", 0.89),
        month("2025-Q4", quarter),
    ]
    with changed(sample_office, tmp_path, *made, period="2025-Q4") as source:
        found = operations_page(source, Office())
    assert found is not None
    assert found.message.text == said


def test_the_late_november_is_told_unprompted(published, page):
    november = published.at(METRIC, "2025-11")
    assert f"November, at {number(100 * november.value, 1)}\u202f%, was below the usual" in page.message.text


def test_late_orders_of_the_months_add_up_to_the_quarters(published, page):
    rows = dict(
        published.rows(
            f"""select period_id, [denominator - numerator, denominator] from metrics
            where metric = '{METRIC}' and scope = 'all'"""
        )
    )
    ids = ["2025-Q3", "2025-10", "2025-11", "2025-12", "2025-Q4"]
    due, late, share = (row.texts for row in page.late.rows)
    assert late == tuple(count(rows[period][0]) for period in ids)
    assert due == tuple(count(rows[period][1]) for period in ids)
    assert share == tuple(number(100 * rows[period][0] / rows[period][1], 1) for period in ids)
    (before,), *steps, (total,) = page.late.groups
    assert (before.kind, total.low) == ("before", 0.0)
    assert [step.low for (step,) in steps] == [0.0, *(step.high for (step,) in steps[:-1])]
    assert steps[-1][0].high == total.high == rows["2025-Q4"][0]


def test_months_that_do_not_add_up_make_no_waterfall(tmp_path, sample_office):
    more = f"update metrics set denominator = denominator + 1 where metric = '{METRIC}' and period_id = '2025-11'"
    with changed(sample_office, tmp_path, more, period="2025-Q4") as source:
        assert late_waterfall(source) is None


def test_categories_add_up_and_what_is_left_out_is_counted(tmp_path, sample_office):
    one = f"""insert into metrics by name select * replace ('New ' || i as entity_id, 9 as numerator, 10 as denominator,
        0.9 as value) from metrics, range(5) as r (i) where metric = '{METRIC}' and scope = 'category'
        and period_id = '2025-Q4' and entity_id = (select min(entity_id) from metrics where scope = 'category')"""
    with changed(
        sample_office, tmp_path, one.replace("select * replace", "select metrics.* replace"), period="2025-Q4"
    ) as source:
        table = late_categories(source)
        late, due, categories = source.rows(
            f"""select sum(denominator - numerator), sum(denominator), count(*) from metrics where metric = '{METRIC}'
            and scope = 'category' and period_id = '2025-Q4' and value is not null"""
        )[0]
        orders_late, orders_due = source.rows(
            f"""select denominator - numerator, denominator from metrics where metric = '{METRIC}' and scope = 'all'
            and period_id = '2025-Q4'"""
        )[0]
    assert table is not None
    *shown, rest, total = table.rows
    assert len(shown) == CATEGORIES
    assert texts(rest)[0] == f"{categories - CATEGORIES} more categories"
    assert texts(total)[1:3] == [count(orders_late), count(orders_due)]
    printed = [[int(text.replace("\u202f", "")) for text in texts(row)[1:3]] for row in (*shown, rest)]
    assert [sum(column) for column in zip(*printed, strict=True)] == [late, due]


def test_long_and_foreign_names_of_categories_are_printed_safely(tmp_path, sample_office):
    named = """update metrics set entity_id = case when entity_id = 'Electronics' then 'أدوات المطبخ' else
        repeat('Very long ', 9) || entity_id end where scope = 'category'"""
    with changed(sample_office, tmp_path, named, period="2025-Q4") as source:
        table = late_categories(source)
    assert table is not None
    names = [texts(row)[0] for row in table.rows[:-1]]
    assert "أدوات المطبخ" in names
    assert {name for name in names if len(name) > 44} == set()


def test_no_cause_is_named(page):
    assert "the exports do not say why" in page.categories.foot


@pytest.mark.parametrize(
    ("as_of_day", "is_open"),
    [("2026-04-01", True), ("2026-04-30", True), ("2026-05-01", False)],  # 120 days after the quarter
)
def test_refunds_that_still_come_in_are_not_compared(tmp_path, sample_office, as_of_day, is_open):
    with changed(sample_office, tmp_path, f"update run set as_of_day = date '{as_of_day}'", period="2025-Q4") as source:
        found = operations_page(source, Office())
    assert found is not None and found.measures is not None
    moves = {row.cells[0].definition: texts(row)[-1] for row in found.measures.rows}
    assert (moves["refund_rate"] == "still open") == is_open
    assert moves["return_rate"] != "still open"
    assert ("Still open:" in found.measures.foot) == is_open


def test_pending_cases_are_counted(sample_office):
    with open_published(sample_office.published, parse("2026-Q1")) as source:
        found = operations_page(source, Office())
        orders, lines = (source.at(metric).value for metric in ("order_defects_pending", "returns_pending"))
    assert found is not None and found.measures is not None
    assert orders and lines
    assert (
        f"Pending, not counted: {count(orders)} orders under 60 days old (defects), {count(lines)} lines delivered "
        "less than 30 days ago (returns)."
    ) in found.measures.foot


def test_an_office_with_sales_and_reviews_only_shows_the_curve(bare_office):
    with open_published(bare_office.published, parse("2025-Q4")) as source:
        found = operations_page(source, Office())
    assert found is not None and found.measures is not None
    assert found.curve is not None and [curve.name for curve in found.curve.curves] == ["Q4 2025", "Q3 2025"]
    assert found.inquiries is None
    assert "order_negative_review_rate" in {row.cells[0].definition for row in found.measures.rows}
    assert "(no messages)" in found.not_measured and "(no returns)" in found.not_measured


def test_defects_stand_for_negative_reviews_where_both_are_known(page):
    told = {row.cells[0].definition for row in page.measures.rows}
    assert "order_defect_rate" in told and "order_negative_review_rate" not in told


def test_without_anything_to_lead_there_is_no_page(tmp_path, sample_office):
    gone = """update metrics set value = null, reason = 'not_measured' where metric in ('on_time_delivery_rate',
        'delivery_days_median', 'order_defect_rate', 'cancellation_rate', 'return_rate')"""
    with changed(sample_office, tmp_path, gone) as source:
        assert operations_page(source, Office()) is None
