"""Olist, loaded whole: the counts and means that the data set is known by. Skipped where the data are not."""

import pytest
from intake_support import SHARED, Desk

from pipeline.intake import take_in_platform
from pipeline.intake.adapters import office_settings
from pipeline.settings import DataFolder, load_office

OLIST = SHARED / "data" / "olist"


@pytest.fixture(scope="module")
def olist(tmp_path_factory) -> Desk:
    if not OLIST.exists():
        pytest.skip(f"{OLIST} is not here: Olist's data are no part of the repository")
    root = tmp_path_factory.mktemp("olist")
    DataFolder(root).prepare(office_settings=office_settings("olist"))
    desk = Desk(root)
    desk.office = load_office(desk.folder)
    assert (desk.office.time_zone, desk.office.currency) == ("America/Sao_Paulo", "BRL")
    result = take_in_platform(desk.con, desk.folder, desk.office, "olist", OLIST, progress=desk.said.append)
    assert result.refused == ()
    assert [o.message for o in result.skipped] == ["not used: amounts are taken from the order's items"]
    return desk


def test_t20_no_record_is_lost(olist):
    found = olist.query("select export, rows_in, accepted, superseded, rejected from ledger.files order by export")
    assert found == [
        ("olist.category_names", 71, 71, 0, 0),
        ("olist.customers", 99_441, 99_441, 0, 0),
        ("olist.orders", 99_441, 99_441, 0, 0),
        ("products", 32_951, 32_951, 0, 0),
        ("reviews", 99_224, 99_207, 0, 17),
        ("sales", 112_650, 112_650, 0, 0),
        ("sellers", 3_095, 3_095, 0, 0),
    ]


def test_the_rejected_reviews_lack_their_date(olist):
    assert olist.query("select column_name, rule, count(distinct line) from ledger.rejects group by all") == [
        ("created_at", "required", 17)
    ]
    assert olist.query("select min(line), max(line) from ledger.rejects") == [(22_874, 93_791)]


@pytest.mark.parametrize(
    ("month", "reviews", "mean"),
    [
        ("2017-01", 239, 4.3389),
        ("2017-02", 1_413, 4.2810),
        ("2017-03", 2_480, 4.0343),
        ("2017-06", 3_440, 4.1276),
        ("2017-11", 4_784, 4.1158),
        ("2017-12", 7_979, 3.9322),
    ],
)
def test_months_of_reviews_are_the_known_ones(olist, month, reviews, mean):
    """By the local day of creation, each review once however many sellers its order has."""
    found = olist.query(
        "select count(*), round(avg(rating), 4) from (select distinct review_id, rating, created_at from raw.reviews) "
        f"where strftime(timezone('America/Sao_Paulo', timezone('UTC', created_at)), '%Y-%m') = '{month}'"
    )
    assert found == [(reviews, mean)]


def test_reviews_stand_once_for_each_seller_and_without_one_where_there_is_none(olist):
    assert olist.query(
        "select count(distinct review_id), count(distinct (review_id, seller_id)), count(*) from raw.reviews"
    ) == [(99_207, 100_550, 100_550)]
    assert olist.query("select count(*) from raw.reviews where seller_id is null") == [(757,)]
    assert olist.query("select rule, rows from ledger.anomalies") == [("seller_named", 757)]


def test_nothing_is_called_an_answer_of_the_sellers(olist):
    (columns,) = olist.query("select columns from ledger.files where export = 'reviews'")[0]
    assert not [name for name in columns if name.startswith("response")]
    assert olist.query("select count(response_at) from raw.reviews") == [(0,)]


def test_money_is_exact_and_dates_are_local(olist):
    """Against the decimal texts of the files themselves, summed by the engine as decimals."""
    cents, shipping = olist.query("select sum(amount_cents), sum(shipping_cents) from raw.sales")[0]
    assert (cents, shipping) == (1_359_164_370, 225_190_954)
    (ordered, promised) = olist.query(
        "select ordered_at::varchar, promised_at::varchar from raw.sales "
        "where order_id = 'e481f51cbdc54678b7cc49136f2d6af7'"
    )[0]
    assert (ordered, promised) == ("2017-10-02 13:56:33", "2017-10-19 01:59:59")


def test_people_are_buyers_and_stay_unknown(olist):
    assert olist.query("select count(distinct buyer_id) from raw.sales") == [(95_420,)]
    assert olist.query("select max(length(buyer_id)), min(length(buyer_id)) from raw.reviews") == [(32, 32)]


def test_states_and_categories_are_ours(olist):
    assert dict(olist.query("select status, count(distinct order_id) from raw.sales group by all")).keys() == {
        "delivered",
        "shipped",
        "paid",
        "pending",
        "cancelled",
    } - {"pending"}
    assert olist.query("select count(*) from raw.sales where category = 'uncategorised'") == [(1_603,)]
    assert olist.query("select count(*) from raw.sales where category = 'health_beauty'") == [(9_670,)]
