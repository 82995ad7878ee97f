"""What a batch writer takes, what it refuses, and what it reports."""

from __future__ import annotations

import pickle
import random
import threading
from contextlib import suppress

import pytest

import dynamorm
from dynamorm import (
    BatchError,
    BatchWriter,
    DynaModelException,
    InvalidExpression,
    InvalidKey,
    ItemTooLarge,
    Progress,
    RequestRefused,
    TableNotFound,
    ValidationError,
    VersionConflict,
)
from dynamorm.connection import Connection
from dynamorm.exceptions import DynamoTableException
from dynamorm.many import backoff
from dynamorm.requests import Request
from dynamorm.signals import pre_request

from ..books import KEY, book_values, page_model
from ..libraries import binary, integer, mapping, moment, text
from ..stored import stored_item
from .hindrances import Withholding

LONGEST_KEY = 2_048


@pytest.fixture
def shelf(library, dynamo_tables):
    """A model with a version and stamps, beside the plain ones."""
    fields = {"id": text(required=True), "note": text(), "rev": integer(), "made": moment(), "at": moment()}
    table = {"name": "shelves", "hash_key": "id", "version": "rev", "created": "made", "updated": "at"}
    (model,) = dynamo_tables(library.model("Shelf", table, fields))
    return model


@pytest.fixture
def stamped(library, dynamo_tables):
    fields = {"id": text(required=True), "note": text(), "at": moment()}
    (model,) = dynamo_tables(library.model("Stamped", {"name": "stamped", "hash_key": "id", "updated": "at"}, fields))
    return model


def pages(count, isbn="1"):
    return [{"isbn": isbn, "number": number} for number in range(count)]


def numbers(model):
    return sorted(one.number for one in model.scan())


def batches(sent):
    """How many requests there are for each table in each batch that was sent."""
    return [
        [len(entries) for entries in request.payload["RequestItems"].values()]
        for request in sent
        if request.operation == "BatchWriteItem"
    ]


# What is handed in.


def test_items_and_instances_of_any_models_share_requests(book, page, sent):
    with BatchWriter() as writer:
        for one in pages(30):
            writer.put(page, one)
        writer.put(book(**book_values()))
        writer.put(book, {"isbn": "2", "title": "Dict"})
        writer.put(book, book(isbn="3", title="Instance"))
        writer.delete(page, isbn="1", number=3)
        writer.delete(page(isbn="1", number=29))
        writer.delete(page(isbn="7", number=1))
    assert numbers(page) == [number for number in range(29) if number != 3]
    assert sorted(one.isbn for one in book.scan()) == sorted([KEY, "2", "3"])
    assert batches(sent) == [[25], [7, 3]]
    # of the last page only the delete was sent, and a page that was sent already was deleted after that
    assert (writer.report.written, writer.report.replaced) == (35, 1)


def test_a_request_of_several_models_has_no_sender(book, page):
    senders = []

    def note(sender, request):
        senders.append(sender)

    with pre_request.connected_to(note):
        book.put_batch({"isbn": "1", "title": "T"})
        with BatchWriter() as writer:
            writer.put(page, {"isbn": "1", "number": 1})
            writer.put(book, {"isbn": "2", "title": "T"})
    assert senders == [book, None]


def test_nothing_is_sent_where_nothing_was_handed_in(page, sent):
    with BatchWriter(concurrency=3) as writer:
        pass
    page.put_batch()
    page.put_batch([])
    page.delete_batch(iter(()))
    assert sent == [] and writer.report.written == 0
    assert repr(writer.report) == "<Report: 0 written, 0 replaced, 0 failed, 0 missing>"


def test_every_write_goes_where_its_model_or_instance_is(page, dynamo_tables):
    there = page.using(table_name=f"{dynamo_tables.prefix}elsewhere")
    there.Table.create_table()
    try:
        with BatchWriter(concurrency=2) as writer:
            for number in range(30):
                writer.put(page, {"isbn": "1", "number": number})
                writer.put(there, {"isbn": "1", "number": 100 + number})
            writer.put(there(isbn="1", number=500))
        assert numbers(page) == [*range(30)]
        assert numbers(there) == [*range(100, 130), 500]
        with BatchWriter() as writer:
            for one in there.scan():
                one.words = 7
                writer.put(one)
            for one in page.scan():
                writer.delete(one)
        assert numbers(page) == []
        assert {one.words for one in there.scan()} == {7} and len(numbers(there)) == 31
    finally:
        there.Table.delete()


