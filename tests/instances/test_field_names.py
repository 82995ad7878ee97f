"""Fields whose names are also those of methods and keywords of the model."""

from __future__ import annotations

import copy

import pytest

import dynamorm
from dynamorm import DynaModel, F, Q

from ..libraries import integer, listing, natives, nested, text
from ..stored import stored_item

OURS = [
    "update",
    "validate",
    "extra",
    "changes",
    "count",
    "items",
    "model",
    "self",
    "cls",
    "save",
    "delete",
    "to_dict",
    "is_dirty",
    "is_partial",
    "key_changed",
    "refresh",
    "reconcile",
    "get",
    "query",
    "raw",
    "keys",
    "item",
    "name",
    "values",
    "instance",
]
KEYWORDS = ["conditions", "consistent", "partial", "unique", "return_all", "attrs"]


@pytest.mark.parametrize("name", OURS)
def test_a_field_named_like_something_of_ours_goes_the_whole_way(library, dynamo_tables, name):
    fields = {"id": text(required=True), name: text(), "other": text(default="o")}
    (model,) = dynamo_tables(library.model("Odd", {"name": "odd", "hash_key": "id"}, fields))
    made = model(id="1", **{name: "a"})
    assert getattr(made, name) == "a"
    model.save(made)
    found = model.get(id="1")
    assert (getattr(found, name), found.other) == ("a", "o")
    setattr(found, name, "b")
    assert dynamorm.inspect(found).changes == {name: ("a", "b")}
    assert dynamorm.inspect(found).is_dirty
    model.save(found, partial=True)
    assert stored_item(model, id="1")[name] == "b"
    assert not dynamorm.inspect(found).is_dirty
    model.update(found, **{name: "c"})
    assert getattr(found, name) == "c"
    model.update_item(id="1", **{name: "d"})
    model.refresh(found)
    assert getattr(found, name) == "d"
    assert model.to_dict(found, native=True) == {"id": "1", name: "d", "other": "o"}
    assert natives(model.new_from_raw({"id": "1", name: "d"})) == {"id": "1", name: "d", "other": "o"}
    assert [one.id for one in model.scan(**{name: "d"})] == ["1"]
    assert [one.id for one in model.scan(F(name) == "d")] == ["1"]
    assert [one.id for one in model.scan(Q(**{name: "d"}))] == ["1"]
    assert [one.id for one in model.query(id="1").filter(**{name: "d"})] == ["1"]
    model.put({"id": "2", name: "e"}, conditions={name: None})
    model.save(model(id="2", **{name: "f"}), conditions=Q(**{name: "e"}))
    assert getattr(model.upsert(id="2", **{name: "g"}), name) == "g"
    assert getattr(model.patch(id="2", **{name: "h"}), name) == "h"
    model.sync(model.get(id="2"))
    model.delete(model.get(id="2"))
    assert copy.deepcopy(made) == copy.copy(made) == made
    assert repr(made) == "<Odd id='1'>"
    made = model(id="3")
    assert getattr(made, name) is None
    model.save(made)
    assert stored_item(model, id="3") == {"id": "3", "other": "o"}


def test_nested_fields_named_like_methods_of_dicts_may_have_no_value(library, dynamo_tables):
    inner = {"label": text(), "items": listing(text()), "values": text(), "get": integer()}
    fields = {"id": text(required=True), "box": nested(inner), "boxes": listing(nested(inner))}
    (model,) = dynamo_tables(library.model("Odd", {"name": "odd", "hash_key": "id"}, fields))
    model(id="1", box={"label": "x"}, boxes=[{"items": ["a"]}]).save()
    model.put({"id": "2", "box": {"values": "v"}, "boxes": []})
    model.update_item(id="2", box={"get": 5})
    for id, box, boxes in (("1", {"label": "x"}, [{"items": ["a"]}]), ("2", {"get": 5}, [])):
        found = stored_item(model, id=id)
        assert found["box"] == box
        assert [{name: value for name, value in one.items() if value is not None} for one in found["boxes"]] == boxes


