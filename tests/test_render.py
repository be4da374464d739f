"""From figures to paper: the HTML, the PDF's text and tags, and what an untrusted text can do (nothing)."""

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import duckdb
import pikepdf
import pypdf
import pytest
from markupsafe import Markup
from report_support import OFFICE, REPORT_MONTH, Made, make_published

from pipeline.errors import DependencyMissing
from pipeline.figures import report_figures
from pipeline.fonts import printable
from pipeline.pdf import RenderFailed, render_pdf
from pipeline.periods import parse
from pipeline.render import aligned, in_columns, render_html, whole_end
from pipeline.reporting import write_report

GOLDEN = Path(__file__).parent / "golden" / "monthly_summary.html"

#: T60: what a name could try. Each must be printed as it is written.
PAYLOADS = (
    '<img src="http://127.0.0.1:9/x.png">',
    "<style>@import url(http://127.0.0.1:9/x.css);</style>",
    '<link rel="attachment" href="file:///etc/passwd">',
    '"><svg><image href="file:///etc/hostname"/></svg>',
    "</td></tr></table><h1>owned</h1>",
    "{{7*7}}{% include 'report.css' %}",
    "javascript:alert(1)",
)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    names = {f"s{index:03d}": payload for index, payload in enumerate(PAYLOADS)}
    names["p039"] = "متجر 商店 🛒 \U0001e900"
    names |= {
        "negative 1": PAYLOADS[0],
        "negative 2": "商店" * 40,
        "negative quote 1": "</table>{{7*7}}<h1>owned</h1> " * 9,
    }
    names |= {"negative quote 2": "متجر " * 90, "positive quote 1": "商" * 400, "positive quote 2": "W" * 400}
    return make_published(tmp_path_factory.mktemp("published"), Made(names=names))


@pytest.fixture(scope="module")
def report(published, tmp_path_factory):
    return write_report(published, OFFICE, parse(REPORT_MONTH), tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="module")
def text(report):
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(report.pdf).pages)


def squeezed(words: str) -> str:
    """Without any space: where a line broke or a thin space stood does not matter."""
    return re.sub(r"\s", "", words)


def test_six_pages_at_most_and_none_nearly_empty(report):
    pages = pypdf.PdfReader(report.pdf).pages
    assert len(pages) == report.pages == 6
    for page in pages:
        lowest = []
        page.extract_text(
            visitor_text=lambda words, _, at, *rest, lowest=lowest: words.strip() and lowest.append(at[5])
        )
        height = float(page.mediabox.height)
        assert min(lowest) < 2 / 3 * height, "a third of each page is used"


def test_the_pdf_prints_what_is_published(published, text):
    """Every row of page 1, formatted here anew from the published values."""
    with duckdb.connect(str(published / "scmr17.duckdb"), read_only=True) as con:
        values = dict(
            con.execute(
                "select metric, value from metrics where scope = 'all' and period_id = ?", [REPORT_MONTH]
            ).fetchall()
        )
    printed = squeezed(text.replace("−", "-"))
    for metric, expected in (
        ("rating_mean", f"Averageratingstars{values['rating_mean']:.2f}"),
        ("nps", f"NetPromoterScorepoints{values['nps']:+.1f}"),
        ("csat", f"Customersatisfaction%{100 * values['csat']:.1f}"),
        ("repeat_customer_share", f"Repeatcustomers%{100 * values['repeat_customer_share']:.1f}"),
        ("inquiry_response_48h", f"Inquiriesansweredwithin48h%{100 * values['inquiry_response_48h']:.1f}"),
        ("on_time_delivery_rate", f"Deliveredontime%{100 * values['on_time_delivery_rate']:.1f}"),
        ("message_count", f"Messages{values['message_count']:.0f}"),
        ("messages_per_order", f"Messagesperorder{values['messages_per_order']:.2f}"),
        ("net_sales", f"NetsalesZARk{values['net_sales'] / 100_000:.0f}"),
        ("orders", f"Completedorders{values['orders']:.0f}"),
    ):
        assert expected in printed, metric


