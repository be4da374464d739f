"""How a locale writes numbers: its separators and digits, from Unicode's CLDR by way of Babel.

What belongs here: the marks between digits, and which digits. Where they are used is `pipeline.figures.numbers`'
business. Dates are ISO, currencies are codes and sentences are English in every locale.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

NARROW_SPACE = "\u202f"
LEFT_TO_RIGHT_MARK = "\u200e"
#: The zero of each numbering system that the bundled fonts have the digits of.
_ZEROS = {"latn": "0", "arab": "\u0660", "arabext": "\u06f0", "deva": "\u0966"}
_WRITTEN_LEFTWARDS = ("arab", "arabext")
_SPACES = ("\u00a0", "\u202f", "\u2009", " ")


@dataclass(frozen=True)
class Notation:
    """The marks of one locale. `first` and `further` are how many digits stand in the last group and in those before.

    `lead` comes before every number: where digits belong to a script that is written leftwards, a mark that keeps two
    numbers of an English sentence in their order, and a sign at the left of its number.
    """

    decimal: str = "."
    group: str = NARROW_SPACE
    zero: str = "0"
    first: int = 3
    further: int = 3
    lead: str = ""

    def digits(self, plain: str) -> str:
        """`12345.60` as the locale writes it: `12 345.60`, `12.345,60`, `12,34,567`."""
        whole, _, decimals = plain.partition(".")
        groups = [whole[-self.first :]]
        rest = whole[: -self.first]
        while rest:
            groups.append(rest[-self.further :])
            rest = rest[: -self.further]
        text = self.group.join(reversed(groups)) + (self.decimal + decimals if decimals else "")
        return text.translate(_own_digits(self.zero)) if self.zero != "0" else text


#: Plain English is written with the narrow spaces of ISO 80000, which no reader takes for a decimal sign; English of a
#: country (en_US, en_ZA) is written as CLDR has it for that country.
HOUSE = Notation()


@cache
def notation_of(locale: str) -> Notation:
    """The marks of a locale such as `de`, `pt_BR` or `ar_EG`. Raises ValueError when there is none such."""
    if locale == "en":
        return HOUSE
    from babel import Locale, UnknownLocaleError

    try:
        found = Locale.parse(locale)
    except (UnknownLocaleError, ValueError):
        raise ValueError("not a locale that CLDR knows, such as en, de, fr, pt_BR or ar_EG") from None
    system = found.default_numbering_system
    if system not in _ZEROS:
        raise ValueError(f"it writes digits of the system {system!r}, which no bundled font has")
    symbols = found.number_symbols.get(system) or found.number_symbols["latn"]
    # CLDR has them for Latin digits where Babel knows none of the locale's own.
    latin = found.number_symbols["latn"]
    decimal, group = symbols.get("decimal") or latin["decimal"], symbols.get("group") or latin["group"]
    first, further = found.decimal_formats[None].grouping
    return Notation(
        decimal,
        NARROW_SPACE if group in _SPACES else group,
        _ZEROS[system],
        first,
        further,
        LEFT_TO_RIGHT_MARK if system in _WRITTEN_LEFTWARDS else "",
    )


@cache
def _own_digits(zero: str) -> dict[int, str]:
    return {ord(str(digit)): chr(ord(zero) + digit) for digit in range(10)}
