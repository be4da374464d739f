"""Page 7 of the quarterly: the map adds up and is of its quarter, and the model's verdict is said with its number."""

from collections.abc import Iterator

import pytest
from quarterly_support import changed, texts

from pipeline.figures.numbers import count, number
from pipeline.figures.published import Published, open_published
from pipeline.figures.quarterly.customer_map import customer_map
from pipeline.figures.quarterly.lifetime_value import calibration_chart, checks_table, model_sentence
from pipeline.figures.quarterly.value_page import ValuePage, value_page
from pipeline.periods import parse
from pipeline.settings import DataFolder, Office

PASSED = """update clv_checks set is_passed = true, value = threshold where rule is not null;
    update clv_checks set value = 0.05 where check_name = 'holdout_error'"""


@pytest.fixture
def published(sample_office: DataFolder) -> Iterator[Published]:
    with open_published(sample_office.published, parse("2026-Q1")) as source:
        yield source


@pytest.fixture(scope="module")
def page(sample_office: DataFolder) -> ValuePage:
    with open_published(sample_office.published, parse("2026-Q1")) as source:
        found = value_page(source, Office())
    assert found is not None
    return found


def test_the_map_counts_every_customer_once(published, page):
    counts = {
        (recency, monetary): customers
        for recency, monetary, customers in published.rows(
            "select recency_score, monetary_score, count(*) from customers group by all"
        )
    }
    printed = {
        (5 - row, column): cell.text
        for row, shown in enumerate(page.map.rows[:-1])
        for column, cell in enumerate(shown.cells[1:6], start=1)
    }
    assert printed == {key: count(counts.get(key, 0)) for key in printed}
    assert len(printed) == 25
    total = published.rows("select count(*) from customers")[0][0]
    assert texts(page.map.rows[-1])[6] == count(total) == count(sum(counts.values()))
    assert "The total reconciles with the customers of the value to date." in page.map.foot


def test_a_total_that_does_not_reconcile_is_not_said_to(tmp_path, sample_office):
    with changed(
        sample_office, tmp_path, "delete from customers where buyer_id = (select min(buyer_id) from customers)"
    ) as source:
        table = customer_map(source)
    assert table is not None
    assert "reconciles" not in table.foot


def test_spend_and_single_buyers_are_shares_of_the_row_and_of_all(published, page):
    recency, once, spend = published.rows(
        """select 5, count(*) filter (order_days = 1) / count(*), sum(net_spend_cents) / (select sum(net_spend_cents)
        from customers) from customers where recency_score = 5"""
    )[0]
    assert texts(page.map.rows[5 - recency])[7:] == [number(100 * once, 1), number(100 * spend, 1)]


@pytest.mark.parametrize(
    ("period", "as_of_day", "is_there"),
    [
        ("2026-Q1", "2026-04-01", True),  # the run ends with the quarter
        ("2026-Q1", "2026-02-11", True),  # in it
        ("2026-Q1", "2026-06-30", True),  # in the next, before that is whole
        ("2026-Q1", "2026-07-01", False),  # the next is the last whole one
        ("2025-Q4", "2026-04-01", False),
    ],
)
def test_the_map_stands_in_the_report_of_its_own_quarter(tmp_path, sample_office, period, as_of_day, is_there):
    with changed(sample_office, tmp_path, f"update run set as_of_day = date '{as_of_day}'", period=period) as source:
        found = value_page(source, Office())
    assert found is not None
    assert (found.map is not None) == is_there
    assert (as_of_day in found.map_note) != is_there
    if found.map is not None:
        assert as_of_day in found.map.title


