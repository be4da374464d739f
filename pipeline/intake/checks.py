"""What one text must be to become a value of its column: for every kind its SQL, and the names of the ways to fail.

What belongs here: one column at a time. Conditions over several columns of a row stand in `pipeline.contracts` and are
applied, like these, by `rules`.

Each column's text is `"<name>__text"`, its value `"<name>"`; an instant's date and time without its offset is
`"<name>__clock"`, its offset in seconds `"<name>__offset"`, the two together `"<name>__utc"`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.intake import instants
from pipeline.intake.instants import FIRST_YEAR, FORMAT_TEXT, LAST_YEAR, DateFormat
from pipeline.intake.stage import literal, quoted
from pipeline.schema import MAX_ID_LENGTH, MAX_TEXT_LENGTH, Column, Export

#: No space or invisible mark at either end, no control character anywhere.
ID_PATTERN = r"[^\pC\pZ]([^\pC]*[^\pC\pZ])?"
WHOLE_NUMBER_PATTERN = "[+-]?[0-9]{1,18}"
TRUE_TEXTS, FALSE_TEXTS = ("true", "1", "yes"), ("false", "0", "no")
INTEGER_LIMIT = 2**31 - 1
CENTS_LIMIT = 10**18 - 1
#: Clocks differ and exports are cut in another zone: facts may lie this far after the export's own time.
FUTURE_HOURS = 48


@dataclass(frozen=True)
class Reading:
    """How one file's texts are to be read."""

    time_zone: str
    date_format: DateFormat
    exported_at: datetime

    @property
    def latest_event(self) -> datetime:
        return self.exported_at + timedelta(hours=FUTURE_HOURS)


@dataclass(frozen=True)
class Check:
    """A way to fail: `fails` is SQL over the names above, true when this is what is wrong."""

    rule: str
    fails: str
    reason: str


def steps_sql(column: Column, export: Export, reading: Reading) -> list[list[str]]:
    """The select items that turn `"<name>__text"` into the value, step upon step, each a SELECT over the one before."""
    text, name = quoted(f"{column.name}__text"), quoted(column.name)
    if column.kind in ("integer", "cents"):
        number = quoted(f"{column.name}__cast")
        return [[f"try_cast({text} as bigint) as {number}"], [f"{_number_sql(column, text, number)} as {name}"]]
    if column.kind != "instant":
        return [[f"{_value_sql(column, text)} as {name}"]]
    cast, plain, clock, offset, utc = (
        quoted(f"{column.name}__{part}") for part in ("cast", "plain", "clock", "offset", "utc")
    )
    allowed = f"{utc} between {_years()}"
    if column.name in export.events:
        allowed += f" and {utc} <= timestamp '{reading.latest_event}'"
    return [
        [f"{instants.cast_sql(text)} as {cast}"],
        [f"{instants.plain_sql(text, cast)} as {plain}"],
        [
            f"{instants.clock_sql(text, cast, plain, reading.date_format)} as {clock}",
            f"{instants.offset_sql(text, plain)} as {offset}",
        ],
        [f"{instants.utc_sql(clock, offset, text, reading.time_zone)} as {utc}"],
        [f"case when {allowed} then {utc} end as {name}"],
    ]


def _value_sql(column: Column, text: str) -> str:
    match column.kind:
        case "id":
            return f"case when {_is_id(text)} then {text} end"
        case "text":
            return f"case when {_is_text(text)} then {text} end"
        case "enum":
            # A CASE and no IN: the engine turns a long IN list into a join, which costs more.
            return f"case {text} {' '.join(f'when {v} then {v}' for v in map(literal, column.values))} end"
        case "boolean":
            said = f"lower({text})"
            is_true, is_false = f"{said} in ({_listed(TRUE_TEXTS)})", f"{said} in ({_listed(FALSE_TEXTS)})"
            return f"case when {is_true} then true when {is_false} then false end"
        case _:
            raise ValueError(f"{column.kind} takes more than one step")


