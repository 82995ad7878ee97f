"""Numbers come back as they were, or are refused with their path."""

from __future__ import annotations

import decimal
import pickle
from decimal import Decimal

import pytest

from dynamorm import F, ValidationError

from .things import WAYS, stored, write

INTEGERS = [0, -1, 7, 2**63, 10**37, 10**38 - 1, -(10**38) + 1, 10**125, 123 * 10**100]
REALS = [0.1, -19.99, 1e-130, 1.7976931348623157e125, 2.0, 1 / 3, 5e-100]
DECIMALS = [
    "0.1",
    "1.10",
    "-1E-130",
    "9.9999999999999999999999999999999999999E125",
    "12345678901234567890.123456789",
    "0",
]


@pytest.mark.parametrize("way", WAYS)
def test_numbers_come_back_as_the_same_numbers_of_the_fields_type(thing, way):
    for number in INTEGERS:
        write(thing, way, n=number)
        found = thing.get(id="1").n
        assert (found, type(found)) == (number, int)
        assert Decimal(stored(thing)["n"]["N"]) == number
    for number in REALS:
        write(thing, way, x=number)
        found = thing.get(id="1").x
        assert (found, type(found)) == (number, float)
    for digits in DECIMALS:
        write(thing, way, d=Decimal(digits))
        found = thing.get(id="1").d
        assert (found, type(found)) == (Decimal(digits), Decimal)


TOO_MUCH = [
    10**38 + 1,
    10**126,
    -(10**126),
    Decimal("1E-131"),
    Decimal("1E+126"),
    Decimal("0." + "1" * 39),
    Decimal("NaN"),
    Decimal("Infinity"),
    float("nan"),
    float("inf"),
    float("-inf"),
    1e-200,
    1e200,
]


@pytest.mark.parametrize("way", WAYS)
def test_what_dynamodb_cannot_hold_is_an_error_with_the_path_before_any_request(thing, sent, way):
    if way == "partial":
        thing(id="1").save()
    for number in TOO_MUCH:
        sent.clear()
        with pytest.raises(ValidationError, match=r"free.*deep\[1\]\.x") as caught:
            write(thing, way, free={"deep": [0, {"x": number}]})
        pickle.loads(pickle.dumps(caught.value))
        assert [request for request in sent if "Item" in request.payload and "free" in request.payload["Item"]] == []
        assert [request for request in sent if "free" in str(request.payload.get("UpdateExpression"))] == []
    for number in (10**38 + 1, 10**126):
        with pytest.raises(ValidationError) as caught:
            write(thing, way, n=number)
        assert "n" in caught.value.errors
    for number in (float("nan"), float("inf"), 1e-200):
        with pytest.raises(ValidationError) as caught:
            write(thing, way, x=number)
        assert "x" in str(caught.value.errors)


def test_conditions_refuse_such_numbers_too(thing, sent):
    for number in TOO_MUCH:
        with pytest.raises(ValidationError, match="free"):
            list(thing.scan(free__x=number))
        with pytest.raises(ValidationError):
            list(thing.scan(F("free.x") > number))
    assert sent == []


@pytest.mark.parametrize("way", WAYS)
def test_the_ambient_decimal_context_has_no_say(thing, way):
    long = Decimal("12345678901234567890.123456789012345678")
    with decimal.localcontext() as context:
        context.prec = 2
        context.Emax = 5
        context.Emin = -5
        context.traps[decimal.Inexact] = True
        context.traps[decimal.Rounded] = True
        write(thing, way, n=10**30 + 1, x=0.123456789, d=long, free={"d": long, "l": [long]}, marks={10**20 + 1})
        found = thing.get(id="1")
        assert (found.n, found.x, str(found.d), found.marks) == (10**30 + 1, 0.123456789, str(long), {10**20 + 1})
        assert str(found.free["d"]) == str(found.free["l"][0]) == str(long)
        assert not found.is_dirty
        assert thing.scan(free__d=long, n=10**30 + 1, x__lt=0.2).count() == 1
        found.update(n__plus=1, free__d__plus=Decimal("0.000000000000000001"))
        assert found.n == 10**30 + 2
        assert str(found.free["d"]) == "12345678901234567890.123456789012345679"
