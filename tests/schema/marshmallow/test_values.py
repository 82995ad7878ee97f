"""What each kind of field takes, stores and gives back."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import warnings
from decimal import Decimal

import pytest

pytest.importorskip("marshmallow")

from marshmallow import (
    fields,
    validate,
)

from dynamorm.exceptions import ValidationError
from dynamorm.schema.marshmallow import Binary, Set, Timestamp
from dynamorm.wire.codec import encode_item

from .declared import (
    ID,
    MOMENT,
    Address,
    Colour,
    Money,
    MoneyField,
    declare,
    errors_of,
    only_in_3,
    round_trip,
    through_storage,
)


class Day(enum.Enum):
    FIRST = dt.date(2024, 1, 1)


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


def test_lists_of_maps_of_sets():
    adapter = declare(f=fields.List(fields.Dict(values=Set(fields.Integer()))))
    assert round_trip(adapter, f=[{"a": {1, 2}}, {}]) == {"f": [{"a": {1, 2}}, {}]}
