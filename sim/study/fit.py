r"""A record turned into what generates the like: a service, or a fleet that follows its set-point.

Notes
-----
A service has its hours of the week, and noise at two time scales. With :math:`s(h)` the mean of the record by
hour of the day (of weekdays and weekends apart, where it is two weeks long), the logarithm of what is left,
:math:`x = \ln(v/s)`, is taken for the sum of two Ornstein-Uhlenbeck processes,

.. math:: R(\tau) = \sigma_f^2 e^{-\tau/\tau_f} + \sigma_s^2 e^{-\tau/\tau_s},

fitted to its autocovariance. The first part of the record is fitted, the rest judges: a run of the fitted
scenario, as long, is laid beside it.

Of a fleet, a step of the set-point begins at its row and lasts until the next one. Where power moves from
:math:`p_0` to where it settles, :math:`p_1`, the latency is the time until 5 % of :math:`p_1 - p_0` is done,
the ramp 90 % of it over the time from 5 to 95 %. Of a fall to the lowest set-point :math:`s`,
:math:`(p_1 - s)/(p_0 - s)` did not obey.
"""

from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np

from sim.errors import InputError
from sim.units import HOURS_PER_DAY, SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_MINUTE, FloatArray

HELD_BACK_FRACTION: Final = 0.5
"""Share of the record, its end, that is not fitted and judges."""
LEAST_ROWS: Final = 48
DIP_FRACTION: Final = 0.75
"""A course is in a dip below this share of its usual level; assumption."""
_LONGEST_LAG_H: Final = 12.0
_LEAST_SIGMA: Final = 1e-3
_QUANTILES: Final = (0.01, 0.5, 0.95, 0.99)
_WEEKS_FOR_WEEKENDS: Final = 2.0
_DAYS_FOR_SHAPE: Final = 1.0
_MONDAY_S: Final = 4.0 * SECONDS_PER_DAY
"""The first Monday after 1970-01-01."""
_WEEK_HOURS: Final = 168


class TwoNoises(NamedTuple):
    """Noise at two time scales."""

    fast_sigma: float
    fast_time_s: float
    slow_sigma: float
    slow_time_s: float


def uniform(time_s: FloatArray, values: FloatArray) -> tuple[float, FloatArray]:
    """Return the usual spacing of a record [s], and its values at it, by lines across what is missing."""
    step_s = float(np.median(np.diff(time_s)))
    grid = np.arange(time_s[0], time_s[-1] + 0.5 * step_s, step_s)
    return step_s, np.interp(grid, time_s, values)


def fit_service(place: str, first_s: float, step_s: float, values: FloatArray) -> dict[str, Any]:
    """Return what is found of the generated service that is like a record.

    Parameters
    ----------
    place
        Name of the record, for messages.
    first_s
        Time of the first value, from a Monday 00:00 or since 1970-01-01T00:00Z [s].
    step_s
        Time between two values [s].
    values
        Power or rate, above 0 somewhere, shape (n,).

    Returns
    -------
    dict
        ``hourly``, the mean of each hour of the week from Monday 00:00 in units of the highest, shape (168,); ``peak``,
        that hour in the record's unit; ``noises``; ``warnings``, what the record is too short or too coarse to tell.

    Raises
    ------
    InputError
        If the record is too short or holds nothing.
    """
    if values.size < LEAST_ROWS or values.max() <= 0.0:
        message = f"must hold {LEAST_ROWS} values or more, above 0 in some; got {values.size}"
        raise InputError.single(place, "", message)
    hours = _hour_of_week(first_s + step_s * np.arange(values.size, dtype=np.float64))
    length_d = values.size * step_s / SECONDS_PER_DAY
    hourly = _shape(hours, values, length_d)
    about = _about(hours, values, hourly)
    warnings = []
    if length_d < _DAYS_FOR_SHAPE:
        warnings.append(f"a record of {length_d:.2g} days tells no course of the day: it is taken as flat")
    elif length_d < 7.0 * _WEEKS_FOR_WEEKENDS:
        warnings.append(f"a record of {length_d:.2g} days tells no weekends: every day is taken as alike")
    if step_s > 5.0 * SECONDS_PER_MINUTE:
        warnings.append(f"a value every {step_s:g} s tells nothing of what is faster")
    peak = float(hourly.max())
    noises = fit_noises(about, step_s)
    return {"hourly": hourly / peak, "peak": peak, "noises": noises, "warnings": tuple(warnings)}


def _hour_of_week(time_s: FloatArray) -> FloatArray:
    return np.asarray(((time_s - _MONDAY_S) / SECONDS_PER_HOUR) % _WEEK_HOURS)


