"""The HTML edition in a browser, on a phone and on a desk: it reads, it fits, it asks nobody for anything."""

import os
import re
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from report_support import OFFICE, REPORT_MONTH, Made, make_published

from pipeline import screen
from pipeline.editions_index import write_index
from pipeline.figures import figures_json, report_figures
from pipeline.fonts import OTHERS
from pipeline.periods import parse
from pipeline.render import render_html

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = (390, 1280)
NAMES = {
    "s000": "W" * 40,
    "s001": "متجر الأثاث والديكور المنزلي الحديث",
    "s002": "深圳市商店有限公司 🛒",
    "s003": "<b>Über & Söhne</b>",
    "p000": "Extraordinarilyunbreakablelongproductname",
    "p039": "متجر 商店 🛒",
}


@pytest.fixture(scope="module")
def browser():
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.fail("no Chromium: `make test` installs it; by hand: apt-get install --no-install-recommends chromium")
    # Chromium refuses to sandbox for root, which is what a bare CI machine is; it opens nothing but our own file.
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--disable-dev-shm-usage", *as_root])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    published = make_published(tmp_path_factory.mktemp("published"), Made(names=NAMES))
    return report_figures(published, OFFICE, parse(REPORT_MONTH))


@pytest.fixture(scope="module")
def printed(figures):
    return render_html(figures)


@pytest.fixture(scope="module")
def reports(figures, printed, tmp_path_factory):
    """A reports folder with one edition and the index."""
    folder = tmp_path_factory.mktemp("reports")
    home = folder / REPORT_MONTH
    home.mkdir()
    stem = home / f"saypro-scmr-17-monthly-{REPORT_MONTH}"
    html = screen.screen_html(printed, OFFICE.accent, lambda seen: render_html(figures, seen))
    stem.with_name(f"{stem.name}.html").write_text(html, encoding="utf-8")
    stem.with_name(f"{stem.name}.figures.json").write_text(figures_json(figures), encoding="utf-8")
    stem.with_name(f"{stem.name}.pdf").write_bytes(b"%PDF")
    write_index(folder, OFFICE)
    return folder


@pytest.fixture(scope="module")
def edition(reports) -> Path:
    return next(reports.glob("*/*.html"))


@pytest.fixture(scope="module")
def opened(browser, edition, reports):
    """Opens one of the two files at a width, once; keeps what the console said and what was asked for."""
    pages = {}

    def at(width: int, name: str = "edition"):
        if (width, name) not in pages:
            page = browser.new_page(viewport={"width": width, "height": 844})
            page.said, page.asked = [], []
            page.on("console", lambda message: page.said.append(message.text))
            page.on("pageerror", lambda error: page.said.append(str(error)))
            page.on("request", lambda request: page.asked.append(request.url))
            page.goto((edition if name == "edition" else reports / "index.html").as_uri())
            pages[width, name] = page
        return pages[width, name]

    return at


@pytest.fixture(params=WIDTHS)
def page(opened, request):
    return opened(request.param)


@pytest.fixture(params=[(width, name) for name in ("edition", "index") for width in WIDTHS], ids=str)
def any_page(opened, request):
    return opened(*request.param)


def test_it_is_quiet_and_asks_for_nothing(any_page):
    assert any_page.said == []
    assert [url for url in any_page.asked if not url.startswith("data:")] == [any_page.url.partition("#")[0]]


def test_nothing_is_wider_than_the_screen(any_page):
    assert any_page.evaluate("document.documentElement.scrollWidth") <= any_page.viewport_size["width"]


def test_the_fonts_are_in_the_file(any_page):
    loaded = any_page.evaluate(
        "document.fonts.ready.then(fonts => [...fonts].filter(f => f.status === 'loaded').map(f => f.family))"
    )
    assert {"Inter"} <= set(loaded) <= {"Inter", *OTHERS}


