"""Every verb is a flow: driven by hand, without engine, thread or clock, it asks for what the blocking verb sends."""

from __future__ import annotations

import inspect
import random
import socket
import threading
import time
import uuid
from typing import Any, NamedTuple

import pytest

import dynamorm
from dynamorm import DynaModel, GlobalIndex, ManyToOne, ProjectKeys, upgrade
from dynamorm.drivers import run
from dynamorm.many.batches import BatchRead
from dynamorm.many.typed_items import InstancesOfKeys
from dynamorm.reading import matched, paging, verbs
from dynamorm.reading.query import ReadIterator
from dynamorm.table import DynamoTable3
from dynamorm.tables import applying
from dynamorm.tables.plain_items import PlainBatch
from dynamorm.tending import holders, migrating, verifying
from dynamorm.together import several
from dynamorm.writing import creating, moving, saving, updating
from dynamorm.writing.batches import delete_batch, put_batch

from ..libraries import integer, text
from .hand import Script, Scripted, Unused, by_hand

ITEM = {"isbn": {"S": "1"}, "title": {"S": "Of Trees"}, "copies": {"N": "3"}, "author": {"S": "Lindh"}}
OTHER = {**ITEM, "isbn": {"S": "2"}}
FOUND = {"Item": ITEM}
PAGE = {"Items": [ITEM], "Count": 1, "ScannedCount": 1, "LastEvaluatedKey": {"isbn": {"S": "1"}}}
LAST = {"Items": [OTHER], "Count": 1, "ScannedCount": 1}
TABLE = {
    "TableName": "books",
    "TableStatus": "ACTIVE",
    "KeySchema": [{"AttributeName": "isbn", "KeyType": "HASH"}],
    "AttributeDefinitions": [
        {"AttributeName": "isbn", "AttributeType": "S"},
        {"AttributeName": "author", "AttributeType": "S"},
    ],
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-author",
            "IndexStatus": "ACTIVE",
            "KeySchema": [{"AttributeName": "author", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
}
DESCRIBED = {"Table": TABLE}
PROTECTED = {"Table": {**TABLE, "DeletionProtectionEnabled": True}}


class ByAuthor(GlobalIndex):
    name = "by-author"
    hash_key = "author"
    projection = ProjectKeys()


@pytest.fixture(scope="module")
def book(library):
    table = {"name": "books", "hash_key": "isbn"}
    fields = {"isbn": text(required=True), "title": text(), "copies": integer(), "author": text(), "note": text()}
    return library.model("Book", table, fields, ByAuthor=ByAuthor)


@pytest.fixture(scope="module")
def loan(library, book):
    way = ManyToOne(book, query=lambda loan: {"isbn": loan.isbn}, back_query=lambda book: {"isbn": book.isbn})
    fields = {"number": text(required=True), "isbn": text()}
    return library.model("Loan", {"name": "loans", "hash_key": "number"}, fields, book=way)


@pytest.fixture(scope="module")
def person(library):
    table = {"name": "people", "hash_key": "id", "unique": ["email"], "schema_version": 2}
    fields = {"id": text(required=True), "email": text(), "visits": integer()}
    return library.model("Person", table, fields, step=upgrade(2)(lambda item: item.update(visits=0)))


@pytest.fixture
def nothing_happens(monkeypatch):
    def refuse(*arguments: Any, **named: Any) -> Any:
        raise AssertionError("a flow waits for nothing by itself")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(time, "sleep", refuse)
    monkeypatch.setattr(time, "monotonic", refuse)


class Verb(NamedTuple):
    """A verb: its flow, the blocking verb, and what DynamoDB answers."""

    flow: Any
    blocking: Any
    answers: tuple[Any, ...]


def store(model: Any) -> Any:
    return model._dynamorm.store


def one_call(prepare: Any, finish: Any = None) -> Any:
    answer = yield prepare
    return answer if finish is None else finish(answer)


def get(model: Any, **keys: Any) -> Any:
    call, partial, place = verbs.prepare_get(store(model), False, None, None, keys)
    return (yield from one_call(call, lambda answer: verbs.finish_get(store(model), answer, partial, place)))


def everything(iteration: Any) -> Any:
    found = []
    while (instance := (yield from iteration.next_item())) is not verbs.END:
        found.append(instance)
    return found


def one_page(paging: Any) -> Any:
    return paging.page(paging.read.iteration())


def pages(iteration: Any) -> Any:
    found = []
    while (page := (yield from iteration.next_page())) is not None:
        found.append(page)
    return found


def batch(read: Any) -> Any:
    found = []
    while (some := (yield from read.next_found())) is not None:
        found += some
    return found


def loaded(model: Any) -> Any:
    return model.from_item(ITEM)


def changed(model: Any) -> Any:
    one = loaded(model)
    one.title = "Of Birches"
    return one


def read_of(query: Any) -> Any:
    return query._read


UNDONE = {"UnprocessedKeys": {"books": {"Keys": [{"isbn": {"S": "2"}}]}}, "Responses": {"books": [ITEM]}}
UNPROCESSED = {"UnprocessedKeys": {"books": {"Keys": [{"isbn": {"S": "1"}}]}}, "Responses": {}}
REST = {"Responses": {"books": [OTHER]}}
UNWRITTEN = {"UnprocessedItems": {"books": [{"PutRequest": {"Item": {"isbn": {"S": "2"}}}}]}}
UPDATED = {"Attributes": {"title": {"S": "Of Birches"}}}
ALL_NEW = {"Attributes": {**ITEM, "title": {"S": "Of Birches"}}}
PLAIN = {"isbn": "1", "title": "Of Trees"}
PLAIN_UNDONE = {"UnprocessedKeys": {"books": {"Keys": [{"isbn": "2"}]}}, "Responses": {"books": [PLAIN]}}
KEYS = [{"isbn": "1"}, {"isbn": "2"}]
NEW = {"isbn": "1", "title": "Of Trees"}

MODEL = {
    "get": Verb(lambda m: get(m, isbn="1"), lambda m: m.get(isbn="1"), (FOUND,)),
    "require": Verb(lambda m: get(m, isbn="1"), lambda m: m.require(isbn="1"), (FOUND,)),
    "exists": Verb(
        lambda m: one_call(verbs.prepare_exists(store(m), False, {"isbn": "1"}), lambda answer: "Item" in answer),
        lambda m: m.exists(isbn="1"),
        (FOUND,),
    ),
    "get_batch": Verb(
        lambda m: InstancesOfKeys(store(m), KEYS, False, None).ordered(),
        lambda m: m.get_batch(KEYS, ordered=True),
        (UNDONE, REST),
    ),
    "get_batch of several": Verb(
        lambda m: InstancesOfKeys(store(m), KEYS, False, None, concurrency=3).ordered(),
        lambda m: m.get_batch(KEYS, ordered=True, concurrency=3),
        (UNDONE, REST),
    ),
    "put": Verb(lambda m: saving.put(store(m), NEW, None, {}), lambda m: m.put(NEW), ({},)),
    "put_unique": Verb(lambda m: saving.put(store(m), NEW, None, {}, unique=True), lambda m: m.put_unique(NEW), ({},)),
    "create": Verb(lambda m: creating.create(store(m), NEW), lambda m: m.create(**NEW), ({},)),
    "get_or_create": Verb(
        lambda m: creating.get_or_create(store(m), {"title": "Of Trees"}, {"isbn": "1"}),
        lambda m: m.get_or_create(isbn="1", defaults={"title": "Of Trees"}),
        ({}, {}),
    ),
    "put_batch": Verb(
        lambda m: put_batch(store(m), (KEYS,), 2, None),
        lambda m: m.put_batch(KEYS),
        (UNWRITTEN, {}),
    ),
    "delete_batch": Verb(
        lambda m: delete_batch(store(m), ("1", loaded(m), ["2"]), 1, None),
        lambda m: m.delete_batch("1", loaded(m), ["2"]),
        ({},),
    ),
    "save": Verb(lambda m: saving.save(store(m), loaded(m), saving.Wish(), {}), lambda m: loaded(m).save(), ({},)),
    "save of what was changed": Verb(
        lambda m: saving.save(store(m), changed(m), saving.Wish(partial=True), {}),
        lambda m: changed(m).save(partial=True),
        (UPDATED,),
    ),
    "update": Verb(
        lambda m: saving.update_instance(store(m), loaded(m), (), None, None, False, {"title": "Of Birches"}),
        lambda m: loaded(m).update(title="Of Birches"),
        (UPDATED,),
    ),
    "update_item": Verb(
        lambda m: updating.update_key(store(m), (), None, None, {"isbn": "1", "title": "Of Birches"}),
        lambda m: m.update_item(isbn="1", title="Of Birches"),
        ({},),
    ),
    "upsert": Verb(
        lambda m: updating.upsert(store(m), (), None, {"isbn": "1", "title": "Of Birches"}),
        lambda m: m.upsert(isbn="1", title="Of Birches"),
        (ALL_NEW,),
    ),
    "patch": Verb(
        lambda m: updating.patch(store(m), (), None, {"isbn": "1", "title": "Of Birches"}),
        lambda m: m.patch(isbn="1", title="Of Birches"),
        (ALL_NEW,),
    ),
    "reconcile": Verb(
        lambda m: saving.reconcile(store(m), changed(m), None), lambda m: changed(m).reconcile(), (ALL_NEW,)
    ),
    "sync": Verb(lambda m: saving.reconcile(store(m), changed(m), None), lambda m: changed(m).sync(), (ALL_NEW,)),
    "reconcile nothing": Verb(
        lambda m: saving.reconcile(store(m), loaded(m), None), lambda m: loaded(m).reconcile(), (FOUND,)
    ),
    "refresh": Verb(lambda m: saving.refresh(store(m), loaded(m), True), lambda m: loaded(m).refresh(), (FOUND,)),
    "change_key": Verb(
        lambda m: moving.change_key(store(m), changed(m), {"isbn": "2"}),
        lambda m: changed(m).change_key(isbn="2"),
        ({},),
    ),
    "delete": Verb(
        lambda m: saving.delete_instance(store(m), loaded(m), saving.Wish(), {}), lambda m: loaded(m).delete(), ({},)
    ),
    "load of several": Verb(
        lambda m: several.load_several([[loaded(m)]], True),
        lambda m: dynamorm.load([loaded(m)], consistent=True),
        (UNPROCESSED, {"Responses": {"books": [ITEM]}}),
    ),
    "save of several": Verb(
        lambda m: several.write_several(several.SAVE, [loaded(m), [loaded(m)]], None, False),
        lambda m: dynamorm.save(loaded(m), [loaded(m)]),
        ({}, {}),
    ),
    "delete_item": Verb(
        lambda m: saving.delete_key(store(m), None, {"isbn": "1"}), lambda m: m.delete_item(isbn="1"), ({},)
    ),
}
READS = {
    "iterating": Verb(
        lambda m: everything(read_of(m.scan(copies__gt=1)).iteration()),
        lambda m: list(m.scan(copies__gt=1)),
        (PAGE, LAST),
    ),
    "next": Verb(
        lambda m: verbs.first(read_of(m.query(isbn="1")).iteration()), lambda m: next(m.query(isbn="1")), (LAST,)
    ),
    "hydrate": Verb(
        lambda m: everything(read_of(m.ByAuthor.query(author="Lindh").hydrate()).iteration()),
        lambda m: list(m.ByAuthor.query(author="Lindh").hydrate()),
        ({**PAGE, "LastEvaluatedKey": None}, {"Responses": {"books": [ITEM]}}),
    ),
    "rate_limit": Verb(
        lambda m: everything(read_of(m.scan().rate_limit(10)).iteration()),
        lambda m: list(m.scan().rate_limit(10)),
        ({**PAGE, "ConsumedCapacity": {"CapacityUnits": 0.5}}, LAST),
    ),
    "prefetch": Verb(
        lambda m: everything(read_of(m.scan().prefetch()).iteration()),
        lambda m: list(m.scan().prefetch()),
        (PAGE, LAST),
    ),
    "parallel": Verb(
        lambda m: everything(read_of(m.scan().parallel(2, 1)).iteration()),
        lambda m: list(m.scan().parallel(2, 1)),
        (LAST, LAST),
    ),
    "exists": Verb(lambda m: verbs.exists(read_of(m.scan())), lambda m: m.scan().exists(), (PAGE,)),
    "all": Verb(lambda m: everything(read_of(m.scan()).iteration()), lambda m: m.scan().all(), (PAGE, LAST)),
    "by_model": Verb(
        lambda m: verbs.by_model(read_of(m.scan()).iteration()), lambda m: m.scan().by_model(), (PAGE, LAST)
    ),
    "first": Verb(
        lambda m: verbs.first(read_of(m.query(isbn="1").reverse()).capped(1).iteration()),
        lambda m: m.query(isbn="1").first(reverse=True),
        (LAST,),
    ),
    "one": Verb(
        lambda m: verbs.one(read_of(m.query(isbn="1")).capped(2), "it"),
        lambda m: m.query(isbn="1").one(),
        (LAST,),
    ),
    "count": Verb(lambda m: verbs.count(read_of(m.scan())), lambda m: m.scan().count(), (PAGE, LAST)),
    "pages": Verb(
        lambda m: pages(read_of(m.scan()).iteration()), lambda m: [p.items for p in m.scan().pages()], (PAGE, LAST)
    ),
    "page": Verb(
        lambda m: one_page(paging.Paging(read_of(m.scan()), 1, None)),
        lambda m: m.scan().page(1),
        (PAGE, LAST),
    ),
    "delete": Verb(
        lambda m: matched.delete_matching(read_of(m.scan(copies__gt=1)), matched.Manner()),
        lambda m: m.scan(copies__gt=1).delete(),
        (PAGE, {}, LAST, {}),
    ),
    "delete by keys": Verb(
        lambda m: matched.delete_matching(read_of(m.scan(copies__gt=1)), matched.Manner(), recheck=False),
        lambda m: m.scan(copies__gt=1).delete(recheck=False),
        (PAGE, LAST, {"UnprocessedItems": {"books": [{"DeleteRequest": {"Key": {"isbn": {"S": "2"}}}}]}}, {}),
    ),
    "delete of several at a time": Verb(
        lambda m: matched.delete_matching(read_of(m.scan()), matched.Manner(concurrency=2)),
        lambda m: m.scan().delete(),
        (PAGE, {}, LAST, {}),
    ),
    "update": Verb(
        lambda m: matched.update_matching(read_of(m.scan()), matched.Manner(), (), {"title": "x"}),
        lambda m: m.scan().update(title="x"),
        (PAGE, {}, LAST, {}),
    ),
}

PERSON = {"id": {"S": "1"}, "email": {"S": "ann@x"}}
HELD = {"id": {"S": f"unique#{'0' * 64}"}, "_unique": {"S": ": email"}, "_holder": {"M": {"id": {"S": "1"}}}}
UPKEEP = {
    "migrate": Verb(
        lambda m: migrating.migrate(store(m), migrating.Manner(1)),
        lambda m: m.migrate(segments=1),
        ({"Items": [PERSON], "LastEvaluatedKey": {"id": {"S": "1"}}}, {}, {"Items": []}),
    ),
    "get_by": Verb(
        lambda m: holders.get_by(store(m), {"email": "ann@x"}),
        lambda m: m.get_by(email="ann@x"),
        ({"Item": HELD}, {"Item": PERSON}),
    ),
    "verify_unique": Verb(
        lambda m: verifying.verify_unique(store(m), True),
        lambda m: m.verify_unique(repair=True),
        (
            {"Items": [PERSON, HELD], "LastEvaluatedKey": {"id": {"S": "1"}}},
            {"Responses": {}},
            {"Responses": [{}, {"Item": PERSON}]},
            {},
            {"Responses": {"people": [PERSON]}},
            {"Responses": [{"Item": HELD}]},
            {"Responses": [{"Item": HELD}, {"Item": PERSON}]},
            {},
            {"Items": []},
        ),
    ),
}


def plain(model: Any) -> Any:
    return model.Table._items


def declared(model: Any) -> tuple[Any, Any]:
    return model.Table.connection, model.Table.spec


TABLES = {
    "exists": Verb(lambda m: applying.is_there(m.Table.connection, "books"), lambda m: m.Table.exists, (DESCRIBED,)),
    "create_table": Verb(
        lambda m: applying.create(*declared(m), True, 5.0),
        lambda m: run(applying.create(*declared(m), True, 5.0)),
        ({}, {"Table": {**TABLE, "TableStatus": "CREATING"}}, DESCRIBED),
    ),
    "delete": Verb(
        lambda m: applying.delete(m.Table.connection, "books", False, 5.0),
        lambda m: m.Table.delete(wait=False),
        ({},),
    ),
    "plan": Verb(lambda m: applying.describe(*declared(m)), lambda m: m.Table.plan() and None, (DESCRIBED,)),
    "update_table": Verb(
        lambda m: applying.carry_out(*declared(m), lambda live: m.Table._plan_for(m.Table.spec, live), 5.0),
        lambda m: m.Table.update_table(),
        (DESCRIBED,),
    ),
    "validate": Verb(lambda m: applying.describe(*declared(m)), lambda m: m.Table.validate(), (DESCRIBED,)),
    "create_tables": Verb(
        lambda m: applying.create_missing([m.Table], 5.0),
        lambda m: run(applying.create_missing([m.Table], 5.0)),
        (DESCRIBED, DESCRIBED),
    ),
    "put": Verb(lambda m: plain(m).put(PLAIN, {}), lambda m: m.Table.put(PLAIN), ({},)),
    "put_unique": Verb(lambda m: plain(m).put_unique(PLAIN, {}), lambda m: m.Table.put_unique(PLAIN), ({},)),
    "put_batch": Verb(lambda m: plain(m).put_batch([PLAIN]), lambda m: m.Table.put_batch(PLAIN), ({},)),
    "get": Verb(lambda m: plain(m).get({"isbn": "1"}, False), lambda m: m.Table.get(isbn="1"), ({"Item": PLAIN},)),
    "get_batch": Verb(
        lambda m: batch(BatchRead(PlainBatch(plain(m), {}), KEYS)),
        lambda m: list(m.Table.get_batch(KEYS)),
        (PLAIN_UNDONE, {"Responses": {"books": [PLAIN]}}),
    ),
    "query": Verb(
        lambda m: plain(m).query(m.Table.key, (), {}, {"isbn": "1"}),
        lambda m: m.Table.query(isbn="1"),
        ({"Items": [PLAIN]},),
    ),
    "scan": Verb(lambda m: plain(m).scan((), {}, {}), lambda m: m.Table.scan(), ({"Items": [PLAIN]},)),
    "update": Verb(
        lambda m: plain(m).update((), None, None, {"isbn": "1", "title": "x"}),
        lambda m: m.Table.update(isbn="1", title="x"),
        ({},),
    ),
    "delete_item": Verb(lambda m: plain(m).delete({"isbn": "1"}), lambda m: m.Table.delete_item(isbn="1"), ({},)),
}


def way(model: Any) -> Any:
    return model.relationships["book"]


def loans(model: Any) -> list[Any]:
    return [model(number="1", isbn="1"), model(number="2", isbn="2")]


RELATIONSHIPS = {
    "reading": Verb(lambda m: way(m)._read(loans(m)[0], {"isbn": "1"}), lambda m: loans(m)[0].book, (FOUND,)),
    "deleting": Verb(
        lambda m: way(m)._delete_partner(loans(m)[0]), lambda m: delattr(loans(m)[0], "book"), (FOUND, {})
    ),
    "prefetch": Verb(lambda m: way(m).prefetched(loans(m), False), lambda m: m.book.prefetch(loans(m)), (UNDONE, REST)),
}


@pytest.mark.parametrize("verb", MODEL.values(), ids=MODEL)
def test_verbs_of_models_ask_for_the_same_by_hand(book, verb, nothing_happens, monkeypatch):
    compare(book, verb, monkeypatch)


@pytest.mark.parametrize("verb", UPKEEP.values(), ids=UPKEEP)
def test_verbs_of_upkeep_ask_for_the_same_by_hand(person, verb, nothing_happens, monkeypatch):
    compare(person, verb, monkeypatch)


@pytest.mark.parametrize("verb", READS.values(), ids=READS)
def test_reads_ask_for_the_same_by_hand(book, verb, nothing_happens, monkeypatch):
    compare(book, verb, monkeypatch)


@pytest.mark.parametrize("verb", TABLES.values(), ids=TABLES)
def test_verbs_of_tables_ask_for_the_same_by_hand(book, verb, nothing_happens, monkeypatch):
    compare(book, verb, monkeypatch)


@pytest.mark.parametrize("verb", RELATIONSHIPS.values(), ids=RELATIONSHIPS)
def test_relationships_ask_for_the_same_by_hand(loan, verb, nothing_happens, monkeypatch):
    compare(loan, verb, monkeypatch)


def compare(model: Any, verb: Verb, monkeypatch: Any) -> None:
    hand, blocking = Script(*verb.answers), Script(*verb.answers)
    token = uuid.uuid4()
    monkeypatch.setattr(DynamoTable3, "connection", property(lambda table: Unused()))
    monkeypatch.setattr(random, "uniform", lambda least, most: 0.0)
    monkeypatch.setattr(uuid, "uuid4", lambda: token)
    by_hand(verb.flow(model), hand)
    assert hand.requests and hand.is_used_up
    monkeypatch.undo()
    monkeypatch.setattr(DynamoTable3, "connection", property(lambda table: Scripted(blocking)))
    monkeypatch.setattr(random, "uniform", lambda least, most: 0.0)
    monkeypatch.setattr(uuid, "uuid4", lambda: token)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    verb.blocking(model)
    assert blocking.is_used_up
    assert hand.requests == blocking.requests


# What asks DynamoDB for nothing.
QUIET_ON_MODELS = {
    "DoesNotExist",
    "changes",
    "extra",
    "find",
    "from_item",
    "incr",
    "is_dirty",
    "is_partial",
    "key_changed",
    "move_to_here",
    "new_from_raw",
    "query",
    "scan",
    "to_dict",
    "to_item",
    "using",
    "validate",
}
QUIET_ON_READS = {
    "again",
    "capacity",
    "consistent",
    "explain",
    "filter",
    "hydrate",
    "key",
    "last",
    "limit",
    "on",
    "on_invalid",
    "only",
    "page_size",
    "partial",
    "prefetch",
    "rate_limit",
    "read_ahead",
    "recursive",
    "resp",
    "scanned",
    "specific_attributes",
    "start",
    "with_hidden",
}
QUIET_ON_TABLES = {
    "REQUIRED_ATTRS",
    "all_attribute_fields",
    "attribute_definitions",
    "client",
    "connection",
    "create",
    "full_name",
    "get_resource",
    "guarded",
    "index_attribute_fields",
    "key_schema",
    "provisioned_throughput",
    "resource",
    "spec",
    "stream_specification",
    "table",
    "table_attribute_fields",
    "takes_several",
}


@pytest.mark.parametrize(
    ("kind", "driven", "quiet"),
    [
        (DynaModel, MODEL | UPKEEP, QUIET_ON_MODELS),
        (ReadIterator, READS, QUIET_ON_READS),
        (DynamoTable3, TABLES, QUIET_ON_TABLES),
    ],
    ids=["models", "reads", "tables"],
)
def test_every_verb_that_asks_for_something_is_driven_by_hand(kind, driven, quiet):
    # what is awaited goes by the same flows, which tests/awaited/test_faces.py looks after
    awaited = {f"a{name}" for name in dir(kind)}
    public = {
        name
        for name in sorted(set(dir(kind)) - awaited)
        if not name.startswith("_")
        if callable(value := inspect.getattr_static(kind, name)) or isinstance(value, (classmethod, property))
    }
    assert public - quiet <= {name.partition(" ")[0] for name in driven}
    assert quiet - public <= {"REQUIRED_ATTRS", "takes_several"}
