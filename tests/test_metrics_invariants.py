"""What must hold of every metric on any marketplace: found by hypothesis on small random ones.

The order of rows means nothing; rows of excluded accounts might as well not have come; a seller whom nobody else
deals with changes nobody's figures; a late row changes no period that was over before it; scores and shares keep to
their ranges and limits enclose their values.
"""

from datetime import datetime, timedelta

import polars as pl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from metrics_support import Marketplace, marketplace

from pipeline.models import all_models

PERIODS = ("2025-01", "2025-02", "2025-Q1", "2025-W06", "2025-W07")
START = datetime(2025, 1, 1)
TABLES = [model.table for model in all_models()]
LONG = [model for model in all_models() if model.is_long]

#: Each example builds every table twice: a few, and no search for a smaller one.
few = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
seller = st.sampled_from(["S1", "S2", "S3"])
product = st.sampled_from(["P1", "P2", "P3", "P4"])
buyer = st.integers(1, 9).map("B{}".format)
hour = st.integers(0, 24 * 58).map(lambda hours: START + timedelta(hours=hours, minutes=7))


def after(at: datetime, hours: int | None) -> datetime | None:
    return None if hours is None else at + timedelta(hours=hours)


@st.composite
def orders(draw):
    """Order lines of one seller and product each, some late, some cancelled, some sent back."""
    lines, returns = [], []
    for number in range(draw(st.integers(8, 24))):
        at = draw(hour)
        line = {
            "order_id": f"O{number // 2 if draw(st.booleans()) else number}",
            "order_line_id": f"L{number}",
            "seller_id": draw(seller),
            "product_id": draw(product),
            "buyer_id": draw(buyer),
            "amount_cents": draw(st.integers(0, 90_000)),
            "qty": draw(st.integers(1, 3)),
            "ordered_at": at,
            "status": draw(st.sampled_from(["completed", "completed", "delivered", "cancelled", "pending"])),
            "promised_at": after(at, draw(st.sampled_from([None, 72, 120]))),
            "delivered_at": after(at, draw(st.sampled_from([None, 30, 90, 200]))),
        }
        lines.append(line)
        if draw(st.integers(0, 3)) == 0:
            opened = after(at, 300)
            refund = draw(st.integers(0, line["amount_cents"]))
            returns.append({"order_line_id": line["order_line_id"], "refund_cents": refund, "opened_at": opened})
    # An order belongs to one buyer and one instant.
    first = {line["order_id"]: line for line in reversed(lines)}
    shared = ("buyer_id", "ordered_at")
    return [line | {name: first[line["order_id"]][name] for name in shared} for line in lines], returns


@st.composite
def exports(draw):
    """A marketplace's rows by export."""
    lines, returns = draw(orders())
    reviews = [
        {
            "review_id": f"R{number}",
            "seller_id": draw(seller),
            "product_id": draw(product),
            "buyer_id": draw(buyer),
            "rating": draw(st.integers(1, 5)),
            "created_at": (at := draw(hour)),
            "response_at": after(at, draw(st.sampled_from([None, 1, 30, 48, 60]))),
            "text": draw(st.sampled_from([None, "late again", "lovely lamp", "broken lamp came late"])),
        }
        for number in range(draw(st.integers(5, 25)))
    ]
    messages = [
        {
            "message_id": f"M{number:03d}",
            "conversation_id": f"C{draw(st.integers(1, 6))}",
            "sender_role": (role := draw(st.sampled_from(["buyer", "seller"]))),
            "sender_id": draw(buyer if role == "buyer" else seller),
            "recipient_id": draw(seller if role == "buyer" else buyer),
            "sent_at": draw(hour),
            "order_id": draw(st.sampled_from([None, "O1", "O2"])),
        }
        for number in range(draw(st.integers(5, 25)))
    ]
    surveys = [
        {"respondent_id": draw(buyer), "score": draw(st.integers(0, 10)), "answered_at": draw(hour)}
        for _ in range(draw(st.integers(1, 12)))
    ]
    carts = [
        {"buyer_or_session": draw(buyer), "created_at": (at := draw(hour)), "last_activity_at": after(at, 1)}
        for _ in range(draw(st.integers(1, 6)))
    ]
    people = [{"seller_id": f"S{number}"} for number in (1, 2, 3)]
    return {
        "sales": lines, "returns": returns, "reviews": reviews, "messages": messages, "surveys": surveys,
        "carts": carts, "sellers": people,
    }  # fmt: skip


def tables_of(
    rows: dict[str, list[dict]], order: int = 1, *extra: tuple[str, dict], excluded: tuple[str, ...] = ()
) -> dict[str, pl.DataFrame]:
    """Every metrics table of the marketplace of these rows, inserted forwards or (order -1) backwards."""
    with marketplace() as market:
        for account in excluded:
            market.con.execute("insert into ref.excluded_accounts values (?, 'any', 'staff', ?)", [account, account])
        for export, given_rows in rows.items():
            # A generated id that hangs on the order of insertion would change with it.
            numbered = [{_KEY[export]: f"{export}{i}", **row} for i, row in enumerate(given_rows)]
            if numbered:
                market.add_rows(export, numbered[::order])
        for export, row in extra:
            market.add_rows(export, [row])
        market.plan(*PERIODS).build(*TABLES)
        return {table: sorted_table(market, table) for table in TABLES if table.startswith("metrics.")}


