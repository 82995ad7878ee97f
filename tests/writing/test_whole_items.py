"""Whole items, put and saved."""

from __future__ import annotations

import pytest

from dynamorm import ConditionFailed, DynaModelException, HashKeyExists, InvalidKey, ValidationError

from ..books import BOOK, KEY, book_values
from ..libraries import natives, text, with_field
from ..stored import stored_item
from ..traffic import sent_by


def test_a_put_stores_the_whole_item_in_place_of_what_was_there(book, stored):
    book.put({"isbn": stored, "title": "Anew"})
    assert stored_item(book, isbn=stored) == {"isbn": stored, "title": "Anew", "copies": 1}


def test_a_put_takes_an_instance_too(book):
    book.put(book(**book_values()))
    assert natives(book.get(isbn=KEY)) == book_values()


@pytest.mark.parametrize("verb", ["put", "put_unique", "put_batch"])
@pytest.mark.parametrize(
    ("values", "field"), [({"isbn": "1"}, "title"), ({"isbn": "1", "title": "T", "rank": 6}, "rank")]
)
def test_whatever_is_put_is_validated_in_full_required_fields_and_validators_included(book, verb, values, field):
    with sent_by(book) as requests, pytest.raises(ValidationError) as caught:
        getattr(book, verb)(values)
    assert field in str(caught.value.errors)
    assert not requests


def test_what_is_no_item_is_not_put(book, page):
    for item in (["isbn"], "isbn", page(isbn="1", number=2)):
        with pytest.raises(DynaModelException):
            book.put(item)


def test_an_item_without_its_key_is_not_put(page):
    page.put({"isbn": "1", "number": 1})
    instance = page(isbn="1", number=1)
    instance.number = None
    for write in (instance.save, lambda: page.put({"isbn": "", "number": 1})):
        with pytest.raises((InvalidKey, ValidationError)):
            write()


def test_put_unique_is_about_the_whole_primary_key(page):
    page.put_unique({"isbn": "1", "number": 1, "body": "first"})
    page.put_unique({"isbn": "1", "number": 2})
    with pytest.raises(HashKeyExists) as caught:
        page.put_unique({"isbn": "1", "number": 1, "body": "second"})
    assert natives(caught.value.current) == {"isbn": "1", "number": 1, "body": "first", "words": 0}
    with pytest.raises(HashKeyExists):
        page(isbn="1", number=2).save(unique=True)


def test_put_unique_works_where_the_hash_key_is_called_name(library, dynamo_tables):
    fields = {"name": text(required=True), "value": text()}
    (model,) = dynamo_tables(library.model("Named", {"name": "named", "hash_key": "name"}, fields))
    model.put_unique({"name": "a", "value": "1"})
    with pytest.raises(HashKeyExists):
        model.put_unique({"name": "a", "value": "2"})
    with pytest.raises(HashKeyExists):
        model(name="a").save(unique=True)
    assert model.get(name="a").value == "1"


def test_put_unique_with_conditions_tells_which_of_the_two_failed(book, stored):
    with pytest.raises(HashKeyExists):
        book.put_unique({"isbn": stored, "title": "x"}, conditions={"title__not_exists": True})
    with pytest.raises(ConditionFailed) as caught:
        book.put_unique({"isbn": "new", "title": "x"}, conditions={"title__exists": True})
    assert not isinstance(caught.value, HashKeyExists)


def test_put_batch_validates_everything_before_anything_is_stored(book):
    with pytest.raises(ValidationError):
        book.put_batch({"isbn": "1", "title": "T"}, {"isbn": "2"})
    assert list(book.scan()) == []
    assert book.put_batch({"isbn": "1", "title": "T"}, book(isbn="2", title="U")) is None
    assert sorted(item.isbn for item in book.scan()) == ["1", "2"]


def test_a_full_save_puts_everything_and_clears_what_is_none(book, stored):
    found = book.get(isbn=stored)
    found.meta, found.year, found.title = None, 2001, "Anew"
    del found.tags
    found.save()
    expected = book_values(meta=None, tags=None, year=2001, title="Anew")
    assert natives(book.get(isbn=stored)) == expected
    assert not found.is_dirty and natives(found) == expected


def test_after_a_save_the_instance_knows_its_stored_state(book):
    instance = book(**book_values())
    assert instance.is_dirty
    instance.save()
    assert not instance.is_dirty and instance.changes == {}
    with sent_by(book) as requests:
        assert instance.save(partial=True) is None
    assert requests == []


def test_a_save_refused_by_the_schema_changes_nothing_anywhere(book, stored):
    found = book.get(isbn=stored)
    found.rank = 6
    with pytest.raises(ValidationError):
        found.save()
    assert found.changes == {"rank": (2, 6)}
    assert natives(book.get(isbn=stored)) == book_values()


def test_a_full_save_drops_pending_increments(book, stored):
    found = book.get(isbn=stored)
    found.incr(views=5)
    book.update_item(isbn=stored, views__plus=100)
    found.save()
    assert book.get(isbn=stored).views == 15
    assert not found.is_dirty
    found.save(partial=True)
    assert book.get(isbn=stored).views == 15


def test_a_full_save_after_the_key_was_changed_stores_a_new_item(book, stored):
    found = book.get(isbn=stored)
    found.isbn = "other"
    assert found.key_changed
    found.save()
    assert not found.key_changed
    assert natives(book.get(isbn="other")) == book_values(isbn="other")
    assert natives(book.get(isbn=stored)) == book_values()


def test_after_the_key_was_changed_no_other_write_knows_where_to_go(book, stored):
    found = book.get(isbn=stored)
    found.isbn = "other"
    verbs = [lambda: found.save(partial=True), lambda: found.update(year=1), found.refresh, found.delete, found.sync]
    with sent_by(book) as requests:
        for verb in verbs:
            with pytest.raises(InvalidKey):
                verb()
    assert requests == []
    found.isbn = stored
    assert not found.key_changed
    found.update(year=1)


def test_an_instance_made_with_partial_is_a_new_item_and_may_be_saved(book, stored):
    book(partial=True, isbn=stored, title="x").save()
    assert stored_item(book, isbn=stored) == {"isbn": stored, "title": "x"}


def test_a_required_field_is_demanded_in_whole_items_only(library, dynamo_tables):
    fields = with_field(BOOK, "author", required=True)
    (model,) = dynamo_tables(library.model("Strict", {"name": "strict", "hash_key": "isbn"}, fields))
    instance = model(isbn="1")
    instance.title = "T"
    with pytest.raises(ValidationError):
        instance.save()
    instance.author = "A"
    instance.save()
    model.Table.table.put_item(Item={"isbn": "2", "title": "fragment"})
    with pytest.raises(ValidationError, match="'2'"):
        model.get(isbn="2")
