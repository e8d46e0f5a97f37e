"""Base of every description that a user writes: frozen, strict, and documented field by field."""

from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator


class Spec(BaseModel):
    """Base of every description; knows nothing of clocks.

    Unknown keys, NaN, infinity and values of another type are refused; a whole number is taken for a float.
    The docstring under a field is its documentation in the reference and in the JSON Schema.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
"""A name that may stand in a signal or a metric: lower-case letters, digits, ``-`` and ``_``, at most 40."""

Positive = Annotated[float, Field(gt=0.0, le=1e12)]
"""Above zero."""

NonNegative = Annotated[float, Field(ge=0.0, le=1e12)]
"""Zero or above."""

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
"""From 0 to 1."""


def _known_zone(name: str) -> str:
    """Return the name of a time zone, or raise ValueError: there must be clocks that keep it."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # most scenarios name no zone

    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(
            f"must be a zone of the IANA data base, such as America/Chicago, got {name}"
        ) from None
    return name


TimeZone = Annotated[
    str,
    Field(pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$", max_length=60),
    AfterValidator(_known_zone),
]
"""Name of a time zone in the IANA data base: ``America/Chicago``."""


class Timed(Spec):
    """Base of everything that happens at one time."""

    at: AwareDatetime | None = None
    """When, ISO 8601 with an offset; or ``at_s``."""
    at_s: NonNegative | None = None
    """When [s from the scenario's start]; or ``at``."""

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if (self.at is None) == (self.at_s is None):
            raise ValueError("an event needs a time: at or at_s, one of them")
        return self

    def first_s(self, start_utc_s: float) -> float:
        """Return its time [s from the scenario's start, at ``start_utc_s``]."""
        if self.at is not None:
            return self.at.timestamp() - start_utc_s
        return self.at_s or 0.0
