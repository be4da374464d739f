"""The catalogue and the finishing of rows: what every family is owed (METRICS.md 0.4 to 0.8, I), and what is
refused."""

import pytest
from metrics_support import marketplace

from pipeline import catalogue
from pipeline.catalogue import CatalogueError, Metric, load_catalogue
from pipeline.contracts import EXPORTS
from pipeline.model import LONG_COLUMNS
from pipeline.models import all_models

LONG = {model.name: model for model in all_models() if model.is_long}


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def test_every_family_of_the_catalogue_is_a_file_and_every_file_has_a_metric():
    assert {metric.family for metric in load_catalogue()} == set(LONG)


def test_every_export_that_is_needed_is_a_column_of_a_contract():
    for metric in load_catalogue():
        for need in "|".join(metric.needs).split("|"):
            export, _, column = need.partition(".")
            assert not column or EXPORTS[export].column(column), need


#: METRICS.md I: unit; better (- neither); periods; scopes beside all; ids.
SECTION_I = """
stars; up; week month quarter; seller product category; rating_mean
stars; up; month quarter; seller product category; rating_bayes
share; up; month quarter; seller product category; rating_positive_share
count; up; week month quarter; seller product category; review_count
per 100 orders; up; month quarter; category; reviews_per_100_orders
stars per month; up; month quarter; seller product category; rating_trend
points; up; month quarter; seller product category; sentiment_net
points; up; month quarter; category; nps
points; up; month quarter; ; nps_1_10
share; up; month quarter; touchpoint; csat
share; up; month quarter; category; csat_proxy repeat_customer_share
mean 1–7; up; month quarter; touchpoint; ces
share; up; month quarter; ; customer_retention_rate health_healthy_share review_response_24h message_reach
share; up; month quarter; ; inquiry_response_rate_no_exemption education_engagement
share; down; month quarter; ; churn_rate cart_abandonment_value_share health_at_risk_share
share; down; week month quarter; ; cart_abandonment_rate
cents; up; month quarter; ; clv_historic_mean
cents; up; quarter; ; clv_12m_mean
0–100; up; month quarter; ; health_mean
share; up; week month quarter; seller category; review_response_48h
share; up; week month quarter; seller; negative_review_response_48h inquiry_response_rate
share; up; week month quarter; seller; inquiry_response_48h inquiry_response_24h
hours; down; month quarter; seller; review_response_hours_median review_response_hours_p90
hours; down; month quarter; seller; inquiry_response_hours_median inquiry_response_hours_p90
count; down; week month quarter; seller; unanswered_inquiries
share; up; month quarter; seller category; on_time_delivery_rate
days; down; month quarter; seller; delivery_days_median
share; down; month quarter; seller category; return_rate refund_rate cancellation_rate
share; down; month quarter; seller; order_defect_rate
count; up; week month quarter; role; message_count active_messagers
count; -; week month quarter; ; message_automated_count
per order; up; month quarter; ; messages_per_order message_intensity
share; -; week month quarter; ; seller_initiated_share
share; up; week month quarter; ; message_growth
count; up; quarter; ; message_forecast improvements
share; up; quarter; ; message_target_probability training_participation training_completion
share; up; quarter; ; resource_satisfaction response_uplift improvement_growth
cents; up; week month quarter; seller product category; gmv net_sales
count; up; week month quarter; seller category; orders units active_buyers new_buyers
cents; up; month quarter; category; average_order_value
per 100 sellers; up; quarter; ; improvements_per_100_sellers
cents; -; month quarter; seller; royalty_pool royalty_paid royalty_carried
share; -; week month quarter; level; expertise_share
"""


