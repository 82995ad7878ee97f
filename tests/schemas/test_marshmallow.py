"""marshmallow: its whole power, through the adapter and through models, on every supported version."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import uuid
import warnings
from collections import Counter
from decimal import Decimal
from importlib.metadata import version

import pytest

marshmallow = pytest.importorskip("marshmallow")

from marshmallow import (  # noqa: E402
    EXCLUDE,
    INCLUDE,
    RAISE,
    Schema,
    fields,
    post_dump,
    post_load,
    pre_dump,
    pre_load,
    validate,
    validates,
    validates_schema,
)

from dynamorm import DynaModel  # noqa: E402
from dynamorm.codec import decode_item, encode_item  # noqa: E402
from dynamorm.exceptions import DynaModelException, ValidationError  # noqa: E402
from dynamorm.schema import PARTIAL, TRUSTED, adapter_for  # noqa: E402
from dynamorm.schema.marshmallow import Binary, Set, Timestamp  # noqa: E402

MAJOR = int(version("marshmallow").split(".")[0])
MOMENT = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.timezone.utc)
ID = uuid.UUID("12345678-1234-5678-1234-567812345678")
only_in_3 = pytest.mark.skipif(MAJOR > 3, reason="marshmallow 4 has it no more")


def adapt(inner):
    kind = adapter_for("Book", inner)
    return kind(kind.adopt("BookSchema", inner))


def declare(**members):
    return adapt(type("Schema", (), members))


def through_storage(dumped):
    return decode_item(encode_item(dumped))


def round_trip(adapter, **given):
    """What is read after ``given`` was constructed and saved."""
    natives = adapter.natives_of_given(given)
    stored = through_storage(adapter.checked_dump(adapter.natives_of_assigned(natives)))
    return adapter.natives_of_stored(stored)


def errors_of(call, *arguments, **keywords):
    with pytest.raises(ValidationError) as caught:
        call(*arguments, **keywords)
    assert isinstance(caught.value.__cause__, (marshmallow.ValidationError, ValueError, TypeError, AttributeError))
    assert str(caught.value).startswith("Validation failed for schema BookSchema. Errors: ")
    return caught.value.errors


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Day(enum.Enum):
    FIRST = dt.date(2024, 1, 1)


class Money:
    def __init__(self, amount, currency):
        self.amount, self.currency = amount, currency

    def __eq__(self, other):
        return isinstance(other, Money) and (self.amount, self.currency) == (other.amount, other.currency)

    def __hash__(self):
        return hash((self.amount, self.currency))


class MoneyField(fields.Field):
    dynamo_type = "S"

    def _serialize(self, value, attr, obj, **kwargs):
        return None if value is None else f"{value.amount} {value.currency}"

    def _deserialize(self, value, attr, data, **kwargs):
        if not isinstance(value, str) or " " not in value:
            raise marshmallow.ValidationError("Not money.")
        amount, currency = value.split()
        return Money(int(amount), currency)


class Reversed(fields.String):
    def _serialize(self, value, attr, obj, **kwargs):
        return None if value is None else value[::-1]

    def _deserialize(self, value, attr, data, **kwargs):
        return super()._deserialize(value, attr, data, **kwargs)[::-1]


class Address(Schema):
    street = fields.String(required=True)
    zip = fields.Integer(validate=validate.Range(min=1))
    since = fields.Date()
    note = fields.String(allow_none=True)


NATIVES = {
    "aware": (lambda: fields.AwareDateTime(), MOMENT, "2024-05-06T07:08:09+00:00"),
    "naive": (lambda: fields.NaiveDateTime(), MOMENT.replace(tzinfo=None), "2024-05-06T07:08:09"),
    "format": (lambda: fields.DateTime(format="%Y%m%d"), dt.datetime(2024, 5, 6), "20240506"),
    "date": (lambda: fields.Date(), dt.date(2024, 5, 6), "2024-05-06"),
    "time": (lambda: fields.Time(), dt.time(7, 8), "07:08:00"),
    "timedelta": (lambda: fields.TimeDelta(), dt.timedelta(seconds=90), 90),
    "uuid": (lambda: fields.UUID(), ID, str(ID)),
    "decimal": (lambda: fields.Decimal(), Decimal("0.10"), "0.10"),
    "decimal as string": (lambda: fields.Decimal(as_string=True), Decimal("0.10"), "0.10"),
    "enum": (lambda: fields.Enum(Colour), Colour.BLUE, "BLUE"),
    "enum by value": (lambda: fields.Enum(Colour, by_value=True), Colour.BLUE, 2),
    "enum by field": (lambda: fields.Enum(Day, by_value=fields.Date()), Day.FIRST, "2024-01-01"),
    "timestamp": (lambda: Timestamp(), MOMENT, 1714979289),
    "binary": (lambda: Binary(), b"\x00\xff", "AP8="),
    "set": (lambda: Set(fields.Date()), {dt.date(2024, 5, 6)}, ["2024-05-06"]),
    "list": (lambda: fields.List(fields.Date()), [dt.date(2024, 5, 6)], ["2024-05-06"]),
    "lists": (lambda: fields.List(fields.List(fields.UUID())), [[ID]], [[str(ID)]]),
    "map": (lambda: fields.Dict(values=fields.UUID()), {"a": ID}, {"a": str(ID)}),
    "keys": (
        lambda: fields.Dict(keys=fields.Date(), values=fields.Integer()),
        {dt.date(2024, 5, 6): 1},
        {"2024-05-06": "1"},
    ),
    "tuple": (lambda: fields.Tuple((fields.Date(), fields.UUID())), (dt.date(2024, 5, 6), ID), ["2024-05-06", str(ID)]),
    "nested": (
        lambda: fields.Nested(Address),
        {"street": "Main", "since": dt.date(2024, 5, 6)},
        {"street": "Main", "since": "2024-05-06"},
    ),
    "many": (
        lambda: fields.Nested(Address, many=True),
        [{"street": "Main", "since": dt.date(2024, 5, 6)}],
        [{"street": "Main", "since": "2024-05-06"}],
    ),
    "nested in a map in a list": (
        lambda: fields.List(fields.Dict(values=fields.Nested(Address))),
        [{"home": {"street": "Main", "since": dt.date(2024, 5, 6)}}],
        [{"home": {"street": "Main", "since": "2024-05-06"}}],
    ),
    "pluck": (lambda: fields.Pluck(Address, "street"), {"street": "Main"}, "Main"),
    "plucks": (lambda: fields.Pluck(Address, "street", many=True), [{"street": "Main"}], ["Main"]),
    "own": (lambda: MoneyField(), Money(5, "EUR"), "5 EUR"),
    "list of own": (lambda: fields.List(MoneyField()), [Money(5, "EUR")], ["5 EUR"]),
    "integer": (lambda: fields.Integer(), 7, "7"),
    "float": (lambda: fields.Float(), 19.99, "19.99"),
    "boolean": (lambda: fields.Boolean(), True, "true"),
    "string": (lambda: fields.String(), "5", 5),
}


@pytest.mark.parametrize("name", NATIVES)
def test_values_are_taken_natively_and_serialised_when_constructed_and_when_assigned(name):
    make, native, serialised = NATIVES[name]
    adapter = declare(f=make())
    for given in (native, serialised):
        assert adapter.natives_of_given({"f": given}) == {"f": native}
        assert adapter.natives_of_whole({"f": given}) == {"f": native}
        assert round_trip(adapter, f=given) == {"f": native}
        assert type(round_trip(adapter, f=given)["f"]) is type(native)
        assigned = adapter.natives_of_assigned({"f": given})
        assert assigned == {"f": native}
        assert through_storage(adapter.checked_dump(assigned)) == through_storage(adapter.dump({"f": native}))


BAD = {
    "integer": (fields.Integer, "x"),
    "float": (fields.Float, "x"),
    "boolean": (fields.Boolean, "perhaps"),
    "date": (fields.Date, "2024-99-99"),
    "uuid": (fields.UUID, "x"),
    "decimal": (fields.Decimal, "x"),
    "enum": (lambda: fields.Enum(Colour), "GREEN"),
    "timestamp": (Timestamp, [1]),
    "binary": (Binary, "%"),
    "text from a list": (fields.String, ["x"]),
    "text from a map": (fields.String, {"a": "x"}),
    "set from text": (lambda: Set(fields.String()), "abc"),
    "set from a map": (lambda: Set(fields.String()), {"a": 1}),
    "list from text": (lambda: fields.List(fields.String()), "abc"),
    "list of dates": (lambda: fields.List(fields.Date()), ["2024-01-01", "x"]),
    "map from a list": (lambda: fields.Dict(values=fields.Integer()), [1]),
    "map of dates": (lambda: fields.Dict(values=fields.Date()), {"a": "x"}),
    "tuple": (lambda: fields.Tuple((fields.Date(),)), ["2024-01-01", "2024-01-01"]),
    "nested": (lambda: fields.Nested(Address), {"street": "Main", "zip": "x"}),
    "nested from text": (lambda: fields.Nested(Address), "Main"),
    "nested, unknown": (lambda: fields.Nested(Address), {"street": "Main", "unknown": 1}),
    "own": (MoneyField, "x"),
    "validator": (lambda: fields.Integer(validate=validate.Range(max=5)), 6),
    "nested validator": (lambda: fields.Nested(Address), {"street": "Main", "zip": 0}),
    "nested required": (lambda: fields.Nested(Address), {"zip": 1}),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_values_are_errors_by_field_when_constructed_put_and_assigned(name):
    make, value = BAD[name]
    adapter = declare(f=make(), g=fields.String())
    given = {"f": value, "g": "x"}
    assert set(errors_of(adapter.natives_of_given, given)) == {"f"}
    assert set(errors_of(adapter.natives_of_whole, given)) == {"f"}
    assert set(errors_of(lambda: adapter.checked_dump(adapter.natives_of_assigned(given)))) == {"f"}


def test_all_bad_assigned_values_are_reported_at_once():
    adapter = declare(a=fields.Integer(), b=fields.Date(), c=fields.String())
    assert set(errors_of(adapter.natives_of_assigned, {"a": "x", "b": "x", "c": "x"})) == {"a", "b"}


def test_missing_required_is_no_matter_at_construction_but_of_whole_items():
    adapter = declare(a=fields.String(required=True), b=fields.Integer())
    assert adapter.natives_of_given({"b": 1}) == {"b": 1}
    assert set(errors_of(adapter.natives_of_whole, {"b": 1})) == {"a"}
    assert set(errors_of(adapter.natives_of_stored, {"b": 1})) == {"a"}
    assert set(errors_of(adapter.checked_dump, {"b": 1})) == {"a"}
    assert adapter.natives_of_stored({"b": 1}, PARTIAL) == {"b": 1}
    assert adapter.natives_of_stored({"b": 1}, TRUSTED) == {"b": 1}


def test_defaults_of_load_and_then_of_dump_fill_what_is_missing():
    adapter = declare(
        a=fields.Integer(load_default=1, dump_default=9),
        b=fields.Date(dump_default=dt.date(2024, 1, 1)),
        c=fields.List(fields.String(), load_default=list),
        d=fields.Integer(required=True, dump_default=lambda: 5),
    )
    full = {"a": 1, "b": dt.date(2024, 1, 1), "c": [], "d": 5}
    assert adapter.natives_of_given({}) == full
    assert adapter.natives_of_whole({}) == full
    assert adapter.natives_of_stored({}) == full
    assert adapter.natives_of_given({}, defaults=False) == {}
    assert adapter.natives_of_stored({}, PARTIAL) == {}
    assert adapter.natives_of_given({})["c"] is not adapter.natives_of_given({})["c"]


def test_a_dump_adds_no_defaults():
    adapter = declare(a=fields.Integer(dump_default=9), b=fields.Integer())
    assert adapter.dump({"b": 1}) == {"b": 1}


@only_in_3
def test_the_older_names_of_defaults_work_and_warn_as_marshmallow_does():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        first, second = fields.Integer(missing=1), fields.Integer(default=2)
    assert len(caught) == 2
    assert declare(a=first, b=second).natives_of_given({}) == {"a": 1, "b": 2}


@only_in_3
def test_number_of_marshmallow_3_holds_a_float_exactly():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adapter = declare(f=fields.Number())
    assert round_trip(adapter, f=19.99) == {"f": 19.99}
    assert adapter.dump(adapter.natives_of_assigned({"f": "19.99"})) == {"f": 19.99}


def test_a_boolean_assigned_as_text_is_stored_as_a_boolean():
    adapter = declare(f=fields.Boolean())
    assert encode_item(adapter.checked_dump(adapter.natives_of_assigned({"f": "yes"}))) == {"f": {"BOOL": True}}
    own_words = declare(f=fields.Boolean(truthy={"si"}, falsy={"non"}))
    assert round_trip(own_words, f="si") == round_trip(own_words, f=True) == {"f": True}
    assert round_trip(own_words, f="non") == {"f": False}
    assert set(errors_of(own_words.natives_of_given, {"f": "yes"})) == {"f"}


def test_strict_integers_refuse_assigned_fractions():
    adapter = declare(f=fields.Integer(strict=True))
    assert adapter.natives_of_assigned({"f": 7}) == {"f": 7}
    assert set(errors_of(adapter.natives_of_assigned, {"f": 7.5})) == {"f"}


def test_decimals_with_places_ignore_the_ambient_context():
    adapter = declare(f=fields.Decimal(places=2), g=fields.List(fields.Decimal(places=3)))
    with decimal.localcontext(decimal.Context(prec=5)):
        read = round_trip(adapter, f=Decimal("12345678.905"), g=[Decimal("1234567.8")])
    assert read == {"f": Decimal("12345678.90"), "g": [Decimal("1234567.800")]}


def test_numbers_are_exact():
    adapter = declare(f=fields.Float(), d=fields.Decimal(), i=fields.Integer())
    with decimal.localcontext(decimal.Context(prec=5)):
        read = round_trip(adapter, f=19.99, d=Decimal("0.1000000001"), i=10**37)
    assert read == {"f": 19.99, "d": Decimal("0.1000000001"), "i": 10**37}
    assert [type(read[name]) for name in "fdi"] == [float, Decimal, int]


# Names, policies, options


def test_data_key_and_attribute_name_three_things():
    adapter = declare(plain=fields.Integer(data_key="Stored"), declared=fields.Integer(attribute="python"))
    assert adapter.natives_of_given({"plain": 1, "python": 2}) == {"plain": 1, "python": 2}
    assert adapter.natives_of_given({"Stored": 1, "declared": 2}) == {"plain": 1, "python": 2}
    assert adapter.dump({"plain": 1, "python": 2}) == {"Stored": 1, "declared": 2}
    assert adapter.natives_of_stored({"Stored": 1, "declared": 2}) == {"plain": 1, "python": 2}
    assert set(adapter.fields) == {"plain", "python"}


def test_names_inside_nested_schemas_follow_them():
    inner = Schema.from_dict({"street": fields.String(data_key="Street")})
    adapter = declare(f=fields.Nested(inner), g=fields.List(fields.Nested(inner)))
    for name in ("street", "Street"):
        given = {"f": {name: "Main"}, "g": [{name: "Main"}]}
        natives = {"f": {"street": "Main"}, "g": [{"street": "Main"}]}
        assert adapter.natives_of_given(given) == natives
        assert adapter.natives_of_assigned(given) == natives
        assert adapter.dump(natives) == {"f": {"Street": "Main"}, "g": [{"Street": "Main"}]}
        assert round_trip(adapter, **given) == natives


def test_a_path_as_attribute_is_refused_when_the_model_is_made():
    with pytest.raises(DynaModelException, match="path"):
        declare(f=fields.Integer(attribute="a.b"))


@pytest.mark.parametrize("policy", [None, EXCLUDE, INCLUDE, RAISE])
def test_unknown_names_follow_the_schema_when_given_and_never_hinder_reading(policy):
    members = {"a": fields.Integer()}
    if policy:
        members["Meta"] = type("Meta", (), {"unknown": policy})
    adapter = declare(**members)
    given = {"a": 1, "other": 2}
    if policy == RAISE:
        assert set(errors_of(adapter.natives_of_given, given)) == {"other"}
        assert set(errors_of(adapter.natives_of_whole, given)) == {"other"}
    else:
        expected = given if policy == INCLUDE else {"a": 1}
        assert adapter.natives_of_given(given) == adapter.natives_of_whole(given) == expected
    assert adapter.keeps_unknown is (policy == INCLUDE)
    for mode in ("whole", PARTIAL, TRUSTED):
        assert adapter.natives_of_stored(given, mode) == {"a": 1}


@pytest.mark.parametrize("mode", ["whole", PARTIAL, TRUSTED])
def test_unknown_nested_attributes_never_hinder_reading(mode):
    nested = Schema.from_dict({"a": fields.Integer()})
    adapter = declare(
        f=fields.Nested(nested, unknown=RAISE), g=fields.List(fields.Nested(nested)), h=fields.Nested(nested())
    )
    stored = {"f": {"a": 1, "b": 2}, "g": [{"a": 1, "b": 2}], "h": {"a": 1, "b": 2}}
    assert adapter.natives_of_stored(stored, mode) == {"f": {"a": 1}, "g": [{"a": 1}], "h": {"a": 1}}
    assert set(errors_of(adapter.natives_of_given, stored)) == {"f", "g", "h"}


def test_load_only_and_dump_only_are_both_stored_and_read():
    class Inner(Schema):
        secret = fields.String(load_only=True)
        made = fields.String(dump_only=True)

    class Declared(Schema):
        password = fields.String(load_only=True)
        id = fields.UUID(dump_only=True)
        by_meta = fields.String()
        inner = fields.Nested(Inner)

        class Meta:
            load_only = ("by_meta",)

    adapter = adapt(Declared)
    natives = {"password": "x", "id": ID, "by_meta": "y", "inner": {"secret": "s", "made": "m"}}
    assert round_trip(adapter, **natives) == natives
    assert set(adapter.dump(natives)) == set(natives)
    assert Declared().dump(natives) == {"id": str(ID), "inner": {"made": "m"}}, "the user's own class is as it was"


@pytest.mark.parametrize("options", [{"fields": ("a", "b")}, {"exclude": ("c",)}])
def test_meta_chooses_fields(options):
    class Declared(Schema):
        a = fields.Integer()
        b = fields.Integer()
        c = fields.Integer()
        Meta = type("Meta", (), options)

    assert set(adapt(Declared).fields) == {"a", "b"}


def test_meta_formats_dates():
    class Meta:
        dateformat = "%d/%m/%Y"
        datetimeformat = "%Y%m%d"

    adapter = declare(a=fields.Date(), b=fields.DateTime(), Meta=Meta)
    assert adapter.dump({"a": dt.date(2024, 5, 6), "b": dt.datetime(2024, 5, 6)}) == {
        "a": "06/05/2024",
        "b": "20240506",
    }
    assert round_trip(adapter, a=dt.date(2024, 5, 6)) == {"a": dt.date(2024, 5, 6)}


@only_in_3
def test_meta_of_marshmallow_3_includes_and_orders():
    class Meta:
        ordered = True
        include = {"from": fields.Integer()}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inner = type("Schema", (), {"a": fields.Integer(), "Meta": Meta})
        kind = adapter_for("Book", inner)
        schema = kind.adopt("BookSchema", inner)
    adapter = kind(schema)
    assert set(adapter.fields) == {"a", "from"}
    assert round_trip(adapter, **{"from": 1, "a": 2}) == {"from": 1, "a": 2}


def test_schemas_are_inherited():
    class Base(Schema):
        a = fields.Integer(required=True)

        @validates_schema
        def check(self, data, **kwargs):
            if data["a"] > 5:
                raise marshmallow.ValidationError("too much")

    class Child(Base):
        b = fields.Integer()

    adapter = adapt(Child)
    assert adapter.natives_of_whole({"a": 1, "b": 2}) == {"a": 1, "b": 2}
    assert errors_of(adapter.natives_of_whole, {"a": 6}) == {"_schema": ["too much"]}


def test_plain_bases_and_generated_schemas_serve_too():
    class Mixin:
        a = fields.Integer()

    class Inner(Mixin):
        b = fields.Integer()

    assert set(adapt(Inner).fields) == {"a", "b"}
    assert set(adapt(Schema.from_dict({"c": fields.Integer()})).fields) == {"c"}


@pytest.mark.parametrize("name", ["context", "fields", "load", "dump", "opts", "validate", "handle_error", "Meta_"])
def test_fields_named_like_what_schemas_have_inside(name):
    adapter = declare(**{name: fields.Integer(), "other": fields.Integer()})
    assert round_trip(adapter, **{name: 1, "other": 2}) == {name: 1, "other": 2}


def test_derived_schemas_stay_out_of_marshmallows_registry():
    class Uniquely(Schema):
        a = fields.Integer()

    class Outer:
        f = fields.Nested("Uniquely")

    adapter = adapt(Outer)
    assert round_trip(adapter, f={"a": 1}) == {"f": {"a": 1}}
    assert marshmallow.class_registry.get_class("Uniquely") is Uniquely
    kind = adapter_for("Uniquely", Uniquely)
    kind(kind.adopt("Uniquely", Uniquely)).natives_of_whole({"a": 1})
    assert marshmallow.class_registry.get_class("Uniquely") is Uniquely
    assert marshmallow.class_registry.get_class(f"{__name__}.Uniquely") is Uniquely


# Nesting


class Tree(Schema):
    value = fields.Integer(required=True)
    children = fields.List(fields.Nested(lambda: Tree()))
    parent = fields.Nested(lambda: Tree(only=("value",)))


NESTINGS = {
    "class": lambda: fields.Nested(Address),
    "instance": lambda: fields.Nested(Address()),
    "name": lambda: fields.Nested("Address"),
    "function giving a class": lambda: fields.Nested(lambda: Address),
    "function giving an instance": lambda: fields.Nested(lambda: Address()),
    "dict": lambda: fields.Nested({"street": fields.String(), "since": fields.Date(), "zip": fields.Integer()}),
    "only": lambda: fields.Nested(Address, only=("street", "since")),
    "exclude": lambda: fields.Nested(Address, exclude=("zip",)),
    "instance with only": lambda: fields.Nested(Address(only=("street", "since", "zip")), exclude=("zip",)),
}


@pytest.mark.parametrize("name", NESTINGS)
def test_every_way_of_nesting(name):
    adapter = declare(f=NESTINGS[name](), g=fields.List(NESTINGS[name]()))
    home = {"street": "Main", "since": dt.date(2024, 5, 6)}
    assert round_trip(adapter, f=home, g=[home]) == {"f": home, "g": [home]}
    assert set(adapter.fields["f"].fields) >= {"street", "since"}


def test_an_instance_of_many_is_a_list():
    adapter = declare(f=fields.Nested(Address(many=True)))
    home = {"street": "Main", "since": dt.date(2024, 5, 6)}
    assert round_trip(adapter, f=[home, home]) == {"f": [home, home]}
    assert adapter.fields["f"].kind == "list"


def test_schemas_that_nest_themselves():
    adapter = adapt(Tree)
    tree = {"value": 1, "children": [{"value": 2, "children": [{"value": 3, "parent": {"value": 2}}]}]}
    assert round_trip(adapter, **tree) == tree
    deep = {"value": 0}
    for value in range(1, 40):
        deep = {"value": value, "children": [deep]}
    assert round_trip(adapter, **deep) == deep


@only_in_3
def test_self_names_the_schema_itself():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adapter = declare(value=fields.Integer(), next=fields.Nested("self"))
    deep = {"value": 1, "next": {"value": 2, "next": {"value": 3}}}
    assert round_trip(adapter, **deep) == deep


def test_a_nested_instance_keeps_what_was_set_on_it():
    class Sized(Schema):
        n = fields.Integer()

        def __init__(self, factor, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        @post_load
        def multiply(self, data, **kwargs):
            return {"n": data["n"] * self.factor}

    adapter = declare(f=fields.Nested(Sized(3)))
    assert adapter.natives_of_given({"f": {"n": 2}}) == {"f": {"n": 6}}


def test_nested_objects_of_the_users_are_taken_natively():
    class Point:
        def __init__(self, x):
            self.x = x

    class PointSchema(Schema):
        x = fields.Integer()

        @post_load
        def make(self, data, **kwargs):
            return Point(**data)

    adapter = declare(f=fields.Nested(PointSchema), g=fields.List(fields.Nested(PointSchema)))
    natives = adapter.natives_of_given({"f": Point(1), "g": [Point(2), {"x": 3}]})
    assert (natives["f"].x, [each.x for each in natives["g"]]) == (1, [2, 3])
    assert adapter.checked_dump(adapter.natives_of_assigned(natives)) == {"f": {"x": 1}, "g": [{"x": 2}, {"x": 3}]}


def test_null_inside_nested_schemas_is_none_where_accepted_and_absent_elsewhere():
    inner = Schema.from_dict(
        {
            "a": fields.String(required=True, allow_none=True),
            "b": fields.String(),
            "c": Set(fields.String(), required=True),
        }
    )
    adapter = declare(f=fields.Nested(inner), g=fields.List(fields.Nested(inner)))
    given = {"a": None, "b": "x", "c": set()}
    read = {"a": None, "b": "x", "c": set()}
    assert round_trip(adapter, f=given, g=[given]) == {"f": read, "g": [read]}
    assert adapter.natives_of_stored({"f": {"a": None, "b": None}}) == {"f": {"a": None, "c": set()}}


# None, sets


def test_a_required_nullable_field_is_saved_as_none():
    adapter = declare(a=fields.String(required=True, allow_none=True), b=fields.Integer())
    natives = adapter.natives_of_whole({"a": None, "b": 1})
    stored = through_storage(adapter.dump(natives))
    assert stored == {"b": 1}
    assert adapter.natives_of_stored(stored) == {"a": None, "b": 1}
    assert adapter.checked_dump({"a": None, "b": 1}) == {"a": None, "b": 1}
    with pytest.raises(ValidationError):
        adapter.checked_dump({"b": 1})
    with pytest.raises(ValidationError):
        adapter.natives_of_whole({"b": 1})
    assert adapter.natives_of_stored({"a": None, "b": None}) == {"a": None}


def test_a_required_set_may_be_empty():
    adapter = declare(tags=Set(fields.String(), required=True))
    assert round_trip(adapter, tags=set()) == {"tags": set()}
    assert encode_item(adapter.dump({"tags": set()})) == {}


def test_sets_are_stored_as_sets():
    adapter = declare(s=Set(fields.String()), n=Set(fields.Integer()), b=Set(Binary()))
    natives = {"s": {"a", "b"}, "n": {1, 2}, "b": {b"x"}}
    assert encode_item(adapter.dump(natives)) == {"s": {"SS": ["a", "b"]}, "n": {"NS": ["1", "2"]}, "b": {"BS": [b"x"]}}
    assert round_trip(adapter, **natives) == natives
    assert set(errors_of(declare(f=Set(fields.Raw())).natives_of_given, {"f": [{"a": 1}]})) == {"f"}


def test_lists_of_maps_of_sets():
    adapter = declare(f=fields.List(fields.Dict(values=Set(fields.Integer()))))
    assert round_trip(adapter, f=[{"a": {1, 2}}, {}]) == {"f": [{"a": {1, 2}}, {}]}


def test_timestamps_are_numbers():
    adapter = declare(at=Timestamp())
    assert encode_item(adapter.dump({"at": MOMENT})) == {"at": {"N": "1714979289"}}
    precise = MOMENT.replace(microsecond=123456)
    with decimal.localcontext(decimal.Context(prec=3)):
        assert round_trip(adapter, at=precise) == {"at": precise}
    before = dt.datetime(1969, 12, 31, 23, 59, 59, 500000, tzinfo=dt.timezone.utc)
    assert round_trip(adapter, at=before) == {"at": before}
    assert adapter.natives_of_given({"at": MOMENT.replace(tzinfo=None)}) == {"at": MOMENT}
    for bad in ("x", True, float("nan"), 10**30):
        assert set(errors_of(adapter.natives_of_given, {"at": bad})) == {"at"}


# Computed fields and functions


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
    with pytest.raises(Refused):
        adapter.natives_of_given({"a": "x"})


# Hooks and validators


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


def test_nested_values_are_whole_wherever_they_are_given():
    class Range(Schema):
        low = fields.Integer()
        high = fields.Integer()

        @validates_schema
        def check(self, data, **kwargs):
            if data["low"] > data["high"]:
                raise marshmallow.ValidationError("upside down")

    adapter = declare(f=fields.Nested(Range), g=fields.List(fields.Nested(Range())))
    wrong = {"low": 2, "high": 1}
    assert errors_of(adapter.natives_of_given, {"f": wrong}) == {"f": {"_schema": ["upside down"]}}
    assert set(errors_of(adapter.natives_of_given, {"g": [wrong]})) == {"g"}
    assert adapter.natives_of_stored({"f": wrong}, TRUSTED) == {"f": wrong}


def test_trusted_reads_skip_validators_and_required_but_convert():
    class Inner(Schema):
        street = fields.String(required=True, validate=validate.Length(max=2))
        at = fields.Date()

        @validates_schema
        def check(self, data, **kwargs):
            raise marshmallow.ValidationError("never")

    class Declared(Schema):
        a = fields.Integer(validate=validate.Range(max=5))
        url = fields.Url()
        need = fields.String(required=True)
        inner = fields.Nested(Inner)
        listed = fields.List(fields.Nested(Inner))
        named = fields.Nested(Inner())
        texts = fields.List(fields.String())

        @validates("a")
        def check_a(self, value, *args, **kwargs):
            raise marshmallow.ValidationError("never")

    adapter = adapt(Declared)
    place = {"street": "Main", "at": "2024-05-06"}
    stored = {"a": 9, "url": "x", "inner": place, "listed": [place, {}], "named": place, "texts": ["a", None]}
    native = {"street": "Main", "at": dt.date(2024, 5, 6)}
    expected = {"a": 9, "url": "x", "inner": native, "listed": [native, {}], "named": native, "texts": ["a", None]}
    assert adapter.natives_of_stored(stored, TRUSTED) == expected
    assert set(errors_of(adapter.natives_of_stored, stored)) >= {"a", "url", "need", "inner", "listed", "named"}
    assert set(errors_of(adapter.natives_of_stored, {"inner": {"at": "x"}}, TRUSTED)) == {"inner"}


def test_partial_reads_demand_nothing_inside_either():
    adapter = declare(f=fields.Nested(Address), g=fields.String(required=True))
    assert adapter.natives_of_stored({"f": {"zip": 1}}, PARTIAL) == {"f": {"zip": 1}}
    assert set(errors_of(adapter.natives_of_stored, {"f": {"zip": 0}}, PARTIAL)) == {"f"}


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


# Keys

KEY_TYPES = {
    "S": [
        fields.String, fields.UUID, fields.Date, fields.DateTime, fields.Time, fields.Url, fields.Email, fields.IP,
        lambda: fields.Enum(Colour), lambda: fields.Decimal(as_string=True), lambda: fields.Pluck(Address, "street"),
        MoneyField, lambda: fields.Constant("x"),
    ],
    "N": [
        fields.Integer, fields.Float, fields.Decimal, fields.TimeDelta, Timestamp,
        lambda: fields.Enum(Colour, by_value=True), lambda: fields.DateTime(format="timestamp"),
        lambda: fields.Constant(7), lambda: fields.Pluck(Address, "zip"),
    ],
    "B": [Binary, fields.Raw],
    None: [
        fields.Boolean, lambda: fields.List(fields.String()), lambda: Set(fields.String()), fields.Dict,
        lambda: fields.Nested(Address), lambda: fields.Tuple((fields.String(),)),
        lambda: fields.Pluck(Address, "street", many=True),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("letter", "make"), [(letter, make) for letter, makes in KEY_TYPES.items() for make in makes])
def test_key_types(letter, make):
    adapter = declare(f=make())
    assert adapter.fields["f"].key_type == letter


# Through models


class Book(DynaModel):
    class Table:
        name = "books"
        hash_key = "isbn"

    class Schema:
        isbn = fields.String(required=True)
        tags = fields.List(fields.Date())
        price = fields.Decimal()
        password = fields.String(load_only=True)


def test_a_model_goes_through_items_and_back():
    book = Book(isbn="1", tags=["2024-01-01"], price="0.10", password="x")
    assert book.tags == [dt.date(2024, 1, 1)]
    item = Book.to_item(book)
    assert item["tags"] == {"L": [{"S": "2024-01-01"}]}
    read = Book.from_item(item)
    assert (read.tags, read.price, read.password) == (book.tags, Decimal("0.10"), "x")


def test_what_is_assigned_to_a_list_of_dates_is_converted():
    book = Book(isbn="1")
    book.tags = ["2024-01-01", dt.date(2024, 1, 2)]
    assert Book.to_item(book)["tags"] == {"L": [{"S": "2024-01-01"}, {"S": "2024-01-02"}]}
    book.tags = ["x"]
    with pytest.raises(ValidationError) as caught:
        Book.to_item(book)
    assert set(caught.value.errors) == {"tags"}


def test_the_schema_of_a_model_is_a_schema_of_marshmallow():
    assert issubclass(Book.Schema, Schema)
    assert Book.Schema.__name__ == "BookSchema"
    assert Book.Schema.base_schema_type() is Schema
    assert set(Book.Schema.dynamorm_fields()) == {"isbn", "tags", "price", "password"}
    assert Book.Schema.dynamorm_validate({"isbn": "1", "price": "1.5"}) == {"isbn": "1", "price": Decimal("1.5")}
    assert Book.Schema().load({"isbn": "1"}) == {"isbn": "1"}
    with pytest.raises(ValidationError):
        Book.Schema.dynamorm_validate({})
    assert Book.Schema.dynamorm_validate({}, partial=True) == {}


@pytest.mark.parametrize("trusting", [False, True])
def test_reading_what_the_schema_refuses_names_the_item(trusting):
    with pytest.raises(ValidationError) as caught:
        Book.from_item({"isbn": {"S": "1"}, "price": {"S": "x"}})
    assert "'isbn': '1'" in str(caught.value)
