"""The quarterly's page on the Expertise scale: Mondays that add up, moves, what blocks, other marketplaces' bounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from quarterly_support import QUARTER, changed, texts

from pipeline.charts import svg
from pipeline.figures.published import Published, open_published
from pipeline.figures.quarterly.expertise_page import ExpertisePage, expertise_page
from pipeline.figures.quarterly.expertise_weeks import Monday, weeks_chart
from pipeline.figures.quarterly.programmes import standing_day
from pipeline.periods import parse
from pipeline.settings import DataFolder, Office

FIRST, LAST = "2025-12-29", "2026-03-30"


@pytest.fixture(scope="module")
def source(sample_office: DataFolder) -> Iterator[Published]:
    with open_published(sample_office.published, parse(QUARTER)) as found:
        yield found


@pytest.fixture(scope="module")
def page(source: Published) -> ExpertisePage:
    found = expertise_page(source, Office())
    assert found is not None
    return found


def amount(text: str) -> int:
    return int(text.strip("▲▼ ")) if text != "–" else 0


def test_the_last_monday_has_the_sellers_of_the_metric(source: Published, page: ExpertisePage) -> None:
    shares = source.entities("expertise_share", "level")
    assert page.weeks is not None and len(page.weeks.labels) == 14
    now = [counts[-1] for counts in page.weeks.values]
    assert now == [shares[status].numerator for status in ("none", "conqueror", "captain", "superhero")]
    assert sum(now) == shares["none"].denominator
    before = source.entities("expertise_share", "level", "2025-Q4")
    assert [counts[0] for counts in page.weeks.values] == [
        before[status].numerator for status in ("none", "conqueror", "captain", "superhero")
    ]


def test_moves_between_mondays_are_those_of_the_scale(source: Published, page: ExpertisePage) -> None:
    assert page.weeks is not None
    rows = {row.label: row.texts for row in page.weeks.rows}
    ups = source.rows(
        """select count(*) from expertise inner join sellers using (seller_id)
        where monday = '2026-02-02' and is_change and level > previous_level and sellers.status <> 'closed'"""
    )[0][0]
    assert rows["▲ rose"][page.weeks.labels.index("02-02")] == str(ups)
    assert rows["▲ rose"][0] == rows["▼ fell"][0] == "–"


def test_the_transitions_reconcile_with_both_mondays(page: ExpertisePage) -> None:
    assert page.transitions is not None and page.weeks is not None
    *lines, total = page.transitions.rows
    for column, level in enumerate((3, 2, 1, 0), 1):
        found = sum(amount(texts(row)[column]) for row in lines)
        assert found == amount(texts(total)[column]) == page.weeks.values[level][-1]
    assert all(sum(map(amount, texts(row)[1:5])) == amount(texts(row)[5]) for row in page.transitions.rows)
    gone = sum(counts[0] for counts in page.weeks.values) - sum(
        amount(texts(row)[5]) for row in lines if texts(row)[0] != "New"
    )
    assert gone >= 0 and ("no longer there" in page.transitions.foot) == (gone > 0)


def test_what_blocks_is_counted_from_the_binding_criteria(source: Published, page: ExpertisePage) -> None:
    assert page.blockers is not None and page.weeks is not None
    below = sum(counts[-1] for counts in page.weeks.values[:3])
    for row in page.blockers.rows:
        criterion = texts(row)[0].lower()
        sellers, alone = source.rows(
            f"""select count(*), count(*) filter (where binding = $criterion)
            from expertise inner join sellers using (seller_id)
            where monday = '{LAST}' and sellers.status <> 'closed' and level < 3 and contains(binding, $criterion)""",
            criterion=criterion,
        )[0]
        assert [amount(texts(row)[1]), amount(texts(row)[5])] == [sellers, alone]
        assert sum(map(amount, texts(row)[2:5])) == sellers
    first = page.blockers.rows[0]
    assert page.message.text.endswith(f"; {texts(first)[1]} of {below} below the top lack {texts(first)[0].lower()}.")


@pytest.mark.parametrize(("low", "side"), [(0.0, "within noise"), (0.999, "beyond noise")])
def test_the_move_is_told_by_the_intervals(sample_office: DataFolder, tmp_path: Path, low: float, side: str) -> None:
    statement = f"""update metrics set value = 0.9995, low = {low}, high = 1.0
        where metric = 'expertise_share' and scope = 'all' and period_id = '{QUARTER}'"""
    with changed(sample_office, tmp_path, statement) as source:
        page = expertise_page(source, Office())
    assert page is not None and f", {side};" in page.message.text


def test_who_changed_is_told_furthest_and_highest_first(sample_office: DataFolder, tmp_path: Path) -> None:
    with changed(sample_office, tmp_path, "update sellers set name = repeat('Ж', 70) || seller_id") as source:
        page = expertise_page(source, Office())
        moved = source.rows(
            f"""select a.level, b.level from expertise as a inner join expertise as b using (seller_id)
            inner join sellers using (seller_id)
            where a.monday = '{FIRST}' and b.monday = '{LAST}' and a.level <> b.level and sellers.status <> 'closed'"""
        )
    assert page is not None and page.changes is not None
    ranks = {"None": 0, "Conqueror": 1, "Captain": 2, "Superhero": 3}
    shown = [(ranks[texts(row)[-3]], ranks[texts(row)[-2].strip("▲▼ ")]) for row in page.changes.rows]
    steps = [(abs(after - before), max(before, after)) for before, after in shown]
    assert steps == sorted(((abs(b - a), max(a, b)) for a, b in moved), reverse=True)[: len(shown)]
    assert page.changes.foot in ("", f"{len(moved) - len(shown)} more sellers not named; total {len(moved)}.")
    assert all(len(row.cells[0].text) <= 44 for row in page.changes.rows)


def test_a_year_ago_is_left_out_where_nobody_was_known(sample_office: DataFolder, tmp_path: Path) -> None:
    with changed(sample_office, tmp_path, "delete from expertise where monday < '2025-10-01'") as source:
        page = expertise_page(source, Office())
    assert page is not None and page.changes is not None
    assert "A year ago" not in [column.head for column in page.changes.columns]


def test_sellers_without_a_status_are_counted_whole(page: ExpertisePage) -> None:
    assert page.furthest is not None and page.weeks is not None
    without = page.weeks.values[0][-1]
    rest = without - len(page.furthest.rows)
    assert (
        page.furthest.foot == (f"{rest} more sellers without a status; total {without}." if rest > 1 else "")
        or rest == 1
    )


def test_each_criterion_of_a_programme_is_told_of_all_sellers(source: Published, page: ExpertisePage) -> None:
    assert len(page.programmes) == 2
    for table in page.programmes:
        for row in table.rows:
            assert sum(float(text) for text in texts(row)[2:]) == pytest.approx(100, abs=0.16)
    sellers, met = source.rows(
        """select count(*), count(*) filter (where is_met) from tiers
        where programme = 'airbnb_superhost' and criterion = 'orders'"""
    )[0]
    orders = [texts(row) for row in page.programmes[1].rows if texts(row)[0] == "Orders"]
    assert orders[0][1:3] == ["≥ 10", f"{100 * met / sellers:.1f}"]


def test_inputs_that_no_file_has_are_named_once(page: ExpertisePage) -> None:
    assert page.programmes_note.startswith("As of 2026-04-01, ")
    assert page.programmes_note.count("tracking numbers") == 1
    assert "exchange rates" in page.programmes_note and "GBP" not in page.programmes_note


@pytest.mark.parametrize("period", ["2025-Q4", "2025-Q3"])
def test_standings_of_another_quarters_end_are_left_out(sample_office: DataFolder, tmp_path: Path, period: str) -> None:
    with changed(sample_office, tmp_path, period=period) as source:
        assert standing_day(source) is None
        page = expertise_page(source, Office())
    assert page is not None and page.programmes == () and page.programmes_note == ""


@pytest.mark.parametrize("holders", [(189, 0, 0, 0), (0, 0, 0, 189), (50, 50, 50, 50), (0, 0, 0, 0)])
def test_names_of_classes_stay_inside_the_chart_and_apart(holders: tuple[int, ...]) -> None:
    chart = weeks_chart([Monday(date(2026, 1, 5), holders, 0, 0), Monday(date(2026, 1, 12), (40, 60, 70, 19), 3, 1)])
    assert chart is not None
    drawn = svg(chart, "#1f4e79")
    for name in ("Superhero", "Captain", "Conqueror", "None"):
        assert drawn.count(f">{name}<") == 1


def test_without_a_known_status_there_is_no_page(bare_office: DataFolder) -> None:
    with open_published(bare_office.published, parse(QUARTER)) as source:
        assert expertise_page(source, Office()) is None