def test_untrusted_text_is_printed_literally(text):
    page = squeezed(text)
    for payload in PAYLOADS:
        shown = squeezed(payload)[:30]  # a long name ends in an ellipsis
        assert shown in page or shown[:14] in page, payload
    assert "49{%" not in page, "nothing was evaluated"


def test_themes_forecast_and_statuses_are_printed(text):
    page = squeezed(text)
    assert "Whatlowandhighratingssay" in page and "“Itbrokeafteroneweek.”" in page
    assert "TheforecastmadeattheendofFebruarywas97351messages" in page
    assert "SellersbyExpertisestatus" in page and "7sellers:5up,1down,1changedandcameback;3morenotnamed." in page


def test_a_running_quarters_forecast_is_hatched_and_no_page_overflows(published, tmp_path):
    report = write_report(published, OFFICE, parse("2025-11"), tmp_path)
    html = report.html.read_text(encoding="utf-8")
    assert html.count('stroke-dasharray="3,2"') == 2 and report.pages == 6


def test_characters_without_a_glyph_become_boxes(text):
    assert "□" in text


def test_tags_language_and_alternatives(report):
    with pikepdf.open(report.pdf) as pdf:
        assert str(pdf.Root.Lang) == "en"
        assert pdf.Root.MarkInfo.Marked
        assert pdf.docinfo["/Title"] == "SayPro Monthly March SCMR-17, March 2026"
        assert "pdfuaid" in pdf.Root.Metadata.read_bytes().decode()
        with pdf.open_outline() as outline:
            assert [item.title for item in outline.root] == [
                "Summary", "Customers", "Service", "Messages", "Sellers and royalties", "Evidence",
            ]  # fmt: skip
        tags = list(_tags(pdf.Root.StructTreeRoot.K))
        figures = [tag for tag in tags if tag.S == "/Figure"]
        assert len(figures) > 20
        assert all(str(figure.get("/Alt", "")) for figure in figures)
        levels = [int(str(tag.S)[2]) for tag in tags if re.fullmatch(r"/H[1-6]", str(tag.S))]
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        for table in (tag for tag in tags if tag.S == "/Table"):
            assert any(cell.S == "/TH" for cell in _tags(table.K)), "every table has header cells"
        fonts = {str(font.BaseFont) for page in pdf.pages for font in page.Resources.Font.values()}
        assert fonts and all("Inter" in font or "Noto" in font for font in fonts), "only bundled fonts"


def _tags(node):
    if isinstance(node, pikepdf.Array):
        for item in node:
            yield from _tags(item)
    elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
        yield node
        if "/K" in node:
            yield from _tags(node.K)


def test_another_process_prints_the_same_bytes(published, report, tmp_path):
    # Another process has another hash seed and another day; the clock must not be in the file.
    code = (
        "import sys; from pathlib import Path; from pipeline.settings import Office; "
        "from pipeline.periods import parse; from pipeline.reporting import write_report; "
        f"print(write_report(Path(sys.argv[1]), Office(), parse({REPORT_MONTH!r}), Path(sys.argv[2])).sha256); "
        "assert 'scipy' not in sys.modules, 'a monthly need not load it: 60 MB'"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(published), str(tmp_path)],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    assert done.stdout.strip() == report.sha256
    assert (tmp_path / REPORT_MONTH / report.html.name).read_bytes() == report.html.read_bytes()
    assert (tmp_path / REPORT_MONTH / report.figures.name).read_bytes() == report.figures.read_bytes()
    assert sorted(path.name for path in (tmp_path / REPORT_MONTH).iterdir()) == sorted(
        path.name for path in (report.pdf, report.html, report.figures, report.pack)
    ), "no building file is left behind"


def test_the_first_page_as_html(tmp_path):
    """The golden file. `UPDATE_GOLDEN=1 pytest tests/test_render.py` writes it anew after a wanted change."""
    html = render_html(report_figures(make_published(tmp_path), OFFICE, parse(REPORT_MONTH)))
    page = html[html.index("<article") : html.index("</article>")]
    page = re.sub(r"<svg.*?<title>(.*?)</title>.*?</svg>", r"[\1]", page, flags=re.DOTALL)
    page = re.sub(r"(report hash|2026-03 /) [0-9a-f]+", r"\1 …", page)
    page = "\n".join(line.strip() for line in page.splitlines() if line.strip()) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(page, encoding="utf-8")
    assert page == GOLDEN.read_text(encoding="utf-8")


