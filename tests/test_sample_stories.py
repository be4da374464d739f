"""The sample's stories, each measured on its rows: what a report must be able to tell is really there."""

from __future__ import annotations

import polars as pl
import pytest
from sample_support import by_month, figure, instants, table

from pipeline.sample import SampleSummary, write_sample
from pipeline.sample.market import CLIMBER_NAME, SLUMPER_NAME
from pipeline.sample.stories import STORIES


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    """The size that everybody sees: smaller ones drown the stories in noise."""
    return write_sample(tmp_path_factory.mktemp("market"), scale=1.0)


def test_days_have_a_rhythm(market: SampleSummary) -> None:
    """People write by day and on weekdays; December sells more than February."""
    at = table(market, "messages").filter(pl.col("is_automated") == "false").select(at=instants("sent_at"))["at"]
    assert (at.dt.hour().is_between(8, 20)).mean() > 0.75
    assert (at.dt.weekday() >= 6).mean() < 0.25  # 2 days of 7 are 0.286
    orders = by_month(table(market, "sales"), "ordered_at", pl.col("order_id").n_unique().alias("value"))
    assert figure(orders, "2025-12") > 1.25 * figure(orders, "2026-02")


def rated(summary: SampleSummary) -> pl.DataFrame:
    stars = pl.col("rating").cast(pl.Float64) * 5 / pl.col("scale_max").cast(pl.Float64)
    published = table(summary, "reviews").filter(pl.col("status") == "published").with_columns(stars=stars)
    hours = (instants("response_at") - instants("created_at")).dt.total_seconds() / 3600
    in_time = (hours.is_between(0, 48) & (pl.col("response_author_role") == "seller")).fill_null(False)
    mature = pl.col("created_at") < "2026-03-30"
    return published.with_columns(in_time=pl.when(mature).then(in_time))


def test_every_story_is_a_sentence_about_something_published(market: SampleSummary) -> None:
    assert market.stories == STORIES
    sellers = set(table(market, "sellers")["seller_id"])
    for story in STORIES:
        assert str(story).endswith(".") and len(str(story)) > 60
        assert story.scope != "seller" or story.entity_id in sellers
        assert story.period > story.before


def test_home_and_kitchen_falls_because_things_arrive_broken(market: SampleSummary) -> None:
    reviews = rated(market).join(table(market, "products").select("product_id", "category"), on="product_id")
    home = pl.col("category") == "Home & Kitchen"
    monthly = by_month(reviews.filter(home), "created_at", pl.col("stars").mean().alias("value"))
    assert figure(monthly, "2025-09") > 4.1 and figure(monthly, "2026-03") < 3.8
    others = by_month(reviews.filter(~home), "created_at", pl.col("stars").mean().alias("value"))
    assert figure(others, "2026-03") > 4.0
    unhappy = reviews.filter(
        home & (pl.col("stars") <= 3) & (pl.col("language") == "en") & pl.col("text").is_not_null()
    )
    says = by_month(unhappy, "created_at", pl.col("text").str.contains("broken|crack|crush").mean().alias("value"))
    assert figure(says, "2026-03") > 0.6


def test_campaign_lifts_inquiries_by_a_quarter(market: SampleSummary) -> None:
    first = table(market, "messages").sort("sent_at", "message_id").unique("conversation_id", keep="first")
    asked = first.filter((pl.col("sender_role") == "buyer") & (pl.col("is_spam") == "false"))
    daily = by_month(asked, "sent_at", (pl.len() / instants("sent_at").dt.date().n_unique()).alias("value"))
    before = (figure(daily, "2025-12") + figure(daily, "2026-01")) / 2
    during = (figure(daily, "2026-02") + figure(daily, "2026-03")) / 2
    assert 1.15 < during / before < 1.36


def test_messages_just_miss_their_target_and_then_reach_it(market: SampleSummary) -> None:
    people = pl.col("sender_role").is_in(["buyer", "seller"]) & (pl.col("is_automated") == "false")
    counted = table(market, "messages").filter(people & (pl.col("is_spam") == "false"))
    monthly = by_month(counted, "sent_at", pl.len().alias("value"))
    target = 100_000
    assert 0.93 * target < sum(figure(monthly, f"2025-{month}") for month in (10, 11, 12)) < target
    assert target < sum(figure(monthly, f"2026-0{month}") for month in (1, 2, 3)) < 1.08 * target


