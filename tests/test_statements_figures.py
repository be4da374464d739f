"""What a statement says: the reckoning to the cent, and the sentences that speak of it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from royalty_support import JANUARY, MARCH
from statement_support import FIGURES, OFFICE, RULES, cents, facts_of, lines, plain, publish

from pipeline.errors import DeliveryMissing, UserError
from pipeline.statements.figures import breakable, statements_of
from pipeline.statements.royalty import DoesNotAddUp, account_of


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return publish(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
def make(published):
    return statements_of(facts_of(published), OFFICE, is_draft=True)


@pytest.fixture(scope="module")
def quarterly(published):
    return statements_of(facts_of(published, "2025-Q1"), OFFICE, is_draft=True)


@pytest.mark.parametrize("seller", FIGURES)
@pytest.mark.parametrize("which", ["make", "quarterly"])
def test_every_row_adds_up_to_the_payout(seller, which, request):
    statement = request.getfixturevalue(which)(seller)
    found = lines(statement)
    columns = range(1, 2) if which == "make" else range(len(statement.reckoning.columns))
    for column in columns:
        part, brought, corrections, balance, payout, carried = (
            cents(found[label].numbers[column] or "0")
            for label in (
                "Part of the pool", "+ Brought forward", "+ Corrections of earlier periods", "= Balance", "Payout",
                "Carried on",
            )
        )  # fmt: skip
        assert part + brought + corrections == balance == payout + carried
    assert cents(statement.amount) == statement.payout.cents == payout


@pytest.mark.parametrize(
    ("seller", "status", "says"),
    [
        (
            "TOP",
            "paid",
            "Your part of the pool of ZAR 10 000.00 is ZAR 4 000.00, rank 1 of 5 sellers taking part, held at the cap "
            "of 40 %; it is paid in full.",
        ),
        ("SMALL", "held", "ZAR 25.37 is held until the balance reaches ZAR 100.00."),
        ("DEBIT", "nothing", "You have no part in the pool of March 2025: no net sales in the period."),
        ("LATE", "overpaid", "stays overpaid and is set against later royalties."),
        (
            "FEW",
            "nothing",
            "You have no part in the pool of March 2025: 3 ratings in the last twelve months, and 5 are needed.",
        ),
        ("BARRED", "nothing", "You have no part in the pool of March 2025: the account was not in good standing."),
    ],
)
def test_the_message_says_what_became_of_the_money(make, seller, status, says):
    statement = make(seller)
    assert statement.payout.status == status
    assert says in plain(statement.message)


def test_the_factors_are_those_of_the_table_and_their_product_is_the_weight(make):
    found = lines(make("PLAIN"))
    net = Decimal(cents(found["Net sales"].numbers[1])) / 100
    factors = [Decimal(found[label].numbers[0]) for label in ("× Quality", "× Engagement")]
    assert abs(net * factors[0] * factors[1] - Decimal(cents(found["= Weight"].numbers[1])) / 100) < Decimal("0.01")
    assert "20 ratings in 12 months (4.20) and 20 more at" in found["× Quality"].how
    assert "6 of 10 answered in 48 h" in found["× Engagement"].how
    assert plain(found["Share below the cap"].how) == "Of the weights of 4 sellers below the cap"
    assert "which the cap leaves of the pool of ZAR 10 000.00" in plain(found["Part of the pool"].how)


def test_refunds_above_sales_are_shown_and_carried(make):
    found = lines(make("DEBIT"))
    assert plain(found["Refunds brought forward"].numbers[1]) == "−500.00"
    assert plain(found["Net sales that count"].numbers[1]) == "0.00"
    assert [condition.missing for condition in make("DEBIT").conditions if condition.missing] == [
        "more than ZAR\u00a0100.00 of sales"
    ]
    assert "Refunds of ZAR 100.00 above your sales" in plain(" ".join(make("DEBIT").reckoning.notes))


@pytest.mark.parametrize(
    ("seller", "missing"),
    [("FEW", ["", "2 ratings more", ""]), ("BARRED", ["", "", "an active account"]), ("TOP", [])],
)
def test_who_takes_no_part_reads_what_is_missing(make, seller, missing):
    assert [condition.missing for condition in make(seller).conditions] == missing


def test_corrections_name_the_period_that_they_correct(make, quarterly):
    line = lines(make("LATE"))["+ Corrections of earlier periods"]
    assert (line.how == "") == (line.numbers[1] == "0.00")
    corrected = lines(quarterly("LATE"))["+ Corrections of earlier periods"]
    assert any(cents(number) < 0 for number in corrected.numbers)
    assert "Since corrected by" in " ".join(quarterly("LATE").reckoning.notes)


def test_what_would_have_been(make):
    answered, ratings, caveat = make("PLAIN").what_if
    assert plain(answered).startswith(
        "With all 10 reviews and inquiries answered within 48 h (6 were), your part would"
    )
    assert "and the payout ZAR" in plain(answered)
    assert plain(ratings).startswith("With 10 more ratings of 5 stars")
    assert "Not a promise" in caveat
    assert "the same, ZAR 4 000.00" in plain(make("TOP").what_if[0])
    assert plain(make("FEW").what_if[0]).startswith("With 2 more ratings of 5 stars in the 12 months, your part would")
    assert "not yet paid but held" in plain(make("SMALL").what_if[0])
    assert make("BARRED").what_if == make("DEBIT").what_if == ()


def test_the_scorecard_stands_on_the_right_side_of_a_target(make):
    scores = {score.title: score for score in make("TOP").scorecard.scores}
    answers = scores["Reviews answered within 48 h"]
    assert (answers.value, answers.unit, answers.target, answers.verdict) == ("94.96", "%", "95", "▼ missed, uncertain")
    assert scores["Average rating"].interval == "3.90 to 5.00"
    assert scores["Lines returned"].interval == "not due yet"
    assert {score.title: score.verdict for score in make("PLAIN").scorecard.scores}[
        "Reviews answered within 48 h"
    ] == "▲ met"
    assert "Not measured in this marketplace: inquiries answered within 48 h." in make("TOP").scorecard.notes


def test_uncertain_is_explained_where_it_is_printed(make, published):
    note = "Uncertain: the target lies within the interval."
    assert note in make("TOP").scorecard.notes
    assert not any("Uncertain" in line for line in make("PLAIN").scorecard.notes)
    facts = facts_of(published)
    answers = facts.values["TOP"]["review_response_48h"]
    facts.values["TOP"]["review_response_48h"] = replace(answers, low=None, high=None)
    notes = statements_of(facts, OFFICE, is_draft=True)("TOP").scorecard.notes
    assert "Uncertain: the target lies within the interval, or there is no interval." in notes


def test_suppressed_stays_suppressed(make):
    score = make("PLAIN").scorecard.scores[0]
    assert (score.value, score.cases, score.interval, score.market) == ("–", "2", "not shown", "4.07")
    assert any(note.startswith("Not shown: from too few cases") for note in make("PLAIN").scorecard.notes)
    assert {score.interval for score in make("QUIET").scorecard.scores} == {"no cases"}


def test_the_expertise_scale_says_what_is_missing(make):
    standing = make("TOP").standing
    assert standing.sentence == "Captain on Monday 2025-03-31. What keeps you from Superhero: average rating."
    assert [criterion.missing for criterion in standing.criteria] == ["met", "+0.01\u00a0stars", "met", "met"]
    assert standing.moves == "Last changes: ▲ Captain on 2025-03-03, from Conqueror."
    assert make("PLAIN").standing.sentence.startswith(
        "No status on Monday 2025-03-31. What keeps you from Conqueror: seniority and after-sales quality. Too few "
        "conversations"
    )
    assert make("PLAIN").standing.criteria[3].missing == "–"
    assert make("SMALL").standing.sentence == "Superhero on Monday 2025-03-31, the highest."
    assert "had not joined" in make("QUIET").standing.sentence


def test_after_sales_quality_is_the_mean_of_its_printed_parts(make):
    text = plain(make("TOP").standing.windows)
    assert text.startswith(
        "Ratings: all before 2025-03-31. After-sales quality: 96.0 %, the mean of 97.5 % (answered, "
    )
    assert "95.0 % (answered within 48 h, 38 of 40) and 95.5 % (votes on 10 messages, 1 as 0 and 5 as 100 %)" in text
    assert text.endswith("inquiries of the six months before 2025-03-31 without the last week.")
    assert make("PLAIN").standing.windows == "Ratings: all before 2025-03-31."


def test_unequal_weights_are_not_called_a_mean(published):
    facts = facts_of(published)
    facts.expertise["TOP"] = {**facts.expertise["TOP"], "quality_share": 0.97}
    text = statements_of(facts, OFFICE, is_draft=True)("TOP").standing.windows
    assert "97.0" in text and "by the office’s weights from 97.5" in text and "the mean of" not in text


def test_one_seller_alone_reads_as_among_all(published, make):
    for seller in FIGURES:
        alone = statements_of(facts_of(published, seller=seller), OFFICE, is_draft=True)
        assert alone(seller) == make(seller)


def test_a_quarter_of_months_shows_them_side_by_side(quarterly):
    statement = quarterly("TOP")
    assert statement.reckoning.columns == ("2025-01", "2025-02", "2025-03", "2025-Q1")
    assert plain(lines(statement)["Part of the pool"].numbers[-1]) == "12 000.00"
    assert "in March 2025: 3 ratings" in quarterly("FEW").message
    assert "× Quality" not in lines(quarterly("FEW"))
    assert lines(quarterly("SMALL"))["Net sales"].numbers[0] == ""


def test_a_period_that_is_not_closed_is_provisional(tmp_path):
    """A run that looks further than the deliveries reach posts nothing; here it looks back, from before a closing."""
    published = publish(tmp_path, as_of="2025-03-15")
    make = statements_of(facts_of(published, "2025-Q1"), OFFICE, is_draft=False)
    assert "So far: 2025-01 and 2025-02 of 2025-Q1." in make("TOP").reckoning.notes


def test_the_digest_seals_the_page(make, published):
    again = statements_of(facts_of(published), OFFICE, is_draft=True)("TOP")
    issued = statements_of(facts_of(published), OFFICE, is_draft=False)("TOP")
    assert again.digest == make("TOP").digest != issued.digest
    assert len(again.digest) == 16


def test_rows_that_do_not_add_up_are_refused(published):
    rows = facts_of(published).royalties["PLAIN"]
    account_of(rows)
    with pytest.raises(DoesNotAddUp, match="2025-03 does not add up"):
        account_of([{**rows[0], "payout_cents": rows[0]["payout_cents"] + 1}])


@pytest.mark.parametrize(
    ("period_id", "seller", "error", "says"),
    [
        ("2025-W09", "", UserError, "royalties are paid for months or quarters"),
        ("2024-01", "", DeliveryMissing, "they are paid for 2025-01 to 2025-03"),
        (MARCH, "PLAN", UserError, "did you mean PLAIN (Soweto Goods)?"),
        (MARCH, "soweto goods", UserError, "did you mean PLAIN (Soweto Goods)?"),
        (MARCH, "IDLE", UserError, "no sales, ratings or answers"),
        (JANUARY, "FEW", UserError, "'FEW' has no royalties in 2025-01"),
    ],
)
def test_what_cannot_be_had_is_said(published, period_id, seller, error, says):
    with pytest.raises(error) as caught:
        facts_of(published, period_id, seller)
    assert says in str(caught.value)


def test_a_month_of_an_office_that_pays_by_quarters(tmp_path):
    rules = RULES.model_copy(update={"pays": "quarter"})
    figures = {"A": {"2025-Q1": (1000, 40, 10, 5, 5)}, "B": {"2025-Q1": (1000, 40, 10, 5, 5)}}
    published = publish(tmp_path, figures=figures, rules=rules)
    with pytest.raises(DeliveryMissing, match=r"paid by quarters.*2025-Q1 holds this month"):
        facts_of(published, MARCH)
    statement = statements_of(facts_of(published, "2025-Q1"), OFFICE, is_draft=True)("A")
    assert statement.reckoning.columns == ("Factor", "ZAR")
    assert "the equal part, since 40 % for each would not use up the whole" in plain(statement.message)


def test_long_words_can_break_and_short_ones_stay():
    assert breakable("Soweto Goods") == "Soweto Goods"
    assert breakable("x" * 30) == "x" * 24 + "\u200b" + "x" * 6


def test_owner_and_brand_are_the_offices(published):
    office = OFFICE.model_copy(update={"owners": OFFICE.owners.model_copy(update={"royalties": "Jane Dlamini"})})
    statement = statements_of(facts_of(published), office, is_draft=True)("TOP")
    assert "Write to Jane Dlamini, SayPro" in statement.footer[1]
    assert replace(statement, digest="") != statement
