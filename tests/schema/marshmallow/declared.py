"""What the tests of marshmallow declare, and how they take it through the adapter."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from importlib.metadata import version

import pytest

pytest.importorskip("marshmallow")

import marshmallow
from marshmallow import (
    Schema,
    fields,
    validate,
)

from dynamorm.exceptions import ValidationError
from dynamorm.schema import adapter_for
from dynamorm.wire.codec import decode_item, encode_item

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


class Address(Schema):
    street = fields.String(required=True)
    zip = fields.Integer(validate=validate.Range(min=1))
    since = fields.Date()
    note = fields.String(allow_none=True)
