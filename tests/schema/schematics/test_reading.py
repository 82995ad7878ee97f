"""What becomes of stored items."""

from __future__ import annotations

import pytest

pytest.importorskip("schematics")

from schematics import types
from schematics.models import Model
from schematics.types.serializable import serializable

from dynamorm.exceptions import ValidationError
from dynamorm.schema.base import PARTIAL, TRUSTED, WHOLE

from .declared import MOMENT, Address, Home, adapter_with, errors_of

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")


class TestReading:
    def test_unknown_attributes_never_fail(self):
        many = types.ListType(types.ModelType(Address))
        adapter = adapter_with(a=types.IntType(), home=types.ModelType(Address), homes=many)
        home = {"city": "B", "x": {"y": 1}}
        read = adapter.natives_of_stored({"a": 1, "x": 2, "home": home, "homes": [home]})
        assert read == {"a": 1, "home": Home("B"), "homes": [Home("B")]}

    def test_null(self):
        adapter = adapter_with(a=types.IntType(), b=types.IntType(required=True))
        assert adapter.natives_of_stored({"a": None, "b": 1}) == {"a": None, "b": 1}
        assert errors_of(adapter.natives_of_stored, {"b": None}) == {"b": ["This field is required."]}

    def test_partial_validates_what_is_there_and_fills_nothing_in(self):
        adapter = adapter_with(
            a=types.IntType(required=True),
            b=types.IntType(default=1, max_value=5),
            home=types.ModelType(Address),
        )
        assert adapter.natives_of_stored({"b": 2}, PARTIAL) == {"b": 2}
        assert adapter.natives_of_stored({"home": {"note": "x"}}, PARTIAL) == {
            "home": {"city": None, "zip": None, "note": "x"}
        }
        assert set(errors_of(adapter.natives_of_stored, {"b": 6}, PARTIAL)) == {"b"}

    def test_trusted_converts_and_does_nothing_else(self):
        adapter = adapter_with(
            a=types.IntType(required=True),
            b=types.IntType(max_value=5),
            at=types.DateTimeType(),
            home=types.ModelType(Address),
            homes=types.ListType(types.ModelType(Address)),
        )
        read = adapter.natives_of_stored({"b": 6, "at": "2024-05-06T07:08:09Z", "home": {}, "homes": [{}]}, TRUSTED)
        empty = {"city": None, "zip": 1000, "note": None}
        assert read == {"b": 6, "at": MOMENT, "home": empty, "homes": [empty]}
        assert set(errors_of(adapter.natives_of_stored, {"at": "never"}, TRUSTED)) == {"at"}

    def test_the_key_of_the_item_is_in_the_error(self):
        with pytest.raises(ValidationError, match=r"\(stored Book with key 7\)"):
            adapter_with(a=types.IntType()).natives_of_stored({"a": "x"}, WHOLE, "stored Book with key 7")

    def test_attributes_under_former_names(self):
        inner = type("Inner", (Model,), {"a": types.IntType(serialized_name="A", deserialize_from=["old"])})
        adapter = adapter_with(f=types.IntType(deserialize_from=["old"]), g=types.ModelType(inner))
        assert adapter.natives_of_stored({"old": 1, "g": {"old": 2}}) == {"f": 1, "g": {"A": 2}}
        assert adapter.natives_of_stored({"old": 1, "f": 3}) == {"f": 3}
        assert adapter.readable == {"f", "old", "g"}

    def test_computed_attributes_are_not_taken_in(self):
        adapter = adapter_with(a=types.IntType(), b=serializable(type=types.IntType())(lambda self: 7))
        assert adapter.natives_of_stored({"a": 1, "b": "no number"}) == {"a": 1}
        assert adapter.natives_of_given({"a": 1, "b": "no number"}) == {"a": 1}
