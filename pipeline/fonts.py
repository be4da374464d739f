"""The bundled fonts: which family shows which character, and what none of them has.

What belongs here: the families in the order in which they are asked, and their files. Where they came from is told in
`report_templates/fonts/README.md`; the same order stands in the style sheets and in the statement's template.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cache
from pathlib import Path

FONTS = Path(__file__).resolve().parent.parent / "report_templates" / "fonts"
BOX = "\u25a1"

#: The family of every report, by weight.
INTER = {400: "Inter-Regular.otf", 500: "Inter-Medium.otf", 600: "Inter-SemiBold.otf"}
#: Families for what Inter lacks, in the order in which they are asked. A weight that is missing is shown as Regular.
OTHERS: dict[str, dict[int, str]] = {
    "Noto Sans Arabic": {400: "NotoSansArabic-Regular.ttf", 600: "NotoSansArabic-SemiBold.ttf"},
    "Noto Sans Hebrew": {400: "NotoSansHebrew-Regular.ttf", 600: "NotoSansHebrew-SemiBold.ttf"},
    "Noto Sans Devanagari": {400: "NotoSansDevanagari-Regular.ttf", 600: "NotoSansDevanagari-SemiBold.ttf"},
    "Noto Sans Thai": {400: "NotoSansThai-Regular.ttf", 600: "NotoSansThai-SemiBold.ttf"},
    "Noto Sans CJK SC": {400: "NotoSansCJKsc-Regular.otf"},
    "Noto Emoji": {400: "NotoEmoji-Regular.ttf"},
}
#: As an SVG lists them; without blanks, since the engine takes one for a part of the name.
FAMILIES = ",".join(["Inter", *(f"'{family}'" for family in OTHERS)])

#: Characters that are not seen: they shape or break what stands beside them.
UNSEEN = "\u200b\u200c\u200d\u200e\ufe0e\ufe0f\n\t\r"


def printable(text: str) -> str:
    """The text with an empty box for every character that no bundled font has, which says that one stood there.

    An engine would print one too, and complain: a seller's name in another script must not stop a report.
    """
    missing = {ord(letter) for letter in set(text)} - set(map(ord, UNSEEN)) - _inter()
    for family in OTHERS:
        if not missing:
            return text
        missing -= points_of(family)
    return text.translate(dict.fromkeys(missing, BOX))


def lacking(letters: str) -> str:
    """Those of the letters that Inter does not have."""
    return "".join(letter for letter in letters if ord(letter) not in _inter())


@cache
def points_of(family: str) -> frozenset[int]:
    """The code points that every weight of one of the other families has."""
    return _shared(OTHERS[family].values())


@cache
def _inter() -> frozenset[int]:
    return _shared(INTER.values())


def _shared(names: Iterable[str]) -> frozenset[int]:
    import uharfbuzz as hb

    return frozenset.intersection(
        *(frozenset(hb.Face(hb.Blob.from_file_path(str(FONTS / name))).unicodes) for name in names)
    )


def cut_down(name: str, letters: str, features: Iterable[str]) -> bytes:
    """A bundled font file as WOFF2 with no more than those letters and, unless "*" is one of them, those features."""
    import uharfbuzz as hb
    from fontTools.ttLib import woff2

    wanted = hb.SubsetInput()
    wanted.unicode_set.update(map(ord, letters))
    wanted.flags = hb.SubsetFlags.NO_HINTING
    wanted.layout_feature_tag_set.clear()
    if "*" in features:
        wanted.layout_feature_tag_set.invert()
    else:
        wanted.layout_feature_tag_set.update(int.from_bytes(tag.encode()) for tag in features)
    face = hb.subset(hb.Face(hb.Blob.from_file_path(str(FONTS / name))), wanted)
    packed = io.BytesIO()
    woff2.compress(io.BytesIO(face.blob.data), packed)
    return packed.getvalue()
