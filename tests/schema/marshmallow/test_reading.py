"""What is demanded of stored items that are read in part, or on trust."""

from __future__ import annotations

import datetime as dt

import pytest

pytest.importorskip("marshmallow")

import marshmallow
from marshmallow import (
    Schema,
    fields,
    validate,
    validates,
    validates_schema,
)

from dynamorm.schema import PARTIAL, TRUSTED

from .declared import Address, adapt, declare, errors_of


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
