"""What pydantic finds wrong, said in the words of the file: place, path, value with unit, what is allowed."""

import json
from collections.abc import Callable, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Final, NamedTuple, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sim.errors import Fault, InputError, did_you_mean
from sim.policies.plugin import Plugins, is_plugin
from sim.scenario.tree import Node, PathParts, nearest, plain, printable, short, shown
from sim.scenario.yaml_text import MAX_FAULTS
from sim.shipped import shipped
from sim.spec import documentation
from sim.units import unit_of

Described = TypeVar("Described", bound=BaseModel)
NO_PLUGINS: Final[Mapping[str, type[BaseModel]]] = {}


class Spot(NamedTuple):
    """Where in a description something stands."""

    path: PathParts
    """Path as a user writes it: without the types that pydantic puts in for a union."""
    model: type[BaseModel] | None
    """Description that the last part belongs to."""
    annotation: Any
    """Type of what stands there, None where unknown."""

    @property
    def documentation(self) -> str:
        """What the last part is for, in one line; empty where unknown."""
        texts = {} if self.model is None or not self.path else documentation(self.model)
        text = " ".join(texts.get(str(self.path[-1]), "").split()) if texts else ""
        return text.partition(". ")[0].removesuffix(".")

    @property
    def types(self) -> tuple[str, ...]:
        """Types of the descriptions that may stand there, where more than one may."""
        return tuple(tag for member in get_args(_bare(self.annotation)) for tag in _tags(member))


def spot(model: type[BaseModel], location: PathParts, plugins: Mapping[str, type[BaseModel]] = NO_PLUGINS) -> Spot:
    """Return the field at a location of pydantic's, starting from a description.

    Parameters
    ----------
    model
        The description.
    location
        Keys, rows, and types of unions, as pydantic gives them.
    plugins
        Descriptions from outside, by the type that stands in the location.
    """
    here = Spot((), None, model)
    for part in location:
        here = _step(here, part, plugins)
    return here


def _step(here: Spot, part: str | int, plugins: Mapping[str, type[BaseModel]]) -> Spot:
    kind = _bare(here.annotation)
    if here.types and is_plugin(part):
        return Spot(here.path, here.model, plugins.get(str(part), BaseModel))
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(part))
        return Spot((*here.path, part), kind, field.annotation if field else None)
    if get_origin(kind) in (tuple, list) and isinstance(part, int):
        return Spot((*here.path, part), None, get_args(kind)[0])
    tagged = next((_bare(member) for member in get_args(kind) if part in _tags(member)), None)
    return Spot(here.path, here.model, tagged) if tagged else here


def _bare(annotation: Any) -> Any:
    """Return a type without its annotations and without ``| None``."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
        return _bare(kinds[0]) if len(kinds) == 1 else annotation
    return annotation


def _tags(member: Any) -> tuple[str, ...]:
    """Return what may stand in a description's ``type``."""
    field = getattr(_bare(member), "model_fields", {}).get("type")
    return () if field is None else get_args(field.annotation)


_LISTED: Final = 24

_NAME: Final = "must begin with a lower-case letter and hold lower-case letters, digits, - and _ alone, 40 at most"
_WORDS: Final[dict[str, str]] = shipped("sim.scenario", "messages.json")
"""What is said of a kind of error, in ``messages.json`` beside this module: ``got`` is the value, ``amount``
the value with its unit, ``bound`` what that is held against with its unit, ``ctx`` the same bare."""


def described(model: type[Described], tree: Node, plugins: Plugins) -> Described:
    """Return the description that a tree makes; raise InputError with its faults, each at its place.

    Strict validation takes lists and times from JSON alone.
    """
    try:
        return model.model_validate_json(json.dumps(plain(tree)), context={"plugins": plugins})
    except ValidationError as error:
        raise InputError(faults_of(error, model, tree, plugins.found)) from None


