"""Schemas inside schemas, in every way that marshmallow knows."""

from __future__ import annotations

import datetime as dt
import warnings

import pytest

pytest.importorskip("marshmallow")

import marshmallow
from marshmallow import (
    RAISE,
    Schema,
    fields,
    post_load,
    validates_schema,
)

from dynamorm.schema import PARTIAL, TRUSTED
from dynamorm.schema.marshmallow import Set

from .declared import Address, adapt, declare, errors_of, only_in_3, round_trip


@pytest.mark.parametrize("mode", ["whole", PARTIAL, TRUSTED])
def test_unknown_nested_attributes_never_hinder_reading(mode):
    nested = Schema.from_dict({"a": fields.Integer()})
    adapter = declare(
        f=fields.Nested(nested, unknown=RAISE), g=fields.List(fields.Nested(nested)), h=fields.Nested(nested())
    )
    stored = {"f": {"a": 1, "b": 2}, "g": [{"a": 1, "b": 2}], "h": {"a": 1, "b": 2}}
    assert adapter.natives_of_stored(stored, mode) == {"f": {"a": 1}, "g": [{"a": 1}], "h": {"a": 1}}
    assert set(errors_of(adapter.natives_of_given, stored)) == {"f", "g", "h"}


class Tree(Schema):
    value = fields.Integer(required=True)
    children = fields.List(fields.Nested(lambda: Tree()))
    parent = fields.Nested(lambda: Tree(only=("value",)))


NESTINGS = {
    "class": lambda: fields.Nested(Address),
    "instance": lambda: fields.Nested(Address()),
    "name": lambda: fields.Nested(f"{Address.__module__}.Address"),
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
