-- One row per seller: those of the sellers file, and those that only sales or reviews name.
--
-- grain: seller_id
-- A seller without a name is called by the id; is_listed says whether the sellers file knows the seller.
with named as (
    select seller_id from raw.sellers
    where not ref.is_excluded(seller_id)
    union
    select seller_id from raw.sales
    where not ref.is_excluded(seller_id) and not ref.is_excluded(buyer_id)
    union
    select seller_id from raw.reviews
    where seller_id is not null and not ref.is_excluded(seller_id) and not ref.is_excluded(buyer_id)
)

select
    n.seller_id,
    coalesce(s.name, n.seller_id) as name,
    s.country,
    s.joined_at,
    s.status,
    s.seller_id is not null as is_listed
from named as n
left join raw.sellers as s using (seller_id)
