"""An instance is written where it came from."""

from __future__ import annotations

import pytest

import dynamorm
from dynamorm import ConditionFailed

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
