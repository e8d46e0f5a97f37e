"""Base of every description that a user writes: frozen, strict, and documented field by field."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


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
