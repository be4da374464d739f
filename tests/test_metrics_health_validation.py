"""Whether the health bands foretell who buys again (METRICS.md A27), through the SQL itself."""

import pytest
from customers_support import bought, weigh
from metrics_support import marketplace


@pytest.fixture
def market():
    with marketplace() as made:
        yield made


def bands(market, bought_again, sizes=(10, 10, 10), ordered_at="2025-01-15 12:00"):
    """So many customers with five, three and one stars, of whom so many came again in the first quarter."""
    for stars, size, again in zip((5, 3, 1), sizes, bought_again, strict=True):
        for number in range(size):
            buyer = f"B{stars}-{number}"
            bought(market, buyer, "2024-12-01").add(
                "reviews", buyer_id=buyer, rating=stars, created_at="2024-12-05 10:00"
            )
            if number < again:
                market.add("sales", buyer_id=buyer, ordered_at=ordered_at)
    weigh(market, satisfaction=1).plan("2025-Q1", "2025-Q2").build("metrics.health_validation")
    return market


def validation(market, column, period="2025-Q1"):
    rows = market.rows(f"select band, {column} from metrics.health_validation where period_id = ?", period)
    found = dict(rows)
    return [found[band] for band in ("healthy", "watch", "at_risk")]


@pytest.mark.parametrize(
    ("bought_again", "is_ordered"),
    [
        pytest.param((5, 3, 1), True, id="as-it-should-be"),
        pytest.param((3, 5, 1), False, id="the-healthy-buy-less-than-the-watched"),
        pytest.param((5, 1, 3), False, id="those-at-risk-buy-more-than-the-watched"),
        pytest.param((3, 3, 3), False, id="the-score-says-nothing"),
        pytest.param((3, 3, 1), False, id="nothing-between-the-upper-bands"),
        pytest.param((5, 3, 3), False, id="nothing-between-the-lower-bands"),
    ],
)
def test_a27_the_bands_must_foretell_who_buys_again(market, bought_again, is_ordered):
    bands(market, bought_again)
    assert validation(market, "customers") == [10, 10, 10]
    assert validation(market, "bought") == list(bought_again)
    assert validation(market, "share") == [count / 10 for count in bought_again]
    assert validation(market, "is_ordered") == [is_ordered] * 3
    assert validation(market, "reason") == [None] * 3
    assert all(low < count / 10 < high for count, low, high in zip(
        bought_again, validation(market, "low"), validation(market, "high"), strict=True
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("ordered_at", "again"),
    [("2025-01-01 00:00", 5), ("2025-03-31 23:59", 5), ("2025-04-01 00:00", 0), ("2024-12-31 23:59", 0)],
)
def test_a27_buying_again_is_buying_in_the_quarter(market, ordered_at, again):
    assert validation(bands(market, (5, 5, 5), ordered_at=ordered_at), "bought") == [again] * 3


@pytest.mark.parametrize(
    ("sizes", "reasons"),
    [
        pytest.param((9, 10, 10), ["suppressed", None, None], id="nine-are-too-few"),
        pytest.param((10, 10, 0), [None, None, "no_data"], id="nobody-at-risk"),
    ],
)
def test_a27_without_all_three_bands_there_is_no_verdict(market, sizes, reasons):
    bands(market, tuple(min(3, size) for size in sizes), sizes)
    assert validation(market, "reason") == reasons
    assert validation(market, "share") == [None if reason else 0.3 for reason in reasons]
    assert validation(market, "is_ordered") == [None] * 3


def test_a27_a_quarter_that_has_not_ended_validates_nothing(market):
    bands(market, (5, 3, 1))
    assert validation(market, "reason", "2025-Q2") == ["immature"] * 3
    assert validation(market, "bought", "2025-Q2") == validation(market, "is_ordered", "2025-Q2") == [None] * 3
