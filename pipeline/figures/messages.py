"""Page 4: what buyers and sellers wrote. The way to the quarter's target, growth, who writes and when.

What belongs here: the choice and order of the page's figures, and the sums over the months of the quarter so far.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from pipeline.figures.customers import entity_name
from pipeline.figures.forecast import forecast_sentences, mark_of, running_forecast
from pipeline.figures.measures import value_cell
from pipeline.figures.model import (
    BigNumber,
    Cell,
    Column,
    DataRow,
    Guide,
    HeatGrid,
    Row,
    Sentence,
    Table,
    TimeChart,
    Tone,
)
from pipeline.figures.noise import move_of
from pipeline.figures.numbers import MISSING, THIN, capital, change, count, listed, number, plural, scale_of
from pipeline.figures.pages import MessagesPage
from pipeline.figures.published import Published
from pipeline.figures.trends import keys_of, month_columns
from pipeline.figures.wording import move_sentence, not_measured
from pipeline.periods import Period, containing

EXTRA_ROWS = {
    "messages_per_order": "Per completed order",
    "active_messagers": "Active users",
    "seller_initiated_share": "Opened by sellers",
    "message_automated_count": "Automated, not counted",
}
METRICS = (
    "message_count",
    "messages_per_order",
    "active_messagers",
    "seller_initiated_share",
    "unanswered_inquiries",
)
WEEKS = 6
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_UNANSWERED = 5
HALF_HIGH_MM = 16.0


@dataclass(frozen=True)
class QuarterToDate:
    """Messages of the quarter's months up to the report's, against the even path to the target."""

    quarter: Period
    months: tuple[Period, ...]
    counts: tuple[float, ...]
    target: float | None
    is_over: bool

    @property
    def total(self) -> float:
        return sum(self.counts)

    @property
    def tone(self) -> Tone:
        """Good on the even path to the target or above it, watch from nine tenths of it, else bad."""
        path = self.path(self.months[-1])
        return "good" if self.total >= path else "watch" if self.total >= 0.9 * path else "bad"

    def path(self, month: Period) -> float:
        """What the target asks for by the end of `month`, by days."""
        assert self.target is not None
        return self.target * (month.end - self.quarter.start).days / self.quarter.days


def quarter_to_date(published: Published) -> QuarterToDate | None:
    """The quarter so far; None when messages have no value in this month."""
    now = published.at("message_count")
    if now is None or now.value is None:
        return None
    period = published.period
    quarter = containing(period.start, "quarter", period.fiscal_year_start_month)
    months = [period]
    while months[0].start > quarter.start:
        months.insert(0, months[0].previous)
    found = [published.at("message_count", month.id) for month in months]
    counts = tuple(float(value.value) if value and value.value is not None else 0.0 for value in found)
    return QuarterToDate(
        quarter,
        tuple(months),
        counts,
        published.target_of("message_count", quarter.id),
        published.is_complete and period.end == quarter.end,
    )


def messages_page(published: Published) -> MessagesPage | None:
    """The page, or None when messages are not measured or the month has none."""
    quarter = quarter_to_date(published)
    if quarter is None:
        return None
    return MessagesPage(
        message=_message(published, quarter),
        number=_number(quarter),
        forecast=forecast_sentences(published, quarter.quarter, quarter.total, is_over=quarter.is_over),
        path=_path(published, quarter),
        weeks=_weeks(published),
        months=month_columns(published, "message_count", "Messages by month", EXTRA_ROWS, outlined=False),
        peaks=peak_grid(published),
        roles=_roles(published),
        unanswered=_unanswered(published),
        not_measured=not_measured(published, METRICS),
    )


def path_clause(quarter: QuarterToDate) -> str:
    """`Q1 2026 stands at 71 204 messages, 4 537 above the even path to 100 000`."""
    verb = "closed" if quarter.is_over else "stands"
    text = f"{quarter.quarter.label} {verb} at {plural(int(quarter.total), 'message')}"
    if quarter.target is None:
        return f"{text}; no target is set"
    gap = quarter.total - quarter.path(quarter.months[-1])
    goal = f"{'the target of' if quarter.is_over else 'the even path to'} {count(quarter.target)}"
    return f"{text}, {count(abs(gap))} {'above' if gap >= 0 else 'below'} {goal}"


def _message(published: Published, quarter: QuarterToDate) -> Sentence:
    move = move_of(published, "message_count")
    text = path_clause(quarter)
    if move and move.is_beyond_noise:
        return Sentence(f"{move_sentence(published, move, with_target=False)} {text}.", "messages moved beyond noise")
    return Sentence(f"{text}.", "messages against the path")


def _number(quarter: QuarterToDate) -> BigNumber:
    parts = [f"{quarter.quarter.label}, {plural(len(quarter.months), 'month')} of 3"]
    tone: Tone = ""
    if quarter.target is not None:
        path = quarter.path(quarter.months[-1])
        tone = quarter.tone
        symbol, word = {"good": ("▲", "met"), "watch": ("●", "near"), "bad": ("▼", "missed")}[tone]
        if quarter.is_over:
            parts.append(f"target {count(quarter.target)} {symbol} {word}")
        else:
            place = {"met": "on or above the path", "near": "near the path", "missed": "below the path"}[word]
            parts += [f"target {count(quarter.target)}", f"path to date {count(path)} {symbol} {place}"]
        parts.append(f"{number(100 * quarter.total / quarter.target, 1)}{THIN}% of the target")
    return BigNumber(count(quarter.total), "messages", " · ".join(parts), tone)


def _path(published: Published, quarter: QuarterToDate) -> TimeChart | None:
    """Totals at the end of each month of the quarter, the even path to the target outlined, and the
    forecast of a quarter that runs."""
    if quarter.target is None:
        return None
    months = [containing(quarter.quarter.start, "month", quarter.quarter.fiscal_year_start_month)]
    while len(months) < 3:
        months.append(months[-1].next)
    totals = [sum(quarter.counts[: index + 1]) for index in range(len(quarter.counts))]
    planned = tuple(quarter.path(month) for month in months)
    values = (*totals, *([None] * (3 - len(totals))))
    gap = quarter.total - quarter.path(quarter.months[-1])
    forecast = None if quarter.is_over else mark_of(running_forecast(published, quarter.quarter))
    rows = [
        DataRow("To date", tuple(MISSING if value is None else count(value) for value in values), "strong"),
        DataRow("Even path", tuple(count(value) for value in planned)),
    ]
    if forecast:
        rows.append(DataRow("Forecast", ("", "", count(forecast.value))))
    return TimeChart(
        title=f"Messages in {quarter.quarter.label}, cumulative",
        alt=f"{path_clause(quarter)}. The table below holds the totals at each month's end.",
        style="columns",
        corner=str(months[0].start.year),
        labels=tuple(f"{month.start:%b}" for month in months),
        under=("",) * 3,
        values=values,
        rows=tuple(rows),
        low=0.0,
        high=max(*planned, *totals, forecast.high if forecast else 0.0) * 1.04,
        guides=(Guide(quarter.target, f"target {count(quarter.target)}", "target"),),
        outlines=planned,
        forecast=forecast,
        last_label=number(gap, signed=True),
        wide=False,
        height=HALF_HIGH_MM,
    )


def _weeks(published: Published) -> TimeChart | None:
    """The last six complete weeks and their growth on the week before."""
    weeks = published.weeks("message_count", WEEKS + 1)
    if len(weeks) < 2:
        return None
    scale = scale_of("count", "")
    values = [value.value or 0.0 for value, _ in weeks]
    shown = weeks[-WEEKS:]
    growth = [change(b, a, scale) for a, b in itertools.pairwise(values)]
    growth = ["–"] * (len(shown) - len(growth)) + growth[-len(shown) :]
    texts = tuple(count(value.value or 0.0) for value, _ in shown)
    shown_values = tuple(value.value for value, _ in shown)
    return TimeChart(
        title="Messages by week",
        alt=f"The last {len(shown)} complete weeks: {', '.join(texts)}.",
        style="columns",
        corner="Week from",
        labels=tuple(value.period_id[5:] for value, _ in shown),
        under=tuple(f"{first:%m-%d}" for _, first in shown),
        values=shown_values,
        rows=(
            DataRow("Messages", texts, "strong", keys_of("message_count", [value for value, _ in shown])),
            DataRow("Growth, %", tuple(growth)),
        ),
        low=0.0,
        high=max(v or 0.0 for v in shown_values) * 1.04 or 1.0,
        last_label=texts[-1],
        wide=False,
        height=HALF_HIGH_MM,
    )


def peak_grid(published: Published) -> HeatGrid | None:
    """Messages per hour slot of the week; slots with fewer than ten messages are not shown."""
    if not published.has("message_peaks"):
        return None
    rows = published.rows(
        "select weekday, hour, per_slot, rank, messages from message_peaks where period_id = $period order by 1, 2",
        period=published.period.id,
    )
    slots = {(weekday, hour): per_slot for weekday, hour, per_slot, _, _ in rows}
    known = [per_slot for per_slot in slots.values() if per_slot is not None]
    if not known:
        return None
    highest = max(known)
    digits = 0 if highest >= 100 else 1
    texts, shades = [], []
    for weekday in range(1, 8):
        line = [slots.get((weekday, hour)) for hour in range(24)]
        texts.append(tuple("·" if v is None else number(v, digits) for v in line))
        shades.append(tuple(0.0 if v is None else round(v / highest, 3) for v in line))
    busiest = next(((weekday, hour) for weekday, hour, _, rank, _ in rows if rank == 1), None)
    alt = "Messages per hour of the week, as a table"
    if busiest:
        hour = f"{busiest[1]:02d}:00"
        alt = f"The busiest hour is {WEEKDAYS[busiest[0] - 1]} {hour}, {number(highest, digits)} messages on average"
    hidden = sum(1 for *_, messages in rows if 0 < messages < 10)
    kind = published.period.type
    foot = f"Average number of messages in each hour of the {kind}. {alt}."
    if hidden:
        foot += f" · stands for fewer than ten messages in the {kind} ({plural(hidden, 'slot')})."
    return HeatGrid(
        title="When messages are written, per hour",
        alt=f"{alt}.",
        days=tuple(day[:3] for day in WEEKDAYS),
        texts=tuple(texts),
        shades=tuple(shades),
        foot=foot,
    )


def _roles(published: Published) -> Table | None:
    """Who writes: buyers and sellers, their messages and how many of them wrote."""
    messages = published.entities("message_count", "role")
    writers = published.entities("active_messagers", "role")
    before = published.entities("message_count", "role", published.period.previous.id)
    known = [role for role in ("buyer", "seller") if role in messages and messages[role].value is not None]
    total = sum(messages[role].value or 0 for role in known)
    if not total:
        return None
    scale = scale_of("count", "")
    rows = []
    for role in known:
        value, people = messages[role].value or 0, (writers[role].value if role in writers else None) or 0
        earlier = before[role].value if role in before else None
        rows.append(
            Row(
                (
                    Cell(f"{role.capitalize()}s"),
                    replace(value_cell("message_count", messages[role], scale, scope="role"), tone="strong"),
                    Cell(number(100 * value / total, 1)),
                    Cell(change(value, earlier, scale)),
                    value_cell("active_messagers", writers.get(role), scale, scope="role"),
                    Cell(number(value / people, 1) if people else MISSING),
                )
            )
        )
    columns = (
        Column("Written by", "name"),
        Column("Messages", "number"),
        Column("%", "number", decimals=1),
        Column(f"Δ {published.period.previous.label[:3]} %", "number", decimals=1),
        Column("People", "number"),
        Column("Each", "number", decimals=1),
    )
    return Table("Who writes", columns, tuple(rows))


def _unanswered(published: Published) -> Table | None:
    """The sellers with the most inquiries still unanswered after 48 hours."""
    total = published.at("unanswered_inquiries")
    if total is None or total.value is None or total.value == 0:
        return None
    by_seller = published.entities("unanswered_inquiries", "seller")
    ranked = sorted(
        ((key, value.value, value) for key, value in by_seller.items() if value.value),
        key=lambda row: (-row[1], row[0]),
    )
    scale = scale_of("count", "")
    if not ranked:
        return None
    shown = ranked[:MOST_UNANSWERED]
    rows = [
        Row(
            (
                Cell(entity_name(published, "seller", key)),
                value_cell("unanswered_inquiries", value, scale, scope="seller"),
                Cell(count(value.n or 0), figure=value.key("unanswered_inquiries", "seller", "n")),
            )
        )
        for key, _, value in shown
    ]
    rest = len(ranked) - len(shown)
    others = [plural(rest, "more seller")] if rest else []
    if any(value.reason == "suppressed" for value in by_seller.values()):
        others.append("sellers with too few inquiries to show")
    foot = ""
    if others:
        unanswered = total.value - sum(value for _, value, _ in shown)
        foot = f"{capital(listed(others))}, summing to {count(unanswered)}; total {count(total.value)}."
    columns = (Column("Seller", "name"), Column("Unanswered", "number", "20mm"), Column("Of", "number", "12mm"))
    return Table("Inquiries unanswered after 48 hours", columns, tuple(rows), foot=foot)
