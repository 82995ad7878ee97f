"""Numbers that are stored as text: another text is another value, and what was read is no change."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import pytest

from dynamorm import DynaModel

from ..stored import stored_item
from ..traffic import sent_by


def price_schema(library: Any) -> Any:
    """Return an inner Schema whose prices are stored as text."""
    if library.name == "marshmallow":
        from marshmallow import fields

        class Schema:
            id = fields.String(required=True)
            price = fields.Decimal(as_string=True)
            prices = fields.List(fields.Decimal(as_string=True))

    elif library.name == "schematics":
        from schematics import types

        class Schema:
            id = types.StringType(required=True)
            price = types.DecimalType()
            prices = types.ListType(types.DecimalType())

    else:
        import pydantic

        Text = Annotated[Decimal, pydantic.PlainSerializer(str)]

        class Schema(pydantic.BaseModel):
            id: str
            price: Text | None = None
            prices: list[Text] | None = None

    return Schema


@pytest.fixture
def priced(library, dynamo_tables):
    table = type("Table", (), {"name": "priced", "hash_key": "id", "billing_mode": "PAY_PER_REQUEST"})
    body = {"__module__": __name__, "Table": table, "Schema": price_schema(library)}
    (model,) = dynamo_tables(type(DynaModel)("Priced", (DynaModel,), body))
    return model


@pytest.mark.parametrize("text", ["1.5", "1.50", "1E+2", "100", "0", "-0.0", "0E-3"])
def test_whatever_text_was_stored_is_no_change_when_it_is_read(priced, text):
    priced.Table.table.put_item(Item={"id": "1", "price": text, "prices": [text]})
    for found in (priced.get(id="1"), next(iter(priced.scan()))):
        assert not found.is_dirty and found.changes == {}
        with sent_by(priced) as requests:
            assert found.save(partial=True) is None
        assert requests == []
        found.refresh()
        assert not found.is_dirty


@pytest.mark.parametrize(("before", "after"), [("1.5", "1.50"), ("100", "100.0"), ("1.50", "1.5"), ("0", "0.0")])
def test_an_equal_number_in_another_text_is_a_change(priced, before, after):
    priced.put({"id": "1", "price": Decimal(before), "prices": [Decimal(before)]})
    found = priced.get(id="1")
    found.price = Decimal(after)
    found.prices[0] = Decimal(after)
    assert sorted(found.changes) == ["price", "prices"]
    found.save(partial=True)
    assert stored_item(priced, id="1") == {"id": "1", "price": after, "prices": [after]}
    assert not found.is_dirty
    found.price = Decimal(before)
    found.save()
    assert stored_item(priced, id="1")["price"] == before and not found.is_dirty


def test_an_equal_number_is_no_change_where_numbers_are_stored(book, stored):
    found = book.get(isbn=stored)
    found.weight = 0.75
    if isinstance(book.Table.table.get_item(Key={"isbn": stored})["Item"]["price"], Decimal):
        found.price = Decimal("19.900")
    assert not found.is_dirty
