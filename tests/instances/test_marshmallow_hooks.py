"""Hooks and validators run once for a write and once for a read, on data in the right form."""

from __future__ import annotations

import datetime

import pytest

from dynamorm import DynaModel, DynaModelException, GlobalIndex, ProjectKeys, ValidationError

marshmallow = pytest.importorskip("marshmallow")
from marshmallow import fields  # noqa: E402

CALLS: list[tuple[str, object]] = []


def checked(value):
    CALLS.append(("field", value))


class Event(DynaModel):
    class Table:
        name = "events"
        hash_key = "id"
        billing_mode = "PAY_PER_REQUEST"

    class ByPlace(GlobalIndex):
        name = "by-place"
        hash_key = "place"
        projection = ProjectKeys()

    class Schema:
        id = fields.String(required=True)
        place = fields.String()
        at = fields.DateTime(required=True, validate=checked)

        @marshmallow.pre_load
        def before_load(self, data, **kwargs):
            CALLS.append(("pre_load", data.get("at")))
            return data

        @marshmallow.post_load
        def after_load(self, data, **kwargs):
            CALLS.append(("post_load", data.get("at")))
            return data

        @marshmallow.pre_dump
        def before_dump(self, data, **kwargs):
            CALLS.append(("pre_dump", data.get("at")))
            return data

        @marshmallow.post_dump
        def after_dump(self, data, **kwargs):
            CALLS.append(("post_dump", data.get("at")))
            return data

        @marshmallow.validates_schema
        def check_all(self, data, **kwargs):
            CALLS.append(("schema", data.get("at")))


NATIVE = datetime.datetime(2024, 5, 6, 7, 8, 9)
TEXT = "2024-05-06T07:08:09"
LOAD = [("pre_load", TEXT), ("field", NATIVE), ("schema", NATIVE), ("post_load", NATIVE)]
GIVEN = [("pre_load", TEXT), ("field", NATIVE), ("post_load", NATIVE)]
DUMP = [("pre_dump", NATIVE), ("post_dump", TEXT)]


@pytest.fixture
def calls(dynamo_tables):
    dynamo_tables(Event)
    CALLS.clear()
    return CALLS


@pytest.mark.parametrize("at", [NATIVE, TEXT])
def test_a_put_loads_once_and_dumps_once(calls, at):
    Event.put({"id": "1", "place": "x", "at": at})
    assert calls == LOAD + DUMP


@pytest.mark.parametrize("at", [NATIVE, TEXT])
def test_a_constructor_leaves_schema_wide_validators_out(calls, at):
    Event(id="1", at=at)
    assert calls == GIVEN


@pytest.mark.parametrize("at", [NATIVE, TEXT])
def test_a_save_dumps_once_and_loads_the_dump_once(calls, at):
    event = Event(id="1")
    event.at = at
    calls.clear()
    event.save()
    assert calls == DUMP + LOAD


def test_a_read_loads_once_and_dumps_nothing(calls):
    Event.put({"id": "1", "place": "x", "at": NATIVE})
    calls.clear()
    Event.get(id="1")
    assert calls == LOAD
    calls.clear()
    list(Event.scan())
    assert calls == LOAD


def test_a_projection_runs_no_schema_wide_validator(calls):
    Event.put({"id": "1", "place": "x", "at": NATIVE})
    calls.clear()
    (event,) = Event.ByPlace.query(place="x")
    assert event.at is None
    assert calls == [("pre_load", None), ("post_load", None)]


def test_a_trusted_read_runs_no_validator(calls, monkeypatch):
    Event.put({"id": "1", "at": NATIVE})
    monkeypatch.setattr(Event.Table, "on_read", "trust")
    calls.clear()
    assert Event.get(id="1").at == NATIVE
    assert calls == [("pre_load", TEXT), ("post_load", NATIVE)]


def test_an_update_of_several_fields_loads_them_together(calls):
    event = Event(id="1", at=NATIVE)
    event.save()
    calls.clear()
    event.update(at=NATIVE, place="y")
    # what is written, then what came back
    assert calls == [*GIVEN, ("pre_dump", NATIVE), ("post_dump", TEXT), *GIVEN]


def test_a_post_load_that_makes_an_object_is_refused():
    class Odd(DynaModel):
        class Table:
            name = "odd"
            hash_key = "id"

        class Schema:
            id = fields.String()

            @marshmallow.post_load
            def make(self, data, **kwargs):
                return object()

    with pytest.raises(DynaModelException, match="has to return a mapping"):
        Odd(id="1")


def test_what_a_dump_raises_names_the_field(calls):
    event = Event(id="1", at=NATIVE)
    event.at = object()
    with pytest.raises(ValidationError) as caught:
        event.save()
    assert list(caught.value.errors) == ["at"]
