"""The office's brand as it goes to print: its logo, and whether its colour can be read.

What belongs here: what a logo file may hold, and the contrast of a colour on white. Where they stand on a page is
`report_templates/`' work; `pipeline.settings` reads the keys.

A logo comes from outside like any other file: it is embedded in every report and statement, so it may hold shapes and
nothing that runs, loads or multiplies.
"""

from __future__ import annotations

import base64
import io
import re
import struct
from pathlib import Path
from xml.etree import ElementTree

from pipeline.errors import BadConfiguration

LONGEST_LOGO_BYTES = 200_000
LARGEST_LOGO_PX = 4000
DEEPEST_LOGO = 40
LEAST_CONTRAST = 4.5

_PNG_START = b"\x89PNG\r\n\x1a\n"
_SVG = "{http://www.w3.org/2000/svg}"
#: What draws shapes. `use` and `pattern` can multiply a small file into a day's work, `text` needs a font of its own,
#: gradients and masks are lost by the engine that prints, and what is left out besides runs, loads or moves.
_SHAPES = frozenset(
    {"svg", "g", "defs", "title", "desc", "style", "clipPath"}
    | {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"}
)
_HINTS = {"text": "turn letters into paths", "tspan": "turn letters into paths"} | dict.fromkeys(
    ("linearGradient", "radialGradient", "mask"), "use flat colours, or a PNG"
)
_REFERENCE = re.compile(r"url\(\s*['\"]?\s*(?!['\"#\s])|\\|javascript:", re.IGNORECASE)


def contrast_on_white(colour: str) -> float:
    """The contrast of `#rrggbb` with white, from 1 to 21, as WCAG 2.2 defines it."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    luminance = sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return 1.05 / (luminance + 0.05)


def readable(colour: str) -> str:
    """The colour, when letters in it can be read on white. Raises ValueError with the contrast that it has."""
    contrast = contrast_on_white(colour)
    if contrast < LEAST_CONTRAST:
        # Rounded down: 4.497 must not be told as 4.5.
        raise ValueError(
            f"its contrast with white is {int(contrast * 100) / 100:.2f}, and letters need {LEAST_CONTRAST}; "
            "take a darker colour"
        )
    return colour


def logo_url(config: Path, name: str) -> str:
    """The logo `name` of the config folder as a data URL. Raises BadConfiguration saying what is wrong with it."""
    path = config / name
    where = f"office.toml: logo = {name!r}"
    if not path.resolve().is_relative_to(config.resolve()):
        raise BadConfiguration(f"{where}: lies outside the config folder; copy it there")
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_LOGO_BYTES + 1)
    except OSError as error:
        raise BadConfiguration(f"{where}: {path}: {error.strerror}") from None
    if len(content) > LONGEST_LOGO_BYTES:
        raise BadConfiguration(f"{where}: larger than {LONGEST_LOGO_BYTES // 1000} kB")
    try:
        if content.startswith(_PNG_START):
            _check_png(content)
            kind = "png"
        else:
            _check_svg(content)
            kind = "svg+xml"
    except ValueError as error:
        raise BadConfiguration(f"{where}: {error}") from None
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def logo_svg(url: str) -> str:
    """The logo of such a URL as SVG text, for an engine that takes no other: a PNG becomes a picture in one."""
    head, _, data = url.partition(",")
    content = base64.b64decode(data)
    if head == "data:image/svg+xml;base64":
        return content.decode("utf-8-sig")
    width, height = struct.unpack(">II", content[16:24])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<image width="{width}" height="{height}" href="{url}"/></svg>'
    )


def _check_png(content: bytes) -> None:
    from PIL import Image, UnidentifiedImageError

    width, height = struct.unpack(">II", content[16:24]) if len(content) >= 24 else (0, 0)
    if not (0 < width <= LARGEST_LOGO_PX and 0 < height <= LARGEST_LOGO_PX):
        raise ValueError(f"a PNG of {width} × {height} pixels; from 1 to {LARGEST_LOGO_PX} each way can be printed")
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, UnidentifiedImageError):
        raise ValueError("a damaged PNG") from None


def _check_svg(content: bytes) -> None:
    """Raises ValueError when the SVG has anything but shapes, or no size."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("neither an SVG in UTF-8 nor a PNG") from None
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("an SVG with a DOCTYPE, which can define entities; take its line out")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(f"neither an SVG nor a PNG: {error}") from None
    if root.tag != f"{_SVG}svg":
        raise ValueError("neither an SVG nor a PNG")
    if not re.fullmatch(r"\s*(-?[\d.]+[\s,]+){2}[\d.]*[1-9][\d.]*[\s,]+[\d.]*[1-9][\d.]*\s*", root.get("viewBox", "")):
        raise ValueError('an SVG without a viewBox="0 0 width height", which says how wide it is to its height')
    _check_element(root, DEEPEST_LOGO)


def _check_element(element: ElementTree.Element, depth: int) -> None:
    if depth == 0:
        raise ValueError(f"an SVG with elements more than {DEEPEST_LOGO} deep")
    tag = str(element.tag).removeprefix(_SVG)
    if tag not in _SHAPES:
        shown = tag.rpartition("}")[2][:40]
        raise ValueError(
            f"an SVG with <{shown}>, and only shapes may be printed; {_HINTS.get(shown, 'save it as plain SVG')}"
        )
    for key, value in element.attrib.items():
        plain = key.rpartition("}")[2]
        if plain.lower().startswith("on"):
            raise ValueError(f"an SVG with a script in {plain[:40]}=")
        if (plain == "href" and not value.strip().startswith("#")) or _REFERENCE.search(value):
            raise ValueError(f"an SVG that refers to something outside it in {plain[:40]}=")
    if tag == "style" and ("@" in (element.text or "") or _REFERENCE.search(element.text or "")):
        raise ValueError("an SVG whose <style> refers to something outside it")
    for child in element:
        _check_element(child, depth - 1)
