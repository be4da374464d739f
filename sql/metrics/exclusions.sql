-- Rows of the accounts in excluded_accounts.csv: accepted from their files, and left out of every figure.
--
-- grain: export, kind, reason
-- METRICS.md 0.11. kind and reason are those of the list. A row of two listed accounts is the seller's; a return is its
-- order line's. Rows of events after as_of are not seen. A message from the system or the staff is its recipient's.
with named as (
    select
        'reviews' as export,
        seller_id,
        buyer_id,
        created_at as happened_at
    from raw.reviews
    union all
    select
        'sales',
        seller_id,
        buyer_id,
        ordered_at
    from raw.sales
    union all
    select
        'returns',
        s.seller_id,
        s.buyer_id,
        t.opened_at
    from raw.returns as t
    inner join raw.sales as s using (order_line_id)
    union all
    select
        'messages',
        case m.sender_role when 'seller' then m.sender_id when 'buyer' then m.recipient_id else a.account_id end,
        case m.sender_role when 'buyer' then m.sender_id else m.recipient_id end,
        m.sent_at
    from raw.messages as m
    left join ref.excluded_accounts as a
        on m.recipient_id = a.pseudonym and a.kind = 'seller' and m.sender_role not in ('buyer', 'seller')
    union all
    select
        'surveys',
        case when role = 'seller' then respondent_id end,
        case when role = 'buyer' then respondent_id end,
        answered_at
    from raw.surveys
    union all
    select
        'carts',
        null,
        buyer_or_session,
        created_at
    from raw.carts
    union all
    select
        'subscriptions',
        null,
        s.buyer_id,
        s.at
    from raw.subscriptions as s
    union all
    select
        'training',
        t.seller_id,
        null,
        t.at
    from raw.training as t
    union all
    select
        'improvements',
        seller_id,
        null,
        shipped_at
    from raw.improvements
    union all
    select
        'sellers',
        seller_id,
        null,
        null
    from raw.sellers
    union all
    select
        'products',
        seller_id,
        null,
        null
    from raw.products
)

select
    n.export,
    coalesce(s.kind, b.kind) as kind,
    coalesce(s.reason, b.reason) as reason,
    count(*) as rows
from named as n
cross join plan.run as r
left join ref.excluded_accounts as s on n.seller_id = s.account_id and s.kind = 'seller'
left join ref.excluded_accounts as b on n.buyer_id = b.account_id and b.kind = 'buyer'
where
    (s.account_id is not null or b.account_id is not null)
    and coalesce(n.happened_at < r.as_of, true)
group by all
order by all
