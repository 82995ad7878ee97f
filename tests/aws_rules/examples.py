"""Requests to a table that is known, and how each rule is broken by some."""

from __future__ import annotations

from .tables import Tables

CREATE = {
    "TableName": "books",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": letter}
        for name, letter in {"id": "S", "seat": "N", "author": "S", "nick": "S", "mark": "N", "stamp": "B"}.items()
    ],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "seat", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_author",
            "KeySchema": [
                {"AttributeName": "author", "KeyType": "HASH"},
                {"AttributeName": "nick", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["title"]},
        },
        {
            "IndexName": "by_all",
            "KeySchema": [
                {"AttributeName": "author", "KeyType": "HASH"},
                {"AttributeName": "stamp", "KeyType": "HASH"},
                {"AttributeName": "nick", "KeyType": "RANGE"},
                {"AttributeName": "mark", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        },
    ],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "by_mark",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "mark", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
}
KEY = {"id": {"S": "a"}, "seat": {"N": "1"}}
TABLES = Tables()
TABLES.learn("CreateTable", CREATE)


def create(**more):
    return "CreateTable", {**CREATE, **more}


def get(key=KEY, **more):
    return "GetItem", {"TableName": "books", "Key": key, **more}


def put(more=(), **options):
    return "PutItem", {"TableName": "books", "Item": {**KEY, **dict(more)}, **options}


def deleted(condition, values=(), **more):
    """A delete with a condition; ``values`` are the placeholders, each with : or # before it."""
    return "DeleteItem", {"TableName": "books", "Key": KEY, "ConditionExpression": condition, **holders(values), **more}


def update(expression, values=(), **more):
    return "UpdateItem", {"TableName": "books", "Key": KEY, "UpdateExpression": expression, **holders(values), **more}


def holders(values):
    names = {holder: meant for holder, meant in dict(values).items() if holder.startswith("#")}
    others = {holder: meant for holder, meant in dict(values).items() if not holder.startswith("#")}
    return {
        **({"ExpressionAttributeNames": names} if names else {}),
        **({"ExpressionAttributeValues": others} if others else {}),
    }


def query(condition="id = :i", values=(), index=None, **more):
    values = {**({":i": {"S": "a"}} if ":i" in condition else {}), **dict(values)}
    where = {"IndexName": index} if index else {}
    return "Query", {"TableName": "books", "KeyConditionExpression": condition, **where, **holders(values), **more}


def scan(**more):
    return "Scan", {"TableName": "books", **more}


def batch_get(*keys):
    return "BatchGetItem", {"RequestItems": {"books": {"Keys": list(keys)}}}


def batch_write(*writes):
    return "BatchWriteItem", {"RequestItems": {"books": list(writes)}}


def transaction(*actions, **more):
    return "TransactWriteItems", {"TransactItems": list(actions), **more}


def numbered(count):
    return [{"id": {"S": str(number)}, "seat": {"N": "1"}} for number in range(count)]


def number(text):
    return {"N": text}


def nested(levels):
    value = {"S": "leaf"}
    for _ in range(levels - 1):
        value = {"L": [value]}
    return value


ONE, TWO, TEXT = {"N": "1"}, {"N": "2"}, {"S": "text"}
PUT = {"PutRequest": {"Item": KEY}}
AUTHOR = "author = :a"
OF_AUTHOR = {":a": TEXT}

