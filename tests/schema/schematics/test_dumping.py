"""What becomes of values that are stored."""

from __future__ import annotations

import copy
import datetime as dt
from decimal import Decimal

import pytest

pytest.importorskip("schematics")

from schematics import types
from schematics.models import Model
from schematics.transforms import blacklist, whitelist
from schematics.types.serializable import calculated, serializable

from .declared import ID, MOMENT, Address, Home, adapter_of, adapter_with, errors_of

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")


class Shouted(types.StringType):
    """Makes another value of each, its own ones too."""

    def to_native(self, value, context=None):
        return super().to_native(value, context).upper() + "!"


class Loud(Model):
    name = Shouted()


class TestDumping:
    def test_stored_names(self):
        adapter = adapter_with(a=types.IntType(serialized_name="A"), b=types.IntType())
        assert adapter.dump({"a": 1}) == {"A": 1}

    def test_no_role_keeps_anything_out(self):
        class Secretive(Address):
            class Options:
                roles = {"default": whitelist("zip")}

        class Schema:
            a = types.IntType()
            b = types.IntType()
            home = types.ModelType(Secretive)

            class Options:
                roles = {"default": whitelist("a"), "public": blacklist("b")}

        assert adapter_of(Schema).dump({"a": 1, "b": 2, "home": Home("B")}) == {"a": 1, "b": 2, "home": Home("B")}

    @pytest.mark.parametrize("level", [0, 1, 2, 10, 99])
    def test_no_export_level_keeps_anything_out(self, level):
        inner = type("Inner", (Model,), {"x": types.IntType(export_level=level), "y": types.IntType()})
        adapter = adapter_with(
            a=types.IntType(export_level=level),
            b=types.ListType(types.IntType(export_level=level), export_level=level),
            c=types.ListType(types.IntType(), serialize_when_none=False),
            d=types.ListType(types.ModelType(inner), export_level=level),
        )
        natives = {"a": 1, "b": [1], "c": [], "d": [{"x": 1, "y": 2}]}
        assert adapter.dump(natives) == natives

    def test_serializables_are_stored(self):
        class Schema:
            first = types.StringType()
            last = types.StringType()

            @serializable(type=types.StringType(serialized_name="Name"))
            def name(self):
                return " ".join(filter(None, (self.first, self.last)))

            @serializable
            def broken(self):
                return 1 / 0

        adapter = adapter_of(Schema)
        assert adapter.dump({"first": "A"}) == {"first": "A", "Name": "A"}
        assert adapter.computed_value(adapter.fields["name"], {"first": "A", "last": "B"}) == "A B"
        assert adapter.computed_value(adapter.fields["broken"], {}) is None

    def test_a_computed_value_is_stored_as_it_is_and_shown_as_its_type_has_it(self):
        adapter = adapter_with(f=serializable(type=types.IntType())(lambda self: "7"))
        assert adapter.dump({}) == {"f": "7"}
        assert adapter.computed_value(adapter.fields["f"], {}) == 7

    def test_serializables_see_nested_models_as_objects(self):
        class Schema:
            home = types.ModelType(Address)
            homes = types.ListType(types.ModelType(Address))
            named = types.DictType(types.ModelType(Address))
            city = serializable(type=types.StringType())(
                lambda self: self.home.city + self.homes[0].city + self.named["d"].city
            )
            main = serializable(type=types.ModelType(Address))(lambda self: self.home)

        adapter = adapter_of(Schema)
        given = {"home": {"city": "B"}, "homes": [{"city": "C"}], "named": {"d": {"city": "D"}}}
        natives = adapter.natives_of_whole(given)
        assert adapter.dump(natives)["city"] == "BCD"
        assert adapter.dump(natives)["main"] == Home("B")
        assert adapter.computed_value(adapter.fields["main"], natives) == Home("B")

    def test_a_setter_is_no_way_in(self):
        def refuse(self, value):
            raise AssertionError(value)

        whole = calculated(type=types.IntType(), fget=lambda self: self.a + 1, fset=refuse)
        inner = type("Inner", (Model,), {"a": types.IntType(), "b": copy.deepcopy(whole)})
        adapter = adapter_with(a=types.IntType(), b=whole, c=types.ModelType(inner))
        natives = adapter.natives_of_whole({"a": 1, "b": 9, "c": {"a": 1, "b": 9}})
        assert natives == adapter.natives_of_whole({"a": 1, "c": inner({"a": 1})}) == {"a": 1, "c": {"a": 1, "b": 2}}
        assert adapter.dump(natives) == {"a": 1, "b": 2, "c": {"a": 1, "b": 2}}
        assert adapter.natives_of_stored(adapter.dump(natives)) == natives

    def test_none_stays_in_its_place_in_lists(self):
        adapter = adapter_with(a=types.ListType(types.BaseType()), b=types.ListType(types.ModelType(Address)))
        assert adapter.dump({"a": [1, None], "b": [None]}) == {"a": [1, None], "b": [None]}
        assert errors_of(adapter_with(f=types.ListType(types.UUIDType())).natives_of_given, {"f": [None]}) == {
            "f": {0: ["This field is required."]}
        }

    def test_what_cannot_be_dumped_is_a_validation_error_with_the_field(self):
        adapter = adapter_with(f=types.MultilingualStringType(serialized_name="F"))
        assert adapter.natives_of_given({"f": {"en": "x"}}) == {"f": {"en": "x"}}
        assert errors_of(adapter.dump, {"f": {"en": "x"}}) == {"F": ["No default or explicit locales were given."]}
        assert set(errors_of(adapter_with(f=types.DateType()).dump, {"f": "text"})) == {"f"}

    def test_an_assigned_value_is_converted_before_it_is_stored(self):
        adapter = adapter_with(
            a=types.IntType(),
            b=types.ListType(types.IntType()),
            c=types.StringType(),
            d=types.ListType(types.StringType()),
            at=types.DateTimeType(),
            home=types.ModelType(Address),
        )
        assigned = {
            "a": "1",
            "b": ["2"],
            "c": 1.5,
            "d": [Decimal("1.50")],
            "at": "2024-05-06T07:08:09Z",
            "home": {"city": "B", "zip": "9"},
        }
        assert adapter.checked_dump(adapter.natives_of_assigned(assigned)) == {
            "a": 1,
            "b": [2],
            "c": "1.5",
            "d": ["1.50"],
            "at": "2024-05-06T07:08:09.000000+0000",
            "home": Home("B", zip=9),
        }
        assert errors_of(adapter.natives_of_assigned, {"b": [1, "x"]}) == {"b": {1: ["Value 'x' is not int."]}}
        assert errors_of(adapter.natives_of_assigned, {"c": ["x"]}) == {"c": ["Couldn't interpret '['x']' as string."]}

    @pytest.mark.parametrize(
        ("field", "value", "stored"),
        [
            (Shouted(), "x", "X!"),
            (types.ListType(Shouted()), ["x"], ["X!"]),
            (types.DictType(Shouted()), {"k": "x"}, {"k": "X!"}),
            (types.ListType(types.ModelType(Loud)), [{"name": "x"}], [{"name": "X!"}]),
        ],
    )
    def test_a_value_alone_is_converted_as_often_as_among_others(self, field, value, stored):
        adapter = adapter_with(f=field)
        natives = adapter.natives_of_assigned({"f": value})
        assert adapter.stored_form(adapter.fields["f"], value) == adapter.dump(natives)["f"] == stored

    def test_a_union_with_a_type_of_the_users_is_dumped_alone_as_among_others(self):
        adapter = adapter_with(f=types.UnionType([types.IntType, Shouted]))
        dumped = adapter.dump(adapter.natives_of_assigned({"f": "x"}))  # by a type that schematics finds by converting
        assert adapter.stored_form(adapter.fields["f"], "x") == dumped["f"] == "X!!"

    def test_operands(self):
        adapter = adapter_with(at=types.DateTimeType(), a=types.IntType(max_value=5), n=types.UUIDType())
        fields = adapter.fields
        assert adapter.serialise(fields["at"], MOMENT) == "2024-05-06T07:08:09.000000+0000"
        assert adapter.serialise(fields["a"], adapter.convert(fields["a"], "9")) == 9
        assert adapter.serialise(fields["n"], ID) == str(ID)
        east = MOMENT.astimezone(dt.timezone(dt.timedelta(hours=2)))
        utc = adapter_with(at=types.UTCDateTimeType())
        assert utc.stored_form(utc.fields["at"], east) == "2024-05-06T07:08:09.000000Z"
