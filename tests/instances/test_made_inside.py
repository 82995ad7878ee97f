"""Values that a schema makes inside of others when an item is loaded: made once, and not taken for changes later."""

from __future__ import annotations

import copy
import pickle
import sys
import threading
import uuid

import pytest

from dynamorm import DynaModel
from dynamorm.instances.loading import loaded
from dynamorm.store import store_of

ITEM = {"id": {"S": "a"}, "inner": {"M": {"a": {"S": "b"}}}}


def new_text():
    return uuid.uuid4().hex


def of_marshmallow():
    from marshmallow import Schema, fields

    class Inner(Schema):
        a = fields.String()
        number = fields.String(load_default=new_text)

    return {"id": fields.String(required=True), "inner": fields.Nested(Inner)}


def of_marshmallow_in_a_list():
    from marshmallow import Schema, fields

    class Inner(Schema):
        a = fields.String()
        number = fields.String(load_default=new_text)

    return {
        "id": fields.String(required=True),
        "inner": fields.Dict(values=fields.Raw()),
        "more": fields.List(fields.Nested(Inner)),
    }


def of_marshmallow_with_hooks():
    from marshmallow import Schema, fields, post_load

    class Inner(Schema):
        a = fields.String()
        number = fields.String()

        @post_load
        def add(self, data, **kwargs):
            return {**data, "number": new_text()}

    return {"id": fields.String(required=True), "inner": fields.Nested(Inner)}


def of_schematics():
    from schematics import types
    from schematics.models import Model

    class Inner(Model):
        a = types.StringType()
        number = types.StringType(default=new_text)

    return {"id": types.StringType(required=True), "inner": types.ModelType(Inner)}


def of_pydantic():
    import pydantic

    class Inner(pydantic.BaseModel):
        a: str
        number: str = pydantic.Field(default_factory=new_text)

    return {"__annotations__": {"id": str, "inner": Inner}}


def of_pydantic_in_private():
    import pydantic

    class Inner(pydantic.BaseModel):
        a: str
        _number: str = pydantic.PrivateAttr(default_factory=new_text)

    return {"__annotations__": {"id": str, "inner": Inner}}


@pytest.fixture(
    params=[
        of_marshmallow,
        of_marshmallow_in_a_list,
        of_marshmallow_with_hooks,
        of_schematics,
        of_pydantic,
        of_pydantic_in_private,
    ],
    ids=lambda make: make.__name__,
)
def model(request):
    pytest.importorskip(request.param.__name__.split("_")[1])
    inner = type("Schema", (), request.param())
    table = type("Table", (), {"name": "made", "hash_key": "id", "read": 1, "write": 1})
    return type(DynaModel)("Made", (DynaModel,), {"Table": table, "Schema": inner})


def test_what_was_made_inside_is_no_change(model):
    item = {**ITEM, "more": {"L": [ITEM["inner"]]}}
    for take in (lambda one: one, copy.copy, copy.deepcopy, lambda one: loaded(store_of(model), one.to_item())):
        one = take(loaded(store_of(model), item))
        assert not one.is_dirty, one.changes
        assert one.changes == {}
        one.id = "b"
        assert set(one.changes) == {"id"}


def test_what_is_changed_beside_it_is_seen(model):
    one = loaded(store_of(model), ITEM)
    inner = one.inner
    if isinstance(inner, dict):
        inner["a"] = "c"
    else:
        inner.a = "c"
    assert set(one.changes) == {"inner"}


def stored():
    fields = pytest.importorskip("marshmallow").fields

    class Book(DynaModel):
        class Table:
            name = "books"
            hash_key = "isbn"
            read = 1
            write = 1

        class Schema:
            isbn = fields.String(required=True)
            copies = fields.Integer()
            tags = fields.List(fields.String())
            lang = fields.String(load_default="en")
            note = fields.String(allow_none=True)

    return Book


def test_an_attribute_that_is_not_there_takes_its_default_and_stays_unstored():
    one = loaded(store_of(stored()), {"isbn": {"S": "1"}, "more": {"N": "7"}, "note": {"NULL": True}})
    assert one.to_dict(native=True) == {"isbn": "1", "lang": "en"}
    assert not one.is_dirty and one.extra == {"more": 7}
    assert one._dynamorm_state.loaded == {"isbn": {"S": "1"}, "more": {"N": "7"}, "note": {"NULL": True}}
    one.lang = "en"  # by now somebody wants it
    assert set(one.changes) == {"lang"}


def test_threads_that_ask_at_once_are_told_of_one_state():
    """What one of them counts up must not be lost with a state of which the others know nothing."""
    book, interval = stored(), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(200):
            one = loaded(store_of(book), {"isbn": {"S": "1"}, "copies": {"N": "1"}})
            barrier, states = threading.Barrier(4), []

            def look(one=one, barrier=barrier, states=states):
                barrier.wait()
                states.append(one._dynamorm_state)

            threads = [threading.Thread(target=look) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(states) == 4 and len(set(map(id, states))) == 1
            assert states[0] is one._dynamorm_state
    finally:
        sys.setswitchinterval(interval)


def test_what_was_only_read_can_be_pickled_and_told_from_what_was_changed():
    book = stored()
    globals()["Book"] = book
    book.__qualname__, book.__module__ = "Book", __name__
    one = loaded(store_of(book), {"isbn": {"S": "1"}, "tags": {"L": [{"S": "a"}]}, "more": {"SS": ["x"]}})
    twin = pickle.loads(pickle.dumps(one))
    assert twin.to_dict(native=True) == one.to_dict(native=True) and not twin.is_dirty
    twin.tags.append("b")
    assert set(twin.changes) == {"tags"} and not one.is_dirty and twin.extra == one.extra == {"more": {"x"}}


def test_what_a_field_makes_of_null_is_a_default():
    """Nothing of it is stored, so that it is no change, and is stored once it is assigned."""
    fields = pytest.importorskip("marshmallow").fields

    class Own(fields.Field):
        def deserialize(self, value, attr=None, data=None, **kwargs):
            return "unsaid" if value is None else value

    class Note(DynaModel):
        class Table:
            name = "notes"
            hash_key = "id"
            read = 1
            write = 1

        class Schema:
            id = fields.String(required=True)
            text = Own(allow_none=True)

    one = loaded(store_of(Note), {"id": {"S": "1"}, "text": {"NULL": True}})
    assert one.text == "unsaid" and not one.is_dirty
    one.text = "unsaid"
    assert set(one.changes) == {"text"}
