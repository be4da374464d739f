"""Deliveries again, corrected, late, contradicting, in any order: what stands is a function of the files.

T30 to T33, T52, T53."""

import gzip
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_support import EXPORTED_AT, Desk, csv_text, row

from pipeline.intake import ledger


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Desk:
    return Desk(tmp_path_factory.mktemp("office"))


@pytest.fixture
def desk(office) -> Desk:
    office.clear()
    return office


def counts(desk: Desk) -> list[tuple]:
    """(name, rows in, accepted, superseded, rejected) of every file."""
    return desk.query("select name, rows_in, accepted, superseded, rejected from ledger.files order by file_id")


def hours(number: int) -> datetime:
    return EXPORTED_AT + timedelta(hours=number)


REVIEWS = [{"review_id": f"R{i}", "rating": str(1 + i % 5)} for i in range(20)]


def test_t30_the_same_file_ten_times_is_taken_in_once(desk):
    desk.load_rows("reviews", *REVIEWS)
    before = desk.state(), counts(desk)
    for number in range(10):
        outcome = desk.load_rows("reviews", *REVIEWS, name=f"again {number}.csv", at=hours(number))
        assert (outcome.status, outcome.rows_in) == ("skipped", 0)
    assert (desk.state(), counts(desk)) == before


def test_t31_packed_anew_its_rows_are_the_same_and_nothing_changes(desk):
    text = csv_text(row("reviews", **values) for values in REVIEWS)
    desk.load("reviews", text)
    content = desk.query("select * exclude (_file_id) from raw.reviews order by all")
    outcome = desk.load("reviews", gzip.compress(text.encode()), name="packed.csv.gz", at=hours(1))
    assert outcome.accepted == 20
    assert desk.query("select * exclude (_file_id) from raw.reviews order by all") == content
    assert counts(desk) == [("file.csv", 20, 0, 20, 0), ("packed.csv.gz", 20, 20, 0, 0)]
    assert desk.query("select first_day from ledger.files order by file_id") == [(date(2025, 1, 10),), (None,)]
    assert desk.query("select count(*) from ledger.superseded where record is not null") == [(0,)]


def test_t32_a_correction_replaces_by_key_and_keeps_what_was(desk):
    desk.load_rows("reviews", *REVIEWS)
    fixed = {"review_id": "R3", "rating": "1", "created_at": "2025-01-08 12:00:00"}
    outcome = desk.load_rows("reviews", fixed, {"review_id": "R99"}, REVIEWS[5], name="fixed.csv", at=hours(1))
    assert (outcome.accepted, outcome.superseded) == (3, 0)
    assert counts(desk) == [("file.csv", 20, 18, 2, 0), ("fixed.csv", 3, 3, 0, 0)]
    assert desk.query("select rating, _file_id from raw.reviews where review_id = 'R3'") == [(1, 2)]
    assert desk.query(
        "select file_id, line, key, by_file_id, record ->> 'rating' from ledger.superseded order by line"
    ) == [(1, 5, "R3, S1", 2, "4"), (1, 7, "R5, S1", 2, None)]
    # The day that the row leaves counts as changed, and so does the one that it moves to.
    assert desk.query("select first_day from ledger.files where file_id = 2") == [(date(2025, 1, 8),)]


def test_an_older_export_that_comes_later_changes_nothing_that_is_newer(desk):
    desk.load_rows("reviews", {"review_id": "R1", "rating": "5"}, at=hours(2))
    outcome = desk.load_rows("reviews", {"review_id": "R1", "rating": "1"}, {"review_id": "R2"}, name="old.csv")
    assert (outcome.accepted, outcome.superseded) == (1, 1)
    assert desk.query("select rating from raw.reviews order by review_id") == [(5,), (5,)]
    assert desk.query("select file_id, by_file_id, record ->> 'rating' from ledger.superseded") == [(2, 1, "1")]


REVIEW = st.tuples(st.sampled_from("ABCD"), st.sampled_from(["S1", "S2", ""]), st.integers(0, 3))
FILE = st.tuples(st.integers(0, 2), st.lists(REVIEW, min_size=1, max_size=5))