def test_the_settings_that_hold_at_each_put_count(page, dynamo_tables):
    elsewhere = {"table_prefix": f"{dynamo_tables.prefix}elsewhere-"}
    with dynamorm.using(**elsewhere):
        page.Table.create_table()
    with BatchWriter() as writer:
        for number in range(6):
            writer.put(page, {"isbn": "1", "number": number})
            with dynamorm.using(**elsewhere):
                writer.put(page, {"isbn": "1", "number": 100 + number})
    assert numbers(page) == [*range(6)]
    with dynamorm.using(**elsewhere):
        assert numbers(page) == [*range(100, 106)]
        page.Table.delete()


def test_objects_of_the_schema_class_are_items(library, dynamo_tables):
    if library.name == "marshmallow":
        pytest.skip("schemas of marshmallow have no objects")
    fields = {"id": text(required=True), "at": moment(), "size": integer(default=3), "meta": mapping(), "raw": binary()}
    body = library.own_schema(fields)
    (model,) = dynamo_tables(library.model("Thing", {"name": "things", "hash_key": "id"}, body))

    def made(number):
        values = {"id": str(number), "meta": {"a": [1]}, "raw": b"\x00"}
        return body(**values) if library.name == "pydantic" else body(values)

    model.put(made(1))
    model.put_unique(made(2))
    model.put_batch(made(3))
    model.put_batch(made(4), {"id": "5"})
    model.put_batch(made(number) for number in (6, 7))
    with BatchWriter() as writer:
        writer.put(model, made(8))
    model.put(model.Schema(**made(9).model_dump()) if library.name == "pydantic" else model.Schema({"id": "9"}))
    found = {one.id: one for one in model.scan()}
    assert sorted(found) == [str(number) for number in range(1, 10)]
    assert (found["3"].size, found["3"].meta, found["3"].raw) == (3, {"a": [1]}, b"\x00")
    assert stored_item(model, id="4") == {**stored_item(model, id="8"), "id": "4"}
    wrong = made(1)
    if library.name == "pydantic":
        wrong.__dict__["size"] = "many"
        with pytest.raises(ValidationError, match="item 0, id='1'"):
            model.put_batch(wrong)


def test_an_iterable_that_is_given_alone_is_gone_through_as_it_is_sent(page, sent):
    taken = []

    def source():
        for one in pages(60):
            taken.append(one["number"])
            if len(taken) in (26, 51):
                assert len(batches(sent)) == len(taken) // 25
            yield one

    page.put_batch(source())
    assert numbers(page) == [*range(60)] and batches(sent) == [[25], [25], [10]]
    page.put_batch(pages(3, "2"))
    page.put_batch(tuple(pages(3, "3")))
    page.put_batch({"isbn": "4", "number": 1})
    page.put_batch(page(isbn="5", number=1))
    assert page.scan().count() == 68


def test_what_is_wrong_in_an_iterable_is_found_when_it_comes(page):
    stream = [*pages(30), {"isbn": "1", "number": 30, "words": "many"}, *pages(3, "2")]
    with pytest.raises(ValidationError, match="item 30, isbn='1', number=30") as caught:
        page.put_batch(iter(stream))
    assert caught.value.position == 30
    assert numbers(page) == [*range(30)]  # all before it


def test_an_error_of_the_iterable_goes_on_and_nothing_more_is_sent(page, sent):
    def source():
        yield from pages(40)
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        page.put_batch(source())
    assert numbers(page) == [*range(25)]


@pytest.mark.parametrize("wrong", ["isbn", b"isbn", 7, None])
def test_what_is_no_item_and_no_iterable_is_refused(page, wrong, sent):
    with pytest.raises(DynaModelException, match="put as a dict"):
        page.put_batch(wrong)
    assert sent == []


