"""The root description: one run, complete, with its seed."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AwareDatetime, Field, PrivateAttr, field_validator, model_validator

from sim.ai import AnyLoad
from sim.ai.halls import Hall
from sim.ai.notice import StaleTelemetry
from sim.ai.weather import AnyWeather, SyntheticWeather
from sim.errors import Fault, InputError
from sim.grid.events import CurtailmentOrder, GenerationLoss, Reconnect, VoltageSag, shortfall
from sim.grid.spec import GridSpec
from sim.grid.storage import Battery
from sim.market import MarketSpec
from sim.market.leases import Lease
from sim.market.valuation import CostSpec, ValuationSpec
from sim.mining import AnyFleet
from sim.mining.events import PoolLoss, StuckBlocks
from sim.policies import AnyPolicy
from sim.policies.plugin import sources_of
from sim.policies.simple import FollowHeadroom
from sim.scenario import rules
from sim.scenario.interconnection import Interconnection
from sim.span import Span
from sim.spec import SIZED, Name, Spec, Text
from sim.tables import Files
from sim.units import SECONDS_PER_DAY

PLACEHOLDER: Final = re.compile(r"\{([^{}|]*)(?:\|([^{}]*))?\}")
"""A metric in a sentence: its name, and which of its figures where that is not its value."""
FIGURES: Final = ("without", "change", "percent")
"""What may stand behind a metric's name: its value without mining, what it changes, its value in percent."""

MetricName = Annotated[str, Field(min_length=1, max_length=120)]
Words = Annotated[Text, Field(min_length=1, max_length=1000)]


class Condition(Spec):
    """Whether a metric is above a level."""

    metric: MetricName
    """Name of the metric."""
    above: float = 0.0
    """The level, in the metric's unit."""


class Sentence(Spec):
    """One sentence of the answer."""

    say: Words
    """The sentence. ``{site_peak_mw}`` stands for the metric's value with its unit,
    ``{site_peak_mw|without}`` for that without mining, ``{site_peak_mw|change}`` for what mining changes,
    ``{load_factor_ratio|percent}`` for a ratio in percent, as fractions are anyway."""
    when: Condition | None = None
    """Said only where a metric is above a level; left out: always."""
    otherwise: Words | None = None
    """Said where it is not, or the run cannot tell; left out: nothing."""

    @model_validator(mode="after")
    def _reads(self) -> "Sentence":
        if self.otherwise is not None and self.when is None:
            raise ValueError("otherwise is said where when does not hold: it needs when")
        for text in (self.say, self.otherwise or ""):
            for name, figure in PLACEHOLDER.findall(text):
                if not name or (figure and figure not in FIGURES):
                    raise ValueError(
                        f"'{{{name}|{figure}}}' must be a metric's name, with |without, |change or |percent"
                    )
        return self

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics that it needs."""
        texts = [self.say, self.otherwise or ""]
        names = [name for text in texts for name, _ in PLACEHOLDER.findall(text)]
        return tuple(dict.fromkeys(names if self.when is None else [self.when.metric, *names]))


Delay = Annotated[float, Field(ge=0.0, le=86_400.0)]


class ControllerSpec(Spec):
    """The site controller: when it learns of a change, and how often it may decide."""

    telemetry_delay_s: Delay = 0.0
    """Time from a change of AI power to its arrival at the controller [s]. ERCOT asks controllable loads for
    2-second telemetry, so 2 to 4 s is usual on a site (unverified); 0 shows what the fleet alone lets
    through."""
    minimum_interval_s: Delay = 0.0
    """Least time between two decisions [s]; what changes in between waits for the next one."""
    order_lead_s: Delay = 60.0
    """How long before an order binds the fleets are brought to its cap [s], for latency and ramps; never
    before it is announced. Default: assumption."""
    telemetry_deadband_mw: Annotated[float, Field(ge=1e-3, le=1e6)] = 0.5
    """While AI power moves gradually, telemetry reports each time it has moved this far [MW], as SCADA does
    by exception (assumption: 0.25 % of a 200 MW site)."""
    telemetry_scan_s: Delay = 0.0
    """While AI power moves gradually, telemetry reports no oftener than this [s]; a jump, and the end of a
    ramp, it reports at once. 1 to 2 s are usual (unverified); 0 leaves it to the deadband."""


_YEARS = range(1970, 2200)

AnyEvent = Annotated[
    VoltageSag | Reconnect | CurtailmentOrder | GenerationLoss | PoolLoss | StuckBlocks | StaleTelemetry,
    Field(discriminator="type"),
]
"""Any event, told apart by its ``type``."""


class Scenario(Spec):
    """One resolved run: a campus, its market, its policy, its time and its seed."""

    schema_version: Literal[1, 2] = 2
    """Version of this format; ``validate`` tells which fields of a file of version 1 moved in meaning."""
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
        days = "1 day" if self.days == 1.0 else f"{self.days:g} days"
        length = f"{days} from {self.start.isoformat()}"
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
        rules.check_names([part.name for part in parts], self.market.ancillary)
        rules.check_halls(self.halls, self.loads, self.fleets, self.events)
        rules.check_faults(self.fleets, self.loads, self.events)
        rules.check_policy(self.policy, self.market)
        rules.check_frequency(self.grid.frequency, self.policy, self.events)
        rules.check_losses(self.grid.frequency, shortfall(self.events, self.start_utc_s, self.end_s))
        rules.check_supply(self.interconnection, self.market, self.fleets)
        rules.check_limit(self.interconnection, self.start_utc_s)
        rules.check_storage(self.storage, self.interconnection, self.grid.frequency)
        if self.stagger_checkpoints:
            rules.check_staggering(self.loads)
        rules.check_leases(self.leases, self.loads)
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
        """The loads as they run, their checkpoints rules.staggered if the scenario says so."""
        return rules.staggered(self.loads) if self.stagger_checkpoints else self.loads

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
            checks["grid.frequency.measured"] = partial(frequency.measured.frequency_hz, span, frequency.nominal_hz)
        checks["loads"] = partial(rules.check_scale, self.loads, self.interconnection.limit_mw, span)
        checks["market"] = partial(rules.check_scale_of_generation, self.market, self.interconnection.limit_mw, span)
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


DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_EXTENDS: Final = {
    "type": "string",
    "description": "Scenario file in the same folder, or name of an example, that this one changes: mappings "
    "merge, lists of named entries merge by name, all else is replaced.",
}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, with the documentation of every field.

    A file that extends another need not be complete, so nothing is required at its top.
    """
    schema = Scenario.model_json_schema()
    for definition in schema["$defs"].values():
        # files must say what tells descriptions apart, even where Python need not
        if "const" in definition.get("properties", {}).get("type", {}):
            definition["required"] = ["type", *(key for key in definition.get("required", ()) if key != "type")]
    required = sorted({*schema.pop("required"), "schema_version"})
    schema["properties"] = {"extends": _EXTENDS, **schema["properties"]}
    return {"$schema": DIALECT, **schema, "anyOf": [{"required": ["extends"]}, {"required": required}]}
