"""Numbers are exact up to DynamoDB's borders, and refused past them."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import example, given, settings

from dynamorm.exceptions import UnstorableValue
from dynamorm.wire.codec import decode_number, decode_value, encode_number, encode_value

from ..profiles import examples
from .values import DIGITS, numbers, storable, with_types


@settings(max_examples=examples(quick=1_000, long=10_000))
@given(numbers)
@example(Decimal("1.0000000000000000000000000000000000001E-129"))
def test_a_number_is_the_same_number_in_a_form_that_dynamodb_and_boto3_read(number):
    text = encode_number(number)
    assert Decimal(text) == Decimal(repr(number) if isinstance(number, float) else number)
    assert encode_number(decode_number(text)) == text, "the same number has one form"
    # boto3 cannot read digits past this place, though DynamoDB keeps them
    if Decimal(text).as_tuple().exponent >= -165:
        assert TypeDeserializer().deserialize({"N": text}) == Decimal(text)
    assert len(text) <= 48


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (Decimal("-0E+5"), "0"),
        (100, "100"),
        (100.0, "100"),
        (Decimal("1E+2"), "100"),
        (Decimal("1.50"), "1.5"),
        (0.1, "0.1"),
        (19.99, "19.99"),
        (1e-7, "0.0000001"),
        (1e-8, "1E-8"),
        (-1.25e-8, "-1.25E-8"),
        (10**37, "1" + "0" * 37),
        (10**38, "1E+38"),
        (-(10**125), "-1E+125"),
        (1e100, "1E+100"),
        (int("9" * 38), "9" * 38),
        (Decimal(DIGITS), DIGITS),
        (Decimal(DIGITS + "E-20"), DIGITS[:18] + "." + DIGITS[18:]),
    ],
)
def test_numbers_are_written_shortly(given, text):
    assert encode_number(given) == text


BORDERS_INSIDE = [
    "1E-130",
    "-1E-130",
    "9.9999999999999999999999999999999999999E+125",
    "-9.9999999999999999999999999999999999999E+125",
    "1." + DIGITS[:37] + "E-130",
    "0." + "0" * 129 + "1",
    DIGITS,
    DIGITS + "0" * 80,
    "1" + "0" * 125,
]
BORDERS_OUTSIDE = [
    "9.9E-131",
    "1E-131",
    "1E+126",
    "-1E+126",
    DIGITS + "9",
    "1" + "0" * 37 + "1",
    "1." + "0" * 37 + "1",
    "NaN",
    "sNaN",
    "-Infinity",
    "Infinity",
]


@pytest.mark.parametrize("text", BORDERS_INSIDE)
def test_numbers_up_to_the_borders_are_exact(text):
    assert Decimal(encode_number(Decimal(text))) == Decimal(text)
    assert decode_number(encode_number(Decimal(text))) == Decimal(text)


@pytest.mark.parametrize("text", BORDERS_OUTSIDE)
def test_numbers_past_the_borders_are_refused(text):
    with pytest.raises(UnstorableValue) as caught:
        encode_value({"price": [Decimal(text)]})
    assert caught.value.path == "price[0]"


@pytest.mark.parametrize(
    "value",
    [10**126, -(10**126), 10**38 + 1, 10**5000, -(10**5000), 1 << 20_000],
    ids=lambda value: f"{value.bit_length()} bits",
)
def test_integers_past_the_borders_are_refused_however_large(value):
    with pytest.raises(UnstorableValue) as caught:
        encode_value(value)
    assert str(caught.value)
    assert repr(caught.value) is not None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 5e-324, 1e126, 1.7e308])
def test_floats_that_dynamodb_cannot_hold_are_refused(value):
    with pytest.raises(UnstorableValue):
        encode_value(value)


@pytest.mark.parametrize("value", [10**125, 10**38, -(12345 * 10**100)])
def test_integers_of_few_digits_are_stored_though_they_are_long(value):
    back = decode_value(encode_value(value))
    assert back == value and type(back) is int


@settings(max_examples=examples(quick=300, long=3_000))
@given(storable)
def test_the_ambient_decimal_context_plays_no_part(value):
    plain = encode_value(value)
    with decimal.localcontext() as context:
        context.prec = 5
        context.Emax, context.Emin = 6, -6
        for trap in context.traps:
            context.traps[trap] = True
        context.clear_flags()
        assert encode_value(value) == plain
        with_types(decode_value(plain))
        assert not any(context.flags.values())


def test_a_tenth_survives_a_precision_of_five():
    with decimal.localcontext(decimal.Context(prec=5)):
        assert decode_value(encode_value(Decimal("0.1"))) == Decimal("0.1")
        precise = Decimal("1.2345678901234567890123456789")
        back = decode_value(encode_value(precise))
        assert back.as_tuple() == precise.as_tuple()
