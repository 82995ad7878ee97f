"""Hooks, validators, computed fields and methods of the user's: when they run, and on what."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

import pytest

pytest.importorskip("marshmallow")

import marshmallow
from marshmallow import (
    Schema,
    fields,
    post_dump,
    post_load,
    pre_dump,
    pre_load,
    validates,
    validates_schema,
)

from dynamorm.exceptions import DynaModelException, ValidationError
from dynamorm.schema import PARTIAL, TRUSTED

from .declared import MAJOR, MOMENT, adapt, declare, errors_of, through_storage


class Reversed(fields.String):
    def _serialize(self, value, attr, obj, **kwargs):
        return None if value is None else value[::-1]

    def _deserialize(self, value, attr, data, **kwargs):
        return super()._deserialize(value, attr, data, **kwargs)[::-1]


def test_methods_and_functions_compute_convert_and_take():
    class Declared(Schema):
        id = fields.String()
        label = fields.Method("get_label")
        shout = fields.Function(lambda obj: obj["id"].upper())
        both = fields.Method("dump_both", deserialize="load_both")
        taken = fields.Function(deserialize=lambda value: int(value))

        def get_label(self, obj):
            return "for " + obj["id"]

        def dump_both(self, obj):
            return str(obj["both"])

        def load_both(self, value):
            return int(value)

    adapter = adapt(Declared)
    natives = adapter.natives_of_given({"id": "a", "both": "7", "taken": "8", "label": "ignored"})
    assert natives == {"id": "a", "both": 7, "taken": 8}
    stored = adapter.checked_dump(adapter.natives_of_assigned(natives))
    assert stored == {"id": "a", "both": "7", "taken": 8, "label": "for a", "shout": "A"}
    assert adapter.natives_of_stored(through_storage(stored)) == natives
    assert adapter.computed_value(adapter.fields["label"], natives) == "for a"


def test_plain_values_of_a_field_of_ones_own_are_native_once_loaded():
    adapter = declare(f=Reversed())
    natives = adapter.natives_of_given({"f": "abc"})
    assert natives == {"f": "cba"}
    for _ in range(3):
        stored = adapter.checked_dump(adapter.natives_of_assigned(natives))
        assert stored == {"f": "abc"}
        natives = adapter.natives_of_stored(stored)
        assert natives == {"f": "cba"}


def test_own_get_attribute_and_handle_error_are_asked():
    class Refused(Exception):
        pass

    class Declared(Schema):
        a = fields.Integer()

        def get_attribute(self, obj, attr, default):
            return obj[attr] + 1

        def handle_error(self, error, data, **kwargs):
            raise Refused(error.messages)

    adapter = adapt(Declared)
    assert adapter.dump({"a": 1}) == {"a": 2}
    with pytest.raises(ValidationError, match="Not a valid integer") as caught:
        adapter.natives_of_given({"a": "x"})
    assert isinstance(caught.value.__cause__, Refused)


def counted_schema(many_name):
    calls = Counter()

    def all_strings(values):
        assert all(isinstance(each, (str, int, Decimal, list)) for each in values.values()), values

    class Counted(Schema):
        at = fields.DateTime(required=True, validate=lambda value: calls.update(["field"]))
        n = fields.Integer()

        @pre_load
        def before_load(self, data, **kwargs):
            all_strings(data)
            calls["pre_load"] += 1
            return data

        @pre_load(**{many_name: True})
        def before_loads(self, data, many, **kwargs):
            assert not many
            calls["pre_load many"] += 1
            return data

        @post_load(pass_original=True)
        def after_load(self, data, original, **kwargs):
            assert isinstance(data["at"], dt.datetime)
            all_strings(original)
            calls["post_load"] += 1
            return data

        @pre_dump
        def before_dump(self, data, **kwargs):
            assert isinstance(data["at"], dt.datetime)
            calls["pre_dump"] += 1
            return data

        @post_dump(pass_original=True)
        def after_dump(self, data, original, **kwargs):
            all_strings(data)
            assert isinstance(original["at"], dt.datetime)
            calls["post_dump"] += 1
            return data

        @validates("at")
        def check_at(self, value, *args, **kwargs):
            assert isinstance(value, dt.datetime)
            calls["validates"] += 1

        @validates_schema
        def check(self, data, **kwargs):
            calls["validates_schema"] += 1

        @validates_schema(pass_original=True, skip_on_field_errors=True)
        def check_original(self, data, original, **kwargs):
            all_strings(original)
            calls["validates_schema original"] += 1

    return adapt(Counted), calls


LOADED = {"pre_load": 1, "pre_load many": 1, "post_load": 1}
DUMPED = {"pre_dump": 1, "post_dump": 1}
FIELDS = {"field": 1, "validates": 1}
WHOLE = {"validates_schema": 1, "validates_schema original": 1}


@pytest.mark.parametrize("given", [MOMENT, MOMENT.isoformat()])
def test_every_hook_runs_once_and_on_data_in_the_right_form(given):
    adapter, calls = counted_schema("pass_collection" if MAJOR > 3 else "pass_many")

    def ran():
        counts = dict(calls)
        calls.clear()
        return counts

    natives = adapter.natives_of_given({"at": given, "n": 1})
    assert ran() == {**LOADED, **FIELDS}
    adapter.dump(adapter.natives_of_whole({"at": given, "n": 1}))
    assert ran() == {**LOADED, **FIELDS, **WHOLE, **DUMPED}
    natives["at"] = given
    stored = adapter.checked_dump(adapter.natives_of_assigned(natives))
    assert ran() == {**LOADED, **FIELDS, **WHOLE, **DUMPED}
    adapter.natives_of_stored(through_storage(stored))
    assert ran() == {**LOADED, **FIELDS, **WHOLE}
    adapter.natives_of_stored(through_storage(stored), PARTIAL)
    assert ran() == {**LOADED, **FIELDS}
    adapter.natives_of_stored(through_storage(stored), TRUSTED)
    assert ran() == LOADED


def test_a_method_with_two_marks_loses_one_only_and_can_be_called():
    class Declared(Schema):
        a = fields.Integer()

        @post_load
        def finish(self, data, **kwargs):
            self.check(data)
            return {**data, "finished": True}

        @validates_schema
        def check(self, data, **kwargs):
            if data.get("a") == 13:
                raise marshmallow.ValidationError("unlucky")

    class Child(Declared):
        def check(self, data, **kwargs):
            super().check(data, **kwargs)

    assert adapt(Declared).natives_of_given({"a": 1}) == {"a": 1, "finished": True}
    assert errors_of(adapt(Declared).natives_of_given, {"a": 13}) == {"_schema": ["unlucky"]}
    assert errors_of(adapt(Child).natives_of_given, {"a": 13}) == {"_schema": ["unlucky"]}


def test_a_method_that_is_two_hooks_keeps_the_other_mark():
    seen = []

    class Declared(Schema):
        a = fields.Integer()

        @post_load
        @validates_schema
        def both(self, data, **kwargs):
            seen.append(data)
            return data

    adapter = adapt(Declared)
    assert adapter.natives_of_given({"a": 1}) == {"a": 1}
    assert len(seen) == 1
    adapter.natives_of_whole({"a": 1})
    assert len(seen) == 3


def test_a_post_load_has_to_return_a_mapping():
    class Declared(Schema):
        a = fields.Integer()

        @post_load
        def make(self, data, **kwargs):
            return object()

    with pytest.raises(DynaModelException, match="post_load"):
        adapt(Declared).natives_of_given({"a": 1})


def test_what_a_dump_raises_is_an_error_of_its_field():
    class Broken(fields.Field):
        def _serialize(self, value, attr, obj, **kwargs):
            raise RuntimeError("broken")

        def _deserialize(self, value, attr, data, **kwargs):
            return value

    adapter = declare(a=fields.Integer(), f=Broken())
    with pytest.raises(ValidationError) as caught:
        adapter.dump({"a": 1, "f": "x"})
    assert set(caught.value.errors) == {"f"}
    assert isinstance(caught.value.__cause__, RuntimeError)
