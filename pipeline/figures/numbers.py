"""How a number, a date and a foreign text are printed. One rule each, used by every page.

What belongs here: rounding, separators, signs, units, and making untrusted text safe to print. What a number means, and
which number stands where, belongs to the pages. Comparisons are made on unrounded values; only printing rounds, half up
(METRICS.md 0.9).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from zoneinfo import ZoneInfo

from pipeline.figures.graphemes import ZERO_WIDTH_JOINER, ZERO_WIDTH_NON_JOINER, clusters
from pipeline.locales import HOUSE, Notation, notation_of

THIN = "\u202f"  # a narrow space that does not break: between thousands, and before a unit
FIXED = "\u00a0"  # a word space that does not break
MINUS = "\u2212"
MISSING = "–"
MAX_TEXT = 600
MAX_NAME = 44
MAX_DIGITS = 4
#: The code points that one character may be made of: a family of four with a skin tone each has eleven.
MAX_CLUSTER = 12
_FIRST_JOINED = "\u0590"  # letters from here on may be joined by a character that is not seen

#: How numbers are written where the code that is running prints them: an office's locale, not an argument of each call.
_NOTATION: ContextVar[Notation] = ContextVar("notation", default=HOUSE)


@dataclass(frozen=True)
class Scale:
    """How the values of one metric are printed: divided by `divisor`, with `digits` decimals and `unit` beside them."""

    unit: str
    divisor: Decimal = Decimal(1)
    digits: int = 0
    is_signed: bool = False
    change_unit: str = ""
    is_relative: bool = False


_SCALES = {
    "stars": Scale("stars", digits=2),
    "share": Scale("%", Decimal("0.01"), 1, change_unit="pp"),
    "points": Scale("points", digits=1, is_signed=True),
    "mean 1–5": Scale("of 5", digits=2),
    "mean 1–7": Scale("of 7", digits=2),
    "per order": Scale("", digits=2),
    "per 100 orders": Scale("", digits=1),
    "hours": Scale("hours", digits=1),
    "days": Scale("days", digits=1),
    "ρ": Scale("ρ", digits=2, is_signed=True),
    "stars per month": Scale("stars a month", digits=3, is_signed=True),
    "count": Scale("", change_unit="%", is_relative=True),
}


def scale_of(unit: str, currency: str, largest: float = 0.0) -> Scale:
    """The scale for a catalogue unit. Money is printed in units, thousands or millions by the `largest` cents shown."""
    if unit != "cents":
        return _SCALES.get(unit, Scale(unit, digits=1))
    if abs(largest) >= 1_000_000_000:
        return Scale(f"{currency} M", Decimal(100_000_000), 2, change_unit="%", is_relative=True)
    if abs(largest) >= 10_000_000:
        return Scale(
            f"{currency} k",
            Decimal(100_000),
            0 if abs(largest) >= 100_000_000 else 1,
            change_unit="%",
            is_relative=True,
        )
    return Scale(currency, Decimal(100), 2, change_unit="%", is_relative=True)


@contextmanager
def printed_in(locale: str) -> Iterator[None]:
    """Numbers printed inside are written as this locale writes them. Raises ValueError when there is none such."""
    token = _NOTATION.set(notation_of(locale))
    try:
        yield
    finally:
        _NOTATION.reset(token)


def notation() -> Notation:
    """How numbers are written here and now."""
    return _NOTATION.get()


def rounded(value: Decimal | float, digits: int) -> Decimal:
    """Half up, away from zero, of the shortest decimal that is this float."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    return exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def number(value: Decimal | float, digits: int = 0, *, signed: bool = False) -> str:
    """`−12 345.60`: grouped and pointed as the locale does, a real minus, a plus when `signed` and above zero; never a
    minus zero."""
    amount, marks = rounded(value, digits), notation()
    sign = MINUS if amount < 0 else "+" if signed and amount > 0 else ""
    return f"{marks.lead}{sign}{marks.digits(f'{abs(amount):.{digits}f}')}"


def in_scale(value: float, scale: Scale) -> Decimal:
    return Decimal(repr(float(value))) / scale.divisor


def show(value: float | None, scale: Scale, *, digits: int | None = None) -> str:
    """The value's digits without its unit; an en dash when there is none."""
    if value is None:
        return MISSING
    return number(in_scale(value, scale), scale.digits if digits is None else digits, signed=scale.is_signed)


def with_unit(value: float | None, scale: Scale, *, digits: int | None = None) -> str:
    """The value as a sentence says it: `86.1 %`, `3.73 stars`, `ZAR 1.42 M`."""
    text = show(value, scale, digits=digits)
    if value is None or not scale.unit:
        return text
    if re.match(r"[A-Z]{3}( |$)", scale.unit):
        currency, _, suffix = scale.unit.partition(" ")
        return f"{currency}{FIXED}{text}" + (f"{THIN}{suffix}" if suffix else "")
    return f"{text}{THIN}{scale.unit}" if scale.unit == "%" else f"{text} {scale.unit}"