def test_climber_climbs(market: SampleSummary) -> None:
    (seller,) = table(market, "sellers").filter(pl.col("name") == CLIMBER_NAME)["seller_id"]
    reviews = rated(market).filter(pl.col("seller_id") == seller)
    early = reviews.filter(pl.col("created_at") < "2025-06-10")
    late = reviews.filter(pl.col("created_at") >= "2025-09-01")
    assert early["stars"].mean() < 4.0 < late["stars"].mean()
    assert reviews["stars"].mean() >= 4.0 and (reviews["stars"] >= 4).sum() >= 5
    assert late["in_time"].mean() > 0.97


def test_the_big_seller_stops_answering_in_march(market: SampleSummary) -> None:
    (seller,) = table(market, "sellers").filter(pl.col("name") == SLUMPER_NAME)["seller_id"]
    reviews = rated(market)
    its = by_month(reviews.filter(pl.col("seller_id") == seller), "created_at", pl.col("in_time").mean().alias("value"))
    assert figure(its, "2026-02") > 0.85 and figure(its, "2026-03") < 0.5
    every = by_month(reviews, "created_at", pl.col("in_time").mean().alias("value"))
    assert figure(every, "2026-02") > figure(every, "2026-03")


def test_late_november_is_late(market: SampleSummary) -> None:
    sales = table(market, "sales").filter(pl.col("status") != "cancelled")
    late = sales.with_columns(late=(instants("delivered_at") > instants("promised_at")).fill_null(True))
    share = late.group_by(
        bad=pl.col("promised_at").str.slice(0, 10).is_between(pl.lit("2025-11-17"), pl.lit("2025-11-30"))
    ).agg(pl.col("late").mean())
    usual, bad = share.sort("bad")["late"]
    assert 0.06 < usual < 0.13 and bad > 2.2 * usual


def test_promoters_grow(market: SampleSummary) -> None:
    answers = table(market, "surveys").filter((pl.col("instrument") == "nps") & (pl.col("scale_min") == "0"))
    score = pl.col("score").cast(pl.Int64)
    nps = 100 * ((score >= 9).mean() - (score <= 6).mean())
    early, late = (
        answers.filter(pl.col("answered_at").is_between(pl.lit(a), pl.lit(b))).select(nps).item()
        for a, b in (("2024-10", "2025-01"), ("2026-01", "2026-04"))
    )
    assert 5 < early < 35 and late > early + 10


def test_the_training_wave_makes_its_sellers_faster(market: SampleSummary) -> None:
    part = (
        table(market, "training")
        .filter(
            pl.col("event").is_in(["attended", "started"])
            & pl.col("at").is_between(pl.lit("2026-01-01"), pl.lit("2026-04"))
        )["seller_id"]
        .unique()
    )
    (slumper,) = table(market, "sellers").filter(pl.col("name") == SLUMPER_NAME)["seller_id"]
    assert 0.75 < len(part) / len(table(market, "sellers")) < 0.9
    reviews = rated(market).filter(pl.col("seller_id") != slumper)
    trained = reviews.filter(pl.col("seller_id").is_in(part.to_list()))
    monthly = by_month(trained, "created_at", pl.col("in_time").mean().alias("value"))
    assert figure(monthly, "2026-03") > figure(monthly, "2025-12")


def test_improvements_grow_by_eighteen_in_a_hundred(market: SampleSummary) -> None:
    shipped = table(market, "improvements").filter(
        (pl.col("source") == "customer_feedback") & (pl.col("status") == "shipped")
    )
    quarters = shipped.group_by(
        quarter=instants("shipped_at").dt.year() * 10 + instants("shipped_at").dt.quarter()
    ).len()
    count = dict(quarters.iter_rows())
    assert (count[20254], count[20261]) == (100, 118)


def test_buyers_come_back(market: SampleSummary) -> None:
    """Of the buyers of 2026-Q1, about two in five have ordered on another day."""
    sold = table(market, "sales").filter(~pl.col("status").is_in(["pending", "cancelled"]))
    days = sold.group_by("buyer_id").agg(pl.col("ordered_at").str.slice(0, 10).n_unique().alias("days"),
                                         pl.col("ordered_at").max().alias("last"))  # fmt: skip
    recent = days.filter(pl.col("last") >= "2026-01")
    assert 0.35 < (recent["days"] >= 2).mean() < 0.5
