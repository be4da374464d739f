"""Net sentiment and the themes of reviews (METRICS.md A26, B21), through the tables themselves."""

import random
import re
from collections import Counter
from itertools import pairwise
from math import log, sqrt

import polars as pl
import pytest
from metrics_support import marketplace
from sample_support import instants, table
from scipy.stats import norm

from pipeline.analyses import themes
from pipeline.sample import write_sample

COMPLAINT = "The box arrived broken."
PRAISE = "A lamp of great beauty."


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def stars(market, **times):
    for name, count in times.items():
        market.add("reviews", count, rating=["one", "two", "three", "four", "five"].index(name) + 1)
    return market.plan("2025-01").build("metrics.sentiment")


def test_net_sentiment_by_hand(market):
    """A26: 4 of 10 positive, 3 negative, 3 neither: +10 points."""
    row = stars(market, one=1, two=2, three=3, four=1, five=3).get("sentiment_net")
    assert (row.numerator, row.denominator, row.n) == (1, 10, 10)
    assert row.value == pytest.approx(10)


def test_net_sentiment_has_the_interval_of_an_nps(market):
    """A26, with the numbers of A1 [OWN]: 162 positive, 108 neutral, 54 negative."""
    row = stars(market, one=54, three=108, five=162).get("sentiment_net")
    assert row.value == pytest.approx(100 / 3)
    assert (round(row.low, 3), round(row.high, 3)) == (24.945, 41.110)


def test_net_sentiment_of_the_unhappy_is_not_certain(market):
    row = stars(market, one=10).get("sentiment_net")
    assert (row.value, row.low, round(row.high, 2)) == (-100, -100, -47.50)


def test_net_sentiment_has_every_scope_and_the_ratings_of_the_average(market):
    """B21: one table of ratings for all; a second rating of an order line and a rejected one count in none."""
    market.add("sales", product_id="P1", category="Toys").add("products", product_id="P1", category="Toys")
    market.add("reviews", order_line_id="L1", buyer_id="B1", rating=5, created_at="2025-01-08 10:00")
    market.add("reviews", order_line_id="L1", buyer_id="B1", rating=1, created_at="2025-01-09 10:00")
    market.add("reviews", rating=1, status="rejected", seller_id="S2")
    market.add("reviews", rating=2, created_at="2025-02-01 00:00")
    market.plan("2025-01", "2025-Q1").build("metrics.sentiment", "metrics.ratings")
    for scope, entity in (("all", "all"), ("seller", "S1"), ("product", "P1"), ("category", "Toys")):
        assert market.get("sentiment_net", "2025-01", scope, entity)[:4] == (100, 1, 1, 1)
        assert market.get("sentiment_net", "2025-Q1", scope, entity)[:4] == (0, 0, 2, 2)
    assert market.rows("select count(*) from metrics.sentiment where entity_id = 'S2'") == [(0,)]
    assert market.get("rating_mean", "2025-Q1").n == market.get("sentiment_net", "2025-Q1").n


def test_net_sentiment_without_ratings_has_a_reason(market):
    market.add("reviews", created_at="2025-03-01 10:00").plan("2025-01").build("metrics.sentiment")
    assert market.get("sentiment_net").reason == "no_data"


def write(market, times, text, rating=1, **values):
    return market.add("reviews", times, text=text, rating=rating, **values)


def listed(market, columns="term", period_id="2025-01", contrast="polarity", side="negative"):
    sql = f"select {columns} from metrics.themes where period_id = ? and contrast = ? and side = ? order by rank"
    return market.rows(sql, period_id, contrast, side)


def build(market, *periods, **options):
    return market.plan(*(periods or ("2025-01",)), **options).build("metrics.themes")


