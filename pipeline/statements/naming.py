"""File names for sellers' ids, which are untrusted: safe on every disk, different for different ids, always the same.

What belongs here: the rule. An id of plain letters, digits, `-`, `_` and inner dots names its file itself, unless
another seller's differs from it only by case, which a disk of Windows or macOS does not see. Any other keeps what of
it is plain and gets a part of its SHA-256. No plain id can look like a name with a hash.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

LONGEST = 80
HASH_LENGTH = 20

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*[A-Za-z0-9_]|[A-Za-z0-9_]", re.ASCII)
_HASHED = re.compile(rf"-[0-9a-f]{{{HASH_LENGTH}}}$", re.IGNORECASE)
#: Names that are devices on Windows, with whatever suffix.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def file_stems(seller_ids: Iterable[str]) -> dict[str, str]:
    """A file name without its suffix for each seller of a period."""
    ids = list(seller_ids)
    folded = Counter(who.casefold() for who in ids)
    return {who: who if folded[who.casefold()] == 1 and _is_plain(who) else _hashed(who) for who in ids}


def _is_plain(who: str) -> bool:
    return (
        len(who) <= LONGEST
        and _PLAIN.fullmatch(who) is not None
        and _HASHED.search(who) is None
        and _DEVICES.fullmatch(who) is None
    )


def _hashed(who: str) -> str:
    kept = re.sub(r"[^A-Za-z0-9]+", "-", who).strip("-")[: LONGEST - HASH_LENGTH - 1].strip("-") or "seller"
    digest = hashlib.sha256(who.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kept}-{digest[:HASH_LENGTH]}"
