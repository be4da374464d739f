"""What a text must be to be believed: every kind, every rule, each failure by its name (T37, T40, T41, T50, T51)."""

import hashlib
import hmac
import os
import subprocess
import sys
from datetime import datetime

import duckdb
import pytest
from intake_support import Desk, csv_text, row

from pipeline.contracts import EXPORTS
from pipeline.intake.pseudonyms import forget_key, load_key, pseudonym_sql, set_key


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Desk:
    return Desk(tmp_path_factory.mktemp("office"))


@pytest.fixture
def desk(office) -> Desk:
    office.clear()
    return office


def rejected(desk: Desk, export: str, **values: str) -> tuple[str, str, str]:
    """(column, value, rule) of the one bad row among good ones."""
    key = EXPORTS[export].key[0]
    good = [{key: f"good {i}"} for i in range(3)]
    outcome = desk.load_rows(export, *good, {key: "bad", **values})
    assert (outcome.accepted, outcome.rejected) == (3, 1), desk.reasons()
    ((line, column, value, rule),) = desk.reasons()
    assert line == 5
    return column, value, rule


AMOUNTS = [
    "1,50",
    "$1.50",
    "1.234,50",
    "1e3",
    "NaN",
    "inf",
    "0x5",
    "1_000",
    "１２",
    "1.234",
    "4.6",
    " 5",
    "+-1",
    "9" * 19,
]


@pytest.mark.parametrize("amount", AMOUNTS)
def test_t40_money_is_whole_digits_and_nothing_else(desk, amount):
    """DuckDB's typed reader takes 4.6 for 5, 0x5 for 5 and 1_000 for 1000."""
    assert rejected(desk, "sales", amount_cents=amount) == ("amount_cents", amount, "format")


def test_t40_money_is_never_negative_and_never_beyond_counting(desk):
    assert rejected(desk, "sales", amount_cents="-1") == ("amount_cents", "-1", "range")
    desk.clear()
    assert desk.load_rows("sales", {"amount_cents": "999999999999999999"}).accepted == 1
    assert desk.query("select amount_cents from raw.sales") == [(999999999999999999,)]


def test_t41_a_foreign_currency_is_rejected(desk):
    assert rejected(desk, "sales", currency="USD") == ("currency", "USD", "office_currency")


@pytest.mark.parametrize(
    ("export", "values", "expected"),
    [
        ("reviews", {"rating": "0"}, ("rating", "0", "range")),
        ("reviews", {"rating": "6"}, ("rating", "6", "rating_in_scale")),
        ("reviews", {"rating": "4.6"}, ("rating", "4.6", "format")),
        ("reviews", {"rating": ""}, ("rating", None, "required")),
        ("surveys", {"score": "11"}, ("score", "11", "score_in_scale")),
        ("surveys", {"score": "-1"}, ("score", "-1", "score_in_scale")),
        ("surveys", {"scale_max": "7"}, ("score", "9", "score_in_scale")),
        ("surveys", {"score": "8.5"}, ("score", "8.5", "format")),
        (
            "surveys",
            {"instrument": "csat", "scale_min": "1", "scale_max": "3", "score": "3"},
            ("scale_max", "3", "range"),
        ),
        (
            "surveys",
            {"instrument": "csat", "scale_min": "1", "scale_max": "6", "score": "3"},
            ("scale_max", "6", "csat_scale"),
        ),
        ("surveys", {"instrument": "smiley"}, ("instrument", "smiley", "value")),
        ("reviews", {"verified": "maybe"}, ("verified", "maybe", "format")),
        ("reviews", {"product_id": " P1"}, ("product_id", " P1", "format")),
        ("reviews", {"product_id": "P1\u200b"}, ("product_id", "P1\u200b", "format")),
        ("reviews", {"product_id": "P\n1"}, ("product_id", "P\n1", "format")),
        ("reviews", {"product_id": "P" * 201}, ("product_id", "P" * 201, "format")),
        ("sales", {"qty": "0"}, ("qty", "0", "range")),
        ("sales", {"qty": "99999999999"}, ("qty", "99999999999", "range")),
    ],
    ids=lambda value: str(value)[:40],
)
def test_t50_values_out_of_their_bounds_are_rejected_by_name(desk, export, values, expected):
    if export == "surveys" and values.get("scale_max") == "7":
        # Two rules at once: the row is told both.
        desk.load_rows(export, {"response_id": "a"}, {"response_id": "b", **values})
        assert {rule for *_, rule in desk.reasons()} == {"score_in_scale", "nps_scale"}
        return
    assert rejected(desk, export, **values) == expected


