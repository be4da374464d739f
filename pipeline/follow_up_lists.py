"""The lists of the follow-up files: whom to contact and what to read, each as a query over the published tables.

What belongs here: what is listed, in which order and columns, for whom. Writing the files is `pipeline.follow_up`'s;
which reviews, inquiries and customers there are to list is decided where the tables are made (`sql/metrics`,
`pipeline.analyses`). Every list is whole: nothing is cut.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.periods import PeriodType
from pipeline.workbooks import Column

ALL_PERIODS: tuple[PeriodType, ...] = ("week", "month", "quarter")
LONG_PERIODS: tuple[PeriodType, ...] = ("month", "quarter")


@dataclass(frozen=True)
class FollowUpList:
    """One list. It is measured when one of `metrics` is; `owner` is a key of the office's owners. `sql` gives its rows,
    most urgent first, and `counted` the numbers of the sentence `remark`; both may name $period, $start, $end and
    $zone."""

    name: str
    sheet: str
    what: str
    order: str
    owner: str
    metrics: tuple[str, ...]
    columns: tuple[Column, ...]
    sql: str
    remark: str
    counted: str
    period_types: tuple[PeriodType, ...] = ALL_PERIODS


_SELLER = (Column("seller_id", "Seller id", width=12), Column("seller", "Seller", width=26))
_PRODUCT = (Column("product_id", "Product id", width=12), Column("product", "Product", width=26))
_TEXT = Column("text", "Text, personal data masked", "prose", width=70)

_OPEN = "select * from open_inquiries where day >= $start and day < $end"
_LOW = "select * from low_ratings where day >= $start and day < $end"

LISTS = (
    FollowUpList(
        "sellers-to-remind",
        "Sellers to remind",
        "Sellers with inquiries of the period that nobody has answered for a day or more, or reviews of it with one or "
        "two stars that are older than 48 hours and have no answer.",
        "most of both first, then the longest wait",
        "sellers",
        ("unanswered_inquiries", "negative_review_response_48h"),
        (
            *_SELLER,
            Column("unanswered", "Unanswered in all", "whole"),
            Column("inquiries_over_7_days", "Inquiries, over 7 days", "whole"),
            Column("inquiries_2_to_7_days", "Inquiries, 2 to 7 days", "whole"),
            Column("inquiries_24_to_48_hours", "Inquiries, 24 to 48 h", "whole"),
            Column("low_ratings", "Low ratings", "whole"),
            Column("longest_hours", "Longest wait, hours", "decimal"),
        ),
        f"""
        with waiting as (
            select seller_id, age, hours_waiting from ({_OPEN})
            union all
            select seller_id, 'review', hours_waiting
            from ({_LOW}) where is_due and not is_answered and not is_answered_by_staff
        )
        select
            w.seller_id, s.name as seller, count(*) as unanswered,
            count(*) filter (where age = 'over_7_days') as inquiries_over_7_days,
            count(*) filter (where age = '2_to_7_days') as inquiries_2_to_7_days,
            count(*) filter (where age = '24_to_48_hours') as inquiries_24_to_48_hours,
            count(*) filter (where age = 'review') as low_ratings,
            max(hours_waiting) as longest_hours
        from waiting as w left join sellers as s using (seller_id)
        where w.seller_id is not null
        group by all order by unanswered desc, longest_hours desc, w.seller_id
        """,
        "They have {} inquiries and {} reviews to answer.",
        f"""
        select
            (select count(*) from ({_OPEN}) where seller_id is not null),
            (
                select count(*) from ({_LOW})
                where is_due and not is_answered and not is_answered_by_staff and seller_id is not null
            )
        """,
    ),
    FollowUpList(
        "unanswered-inquiries",
        "Unanswered inquiries",
        "Inquiries of the period that nobody has answered a day later or more, without thank-you notes. Those of two "
        "days and more are the period's unanswered inquiries; those of 24 to 48 hours can still be answered in time.",
        "oldest first",
        "service",
        ("unanswered_inquiries",),
        (
            Column("inquiry_id", "Inquiry id"),
            Column("conversation_id", "Conversation id"),
            *_SELLER,
            Column("buyer_id", "Buyer, pseudonym"),
            Column("asked_at", "Asked at", "instant"),
            Column("hours_waiting", "Hours waiting", "decimal"),
            Column("age", "Age", width=15),
            Column("messages", "Messages of the buyer", "whole"),
            Column("last_message_at", "Last of them at", "instant"),
            Column("order_id", "Order id"),
            *_PRODUCT,
        ),
        f"""
        select
            o.* replace (
                timezone($zone, timezone('UTC', o.asked_at)) as asked_at,
                timezone($zone, timezone('UTC', o.last_message_at)) as last_message_at,
                replace(o.age, '_', ' ') as age
            ),
            s.name as seller, p.name as product
        from ({_OPEN}) as o left join sellers as s using (seller_id) left join products as p using (product_id)
        order by o.asked_at, o.inquiry_id
        """,
        "{} of them are older than 48 hours. {} more were asked before the period.",
        """
        select
            count(*) filter (where day >= $start and day < $end and age <> '24_to_48_hours'),
            count(*) filter (where day < $start)
        from open_inquiries
        """,
    ),
    FollowUpList(
        "low-ratings",
        "Low ratings",
        "Published reviews of one and two stars that were written in the period: customers to contact, and whether the "
        "seller has answered them.",
        "without an answer first, then one star before two, then oldest first",
        "customers",
        ("negative_review_count",),
        (
            Column("review_id", "Review id"),
            Column("written_at", "Written at", "instant"),
            Column("stars", "Stars", "whole", width=7),
            *_SELLER,
            Column("sellers", "Sellers it names", "whole"),
            *_PRODUCT,
            Column("order_id", "Order id"),
            Column("buyer_id", "Buyer, pseudonym"),
            Column("language", "Language", width=10),
            _TEXT,
            Column("answer", "Answer", width=22),
            Column("answered_at", "Answered at", "instant"),
            Column("hours_waiting", "Hours to the answer, or without one", "decimal", width=16),
        ),
        f"""
        select
            r.* replace (timezone($zone, timezone('UTC', r.answered_at)) as answered_at),
            timezone($zone, timezone('UTC', r.created_at)) as written_at,
            s.name as seller, p.name as product,
            case
                when r.is_answered then 'answered'
                when r.is_answered_by_staff then 'answered by staff'
                when r.is_due then 'none'
                when not r.is_answered then 'none yet, within 48 h'
                else 'not measured'
            end as answer
        from ({_LOW}) as r left join sellers as s using (seller_id) left join products as p using (product_id)
        order by coalesce(r.is_answered, false), r.stars, r.created_at, r.review_id
        """,
        "{} are known to have no answer of their seller; {} have no text.",
        f"""
        select count(*) filter (where not is_answered), count(*) filter (where text is null) from ({_LOW})
        """,
    ),
    FollowUpList(
        "praise-with-complaints",
        "Praise with complaints",
        "Reviews of five stars that use at least two terms which are ten times as frequent in the period's negative "
        "reviews as in its positive ones. Their stars stand; read them twice.",
        "most such terms first, then oldest first",
        "customers",
        ("sentiment_net",),
        (
            Column("review_id", "Review id"),
            Column("written_at", "Written at", "instant"),
            *_SELLER,
            *_PRODUCT,
            Column("order_id", "Order id"),
            Column("buyer_id", "Buyer, pseudonym"),
            Column("language", "Language", width=10),
            Column("themes", "Terms of complaints", width=30),
            Column("complaints", "Complaints", "whole"),
            Column("praises", "Praises", "whole"),
            _TEXT,
        ),
        """
        select r.*, timezone($zone, timezone('UTC', r.created_at)) as written_at, s.name as seller, p.name as product
        from praise_with_complaints as r
        left join sellers as s using (seller_id) left join products as p using (product_id)
        where r.period_id = $period
        order by r.complaints desc, r.created_at, r.review_id
        """,
        "{} terms separate the period's negative reviews from its positive ones.",
        """
        select count(*) from themes where period_id = $period and contrast = 'polarity' and side = 'negative'
        """,
        LONG_PERIODS,
    ),
    FollowUpList(
        "customers-at-risk",
        "Customers at risk",
        "Customers whose health score is in the lowest band, as they stand when the data end, whatever the period. The "
        "score is made of recency, frequency, net spend, the latest own rating and service.",
        "highest net spend first, then the latest order",
        "customers",
        ("health_at_risk_share",),
        (
            Column("buyer_id", "Buyer, pseudonym"),
            Column("net_spend", "Net spend", "money"),
            Column("currency", "Currency", width=9),
            Column("last_day", "Last order", "day"),
            Column("days_since_last", "Days since", "whole"),
            Column("orders", "Orders", "whole"),
            Column("first_day", "First order", "day"),
            Column("health", "Health, 0 to 100", "decimal"),
            Column("coverage_share", "Weight of the score known", "share", width=12),
            Column("satisfaction", "Satisfaction, 0 to 100", "decimal"),
            Column("service", "Service, 0 to 100", "decimal"),
        ),
        """
        select
            *, cast(net_spend_cents as decimal(18, 0)) * cast(0.01 as decimal(3, 2)) as net_spend,
            (select currency from run) as currency
        from customers where band = 'at_risk'
        order by net_spend_cents desc, days_since_last, buyer_id
        """,
        "{} of {} customers have a score.",
        "select count(health), count(*) from customers",
        LONG_PERIODS,
    ),
    FollowUpList(
        "exemption-audit",
        "Exemption audit",
        "Twenty of each month's inquiries that the thank-you exemption leaves out, drawn by their ids. Open each "
        "conversation: is there really nothing to answer? Message texts are not kept, so they cannot stand here.",
        "by month, in the order in which they were drawn",
        "data",
        ("inquiry_exempt",),
        (
            Column("month", "Month", width=10),
            Column("position", "Number", "whole"),
            Column("exempt", "Exempt in the month", "whole"),
            Column("inquiry_id", "Inquiry id"),
            Column("conversation_id", "Conversation id"),
            *_SELLER,
            Column("asked_at", "Written at", "instant"),
            Column("exempt_by", "Exempt by", width=12),
            Column("messages", "Messages", "whole"),
            Column("words", "Words", "whole"),
        ),
        """
        select
            e.* replace (
                timezone($zone, timezone('UTC', e.asked_at)) as asked_at,
                case e.exempt_by when 'flagged' then 'flag' else 'thank-you rule' end as exempt_by
            ),
            e.period_id as month, e.body_words as words, s.name as seller
        from exemption_audit as e
        join periods as p using (period_id) left join sellers as s using (seller_id)
        where p.period_start >= $start and p.period_end <= $end
        order by e.period_id, e.position
        """,
        "{} were exempt.",
        """
        select coalesce(sum(e.exempt), 0)
        from exemption_audit as e join periods as p using (period_id)
        where e.position = 1 and p.period_start >= $start and p.period_end <= $end
        """,
        LONG_PERIODS,
    ),
)
