"""The office's logo and colour: what is taken, what is refused and why, and where it stands in print."""

import base64
import io
import re
import struct
import zlib

import pikepdf
import pypdf
import pytest
from report_support import OFFICE, REPORT_MONTH, make_published
from royalty_support import MARCH
from statement_support import publish

from pipeline import periods
from pipeline.brand import LEAST_CONTRAST, contrast_on_white, logo_svg, logo_url
from pipeline.editions_index import write_index
from pipeline.errors import BadConfiguration
from pipeline.pdf import render_pdf
from pipeline.reporting import write_report
from pipeline.settings import DEFAULT_CONFIG, DataFolder, load_office, read_toml
from pipeline.statements.bulk import write_statements

LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><title>Logo</title>'
    '<defs><style>.a { fill: #7a1f4e }</style><clipPath id="c"><rect width="40" height="30"/></clipPath></defs>'
    '<g clip-path="url(#c)"><rect class="a" width="40" height="40" rx="8"/></g>'
    '<circle cx="80" cy="20" r="18" fill="#1f4e79"/><path d="M102 2h16v36h-16z" style="fill: #57606a"/></svg>'
)


def png(width: int = 60, height: int = 20) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\x1f\x4e\x79" * width for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def svg(inside: str, head: str = 'viewBox="0 0 10 10"') -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {head}>{inside}</svg>'


def refused(tmp_path, content: str | bytes) -> str:
    (tmp_path / "logo").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadConfiguration) as caught:
        logo_url(tmp_path, "logo")
    assert str(caught.value).startswith("office.toml: logo = 'logo': ")
    return str(caught.value)


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("<script>alert(1)</script>", "<script>"),
        ('<rect onload="alert(1)"/>', "script in onload="),
        ('<g OnClick="x()"/>', "script in OnClick="),
        ("<foreignObject><p/></foreignObject>", "<foreignObject>"),
        ('<image href="http://127.0.0.1:9/x.png"/>', "<image>"),
        ('<image xlink:href="file:///etc/passwd"/>', "<image>"),
        ('<use href="#a"/>', "<use>"),
        ('<a href="https://example.org"><rect/></a>', "<a>"),
        ('<rect xlink:href="x.svg#g"/>', "outside it in href="),
        ("<linearGradient/>", "flat colours, or a PNG"),
        ('<mask id="m"/>', "flat colours, or a PNG"),
        ('<rect fill="url(http://127.0.0.1:9/x.svg#g)"/>', "outside it in fill="),
        ("<rect fill=\"url( 'x.svg#g')\"/>", "outside it in fill="),
        ('<rect style="fill: URL(x.svg)"/>', "outside it in style="),
        ('<rect style="fill: \\75rl(x.svg)"/>', "outside it in style="),
        ("<style>@import 'http://127.0.0.1:9/x.css';</style>", "<style>"),
        ("<style>rect { fill: url(x.svg) }</style>", "<style>"),
        ("<animate/>", "<animate>"),
        ("<set/>", "<set>"),
        ("<text>SayPro</text>", "turn letters into paths"),
        ('<p xmlns="http://www.w3.org/1999/xhtml"/>', "<p>"),
        ("<metadata><x/></metadata>", "plain SVG"),
        ("<g>" * 50 + "</g>" * 50, "40 deep"),
    ],
)
def test_an_svg_with_more_than_shapes_is_refused(inside, said, tmp_path):
    assert said in refused(tmp_path, svg(inside))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + svg("<rect/>"), "DOCTYPE"),
        (svg("<rect/>", ""), "viewBox"),
        (svg("<rect/>", 'viewBox="0 0 0 10"'), "viewBox"),
        ("<html><body/></html>", "neither an SVG nor a PNG"),
        (svg("<rect>"), "neither an SVG nor a PNG"),
        (b"\xff\xd8\xff\xe0JFIF", "neither an SVG"),
        (b"GIF89a\x01\x00", "neither an SVG"),
        (b"", "neither an SVG"),
        (svg("<rect/>").encode("utf-16"), "neither an SVG"),
        (svg(f"<desc>{'x' * 200_000}</desc>"), "larger than 200 kB"),
        (png()[:-30], "damaged PNG"),
        (png()[:60] + b"\0\0\0\0" + png()[64:], "damaged PNG"),
        (b"\x89PNG\r\n\x1a\n", "0 × 0 pixels"),
        (png(5000, 1), "5000 × 1 pixels"),
    ],
)
def test_a_file_that_is_no_good_logo_is_refused(content, said, tmp_path):
    assert said in refused(tmp_path, content)


@pytest.mark.parametrize("name", ["../logo.svg", "/etc/hostname", "missing.svg", ".", "a/../../logo.svg"])
def test_a_logo_lies_in_the_config_folder(name, tmp_path):
    (tmp_path / "logo.svg").write_text(LOGO)
    (tmp_path / "config").mkdir()
    with pytest.raises(BadConfiguration, match=re.escape(repr(name))):
        logo_url(tmp_path / "config", name)


