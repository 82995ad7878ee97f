"""The fields that DynamORM adds to marshmallow and to schematics: sets, binary values and timestamps."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid

import pytest

from dynamorm.exceptions import ValidationError
from dynamorm.schema import TRUSTED, WHOLE, adapter_for
from dynamorm.wire.codec import decode_item, encode_item

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")

MOMENT = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.timezone.utc)
BEFORE = dt.datetime(1969, 12, 31, 23, 59, 59, 500000, dt.timezone.utc)
ID = uuid.UUID("12345678-1234-5678-1234-567812345678")


class Marshmallow:
    """The fields by the same names in either library."""

    def __init__(self):
        pytest.importorskip("marshmallow")
        from marshmallow import fields

        from dynamorm.schema.marshmallow import Binary, Set, Timestamp

        self.set, self.binary, self.timestamp = Set, Binary, Timestamp
        self.text, self.integer, self.real = fields.String, fields.Integer, fields.Float
        self.uuid, self.day, self.anything = fields.UUID, fields.Date, fields.Raw


class Schematics:
    def __init__(self):
        pytest.importorskip("schematics")
        from schematics import types

        from dynamorm.schema.schematics import Binary, Set, Timestamp

        self.set, self.binary, self.timestamp = Set, Binary, Timestamp
        self.text, self.integer, self.real = types.StringType, types.IntType, types.FloatType
        self.uuid, self.day, self.anything = types.UUIDType, types.DateType, types.BaseType


@pytest.fixture(params=[Marshmallow, Schematics], ids=["marshmallow", "schematics"])
def ours(request):
    return request.param()


def adapter_with(field):
    inner = type("Schema", (), {"f": field})
    kind = adapter_for("Book", inner)
    schema = kind.adopt("BookSchema", inner)
    schema._dynamorm_adapter = adapter = kind(schema)
    return adapter


def round_trip(field, value, mode=WHOLE):
    """Put a value, and read it; return its wire form and the value read."""
    adapter = adapter_with(field)
    wire = encode_item(adapter.dump(adapter.natives_of_whole({"f": value})))
    return wire.get("f"), adapter.natives_of_stored(decode_item(wire), mode).get("f")


def errors_of(field, value):
    with pytest.raises(ValidationError) as caught:
        adapter_with(field).natives_of_given({"f": value})
    return caught.value.errors


SETS = {
    "text": ({"a", "b"}, {"SS": ["a", "b"]}),
    "integer": ({1, 2}, {"NS": ["1", "2"]}),
    "real": ({1.5}, {"NS": ["1.5"]}),
    "uuid": ({ID}, {"SS": [str(ID)]}),
    "day": ({dt.date(2024, 5, 6)}, {"SS": ["2024-05-06"]}),
    "timestamp": ({MOMENT}, {"NS": ["1714979289"]}),
    "binary": ({b"a", b"b"}, {"BS": [b"a", b"b"]}),
}


@pytest.mark.parametrize("element", SETS)
def test_sets_are_stored_as_sets_of_what_they_hold(ours, element):
    value, wire = SETS[element]
    for given in (value, frozenset(value), list(value), tuple(value)):
        sent, read = round_trip(ours.set(getattr(ours, element)()), given)
        assert {tag: sorted(content) for tag, content in sent.items()} == wire
        assert read == value and type(read) is set
    assert round_trip(ours.set(getattr(ours, element)()), value, TRUSTED)[1] == value


def test_a_set_holds_what_dynamodb_has_sets_of(ours):
    assert set(errors_of(ours.set(ours.anything()), [{"a": 1}])) == {"f"}
    assert set(errors_of(ours.set(ours.text()), "text")) == {"f"}


def test_an_empty_set_is_not_stored_and_a_required_one_read_as_empty(ours):
    assert round_trip(ours.set(ours.text(), required=True), set()) == (None, set())
    assert round_trip(ours.set(ours.text()), set()) == (None, None)
    adapter = adapter_with(ours.set(ours.text(), required=True))
    assert adapter.checked_dump(adapter.natives_of_assigned({"f": set()})) == {"f": set()}


def test_binary_values_are_stored_as_they_are(ours):
    for given in (b"\x00\xff", bytearray(b"\x00\xff"), memoryview(b"\x00\xff"), "AP8="):
        assert round_trip(ours.binary(), given) == ({"B": b"\x00\xff"}, b"\x00\xff")
    assert round_trip(ours.binary(), b"") == ({"B": b""}, b"")
    adapter = adapter_with(ours.binary())
    assert adapter.dump(adapter.natives_of_assigned({"f": bytearray(b"x")})) == {"f": b"x"}
    for wrong in ("no base64!", 5, [1]):
        assert errors_of(ours.binary(), wrong) == {"f": ["Not valid bytes, nor base64 text."]}


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
def test_timestamps_are_exact_numbers_of_seconds(ours, given, number, read):
    with decimal.localcontext(decimal.Context(prec=3)):
        assert round_trip(ours.timestamp(), given) == ({"N": number}, read)


@pytest.mark.parametrize("wrong", [True, "soon", [1], float("nan"), 10**20, 10**30], ids=repr)
def test_what_is_no_moment_is_refused(ours, wrong):
    assert errors_of(ours.timestamp(), wrong) == {"f": ["Not a valid timestamp."]}
