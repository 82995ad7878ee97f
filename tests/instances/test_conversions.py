"""Constructors: valid values of the right types are taken by generated code, as their library would take them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dynamorm import DynaModel


def test_a_constructor_keeps_the_digits_of_numbers_inside():
    fields = pytest.importorskip("marshmallow").fields

    class Prices(DynaModel):
        class Table:
            name = "prices"
            hash_key = "id"
            read = 1
            write = 1

        class Schema:
            id = fields.String(required=True)
            by_name = fields.Dict(keys=fields.String(), values=fields.Decimal())

    assert str(Prices(id="1", by_name={"a": Decimal("1.10")}).by_name["a"]) == "1.10"


def test_a_constructor_converts_the_keys_of_maps():
    types = pytest.importorskip("schematics.types")

    class Counts(DynaModel):
        class Table:
            name = "counts"
            hash_key = "id"
            read = 1
            write = 1

        class Schema:
            id = types.StringType(required=True)
            by_name = types.DictType(types.IntType, coerce_key=str.upper)

    assert Counts(id="1", by_name={"a": 1}).by_name == {"A": 1}
