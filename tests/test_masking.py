"""What a quote must not show, however it is written, and what it may."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.masking import LONGEST_QUOTE, mask, quote


def masked(text):
    return mask(pl.Series([text]))[0]


def quoted(text):
    return quote(pl.Series([text]))[0]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param("write jane.doe+x@example.co.za!", "write [e-mail]!", id="plain"),
        pytest.param("Write JANE@EXAMPLE.COM, now", "Write [e-mail], now", id="capitals"),
        pytest.param("joão.silva@correio.com.br obrigado", "[e-mail] obrigado", id="letters-with-marks"),
        pytest.param("пишите иван@почта.рф", "пишите [e-mail]", id="Cyrillic"),
        pytest.param("ＪＡＮＥ＠example．com", "[e-mail]", id="full-width"),
        pytest.param("jane @ example.com", "[e-mail]", id="spaces-around-the-sign"),
        pytest.param("jane (at) example (dot) com", "[e-mail]", id="in-brackets"),
        pytest.param("jane[at]example.com", "[e-mail]", id="in-square-brackets"),
        pytest.param("jane at example dot com", "[e-mail]", id="in-words"),
        pytest.param("juan\u200b.perez@exa\u00admple.com", "[e-mail]", id="unseen-signs"),
        pytest.param("<jane@example.com>", "<[e-mail]>", id="in-angle-brackets"),
        pytest.param("ask @jane_doe.", "ask [handle].", id="handle"),
        pytest.param("see https://x.y/z?q=jane#1 ok", "see [link] ok", id="link"),
        pytest.param("HTTP://X.Y", "[link]", id="link-in-capitals"),
        pytest.param("www.jane-shop.example", "[link]", id="without-a-scheme"),
        pytest.param("wa.me/27821234567", "[link]", id="a-short-link-with-a-number"),
        pytest.param("jane-shop.co.za is better", "[link] is better", id="bare-domain"),
        pytest.param("在www.shop.com。好", "在[link]。好", id="beside-Han"),
        pytest.param("call +27 82 123 4567!", "call [number]!", id="telephone"),
        pytest.param("tel. (011) 555-1234", "tel. [number]", id="telephone-in-brackets"),
        pytest.param("tel:082.123.4567", "tel:[number]", id="telephone-with-dots"),
        pytest.param("0 8 2 1 2 3 4 5 6 7", "[number]", id="digit-by-digit"),
        pytest.param("0️⃣8️⃣2️⃣1️⃣2️⃣3️⃣4️⃣", "[number]", id="keycaps"),
        pytest.param("٠١٢٣٤٥٦٧٨٩", "[number]", id="Arabic-digits"),
        pytest.param("電話０８２－１２３－４５６７です", "電話[number]です", id="full-width-digits"),
        pytest.param("card 4111 1111-1111 1111", "card [number]", id="card"),
        pytest.param("GB82 WEST 1234 5698 7654 32", "[number]", id="account-in-groups"),
        pytest.param("gb82west12345698765432", "[number]", id="account-in-one"),
        pytest.param("CPF 123.456.789-09", "CPF [number]", id="identity"),
        pytest.param("order #1234", "order [number]", id="order-with-its-sign"),
        pytest.param("order 10234 and ZA-10234", "order [number] and [number]", id="order-of-five-digits"),
        pytest.param("O000123", "[number]", id="order-with-a-letter"),
        pytest.param("SP1234", "[number]", id="letters-then-four-digits"),
        pytest.param("1a2b3c4d", "[number]", id="letters-and-digits-mixed"),
        pytest.param("e481f51cbdc54678b7cc49136f2d6af7", "[number]", id="hexadecimal"),
        pytest.param("192.168.0.1", "[number]", id="address-of-a-machine"),
    ],
)
def test_what_could_name_a_person_is_masked(text, left):
    assert masked(text) == left


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Arrived 12/03/2018, promised 01/03.", id="dates"),
        pytest.param("In 2018 it cost R 1500, 24/7, 50 %, 3.5 of 5", id="years-and-small-numbers"),
        pytest.param("iPhone 6s, PS4, J700", id="names-of-things"),
        pytest.param("He was at home at 10", id="at"),
        pytest.param("chegou.Recomendo muito, obrigado(a) pela atenção", id="forgotten-space"),
        pytest.param("Two for 10, 20, 30, 40.", id="a-list"),
        pytest.param("质量很好，三天就到了", id="Han"),
        pytest.param("bom/ruim", id="slash"),
    ],
)
def test_what_says_nothing_of_a_person_stays(text):
    assert masked(text) == text


def test_instead_stands_for_every_kind():
    texts = pl.Series(["a jane@example.com b www.x.example c @jane d 0821234567 e", None])
    assert mask(texts, "\n").to_list() == ["a \n b \n c \n d \n e", None]


def test_a_quote_is_one_line_without_signs_that_turn_it_around():
    assert quoted("  Bad\r\n\n quality \u202eobserver\u202c\x07\t! ") == "Bad quality observer !"


def test_a_control_sign_hides_no_number():
    assert quoted("call 082\x07123\u202e4567 now") == "call [number] now"


def test_a_long_quote_is_cut_at_a_word():
    text = "packaging " * 40
    assert quoted(text) == ("packaging " * 24).strip() + "…"
    assert quoted("a" + text) == ("a" + "packaging " * 23).strip() + "…"


def test_a_quote_of_the_greatest_length_is_whole():
    assert quoted("x" * LONGEST_QUOTE) == "x" * LONGEST_QUOTE
    assert quoted("x" * (LONGEST_QUOTE + 1)) == "x" * (LONGEST_QUOTE - 1) + "…"


def test_a_text_without_spaces_is_cut_too():
    assert quoted("很" * 400) == "很" * (LONGEST_QUOTE - 1) + "…"


@pytest.mark.parametrize("before", range(LONGEST_QUOTE - 30, LONGEST_QUOTE + 2))
def test_no_half_of_an_address_is_left_by_the_cut(before):
    assert "jane" not in quoted("x" * before + " jane.doe@example.com and more of it " + "y" * 300)


@given(st.text(max_size=600))
def test_every_text_fits(text):
    cut = quoted(text)
    assert len(cut) <= LONGEST_QUOTE + len("[e-mail]") and "\n" not in cut


@given(st.text(max_size=60), st.text(max_size=60))
def test_an_address_is_never_left_whole(before, after):
    assert "jane.doe@example.com" not in masked(f"{before} jane.doe@example.com {after}")
