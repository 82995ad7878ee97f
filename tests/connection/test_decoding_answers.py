"""What is read without shapes is what botocore reads with them."""

from __future__ import annotations

import base64
import json

import botocore.session
import pytest
from botocore.parsers import create_parser
from hypothesis import given
from hypothesis import strategies as st

from dynamorm.connection.answers import DATA_OPERATIONS, LeanResponse, checksum_differs, encode_payload, read_answer

MODEL = botocore.session.get_session().get_service_model("dynamodb")
PARSER = create_parser("json")

names = st.text(max_size=5) | st.sampled_from(["S", "B", "BS", "M", "null", ":null", "Item", "__type"])
binary = st.binary(max_size=9).map(lambda raw: base64.b64encode(raw).decode())
scalars = st.one_of(
    st.builds(dict, S=names),
    st.builds(dict, N=st.integers().map(str)),
    st.builds(dict, B=binary),
    st.builds(dict, BOOL=st.booleans()),
    st.builds(dict, NULL=st.just(True)),
    st.builds(dict, SS=st.lists(names, max_size=3)),
    st.builds(dict, BS=st.lists(binary, max_size=3)),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.builds(dict, L=st.lists(inner, max_size=3)),
        st.builds(dict, M=st.dictionaries(names, inner, max_size=3)),
    ),
    max_leaves=5,
)
items = st.dictionaries(names, values, max_size=4)
capacity = st.fixed_dictionaries({"TableName": names, "CapacityUnits": st.floats(0, 9) | st.integers(0, 9)})
metrics = st.fixed_dictionaries(
    {"ItemCollectionKey": items, "SizeEstimateRangeGB": st.lists(st.floats(0, 9), max_size=2)}
)
of_tables = lambda what: st.dictionaries(names, st.lists(what, max_size=3), max_size=2)  # noqa: E731
MEMBERS = {
    "Item": items,
    "Attributes": items,
    "LastEvaluatedKey": items,
    "Items": st.lists(items, max_size=3),
    "Count": st.integers(0, 9),
    "ScannedCount": st.integers(0, 9),
    "UnprocessedKeys": st.dictionaries(names, st.fixed_dictionaries({"Keys": st.lists(items, max_size=2)}), max_size=2),
    "UnprocessedItems": of_tables(st.fixed_dictionaries({"PutRequest": st.builds(dict, Item=items)})),
}


def answers(operation):
    members = {}
    for name in sorted(DATA_OPERATIONS[operation]):
        members[name] = MEMBERS.get(name, capacity)
        if name == "Responses":
            one = st.one_of(st.just({}), st.builds(dict, Item=items))
            members[name] = of_tables(items) if operation == "BatchGetItem" else st.lists(one, max_size=3)
        elif name == "ConsumedCapacity" and operation.startswith(("Batch", "Transact")):
            members[name] = st.lists(capacity, max_size=2)
        elif name == "ItemCollectionMetrics":
            several = operation.startswith(("Batch", "Transact"))
            members[name] = of_tables(metrics) if several else metrics
    unknown = st.fixed_dictionaries({}, optional={"Novelty": st.integers()})
    return st.builds(lambda known, new: {**known, **new}, st.fixed_dictionaries({}, optional=members), unknown)


def botocore_reads(operation, body):
    response = {"status_code": 200, "headers": {}, "body": body}
    parsed = PARSER.parse(response, MODEL.operation_model(operation).output_shape)
    del parsed["ResponseMetadata"]
    return parsed


@pytest.mark.parametrize("operation", DATA_OPERATIONS)
@given(data=st.data())
def test_an_answer_is_read_as_botocore_reads_it_or_left_to_it(operation, data):
    answer = data.draw(answers(operation))
    separators = data.draw(st.sampled_from([(",", ":"), (", ", ": ")]))
    body = json.dumps(answer, separators=separators, ensure_ascii=data.draw(st.booleans())).encode()
    read = read_answer(operation, body)
    if read is not None:
        assert read == botocore_reads(operation, body)
    else:
        odd = "Novelty" in answer or b"null" in body
        rare = {"UnprocessedKeys", "UnprocessedItems", "ItemCollectionMetrics"} & answer.keys()
        assert odd or (rare and b'"B' in body)


@pytest.mark.parametrize("operation", DATA_OPERATIONS)
def test_the_members_of_answers_are_those_of_the_service_model(operation):
    assert DATA_OPERATIONS[operation] <= set(MODEL.operation_model(operation).output_shape.members)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"1",
        b"{",
        b'{"Item":null}',
        b'{"Item": null}',
        b'{"Novelty":1}',
        b'{"Item":{"b":{"B":"A"}}}',
        b"\xff",
    ],
)
def test_what_is_out_of_the_ordinary_is_left_to_botocore(body):
    assert read_answer("GetItem", body) is None


def test_what_listeners_see_of_an_answer_is_bytes_however_it_was_received():
    for body in (b"{}", bytearray(b"{}")):
        seen = LeanResponse("http://localhost/", 200, {}, body)
        assert type(seen.content) is bytes
        assert (seen.content, seen.text, seen.raw.read()) == (b"{}", "{}", b"{}")


def test_lone_surrogates_are_left_to_botocore():
    body = json.dumps({"Item": {"s": {"S": "\ud800"}}}).encode()
    assert read_answer("GetItem", body) is None
    assert botocore_reads("GetItem", body)["Item"] == {"s": {"S": "\ud800"}}


@given(item=st.dictionaries(names, st.builds(dict, B=st.binary() | st.binary().map(bytearray)), max_size=3))
def test_a_payload_is_written_as_botocore_writes_it(item):
    from botocore.serialize import create_serializer

    payload = {"TableName": "table", "Item": item}
    serializer = create_serializer("json", include_validation=True)
    theirs = serializer.serialize_to_request(payload, MODEL.operation_model("PutItem"))["body"]
    assert json.loads(encode_payload(payload)) == json.loads(theirs)


@pytest.mark.parametrize("value", [object(), {1, 2}, {1: "key"}, "\ud800", 2**70])
def test_a_payload_that_is_no_json_is_refused(value):
    with pytest.raises(TypeError):
        encode_payload({"x": value})


@pytest.mark.parametrize(
    ("header", "differs"),
    [("2745614147", False), ("02745614147", False), ("2745614148", True), ("", True), ("x", True)],
)
def test_a_checksum_is_compared_as_a_number(header, differs):
    assert checksum_differs({"x-amz-crc32": header}, b"{}") is differs
    assert checksum_differs({}, b"{}") is False
