"""Holidays and campaign days: `config/calendar.csv`, how much busier or quieter than usual the office expects a day.

What belongs here: reading that file and refusing its mistakes. What a multiplier does to a forecast is
`pipeline.statistics.forecasting`'s; weeks, months and quarters are `pipeline.periods`'.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from pipeline.errors import BadConfiguration

COLUMNS = ("day", "multiplier", "name")
LEAST, MOST = 0.01, 100.0


def load_special_days(path: Path) -> dict[date, float]:
    """Each listed day's multiplier: 1.8 where 80 % more messages are expected than on another such weekday.

    No file, no special days. Raises BadConfiguration that names file, line, column, value and rule.
    """
    if not path.exists():
        return {}
    days: dict[date, float] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise BadConfiguration(f"{path.name}, line 1: the header must read {','.join(COLUMNS)}")
        for row in reader:
            where = f"{path.name}, line {reader.line_num}"
            day, multiplier = _day(row["day"], where), _multiplier(row["multiplier"], where)
            if day in days:
                raise BadConfiguration(f"{where}: day {day} is listed twice; multiply the two and keep one line")
            days[day] = multiplier
    return days


def _day(text: str | None, where: str) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        raise BadConfiguration(f"{where}: day {text!r} is not a day; write 2026-11-27") from None


def _multiplier(text: str | None, where: str) -> float:
    try:
        number = float(text or "")
    except ValueError:
        number = float("nan")
    if not LEAST <= number <= MOST:
        raise BadConfiguration(
            f"{where}: multiplier {text!r} is not a number from {LEAST:g} to {MOST:g}; write 1.8, or 0.5 for half"
        )
    return number
