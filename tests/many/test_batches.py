"""Batches: which keys may be asked for, what comes back, and what DynamoDB leaves undone."""

from __future__ import annotations

import copy
import itertools
import pickle
import weakref
from collections.abc import Iterator

import pytest
from botocore.stub import Stubber

from dynamorm import (
    BatchError,
    DynaModelException,
    InvalidKey,
    InvalidSchemaField,
    PartialInstance,
    ValidationError,
    backoff,
    drivers,
)
from dynamorm.signals import pre_request

from ..books import book_values
from ..libraries import integer, natives, text
from ..scores import score_model
from ..traffic import sent_by

BOOK = book_values(publisher=None, editions=None)


def numbers(found):
    return sorted(page.number for page in found)


@pytest.fixture
def pages(page):
    page.put_batch(*({"isbn": "1", "number": number, "body": f"page {number}"} for number in range(130)))
    return page


def asked_for(request):
    return next(iter(request.payload["RequestItems"].values()))


# What may be asked for, and what comes.


def test_get_batch_above_100_keys_takes_several_requests(pages):
    keys = [{"isbn": "1", "number": number} for number in range(230)]
    with sent_by(pages) as sent:
        found = list(pages.get_batch(keys))
    assert [len(asked_for(request)["Keys"]) for request in sent] == [100, 100, 30]
    assert [type(one) for one in found] == [pages] * 130
    assert numbers(found) == list(range(130))
    assert {one.body for one in found} == {f"page {number}" for number in range(130)}


def test_get_batch_asks_for_duplicates_once(pages):
    keys = [{"isbn": "1", "number": number} for number in (1, 2, 1, 3, 2, 1)] * 50
    keys += [("1", 1), ("1", "2"), pages(isbn="1", number=3), {"number": 3.0, "isbn": "1"}]
    with sent_by(pages) as sent:
        assert numbers(pages.get_batch(keys)) == [1, 2, 3]
    assert [len(asked_for(request)["Keys"]) for request in sent] == [3]
    ordered = pages.get_batch([("1", 2), ("1", 1), ("1", 2)], ordered=True)
    assert [one.number for one in ordered] == [2, 1, 2]


def test_get_batch_reads_attributes_with_reserved_names(library, dynamo_tables):
    fields = {"name": text(required=True), "size": integer(), "count": integer(), "values": text(stored="value")}
    (reserved,) = dynamo_tables(library.model("Reserved", {"name": "reserved", "hash_key": "name"}, fields))
    reserved.put({"name": "a", "size": 1, "count": 2, "values": "x"})
    (found,) = reserved.get_batch([{"name": "a"}], attrs=["count", "values"])
    assert natives(found) == {"name": "a", "count": 2, "values": "x"}
    (found,) = reserved.get_batch(["a"], attrs="name, size")
    assert natives(found) == {"name": "a", "size": 1}


def test_get_batch_never_changes_what_the_caller_gave(pages):
    keys = [{"isbn": "1", "number": "5"}, {"number": 6, "isbn": "1"}, ("1", 7), ["1", 8]]
    before = copy.deepcopy(keys)
    attrs = ["body"]
    assert numbers(pages.get_batch(keys, attrs=attrs)) == [5, 6, 7, 8]
    assert keys == before and attrs == ["body"]


def test_keys_may_be_dicts_instances_tuples_or_bare_values(book, pages):
    book.put(BOOK)
    for key in ({"isbn": BOOK["isbn"]}, book(isbn=BOOK["isbn"]), (BOOK["isbn"],), [BOOK["isbn"]], BOOK["isbn"]):
        (found,) = book.get_batch([key])
        assert natives(found) == BOOK
    for key in ({"isbn": "1", "number": 9}, pages(isbn="1", number=9), ("1", 9), ["1", 9]):
        assert numbers(pages.get_batch([key])) == [9]


def test_any_iterable_of_keys_serves_and_is_read_only_as_far_as_needed(pages):
    taken = []

    def keys() -> Iterator[tuple[str, int]]:
        for number in itertools.count():
            taken.append(number)
            yield "1", number

    found = pages.get_batch(keys())
    assert taken == []
    assert {next(found).number for _ in range(100)} == set(range(100))
    assert len(taken) == 100
    assert numbers(pages.get_batch({("1", 1), ("1", 2)})) == [1, 2]
    assert numbers(pages.get_batch(dict.fromkeys([("1", 1), ("1", 2)]).keys())) == [1, 2]
    with sent_by(pages) as sent:
        assert list(pages.get_batch([])) == []
        assert pages.get_batch(iter(()), ordered=True) == []
    assert sent == []


