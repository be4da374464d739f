-- The guards of the predicted lifetime value, one row each: what was found, what is asked for, and whether it is met.
--
-- grain: period_id, check_name
-- METRICS.md A23. All that have a rule must be met, or the quarter has no predicted value. is_passed is null where
-- the check could not be made, which is not met either. holdout_error: what the model, fitted without the quarter's
-- last 13 weeks, foretold too much or too little for them, as a share of what was bought; holdout_mape: the same by
-- groups of customers who had bought equally often, without regard to sign and weighted by what was bought; it is
-- told and not judged.
with holdouts as (
    select
        period_id,
        sum(predicted_orders order by frequency) as predicted,
        nullif(sum(actual_orders), 0) as actual,
        sum(abs(predicted_orders - actual_orders) order by frequency) as missed
    from metrics.clv_calibration
    group by period_id
),

checks as (
    select
        m.period_id,
        c.*
    from metrics.clv_models as m
    inner join plan.periods using (period_id)
    left join holdouts as h using (period_id)
    cross join lateral (
        values
        ('repeat_buyers', m.repeat_buyers, 'at least', ref.policy('clv_least_repeat_buyers')),
        ('purchase_fit_converged', cast(m.is_purchase_fit_converged as integer), 'at least', 1),
        ('value_fit_converged', cast(m.is_value_fit_converged as integer), 'at least', 1),
        ('value_frequency_correlation', m.value_frequency_correlation, 'within', 0.3),
        ('value_q', m.q, 'above', 1),
        ('holdout_error', h.predicted / h.actual - 1, 'within', ref.policy('clv_most_holdout_error_share')),
        ('holdout_mape', h.missed / h.actual, null, null)
    ) as c (check_name, value, rule, threshold)
)

select
    period_id,
    check_name,
    cast(value as double) as value,
    rule,
    cast(threshold as double) as threshold,
    case rule
        when 'at least' then value >= threshold
        when 'above' then value > threshold
        when 'within' then abs(value) < threshold
    end as is_passed
from checks
