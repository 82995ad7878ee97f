"""Names of any form are data to generated code, and sources that Python refuses are left to the library."""

from __future__ import annotations

import gc
import linecache
import pickle
import traceback
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamorm import DynaModel
from dynamorm.exceptions import ValidationError
from dynamorm.schema import PARTIAL, TRUSTED, WHOLE

from ...profiles import examples

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")
LIBRARIES = [name for name in ("marshmallow", "schematics", "pydantic") if find_spec(name)]


class Loud(str):
    """A text that is not what it says in source."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "__import__('sys').exit('loud')"

    def __str__(self) -> str:
        return "not this"

    def __format__(self, spec: str) -> str:
        return "nor this"


class Wide(int):
    def __repr__(self) -> str:
        return "__import__('sys').exit('wide')"

    __str__ = __repr__


TAKEN = ("id", "inner", "f", "g")
OTHER_NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda name: name not in TAKEN)
NAMES = {
    "subclass": Loud("loud"),
    "quotes": "it's \"quoted\"'''",
    "backslash": "a\\",
    "newlines": "a\nb\r\n\u2028c",
    "nul": "a\0b",
    "braces": "{x}{{y}}%s",
    "keyword": "class",
    "constant": "None",
    "dunder": "__class__",
    "ours": "wire",
    "look-alike": "\uff46\uff49eld",
    "combining": "e\u0301",
    "right to left": "\u202eabc",
    "astral": "\U0001f600",
    "digits": "123",
    "dots": "a.b[0]",
    "spaces": " a ",
    "long": "x" * 1000,
}


def model_of(library: str, stored: str, name: str = "f", inner_name: str = "g") -> Any:
    """Return a model with a field, and one in a nested schema, of these names in storage."""
    if library == "marshmallow":
        import marshmallow
        from marshmallow import fields

        inner = marshmallow.Schema.from_dict({inner_name: fields.Integer(data_key=stored)})
        declared = {name: fields.String(data_key=stored), "inner": fields.Nested(inner), "id": fields.String()}
        schema = type("Schema", (), declared)
    elif library == "schematics":
        from schematics import Model, types

        inner = type("Inner", (Model,), {inner_name: types.IntType(serialized_name=stored)})
        declared = {name: types.StringType(serialized_name=stored), "inner": types.ModelType(inner)}
        schema = type("Schema", (), {**declared, "id": types.StringType()})
    else:
        import pydantic

        inner = pydantic.create_model("Inner", **{inner_name: (int, pydantic.Field(alias=stored))})
        declared = {name: pydantic.Field(alias=stored)}
        schema = type("Schema", (), {"__annotations__": {name: str, "inner": inner, "id": str}, **declared})
    table = type("Table", (), {"name": "things", "hash_key": "id"})
    return type(DynaModel)("Thing", (DynaModel,), {"__module__": __name__, "Table": table, "Schema": schema})


def assert_stored_exactly(library: str, stored: str) -> None:
    model = model_of(library, stored)
    mapper = model._dynamorm.store.mapper
    adapter, exact = mapper.adapter, str.__str__(stored)
    item = {"id": {"S": "1"}, exact: {"S": "x"}, "inner": {"M": {exact: {"N": "5"}}}}
    thing = model(id="1", f="x", inner={stored: 5})
    written = [
        adapter.compiled.dumps[True](thing.__dict__),
        thing.to_item(),
        mapper.wire_of_new({"id": "1", "f": "x", "inner": {stored: 5}}),
        mapper.encoded(adapter.checked_dump(adapter.natives_of_assigned(dict(thing.__dict__)))),
    ]
    assert written == [item] * 4
    for wire in written:
        assert type(next(name for name in wire if name == exact)) is str
        assert type(next(iter(wire["inner"]["M"]))) is str
    for mode in (WHOLE, PARTIAL, TRUSTED):
        by_code = adapter.compiled.loads[mode](item)
        assert by_code is not None
        assert by_code == mapper.load_plain(mapper.plain(item), mode, item)
    read = model.from_item(item)
    assert read.f == "x" and read.to_item() == item and not read.is_dirty
    assert pickle.loads(pickle.dumps(read.to_item())) == item
    assert mapper.resolver.lookup("f", "x").path == (exact,)
    for broken in ({exact: {"N": "x"}}, {exact: {"S": 5}}):
        with pytest.raises(ValidationError):
            model.from_item({**item, **broken})


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_stored_as_it_is(library: str, name: str) -> None:
    assert_stored_exactly(library, NAMES[name])


@pytest.mark.parametrize("library", LIBRARIES)
@given(stored=OTHER_NAMES)
@settings(max_examples=examples(quick=5, long=300))
def test_all_names_are_stored_as_they_are(library: str, stored: str) -> None:
    assert_stored_exactly(library, stored)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", ["class_", "wire", "natives", "out", "\uff46", "x" * 1000, "absent", "v0_", "load_0"])
def test_python_names_are_data_too(library: str, name: str) -> None:
    model = model_of(library, "stored", name, name)
    item = {"id": {"S": "1"}, "stored": {"S": "x"}, "inner": {"M": {"stored": {"N": "5"}}}}
    assert model(id="1", **{name: "x"}, inner={"stored": 5}).to_item() == item
    assert getattr(model.from_item(item), name) == "x"


@pytest.mark.parametrize("library", LIBRARIES)
def test_bounds_are_values_and_no_source(library: str) -> None:
    limit = Wide(5)
    if library == "marshmallow":
        from marshmallow import fields, validate

        field: Any = fields.Integer(validate=validate.Range(max=limit))
    elif library == "schematics":
        from schematics import types

        field = types.IntType(max_value=limit)
    else:
        from typing import Annotated

        from pydantic import Field

        field = Annotated[int, Field(le=limit)]
    if library == "pydantic":
        schema = type("Schema", (), {"__annotations__": {"id": str, "f": field}})
    elif library == "marshmallow":
        schema = type("Schema", (), {"id": fields.String(), "f": field})
    else:
        schema = type("Schema", (), {"id": types.StringType(), "f": field})
    table = type("Table", (), {"name": "things", "hash_key": "id"})
    model = type(DynaModel)("Thing", (DynaModel,), {"__module__": __name__, "Table": table, "Schema": schema})
    assert model(id="1", f=Wide(5)).to_item()["f"] == {"N": "5"}
    with pytest.raises(ValidationError):
        model(id="1", f=6)
    assert model.from_item({"id": {"S": "1"}, "f": {"N": "5"}}).f == 5
    with pytest.raises(ValidationError):
        model.from_item({"id": {"S": "1"}, "f": {"N": "6"}})


def nested_lists(library: str, depth: int) -> Any:
    if library == "marshmallow":
        from marshmallow import fields

        field: Any = fields.Integer()
        for _ in range(depth):
            field = fields.List(field)
        return type("Schema", (), {"id": fields.String(), "f": field})
    if library == "schematics":
        from schematics import types

        field = types.IntType()
        for _ in range(depth):
            field = types.ListType(field)
        return type("Schema", (), {"id": types.StringType(), "f": field})
    field = int
    for _ in range(depth):
        field = list[field]
    return type("Schema", (), {"__annotations__": {"id": str, "f": field}})


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("depth", [3, 19, 25])
def test_sources_that_python_refuses_are_left_to_the_library(library: str, depth: int) -> None:
    table = type("Table", (), {"name": "things", "hash_key": "id"})
    schema = nested_lists(library, depth)
    model = type(DynaModel)("Thing", (DynaModel,), {"__module__": __name__, "Table": table, "Schema": schema})
    value: Any = 5
    wire: Any = {"N": "5"}
    for _ in range(depth):
        value, wire = [value], {"L": [wire]}
    item = {"id": {"S": "1"}, "f": wire}
    mapper = model._dynamorm.store.mapper
    assert model(id="1", f=value).to_item() == item
    assert mapper.wire_of_new({"id": "1", "f": value}) == item
    assert mapper.dump({"id": "1", "f": value}) == item
    read = model.from_item(item)
    assert read.f == value and not read.is_dirty
    assert mapper.resolver.lookup("f", value).operands == (wire,)
    with pytest.raises(ValidationError):
        model(id="1", f="x")
    report = model.Schema.compiled
    assert str(report)
    if depth == 3:
        assert report
    else:
        reasons = [one.reason for one in (report.load, report.dump) if not one]
        assert all("Python does not take the generated source" in reason for reason in reasons)
        assert reasons or library == "pydantic" or depth == 19  # which later Pythons take


@pytest.mark.parametrize("library", [name for name in LIBRARIES if name != "marshmallow"])
def test_sources_are_let_go_with_their_models(library: str) -> None:
    """marshmallow itself keeps every schema class there ever was, so that these stay."""

    def kept() -> set[str]:
        gc.collect()
        return {file for file in linecache.cache if file.startswith("<dynamorm")}

    def use(count: int) -> None:
        for _ in range(count):
            model = model_of(library, "stored")
            model.from_item(model(id="1", f="x", inner={"stored": 5}).to_item())
            model._dynamorm.store.mapper.conditions((), {"f": "x"})

    use(1)
    before = kept()
    use(20)
    assert len(kept() - before) == 0


def test_tracebacks_show_generated_source_as_long_as_it_is_used() -> None:
    pytest.importorskip("schematics")
    model = model_of("schematics", "stored")
    load = model._dynamorm.adapter.compiled.stored[WHOLE].load
    assert linecache.getline(load.__code__.co_filename, 1).startswith("def load")
    assert traceback.extract_stack()
