"""Models inside models, one or one of several, and unions."""

from __future__ import annotations

from decimal import Decimal

import pytest

pytest.importorskip("schematics")

from schematics import types
from schematics.models import Model
from schematics.types.serializable import serializable

from .declared import ID, MOMENT, Address, Home, adapter_of, adapter_with, errors_of, stored

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")


class TestNested:
    def test_natives_are_dicts(self):
        adapter = adapter_with(home=types.ModelType(Address), homes=types.DictType(types.ModelType(Address)))
        natives = adapter.natives_of_given({"home": {"city": "B"}, "homes": {"a": {"city": "C"}}})
        assert natives == {"home": Home("B"), "homes": {"a": Home("C")}}
        assert type(natives["home"]) is dict and type(natives["homes"]["a"]) is dict
        assert adapter.natives_of_stored(stored(adapter, natives)) == natives

    def test_objects_are_taken_natively(self):
        adapter = adapter_with(
            home=types.ModelType(Address),
            homes=types.ListType(types.ModelType(Address)),
            any=types.PolyModelType(Address),
        )
        home = Address({"city": "B"})
        values = {"home": home, "homes": [home], "any": home}
        plain = {"home": Home("B"), "homes": [Home("B")], "any": Home("B")}
        assert adapter.natives_of_given(values) == adapter.natives_of_whole(values) == plain
        assert adapter.dump(values) == adapter.checked_dump(adapter.natives_of_assigned(values)) == plain

    def test_names_of_nested_fields(self):
        inner = type("Inner", (Model,), {"city": types.StringType(serialized_name="City")})
        adapter = adapter_with(home=types.ModelType(inner))
        for given in ({"city": "B"}, {"City": "B"}, inner({"city": "B"})):
            natives = adapter.natives_of_whole({"home": given})
            assert natives == {"home": {"City": "B"}}  # as to_native of schematics has it
            assert adapter.dump(natives) == {"home": {"City": "B"}}
            assert adapter.natives_of_stored(stored(adapter, natives)) == natives
            assert adapter.dump(adapter.natives_of_assigned({"home": given})) == {"home": {"City": "B"}}

    def test_leaves_of_nested_models(self):
        class Order(Model):
            at = types.DateTimeType()
            price = types.DecimalType()
            id = types.UUIDType()

        adapter = adapter_with(f=types.ModelType(Order))
        natives = {"f": {"at": MOMENT, "price": Decimal("1.10"), "id": ID}}
        assert adapter.natives_of_whole(natives) == natives
        assert adapter.dump(natives) == {"f": {"at": "2024-05-06T07:08:09.000000+0000", "price": "1.10", "id": str(ID)}}
        assert adapter.natives_of_stored(stored(adapter, natives)) == natives

    def test_a_model_within_itself(self):
        class Schema:
            name = types.StringType(required=True)
            parts = types.ListType(types.ModelType("BookSchema"))

        adapter = adapter_of(Schema)
        given = {"name": "a", "parts": [{"name": "b", "parts": [{"name": "c"}]}]}
        natives = adapter.natives_of_whole(given)
        assert natives["parts"][0]["parts"][0] == {"name": "c", "parts": None}
        assert adapter.natives_of_stored(stored(adapter, natives)) == natives

    def test_nested_serializables_follow_what_they_are_computed_of(self):
        class Inner(Model):
            a = types.IntType()
            double = serializable(type=types.IntType())(lambda self: self.a * 2)

        adapter = adapter_with(f=types.ModelType(Inner))
        natives = adapter.natives_of_given({"f": {"a": 1}})
        assert natives == {"f": {"a": 1, "double": 2}}
        natives["f"]["a"] = 5
        assert adapter.dump(adapter.natives_of_assigned(natives)) == {"f": {"a": 5, "double": 10}}

    def test_poly_models(self):
        class Place(Model):
            lat = types.FloatType(required=True)

        field = types.PolyModelType(
            [Address, Place], claim_function=lambda field, data: field.model_classes["lat" in data]
        )
        adapter = adapter_with(f=field)
        for given, native in (({"lat": 1.5}, {"lat": 1.5}), ({"city": "B"}, Home("B"))):
            natives = adapter.natives_of_whole({"f": given})
            assert natives == {"f": native}
            read = adapter.natives_of_stored(stored(adapter, natives))
            assert read == natives
            assert adapter.checked_dump(adapter.natives_of_assigned(read)) == adapter.dump(natives)
        assert errors_of(adapter.natives_of_given, {"f": {"lat": "x"}}) == {"f": {"lat": ["Value 'x' is not float."]}}
        assert adapter.dump({"f": Place({"lat": 2})}) == {"f": {"lat": 2.0}}

    def test_what_is_computed_in_a_poly_model_is_not_taken_in(self):
        class Inner(Model):
            a = types.IntType()
            b = serializable(type=types.IntType())(lambda self: 7)

        adapter = adapter_with(f=types.PolyModelType(Inner))
        assert adapter.natives_of_stored({"f": {"a": 1, "b": "no number"}}) == {"f": {"a": 1, "b": 7}}

    def test_poly_models_that_claim(self):
        class Shape(Model):
            kind = types.StringType()

            @classmethod
            def _claim_polymorphic(cls, data):
                return data.get("kind") == cls.__name__

        class Circle(Shape):
            radius = types.IntType()

        adapter = adapter_with(f=types.ListType(types.PolyModelType(Shape)))
        natives = adapter.natives_of_whole({"f": [{"kind": "Circle", "radius": 1}, {"kind": "Shape"}]})
        assert natives == {"f": [{"kind": "Circle", "radius": 1}, {"kind": "Shape"}]}
        assert adapter.natives_of_stored(stored(adapter, natives)) == natives
        assert set(errors_of(adapter.natives_of_given, {"f": [{"kind": "none"}]})) == {"f"}

    def test_unions(self):
        members = (types.IntType(), types.ModelType(Address), types.ListType(types.IntType()))
        adapter = adapter_with(f=types.UnionType(members))
        for given, native in (("7", 7), ({"city": "B"}, Home("B")), (["1"], [1])):
            natives = adapter.natives_of_whole({"f": given})
            assert natives == {"f": native}
            assert adapter.natives_of_stored(stored(adapter, natives)) == natives
