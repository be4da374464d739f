"""The sample's time: its eighteen months, how busy each day and each hour is, and how draws become instants.

What belongs here: instants and the rhythm of days. Every instant in the sample is an int64 of whole seconds since 1970
in UTC; local time is that plus LOCAL_OFFSET. What happens at those instants is told by the modules of each export.
"""

from __future__ import annotations

import zlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

Seconds = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.integer[Any]]
Booleans = npt.NDArray[np.bool_]

HOUR = 3600
DAY = 86_400
FIRST_DAY = date(2024, 10, 1)
LAST_DAY = date(2026, 3, 31)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
MONTHS = 18
#: Africa/Johannesburg keeps this offset all year, and has since 1944.
LOCAL_OFFSET = 2 * HOUR
#: An instant that never comes: what an event that does not happen has.
NEVER = 2**62

_EPOCH = date(1970, 1, 1)


def local_midnight(day: date) -> int:
    """The UTC second at which that local day begins."""
    return (day - _EPOCH).days * DAY - LOCAL_OFFSET


START = local_midnight(FIRST_DAY)
END = START + DAYS * DAY
#: When the first half was exported, and when everything was: both at 02:00 local.
EARLIER_EXPORT = local_midnight(date(2025, 10, 1)) + 2 * HOUR
BULK_EXPORT = END + 2 * HOUR
#: The corrections of the morning after.
CORRECTION_EXPORT = BULK_EXPORT + 3 * HOUR + HOUR // 2

DATES = [FIRST_DAY + timedelta(days=i) for i in range(DAYS)]
MONTH_OF_DAY: Integers = np.array([(d.year - 2024) * 12 + d.month - 10 for d in DATES])
MONTH_STARTS: Seconds = np.array([local_midnight(d) for d in DATES if d.day == 1])
#: Of the six quarters, and the end of the last.
QUARTER_STARTS: Seconds = np.array([*MONTH_STARTS[::3], END])
_WEEKDAY = np.array([d.weekday() for d in DATES])
_MONTH = np.array([d.month for d in DATES])

_ORDER_WEEKDAYS = np.array([1.06, 1.02, 1.0, 1.02, 1.05, 0.95, 0.9])
_MESSAGE_WEEKDAYS = np.array([1.22, 1.14, 1.1, 1.08, 1.03, 0.72, 0.58])
_ORDER_SEASON = np.array([0.86, 0.92, 0.96, 0.98, 1.0, 0.97, 0.98, 0.98, 1.0, 1.03, 1.26, 1.24])
_MESSAGE_SEASON = np.array([0.975, 0.975, 0.975, 0.98, 0.98, 0.98, 0.99, 0.99, 1.0, 1.0, 1.09, 1.02])
#: A few days that everybody knows: Black Friday and its weekend, Christmas, New Year.
_BUSY_DAYS = {
    date(2024, 11, 29): 2.4,
    date(2024, 11, 30): 1.5,
    date(2024, 12, 2): 1.6,
    date(2025, 11, 28): 2.5,
    date(2025, 11, 29): 1.6,
    date(2025, 12, 1): 1.6,
}
_QUIET_DAYS = {(12, 25): 0.35, (12, 26): 0.5, (1, 1): 0.4}

_ORDER_HOURS = [6, 3, 2, 1, 1, 3, 10, 22, 38, 50, 58, 60, 60, 52, 46, 46, 48, 52, 58, 68, 72, 60, 36, 16]
_BUYER_HOURS = [8, 4, 2, 2, 2, 5, 16, 34, 58, 76, 80, 72, 58, 60, 66, 64, 56, 50, 52, 62, 66, 52, 32, 16]


def stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one part, independent of how many numbers the others draw."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())])))


def _special_days() -> Floats:
    return np.array([_BUSY_DAYS.get(d, 1.0) * _QUIET_DAYS.get((d.month, d.day), 1.0) for d in DATES])


def order_rhythm() -> Floats:
    """How busy each of the DAYS is for orders: trend, season, weekday, special days. The mean is 1."""
    growth = 1.005 ** (np.arange(DAYS) / 30.4)
    weights = growth * _ORDER_SEASON[_MONTH - 1] * _ORDER_WEEKDAYS[_WEEKDAY] * _special_days()
    return weights / weights.mean()


def message_rhythm() -> Floats:
    """How busy each of the DAYS is for conversations. The mean is 1."""
    growth = 1.0085 ** (np.arange(DAYS) / 30.4)
    special = np.sqrt(_special_days())
    weights = growth * _MESSAGE_SEASON[_MONTH - 1] * _MESSAGE_WEEKDAYS[_WEEKDAY] * special
    return weights / weights.mean()


def time_of_day(random: np.random.Generator, count: int, hours: list[int] | None = None) -> Seconds:
    """Seconds after local midnight, by the hours at which people order (default) or write (`BUYER_HOURS`)."""
    weights = np.array(hours or _ORDER_HOURS, dtype=np.float64)
    edges = np.concatenate([[0.0], np.cumsum(weights / weights.sum())])
    return np.minimum(np.interp(random.random(count), edges, np.arange(25.0)) * HOUR, DAY - 1).astype(np.int64)


BUYER_HOURS = _BUYER_HOURS


def by_daylight(random: np.random.Generator, instants: Seconds) -> Seconds:
    """Move what would happen between 22:00 and 07:00 to the morning, four times out of five."""
    second = (instants + LOCAL_OFFSET) % DAY
    asleep = (second >= 22 * HOUR) | (second < 7 * HOUR)
    moved = asleep & (random.random(len(instants)) < 0.8)
    to_seven = (7 * HOUR - second) % DAY
    return np.where(moved, instants + to_seven + (random.random(len(instants)) * 2.5 * HOUR).astype(np.int64), instants)


def after(random: np.random.Generator, instants: Seconds, median_hours: Floats | float, spread: float) -> Seconds:
    """An instant some time after each: a lognormal delay with that median and that standard deviation of its log."""
    delay = np.exp(random.standard_normal(len(instants)) * spread) * median_hours * HOUR
    return instants + np.maximum(delay, 5.0).astype(np.int64)


def month_of(instants: Seconds) -> Integers:
    """The sample's month, 0 … 17, of each instant; earlier and later ones take the nearest."""
    day = np.clip((instants - START) // DAY, 0, DAYS - 1)
    return MONTH_OF_DAY[day]


def utc(second: int) -> datetime:
    """That second as an aware datetime."""
    return datetime.fromtimestamp(second, UTC)
