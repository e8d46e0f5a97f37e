"""What a scenario says of the grid behind its connection, and of its frequency."""

from dataclasses import replace
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from sim.errors import did_you_mean
from sim.facts import GridFacts
from sim.grid.frequency.measured import FrequencyFile
from sim.grid.frequency.model import AGC_TIME_S, Governor, GridModel
from sim.grid.frequency.state_space import system_of
from sim.grid.limits import PowerLimit, a_region, published_limits
from sim.grid.ride_through import ENVELOPES, LAW
from sim.spec import Fraction, NonNegative, Positive, PositiveFraction, Spec, require_once

REPORT_STEP_HZ: Final = 0.005
"""How far frequency moves from report to report where nothing is said [Hz]; assumption."""


class GovernorSpec(Spec):
    """One branch of the grid's primary response."""

    gain_mw_per_hz: NonNegative
    """Steady response [MW/Hz]: capacity over droop and nominal frequency."""
    servo_s: NonNegative = 0.0
    """Time constant of the servo [s]; 0: none."""
    hp_fraction: Fraction = 1.0
    """Share of power that does not wait for the reheater; 1 for batteries and fast gas turbines."""
    reheat_s: NonNegative = 0.0
    """Time constant of the reheater [s]; 0: none."""


class FrequencySpec(Spec):
    """The grid whose frequency the site moves: a preset, parameters of one's own, or some of either.

    Or a grid whose frequency was measured, and that the site is too small to move: ``measured`` and
    ``nominal_hz`` alone. Or both: with ``closed_loop`` what the site does is added to what was measured.
    """

    preset: Literal["ercot", "ercot-low", "ercot-critical", "eastern", "western", "island"] | None = None
    """Illustrative grid to start from, unverified; the fields below replace its parameters."""
    kinetic_mws: Positive | None = None
    """Kinetic energy of all machines on line [MW s]; a grid without preset needs it."""
    damping_mw_per_hz: NonNegative | None = None
    """Fall of the rest of the load with frequency [MW/Hz]; a grid without preset needs it."""
    governors: Annotated[tuple[GovernorSpec, ...], Field(max_length=20)] | None = None
    """Branches of primary response; without a preset there are none unless given."""
    agc_time_s: NonNegative = AGC_TIME_S
    """Integration time of automatic generation control [s]; 0: none. The default is an assumption."""
    deadband_hz: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    """Half-width of the governors' deadband [Hz]; 0.017 in ERCOT, 0.036 elsewhere (unverified).

    Each time frequency passes its edge costs some 5 ms of computing: leave it at 0 for a year of swings.
    """
    nominal_hz: Annotated[float, Field(ge=10.0, le=400.0)] = 60.0
    """Nominal frequency [Hz]."""
    marginal_loss_ratio: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    """Network losses that a MW of load adds; 0.02 to 0.14 in test systems, unverified."""
    cps1_epsilon_hz: Positive | None = None
    """Target for CPS1 [Hz]; left out: the preset's (NERC BAL-001-2), without a preset there is no CPS1."""

    closed_loop: bool = False
    """Whether frequency is followed inside the run, so that policies see it and it is recorded; a policy that
    answers frequency needs it. Otherwise it is computed after the run, from the site's power."""
    report_step_hz: Annotated[float, Field(ge=1e-4, le=1.0)] | None = None
    """In a run that follows frequency the policy is asked each time it has moved so far [Hz]; left out: 0.005
    (assumption). Frequency is measured at the site, without delay, at every decision."""
    measured: FrequencyFile | None = None
    """Frequency from a file, which policies see and which is recorded. Alone with ``nominal_hz`` the site
    does not move it; with a grid and ``closed_loop: true`` what the site does is added to it."""

    @property
    def has_grid(self) -> bool:
        """Whether there is a grid that the site moves."""
        return self.preset is not None or self.kinetic_mws is not None or self.damping_mw_per_hz is not None

    @property
    def is_followed(self) -> bool:
        """Whether frequency is followed inside the run, so that policies see it."""
        return self.closed_loop or self.measured is not None

    @model_validator(mode="after")
    def _steps_are_reported(self) -> Self:
        if self.report_step_hz is not None and not self.is_followed:
            raise ValueError(
                f"report_step_hz is {self.report_step_hz:g} Hz; must be left out unless closed_loop is true "
                "or frequency is measured"
            )
        return self

    @model_validator(mode="after")
    def _measured_stands_alone_or_is_added_to(self) -> Self:
        if self.measured is None:
            return self
        if self.has_grid and not self.closed_loop:
            raise ValueError(
                "measured frequency and a grid that the site moves are added in the run: closed_loop must be "
                "true; or leave the grid out, and the measured frequency stands alone"
            )
        idle = [
            name
            for name, field in type(self).model_fields.items()
            if name not in {"measured", "nominal_hz", "report_step_hz"} and getattr(self, name) != field.default
        ]
        if not self.has_grid and idle:
            raise ValueError(
                f"measured frequency without a grid has no {', '.join(idle)}: leave that out, or give a preset"
            )
        return self

    @model_validator(mode="after")
    def _is_a_grid(self) -> Self:
        if self.measured is not None and not self.has_grid:
            return self
        if self.preset is None and (self.kinetic_mws is None or self.damping_mw_per_hz is None):
            raise ValueError("a grid needs a preset, or kinetic_mws and damping_mw_per_hz; or state measured frequency")
        model = self.model()
        system_of(model)
        if model.deadband_hz > 0.0:
            system_of(model, responding=False)
        return self

    def model(self) -> GridModel:
        """Return the grid; there is one unless frequency is only measured (`has_grid`)."""
        given = {
            name: getattr(self, name)
            for name in ("kinetic_mws", "damping_mw_per_hz", "cps1_epsilon_hz")
            if getattr(self, name) is not None
        }
        if self.governors is not None:
            given["governors"] = tuple(Governor(**governor.model_dump()) for governor in self.governors)
        given |= {
            "deadband_hz": self.deadband_hz,
            "nominal_hz": self.nominal_hz,
            "marginal_loss_factor": self.marginal_loss_ratio,
        }
        model = replace(GridModel.preset(self.preset), **given) if self.preset else GridModel(**given)
        if self.agc_time_s == 0.0 or model.gain_mw_per_hz == 0.0:
            return model
        return replace(model, agc_gain=model.response_mw_per_hz / self.agc_time_s)


