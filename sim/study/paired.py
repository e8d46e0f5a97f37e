"""Means with confidence intervals over replications, and paired differences between policies."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from sim.result import finite
from sim.rng import stream
from sim.units import FloatArray

CONFIDENCE: Final = 0.95
"""Probability with which an interval covers the true mean."""
NO_DIFFERENCE: Final = 1e-12
"""Difference of two values over the larger of them that is theirs in rounding alone, and counts as none."""
RESAMPLES: Final = 2000
"""Samples of a bootstrap drawn from the replications, with replacement."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over replications, and half the width of its interval."""

    mean: float
    """Mean over the replications that can tell; NaN where none can."""
    half_width: float
    """Half the width of the 95 % interval of the mean; NaN below two replications."""
    count: int
    """Replications that the mean is over."""

    def document(self) -> dict[str, Any]:
        """Return the estimate as plain data, None for what is not known."""
        return {"mean": finite(self.mean), "half_width": finite(self.half_width), "count": self.count}


def estimate(values: FloatArray, confidence: float = CONFIDENCE) -> Estimate:
    r"""Return the mean of independent replications and the half-width of its 95 % interval.

    Parameters
    ----------
    values
        One value for each replication, any unit; NaN where a run cannot tell, which is left out.
    confidence
        Probability with which the interval covers the true mean.

    Returns
    -------
    Estimate
        Mean and half-width, in the unit of the values.

    Notes
    -----
    .. math:: h = t_{n-1,\,0.975}\, s / \sqrt{n}

    with the sample standard deviation :math:`s` and the quantile :math:`t` of Student's distribution (Law,
    Simulation Modeling and Analysis, 5th ed., section 4.5). It is exact for normal values; a mean over a long
    run is nearly normal, a maximum is not.

    Examples
    --------
    >>> found = estimate(np.array([1.0, 2.0, 3.0]))
    >>> found.mean, round(found.half_width, 3), found.count
    (2.0, 2.484, 3)
    """
    known = values[np.isfinite(values)]
    count = len(known)
    mean = float(known.mean()) if count else math.nan
    if count < 2:  # noqa: PLR2004  # one value says nothing of its spread
        return Estimate(mean, math.nan, count)
    from scipy.special import stdtrit  # noqa: PLC0415  # slow to import, and one replication needs none of it

    spread = float(known.std(ddof=1)) / math.sqrt(count)
    return Estimate(mean, float(stdtrit(count - 1, (1.0 + confidence) / 2.0)) * spread, count)


def paired_difference(values: FloatArray, others: FloatArray, confidence: float = CONFIDENCE) -> Estimate:
    """Return the mean of value less other, replication by replication, with its interval.

    On common random numbers both runs of a pair meet the same failures, prices and requests, so most of the
    spread cancels (Law, section 11.2). What remains of rounding (`NO_DIFFERENCE`) counts as no difference.

    Parameters
    ----------
    values, others
        One value for each replication, the same replication in the same position.
    confidence
        As `estimate`.

    Examples
    --------
    >>> found = paired_difference(np.array([11.0, 22.0]), np.array([10.0, 20.0]))
    >>> found.mean, round(found.half_width, 2), found.count
    (1.5, 6.35, 2)
    """
    differences = values - others
    differences[np.abs(differences) < NO_DIFFERENCE * np.maximum(np.abs(values), np.abs(others))] = 0.0
    return estimate(differences, confidence)


def bootstrap_interval(values: FloatArray, seed: int) -> list[float] | None:
    """Return the 95 % percentile interval of the mean, low and high; None below two values.

    It assumes no normal values, but needs many replications. The samples are drawn once for each number of
    replications, so that intervals of a comparison go together.

    Parameters
    ----------
    values
        One value for each replication; NaN is left out.
    seed
        Seed of the draws, which come from a stream of their own.

    Notes
    -----
    The bounds are quantiles of the means of 2000 samples with replacement (B. Efron, R. Tibshirani, An
    Introduction to the Bootstrap, 1993, chapter 13). It covers too seldom where replications are few: of
    normal values, about 84 % of the time with 5 and 90 % with 10. Corrections (BCa) estimate skewness from
    the same few values and do not mend that; hence the plain one, beside the t interval.

    Examples
    --------
    >>> bootstrap_interval(np.array([2.0, 2.0, 2.0]), 1)
    [2.0, 2.0]
    """
    known = values[np.isfinite(values)]
    if known.size < 2:  # noqa: PLR2004  # one value says nothing of its spread
        return None
    tail = (1.0 - CONFIDENCE) / 2.0
    means = known[_samples(known.size, seed)].mean(axis=1)
    return [float(bound) for bound in np.quantile(means, [tail, 1.0 - tail])]


@lru_cache(maxsize=4)
def _samples(count: int, seed: int) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    return stream(seed, "study/bootstrap").integers(0, count, (RESAMPLES, count))


def simultaneous(count: int) -> float:
    """Return the confidence of each of some intervals with which all hold together, by Bonferroni.

    Examples
    --------
    >>> round(simultaneous(5), 3)
    0.99
    """
    return 1.0 - (1.0 - CONFIDENCE) / max(count, 1)
