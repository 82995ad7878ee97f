"""Each rule, broken; and requests that are as far as they may go without breaking one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from .examples import (
    AUTHOR,
    CREATE,
    KEY,
    OF_AUTHOR,
    ONE,
    PUT,
    TABLES,
    TEXT,
    WRONG,
    batch_get,
    batch_write,
    create,
    deleted,
    get,
    nested,
    number,
    numbered,
    put,
    query,
    scan,
    transaction,
    update,
)
from .operations import check
from .refusals import RULES, Report
from .tables import Tables
from .tokens import RESERVED
from .values import item_size, judge_number

BROKEN = [(rule, *request) for rule, requests in WRONG.items() for request in requests]


@pytest.mark.parametrize(
    ("rule", "operation", "payload"), BROKEN, ids=[f"{rule}-{number}" for number, (rule, *_) in enumerate(BROKEN)]
)
def test_a_request_that_breaks_a_rule_is_refused_for_it(rule, operation, payload):
    assert {refusal.rule for refusal in check(operation, payload, TABLES)} == {rule}


def test_each_rule_is_broken_here():
    assert WRONG.keys() == RULES.keys()


RIGHT = [
    create(),
    (
        "CreateTable",
        {
            "TableName": "a.b",
            "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "B"}],
            "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
            "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        },
    ),
    get(ProjectionExpression="a, #b.c, d[0], d[1].e", ExpressionAttributeNames={"#b": "b.c"}),
    put({"a": {"S": ""}, "b": {"B": b""}, "c": {"L": []}, "d": {"M": {}}, "e": {"SS": [""]}, "f": {"NULL": True}}),
    put(
        {
            "a": nested(32),
            "b": number("9" * 38 + "e87"),
            "c": number("1e-130"),
            "d": number("0e125"),
            "e": number("+1."),
        }
    ),
    put({"author": {"S": "a" * 2_048}, "nick": {"S": "a" * 1_024}, "stamp": {"B": b"a"}, "mark": number("-.5")}),
    put({"a": {"S": "a" * (400 * 1024 - 10)}}),
    put({"a" * 65_535: TEXT}),
    put(ReturnValues="ALL_OLD", ReturnConsumedCapacity="INDEXES"),
    deleted(f"{'a' * 4_092} = b"),
    deleted(" AND ".join(["a = b"] * 150)),
    deleted(f"a IN ({', '.join(['b'] * 100)})"),
    deleted("(a = :v) AND (NOT (a < :v OR (size(b) > :v)))", {":v": ONE}),
    deleted("not A.b[0] between :v and :v or c in (:v, d)", {":v": ONE}),
    deleted("(a) = :v AND contains((b), size(a))", {":v": TEXT}),
    deleted(
        "a = :v AND size(a) > a AND begins_with(b, c) AND attribute_type(a, :t)", {":v": {"L": []}, ":t": {"S": "L"}}
    ),
    deleted("attribute_exists(" + "a" + ".b" * 31 + ")"),
    update("SET a = :v, b = a + :v, d.e = if_not_exists(d.e, :v) - if_not_exists(f, :v)", {":v": ONE}),
    update(
        "set #a = list_append(:l, if_not_exists(#a, :l)) remove b[0], b[1] add c :v delete d :s",
        {"#a": "a.b", ":l": {"L": []}, ":v": ONE, ":s": {"SS": ["a"]}},
    ),
    update("SET author = :v, a = b REMOVE nick", {":v": TEXT}, ReturnValues="UPDATED_NEW"),
    query(),
    query("(id = :i) AND (seat >= :v)", {":v": ONE}),
    query(":i = id AND seat BETWEEN :v AND :v", {":v": ONE}, Limit=1, ExclusiveStartKey=KEY, ConsistentRead=True),
    query(AUTHOR, OF_AUTHOR, "by_author", FilterExpression="title <> id", ProjectionExpression="title, seat"),
    query(
        AUTHOR + " AND stamp = :t AND nick = :a AND mark > :v", {**OF_AUTHOR, ":t": {"B": b"a"}, ":v": ONE}, "by_all"
    ),
    query(index="by_mark", ConsistentRead=True, ProjectionExpression="price", Select="SPECIFIC_ATTRIBUTES"),
    query(Select="COUNT", FilterExpression="price > a"),
    scan(Segment=1, TotalSegments=2, FilterExpression="id > seat"),
    scan(IndexName="by_author", ExclusiveStartKey={**KEY, "author": TEXT, "nick": TEXT}),
    batch_get(*numbered(100)),
    batch_write(PUT, *[{"DeleteRequest": {"Key": key}} for key in numbered(24)]),
    transaction(
        *[{"Delete": {"TableName": "books", "Key": key}} for key in numbered(100)], ClientRequestToken="a" * 36
    ),
    ("UpdateTable", {"TableName": "books", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by_all"}}]}),
]


@pytest.mark.parametrize(("operation", "payload"), RIGHT)
def test_a_request_that_breaks_no_rule_passes(operation, payload):
    assert check(operation, payload, TABLES) == []


# As DynamoDB has been seen to count.
NUMBERS = {
    "0": 1,
    "1": 2,
    "-1": 3,
    "12": 2,
    "123": 3,
    "123456": 4,
    "3.14159": 5,
    "0042.1200": 3,
    "1E125": 2,
    "0.001": 2,
    "100.5": 4,
}


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_takes_a_byte_for_two_digits_on_either_side_of_the_point_and_one_more(text):
    assert judge_number(text) == ("", NUMBERS[text])


def test_the_size_of_an_item_is_that_of_names_and_values():
    report = Report()
    item = {
        "ab": {"S": "é"},
        "c": {"N": "12"},
        "d": {"BOOL": False},
        "e": {"NULL": True},
        "f": {"B": b"abc"},
        "g": {"SS": ["a", "bc"]},
        "h": {"L": [{"S": "a"}, {"N": "1"}]},
        "i": {"M": {"jk": {"S": "l"}}},
    }
    assert item_size(item, report) == (2 + 2) + (1 + 2) + (1 + 1) + (1 + 1) + (1 + 3) + (1 + 3) + (
        1 + 3 + 2 + 1 + 2
    ) + (1 + 3 + 1 + 2 + 1)
    assert report == []


def test_tables_are_known_as_they_were_last_changed():
    tables = Tables()
    tables.learn(*create())
    for change in (
        {"Delete": {"IndexName": "by_author"}},
        {"Create": {**CREATE["GlobalSecondaryIndexes"][0], "IndexName": "by_nick"}},
    ):
        tables.learn("UpdateTable", {"TableName": "books", "GlobalSecondaryIndexUpdates": [change]})
    assert set(tables["books"].indexes) == {"by_all", "by_mark", "by_nick"}
    assert check(*query(AUTHOR, OF_AUTHOR, "by_nick"), tables) == []
    assert check(*query(AUTHOR, OF_AUTHOR, "by_author"), tables) != []
    tables.learn("DeleteTable", {"TableName": "books"})
    assert check(*get({"other": TEXT}), tables) == []


def test_there_are_573_reserved_words():
    assert len(RESERVED) == 573
    assert {"ABORT", "NAME", "TTL", "URL", "ZONE"} <= RESERVED and all(word.isupper() for word in RESERVED)


HERE = Path(__file__).parent


@pytest.mark.parametrize(
    "path", sorted(set(HERE.glob("*.py")) - set(HERE.glob("*suite.py"))), ids=lambda path: path.stem
)
def test_the_rules_share_no_code_with_the_library(path):
    trees = ast.walk(ast.parse(path.read_text()))
    imports = [node for node in trees if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = [node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imports]
    assert not [name for name in names if name.startswith(("dynamorm", "boto"))]
    assert all(node.level < 2 for node in imports if isinstance(node, ast.ImportFrom))
