"""How numbers and foreign texts are printed: METRICS.md 0.9, REPORTS.md F, FAULTS.md 3(d)."""

import pytest

from pipeline.figures.measures import Footnotes
from pipeline.figures.numbers import change_with_unit, digits_beside, goal, money, name, number, safe, scale_of, show
from pipeline.figures.published import Value

SHARE, COUNT, STARS = scale_of("share", "ZAR"), scale_of("count", "ZAR"), scale_of("stars", "ZAR")


@pytest.mark.parametrize(
    ("value", "digits", "printed"),
    [
        (0.5, 0, "1"),  # half up, where Python's round() gives the even 0
        (2.675, 2, "2.68"),  # the decimal as written, not the double just below it
        (-2.5, 0, "−3"),  # away from zero, with a real minus
        (-0.04, 1, "0.0"),  # never a minus zero
        (1234567.891, 2, "1\u202f234\u202f567.89"),  # narrow spaces between thousands
        (999.96, 1, "1\u202f000.0"),
    ],
)
def test_numbers_round_half_up(value, digits, printed):
    assert number(value, digits) == printed


@pytest.mark.parametrize(
    ("value", "target", "printed"),
    [
        (0.9496, 0.95, "94.96"),  # one decimal would say 95.0 and look like a hit
        (0.94996, 0.95, "94.996"),
        (0.95, 0.95, "95.0"),
        (0.9504, 0.95, "95.04"),  # a hit that would look like exactly the target is told apart too
        (0.9061, 0.95, "90.6"),  # far from the target nothing changes
    ],
)
def test_rounding_never_flips_a_verdict(value, target, printed):
    assert show(value, SHARE, digits=digits_beside(value, target, SHARE)) == printed


def test_a3_pub_delighted_as_printed():
    """A3 [PUB]: 74 of 107 are 69.16, 69."""
    assert (show(74 / 107, SHARE, digits=2), show(74 / 107, SHARE, digits=0)) == ("69.16", "69")


@pytest.mark.parametrize(
    ("n", "denominator", "note"),
    [
        (29, 29, "From 29 cases: indicative only."),
        (30, 30, None),
        (29, None, None),  # a total has no cases to be few of
    ],
)
def test_few_cases_are_called_indicative(n, denominator, note):
    """0.7: from 10 to 29; fewer are not published."""
    notes = Footnotes()
    letter = notes.few(Value("2026-03", "all", 0.5, 1, denominator, n))
    assert (letter, notes.texts) == (("a", [note]) if note else ("", []))


@pytest.mark.parametrize(
    ("now", "before", "scale", "printed"),
    [
        (0.912, 0.917, SHARE, "−0.5\u202fpp"),  # shares differ by points, not by per cent of a per cent
        (118.0, 100.0, COUNT, "+18.0\u202f%"),
        (4.17, 4.30, STARS, "−0.13"),
        (5.0, 0.0, COUNT, "–"),  # growth from nothing has no number
        (5.0, None, COUNT, "–"),
    ],
)
def test_changes_carry_their_own_unit(now, before, scale, printed):
    assert change_with_unit(now, before, scale) == printed


def test_money_is_exact_in_statements_and_scaled_in_tables():
    assert money(123456789, "ZAR") == "ZAR\u00a01\u202f234\u202f567.89"
    assert scale_of("cents", "BRL", 13687).unit == "BRL"
    assert show(98_110_000, scale_of("cents", "BRL", 100_400_000)) == "981"
    assert scale_of("cents", "BRL", 4_000_000_000).unit == "BRL M"


def test_a_target_is_written_as_it_was_set():
    assert goal(0.95, SHARE) == "95\u202f%"
    assert goal(0.925, SHARE) == "92.5\u202f%"
    assert goal(100_000, COUNT) == "100\u202f000"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("exe\u202egnp.txt", "exegnp.txt"),  # a direction override would print the name backwards
        ("half\ud800", "half\ufffd"),  # a lone surrogate cannot be written as UTF-8
        ("a\x00b\tc\r\nd", "ab c d"),
        ("  spaced   out ", "spaced out"),
        ("مرحبا", "مرحبا"),  # other scripts are text like any other
        ("{{7*7}}<b>", "{{7*7}}<b>"),  # markup is not touched here: escaping is the template's work
        ("", ""),
    ],
)
def test_foreign_text_is_made_printable(text, printed):
    assert safe(text) == printed


def test_long_text_is_cut():
    assert len(safe("x" * 1_000_000)) == 600
    assert name("A very long name of a seller that goes on and on and on").endswith("…")
    assert name(None) == "–"