def test_the_html_refers_to_nothing_outside_it(report):
    html = report.html.read_text(encoding="utf-8")
    assert "<script" not in html
    references = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert references and all(reference.startswith(("#", "data:")) for reference in references)


@pytest.mark.parametrize(
    "html",
    [
        '<img src="http://127.0.0.1:9/x.png" alt="x">',
        '<link rel="stylesheet" href="file:///etc/passwd">',
        "<style>@import 'http://127.0.0.1:9/x.css';</style>",
        '<p style="background:url(file:///etc/hostname)">x</p>',
        '<svg xmlns="http://www.w3.org/2000/svg"><title>x</title><image href="file:///etc/hostname"/></svg>',
    ],
)
def test_the_engine_reads_nothing_that_is_not_bundled(html, tmp_path):
    # Should a template ever let markup through: the render stops, and no file appears.
    page = f'<!DOCTYPE html><html lang="en"><head><title>t</title></head><body>{html}</body></html>'
    with pytest.raises(RenderFailed, match="blocked"):
        render_pdf(page, tmp_path / "x.pdf")
    assert list(tmp_path.iterdir()) == []


def test_a_complaint_of_the_engine_fails_the_render(tmp_path):
    page = '<!DOCTYPE html><html lang="en"><head><title>t</title><style>p { colour: red }</style></head><body><p>x</p>'
    with pytest.raises(RenderFailed, match="colour"):
        render_pdf(page, tmp_path / "x.pdf")


def test_without_pango_the_packages_are_named(tmp_path, monkeypatch):
    # A package of the engine's name that fails as the engine does on a machine without Pango.
    (tmp_path / "weasyprint.py").write_text("raise OSError(\"cannot load library 'libpango-1.0-0'\")\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(DependencyMissing, match=r"libpangoft2-1\.0-0 libharfbuzz-subset0"):
        render_pdf("<p>x</p>", tmp_path / "x.pdf")


@pytest.mark.parametrize(
    ("text", "decimals", "padded"),
    [
        ("4.17", 2, "4.17"),
        ("90.8", 2, "90.8\u2007"),
        ("38\u202f900", 2, "38\u202f900\u2008\u2007\u2007"),  # no point: a blank as wide as one
        ("–", 2, "–"),
        ("12", 0, "12"),
    ],
)
def test_columns_align_on_their_decimal(text, decimals, padded):
    assert aligned(text, decimals) == padded


def test_printable_keeps_what_the_fonts_have():
    assert printable("Å ▲ ▼ ● Δ − \u202f ★ Жλ\n") == "Å ▲ ▼ ● Δ − \u202f ★ Жλ\n"
    assert printable("店😀\U0001e900") == "店😀□", "what no font has"


@pytest.mark.parametrize("columns", [2, 3, 4])
def test_definitions_stand_in_columns_of_about_the_same_height(columns):
    entries = [Markup("<dt>{}</dt><dd>{}</dd>").format(index, "x" * (index * 37 % 400)) for index in range(30)]
    parts = in_columns(entries, columns)
    assert len(parts) == columns and [entry for part in parts for entry in part] == entries
    heights = [sum(60 + len(entry.striptags()) for entry in part) for part in parts]
    assert max(heights) - min(heights) < 500, "the longest entry's"
    assert in_columns(entries[:1], columns) == [entries[:1]] and in_columns([], columns) == []


def test_no_line_ends_between_a_number_and_its_unit(published):
    body = render_html(report_figures(published, OFFICE, parse(REPORT_MONTH))).partition("<body")[2]
    assert "48\u00a0h" in body and not re.search(r">[^<]*(\d h\b|Q\d \d{4})", body)


def test_no_word_stands_alone_in_a_messages_last_line():
    assert whole_end("It rose to 95 %, beyond noise.") == "It rose to 95 %, beyond\u00a0noise."
    assert whole_end("Rose.") == "Rose."