@pytest.mark.parametrize("concurrency", [1, 3])
def test_keys_in_any_form_and_instances_are_deleted(book, page, concurrency):
    page.put_batch(pages(60))
    page.delete_batch(("1", 1), ["1", 2], {"isbn": "1", "number": 3}, page(isbn="1", number=4), concurrency=concurrency)
    page.delete_batch(("1", 5))
    page.delete_batch([("1", 6), ("1", 999)])
    page.delete_batch((("1", number) for number in range(10, 60)), concurrency=concurrency)
    page.delete_batch((("1", 0), ("1", 7)))
    page.delete_batch({"isbn": "1", "number": 8})
    assert numbers(page) == [9]
    page.delete_batch(page.scan())
    assert numbers(page) == []
    book.put_batch({"isbn": number, "title": "T"} for number in "12345")
    book.delete_batch("1")
    book.delete_batch("2", "3")
    book.delete_batch(("4", "5"))
    assert book.scan().count() == 0


def test_a_key_that_is_none_is_refused_before_anything_is_sent(page, sent):
    for wrong in ({"isbn": "1"}, ("1",), ("1", None), "1", 7, page(isbn="1")):
        with pytest.raises(InvalidKey) as caught:
            page.delete_batch(("1", 1), wrong)
        assert caught.value.position == 1
        with pytest.raises(InvalidKey):
            page.delete_batch(wrong)
        with pytest.raises(InvalidKey):
            page.delete_batch([wrong])
    assert sent == []


# What is refused at once.


@pytest.mark.parametrize(
    "options",
    [
        {"concurrency": 0},
        {"concurrency": "4"},
        {"concurrency": True},
        {"on_invalid": "skip"},
        {"on_invalid": None},
        {"progress": "bar"},
    ],
)
def test_options_that_cannot_be_meant_are_refused(options, page):
    with pytest.raises(InvalidExpression, match=next(iter(options))):
        BatchWriter(**options)
    if "on_invalid" not in options:
        for verb in (page.put_batch, page.delete_batch):
            with pytest.raises(InvalidExpression, match=next(iter(options))):
                verb(**options)


def test_a_writer_serves_one_block(page):
    writer = BatchWriter()
    for use in (lambda: writer.put(page, {"isbn": "1", "number": 1}), lambda: writer.delete(page, isbn="1", number=1)):
        with pytest.raises(DynamoTableException, match="inside its with block"):
            use()
    with writer:
        writer.put(page, {"isbn": "1", "number": 1})
    with pytest.raises(DynamoTableException, match="inside its with block"):
        writer.put(page, {"isbn": "1", "number": 2})
    with pytest.raises(DynamoTableException, match="one with block"), writer:
        pass


def test_what_is_neither_a_model_nor_an_instance_is_refused(page, book):
    with BatchWriter(on_invalid="collect") as writer:
        for use in (
            lambda: writer.put({"isbn": "1", "number": 1}),
            lambda: writer.put("page", {"isbn": "1", "number": 1}),
            lambda: writer.put(page),
            lambda: writer.put(page(isbn="1", number=1), {"isbn": "1", "number": 1}),
            lambda: writer.put(dynamorm.DynaModel, {}),
            lambda: writer.delete("page", isbn="1"),
            lambda: writer.delete(page(isbn="1", number=1), isbn="1"),
        ):
            with pytest.raises((DynaModelException, InvalidKey)):
                use()
    assert writer.report.failed == []


def test_an_invalid_item_raises_at_its_put(page, sent):
    with pytest.raises(ValidationError) as caught, BatchWriter() as writer:
        for one in pages(26):
            writer.put(page, one)
        writer.put(page, {"isbn": "9", "number": "no number"}, tag="mine")
        raise AssertionError("it is raised before this")
    assert caught.value.position == 26 and caught.value.key == {"isbn": "9", "number": "no number"}
    # what was sent before is written, and what was not is told
    assert numbers(page) == [*range(25)] and writer.report.written == 25
    assert [(one.tag, one.key, one.item, one.error) for one in writer.report.missing] == [
        (25, {"isbn": "1", "number": 25}, {"isbn": "1", "number": 25}, None)
    ]


