"""Policies from outside the project, named ``module:Class`` or ``file.py:Class``, where they are allowed."""

import hashlib
import importlib
import inspect
import json
import re
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Literal

from pydantic import (
    SerializationInfo,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    create_model,
)
from pydantic_core import InitErrorDetails

from sim.errors import InputError
from sim.policies.base import PolicySpec
from sim.tables.files import check_relative, find_inside, read_regular

FLAG: Final = "--allow-plugins"
MAX_SOURCE_BYTES: Final = 1024 * 1024
"""Size of a file with a policy."""
_NAME: Final = re.compile(r"(?P<module>[^:]+):(?P<kind>[A-Za-z_]\w*)", re.ASCII)
_MODULE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_MODULES: Final[dict[tuple[Path, str], ModuleType]] = {}
"""The files run so far in this process, by place and content: none is run twice."""


def is_plugin(kind: object) -> bool:
    """Tell whether a policy's ``type`` names a class from outside.

    Examples
    --------
    >>> is_plugin("my_policy.py:MyPolicy"), is_plugin("always-on")
    (True, False)
    """
    return isinstance(kind, str) and ":" in kind


class Plugins:
    """The policies from outside that scenarios of one folder may name.

    Parameters
    ----------
    folders
        Folders that files with policies may lie in: the scenario's own, then the data folders.
    allowed
        Whether any of their code may be run at all.
    """

    def __init__(self, folders: Sequence[Path] = (), *, allowed: bool = False) -> None:
        self._folders = tuple(folders)
        self._allowed = allowed
        self.found: dict[str, type[PolicySpec]] = {}
        """The classes found so far, by the ``type`` that names them."""

    def find(self, name: str) -> type[PolicySpec]:
        """Return the class of this name, with its own ``type`` and the hash of its source.

        Parameters
        ----------
        name
            ``my_pkg.my_policy:MyPolicy``, a module on Python's path, or ``my_policy.py:MyPolicy``, a file.

        Raises
        ------
        InputError
            Code from outside is not allowed (then none is looked at), or there is no such policy.
        """
        if not self._allowed:
            raise _fault(name, f"is Python code from outside, which runs only with {FLAG}")
        if name not in self.found:
            parts = _NAME.fullmatch(name)
            if parts is None:
                raise _fault(name, "must be module:Class or file.py:Class")
            module, digest = self._module(parts["module"], name)
            kind = _policy_class(module, parts["kind"], name)
            self.found[name] = _named(kind, name, {parts["module"]: digest})
        return self.found[name]

    def _module(self, place: str, name: str) -> tuple[ModuleType, str]:
        """Return a module, and the SHA-256 of its source."""
        if place.endswith(".py"):
            return self._file(place, name)
        if not _MODULE.fullmatch(place):
            raise _fault(name, "must be module:Class or file.py:Class")
        module = _guarded(lambda: importlib.import_module(place), name)
        source = getattr(module, "__file__", None)
        if source is None:
            raise _fault(name, f"{place} has no file of its own")
        return module, hashlib.sha256(Path(source).read_bytes()).hexdigest()

    def _file(self, place: str, name: str) -> tuple[ModuleType, str]:
        check_relative(place)
        for folder in self._folders:
            path = find_inside(folder, place)
            if path is not None:
                content = read_regular(path, place, MAX_SOURCE_BYTES)
                digest = hashlib.sha256(content).hexdigest()
                if (path, digest) not in _MODULES:
                    _MODULES[path, digest] = _run(path, content, digest, name)
                return _MODULES[path, digest], digest
        raise _fault(name, f"no file {place} in {', '.join(map(str, self._folders)) or 'any folder'}")


