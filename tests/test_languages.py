"""Numbers as a locale writes them, from CLDR; dates, codes and sentences stay what they are."""

import re

import pypdf
import pytest
from report_support import OFFICE, REPORT_MONTH, make_published
from royalty_support import MARCH
from statement_support import OFFICE as STATEMENT_OFFICE
from statement_support import publish

from pipeline import charts, periods
from pipeline.errors import BadConfiguration
from pipeline.figures import report_figures
from pipeline.figures.model import StackChart, Table
from pipeline.figures.numbers import change_with_unit, goal, money, notation, number, plural, printed_in, scale_of
from pipeline.locales import HOUSE, notation_of
from pipeline.render import aligned, render_html
from pipeline.reporting import write_report
from pipeline.settings import DataFolder, Office, load_office
from pipeline.statements.figures import statements_of
from pipeline.statements.reading import read_facts

THIN = "\u202f"
SHARE, COUNT = scale_of("share", "ZAR"), scale_of("count", "ZAR")


@pytest.mark.parametrize(
    ("locale", "printed", "money_printed"),
    [
        ("en", f"−12{THIN}345.60", f"ZAR\u00a01{THIN}234{THIN}567.89"),
        ("en_US", "−12,345.60", "ZAR\u00a01,234,567.89"),
        ("en_ZA", f"−12{THIN}345,60", f"ZAR\u00a01{THIN}234{THIN}567,89"),
        ("de", "−12.345,60", "ZAR\u00a01.234.567,89"),
        ("de_CH", "−12’345.60", "ZAR\u00a01’234’567.89"),
        ("fr", f"−12{THIN}345,60", f"ZAR\u00a01{THIN}234{THIN}567,89"),
        ("pt", "−12.345,60", "ZAR\u00a01.234.567,89"),
        ("pt_BR", "−12.345,60", "ZAR\u00a01.234.567,89"),
        ("pt_PT", f"−12{THIN}345,60", f"ZAR\u00a01{THIN}234{THIN}567,89"),
        ("hi", "−12,345.60", "ZAR\u00a012,34,567.89"),  # lakhs
        ("ar", "−12,345.60", "ZAR\u00a01,234,567.89"),  # CLDR's default digits of plain Arabic are Latin ones
        ("ar_MA", "−12.345,60", "ZAR\u00a01.234.567,89"),
        ("ar_EG", "\u200e−١٢٬٣٤٥٫٦٠", "ZAR\u00a0\u200e١٬٢٣٤٬٥٦٧٫٨٩"),
        ("fa", "\u200e−۱۲٬۳۴۵٫۶۰", "ZAR\u00a0\u200e۱٬۲۳۴٬۵۶۷٫۸۹"),
        ("mr", "−१२,३४५.६०", "ZAR\u00a0१२,३४,५६७.८९"),
    ],
)
def test_numbers_are_written_as_the_locale_does(locale, printed, money_printed):
    with printed_in(locale):
        assert number(-12345.6, 2) == printed
        assert money(123456789, "ZAR") == money_printed


@pytest.mark.parametrize("value", [0, 1, 12, 999, 1000, 12_345, 999_999, 1_000_000, 123_456_789])
def test_the_house_style_groups_in_threes(value):
    assert number(value) == f"{value:,}".replace(",", THIN)
    assert number(value, 2) == f"{value:,.2f}".replace(",", THIN)


def test_units_signs_and_percent_stay_where_reports_have_them():
    with printed_in("de"):
        assert change_with_unit(1180.0, 1000.0, COUNT) == f"+18,0{THIN}%"
        assert change_with_unit(0.912, 0.917, SHARE) == f"−0,5{THIN}pp"
        assert (goal(0.925, SHARE), goal(100_000, COUNT)) == (f"92,5{THIN}%", "100.000")
        assert plural(1234, "review") == "1.234 reviews"
        assert number(-0.04, 1) == "0,0", "never a minus zero"
        assert number(2.675, 2) == "2,68", "half up as everywhere"


def test_a_locale_holds_for_what_runs_inside_it_only():
    with printed_in("de"):
        with printed_in("fr"):
            assert number(1234.5, 1) == f"1{THIN}234,5"
        assert number(1234.5, 1) == "1.234,5"
        with pytest.raises(RuntimeError), printed_in("en_US"):
            raise RuntimeError
        assert number(1234.5, 1) == "1.234,5", "after an error too"
    assert notation() is HOUSE
    assert number(1234.5, 1) == f"1{THIN}234.5"


