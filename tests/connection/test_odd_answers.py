"""Whatever an endpoint answers, each verb gives a result or an error of this library, over every transport."""

from __future__ import annotations

import importlib.util
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dynamorm
from dynamorm import connection, drivers, exceptions

from ..clocks import Clock
from ..libraries import LIBRARIES, integer, library_named, mapping, text
from ..profiles import examples
from .conftest import KEYS, TRANSPORTS
from .scripted_server import ScriptedServer, answer

KEY = {"p": {"S": "p"}}
READS = {
    "get": lambda model: model.get(p="p"),
    "refresh": lambda model: model(p="p").refresh(),
    "get_batch": lambda model: list(model.get_batch([{"p": "p"}])),
    "query": lambda model: list(model.query(p="p").limit(3)),
    "count": lambda model: model.query(p="p").limit(3).count(),
    "page": lambda model: model.query(p="p").page(2),
    "truth": lambda model: bool(model.query(p="p")),
    "scan": lambda model: list(model.scan().limit(3)),
    "parallel scan": lambda model: list(model.scan().parallel(2).limit(3)),
    "rate limit": lambda model: list(model.scan().rate_limit(1e6).limit(3)),
    "plain get": lambda model: model.Table.get(p="p"),
    "plain get_batch": lambda model: list(model.Table.get_batch([{"p": "p"}])),
    "plain query": lambda model: model.Table.query(p="p"),
    "plain scan": lambda model: model.Table.scan(),
}
WRITES = {
    "put": lambda model: model.put({"p": "p"}),
    "save": lambda model: model(p="p", n=1).save(),
    "partial save": lambda model: model(p="p", n=1).save(partial=True),
    "update": lambda model: model(p="p", n=1).update(n=2),
    "update_item": lambda model: model.update_item(p="p", n=2),
    "delete": lambda model: model(p="p").delete(),
    "sync": lambda model: model(p="p", n=1).sync(),
    "put_batch": lambda model: model.put_batch({"p": "p"}),
    "plain put": lambda model: model.Table.put({"p": "p"}),
    "plain put_batch": lambda model: model.Table.put_batch({"p": "p"}),
}
TABLES = {
    "exists": lambda model: model.Table.exists,
    "plan": lambda model: model.Table.plan(),
    "create": lambda model: model.Table.create_table(wait=False),
    "describe": lambda model: model.Table.validate(),
}

NO_OBJECTS = [b"5", b"[]", b"null", b"", b"{", b"\xef\xbb\xbf{}", b"\xff{}", b"[" * 100_000]
ITEMS = [
    5,
    [],
    {"p": 5},
    {"p": {}},
    {"p": {"S": 5}},
    {"p": {"Q": "1"}},
    {"p": {"S": "1", "N": "1"}},
    {"p": None},
    {"n": {"N": "x"}},
    {"n": {"N": 5}},
    {"n": {"N": "NaN"}},
    {"n": {"S": "x"}},
    {"zz": {"B": "!"}},
    {"meta": {"M": 5}},
    {"meta": {"M": {"a": {"L": {}}}}},
]
PARTS = [
    {"Items": 5, "Count": 0},
    {"Items": {}, "Count": 0},
    {"Items": [], "Count": "x"},
    {"Items": []},
    {"Items": [], "Count": 0, "LastEvaluatedKey": 5},
    {"Items": [], "Count": 0, "LastEvaluatedKey": {"p": 5}},
    {"Items": [], "Count": 0, "ScannedCount": "x"},
    {"Items": [], "Count": 0, "ConsumedCapacity": 5},
    {"Items": [], "Count": 0, "ConsumedCapacity": {"CapacityUnits": "x"}},
    {"Responses": 5},
    {"Responses": []},
    {"Responses": {"odd": 5}},
    {"UnprocessedKeys": 5},
    {"UnprocessedKeys": {"odd": 5}},
    {"UnprocessedKeys": {"odd": {}}},
    {"UnprocessedKeys": {"odd": {"Keys": 5}}},
    {"UnprocessedKeys": {"odd": {"Keys": [5]}}},
    {"UnprocessedItems": 5},
    {"UnprocessedItems": {"odd": 5}},
    {"UnprocessedItems": {"odd": [5]}},
    {"UnprocessedItems": {"odd": [{"PutRequest": {}}]}},
    {"ConsumedCapacity": 5},
    {"ConsumedCapacity": [5]},
]
# Each for one verb, which may not take it for an answer.  What is empty, botocore takes for whatever belongs there.
REFUSED = [
    ("get", {"ConsumedCapacity": [{}]}),
    ("query", {"Items": [], "Count": 0, "ConsumedCapacity": [{}]}),
    ("count", {"Count": 0, "ConsumedCapacity": [{}]}),
    ("rate limit", {"Items": [], "Count": 0, "ConsumedCapacity": [{"CapacityUnits": 1}]}),
    ("put", {"ConsumedCapacity": [{}]}),
    ("plain get", {"ConsumedCapacity": [{}]}),
    ("plain query", {"ConsumedCapacity": [{}]}),
    ("plain query", {"ConsumedCapacity": {"CapacityUnits": "x"}}),
    ("plain query", {"LastEvaluatedKey": 5}),
    ("plain scan", {"Items": [None]}),
    ("get_batch", {"ConsumedCapacity": {"CapacityUnits": 1}}),
    ("put_batch", {"ConsumedCapacity": {"CapacityUnits": 1}}),
    ("plain get_batch", {"ConsumedCapacity": {"CapacityUnits": 1}}),
    ("plain get_batch", {"Responses": {"odd": [None]}}),
]
for kind in ("", "plain "):
    REFUSED += [(f"{kind}get_batch", {"Responses": {"odd": said}}) for said in (None, 5)]
    REFUSED += [
        (f"{kind}get_batch", {"UnprocessedKeys": {"odd": said}})
        for said in (None, {}, {"Keys": None}, {"Keys": {"p": 5}}, {"Keys": [None]})
    ]
    REFUSED += [
        (f"{kind}put_batch", {"UnprocessedItems": {"odd": said}})
        for said in (
            None,
            [None],
            [{}],
            [{"PutRequest": None}],
            [{"PutRequest": {"Item": None}}],
            [{"DeleteRequest": {"Key": {"p": {"S": "p"}}}}],
        )
    ]
