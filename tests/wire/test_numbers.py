"""The codec: exact in both directions, and every refusal says where."""

from __future__ import annotations

import contextlib
import decimal
import math
import pickle
import types
import uuid
from collections import OrderedDict
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from dynamorm.codec import decode_item, decode_number, decode_value, encode_item, encode_number, encode_value
from dynamorm.exceptions import DynamoException, UnreadableItem, UnstorableValue

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


@pytest.mark.slow
@settings(max_examples=10_000, suppress_health_check=[HealthCheck.too_slow])
@given(storable)
@example({"": [(), {}, {"a": None}]})
@example({0.1, Decimal("0.1")})
@example(Decimal("-0"))
@example(-0.0)
def test_what_is_accepted_comes_back_equal_and_of_the_same_type(value):
    assert with_types(decode_value(encode_value(value))) == with_types(came_back(value))


@settings(max_examples=300)
@given(st.dictionaries(texts, storable, max_size=4))
def test_an_item_comes_back_without_what_is_none(values):
    def sparse(inner):
        kept = {name: sparse(each) if isinstance(each, dict) else came_back(each) for name, each in inner.items()}
        return {name: each for name, each in kept.items() if each is not None}

    assert with_types(decode_item(encode_item(values))) == with_types(sparse(values))


@settings(max_examples=1_000)
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


@settings(max_examples=300)
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


# Agreement with boto3


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


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | texts
    | st.binary(max_size=6)
    | st.sets(st.integers() | st.booleans() | texts | st.decimals(allow_nan=False), max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | st.integers(0, 3), inner, max_size=3),
    max_leaves=6,
)


def is_accepted_by_boto3_alone(value):
    """What boto3 encodes and DynamoDB then refuses, or stores as something else; all of it is an error here."""
    if isinstance(value, (set, frozenset)):
        return not value or any(isinstance(each, bool) or is_accepted_by_boto3_alone(each) for each in value)
    if isinstance(value, dict):
        return any(not isinstance(name, str) or is_accepted_by_boto3_alone(each) for name, each in value.items())
    if isinstance(value, list):
        return any(map(is_accepted_by_boto3_alone, value))
    return isinstance(value, Decimal) and not value.is_finite()


@settings(max_examples=1_000, suppress_health_check=[HealthCheck.too_slow])
@given(anything | storable)
def test_whatever_boto3_accepts_we_encode_alike(value):
    assume(not is_accepted_by_boto3_alone(value))
    try:
        expected = boto_form(TypeSerializer().serialize(value))
    except (TypeError, ValueError, OverflowError, decimal.DecimalException):
        return
    assert boto_form(encode_value(value)) == expected
    assert with_types(decode_value(encode_value(value))) == with_types(came_back(value))


@settings(max_examples=500)
@given(storable)
def test_boto3_reads_what_we_write(value):
    def plain(read):
        if isinstance(read, dict):
            return {name: plain(each) for name, each in read.items()}
        if isinstance(read, list):
            return [plain(each) for each in read]
        if isinstance(read, set):
            return {plain(each) for each in read}
        return bytes(read.value) if hasattr(read, "value") else read

    with contextlib.suppress(decimal.Underflow):  # see above
        assert plain(TypeDeserializer().deserialize(encode_value(value))) == came_back(value)


def test_binary_values_of_boto3s_resource_are_encoded_and_decoded():
    wrapped = boto3.dynamodb.types.Binary(b"\x00\xff")
    assert encode_value(wrapped) == {"B": b"\x00\xff"}
    assert encode_value({wrapped}) == {"BS": [b"\x00\xff"]}
    assert decode_value({"B": wrapped}) == b"\x00\xff"
    assert decode_value({"BS": [wrapped]}) == {b"\x00\xff"}


@pytest.mark.parametrize("value", [{True}, {True, 2}, set(), Decimal("-Infinity"), Decimal("-NaN"), {1: "a"}], ids=repr)
def test_what_boto3_alone_accepts_is_refused(value):
    TypeSerializer().serialize(value)
    assert is_accepted_by_boto3_alone(value)
    with pytest.raises(UnstorableValue):
        encode_value(value)


# Refusals


class Colour(IntEnum):
    RED = 1


class Word(str):
    pass


def endless_list():
    loop = []
    loop.append(loop)
    return loop


BAD_LEAVES = {
    "object": object(),
    "complex": 1j,
    "fraction": Fraction(1, 3),
    "uuid": uuid.uuid4(),
    "function": len,
    "class": dict,
    "range": range(3),
    "empty set": set(),
    "empty frozenset": frozenset(),
    "mixed set": {1, "a"},
    "set of booleans": {True},
    "set with a boolean": {True, 2},
    "set with None": {None},
    "set of tuples": {(1, 2)},
    "set with NaN": {math.nan},
    "set with too much": {10**200},
    "surrogate": "a\ud800",
    "surrogate in a set": {"\udfff"},
    "NaN": math.nan,
    "huge": 10**5000,
    "many digits": Decimal(DIGITS + "9"),
}


