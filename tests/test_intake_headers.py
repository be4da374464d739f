"""Headers and dialects: mapped by name, or refused with words that help; never by position (T29)."""

import re

import pytest
from intake_support import Desk, csv_text, row

ROWS = [row("reviews", review_id=f"R{i}", rating=str(1 + i % 5)) for i in range(30)]
GOOD = csv_text(ROWS)
HEADER, *LINES = GOOD.splitlines()


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(tmp_path / "office")


def with_header(header: str) -> str:
    return "\n".join([header, *LINES])


REFUSED = {
    "another delimiter": (csv_text(ROWS, delimiter=";"), 'separated by a semicolon: declare delimiter = ";"'),
    "a preamble": ("Reviews of May\nprinted by Ann\n" + GOOD, "Record 3 looks like the header"),
    "no header": ("\n".join(LINES), "unknown: 'R0'"),
    "a doubled name": (with_header(HEADER.replace("status", "rating")), "column rating stands there more than once"),
    "a renamed column": (with_header(HEADER.replace("rating", "ratings")), "'ratings' (meant rating?)"),
    "a missing column": (
        csv_text([{k: v for k, v in r.items() if k != "scale_max"} for r in ROWS]),
        "missing: scale_max",
    ),
    "an unknown column": (csv_text([{**r, "e_mail": "x@y.z"} for r in ROWS]), "unknown: 'e_mail'"),
    "a column without a name": (with_header(HEADER + ",").replace("published", "published,"), "column 9 has no name"),
    "another case": (with_header(HEADER.replace("rating", "Rating")), "'Rating' (meant rating?)"),
    "many repeated headers": ("\n".join([HEADER, *(line for one in LINES for line in (HEADER, one))]), "rejected"),
}


@pytest.mark.parametrize(("text", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_t29_a_wrong_header_or_dialect_refuses_the_file(desk, text, said):
    outcome = desk.load("reviews", text)
    assert outcome.status == "refused"
    assert outcome.message.startswith("file.csv")
    assert re.search(re.escape(said), outcome.message), outcome.message
    assert desk.query("select count(*) from raw.reviews") == [(0,)]
    assert desk.query("select status, refusal from ledger.files") == [("refused", outcome.message)]


def test_t29_columns_in_another_order_are_mapped_by_name(desk):
    turned = csv_text([dict(reversed(one.items())) for one in ROWS])
    assert desk.load("reviews", turned).accepted == 30
    assert desk.query("select rating, status from raw.reviews where review_id = 'R3'") == [(4, "published")]


@pytest.mark.parametrize(
    "line", ["TOTAL,30", HEADER, "Table 2"], ids=["a footer", "a repeated header", "a second table"]
)
def test_t29_a_stray_line_is_rejected_alone(desk, line):
    outcome = desk.load("reviews", "\n".join([HEADER, *LINES, line]))
    assert (outcome.accepted, outcome.rejected) == (30, 1)
    assert {number for number, *_ in desk.reasons()} == {32}


def test_a_declared_dialect_and_names_are_read_right(desk):
    desk.declare("reviews", delimiter=";", columns={"stars": "rating"})
    text = csv_text([{("stars" if k == "rating" else k): v for k, v in r.items()} for r in ROWS], delimiter=";")
    assert desk.load("reviews", text).accepted == 30
    assert desk.query("select rating from raw.reviews where review_id = 'R3'") == [(4,)]


def test_the_ledger_knows_which_columns_came(desk):
    """`not_measured` is decided by these: names of the contract, whatever the file calls them."""
    desk.declare("reviews", columns={"stars": "rating"})
    desk.load("reviews", csv_text([{("stars" if k == "rating" else k): v for k, v in ROWS[0].items()}]))
    assert desk.query("select columns from ledger.files") == [(list(ROWS[0]),)]
