-- Products by what was said of them in the quarter before and what they sold in this one, to see whether the two go together.
--
-- grain: period_id, product_id
-- Quarters only, and products with at least 5 ratings in the quarter before. bayes_mean: adjusted as of that quarter's end
-- (METRICS.md A6), the same as its rating_bayes; bayes_mean_before: of the quarter before that one, from 5 ratings. units:
-- sold in this quarter, less those sent back; 0 when nothing was. A line refunded whole without a return counts none.
with quarters as (
    select
        period_id,
        period_start,
        period_end,
        previous_start,
        previous_start - interval 3 month as before_start
    from plan.periods
    where period_type = 'quarter'
),

ratings as (
    select
        q.period_id,
        m.entity_id as product_id,
        sum(m.ratings) filter (where m.month >= q.previous_start) as ratings,
        sum(m.stars) filter (where m.month >= q.previous_start) as stars,
        sum(m.ratings) filter (where m.month < q.previous_start) as ratings_before,
        sum(m.stars) filter (where m.month < q.previous_start) as stars_before
    from quarters as q
    inner join core.rating_months as m on m.month >= q.before_start and m.month < q.period_start
    where m.scope = 'product'
    group by q.period_id, m.entity_id
    having sum(m.ratings) filter (where m.month >= q.previous_start) >= 5
),

sent_back as (
    select
        order_line_id,
        sum(qty) as qty
    from core.returns
    group by order_line_id
),

months as (
    select
        date_trunc('month', l.day) as month,
        l.product_id,
        sum(
            case
                when b.qty is not null then greatest(l.qty - b.qty, 0)
                when l.status = 'refunded' then 0
                else l.qty
            end
        ) as units
    from core.order_lines as l
    left join sent_back as b using (order_line_id)
    where l.is_sale and l.day >= (select min(previous_start) from quarters)
    group by date_trunc('month', l.day), l.product_id
),

sales as (
    select
        q.period_id,
        m.product_id,
        sum(m.units) filter (where m.month >= q.period_start) as units,
        sum(m.units) filter (where m.month < q.period_start) as units_before
    from quarters as q
    inner join months as m on m.month >= q.previous_start and m.month < q.period_end
    group by q.period_id, m.product_id
)

select
    r.period_id,
    r.product_id,
    p.category,
    cast(r.ratings as bigint) as ratings,
    cast(r.stars as bigint) as stars,
    stats.bayes_mean(a.prior_ratings, a.prior_mean, r.stars, r.ratings) as bayes_mean,
    case
        when r.ratings_before >= 5
            then stats.bayes_mean(b.prior_ratings, b.prior_mean, r.stars_before, r.ratings_before)
    end as bayes_mean_before,
    cast(coalesce(s.units, 0) as bigint) as units,
    cast(coalesce(s.units_before, 0) as bigint) as units_before
from ratings as r
inner join quarters as q using (period_id)
inner join metrics.rating_priors as a
    on r.period_id = a.period_id and q.period_start = a.prior_end and a.scope = 'product'
left join metrics.rating_priors as b
    on r.period_id = b.period_id and q.previous_start = b.prior_end and b.scope = 'product'
left join sales as s on r.period_id = s.period_id and r.product_id = s.product_id
left join core.products as p on r.product_id = p.product_id
