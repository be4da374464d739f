"""HTML to PDF by an engine that reads nothing but what is bundled.

What belongs here: the sealed WeasyPrint child process (`python -m pipeline.pdf OUT [FILE…] < HTML`), under a memory and
a time limit, with the bundled fonts as the only fonts there are: a crafted text costs at most that child. It loads
little else, since each report starts one.
"""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.errors import DependencyMissing
from pipeline.fonts import FONTS, printable
from pipeline.whole_files import write_whole

PROJECT = Path(__file__).resolve().parent.parent

MEMORY_LIMIT_BYTES = 2 << 30
WALL_LIMIT_SECONDS = 120
LONGEST_DATA_URL = 2_000_000
_PANGO = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
_EXIT_DEPENDENCY = 69
#: When attached files were made: a pack knows no clock.
_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)

_FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
</fontconfig>
"""


class RenderFailed(Exception):
    """The engine complained, was stopped, or was asked to read something that is not bundled: a bug of ours."""


def render_pdf(html: str, out: Path, *attachments: Path) -> int:
    """Print the HTML to `out`, whole or not at all, with those files in it, and give the number of pages.

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
                [sys.executable, "-m", "pipeline.pdf", str(made), *map(str, attachments)],
                input=printable(html).encode(),
                capture_output=True,
                env=environment,
                cwd=PROJECT,
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
        write_whole(out, made.read_bytes())
        return int(child.stdout)


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


def print_sealed(html: str, out: Path, *attachments: Path) -> int:
    """What the child does: print, and fail on any complaint or any refused URL. Gives the number of pages."""
    import weasyprint

    from pipeline.svg_text import lay_out_whole_texts
    from pipeline.tagging import mend

    lay_out_whole_texts()
    complaints = _Complaints()
    for logger in ("weasyprint", "weasyprint.progress", "fontTools"):
        logging.getLogger(logger).addHandler(complaints)
    fetcher = sealed_fetcher()
    document = weasyprint.HTML(string=html, url_fetcher=fetcher, media_type="print").render()
    document.write_pdf(
        str(out),
        finisher=mend,
        pdf_variant="pdf/ua-1",
        attachments=[
            weasyprint.Attachment(
                string=path.read_bytes(),
                name=path.name,
                description="What proves the figures",
                created=_EPOCH,
                modified=_EPOCH,
            )
            for path in attachments
        ],
    )
    if fetcher.blocked or complaints.said:
        raise RenderFailed("; ".join([*(f"blocked: {url}" for url in fetcher.blocked), *complaints.said]))
    return len(document.pages)


def _main(out: Path, *attachments: Path) -> int:
    _limit_memory()
    gc.disable()  # one report, then the process ends: looking for cycles is a tenth of its time
    try:
        pages = print_sealed(sys.stdin.buffer.read().decode("utf-8"), out, *attachments)
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
    sys.exit(_main(*map(Path, sys.argv[1:])))