class GridConnection(Spec):
    """A source behind an impedance, as the site sees it."""

    short_circuit_mva: Positive
    """Short-circuit power at the connection [MVA]."""
    x_over_r: Annotated[float, Field(ge=0.0, le=1000.0)]
    """Reactance over resistance of the impedance behind it."""
    power_factor: PositiveFraction = 1.0
    """Active over apparent power of the site; default: assumption, power supplies that correct it."""
    reactive: Literal["drawn", "given"] = "drawn"
    """Whether the site draws reactive power (lagging) or gives it (leading)."""

    @property
    def signed_power_factor(self) -> float:
        """The power factor, below 0 where reactive power is given."""
        return self.power_factor if self.reactive == "drawn" else -self.power_factor


def _envelope(name: str) -> str:
    if name not in ENVELOPES:
        raise ValueError(f"unknown envelope {name!r}{did_you_mean(name, ENVELOPES)}")
    return name


class GridSpec(Spec):
    """The grid: its strength at the connection, its frequency, and limits besides the shipped ones."""

    region: Annotated[str, AfterValidator(a_region)] | None = None
    """Operator or utility whose published limits the site is held against; left out: all that ship."""
    limits: Annotated[tuple[PowerLimit, ...], Field(max_length=100)] = ()
    """Limits of the user's own; those that ship are checked too."""
    count_limits: bool = False
    """Whether a run counts the limits that it keeps, with miners and without, among its metrics: for
    comparisons and sweeps. Filtering to bands takes seconds a run; a run's page checks limits in any case."""
    connection: GridConnection | None = None
    """Strength of the grid at the connection. Left out: voltage and flicker are not computed."""

    ride_through: Annotated[str, AfterValidator(_envelope)] = LAW
    """Envelope by which voltage sags at the connection are judged: whether the site stays, and is back in
    time. Default: the one that is law and has all its numbers."""
    frequency: FrequencySpec | None = None
    """How the grid's frequency answers the site. Left out: frequency is not computed."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [limit.name for limit in self.limits]
        require_once(names, "limits need names of their own")
        shipped = {limit.name for limit in published_limits()} if names else set()
        taken = sorted(shipped.intersection(names))
        if taken:
            raise ValueError(
                f"limits need names of their own; {', '.join(taken)} ships with the project and is checked too"
            )
        return self

    def facts(self) -> GridFacts:
        """Return what a recording states of the grid."""
        link, spec, counts = self.connection, self.frequency, self.count_limits
        return GridFacts(
            short_circuit_mva=None if link is None else link.short_circuit_mva,
            x_over_r_ratio=None if link is None else link.x_over_r,
            power_factor_ratio=None if link is None else link.signed_power_factor,
            nominal_hz=None if spec is None or spec.measured is None else spec.nominal_hz,
            frequency=spec.model().numbers() if spec is not None and spec.has_grid else {},
            count_limits=True if counts else None,
            envelope=() if self.ride_through == LAW else (self.ride_through,),
            region=() if self.region is None else (self.region,),
            limit={limit.name: limit.numbers() for limit in self.limits} if counts else {},
        )