def test_a_link_out_of_the_config_folder_is_not_followed(tmp_path):
    (tmp_path / "logo.svg").write_text(LOGO)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "logo.svg").symlink_to(tmp_path / "logo.svg")
    with pytest.raises(BadConfiguration, match="outside the config folder"):
        logo_url(tmp_path / "config", "logo.svg")


@pytest.mark.parametrize(("name", "content"), [("logo.svg", LOGO.encode()), ("logo.png", png())])
def test_a_good_logo_is_embedded_as_it_is(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    url = logo_url(tmp_path, name)
    assert base64.b64decode(url.partition(",")[2]) == content
    assert logo_svg(url).startswith("<svg")


@pytest.mark.parametrize(
    ("colour", "contrast"),
    [("#ffffff", 1.0), ("#000000", 21.0), ("#767676", 4.54), ("#777777", 4.48), ("#0000ff", 8.59)],
)
def test_contrast_is_that_of_wcag(colour, contrast):
    assert contrast_on_white(colour) == pytest.approx(contrast, abs=0.005)


def _office(tmp_path, text: str):
    folder = DataFolder(tmp_path)
    folder.prepare()
    (folder.config / "office.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(("colour", "shown"), [("#777777", "4.47"), ("#ffcc00", "1.51"), ("#FFFFFF", "1.00")])
def test_an_accent_that_cannot_be_read_is_refused_with_its_contrast(colour, shown, tmp_path):
    with pytest.raises(BadConfiguration, match=rf"office.toml: accent = '{colour}'.*{shown}.*{LEAST_CONTRAST}.*darker"):
        load_office(_office(tmp_path, f'accent = "{colour}"'))


def test_an_accent_that_can_be_read_is_taken(tmp_path):
    assert load_office(_office(tmp_path, 'accent = "#767676"')).accent == "#767676"


def test_the_default_office_file_shows_the_keys(tmp_path):
    """Uncommented, they are what they say: keys that are known."""
    text = (DEFAULT_CONFIG / "office.toml").read_text(encoding="utf-8")
    folder = _office(tmp_path, re.sub(r"^# (logo|locale) =", r"\1 =", text, flags=re.MULTILINE))
    (folder.config / "logo.svg").write_text(LOGO)
    assert {"logo", "locale"} < read_toml(folder.config / "office.toml").keys()
    assert load_office(folder).logo.startswith("data:image/svg+xml;base64,")


@pytest.fixture(scope="module", params=["logo.svg", "logo.png"])
def office(request, tmp_path_factory):
    folder = _office(tmp_path_factory.mktemp("office"), f'name = "{OFFICE.name}"\nlogo = "{request.param}"')
    (folder.config / "logo.svg").write_text(LOGO)
    (folder.config / "logo.png").write_bytes(png())
    return load_office(folder)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return make_published(tmp_path_factory.mktemp("published"))


def _alternatives(element) -> list[str]:
    found = []
    if isinstance(element, pikepdf.Array):
        for item in element:
            found += _alternatives(item)
    elif isinstance(element, pikepdf.Dictionary):
        if element.get("/S") == "/Figure":
            found.append(str(element.get("/Alt", "")))
        found += _alternatives(element.get("/K"))
    return found


@pytest.mark.parametrize("office", ["logo.svg"], indirect=True)
def test_the_logo_stands_on_the_first_page_on_screen_and_in_the_list(office, published, tmp_path):
    report = write_report(published, office, periods.parse(REPORT_MONTH), tmp_path)
    assert report.pages == 6, "it takes no room from what the report says"
    with pikepdf.open(report.pdf) as pdf:
        assert _alternatives(pdf.Root.StructTreeRoot.K)[0] == office.name
    index = write_index(tmp_path, office)
    for page in (report.html, index):
        html = page.read_text(encoding="utf-8")
        assert html.count(f'<img class="logo" src="{office.logo}" alt="{office.name}">') == 1
    assert office.logo not in report.figures.read_text(encoding="utf-8"), "it is no figure"


def test_the_engine_prints_both_kinds_of_logo(office, tmp_path):
    page = (
        f'<!DOCTYPE html><html lang="en"><head><title>t</title></head><body><h1>t</h1><img src="{office.logo}" alt="L">'
    )
    sizes = []
    for html in (page, page.replace(office.logo, "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>")):
        render_pdf(html, tmp_path / "x.pdf")
        sizes.append((tmp_path / "x.pdf").stat().st_size)
    assert sizes[0] > sizes[1], "something is drawn"


def test_the_logo_stands_on_statements_and_a_new_one_prints_them_anew(office, tmp_path):
    published = publish(tmp_path / "published")
    plain = office.model_copy(update={"logo": ""})
    first = write_statements(published, plain, periods.parse(MARCH), tmp_path / "out")
    again = write_statements(published, office, periods.parse(MARCH), tmp_path / "out")
    kept = write_statements(published, office, periods.parse(MARCH), tmp_path / "out")
    assert (first.kept, again.kept, kept.printed) == (0, 0, 0) and kept.kept == again.printed == first.printed
    pdf = again.files[0].read_bytes()
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) == 1
    with pikepdf.open(io.BytesIO(pdf)) as made:
        assert _alternatives(made.Root.StructTreeRoot.K) == [office.name]