@pytest.mark.parametrize("tell", [False, True])
def test_invalid_items_can_be_collected(page, book, tell):
    told = []
    with BatchWriter(on_invalid=told.append if tell else "collect") as writer:
        writer.put(page, {"isbn": "1", "number": "no number"}, tag="line 7")
        writer.put(page, {"isbn": "1", "number": 2})
        writer.put(page, {"isbn": "1"})
        wrong = book(isbn="1", title="T")
        wrong.year = "last"
        writer.put(wrong)
        writer.put(page, 7)
        writer.delete(page, isbn="1")
        writer.put(page, {"isbn": "1", "number": 3, "body": "x" * 409_600})
    report = writer.report
    assert numbers(page) == [2] and report.written == 1
    assert [(one.tag, one.key) for one in report.failed] == [
        ("line 7", {"isbn": "1", "number": "no number"}),
        (2, {"isbn": "1"}),
        (3, {"isbn": "1"}),
        (4, {}),
        (5, {"isbn": "1"}),
        (6, {"isbn": "1", "number": 3}),
    ]
    kinds = [ValidationError, ValidationError, ValidationError, DynaModelException, InvalidKey, ItemTooLarge]
    assert all(isinstance(one.error, kind) for one, kind in zip(report.failed, kinds, strict=True))
    assert [one.error.position for one in report.failed] == [0, 2, 3, 4, 5, 6]
    assert report.failed[2].item is wrong
    assert told == (report.failed if tell else [])
    assert pickle.loads(pickle.dumps(report)).failed[0].tag == "line 7"


@pytest.mark.refused_by_aws("item-size", reason="shows where the engine draws the line")
def test_items_that_are_too_large_are_refused_before_they_are_sent(page, sent):
    exactly = 409_600 - len("isbn1bodynumber") - 2 - len("words") - 1
    page.put({"isbn": "1", "number": 1, "words": 0, "body": "x" * exactly})
    sent.clear()
    large = {"isbn": "1", "number": 2, "words": 0, "body": "x" * (exactly + 1)}
    for write in (
        lambda: page.put(large),
        lambda: page.put_unique(large),
        lambda: page(**large).save(),
        lambda: page.put_batch(*pages(2), large),
    ):
        with pytest.raises(ItemTooLarge, match=r"409,601 bytes was not sent.* Body \(409,5..\)") as caught:
            write()
    assert (caught.value.position, caught.value.key) == (2, {"isbn": "1", "number": 2})
    assert sent == []
    # which is where the engine draws the line too
    with pytest.raises(page.Table.client.exceptions.ClientError):
        page.Table.table.put_item(Item=large)


def test_requests_hold_no_more_than_sixteen_megabytes(page, sent):
    with BatchWriter() as writer:
        for one in pages(20):
            writer.put(page, {**one, "body": "\x01" * 400_000})  # six times as long in the text of a request
    assert numbers(page) == [*range(20)]
    assert batches(sent) == [[6], [6], [6], [2]]


# What DynamoDB refuses.


def refuse(monkeypatch, is_guilty, hold=lambda request: None):
    """Let batch writes with an entry of some kind be refused, as DynamoDB refuses what it finds invalid."""
    call = Connection.call

    def answer(connection, request, sender=None):
        entries = [entry for some in request.payload.get("RequestItems", {}).values() for entry in some]
        hold(request)
        if any(map(is_guilty, entries)):
            request = request._replace(payload={"RequestItems": {}})  # a batch of nothing is refused
        return call(connection, request, sender)

    monkeypatch.setattr(Connection, "call", answer)


def numbered(*those):
    def is_one(entry):
        ((_, content),) = entry.items()
        return int(content.get("Item", content.get("Key"))["number"]["N"]) in those

    return is_one


