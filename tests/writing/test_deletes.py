"""Deleting."""

from __future__ import annotations

import pytest

from dynamorm import DoesNotExist, InvalidKey, InvalidSchemaField

from ..books import book_values
from ..libraries import natives
from ..traffic import sent_by


def test_a_delete_removes_the_item_and_is_no_error_where_there_is_none(book, stored):
    found = book.get(isbn=stored)
    response = found.delete()
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert book.get(isbn=stored) is None
    found.delete()
    book.delete_item(isbn=stored)


def test_an_instance_that_was_deleted_can_be_saved_again_as_a_whole_only(book, stored):
    found = book.get(isbn=stored)
    found.delete()
    found.title = "x"
    with pytest.raises(DoesNotExist):
        found.save(partial=True)
    found.save()
    assert natives(book.get(isbn=stored)) == book_values(title="x")


def test_delete_item_takes_the_whole_key_and_nothing_else(page):
    page.put({"isbn": "1", "number": 1})
    with sent_by(page) as requests:
        for keys in ({"isbn": "1"}, {"isbn": "1", "number": 1, "body": "x"}, {}):
            with pytest.raises(InvalidKey):
                page.delete_item(**keys)
        with pytest.raises(InvalidSchemaField):
            page.delete_item(isbn="1", nummer=1)
    assert requests == []
    page.delete_item(isbn="1", number="1")
    assert page.get(isbn="1", number=1) is None
