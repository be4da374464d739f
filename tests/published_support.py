"""A published database made by the project's own models from a tiny marketplace, for tests of the files made from it.

What belongs here: rows that bring every list something to list, and texts that a spreadsheet must not calculate. A
database of made-up figures, without its models, is in `report_support`.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from metrics_support import AS_OF, ASKED, Marketplace, conversation, marketplace, review

from pipeline.models import all_models
from pipeline.publishing import publish
from pipeline.settings import DataFolder

#: A text that a spreadsheet would calculate, and one that it would where it parts cells by semicolons.
FORMULA = "=2+5+cmd|' /C calc'!A0"
HIDDEN = "fine;=1+1"


def publish_tiny(root: Path) -> Path:
    """Publish the tiny marketplace below `root`; return its `published/`. Its months are January to April of 2025, and
    it looks from 2025-04-10 00:00."""
    folder = DataFolder(root)
    folder.prepare()
    with marketplace() as market:
        _fill(market)
        market.plan("2025-01", "2025-Q1", "2025-W02", "2025-02", "2025-03", "2025-04")
        market.build(*(model.table for model in all_models()))
        publish(market.con, folder, all_models())
    return folder.published


def _fill(market: Marketplace) -> None:
    market.add("sellers", name=FORMULA, country="ZA").add("sellers", name="Ünïcode 商店", country="DE").add("sellers")
    market.add("products", name="-2+3", category="Home").add("products", name="Lamp", category="Home").add("products")
    for seller, product, times in (("S1", "P1", 15), ("S2", "P2", 4)):
        market.add("sales", times, seller_id=seller, product_id=product, amount_cents=1999, qty=2,
                   delivered_at="2025-01-15 12:00", promised_at="2025-01-16 12:00")  # fmt: skip
    market.add("sales", order_id="O-late", ordered_at="2025-03-01 10:00", buyer_id="B99", amount_cents=50)
    market.add("returns", order_line_id="L1", refund_cents=999, refunded_at="2025-01-20 12:00")
    for rating, hours, text in ((1, 10, FORMULA), (2, None, HIDDEN), (1, None, "Call 082 555 0199"), (2, None, None)):
        review(market, hours, rating=rating, text=text, order_id="O1", created_at=ASKED + timedelta(hours=rating))
    review(market, 60, rating=5, times=12, text="@all lovely")
    review(market, None, rating=5, times=2, seller_id="S2", product_id="P2")
    review(market, None, rating=1, seller_id=None, product_id=None)
    conversation(market, ("buyer", 0, {"product_id": "P1"}), ("buyer", 1), conversation_id="+C1")
    conversation(market, ("buyer", 0), start=ASKED + timedelta(days=2), conversation_id="C2")
    conversation(market, ("buyer", 0), start=AS_OF - timedelta(hours=30), conversation_id="C3")
    thanks = {"body_words": 2, "says_thanks": True}
    conversation(market, ("buyer", 0), ("seller", 1), ("buyer", 2, thanks), conversation_id="C4")