DESCRIPTIONS = [
    {},
    {"Table": 5},
    {"Table": []},
    {"Table": {}},
    {"Table": {"TableStatus": "ACTIVE"}},
    {"Table": {"TableStatus": "ACTIVE", "TableName": "odd", "KeySchema": [{}], "AttributeDefinitions": [{}]}},
    {"Table": {"TableStatus": "ACTIVE", "TableName": "odd", "KeySchema": 5, "AttributeDefinitions": 5}},
    {"TableDescription": 5},
]
ERRORS = [
    {"__type": 5},
    {"__type": None},
    {"__type": ["x"]},
    {"__type": "x#ConditionalCheckFailedException", "Item": 5},
    {"__type": "x#ConditionalCheckFailedException", "Item": {"p": 5}},
    {"__type": "x#ConditionalCheckFailedException", "message": 5},
    {"__type": "x#TransactionCanceledException", "CancellationReasons": 5},
    {"__type": "x#ResourceNotFoundException", "message": ["x"]},
    {"message": {}},
    {"code": 5},
]


END = answer(b'{"__type":"x#ValidationException","message":"no more"}', b"400 Bad Request")


class Endpoint:
    """Answers a few requests with :attr:`says`; then there is an end, as there is with DynamoDB."""

    def __init__(self):
        self.says = answer()
        self.left = 0
        self.server = ScriptedServer([self.say])

    def say(self, request):
        self.left -= 1
        return self.says if self.left >= 0 else END


@pytest.fixture(scope="module")
def endpoint():
    one = Endpoint()
    with one.server:
        yield one


@pytest.fixture(scope="module")
def odd():
    library = next((library_named(name) for name in LIBRARIES if importlib.util.find_spec(name)), None)
    if library is None:
        pytest.skip("no schema library is installed")
    fields = {"p": text(required=True), "n": integer(), "meta": mapping()}
    return library.model("Odd", {"name": "odd", "hash_key": "p"}, fields)


@pytest.fixture(params=TRANSPORTS)
def there(request, endpoint, replace_backoff, monkeypatch):
    """Let models go to the endpoint."""
    replace_backoff(lambda seconds: None)
    monkeypatch.setattr(drivers, "time", Clock())
    config = {"retries": {"total_max_attempts": 1}}
    with dynamorm.using(
        endpoint_url=endpoint.server.url, transport=request.param, config=config, region_name="us-east-1"
    ):
        endpoint.transport = request.param
        yield endpoint


def all_of(verbs, model, endpoint):
    """Call each verb; what is raised has to be ours, and has to have a text."""
    for name, verb in verbs.items():
        endpoint.left = 4
        try:
            verb(model)
        except exceptions.DynamoException as error:
            assert str(error), name


def all_fail(verbs, model, endpoint):
    """Call each verb, none of which may take the answer for one."""
    for verb in verbs.values():
        endpoint.left = 4
        with pytest.raises(exceptions.DynamoException):
            verb(model)


