"""Empty values, ``None``, and stored NULLs."""

from __future__ import annotations

import pytest

from dynamorm import ValidationError

from ..libraries import collection, integer, nested, text
from .things import WAYS, store, stored, write

# Empty values.


@pytest.mark.parametrize("way", WAYS)
def test_empty_strings_and_bytes_are_stored(thing, way):
    write(thing, way, s="", blob=b"", words=["", "a"], free={"s": "", "b": b"", "l": [], "m": {}}, tags={""})
    item = stored(thing)
    assert (item["s"], item["blob"], item["words"]["L"][0]) == ({"S": ""}, {"B": b""}, {"S": ""})
    assert item["free"]["M"] == {"s": {"S": ""}, "b": {"B": b""}, "l": {"L": []}, "m": {"M": {}}}
    found = thing.get(id="1")
    assert (found.s, found.blob, found.words, found.tags) == ("", b"", ["", "a"], {""})
    assert found.free == {"s": "", "b": b"", "l": [], "m": {}}
    assert thing.scan(s="", blob=b"").count() == 1


@pytest.mark.parametrize("way", ["put", "constructor", "assigned", "update"])
def test_empty_sets_are_not_stored(thing, way):
    write(thing, way, tags=set(), marks={1}, free={"none": set(), "some": {"a"}})
    item = stored(thing)
    assert "tags" not in item
    assert item["free"]["M"] == {"some": {"SS": ["a"]}}
    assert thing.get(id="1").marks == {1}


def test_an_update_to_the_empty_set_removes(thing):
    thing.put({"id": "1", "tags": {"a"}, "marks": {1}, "box": {"tags": {"b"}}})
    found = thing.get(id="1")
    found.update(tags=set(), box__tags=set())
    assert "tags" not in stored(thing) and stored(thing)["box"]["M"] == {}
    found.marks = set()
    found.save(partial=True)
    assert "marks" not in stored(thing)


def test_an_absent_required_set_reads_as_the_empty_set(library, dynamo_tables):
    fields = {"id": text(required=True), "tags": collection(text(), required=True)}
    (model,) = dynamo_tables(library.model("Tagged", {"name": "tagged", "hash_key": "id"}, fields))
    model.put({"id": "1", "tags": set()})
    assert set(stored(model)) == {"id"}
    found = model.get(id="1")
    assert found.tags == set()
    assert not found.is_dirty
    found.tags.add("x")
    found.save(partial=True)
    assert model.get(id="1").tags == {"x"}
    found.update(tags=set())
    assert model.get(id="1").tags == set()


# None.


@pytest.mark.parametrize("way", ["put", "constructor", "assigned"])
def test_none_is_dropped_through_dicts_and_kept_in_lists(thing, way):
    free = {"x": None, "deep": {"y": None, "z": 1}, "l": [None, 1, {"in list": None}]}
    write(thing, way, n=None, s=None, free=free, box={"a": 1, "b": None, "free": {"x": None}})
    item = stored(thing)
    assert item == {
        "id": {"S": "1"},
        "free": {
            "M": {
                "deep": {"M": {"z": {"N": "1"}}},
                "l": {"L": [{"NULL": True}, {"N": "1"}, {"M": {"in list": {"NULL": True}}}]},
            }
        },
        "box": {"M": {"A": {"N": "1"}, "free": {"M": {}}}},
    }


@pytest.mark.parametrize("way", ["partial", "update"])
def test_none_inside_what_an_update_writes_is_dropped_alike(thing, way):
    write(thing, way, free={"x": None, "l": [None]}, box={"a": 1, "b": None, "free": {"x": None}})
    item = stored(thing)
    assert item["free"] == {"M": {"l": {"L": [{"NULL": True}]}}}
    assert item["box"] == {"M": {"A": {"N": "1"}, "free": {"M": {}}}}
    thing.update_item(id="1", free__deep={"y": None, "z": 1}, box__free={"x": None, "y": 2})
    item = stored(thing)
    assert item["free"]["M"]["deep"] == {"M": {"z": {"N": "1"}}}
    assert item["box"]["M"]["free"] == {"M": {"y": {"N": "2"}}}


