"""The quarterly's royalties: to the cent what the published books hold, how uneven, and no word of a cause."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from quarterly_support import QUARTER, changed, texts

from pipeline.charts import svg
from pipeline.figures.model import Table
from pipeline.figures.published import open_published
from pipeline.figures.quarterly.concentration import concentration_chart, gini, part_of_largest, tenth
from pipeline.figures.quarterly.royalties_page import RoyaltiesPage, royalties_page
from pipeline.periods import parse
from pipeline.settings import DataFolder, Office

BOOKS = "from royalties where period_start >= date '2026-01-01' and period_end <= date '2026-04-01'"


def cents(text: str) -> int:
    return int(Decimal(text.replace("\u202f", "").replace("\u2212", "-")) * 100)


def line(table: Table, label: str) -> list[str]:
    return next(texts(row)[1:] for row in table.rows if row.cells[0].text.startswith(label))


@pytest.fixture(scope="module")
def page(sample_office: DataFolder) -> RoyaltiesPage:
    with open_published(sample_office.published, parse(QUARTER)) as source:
        found = royalties_page(source, Office())
    assert found is not None
    return found


def test_every_pool_is_paid_held_or_released_to_the_cent(sample_office: DataFolder, page: RoyaltiesPage) -> None:
    table = page.reconciliation
    assert table is not None and "reconciles to the cent" in table.foot
    with open_published(sample_office.published, parse(QUARTER)) as source:
        books = source.rows(f"select min(pool_cents), sum(payout_cents) {BOOKS} group by period_id order by period_id")
    pools, paid = [cents(text) for text in line(table, "Pool")], [cents(text) for text in line(table, "Paid out")]
    assert pools == [*(row[0] for row in books), sum(row[0] for row in books)]
    assert paid == [*(row[1] for row in books), sum(row[1] for row in books)]
    held = [cents(text) for text in line(table, "Held back, too")]
    released = [cents(text) for text in line(table, "Held back before")]
    assert [p + h + r for p, h, r in zip(paid, held, released, strict=True)] == pools


def test_sellers_and_the_rest_add_up_to_the_pool(page: RoyaltiesPage) -> None:
    table = page.sellers
    assert table is not None and page.reconciliation is not None
    *shown, total = [texts(row) for row in table.rows]
    for column in (1, 6, 7):
        assert abs(sum(cents(row[column]) for row in shown) - cents(total[column])) <= (0 if column > 1 else 700)
    assert total[6] == line(page.reconciliation, "Pool")[-1]
    assert total[7] == line(page.reconciliation, "Paid out")[-1]
    assert "more sellers" in shown[-1][0] or "more sellers" in shown[-2][0]
    assert "total reconciles" in table.foot


def test_the_message_gives_the_largest_tenth(sample_office: DataFolder, page: RoyaltiesPage) -> None:
    with open_published(sample_office.published, parse(QUARTER)) as source:
        shares = [
            int(row[0])
            for row in source.rows(f"select sum(allocation_cents) as a {BOOKS} group by seller_id having a > 0")
        ]
    share = Decimal(sum(sorted(shares)[-tenth(shares) :])) * 100 / sum(shares)
    assert f"the largest tenth of shares is {share:.1f}" in page.message.text
    assert " paid ZAR" in page.message.text


def test_gini_by_hand() -> None:
    assert gini([5, 5, 5, 5]) == 0
    assert gini([0, 0, 0, 8]) == Fraction(3, 4)
    assert gini([1, 3]) == Fraction(1, 4)
    assert part_of_largest([1, 3, 6], 1) == Fraction(6, 10)
    assert [tenth(range(size)) for size in (1, 10, 11, 224)] == [1, 1, 2, 23]


def test_the_curve_runs_below_equal_shares_and_has_its_data_as_a_table(page: RoyaltiesPage) -> None:
    chart = page.concentration
    assert chart is not None and chart.points[0] == (0.0, 0.0) and chart.points[-1] == (1.0, 1.0)
    assert all(share <= part for part, share in chart.points) and len(chart.points) <= 101
    assert "Gini" in chart.alt and "<title>" in svg(chart, "#1f4e79")
    assert line(chart.table, "Largest tenth")[1] in chart.alt


def test_few_sellers_have_no_curve(sample_office: DataFolder) -> None:
    with open_published(sample_office.published, parse(QUARTER)) as source:
        assert concentration_chart(source, [5] * 9, []) is None
        first = concentration_chart(source, [5] * 10, [])
    assert first is not None and len(first.table.columns) == 3


def test_correlations_are_published_values_and_no_cause(sample_office: DataFolder, tmp_path: Path) -> None:
    statements = (
        "update metrics set value = 0.41, low = 0.004, high = 0.6, n = 12, reason = null "
        f"where metric = 'rating_sales_correlation' and period_id = '{QUARTER}'",
        f"delete from rating_sales where period_id = '{QUARTER}' and scope = 'all' and comparison = 'level'",
        f"insert into rating_sales (period_id, scope, entity_id, comparison, products, is_indicative) "
        f"values ('{QUARTER}', 'all', 'all', 'level', 12, true)",
    )
    with changed(sample_office, tmp_path, *statements) as source:
        table = royalties_page(source, Office()).correlation  # type: ignore[union-attr]
    assert table is not None
    assert texts(table.rows[0])[:4] == ["Level (i)", "12", "+0.41", "+0.004 to +0.60"]
    assert "indicative" in table.foot and "An association" in table.foot
    assert table.rows[0].cells[2].figure == f"rating_sales_correlation/{QUARTER}/all/all/value"


def test_corrections_and_open_periods_are_told(sample_office: DataFolder, tmp_path: Path) -> None:
    statements = (
        "insert into royalty_adjustments select '2026-02', '2025-12', seller_id, 'ZAR', 0, "
        "case row_number() over (order by seller_id) when 1 then 700 else -700 end, now() "
        "from (select seller_id from sellers order by seller_id limit 2)",
        "update royalties set adjustment_due_cents = 90 where period_id = '2026-01' and rank = 1",
        "update royalties set adjustment_due_cents = -90 where period_id = '2026-01' and rank = 2",
        "update royalties set closed_as_of = null where period_id = '2026-03'",
        "update royalties set minimum_ratings = 7 where period_id = '2026-03'",
    )
    with changed(sample_office, tmp_path, *statements) as source:
        page = royalties_page(source, Office())
    assert page is not None and page.corrections is not None and page.reconciliation is not None and page.rules
    assert [texts(row) for row in page.corrections.rows] == [
        ["2025-12, corrected", "2", "7.00"],
        ["2026-Q1, due next", "2", "0.90"],
    ]
    assert "Provisional: Mar" in page.reconciliation.foot
    assert "5, then 7" in line(page.rules, "Fewest ratings")
    assert page.sellers is not None and len(page.sellers.rows) < 12 + 2


def test_a_missing_cent_is_shown(sample_office: DataFolder, tmp_path: Path) -> None:
    with changed(sample_office, tmp_path, "update royalties set pool_cents = pool_cents + 1") as source:
        table = royalties_page(source, Office()).reconciliation  # type: ignore[union-attr]
    assert table is not None and line(table, "▼ Not accounted for") == ["0.01", "0.01", "0.01", "0.03"]
    assert "reconciles" not in table.foot


def test_a_quarter_that_is_paid_whole(sample_office: DataFolder, tmp_path: Path) -> None:
    statements = (
        "delete from royalties where period_id in ('2026-01', '2026-02')",
        "update royalties set period_id = '2026-Q1', period_start = date '2026-01-01' where period_id = '2026-03'",
    )
    with changed(sample_office, tmp_path, *statements) as source:
        table = royalties_page(source, Office()).reconciliation  # type: ignore[union-attr]
    assert table is not None and [column.head for column in table.columns] == ["ZAR", "Q1"]


def test_without_shares_or_books(sample_office: DataFolder, tmp_path: Path) -> None:
    nothing = "update royalties set allocation_cents = 0, payout_cents = 0, carried_cents = 0, pool_cents = 0"
    with changed(sample_office, tmp_path, nothing) as source:
        page = royalties_page(source, Office())
    assert page is not None and page.message.text.startswith("No royalties for Q1 2026") and page.sellers is None
    related = f"update metrics set value = 0.1 where metric like 'rating_sales%' and period_id = '{QUARTER}'"
    with changed(sample_office, tmp_path, "delete from royalties", related) as source:
        page = royalties_page(source, Office())
    assert page is not None and page.reconciliation is None and page.correlation is not None
    assert page.message.text.startswith("Ratings and later sales ")
    unrelated = "update metrics set value = null where metric like 'rating_sales%'"
    with changed(sample_office, tmp_path, "drop table royalties", unrelated) as source:
        assert royalties_page(source, Office()) is None


def test_the_bare_office_has_its_royalties_too(bare_office: DataFolder) -> None:
    with open_published(bare_office.published, parse(QUARTER)) as source:
        page = royalties_page(source, Office())
    assert page is not None and page.reconciliation is not None and page.sellers is not None