@pytest.mark.parametrize("name", ["update", "validate", "save", "is_dirty", "get", "to_dict"])
def test_on_the_class_our_method_stays_where_a_field_has_its_name(library, name):
    model = library.model("Odd", {"name": "odd", "hash_key": "id"}, {"id": text(), name: text()})
    ours = getattr(model, name)
    assert callable(ours) or isinstance(ours, property)
    assert model(id="1").__getattribute__(name) is None
    assert "count" in repr(library.model("Odd", {"name": "o", "hash_key": "id"}, {"id": text(), "count": text()}).count)


@pytest.mark.parametrize("name", KEYWORDS)
def test_a_field_named_like_a_keyword_of_a_verb_is_reached_by_actions_and_conditions(library, dynamo_tables, name):
    fields = {"id": text(required=True), name: text()}
    (model,) = dynamo_tables(library.model("Odd", {"name": "odd", "hash_key": "id"}, fields))
    model.put({"id": "1", name: "a"})
    found = model.get(id="1")
    assert getattr(found, name) == "a"
    found.update(F(name).set("b"))
    assert getattr(found, name) == stored_item(model, id="1")[name] == "b"
    setattr(found, name, "c")
    found.save(partial=True)
    assert stored_item(model, id="1")[name] == "c"
    model.update_item(F(name).set("d"), id="1", conditions=F(name) == "c")
    assert [one.id for one in model.scan(F(name) == "d")] == ["1"]
    assert natives(model.new_from_raw({"id": "2", name: "e"})) == {"id": "2", name: "e"}
    found.save(conditions=[F(name) == "d"])
    assert natives(model.get(id="1")) == {"id": "1", name: "c"}


def test_a_field_named_partial_passes_an_init_of_the_models_own(library, dynamo_tables):
    class Odd(DynaModel):
        class Table:
            name = "odd"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"

        Schema = library.schema({"id": text(required=True), "partial": text()})

        def __init__(self, **values):
            super().__init__(**values)

    dynamo_tables(Odd)
    Odd.put({"id": "1", "partial": "a"})
    assert natives(Odd.get(id="1")) == {"id": "1", "partial": "a"}


def test_fields_named_like_arguments_and_verbs_are_saved_like_all_others(library, dynamo_tables):
    names = [
        "conditions",
        "if_version",
        "update_item_kwargs",
        "return_all",
        "update",
        "extra",
        "changes",
        "count",
        "self",
        "model",
    ]
    fields = {"id": text(required=True), **{name: text() for name in names}}
    (model,) = dynamo_tables(library.model("Odd", {"name": "odd", "hash_key": "id"}, fields))
    model.put({"id": "1", **dict.fromkeys(names, "a")})
    found = model.get(id="1")
    for name in names:
        setattr(found, name, "b")
    model.save(found, partial=True)
    assert model.get(id="1").to_dict(native=True) == {"id": "1", **dict.fromkeys(names, "b")}
    model.update(found, F("conditions").set("c"), F("update").set("c"), count="c")
    stored = model.get(id="1").to_dict(native=True)
    assert {name for name in names if stored[name] == "c"} == {"conditions", "update", "count"}
    assert model.to_dict(found, native=True) == stored
    assert dynamorm.inspect(found).changes == {}


def test_a_field_beats_a_method_on_instances_and_the_class_keeps_the_method():
    fields = pytest.importorskip("marshmallow.fields")

    class Odd(DynaModel):
        class Table:
            name = "odd"
            hash_key = "id"

        class Schema:
            id = fields.String()
            update = fields.String()
            save = fields.String()
            validate = fields.String()

    odd = Odd(id="1", update="now")
    assert odd.update == "now"
    assert odd.save is None
    assert callable(Odd.update) and callable(Odd.save)
    Odd.validate(odd)