def full_maps(library):
    """Return a schema whose maps are of any keys and must not be empty, one of them inside another schema."""
    if library.name == "marshmallow":
        from marshmallow import Schema, fields, validate

        def full():
            return fields.Dict(validate=validate.Length(min=1))

        inner = Schema.from_dict({"free": full()}, name="Inner")
        maps = fields.Dict(values=full())
        body = {"id": fields.String(required=True), "free": full(), "maps": maps, "inner": fields.Nested(inner)}
    elif library.name == "schematics":
        from schematics import models, types
        from schematics.exceptions import ValidationError as Refusal

        def check(value):
            if not value:
                raise Refusal("empty")

        def full():
            return types.DictType(types.BaseType(), validators=[check])

        inner = type(models.Model)("Inner", (models.Model,), {"free": full()})
        body = {
            "id": types.StringType(required=True),
            "free": full(),
            "maps": types.DictType(full()),
            "inner": types.ModelType(inner),
        }
    else:
        from typing import Annotated, Any

        import pydantic

        full = Annotated[dict[str, Any], pydantic.Field(min_length=1)]
        inner = pydantic.create_model("Inner", free=(full | None, None))
        kinds = {"free": full | None, "maps": dict[str, full] | None, "inner": inner | None}
        body = {"__annotations__": {"id": str, **kinds}, **dict.fromkeys(kinds)}
    return type("Schema", (), body)


@pytest.fixture
def full(library, dynamo_tables):
    (model,) = dynamo_tables(library.model("Full", {"name": "full", "hash_key": "id"}, full_maps(library)))
    return model


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("nothing", [None, set()], ids=["None", "empty set"])
def test_a_map_of_which_so_much_is_dropped_that_it_cannot_be_read_is_refused(full, way, nothing):
    full.put({"id": "1", "free": {"a": 1}})
    for name, value in (
        ("free", {"a": nothing}),
        ("free", {"a": nothing, "b": nothing}),
        ("maps", {"x": {"a": nothing}, "y": {"b": 1}}),
        ("inner", {"free": {"a": nothing}}),
    ):
        with pytest.raises(ValidationError, match=r"(?i)empty|short"):
            write(full, way, **{name: value})
        instance = full(id="1", free={"b": 1})
        setattr(instance, name, value)
        with pytest.raises(ValidationError):
            instance.validate()
    for name, value, kept in (
        ("free", {"a": nothing, "b": 1}, {"b": 1}),
        ("free", {"a": {"b": nothing}}, {"a": {}}),
        ("free", {"a": [{"b": None}]}, {"a": [{"b": None}]}),
        ("maps", {"x": {"a": nothing, "b": 1}}, {"x": {"b": 1}}),
    ):
        write(full, way, **{name: value})
        assert getattr(full.get(id="1"), name) == kept


def test_a_map_inside_of_which_so_much_is_dropped_that_it_cannot_be_read_is_refused(full):
    full.put({"id": "1", "free": {"a": 1}, "maps": {"x": {"a": 1}}, "inner": {"free": {"a": 1}}})
    before = stored(full)
    for update in ({"maps__x": {"a": None}}, {"inner__free": {"a": None}}, {"maps__y__if_not_exists": {"b": None}}):
        with pytest.raises(ValidationError):
            full.update_item(id="1", **update)
    found = full.get(id="1")
    found.maps["x"]["a"] = None
    with pytest.raises(ValidationError):
        found.save()
    assert stored(full) == before
    full.update_item(id="1", maps__x={"a": None, "b": 2}, inner__free={"a": None, "c": 3})
    assert full.get(id="1").maps == {"x": {"b": 2}}


def test_conditions_compare_with_what_is_stored_of_a_value_that_holds_none(thing):
    box = {"a": 1, "b": None}
    thing.put({"id": "1", "box": box, "free": {"m": {"x": None, "y": 1}}, "boxes": [{"a": 1}]})
    assert thing.scan(box=box).count() == 1
    assert thing.scan(box={"a": 1}).count() == 1
    assert thing.scan(free__m={"x": None, "y": 1}).count() == 1
    assert thing.scan(boxes=[{"a": 1}]).count() == 1
    assert thing.scan(boxes__contains={"a": 1}).count() == 1
    assert thing.scan(boxes__0={"a": 1}).count() == 1


