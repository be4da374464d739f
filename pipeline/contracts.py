"""One schema per export: its columns, their kinds, its key and its rules.

What belongs here: what a row must be for us to believe it, said once and as data. Reading files, applying these rules
and keeping what fails them is `pipeline.intake`'s work; what rows mean is `sql/core`'s.

The column names are an interface that never changes: METRICS.md, section F.
"""

from __future__ import annotations

from pipeline.schema import Agreement, Column, Derived, Export, Kind, LooksBack, Rule


def must(name: str, kind: Kind, **more: object) -> Column:
    """A column that every file has and every row fills."""
    return Column(name, kind, required=True, nullable=False, **more)  # type: ignore[arg-type]


def may(name: str, kind: Kind, **more: object) -> Column:
    """A column that a file may lack and a row may leave empty."""
    return Column(name, kind, **more)  # type: ignore[arg-type]


# A thank-you note asks for nothing: lexicon of METRICS.md A12, one alternation per language, matched on whole words of
# the casefolded body. Problem words take a message out of the exemption even when it also says thanks.
THANKS = (
    r"\b(thanks|thank you|thx|cheers|merci|gracias|grazie|danke|dankie|obrigad[oa]|dzi[eę]kuj[eę]|bedankt|"
    r"dank je|vielen dank|ngiyabonga|siyabonga|enkosi|tack|takk)\b"
)
PROBLEM = (
    r"\b(but|however|problem|broken|missing|wrong|late|refund|return|not|never|still|mais|cass[eé]|pero|roto|problema|"
    r"kaputt|aber|nicht|maar|nie|stukkend|mas|quebrad[oa]|ma|rotto|ale|niet|kodwa)\b"
)
QUESTION = "[?\uff1f\u061f\u037e]"

