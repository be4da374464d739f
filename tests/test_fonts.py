"""Names in every script: which font shows them, that they are shaped on paper, and that they are never cut in two."""

import io
import unicodedata

import pikepdf
import pytest
from fontTools.ttLib import TTFont

from pipeline.figures.graphemes import clusters
from pipeline.figures.numbers import name, safe
from pipeline.fonts import FAMILIES, FONTS, INTER, OTHERS, lacking, points_of, printable
from pipeline.pdf import render_pdf
from pipeline.screen import font_faces
from pipeline.statements.figures import breakable

FAMILY, TONED = "👨‍👩‍👧‍👦", "👍🏽"

#: A name in each script, and the family that must show it; '' is Inter itself.
NAMES = {
    "متجر الأناقة للملابس": "Noto Sans Arabic",
    "فروشگاه می‌خواهم کتاب": "Noto Sans Arabic",
    "חנות הספרים של יעל": "Noto Sans Hebrew",
    "नमस्ते हस्तशिल्प भंडार": "Noto Sans Devanagari",
    "ร้านขายของชำน้ำใจ": "Noto Sans Thai",
    "北京东方商店有限公司": "Noto Sans CJK SC",
    "臺灣繁體龍鳳書店": "Noto Sans CJK SC",
    "株式会社さくらカメラ": "Noto Sans CJK SC",
    "서울 전자상가 뷁": "Noto Sans CJK SC",
    f"{FAMILY}{TONED}🇿🇦🛒": "Noto Emoji",
    "Магазин «Берёзка»": "",
    "Κατάστημα Αθηνά": "",
    "Cửa hàng Việt, Łódź, Đorđe": "",
}


@pytest.mark.parametrize(("text", "family"), NAMES.items())
def test_every_script_has_a_font_that_shows_it(text, family):
    assert safe(text) == unicodedata.normalize("NFC", text), "nothing is taken out of it"
    assert printable(text) == text, "and nothing becomes a box"
    foreign = {letter for letter in lacking(text) if letter not in "\u200c\u200d"}
    assert bool(foreign) == bool(family)
    assert not family or {ord(letter) for letter in foreign} <= points_of(family)


def test_what_no_font_has_becomes_a_box():
    assert printable("Å ▲ − \u202f ★ \U0001e900 ꦏ\n") == "Å ▲ − \u202f ★ □ □\n"


@pytest.mark.parametrize("file", [name for files in (INTER, *OTHERS.values()) for name in files.values()])
def test_every_font_has_a_blank_and_says_its_weight(file):
    """The engine sets a blank in the font of the word before it, and finds a weight by what the file says of itself."""
    with TTFont(FONTS / file, lazy=True) as font:
        assert 0x20 in font.getBestCmap()
        weight = {"Regular": 400, "Medium": 500, "SemiBold": 600}[file.partition(".")[0].rpartition("-")[2]]
        assert font["OS/2"].usWeightClass == weight
        assert font["OS/2"].fsType == 0, "may be embedded"


def test_every_family_is_there_with_its_licence_and_within_the_budget():
    files = {name for group in (INTER, *OTHERS.values()) for name in group.values()}
    assert {path.name for path in FONTS.iterdir() if path.suffix in (".otf", ".ttf")} == files
    for file in files:
        licence = FONTS / f"{file.partition('-')[0]}-OFL.txt"
        assert "SIL OPEN FONT LICENSE" in licence.read_text(encoding="utf-8")
    assert sum(path.stat().st_size for path in FONTS.iterdir()) < 12_000_000


def test_the_style_sheets_and_the_statement_ask_the_same_families_in_the_same_order():
    for file in ("report.css", "screen.css", "statement.typ"):
        text = (FONTS.parent / file).read_text(encoding="utf-8")
        places = [text.index(family) for family in OTHERS]
        assert places == sorted(places), file


PAGE = (
    '<!DOCTYPE html><html lang="en"><head><title>t</title><style>html {{ font: 400 9pt/12pt {stack} }}'
    "th {{ font-weight: 600 }}</style></head><body><h1>t</h1><table><thead><tr><th scope='col'>Name</th>"
    "<th scope='col'>n</th></tr></thead><tbody>{rows}</tbody></table>{svg}</body></html>"
)


@pytest.fixture(scope="module")
def page():
    css = (FONTS.parent / "report.css").read_text(encoding="utf-8")
    stack = css[css.index("Inter") : css.index(";", css.index("Inter"))]
    rows = "".join(f"<tr><td><bdi>{text} x</bdi></td><td>1</td></tr>" for text in NAMES)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300" font-family="{FAMILIES}">'
        "<title>Names</title>"
        + "".join(f'<text x="0" y="{20 * at}" font-size="12">{text}</text>' for at, text in enumerate(NAMES, 1))
        + "</svg>"
    )
    return PAGE.format(stack=stack, rows=rows, svg=svg)


@pytest.fixture(scope="module")
def printed(page, tmp_path_factory):
    path = tmp_path_factory.mktemp("printed") / "names.pdf"
    render_pdf(page, path)
    return path


def test_names_are_printed_with_the_bundled_fonts_as_subsets(printed):
    with pikepdf.open(printed) as pdf:
        fonts = {str(font.BaseFont) for page in pdf.pages for font in page.Resources.Font.values()}
        assert "pdfuaid" in pdf.Root.Metadata.read_bytes().decode()
    plain = {font.replace("-", "") for font in fonts}
    for family in ("Inter", *OTHERS):
        assert any(family.replace(" ", "") in font for font in plain), family
    assert all(font[7:8] == "+" for font in fonts), "each a subset"
    assert printed.stat().st_size < 200_000


