"""Stores every case with the DynamORM 0.11 of the environment it runs in; started by ``write_golden.py``.

``python writer.py LIBRARY ENDPOINT_URL FILE``: one schema library a process, since 0.11 decides by what
happens to be imported.
"""

import base64
import importlib
import json
import platform
import re
import sys

import boto3
import scope
from cases import TABLES

from dynamorm import DynaModel
from dynamorm.table import DynamoTable3

TABLE = "golden"
KEY = {"id": {"S": "1"}}
REGION = "us-east-1"
#: In the order of preference: what the first of them stored is the golden form. An update is never asked,
#: because it stores NULL for ``None`` and knows nothing of other stored names.
WAYS = ("save", "assign", "put")


def model_of(case, names):
    """The one-field model of a case."""
    members = dict(eval(case.get("members", "{}"), dict(names)))
    members["f"] = eval(case["options"], dict(names))
    members["id"] = names["string"](required=True)
    table = {"name": TABLE, "hash_key": "id", "read": 1, "write": 1}
    return type("M", (DynaModel,), {"Table": type("Table", (), table), "Schema": type("Schema", (), members)})


def share_table():
    """Let all models share one boto3 Table, which 0.11 otherwise makes, with a session, for each class."""
    table = DynamoTable3.get_resource().Table(TABLE)
    DynamoTable3.get_table = classmethod(lambda cls, name: table)


def by_save(model, values):
    model(id="1", **values).save()


def by_assign(model, values):
    instance = model(id="1", partial=True)
    instance.f = values["f"]
    instance.save()


def by_put(model, values):
    model.put(dict(values, id="1"))


def by_update(model, values):
    model.update_item(id="1", f=values["f"])


def stored_by(way, case, names, client):
    """All stored attributes but the key, after writing the value of a case in one of the ways."""
    model = model_of(case, names)
    values = {} if case["given"] is None else {"f": eval(case["given"], scope.values())}
    client.delete_item(TableName=TABLE, Key=KEY)
    globals()["by_" + way](model, values)
    item = client.get_item(TableName=TABLE, Key=KEY, ConsistentRead=True)["Item"]
    del item["id"]
    return {name: as_json(value) for name, value in sorted(item.items())}


def as_json(value):
    """An AttributeValue as JSON can hold it: bytes as base64 text, sets sorted."""
    ((tag, content),) = value.items()
    if tag == "B":
        content = base64.b64encode(content).decode()
    elif tag == "BS":
        content = sorted(base64.b64encode(each).decode() for each in content)
    elif tag in ("SS", "NS"):
        content = sorted(content)
    elif tag == "L":
        content = [as_json(each) for each in content]
    elif tag == "M":
        content = {name: as_json(each) for name, each in sorted(content.items())}
    return {tag: content}


def complaint(error):
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def frozen(case, names, client):
    """A case with what became of it."""
    result, written, refused = dict(case), {}, {}
    ways = ("save", "put") if case["given"] is None else (*WAYS, "update")
    for way in ways:
        try:
            written[way] = stored_by(way, case, names, client)
        except Exception as error:
            refused[way] = complaint(error)
    model = model_of(case, names)
    result["key_type"] = model.Schema.field_to_dynamo_type(model.Schema.dynamorm_fields().get("f"))
    way = golden_way(case, written, names, client)
    if way:
        attributes = written[way]
        result["by"], result["stored"] = way, None
        if attributes:
            ((result["attribute"], result["stored"]),) = attributes.items()
        result.update(read_back(way, case, names, client))
    differently = {other: each for other, each in written.items() if way is None or each != written[way]}
    if differently:
        result["differently"] = differently
    if refused:
        result["refused"] = refused
    return result


def golden_way(case, written, names, client):
    """The first way that stored the value, rather than what is stored when none is given."""
    ways = [way for way in WAYS if way in written]
    if case["given"] is None:
        return ways[0] if ways else None
    try:
        without = stored_by("save", dict(case, given=None), names, client)
    except Exception:
        without = None
    return next((way for way in ways if written[way] != without), ways[0] if ways else None)


def read_back(way, case, names, client):
    """What 0.11 makes of what it stored."""
    stored_by(way, case, names, client)
    try:
        instance = model_of(case, names).get(id="1")
        return {"read": scope.source(instance.f) if hasattr(instance, "f") else None}
    except Exception as error:
        return {"unread": complaint(error)}


def main(library, endpoint_url, path):
    arguments = {"endpoint_url": endpoint_url, "region_name": REGION}
    DynamoTable3.get_resource(**arguments)
    client = boto3.client("dynamodb", **arguments)
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    share_table()
    names = getattr(scope, library)()
    names["string"] = names["fields"].String if library == "marshmallow" else names["types"].StringType
    results = [frozen(case, names, client) for case in TABLES[library]]
    results.sort(key=lambda case: (case["field"], case["options"], case["given"] or ""))
    client.delete_table(TableName=TABLE)
    packages = {name: importlib.import_module(name).__version__ for name in ("boto3", library)}
    versions = dict(packages, dynamorm="0.11.0", python=platform.python_version())
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"cases": results, "versions": versions}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
