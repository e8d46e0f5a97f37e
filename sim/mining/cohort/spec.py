"""What a scenario says of a cohort: machines of one model, under one firmware, switched in blocks."""

from functools import cached_property
from math import ceil, floor, inf, log
from typing import Annotated, Final, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from sim.mining.catalogue import Cooling, Machine, machine
from sim.mining.clocking import ClockCurve, Heat, ceilings
from sim.mining.events import DropOut
from sim.mining.fleet import FleetSpec, Location
from sim.mining.running import FleetConnection, RunningFleet
from sim.mining.worth import Worth, upper_edge
from sim.shipped import shipped
from sim.spec import SIZED, Fraction, Name, Positive, PositiveFraction, Spec, rising, some_of
from sim.units import MEGAWATT_IN_WATTS, PETAHASH_IN_TERAHASHES

FirmwareName = Literal["unsafe", "quick", "safe", "stock"]
"""Name of a preset: how the firmware brings a machine up."""


class Firmware(NamedTuple):
    """Times of one firmware from command to full power, and whether it can lower the clock."""

    latency_s: float
    """Time from a command to its arrival at the machines [s]."""
    power_down_s: float
    """Time a machine takes from any power down to standby, and its clock from the default to nothing [s]."""
    boot_s: float
    """Time from the wake-up to the first hash, at standby power [s]."""
    ramp_up_s: float
    """Time the clock takes from nothing to the default [s]."""
    scales_clock: bool
    """Whether it can run machines below their default clock."""


FIRMWARE: Final[dict[FirmwareName, Firmware]] = {
    name: Firmware(**times) for name, times in shipped("sim.mining", "firmware.json").items()
}
"""Firmware by name, out of ``firmware.json`` in this package.

Third-party firmware sleeps within 5 s and is back at full power within 10 s in a single step (`unsafe`,
which stresses the chips); it ramps in steps by default (LuxOS documentation; hashrateindex.com, firmware
features). A command takes 1 to 5 s; here 3 s, an assumption. The steps of `quick` and `safe` and all times
of `stock` are assumptions: no manufacturer publishes them (unverified).
"""

OVERHEAD_FRACTION: Final[dict[Cooling, float]] = {"air": 0.03, "hydro": 0.05, "immersion": 0.05}
"""Power of fans, pumps, losses outside the machines over theirs, by cooling [1]; unverified, .02 to .08."""

MOST_MACHINES: Final = 10_000_000
"""Most machines of a cohort."""

MOST_BLOCKS: Final = 2000
"""Most blocks that a cohort may be cut into."""

_ROUNDING: Final = 1e-12
NEARLY_NEVER: Final = 1e-6
"""Chance that is not reckoned with: that some block has still not obeyed; assumption."""

Wait = Annotated[float, Field(ge=0.0, le=86_400.0)]
Moment = Annotated[float, Field(gt=0.0, le=86_400.0), SIZED]
Error = Annotated[float, Field(gt=-0.5, le=0.5)]


class MachineFailures(Spec):
    """How often machines fail, and how long a repair takes."""

    per_start_fraction: Annotated[float, Field(ge=0.0, le=0.5)] = 2e-5
    """Probability that a machine fails at a start [1]. Default: assumption, 0 to 0.001; nothing is
    published."""
    per_year_fraction: Annotated[float, Field(ge=0.0, le=5.0)] = 0.05
    """Share of the machines that fail in a year apart from starts, asleep or not [1]. Default: unverified,
    0.03 to 0.10."""
    repair_min_d: Annotated[float, Field(gt=0.0, le=365.0), SIZED] = 14.0
    """Shortest repair [d]. Default: unverified."""
    repair_max_d: Annotated[float, Field(gt=0.0, le=365.0), SIZED] = 45.0
    """Longest repair [d]; every length in between is as likely. Default: unverified."""

    _is_a_range = rising("repair_min_d", "repair_max_d", strictly=False)


class BlockResponse(Spec):
    """Whether blocks obey, and how the executor finds out and tries again.

    The timeouts and retries are those of block/proto-fleet (Apache-2.0).
    """

    commandable_fraction: PositiveFraction = 1.0
    """Probability that a block obeys a command to sleep or wake, at each sending [1]. Practice: 0.85 to 0.99
    (Foreman's support pages; 0.96 is an assumption)."""
    confirm_down_s: Moment = 5.0
    """Time from the arrival of a command to sleep until it is sent again to a block that has not [s]."""
    confirm_up_s: Moment = 30.0
    """Time from the arrival of a command to wake until it is sent again to a block that has not [s]."""
    retries_down_count: Annotated[int, Field(ge=0, le=1000)] = 50
    """Times a command to sleep is sent again before the executor gives up."""
    retries_up_count: Annotated[int, Field(ge=0, le=1000)] = 10
    """Times a command to wake is sent again before the executor gives up."""

    def resent_count(self, block_count: int) -> int:
        """Return how often a command to sleep is sent again until all blocks will have obeyed."""
        deaf = 1.0 - self.commandable_fraction
        if deaf == 0.0:
            return 0
        return min(ceil(log(NEARLY_NEVER / block_count) / log(deaf)), self.retries_down_count)