@pytest.mark.refused_by_aws("batch", reason="lets the engine refuse a batch")
@pytest.mark.parametrize("concurrency", [1, 3])
def test_of_a_request_that_is_refused_the_guilty_items_are_found_and_the_others_written(page, monkeypatch, concurrency):
    refuse(monkeypatch, numbered(3, 17))
    told = []
    with BatchWriter(on_invalid=told.append, concurrency=concurrency) as writer:
        for one in pages(40):
            writer.put(page, one, tag=f"tag {one['number']}")
    assert numbers(page) == [number for number in range(40) if number not in (3, 17)]
    assert sorted(one.tag for one in writer.report.failed) == ["tag 17", "tag 3"]
    for one in writer.report.failed:
        assert isinstance(one.error, RequestRefused)
        assert one.key == one.item == {"isbn": "1", "number": one.error.position}
    assert told == writer.report.failed and writer.report.written == 38


@pytest.mark.refused_by_aws("batch", reason="lets the engine refuse a batch")
def test_the_first_refusal_is_raised_when_the_others_are_written(page, monkeypatch):
    refuse(monkeypatch, numbered(3, 17))
    with pytest.raises(RequestRefused) as caught, BatchWriter(concurrency=2) as writer:
        for one in pages(40):
            writer.put(page, one)
    assert caught.value.position == 3 and caught.value.key == {"isbn": "1", "number": 3}
    assert len(numbers(page)) == 38 and len(writer.report.failed) == 2
    with pytest.raises(RequestRefused) as caught:
        page.put_batch(pages(20))
    assert caught.value.position == 3
    with pytest.raises(RequestRefused) as caught:
        page.delete_batch([("1", number) for number in range(20)])
    assert caught.value.position == 3
    assert numbers(page) == [*range(20, 40)]


@pytest.mark.refused_by_aws("key-value", reason="lets the engine refuse a key")
def test_keys_that_are_too_long_are_refused_one_by_one(book):
    with BatchWriter(on_invalid="collect") as writer:
        for key in ("1", "2" * (LONGEST_KEY + 1), "3"):
            writer.put(book, {"isbn": key, "title": "T"})
    assert sorted(one.isbn for one in book.scan()) == ["1", "3"]
    (failure,) = writer.report.failed
    assert failure.tag == 1 and isinstance(failure.error, RequestRefused)


@pytest.mark.refused_by_aws("batch", reason="lets the engine refuse a batch")
def test_an_item_that_waited_for_one_that_was_refused_is_written(page, monkeypatch):
    started = threading.Event()

    def is_guilty(entry):
        return entry.get("PutRequest", {}).get("Item", {}).get("Body") == {"S": "bad"}

    refuse(monkeypatch, is_guilty, hold=lambda request: started.set())
    with BatchWriter(on_invalid="collect", concurrency=2) as writer:
        for one in pages(25):
            writer.put(page, {**one, "body": "bad"} if one["number"] == 4 else one)
        assert started.wait(30)
        writer.put(page, {"isbn": "1", "number": 4, "body": "good"})
    assert [one.tag for one in writer.report.failed] == [4]
    assert page.get(isbn="1", number=4).body == "good" and len(numbers(page)) == 25


# Versions and stamps.


@pytest.mark.parametrize("concurrency", [1, 4])
def test_conditional_writes_go_alone_and_report_their_conflicts(shelf, page, sent, concurrency):
    shelf.put_batch({"id": str(number)} for number in range(30))
    loaded = sorted(shelf.scan(), key=lambda one: int(one.id))
    for number in (3, 7):
        shelf.update_item(id=str(number), note="theirs")
    sent.clear()
    with BatchWriter(on_invalid="collect", concurrency=concurrency) as writer:
        for one in loaded:
            one.note = "mine"
            writer.put(one, tag=one.id)
            writer.put(page, {"isbn": "1", "number": int(one.id)})
        writer.put(shelf, {"id": "new"})
        writer.put(shelf, {"id": "9", "note": "without a version"})
        writer.delete(shelf, id="10")
    operations = [request.operation for request in sent]
    assert operations.count("PutItem") >= 30 and operations.count("BatchWriteItem") in (2, 3)
    conflicts = {one.tag: one for one in writer.report.failed}
    assert conflicts["3"].error.current.note == "theirs" and conflicts["3"].item is loaded[3]
    assert all(isinstance(one.error, VersionConflict) for one in conflicts.values())
    assert {"3", "7"} <= conflicts.keys() <= {"3", "7", 61}
    assert {one.rev for one in loaded if one.id not in ("3", "7", "9", "10")} == {2}
    assert [one.rev for one in (loaded[3], loaded[7])] == [1, 1]
    assert {one.id: one.rev for one in shelf.scan() if one.id not in ("9", "new")} == {
        one.id: 2 for one in loaded if one.id not in ("9", "10")
    }
    assert shelf.get(id="new").rev == 1 and len(numbers(page)) == 30


