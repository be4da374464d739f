"""Figures to HTML, HTML to PDF: templates that compute nothing, and an engine that reads nothing but what is bundled.

What belongs here: the Jinja environment, the sealed WeasyPrint child process, and writing one report's files at once.
What a report says is `pipeline.figures`' work, charts are `pipeline.charts`', the look is `report_templates/`.

The PDF is made in a child process (`python -m pipeline.render OUT < HTML`) under a memory and a time limit, with the
bundled fonts as the only fonts there are: a crafted text costs at most that child.
"""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from pipeline import charts
from pipeline.errors import CannotWrite, DependencyMissing
from pipeline.figures import ReportFigures, figures_json, report_figures
from pipeline.periods import Period
from pipeline.settings import Office

TEMPLATES = Path(__file__).resolve().parent.parent / "report_templates"
FONTS = TEMPLATES / "fonts"

#: A report is called after how often it comes, and so is its template.
REPORT_NAMES = {"month": "monthly", "quarter": "quarterly", "week": "weekly"}

MEMORY_LIMIT_BYTES = 2 << 30
WALL_LIMIT_SECONDS = 120
LONGEST_DATA_URL = 2_000_000
SHADES = 9

BOX = "\u25a1"
FIGURE_SPACE, PUNCTUATION_SPACE = "\u2007", "\u2008"

_PANGO = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
_EXIT_DEPENDENCY = 69

_FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
</fontconfig>
"""


class RenderFailed(Exception):
    """The engine complained, was stopped, or was asked to read something that is not bundled: a bug of ours."""


@dataclass(frozen=True)
class ReportFiles:
    """What one report left on the disk."""

    pdf: Path
    html: Path
    figures: Path
    pages: int
    sha256: str


def write_report(published: Path, office: Office, period: Period, reports: Path) -> ReportFiles:
    """Print the report of `period` into `reports/<its id>/`: the PDF, its HTML, its figures.

    The same published tables give the same bytes. Raises DeliveryMissing (no data in that period), DependencyMissing
    (no Pango), CannotWrite.
    """
    figures = report_figures(published, office, period)
    html = render_html(figures)
    folder = reports / period.id
    stem = file_stem(office, REPORT_NAMES[period.type], period)
    files = {suffix: folder / f"{stem}.{suffix}" for suffix in ("pdf", "html", "figures.json")}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pages = render_pdf(html, files["pdf"])
        _write(files["html"], html.encode())
        _write(files["figures.json"], figures_json(figures).encode())
        digest = hashlib.sha256(files["pdf"].read_bytes()).hexdigest()
    except OSError as error:
        raise CannotWrite(
            f"{error.filename or folder}: {error.strerror}: the reports folder must be writable"
        ) from None
    return ReportFiles(files["pdf"], files["html"], files["figures.json"], pages, digest)


def file_stem(office: Office, what: str, period: Period) -> str:
    """How a period's files are called: `saypro-scmr-17-monthly-2026-03`."""
    code = "".join(letter if letter.isalnum() else "-" for letter in f"{office.brand} {office.code}".lower())
    return f"{code}-{what}-{period.id}"


def render_html(figures: ReportFigures) -> str:
    """The report as one HTML text without references to anything outside it."""
    accent = figures.edition.accent
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["aligned"] = aligned
    environment.filters["svg"] = lambda chart: Markup(charts.svg(chart, accent))
    parts = {name: getattr(figures, name) for name in figures.__dataclass_fields__}
    stylesheet = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    return environment.get_template(f"{REPORT_NAMES[figures.edition.period_type]}.html").render(
        **parts,
        accent=accent,
        stylesheet=Markup(stylesheet),
        accent_rules=Markup(accent_rules(accent)),
    )


def aligned(text: str, decimals: int) -> str:
    """The number padded on the right with blanks as wide as the decimals it lacks, so that a column's points align."""
    if not decimals or not text[-1:].isdigit():
        return text
    printed = len(text.rpartition(".")[2]) if "." in text else 0
    missing = max(0, decimals - printed)
    point = PUNCTUATION_SPACE if missing and not printed else ""
    return text + point + FIGURE_SPACE * missing


def accent_rules(accent: str) -> str:
    """The office's colour as CSS, and the steps of the heat table, light enough for ink to be read on them."""
    steps = (
        f".shade-{step} {{ background: {charts.tint(accent, 0.5 * step / SHADES)}; }}" for step in range(1, SHADES + 1)
    )
    return f":root {{ --accent: {accent}; }}\n" + "\n".join(steps) + "\n"


