"""What becomes of values that a program gives: conversion, validators, defaults."""

from __future__ import annotations

import pickle
from collections import Counter
from decimal import Decimal

import pytest

pytest.importorskip("schematics")

from schematics import types
from schematics.exceptions import ValidationError as Refusal
from schematics.models import Model

from dynamorm.exceptions import ValidationError
from dynamorm.schema.base import PARTIAL

from .declared import ID, MOMENT, Address, adapter_with, errors_of

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")


class TestConstruction:
    def test_what_is_given_is_converted(self):
        adapter = adapter_with(
            isbn=types.StringType(required=True), pages=types.IntType(), at=types.DateTimeType(), id=types.UUIDType()
        )
        given = {"pages": "7", "at": "2024-05-06T07:08:09Z", "id": str(ID)}
        assert adapter.natives_of_given(given) == {"pages": 7, "at": MOMENT, "id": ID}
        assert adapter.natives_of_given({"pages": 7, "at": MOMENT, "id": ID}) == {"pages": 7, "at": MOMENT, "id": ID}

    def test_what_is_missing_or_none_is_no_error(self):
        adapter = adapter_with(isbn=types.StringType(required=True))
        assert adapter.natives_of_given({}) == adapter.natives_of_given({"isbn": None}) == {}

    def test_python_names_and_stored_names(self):
        adapter = adapter_with(isbn=types.StringType(serialized_name="ISBN", deserialize_from="key"))
        for name in ("isbn", "ISBN", "key"):
            assert adapter.natives_of_given({name: "1"}) == {"isbn": "1"}

    def test_names_that_are_swapped(self):
        adapter = adapter_with(a=types.IntType(serialized_name="b"), b=types.StringType(serialized_name="a"))
        assert adapter.natives_of_given({"b": "x"}) == {"b": "x"}
        assert adapter.natives_of_stored({"a": "x"}) == {"b": "x"}
        assert adapter.natives_of_stored(adapter.dump({"a": 1, "b": "x"})) == {"a": 1, "b": "x"}

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            (types.StringType(max_length=3), "long", "String value is too long."),
            (types.StringType(choices=["a", "b"]), "c", "Value (c) must be one of ['a', 'b']."),
            (types.StringType(regex="^[a-c]+$"), "x", "String value did not match validation regex."),
            (types.IntType(max_value=5), 6, "Int value should be less than or equal to 5."),
            (types.IntType(), "x", "Value 'x' is not int."),
            (types.EmailType(), "no mail", "Not a well-formed email address."),
            (types.StringType(), [1], "Couldn't interpret '[1]' as string."),
            (types.StringType(), {"a": 1}, "Couldn't interpret '{'a': 1}' as string."),
            (types.ListType(types.IntType(), min_size=1), [], "Please provide at least 1 item."),
        ],
        ids=repr,
    )
    def test_validators_run_on_what_is_given(self, field, value, message):
        adapter = adapter_with(f=field)
        for take in (adapter.natives_of_given, adapter.natives_of_whole):
            assert errors_of(take, {"f": value}) == {"f": [message]}

    def test_validators_of_ones_own(self):
        def even(value, context=None):
            if value % 2:
                raise Refusal("odd")

        adapter = adapter_with(f=types.IntType(validators=[even]))
        assert adapter.natives_of_given({"f": "2"}) == {"f": 2}
        assert errors_of(adapter.natives_of_given, {"f": 3}) == {"f": ["odd"]}

    @pytest.mark.parametrize(("value", "text"), [(5, "5"), (1.5, "1.5"), (Decimal("1.50"), "1.50"), (b"raw", "raw")])
    def test_scalars_given_to_a_string_field(self, value, text):
        assert adapter_with(f=types.StringType()).natives_of_given({"f": value}) == {"f": text}

    def test_all_errors_are_reported_by_field(self):
        adapter = adapter_with(
            a=types.IntType(),
            b=types.ListType(types.IntType()),
            c=types.ModelType(Address),
            d=types.IntType(serialized_name="D"),
        )
        errors = errors_of(adapter.natives_of_given, {"a": "x", "b": [1, "x"], "c": {"zip": "x"}, "d": "x"})
        assert errors == {
            "a": ["Value 'x' is not int."],
            "b": {1: ["Value 'x' is not int."]},
            "c": {"city": ["This field is required."], "zip": ["Value 'x' is not int."]},
            "D": ["Value 'x' is not int."],
        }

    def test_errors_are_plain_and_pickle(self):
        with pytest.raises(ValidationError) as caught:
            adapter_with(a=types.IntType()).natives_of_given({"a": "x"})
        error = pickle.loads(pickle.dumps(caught.value))
        assert error.errors == {"a": ["Value 'x' is not int."]}
        assert error.raw == {"a": "x"}
        assert str(error).startswith("Validation failed for schema BookSchema. Errors: ")
        assert type(caught.value.__cause__).__module__ == "schematics.exceptions"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            (types.UUIDType(), 5),
            (types.IntType(), float("inf")),
            (types.TimedeltaType(), 1e300),
            (types.DateTimeType(), float("inf")),
            (types.PolyModelType([Address], claim_function=lambda field, data: None), {"city": "B"}),
        ],
        ids=repr,
    )
    def test_a_value_that_makes_the_type_stumble_is_refused_all_the_same(self, field, value):
        adapter = adapter_with(f=field)
        assert set(errors_of(adapter.natives_of_given, {"f": value})) == {"f"}
        assert set(errors_of(adapter.natives_of_assigned, {"f": value})) == {"f"}

    def test_a_mistake_in_a_validator_is_told_as_what_it_is(self):
        def broken(value):
            return value.nothing

        adapter = adapter_with(f=types.IntType(validators=[broken]))
        assert errors_of(adapter.natives_of_given, {"f": 1}) == {
            "f": ["AttributeError: 'int' object has no attribute 'nothing'"]
        }

    def test_unknown_names_are_ignored(self):
        adapter = adapter_with(a=types.IntType(), b=types.ModelType(Address))
        values = {"a": 1, "x": 2, "b": {"city": "B", "x": 1}}
        assert adapter.natives_of_given(values) == {"a": 1, "b": {"city": "B", "zip": 1000, "note": None}}
        assert adapter.natives_of_whole({"a": 1, "x": 2}) == {"a": 1}

    def test_updates_apply_no_defaults(self):
        adapter = adapter_with(a=types.IntType(default=1), b=types.IntType())
        assert adapter.natives_of_given({"b": 2}, defaults=False) == {"b": 2}
        assert adapter.natives_of_given({"b": 2}) == {"a": 1, "b": 2}