def test_a_model_that_fails_is_told_with_its_check_and_number(tmp_path, sample_office):
    failing = "update clv_checks set is_passed = false, value = 0.3511 where check_name = 'holdout_error'"
    missing = "update metrics set value = null, reason = 'model_not_valid' where metric = 'clv_12m_mean'"
    with changed(sample_office, tmp_path, PASSED, failing, missing) as source:
        found = value_page(source, Office())
        table = checks_table(source)
    assert found is not None and found.number is not None and table is not None
    assert found.message.text.startswith("Customers have spent ZAR\u00a01\u202f578 on average; ")
    assert found.message.text.endswith(
        "no 12-month forecast is given: the model over-predicted orders by 35.1\u202f% (limit 20\u202f%)."
    )
    assert found.number.line.startswith("Lifetime value to date, mean")
    assert texts(table.rows[-1]) == ["Test-week error", "+35.1\u202f%", "under ±20\u202f%", "▼ fails"]
    printed = next(row for row in found.values.rows if row.cells[0].definition == "clv_12m_mean")
    assert (texts(printed)[1], printed.cells[1].note) == ("–", found_letter(found, "the model failed a check"))


def found_letter(page: ValuePage, reason: str) -> str:
    assert page.values is not None
    return "abc"[next(at for at, note in enumerate(page.values.notes) if reason in note)]


@pytest.mark.parametrize(
    ("check", "value", "is_passed", "said"),
    [
        ("holdout_error", "-0.25", "false", "the model under-predicted orders by 25.0\u202f%"),
        (
            "holdout_error",
            "null",
            "null",
            "the error over the test weeks could not be found, the record being too short",
        ),
        ("repeat_buyers", "152", "false", "152 customers have come back, and the model asks for 200"),
        ("purchase_fit_converged", "0", "false", "the model of orders could not be fitted"),
        ("value_frequency_correlation", "0.41", "false", "is 0.41, and less than 0.3 is asked"),
        ("value_q", "0.8", "false", "is 0.80, and more than 1.0 is asked"),
    ],
)
def test_every_guard_is_told_in_words(tmp_path, sample_office, check, value, is_passed, said):
    failing = f"update clv_checks set is_passed = {is_passed}, value = {value} where check_name = '{check}'"
    threshold = "update clv_checks set threshold = 200 where check_name = 'repeat_buyers'"
    missing = "update metrics set value = null, reason = 'model_not_valid' where metric = 'clv_12m_mean'"
    with changed(sample_office, tmp_path, PASSED, threshold, failing, missing) as source:
        sentence = model_sentence(source)
    assert sentence is not None
    assert said in sentence.text


def test_a_model_that_holds_gives_its_value_interval_and_error(tmp_path, sample_office):
    holding = """update metrics set value = 56669, low = 54901, high = 58756, reason = null
        where metric = 'clv_12m_mean' and period_id = '2026-Q1'"""
    with changed(sample_office, tmp_path, PASSED, holding) as source:
        found = value_page(source, Office())
    assert found is not None and found.number is not None
    assert found.message.text == (
        "The model expects ZAR\u00a0566.69 a customer in the next 12 months (95\u202f% interval 549.01 to 587.56); its "
        "error in the test weeks is +5.0\u202f%."
    )
    assert found.number.text == "566.69"


@pytest.mark.parametrize(
    ("low", "high", "is_told"),
    [(60000, 64000, True), (55000, 69000, False)],  # 53 apart, with a standard error of 14, and of 37
)
def test_a_change_of_the_expected_value_is_told_beyond_noise_only(tmp_path, sample_office, low, high, is_told):
    values = f"""update metrics set value = 56669, low = 54901, high = 58756, reason = null
            where metric = 'clv_12m_mean' and period_id = '2026-Q1';
        update metrics set value = 62000, low = {low}, high = {high}, reason = null
            where metric = 'clv_12m_mean' and period_id = '2025-Q4'"""
    with changed(sample_office, tmp_path, PASSED, values) as source:
        sentence = model_sentence(source)
    assert sentence is not None
    assert (", down from 620.00 in Q4 2025;" in sentence.text) == is_told


