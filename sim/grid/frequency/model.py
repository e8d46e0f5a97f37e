"""A grid as one mass: its kinetic energy, its load's damping, its governors."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import atan2, hypot, isfinite, pi, sqrt
from typing import Any, Final, Self

import numpy as np

from sim.shipped import shipped
from sim.units import FloatArray

MW_PER_TENTH_HZ: Final = 0.1
"""Response is quoted per 0.1 Hz: MW/Hz times this."""


@dataclass(frozen=True, slots=True)
class Governor:
    r"""One branch of primary response: servo, then a turbine part of which comes after a reheater.

    Notes
    -----
    .. math:: T_1 \dot v = -K \Delta f + a z - v, \quad T_R \dot w = v - w, \quad p = F v + (1 - F) w

    A battery or a fast gas turbine has ``hp_fraction`` 1. Of TGOV1: :math:`F = T_2/T_3`, :math:`T_R = T_3`.
    """

    gain_mw_per_hz: float
    """Steady response K [MW/Hz]: capacity over droop and nominal frequency; not below 0."""
    servo_s: float = 0.0
    """Time constant of the servo T1 [s]; 0: none."""
    hp_fraction: float = 1.0
    """Share of power F that does not wait for the reheater."""
    reheat_s: float = 0.0
    """Time constant of the reheater TR [s]; 0: none."""

    def __post_init__(self) -> None:
        """Check the range of each field."""
        for name in ("gain_mw_per_hz", "servo_s", "reheat_s"):
            _require(name, getattr(self, name), low=0.0)
        _require("hp_fraction", self.hp_fraction, low=0.0, high=1.0)

    @property
    def reheats(self) -> bool:
        """Whether there is a reheater that matters."""
        return self.reheat_s > 0.0 and self.hp_fraction < 1.0


@dataclass(frozen=True, slots=True)
class GridModel:
    r"""Parameters of the system frequency response (SFR) model of one interconnection.

    Raises
    ------
    ValueError
        Where a field is out of its range, or AGC has no governor to move.

    Notes
    -----
    .. math:: \frac{2E}{f_0} \dot{\Delta f} = \sum_i p_i - D \Delta f - (1 + \ell) \Delta P,
              \quad \dot z = -K_I \Delta f

    P. M. Anderson and M. Mirheydar, "A low-order system frequency response model", IEEE Trans. Power Syst.
    5 (1990), doi:10.1109/59.65898; several governors, servos and AGC added. AGC is shared among the governors
    by their gain.

    Examples
    --------
    >>> grid = GridModel(100_000.0, 500.0, (Governor(4000.0, 0.3, 0.3, 7.0),))
    >>> grid.response_mw_per_hz, round(grid.steady_state_hz(450.0), 3), round(grid.rocof_hz_per_s(450.0), 3)
    (4500.0, -0.1, -0.135)
    """

    kinetic_mws: float
    """Kinetic energy of all machines on line E [MW s], above 0."""
    damping_mw_per_hz: float
    """Fall of the rest of the load with frequency D [MW/Hz], not below 0."""
    governors: tuple[Governor, ...] = ()
    """Branches of primary response."""
    agc_gain: float = 0.0
    """Automatic generation control K_I [MW/(Hz s)], an integrator of one control area; 0: none."""
    deadband_hz: float = 0.0
    """Half-width of the governors' deadband [Hz], without step: response starts from zero at its edge."""
    nominal_hz: float = 60.0
    """Nominal frequency [Hz], above 0."""
    marginal_loss_factor: float = field(default=0.0, kw_only=True)
    """Network losses that a MW of load adds [1]: 0.02 to 0.14 by the bus, in test systems (unverified)."""
    cps1_epsilon_hz: float | None = field(default=None, kw_only=True)
    """Target of the yearly rms of minute-mean deviations, for CPS1 [Hz]; None: CPS1 is not computed."""

    def __post_init__(self) -> None:
        """Check the range of each field, and the whole."""
        for name in ("kinetic_mws", "nominal_hz"):
            _require(name, getattr(self, name), above=0.0)
        for name in ("damping_mw_per_hz", "agc_gain", "deadband_hz", "marginal_loss_factor"):
            _require(name, getattr(self, name), low=0.0)
        if self.cps1_epsilon_hz is not None:
            _require("cps1_epsilon_hz", self.cps1_epsilon_hz, above=0.0)
        if self.agc_gain > 0.0 and self.gain_mw_per_hz == 0.0:
            raise ValueError("agc_gain above 0 needs a governor with gain_mw_per_hz above 0 to move")

    @classmethod
    def preset(cls, name: str) -> Self:
        """Return an illustrative interconnection: see `PRESETS`.

        Parameters
        ----------
        name
            ``ercot``, ``ercot-low``, ``ercot-critical``, ``eastern``, ``western`` or ``island``; an
            underscore does for a hyphen.

        Returns
        -------
        GridModel
            The grid without AGC and without deadband; `dataclasses.replace` sets them.

        Raises
        ------
        ValueError
            Where there is no such preset.
        """
        known = PRESETS.get(name.replace("_", "-"))
        if known is None:
            raise ValueError(f"no grid is called {name!r}; there are {', '.join(PRESETS)}")
        return cls(**{item.name: getattr(known, item.name) for item in fields(known)})

    @property
    def gain_mw_per_hz(self) -> float:
        """Gain of all governors together [MW/Hz]."""
        return sum(governor.gain_mw_per_hz for governor in self.governors)

    @property
    def response_mw_per_hz(self) -> float:
        """Steady response to a step, of governors and load together, outside the deadband [MW/Hz]."""
        return self.damping_mw_per_hz + self.gain_mw_per_hz

    @property
    def beta_mw_per_tenth_hz(self) -> float:
        """The same as it is quoted, point B of NERC BAL-003 [MW/0.1 Hz]."""
        return self.response_mw_per_hz * MW_PER_TENTH_HZ

    def load_step_mw(self, step_mw: float) -> float:
        """Return what the machines feel of a step of the site's load, with losses [MW]."""
        return (1.0 + self.marginal_loss_factor) * step_mw

    def as_load_mw(self, lost_mw: float) -> float:
        """Return the load of the site that the machines feel as they feel lost generation [MW]."""
        return lost_mw / (1.0 + self.marginal_loss_factor)

    def rocof_hz_per_s(self, step_mw: float) -> float:
        """Return the initial rate of change of frequency after a step of load, -dP f0/(2E) [Hz/s].

        Examples
        --------
        >>> round(GridModel(100_000.0, 0.0).rocof_hz_per_s(-2750.0), 3)
        0.825
        """
        return -self.load_step_mw(step_mw) * self.nominal_hz / (2.0 * self.kinetic_mws)

    def steady_state_hz(self, step_mw: float) -> float:
        """Return the deviation at which governors and damping hold a step of load, before AGC acts [Hz].

        Within the deadband damping alone holds it; infinite where nothing does.
        """
        felt_mw = abs(self.load_step_mw(step_mw))
        sign = -1.0 if step_mw > 0.0 else 1.0
        if felt_mw <= self.damping_mw_per_hz * self.deadband_hz:
            return sign * felt_mw / self.damping_mw_per_hz if felt_mw else 0.0
        if self.response_mw_per_hz == 0.0:
            return sign * float("inf") if felt_mw else 0.0
        return sign * (felt_mw + self.gain_mw_per_hz * self.deadband_hz) / self.response_mw_per_hz

    def numbers(self) -> dict[str, float]:
        """Return all fields as flat numbers, from which `of_numbers` makes the model again."""
        numbers = {name: getattr(self, name) for name in _NUMBERS if getattr(self, name) is not None}
        for position, governor in enumerate(self.governors):
            for item in fields(Governor):
                numbers[f"governor.{position}.{item.name}"] = getattr(governor, item.name)
        return numbers

    @classmethod
    def of_numbers(cls, numbers: Mapping[str, float]) -> Self:
        """Return the model that `numbers` described."""
        count = len({name.split(".")[1] for name in numbers if name.startswith("governor.")})
        names = [item.name for item in fields(Governor)]
        governors = tuple(
            Governor(*(numbers[f"governor.{position}.{name}"] for name in names)) for position in range(count)
        )
        return cls(governors=governors, **{name: numbers[name] for name in _NUMBERS if name in numbers})