def test_one_conflict_keeps_nothing_else_of_a_batch_from_being_written(shelf):
    shelf.put_batch({"id": str(number)} for number in range(3))
    loaded = list(shelf.scan())
    shelf.update_item(id="1", note="theirs")
    with pytest.raises(VersionConflict) as caught:
        shelf.put_batch(loaded)
    assert caught.value.key == {"id": "1"} and caught.value.current.note == "theirs"
    assert sorted((one.id, one.rev) for one in loaded) == [("0", 2), ("1", 1), ("2", 2)]
    with pytest.raises(VersionConflict):
        shelf.delete_batch(loaded)
    assert [one.id for one in shelf.scan()] == ["1"]


@pytest.fixture
def first_write_takes_long(monkeypatch):
    """Let the first single write be over only when the test says so, by the first event; the second says it began."""
    call, go_on, begun = Connection.call, threading.Event(), threading.Event()

    def slowly(connection, request, sender=None):
        answer = call(connection, request, sender)
        if request.operation in ("PutItem", "DeleteItem") and not begun.is_set():
            begun.set()
            assert go_on.wait(30)
        return answer

    monkeypatch.setattr(Connection, "call", slowly)
    return go_on, begun


def hand_in_others(writer, model, begun):
    """Hand in enough to have the first write sent."""
    for number in range(25):
        writer.put(model, {"id": f"other {number}"})
    assert begun.wait(30)


def test_several_writes_of_one_instance_follow_each_other(shelf, first_write_takes_long):
    go_on, begun = first_write_takes_long
    one = shelf(id="1", note="0")
    with BatchWriter(concurrency=2) as writer:
        writer.put(one)
        hand_in_others(writer, shelf, begun)
        one.note = "later"
        writer.put(one)
        assert one.rev is None
        go_on.set()
    assert writer.report.failed == [] and writer.report.replaced == 0
    stored = shelf.get(id="1")
    assert (stored.note, stored.rev, one.rev) == ("later", 2, 2)
    assert stored.made == one.made and stored.at == one.at


@pytest.mark.parametrize("puts", [True, False])
def test_deletes_and_puts_of_one_instance_follow_each_other(shelf, first_write_takes_long, puts):
    go_on, begun = first_write_takes_long
    go_on.set()
    shelf(id="1").save()
    go_on.clear()
    begun.clear()
    one = shelf.get(id="1")
    first, second = ("delete", "put") if puts else ("put", "delete")
    with BatchWriter(concurrency=2) as writer:
        getattr(writer, first)(one)
        hand_in_others(writer, shelf, begun)
        getattr(writer, second)(one)
        go_on.set()
    assert writer.report.failed == [] and writer.report.replaced == 0
    assert (shelf.get(id="1").rev, one.rev) == (1, 1) if puts else shelf.get(id="1") is None


def test_a_later_write_is_still_held_against_other_versions(shelf, first_write_takes_long):
    go_on, begun = first_write_takes_long
    one = shelf(id="1", note="0")
    with BatchWriter(on_invalid="collect", concurrency=2) as writer:
        writer.put(one)
        hand_in_others(writer, shelf, begun)
        one.note = "later"
        writer.put(one)
        shelf.Table.connection.call(_bump(shelf, "1"))
        go_on.set()
    (failure,) = writer.report.failed
    assert isinstance(failure.error, VersionConflict) and failure.item is one
    assert failure.error.current.rev == 7 and one.rev == 1


@pytest.mark.parametrize("version", [1, 5])
def test_a_later_write_that_demands_another_version_is_no_sequel(shelf, first_write_takes_long, version):
    go_on, begun = first_write_takes_long
    later = {"id": "1", "rev": version}
    with BatchWriter(on_invalid="collect", concurrency=2) as writer:
        writer.put(shelf, {"id": "1"})
        hand_in_others(writer, shelf, begun)
        writer.put(shelf, later)
        go_on.set()
    assert [one.item for one in writer.report.failed] == ([] if version == 1 else [later])
    assert all(isinstance(one.error, VersionConflict) for one in writer.report.failed)
    assert shelf.get(id="1").rev == (2 if version == 1 else 1)


