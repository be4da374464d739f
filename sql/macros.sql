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

-- Whether an account, a seller by id or a buyer by pseudonym, stands in excluded_accounts.csv; nobody (null) does not.
create or replace macro ref.is_excluded(account) as
coalesce(account in (select account_id from ref.excluded_accounts), false);

-- The first Monday after a day: what happened on the day is known at its beginning, 00:00 of the office.
create or replace macro stats.monday_after(day) as
cast(date_trunc('week', day) as date) + 7;

-- Whether what a buyer has written since a seller's last word asks for no answer (METRICS.md A12): flagged so, or a thank-you
-- note in a conversation that went on before: no question, at most 12 words, thanks and no problem word.
create or replace macro stats.asks_nothing(needs_response, is_first_of_conversation, words, says_thanks, has_question) as
needs_response = false
or (
    needs_response is null
    and not is_first_of_conversation
    and coalesce(words <= 12, false)
    and coalesce(says_thanks, false)
    and coalesce(not has_question, false)
);

-- Wilson's score limits (95 %) of a share of `trials`, which need not be whole (an effective number). Null without a share.
-- The same as pipeline.statistics.intervals.wilson.
create or replace macro stats.wilson_low(share, trials) as
case
    when share = 0 and trials > 0 then 0
    else
        (
            share + 1.920729410347062 / trials
            - 1.959963984540054 * sqrt(share * (1 - share) / trials + 0.960364705173531 / (trials * trials))
        ) / (1 + 3.841458820694124 / trials)
end;

create or replace macro stats.wilson_high(share, trials) as
case
    when share = 1 and trials > 0 then 1
    else
        (
            share + 1.920729410347062 / trials
            + 1.959963984540054 * sqrt(share * (1 - share) / trials + 0.960364705173531 / (trials * trials))
        ) / (1 + 3.841458820694124 / trials)
end;

-- A score of 1 to 5 from a rank among n, 1 the lowest, where equals share the lower rank: 1 + floor(5 x share strictly below).
create or replace macro stats.fifth(rank_from_below, n) as
1 + 5 * (rank_from_below - 1) // n;

-- The share of the whole weight that the known scores have, and their mean by weight; both are lists of one order, an unknown
-- score is null. Null where no weight is known.
create or replace macro stats.weight_known(weights, scores) as
list_dot_product(weights, list_transform(scores, lambda s: case when s is null then 0.0 else 1.0 end))
/ nullif(list_sum(weights), 0);

create or replace macro stats.weighted_score(weights, scores) as
list_dot_product(weights, list_transform(scores, lambda s: cast(coalesce(s, 0) as double)))
/ nullif(list_dot_product(weights, list_transform(scores, lambda s: case when s is null then 0.0 else 1.0 end)), 0);

-- How many of three rising thresholds amount / base reaches, compared as whole numbers. Null when the base is 0 or unknown.
create or replace macro stats.thresholds_reached(amount, base, thresholds) as
cast(amount >= thresholds[1] * nullif(base, 0) as integer)
+ cast(amount >= thresholds[2] * nullif(base, 0) as integer)
+ cast(amount >= thresholds[3] * nullif(base, 0) as integer);

-- A bound that the mean rating lies above with 95 % certainty, from ratings by stars and one of each kind added: products
-- with few ratings rank low until they have more. E. Miller, "Ranking items with star ratings": q = (n + 1) / (N + 5);
-- sum s q - 1.645 sqrt((sum s² q - (sum s q)²) / (N + 6)).
create or replace macro stats.stars_lower_bound(one, two, three, four, five) as
(one + 2 * two + 3 * three + 4 * four + 5 * five + 15) / (one + two + three + four + five + 5)
- 1.645 * sqrt(
    (
        (one + 4 * two + 9 * three + 16 * four + 25 * five + 55) / (one + two + three + four + five + 5)
        - pow((one + 2 * two + 3 * three + 4 * four + 5 * five + 15) / (one + two + three + four + five + 5), 2)
    )
    / (one + two + three + four + five + 6)
);

-- What is missing to a threshold, 0 where it is reached, null where either is unknown.
create or replace macro stats.shortfall(threshold, amount) as
case
    when threshold > amount then threshold - amount
    when threshold <= amount then 0
end;

-- A limit of a share of a population of known size, from a sample of it without replacement: adjusted Wald with two successes
-- and two failures added, and the finite-population correction. z is negative for the lower limit. Null for a sample of
-- everybody, which has no error. Bonett's ci.prop.fpc (R package statpsych) has the same numbers.
create or replace macro stats.finite_population_limit(successes, trials, population, z) as
case
    when trials between 1 and population - 1 then
        (successes + 2) / (trials + 4) + z * sqrt(
            (successes + 2) / (trials + 4) * (1 - (successes + 2) / (trials + 4))
            * (population - trials) / ((trials + 4) * (population - 1))
        )
end;