def expected_reviews(files: list[tuple[int, str, list[tuple[str, str, int]]]]) -> dict[tuple[str, str], tuple]:
    """The rules once more, in plain Python: (review, seller) -> (rating, SHA-256) of (hour, SHA-256, rows)."""
    standing: dict[tuple[str, str], tuple] = {}
    for _, digest, rows in sorted(files):
        good = [one for one in rows if one[2] > 0]
        if not good:
            continue
        ratings = {review: {rating for name, _, rating in good if name == review} for review, *_ in good}
        for review, seller, rating in good:
            if len(ratings[review]) == 1:
                standing[review, seller] = (rating, digest)
    return standing


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(st.lists(FILE, min_size=2, max_size=3), st.randoms(use_true_random=False))
def test_t33_any_order_of_deliveries_gives_the_tables_and_sums_of_the_rules(office, files, dice):
    """Files with repeated keys, contradictions and bad ratings, some exported at one time, taken in at random order."""
    office.clear()
    texts = {
        csv_text(
            row("reviews", review_id=review, seller_id=seller, rating=rating) for review, seller, rating in rows
        ): (
            hour,
            rows,
        )
        for hour, rows in files
    }
    arrivals = list(texts)
    dice.shuffle(arrivals)
    for number, text in enumerate(arrivals):
        office.deliver("reviews", f"{number}.csv", text, hours(texts[text][0]))
    office.take_in()
    oracle = expected_reviews([(hour, sha256(text.encode()).hexdigest(), rows) for text, (hour, rows) in texts.items()])
    found = office.query(
        "select review_id, coalesce(seller_id, ''), rating, sha256 "
        "from raw.reviews join ledger.files on file_id = _file_id"
    )
    assert {(review, seller): tuple(rest) for review, seller, *rest in found} == oracle
    assert len(found) == len(oracle)
    for rows_in, accepted, superseded, rejected, digest in office.query(
        "select rows_in, accepted, superseded, rejected, sha256 from ledger.files where status = 'loaded'"
    ):
        assert rows_in == accepted + superseded + rejected
        assert accepted == sum(1 for _, standing in oracle.values() if standing == digest)