def test_t50_a_zero_on_a_scale_from_one_takes_its_files_nps_along(desk):
    """METRICS A2: such a file's declaration of the scale cannot be believed. CSAT answers in it stay."""
    answers = [{"response_id": f"A{i}", "scale_min": "1", "score": str(i)} for i in range(10)]
    answers += [
        {"response_id": f"C{i}", "instrument": "csat", "scale_min": "1", "scale_max": "5", "score": "4"}
        for i in range(30)
    ]
    outcome = desk.load_rows("surveys", *answers)
    assert (outcome.accepted, outcome.rejected) == (30, 10)
    assert {(line, rule) for line, *_, rule in desk.reasons() if rule == "nps_file_of_one_scale"} == {
        (line, "nps_file_of_one_scale") for line in range(2, 12)
    }
    assert desk.query("select count(*) from raw.surveys where _line <> right(response_id, -1)::int + 12") == [(0,)]


def test_t51_odd_orders_of_events_are_taken_in_and_counted(desk):
    desk.load_rows(
        "reviews",
        {"review_id": "R1", "response_at": "2025-01-09 12:00:00"},
        {"review_id": "R2", "response_at": "2025-01-11 12:00:00"},
        {"review_id": "R3", "seller_id": ""},
    )
    desk.load_rows("messages", {"message_id": "M1", "recipient_id": "B1"}, {"message_id": "M2"}, name="messages.csv")
    assert desk.query("select export, rule, rows from ledger.anomalies order by all") == [
        ("messages", "not_to_self", 1),
        ("reviews", "response_after_review", 1),
        ("reviews", "seller_named", 1),
    ]
    assert desk.query("select sum(accepted), sum(rejected), sum(anomalies) from ledger.files") == [(5, 0, 3)]


INSTANTS = {
    # What the text says -> UTC, the office being in Johannesburg (UTC+2, no summer time).
    "2025-01-10 12:00:00": "2025-01-10 10:00:00",
    "2025-01-10T12:00": "2025-01-10 10:00:00",
    "2025-01-10T12:00:00.250000": "2025-01-10 10:00:00.25",
    "2025-01-10": "2025-01-09 22:00:00",
    "2025-01-10T12:00:00Z": "2025-01-10 12:00:00",
    "2025-01-10 12:00+05:30": "2025-01-10 06:30:00",
    "2025-01-10 12:00:00-03": "2025-01-10 15:00:00",
    "2025-01-10T12:00:00.5-0330": "2025-01-10 15:30:00.5",
}


def test_instants_are_read_whole(desk):
    desk.load_rows("reviews", *({"review_id": f"R{i}", "created_at": text} for i, text in enumerate(INSTANTS)))
    found = desk.query("select created_at from raw.reviews order by _line")
    assert found == [(datetime.fromisoformat(utc),) for utc in INSTANTS.values()]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("10/01/2025", "format"),
        ("2025-1-10", "format"),
        ("2025-01-10 24:00:00", "format"),
        ("2025-01-10 12:00:60", "format"),
        ("2025-01-10  1:00:00", "format"),
        ("2025-01-10 12:00:00 UTC", "format"),
        ("infinity", "format"),
        ("20250-01-10 12:00:00", "format"),
        ("294247-01-10 04:00:54", "format"),
        ("2025-02-29", "calendar"),
        ("1989-12-30", "range"),
        ("2101-01-02", "range"),
        ("2025-06-03 15:00:00", "in_future"),
    ],
)
def test_what_is_no_instant_is_rejected_by_name(desk, text, rule):
    """Typed reading gives NULL, or another instant, for several of these."""
    assert rejected(desk, "reviews", created_at=text) == ("created_at", text, rule)


def test_promises_may_lie_ahead_where_facts_may_not(desk):
    late = {"promised_at": "2025-12-24"}
    assert desk.load_rows("sales", late).accepted == 1
    assert desk.query("select last_event_at from ledger.files") == [(datetime(2025, 1, 10, 10),)]


def test_dates_are_read_as_the_source_declares(desk):
    text = csv_text(
        [
            row("reviews", review_id="R1", created_at="03/04/2025"),
            row("reviews", review_id="R2", created_at="3.4.2025 12:30"),
        ]
    )
    for date_format, month in (("day_first", 4), ("month_first", 3)):
        desk.clear()
        desk.declare("reviews", date_format=date_format)
        assert desk.load("reviews", text).accepted == 2
        assert {found.month for (found,) in desk.query("select created_at + interval 2 hours from raw.reviews")} == {
            month
        }
    desk.declare("reviews", date_format="iso")