def test_what_the_unhappy_write_of(market):
    """What one side writes is one theme, for it is in the same reviews; what both write is none."""
    write(market, 30, COMPLAINT + " Hello.", 2)
    write(market, 70, PRAISE + " Hello.", 4)
    build(market)
    ((complaint, *counts),) = listed(market, "term || '; ' || also, reviews, other_reviews")
    ((praise, *others),) = listed(market, "term || '; ' || also, reviews, other_reviews", side="positive")
    assert set(complaint.split("; ")) == {"the", "box", "arrived", "broken", "the box", "box arrived", "arrived broken"}
    assert set(praise.split("; ")) >= {"lamp", "beauty", "great beauty"} and "hello" not in praise
    assert (counts, others) == ([30, 0], [70, 0])
    assert listed(market, "side_reviews, other_side_reviews") == [(30, 70)]


def test_three_stars_are_on_neither_side_but_change_the_month(market):
    """A26: this month against the six before it, July to December; the last of June is too old."""
    for day in ("2024-07-01", "2024-12-31"):
        write(market, 100, PRAISE, 3, created_at=f"{day} 12:00")
    write(market, 50, COMPLAINT, 3, created_at="2024-06-30 12:00")
    write(market, 60, COMPLAINT, 3)
    build(market)
    assert market.rows("select distinct contrast from metrics.themes") == [("change",)]
    columns = "reviews, side_reviews, other_reviews, other_side_reviews"
    assert listed(market, columns, contrast="change", side="period") == [(60, 60, 0, 200)]
    assert listed(market, columns, contrast="change", side="before") == [(200, 200, 0, 60)]


def test_one_angry_reviewer_makes_no_theme(market):
    """A26: reviews that hold the word count, not how often; and the same text by the same buyer in a month once."""
    write(market, 400, PRAISE, 5)
    write(market, 3, "swindle " * 90)
    write(market, 90, "swindle swindle", buyer_id="B1")
    assert not any("swindle" in term for (term,) in listed(build(market)))


def test_five_reviews_make_a_theme(market):
    write(market, 400, PRAISE, 5)
    write(market, 5, "swindle")
    assert listed(build(market), "term, reviews") == [("swindle", 5)]


def test_five_of_both_sides_do_not(market):
    """Strong enough, and yet four reviews of its own side are too few for a theme."""
    write(market, 4000, PRAISE, 5)
    write(market, 2, "swindle", 5)
    write(market, 4, "swindle")
    assert listed(build(market)) == []


def test_the_same_buyer_may_say_it_again_in_another_month(market):
    write(market, 400, PRAISE, 5)
    for month in ("01", "02"):
        write(market, 3, "swindle", buyer_id=lambda i: f"X{i % 3}", created_at=f"2025-{month}-10 12:00")
    assert listed(build(market, "2025-Q1"), "term, reviews", "2025-Q1") == [("swindle", 6)]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"status": "rejected"}, id="not-published"),
        pytest.param({"created_at": "2024-12-31 23:59"}, id="before-the-period"),
        pytest.param({"created_at": "2025-02-01 00:00"}, id="after-the-period"),
        pytest.param({"order_line_id": "L1", "buyer_id": "B0"}, id="further-ratings-of-one-order-line"),
    ],
)
def test_reviews_that_do_not_count(market, values):
    write(market, 400, PRAISE, 5)
    write(market, 20, "swindle", **values)
    assert listed(build(market)) == []


def test_reviews_after_as_of_are_not_known(market):
    write(market, 400, PRAISE, 5, created_at="2025-04-01 12:00")
    write(market, 20, "swindle", created_at="2025-04-10 00:00")
    assert listed(build(market, "2025-04"), period_id="2025-04") == []


def test_a_review_of_several_sellers_is_one(market):
    """Its text is that of its first row known, as its stars are."""
    write(market, 400, PRAISE, 5)
    known, unknown = "2025-01-10 12:00", "2025-04-10 00:00"
    for seller, text, at in (("S2", "something else", known), ("S1", "swindle", known), ("S0", "new words", unknown)):
        for number in range(6):
            values = {"review_id": f"X{number}", "buyer_id": f"X{number}"}
            write(market, 1, text, seller_id=seller, created_at=at, **values)
    assert listed(build(market), "term, reviews, side_reviews") == [("swindle", 6, 6)]