def test_missing_keys_are_left_out_or_none_in_place(pages):
    keys = [("1", 3), ("1", 999), ("1", 1), ("2", 1)]
    assert numbers(pages.get_batch(keys)) == [1, 3]
    ordered = pages.get_batch(keys, ordered=True)
    assert type(ordered) is list
    assert [one and one.number for one in ordered] == [3, None, 1, None]
    many = [("1", number) for number in range(150, -1, -1)]
    assert [one and one.number for one in pages.get_batch(many, ordered=True)] == [
        number if number < 130 else None for _, number in many
    ]


def test_the_batch_is_consistent_when_asked(pages):
    with sent_by(pages) as sent:
        list(pages.get_batch([("1", 1)]))
        list(pages.get_batch([("1", 1)], True))
        pages.get_batch([("1", 1)], consistent=True, ordered=True)
    assert [asked_for(request).get("ConsistentRead", False) for request in sent] == [False, True, True]


def test_attrs_take_names_and_the_key_always_comes(pages):
    for attrs in (["body"], ("body",), [pages.body], ["Body"], "Body", "isbn, Body", ["isbn", "number", "body"]):
        (found,) = pages.get_batch([("1", 1)], attrs=attrs)
        assert natives(found) == {"isbn": "1", "number": 1, "body": "page 1"}
        assert found.is_partial
        with pytest.raises(PartialInstance):
            found.save()
    (found,) = pages.get_batch([("1", 1)], attrs=["body"], ordered=True)
    assert found.is_partial and found.words is None
    (found,) = pages.get_batch([("1", 1)])
    assert not found.is_partial


def test_attrs_reach_inside(book):
    book.put(BOOK)
    for attrs in (["meta.shelf.row", "tags[1]"], "meta.shelf.row, tags[1]"):
        (found,) = book.get_batch([BOOK["isbn"]], attrs=attrs)
        assert natives(found) == {"isbn": BOOK["isbn"], "meta": {"shelf": {"row": 3}}, "tags": ["deep"]}


def test_wrong_keys_are_refused_before_any_request(page):
    wrong = [
        (InvalidKey, [{"isbn": "1"}]),
        (InvalidKey, [{"isbn": "1", "number": 1, "words": 2}]),
        (InvalidSchemaField, [{"isbn": "1", "numbr": 1}]),
        (InvalidKey, [("1",)]),
        (InvalidKey, ["1"]),
        (InvalidKey, [("1", 2, 3)]),
        (InvalidKey, [("1", None)]),
        (InvalidKey, [page(isbn="1")]),
        (ValidationError, [("1", "not a number")]),
        (InvalidKey, {"isbn": "1", "number": 1}),
        (InvalidKey, "1"),
    ]
    with sent_by(page) as sent:
        for error, keys in wrong:
            for ordered in (False, True):
                with pytest.raises(error):
                    list(page.get_batch(keys, ordered=ordered))
        with pytest.raises(InvalidSchemaField):
            list(page.get_batch([("1", 1)], attrs=["bodi"]))
    assert sent == []


def test_an_item_that_the_schema_refuses_raises_and_the_next_one_comes_after_it(pages):
    pages.Table.table.put_item(Item={"isbn": "1", "number": 2, "words": "many"})
    found = pages.get_batch([("1", number) for number in range(5)])
    read, errors = [], []
    while True:
        try:
            read.append(next(found).number)
        except ValidationError as error:
            errors.append(str(error))
        except StopIteration:
            break
    assert sorted(read) == [0, 1, 3, 4]
    assert len(errors) == 1 and "'number': " in errors[0]


# What DynamoDB leaves undone; an engine on this machine leaves nothing.


def _wire(number):
    return {"isbn": {"S": "1"}, "number": {"N": str(number)}}


class Answers:
    """DynamoDB's answers to batch reads, told beforehand: which of the keys asked for each one leaves undone."""

    def __init__(self, model):
        self.table = model.Table.full_name
        self.stubber = Stubber(model.Table.client)

    def to_keys(self, *asked, undone=()):
        done = [number for number in asked if number not in undone]
        answer = {"Responses": {self.table: [_wire(number) for number in done]}, "UnprocessedKeys": {}}
        if undone:
            answer["UnprocessedKeys"] = {self.table: {"Keys": [_wire(number) for number in undone]}}
        expected = {"RequestItems": {self.table: {"Keys": [_wire(number) for number in asked]}}}
        self.stubber.add_response("batch_get_item", answer, expected)

    def __enter__(self):
        self.stubber.activate()
        return self

    def __exit__(self, *error):
        self.stubber.deactivate()