@pytest.mark.parametrize(
    ("locale", "text", "decimals", "padded"),
    [
        ("de", "4,17", 2, "4,17"),
        ("de", "90,8", 2, "90,8\u2007"),
        ("de", "38.900", 2, "38.900\u2008\u2007\u2007"),  # the point parts thousands: it is no decimal
        ("de", "1.234,5", 2, "1.234,5\u2007"),
        ("fr", f"1{THIN}234", 1, f"1{THIN}234\u2008\u2007"),
        ("ar_EG", "٩٠٫٨", 2, "٩٠٫٨\u2007"),
        ("de", "–", 2, "–"),
    ],
)
def test_columns_align_on_the_locales_decimal_sign(locale, text, decimals, padded):
    with printed_in(locale):
        assert aligned(text, decimals) == padded


def test_charts_print_the_locales_digits_and_are_drawn_again_for_another():
    shares = ((0.05, 0.05, 0.05, 0.1, 0.75),)
    chart = StackChart("t", "a", tuple("abcde"), ("Jan",), shares, Table("t", (), ()))
    with printed_in("ar_EG"):
        assert "\u200e٧٥<" in charts.svg(chart, "#1f4e79")
    assert ">75<" in charts.svg(chart, "#1f4e79")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('locale = "xx_YY"', "locale = 'xx_YY': Value error, not a locale that CLDR knows"),
        ('locale = "german"', "not a locale"),
        ('locale = "../de"', "not a locale"),
        ('locale = ""', "locale"),
        ('locale = "my"', "digits of the system 'mymr', which no bundled font has"),
        ("locale = 4", "locale = 4"),
    ],
)
def test_a_locale_that_cannot_be_printed_is_refused(line, said, tmp_path):
    folder = DataFolder(tmp_path)
    folder.prepare()
    (folder.config / "office.toml").write_text(line, encoding="utf-8")
    with pytest.raises(BadConfiguration, match=re.escape(said)):
        load_office(folder)


@pytest.mark.parametrize(
    "locale", ["en", "de", "fr", "pt", "pt_BR", "en_ZA", "ar", "ar_EG", "fa", "hi", "ja", "he", "th"]
)
def test_the_locales_that_offices_ask_for_are_known(locale):
    assert Office(locale=locale).locale == locale
    assert all(mark in "0٠۰०" for mark in notation_of(locale).zero)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return make_published(tmp_path_factory.mktemp("published"))


def _words(html: str) -> list[str]:
    """What a reader reads, without hashes, which differ as the figures' texts do."""
    text = re.sub(r"<[^>]+>", " ", re.sub(r"<(style|svg).*?</\1>", " ", html, flags=re.DOTALL))
    return re.split(r"[ \n]+", re.sub(r"\b[0-9a-f]{8,64}\b", "", text))  # not at the blanks within numbers


@pytest.mark.parametrize("period_id", ["2026-03", "2026-Q1", "2026-W12"])
def test_a_german_report_says_the_same_numbers_as_the_english_one(period_id, sample_office):
    """Every number of the English report, with German marks between its digits, and nothing else is another."""
    english, german = (
        _words(render_html(report_figures(sample_office.published, office, periods.parse(period_id))))
        for office in (OFFICE, OFFICE.model_copy(update={"locale": "de"}))
    )
    text = "\0".join(english)
    text = re.sub(r"(?<!§\d)(?<=\d)\.(?=\d)", "\1", text)  # a section of a document is no number
    text = re.sub(rf"(?<=\d){THIN}(?=\d{{3}})", ".", text).replace("\1", ",")
    assert len(german) > 500
    assert text.split("\0") == german


def test_a_german_report_is_printed_whole(published, tmp_path):
    report = write_report(published, OFFICE.model_copy(update={"locale": "de"}), periods.parse(REPORT_MONTH), tmp_path)
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(report.pdf).pages)
    assert report.pages == 6
    assert "ZAR" in text and "2026-03" in text, "codes and dates stay"
    assert "4,17" in text and "38.900" in text


def test_statements_are_written_in_the_offices_locale(tmp_path):
    published = publish(tmp_path)
    facts = read_facts(published, periods.parse(MARCH))
    who = next(iter(facts.sellers))
    english = statements_of(facts, STATEMENT_OFFICE, is_draft=True)(who)
    german = statements_of(facts, STATEMENT_OFFICE.model_copy(update={"locale": "de"}), is_draft=True)(who)
    assert german.amount == english.amount.replace(".", "\0").replace(THIN, ".").replace("\0", ",") != english.amount
    assert notation() is HOUSE, "made one by one, and nothing is left set between them"
