"""What a reader sees as one character, so that a text is never cut inside it.

What belongs here: where one such character ends and the next begins, near enough to Unicode's UAX 29 for names. What is
allowed in a text, and how long it may be, is `numbers.py`'s to say.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

ZERO_WIDTH_JOINER = "\u200d"
ZERO_WIDTH_NON_JOINER = "\u200c"

_SKIN_TONES = range(0x1F3FB, 0x1F400)
_REGIONAL_INDICATORS = range(0x1F1E6, 0x1F200)
_LEADING_CONSONANTS, _VOWELS, _TRAILING = range(0x1100, 0x1160), range(0x1160, 0x11A8), range(0x11A8, 0x1200)
#: A mark of these classes joins the consonant after it to the one before: the virama of the Indian scripts.
_VIRAMA_CLASS = 9
#: Vowels that are letters to Unicode and stand after their consonant all the same: Thai and Lao.
_SPACING_VOWELS = frozenset("\u0e33\u0eb3")


def clusters(text: str) -> Iterator[str]:
    """The text's characters as a reader counts them: a letter with its marks, an emoji of several, a flag."""
    cluster = ""
    for letter in text:
        if cluster and not _continues(cluster, letter):
            yield cluster
            cluster = ""
        cluster += letter
    if cluster:
        yield cluster


def _continues(cluster: str, letter: str) -> bool:
    last, point = cluster[-1], ord(letter)
    if letter in (ZERO_WIDTH_JOINER, ZERO_WIDTH_NON_JOINER) or letter in _SPACING_VOWELS or point in _SKIN_TONES:
        return True
    if unicodedata.category(letter) in ("Mn", "Mc", "Me"):
        return True
    if last == ZERO_WIDTH_JOINER:
        return True
    if point in _REGIONAL_INDICATORS:
        return len(cluster) % 2 == 1 and all(ord(half) in _REGIONAL_INDICATORS for half in cluster)
    if unicodedata.category(letter) == "Lo" and unicodedata.combining(last) == _VIRAMA_CLASS:
        return True
    return (ord(last) in _LEADING_CONSONANTS and (point in _LEADING_CONSONANTS or point in _VOWELS)) or (
        (ord(last) in _VOWELS or ord(last) in _TRAILING) and (point in _VOWELS or point in _TRAILING)
    )