def test_scripts_without_spaces_have_themes_of_two_characters(market):
    write(market, 30, "质量很差")
    write(market, 80, "好看，喜欢", 5)
    ((term, also),) = listed(build(market), "term, also")
    assert {term, *also.split("; ")} == {"质量", "量很", "很差"}


def test_a_pair_takes_the_place_of_its_word(market):
    """`back` is stronger by the background alone; `send back` is in the same reviews and says more."""
    write(market, 200, PRAISE, 5)
    write(market, 40, "send back")
    assert listed(build(market), "term, also") == [("send back", "back; send")]


def test_a_pair_in_half_of_its_words_reviews_does_not(market):
    write(market, 200, PRAISE, 5)
    write(market, 40, "back")
    write(market, 50, "send back")
    ((term, also),) = listed(build(market), "term, also")
    assert (term, also) == ("back", "send; send back")


def test_words_of_different_reviews_are_different_themes(market):
    write(market, 200, PRAISE, 5)
    write(market, 40, "broken")
    write(market, 30, "late")
    assert listed(build(market), "rank, term, also, reviews") == [(1, "broken", "", 40), (2, "late", "", 30)]


def test_quotes_are_different_texts_of_good_length_latest_first(market):
    write(market, 200, PRAISE, 5)
    long = "It came broken and nobody of the shop would answer me"
    write(market, 3, "broken", created_at="2025-01-30 12:00")
    write(market, 2, long, created_at="2025-01-03 12:00")
    write(market, 1, long + " today", review_id="today", created_at="2025-01-04 12:00")
    write(market, 1, long + ", call 082 123 4567", review_id="called", created_at="2025-01-02 12:00")
    write(market, 1, "broken " + "and " * 99, created_at="2025-01-31 12:00")
    build(market)
    (row,) = listed(market, "review_id_1, quote_1, quote_2, review_id_3, quote_3, term")
    assert row == ("today", long + " today", long, "called", long + ", call [number]", row[5])
    assert "broken" in row[5]


def test_a_theme_in_fewer_texts_has_fewer_quotes(market):
    write(market, 200, PRAISE, 5)
    write(market, 20, "broken")
    ((first, second),) = listed(build(market), "quote_1, review_id_2")
    assert (first, second) == ("broken", None)


def test_no_quote_twice_in_a_list_while_others_are_left(market):
    write(market, 300, PRAISE, 5)
    write(market, 9, lambda i: f"broken, late, whatever letter {chr(97 + i % 9)}{chr(97 + i % 7)}")
    write(market, 30, "broken")
    write(market, 30, "late")
    rows = listed(build(market), "review_id_1, review_id_2, review_id_3")
    quoted = [review for row in rows[:2] for review in row]
    assert len(quoted) == len(set(quoted)) == 6


def test_addresses_and_numbers_are_no_themes(market):
    write(market, 200, PRAISE, 5)
    write(market, 40, "jane.doe@example.com www.x.example 0821234567 O00012345 4")
    assert listed(build(market)) == []


def test_without_texts_there_are_no_rows(market):
    market.add("reviews", 50, rating=1).add("reviews", 50, rating=5)
    assert build(market, "2025-01", "2025-Q1", "2025-W02").rows("select count(*) from metrics.themes") == [(0,)]


def test_where_one_word_is_all_that_is_said_there_are_no_rows(market):
    write(market, 30, "ok")
    write(market, 70, "ok", 5)
    assert build(market).rows("select count(*) from metrics.themes") == [(0,)]


def test_without_reviews_there_are_no_rows(market):
    assert build(market).rows("select count(*) from metrics.themes") == [(0,)]


def test_weeks_have_no_themes(market):
    write(market, 30, COMPLAINT)
    write(market, 70, PRAISE, 5)
    build(market, "2025-W05", "2025-01")
    assert market.rows("select distinct period_id from metrics.themes") == [("2025-01",)]
    build(market, "2025-W05")
    assert market.rows("select count(*) from metrics.themes") == [(0,)]