_NUMBERS: Final = tuple(item.name for item in fields(GridModel) if item.name != "governors")


def _require(
    name: str, value: float, *, low: float = -float("inf"), above: float = -float("inf"), high: float = 1e12
) -> None:
    """Raise ValueError unless a number lies in its range."""
    if not isfinite(value) or not (low <= value <= high and value > above):
        least = f"above {above:g}" if above > low else f"from {low:g}"
        raise ValueError(f"{name} must be {least} to {high:g}, got {value:g}")


AGC_TIME_S: Final = 150.0
"""Integration time of AGC for the large presets [s]: agc_gain is response by this. An assumption."""


def _preset(entry: dict[str, Any]) -> GridModel:
    """Return the grid of an entry, which gives damping by the load and its fall per fall of 60 Hz."""
    governors = tuple(Governor(**each) for each in entry.pop("governors"))
    damping_mw_per_hz = entry.pop("damping_percent_per_percent") * entry.pop("load_mw") / 60.0
    return GridModel(damping_mw_per_hz=damping_mw_per_hz, governors=governors, **entry)


PRESETS: Final[dict[str, GridModel]] = {
    name: _preset(entry) for name, entry in shipped("sim.grid.frequency", "presets.json").items()
}
"""Illustrative interconnections by name, without AGC and without deadband, set by energy, response and nadir
ratio; they stand in ``presets.json`` beside this module.

All are unverified: made for orders of magnitude, not for a study of a grid. Kinetic energy of ``ercot-low``
is the record low of 2017 and that of ``ercot-critical`` the operator's critical inertia (ERCOT, "Inertia:
Basic Concepts and Impacts on the ERCOT Grid", 2018, as quoted by reviews); the others' is an assumption.
Responses are of the size measured; governor parameters follow from response and nadir ratio, and load damping
(1.5 % of load per % of frequency in ERCOT, 1 % elsewhere) is an assumption. A grid whose every unit on line
answered with 5 % droop would respond 5 to 16 times as much as is measured.

CPS1 targets: NERC BAL-001-2, attachment 1 (Eastern 0.018, Western 0.0228, ERCOT 0.030 Hz).
"""


