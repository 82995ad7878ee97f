"""An instance is written where it came from."""

from __future__ import annotations

import copy
import pickle
import sys

import boto3
import pytest

import dynamorm
from dynamorm import ConditionFailed, PartialInstance, WrongPlace

from ..books import book_values
from ..libraries import natives


def test_an_instance_is_saved_where_it_was_loaded(book, stored, dynamo_tables):
    prefix = dynamo_tables.prefix + "other-"
    with dynamorm.using(table_prefix=prefix):
        book.Table.create_table()
        book.put(book_values(title="there"))
        found = book.get(isbn=stored)
        pages = list(book.scan())
    try:
        found.year = 1
        found.save()
        found.update(rank=1)
        found.incr(views=1)
        found.save(partial=True)
        pages[0].refresh()
        found.sync()
        assert natives(book.get(isbn=stored)) == book_values()
        with dynamorm.using(table_prefix=prefix):
            assert natives(book.get(isbn=stored)) == book_values(title="there", year=1, rank=1, views=11)
        with pytest.raises(ConditionFailed) as caught:
            found.save(conditions={"year": 2})
        caught.value.current.delete()
        with dynamorm.using(table_prefix=prefix):
            assert book.get(isbn=stored) is None
        assert book.get(isbn=stored) is not None
    finally:
        with dynamorm.using(table_prefix=prefix):
            book.Table.delete()


def test_an_instance_stays_where_it_was_saved_first(book, stored, dynamo_tables):
    prefix = dynamo_tables.prefix + "other-"
    instance = book(**book_values(title="there"))
    with dynamorm.using(table_prefix=prefix):
        book.Table.create_table()
        instance.save()
    try:
        instance.title = "there again"
        instance.save()
        assert book.get(isbn=stored).title == "The Depths"
    finally:
        with dynamorm.using(table_prefix=prefix):
            assert book.get(isbn=stored).title == "there again"
            book.Table.delete()


def values(**changed):
    """Return values without nested ones, whose classes cannot be pickled in these tests."""
    return {name: value for name, value in book_values(**changed).items() if name not in ("publisher", "editions")}


@pytest.fixture
def elsewhere(book, dynamo_tables):
    """The settings of another table of the same model, which is there."""
    settings = {"table_prefix": dynamo_tables.prefix + "elsewhere-"}
    with dynamorm.using(**settings):
        book.Table.create_table()
    yield settings
    with dynamorm.using(**settings):
        book.Table.delete()


@pytest.fixture
def tenants(book, elsewhere, monkeypatch):
    """Two instances of the same key, one of each table, which can be pickled."""
    monkeypatch.setattr(sys.modules[book.__module__], book.__name__, book, raising=False)
    book.put(values(title="here"))
    with dynamorm.using(**elsewhere):
        book.put(values(title="there"))
        there = book.get(isbn=values()["isbn"])
    return book.get(isbn=values()["isbn"]), there


WRITES = {
    "save": lambda one: one.save(),
    "partial save": lambda one: one.save(partial=True),
    "update": lambda one: one.update(year=1),
    "sync": lambda one: one.sync(),
    "refresh": lambda one: one.refresh(),
    "delete": lambda one: one.delete(),
}


@pytest.mark.parametrize("verb", WRITES)
def test_an_instance_stays_where_it_is_when_its_connection_is_replaced(book, tenants, elsewhere, monkeypatch, verb):
    here, there = tenants
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", boto3.Session(region_name="us-east-1"))
    there.year = 1
    WRITES[verb](there)
    assert natives(book.get(isbn=here.isbn)) == values(title="here")
    with dynamorm.using(**elsewhere):
        stored = book.get(isbn=here.isbn)
    assert (stored and stored.year) == {"delete": None, "refresh": 1999}.get(verb, 1)


@pytest.mark.parametrize("verb", WRITES)
def test_an_instance_of_another_process_is_written_where_it_came_from_or_not_at_all(book, tenants, elsewhere, verb):
    here, there = tenants
    twin = pickle.loads(pickle.dumps(there))
    twin.year = 1
    with pytest.raises(WrongPlace, match="move_to_here") as caught:
        WRITES[verb](twin)
    assert there._dynamorm_state.place.table in str(caught.value)
    again = pickle.loads(pickle.dumps(twin))  # on to a third process
    with pytest.raises(WrongPlace):
        WRITES[verb](again)
    with dynamorm.using(**elsewhere):
        WRITES[verb](again)
        assert verb == "delete" or again.year == {"refresh": 1999}.get(verb, 1)
    if verb != "delete":  # it knows its place again
        again.update(year=2)
    assert natives(book.get(isbn=here.isbn)) == values(title="here")


def test_an_instance_of_another_process_that_was_never_stored_is_free(book, tenants, elsewhere):
    tenants[0].delete()
    tenants[1].delete()
    twin = pickle.loads(pickle.dumps(book(**values())))
    with dynamorm.using(**elsewhere):
        twin.save()
        assert book.get(isbn=twin.isbn) is not None
    assert book.get(isbn=twin.isbn) is None


def test_another_endpoint_is_another_place(book, tenants, dynamo_tables):
    twin = pickle.loads(pickle.dumps(tenants[0]))
    endpoint = dynamo_tables.endpoint_url.replace("127.0.0.1", "localhost")
    with dynamorm.using(endpoint_url=endpoint), pytest.raises(WrongPlace, match="localhost"):
        twin.save()
    twin.save()


def test_copies_stay_where_the_original_is(book, tenants, elsewhere):
    for twin in (copy.copy(tenants[1]), copy.deepcopy(tenants[1])):
        twin.update(year=twin.year + 1)
    with dynamorm.using(**elsewhere):
        assert book.get(isbn=twin.isbn).year == 2000
    assert book.get(isbn=twin.isbn).year == 1999


def test_an_instance_moves_when_it_is_told_to(book, tenants, elsewhere):
    here, there = tenants
    here.delete()
    there.move_to_here()
    assert there.is_dirty
    there.save()
    assert natives(book.get(isbn=here.isbn)) == values(title="there")
    there.update(year=1)
    with dynamorm.using(**elsewhere):
        assert book.get(isbn=here.isbn).year == 1999


def test_what_the_schema_does_not_know_moves_too(book, tenants, elsewhere):
    with dynamorm.using(**elsewhere):
        book.Table.update(isbn=tenants[1].isbn, color="red")
        there = book.get(isbn=tenants[1].isbn)
    tenants[0].delete()
    there.move_to_here()
    there.save()
    assert book.get(isbn=there.isbn).extra == {"color": "red"}


def test_a_part_of_an_item_does_not_move(book, tenants, elsewhere):
    with dynamorm.using(**elsewhere):
        part = book.get(isbn=tenants[1].isbn, attrs=["title"])
    part.move_to_here()
    with pytest.raises(PartialInstance):
        part.save()


@pytest.mark.parametrize("transport", ["default", "direct", "boto3"])
def test_connections_that_were_let_go_are_opened_again_with_the_same_settings(book, tenants, elsewhere, transport):
    with dynamorm.using(transport=transport, **elsewhere):
        there = book.get(isbn=tenants[1].isbn)
    try:
        dynamorm.configure(max_connections=1)
        book.get(isbn="another connection")
        there.update(year=1)
    finally:
        dynamorm.configure(max_connections=None)
    assert (tenants[0].year, book.get(isbn=there.isbn).year, there.year) == (1999, 1999, 1)
