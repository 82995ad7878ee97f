"""The adapter for schematics, through what every adapter offers the mapper; the library is the real one."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
import threading
import uuid
from collections import Counter
from decimal import Decimal, localcontext

import pytest

pytest.importorskip("schematics")
from schematics import types
from schematics.exceptions import ValidationError as Refusal
from schematics.models import Model
from schematics.transforms import blacklist, whitelist
from schematics.types.serializable import calculated, serializable

from dynamorm.codec import decode_item, encode_item
from dynamorm.exceptions import UnstorableValue, ValidationError
from dynamorm.schema.base import PARTIAL, TRUSTED, WHOLE, DynamORMSchema
from dynamorm.schema.registry import adapter_for
from dynamorm.schema.schematics import ADAPTER, Binary, Set, Timestamp

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")

UTC = dt.timezone.utc
MOMENT = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
BEFORE = dt.datetime(1969, 12, 31, 23, 59, 59, 500000, UTC)
ID = uuid.UUID("12345678-1234-5678-1234-567812345678")


def adapter_of(inner):
    schema = ADAPTER.adopt("BookSchema", inner)
    schema._dynamorm_adapter = adapter = ADAPTER(schema)
    return adapter


def adapter_with(**members):
    return adapter_of(type("Schema", (), members))


def stored(adapter, natives):
    """What comes back of natives that went out as wire items."""
    return decode_item(encode_item(adapter.dump(natives)))


def round_trip(field, value, mode=WHOLE):
    """Put a value, and read it; gives its wire form and the value read."""
    adapter = adapter_with(f=field)
    wire = encode_item(adapter.dump(adapter.natives_of_whole({"f": value})))
    return wire.get("f"), adapter.natives_of_stored(decode_item(wire), mode).get("f")


def errors_of(take, *arguments, **options):
    with pytest.raises(ValidationError) as caught:
        take(*arguments, **options)
    return caught.value.errors


class Address(Model):
    city = types.StringType(required=True)
    zip = types.IntType(default=1000)
    note = types.StringType()


class TestWhatIsClaimed:
    def test_a_plain_class_with_types(self):
        class Schema:
            isbn = types.StringType()

        assert ADAPTER.claims(Schema)
        assert adapter_for("Book", Schema) is ADAPTER

    def test_a_plain_class_with_nothing_but_a_serializable(self):
        class Schema:
            @serializable
            def shout(self):
                return "!"

        assert ADAPTER.claims(Schema)

    def test_a_model_and_a_subclass_of_an_adopted_one(self):
        parent = adapter_of(Address).schema
        assert ADAPTER.claims(Address)
        assert ADAPTER.claims(type("Schema", (parent,), {}))

    def test_types_of_a_mixin(self):
        class Mixin:
            isbn = types.StringType()

        assert ADAPTER.claims(type("Schema", (Mixin,), {}))

    def test_nothing_else(self):
        class Schema:
            isbn: str = "x"

            def validate_isbn(self, data, value):
                pass

        assert not ADAPTER.claims(Schema)


class TestWhatIsAdopted:
    def test_a_plain_class_becomes_a_model_of_that_name(self):
        class Mixin:
            author = types.StringType()

            def shout(self):
                return self.isbn + "!"

        class Schema(Mixin):
            isbn = types.StringType()

            def validate_isbn(self, data, value):
                if value == "bad":
                    raise Refusal("bad isbn")

        schema = adapter_of(Schema).schema
        assert schema.__name__ == "BookSchema"
        assert issubclass(schema, (Model,)) and issubclass(schema, DynamORMSchema) and issubclass(schema, Mixin)
        assert set(schema._dynamorm_adapter.fields) == {"author", "isbn"}
        assert schema({"isbn": "1"}).shout() == "1!"
        assert errors_of(schema._dynamorm_adapter.natives_of_given, {"isbn": "bad"}) == {"isbn": ["bad isbn"]}

    def test_a_model_keeps_its_class(self):
        class Schema(Address):
            street = types.StringType()

            class Options:
                serialize_when_none = False
                roles = {"public": blacklist("note")}

        schema = adapter_of(Schema).schema
        assert issubclass(schema, Schema)
        assert set(schema._dynamorm_adapter.fields) == {"city", "zip", "note", "street"}
        assert "public" in schema._schema.options.roles

    def test_options_of_a_plain_class_are_kept(self):
        class Schema:
            isbn = types.StringType()

            class Options:
                roles = {"public": whitelist("isbn")}

        assert "public" in adapter_of(Schema).schema._schema.options.roles

    def test_a_schema_inherits_from_the_adopted_one_of_its_parent(self):
        class Base:
            isbn = types.StringType(required=True)

            def validate_isbn(self, data, value):
                if value == "bad":
                    raise Refusal("bad isbn")

        parent = adapter_of(Base)

        class Schema(parent.schema):
            pages = types.IntType()

        child = adapter_of(Schema)
        assert set(child.fields) == {"isbn", "pages"}
        assert set(parent.fields) == {"isbn"}
        assert errors_of(child.natives_of_whole, {"isbn": "bad"}) == {"isbn": ["bad isbn"]}

    def test_a_plain_child_can_drop_a_field(self):
        class Base:
            isbn = types.StringType()
            pages = types.IntType()

        class Schema(Base):
            pages = None

        assert set(adapter_of(Schema).fields) == {"isbn"}

    def test_the_users_classes_stay_as_they_are(self):
        class Schema:
            isbn = types.StringType()
            tags = types.ListType(types.StringType())

        before = {name: dict(vars(value)) for name, value in vars(Schema).items() if not name.startswith("__")}
        first, second = adapter_of(Schema), adapter_of(Schema)
        assert {name: dict(vars(value)) for name, value in vars(Schema).items() if name in before} == before
        assert first.schema._schema.fields["isbn"].owner_model is first.schema
        assert second.schema._schema.fields["isbn"].owner_model is second.schema

    def test_super_works_in_methods_of_a_plain_class(self):
        class Schema:
            isbn = types.StringType()

            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                self.suffix = "!"

            @serializable(type=types.StringType())
            def shout(self):
                return self.isbn + self.suffix

        assert adapter_of(Schema).dump({"isbn": "1"}) == {"isbn": "1", "shout": "1!"}

    def test_what_every_model_schema_offers(self):
        schema = adapter_with(isbn=types.StringType(required=True), at=types.DateTimeType()).schema
        assert schema.base_schema_type() is Model
        assert list(schema.dynamorm_fields()) == ["isbn", "at"]
        assert schema.field_to_dynamo_type(schema.dynamorm_fields()["at"]) == "S"
        assert schema.dynamorm_validate({"isbn": 1, "at": MOMENT}) == {
            "isbn": "1",
            "at": "2024-05-06T07:08:09.000000+0000",
        }
        assert schema.dynamorm_validate({"at": MOMENT}, partial=True, native=True) == {"at": MOMENT}


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

    def test_a_mistake_in_a_validator_is_not_a_wrong_value(self):
        def broken(value):
            return value.nothing

        with pytest.raises(AttributeError):
            adapter_with(f=types.IntType(validators=[broken])).natives_of_given({"f": 1})

    def test_unknown_names_are_ignored(self):
        adapter = adapter_with(a=types.IntType(), b=types.ModelType(Address))
        values = {"a": 1, "x": 2, "b": {"city": "B", "x": 1}}
        assert adapter.natives_of_given(values) == {"a": 1, "b": {"city": "B", "zip": 1000, "note": None}}
        assert adapter.natives_of_whole({"a": 1, "x": 2}) == {"a": 1}
        assert not adapter.keeps_unknown

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


class TestValidateMethods:
    @pytest.fixture
    def calls(self):
        return Counter()

    @pytest.fixture
    def adapter(self, calls):
        class Schema:
            start = types.IntType()
            end = types.IntType(serialized_name="End", default=9)
            note = types.StringType()

            def validate_start(self, data, value, context):
                calls["start"] += 1
                if value is not None and data["end"] is not None and value > data["end"]:
                    raise Refusal("after the end")

            def validate_end(self, data, value):
                calls["end"] += 1
                assert data["end"] == value == self.end
                if value == 0:
                    raise Refusal("no end")

            @classmethod
            def validate_note(cls, data, value):
                calls["note"] += 1

        return adapter_of(Schema)

    def test_construction_runs_those_of_what_is_given(self, adapter, calls):
        adapter.natives_of_given({"start": 1})
        assert calls == {"start": 1}
        assert errors_of(adapter.natives_of_given, {"End": 0}) == {"End": ["no end"]}

    def test_they_see_the_other_values(self, adapter):
        assert errors_of(adapter.natives_of_given, {"start": 2, "end": 1}) == {"start": ["after the end"]}
        assert errors_of(adapter.natives_of_whole, {"start": 10}) == {"start": ["after the end"]}

    def test_a_whole_item_runs_all_once(self, adapter, calls):
        adapter.natives_of_whole({"start": 1})
        assert calls == {"start": 1, "end": 1, "note": 1}

    def test_reading(self, adapter, calls):
        adapter.natives_of_stored({"start": 1}, WHOLE)
        assert calls == {"start": 1, "end": 1, "note": 1}
        calls.clear()
        adapter.natives_of_stored({"start": 1}, PARTIAL)
        assert calls == {"start": 1}
        calls.clear()
        assert adapter.natives_of_stored({"start": 1, "End": 0}, TRUSTED) == {"start": 1, "end": 0}
        assert not calls

    def test_a_wrong_value_is_not_shown_to_them(self, adapter, calls):
        assert errors_of(adapter.natives_of_whole, {"start": "x", "End": 1}) == {"start": ["Value 'x' is not int."]}
        assert calls == {"end": 1, "note": 1}

    def test_they_can_change_the_data(self):
        class Schema:
            title = types.StringType()
            slug = types.StringType()

            def validate_title(self, data, value):
                data["slug"] = value.lower()

        assert adapter_of(Schema).natives_of_whole({"title": "A"}) == {"title": "A", "slug": "a"}

    def test_those_of_nested_models_run_once(self, calls):
        class Inner(Model):
            a = types.IntType()

            def validate_a(self, data, value):
                calls["inner"] += 1
                if value == 0:
                    raise Refusal("zero")

        adapter = adapter_with(f=types.ModelType(Inner), g=types.ListType(types.ModelType(Inner)))
        adapter.natives_of_whole({"f": {"a": 1}})
        assert calls["inner"] == 1
        assert errors_of(adapter.natives_of_given, {"g": [{"a": 0}]}) == {"g": {0: {"a": ["zero"]}}}


class TestCounts:
    """Every hook once for a write and once for a read."""

    @pytest.fixture
    def calls(self):
        return Counter()

    @pytest.fixture
    def adapter(self, calls):
        def checked(value):
            calls["validator", value] += 1
            assert isinstance(value, int)

        class Own(types.IntType):
            def validate_own(self, value, context=None):
                calls["type", value] += 1

        class Schema:
            a = types.IntType(validators=[checked])
            b = Own()
            c = types.ListType(types.IntType(validators=[checked]))

            def validate_a(self, data, value):
                calls["method", value] += 1

            @serializable(type=types.IntType())
            def d(self):
                calls["serializable"] += 1
                return 5

        return adapter_of(Schema)

    GIVEN = {"a": "1", "b": "2", "c": ["3"]}
    EACH_ONCE = {("validator", 1): 1, ("type", 2): 1, ("validator", 3): 1, ("method", 1): 1}

    def test_put(self, adapter, calls):
        adapter.dump(adapter.natives_of_whole(self.GIVEN))
        assert calls == {**self.EACH_ONCE, "serializable": 1}

    def test_save(self, adapter, calls):
        adapter.checked_dump(adapter.natives_of_assigned(self.GIVEN))
        assert calls == {**self.EACH_ONCE, "serializable": 1}

    def test_read(self, adapter, calls):
        wire = {"a": 1, "b": 2, "c": [3], "d": 5}
        adapter.natives_of_stored(wire)
        assert calls == self.EACH_ONCE
        calls.clear()
        assert adapter.natives_of_stored(wire, TRUSTED) == {"a": 1, "b": 2, "c": [3]}
        assert not calls


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


def Home(city, **values):
    return {"city": city, "zip": 1000, "note": None, **values}


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

    def test_operands(self):
        adapter = adapter_with(at=types.DateTimeType(), a=types.IntType(max_value=5), n=types.UUIDType())
        fields = adapter.fields
        assert adapter.serialise(fields["at"], MOMENT) == "2024-05-06T07:08:09.000000+0000"
        assert adapter.serialise(fields["a"], adapter.convert(fields["a"], "9")) == 9
        assert adapter.serialise(fields["n"], ID) == str(ID)
        east = MOMENT.astimezone(dt.timezone(dt.timedelta(hours=2)))
        utc = adapter_with(at=types.UTCDateTimeType())
        assert utc.serialise(utc.fields["at"], east) == "2024-05-06T07:08:09.000000Z"


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


class TestFieldsOfOurs:
    @pytest.mark.parametrize(
        ("element", "value", "wire"),
        [
            (types.StringType(), {"a", "b"}, {"SS": ["a", "b"]}),
            (types.IntType(), {1, 2}, {"NS": ["1", "2"]}),
            (types.FloatType(), {1.5}, {"NS": ["1.5"]}),
            (types.UUIDType(), {ID}, {"SS": [str(ID)]}),
            (types.DateType(), {dt.date(2024, 5, 6)}, {"SS": ["2024-05-06"]}),
            (Timestamp(), {MOMENT}, {"NS": ["1714979289"]}),
            (Binary(), {b"a", b"b"}, {"BS": [b"a", b"b"]}),
        ],
        # a set shows itself in another order in each process, and all workers have to collect the same names
        ids=lambda part: repr(sorted(part) if isinstance(part, set) else part),
    )
    def test_sets(self, element, value, wire):
        for given in (value, frozenset(value), list(value), tuple(value)):
            sent, read = round_trip(Set(element), given)
            assert {tag: sorted(content) for tag, content in sent.items()} == wire
            assert read == value and type(read) is set
        assert round_trip(Set(element), value, TRUSTED)[1] == value

    def test_sets_are_validated(self):
        adapter = adapter_with(f=Set(types.IntType(max_value=5), max_size=2))
        assert errors_of(adapter.natives_of_given, {"f": {1, 2, 3}}) == {"f": ["Please provide no more than 2 items."]}
        assert errors_of(adapter.natives_of_given, {"f": [6]}) == {
            "f": {0: ["Int value should be less than or equal to 5."]}
        }
        assert set(errors_of(adapter.natives_of_given, {"f": "text"})) == {"f"}
        assert set(errors_of(adapter_with(f=Set(types.BaseType())).natives_of_given, {"f": [{}]})) == {"f"}

    def test_an_empty_set_is_not_stored_and_a_required_one_read_as_empty(self):
        sent, read = round_trip(Set(types.StringType(), required=True), set())
        assert sent is None and read == set()
        assert round_trip(Set(types.StringType()), set()) == (None, None)
        adapter = adapter_with(f=Set(types.StringType(), required=True))
        assert adapter.checked_dump(adapter.natives_of_assigned({"f": set()})) == {"f": set()}
        inner = type("Inner", (Model,), {"s": Set(types.StringType(), required=True)})
        assert round_trip(types.ModelType(inner), {"s": []})[1] == {"s": set()}

    def test_binary(self):
        for given in (b"\x00\xff", bytearray(b"\x00\xff"), memoryview(b"\x00\xff"), "AP8="):
            assert round_trip(Binary(), given) == ({"B": b"\x00\xff"}, b"\x00\xff")
        assert round_trip(Binary(), b"") == ({"B": b""}, b"")
        adapter = adapter_with(f=Binary())
        assert adapter.dump(adapter.natives_of_assigned({"f": bytearray(b"x")})) == {"f": b"x"}
        for wrong in ("no base64!", 5, [1]):
            assert errors_of(adapter.natives_of_given, {"f": wrong}) == {"f": ["Not valid bytes, nor base64 text."]}

    @pytest.mark.parametrize(
        ("given", "number", "read"),
        [
            (MOMENT, "1714979289", MOMENT),
            (MOMENT.astimezone(dt.timezone(dt.timedelta(hours=-5))), "1714979289", MOMENT),
            (MOMENT.replace(tzinfo=None), "1714979289", MOMENT),
            (1714979289, "1714979289", MOMENT),
            ("1714979289", "1714979289", MOMENT),
            (MOMENT.replace(microsecond=678901), "1714979289.678901", MOMENT.replace(microsecond=678901)),
            (BEFORE, "-0.5", BEFORE),
        ],
    )
    def test_timestamps(self, given, number, read):
        with localcontext() as context:
            context.prec = 5
            assert round_trip(Timestamp(), given) == ({"N": number}, read)

    def test_wrong_timestamps(self):
        adapter = adapter_with(f=Timestamp())
        for wrong in (True, "soon", [1], float("nan"), 10**20):
            assert errors_of(adapter.natives_of_given, {"f": wrong}) == {"f": ["Not a valid timestamp."]}


class TestTypesOfSchematics:
    """What the golden files do not ask: that values come back as they went."""

    @pytest.mark.parametrize(
        ("field", "value", "wire"),
        [
            (types.FloatType(), 19.99, {"N": "19.99"}),
            (types.DecimalType(), Decimal("0.1"), {"S": "0.1"}),
            (types.IntType(), 10**37, {"N": str(10**37)}),
            (types.IntType(strict=True), 7, {"N": "7"}),
            (types.TimestampType(), MOMENT.replace(microsecond=678901), {"N": "1714979289.678901"}),
            (types.TimedeltaType(), dt.timedelta(seconds=-90), {"N": "-90"}),
            (types.GeoPointType(), [1.5, -2.5], {"L": [{"N": "1.5"}, {"N": "-2.5"}]}),
            (types.GeoPointType(), {"lat": 1.5, "lon": 2}, {"M": {"lat": {"N": "1.5"}, "lon": {"N": "2"}}}),
            (types.MultilingualStringType(default_locale="en"), {"en": "hello"}, {"S": "hello"}),
            (types.MultilingualStringType(default_locale=["de", "en"]), {"de": "hallo"}, {"S": "hallo"}),
            (types.DateType(formats=["%d/%m/%Y"]), dt.date(2024, 5, 6), {"S": "2024-05-06"}),
            (types.DateTimeType(formats=["%d/%m/%Y"]), MOMENT, {"S": "2024-05-06T07:08:09.000000+0000"}),
            (types.DateTimeType(formats="%Y"), MOMENT.replace(tzinfo=None), {"S": "2024-05-06T07:08:09.000000"}),
            (types.TimestampType(formats=["%d/%m/%Y"]), MOMENT, {"N": "1714979289"}),
            (types.DictType(types.StringType(), coerce_key=int), {1: "a"}, {"M": {"1": {"S": "a"}}}),
            (
                types.ListType(types.DictType(Set(types.IntType()))),
                [{"a": {1}}],
                {"L": [{"M": {"a": {"NS": ["1"]}}}]},
            ),
        ],
        ids=repr,
    )
    def test_round_trip(self, field, value, wire):
        with localcontext() as context:
            context.prec = 5
            assert round_trip(field, value) == (wire, value)
            assert round_trip(field, value, TRUSTED)[1] == value

    def test_a_type_of_ones_own(self):
        class Point:
            def __init__(self, x, y):
                self.x, self.y = x, y

        class PointType(types.BaseType):
            native_type = Point

            def to_native(self, value, context=None):
                return value if isinstance(value, Point) else Point(*map(int, value.split(",")))

            def to_primitive(self, value, context=None):
                return f"{value.x},{value.y}"

        adapter = adapter_with(f=PointType(), g=types.ListType(PointType()))
        for given in (Point(1, 2), "1,2"):
            natives = adapter.natives_of_whole({"f": given, "g": [given]})
            assert (natives["f"].x, natives["g"][0].y) == (1, 2)
            assert adapter.dump(natives) == {"f": "1,2", "g": ["1,2"]}

    def test_what_has_no_form_in_dynamodb_is_refused_with_its_path(self):
        adapter = adapter_with(f=types.DictType(types.BaseType()))
        dumped = adapter.dump(adapter.natives_of_whole({"f": {"a": [MOMENT]}}))
        with pytest.raises(UnstorableValue, match=r"f\.a\[0\]"):
            encode_item(dumped)


def test_threads_share_an_adapter():
    many = types.ListType(types.ModelType(Address))
    adapter = adapter_with(a=types.IntType(), home=types.ModelType(Address), homes=many)
    wrong = []

    def work(number):
        for _ in range(50):
            natives = adapter.natives_of_whole(
                {"a": number, "home": {"city": str(number)}, "homes": [{"city": str(number)}]}
            )
            read = adapter.natives_of_stored(stored(adapter, natives))
            if read != {"a": number, "home": Home(str(number)), "homes": [Home(str(number))]}:
                wrong.append(read)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


class TestModels:
    """A few of the same things through a model."""

    @pytest.fixture
    def book(self):
        from dynamorm import DynaModel

        class Book(DynaModel):
            class Table:
                name = "books"
                hash_key = "isbn"
                range_key = "at"

            class Schema:
                isbn = types.StringType(required=True, max_length=5)
                at = types.DateTimeType(required=True)
                title = types.StringType(serialized_name="Title", default="untitled")
                tags = Set(types.StringType(), required=True)
                home = types.ModelType(Address)
                pages = types.IntType()

                @serializable(type=types.StringType())
                def shout(self):
                    return self.title.upper()

                def validate_pages(self, data, value):
                    if value == 0:
                        raise Refusal("no pages")

        return Book

    ITEM = {
        "isbn": {"S": "1"},
        "at": {"S": "2024-05-06T07:08:09.000000+0000"},
        "Title": {"S": "untitled"},
        "home": {"M": {"city": {"S": "B"}, "zip": {"N": "1000"}}},
        "shout": {"S": "UNTITLED"},
    }

    def test_writing(self, book):
        one = book(isbn=1, at="2024-05-06T07:08:09Z", home={"city": "B"}, tags=[])
        assert (one.isbn, one.at, one.title, one.pages, one.tags) == ("1", MOMENT, "untitled", None, set())
        assert one.home["city"] == "B"
        assert book.to_item(one) == self.ITEM
        one.pages = "7"
        assert book.to_item(one)["pages"] == {"N": "7"}

    def test_reading(self, book):
        one = book.from_item({**self.ITEM, "shout": {"S": "old"}, "unknown": {"N": "1"}})
        assert (one.isbn, one.at, one.tags, one.shout) == ("1", MOMENT, set(), "UNTITLED")
        assert one.home == Home("B")
        with pytest.raises(ValidationError, match="no pages"):
            book.from_item({**self.ITEM, "pages": {"N": "0"}})

    def test_validating(self, book):
        with pytest.raises(ValidationError, match="too long"):
            book(isbn="123456")
        one = book(tags=set())
        assert errors_of(one.validate) == {"isbn": ["This field is required."], "at": ["This field is required."]}
        one.isbn, one.at, one.pages = "1", MOMENT, 0
        assert errors_of(one.validate) == {"pages": ["no pages"]}

    def test_the_schema_of_a_child(self, book):
        class Novel(book):
            class Schema(book.Schema):
                genre = types.StringType()

        one = Novel(isbn="1", at=MOMENT, genre="crime")
        assert Novel.to_item(one)["genre"] == {"S": "crime"}
        assert not hasattr(book, "genre")