class TestDefaults:
    def test_a_callable_is_called_once(self):
        calls = Counter()

        def made():
            calls["made"] += 1
            return "x"

        adapter = adapter_with(a=types.StringType(default=made), b=types.StringType())
        for take in (adapter.natives_of_given, adapter.natives_of_whole, adapter.natives_of_stored):
            assert take({"b": "y"}) == {"a": "x", "b": "y"}
            assert calls.pop("made") == 1
        adapter.natives_of_given({"a": "given"})
        adapter.natives_of_stored({"b": "y"}, PARTIAL)
        assert not calls

    def test_a_nested_default_is_made_once_in_a_whole_put(self):
        calls = Counter()

        def made():
            calls["made"] += 1
            return "x"

        inner = type("Inner", (Model,), {"a": types.StringType(default=made)})
        adapter = adapter_with(f=types.ModelType(inner))
        assert adapter.dump(adapter.natives_of_whole({"f": {}})) == {"f": {"a": "x"}}
        assert calls["made"] == 1

    def test_a_default_satisfies_required(self):
        assert adapter_with(a=types.IntType(required=True, default=0)).natives_of_whole({}) == {"a": 0}

    def test_a_mutable_default_is_nobodys_in_common(self):
        adapter = adapter_with(
            a=types.BaseType(default={"k": []}),
            b=types.ListType(types.IntType(), default=[]),
            c=types.BaseType(default={"x"}),
        )
        first = adapter.natives_of_given({})
        first["a"]["k"].append(1)
        first["b"].append(1)
        first["c"].add("y")
        assert adapter.natives_of_given({}) == {"a": {"k": []}, "b": [], "c": {"x"}}


class TestWhole:
    def test_what_is_missing_counts(self):
        adapter = adapter_with(a=types.IntType(required=True), b=types.IntType())
        assert errors_of(adapter.natives_of_whole, {"b": 1}) == {"a": ["This field is required."]}
        assert errors_of(adapter.natives_of_whole, {"a": None}) == {"a": ["This field is required."]}
        assert errors_of(adapter.natives_of_stored, {"b": 1}) == {"a": ["This field is required."]}

    def test_nested_models_are_whole_wherever_they_are_given(self):
        adapter = adapter_with(home=types.ModelType(Address))
        for take in (adapter.natives_of_given, adapter.natives_of_whole):
            assert errors_of(take, {"home": {"zip": 1}}) == {"home": {"city": ["This field is required."]}}
