"""Which adapter serves an inner ``Schema``: decided by what the class contains, never by what happens to be imported.

An adapter is imported when a class first turns out to be written in its library; by then the program has imported
the library itself.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec

from ..exceptions import UnknownSchema
from ..locks import importing
from .base import Adapter

LIBRARIES = {
    "marshmallow": "dynamorm.schema.marshmallow",
    "schematics": "dynamorm.schema.schematics",
    "pydantic": "dynamorm.schema.pydantic",
}
ENTRY_POINTS = "dynamorm.schemas"

_registered: list[type[Adapter]] = []


def register(adapter: type[Adapter]) -> type[Adapter]:
    """Add an adapter for a library of one's own; the latest is asked first, and all before the built-in ones."""
    if adapter not in _registered:
        _registered.insert(0, adapter)
    return adapter


def adapter_for(model_name: str, inner: type) -> type[Adapter]:
    """Return the adapter class that an inner ``Schema`` belongs to.

    :raises UnknownSchema: where none claims it, or it is written in two libraries at once
    """
    for adapter in _registered:
        if adapter.claims(inner):
            return adapter
    found = sorted(_libraries_in(inner) & set(LIBRARIES))
    if len(found) == 1:
        adapter = _built_in(found[0])
        if adapter.claims(inner):
            return adapter
    for adapter in _installed():
        if adapter.claims(inner):
            return adapter
    if len(found) > 1:
        raise UnknownSchema(f"{model_name}.Schema mixes {' and '.join(found)}: write it in one of them")
    if _is_annotated(inner) and "pydantic" not in found and find_spec("pydantic") is not None:
        return _built_in("pydantic")
    raise UnknownSchema(_nothing_found(model_name, inner))


@cache
def _installed() -> tuple[type[Adapter], ...]:
    """Return the adapters that installed packages announce."""
    # importing the module and going through all that is installed costs more than defining many models
    with importing:
        metadata = import_module("importlib.metadata")
        return tuple(point.load() for point in metadata.entry_points(group=ENTRY_POINTS))


def _built_in(library: str) -> type[Adapter]:
    with importing:
        module = import_module(LIBRARIES[library])
    adapter: type[Adapter] = module.ADAPTER
    return adapter


def _libraries_in(inner: type) -> set[str]:
    """Name the top-level packages that the bases and the attributes of a class come from."""
    kinds: list[type] = []
    for klass in inner.__mro__[:-1]:
        kinds.append(klass)
        kinds.extend(type(value) for value in vars(klass).values())
    return {base.__module__.partition(".")[0] for kind in kinds for base in kind.__mro__}


def _is_annotated(inner: type) -> bool:
    return any(vars(klass).get("__annotations__") for klass in inner.__mro__[:-1])


def _nothing_found(model_name: str, inner: type) -> str:
    declared = sorted(name for name in vars(inner) if not name.startswith("__"))
    missing = [library for library in LIBRARIES if find_spec(library) is None]
    text = (
        f"{model_name}.Schema holds no field of a schema library that DynamORM knows ({', '.join(LIBRARIES)}); "
        f"it declares {', '.join(declared) or 'nothing'}."
    )
    if missing:
        hints = ", ".join(f'pip install "dynamorm[{library}]"' for library in missing)
        text += f" Not installed here: {', '.join(missing)}; to install: {hints}."
    return text
