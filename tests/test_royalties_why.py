"""What a royalty would have been (METRICS.md A24): counterfactuals to the cent, from the published table alone."""

from fractions import Fraction

import pytest
from metrics_support import marketplace
from test_royalties import RULES, TABLE_OF_A24

from pipeline.analyses.royalty_weights import Market, Seller
from pipeline.analyses.royalty_why import Change, Moved, counterfactual, from_published

#: C = 4.2 and r0 = 0.8 as in A24, of a marketplace as large as its sellers.
MARKET = Market(rating_sum=4200, rating_count=1000, answered=800, mature=1000)
SELLERS = [Seller(*row[:6]) for row in TABLE_OF_A24]


def by_hand(ratings=0, answers=0, who="S2"):
    """The quota of A24's seller with more ratings of 5 stars and more answers, by the definition."""
    c = Fraction(4200 + 5 * ratings, 1000 + ratings)
    r0 = Fraction(800 + answers, 1000)
    weights = {}
    for seller, net, total, n, answered, mature, *_ in TABLE_OF_A24:
        if seller == who:
            total, n, answered = total + 5 * ratings, n + ratings, answered + answers
        if n >= 5 and net > 0:
            b, rho = (20 * c + total) / (20 + n), (10 * r0 + answered) / (10 + mature)
            weights[seller] = net * (b - 1) / 4 * (1 + rho) / 2
    return 1_000_000 * weights[who] / sum(weights.values())


@pytest.mark.parametrize(
    ("who", "change", "start", "quota"),
    [
        pytest.param("S2", Change(), 266_129, by_hand(), id="nothing"),
        pytest.param("S2", Change(five_star_ratings=10), 266_129, by_hand(ratings=10), id="ten-more-of-5-stars"),
        pytest.param("S2", Change(answers_all=True), 266_129, by_hand(answers=4), id="all-answered"),
        pytest.param("S2", Change(10, True), 266_129, by_hand(10, 4), id="both"),
        pytest.param("S3", Change(five_star_ratings=1), 0, by_hand(1, who="S3"), id="the-fifth-rating"),
        pytest.param("S4", Change(10, True), 0, 0, id="without-sales"),
        pytest.param("S1", Change(answers_all=True), 586_718, by_hand(answers=5, who="S1"), id="the-largest"),
    ],
)
def test_a24_what_would_have_been(who, change, start, quota):
    moved = counterfactual(SELLERS, MARKET, 1_000_000, RULES, who, change)
    assert moved.from_cents == start
    assert abs(moved.to_cents - quota) < 1
    assert (moved.to_cents > start) == (change != Change() and who != "S4")


def test_a_seller_without_figures_has_none():
    with pytest.raises(KeyError, match="S9"):
        counterfactual(SELLERS, MARKET, 1_000_000, RULES, "S9", Change())


def test_from_the_published_table():
    """What was allocated comes out again, and a suspended seller stays at nothing however good the ratings."""
    with marketplace() as market:
        market.add("sellers", seller_id="A5", status="suspended")
        for number in range(7):
            who = f"A{number}"
            market.add("sales", seller_id=who, amount_cents=10_000 * (number + 1))
            market.add("reviews", 3 if who == "A5" else 6, seller_id=who, rating=1 + number % 5, response_at=None)
        market.plan("2025-01").build("metrics.royalties")
        found = market.con.execute("select * from metrics.royalties order by rank")
        columns = [column[0] for column in found.description]
        rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    rows.append({"seller_id": "late", "reason": "not_known_at_closing"})
    people, market, pool, rules = from_published(rows)
    assert market == Market(105, 39, 0, 39)
    for row in rows[:-1]:
        moved = counterfactual(people, market, pool, rules, row["seller_id"], Change(five_star_ratings=10))
        assert moved.from_cents == row["allocation_cents"]
        if row["seller_id"] == "A5":
            assert moved == Moved(0, 0)
    with pytest.raises(ValueError, match="no royalties"):
        from_published([])
