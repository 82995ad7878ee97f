"""Models whose schema is marshmallow's."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

pytest.importorskip("marshmallow")

from marshmallow import (
    Schema,
    fields,
)

from dynamorm import DynaModel
from dynamorm.exceptions import ValidationError


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