@pytest.mark.parametrize("body", NO_OBJECTS, ids=lambda body: repr(body[:9]))
def test_what_is_no_json_object_is_an_error_of_ours(there, odd, body):
    # botocore itself takes some bodies for an answer without content, and sends what goes through boto3's resource
    typed = {name: verb for name, verb in {**READS, **WRITES}.items() if not name.startswith("plain")}
    for status in (b"200 OK", b"400 Bad Request", b"500 Trouble"):
        there.says = answer(body, status)
        all_of({**READS, **WRITES, **TABLES}, odd, there)
        if there.transport != "boto3" or status != b"200 OK":
            all_fail(typed, odd, there)


def test_what_is_no_item_is_an_error_of_ours(there, odd):
    for item in ITEMS:
        for part in (
            {"Item": item},
            {"Items": [item], "Count": 1},
            {"Responses": {"odd": [item]}},
            {"Attributes": item},
        ):
            there.says = answer(json.dumps(part).encode())
            all_of({**READS, **WRITES}, odd, there)


def test_an_answer_of_another_shape_is_an_error_of_ours(there, odd):
    for part in PARTS:
        there.says = answer(json.dumps(part).encode())
        all_of({**READS, **WRITES}, odd, there)


def test_an_answer_of_another_shape_is_not_taken_for_one(there, odd):
    for name, said in REFUSED:
        there.says, there.left = answer(json.dumps(said).encode()), 1
        with pytest.raises((exceptions.ConnectionFailed, exceptions.BatchError)) as caught:
            {**READS, **WRITES}[name](odd)
        failure = caught.value.__cause__ if name.endswith("put_batch") else caught.value
        assert isinstance(failure, exceptions.ConnectionFailed)


def test_an_odd_description_of_a_table_is_an_error_of_ours(there, odd):
    for description in DESCRIPTIONS:
        there.says = answer(json.dumps(description).encode())
        all_of(TABLES, odd, there)


def test_an_odd_error_is_an_error_of_ours(there, odd):
    for error in ERRORS:
        for status in (b"400 Bad Request", b"500 Trouble"):
            there.says = answer(json.dumps(error).encode(), status)
            all_fail({**READS, **WRITES}, odd, there)


def test_the_message_names_operation_endpoint_and_part(there, odd):
    there.says, there.left = answer(b'{"Item":5}'), 1
    with pytest.raises(exceptions.ConnectionFailed, match=r"GetItem .*http://localhost"):
        odd.get(p="p")


def test_an_item_that_is_too_deep_is_an_error_of_ours(there, odd):
    there.says = answer(b'{"Item":{"p":{"S":"p"},"meta":{"M":{"a":' + b'{"L":[' * 3000 + b"]}" * 3000 + b"}}}}")
    all_of(READS, odd, there)


def test_of_names_that_come_twice_the_last_counts(there, odd):
    there.says = answer(b'{"Item":{"p":{"S":"1"}},"Item":{"p":{"S":"2"}}}')
    there.left = 1
    assert odd.get(p="p").p == "2"


HEADERS = [
    {"Content_Length": "x"},
    {"Content_Length": "-1"},
    {"Content_Length": "5, 5"},
    {"Content_Length": "99999999999999999999"},
    {"Content_Encoding": "gzip"},
    {"Transfer_Encoding": "gzip"},
    {"x_amz_crc32": "x"},
    {"x_amz_crc32": "-1"},
    {"x_amzn_RequestId": "\xe4\xf6"},
    {"Content_Type": ""},
    {"no header": "x"},
]


def test_an_odd_header_leads_to_the_answer_or_an_error_of_ours(there, odd):
    for headers in HEADERS:
        said = answer(b'{"Item":{"p":{"S":"p"}}}', **headers)
        there.says = [said, None]  # and the end of the connection, so that nobody waits for more
        all_of({"get": READS["get"], "put": WRITES["put"]}, odd, there)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["S", "N", "M", "L", "B", "NULL", "p", "n", "odd", "Keys"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
NAMES = ["Item", "Items", "Attributes", "Count", "LastEvaluatedKey", "Responses", "UnprocessedKeys"]
NAMES += ["UnprocessedItems", "ConsumedCapacity", "ScannedCount", "__type", "message"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_whatever_is_answered_nothing_but_errors_of_ours_comes_out(
    endpoint, odd, transport, replace_backoff, monkeypatch
):
    replace_backoff(lambda seconds: None)
    monkeypatch.setattr(drivers, "time", Clock())
    config = {"retries": {"total_max_attempts": 1}}
    verbs = {**READS, **WRITES}

    @settings(max_examples=examples(quick=25, long=1000))
    @given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4), st.sampled_from([b"200 OK", b"400 Bad Request"]))
    def fuzz(said, status):
        endpoint.says = answer(json.dumps(said).encode(), status)
        all_of(verbs, odd, endpoint)

    with connection.using(endpoint_url=endpoint.server.url, transport=transport, config=config, **KEYS):
        fuzz()
