"""The way from a fault that pydantic reports to the field that a user wrote."""

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Final, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from sim.policies.plugin import is_plugin
from sim.scenario.tree import PathParts
from sim.spec import documentation

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
    def known_keys(self) -> tuple[str, ...]:
        """Fields of the description that the last part belongs to."""
        return () if self.model is None else tuple(self.model.model_fields)

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


def spot(
    model: type[BaseModel], location: PathParts, plugins: Mapping[str, type[BaseModel]] = NO_PLUGINS
) -> Spot:
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
    tagged = _of_type(kind, part)
    return Spot(here.path, here.model, tagged) if tagged else here


def _bare(annotation: Any) -> Any:
    """Return a type without its annotations and without ``| None``."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
        return _bare(kinds[0]) if len(kinds) == 1 else annotation
    return annotation


def _of_type(union: Any, tag: str | int) -> type[BaseModel] | None:
    """Return the description of this type in a union told apart by ``type``."""
    members: list[type[BaseModel]] = [_bare(member) for member in get_args(union) if tag in _tags(member)]
    return members[0] if members else None


def _tags(member: Any) -> tuple[str, ...]:
    """Return what may stand in a description's ``type``."""
    field = getattr(_bare(member), "model_fields", {}).get("type")
    return () if field is None else get_args(field.annotation)