def printable(html: str) -> str:
    """The text with an empty box for every character that the bundled fonts lack, which says that one stood there.

    The engine would print one too, and complain: a seller's name in another script must not stop a report.
    """
    missing = {ord(letter) for letter in set(html)} - _covered() - {ord("\n"), ord("\t"), ord("\r")}
    return html.translate(dict.fromkeys(missing, BOX))


@cache
def _covered() -> frozenset[int]:
    """The code points that every weight of the bundled family has."""
    from fontTools.ttLib import TTFont

    points = []
    for path in sorted(FONTS.glob("*.otf")):
        with TTFont(path, lazy=True) as font:
            points.append(frozenset(font.getBestCmap()))
    return frozenset.intersection(*points)


def render_pdf(html: str, out: Path) -> int:
    """Print the HTML to `out`, whole or not at all, and give the number of pages.

    Raises DependencyMissing when Pango is not installed, RenderFailed when the engine warned or was stopped.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="scmr17-render-") as scratch:
        conf = Path(scratch) / "fonts.conf"
        conf.write_text(_FONTS_CONF.format(fonts=FONTS, cache=Path(scratch) / "cache"), encoding="utf-8")
        made = Path(scratch) / "report.pdf"
        environment = {
            **os.environ,
            "FONTCONFIG_FILE": str(conf),
            "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        }
        try:
            child = subprocess.run(
                [sys.executable, "-m", "pipeline.render", str(made)],
                input=printable(html).encode(),
                capture_output=True,
                env=environment,
                cwd=TEMPLATES.parent,
                timeout=WALL_LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise RenderFailed(f"{out.name}: printing took more than {WALL_LIMIT_SECONDS} s and was stopped") from None
        said = child.stderr.decode("utf-8", "replace").strip()
        if child.returncode == _EXIT_DEPENDENCY:
            raise DependencyMissing(said)
        if child.returncode != 0:
            raise RenderFailed(f"{out.name}: {said or f'the engine was stopped by signal {-child.returncode}'}")
        _write(out, made.read_bytes())
        return int(child.stdout)


def _write(path: Path, content: bytes) -> None:
    """Put the bytes in the file's place so that they are on the disk and whole, whatever happens next."""
    building = path.with_name(f".build-{path.name}")
    with building.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    building.replace(path)


def _limit_memory() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))


class _Complaints(logging.Handler):
    """Keeps what the engine's loggers say at warning level and above."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def sealed_fetcher() -> Any:
    """A URL fetcher that gives WeasyPrint embedded images and nothing else, and remembers what it refused."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher

    class SealedFetcher(URLFetcher):
        def __init__(self) -> None:
            super().__init__(allowed_protocols=("data",), allow_redirects=False, fail_on_errors=True)
            self.blocked: list[str] = []

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if url.startswith("data:image/") and len(url) < LONGEST_DATA_URL:
                return super().fetch(url, headers)
            self.blocked.append(url[:120])
            raise FatalURLFetchingError(f"blocked: {url[:80]}")

    return SealedFetcher()


def print_sealed(html: str, out: Path) -> int:
    """What the child does: print, and fail on any complaint or any refused URL. Gives the number of pages."""
    import weasyprint

    complaints = _Complaints()
    for logger in ("weasyprint", "weasyprint.progress", "fontTools"):
        logging.getLogger(logger).addHandler(complaints)
    fetcher = sealed_fetcher()
    document = weasyprint.HTML(string=html, url_fetcher=fetcher, media_type="print").render()
    document.write_pdf(str(out), pdf_variant="pdf/ua-1")
    if fetcher.blocked or complaints.said:
        raise RenderFailed("; ".join([*(f"blocked: {url}" for url in fetcher.blocked), *complaints.said]))
    return len(document.pages)


def _main(out: Path) -> int:
    _limit_memory()
    try:
        pages = print_sealed(sys.stdin.buffer.read().decode("utf-8"), out)
    except OSError as error:
        if "cannot load library" not in str(error):
            raise
        print(f"Pango is not installed: apt-get install --no-install-recommends {_PANGO} ({error})", file=sys.stderr)
        return _EXIT_DEPENDENCY
    except RenderFailed as error:
        print(error, file=sys.stderr)
        return 1
    print(pages)
    return 0


if __name__ == "__main__":
    sys.exit(_main(Path(sys.argv[1])))
