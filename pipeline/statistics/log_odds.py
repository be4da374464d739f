"""Which words two groups of texts differ by: weighted log-odds with an informative Dirichlet prior.

What belongs here: the formula over NumPy arrays. What is counted, in which periods, and which words make a theme is
said in `pipeline.analyses.themes`; what a word is, in `pipeline.statistics.tokens`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class LogOdds(NamedTuple):
    """For each word: the difference of its log-odds (natural logarithm; above 0, more typical of the first group), and
    that difference in its own standard errors."""

    delta: Floats
    zeta: Floats


def weighted_log_odds(
    first: ArrayLike, first_total: float, second: ArrayLike, second_total: float, prior: ArrayLike, prior_total: float
) -> LogOdds:
    """Compare how often each word comes in two groups; all six are counts in the same unit (words, or documents).

    `first` and `second` count each word, the totals all words of a group; `prior` are the pseudo-counts α_w that each
    group is given beforehand, all of them positive, and `prior_total` is their sum α₀ over every word, listed here or
    not. delta = ln[(y¹ + α) / (n¹ + α₀ - y¹ - α)] - ln[(y² + α) / (n² + α₀ - y² - α)], variance approximately
    1 / (y¹ + α) + 1 / (y² + α), zeta = delta / √variance. Monroe, Colaresi & Quinn (2008), "Fightin' Words", Political
    Analysis 16(4), eq. 16, 18 and 22. Raises ValueError for a prior that is not positive: a word that neither group
    used would have no odds.
    """
    y1, y2, alpha = (np.asarray(counts, dtype=np.float64) for counts in (first, second, prior))
    if np.any(alpha <= 0):
        raise ValueError("every word needs a positive prior")
    odds = [
        np.log(y + alpha) - np.log(total + prior_total - y - alpha)
        for y, total in ((y1, first_total), (y2, second_total))
    ]
    delta = odds[0] - odds[1]
    return LogOdds(delta, delta / np.sqrt(1 / (y1 + alpha) + 1 / (y2 + alpha)))
