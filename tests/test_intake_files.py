"""What a file is, before anything in it is believed: how it is opened, packed and encoded (T24, T28, T31, T66)."""

import gzip
import os
import time

import pytest
import zstandard
from intake_support import Desk, csv_text, row

GOOD = csv_text(row("reviews", review_id=f"R{i}", text=f"grüße {i}") for i in range(50))


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(tmp_path / "office")


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


PACKED = gzip.compress(GOOD.encode(), mtime=0)
DAMAGED = {
    "cut short": (PACKED[: len(PACKED) // 2], "f.csv.gz", "cut short"),
    "one byte short": (PACKED[:-1], "f.csv.gz", "cut short"),
    "a bit of the data flipped": (flipped(PACKED, len(PACKED) // 2), "f.csv.gz", "damaged gzip|cut short"),
    "a wrong checksum": (flipped(PACKED, len(PACKED) - 8), "f.csv.gz", "damaged gzip"),
    "a wrong length": (flipped(PACKED, len(PACKED) - 4), "f.csv.gz", "damaged gzip"),
    "junk behind it": (PACKED + b"junk", "f.csv.gz", "follows the data"),
    "plain text named .gz": (GOOD.encode(), "f.csv.gz", "the name says gzip"),
    "gzip named .csv": (PACKED, "f.csv", "the content is gzip"),
    "zstandard cut short": (zstandard.compress(GOOD.encode())[:-3], "f.csv.zst", "cut short"),
    "a bomb": (gzip.compress(b"\0" * 50_000_000), "f.csv.gz", "1000 times its size"),
}


@pytest.mark.parametrize(("content", "name", "said"), DAMAGED.values(), ids=DAMAGED.keys())
def test_t24_a_damaged_or_misnamed_file_is_refused_whole(desk, content, name, said):
    """DuckDB alone takes five of these for good and loads a part of the rows (FAULTS 0.1)."""
    outcome = desk.load("reviews", content, name=name)
    assert outcome.status == "refused"
    assert outcome.message.startswith(name)
    import re

    assert re.search(said, outcome.message), outcome.message
    assert desk.query("select count(*) from raw.reviews") == [(0,)]


@pytest.mark.parametrize(
    ("content", "name", "stored"),
    [
        (GOOD.encode(), "f.csv", "csv"),
        (PACKED, "f.csv.gz", "csv.gzip"),
        (gzip.compress(GOOD[:1000].encode()) + gzip.compress(GOOD[1000:].encode()), "f.csv.gz", "csv.gzip"),
        (zstandard.compress(GOOD.encode()), "f.csv.zst", "csv.zstd"),
        (zstandard.compress(GOOD[:1000].encode()) + zstandard.compress(GOOD[1000:].encode()), "f.CSV.ZST", "csv.zstd"),
    ],
    ids=["plain", "gzip", "gzip of two members", "zstandard", "zstandard of two frames, capitals"],
)
def test_packed_files_give_the_rows_of_the_plain_one(desk, content, name, stored):
    assert desk.load("reviews", content, name=name).accepted == 50
    assert desk.query("select format from ledger.files") == [(stored,)]
    assert desk.query("select count(*) from raw.reviews where text like 'grüße %'") == [(50,)]


ENCODED = {
    "Latin-1, declared UTF-8": (GOOD.encode("latin-1"), "utf-8", 'line 2: not UTF-8.*"cp1252"'),
    "cp1252, declared UTF-8": (GOOD.replace("grüße", "€").encode("cp1252"), "utf-8", "line 2: not UTF-8.*€"),
    "UTF-16 with its mark": (GOOD.encode("utf-16"), "utf-8", "looks like UTF-16"),
    "UTF-16 without": (GOOD.encode("utf-16-le"), "utf-8", "looks like UTF-16"),
    "UTF-8, declared Latin-1": (GOOD.encode(), "latin-1", "the file is UTF-8"),
    "cp1252, declared Latin-1": (GOOD.replace("grüße", "€").encode("cp1252"), "latin-1", "line 2: a control character"),
    "a lone surrogate": (GOOD.encode().replace("ü".encode(), b"\xed\xa0\x80"), "utf-8", "line 2: not UTF-8"),
    "mixed in one file": (GOOD.encode() + GOOD.encode("latin-1").splitlines()[1], "utf-8", "line 52: not UTF-8"),
}


@pytest.mark.parametrize(("content", "encoding", "said"), ENCODED.values(), ids=ENCODED.keys())
def test_t28_a_wrong_encoding_is_refused_with_a_hint(desk, content, encoding, said):
    import re

    desk.declare("reviews", encoding=encoding)
    outcome = desk.load("reviews", content)
    assert outcome.status == "refused"
    assert re.search(said, outcome.message), outcome.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le"])
def test_t28_a_declared_encoding_is_read_right(desk, encoding):
    desk.declare("reviews", encoding=encoding)
    assert desk.load("reviews", GOOD.encode(encoding)).accepted == 50
    assert desk.query("select text, _line from raw.reviews where review_id = 'R7'") == [("grüße 7", 9)]


def test_t28_a_nul_byte_rejects_its_record_alone(desk):
    outcome = desk.load("reviews", GOOD.replace("grüße 7", "gr\0ße 7"))
    assert (outcome.accepted, outcome.rejected) == (49, 1)
    assert [(line, rule) for line, _, _, rule in desk.reasons()] == [(9, "nul")]


def test_t66_links_pipes_folders_are_refused_at_once(desk, tmp_path):
    inbox, secret = desk.folder.inbox / "reviews", tmp_path / "secret.csv"
    secret.write_text(GOOD)
    (inbox / "symbolic.csv").symlink_to(secret)
    os.link(secret, inbox / "hard.csv")
    os.mkfifo(inbox / "pipe.csv")
    (inbox / "folder.csv").mkdir()
    (inbox / "deeper").mkdir()
    for name in (".hidden.csv", "half.csv.part", "half.tmp"):
        (inbox / name).write_text(GOOD)
    started = time.monotonic()
    outcomes = {outcome.name: outcome for outcome in desk.take_in().files}
    assert time.monotonic() - started < 2
    assert {name: outcome.status for name, outcome in outcomes.items()} == dict.fromkeys(
        ["folder.csv", "hard.csv", "pipe.csv", "symbolic.csv"], "refused"
    )
    for name, said in {
        "symbolic": "symbolic link",
        "hard": "hard link",
        "pipe": "a pipe",
        "folder": "a folder",
    }.items():
        assert said in outcomes[f"{name}.csv"].message
    assert list(desk.folder.landing.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "a[1].csv",
        "*.csv",
        "id=9.csv",
        "it's; drop table x.csv",
        "-rf.csv",
        "new\nline.csv",
        "ü" * 100 + ".csv",
        "a b?.csv",
    ],
)
def test_t65_a_name_is_only_a_name(desk, name):
    """In a path DuckDB would read some of these as patterns of many files, or as columns."""
    assert desk.load("reviews", GOOD, name=name).accepted == 50
    assert desk.query("select name from ledger.files") == [(name,)]


def test_the_landing_copy_is_named_by_its_content_and_read_only(desk):
    import hashlib

    desk.load("reviews", GOOD)
    (copy,) = desk.folder.landing.iterdir()
    assert copy.name == hashlib.sha256(GOOD.encode()).hexdigest()
    assert copy.stat().st_mode & 0o777 == 0o400
    assert copy.read_text() == GOOD
    assert list(desk.folder.staging.iterdir()) == []


def test_what_a_killed_run_left_in_landing_is_swept(desk):
    (desk.folder.landing / ".arriving-1234").write_text("half a fi")
    desk.take_in()
    assert list(desk.folder.landing.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "f.csv", "empty"),
        (gzip.compress(b""), "f.csv.gz", "empty"),
        (b"%PDF-1.7", "f.csv", "the content is PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "f.xlsx", "old Excel"),
        (GOOD.encode(), "f.parquet", "the content is text"),
        (GOOD.encode(), "f.doc", "should end in one of"),
    ],
    ids=["0 bytes", "0 bytes packed", "PDF", "old Excel", "text named parquet", "an unknown ending"],
)
def test_what_is_no_delivery_is_refused_by_name(desk, content, name, said):
    outcome = desk.load("reviews", content, name=name)
    assert outcome.status == "refused"
    assert said in outcome.message
