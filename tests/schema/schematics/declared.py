"""What the tests of schematics declare, and how they take it through the adapter."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

pytest.importorskip("schematics")

from schematics import types
from schematics.models import Model

from dynamorm.exceptions import ValidationError
from dynamorm.schema.base import WHOLE
from dynamorm.schema.schematics import ADAPTER
from dynamorm.wire.codec import decode_item, encode_item

MOMENT = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.timezone.utc)
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
    """Put a value, and read it; returns its wire form and the value read."""
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


def Home(city, **values):
    return {"city": city, "zip": 1000, "note": None, **values}