@st.composite
def one_bad_leaf_within(draw):
    """A value with one bad leaf, its path, and what is bad."""
    bad = draw(st.sampled_from(sorted(BAD_LEAVES)))
    value, path = BAD_LEAVES[bad], ""
    names = st.sampled_from(["a", "name", "with-dash", "Übung"])
    for _ in range(draw(st.integers(0, 5))):
        dot = "" if not path or path.startswith("[") else "."
        if draw(st.booleans()):
            before = draw(st.lists(leaves, max_size=2))
            path = f"[{len(before)}]{dot}{path}"
            value = [*before, value, *draw(st.lists(leaves, max_size=1))]
            if draw(st.booleans()):
                value = tuple(value)
        else:
            name = draw(names)
            path = f"{name}{dot}{path}"
            value = {"before": draw(leaves), name: value, "after": draw(leaves)}
    return value, path, bad


@settings(max_examples=1_000, suppress_health_check=[HealthCheck.too_slow])
@given(one_bad_leaf_within())
def test_every_refusal_says_where(case):
    value, path, bad = case
    with pytest.raises(UnstorableValue) as caught:
        encode_value(value)
    assert caught.value.path == path
    assert str(caught.value).startswith(f"{path}: " if path else "")
    assert isinstance(caught.value, DynamoException)
    if bad != "empty set" and bad != "empty frozenset":
        with pytest.raises(UnstorableValue) as caught:
            encode_item({"top": value})
        joint = "" if not path or path.startswith("[") else "."
        assert caught.value.path == f"top{joint}{path}"


@pytest.mark.parametrize("key", [1, None, b"a", (1,), 1.5, True])
def test_keys_of_maps_have_to_be_text(key):
    with pytest.raises(UnstorableValue) as caught:
        encode_value({"outer": [{key: 1}]})
    assert caught.value.path == "outer[0]"
    with pytest.raises(UnstorableValue):
        encode_item({"outer": {key: 1}})


@pytest.mark.parametrize("encode", [encode_value, lambda value: encode_item({"outer": value})])
def test_surrogates_in_keys_are_refused(encode):
    with pytest.raises(UnstorableValue):
        encode({"\ud800": 1})


def test_what_contains_itself_is_refused():
    loop = {}
    loop["a"] = [loop]
    for encode, value in ((encode_value, endless_list()), (encode_value, loop), (encode_item, loop)):
        with pytest.raises(UnstorableValue, match="too deeply"):
            encode(value)


def test_refusals_pickle():
    with pytest.raises(UnstorableValue) as caught:
        encode_value({"a": [set()]})
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.path, again.value) == (str(caught.value), "a[0]", set())


def test_a_refusal_for_text_has_its_cause():
    with pytest.raises(UnstorableValue) as caught:
        encode_value({"a": ["\ud800"]})
    assert isinstance(caught.value.__cause__, UnicodeEncodeError)


# Kinds of values that only look like the plain ones


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (True, {"BOOL": True}),
        (False, {"BOOL": False}),
        (Colour.RED, {"N": "1"}),
        (Word("x"), {"S": "x"}),
        ("", {"S": ""}),
        (b"", {"B": b""}),
        (None, {"NULL": True}),
        ([], {"L": []}),
        ({}, {"M": {}}),
        ([None], {"L": [{"NULL": True}]}),
        ({"a": None}, {"M": {"a": {"NULL": True}}}),
        (types.MappingProxyType({"a": 1}), {"M": {"a": {"N": "1"}}}),
        ({"b", "a"}, {"SS": ["a", "b"]}),
        ({"k": 1}.keys(), {"SS": ["k"]}),
        ({2, 10}, {"NS": ["10", "2"]}),
        ({0.1, Decimal("0.1")}, {"NS": ["0.1"]}),
        ({b"b", b"a"}, {"BS": [b"a", b"b"]}),
    ],
)
def test_the_form_of_each_kind(value, wire):
    encoded = encode_value(value)
    assert encoded == wire
    ((content),) = encoded.values()
    assert type(content) is type(*wire.values())


def test_an_item_drops_none_and_empty_sets_inside_maps_but_not_inside_lists():
    values = {"gone": None, "empty": set(), "map": {"gone": None, "also": frozenset(), "kept": 1}, "list": [None, 1]}
    assert encode_item(values) == {
        "map": {"M": {"kept": {"N": "1"}}},
        "list": {"L": [{"NULL": True}, {"N": "1"}]},
    }
    deep = encode_item({"list": [{"null": None, "empty": set(), "map": {"null": None, "empty": set()}}]})
    null = {"NULL": True}
    assert deep == {"list": {"L": [{"M": {"null": null, "map": {"M": {"null": null}}}}]}}