@pytest.fixture
def pauses(monkeypatch):
    """The longest pauses that were possible, in place of pauses."""
    made = []
    monkeypatch.setattr(drivers.time, "sleep", made.append)
    monkeypatch.setattr(backoff.random, "uniform", lambda least, most: most)
    return made


def test_unprocessed_keys_are_asked_again_until_they_are_done(page, pauses):
    with Answers(page) as answers:
        answers.to_keys(1, 2, 3, 4, undone=[2, 4])
        answers.to_keys(2, 4, undone=[2, 4])
        answers.to_keys(2, 4, undone=[4])
        answers.to_keys(4)
        found = list(page.get_batch([("1", number) for number in (1, 2, 3, 4)]))
        answers.stubber.assert_no_pending_responses()
    assert [one.number for one in found] == [1, 3, 2, 4]
    assert len(pauses) == 3
    assert pauses[1] > pauses[0]


def test_ordered_batches_wait_for_unprocessed_keys_too(page, pauses):
    with Answers(page) as answers:
        answers.to_keys(3, 1, 2, undone=[3, 2])
        answers.to_keys(3, 2)
        found = page.get_batch([("1", 3), ("1", 1), ("1", 2), ("1", 3)], ordered=True)
    assert [one.number for one in found] == [3, 1, 2, 3]


def test_keys_that_stay_undone_end_in_an_error_that_carries_what_was_read_and_what_was_not(page, pauses):
    keys = [("1", number) for number in range(103)]
    with Answers(page) as answers:
        answers.to_keys(*range(100), undone=[50, 51])
        for _ in range(10):
            answers.to_keys(50, 51, undone=[50, 51])
        found = page.get_batch(iter(keys))
        held = [next(found) for _ in range(98)]  # the error has no more than somebody holds
        read = [one.number for one in held]
        with pytest.raises(BatchError, match="5 of a batch could not be read, asked for 10 times") as caught:
            next(found)
        answers.stubber.assert_no_pending_responses()
    error = caught.value
    assert [one.number for one in error.done] == read == [number for number in range(100) if number not in (50, 51)]
    assert {type(one) for one in error.done} == {page}
    assert [key["number"] for key in error.missing] == [50, 51, 100, 101, 102]
    assert pauses == sorted(pauses) and len(set(pauses)) > 4 and pauses[-1] <= 5
    assert next(found, None) is None
    assert pickle.loads(pickle.dumps(BatchError(str(error), 3, error.missing))).missing == error.missing
    page.put_batch(*({"isbn": "1", "number": number} for number in range(103)))
    assert numbers(page.get_batch(error.missing)) == [50, 51, 100, 101, 102]


def test_an_ordered_batch_that_cannot_be_finished_carries_the_same(page, pauses):
    with Answers(page) as answers:
        answers.to_keys(1, 2, 3, undone=[2])
        for _ in range(10):
            answers.to_keys(2, undone=[2])
        with pytest.raises(BatchError) as caught:
            page.get_batch([("1", 1), ("1", 2), ("1", 3)], ordered=True)
    assert [(type(one), one.number) for one in caught.value.done] == [(page, 1), (page, 3)]
    assert [key["number"] for key in caught.value.missing] == [2]


def test_writes_that_stay_undone_end_in_an_error_too(page, pauses):
    table = page.Table.full_name
    stubber = Stubber(page.Table.client)

    def answer(*undone):
        again = {table: [{"PutRequest": {"Item": _wire(number)}} for number in undone]} if undone else {}
        stubber.add_response("batch_write_item", {"UnprocessedItems": again})

    with stubber:
        answer(3)
        answer(3, 31)  # with the rest
        for _ in range(10):
            answer(3, 31)
        with pytest.raises(BatchError, match="2 of a batch could not be written, asked for 10 times") as caught:
            page.put_batch(*({"isbn": "1", "number": number} for number in range(32)))
        answer(1)
        answer()
        assert page.put_batch({"isbn": "1", "number": 0}, {"isbn": "1", "number": 1}) is None
        stubber.assert_no_pending_responses()
    assert caught.value.done == 30
    assert [item["number"] for item in caught.value.missing] == [3, 31]
    assert len(pauses) == 11 + 1 and pauses[:11] == sorted(pauses[:11])
    page.put_batch(*caught.value.missing)
    assert page.scan().count() == 2


