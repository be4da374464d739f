"""NPS on both scales, CSAT and customer effort (METRICS.md A1 to A4), through the SQL itself."""

import pytest
from metrics_support import marketplace
from scipy import stats


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def scores(market, *groups, **values):
    for times, score in groups:
        market.add("surveys", times, score=score, **values)
    return market.plan("2025-01").build("metrics.surveys")


@pytest.mark.parametrize(
    ("groups", "points"),
    [
        pytest.param([(30, 9), (50, 8), (20, 6)], 10.0, id="A1-PUB-DELA"),
        pytest.param([(3, 10), (2, 7), (1, 0)], 100 / 3, id="A1-PUB-whuber"),
        pytest.param([(1, 0)], -100.0, id="A1-lowest"),
    ],
)
def test_nps(market, groups, points):
    assert scores(market, *groups).get("nps").value == pytest.approx(points)


def test_nps_has_its_adjusted_wald_interval(market):
    """A1 [OWN]: 162/108/54."""
    row = scores(market, (162, 9), (108, 7), (54, 6)).get("nps")
    assert (row.numerator, row.denominator, row.n) == (108, 324, 324)
    assert (round(row.low, 3), round(row.high, 3)) == (24.945, 41.110)


def test_nps_of_promoters_only_is_clipped_but_not_certain(market):
    """A1 [OWN]: 10/0/0."""
    row = scores(market, (10, 10)).get("nps")
    assert (row.value, round(row.low, 2), row.high) == (100, 47.50, 100)


def test_the_latest_answer_of_a_respondent_counts_in_each_period(market):
    """A1: one, the latest, for each respondent, instrument and period."""
    market.add("surveys", respondent_id="B9", score=0, answered_at="2025-01-05 10:00")
    market.add("surveys", respondent_id="B9", score=10, answered_at="2025-01-25 10:00")
    market.add("surveys", respondent_id="B9", score=7, answered_at="2025-02-03 10:00")
    market.plan("2025-01", "2025-02", "2025-Q1").build("metrics.surveys")
    assert [market.get("nps", period).value for period in ("2025-01", "2025-02", "2025-Q1")] == [100, 0, 0]
    assert market.get("nps", "2025-Q1").n == 1


def test_the_1_to_10_scale_keeps_the_cut_points_and_its_own_series(market):
    """A2 [OWN]: 0, and not the -30 of a linear rescaling; the 0-10 series has nothing of it."""
    for score in (10, 9, 9, 8, 7, 6, 5, 1, 1, 10):
        market.add("surveys", score=score, scale_min=1)
    market.plan("2025-01").build("metrics.surveys")
    row = market.get("nps_1_10")
    assert (row.value, row.numerator, row.denominator) == (0, 0, 10)
    assert market.get("nps").reason == "no_data"


@pytest.mark.parametrize(
    ("groups", "numerator", "denominator", "low", "high"),
    [
        pytest.param([(42, 5), (32, 4), (10, 3), (9, 2), (14, 1)], 74, 107, 0.5987, 0.7712, id="A3-PUB-Delighted"),
        pytest.param([(10, 5), (20, 4), (20, 3)], 30, 50, None, None, id="A3-PUB-VOC-Metrics"),
    ],
)
def test_csat_is_the_top_two_boxes(market, groups, numerator, denominator, low, high):
    row = scores(market, *groups, instrument="csat", scale_min=1, scale_max=5).get("csat")
    assert (row.numerator, row.denominator, row.value) == (numerator, denominator, numerator / denominator)
    if low:
        assert (row.low, row.high) == pytest.approx((low, high), abs=5e-5)


def test_csat_on_longer_scales_takes_their_own_top_two(market):
    """A3: 6-7 of 7, 9-10 of 10."""
    for score, scale_max in ((6, 7), (5, 7), (9, 10), (8, 10), (4, 5), (3, 5)):
        market.add("surveys", instrument="csat", score=score, scale_min=1, scale_max=scale_max)
    market.plan("2025-01").build("metrics.surveys")
    assert market.get("csat").value == 0.5


def test_csat_by_touchpoint(market):
    """A buyer may answer for several touchpoints: each answer counts once there, and once in the whole."""
    csat = {"instrument": "csat", "scale_min": 1, "scale_max": 5, "respondent_id": "B7"}
    market.add("surveys", touchpoint="delivery", score=5, **csat)
    market.add("surveys", touchpoint="support", score=1, **csat)
    market.plan("2025-01").build("metrics.surveys")
    assert market.get("csat", scope="touchpoint", entity_id="delivery").value == 1
    assert market.get("csat", scope="touchpoint", entity_id="support").value == 0
    assert market.get("csat").n == 2


