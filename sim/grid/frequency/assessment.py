"""What a site may do to a grid's frequency, how sure that is, and what to say beside a result."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import nan
from typing import Final

from sim.grid.frequency.model import Governor, GridModel
from sim.grid.frequency.result import NARROW_HZ, WIDE_HZ, FrequencyResult, response
from sim.grid.frequency.statistics import BISECTIONS

OUT_OF_RANGE_HZ: Final = 0.15
"""Deviation above which what the model leaves out begins to act [Hz]."""
HORIZON_S: Final = 300.0
"""A step's peak is looked for so long after it [s]."""
_LESS: Final = 0.7
"""Kinetic energy and response in the sensitivity table: 30 % less."""

NO_MEANING_FRACTION: Final = 0.05
"""Deviation over nominal above which the figures mean nothing; assumption: machines trip well before."""

OUTSIDE: Final = (
    "One frequency for the whole grid: inter-area, local and torsional modes are outside the model, and so "
    "is ride-through. The rest of the load draws constant power but for its damping."
)
"""What a result must say of the model."""


@dataclass(frozen=True, slots=True)
class SensitivityRow:
    """The frequency of one load with one parameter of the grid changed."""

    case: str
    """What was changed: ``kinetic energy -30 %``."""
    nadir_hz: float
    """Lowest frequency [Hz]."""
    zenith_hz: float
    """Highest frequency [Hz]."""
    rocof_hz_per_s: float
    """Largest RoCoF over 0.5 s [Hz/s]."""
    rms_mhz: float
    """Root of the mean squared deviation [mHz]."""
    seconds_outside_36_mhz: float
    """Time with a deviation larger than 36 mHz [s]."""


def step_result(model: GridModel, step_mw: float) -> FrequencyResult:
    """Return the frequency for `HORIZON_S` after a step of load at 0 s [MW]."""
    return response([0.0, 0.0, HORIZON_S], [0.0, step_mw, step_mw], model)


def neutral_step_mw(model: GridModel, limit_hz: float) -> float:
    """Return the largest step of load that keeps the deviation within a limit.

    Parameters
    ----------
    model
        The grid. With a deadband as wide as the limit nothing but damping holds the step.
    limit_hz
        Largest deviation [Hz], above 0.

    Returns
    -------
    float
        The step [MW], up or down; 0 where any step leads beyond the limit within five minutes.

    Examples
    --------
    >>> from dataclasses import replace
    >>> ercot = GridModel.preset("ercot")
    >>> round(neutral_step_mw(ercot, 0.036)), round(neutral_step_mw(replace(ercot, deadband_hz=0.036), 0.036))
    (259, 54)
    """
    if not limit_hz > 0.0:
        raise ValueError(f"limit_hz must be above 0 Hz, got {limit_hz:g}")
    if model.deadband_hz == 0.0:
        return limit_hz / step_result(model, 1.0).peak_hz
    low, high = 0.0, limit_hz / step_result(replace(model, deadband_hz=0.0), 1.0).peak_hz
    for _ in range(BISECTIONS):  # a deadband only makes the peak larger
        middle = 0.5 * (low + high)
        within = step_result(model, middle).peak_hz <= limit_hz
        low, high = (middle, high) if within else (low, middle)
    return low


def sensitivity(result: FrequencyResult) -> tuple[SensitivityRow, ...]:
    """Return the same load on grids that differ in one parameter: what an engineer asks for first.

    Parameters
    ----------
    result
        The load and the grid.

    Returns
    -------
    tuple of SensitivityRow
        As given, kinetic energy 30 % less, response 30 % less, and deadbands of 0, 17 and 36 mHz; NaN where
        that makes the grid unstable.
    """
    return tuple(_row(case, result, model) for case, model in _variants(result.model))


def describe(model: GridModel) -> str:
    """Return the grid in one line: kinetic energy, response, and how much deeper the nadir is.

    Examples
    --------
    >>> describe(GridModel.preset("ercot"))
    'kinetic energy 250 GW s, response 900 MW/0.1 Hz, nadir/settling 1.25, deadband 0 mHz, no AGC'
    """
    ratio = nadir_ratio(model)
    agc = "no AGC"
    if model.agc_gain:
        agc = f"AGC {model.agc_gain:.4g} MW/(Hz s)"
    return (
        f"kinetic energy {model.kinetic_mws / 1000.0:.4g} GW s, response {model.beta_mw_per_tenth_hz:.4g} "
        f"MW/0.1 Hz, nadir/settling {ratio:.2f}, deadband {model.deadband_hz * 1000.0:.3g} mHz, {agc}"
    )


def nadir_ratio(model: GridModel) -> float:
    """Return how much deeper a step's nadir is than where it settles, without AGC and deadband (C/B) [1]."""
    plain = replace(model, agc_gain=0.0, deadband_hz=0.0)
    return step_result(plain, 1.0).peak_hz / abs(plain.steady_state_hz(1.0))


def warnings_of(result: FrequencyResult) -> tuple[str, ...]:
    """Return what to say beside a result: what is outside the model, and a warning where that matters."""
    return warnings_at(result.peak_hz, result.model.nominal_hz)


def warnings_at(peak_hz: float, nominal_hz: float = 60.0) -> tuple[str, ...]:
    """Return the same for a largest deviation and a nominal frequency [Hz]."""
    if peak_hz <= OUT_OF_RANGE_HZ:
        return (OUTSIDE,)
    if peak_hz > NO_MEANING_FRACTION * nominal_hz:
        no_meaning = (
            f"Frequency moves by {peak_hz:.3g} Hz: no grid stays together so far off, and the figures of "
            "frequency mean nothing. Is there response (governors, damping) for this load?"
        )
        return OUTSIDE, no_meaning
    warning = (
        f"Frequency moves by {peak_hz:.3f} Hz: above {OUT_OF_RANGE_HZ:g} Hz fast frequency response, "
        "load resources and under-frequency load shedding act, which are not modelled."
    )
    return OUTSIDE, warning


def _variants(model: GridModel) -> Iterator[tuple[str, GridModel]]:
    yield "as given", model
    yield "kinetic energy -30 %", replace(model, kinetic_mws=_LESS * model.kinetic_mws)
    yield (
        "response -30 %",
        replace(
            model,
            damping_mw_per_hz=_LESS * model.damping_mw_per_hz,
            governors=tuple(_weaker(governor) for governor in model.governors),
        ),
    )
    for deadband_hz in (0.0, NARROW_HZ, WIDE_HZ):
        yield f"deadband {deadband_hz * 1000.0:.0f} mHz", replace(model, deadband_hz=deadband_hz)


def _weaker(governor: Governor) -> Governor:
    return replace(governor, gain_mw_per_hz=_LESS * governor.gain_mw_per_hz)


def _row(case: str, result: FrequencyResult, model: GridModel) -> SensitivityRow:
    try:
        varied = response(result.time_s, result.load_mw, model)
    except ValueError:  # with less response AGC may be too strong
        return SensitivityRow(case, nan, nan, nan, nan, nan)
    return SensitivityRow(
        case,
        varied.nadir_hz,
        varied.zenith_hz,
        varied.rocof_hz_per_s(0.5),
        varied.rms_mhz,
        varied.seconds_outside_36_mhz,
    )