# Decoding what is not in DynamoDB's form


GARBAGE = [
    None,
    1,
    "text",
    [],
    {},
    {"S": "a", "N": "1"},
    {"X": "a"},
    {1: "a"},
    {"S": 1},
    {"S": None},
    {"N": 1},
    {"N": "one"},
    {"N": ""},
    {"N": None},
    {"N": "NaN"},
    {"N": "Infinity"},
    {"N": "1_000"},
    {"N": " 1"},
    {"N": "\u0661"},
    {"B": 5},
    {"B": "text"},
    {"B": None},
    {"B": [1, 2]},
    {"BOOL": "true"},
    {"BOOL": 1},
    {"L": {"S": "a"}},
    {"L": "ab"},
    {"L": b"ab"},
    {"N": "1E+999999999"},
    {"N": "1E+9999"},
    {"N": "1" * 5000},
    {"M": {1: {"S": "a"}}},
    {"L": None},
    {"M": []},
    {"M": None},
    {"SS": "ab"},
    {"SS": [1]},
    {"SS": None},
    {"NS": ["x"]},
    {"NS": [1]},
    {"NS": "12"},
    {"NS": None},
    {"BS": ["x"]},
    {"BS": [5]},
    {"BS": b"ab"},
    {"BS": None},
]


@pytest.mark.parametrize("wire", GARBAGE, ids=repr)
def test_garbage_is_refused_with_its_path(wire):
    with pytest.raises(UnreadableItem):
        decode_value(wire)
    with pytest.raises(UnreadableItem) as caught:
        decode_item({"a": {"L": [{"S": "x"}, {"M": {"b": wire}}]}})
    assert caught.value.path == "a[1].b"
    with pytest.raises(UnreadableItem) as caught:
        decode_value({"M": {"outer": {"L": [wire]}}})
    assert caught.value.path == "outer[0]"


@settings(max_examples=500)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.binary(max_size=3) | st.floats(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"]), inner, max_size=2
            )
        ),
        max_leaves=6,
    )
)
def test_decoding_fails_in_one_way_only(wire):
    with contextlib.suppress(UnreadableItem):
        decode_value(wire)


@pytest.mark.parametrize("items", ["text", 5, None, []])
def test_an_item_that_is_no_map_is_refused(items):
    with pytest.raises(UnreadableItem):
        decode_item(items)


def test_depth_that_python_cannot_follow_is_an_error_of_ours():
    wire = {"S": "x"}
    for _ in range(100_000):
        wire = {"L": [wire]}
    with pytest.raises(UnreadableItem):
        decode_value(wire)
    with pytest.raises(UnreadableItem):
        decode_item({"a": wire})
    while "L" in wire:  # freeing it all at once would recurse in C on some Pythons
        wire = wire["L"].pop()


def test_dynamodbs_own_forms_of_numbers_are_read():
    assert decode_number("1E+2") == 100 and type(decode_number("1E+2")) is int
    assert decode_number("1.0") == 1 and type(decode_number("1.0")) is int
    assert decode_number("-0") == 0
    assert decode_number("0.10") == Decimal("0.1")
    assert decode_number("1E-130") == Decimal("1E-130")


# Through a real engine


@pytest.fixture(scope="module")
def table(dynamo_local):
    if dynamo_local.name == "moto":
        pytest.skip("moto's server fails on a map with an empty key")
    client = boto3.client(
        "dynamodb",
        endpoint_url=dynamo_local.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    name = f"codec-{uuid.uuid4().hex}"
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield client, name
    client.delete_table(TableName=name)


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(
    batch=st.lists(
        st.dictionaries(texts.filter(lambda t: t and t != "id"), storable, max_size=3), min_size=15, max_size=25
    )
)
def test_a_real_engine_gives_back_what_it_was_given(table, batch):
    client, name = table
    items = {str(number): dict(values, id=str(number)) for number, values in enumerate(batch)}
    requests = [{"PutRequest": {"Item": encode_item(item)}} for item in items.values()]
    answer = client.batch_write_item(RequestItems={name: requests})
    assert not answer["UnprocessedItems"]
    keys = [{"id": {"S": key}} for key in items]
    stored = client.batch_get_item(RequestItems={name: {"Keys": keys, "ConsistentRead": True}})["Responses"][name]
    assert len(stored) == len(items)
    for wire in stored:
        ours = encode_item(items[wire["id"]["S"]])
        assert boto_form({"M": wire}) == boto_form({"M": ours})
        assert with_types(decode_item(wire)) == with_types(decode_item(ours))