EXPORTS: dict[str, Export] = {
    export.name: export
    for export in (
        Export(
            "reviews",
            "Reviews and star ratings",
            (
                must("review_id", "id"),
                Column("product_id", "id", required=True),
                Column("seller_id", "id", required=True),
                must("buyer_id", "id", personal=True),
                must("rating", "integer", low=1),
                must("scale_max", "integer", low=2, high=100),
                must("created_at", "instant"),
                must("status", "enum", values=("published", "pending", "rejected", "removed")),
                may("order_line_id", "id"),
                may("order_id", "id"),
                may("text", "text"),
                may("language", "id"),
                may("verified", "boolean"),
                may("edited_at", "instant"),
                may("response_at", "instant"),
                may("response_text", "text", stored=False),
                may("response_author_role", "enum", values=("seller", "staff", "system")),
                may("incentivised", "boolean"),
            ),
            key=("review_id", "seller_id"),
            events=("created_at", "edited_at", "response_at"),
            rules=(
                Rule("rating_in_scale", "rating", "rating <= scale_max", "a rating lies between 1 and scale_max"),
                Rule(
                    "response_after_review",
                    "response_at",
                    "response_at >= created_at",
                    "an answer comes after its review",
                    "anomaly",
                ),
                Rule("seller_named", "seller_id", "seller_id is not null", "a review names its seller", "anomaly"),
            ),
            # A review of an order with several sellers stands in one row for each of them.
            agreement=Agreement(("review_id",), ("rating", "scale_max", "created_at", "buyer_id")),
            looks_back=(
                LooksBack("order_line_id", "raw.sales", "ordered_at"),
                LooksBack("order_id", "raw.sales", "ordered_at"),
            ),
            optional=False,
        ),
        Export(
            "messages",
            "Messages between buyers and sellers",
            (
                must("message_id", "id"),
                Column("conversation_id", "id", required=True),
                must("sender_id", "id", personal=True, personal_if="sender_role = 'buyer'"),
                must("sender_role", "enum", values=("buyer", "seller", "staff", "system")),
                must("recipient_id", "id", personal=True, personal_if="sender_role <> 'buyer'"),
                must("sent_at", "instant"),
                may("order_id", "id"),
                may("product_id", "id"),
                may("body", "text", stored=False),
                may("body_hash", "id"),
                may("is_automated", "boolean"),
                may("is_spam", "boolean"),
                may("needs_response", "boolean"),
                may("speed_vote", "integer", low=1, high=5),
                may("quality_vote", "integer", low=1, high=5),
            ),
            key=("message_id",),
            events=("sent_at",),
            looks_back=(LooksBack("conversation_id", "raw.messages", "sent_at"),),
            rules=(
                Rule(
                    "not_to_self",
                    "recipient_id",
                    "sender_id <> recipient_id",
                    "a message goes to somebody else",
                    "anomaly",
                ),
            ),
            derived=(
                Derived(
                    "body_digest",
                    "UBIGINT",
                    # DuckDB hashes null to a number: bodies that were never exported would all look alike.
                    "case when coalesce(body, body_hash) is not null then hash(coalesce(body, body_hash)) end",
                ),
                # Counting spaces is five times cheaper than splitting, and right where words stand one space apart.
                Derived(
                    "body_words",
                    "INTEGER",
                    r"case when regexp_matches(body, '[\t\n\f\r]|  |^ | $') then len(regexp_extract_all(body, '\S+')) "
                    "else length(body) - length(replace(body, ' ', '')) + 1 end",
                ),
                Derived("has_question", "BOOLEAN", " or ".join(f"contains(body, '{mark}')" for mark in QUESTION[1:-1])),
                Derived(
                    "says_thanks",
                    "BOOLEAN",
                    f"case when regexp_matches(lower(body), '{THANKS}') "
                    f"then not regexp_matches(lower(body), '{PROBLEM}') when body is not null then false end",
                ),
            ),
        ),
        Export(
            "sales",
            "Order lines",
            (
                must("order_id", "id"),
                must("order_line_id", "id"),
                must("product_id", "id"),
                Column("category", "text", required=True),
                must("seller_id", "id"),
                must("buyer_id", "id", personal=True),
                must("qty", "integer", low=1),
                must("amount_cents", "cents", low=0),
                must("currency", "id"),
                must("ordered_at", "instant"),
                must(
                    "status",
                    "enum",
                    values=("pending", "paid", "shipped", "delivered", "completed", "refunded", "cancelled"),
                ),
                may("discount_cents", "cents", low=0),
                may("tax_cents", "cents", low=0),
                may("shipping_cents", "cents", low=0),
                may("promised_at", "instant"),
                may("shipped_at", "instant"),
                may("delivered_at", "instant"),
                may("cancelled_at", "instant"),
                may("cancelled_by", "enum", values=("buyer", "seller", "platform")),
            ),
            key=("order_line_id",),
            events=("ordered_at", "shipped_at", "delivered_at", "cancelled_at"),
            rules=(
                Rule(
                    "currency_code",
                    "currency",
                    "regexp_full_match(currency, '[A-Z]{3}')",
                    "a currency is an ISO 4217 code of three capitals",
                ),
                Rule(
                    "office_currency",
                    "currency",
                    "currency = getvariable('office_currency')",
                    "amounts are in the office's currency; nothing is converted without a dated rate table",
                ),
                Rule(
                    "delivered_after_ordered",
                    "delivered_at",
                    "delivered_at >= ordered_at",
                    "a delivery comes after its order",
                    "anomaly",
                ),
            ),
            optional=False,
        ),
        Export(
            "returns",
            "Returns and refunds",
            (
                must("return_id", "id"),
                must("order_line_id", "id"),
                must("qty", "integer", low=1),
                must("refund_cents", "cents", low=0),
                must("opened_at", "instant"),
                may("refunded_at", "instant"),
                may("reason", "text"),
                may("at_fault", "enum", values=("seller", "buyer", "carrier", "platform")),
            ),
            key=("return_id",),
            events=("opened_at", "refunded_at"),
            looks_back=(LooksBack("order_line_id", "raw.sales", "ordered_at"),),
        ),
        Export(
            "surveys",
            "Survey answers",
            (
                must("response_id", "id"),
                must("respondent_id", "id", personal=True, personal_if="role = 'buyer'"),
                must("role", "enum", values=("buyer", "seller")),
                must("instrument", "enum", values=("nps", "csat", "ces", "education")),
                must("score", "integer"),
                must("scale_min", "integer", low=0, high=1),
                must("scale_max", "integer", low=5, high=10),
                must("answered_at", "instant"),
                may("touchpoint", "enum", values=("product", "delivery", "support", "ui", "returns")),
                may("order_id", "id"),
                may("comment", "text", stored=False),
                may("invited_at", "instant"),
            ),
            key=("response_id",),
            events=("answered_at",),
            rules=(
                Rule("score_in_scale", "score", "score between scale_min and scale_max", "a score lies on its scale"),
                Rule(
                    "nps_scale",
                    "scale_max",
                    "instrument <> 'nps' or scale_max = 10",
                    "an NPS scale runs from 0 or 1 to 10",
                ),
                Rule(
                    "csat_scale",
                    "scale_max",
                    "instrument not in ('csat', 'education') or (scale_min = 1 and scale_max in (5, 7, 10))",
                    "a CSAT scale runs from 1 to 5, 7 or 10",
                ),
                Rule(
                    "ces_scale",
                    "scale_max",
                    "instrument <> 'ces' or (scale_min = 1 and scale_max = 7)",
                    "a CES scale runs from 1 to 7",
                ),
                Rule(
                    "nps_file_of_one_scale",
                    "scale_min",
                    "not (instrument = 'nps' and scale_min = 1 and bool_or(instrument = 'nps' and scale_min = 1 "
                    "and score = 0) over ())",
                    "a zero among NPS answers declared 1 to 10 puts that whole file's answers on this scale in doubt",
                ),
            ),
        ),
        Export(
            "carts",
            "Shopping carts",
            (
                must("cart_id", "id"),
                must("buyer_or_session", "id", personal=True),
                must("created_at", "instant"),
                must("last_activity_at", "instant"),
                must("value_cents", "cents", low=0),
                may("order_id", "id"),
                may("checkout_started_at", "instant"),
            ),
            key=("cart_id",),
            events=("created_at", "last_activity_at"),
        ),
        Export(
            "training",
            "Seller training",
            (
                must("seller_id", "id"),
                must("course_id", "id"),
                must("event", "enum", values=("registered", "attended", "started", "completed", "visited")),
                must("at", "instant"),
                may("duration", "integer", low=0),
                may("satisfaction", "integer", low=1, high=5),
            ),
            key=("seller_id", "course_id", "event", "at"),
            events=("at",),
        ),
        Export(
            "improvements",
            "Product improvement initiatives",
            (
                must("initiative_id", "id"),
                must("seller_id", "id"),
                must("source", "enum", values=("customer_feedback", "seller", "platform")),
                must("status", "enum", values=("proposed", "started", "shipped", "dropped")),
                Column("shipped_at", "instant", required=True),
                may("review_ids", "text"),
                may("product_id", "id"),
            ),
            key=("initiative_id",),
            events=("shipped_at",),
        ),
        Export(
            "sellers",
            "Sellers",
            (
                must("seller_id", "id"),
                must("joined_at", "instant"),
                must("status", "enum", values=("active", "suspended", "closed")),
                may("name", "text"),
                may("country", "id"),
            ),
            key=("seller_id",),
        ),
        Export(
            "products",
            "Products",
            (
                must("product_id", "id"),
                Column("created_at", "instant", required=True),
                must("status", "enum", values=("live", "paused", "ended")),
                may("category", "text"),
                may("name", "text"),
                may("seller_id", "id"),
            ),
            key=("product_id",),
        ),
        Export(
            "subscriptions",
            "Subscriptions and opt-outs",
            (
                must("buyer_id", "id", personal=True),
                must("event", "enum", values=("opt_in", "opt_out")),
                must("at", "instant"),
            ),
            key=("buyer_id", "event", "at"),
            events=("at",),
        ),
    )
}
