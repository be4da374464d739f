"""The forecast of the quarter's messages, and how often the limits of past forecasts held, in words and as a mark.

What belongs here: which forecast a month's report speaks of, and its sentences. The forecasts themselves are the work
of `pipeline.analyses.message_forecasts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pipeline.figures.model import Forecast
from pipeline.figures.numbers import THIN, capital, count, number, plural, scale_of, with_unit
from pipeline.figures.published import Published, Value
from pipeline.periods import Period, containing

LIMITS_PERCENT = 80
COVERAGE = "message_forecast_coverage_80"
#: Why there is no forecast, as a sentence ends.
REASONS = {
    "too_early": "fewer than seven days of it are seen",
    "too_short": "fewer than eight whole weeks lie before it",
}


@dataclass(frozen=True)
class QuarterForecast:
    """The messages that a quarter is expected to end with, as seen from `seen_from`; `value` is None for a `reason`."""

    seen_from: str
    value: float | None
    low: float | None
    high: float | None
    target: float | None
    probability: float | None
    reason: str | None


def running_forecast(published: Published, quarter: Period) -> QuarterForecast | None:
    """The forecast as seen from the report's last day, or from the last day there is; None when none was made."""
    return _latest(published, quarter, "true")


def last_forecast(published: Published, quarter: Period) -> QuarterForecast | None:
    """Of a quarter that is over: the forecast made at the end of the month before its last."""
    month = _month_before_last(quarter)
    return _latest(published, quarter, "seen_from = $month and forecast is not null", month=month.id)


def _month_before_last(quarter: Period) -> Period:
    return containing(quarter.end - timedelta(days=1), "month", quarter.fiscal_year_start_month).previous


def _latest(published: Published, quarter: Period, which: str, **parameters: str) -> QuarterForecast | None:
    if not published.has("message_forecasts"):
        return None
    rows = published.rows(
        f"""select seen_from, forecast, low_80, high_80, target, probability, reason from message_forecasts
        where period_id = $quarter and cut_day < $end and {which} order by cut_day desc, seen_from limit 1""",
        quarter=quarter.id,
        end=published.period.end,
        **parameters,
    )
    return QuarterForecast(*rows[0]) if rows else None


def forecast_sentences(published: Published, quarter: Period, total: float, *, is_over: bool) -> str:
    """The forecast with its limits and the target's probability, or what the last one came to; and the record of
    those before. '' when no forecast was made."""
    record = _record(published, quarter if is_over else quarter.previous)
    if is_over:
        return _with_record(_closed(published, quarter, total), record)
    found = running_forecast(published, quarter)
    if found and found.value is not None and _limits(found) and record and _is_too_narrow(record):
        return _running_too_narrow(quarter, found, record)
    return _with_record(_running(quarter, found), record)


def mark_of(forecast: QuarterForecast | None) -> Forecast | None:
    """The forecast as a chart draws it: at the quarter's end."""
    if forecast is None or forecast.value is None or forecast.low is None or forecast.high is None:
        return None
    return Forecast(2, forecast.value, forecast.low, forecast.high)


def _running(quarter: Period, found: QuarterForecast | None) -> str:
    if found is None:
        return ""
    if found.value is None:
        return f"No forecast for the end of {quarter.label}: {REASONS.get(found.reason or '', 'it was not made')}."
    text = _expected(quarter, found)
    if found.target is not None and found.probability is not None:
        text += f"; probability of reaching {count(found.target)}: {probability_text(found.probability)}"
    return f"{text}."


def _running_too_narrow(quarter: Period, found: QuarterForecast, record: Value) -> str:
    """A forecast whose limits the record speaks against: without the probability, which rests on them."""
    text = f"{_expected(quarter, found)}: too narrow, since {_record_clause(record, 'such forecast')}"
    return f"{text}; so no probability of reaching the target is given." if found.target is not None else f"{text}."


def _expected(quarter: Period, found: QuarterForecast) -> str:
    return f"Forecast for the end of {quarter.label}: {count(found.value or 0)} messages{_limits(found)}"


def _closed(published: Published, quarter: Period, total: float) -> str:
    found = last_forecast(published, quarter)
    if found is None or found.value is None or found.low is None or found.high is None:
        return ""
    side = "below" if total < found.low else "above" if total > found.high else "inside"
    month = _month_before_last(quarter).label.partition(" ")[0]
    verb = "lies" if side == "inside" else "is"
    return (
        f"The forecast made at the end of {month} was {count(found.value)} messages{_limits(found)}; "
        f"the final count {verb} {side} these limits."
    )


def _limits(found: QuarterForecast) -> str:
    if found.low is None or found.high is None:
        return ""
    return f", {LIMITS_PERCENT}{THIN}% interval {count(found.low)} to {count(found.high)}"


def probability_text(probability: float) -> str:
    """A forecast's probability in whole per cent; it is never certain while days are left."""
    percent = 100 * probability
    if percent < 1:
        return f"under 1{THIN}%"
    return f"over 99{THIN}%" if percent > 99 else f"{number(percent, 0)}{THIN}%"


def _record(published: Published, until: Period) -> Value | None:
    """The share of forecasts in quarters that were over by then whose limits held the final count; None without any."""
    found = published.at(COVERAGE, until.id)
    return found if found and found.value is not None and found.denominator else None


def _with_record(said: str, record: Value | None) -> str:
    """What is said of a forecast, and how often the limits held in the quarters that were over by then."""
    if not said or record is None:
        return said
    return f"{said} {capital(_record_clause(record, 'such interval'))}."


def _is_too_narrow(record: Value) -> bool:
    """Whether the limits held less often than they say, beyond chance: a probability from them would mislead."""
    return record.high is not None and record.high < LIMITS_PERCENT / 100


def _record_clause(record: Value, what: str) -> str:
    share = with_unit(record.value, scale_of("share", ""))
    made, held = plural(record.denominator or 0, what), count(record.numerator or 0)
    return f"of {made} in quarters that are over, {held} held the final count ({share})"