@pytest.mark.parametrize("line", SECTION_I.strip().splitlines())
def test_the_catalogue_has_what_was_promised(line):
    """An id, a unit, a period or a scope that reports and readers rely on cannot go away unnoticed."""
    unit, better, periods, scopes, ids = (part.strip() for part in line.split(";"))
    catalogue_rows = {metric.metric: metric for metric in load_catalogue()}
    for name in ids.split():
        metric = catalogue_rows[name]
        assert (metric.unit, metric.better or "-", " ".join(metric.periods)) == (unit, better, periods), name
        assert list(metric.scopes) == ["all", *scopes.split()], name


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"unit": "percent"}, "unit 'percent'"),
        ({"better": "higher"}, "better 'higher'"),
        ({"periods": "month year"}, "period 'year'"),
        ({"scopes": "all buyer"}, "scope 'buyer'"),
        ({"interval": "bootstrap"}, "interval 'bootstrap'"),
        ({"definition": ""}, "definition are required"),
    ],
)
def test_a_bad_row_is_refused(values, complaint):
    good = {
        "metric": "m",
        "family": "f",
        "title": "M",
        "unit": "count",
        "better": "up",
        "periods": "month",
        "scopes": "all",
        "interval": "none",
        "needs": "sales",
        "definition": "What it is.",
        "source": "",
    }
    assert catalogue._metric(good).metric == "m"
    with pytest.raises(CatalogueError, match=complaint):
        catalogue._metric(good | values)


def test_b13_the_figures_of_others_are_context_with_their_sources():
    (entry,) = (metric for metric in load_catalogue() if metric.metric == "cart_abandonment_rate")
    assert entry.definition.endswith(
        "Context, not a target: 70.22 % over about 50 studies (Baymard); 79.30 % among its own customers (Kibo)."
    )
    assert len(entry.definition) <= 300, "the report's last page cuts longer ones"


def everything(market):
    return market.build(*(model.table for model in all_models()))


def test_t53_without_any_row_every_metric_says_why_it_is_missing(market):
    """No file at all: one row for each metric and period that the catalogue lists, and no division error."""
    everything(market.plan("2025-01", "2025-W02", "2025-Q1"))
    for metric in load_catalogue():
        for period, kind in (("2025-01", "month"), ("2025-W02", "week"), ("2025-Q1", "quarter")):
            if kind in metric.periods:
                assert market.get(metric.metric, period) == (None, None, None, None, None, None, "not_measured")


def test_t53_files_without_rows_of_the_period(market):
    """The exports came, nothing lies in the period: no data, and nowhere a nought that was not counted."""
    for metric in load_catalogue():
        for need in "|".join(metric.needs).split("|"):
            export, _, column = need.partition(".")
            market.arrive(export, column)
    everything(market.plan("2025-01"))
    said = {metric.metric: market.get(metric.metric) for metric in load_catalogue() if "month" in metric.periods}
    assert {row.reason for row in said.values()} == {"no_data"}
    assert {row.value for row in said.values()} == {None}


def test_t53_one_row_of_each_export(market):
    """A marketplace of one order, review, message and answer: every metric has a value or a reason, never neither.

    Limits enclose their value, but for the adjusted scores of so few: they are held towards 0 by three pseudo-answers.
    """
    market.add("sales", delivered_at="2025-01-12 10:00", promised_at="2025-01-13 10:00")
    market.add("reviews", order_line_id="L1", response_at="2025-01-11 10:00", text="fine")
    market.add("messages", order_id="O1").add("surveys").add("sellers").add("products")
    everything(market.plan("2025-01", "2025-W02", "2025-Q1"))
    adjusted = [metric.metric for metric in load_catalogue() if metric.interval == "nps"]
    for family in LONG:
        odd = market.rows(
            f"select metric, scope from metrics.{family} where (value is null) = (reason is null) "
            "or isnan(coalesce(value, 0)) or (metric not in ? and (low > value or high < value))",
            adjusted,
        )
        assert odd == [], family
    assert market.get("rating_mean").n == 1
    assert market.get("rating_mean").low is None, "a single rating has no variance"


def test_a_metric_needs_its_columns(market):
    """A reviews file without response_at: ratings are measured, answers are not."""
    market.add("reviews", rating=4)
    market.plan("2025-01").build("metrics.ratings", "metrics.review_responses", "metrics.waiting_times")
    assert market.get("rating_mean").value == 4
    assert market.get("review_response_48h").reason == "not_measured"
    assert market.get("review_response_hours_median").reason == "not_measured"
    assert market.rows("select count(*) from metrics.review_responses where scope <> 'all'") == [(0,)]


