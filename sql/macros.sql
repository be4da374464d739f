-- Closed forms that several SQL files share. Intervals that need quantiles are computed in pipeline/statistics/intervals.py.
-- Made anew at every opening of the warehouse, so a statement here is `create or replace macro stats.name(…)`.

-- Mean of n ratings that add up to `total`, held towards a prior mean that counts for as many ratings as `prior_ratings`.
create or replace macro stats.bayes_mean(prior_ratings, prior_mean, total, n) as
(prior_ratings * prior_mean + total) / (prior_ratings + n);

-- Sample variance (n - 1 below) from whole sums, which are the same whatever the order of the rows. Null below two.
create or replace macro stats.sample_variance(n, total, squares) as
(n * squares - total * total) / nullif(cast(n as hugeint) * (n - 1), 0);

-- What one event among at_risk takes from the logarithm of the survival, -ln(1 - 1 / at_risk), in units of 2^-48, and adds to
-- Greenwood's sum, 1 / (at_risk (at_risk - 1)), in units of 2^-52. Whole numbers below 2^53 add up to the same double in
-- whatever order; fractions do not. The last one at risk takes the survival to 0, which has no logarithm: null.
create or replace macro stats.hazard(at_risk) as
case when at_risk > 1 then round(-ln(1 - 1 / at_risk) * pow(2, 48)) end;

create or replace macro stats.greenwood(at_risk) as
case when at_risk > 1 then round(pow(2, 52) / (at_risk * (at_risk - 1))) end;

-- Log-log limits (95 %) of a survival share from Greenwood's sum: S^exp(±1.96 sqrt(sum) / ln S). At S = 1 both are 1; at
-- S = 0 the variance is not defined: the lower limit is 0 and the upper unknown. Kalbfleisch & Prentice (2002), 1.4.
create or replace macro stats.survival_low(surviving, greenwood) as
case
    when surviving >= 1 then 1
    when surviving <= 0 then 0
    else pow(surviving, exp(1.959963984540054 * sqrt(greenwood) / abs(ln(surviving))))
end;

create or replace macro stats.survival_high(surviving, greenwood) as
case
    when surviving >= 1 then 1
    when surviving > 0 then pow(surviving, exp(-1.959963984540054 * sqrt(greenwood) / abs(ln(surviving))))
end;

-- Byar's approximation to the exact Poisson limits (95 %) of a count. Breslow & Day (1987), Statistical Methods in Cancer
-- Research II, p. 69.
create or replace macro stats.poisson_low(k) as
case
    when k = 0 then 0
    else k * pow(1 - 1 / (9 * k) - 1.959963984540054 / (3 * sqrt(k)), 3)
end;

create or replace macro stats.poisson_high(k) as
(k + 1) * pow(1 - 1 / (9 * (k + 1)) + 1.959963984540054 / (3 * sqrt(k + 1)), 3);

-- What the office has settled in policy.toml under that name.
create or replace macro ref.policy(name) as
(
    select value from ref.policies
    where policy = name
);