def test_a_hydration_that_cannot_be_finished_is_taken_up_again_by_the_next_step(score, pauses):
    query = score.ByNote.query(note="odd").page_size(3).hydrate()
    expected = [(one.user, one.game) for one in query]

    class Refusals:
        left = 11

        def __call__(self, params, **rest):
            if self.left:
                self.left -= 1
                keys = {score.Table.full_name: {"Keys": self.keys}}
                return _Http(), {"Responses": {}, "UnprocessedKeys": keys, "ResponseMetadata": {"HTTPStatusCode": 200}}
            return None

    refusals = Refusals()

    def remember(sender, request):
        if request.operation == "BatchGetItem":
            refusals.keys = asked_for(request)["Keys"]

    events = score.Table.client.meta.events
    events.register("before-call.dynamodb.BatchGetItem", refusals, "refusals")
    try:
        with pre_request.connected_to(remember, sender=score):
            iterator = iter(query)
            with pytest.raises(BatchError) as caught:
                next(iterator)
            assert caught.value.done == [] and len(caught.value.missing) == 3
            refusals.left = 0
            assert [(one.user, one.game) for one in iterator] == expected
    finally:
        events.unregister("before-call.dynamodb.BatchGetItem", unique_id="refusals")


class _Http:
    status_code = 200
    headers = {}


def test_a_model_whose_key_is_stored_under_another_name(library, dynamo_tables):
    fields = {"code": text(required=True, stored="c"), "number": integer(required=True, stored="n"), "note": text()}
    table = {"name": "renamed", "hash_key": "code", "range_key": "number"}
    (renamed,) = dynamo_tables(library.model("Renamed", table, fields))
    renamed.put_batch(*({"code": "a", "number": number, "note": "x"} for number in range(3)))
    for keys in ([{"code": "a", "number": 1}], [{"c": "a", "n": 1}], [("a", 1)], [renamed(code="a", number=1)]):
        (found,) = renamed.get_batch(keys, attrs=["note"])
        assert natives(found) == {"code": "a", "number": 1, "note": "x"}
    query = renamed.query(code="a", number__gte=1).limit(1)
    assert [one.number for one in query] == [1]
    assert query.last == {"c": "a", "n": 1}
    assert [one.number for one in query.again()] == [2]


def test_a_batch_of_another_models_instances_is_refused(page, library):
    score = score_model(library)
    with pytest.raises(InvalidKey):
        list(page.get_batch([score(user="ann", game="g1")]))


@pytest.mark.parametrize(
    ("bad", "key", "error"),
    [
        ({"isbn": "3", "number": 2, "words": "many"}, {"isbn": "3", "number": 2}, ValidationError),
        ({"isbn": "3", "words": 1}, {"isbn": "3"}, ValidationError),
        ({"isbn": "", "number": 2}, {"isbn": "", "number": 2}, InvalidKey),
        ({}, {}, ValidationError),
        (7, {}, DynaModelException),
    ],
)
def test_an_item_of_a_batch_that_is_refused_is_named(page, bad, key, error):
    good = [{"isbn": "1", "number": number} for number in range(3)]
    with sent_by(page) as requests, pytest.raises(error) as caught:
        page.put_batch(*good, bad, {"isbn": "4", "number": "no number"})
    assert (caught.value.position, caught.value.key) == (3, key)
    assert "item 3" in str(caught.value) and all(repr(value) in str(caught.value) for value in key.values())
    twin = pickle.loads(pickle.dumps(caught.value))
    assert (twin.position, twin.key, str(twin)) == (3, key, str(caught.value))
    assert requests == []


def test_an_instance_of_a_batch_that_is_refused_is_named(page):
    instance = page(isbn="1", number=1)
    instance.words = "many"
    with pytest.raises(ValidationError, match="item 1, isbn='1', number=1") as caught:
        page.put_batch({"isbn": "0", "number": 0}, instance)
    assert caught.value.position == 1


def test_an_error_of_one_item_names_no_position(page):
    with pytest.raises(ValidationError) as caught:
        page.put({"isbn": "1", "number": "no number"})
    assert (caught.value.position, caught.value.key) == (None, None) and "item" not in str(caught.value)


def test_a_batch_that_is_read_lets_go_of_what_nobody_holds(book):
    keys = [f"{number:013}" for number in range(130)]
    book.put_batch(*[{"isbn": key, "title": "t"} for key in keys])
    seen = []
    for instance in book.get_batch(keys):
        seen.append(weakref.ref(instance))
        del instance
        assert sum(one() is not None for one in seen) <= 1
    assert len(seen) == len(keys)
