"""Personal data taken out of what people write, before a text is counted or quoted.

What belongs here: what can be known by its form in any language: addresses of mail and web, handles, and long numbers
(telephone, card, account, identity, order). A name cannot be known by its form and stays. Ids in columns of their own
are pseudonyms from intake on (`pipeline.intake.pseudonyms`).
"""

from __future__ import annotations

import polars as pl

#: Longest quote, in characters: two or three lines of a report.
LONGEST_QUOTE = 240

#: What cannot be seen, and hides an address from a machine: joiners, soft hyphens, the marks of a keycap.
_UNSEEN = r"\p{Cf}\p{M}"
_WORD = rf"\p{{L}}\p{{N}}_{_UNSEEN}\-"
_CODE = rf"A-Za-z\p{{Nd}}_{_UNSEEN}\-"
_AT = r"(?:[@＠﹫]|\s[@＠﹫]\s|\s?[\[({<]\s{0,2}(?i:at|arroba)\s{0,2}[\])}>]\s?)"
_DOT = r"(?:[.．]|\s?[\[({<]\s?(?i:dot|ponto|punkt|point|punto)\s?[\])}>]\s?)"
_HOST = r"[\p{L}\p{N}\-]+(?:\.[\p{L}\p{N}\-]+)*"
_NOT_SPACE = r"[^\s<>\"»”。]"
#: The border of a word in ASCII, which costs a tenth of Unicode's.
_EDGE = r"(?-u:\b)"

#: In this order: an address holds dots and digits that a later pattern would take apart.
_PATTERNS = (
    (rf"[{_WORD}.%+']+{_AT}[{_WORD}]+(?:{_DOT}[{_WORD}]+)*", "[e-mail]"),
    (rf"(?i)[{_WORD}.+]+ at [{_WORD}]+(?: dot [{_WORD}]+)+", "[e-mail]"),
    (rf"[@＠﹫]\s?[{_WORD}.]*[{_WORD}]", "[handle]"),
    (rf"(?i)(?:[a-z][a-z0-9+.\-]{{1,9}}:/{{1,3}}|www\d?\.){_NOT_SPACE}+", "[link]"),
    (rf"(?i){_HOST}\.[a-z]{{2,6}}/{_NOT_SPACE}*", "[link]"),
    (rf"(?i){_HOST}\.(?:com|org|net|info|biz|co\.[a-z]{{2}})(?:\.[a-z]{{2}})?{_EDGE}", "[link]"),
    # An IBAN, in groups or not.
    (rf"{_EDGE}[A-Z]{{2}}\d{{2}}(?:[ \-]?[A-Z0-9]{{4}}){{2,7}}(?:[ \-]?[A-Z0-9]{{1,3}})?{_EDGE}", "[number]"),
    # Seven digits or more, with at most three marks between one and the next. A slash parts them, as in a date.
    (
        rf"[+＋(（]{{0,2}}[{_CODE}]*\p{{Nd}}(?:[\s.·•()（）\[\]*~_{_UNSEEN}\p{{Pd}}]{{0,3}}\p{{Nd}}){{6,}}[{_CODE}]*",
        "[number]",
    ),
    (rf"[#№]\s?[{_CODE}]*\p{{Nd}}[{_CODE}]*", "[number]"),
    # A word with five digits together, or with four and letters before or among them.
    (rf"[{_CODE}]*\p{{Nd}}{{5,}}[{_CODE}]*", "[number]"),
    (rf"[{_CODE}]*[A-Za-z][_\-]?\p{{Nd}}{{4,}}[{_CODE}]*", "[number]"),
    (rf"[{_CODE}]*\p{{Nd}}[A-Za-z]+(?:\p{{Nd}}[A-Za-z]*){{3,}}[{_CODE}]*", "[number]"),
)

#: Signs that would turn the order of the letters in the report around it, or that no page can show.
_CONTROL = r"[\p{Cc}\u202a-\u202e\u2066-\u2069]"


def mask(texts: pl.Series, instead: str | None = None) -> pl.Series:
    """The texts with a word in brackets, `[e-mail]`, `[handle]`, `[link]` or `[number]`, for what could name a person;
    or with `instead` for each."""
    for pattern, kind in _PATTERNS:
        texts = texts.str.replace_all(pattern, kind if instead is None else instead)
    return texts


def whole(texts: pl.Series) -> pl.Series:
    """The texts fit to be listed: each on one line, without control signs, and masked after that: a control sign must
    hide no digit."""
    return mask(texts.str.replace_all(r"\s+", " ").str.replace_all(_CONTROL, "").str.strip_chars())


def quote(texts: pl.Series) -> pl.Series:
    """The texts fit to be printed: as they are listed, and cut at a word if they are too long.

    Cut last: it must leave no half of an address.
    """
    lines = whole(texts)
    cut = lines.str.extract(rf"^(.{{{LONGEST_QUOTE // 2},{LONGEST_QUOTE - 2}}}[^\s\p{{P}}])[\s\p{{P}}]")
    cut = cut.fill_null(lines.str.slice(0, LONGEST_QUOTE - 1)) + "…"
    return cut.zip_with(lines.str.len_chars() > LONGEST_QUOTE, lines)