@dataclass(frozen=True, slots=True)
class StepResponse:
    r"""Frequency after a step of load of a grid with one governor, without servo, AGC and deadband.

    Notes
    -----
    With :math:`H = E`, :math:`R = 1/(K f_0)`, :math:`D' = D f_0` (per unit of 1 MW):

    .. math::

        \omega_n^2 = \frac{D'R + 1}{2HRT_R}, \quad
        \zeta = \omega_n \frac{2HR + (D'R + F) T_R}{2 (D'R + 1)}, \quad
        \omega_r = \omega_n \sqrt{1 - \zeta^2}

        \Delta f(t) = \Delta f_{ss} \left[1 + \alpha e^{-\zeta \omega_n t} \sin(\omega_r t + \phi)\right],
        \quad \Delta f_{ss} = \frac{-\Delta P}{D + K}

    P. M. Anderson and M. Mirheydar, IEEE Trans. Power Syst. 5 (1990), doi:10.1109/59.65898. Valid for
    :math:`\zeta < 1`; a servo of 0.5 s can make the nadir 17 % deeper, so use `response` where there is one.

    Examples
    --------
    >>> from sim.grid.frequency.model import Governor
    >>> grid = GridModel(22_815.0, 0.0, (Governor(1200.0, 0.0, 0.3, 7.0),))
    >>> step = StepResponse.of(grid, 200.0)
    >>> round(step.nadir_hz, 6), round(step.nadir_time_s, 4)
    (-0.341668, 3.1607)
    """

    steady_state_hz: float
    """Deviation in the end [Hz]."""
    natural_per_s: float
    """Undamped natural frequency [rad/s]."""
    damping_ratio: float
    """Damping ratio, below 1."""
    reheat_s: float
    """Time constant of the reheater [s]."""

    @classmethod
    def of(cls, grid: GridModel, step_mw: float) -> Self:
        """Return the response of a grid to a step of load [MW].

        Raises
        ------
        ValueError
            Where the grid has more than the closed form holds, or is not underdamped.
        """
        if len(grid.governors) != 1 or not grid.governors[0].reheats:
            raise ValueError("the closed form takes one governor with a reheater")
        governor = grid.governors[0]
        if governor.servo_s or grid.agc_gain or grid.deadband_hz:
            raise ValueError("the closed form takes servo_s, agc_gain and deadband_hz of 0")
        droop = 1.0 / (governor.gain_mw_per_hz * grid.nominal_hz)
        held = grid.damping_mw_per_hz * grid.nominal_hz * droop + 1.0
        inertia = 2.0 * grid.kinetic_mws * droop
        natural = sqrt(held / (inertia * governor.reheat_s))
        fast = held - 1.0 + governor.hp_fraction
        ratio = natural * (inertia + fast * governor.reheat_s) / (2.0 * held)
        if ratio >= 1.0:
            raise ValueError(f"the closed form takes a damping ratio below 1, got {ratio:g}")
        return cls(grid.steady_state_hz(step_mw), natural, ratio, governor.reheat_s)

    @property
    def ringing_per_s(self) -> float:
        """Damped frequency of the response [rad/s]."""
        return self.natural_per_s * sqrt(1.0 - self.damping_ratio**2)

    @property
    def decay_per_s(self) -> float:
        """Rate at which it dies out [1/s]."""
        return self.damping_ratio * self.natural_per_s

    def deviation_hz(self, time_s: FloatArray) -> FloatArray:
        """Return the deviation at times after the step [Hz], in the shape of `time_s`."""
        ratio, ringing, reheat_s = self.damping_ratio, self.ringing_per_s, self.reheat_s
        root = sqrt(1.0 - ratio**2)
        lead = 1.0 - reheat_s * self.decay_per_s
        alpha = hypot(lead, ringing * reheat_s) / root
        phase = atan2(ringing * reheat_s, lead) - atan2(root, -ratio)
        swing = alpha * np.exp(-self.decay_per_s * time_s) * np.sin(ringing * time_s + phase)
        return np.asarray(self.steady_state_hz * (1.0 + swing))

    @property
    def nadir_time_s(self) -> float:
        """Time of the first extreme after the step [s]."""
        angle = atan2(self.ringing_per_s * self.reheat_s, self.decay_per_s * self.reheat_s - 1.0)
        return (angle % (2.0 * pi)) / self.ringing_per_s

    @property
    def nadir_hz(self) -> float:
        """Deviation at the first extreme: the nadir of a step up, the zenith of a step down [Hz]."""
        return float(self.deviation_hz(np.array(self.nadir_time_s)))
