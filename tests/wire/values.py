"""Values that DynamoDB can hold, and the one form in which each comes back."""

from __future__ import annotations

import decimal
from collections import OrderedDict
from decimal import Decimal

from hypothesis import strategies as st

EXACT = decimal.Context(prec=200, Emin=-(10**9), Emax=10**9)
DIGITS = "12345678901234567890123456789012345678"


def decimals_that_fit():
    """Decimals with up to 38 significant digits whose first digit lies between 1E-130 and 9.99E+125."""

    def build(sign, digits, adjusted, zeros):
        text = str(digits) + "0" * zeros
        return Decimal((sign, tuple(map(int, text)), adjusted - len(text) + 1))

    digits = st.integers(1, 10**38 - 1)
    return st.builds(build, st.integers(0, 1), digits, st.integers(-130, 125), st.integers(0, 3))


def is_storable(number):
    return number == 0 or 1e-130 <= abs(number) < 1e126


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=5)
integers = st.integers(-(10**38) + 1, 10**38 - 1) | st.integers(-1000, 1000)
floats = st.floats(allow_nan=False, allow_infinity=False).filter(is_storable)
numbers = integers | floats | decimals_that_fit() | st.just(Decimal("-0"))
binaries = st.binary(max_size=5).flatmap(
    lambda content: st.sampled_from([content, bytearray(content), memoryview(content)])
)
leaves = st.none() | st.booleans() | numbers | texts | binaries
sets_of_one_kind = st.one_of(
    st.sets(texts, min_size=1, max_size=2),
    st.sets(numbers, min_size=1, max_size=3),
    st.frozensets(st.binary(max_size=3), min_size=1, max_size=2),
)


def containers_of(inner):
    lists, maps = st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)
    return lists | lists.map(tuple) | maps | maps.map(OrderedDict)


# three levels by hand: st.recursive takes twice as long for an example
storable = leaves | sets_of_one_kind
for _ in range(3):
    storable = leaves | sets_of_one_kind | containers_of(storable)


def came_back(value):
    """The one value, with its type, that stands for ``value`` after DynamoDB had it."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float, Decimal)):
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        whole = number.to_integral_value(context=EXACT)
        return int(whole) if whole == number else number
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, (list, tuple)):
        return [came_back(each) for each in value]
    if isinstance(value, dict):
        return {name: came_back(each) for name, each in value.items()}
    return {came_back(each) for each in value}


def with_types(value):
    """A form in which ``1``, ``True``, ``1.0`` and ``Decimal(1)`` differ, and nothing else does."""
    if isinstance(value, dict):
        return dict, {name: with_types(each) for name, each in value.items()}
    if isinstance(value, list):
        return list, [with_types(each) for each in value]
    if isinstance(value, set):
        return set, {with_types(each) for each in value}
    return type(value), value


def boto_form(wire):
    """boto3's and our AttributeValue in one form: numbers as numbers, binary values as bytes, sets unordered."""
    ((tag, content),) = wire.items()
    if tag == "N":
        return tag, Decimal(content)
    if tag == "NS":
        return tag, frozenset(map(Decimal, content))
    if tag == "B":
        return tag, bytes(getattr(content, "value", content))
    if tag == "BS":
        return tag, frozenset(bytes(getattr(each, "value", each)) for each in content)
    if tag == "SS":
        return tag, frozenset(content)
    if tag == "L":
        return tag, [boto_form(each) for each in content]
    if tag == "M":
        return tag, {name: boto_form(each) for name, each in content.items()}
    return tag, content