WORDS = ["late", "broken", "box", "lamp", "great", "cheap", "and", "the", "was", "of", "my", "green", "seller", "fast"]
MONTHS = [f"2024-{month:02d}" for month in range(1, 13)] + ["2025-01", "2025-02", "2025-03"]
TABLE = "select * exclude (review_id_1, review_id_2, review_id_3) from metrics.themes order by all"


def chatter(market, shuffled=False, skip=()):
    """3,000 reviews of fifteen months; the unhappy write of what is late and broken, ever more of them from month to
    month. Returns (month, stars, words)."""
    dice = random.Random(8)
    rows = []
    for month, day in ((month, day) for month in range(15) for day in range(200)):
        rating = dice.choice([1, 2, 3, 4, 5, 5])
        weights = [3 + 5 * (rating < 3) * month] * 2 + [4 + rating] * 3 + [8] * 9
        text = " ".join(dice.choices(WORDS, weights, k=dice.randint(3, 9)))
        when = f"{MONTHS[month]}-{1 + day % 28:02d} 12:{day % 60:02d}"
        rows.append({"text": text, "rating": rating, "created_at": when, "review_id": f"X{month}-{day}"})
    rows = [row for row in rows if row["created_at"][:7] not in skip]
    if shuffled:
        dice.shuffle(rows)
    market.add_rows("reviews", rows)
    return [(row["created_at"][:7], row["rating"], row["text"].split()) for row in rows]


def terms(words):
    return {*words, *(f"{first} {second}" for first, second in pairwise(words))}


def expected(reviews, first, second, background, share=0.1):
    """METRICS.md A26 in plain Python: {term: (reviews, other reviews, log odds, zeta, p)} of the significant ones."""
    y1, y2, usual = (
        Counter(term for review in group for term in terms(review)) for group in (first, second, background)
    )
    n1, n2, n = y1.total(), y2.total(), usual.total()
    prior = share * (n1 + n2)
    found = {}
    for term in {*y1, *y2}:
        if y1[term] + y2[term] >= 5:
            alpha = prior * usual[term] / n
            odds = [log((y[term] + alpha) / (total + prior - y[term] - alpha)) for y, total in ((y1, n1), (y2, n2))]
            delta = odds[0] - odds[1]
            zeta = delta / sqrt(1 / (y1[term] + alpha) + 1 / (y2[term] + alpha))
            found[term] = (y1[term], y2[term], delta, zeta, 2 * norm.sf(abs(zeta)))
    smallest, adjusted = 1.0, {}
    for rank, term in reversed(list(enumerate(sorted(found, key=lambda term: found[term][4]), 1))):
        smallest = min(smallest, found[term][4] * len(found) / rank)
        adjusted[term] = smallest
    return {
        term: (*row[:4], adjusted[term])
        for term, row in found.items()
        if adjusted[term] <= 0.05 and row[3] > 0 and row[0] >= 5
    }


def groups(reviews, period_id, contrast):
    months = {"2025-01": ["2025-01"], "2025-Q1": ["2025-01", "2025-02", "2025-03"], "2024-Q4": MONTHS[9:12]}[period_id]
    start, end = MONTHS.index(months[0]), MONTHS.index(months[-1]) + 1

    def of(wanted, ratings):
        return [words for month, rating, words in reviews if month in wanted and rating in ratings]

    every = (1, 2, 3, 4, 5)
    background = of(MONTHS[max(0, end - 12) : end], every)
    if contrast == "polarity":
        return of(months, (1, 2)), of(months, (4, 5)), background
    return of(months, every), of(MONTHS[max(0, start - 6) : start], every), background


