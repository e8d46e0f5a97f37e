"""Limits that utilities set, or propose, on how fast a large load may move."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from sim.errors import did_you_mean
from sim.shipped import shipped
from sim.spec import Name, NonNegative, Positive, PositiveFraction, Spec, rising, together
from sim.units import SECONDS_PER_MINUTE

LIMITS_VERSION: Final = "2026-10-07"
"""Version of the shipped table ``limits.csv``: the date of the public list that its values were taken from
(Yuz2023/awesome-compute-power-coordination). The utilities' own documents were not opened: unverified."""

Text = Annotated[str, Field(max_length=300)]

_FIELDS: Final = shipped("sim.grid", "limit_fields.json")
NEEDED: Final[dict[str, list[str]]] = _FIELDS["needed"]
"""The fields that a limit of each kind must have; ``limit_fraction`` may stand in for the highest value."""
VALUES: Final = ("limit_mw", "limit_mw_per_min", "limit_pu")
"""The fields that hold the highest value allowed."""
ALLOWED: Final[dict[str, list[str]]] = _FIELDS["allowed"]
"""The fields that it may have besides; every other one would be read by nobody."""
DIRECTIONS: Final = ("both", "up", "down")
"""Changes that a net ramp may be limited for."""
NUMBERS: Final[list[str]] = _FIELDS["numbers"]
"""The fields of a limit that are numbers."""


