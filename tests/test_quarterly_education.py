"""The quarterly's page on education: targets as bars, who took part and got how far, the difference of differences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from quarterly_support import QUARTER, changed, texts

from pipeline.figures.customers import entity_name
from pipeline.figures.model import Bullet, Interval
from pipeline.figures.published import Published, open_published
from pipeline.figures.quarterly.education_page import EducationPage, education_page
from pipeline.figures.quarterly.training_uplift import uplift_sentence
from pipeline.periods import parse
from pipeline.settings import DataFolder, Office


@pytest.fixture(scope="module")
def source(sample_office: DataFolder) -> Iterator[Published]:
    with open_published(sample_office.published, parse(QUARTER)) as found:
        yield found


@pytest.fixture(scope="module")
def page(source: Published) -> EducationPage:
    found = education_page(source, Office())
    assert found is not None
    return found


def set_value(metric: str, **columns: float | str) -> str:
    said = ", ".join(f"{name} = {value!r}" for name, value in columns.items())
    return f"update metrics set {said} where metric = '{metric}' and scope = 'all' and period_id = '{QUARTER}'"


def test_the_message_is_the_participation_against_its_target(
    source: Published, page: EducationPage, sample_office: DataFolder, tmp_path: Path
) -> None:
    took, active = source.rows(
        f"select count(*) filter (where is_participant), count(*) from seller_training where period_id = '{QUARTER}'"
    )[0]
    assert f"rose to {100 * took / active:.1f}" in page.message.text
    for rag, said in (("green", "is met."), ("red", "is missed.")):
        with changed(sample_office, tmp_path, set_value("training_participation", rag=rag)) as other:
            found = education_page(other, Office())
        assert found is not None and found.message.text.endswith(said)


def test_bars_begin_at_zero_and_stand_where_their_values_are(source: Published, page: EducationPage) -> None:
    assert page.targets is not None
    marks = {row.cells[0].definition: row.cells[1].mark for row in page.targets.rows}
    participation = source.at("training_participation")
    assert participation is not None and participation.value is not None
    mark = marks["training_participation"]
    assert isinstance(mark, Bullet)
    assert mark.actual == round(participation.value, 4) and mark.target == 0.8
    assert mark.low is None and mark.high is None and "census" not in page.targets.foot
    answered = marks["review_response_48h"]
    assert isinstance(answered, Bullet) and answered.low is not None and answered.high is not None
    assert answered.low < answered.actual < answered.high
    assert marks["improvements"] is None


def test_a_shrinking_number_has_no_bar_and_keeps_its_sign(sample_office: DataFolder, tmp_path: Path) -> None:
    with changed(sample_office, tmp_path, set_value("improvement_growth", value=-0.25, low=-0.4, high=0.1)) as source:
        page = education_page(source, Office())
    assert page is not None and page.targets is not None
    row = next(row for row in page.targets.rows if row.cells[0].definition == "improvement_growth")
    mark = row.cells[1].mark
    assert isinstance(mark, Bullet) and mark.actual == 0.0 and mark.low == 0.0
    assert row.cells[2].text == "−25.0"


def test_how_far_sellers_got_is_counted_from_the_sellers(source: Published, page: EducationPage) -> None:
    assert page.stages is not None
    counts = source.rows(
        f"""select count(*), count(*) filter (where sessions > 0), count(*) filter (where is_participant),
        count(*) filter (where is_review_course_starter), count(*) filter (where is_review_course_completer),
        count(*) filter (where has_answered_survey) from seller_training where period_id = '{QUARTER}'"""
    )[0]
    assert [int(texts(row)[1]) for row in page.stages.rows] == list(counts)


def test_months_end_with_the_quarter_and_count_its_participants(source: Published, page: EducationPage) -> None:
    assert page.months is not None and page.months.labels[-1] == "Mar" and len(page.months.labels) == 13
    took = source.rows(
        "select count(*) from seller_training where period_id = '2026-01' and is_participant",
    )[0][0]
    assert page.months.values[-3] == took
    assert page.months.rows[0].texts[-3] == str(took)


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [
        (0.101, -0.011, 0.212, "with the others: +10.1 pp apart;"),
        (0.08, 0.01, 0.15, "leaves out zero: beyond noise."),
        (-0.08, -0.15, -0.01, "with the others: \u22128.0 pp apart;"),
        (0.08, 0.0, 0.16, "holds zero: within noise."),
    ],
)
def test_the_difference_is_told_with_its_interval(
    sample_office: DataFolder, tmp_path: Path, value: float, low: float, high: float, said: str
) -> None:
    with changed(sample_office, tmp_path, set_value("response_uplift", value=value, low=low, high=high)) as source:
        page = education_page(source, Office())
    assert page is not None and said in page.comparison
    assert page.record is not None
    mark = page.record.rows[-1].cells[-1].mark
    assert isinstance(mark, Interval) and mark.target is not None
    assert (mark.low <= mark.target <= mark.high) == ("holds zero: within noise" in page.comparison)


def test_the_difference_is_that_of_the_two_changes(source: Published, page: EducationPage) -> None:
    assert page.compared is not None
    values = {metric: source.at(f"review_response_48h_{metric}") for metric in ("participants", "others")}
    before = {metric: source.at(f"review_response_48h_{metric}_before") for metric in values}
    steps = [values[name].value - before[name].value for name in values]  # type: ignore[operator, union-attr]
    uplift = source.at("response_uplift")
    assert uplift is not None and uplift.value == pytest.approx(steps[0] - steps[1], abs=1e-9)
    assert "no proof of a cause" in page.compared.foot


def test_nobody_compared_nothing_said(sample_office: DataFolder, tmp_path: Path) -> None:
    gone = "update metrics set value = null, low = null, high = null, reason = 'too_few_sellers'"
    with changed(sample_office, tmp_path, f"{gone} where metric = 'response_uplift'") as source:
        page = education_page(source, Office())
    assert page is not None
    assert "changed by" not in page.comparison and "Without" not in page.comparison
    assert (page.compared, page.record) == (None, None)


def test_sellers_to_invite_did_not_take_part_and_answer_the_least(sample_office: DataFolder, tmp_path: Path) -> None:
    """At a tenth of the sample few sellers have ten reviews: here all have."""
    many = "update metrics set n = 40 where metric = 'review_response_48h' and scope = 'seller' and value is not null"
    long = "update sellers set name = 'متجر ' || repeat('W', 60)"
    with changed(sample_office, tmp_path, many, long) as source:
        page = education_page(source, Office())
        absent = source.rows(
            f"""select m.value from seller_training as t inner join metrics as m
            on t.seller_id = m.entity_id and t.period_id = m.period_id and m.metric = 'review_response_48h'
            where t.period_id = '{QUARTER}' and not t.is_participant and m.scope = 'seller' and m.value is not null
            order by m.value"""
        )
        [(total,)] = source.rows(
            f"select count(*) from seller_training where period_id = '{QUARTER}' and not is_participant"
        )
    assert page is not None and page.absent is not None
    shown = [float(texts(row)[1]) for row in page.absent.rows]
    assert shown == [pytest.approx(100 * value, abs=0.051) for (value,) in absent[: len(shown)]]
    assert page.absent.foot.startswith(f"{total} active seller")
    assert f"{total - len(shown)} more not named" in page.absent.foot
    assert all(len(row.cells[0].text) <= 44 for row in page.absent.rows)


def test_without_training_the_page_speaks_of_what_there_is(sample_office: DataFolder, tmp_path: Path) -> None:
    gone = "update metrics set value = null, reason = 'not_measured' where metric like 'training_%'"
    with changed(sample_office, tmp_path, gone, "delete from seller_training") as source:
        page = education_page(source, Office())
    assert page is not None and "satisfied" in page.message.text
    assert (page.months, page.stages, page.absent) == (None, None, None)
    assert page.targets is not None
    assert "training_participation" not in {row.cells[0].definition for row in page.targets.rows}
    assert "took part in training" in page.not_measured


def test_without_education_there_is_no_page(bare_office: DataFolder) -> None:
    with open_published(bare_office.published, parse(QUARTER)) as source:
        assert education_page(source, Office()) is None


@pytest.mark.parametrize(
    ("reviews", "said"),
    [
        (400, "Without {name} (100 of 400 reviews) the others stand at 93.3\u202f%, after 96.7 in Q4 2025."),
        (500, "noise."),  # a fifth of the reviews and no more
    ],
)
def test_the_others_are_told_without_the_one_seller_that_carries_them(
    source: Published, sample_office: DataFolder, tmp_path: Path, reviews: int, said: str
) -> None:
    both = "('2026-Q1', '2025-Q4')"
    [(largest,)] = source.rows(
        f"""select seller_id from seller_training where period_id = '{QUARTER}' and not is_participant
        and seller_id in (select entity_id from metrics where metric = 'review_response_48h' and scope = 'seller'
        and period_id in {both} group by entity_id having count(denominator) = 2) order by seller_id limit 1"""
    )
    others = "update metrics set numerator = {}, denominator = {} where metric = 'review_response_48h_{}' "
    mine = "update metrics set numerator = {}, denominator = 100 where metric = 'review_response_48h' "
    mine += f"and entity_id = '{largest}' and period_id = '{{}}'"
    statements = [
        f"""update metrics set denominator = 1, numerator = 1 where metric = 'review_response_48h' and scope = 'seller'
        and denominator is not null and period_id in {both}""",
        others.format(reviews - 60, reviews, "others") + f"and period_id = '{QUARTER}'",
        others.format(reviews - 20, reviews, "others_before") + f"and period_id = '{QUARTER}'",
        mine.format(60, QUARTER),
        mine.format(90, "2025-Q4"),
    ]
    with changed(sample_office, tmp_path, *statements) as other:
        sentence = uplift_sentence(other)
        name = entity_name(other, "seller", largest)
    assert sentence.endswith(said.format(name=name))