def _number_sql(column: Column, text: str, number: str) -> str:
    """The value of a whole number. Most are proven by writing them out again, the others by their shape."""
    low, high = limits(column)
    is_whole = f"case when {number}::varchar = {text} then true else {_is_whole(text)} end"
    return f"case when {number} between {low} and {high} and ({is_whole}) then {number}::{column.sql_type} end"


def checks_of(column: Column, export: Export, reading: Reading) -> list[Check]:
    """The ways in which a column can fail, the first that holds being the one to name."""
    text = quoted(f"{column.name}__text")
    checks = [] if column.nullable else [Check("required", f"{text} is null", "a value must stand here")]
    match column.kind:
        case "id":
            said = f"an id has 1 to {MAX_ID_LENGTH} characters, no space around it and no control character in it"
            checks.append(Check("format", f"not ({_is_id(text)})", said))
        case "text":
            said = f"a text has at most {MAX_TEXT_LENGTH} characters and no NUL"
            checks.append(Check("length", f"not ({_is_text(text)})", said))
        case "enum":
            said = "one of " + ", ".join(column.values)
            checks.append(Check("value", f"{text} not in ({_listed(column.values)})", said))
        case "boolean":
            said = f"one of {', '.join(TRUE_TEXTS + FALSE_TEXTS)}"
            checks.append(Check("format", f"lower({text}) not in ({_listed(TRUE_TEXTS + FALSE_TEXTS)})", said))
        case "integer" | "cents":
            low, high = limits(column)
            what = "money is whole minor units" if column.kind == "cents" else "a whole number"
            said = f"{what}: digits, a sign before them if need be, nothing else"
            checks.append(Check("format", f"not {_is_whole(text)}", said))
            number = f"try_cast({text} as bigint)"
            checks.append(Check("range", f"{number} not between {low} and {high}", _range_text(column, low, high)))
        case "instant":
            checks += _instant_checks(column, export, reading, text)
    return checks


def _instant_checks(column: Column, export: Export, reading: Reading, text: str) -> list[Check]:
    utc, clock = quoted(f"{column.name}__utc"), quoted(f"{column.name}__clock")
    shape = instants.format_sql(text, reading.date_format)
    checks = [
        Check("format", f"not {shape}", FORMAT_TEXT[reading.date_format]),
        Check("calendar", f"{text} is not null and {clock} is null", "no such day is in the calendar"),
        Check(
            "local_gap",
            f"{text} is not null and {utc} is null",
            f"the clocks of {reading.time_zone} skipped this time; the export should write an offset",
        ),
        Check("range", f"{utc} not between {_years()}", f"an instant lies between {FIRST_YEAR} and {LAST_YEAR}"),
    ]
    if column.name in export.events:
        written = f"{reading.exported_at:%Y-%m-%d %H:%M} UTC"
        said = f"it lies more than {FUTURE_HOURS} h after the export was written ({written})"
        checks.append(Check("in_future", f"{utc} > timestamp '{reading.latest_event}'", said))
    return checks


def limits(column: Column) -> tuple[int, int]:
    """The least and the greatest value of a number column, both allowed."""
    most = CENTS_LIMIT if column.kind == "cents" else INTEGER_LIMIT
    return (
        -most if column.low is None else column.low,
        most if column.high is None else column.high,
    )


def _range_text(column: Column, low: int, high: int) -> str:
    if column.high is not None:
        return f"between {low} and {high}"
    return f"{low} or more" if column.low is not None else f"at most {high} either side of zero"


def _years() -> str:
    return f"timestamp '{FIRST_YEAR}-01-01' and timestamp '{LAST_YEAR}-12-31 23:59:59.999999'"


def _is_id(text: str) -> str:
    return f"length({text}) <= {MAX_ID_LENGTH} and regexp_full_match({text}, '{ID_PATTERN}')"


def _is_text(text: str) -> str:
    return f"length({text}) <= {MAX_TEXT_LENGTH} and not contains({text}, chr(0))"


def _is_whole(text: str) -> str:
    return f"regexp_full_match({text}, '{WHOLE_NUMBER_PATTERN}')"


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(literal(value) for value in values)