class PowerLimit(Spec):
    """A limit on changes of site power.

    Kinds, for power P at the connection:

    - ``range``: highest less lowest P within any ``window_s``; with a band, of P filtered to it,
    - ``net-ramp``: change of P from ``window_s`` ago, per minute,
    - ``slope``: mean slope of a change of more than ``change_mw``: it is exceeded where P changes by
      more than that within ``change_mw / limit_mw_per_min``, so that jumps can be judged,
    - ``band-amplitude``: half of highest less lowest P, filtered to the band, within one period of ``low_hz``
      (assumption: no wording was seen),
    - ``line-amplitude``: amplitude of the largest periodic component of P in the band,
    - ``voltage-step``: change of the voltage at the connection in one move of P; it needs the grid's strength.
    """

    name: Name
    """Name of the limit."""
    kind: Literal["range", "net-ramp", "slope", "band-amplitude", "line-amplitude", "voltage-step"]
    """What is limited."""
    window_s: Positive | None = None
    """Window [s], for ``range`` and ``net-ramp``."""
    limit_mw: Positive | None = None
    """Highest value allowed [MW], for ``range`` and the amplitudes."""
    limit_mw_per_min: Positive | None = None
    """Highest value allowed [MW/min], for ``net-ramp`` and ``slope``."""
    limit_pu: PositiveFraction | None = None
    """Highest value allowed [pu], for ``voltage-step``."""
    limit_fraction: PositiveFraction | None = None
    """Highest value allowed as a share of the site's rated power (of a ramp: per minute), alone or beside the
    other: the lower of both counts."""
    direction: Literal["both", "up", "down"] = "both"
    """Changes that it holds for, of ``net-ramp``; every other kind looks at both."""
    low_hz: Positive | None = None
    """Lowest frequency of the band [Hz]."""
    high_hz: Positive | None = None
    """Highest frequency of the band [Hz]."""
    quantile_fraction: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    """Share of the time for which it must be kept, of magnitudes; left out: always."""
    change_mw: Positive | None = None
    """Least change that it holds for [MW], for ``slope``."""
    applies_from_mw: NonNegative = 0.0
    """Least rated power of a site that it holds for [MW]."""
    region: Text = ""
    """Where it holds: a system operator or a utility; left out: everywhere."""
    source: Text = "the scenario"
    """Who sets it, and where that was read."""
    status: Text = "own"
    """Proposed, published, in force, dropped: one that was dropped gets no verdict."""
    date: Text = ""
    """Date of the source."""

    @model_validator(mode="after")
    def _fields_are_those_of_its_kind(self) -> Self:
        shared = self.limit_fraction is not None and "limit_fraction" in ALLOWED[self.kind]
        missing = [
            field for field in NEEDED[self.kind] if getattr(self, field) is None and not (shared and field in VALUES)
        ]
        if missing:
            raise ValueError(f"a limit of kind {self.kind} needs {', '.join(missing)}")
        common = {"name", "kind", "applies_from_mw", "region", "source", "status", "date"}
        fitting = {*common, *NEEDED[self.kind], *ALLOWED[self.kind]}
        idle = sorted(field for field in self.model_fields_set - fitting if getattr(self, field) not in {None, "both"})
        if idle:
            raise ValueError(f"a limit of kind {self.kind} has no {', '.join(idle)}")
        return self

    @model_validator(mode="after")
    def _quantile_is_of_magnitudes(self) -> Self:
        if self.quantile_fraction is not None and self.direction != "both":
            raise ValueError(f"quantile_fraction is of both directions together; got direction {self.direction}")
        return self

    _band_has_two_ends = together("low_hz", "high_hz")
    _band_rises = rising("low_hz", "high_hz")

    @property
    def unit(self) -> str:
        """Unit of what is limited."""
        units = {"limit_mw": "MW", "limit_mw_per_min": "MW/min", "limit_pu": "pu"}
        return next(unit for field, unit in units.items() if field in NEEDED[self.kind])

    @property
    def band_hz(self) -> tuple[float, float] | None:
        """The band [Hz]; None where all frequencies count."""
        return None if self.low_hz is None or self.high_hz is None else (self.low_hz, self.high_hz)

    @property
    def span_s(self) -> float:
        """Time within which a change counts [s]."""
        if self.window_s is not None:
            return self.window_s
        if self.change_mw is not None and self.limit_mw_per_min is not None:
            return self.change_mw / self.limit_mw_per_min * SECONDS_PER_MINUTE
        return 1.0 / self.low_hz if self.low_hz is not None else 0.0

    def numbers(self) -> dict[str, float]:
        """Return all that it is judged by as numbers; kind and direction by their place in their lists."""
        given = {name: getattr(self, name) for name in NUMBERS if getattr(self, name) is not None}
        places = {"kind": list(NEEDED).index(self.kind), "direction": DIRECTIONS.index(self.direction)}
        return {name: float(value) for name, value in (places | given).items()}

    @classmethod
    def of_numbers(cls, name: str, numbers: Mapping[str, float]) -> Self:
        """Return the limit of a name with these `numbers`; source, status and date are not among them.

        Examples
        --------
        >>> rule = published_limits()[0]
        >>> PowerLimit.of_numbers(rule.name, rule.numbers()).window_s
        5.0
        """
        given: dict[str, object] = {field: numbers[field] for field in NUMBERS if field in numbers}
        given |= {"kind": list(NEEDED)[int(numbers["kind"])], "direction": DIRECTIONS[int(numbers["direction"])]}
        return cls.model_validate({"name": name, **given})

    def value(self, rated_mw: float) -> float:
        """Return the highest value allowed at a site of this rated power [unit].

        Examples
        --------
        >>> up = {limit.name: limit for limit in published_limits()}["nprr1191-up"]
        >>> up.value(200.0), up.value(1000.0)
        (4.0, 8.0)
        """
        share = None if self.limit_fraction is None else self.limit_fraction * rated_mw
        return min(value for value in (self.limit_mw, self.limit_mw_per_min, self.limit_pu, share) if value is not None)


def published_limits(region: str | None = None) -> tuple[PowerLimit, ...]:
    """Return the shipped limits, of version `LIMITS_VERSION`, in the order of the table.

    Parameters
    ----------
    region
        The region whose limits are meant; left out: all.

    Examples
    --------
    >>> [(limit.name, limit.window_s, limit.limit_mw) for limit in published_limits("ERCOT")][0]
    ('ercot-5s', 5.0, 10.0)
    """
    return tuple(_limit(row) for row in shipped("sim.grid", "limits.csv") if region in {None, row["region"]})


def a_region(name: str) -> str:
    """Return a region of the table.

    Raises
    ------
    ValueError
        The table has no such region.
    """
    known = {row["region"]: None for row in shipped("sim.grid", "limits.csv")}
    if name not in known:
        raise ValueError(f"unknown region {name!r}{did_you_mean(name, known)}; must be one of {', '.join(known)}")
    return name


def _limit(row: dict[str, str]) -> PowerLimit:
    """Return the limit of a row; an empty cell is left out."""
    words = {"name", "region", "kind", "direction", "source", "status", "date"}
    return PowerLimit.model_validate({key: cell if key in words else float(cell) for key, cell in row.items() if cell})


__all__ = ["LIMITS_VERSION", "PowerLimit", "a_region", "published_limits"]
