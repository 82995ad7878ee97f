"""Whatever fits a schema is read and written by generated functions, kind of field by kind of field."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from random import Random
from typing import Any

import pytest

from dynamorm.schema import WHOLE

from .agreement import mappers
from .items import Declared, Generated, Kind
from .sameness import copied, outcome

LIBRARIES = [name for name in ("marshmallow", "schematics", "pydantic") if find_spec(name)]
# What generated functions leave to the library.
LEFT_TO_LIBRARY = {
    # the field itself changes what is given to it by what is beside it, also when a dumped value is checked
    ("marshmallow", "own class, all data"): {"dump"},
    # schematics writes them as texts, so that numbers are not what is expected
    ("schematics", "Decimal of numbers"): {"load"},
    # nor are they of what pydantic writes as texts
    ("pydantic", "Timestamp"): {"load"},
    ("pydantic", "timedelta"): {"load"},
}
# Kinds that have no value which their library accepts.
NEVER_ACCEPTED = {("schematics", "DateTime own"), ("schematics", "Tree")}


def kinds() -> Iterator[Any]:
    for library in LIBRARIES:
        module = import_module(f".{library}_schemas", __package__)
        for place, kind in enumerate(module.LEAVES):
            if (library, kind.name) not in NEVER_ACCEPTED:
                yield pytest.param(library, kind, id=f"{library}-{place}-{kind.name}")


def schema_of(library: str, fields: dict[str, Any]) -> Any:
    """Return a schema of these fields."""
    if library == "pydantic":
        import pydantic

        members = {"__annotations__": fields, "__module__": f"{__package__}.pydantic_schemas"}
        return type(pydantic.BaseModel)("Schema", (pydantic.BaseModel,), members)
    return type("Schema", (), fields)


def shapes_of(library: str, kind: Kind) -> Iterator[tuple[str, Kind]]:
    """Yield the kind itself, and lists, maps and schemas that hold it."""
    module = import_module(f".{library}_schemas", __package__)

    def declared() -> Declared:
        return Declared("f", kind.make(), kind, "f", nullable=False, required=True, told=kind.name)

    yield "alone", kind
    if kind.name.startswith("Computed"):
        return
    yield "in a list", module._list_kind(declared())
    more = {"marshmallow": ("str",), "schematics": (str,), "pydantic": ()}
    yield "in a map", module._map_kind(declared(), *more[library])
    inner = Generated(schema_of(library, {"f": kind.make()}), [declared()], (), "")
    yield "in a schema", module._nested_kind(inner, *((False, None) if library == "marshmallow" else ()))


def values_of(kind: Kind) -> list[Any]:
    """Return the values that the kind knows, each once."""
    return list({repr(value): value for value in (kind.good(Random(seed)) for seed in range(40))}.values())


def slow_ways(library: str, held: Kind) -> dict[str, Any]:
    """Return by which ways the library itself had to deal with a value that it accepts, with such a value for each."""
    text = import_module(f".{library}_schemas", __package__).LEAVES[0]
    compiled, plain = mappers(schema_of(library, {"id": text.make(), "f0": held.make()}))
    functions = compiled.adapter.compiled
    slow = {"everything": "no value was accepted"}
    for value in values_of(held):
        item = {"id": {"S": "1"}, "f0": value}
        ending, natives = outcome(plain.load, item, WHOLE)
        if ending == "error":
            continue
        slow.pop("everything", None)
        if functions.loads[WHOLE](item) is None:
            slow["load"] = item
        natives = {name: native for name, native in natives.items() if name in compiled.adapter.fields}
        if outcome(plain.dump, copied(natives))[0] == "value" and functions.dumps[True](copied(natives)) is None:
            slow["dump"] = natives
        if library != "pydantic":
            continue
        for put in (natives, plain.plain(item)):
            if outcome(plain.wire_of_new, copied(put))[0] == "value" and functions.given.wire(copied(put)) is None:
                slow["put"] = put
    return slow


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("library", "kind"), list(kinds()))
def test_what_a_library_accepts_takes_the_fast_path(library, kind):
    slow: dict[str, Any] = {}
    for shape, held in shapes_of(library, kind):
        slow |= {way: f"{shape}: {value}" for way, value in slow_ways(library, held).items()}
    assert slow.keys() == LEFT_TO_LIBRARY.get((library, kind.name), set()), slow