_KEY = {
    "sales": "order_line_id", "returns": "return_id", "reviews": "review_id", "messages": "message_id",
    "surveys": "response_id", "carts": "cart_id", "sellers": "seller_id",
}  # fmt: skip


def sorted_table(market: Marketplace, table: str) -> pl.DataFrame:
    return market.con.sql(f"select * from {table} order by all").pl()


@few
@given(exports())
def test_the_order_of_rows_means_nothing(rows):
    forwards, backwards = tables_of(rows), tables_of(rows, -1)
    for table, frame in forwards.items():
        assert frame.equals(backwards[table]), table


@few
@given(exports())
def test_rows_of_excluded_accounts_might_as_well_not_have_come(rows):
    """The shop S99 and the buyer B99 are ours, and dealt with each other, with a real buyer and a real shop."""
    lamp = {"seller_id": "S99", "product_id": "P99"}
    ours = (
        ("sellers", {"seller_id": "S99"}),
        ("sales", {"order_id": "O97", "order_line_id": "L97", "buyer_id": "B99", **lamp}),
        ("sales", {"order_id": "O98", "order_line_id": "L98", "buyer_id": "B1", **lamp}),
        ("sales", {"order_id": "O99", "order_line_id": "L99", "buyer_id": "B99", "ordered_at": "2025-01-01 00:01"}),
        ("returns", {"return_id": "T99", "order_line_id": "L98"}),
        ("reviews", {"review_id": "R98", "buyer_id": "B1", "rating": 1, **lamp}),
        ("reviews", {"review_id": "R99", "buyer_id": "B99", "rating": 1}),
        ("messages", {"message_id": "M997", "conversation_id": "C1", "sender_id": "B99", "recipient_id": "S1"}),
        ("messages", {"message_id": "M998", "conversation_id": "C98", "sender_id": "B1", "recipient_id": "S99"}),
        ("surveys", {"response_id": "V99", "respondent_id": "B99", "score": 0}),
        ("carts", {"cart_id": "K99", "buyer_or_session": "B99"}),
    )
    measured = {**rows, "returns": rows["returns"] or [{"order_line_id": "nothing that was sold"}]}
    never, left_out = tables_of(measured), tables_of(measured, 1, *ours, excluded=("S99", "B99"))
    for table in never.keys() - {"metrics.exclusions"}:
        assert never[table].equals(left_out[table]), table


#: What a seller has by comparison with the others, or with the marketplace: these may change.
RELATIVE = {"rating_bayes", "royalty_pool", "royalty_paid", "royalty_carried"}


@few
@given(exports())
def test_an_unrelated_seller_changes_no_other_sellers_figures(rows):
    stranger = (
        ("sellers", {"seller_id": "S99"}),
        (
            "sales",
            {"order_id": "O99", "order_line_id": "L99", "seller_id": "S99", "product_id": "P99", "buyer_id": "B99"},
        ),
        ("reviews", {"review_id": "R99", "seller_id": "S99", "product_id": "P99", "buyer_id": "B99", "rating": 1}),
        ("messages", {"message_id": "M999", "conversation_id": "C99", "sender_id": "B99", "recipient_id": "S99"}),
    )
    alone, together = tables_of(rows), tables_of(rows, 1, *stranger)
    mine = (pl.col("scope") == "seller") & (pl.col("entity_id") != "S99") & ~pl.col("metric").is_in(RELATIVE)
    for model in LONG:
        assert alone[model.table].filter(mine).equals(together[model.table].filter(mine)), model.table


@few
@given(exports())
def test_a_late_row_changes_no_period_that_was_over_before_it(rows):
    late = (
        ("sales", {"order_id": "O99", "order_line_id": "L99", "ordered_at": "2025-02-05 10:00"}),
        ("reviews", {"review_id": "R99", "rating": 1, "created_at": "2025-02-05 12:00"}),
        ("messages", {"message_id": "M999", "conversation_id": "C99", "sent_at": "2025-02-05 12:00"}),
    )
    before, after_it = tables_of(rows), tables_of(rows, 1, *late)
    for model in LONG:
        january = pl.col("period_id") == "2025-01"
        assert before[model.table].filter(january).equals(after_it[model.table].filter(january)), model.table
    changed = pl.col("period_id").is_in(["2025-02", "2025-W06", "2025-Q1"]) & (pl.col("metric") == "review_count")
    ratings = "metrics.ratings"
    assert not before[ratings].filter(changed).equals(after_it[ratings].filter(changed))


@few
@given(exports())
def test_values_keep_to_their_ranges_and_limits_enclose_them(rows):
    frames = tables_of(rows)
    for model in LONG:
        frame = frames[model.table]
        assert frame.filter(pl.col("value").is_null() == pl.col("reason").is_null()).is_empty(), model.table
        # The adjusted intervals of a score are held towards 0 by pseudo-answers and may miss it when few answered.
        limits = frame.filter(~pl.col("metric").str.contains("nps|sentiment|ces_index") & pl.col("value").is_not_null())
        outside = limits.filter((pl.col("low") > pl.col("value") + 1e-9) | (pl.col("high") < pl.col("value") - 1e-9))
        assert outside.is_empty(), outside.head()
    nps = frames["metrics.surveys"].filter(pl.col("metric") == "nps")["value"].drop_nulls()
    assert nps.is_between(-100, 100).all()
