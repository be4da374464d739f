"""Maximum likelihood for a handful of positive parameters.

What belongs here: climbing to the summit, judging whether it is one, and the standard errors that its curvature gives.
The likelihoods themselves stand beside the models that they belong to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize

Floats = NDArray[np.float64]

#: Minus the log-likelihood at the logarithms of the parameters, and its gradient there.
Objective = Callable[[Floats], tuple[float, Floats]]

#: A logarithm this far from its start is on its way to zero or to infinity: there is no summit.
_REACH = 12.0
#: The logarithm of a parameter is not known at all when its standard error is this large: a factor of 50 either way.
_VAGUE = 2.0
#: So many standard errors from the summit is there.
_NEAR = 1e-4
_STEP = 1e-4
_NEWTON_STEPS = 10


@dataclass(frozen=True)
class Fit:
    """The likeliest parameters; `covariance` is that of their logarithms, from the curvature (observed information).

    `is_converged`: the likelihood falls in every direction, steeply enough to tell each parameter from zero and from
    infinity, and the summit is less than a ten-thousandth of a standard error away. If not, the covariance is NaN and
    the parameters mean nothing.
    """

    parameters: Floats
    covariance: Floats
    log_likelihood: float
    is_converged: bool

    @property
    def standard_errors(self) -> Floats:
        """Of the parameters themselves, in their own units. At the summit the gradient is zero, so that the delta
        method gives what the Hessian in the parameters would."""
        return np.asarray(self.parameters * np.sqrt(np.diag(self.covariance)))


def maximise(objective: Objective, start: Floats) -> Fit:
    """Climb from `start` (logarithms): SLSQP to the neighbourhood (Kraft 1988, DFVLR-FB 88-28), then Newton's own steps
    with the numeric Hessian of the analytic gradient."""
    bounds = [(s - _REACH, s + _REACH) for s in start]
    found = optimize.minimize(objective, start, jac=True, method="SLSQP", bounds=bounds, tol=1e-9)
    logs = np.asarray(found.x, dtype=np.float64)
    for _ in range(_NEWTON_STEPS):
        covariance = _inverse(_hessian(objective, logs))
        if covariance is None:
            break
        gradient = objective(logs)[1]
        if gradient @ covariance @ gradient < _NEAR**2:
            is_known = bool(np.sqrt(np.diag(covariance)).max() < _VAGUE)
            return _fit(objective, logs, covariance if is_known else None)
        logs = np.clip(logs - covariance @ gradient, start - _REACH, start + _REACH)
    return _fit(objective, logs, None)


def _fit(objective: Objective, logs: Floats, covariance: Floats | None) -> Fit:
    unknown = np.full((len(logs), len(logs)), np.nan)
    return Fit(np.exp(logs), unknown if covariance is None else covariance, -objective(logs)[0], covariance is not None)


def _hessian(objective: Objective, logs: Floats) -> Floats:
    steps = _STEP * np.eye(len(logs))
    rows = np.array([(objective(logs + step)[1] - objective(logs - step)[1]) / (2 * _STEP) for step in steps])
    return np.asarray((rows + rows.T) / 2)


def _inverse(hessian: Floats) -> Floats | None:
    """None where the matrix is not finite or not positive definite."""
    try:
        return np.asarray(linalg.cho_solve(linalg.cho_factor(hessian), np.eye(len(hessian))))
    except (linalg.LinAlgError, ValueError):
        return None