def test_only_the_periods_and_scopes_of_the_catalogue_are_kept(market):
    market.add("reviews").add("sales").add("messages").add("surveys")
    everything(market.plan("2025-01", "2025-W02", "2025-Q1"))
    kept = {
        (metric, kind, scope)
        for family in LONG
        for metric, kind, scope in market.rows(
            f"select distinct metric, period_type, scope from metrics.{family} join plan.periods using (period_id)"
        )
    }
    allowed = {(m.metric, period, scope) for m in load_catalogue() for period in m.periods for scope in m.scopes}
    assert kept <= allowed


@pytest.fixture
def long_table(market, monkeypatch):
    """A family of one metric for each kind of interval, over rows that the test gives."""

    def made(interval, **columns):
        metric = Metric("made_up", "made", "", "share", "", ("month",), ("all",), interval, ("sales",), "d", "")
        monkeypatch.setattr(catalogue, "load_catalogue", lambda: (metric,))
        market.arrive("sales")
        market.plan("2025-01")
        market.con.execute(f"create or replace table metrics.made ({LONG_COLUMNS})")
        row = {"period_id": "2025-01", "scope": "all", "entity_id": "all", "metric": "made_up", **columns}
        marks = ", ".join("?" for _ in row)
        market.con.execute(f"insert into metrics.made ({', '.join(row)}) values ({marks})", list(row.values()))
        catalogue.finish(market.con, "metrics.made")
        (found,) = market.rows("select value, low, high, reason from metrics.made")
        return found

    return made


@pytest.mark.parametrize(
    ("interval", "columns", "value", "low", "high"),
    [
        pytest.param("wilson", {"numerator": 74, "denominator": 107}, 74 / 107, 0.59872, 0.77118, id="A3-PUB"),
        pytest.param("none", {"numerator": 12345}, 12345, None, None, id="a-sum"),
        pytest.param("poisson", {"numerator": 0}, 0, 0, 3.68888, id="count-of-nothing"),
        pytest.param("own", {"value": 7.0, "low": 5.0, "high": 9.0}, 7, 5, 9, id="the-SQL-knows-best"),
        pytest.param(
            "poisson_rate",
            {"numerator": 10, "denominator": 40, "value": 25.0},
            25,
            11.98847,
            45.97589,
            id="per-hundred",
        ),
        pytest.param(
            "mean_t",
            {"numerator": 11, "denominator": 3, "n": 3, "variance": 7 / 3},
            11 / 3,
            -0.12792,
            7.46125,
            id="mean",
        ),
        pytest.param(
            "nps",
            {"numerator": 108, "denominator": 324, "value": 100 / 3, "variance": 5 / 9},
            100 / 3,
            24.94525,
            41.10979,
            id="A1-OWN",
        ),
        pytest.param(
            "growth", {"numerator": 15, "denominator": 100}, 0.15, -0.11966, 0.50195, id="A29-OWN-115-against-100"
        ),
    ],
)
def test_values_and_intervals_by_kind(long_table, interval, columns, value, low, high):
    got = long_table(interval, **columns)
    assert got[0] == pytest.approx(value)
    assert got[1:3] == (
        pytest.approx(low, abs=1e-4) if low is not None else None,
        pytest.approx(high, abs=1e-4) if high else None,
    )
    assert got[3] is None


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        pytest.param({"numerator": 0, "denominator": 0}, "no_data", id="0.6-empty-denominator"),
        pytest.param({"numerator": 0, "denominator": 0, "reason": "immature"}, "immature", id="0.4-all-pending"),
        pytest.param(
            {"numerator": 3, "denominator": 9, "reason": "not_reached"}, "not_reached", id="no-value-by-ratio"
        ),
    ],
)
def test_a_missing_value_has_a_reason_and_no_interval(long_table, columns, reason):
    assert long_table("wilson", **columns) == (None, None, None, reason)


def test_an_id_that_the_catalogue_does_not_know_is_a_bug(long_table):
    with pytest.raises(CatalogueError, match="made_op"):
        long_table("none", numerator=1, metric="made_op")
