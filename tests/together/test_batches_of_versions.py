"""Versions and stamps in batches."""

from __future__ import annotations

import threading

import pytest

from dynamorm import (
    BatchWriter,
    VersionConflict,
)
from dynamorm.connection import Connection
from dynamorm.requests import Request

from ..libraries import integer, moment, text
from .pages import batches, numbers


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