def test_t37_clocks_that_skip_and_repeat(desk):
    """Paris: 2024-03-31 has no 02:30; 2024-10-27 has 02:30 twice, of which the first is meant."""
    desk.declare("reviews", time_zone="Europe/Paris")
    texts = {
        "2024-03-31 01:59:59": "2024-03-31 00:59:59",
        "2024-03-31 03:00:00": "2024-03-31 01:00:00",
        "2024-10-27 02:30:00": "2024-10-27 00:30:00",
        "2024-10-27 02:30:00+01:00": "2024-10-27 01:30:00",
        "2024-10-27 03:00:00": "2024-10-27 02:00:00",
    }
    rows = [{"review_id": f"R{i}", "created_at": text} for i, text in enumerate(texts)]
    desk.load_rows("reviews", *rows, {"review_id": "gap", "created_at": "2024-03-31 02:30:00"})
    found = desk.query("select created_at from raw.reviews order by _line")
    assert found == [(datetime.fromisoformat(utc),) for utc in texts.values()]
    assert desk.reasons() == [(7, "created_at", "2024-03-31 02:30:00", "local_gap")]
    desk.declare("reviews", time_zone="")


def test_t37_a_day_whose_midnight_was_skipped_begins_at_its_first_instant(desk):
    desk.declare("reviews", time_zone="America/Sao_Paulo")
    desk.load_rows("reviews", {"review_id": "R1", "created_at": "2017-10-15"})
    assert desk.query("select created_at from raw.reviews") == [(datetime(2017, 10, 15, 3),)]
    desk.declare("reviews", time_zone="")


@pytest.mark.parametrize("host_zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_t37_the_hosts_time_zone_changes_nothing(host_zone, tmp_path):
    """The whole way in a process of its own, since a process reads its zone once."""
    code = (
        "import sys; sys.path[:0] = ['tests']\n"
        "from pathlib import Path; from intake_support import Desk\n"
        "desk = Desk(Path(sys.argv[1]))\n"
        "desk.load_rows('reviews', {'created_at': '2025-03-09 02:30:00', 'edited_at': '2025-03-10'})\n"
        "print(desk.query('select created_at::varchar, edited_at::varchar from raw.reviews'),"
        " desk.query('select exported_at::varchar, first_day::varchar, last_event_at::varchar from ledger.files'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, env={**os.environ, "TZ": host_zone}
    )
    times = "[('2025-03-09 00:30:00', '2025-03-09 22:00:00')]"
    assert done.stdout.strip() == f"{times} [('2025-06-01 12:00:00', '2025-03-09', '2025-03-09 22:00:00')]", done.stderr


def test_buyers_are_stored_as_the_hmac_that_python_computes(desk):
    desk.load_rows(
        "messages",
        {"message_id": "M1", "sender_id": "Jürgen", "recipient_id": "S1"},
        {"message_id": "M2", "sender_id": "S1", "sender_role": "seller", "recipient_id": "Jürgen"},
    )
    key = load_key(desk.folder.secrets)
    hidden = hmac.new(key, "Jürgen".encode(), hashlib.sha256).hexdigest()[:32]
    assert desk.query("select sender_id, recipient_id from raw.messages order by message_id") == [
        (hidden, "S1"),
        ("S1", hidden),
    ]
    assert (desk.folder.secrets / "pseudonym.key").stat().st_mode & 0o777 == 0o600
    assert desk.query("select getvariable('pseudonym_inner')") == [(None,)]


def test_a_pseudonym_is_hmac_for_keys_and_texts_of_any_length():
    with duckdb.connect() as con:
        for key in (b"\0" * 32, bytes(range(32)), os.urandom(32)):
            set_key(con, key)
            for text in ("", "a", "é" * 31, "x" * 55, "x" * 64, "x" * 500):
                found = con.execute(f"select {pseudonym_sql('?::varchar')}", [text]).fetchone()
                assert found == (hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32],)
            forget_key(con)


def test_no_body_and_no_answer_is_stored_but_what_is_computed_of_them_is(desk):
    desk.load_rows(
        "messages",
        {"message_id": "M1", "body": "Thank you so much!"},
        {"message_id": "M2", "body": "Thanks, but where is it?"},
        {"message_id": "M3", "body": ""},
        {"message_id": "M4", "body": "\n two\twords \n\n"},
        {"message_id": "M5", "body": "你好？"},
        {"message_id": "M6", "body": "  "},
    )
    columns = [name for (name,) in desk.query("select column_name from duckdb_columns() where table_name = 'messages'")]
    assert "body" not in columns
    assert desk.query("select body_words, has_question, says_thanks from raw.messages order by _line") == [
        (4, False, True),
        (5, True, False),
        (None, None, None),
        (2, False, False),
        (1, True, False),
        (0, False, False),
    ]


def test_every_rejected_record_keeps_its_raw_text(desk):
    text = csv_text(
        [row("reviews", review_id=f"R{i}") for i in range(3)] + [row("reviews", text='a "b"\nc', rating="9")]
    )
    desk.load("reviews", text)
    assert desk.query("select raw from ledger.rejects") == [(text.split("\n", 4)[4].rstrip("\n"),)]
