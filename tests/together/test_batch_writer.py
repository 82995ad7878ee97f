"""What a batch writer and batches take, and what they refuse at once."""

from __future__ import annotations

import pickle
import random
import threading

import pytest

import dynamorm
from dynamorm import (
    BatchWriter,
    DynaModelException,
    InvalidExpression,
    InvalidKey,
    ItemTooLarge,
    ValidationError,
)
from dynamorm.exceptions import DynamoTableException
from dynamorm.signals import pre_request

from ..books import KEY, book_values, page_model
from ..libraries import binary, integer, mapping, moment, text
from ..stored import stored_item
from .pages import batches, numbers, pages

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