def _shape(hours: FloatArray, values: FloatArray, length_d: float) -> FloatArray:
    """Return the mean of each hour of the week, as far as the record tells them apart."""
    if length_d < _DAYS_FOR_SHAPE:
        return np.full(_WEEK_HOURS, values.mean())
    import pandas as pd  # noqa: PLC0415  # slow to import

    weekend = hours >= 5.0 * HOURS_PER_DAY
    apart = weekend & (length_d >= 7.0 * _WEEKS_FOR_WEEKENDS)
    rows = pd.DataFrame({"apart": apart, "hour": np.floor(hours % HOURS_PER_DAY), "value": values})
    means = rows.pivot_table("value", "apart", "hour")
    means = means.reindex([False, bool(apart.any())], columns=range(24)).fillna(values.mean())
    return np.concatenate([np.tile(day, days) for day, days in zip(means.to_numpy(), (5, 2), strict=True)])


def _about(hours: FloatArray, values: FloatArray, hourly: FloatArray) -> FloatArray:
    """Return the logarithm of the record over its shape, which is joined by lines as demand is."""
    centres = np.arange(_WEEK_HOURS + 2) - 0.5
    mean = np.interp(hours, centres, np.concatenate([hourly[-1:], hourly, hourly[:1]]))
    floor = 1e-3 * values.max()
    return np.asarray(np.log(np.maximum(values, floor) / np.maximum(mean, floor)))


def fit_noises(about: FloatArray, step_s: float) -> TwoNoises:
    """Return the two noises whose autocovariance is nearest to a record's.

    Examples
    --------
    >>> draws = np.random.default_rng(1).standard_normal((2, 20000))
    >>> slow = np.zeros(20000)
    >>> for row in range(1, 20000):
    ...     slow[row] = 0.99 * slow[row - 1] + 0.0282 * draws[0, row]
    >>> found = fit_noises(slow + 0.05 * draws[1], 60.0)
    >>> bool(abs(found.slow_sigma - 0.2) < 0.04), bool(found.fast_sigma > 0.03)
    (True, True)
    """
    from scipy.optimize import least_squares  # noqa: PLC0415  # slow to import

    covariance = _autocovariance(about, step_s)
    lags_s = step_s * np.arange(covariance.size)
    variance = max(float(covariance[0]), _LEAST_SIGMA**2)

    def missing(parameters: FloatArray) -> FloatArray:
        share, fast, slow = parameters
        model = share * np.exp(-lags_s / np.exp(fast)) + (1.0 - share) * np.exp(-lags_s / np.exp(slow))
        return np.asarray(model - covariance / variance)

    bounds = ([0.0, np.log(0.2 * step_s), np.log(2.0 * step_s)], [1.0, np.log(1800.0 + step_s), np.log(2e5 + step_s)])
    start = [0.3, np.log(max(step_s, 60.0)), np.log(max(8000.0, 4.0 * step_s))]
    start = [float(np.clip(value, low, high)) for value, low, high in zip(start, *bounds, strict=True)]
    share, fast, slow = least_squares(missing, start, bounds=bounds).x
    return TwoNoises(
        float(np.sqrt(share * variance)),
        float(np.exp(fast)),
        float(np.sqrt((1.0 - share) * variance)),
        float(np.exp(slow)),
    )


