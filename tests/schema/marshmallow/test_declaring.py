"""Names, options, defaults and policies, of fields and of Meta, and what schemas inherit."""

from __future__ import annotations

import datetime as dt
import warnings

import pytest

pytest.importorskip("marshmallow")

import marshmallow
from marshmallow import (
    EXCLUDE,
    INCLUDE,
    RAISE,
    Schema,
    fields,
    validates_schema,
)

from dynamorm.exceptions import DynaModelException
from dynamorm.schema import PARTIAL, TRUSTED, adapter_for
from dynamorm.schema.marshmallow import Binary, Set, Timestamp

from .declared import ID, Address, Colour, MoneyField, adapt, declare, errors_of, only_in_3, round_trip


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
    for mode in ("whole", PARTIAL, TRUSTED):
        assert adapter.natives_of_stored(given, mode) == {"a": 1}


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
