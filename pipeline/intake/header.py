"""A file's column names against the ones that we know: mapped by name, never by position.

What belongs here: the verdict on a header and the words that help a person mend it.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from pipeline.errors import DataRefused
from pipeline.schema import Export

DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
SHOWN = 8


@dataclass(frozen=True)
class Expected:
    """The columns that a file may have and those that it must. `renamed`: names in the file -> names of ours."""

    known: tuple[str, ...]
    required: tuple[str, ...]
    renamed: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, export: Export, renamed: Mapping[str, str]) -> Expected:
        return cls(tuple(column.name for column in export.columns), export.required, renamed)

    def map(self, names: Sequence[str]) -> tuple[list[str], list[str]]:
        """(our name of every column, what is wrong with the header in sentences)."""
        ours = [self.renamed.get(name, name) for name in names]
        problems = []
        doubled = [name for name, count in Counter(ours).items() if count > 1 and name]
        if doubled:
            problems.append(f"column {_listed(doubled)} stands there more than once")
        if "" in ours:
            problems.append(f"column {ours.index('') + 1} has no name")
        unknown = [name for name in ours if name and name not in self.known]
        if unknown:
            problems.append(
                "unknown: " + _listed([_with_nearest(name, self.known) for name in unknown[:SHOWN]], len(unknown))
            )
        missing = [name for name in self.required if name not in ours]
        if missing:
            problems.append(f"missing: {_listed(missing)}")
        return ours, problems


def split_record(text: str, delimiter: str) -> list[str]:
    """The fields of one record whose structure has been checked."""
    csv.field_size_limit(1 << 30)
    return next(csv.reader([text], delimiter=delimiter, strict=True), [""])


def map_header(names: Sequence[str], expected: Expected, name: str, line: int, hint: str = "") -> list[str]:
    """Our names of a file's columns, in its order. Raises DataRefused naming what is unknown, doubled or missing."""
    ours, problems = expected.map(names)
    if problems:
        raise DataRefused(
            f"{name}, line {line}: the header is not this export's: {'; '.join(problems)}. "
            f"Expected {', '.join(expected.required)}"
            + _optional(expected)
            + (f". {hint}" if hint else ". Another name can be declared under `columns` in sources.toml")
        )
    return ours


def csv_hint(records: Sequence[str], expected: Expected, delimiter: str) -> str:
    """What may be the matter with a header that does not map, from the first records' text."""
    for other, title in DELIMITERS.items():
        if other != delimiter and not expected.map(_split_or_nothing(records[0], other))[1]:
            return f'The columns are separated by {title}: declare delimiter = "{other}" in sources.toml'
    for number, record in enumerate(records[1:], start=2):
        if not expected.map(_split_or_nothing(record, delimiter))[1]:
            return f"Record {number} looks like the header: deliver the file without what stands above it"
    return ""


def _split_or_nothing(text: str, delimiter: str) -> list[str]:
    try:
        return split_record(text, delimiter)
    except csv.Error:
        return []


def _with_nearest(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name.strip().lower(), known, n=1, cutoff=0.6)
    return f"{name[:60]!r}" + (f" (meant {near[0]}?)" if near else "")


def _optional(expected: Expected) -> str:
    optional = [name for name in expected.known if name not in expected.required]
    return f"; it may have {', '.join(optional)}" if optional else ""


def _listed(items: Sequence[str], of: int = 0) -> str:
    more = max(len(items), of) - SHOWN
    return ", ".join(items[:SHOWN]) + (f" and {more} more" if more > 0 else "")
