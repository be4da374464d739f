"""The share of the weights on a statement: printed so that a reader who multiplies it gets the printed part."""

import re
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

import pytest
from royalty_support import MARCH
from statement_support import FIGURES, OFFICE, RULES, cents, facts_of, lines, plain, publish

from pipeline.analyses.royalty_rules import Pool
from pipeline.statements.figures import statements_of
from pipeline.statements.part import part_explained, printed_share


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return publish(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
def make(published):
    return statements_of(facts_of(published), OFFICE, is_draft=True)


#: `Share × ZAR 6 000.00, which the cap leaves of the pool of ZAR 10 000.00: 1 234.5678, rounded up`
PRODUCT = re.compile(r"Share × (?:pool of )?ZAR ([0-9 ]+[.][0-9]{2})[,:].*?([0-9 ]+[.][0-9]{4}), rounded")


def amount(text):
    return Decimal(text.replace(" ", ""))


def assert_the_product_is_the_printed_one(statement):
    found = lines(statement)
    pool, product = (amount(text) for text in PRODUCT.match(plain(found["Part of the pool"].how)).groups())
    share = next(line.numbers[0] for label, line in found.items() if label.startswith("Share "))
    printed = Decimal(plain(share).removesuffix(" %")) / 100 * pool
    assert printed.quantize(product, ROUND_HALF_UP) == product
    assert abs(product - Decimal(cents(found["Part of the pool"].numbers[1])) / 100) < Decimal("0.01")


@pytest.mark.parametrize("seller", FIGURES)
def test_the_printed_share_of_the_printed_pool_is_the_printed_product(make, seller):
    if seller in ("PLAIN", "SMALL", "LATE", "QUIET"):
        assert_the_product_is_the_printed_one(make(seller))
    else:
        assert "Share ×" not in lines(make(seller))["Part of the pool"].how, "capped, or without a part"


@pytest.mark.parametrize("pool_cents", [1_000_000, 4_968_027, 99])
def test_the_printed_product_is_right_without_a_cap_too(tmp_path, pool_cents):
    rules = RULES.model_copy(update={"cap_share": Decimal(1), "pool": Pool(kind="fixed", amount_cents=pool_cents)})
    make = statements_of(facts_of(publish(tmp_path, rules=rules)), OFFICE, is_draft=True)
    for seller in ("TOP", "PLAIN", "SMALL", "LATE", "QUIET"):
        assert "of 5 sellers taking part" in lines(make(seller))["Share of all weights"].how
        assert_the_product_is_the_printed_one(make(seller))


@pytest.mark.parametrize(
    ("share", "pool_cents", "quota_cents", "printed"),
    [
        ("0.000172457256501", 4_968_027, "856.772306641", "0.0172457"),
        # 0.7605340 % would give 377.8353.
        ("0.007605340364705", 4_968_027, "37783.536276043", "0.76053404"),
        ("0.5", 1_000_000, "500000", "50.0000000"),
        ("0.5", 1_000_000, "400000", "50.0000000"),  # capped: the share did not make the quota
    ],
)
def test_a_share_has_the_decimals_that_its_product_needs(share, pool_cents, quota_cents, printed):
    assert printed_share(Decimal(share), pool_cents, Decimal(quota_cents)) == printed


def test_a_seller_without_weight_beside_equal_parts_has_none_of_the_weights(published):
    """Who is rated 1 star by everybody weighs nothing without a prior, and equal parts leave nothing to share."""
    facts = facts_of(published)
    for who, (row,) in facts.royalties.items():
        row["is_capped"] = who != "PLAIN"
    facts.royalties["PLAIN"][0].update(weight=Decimal(0), share=Decimal(0), quota_cents=Decimal(0), rounding_cents=0)
    paid = facts.paid[MARCH]
    facts.paid[MARCH] = replace(paid, rest_cents=0, rest_takers=1, rest_weight=Decimal(0))
    found = {line.label: line for line in part_explained(facts, facts.royalties["PLAIN"][0])}
    assert plain(found["Share of all weights"].numbers[0]) == "0.0000000 %"
    assert plain(found["Part of the pool"].how) == "Share × pool of ZAR 10 000.00: 0.0000, rounded down"