def test_none_in_an_update_removes_the_attribute(thing):
    thing.put({"id": "1", "n": 1, "s": "x", "box": {"a": 1, "b": "x"}, "free": {"k": 1, "l": 2}})
    thing.update_item(id="1", n=None, box__b=None, free__k=None)
    assert stored(thing) == {
        "id": {"S": "1"},
        "s": {"S": "x"},
        "box": {"M": {"A": {"N": "1"}}},
        "free": {"M": {"l": {"N": "2"}}},
    }
    found = thing.get(id="1")
    found.update(s=None)
    assert found.s is None and "s" not in stored(thing)
    found.free = None
    found.save(partial=True)
    assert "free" not in stored(thing)
    del found.box
    found.save(partial=True)
    assert set(stored(thing)) == {"id"}


def test_a_required_field_that_does_not_accept_none_cannot_be_removed(library, dynamo_tables, sent):
    fields = {"id": text(required=True), "must": text(required=True), "box": nested({"must": text(required=True)})}
    (model,) = dynamo_tables(library.model("Strict", {"name": "strict", "hash_key": "id"}, fields))
    model.put({"id": "1", "must": "x", "box": {"must": "y"}})
    found = model.get(id="1")
    sent.clear()
    for removal in ({"must": None}, {"must__remove": True}, {"box__must": None}):
        with pytest.raises(ValidationError, match="must"):
            found.update(**removal)
        with pytest.raises(ValidationError, match="must"):
            model.update_item(id="1", **removal)
    with pytest.raises(ValidationError, match="must"):
        found.update(model.must.remove())
    found.must = None
    with pytest.raises(ValidationError, match="must"):
        found.save(partial=True)
    assert sent == []
    assert stored(model)["must"] == {"S": "x"}


NULLS = {
    "id": text(required=True),
    "maybe": text(nullable=True),
    "plain": text(),
    "must": text(required=True, nullable=True),
    "counted": integer(default=7),
    "box": nested({"maybe": text(nullable=True), "plain": text(), "must": text(required=True, nullable=True)}),
}


def test_a_stored_null_is_none_or_absent_and_what_is_absent_and_required_is_none(library, dynamo_tables):
    (model,) = dynamo_tables(library.model("Nulls", {"name": "nulls", "hash_key": "id"}, nulls_of(library)))
    null = {"NULL": True}
    inside = {"M": {"maybe": null, "plain": null, "must": null}}
    store(model, maybe=null, plain=null, must=null, counted=null, box=inside)
    found = model.get(id="1")
    assert (found.maybe, found.plain, found.must) == (None, None, None)
    assert found.counted == (7 if not nullable(model, "counted") else None)
    assert not found.is_dirty
    store(model, box={"M": {}})
    found = model.get(id="1")
    assert (found.maybe, found.plain, found.must, found.counted) == (None, None, None, 7)
    assert found.box is not None
    assert not found.is_dirty
    assert [item.id for item in model.scan(must=None)] == ["1"]
    found.validate()
    found.save()


def nullable(model, name):
    return model._dynamorm.adapter.fields[name].nullable


def nulls_of(library):
    """Return the fields above, as far as a library can declare them."""
    if library.name != "schematics":
        return NULLS
    # with schematics, what is required cannot be None
    return {
        name: nested({"maybe": text(), "plain": text(), "must": text()}) if name == "box" else declared
        for name, declared in {**NULLS, "must": text()}.items()
    }


def test_a_null_that_is_read_stays_where_it_is(thing):
    store(thing, s={"NULL": True}, n={"N": "1"})
    found = thing.get(id="1")
    assert found.s is None and not found.is_dirty
    found.n = 2
    found.save(partial=True)
    assert stored(thing)["s"] == {"NULL": True}
