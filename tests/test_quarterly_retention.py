"""Page 6 of the quarterly: what it prints is what the published tables hold, and the triangle ends with the quarter."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from quarterly_support import changed, texts

from pipeline.figures.numbers import count, number
from pipeline.figures.published import Published, open_published
from pipeline.figures.quarterly.cohort_triangle import FEWEST_MONTHS, cohort_triangle
from pipeline.figures.quarterly.retention_page import RetentionPage, retention_page
from pipeline.periods import Period, parse
from pipeline.settings import DataFolder, Office

QUARTER, OTHER_QUARTER = parse("2026-Q1"), parse("2025-Q4")


@pytest.fixture
def published(sample_office: DataFolder) -> Iterator[Published]:
    with open_published(sample_office.published, QUARTER) as source:
        yield source


@pytest.fixture(scope="module")
def page(sample_office: DataFolder) -> RetentionPage:
    with open_published(sample_office.published, QUARTER) as source:
        found = retention_page(source, Office())
    assert found is not None
    return found


def test_every_quarters_buyers_add_up(published, page):
    rows = published.rows(
        """select p.period_id, b.numerator, n.numerator, r.numerator, w.numerator
        from (select distinct period_id from metrics where period_type = 'quarter') as p
        left join metrics as b on b.period_id = p.period_id and b.metric = 'active_buyers' and b.scope = 'all'
        left join metrics as n on n.period_id = p.period_id and n.metric = 'new_buyers' and n.scope = 'all'
        left join metrics as r on r.period_id = p.period_id and r.metric = 'customer_retention_rate'
        left join metrics as w on w.period_id = p.period_id and w.metric = 'won_back_buyers'
        order by p.period_id desc"""
    )
    shown = [(row[0].text, *(cell.text for cell in row[1:5])) for row in (r.cells for r in page.quarters.rows)]
    assert shown == [
        (parse(row[0]).label, *("–" if value is None else count(value) for value in row[1:])) for row in rows
    ]
    assert all(row[1] == sum(row[2:]) for row in rows if None not in row)
    assert "New, kept and won back add up to the buyers." in page.quarters.foot


def test_what_does_not_add_up_is_not_said_to(tmp_path, sample_office):
    with changed(
        sample_office, tmp_path, "update metrics set numerator = numerator + 1 where metric = 'won_back_buyers'"
    ) as source:
        found = retention_page(source, Office())
    assert found is not None
    assert "add up" not in found.quarters.foot


def test_the_triangle_prints_the_shares_of_the_months_that_are_over(published, page):
    assert page.cohorts is not None
    cells = {
        (row[0], row[1]): row[2]
        for row in published.rows("select strftime(cohort_month, '%Y-%m'), months_since, share from cohorts")
    }
    printed = 0
    for row in page.cohorts.rows[:-1]:
        month, _, *shares = texts(row)
        for since, text in enumerate(shares, start=1):
            expected = cells.get((month, since))
            assert text == ("" if expected is None else number(100 * expected, 1))
            printed += bool(text)
    assert printed == 17 * 18 / 2  # 18 months, the last without a month since


def test_the_last_row_is_a_ratio_of_sums(published, page):
    assert page.cohorts is not None
    _, total, first, *_ = texts(page.cohorts.rows[-1])
    buyers, whole = published.rows(
        "select sum(buyers), sum(cohort_buyers) from cohorts where months_since = 1 and buyers is not null"
    )[0]
    customers = published.rows("select count(*) from customers")[0][0]
    assert (total, first) == (count(customers), number(100 * buyers / whole, 1))


def test_an_earlier_quarters_triangle_ends_with_it(sample_office):
    with open_published(sample_office.published, parse("2025-Q1")) as source:
        table = cohort_triangle(source)
    assert table is not None
    assert [texts(row)[0] for row in table.rows] == [
        "2024-10", "2024-11", "2024-12", "2025-01", "2025-02", "2025-03", "All shown",
    ]  # fmt: skip
    reached = [sum(bool(text) for text in texts(row)[2:]) for row in table.rows]
    assert reached == [5, 4, 3, 2, 1, 0, 5]
    assert len(table.columns) == 2 + FEWEST_MONTHS
    assert "a month not over by 2025-04-01 is empty" in table.foot


def test_shades_run_on_one_scale_to_the_highest_share(page):
    assert page.cohorts is not None
    shaded = [cell for row in page.cohorts.rows for cell in row.cells if cell.shade is not None]
    darkest = max(shaded, key=lambda cell: cell.shade or 0.0)
    assert darkest.shade == 1.0
    assert float(darkest.text) == max(float(cell.text) for cell in shaded)
    assert f"to {darkest.text} %" in page.cohorts.foot


def test_small_cohorts_say_so(tmp_path):
    """Nine first buyers are suppressed in every month; 29 are indicative; 30 are shown as they are."""
    rows = [(date(2025, 8 + at, 1), since, size, *_cell(size, since))
            for at, size in enumerate((9, 29, 30)) for since in range(5 - at)]  # fmt: skip
    with _made(tmp_path, rows) as source:
        table = cohort_triangle(source)
    assert table is not None
    small, few, enough, pooled = table.rows
    assert texts(small)[:4] == ["2025-08", "9", "s", "s"]
    assert few.cells[1].note == "a"
    assert enough.cells[1].note == ""
    assert table.notes == ("Fewer than 30 buyers: indicative only.",)
    assert "s: first bought by fewer than ten, not shown." in table.foot
    assert texts(pooled)[2] == number(100 * 4 / 59, 1)  # without the suppressed, who cannot be worked out from it


def test_rare_returns_get_another_decimal(tmp_path):
    rows = [(date(2025, 9, 1), since, 1000, 4 if since else 1000, 0.004 if since else 1.0, None) for since in range(4)]
    with _made(tmp_path, rows) as source:
        table = cohort_triangle(source)
    assert table is not None
    assert texts(table.rows[0])[2:5] == ["0.40", "0.40", "0.40"]


def test_cohorts_that_do_not_fit_are_summed_up(tmp_path):
    rows = [(date(2023 + at // 12, at % 12 + 1, 1), since, 100 + at, *_cell(100, since))
            for at in range(21) for since in range(21 - at)]  # fmt: skip
    with _made(tmp_path, rows, parse("2024-Q3")) as source:
        table = cohort_triangle(source)
    assert table is not None
    assert [texts(row)[0] for row in table.rows][:1] == ["2023-04"]
    assert len(table.rows) == 18 + 1
    assert "Three earlier months with 303 buyers not shown." in table.foot


def test_no_triangle_before_a_month_has_passed(tmp_path):
    with _made(tmp_path, [(date(2025, 12, 1), 0, 100, 100, 1.0, None)]) as source:
        assert cohort_triangle(source) is None


def test_the_message_names_its_number_and_the_year_before(tmp_path, sample_office):
    """Retention that falls far is told with the same quarter a year before: buying has its seasons."""
    change = """update metrics set value = 0.1, low = 0.09, high = 0.11
        where metric = 'customer_retention_rate' and period_id = '2026-Q1'"""
    with changed(sample_office, tmp_path, change) as source:
        found = retention_page(source, Office())
        before, year_before = (source.at("customer_retention_rate", period) for period in ("2025-Q4", "2025-Q1"))
    assert found is not None and before is not None and year_before is not None
    assert before.value is not None and year_before.value is not None
    assert found.message.text.startswith(
        f"The share of customers kept fell to 10.0\u202f% from {number(100 * before.value, 1)} in Q4 2025"
    )
    assert found.message.text.endswith(f"; a year before, {number(100 * year_before.value, 1)}\u202f%.")
    assert found.number is not None and found.number.text == "10.0"


def test_a_step_within_noise_says_so(tmp_path, sample_office):
    still = [
        f"""update metrics set value = {value}, low = {value} - 0.02, high = {value} + 0.02 where scope = 'all' and
        metric = '{metric}' and period_id = '{period}'"""
        for metric in ("repeat_customer_share", "customer_retention_rate")
        for period, value in (("2025-Q4", 0.40), ("2026-Q1", 0.41))
    ]
    with changed(sample_office, tmp_path, *still) as source:
        found, year_before = retention_page(source, Office()), source.at("customer_retention_rate", "2025-Q1")
    assert found is not None and year_before is not None and year_before.value is not None
    assert found.message.text == (
        "The share of customers kept stood at 41.0\u202f% after 40.0 in Q4 2025, within noise; "
        f"a year before, {number(100 * year_before.value, 1)}\u202f%."
    )


def test_the_share_of_repeat_customers_is_shown_but_never_judged(page, sample_office):
    """It rises as the record lengthens: no limits around it, and it leads only where nobody could be kept yet."""
    assert not page.repeat.guides and "rises as the record lengthens (it begins 2024-10-01)" in page.lengthens
    with open_published(sample_office.published, parse("2024-Q4")) as source:
        first = retention_page(source, Office())
    assert first is not None and first.message.rule == "no quarter before"
    assert first.message.text.startswith("Repeat customers stood at ") and first.kept is None


def test_an_office_with_sales_and_reviews_only_has_the_whole_page(bare_office):
    with open_published(bare_office.published, QUARTER) as source:
        found = retention_page(source, Office())
    assert found is not None
    assert found.kept and found.repeat and found.categories and found.cohorts
    assert found.not_measured == ""


def test_without_buyers_there_is_no_page(tmp_path, sample_office):
    gone = "update metrics set value = null, reason = 'not_measured' where metric = 'repeat_customer_share'"
    with changed(sample_office, tmp_path, gone) as source:
        assert retention_page(source, Office()) is None


def _cell(size: int, since: int) -> tuple[int | None, float | None, str | None]:
    if size < 10:
        return None, None, "suppressed"
    return (size, 1.0, None) if since == 0 else (2, 2 / size, None)


def _made(folder: Path, rows: list[tuple[Any, ...]], period: Period = OTHER_QUARTER) -> Any:
    """A published database with these cohorts only."""
    with duckdb.connect(str(folder / "scmr17.duckdb")) as con:
        con.execute(_TABLES)
        con.execute(
            "insert into metrics (period_id, period_type, period_start, period_end, scope, entity_id, metric, value)"
            " values (?, ?, ?, ?, 'all', 'all', 'orders', 1)",
            [period.id, period.type, period.start, period.end],
        )
        con.executemany("insert into cohorts values (?, ?, ?, ?, ?, null, null, ?)", rows)
    return open_published(folder, period)


_TABLES = """
create table metrics (period_id varchar, period_type varchar, period_start date, period_end date, scope varchar,
    entity_id varchar, metric varchar, value double, numerator bigint, denominator bigint, n bigint, low double,
    high double, reason varchar, target double, rag varchar, evidence varchar);
create table catalogue (metric varchar, title varchar, unit varchar, better varchar, needs varchar, definition varchar,
    source varchar);
create table run as select timestamp '2026-01-01' as as_of, date '2026-01-01' as as_of_day, 'ZAR' as currency,
    date '2024-01-01' as first_day;
create table cohorts (cohort_month date, months_since integer, cohort_buyers bigint, buyers bigint, share double,
    low double, high double, reason varchar);
"""