@pytest.mark.parametrize("contrast", ["polarity", "change"])
@pytest.mark.parametrize("period_id", ["2025-01", "2024-Q4", "2025-Q1"])
def test_every_figure_against_plain_python(market, period_id, contrast):
    """A26, every listed term with every figure; and no significant one is forgotten."""
    reviews = chatter(market)
    build(market, "2024-12", "2025-01", "2024-Q4", "2025-Q1")
    first, second, background = groups(reviews, period_id, contrast)
    for side, own, other in (("negative", first, second), ("positive", second, first)):
        side = side if contrast == "polarity" else {"negative": "period", "positive": "before"}[side]
        wanted = expected(reviews, own, other, background)
        columns = "term, also, reviews, other_reviews, log_odds, zeta, p_adjusted, side_reviews, other_side_reviews"
        rows = listed(market, columns, period_id, contrast, side)
        assert {term for row in rows for term in (row[0], *filter(None, row[1].split("; ")))} == set(wanted)
        for term, _, *figures in rows:
            assert figures[:5] == pytest.approx(wanted[term])
            assert figures[5:] == [len(own), len(other)]
    assert contrast == "change" or len(listed(market, period_id=period_id)) > 1


def test_the_prior_is_the_office_s(market, tmp_path):
    reviews = chatter(market)
    build(market)
    (tmp_path / "policy.toml").write_text("themes_prior_share = 0.5\n")
    found = themes.compute(market.con, tmp_path).filter(pl.col("contrast") == "polarity", pl.col("side") == "negative")
    wanted = expected(reviews, *groups(reviews, "2025-01", "polarity"), share=0.5)
    assert found.height and found["zeta"].to_list() == pytest.approx([wanted[term][3] for term in found["term"]])


def test_neither_the_order_of_the_rows_nor_the_plan_changes_a_list():
    kept = []
    for shuffled, plans in (
        (False, [("2025-01", "2025-03", "2025-Q1")]),
        (True, [("2025-Q1",), ("2025-01", "2025-03")]),
    ):
        with marketplace() as market:
            chatter(market, shuffled)
            build(market, "2024-11")
            for periods in plans:
                build(market, *periods, full=False)
            kept.append(market.rows("select * from metrics.themes where period_id <> '2024-11' order by all"))
    assert kept[0] == kept[1] and len(kept[0]) > 3


def test_only_the_months_that_a_contrast_looks_at_matter():
    """The background ends twelve months before the period's end: an older month changes nothing, that month does."""
    figures = []
    for skip in ((), ("2024-01",), ("2024-02",)):
        with marketplace() as market:
            chatter(market, skip=skip)
            figures.append(build(market, "2025-01").rows(TABLE))
    assert figures[0] == figures[1] != figures[2]


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The reviews of the sample, as they lie in its files."""
    reviews = table(write_sample(tmp_path_factory.mktemp("sample"), scale=1.0), "reviews")
    columns = ["review_id", "product_id", "seller_id", "buyer_id", "status", "order_line_id", "text"]
    return reviews.select(
        *columns, pl.col("rating", "scale_max").cast(pl.Int32), created_at=instants("created_at")
    ).unique("review_id")


def test_the_sample_s_story_is_found_in_its_quarters(sample):
    """Home & Kitchen falls from October 2025 on, for thin packaging: `broken` leads its theme among the 25 strongest,
    with thrice the share of the unhappy, in both quarters since, and not before; and the quotes say so."""
    with marketplace(as_of="2026-04-01", time_zone="Africa/Johannesburg") as market:
        market.con.register("sample", sample.to_arrow())
        market.con.execute("insert into raw.reviews by name select * from sample")
        build(market, "2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1")
        words = {}
        for period in ("2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1"):
            rows = listed(market, "term, rank, reviews / side_reviews, quote_1", period)
            words[period] = {term: figures for term, *figures in rows}
    for period in ("2025-Q4", "2026-Q1"):
        rank, share, quote = words[period]["broken"]
        assert rank <= 25 and share > 0.05 and re.search("broken", quote, re.I)
    for period in ("2025-Q2", "2025-Q3"):
        rank, share, _ = words[period].get("broken", (50, 0, ""))
        assert rank > 30 and share < 0.035
    assert "packaging" in words["2026-Q1"] and "packaging" not in words["2025-Q3"]
