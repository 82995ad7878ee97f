"""How fields are described to the mapper: names, kinds, types of keys."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest

pytest.importorskip("schematics")

from schematics import types
from schematics.types.serializable import serializable

from dynamorm.schema.schematics import Binary, Set, Timestamp

from .declared import Address, adapter_of, adapter_with

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")


class TestDescription:
    def test_names(self):
        field = types.StringType(serialized_name="ISBN", deserialize_from=["id", "key"])
        spec = adapter_with(isbn=field).fields["isbn"]
        assert (spec.name, spec.stored, spec.source) == ("isbn", "ISBN", "isbn")
        assert spec.aliases == ("isbn", "id", "key")

    def test_an_alias_is_never_the_name_of_another_field(self):
        fields = adapter_with(
            a=types.StringType(serialized_name="b", deserialize_from=["c", "old"]),
            b=types.StringType(serialized_name="a"),
            c=types.StringType(serialized_name="cc"),
        ).fields
        assert [fields[name].aliases for name in "abc"] == [("old",), (), ("c",)]

    def test_required_is_not_nullable(self):
        fields = adapter_with(a=types.StringType(required=True), b=types.StringType()).fields
        assert (fields["a"].required, fields["a"].nullable) == (True, False)
        assert (fields["b"].required, fields["b"].nullable) == (False, True)

    @pytest.mark.parametrize(
        ("field", "kind", "key_type"),
        [
            (types.StringType(), "text", "S"),
            (types.URLType(), "text", "S"),
            (types.EmailType(), "text", "S"),
            (types.IPAddressType(), "text", "S"),
            (types.MACAddressType(), "text", "S"),
            (types.MD5Type(), "text", "S"),
            (types.UUIDType(), "leaf", "S"),
            (types.IntType(), "leaf", "N"),
            (types.LongType(), "leaf", "N"),
            (types.FloatType(), "leaf", "N"),
            (types.NumberType(), "leaf", "N"),
            (types.DecimalType(), "leaf", "S"),
            (types.BooleanType(), "leaf", None),
            (types.DateType(), "leaf", "S"),
            (types.DateTimeType(), "leaf", "S"),
            (types.UTCDateTimeType(), "leaf", "S"),
            (types.TimestampType(), "leaf", "N"),
            (types.TimedeltaType(), "leaf", "N"),
            (types.BaseType(), "any", "S"),
            (types.GeoPointType(), "any", None),
            (types.MultilingualStringType(default_locale="en"), "any", "S"),
            (types.ListType(types.IntType()), "list", None),
            (types.DictType(types.IntType()), "map", None),
            (types.ModelType(Address), "nested", None),
            (types.PolyModelType(Address), "any", None),
            (types.UnionType((types.IntType, types.FloatType)), "any", "N"),
            (types.UnionType((types.IntType, types.StringType)), "any", None),
            (Set(types.StringType()), "set", None),
            (Binary(), "leaf", "B"),
            (Timestamp(), "leaf", "N"),
            (serializable(type=types.IntType())(lambda self: 1), "leaf", "N"),
        ],
        ids=repr,
    )
    def test_kinds_and_key_types(self, field, kind, key_type):
        adapter = adapter_with(f=field)
        assert adapter.fields["f"].kind == kind
        assert adapter.fields["f"].key_type == key_type
        assert adapter.key_type(field) == key_type

    def test_key_types_of_fields_of_ones_own(self):
        class Level(types.IntType):
            pass

        class Exact(types.DecimalType):
            def to_primitive(self, value, context=None):
                return value

        class Odd(types.BaseType):
            dynamo_type = "B"

        fields = adapter_with(a=Level(), b=Exact(), c=Odd(), d=type("Own", (types.BaseType,), {})()).fields
        assert [fields[name].key_type for name in "abcd"] == ["N", "N", "B", "S"]

    @pytest.mark.parametrize(
        ("field", "loads_to"),
        [
            (types.UUIDType(), (uuid.UUID,)),
            (types.DecimalType(), (Decimal,)),
            (types.DateType(), (dt.date,)),
            (types.DateTimeType(), (dt.datetime,)),
            (types.TimedeltaType(), (dt.timedelta,)),
            (Timestamp(), (dt.datetime,)),
            (Binary(), (bytes, bytearray, memoryview)),
            (types.StringType(), ()),
            (types.IntType(), ()),
            (types.FloatType(), ()),
            (types.BooleanType(), ()),
            (types.BaseType(), ()),
            (types.ListType(types.IntType()), ()),
            (Set(types.IntType()), ()),
        ],
        ids=repr,
    )
    def test_what_types_load_to(self, field, loads_to):
        assert adapter_with(f=field).fields["f"].loads_to == loads_to

    def test_what_is_inside(self):
        fields = adapter_with(
            tags=Set(types.IntType()),
            prices=types.DictType(types.DecimalType()),
            homes=types.ListType(types.ModelType(Address)),
        ).fields
        assert fields["tags"].element.key_type == "N"
        assert fields["prices"].element.loads_to == (Decimal,)
        assert set(fields["homes"].element.fields) == {"city", "zip", "note"}
        assert fields["homes"].fields is None

    def test_models_by_name_are_resolved_when_needed(self):
        class Schema:
            name = types.StringType()
            parent = types.ModelType("BookSchema")
            home = types.ModelType(f"{__name__}.Address")

        fields = adapter_of(Schema).fields
        assert set(fields["parent"].fields) == {"name", "parent", "home"}
        assert set(fields["parent"].fields["parent"].fields["home"].fields) == {"city", "zip", "note"}

    def test_serializables_are_computed_and_never_required(self):
        spec = adapter_with(f=serializable(type=types.IntType(required=True))(lambda self: 1)).fields["f"]
        assert spec.computed and not spec.required
