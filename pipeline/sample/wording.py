"""Texts from the phrase files: review texts as Polars columns, message bodies as a pool of distinct sentences.

What belongs here: how phrases are put together. The phrases stand in the two TOML files beside this module.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipeline.sample.clock import Booleans, Integers
from pipeline.sample.orders import LANGUAGES

THEMES = ("product", "delivery", "packaging", "size", "battery", "service", "price")
PACKAGING = THEMES.index("packaging")
DELIVERY = THEMES.index("delivery")
GOOD, BAD, MIXED = 0, 1, 2

_GREETED = ("presale", "order", "problem", "reply", "first")
KINDS = (
    "presale", "order", "problem", "followup", "nudge", "reply", "first", "thanks", "thanks_problem", "welcome",
    "autoreply", "reminder", "staff", "spam",
)  # fmt: skip
KIND = {kind: number for number, kind in enumerate(KINDS)}


@cache
def _phrases(name: str) -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / f"phrases_{name}.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class BodyPool:
    """Message bodies, each text once; a language and kind has `size` of the `numbers` from `first` on."""

    texts: list[str]
    numbers: Integers
    first: Integers
    size: Integers

    def draw(self, random: np.random.Generator, language: Integers, kind: Integers) -> Integers:
        """An index into `texts` for each message."""
        size = self.size[language, kind]
        return self.numbers[self.first[language, kind] + (random.random(len(language)) * size).astype(np.int64)]


@cache
def body_pool() -> BodyPool:
    """Every body that a message can have."""
    every: list[str] = []
    first = np.zeros((len(LANGUAGES), len(KINDS)), dtype=np.int64)
    size = np.zeros_like(first)
    for row, language in enumerate(LANGUAGES):
        for column, kind in enumerate(KINDS):
            bodies = _bodies(language, kind)
            first[row, column], size[row, column] = len(every), len(bodies)
            every += bodies
    # Languages share a few texts; a dictionary that names one twice is not written the same way every time.
    number = {text: position for position, text in enumerate(dict.fromkeys(every))}
    return BodyPool(list(number), np.array([number[text] for text in every]), first, size)


def _bodies(language: str, kind: str) -> list[str]:
    phrases = _phrases("messages")
    if kind == "spam":
        return list(phrases["spam"]["spam"])
    of_language = phrases[language]
    if kind in _GREETED:
        return [f"{greeting} {phrase}" for greeting, phrase in product(of_language["greeting"], of_language[kind])]
    return list(of_language[kind])


def _pick(random: np.random.Generator, options: list[list[str]], group: Integers) -> pl.Series:
    """One of the group's options for each row."""
    size = np.array([len(texts) for texts in options])
    first = np.cumsum(size) - size
    flat = pl.Series([text for texts in options for text in texts])
    return flat.gather(first[group] + (random.random(len(group)) * size[group]).astype(np.int64))


def review_texts(
    random: np.random.Generator, language: Integers, verdict: Integers, theme: Integers, names: pl.Series
) -> pl.Series:
    """What each review says, by language, verdict (GOOD, BAD, MIXED), theme and the product's name."""
    phrases = [_phrases("reviews")[code] for code in LANGUAGES]
    sides = ("good", "bad")
    # A mixed review opens kindly and complains in the middle.
    opening, middle = np.where(verdict == BAD, 1, 0), np.where(verdict == GOOD, 0, 1)
    opener = _pick(random, [p[f"opener_{side}"] for p in phrases for side in sides], language * 2 + opening)
    themed = [p[side][name] for p in phrases for side in sides for name in THEMES]
    sentence = _pick(random, themed, (language * 2 + middle) * len(THEMES) + theme)
    closer = _pick(random, [p[f"closer_{side}"] for p in phrases for side in sides], language * 2 + middle)
    parts = pl.DataFrame({"opener": opener, "sentence": sentence, "closer": closer, "name": names})
    written = pl.concat_str(["opener", "sentence", "closer"], separator=" ").str.strip_chars()
    named = written.str.replace("{product}", pl.col("name"), literal=True)
    # Some begin a new line after their first sentence, as people do.
    broken = pl.when(pl.Series(random.random(len(names)) < 0.03)).then(named.str.replace(". ", ".\n", literal=True))
    return parts.select(broken.otherwise(named)).to_series()


def response_texts(random: np.random.Generator, language: Integers, unhappy: Booleans) -> pl.Series:
    """What a seller answers to each review."""
    phrases = [_phrases("reviews")[code] for code in LANGUAGES]
    options = [p[f"response_{side}"] for p in phrases for side in ("good", "bad")]
    return _pick(random, options, language * 2 + unhappy)