def faults_of(
    error: ValidationError, model: type[BaseModel], tree: Node, plugins: Mapping[str, type[BaseModel]] = NO_PLUGINS
) -> list[Fault]:
    """Return what is wrong, in the order in which it stands in the file.

    Parameters
    ----------
    error
        What pydantic found.
    model
        The description that it was validated against.
    tree
        What was validated, with places.
    plugins
        Descriptions from outside that it names, by their type.
    """
    details = error.errors(include_url=False)
    found = [_located_fault(detail, model, tree, plugins) for detail in details[:MAX_FAULTS]]
    faults = [fault for _, fault in sorted(found, key=lambda pair: pair[0])]
    if len(details) > MAX_FAULTS:
        faults.append(Fault(tree.place.file, "", f"and {len(details) - MAX_FAULTS} more faults"))
    return faults


def _located_fault(
    detail: ErrorDetails, model: type[BaseModel], tree: Node, plugins: Mapping[str, type[BaseModel]]
) -> tuple[tuple[str, int, int], Fault]:
    where = spot(model, detail["loc"], plugins)
    if detail["type"] in ("union_tag_invalid", "union_tag_not_found"):
        where = Spot((*where.path, "type"), None, where.annotation)
    place = nearest(tree, where.path).place
    return place, Fault(str(place) if where.path else place.file, path_text(where.path), _message(detail, where))


def path_text(path: PathParts) -> str:
    """Return a path as a user writes it, ``loads.0.power_mw``, safe to print.

    Examples
    --------
    >>> path_text(("loads", 0, "power_mw"))
    'loads.0.power_mw'
    """
    return ".".join(printable(str(part)) for part in path)


def _message(detail: ErrorDetails, where: Spot) -> str:
    kind, got, ctx = detail["type"], detail["input"], detail.get("ctx", {})
    if kind not in _WORDS:
        return _SPECIAL.get(kind, _other)(detail, where)
    unit = unit_of(str(where.path[-1])) if where.path else None
    unit = None if unit == "1" else unit
    return _WORDS[kind].format(
        got=shown(got),
        amount=shown(got, unit),
        unit=f" [{unit}]" if unit else "",
        bound={name: shown(value, unit) for name, value in ctx.items()},
        ctx=ctx,
        types=", ".join(where.types),
        length=len(got) if isinstance(got, str | list | tuple | dict) else 0,
    )


def _missing(_: ErrorDetails, where: Spot) -> str:
    return f"missing; needed: {where.documentation}" if where.documentation else "missing"


def _unknown_key(_: ErrorDetails, where: Spot) -> str:
    known = () if where.model is None else tuple(where.model.model_fields)
    hint = did_you_mean(str(where.path[-1]), known)
    listed = f"; known: {', '.join(known)}" if len(known) <= _LISTED else ""
    return f"unknown key{hint or listed}"


def _unknown_type(detail: ErrorDetails, where: Spot) -> str:
    tag = str(detail["ctx"]["tag"])
    return f"unknown type {short(tag)!r}; one of {', '.join(where.types)}{did_you_mean(tag, where.types)}"


def _choice(detail: ErrorDetails, where: Spot) -> str:
    if where.path == ("schema_version",):
        return f"version {shown(detail['input'])} is not supported; supported: {detail['ctx']['expected']}"
    return f"must be {detail['ctx']['expected']}, got {shown(detail['input'])}"


def _pattern(detail: ErrorDetails, where: Spot) -> str:
    must = _NAME if where.path[-1:] == ("name",) else f"must match {detail['ctx']['pattern']}"
    return f"{must}; got {shown(detail['input'])}"


def _other(detail: ErrorDetails, _: Spot) -> str:
    return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}, got {shown(detail['input'])}"


_SPECIAL: Final[dict[str, Callable[[ErrorDetails, Spot], str]]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "union_tag_invalid": _unknown_type,
    "literal_error": _choice,
    "string_pattern_mismatch": _pattern,
}