def test_the_calibration_shows_what_was_foretold_and_what_came(tmp_path, sample_office):
    made = """delete from clv_calibration; insert into clv_calibration values
        ('2026-Q1', 0, 900, 100.4, 80), ('2026-Q1', 7, 12, 30.2, 41), ('2025-Q4', 0, 5, 5.0, 5)"""
    with changed(sample_office, tmp_path, made) as source:
        chart = calibration_chart(source)
    assert chart is not None
    assert chart.labels == ("0×", "7× or more")
    assert [[(block.kind, block.high) for block in group] for group in chart.groups] == [
        [("expected", 100.4), ("actual", 80.0)],
        [("expected", 30.2), ("actual", 41.0)],
    ]
    assert [row.texts for row in chart.rows] == [("900", "12"), ("100", "30"), ("80", "41")]


@pytest.mark.parametrize(
    ("is_ordered", "said"),
    [("true", "▲ In order"), ("false", "▼ Not in order"), ("null", "their order says nothing yet")],
)
def test_the_health_bands_are_held_against_what_was_bought(tmp_path, sample_office, is_ordered, said):
    with changed(sample_office, tmp_path, f"update health_validation set is_ordered = {is_ordered}") as source:
        found = value_page(source, Office())
        rows = source.rows("select band, customers, share from health_validation where period_id = '2026-Q1'")
    assert found is not None and found.health is not None
    expected = {band: [count(customers), number(100 * share, 1)] for band, customers, share in rows}
    bands = ("healthy", "watch", "at_risk")
    assert [texts(row)[1:3] for row in found.health.rows] == [expected[band] for band in bands]
    assert said in found.health.foot


def test_losses_are_told_apart(published, page):
    told = [row.cells[0].definition for row in page.losses.rows]
    assert {"cart_abandonment_rate", "cart_abandonment_value_share", "churn_rate", "lapsed_customer_share"} < set(told)
    carts = published.at("cart_abandonment_rate")
    row = page.losses.rows[told.index("cart_abandonment_rate")]
    assert row.cells[1].text == number(100 * carts.numerator / carts.denominator, 1)
    assert row.cells[1].figure == "cart_abandonment_rate/2026-Q1/all/all/value"


def test_an_office_with_sales_and_reviews_only_shows_who_lapsed(bare_office):
    with open_published(bare_office.published, parse("2026-Q1")) as source:
        found = value_page(source, Office())
    assert found is not None and found.months is not None
    assert found.months.title.startswith("Customers who lapsed")
    assert found.map and found.values and found.health
    assert "(no carts)" in found.not_measured and "(no opt-outs)" in found.not_measured


def test_without_any_value_there_is_no_page(tmp_path, sample_office):
    gone = """update metrics set value = null, reason = 'not_measured' where metric like 'clv_%'
        or metric like 'cart_%' or metric in ('churn_rate', 'lapsed_customer_share')"""
    with changed(sample_office, tmp_path, gone) as source:
        assert value_page(source, Office()) is None


@pytest.mark.parametrize(
    ("customers", "labels", "last"),
    [
        ((100, 50, 9, 5), ["0×", "1×", "2× or more"], 14),
        ((100, 50, 4, 3), ["0×", "1× or more"], 57),  # the rest together are too few: the group before joins them
        ((100, 50), ["0×", "1×"], 50),
        ((100, 4), ["0× or more"], 104),
        ((4, 3), [], 0),
    ],
)
def test_no_group_of_fewer_than_ten_customers_is_shown(sample_office, tmp_path, customers, labels, last):
    rows = ", ".join(f"('2026-Q1', {at}, {count}, 1.0, 1)" for at, count in enumerate(customers))
    statements = (
        "delete from clv_calibration",
        f"insert into clv_calibration (period_id, frequency, customers, predicted_orders, actual_orders) values {rows}",
    )
    with changed(sample_office, tmp_path, *statements) as source:
        chart = calibration_chart(source)
    if not labels:
        assert chart is None
        return
    assert list(chart.labels) == labels
    assert chart.rows[0].texts[-1] == str(last)
    assert chart.rows[2].texts[-1] == str(len(customers) - len(labels) + 1), "orders go with their customers"
