"""The tests that every sentence with a direction rests on: process limits, and steps corrected for their number."""

from dataclasses import replace

import pytest
from report_support import REPORT_MONTH, Made, make_published

from pipeline.figures.noise import move_of, moves_beyond_noise, shifts
from pipeline.figures.published import Value, open_published
from pipeline.figures.steps import steps_of_shares
from pipeline.periods import parse


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    folder = make_published(tmp_path_factory.mktemp("noise"))
    with open_published(folder, parse(REPORT_MONTH)) as published:
        yield published


def test_planted_moves_are_found_and_ordinary_months_are_not(opened):
    found = {move.metric.metric: move for move in moves_beyond_noise(opened, ["rating_mean", "message_count", "nps"])}
    assert set(found) == {"rating_mean", "message_count"}
    assert found["rating_mean"].is_good is False
    assert found["message_count"].is_good is True
    nps = move_of(opened, "nps")
    assert nps is not None and not nps.is_outside


def test_outside_the_limits_is_not_enough_when_the_intervals_overlap(opened):
    # With ten ratings instead of thousands the same fall could be chance.
    wide = {
        key: replace(value, low=value.value - 0.5, high=value.value + 0.5) if key[0] == "rating_mean" else value
        for key, value in opened._all.items()
        if value.value is not None
    }
    move = move_of(replace(opened, _all=wide), "rating_mean")
    assert move is not None and move.is_outside and not move.is_beyond_noise


def test_a_category_that_fell_is_found_against_its_own_months(opened):
    assert [shift.entity_id for shift in shifts(opened, "rating_mean", "category", 10)] == ["Electronics", "Toys"]


def test_a_step_among_many_sellers_needs_more_than_a_step_alone(opened):
    """75 % after 50 % of 60 reviews each has p = 0.005: enough for one seller, not for one of a hundred."""

    class Stepping:
        period = opened.period

        def __init__(self, others):
            self.others = others

        def entities(self, metric, scope, period_id=None):
            share = 0.5 if period_id else 0.75
            values = {"stepped": _share("stepped", round(60 * share), 60)}
            return values | {f"s{i}": _share(f"s{i}", 45, 60) for i in range(self.others)}

    assert [row[0] for row in steps_of_shares(Stepping(0), "review_response_48h", "seller", 10)] == ["stepped"]
    assert steps_of_shares(Stepping(100), "review_response_48h", "seller", 10) == []


def _share(entity, numerator, denominator):
    return Value(REPORT_MONTH, entity, numerator / denominator, numerator, denominator)


def test_quiet_months_have_no_moves(tmp_path):
    folder = make_published(tmp_path, Made(values={}, category_values={}))
    with open_published(folder, parse(REPORT_MONTH)) as published:
        assert moves_beyond_noise(published, ["rating_mean", "message_count"]) == []
        assert shifts(published, "rating_mean", "category", 10) == []
