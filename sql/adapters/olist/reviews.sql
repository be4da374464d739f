-- Reviews: one row for each seller of the reviewed order; a review of an order without items has no seller.
--
-- Olist numbers reviews anew in some orders: review and order together name one. A review speaks of its order, not of a
-- line of it; the product is the first that the order has from that seller.
-- `review_answer_timestamp` is when the customer filled in the questionnaire, no answer of the seller's: no response
-- column is given, and response times are not measured.
-- The creation date is a day, written at midnight, also on days whose midnight the clocks skipped: taken as a day.
with lines as (
    select
        order_id,
        seller_id,
        arg_min(product_id, try_cast(order_item_id as integer)) as product_id
    from olist.order_items
    group by order_id, seller_id
)

select
    r.review_id || '.' || r.order_id as review_id,
    l.product_id,
    l.seller_id,
    b.customer_unique_id as buyer_id,
    r.review_score as rating,
    '5' as scale_max,
    regexp_replace(r.review_creation_date, ' 00:00:00$', '') as created_at,
    'published' as status,
    r.order_id,
    nullif(concat_ws(chr(10), r.review_comment_title, r.review_comment_message), '') as text,
    'pt' as language,
    'true' as verified,
    r._file_id,
    r._line
from olist.reviews as r
left join lines as l on r.order_id = l.order_id
left join olist.orders as o on r.order_id = o.order_id
left join olist.customers as b on o.customer_id = b.customer_id
