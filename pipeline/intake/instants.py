"""Instants as text into UTC: which texts are instants, and what a local time means in its time zone.

What belongs here: SQL for one text, in three steps that `rules` lays over each other (clock and offset, then UTC). The
zone's rules are read from the IANA data and written into the SQL, so that the answer depends on neither the host's nor
the session's time zone.

A local time that the clocks skipped in spring does not exist: null. One that came twice in autumn is the first of the
two. A date alone is the first instant of its day, also where the clocks skip midnight.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

DateFormat = Literal["iso", "day_first", "month_first"]

FIRST_YEAR, LAST_YEAR = 1990, 2100
DATE_PATTERN: dict[DateFormat, str] = {
    "iso": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "day_first": "[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}",
    "month_first": "[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}",
}
TIME_PATTERN = r"[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
OFFSET_PATTERN = "(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
FORMAT_TEXT: dict[DateFormat, str] = {
    "iso": "an instant is written YYYY-MM-DD, or YYYY-MM-DD HH:MM[:SS] with or without an offset such as Z or +02:00",
    "day_first": "an instant is written DD/MM/YYYY, with or without HH:MM[:SS] after it, as sources.toml declares",
    "month_first": "an instant is written MM/DD/YYYY, with or without HH:MM[:SS] after it, as sources.toml declares",
}


def cast_sql(text: str) -> str:
    """What the engine itself makes of a text; believed only where `plain_sql` holds."""
    return f"try_cast({text} as timestamp)"


def plain_sql(text: str, cast: str) -> str:
    """Whether a text is the commonest of all, `YYYY-MM-DD HH:MM:SS`: proven by writing the instant out again."""
    is_near = f"{cast} between timestamp '{FIRST_YEAR - 100}-01-01' and timestamp '{LAST_YEAR + 100}-01-01'"
    return f"case when {is_near} then {cast}::varchar = {text} else false end"


def format_sql(text: str, date_format: DateFormat) -> str:
    """Whether a text has the shape of an instant."""
    return f"regexp_full_match({text}, '{DATE_PATTERN[date_format]}({TIME_PATTERN}{OFFSET_PATTERN}?)?')"


def clock_sql(text: str, cast: str, plain: str, date_format: DateFormat) -> str:
    """The date and time that a text writes, its offset left out; null when it is no instant or no such day exists."""
    # DuckDB 1.5 reads some texts with an offset and drops the offset without a word: it is cut off here instead.
    bare = (
        f"case when ends_with({text}, 'Z') then left({text}, -1) "
        f"when {_has_offset(text)} then regexp_replace({text}, '{OFFSET_PATTERN}$', '') else {text} end"
    )
    if date_format != "iso":
        order = r"\3-\2-\1" if date_format == "day_first" else r"\3-\1-\2"
        bare = f"regexp_replace({bare}, '^([0-9]+)[/.-]([0-9]+)[/.-]([0-9]+)', '{order}')"
    as_it_is = f"when {plain} then {cast}" if date_format == "iso" else ""
    return f"case {as_it_is} when {format_sql(text, date_format)} then try_cast({bare} as timestamp) end"


def offset_sql(text: str, plain: str) -> str:
    """The offset from UTC, in seconds, that a text of the right shape writes; null when it writes none."""
    written = f"regexp_extract({text}, '{OFFSET_PATTERN}$', 1)"
    digits = f"replace(substr({written}, 2), ':', '')"
    seconds = f"(left({digits}, 2)::bigint * 3600 + coalesce(nullif(substr({digits}, 3), ''), '0')::bigint * 60)"
    sign = f"case when starts_with({written}, '-') then -1 else 1 end"
    return (
        f"case when {plain} then null when ends_with({text}, 'Z') then 0 when {_has_offset(text)} "
        f"then {sign} * {seconds} end"
    )


def _has_offset(text: str) -> str:
    """Of a text of the right shape: after its colon comes a Z or a sign."""
    return f"regexp_matches({text}, ':[0-9.:]*[Z+-]')"


def utc_sql(clock: str, offset: str, text: str, time_zone: str) -> str:
    """The instant in UTC from `clock_sql` and `offset_sql`; null when the clock shows no such time in `time_zone`."""
    local = _tree(_transitions(time_zone), clock, f"not contains({text}, ':')")
    return f"make_timestamp(epoch_us({clock}) - 1000000 * coalesce({offset}, {local}))"


@lru_cache(maxsize=64)
def _transitions(time_zone: str) -> tuple[tuple[datetime, datetime, int, int], ...]:
    """The changes of a zone's offset, oldest first: (local time from which the new offset counts, local time at which a
    gap ends, offset before, offset after). The first entry is the offset at the start."""
    zone, step = ZoneInfo(time_zone), timedelta(hours=12)

    def offset_at(instant: datetime) -> int:
        return round((instant.astimezone(zone).utcoffset() or timedelta()).total_seconds())

    instant, end = datetime(FIRST_YEAR - 1, 12, 1, tzinfo=UTC), datetime(LAST_YEAR + 1, 2, 1, tzinfo=UTC)
    before = offset_at(instant)
    found = [(datetime.min, datetime.min, before, before)]
    while instant < end:
        after = offset_at(instant + step)
        if after != before:
            low, high = instant, instant + step
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                low, high = (low, middle) if offset_at(middle) == after else (middle, high)
            change = high.replace(tzinfo=None)
            found.append((change + timedelta(seconds=before), change + timedelta(seconds=after), before, after))
        instant, before = instant + step, after
    return tuple(found)


def _tree(changes: tuple[tuple[datetime, datetime, int, int], ...], clock: str, is_date: str) -> str:
    """A binary search over the changes as nested CASEs: the offset in seconds that counts at a local time."""
    if len(changes) > 1:
        middle = len(changes) // 2
        earlier, later = (_tree(part, clock, is_date) for part in (changes[:middle], changes[middle:]))
        return f"case when {clock} < timestamp '{changes[middle][0]}' then {earlier} else {later} end"
    _, gap_end, before, after = changes[0]
    if after <= before:
        return str(after)
    return f"case when {clock} >= timestamp '{gap_end}' then {after} when {is_date} then {before} end"