def _autocovariance(about: FloatArray, step_s: float) -> FloatArray:
    """Return the autocovariance of a record up to half a day, or a quarter of its length."""
    from scipy.signal import correlate  # noqa: PLC0415  # slow to import

    centred = about - about.mean()
    most = max(int(min(_LONGEST_LAG_H * SECONDS_PER_HOUR / step_s, centred.size // 4)), 3)
    lags = np.arange(most + 1)
    products = correlate(centred, centred, method="fft")[centred.size - 1 :]
    return np.asarray(products[: most + 1] / (centred.size - lags))


def judged(measured: FloatArray, made: FloatArray, first_s: float, step_s: float, hourly: FloatArray) -> dict[str, Any]:
    """Return how near a generated course is to the part of the record that was not fitted.

    Parameters
    ----------
    measured, made
        Both courses at the same spacing, in one unit, shape (n,).
    first_s
        Time of the first value, as in `fit_service` [s].
    step_s
        Spacing [s].
    hourly
        The shape that both are looked at about, by hour of the week, in their unit, shape (168,). Dips are
        falls below `DIP_FRACTION` of its mean.
    """
    from scipy.stats import ks_2samp  # noqa: PLC0415  # slow to import

    hours = _hour_of_week(first_s + step_s * np.arange(measured.size, dtype=np.float64))
    rows: dict[str, Any] = {
        "energy_error_fraction": float(made.mean() / measured.mean() - 1.0),
        "ks": float(ks_2samp(measured, made).statistic),
    }
    for name, values in (("measured", measured), ("made", made)):
        about = _about(hours, values, hourly)
        rows[f"sd_about_shape_{name}"] = float(about.std())
        rows[f"autocorrelation_1h_{name}"] = _after_an_hour(about, step_s)
        low = np.concatenate([[False], values < DIP_FRACTION * hourly.mean(), [False]])
        dips_s = step_s * (np.flatnonzero(low[:-1] & ~low[1:]) - np.flatnonzero(~low[:-1] & low[1:]))
        rows[f"dip_count_{name}"] = int(dips_s.size)
        rows[f"dip_mean_s_{name}"] = float(dips_s.mean()) if dips_s.size else None
        rows[f"ramp_p99_per_s_{name}"] = float(np.quantile(np.abs(np.diff(values)), 0.99)) / step_s
        for quantile in _QUANTILES:
            rows[f"p{round(100 * quantile)}_{name}"] = float(np.quantile(values, quantile))
    rows["sd_about_shape"] = rows["sd_about_shape_made"]
    rows["autocorrelation_1h"] = rows["autocorrelation_1h_made"]
    return rows


def _after_an_hour(about: FloatArray, step_s: float) -> float | None:
    """Return the autocorrelation of hourly means after an hour; None where the record is too short."""
    import pandas as pd  # noqa: PLC0415  # slow to import

    per_hour = max(1, round(SECONDS_PER_HOUR / step_s))
    count = about.size // per_hour
    if count < 4:  # noqa: PLR2004  # three pairs at least
        return None
    found = pd.Series(about[: count * per_hour].reshape(count, per_hour).mean(axis=1)).autocorr(1)
    return float(found) if np.isfinite(found) else None


_LEAST_STEP: Final = 0.05
"""Smaller steps of the set-point, over the highest, are not looked at; assumption."""
_SETTLED: Final = 0.8
"""Share of the time between two steps after which power has settled; assumption."""
_BEGUN, _DONE = 0.05, 0.95
_FEW_FALLS: Final = 5


def fit_fleet(place: str, step_s: float, target: FloatArray, power: FloatArray) -> dict[str, Any]:
    """Return the fields of the fleet that follows its set-point as a record does.

    Parameters
    ----------
    place
        Name of the record, for messages.
    step_s
        Time between two rows [s].
    target, power
        Set-point and power, in one unit, shape (n,).

    Returns
    -------
    dict
        By the names of its template, power in the record's unit: ``minimum`` is what does not obey, ``initial`` the
        power at the end of the record, within the range, ``restart_s`` is until 95 % of a rise from rest is done [s];
        None where there was none.

    Raises
    ------
    InputError
        If no step down is followed.

    Examples
    --------
    >>> target = np.repeat([10.0, 0.0, 10.0], 100)
    >>> power = np.interp(np.arange(300.0), [102, 112, 205, 225], [10, 1, 1, 10])
    >>> found = fit_fleet("x", 1.0, target, power)
    >>> found["latency_s"], round(found["ramp_down_per_s"], 2), round(found["disobeying_fraction"], 2)
    (3.0, 0.9, 0.1)
    """
    import pandas as pd  # noqa: PLC0415  # slow to import

    rated = float(max(target.max(), power.max()))
    least = _LEAST_STEP * rated
    edges = np.flatnonzero(np.abs(np.diff(target)) > least) + 1
    rows = [
        (target[start - 1], target[start], *_followed(power[start - 1 : end], least))
        for start, end in pairwise([*edges.tolist(), target.size])
    ]
    steps = pd.DataFrame(rows, columns=["from", "to", "start", "end", "begun", "done"])
    steps = steps[np.sign(steps.to - steps["from"]) == np.sign(steps.end - steps.start)]
    took_s = step_s * (steps.done - steps.begun).clip(1)
    steps["ramp"] = (_DONE - _BEGUN) * (steps.end - steps.start).abs() / took_s
    falls, rises = steps[steps.to < steps["from"]], steps[steps.to > steps["from"]]
    if falls.empty:
        raise InputError.single(place, "", "has no step down of the set-point that power follows")
    lowest = falls[falls.to <= falls.to.min() + least]
    stays = float(np.clip(((lowest.end - lowest.to) / (lowest.start - lowest.to)).median(), 0.0, 1.0))
    rests = rises[rises["from"] < least]
    told = {
        f"{len(falls)} falls tell little of latency and ramps": len(falls) < _FEW_FALLS,
        f"a value every {step_s:g} s is too coarse for falls this fast": falls.done.median() < _FEW_FALLS,
        "no rise from rest: restart is not told": rests.empty,
    }
    return {
        "rated": rated,
        "latency_s": step_s * max(float(falls.begun.median()) - 1.0, 0.0),
        "ramp_up_per_s": float((falls if rises.empty else rises).ramp.median()),
        "ramp_down_per_s": float(falls.ramp.median()),
        "restart_s": None if rests.empty else step_s * (float(rests.done.median()) - 1.0),
        "disobeying_fraction": stays,
        "minimum": stays * rated,
        "initial": float(np.clip(power[-1], stays * rated, rated)),
        "warnings": tuple(text for text, holds in told.items() if holds),
    }


def _followed(power: FloatArray, least: float) -> tuple[float, float, int, int]:
    """Return where power began and settled, and after how many rows 5 and 95 % was done."""
    start, end = float(power[0]), float(np.median(power[int(_SETTLED * power.size) :]))
    if abs(end - start) < least:
        return start, start, 0, 0
    share = (power - start) / (end - start)
    return start, end, int(np.argmax(share >= _BEGUN)), int(np.argmax(share >= _DONE))