def _run(path: Path, content: bytes, digest: str, name: str) -> ModuleType:
    """Return the module that a file's content makes: of the very bytes that were hashed."""
    module = ModuleType(f"hashballast_plugin_{path.stem}_{digest[:12]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # where pydantic looks up what annotations name
    try:
        _guarded(lambda: exec(compile(content, str(path), "exec"), module.__dict__), name)  # noqa: S102 -- allowed by the user
    except InputError:
        del sys.modules[module.__name__]
        raise
    return module


def _guarded(load: Callable[[], Any], name: str) -> Any:
    """Return what loading gives; raise InputError, with the line it came to, where the code fails."""
    try:
        return load()
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        at = f"{Path(last.filename).name}:{last.lineno}: "
        where = "" if isinstance(error, SyntaxError | ImportError) else at
        raise _fault(name, f"cannot be loaded: {where}{type(error).__name__}: {error}") from error


def _policy_class(module: ModuleType, kind: str, name: str) -> type[PolicySpec]:
    found = getattr(module, kind, None)
    if not (isinstance(found, type) and issubclass(found, PolicySpec)):
        raise _fault(name, f"must be a class derived from sim.policies.PolicySpec, got {_said(found)}")
    _complete(found)
    if inspect.isabstract(found):
        missing = ", ".join(sorted(getattr(found, "__abstractmethods__", ())))
        raise _fault(name, f"{kind} has no {missing}")
    return found


def _said(found: object) -> str:
    if found is None:
        return "nothing of this name"
    return f"the class {found.__name__}" if isinstance(found, type) else f"a {type(found).__name__}"


def _complete(kind: type[PolicySpec]) -> None:
    """Describe a class that stands around any policy, now that all of them are known."""
    from sim.policies import AnyPolicy  # noqa: PLC0415  # which names this module

    if not kind.__pydantic_complete__:
        kind.model_rebuild(_types_namespace={**vars(sys.modules[kind.__module__]), "AnyPolicy": AnyPolicy})


def _named(kind: type[PolicySpec], name: str, source_sha256: Mapping[str, str]) -> type[PolicySpec]:
    """Return the class under the ``type`` that a scenario names it by."""
    fields: dict[str, Any] = {"type": (Literal[name], ...)}
    named: type[PolicySpec] = create_model(
        kind.__name__, __base__=kind, __module__=kind.__module__, __doc__=kind.__doc__, **fields
    )
    _complete(named)  # type: ignore[type-abstract]  # a concrete one, by now
    named.from_outside, named.source_sha256 = True, dict(source_sha256)
    return named


def _fault(name: str, message: str) -> InputError:
    return InputError.single(name, "type", message)


def validated(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    """Return a policy's description: one from outside by its own class, all others as the union does."""
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or not is_plugin(kind):
        return handler(value)
    plugins = (info.context or {}).get("plugins") or Plugins()
    try:
        # by way of JSON: strict validation takes lists for tuples from there alone
        return plugins.find(kind).model_validate_json(json.dumps(value), context=info.context)
    except InputError as error:
        why = ValueError(f"{kind}: {'; '.join(fault.message for fault in error.faults)}")
        raise _at(kind, [{"type": "value_error", "loc": ("type",), "input": kind, "ctx": {"error": why}}]) from None
    except ValidationError as error:
        raise _at(kind, error.errors(include_url=False)) from None


def _at(kind: str, details: Sequence[Mapping[str, Any]]) -> ValidationError:
    """Return errors as the union reports them: below the ``type`` that they belong to."""
    lines = [
        InitErrorDetails(
            type=detail["type"], loc=(kind, *detail["loc"]), input=detail["input"], ctx=detail.get("ctx", {})
        )
        for detail in details
    ]
    return ValidationError.from_exception_data("policy", lines)


def as_data(value: Any, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> Any:
    """Return a policy as plain data; the union knows none from outside."""
    return value.model_dump(mode=info.mode) if value.from_outside else handler(value)


def sources_of(policy: PolicySpec) -> dict[str, str]:
    """Return the SHA-256 of the source of each policy from outside in a policy, by the module's name."""
    found = dict(policy.source_sha256)
    for name in type(policy).model_fields:
        inner = getattr(policy, name)
        if isinstance(inner, PolicySpec):
            found |= sources_of(inner)
    return found