def _bump(model, key):
    payload = {
        "TableName": model.Table.full_name,
        "Key": {"id": {"S": key}},
        "UpdateExpression": "SET rev = :r",
        "ExpressionAttributeValues": {":r": {"N": "7"}},
    }
    return Request("UpdateItem", payload)


def test_instances_know_their_stamps_when_they_are_written(stamped, sent):
    one, other = stamped(id="1"), stamped(id="2")
    stamped.put_batch(one, {"id": "3"})
    with BatchWriter() as writer:
        writer.put(other)
        assert other.at is None
    assert batches(sent) == [[2], [1]]
    for known in (one, other):
        assert known.at is not None and known.at == stamped.get(id=known.id).at


# What is told meanwhile.


def test_progress_is_told_after_each_answer(page, monkeypatch):
    withholding = Withholding(monkeypatch, 0.2)
    monkeypatch.setattr(backoff.random, "uniform", lambda least, most: 0)
    seen = []
    page.put_batch(pages(60), progress=seen.append)
    assert {type(one) for one in seen} == {Progress} and len(seen) == withholding.requests > 3
    assert [one.done for one in seen] == sorted(one.done for one in seen)
    assert seen[-1][:3] == (60, 0, 60) and 0 <= seen[0].seconds <= seen[-1].seconds
    seen.clear()
    page.put_batch(*pages(2), progress=seen.append)
    page.put_batch(iter(pages(1)), progress=seen.append)
    page.delete_batch([("1", 1), ("1", 1), ("1", 2)], progress=seen.append)
    assert [one[:3] for one in seen if one.done][-1] == (3, 0, 3)
    assert [one.total for one in seen if one.total != 3] == [2, None]


@pytest.mark.refused_by_aws("batch", reason="lets the engine refuse a batch")
def test_progress_counts_what_failed(page, monkeypatch):
    seen = []
    refuse(monkeypatch, numbered(3))
    with BatchWriter(progress=seen.append, on_invalid="collect") as writer:
        writer.put(page, {})
        for one in pages(4):
            writer.put(page, one)
    assert seen[-1][:3] == (3, 2, None)


@pytest.mark.parametrize("concurrency", [1, 3])
def test_an_error_of_progress_ends_the_batch(page, concurrency):
    def progress(so_far):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"), BatchWriter(concurrency=concurrency, progress=progress) as writer:
        for one in pages(200):
            writer.put(page, one)
    report = writer.report
    assert 25 <= report.written <= 25 * concurrency
    assert len(numbers(page)) == report.written
    assert report.written + len(report.missing) <= 200
    with pytest.raises(LookupError, match="mine"):
        page.put_batch(pages(30), progress=progress)


