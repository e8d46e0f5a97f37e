"""Base of every description that a user writes: frozen, strict, and documented field by field."""

import ast
import inspect
import sys
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
    field_validator,
    model_validator,
)

from sim.errors import steers
from sim.units import sizes_of, unit_of


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
        defer_build=True,  # a run needs a tenth of them
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the schema with the documentation of every field, read from the source only here."""
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema)["properties"]
        for name, text in documentation(cls).items():
            properties[name] = {"description": text, **properties[name]}
        return schema

    @field_validator("*")
    @classmethod
    def _is_of_this_world(cls, value: Any, info: ValidationInfo) -> Any:
        """Return a value, or raise ValueError where nothing on earth has so much of it."""
        _, most = sizes_of(info.field_name or "")
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, float) and abs(number) > most:
                raise ValueError(f"must be at most {most:g}, got {number:g}")
        return value


UNSAID: Final = Field(None, exclude_if=lambda given: given is None)
"""Default of a field that a resolved description holds only where it is given: results of before stay."""


def _said(spec: Spec, name: str) -> str:
    """Return a number of a description with its unit."""
    unit = unit_of(name)
    return f"{getattr(spec, name):g}" + (f" {unit}" if unit not in {None, "1"} else "")


def _given(spec: Spec, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if getattr(spec, name) not in (None, ())]


def rising(*names: str, strictly: bool = True) -> Any:
    """Return the check that numbers of a description rise, or do not fall, in the order of their fields.

    Stands in the class: ``_rises = rising("low_hz", "high_hz")``. A field that is left out is passed over.
    """

    def check(spec: Spec) -> Spec:
        must = "must be below" if strictly else "must not be above"
        for low, high in pairwise(_given(spec, names)):
            least, most = getattr(spec, low), getattr(spec, high)
            if least > most or (strictly and least == most):
                raise ValueError(f"{low} is {_said(spec, low)}; {must} {high}, {_said(spec, high)}")
        return spec

    return model_validator(mode="after")(check)


def some_of(*names: str, least: int = 1, most: int = 1) -> Any:
    """Return the check that so many of some fields of a description are given: one, unless said otherwise."""

    def check(spec: Spec) -> Spec:
        given = _given(spec, names)
        if not least <= len(given) <= most:
            how = "at least one" if most > 1 else "one" if least else "at most one"
            raise ValueError(f"needs {how} of {', '.join(names)}; got {' and '.join(given) or 'none'}")
        return spec

    return model_validator(mode="after")(check)


def together(*names: str) -> Any:
    """Return the check that of some fields of a description all are given, or none."""

    def check(spec: Spec) -> Spec:
        given = _given(spec, names)
        if given and len(given) < len(names):
            raise ValueError(f"{' and '.join(names)} go together; got {' and '.join(given)} alone")
        return spec

    return model_validator(mode="after")(check)


def require_once(names: Iterable[str], rule: str) -> None:
    """Raise ValueError with a rule, and the names that stand more than once."""
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ValueError(f"{rule}; used twice: {', '.join(twice)}")


@cache
def documentation(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstring under each field of a description, by the field's name."""
    texts: dict[str, str] = {}
    for part in reversed(model.__mro__):
        if issubclass(part, BaseModel) and part is not BaseModel:
            texts = {name: text for name, text in texts.items() if name not in part.__annotations__}
            texts |= _own_documentation(part)
    return {name: texts[name] for name in model.model_fields if name in texts}


@cache
def _definitions(module: str) -> dict[str, ast.ClassDef]:
    """Return the classes that a module defines at its top, by name; none where it has no source."""
    try:  # once for all of them: looked up one by one they cost a parse each
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (KeyError, OSError, TypeError, SyntaxError):
        return {}
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _own_documentation(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstrings under the fields that a class adds; none where it has no source."""
    definition = _definitions(model.__module__).get(model.__qualname__)
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(getattr(definition, "body", ()))
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _has_no_control_letters(text: str) -> str:
    found = next(filter(steers, text), None)
    if found is not None:
        raise ValueError(f"must hold no letter that steers a terminal, got {found!r}")
    return text


Text = Annotated[str, AfterValidator(_has_no_control_letters)]
"""Words for people; no escape codes."""
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
"""A name that may stand in a signal or a metric: lower-case letters, digits, ``-`` and ``_``, at most 40."""


def _of_a_size(value: float, info: ValidationInfo) -> float:
    least, _ = sizes_of(info.field_name or "")
    if value < least:
        raise ValueError(f"must be at least {least:g}, got {value:g}")
    return value


SIZED: Final = AfterValidator(_of_a_size)
"""At least what a quantity above zero with its unit is: below, what it divides leaves a machine's numbers."""

Positive = Annotated[float, Field(gt=0.0, le=1e12), SIZED]
"""Above zero."""

NonNegative = Annotated[float, Field(ge=0.0, le=1e12)]
"""Zero or above."""

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
"""From 0 to 1."""

PositiveFraction = Annotated[float, Field(gt=0.0, le=1.0), SIZED]
"""Above 0, up to 1."""


def _known_zone(name: str) -> str:
    """Return the name of a time zone, or raise ValueError: there must be clocks that keep it."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # most scenarios name no zone

    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"must be a zone of the IANA data base, such as America/Chicago, got {name}") from None
    return name


TimeZone = Annotated[
    str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$", max_length=60), AfterValidator(_known_zone)
]
"""Name of a time zone in the IANA data base: ``America/Chicago``."""


class Timed(Spec):
    """Base of everything that happens at one time."""

    at: AwareDatetime | None = None
    """When, ISO 8601 with an offset; or ``at_s``."""
    at_s: NonNegative | None = None
    """When [s from the scenario's start]; or ``at``."""

    _one_time = some_of("at", "at_s")

    def first_s(self, start_utc_s: float) -> float:
        """Return its time [s from the scenario's start, at ``start_utc_s``]."""
        if self.at is not None:
            return self.at.timestamp() - start_utc_s
        return self.at_s or 0.0


class Spell(Timed):
    """Base of everything that begins at one time and lasts for a while."""

    duration_s: Annotated[float, Field(gt=0.0, le=1e8), SIZED]
    """How long [s]."""

    def span_s(self, start_utc_s: float) -> tuple[float, float]:
        """Return its beginning and end [s from the scenario's start, at ``start_utc_s``]."""
        from_s = self.first_s(start_utc_s)
        return from_s, from_s + self.duration_s