def test_names_are_printed_the_same_again(page, printed, tmp_path):
    render_pdf(page, tmp_path / "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes() == printed.read_bytes()


#: Where a name stands: in a line of text, and in a chart.
PLACES = (
    "<body><h1>{}</h1></body></html>",
    '<body><svg xmlns="http://www.w3.org/2000/svg" width="400" height="30" font-family="'
    + FAMILIES
    + '"><title>t</title>'
    '<text x="300" y="20" text-anchor="end">{}</text></svg></body></html>',
)


def _glyphs(html: str, tmp_path) -> list[str]:
    """The glyphs that a text is printed with, from left to right, as the PDF's content stream has them."""
    render_pdf(html, tmp_path / "x.pdf")
    with pikepdf.open(tmp_path / "x.pdf") as pdf:
        return list(_shown(pdf.pages[0].obj))


def _shown(drawn):
    for operands, operator in pikepdf.parse_content_stream(drawn):
        if str(operator) == "TJ":
            shown = b"".join(bytes(part) for part in operands[0] if isinstance(part, pikepdf.String)).hex()
            yield from (shown[at : at + 4] for at in range(0, len(shown), 4))
        elif str(operator) == "Do":
            yield from _shown(drawn.Resources.XObject[str(operands[0])])


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("text", "fewer_than"),
    [
        (FAMILY, 7),  # seven code points
        ("🇿🇦", 2),
        ("क्ष", 3),  # a conjunct
    ],
)
def test_letters_are_shaped(text, fewer_than, place, page, tmp_path):
    glyphs = _glyphs(page[: page.index("<body>")] + place.format(text), tmp_path)
    assert 0 < len(glyphs) < fewer_than


@pytest.mark.parametrize("place", PLACES)
def test_arabic_letters_join_and_run_leftwards(place, page, tmp_path):
    """Two of the same letter have two shapes where they join and one where a non-joiner stands between; and the first
    letter of a word is the last glyph in the line."""
    start = page[: page.index("<body>")]
    beh, dal, two, apart, word = (
        _glyphs(start + place.format(text), tmp_path) for text in ("ب", "د", "بب", "ب\u200cب", "دب")
    )
    assert apart == beh * 2 and len(set(two)) == len(set(beh)) + 1
    assert beh and dal and word == beh + dal


def test_a_screen_gets_the_glyphs_that_it_needs_and_no_font_that_it_does_not():
    plain = font_faces("Plain words")
    assert plain.count("@font-face") == len(INTER)
    faces = font_faces("متجر 商店 🛒")
    assert [family for family in OTHERS if f"'{family}'" in faces] == [
        "Noto Sans Arabic",
        "Noto Sans CJK SC",
        "Noto Emoji",
    ]
    assert len(faces) - len(plain) < 60_000


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("ab", ["a", "b"]),
        ("e\u0301a", ["e\u0301", "a"]),  # a letter with its accent
        (f"{FAMILY}a{TONED}", [FAMILY, "a", TONED]),
        ("🇿🇦🇩🇪a", ["🇿🇦", "🇩🇪", "a"]),
        ("❤\ufe0f1\ufe0f\u20e3", ["❤\ufe0f", "1\ufe0f\u20e3"]),
        ("क्षि", ["क्षि"]),
        ("น้ำ", ["น้ำ"]),
        ("\u1112\u1161\u11ab\u1112", ["\u1112\u1161\u11ab", "\u1112"]),  # Hangul in parts
        ("", []),
    ],
)
def test_characters_are_counted_as_a_reader_does(text, seen):
    assert list(clusters(text)) == seen


@pytest.mark.parametrize("mark", [FAMILY, TONED, "🇿🇦", "क्षि", "น้ำ", "x\u0323\u0301", "❤\ufe0f"])
def test_a_long_name_is_never_cut_inside_a_character(mark):
    whole = unicodedata.normalize("NFC", mark)
    for before in range(5):
        assert name("a" * before + mark * 60) == "a" * before + whole * (43 - before) + "…"
        words = breakable("a" * before + mark * 60).split("\u200b")
        assert "".join(words) == "a" * before + mark * 60
        assert all(list(clusters(word)) == ["a"] * word.count("a") + [mark] * word.count(mark) for word in words)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("می‌خواهم", "می‌خواهم"),  # Persian: the parts of the word must not join
        ("क्‍ष", "क्‍ष"),
        (FAMILY, FAMILY),
        ("Ac\u200dme Sho\u200cp", "Acme Shop"),  # a second Acme, told apart by nobody
        ("\u200dname\u200c", "name"),
        ("م\u200d\u200dم", "مم"),
        ("\u202eemag\u202c \u2066x\u2069 a\u200fb", "emag x ab"),  # directions are never kept
        ("soft\u00adhyphen \ufefftext", "softhyphen text"),
    ],
)
def test_characters_that_are_not_seen_stay_only_where_they_shape(text, kept):
    assert safe(text) == kept


def test_a_pile_of_marks_is_cut_down():
    assert len(safe("a" + "\u0301" * 5000 + "b", 100)) <= 12


def test_a_statement_shows_every_script_and_its_text_can_be_read_back():
    import pypdf
    import typst

    source = (FONTS.parent / "statement.typ").read_text(encoding="utf-8")
    fonts = source[source.index("#set text(font: (") : source.index(")", source.index("#set text(font: (")) + 1]
    lines = "\n\n".join(f'#text("{text}")' for text in NAMES)
    found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
    made = typst.compile(
        f'#set document(title: "t")\n{fonts})\n{lines}'.encode(),
        font_paths=found,
        format="pdf",
        pdf_standards=["ua-1", "a-2a"],
        timestamp=0,
    )
    text = pypdf.PdfReader(io.BytesIO(made)).pages[0].extract_text()
    for words in ("北京东方商店有限公司", "カメラ", "Магазин", "서울"):
        assert words in text