def test_threads_may_share_a_writer(page):
    def load(hash_key):
        for one in pages(150, hash_key):
            writer.put(page, one)

    with BatchWriter(concurrency=3) as writer:
        threads = [threading.Thread(target=load, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert page.scan().count() == writer.report.written == 600


# Early ends.


def test_an_iterable_that_fails_is_not_left_before_what_is_under_way_is_done(page, monkeypatch):
    call, done = Connection.call, []

    def slowly(connection, request, sender=None):
        if request.operation == "BatchWriteItem":
            assert failed.wait(30)
            threading.Event().wait(0.1)
            done.append(request)
        return call(connection, request, sender)

    def source():
        yield from pages(30)
        failed.set()
        raise LookupError("mine")

    failed = threading.Event()
    monkeypatch.setattr(Connection, "call", slowly)
    with pytest.raises(LookupError, match="mine"):
        page.put_batch(source(), concurrency=2)
    assert len(done) == 1 and numbers(page) == [*range(25)]


@pytest.mark.parametrize("kind", [LookupError, KeyboardInterrupt])
def test_on_an_exception_in_the_block_nothing_more_is_sent(page, monkeypatch, kind):
    call, under_way, go_on = Connection.call, threading.Event(), threading.Event()

    def slowly(connection, request, sender=None):
        if request.operation == "BatchWriteItem":
            under_way.set()
            assert go_on.wait(30)
        return call(connection, request, sender)

    monkeypatch.setattr(Connection, "call", slowly)
    with pytest.raises(kind), BatchWriter(concurrency=2) as writer:
        for one in pages(30):
            writer.put(page, one)
        assert under_way.wait(30)
        threading.Timer(0.2, go_on.set).start()
        raise kind("mine")
    # what is under way was awaited
    assert writer.report.written == 25
    assert [one.tag for one in writer.report.missing] == [25, 26, 27, 28, 29]
    assert numbers(page) == [*range(25)]


def test_an_interrupt_of_a_request_leaves_its_items_unknown(page, monkeypatch):
    call = Connection.call

    def interrupted(connection, request, sender=None):
        call(connection, request, sender)
        raise KeyboardInterrupt

    monkeypatch.setattr(Connection, "call", interrupted)
    with pytest.raises(KeyboardInterrupt), BatchWriter() as writer:
        for one in pages(27):
            writer.put(page, one)
    assert writer.report.written == 0 and len(writer.report.missing) == 25


@pytest.mark.parametrize("concurrency", [1, 2])
def test_an_error_of_a_receiver_goes_on_and_the_batch_is_over(page, concurrency):
    def receiver(sender, request):
        raise LookupError("mine")

    with pre_request.connected_to(receiver, sender=page):
        with pytest.raises(LookupError, match="mine"), BatchWriter(concurrency=concurrency) as writer:
            for one in pages(60):
                writer.put(page, one)
        assert writer.report.written == 0
        assert sum(isinstance(one.error, LookupError) for one in writer.report.missing) >= 25
        with pytest.raises(LookupError, match="mine"):
            page.put_batch(pages(30), concurrency=concurrency)
        # whoever goes on after it is told in the end
        with pytest.raises(BatchError, match="are not known to be written: mine") as caught, BatchWriter() as writer:
            for one in pages(30):
                with suppress(LookupError):
                    writer.put(page, one)
        assert len(caught.value.missing) == 26


def test_after_an_early_end_nothing_more_is_taken(book, page):
    book.Table.delete()
    with pytest.raises(BatchError) as caught, BatchWriter() as writer:
        writer.put(book, {"isbn": "1", "title": "T"})
        for one in pages(23):
            writer.put(page, one)
        with pytest.raises(BatchError) as first:
            writer.put(page, {"isbn": "1", "number": 99})
        with pytest.raises(BatchError) as second:
            writer.put(page, {"isbn": "1", "number": 100})
    assert caught.value is first.value is second.value
    assert isinstance(caught.value.__cause__, TableNotFound) and "TableNotFound" not in str(caught.value)
    assert caught.value.done == 0 and len(caught.value.missing) == len(caught.value.report.missing) == 25
    twin = pickle.loads(pickle.dumps(caught.value))
    assert str(twin) == str(caught.value) and len(twin.report.missing) == 25
    assert twin.report.missing[0].key == {"isbn": "1"}


def test_a_model_of_other_settings_goes_in_requests_of_its_own(library, page, dynamo_local, sent):
    (other,) = (page_model(library),)
    with dynamorm.connection.within(None):
        there = other.using(
            endpoint_url=dynamo_local.endpoint_url,
            region_name="eu-west-1",
            aws_access_key_id="else",
            aws_secret_access_key="else",
            table_name=page.Table.full_name,
        )
    chance = random.Random(1)
    with BatchWriter(concurrency=2) as writer:
        for number in range(100):
            model = chance.choice([page, there])
            writer.put(model, {"isbn": "1" if model is page else "2", "number": number})
    assert writer.report.written == 100 == page.scan().count()
    for request in sent:
        if request.operation == "BatchWriteItem":
            entries = [entry for some in request.payload["RequestItems"].values() for entry in some]
            assert len({entry["PutRequest"]["Item"]["isbn"]["S"] for entry in entries}) == 1
