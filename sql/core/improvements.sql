-- One row per improvement that had shipped by as_of: where the idea came from, and the reviews that it names.
--
-- grain: initiative_id
-- evidence_ids is review_ids taken apart at semicolons, commas, bars and blanks; empty where it names nothing. is_known: at
-- least one of them is a review or message that we have, written before the improvement shipped.
with shipped as (
    select
        i.initiative_id,
        i.seller_id,
        i.product_id,
        i.source,
        i.shipped_at,
        cast(timezone(r.time_zone, timezone('UTC', i.shipped_at)) as date) as day,
        list_filter(regexp_split_to_array(coalesce(i.review_ids, ''), '[;,|\s]+'), part -> part <> '') as evidence_ids
    from raw.improvements as i
    cross join plan.run as r
    where i.status = 'shipped' and i.shipped_at < r.as_of and not ref.is_excluded(i.seller_id)
),

named as (
    select
        initiative_id,
        shipped_at,
        unnest(evidence_ids) as evidence_id
    from shipped
),

known as (
    select n.initiative_id
    from named as n
    inner join core.reviews as v on n.evidence_id = v.review_id
    where v.created_at < n.shipped_at
    union
    select n.initiative_id
    from named as n
    inner join core.messages as m on n.evidence_id = m.message_id
    where m.sent_at < n.shipped_at
)

select
    s.*,
    k.initiative_id is not null as is_known
from shipped as s
left join known as k using (initiative_id)
order by s.day