def test_t33_every_other_order_of_four_deliveries_agrees_to_the_last_column(desk):
    """Every stored column and every sum of the ledger, `first_day` excepted: that tells what an arrival changed."""
    texts = [
        csv_text(row("reviews", review_id=f"R{i}", rating=str(1 + (i * step) % 6)) for i in range(step, 30 + step))
        for step in range(1, 5)
    ]
    states = []
    for order in list(permutations(range(4)))[::2]:
        desk.clear()
        for place, number in enumerate(order):
            desk.deliver("reviews", f"{place}.csv", texts[number], hours(number // 2))
        desk.take_in()
        sums = desk.query(
            "select sha256, rows_in, accepted, superseded, rejected, last_event_at from ledger.files order by all"
        )
        states.append((desk.state(), sums))
    assert all(state == states[0] for state in states)


def test_t52_repeated_rows_count_once_and_contradictions_not_at_all(desk):
    outcome = desk.load_rows(
        "reviews",
        {"review_id": "R1"},
        {"review_id": "R1"},
        {"review_id": "R2", "rating": "4"},
        {"review_id": "R2", "rating": "1"},
        {"review_id": "R3"},
        {"review_id": "R1", "seller_id": "S2"},
        {"review_id": "R1", "rating": "0"},
    )
    assert (outcome.rows_in, outcome.accepted, outcome.superseded, outcome.rejected) == (7, 3, 1, 3)
    assert [(line, rule) for line, *_, rule in desk.reasons()] == [(4, "conflict"), (5, "conflict"), (8, "range")]
    assert desk.query("select line, by_file_id from ledger.superseded") == [(3, 1)]


@pytest.mark.parametrize(
    ("column", "value"),
    [("rating", "1"), ("scale_max", "10"), ("created_at", "2025-01-11"), ("buyer_id", "B2")],
)
def test_t52_the_rows_of_one_review_agree_or_are_all_out(desk, column, value):
    """A review of an order with two sellers stands in two rows; they cannot tell different stars."""
    other = {"review_id": "R1", "seller_id": "S2"}
    assert desk.load_rows("reviews", {"review_id": "R1"}, {**other, "product_id": "P2"}).accepted == 2
    desk.clear()
    outcome = desk.load_rows("reviews", {"review_id": "R1"}, {**other, column: value}, {"review_id": "R2"})
    assert (outcome.accepted, outcome.rejected) == (1, 2)
    assert {rule for *_, rule in desk.reasons()} == {"conflict"}


def test_keys_that_hold_buyers_are_compared_as_pseudonyms(desk):
    desk.load_rows("subscriptions", {"buyer_id": "B1"}, {"buyer_id": "B2"})
    outcome = desk.load_rows("subscriptions", {"buyer_id": "B1"}, {"buyer_id": "B3"}, name="two.csv", at=hours(1))
    assert outcome.accepted == 2
    assert counts(desk)[0] == ("file.csv", 2, 1, 1, 0)
    assert desk.query(
        "select count(*) from ledger.superseded where key like '%B1%' or record::varchar like '%B1%'"
    ) == [(0,)]


def test_t53_a_header_alone_is_an_empty_delivery(desk):
    outcome = desk.load("reviews", csv_text([row("reviews")]).splitlines()[0] + "\n")
    assert (outcome.status, outcome.rows_in, outcome.message) == ("loaded", 0, "")
    assert desk.query("select first_day, last_event_at from ledger.files") == [(None, None)]


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"], ids=["0 bytes", "blank lines", "a byte-order mark"])
def test_t53_nothing_at_all_is_refused(desk, content):
    outcome = desk.load("reviews", content)
    assert outcome.status == "refused"
    assert "header" in outcome.message


def test_t53_a_file_of_bad_rows_alone_is_refused_and_tells_of_the_first(desk):
    outcome = desk.load_rows("reviews", *({**values, "rating": "7"} for values in REVIEWS))
    assert (outcome.status, outcome.rows_in, outcome.rejected) == ("refused", 20, 20)
    assert "The first is line 2: rating = '7': a rating lies between 1 and scale_max" in outcome.message
    assert desk.query("select count(*), count(distinct line) from ledger.rejects") == [(20, 20)]
    assert desk.query("select count(*) from raw.reviews") == [(0,)]


@pytest.mark.parametrize(("bad", "status"), [(20, "loaded"), (21, "refused")])
def test_more_rejects_than_the_limit_refuse_the_file_whole(desk, bad, status):
    """One row in a hundred, but twenty in any case."""
    rows = [{"review_id": f"R{i}", "rating": "7" if i < bad else "5"} for i in range(500)]
    outcome = desk.load_rows("reviews", *rows)
    assert (outcome.status, outcome.rows_in, outcome.rejected) == (status, 500, bad)
    assert desk.query("select count(*) from raw.reviews") == [(500 - bad if status == "loaded" else 0,)]


def test_a_refused_file_keeps_its_first_hundred_reasons_and_is_tried_again(desk):
    rows = [{"review_id": f"R{i}", "rating": "7"} for i in range(300)]
    assert desk.load_rows("reviews", *rows, {"review_id": "good"}).status == "refused"
    assert desk.query("select count(distinct line), max(line) from ledger.rejects") == [(100, 101)]
    desk.declare("reviews", reject_limit=1.0)
    outcome = desk.take_in().files[0]
    desk.declare("reviews", reject_limit=0.01)
    assert (outcome.status, outcome.accepted, outcome.rejected) == ("loaded", 1, 300)
    assert desk.query("select status, count(*) from ledger.files group by all") == [("loaded", 1)]
    assert desk.query("select count(distinct line) from ledger.rejects") == [(300,)]


def test_a_refused_file_stops_nothing_but_itself(desk):
    desk.deliver("reviews", "bad.csv", "not,a,header\n1,2,3\n")
    desk.deliver("sales", "good.csv", csv_text([row("sales")]))
    result = desk.take_in()
    assert [o.name for o in result.refused] == ["bad.csv"]
    assert [o.name for o in result.loaded] == ["good.csv"]
    assert any("bad.csv refused" in text for text in desk.said)


def test_a_file_is_one_transaction(desk, monkeypatch):
    """Whatever breaks at its very end, nothing of the file stays."""
    desk.load_rows("reviews", {"review_id": "R1"})
    before = desk.state(), counts(desk)

    def lose(*_: object) -> None:
        raise ledger.LedgerBroken("one row too few")

    desk.deliver("reviews", "two.csv", csv_text([row("reviews", review_id="R1", rating="2")]), hours(1))
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "settle", lose)
        with pytest.raises(ledger.LedgerBroken):
            desk.take_in()
    assert (desk.state(), counts(desk)) == before
    assert desk.query("select count(*) from ledger.superseded") == [(0,)]
    assert [outcome.status for outcome in desk.take_in().files] == ["skipped", "loaded"]


def test_the_assertion_over_the_ledger_sees_a_lost_row(desk):
    desk.load_rows("reviews", *REVIEWS)
    desk.con.execute("delete from raw.reviews where review_id = 'R7'")
    with pytest.raises(ledger.LedgerBroken, match="reviews"):
        ledger.settle(desk.con, "reviews", "raw.reviews", [1])