#: Every text node that is seen, with what decides whether it can be read.
TEXTS = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const channels = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const c = channels(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const light = c => c.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement;
    if (!node.textContent.trim() || element.closest('svg') || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const [high, low] = [light(channels(style.color)), light(ground(element))].sort((a, b) => b - a);
    found.push({text: node.textContent.trim().slice(0, 40), tag: element.tagName,
      size: parseFloat(style.fontSize), contrast: (high + 0.05) / (low + 0.05)});
  }
  return found;
}"""


def test_text_is_large_and_dark_enough(any_page):
    texts = any_page.evaluate(TEXTS)
    assert len(texts) >= 10
    assert [text for text in texts if text["size"] < 14 and text["tag"] != "SUP"] == []
    assert [text for text in texts if text["contrast"] < 4.5] == []


def test_charts_are_seen_and_their_letters_can_be_read(opened):
    for width in WIDTHS:
        charts = opened(width).evaluate(
            """() => [...document.querySelectorAll('svg.chart')].filter(svg => svg.checkVisibility()).map(svg => {
              const box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width;
              const sizes = [...svg.querySelectorAll('text')]
                .map(text => parseFloat(getComputedStyle(text).fontSize) * scale);
              return {title: svg.querySelector('title').textContent, role: svg.getAttribute('role'),
                width: box.width, height: box.height, letters: Math.min(...sizes)};
            })"""
        )
        assert len(charts) >= 8
        for chart in charts:
            assert chart["role"] == "img" and len(chart["title"]) > 20
            assert chart["width"] > 250 and chart["height"] > 40 and chart["letters"] > 13.5, chart


def test_one_title_landmarks_and_a_language(any_page):
    assert any_page.evaluate("document.documentElement.lang") == "en"
    for selector in ("h1", "main"):
        assert any_page.locator(selector).count() == 1
    levels = any_page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]))")
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_anchor_leads_somewhere_and_figures_lead_to_their_definition(page):
    lost = page.evaluate(
        "[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))"
        ".filter(href => !href.startsWith('#') || !document.getElementById(href.slice(1)))"
    )
    assert lost == []
    link = page.locator(".kpis a[href='#def-rating_mean']")
    link.click()
    place = page.locator("#def-rating_mean").bounding_box()
    assert 40 < place["y"] < page.viewport_size["height"], "below the bar"
    back = page.locator("#def-rating_mean .page-ref")
    assert back.inner_text() == "Summary"
    back.click()
    assert page.locator("#summary").bounding_box()["y"] < page.viewport_size["height"]


def test_the_bar_leads_from_section_to_section(page):
    links = page.locator("nav.bar a")
    assert links.all_inner_texts() == [
        "Summary", "Customers", "Service", "Messages", "Sellers and royalties", "Evidence",
    ]  # fmt: skip
    for index in range(links.count()):
        assert links.nth(index).bounding_box()["height"] >= 44
    links.nth(3).click()
    heading = page.locator("#messages").bounding_box()
    assert 44 <= heading["y"] < 200
    assert page.locator("nav.bar").bounding_box()["y"] == 0, "it stays"


def test_the_keyboard_finds_the_way_past_the_bar(opened, browser, edition):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(edition.as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") == 0
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#report"


def test_what_scrolls_sideways_can_be_reached_and_has_a_name(page):
    boxes = page.evaluate(
        """() => [...document.querySelectorAll('main *')].filter(e => e.scrollWidth > e.clientWidth + 1
             && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX))
           .map(e => [e.className, e.tabIndex, e.getAttribute('role'), e.getAttribute('aria-label')])"""
    )
    for classes, tab_index, role, label in boxes:
        assert (tab_index, role) == (0, "region") and label, (classes, label)
    if page.viewport_size["width"] == 390:
        assert boxes


def test_a_phone_shows_the_newest_figures_first_and_their_names(opened):
    page = opened(390)
    shown = page.evaluate(
        """() => [...document.querySelectorAll('.time .scroll')].map(box => {
             const last = box.querySelector('td.last').getBoundingClientRect();
             const name = box.querySelector('tbody th').getBoundingClientRect();
             return last.right <= innerWidth && name.left >= 0 && name.right < last.left;
           })"""
    )
    assert len(shown) >= 6 and all(shown)


def test_key_figures_name_their_values_on_a_phone(opened):
    cell = "getComputedStyle(document.querySelector('.kpis tbody td'), '::before').content"
    assert opened(390).evaluate(cell) == '"Mar"'
    assert opened(1280).evaluate(cell) == "none"


def test_it_says_what_the_paper_says(printed, edition):
    """Every cell and every sentence, in the same order."""

    def words(html: str) -> list[str]:
        html = re.sub(r'<svg.*?</svg>|<p class="state screen-only">.*?</p>', "", html, flags=re.DOTALL)
        return re.findall(r"<(?:td|th|p|li|h[1-6])\b[^>]*>(.*?)</(?:td|th|p|li|h[1-6])>", html, flags=re.DOTALL)

    on_screen = edition.read_text(encoding="utf-8")
    assert words(on_screen[on_screen.index("<main") :]) == words(printed[printed.index("<main") :])


def test_names_are_text_and_nothing_else(opened):
    page = opened(1280)
    assert page.get_by_text("<b>Über & Söhne</b>").count() >= 1
    assert page.locator("main b, script").count() == 0


def test_a_browser_prints_the_papers_look(browser, edition):
    page = browser.new_page(viewport={"width": 1280, "height": 844})
    page.goto(edition.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "12px", "9 pt"
    for selector in ("nav.bar", ".skip", ".on-phone >> nth=0"):
        assert not page.locator(selector).is_visible()
    assert page.locator(".on-desk svg").first.is_visible()


def test_the_same_report_gives_the_same_bytes(figures, printed, edition):
    screen._font_faces.cache_clear()
    again = screen.screen_html(printed, OFFICE.accent, lambda seen: render_html(figures, seen))
    assert again == edition.read_text(encoding="utf-8")
    assert len(again) < 500_000, "an e-mail carries it"


def test_paper_gets_no_fonts_in_its_html(printed):
    assert "@font-face" not in printed and "screen-only" not in printed


def test_links_of_the_index_exist(opened, reports):
    hrefs = opened(390, "index").evaluate("[...document.querySelectorAll('main a')].map(a => a.getAttribute('href'))")
    assert len(hrefs) == 3, "the title, Read, PDF"
    assert all((reports / href).is_file() for href in hrefs)
