"""Items that are made where there is none yet."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import dynamorm
from dynamorm import DynaModelException, HashKeyExists, InvalidKey, ValidationError
from dynamorm.signals import pre_request, pre_save

from ..books import BOOK_TABLE
from ..libraries import integer, text
from ..traffic import sent_by

FIELDS = {"isbn": text(required=True), "title": text(), "copies": integer(default=1)}


@pytest.fixture(scope="module")
def note_class(library):
    return library.model("Note", {**BOOK_TABLE, "name": "notes"}, FIELDS)


@pytest.fixture
def note(note_class, dynamo_tables):
    (model,) = dynamo_tables(note_class)
    return model


def titles(model):
    return sorted((one.isbn, one.title) for one in model.scan())


# create


def test_create_gives_an_instance_that_is_stored(note):
    made = note.create(isbn="1", title="a")
    assert type(made) is note and (made.title, made.copies) == ("a", 1)
    assert not made.is_dirty
    made.update(title="b")
    assert titles(note) == [("1", "b")]


def test_create_is_refused_where_there_is_an_item(note):
    note.create(isbn="1", title="a")
    with pytest.raises(HashKeyExists) as caught:
        note.create(isbn="1", title="b")
    assert caught.value.current.title == "a"
    assert titles(note) == [("1", "a")]


def test_create_stores_what_is_whole_and_valid_or_nothing(note):
    with sent_by(note) as sent:
        for wrong in ({"isbn": "1", "copies": "many"}, {"title": "no key"}):
            with pytest.raises((ValidationError, InvalidKey)):
                note.create(**wrong)
    assert sent == []


def test_create_of_a_handle_stores_where_the_handle_is(note, dynamo_tables):
    elsewhere = note.using(table_name=f"{note.Table.full_name}-2", given={"isbn": "7"})
    elsewhere.Table.create_table()
    try:
        made = elsewhere.create(title="there")
        assert (made.isbn, titles(elsewhere), titles(note)) == ("7", [("7", "there")], [])
        made.update(title="still there")
        assert elsewhere.get_or_create(defaults={"title": "other"})[0].title == "still there"
        assert titles(note) == []
    finally:
        elsewhere.Table.delete()


# get_or_create


def test_get_or_create_makes_what_is_missing_and_finds_it_then(note):
    made, created = note.get_or_create(isbn="1", defaults={"title": "a"})
    assert created and (made.title, made.copies) == ("a", 1) and not made.is_dirty
    found, created = note.get_or_create(isbn="1", defaults={"title": "b"})
    assert not created and found == made and found.title == "a" and not found.is_dirty
    assert note.get_or_create(isbn="2")[1] and titles(note) == [("1", "a"), ("2", None)]


def test_defaults_that_are_callables_are_called_for_a_new_item_only(note):
    calls = []

    def title():
        calls.append(len(calls))
        return f"title {len(calls)}"

    assert note.get_or_create(isbn="1", defaults={"title": title, "copies": 3})[0].title == "title 1"
    assert note.get_or_create(isbn="1", defaults={"title": title})[0].title == "title 1"
    assert calls == [0]


def test_reads_of_get_or_create_are_consistent(note):
    with sent_by(note) as sent:
        note.get_or_create(isbn="1")
    read, written = sent
    assert (read.operation, read.payload["ConsistentRead"], written.operation) == ("GetItem", True, "PutItem")


def test_keys_and_defaults_that_cannot_be_meant_are_refused_before_anything_is_sent(note):
    with sent_by(note) as sent:
        for error, options in (
            (InvalidKey, {"title": "a"}),
            (InvalidKey, {"isbn": "1", "title": "a"}),
            (InvalidKey, {"isbn": "1", "defaults": {"isbn": "2"}}),
            (DynaModelException, {"isbn": "1", "defaults": [("title", "a")]}),
        ):
            with pytest.raises(error):
                note.get_or_create(**options)
    assert sent == []
    with pytest.raises(ValidationError):
        note.get_or_create(isbn="1", defaults={"copies": "many"})
    assert titles(note) == []


def test_of_many_at_once_one_makes_the_item_and_all_others_get_it(note):
    many = 12
    everybody = threading.Barrier(many)
    waited, refused = set(), []

    def hold(sender, request):
        # nobody stores anything before everybody has seen that there is nothing
        me = threading.get_ident()
        if request.operation == "PutItem" and me not in waited:
            waited.add(me)
            everybody.wait(30)
        elif request.operation == "GetItem" and me in waited:
            refused.append(me)

    def contend(number):
        return note.get_or_create(isbn="1", defaults={"title": str(number)})

    with pre_request.connected_to(hold, sender=note), ThreadPoolExecutor(many) as pool:
        found = list(pool.map(contend, range(many)))
    assert len(refused) == many - 1
    (winner,) = [instance for instance, created in found if created]
    assert {instance.title for instance, _ in found} == {winner.title}
    assert titles(note) == [("1", winner.title)]


def interfering(note, *steps):
    """Let somebody else take a step before each request, in order."""
    left = list(steps)

    def interfere(sender, request):
        if left:
            operation, step = left.pop(0)
            assert request.operation == operation
            if step is not None:
                step(note.Table.table)

    return pre_request.connected_to(interfere, sender=note)


def stores(table):
    table.put_item(Item={"isbn": "1", "title": "other"})


def deletes(table):
    table.delete_item(Key={"isbn": "1"})


def test_what_somebody_else_stores_and_deletes_meanwhile_is_made_after_all(note):
    steps = [("GetItem", None), ("PutItem", stores), ("GetItem", deletes), ("PutItem", None)]
    with interfering(note, *steps):
        made, created = note.get_or_create(isbn="1", defaults={"title": "ours"})
    assert created and made.title == "ours" and titles(note) == [("1", "ours")]
    assert not made.is_dirty


def test_what_is_stored_and_deleted_for_ever_ends_with_the_refusal(note):
    for_ever = [("GetItem", deletes), ("PutItem", stores)] * 100
    with interfering(note, *for_ever), sent_by(note) as sent, pytest.raises(HashKeyExists):
        note.get_or_create(isbn="1")
    assert len(sent) == 10


# What models have in place of it.


def test_verbs_that_the_model_replaces_are_called(library, dynamo_tables):
    called = []

    class Own:
        def save(self, *args, **kwargs):
            called.append(("save", kwargs))
            return super().save(*args, **kwargs)

        @classmethod
        def get(cls, *args, **kwargs):
            called.append(("get", kwargs))
            return super().get(*args, **kwargs)

    base = library.model("Base", {**BOOK_TABLE, "name": "own"}, FIELDS)
    (model,) = dynamo_tables(type(base)("Note", (Own, base), {}))
    model.create(isbn="1")
    assert called == [("save", {"unique": True})]
    called.clear()
    assert model.get_or_create(isbn="1")[1] is False
    assert model.get_or_create(isbn="2")[1] is True
    assert called == [
        ("get", {"consistent": True, "isbn": "1"}),
        ("get", {"consistent": True, "isbn": "2"}),
        ("save", {"unique": True}),
    ]


def test_signals_are_those_of_a_save(note):
    seen = []

    def note_it(sender, instance, put_kwargs):
        seen.append((sender, instance.title))
        instance.title = "as the receiver wants it"

    with pre_save.connected_to(note_it):
        note.create(isbn="1", title="a")
        note.get_or_create(isbn="1")
    assert seen == [(note, "a")]
    assert titles(note) == [("1", "as the receiver wants it")]


def test_fields_may_have_these_names(library, dynamo_tables):
    fields = {"isbn": text(required=True), **{name: text() for name in ("create", "get_or_create", "partial")}}
    (model,) = dynamo_tables(library.model("Note", {**BOOK_TABLE, "name": "named"}, fields))
    made = model.create(isbn="1", create="a", get_or_create="b", partial="c")
    assert (made.create, made.get_or_create, made.partial) == ("a", "b", "c")
    found, created = model.get_or_create(isbn="1", defaults={"create": "z"})
    assert not created and (found.create, found.get_or_create, found.partial) == ("a", "b", "c")
    assert model.get_or_create(isbn="2", defaults={"create": "z", "partial": "y"})[0].partial == "y"


def test_a_model_may_have_its_own_init(library, dynamo_tables):
    def init(self, title, isbn):
        dynamorm.DynaModel.__init__(self, title=title.upper(), isbn=isbn)

    (model,) = dynamo_tables(library.model("Note", {**BOOK_TABLE, "name": "inits"}, FIELDS, __init__=init))
    assert model.create(isbn="1", title="a").title == "A"
    assert model.get_or_create(isbn="2", defaults={"title": "b"})[0].title == "B"
    assert model.get_or_create(isbn="2")[0].title == "B"
