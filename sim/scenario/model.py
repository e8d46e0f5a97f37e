"""The root description: one run, complete, with its seed."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, PrivateAttr, field_validator, model_validator

from sim.ai import AnyLoad
from sim.ai.halls import Hall
from sim.ai.weather import AnyWeather, SyntheticWeather
from sim.errors import Fault, InputError
from sim.grid.battery import Battery
from sim.grid.events import GenerationLoss, Reconnect, VoltageSag, shortfall
from sim.grid.orders import CurtailmentOrder
from sim.grid.spec import GridSpec
from sim.market import MarketSpec
from sim.market.leases import Lease
from sim.market.valuation import CostSpec, ValuationSpec
from sim.mining import AnyFleet
from sim.mining.events import PoolLoss
from sim.policies import AnyPolicy
from sim.policies.plugin import sources_of
from sim.policies.simple import FollowHeadroom
from sim.scenario.answer import Sentence
from sim.scenario.controller import ControllerSpec
from sim.scenario.interconnection import Interconnection
from sim.scenario.rules import (
    check_frequency,
    check_halls,
    check_leases,
    check_limit,
    check_losses,
    check_names,
    check_policy,
    check_pools,
    check_scale,
    check_scale_of_generation,
    check_staggering,
    check_storage,
    check_supply,
    staggered,
)
from sim.span import Span
from sim.spec import SIZED, Name, Spec, Text
from sim.tables import Files
from sim.units import SECONDS_PER_DAY

_YEARS = range(1970, 2200)

AnyEvent = Annotated[
    VoltageSag | Reconnect | CurtailmentOrder | GenerationLoss | PoolLoss, Field(discriminator="type")
]
"""Any event, told apart by its ``type``."""


class Scenario(Spec):
    """One resolved run: a campus, its market, its policy, its time and its seed."""

    schema_version: Literal[1] = 1
    """Version of this format."""
    name: Name
    """Name of the scenario; results lie under it."""
    question: Annotated[Text, Field(max_length=2000)] = ""
    """The question that the scenario answers, in words."""
    answer: Annotated[tuple[Sentence, ...], Field(max_length=20)] = ()
    """The answer, in sentences that a run fills with its figures; shown before all others."""
    start: AwareDatetime
    """Start of the run, ISO 8601 with an offset: ``"2026-01-01T00:00:00-06:00"``."""
    days: Annotated[float, Field(gt=0.0, le=3660.0), SIZED] = 1.0
    """Length of the run [d], a second at least."""
    seed: Annotated[int, Field(ge=0, le=2**53)] = 1
    """Seed of all random streams."""
    interconnection: Interconnection
    """The connection that AI and miners share."""
    grid: GridSpec = GridSpec()
    """The grid behind it."""
    loads: Annotated[tuple[AnyLoad, ...], Field(max_length=1000)] = ()
    """The AI loads."""
    stagger_checkpoints: bool = False
    """Whether training jobs with the same checkpoint interval share it out, in the order in which they are
    written: of n jobs, each starts its checkpoints an n-th of the interval after the one before. A job with
    ``first_checkpoint_min`` or ``checkpoint.phase_min`` keeps to that."""
    halls: Annotated[tuple[Hall, ...], Field(max_length=1000)] = ()
    """The halls that loads may stand in; a load outside a hall has a plain ``pue``."""
    weather: AnyWeather = SyntheticWeather()
    """Outdoor temperature, for the cooling of halls: ``file`` or ``synthetic``."""
    events: Annotated[tuple[AnyEvent, ...], Field(max_length=1000)] = ()
    """What happens by the clock: voltage sags, the word to reconnect, orders to draw less, lost generation, a
    lost pool."""
    fleets: Annotated[tuple[AnyFleet, ...], Field(max_length=1000)] = ()
    """The fleets of miners."""
    storage: Battery | None = None
    """A battery at the interconnection, behind which the grid sees the site. Where left out: none."""
    controller: ControllerSpec = ControllerSpec()
    """The site controller."""
    policy: AnyPolicy = FollowHeadroom(type="follow-headroom")
    """What steers the fleets."""
    market: MarketSpec = MarketSpec()
    """What power costs and what mining earns."""
    leases: Annotated[tuple[Lease, ...], Field(max_length=100)] = ()
    """What AI tenants pay; AI loads under no lease earn what nobody has said."""
    costs: CostSpec = CostSpec()
    """What the site costs besides power."""
    valuation: ValuationSpec = ValuationSpec()
    """How earnings are turned into a value."""

    _files: Files = PrivateAttr(default_factory=lambda: Files(()))

    def __str__(self) -> str:
        """Return what is run, in a line."""
        length = f"{self.days:g} days from {self.start.isoformat()}"
        return f"{self.name}: {length}, seed {self.seed}, policy {self.policy.type}"

    def __repr__(self) -> str:
        """Return what is run; its fields are in ``model_dump()``."""
        return f"Scenario({self})"

    @field_validator("start")
    @classmethod
    def _start_is_of_our_time(cls, start: datetime) -> datetime:
        # at the ends of Python's calendar a change of zone overflows
        if start.year not in _YEARS:
            raise ValueError(f"must lie in the years {_YEARS[0]} to {_YEARS[-1]}, got {start.year}")
        return start

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        parts = [*self.loads, *self.halls, *self.fleets]
        check_names([part.name for part in parts], self.market.ancillary)
        check_halls(self.halls, self.loads, self.fleets, self.events)
        check_pools(self.fleets, self.events)
        check_policy(self.policy, self.market)
        check_frequency(self.grid.frequency, self.policy, self.events)
        check_losses(self.grid.frequency, shortfall(self.events, self.start_utc_s, self.end_s))
        check_supply(self.interconnection, self.market, self.fleets)
        check_limit(self.interconnection, self.start_utc_s)
        check_storage(self.storage, self.interconnection, self.grid.frequency)
        if self.stagger_checkpoints:
            check_staggering(self.loads)
        check_leases(self.leases, self.loads)
        return self

    @property
    def start_utc_s(self) -> float:
        """The start [s since 1970-01-01T00:00Z]."""
        return self.start.timestamp()

    @property
    def end_s(self) -> float:
        """The end, in seconds from the start [s]."""
        return self.days * SECONDS_PER_DAY

    @property
    def files(self) -> Files:
        """The files that the scenario may read."""
        return self._files

    @property
    def span(self) -> Span:
        """The run, as its parts see it."""
        return Span(self._files, self.start_utc_s, self.end_s, self.seed)

    @property
    def running_loads(self) -> tuple[AnyLoad, ...]:
        """The loads as they run, their checkpoints staggered if the scenario says so."""
        return staggered(self.loads) if self.stagger_checkpoints else self.loads

    def inputs_sha256(self) -> dict[str, str]:
        """Return the SHA-256 of all that was read besides the scenario: data files, policies from outside."""
        return self.files.digests() | sources_of(self.policy)

    def with_files(self, files: Files) -> Self:
        """Return the same scenario, reading its files from these folders."""
        bound = self.model_copy()
        bound._files = files  # noqa: SLF001  # our own attribute, on a copy not yet handed out
        return bound

    def check_files(self) -> None:
        """Read every file that the scenario names, and raise InputError with all that is wrong in them."""
        span = self.span
        checks: dict[str, Callable[[], object]] = {
            f"loads.{position}": partial(load.check, span) for position, load in enumerate(self.loads)
        }
        checks["weather"] = partial(self.weather.outdoor_c, span)
        frequency = self.grid.frequency
        if frequency is not None and frequency.measured is not None:
            checks["grid.frequency.measured"] = partial(
                frequency.measured.frequency_hz, span, frequency.nominal_hz
            )
        checks["loads"] = partial(check_scale, self.loads, self.interconnection.limit_mw, span)
        checks["market"] = partial(
            check_scale_of_generation, self.market, self.interconnection.limit_mw, span
        )
        checks["interconnection.limit"] = partial(self.interconnection.moving, span)
        market = self.market.checks(span)
        checks |= {f"market.{part}": check for part, check in market.items()}
        faults: list[Fault] = []
        for path, check in checks.items():
            try:
                check()
            except InputError as error:
                faults += [Fault(fault.place, path, fault.message) for fault in error.faults]
        if faults:
            raise InputError(faults)
