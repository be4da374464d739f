"""What the monthly says of the quarter's messages to come, and how past forecasts fared."""

import duckdb
import pytest
from report_support import (
    OFFICE,
    REPORT_MONTH,
    full_report,
    make_published,
)  # fmt: skip

from pipeline.figures import report_figures
from pipeline.figures.forecast import probability_text
from pipeline.figures.model import Forecast
from pipeline.periods import parse


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return full_report(tmp_path_factory.mktemp("full"))


def november(folder, *statements):
    """The messages of November 2025, whose quarter runs, after these statements."""
    make_published(folder)
    with duckdb.connect(str(folder / "scmr17.duckdb")) as con:
        for statement in statements:
            con.execute(statement)
    return report_figures(folder, OFFICE, parse("2025-11")).messages


def test_a_running_quarter_has_its_forecast_and_the_record_of_quarters_that_were_over_then(tmp_path):
    # 19 of 46 is 41 %, its 95 % limits reaching to 56 %: limits of 80 % are too narrow beyond chance.
    messages = november(tmp_path)
    assert messages.forecast.replace("\u202f", " ") == (
        "Forecast for the end of Q4 2025: 97 220 messages, 80 % interval 95 087 to 99 343: too narrow, since of 46 "
        "such forecasts in quarters that are over, 19 held the final count (41.3 %); so no probability of reaching the "
        "target is given."
    )
    assert messages.path.forecast == Forecast(2, 97_220.4, 95_087.0, 99_343.0)
    assert messages.path.rows[-1].texts[2].replace("\u202f", " ") == "97 220"


RECORD = "metric = 'message_forecast_coverage_80' and period_id = '2025-Q3'"


@pytest.mark.parametrize(
    ("held", "high", "is_given"),
    [(40, 0.938, True), (32, 0.809, True), (31, 0.791, False), (0, 0.077, False)],  # of 46
)
def test_a_probability_is_given_unless_past_limits_held_too_seldom(tmp_path, held, high, is_given):
    record = f"update metrics set numerator = {held}, value = {held} / 46, high = {high} where {RECORD}"
    text = november(tmp_path, record).forecast
    assert ("probability of reaching 100\u202f000: 5\u202f%. Of 46 such intervals" in text) is is_given
    assert ("too narrow" in text and "no probability" in text) is not is_given
    assert f"46 such {'intervals' if is_given else 'forecasts'} in quarters that are over, {held} held" in text


def test_without_a_record_a_probability_is_given_and_without_a_target_none_is_missed(tmp_path):
    unknown = november(tmp_path / "unknown", f"update metrics set value = null where {RECORD}").forecast
    assert unknown.endswith("99\u202f343; probability of reaching 100\u202f000: 5\u202f%.")
    no_target = november(tmp_path / "none", "update message_forecasts set target = null, probability = null").forecast
    assert no_target.endswith("held the final count (41.3\u202f%).") and "too narrow" in no_target


def test_a_quarter_that_is_over_is_held_against_its_last_forecast(full):
    # Of February's end: a later week is nearer, but no report spoke of it.
    assert full.messages.forecast.replace("\u202f", " ") == (
        "The forecast made at the end of February was 97 351 messages, 80 % interval 94 444 to 100 329; the final "
        "count is above these limits. Of 73 such intervals in quarters that are over, 27 held the final count (37.0 %)."
    )
    assert full.messages.path.forecast is None


@pytest.mark.parametrize(("low", "high", "side"), [(2e5, 3e5, "is below"), (0.0, 2e5, "lies inside")])
def test_the_final_count_lies_below_inside_or_above_the_limits(tmp_path, low, high, side):
    folder = make_published(tmp_path)
    with duckdb.connect(str(folder / "scmr17.duckdb")) as con:
        con.execute(f"update message_forecasts set low_80 = {low}, high_80 = {high} where seen_from = '2026-02'")
    assert (
        f"the final count {side} these limits" in report_figures(folder, OFFICE, parse(REPORT_MONTH)).messages.forecast
    )


def test_a_forecast_that_could_not_be_made_says_why(tmp_path):
    messages = report_figures(make_published(tmp_path), OFFICE, parse("2026-01")).messages
    assert messages.forecast.startswith(
        "No forecast for the end of Q1 2026: fewer than eight whole weeks lie before it. Of 59 such intervals"
    )
    assert messages.path.forecast is None and len(messages.path.rows) == 2


@pytest.mark.parametrize(
    ("probability", "printed"),
    [(0.0, "under 1 %"), (0.0099, "under 1 %"), (0.01, "1 %"), (0.5, "50 %"), (0.99, "99 %"), (0.9999, "over 99 %")],
)
def test_a_probability_is_never_certain(probability, printed):
    assert probability_text(probability).replace("\u202f", " ") == printed