def test_nps_by_the_category_of_the_order(market):
    market.add("sales", order_id="O1", category="Toys").add("surveys", order_id="O1", score=10)
    market.add("surveys", score=0)
    market.plan("2025-01").build("metrics.surveys")
    assert market.get("nps", scope="category", entity_id="Toys").value == 100
    assert market.get("nps").value == 0


def test_sellers_answers_are_not_the_customers_score(market):
    market.add("surveys", score=10).add("surveys", score=0, role="seller")
    market.plan("2025-01").build("metrics.surveys")
    assert market.get("nps").value == 100


def test_an_answer_given_after_as_of_is_not_known(market):
    market.add("surveys", score=10).add("surveys", score=0, answered_at="2025-04-10 00:00")
    market.plan("2025-01", "2025-04").build("metrics.surveys")
    assert market.get("nps", "2025-04").reason == "no_data"


CYS = [(80, 1), (210, 2), (140, 3), (110, 4), (160, 5), (180, 6), (120, 7)]
EASE = {"instrument": "ces", "scale_min": 1, "scale_max": 7, "touchpoint": "returns"}


def test_a4_customer_effort_score(market):
    """A4 [PUB] CYS: 4080/1000 = 4.08; [OWN] 46.0 % in the top three boxes; index 30 % - 43 %."""
    scores(market, *CYS, **EASE)
    for scope, entity_id in (("all", "all"), ("touchpoint", "returns")):
        mean = market.get("ces", scope=scope, entity_id=entity_id)
        assert (mean.numerator, mean.denominator, mean.value) == (4080, 1000, 4.08)
        top = market.get("ces_top3_share", scope=scope, entity_id=entity_id)
        assert (top.numerator, top.denominator, top.value) == (460, 1000, 0.46)
        index = market.get("ces_index", scope=scope, entity_id=entity_id)
        assert (index.numerator, index.denominator, index.value) == (-130, 1000, -13)


def test_a4_intervals(market):
    """The mean has Student's, the index the adjusted Wald one of a score of +1, 0 and -1."""
    scores(market, (2, 7), (1, 5), (3, 2), **EASE)
    answers = [7, 7, 5, 2, 2, 2]
    mean = market.get("ces")
    assert (mean.low, mean.high) == pytest.approx(stats.t.interval(0.95, 5, 25 / 6, stats.sem(answers)))
    p, d, n = 2.75 / 9, 3.75 / 9, 9
    half = 1.959963984540054 * ((p + d - (p - d) ** 2) / n) ** 0.5
    index = market.get("ces_index")
    assert (index.low, index.high) == pytest.approx((100 * (p - d - half), 100 * (p - d + half)))


def test_a4_effort_is_a_series_of_its_own(market):
    market.add("surveys", score=10).add("surveys", score=7, **EASE)
    market.add("surveys", score=5, instrument="csat", scale_min=1, scale_max=5)
    market.plan("2025-01").build("metrics.surveys")
    for metric, value in (("nps", 100), ("csat", 1), ("ces", 7)):
        assert (market.get(metric).value, market.get(metric).n) == (value, 1)


def test_a4_the_latest_effort_of_a_respondent_counts(market):
    market.add("surveys", respondent_id="B9", score=1, answered_at="2025-01-05 10:00", **EASE)
    market.add("surveys", respondent_id="B9", score=6, answered_at="2025-01-25 10:00", **EASE)
    market.plan("2025-01").build("metrics.surveys")
    assert (market.get("ces").value, market.get("ces").n) == (6, 1)


def test_answers_belong_to_the_offices_day():
    """2025-01-31 22:00 UTC is already February in Johannesburg."""
    with marketplace(time_zone="Africa/Johannesburg") as there:
        for answered_at in ("2025-01-31 21:59:59", "2025-01-31 22:00:00"):
            there.add("surveys", answered_at=answered_at)
        there.plan("2025-01", "2025-02").build("metrics.surveys")
        assert [there.get("nps", period).n for period in ("2025-01", "2025-02")] == [1, 1]


def test_a1_one_answer_a_buyer_whatever_the_touchpoint():
    """A1: the latest of a respondent and instrument counts; satisfaction is asked of each touchpoint apart."""
    with marketplace() as market:
        for day, touchpoint, score in (("2025-01-05", "product", 2), ("2025-01-06", "delivery", 10)):
            market.add("surveys", respondent_id="B1", touchpoint=touchpoint, score=score, answered_at=day)
            market.add(
                "surveys", respondent_id="B1", touchpoint=touchpoint, instrument="csat", scale_min=1, scale_max=5,
                score=5, answered_at=day,
            )  # fmt: skip
        market.plan("2025-01").build("metrics.surveys")
        assert (market.get("nps").numerator, market.get("nps").denominator) == (1, 1)
        assert market.get("csat").denominator == 2