class Breaker(Spec):
    """Breakers that take machines asleep off the supply, all of a cohort at once: no standby is drawn."""

    open_s: Wait = 60.0
    """Time from the arrival of the order until they are open, for machines to sleep [s]. Default:
    assumption."""
    close_s: Wait = 900.0
    """Time from the order to close them until machines can be woken, at standby power [s]. Default:
    assumption, 300 to 900, a cold start of power supplies, controllers and network; none is published."""


class CohortFleet(FleetSpec):
    """Machines of one model under one firmware, switched on and off in blocks and held at one clock."""

    name: Name
    """Name of the fleet; stands in signals and metrics."""
    type: Literal["cohort"]
    model: Annotated[str, Field(max_length=60)]
    """Machine, by its key in the catalogue: ``antminer-s21``."""
    machine_count: Annotated[int, Field(ge=1, le=MOST_MACHINES)] | None = None
    """Number of machines; or ``rated_mw``."""
    rated_mw: Positive | None = None
    """Power with all machines at the highest clock, at the meter [MW]; rounded down to whole machines."""
    th_s: Positive | None = None
    """Hash rate of a machine at its default clock [TH/s]; left out: the catalogue's."""
    power_w: Positive | None = None
    """Power of a machine at its default clock, at the wall [W]; left out: the catalogue's."""
    draw_deviation_fraction: Error = 0.0
    """What machines really draw while they hash, over that, less one [1]. Vendors allow ±0.05."""
    telemetry_error_fraction: Error = 0.0
    """What hashing machines report of their power over what the meter shows, less one [1]. The executor plans
    with what is reported. Practice: 0.05 to 0.20 either way (Foreman's support pages)."""
    overhead_fraction: Fraction | None = None
    """Power of fans, pumps and losses outside the machines over that of the machines [1]; left out: 0.03 for
    air, 0.05 for hydro and immersion (unverified)."""
    block_mw: Annotated[float, Field(gt=0.0, le=1000.0), SIZED] = 1.0
    """Power of a block, whose machines are switched together, about [MW]. Practice: 0.5 to 2 MW."""
    block_machine_count: Annotated[int, Field(ge=1)] | None = None
    """Machines in a block, at most; takes the place of ``block_mw``."""
    firmware: FirmwareName = "quick"
    """Preset of the times below: ``unsafe``, ``quick``, ``safe`` or ``stock``."""
    latency_s: Wait | None = None
    """Time from a command to its arrival at the machines [s]; left out: the firmware's."""
    power_down_s: Wait | None = None
    """Time a machine takes down to standby power [s]; left out: the firmware's."""
    boot_s: Wait | None = None
    """Time from the wake-up to the first hash [s]; left out: the firmware's."""
    ramp_up_s: Wait | None = None
    """Time the clock takes from nothing to the default [s]; left out: the firmware's."""
    scales_clock: bool | None = None
    """Whether the executor may lower the clock; left out: the firmware's."""
    standby_w: Annotated[float, Field(ge=0.0, le=1000.0)] = 25.0
    """Power of a machine asleep [W] (hashrateindex.com, firmware features; 15 to 60)."""
    clock_minimum_fraction: PositiveFraction = ClockCurve.minimum_fraction
    """Lowest clock over the default [1]. Default: assumption, 0.3 to 0.6."""
    clock_maximum_fraction: Annotated[float, Field(ge=1.0, le=2.0)] = ClockCurve.maximum_fraction
    """Highest clock over the default [1]; above 1 is overclocking."""
    vf_slope_ratio: Annotated[float, Field(ge=0.0, lt=1.0)] | None = None
    """Relative change of voltage per relative change of clock [1]; left out: the catalogue's, else 0.163."""
    static_fraction: Annotated[float, Field(ge=0.0, le=0.99)] = ClockCurve.static_fraction
    """Share of a machine's power that does not follow the clock [1]. Default: assumption, 0.01 to 0.06."""
    drop_out: DropOut = DropOut()
    """What its power supplies do in a voltage sag."""
    dispatch_blocks_per_s: Positive | None = None
    """Blocks that orders reach in a second, at most [1/s]: those that switch, in at most 20 batches a change,
    and those told another profile of the clock; left out: all at once."""
    settling_s: Wait = 0.0
    """Time that a machine stays on a profile of its clock before it may rise to another [s]; a lower one it
    takes at any time. Default: assumption, 0 to 300; firmware looks at a machine every 90 s (third-party
    firmware's documentation), none publishes how long it settles."""
    minimum_up_s: Wait = 0.0
    """Least time between the commands that wake a block and put it to sleep [s]."""
    minimum_down_s: Wait = 0.0
    """Least time between the commands that put a block to sleep and wake it [s]."""
    cooldown_s: Wait = 0.0
    """Time after a command to sleep in which no block is woken [s]."""
    failures: MachineFailures = MachineFailures()
    """Failures and repairs of machines."""
    response: BlockResponse = BlockResponse()
    """Blocks that do not obey."""
    breaker: Breaker | None = None
    """Breakers by which a policy takes machines off the supply while they sleep; left out: none."""
    heat: Heat | None = None
    """What hot weather does; left out: nothing. Takes the scenario's ``weather``."""
    on_pool_loss: Literal["hold", "sleep"] = "hold"
    """While the pool is lost: hold power and earn nothing, or sleep until it is back."""
    location: Location | None = None
    """Where it stands; left out: in buildings of its own."""

    _has_a_size = some_of("machine_count", "rated_mw")

    @model_validator(mode="after")
    def _can_be_built(self) -> Self:
        if not 1 <= self.machines <= MOST_MACHINES:
            raise ValueError(
                f"rated_mw is {self.rated_mw:g} MW: {self.machines:,} machines of "
                f"{self.machine_mw * 1e3:.3g} kW; must be 1 to {MOST_MACHINES:,}"
            )
        curve = self.curve  # raises ValueError where the machine or its clock range is not known
        reported = 1.0 + min(0.0, self.telemetry_error_fraction)
        power_w = float(curve.power_ratios[0]) * self.machine_power_w * reported
        if self.standby_w >= power_w:
            raise ValueError(f"standby_w is {self.standby_w:g} W; must be below the {power_w:g} W at the lowest clock")
        if self.heat is not None and self.heat.derated_fraction < self.clock_minimum_fraction:
            raise ValueError(
                f"heat.derated_fraction is {self.heat.derated_fraction:g}; must not be below "
                f"clock_minimum_fraction, {self.clock_minimum_fraction:g}"
            )
        if len(self.block_sizes) > MOST_BLOCKS:
            raise ValueError(f"the cohort has {len(self.block_sizes):,} blocks; at most {MOST_BLOCKS:,}")
        return self

    @cached_property
    def machine(self) -> Machine:
        """The catalogue's row of the model."""
        return machine(self.model)

    @cached_property
    def curve(self) -> ClockCurve:
        """Power over clock."""
        low, high = self.clock_minimum_fraction, self.clock_maximum_fraction
        return ClockCurve.of(self.machine, low, high, self.static_fraction, self.vf_slope_ratio)

    @cached_property
    def times(self) -> Firmware:
        """The firmware's times, with what the scenario overrides."""
        given = {name: getattr(self, name) for name in Firmware._fields}
        return FIRMWARE[self.firmware]._replace(**{key: value for key, value in given.items() if value is not None})

    @property
    def response_times(self) -> tuple[float, float, float, float]:
        """Latency [s], fastest rise and fall [MW/s], and what a fall takes besides [s].

        A machine is down within the same time from any power; orders to switch blocks may go out one by one,
        wait until blocks may sleep, and be sent again to those that do not obey.
        """
        rate_per_s, latency_s = self.dispatch_blocks_per_s, self.times.latency_s
        switching_s = 0.0 if rate_per_s is None else len(self.block_sizes) / rate_per_s
        again_s = self.response.confirm_down_s + latency_s
        resent_s = self.response.resent_count(len(self.block_sizes)) * again_s
        fall_s = self.times.power_down_s + switching_s + self.minimum_up_s + resent_s
        return latency_s, inf, inf, fall_s

    @property
    def return_s(self) -> float | None:
        """Time after which it can be woken once its breakers were opened [s]; None: it has none."""
        return None if self.breaker is None else self.breaker.close_s

    @property
    def machine_power_w(self) -> float:
        """What a machine really draws at its default clock, at the wall [W]."""
        nameplate_w = self.machine.power_w if self.power_w is None else self.power_w
        return nameplate_w * (1.0 + self.draw_deviation_fraction)

    @property
    def machine_th_s(self) -> float:
        """Hash rate of a machine at its default clock [TH/s]."""
        return self.machine.th_s if self.th_s is None else self.th_s

    @cached_property
    def meter_mw_per_w(self) -> float:
        """Power at the meter per power of the machines [MW/W]."""
        overhead = self.overhead_fraction
        return (1.0 + (OVERHEAD_FRACTION[self.machine.cooling] if overhead is None else overhead)) / MEGAWATT_IN_WATTS

    @property
    def lowest_clock(self) -> float:
        """Lowest clock at which the executor may hold machines, over the default [1]."""
        return self.clock_minimum_fraction if self.times.scales_clock else 1.0

    @property
    def highest_clock(self) -> float:
        """Highest clock at which the executor may hold machines, over the default [1]."""
        return self.clock_maximum_fraction if self.times.scales_clock else 1.0

    @cached_property
    def machine_mw(self) -> float:
        """Power of one machine at the highest clock, at the meter [MW]."""
        power_w = self.machine_power_w * float(self.curve.power_ratio(self.highest_clock))
        return power_w * self.meter_mw_per_w

    @cached_property
    def machines(self) -> int:
        """Number of machines."""
        if self.machine_count is not None:
            return self.machine_count
        # a whole number of machines stays whole in spite of rounding
        return floor((self.rated_mw or 0.0) / self.machine_mw * (1.0 + _ROUNDING))

    @cached_property
    def full_mw(self) -> float:
        """Power with every machine at the highest clock, at the meter [MW]."""
        return self.machines * self.machine_mw

    @cached_property
    def minimum_mw(self) -> float:
        """Power with every machine asleep, at the meter [MW]."""
        return self.machines * self.standby_w * self.meter_mw_per_w

    @property
    def lowest_mw(self) -> float:
        """Power with every machine at the lowest clock, at the meter [MW]."""
        power_w = self.machine_power_w * float(self.curve.power_ratio(self.lowest_clock))
        return self.machines * power_w * self.meter_mw_per_w

    @cached_property
    def efficiency_j_per_th(self) -> float:
        """Energy one terahash takes at the default clock, at the meter [J/TH]."""
        return self.machine_power_w * self.meter_mw_per_w * MEGAWATT_IN_WATTS / self.machine_th_s

    @cached_property
    def levels(self) -> tuple[tuple[float, float], ...]:
        """Power at the meter [MW] and hash rate [PH/s] of all machines at each clock; empty: on or off."""
        if not self.times.scales_clock:
            return ()
        clocked_mw = self.machines * self.machine_power_w * self.meter_mw_per_w
        full_ph_s = self.machines * self.machine_th_s / PETAHASH_IN_TERAHASHES
        knots = zip(self.curve.fractions.tolist(), self.curve.power_ratios.tolist(), strict=True)
        return tuple((clocked_mw * power, full_ph_s * fraction) for fraction, power in knots)

    @cached_property
    def worth(self) -> Worth:
        """What it hashes over its power, with machines in repair, which draw nothing, or at a clock."""
        full_mw = self.machines * self.machine_power_w * self.meter_mw_per_w
        full_ph_s = self.machines * self.machine_th_s / PETAHASH_IN_TERAHASHES
        can_slow = self.times.scales_clock or self.heat is not None  # be it for heat alone
        profiles = self.curve.fractions.tolist() if can_slow else []
        clocks = sorted({*(clock for clock in profiles if clock <= self.highest_clock), self.highest_clock})
        points = [(full_mw * float(self.curve.power_ratio(clock)), full_ph_s * clock) for clock in clocks]
        return Worth(0.0, 0.0, upper_edge([(0.0, 0.0), *points]))

    def start(self, connection: FleetConnection) -> RunningFleet:
        """Return the fleet for one run."""
        from sim.mining.cohort.live import LiveCohort  # noqa: PLC0415  # which is made of this

        clocks = self.curve.fractions.tolist()
        limits = () if self.heat is None else ceilings(self.heat, connection.outdoor_c(), clocks)
        return LiveCohort(self, connection, limits)

    @cached_property
    def block_sizes(self) -> tuple[int, ...]:
        """Machines of each block; they differ by one at most."""
        most = self.block_machine_count
        if most is None:
            most = max(1, round(self.block_mw / (self.machine_power_w * self.meter_mw_per_w)))
        blocks = -(-self.machines // most)
        size, larger = divmod(self.machines, blocks)
        return (size + 1,) * larger + (size,) * (blocks - larger)