def goal(target: float | None, scale: Scale) -> str:
    """A target in words, with no more decimals than it has: `95 %`, `100 000`."""
    if target is None:
        return MISSING
    exact = in_scale(target, scale)
    digits = next((d for d in range(scale.digits) if rounded(exact, d) == exact), scale.digits)
    return with_unit(target, scale, digits=digits)


def digits_beside(value: float, target: float, scale: Scale) -> int:
    """The decimals to print `value` with, so that it stands on the side of `target` where it really is.

    94.96 % against 95 % needs two: rounded to one it would read as met.
    """
    exact, goal = in_scale(value, scale), in_scale(target, scale)
    digits = scale.digits
    while digits < MAX_DIGITS and (rounded(exact, digits) >= goal) != (exact >= goal):
        digits += 1
    while digits < MAX_DIGITS and (rounded(exact, digits) <= goal) != (exact <= goal):
        digits += 1
    return digits


def change(now: float | None, before: float | None, scale: Scale) -> str:
    """The difference in `scale.change_unit`: relative for counts and money, in the metric's own unit otherwise."""
    if now is None or before is None:
        return MISSING
    if not scale.is_relative:
        return number(in_scale(now, scale) - in_scale(before, scale), scale.digits, signed=True)
    if before == 0:
        return MISSING
    return number((Decimal(repr(now)) / Decimal(repr(before)) - 1) * 100, 1, signed=True)


def change_with_unit(now: float | None, before: float | None, scale: Scale) -> str:
    """The difference as a line of text says it: `−0.5 pp`, `+18.0 %`, `−0.13`."""
    text = change(now, before, scale)
    return f"{text}{THIN}{scale.change_unit}" if scale.change_unit and text != MISSING else text


def money(cents: int, currency: str = "") -> str:
    """An exact amount, to the cent."""
    text = number(Decimal(cents) / 100, 2)
    return f"{currency}{FIXED}{text}" if currency else text


def count(value: float) -> str:
    return number(value, 0)


def plural(value: int, singular: str, several: str = "") -> str:
    """`1 file`, `2 files`, `1 234 reviews`."""
    return f"{count(value)} {singular if value == 1 else several or singular + 's'}"


def spelled(value: int, singular: str, several: str) -> str:
    """As a sentence begins: `One category`, `Two categories`, `12 categories`."""
    words = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
    return f"{words[value] if value < len(words) else count(value)} {singular if value == 1 else several}"


def listed(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    items = list(words)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def instant(at: datetime, zone: ZoneInfo) -> str:
    """A UTC instant on the office's clock: `2026-04-02 06:00`."""
    return at.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def safe(text: str | None, limit: int = MAX_TEXT) -> str:
    """Untrusted text made printable: composed, in one line, without control, direction or half characters, cut at
    `limit` characters as a reader counts them.

    Direction overrides can make a name read backwards, and a lone surrogate cannot be written as UTF-8 at all.
    """
    if not text:
        return ""
    whole = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text[: MAX_CLUSTER * limit])
    plain = unicodedata.normalize("NFC", whole)
    kept = "".join(" " if letter.isspace() else letter for letter in plain if not _is_unprintable(letter))
    line = " ".join(_without_loose_joiners(kept).split())
    shown = [cluster[:MAX_CLUSTER] for cluster in islice(clusters(line), limit + 1)]
    return "".join(shown) if len(shown) <= limit else "".join(shown[: limit - 1]).rstrip() + "…"


def name(text: str | None, limit: int = MAX_NAME) -> str:
    """A seller's, product's or category's name for a table cell."""
    return safe(text, limit) or MISSING


def _is_unprintable(letter: str) -> bool:
    if letter.isspace() or letter in (ZERO_WIDTH_JOINER, ZERO_WIDTH_NON_JOINER):
        return False
    return unicodedata.category(letter) in ("Cc", "Cf", "Cn", "Co", "Cs")


def _without_loose_joiners(text: str) -> str:
    """Joiners stay where they shape what is seen, between letters of the scripts that use them and between emoji:
    elsewhere they would make two names that look alike."""
    if ZERO_WIDTH_JOINER not in text and ZERO_WIDTH_NON_JOINER not in text:
        return text
    padded = f" {text} "
    return "".join(
        letter
        for before, letter, after in zip(padded, text, padded[2:], strict=False)
        if letter not in (ZERO_WIDTH_JOINER, ZERO_WIDTH_NON_JOINER) or (_may_join(before) and _may_join(after))
    )


def _may_join(letter: str) -> bool:
    return letter >= _FIRST_JOINED and unicodedata.category(letter)[0] in "LMS"