WRONG = {
    "syntax": [
        deleted(""),
        deleted("a = "),
        deleted("a"),
        deleted("a = :v b", {":v": ONE}),
        deleted("a & :v", {":v": ONE}),
        deleted("a = :v AND", {":v": ONE}),
        deleted("(a = :v", {":v": ONE}),
        deleted("a[b] = :v", {":v": ONE}),
        deleted("a BETWEEN :v", {":v": ONE}),
        deleted("(a = :v) = :v", {":v": ONE}),
        update("a = :v", {":v": ONE}),
        update("SET a = :v,", {":v": ONE}),
        update("SET a = :v + :v + :v", {":v": ONE}),
        update("ADD a b"),
        update("REMOVE :v", {":v": ONE}),
        get(ProjectionExpression="a,"),
    ],
    "expression-length": [deleted(f"{'a' * 4_093} = b")],
    "operators": [deleted(" AND ".join(["a = b"] * 151)), deleted("a = b AND " + " OR ".join(["size(a) < b"] * 100))],
    "parentheses": [deleted("((a = :v))", {":v": ONE}), deleted("a = b AND (((a = b) OR b = c))")],
    "function": [
        deleted("exists(a)"),
        deleted("size(a)"),
        deleted("a = b AND size(a)"),
        deleted("contains(a, b) = :v", {":v": ONE}),
        deleted("a IN (contains(a, b), b)"),
        deleted("if_not_exists(a, b)"),
        update("SET a = size(b)"),
        update("SET a = if_not_exists(a, contains(a, b))"),
    ],
    "operand-count": [
        deleted("attribute_exists(a, b)"),
        deleted("contains(a)"),
        deleted("size(a, b) = :v", {":v": ONE}),
        deleted(f"a IN ({', '.join(['b'] * 101)})"),
        update("SET a = list_append(b)"),
    ],
    "operand-type": [
        deleted("attribute_exists(:v)", {":v": TEXT}),
        deleted("size(:v) = b", {":v": TEXT}),
        deleted("size(size(a)) = b"),
        deleted("begins_with(a, :v)", {":v": ONE}),
        deleted("begins_with(a, size(b))"),
        deleted("attribute_type(a, :v)", {":v": TEXT}),
        deleted("attribute_type(a, b)"),
        deleted("a < :v", {":v": {"BOOL": True}}),
        deleted("a BETWEEN :v AND b", {":v": {"L": []}}),
        update("SET a = b + :v", {":v": TEXT}),
        update("SET a = if_not_exists(b, :v) - list_append(b, c)", {":v": ONE}),
        update("SET a = list_append(a, :v)", {":v": ONE}),
        update("SET a = if_not_exists(:v, b)", {":v": ONE}),
        update("ADD a :v", {":v": TEXT}),
        update("DELETE a :v", {":v": ONE}),
    ],
    "same-operand": [
        deleted("a = a"),
        deleted("#a < a", {"#a": "a"}),
        deleted("contains(a.b, a.b)"),
        deleted("size(a) > size(a)"),
        deleted("a IN (b, a)"),
    ],
    "between": [
        deleted("a BETWEEN :v AND :w", {":v": TWO, ":w": ONE}),
        deleted("a BETWEEN :v AND :w", {":v": ONE, ":w": TEXT}),
        deleted("a BETWEEN :v AND :w", {":v": {"S": "\U0001f40d"}, ":w": {"S": "\uffff"}}),
        query("id = :i AND seat BETWEEN :v AND :w", {":v": {"N": "10"}, ":w": {"N": "9"}}),
    ],
    "reserved-word": [
        deleted("a.Name = b"),
        deleted("_a = b"),
        update("SET #a = value", {"#a": "a"}),
        update("REMOVE hash"),
        get(ProjectionExpression="a, year"),
    ],
    "sections": [update("SET a = b SET c = d"), update("REMOVE a ADD c :v REMOVE b", {":v": ONE})],
    "overlap": [
        update("SET a = b REMOVE a"),
        update("SET a.b = c, #a = d", {"#a": "a"}),
        update("SET a[1] = b, a[1].c = d"),
        get(ProjectionExpression="a, b, a"),
        scan(ProjectionExpression="a.b, a"),
    ],
    "conflict": [update("SET a[1] = b, a.c = d"), get(ProjectionExpression="a.b[0], a.b.c")],
    "path-depth": [deleted("attribute_exists(a" + ".b" * 32 + ")")],
    "placeholder-form": [
        deleted("#a = b", {"#a": "a", "#": "b"}),
        deleted("#a = b", {"#a": "a", "#a-b": "b"}),
        deleted("a = :v", {":v": ONE, "v": ONE}),
        deleted("a = :v" + "v" * 255, {":v" + "v" * 255: ONE}),
    ],
    "undefined": [deleted("#a = b"), deleted("a = :v"), update("SET #a = :v", {"#a": "a"})],
    "unused": [
        deleted("a = b", {"#a": "a"}),
        deleted("a = b", {":v": ONE}),
        query("id = :i", {"#a": "a"}, FilterExpression="a = b"),
        scan(ExpressionAttributeNames={"#a": "a"}),
    ],
    "placeholder-size": [deleted("a = :v", {":v": {"S": "a" * (2 * 1024 * 1024)}})],
    "value": [
        put({"a": {}}),
        put({"a": {"S": "a", "N": "1"}}),
        put({"a": {"X": "a"}}),
        put({"a": {"S": 1}}),
        put({"a": {"NULL": False}}),
        put({"a": {"B": "text"}}),
        put({"a": "a"}),
        put({"a": {"L": {}}}),
        put({"a": {"SS": "ab"}}),
        put({"a": {"SS": ["a", 1]}}),
    ],
    "number": [
        put({"a": number(text)})
        for text in ("", " 1", "1 ", "NaN", "Infinity", "0x10", "1e", "1.2.3", ".", "\u0661", "1_0", "1e126", "-1e126")
    ]
    + [put({"a": number(text)}) for text in ("1e-131", "0e126", "0e-131", "1" * 39, f"0.{'1' * 39}", "9" * 127)]
    + [put({"a": {"NS": ["1", "x"]}}), put({"a": {"L": [number("x")]}}), deleted("a = :v", {":v": number("x")})],
    "set": [
        put({"a": {"SS": []}}),
        put({"a": {"M": {"b": {"NS": []}}}}),
        put({"a": {"SS": ["a", "a"]}}),
        put({"a": {"NS": ["1", "1.0"]}}),
        put({"a": {"BS": [b"a", b"a"]}}),
    ],
    "nesting": [put({"a": nested(33)}), deleted("a = :v", {":v": nested(33)})],
    "text": [
        put({"a": {"S": "\ud800"}}),
        put({"\udfff": TEXT}),
        put({"a": {"M": {"\udfff": TEXT}}}),
        put({"a": {"SS": ["\ud800"]}}),
    ],
    "name": [
        put({"": TEXT}),
        put({"a" * 65_536: TEXT}),
        put({"a": {"M": {"": TEXT}}}),
        deleted("#a = b", {"#a": ""}),
        create(
            AttributeDefinitions=[{"AttributeName": "é" * 128, "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "é" * 128, "KeyType": "HASH"}],
            GlobalSecondaryIndexes=None,
            LocalSecondaryIndexes=None,
        ),
    ],
    "item-size": [
        put({"a": {"S": "a" * (400 * 1024 - 7)}}),
        update("SET a = :v", {":v": {"S": "a" * (400 * 1024)}}),
        batch_write({"PutRequest": {"Item": {**KEY, "a": {"S": "a" * 400 * 1024}}}}),
    ],
    "request-size": [
        transaction(
            *[{"Put": {"TableName": "books", "Item": {**key, "a": {"S": "a" * 400_000}}}} for key in numbered(11)]
        ),
    ],
    "key-attributes": [
        get({"id": TEXT}),
        get({**KEY, "a": TEXT}),
        ("PutItem", {"TableName": "books", "Item": {"id": TEXT}}),
        batch_get({"id": TEXT}),
        batch_write({"DeleteRequest": {"Key": {"id": TEXT}}}),
    ],
    "key-type": [
        get({**KEY, "id": ONE}),
        put({"author": ONE}),
        put({"mark": TEXT}),
        put({"nick": {"NULL": True}}),
        update("SET author = :v", {":v": ONE}),
        query("id = :v", {":v": ONE}),
        query("id = :i AND seat > :v", {":v": TEXT}),
    ],
    "key-value": [
        get({**KEY, "id": {"S": ""}}),
        get({**KEY, "id": {"S": "é" * 1_025}}),
        put({"author": {"S": ""}}),
        put({"nick": {"S": "a" * 1_025}}),
        put({"stamp": {"B": b""}}),
        update("SET author = :v", {":v": {"S": ""}}),
        query("id = :v", {":v": {"S": ""}}),
    ],
    "key-update": [update("SET id = :v", {":v": TEXT}), update("REMOVE #a", {"#a": "seat"})],
    "key-condition": [
        query("seat = :v", {":v": ONE}),
        query("id > :i"),
        query("begins_with(id, :i)"),
        query("id = :i AND seat > :v AND seat < :w", {":v": ONE, ":w": TWO}),
        query("id = :i AND title = :v", {":v": TEXT}),
        query("id = :i OR seat = :v", {":v": ONE}),
        query("id = :i AND NOT seat = :v", {":v": ONE}),
        query("id = :i AND seat <> :v", {":v": ONE}),
        query("id = :i AND seat IN (:v)", {":v": ONE}),
        query("id = :i AND seat = mark"),
        query("id = :i AND :v BETWEEN seat AND :w", {":v": ONE, ":w": TWO}),
        query("id.a = :i"),
        query("id = :i AND size(seat) = :v", {":v": ONE}),
        query(AUTHOR, OF_AUTHOR, "by_all"),
        query("author = :a AND stamp = :t AND mark = :r", {**OF_AUTHOR, ":t": {"B": b"a"}, ":r": ONE}, "by_all"),
        ("Query", {"TableName": "books"}),
        ("Query", {"TableName": "other", "KeyConditionExpression": "a > :v", **holders({":v": ONE})}),
    ],
    "key-filter": [
        query(FilterExpression="seat <> a"),
        query(FilterExpression="attribute_exists(id.a)"),
        query(AUTHOR, OF_AUTHOR, "by_author", FilterExpression="#n <> title", ExpressionAttributeNames={"#n": "nick"}),
    ],
    "start-key": [
        query(ExclusiveStartKey={"id": {"S": "a"}}),
        query(ExclusiveStartKey={**KEY, "a": TEXT}),
        query(ExclusiveStartKey={**KEY, "id": {"S": "b"}}),
        query("id = :i AND seat > :v", {":v": TWO}, ExclusiveStartKey=KEY),
        query("id = :i AND :v > seat", {":v": ONE}, ExclusiveStartKey=KEY),
        scan(ExclusiveStartKey={}),
        scan(IndexName="by_author", ExclusiveStartKey=KEY),
    ],
    "index": [
        query(index="by_nothing"),
        scan(IndexName="by_nothing"),
        query(AUTHOR, OF_AUTHOR, "by_author", FilterExpression="price = a"),
        query(AUTHOR, OF_AUTHOR, "by_author", ProjectionExpression="price"),
        query(index="by_mark", FilterExpression="price = a"),
        scan(IndexName="by_author", ProjectionExpression="price"),
        (
            "UpdateTable",
            {"TableName": "books", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by_mark"}}]},
        ),
    ],
    "form": [
        ("GetItem", {"TableName": "books"}),
        ("BatchWriteItem", {}),
        ("PutItem", {"TableName": "books", "Item": []}),
        deleted("a = b", ExpressionAttributeNames={}),
        transaction({"ConditionCheck": {"TableName": "books", "Key": KEY}}),
        transaction({"Update": {"TableName": "books", "Key": KEY}}),
    ],
    "table-name": [
        ("GetItem", {"TableName": "bo", "Key": KEY}),
        ("GetItem", {"TableName": "b" * 256, "Key": KEY}),
        ("DescribeTable", {"TableName": "bücher"}),
        ("Query", {**query(index="a b")[1], "TableName": "other"}),
        ("BatchGetItem", {"RequestItems": {"b s": {"Keys": [KEY]}}}),
    ],
    "enumeration": [
        put(ReturnValues="ALL_NEW"),
        deleted("a = b", ReturnValues="UPDATED_OLD"),
        update("REMOVE a", ReturnValues="ALL"),
        put(ReturnConsumedCapacity="ALL"),
        put(ReturnValuesOnConditionCheckFailure="ALL_NEW"),
        query(Select="EVERYTHING"),
    ],
    "consistent-read": [
        query(AUTHOR, OF_AUTHOR, "by_author", ConsistentRead=True),
        scan(IndexName="by_author", ConsistentRead=True),
    ],
    "limit": [
        query(Limit=0),
        scan(Limit=-1),
        scan(Segment=2, TotalSegments=2),
        scan(Segment=0),
        scan(TotalSegments=1),
        scan(Segment=0, TotalSegments=1_000_001),
    ],
    "select": [
        query(Select="COUNT", ProjectionExpression="a"),
        query(Select="SPECIFIC_ATTRIBUTES"),
        query(Select="ALL_PROJECTED_ATTRIBUTES"),
        query(AUTHOR, OF_AUTHOR, "by_author", Select="ALL_ATTRIBUTES"),
    ],
    "batch": [
        batch_get(),
        batch_get(*numbered(101)),
        batch_get(KEY, KEY),
        batch_get(KEY, {**KEY, "seat": {"N": "1.0"}}),
        batch_write(),
        batch_write(*[{"DeleteRequest": {"Key": key}} for key in numbered(26)]),
        batch_write(PUT, {"DeleteRequest": {"Key": KEY}}),
        batch_write(PUT, {"PutRequest": {"Item": {**KEY, "a": TEXT}}}),
    ],
    "transaction": [
        transaction(),
        transaction(*[{"Delete": {"TableName": "books", "Key": key}} for key in numbered(101)]),
        transaction({"Delete": {"TableName": "books", "Key": KEY}}, {"Put": {"TableName": "books", "Item": KEY}}),
        ("TransactGetItems", {"TransactItems": [{"Get": {"TableName": "books", "Key": KEY}}] * 2}),
        ("TransactGetItems", {"TransactItems": []}),
    ],
    "token": [transaction({"Delete": {"TableName": "books", "Key": KEY}}, ClientRequestToken="a" * 37)],
    "legacy": [deleted("a = b", Expected={}), query(QueryFilter={}), get(ProjectionExpression="a", AttributesToGet=[])],
    "table": [
        create(AttributeDefinitions=CREATE["AttributeDefinitions"][:-1]),
        create(AttributeDefinitions=[*CREATE["AttributeDefinitions"], {"AttributeName": "a", "AttributeType": "S"}]),
        create(KeySchema=CREATE["KeySchema"][::-1]),
        create(ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}),
        create(BillingMode="PROVISIONED"),
        create(GlobalSecondaryIndexes=CREATE["GlobalSecondaryIndexes"] * 2),
        create(StreamSpecification={"StreamEnabled": True}),
        create(StreamSpecification={"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"}),
        create(Tags=[{"Key": "", "Value": "a"}]),
        create(Tags=[{"Key": "a", "Value": "a"}] * 2),
        (
            "UpdateTable",
            {
                "TableName": "books",
                "GlobalSecondaryIndexUpdates": [
                    {"Delete": {"IndexName": "by_all"}},
                    {"Delete": {"IndexName": "by_author"}},
                ],
            },
        ),
    ],
}
