"""Schemas that make other values of those they load: updates load what they are given, as constructors and puts do."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from dynamorm import DynaModel, F

from ..stored import stored_item


def shouting_schema(library: Any) -> Any:
    """Return an inner Schema that makes upper case of ``code``, and where the library can, of each of ``codes``."""
    if library.name == "marshmallow":
        from marshmallow import fields

        class Upper(fields.String):
            def _deserialize(self, value, attr, data, **more):
                return super()._deserialize(value, attr, data, **more).upper()

        class Schema:
            id = fields.String(required=True)
            code = Upper()
            codes = fields.List(Upper())
            inner = fields.Nested({"code": Upper()})

    elif library.name == "schematics":
        from schematics import types

        class Upper(types.StringType):
            def convert(self, value, context=None):
                found = super().convert(value, context)
                return found and found.upper()

        from schematics.models import Model

        class Inner(Model):
            code = Upper()

        class Schema:
            id = types.StringType(required=True)
            code = Upper()
            codes = types.ListType(Upper())
            inner = types.ModelType(Inner)

    else:
        import pydantic

        Upper = Annotated[str, pydantic.AfterValidator(str.upper)]

        class Inner(pydantic.BaseModel):
            code: Upper | None = None

        class Schema(pydantic.BaseModel):
            id: str
            code: Upper | None = None
            codes: list[Upper] | None = None
            inner: Inner | None = None

    return Schema


@pytest.fixture
def shouting(library, dynamo_tables):
    table = type("Table", (), {"name": "shouting", "hash_key": "id", "billing_mode": "PAY_PER_REQUEST"})
    body = {"__module__": __name__, "Table": table, "Schema": shouting_schema(library)}
    (model,) = dynamo_tables(type(DynaModel)("Shouting", (DynaModel,), body))
    model.put({"id": "1"})
    return model


LOUD = {"id": "1", "code": "X", "codes": ["A", "B"], "inner": {"code": "Y"}}
QUIET = {"code": "x", "codes": ["a", "b"], "inner": {"code": "y"}}


@pytest.mark.parametrize(
    "write",
    [
        lambda model: model.put({"id": "1", **QUIET}),
        lambda model: model(id="1", **QUIET).save(),
        lambda model: model.update_item(id="1", **QUIET),
        lambda model: model.update_item(id="1", **{f"{name}__if_not_exists": value for name, value in QUIET.items()}),
        lambda model: model.update_item(*(F(name).set(value) for name, value in QUIET.items()), id="1"),
        lambda model: model.get(id="1").update(**QUIET),
        lambda model: model.upsert(id="1", **QUIET),
        lambda model: model.patch(id="1", **QUIET),
        lambda model: model.query(id="1").update(**QUIET),
    ],
)
def test_what_is_given_is_loaded_and_then_stored(shouting, write):
    write(shouting)
    assert stored_item(shouting, id="1") == LOUD


def test_what_is_given_for_a_part_of_a_field_is_loaded_too(shouting):
    shouting.put({"id": "1", **QUIET})
    shouting.update_item(id="1", codes__append=["c"], inner__code="z")
    shouting.update_item(id="1", codes__0="q")
    assert stored_item(shouting, id="1") == {**LOUD, "codes": ["Q", "B", "C"], "inner": {"code": "Z"}}


def test_an_instance_shows_what_was_stored_of_an_update(shouting):
    found = shouting.get(id="1")
    found.update(code="x", codes=["a"])
    assert (found.code, found.codes, found.is_dirty) == ("X", ["A"], False)


def test_a_partial_save_sends_what_an_update_would(shouting):
    found = shouting.get(id="1")
    found.code, found.codes = "x", ["a", "b"]
    found.save(partial=True)
    assert stored_item(shouting, id="1") == {"id": "1", "code": "X", "codes": ["A", "B"]}
    assert (found.code, found.codes, found.is_dirty) == ("X", ["A", "B"], False)


def test_a_full_save_sends_what_was_assigned_and_loads_it_only_to_check_it(library, shouting):
    found = shouting.get(id="1")
    found.code, found.codes = "x", ["a", "b"]
    found.save()
    stored = stored_item(shouting, id="1")
    if library.name != "schematics":  # whose conversion of what was assigned is that of a load
        assert stored == {"id": "1", "code": "x", "codes": ["a", "b"]}
    assert not found.is_dirty
    again = shouting.get(id="1")
    assert (again.code, again.codes, again.is_dirty) == ("X", ["A", "B"], False)
